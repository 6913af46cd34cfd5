package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/sandbox/aws"
	"github.com/underlay-iac/underlay/sandbox/azure"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

// operation is one of the automation package's.
type operation func(context.Context, automation.Stack, automation.Options) (automation.Result, error)

// deployFlags are the flags of the commands that run the engine.
type deployFlags struct {
	stackFlags
	sandbox bool
}

func newUp() *cobra.Command {
	return newDeploy(automation.Up, &cobra.Command{
		Use:   "up STACK",
		Short: "Create or update the environment",
		Long: `Runs a real "pulumi up" of the environment: on your own backend and credentials,
or with --sandbox against simulated clouds whose state lies in .underlay/sandbox.
What would move or replace a network or a subnet is refused. If it fails, what was
done is kept, and the same command goes on from there.`,
		Example: `  underlay up dev --sandbox
  underlay up staging
  underlay up acme --config-file customers/Pulumi.acme.yaml --json`,
	})
}

func newRefresh() *cobra.Command {
	return newDeploy(automation.Refresh, &cobra.Command{
		Use:   "refresh STACK",
		Short: "Read what is deployed into the state",
		Long: `Runs a real "pulumi refresh": reads every resource from the cloud into the state of the
stack, and changes nothing in the cloud. What changed there behind Pulumi's back is
counted as updated, what vanished as deleted; the next up puts it right.`,
		Example: `  underlay refresh dev --sandbox
  underlay refresh staging`,
	})
}

func newDestroy() *cobra.Command {
	return newDeploy(automation.Destroy, &cobra.Command{
		Use:   "destroy STACK",
		Short: "Delete everything that the environment deployed",
		Long: `Runs a real "pulumi destroy": deletes every resource that the stack has in the cloud and
keeps the stack and its configuration. With --sandbox the stack and its simulated clouds
are removed as well.`,
		Example: `  underlay destroy dev --sandbox
  underlay destroy staging`,
	})
}

func newDeploy(operate operation, cmd *cobra.Command) *cobra.Command {
	var flags deployFlags
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return deploy(cmd, &flags, args[0], operate)
	}
	flags.add(cmd)
	return cmd
}

func (f *deployFlags) add(cmd *cobra.Command) {
	f.stackFlags.add(cmd)
	cmd.Flags().BoolVar(&f.sandbox, "sandbox", false, "use a simulated cloud and a local state; no account")
}

// again is the command line of an operation with the same flags.
func (f *deployFlags) again(op automation.Operation, stack string) string {
	line := fmt.Sprintf("underlay %s %s", op, stack)
	if f.configFile != "" {
		line += " --config-file " + f.configFile
	}
	if f.sandbox {
		line += " --sandbox"
	}
	return line
}

func deploy(cmd *cobra.Command, flags *deployFlags, stack string, operate operation) (err error) {
	ctx, stdout := cmd.Context(), cmd.OutOrStdout()
	env, err := flags.load(stack)
	if err != nil {
		return err
	}
	progress := newProgress(ctx, cmd.ErrOrStderr(), flags.json)
	defer func() { progress.finish(err) }()

	if cmd.Name() == string(automation.OpUp) {
		texts, _, err := warnings(env.Environment, env.siblings())
		if err != nil {
			return err
		}
		for _, text := range texts {
			progress.warn(text)
		}
	}
	progress.now("looking for the engine")
	cli, err := engine.Find(ctx, engine.Options{Tools: toolsModule(env.root), Progress: progress.note})
	if err != nil {
		return err
	}
	options := automation.Options{Pulumi: cli, OnEvent: progress.event}
	if flags.sandbox {
		// A sandbox has another key than the stack's own.
		env.Environment = env.WithStandIns()
	}
	target := automation.Stack{Project: stacks.Project, Name: stack, Program: env.Program()}
	var box *sandbox
	if flags.sandbox {
		if box, err = openSandbox(ctx, env); err != nil {
			return err
		}
		defer box.close()
		box.use(&options)
		target.Config, err = pulumiConfig(env)
		if err != nil {
			return err
		}
	} else {
		options.WorkDir, options.ConfigFile = env.root, env.file
	}
	progress.start(newTree(cmd.Name()+" "+stack, stack, planned(ctx, env)))
	result, err := operate(ctx, target, options)
	told := progress.finish(err)
	if err != nil {
		return deployError(err, env, flags, told)
	}
	if box != nil && result.Operation == automation.OpDestroy {
		if err := box.remove(); err != nil {
			return err
		}
	}
	if flags.json {
		return printJSON(stdout, result)
	}
	return printResult(stdout, terminal.For(stdout), env, box, flags, result)
}

// toolsModule is the folder that the pinned engine is built from, if this is a
// checkout of underlay; else "".
func toolsModule(root string) string {
	dir := filepath.Join(root, "tools")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return ""
	}
	return dir
}

// planned are the resources that the environment is to have, for the progress
// display; nil when that is not known.
func planned(ctx context.Context, env *environment) *graph.Graph {
	recorded, err := graph.Record(ctx, stacks.Project, env.stack, nil, env.WithStandIns().Program())
	if err != nil {
		return nil
	}
	return recorded
}

// pulumiConfig is the environment as the configuration of a stack that has no
// file of its own.
func pulumiConfig(env *environment) (auto.ConfigMap, error) {
	values, err := env.Config()
	if err != nil {
		return nil, err
	}
	config := auto.ConfigMap{}
	for key, value := range values {
		config[key] = auto.ConfigValue{Value: value}
	}
	return config, nil
}

// sandbox is the simulated clouds with a local backend, all in one folder.
type sandbox struct {
	dir    string
	clouds []*simulated
	stop   context.CancelFunc
}

// simulated is one cloud of a sandbox. Each is there whatever the model: a stack
// may still have resources in one that its configuration has left.
type simulated struct {
	provider  string // the package: "aws"
	stateFile string
	port      int
	cloud     interface {
		Serve(ctx context.Context) (port int, err error)
		Close() error
	}
	// left returns how many objects there are.
	left func() int
}

// openSandbox starts the simulated clouds of a stack with what they had before.
func openSandbox(ctx context.Context, env *environment) (*sandbox, error) {
	dir := filepath.Join(env.root, ".underlay", "sandbox")
	// The engine may still need the clouds while an interrupted operation ends.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &sandbox{dir: dir, stop: stop}
	if err := s.open(serving, env); err != nil {
		s.close()
		return nil, fmt.Errorf("open the sandbox: %w", err)
	}
	return s, nil
}

func (s *sandbox) open(ctx context.Context, env *environment) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(s.dir, env.stack+".aws.json")
	inAws, err := aws.New(aws.Options{StateFile: file, Roles: env.ExistingRoles()})
	if err != nil {
		return err
	}
	s.clouds = append(s.clouds, &simulated{
		provider: "aws", stateFile: file, cloud: inAws, left: func() int {
			made := slices.DeleteFunc(inAws.Objects(), func(o aws.Object) bool { return o.Given })
			return len(made)
		},
	})
	file = filepath.Join(s.dir, env.stack+".azure.json")
	inAzure, err := azure.New(azure.Options{StateFile: file})
	if err != nil {
		return err
	}
	s.clouds = append(s.clouds, &simulated{
		provider: "azure-native", stateFile: file, cloud: inAzure, left: func() int { return len(inAzure.Objects()) },
	})
	for _, c := range s.clouds {
		if c.port, err = c.cloud.Serve(ctx); err != nil {
			return err
		}
	}
	return nil
}

// use points an operation at the sandbox and away from the user's own Pulumi.
func (s *sandbox) use(options *automation.Options) {
	// Without a file of metadata beside each of the state's, which is read while it
	// is written (gocloud.dev/blob/fileblob).
	options.Backend = "file://" + filepath.ToSlash(s.dir) + "?metadata=skip"
	options.SecretsProvider = "passphrase"
	options.Env = map[string]string{
		"PULUMI_HOME": filepath.Join(s.dir, "home"),
		// The state of a sandbox holds nothing that needs a secret.
		"PULUMI_CONFIG_PASSPHRASE": "sandbox",
		// The history of a sandbox is of no use to anyone.
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
	}
	options.Providers = map[string]int{}
	for _, c := range s.clouds {
		options.Providers[c.provider] = c.port
	}
	options.Remove = true
}

// remove deletes the files of the simulated clouds in which nothing is left.
func (s *sandbox) remove() error {
	s.close()
	for _, c := range s.clouds {
		if c.left() > 0 {
			continue
		}
		for _, file := range []string{c.stateFile, c.stateFile + ".lock"} {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("remove the sandbox: %w", err)
			}
		}
	}
	return nil
}

func (s *sandbox) close() {
	s.stop()
	for _, c := range s.clouds {
		c.cloud.Close()
	}
}

// changesText is how many resources there are of each kind of change, in the
// order they are told: "2 created, 1 updated, 65 unchanged".
func changesText(style terminal.Style, counts map[string]int) string {
	var changes []string
	for _, kind := range []struct {
		name string
		mark func(string) string
	}{
		{"failed", style.Bad},
		{"created", style.Good}, {"updated", style.Unsure}, {"replaced", style.Unsure}, {"deleted", style.Bad},
		{"read", style.Good}, {"unchanged", style.Faint}, {"done", style.Faint},
	} {
		if n := counts[kind.name]; n > 0 {
			changes = append(changes, kind.mark(fmt.Sprintf("%d %s", n, kind.name)))
		}
	}
	if len(changes) == 0 {
		return "nothing to do"
	}
	return strings.Join(changes, ", ")
}

func printResult(w io.Writer, style terminal.Style, env *environment, box *sandbox, flags *deployFlags, result automation.Result) error {
	changes := changesText(style, map[string]int{
		"created": result.Changes.Create, "updated": result.Changes.Update, "replaced": result.Changes.Replace,
		"deleted": result.Changes.Delete, "unchanged": result.Changes.Same,
	})
	fmt.Fprintf(w, "%s   %s: %s, %.1f s\n", style.Heading(env.title()), result.Operation, changes, result.Duration.Seconds())

	if result.Operation == automation.OpUp {
		ranges, err := env.Addresses()
		if err != nil {
			return err
		}
		fmt.Fprintln(w)
		if err := printAddresses(w, style, ranges); err != nil {
			return err
		}
	}
	// The handover has a page of its own.
	_, handedOver := result.Outputs["handover"]
	outputs := flatten("", result.Outputs)
	maps.DeleteFunc(outputs, func(name, _ string) bool { return strings.HasPrefix(name, "handover.") })
	if len(outputs) > 0 {
		fmt.Fprintln(w)
		table := terminal.Table{Gap: 2}
		for i, name := range slices.Sorted(maps.Keys(outputs)) {
			table.Row(heading(style, i, "Outputs")+name, outputs[name])
		}
		if err := table.Write(w); err != nil {
			return err
		}
	}
	if handedOver {
		fmt.Fprintf(w, "\n%s%s shows what the vendor asks for\n",
			heading(style, 0, "Handover"), style.Place("`"+flags.again("handover", env.stack)+"`"))
	}
	if box != nil && result.Operation != automation.OpDestroy {
		fmt.Fprintf(w, "\n%s%s  (Pulumi's)\n", heading(style, 0, "State"),
			relative(env.root, filepath.Join(box.dir, ".pulumi", "stacks", stacks.Project, env.stack+".json")))
		for _, c := range box.clouds {
			if c.left() > 0 {
				fmt.Fprintf(w, "%s%s  (the simulated cloud)\n", heading(style, 1, ""), relative(env.root, c.stateFile))
			}
		}
	}
	return nil
}

// flatten returns nested outputs by dotted name: "subnetIds.nodes.eu-west-1a".
func flatten(prefix string, value any) map[string]string {
	flat := map[string]string{}
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			maps.Copy(flat, flatten(strings.TrimPrefix(prefix+"."+key, "."), item))
		}
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = fmt.Sprint(item)
		}
		flat[prefix] = strings.Join(items, ", ")
	case nil:
	default:
		flat[prefix] = fmt.Sprint(v)
	}
	return flat
}

// relative returns a path as seen from the working folder, if that is shorter.
func relative(root, path string) string {
	if here, err := os.Getwd(); err == nil {
		root = here
	}
	if rel, err := filepath.Rel(root, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

// deployError adds to an operation's error the file whose configuration is wrong
// or what to run next. It is printed without the cloud's words if those were told.
func deployError(err error, env *environment, flags *deployFlags, told bool) error {
	var problems problem.List
	if errors.As(err, &problems) {
		return configError{file: filepath.Base(env.file), error: problems}
	}
	var failed *automation.Error
	if !errors.As(err, &failed) {
		return err
	}
	again := flags.again(failed.Operation, env.stack)
	switch {
	case errors.Is(err, automation.ErrStackNotFound):
		return fmt.Errorf("%w\nnothing is deployed; `%s` deploys it", err, flags.again(automation.OpUp, env.stack))
	case errors.Is(err, automation.ErrLogin):
		return fmt.Errorf("%w\nlog in with `pulumi login` or set PULUMI_BACKEND_URL; `%s --sandbox` needs neither", err, again)
	case len(failed.Failures) > 0 || errors.Is(err, context.Canceled):
		text := err.Error()
		if told && failed.Err == nil {
			text, _, _ = strings.Cut(text, "\n")
		}
		return keptError{fmt.Sprintf("%s\nwhat was done is kept; `%s` goes on from here", text, again), err}
	}
	return err
}

// keptError is an operation that failed in the middle.
type keptError struct {
	text string
	error
}

func (e keptError) Error() string { return e.text }

func (e keptError) Unwrap() error { return e.error }

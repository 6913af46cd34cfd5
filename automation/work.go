package automation

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
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/underlay-iac/underlay/automation/engine"
)

// work is the place where one operation runs.
type work struct {
	// dir is a folder of the operation's own, which holds a project file and the
	// stack's configuration; cwd is where the command line runs: the caller's
	// project folder, or dir.
	dir, cwd string
	// file is the stack's configuration file, in dir.
	file string
	// env is laid over this process's environment.
	env map[string]string

	secretsProvider string
	// secrets are the values of the configuration that are still to be
	// encrypted.
	secrets auto.ConfigMap

	command *command
	program *program
	stack   auto.Stack
}

// open prepares a place for one operation. The caller closes it.
func open(ctx context.Context, op Operation, s Stack, o Options) (_ *work, err error) {
	if err := check(op, s, o); err != nil {
		return nil, err
	}
	w := &work{
		env: environment(o), secretsProvider: o.SecretsProvider, secrets: auto.ConfigMap{},
		program: &program{run: s.Program}, command: &command{PulumiCommand: o.Pulumi},
	}
	if o.Pulumi == nil {
		if w.command.PulumiCommand, err = engine.Find(ctx, engine.Options{}); err != nil {
			return nil, err
		}
	}
	if w.dir, err = os.MkdirTemp("", "underlay-"); err != nil {
		return nil, fmt.Errorf("making a work folder: %w", err)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	w.cwd = w.dir
	project := &workspace.Project{
		Name: tokens.PackageName(s.Project), Runtime: workspace.NewProjectRuntimeInfo("go", nil),
	}
	path := filepath.Join(w.dir, "Pulumi.yaml")
	if o.WorkDir != "" {
		if w.cwd, err = filepath.Abs(o.WorkDir); err != nil {
			return nil, fmt.Errorf("finding the work folder: %w", err)
		}
		if project, path, err = callersProject(s, w.cwd); err != nil {
			return nil, err
		}
	}
	if err := w.settle(s, o, project, path); err != nil {
		return nil, err
	}
	// Nothing here runs the command line: the command answers the selection.
	space, err := auto.NewLocalWorkspace(ctx, auto.WorkDir(w.cwd), auto.Program(w.program.call),
		auto.Pulumi(w.command), auto.EnvVars(w.env))
	if err != nil {
		return nil, fmt.Errorf("making a workspace: %w", err)
	}
	if w.stack, err = auto.SelectStack(ctx, s.Name, space); err != nil {
		return nil, fmt.Errorf("making a workspace: %w", err)
	}
	return w, nil
}

// close removes the operation's folder. What it held is the caller's or the
// state's, so a folder that cannot be removed loses nothing.
func (w *work) close() { _ = os.RemoveAll(w.dir) }

// callersProject reads the project that dir belongs to, and returns its file.
func callersProject(s Stack, dir string) (*workspace.Project, string, error) {
	path, err := workspace.DetectProjectPathFrom(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", dir, err)
	}
	project, err := workspace.LoadProject(path)
	if err != nil {
		return nil, "", fmt.Errorf("reading the project: %w", err)
	}
	if s.Project != "" && s.Project != string(project.Name) {
		return nil, "", fmt.Errorf("the stack's project is %s, but %s is of project %s", s.Project, path, project.Name)
	}
	return project, path, nil
}

// settle writes the project file and the stack's configuration into the
// operation's folder. The configuration is a copy: the engine writes there what
// it has to remember of a new stack's secrets, and finds it in the state later.
func (w *work) settle(s Stack, o Options, project *workspace.Project, path string) error {
	own := &workspace.Project{
		Name: project.Name, Runtime: workspace.NewProjectRuntimeInfo("go", nil), Backend: project.Backend,
	}
	if b := own.Backend; b != nil {
		own.Backend = &workspace.ProjectBackend{URL: absolute(b.URL, w.cwd)}
	}
	if err := own.Save(filepath.Join(w.dir, "Pulumi.yaml")); err != nil {
		return fmt.Errorf("writing the project: %w", err)
	}

	name := tokens.QName(s.Name[strings.LastIndex(s.Name, "/")+1:])
	w.file = workspace.ProjectStackPath(filepath.Join(w.dir, "Pulumi.yaml"), own, name)
	source := o.ConfigFile
	if source == "" {
		source = workspace.ProjectStackPath(path, project, name)
	}
	content, err := os.ReadFile(source)
	switch {
	case errors.Is(err, os.ErrNotExist) && o.ConfigFile == "":
	case err != nil:
		return fmt.Errorf("reading the configuration: %w", err)
	default:
		// JSON is YAML.
		if err := os.WriteFile(w.file, content, 0o600); err != nil {
			return fmt.Errorf("copying the configuration: %w", err)
		}
	}
	settings, err := workspace.LoadProjectStack(nil, project, w.file)
	if err != nil {
		return fmt.Errorf("reading the configuration %s: %w", source, err)
	}
	if w.secretsProvider == "" {
		w.secretsProvider = settings.SecretsProvider
	}
	if len(s.Config) == 0 {
		return nil
	}
	for name, value := range s.Config {
		if !strings.Contains(name, ":") {
			name = string(project.Name) + ":" + name
		}
		key, err := config.ParseKey(name)
		if err != nil {
			return fmt.Errorf("configuration key %q: %w", name, err)
		}
		if value.Secret {
			w.secrets[name] = value
			continue
		}
		if err := settings.Config.Set(key, typed(project, key, value.Value), false); err != nil {
			return fmt.Errorf("configuration key %q: %w", name, err)
		}
	}
	if err := settings.Save(w.file); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}

// typed returns a value of the configuration. Where the project declares an
// object or an array, JSON is one; the engine takes a string for the others.
func typed(project *workspace.Project, key config.Key, value string) config.Value {
	for name, declared := range project.Config {
		if !strings.Contains(name, ":") {
			name = string(project.Name) + ":" + name
		}
		if name == key.String() && declared.Type != nil && (*declared.Type == "object" || *declared.Type == "array") {
			return config.NewObjectValue(value)
		}
	}
	return config.NewValue(value)
}

// absolute returns a backend's URL as it reads from dir in any other folder.
func absolute(url, dir string) string {
	path, ok := strings.CutPrefix(url, "file://")
	if !ok || path == "" || strings.HasPrefix(path, "~") || filepath.IsAbs(path) {
		return url
	}
	return "file://" + filepath.ToSlash(filepath.Join(dir, path))
}

// environment returns the variables of the engine and the providers.
func environment(o Options) map[string]string {
	env := maps.Clone(o.Env)
	if env == nil {
		env = map[string]string{}
	}
	env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
	// The configuration file that the operation works on may lack what the
	// engine needs to decrypt the state; the state itself has it.
	env["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] = "true"
	if o.Backend != "" {
		env["PULUMI_BACKEND_URL"] = o.Backend
	}
	if len(o.Providers) > 0 {
		var attached []string
		for _, name := range slices.Sorted(maps.Keys(o.Providers)) {
			attached = append(attached, fmt.Sprintf("%s:%d", name, o.Providers[name]))
		}
		env["PULUMI_DEBUG_PROVIDERS"] = strings.Join(attached, ",")
		// Otherwise every operation but the first tries to download the
		// providers that the state names.
		env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
	}
	return env
}

// create creates the stack. Another process that creates it at the same time
// does no harm.
func (w *work) create(ctx context.Context) error {
	args := []string{"stack", "init", "--stack", w.stack.Name(), "--no-select", "--color", never}
	if w.secretsProvider != "" {
		args = append(args, "--secrets-provider", w.secretsProvider)
	}
	_, err := w.run(ctx, w.dir, nil, args...)
	if err != nil && strings.Contains(w.command.stderr, "already exists") {
		return nil
	}
	return err
}

// configure encrypts the secrets of the configuration into its file. They go
// through standard input: other users of the machine can read command lines.
func (w *work) configure(ctx context.Context) error {
	for _, key := range slices.Sorted(maps.Keys(w.secrets)) {
		_, err := w.run(ctx, w.cwd, strings.NewReader(w.secrets[key].Value+"\n"),
			"config", "set", "--secret", "--stack", w.stack.Name(), "--config-file", w.file, "--color", never, key)
		if err != nil {
			return err
		}
		delete(w.secrets, key)
	}
	return nil
}

// remove removes the stack from the backend and leaves its configuration file.
func (w *work) remove(ctx context.Context) error {
	_, err := w.run(ctx, w.cwd, nil, "stack", "rm", "--yes", "--preserve-config", "--stack", w.stack.Name(), "--color", never)
	return err
}

// run runs the command line once, in dir, and returns what it prints.
func (w *work) run(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	var env []string
	for name, value := range w.env {
		env = append(env, name+"="+value)
	}
	stdout, _, _, err := w.command.launch(ctx, dir, stdin, nil, nil, env, args...)
	switch {
	case err == nil:
		return stdout, nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("interrupted: %w", ctx.Err())
	}
	return "", w.command.failure(err)
}

// command is the command line of one operation. It keeps what the last launch
// said, and answers by itself what the SDK asks beside the operation: to select
// the stack, which the operation names anyway, and for the outputs (twice) and
// the history, which the operation's events have told. Each would be a launch.
type command struct {
	auto.PulumiCommand
	stderr string
	err    error
}

// Run runs the command line for the SDK, or answers for it.
func (c *command) Run(
	ctx context.Context,
	workdir string,
	stdin io.Reader,
	additionalOutput, additionalErrorOutput []io.Writer,
	additionalEnv []string,
	args ...string,
) (string, string, int, error) {
	if len(args) >= 2 && args[0] == "stack" {
		switch args[1] {
		case "select":
			return "", "", 0, nil
		case "output":
			return "{}", "", 0, nil
		case "history":
			return "[]", "", 0, nil
		}
	}
	return c.launch(ctx, workdir, stdin, additionalOutput, additionalErrorOutput, additionalEnv, args...)
}

// launch runs the command line.
func (c *command) launch(
	ctx context.Context,
	workdir string,
	stdin io.Reader,
	additionalOutput, additionalErrorOutput []io.Writer,
	additionalEnv []string,
	args ...string,
) (string, string, int, error) {
	stdout, stderr, code, err := c.PulumiCommand.Run(ctx, workdir, stdin, additionalOutput, additionalErrorOutput,
		additionalEnv, args...)
	c.stderr, c.err = stderr, err
	return stdout, stderr, code, err
}

// failure returns what the last launch complained of, or err when there is
// nothing better to say.
func (c *command) failure(err error) error {
	if c.err == nil {
		return err
	}
	var lines []string
	for line := range strings.Lines(c.stderr) {
		if line = strings.TrimPrefix(strings.TrimRight(line, " \r\n"), "error: "); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("running Pulumi: %w", c.err)
	}
	return recognise(strings.Join(lines, "\n"))
}

// program is the caller's program with what it returned. The SDK runs it in a
// goroutine of its own and hands on no more than its message.
type program struct {
	run pulumi.RunFunc

	mu  sync.Mutex
	err error
}

// call runs the program.
func (p *program) call(ctx *pulumi.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the program panicked: %v", r)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.err = err
	}()
	if p.run == nil {
		return nil
	}
	return p.run(ctx)
}

// failure returns the error that the program returned.
func (p *program) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// reset forgets what an earlier run returned.
func (p *program) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
}

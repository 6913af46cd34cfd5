package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

// Exit codes that scripts rely on.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// exitUnknown is a question that only an output can decide.
	exitUnknown = 3
)

// usageError is a mistake of the caller's: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(terminal.For(stdout))
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if code, ok := exitCode(err); ok {
		return code
	}
	if asJSON(cmd, args) {
		_ = printJSON(stdout, newFailure(err)) // what remains is the exit code
	} else {
		printError(stderr, terminal.For(stderr), err)
	}
	var usage usageError
	var problems problem.List
	if errors.As(err, &usage) || errors.As(err, &problems) {
		return exitUsage
	}
	return exitFailed
}

// asJSON reports whether a command was asked for JSON. Its other flags may be
// wrong.
func asJSON(cmd *cobra.Command, args []string) bool {
	flag := cmd.Flags().Lookup("json")
	return flag != nil && (flag.Value.String() == "true" || slices.Contains(args, "--json"))
}

func newRoot(style terminal.Style) *cobra.Command {
	root := &cobra.Command{
		Use:   "underlay",
		Short: "Build the network of a managed data platform, and prove it before it is deployed",
		Long: `Builds the network that a managed data platform stands on, in AWS and Azure, and proves
that it meets the platform's prerequisites before anything is deployed. An environment is
one file, Pulumi.STACK.yaml, of which STACK is the name. With --sandbox a deployment
runs on simulated clouds and needs no account.

Facts go to standard output, progress and errors to standard error; --json makes the
facts one document for programs (underlay help json). Colours are for terminals alone,
and NO_COLOR=1 turns them off.`,
		Example: `  underlay preview dev
  underlay verify --stack dev
  underlay up dev --sandbox`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w; see `underlay --help`", err)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Begin:", []*cobra.Command{newDoctor(), newInit(), newServe()}},
		{"Look before you deploy:", []*cobra.Command{newPreview(), newDiff(), newCost(), newDiagram(), newReport()}},
		{"Prove:", []*cobra.Command{newVerify(), newReach(), newExplain()}},
		{"Deploy:", []*cobra.Command{newUp(), newRefresh(), newDestroy(), newHandover()}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: style.Heading(group.title)})
		for _, cmd := range group.commands {
			cmd.GroupID = group.title
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(newJSONTopic())
	var headings []string
	for _, heading := range []string{
		"Usage:", "Examples:", "Available Commands:", "Additional Commands:", "Global Flags:", "Flags:", "Additional help topics:",
	} {
		headings = append(headings, heading, style.Heading(heading))
	}
	root.SetUsageTemplate(strings.NewReplacer(headings...).Replace(root.UsageTemplate()))
	return root
}

// stackFlags choose the environment that a command works on.
type stackFlags struct {
	configFile string
	json       bool
}

func (f *stackFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.configFile, "config-file", "", "read the configuration from this `FILE` instead of Pulumi.STACK.yaml")
	_ = cmd.MarkFlagFilename("config-file", "yaml", "yml")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("give one stack, for example `%s dev`", cmd.CommandPath())}
		}
		return nil
	}
	cmd.ValidArgsFunction = completeStack
}

// environment is a stack and its configuration.
type environment struct {
	stack string
	file  string
	root  string
	*stacks.Environment
}

// title is what stands above what is said of an environment.
func (e *environment) title() string {
	return fmt.Sprintf("%s · %s · %s", e.Spec.Model(), e.stack, e.Region())
}

// load reads the environment of a stack. Its errors name the file.
func (f *stackFlags) load(stack string) (*environment, error) {
	root := projectRoot()
	env := &environment{stack: stack, root: root, file: f.configFile}
	if env.file == "" {
		env.file = filepath.Join(root, "Pulumi."+stack+".yaml")
	}
	var err error
	env.Environment, err = stacks.Load(env.file)
	switch {
	case errors.Is(err, os.ErrNotExist) && f.configFile == "":
		names := stackNames(root)
		return nil, usageError{fmt.Errorf("no stack %q: %s does not exist; %s", stack, env.file, problem.DidYouMean(stack, names))}
	case errors.As(err, new(*os.PathError)):
		return nil, usageError{err}
	case err != nil:
		return nil, configError{file: filepath.Base(env.file), error: err}
	}
	return env, nil
}

// configError is an error of a configuration file.
type configError struct {
	file string
	// consequence is what was not done; "" is that nothing was registered.
	consequence string
	error
}

func (e configError) Unwrap() error { return e.error }

// projectRoot is the nearest folder upwards that has a Pulumi.yaml, or the
// working folder.
func projectRoot() string {
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return here
		}
	}
}

// stackNames are the stacks that have a configuration file.
func stackNames(root string) []string {
	files, _ := filepath.Glob(filepath.Join(root, "Pulumi.*.yaml"))
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// printError prints an error for people; problems of a configuration one by one.
func printError(w io.Writer, style terminal.Style, err error) {
	var problems problem.List
	if !errors.As(err, &problems) {
		fmt.Fprintf(w, "%s %v\n", style.Bad("error:"), err)
		return
	}
	config := configError{file: "configuration"}
	errors.As(err, &config)
	if config.consequence == "" {
		config.consequence = "nothing was registered"
	}
	if errors.As(err, new(questionError)) {
		fmt.Fprintf(w, "the question has %s\n", style.Bad(count(len(problems), "problem")))
	} else {
		fmt.Fprintf(w, "%s: %s, %s\n", config.file, style.Bad(count(len(problems), "problem")), config.consequence)
	}
	for _, p := range problems {
		fmt.Fprintf(w, "\n  %s\n      %s\n", strings.TrimRight(style.Place(p.Path)+"   "+p.Value, " "), style.Hang(p.Sentence(), 6))
	}
}

// printJSON prints a value as one indented object.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// failure is what a command that fails prints with --json.
type failure struct {
	Error string `json:"error"`
	// Problems are those of a configuration.
	Problems problem.List `json:"problems,omitempty"`
	// Failures are the resources that the cloud refused.
	Failures []resourceFailure `json:"failures,omitempty"`
}

type resourceFailure struct {
	URN     string `json:"urn"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

func newFailure(err error) failure {
	text := failure{Error: err.Error()}
	if errors.As(err, &text.Problems) {
		text.Error = "invalid configuration"
		if errors.As(err, new(questionError)) {
			text.Error = "invalid question"
		}
		var config configError
		if errors.As(err, &config) {
			text.Error += " in " + config.file
		}
	}
	var failed *automation.Error
	if errors.As(err, &failed) {
		text.Error, _, _ = strings.Cut(text.Error, "\n")
		for _, r := range failed.Failures {
			text.Failures = append(text.Failures, resourceFailure{URN: r.URN, Type: r.Type, Name: r.Name, Message: r.Message})
		}
	}
	return text
}

// count returns "1 problem", "3 problems".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

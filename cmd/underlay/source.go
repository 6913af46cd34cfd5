package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// sourceFlags say where a command takes its resource graph from.
type sourceFlags struct {
	stack, configFile, preview, export string
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.stack, "stack", "", "record the environment of this `STACK`, as preview does")
	flags.StringVar(&f.configFile, "config-file", "", "with --stack: read its configuration from this `FILE`")
	f.addFiles(cmd)
	completeFlag(cmd, "stack", func() []string { return stackNames(projectRoot()) })
	_ = cmd.MarkFlagFilename("config-file", "yaml", "yml")
}

// addFiles adds the flags that name a file of Pulumi's.
func (f *sourceFlags) addFiles(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.preview, "preview", "", "read this `FILE`, which \"pulumi preview --json --show-sames\" wrote; - is standard input")
	flags.StringVar(&f.export, "export", "", "read this `FILE`, which \"pulumi stack export\" wrote; - is standard input")
	_ = cmd.MarkFlagFilename("preview", "json")
	_ = cmd.MarkFlagFilename("export", "json")
}

// load returns the graph, and the environment when it comes from one. What
// cannot be read is the caller's mistake.
func (f *sourceFlags) load(cmd *cobra.Command) (*graph.Graph, *environment, error) {
	given := 0
	for _, source := range []string{f.stack, f.preview, f.export} {
		if source != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, nil, usageError{fmt.Errorf("give one of --stack, --preview and --export; see `%s --help`", cmd.CommandPath())}
	case f.configFile != "" && f.stack == "":
		return nil, nil, usageError{errors.New("--config-file belongs to --stack")}
	}
	if f.stack != "" {
		flags := stackFlags{configFile: f.configFile}
		env, err := flags.load(f.stack)
		if err != nil {
			return nil, nil, err
		}
		g, err := record(cmd, f.stack, env.WithStandIns())
		return g, env, err
	}
	path := f.preview
	if path == "" {
		path = f.export
	}
	in := cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("read the graph: %w", err)}
		}
		defer file.Close()
		in = file
	}
	if path == "-" {
		path = "standard input"
	}
	var g *graph.Graph
	err := during(cmd, "reading "+path, func() (err error) {
		g, err = graph.Load(in)
		return err
	})
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return g, nil, nil
}

// record runs an environment's program and returns what it registers. It shows on
// a terminal when that takes long.
func record(cmd *cobra.Command, stack string, env *stacks.Environment) (g *graph.Graph, err error) {
	err = during(cmd, "running the program of "+stack, func() error {
		g, err = graph.Record(cmd.Context(), stacks.Project, stack, nil, env.Program())
		return err
	})
	return g, err
}

// exitError ends the command with an exit code of its own, the result having
// been printed.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// exitCode returns the code of an exitError in err.
func exitCode(err error) (code int, ok bool) {
	var exit exitError
	return exit.code, errors.As(err, &exit) && exit.code > 0
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// verifyFlags are those of `underlay verify`.
type verifyFlags struct {
	source       sourceFlags
	model        string
	requirements string
	allowUnknown bool
	json, sarif  bool
}

func newVerify() *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify (--stack S | --export G.json | --preview P.json) [--model M]",
		Short: "Prove a network's prerequisites, before or after it is deployed",
		Long: `Checks each prerequisite of a deployment model on a resource graph: PROVEN, REFUTED
with the path or the hop that breaks it, or UNKNOWN with the outputs that decide. What
an environment's own mode makes moot is listed as not applicable.

The graph is an environment of this project, a stack's export, or a preview, of any
Pulumi program. ` + "`underlay explain ID`" + ` says what a requirement is and where it comes from.
Without a model the requirements of your own are all that is checked.

Exit code 0 is all proven, 1 something refuted, 3 something unknown and nothing
refuted, 2 bad usage or input that cannot be read.`,
		Example: `  underlay verify --stack staging --allow-unknown
  pulumi stack export | underlay verify --export - --model shared-aws
  pulumi preview --json --show-sames | underlay verify --preview - --model aoscloud --json
  underlay verify --stack dev --requirements ours.yaml --sarif > underlay.sarif`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return verify(cmd, &flags)
		},
	}
	flags.source.add(cmd)
	cmd.Flags().StringVar(&flags.model, "model", "", "the deployment `MODEL`; with --stack the configuration says it")
	cmd.Flags().StringVar(&flags.requirements, "requirements", "", "check the requirements of this YAML `FILE` too")
	cmd.Flags().BoolVar(&flags.allowUnknown, "allow-unknown", false, "exit with 0 although something is unknown")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print one JSON object instead of text")
	cmd.Flags().BoolVar(&flags.sarif, "sarif", false, "print SARIF 2.1.0, for code scanning, instead of text")
	completeFlag(cmd, "model", requirements.Models)
	_ = cmd.MarkFlagFilename("requirements", "yaml", "yml")
	return cmd
}

// noArguments refuses arguments as a mistake of usage.
func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	}
	return nil
}

func verify(cmd *cobra.Command, flags *verifyFlags) error {
	if flags.json && flags.sarif {
		return usageError{errors.New("give one of --json and --sarif")}
	}
	if err := flags.checkModel(); err != nil {
		return err
	}
	custom, err := readRequirements(flags.requirements)
	if err != nil {
		return err
	}
	g, env, err := flags.source.load(cmd)
	if err != nil {
		return err
	}
	in := requirements.Input{Graph: g, Model: flags.model, Custom: custom}
	artifact := flags.source.file()
	if env != nil {
		if flags.model != "" && flags.model != env.Spec.Model() {
			return usageError{fmt.Errorf("%s has the model %s, not %s: leave --model out", env.file, env.Spec.Model(), flags.model)}
		}
		in.Model = env.Spec.Model()
		in.Siblings = graphsLike(cmd.Context(), in.Model, env.siblings())
		artifact = filepath.Base(env.file)
	}
	results, err := verdictsOf(cmd, in)
	if err != nil {
		return requirementsError(flags.requirements, err)
	}
	v := report.New(in.Model, g.Stack, results)
	out := cmd.OutOrStdout()
	switch {
	case flags.json:
		err = v.JSON(out)
	case flags.sarif:
		err = v.SARIF(out, artifact)
	default:
		err = v.Text(out, terminal.For(out))
	}
	switch {
	case err != nil:
		return err
	case v.Summary.Refuted > 0:
		return exitError{exitFailed}
	case v.Summary.Unknown > 0 && !flags.allowUnknown:
		return exitError{exitUnknown}
	}
	return nil
}

// checkModel refuses a model that does not exist, and none where one is needed:
// requirements of one's own are checked without.
func (f *verifyFlags) checkModel() error {
	switch {
	case f.model == "" && f.source.stack == "" && f.requirements == "":
		return usageError{fmt.Errorf("give --model; %s", problem.DidYouMean("", requirements.Models()))}
	case f.model != "" && !slices.Contains(requirements.Models(), f.model):
		return usageError{fmt.Errorf("no model %q; %s", f.model, problem.DidYouMean(f.model, requirements.Models()))}
	}
	return nil
}

// file is the file that a graph is read from.
func (f *sourceFlags) file() string {
	for _, file := range []string{f.preview, f.export} {
		if file != "" && file != "-" {
			return filepath.ToSlash(file)
		}
	}
	return "stdin"
}

// readRequirements reads the user's own requirements.
func readRequirements(path string) ([]requirements.Custom, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the requirements: %w", err)}
	}
	custom, err := requirements.ParseCustom(data)
	return custom, requirementsError(path, err)
}

// requirementsError puts the file before problems of its requirements.
func requirementsError(path string, err error) error {
	if err == nil || !errors.As(err, new(problem.List)) {
		return err
	}
	return configError{file: filepath.Base(path), consequence: "nothing was checked", error: err}
}

// verdictsOf verifies a graph, and shows on a terminal when that takes long.
func verdictsOf(cmd *cobra.Command, in requirements.Input) (results []requirements.Result, err error) {
	err = during(cmd, "verifying "+count(len(resources(in.Graph)), "resource"), func() error {
		results, err = requirements.Verify(in)
		return err
	})
	return results, err
}

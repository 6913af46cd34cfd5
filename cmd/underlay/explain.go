package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func newExplain() *cobra.Command {
	var flags stackFlags
	cmd := &cobra.Command{
		Use:   "explain [STACK] [ID]",
		Short: "Say what a requirement is, where it comes from, and how it stands",
		Long: `Without an id, lists every requirement. With one, says what it asks for, which document
asks for it, why it matters and how to mend it. With a stack too, shows the verdict on
that environment with all its evidence.`,
		Example: `  underlay explain
  underlay explain ISO-001
  underlay explain staging ISO-001`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 2 {
				return usageError{fmt.Errorf("give a stack and an id, for example `underlay explain staging ISO-001`")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return explain(cmd, &flags, args)
		},
		ValidArgsFunction: completeRequirement,
	}
	cmd.Flags().StringVar(&flags.configFile, "config-file", "", "with a stack: read its configuration from this `FILE`")
	_ = cmd.MarkFlagFilename("config-file", "yaml", "yml")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print one JSON document instead of text")
	return cmd
}

func explain(cmd *cobra.Command, flags *stackFlags, args []string) error {
	out := cmd.OutOrStdout()
	switch len(args) {
	case 0:
		if flags.json {
			return printJSON(out, requirements.All())
		}
		return listRequirements(out, terminal.For(out))
	case 1:
		if _, ok := requirements.Find(args[0]); ok || !slices.Contains(stackNames(projectRoot()), args[0]) {
			r, err := findRequirement(args[0])
			if err != nil {
				return err
			}
			if flags.json {
				return printJSON(out, r)
			}
			return describeRequirement(out, terminal.For(out), r)
		}
	}
	var id string
	if len(args) == 2 {
		r, err := findRequirement(args[1])
		if err != nil {
			return err
		}
		id = r.ID
	}
	return explainStack(cmd, flags, args[0], id)
}

// explainStack shows the verdict on one requirement, or on all of them.
func explainStack(cmd *cobra.Command, flags *stackFlags, stack, id string) error {
	env, err := flags.load(stack)
	if err != nil {
		return err
	}
	g, err := record(cmd, stack, env.WithStandIns())
	if err != nil {
		return err
	}
	in := requirements.Input{Graph: g, Model: env.Spec.Model()}
	in.Siblings = graphsLike(cmd.Context(), in.Model, env.siblings())
	results, err := verdictsOf(cmd, in)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(results, func(r requirements.Result) bool { return id != "" && r.ID != id })
	if len(found) == 0 {
		return usageError{fmt.Errorf("%s is no requirement of the model %s", id, env.Spec.Model())}
	}
	if flags.json {
		return printJSON(cmd.OutOrStdout(), found)
	}
	for _, r := range found {
		if err := report.Evidence(cmd.OutOrStdout(), terminal.For(cmd.OutOrStdout()), r); err != nil {
			return err
		}
	}
	return nil
}

func findRequirement(id string) (requirements.Requirement, error) {
	r, ok := requirements.Find(id)
	if !ok {
		var ids []string
		for _, r := range requirements.All() {
			ids = append(ids, r.ID)
		}
		fix := "`underlay explain` lists them"
		if nearest := problem.Nearest(id, ids); nearest != "" {
			fix = fmt.Sprintf("did you mean %q?", nearest)
		}
		return r, usageError{fmt.Errorf("no requirement or stack %q; %s", id, fix)}
	}
	return r, nil
}

func listRequirements(w io.Writer, style terminal.Style) error {
	table := terminal.Table{Gap: 2}
	for _, r := range requirements.All() {
		table.Row(style.Heading(r.ID), r.Title, style.Faint(strings.Join(r.Models, ", ")))
	}
	return table.Write(w)
}

func describeRequirement(w io.Writer, style terminal.Style, r requirements.Requirement) error {
	table := terminal.Table{Gap: 2}
	for _, row := range [][2]string{
		{"source", r.Source()}, {"models", strings.Join(r.Models, ", ")}, {"why", r.Why}, {"mend", r.Mend},
	} {
		table.Row("  "+style.Faint(row[0]), style.Hang(row[1], 10))
	}
	fmt.Fprintf(w, "%s  %s\n\n", style.Heading(r.ID), r.Title)
	return table.Write(w)
}

package main

import (
	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// completeStack offers the stacks for the one argument that a command takes.
func completeStack(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return stackNames(projectRoot()), cobra.ShellCompDirectiveNoFileComp
}

// completeRequirement offers the requirements with their titles, and the stacks
// before them.
func completeRequirement(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	if len(args) == 0 {
		offers = stackNames(projectRoot())
	}
	if len(args) < 2 {
		for _, r := range requirements.All() {
			offers = append(offers, cobra.CompletionWithDesc(r.ID, r.Title))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeFlag offers choices for a flag.
func completeFlag(cmd *cobra.Command, flag string, choices func() []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return choices(), cobra.ShellCompDirectiveNoFileComp
	})
}

// completeEnds offers where packets may start and end: the internet, and the
// subnets of the graph that the flags name by then.
func completeEnds(cmd *cobra.Command, source *sourceFlags) []string {
	offers := []string{"internet"}
	if source.preview == "-" || source.export == "-" {
		return offers // the shell's input is no graph
	}
	g, _, err := source.load(cmd)
	if err != nil {
		return offers
	}
	model, err := topology.Build(g)
	if err != nil {
		return offers
	}
	for _, subnet := range model.Subnets {
		for _, prefix := range subnet.Prefixes {
			if p, known := prefix.Get(); known {
				offers = append(offers, cobra.CompletionWithDesc(p.String(), subnet.Name))
			}
		}
	}
	return offers
}

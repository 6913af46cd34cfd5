package main

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/diff"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func newDiff() *cobra.Command {
	var asJSON bool
	var model string
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Say what changes between two networks: addresses, paths, verdicts, cost",
		Long: `Says what the difference between two networks means. Each of A and B is

  a stack's name     dev                 the environment of Pulumi.dev.yaml
  a configuration    proposal.yaml       a file like it, by its end
  a graph            deployed.json, -    what ` + "`pulumi stack export` or `pulumi preview --json\n                                         --show-sames`" + ` wrote; - is standard input

Paths are compared between tiers, load balancers, the cloud's services and the
internet, both ways: + can be reached now, - no longer, ~ by another way, ? an output
decides, ! was not known and is now.

Exit code 0 is no change of meaning, 1 changes, 2 bad usage or input that cannot be
read.`,
		Example: `  underlay diff dev staging
  underlay diff dev proposal.yaml
  pulumi stack export | underlay diff - dev
  underlay diff before.json after.json --model shared-aws --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("give two networks, for example `%s dev staging`", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return compare(cmd, args, model, asJSON)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 2 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return stackNames(projectRoot()), cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "the deployment `MODEL` of graphs; next to an environment, its own")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	completeFlag(cmd, "model", requirements.Models)
	return cmd
}

func compare(cmd *cobra.Command, args []string, model string, asJSON bool) error {
	if model != "" {
		flags := verifyFlags{model: model}
		if err := flags.checkModel(); err != nil {
			return err
		}
	}
	if args[0] == "-" && args[1] == "-" {
		return usageError{errors.New("standard input is one graph: name a file for the other")}
	}
	var sides [2]diff.Side
	var envs [2]*environment
	for i, arg := range args {
		var err error
		if sides[i], envs[i], err = loadSide(cmd, arg); err != nil {
			return err
		}
	}
	if err := compareSiblings(&sides, envs, args); err != nil {
		return err
	}
	for i := range sides {
		// A graph is of the model that the environment next to it has.
		if sides[i].Model == "" {
			sides[i].Model = model
			if model == "" {
				sides[i].Model = sides[1-i].Model
			}
		}
	}
	var report *diff.Report
	err := during(cmd, fmt.Sprintf("comparing %s and %s", sides[0].Name, sides[1].Name), func() (err error) {
		report, err = diff.Compare(cmd.Context(), sides[0], sides[1])
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = report.Text(cmd.OutOrStdout(), terminal.For(cmd.OutOrStdout()))
	}
	if err == nil && report.Changed() {
		err = exitError{exitFailed}
	}
	return err
}

// loadSide reads one of the networks that are compared.
func loadSide(cmd *cobra.Command, arg string) (diff.Side, *environment, error) {
	side := diff.Side{Name: filepath.Base(arg)}
	var source sourceFlags
	switch ext := strings.ToLower(filepath.Ext(arg)); {
	case arg == "-":
		side.Name = "standard input"
		source.export = arg
	case ext == ".json":
		source.export = arg
	case ext == ".yaml" || ext == ".yml":
		name := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(arg), filepath.Ext(arg)), "Pulumi.")
		source.stack, source.configFile = name, arg
	case strings.ContainsAny(arg, `/\`):
		return side, nil, usageError{fmt.Errorf("%s is none of a stack, a .yaml and a .json file", arg)}
	default:
		source.stack = arg
	}
	g, env, err := source.load(cmd)
	if err != nil {
		return side, nil, err
	}
	side.Graph = g
	if env != nil {
		side.Model, side.Known, side.Notes = env.Spec.Model(), controlPlane(env.Spec), notes(env.Spec)
	}
	return side, env, nil
}

// compareSiblings finds the blocks of the sides that other environments of the
// project have too. A file is taken for another version of what it is compared
// with, two stacks for two environments.
func compareSiblings(sides *[2]diff.Side, envs [2]*environment, args []string) error {
	for i, env := range envs {
		if env == nil {
			continue
		}
		own := []string{env.stack}
		if other := envs[1-i]; other != nil && !(other.stack == args[1-i] && env.stack == args[i]) {
			own = append(own, other.stack)
		}
		overlaps, err := env.Overlaps(without(environmentsBeside(env.root), own...))
		if err != nil {
			return err
		}
		for _, o := range overlaps {
			sides[i].Overlaps = append(sides[i].Overlaps, o.String())
		}
	}
	return nil
}

// notes say what the graph of an environment does not tell.
func notes(spec stacks.Spec) []string {
	if s, ok := spec.(*stacks.SharedAzure); ok && s.DataPlane.Egress == azurevnet.EgressLoadBalancer {
		return []string{"nodes and pods reach the internet by the load balancer that AKS makes with the cluster; it is in no graph before, so this way is not compared"}
	}
	return nil
}

// controlPlane are the blocks that a control plane elsewhere comes from.
func controlPlane(spec stacks.Spec) []diff.Known {
	var cidrs []string
	switch spec := spec.(type) {
	case *stacks.SharedAws:
		if spec.Connector != nil {
			cidrs = spec.Connector.ControlPlaneCidrs
		}
	case *stacks.SharedAzure:
		cidrs = spec.DataPlane.ControlPlaneCidrs
	}
	var blocks []diff.Known
	for _, cidr := range cidrs {
		if p, err := netip.ParsePrefix(cidr); err == nil {
			blocks = append(blocks, diff.Known{Name: "the control plane", Prefix: p})
		}
	}
	return blocks
}

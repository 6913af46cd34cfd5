package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func newPreview() *cobra.Command {
	var flags stackFlags
	var export string
	cmd := &cobra.Command{
		Use:   "preview STACK",
		Short: "Show what would be built, without an engine or a cloud account",
		Long: `Runs the program in this process and shows the resources and addresses that it
registers, and the verdicts on the model's requirements. No engine, no credentials and
no network are used. The exit code is 1 when a requirement is refuted.`,
		Example: `  underlay preview dev
  underlay preview staging --export graph.json
  underlay preview acme --config-file customers/Pulumi.acme.yaml --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return preview(cmd, &flags, args[0], export)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&export, "export", "", "write the resource graph to this `FILE`, as \"pulumi stack export\" would")
	return cmd
}

// previewResult is what `preview --json` prints.
type previewResult struct {
	Operation string            `json:"operation"`
	Stack     string            `json:"stack"`
	Model     string            `json:"model"`
	Region    string            `json:"region"`
	Resources []previewResource `json:"resources"`
	Addresses []addressRange    `json:"addresses"`
	Warnings  []string          `json:"warnings"`
	// Requirements are the verdicts that are no proofs, with the counts of all.
	Requirements report.Verification `json:"requirements"`
	Seconds      float64             `json:"seconds"`
}

type previewResource struct {
	URN  string `json:"urn"`
	Type string `json:"type"`
	Name string `json:"name"`
}

type addressRange struct {
	Name    string          `json:"name"`
	Cidr    string          `json:"cidr"`
	Slots   int             `json:"slots"`
	Subnets []addressSubnet `json:"subnets"`
	Free    []string        `json:"free"`
}

type addressSubnet struct {
	Tier   string `json:"tier"`
	Zone   string `json:"zone"`
	Cidr   string `json:"cidr"`
	Usable int    `json:"usable"`
}

func preview(cmd *cobra.Command, flags *stackFlags, stack, export string) error {
	w := cmd.OutOrStdout()
	start := time.Now()
	env, err := flags.load(stack)
	if err != nil {
		return err
	}
	ranges, err := env.Addresses()
	if err != nil {
		return err
	}
	siblings := env.siblings()
	warnings, _, err := warnings(env.Environment, siblings)
	if err != nil {
		return err
	}
	recorded, err := record(cmd, stack, env.WithStandIns())
	if err != nil {
		return err
	}
	if export != "" {
		if err := writeExport(export, recorded); err != nil {
			return err
		}
	}
	verdicts, err := verdictsOf(cmd, requirements.Input{
		Graph: recorded, Model: env.Spec.Model(), Siblings: graphsLike(cmd.Context(), env.Spec.Model(), siblings),
	})
	if err != nil {
		return err
	}
	verification := report.New(env.Spec.Model(), stack, verdicts)
	elapsed := time.Since(start)
	if flags.json {
		result := newPreviewResult(env, recorded, ranges, warnings, elapsed)
		result.Requirements = verification
		result.Requirements.Verdicts = slices.DeleteFunc(verdicts, func(r requirements.Result) bool {
			return r.Verdict == requirements.Proven || r.Verdict == requirements.NotApplicable
		})
		if err := printJSON(w, result); err != nil {
			return err
		}
		return refuted(verification)
	}
	style := terminal.For(w)
	fmt.Fprintf(w, "%s   %s\n\n", style.Heading(env.title()),
		style.Faint(fmt.Sprintf("%s, %.2f s, no cloud account used", count(len(resources(recorded)), "resource"), elapsed.Seconds())))
	if err := printAddresses(w, style, ranges); err != nil {
		return err
	}
	for i, warning := range warnings {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, heading(style, i, "Warnings")+style.Hang(warning, 12))
	}
	fmt.Fprintln(w)
	if err := printResources(w, style, recorded); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := verification.Brief(w, style); err != nil {
		return err
	}
	if export != "" {
		fmt.Fprintf(w, "\n%s%s\n", heading(style, 0, "Graph"), style.Place(export))
	}
	fmt.Fprintf(w, "\n%s%s\n", heading(style, 0, "Report"), style.Place(reportCommand(flags, stack)))
	return refuted(verification)
}

// reportCommand is the command that writes the page of a stack. A preview
// writes no file that nobody asked for, and would take twice as long.
func reportCommand(flags *stackFlags, stack string) string {
	command := "underlay report " + stack
	if flags.configFile != "" {
		command += " --config-file " + flags.configFile
	}
	return command + " -o " + stack + ".html"
}

// refuted fails the command when a requirement is.
func refuted(v report.Verification) error {
	if v.Summary.Refuted > 0 {
		return exitError{exitFailed}
	}
	return nil
}

// writeExport writes the graph to a file, whole or not at all.
func writeExport(path string, g *graph.Graph) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return usageError{fmt.Errorf("write the graph: %w", err)}
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			err = fmt.Errorf("write the graph: %w", err)
		}
	}()
	return g.Export(file)
}

// resources are those that a cloud has: not the stack, components or providers.
func resources(g *graph.Graph) []graph.Resource {
	return slices.DeleteFunc(slices.Clone(g.Resources), func(r graph.Resource) bool {
		return !r.Custom || r.External || isProvider(r.Type)
	})
}

func newPreviewResult(env *environment, g *graph.Graph, ranges []stacks.AddressRange, warnings []string, elapsed time.Duration) previewResult {
	result := previewResult{
		Operation: "preview",
		Stack:     env.stack,
		Model:     env.Spec.Model(),
		Region:    env.Region(),
		Addresses: newAddressRanges(ranges),
		Warnings:  append([]string{}, warnings...),
		Seconds:   elapsed.Seconds(),
		Resources: []previewResource{},
	}
	for _, r := range resources(g) {
		result.Resources = append(result.Resources, previewResource{URN: r.URN, Type: r.Type, Name: r.Name})
	}
	return result
}

func newAddressRanges(ranges []stacks.AddressRange) []addressRange {
	out := []addressRange{}
	for _, r := range ranges {
		block := addressRange{Name: r.Name, Cidr: r.Prefix.String(), Slots: r.Slots, Subnets: []addressSubnet{}, Free: []string{}}
		for _, s := range r.Subnets {
			block.Subnets = append(block.Subnets, addressSubnet{Tier: s.Tier, Zone: s.Zone, Cidr: s.Prefix.String(), Usable: s.Usable})
		}
		for _, free := range r.Free {
			block.Free = append(block.Free, free.String())
		}
		out = append(out, block)
	}
	return out
}

// printResources prints how many resources of each type there are.
func printResources(w io.Writer, style terminal.Style, g *graph.Graph) error {
	counts := map[string]int{}
	var types []string
	for _, r := range resources(g) {
		if counts[r.Type] == 0 {
			types = append(types, r.Type)
		}
		counts[r.Type]++
	}
	slices.Sort(types)
	table := terminal.Table{Gap: 2}
	for i, token := range types {
		table.Row(heading(style, i, "Resources")+strconv.Itoa(counts[token]), token)
	}
	return table.Write(w)
}

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func newReport() *cobra.Command {
	var flags pictureFlags
	cmd := &cobra.Command{
		Use:   "report (STACK | --export G.json --model M | --preview P.json --model M)",
		Short: "Write everything about a network on one HTML page",
		Long: `Writes one HTML file that needs nothing else: the drawing, the address map, each
requirement with its evidence, what reaches what, rules and routes in plain words, the
names to let out, and the handover sheet. It opens without a network, prints, and is the
same bytes for the same graph.`,
		Example: `  underlay report staging -o staging.html
  pulumi stack export | underlay report --export - --model shared-aws -o network.html`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.source.stack == "" && flags.model == "" {
				return usageError{fmt.Errorf("give --model; %s", problem.DidYouMean("", requirements.Models()))}
			}
			g, env, err := flags.load(cmd)
			if err != nil {
				return err
			}
			in := requirements.Input{Graph: g, Model: flags.model}
			var planned *stacks.Environment
			var others []stacks.Sibling
			if env != nil {
				planned, in.Model, others = env.Environment, env.Spec.Model(), env.siblings()
				in.Siblings = graphsLike(cmd.Context(), in.Model, others)
			}
			var page *report.Page
			err = during(cmd, "verifying "+count(len(resources(g)), "resource"), func() (err error) {
				page, err = newPage(in, planned, others)
				return err
			})
			if err != nil {
				return err
			}
			return flags.write(cmd, func(w io.Writer) error { return page.HTML(w) })
		},
	}
	flags.add(cmd)
	return cmd
}

// newPage verifies a graph and returns the page about it; env is nil for a graph
// that was read, and others are the project's other environments.
func newPage(in requirements.Input, env *stacks.Environment, others []stacks.Sibling) (*report.Page, error) {
	g := in.Graph
	planned := isPlanned(g)
	page := &report.Page{From: "Read from the resource graph of a deployed stack"}
	if planned {
		page.From = "Read from the resource graph of a plan; nothing of this page was asked of a cloud"
	}
	if env != nil {
		page.From = "Planned in " + env.Region() + "; nothing of this page was asked of a cloud"
		texts, overlaps, err := warnings(env, others)
		if err != nil {
			return nil, err
		}
		page.Warnings = texts
		for _, o := range overlaps {
			page.Others = append(page.Others, report.Other{Prefix: o.With, Of: o.Of})
		}
	}
	results, err := requirements.Verify(in)
	if err != nil {
		return nil, err
	}
	verification := report.New(in.Model, g.Stack, results)
	page.Verification = &verification
	if page.Subject, err = report.NewSubject(g, in.Model); err != nil {
		return nil, err
	}
	if page.Cost, err = costSheet(g); err != nil {
		return nil, err
	}
	if sheet := handoverOf(g); sheet != nil {
		page.RequiredNames = sheet.RequiredNames
		for _, rule := range sheet.RequiredEgress {
			page.RequiredEgress = append(page.RequiredEgress, report.EgressRow{
				Traffic: egressTraffic(rule.Protocol, rule.Ports),
				To:      slices.Concat(rule.FQDNs, rule.ServiceTags, rule.Addresses),
				Purpose: rule.Purpose,
			})
		}
		page.Handover = handoverSheet(sheet, planned)
	}
	return page, nil
}

// isPlanned reports whether a graph was recorded or previewed: a deployed
// resource has an id of the cloud's.
func isPlanned(g *graph.Graph) bool {
	return slices.ContainsFunc(resources(g), func(r graph.Resource) bool { return r.ID == "" || r.ID == r.URN })
}

// costSheet estimates what a graph costs, for a page.
func costSheet(g *graph.Graph) (*report.Cost, error) {
	prices, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	estimate := cost.Of(g, prices)
	sheet := &report.Cost{
		Total: cents(estimate.Total), AtLeast: estimate.AtLeast,
		Basis: fmt.Sprintf("List prices in US dollars, a month of %d hours; `underlay cost` names the source and day of each.", cost.HoursPerMonth),
	}
	for _, row := range costRows(estimate.Lines) {
		shown := report.CostRow{
			What: row.What, Quantity: strconv.Itoa(row.Quantity), Unit: perUnit(row.Price, row.Per),
			Rates: rateText(row.Rates), Monthly: cents(row.monthly), Unknown: row.Unknown,
		}
		if row.Quantity == 0 {
			shown.Quantity = "?"
		}
		sheet.Standing = append(sheet.Standing, shown)
	}
	for _, use := range estimate.Usage {
		shown := report.CostRow{What: use.What, Unit: use.By, Rates: rateText(use.Rates)}
		if !slices.Contains(sheet.Usage, shown) {
			sheet.Usage = append(sheet.Usage, shown)
		}
	}
	return sheet, nil
}

// handoverOf reads the handover among the outputs of a graph's stack; nil when
// it has none, or not yet.
func handoverOf(g *graph.Graph) *stacks.Handover {
	i := slices.IndexFunc(g.Resources, func(r graph.Resource) bool { return r.Type == "pulumi:pulumi:Stack" })
	if i < 0 {
		return nil
	}
	sheet, err := stacks.ReadHandover(g.Resources[i].Outputs.Mappable())
	if err != nil {
		return nil
	}
	return sheet
}

// handoverSheet returns the handover for a page. In a planned one, what only
// the deployment will tell is left open.
func handoverSheet(sheet *stacks.Handover, planned bool) []report.HandoverRow {
	rows := []report.HandoverRow{{Name: "Model", Value: sheet.Model}, {Name: "Region", Value: sheet.Region}}
	for _, row := range handoverRows(sheet) {
		if planned && row.later {
			row.value = ""
		}
		rows = append(rows, report.HandoverRow{Name: row.title(), Value: row.value})
	}
	return rows
}

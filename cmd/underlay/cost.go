package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
)

func newCost() *cobra.Command {
	var flags stackFlags
	var source sourceFlags
	cmd := &cobra.Command{
		Use:   "cost (STACK | --export G.json | --preview P.json)",
		Short: "Estimate what the network costs a month",
		Long: `Estimates what the network of an environment, or of any resource graph, costs a
month: list prices from the catalogue, each with its source and day, over 730 hours.

What is charged by what passes is stated as a rate and not added up. A price that the
catalogue does not have is said to be unknown; the total is then the least it can be.`,
		Example: `  underlay cost dev
  underlay cost --export graph.json --json
  pulumi preview --json --show-sames | underlay cost --preview -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				source.stack, source.configFile = args[0], flags.configFile
			}
			return flags.asJSON(cmd.OutOrStdout(), estimate(cmd.Context(), cmd, &flags, &source))
		},
	}
	flags.add(cmd)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		given := len(args)
		for _, path := range []string{source.export, source.preview} {
			if path != "" {
				given++
			}
		}
		switch {
		case given != 1:
			return usageError{fmt.Errorf("give one of a stack, --export and --preview, for example `%s dev`", cmd.CommandPath())}
		case flags.configFile != "" && len(args) == 0:
			return usageError{errors.New("--config-file belongs to a stack")}
		}
		return nil
	}
	source.addFiles(cmd)
	return cmd
}

// costResult is what `cost --json` prints.
type costResult struct {
	Operation     string `json:"operation"`
	Project       string `json:"project"`
	Stack         string `json:"stack"`
	Currency      string `json:"currency"`
	HoursPerMonth int    `json:"hoursPerMonth"`
	cost.Estimate
}

func estimate(ctx context.Context, cmd *cobra.Command, flags *stackFlags, source *sourceFlags) error {
	g, env, err := source.load(ctx, cmd)
	if err != nil {
		return err
	}
	prices, err := catalog.Load()
	if err != nil {
		return err
	}
	result := costResult{
		Operation: "cost", Project: g.Project, Stack: g.Stack,
		Currency: "USD", HoursPerMonth: cost.HoursPerMonth, Estimate: cost.Of(g, prices),
	}
	if flags.json {
		return printJSON(cmd.OutOrStdout(), result)
	}
	title := g.Project + " · " + g.Stack
	if env != nil {
		title = env.Spec.Model() + " · " + g.Stack
	}
	printEstimate(cmd.OutOrStdout(), title, result.Estimate)
	return nil
}

// costRow is lines of the same thing at the same price.
type costRow struct {
	cost.Line
	monthly catalog.USD
}

// costRows gathers lines, the dearest first and those without a price last.
func costRows(lines []cost.Line) []costRow {
	rows := map[string]*costRow{}
	for _, line := range lines {
		key := strings.Join([]string{line.What, line.Region, line.Item, line.Unknown}, "\n")
		row, seen := rows[key]
		if !seen {
			row = &costRow{Line: line}
			row.Quantity = 0
			rows[key] = row
		}
		row.Quantity += line.Quantity
		if line.Monthly != nil {
			row.monthly += *line.Monthly
		}
	}
	var sorted []costRow
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		sorted = append(sorted, *rows[key])
	}
	slices.SortStableFunc(sorted, func(a, b costRow) int { return cmp.Compare(b.monthly, a.monthly) })
	return sorted
}

// printEstimate prints an estimate for people.
func printEstimate(w io.Writer, title string, e cost.Estimate) {
	rows := costRows(e.Lines)
	regions := regionsOf(e.Lines)
	if len(regions) == 1 {
		title += " · " + regions[0]
	}
	fmt.Fprintf(w, "%s   list prices in US dollars, a month of %d hours\n\n", title, cost.HoursPerMonth)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for i, row := range rows {
		what := row.What
		if len(regions) > 1 && row.Region != "" {
			what += ", " + row.Region
		}
		quantity, unit, sum := fmt.Sprint(row.Quantity), "unknown", "unknown"
		if row.Quantity == 0 {
			quantity = "?"
		}
		if row.Price != nil {
			unit = perUnit(row.Price, row.Per)
		}
		if row.Unknown == "" {
			sum = cents(row.monthly)
		}
		cells := []string{heading(i, "Standing") + what, quantity, unit, fmt.Sprintf("%12s", sum)}
		if len(row.Rates) > 0 {
			cells = append(cells, rateText(row.Rates))
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	total := "total"
	if e.AtLeast {
		total = "at least"
	}
	fmt.Fprintf(table, "%s%s\t\t\t%12s\n", heading(len(rows), "Standing"), total, cents(e.Total))
	table.Flush()

	printUsage(w, e.Usage)
	for _, c := range e.Comparisons {
		printComparison(w, c)
	}
	printUnknown(w, rows)
	printSources(w, e)
}

// heading is the column of headings: the text in the first row, blank below.
func heading(row int, text string) string {
	if row > 0 {
		text = ""
	}
	return fmt.Sprintf("%-12s", text)
}

// regionsOf are the regions of lines.
func regionsOf(lines []cost.Line) []string {
	regions := map[string]bool{}
	for _, line := range lines {
		if line.Region != "" {
			regions[line.Region] = true
		}
	}
	return slices.Sorted(maps.Keys(regions))
}

// perUnit is a price of one: "0.048 / hour".
func perUnit(price *catalog.USD, per string) string {
	if price == nil {
		return "unknown / " + per
	}
	text := price.String()
	if _, decimals, _ := strings.Cut(text, "."); len(decimals) < 2 {
		text = cents(*price)
	}
	return text + " / " + per
}

func rateText(rates []cost.Rate) string {
	var texts []string
	for _, r := range rates {
		texts = append(texts, "+ "+perUnit(r.Price, r.Per))
	}
	return strings.Join(texts, " ")
}

// printUsage prints what is charged by what passes alone, alike resources once.
func printUsage(w io.Writer, usage []cost.Usage) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	seen := map[string]bool{}
	for _, u := range usage {
		row := strings.TrimRight(u.What+"\t"+u.By+"\t"+rateText(u.Rates), "\t")
		if !seen[row] {
			if len(seen) == 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(table, "%s%s\n", heading(len(seen), "By use"), row)
			seen[row] = true
		}
	}
	table.Flush()
}

func printComparison(w io.Writer, c cost.Comparison) {
	fmt.Fprintf(w, "\n%s%s\n", heading(0, "Compare"), c.Title)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "%s\t%s\n", heading(1, ""), strings.Join(c.Columns, "\t"))
	for _, row := range c.Rows {
		var cells []string
		for _, amount := range row.Monthly {
			cell := "unknown"
			if amount != nil {
				cell = cents(*amount)
			}
			cells = append(cells, cell)
		}
		if row.Here {
			cells = append(cells, "← here")
		}
		fmt.Fprintf(table, "%s%s\t%s\n", heading(1, ""), row.Label, strings.Join(cells, "\t"))
	}
	table.Flush()
	for _, line := range wrap(c.Note, 76) {
		fmt.Fprintf(w, "%s%s\n", heading(1, ""), line)
	}
}

// printUnknown says why there is no price.
func printUnknown(w io.Writer, rows []costRow) {
	n := 0
	for _, row := range rows {
		if row.Unknown != "" {
			if n == 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s%s: %s\n", heading(n, "Unknown"), row.What, row.Unknown)
			n++
		}
	}
}

// printSources prints the price lists with the days that they were read.
func printSources(w io.Writer, e cost.Estimate) {
	days := map[string]map[string]bool{}
	add := func(source, day string) {
		if source == "" {
			return
		}
		if days[source] == nil {
			days[source] = map[string]bool{}
		}
		days[source][day] = true
	}
	for _, line := range e.Lines {
		add(line.Source, line.AsOf)
		for _, rate := range line.Rates {
			add(rate.Source, rate.AsOf)
		}
	}
	for _, u := range e.Usage {
		for _, rate := range u.Rates {
			add(rate.Source, rate.AsOf)
		}
	}
	if len(days) > 0 {
		fmt.Fprintln(w)
	}
	for i, source := range slices.Sorted(maps.Keys(days)) {
		fmt.Fprintf(w, "%s%s   %s\n", heading(i, "Prices of"), strings.Join(slices.Sorted(maps.Keys(days[source])), ", "), source)
	}
}

// cents is an amount rounded to cents: "1,234.50".
func cents(amount catalog.USD) string {
	hundredths := (int64(amount) + 5_000) / 10_000
	return fmt.Sprintf("%s.%02d", thousands(int(hundredths/100)), hundredths%100)
}

// wrap breaks text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

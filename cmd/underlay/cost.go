package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/terminal"
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
			return estimate(cmd, &flags, &source)
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

func estimate(cmd *cobra.Command, flags *stackFlags, source *sourceFlags) error {
	g, env, err := source.load(cmd)
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
	printer := costPrinter{out: cmd.OutOrStdout(), style: terminal.For(cmd.OutOrStdout())}
	printer.estimate(title, result.Estimate)
	return printer.err
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

// costPrinter prints an estimate for people, and keeps the first error.
type costPrinter struct {
	out   io.Writer
	style terminal.Style
	err   error
}

func (p *costPrinter) linef(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *costPrinter) table(table terminal.Table) {
	if p.err == nil {
		p.err = table.Write(p.out)
	}
}

func (p *costPrinter) estimate(title string, e cost.Estimate) {
	rows := costRows(e.Lines)
	regions := regionsOf(e.Lines)
	if len(regions) == 1 {
		title += " · " + regions[0]
	}
	p.linef("%s   %s\n", p.style.Heading(title), p.style.Faint(fmt.Sprintf("list prices in US dollars, a month of %d hours", cost.HoursPerMonth)))
	table := terminal.Table{Gap: 3}
	for i, row := range rows {
		what := row.What
		if len(regions) > 1 && row.Region != "" {
			what += ", " + row.Region
		}
		quantity, unit, sum := fmt.Sprint(row.Quantity), "unknown", p.style.Unsure(fmt.Sprintf("%12s", "unknown"))
		if row.Quantity == 0 {
			quantity = "?"
		}
		if row.Price != nil {
			unit = perUnit(row.Price, row.Per)
		}
		if row.Unknown == "" {
			sum = fmt.Sprintf("%12s", cents(row.monthly))
		}
		cells := []string{heading(p.style, i, "Standing") + what, quantity, unit, sum}
		if len(row.Rates) > 0 {
			cells = append(cells, p.style.Faint(rateText(row.Rates)))
		}
		table.Row(cells...)
	}
	total := "total"
	if e.AtLeast {
		total = "at least"
	}
	table.Row(heading(p.style, len(rows), "Standing")+p.style.Heading(total), "", "", p.style.Heading(fmt.Sprintf("%12s", cents(e.Total))))
	p.table(table)

	p.usage(e.Usage)
	for _, c := range e.Comparisons {
		p.comparison(c)
	}
	p.unknown(rows)
	p.sources(e)
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

// usage prints what is charged by what passes alone, alike resources once.
func (p *costPrinter) usage(usage []cost.Usage) {
	table := terminal.Table{Gap: 3}
	var seen []string
	for _, u := range usage {
		rates := rateText(u.Rates)
		row := strings.Join([]string{u.What, u.By, rates}, "\n")
		if slices.Contains(seen, row) {
			continue
		}
		if len(seen) == 0 {
			p.linef("")
		}
		cells := []string{heading(p.style, len(seen), "By use") + u.What, u.By}
		if rates != "" {
			cells = append(cells, p.style.Faint(rates))
		}
		table.Row(cells...)
		seen = append(seen, row)
	}
	p.table(table)
}

func (p *costPrinter) comparison(c cost.Comparison) {
	p.linef("\n%s%s", heading(p.style, 0, "Compare"), c.Title)
	table := terminal.Table{Gap: 3}
	columns := []string{heading(p.style, 1, "")}
	for _, column := range c.Columns {
		columns = append(columns, p.style.Faint(column))
	}
	table.Row(columns...)
	for _, row := range c.Rows {
		cells := []string{heading(p.style, 1, "") + row.Label}
		for _, amount := range row.Monthly {
			cell := "unknown"
			if amount != nil {
				cell = cents(*amount)
			}
			cells = append(cells, cell)
		}
		if row.Here {
			cells = append(cells, p.style.Good("← here"))
		}
		table.Row(cells...)
	}
	p.table(table)
	for _, line := range terminal.Wrap(c.Note, 76) {
		p.linef("%s%s", heading(p.style, 1, ""), p.style.Faint(line))
	}
}

// unknown says why there is no price.
func (p *costPrinter) unknown(rows []costRow) {
	n := 0
	for _, row := range rows {
		if row.Unknown != "" {
			if n == 0 {
				p.linef("")
			}
			p.linef("%s%s: %s", heading(p.style, n, "Unknown"), row.What, row.Unknown)
			n++
		}
	}
}

// sources prints the price lists with the days that they were read.
func (p *costPrinter) sources(e cost.Estimate) {
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
		p.linef("")
	}
	for i, source := range slices.Sorted(maps.Keys(days)) {
		p.linef("%s%s   %s", heading(p.style, i, "Prices of"), strings.Join(slices.Sorted(maps.Keys(days[source])), ", "), p.style.Faint(source))
	}
}

// cents is an amount rounded to cents: "1,234.50".
func cents(amount catalog.USD) string {
	hundredths := (int64(amount) + 5_000) / 10_000
	return fmt.Sprintf("%s.%02d", thousands(int(hundredths/100)), hundredths%100)
}

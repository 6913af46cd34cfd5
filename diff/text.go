package diff

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/reach"
)

// Text writes the report for people: what can be reached first, for it matters
// most.
func (r *Report) Text(w io.Writer, style terminal.Style) error {
	out := &writer{w: w, style: style}
	out.printf("%s\n", style.Heading(r.From+" → "+r.To))
	if !r.Changed() {
		out.printf("\nNo change of meaning: the same addresses, paths, verdicts and cost.\n")
	}
	r.paths(out)
	r.verdicts(out)
	r.addresses(out)
	r.cost(out)
	for _, note := range r.Notes {
		out.printf("\nNote: %s\n", note)
	}
	return out.err
}

// writer keeps the first error.
type writer struct {
	w     io.Writer
	style terminal.Style
	err   error
}

func (o *writer) printf(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}

func (o *writer) heading(text string) { o.printf("\n%s\n", o.style.Heading(text)) }

// change writes a sentence after the sign of its change.
func (o *writer) change(kind string, certain bool, sentence string) {
	mark := o.style.Unsure("?")
	switch {
	case kind == Decided:
		mark = o.style.Unsure("!")
	case !certain:
	case kind == Gained || kind == Admitted:
		mark = o.style.Good("+")
	case kind == Lost || kind == Refused:
		mark = o.style.Bad("-")
	case kind == Rerouted:
		mark = o.style.Unsure("~")
	}
	o.printf("  %s %s\n", mark, sentence)
}

func (r *Report) paths(out *writer) {
	if len(r.Paths) > 0 {
		out.heading("Paths")
	}
	for _, p := range r.Paths {
		out.change(p.Change, p.Certain, p.Sentence)
		out.hop("before", p.Before)
		out.hop("now", p.After)
		for i, ref := range p.Unknowns {
			if i == 3 {
				out.printf("      and %d more\n", len(p.Unknowns)-i)
				break
			}
			out.printf("      decided by %s\n", report.Name(ref.URN, ref.Property))
		}
	}
}

func (o *writer) hop(when string, hop *reach.Hop) {
	if hop != nil {
		o.printf("      %-7s %-44s %s\n", when, report.Name(hop.URN, hop.Property), hop.Effect)
	}
}

func (r *Report) verdicts(out *writer) {
	if len(r.Requirements) > 0 {
		out.heading("Requirements")
	}
	for _, c := range r.Requirements {
		out.printf("  %-8s  %s → %s   %s\n", c.ID, cmp.Or(string(c.Before), "not asked"), cmp.Or(string(c.After), "not asked"), c.Title)
		if c.Reason != "" {
			out.printf("            %s\n", c.Reason)
		}
	}
}

func (r *Report) addresses(out *writer) {
	if len(r.Addresses)+len(r.Overlaps) > 0 {
		out.heading("Addresses")
	}
	for _, o := range r.Overlaps {
		out.change(o.Change, true, o.Sentence)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range r.Addresses {
		blocks := strings.Join(c.Before, ", ") + " → " + strings.Join(c.After, ", ")
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", c.Change, c.Of, c.Zone, strings.Trim(blocks, " →"))
	}
	table.Flush()
}

// Write makes the writer one that tables can be written to.
func (o *writer) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	var n int
	n, o.err = o.w.Write(p)
	return n, o.err
}

func (r *Report) cost(out *writer) {
	c := r.Cost
	if len(c.Lines) == 0 {
		return
	}
	least := ""
	if c.AtLeast {
		least = "at least "
	}
	out.printf("\n%s  %s%s → %s US dollars a month, %s\n", out.style.Heading("Cost"), least, amount(c.Before), amount(c.After), signed(c.After-c.Before))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range c.Lines {
		sum := "price unknown"
		if line.Monthly != nil {
			sum = signed(*line.Monthly)
		}
		fmt.Fprintf(table, "  %s\t%s\t%d → %d\t%10s\n", line.What, line.Region, line.Before, line.After, sum)
	}
	table.Flush()
}

// amount is an amount in whole cents: "35.04".
func amount(sum catalog.USD) string {
	hundredths := (int64(sum) + 5_000) / 10_000
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func signed(sum catalog.USD) string {
	if sum < 0 {
		return "-" + amount(-sum)
	}
	return "+" + amount(sum)
}

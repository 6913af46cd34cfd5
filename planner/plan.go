package planner

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"slices"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// plan is what a form comes to. With problems there is nothing else.
type plan struct {
	form     form
	file     []byte
	problems map[string]problem.List
	// count is how many problems there are.
	count int

	page    *report.Page
	drawing template.HTML
	maps    []report.AddressMap
}

// compute plans what the form asks for. An error is a broken program, or a
// context that ended.
func compute(ctx context.Context, f form, newPage NewPage) (*plan, error) {
	p := &plan{form: f}
	file, problems := f.config()
	p.file = file
	if len(problems) > 0 {
		// What cannot be written cannot be checked.
		p.problems, p.count = f.place(problems), len(problems)
		return p, nil
	}
	env, err := stacks.Parse(file)
	if errors.As(err, &problems) {
		p.problems, p.count = f.place(problems), len(problems)
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	g, err := graph.Record(ctx, stacks.Project, f.Stack, nil, env.WithStandIns().Program())
	if err != nil {
		return nil, err
	}
	if p.page, err = newPage(env, g); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.drawing, err = p.page.Subject.Drawing(); err != nil {
		return nil, err
	}
	p.maps = p.page.AddressMaps()
	return p, ctx.Err()
}

// verdicts are the results that a page shows, what needs somebody first.
func (p *plan) verdicts() []verdict {
	rank := map[requirements.Verdict]int{requirements.Refuted: 0, requirements.Unknown: 1, requirements.Proven: 2, requirements.NotApplicable: 3}
	signs := map[requirements.Verdict]verdict{
		requirements.Refuted: {Class: "absent", Sign: "✗"}, requirements.Unknown: {Class: "unknown", Sign: "?"},
		requirements.Proven: {Class: "path", Sign: "✓"}, requirements.NotApplicable: {Class: "offered", Sign: "–"},
	}
	var all []verdict
	for _, r := range p.page.Verification.Verdicts {
		v := signs[r.Verdict]
		v.Result = r
		if r.BlockedBy != nil {
			v.At = report.Name(r.BlockedBy.URN, r.BlockedBy.Property)
		}
		v.Open = r.Verdict == requirements.Refuted
		v.Mend = r.Verdict == requirements.Refuted || r.Verdict == requirements.Unknown
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b verdict) int { return cmp.Compare(rank[a.Verdict], rank[b.Verdict]) })
	return all
}

// verdict is a requirement's line.
type verdict struct {
	requirements.Result
	Class, Sign, At string
	Open, Mend      bool
}

package planner

import (
	"fmt"
	"html/template"

	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
)

// view is what the template shows.
type view struct {
	Form   form
	Models []model
	Count  int
	Status string
	File   string
	// Of the page's other parts there is nothing while there are problems.
	Whole        bool
	Verification *report.Verification
	Verdicts     []verdict
	Drawing      template.HTML
	Maps         []report.AddressMap
	Warnings     []string
	Cost         *report.Cost

	problems map[string]problem.List
}

func newView(p *plan) *view {
	v := &view{
		Form: p.form, Models: models(), Count: p.count, File: string(p.file), problems: p.problems,
		Drawing: p.drawing, Maps: p.maps,
	}
	switch {
	case p.count == 1:
		v.Status = "1 problem, at its field"
	case p.count > 1:
		v.Status = fmt.Sprintf("%d problems, each at its field", p.count)
	default:
		v.Whole, v.Warnings, v.Cost = true, p.page.Warnings, p.page.Cost
		v.Verification, v.Verdicts = p.page.Verification, p.verdicts()
		v.Status = v.Verification.Counts()
	}
	return v
}

// Problems are those at a field.
func (v *view) Problems(path string) problem.List { return v.problems[path] }

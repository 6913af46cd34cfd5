package diff

import (
	"context"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/cost"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Side is one of two networks that are compared.
type Side struct {
	// Name is what the caller calls it: a stack, a file.
	Name  string
	Graph *graph.Graph
	// Model is the deployment model. Without one no requirements are compared.
	Model string
	// Known are blocks outside that have a name: "the control plane".
	Known []Known
	// Overlaps are the blocks that other environments of the project have too,
	// a sentence each.
	Overlaps []string
	// Notes say what the graph does not tell of the network.
	Notes []string
}

// Known is a block of addresses with a name.
type Known struct {
	Name   string
	Prefix netip.Prefix
}

// Report is what differs. Its lists are empty when nothing does.
type Report struct {
	From         string              `json:"from"`
	To           string              `json:"to"`
	Addresses    []AddressChange     `json:"addresses"`
	Overlaps     []OverlapChange     `json:"overlaps"`
	Paths        []PathChange        `json:"paths"`
	Requirements []RequirementChange `json:"requirements"`
	Cost         CostChange          `json:"cost"`
	// Notes say what was not compared.
	Notes []string `json:"notes"`
}

// Changed reports whether there is a change of meaning.
func (r *Report) Changed() bool {
	return len(r.Addresses)+len(r.Overlaps)+len(r.Paths)+len(r.Requirements)+len(r.Cost.Lines) > 0
}

// AddressChange is a block that one side has and the other has not, or has
// elsewhere.
type AddressChange struct {
	// Change is "added", "removed" or "moved".
	Change string `json:"change"`
	// Of is whose block it is: "pods", "data plane". Zone is empty where it is
	// a network's or lies in no zone.
	Of   string `json:"of"`
	Zone string `json:"zone,omitempty"`
	// Before and After are the blocks; empty where there is none.
	Before []string `json:"before"`
	After  []string `json:"after"`
}

// OverlapChange is a block that another environment of the project has too, and
// that only one side has.
type OverlapChange struct {
	// Change is "gained" or "lost".
	Change   string `json:"change"`
	Sentence string `json:"sentence"`
}

// The changes of paths.
const (
	Gained   = "gained"   // packets get through that did not before
	Lost     = "lost"     // packets no longer get through
	Rerouted = "rerouted" // they get through another way
	Decided  = "decided"  // what was not known is
	Admitted = "admitted" // a filter lets it pass that did not; no way to it is in the graph
	Refused  = "refused"  // it no longer does
)

// PathChange is a change in what reaches what.
type PathChange struct {
	// Change is "gained", "lost", "rerouted", "decided", "admitted" or "refused".
	Change string `json:"change"`
	// Certain is false when an output decides whether it comes about.
	Certain bool `json:"certain"`
	// From and To are tiers, load balancers, services, addresses.
	From []string `json:"from"`
	To   []string `json:"to"`
	// Traffic is "every port", "tcp 443"; empty when it is rerouted.
	Traffic string `json:"traffic"`
	// Way is how it goes when it is rerouted: "through the firewall instead of
	// the NAT gateway".
	Way string `json:"way,omitempty"`
	// Sentence says it for people.
	Sentence string `json:"sentence"`
	// Before and After are the first hops that differ, or where packets end;
	// nil where there is none.
	Before *reach.Hop `json:"before"`
	After  *reach.Hop `json:"after"`
	// Unknowns are the outputs that decide what is not certain.
	Unknowns []topology.Ref `json:"deciding_unknowns"`
}

// RequirementChange is a requirement whose verdict differs.
type RequirementChange struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Before and After are the verdicts; empty where it is not asked for.
	Before requirements.Verdict `json:"before"`
	After  requirements.Verdict `json:"after"`
	// Reason is the later verdict's.
	Reason string `json:"reason"`
}

// CostChange is what differs of the monthly cost.
type CostChange struct {
	Before catalog.USD `json:"before"`
	After  catalog.USD `json:"after"`
	// AtLeast says that a price is not known: the sums are the least.
	AtLeast bool       `json:"atLeast"`
	Lines   []CostLine `json:"lines"`
}

// CostLine is a thing of which the sides have different numbers.
type CostLine struct {
	What   string `json:"what"`
	Region string `json:"region"`
	// Before and After are how many there are.
	Before int `json:"before"`
	After  int `json:"after"`
	// Monthly is what the difference costs; nil when it is not known.
	Monthly *catalog.USD `json:"monthly"`
}

// Compare says what changes from a to b. An error is a broken program, or a
// context that ended.
func Compare(ctx context.Context, a, b Side) (*Report, error) {
	r := &Report{From: a.Name, To: b.Name, Notes: []string{}}
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	before, err := newSurvey(a, facts)
	if err != nil {
		return nil, err
	}
	after, err := newSurvey(b, facts)
	if err != nil {
		return nil, err
	}
	align(before, after)
	r.Addresses, r.Overlaps = compareAddresses(before, after), compareOverlaps(a.Overlaps, b.Overlaps)
	if r.Paths, err = comparePaths(ctx, before, after); err != nil {
		return nil, err
	}
	r.Notes = append(r.Notes, cloudsDiffer(before, after)...)
	var reasons map[string][]topology.Ref
	r.Requirements = []RequirementChange{}
	if a.Model == "" || b.Model == "" {
		r.Notes = append(r.Notes, "requirements are not compared: the deployment model is not known")
	} else {
		if r.Requirements, reasons, err = compareRequirements(a, b); err != nil {
			return nil, err
		}
		if a.Model != b.Model {
			r.leaveOut(a.Model, b.Model)
		}
	}
	r.forget(a, b, reasons)
	for _, note := range a.Notes {
		name := a.Name
		if slices.Contains(b.Notes, note) {
			name += ", " + b.Name
		}
		r.Notes = append(r.Notes, name+": "+note)
	}
	for _, note := range b.Notes {
		if !slices.Contains(a.Notes, note) {
			r.Notes = append(r.Notes, b.Name+": "+note)
		}
	}
	r.Cost = compareCost(cost.Of(a.Graph, facts), cost.Of(b.Graph, facts))
	return r, ctx.Err()
}

// survey is what is known of one side.
type survey struct {
	side   Side
	model  *topology.Model
	engine *reach.Engine
	roles  requirements.Roles
	facts  *catalog.Catalog
	// networks are the names of networks: "data plane".
	networks map[*topology.Network]string
	sites    []site
}

func newSurvey(side Side, facts *catalog.Catalog) (*survey, error) {
	model, err := topology.Build(side.Graph)
	if err != nil {
		return nil, err
	}
	s := &survey{
		side: side, model: model, engine: reach.New(model), facts: facts,
		roles:    requirements.NewRoles(side.Graph, side.Model, model),
		networks: map[*topology.Network]string{},
	}
	s.nameNetworks()
	return s, nil
}

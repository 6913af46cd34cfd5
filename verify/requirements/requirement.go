package requirements

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// The deployment models that requirements are bound to.
const (
	SharedAWS      = "shared-aws"
	DedicatedAWS   = "dedicated-aws"
	AosCloud       = "aoscloud"
	SharedAzure    = "shared-azure"
	AKSLandingZone = "aks-landing-zone"
)

// Models are the deployment models, in the order of the documentation.
func Models() []string {
	return []string{SharedAWS, DedicatedAWS, AosCloud, SharedAzure, AKSLandingZone}
}

// Verdict says whether a requirement holds.
type Verdict string

const (
	// Proven: it holds whatever is still unknown.
	Proven Verdict = "PROVEN"
	// Refuted: it does not, whatever is still unknown.
	Refuted Verdict = "REFUTED"
	// Unknown: it depends on what is not known.
	Unknown Verdict = "UNKNOWN"
	// NotApplicable: the environment's mode makes it moot.
	NotApplicable Verdict = "NOT APPLICABLE"
)

// Requirement is one invariant that a network has to have.
type Requirement struct {
	// ID is stable: "ISO-001".
	ID string `json:"id"`
	// Title is the invariant, in a few words.
	Title string `json:"title"`
	// Sources are the documents that ask for it.
	Sources []Source `json:"sources"`
	// Why it matters, and Mend how to get there, each in one sentence.
	Why  string `json:"why"`
	Mend string `json:"mend"`
	// Models are the deployment models that it belongs to.
	Models []string `json:"models"`

	check func(*check)
}

// Source is a section of a document.
type Source struct {
	Document string `json:"document"`
	Section  string `json:"section"`
}

// String returns "Network configuration for Conveyor, Private subnets".
func (s Source) String() string { return s.Document + ", " + s.Section }

// Source returns the sources in one line.
func (r Requirement) Source() string {
	texts := make([]string, len(r.Sources))
	for i, s := range r.Sources {
		texts[i] = s.String()
	}
	return strings.Join(texts, "; ")
}

// The documents, by their own titles.
const (
	conveyor    = "Network configuration for Conveyor"
	deployment  = "Deployment models of Conveyor"
	aosDocument = "AosCloud Networking Prerequisites v1.1"
	aksDocument = "Network topology and connectivity considerations for AKS"
	// derived requirements follow from another one.
	derived = "derived"
)

// All returns every requirement, sorted by group and number.
func All() []Requirement {
	return slices.Concat(addressing(), egress(), isolation(), reachability(), endpointRequirements(), names(), tagging())
}

// Find returns the requirement with that id, in any case.
func Find(id string) (Requirement, bool) {
	for _, r := range All() {
		if strings.EqualFold(r.ID, id) {
			return r, true
		}
	}
	return Requirement{}, false
}

// Path is a way of packets, or to where they end.
type Path struct {
	// From and To are a URN, "internet", a CIDR or "fqdn:NAME".
	From string `json:"from"`
	To   string `json:"to"`
	// Packet is one of the packets.
	Packet packet.Packet `json:"packet"`
	Hops   []reach.Hop   `json:"hops"`
}

// Result is the verdict on one requirement.
type Result struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Source  string  `json:"source"`
	Verdict Verdict `json:"verdict"`
	// Reason says in a sentence what a verdict other than PROVEN comes from,
	// and what a proof leaves to note.
	Reason string `json:"reason,omitempty"`
	// Paths are ways that prove or refute it; of many some.
	Paths []Path `json:"paths"`
	// BlockedBy is what breaks it; nil unless it is refuted.
	BlockedBy *reach.Block `json:"blocked_by"`
	// Unknowns are the outputs and resources that decide an unknown verdict.
	Unknowns []topology.Ref `json:"deciding_unknowns"`
	// Facts are what the graph says for it, beside paths; of many some.
	Facts []reach.Hop `json:"facts"`
	// Fix is how to get there.
	Fix string `json:"fix"`
}

// Input is what the requirements are checked on.
type Input struct {
	Graph *graph.Graph
	// Model is the deployment model.
	Model string
	// Siblings are the project's other environments of the same model, which
	// must not share addresses with this one.
	Siblings []*graph.Graph
	// Custom are the user's own requirements.
	Custom []Custom
}

// Verify checks every requirement of the model on the graph, and the user's
// own. An error is a broken program or, as a problem.List, requirements of the
// user's that name what the graph does not have.
func Verify(in Input) ([]Result, error) {
	s, err := newSubject(in)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, r := range All() {
		if slices.Contains(r.Models, in.Model) {
			results = append(results, s.verify(r))
		}
	}
	var problems problem.List
	for i, custom := range in.Custom {
		result, err := s.verifyCustom(custom)
		problems.Add(fmt.Sprintf("requirements[%d]", i), err)
		results = append(results, result)
	}
	return results, problems.Err()
}

// Summary counts verdicts.
type Summary struct {
	Proven        int `json:"proven"`
	Refuted       int `json:"refuted"`
	Unknown       int `json:"unknown"`
	NotApplicable int `json:"not_applicable"`
}

// Summarize counts the verdicts of the results.
func Summarize(results []Result) Summary {
	var s Summary
	for _, r := range results {
		switch r.Verdict {
		case Proven:
			s.Proven++
		case Refuted:
			s.Refuted++
		case NotApplicable:
			s.NotApplicable++
		default:
			s.Unknown++
		}
	}
	return s
}

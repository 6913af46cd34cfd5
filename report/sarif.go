package report

import (
	"io"

	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// SARIF writes what is refuted, as errors, and what is unknown, as warnings, in
// the Static Analysis Results Interchange Format 2.1.0. Proofs are no results:
// code scanning would show them as alerts. artifact is the file that alerts are
// shown at, relative to the repository.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
func (v Verification) SARIF(w io.Writer, artifact string) error {
	run := sarifRun{
		Tool:    sarifTool{Driver: sarifDriver{Name: "underlay", Rules: []sarifRule{}}},
		Results: []sarifResult{},
	}
	for i, r := range v.Verdicts {
		rule := sarifRule{ID: r.ID, Name: r.ID, Short: sarifText{r.Title}, Full: sarifText{r.Title + " (" + r.Source + ")"}, Help: sarifText{r.Fix}}
		if of, ok := requirements.Find(r.ID); ok {
			rule.Full = sarifText{of.Why}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
		switch r.Verdict {
		case requirements.Refuted:
			run.Results = append(run.Results, refuted(r, i, artifact))
		case requirements.Unknown:
			result := newSARIFResult(r, i, artifact, "warning", "Not known: "+r.Reason)
			for _, ref := range r.Unknowns {
				result.Related = append(result.Related, location(artifact, ref, "decides"))
			}
			run.Results = append(run.Results, result)
		}
	}
	return encode(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func refuted(r requirements.Result, rule int, artifact string) sarifResult {
	result := newSARIFResult(r, rule, artifact, "error", r.Title+": "+r.Reason+". Mend: "+r.Fix)
	block := r.BlockedBy
	result.Locations = []sarifLocation{location(artifact, topology.Ref{URN: block.URN, Property: block.Property}, "")}
	for _, path := range r.Paths {
		flow := sarifThread{Locations: []sarifStep{}}
		for _, hop := range path.Hops {
			flow.Locations = append(flow.Locations, step(artifact, hop))
		}
		if len(flow.Locations) > 0 {
			result.Flows = append(result.Flows, sarifFlow{Message: sarifText{path.From + " → " + path.To}, Threads: []sarifThread{flow}})
		}
	}
	return result
}

func newSARIFResult(r requirements.Result, rule int, artifact, level, message string) sarifResult {
	place := topology.Ref{}
	if len(r.Unknowns) > 0 {
		place = r.Unknowns[0]
	}
	return sarifResult{
		Rule: r.ID, Index: rule, Level: level, Message: sarifText{message},
		Locations:    []sarifLocation{location(artifact, place, "")},
		Fingerprints: map[string]string{"requirement/v1": r.ID + " " + artifact},
	}
}

func step(artifact string, hop reach.Hop) sarifStep {
	return sarifStep{Location: location(artifact, topology.Ref{URN: hop.URN, Property: hop.Property}, hop.Effect)}
}

// location is a resource of the graph, shown at the artifact's first line: a
// graph has no lines of its own.
func location(artifact string, ref topology.Ref, message string) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{artifact}, Region: sarifRegion{1}}}
	if ref.URN != "" {
		name := ref.URN
		if ref.Property != "" {
			name += "#" + ref.Property
		}
		l.Logical = []sarifLogical{{Name: Name(ref.URN, ""), Qualified: name, Kind: "resource"}}
	}
	if message != "" {
		l.Message = &sarifText{message}
	}
	return l
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name  string      `json:"name"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Short sarifText `json:"shortDescription"`
	Full  sarifText `json:"fullDescription"`
	Help  sarifText `json:"help"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	Rule         string            `json:"ruleId"`
	Index        int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Related      []sarifLocation   `json:"relatedLocations,omitempty"`
	Flows        []sarifFlow       `json:"codeFlows,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	Line int `json:"startLine"`
}

type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"`
	Kind      string `json:"kind"`
}

type sarifFlow struct {
	Message sarifText     `json:"message"`
	Threads []sarifThread `json:"threadFlows"`
}

type sarifThread struct {
	Locations []sarifStep `json:"locations"`
}

type sarifStep struct {
	Location sarifLocation `json:"location"`
}

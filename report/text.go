package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Text writes every verdict, those that need somebody last, with their evidence.
func (v Verification) Text(w io.Writer) error {
	out := &writer{w: w}
	for _, verdict := range []requirements.Verdict{
		requirements.Proven, requirements.NotApplicable, requirements.Unknown, requirements.Refuted,
	} {
		for _, r := range v.Verdicts {
			if r.Verdict == verdict {
				out.result(r)
			}
		}
	}
	out.linef("\n%s", v.Counts())
	return out.err
}

// Counts returns "37 proven, 1 refuted, 1 unknown, 4 not applicable".
func (v Verification) Counts() string {
	s := v.Summary
	text := fmt.Sprintf("%d proven, %d refuted, %d unknown", s.Proven, s.Refuted, s.Unknown)
	if s.NotApplicable > 0 {
		text += fmt.Sprintf(", %d not applicable", s.NotApplicable)
	}
	return text
}

// Brief writes the counts and a line for each verdict that is not a proof.
func (v Verification) Brief(w io.Writer) error {
	out := &writer{w: w}
	s := v.Summary
	out.linef("Requirements   %d proven   %d refuted   %d unknown   %d not applicable", s.Proven, s.Refuted, s.Unknown, s.NotApplicable)
	for _, r := range v.Verdicts {
		switch r.Verdict {
		case requirements.Refuted:
			out.linef("            ✗ %-8s  %s\n                        %s: %s", r.ID, r.Title, Name(r.BlockedBy.URN, r.BlockedBy.Property), r.Reason)
		case requirements.Unknown:
			out.linef("            ? %-8s  %s\n                        %s%s", r.ID, r.Title, r.Reason, decidedBy(r.Unknowns))
		}
	}
	return out.err
}

func decidedBy(refs []topology.Ref) string {
	if len(refs) == 0 {
		return ""
	}
	more := ""
	if len(refs) > 1 {
		more = fmt.Sprintf(" and %d more", len(refs)-1)
	}
	return "; decided by " + Name(refs[0].URN, refs[0].Property) + more
}

// Evidence writes one verdict with all that there is to it.
func Evidence(w io.Writer, r requirements.Result) error {
	out := &writer{w: w}
	out.heading(r)
	if r.Reason != "" {
		out.linef("    %s", r.Reason)
	}
	for _, fact := range r.Facts {
		out.linef("    - %-44s %s", Name(fact.URN, fact.Property), fact.Effect)
	}
	for _, path := range r.Paths {
		out.path(path)
	}
	for _, ref := range r.Unknowns {
		out.linef("    decided by %s", Name(ref.URN, ref.Property))
	}
	if r.Verdict == requirements.Refuted || r.Verdict == requirements.Unknown {
		out.linef("    mend: %s", r.Fix)
	}
	return out.err
}

// Name is a resource as a person calls it: the end of its type and its name,
// and the property.
func Name(urn, property string) string {
	name := urn
	if strings.HasPrefix(urn, "urn:") {
		parts := strings.Split(urn, "::")
		token := parts[max(0, len(parts)-2)]
		name = token[strings.LastIndex(token, ":")+1:] + " " + parts[len(parts)-1]
	}
	if property != "" {
		name += " " + property
	}
	return name
}

// writer keeps the first error.
type writer struct {
	w   io.Writer
	err error
}

func (o *writer) linef(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format+"\n", args...)
	}
}

func (o *writer) heading(r requirements.Result) {
	o.linef("%-14s  %-8s  %s   (%s)", r.Verdict, r.ID, r.Title, r.Source)
}

// result writes one verdict: a line for a proof, more for what somebody has to
// look at.
func (o *writer) result(r requirements.Result) {
	switch r.Verdict {
	case requirements.Proven:
		o.linef("%-14s  %-8s  %s", r.Verdict, r.ID, r.Title)
		return
	case requirements.NotApplicable:
		o.linef("%-14s  %-8s  %s: %s", r.Verdict, r.ID, r.Title, r.Reason)
		return
	}
	o.heading(r)
	if len(r.Paths) > 0 {
		o.path(r.Paths[0])
	} else if r.BlockedBy != nil {
		o.linef("    %s", Name(r.BlockedBy.URN, r.BlockedBy.Property))
	}
	o.linef("    %s", r.Reason)
	for i, ref := range r.Unknowns {
		if i == 5 {
			o.linef("    and %d more", len(r.Unknowns)-i)
			break
		}
		o.linef("    decided by %s", Name(ref.URN, ref.Property))
	}
	o.linef("    mend: %s", r.Fix)
}

func (o *writer) path(p requirements.Path) {
	o.linef("    %s  →  %s   %s", Name(p.From, ""), Name(p.To, ""), describe(p.Packet))
	for i, hop := range p.Hops {
		o.hop(i+1, hop)
	}
}

func (o *writer) hop(n int, hop reach.Hop) {
	o.linef("      %2d  %-44s %s", n, Name(hop.URN, hop.Property), hop.Effect)
}

// describe is a packet without its addresses, which the ends tell.
func describe(p packet.Packet) string {
	if !packet.HasPorts(p.Protocol) {
		return packet.ProtocolName(p.Protocol)
	}
	return fmt.Sprintf("%s %d", packet.ProtocolName(p.Protocol), p.DestinationPort)
}

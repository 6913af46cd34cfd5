package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Text writes every verdict, those that need somebody last, with their evidence.
func (v Verification) Text(w io.Writer, style terminal.Style) error {
	out := &writer{w: w, style: style}
	for _, verdict := range []requirements.Verdict{
		requirements.Proven, requirements.NotApplicable, requirements.Unknown, requirements.Refuted,
	} {
		for _, r := range v.Verdicts {
			if r.Verdict == verdict {
				out.result(r)
			}
		}
	}
	out.linef("\n%s", v.counts(style))
	return out.err
}

// Counts returns "37 proven, 1 refuted, 1 unknown, 4 not applicable".
func (v Verification) Counts() string { return v.counts(terminal.Style{}) }

func (v Verification) counts(style terminal.Style) string {
	texts := countTexts(style, v.Summary)
	if v.Summary.NotApplicable == 0 {
		texts = texts[:3]
	}
	return strings.Join(texts, ", ")
}

// countTexts returns "37 proven" and so on, each in the style of its verdict.
func countTexts(style terminal.Style, s requirements.Summary) []string {
	var texts []string
	for _, c := range []struct {
		n       int
		verdict requirements.Verdict
	}{
		{s.Proven, requirements.Proven}, {s.Refuted, requirements.Refuted},
		{s.Unknown, requirements.Unknown}, {s.NotApplicable, requirements.NotApplicable},
	} {
		text := fmt.Sprintf("%d %s", c.n, strings.ToLower(string(c.verdict)))
		if c.n == 0 {
			text = style.Faint(text)
		} else {
			text = verdictText(style, c.verdict, text)
		}
		texts = append(texts, text)
	}
	return texts
}

// verdictText marks a text by a verdict.
func verdictText(style terminal.Style, verdict requirements.Verdict, text string) string {
	switch verdict {
	case requirements.Proven:
		return style.Good(text)
	case requirements.Refuted:
		return style.Bad(text)
	case requirements.Unknown:
		return style.Unsure(text)
	}
	return style.Faint(text)
}

// Brief writes the counts and a line for each verdict that is not a proof.
func (v Verification) Brief(w io.Writer, style terminal.Style) error {
	out := &writer{w: w, style: style}
	out.linef("%s   %s", style.Heading("Requirements"), strings.Join(countTexts(style, v.Summary), "   "))
	for _, r := range v.Verdicts {
		mark, why := "", ""
		switch r.Verdict {
		case requirements.Refuted:
			mark, why = "✗", Name(r.BlockedBy.URN, r.BlockedBy.Property)+": "+r.Reason
		case requirements.Unknown:
			mark, why = "?", r.Reason+decidedBy(r.Unknowns)
		default:
			continue
		}
		out.linef("            %s  %s\n                        %s", verdictText(style, r.Verdict, fmt.Sprintf("%s %-8s", mark, r.ID)), style.Hang(r.Title, 24), style.Hang(why, 24))
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
func Evidence(w io.Writer, style terminal.Style, r requirements.Result) error {
	out := &writer{w: w, style: style}
	out.heading(r, source(r))
	if r.Reason != "" {
		out.linef("    %s", style.Hang(r.Reason, 4))
	}
	for _, fact := range r.Facts {
		out.linef("    - %-44s %s", Name(fact.URN, fact.Property), style.Hang(fact.Effect, 51))
	}
	for _, path := range r.Paths {
		out.path(path)
	}
	for _, ref := range r.Unknowns {
		out.linef("    decided by %s", Name(ref.URN, ref.Property))
	}
	if r.Verdict == requirements.Refuted || r.Verdict == requirements.Unknown {
		out.mend(r.Fix)
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
	w     io.Writer
	style terminal.Style
	err   error
}

func (o *writer) linef(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format+"\n", args...)
	}
}

// heading writes a verdict's first line, ending with what follows the title.
func (o *writer) heading(r requirements.Result, end string) {
	o.linef("%s  %-8s  %s", verdictText(o.style, r.Verdict, fmt.Sprintf("%-14s", r.Verdict)), r.ID, o.style.Hang(r.Title+o.style.Faint(end), 26))
}

// source is the document that asks for what is verified.
func source(r requirements.Result) string { return fmt.Sprintf("   (%s)", r.Source) }

// result writes one verdict: a line for a proof, more for what somebody has to
// look at.
func (o *writer) result(r requirements.Result) {
	switch r.Verdict {
	case requirements.Proven:
		o.heading(r, "")
		return
	case requirements.NotApplicable:
		o.heading(r, ": "+r.Reason)
		return
	}
	o.heading(r, source(r))
	if len(r.Paths) > 0 {
		o.path(r.Paths[0])
	} else if r.BlockedBy != nil {
		o.linef("    %s", Name(r.BlockedBy.URN, r.BlockedBy.Property))
	}
	o.linef("    %s", o.style.Hang(r.Reason, 4))
	for i, ref := range r.Unknowns {
		if i == 5 {
			o.linef("    and %d more", len(r.Unknowns)-i)
			break
		}
		o.linef("    decided by %s", Name(ref.URN, ref.Property))
	}
	o.mend(r.Fix)
}

func (o *writer) mend(fix string) {
	o.linef("    %s %s", o.style.Heading("mend:"), o.style.Hang(fix, 10))
}

func (o *writer) path(p requirements.Path) {
	o.linef("    %s  →  %s   %s", Name(p.From, ""), Name(p.To, ""), describe(p.Packet))
	for i, hop := range p.Hops {
		o.hop(i+1, hop)
	}
}

func (o *writer) hop(n int, hop reach.Hop) {
	o.linef("      %2d  %-44s %s", n, Name(hop.URN, hop.Property), o.style.Hang(hop.Effect, 55))
}

// describe is a packet without its addresses, which the ends tell.
func describe(p packet.Packet) string {
	if !packet.HasPorts(p.Protocol) {
		return packet.ProtocolName(p.Protocol)
	}
	return fmt.Sprintf("%s %d", packet.ProtocolName(p.Protocol), p.DestinationPort)
}

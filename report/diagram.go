package report

import (
	"fmt"
	"io"
	"strings"
)

// The text forms of a drawing have the same content as the picture: a container
// for each network and tier, a node for each subnet, and the same lines. They
// differ in how they write these down.

// node is an element of a text form.
type node struct {
	id, label string
	tier      string
	children  []node
}

// edge joins two nodes by their ids.
type edge struct {
	from, to, label string
	state           State
}

// outline returns the nodes and edges of the drawing.
func (d *Drawing) outline() ([]node, []edge) {
	nodes := []node{{id: "internet", label: "Internet"}}
	var edges []edge
	for i, p := range d.Places {
		nodes = append(nodes, node{id: fmt.Sprintf("place%d", i), label: p.Name + "\n" + p.Detail})
	}
	for i, f := range d.Frames {
		id := fmt.Sprintf("net%d", i)
		frame := node{id: id, label: strings.TrimSuffix(f.Kind+" "+f.Name+" · "+f.Plane, " · ") + "\n" + strings.Join(f.Prefixes, ", ")}
		for j, gw := range f.Gateways {
			frame.children = append(frame.children, node{id: fmt.Sprintf("%sgw%d", id, j), label: gw.Detail + "\n" + gw.Name})
		}
		for j, row := range f.Rows {
			rowID := fmt.Sprintf("%stier%d", id, j)
			frame.children = append(frame.children, f.outline(rowID, row))
			for _, line := range row.Internet {
				e := edge{from: rowID, to: "internet", label: row.Tier + ": " + line.Label, state: line.State}
				if line.Inward {
					e.from, e.to = e.to, e.from
				}
				edges = append(edges, e)
			}
			if row.Services != nil {
				edges = append(edges, edge{from: rowID, to: id + "services", label: row.Services.Label, state: row.Services.State})
			}
		}
		nodes = append(nodes, frame)
		if len(f.Services) > 0 {
			nodes = append(nodes, node{id: id + "services", label: "Services by endpoint\n" + strings.Join(serviceNames(f), "\n")})
		}
	}
	for i, l := range d.Links {
		to := fmt.Sprintf("net%d", l.To)
		door := fmt.Sprintf("%slink%d", to, i)
		for j := range nodes {
			if nodes[j].id == to {
				nodes[j].children = append(nodes[j].children, node{id: door, label: l.ToChip.Name + "\n" + l.ToChip.Detail})
			}
		}
		from := fmt.Sprintf("net%d", l.From)
		if l.From < 0 {
			from = fmt.Sprintf("place%d", -l.From-1)
		}
		edges = append(edges, edge{from: from, to: door, label: l.FromChip.Name, state: l.State})
	}
	return nodes, edges
}

func serviceNames(f *Frame) []string {
	var names []string
	for _, s := range f.Services {
		names = append(names, s.Name+" ("+s.Detail+")")
	}
	return names
}

func (f *Frame) outline(id string, row *Row) node {
	n := node{id: id, label: row.Tier, tier: row.Tier}
	for zone, cell := range row.Cells {
		for i, box := range cell {
			label := box.Name + "\n" + box.Prefix + "\n" + f.Zones[zone]
			for _, chip := range box.Chips {
				label += "\n" + chip.Name
			}
			n.children = append(n.children, node{id: fmt.Sprintf("%sz%dn%d", id, zone, i), label: label, tier: row.Tier})
		}
	}
	return n
}

// word is what a line's state is called beside its label.
func (e edge) text() string {
	word := map[State]string{Path: "✓ ", Absent: "✗ ", Unknown: "? ", Offered: ""}[e.state]
	return word + e.label
}

// textColor is the colour of a line in the text forms.
func textColor(state State) string {
	return map[State]string{Path: "#15803d", Absent: "#c8102e", Unknown: "#5b6472", Offered: "#18202b"}[state]
}

func tierColor(tier string) string { return tierStyles()[styleIndex(tier)].light }

// quoted is a text in double quotes with backslashes before quotes, as D2 and
// DOT have it; control characters are dropped.
func quoted(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// D2 writes the drawing in the language of https://d2lang.com.
func (d *Drawing) D2(w io.Writer) error {
	out := &writer{w: w}
	nodes, edges := d.outline()
	out.linef("# %s", oneLine(d.Title))
	out.linef("direction: up")
	paths := map[string]string{}
	var write func(n node, path, indent string)
	write = func(n node, path, indent string) {
		paths[n.id] = path + n.id
		// D2 substitutes ${…} in quoted strings.
		out.linef("%s%s: %s {", indent, n.id, strings.ReplaceAll(quoted(n.label), "$", `\$`))
		if n.tier != "" {
			out.linef("%s  style.stroke: %q", indent, tierColor(n.tier))
		}
		for _, child := range n.children {
			write(child, path+n.id+".", indent+"  ")
		}
		out.linef("%s}", indent)
	}
	for _, n := range nodes {
		write(n, "", "")
	}
	for _, e := range edges {
		dash := map[State]string{Absent: "; style.stroke-dash: 2", Unknown: "; style.stroke-dash: 5", Offered: "; style.stroke-dash: 3"}[e.state]
		out.linef("%s -> %s: %s {style.stroke: %q%s}", paths[e.from], paths[e.to], strings.ReplaceAll(quoted(e.text()), "$", `\$`), textColor(e.state), dash)
	}
	return out.err
}

// Mermaid writes the drawing in the language of https://mermaid.js.org, as
// GitHub and GitLab show it.
func (d *Drawing) Mermaid(w io.Writer) error {
	out := &writer{w: w}
	nodes, edges := d.outline()
	out.linef("%%%% %s", oneLine(d.Title))
	out.linef("flowchart BT")
	var write func(n node, indent string)
	write = func(n node, indent string) {
		if len(n.children) == 0 {
			out.linef("%s%s[%s]", indent, n.id, mermaidText(n.label))
		} else {
			out.linef("%ssubgraph %s[%s]", indent, n.id, mermaidText(n.label))
			for _, child := range n.children {
				write(child, indent+"  ")
			}
			out.linef("%send", indent)
		}
		if n.tier != "" {
			out.linef("%sstyle %s stroke:%s", indent, n.id, tierColor(n.tier))
		}
	}
	for _, n := range nodes {
		write(n, "  ")
	}
	for i, e := range edges {
		arrow := map[State]string{Path: "-->", Absent: "--x", Unknown: "-.->", Offered: "-.->"}[e.state]
		out.linef("  %s %s|%s| %s", e.from, arrow, mermaidText(e.text()), e.to)
		out.linef("  linkStyle %d stroke:%s", i, textColor(e.state))
	}
	return out.err
}

// mermaidText quotes a text; what has a meaning in Mermaid or HTML becomes an
// entity.
func mermaidText(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString("<br>")
		case r < ' ' || r == 0x7f:
		case strings.ContainsRune("\"'<>&#;`\\[]{}()|", r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// DOT writes the drawing in the language of https://graphviz.org.
func (d *Drawing) DOT(w io.Writer) error {
	out := &writer{w: w}
	nodes, edges := d.outline()
	out.linef("digraph network {")
	out.linef("  label=%s; labelloc=t; rankdir=BT; compound=true; fontname=\"Helvetica\";", quoted(d.Title))
	out.linef("  node [shape=box, style=rounded, fontname=\"Helvetica\"]; edge [fontname=\"Helvetica\", fontsize=10];")
	anchors, clusters := map[string]string{}, map[string]bool{}
	var write func(n node, indent string) string
	write = func(n node, indent string) string {
		color := ""
		if n.tier != "" {
			color = fmt.Sprintf(" color=%q", tierColor(n.tier))
		}
		if len(n.children) == 0 {
			out.linef("%s%s [label=%s%s];", indent, n.id, quoted(n.label), color)
			anchors[n.id] = n.id
			return n.id
		}
		out.linef("%ssubgraph cluster_%s { label=%s;%s", indent, n.id, quoted(n.label), color)
		for i, child := range n.children {
			anchor := write(child, indent+"  ")
			if i == 0 {
				anchors[n.id] = anchor
			}
		}
		out.linef("%s}", indent)
		clusters[n.id] = true
		return anchors[n.id]
	}
	for _, n := range nodes {
		write(n, "  ")
	}
	for _, e := range edges {
		attributes := fmt.Sprintf("label=%s, color=%q", quoted(e.text()), textColor(e.state))
		if e.state == Unknown || e.state == Offered {
			attributes += ", style=dashed"
		}
		if e.state == Absent {
			attributes += ", style=dotted, arrowhead=tee"
		}
		if clusters[e.from] {
			attributes += ", ltail=cluster_" + e.from
		}
		if clusters[e.to] {
			attributes += ", lhead=cluster_" + e.to
		}
		out.linef("  %s -> %s [%s];", anchors[e.from], anchors[e.to], attributes)
	}
	out.linef("}")
	return out.err
}

// oneLine is a text for a comment.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}

package report

import (
	"fmt"
	"slices"
	"strings"
)

// tierStyle is how a tier looks in every drawing, map and table: a colour by
// day and one by night, and a pattern for print in black and white.
type tierStyle struct {
	tier, light, dark string
	pattern           string // SVG in a tile of 8 by 8, drawn in the tier's colour
}

// tierStyles are those of the tiers, what is nearest to the internet first. Red
// and green are kept for verdicts.
func tierStyles() []tierStyle {
	return []tierStyle{
		{"gateway", "#475569", "#b6c2d1", `<path d="M0 4h8" stroke-width="3"/>`},
		{"firewall", "#7c2d12", "#f0a58a", `<path d="M0 0h8M0 4h8M4 0v4M0 4v4" stroke-width="1.5"/>`},
		{"application gateway", "#854d0e", "#e8c04f", `<path d="M0 8L8 0" stroke-width="3"/>`},
		{"public", "#a14a06", "#f5b15c", `<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke-width="2"/>`},
		{"nodes", "#1d4ed8", "#93b8ff", `<path d="M0 0h8v8h-8z" stroke="none"/>`},
		{"pods", "#6d28d9", "#c4a7fb", `<circle cx="2" cy="2" r="1.5" stroke="none"/><circle cx="6" cy="6" r="1.5" stroke="none"/>`},
		{"api server", "#4338ca", "#b3b6fa", `<path d="M4 0v8" stroke-width="3"/>`},
		{"endpoints", "#0e6e73", "#63d0d4", `<path d="M0 2h8M0 6h8" stroke-width="1.5"/>`},
		{"resolver", "#0b6191", "#7cc4f2", `<path d="M2 0v8M6 0v8" stroke-width="1.5"/>`},
		{"aurora", "#a21666", "#f29ccb", `<path d="M-2 6L2 10M0 0L8 8M6 -2L10 2" stroke-width="2"/>`},
		{"documentdb", "#86198f", "#e6a0ee", `<path d="M0 0L8 8M8 0L0 8" stroke-width="1.5"/>`},
		{"elasticache", "#6b4423", "#dcb68f", `<path d="M0 4h8M4 0v8" stroke-width="1.5"/>`},
		{"database", "#a21666", "#f29ccb", `<path d="M-2 6L2 10M0 0L8 8M6 -2L10 2" stroke-width="2"/>`},
		{otherTier, "#52525b", "#c1c1c9", `<path d="M2 4h4" stroke-width="1.5"/>`},
	}
}

func styleIndex(tier string) int {
	styles := tierStyles()
	i := slices.IndexFunc(styles, func(s tierStyle) bool { return s.tier == tier })
	if i < 0 {
		return len(styles) - 1
	}
	return i
}

// tierClass is the class of a tier's elements: "t-api-server".
func tierClass(tier string) string {
	return "t-" + strings.ReplaceAll(tierStyles()[styleIndex(tier)].tier, " ", "-")
}

// styleSheet is the CSS of drawings and address maps. Every rule stands below
// the class ul, so that it changes nothing of a page that holds them.
func styleSheet() string {
	var b strings.Builder
	b.WriteString(drawingCSS)
	dark := ""
	for _, s := range tierStyles() {
		fmt.Fprintf(&b, ".ul .%s{--c:%s}\n", tierClass(s.tier), s.light)
		dark += fmt.Sprintf(".ul .%s{--c:%s}\n", tierClass(s.tier), s.dark)
	}
	b.WriteString("@media screen and (prefers-color-scheme:dark){\n" + darkCSS + dark + "}\n")
	return b.String()
}

// patterns are the definitions that the tiers' elements are filled with.
func patterns() string {
	var b strings.Builder
	for _, s := range tierStyles() {
		class := tierClass(s.tier)
		fmt.Fprintf(&b, `<pattern id="p-%s" width="8" height="8" patternUnits="userSpaceOnUse"><g class="%s pat">%s</g></pattern>`+"\n", class, class, s.pattern)
	}
	return b.String()
}

const drawingCSS = `.ul{--bg:#fff;--fg:#18202b;--soft:#566070;--line:#b9c2ce;--frame:#f6f8fa;--box:#fff;--path:#15803d;--absent:#c8102e;--unknown:#5b6472;--offered:#18202b;font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
.ul text{fill:var(--fg);font-size:12px}
.ul .soft{fill:var(--soft);font-size:11px}
.ul .mono{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px;font-weight:600}
.ul .small{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px;font-weight:600}
.ul .big{font-size:14px;font-weight:700}
.ul .tier{font-size:13px;font-weight:700;fill:var(--c)}
.ul .paper{fill:var(--bg)}
.ul .frame{fill:var(--frame);stroke:var(--line);stroke-width:1.5}
.ul .row{stroke:var(--line);stroke-width:1;stroke-dasharray:1 4}
.ul .box{fill:var(--box);stroke:var(--c);stroke-width:1.25}
.ul .chip{fill:var(--frame);stroke:var(--line);stroke-width:1}
.ul .gate{fill:var(--box);stroke:var(--fg);stroke-width:1.5}
.ul .place{fill:var(--box);stroke:var(--line);stroke-width:1.5}
.ul .net{fill:var(--frame);stroke:var(--line);stroke-width:1.5}
.ul .pat{fill:var(--c);stroke:var(--c)}
.ul .l{fill:none}
.ul .l-path{stroke:var(--path);stroke-width:2.5}
.ul .l-absent{stroke:var(--absent);stroke-width:1.5}
.ul .l-beyond{stroke:var(--absent);stroke-width:1;stroke-dasharray:1 4;opacity:.6}
.ul .l-unknown{stroke:var(--unknown);stroke-width:2;stroke-dasharray:6 4}
.ul .l-offered{stroke:var(--offered);stroke-width:1.5;stroke-dasharray:2 3}
.ul .x{stroke:var(--absent);stroke-width:3;stroke-linecap:round;fill:none}
.ul .h-path{fill:var(--path)}.ul .h-unknown{fill:var(--unknown)}.ul .h-offered{fill:var(--offered)}
.ul .hit{stroke:transparent;stroke-width:11;fill:none;pointer-events:stroke}
.ul .free{fill:var(--frame);stroke:var(--line);stroke-width:1;stroke-dasharray:3 3}
.ul .taken{fill:none;stroke:var(--absent);stroke-width:3;stroke-dasharray:9 4}
.ul .area{stroke:var(--bg);stroke-width:1.5}
.ul .tint{fill:var(--c);opacity:.12}
.ul .halo{fill:var(--bg);opacity:.86}
`

const darkCSS = `.ul{--bg:#10151c;--fg:#e8edf3;--soft:#a5b0be;--line:#435062;--frame:#171e27;--box:#10151c;--path:#4ade80;--absent:#ff7a85;--unknown:#a3adba;--offered:#e8edf3}
`

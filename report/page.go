package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// Page is a report in one HTML file that needs nothing else: no script, no
// style sheet, no font and no picture from elsewhere. The same page gives the
// same bytes.
type Page struct {
	Subject *Subject
	// Verification has the verdicts; nil leaves them out.
	Verification *Verification
	// From says what the page was made from: "planned, not deployed".
	From string
	// Handover is what the platform's vendor asks for, in order.
	Handover []HandoverRow
	// RequiredNames are the host names that must be let out.
	RequiredNames []string
	// RequiredEgress is what else a firewall on the way must let out.
	RequiredEgress []EgressRow
	// Cost is what the network costs a month; nil leaves it out.
	Cost *Cost
	// Warnings are what the configuration allows although it may not be meant.
	Warnings []string
	// Others are blocks that others have, for the address maps.
	Others []Other
}

// Other is a block of addresses that somebody else has, an environment of the
// same project for example.
type Other struct {
	Prefix netip.Prefix
	// Of is who has it: "staging".
	Of string
}

// HandoverRow is a line of the handover sheet.
type HandoverRow struct {
	Name string
	// Value is empty for what only the deployment will tell.
	Value string
}

// Cost is an estimate of what a network costs a month.
type Cost struct {
	// Standing is charged by time, and Usage by what passes.
	Standing, Usage []CostRow
	// Total is the sum of what is standing.
	Total string
	// AtLeast says that a price is not known: the total is the least it can be.
	AtLeast bool
	// Basis says which prices these are.
	Basis string
}

// CostRow is a line of an estimate.
type CostRow struct {
	What, Quantity, Unit, Rates string
	// Monthly is empty for what is charged by what passes.
	Monthly string
	// Unknown says why there is no price; otherwise empty.
	Unknown string
}

// EgressRow is what a firewall must let out.
type EgressRow struct {
	// Traffic is a protocol and ports, "https 443".
	Traffic string
	// To are names, tags or blocks.
	To []string
	// Purpose is what it is for.
	Purpose string
}

// HTML writes the page.
func (p Page) HTML(w io.Writer) error {
	view, err := p.view()
	if err != nil {
		return err
	}
	page, err := template.New("page").Funcs(template.FuncMap{"tag": tag, "mark": mark, "name": Name}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	return page.Execute(w, view)
}

// tag is a tier's name with its colour and pattern.
func tag(tier string) template.HTML {
	class := tierClass(tier)
	// The parts that come from a graph are escaped by clean.
	return template.HTML(fmt.Sprintf(`<span class="tag %s"><svg class="swatch" width="11" height="13" aria-hidden="true"><rect width="11" height="13" fill="url(#p-%s)"/></svg> %s</span>`,
		class, class, clean(tier)))
}

// mark is a state's sign and class.
func mark(state State) template.HTML {
	signs := map[State]string{Path: "✓", Absent: "✗", Unknown: "?", Offered: "→"}
	return template.HTML(fmt.Sprintf(`<span class="mark m-%s" aria-hidden="true">%s</span>`, state, signs[state]))
}

// view is what the template shows.
type view struct {
	Page
	Title        string
	Style        template.CSS
	Drawing      template.HTML
	Blocks       []blockView
	Subnets      []subnetView
	Requirements []requirementView
	Outcome      string
	Matrix       matrix
	Services     []serviceTable
	Filters      []filterView
	Tables       []tableView
	Names        []nameView
	Unsupported  []topology.Unsupported
}

func (p Page) view() (*view, error) {
	s := p.Subject
	drawing, err := s.Draw()
	if err != nil {
		return nil, err
	}
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	var c canvas
	drawing.draw(&c, false)
	v := &view{
		Page: p, Title: drawing.Title,
		Style:   template.CSS(styleSheet() + pageCSS), // constants of this package
		Drawing: template.HTML(c.String()),            // written by canvas, which escapes
		Blocks:  s.blocks(p.Others), Subnets: s.subnets(),
		Matrix: s.matrix(), Services: s.serviceTables(facts),
		Filters: s.filters(), Tables: s.tables(), Unsupported: s.model.Unsupported,
	}
	names := p.RequiredNames
	if len(names)+len(p.RequiredEgress) == 0 {
		names = s.ruledNames() // of a firewall in the graph, that has them already
	}
	for _, name := range names {
		v.Names = append(v.Names, s.name(name))
	}
	if p.Verification != nil {
		for _, r := range p.Verification.Verdicts {
			v.Requirements = append(v.Requirements, newRequirementView(r))
		}
		slices.SortStableFunc(v.Requirements, func(a, b requirementView) int { return cmp.Compare(a.order, b.order) })
		v.Outcome = outcome(p.Verification.Summary)
	}
	return v, nil
}

// outcome is the verdicts in a sentence.
func outcome(s requirements.Summary) string {
	switch {
	case s.Refuted > 0:
		return "This network does not meet its requirements."
	case s.Unknown > 0:
		return "Nothing is refuted, and not everything is known."
	}
	return "This network meets every requirement."
}

// subnetView is a row of the address table.
type subnetView struct {
	Tier, Network, Name, Zone, Prefix, Usable string
}

func (s *Subject) subnets() []subnetView {
	var all []subnetView
	for _, network := range s.networks() {
		for _, t := range s.tiers(network) {
			for _, subnet := range t.Subnets {
				for _, prefix := range subnet.Prefixes {
					usable := ""
					if p, ok := prefix.Get(); ok && p.Addr().Is4() {
						usable = thousands(addressing.Usable(p))
					}
					all = append(all, subnetView{t.Name, network.Name, subnet.Name, zoneText(subnet), prefixText(prefix), usable})
				}
			}
		}
	}
	return all
}

// requirementView is a verdict with what it rests on.
type requirementView struct {
	requirements.Result
	Why    string
	Class  State
	Sign   string
	Shown  []pathView
	Hidden int
	order  int
}

type pathView struct {
	From, To, Packet string
	Hops             []reach.Hop
}

// shownPaths is how many ways a requirement shows; `underlay explain` has all.
const shownPaths = 2

func newRequirementView(r requirements.Result) requirementView {
	v := requirementView{Result: r}
	if of, ok := requirements.Find(r.ID); ok {
		v.Why = of.Why
	}
	switch r.Verdict {
	case requirements.Refuted:
		v.Class, v.Sign, v.order = Absent, "✗", 0
	case requirements.Unknown:
		v.Class, v.Sign, v.order = Unknown, "?", 1
	case requirements.Proven:
		v.Class, v.Sign, v.order = Path, "✓", 2
	default:
		v.Class, v.Sign, v.order = Offered, "–", 3
	}
	for i, path := range r.Paths {
		if i == shownPaths {
			v.Hidden = len(r.Paths) - i
			break
		}
		v.Shown = append(v.Shown, pathView{Name(path.From, ""), Name(path.To, ""), describe(path.Packet), path.Hops})
	}
	return v
}

// matrix says what gets from each tier and the internet to each other.
type matrix struct {
	To   []matrixEnd
	Rows []matrixRow
}

type matrixEnd struct {
	Tier, Network string // no tier is the internet
	tier          tier
	subnets       []int // of the model
}

type matrixRow struct {
	From  matrixEnd
	Cells []matrixCell
}

type matrixCell struct {
	State State
	Text  string
	Why   string
}

func (s *Subject) matrix() matrix {
	var m matrix
	pairs := s.engine.AllPairs(reach.All())
	index := map[*topology.Subnet]int{}
	for i, subnet := range pairs.Subnets {
		index[subnet] = i
	}
	networks := s.networks()
	for _, network := range networks {
		for _, t := range s.tiers(network) {
			if !t.hosts() {
				continue
			}
			end := matrixEnd{Tier: t.Name, tier: t}
			for _, subnet := range t.Subnets {
				end.subnets = append(end.subnets, index[subnet])
			}
			if len(networks) > 1 {
				end.Network = network.Name
			}
			m.To = append(m.To, end)
		}
	}
	m.To = append(m.To, matrixEnd{})
	for _, from := range m.To {
		row := matrixRow{From: from}
		for _, to := range m.To {
			row.Cells = append(row.Cells, s.matrixCell(pairs, from, to))
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func (s *Subject) matrixCell(pairs *reach.Pairs, from, to matrixEnd) matrixCell {
	var answers []reach.Answer
	switch {
	case from.Tier == "" && to.Tier == "":
		return matrixCell{State: Offered, Text: "outside"}
	case from.Tier == "":
		line, f := s.inLine(to.tier)
		return s.lineCell(line, f)
	case to.Tier == "":
		line, f := s.outLine(from.tier)
		return s.lineCell(line, f)
	default:
		for _, i := range from.subnets {
			for _, j := range to.subnets {
				answers = append(answers, pairs.At(i, j))
			}
		}
	}
	return s.cell(find(answers))
}

func (s *Subject) cell(f finding) matrixCell {
	cell := matrixCell{State: f.State, Text: "no way"}
	switch f.State {
	case Path:
		cell.Text = ports(f.Sent)
		if way := s.way(f); way != "" {
			cell.Text += " by " + way
		}
	case Unknown:
		cell.Text = f.some()
	}
	if n := len(f.Evidence); n > 0 && f.State != Path {
		cell.Why = f.Evidence[n-1]
	}
	return cell
}

// lineCell is a cell of a line to or from the internet.
func (s *Subject) lineCell(line Line, f finding) matrixCell {
	if line.State == f.State {
		return s.cell(f)
	}
	return matrixCell{State: line.State, Text: line.Label, Why: line.Evidence[0]}
}

// serviceTable says which tiers of a network reach which services by endpoint.
type serviceTable struct {
	Network string
	Tiers   []string
	Rows    []serviceRow
}

type serviceRow struct {
	Service, Kind, Endpoint string
	Cells                   []State
}

func (s *Subject) serviceTables(facts *catalog.Catalog) []serviceTable {
	var tables []serviceTable
	for _, network := range s.networks() {
		endpoints := s.serviceEndpoints(network)
		if len(endpoints) == 0 {
			continue
		}
		table := serviceTable{Network: network.Name}
		tiers := s.tiers(network)
		for _, t := range tiers {
			table.Tiers = append(table.Tiers, t.Name)
		}
		for _, e := range endpoints {
			row := serviceRow{Service: serviceName(e), Kind: e.Kind, Endpoint: e.Name}
			for _, t := range tiers {
				row.Cells = append(row.Cells, s.endpointFinding(t, e, facts).State)
			}
			table.Rows = append(table.Rows, row)
		}
		tables = append(tables, table)
	}
	return tables
}

// filterView is a security group or network ACL in plain words.
type filterView struct {
	Name, Kind, Ref string
	In, Out         []string
}

func (s *Subject) filters() []filterView {
	var all []filterView
	for _, filter := range s.model.Filters {
		v := filterView{Name: filter.Name, Kind: string(filter.Kind), Ref: Name(filter.Ref.URN, filter.Ref.Property)}
		v.In, v.Out = s.ruleTexts(filter.In, false), s.ruleTexts(filter.Out, true)
		for _, ref := range filter.Incomplete {
			unknown := "what " + Name(ref.URN, ref.Property) + " adds is not known yet"
			v.In, v.Out = append(v.In, unknown), append(v.Out, unknown)
		}
		all = append(all, v)
	}
	return all
}

// tableView is a route table in plain words.
type tableView struct {
	Name    string
	Subnets []string
	Routes  []routeView
}

type routeView struct {
	To, Via string
	// Over says that another route to the same takes its place.
	Over bool
}

func (s *Subject) tables() []tableView {
	var all []tableView
	for _, table := range s.model.Tables {
		v := tableView{Name: Name(table.Ref.URN, table.Ref.Property)}
		if table.Network != nil && table.Ref == table.Network.Ref && table.Network.Cloud == topology.Azure {
			v.Name = "Azure's own routes of " + table.Network.Name
		}
		for _, subnet := range s.model.Subnets {
			if of, ok := subnet.Table.Get(); ok && of == table {
				v.Subnets = append(v.Subnets, subnet.Name)
			}
		}
		for i := range table.Routes {
			route := &table.Routes[i]
			over := slices.ContainsFunc(table.Routes, func(other topology.Route) bool {
				return other.Origin < route.Origin && route.To.IsKnown() && other.To.IsKnown() && slices.Equal(other.To.Or(nil), route.To.Or(nil))
			})
			v.Routes = append(v.Routes, routeView{To: s.destinationText(route), Via: s.viaText(route), Over: over})
		}
		all = append(all, v)
	}
	return all
}

// nameView is a host name that must be let out, and whether it is.
type nameView struct {
	Name  string
	Tiers []nameTier
}

type nameTier struct {
	Tier, Network string
	State         State
	Why           string
}

// name asks whether the nodes of each network get to a host name.
func (s *Subject) name(name string) nameView {
	v := nameView{Name: name}
	for _, network := range s.networks() {
		for _, t := range s.tiers(network) {
			if t.Name != "nodes" {
				continue
			}
			state, why := s.connects(t, name)
			if state == Absent && s.balancerToCome(network) {
				state, why = Offered, ""
			}
			v.Tiers = append(v.Tiers, nameTier{Tier: t.Name, Network: network.Name, State: state, Why: why})
		}
	}
	return v
}

func (s *Subject) connects(t tier, name string) (State, string) {
	if !s.engine.Resolve(t.Network, reach.SomeName(name)).Certain {
		// Servers that nobody knows answer: what counts is the way to its address.
		f := s.askName(t, name)
		if n := len(f.Evidence); n > 0 && f.State != Path {
			return f.State, f.Evidence[n-1]
		}
		return f.State, ""
	}
	counts := map[reach.Verdict]int{}
	why := ""
	for _, subnet := range t.Subnets {
		result, err := s.engine.Connect(reach.Connection{From: subnet.Ref.URN, To: "fqdn:" + reach.SomeName(name), Protocol: "tcp", Port: "443"})
		if err != nil {
			return Unknown, err.Error()
		}
		counts[result.Verdict]++
		if result.BlockedBy != nil && why == "" {
			why = Name(result.BlockedBy.URN, result.BlockedBy.Property) + ": " + result.BlockedBy.Reason
		}
	}
	switch len(t.Subnets) {
	case counts[reach.Reachable]:
		return Path, ""
	case counts[reach.Blocked]:
		return Absent, why
	}
	return Unknown, why
}

// blockView is an address block, drawn to scale.
type blockView struct {
	Network, Prefix string
	Free, FreeCount string
	// Overlaps are what others have of it: "10.20.0.0/16 of staging".
	Overlaps []string
	Map      template.HTML
}

func (s *Subject) blocks(others []Other) []blockView {
	var all []blockView
	for _, network := range s.networks() {
		for _, value := range network.Prefixes {
			block, ok := value.Get()
			if !ok || !block.Addr().Is4() {
				continue
			}
			areas, free := s.areas(network, block.Masked())
			v := blockView{Network: network.Name, Prefix: block.String()}
			left := 0
			var texts []string
			for _, p := range free {
				texts = append(texts, p.String())
				left += 1 << (32 - p.Bits())
			}
			v.Free, v.FreeCount = list(texts, 6), thousands(left)
			for _, other := range others {
				if other.Prefix.Overlaps(block) {
					v.Overlaps = append(v.Overlaps, other.Prefix.String()+" of "+other.Of)
					shared := block.Masked()
					if other.Prefix.Bits() > block.Bits() {
						shared = other.Prefix
					}
					areas = append(areas, area{prefix: shared, other: other.Of})
				}
			}
			v.Map = template.HTML(addressMap(block.Masked(), areas, network.Name)) // written by canvas, which escapes
			all = append(all, v)
		}
	}
	return all
}

// area is a part of a block: a subnet, or free.
type area struct {
	prefix           netip.Prefix
	tier, name, zone string // no tier is free
	other            string // who has it as well; it lies over the others
}

func (s *Subject) areas(network *topology.Network, block netip.Prefix) (areas []area, free []netip.Prefix) {
	var used []netip.Prefix
	for _, subnet := range s.model.Subnets {
		if subnet.Network != network {
			continue
		}
		for _, value := range subnet.Prefixes {
			if p, ok := value.Get(); ok && block.Overlaps(p) && p.Bits() >= block.Bits() {
				areas = append(areas, area{prefix: p.Masked(), tier: s.tierOf(subnet), name: subnet.Name, zone: zoneText(subnet)})
				used = append(used, p)
			}
		}
	}
	free = addressing.Free(block, used)
	for _, p := range free {
		areas = append(areas, area{prefix: p})
	}
	return areas, free
}

// The grid of address maps, in pixels.
const (
	mapWidth  = 1000
	mapLabel  = 100
	mapRow    = 34
	mapRowLog = 3 // eight rows a block
)

// addressMap draws a block to scale, like a page of text: its addresses run
// along a line and then go on in the next one.
func addressMap(block netip.Prefix, areas []area, network string) string {
	rowBits := min(block.Bits()+mapRowLog, 32)
	rows := 1 << (rowBits - block.Bits())
	var c canvas
	c.f(`<svg xmlns="http://www.w3.org/2000/svg" class="ul map" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`,
		mapWidth, rows*mapRow+2, mapWidth, rows*mapRow+2, clean("Address map of "+block.String()+" of "+network+"; the table below has the same"))
	start := block.Addr().As4()
	base := be(start)
	for row := range rows {
		address := netip.AddrFrom4(four(base + uint32(row)<<(32-rowBits)))
		c.text(0, row*mapRow+21, mapLabel-8, "soft", address.String())
	}
	full := float64(mapWidth - mapLabel - 2)
	for _, a := range areas {
		offset := be(a.prefix.Addr().As4()) - base
		row := int(offset >> (32 - rowBits))
		height, x, width := 1, float64(mapLabel), full
		if a.prefix.Bits() <= rowBits {
			height = 1 << (rowBits - a.prefix.Bits())
		} else {
			rest := offset & (1<<(32-rowBits) - 1)
			x += full * float64(rest) / float64(uint64(1)<<(32-rowBits))
			width = full / float64(uint64(1)<<(a.prefix.Bits()-rowBits))
		}
		drawArea(&c, a, x, float64(row*mapRow+1), width, float64(height*mapRow))
	}
	c.f(`</svg>`)
	return c.String()
}

func drawArea(c *canvas, a area, x, y, width, height float64) {
	if a.other != "" {
		text := a.prefix.String() + " is " + a.other + "'s as well"
		c.open("", []string{text})
		c.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="taken"/>`, x+1.5, y+1.5, max(width-3, 1), height-3)
		c.close()
		return
	}
	class, what := tierClass(a.tier), strings.TrimSuffix(a.tier+" "+a.zone, " "+allZones)
	if a.tier == "" {
		class, what = "", "free"
	}
	c.open(class, []string{strings.TrimSpace(a.name+" "+a.prefix.String()) + ": " + what})
	if a.tier == "" {
		c.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="free"/>`, x, y, width, height)
	} else {
		c.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="tint"/>`, x, y, width, height)
		c.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="url(#p-%s)"/>`, x+1, y+2, min(9, max(width-2, 1)), height-4, class)
		c.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="none" class="area"/>`, x, y, width, height)
	}
	if width >= 76 {
		room := int(width) - 16
		if textWidth(what) > room {
			what = strings.TrimSuffix(what, a.zone) + a.zone[strings.LastIndex(a.zone, "-")+1:]
		}
		c.text(int(x)+14, int(y)+14, room, "soft", what)
		c.text(int(x)+14, int(y)+28, room, "small", a.prefix.String())
	}
	c.close()
}

func be(b [4]byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func four(n uint32) [4]byte { return [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

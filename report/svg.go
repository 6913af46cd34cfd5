package report

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// The grid of drawings, in pixels.
const (
	margin      = 20
	netHeight   = 34 // the bar that is the internet
	netGap      = 58 // between it and a frame
	frameGap    = 46 // between frames
	headHeight  = 72 // of a frame: its name, blocks and zones
	framePad    = 14
	laneStep    = 12  // between lines to the internet
	labelWidth  = 200 // of a tier's name and its lines, at the most
	cellWidth   = 152 // of a subnet; twice that without zones
	cellGap     = 10
	reachWidth  = 110 // of the label of the line to the services, at the most
	panelGap    = 28
	panelWidth  = 176 // of a column of services, at the most
	serviceStep = 24
	tallPanel   = 20 // services in one column, where frames stand side by side
	lineStep    = 20 // between the lines of a tier
	boxHead     = 42 // of a subnet: its name and block
	chipStep    = 22
	rowGap      = 16
	placeWidth  = 160
	placeGap    = 26
	linkStep    = 50 // between links to other networks
	linkGutter  = 16
	columnGap   = 24   // between columns of frames
	wide        = 1500 // a drawing that pages do not squeeze into less
	legend      = 40
)

// canvas writes SVG. Every text goes through it, escaped.
type canvas struct{ strings.Builder }

func (c *canvas) f(format string, args ...any) { fmt.Fprintf(&c.Builder, format+"\n", args...) }

// clean makes a text fit for XML: no markup, no characters that XML forbids.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
	return html.EscapeString(text)
}

// fit shortens a text to a width in pixels, by the widest of the fonts that it
// may be shown in.
func fit(text string, width, size float64) string {
	most := int(width / (size * 0.6))
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(1, most-1)]) + "…"
}

// textWidth is how wide a small text may be.
func textWidth(text string) int { return int(float64(utf8.RuneCountInString(text))*11*0.6) + 1 }

// text writes a text of at most that width.
func (c *canvas) text(x, y, width int, class, text string) {
	size := 12.0
	switch class {
	case "soft", "small":
		size = 11
	case "tier":
		size = 13.8 // bold letters are wider
	case "big":
		size = 16
	}
	c.f(`<text x="%d" y="%d" class="%s" data-width="%d">%s</text>`, x, y, class, width, clean(fit(text, float64(width), size)))
}

// open starts a group that tells its evidence when it is pointed at.
func (c *canvas) open(class string, evidence []string) {
	c.f(`<g class="%s">`, class)
	if len(evidence) > 0 {
		c.f(`<title>%s</title>`, clean(strings.Join(evidence, "\n")))
	}
}

func (c *canvas) close() { c.f(`</g>`) }

func (c *canvas) rect(x, y, width, height, radius int, class string) {
	c.f(`<rect x="%d" y="%d" width="%d" height="%d" rx="%d" class="%s"/>`, x, y, width, height, radius, class)
}

// cross is the mark of a proven absence.
func (c *canvas) cross(x, y int) {
	c.f(`<path d="M%d %dl8 8m0 -8l-8 8" class="x"/>`, x-4, y-4)
}

// head is the point of an arrow; dx and dy are its direction.
func (c *canvas) head(x, y, dx, dy int, state State) {
	if state == Absent {
		return
	}
	c.f(`<path d="M%d %dL%d %dL%d %dz" class="h-%s"/>`, x, y, x-8*dx-5*dy, y-8*dy-5*dx, x-8*dx+5*dy, y-8*dy+5*dx, state)
}

func (c *canvas) line(state, path string) {
	c.f(`<path d="%s" class="l l-%s"/>`, path, state)
	c.f(`<path d="%s" class="hit"/>`, path)
}

// placed is a frame with its place on the grid.
type placed struct {
	*Frame
	column              int // which it stands in
	placesX             int // where places outside stand
	x, y, width, height int // of the frame
	left                int // where the tiers' labels start
	cells               int // where the subnets start
	right               int // where the subnets end
	rowY, rowHeight     []int
	links               int // where the first link to another network enters
	panelRows           int
	panelColumns        int
	widths
}

// widths are those of columns whose texts differ from drawing to drawing.
type widths struct{ lanes, label, cell, reach, service int }

// widths returns what the texts of frames need; where there are others beside them,
// no more than that.
func (d *Drawing) widths(frames []int, tight bool) widths {
	w := widths{lanes: 6 * laneStep, label: 140, cell: 2 * cellWidth, reach: 40, service: 158}
	if tight {
		w = widths{lanes: 4 * laneStep, label: 110, cell: 110, reach: 40, service: 154}
	}
	zones := 1
	for _, k := range frames {
		f := d.Frames[k]
		zones = max(zones, len(f.Zones))
		lanes := 0
		for _, row := range f.Rows {
			if tight {
				for zone, cell := range row.Cells {
					for _, box := range cell {
						w.cell = max(w.cell, box.width(f.Zones[zone]))
					}
				}
			}
			lanes += len(row.Internet)
			for _, line := range row.Internet {
				w.label = max(w.label, textWidth("out: "+line.Label)+14)
			}
			w.label = max(w.label, textWidth(row.Tier)*5/4+34)
			if row.Services != nil {
				for _, part := range strings.Split(row.Services.Label, ", ") {
					w.reach = max(w.reach, textWidth(part)+8)
				}
			}
		}
		w.lanes = max(w.lanes, lanes*laneStep)
		for _, service := range f.Services {
			w.service = max(w.service, textWidth(service.text())+24)
		}
	}
	switch {
	case zones > 1 && tight:
		w.cell = min(w.cell, max(cellWidth, 3*cellWidth/zones))
	case zones > 1:
		w.cell = cellWidth
	}
	w.label, w.reach, w.service = min(w.label, labelWidth), min(w.reach, reachWidth), min(w.service, panelWidth)
	return w
}

// text is a service as the panel names it.
func (c Chip) text() string {
	if c.Detail == "gateway" {
		return c.Name + " (gateway)"
	}
	return c.Name
}

// width is what the texts of a subnet need.
func (b Box) width(zone string) int {
	w := max(textWidth(strings.TrimSuffix(b.Name, "-"+zone)), textWidth(b.Prefix)*12/11) + 28
	for _, chip := range b.Chips {
		w = max(w, textWidth(chip.Name)+40)
	}
	return w
}

func (f *placed) bottom() int { return f.y + f.height }

// place puts a frame on the grid; links is how many links it has a part in, on its
// right where doorsRight says so, and room how high the services may be beside it at
// the least.
func place(frame *Frame, x, y int, w widths, links, room int, doorsRight bool) *placed {
	f := &placed{Frame: frame, x: x, y: y, widths: w}
	f.left = x + framePad + w.lanes
	f.cells = f.left + w.label
	columns := max(1, len(f.Zones))
	f.right = f.cells + columns*f.cell + (columns-1)*cellGap
	f.width = f.right + framePad - x
	if len(f.Services) > 0 {
		f.width += f.reach
	}
	bottom := y + headHeight
	for _, row := range f.Rows {
		height := 26 + len(row.Internet)*lineStep
		for _, cell := range row.Cells {
			stack := 0
			for _, box := range cell {
				stack += boxHeight(box) + cellGap
			}
			height = max(height, stack-cellGap)
		}
		f.rowY, f.rowHeight = append(f.rowY, bottom), append(f.rowHeight, height)
		bottom += height + rowGap
	}
	if n := len(f.Services); n > 0 {
		f.panelRows = max((max(bottom-y, room)-headHeight-rowGap-44)/serviceStep, 1)
		f.panelColumns = min((n+f.panelRows-1)/f.panelRows, 2)
		if room > 0 && n <= tallPanel {
			f.panelColumns = 1
		}
		f.panelRows = (n + f.panelColumns - 1) / f.panelColumns
	}
	// Lines that leave to the right pass below the services.
	f.links = bottom
	beside := 0
	if len(f.Services) > 0 {
		beside = y + headHeight + f.panelHeight() + rowGap
	}
	if doorsRight {
		f.links = max(bottom, beside)
	}
	f.height = max(f.links+links*linkStep, beside) - y
	return f
}

// panelHeight is that of the services, at least that of the tiers beside them.
func (f *placed) panelHeight() int {
	last := len(f.rowY) - 1
	if last < 0 {
		return 44 + f.panelRows*serviceStep
	}
	return max(44+f.panelRows*serviceStep, f.rowY[last]+f.rowHeight[last]-f.rowY[0])
}

func (f *placed) panelX() int { return f.x + f.width + panelGap }

func (f *placed) panelWidth() int { return 12 + f.panelColumns*f.service }

// end is where the frame with its services ends.
func (f *placed) end() int {
	if len(f.Services) == 0 {
		return f.x + f.width
	}
	return f.panelX() + f.panelWidth()
}

func boxHeight(b Box) int { return boxHead + len(b.Chips)*chipStep + 4 }

// SVG writes the drawing as a picture that stands alone.
func (d *Drawing) SVG(w io.Writer) error {
	var c canvas
	d.draw(&c, true)
	_, err := io.WriteString(w, c.String())
	return err
}

// draw writes the svg element; with alone with its own style sheet.
func (d *Drawing) draw(c *canvas, alone bool) {
	frames, width, height := d.layout()
	class := "ul"
	if width > wide {
		class += " wide"
	}
	c.f(`<svg xmlns="http://www.w3.org/2000/svg" class="%s" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="drawing-title drawing-text">`, class, width, height, width, height)
	c.f(`<title id="drawing-title">%s</title>`, clean("Network of "+d.Title))
	c.f(`<desc id="drawing-text">%s</desc>`, clean(strings.Join(d.sentences(), "\n")))
	if alone {
		c.f(`<style>%s</style>`, styleSheet())
	}
	c.f(`<defs>%s</defs>`, patterns())
	c.rect(0, 0, width, height, 0, "paper")
	if len(frames) == 0 {
		c.text(margin, margin+16, width-2*margin, "big", "The graph holds no network.")
	}
	drawInternet(c, frames)
	for _, f := range frames {
		f.draw(c)
	}
	d.drawLinks(c, frames)
	drawLegend(c, margin, height-legend+14)
	c.f(`</svg>`)
}

// column is frames below each other, with the places and lines to their left.
type column struct {
	frames []int // of the drawing
	x      int   // where its places start
	left   int   // where its frames start
	widths
}

// columns are the data planes, and to their left the networks of other planes where
// there are any.
func (d *Drawing) columns() []*column {
	var others, data column
	for i, f := range d.Frames {
		if f.Plane == "data plane" {
			data.frames = append(data.frames, i)
		} else {
			others.frames = append(others.frames, i)
		}
	}
	var columns []*column
	for _, c := range []*column{&others, &data} {
		if len(c.frames) > 0 {
			columns = append(columns, c)
		}
	}
	for _, c := range columns {
		c.widths = d.widths(c.frames, len(columns) > 1)
	}
	return columns
}

// layout puts the frames of a column below each other, each below the internet.
// frames are in the drawing's order.
func (d *Drawing) layout() (frames []*placed, width, height int) {
	frames = make([]*placed, len(d.Frames))
	columns := d.columns()
	width, height = 900, margin+60
	x := margin
	for i, col := range columns {
		col.x, col.left = x, x+d.leftOf(col, i > 0)
		// Next to a higher column there is room for services in one column.
		room := 0
		for _, frame := range d.Frames {
			room = max(room, place(frame, 0, 0, col.widths, 0, 0, false).height)
		}
		if len(columns) == 1 {
			room = 0
		}
		y := margin
		for _, k := range col.frames {
			links := 0
			for _, l := range d.Links {
				if l.To == k || l.From == k {
					links++
				}
			}
			f := place(d.Frames[k], col.left, y+netHeight+netGap, col.widths, links, room, i+1 < len(columns))
			f.column, f.placesX = i, col.x
			frames[k] = f
			x = max(x, f.end())
			y = f.bottom() + frameGap
		}
		height = max(height, y-frameGap)
		x += columnGap
	}
	return frames, max(width, x-columnGap+margin), height + 20 + legend
}

// leftOf is the room that a column needs for what stands to its left: places, and
// lines to frames of its own or, where it is not the first, of the column before.
func (d *Drawing) leftOf(col *column, second bool) int {
	places, lines := 0, 0
	for _, l := range d.Links {
		switch {
		case !slices.Contains(col.frames, l.To):
			if second && l.From >= 0 && slices.Contains(col.frames, l.From) {
				lines++
			}
		case l.From < 0:
			places = placeWidth + placeGap
		case second || slices.Contains(col.frames, l.From):
			lines++
		}
	}
	if lines > 0 {
		lines = (lines + 2) * linkGutter
	}
	return places + lines
}

// drawInternet draws the internet over each row of frames.
func drawInternet(c *canvas, frames []*placed) {
	type bar struct{ from, to int }
	bars := map[int]bar{}
	var order []int
	for _, f := range frames {
		b, ok := bars[f.y]
		if !ok {
			b.from = f.x
			order = append(order, f.y)
		}
		bars[f.y] = bar{min(b.from, f.x), max(b.to, f.end())}
	}
	for _, y := range order {
		top := y - netGap - netHeight
		c.rect(bars[y].from, top, bars[y].to-bars[y].from, netHeight, netHeight/2, "net")
		c.text(bars[y].from+20, top+22, 200, "big", "Internet")
	}
}

func (f *placed) draw(c *canvas) {
	netY := f.y - netGap - netHeight
	c.rect(f.x, f.y, f.width, f.height, 10, "frame")
	f.drawHead(c)
	lane := f.left - laneStep
	for i, row := range f.Rows {
		f.drawRow(c, i, row)
		for j := range row.Internet {
			f.drawLane(c, &row.Internet[j], lane, f.lineY(i, j), netY+netHeight)
			lane -= laneStep
		}
	}
	f.drawGateways(c)
	f.drawServices(c)
}

func (f *placed) drawHead(c *canvas) {
	title := f.Kind + " " + f.Name
	if f.Plane != "" {
		title += " · " + f.Plane
	}
	c.text(f.left, f.y+26, f.right-f.left, "big", title)
	detail := strings.Join(f.Prefixes, ", ")
	c.open("", []string{strings.TrimSuffix(detail+" · "+f.Where, " · ")})
	// What does not fit stands in the title.
	for _, part := range strings.Split(f.Where, ", ") {
		if more := detail + " · " + part; part != "" && textWidth(more) <= f.right-f.left {
			detail = more
		}
	}
	c.text(f.left, f.y+44, f.right-f.left, "soft", detail)
	c.close()
	if heading := "internet, out and in"; len(f.Rows) > 0 {
		if textWidth(heading)-1 > f.label-8 {
			heading = "internet"
		}
		c.text(f.left+4, f.y+headHeight-8, f.label-8, "soft", heading)
	}
	for i, zone := range f.Zones {
		c.text(f.cellX(i), f.y+headHeight-8, f.cell, "soft", zone)
	}
}

func (f *placed) cellX(zone int) int { return f.cells + zone*(f.cell+cellGap) }

// lineY is the height of a tier's line to or from the internet.
func (f *placed) lineY(row, line int) int { return f.rowY[row] + 34 + line*lineStep }

func (f *placed) drawRow(c *canvas, i int, row *Row) {
	y := f.rowY[i]
	class := tierClass(row.Tier)
	if i > 0 {
		c.f(`<path d="M%d %dH%d" class="row"/>`, f.left, y-rowGap/2, f.right)
	}
	c.f(`<rect x="%d" y="%d" width="11" height="13" fill="url(#p-%s)" class="%s"/>`, f.left+4, y+5, class, class)
	c.f(`<g class="%s">`, class)
	c.text(f.left+22, y+16, f.label-26, "tier", row.Tier)
	c.close()
	for j, line := range row.Internet {
		direction := "out: "
		if line.Inward {
			direction = "in: "
		}
		c.open("", line.Evidence)
		c.text(f.left+8, f.lineY(i, j)+4, f.label-8, "soft", direction+line.Label)
		c.close()
	}
	for zone, cell := range row.Cells {
		top := y
		for _, box := range cell {
			box.Name = strings.TrimSuffix(box.Name, "-"+f.Zones[zone])
			drawBox(c, f.cellX(zone), top, f.cell, class, box)
			top += boxHeight(box) + cellGap
		}
	}
	if row.Services != nil {
		f.drawReach(c, row.Services, y+f.rowHeight[i]/2)
	}
}

func drawBox(c *canvas, x, y, width int, class string, b Box) {
	c.open(class, b.Evidence)
	height := boxHeight(b)
	c.rect(x, y, width, height, 5, "box")
	c.f(`<rect x="%d" y="%d" width="9" height="%d" fill="url(#p-%s)"/>`, x+3, y+3, height-6, class)
	c.text(x+19, y+16, width-24, "soft", b.Name)
	c.text(x+19, y+33, width-24, "mono", b.Prefix)
	for i, chip := range b.Chips {
		top := y + boxHead + i*chipStep
		c.open("", chip.Evidence)
		c.rect(x+18, top, width-24, chipStep-4, 4, "chip")
		c.text(x+24, top+13, width-36, "soft", chip.Name)
		c.close()
	}
	c.close()
}

// drawLane draws a line between a tier and the internet. A proven absence ends
// at the border that it stops at.
func (f *placed) drawLane(c *canvas, l *Line, x, y, net int) {
	c.open("", l.Evidence)
	defer c.close()
	start := f.left + 4
	whole := fmt.Sprintf("M%d %dH%dV%d", start, y, x, net)
	switch {
	case l.State != Absent && l.Inward:
		c.line(string(l.State), fmt.Sprintf("M%d %dV%dH%d", x, net, y, start-4))
		c.head(start+2, y, 1, 0, l.State)
	case l.State != Absent:
		c.line(string(l.State), fmt.Sprintf("M%d %dH%dV%d", start, y, x, net+6))
		c.head(x, net, 0, -1, l.State)
	case l.Inward:
		stop := f.y - 22
		c.f(`<path d="M%d %dH%dV%d" class="l l-beyond"/>`, start, y, x, stop)
		c.f(`<path d="M%d %dV%d" class="l l-absent"/>`, x, net, stop)
		c.f(`<path d="%s" class="hit"/>`, whole)
		c.cross(x, stop)
	default:
		stop := f.y + 36
		c.f(`<path d="M%d %dV%d" class="l l-beyond"/>`, x, stop, net)
		c.f(`<path d="M%d %dH%dV%d" class="l l-absent"/>`, start, y, x, stop)
		c.f(`<path d="%s" class="hit"/>`, whole)
		c.cross(x, stop)
	}
}

// drawGateways puts those to the internet over the lines, at the border.
func (f *placed) drawGateways(c *canvas) {
	width := f.left - f.x - framePad
	for i, gw := range f.Gateways {
		x := f.x + framePad/2
		if i > 0 {
			x = f.left + (i-1)*f.label
			width = f.label - 10
		}
		w := max(width+framePad/2, 124)
		c.open("", append([]string{gw.Detail + " " + gw.Name}, gw.Evidence...))
		c.rect(x, f.y-12, w, 24, 6, "gate")
		c.text(x+8, f.y+4, w-12, "soft", gw.Detail)
		c.close()
	}
}

// drawReach draws a tier's line to the services.
func (f *placed) drawReach(c *canvas, l *Line, y int) {
	c.open("", l.Evidence)
	defer c.close()
	from, border, to := f.right+4, f.x+f.width, f.panelX()
	label, more, _ := strings.Cut(l.Label, ", ")
	c.text(from+4, y-6, f.reach, "soft", label)
	c.text(from+4, y+15, f.reach, "soft", more)
	if l.State == Absent {
		c.f(`<path d="M%d %dH%d" class="l l-absent"/>`, from, y, border)
		c.f(`<path d="M%d %dH%d" class="l l-beyond"/>`, border, y, to)
		c.cross(border, y)
		return
	}
	c.line(string(l.State), fmt.Sprintf("M%d %dH%d", from, y, to-6))
	c.head(to, y, 1, 0, l.State)
}

func (f *placed) drawServices(c *canvas) {
	if len(f.Services) == 0 {
		return
	}
	x, y := f.panelX(), f.y+headHeight
	c.rect(x, y, f.panelWidth(), f.panelHeight(), 8, "place")
	c.text(x+12, y+21, f.panelWidth()-20, "", "Services by endpoint")
	for i, service := range f.Services {
		top := y + 34 + i%f.panelRows*serviceStep
		left := x + 10 + i/f.panelRows*f.service
		c.open("", service.Evidence)
		c.rect(left, top, f.service-8, serviceStep-4, 4, "chip")
		c.text(left+8, top+14, f.service-22, "soft", service.text())
		c.close()
	}
}

// drawLinks draws what joins frames and places: along the left sides of a column's
// frames, and from column to column between them.
func (d *Drawing) drawLinks(c *canvas, frames []*placed) {
	used := make([]int, len(frames))
	next := func(frame int) int {
		y := frames[frame].links + used[frame]*linkStep
		used[frame]++
		return y
	}
	gutters := map[int]int{}
	for _, l := range d.Links {
		to := frames[l.To]
		y := next(l.To)
		c.open("", l.Evidence)
		if l.From < 0 {
			d.drawPlace(c, l.From, to.placesX, y)
			drawLink(c, l.State, to.placesX+placeWidth, y, to.x, y, to.x)
			chipAt(c, to, to.x, y, l.ToChip)
			c.close()
			continue
		}
		from := frames[l.From]
		at := next(l.From)
		column := max(from.column, to.column)
		gutters[column]++
		right := from
		if to.column > from.column {
			right = to
		}
		x := right.x - linkGutter - gutters[column]*linkGutter
		start, end := from.x, to.x
		// In the left column the door is at the right side.
		if from.column < to.column {
			start = from.x + from.width
		} else if to.column < from.column {
			end = to.x + to.width
		}
		drawLink(c, l.State, start, at, x, y, end)
		chipAt(c, from, start, at, l.FromChip)
		chipAt(c, to, end, y, l.ToChip)
		c.close()
	}
}

// drawLink draws a line from a border at one height over x to a border at another.
func drawLink(c *canvas, state State, start, at, x, y, end int) {
	direction := 1
	if x > end {
		direction = -1
	}
	line := fmt.Sprintf("M%d %dH%dV%dH", start, at+15, x, y+15)
	if state == Absent {
		c.f(`<path d="%s%d" class="l l-absent"/>`, line, end-14*direction)
		c.cross(end-14*direction, y+15)
		return
	}
	c.line(string(state), fmt.Sprintf("%s%d", line, end-6*direction))
	c.head(end, y+15, direction, 0, state)
}

// drawPlace draws a place outside the graph where a link of its starts.
func (d *Drawing) drawPlace(c *canvas, index, x, y int) {
	p := d.Places[-index-1]
	c.rect(x, y-6, placeWidth, 42, 8, "place")
	c.text(x+12, y+11, placeWidth-20, "", p.Name)
	c.text(x+12, y+28, placeWidth-20, "soft", p.Detail)
}

// chipAt draws what stands at one of a frame's borders.
func chipAt(c *canvas, f *placed, border, y int, chip Chip) {
	width := f.left + max(f.label, 170) - f.x - 10
	x := f.x
	if border != f.x {
		x = border - width
	}
	c.open("", chip.Evidence)
	c.rect(x, y-4, width, 38, 6, "gate")
	c.text(x+12, y+11, width-20, "", chip.Name)
	c.text(x+12, y+27, width-20, "soft", chip.Detail)
	c.close()
}

func drawLegend(c *canvas, x, y int) {
	entries := []struct {
		state State
		text  string
	}{
		{Path, "proven path"}, {Absent, "proven absence"}, {Unknown, "not known, or in part"}, {Offered, "leads out of the graph"},
	}
	for _, e := range entries {
		c.f(`<path d="M%d %dH%d" class="l l-%s"/>`, x, y, x+40, e.state)
		c.head(x+44, y, 1, 0, e.state)
		if e.state == Absent {
			c.cross(x+40, y)
		}
		c.text(x+54, y+4, 156, "soft", e.text)
		x += 54 + 156
	}
}

// sentences say in words what the drawing shows.
func (d *Drawing) sentences() []string {
	var all []string
	for _, f := range d.Frames {
		all = append(all, fmt.Sprintf("%s %s, %s.", f.Kind, f.Name, strings.Join(f.Prefixes, ", ")))
		for _, row := range f.Rows {
			subnets := 0
			for _, cell := range row.Cells {
				subnets += len(cell)
			}
			text := fmt.Sprintf("Tier %s, subnets: %d.", row.Tier, subnets)
			for _, line := range row.Internet {
				if len(line.Evidence) > 0 {
					text += " " + line.Evidence[0] + "."
				}
			}
			if row.Services != nil {
				text += " Services by endpoint: " + row.Services.Label + "."
			}
			all = append(all, text)
		}
	}
	for _, l := range d.Links {
		if len(l.Evidence) > 0 {
			all = append(all, l.ToChip.Name+": "+l.Evidence[0]+".")
		}
	}
	return all
}

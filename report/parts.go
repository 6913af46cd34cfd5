package report

import "html/template"

// StyleSheet is the CSS of drawings and address maps that are put into a page
// of somebody else's. The page's element around them has the class ul.
func StyleSheet() string { return styleSheet() }

// Drawing is the network as an svg element without a style sheet of its own.
func (s *Subject) Drawing() (template.HTML, error) {
	drawing, err := s.Draw()
	if err != nil {
		return "", err
	}
	var c canvas
	drawing.draw(&c, false)
	return template.HTML(c.String()), nil //nolint:gosec // written by canvas, which escapes
}

// AddressMap is a block with its subnets, to scale.
type AddressMap struct {
	// Network holds the Block.
	Network, Block string
	// Map is an svg element without a style sheet of its own. Its patterns are
	// those of the Drawing on the same page.
	Map template.HTML
	// Free is how many addresses are.
	Free string
	// Overlaps are what others have of the block: "10.20.0.0/16 of staging".
	Overlaps []string
}

// AddressMaps are those of every IPv4 block.
func (p Page) AddressMaps() []AddressMap {
	var maps []AddressMap
	for _, b := range p.Subject.blocks(p.Others) {
		maps = append(maps, AddressMap{Network: b.Network, Block: b.Prefix, Map: b.Map, Free: b.FreeCount, Overlaps: b.Overlaps})
	}
	return maps
}

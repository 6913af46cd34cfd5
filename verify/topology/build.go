package topology

import (
	"errors"
	"fmt"

	"github.com/underlay-iac/underlay/graph"
)

// Build reads the network of a graph: of a recorded one, of a stack's export or
// of a preview. What it does not understand is in the model, as unsupported or
// incomplete elements; an error is a missing graph or a broken program.
func Build(g *graph.Graph) (*Model, error) {
	if g == nil {
		return nil, errors.New("build the network model: there is no graph")
	}
	m, ix := &Model{}, newIndex(g)
	if err := buildAWS(m, ix); err != nil {
		return nil, fmt.Errorf("build the network model of %s: %w", g.Stack, err)
	}
	if err := buildAzure(m, ix); err != nil {
		return nil, fmt.Errorf("build the network model of %s: %w", g.Stack, err)
	}
	return m, nil
}

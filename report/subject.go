package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/requirements"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Subject is the network that drawings and pages are about.
type Subject struct {
	title  string
	graph  *graph.Graph
	model  *topology.Model
	engine *reach.Engine
	roles  requirements.Roles
}

// NewSubject reads the network of a graph. model is the deployment model; it may
// be empty.
func NewSubject(g *graph.Graph, model string) (*Subject, error) {
	t, err := topology.Build(g)
	if err != nil {
		return nil, err
	}
	return &Subject{
		title: strings.TrimPrefix(model+" · "+g.Stack, " · "),
		graph: g, model: t, engine: reach.New(t), roles: requirements.NewRoles(g, model, t),
	}, nil
}

// State is what is known of a connection.
type State string

const (
	// Path: packets certainly get through.
	Path State = "path"
	// Absent: none can.
	Absent State = "absent"
	// Unknown: an output decides, or it is not the same everywhere.
	Unknown State = "unknown"
	// Offered: it leads out of the graph, so nobody can prove it.
	Offered State = "offered"
)

// finding is what a question about several subnets found.
type finding struct {
	State State
	// Some counts the subnets that certainly get through when not all do.
	Some, Of int
	// Evidence is the way, or what stops it, a line a hop.
	Evidence []string
	// Hops are those of the way.
	Hops []reach.Hop
	// Sent are packets that certainly get through.
	Sent packet.Set
}

// ask puts the same question for each of several subnets or interfaces.
func (s *Subject) ask(questions []reach.Question) finding {
	answers := make([]reach.Answer, len(questions))
	for i, q := range questions {
		answers[i] = s.engine.Ask(q)
	}
	return find(answers)
}

// keptPackets is how many sets of packets a finding keeps to describe.
const keptPackets = 256

// find gathers the answers to one question about several places.
func find(answers []reach.Answer) finding {
	f := finding{State: Unknown, Of: len(answers)}
	var paths, blocks, unknowns []string
	var hops []reach.Hop
	absent := 0
	for _, a := range answers {
		switch {
		case len(a.Must) > 0:
			f.Some++
			if len(f.Sent) < keptPackets {
				f.Sent = append(f.Sent, a.Must...)
			}
			if paths == nil && len(a.Paths) > 0 {
				for _, hop := range a.Paths[0].Hops {
					paths = append(paths, Name(hop.URN, hop.Property)+": "+hop.Effect)
					hops = append(hops, hop)
				}
			}
		case len(a.May) == 0:
			absent++
			if blocks == nil && len(a.Blocks) > 0 {
				for _, hop := range a.Blocks[0].Hops {
					blocks = append(blocks, Name(hop.URN, hop.Property)+": "+hop.Effect)
				}
				blocks = append(blocks, "stops at "+Name(a.Blocks[0].URN, a.Blocks[0].Property)+": "+a.Blocks[0].Reason)
			}
		}
		for _, ref := range a.Unknowns {
			unknowns = append(unknowns, "decided by "+Name(ref.URN, ref.Property))
		}
	}
	switch {
	case f.Of == 0:
	case f.Some == f.Of:
		f.State, f.Evidence, f.Hops = Path, paths, hops
	case absent == f.Of:
		f.State, f.Evidence = Absent, blocks
	case f.Some > 0:
		f.Evidence, f.Hops = append(slices.Clip(paths), blocks...), hops
	default:
		slices.Sort(unknowns)
		f.Evidence = slices.Compact(unknowns)
	}
	return f
}

// some describes a finding that is not the same everywhere.
func (f finding) some() string {
	switch {
	case f.State == Unknown && f.Some > 0:
		return fmt.Sprintf("%d of %d", f.Some, f.Of)
	case f.State == Unknown:
		return "not known yet"
	}
	return ""
}

// fromSubnets asks from any host of each subnet.
func fromSubnets(from []*topology.Subnet, to reach.End, traffic reach.Traffic) []reach.Question {
	var questions []reach.Question
	for _, subnet := range from {
		questions = append(questions, reach.Question{From: reach.AnyHost(subnet), To: to, Traffic: traffic})
	}
	return questions
}

func internet() reach.End { return reach.End{Addresses: reach.Internet()} }

// otherTier is the name of the tier of subnets that cannot be told.
const otherTier = "other"

// tierOf is the tier of a subnet, never empty.
func (s *Subject) tierOf(subnet *topology.Subnet) string {
	return cmp.Or(s.roles.Tier(subnet), otherTier)
}

// tier is the subnets of one tier of a network.
type tier struct {
	Name    string
	Network *topology.Network
	Subnets []*topology.Subnet
}

// tiers returns those of a network, what is nearest to the internet first.
func (s *Subject) tiers(network *topology.Network) []tier {
	var found []tier
	for _, subnet := range s.model.Subnets {
		if subnet.Network != network {
			continue
		}
		name := s.tierOf(subnet)
		i := slices.IndexFunc(found, func(t tier) bool { return t.Name == name })
		if i < 0 {
			found = append(found, tier{Name: name, Network: network})
			i = len(found) - 1
		}
		found[i].Subnets = append(found[i].Subnets, subnet)
	}
	slices.SortStableFunc(found, func(a, b tier) int { return cmp.Compare(styleIndex(a.Name), styleIndex(b.Name)) })
	return found
}

// networks returns those of the graph, the data plane's last. One that is only
// referred to, so that nothing of it is known, is a place outside.
func (s *Subject) networks() []*topology.Network {
	order := map[string]int{"hub": 0, "control plane": 1, "": 2, "data plane": 3}
	var networks []*topology.Network
	for _, network := range s.model.Networks {
		known := slices.ContainsFunc(network.Prefixes, topology.Val[netip.Prefix].IsKnown)
		inside := slices.ContainsFunc(s.model.Subnets, func(subnet *topology.Subnet) bool { return subnet.Network == network })
		if known || inside {
			networks = append(networks, network)
		}
	}
	slices.SortStableFunc(networks, func(a, b *topology.Network) int {
		return cmp.Compare(order[s.roles.Plane(a)], order[s.roles.Plane(b)])
	})
	return networks
}

// way names the gateway on a way: "NAT gateway". Azure's way to the internet, which is
// a part of the network, counts where there is no other.
func (s *Subject) way(f finding) string {
	if name := s.balancerOn(f.Hops); name != "" {
		return "load balancer " + name
	}
	azure := ""
	for _, hop := range f.Hops {
		for _, gw := range s.model.Gateways {
			switch {
			case gw.Ref.URN != hop.URN || gw.Kind == topology.Local || gw.Kind == topology.Drop:
			case gw.Network == nil || gw.Ref.URN != gw.Network.Ref.URN:
				return gw.Title()
			case gw.Kind == topology.Internet && strings.Contains(hop.Effect, "Azure's way to the internet"):
				azure = gw.Title()
			}
		}
	}
	return azure
}

// balancerOn names the first load balancer that forwards what goes these hops; ""
// is none.
func (s *Subject) balancerOn(hops []reach.Hop) string {
	for _, hop := range hops {
		for _, b := range s.model.Balancers {
			if slices.ContainsFunc(b.Listeners, func(l topology.Listener) bool { return l.Ref.URN == hop.URN && l.Ref.Property == hop.Property }) {
				return b.Name
			}
		}
	}
	return ""
}

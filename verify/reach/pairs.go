package reach

import (
	"cmp"
	"net/netip"
	"runtime"
	"slices"
	"sync"

	"go4.org/netipx"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Pairs are the answers between the hosts of every two subnets of a model.
type Pairs struct {
	// Subnets are those of the model, in its order.
	Subnets []*topology.Subnet

	group []int      // of each subnet
	to    [][]Answer // by group of the sender, then receiver
	own   []Answer   // inside each subnet
}

// AllPairs answers what of the traffic gets from any host of each subnet to any
// host of each other one, and back. Subnets that behave alike are walked once.
func (e *Engine) AllPairs(traffic Traffic) *Pairs {
	p := &Pairs{Subnets: e.model.Subnets, own: make([]Answer, len(e.model.Subnets))}
	all := make(map[*topology.Subnet]bool, len(p.Subnets))
	position := make(map[*topology.Subnet]int, len(p.Subnets))
	var groups [][]*topology.Subnet
	index := map[behaviour]int{}
	for i, subnet := range p.Subnets {
		all[subnet], position[subnet] = true, i
		key, alone := behaviourOf(subnet)
		g, seen := index[key]
		if !seen || alone {
			g = len(groups)
			groups = append(groups, nil)
			if !alone {
				index[key] = g
			}
		}
		groups[g] = append(groups[g], subnet)
		p.group = append(p.group, g)
	}
	p.to = make([][]Answer, len(groups))
	parallel(len(groups), func(g int) { p.to[g] = e.fromGroup(groups[g], all, position, traffic) })
	parallel(len(p.Subnets), func(i int) {
		p.own[i] = e.Ask(Question{From: AnyHost(p.Subnets[i]), To: AnyHost(p.Subnets[i]), Traffic: traffic})
	})
	return p
}

// At returns the answer from the i-th subnet to the j-th.
func (p *Pairs) At(i, j int) Answer {
	if i == j {
		return p.own[i]
	}
	of := p.to[p.group[i]][j]
	narrow := func(set packet.Set) packet.Set {
		var own packet.Set
		for _, prefix := range p.Subnets[i].Prefixes {
			a, ok := prefix.Get()
			if !ok {
				return set // a group of its own
			}
			from := packet.Everything()
			from.Source = packet.InPrefix(a)
			for k := range set {
				if both, ok := set[k].Intersect(&from); ok {
					own = append(own, both)
				}
			}
		}
		return own
	}
	return Answer{Must: narrow(of.Must), May: narrow(of.May), Paths: of.Paths, Blocks: of.Blocks, Unknowns: of.Unknowns}
}

// behaviour is what decides how packets leave and enter a subnet, beside its
// addresses.
type behaviour struct {
	network          *topology.Network
	table            *topology.RouteTable
	filter           *topology.Filter
	nat              *topology.Gateway
	zone             string
	outbound, policy bool
}

// behaviourOf returns the behaviour of a subnet; alone is true when it is not
// known, or like no other's.
func behaviourOf(s *topology.Subnet) (b behaviour, alone bool) {
	var known [6]bool
	b.network = s.Network
	b.table, known[0] = s.Table.Get()
	b.filter, known[1] = s.Filter.Get()
	b.nat, known[2] = s.NAT.Get()
	b.zone, known[3] = s.Zone.Get()
	b.outbound, known[4] = s.DefaultOutbound.Get()
	known[5] = len(s.Incomplete) == 0
	for _, prefix := range s.Prefixes {
		known[5] = known[5] && prefix.IsKnown()
	}
	return b, slices.Contains(known[:], false) || s.Network.Cloud == topology.Azure
}

// fromGroup walks what the hosts of a group send to every subnet.
func (e *Engine) fromGroup(group []*topology.Subnet, all map[*topology.Subnet]bool, position map[*topology.Subnet]int, traffic Traffic) []Answer {
	members := make(map[*topology.Subnet]bool, len(group))
	for _, subnet := range group {
		members[subnet] = true
	}
	first := group[0]
	answers := make([]Answer, len(position))
	w := &walk{engine: e, target: place{subnet: first, group: all}}
	base := flow{certain: true, public: topology.Known(true, first.Ref), from: place{subnet: first, group: members}}
	base.peers.sourceUnknown, base.peers.destinationUnknown = true, true
	sources, unsure := e.merged(group)
	destinations, _ := e.merged(e.model.Subnets)
	if unsure {
		for i, subnet := range e.model.Subnets {
			for _, from := range group {
				answers[i] = answers[i].Join(e.Ask(Question{From: AnyHost(from), To: AnyHost(subnet), Traffic: traffic}))
			}
		}
		return answers
	}
	for _, f := range cubes(base, traffic, sources, destinations) {
		w.leave(f.hop(first.Ref, "sent from subnet "+first.Name), nil, first)
	}
	for _, f := range w.confirm() {
		if len(f.legs) == 0 {
			for i := range answers { // nobody knows where it gets
				answers[i].May = append(answers[i].May, f.sent)
				answers[i].Unknowns = sortedRefs(append(answers[i].Unknowns, f.refs...))
			}
			continue
		}
		a := &answers[position[f.legs[len(f.legs)-1].to.subnet]]
		if f.certain {
			a.Must = append(a.Must, f.sent)
		} else {
			a.Unknowns = sortedRefs(append(a.Unknowns, f.refs...))
		}
		a.May = append(a.May, f.sent)
		a.Paths = append(a.Paths, Path{Packets: packet.Set{f.sent}, Hops: f.hops, Certain: f.certain, Unknowns: f.refs})
	}
	for i := range answers {
		answers[i].order()
	}
	e.explain(w.blocks, answers)
	return answers
}

// explain gives each receiver the blocks of packets that were for it.
func (e *Engine) explain(blocks []Block, answers []Answer) {
	slices.SortStableFunc(blocks, func(a, b Block) int { return cmp.Compare(len(b.Hops), len(a.Hops)) })
	for i, subnet := range e.model.Subnets {
		for _, prefix := range subnet.Prefixes {
			p, ok := prefix.Get()
			if !ok {
				continue
			}
			here := packet.Set{to(packet.InPrefix(p))}
			for _, block := range blocks {
				if len(block.Packets.Intersect(here)) > 0 {
					answers[i].Blocks = append(answers[i].Blocks, block)
					break
				}
			}
		}
	}
}

// merged are the addresses of subnets as few intervals; unsure when one is not
// known.
func (e *Engine) merged(subnets []*topology.Subnet) (all []spread, unsure bool) {
	var b netipx.IPSetBuilder
	for _, subnet := range subnets {
		for _, prefix := range subnet.Prefixes {
			p, ok := prefix.Get()
			if !ok {
				return nil, true
			}
			b.AddPrefix(p)
		}
	}
	set, err := b.IPSet()
	if err != nil {
		return nil, true
	}
	for _, r := range set.Ranges() {
		all = append(all, spread{addresses: between(r.From(), r.To())})
	}
	return all, false
}

func between(first, last netip.Addr) packet.Addresses {
	return packet.Addresses{First: packet.NewAddress(first), Last: packet.NewAddress(last)}
}

// parallel calls do for 0 to n-1, as many at once as there are processors.
func parallel(n int, do func(int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

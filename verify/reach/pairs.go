package reach

import (
	"runtime"
	"slices"
	"sync"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// Pairs are the answers between the hosts of every two subnets of a model.
type Pairs struct {
	// Subnets are those of the model, in its order.
	Subnets []*topology.Subnet

	group  []int                // of each subnet
	first  []*topology.Subnet   // of each group, which stands for the others
	ranges [][]packet.Addresses // of each subnet; nil when they are not known
	to     [][]Answer           // by group of the sender, then of the receiver
	own    []Answer             // inside each subnet
	// balanced is what load balancers forward, by the sender's and the receiver's
	// subnet, and open what they may forward to any.
	balanced []map[int]Answer
	open     []Answer
}

// AllPairs answers what of the traffic gets from any host of each subnet to any
// host of each other one, and back. Subnets that differ in nothing but their
// addresses are walked once, with all addresses of their network.
func (e *Engine) AllPairs(traffic Traffic) *Pairs {
	p := &Pairs{Subnets: e.model.Subnets, own: make([]Answer, len(e.model.Subnets))}
	var groups []map[*topology.Subnet]bool
	index := map[behaviour]int{}
	for _, subnet := range p.Subnets {
		key, alone := behaviourOf(subnet)
		g, seen := index[key]
		if !seen || alone {
			g = len(groups)
			groups = append(groups, nil)
			p.first = append(p.first, subnet)
			if !alone {
				index[key], groups[g] = g, map[*topology.Subnet]bool{}
			}
		}
		if !alone {
			groups[g][subnet] = true
		}
		p.group = append(p.group, g)
		p.ranges = append(p.ranges, addressesOf(subnet))
	}
	p.to = make([][]Answer, len(groups))
	parallel(len(groups), func(g int) {
		p.to[g] = make([]Answer, len(groups))
		for h := range groups {
			p.to[g][h] = e.between(place{subnet: p.first[g], group: groups[g]}, place{subnet: p.first[h], group: groups[h]}, traffic)
		}
	})
	parallel(len(p.Subnets), func(i int) {
		p.own[i] = e.Ask(Question{From: AnyHost(p.Subnets[i]), To: AnyHost(p.Subnets[i]), Traffic: traffic})
	})
	e.balancedPairs(p, traffic)
	return p
}

// balancedPairs answers what load balancers forward between subnets.
func (e *Engine) balancedPairs(p *Pairs, traffic Traffic) {
	if len(e.balanced)+len(e.openFronts) == 0 {
		return
	}
	p.balanced, p.open = make([]map[int]Answer, len(p.Subnets)), make([]Answer, len(p.Subnets))
	parallel(len(p.Subnets), func(i int) {
		q := Question{From: AnyHost(p.Subnets[i]), Traffic: traffic}
		d := newDoors(q)
		w := &walk{engine: e, evidence: pairEvidence}
		e.byOpenFronts(w, d)
		p.open[i] = w.answer(w.confirm(), nil)
		p.balanced[i] = map[int]Answer{}
		for j, subnet := range p.Subnets {
			q.To = AnyHost(subnet)
			w := &walk{engine: e, evidence: pairEvidence}
			e.byTargets(w, q, []place{{subnet: subnet}}, d)
			if a := w.answer(w.confirm(), nil); len(a.May) > 0 {
				p.balanced[i][j] = a
			}
		}
	})
}

// addressesOf are the addresses of a subnet; nil when they are not known.
func addressesOf(subnet *topology.Subnet) []packet.Addresses {
	var all []packet.Addresses
	for _, prefix := range subnet.Prefixes {
		p, ok := prefix.Get()
		if !ok {
			return nil
		}
		all = append(all, packet.InPrefix(p))
	}
	return all
}

// pairEvidence is how many paths and blocks the answer of a pair keeps: what
// takes one of them, and where the others end that come furthest.
const pairEvidence = 1

// At returns the answer from the i-th subnet to the j-th. Its paths and blocks
// name the subnets that stand for them; Engine.Ask names them themselves.
func (p *Pairs) At(i, j int) Answer {
	if i == j {
		return p.own[i]
	}
	of := p.to[p.group[i]][p.group[j]]
	a := of
	a.Must = p.narrow(of.Must, i, j)
	if a.May = a.Must; len(of.Must) == 0 || len(of.Must) != len(of.May) || &of.Must[0] != &of.May[0] {
		a.May = p.narrow(of.May, i, j)
	}
	if p.balanced == nil {
		return a
	}
	return a.Join(p.balanced[i][j]).Join(p.open[i])
}

// narrow returns the packets from the i-th subnet to the j-th.
func (p *Pairs) narrow(set packet.Set, i, j int) packet.Set {
	if p.ranges[i] == nil || p.ranges[j] == nil {
		return set // groups of their own
	}
	// Counted first: there are many pairs, and most have few packets.
	var own packet.Set
	for count := 0; ; {
		for _, from := range p.ranges[i] {
			for _, to := range p.ranges[j] {
				for k := range set {
					source, ok := set[k].Source.Intersect(from)
					if !ok {
						continue
					}
					destination, ok := set[k].Destination.Intersect(to)
					switch {
					case !ok:
					case own == nil:
						count++
					default:
						cube := set[k]
						cube.Source, cube.Destination = source, destination
						own = append(own, cube)
					}
				}
			}
		}
		if own != nil || count == 0 {
			return own
		}
		own = make(packet.Set, 0, count)
	}
}

// behaviour is what decides how packets leave and enter a subnet, beside its
// addresses.
type behaviour struct {
	network  *topology.Network
	table    *topology.RouteTable
	filter   *topology.Filter
	nat      *topology.Gateway
	zone     string
	outbound bool
}

// behaviourOf returns the behaviour of a subnet; alone is true when it is not
// known, or like no other's.
func behaviourOf(s *topology.Subnet) (b behaviour, alone bool) {
	var sure [6]bool
	sure[5] = len(s.Incomplete) == 0
	for _, prefix := range append(slices.Clip(s.Prefixes), s.Network.Prefixes...) {
		sure[5] = sure[5] && prefix.IsKnown()
	}
	b.network = s.Network
	b.table, sure[0] = s.Table.Get()
	b.filter, sure[1] = s.Filter.Get()
	b.nat, sure[2] = s.NAT.Get()
	b.zone, sure[3] = s.Zone.Get()
	b.outbound, sure[4] = s.DefaultOutbound.Get()
	return b, slices.Contains(sure[:], false) || s.Network.Cloud == topology.Azure
}

// between walks from one group of subnets to another.
func (e *Engine) between(from, to place, traffic Traffic) Answer {
	if from.group == nil || to.group == nil {
		// Not alike: one subnet, or one and those of a group.
		var a Answer
		for _, source := range e.all(from) {
			for _, target := range e.all(to) {
				a = a.Join(e.Ask(Question{From: AnyHost(source), To: AnyHost(target), Traffic: traffic}))
			}
		}
		return a
	}
	w := &walk{engine: e, target: to, evidence: pairEvidence}
	f := flow{certain: true, public: topology.Known(true, from.subnet.Ref), from: from}
	f.peers.sourceUnknown, f.peers.destinationUnknown = true, true
	for _, f := range cubes(f, traffic, networkSpread(from.subnet.Network), networkSpread(to.subnet.Network)) {
		w.leave(f.hop(from.subnet.Ref, "sent from subnet "+from.subnet.Name), nil, from.subnet)
	}
	return w.answer(w.confirm(), nil)
}

// all are the subnets of a place.
func (e *Engine) all(p place) []*topology.Subnet {
	if p.group == nil {
		return []*topology.Subnet{p.subnet}
	}
	return slices.DeleteFunc(slices.Clone(e.subnets[p.subnet.Network]), func(s *topology.Subnet) bool { return !p.group[s] })
}

func networkSpread(network *topology.Network) []spread {
	var all []spread
	for _, prefix := range network.Prefixes {
		if p, ok := prefix.Get(); ok {
			all = append(all, spread{addresses: packet.InPrefix(p)})
		}
	}
	return all
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

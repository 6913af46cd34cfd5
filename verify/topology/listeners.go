package topology

import (
	"net/netip"
	"slices"
)

// doubtStandIns looks again at the hosts that stand for what has an address in a
// subnet: an interface there whose address is not known may be the one that is
// meant, and a target of the listener. A load balancer is none of its own.
func doubtStandIns(m *Model, standIns []*Interface) {
	doubts := map[*Interface][]*Interface{}
	for _, host := range standIns {
		s, _ := host.Subnet.Get()
		doubts[host] = keep(m.Interfaces, func(i *Interface) bool {
			options, complete := i.Subnet.Options()
			return (!complete || slices.Contains(options, s)) &&
				slices.ContainsFunc(i.Addresses, func(v Val[netip.Addr]) bool { return !v.IsKnown() })
		})
	}
	for _, b := range m.Balancers {
		for k := range b.Listeners {
			l := &b.Listeners[k]
			for _, target := range l.Targets {
				for _, i := range doubts[target] {
					if !slices.Contains(b.Interfaces, i) {
						note(&l.Incomplete, i.Ref)
					}
				}
			}
		}
	}
}

// unknownListener is a listener of which nothing is known: it may be there.
func unknownListener(ref Ref) Listener {
	return Listener{
		Ref: ref, Protocol: Unknown[string](ref), Port: Unknown[uint16](ref), TargetPort: Unknown[uint16](ref),
		PreserveClientIP: Unknown[bool](ref), CrossZone: Unknown[bool](ref), Incomplete: []Ref{ref},
	}
}

package topology

import (
	"net/netip"
	"slices"
)

// doubtStandIns looks again at the hosts that stand for what has an address in a
// subnet: an interface there whose address is not known may be the one that is
// meant, and perhaps a target of the listener. A load balancer is none of its own.
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
					_, complete := i.Subnet.Options()
					switch {
					case slices.Contains(b.Interfaces, i), slices.Contains(l.Perhaps, i):
					case complete:
						l.Perhaps = append(l.Perhaps, i)
					default:
						note(&l.Incomplete, i.Ref)
					}
				}
			}
		}
	}
}

// withAddress returns the interfaces with an address, and the subnet that holds
// it. An address in the ranges of the home network is there; otherwise it may be
// in each that holds it, and of several nobody knows which. open says that others
// may be meant.
func (m *Model) withAddress(cloud Cloud, address netip.Addr, home *Network) (found []*Interface, subnet *Subnet, open bool) {
	contains := func(prefixes []Val[netip.Prefix]) (yes, perhaps bool) {
		perhaps = len(prefixes) == 0
		for _, v := range prefixes {
			prefix, known := v.Get()
			yes, perhaps = yes || known && prefix.Contains(address), perhaps || !known
		}
		return yes, perhaps
	}
	atHome := false
	if home != nil {
		atHome, _ = contains(home.Prefixes)
	}
	in := func(network *Network) (yes, perhaps bool) {
		switch {
		case network == nil:
			return false, true
		case atHome:
			// One that is not known may be the home network.
			return network == home, !slices.ContainsFunc(network.Prefixes, Val[netip.Prefix].IsKnown)
		}
		return network.Cloud == cloud, false
	}
	networks := map[*Network]bool{}
	for _, i := range m.Interfaces {
		if s, known := i.Subnet.Get(); known && s == nil {
			continue
		}
		network := networkOf(i.Subnet)
		yes, perhaps := in(network)
		if !yes && !perhaps || !slices.ContainsFunc(i.Addresses, func(v Val[netip.Addr]) bool {
			known, ok := v.Get()
			return ok && known == address
		}) {
			continue
		}
		if open = open || !yes; yes {
			found, networks[network] = append(found, i), true
		}
	}
	for _, s := range m.Subnets {
		yes, perhaps := in(s.Network)
		holds, mayHold := contains(s.Prefixes)
		switch {
		case yes && holds:
			subnet, networks[s.Network] = s, true
		case (yes || perhaps) && (holds || mayHold):
			open = true
		}
	}
	switch {
	case len(networks) > 1:
		return nil, nil, true
	case atHome && len(networks) == 1:
		open = false // no other subnet of the network can hold it
	}
	return found, subnet, open
}

// unknownListener is a listener of which nothing is known: it may be there.
func unknownListener(ref Ref) Listener {
	return Listener{
		Ref: ref, Protocol: Unknown[string](ref), Port: Unknown[uint16](ref), TargetPort: Unknown[uint16](ref),
		PreserveClientIP: Unknown[bool](ref), CrossZone: Unknown[bool](ref), Incomplete: []Ref{ref},
	}
}

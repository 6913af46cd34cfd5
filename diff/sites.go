package diff

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// kind is what a site is.
type kind int

const (
	hosts    kind = iota // of one subnet
	balancer             // a load balancer in one subnet
	outside              // the internet, or private networks beyond the graph
	service              // a service of the cloud's, or what is called by a name
)

// site is an end of paths: what both sides have of the same group and zone is
// compared.
type site struct {
	kind kind
	// group is what it is for: "pods", "public load balancer", "internet".
	group string
	// zone tells the sites of a group apart; empty where there is one.
	zone string
	end  reach.End
	// subnet is that of hosts.
	subnet *topology.Subnet
	// traffic limits what is asked, to a load balancer's listeners; nil is all.
	traffic reach.Traffic
	// cloud is that of the hosts that call a service; ask says whether they
	// reach it.
	cloud topology.Cloud
	ask   func(from, to *site) reach.Answer
}

// The names of what lies outside.
const (
	theInternet = "the internet"
	beyond      = "private networks beyond the graph"
	// awsPrefix and tagPrefix begin the names of the clouds' services.
	awsPrefix = "AWS "
	tagPrefix = "the service tag "
	// groupPrefix and nsgPrefix begin the names of filters.
	groupPrefix = "the security group "
	nsgPrefix   = "the network security group of "
)

// nameNetworks names each network by its plane, or by its resource where a
// plane has several.
func (s *survey) nameNetworks() {
	planes := map[string]int{}
	for _, n := range s.model.Networks {
		planes[s.roles.Plane(n)]++
	}
	for _, n := range s.model.Networks {
		name := s.roles.Plane(n)
		if name == "" || planes[name] > 1 {
			name = strings.TrimSpace(name + " " + resourceName(n.Ref.URN, n.Name))
		}
		s.networks[n] = name
	}
}

// resourceName is the name at the end of a URN.
func resourceName(urn, otherwise string) string {
	if i := strings.LastIndex(urn, "::"); i >= 0 {
		return urn[i+2:]
	}
	return otherwise
}

// align names the sites of both sides alike: with the plane only where a side
// has several networks.
func align(a, b *survey) {
	several := len(a.used()) > 1 || len(b.used()) > 1
	both := func(of func(*survey) []string) []string {
		all := append(of(a), of(b)...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	services, tags, endpoints := both((*survey).endpointServices), both((*survey).serviceTags), both((*survey).privateEndpoints)
	names := joinNames(a, b)
	for _, s := range []*survey{a, b} {
		s.findSites(several)
		s.sites = append(s.sites,
			site{kind: outside, group: theInternet, end: internet()},
			site{kind: outside, group: beyond, end: beyondGraph(a, b)})
		s.addServices(services)
		s.addTags(tags)
		s.addNames(names)
		s.addPrivateEndpoints(endpoints)
	}
}

// used are the networks that have subnets.
func (s *survey) used() []*topology.Network {
	return slices.DeleteFunc(slices.Clone(s.model.Networks), func(n *topology.Network) bool {
		return !slices.ContainsFunc(s.model.Subnets, func(subnet *topology.Subnet) bool { return subnet.Network == n })
	})
}

func (s *survey) findSites(several bool) {
	of := func(n *topology.Network, name string) string {
		if several && n != nil {
			return s.networks[n] + " " + name
		}
		return name
	}
	for _, subnet := range s.model.Subnets {
		name := s.roles.Tier(subnet)
		at := site{kind: hosts, zone: subnet.Zone.Or(""), end: reach.AnyHost(subnet), subnet: subnet}
		if name == "" || name == "other" {
			name = resourceName(subnet.Ref.URN, subnet.Name)
			at.zone = ""
		}
		at.group = of(subnet.Network, name)
		s.add(at)
	}
	s.findBalancers(of)
}

// add adds a site; one that has group and zone of another gets its resource's
// name as well.
func (s *survey) add(at site) {
	if slices.ContainsFunc(s.sites, func(other site) bool { return other.group == at.group && other.zone == at.zone }) {
		at.zone = strings.TrimSpace(at.zone + " " + resourceName(at.ref().URN, ""))
	}
	s.sites = append(s.sites, at)
}

func (s site) ref() topology.Ref {
	switch {
	case s.subnet != nil:
		return s.subnet.Ref
	case s.end.Interface != nil:
		return s.end.Interface.Ref
	}
	return topology.Ref{}
}

// findBalancers adds the load balancers, public ones apart from internal ones.
func (s *survey) findBalancers(of func(*topology.Network, string) string) {
	names := map[string]int{}
	name := func(b *topology.Balancer) string {
		if facing, known := b.InternetFacing.Get(); known && facing {
			return "public load balancer"
		}
		return "internal load balancer"
	}
	for _, b := range s.model.Balancers {
		names[name(b)]++
	}
	for _, b := range s.model.Balancers {
		group := "the " + name(b)
		if names[name(b)] > 1 {
			group += " " + resourceName(b.Ref.URN, b.Name)
		}
		for _, i := range b.Interfaces {
			at := site{kind: balancer, group: group, end: reach.At(i), traffic: listening(b)}
			if subnet, ok := i.Subnet.Get(); ok && subnet != nil {
				at.zone = subnet.Zone.Or("")
			}
			s.add(at)
		}
	}
}

// listening is the traffic that a load balancer's listeners take; nil when that
// is not known.
func listening(b *topology.Balancer) reach.Traffic {
	var traffic reach.Traffic
	for _, l := range b.Listeners {
		port, known := l.Port.Get()
		protocol, ok := l.Protocol.Get()
		if !known || !ok {
			return nil
		}
		if strings.Contains(protocol, "UDP") {
			cube := reach.TCP(port)[0]
			cube.Protocols = packet.Protocols{First: packet.UDP, Last: packet.UDP}
			traffic = append(traffic, cube)
		}
		if protocol != "UDP" {
			traffic = append(traffic, reach.TCP(port)...)
		}
	}
	return traffic
}

// azureHost is the address that Azure's own services send from inside a network.
// https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
const azureHost = "168.63.129.16"

// internet is every address of the internet but Azure's own.
func internet() reach.End {
	var all packet.Set
	for _, a := range reach.Internet() {
		cube := packet.Everything()
		cube.Destination = a
		all = append(all, cube)
	}
	end := reach.End{}
	for _, cube := range all.Subtract(packet.Set{to(netip.MustParsePrefix(azureHost + "/32"))}) {
		end.Addresses = append(end.Addresses, cube.Destination)
	}
	return end
}

// beyondGraph are the private addresses that no network of either side has.
func beyondGraph(sides ...*survey) reach.End {
	var private, own packet.Set
	for _, text := range []string{"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"} {
		private = append(private, to(netip.MustParsePrefix(text)))
	}
	for _, s := range sides {
		for _, n := range s.model.Networks {
			for _, v := range n.Prefixes {
				if p, known := v.Get(); known {
					own = append(own, to(p))
				}
			}
		}
	}
	end := reach.End{Addresses: []packet.Addresses{}}
	for _, cube := range private.Subtract(own) {
		end.Addresses = append(end.Addresses, cube.Destination)
	}
	return end
}

// to is every packet to a prefix.
func to(p netip.Prefix) packet.Cube {
	cube := packet.Everything()
	cube.Destination = packet.InPrefix(p)
	return cube
}

package diff

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// endpointServices are AWS's own services that endpoints lead to, by the
// catalogue's names.
func (s *survey) endpointServices() []string {
	var found []string
	for _, e := range s.model.Endpoints {
		name, known := e.Service.Get()
		if known && e.Network != nil && e.Network.Cloud == topology.AWS {
			if _, ok := s.facts.EndpointService(name); ok {
				found = append(found, name)
			}
		}
	}
	return found
}

// addServices adds AWS's services, which are called by the names of a region.
func (s *survey) addServices(services []string) {
	for _, name := range services {
		s.sites = append(s.sites, site{
			kind: service, group: awsPrefix + name, traffic: reach.TCP(443), cloud: topology.AWS,
			ask: func(from, to *site) reach.Answer {
				region := from.subnet.Network.Region
				if region == "" {
					return reach.Answer{}
				}
				return s.connect(from, s.publicName(name, region), to.traffic)
			},
		})
	}
}

// publicName is a name that callers use one of AWS's services by.
func (s *survey) publicName(service, region string) string {
	entry, _ := s.facts.EndpointService(service)
	names := entry.PublicNames(region)
	for _, name := range names {
		if !strings.HasPrefix(name, "*.") {
			return name
		}
	}
	if len(names) == 0 {
		return ""
	}
	return reach.SomeName(names[0])
}

// connect asks for a service by a name, as callers resolve it, on the one port
// of the traffic.
func (s *survey) connect(from *site, host string, traffic reach.Traffic) reach.Answer {
	var a reach.Answer
	r, err := s.engine.Connect(reach.Connection{
		From: from.subnet.Ref.URN, To: "fqdn:" + host, Protocol: "tcp",
		Port: fmt.Sprintf("%d-%d", traffic[0].DestinationPorts.First, traffic[0].DestinationPorts.Last),
	})
	if err != nil { // the name is not one: nothing is known of the service
		return a
	}
	set := packet.Set(traffic)
	if r.Verdict == reach.Reachable {
		a.Must = set
	}
	if r.Verdict != reach.Blocked {
		a.May = set
		a.Paths = []reach.Path{{Packets: set, Hops: r.Hops, Certain: r.Verdict == reach.Reachable, Unknowns: r.Unknowns}}
	}
	if b := r.BlockedBy; b != nil {
		a.Blocks = []reach.Block{{URN: b.URN, Property: b.Property, Reason: b.Reason, Hops: r.Hops, Packets: set}}
	}
	return a
}

// serviceTags are the tags of Azure's services that rules and routes name as
// destinations: "Storage", "Storage.westeurope".
func (s *survey) serviceTags() []string {
	var found []string
	azure := s.model.AllServices(topology.Azure)
	add := func(prefixes []netip.Prefix) {
		for _, p := range prefixes {
			if name, ok := s.model.AtomName(p.Addr()); ok && azure.Contains(p.Addr()) && p.Bits() > azure.Bits() {
				found = append(found, name)
			}
		}
	}
	for _, filter := range s.model.Filters {
		for _, rule := range filter.Out {
			add(rule.Destination.Or(topology.Match{}).Prefixes)
		}
	}
	for _, table := range s.model.Tables {
		for _, route := range table.Routes {
			add(route.To.Or(nil))
		}
	}
	return found
}

// addTags adds Azure's services by their tags. A side that names no tag of a
// region has the region's addresses among all others of the service.
func (s *survey) addTags(tags []string) {
	own := s.serviceTags()
	for _, tag := range tags {
		name, region, _ := strings.Cut(tag, ".")
		if !slices.ContainsFunc(own, func(t string) bool { return strings.HasSuffix(t, "."+region) }) {
			region = ""
		}
		end := reach.Addresses(s.model.Service(topology.Azure, name, region))
		s.sites = append(s.sites, site{
			kind: service, group: tagPrefix + tag, traffic: every(), cloud: topology.Azure,
			ask: func(from, to *site) reach.Answer {
				return s.engine.Ask(reach.Question{From: from.end, To: end, Traffic: to.traffic})
			},
		})
	}
}

// names are host names that hosts in Azure call, or patterns of them, with their
// ports.
type names map[string][]packet.Ports

// joinNames are those of both sides.
func joinNames(sides ...*survey) names {
	all := names{}
	for _, s := range sides {
		for name, ports := range s.ruledNames() {
			all[name] = append(all[name], ports...)
		}
	}
	return all
}

// ruledNames are the names in the rules of firewalls, of tags at the least those.
func (s *survey) ruledNames() names {
	found := names{}
	for _, filter := range s.model.Filters {
		if filter.Kind != topology.FirewallPolicy {
			continue
		}
		for _, rule := range filter.Out {
			options, _ := rule.Names.Options()
			ports := rule.DestinationPorts.Or(nil)
			if len(options) == 0 || len(ports) == 0 || slices.Contains(options[0], "*") {
				continue
			}
			for _, name := range options[0] {
				for _, p := range ports {
					found[name] = append(found[name], packet.Ports(p))
				}
			}
		}
	}
	return found
}

// addNames adds what is called by a name from Azure.
func (s *survey) addNames(all names) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		var traffic reach.Traffic
		for _, ports := range merged(all[name]) {
			cube := reach.TCP(ports.First)[0]
			cube.DestinationPorts = ports
			traffic = append(traffic, cube)
		}
		s.sites = append(s.sites, site{
			kind: service, group: name, traffic: traffic, cloud: topology.Azure,
			ask: func(from, to *site) reach.Answer { return s.call(from, reach.SomeName(name), to.traffic) },
		})
	}
}

// call asks for a name. Where servers that nobody knows resolve it, they are
// taken to give the internet's answer: that names resolve is asked elsewhere.
func (s *survey) call(from *site, name string, traffic reach.Traffic) reach.Answer {
	r := s.engine.Resolve(from.subnet.Network, name)
	if r.Certain && !r.Public.IsValid() {
		var all reach.Answer
		for i, cube := range traffic {
			if a := s.connect(from, name, reach.Traffic{cube}); i == 0 {
				all = a
			} else {
				all = all.Join(a)
			}
		}
		return all
	}
	return s.engine.Ask(reach.Question{From: from.end, To: reach.Addresses(s.model.PublicName(name)), Traffic: traffic, Name: name})
}

// endpointInterfaces are those of Azure's private endpoints, by what they are for.
func (s *survey) endpointInterfaces() map[string]*topology.Interface {
	found := map[string]*topology.Interface{}
	for _, i := range s.model.Interfaces {
		subnet, known := i.Subnet.Get()
		if i.Kind != topology.EndpointInterface || !known || subnet == nil || subnet.Network.Cloud != topology.Azure {
			continue
		}
		name := "the private endpoint " + resourceName(i.Ref.URN, i.Name)
		if strings.Contains(i.Ref.URN, ":ManagedCluster::") {
			name = "the API server of " + resourceName(i.Ref.URN, i.Name)
		}
		found[name] = i
	}
	return found
}

func (s *survey) privateEndpoints() []string {
	return slices.Collect(maps.Keys(s.endpointInterfaces()))
}

// addPrivateEndpoints adds what private endpoints lead to, by their names where
// a zone has them. Nothing reaches one that this side has not.
func (s *survey) addPrivateEndpoints(names []string) {
	own := s.endpointInterfaces()
	for _, name := range names {
		s.sites = append(s.sites, site{kind: service, group: name, traffic: reach.TCP(443), cloud: topology.Azure, ask: func(from, to *site) reach.Answer {
			i := own[name]
			if i == nil {
				return reach.Answer{}
			}
			if host := s.recordOf(i); host != "" {
				return s.connect(from, host, to.traffic)
			}
			return s.engine.Ask(reach.Question{From: from.end, To: reach.At(i), Traffic: to.traffic})
		}})
	}
}

// recordOf is the name that answers with an interface; empty when none does.
func (s *survey) recordOf(i *topology.Interface) string {
	for _, zone := range s.model.Zones {
		for _, record := range zone.Records {
			if slices.Contains(record.Interfaces, i) {
				return record.Name
			}
		}
	}
	return ""
}

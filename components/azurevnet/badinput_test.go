package azurevnet_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

type (
	spec  = azurevnet.Spec
	roles = map[addressing.AzureRole]azurevnet.Subnet
)

// allow is a network whose subnet of that role admits one rule.
func allow(role addressing.AzureRole, rules ...azurevnet.Allow) spec {
	return managed(func(s *spec) {
		s.Roles = addressing.AzureRoles()
		s.Subnets = roles{role: {Allow: rules}}
	})
}

// extra is a network with one extra subnet.
func extra(name string, subnet azurevnet.ExtraSubnet) spec {
	return managed(func(s *spec) { s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{name: subnet} })
}

// route is a network with one extra route.
func route(name string, r azurevnet.ExtraRoute) spec {
	return firewalled(func(s *spec) { s.Firewall.ExtraRoutes = map[string]azurevnet.ExtraRoute{name: r} })
}

// hub is a network with another peering named hub.
func hub(p azurevnet.Peering) spec {
	return firewalled(func(s *spec) { s.Peerings = map[string]azurevnet.Peering{"hub": p} })
}

// Each bad input gives exactly these problems: path, value, rule and way out.
func TestBadInput(t *testing.T) {
	const (
		notPrivate = "; use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
		choice     = "is not a choice"
		idOfVnet   = "; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/virtualNetworks/<name>"
	)
	tcp := []string{"443"}
	for name, c := range map[string]struct {
		spec spec
		want []string
	}{
		// Choices.
		"location in its long form": {managed(func(s *spec) { s.Location = "West Europe" }),
			[]string{"location: West Europe: is not a region's short form; write westeurope"}},
		"location of another cloud": {managed(func(s *spec) { s.Location = "usgovvirginia" }),
			[]string{"location: usgovvirginia: is a region of another cloud than Azure's public one; give an Azure region in its short form, for example westeurope"}},
		"egress": {managed(func(s *spec) { s.Egress = "nat"; s.ControlPlaneCidrs = nil }),
			[]string{"egress: nat: " + choice + "; use customerFirewall, loadBalancer, natGateway or none"}},
		"firewall without its egress": {managed(func(s *spec) { s.Firewall = &azurevnet.Firewall{PrivateIP: "10.10.1.4"} }),
			[]string{"firewall: 10.10.1.4: is set, but with egress loadBalancer nothing is routed to it; remove it, or set egress: customerFirewall"}},
		"public addresses behind a firewall": {firewalled(func(s *spec) { s.PublicAddresses = &azurevnet.PublicAddresses{} }),
			[]string{"publicAddresses: is set, but with egress customerFirewall the VNet has no public address; remove it, or set egress: loadBalancer"}},
		"role mistyped": {managed(func(s *spec) { s.Roles = []addressing.AzureRole{"nodes", "pod"} }),
			[]string{`roles[1]: pod: is not a role; did you mean "pods"?`}},
		"role twice": {managed(func(s *spec) { s.Roles = []addressing.AzureRole{"nodes", "nodes"} }),
			[]string{"roles[1]: nodes: is named already at roles[0]; remove one"}},
		"no nodes": {managed(func(s *spec) { s.Roles = []addressing.AzureRole{"pods"} }),
			[]string{"roles: pods: has no subnet for the cluster's nodes; add nodes"}},
		"no role": {managed(func(s *spec) { s.Roles = []addressing.AzureRole{} }),
			[]string{"roles: has no subnet for the cluster's nodes; add nodes"}},

		// Addresses.
		"address space with host bits": {managed(func(s *spec) { s.AddressSpace = []string{"10.40.1.0/20"} }),
			[]string{"addressSpace[0]: 10.40.1.0/20: has host bits set; the network is 10.40.0.0/20"}},
		"address space too small": {managed(func(s *spec) { s.AddressSpace = []string{"10.40.0.0/21"} }),
			[]string{"addressSpace[0]: 10.40.0.0/21: is smaller than /20: its slots would not hold every role's subnet; the nearest is 10.40.0.0/20, or place each subnet by hand"}},
		"address space that Azure refuses": {managed(func(s *spec) { s.AddressSpace = []string{"169.254.0.0/16"} }),
			[]string{"addressSpace[0]: 169.254.0.0/16: Azure refuses 169.254.0.0/16, which is for link-local addresses" + notPrivate}},
		"address space that AKS keeps": {managed(func(s *spec) { s.AddressSpace = []string{"172.16.0.0/12"} }),
			[]string{
				"addressSpace[0]: 172.16.0.0/12: overlaps 172.30.0.0/16, which AKS keeps for itself; use another block",
			}},
		"address space twice": {managed(func(s *spec) { s.AddressSpace = []string{"10.40.0.0/20", "10.40.8.0/24"} }),
			[]string{"addressSpace[1]: 10.40.8.0/24: overlaps 10.40.0.0/20 (addressSpace[0]); use a block outside 10.40.0.0/20"}},
		"a need beyond the slot": {managed(func(s *spec) { s.Subnets = roles{"pods": {Addresses: 4000}} }),
			[]string{"subnets.pods.addresses: 4000: needs a /20; the slot of pods is 10.40.8.0/21 with 2043 usable addresses; use a larger address space, or place the subnet by hand"}},
		"a need below zero": {managed(func(s *spec) { s.Subnets = roles{"nodes": {Addresses: -1}} }),
			[]string{"subnets.nodes.addresses: -1: is below zero; give how many the subnet needs"}},
		"a database that is too small": {managed(func(s *spec) { s.Subnets = roles{"database": {Addresses: 3}} }),
			[]string{"subnets.database.addresses: 10.40.7.64/29: is too small for Microsoft.DBforPostgreSQL/flexibleServers; use a /28 or larger, 11 addresses"}},
		"an API server's subnet that is too small": {managed(func(s *spec) {
			s.Roles = addressing.AzureRoles()
			s.Subnets = roles{"apiServer": {Cidr: "10.40.7.0/29"}}
		}), []string{"subnets.apiServer.cidr: 10.40.7.0/29: is too small for Microsoft.ContainerService/managedClusters; use a /28 or larger, 11 addresses"}},
		"a block with less than its need": {managed(func(s *spec) { s.Subnets = roles{"nodes": {Cidr: "10.40.0.0/24", Addresses: 252}} }),
			[]string{"subnets.nodes.cidr: 10.40.0.0/24: has 251 usable addresses of the 252 that are needed; use a /23"}},
		"a block outside": {managed(func(s *spec) { s.Subnets = roles{"nodes": {Cidr: "10.50.0.0/24"}} }),
			[]string{"subnets.nodes.cidr: 10.50.0.0/24: is outside the address space; use a part of 10.40.0.0/20"}},
		"a block on another's": {managed(func(s *spec) { s.Subnets = roles{"nodes": {Cidr: "10.40.8.0/24"}} }),
			[]string{"subnets.pods: 10.40.8.0/21: overlaps 10.40.8.0/24 (subnets.nodes); use a block outside 10.40.8.0/24"}},
		"a subnet smaller than Azure's smallest": {managed(func(s *spec) { s.Subnets = roles{"privateEndpoints": {Cidr: "10.40.6.0/30"}} }),
			[]string{"subnets.privateEndpoints.cidr: 10.40.6.0/30: is smaller than /29, Azure's smallest subnet; the nearest is 10.40.6.0/29"}},
		"size of a subnet that is not there": {managed(func(s *spec) { s.Subnets = roles{"apiServer": {Addresses: 20}} }),
			[]string{"subnets.apiServer: is set, but there is no such subnet; add apiServer to roles, or remove it"}},
		"size of no role": {managed(func(s *spec) { s.Subnets = roles{"node": {}} }),
			[]string{`subnets.node: is not a role; did you mean "nodes"?`}},
		"VNet and pods' block": {managed(func(s *spec) { s.Cluster.PodCidr = "10.40.0.0/16" }),
			[]string{"cluster.podCidr: 10.40.0.0/16: overlaps 10.40.0.0/20 (addressSpace[0]); use a block outside 10.40.0.0/20"}},
		"VNet and services' block": {managed(func(s *spec) { s.Cluster.ServiceCidr = "10.40.4.0/22" }),
			[]string{"cluster.serviceCidr: 10.40.4.0/22: overlaps 10.40.0.0/20 (addressSpace[0]); use a block outside 10.40.0.0/20"}},
		"VNet and on premises": {managed(func(s *spec) { s.OnPremises = []string{"10.0.0.0/8"} }),
			[]string{"onPremises[0]: 10.0.0.0/8: overlaps 10.40.0.0/20 (addressSpace[0]); use a block outside 10.40.0.0/20"}},

		// Extra subnets.
		"extra subnet without a block": {extra("jump", azurevnet.ExtraSubnet{}),
			[]string{"extraSubnets.jump.cidr: is missing; give the subnet's block"}},
		"extra subnet on a role's": {extra("jump", azurevnet.ExtraSubnet{Cidr: "10.40.0.128/25"}),
			[]string{"extraSubnets.jump.cidr: 10.40.0.128/25: overlaps 10.40.0.0/24 (subnets.nodes); use a block outside 10.40.0.0/24"}},
		"extra subnet named as a role": {extra("Pods", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/28"}),
			[]string{"extraSubnets.Pods: Pods: is the name of a role; add it to roles, or use another name"}},
		"extra subnet's name": {extra("jump host", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/28"}),
			[]string{"extraSubnets.jump host: jump host: is not a subnet's name; use 1 to 80 letters, digits, hyphens, dots and underscores"}},
		"reserved name in another case": {extra("gatewaysubnet", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/27"}),
			[]string{"extraSubnets.gatewaysubnet: gatewaysubnet: is found by Azure only in its exact form; write GatewaySubnet"}},
		"reserved subnet too small": {extra("AzureFirewallSubnet", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/27"}),
			[]string{"extraSubnets.AzureFirewallSubnet.cidr: 10.40.5.0/27: is too small for Azure Firewall; use a /26 or larger"}},
		"rules on the gateway's subnet": {extra("GatewaySubnet", azurevnet.ExtraSubnet{
			Cidr: "10.40.5.0/27", Delegation: "Microsoft.Network/dnsResolvers",
			Allow: []azurevnet.Allow{{Name: "a", From: []string{"10.0.0.0/8"}, Ports: tcp}},
		}), []string{
			"extraSubnets.GatewaySubnet.allow: is set, but GatewaySubnet has no network security group; remove it",
			"extraSubnets.GatewaySubnet.delegation: Microsoft.Network/dnsResolvers: is set, but the subnet is for VPN and ExpressRoute gateways; remove it",
		}},
		"routes on the firewall's subnet": {firewalled(func(s *spec) {
			s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"AzureFirewallSubnet": {Cidr: "10.40.5.0/26", RouteToFirewall: true}}
		}), []string{"extraSubnets.AzureFirewallSubnet.routeToFirewall: true: is set, but AzureFirewallSubnet needs its own routes; remove it"}},
		"route to no firewall": {extra("jump", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/28", RouteToFirewall: true}),
			[]string{"extraSubnets.jump.routeToFirewall: true: is set, but there is no firewall; remove it, or set egress: customerFirewall"}},
		"unknown delegation": {extra("jump", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/28", Delegation: "Microsoft.Network/dnsResolver"}),
			[]string{`extraSubnets.jump.delegation: Microsoft.Network/dnsResolver: is not a service that the catalogue knows; did you mean "Microsoft.Network/dnsResolvers"?`}},
		"resolver's subnet too small": {extra("dns", azurevnet.ExtraSubnet{Cidr: "10.40.5.0/29", Delegation: "Microsoft.Network/dnsResolvers"}),
			[]string{"extraSubnets.dns.cidr: 10.40.5.0/29: is too small for Microsoft.Network/dnsResolvers; use a /28 or larger, 11 addresses"}},

		// Rules.
		"rule from everywhere": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"*"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].from[0]: *: may be every address; list the blocks that may connect"}},
		"rule from the tag VirtualNetwork": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"VirtualNetwork"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].from[0]: VirtualNetwork: may be every address; list the blocks that may connect"}},
		"rule from half the internet": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"128.0.0.0/1"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].from[0]: 128.0.0.0/1: is a large part of the internet; list the blocks that may connect"}},
		"internet to the database": {allow("database", azurevnet.Allow{Name: "a", From: []string{"Internet"}, Ports: []string{"5432"}}),
			[]string{"subnets.database.allow[0].from[0]: Internet: is not admitted to this subnet; list the blocks that may connect"}},
		"internet to nodes behind a firewall": {firewalled(func(s *spec) {
			s.Subnets = roles{"nodes": {Allow: []azurevnet.Allow{{Name: "a", From: []string{"Internet"}, Ports: tcp}}}}
		}), []string{"subnets.nodes.allow[0].from[0]: Internet: does not reach nodes behind the customer's firewall; list the blocks that may connect"}},
		"tag beside a block": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"10.0.0.0/8", "AzureCloud"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].from[1]: AzureCloud: is a service tag, which Azure takes alone; give it a rule of its own"}},
		"rule's blocks overlap": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"10.0.0.0/8", "10.1.0.0/16"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].from[1]: 10.1.0.0/16: overlaps 10.0.0.0/8 (subnets.nodes.allow[0].from[0]); use a block outside 10.0.0.0/8"}},
		"rule with nothing in it": {allow("nodes", azurevnet.Allow{}), []string{
			"subnets.nodes.allow[0].name: is not a rule's name; use 1 to 80 letters, digits, hyphens, dots and underscores",
			"subnets.nodes.allow[0].from: is missing; list blocks, or a service tag",
			`subnets.nodes.allow[0].ports: is missing; list ports, for example "443"`,
		}},
		"ports and protocol": {allow("nodes", azurevnet.Allow{
			Name: "a", From: []string{"10.0.0.0/8"}, Ports: []string{"0", "90-80", "70000", "http"}, Protocol: "Icmp",
		}), []string{
			`subnets.nodes.allow[0].ports[0]: 0: is no port; write a port or a range, "443" or "8000-8100"`,
			`subnets.nodes.allow[0].ports[1]: 90-80: is no port; write a port or a range, "443" or "8000-8100"`,
			`subnets.nodes.allow[0].ports[2]: 70000: is no port; write a port or a range, "443" or "8000-8100"`,
			`subnets.nodes.allow[0].ports[3]: http: is no port; write a port or a range, "443" or "8000-8100"`,
			"subnets.nodes.allow[0].protocol: Icmp: " + choice + "; use Tcp or Udp",
		}},
		"rule's name twice": {allow("nodes", azurevnet.Allow{Name: "a", From: []string{"10.0.0.0/8"}, Ports: tcp},
			azurevnet.Allow{Name: "A", From: []string{"10.0.0.0/8"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[1]: a: is named already at subnets.nodes.allow[0]; remove one"}},
		"rule's name that is taken": {allow("nodes", azurevnet.Allow{Name: "allowvnet", From: []string{"10.0.0.0/8"}, Ports: tcp}),
			[]string{"subnets.nodes.allow[0].name: allowvnet: begins as the names of the subnet's own rules do; use a name that begins otherwise"}},

		// The firewall.
		"no firewall": {firewalled(func(s *spec) { s.Firewall = nil }),
			[]string{"firewall.privateIp: is missing; give the firewall's address, for example 10.10.1.4"}},
		"no address, and more": {firewalled(func(s *spec) {
			s.Firewall = &azurevnet.Firewall{
				ControlPlaneIP: "here", ExtraRoutes: map[string]azurevnet.ExtraRoute{"out": {Prefix: "10.9.0.0", NextHop: azurevnet.Drop}},
			}
		}), []string{
			"firewall.privateIp: is missing; give the firewall's address, for example 10.10.1.4",
			"firewall.controlPlaneIp: here: is not an IPv4 address; give one such as 10.10.1.4",
			"firewall.extraRoutes.out.prefix: 10.9.0.0: has no prefix length; write 10.9.0.0/16",
		}},
		"firewall's address": {firewalled(func(s *spec) { s.Firewall.PrivateIP = "10.10.1.0/24" }),
			[]string{"firewall.privateIp: 10.10.1.0/24: is not an IPv4 address; give one such as 10.10.1.4"}},
		"firewall among the nodes": {firewalled(func(s *spec) { s.Firewall.PrivateIP = "10.40.0.9" }),
			[]string{"firewall.privateIp: 10.40.0.9: is in the subnet nodes, whose own traffic it would be sent; place the firewall in a peered VNet, or in an extra subnet of its own"}},
		"control plane's private address": {firewalled(func(s *spec) { s.Firewall.ControlPlaneIP = "10.10.1.4"; s.Firewall.EgressIPs = []string{"x"} }),
			[]string{
				"firewall.controlPlaneIp: 10.10.1.4: is a private address; give the public address",
				"firewall.egressIps[0]: x: is not an IPv4 address; give one such as 10.10.1.4",
			}},
		"a second default route": {route("other", azurevnet.ExtraRoute{Prefix: "0.0.0.0/0", NextHop: azurevnet.VirtualNetworkGateway}),
			[]string{"firewall.extraRoutes.other.prefix: 0.0.0.0/0: is the route to the firewall; a table has one; remove it"}},
		"a route around the firewall": {route("out", azurevnet.ExtraRoute{Prefix: "52.0.0.0/16", NextHop: azurevnet.Internet}),
			[]string{"firewall.extraRoutes.out.nextHop: Internet: leads around the firewall; remove the route, and allow the traffic in the firewall"}},
		"a route to no hop": {route("out", azurevnet.ExtraRoute{Prefix: "52.0.0.0/16", NextHop: "Firewall"}),
			[]string{"firewall.extraRoutes.out.nextHop: Firewall: " + choice + "; use VirtualAppliance, VirtualNetworkGateway, VnetLocal or None"}},
		"an appliance without an address": {route("out", azurevnet.ExtraRoute{Prefix: "10.9.0.0/16", NextHop: azurevnet.VirtualAppliance}),
			[]string{"firewall.extraRoutes.out.nextHopIp: is not an IPv4 address; give one such as 10.10.1.4"}},
		"an address without an appliance": {route("out", azurevnet.ExtraRoute{Prefix: "10.9.0.0/16", NextHop: azurevnet.VnetLocal, NextHopIP: "10.9.0.4"}),
			[]string{"firewall.extraRoutes.out.nextHopIp: 10.9.0.4: is set, but VnetLocal has no address; remove it"}},
		"two routes of one block": {firewalled(func(s *spec) {
			s.Firewall.ExtraRoutes = map[string]azurevnet.ExtraRoute{
				"a": {Prefix: "10.9.0.0/16", NextHop: azurevnet.Drop}, "b": {Prefix: "10.9.0.0/16", NextHop: azurevnet.VnetLocal},
			}
		}), []string{"firewall.extraRoutes.b.prefix: 10.9.0.0/16: is routed already by firewall.extraRoutes.a; remove one"}},
		"the default route's name": {route("default", azurevnet.ExtraRoute{Prefix: "10.9.0.0/16", NextHop: azurevnet.VnetLocal}),
			[]string{"firewall.extraRoutes.default: default: is the name of the route to the firewall; use another name"}},

		// Public addresses and who comes in by them.
		"too many addresses": {managed(func(s *spec) { s.PublicAddresses = &azurevnet.PublicAddresses{Count: 17} }),
			[]string{"publicAddresses.count: 17: is not a number of addresses that Azure takes; use 1 to 16"}},
		"zones": {managed(func(s *spec) { s.PublicAddresses = &azurevnet.PublicAddresses{Zones: []string{"1", "4", "1"}} }),
			[]string{
				`publicAddresses.zones[1]: 4: is not an availability zone; use "1", "2" or "3"`,
				"publicAddresses.zones[2]: 1: is named already at publicAddresses.zones[0]; remove one",
			}},
		"zones where there are none": {managed(func(s *spec) {
			s.Location, s.PublicAddresses = "westus", &azurevnet.PublicAddresses{Zones: []string{"1"}}
		}), []string{"publicAddresses.zones: 1: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus"}},
		"a NAT gateway in two zones": {managed(func(s *spec) {
			s.Egress, s.PublicAddresses = azurevnet.EgressNatGateway, &azurevnet.PublicAddresses{Zones: []string{"1", "2"}}
		}), []string{"publicAddresses.zones: 1, 2: is more than one; a NAT gateway is in one zone; name one, or none"}},
		"in by a NAT gateway": {managed(func(s *spec) {
			s.Egress, s.PublicAddresses = azurevnet.EgressNatGateway, &azurevnet.PublicAddresses{Inbound: azurevnet.InboundShared}
		}), []string{"publicAddresses.inbound: shared: cannot be: a NAT gateway admits no connections; use separate or none"}},
		"nobody is admitted": {managed(func(s *spec) { s.ControlPlaneCidrs = nil }),
			[]string{"controlPlaneCidrs: is missing; nobody would be admitted; list the blocks that the control plane connects from, or set publicAddresses.inbound: none"}},
		"the whole internet is admitted": {managed(func(s *spec) { s.ControlPlaneCidrs = []string{"0.0.0.0/0"} }),
			[]string{"controlPlaneCidrs[0]: 0.0.0.0/0: is a large part of the internet; list the control plane's own blocks"}},
		"a control plane twice": {managed(func(s *spec) { s.ControlPlaneCidrs = []string{"198.51.100.0/24", "198.51.100.0/24"} }),
			[]string{"controlPlaneCidrs[1]: 198.51.100.0/24: overlaps 198.51.100.0/24 (controlPlaneCidrs[0]); use a block outside 198.51.100.0/24"}},
		"a private control plane": {managed(func(s *spec) { s.ControlPlaneCidrs = []string{"10.9.0.0/16"} }),
			[]string{"controlPlaneCidrs[0]: 10.9.0.0/16: is a private block; nothing comes from it over the internet; give the public addresses that the control plane connects from"}},
		"a control plane that cannot come in": {managed(func(s *spec) { s.PublicAddresses = &azurevnet.PublicAddresses{Inbound: azurevnet.InboundNone} }),
			[]string{"controlPlaneCidrs: 198.51.100.0/24: is set, but nothing connects from the internet; remove it"}},

		// DNS.
		"active before the cluster": {firewalled(func(s *spec) {
			s.DNS, s.Cluster.SystemZone = azurevnet.DNS{Servers: []string{"10.10.2.4"}, Phase: azurevnet.DNSActive}, true
		}), []string{"dns.phase: active: would keep the new cluster's nodes from finding its API server: its name is in a zone that the servers do not know; " +
			"deploy with phase deferred, link the cluster's zone to the servers' VNet, say that the cluster is there, deploy, then restart the nodes"}},
		"a phase without servers": {managed(func(s *spec) { s.DNS.Phase = azurevnet.DNSDeferred }),
			[]string{"dns.phase: deferred: is set, but there are no DNS servers; remove it, or list servers"}},
		"phase and servers": {managed(func(s *spec) { s.DNS = azurevnet.DNS{Servers: []string{"dns", "10.1.1.1", "10.1.1.1"}, Phase: "later"} }),
			[]string{
				"dns.phase: later: " + choice + "; use auto, deferred or active",
				"dns.servers[0]: dns: is not an IPv4 address; give one such as 10.10.1.4",
				"dns.servers[2]: 10.1.1.1: is named already at dns.servers[1]; remove one",
			}},

		// Peerings.
		"a peer that overlaps": {hub(azurevnet.Peering{RemoteVnetID: hubID, AddressSpace: []string{"10.40.8.0/24", "10.10.0.0/16"}}),
			[]string{"peerings.hub.addressSpace[0]: 10.40.8.0/24: overlaps 10.40.0.0/20 (addressSpace[0]); use a block outside 10.40.0.0/20"}},
		"a peer without blocks": {hub(azurevnet.Peering{RemoteVnetID: hubID}),
			[]string{"peerings.hub.addressSpace: is missing; an overlap could not be seen; list the other VNet's blocks"}},
		"a peer that is no VNet": {hub(azurevnet.Peering{RemoteVnetID: ddosID, AddressSpace: []string{"10.10.0.0/16"}}),
			[]string{"peerings.hub.remoteVnetId: " + ddosID + ": is not the id of a Microsoft.Network/virtualNetworks" + idOfVnet}},
		"a gateway without consent": {hub(azurevnet.Peering{RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}, UseRemoteGateways: true}),
			[]string{"peerings.hub.useRemoteGateways: true: needs a gateway in the other VNet, and its consent; have its side of the peering allow gateway transit, and set remoteGatewayTransit: true"}},
		"two gateways": {firewalled(func(s *spec) {
			s.Peerings = map[string]azurevnet.Peering{
				"a": {RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}, UseRemoteGateways: true, RemoteGatewayTransit: true},
				"b": {RemoteVnetID: sharedID, AddressSpace: []string{"10.11.0.0/16"}, UseRemoteGateways: true, RemoteGatewayTransit: true},
			}
		}), []string{"peerings.b.useRemoteGateways: true: is set for peerings.a too; use the gateway of one peering"}},
		"a gateway of its own": {firewalled(func(s *spec) {
			s.Peerings["hub"] = azurevnet.Peering{RemoteVnetID: hubID, AddressSpace: []string{"10.10.0.0/16"}, UseRemoteGateways: true, RemoteGatewayTransit: true}
			s.ExtraSubnets = map[string]azurevnet.ExtraSubnet{"GatewaySubnet": {Cidr: "10.40.5.0/27"}}
		}), []string{"peerings.hub.useRemoteGateways: true: is set, but the VNet has a place for a gateway of its own; remove it, or the subnet GatewaySubnet"}},

		// What stands beside the VNet.
		"a plan that is none": {managed(func(s *spec) { s.DdosProtectionPlan = "plan" }),
			[]string{"ddosProtectionPlan: plan: is not the id of a Microsoft.Network/ddosProtectionPlans; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/ddosProtectionPlans/<name>"}},
		"flow logs": {managed(func(s *spec) {
			s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID, RetentionDays: 366, WorkspaceID: "logs"}
		}), []string{
			"flowLogs.workspaceId: logs: is not the id of a Microsoft.OperationalInsights/workspaces; give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.OperationalInsights/workspaces/<name>",
			"flowLogs.retentionDays: 366: is not a retention that flow logs offer; use 1 to 365",
		}},
		"existing VNet without an id": {managed(func(s *spec) { s.Existing = &azurevnet.ExistingVnet{} }),
			[]string{"existing.vnetId: is missing" + idOfVnet}},
		"properties of an existing VNet": {managed(func(s *spec) {
			s.Existing, s.DdosProtectionPlan, s.DNS.Servers = &azurevnet.ExistingVnet{VnetID: sharedID}, ddosID, []string{"10.1.1.1"}
		}), []string{
			"dns.servers: 10.1.1.1: is a property of the existing VNet; set it where the VNet is made, and remove it here",
			"ddosProtectionPlan: " + ddosID + ": is a property of the existing VNet; set it where the VNet is made, and remove it here",
		}},
		"a feature that AKS has not": {managed(func(s *spec) { s.Cluster.Features = append(s.Cluster.Features, "base") }),
			[]string{"cluster.features[0]: base: is what every cluster has; remove it"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := azurevnet.NewPlan(c.spec)
			var problems problem.List
			require.ErrorAs(t, err, &problems)
			assert.Equal(t, c.want, strings.Split(problems.Error(), "\n"))
		})
	}
}

// Values that other resources give are checked with the spec they belong to.
func TestBadArgs(t *testing.T) {
	value := pulumi.String("x")
	for name, c := range map[string]struct {
		name string
		args azurevnet.AzureSecureVnetArgs
		want string
	}{
		"name": {"-net", azurevnet.AzureSecureVnetArgs{Spec: managed(nil)},
			"name: -net: cannot begin an Azure resource's name; use letters, digits, hyphens, dots and underscores, the first a letter or digit"},
		"long name": {strings.Repeat("n", 51), azurevnet.AzureSecureVnetArgs{Spec: managed(nil)},
			"name: " + strings.Repeat("n", 51) + ": has 51 characters; AKS's overlay allows the VNet's name 63 in all; use at most 50"},
		"firewall's address without a firewall": {"net", azurevnet.AzureSecureVnetArgs{Spec: managed(nil), FirewallPrivateIP: value, ControlPlaneIP: value},
			"firewallPrivateIp: is set, but firewall is not; set firewall, or remove it\ncontrolPlaneIp: is set, but firewall is not; set firewall, or remove it"},
		"control plane's address twice": {"net", azurevnet.AzureSecureVnetArgs{Spec: firewalled(nil), ControlPlaneIP: value},
			"firewall.controlPlaneIp: 203.0.113.10: is given twice: here and as controlPlaneIp; give one of them"},
		"DDoS plan twice": {"net", azurevnet.AzureSecureVnetArgs{
			Spec: managed(func(s *spec) { s.DdosProtectionPlan = ddosID }), DdosProtectionPlanID: value,
		}, "ddosProtectionPlan: " + ddosID + ": is given twice: here and as ddosProtectionPlanId; give one of them"},
		"DDoS plan of an existing VNet": {"net", azurevnet.AzureSecureVnetArgs{
			Spec: managed(func(s *spec) { s.Existing = &azurevnet.ExistingVnet{VnetID: sharedID} }), DdosProtectionPlanID: value,
		}, "ddosProtectionPlanId: is a property of the existing VNet; set it where the VNet is made, and remove it here"},
		"no peer": {"net", azurevnet.AzureSecureVnetArgs{Spec: hub(azurevnet.Peering{AddressSpace: []string{"10.10.0.0/16"}})},
			"peerings.hub.remoteVnetId: is missing; give the other VNet's id"},
		"peer twice": {"net", azurevnet.AzureSecureVnetArgs{Spec: firewalled(nil), RemoteVnetIDs: map[string]pulumi.StringInput{"hub": value}},
			"peerings.hub.remoteVnetId: " + hubID + ": is given twice: here and in remoteVnetIds; give one of them"},
		"peer of no peering": {"net", azurevnet.AzureSecureVnetArgs{Spec: managed(nil), RemoteVnetIDs: map[string]pulumi.StringInput{"hub": value}},
			"remoteVnetIds.hub: is the id of no peering; add it to peerings, or remove it"},
		"no storage account": {"net", azurevnet.AzureSecureVnetArgs{Spec: managed(func(s *spec) { s.FlowLogs = &azurevnet.FlowLogs{} })},
			"flowLogs.storageAccountId: is missing; give the storage account's id"},
		"storage account without flow logs": {"net", azurevnet.AzureSecureVnetArgs{Spec: managed(nil), StorageAccountID: value},
			"storageAccountId: is set, but flowLogs is not; set flowLogs, or remove it"},
		"storage account twice": {"net", azurevnet.AzureSecureVnetArgs{
			Spec: managed(func(s *spec) { s.FlowLogs = &azurevnet.FlowLogs{StorageAccountID: storageID} }), StorageAccountID: value,
		}, "flowLogs.storageAccountId: " + storageID + ": is given twice: here and as storageAccountId; give one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				c.args.ResourceGroupName = pulumi.String("data")
				_, err := azurevnet.NewAzureSecureVnet(ctx, c.name, &c.args)
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				assert.Equal(t, c.want, problems.Error())
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, g.Resources, 1, "the stack alone")
		})
	}
}

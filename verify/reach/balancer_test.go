package reach

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/topology"
)

// balancer is a load balancer with an interface in each subnet and one listener,
// from 443 to 8443.
func (w *world) balancer(kind, name string, targets []*topology.Interface, subnets ...*topology.Subnet) *topology.Balancer {
	b := &topology.Balancer{Ref: ref(name), Name: name, Kind: kind, InternetFacing: known(false), FiltersPrivateLink: known(false)}
	for _, s := range subnets {
		i := w.host(name+" in "+s.Name, s)
		i.Kind = topology.BalancerInterface
		b.Interfaces = append(b.Interfaces, i)
	}
	b.Listeners = []topology.Listener{{
		Ref: ref(name + "-https"), Protocol: known("TCP"), Port: known(uint16(443)), TargetPort: known(uint16(8443)),
		Targets: targets, PreserveClientIP: known(true), CrossZone: known(false),
	}}
	w.m.Balancers = append(w.m.Balancers, b)
	return b
}

// whereBlocked are the places where an answer's packets end.
func whereBlocked(a Answer) []string {
	var all []string
	for _, b := range a.Blocks {
		all = append(all, b.URN)
	}
	return all
}

// facing is a data plane whose public network load balancer forwards to an
// instance in the node subnet.
type facing struct {
	*plane
	nlb  *topology.Balancer
	door *topology.Interface
	node *topology.Interface
}

func newFacing() *facing {
	f := &facing{plane: newPlane()}
	f.node = f.host("node", f.nodes)
	f.nlb = f.balancer("network", "nlb", []*topology.Interface{f.node}, f.public)
	f.door = f.nlb.Interfaces[0]
	f.door.Public = known(true)
	return f
}

func TestTheInternetReachesTheTargetsOfAPublicBalancer(t *testing.T) {
	f := newFacing()
	a := f.ask(Question{From: TheInternet(), To: At(f.node), Traffic: TCP(443)})
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"igw", "nlb in public-a", "nlb-https", "node"})
	// The packets are as they were sent: to an address of the balancer.
	public := prefix("10.20.192.0/21")
	assert.True(t, public.Contains(a.Must[0].Destination.First.Addr()) && public.Contains(a.Must[0].Destination.Last.Addr()))
	assert.EqualValues(t, 443, a.Must[0].DestinationPorts.First)

	// It is a host of its subnet.
	reachable(t, f.ask(Question{From: TheInternet(), To: AnyHost(f.nodes), Traffic: TCP(443)}))
	empty := f.ask(Question{From: TheInternet(), To: End{Subnet: f.nodes, Groups: []*topology.Filter{f.group("other")}}, Traffic: TCP(443)})
	assert.Empty(t, empty.May)

	// No listener has the target's own port.
	blocked(t, f.ask(Question{From: TheInternet(), To: At(f.node), Traffic: TCP(8443)}), "nlb-https", "does not take tcp")
	f.door.Public = known(false)
	a = f.ask(Question{From: TheInternet(), To: At(f.node), Traffic: TCP(443)})
	assert.Empty(t, a.May)
	assert.Contains(t, whereBlocked(a), "nlb in public-a")
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func TestTargetsAdmitTheBalancersGroup(t *testing.T) {
	f := newFacing()
	own := f.group("nlb-group", rule("office", true, tcp, 443, 443, from("198.51.100.0/24"), anyone))
	f.door.Groups, f.door.Filters = []*topology.Filter{own}, [][]*topology.Filter{{own}}
	f.node.Filters = [][]*topology.Filter{{f.group("node-group", rule("from-nlb", true, tcp, 8443, 8443, members(own), anyone))}}

	a := f.ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(f.node), Traffic: TCP(443)})
	reachable(t, a)
	assert.Contains(t, urns(a.Paths[0].Hops), "from-nlb")
	blocked(t, f.ask(Question{From: Addresses(prefix("203.0.113.0/24")), To: At(f.node), Traffic: TCP(443)}), "nlb-group", "no rule")

	// A group of the client's says nothing behind a balancer.
	client := f.group("client")
	own.In = append(own.In, rule("clients", true, tcp, 443, 443, members(client), anyone))
	f.node.Filters = [][]*topology.Filter{{f.group("node-group", rule("from-client", true, tcp, 8443, 8443, members(client), anyone))}}
	blocked(t, f.ask(Question{From: End{Subnet: f.pods, Groups: []*topology.Filter{client}}, To: At(f.node), Traffic: TCP(443)}), "node-group", "no rule")
	own.Out = nil
	blocked(t, f.ask(Question{From: End{Subnet: f.pods, Groups: []*topology.Filter{client}}, To: At(f.node), Traffic: TCP(443)}), "nlb-group", "→ 10.20.0.4:8443 out")
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func TestWhoseAddressTheTargetSees(t *testing.T) {
	for _, test := range []struct {
		name     string
		kind     string
		preserve topology.Val[bool]
		admitted string
		want     Verdict
	}{
		{"the client's", "network", known(true), "198.51.100.0/24", Reachable},
		{"the client's, and not the balancer's", "network", known(true), "10.20.192.0/21", Blocked},
		{"the balancer's", "network", known(false), "10.20.192.0/21", Reachable},
		{"the balancer's, and not the client's", "network", known(false), "198.51.100.0/24", Blocked},
		{"one address of the balancer's subnet, which is not known yet", "network", known(false), "10.20.192.0/22", Unknown},
		{"every address of an application load balancer's subnet", "application", known(false), "10.20.192.0/21", Reachable},
		{"half of them", "application", known(false), "10.20.192.0/22", Blocked},
		{"one that is not known yet", "network", hidden[bool]("group.preserveClientIp"), "10.20.192.0/21", Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFacing()
			f.nlb.Kind, f.nlb.Listeners[0].PreserveClientIP = test.kind, test.preserve
			f.node.Filters = [][]*topology.Filter{{f.group("node-group", rule("admit", true, tcp, 8443, 8443, from(test.admitted), anyone))}}
			a := f.ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(f.node), Traffic: TCP(443)})
			switch test.want {
			case Reachable:
				reachable(t, a)
			case Blocked:
				blocked(t, a, "node-group", "no rule of the security group node-group")
			case Unknown:
				undecidedBy(t, a)
			}
		})
	}
}

// Which addresses an application load balancer has is open while its subnet's are.
func TestABalancerInASubnetWhoseBlockIsNotKnown(t *testing.T) {
	f := newFacing()
	f.nlb.Kind, f.nlb.Listeners[0].PreserveClientIP = "application", known(false)
	f.node.Filters = [][]*topology.Filter{{f.group("node-group", rule("8443", true, tcp, 8443, 8443, anyone, anyone))}}
	f.vpc.Prefixes = f.vpc.Prefixes[:1]
	f.public.Prefixes = []topology.Val[netip.Prefix]{hidden[netip.Prefix]("public-a.cidrBlock")}
	undecidedBy(t, f.ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(f.node), Traffic: TCP(443)}), "public-a.cidrBlock")
}

// The reply to a preserved address finds back past the routes, but not past the
// network ACLs.
func TestNetworkACLsBehindABalancer(t *testing.T) {
	all := []topology.Rule{rule("all", true, 0, 0, 0, anyone, anyone)}
	f := newFacing()
	q := Question{From: Addresses(prefix("198.51.100.0/24")), To: At(f.node), Traffic: TCP(443)}
	f.nodes.Filter = known(f.acl("acl", []topology.Rule{rule("in", true, tcp, 8443, 8443, from("198.51.100.0/24"), anyone)},
		[]topology.Rule{rule("out", true, tcp, 1024, 65535, anyone, from("198.51.100.0/24"))}))
	reachable(t, f.ask(q))
	f.nodes.Filter = known(f.acl("acl", []topology.Rule{rule("in", true, tcp, 8443, 8443, from("10.20.0.0/16"), anyone)}, all))
	blocked(t, f.ask(q), "acl", "no rule of the network ACL acl lets tcp 198.51.100.4:49152")
	f.nodes.Filter = known(f.acl("acl", all, []topology.Rule{rule("out", true, tcp, 1024, 65535, anyone, from("10.20.0.0/16"))}))
	blocked(t, f.ask(q), "acl", "the reply is lost: no rule of the network ACL acl")
	f.nlb.Listeners[0].PreserveClientIP = known(false)
	reachable(t, f.ask(q))
	f.nodes.Filter = known[*topology.Filter](nil)
	// The balancer's own subnet has to let in what its targets answer.
	f.public.Filter = known(f.acl("public-acl", []topology.Rule{rule("https", true, tcp, 443, 443, anyone, anyone)}, all))
	blocked(t, f.ask(q), "public-acl", "the reply is lost")
}

func TestBalancersKeepToTheirZone(t *testing.T) {
	f := newFacing()
	q := Question{From: TheInternet(), To: At(f.node), Traffic: TCP(443)}
	f.nodes.Zone = known("b")
	blocked(t, f.ask(q), "nlb-https", "sends from a only to targets of the same zone")
	f.nlb.Listeners[0].CrossZone = hidden[bool]("nlb.cross")
	undecidedBy(t, f.ask(q), "nlb.cross")
	f.nlb.Listeners[0].CrossZone = known(true)
	undecidedBy(t, f.ask(q), "nlb") // it has no interface there
	second := f.host("nlb in public-b", f.subnet("public-b", "10.20.200.0/21", "b", f.public.Table.Or(nil)))
	second.Kind = topology.BalancerInterface
	f.nlb.Interfaces = append(f.nlb.Interfaces, second)
	reachable(t, f.ask(q))
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
func TestATargetIsNotItsOwnClient(t *testing.T) {
	f := newFacing()
	f.node.Filters = [][]*topology.Filter{{f.group("from-public", rule("8443", true, tcp, 8443, 8443, anyone, anyone))}}
	q := Question{From: At(f.node), To: At(f.node), Traffic: TCP(443)}
	a := f.ask(q)
	require.Empty(t, a.May)
	assert.Contains(t, a.Blocks[0].Reason, "sees its own address as the client's")
	f.nlb.Listeners[0].PreserveClientIP = known(false)
	reachable(t, f.ask(q))
}

func TestABalancerBehindABalancer(t *testing.T) {
	f := newFacing()
	pod := f.host("pod", f.pods)
	alb := f.balancer("application", "alb", []*topology.Interface{pod}, f.nodes)
	alb.Listeners[0].Port, alb.Listeners[0].TargetPort = known(uint16(8443)), known(uint16(80))
	alb.Listeners[0].PreserveClientIP, alb.Listeners[0].CrossZone = known(false), known(true)
	f.nlb.Listeners[0].Targets = alb.Interfaces
	a := f.ask(Question{From: TheInternet(), To: At(pod), Traffic: TCP(443)})
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"nlb-https", "alb-https", "pod"})
	// The second one has a connection of its own, whose reply follows the routes.
	hole := f.gateway(topology.Drop, "hole", f.vpc)
	f.pods.Table.Or(nil).Routes = append(f.pods.Table.Or(nil).Routes, route("to-hole", "10.20.0.0/18", hole))
	blocked(t, f.ask(Question{From: TheInternet(), To: At(pod), Traffic: TCP(443)}), "to-hole", "the reply is lost")
	// Of two that lead to each other nobody knows anything, but that they end.
	alb.Listeners[0].Targets = append(alb.Listeners[0].Targets, f.nlb.Interfaces...)
	alb.Listeners[0].TargetPort = known(uint16(443))
	undecidedBy(t, f.ask(Question{From: TheInternet(), To: At(pod), Traffic: TCP(443)}), "alb in nodes-a")
}

func TestTargetsThatAreNotKnownMayBeAnything(t *testing.T) {
	f := newFacing()
	f.nlb.Listeners[0].Targets = nil
	q := Question{From: TheInternet(), To: At(f.node), Traffic: TCP(443)}
	assert.Empty(t, f.ask(q).May)
	f.nlb.Listeners[0].Incomplete = []topology.Ref{ref("attachment.targetId")}
	undecidedBy(t, f.ask(q), "attachment.targetId")
	q.Traffic = TCP(80) // for which there is no listener
	assert.Empty(t, f.ask(q).May)
	f.nlb.Listeners[0].Port = hidden[uint16]("nlb.port")
	undecidedBy(t, f.ask(q), "attachment.targetId", "nlb.port")
}

// linked is a consumer's network with an endpoint to a service of the data plane,
// whose load balancer forwards to an instance.
type linked struct {
	*facing
	clients  *topology.Subnet
	endpoint *topology.Endpoint
	service  *topology.EndpointService
}

func newLinked() *linked {
	l := &linked{facing: newFacing()}
	l.door.Public = known(false)
	consumer := l.world.vpc("consumer", "10.20.0.0/16") // addresses may overlap
	l.clients = l.subnet("clients", "10.20.0.0/24", "a", l.table("consumer", consumer))
	l.service = &topology.EndpointService{Ref: ref("service"), Name: "service", Balancers: []topology.Val[*topology.Balancer]{known(l.nlb)}}
	l.m.Services = append(l.m.Services, l.service)
	iface := l.host("endpoint", l.clients)
	iface.Kind = topology.EndpointInterface
	l.endpoint = &topology.Endpoint{Ref: ref("endpoint"), Name: "endpoint", Kind: "interface", Network: consumer, Service: known("service"),
		Interfaces: []*topology.Interface{iface}, Of: l.service, Accepted: known(true)}
	l.m.Endpoints = append(l.m.Endpoints, l.endpoint)
	return l
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
func TestPrivateLinkLeadsToTheTargets(t *testing.T) {
	l := newLinked()
	q := Question{From: AnyHost(l.clients), To: At(l.node), Traffic: TCP(443)}
	a := l.ask(q)
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"endpoint", "service", "nlb-https", "node"})
	reachable(t, l.ask(Question{From: AnyHost(l.clients), To: At(l.door), Traffic: TCP(443)}))

	// The target sees the balancer's address, whatever the group says.
	l.node.Filters = [][]*topology.Filter{{l.group("node-group", rule("admit", true, tcp, 8443, 8443, from("10.20.192.0/21"), anyone))}}
	reachable(t, l.ask(q))
	l.node.Filters = [][]*topology.Filter{{l.group("node-group", rule("admit", true, tcp, 8443, 8443, from("10.20.0.0/24"), anyone))}}
	blocked(t, l.ask(q), "node-group", "no rule")
	l.node.Filters = nil

	// The balancer's group sees the client's address, if it is told to.
	own := l.group("nlb-group", rule("other", true, tcp, 443, 443, from("192.0.2.0/24"), anyone))
	l.door.Groups, l.door.Filters = []*topology.Filter{own}, [][]*topology.Filter{{own}}
	reachable(t, l.ask(q))
	l.nlb.FiltersPrivateLink = hidden[bool]("nlb.enforce")
	undecidedBy(t, l.ask(q), "nlb.enforce")
	l.nlb.FiltersPrivateLink = known(true)
	blocked(t, l.ask(q), "nlb-group", "no rule")
	l.nlb.FiltersPrivateLink = known(false)

	// Nobody knows where the endpoint stands, and what it leads to sits behind another.
	l.endpoint.Interfaces[0].Subnet = hidden[*topology.Subnet]("endpoint.subnetIds")
	undecidedBy(t, l.ask(q), "endpoint.subnetIds")
	l.endpoint.Interfaces[0].Subnet = known(l.clients)

	l.endpoint.Accepted = hidden[bool]("service.acceptance")
	undecidedBy(t, l.ask(q), "service.acceptance")
	l.endpoint.Accepted = known(false)
	a = l.ask(q)
	assert.Empty(t, a.May)
	assert.Contains(t, whereBlocked(a), "endpoint")
}

// Between accounts nobody knows which zones are the same.
func TestPrivateLinkZones(t *testing.T) {
	l := newLinked()
	nodesB := l.subnet("nodes-b", "10.20.64.0/18", "b", l.nodes.Table.Or(nil))
	publicB := l.subnet("public-b", "10.20.200.0/21", "b", l.public.Table.Or(nil))
	second := l.host("nlb in public-b", publicB)
	second.Kind = topology.BalancerInterface
	l.nlb.Interfaces = append(l.nlb.Interfaces, second)
	q := Question{From: AnyHost(l.clients), To: At(l.node), Traffic: TCP(443)}
	undecidedBy(t, l.ask(q), "endpoint")
	l.nlb.Listeners[0].CrossZone = known(true)
	reachable(t, l.ask(q))

	l.nlb.Listeners[0].CrossZone = known(false)
	l.vpc.Account, l.clients.Network.Account = "111111111111", "111111111111"
	reachable(t, l.ask(q))
	other := l.host("other", nodesB)
	l.nlb.Listeners[0].Targets = []*topology.Interface{other}
	assert.Empty(t, l.ask(Question{From: AnyHost(l.clients), To: At(other), Traffic: TCP(443)}).May)
}

// azureBalanced is a spoke whose load balancer forwards to a virtual machine.
func azureBalanced(t *testing.T, public bool) (*spokes, *topology.Interface, *topology.Balancer) {
	t.Helper()
	s := newSpokes()
	vm := s.host("vm", s.nodes)
	b := s.balancer("azure", "lb", []*topology.Interface{vm}, s.pods)
	b.Listeners[0].CrossZone, b.SKU = known(true), "Standard"
	b.Interfaces[0].Addresses = []topology.Val[netip.Addr]{known(netip.MustParseAddr("10.1.8.4"))}
	if public {
		b.Interfaces[0].Subnet, b.Interfaces[0].Addresses = known[*topology.Subnet](nil), nil
		b.Interfaces[0].Public = known(true)
		b.Interfaces[0].PublicAddresses = []topology.Val[netip.Addr]{hidden[netip.Addr]("pip.ipAddress")}
	}
	return s, vm, b
}

func nsg(name string, in ...topology.Rule) *topology.Filter {
	return &topology.Filter{Ref: ref(name), Kind: topology.NetworkSecurityGroup, Name: name, Stateful: true, In: in,
		Out: []topology.Rule{rule(name+".out", true, 0, 0, 0, anyone, anyone)}}
}

func TestAzureBalancerRewritesInPlace(t *testing.T) {
	s, vm, _ := azureBalanced(t, false)
	q := Question{From: AnyHost(s.nodes), To: At(vm), Traffic: TCP(443)}
	// The target's groups see the client, and its own port; nobody asks those of the
	// frontend's subnet.
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-nodes", true, tcp, 8443, 8443, from("10.1.0.0/24"), anyone)))
	s.pods.Filter = known(nsg("pods-nsg"))
	reachable(t, New(s.m).Ask(q))
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-frontend", true, tcp, 8443, 8443, from("10.1.8.0/21"), anyone)))
	blocked(t, New(s.m).Ask(q), "nodes-nsg", "no rule")
}

// https://learn.microsoft.com/azure/firewall/integrate-lb
func TestAzurePublicBalancerBesideAFirewallIsAsymmetric(t *testing.T) {
	s, vm, b := azureBalanced(t, true)
	q := Question{From: TheInternet(), To: At(vm), Traffic: TCP(443)}
	// Without a security group a Standard load balancer lets nothing in.
	assert.Contains(t, whereBlocked(New(s.m).Ask(q)), "vm")
	assert.Empty(t, New(s.m).Ask(q).May)
	s.nodes.Filter = known(nsg("nodes-nsg", rule("all", true, 0, 0, 0, anyone, anyone)))
	blocked(t, New(s.m).Ask(q), "to-firewall", "the reply is lost: it goes through the firewall firewall, which did not see the request")
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	a := New(s.m).Ask(q)
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"lb in pods", "lb-https", "vm"})
	reachable(t, New(s.m).Ask(Question{From: TheInternet(), To: At(b.Interfaces[0]), Traffic: TCP(443)}))
	// A host of the network does not come back in from the internet.
	assert.NotContains(t, urns(New(s.m).Ask(Question{From: AnyHost(s.pods), To: At(vm), Traffic: TCP(443)}).Paths[0].Hops), "lb-https")
}

// https://techcommunity.microsoft.com/blog/azurenetworksecurityblog/azure-firewall-nat-behaviors/3825834
func TestAzureFirewallTranslatesDestinations(t *testing.T) {
	s := newSpokes()
	vm := s.host("vm", s.nodes)
	b := s.balancer("azure", "dnat", []*topology.Interface{vm}, s.fwNet)
	own := nsg("dnat", rule("office", true, 0, 0, 0, from("198.51.100.0/24"), anyone))
	own.Kind = topology.FirewallPolicy
	b.Interfaces[0].Filters, b.Interfaces[0].Public = [][]*topology.Filter{{own}}, known(true)
	b.Listeners[0].PreserveClientIP, b.Listeners[0].CrossZone = known(false), known(true)
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-firewall", true, tcp, 8443, 8443, from("10.0.1.0/26"), anyone)))
	reachable(t, New(s.m).Ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(vm), Traffic: TCP(443)}))
	blocked(t, New(s.m).Ask(Question{From: Addresses(prefix("203.0.113.0/24")), To: At(vm), Traffic: TCP(443)}), "dnat", "no rule")
	// The machines' route to the firewall takes the reply to any of its instances.
	s.spokeTable.Routes = append(s.spokeTable.Routes, route("hub-by-firewall", "10.0.0.0/16", s.fw))
	undecidedBy(t, New(s.m).Ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(vm), Traffic: TCP(443)}), "dnat in AzureFirewallSubnet")
	s.nodes.Filter = known(nsg("nodes-nsg", rule("one-address", true, tcp, 8443, 8443, from("10.0.1.4/32"), anyone)))
	blocked(t, New(s.m).Ask(Question{From: Addresses(prefix("198.51.100.0/24")), To: At(vm), Traffic: TCP(443)}), "nodes-nsg", "no rule")
}

// https://learn.microsoft.com/azure/private-link/private-link-service-overview
func TestAzurePrivateLinkService(t *testing.T) {
	s, vm, b := azureBalanced(t, false)
	service := &topology.EndpointService{Ref: ref("pls"), Name: "pls", Balancers: []topology.Val[*topology.Balancer]{known(b)}, NATSubnets: []topology.Val[*topology.Subnet]{known(s.pods)}}
	consumer := s.vnet("consumer", "192.168.0.0/16")
	clients := s.subnet("clients", "192.168.1.0/24", "", s.table("clients", consumer))
	iface := s.host("pe", clients)
	iface.Kind = topology.EndpointInterface
	s.m.Services = append(s.m.Services, service)
	s.m.Endpoints = append(s.m.Endpoints, &topology.Endpoint{Ref: ref("pe"), Name: "pe", Kind: "private", Interfaces: []*topology.Interface{iface}, Of: service, Accepted: known(true), Service: known("pls")})
	q := Question{From: AnyHost(clients), To: At(vm), Traffic: TCP(443)}
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-pls", true, tcp, 8443, 8443, from("10.1.8.0/21"), anyone)))
	a := New(s.m).Ask(q)
	reachable(t, a)
	assert.Subset(t, urns(a.Paths[0].Hops), []string{"pe", "pls", "lb-https", "vm"})
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-client", true, tcp, 8443, 8443, from("192.168.1.0/24"), anyone)))
	a = New(s.m).Ask(q)
	assert.Empty(t, a.May)
}

// An endpoint whose service is not known may lead to each.
func TestAnEndpointOfAnUnknownService(t *testing.T) {
	s, vm, b := azureBalanced(t, false)
	service := func(name string, nat *topology.Subnet) *topology.EndpointService {
		return &topology.EndpointService{Ref: ref(name), Name: name, Balancers: []topology.Val[*topology.Balancer]{known(b)}, NATSubnets: []topology.Val[*topology.Subnet]{known(nat)}}
	}
	s.m.Services = []*topology.EndpointService{service("closed", s.nodes), service("open", s.pods)}
	consumer := s.vnet("consumer", "192.168.0.0/16")
	clients := s.subnet("clients", "192.168.1.0/24", "", s.table("clients", consumer))
	iface := s.host("pe", clients)
	iface.Kind = topology.EndpointInterface
	s.m.Endpoints = append(s.m.Endpoints, &topology.Endpoint{
		Ref: ref("pe"), Name: "pe", Kind: "private", Interfaces: []*topology.Interface{iface}, Accepted: known(true), Service: hidden[string]("pe.service"),
	})
	s.nodes.Filter = known(nsg("nodes-nsg", rule("from-open", true, tcp, 8443, 8443, from("10.1.8.0/21"), anyone)))
	undecidedBy(t, New(s.m).Ask(Question{From: AnyHost(clients), To: At(vm), Traffic: TCP(443)}), "pe.service")
}

// A load balancer of which nobody knows whether it is a Standard one.
func TestAzureBalancerOfAnUnknownKind(t *testing.T) {
	s, vm, b := azureBalanced(t, true)
	s.spokeTable.Routes = s.spokeTable.Routes[:len(s.spokeTable.Routes)-2]
	b.SKU = ""
	undecidedBy(t, New(s.m).Ask(Question{From: TheInternet(), To: At(vm), Traffic: TCP(443)}), "lb")
	b.SKU = "Basic"
	reachable(t, New(s.m).Ask(Question{From: TheInternet(), To: At(vm), Traffic: TCP(443)}))
}

package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// findEndpoints adds private link services and private endpoints with the zones
// of their zone groups.
func (a *azure) findEndpoints() {
	a.each(a.zone, "PrivateZone", "Zone")
	a.each(a.linkService, "PrivateLinkService")
	a.each(a.privateEndpoint, "PrivateEndpoint")
	a.each(a.zoneGroup, "PrivateDnsZoneGroup")
}

// linkService adds a private link service. Without auto-approval its owner
// accepts each endpoint.
func (a *azure) linkService(n *node) {
	s := &EndpointService{Ref: n.ref(""), Name: a.title(n)}
	frontends, complete := n.get("loadBalancerFrontendIpConfigurations").list()
	if !complete {
		frontends = []property{n.get("loadBalancerFrontendIpConfigurations")}
	}
	for _, f := range frontends {
		owner, _, _ := a.partOf(f.get("id"), "LoadBalancer")
		s.Balancers = append(s.Balancers, convert(owner, func(n *node) *Balancer {
			if b := a.balancers[n]; b != nil {
				return b
			}
			return &Balancer{Ref: f.ref(), Kind: "azure"}
		}))
	}
	configurations, complete := n.get("ipConfigurations").list()
	if !complete {
		configurations = []property{n.get("ipConfigurations")}
	}
	for _, c := range configurations {
		s.NATSubnets = append(s.NATSubnets, a.subnetAt(c.get("subnet").get("id")))
	}
	approved := n.get("autoApproval").get("subscriptions")
	s.AllowedPrincipals = all(n.get("visibility").get("subscriptions"), property.text)
	s.AcceptanceRequired = convert(all(approved, property.text), func(ids []string) bool { return !slices.Contains(ids, "*") })
	a.services[n] = s
	a.Services = append(a.Services, s)
}

// privateEndpoint adds a private endpoint with its one interface.
func (a *azure) privateEndpoint(n *node) {
	i := &Interface{
		Ref: n.ref(""), Kind: EndpointInterface, Name: a.title(n), Public: Known(false, n.ref("")), SourceDestCheck: Known(true, n.ref("")),
		Subnet: a.subnetAt(n.get("subnet").get("id")),
	}
	static, complete := n.get("ipConfigurations").list()
	for _, c := range static {
		if addr := a.address(c.get("privateIPAddress")); !slices.ContainsFunc(i.Addresses, func(v Val[netip.Addr]) bool {
			own, known := v.Get()
			return known && own == addr.Or(netip.Addr{})
		}) {
			i.Addresses = append(i.Addresses, addr)
		}
	}
	configs := n.get("customDnsConfigs")
	if answers, _ := configs.list(); len(i.Addresses) == 0 && !a.ix.recorded {
		for _, answer := range answers {
			addresses, _ := answer.get("ipAddresses").list()
			for _, addr := range addresses {
				i.Addresses = append(i.Addresses, addr.address())
			}
		}
	}
	if len(i.Addresses) == 0 || !complete {
		i.Addresses = append(i.Addresses, Unknown[netip.Addr](n.ref("customDnsConfigs")))
	}
	a.joinGroups(i, n.get("applicationSecurityGroups"))
	e := &Endpoint{
		Ref: n.ref(""), Name: i.Name, Kind: "private", Interfaces: []*Interface{i},
		Service: Unknown[string](n.ref("privateLinkServiceConnections")), Target: Unknown[string](n.ref("privateLinkServiceConnections")),
		PrivateDNS: Known(false, n.ref("")), Accepted: Unknown[bool](n.ref("privateLinkServiceConnections")),
	}
	for _, key := range []string{"privateLinkServiceConnections", "manualPrivateLinkServiceConnections"} {
		connections, complete := n.get(key).list()
		if !complete {
			e.Accepted = Unknown[bool](n.get(key).cause())
		}
		for _, c := range connections {
			e.Accepted = a.approved(n, c, key == "privateLinkServiceConnections")
			target := c.get("privateLinkServiceId")
			e.Target = target.text()
			if service, known := a.node(target, "PrivateLinkService").Get(); known && service != nil {
				e.Of = a.services[service]
				e.Target = Known(service.URN, target.ref())
			} else if from := target.dependencies(); target.state == unknown && len(from) == 1 && a.ix.byURN[from[0]] != nil {
				e.Target = Known(from[0], target.ref()) // the only resource it can be
			}
			if groups, complete := c.get("groupIds").list(); len(groups) > 0 {
				e.Service = groups[0].text()
			} else if complete {
				e.Service = e.Target
			}
		}
	}
	a.addEndpoint(n, e, i)
}

// approved says whether a connection of a private endpoint is let in. To a private
// link service it is when the subscription is on its list of auto-approval, and to
// a resource of Azure's own services when whoever makes the endpoint asks for it
// as its owner; otherwise the owner approves it later.
// https://learn.microsoft.com/azure/private-link/manage-private-endpoint
// https://learn.microsoft.com/azure/private-link/private-link-service-overview#control-service-access
func (a *azure) approved(n *node, connection property, automatic bool) Val[bool] {
	target := connection.get("privateLinkServiceId")
	if status := connection.get("privateLinkServiceConnectionState").get("status"); len(n.Outputs) > 0 && !a.ix.recorded {
		switch text, _ := status.text().Get(); text {
		case "Approved":
			return Known(true, status.ref())
		case "Rejected", "Disconnected":
			return Known(false, status.ref())
		}
	}
	to := a.node(target, "PrivateLinkService")
	service, known := to.Get()
	switch {
	case service != nil:
		list := service.get("autoApproval").get("subscriptions")
		elements, _ := list.list()
		own := a.subscription(n)
		for _, element := range elements {
			id, _ := element.text().Get()
			if id == "*" || own != "" && strings.EqualFold(id, own) {
				return Known(true, element.ref())
			}
		}
		return Unknown[bool](list.ref())
	case !automatic:
		return Unknown[bool](connection.ref())
	case !known && len(to.options) > 0:
		return Unknown[bool](target.cause())
	}
	// Only the resources of Azure's own services have parts to connect to.
	groups, complete := connection.get("groupIds").list()
	text, known := target.text().Get()
	switch {
	case strings.Contains(strings.ToLower(text), "privatelinkservice"):
		return Unknown[bool](target.ref())
	case known || complete && len(groups) > 0:
		return Known(true, connection.ref())
	}
	if from := target.dependencies(); len(from) == 1 && a.ix.byURN[from[0]] != nil && strings.HasPrefix(a.ix.byURN[from[0]].kind, azureNative) {
		return Known(true, connection.ref())
	}
	return Unknown[bool](target.cause())
}

// addEndpoint adds an endpoint and its interface to the model.
func (a *azure) addEndpoint(n *node, e *Endpoint, i *Interface) {
	if s, known := i.Subnet.Get(); known && s != nil {
		e.Network = s.Network
		a.privateEndpoints[s.Network] = append(a.privateEndpoints[s.Network], i)
	}
	a.endpoints[n] = e
	a.addInterface(i)
	a.Endpoints = append(a.Endpoints, e)
	a.element(n, i.Ref, &i.Incomplete)
}

// zoneGroup adds to an endpoint the zones that answer with its address, and to
// each zone the name of the resource behind the endpoint.
func (a *azure) zoneGroup(n *node) {
	e := a.endpoints[a.owner(n, "privateEndpointName", "PrivateEndpoint").Or(nil)]
	if e == nil {
		return
	}
	configs, complete := n.get("privateDnsZoneConfigs").list()
	if !complete {
		e.Zones = append(e.Zones, Unknown[*Zone](n.get("privateDnsZoneConfigs").cause()))
	}
	for _, c := range configs {
		zone := a.zoneAt(c.get("privateDnsZoneId"))
		e.Zones = append(e.Zones, zone)
		if z, known := zone.Get(); known && z != nil {
			if name := a.targetName(e); name != "" {
				a.alias(z, c.ref(), name, e.Interfaces)
			}
		}
	}
}

// alias adds a record that answers with the addresses of interfaces.
func (a *azure) alias(z *Zone, ref Ref, name string, interfaces []*Interface) {
	z.Records = append(z.Records, Record{
		Ref: ref, Name: strings.ToLower(name) + "." + z.Name, Type: "A", Interfaces: interfaces,
		Addresses: Known[[]netip.Addr](nil, ref), Alias: Known("", ref),
	})
}

// targetName is the name of the resource behind an endpoint.
func (a *azure) targetName(e *Endpoint) string {
	id, known := e.Target.Get()
	if !known {
		return ""
	}
	if n := a.ix.byURN[id]; n != nil {
		return a.name(n)
	}
	return lastPart(id)
}

// zoneAt reads the id of a zone. A known nil is one that is not in the graph.
func (a *azure) zoneAt(p property) Val[*Zone] {
	return convert(a.node(p, "PrivateZone"), func(n *node) *Zone { return a.zones[n] })
}

// findClusters adds what a managed cluster has in the subnets of its pools, and
// its API server. A cluster without subnets makes a network of its own.
// https://learn.microsoft.com/azure/aks/private-clusters
// https://learn.microsoft.com/azure/aks/api-server-vnet-integration
func (a *azure) findClusters() {
	const managed, separate = azureNative + "containerservice:ManagedCluster", azureNative + "containerservice:AgentPool"
	pools := map[*node][]func(string) property{}
	a.each(func(n *node) {
		if owner, known := a.owner(n, "resourceName", managed).Get(); known && owner != nil {
			pools[owner] = append(pools[owner], n.get)
		}
	}, separate)
	a.each(func(n *node) {
		profiles, _ := n.get("agentPoolProfiles").list()
		var own []func(string) property
		for _, profile := range profiles {
			own = append(own, profile.get)
		}
		a.cluster(n, append(own, pools[n]...))
	}, managed)
}

// cluster adds the nodes and pods of its pools, one interface for each subnet,
// and the API server.
func (a *azure) cluster(n *node, pools []func(string) property) {
	profile := n.get("networkProfile")
	outboundType := orDefault(profile.get("outboundType"), property.text, "loadBalancer")
	var balancer *Balancer
	if kind, known := outboundType.Get(); known && strings.EqualFold(kind, "loadBalancer") {
		balancer = &Balancer{
			Ref: n.ref("networkProfile.loadBalancerProfile"), Name: a.title(n), Kind: "azure",
			InternetFacing: Known(true, outboundType.Ref()), SKU: profile.get("loadBalancerSku").text().Or("Standard"),
		}
		public := &Interface{
			Ref: balancer.Ref, Kind: BalancerInterface, Name: balancer.Name, Subnet: Known[*Subnet](nil, balancer.Ref),
			Public: Known(true, balancer.Ref), SourceDestCheck: Known(true, balancer.Ref),
		}
		addresses, _ := profile.get("loadBalancerProfile").get("outboundIPs").get("publicIPs").list()
		for _, p := range addresses {
			public.PublicAddresses = append(public.PublicAddresses, a.publicAddresses(p.get("id"))...)
		}
		if len(public.PublicAddresses) == 0 {
			public.PublicAddresses = []Val[netip.Addr]{Unknown[netip.Addr](balancer.Ref)}
		}
		balancer.Interfaces = []*Interface{public}
		a.addInterface(public)
		a.Balancers = append(a.Balancers, balancer)
	}
	var first Val[*Subnet]
	seen := map[*Subnet]bool{}
	var subnets, public []property
	for _, get := range pools {
		subnets = append(subnets, get("vnetSubnetID"), get("podSubnetID"))
		public = append(public, get("enableNodePublicIP"), property{node: n})
	}
	// Which pool has which subnet does not matter for who is in them.
	own := keep(subnets, func(p property) bool { return p.node == n && p.state != absent })
	settled := map[string]Val[target]{}
	for k, v := range n.get("agentPoolProfiles").settle(own, azureKinds("Subnet")) {
		settled[own[k].path] = v
	}
	for k, p := range subnets {
		if p.state == absent {
			continue
		}
		subnet := a.subnetAt(p)
		if first.Ref() == (Ref{}) {
			first = subnet
		}
		if t, _ := settled[p.path].Get(); p.node == n && !subnet.IsKnown() && a.subnets[t.node] != nil {
			subnet = Known(a.subnets[t.node], p.ref())
		}
		s, known := subnet.Get()
		if known && seen[s] {
			continue
		}
		seen[s] = known
		i := a.host(p.ref(), a.title(n), subnet, property{node: p.node, path: p.path})
		i.Public = orDefault(public[k], property.boolean, false)
		if balancer != nil {
			i.Outbound = []*Balancer{balancer}
		} else if !outboundType.IsKnown() {
			i.Incomplete = append(i.Incomplete, outboundType.Ref())
		}
		a.element(n, i.Ref, &i.Incomplete)
	}
	a.apiServer(n, first)
}

// apiServer adds the API server where its kind puts it: behind a private
// endpoint in the first pool's subnet, behind an internal load balancer in a
// subnet of its own, and unless the cluster is private on a public address.
func (a *azure) apiServer(n *node, first Val[*Subnet]) {
	access := n.get("apiServerAccessProfile")
	private := orDefault(access.get("enablePrivateCluster"), property.boolean, false)
	integrated := orDefault(access.get("enableVnetIntegration"), property.boolean, false)
	ref := access.ref()
	i := &Interface{
		Ref: ref, Kind: EndpointInterface, Name: a.title(n), Subnet: first, Public: Known(false, ref),
		Addresses: []Val[netip.Addr]{Unknown[netip.Addr](n.ref("privateFQDN"))}, SourceDestCheck: Known(true, ref),
	}
	if first.Ref() == (Ref{}) {
		i.Subnet = Unknown[*Subnet](n.ref("agentPoolProfiles"))
	}
	inside := true
	switch isPrivate, known := private.Get(); {
	case integrated.Or(false):
		i.Kind, i.Subnet = BalancerInterface, a.subnetAt(access.get("subnetId"))
		a.addInterface(i)
	case isPrivate:
		e := &Endpoint{
			Ref: ref, Name: a.title(n), Kind: "private", Interfaces: []*Interface{i},
			Service: Known("management", ref), Target: Known(n.URN, ref), PrivateDNS: Known(false, ref), Accepted: Known(true, ref),
		}
		a.addEndpoint(n, e, i)
	case !known || !integrated.IsKnown():
		i.Incomplete = append(i.Incomplete, private.Ref())
		a.addInterface(i)
	default:
		inside = false
	}
	if inside {
		a.apiServerName(n, access, i)
	}
	if isPrivate, known := private.Get(); known && isPrivate {
		return
	}
	public := &Interface{
		Ref: ref, Kind: Host, Name: a.title(n), Subnet: Known[*Subnet](nil, ref), SourceDestCheck: Known(true, ref),
		Public:          convert(private, func(private bool) bool { return !private }),
		PublicAddresses: []Val[netip.Addr]{Unknown[netip.Addr](n.ref("fqdn"))},
	}
	if ranges := access.get("authorizedIPRanges"); !none(ranges) {
		f := &Filter{Ref: ranges.ref(), Kind: NetworkSecurityGroup, Name: "authorized IP ranges", Stateful: true}
		rule := Rule{
			Ref: ranges.ref(), Allow: Known(true, ranges.ref()), Protocols: Known[[]uint8](nil, ref),
			Source: a.addresses(ranges), Destination: Known(Match{Anyone: true}, ref),
			SourcePorts: Known[[]Ports](nil, ref), DestinationPorts: Known[[]Ports](nil, ref), Names: Known[[]string](nil, ref),
		}
		out := rule
		out.Source = Known(Match{Anyone: true}, ref)
		f.In, f.Out = []Rule{rule}, []Rule{out}
		public.Filters = [][]*Filter{{f}}
		a.Filters = append(a.Filters, f)
	}
	a.addInterface(public)
	a.element(n, public.Ref, &public.Incomplete)
}

// apiServerName adds the private name of an API server to the zone that the
// cluster is given.
func (a *azure) apiServerName(n *node, access property, i *Interface) {
	p := access.get("privateDNSZone")
	if id, known := p.text().Get(); known && (strings.EqualFold(id, "system") || strings.EqualFold(id, "none")) {
		return
	}
	zone := a.zoneAt(p)
	if e := a.endpoints[n]; e != nil && p.state != absent {
		e.Zones = append(e.Zones, zone)
	}
	z, known := zone.Get()
	if !known || z == nil {
		return
	}
	label, known := n.get("fqdnSubdomain").text().Get()
	if !known {
		// The recorder makes the name up, and gives it to whoever asks for it.
		full, isKnown := opened(n.Outputs["privateFQDN"])
		if !isKnown || !full.IsString() {
			return
		}
		label = strings.TrimSuffix(strings.ToLower(full.StringValue()), "."+z.Name)
	}
	a.alias(z, p.ref(), label, []*Interface{i})
}

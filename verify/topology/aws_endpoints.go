package topology

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
)

const (
	endpointKind = "aws:ec2/vpcEndpoint:VpcEndpoint"
	serviceKind  = "aws:ec2/vpcEndpointService:VpcEndpointService"
)

// readEndpoints reads endpoint services and VPC endpoints.
func (a *aws) readEndpoints() {
	a.each(func(n *node) {
		service := &EndpointService{
			Ref: n.ref(""), Name: n.get("serviceName").text().Or(n.Name),
			AcceptanceRequired: n.get("acceptanceRequired").boolean(),
			AllowedPrincipals:  all(n.get("allowedPrincipals"), property.text),
		}
		for _, key := range []string{"networkLoadBalancerArns", "gatewayLoadBalancerArns"} {
			balancers, complete := n.get(key).targets(balancerKind)
			for _, balancer := range balancers {
				service.Balancers = append(service.Balancers, a.balancer(balancer))
			}
			if !complete {
				service.Balancers = append(service.Balancers, Unknown[*Balancer](n.ref(key)))
			}
		}
		a.m.Services = append(a.m.Services, service)
		a.services.put(target{node: n}, service)
	}, serviceKind)
	a.each(func(n *node) {
		service, ok := a.services.resolve(n.get("vpcEndpointServiceId").target(serviceKind)).Get()
		if !ok || service == nil {
			return
		}
		principal, known := n.get("principalArn").text().Get()
		allowed, complete := service.AllowedPrincipals.Get()
		switch {
		case !known:
			service.AllowedPrincipals = Unknown[[]string](n.ref("principalArn"))
		case complete && !slices.Contains(allowed, principal):
			service.AllowedPrincipals = Known(append(slices.Clip(allowed), principal), service.AllowedPrincipals.Ref())
		}
	}, "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple")

	a.each(a.readEndpoint, endpointKind)
}

// balancer resolves a load balancer; one that the graph does not hold is unknown.
func (a *aws) balancer(v Val[target]) Val[*Balancer] {
	result := mapVal(v, func(t target) *Balancer { return a.balancers[t.node] })
	if slices.Contains(result.options, nil) {
		return Unknown[*Balancer](v.Ref())
	}
	return result
}

func (a *aws) readEndpoint(n *node) {
	kind := orDefault(n.get("vpcEndpointType"), property.text, "Gateway")
	endpoint := &Endpoint{
		Ref: n.ref(""), Name: n.Name, Network: a.network(n.get("vpcId")), PrivateDNS: Known(false, n.ref("")),
		Service: mapVal(n.get("serviceName").text(), func(name string) string { s, _ := a.serviceName(name); return s }),
		Target:  Known("", n.ref("")),
		Kind: map[string]string{
			"Gateway": "gateway", "Interface": "interface", "GatewayLoadBalancer": "gateway-load-balancer",
		}[kind.Or("")],
	}
	if of, ok := n.get("serviceName").target(serviceKind).Get(); ok && of.node != nil {
		endpoint.Of = a.services.of(of.node)
	}
	endpoint.Accepted = a.accepted(endpoint, n)
	a.m.Endpoints = append(a.m.Endpoints, endpoint)
	a.endpoints.put(target{node: n}, endpoint)
	switch endpoint.Kind {
	case "gateway":
		gateway := &Gateway{
			Ref: n.ref(""), Kind: ServiceGateway, Name: n.Name, Network: endpoint.Network,
			Attached: Known(true, n.ref("")), Service: endpoint.Service.Or(""),
		}
		if !endpoint.Service.IsKnown() {
			gateway.Incomplete = append(gateway.Incomplete, endpoint.Service.Ref())
		}
		a.markExisting(n, &gateway.Incomplete)
		a.addGateway(n, gateway)
		return
	case "interface":
		endpoint.PrivateDNS = orDefault(n.get("privateDnsEnabled"), property.boolean, false)
		for _, other := range a.ix.byKind["aws:vpc/endpointPrivateDns:EndpointPrivateDns"] {
			if of, ok := other.get("vpcEndpointId").target(endpointKind).Get(); ok && of.node == n {
				endpoint.PrivateDNS = other.get("privateDnsEnabled").boolean()
			}
		}
	case "gateway-load-balancer":
		// Routes lead through it, and the firewalls behind it may do anything.
		gateway := &Gateway{
			Ref: n.ref(""), Kind: Appliance, Name: n.Name, Network: endpoint.Network, Attached: Known(true, n.ref("")),
			Interface: Known[*Interface](nil, n.ref("")), Incomplete: []Ref{n.ref("")},
		}
		a.addGateway(n, gateway)
	default:
		a.strange = append(a.strange, n.get("vpcEndpointType"))
	}
	a.readEndpointInterfaces(endpoint, n)
	if endpoint.Kind == "interface" {
		a.readPrivateDNS(endpoint, n)
	}
}

// accepted says whether an endpoint is let in: by a service that asks for it when
// the program accepts it, or when the one account has both and the endpoint says
// autoAccept. AWS's own services ask for nothing.
// https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
func (a *aws) accepted(endpoint *Endpoint, n *node) Val[bool] {
	if state, known := n.get("state").text().Get(); known && state == "available" && !a.ix.recorded {
		return Known(true, n.ref("state"))
	}
	var perhaps Val[bool]
	for _, accepter := range a.ix.byKind["aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter"] {
		v := accepter.get("vpcEndpointId").target(endpointKind)
		t, known := v.Get()
		if known && t.node == n {
			return Known(true, accepter.ref(""))
		}
		if !known && perhaps.Ref() == (Ref{}) {
			perhaps = Unknown[bool](v.Ref())
		}
	}
	name := n.get("serviceName")
	asks := Known(true, name.ref())
	sameAccount := false
	if of := endpoint.Of; of != nil {
		asks = of.AcceptanceRequired
		service := a.ix.byURN[of.Ref.URN]
		sameAccount = service.Provider == n.Provider
	} else if text, known := name.text().Get(); !known {
		asks = Unknown[bool](name.cause())
	} else if !strings.Contains(text, "vpce-svc-") {
		asks = Known(false, name.ref())
	}
	auto := orDefault(n.get("autoAccept"), property.boolean, false)
	switch needed, known := asks.Get(); {
	case known && !needed:
		return Known(true, asks.Ref())
	case sameAccount && auto.Or(false):
		return Known(true, auto.Ref())
	case perhaps.Ref() != (Ref{}):
		return perhaps
	}
	return Unknown[bool](asks.Ref())
}

// readEndpointInterfaces reads the subnets and groups of an endpoint, inline and
// by associations. One without groups is in the VPC's default one.
func (a *aws) readEndpointInterfaces(endpoint *Endpoint, n *node) {
	subnets, complete := n.get("subnetIds").targets(subnetKinds...)
	for _, other := range a.ix.byKind["aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"] {
		if of, ok := other.get("vpcEndpointId").target(endpointKind).Get(); ok && of.node == n {
			subnet := other.get("subnetId").target(subnetKinds...)
			if !slices.ContainsFunc(subnets, func(v Val[target]) bool { return sameTarget(v, subnet) }) {
				subnets = append(subnets, subnet)
			}
		}
	}
	groups, replaced := []Val[*Filter](nil), false
	for _, other := range a.ix.byKind["aws:ec2/securityGroupAssociation:SecurityGroupAssociation"] {
		if of, ok := other.get("vpcEndpointId").target(endpointKind).Get(); ok && of.node == n {
			groups = append(groups, a.group(other.get("securityGroupId")))
			replaced = replaced || orDefault(other.get("replaceDefaultAssociation"), property.boolean, false).Or(false)
		}
	}
	addresses := map[*Subnet]property{}
	configurations, _ := n.get("subnetConfigurations").list()
	for _, configuration := range configurations {
		if subnet, ok := a.subnet(configuration.get("subnetId")).Get(); ok {
			addresses[subnet] = firstPresent(configuration.get("ipv4"), configuration.get("ipv6"))
		}
	}
	add := func(subnet Val[*Subnet]) {
		i := newInterface(n, EndpointInterface, subnet)
		if network := networkOf(subnet); network == nil || network != endpoint.Network {
			i.Incomplete = append(i.Incomplete, n.ref("subnetIds"))
		}
		if known, ok := subnet.Get(); ok && addresses[known].state != absent {
			i.Addresses = []Val[netip.Addr]{addresses[known].address()}
		}
		if endpoint.Kind != "gateway-load-balancer" {
			if !replaced || !isEmptyList(n.get("securityGroupIds")) {
				a.putInGroups(i, n.get("securityGroupIds"))
			}
			a.setGroups(i, groups)
		}
		a.markExisting(n, &i.Incomplete)
		a.addInterface(n, i)
		endpoint.Interfaces = append(endpoint.Interfaces, i)
	}
	for _, subnet := range subnets {
		add(a.subnets.resolve(subnet))
	}
	if !complete && len(endpoint.Interfaces) == 0 {
		add(Unknown[*Subnet](n.ref("subnetIds")))
	}
}

func sameTarget(v, w Val[target]) bool {
	x, xKnown := v.Get()
	y, yKnown := w.Get()
	return xKnown && yKnown && x.key() == y.key()
}

// readPrivateDNS makes the private zones that AWS keeps for an endpoint: one for
// each name that callers use the service by. Those of S3 answer, unless the
// endpoint says otherwise, only what comes from a resolver's inbound endpoint.
// https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
func (a *aws) readPrivateDNS(endpoint *Endpoint, n *node) {
	on := endpoint.PrivateDNS
	if service, ok := endpoint.Service.Get(); ok && service == "s3" {
		inboundOnly := orDefault(n.get("dnsOptions").block().get("privateDnsOnlyForInboundResolverEndpoint"), property.boolean, true)
		switch only, known := inboundOnly.Get(); {
		case !known:
			on = Unknown[bool](inboundOnly.Ref())
		case only:
			return
		}
	}
	link := Known(endpoint.Network, n.ref("privateDnsEnabled"))
	switch yes, known := on.Get(); {
	case !known:
		link = Unknown[*Network](on.Ref())
	case !yes:
		link = Val[*Network]{} // only a Route 53 profile makes it visible
	}
	names, certain := a.publicNames(n)
	if !certain {
		link = Unknown[*Network](n.ref("serviceName"))
	}
	zones := map[string]*Zone{}
	for _, name := range names {
		apex := strings.TrimPrefix(name, "*.")
		zone := zones[apex]
		if zone == nil {
			zone = &Zone{Ref: n.ref("privateDnsEnabled"), Name: apex, Private: true}
			zones[apex] = zone
			a.endpointZones[endpoint] = append(a.endpointZones[endpoint], zone)
			if yes, known := on.Get(); !known || yes {
				zone.Networks = []ZoneLink{{Ref: n.ref("privateDnsEnabled"), Network: link}}
				a.m.Zones = append(a.m.Zones, zone)
			}
		}
		zone.Records = append(zone.Records, Record{
			Ref: n.ref("privateDnsEnabled"), Name: name, Type: "A",
			Addresses: Unknown[[]netip.Addr](n.ref("networkInterfaceIds")), Interfaces: endpoint.Interfaces,
		})
	}
}

// publicNames returns the names that callers use the service of an endpoint by:
// of AWS's own from the catalog, and of an endpoint service of the graph the
// name that it was given. Of a service that the catalog lacks they are AWS's
// usual ones, and not certain.
func (a *aws) publicNames(n *node) (names []string, certain bool) {
	if of, ok := n.get("serviceName").target(serviceKind).Get(); ok && of.node != nil {
		private := of.node.get("privateDnsName")
		if name, ok := private.text().Get(); ok {
			return []string{strings.TrimSuffix(strings.ToLower(name), ".")}, true
		}
		return nil, private.state == absent
	}
	full, ok := n.get("serviceName").text().Get()
	if !ok {
		return nil, false
	}
	service, region := a.serviceName(full)
	if region == "" {
		return nil, false
	}
	for _, s := range a.facts.EndpointServices() {
		if s.Type == catalog.Interface && s.ServiceName(region) == full {
			return s.PublicNames(region), true
		}
	}
	labels := strings.Split(service, ".")
	slices.Reverse(labels)
	return []string{strings.Join(labels, ".") + "." + region + ".amazonaws.com"}, false
}

// readGatewayEndpointRoutes adds the routes to gateway endpoints. They lead to
// the service's prefix list.
func (a *aws) readGatewayEndpointRoutes() {
	added := map[*RouteTable]map[*Gateway]bool{}
	add := func(tables Val[*RouteTable], ref Ref, endpoint Val[*Gateway], service property) {
		a.eachOfTables(tables, ref, func(table *RouteTable) {
			gateway, known := endpoint.Get()
			if known && added[table][gateway] {
				return // a provider reads associations back inline
			}
			if added[table] == nil {
				added[table] = map[*Gateway]bool{}
			}
			added[table][gateway] = true
			table.Routes = append(table.Routes, Route{Ref: ref, To: a.serviceBlock(service), Via: endpoint, Origin: OriginStatic})
		})
	}
	// The associations first: they are the lines that somebody wrote.
	a.each(func(n *node) {
		v := n.get("vpcEndpointId").target(endpointKind)
		service := property{node: n, path: "vpcEndpointId", state: unknown}
		if t, ok := v.Get(); ok && t.node != nil {
			service = t.node.get("serviceName")
		}
		add(a.tables.resolve(n.get("routeTableId").target(tableKinds...)), n.ref(""), a.gateways.resolve(v), service)
	}, "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation")
	a.each(func(n *node) {
		gateway := a.gateways.of(n)
		if gateway == nil || gateway.Kind != ServiceGateway {
			return
		}
		tables, complete := n.get("routeTableIds").targets(tableKinds...)
		for i, table := range tables {
			add(a.tables.resolve(table), n.ref(at("routeTableIds", i)), Known(gateway, n.ref("")), n.get("serviceName"))
		}
		if !complete && len(tables) == 0 {
			for _, table := range a.m.Tables {
				if table.Network == gateway.Network {
					table.Incomplete = append(table.Incomplete, n.ref("routeTableIds"))
				}
			}
		}
	}, endpointKind)
}

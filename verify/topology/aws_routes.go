package topology

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

var tableKinds = append(vpcParts("mainRouteTableId", "defaultRouteTableId"),
	"aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable")

func newText(text string) resource.PropertyValue { return resource.NewProperty(text) }

// readTables makes the route tables, each with the local routes.
func (a *aws) readTables() {
	add := func(n *node, part string, network *Network) *RouteTable {
		table := &RouteTable{Ref: n.ref(part), Network: network}
		a.m.Tables = append(a.m.Tables, table)
		a.tables.put(target{node: n, part: part}, table)
		a.touches(n, &table.Incomplete)
		for _, prefix := range network.Prefixes {
			table.Routes = append(table.Routes, Route{Ref: prefix.Ref(), To: toPrefixes(prefix), Via: Known(a.locals[network], network.Ref)})
		}
		return table
	}
	managed := map[*node]*node{} // by VPC
	a.each(func(n *node) {
		if t, ok := n.get("defaultRouteTableId").target(vpcParts("defaultRouteTableId")...).Get(); ok && t.node != nil {
			managed[t.node] = n
		}
	}, "aws:ec2/defaultRouteTable:DefaultRouteTable")
	a.each(func(n *node) {
		var table *RouteTable
		if manager := managed[n]; manager != nil {
			table = add(manager, "", a.networks.of(n))
			a.touches(n, &table.Incomplete)
		} else {
			table = add(n, "defaultRouteTableId", a.networks.of(n))
			if n.External || n.kind == "aws:ec2/defaultVpc:DefaultVpc" {
				table.Incomplete = append(table.Incomplete, table.Ref)
			}
		}
		a.tables.put(target{node: n, part: "defaultRouteTableId"}, table)
		a.tables.put(target{node: n, part: "mainRouteTableId"}, table)
	}, vpcKinds...)
	a.each(func(n *node) {
		if a.tables.of(n) == nil {
			add(n, "", a.network(n.get("vpcId")))
		}
		a.markExisting(n, &a.tables.of(n).Incomplete)
	}, "aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable")
}

func (a *aws) stubTable(_ string, ref Ref) *RouteTable {
	table := &RouteTable{Ref: ref, Network: a.networks.unnamed(ref), Incomplete: []Ref{ref}}
	a.m.Tables = append(a.m.Tables, table)
	return table
}

// eachTable calls f for the route table that a property names. When that may
// be one of several, none of them is complete.
func (a *aws) eachTable(p property, f func(*RouteTable)) {
	a.eachOfTables(a.tables.resolve(p.target(tableKinds...)), p.ref(), f)
}

func (a *aws) eachOfTables(v Val[*RouteTable], ref Ref, f func(*RouteTable)) {
	if table, ok := v.Get(); ok {
		f(table)
		return
	}
	options, complete := v.Options()
	if !complete {
		options = a.m.Tables
	}
	for _, table := range options {
		table.Incomplete = append(table.Incomplete, ref)
	}
}

// readAssociations gives each subnet its route table: the associated one, or
// the main one of its VPC. It gives gateways theirs as well.
func (a *aws) readAssociations() {
	mains := map[*Network]Val[*RouteTable]{}
	a.each(func(n *node) {
		mains[a.networks.of(n)] = Known(a.tables.at(target{node: n, part: "mainRouteTableId"}, n.ref("")), n.ref("mainRouteTableId"))
	}, vpcKinds...)
	a.each(func(n *node) {
		table := a.tables.resolve(n.get("routeTableId").target(tableKinds...))
		table.ref = n.ref("routeTableId")
		mains[a.network(n.get("vpcId"))] = table
	}, "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation")
	for _, subnet := range a.m.Subnets {
		if len(subnet.Incomplete) == 0 {
			subnet.Table = mains[subnet.Network] // unknown when the VPC is not in the graph
		}
		if !subnet.Table.IsKnown() && subnet.Table.ref == (Ref{}) {
			subnet.Table.ref = subnet.Ref.At("vpcId")
		}
	}
	a.each(func(n *node) {
		table := a.tables.resolve(n.get("routeTableId").target(tableKinds...))
		table.ref = n.ref("routeTableId")
		if gateway := n.get("gatewayId"); gateway.state != absent {
			options, _ := a.gateways.resolve(gateway.target(internetKind, vpnKind)).Options()
			for _, g := range options {
				g.Table = table
			}
			return
		}
		options, complete := a.subnet(n.get("subnetId")).Options()
		if !complete {
			options = a.m.Subnets
		}
		for _, subnet := range options {
			if len(options) > 1 || !complete {
				subnet.Table = Unknown[*RouteTable](n.ref("subnetId"))
				continue
			}
			subnet.Table = table
		}
	}, "aws:ec2/routeTableAssociation:RouteTableAssociation")
}

// readRoutes reads routes, standalone and inline. A provider reads standalone
// routes back as inline ones too: those are left out.
func (a *aws) readRoutes() {
	standalone := map[*RouteTable]map[string]bool{}
	a.each(func(n *node) {
		a.eachTable(n.get("routeTableId"), func(table *RouteTable) {
			to := destination(n.get)
			if standalone[table] == nil {
				standalone[table] = map[string]bool{}
			}
			if text, ok := to.text().Get(); ok {
				standalone[table][text] = true
			}
			a.readRoute(table, n.ref(""), to, n.get)
		})
	}, "aws:ec2/route:Route")
	a.each(func(n *node) {
		table := a.tables.of(n)
		routes, complete := n.get("routes").list()
		if !complete {
			table.Incomplete = append(table.Incomplete, n.ref("routes"))
		}
		for _, route := range routes {
			to := destination(route.get)
			if text, ok := to.text().Get(); ok && standalone[table][text] {
				continue
			}
			a.readRoute(table, route.ref(), to, route.get)
		}
		propagating, complete := n.get("propagatingVgws").targets(vpnKind)
		if !complete {
			table.Incomplete = append(table.Incomplete, n.ref("propagatingVgws"))
		}
		for _, gateway := range propagating {
			a.propagate(table, a.gateways.resolve(gateway), gateway.Ref())
		}
	}, "aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable")
	a.each(func(n *node) {
		a.eachTable(n.get("routeTableId"), func(table *RouteTable) {
			a.propagate(table, a.gateways.resolve(n.get("vpnGatewayId").target(vpnKind)), n.ref(""))
		})
	}, "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation")
	a.readGatewayEndpointRoutes()
}

// destination is the property that says where a route leads, under its names
// as a resource and inline.
func destination(get func(string) property) property {
	return firstPresent(get("destinationCidrBlock"), get("cidrBlock"), get("destinationIpv6CidrBlock"), get("ipv6CidrBlock"),
		get("destinationPrefixListId"))
}

func (a *aws) readRoute(table *RouteTable, ref Ref, to property, get func(string) property) {
	route := Route{Ref: ref, Origin: OriginStatic}
	if strings.HasSuffix(to.path, "PrefixListId") {
		route.To = a.prefixList(to)
	} else {
		route.To = toPrefixes(to.prefix())
	}
	if get("gatewayId").text().Or("") == "local" {
		return // one of those that every table has
	}
	route.Via = a.via(table, ref, get)
	table.Routes = append(table.Routes, route)
}

func toPrefixes(v Val[netip.Prefix]) Val[[]netip.Prefix] {
	return convert(v, func(p netip.Prefix) []netip.Prefix { return []netip.Prefix{p} })
}

// via returns what a route leads to.
func (a *aws) via(table *RouteTable, ref Ref, get func(string) property) Val[*Gateway] {
	if get("state").text().Or("") == "blackhole" {
		return Known(&Gateway{Ref: ref, Kind: Drop, Name: "black hole", Network: table.Network, Attached: Known(true, ref)}, ref)
	}
	// An id may be of several kinds: gatewayId names endpoints as well.
	fields := []struct {
		key   string
		kinds []string
	}{
		{"gatewayId", []string{internetKind, vpnKind, egressOnlyKind, endpointKind}},
		{"natGatewayId", []string{natKind}},
		{"egressOnlyGatewayId", []string{egressOnlyKind}},
		{"transitGatewayId", []string{transitKind}},
		{"vpcEndpointId", []string{endpointKind, firewallKind + "#firewallStatuses"}},
	}
	for _, field := range fields {
		if p := get(field.key); p.state != absent {
			v := a.gateways.resolve(a.firewallEndpoints(p.target(field.kinds...)))
			v.ref = p.ref()
			return v
		}
	}
	if p := get("vpcPeeringConnectionId"); p.state != absent {
		return mapVal(p.target(peeringKinds...), func(t target) *Gateway { return a.peering(t, table.Network, p.ref()) })
	}
	for _, key := range []string{"networkInterfaceId", "instanceId"} {
		if p := get(key); p.state != absent {
			return mapVal(p.target(interfaceKinds...), func(t target) *Gateway { return a.appliance(t, table.Network, p.ref()) })
		}
	}
	for _, key := range []string{"carrierGatewayId", "localGatewayId", "coreNetworkArn", "odbNetworkArn"} {
		if p := get(key); p.state != absent {
			return Known(a.gateways.at(target{id: p.text().Or(key + ref.URN)}, p.ref()), p.ref())
		}
	}
	return Unknown[*Gateway](ref)
}

// appliance returns the gateway in front of an interface that routes name.
func (a *aws) appliance(t target, network *Network, ref Ref) *Gateway {
	if t.node != nil {
		t.part = ""
	}
	if gateway, ok := a.appliances[t.key()]; ok {
		return gateway
	}
	gateway := &Gateway{Ref: ref, Kind: Appliance, Name: t.id, Network: network, Attached: Known(true, ref), Interface: Known[*Interface](nil, ref)}
	if found := a.interfaces[t.node]; t.node != nil && len(found) > 0 {
		gateway.Ref, gateway.Name = t.node.ref(""), t.node.Name
		gateway.Interface = Known(found[0], ref)
		gateway.Subnet = found[0].Subnet
		if len(found[0].Addresses) > 0 {
			gateway.PrivateAddress = found[0].Addresses[0]
		}
		a.touches(t.node, &gateway.Incomplete)
	} else {
		gateway.Incomplete = []Ref{ref}
	}
	a.m.Gateways = append(a.m.Gateways, gateway)
	a.appliances[t.key()] = gateway
	return gateway
}

// prefixList returns the prefixes of a managed prefix list. Those of AWS stand
// for a service: "com.amazonaws.eu-west-1.s3".
func (a *aws) prefixList(p property) Val[[]netip.Prefix] {
	t, ok := p.target(listKinds...).Get()
	if !ok || t.node == nil {
		return Unknown[[]netip.Prefix](p.cause())
	}
	list := t.node
	if list.kind == endpointKind {
		return a.serviceBlock(list.get("serviceName"))
	}
	name := list.get("name")
	if text, _ := name.text().Get(); strings.HasPrefix(text, "com.amazonaws.") {
		return a.serviceBlock(name)
	}
	if list.External && a.ix.recorded {
		return Unknown[[]netip.Prefix](list.ref("entries"))
	}
	prefixes := []netip.Prefix{}
	entries, complete := list.get("entries").list()
	if !complete {
		return Unknown[[]netip.Prefix](list.ref("entries"))
	}
	for _, entry := range entries {
		prefix, known := entry.get("cidr").prefix().Get()
		if !known {
			return Unknown[[]netip.Prefix](entry.get("cidr").cause())
		}
		prefixes = append(prefixes, prefix)
	}
	for _, n := range a.ix.byKind["aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"] {
		options, complete := n.get("prefixListId").target(listKinds...).Options()
		if complete && !slices.ContainsFunc(options, func(o target) bool { return o.node == list }) {
			continue
		}
		prefix, known := n.get("cidr").prefix().Get()
		if !known || !complete || len(options) > 1 {
			return Unknown[[]netip.Prefix](n.get("cidr").cause())
		}
		if !slices.Contains(prefixes, prefix) {
			prefixes = append(prefixes, prefix)
		}
	}
	return Known(prefixes, list.ref("entries"))
}

// serviceBlock returns the block that stands for the addresses of the service
// with that name.
func (a *aws) serviceBlock(p property) Val[[]netip.Prefix] {
	text, ok := p.text().Get()
	if !ok {
		return Unknown[[]netip.Prefix](p.cause())
	}
	service, region := a.serviceName(text)
	return Known([]netip.Prefix{a.m.Service(AWS, service, region)}, p.ref())
}

// serviceName takes "com.amazonaws.eu-west-1.s3" apart. Of a name of another
// form the whole is the service.
func (a *aws) serviceName(name string) (service, region string) {
	rest, ok := strings.CutPrefix(name, "com.amazonaws.")
	if !ok {
		return name, ""
	}
	region, service, ok = strings.Cut(rest, ".")
	if !ok || region == "vpce" || region == "global" {
		return name, ""
	}
	return service, region
}

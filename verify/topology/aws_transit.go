package topology

import (
	"net/netip"
	"slices"
	"strings"
)

const transitKind = "aws:ec2transitgateway/transitGateway:TransitGateway"

var (
	transitTableKinds = []string{
		"aws:ec2transitgateway/routeTable:RouteTable",
		transitKind + "#associationDefaultRouteTableId", transitKind + "#propagationDefaultRouteTableId",
	}
	attachmentKinds = []string{
		"aws:ec2transitgateway/vpcAttachment:VpcAttachment", "aws:ec2transitgateway/vpcAttachmentAccepter:VpcAttachmentAccepter",
		"aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
		"aws:ec2transitgateway/peeringAttachmentAccepter:PeeringAttachmentAccepter", vpnConnectionKind,
		"aws:ec2/transitGatewayPeeringAttachmentAccepter:TransitGatewayPeeringAttachmentAccepter",
	}
)

// transit is a transit gateway that is being read.
type transit struct {
	gateway *Gateway
	// associate and propagate say what a new attachment joins by default.
	associate, propagate Val[bool]
	table                *TransitTable
}

// readTransit reads transit gateways, their attachments and their tables.
func (a *aws) readTransit() {
	gateways := map[*Gateway]*transit{}
	a.each(func(n *node) {
		enabled := func(key string) Val[bool] {
			return mapVal(orDefault(n.get(key), property.text, "enable"), func(text string) bool { return text == "enable" })
		}
		t := &transit{
			gateway: &Gateway{
				Ref: n.ref(""), Kind: Transit, Name: n.Name, Attached: Known(true, n.ref("")), Transit: &TransitGateway{},
			},
			associate: enabled("defaultRouteTableAssociation"), propagate: enabled("defaultRouteTablePropagation"),
			table: &TransitTable{Ref: n.ref("associationDefaultRouteTableId")},
		}
		support := n.get("securityGroupReferencingSupport")
		t.gateway.Transit.GroupReferences = Unknown[bool](support.ref()) // the attachments have a say
		if !n.External && orDefault(support, property.text, "disable").Or("") == "disable" {
			t.gateway.Transit.GroupReferences = Known(false, support.ref())
		}
		a.markExisting(n, &t.gateway.Incomplete)
		if n.External {
			t.table.Incomplete = append(t.table.Incomplete, n.ref(""))
		}
		a.addGateway(n, t.gateway)
		a.touches(n, &t.table.Incomplete)
		for _, part := range []string{"associationDefaultRouteTableId", "propagationDefaultRouteTableId"} {
			a.transitTables.put(target{node: n, part: part}, t.table)
		}
		gateways[t.gateway] = t
	}, transitKind)
	a.each(func(n *node) {
		table := &TransitTable{Ref: n.ref("")}
		a.markExisting(n, &table.Incomplete)
		a.transitTables.put(target{node: n}, table)
		a.touches(n, &table.Incomplete)
	}, transitTableKinds[0])

	a.each(func(n *node) { a.readAttachment(n, gateways) }, attachmentKinds...)

	a.each(func(n *node) {
		table := a.transitTables.resolve(n.get("transitGatewayRouteTableId").target(transitTableKinds...))
		table.ref = n.ref("transitGatewayRouteTableId")
		v := a.attachments.resolve(n.get("transitGatewayAttachmentId").target(attachmentKinds...))
		options, complete := v.Options()
		if !complete {
			options = a.allAttachments()
		}
		for _, attachment := range options {
			switch {
			case attachment == nil:
			case v.IsKnown():
				attachment.Table = table
			default:
				attachment.Table = Unknown[*TransitTable](n.ref("transitGatewayAttachmentId"))
			}
		}
	}, "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation")

	a.each(func(n *node) {
		a.eachTransitTable(n, func(table *TransitTable) {
			v := a.attachments.resolve(n.get("transitGatewayAttachmentId").target(attachmentKinds...))
			table.Routes = append(table.Routes, a.propagated(v, n.ref(""))...)
		})
	}, "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation")

	a.each(func(n *node) {
		a.eachTransitTable(n, func(table *TransitTable) {
			route := TransitRoute{Ref: n.ref(""), Origin: OriginStatic}
			if list := n.get("prefixListId"); list.state != absent {
				route.To = a.prefixList(list)
			} else {
				route.To = toPrefixes(n.get("destinationCidrBlock").prefix())
			}
			switch blackhole := orDefault(n.get("blackhole"), property.boolean, false); {
			case blackhole.Or(false):
				route.Via = Known[*Attachment](nil, n.ref("blackhole"))
			case blackhole.IsKnown():
				route.Via = a.attachments.resolve(n.get("transitGatewayAttachmentId").target(attachmentKinds...))
				if attachment, ok := route.Via.Get(); ok && attachment == nil {
					// An attachment that the graph does not hold is not a black hole.
					route.Via = Unknown[*Attachment](n.ref("transitGatewayAttachmentId"))
				}
			default:
				route.Via = Unknown[*Attachment](blackhole.Ref())
			}
			table.Routes = append(table.Routes, route)
		})
	}, "aws:ec2transitgateway/route:Route", "aws:ec2transitgateway/prefixListReference:PrefixListReference")
}

func (a *aws) allAttachments() []*Attachment {
	var all []*Attachment
	for _, gateway := range a.m.Gateways {
		if gateway.Transit != nil {
			all = append(all, gateway.Transit.Attachments...)
		}
	}
	return all
}

// eachTransitTable calls f for the table that a resource names; when that may be
// one of several, none of them is complete.
func (a *aws) eachTransitTable(n *node, f func(*TransitTable)) {
	p := n.get("transitGatewayRouteTableId")
	v := a.transitTables.resolve(p.target(transitTableKinds...))
	if table, ok := v.Get(); ok {
		f(table)
		return
	}
	options, complete := v.Options()
	if !complete {
		for _, attachment := range a.allAttachments() {
			if table, ok := attachment.Table.Get(); ok && table != nil && !slices.Contains(options, table) {
				options = append(slices.Clip(options), table)
			}
		}
	}
	for _, table := range options {
		table.Incomplete = append(table.Incomplete, p.ref())
	}
}

// readAttachment reads an attachment, and what it joins by default. One that is
// not of a VPC leads out of the graph.
func (a *aws) readAttachment(n *node, gateways map[*Gateway]*transit) {
	if strings.HasSuffix(n.kind, "Accepter") {
		// The other account's end of an attachment of the graph is the same one.
		if of, ok := n.get("transitGatewayAttachmentId").target(attachmentKinds[0], attachmentKinds[2]).Get(); ok && of.node != nil {
			if attachment := a.attachments.of(of.node); attachment != nil {
				a.attachments.put(target{node: n}, attachment)
				if joins := orDefault(n.get("transitGatewayDefaultRouteTableAssociation"), property.boolean, true); !joins.Or(false) {
					attachment.Table = Unknown[*TransitTable](joins.Ref())
				}
				return
			}
		}
	}
	if n.get("transitGatewayId").state == absent && n.kind == vpnConnectionKind {
		return // of a VPN gateway
	}
	gateway, ok := a.gateways.resolve(n.get("transitGatewayId").target(transitKind)).Get()
	if !ok {
		gateway = a.gateways.unnamed(n.ref("transitGatewayId"))
	}
	if gateway.Transit == nil { // shared by another account
		gateway.Kind, gateway.Transit = Transit, &TransitGateway{}
	}
	attachment := &Attachment{Ref: n.ref(""), Network: Known[*Network](nil, n.ref(""))}
	a.attachments.put(target{node: n}, attachment)
	gateway.Transit.Attachments = append(gateway.Transit.Attachments, attachment)
	if n.kind == attachmentKinds[0] {
		attachment.Network = Known(a.network(n.get("vpcId")), n.ref("vpcId"))
		subnets, complete := n.get("subnetIds").targets(subnetKinds...)
		for _, subnet := range subnets {
			attachment.Subnets = append(attachment.Subnets, a.subnets.resolve(subnet))
		}
		if !complete {
			attachment.Subnets = append(attachment.Subnets, Unknown[*Subnet](n.ref("subnetIds")))
		}
	}

	t := gateways[gateway]
	if t == nil {
		attachment.Table = Unknown[*TransitTable](n.ref("transitGatewayId"))
		return
	}
	joins := func(key string, byDefault Val[bool]) Val[bool] {
		own := orDefault(n.get(key), property.boolean, true)
		switch {
		case own.IsKnown() && !own.Or(true), !byDefault.IsKnown():
			return own
		case byDefault.Or(false):
			return own
		}
		return byDefault
	}
	switch joined := joins("transitGatewayDefaultRouteTableAssociation", t.associate); {
	case !joined.IsKnown() || !t.associate.IsKnown():
		attachment.Table = Unknown[*TransitTable](joined.Ref())
	case joined.Or(false):
		attachment.Table = Known(t.table, joined.Ref())
	default:
		attachment.Table = Known[*TransitTable](nil, joined.Ref())
	}
	switch joined := joins("transitGatewayDefaultRouteTablePropagation", t.propagate); {
	case !joined.IsKnown() || !t.propagate.IsKnown():
		t.table.Incomplete = append(t.table.Incomplete, joined.Ref())
	case joined.Or(false):
		t.table.Routes = append(t.table.Routes, a.propagated(Known(attachment, n.ref("")), n.ref(""))...)
	}
}

// propagated returns the routes that an attachment announces: its VPC's ranges,
// or what a VPN brings. Peerings announce nothing.
func (a *aws) propagated(via Val[*Attachment], ref Ref) []TransitRoute {
	unknown := []TransitRoute{{Ref: ref, To: Unknown[[]netip.Prefix](ref), Via: via, Origin: OriginPropagated}}
	attachment, ok := via.Get()
	if !ok {
		return unknown
	}
	if attachment == nil {
		unknown[0].Via = Unknown[*Attachment](ref)
		return unknown
	}
	network, ok := attachment.Network.Get()
	if !ok || network == nil {
		if n := a.ix.byURN[attachment.Ref.URN]; n != nil && n.kind == attachmentKinds[2] {
			return nil
		}
		return unknown
	}
	var routes []TransitRoute
	for _, prefix := range network.Prefixes {
		routes = append(routes, TransitRoute{Ref: ref, To: toPrefixes(prefix), Via: via, Origin: OriginPropagated})
	}
	return routes
}

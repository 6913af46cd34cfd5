package topology

import (
	"net/netip"
	"slices"
)

const (
	internetKind   = "aws:ec2/internetGateway:InternetGateway"
	egressOnlyKind = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
	natKind        = "aws:ec2/natGateway:NatGateway"
	vpnKind        = "aws:ec2/vpnGateway:VpnGateway"
	eipKind        = "aws:ec2/eip:Eip"

	vpnConnectionKind = "aws:ec2/vpnConnection:VpnConnection"
	directConnectKind = "aws:directconnect/gatewayAssociation:GatewayAssociation"
)

var peeringKinds = []string{
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
}

// peeringKey is a peering as seen from one of its networks.
type peeringKey struct {
	peering target
	near    *Network
}

func (a *aws) stubGateway(id string, ref Ref) *Gateway {
	gateway := &Gateway{Ref: ref, Kind: Outside, Name: id, Attached: Known(true, ref), Incomplete: []Ref{ref}}
	a.m.Gateways = append(a.m.Gateways, gateway)
	return gateway
}

func (a *aws) addGateway(n *node, gateway *Gateway) {
	a.m.Gateways = append(a.m.Gateways, gateway)
	a.gateways.put(target{node: n}, gateway)
	a.touches(n, &gateway.Incomplete)
}

// readGateways reads internet, egress-only, VPN and NAT gateways.
func (a *aws) readGateways() {
	attach := func(gateway *Gateway, vpc property) {
		gateway.Network = a.network(vpc)
		gateway.Attached = Known(true, vpc.ref())
	}
	a.each(func(n *node) {
		gateway := &Gateway{
			Ref: n.ref(""), Kind: map[string]GatewayKind{internetKind: Internet, egressOnlyKind: EgressOnly, vpnKind: VPN}[n.kind],
			Name: n.Name, Attached: Known(false, n.ref("vpcId")), Table: Known[*RouteTable](nil, n.ref("")),
		}
		if vpc := n.get("vpcId"); vpc.state != absent {
			attach(gateway, vpc)
		}
		a.markExisting(n, &gateway.Incomplete)
		a.addGateway(n, gateway)
	}, internetKind, egressOnlyKind, vpnKind)
	a.each(func(n *node) {
		id := firstPresent(n.get("internetGatewayId"), n.get("vpnGatewayId"))
		v := a.gateways.resolve(id.target(internetKind, vpnKind))
		options, _ := v.Options()
		for _, gateway := range options {
			if v.IsKnown() {
				attach(gateway, n.get("vpcId"))
			} else {
				gateway.Attached = Unknown[bool](id.ref())
			}
		}
	}, "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment", "aws:ec2/vpnGatewayAttachment:VpnGatewayAttachment")

	a.each(func(n *node) {
		kind := orDefault(n.get("connectivityType"), property.text, "public")
		gateway := &Gateway{
			Ref: n.ref(""), Kind: NAT, Name: n.Name, Attached: Known(true, n.ref("")), Subnet: a.subnet(n.get("subnetId")),
			Public: mapVal(kind, func(k string) bool { return k == "public" }), PrivateAddress: n.get("privateIp").address(),
		}
		gateway.Network = networkOf(gateway.Subnet)
		if gateway.Network == nil {
			gateway.Network = a.network(n.get("vpcId"))
		}
		switch public, known := gateway.Public.Get(); {
		case !known:
			gateway.Addresses = []Val[netip.Addr]{Unknown[netip.Addr](n.ref("publicIp"))}
		case public:
			gateway.Addresses = []Val[netip.Addr]{a.publicAddress(n.get("allocationId"), n.get("publicIp"))}
			more, complete := n.get("secondaryAllocationIds").list()
			for _, allocation := range more {
				gateway.Addresses = append(gateway.Addresses, a.publicAddress(allocation, allocation))
			}
			if !complete {
				gateway.Addresses = append(gateway.Addresses, Unknown[netip.Addr](n.ref("secondaryAllocationIds")))
			}
		default:
			gateway.Addresses = []Val[netip.Addr]{gateway.PrivateAddress}
		}
		a.markExisting(n, &gateway.Incomplete)
		a.addGateway(n, gateway)
	}, natKind)
	a.each(func(n *node) {
		if gateway, ok := a.gateways.resolve(n.get("natGatewayId").target(natKind)).Get(); ok {
			gateway.Addresses = append(gateway.Addresses, a.publicAddress(n.get("allocationId"), n.get("publicIp")))
		}
	}, "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation")
}

// publicAddress returns the address of an elastic IP: what the resource that
// uses it has read back, or the address that the elastic IP has.
func (a *aws) publicAddress(allocation, readBack property) Val[netip.Addr] {
	if v := readBack.address(); v.IsKnown() {
		return v
	}
	if t, ok := allocation.target(eipKind).Get(); ok && t.node != nil {
		return t.node.get("publicIp").address()
	}
	return Unknown[netip.Addr](allocation.cause())
}

// peering returns a peering as a gateway of the near network. Without
// acceptance in the graph only the cloud knows whether it is established.
func (a *aws) peering(t target, near *Network, ref Ref) *Gateway {
	if t.node != nil && t.node.kind == peeringKinds[1] {
		if of, ok := t.node.get("vpcPeeringConnectionId").target(peeringKinds[0]).Get(); ok && of.node != nil {
			t = of
		}
	}
	key := peeringKey{t.key(), near}
	if gateway, ok := a.peerings[key]; ok {
		return gateway
	}
	gateway := &Gateway{
		Ref: ref, Kind: Peering, Name: t.id, Network: near, Attached: Known(true, ref), Forwarded: Known(false, ref),
		Peer: Known[*Network](nil, ref), Established: Unknown[bool](ref),
	}
	if t.node == nil {
		gateway.Incomplete = []Ref{ref}
	} else {
		n := t.node
		gateway.Ref, gateway.Name = n.ref(""), n.Name
		gateway.Established = a.established(n)
		inGraph := func(p property) Val[*Network] {
			return mapVal(p.target(vpcKinds...), func(t target) *Network {
				if t.node == nil {
					return nil
				}
				return a.networks.of(t.node)
			})
		}
		requester, accepter := inGraph(n.get("vpcId")), inGraph(n.get("peerVpcId"))
		is := func(v Val[*Network]) bool { network, ok := v.Get(); return ok && network != nil && network == near }
		switch {
		case is(requester):
			gateway.Peer = accepter
		case is(accepter):
			gateway.Peer = requester
		case n.kind == peeringKinds[1]: // of a connection that another program makes
			gateway.Peer = Known[*Network](nil, n.ref("peerVpcId"))
		default:
			gateway.Peer = Unknown[*Network](n.ref("vpcId"))
			gateway.Incomplete = []Ref{ref}
		}
		a.markExisting(n, &gateway.Incomplete)
		a.touches(n, &gateway.Incomplete)
	}
	a.m.Gateways = append(a.m.Gateways, gateway)
	a.peerings[key] = gateway
	return gateway
}

func (a *aws) established(n *node) Val[bool] {
	if status, ok := n.get("acceptStatus").text().Get(); ok && status == "active" {
		return Known(true, n.ref("acceptStatus"))
	}
	if accepted := n.get("autoAccept").boolean(); accepted.Or(false) {
		return accepted
	}
	for _, other := range a.ix.byKind[peeringKinds[1]] {
		of, ok := other.get("vpcPeeringConnectionId").target(peeringKinds[0]).Get()
		if accepted := other.get("autoAccept").boolean(); ok && of.node == n && accepted.Or(false) {
			return accepted
		}
	}
	return Unknown[bool](n.ref("acceptStatus"))
}

// propagate adds the routes that a VPN gateway announces: those of its
// connections when all of them are static, otherwise whatever BGP brings.
func (a *aws) propagate(table *RouteTable, via Val[*Gateway], ref Ref) {
	announced := Route{Ref: ref, Via: via, Origin: OriginPropagated, To: Unknown[[]netip.Prefix](ref)}
	gateway, ok := via.Get()
	if !ok {
		table.Routes = append(table.Routes, announced)
		return
	}
	var connections []*node
	for _, n := range a.ix.byKind[vpnConnectionKind] {
		options, complete := a.gateways.resolve(n.get("vpnGatewayId").target(vpnKind)).Options()
		switch static := orDefault(n.get("staticRoutesOnly"), property.boolean, false); {
		case !slices.Contains(options, gateway) && (complete || n.get("vpnGatewayId").state == absent):
		case len(options) == 1 && static.Or(false):
			connections = append(connections, n)
		default:
			announced.To = Unknown[[]netip.Prefix](n.ref("staticRoutesOnly"))
			table.Routes = append(table.Routes, announced)
			return
		}
	}
	if len(connections) == 0 || len(a.ix.byKind[directConnectKind]) > 0 {
		table.Routes = append(table.Routes, announced)
		return
	}
	for _, n := range a.ix.byKind["aws:ec2/vpnConnectionRoute:VpnConnectionRoute"] {
		of, ok := n.get("vpnConnectionId").target(vpnConnectionKind).Get()
		if !ok || slices.Contains(connections, of.node) {
			table.Routes = append(table.Routes, Route{
				Ref: n.ref(""), Via: via, Origin: OriginPropagated, To: toPrefixes(n.get("destinationCidrBlock").prefix()),
			})
		}
	}
}

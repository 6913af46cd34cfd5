package aws

import (
	"errors"
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2transitgateway"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// The ways between VPCs: peering and transit gateways.
const (
	peeringType            = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
	peeringAccepterType    = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
	transitGatewayType     = "aws:ec2transitgateway/transitGateway:TransitGateway"
	transitTableType       = "aws:ec2transitgateway/routeTable:RouteTable"
	transitAttachmentType  = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	transitAccepterType    = "aws:ec2transitgateway/vpcAttachmentAccepter:VpcAttachmentAccepter"
	transitAssociationType = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
	transitRouteType       = "aws:ec2transitgateway/route:Route"
)

func peeringKind() *kind {
	return &kind{
		token: peeringType, args: ec2.VpcPeeringConnectionArgs{}, outputs: ec2.VpcPeeringConnection{},
		noun:   "EC2 VPC Peering Connection",
		label:  func(in wire.Props) string { return in.Str("vpcId") + ", " + in.Str("peerVpcId") },
		api:    api{"EC2", "CreateVpcPeeringConnection", "AcceptVpcPeeringConnection", "DeleteVpcPeeringConnection"},
		prefix: "pcx",
		refs:   []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{"accepter", "autoAccept", "requester"},
			Replace:    []string{"peerOwnerId", "peerRegion", "peerVpcId", "vpcId"},
			Computed:   []string{"accepter", "peerOwnerId", "peerRegion", "requester"},
		},
		check:  func(c *checks) { c.oneOf("peerRegion", c.session.region) },
		create: createPeering,
	}
}

func createPeering(t *tx, o *Object) error {
	p := o.props()
	if p.Str("peerOwnerId") == "" {
		p["peerOwnerId"] = t.session.account
	}
	p["peerRegion"], p["acceptStatus"] = t.session.region, "pending-acceptance"
	vpc := t.find(vpcType, p.Str("vpcId"))
	peer := t.state.objects[key{p.Str("peerOwnerId"), t.session.region, vpcType, p.Str("peerVpcId")}]
	if peer == nil || peer.ID == vpc.ID || overlap(t.blocksOf(vpc), t.blocksOf(peer)) {
		// AWS takes the request, which then fails; so the provider says.
		return errors.New("waiting for create: unexpected state 'failed', wanted target 'pending-acceptance, active'. last error: " +
			"Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range")
	}
	for _, other := range t.state.objects {
		q := other.props()
		if other.Type == peeringType && (q.Str("vpcId") == vpc.ID && q.Str("peerVpcId") == peer.ID ||
			q.Str("vpcId") == peer.ID && q.Str("peerVpcId") == vpc.ID) {
			return t.refuse("VpcPeeringConnectionAlreadyExists", "There is already a peering connection %s between %s and %s.",
				other.ID, vpc.ID, peer.ID)
		}
	}
	return nil
}

// blocksOf returns the blocks of a VPC of any account.
func (t *tx) blocksOf(vpc *Object) []netip.Prefix {
	other := *t
	other.session.account, other.session.region = vpc.Account, vpc.Region
	return other.blocks(vpc)
}

func overlap(one, other []netip.Prefix) bool {
	for _, a := range one {
		for _, b := range other {
			if a.Overlaps(b) {
				return true
			}
		}
	}
	return false
}

func peeringAccepterKind() *kind {
	return &kind{
		token: peeringAccepterType, args: ec2.VpcPeeringConnectionAccepterArgs{}, outputs: ec2.VpcPeeringConnectionAccepter{},
		noun: "EC2 VPC Peering Connection Accepter",
		api:  api{"EC2", "AcceptVpcPeeringConnection", "AcceptVpcPeeringConnection", "DeleteVpcPeeringConnection"},
		id:   func(in wire.Props) string { return in.Str("vpcPeeringConnectionId") },
		Resource: wire.Resource{
			Unmodelled: []string{"accepter", "requester"},
			Replace:    []string{"vpcPeeringConnectionId"},
			Computed:   []string{"accepter", "requester"},
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			connection := t.anywhere(peeringType, o.ID)
			if connection == nil || connection.props().Str("peerOwnerId") != t.session.account || connection.Region != o.Region {
				return t.refuse("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '%s' does not exist", o.ID)
			}
			if p.Bool("autoAccept") {
				connection = t.edit(connection)
				connection.Properties["acceptStatus"] = "active"
			}
			q := connection.props()
			p["acceptStatus"], p["vpcId"], p["peerVpcId"] = q.Str("acceptStatus"), q.Str("peerVpcId"), q.Str("vpcId")
			p["peerOwnerId"], p["peerRegion"] = connection.Account, connection.Region
			return nil
		},
		// The provider only forgets it: the requester's side deletes.
	}
}

// peered reports whether a connection is active and one end is the VPC.
func (t *tx) peered(id, vpc string) error {
	connection := t.anywhere(peeringType, id)
	if connection == nil || vpc != connection.props().Str("vpcId") && vpc != connection.props().Str("peerVpcId") {
		return t.refuse("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '%s' does not exist", id)
	}
	if status := connection.props().Str("acceptStatus"); status != "active" {
		return t.refuse("InvalidStateTransition", "The vpcPeeringConnection '%s' is in state %s and not active", id, status)
	}
	return nil
}

func transitGatewayKind() *kind {
	return &kind{
		token: transitGatewayType, args: ec2transitgateway.TransitGatewayArgs{}, outputs: ec2transitgateway.TransitGateway{},
		noun: "EC2 Transit Gateway", api: api{"EC2", "CreateTransitGateway", "ModifyTransitGateway", "DeleteTransitGateway"},
		prefix: "tgw", path: "transit-gateway/",
		Resource: wire.Resource{
			Unmodelled: []string{"transitGatewayCidrBlocks"},
			Defaults: wire.Props{
				"amazonSideAsn": float64(64512), "autoAcceptSharedAttachments": "disable", "defaultRouteTableAssociation": "enable",
				"defaultRouteTablePropagation": "enable", "dnsSupport": "enable", "multicastSupport": "disable",
				"securityGroupReferencingSupport": "disable", "vpnEcmpSupport": "enable",
			},
			Replace: []string{"amazonSideAsn", "multicastSupport"},
		},
		check: func(c *checks) {
			// The sandbox models neither default tables nor multicast.
			c.oneOf("defaultRouteTableAssociation", "disable")
			c.oneOf("defaultRouteTablePropagation", "disable")
			c.oneOf("multicastSupport", "disable")
			c.oneOf("autoAcceptSharedAttachments", "enable", "disable")
		},
		create: func(t *tx, o *Object) error {
			o.Properties["associationDefaultRouteTableId"], o.Properties["propagationDefaultRouteTableId"] = "", ""
			return nil
		},
		remove: func(t *tx, o *Object) error {
			if a := t.everywhere(transitAttachmentType, "transitGatewayId", o.ID); a != nil {
				return t.refuse("IncorrectState", "%s has non-deleted VPC Attachments: %s.", o.ID, a.ID)
			}
			t.forget(o)
			return nil
		},
	}
}

func transitTableKind() *kind {
	return &kind{
		token: transitTableType, args: ec2transitgateway.RouteTableArgs{}, outputs: ec2transitgateway.RouteTable{},
		noun:   "EC2 Transit Gateway Route Table",
		api:    api{"EC2", "CreateTransitGatewayRouteTable", "CreateTags", "DeleteTransitGatewayRouteTable"},
		prefix: "tgw-rtb", path: "transit-gateway-route-table/",
		refs:     []ref{{property: "transitGatewayId", token: transitGatewayType}},
		Resource: wire.Resource{Replace: []string{"transitGatewayId"}},
		create: func(t *tx, o *Object) error {
			o.Properties["defaultAssociationRouteTable"], o.Properties["defaultPropagationRouteTable"] = false, false
			return nil
		},
		remove: func(t *tx, o *Object) error {
			if first(t.where(transitAssociationType, "transitGatewayRouteTableId", o.ID)) != nil {
				return t.refuse("IncorrectState", "%s has associations and cannot be deleted.", o.ID)
			}
			t.forget(o)
			return nil
		},
	}
}

func transitAttachmentKind() *kind {
	return &kind{
		token: transitAttachmentType, args: ec2transitgateway.VpcAttachmentArgs{}, outputs: ec2transitgateway.VpcAttachment{},
		noun: "EC2 Transit Gateway VPC Attachment",
		api: api{"EC2", "CreateTransitGatewayVpcAttachment", "ModifyTransitGatewayVpcAttachment",
			"DeleteTransitGatewayVpcAttachment"},
		prefix: "tgw-attach", path: "transit-gateway-attachment/",
		refs: []ref{{property: "vpcId", token: vpcType}, {property: "subnetIds", token: subnetType}},
		Resource: wire.Resource{
			Defaults: wire.Props{
				"applianceModeSupport": "disable", "dnsSupport": "enable", "ipv6Support": "disable",
				"transitGatewayDefaultRouteTableAssociation": true, "transitGatewayDefaultRouteTablePropagation": true,
			},
			Required: []string{"subnetIds"},
			Replace:  []string{"transitGatewayId", "vpcId"},
			Computed: []string{"securityGroupReferencingSupport"},
			Sets:     []string{"subnetIds"},
		},
		check: func(c *checks) { c.oneOf("ipv6Support", "disable") },
		create: func(t *tx, o *Object) error {
			p := o.props()
			gateway := t.anywhere(transitGatewayType, p.Str("transitGatewayId"))
			if gateway == nil || gateway.Region != o.Region || !t.mayUse(gateway) {
				return t.refuse("InvalidTransitGatewayID.NotFound", "Transit Gateway %s was deleted or does not exist.", p.Str("transitGatewayId"))
			}
			for other := range t.where(transitAttachmentType, "vpcId", p.Str("vpcId")) {
				if other.props().Str("transitGatewayId") == gateway.ID {
					return t.refuse("DuplicateTransitGatewayAttachment", "%s has non-deleted Transit Gateway Attachments with same VPC ID.", gateway.ID)
				}
			}
			p["vpcOwnerId"], p["securityGroupReferencingSupport"] = t.session.account, "disable"
			return t.placeAttachment(o)
		},
		update: func(t *tx, _, o *Object) error { return t.placeAttachment(o) },
		remove: func(t *tx, o *Object) error {
			t.detachTransit(o)
			return nil
		},
	}
}

// placeAttachment gives an attachment an address in each of its subnets, of
// which a zone can have one.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func (t *tx) placeAttachment(o *Object) error {
	p := o.props()
	zones, has := map[string]bool{}, map[string]bool{}
	for _, id := range p.Strs("subnetIds") {
		subnet := t.find(subnetType, id)
		if subnet.props().Str("vpcId") != p.Str("vpcId") {
			return t.refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist in %s", id, p.Str("vpcId"))
		}
		zone := subnet.props().Str("availabilityZone")
		if zones[zone] {
			return t.refuse("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")
		}
		zones[zone] = true
		has[id] = false
	}
	for eni := range t.all(networkInterfaceType) {
		if eni.With != o.ID {
			continue
		}
		if _, wanted := has[eni.props().Str("subnetId")]; wanted {
			has[eni.props().Str("subnetId")] = true
		} else {
			t.remove(eni)
		}
	}
	for _, id := range p.Strs("subnetIds") {
		if !has[id] {
			if _, err := t.addInterface(o, t.find(subnetType, id), "", nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// detachTransit removes an attachment of any account with its interfaces, and
// what the gateway's tables have of it.
func (t *tx) detachTransit(o *Object) {
	for _, other := range t.state.objects {
		route := other.Type == transitRouteType || other.Type == transitAssociationType
		if route && other.props().Str("transitGatewayAttachmentId") == o.ID {
			delete(t.state.objects, other.key())
		}
	}
	t.remove(o)
}

// attached returns an attachment that is available: one of the gateway's own
// account, or accepted there. The session's account is the gateway's.
func (t *tx) attached(id, gateway string) (*Object, error) {
	attachment := t.anywhere(transitAttachmentType, id)
	if attachment == nil || attachment.props().Str("transitGatewayId") != gateway {
		return nil, t.refuse("InvalidTransitGatewayAttachmentID.NotFound", "Transit Gateway Attachment %s was deleted or does not exist.", id)
	}
	if !t.available(attachment) {
		return nil, t.refuse("IncorrectState", "%s is in invalid state: pendingAcceptance", id)
	}
	return attachment, nil
}

func (t *tx) available(attachment *Object) bool {
	gateway := t.anywhere(transitGatewayType, attachment.props().Str("transitGatewayId"))
	return gateway != nil && (gateway.Account == attachment.Account ||
		gateway.props().Str("autoAcceptSharedAttachments") == "enable" || t.anywhere(transitAccepterType, attachment.ID) != nil)
}

func transitAccepterKind() *kind {
	return &kind{
		token: transitAccepterType, args: ec2transitgateway.VpcAttachmentAccepterArgs{}, outputs: ec2transitgateway.VpcAttachmentAccepter{},
		noun: "EC2 Transit Gateway VPC Attachment Accepter",
		api: api{"EC2", "AcceptTransitGatewayVpcAttachment", "ModifyTransitGatewayVpcAttachment",
			"DeleteTransitGatewayVpcAttachment"},
		id: func(in wire.Props) string { return in.Str("transitGatewayAttachmentId") },
		Resource: wire.Resource{
			Defaults: wire.Props{
				"transitGatewayDefaultRouteTableAssociation": true, "transitGatewayDefaultRouteTablePropagation": true,
			},
			Replace: []string{"transitGatewayAttachmentId"},
		},
		create: func(t *tx, o *Object) error {
			attachment := t.anywhere(transitAttachmentType, o.ID)
			if attachment == nil || t.find(transitGatewayType, attachment.props().Str("transitGatewayId")) == nil {
				return t.refuse("InvalidTransitGatewayAttachmentID.NotFound", "Transit Gateway Attachment %s was deleted or does not exist.", o.ID)
			}
			if t.available(attachment) {
				return t.refuse("IncorrectState", "%s is in invalid state: available", o.ID)
			}
			p, q := o.props(), attachment.props()
			for _, same := range []string{"applianceModeSupport", "dnsSupport", "ipv6Support", "securityGroupReferencingSupport",
				"transitGatewayId", "vpcId", "vpcOwnerId"} {
				p[same] = q.Str(same)
			}
			p["subnetIds"] = wire.Strings(q.Strs("subnetIds")...)
			return nil
		},
		// The provider deletes the attachment with it.
		remove: func(t *tx, o *Object) error {
			if attachment := t.anywhere(transitAttachmentType, o.ID); attachment != nil {
				t.detachTransit(attachment)
			}
			return nil
		},
	}
}

func transitAssociationKind() *kind {
	return &kind{
		token: transitAssociationType, args: ec2transitgateway.RouteTableAssociationArgs{}, outputs: ec2transitgateway.RouteTableAssociation{},
		noun: "EC2 Transit Gateway Route Table Association",
		api: api{"EC2", "AssociateTransitGatewayRouteTable", "AssociateTransitGatewayRouteTable",
			"DisassociateTransitGatewayRouteTable"},
		id: func(in wire.Props) string {
			return in.Str("transitGatewayRouteTableId") + "_" + in.Str("transitGatewayAttachmentId")
		},
		refs: []ref{{property: "transitGatewayRouteTableId", token: transitTableType}},
		Resource: wire.Resource{
			Unmodelled: []string{"replaceExistingAssociation"},
			Replace:    []string{"transitGatewayAttachmentId", "transitGatewayRouteTableId"},
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			table := t.find(transitTableType, p.Str("transitGatewayRouteTableId"))
			attachment, err := t.attached(p.Str("transitGatewayAttachmentId"), table.props().Str("transitGatewayId"))
			if err != nil {
				return err
			}
			if first(t.where(transitAssociationType, "transitGatewayAttachmentId", attachment.ID)) != nil {
				return t.refuse("Resource.AlreadyAssociated", "Transit Gateway Attachment %s is already associated to a route table.", attachment.ID)
			}
			p["resourceId"], p["resourceType"] = attachment.props().Str("vpcId"), "vpc"
			return nil
		},
	}
}

func transitRouteKind() *kind {
	return &kind{
		token: transitRouteType, args: ec2transitgateway.RouteArgs{}, outputs: ec2transitgateway.Route{},
		noun: "EC2 Transit Gateway Route",
		api:  api{"EC2", "CreateTransitGatewayRoute", "ReplaceTransitGatewayRoute", "DeleteTransitGatewayRoute"},
		id: func(in wire.Props) string {
			return in.Str("transitGatewayRouteTableId") + "_" + in.Str("destinationCidrBlock")
		},
		refs: []ref{{property: "transitGatewayRouteTableId", token: transitTableType}},
		Resource: wire.Resource{
			Unmodelled: []string{"blackhole"},
			Replace:    []string{"destinationCidrBlock", "transitGatewayAttachmentId", "transitGatewayRouteTableId"},
		},
		check: func(c *checks) { c.cidr4("destinationCidrBlock", 0, 32) },
		create: func(t *tx, o *Object) error {
			p := o.props()
			if t.find(transitRouteType, o.ID) != nil {
				return t.refuse("RouteAlreadyExists", "Route already exists for destination %s in %s.",
					p.Str("destinationCidrBlock"), p.Str("transitGatewayRouteTableId"))
			}
			table := t.find(transitTableType, p.Str("transitGatewayRouteTableId"))
			_, err := t.attached(p.Str("transitGatewayAttachmentId"), table.props().Str("transitGatewayId"))
			return err
		},
	}
}

// onTransit refuses a VPC's route to a gateway that the VPC is not attached to.
func (t *tx) onTransit(gateway, vpc string) error {
	for a := range t.where(transitAttachmentType, "vpcId", vpc) {
		if a.props().Str("transitGatewayId") == gateway && t.available(a) {
			return nil
		}
	}
	return t.refuse("InvalidTransitGatewayID.NotFound", "The transitGateway ID '%s' does not exist", gateway)
}

package aws

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	routeTableType            = "aws:ec2/routeTable:RouteTable"
	routeType                 = "aws:ec2/route:Route"
	routeTableAssociationType = "aws:ec2/routeTableAssociation:RouteTableAssociation"
)

// pairID makes the id of something that has none in AWS from the ids of the
// two things it joins, as the provider does.
func pairID(prefix, one, other string) string {
	return fmt.Sprintf("%s-%s%d", prefix, one, crc32.ChecksumIEEE([]byte(other)))
}

func routeTableKind() *kind {
	return &kind{
		token: routeTableType, args: ec2.RouteTableArgs{}, outputs: ec2.RouteTable{},
		noun: "Route Table", api: api{"EC2", "CreateRouteTable", "CreateTags", "DeleteRouteTable"},
		prefix: "rtb", path: "route-table/",
		refs: []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{"propagatingVgws", "routes"},
			Replace:    []string{"vpcId"},
			Computed:   []string{"propagatingVgws", "routes"},
		},
		create: func(t *tx, o *Object) error {
			n := count(t.where(routeTableType, "vpcId", o.props().Str("vpcId")))
			return t.overQuota(n, catalog.QuotaRouteTablesPerVpc, "RouteTableLimitExceeded", "route tables")
		},
		remove: func(t *tx, o *Object) error {
			// The provider would take the associations away first. A program
			// that leaves that to it has lost a dependency, so the sandbox
			// speaks as EC2 does.
			if first(t.where(routeTableAssociationType, "routeTableId", o.ID)) != nil {
				return t.refuse("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", o.ID)
			}
			t.withoutTable(o.ID)
			t.forget(o)
			return nil
		},
	}
}

// targets are the inputs of a route that say where it leads.
var targets = []string{
	"carrierGatewayId", "coreNetworkArn", "egressOnlyGatewayId", "gatewayId", "localGatewayId", "natGatewayId",
	"networkInterfaceId", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId",
}

// modelledTargets are the targets of routes that the sandbox knows.
var modelledTargets = []string{"gatewayId", "natGatewayId", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId"}

func routeKind() *kind {
	unmodelled := []string{"destinationIpv6CidrBlock", "destinationPrefixListId"}
	for _, target := range targets {
		if !slices.Contains(modelledTargets, target) {
			unmodelled = append(unmodelled, target)
		}
	}
	return &kind{
		token: routeType, args: ec2.RouteArgs{}, outputs: ec2.Route{},
		noun: "Route in Route Table",
		label: func(in wire.Props) string {
			return fmt.Sprintf("%s, destination %s", in.Str("routeTableId"), in.Str("destinationCidrBlock"))
		},
		api: api{"EC2", "CreateRoute", "ReplaceRoute", "DeleteRoute"},
		id: func(in wire.Props) string {
			return pairID("r", in.Str("routeTableId"), in.Str("destinationCidrBlock"))
		},
		refs: []ref{
			{property: "routeTableId", token: routeTableType},
			{property: "gatewayId", token: internetGatewayType, weak: true},
			{property: "natGatewayId", token: natGatewayType, weak: true},
			{property: "vpcEndpointId", token: vpcEndpointType, weak: true},
		},
		Resource: wire.Resource{
			Unmodelled: unmodelled,
			Replace:    []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
			Computed:   []string{"networkInterfaceId"},
		},
		check: func(c *checks) {
			c.exactlyOne("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
			c.exactlyOne(targets...)
			c.cidr4("destinationCidrBlock", 0, 32)
		},
		create: createRoute,
		update: func(t *tx, _, o *Object) error { return t.aim(o) },
	}
}

func createRoute(t *tx, o *Object) error {
	p := o.props()
	table := t.find(routeTableType, p.Str("routeTableId"))
	to, err := netip.ParsePrefix(p.Str("destinationCidrBlock"))
	if err != nil {
		return t.refuse("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. "+
			"This is not a valid CIDR block.", p.Str("destinationCidrBlock"))
	}
	if vpc := t.find(vpcType, table.props().Str("vpcId")); vpc != nil {
		if err := t.checkSpecific(vpc, o, to); err != nil {
			return err
		}
	}
	if t.find(routeType, o.ID) != nil {
		return t.refuse("RouteAlreadyExists", "The route identified by %s already exists.", to)
	}
	if err := t.overRoutes(table.ID); err != nil {
		return err
	}
	p["origin"] = "CreateRoute"
	return t.aim(o)
}

// checkSpecific refuses a route inside the VPC, unless it is to a whole subnet
// by way of a NAT gateway or a firewall's endpoint.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
func (t *tx) checkSpecific(vpc, o *Object, to netip.Prefix) error {
	inside := slices.ContainsFunc(t.blocks(vpc), func(b netip.Prefix) bool { return b.Bits() <= to.Bits() && b.Contains(to.Addr()) })
	if !inside {
		return nil
	}
	p := o.props()
	if p.Str("natGatewayId") == "" && p.Str("vpcEndpointId") == "" {
		return t.refuse("InvalidParameterValue", "The destination CIDR block %s is equal to or more specific than one of "+
			"this VPC's CIDR blocks. This route can target only an interface or an instance.", to)
	}
	for subnet := range t.where(subnetType, "vpcId", vpc.ID) {
		if subnet.props().Str("cidrBlock") == to.String() {
			return nil
		}
	}
	return t.refuse("InvalidParameterValue", "The destination CIDR block %s is more specific than one of this VPC's CIDR blocks "+
		"and doesn't match the CIDR block of any of its subnets.", to)
}

// aim checks the target of a route, which then is active.
func (t *tx) aim(o *Object) error {
	p := o.props()
	table := t.find(routeTableType, p.Str("routeTableId"))
	vpc := table.props().Str("vpcId")
	if igw := t.find(internetGatewayType, p.Str("gatewayId")); igw != nil && igw.props().Str("vpcId") != vpc {
		return t.refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", table.ID, igw.ID)
	}
	if nat := t.find(natGatewayType, p.Str("natGatewayId")); nat != nil {
		subnet := t.find(subnetType, nat.props().Str("subnetId"))
		if subnet == nil || subnet.props().Str("vpcId") != vpc {
			return t.refuse("InvalidParameterValue", "route table %s and natgateway %s belong to different networks", table.ID, nat.ID)
		}
	}
	if gateway := p.Str("transitGatewayId"); gateway != "" {
		if err := t.onTransit(gateway, vpc); err != nil {
			return err
		}
	}
	if connection := p.Str("vpcPeeringConnectionId"); connection != "" {
		if err := t.peered(connection, vpc); err != nil {
			return err
		}
	}
	if endpoint := t.find(vpcEndpointType, p.Str("vpcEndpointId")); endpoint != nil {
		// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
		if endpoint.props().Str("vpcEndpointType") != gatewayLoadBalancer {
			return t.refuse("InvalidParameterValue", "The VPC endpoint %s isn't a Gateway Load Balancer endpoint", endpoint.ID)
		}
		if endpoint.props().Str("vpcId") != vpc {
			return t.refuse("InvalidParameterValue", "route table %s and vpc endpoint %s belong to different networks", table.ID, endpoint.ID)
		}
	}
	p["state"] = "active"
	return nil
}

// overRoutes refuses one more route in a table. The local routes do not count;
// those of gateway endpoints do.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
func (t *tx) overRoutes(table string) error {
	n := count(t.where(routeType, "routeTableId", table))
	for endpoint := range t.all(vpcEndpointType) {
		if slices.Contains(t.endpointTables(endpoint), table) {
			n++
		}
	}
	return t.overQuota(n, catalog.QuotaRoutesPerRouteTable, "RouteLimitExceeded", "routes")
}

// blackhole marks the routes that lead to an object that is going.
func (t *tx) blackhole(o *Object) {
	for r := range t.all(routeType) {
		for _, target := range modelledTargets {
			if r.props().Str(target) == o.ID {
				t.edit(r).Properties["state"] = "blackhole"
			}
		}
	}
}

func routeTableAssociationKind() *kind {
	return &kind{
		token: routeTableAssociationType, args: ec2.RouteTableAssociationArgs{}, outputs: ec2.RouteTableAssociation{},
		noun:   "Route Table Association",
		label:  func(in wire.Props) string { return in.Str("routeTableId") },
		api:    api{"EC2", "AssociateRouteTable", "ReplaceRouteTableAssociation", "DisassociateRouteTable"},
		prefix: "rtbassoc",
		refs: []ref{
			{property: "routeTableId", token: routeTableType},
			{property: "subnetId", token: subnetType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"gatewayId"},
			Replace:    []string{"gatewayId", "subnetId"},
		},
		check: func(c *checks) { c.exactlyOne("subnetId", "gatewayId") },
		create: func(t *tx, o *Object) error {
			if first(t.where(routeTableAssociationType, "subnetId", o.props().Str("subnetId"))) != nil {
				return t.refuse("Resource.AlreadyAssociated",
					"the specified association for route table %s conflicts with an existing association", o.props().Str("routeTableId"))
			}
			return t.sameNetwork(o)
		},
		update: func(t *tx, _, o *Object) error { return t.sameNetwork(o) },
	}
}

// sameNetwork refuses to associate a subnet with the table of another VPC.
func (t *tx) sameNetwork(o *Object) error {
	table := t.find(routeTableType, o.props().Str("routeTableId"))
	subnet := t.find(subnetType, o.props().Str("subnetId"))
	if subnet == nil || table.props().Str("vpcId") == subnet.props().Str("vpcId") {
		return nil
	}
	return t.refuse("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", table.ID, subnet.ID)
}

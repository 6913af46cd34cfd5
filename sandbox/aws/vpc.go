package aws

import (
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	vpcType             = "aws:ec2/vpc:Vpc"
	cidrAssociationType = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	internetGatewayType = "aws:ec2/internetGateway:InternetGateway"

	// Types that only come with others.
	networkInterfaceType = "aws:ec2/networkInterface:NetworkInterface"
	networkACLType       = "aws:ec2/networkAcl:NetworkAcl"
)

func vpcKind() *kind {
	return &kind{
		token: vpcType, args: ec2.VpcArgs{}, outputs: ec2.Vpc{},
		noun: "EC2 VPC", api: api{"EC2", "CreateVpc", "ModifyVpcAttribute", "DeleteVpc"},
		prefix: "vpc", path: "vpc/",
		Resource: wire.Resource{
			Unmodelled: []string{
				"assignGeneratedIpv6CidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6CidrBlock",
				"ipv6CidrBlockNetworkBorderGroup", "ipv6IpamPoolId", "ipv6NetmaskLength",
			},
			Defaults: wire.Props{"enableDnsSupport": true, "instanceTenancy": "default"},
			Replace:  []string{"cidrBlock"},
			ReplaceIf: func(old, new wire.Props, changed []string) []string {
				// A VPC can be turned from dedicated to default, not back.
				if slices.Contains(changed, "instanceTenancy") && new.Str("instanceTenancy") == "dedicated" {
					return []string{"instanceTenancy"}
				}
				return nil
			},
			Computed: []string{"cidrBlock", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"},
		},
		check: func(c *checks) {
			c.cidr4("cidrBlock", 16, 28)
			c.oneOf("instanceTenancy", "default", "dedicated")
		},
		create: createVpc,
		remove: removeVpc,
	}
}

// reserved are the ranges that no VPC can have a block in.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/4"),
}

// vpcBlock parses the block of a VPC.
func (t *tx) vpcBlock(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28 || slices.ContainsFunc(reserved, p.Overlaps) {
		return netip.Prefix{}, t.refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", text)
	}
	return p.Masked(), nil
}

func createVpc(t *tx, o *Object) error {
	p := o.props()
	if p.Str("cidrBlock") == "" {
		return t.refuse("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' must be provided.")
	}
	if _, err := t.vpcBlock(p.Str("cidrBlock")); err != nil {
		return err
	}
	if err := t.overQuota(count(t.all(vpcType)), catalog.QuotaVpcsPerRegion, "VpcLimitExceeded", "VPCs"); err != nil {
		return err
	}
	table := t.newObject(routeTableType, t.newID("rtb"), wire.Props{
		"vpcId": o.ID, "ownerId": t.session.account, "main": true,
	})
	acl := t.newObject(networkACLType, t.newID("acl"), wire.Props{
		"vpcId": o.ID, "ownerId": t.session.account,
	})
	group := t.newObject(securityGroupType, t.newID("sg"), wire.Props{
		"vpcId": o.ID, "ownerId": t.session.account, "name": "default", "description": "default VPC security group",
	})
	table.Properties["arn"] = t.arn("ec2", "route-table/"+table.ID)
	acl.Properties["arn"] = t.arn("ec2", "network-acl/"+acl.ID)
	group.Properties["arn"] = t.arn("ec2", "security-group/"+group.ID)
	for _, with := range []*Object{table, acl, group} {
		with.With = o.ID
		t.add(with)
	}
	// Every default security group admits itself and lets everything out.
	// Source: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
	for token, rule := range map[string]wire.Props{
		ingress.token: {"referencedSecurityGroupId": group.ID},
		egress.token:  {"cidrIpv4": "0.0.0.0/0"},
	} {
		rule["securityGroupId"], rule["ipProtocol"] = group.ID, "-1"
		r := t.newObject(token, t.newID("sgr"), rule)
		r.With = group.ID
		t.add(r)
	}
	p["defaultRouteTableId"], p["mainRouteTableId"] = table.ID, table.ID
	p["defaultNetworkAclId"], p["defaultSecurityGroupId"] = acl.ID, group.ID
	p["dhcpOptionsId"] = "dopt-0" + hash(16, t.session.account, t.session.region, "dopt")
	for _, choice := range []string{"enableDnsHostnames", "enableNetworkAddressUsageMetrics"} {
		p[choice] = p.Bool(choice)
	}
	return nil
}

// inVpc are the types whose objects keep their VPC from being deleted. What is
// in a subnet need not be here: it keeps the subnet, by its network interface.
var inVpc = []string{subnetType, internetGatewayType, vpcEndpointType, securityGroupType, routeTableType}

func removeVpc(t *tx, o *Object) error {
	for _, token := range inVpc {
		for other := range t.where(token, "vpcId", o.ID) {
			if other.With != o.ID {
				return t.refuse("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", o.ID)
			}
		}
	}
	// What is left goes with the VPC: its further blocks, its flow logs, the
	// rules of its default security group and the routes of its main table.
	t.forget(o)
	return nil
}

// blocks returns the CIDR blocks of a VPC, the one it was created with first.
func (t *tx) blocks(vpc *Object) []netip.Prefix {
	var out []netip.Prefix
	if p, err := netip.ParsePrefix(vpc.props().Str("cidrBlock")); err == nil {
		out = append(out, p)
	}
	for a := range t.where(cidrAssociationType, "vpcId", vpc.ID) {
		if p, err := netip.ParsePrefix(a.props().Str("cidrBlock")); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func cidrAssociationKind() *kind {
	return &kind{
		token: cidrAssociationType, args: ec2.VpcIpv4CidrBlockAssociationArgs{}, outputs: ec2.VpcIpv4CidrBlockAssociation{},
		noun:   "EC2 VPC IPv4 CIDR Block Association",
		label:  func(in wire.Props) string { return in.Str("vpcId") + ", " + in.Str("cidrBlock") },
		api:    api{"EC2", "AssociateVpcCidrBlock", "AssociateVpcCidrBlock", "DisassociateVpcCidrBlock"},
		prefix: "vpc-cidr-assoc",
		refs:   []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{"ipv4IpamPoolId", "ipv4NetmaskLength"},
			Replace:    []string{"cidrBlock", "vpcId"},
			Computed:   []string{"cidrBlock"},
		},
		check:  func(c *checks) { c.cidr4("cidrBlock", 16, 28) },
		create: createCidrAssociation,
		remove: func(t *tx, o *Object) error {
			block, err := netip.ParsePrefix(o.props().Str("cidrBlock"))
			if err != nil {
				return nil
			}
			for s := range t.where(subnetType, "vpcId", o.props().Str("vpcId")) {
				if p, err := netip.ParsePrefix(s.props().Str("cidrBlock")); err == nil && block.Overlaps(p) {
					return t.refuse("InvalidCidrBlock.InUse", "The vpc %s currently has a subnet within CIDR block %s",
						o.props().Str("vpcId"), block)
				}
			}
			return nil
		},
	}
}

func createCidrAssociation(t *tx, o *Object) error {
	text := o.props().Str("cidrBlock")
	if text == "" {
		return t.refuse("MissingParameter", "The request must contain the parameter cidrBlock")
	}
	block, err := t.vpcBlock(text)
	if err != nil {
		return err
	}
	vpc := t.find(vpcType, o.props().Str("vpcId"))
	blocks := t.blocks(vpc)
	if most := t.quota(catalog.QuotaCidrsPerVpc); len(blocks) >= most {
		return t.refuse("CidrLimitExceeded", "This network '%s' has met its maximum number of allowed CIDRs: %d", vpc.ID, most)
	}
	for _, b := range blocks {
		if b.Overlaps(block) {
			return t.refuse("InvalidVpc.Range", "The CIDR '%s' conflicts with the CIDR '%s' of %s", block, b, vpc.ID)
		}
	}
	if restricted(blocks, block) {
		return t.refuse("InvalidVpc.Range", "The CIDR '%s' is restricted. Use a CIDR from the same private address range "+
			"as the current VPC CIDR, or use a publicly-routable CIDR. For additional restrictions, see "+
			"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html", block)
	}
	for r := range t.all(routeType) {
		table := t.find(routeTableType, r.props().Str("routeTableId"))
		to, err := netip.ParsePrefix(r.props().Str("destinationCidrBlock"))
		if err == nil && table != nil && table.props().Str("vpcId") == vpc.ID && to.Bits() > 0 &&
			block.Bits() <= to.Bits() && block.Contains(to.Addr()) {
			return t.refuse("InvalidVpc.Range", "The CIDR '%s' is the same as or larger than the destination '%s' of a route in %s",
				block, to, table.ID)
		}
	}
	return nil
}

// restricted reports whether AWS's table of CIDR block association
// restrictions keeps a block from a VPC. The first of blocks is the one the
// VPC was created with.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
func restricted(blocks []netip.Prefix, add netip.Prefix) bool {
	prefix := netip.MustParsePrefix
	ten, oneSevenTwo, oneNineTwo := prefix("10.0.0.0/8"), prefix("172.16.0.0/12"), prefix("192.168.0.0/16")
	benchmark := prefix("198.19.0.0/16")
	primary := blocks[0]
	refused := func(ranges ...netip.Prefix) bool { return slices.ContainsFunc(ranges, add.Overlaps) }
	switch {
	case primary.Overlaps(ten):
		inFifteen := slices.ContainsFunc(blocks, prefix("10.0.0.0/15").Overlaps)
		return refused(oneSevenTwo, oneNineTwo, benchmark) || inFifteen && refused(prefix("10.0.0.0/16"))
	case primary.Overlaps(oneSevenTwo):
		return refused(ten, oneNineTwo, benchmark, prefix("172.31.0.0/16"))
	case primary.Overlaps(oneNineTwo):
		return refused(ten, oneSevenTwo, benchmark)
	case primary.Overlaps(benchmark):
		return refused(ten, oneSevenTwo, oneNineTwo)
	}
	return refused(ten, oneSevenTwo, oneNineTwo, benchmark)
}

func internetGatewayKind() *kind {
	return &kind{
		token: internetGatewayType, args: ec2.InternetGatewayArgs{}, outputs: ec2.InternetGateway{},
		noun: "EC2 Internet Gateway", api: api{"EC2", "CreateInternetGateway", "AttachInternetGateway", "DeleteInternetGateway"},
		prefix: "igw", path: "internet-gateway/",
		refs:     []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{Computed: []string{"vpcId"}},
		create: func(t *tx, o *Object) error {
			n := count(t.all(internetGatewayType))
			err := t.overQuota(n, catalog.QuotaInternetGatewaysPerRegion, "InternetGatewayLimitExceeded", "internet gateways")
			if err != nil {
				return err
			}
			return attach(t, o)
		},
		update: func(t *tx, old, o *Object) error {
			if same(old, o, "vpcId") {
				return nil
			}
			if err := detach(t, old); err != nil {
				return err
			}
			return attach(t, o)
		},
		remove: detach,
	}
}

// attach refuses a second internet gateway for a VPC.
func attach(t *tx, o *Object) error {
	vpc := o.props().Str("vpcId")
	if vpc == "" {
		return nil
	}
	for other := range t.where(internetGatewayType, "vpcId", vpc) {
		if other.ID != o.ID {
			return t.refuseAs("AttachInternetGateway", "InvalidParameterValue",
				"Network %s already has an internet gateway attached", vpc)
		}
	}
	return nil
}

// detach refuses while the VPC has public addresses. Routes to the gateway do
// not hinder it.
func detach(t *tx, o *Object) error {
	vpc := o.props().Str("vpcId")
	if vpc == "" {
		return nil
	}
	for n := range t.where(natGatewayType, "connectivityType", "public") {
		if subnet := t.find(subnetType, n.props().Str("subnetId")); subnet != nil && subnet.props().Str("vpcId") == vpc {
			return t.refuseAs("DetachInternetGateway", "DependencyViolation", "Network %s has some mapped public address(es). "+
				"Please unmap those public address(es) before detaching the gateway.", vpc)
		}
	}
	for b := range t.where(loadBalancerType, "vpcId", vpc) {
		if !b.props().Bool("internal") {
			return t.refuseAs("DetachInternetGateway", "DependencyViolation", "Network %s has some mapped public address(es). "+
				"Please unmap those public address(es) before detaching the gateway.", vpc)
		}
	}
	t.blackhole(o)
	return nil
}

package aoscloud

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:aoscloud:AosCloudVpc"

// AosCloudVpcArgs are the arguments of an AosCloudVpc: the plain Spec that
// decides its structure, and values that other resources give.
type AosCloudVpcArgs struct {
	Spec
	// EksClusterSecurityGroup takes the place of EksClusterSecurityGroupID
	// when another resource gives it. That it is set is structure; its value
	// may be unknown.
	EksClusterSecurityGroup pulumi.StringInput
	// EfsFileSystem takes the place of EfsFileSystemID likewise.
	EfsFileSystem pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// AosCloudVpc is the VPC of an AosCloud deployment with everything that the
// document asks for in it. The package comment shows its topology.
type AosCloudVpc struct {
	pulumi.ResourceState

	// VpcID is the VPC's id.
	VpcID pulumi.StringOutput `pulumi:"vpcId"`
	// VpcCidr is the VPC's block, moved for staging.
	VpcCidr pulumi.StringOutput `pulumi:"vpcCidr"`
	// DefaultSecurityGroupID is the VPC's own group, for databases and caches.
	DefaultSecurityGroupID pulumi.StringOutput `pulumi:"defaultSecurityGroupId"`
	// SubnetIDs are the subnets' ids by tier, then zone.
	SubnetIDs pulumi.StringMapMapOutput `pulumi:"subnetIds"`
	// RouteTableIDs are the ids of the two EKS route tables by tier; the
	// endpoints subnets use that of "eks-private".
	RouteTableIDs pulumi.StringMapOutput `pulumi:"routeTableIds"`
	// ZoneIDs are the zones' ids in this account, by name.
	ZoneIDs pulumi.StringMapOutput `pulumi:"zoneIds"`
	// NatPublicIP is the address that others see the cluster come from.
	NatPublicIP pulumi.StringOutput `pulumi:"natPublicIp"`
	// EndpointIDs are the interface endpoints' ids by service.
	EndpointIDs pulumi.StringMapOutput `pulumi:"endpointIds"`
	// S3GatewayEndpointID is the S3 gateway endpoint's id; empty without one.
	S3GatewayEndpointID pulumi.StringOutput `pulumi:"s3GatewayEndpointId"`
	// PublicLbSecurityGroupID is the group for internet-facing load balancers;
	// empty without ingress rules.
	PublicLbSecurityGroupID pulumi.StringOutput `pulumi:"publicLbSecurityGroupId"`
	// SubnetGroupNames are the names of the subnet groups by tier ("aurora",
	// "documentdb", "elasticache"); empty without them.
	SubnetGroupNames pulumi.StringMapOutput `pulumi:"subnetGroupNames"`
	// MountTargetIDs are the EFS mount targets' ids by zone; empty without a
	// file system.
	MountTargetIDs pulumi.StringMapOutput `pulumi:"mountTargetIds"`

	plan    *Plan
	subnets map[addressing.AosTier]pulumi.StringMap
}

// Plan returns the plan that the VPC was built from.
func (n *AosCloudVpc) Plan() *Plan { return n.plan }

// Subnets returns a tier's subnet ids by zone, with plain keys, so that a
// caller can build on each zone.
func (n *AosCloudVpc) Subnets(tier addressing.AosTier) pulumi.StringMap { return n.subnets[tier] }

// NewAosCloudVpc builds the VPC that args describe. Every problem of args is
// reported at once, before anything is registered: the error then holds a
// problem.List. The plan's warnings are logged.
func NewAosCloudVpc(
	ctx *pulumi.Context, name string, args *AosCloudVpcArgs, opts ...pulumi.ResourceOption,
) (*AosCloudVpc, error) {
	if args == nil {
		args = &AosCloudVpcArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("AosCloud VPC %q: %w", name, err)
	}
	network := &AosCloudVpc{plan: plan, subnets: map[addressing.AosTier]pulumi.StringMap{}}
	if err := ctx.RegisterComponentResource(Type, name, network, opts...); err != nil {
		return nil, fmt.Errorf("AosCloud VPC %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, network: network, tables: map[addressing.AosTier]pulumi.StringOutput{}}
	for _, build := range []func() error{
		b.warnings, b.vpcAndGateway, b.routeTables, b.buildSubnets, b.natAndRoutes, b.s3Gateway,
		b.groupRules, b.publicLb, b.interfaceEndpoints, b.subnetGroups, b.mountTargets,
	} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("AosCloud VPC %q: %w", name, err)
		}
	}
	b.outputs()
	err = ctx.RegisterResourceOutputs(network, pulumi.Map{
		"vpcId":                   network.VpcID,
		"vpcCidr":                 network.VpcCidr,
		"defaultSecurityGroupId":  network.DefaultSecurityGroupID,
		"subnetIds":               network.SubnetIDs,
		"routeTableIds":           network.RouteTableIDs,
		"zoneIds":                 network.ZoneIDs,
		"natPublicIp":             network.NatPublicIP,
		"endpointIds":             network.EndpointIDs,
		"s3GatewayEndpointId":     network.S3GatewayEndpointID,
		"publicLbSecurityGroupId": network.PublicLbSecurityGroupID,
		"subnetGroupNames":        network.SubnetGroupNames,
		"mountTargetIds":          network.MountTargetIDs,
	})
	if err != nil {
		return nil, fmt.Errorf("AosCloud VPC %q: %w", name, err)
	}
	return network, nil
}

// componentName is what a subnet group's name may begin with, short enough for
// AWS's 255 characters with the longest tier and Pulumi's random end.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
var componentName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{0,199}$`)

// plan plans the spec and checks the name and the values given beside it.
func (a *AosCloudVpcArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := newPlan(a.Spec, a.EksClusterSecurityGroup != nil || a.EksClusterSecurityGroupID != "")
	problems.Add("", err)
	if !componentName.MatchString(name) {
		problems.Addf("name", name, "use letters, digits and hyphens, the first a letter, at most 200",
			"cannot begin the name of a subnet group")
	}
	if a.EksClusterSecurityGroup != nil && a.EksClusterSecurityGroupID != "" {
		problems.Addf("eksClusterSecurityGroupId", a.EksClusterSecurityGroupID, "give one of them",
			"is given twice: here and as eksClusterSecurityGroup")
	}
	if a.EfsFileSystem != nil && a.EfsFileSystemID != "" {
		problems.Addf("efsFileSystemId", a.EfsFileSystemID, "give one of them", "is given twice: here and as efsFileSystem")
	}
	return plan, problems.Err()
}

// eksGroup returns the cluster's security group, or nil when there is none.
func (a *AosCloudVpcArgs) eksGroup() pulumi.StringInput {
	if a.EksClusterSecurityGroup == nil && a.EksClusterSecurityGroupID != "" {
		return pulumi.String(a.EksClusterSecurityGroupID)
	}
	return a.EksClusterSecurityGroup
}

// fileSystem returns the EFS file system, or nil when there is none.
func (a *AosCloudVpcArgs) fileSystem() pulumi.StringInput {
	if a.EfsFileSystem == nil && a.EfsFileSystemID != "" {
		return pulumi.String(a.EfsFileSystemID)
	}
	return a.EfsFileSystem
}

// builder registers the resources of one VPC.
type builder struct {
	ctx     *pulumi.Context
	name    string
	args    *AosCloudVpcArgs
	plan    *Plan
	network *AosCloudVpc

	vpc    *ec2.Vpc
	igw    *ec2.InternetGateway
	tables map[addressing.AosTier]pulumi.StringOutput
}

// child returns the options of a child resource. Everything is parented to the
// component, so that a rename of the component can be aliased.
func (b *builder) child(more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append([]pulumi.ResourceOption{pulumi.Parent(b.network)}, more...)
}

// key names a child: the component's name and a stable key, never an index.
func (b *builder) key(parts ...string) string {
	return b.name + "-" + strings.Join(parts, "-")
}

// tags returns the caller's tags with the resource's name and own tags over them.
func (b *builder) tags(resource string, own map[string]string) pulumi.StringMapInput {
	return tags.Merge(b.args.Tags, resource, own)
}

func (b *builder) warnings() error { return warn.Log(b.ctx, b.network, b.plan.Warnings) }

func (b *builder) vpcAndGateway() (err error) {
	b.vpc, err = ec2.NewVpc(b.ctx, b.key("vpc"), &ec2.VpcArgs{
		CidrBlock: pulumi.String(b.plan.Vpc.String()),
		// Private DNS of the endpoints needs both.
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		InstanceTenancy:    pulumi.String("default"),
		Tags:               b.tags(b.key("vpc"), nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	// A gateway cannot leave a VPC that has public addresses in use, so it does
	// not move to another VPC: that one gets a new gateway.
	b.igw, err = ec2.NewInternetGateway(b.ctx, b.key("igw"), &ec2.InternetGatewayArgs{
		VpcId: b.vpc.ID(),
		Tags:  b.tags(b.key("igw"), nil),
	}, b.child(pulumi.ReplaceOnChanges([]string{"vpcId"}))...)
	return err
}

// routeTables creates the two EKS tables. The databases' subnets stay on the
// VPC's main table.
func (b *builder) routeTables() error {
	for _, tier := range []addressing.AosTier{addressing.AosPublic, addressing.AosPrivate} {
		key := b.key(string(tier))
		table, err := ec2.NewRouteTable(b.ctx, key, &ec2.RouteTableArgs{
			VpcId: b.vpc.ID(),
			Tags:  b.tags(key, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.tables[tier] = table.ID().ToStringOutput()
	}
	return nil
}

// tableOf returns the tier whose table a tier's subnets use; ok is false for the
// VPC's main table.
func tableOf(tier addressing.AosTier) (table addressing.AosTier, ok bool) {
	switch tier {
	case addressing.AosPublic:
		return addressing.AosPublic, true
	case addressing.AosPrivate, addressing.AosEndpoints:
		return addressing.AosPrivate, true
	}
	return "", false
}

// roleTags are the tags by which Kubernetes' load balancer controller finds a
// tier's subnets, as the document's section "EKS Subnets (Detail)" has them.
func roleTags(tier addressing.AosTier) map[string]string {
	switch tier {
	case addressing.AosPublic:
		return map[string]string{"kubernetes.io/role/elb": "1"}
	case addressing.AosPrivate:
		return map[string]string{"kubernetes.io/role/internal-elb": "1"}
	}
	return nil
}

func (b *builder) buildSubnets() error {
	zoneIDs := pulumi.StringMap{}
	for _, s := range b.plan.Subnets {
		key := b.key(s.Key())
		subnet, err := ec2.NewSubnet(b.ctx, key, &ec2.SubnetArgs{
			VpcId:               b.vpc.ID(),
			AvailabilityZone:    pulumi.String(s.Zone.Name),
			CidrBlock:           pulumi.String(s.Cidr.String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                b.tags(key, roleTags(s.Tier)),
		}, b.child()...)
		if err != nil {
			return err
		}
		if b.network.subnets[s.Tier] == nil {
			b.network.subnets[s.Tier] = pulumi.StringMap{}
		}
		b.network.subnets[s.Tier][s.Zone.Name] = subnet.ID().ToStringOutput()
		if zoneIDs[s.Zone.Name] = subnet.AvailabilityZoneId; s.Zone.ID != "" {
			zoneIDs[s.Zone.Name] = pulumi.String(s.Zone.ID)
		}
		table, explicit := tableOf(s.Tier)
		if !explicit {
			continue
		}
		_, err = ec2.NewRouteTableAssociation(b.ctx, key, &ec2.RouteTableAssociationArgs{
			SubnetId:     subnet.ID(),
			RouteTableId: b.tables[table],
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	b.network.ZoneIDs = zoneIDs.ToStringMapOutput()
	return nil
}

// natAndRoutes creates the one NAT gateway, in the first public subnet, and the
// default routes of both EKS tables.
func (b *builder) natAndRoutes() error {
	first := b.plan.Zones[0].Name
	key := b.key("nat", first)
	// An internet gateway cannot be detached while its VPC has public
	// addresses in use: the address goes first.
	afterGateway := pulumi.DependsOn([]pulumi.Resource{b.igw})
	eip, err := ec2.NewEip(b.ctx, key, &ec2.EipArgs{
		Domain: pulumi.String("vpc"),
		Tags:   b.tags(key, nil),
	}, b.child(afterGateway)...)
	if err != nil {
		return err
	}
	// The gateway's successor needs the address that it holds.
	nat, err := ec2.NewNatGateway(b.ctx, key, &ec2.NatGatewayArgs{
		SubnetId:         b.network.subnets[addressing.AosPublic][first],
		AllocationId:     eip.AllocationId.ToStringPtrOutput(),
		ConnectivityType: pulumi.String("public"),
		Tags:             b.tags(key, nil),
	}, b.child(afterGateway, pulumi.DeleteBeforeReplace(true))...)
	if err != nil {
		return err
	}
	b.network.NatPublicIP = nat.PublicIp
	_, err = ec2.NewRoute(b.ctx, b.key(string(addressing.AosPublic), "default"), &ec2.RouteArgs{
		RouteTableId:         b.tables[addressing.AosPublic],
		DestinationCidrBlock: pulumi.String("0.0.0.0/0"),
		GatewayId:            b.igw.ID(),
	}, b.child()...)
	if err != nil {
		return err
	}
	_, err = ec2.NewRoute(b.ctx, b.key(string(addressing.AosPrivate), "default"), &ec2.RouteArgs{
		RouteTableId:         b.tables[addressing.AosPrivate],
		DestinationCidrBlock: pulumi.String("0.0.0.0/0"),
		NatGatewayId:         nat.ID(),
	}, b.child()...)
	return err
}

// s3Gateway puts the S3 gateway endpoint on both EKS tables. The main table
// keeps its local route alone.
func (b *builder) s3Gateway() error {
	b.network.S3GatewayEndpointID = pulumi.String("").ToStringOutput()
	if b.plan.S3Service == "" {
		return nil
	}
	key := b.key("s3")
	endpoint, err := ec2.NewVpcEndpoint(b.ctx, key, &ec2.VpcEndpointArgs{
		VpcId:           b.vpc.ID(),
		ServiceName:     pulumi.String(b.plan.S3Service),
		VpcEndpointType: pulumi.String("Gateway"),
		Tags:            b.tags(key, nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	b.network.S3GatewayEndpointID = endpoint.ID().ToStringOutput()
	for _, tier := range []addressing.AosTier{addressing.AosPublic, addressing.AosPrivate} {
		_, err := ec2.NewVpcEndpointRouteTableAssociation(b.ctx, b.key("s3", string(tier)),
			&ec2.VpcEndpointRouteTableAssociationArgs{
				VpcEndpointId: endpoint.ID(),
				RouteTableId:  b.tables[tier],
			}, b.child()...)
		if err != nil {
			return err
		}
	}
	return nil
}

// groupRules connects the cluster's group and the VPC's default group in both
// directions. The document gives ports 0–65535 to protocol -1; AWS takes none.
func (b *builder) groupRules() error {
	eks := b.args.eksGroup()
	if eks == nil {
		return nil
	}
	base := b.vpc.DefaultSecurityGroupId
	for _, rule := range []struct {
		key, description string
		into, from       pulumi.StringInput
	}{
		{"eks-to-base", "EKS nodes and pods to managed services and endpoints", base, eks},
		{"base-to-eks", "Managed services and endpoints to EKS nodes and pods", eks, base},
	} {
		key := b.key(rule.key)
		_, err := vpc.NewSecurityGroupIngressRule(b.ctx, key, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId:           rule.into,
			ReferencedSecurityGroupId: rule.from.ToStringOutput().ToStringPtrOutput(),
			IpProtocol:                pulumi.String(allProtocols),
			Description:               pulumi.String(rule.description),
			Tags:                      b.tags(key, nil),
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	return nil
}

// publicLb creates the group of the internet-facing load balancers: the
// configured ingress, and all egress.
func (b *builder) publicLb() error {
	b.network.PublicLbSecurityGroupID = pulumi.String("").ToStringOutput()
	if len(b.plan.Ingress) == 0 {
		return nil
	}
	group, err := ec2.NewSecurityGroup(b.ctx, b.key("public-lb"), &ec2.SecurityGroupArgs{
		VpcId:       b.vpc.ID(),
		Description: pulumi.String("Internet-facing load balancers of EKS"),
		Tags:        b.tags(b.key("public-lb"), nil),
	}, b.child()...)
	if err != nil {
		return err
	}
	b.network.PublicLbSecurityGroupID = group.ID().ToStringOutput()
	for _, rule := range b.plan.Ingress {
		key := b.key("public-lb", rule.Key())
		args := &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(),
			IpProtocol:      pulumi.String(rule.Protocol),
			Description:     pulumi.String(rule.Cidr.String() + " to public load balancers"),
			Tags:            b.tags(key, nil),
		}
		if rule.Protocol != allProtocols {
			args.FromPort, args.ToPort = pulumi.Int(rule.From), pulumi.Int(rule.To)
		}
		if rule.Cidr.Addr().Is4() {
			args.CidrIpv4 = pulumi.String(rule.Cidr.String())
		} else {
			args.CidrIpv6 = pulumi.String(rule.Cidr.String())
		}
		if _, err := vpc.NewSecurityGroupIngressRule(b.ctx, key, args, b.child()...); err != nil {
			return err
		}
	}
	if err := b.publicLbEgress(group, "ipv4", &vpc.SecurityGroupEgressRuleArgs{CidrIpv4: pulumi.String("0.0.0.0/0")}); err != nil {
		return err
	}
	return b.publicLbEgress(group, "ipv6", &vpc.SecurityGroupEgressRuleArgs{CidrIpv6: pulumi.String("::/0")})
}

// publicLbEgress lets the public load balancers out to all of one IP family.
func (b *builder) publicLbEgress(group *ec2.SecurityGroup, family string, args *vpc.SecurityGroupEgressRuleArgs) error {
	key := b.key("public-lb-egress", family)
	args.SecurityGroupId = group.ID()
	args.IpProtocol = pulumi.String(allProtocols)
	args.Description = pulumi.String("Public load balancers to everything")
	args.Tags = b.tags(key, nil)
	_, err := vpc.NewSecurityGroupEgressRule(b.ctx, key, args, b.child()...)
	return err
}

// interfaceEndpoints creates the endpoints with the VPC's default group and the
// cluster's group on each.
func (b *builder) interfaceEndpoints() error {
	groups := pulumi.StringArray{b.vpc.DefaultSecurityGroupId}
	if eks := b.args.eksGroup(); eks != nil {
		groups = append(groups, eks)
	}
	set, err := endpoints.NewInterfaceEndpoints(b.ctx, b.key("endpoints"), &endpoints.InterfaceEndpointsArgs{
		Spec:             b.plan.endpoints,
		VpcID:            b.vpc.ID().ToStringOutput(),
		SubnetIDs:        b.network.subnets[addressing.AosEndpoints],
		SecurityGroupIDs: groups,
		Tags:             b.args.Tags,
	}, b.child()...)
	if err != nil {
		return err
	}
	b.network.EndpointIDs = set.EndpointIDs
	return nil
}

// mountTargets puts the file system into each EKS private subnet, behind the
// VPC's default group.
func (b *builder) mountTargets() error {
	ids := pulumi.StringMap{}
	if fileSystem := b.args.fileSystem(); fileSystem != nil {
		for _, zone := range b.plan.Zones {
			// A file system has one mount target a zone: the old one goes first.
			target, err := efs.NewMountTarget(b.ctx, b.key("efs", zone.Name), &efs.MountTargetArgs{
				FileSystemId:   fileSystem,
				SubnetId:       b.network.subnets[addressing.AosPrivate][zone.Name],
				SecurityGroups: pulumi.StringArray{b.vpc.DefaultSecurityGroupId},
			}, b.child(pulumi.DeleteBeforeReplace(true))...)
			if err != nil {
				return err
			}
			ids[zone.Name] = target.ID().ToStringOutput()
		}
	}
	b.network.MountTargetIDs = ids.ToStringMapOutput()
	return nil
}

// outputs fills in the outputs that no step has filled in yet.
func (b *builder) outputs() {
	n := b.network
	n.VpcID = b.vpc.ID().ToStringOutput()
	n.VpcCidr = b.vpc.CidrBlock
	n.DefaultSecurityGroupID = b.vpc.DefaultSecurityGroupId
	subnets, tables := pulumi.StringMapMap{}, pulumi.StringMap{}
	for tier, zones := range n.subnets {
		subnets[string(tier)] = zones
	}
	for tier, table := range b.tables {
		tables[string(tier)] = table
	}
	n.SubnetIDs, n.RouteTableIDs = subnets.ToStringMapMapOutput(), tables.ToStringMapOutput()
}

// subnetIDs returns a tier's subnet ids in slot order.
func (b *builder) subnetIDs(tier addressing.AosTier) pulumi.StringArray {
	ids := pulumi.StringArray{}
	for _, s := range b.plan.Subnets {
		if s.Tier == tier {
			ids = append(ids, b.network.subnets[tier][s.Zone.Name])
		}
	}
	return ids
}

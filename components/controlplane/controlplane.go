package controlplane

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/flowlogs"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/components/internal/warn"
)

// Type is the component's type token.
const Type = "underlay:controlplane:AwsControlPlaneNetwork"

// AwsControlPlaneNetworkArgs are the arguments of an AwsControlPlaneNetwork.
type AwsControlPlaneNetworkArgs struct {
	Spec
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// AwsControlPlaneNetwork is a control plane's VPC: subnets, route tables,
// gateway endpoints and flow logs. The package comment shows its topology.
type AwsControlPlaneNetwork struct {
	pulumi.ResourceState

	// VpcID is the VPC's id.
	VpcID pulumi.StringOutput `pulumi:"vpcId"`
	// VpcCidr is the VPC's block.
	VpcCidr pulumi.StringOutput `pulumi:"vpcCidr"`
	// SubnetIDs are the subnets' ids by tier, then zone.
	SubnetIDs pulumi.StringMapMapOutput `pulumi:"subnetIds"`
	// RouteTableIDs are the ids of the route tables that the subnets use, by
	// tier, then zone.
	RouteTableIDs pulumi.StringMapMapOutput `pulumi:"routeTableIds"`
	// ZoneIDs are the zones' ids in this account, by name: what another account
	// compares its own zones with.
	ZoneIDs pulumi.StringMapOutput `pulumi:"zoneIds"`
	// GatewayEndpointIDs are the gateway endpoints' ids by service.
	GatewayEndpointIDs pulumi.StringMapOutput `pulumi:"gatewayEndpointIds"`

	plan        *Plan
	subnets     map[addressing.Tier]pulumi.StringMap
	routeTables map[addressing.Tier]pulumi.StringMap
}

// Plan returns the plan that the network was built from.
func (n *AwsControlPlaneNetwork) Plan() *Plan { return n.plan }

// Subnets returns a tier's subnet ids by zone, with plain keys.
func (n *AwsControlPlaneNetwork) Subnets(tier addressing.Tier) pulumi.StringMap {
	return n.subnets[tier]
}

// RouteTables returns the ids of the route tables of a tier by zone, with plain keys.
func (n *AwsControlPlaneNetwork) RouteTables(tier addressing.Tier) pulumi.StringMap {
	return n.routeTables[tier]
}

// NewAwsControlPlaneNetwork builds the network that args describe. Every
// problem of args is reported at once, before anything is registered: the error
// then holds a problem.List. The plan's warnings are logged.
func NewAwsControlPlaneNetwork(
	ctx *pulumi.Context, name string, args *AwsControlPlaneNetworkArgs, opts ...pulumi.ResourceOption,
) (*AwsControlPlaneNetwork, error) {
	if args == nil {
		args = &AwsControlPlaneNetworkArgs{}
	}
	network, err := build(ctx, name, args, opts)
	if err != nil {
		return nil, fmt.Errorf("control plane network %q: %w", name, err)
	}
	return network, nil
}

func build(
	ctx *pulumi.Context, name string, args *AwsControlPlaneNetworkArgs, opts []pulumi.ResourceOption,
) (*AwsControlPlaneNetwork, error) {
	plan, err := NewPlan(args.Spec)
	if err != nil {
		return nil, err
	}
	network := &AwsControlPlaneNetwork{
		plan:        plan,
		subnets:     map[addressing.Tier]pulumi.StringMap{},
		routeTables: map[addressing.Tier]pulumi.StringMap{},
	}
	if err := ctx.RegisterComponentResource(Type, name, network, opts...); err != nil {
		return nil, err
	}
	// Registering puts outputs of its own into the fields.
	network.VpcCidr = pulumi.String(plan.Vpc.String()).ToStringOutput()
	if err := warn.Log(ctx, network, plan.Warnings); err != nil {
		return nil, err
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, network: network}
	for _, step := range []func() error{b.vpc, b.buildSubnets, b.gatewayEndpoints, b.flowLogs} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	network.SubnetIDs = byTierAndZone(network.subnets)
	network.RouteTableIDs = byTierAndZone(network.routeTables)
	return network, ctx.RegisterResourceOutputs(network, pulumi.Map{
		"vpcId":              network.VpcID,
		"vpcCidr":            network.VpcCidr,
		"subnetIds":          network.SubnetIDs,
		"routeTableIds":      network.RouteTableIDs,
		"zoneIds":            network.ZoneIDs,
		"gatewayEndpointIds": network.GatewayEndpointIDs,
	})
}

// builder registers the resources of one network.
type builder struct {
	ctx     *pulumi.Context
	name    string
	args    *AwsControlPlaneNetworkArgs
	plan    *Plan
	network *AwsControlPlaneNetwork
	// tables are the route tables, each once, in the order of the subnets.
	tables []routeTable
}

type routeTable struct {
	key string
	id  pulumi.StringOutput
}

// key names a child: the component's name and a stable key, never an index.
func (b *builder) key(parts ...string) string {
	return b.name + "-" + strings.Join(parts, "-")
}

func (b *builder) child() pulumi.ResourceOption { return pulumi.Parent(b.network) }

func (b *builder) tags(key string) pulumi.StringMapInput {
	return tags.Merge(b.args.Tags, key, nil)
}

func (b *builder) vpc() error {
	key := b.key("vpc")
	vpc, err := ec2.NewVpc(b.ctx, key, &ec2.VpcArgs{
		CidrBlock: pulumi.String(b.plan.Vpc.String()),
		// Private DNS of interface endpoints needs both.
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		InstanceTenancy:    pulumi.String("default"),
		Tags:               b.tags(key),
	}, b.child())
	if err != nil {
		return err
	}
	b.network.VpcID = vpc.ID().ToStringOutput()
	return nil
}

// buildSubnets creates each tier's subnets and route tables. No table gets a
// default route.
func (b *builder) buildSubnets() error {
	zoneIDs := pulumi.StringMap{}
	for _, s := range b.plan.Subnets {
		key := b.key(s.Key())
		subnet, err := ec2.NewSubnet(b.ctx, key, &ec2.SubnetArgs{
			VpcId:               b.network.VpcID,
			AvailabilityZone:    pulumi.String(s.Zone.Name),
			CidrBlock:           pulumi.String(s.Cidr.String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                b.tags(key),
		}, b.child())
		if err != nil {
			return err
		}
		table, err := b.table(s)
		if err != nil {
			return err
		}
		_, err = ec2.NewRouteTableAssociation(b.ctx, key, &ec2.RouteTableAssociationArgs{
			SubnetId:     subnet.ID(),
			RouteTableId: table,
		}, b.child())
		if err != nil {
			return err
		}
		if zoneIDs[s.Zone.Name] = subnet.AvailabilityZoneId; s.Zone.ID != "" {
			zoneIDs[s.Zone.Name] = pulumi.String(s.Zone.ID)
		}
		put(b.network.subnets, s, subnet.ID().ToStringOutput())
		put(b.network.routeTables, s, table)
	}
	b.network.ZoneIDs = zoneIDs.ToStringMapOutput()
	return nil
}

// table returns the route table of a subnet, and creates it the first time.
func (b *builder) table(s Subnet) (pulumi.StringOutput, error) {
	for _, table := range b.tables {
		if table.key == s.tableKey() {
			return table.id, nil
		}
	}
	key := b.key(s.tableKey())
	table, err := ec2.NewRouteTable(b.ctx, key, &ec2.RouteTableArgs{
		VpcId: b.network.VpcID,
		Tags:  b.tags(key),
	}, b.child())
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	id := table.ID().ToStringOutput()
	b.tables = append(b.tables, routeTable{key: s.tableKey(), id: id})
	return id, nil
}

func put(ids map[addressing.Tier]pulumi.StringMap, s Subnet, id pulumi.StringOutput) {
	if ids[s.Tier] == nil {
		ids[s.Tier] = pulumi.StringMap{}
	}
	ids[s.Tier][s.Zone.Name] = id
}

// gatewayEndpoints puts the gateway endpoints on every route table: without
// them no image layer comes from ECR, and there is no other way to S3.
func (b *builder) gatewayEndpoints() error {
	ids := pulumi.StringMap{}
	for _, service := range []string{"s3", "dynamodb"} {
		endpoint, err := ec2.NewVpcEndpoint(b.ctx, b.key(service), &ec2.VpcEndpointArgs{
			VpcId:           b.network.VpcID,
			ServiceName:     pulumi.String("com.amazonaws." + b.plan.Spec.Region + "." + service),
			VpcEndpointType: pulumi.String("Gateway"),
			Tags:            b.tags(b.key(service)),
		}, b.child())
		if err != nil {
			return err
		}
		ids[service] = endpoint.ID().ToStringOutput()
		for _, table := range b.tables {
			_, err := ec2.NewVpcEndpointRouteTableAssociation(b.ctx, b.key(service, table.key),
				&ec2.VpcEndpointRouteTableAssociationArgs{
					VpcEndpointId: endpoint.ID(),
					RouteTableId:  table.id,
				}, b.child())
			if err != nil {
				return err
			}
		}
	}
	b.network.GatewayEndpointIDs = ids.ToStringMapOutput()
	return nil
}

// flowLogs records the VPC's traffic, if the spec asks for that.
func (b *builder) flowLogs() error {
	logs := b.plan.Spec.FlowLogs
	if logs == nil {
		return nil
	}
	return flowlogs.Build(b.ctx, *logs, flowlogs.Args{
		Component: b.name, Parent: b.network, VpcID: b.network.VpcID, Tags: b.args.Tags,
	})
}

func byTierAndZone(ids map[addressing.Tier]pulumi.StringMap) pulumi.StringMapMapOutput {
	out := pulumi.StringMapMap{}
	for tier, zones := range ids {
		out[string(tier)] = zones
	}
	return out.ToStringMapMapOutput()
}

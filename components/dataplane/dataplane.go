package dataplane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/flowlogs"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:dataplane:AwsDataPlaneNetwork"

// AwsDataPlaneNetworkArgs are the arguments of an AwsDataPlaneNetwork: the
// plain Spec that decides its structure, and values that other resources give.
type AwsDataPlaneNetworkArgs struct {
	Spec
	// VpcID takes the place of Existing.VpcID when another resource gives it.
	VpcID pulumi.StringInput
	// InternetGatewayID takes the place of Existing.InternetGatewayID.
	InternetGatewayID pulumi.StringInput
	// ElasticIPAllocationIDs take the place of Nat.ElasticIPAllocationIDs: one
	// for each NAT gateway, in the order of the zones.
	ElasticIPAllocationIDs []pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// AwsDataPlaneNetwork is a data plane's VPC: subnets, route tables, gateways
// and flow logs. The package comment shows its topology.
type AwsDataPlaneNetwork struct {
	pulumi.ResourceState

	// VpcID is the VPC's id.
	VpcID pulumi.StringOutput `pulumi:"vpcId"`
	// VpcCidrs are all blocks of the VPC, the pod block included.
	VpcCidrs pulumi.StringArrayOutput `pulumi:"vpcCidrs"`
	// SubnetIDs are the subnets' ids by tier, then zone. Those of the tier
	// "pods" are what the cluster's ENIConfig objects name.
	SubnetIDs pulumi.StringMapMapOutput `pulumi:"subnetIds"`
	// RouteTableIDs are the ids of the route tables that the subnets use, by
	// tier, then zone. With egress "external" the caller adds the default
	// routes to those of the tier "nodes".
	RouteTableIDs pulumi.StringMapMapOutput `pulumi:"routeTableIds"`
	// ZoneIDs are the zones' ids in this account, by name: what another account
	// compares its own zones with.
	ZoneIDs pulumi.StringMapOutput `pulumi:"zoneIds"`
	// NatPublicIPs are the NAT gateways' public addresses by zone: the
	// addresses that others see the data plane come from.
	NatPublicIPs pulumi.StringMapOutput `pulumi:"natPublicIps"`
	// GatewayEndpointIDs are the gateway endpoints' ids by service.
	GatewayEndpointIDs pulumi.StringMapOutput `pulumi:"gatewayEndpointIds"`

	plan        *Plan
	subnets     map[addressing.Tier]pulumi.StringMap
	routeTables map[addressing.Tier]pulumi.StringMap
	internet    []pulumi.Resource
}

// Plan returns the plan that the network was built from.
func (n *AwsDataPlaneNetwork) Plan() *Plan { return n.plan }

// Subnets returns a tier's subnet ids by zone, with plain keys, so that a
// caller can build on each zone; empty when the network has no such tier.
func (n *AwsDataPlaneNetwork) Subnets(tier addressing.Tier) pulumi.StringMap { return n.subnets[tier] }

// RouteTables returns the ids of the route tables of a tier by zone, with plain keys.
func (n *AwsDataPlaneNetwork) RouteTables(tier addressing.Tier) pulumi.StringMap {
	return n.routeTables[tier]
}

// Internet returns what makes the public tier public: the internet gateway, if
// the network creates it, and the tier's default route. What is reached from the
// internet depends on them. Empty without a public tier.
func (n *AwsDataPlaneNetwork) Internet() []pulumi.Resource { return n.internet }

// NewAwsDataPlaneNetwork builds the network that args describe. Every problem
// of args is reported at once, before anything is registered: the error then
// holds a problem.List. The plan's warnings are logged.
func NewAwsDataPlaneNetwork(
	ctx *pulumi.Context, name string, args *AwsDataPlaneNetworkArgs, opts ...pulumi.ResourceOption,
) (*AwsDataPlaneNetwork, error) {
	if args == nil {
		args = &AwsDataPlaneNetworkArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("data plane network %q: %w", name, err)
	}
	network := &AwsDataPlaneNetwork{
		plan:        plan,
		subnets:     map[addressing.Tier]pulumi.StringMap{},
		routeTables: map[addressing.Tier]pulumi.StringMap{},
	}
	if err := ctx.RegisterComponentResource(Type, name, network, opts...); err != nil {
		return nil, fmt.Errorf("data plane network %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, network: network}
	for _, build := range []func() error{
		b.warnings, b.vpcAndGateway, b.buildSubnets, b.natGateways, b.defaultRoutes, b.gatewayEndpoints, b.flowLogs,
	} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("data plane network %q: %w", name, err)
		}
	}
	b.outputs()
	err = ctx.RegisterResourceOutputs(network, pulumi.Map{
		"vpcId":              network.VpcID,
		"vpcCidrs":           network.VpcCidrs,
		"subnetIds":          network.SubnetIDs,
		"routeTableIds":      network.RouteTableIDs,
		"zoneIds":            network.ZoneIDs,
		"natPublicIps":       network.NatPublicIPs,
		"gatewayEndpointIds": network.GatewayEndpointIDs,
	})
	if err != nil {
		return nil, fmt.Errorf("data plane network %q: %w", name, err)
	}
	return network, nil
}

// plan plans the spec and checks the values given beside it.
func (a *AwsDataPlaneNetworkArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)

	existing := a.Existing
	switch {
	case existing == nil && a.VpcID != nil:
		problems.Addf("vpcId", "", "list its blocks in existing.cidrs", "is set, but existing is not")
	case existing == nil && a.InternetGatewayID != nil:
		problems.Addf("internetGatewayId", "", "set existing, or remove it", "is set, but existing is not")
	case existing != nil && a.VpcID == nil && existing.VpcID == "":
		problems.Addf("existing.vpcId", "", "give the VPC's id", "is missing")
	case existing != nil && a.VpcID != nil && existing.VpcID != "":
		problems.Addf("existing.vpcId", existing.VpcID, "give one of them", "is given twice: here and as vpcId")
	case existing != nil && a.InternetGatewayID != nil && existing.InternetGatewayID != "":
		problems.Addf("existing.internetGatewayId", existing.InternetGatewayID, "give one of them",
			"is given twice: here and as internetGatewayId")
	}
	if given := len(a.ElasticIPAllocationIDs); given > 0 && plan != nil {
		switch {
		case len(plan.NatZones) != given:
			problems.Addf("elasticIpAllocationIds", "", "give one for each NAT gateway, in the order of the zones",
				"is %d addresses for %d NAT gateways", given, len(plan.NatZones))
		case len(plan.Spec.Nat.ElasticIPAllocationIDs) > 0:
			problems.Addf("nat.elasticIpAllocationIds", "", "give one of them",
				"is given twice: here and as elasticIpAllocationIds")
		}
	}
	return plan, problems.Err()
}

// builder registers the resources of one network.
type builder struct {
	ctx     *pulumi.Context
	name    string
	args    *AwsDataPlaneNetworkArgs
	plan    *Plan
	network *AwsDataPlaneNetwork

	vpcID       pulumi.StringInput
	igwID       pulumi.StringInput
	igw         []pulumi.Resource
	podBlock    []pulumi.Resource
	nats        map[string]*ec2.NatGateway
	natIPs      pulumi.StringMap
	endpointIDs pulumi.StringMap
	zoneIDs     pulumi.StringMap
}

// child returns the options of a child resource. Everything is parented to the
// component, so that a rename of the component can be aliased.
func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.network)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
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

// vpcAndGateway creates the VPC and its internet gateway, or takes the existing
// ones, and associates the pod block.
func (b *builder) vpcAndGateway() error {
	existing := b.plan.Spec.Existing
	switch {
	case existing == nil:
		vpc, err := ec2.NewVpc(b.ctx, b.key("vpc"), &ec2.VpcArgs{
			CidrBlock: pulumi.String(b.plan.Vpc.String()),
			// Private DNS of interface endpoints and private EKS API
			// endpoints need both.
			EnableDnsSupport:   pulumi.Bool(true),
			EnableDnsHostnames: pulumi.Bool(true),
			InstanceTenancy:    pulumi.String("default"),
			Tags:               b.tags(b.key("vpc"), nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.vpcID = vpc.ID().ToStringOutput()
	case b.args.VpcID != nil:
		b.vpcID = b.args.VpcID
	default:
		b.vpcID = pulumi.String(existing.VpcID)
	}
	if b.plan.AssociatePods {
		association, err := ec2.NewVpcIpv4CidrBlockAssociation(b.ctx, b.key("pods"), &ec2.VpcIpv4CidrBlockAssociationArgs{
			VpcId:     b.vpcID,
			CidrBlock: pulumi.String(b.plan.Pods.String()),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.podBlock = []pulumi.Resource{association}
	}
	switch {
	case !b.plan.InternetGateway:
	case b.args.InternetGatewayID != nil:
		b.igwID = b.args.InternetGatewayID
	case existing != nil && existing.InternetGatewayID != "":
		b.igwID = pulumi.String(existing.InternetGatewayID)
	default:
		// In another VPC it is a new gateway: AWS does not detach one from a
		// VPC that has public addresses in use.
		igw, err := ec2.NewInternetGateway(b.ctx, b.key("igw"), &ec2.InternetGatewayArgs{
			VpcId: b.vpcID,
			Tags:  b.tags(b.key("igw"), nil),
		}, append(b.child(), pulumi.ReplaceOnChanges([]string{"vpcId"}))...)
		if err != nil {
			return err
		}
		b.igwID, b.igw = igw.ID().ToStringOutput(), []pulumi.Resource{igw}
	}
	return nil
}

// buildSubnets creates each tier's subnets and route tables. Nodes have a table
// in each zone, so that each can use its own NAT gateway; the other tiers have
// one for all zones.
func (b *builder) buildSubnets() error {
	tables := map[string]pulumi.StringOutput{}
	b.zoneIDs = pulumi.StringMap{}
	for _, s := range b.plan.Subnets {
		key := b.key(s.Key())
		var dependsOn []pulumi.Resource
		if s.Tier == addressing.Pods {
			// AWS refuses a subnet of a block that is not associated yet.
			dependsOn = b.podBlock
		}
		subnet, err := ec2.NewSubnet(b.ctx, key, &ec2.SubnetArgs{
			VpcId:               b.vpcID,
			AvailabilityZone:    pulumi.String(s.Zone.Name),
			CidrBlock:           pulumi.String(s.Cidr.String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                b.tags(key, b.roleTags(s.Tier)),
		}, b.child(dependsOn...)...)
		if err != nil {
			return err
		}

		tableKey := b.key(string(s.Tier))
		if s.Tier == addressing.Nodes {
			tableKey = key
		}
		table, built := tables[tableKey]
		if !built {
			resource, err := ec2.NewRouteTable(b.ctx, tableKey, &ec2.RouteTableArgs{
				VpcId: b.vpcID,
				Tags:  b.tags(tableKey, nil),
			}, b.child()...)
			if err != nil {
				return err
			}
			table = resource.ID().ToStringOutput()
			tables[tableKey] = table
		}
		_, err = ec2.NewRouteTableAssociation(b.ctx, key, &ec2.RouteTableAssociationArgs{
			SubnetId:     subnet.ID(),
			RouteTableId: table,
		}, b.child()...)
		if err != nil {
			return err
		}
		if b.zoneIDs[s.Zone.Name] = subnet.AvailabilityZoneId; s.Zone.ID != "" {
			b.zoneIDs[s.Zone.Name] = pulumi.String(s.Zone.ID)
		}
		put(b.network.subnets, s, subnet.ID().ToStringOutput())
		put(b.network.routeTables, s, table)
	}
	return nil
}

func put(ids map[addressing.Tier]pulumi.StringMap, s Subnet, id pulumi.StringOutput) {
	if ids[s.Tier] == nil {
		ids[s.Tier] = pulumi.StringMap{}
	}
	ids[s.Tier][s.Zone.Name] = id
}

// roleTags are the tags by which Kubernetes' load balancer controller and VPC
// CNI find a tier's subnets. Pod subnets never carry load balancer tags.
// https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
func (b *builder) roleTags(tier addressing.Tier) map[string]string {
	spec := b.plan.Spec
	role := map[string]string{}
	switch {
	case tier == addressing.Public && spec.Connectivity == ConnectivityInternet:
		role["kubernetes.io/role/elb"] = "1"
	case tier == addressing.Nodes:
		role["kubernetes.io/role/internal-elb"] = "1"
	case tier == addressing.Pods && spec.PodNetworking == PodsBySubnetDiscovery:
		role["kubernetes.io/role/cni"] = "1"
	}
	if len(role) > 0 && tier != addressing.Pods {
		for _, cluster := range spec.ClusterNames {
			role["kubernetes.io/cluster/"+cluster] = "shared"
		}
	}
	return role
}

// natGateways creates a NAT gateway in each zone of the plan.
func (b *builder) natGateways() error {
	b.nats, b.natIPs = map[string]*ec2.NatGateway{}, pulumi.StringMap{}
	for i, zone := range b.plan.NatZones {
		key := b.key("nat", zone)
		allocation, err := b.elasticIP(i, key)
		if err != nil {
			return err
		}
		// A successor wants the same address, so it waits for it to be free.
		nat, err := ec2.NewNatGateway(b.ctx, key, &ec2.NatGatewayArgs{
			SubnetId:         b.network.subnets[addressing.Public][zone],
			AllocationId:     allocation.ToStringOutput().ToStringPtrOutput(),
			ConnectivityType: pulumi.String("public"),
			Tags:             b.tags(key, nil),
		}, append(b.child(b.igw...), pulumi.DeleteBeforeReplace(true))...)
		if err != nil {
			return err
		}
		b.nats[zone] = nat
		b.natIPs[zone] = nat.PublicIp
	}
	return nil
}

// elasticIP returns the allocation id of the i-th NAT gateway's address: the
// caller's, or a new one.
func (b *builder) elasticIP(i int, key string) (pulumi.StringInput, error) {
	if i < len(b.args.ElasticIPAllocationIDs) {
		return b.args.ElasticIPAllocationIDs[i], nil
	}
	if given := b.plan.Spec.Nat.ElasticIPAllocationIDs; i < len(given) {
		return pulumi.String(given[i]), nil
	}
	// An internet gateway cannot be detached while its VPC has public
	// addresses in use: the address goes first.
	eip, err := ec2.NewEip(b.ctx, key, &ec2.EipArgs{
		Domain: pulumi.String("vpc"),
		Tags:   b.tags(key, nil),
	}, b.child(b.igw...)...)
	if err != nil {
		return nil, err
	}
	return eip.AllocationId, nil
}

// defaultRoutes routes the public tier to the internet gateway and, with egress
// nat, each zone's nodes to their NAT gateway. No other tier has a default route.
func (b *builder) defaultRoutes() error {
	if b.plan.InternetGateway {
		route, err := ec2.NewRoute(b.ctx, b.key("public-default"), &ec2.RouteArgs{
			RouteTableId:         b.network.routeTables[addressing.Public][b.plan.Zones[0].Name],
			DestinationCidrBlock: pulumi.String("0.0.0.0/0"),
			GatewayId:            b.igwID.ToStringOutput().ToStringPtrOutput(),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.network.internet = append(slices.Clone(b.igw), route)
	}
	if b.plan.Spec.Egress != EgressNat {
		return nil
	}
	for _, zone := range b.plan.Zones {
		_, err := ec2.NewRoute(b.ctx, b.key("nodes", zone.Name, "default"), &ec2.RouteArgs{
			RouteTableId:         b.network.routeTables[addressing.Nodes][zone.Name],
			DestinationCidrBlock: pulumi.String("0.0.0.0/0"),
			NatGatewayId:         b.nats[b.plan.NatZone(zone.Name)].ID(),
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	return nil
}

// gatewayEndpoints puts each gateway endpoint on every route table.
func (b *builder) gatewayEndpoints() error {
	b.endpointIDs = pulumi.StringMap{}
	for _, service := range b.plan.Spec.GatewayEndpoints {
		endpoint, err := ec2.NewVpcEndpoint(b.ctx, b.key(service), &ec2.VpcEndpointArgs{
			VpcId:           b.vpcID,
			ServiceName:     pulumi.String(b.plan.gatewayServices[service]),
			VpcEndpointType: pulumi.String("Gateway"),
			Tags:            b.tags(b.key(service), nil),
		}, b.child()...)
		if err != nil {
			return err
		}
		b.endpointIDs[service] = endpoint.ID().ToStringOutput()
		for _, table := range b.tables() {
			_, err := ec2.NewVpcEndpointRouteTableAssociation(b.ctx, b.key(service, table.key),
				&ec2.VpcEndpointRouteTableAssociationArgs{
					VpcEndpointId: endpoint.ID(),
					RouteTableId:  table.id,
				}, b.child()...)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

type routeTable struct {
	key string
	id  pulumi.StringInput
}

// tables lists each route table once.
func (b *builder) tables() []routeTable {
	var tables []routeTable
	for _, s := range b.plan.Subnets {
		key := string(s.Tier)
		switch {
		case s.Tier == addressing.Nodes:
			key = s.Key()
		case s.Zone.Slot > 0:
			continue
		}
		tables = append(tables, routeTable{key: key, id: b.network.routeTables[s.Tier][s.Zone.Name]})
	}
	return tables
}

// flowLogs records the VPC's traffic, if the spec asks for that.
func (b *builder) flowLogs() error {
	logs := b.plan.Spec.FlowLogs
	if logs == nil {
		return nil
	}
	return flowlogs.Build(b.ctx, *logs, flowlogs.Args{
		Component: b.name, Parent: b.network, VpcID: b.vpcID, Tags: b.args.Tags,
	})
}

// outputs fills in the component's outputs.
func (b *builder) outputs() {
	n := b.network
	n.VpcID = b.vpcID.ToStringOutput()
	cidrs := pulumi.StringArray{}
	for _, cidr := range b.plan.Cidrs() {
		cidrs = append(cidrs, pulumi.String(cidr.String()))
	}
	n.VpcCidrs = cidrs.ToStringArrayOutput()
	n.SubnetIDs = byTierAndZone(n.subnets)
	n.RouteTableIDs = byTierAndZone(n.routeTables)
	n.ZoneIDs = b.zoneIDs.ToStringMapOutput()
	n.NatPublicIPs = b.natIPs.ToStringMapOutput()
	n.GatewayEndpointIDs = b.endpointIDs.ToStringMapOutput()
}

func byTierAndZone(ids map[addressing.Tier]pulumi.StringMap) pulumi.StringMapMapOutput {
	out := pulumi.StringMapMap{}
	for tier, zones := range ids {
		out[string(tier)] = zones
	}
	return out.ToStringMapMapOutput()
}

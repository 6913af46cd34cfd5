package azurehub

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the type token of AzureHub.
const Type = "underlay:azurehub:AzureHub"

// hub is the key of what belongs to the hub's own VNet.
const hub = "hub"

// AzureHubArgs are the arguments of AzureHub: the plain Spec that decides its
// structure, and the ids of what it is built into.
type AzureHubArgs struct {
	Spec
	// ResourceGroupName is the resource group of everything created. Required.
	ResourceGroupName pulumi.StringInput
	// SpokeVnetIDs are the ids of the spokes by name, where the spec does not
	// have them.
	SpokeVnetIDs pulumi.StringMap
	// DdosPlanID is the plan that the spec's ddos "plan" uses. Default: a new
	// one.
	DdosPlanID pulumi.StringInput
	// Tags are put on every resource that takes tags.
	Tags pulumi.StringMapInput
}

// AzureHub is the hub of a hub-and-spoke network.
type AzureHub struct {
	pulumi.ResourceState

	// VnetID is the hub's VNet, for the spokes' side of the peering and for
	// links of private zones.
	VnetID pulumi.StringOutput `pulumi:"vnetId"`
	// SubnetIDs are the subnets' ids by slot.
	SubnetIDs pulumi.StringMapOutput `pulumi:"subnetIds"`
	// FirewallPrivateIP is the next hop of the spokes' default routes, and
	// their DNS server where the firewall is the DNS proxy. It is known once
	// the firewall has all its rules.
	FirewallPrivateIP pulumi.StringOutput `pulumi:"firewallPrivateIp"`
	// FirewallPolicyID is the policy, for rules of one's own.
	FirewallPolicyID pulumi.StringOutput `pulumi:"firewallPolicyId"`
	// PublicIPs are the firewall's public addresses: where the spokes' traffic
	// comes from, and the first is where the control plane enters.
	PublicIPs pulumi.StringArrayOutput `pulumi:"publicIps"`
	// ResolverInboundIP is the address that DNS servers elsewhere forward to.
	// Empty without a resolver.
	ResolverInboundIP pulumi.StringOutput `pulumi:"resolverInboundIp"`

	plan *Plan
}

// Plan returns the plan that the hub was built from.
func (h *AzureHub) Plan() *Plan { return h.plan }

// NewAzureHub builds the hub that args describe. Every problem of args is
// reported at once, before anything is registered: the error then holds a
// problem.List. What works less well than it could is a warning of the
// deployment.
func NewAzureHub(ctx *pulumi.Context, name string, args *AzureHubArgs, opts ...pulumi.ResourceOption) (*AzureHub, error) {
	if args == nil {
		args = &AzureHubArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("hub %q: %w", name, err)
	}
	component := &AzureHub{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, component, opts...); err != nil {
		return nil, fmt.Errorf("hub %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, hub: component, subnetIDs: pulumi.StringMap{}}
	for _, build := range []func() error{b.warnings, b.network, b.subnets, b.peerings, b.firewall, b.resolver, b.bastion} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("hub %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(component, pulumi.Map{
		"vnetId":            component.VnetID,
		"subnetIds":         component.SubnetIDs,
		"firewallPrivateIp": component.FirewallPrivateIP,
		"firewallPolicyId":  component.FirewallPolicyID,
		"publicIps":         component.PublicIPs,
		"resolverInboundIp": component.ResolverInboundIP,
	})
	if err != nil {
		return nil, fmt.Errorf("hub %q: %w", name, err)
	}
	return component, nil
}

// plan plans the spec and checks the values given beside it.
func (a *AzureHubArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if a.ResourceGroupName == nil {
		problems.Addf("resourceGroupName", "", "give the resource group's name", "is missing")
	}
	for _, name := range slices.Sorted(maps.Keys(a.Spokes)) {
		_, given := a.SpokeVnetIDs[name]
		plain := a.Spokes[name].VnetID
		path := "spokes." + name + ".vnetId"
		switch {
		case !given && plain == "":
			problems.Addf(path, "", "give the VNet's id", "is missing")
		case given && plain != "":
			problems.Addf(path, plain, "give one of them", "is given twice: in the spec and as an input")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.SpokeVnetIDs)) {
		if _, wanted := a.Spokes[name]; !wanted {
			problems.Addf("spokeVnetIds."+name, "", "add the spoke, or remove the id", "is the id of no spoke")
		}
	}
	if a.DdosPlanID != nil && a.Ddos != DdosPlan {
		problems.Addf("ddosPlanId", "", "set ddos: plan, or remove it", "is set, but ddos is not plan")
	}
	return plan, problems.Err()
}

type builder struct {
	ctx  *pulumi.Context
	name string
	args *AzureHubArgs
	plan *Plan
	hub  *AzureHub

	vnet      *network.VirtualNetwork
	subnetIDs pulumi.StringMap
	// made are the subnets: what else changes the VNet waits for all of them, so
	// that of several that a program leaves out each still waits for another
	// when they are deleted.
	made []pulumi.Resource
}

func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.hub)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

func (b *builder) key(suffix string) string { return b.name + "-" + suffix }

func (b *builder) location() pulumi.StringInput { return pulumi.String(b.plan.Spec.Location) }

func (b *builder) warnings() error {
	return warn.Log(b.ctx, b.hub, b.plan.Warnings)
}

// network creates the VNet. It never lists its subnets: Azure would delete
// those that are not in the list.
func (b *builder) network() error {
	args := &network.VirtualNetworkArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		AddressSpace:      &network.AddressSpaceArgs{AddressPrefixes: pulumi.StringArray{pulumi.String(b.plan.Vnet.String())}},
		Tags:              b.args.Tags,
	}
	if b.plan.Spec.Ddos == DdosPlan {
		id := b.args.DdosPlanID
		if id == nil {
			plan, err := network.NewDdosProtectionPlan(b.ctx, b.name, &network.DdosProtectionPlanArgs{
				ResourceGroupName: b.args.ResourceGroupName,
				Location:          b.location(),
				Tags:              b.args.Tags,
			}, b.child()...)
			if err != nil {
				return err
			}
			id = plan.ID().ToStringOutput()
		}
		args.EnableDdosProtection = pulumi.Bool(true)
		args.DdosProtectionPlan = subResource(id)
	}
	vnet, err := network.NewVirtualNetwork(b.ctx, b.name, args, b.child()...)
	if err != nil {
		return err
	}
	b.vnet = vnet
	b.hub.VnetID = vnet.ID().ToStringOutput()
	return nil
}

// subnets creates the subnets one after the other: Azure refuses two changes of
// a VNet at a time.
func (b *builder) subnets() error {
	for _, subnet := range b.plan.Subnets {
		args := &network.SubnetArgs{
			ResourceGroupName:     b.args.ResourceGroupName,
			VirtualNetworkName:    b.vnet.Name,
			SubnetName:            pulumi.String(subnet.Name),
			AddressPrefix:         pulumi.String(subnet.Prefix.String()),
			DefaultOutboundAccess: pulumi.Bool(false),
		}
		if subnet.Delegation != "" {
			args.Delegations = network.DelegationArray{&network.DelegationArgs{
				Name:        pulumi.String("resolver"),
				ServiceName: pulumi.String(subnet.Delegation),
			}}
		}
		created, err := network.NewSubnet(b.ctx, b.key(string(subnet.Slot)), args, b.child(b.made...)...)
		if err != nil {
			return err
		}
		b.made = append(b.made, created)
		b.subnetIDs[string(subnet.Slot)] = created.ID().ToStringOutput()
	}
	b.hub.SubnetIDs = b.subnetIDs.ToStringMapOutput()
	return nil
}

// peerings creates the hub's side of the peerings, one after the other. What a
// spoke forwards for others stays out: AllowForwardedTraffic is for the spoke's
// side, where the firewall forwards.
func (b *builder) peerings() error {
	before := slices.Clone(b.made)
	for _, name := range slices.Sorted(maps.Keys(b.plan.Spec.Spokes)) {
		peering, err := network.NewVirtualNetworkPeering(b.ctx, b.key("to-"+name), &network.VirtualNetworkPeeringArgs{
			ResourceGroupName:         b.args.ResourceGroupName,
			VirtualNetworkName:        b.vnet.Name,
			RemoteVirtualNetwork:      subResource(b.spokeID(name)),
			AllowVirtualNetworkAccess: pulumi.Bool(true),
			AllowForwardedTraffic:     pulumi.Bool(false),
			AllowGatewayTransit:       pulumi.Bool(b.plan.Spec.Gateway),
			UseRemoteGateways:         pulumi.Bool(false),
		}, b.child(before...)...)
		if err != nil {
			return err
		}
		before = append(before, peering)
	}
	return nil
}

func (b *builder) spokeID(name string) pulumi.StringInput {
	if id := b.args.SpokeVnetIDs[name]; id != nil {
		return id
	}
	return pulumi.String(b.plan.Spec.Spokes[name].VnetID)
}

// bastion creates the bastion and its public address.
func (b *builder) bastion() error {
	spec := b.plan.Spec.Bastion
	if spec == nil {
		return nil
	}
	address, err := b.publicIP("bastion")
	if err != nil {
		return err
	}
	_, err = network.NewBastionHost(b.ctx, b.key("bastion"), &network.BastionHostArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		Sku:               &network.SkuArgs{Name: pulumi.String(spec.SKU)},
		IpConfigurations: network.BastionHostIPConfigurationArray{&network.BastionHostIPConfigurationArgs{
			Name:            pulumi.String("bastion"),
			Subnet:          network.SubResourceArgs{Id: b.subnetID(SlotBastion)},
			PublicIPAddress: subResource(address.ID().ToStringOutput()),
		}},
		Tags: b.args.Tags,
	}, b.child()...)
	return err
}

// publicIP creates a public address. Standard addresses are static, and closed
// until something opens them.
func (b *builder) publicIP(key string) (*network.PublicIPAddress, error) {
	args := &network.PublicIPAddressArgs{
		ResourceGroupName:        b.args.ResourceGroupName,
		Location:                 b.location(),
		Sku:                      &network.PublicIPAddressSkuArgs{Name: pulumi.String("Standard"), Tier: pulumi.String("Regional")},
		PublicIPAllocationMethod: pulumi.String("Static"),
		PublicIPAddressVersion:   pulumi.String("IPv4"),
		Tags:                     b.args.Tags,
	}
	if zones := b.plan.Spec.Firewall.Zones; len(zones) > 0 {
		args.Zones = pulumi.ToStringArray(zones)
	}
	if b.plan.Spec.Ddos == DdosPerIP {
		args.DdosSettings = &network.DdosSettingsArgs{ProtectionMode: pulumi.String("Enabled")}
	}
	return network.NewPublicIPAddress(b.ctx, b.key(key), args, b.child()...)
}

func (b *builder) subnetID(slot Slot) pulumi.StringPtrInput {
	return b.subnetIDs[string(slot)].ToStringOutput().ToStringPtrOutput()
}

func subResource(id pulumi.StringInput) *network.SubResourceArgs {
	return &network.SubResourceArgs{Id: id.ToStringOutput().ToStringPtrOutput()}
}

// errNoAddress says that Azure answered without the address that it must give.
var errNoAddress = errors.New("azure reports no address; refresh, and deploy again")

// address returns an address that Azure gives. A preview may not know it yet.
func (b *builder) address(output pulumi.StringPtrOutput) pulumi.StringOutput {
	return output.ApplyT(func(value *string) (string, error) {
		switch {
		case value != nil && *value != "":
			return *value, nil
		case b.ctx.DryRun():
			return "", nil
		}
		return "", errNoAddress
	}).(pulumi.StringOutput)
}

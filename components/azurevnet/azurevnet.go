package azurevnet

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:azurevnet:AzureSecureVnet"

// AzureSecureVnetArgs are the arguments of an AzureSecureVnet: the plain Spec
// that decides its structure, and values that other resources give.
type AzureSecureVnetArgs struct {
	Spec
	// ResourceGroupName is where everything is made, but for the subnets and
	// peerings of an existing VNet. Required.
	ResourceGroupName pulumi.StringInput
	// FirewallPrivateIP takes the place of Firewall.PrivateIP in the routes when
	// another resource gives it; the plain one is still what rules admit.
	FirewallPrivateIP pulumi.StringInput
	// ControlPlaneIP takes the place of Firewall.ControlPlaneIP.
	ControlPlaneIP pulumi.StringInput
	// RemoteVnetIDs take the place of the peerings' RemoteVnetID, by name.
	RemoteVnetIDs map[string]pulumi.StringInput
	// DdosProtectionPlanID takes the place of DdosProtectionPlan.
	DdosProtectionPlanID pulumi.StringInput
	// StorageAccountID takes the place of FlowLogs.StorageAccountID.
	StorageAccountID pulumi.StringInput
	// Tags are put on every resource that takes tags.
	Tags pulumi.StringMapInput
}

// AzureSecureVnet is a data plane's VNet: subnets, routes, network security
// groups, public addresses, peerings and flow logs. The package comment shows
// its topology.
type AzureSecureVnet struct {
	pulumi.ResourceState

	// VnetID is the VNet's id, VnetName its name.
	VnetID   pulumi.StringOutput `pulumi:"vnetId"`
	VnetName pulumi.StringOutput `pulumi:"vnetName"`
	// SubnetIDs are the subnets' ids by role or name.
	SubnetIDs pulumi.StringMapOutput `pulumi:"subnetIds"`
	// RouteTableIDs are the route tables' ids: "egress" of nodes and pods,
	// "database". Empty without a firewall.
	RouteTableIDs pulumi.StringMapOutput `pulumi:"routeTableIds"`
	// SecurityGroupIDs are the network security groups' ids by subnet.
	SecurityGroupIDs pulumi.StringMapOutput `pulumi:"securityGroupIds"`
	// PublicIPIDs and PublicIPAddresses are the addresses that the VNet made:
	// "outbound-1" and on, and "inbound" when that is another.
	PublicIPIDs       pulumi.StringMapOutput `pulumi:"publicIpIds"`
	PublicIPAddresses pulumi.StringMapOutput `pulumi:"publicIpAddresses"`
	// LoadBalancerIPIDs are the ids of the addresses that the cluster's load
	// balancer uses for traffic out. Empty but with egress loadBalancer.
	LoadBalancerIPIDs pulumi.StringArrayOutput `pulumi:"loadBalancerIpIds"`
	// EgressIPs are the public addresses that others see the data plane come
	// from: those made, or the firewall's.
	EgressIPs pulumi.StringArrayOutput `pulumi:"egressIps"`
	// ControlPlaneIP is the public address that the platform's control plane
	// connects to; empty when none is known.
	ControlPlaneIP pulumi.StringOutput `pulumi:"controlPlaneIp"`
	// RequiredEgress is what a firewall must let the cluster send, as JSON: a
	// list of rules with sources, protocol, ports and FQDNs, service tags or
	// addresses.
	RequiredEgress pulumi.StringOutput `pulumi:"requiredEgress"`

	plan    *Plan
	subnets pulumi.StringMap
	ready   []pulumi.Resource
}

// Plan returns the plan that the VNet was built from.
func (v *AzureSecureVnet) Plan() *Plan { return v.plan }

// Subnets returns the subnets' ids by role or name, with plain keys.
func (v *AzureSecureVnet) Subnets() pulumi.StringMap { return v.subnets }

// Ready returns what a cluster has to wait for beside its subnets: every subnet,
// route and peering.
func (v *AzureSecureVnet) Ready() []pulumi.Resource { return slices.Clone(v.ready) }

// NewAzureSecureVnet builds the VNet that args describe. Every problem of args
// is reported at once, before anything is registered: the error then holds a
// problem.List.
func NewAzureSecureVnet(
	ctx *pulumi.Context, name string, args *AzureSecureVnetArgs, opts ...pulumi.ResourceOption,
) (*AzureSecureVnet, error) {
	if args == nil {
		args = &AzureSecureVnetArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("VNet %q: %w", name, err)
	}
	vnet := &AzureSecureVnet{plan: plan, subnets: pulumi.StringMap{}}
	if err := ctx.RegisterComponentResource(Type, name, vnet, opts...); err != nil {
		return nil, fmt.Errorf("VNet %q: %w", name, err)
	}
	b := &builder{
		ctx: ctx, name: name, args: args, plan: plan, vnet: vnet,
		tables: pulumi.StringMap{}, groups: pulumi.StringMap{}, ipIDs: pulumi.StringMap{}, ips: pulumi.StringMap{},
	}
	for _, build := range []func() error{
		b.warn, b.network, b.routeTables, b.publicAddresses, b.natGateway, b.buildSubnets, b.peerings, b.flowLogs, b.outputs,
	} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("VNet %q: %w", name, err)
		}
	}
	return vnet, nil
}

// longestName leaves room, in the 63 characters that AKS's overlay allows the
// name of a VNet, for "-vnet" and the 8 digits that the provider adds.
const longestName = 63 - len("-vnet") - 8

// componentName is what Azure's names may begin with.
var componentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// plan plans the spec and checks the values given beside it.
func (a *AzureSecureVnetArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)

	switch {
	case !componentName.MatchString(name):
		problems.Addf("name", name, "use letters, digits, hyphens, dots and underscores, the first a letter or digit", "cannot begin an Azure resource's name")
	case len(name) > longestName:
		problems.Addf("name", name, fmt.Sprintf("use at most %d", longestName),
			"has %d characters; AKS's overlay allows the VNet's name 63 in all", len(name))
	}
	if a.ResourceGroupName == nil {
		problems.Addf("resourceGroupName", "", "give the resource group's name", "is missing")
	}
	if a.FirewallPrivateIP != nil && a.Firewall == nil {
		problems.Addf("firewallPrivateIp", "", "set firewall, or remove it", "is set, but firewall is not")
	}
	if a.ControlPlaneIP != nil {
		switch {
		case a.Firewall == nil:
			problems.Addf("controlPlaneIp", "", "set firewall, or remove it", "is set, but firewall is not")
		case a.Firewall.ControlPlaneIP != "":
			problems.Addf("firewall.controlPlaneIp", a.Firewall.ControlPlaneIP, "give one of them", "is given twice: here and as controlPlaneIp")
		}
	}
	if a.DdosProtectionPlanID != nil && a.DdosProtectionPlan != "" {
		problems.Addf("ddosProtectionPlan", a.DdosProtectionPlan, "give one of them", "is given twice: here and as ddosProtectionPlanId")
	}
	if a.DdosProtectionPlanID != nil && a.Existing != nil {
		problems.Addf("ddosProtectionPlanId", "", "set it where the VNet is made, and remove it here", "is a property of the existing VNet")
	}
	for peering, spec := range sorted(a.Peerings) {
		given := a.RemoteVnetIDs[peering] != nil
		path := fmt.Sprintf("peerings.%s.remoteVnetId", peering)
		switch {
		case !given && spec.RemoteVnetID == "":
			problems.Addf(path, "", "give the other VNet's id", "is missing")
		case given && spec.RemoteVnetID != "":
			problems.Addf(path, spec.RemoteVnetID, "give one of them", "is given twice: here and in remoteVnetIds")
		}
	}
	for peering := range sorted(a.RemoteVnetIDs) {
		if _, known := a.Peerings[peering]; !known {
			problems.Addf("remoteVnetIds."+peering, "", "add it to peerings, or remove it", "is the id of no peering")
		}
	}
	switch logs := a.FlowLogs; {
	case logs == nil && a.StorageAccountID != nil:
		problems.Addf("storageAccountId", "", "set flowLogs, or remove it", "is set, but flowLogs is not")
	case logs != nil && a.StorageAccountID == nil && logs.StorageAccountID == "":
		problems.Addf("flowLogs.storageAccountId", "", "give the storage account's id", "is missing")
	case logs != nil && a.StorageAccountID != nil && logs.StorageAccountID != "":
		problems.Addf("flowLogs.storageAccountId", logs.StorageAccountID, "give one of them", "is given twice: here and as storageAccountId")
	}
	return plan, problems.Err()
}

// builder registers the resources of one VNet.
type builder struct {
	ctx  *pulumi.Context
	name string
	args *AzureSecureVnetArgs
	plan *Plan
	vnet *AzureSecureVnet

	// vnetGroup and vnetName are how children of the VNet name it.
	vnetGroup, vnetName, vnetID pulumi.StringInput
	// made are the changes of the VNet that the next one waits for: all of them,
	// so that of several that a program leaves out each still waits for another
	// when they are deleted.
	made           []pulumi.Resource
	tables, groups pulumi.StringMap
	nat            pulumi.StringInput
	// ipIDs and ips are the public addresses by key, outbound in order.
	ipIDs, ips pulumi.StringMap
	outbound   []string
}

func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.vnet)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

// key names a child: the component's name and a stable key.
func (b *builder) key(parts ...string) string {
	return b.name + "-" + strings.Join(parts, "-")
}

func (b *builder) location() pulumi.StringPtrInput { return pulumi.String(b.plan.Spec.Location) }

func (b *builder) warn() error {
	return warn.Log(b.ctx, b.vnet, b.plan.Warnings)
}

// network creates the VNet, or takes the existing one. Its subnets are resources
// of their own: a list of them in the VNet, even an empty one, would have the
// provider delete the others.
func (b *builder) network() error {
	spec := b.plan.Spec
	if spec.Existing != nil {
		b.vnetID = pulumi.String(spec.Existing.VnetID)
		b.vnetGroup, b.vnetName = pulumi.String(b.plan.existing.ResourceGroup), pulumi.String(b.plan.existing.Name)
		return nil
	}
	args := &network.VirtualNetworkArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		AddressSpace:      network.AddressSpaceArgs{AddressPrefixes: pulumi.ToStringArray(texts(b.plan.AddressSpace))},
		Tags:              b.args.Tags,
	}
	if len(b.plan.DNSServers) > 0 {
		args.DhcpOptions = network.DhcpOptionsArgs{DnsServers: pulumi.ToStringArray(b.plan.DNSServers)}
	}
	plan := b.args.DdosProtectionPlanID
	if plan == nil && spec.DdosProtectionPlan != "" {
		plan = pulumi.String(spec.DdosProtectionPlan)
	}
	if plan != nil {
		args.EnableDdosProtection = pulumi.Bool(true)
		args.DdosProtectionPlan = subResource(plan)
	}
	vnet, err := network.NewVirtualNetwork(b.ctx, b.key("vnet"), args, b.child()...)
	if err != nil {
		return err
	}
	b.vnetGroup, b.vnetName, b.vnetID = b.args.ResourceGroupName, vnet.Name, vnet.ID().ToStringOutput()
	return nil
}

func subResource(id pulumi.StringInput) network.SubResourceArgs {
	return network.SubResourceArgs{Id: id.ToStringOutput().ToStringPtrOutput()}
}

// routeTables creates the tables. Routes are resources of their own: AKS writes
// some too, and a list in the table would take those away.
func (b *builder) routeTables() error {
	for _, t := range b.plan.RouteTables {
		table, err := network.NewRouteTable(b.ctx, b.key(t.Key), &network.RouteTableArgs{
			ResourceGroupName:          b.args.ResourceGroupName,
			Location:                   b.location(),
			DisableBgpRoutePropagation: pulumi.Bool(!b.plan.Spec.Firewall.PropagateBgpRoutes),
			Tags:                       b.args.Tags,
		}, b.child()...)
		if err != nil {
			return err
		}
		b.tables[t.Key] = table.ID().ToStringOutput()
		// Azure refuses two changes of a table at a time.
		var made []pulumi.Resource
		for _, r := range t.Routes {
			args := &network.RouteArgs{
				ResourceGroupName: b.args.ResourceGroupName,
				RouteTableName:    table.Name,
				RouteName:         pulumi.String(r.Name),
				AddressPrefix:     pulumi.String(r.Prefix),
				NextHopType:       pulumi.String(string(r.NextHop)),
			}
			switch {
			case r.Firewall && b.args.FirewallPrivateIP != nil:
				args.NextHopIpAddress = b.args.FirewallPrivateIP.ToStringOutput().ToStringPtrOutput()
			case r.NextHopIP != "":
				args.NextHopIpAddress = pulumi.String(r.NextHopIP)
			}
			route, err := network.NewRoute(b.ctx, b.key(t.Key, r.Name), args, b.child(made...)...)
			if err != nil {
				return err
			}
			made = append(made, route)
			b.vnet.ready = append(b.vnet.ready, route)
		}
	}
	return nil
}

// publicAddresses creates those for traffic out, and that for traffic in when it
// is another.
func (b *builder) publicAddresses() error {
	public := b.plan.Spec.PublicAddresses
	if public == nil {
		return nil
	}
	for i := range public.Count {
		b.outbound = append(b.outbound, fmt.Sprintf("outbound-%d", i+1))
	}
	keys := slices.Clone(b.outbound)
	if public.Inbound == InboundSeparate {
		keys = append(keys, "inbound")
	}
	for _, key := range keys {
		args := &network.PublicIPAddressArgs{
			ResourceGroupName:        b.args.ResourceGroupName,
			Location:                 b.location(),
			PublicIPAddressVersion:   pulumi.String("IPv4"),
			PublicIPAllocationMethod: pulumi.String("Static"),
			Sku:                      network.PublicIPAddressSkuArgs{Name: pulumi.String("Standard"), Tier: pulumi.String("Regional")},
			Tags:                     b.args.Tags,
		}
		if len(public.Zones) > 0 {
			args.Zones = pulumi.ToStringArray(public.Zones)
		}
		ip, err := network.NewPublicIPAddress(b.ctx, b.key(key), args, b.child()...)
		if err != nil {
			return err
		}
		b.ipIDs[key] = ip.ID().ToStringOutput()
		b.ips[key] = ip.IpAddress.Elem()
	}
	return nil
}

func (b *builder) natGateway() error {
	if b.plan.Spec.Egress != EgressNatGateway {
		return nil
	}
	addresses := network.SubResourceArray{}
	for _, key := range b.outbound {
		addresses = append(addresses, subResource(b.ipIDs[key]))
	}
	args := &network.NatGatewayArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		PublicIpAddresses: addresses,
		Sku:               network.NatGatewaySkuArgs{Name: pulumi.String("Standard")},
		Tags:              b.args.Tags,
	}
	if zones := b.plan.Spec.PublicAddresses.Zones; len(zones) > 0 {
		args.Zones = pulumi.ToStringArray(zones)
	}
	nat, err := network.NewNatGateway(b.ctx, b.key("nat"), args, b.child()...)
	if err != nil {
		return err
	}
	b.nat = nat.ID().ToStringOutput()
	return nil
}

// buildSubnets creates each subnet whole, after the one before it: Azure takes
// one change of a VNet at a time, and replaces all of a subnet with what it is
// told.
func (b *builder) buildSubnets() error {
	for _, s := range b.plan.Subnets {
		args := &network.SubnetArgs{
			ResourceGroupName:  b.vnetGroup,
			VirtualNetworkName: b.vnetName,
			SubnetName:         pulumi.String(s.Name),
			AddressPrefix:      pulumi.String(s.Cidr.String()),
			// Azure's own way out, which its API still gives by default.
			DefaultOutboundAccess:          pulumi.Bool(false),
			PrivateEndpointNetworkPolicies: pulumi.String("Disabled"),
		}
		if s.Role == addressing.AzurePrivateEndpoints {
			// Without it the subnet's group does not guard the endpoints.
			args.PrivateEndpointNetworkPolicies = pulumi.String("NetworkSecurityGroupEnabled")
		}
		if s.Rules != nil {
			group, err := b.securityGroup(s)
			if err != nil {
				return err
			}
			b.groups[s.Name] = group
			args.NetworkSecurityGroup = network.NetworkSecurityGroupTypeArgs{Id: group.ToStringPtrOutput()}
		}
		if s.RouteTable != "" {
			args.RouteTable = network.RouteTableTypeArgs{Id: b.tables[s.RouteTable].ToStringOutput().ToStringPtrOutput()}
		}
		if s.NatGateway {
			args.NatGateway = subResource(b.nat)
		}
		if s.Delegation != "" {
			args.Delegations = network.DelegationArray{network.DelegationArgs{
				Name: pulumi.String("delegation"), ServiceName: pulumi.String(s.Delegation),
			}}
		}
		for _, service := range s.ServiceEndpoints {
			args.ServiceEndpoints = network.ServiceEndpointPropertiesFormatArray{
				network.ServiceEndpointPropertiesFormatArgs{Service: pulumi.String(service)},
			}
		}
		subnet, err := network.NewSubnet(b.ctx, b.key(s.Name), args, b.child(b.made...)...)
		if err != nil {
			return err
		}
		b.made = append(b.made, subnet)
		b.vnet.ready = append(b.vnet.ready, subnet)
		b.vnet.subnets[s.Name] = subnet.ID().ToStringOutput()
	}
	return nil
}

// securityGroup creates a subnet's network security group, with its rules in it:
// nothing else writes rules there.
func (b *builder) securityGroup(s PlannedSubnet) (pulumi.StringOutput, error) {
	rules := network.SecurityRuleTypeArray{}
	for _, r := range s.Rules {
		rule := network.SecurityRuleTypeArgs{
			Name:                     pulumi.String(r.Name),
			Description:              pulumi.String(r.Description),
			Priority:                 pulumi.Int(r.Priority),
			Direction:                pulumi.String("Inbound"),
			Access:                   pulumi.String("Deny"),
			Protocol:                 pulumi.String(r.Protocol),
			SourcePortRange:          pulumi.String("*"),
			DestinationAddressPrefix: pulumi.String("*"),
		}
		if r.Allow {
			rule.Access = pulumi.String("Allow")
		}
		if len(r.Sources) == 1 {
			rule.SourceAddressPrefix = pulumi.String(r.Sources[0])
		} else {
			rule.SourceAddressPrefixes = pulumi.ToStringArray(r.Sources)
		}
		if len(r.Ports) == 1 {
			rule.DestinationPortRange = pulumi.String(r.Ports[0])
		} else {
			rule.DestinationPortRanges = pulumi.ToStringArray(r.Ports)
		}
		rules = append(rules, rule)
	}
	group, err := network.NewNetworkSecurityGroup(b.ctx, b.key(s.Name), &network.NetworkSecurityGroupArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		SecurityRules:     rules,
		Tags:              b.args.Tags,
	}, b.child()...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return group.ID().ToStringOutput(), nil
}

// peerings creates this side of each peering, after the subnets. What the
// firewall sends comes from addresses of neither VNet, and is refused unless
// forwarded traffic is allowed.
func (b *builder) peerings() error {
	for name, p := range sorted(b.plan.Spec.Peerings) {
		remote := b.args.RemoteVnetIDs[name]
		if remote == nil {
			remote = pulumi.String(p.RemoteVnetID)
		}
		peering, err := network.NewVirtualNetworkPeering(b.ctx, b.key("peering", name), &network.VirtualNetworkPeeringArgs{
			ResourceGroupName:         b.vnetGroup,
			VirtualNetworkName:        b.vnetName,
			VirtualNetworkPeeringName: pulumi.String(name),
			RemoteVirtualNetwork:      subResource(remote),
			AllowVirtualNetworkAccess: pulumi.Bool(true),
			AllowForwardedTraffic:     pulumi.Bool(b.plan.Spec.Egress == EgressCustomerFirewall),
			AllowGatewayTransit:       pulumi.Bool(false),
			UseRemoteGateways:         pulumi.Bool(p.UseRemoteGateways),
		}, b.child(b.made...)...)
		if err != nil {
			return err
		}
		b.made = append(b.made, peering)
		b.vnet.ready = append(b.vnet.ready, peering)
	}
	return nil
}

// flowLogs records the VNet's traffic, if the spec asks for that.
func (b *builder) flowLogs() error {
	logs := b.plan.Spec.FlowLogs
	if logs == nil {
		return nil
	}
	storage := b.args.StorageAccountID
	if storage == nil {
		storage = pulumi.String(logs.StorageAccountID)
	}
	args := &network.FlowLogArgs{
		ResourceGroupName:  pulumi.String(logs.NetworkWatcherResourceGroup),
		NetworkWatcherName: pulumi.String(logs.NetworkWatcher),
		// The watcher has the flow logs of every VNet of the region.
		FlowLogName:      pulumi.Sprintf("%s-flowlog", b.vnetName),
		Location:         b.location(),
		TargetResourceId: b.vnetID,
		StorageId:        storage,
		Enabled:          pulumi.Bool(true),
		Format:           network.FlowLogFormatParametersArgs{Type: pulumi.String("JSON"), Version: pulumi.Int(2)},
		RetentionPolicy:  network.RetentionPolicyParametersArgs{Enabled: pulumi.Bool(true), Days: pulumi.Int(logs.RetentionDays)},
		Tags:             b.args.Tags,
	}
	if logs.WorkspaceID != "" {
		args.FlowAnalyticsConfiguration = network.TrafficAnalyticsPropertiesArgs{
			NetworkWatcherFlowAnalyticsConfiguration: network.TrafficAnalyticsConfigurationPropertiesArgs{
				Enabled: pulumi.Bool(true), WorkspaceResourceId: pulumi.String(logs.WorkspaceID), TrafficAnalyticsInterval: pulumi.Int(60),
			},
		}
	}
	_, err := network.NewFlowLog(b.ctx, b.key("flowlog"), args, b.child(b.made...)...)
	return err
}

// outputs fills in the component's outputs and registers them.
func (b *builder) outputs() error {
	v, spec := b.vnet, b.plan.Spec
	required, err := json.Marshal(b.plan.RequiredEgress)
	if err != nil {
		return fmt.Errorf("required egress: %w", err)
	}
	v.VnetID, v.VnetName = b.vnetID.ToStringOutput(), b.vnetName.ToStringOutput()
	v.SubnetIDs = v.subnets.ToStringMapOutput()
	v.RouteTableIDs = b.tables.ToStringMapOutput()
	v.SecurityGroupIDs = b.groups.ToStringMapOutput()
	v.PublicIPIDs, v.PublicIPAddresses = b.ipIDs.ToStringMapOutput(), b.ips.ToStringMapOutput()
	v.RequiredEgress = pulumi.String(string(required)).ToStringOutput()

	var balancer, egress pulumi.StringArray
	for _, key := range b.outbound {
		egress = append(egress, b.ips[key])
		if spec.Egress == EgressLoadBalancer {
			balancer = append(balancer, b.ipIDs[key])
		}
	}
	if spec.Firewall != nil {
		egress = pulumi.ToStringArray(spec.Firewall.EgressIPs)
	}
	v.LoadBalancerIPIDs, v.EgressIPs = balancer.ToStringArrayOutput(), egress.ToStringArrayOutput()

	switch {
	case b.args.ControlPlaneIP != nil:
		v.ControlPlaneIP = b.args.ControlPlaneIP.ToStringOutput()
	case spec.Firewall != nil:
		v.ControlPlaneIP = pulumi.String(spec.Firewall.ControlPlaneIP).ToStringOutput()
	case b.ips["inbound"] != nil:
		v.ControlPlaneIP = b.ips["inbound"].ToStringOutput()
	case spec.public() && spec.PublicAddresses.Inbound == InboundShared:
		v.ControlPlaneIP = b.ips[b.outbound[0]].ToStringOutput()
	default:
		v.ControlPlaneIP = pulumi.String("").ToStringOutput()
	}
	return b.ctx.RegisterResourceOutputs(v, pulumi.Map{
		"vnetId":            v.VnetID,
		"vnetName":          v.VnetName,
		"subnetIds":         v.SubnetIDs,
		"routeTableIds":     v.RouteTableIDs,
		"securityGroupIds":  v.SecurityGroupIDs,
		"publicIpIds":       v.PublicIPIDs,
		"publicIpAddresses": v.PublicIPAddresses,
		"loadBalancerIpIds": v.LoadBalancerIPIDs,
		"egressIps":         v.EgressIPs,
		"controlPlaneIp":    v.ControlPlaneIP,
		"requiredEgress":    v.RequiredEgress,
	})
}

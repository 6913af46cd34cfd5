package azurehub

import (
	"fmt"
	"strconv"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
)

// firewall creates the policy, its rules, and then the firewall, so that it
// never runs with half of them.
func (b *builder) firewall() error {
	spec := b.plan.Spec.Firewall
	addresses := make([]*network.PublicIPAddress, spec.PublicIPs)
	public := pulumi.StringArray{}
	for i := range addresses {
		address, err := b.publicIP(fmt.Sprintf("firewall-%d", i+1))
		if err != nil {
			return err
		}
		addresses[i] = address
		public = append(public, b.address(address.IpAddress))
	}
	b.hub.PublicIPs = public.ToStringArrayOutput()
	policy, ready, err := b.policy(public[0])
	if err != nil {
		return err
	}
	args := &network.AzureFirewallArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		Sku:               &network.AzureFirewallSkuArgs{Name: pulumi.String("AZFW_VNet"), Tier: pulumi.String(string(spec.Tier))},
		FirewallPolicy:    subResource(policy.ID().ToStringOutput()),
		IpConfigurations:  b.ipConfigurations(addresses),
		Tags:              b.args.Tags,
	}
	if len(spec.Zones) > 0 {
		args.Zones = pulumi.ToStringArray(spec.Zones)
	}
	if spec.Tier == Basic {
		management, err := b.publicIP("firewall-management")
		if err != nil {
			return err
		}
		args.ManagementIpConfiguration = &network.AzureFirewallIPConfigurationArgs{
			Name:            pulumi.String("management"),
			Subnet:          &network.SubResourceArgs{Id: b.subnetID(SlotFirewallManagement)},
			PublicIPAddress: subResource(management.ID().ToStringOutput()),
		}
	}
	firewall, err := network.NewAzureFirewall(b.ctx, b.key("firewall"), args, b.child(ready...)...)
	if err != nil {
		return err
	}
	b.hub.FirewallPrivateIP = b.address(firewall.IpConfigurations.Index(pulumi.Int(0)).PrivateIPAddress().ToStringPtrOutput())
	return nil
}

// ipConfigurations gives the firewall its public addresses. The first carries
// the subnet, of which a firewall has one.
func (b *builder) ipConfigurations(addresses []*network.PublicIPAddress) network.AzureFirewallIPConfigurationArray {
	var configurations network.AzureFirewallIPConfigurationArray
	for i, address := range addresses {
		configuration := &network.AzureFirewallIPConfigurationArgs{
			Name:            pulumi.String("public-" + strconv.Itoa(i+1)),
			PublicIPAddress: subResource(address.ID().ToStringOutput()),
		}
		if i == 0 {
			configuration.Subnet = &network.SubResourceArgs{Id: b.subnetID(SlotFirewall)}
		}
		configurations = append(configurations, configuration)
	}
	return configurations
}

// policy creates the policy and its groups, one after the other: Azure refuses
// two changes of a policy at a time, and deletes in the opposite order. It
// returns all of them.
func (b *builder) policy(entry pulumi.StringInput) (*network.FirewallPolicy, []pulumi.Resource, error) {
	spec := b.plan.Spec.Firewall
	args := &network.FirewallPolicyArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		Sku:               &network.FirewallPolicySkuArgs{Tier: pulumi.String(string(spec.Tier))},
		ThreatIntelMode:   pulumi.String(string(spec.ThreatIntel)),
		Tags:              b.args.Tags,
	}
	if *spec.DNSProxy {
		args.DnsSettings = &network.DnsSettingsArgs{EnableProxy: pulumi.Bool(true)}
	}
	policy, err := network.NewFirewallPolicy(b.ctx, b.key("firewall"), args, b.child()...)
	if err != nil {
		return nil, nil, err
	}
	b.hub.FirewallPolicyID = policy.ID().ToStringOutput()
	made := []pulumi.Resource{policy}
	for _, group := range b.plan.Groups {
		created, err := network.NewFirewallPolicyRuleCollectionGroup(b.ctx, b.key(group.Name), &network.FirewallPolicyRuleCollectionGroupArgs{
			ResourceGroupName:       b.args.ResourceGroupName,
			FirewallPolicyName:      policy.Name,
			RuleCollectionGroupName: pulumi.String(group.Name),
			Priority:                pulumi.Int(group.Priority),
			RuleCollections:         collections(group, entry),
		}, b.child(made...)...)
		if err != nil {
			return nil, nil, err
		}
		made = append(made, created)
	}
	return policy, made, nil
}

// collections are the group's rules, by the kind of rule.
func collections(group RuleGroup, entry pulumi.StringInput) pulumi.Array {
	var all pulumi.Array
	if group.DNAT != nil {
		all = append(all, &network.FirewallPolicyNatRuleCollectionArgs{
			RuleCollectionType: pulumi.String("FirewallPolicyNatRuleCollection"),
			Name:               pulumi.String("dnat"),
			Priority:           pulumi.Int(group.Priority),
			Action:             &network.FirewallPolicyNatRuleCollectionActionArgs{Type: pulumi.String("DNAT")},
			Rules: pulumi.Array{&network.NatRuleTypeArgs{
				RuleType:             pulumi.String("NatRule"),
				Name:                 pulumi.String("control-plane"),
				IpProtocols:          pulumi.ToStringArray([]string{"TCP"}),
				SourceAddresses:      pulumi.ToStringArray(group.DNAT.Sources),
				DestinationAddresses: pulumi.StringArray{entry},
				DestinationPorts:     ports([]int{group.DNAT.Port}),
				TranslatedAddress:    pulumi.String(group.DNAT.TargetAddress),
				TranslatedPort:       pulumi.String(strconv.Itoa(group.DNAT.TargetPort)),
			}},
		})
	}
	if len(group.Network) > 0 {
		var rules pulumi.Array
		for _, rule := range group.Network {
			rules = append(rules, networkRule(rule))
		}
		all = append(all, allow("network", group.Priority, rules))
	}
	if len(group.Application) > 0 {
		var rules pulumi.Array
		for _, rule := range group.Application {
			rules = append(rules, applicationRule(rule))
		}
		all = append(all, allow("application", group.Priority+1, rules))
	}
	return all
}

func allow(name string, priority int, rules pulumi.Array) *network.FirewallPolicyFilterRuleCollectionArgs {
	return &network.FirewallPolicyFilterRuleCollectionArgs{
		RuleCollectionType: pulumi.String("FirewallPolicyFilterRuleCollection"),
		Name:               pulumi.String(name),
		Priority:           pulumi.Int(priority),
		Action:             &network.FirewallPolicyFilterRuleCollectionActionArgs{Type: pulumi.String("Allow")},
		Rules:              rules,
	}
}

func networkRule(rule PlannedRule) *network.NetworkRuleArgs {
	protocol := "TCP"
	if rule.Protocol == catalog.UDP {
		protocol = "UDP"
	}
	args := &network.NetworkRuleArgs{
		RuleType:         pulumi.String("NetworkRule"),
		Name:             pulumi.String(rule.Name),
		Description:      description(rule),
		IpProtocols:      pulumi.ToStringArray([]string{protocol}),
		SourceAddresses:  pulumi.ToStringArray(rule.Sources),
		DestinationPorts: ports(rule.Ports),
	}
	if len(rule.FQDNs) > 0 {
		args.DestinationFqdns = pulumi.ToStringArray(rule.FQDNs)
		return args
	}
	// A service tag stands among the addresses.
	args.DestinationAddresses = pulumi.ToStringArray(append(append([]string{}, rule.ServiceTags...), rule.Addresses...))
	return args
}

func applicationRule(rule PlannedRule) *network.ApplicationRuleArgs {
	args := &network.ApplicationRuleArgs{
		RuleType:        pulumi.String("ApplicationRule"),
		Name:            pulumi.String(rule.Name),
		Description:     description(rule),
		SourceAddresses: pulumi.ToStringArray(rule.Sources),
	}
	if len(rule.FQDNTags) > 0 {
		args.FqdnTags = pulumi.ToStringArray(rule.FQDNTags)
		args.Protocols = network.FirewallPolicyRuleApplicationProtocolArray{protocol("Https", 443), protocol("Http", 80)}
		return args
	}
	kind := "Https"
	if rule.Protocol == catalog.HTTP {
		kind = "Http"
	}
	var protocols network.FirewallPolicyRuleApplicationProtocolArray
	for _, port := range rule.Ports {
		protocols = append(protocols, protocol(kind, port))
	}
	args.TargetFqdns = pulumi.ToStringArray(rule.FQDNs)
	args.Protocols = protocols
	return args
}

// description returns nothing for a rule of the caller's, whose name must do.
func description(rule PlannedRule) pulumi.StringPtrInput {
	if rule.Description == "" {
		return nil
	}
	return pulumi.String(rule.Description)
}

func protocol(kind string, port int) *network.FirewallPolicyRuleApplicationProtocolArgs {
	return &network.FirewallPolicyRuleApplicationProtocolArgs{ProtocolType: pulumi.String(kind), Port: pulumi.Int(port)}
}

func ports(numbers []int) pulumi.StringArray {
	texts := pulumi.StringArray{}
	for _, n := range numbers {
		texts = append(texts, pulumi.String(strconv.Itoa(n)))
	}
	return texts
}

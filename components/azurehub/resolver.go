package azurehub

import (
	"maps"
	"slices"

	dnsresolver "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20220701"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// dnsPort is where every forwarding rule asks.
const dnsPort = 53

// resolver creates the resolver and its inbound endpoint, and with rules the
// outbound endpoint and the ruleset.
func (b *builder) resolver() error {
	b.hub.ResolverInboundIP = pulumi.String("").ToStringOutput()
	spec := b.plan.Spec.Resolver
	if spec == nil {
		return nil
	}
	resolver, err := dnsresolver.NewDnsResolver(b.ctx, b.key("resolver"), &dnsresolver.DnsResolverArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		VirtualNetwork:    dnsresolver.SubResourceArgs{Id: b.vnet.ID()},
		Tags:              b.args.Tags,
	}, b.child(b.made...)...)
	if err != nil {
		return err
	}
	configuration := &dnsresolver.InboundEndpointIPConfigurationArgs{
		Subnet:                    dnsresolver.SubResourceArgs{Id: b.subnetIDs[string(SlotResolverInbound)]},
		PrivateIpAllocationMethod: pulumi.String("Dynamic"),
	}
	if spec.InboundIP != "" {
		configuration.PrivateIpAllocationMethod = pulumi.String("Static")
		configuration.PrivateIpAddress = pulumi.String(spec.InboundIP)
	}
	inbound, err := dnsresolver.NewInboundEndpoint(b.ctx, b.key("inbound"), &dnsresolver.InboundEndpointArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		DnsResolverName:   resolver.Name,
		IpConfigurations:  dnsresolver.InboundEndpointIPConfigurationArray{configuration},
		Tags:              b.args.Tags,
	}, b.child()...)
	if err != nil {
		return err
	}
	b.hub.ResolverInboundIP = b.address(inbound.IpConfigurations.Index(pulumi.Int(0)).PrivateIpAddress())
	if len(spec.Rules) == 0 {
		return nil
	}
	return b.forwarding(resolver)
}

// forwarding creates the outbound endpoint and the ruleset, and links it to the
// hub and to every spoke.
func (b *builder) forwarding(resolver *dnsresolver.DnsResolver) error {
	outbound, err := dnsresolver.NewOutboundEndpoint(b.ctx, b.key("outbound"), &dnsresolver.OutboundEndpointArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          b.location(),
		DnsResolverName:   resolver.Name,
		Subnet:            dnsresolver.SubResourceArgs{Id: b.subnetIDs[string(SlotResolverOutbound)]},
		Tags:              b.args.Tags,
	}, b.child()...)
	if err != nil {
		return err
	}
	ruleset, err := dnsresolver.NewDnsForwardingRuleset(b.ctx, b.key("forwarding"), &dnsresolver.DnsForwardingRulesetArgs{
		ResourceGroupName:            b.args.ResourceGroupName,
		Location:                     b.location(),
		DnsResolverOutboundEndpoints: dnsresolver.SubResourceArray{dnsresolver.SubResourceArgs{Id: outbound.ID()}},
		Tags:                         b.args.Tags,
	}, b.child()...)
	if err != nil {
		return err
	}
	for _, rule := range b.plan.Spec.Resolver.Rules {
		var servers dnsresolver.TargetDnsServerArray
		for _, server := range rule.Servers {
			servers = append(servers, &dnsresolver.TargetDnsServerArgs{IpAddress: pulumi.String(server), Port: pulumi.Int(dnsPort)})
		}
		_, err := dnsresolver.NewForwardingRule(b.ctx, b.key("forward-"+rule.Key()), &dnsresolver.ForwardingRuleArgs{
			ResourceGroupName:        b.args.ResourceGroupName,
			DnsForwardingRulesetName: ruleset.Name,
			ForwardingRuleName:       pulumi.String(rule.Key()),
			DomainName:               pulumi.String(rule.FQDN()),
			ForwardingRuleState:      pulumi.String("Enabled"),
			TargetDnsServers:         servers,
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	vnets := pulumi.StringMap{hub: b.vnet.ID().ToStringOutput()}
	for name := range b.plan.Spec.Spokes {
		vnets[name] = b.spokeID(name)
	}
	for _, name := range slices.Sorted(maps.Keys(vnets)) {
		_, err := dnsresolver.NewPrivateResolverVirtualNetworkLink(b.ctx, b.key("forwarding-"+name), &dnsresolver.PrivateResolverVirtualNetworkLinkArgs{
			ResourceGroupName:        b.args.ResourceGroupName,
			DnsForwardingRulesetName: ruleset.Name,
			VirtualNetworkLinkName:   pulumi.String(name),
			VirtualNetwork:           dnsresolver.SubResourceArgs{Id: vnets[name]},
		}, b.child()...)
		if err != nil {
			return err
		}
	}
	return nil
}

package azure

import (
	"net/netip"
	"slices"
	"strings"

	dnsresolver "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20220701"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	resolverType         = "azure-native:network/v20220701:DnsResolver"
	inboundEndpointType  = "azure-native:network/v20220701:InboundEndpoint"
	outboundEndpointType = "azure-native:network/v20220701:OutboundEndpoint"
	rulesetType          = "azure-native:network/v20220701:DnsForwardingRuleset"
	forwardingRuleType   = "azure-native:network/v20220701:ForwardingRule"
	rulesetLinkType      = "azure-native:network/v20220701:PrivateResolverVirtualNetworkLink"
)

func resolverKind() *kind {
	return &kind{
		token: resolverType, args: dnsresolver.DnsResolverArgs{}, outputs: dnsresolver.DnsResolver{},
		arm: "Microsoft.Network/dnsResolvers", path: []string{"dnsResolverName"},
		refs:  []ref{{path: "virtualNetwork.id", arm: armNetwork}},
		keeps: []string{inboundEndpointType, outboundEndpointType},
		Resource: wire.Resource{
			Replace: []string{"location"},
			Name:    random("dnsResolverName"),
		},
		// Source: https://learn.microsoft.com/azure/dns/dns-private-resolver-overview
		put: func(t *tx, old, o *Object) error {
			vnet := o.props().Object("virtualNetwork").Str("id")
			if old != nil && key(old.props().Object("virtualNetwork").Str("id")) != key(vnet) {
				return refuse("PropertyChangeNotAllowed", "Changing property 'virtualNetwork' of %s is not allowed.", o.ID)
			}
			for other := range t.all(resolverType) {
				if key(other.ID) != key(o.ID) && key(other.props().Object("virtualNetwork").Str("id")) == key(vnet) {
					return refuse("VirtualNetworkHasDnsResolver", "Virtual network %s has the DNS resolver %s already and cannot have another.",
						vnet, other.ID)
				}
			}
			o.Properties["dnsResolverState"] = "Connected"
			return nil
		},
	}
}

// checkResolverSubnet refuses a subnet that is not one for this endpoint alone.
// Source: https://learn.microsoft.com/azure/dns/dns-private-resolver-overview#subnet-restrictions
func (t *tx) checkResolverSubnet(o *Object, subnetID string) error {
	subnet := t.find(subnetID)
	resolver := t.find(parentOf(o.ID))
	if subnet == nil || key(parentOf(subnet.ID)) != key(resolver.props().Object("virtualNetwork").Str("id")) {
		return refuse("SubnetNotInVirtualNetwork", "Subnet '%s' of %s is not in the virtual network of its DNS resolver.", subnetID, o.ID)
	}
	if !slices.Contains(delegations(subnet), resolverService) {
		return refuse("SubnetMissingRequiredDelegation", "Subnet %s requires any of the following delegation(s) [%s] to reference %s.",
			subnet.ID, resolverService, o.ID)
	}
	for _, block := range prefixes(subnet) {
		if block.Bits() < 24 || block.Bits() > 28 {
			return refuse("SubnetSizeNotSupported", "Subnet %s of %s must be from /28 to /24, not %s.", subnet.ID, o.ID, block)
		}
	}
	for user := range t.users(subnet.ID) {
		if key(user.ID) != key(o.ID) {
			return refuse("SubnetInUse", "Subnet %s cannot be used by %s because it is in use by %s.", subnet.ID, o.ID, user.ID)
		}
	}
	return t.enter(o, subnet.ID, resolverService)
}

func inboundEndpointKind() *kind {
	return &kind{
		token: inboundEndpointType, args: dnsresolver.InboundEndpointArgs{}, outputs: dnsresolver.InboundEndpoint{},
		arm: "Microsoft.Network/dnsResolvers/inboundEndpoints", path: []string{"dnsResolverName", "inboundEndpointName"},
		refs: []ref{{path: "ipConfigurations[].subnet.id", arm: armSubnet}},
		Resource: wire.Resource{
			Required: []string{"ipConfigurations"},
			Replace:  []string{"location"},
			Name:     copied("inboundEndpointName"),
		},
		put: func(t *tx, old, o *Object) error {
			all := objects(o.Properties["ipConfigurations"])
			if len(all) != 1 {
				return refuse("InvalidParameter", "Inbound endpoint %s must have one IP configuration, not %d.", o.ID, len(all))
			}
			subnet := all[0].Object("subnet").Str("id")
			if err := t.checkResolverSubnet(o, subnet); err != nil {
				return err
			}
			ip, err := t.lease(old, o, subnet, all[0].Str("privateIpAddress"))
			if err != nil {
				return err
			}
			all[0]["privateIpAddress"] = ip
			return nil
		},
	}
}

func outboundEndpointKind() *kind {
	return &kind{
		token: outboundEndpointType, args: dnsresolver.OutboundEndpointArgs{}, outputs: dnsresolver.OutboundEndpoint{},
		arm: "Microsoft.Network/dnsResolvers/outboundEndpoints", path: []string{"dnsResolverName", "outboundEndpointName"},
		refs:  []ref{{path: "subnet.id", arm: armSubnet}},
		inUse: refusal{"OutboundEndpointInUse", "Outbound endpoint %s cannot be deleted because it is in use by %s."},
		Resource: wire.Resource{
			Replace: []string{"location"},
			Name:    copied("outboundEndpointName"),
		},
		put: func(t *tx, _, o *Object) error {
			return t.checkResolverSubnet(o, o.props().Object("subnet").Str("id"))
		},
	}
}

func rulesetKind() *kind {
	return &kind{
		token: rulesetType, args: dnsresolver.DnsForwardingRulesetArgs{}, outputs: dnsresolver.DnsForwardingRuleset{},
		arm: "Microsoft.Network/dnsForwardingRulesets", path: []string{"dnsForwardingRulesetName"},
		refs:  []ref{{path: "dnsResolverOutboundEndpoints[].id", arm: "Microsoft.Network/dnsResolvers/outboundEndpoints"}},
		keeps: []string{rulesetLinkType},
		Resource: wire.Resource{
			Required: []string{"dnsResolverOutboundEndpoints"},
			Replace:  []string{"location"},
			Name:     random("dnsForwardingRulesetName"),
		},
		put: func(_ *tx, _, o *Object) error {
			// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#dns-private-resolver
			if n := len(objects(o.Properties["dnsResolverOutboundEndpoints"])); n < 1 || n > 2 {
				return refuse("InvalidParameter", "Forwarding ruleset %s must have 1 or 2 outbound endpoints, not %d.", o.ID, n)
			}
			return nil
		},
	}
}

func forwardingRuleKind() *kind {
	return &kind{
		token: forwardingRuleType, args: dnsresolver.ForwardingRuleArgs{}, outputs: dnsresolver.ForwardingRule{},
		arm: "Microsoft.Network/dnsForwardingRulesets/forwardingRules", path: []string{"dnsForwardingRulesetName", "forwardingRuleName"},
		Resource: wire.Resource{
			Required: []string{"targetDnsServers"},
			Name:     copied("forwardingRuleName"),
		},
		put: func(t *tx, old, o *Object) error {
			p := o.props()
			domain := p.Str("domainName")
			if !strings.HasSuffix(domain, ".") {
				return refuse("InvalidParameter", "Domain name '%s' of forwarding rule %s must end with a dot.", domain, o.ID)
			}
			if old != nil && !strings.EqualFold(old.props().Str("domainName"), domain) {
				return refuse("PropertyChangeNotAllowed", "Changing property 'domainName' of %s is not allowed.", o.ID)
			}
			servers := objects(p["targetDnsServers"])
			if len(servers) < 1 || len(servers) > 6 {
				return refuse("InvalidParameter", "Forwarding rule %s must have from 1 to 6 target DNS servers, not %d.", o.ID, len(servers))
			}
			for _, s := range servers {
				if _, err := netip.ParseAddr(s.Str("ipAddress")); err != nil {
					return refuse("InvalidParameter", "Target DNS server '%s' of forwarding rule %s is not an IP address.", s.Str("ipAddress"), o.ID)
				}
			}
			n := 0
			for other := range t.under(parentOf(o.ID), forwardingRuleType) {
				if key(other.ID) == key(o.ID) {
					continue
				}
				n++
				if strings.EqualFold(other.props().Str("domainName"), domain) {
					return refuse("Conflict", "Forwarding rule %s has the domain name %s of %s.", other.ID, domain, o.ID)
				}
			}
			if n >= 1000 {
				return refuse("InvalidParameter", "Forwarding ruleset %s cannot have more than 1000 rules.", parentOf(o.ID))
			}
			return nil
		},
	}
}

func rulesetLinkKind() *kind {
	return &kind{
		token: rulesetLinkType, args: dnsresolver.PrivateResolverVirtualNetworkLinkArgs{}, outputs: dnsresolver.PrivateResolverVirtualNetworkLink{},
		arm:  "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks",
		path: []string{"dnsForwardingRulesetName", "virtualNetworkLinkName"},
		refs: []ref{{path: "virtualNetwork.id", arm: armNetwork}},
		Resource: wire.Resource{
			Name: copied("virtualNetworkLinkName"),
		},
		put: func(t *tx, old, o *Object) error {
			vnet := o.props().Object("virtualNetwork").Str("id")
			if old != nil && key(old.props().Object("virtualNetwork").Str("id")) != key(vnet) {
				return refuse("PropertyChangeNotAllowed", "Changing property 'virtualNetwork' of %s is not allowed.", o.ID)
			}
			for other := range t.all(rulesetLinkType) {
				if key(other.ID) != key(o.ID) && key(other.props().Object("virtualNetwork").Str("id")) == key(vnet) {
					return refuse("Conflict", "Virtual network %s is linked to a forwarding ruleset already, by %s.", vnet, other.ID)
				}
			}
			return nil
		},
	}
}

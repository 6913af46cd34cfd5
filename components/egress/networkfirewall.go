package egress

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/networkfirewall"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	everywhere  = "0.0.0.0/0"
	https       = 443
	protocolTCP = 6
)

// networkFirewall builds the egress path of every zone and the firewall that
// all of them lead through.
func (b *builder) networkFirewall() error {
	igw, igwID, err := b.internetGateway()
	if err != nil {
		return err
	}
	paths := make([]*path, len(b.plan.Zones))
	var subnets networkfirewall.FirewallSubnetMappingArray
	for i, zone := range b.plan.Zones {
		if paths[i], err = b.path(zone, igw, igwID); err != nil {
			return err
		}
		subnets = append(subnets, networkfirewall.FirewallSubnetMappingArgs{SubnetId: paths[i].firewallSubnet})
	}
	policy, err := b.policy()
	if err != nil {
		return err
	}
	firewall, err := networkfirewall.NewFirewall(b.ctx, b.name, &networkfirewall.FirewallArgs{
		VpcId:             b.args.VpcID,
		FirewallPolicyArn: policy.Arn,
		SubnetMappings:    subnets,
		DeleteProtection:  pulumi.Bool(b.plan.Spec.NetworkFirewall.DeletionProtection),
		Description:       pulumi.String("Lets the data plane reach its user pools and nothing else"),
		Tags:              b.tags(b.name),
	}, b.child()...)
	if err != nil {
		return err
	}
	b.egress.FirewallArn = firewall.Arn
	for i, zone := range b.plan.Zones {
		b.endpoints[zone.Name] = endpointID(firewall, zone.Name)
		if err := b.throughFirewall(zone, paths[i]); err != nil {
			return err
		}
	}
	return nil
}

// internetGateway creates the VPC's internet gateway, or takes the given one.
func (b *builder) internetGateway() ([]pulumi.Resource, pulumi.StringInput, error) {
	if b.args.InternetGatewayID != nil {
		return nil, b.args.InternetGatewayID, nil
	}
	igw, err := ec2.NewInternetGateway(b.ctx, b.key("igw"), &ec2.InternetGatewayArgs{
		VpcId: b.args.VpcID,
		Tags:  b.tags(b.key("igw")),
		// Moving it would be refused while the NAT gateways hold its addresses.
	}, append(b.child(), pulumi.ReplaceOnChanges([]string{"vpcId"}))...)
	if err != nil {
		return nil, nil, err
	}
	return []pulumi.Resource{igw}, igw.ID().ToStringOutput(), nil
}

// path is what is built of a zone's egress path before the firewall.
type path struct {
	firewallSubnet, publicTable pulumi.StringOutput
}

// path builds a zone's two subnets, its NAT gateway, and the routes that lead
// out: from the firewall to the NAT gateway, from there to the internet.
func (b *builder) path(zone Zone, igw []pulumi.Resource, igwID pulumi.StringInput) (*path, error) {
	firewallSubnet, firewallTable, err := b.subnet("firewall", zone.Name, zone.Firewall.String())
	if err != nil {
		return nil, err
	}
	publicSubnet, publicTable, err := b.subnet("public", zone.Name, zone.Public.String())
	if err != nil {
		return nil, err
	}
	nat, err := b.natGateway(zone, publicSubnet, igw)
	if err != nil {
		return nil, err
	}
	b.addresses[zone.Name] = nat.PublicIp
	if _, err := ec2.NewRoute(b.ctx, b.key("firewall", zone.Name, "default"), &ec2.RouteArgs{
		RouteTableId: firewallTable, DestinationCidrBlock: pulumi.String(everywhere), NatGatewayId: nat.ID(),
	}, b.child()...); err != nil {
		return nil, err
	}
	if _, err := ec2.NewRoute(b.ctx, b.key("public", zone.Name, "default"), &ec2.RouteArgs{
		RouteTableId: publicTable, DestinationCidrBlock: pulumi.String(everywhere), GatewayId: igwID.ToStringOutput().ToStringPtrOutput(),
	}, b.child()...); err != nil {
		return nil, err
	}
	return &path{firewallSubnet: firewallSubnet, publicTable: publicTable}, nil
}

// subnet builds a subnet with a route table of its own: each zone's traffic
// takes its own way, out and back.
func (b *builder) subnet(tier, zone, cidr string) (subnetID, tableID pulumi.StringOutput, err error) {
	key := b.key(tier, zone)
	subnet, err := ec2.NewSubnet(b.ctx, key, &ec2.SubnetArgs{
		VpcId:               b.args.VpcID,
		AvailabilityZone:    pulumi.String(zone),
		CidrBlock:           pulumi.String(cidr),
		MapPublicIpOnLaunch: pulumi.Bool(false),
		Tags:                b.tags(key),
	}, b.child()...)
	if err != nil {
		return subnetID, tableID, err
	}
	table, err := ec2.NewRouteTable(b.ctx, key, &ec2.RouteTableArgs{VpcId: b.args.VpcID, Tags: b.tags(key)}, b.child()...)
	if err != nil {
		return subnetID, tableID, err
	}
	_, err = ec2.NewRouteTableAssociation(b.ctx, key, &ec2.RouteTableAssociationArgs{
		SubnetId: subnet.ID(), RouteTableId: table.ID(),
	}, b.child()...)
	return subnet.ID().ToStringOutput(), table.ID().ToStringOutput(), err
}

func (b *builder) natGateway(zone Zone, subnet pulumi.StringOutput, igw []pulumi.Resource) (*ec2.NatGateway, error) {
	key := b.key("nat", zone.Name)
	allocation := pulumi.StringPtr(zone.ElasticIPAllocationID).ToStringPtrOutput()
	if zone.ElasticIPAllocationID == "" {
		// The address goes before the internet gateway can be detached.
		eip, err := ec2.NewEip(b.ctx, key, &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: b.tags(key)}, b.child(igw...)...)
		if err != nil {
			return nil, err
		}
		allocation = eip.AllocationId.ToStringPtrOutput()
	}
	return ec2.NewNatGateway(b.ctx, key, &ec2.NatGatewayArgs{
		SubnetId:         subnet,
		AllocationId:     allocation,
		ConnectivityType: pulumi.String("public"),
		Tags:             b.tags(key),
		// Its successor would ask for the same address.
	}, append(b.child(igw...), pulumi.DeleteBeforeReplace(true))...)
}

// policy builds what the firewall does with a connection.
//
// The stateless rules hand TCP to and from port 443 to the stateful engine and
// drop the rest: by themselves the stateful default actions let a datagram pass
// as long as nobody answers. The stateful engine then passes a greeting with a
// listed name. The default action drops what a client sends on an established
// connection once it is seen not to match, so that the handshake of TCP, and a
// TLS greeting of more than one packet, get as far as the name.
//
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html
func (b *builder) policy() (*networkfirewall.FirewallPolicy, error) {
	names, err := b.nameRules()
	if err != nil {
		return nil, err
	}
	ports, err := b.portRules()
	if err != nil {
		return nil, err
	}
	return networkfirewall.NewFirewallPolicy(b.ctx, b.name, &networkfirewall.FirewallPolicyArgs{
		FirewallPolicy: networkfirewall.FirewallPolicyFirewallPolicyArgs{
			StatelessDefaultActions: pulumi.ToStringArray([]string{"aws:drop"}),
			// Only fragments of UDP ask for this; others are dropped anyway.
			StatelessFragmentDefaultActions: pulumi.ToStringArray([]string{"aws:drop"}),
			StatelessRuleGroupReferences: networkfirewall.FirewallPolicyFirewallPolicyStatelessRuleGroupReferenceArray{
				networkfirewall.FirewallPolicyFirewallPolicyStatelessRuleGroupReferenceArgs{Priority: pulumi.Int(1), ResourceArn: ports.Arn},
			},
			StatefulEngineOptions: networkfirewall.FirewallPolicyFirewallPolicyStatefulEngineOptionsArgs{
				RuleOrder: pulumi.String("STRICT_ORDER"),
				// A connection that the engine has lost track of is reset, so
				// that the client can begin anew and be judged by its name.
				StreamExceptionPolicy: pulumi.String("REJECT"),
			},
			StatefulDefaultActions: pulumi.ToStringArray([]string{
				"aws:drop_established_app_layer_to_server", "aws:alert_established_app_layer_to_server",
			}),
			StatefulRuleGroupReferences: networkfirewall.FirewallPolicyFirewallPolicyStatefulRuleGroupReferenceArray{
				networkfirewall.FirewallPolicyFirewallPolicyStatefulRuleGroupReferenceArgs{Priority: pulumi.Int(1), ResourceArn: names.Arn},
			},
		},
		Description: pulumi.String("TLS to the listed names; nothing else"),
		Tags:        b.tags(b.name),
	}, b.child()...)
}

// nameRules builds the list of names that a TLS greeting may have.
func (b *builder) nameRules() (*networkfirewall.RuleGroup, error) {
	key := b.key("names")
	var sources []string
	for _, source := range b.plan.HomeNet {
		sources = append(sources, source.String())
	}
	return networkfirewall.NewRuleGroup(b.ctx, key, &networkfirewall.RuleGroupArgs{
		Type:        pulumi.String("STATEFUL"),
		Capacity:    pulumi.Int(b.plan.Spec.NetworkFirewall.Capacity),
		Description: pulumi.String("Names that the data plane may reach by TLS"),
		RuleGroup: networkfirewall.RuleGroupRuleGroupArgs{
			// Stated, so that it is the sources and all of them: what is not
			// in it matches no name and is dropped, pods of a second block too.
			RuleVariables: networkfirewall.RuleGroupRuleGroupRuleVariablesArgs{
				IpSets: networkfirewall.RuleGroupRuleGroupRuleVariablesIpSetArray{
					networkfirewall.RuleGroupRuleGroupRuleVariablesIpSetArgs{
						Key:   pulumi.String("HOME_NET"),
						IpSet: networkfirewall.RuleGroupRuleGroupRuleVariablesIpSetIpSetArgs{Definitions: pulumi.ToStringArray(sources)},
					},
				},
			},
			RulesSource: networkfirewall.RuleGroupRuleGroupRulesSourceArgs{
				RulesSourceList: networkfirewall.RuleGroupRuleGroupRulesSourceRulesSourceListArgs{
					GeneratedRulesType: pulumi.String("ALLOWLIST"),
					TargetTypes:        pulumi.ToStringArray([]string{"TLS_SNI"}),
					Targets:            pulumi.ToStringArray(b.plan.AllowedNames),
				},
			},
			StatefulRuleOptions: networkfirewall.RuleGroupRuleGroupStatefulRuleOptionsArgs{RuleOrder: pulumi.String("STRICT_ORDER")},
		},
		Tags: b.tags(key),
	}, b.child()...)
}

// portRules builds the stateless rules: one for each direction.
func (b *builder) portRules() (*networkfirewall.RuleGroup, error) {
	type (
		rule             = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleArgs
		definition       = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionArgs
		match            = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesArgs
		source           = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesSourceArgs
		sources          = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesSourceArray
		sourcePort       = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesSourcePortArgs
		sourcePorts      = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesSourcePortArray
		destination      = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesDestinationArgs
		destinations     = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesDestinationArray
		destinationPort  = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesDestinationPortArgs
		destinationPorts = networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleRuleDefinitionMatchAttributesDestinationPortArray
	)
	var from sources
	var to destinations
	for _, block := range b.plan.HomeNet {
		from = append(from, source{AddressDefinition: pulumi.String(block.String())})
		to = append(to, destination{AddressDefinition: pulumi.String(block.String())})
	}
	tcp := pulumi.IntArray{pulumi.Int(protocolTCP)}
	forward := pulumi.ToStringArray([]string{"aws:forward_to_sfe"})
	out := match{
		Protocols: tcp, Sources: from,
		Destinations:     destinations{destination{AddressDefinition: pulumi.String(everywhere)}},
		DestinationPorts: destinationPorts{destinationPort{FromPort: pulumi.Int(https), ToPort: pulumi.Int(https)}},
	}
	back := match{
		Protocols: tcp, Destinations: to,
		Sources:     sources{source{AddressDefinition: pulumi.String(everywhere)}},
		SourcePorts: sourcePorts{sourcePort{FromPort: pulumi.Int(https), ToPort: pulumi.Int(https)}},
	}
	key := b.key("ports")
	return networkfirewall.NewRuleGroup(b.ctx, key, &networkfirewall.RuleGroupArgs{
		Type:        pulumi.String("STATELESS"),
		Capacity:    pulumi.Int(statelessCapacity),
		Description: pulumi.String("TCP port 443 is inspected"),
		RuleGroup: networkfirewall.RuleGroupRuleGroupArgs{
			RulesSource: networkfirewall.RuleGroupRuleGroupRulesSourceArgs{
				StatelessRulesAndCustomActions: networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsArgs{
					StatelessRules: networkfirewall.RuleGroupRuleGroupRulesSourceStatelessRulesAndCustomActionsStatelessRuleArray{
						rule{Priority: pulumi.Int(1), RuleDefinition: definition{Actions: forward, MatchAttributes: out}},
						rule{Priority: pulumi.Int(2), RuleDefinition: definition{Actions: forward, MatchAttributes: back}},
					},
				},
			},
		},
		Tags: b.tags(key),
	}, b.child()...)
}

// throughFirewall routes a zone's workload to its firewall endpoint, and what
// comes back to the NAT gateway likewise.
func (b *builder) throughFirewall(zone Zone, p *path) error {
	endpoint := b.endpoints[zone.Name].ToStringOutput().ToStringPtrOutput()
	// A route more specific than the VPC's own must be to a subnet's whole
	// block, and the subnet must exist: the destination waits for its id.
	// https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
	workload := b.args.SubnetIDs[zone.Name].ToStringOutput().ApplyT(func(string) string {
		return zone.Workload.String()
	}).(pulumi.StringOutput)
	back, err := ec2.NewRoute(b.ctx, b.key("public", zone.Name, "workload"), &ec2.RouteArgs{
		RouteTableId: p.publicTable, DestinationCidrBlock: workload, VpcEndpointId: endpoint,
	}, b.child()...)
	if err != nil {
		return err
	}
	_, err = ec2.NewRoute(b.ctx, b.key("workload", zone.Name, "default"), &ec2.RouteArgs{
		RouteTableId: b.args.RouteTableIDs[zone.Name], DestinationCidrBlock: pulumi.String(everywhere), VpcEndpointId: endpoint,
	}, b.child(back)...)
	return err
}

// endpointID returns the id of a firewall's endpoint in a zone.
func endpointID(firewall *networkfirewall.Firewall, zone string) pulumi.StringOutput {
	return firewall.FirewallStatuses.ApplyT(func(statuses []networkfirewall.FirewallFirewallStatus) (string, error) {
		for _, status := range statuses {
			for _, state := range status.SyncStates {
				if state.AvailabilityZone == nil || *state.AvailabilityZone != zone {
					continue
				}
				for _, attachment := range state.Attachments {
					if attachment.EndpointId != nil && *attachment.EndpointId != "" {
						return *attachment.EndpointId, nil
					}
				}
			}
		}
		return "", fmt.Errorf("the firewall has no endpoint in %s", zone)
	}).(pulumi.StringOutput)
}

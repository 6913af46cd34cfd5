package stacks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/problem"
)

// cognitoName is the name of the component of the way to Cognito.
const cognitoName = "cognito"

// cognitoSpec is the spec of the way to Cognito with the network's facts filled
// in: where the nodes are, what else is in the VPC, and its endpoints. Without a
// network it has the names alone.
func (s *SharedAws) cognitoSpec(region string, network *dataplane.Plan, set *endpoints.Plan) egress.Spec {
	spec := *s.Cognito
	spec.Region, spec.Quotas = region, s.Quotas
	if network == nil {
		// The names can be checked all the same.
		return egress.Spec{
			Region: region, Quotas: s.Quotas, Identifiers: spec.Identifiers, DedicatedControlPlane: spec.DedicatedControlPlane,
		}
	}
	if spec.NetworkFirewall != nil {
		firewall := *spec.NetworkFirewall
		firewall.Workloads, firewall.Taken = map[string]string{}, map[string]string{}
		for _, cidr := range network.Cidrs() {
			firewall.VpcCidrs = append(firewall.VpcCidrs, cidr.String())
		}
		for _, subnet := range network.Subnets {
			if subnet.Tier == addressing.Nodes {
				firewall.Workloads[subnet.Zone.Name] = subnet.Cidr.String()
			} else {
				firewall.Taken[subnet.Key()] = subnet.Cidr.String()
			}
		}
		firewall.SourceCidrs = targetCidrs(network)
		spec.NetworkFirewall = &firewall
	}
	if spec.Enforcement == egress.EnforceDNSFirewall {
		firewall := egress.DNSFirewall{}
		if spec.DNSFirewall != nil {
			firewall = *spec.DNSFirewall
		}
		// What the VPC has endpoints for has to resolve.
		var services []string
		for _, service := range network.Spec.GatewayEndpoints {
			services = append(services, service+"-gateway")
		}
		if set != nil {
			for _, endpoint := range set.Endpoints {
				services = append(services, endpoint.Service)
			}
		}
		firewall.Services = slices.Clone(firewall.Services)
		for _, service := range services {
			if !slices.Contains(firewall.Services, service) {
				firewall.Services = append(firewall.Services, service)
			}
		}
		spec.DNSFirewall = &firewall
	}
	return spec
}

// checkCognito checks what the component cannot see, at paths within its spec.
func (s *SharedAws) checkCognito(network *dataplane.Plan) problem.List {
	var problems problem.List
	if enforcement := s.Cognito.Enforcement; enforcement == egress.EnforceNetworkFirewall && network != nil &&
		(network.Spec.Egress != dataplane.EgressExternal || network.Spec.Connectivity != dataplane.ConnectivityPrivateLink) {
		problems.Addf("enforcement", string(enforcement), "set dataPlane.egress: external and dataPlane.connectivity: privatelink",
			"is a way out with an internet gateway, and this network has its own or none")
	}
	if s.Endpoints != nil && s.Endpoints.PoolsWithoutDomain {
		problems.Addf("identifiers", strings.Join(s.Cognito.Identifiers, ", "), "remove one of them",
			"is the domain of a user pool, and endpoints.poolsWithoutDomain says that there is none")
	}
	return problems
}

// cognitoSubnet is a subnet of the way out to Cognito.
type cognitoSubnet struct {
	// tier begins the subnet's name: "cognito-firewall", "cognito-public".
	tier, zone string
	cidr       netip.Prefix
}

// cognitoSubnets are the subnets of the way out to Cognito, by tier, then zone.
func (p *sharedAwsPlan) cognitoSubnets() []cognitoSubnet {
	var firewall, public []cognitoSubnet
	if p.cognito != nil {
		for _, zone := range p.cognito.Zones {
			firewall = append(firewall, cognitoSubnet{cognitoName + "-firewall", zone.Name, zone.Firewall})
			public = append(public, cognitoSubnet{cognitoName + "-public", zone.Name, zone.Public})
		}
	}
	return append(firewall, public...)
}

// deployCognito registers the way out to Cognito.
func deployCognito(
	ctx *pulumi.Context, spec egress.Spec, network *dataplane.AwsDataPlaneNetwork, tags pulumi.StringMap, provider pulumi.ResourceOption,
) (*egress.CognitoEgress, error) {
	args := &egress.CognitoEgressArgs{Spec: spec, Tags: tags}
	switch spec.Enforcement {
	case egress.EnforceDNSFirewall:
		args.VpcID = network.VpcID
	case egress.EnforceNetworkFirewall:
		args.VpcID = network.VpcID
		args.SubnetIDs, args.RouteTableIDs = network.Subnets(addressing.Nodes), network.RouteTables(addressing.Nodes)
	}
	way, err := egress.NewCognitoEgress(ctx, cognitoName, args, provider)
	if err != nil {
		return nil, err
	}
	ctx.Export("cognito", pulumi.Map{
		"names":               way.Names,
		"allowedNames":        way.AllowedNames,
		"firewallArn":         way.FirewallArn,
		"firewallEndpointIds": way.FirewallEndpointIDs,
		"natPublicIps":        way.NatPublicIPs,
		"dnsRuleGroupId":      way.DNSRuleGroupID,
	})
	return way, nil
}

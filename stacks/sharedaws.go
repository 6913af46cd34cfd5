package stacks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/components/supportaccess"
	"github.com/underlay-iac/underlay/problem"
)

// SharedAwsModel is the name of the shared-aws model.
const SharedAwsModel = "shared-aws"

// SharedAws is the model of a data plane in the customer's AWS account whose
// control plane the platform's vendor runs.
type SharedAws struct {
	// DataPlane is the VPC of the data plane. Required.
	DataPlane dataplane.Spec `json:"dataPlane"`
	// Endpoints are its interface endpoints. Default: those of the preset
	// aws-data-plane when the data plane is isolated, none otherwise.
	Endpoints *endpoints.Spec `json:"endpoints,omitzero"`
	// Connector is the connection from the control plane to the data plane.
	// Default none.
	Connector *Connector `json:"connector,omitzero"`
	// Bridge is the queues between the two planes. Default none. A peerRole
	// with trustedArns needs the environment's BridgeExternalID.
	Bridge *sqsbridge.Spec `json:"bridge,omitzero"`
	// SupportRole is the role with which the vendor helps in the account. It
	// needs the environment's SupportExternalID. Default none.
	SupportRole *supportaccess.Spec `json:"supportRole,omitzero"`
	// Cognito is the way out to the user pools that sign users in. What it
	// needs to know of the network is filled in, and with enforcement
	// dnsFirewall the network's endpoints are among the services. Default none.
	Cognito *egress.Spec `json:"cognito,omitzero"`
	// Tags are put on every resource.
	Tags map[string]string `json:"tags,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("elastic-ips-per-region").
	Quotas map[string]int `json:"quotas,omitzero"`
}

// Model returns "shared-aws".
func (*SharedAws) Model() string { return SharedAwsModel }

// The names of the model's components; their resources' names begin with them.
const (
	networkName   = "net"
	endpointsName = "endpoints"
	bridgeName    = "bridge"
	supportName   = "support"
)

// sharedAwsPlan is what a SharedAws comes to.
type sharedAwsPlan struct {
	network   *dataplane.Plan
	dataPlane dataplane.Spec
	// endpoints and set, their plan, are nil when the network has no interface
	// endpoints.
	endpoints *endpoints.Spec
	set       *endpoints.Plan
	// cognito and its spec are nil and empty without a way out to Cognito.
	cognito     *egress.Plan
	cognitoSpec egress.Spec
}

// plan validates the spec and plans its components. The error is a
// problem.List with every problem of the spec, at paths within it.
func (s *SharedAws) plan(region string) (*sharedAwsPlan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	problems := checkTags(facts, s.Tags)

	p := &sharedAwsPlan{dataPlane: s.DataPlane}
	p.dataPlane.Region, p.dataPlane.Quotas = region, s.Quotas
	if s.Connector != nil && s.Connector.Kind == ConnectorPrivateLink && s.DataPlane.Connectivity == "" {
		p.dataPlane.Connectivity = dataplane.ConnectivityPrivateLink
	}
	p.network, err = dataplane.NewPlan(p.dataPlane)
	problems = append(problems, place(err, "dataPlane", map[string]string{"region": "region", "quotas": "quotas"})...)
	if existing := s.DataPlane.Existing; existing != nil && existing.VpcID == "" {
		problems.Addf("dataPlane.existing.vpcId", "", "give the VPC's id", "is missing")
	}

	if p.endpoints = s.endpointSpec(region, p.network); p.endpoints != nil {
		p.set, err = endpoints.NewPlan(*p.endpoints)
		// What the endpoints take from the network is reported there.
		problems = append(problems, place(err, "endpoints", map[string]string{
			"region": "", "zones": "", "quotas": "",
			"zoneIds": "dataPlane.zoneIds", "sourceCidrs": "dataPlane.existing.cidrs",
		})...)
		if p.set != nil && p.network != nil {
			problems = append(problems, checkEndpoints(p.set, p.network)...)
		}
		if p.set != nil && len(p.set.Endpoints) == 0 {
			p.endpoints, p.set = nil, nil
		}
	}
	if s.Connector != nil {
		problems = append(problems, s.Connector.check(s, region, p.network).Under("connector")...)
	}
	if s.Bridge != nil {
		_, err := sqsbridge.NewPlan(s.bridge(region))
		problems = append(problems, place(err, "bridge", map[string]string{"region": "", "quotas": ""})...)
	}
	if s.SupportRole != nil {
		_, err := supportaccess.NewPlan(s.supportRole())
		problems = append(problems, place(err, "supportRole", map[string]string{"quotas": ""})...)
	}
	if s.Cognito != nil {
		p.cognitoSpec = s.cognitoSpec(region, p.network, p.set)
		p.cognito, err = egress.NewPlan(p.cognitoSpec)
		problems = append(problems, place(err, "cognito", map[string]string{"region": "", "quotas": ""})...)
		problems = append(problems, s.checkCognito(p.network).Under("cognito")...)
	}
	return p, problems.Err()
}

// bridge is the bridge's spec with the environment's facts filled in.
func (s *SharedAws) bridge(region string) sqsbridge.Spec {
	spec := *s.Bridge
	spec.Region, spec.Quotas = region, s.Quotas
	return spec
}

// supportRole is the support role's spec with the environment's facts filled in.
func (s *SharedAws) supportRole() supportaccess.Spec {
	spec := *s.SupportRole
	spec.Quotas = s.Quotas
	return spec
}

// warnings are the network's.
func (s *SharedAws) warnings(in Regions) ([]string, error) {
	p, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	return p.network.Warnings, nil
}

// accounts are those that the bridge and the support role name as this one.
func (s *SharedAws) accounts() map[string]string {
	accounts := map[string]string{}
	if s.Bridge != nil {
		accounts["bridge.localAccountId"] = s.Bridge.LocalAccountID
	}
	if s.SupportRole != nil {
		accounts["supportRole.accountId"] = s.SupportRole.AccountID
	}
	return accounts
}

// existingRoles are those of the bridge.
func (s *SharedAws) existingRoles() []string {
	if s.Bridge == nil {
		return nil
	}
	return s.Bridge.ExistingRoles()
}

// secrets are the external ids of the roles that others assume.
func (s *SharedAws) secrets() []string {
	var keys []string
	if s.SupportRole != nil {
		keys = append(keys, supportExternalIDKey)
	}
	if s.Bridge != nil && s.Bridge.PeerRole != nil && len(s.Bridge.PeerRole.TrustedArns) > 0 {
		keys = append(keys, bridgeExternalIDKey)
	}
	return keys
}

const lacksS3 = "lacks s3: ECR keeps image layers in S3, so no image could be pulled"

// checkEndpoints checks what neither component can see alone.
func checkEndpoints(plan *endpoints.Plan, network *dataplane.Plan) problem.List {
	var problems problem.List
	s3 := slices.Contains(network.Spec.GatewayEndpoints, "s3") || network.Spec.Egress == dataplane.EgressNat
	for _, e := range plan.Endpoints {
		s3 = s3 || e.Service == "s3" && e.PrivateDNS
	}
	for _, e := range plan.Endpoints {
		if e.Service == "ecr.dkr" && !s3 {
			problems.Addf("dataPlane.gatewayEndpoints", strings.Join(network.Spec.GatewayEndpoints, ", "), "add s3", lacksS3)
		}
	}
	return problems
}

// endpointSpec returns the endpoints' spec with the network's facts filled in;
// nil when there are none. Without a network, what can be checked is checked.
func (s *SharedAws) endpointSpec(region string, network *dataplane.Plan) *endpoints.Spec {
	spec := endpoints.Spec{Preset: "aws-data-plane"}
	switch {
	case s.Endpoints != nil:
		spec = *s.Endpoints
	case s.DataPlane.Egress != dataplane.EgressIsolated:
		return nil
	}
	spec.Region, spec.Quotas = region, s.Quotas
	for i, zone := range s.DataPlane.Zones {
		z := endpoints.Zone{Name: zone}
		if i < len(s.DataPlane.ZoneIDs) {
			z.ID = s.DataPlane.ZoneIDs[i]
		}
		spec.Zones = append(spec.Zones, z)
	}
	if network == nil {
		return &spec
	}
	for _, cidr := range network.Cidrs() {
		spec.SourceCidrs = append(spec.SourceCidrs, cidr.String())
	}
	for _, subnet := range network.Subnets {
		if subnet.Tier != addressing.Endpoints {
			continue
		}
		if usable := addressing.Usable(subnet.Cidr); spec.UsableAddresses == 0 || usable < spec.UsableAddresses {
			spec.UsableAddresses = usable
		}
	}
	return &spec
}

// Addresses returns the VPC's and the pods' ranges.
func (s *SharedAws) Addresses(in Regions) ([]AddressRange, error) {
	plan, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	network := plan.network
	vpc := AddressRange{Name: "VPC", Prefix: network.Vpc, Slots: network.Spec.ZoneSlots}
	pods := AddressRange{Name: "pods", Prefix: network.Pods, Internal: true, Slots: network.Spec.ZoneSlots}
	for _, subnet := range network.Subnets {
		in := &vpc
		if subnet.Tier == addressing.Pods {
			in = &pods
		}
		in.Subnets = append(in.Subnets, AddressSubnet{
			Tier: string(subnet.Tier), Zone: subnet.Zone.Name, Prefix: subnet.Cidr, Usable: addressing.Usable(subnet.Cidr),
		})
	}
	for _, subnet := range plan.cognitoSubnets() {
		vpc.Subnets = append(vpc.Subnets, AddressSubnet{
			Tier: subnet.tier, Zone: subnet.zone, Prefix: subnet.cidr, Usable: addressing.Usable(subnet.cidr),
		})
	}
	for _, r := range []*AddressRange{&vpc, &pods} {
		used := make([]netip.Prefix, len(r.Subnets))
		for i, subnet := range r.Subnets {
			used[i] = subnet.Prefix
		}
		r.Free = addressing.Free(r.Prefix, used)
	}
	return []AddressRange{vpc, pods}, nil
}

// placements are the blocks that must not move once they are deployed.
func (s *SharedAws) placements(in Regions) ([]placement, error) {
	p, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	var placed []placement
	if p.network.Spec.Existing == nil {
		placed = append(placed, placement{
			path: "dataPlane.vpcCidr", token: vpcToken, name: networkName + "-vpc", group: "vpc", cidr: p.network.Vpc,
		})
	}
	if p.network.AssociatePods {
		placed = append(placed, placement{
			path: "dataPlane.podCidr", token: associationToken, name: networkName + "-pods", group: "podCidr", cidr: p.network.Pods,
		})
	}
	for _, subnet := range p.network.Subnets {
		placed = append(placed, placement{
			path: "dataPlane.zones", token: subnetToken, name: networkName + "-" + subnet.Key(),
			group: string(subnet.Tier), cidr: subnet.Cidr,
		})
	}
	for _, subnet := range p.cognitoSubnets() {
		placed = append(placed, placement{
			path: "cognito.networkFirewall.subnets", token: subnetToken, name: subnet.tier + "-" + subnet.zone,
			group: strings.TrimPrefix(subnet.tier, cognitoName+"-"), cidr: subnet.cidr,
		})
	}
	return placed, nil
}

// deploy registers the model's resources.
func (s *SharedAws) deploy(ctx *pulumi.Context, env *Environment) error {
	plan, err := s.plan(env.Aws.Region)
	if err != nil {
		return err
	}
	provider, err := env.Aws.newProvider(ctx, "aws")
	if err != nil {
		return err
	}
	tags := pulumi.ToStringMap(s.Tags)
	network, err := dataplane.NewAwsDataPlaneNetwork(ctx, networkName, &dataplane.AwsDataPlaneNetworkArgs{
		Spec: plan.dataPlane,
		Tags: tags,
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	ctx.Export("vpcId", network.VpcID)
	ctx.Export("vpcCidrs", network.VpcCidrs)
	ctx.Export("subnetIds", network.SubnetIDs)
	ctx.Export("routeTableIds", network.RouteTableIDs)
	ctx.Export("zoneIds", network.ZoneIDs)
	ctx.Export("natPublicIps", network.NatPublicIPs)
	ctx.Export("gatewayEndpointIds", network.GatewayEndpointIDs)

	handed := pulumi.Map{
		"vpcId": network.VpcID, "cidrs": network.VpcCidrs, "zoneIds": network.ZoneIDs, "natPublicIps": network.NatPublicIPs,
	}
	handover := pulumi.Map{"networks": pulumi.Map{"dataPlane": handed}}

	if plan.endpoints != nil {
		set, err := endpoints.NewInterfaceEndpoints(ctx, endpointsName, &endpoints.InterfaceEndpointsArgs{
			Spec:      *plan.endpoints,
			VpcID:     network.VpcID,
			SubnetIDs: network.Subnets(addressing.Endpoints),
			Tags:      tags,
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("endpointIds", set.EndpointIDs)
	}
	if s.Connector != nil {
		if handover["connector"], err = s.Connector.deploy(ctx, s, env.Aws.Region, network, provider); err != nil {
			return err
		}
	}
	if s.Bridge != nil {
		bridge, err := sqsbridge.NewSqsBridge(ctx, bridgeName, &sqsbridge.SqsBridgeArgs{
			Spec:       s.bridge(env.Aws.Region),
			ExternalID: env.BridgeExternalID,
			Tags:       tags,
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("bridge", pulumi.Map{
			"queueUrls":      bridge.QueueURLs,
			"roleArns":       bridge.RoleArns,
			"peerPolicyJson": bridge.PeerPolicyJSON,
		})
		handover["queueUrls"] = bridge.QueueURLs
	}
	if s.SupportRole != nil {
		support, err := supportaccess.NewSupportRole(ctx, supportName, &supportaccess.SupportRoleArgs{
			Spec:       s.supportRole(),
			ExternalID: env.SupportExternalID,
			Tags:       tags,
		}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		ctx.Export("supportRoleArn", support.RoleArn)
		handover["supportRoleArn"] = support.RoleArn
	}
	if s.Cognito != nil {
		way, err := deployCognito(ctx, plan.cognitoSpec, network, tags, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		handover["requiredNames"] = way.Names
		if s.Cognito.Enforcement == egress.EnforceNetworkFirewall {
			handed["natPublicIps"] = way.NatPublicIPs
		}
	}
	exportHandover(ctx, env, handover)
	return nil
}

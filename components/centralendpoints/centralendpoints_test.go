package centralendpoints_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/centralendpoints"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	endpoint       = "aws:ec2/vpcEndpoint:VpcEndpoint"
	ingress        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	zone           = "aws:route53/zone:Zone"
	record         = "aws:route53/record:Record"
	zoneAssoc      = "aws:route53/zoneAssociation:ZoneAssociation"
	authorization  = "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization"
	profile        = "aws:route53/profilesProfile:ProfilesProfile"
	profileContent = "aws:route53/profilesResourceAssociation:ProfilesResourceAssociation"
	profileAssoc   = "aws:route53/profilesAssociation:ProfilesAssociation"
	gateway        = "aws:ec2transitgateway/transitGateway:TransitGateway"
	attachment     = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	accepter       = "aws:ec2transitgateway/vpcAttachmentAccepter:VpcAttachmentAccepter"
	tgwAssociation = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
	tgwRoute       = "aws:ec2transitgateway/route:Route"
	route          = "aws:ec2/route:Route"
	peering        = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
	peeringAccept  = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
	share          = "aws:ram/resourceShare:ResourceShare"
	shareResource  = "aws:ram/resourceAssociation:ResourceAssociation"
	sharePrincipal = "aws:ram/principalAssociation:PrincipalAssociation"
	shareAccepter  = "aws:ram/resourceShareAccepter:ResourceShareAccepter"
)

// hubSpec is a hub with two endpoints and one spoke in another account.
func hubSpec(change func(*centralendpoints.HubSpec)) centralendpoints.HubSpec {
	s := centralendpoints.HubSpec{
		Region:    "eu-west-1",
		AccountID: "111111111111",
		Zones:     []endpoints.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}},
		VpcCidrs:  []string{"10.40.0.0/22"},
		Preset:    "none",
		Add:       []string{"sts", "ecr.dkr"},
		Spokes:    []centralendpoints.Spoke{{Name: "data", AccountID: "222222222222", Cidrs: []string{"10.20.0.0/16"}}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// run records a hub "central" and a spoke "data" with two providers.
func run(t *testing.T, spec centralendpoints.HubSpec, change func(*centralendpoints.CentralEndpointsSpokeArgs)) (*graph.Graph, error) {
	t.Helper()
	return graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		hubProvider, err := aws.NewProvider(ctx, "hub", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		spokeProvider, err := aws.NewProvider(ctx, "spoke", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		hub, err := centralendpoints.NewCentralEndpointsHub(ctx, "central", &centralendpoints.CentralEndpointsHubArgs{
			HubSpec: spec,
			VpcID:   pulumi.String("vpc-0aaaaaaaaaaaaaaaa"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1a": pulumi.String("subnet-0aaaaaaaaaaaaaaaa"), "eu-west-1b": pulumi.String("subnet-0bbbbbbbbbbbbbbbb"),
			},
			RouteTableIDs: pulumi.StringMap{"endpoints": pulumi.String("rtb-0aaaaaaaaaaaaaaaa")},
		}, pulumi.Provider(hubProvider))
		if err != nil {
			return err
		}
		args := &centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec: centralendpoints.SpokeSpec{Hub: spec, Name: "data", Zones: []string{"eu-west-1a", "eu-west-1b"}},
			Reference: hub.Reference(), HubProvider: hubProvider,
			VpcID: pulumi.String("vpc-0dddddddddddddddd"),
			SubnetIDs: pulumi.StringMap{
				"eu-west-1a": pulumi.String("subnet-0dddddddddddddddd"), "eu-west-1b": pulumi.String("subnet-0eeeeeeeeeeeeeeee"),
			},
			RouteTableIDs: pulumi.StringMap{
				"a": pulumi.String("rtb-0dddddddddddddddd"), "b": pulumi.String("rtb-0eeeeeeeeeeeeeeee"),
			},
		}
		if change != nil {
			change(args)
		}
		_, err = centralendpoints.NewCentralEndpointsSpoke(ctx, "data", args, pulumi.Provider(spokeProvider))
		return err
	})
}

func mustRun(t *testing.T, spec centralendpoints.HubSpec) *graph.Graph {
	t.Helper()
	g, err := run(t, spec, nil)
	require.NoError(t, err)
	return g
}

// sides returns the resources of a type as "name hub" or "name spoke", by the
// provider that each is on, sorted.
func sides(t *testing.T, g *graph.Graph, token string) []string {
	t.Helper()
	found := []string{}
	for _, r := range g.ByType(token) {
		switch {
		case strings.Contains(r.Provider, "pulumi:providers:aws::hub"):
			found = append(found, r.Name+" hub")
		case strings.Contains(r.Provider, "pulumi:providers:aws::spoke"):
			found = append(found, r.Name+" spoke")
		default:
			require.Failf(t, "no explicit provider", "%s: %s", r.URN, r.Provider)
		}
	}
	slices.Sort(found)
	return found
}

func TestHubEndpoints(t *testing.T) {
	g := mustRun(t, hubSpec(nil))
	assert.Equal(t, []string{"central-endpoints-ecr-dkr hub", "central-endpoints-sts hub"}, sides(t, g, endpoint))
	for _, r := range g.ByType(endpoint) {
		assert.False(t, r.Inputs["privateDnsEnabled"].BoolValue(), "private DNS would answer in the hub only")
	}
	require.Len(t, g.ByType(ingress), 1, "one block, one port")
	in := g.ByType(ingress)[0].Inputs.Mappable()
	assert.Equal(t, "10.20.0.0/16", in["cidrIpv4"])
	assert.EqualValues(t, 443, in["fromPort"])
}

// The docker registry is called at <account>.dkr.ecr.<region>.amazonaws.com.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
func TestZonesAndRecords(t *testing.T) {
	g := mustRun(t, hubSpec(nil))
	names := map[string]string{}
	for _, r := range g.ByType(zone) {
		names[r.Name] = r.Inputs["name"].StringValue()
		assert.Equal(t, "vpc-0aaaaaaaaaaaaaaaa", r.Inputs["vpcs"].ArrayValue()[0].ObjectValue()["vpcId"].StringValue())
	}
	assert.Equal(t, map[string]string{
		"central-sts-eu-west-1":     "sts.eu-west-1.amazonaws.com",
		"central-dkr-ecr-eu-west-1": "dkr.ecr.eu-west-1.amazonaws.com",
	}, names)
	var records []string
	for _, r := range g.ByType(record) {
		in := r.Inputs.Mappable()
		alias := in["aliases"].([]any)[0].(map[string]any)
		assert.Equal(t, "A", in["type"])
		assert.Contains(t, alias["name"], ".vpce.amazonaws.com")
		service := "sts"
		if strings.Contains(in["name"].(string), "ecr") {
			service = "dkr.ecr"
		}
		assert.Contains(t, alias["name"], "."+service+".", "the alias is the service's own endpoint")
		records = append(records, in["name"].(string))
	}
	slices.Sort(records)
	assert.Equal(t, []string{"*.dkr.ecr.eu-west-1.amazonaws.com", "dkr.ecr.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"}, records)
}

func TestProfileAndTransitGatewayAcrossAccounts(t *testing.T) {
	g := mustRun(t, hubSpec(nil))
	for token, want := range map[string][]string{
		profile:        {"central hub"},
		profileContent: {"central-dkr-ecr-eu-west-1 hub", "central-sts-eu-west-1 hub"},
		profileAssoc:   {"data spoke"},
		gateway:        {"central hub"},
		attachment:     {"central-hub hub", "data spoke"},
		accepter:       {"data hub"},
		tgwAssociation: {"central-hub hub", "data hub"},
		share:          {"central hub"},
		shareResource:  {"central-profile hub", "central-transit-gateway hub"},
		sharePrincipal: {"central-222222222222 hub"},
		shareAccepter:  {},
		peering:        {},
		zoneAssoc:      {},
		authorization:  {},
		route:          {"data-from-endpoints-10.20.0.0-16 hub", "data-to-a-10.40.0.0-22 spoke", "data-to-b-10.40.0.0-22 spoke"},
		tgwRoute:       {"central-spokes-10.40.0.0-22 hub", "data-hub-10.20.0.0-16 hub"},
	} {
		assert.Equal(t, want, sides(t, g, token), token)
	}
	assert.False(t, g.ByType(share)[0].Inputs["allowExternalPrincipals"].BoolValue())
	in := g.ByType(gateway)[0].Inputs.Mappable()
	for _, choice := range []string{"autoAcceptSharedAttachments", "defaultRouteTableAssociation", "defaultRouteTablePropagation"} {
		assert.Equal(t, "disable", in[choice])
	}
	for _, r := range g.ByType(attachment) {
		assert.Len(t, r.Inputs["subnetIds"].ArrayValue(), 2, "one subnet a zone")
	}
}

// A spoke sees the hub and no other spoke: its attachment uses the table that
// has the hub's blocks alone.
func TestSpokesDoNotSeeEachOther(t *testing.T) {
	g := mustRun(t, hubSpec(func(s *centralendpoints.HubSpec) {
		s.Spokes = append(s.Spokes, centralendpoints.Spoke{Name: "control", Cidrs: []string{"10.30.0.0/16"}})
	}))
	byTable := map[string][]string{}
	for _, r := range g.ByType(tgwRoute) {
		in := r.Inputs.Mappable()
		table := in["transitGatewayRouteTableId"].(string)
		byTable[table[strings.LastIndex(table, "::")+2:]] = append(byTable[table[strings.LastIndex(table, "::")+2:]], in["destinationCidrBlock"].(string))
	}
	assert.Equal(t, map[string][]string{"central-spokes": {"10.40.0.0/22"}, "central-hub": {"10.20.0.0/16"}}, byTable)
	for _, r := range g.ByType(tgwAssociation) {
		if r.Name == "data" {
			assert.Contains(t, r.Inputs["transitGatewayRouteTableId"].StringValue(), "::central-spokes")
		}
	}
}

func TestZonesAndPeeringAcrossAccounts(t *testing.T) {
	g := mustRun(t, hubSpec(func(s *centralendpoints.HubSpec) { s.DNS, s.Routing = "zones", "peering" }))
	for token, want := range map[string][]string{
		authorization: {"data-dkr-ecr-eu-west-1 hub", "data-sts-eu-west-1 hub"},
		zoneAssoc:     {"data-dkr-ecr-eu-west-1 spoke", "data-sts-eu-west-1 spoke"},
		peering:       {"data spoke"},
		peeringAccept: {"data hub"},
		route:         {"data-from-endpoints-10.20.0.0-16 hub", "data-to-a-10.40.0.0-22 spoke", "data-to-b-10.40.0.0-22 spoke"},
		profile:       {}, profileAssoc: {}, gateway: {}, attachment: {}, share: {}, shareAccepter: {},
	} {
		assert.Equal(t, want, sides(t, g, token), token)
	}
	in := g.ByType(peering)[0].Inputs.Mappable()
	assert.Equal(t, "111111111111", in["peerOwnerId"])
	assert.Equal(t, "vpc-0aaaaaaaaaaaaaaaa", in["peerVpcId"])
	assert.NotContains(t, in, "autoAccept", "the hub's side accepts")
	accept := g.ByType(peeringAccept)[0]
	for _, r := range g.ByType(route) {
		assert.Contains(t, r.Dependencies, accept.URN, "no route leads to a peering that is pending")
	}
	for _, r := range g.ByType(zoneAssoc) {
		assert.True(t, slices.ContainsFunc(r.Dependencies, func(urn string) bool { return strings.Contains(urn, authorization) }),
			"the hub authorizes before the spoke associates")
	}
}

func TestOneAccountNeedsNoShareAndNoAuthorization(t *testing.T) {
	same := func(s *centralendpoints.HubSpec) { s.Spokes[0].AccountID = "" }
	g := mustRun(t, hubSpec(same))
	for _, token := range []string{share, shareResource, sharePrincipal, accepter} {
		assert.Empty(t, g.ByType(token), token)
	}
	g = mustRun(t, hubSpec(func(s *centralendpoints.HubSpec) { same(s); s.DNS, s.Routing = "zones", "peering" }))
	assert.Empty(t, g.ByType(authorization))
	assert.Len(t, g.ByType(zoneAssoc), 2)
	assert.NotContains(t, g.ByType(peering)[0].Inputs.Mappable(), "peerOwnerId")
}

func TestOutsideTheOrganizationTheSpokeAccepts(t *testing.T) {
	g := mustRun(t, hubSpec(func(s *centralendpoints.HubSpec) { s.ShareOutsideOrganization = true }))
	assert.True(t, g.ByType(share)[0].Inputs["allowExternalPrincipals"].BoolValue())
	require.Equal(t, []string{"data spoke"}, sides(t, g, shareAccepter))
	for _, r := range g.ByType(attachment) {
		if r.Name == "data" {
			assert.Contains(t, r.Dependencies, g.ByType(shareAccepter)[0].URN)
		}
	}
}

// Names resolve to the hub only when packets find the way there and back.
func TestNamesComeAfterRoutes(t *testing.T) {
	g := mustRun(t, hubSpec(nil))
	association := g.ByType(profileAssoc)[0]
	for _, r := range g.ByType(route) {
		assert.Contains(t, association.Dependencies, r.URN)
	}
}

func TestEveryServiceOfThePresetsHasAZone(t *testing.T) {
	for preset, services := range map[string]int{"aws-data-plane": 16, "aws-control-plane": 13} {
		plan, err := centralendpoints.NewHubPlan(hubSpec(func(s *centralendpoints.HubSpec) { s.Preset, s.Add = preset, nil }))
		require.NoError(t, err)
		assert.Len(t, plan.Services, services)
		assert.Len(t, plan.Zones, services, "one zone each: none of them is an odd one out")
	}
	plan, err := centralendpoints.NewHubPlan(hubSpec(func(s *centralendpoints.HubSpec) { s.Add = []string{"s3"} }))
	require.NoError(t, err)
	assert.Equal(t, []centralendpoints.Zone{
		{Name: "s3.eu-west-1.amazonaws.com", Service: "s3", Records: []string{"s3.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com"}},
		{Name: "s3-control.eu-west-1.amazonaws.com", Service: "s3", Records: []string{"*.s3-control.eu-west-1.amazonaws.com"}},
		{Name: "s3-accesspoint.eu-west-1.amazonaws.com", Service: "s3", Records: []string{"*.s3-accesspoint.eu-west-1.amazonaws.com"}},
	}, plan.Zones)
}

func messages(t *testing.T, err error) []string {
	t.Helper()
	var list problem.List
	require.ErrorAs(t, err, &list)
	var got []string
	for _, p := range list {
		got = append(got, p.Error())
	}
	return got
}

func TestBadHub(t *testing.T) {
	yes := true
	cases := []struct {
		name   string
		change func(*centralendpoints.HubSpec)
		want   []string
	}{
		{"overlap with the hub", func(s *centralendpoints.HubSpec) { s.Spokes[0].Cidrs = []string{"10.40.2.0/24"} }, []string{
			"spokes[0].cidrs[0]: 10.40.2.0/24: overlaps 10.40.0.0/22 (vpcCidrs[0]); use a block outside 10.40.0.0/22"}},
		{"overlap of spokes", func(s *centralendpoints.HubSpec) {
			s.Spokes = append(s.Spokes, centralendpoints.Spoke{Name: "control", Cidrs: []string{"10.20.128.0/17"}})
		}, []string{
			"spokes[1].cidrs[0]: 10.20.128.0/17: overlaps 10.20.0.0/16 (spokes[0].cidrs[0]); use a block outside 10.20.0.0/16"}},
		{"pod block", func(s *centralendpoints.HubSpec) { s.Spokes[0].Cidrs = append(s.Spokes[0].Cidrs, "100.64.0.0/16") }, []string{
			"spokes[0].cidrs[1]: 100.64.0.0/16: is a pod block; pods reach the hub with their node's address; take it out"}},
		{"the world", func(s *centralendpoints.HubSpec) {
			s.VpcCidrs, s.Spokes[0].Cidrs = []string{"172.16.0.0/22"}, []string{"10.0.0.0/8"}
		}, []string{
			"spokes[0].cidrs[0]: 10.0.0.0/8: is larger than a VPC's block can be; list the spoke's own blocks"}},
		{"no spokes", func(s *centralendpoints.HubSpec) { s.Spokes = nil }, []string{
			"spokes: is missing; list the VPCs that use the endpoints"}},
		{"names", func(s *centralendpoints.HubSpec) {
			s.Spokes = append(s.Spokes, centralendpoints.Spoke{Name: "data", Cidrs: []string{"10.30.0.0/16"}},
				centralendpoints.Spoke{Name: "Data", Cidrs: []string{"10.31.0.0/16"}})
		}, []string{
			"spokes[1].name: data: is the name of spokes[0] already; use another name",
			"spokes[2].name: Data: is not a name of a spoke; use 1 to 32 lower-case letters, digits and hyphens, no hyphen at either end"}},
		{"accounts", func(s *centralendpoints.HubSpec) { s.AccountID, s.Spokes[0].AccountID = "", "2222" }, []string{
			"spokes[0].accountId: 2222: is not an AWS account id; give its 12 digits",
			"accountId: is missing; spokes[0].accountId is compared with it; give the hub's account"}},
		{"choices", func(s *centralendpoints.HubSpec) { s.DNS, s.Routing = "resolver", "vpn" }, []string{
			"dns: resolver: is not a choice; use profile or zones",
			"routing: vpn: is not a choice; use transitGateway or peering"}},
		{"private DNS", func(s *centralendpoints.HubSpec) {
			s.Overrides = map[string]endpoints.Override{"sts": {PrivateDNS: &yes}}
		}, []string{
			"overrides.sts.privateDns: true: is on, but a central endpoint's names are in private hosted zones; remove it"}},
		{"service", func(s *centralendpoints.HubSpec) { s.Add[0] = "stss" }, []string{
			`add[0]: stss: is not an endpoint service; did you mean "sts"?`}},
		{"routes", func(s *centralendpoints.HubSpec) {
			s.Spokes[0].Cidrs = append(s.Spokes[0].Cidrs, "10.21.0.0/16")
			s.Quotas = map[string]int{"routes-per-route-table": 1}
		}, []string{
			"spokes: 1 spokes: need 2 routes in the hub's route tables; the quota is 1; " +
				"use fewer, larger blocks, or have the quota raised and set quotas.routes-per-route-table"}},
		{"rules", func(s *centralendpoints.HubSpec) {
			s.Spokes[0].Cidrs = append(s.Spokes[0].Cidrs, "10.21.0.0/16")
			s.Quotas = map[string]int{"rules-per-security-group": 1}
		}, []string{
			"spokes: 10.20.0.0/16, 10.21.0.0/16: needs 2 security group rules; the quota is 1; " +
				"use fewer, larger blocks, or have the quota raised and set quotas.rules-per-security-group"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := run(t, hubSpec(c.change), nil)
			assert.Equal(t, c.want, messages(t, err))
			assert.Nil(t, g, "nothing is registered")
		})
	}
}

func TestBadSpoke(t *testing.T) {
	cases := []struct {
		name   string
		hub    func(*centralendpoints.HubSpec)
		change func(*centralendpoints.CentralEndpointsSpokeArgs)
		want   []string
	}{
		{"local and central", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.LocalServices = []string{"kms", "sts"} }, []string{
			"localServices[1]: sts: is central, and the VPC has an endpoint with private DNS for it; " +
				"list it as central in the VPC's endpoints, or remove it from the hub"}},
		{"unknown local service", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.LocalServices = []string{"ecr.dk"} }, []string{
			`localServices[0]: ecr.dk: is not an endpoint service; did you mean "ecr.dkr"?`}},
		{"second Profile", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.ExistingProfileID = "rp-1234567890abcdef" }, []string{
			"existingProfileId: rp-1234567890abcdef: is the VPC's Route 53 Profile; a VPC can have one; " +
				"use dns: zones, or put the hub's zones into that Profile"}},
		{"not a spoke", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.Name = "dta" }, []string{
			`name: dta: is not a spoke of the hub; did you mean "data"?`}},
		{"nothing given", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) {
			*a = centralendpoints.CentralEndpointsSpokeArgs{SpokeSpec: centralendpoints.SpokeSpec{Hub: a.Hub, Name: "data"}}
		}, []string{
			"zones: is missing; name the zones with a subnet for the attachment",
			"vpcId: is missing; give the spoke's VPC",
			"routeTableIds: is missing; give the route tables of the nodes' subnets",
			"reference.vpcId: is missing; give the hub's VPC",
			"reference.routeTableIds: is missing; give the route tables of the hub's endpoint subnets",
		}},
		{"no provider of the hub", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.HubProvider = nil }, []string{
			"hubProvider: is missing; the hub is in another account than the spoke; give the provider of account 111111111111"}},
		{"a zone without a subnet", nil, func(a *centralendpoints.CentralEndpointsSpokeArgs) { delete(a.SubnetIDs, "eu-west-1b") }, []string{
			"subnetIds.eu-west-1b: is missing; give the zone's subnet"}},
		{"a zone id missing", func(s *centralendpoints.HubSpec) { s.DNS = "zones" },
			func(a *centralendpoints.CentralEndpointsSpokeArgs) { a.Reference.ZoneIDs = pulumi.StringMap{} }, []string{
				"reference.zoneIds.sts.eu-west-1.amazonaws.com: is missing; give the zone's id",
				"reference.zoneIds.dkr.ecr.eu-west-1.amazonaws.com: is missing; give the zone's id"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, hubSpec(c.hub), c.change)
			assert.Equal(t, c.want, messages(t, err))
		})
	}
}

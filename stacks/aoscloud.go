package stacks

import (
	"net/netip"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/aoscloud"
)

// AosCloudModel is the name of the aoscloud model.
const AosCloudModel = "aoscloud"

// AosCloud is the model of an AosCloud deployment: one VPC with everything in it.
type AosCloud struct {
	// Vpc is the VPC. Required.
	Vpc aoscloud.Spec `json:"vpc"`
	// Tags are put on every resource that takes tags.
	Tags map[string]string `json:"tags,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"quotas,omitzero"`
}

// Model returns "aoscloud".
func (*AosCloud) Model() string { return AosCloudModel }

// aosName is the name of the model's component; its resources' names begin with it.
const aosName = "aos"

// plan validates the spec and plans its VPC. The error is a problem.List with
// every problem of the spec, at paths within it.
func (s *AosCloud) plan(region string) (*aoscloud.Plan, aoscloud.Spec, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, aoscloud.Spec{}, err
	}
	problems := checkTags(facts, s.Tags)
	spec := s.Vpc
	spec.Region, spec.Quotas = region, s.Quotas
	plan, err := aoscloud.NewPlan(spec)
	problems = append(problems, place(err, "vpc", map[string]string{"region": "region", "quotas": "quotas"})...)
	return plan, spec, problems.Err()
}

// Addresses returns the VPC's range.
func (s *AosCloud) Addresses(in Regions) ([]AddressRange, error) {
	plan, _, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	vpc := AddressRange{Name: "VPC", Prefix: plan.Vpc, Slots: addressing.AosSlots}
	var used []netip.Prefix
	for _, subnet := range plan.Subnets {
		vpc.Subnets = append(vpc.Subnets, AddressSubnet{
			Tier: string(subnet.Tier), Zone: subnet.Zone.Name, Prefix: subnet.Cidr, Usable: addressing.Usable(subnet.Cidr),
		})
		used = append(used, subnet.Cidr)
	}
	vpc.Free = addressing.Free(plan.Vpc, used)
	return []AddressRange{vpc}, nil
}

// warnings are the VPC's.
func (s *AosCloud) warnings(in Regions) ([]string, error) {
	plan, _, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	return plan.Warnings, nil
}

// placements are the blocks that must not move once they are deployed.
func (s *AosCloud) placements(in Regions) ([]placement, error) {
	plan, _, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	placed := []placement{{path: "vpc.baseCidr", token: vpcToken, name: aosName + "-vpc", group: "vpc", cidr: plan.Vpc}}
	for _, subnet := range plan.Subnets {
		path := "vpc.zones"
		if subnet.Tier == addressing.AosEndpoints {
			path = "vpc.endpointZones"
		}
		placed = append(placed, placement{
			path: path, token: subnetToken, name: aosName + "-" + subnet.Key(), group: string(subnet.Tier), cidr: subnet.Cidr,
		})
	}
	return placed, nil
}

// deploy registers the model's resources.
func (s *AosCloud) deploy(ctx *pulumi.Context, env *Environment) error {
	_, spec, err := s.plan(env.Aws.Region)
	if err != nil {
		return err
	}
	provider, err := env.Aws.newProvider(ctx, "aws")
	if err != nil {
		return err
	}
	network, err := aoscloud.NewAosCloudVpc(ctx, aosName, &aoscloud.AosCloudVpcArgs{
		Spec: spec,
		Tags: pulumi.ToStringMap(s.Tags),
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	ctx.Export("vpcId", network.VpcID)
	ctx.Export("vpcCidr", network.VpcCidr)
	ctx.Export("defaultSecurityGroupId", network.DefaultSecurityGroupID)
	ctx.Export("subnetIds", network.SubnetIDs)
	ctx.Export("routeTableIds", network.RouteTableIDs)
	ctx.Export("zoneIds", network.ZoneIDs)
	ctx.Export("natPublicIp", network.NatPublicIP)
	ctx.Export("endpointIds", network.EndpointIDs)
	ctx.Export("s3GatewayEndpointId", network.S3GatewayEndpointID)
	ctx.Export("publicLbSecurityGroupId", network.PublicLbSecurityGroupID)
	ctx.Export("subnetGroupNames", network.SubnetGroupNames)
	ctx.Export("mountTargetIds", network.MountTargetIDs)
	exportHandover(ctx, env, pulumi.Map{"networks": pulumi.Map{"vpc": pulumi.Map{
		"vpcId": network.VpcID, "cidrs": pulumi.StringArray{network.VpcCidr}, "zoneIds": network.ZoneIDs,
		// The document puts the one NAT gateway in the first zone.
		"natPublicIps": pulumi.StringMap{s.Vpc.Zones[0]: network.NatPublicIP},
	}}})
	return nil
}

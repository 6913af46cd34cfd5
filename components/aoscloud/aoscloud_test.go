package aoscloud_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/aoscloud"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

// The expectations of this file are retyped from "AosCloud Networking
// Prerequisites" v1.1; each test names the section.

const (
	vpcType   = "aws:ec2/vpc:Vpc"
	gateway   = "aws:ec2/internetGateway:InternetGateway"
	subnet    = "aws:ec2/subnet:Subnet"
	table     = "aws:ec2/routeTable:RouteTable"
	route     = "aws:ec2/route:Route"
	assoc     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	eip       = "aws:ec2/eip:Eip"
	nat       = "aws:ec2/natGateway:NatGateway"
	endpoint  = "aws:ec2/vpcEndpoint:VpcEndpoint"
	epTable   = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
	group     = "aws:ec2/securityGroup:SecurityGroup"
	ingress   = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egress    = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	rdsGroup  = "aws:rds/subnetGroup:SubnetGroup"
	docGroup  = "aws:docdb/subnetGroup:SubnetGroup"
	elcGroup  = "aws:elasticache/subnetGroup:SubnetGroup"
	target    = "aws:efs/mountTarget:MountTarget"
	component = "urn:pulumi:test::underlay::" + aoscloud.Type + "::aos"
	eksSG     = "sg-0123456789abcdef0"
)

// spec is the document's VPC with a change.
func spec(change func(*aoscloud.Spec)) aoscloud.Spec {
	s := aoscloud.Spec{Region: "eu-west-1", Zones: []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}}
	if change != nil {
		change(&s)
	}
	return s
}

func record(t *testing.T, args aoscloud.AosCloudVpcArgs) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(args.Region)})
		if err != nil {
			return err
		}
		_, err = aoscloud.NewAosCloudVpc(ctx, "aos", &args, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

func recordSpec(t *testing.T, change func(*aoscloud.Spec)) *graph.Graph {
	t.Helper()
	return record(t, aoscloud.AosCloudVpcArgs{Spec: spec(change)})
}

// urn returns the URN of a child of the component.
func urn(typ, name string) string {
	return "urn:pulumi:test::underlay::" + aoscloud.Type + "$" + typ + "::" + name
}

// inputs returns the inputs of a child.
func inputs(t *testing.T, g *graph.Graph, typ, name string) map[string]any {
	t.Helper()
	r, ok := g.Find(urn(typ, name))
	require.True(t, ok, "no %s %s", typ, name)
	return r.Inputs.Mappable()
}

// outputs returns the component's outputs.
func outputs(t *testing.T, g *graph.Graph) map[string]any {
	t.Helper()
	r, ok := g.Find(component)
	require.True(t, ok)
	return r.Outputs.Mappable()
}

// names returns the names of the resources of a type, sorted.
func names(g *graph.Graph, typ string) []string {
	var found []string
	for _, r := range g.ByType(typ) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

// Sections "Single-VPC Architecture" and "VPC Configuration".
func TestVpcConfiguration(t *testing.T) {
	g := recordSpec(t, nil)
	require.Len(t, g.ByType(vpcType), 1)
	vpc := inputs(t, g, vpcType, "aos-vpc")
	assert.Equal(t, "10.231.0.0/16", vpc["cidrBlock"], "the default base")
	assert.Equal(t, true, vpc["enableDnsHostnames"])
	assert.Equal(t, true, vpc["enableDnsSupport"], "without it hostnames are of no use")
	assert.Equal(t, "default", vpc["instanceTenancy"])
	assert.Equal(t, urn(vpcType, "aos-vpc"), inputs(t, g, gateway, "aos-igw")["vpcId"])
}

// Sections "Subnet Allocation Table" and "EKS Subnets (Detail)".
func TestSubnets(t *testing.T) {
	g := recordSpec(t, nil)
	want := map[string][]string{
		"eks-private": {"10.231.0.0/20", "10.231.16.0/20", "10.231.32.0/20"},
		"eks-public":  {"10.231.48.0/22", "10.231.52.0/22", "10.231.56.0/22"},
		"endpoints":   {"10.231.100.0/24"},
		"aurora":      {"10.231.253.192/28", "10.231.253.208/28", "10.231.253.224/28"},
		"documentdb":  {"10.231.255.128/28", "10.231.255.144/28", "10.231.255.160/28"},
		"elasticache": {"10.231.255.64/28", "10.231.255.80/28", "10.231.255.96/28"},
	}
	require.Len(t, g.ByType(subnet), 5*3+1)
	for tier, blocks := range want {
		for i, block := range blocks {
			zone := "eu-west-1" + string(rune('a'+i))
			in := inputs(t, g, subnet, "aos-"+tier+"-"+zone)
			assert.Equal(t, block, in["cidrBlock"], tier)
			assert.Equal(t, zone, in["availabilityZone"])
			assert.Equal(t, false, in["mapPublicIpOnLaunch"], "nothing gets a public address by itself")
			assert.Equal(t, urn(vpcType, "aos-vpc"), in["vpcId"])
			tags := in["tags"].(map[string]any)
			role := map[string]string{"eks-private": "kubernetes.io/role/internal-elb", "eks-public": "kubernetes.io/role/elb"}[tier]
			for _, tag := range []string{"kubernetes.io/role/internal-elb", "kubernetes.io/role/elb"} {
				if tag == role {
					assert.Equal(t, "1", tags[tag], tier)
				} else {
					assert.NotContains(t, tags, tag, tier)
				}
			}
		}
	}
}

// Sections "Route Tables" and "Outbound Internet Access".
func TestRouteTables(t *testing.T) {
	g := recordSpec(t, nil)
	assert.Equal(t, []string{"aos-eks-private", "aos-eks-public"}, names(g, table))
	associated := map[string]string{}
	for _, r := range g.ByType(assoc) {
		associated[r.Inputs["subnetId"].StringValue()] = r.Inputs["routeTableId"].StringValue()
	}
	want := map[string]string{urn(subnet, "aos-endpoints-eu-west-1a"): urn(table, "aos-eks-private")}
	for _, zone := range []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"} {
		want[urn(subnet, "aos-eks-private-"+zone)] = urn(table, "aos-eks-private")
		want[urn(subnet, "aos-eks-public-"+zone)] = urn(table, "aos-eks-public")
	}
	assert.Equal(t, want, associated, "the databases' subnets stay on the VPC's main table, implicitly")

	require.Len(t, g.ByType(route), 2)
	assert.Equal(t, map[string]any{
		"routeTableId": urn(table, "aos-eks-private"), "destinationCidrBlock": "0.0.0.0/0",
		"natGatewayId": urn(nat, "aos-nat-eu-west-1a"),
	}, inputs(t, g, route, "aos-eks-private-default"))
	assert.Equal(t, map[string]any{
		"routeTableId": urn(table, "aos-eks-public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": urn(gateway, "aos-igw"),
	}, inputs(t, g, route, "aos-eks-public-default"))

	require.Len(t, g.ByType(nat), 1)
	in := inputs(t, g, nat, "aos-nat-eu-west-1a")
	assert.Equal(t, urn(subnet, "aos-eks-public-eu-west-1a"), in["subnetId"], "in the first public subnet")
	assert.Equal(t, urn(eip, "aos-nat-eu-west-1a"), in["allocationId"], "with an Elastic IP")
	assert.Equal(t, "public", in["connectivityType"])
}

// The base VPC's default table and group stay as AWS makes them.
func TestDefaultsAreNotAdopted(t *testing.T) {
	g := recordSpec(t, func(s *aoscloud.Spec) {
		s.EksClusterSecurityGroupID = eksSG
		s.PublicLbIngress = []aoscloud.IngressRule{{From: 443, Cidr: "0.0.0.0/0"}}
	})
	for _, r := range g.Resources {
		for _, adopting := range []string{"DefaultSecurityGroup", "DefaultRouteTable", "MainRouteTableAssociation", "DefaultNetworkAcl"} {
			assert.NotContains(t, r.Type, adopting)
		}
		for _, inline := range []string{"ingress", "egress", "routes"} {
			assert.NotContains(t, r.Inputs.Mappable(), inline, r.URN)
		}
	}
}

// required are the services of section "Required Endpoints".
var required = []string{
	"ec2", "ecr.api", "ecr.dkr", "logs", "sts", "elasticloadbalancing", "autoscaling", "secretsmanager", "rds", "s3",
	"elasticache", "email-smtp",
}

// interfaces returns the interface endpoints' inputs by service.
func interfaces(g *graph.Graph) map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, r := range g.ByType(endpoint) {
		in := r.Inputs.Mappable()
		if in["vpcEndpointType"] == "Interface" {
			found[strings.TrimPrefix(in["serviceName"].(string), "com.amazonaws.eu-west-1.")] = in
		}
	}
	return found
}

// Sections "Required Endpoints" and "Endpoint Security".
func TestEndpoints(t *testing.T) {
	for name, group := range map[string]string{"with the cluster's group": eksSG, "before the cluster exists": ""} {
		t.Run(name, func(t *testing.T) {
			g := recordSpec(t, func(s *aoscloud.Spec) { s.EksClusterSecurityGroupID = group })
			vpc, ok := g.Find(urn(vpcType, "aos-vpc"))
			require.True(t, ok)
			groups := []any{vpc.Outputs["defaultSecurityGroupId"].StringValue()}
			if group != "" {
				groups = append(groups, group)
			}
			found := interfaces(g)
			require.Len(t, found, 12)
			for _, service := range required {
				in := found[service]
				require.NotNil(t, in, service)
				assert.Equal(t, service != "s3", in["privateDnsEnabled"], service)
				assert.Equal(t, []any{urn(subnet, "aos-endpoints-eu-west-1a")}, in["subnetIds"], service)
				assert.Equal(t, groups, in["securityGroupIds"], service)
			}
			assert.Empty(t, g.ByType(egress), "no group of the component's own")
			assert.Empty(t, names(g, "aws:ec2/securityGroup:SecurityGroup"))
		})
	}
}

// A further endpoint zone takes the next /24 and moves nothing; which zone is
// first is the user's choice.
func TestEndpointZones(t *testing.T) {
	want := []string{"10.231.100.0/24", "10.231.101.0/24", "10.231.102.0/24"}
	zones := []string{"eu-west-1b", "eu-west-1c", "eu-west-1a"}
	for count := 1; count <= 3; count++ {
		g := recordSpec(t, func(s *aoscloud.Spec) { s.EndpointZones = zones[:count] })
		var subnets []any
		for i, zone := range zones[:count] {
			assert.Equal(t, want[i], inputs(t, g, subnet, "aos-endpoints-"+zone)["cidrBlock"])
			assert.Equal(t, urn(table, "aos-eks-private"), inputs(t, g, assoc, "aos-endpoints-"+zone)["routeTableId"])
			subnets = append(subnets, urn(subnet, "aos-endpoints-"+zone))
		}
		for service, in := range interfaces(g) {
			assert.Equal(t, subnets, in["subnetIds"], service)
		}
		assert.Equal(t, count == 1, slices.ContainsFunc(warnings(t, spec(func(s *aoscloud.Spec) { s.EndpointZones = zones[:count] })),
			func(w string) bool {
				return w == "all interface endpoints are in eu-west-1b alone: without that zone no node of any zone reaches AWS "+
					"through them; list more zones in endpointZones"
			}))
	}
}

// warnings returns the warnings of a spec's plan.
func warnings(t *testing.T, s aoscloud.Spec) []string {
	t.Helper()
	plan, err := aoscloud.NewPlan(s)
	require.NoError(t, err)
	return plan.Warnings
}

// SES's SMTP endpoint is not offered in use1-az2, use1-az3 and use1-az5.
// https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html
func TestMailMayBeMissing(t *testing.T) {
	virginia := func(change func(*aoscloud.Spec)) aoscloud.Spec {
		s := aoscloud.Spec{
			Region: "us-east-1", Zones: []string{"us-east-1a", "us-east-1b", "us-east-1c"}, EksClusterSecurityGroupID: eksSG,
			EndpointZones: []string{"us-east-1a", "us-east-1b"},
		}
		if change != nil {
			change(&s)
		}
		return s
	}
	assert.Equal(t, []string{
		"email-smtp may not be offered in us-east-1a, us-east-1b: AWS does not offer it in use1-az2, use1-az3, use1-az5, and which " +
			"zones of your account these are is not known; give zoneIds",
	}, warnings(t, virginia(nil)))

	known := virginia(func(s *aoscloud.Spec) { s.ZoneIDs = []string{"use1-az2", "use1-az1", "use1-az4"} })
	assert.Empty(t, warnings(t, known))
	g := record(t, aoscloud.AosCloudVpcArgs{Spec: known})
	for _, r := range g.ByType(endpoint) {
		if r.Name == "aos-endpoints-email-smtp" {
			assert.Equal(t, []any{urn(subnet, "aos-endpoints-us-east-1b")}, r.Inputs.Mappable()["subnetIds"], "us-east-1a lacks it")
		}
	}
	assert.Empty(t, warnings(t, spec(func(s *aoscloud.Spec) {
		s.EksClusterSecurityGroupID, s.EndpointZones = eksSG, []string{"eu-west-1a", "eu-west-1c"}
	})), "eu-west-1 has it everywhere")
}

// Section "Inter-Group Rules". The document's ports 0–65535 belong to no rule
// whose protocol is -1.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func TestInterGroupRules(t *testing.T) {
	assert.Empty(t, recordSpec(t, nil).ByType(ingress), "no cluster, no rules")
	for name, args := range map[string]aoscloud.AosCloudVpcArgs{
		"by id":    {Spec: spec(func(s *aoscloud.Spec) { s.EksClusterSecurityGroupID = eksSG })},
		"by input": {Spec: spec(nil), EksClusterSecurityGroup: pulumi.String(eksSG)},
	} {
		t.Run(name, func(t *testing.T) {
			g := record(t, args)
			vpc, ok := g.Find(urn(vpcType, "aos-vpc"))
			require.True(t, ok)
			base := vpc.Outputs["defaultSecurityGroupId"].StringValue()
			assert.Equal(t, []string{"aos-base-to-eks", "aos-eks-to-base"}, names(g, ingress))
			for rule, sides := range map[string][2]string{"aos-eks-to-base": {base, eksSG}, "aos-base-to-eks": {eksSG, base}} {
				in := inputs(t, g, ingress, rule)
				assert.Equal(t, sides[0], in["securityGroupId"], rule)
				assert.Equal(t, sides[1], in["referencedSecurityGroupId"], rule)
				assert.Equal(t, "-1", in["ipProtocol"])
				assert.NotContains(t, in, "fromPort")
				assert.NotContains(t, in, "toPort")
			}
		})
	}
}

// Section "Public Load Balancer (Optional)".
func TestPublicLoadBalancerGroup(t *testing.T) {
	none := recordSpec(t, nil)
	assert.Empty(t, none.ByType(group))
	assert.Equal(t, "", outputs(t, none)["publicLbSecurityGroupId"])

	g := recordSpec(t, func(s *aoscloud.Spec) {
		s.PublicLbIngress = []aoscloud.IngressRule{
			{From: 443, Cidr: "0.0.0.0/0"}, {From: 443, Cidr: "::/0"}, {From: 10000, To: 10010, Cidr: "10.0.0.0/8"},
			{Protocol: "udp", From: 443, Cidr: "2001:db8::/32"}, {Protocol: "-1", Cidr: "192.0.2.0/24"},
		}
	})
	require.Len(t, g.ByType(group), 1)
	assert.Equal(t, urn(vpcType, "aos-vpc"), inputs(t, g, group, "aos-public-lb")["vpcId"])
	id := urn(group, "aos-public-lb")
	assert.Equal(t, id, outputs(t, g)["publicLbSecurityGroupId"])
	rules := func(typ string) (found []string) {
		for _, r := range g.ByType(typ) {
			in := r.Inputs.Mappable()
			assert.Equal(t, id, in["securityGroupId"])
			found = append(found, fmt.Sprint(in["ipProtocol"], " ", in["fromPort"], " ", in["toPort"], " ", in["cidrIpv4"], " ", in["cidrIpv6"]))
		}
		return found
	}
	assert.ElementsMatch(t, []string{
		"tcp 443 443 0.0.0.0/0 <nil>", "tcp 443 443 <nil> ::/0", "tcp 10000 10010 10.0.0.0/8 <nil>", "udp 443 443 <nil> 2001:db8::/32",
		"-1 <nil> <nil> 192.0.2.0/24 <nil>",
	}, rules(ingress))
	assert.ElementsMatch(t, []string{"-1 <nil> <nil> 0.0.0.0/0 <nil>", "-1 <nil> <nil> <nil> ::/0"}, rules(egress))
	assert.Equal(t, []string{
		"aos-public-lb-all-192.0.2.0-24", "aos-public-lb-tcp-10000-10010-10.0.0.0-8", "aos-public-lb-tcp-443----0",
		"aos-public-lb-tcp-443-0.0.0.0-0", "aos-public-lb-udp-443-2001-db8---32",
	}, names(g, ingress), "names do not depend on the order of the rules")
}

// Section "Managed Service Subnet Groups".
func TestSubnetGroups(t *testing.T) {
	g := recordSpec(t, nil)
	groupNames := outputs(t, g)["subnetGroupNames"].(map[string]any)
	require.Len(t, groupNames, 3)
	for tier, want := range map[string]struct{ typ, arn string }{
		"aurora":      {rdsGroup, "arn:aws:rds:eu-west-1:111122223333:subgrp:"},
		"documentdb":  {docGroup, "arn:aws:rds:eu-west-1:111122223333:subgrp:"},
		"elasticache": {elcGroup, "arn:aws:elasticache:eu-west-1:111122223333:subnetgroup:"},
	} {
		in := inputs(t, g, want.typ, "aos-"+tier)
		assert.Equal(t, []any{
			urn(subnet, "aos-"+tier+"-eu-west-1a"), urn(subnet, "aos-"+tier+"-eu-west-1b"), urn(subnet, "aos-"+tier+"-eu-west-1c"),
		}, in["subnetIds"])
		r, _ := g.Find(urn(want.typ, "aos-"+tier))
		assert.Regexp(t, "^aos-"+tier+"-[0-9a-f]{7}$", groupNames[tier])
		assert.Equal(t, want.arn+groupNames[tier].(string), r.Outputs["arn"].StringValue())
		if tier != "documentdb" { // its type has no VPC
			assert.Equal(t, urn(vpcType, "aos-vpc"), r.Outputs["vpcId"].StringValue())
		}
	}

	no := false
	without := recordSpec(t, func(s *aoscloud.Spec) { s.SubnetGroups = &no })
	assert.Empty(t, outputs(t, without)["subnetGroupNames"])
	for _, typ := range []string{rdsGroup, docGroup, elcGroup} {
		assert.Empty(t, without.ByType(typ))
	}
	assert.Len(t, without.ByType(subnet), 5*3+1, "the subnets stay")
}

// Section "Managed Service Subnet Groups": EFS has mount targets in the EKS
// private subnets; section "Security Group Architecture": behind the default
// group.
func TestMountTargets(t *testing.T) {
	assert.Empty(t, recordSpec(t, nil).ByType(target))
	for name, args := range map[string]aoscloud.AosCloudVpcArgs{
		"by id":    {Spec: spec(func(s *aoscloud.Spec) { s.EfsFileSystemID = "fs-0123456789abcdef0" })},
		"by input": {Spec: spec(nil), EfsFileSystem: pulumi.String("fs-0123456789abcdef0")},
	} {
		t.Run(name, func(t *testing.T) {
			g := record(t, args)
			vpc, ok := g.Find(urn(vpcType, "aos-vpc"))
			require.True(t, ok)
			require.Len(t, g.ByType(target), 3)
			ids := outputs(t, g)["mountTargetIds"].(map[string]any)
			for _, zone := range []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"} {
				assert.Equal(t, map[string]any{
					"fileSystemId": "fs-0123456789abcdef0", "subnetId": urn(subnet, "aos-eks-private-"+zone),
					"securityGroups": []any{vpc.Outputs["defaultSecurityGroupId"].StringValue()},
				}, inputs(t, g, target, "aos-efs-"+zone))
				assert.Equal(t, urn(target, "aos-efs-"+zone), ids[zone])
			}
		})
	}
}

// ECR's image layers come from S3; the gateway endpoint is free.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func TestS3Gateway(t *testing.T) {
	g := recordSpec(t, nil)
	in := inputs(t, g, endpoint, "aos-s3")
	assert.Equal(t, "com.amazonaws.eu-west-1.s3", in["serviceName"])
	assert.Equal(t, "Gateway", in["vpcEndpointType"])
	var tables []string
	for _, r := range g.ByType(epTable) {
		assert.Equal(t, urn(endpoint, "aos-s3"), r.Inputs["vpcEndpointId"].StringValue())
		tables = append(tables, r.Inputs["routeTableId"].StringValue())
	}
	assert.ElementsMatch(t, []string{urn(table, "aos-eks-private"), urn(table, "aos-eks-public")}, tables)

	no := false
	without := recordSpec(t, func(s *aoscloud.Spec) { s.S3Gateway = &no })
	assert.Empty(t, without.ByType(epTable))
	assert.Len(t, without.ByType(endpoint), 12, "the interface endpoints alone")
	assert.Equal(t, "", outputs(t, without)["s3GatewayEndpointId"])
}

// Section "CIDR Planning Guidance": the staging offset.
func TestStaging(t *testing.T) {
	g := recordSpec(t, func(s *aoscloud.Spec) { s.Staging = true })
	assert.Equal(t, "10.232.0.0/16", inputs(t, g, vpcType, "aos-vpc")["cidrBlock"])
	assert.Equal(t, "10.232.100.0/24", inputs(t, g, subnet, "aos-endpoints-eu-west-1a")["cidrBlock"])
	assert.Equal(t, "10.232.255.160/28", inputs(t, g, subnet, "aos-documentdb-eu-west-1c")["cidrBlock"])
	assert.Equal(t, "10.232.0.0/16", outputs(t, g)["vpcCidr"])
}

func TestSubnetsPlacedByHand(t *testing.T) {
	g := recordSpec(t, func(s *aoscloud.Spec) {
		s.Subnets = map[addressing.AosTier]map[string]string{"eks-private": {"eu-west-1b": "10.231.64.0/20"}}
	})
	assert.Equal(t, "10.231.64.0/20", inputs(t, g, subnet, "aos-eks-private-eu-west-1b")["cidrBlock"])
	assert.Equal(t, "10.231.32.0/20", inputs(t, g, subnet, "aos-eks-private-eu-west-1c")["cidrBlock"], "the others keep their slot")
}

func TestEveryResourceIsBelowTheComponentWithTheGivenProvider(t *testing.T) {
	g := record(t, aoscloud.AosCloudVpcArgs{
		Spec: spec(func(s *aoscloud.Spec) {
			s.EksClusterSecurityGroupID, s.EfsFileSystemID = eksSG, "fs-0123456789abcdef0"
			s.PublicLbIngress = []aoscloud.IngressRule{{From: 443, Cidr: "0.0.0.0/0"}}
		}),
		Tags: pulumi.StringMap{"owner": pulumi.String("network")},
	})
	for _, r := range g.Resources {
		if !strings.HasPrefix(r.Type, "aws:") {
			continue
		}
		assert.Contains(t, r.URN, aoscloud.Type+"$", r.URN)
		assert.True(t, strings.HasPrefix(r.Name, "aos-"), r.URN)
		assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::aws", r.ProviderURN(), r.URN)
		if tags, taggable := r.Inputs.Mappable()["tags"]; taggable {
			assert.Equal(t, "network", tags.(map[string]any)["owner"], r.URN)
			assert.Equal(t, r.Name, tags.(map[string]any)["Name"], r.URN)
		}
	}
}

// The group and the file system may be made in the same program, and their ids
// be unknown in a preview.
func TestValuesOfOtherResources(t *testing.T) {
	g, err := graph.Record(t.Context(), "underlay", "test", map[string]string{"aws:region": "eu-west-1"}, func(ctx *pulumi.Context) error {
		files, err := efs.NewFileSystem(ctx, "files", nil)
		if err != nil {
			return err
		}
		group, err := ec2.NewSecurityGroup(ctx, "cluster", nil)
		if err != nil {
			return err
		}
		_, err = aoscloud.NewAosCloudVpc(ctx, "aos", &aoscloud.AosCloudVpcArgs{
			Spec: spec(nil), EksClusterSecurityGroup: group.ID().ToStringOutput(), EfsFileSystem: files.ID().ToStringOutput(),
		})
		return err
	})
	require.NoError(t, err)
	assert.Len(t, g.ByType(target), 3)
	assert.Len(t, g.ByType(ingress), 2)
	for service, in := range interfaces(g) {
		assert.Equal(t, "urn:pulumi:test::underlay::aws:ec2/securityGroup:SecurityGroup::cluster", in["securityGroupIds"].([]any)[1], service)
	}
}

func TestBadSpecs(t *testing.T) {
	const needsThree = "of the three zones of an AosCloud VPC; name three"
	rules := func(rules ...aoscloud.IngressRule) func(*aoscloud.AosCloudVpcArgs) {
		return func(a *aoscloud.AosCloudVpcArgs) { a.PublicLbIngress = rules }
	}
	base := func(cidr string) func(*aoscloud.AosCloudVpcArgs) {
		return func(a *aoscloud.AosCloudVpcArgs) { a.BaseCidr = cidr }
	}
	staging := func(cidr string) func(*aoscloud.AosCloudVpcArgs) {
		return func(a *aoscloud.AosCloudVpcArgs) { a.BaseCidr, a.Staging = cidr, true }
	}
	const notSixteen = ": is not a /16: AosCloud's subnets are calculated for a whole /16; the nearest is 10.231.0.0/16"
	const lower = "; use 10.0.0.0/16 to 10.254.0.0/16, or 172.16.0.0/16 to 172.30.0.0/16"
	cases := []struct {
		name   string
		change func(*aoscloud.AosCloudVpcArgs)
		want   []string
	}{
		{"no region", func(a *aoscloud.AosCloudVpcArgs) { a.Region = "" }, []string{
			"region: is missing; give an AWS region, for example eu-west-1"}},
		{"base too small", base("10.231.0.0/17"), []string{"baseCidr: 10.231.0.0/17" + notSixteen}},
		{"base too large", base("10.0.0.0/8"), []string{
			"baseCidr: 10.0.0.0/8: is not a /16: AosCloud's subnets are calculated for a whole /16; the nearest is 10.0.0.0/16"}},
		{"host bits", base("10.231.1.0/16"), []string{"baseCidr: 10.231.1.0/16: has host bits set; the network is 10.231.0.0/16"}},
		{"public base", base("203.0.0.0/16"), []string{
			"baseCidr: 203.0.0.0/16: is outside the private ranges of RFC 1918; use a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"}},
		{"shared base", base("100.64.0.0/16"), []string{
			"baseCidr: 100.64.0.0/16: is outside the private ranges of RFC 1918; use a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"}},
		{"staging over the top of 10/8", staging("10.255.0.0/16"), []string{
			"baseCidr: 10.255.0.0/16: has no staging block: 11.0.0.0/16 is outside 10.0.0.0/8" + lower}},
		{"staging over the top of 172.16/12", staging("172.31.0.0/16"), []string{
			"baseCidr: 172.31.0.0/16: has no staging block: 172.32.0.0/16 is outside 172.16.0.0/12" + lower}},
		{"staging in 192.168/16", staging("192.168.0.0/16"), []string{
			"baseCidr: 192.168.0.0/16: has no staging block: 192.169.0.0/16 is outside 192.168.0.0/16" + lower}},
		{"two zones", func(a *aoscloud.AosCloudVpcArgs) { a.Zones = a.Zones[:2] }, []string{
			"zones: eu-west-1a, eu-west-1b: is 2 " + needsThree}},
		{"no zones", func(a *aoscloud.AosCloudVpcArgs) { a.Zones = nil }, []string{"zones: is missing; name three availability zones"}},
		{"zone of another region", func(a *aoscloud.AosCloudVpcArgs) { a.Zones[1] = "eu-central-1b" }, []string{
			"zones[1]: eu-central-1b: is not an availability zone of eu-west-1; its zones are eu-west-1a, eu-west-1b, eu-west-1c"}},
		{"zone twice", func(a *aoscloud.AosCloudVpcArgs) { a.Zones[1] = "eu-west-1a" }, []string{
			"zones[1]: eu-west-1a: is named already at zones[0]; remove one"}},
		{"zone ids missing some", func(a *aoscloud.AosCloudVpcArgs) { a.ZoneIDs = []string{"euw1-az1"} }, []string{
			"zoneIds: euw1-az1: is 1 ids for 3 zones; give one id for each zone, in the order of zones"}},
		{"zone without EKS", func(a *aoscloud.AosCloudVpcArgs) {
			a.Region, a.Zones = "us-east-1", []string{"us-east-1a", "us-east-1b", "us-east-1c"}
			a.ZoneIDs = []string{"use1-az1", "use1-az4", "use1-az3"}
		}, []string{"zoneIds[2]: use1-az3: is a zone where EKS places no control plane; use another zone than us-east-1c"}},
		{"mail in the one zone that lacks it", func(a *aoscloud.AosCloudVpcArgs) {
			a.Region, a.Zones = "us-east-1", []string{"us-east-1a", "us-east-1b", "us-east-1c"}
			a.ZoneIDs = []string{"use1-az2", "use1-az4", "use1-az1"}
		}, []string{"endpoints.overrides.email-smtp.zones: us-east-1a: are all zones where AWS does not offer email-smtp; " +
			"add a zone, or remove the endpoint"}},
		{"endpoint zone that is none", func(a *aoscloud.AosCloudVpcArgs) { a.EndpointZones = []string{"eu-west-1a", "eu-west-1d"} }, []string{
			"endpointZones[1]: eu-west-1d: is not one of the zones; use some of eu-west-1a, eu-west-1b, eu-west-1c"}},
		{"endpoint zone twice", func(a *aoscloud.AosCloudVpcArgs) { a.EndpointZones = []string{"eu-west-1a", "eu-west-1a"} }, []string{
			"endpointZones[1]: eu-west-1a: is named already at endpointZones[0]; remove one"}},
		{"subnet of an unknown tier", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"eks-privat": {"eu-west-1a": "10.231.64.0/20"}}
		}, []string{`subnets.eks-privat: is not a tier; did you mean "eks-private"?`}},
		{"subnet in a zone without endpoints", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"endpoints": {"eu-west-1b": "10.231.101.0/24"}}
		}, []string{"subnets.endpoints.eu-west-1b: 10.231.101.0/24: is not one of the tier's zones; use one of eu-west-1a"}},
		{"subnet outside the VPC", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"aurora": {"eu-west-1b": "10.232.0.0/28"}}
		}, []string{"subnets.aurora.eu-west-1b: 10.232.0.0/28: is outside the VPC; use a part of 10.231.0.0/16"}},
		{"subnet too small", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"aurora": {"eu-west-1b": "10.231.200.0/29"}}
		}, []string{"subnets.aurora.eu-west-1b: 10.231.200.0/29: is smaller than AWS's smallest subnet; use a /28 or larger"}},
		{"overlapping subnets", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"eks-private": {"eu-west-1c": "10.231.16.0/22"}}
		}, []string{"subnets.eks-private.eu-west-1c: 10.231.16.0/22: overlaps 10.231.16.0/20 (subnets.eks-private.eu-west-1b); " +
			"use a block outside 10.231.16.0/20"}},
		{"endpoints subnet too small for twelve", func(a *aoscloud.AosCloudVpcArgs) {
			a.Subnets = map[addressing.AosTier]map[string]string{"endpoints": {"eu-west-1a": "10.231.100.0/28"}}
		}, []string{"endpoints.preset: aoscloud: makes 12 endpoints; the smallest endpoint subnet has 11 addresses; use larger endpoint subnets"}},
		{"unknown endpoint", func(a *aoscloud.AosCloudVpcArgs) { a.Endpoints = &endpoints.Spec{Add: []string{"ecr.dkrr"}} }, []string{
			`endpoints.add[0]: ecr.dkrr: is not an endpoint service; did you mean "ecr.dkr"?`}},
		{"unknown quota", func(a *aoscloud.AosCloudVpcArgs) { a.Quotas = map[string]int{"rules": 5} }, []string{
			"quotas.rules: 5: is not a quota of the catalogue; "}},
		{"cluster group", func(a *aoscloud.AosCloudVpcArgs) { a.EksClusterSecurityGroupID = "eks-cluster" }, []string{
			"eksClusterSecurityGroupId: eks-cluster: is not an id of the form sg-…; give an id such as sg-0123456789abcdef0"}},
		{"cluster group twice", func(a *aoscloud.AosCloudVpcArgs) {
			a.EksClusterSecurityGroupID, a.EksClusterSecurityGroup = eksSG, pulumi.String(eksSG)
		}, []string{"eksClusterSecurityGroupId: " + eksSG + ": is given twice: here and as eksClusterSecurityGroup; give one of them"}},
		{"file system", func(a *aoscloud.AosCloudVpcArgs) { a.EfsFileSystemID = "shared" }, []string{
			"efsFileSystemId: shared: is not an id of the form fs-…; give an id such as fs-0123456789abcdef0"}},
		{"file system twice", func(a *aoscloud.AosCloudVpcArgs) {
			a.EfsFileSystemID, a.EfsFileSystem = "fs-01234567", pulumi.String("fs-01234567")
		}, []string{"efsFileSystemId: fs-01234567: is given twice: here and as efsFileSystem; give one of them"}},
		{"rule without a block", rules(aoscloud.IngressRule{From: 443}), []string{
			"publicLbIngress[0].cidr: is empty; write an IPv4 network such as 10.21.0.0/16"}},
		{"rule without a port", rules(aoscloud.IngressRule{Cidr: "0.0.0.0/0"}), []string{
			"publicLbIngress[0].from: is missing; give the lowest port, and in to the highest"}},
		{"ports backwards", rules(aoscloud.IngressRule{From: 443, To: 80, Cidr: "0.0.0.0/0"}), []string{
			"publicLbIngress[0].to: 80: is lower than from, 443; give the highest port"}},
		{"port out of range", rules(aoscloud.IngressRule{From: 443, To: 70000, Cidr: "0.0.0.0/0"}), []string{
			"publicLbIngress[0].from: 443-70000: is no range of ports; use 0 to 65535"}},
		{"all protocols with ports", rules(aoscloud.IngressRule{Protocol: "-1", To: 65535, Cidr: "0.0.0.0/0"}), []string{
			"publicLbIngress[0].from: 0-65535: is set, but protocol -1 has no ports; remove from and to, or set protocol: tcp"}},
		{"unknown protocol", rules(aoscloud.IngressRule{Protocol: "https", From: 443, Cidr: "0.0.0.0/0"}), []string{
			"publicLbIngress[0].protocol: https: is not a choice; use tcp, udp or -1"}},
		{"IPv6 host bits", rules(aoscloud.IngressRule{From: 443, Cidr: "2001:db8::1/32"}), []string{
			"publicLbIngress[0].cidr: 2001:db8::1/32: has host bits set; the network is 2001:db8::/32"}},
		{"no IPv6 network", rules(aoscloud.IngressRule{From: 443, Cidr: "::"}), []string{
			"publicLbIngress[0].cidr: ::: is not an IPv6 network; write a network such as 2001:db8::/32"}},
		{"rule twice", rules(aoscloud.IngressRule{From: 443, Cidr: "::/0"}, aoscloud.IngressRule{Protocol: "tcp", From: 443, To: 443, Cidr: "::/0"}), []string{
			"publicLbIngress[1]: ::/0: is the rule publicLbIngress[0] again; remove one"}},
		{"more rules than the quota", func(a *aoscloud.AosCloudVpcArgs) {
			a.Quotas = map[string]int{"rules-per-security-group": 1}
			a.PublicLbIngress = []aoscloud.IngressRule{{From: 80, Cidr: "0.0.0.0/0"}, {From: 443, Cidr: "0.0.0.0/0"}, {From: 443, Cidr: "::/0"}}
		}, []string{"publicLbIngress: 2: are too many rules of one IP family; the quota is 1; " +
			"use fewer, larger blocks, or have the quota raised and set quotas.rules-per-security-group"}},
		{"three at once", func(a *aoscloud.AosCloudVpcArgs) {
			a.BaseCidr, a.Zones, a.EfsFileSystemID = "10.231.0.0", a.Zones[:1], "shared"
		}, []string{
			"baseCidr: 10.231.0.0: has no prefix length; write 10.231.0.0/16",
			"zones: eu-west-1a: is 1 " + needsThree,
			"efsFileSystemId: shared: is not an id of the form fs-…; give an id such as fs-0123456789abcdef0",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			args := aoscloud.AosCloudVpcArgs{Spec: spec(nil)}
			c.change(&args)
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := aoscloud.NewAosCloudVpc(ctx, "aos", &args)
				require.ErrorContains(t, err, `AosCloud VPC "aos": `)
				var problems problem.List
				require.ErrorAs(t, err, &problems)
				var lines []string
				for _, p := range problems {
					line := p.Error()
					if i := strings.Index(line, "is not a quota of the catalogue; "); i >= 0 {
						line = line[:i+len("is not a quota of the catalogue; ")] // the rest lists the catalogue
					}
					lines = append(lines, line)
				}
				assert.ElementsMatch(t, c.want, lines)
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, g.Resources, 1, "nothing is registered but the stack")
		})
	}
}

func TestBadNames(t *testing.T) {
	for _, name := range []string{"", "1st", "a/b", "a b", strings.Repeat("a", 201)} {
		_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
			_, err := aoscloud.NewAosCloudVpc(ctx, name, &aoscloud.AosCloudVpcArgs{Spec: spec(nil)})
			return err
		})
		var problems problem.List
		require.ErrorAs(t, err, &problems, name)
		require.Len(t, problems, 1)
		assert.Equal(t, "name", problems[0].Path)
		assert.Equal(t, "use letters, digits and hyphens, the first a letter, at most 200", problems[0].Fix)
	}
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := aoscloud.NewAosCloudVpc(ctx, "aos", nil)
		return err
	})
	var problems problem.List
	require.ErrorAs(t, err, &problems)
}

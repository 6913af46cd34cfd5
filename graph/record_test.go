package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// network is a component like those of this project.
type network struct {
	pulumi.ResourceState

	VpcID     pulumi.StringOutput      `pulumi:"vpcId"`
	SubnetIDs pulumi.StringArrayOutput `pulumi:"subnetIds"`
	Token     pulumi.StringOutput      `pulumi:"token"`
	Gateway   *ec2.InternetGateway     `pulumi:"gateway"`
	Peer      *ec2.Vpc                 `pulumi:"peer"` // nil
	hidden    pulumi.StringOutput      `pulumi:"hidden"`
	Zones     []string                 `pulumi:"zones"`
	Untagged  pulumi.StringOutput
}

// dataPlane registers a provider, the component "net" and in it a VPC, zones
// subnets with a route table each, an internet gateway, an Elastic IP and a NAT
// gateway.
func dataPlane(zones int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
			Region:      pulumi.String("eu-west-1"),
			DefaultTags: &aws.ProviderDefaultTagsArgs{Tags: pulumi.StringMap{"owner": pulumi.String("platform")}},
		})
		if err != nil {
			return err
		}
		net := &network{}
		if err := ctx.RegisterComponentResource("test:network:Network", "net", net, pulumi.Provider(provider)); err != nil {
			return err
		}
		inNet := pulumi.Parent(net)
		v, err := ec2.NewVpc(ctx, "net-vpc", &ec2.VpcArgs{
			CidrBlock: pulumi.String("10.0.0.0/16"),
			Tags:      pulumi.StringMap{"Name": pulumi.String("net")},
		}, inNet)
		if err != nil {
			return err
		}
		gateway, err := ec2.NewInternetGateway(ctx, "net-igw", &ec2.InternetGatewayArgs{VpcId: v.ID()}, inNet)
		if err != nil {
			return err
		}
		ids := pulumi.StringArray{}
		for i := range zones {
			zone := fmt.Sprintf("eu-west-1%c", 'a'+i%3)
			subnet, err := ec2.NewSubnet(ctx, fmt.Sprintf("net-%d", i), &ec2.SubnetArgs{
				VpcId: v.ID(), CidrBlock: pulumi.Sprintf("10.0.%d.0/24", i), AvailabilityZone: pulumi.String(zone),
			}, inNet)
			if err != nil {
				return err
			}
			table, err := ec2.NewRouteTable(ctx, fmt.Sprintf("net-%d", i), &ec2.RouteTableArgs{VpcId: v.ID()}, inNet)
			if err != nil {
				return err
			}
			_, err = ec2.NewRouteTableAssociation(ctx, fmt.Sprintf("net-%d", i), &ec2.RouteTableAssociationArgs{
				SubnetId: subnet.ID(), RouteTableId: table.ID(),
			}, inNet)
			if err != nil {
				return err
			}
			ids = append(ids, subnet.ID())
		}
		eip, err := ec2.NewEip(ctx, "net-nat", nil, inNet, pulumi.DependsOn([]pulumi.Resource{gateway}))
		if err != nil {
			return err
		}
		nat, err := ec2.NewNatGateway(ctx, "net-nat", &ec2.NatGatewayArgs{
			AllocationId: eip.AllocationId, SubnetId: ids[0].ToStringOutput(),
		}, inNet)
		if err != nil {
			return err
		}
		net.VpcID, net.SubnetIDs, net.Gateway = v.ID().ToStringOutput(), ids.ToStringArrayOutput(), gateway
		net.Token = pulumi.ToSecret(pulumi.String("hunter2").ToStringOutput()).(pulumi.StringOutput)
		net.hidden, net.Untagged, net.Zones = net.VpcID, net.VpcID, []string{"eu-west-1a"}
		ctx.Export("natIp", net.hidden.ApplyT(func(string) pulumi.StringOutput { return nat.PublicIp }))
		ctx.Export("token", net.Token)
		ctx.Export("subnets", net.SubnetIDs)
		return ctx.RegisterResourceOutputs(net, pulumi.Map{"vpcId": net.VpcID})
	}
}

func record(t *testing.T, program pulumi.RunFunc) *Graph {
	t.Helper()
	g, err := Record(t.Context(), "proj", "dev", map[string]string{"aws:region": "eu-west-1"}, program)
	require.NoError(t, err)
	return g
}

func find(t *testing.T, g *Graph, urn string) *Resource {
	t.Helper()
	r, ok := g.Find(urn)
	require.True(t, ok, "%s is not in the graph", urn)
	return r
}

const (
	stackURN    = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
	providerURN = "urn:pulumi:dev::proj::pulumi:providers:aws::aws"
	netURN      = "urn:pulumi:dev::proj::test:network:Network::net"
	inNetURN    = "urn:pulumi:dev::proj::test:network:Network$"
	vpcURN      = inNetURN + "aws:ec2/vpc:Vpc::net-vpc"
	gatewayURN  = inNetURN + "aws:ec2/internetGateway:InternetGateway::net-igw"
	subnetURN   = inNetURN + "aws:ec2/subnet:Subnet::net-0"
	eipURN      = inNetURN + "aws:ec2/eip:Eip::net-nat"
	natURN      = inNetURN + "aws:ec2/natGateway:NatGateway::net-nat"
)

func TestRecordKeepsEveryEdge(t *testing.T) {
	g := record(t, dataPlane(2))

	assert.Equal(t, "proj", g.Project)
	assert.Equal(t, "dev", g.Stack)
	// Stack, provider, component, VPC, gateway, 2 x 3, Elastic IP, NAT gateway.
	assert.Len(t, g.Resources, 13)
	assert.Equal(t, stackURN, g.Resources[0].URN)
	assert.Len(t, g.ByType("aws:ec2/subnet:Subnet"), 2)
	assert.Empty(t, g.ByType("aws:ec2/route:Route"))
	_, found := g.Find("urn:pulumi:dev::proj::aws:ec2/vpc:Vpc::other")
	assert.False(t, found)

	subnet := find(t, g, subnetURN)
	assert.Equal(t, "aws:ec2/subnet:Subnet", subnet.Type)
	assert.Equal(t, "net-0", subnet.Name)
	assert.True(t, subnet.Custom)
	assert.False(t, subnet.External)
	assert.Equal(t, subnetURN, subnet.ID)
	assert.Equal(t, netURN, subnet.Parent)
	assert.Equal(t, providerURN+"::"+providerURN, subnet.Provider)
	assert.Equal(t, providerURN, subnet.ProviderURN())
	assert.Equal(t, []string{vpcURN}, subnet.Dependencies)
	assert.Equal(t, map[string][]string{
		"vpcId": {vpcURN}, "cidrBlock": {}, "availabilityZone": {},
	}, subnet.PropertyDependencies)
	assert.Equal(t, resource.PropertyMap{
		"vpcId":            resource.NewProperty(vpcURN),
		"cidrBlock":        resource.NewProperty("10.0.0.0/24"),
		"availabilityZone": resource.NewProperty("eu-west-1a"),
	}, subnet.Inputs)

	nat := find(t, g, natURN)
	assert.Equal(t, []string{eipURN, subnetURN}, nat.Dependencies)
	assert.Equal(t, eipURN, nat.Inputs["allocationId"].StringValue())

	eip := find(t, g, eipURN)
	assert.Equal(t, []string{gatewayURN}, eip.Dependencies, "DependsOn belongs to no property")
	assert.Equal(t, map[string][]string{}, eip.PropertyDependencies)

	provider := find(t, g, providerURN)
	assert.Equal(t, providerURN, provider.ID)
	assert.Equal(t, stackURN, provider.Parent)
	assert.Empty(t, provider.Provider)
	assert.Empty(t, provider.ProviderURN())
	assert.Equal(t, "eu-west-1", provider.Inputs["region"].StringValue())
}

func TestRecordKeepsOutputsOfComponentsAndStack(t *testing.T) {
	g := record(t, dataPlane(1))
	secret := resource.MakeSecret(resource.NewProperty("hunter2"))

	net := find(t, g, netURN)
	assert.False(t, net.Custom)
	assert.Empty(t, net.ID)
	assert.Empty(t, net.Provider, "Pulumi keeps no provider for a component")
	assert.Equal(t, stackURN, net.Parent)
	assert.Equal(t, resource.PropertyMap{
		"vpcId":     resource.NewProperty(vpcURN),
		"subnetIds": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(subnetURN)}),
		"token":     secret,
		"gateway":   resource.MakeCustomResourceReference(gatewayURN, gatewayURN, ""),
	}, net.Outputs)

	stack := g.Resources[0]
	assert.Equal(t, "pulumi:pulumi:Stack", stack.Type)
	assert.Equal(t, "proj-dev", stack.Name)
	assert.Empty(t, stack.Parent)
	assert.Empty(t, stack.ID)
	assert.Equal(t, resource.PropertyMap{
		"natIp":   find(t, g, eipURN).Outputs["publicIp"],
		"token":   secret,
		"subnets": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(subnetURN)}),
	}, stack.Outputs)
}

// What a resource refers to stands before it.
func requireSorted(t *testing.T, g *Graph) {
	t.Helper()
	before := map[string]bool{"": true}
	for _, r := range g.Resources {
		for _, urn := range r.references() {
			if _, here := g.Find(urn); here {
				require.True(t, before[urn], "%s stands before %s", r.URN, urn)
			}
		}
		before[r.URN] = true
	}
}

func TestRecordIsDeterministic(t *testing.T) {
	var first []byte
	for range 20 {
		g := record(t, dataPlane(12))
		requireSorted(t, g)
		var out bytes.Buffer
		require.NoError(t, g.Export(&out))
		if first == nil {
			first = out.Bytes()
		}
		require.Equal(t, string(first), out.String())
	}
}

// Programs are recorded side by side in a service.
func TestRecordConcurrently(t *testing.T) {
	want := record(t, dataPlane(3))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := Record(t.Context(), "proj", "dev", map[string]string{"aws:region": "eu-west-1"}, dataPlane(3))
			assert.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	group.Wait()
}

func TestRecordMakesUpAWSOutputs(t *testing.T) {
	ids := map[string]string{} // what the program was given to see
	var mu sync.Mutex
	seen := func(name string, value pulumi.StringInput) {
		value.ToStringOutput().ApplyT(func(v string) string {
			mu.Lock()
			defer mu.Unlock()
			ids[name] = v
			return v
		})
	}
	program := func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
			Region:            pulumi.String("eu-central-1"), // not that of the config
			AllowedAccountIds: pulumi.StringArray{pulumi.String("123456789012")},
			DefaultTags:       &aws.ProviderDefaultTagsArgs{Tags: pulumi.StringMap{"owner": pulumi.String("us"), "env": pulumi.String("dev")}},
		})
		if err != nil {
			return err
		}
		with := pulumi.Provider(provider)
		v, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{
			CidrBlock: pulumi.String("10.0.0.0/16"), Tags: pulumi.StringMap{"env": pulumi.String("prod")},
		}, with)
		if err != nil {
			return err
		}
		subnet, err := ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{
			VpcId: v.ID(), CidrBlock: pulumi.String("10.0.0.0/24"), AvailabilityZoneId: pulumi.String("euc1-az2"),
		}, with)
		if err != nil {
			return err
		}
		eip, err := ec2.NewEip(ctx, "eip", nil, with)
		if err != nil {
			return err
		}
		nat, err := ec2.NewNatGateway(ctx, "nat", &ec2.NatGatewayArgs{AllocationId: eip.ID(), SubnetId: subnet.ID()}, with)
		if err != nil {
			return err
		}
		given, err := ec2.NewNatGateway(ctx, "given", &ec2.NatGatewayArgs{
			AllocationId: pulumi.String("eipalloc-0123"), SubnetId: subnet.ID(),
		}, with)
		if err != nil {
			return err
		}
		private, err := ec2.NewNatGateway(ctx, "private", &ec2.NatGatewayArgs{
			ConnectivityType: pulumi.String("private"), SubnetId: subnet.ID(),
		}, with)
		if err != nil {
			return err
		}
		s3, err := ec2.NewVpcEndpoint(ctx, "s3", &ec2.VpcEndpointArgs{
			VpcId: v.ID(), ServiceName: pulumi.String("com.amazonaws.eu-central-1.s3"),
		}, with)
		if err != nil {
			return err
		}
		ecr, err := ec2.NewVpcEndpoint(ctx, "ecr", &ec2.VpcEndpointArgs{
			VpcId: v.ID(), ServiceName: pulumi.String("com.amazonaws.eu-central-1.ecr.api"),
			VpcEndpointType: pulumi.String("Interface"), SubnetIds: pulumi.StringArray{subnet.ID()},
		}, with)
		if err != nil {
			return err
		}
		group, err := ec2.NewSecurityGroup(ctx, "group", &ec2.SecurityGroupArgs{VpcId: v.ID()}, with)
		if err != nil {
			return err
		}
		rule, err := vpc.NewSecurityGroupIngressRule(ctx, "rule", &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(), IpProtocol: pulumi.String("-1"), CidrIpv4: v.CidrBlock,
		}, with)
		if err != nil {
			return err
		}
		log, err := cloudwatch.NewLogGroup(ctx, "log", &cloudwatch.LogGroupArgs{Name: pulumi.String("/flow")}, with)
		if err != nil {
			return err
		}
		role, err := iam.NewRole(ctx, "role", &iam.RoleArgs{AssumeRolePolicy: pulumi.String("{}"), Path: pulumi.String("/net/")}, with)
		if err != nil {
			return err
		}
		flow, err := ec2.NewFlowLog(ctx, "flow", &ec2.FlowLogArgs{
			VpcId: v.ID(), IamRoleArn: role.Arn, LogDestination: log.Arn, TrafficType: pulumi.String("ALL"),
		}, with)
		if err != nil {
			return err
		}
		queue, err := sqs.NewQueue(ctx, "queue", nil, with)
		if err != nil {
			return err
		}
		// A type that the recorder knows nothing about.
		acl, err := ec2.NewNetworkAcl(ctx, "acl", &ec2.NetworkAclArgs{VpcId: v.ID()}, with)
		if err != nil {
			return err
		}
		for name, value := range map[string]pulumi.StringInput{
			"vpc.arn": v.Arn, "vpc.owner": v.OwnerId, "vpc.sg": v.DefaultSecurityGroupId, "vpc.rtb": v.DefaultRouteTableId,
			"vpc.main": v.MainRouteTableId, "vpc.acl": v.DefaultNetworkAclId, "vpc.cidr": v.CidrBlock,
			"subnet.zone": subnet.AvailabilityZone, "subnet.arn": subnet.Arn,
			"eip.id": eip.ID().ToStringOutput(), "eip.allocation": eip.AllocationId, "eip.ip": eip.PublicIp, "eip.dns": eip.PublicDns,
			"nat.ip": nat.PublicIp, "nat.eni": nat.NetworkInterfaceId, "given.ip": given.PublicIp, "private.ip": private.PublicIp,
			"s3.pl": s3.PrefixListId, "ecr.arn": ecr.Arn,
			"ecr.eni": ecr.NetworkInterfaceIds.Index(pulumi.Int(0)), "ecr.dns": ecr.DnsEntries.Index(pulumi.Int(0)).DnsName().Elem(),
			"ecr.sg":    ecr.SecurityGroupIds.Index(pulumi.Int(0)),
			"group.arn": group.Arn, "group.name": group.Name, "rule.id": rule.SecurityGroupRuleId, "rule.urn": rule.ID().ToStringOutput(),
			"log.arn": log.Arn, "role.arn": role.Arn, "role.name": role.Name, "role.id": role.UniqueId, "flow.arn": flow.Arn,
			"queue.arn": queue.Arn, "queue.url": queue.Url, "queue.name": queue.Name,
			"acl.arn": acl.Arn, "acl.owner": acl.OwnerId,
		} {
			seen(name, value)
		}
		return nil
	}
	g := record(t, program)
	made := `[0-9a-f]{17}`
	for name, pattern := range map[string]string{
		"vpc.arn":   `arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-` + made,
		"vpc.owner": `123456789012`, "vpc.sg": `sg-` + made, "vpc.rtb": `rtb-` + made, "vpc.main": ids["vpc.rtb"],
		"vpc.acl": `acl-` + made, "vpc.cidr": `10\.0\.0\.0/16`,
		"subnet.zone": "eu-central-1a", "subnet.arn": `arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-` + made,
		"eip.id": regexp.QuoteMeta("urn:pulumi:dev::proj::aws:ec2/eip:Eip::eip"), "eip.allocation": regexp.QuoteMeta(ids["eip.id"]),
		"eip.ip":  `(203\.0\.113|198\.51\.100)\.\d+`,
		"eip.dns": `ec2-(203-0-113|198-51-100)-\d+\.eu-central-1\.compute\.amazonaws\.com`,
		"nat.ip":  regexp.QuoteMeta(ids["eip.ip"]), "nat.eni": `eni-` + made,
		"given.ip": `(203\.0\.113|198\.51\.100)\.\d+`, "private.ip": ``,
		"s3.pl": `pl-` + made, "ecr.arn": `arn:aws:ec2:eu-central-1:123456789012:vpc-endpoint/vpce-` + made,
		"ecr.eni": `eni-` + made, "ecr.dns": `vpce-` + made + `-[0-9a-f]{8}\.api\.ecr\.eu-central-1\.vpce\.amazonaws\.com`,
		"ecr.sg":    ids["vpc.sg"],
		"group.arn": `arn:aws:ec2:eu-central-1:123456789012:security-group/sg-` + made, "group.name": `group-[0-9a-f]{7}`,
		"rule.id": regexp.QuoteMeta(ids["rule.urn"]), "rule.urn": `urn:pulumi:dev::proj::.*::rule`,
		"log.arn":  `arn:aws:logs:eu-central-1:123456789012:log-group:/flow`,
		"role.arn": `arn:aws:iam::123456789012:role/net/` + ids["role.name"], "role.name": `role-[0-9a-f]{7}`, "role.id": `AROA[0-9A-Z]{17}`,
		"flow.arn":  `arn:aws:ec2:eu-central-1:123456789012:vpc-flow-log/fl-` + made,
		"queue.arn": `arn:aws:sqs:eu-central-1:123456789012:` + ids["queue.name"], "queue.name": `queue-[0-9a-f]{7}`,
		"acl.arn": `arn:aws:ec2:eu-central-1:123456789012:network-acl/network-acl-` + made, "acl.owner": `123456789012`,
		"queue.url": `https://sqs\.eu-central-1\.amazonaws\.com/123456789012/` + ids["queue.name"],
	} {
		value, there := ids[name]
		assert.True(t, there, "%s never came", name)
		assert.Regexp(t, "^"+pattern+"$", value, name)
	}

	endpoint := find(t, g, "urn:pulumi:dev::proj::aws:ec2/vpcEndpoint:VpcEndpoint::s3")
	assert.Equal(t, "Gateway", endpoint.Outputs["vpcEndpointType"].StringValue(), "AWS's default")
	assert.False(t, endpoint.Outputs["privateDnsEnabled"].BoolValue())
	v := find(t, g, "urn:pulumi:dev::proj::aws:ec2/vpc:Vpc::vpc")
	assert.Equal(t, properties(map[string]any{"env": "prod", "owner": "us"}), v.Outputs["tagsAll"].ObjectValue())
	nat := find(t, g, "urn:pulumi:dev::proj::aws:ec2/natGateway:NatGateway::nat")
	assert.NotContains(t, nat.Outputs, resource.PropertyKey("arn"), "the type has none")
	assert.NotContains(t, nat.Outputs, resource.PropertyKey("ownerId"), "the type has none")
	assert.NotContains(t, nat.Inputs, resource.PropertyKey("publicIp"), "inputs are the program's alone")
	subnetZone := find(t, g, "urn:pulumi:dev::proj::aws:ec2/subnet:Subnet::subnet")
	assert.Equal(t, "euc1-az2", subnetZone.Outputs["availabilityZoneId"].StringValue())
}

// Without an account, a region or even a provider the values are whole still.
func TestRecordWithoutProvider(t *testing.T) {
	var arn string
	program := func(ctx *pulumi.Context) error {
		role, err := ec2.NewVpc(ctx, "vpc", nil)
		if err != nil {
			return err
		}
		ctx.Export("arn", role.Arn)
		return nil
	}
	for region, prefix := range map[string]string{
		"":              "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-",
		"eu-west-3":     "arn:aws:ec2:eu-west-3:111122223333:vpc/vpc-",
		"cn-north-1":    "arn:aws-cn:ec2:cn-north-1:111122223333:vpc/vpc-",
		"us-gov-west-1": "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:vpc/vpc-",
	} {
		g, err := Record(t.Context(), "proj", "dev", map[string]string{"aws:region": region}, program)
		require.NoError(t, err)
		assert.Len(t, g.Resources, 2, "no provider appears that the program did not register")
		arn = g.Resources[0].Outputs["arn"].StringValue()
		assert.True(t, strings.HasPrefix(arn, prefix), arn)
	}
}

// What is only read keeps the cloud's id, and nothing is claimed about it that
// the program did not say.
func TestRecordReads(t *testing.T) {
	g := record(t, func(ctx *pulumi.Context) error {
		v, err := ec2.GetVpc(ctx, "shared", pulumi.ID("vpc-0a1b"), nil)
		if err != nil {
			return err
		}
		_, err = ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{VpcId: v.ID()})
		ctx.Export("arn", v.Arn)
		return err
	})
	v := find(t, g, "urn:pulumi:dev::proj::aws:ec2/vpc:Vpc::shared")
	assert.True(t, v.Custom)
	assert.True(t, v.External)
	assert.Equal(t, "vpc-0a1b", v.ID)
	assert.Equal(t, "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0a1b", v.Outputs["arn"].StringValue())
	assert.NotContains(t, v.Outputs, resource.PropertyKey("enableDnsHostnames"))
	assert.NotContains(t, v.Outputs, resource.PropertyKey("tagsAll"))
	subnet := find(t, g, "urn:pulumi:dev::proj::aws:ec2/subnet:Subnet::subnet")
	assert.Equal(t, "vpc-0a1b", subnet.Inputs["vpcId"].StringValue())
	assert.Equal(t, []string{v.URN}, subnet.Dependencies)
}

func TestRecordAnswersTheEngine(t *testing.T) {
	var deployed struct {
		Name    string         `pulumi:"name"`
		Outputs map[string]any `pulumi:"outputs"`
	}
	g := record(t, func(ctx *pulumi.Context) error {
		args := &struct {
			StackName string `pulumi:"stackName"`
		}{"organization/proj/dev"}
		if err := ctx.Invoke("pulumi:pulumi:readStackResourceOutputs", args, &deployed); err != nil {
			return err
		}
		ref, err := pulumi.NewStackReference(ctx, "organization/proj/shared", nil)
		if err != nil {
			return err
		}
		ctx.Export("absent", ref.GetOutput(pulumi.String("vpcId")))
		return nil
	})
	assert.Equal(t, "organization/proj/dev", deployed.Name)
	assert.Empty(t, deployed.Outputs)
	ref := find(t, g, "urn:pulumi:dev::proj::pulumi:pulumi:StackReference::organization/proj/shared")
	assert.True(t, ref.External)
	assert.Equal(t, "organization/proj/shared", ref.ID)
	assert.Equal(t, resource.NewProperty(resource.PropertyMap{}), ref.Outputs["outputs"])
	assert.True(t, g.Resources[0].Outputs["absent"].IsNull())
}

func TestRecordAnswersLookUps(t *testing.T) {
	facts, err := catalog.Load()
	require.NoError(t, err)
	region, ok := facts.Region("eu-west-1")
	require.True(t, ok)
	require.GreaterOrEqual(t, len(region.Zones), 3)
	first, second := region.Zones[0], region.Zones[1]

	record(t, func(ctx *pulumi.Context) error {
		zones, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{State: pulumi.StringRef("available")})
		require.NoError(t, err)
		assert.Equal(t, "eu-west-1", zones.Id)
		assert.Len(t, zones.Names, len(region.Zones))
		assert.Equal(t, first.Name, zones.Names[0])
		assert.Equal(t, first.ID, zones.ZoneIds[0])
		assert.Equal(t, []string{"eu-west-1"}, zones.GroupNames)
		assert.Equal(t, "available", *zones.State)

		zones, err = aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
			ExcludeNames: []string{first.Name},
			Filters:      []aws.GetAvailabilityZonesFilter{{Name: "zone-id", Values: []string{first.ID, second.ID}}},
		})
		require.NoError(t, err)
		assert.Equal(t, []string{second.Name}, zones.Names)

		_, err = aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
			Filters: []aws.GetAvailabilityZonesFilter{{Name: "parent-zone-id"}},
		})
		assert.ErrorContains(t, err, `"parent-zone-id"`)

		zone, err := aws.GetAvailabilityZone(ctx, &aws.GetAvailabilityZoneArgs{Name: &second.Name})
		require.NoError(t, err)
		assert.Equal(t, second.ID, zone.ZoneId)
		assert.Equal(t, "b", zone.NameSuffix)
		assert.Equal(t, "eu-west-1", zone.Region)
		_, err = aws.GetAvailabilityZone(ctx, &aws.GetAvailabilityZoneArgs{})
		assert.ErrorContains(t, err, "exactly one")

		r, err := aws.GetRegion(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, aws.GetRegionResult{
			Id: "eu-west-1", Name: "eu-west-1", Description: "Europe (Ireland)", Endpoint: "ec2.eu-west-1.amazonaws.com",
		}, *r)

		caller, err := aws.GetCallerIdentity(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, "111122223333", caller.AccountId)
		assert.Equal(t, "arn:aws:iam::111122223333:user/underlay", caller.Arn)

		p, err := aws.GetPartition(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, aws.GetPartitionResult{
			Id: "aws", Partition: "aws", DnsSuffix: "amazonaws.com", ReverseDnsPrefix: "com.amazonaws",
		}, *p)

		// Through a provider, whose region and account win.
		provider, err := aws.NewProvider(ctx, "other", &aws.ProviderArgs{
			Region: pulumi.String("us-west-2"), AllowedAccountIds: pulumi.StringArray{pulumi.String("123456789012")},
		})
		require.NoError(t, err)
		r, err = aws.GetRegion(ctx, nil, pulumi.Provider(provider))
		require.NoError(t, err)
		assert.Equal(t, "us-west-2", r.Name)
		caller, err = aws.GetCallerIdentity(ctx, nil, pulumi.Provider(provider))
		require.NoError(t, err)
		assert.Equal(t, "123456789012", caller.AccountId)
		return nil
	})
}

func TestRecordRefusesOtherLookUps(t *testing.T) {
	_, err := Record(t.Context(), "proj", "dev", nil, func(ctx *pulumi.Context) error {
		_, err := ec2.LookupAmi(ctx, &ec2.LookupAmiArgs{})
		return err
	})
	assert.ErrorContains(t, err, "aws:ec2/getAmi:getAmi cannot be answered without a cloud")

	_, err = Record(t.Context(), "proj", "dev", nil, func(ctx *pulumi.Context) error {
		_, err := aws.GetAvailabilityZones(ctx, nil)
		return err
	})
	assert.ErrorContains(t, err, "set aws:region")

	_, err = Record(t.Context(), "proj", "dev", map[string]string{"aws:region": "eu-west-9"}, func(ctx *pulumi.Context) error {
		_, err := aws.GetAvailabilityZones(ctx, nil)
		return err
	})
	assert.ErrorContains(t, err, "eu-west-9")
}

func TestRecordGivesTheProgramItsConfig(t *testing.T) {
	g, err := Record(t.Context(), "proj", "dev", map[string]string{"proj:size": "7", "underlay:spec": `{"a":[1]}`},
		func(ctx *pulumi.Context) error {
			var spec struct{ A []int }
			config.RequireObject(ctx, "underlay:spec", &spec)
			assert.Equal(t, []int{1}, spec.A)
			assert.Equal(t, "proj", ctx.Project())
			assert.Equal(t, "dev", ctx.Stack())
			assert.False(t, ctx.DryRun())
			ctx.Export("size", pulumi.Int(config.New(ctx, "").RequireInt("size")))
			return nil
		})
	require.NoError(t, err)
	require.Len(t, g.Resources, 1)
	assert.InDelta(t, 7, g.Resources[0].Outputs["size"].NumberValue(), 0)
}

func TestRecordReturnsTheProgramsError(t *testing.T) {
	want := problem.List{{Path: "vpcCidr", Value: "10.0.0.1/16", Rule: "has host bits set"}}
	_, err := Record(t.Context(), "proj", "dev", nil, func(*pulumi.Context) error { return want })
	var list problem.List
	require.ErrorAs(t, err, &list)
	assert.Equal(t, want, list)
	assert.Equal(t, "record stack dev: vpcCidr: 10.0.0.1/16: has host bits set", err.Error())

	// Also when a registration fails beside it.
	_, err = Record(t.Context(), "proj", "dev", nil, func(ctx *pulumi.Context) error {
		for range 2 {
			if _, err := ec2.NewVpc(ctx, "twice", nil); err != nil {
				return err
			}
		}
		return want
	})
	require.ErrorAs(t, err, &list)

	_, err = Record(t.Context(), "proj", "dev", nil, func(*pulumi.Context) error { panic("oh no") })
	assert.ErrorContains(t, err, "the program panicked: oh no")
}

// A value that the program itself does not know, and one it hides, stay that.
func TestRecordKeepsUnknownsAndSecrets(t *testing.T) {
	g := record(t, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
			Region: pulumi.String("eu-west-1"), SecretKey: pulumi.String("hunter2"),
		})
		if err != nil {
			return err
		}
		nobodyKnows := pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
		_, err = ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{
			CidrBlock: nobodyKnows, Tags: pulumi.ToSecret(pulumi.StringMap{"a": pulumi.String("hunter2")}).(pulumi.StringMapOutput),
		}, pulumi.Provider(provider), pulumi.AdditionalSecretOutputs([]string{"arn"}))
		ctx.Export("unknown", nobodyKnows)
		return err
	})
	key := resource.MakeSecret(resource.NewProperty("hunter2"))
	tags := resource.MakeSecret(resource.NewProperty(properties(map[string]any{"a": "hunter2"})))
	assert.Equal(t, key, find(t, g, providerURN).Outputs["secretKey"])
	v := find(t, g, "urn:pulumi:dev::proj::aws:ec2/vpc:Vpc::vpc")
	assert.Equal(t, properties(map[string]any{"cidrBlock": aUnknown, "tags": tags}), v.Inputs)
	assert.Equal(t, aUnknown, v.Outputs["cidrBlock"])
	assert.Equal(t, tags, v.Outputs["tagsAll"], "what is hidden stays hidden in all that is made of it")
	assert.True(t, v.Outputs["arn"].IsSecret())
	assert.True(t, g.Resources[0].Outputs["unknown"].IsComputed())

	var out bytes.Buffer
	require.NoError(t, g.Export(&out))
	assert.NotContains(t, out.String(), "hunter2")
}

// A provider's settings that are not strings may come as JSON in a string.
func TestAWSProviderSettings(t *testing.T) {
	tags := properties(map[string]any{"a": "b"})
	for name, inputs := range map[string]map[string]any{
		"values": {"region": "eu-west-1", "allowedAccountIds": []any{"123456789012"}, "defaultTags": map[string]any{"tags": map[string]any{"a": "b"}}},
		"JSON":   {"region": "eu-west-1", "allowedAccountIds": `["123456789012"]`, "defaultTags": `{"tags":{"a":"b"}}`},
	} {
		assert.Equal(t, awsProvider{region: "eu-west-1", account: "123456789012", tags: tags}, newAWSProvider(properties(inputs)), name)
	}
	// Two accounts do not say which one.
	assert.Equal(t, awsProvider{}, newAWSProvider(properties(map[string]any{
		"region": aUnknown, "allowedAccountIds": []any{"123456789012", "210987654321"}, "defaultTags": "not JSON",
	})))
}

func TestDocumentationIP(t *testing.T) {
	seen := map[string]bool{}
	for i := range 20_000 {
		seen[documentationIP(fmt.Sprint(i))] = true
	}
	assert.Len(t, seen, 508, "every host of two /24, and no network or broadcast address")
	for ip := range seen {
		assert.Regexp(t, `^(203\.0\.113|198\.51\.100)\.\d+$`, ip)
		assert.NotRegexp(t, `\.(0|255)$`, ip)
	}
}

func TestRecordRefusesMethods(t *testing.T) {
	_, err := Record(t.Context(), "proj", "dev", nil, func(ctx *pulumi.Context) error {
		net := &network{}
		if err := ctx.RegisterComponentResource("test:network:Network", "net", net); err != nil {
			return err
		}
		out, err := ctx.Call("test:network:Network/size", pulumi.Map{}, pulumi.AnyOutput{}, net)
		if err != nil {
			return err
		}
		ctx.Export("size", out)
		return nil
	})
	assert.ErrorContains(t, err, "test:network:Network/size cannot be called")
}

func TestRecordRefusesOneURNTwice(t *testing.T) {
	g, err := Record(t.Context(), "proj", "dev", nil, func(ctx *pulumi.Context) error {
		for range 2 {
			if _, err := ec2.NewVpc(ctx, "main", nil); err != nil {
				return err
			}
		}
		return nil
	})
	assert.Nil(t, g)
	assert.ErrorContains(t, err, "urn:pulumi:dev::proj::aws:ec2/vpc:Vpc::main is registered twice")
}

// An error in an apply that an export or a resource needs is the program's too.
func TestRecordReturnsErrorsOfApplies(t *testing.T) {
	broken := errors.New("broken apply")
	program := func(use func(*pulumi.Context, pulumi.StringOutput) error) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			v, err := ec2.NewVpc(ctx, "main", nil)
			if err != nil {
				return err
			}
			return use(ctx, v.Arn.ApplyT(func(string) (string, error) { return "", broken }).(pulumi.StringOutput))
		}
	}
	_, err := Record(t.Context(), "proj", "dev", nil, program(func(ctx *pulumi.Context, out pulumi.StringOutput) error {
		ctx.Export("broken", out)
		return nil
	}))
	assert.ErrorIs(t, err, broken)
	_, err = Record(t.Context(), "proj", "dev", nil, program(func(ctx *pulumi.Context, out pulumi.StringOutput) error {
		_, err := ec2.NewSubnet(ctx, "main", &ec2.SubnetArgs{VpcId: out})
		return err
	}))
	assert.ErrorIs(t, err, broken)
}

func TestRecordStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	g, err := Record(ctx, "proj", "dev", nil, func(pctx *pulumi.Context) error {
		cancel(stop)
		assert.Error(t, pctx.Context().Err(), "the program sees it too")
		_, err := ec2.NewVpc(pctx, "main", nil)
		return err
	})
	assert.Nil(t, g)
	assert.ErrorIs(t, err, stop)
}

func TestRecordNeedsNames(t *testing.T) {
	program := func(*pulumi.Context) error { return nil }
	for _, names := range [][2]string{{"", "dev"}, {"proj", ""}} {
		_, err := Record(t.Context(), names[0], names[1], nil, program)
		assert.Error(t, err)
	}
	_, err := Record(t.Context(), "proj", "dev", nil, nil)
	assert.Error(t, err)
}

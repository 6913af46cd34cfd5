package tests

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
)

// What the documents of the platforms ask for, retyped from them, against the
// graphs of the repository's environments: Conveyor's "Deployment models" and
// AosCloud's "Networking Prerequisites" v1.1.

// The lists of VPC endpoints of "Deployment models".
var (
	dataPlaneEndpoints = []string{
		"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ec2", "ec2messages", "eks", "elasticloadbalancing", "kms", "logs",
		"monitoring", "secretsmanager", "ssm", "sts", "sqs", "xray",
	}
	controlPlaneEndpoints = []string{
		"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ecs", "ec2messages", "kms", "logs", "ssm", "ssmmessages", "sts", "sqs", "xray",
	}
)

const (
	endpointType = "aws:ec2/vpcEndpoint:VpcEndpoint"
	subnetType   = "aws:ec2/subnet:Subnet"
	routeType    = "aws:ec2/route:Route"
	ingressType  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// recorded records one of the repository's environments, or of testdata.
func recorded(t *testing.T, stack string) *graph.Graph {
	t.Helper()
	return record(t, stack, environments(t)[stack])
}

// interfaces returns the services of AWS's interface endpoints whose names begin
// with a component's.
func interfaces(g *graph.Graph, component string) []string {
	var services []string
	for _, r := range g.ByType(endpointType) {
		service, ok := strings.CutPrefix(r.Inputs["serviceName"].StringValue(), "com.amazonaws.eu-west-1.")
		if ok && r.Inputs["vpcEndpointType"].StringValue() == "Interface" && strings.HasPrefix(r.Name, component+"-") {
			services = append(services, service)
		}
	}
	return services
}

// requireNoInternet asserts that nothing leads to the internet or comes from it.
func requireNoInternet(t *testing.T, g *graph.Graph) {
	t.Helper()
	for _, token := range []string{"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"} {
		require.Empty(t, g.ByType(token))
	}
	for _, route := range g.ByType(routeType) {
		require.NotEqual(t, "0.0.0.0/0", route.Inputs["destinationCidrBlock"].StringValue(), route.Name)
	}
	for _, balancer := range g.ByType("aws:lb/loadBalancer:LoadBalancer") {
		require.True(t, balancer.Inputs["internal"].BoolValue(), balancer.Name)
	}
}

// "Setup data plane without internet access": PrivateLink, and the list.
func TestDataPlaneWithoutInternet(t *testing.T) {
	g := recorded(t, "staging")
	requireNoInternet(t, g)
	assert.ElementsMatch(t, dataPlaneEndpoints, interfaces(g, "endpoints"))
	require.Len(t, g.ByType("aws:ec2/vpcEndpointService:VpcEndpointService"), 1)
}

// "Shared AWS control plane": the support role, and the Cognito domain
// <identifier>.auth.<aws-region>.amazoncognito.com.
func TestWhatTheVendorNeeds(t *testing.T) {
	outputs := recorded(t, "vendor").Resources[0].Outputs.Mappable()
	handover := outputs["handover"].(map[string]any)
	assert.Equal(t, []any{"acme-conveyor.auth.eu-west-1.amazoncognito.com"}, handover["requiredNames"])
	assert.Equal(t, "arn:aws:iam::123456789012:role/conveyor-support", handover["supportRoleArn"])
}

// "Dedicated control plane and data plane": both lists, the names of Cognito,
// and each resource with the provider of its own account.
func TestDedicatedPlanes(t *testing.T) {
	g := recorded(t, "dedicated-dev")
	requireNoInternet(t, g)
	assert.ElementsMatch(t, dataPlaneEndpoints, interfaces(g, "endpoints"))
	assert.ElementsMatch(t, controlPlaneEndpoints, interfaces(g, "control-endpoints"))
	names := g.Resources[0].Outputs.Mappable()["handover"].(map[string]any)["requiredNames"]
	for _, name := range []string{"cognito-idp.eu-west-1.amazonaws.com", "cognito-identity.eu-west-1.amazonaws.com"} {
		assert.Contains(t, names, name)
	}
	for _, r := range g.Resources {
		if !strings.HasPrefix(r.Type, "aws:") {
			continue
		}
		want := "::aws"
		if r.Name == "control" || strings.HasPrefix(r.Name, "control-") {
			want = "::aws-control-plane"
		}
		assert.True(t, strings.HasSuffix(r.ProviderURN(), want), "%s has %s", r.URN, r.ProviderURN())
	}
}

// "it is also possible to manage the interface endpoints in a central account":
// every service of either list, once, in the central account, and none in the
// planes'.
func TestCentralAccount(t *testing.T) {
	g := recorded(t, "dedicated-central")
	requireNoInternet(t, g)
	all := append(slices.Clone(dataPlaneEndpoints), "ecs", "ssmmessages") // the control plane's own
	assert.ElementsMatch(t, all, interfaces(g, "central-hub"))
	assert.Empty(t, interfaces(g, "endpoints"))
	assert.Empty(t, interfaces(g, "control-endpoints"))
	for _, r := range g.ByType(endpointType) {
		if strings.HasPrefix(r.Name, "central-hub-") {
			assert.True(t, strings.HasSuffix(r.ProviderURN(), "::aws-central"), r.URN)
			assert.False(t, r.Inputs["privateDnsEnabled"].BoolValue(), r.Name)
		}
	}
}

// AosCloud's tables "Subnet Allocation", "Required Endpoints", "Inter-Group
// Rules" and "Route Tables". The division of the first /18 is left open there;
// ours is docs/aoscloud.md's.
func TestAosCloudPrerequisites(t *testing.T) {
	for stack, octet := range map[string]string{"aoscloud-dev": "231", "aoscloud-staging": "232"} { // staging: +1
		t.Run(stack, func(t *testing.T) {
			g := recorded(t, stack)
			vpcs := g.ByType("aws:ec2/vpc:Vpc")
			require.Len(t, vpcs, 1)
			assert.Equal(t, "10."+octet+".0.0/16", vpcs[0].Inputs["cidrBlock"].StringValue())
			assert.True(t, vpcs[0].Inputs["enableDnsHostnames"].BoolValue())
			assert.Equal(t, "default", vpcs[0].Inputs["instanceTenancy"].StringValue())
			require.Len(t, g.ByType("aws:ec2/internetGateway:InternetGateway"), 1)

			blocks := map[string]string{}
			for _, r := range g.ByType(subnetType) {
				blocks[r.Name] = strings.TrimPrefix(r.Inputs["cidrBlock"].StringValue(), "10."+octet+".")
			}
			for tier, want := range map[string][]string{
				"eks-private": {"0.0/20", "16.0/20", "32.0/20"},
				"eks-public":  {"48.0/22", "52.0/22", "56.0/22"},
				"aurora":      {"253.192/28", "253.208/28", "253.224/28"},
				"documentdb":  {"255.128/28", "255.144/28", "255.160/28"},
				"elasticache": {"255.64/28", "255.80/28", "255.96/28"},
			} {
				for i, zone := range []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"} {
					assert.Equal(t, want[i], blocks["aos-"+tier+"-"+zone], tier)
				}
			}
			assert.Equal(t, "100.0/24", blocks["aos-endpoints-eu-west-1a"])

			assert.ElementsMatch(t, []string{
				"ec2", "ecr.api", "ecr.dkr", "logs", "sts", "elasticloadbalancing", "autoscaling", "secretsmanager", "rds", "s3",
				"elasticache", "email-smtp",
			}, interfaces(g, "aos"))
			for _, r := range g.ByType(endpointType) {
				if r.Inputs["vpcEndpointType"].StringValue() == "Interface" {
					isS3 := strings.HasSuffix(r.Inputs["serviceName"].StringValue(), ".s3")
					assert.Equal(t, !isS3, r.Inputs["privateDnsEnabled"].BoolValue(), r.Name)
				}
			}
			require.Len(t, g.ByType("aws:ec2/natGateway:NatGateway"), 1)
			nat := g.ByType("aws:ec2/natGateway:NatGateway")[0]
			assert.True(t, strings.HasSuffix(nat.Inputs["subnetId"].StringValue(), "::aos-eks-public-eu-west-1a"), "the first public subnet")

			tables := map[string]string{} // by subnet
			for _, r := range g.ByType("aws:ec2/routeTableAssociation:RouteTableAssociation") {
				table := r.Inputs["routeTableId"].StringValue()
				tables[r.Name] = table[strings.LastIndex(table, ":")+1:]
			}
			assert.Equal(t, tables["aos-eks-private-eu-west-1a"], tables["aos-endpoints-eu-west-1a"])
			assert.NotEqual(t, tables["aos-eks-private-eu-west-1a"], tables["aos-eks-public-eu-west-1a"])
			for _, tier := range []string{"aurora", "documentdb", "elasticache"} {
				assert.Empty(t, tables["aos-"+tier+"-eu-west-1a"], "the VPC's main table")
			}
			targets := map[string]string{}
			for _, route := range g.ByType(routeType) {
				assert.Equal(t, "0.0.0.0/0", route.Inputs["destinationCidrBlock"].StringValue())
				for _, target := range []string{"natGatewayId", "gatewayId"} {
					if _, ok := route.Inputs[resource.PropertyKey(target)]; ok {
						table := route.Inputs["routeTableId"].StringValue()
						targets[table[strings.LastIndex(table, ":")+1:]] = target
					}
				}
			}
			assert.Equal(t, map[string]string{
				tables["aos-eks-private-eu-west-1a"]: "natGatewayId", tables["aos-eks-public-eu-west-1a"]: "gatewayId",
			}, targets)
		})
	}
}

// "Inter-Group Rules": everything both ways between the cluster's group and the
// VPC's default group. A rule for all protocols has no ports.
func TestAosCloudGroupRules(t *testing.T) {
	g := recorded(t, "aoscloud-cluster")
	const cluster = "sg-0123456789abcdef0"
	ways := map[bool]int{}
	for _, r := range g.ByType(ingressType) {
		require.Equal(t, "-1", r.Inputs["ipProtocol"].StringValue(), r.Name)
		for _, port := range []string{"fromPort", "toPort"} {
			assert.NotContains(t, r.Inputs, resource.PropertyKey(port), r.Name)
		}
		from, on := r.Inputs["referencedSecurityGroupId"].StringValue(), r.Inputs["securityGroupId"].StringValue()
		require.True(t, (from == cluster) != (on == cluster), r.Name)
		ways[from == cluster]++
	}
	assert.Equal(t, map[bool]int{true: 1, false: 1}, ways)
	for _, r := range g.ByType(endpointType) {
		if r.Inputs["vpcEndpointType"].StringValue() == "Interface" {
			groups := r.Inputs["securityGroupIds"].ArrayValue()
			require.Len(t, groups, 2, "%s: the default group and the cluster's", r.Name)
			assert.True(t, slices.ContainsFunc(groups, func(v resource.PropertyValue) bool { return v.StringValue() == cluster }), r.Name)
		}
	}
	// "Public Load Balancer": configured ingress, all egress.
	g = recorded(t, "aoscloud-staging")
	var admitted, out []string
	for _, r := range g.ByType(ingressType) {
		if v, ok := r.Inputs["cidrIpv4"]; ok {
			admitted = append(admitted, v.StringValue())
		} else if v, ok := r.Inputs["cidrIpv6"]; ok {
			admitted = append(admitted, v.StringValue())
		}
	}
	assert.ElementsMatch(t, []string{"0.0.0.0/0", "::/0", "10.0.0.0/8"}, admitted)
	for _, r := range g.ByType(egressType) {
		assert.Equal(t, "-1", r.Inputs["ipProtocol"].StringValue())
		for _, key := range []string{"cidrIpv4", "cidrIpv6"} {
			if v, ok := r.Inputs[resource.PropertyKey(key)]; ok {
				out = append(out, v.StringValue())
			}
		}
	}
	assert.ElementsMatch(t, []string{"0.0.0.0/0", "::/0"}, out)
}

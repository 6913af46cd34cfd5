package topology

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/graph"
)

func TestBuildNeedsAGraph(t *testing.T) {
	_, err := Build(nil)
	assert.EqualError(t, err, "build the network model: there is no graph")
}

// everyKind is one resource of every type that the front end of AWS reads, with
// references to each other where the types have them.
func everyKind() []res {
	resources := []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), tableIn("vpc", "rt"), groupIn("vpc", "sg", nil),
	}
	anything := props{
		"vpcId": id("vpc"), "subnetId": id("a"), "subnetIds": list(id("a")), "subnets": list(id("a")), "routeTableId": id("rt"),
		"routeTableIds": list(id("rt")), "securityGroupId": id("sg"), "securityGroupIds": list(id("sg")), "securityGroups": list(id("sg")),
		"cidrBlock": "10.0.0.0/20", "destinationCidrBlock": "192.0.2.0/24", "gatewayId": "igw-1", "name": "example.com", "type": "A",
		"vpcConfig": props{"subnetIds": list(id("a")), "securityGroupIds": list(id("sg"))}, "priority": 7, "action": "ALLOW",
		"ingress":     list(props{"protocol": "tcp", "fromPort": 1, "toPort": 2, "cidrBlocks": list("10.0.0.0/8"), "ruleNo": 1, "action": "allow", "cidrBlock": "::/0"}),
		"ipAddresses": list(props{"subnetId": id("a")}), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.kms",
		"subnetMappings": list(props{"subnetId": id("a")}), "privateDnsEnabled": true, "direction": "INBOUND",
	}
	for _, module := range []string{"ec2", "ec2transitgateway", "lb", "networkfirewall", "route53", "vpc"} {
		for _, kind := range understood[module] {
			token := module + "/" + kind + ":" + string(kind[0]-'a'+'A') + kind[1:]
			resources = append(resources, res{kind: token, name: module + "-" + kind, in: anything})
		}
	}
	for _, token := range []string{"autoscaling/group:Group", "autoscaling/attachment:Attachment", "autoscaling/trafficSourceAttachment:TrafficSourceAttachment", "ecs/service:Service"} {
		resources = append(resources, res{kind: token, name: strings.ReplaceAll(token, "/", "-"), in: anything})
	}
	return resources
}

// Every type survives properties that hardly belong to it, and the same graph
// gives the same model.
func TestBuildIsDeterministic(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape, func(t *testing.T) {
			g := shaped(shape, everyKind()...)
			first, err := Build(g)
			require.NoError(t, err)
			assert.Empty(t, first.Unsupported)
			for range 5 {
				again, err := Build(g)
				require.NoError(t, err)
				require.True(t, reflect.DeepEqual(first, again))
			}
		})
	}
}

// A property may have any value: Build answers, and twice the same.
func TestBuildSurvivesAnyProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resources := everyKind()
		var refs []any
		for _, r := range resources[:40] {
			refs = append(refs, id(r.name), out(r.name, "arn"))
		}
		leaf := rapid.OneOf(
			rapid.SampledFrom(refs),
			rapid.SampledFrom([]any{
				nil, true, -1, 1e300, 0.5, "", "x", "10.0.0.0/8", "::/0", "-1", "tcp", "[", "!$HOME_NET", "[80:,:]", "*.", "fe80::1%eth0", secret{"x"},
				resource.MakeComputed(resource.NewProperty("")), props{}, list(), list(nil), props{"subnetId": nil},
			}),
		)
		keys := slices.Sorted(maps.Keys(resources[4].in))
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			i := rapid.IntRange(0, len(resources)-1).Draw(t, "resource")
			in := maps.Clone(resources[i].in)
			key := rapid.SampledFrom(append(slices.Clone(keys), "ruleGroup", "firewallPolicy", "firewallPolicyArn", "routes", "egress", "defaultActions",
				"loadBalancerArn", "domains", "targetIps", "vpcs", "aliases", "records", "networkInterfaces", "launchTemplate", "entries",
				"targetGroupArn", "targetGroupArns", "targetId", "targetType", "availabilityZone", "port", "loadBalancers", "trafficSources", "trafficSource",
				"lbTargetGroupArn", "autoscalingGroupName", "actions", "listenerArn", "conditions", "vpcEndpointId", "loadBalancingCrossZoneEnabled")).Draw(t, "key")
			value := leaf.Draw(t, "value")
			switch rapid.IntRange(0, 2).Draw(t, "depth") {
			case 1:
				value = list(value, leaf.Draw(t, "second"))
			case 2:
				value = list(props{"rulesSource": value, "subnetId": value, "cidrBlock": value, "gatewayId": value, "vpcId": value, "targetGroupArn": value})
			}
			in[key] = value
			resources[i].in = in
		}
		g := shaped(rapid.SampledFrom(shapes).Draw(t, "shape"), resources...)
		first, err := Build(g)
		require.NoError(t, err)
		again, err := Build(g)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(first, again), "two models of one graph")
	})
}

// FuzzBuild looks for a graph that makes Build panic or hang, or that gives two
// models.
func FuzzBuild(f *testing.F) {
	samples, err := filepath.Glob("../../graph/testdata/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, samples)
	for _, name := range samples {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(content)
	}
	// A few types together: the fuzzer is at its best with small inputs.
	all := everyKind()
	for _, shape := range shapes {
		for few := range slices.Chunk(all[4:], 6) {
			var b bytes.Buffer
			require.NoError(f, shaped(shape, append(slices.Clone(all[:4]), few...)...).Export(&b))
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		g, err := graph.Load(bytes.NewReader(input))
		if err != nil {
			return
		}
		first, err := Build(g)
		require.NoError(t, err)
		again, err := Build(g)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(first, again), "two models of one graph")
	})
}

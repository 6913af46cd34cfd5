package topology

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		"ingress": list(props{"protocol": "tcp", "fromPort": 1, "toPort": 2, "cidrBlocks": list("10.0.0.0/8"), "ruleNo": 1, "action": "allow", "cidrBlock": "::/0"}),
		"ipAddresses": list(props{"subnetId": id("a")}), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.kms",
		"subnetMappings": list(props{"subnetId": id("a")}), "privateDnsEnabled": true, "direction": "INBOUND",
	}
	for _, module := range []string{"ec2", "ec2transitgateway", "lb", "networkfirewall", "route53", "vpc"} {
		for _, kind := range understood[module] {
			token := module + "/" + kind + ":" + string(kind[0]-'a'+'A') + kind[1:]
			resources = append(resources, res{kind: token, name: module + "-" + kind, in: anything})
		}
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
	for _, shape := range shapes {
		var b bytes.Buffer
		require.NoError(f, shaped(shape, everyKind()...).Export(&b))
		f.Add(b.Bytes())
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

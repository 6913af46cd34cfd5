package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkRecord records some 100 AWS resources: a data plane's size.
func BenchmarkRecord(b *testing.B) {
	program := dataPlane(32)
	config := map[string]string{"aws:region": "eu-west-1"}
	b.ReportAllocs()
	for b.Loop() {
		g, err := Record(b.Context(), "proj", "dev", config, program)
		require.NoError(b, err)
		require.Len(b, g.Resources, 103)
	}
}

func BenchmarkExport(b *testing.B) {
	g, err := Record(b.Context(), "proj", "dev", nil, dataPlane(32))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, g.Export(io.Discard))
	}
}

// BenchmarkLoadPreview reads a preview of 10,000 resources in which nothing
// changes, the largest kind: every step has the old and the new state.
func BenchmarkLoadPreview(b *testing.B) {
	input := largePreview(b, 10_000)
	b.ReportAllocs()
	b.SetBytes(int64(len(input)))
	for b.Loop() {
		g, err := Load(bytes.NewReader(input))
		require.NoError(b, err)
		require.Len(b, g.Resources, 10_000)
	}
}

func BenchmarkLoadExport(b *testing.B) {
	g, err := Load(bytes.NewReader(largePreview(b, 10_000)))
	require.NoError(b, err)
	var out bytes.Buffer
	require.NoError(b, g.Export(&out))
	b.ReportAllocs()
	b.SetBytes(int64(out.Len()))
	for b.Loop() {
		_, err := Load(bytes.NewReader(out.Bytes()))
		require.NoError(b, err)
	}
}

// largePreview writes a preview as Pulumi does, indentation and all.
func largePreview(tb testing.TB, n int) []byte {
	const provider = "urn:pulumi:dev::p::pulumi:providers:aws::aws::7d6b9d2b-2f36-4f6b-8d0a-6a0f9d5e0c11"
	const parent = "urn:pulumi:dev::p::underlay:dataplane:AwsDataPlaneNetwork::net"
	stack := func(frames int) []map[string]string {
		var all []map[string]string
		for i := range frames {
			all = append(all, map[string]string{"sourcePosition": fmt.Sprintf("project:///components/dataplane/dataplane.go#%d", 100+i)})
		}
		return all
	}
	steps := make([]map[string]any, n)
	for i := range steps {
		urn := fmt.Sprintf("urn:pulumi:dev::p::underlay:dataplane:AwsDataPlaneNetwork$aws:ec2/subnet:Subnet::net-nodes-%05d", i)
		inputs := map[string]any{
			"availabilityZone": "eu-west-1a", "cidrBlock": fmt.Sprintf("10.%d.%d.0/24", i/256, i%256), "vpcId": "vpc-0123456789abcdef0",
			"tags": map[string]string{"Name": fmt.Sprintf("net-nodes-%05d", i), "kubernetes.io/role/internal-elb": "1"},
		}
		state := func() map[string]any {
			return map[string]any{
				"urn": urn, "custom": true, "type": "aws:ec2/subnet:Subnet", "inputs": inputs, "parent": parent, "provider": provider,
				"dependencies":         []string{"urn:pulumi:dev::p::underlay:dataplane:AwsDataPlaneNetwork$aws:ec2/vpc:Vpc::net-vpc"},
				"propertyDependencies": map[string][]string{"availabilityZone": {}, "cidrBlock": {}, "tags": {}, "vpcId": {"urn:pulumi:dev::p::underlay:dataplane:AwsDataPlaneNetwork$aws:ec2/vpc:Vpc::net-vpc"}},
				"sourcePosition":       "project:///components/dataplane/dataplane.go#100", "stackTrace": stack(8),
			}
		}
		before := state()
		before["id"] = fmt.Sprintf("subnet-%017x", i)
		before["outputs"] = map[string]any{
			"arn": fmt.Sprintf("arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-%017x", i), "ownerId": "111122223333",
			"assignIpv6AddressOnCreation": false, "availabilityZone": "eu-west-1a", "availabilityZoneId": "euw1-az1",
			"cidrBlock": inputs["cidrBlock"], "enableDns64": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
			"privateDnsHostnameTypeOnLaunch": "ip-name", "tags": inputs["tags"], "tagsAll": inputs["tags"], "vpcId": "vpc-0123456789abcdef0",
		}
		steps[i] = map[string]any{"op": "same", "urn": urn, "provider": provider, "oldState": before, "newState": state(), "detailedDiff": nil}
	}
	out, err := json.MarshalIndent(map[string]any{
		"steps": steps, "duration": 123, "changeSummary": map[string]int{"same": n},
	}, "", "    ")
	require.NoError(tb, err)
	return out
}

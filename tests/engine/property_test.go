package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/stacks"
)

// ground is what no edit may change once a stack is deployed.
type ground struct {
	region  string
	zones   []string
	slots   int
	vpcCidr string
	podCidr string
	// s3PrivateDNS stays: the provider keeps the DNS options of an endpoint
	// whose configuration has none any more. They mean nothing without private
	// DNS, but the clouds would differ.
	s3PrivateDNS bool
	// stsPolicy stays: the provider keeps a policy that is taken out.
	stsPolicy string
}

func drawGround(t *rapid.T) ground {
	g := rapid.SampledFrom([]ground{
		{region: "eu-west-1", zones: []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, slots: 3},
		{region: "us-west-2", zones: []string{"us-west-2d", "us-west-2a", "us-west-2c", "us-west-2b"}, slots: 4},
	}).Draw(t, "region")
	g.vpcCidr = rapid.SampledFrom([]string{"10.20.0.0/16", "10.20.8.0/21", "172.20.0.0/20"}).Draw(t, "vpcCidr")
	g.podCidr = rapid.SampledFrom([]string{"", "100.66.0.0/16"}).Draw(t, "podCidr")
	g.stsPolicy = rapid.SampledFrom([]string{"", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:*","Resource":"*"}]}`}).Draw(t, "sts policy")
	g.s3PrivateDNS = rapid.Bool().Draw(t, "s3 private DNS")
	return g
}

// drawConfig draws a legal configuration on the ground with at least the given
// number of zones: zones are only ever appended.
func drawConfig(t *rapid.T, label string, g ground, atLeast int) *stacks.Environment {
	draw := func(name string, values ...string) string {
		return rapid.SampledFrom(values).Draw(t, label+" "+name)
	}
	subset := func(name string, values ...string) []string {
		chosen := []string{}
		for _, value := range values {
			if rapid.Bool().Draw(t, label+" "+name+" "+value) {
				chosen = append(chosen, value)
			}
		}
		return chosen
	}
	some := func(name string) bool { return rapid.Bool().Draw(t, label+" "+name) }

	zones := g.zones[:rapid.IntRange(atLeast, g.slots).Draw(t, label+" zones")]
	network := dataplane.Spec{
		VpcCidr: g.vpcCidr, PodCidr: g.podCidr, Zones: zones, ZoneSlots: g.slots,
		Egress:           dataplane.Egress(draw("egress", "nat", "isolated", "external")),
		PodNetworking:    dataplane.PodNetworking(draw("podNetworking", "eniConfig", "subnetDiscovery")),
		ClusterNames:     subset("cluster", "batch", "stream"),
		GatewayEndpoints: subset("gateway", "s3", "dynamodb"),
	}
	if network.Egress != dataplane.EgressIsolated {
		network.Connectivity = dataplane.Connectivity(draw("connectivity", "internet", "privatelink"))
	}
	if network.Egress == dataplane.EgressNat {
		network.Nat = &dataplane.Nat{Strategy: dataplane.NatStrategy(draw("nat", "single", "perZone"))}
		if network.Nat.Strategy == dataplane.NatSingle {
			network.Nat.Zone = draw("nat zone", append([]string{""}, zones...)...)
		}
	}
	switch draw("flow logs", "none", "cloudWatch", "s3") {
	case "cloudWatch":
		network.FlowLogs = &dataplane.FlowLogs{
			RetentionDays: rapid.SampledFrom([]int{30, 90}).Draw(t, label+" retention"),
			TrafficType:   draw("traffic", "ALL", "REJECT"),
		}
	case "s3":
		network.FlowLogs = &dataplane.FlowLogs{
			Destination:        dataplane.FlowLogsToS3,
			BucketArn:          draw("bucket", "arn:aws:s3:::flow-logs", "arn:aws:s3:::archive/flow-logs"),
			AggregationSeconds: rapid.SampledFrom([]int{60, 600}).Draw(t, label+" aggregation"),
		}
	}
	spec := &stacks.SharedAws{DataPlane: network}
	if some("endpoints") {
		names := subset("endpoint", "sts", "ssm", "s3")
		// ECR keeps layers in S3, so its endpoint needs a way there.
		if slices.Contains(network.GatewayEndpoints, "s3") {
			names = append(names, subset("endpoint", "ecr.dkr")...)
		}
		spec.Endpoints = &endpoints.Spec{Preset: "none", Add: names}
		if some("no private DNS") {
			spec.Endpoints.PrivateDNS = new(bool)
		}
		overrides := map[string]endpoints.Override{}
		if slices.Contains(names, "sts") {
			overrides["sts"] = endpoints.Override{
				Zones:  zones[:rapid.IntRange(1, len(zones)).Draw(t, label+" sts zones")],
				Policy: g.stsPolicy,
			}
		}
		if slices.Contains(names, "s3") {
			overrides["s3"] = endpoints.Override{PrivateDNS: &g.s3PrivateDNS}
		}
		if slices.Contains(names, "ssm") && some("override ssm") {
			overrides["ssm"] = endpoints.Override{Ports: []int{443, 8443}}
		}
		spec.Endpoints.Overrides = overrides
	} else {
		// The default of an isolated network is a preset of 16 endpoints;
		// one test of it is enough.
		spec.Endpoints = &endpoints.Spec{Preset: "none"}
	}
	for _, key := range subset("tag", "owner", "cost-centre") {
		if spec.Tags == nil {
			spec.Tags = map[string]string{}
		}
		spec.Tags[key] = draw("tag "+key, "one", "two")
	}
	env := &stacks.Environment{Aws: stacks.Aws{Region: g.region}, Spec: spec}
	require.NoError(t, env.Validate(), fmt.Sprintf("%+v", spec))
	return env
}

// TestAnyChange deploys one configuration over another. Whatever the two are,
// a second deployment changes nothing, and the cloud is that of a fresh
// deployment.
func TestAnyChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGround(t)
		a := drawConfig(t, "A", g, 2)
		b := drawConfig(t, "B", g, len(a.Spec.(*stacks.SharedAws).DataPlane.Zones))

		w := newWorld(t)
		requireClean(t, w.Up(t, programOf(t, "drawn", a)))
		blocks := w.cidrs("drawn")
		after := programOf(t, "drawn", b)
		requireClean(t, w.Up(t, after))
		for name, block := range w.cidrs("drawn") {
			if was, existed := blocks[name]; existed {
				require.Equal(t, was, block, name)
			}
		}
		requireSame(t, w.Up(t, after))
		w.requireInStep(t)
		requireContents(t, fresh(t, after), w.contents(t))
	})
}

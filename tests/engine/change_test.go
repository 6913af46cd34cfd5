package engine

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/stacks"
)

func zones(names ...string) edit {
	return func(_ *stacks.Environment, s *stacks.SharedAws) { s.DataPlane.Zones = names }
}

func nat(strategy dataplane.NatStrategy) edit {
	return func(_ *stacks.Environment, s *stacks.SharedAws) { s.DataPlane.Nat = &dataplane.Nat{Strategy: strategy} }
}

func isolated(_ *stacks.Environment, s *stacks.SharedAws) {
	s.DataPlane.Egress, s.DataPlane.Nat, s.DataPlane.Connectivity = dataplane.EgressIsolated, nil, ""
	s.Connector = nil // it is one for the internet
}

func endpoint(service string, override endpoints.Override) edit {
	return func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.Endpoints = &endpoints.Spec{
			Preset: "none", Add: []string{service}, Overrides: map[string]endpoints.Override{service: override},
		}
	}
}

func flowLogs(_ *stacks.Environment, s *stacks.SharedAws) {
	s.DataPlane.FlowLogs = &dataplane.FlowLogs{}
}

func allowReplacement(e *stacks.Environment, _ *stacks.SharedAws) { e.AllowReplacement = true }

// A change of a deployed environment, with what it does to the stack. The
// counts are of resources; what is not counted stays the same.
// anything is the policy that AWS gives an endpoint that has none.
const anything = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`

type change struct {
	name     string
	from, to []edit
	counts   map[display.StepOp]int
	// faults makes TestChangeFails fail its steps.
	faults bool
}

// changes are the edits that operators make to dev.
func changes() []change {
	return []change{
		{
			// A zone brings a subnet and an association in each of the four
			// tiers, a node table with its default route, that table's
			// association with both gateway endpoints, and the load balancer's
			// way to the zone's nodes and pods. The balancer gets the subnet.
			name:   "2 to 3 zones",
			from:   []edit{zones("eu-west-1a", "eu-west-1b")},
			counts: map[display.StepOp]int{"create": 4 + 4 + 1 + 1 + 2 + 2, "update": 1},
		},
		{
			name:   "2 to 3 zones with a NAT gateway in each",
			from:   []edit{zones("eu-west-1a", "eu-west-1b"), nat(dataplane.NatPerZone)},
			to:     []edit{nat(dataplane.NatPerZone)},
			counts: map[display.StepOp]int{"create": 4 + 4 + 1 + 1 + 2 + 2 + 2, "update": 1},
		},
		{
			// The first zone keeps its gateway; the others get an address and
			// a gateway, and their default routes change over.
			name:   "NAT single to per zone",
			to:     []edit{nat(dataplane.NatPerZone)},
			counts: map[display.StepOp]int{"create": 4, "update": 2},
			faults: true,
		},
		{
			name:   "NAT per zone to single",
			from:   []edit{nat(dataplane.NatPerZone)},
			counts: map[display.StepOp]int{"delete": 4, "update": 2},
		},
		{
			// Gone: the internet gateway, the public tier (3 subnets, 3
			// associations, a table, its default route and its association
			// with 2 gateway endpoints), the address, the gateway, the nodes'
			// 3 default routes, and the connector: a component, a group with
			// 7 rules, a load balancer, a target group and a listener. New:
			// the preset's 16 endpoints with their component, security group
			// and a rule for each block.
			name:   "internet to isolated",
			to:     []edit{isolated},
			counts: map[display.StepOp]int{"delete": 1 + 3 + 3 + 1 + 1 + 2 + 2 + 3 + 12, "create": 16 + 1 + 1 + 2},
			faults: true,
		},
		{
			name:   "isolated to internet",
			from:   []edit{isolated},
			counts: map[display.StepOp]int{"create": 1 + 3 + 3 + 1 + 1 + 2 + 2 + 3 + 12, "delete": 16 + 1 + 1 + 2},
		},
		{
			// A log group, a role, its policy and the flow log.
			name:   "flow logs on",
			to:     []edit{flowLogs},
			counts: map[display.StepOp]int{"create": 4},
			faults: true,
		},
		{
			name:   "flow logs off",
			from:   []edit{flowLogs},
			counts: map[display.StepOp]int{"delete": 4},
		},
		{
			// Tagged are the VPC, its internet gateway, 12 subnets, 6 route
			// tables, the address, the NAT gateway and 2 gateway endpoints;
			// the load balancer, its group with 7 rules, the target group and
			// the listener.
			name: "tags",
			to: []edit{func(_ *stacks.Environment, s *stacks.SharedAws) {
				s.Tags = map[string]string{"environment": "dev", "owner": "network"}
			}},
			counts: map[display.StepOp]int{"update": 1 + 1 + 12 + 6 + 1 + 1 + 2 + 11},
		},
		{
			// Every property of a flow log is fixed at its creation, and AWS
			// takes no second one for the same traffic and destination.
			name: "flow logs aggregated for a minute",
			from: []edit{flowLogs},
			to: []edit{flowLogs, func(_ *stacks.Environment, s *stacks.SharedAws) {
				s.DataPlane.FlowLogs.AggregationSeconds = 60
			}},
			counts: map[display.StepOp]int{"replace": 1},
		},
		{
			name:   "an endpoint's policy replaced",
			from:   []edit{endpoint("sts", endpoints.Override{Policy: `{"Statement":[]}`})},
			to:     []edit{endpoint("sts", endpoints.Override{Policy: anything})},
			counts: map[display.StepOp]int{"update": 1},
		},
		{
			name:   "an S3 endpoint with private DNS",
			to:     []edit{endpoint("s3", endpoints.Override{PrivateDNS: new(true)})},
			counts: map[display.StepOp]int{"create": 1 + 1 + 2 + 1},
		},
		{
			name: "endpoints added",
			to: []edit{func(_ *stacks.Environment, s *stacks.SharedAws) {
				s.Endpoints = &endpoints.Spec{Preset: "none", Add: []string{"sts", "ecr.dkr"}}
			}},
			counts: map[display.StepOp]int{"create": 1 + 1 + 2 + 2},
		},
	}
}

// TestChange deploys dev before and after each edit. The preview tells what
// happens; what the edit does not concern stays the same; no block moves; and
// the cloud ends up as if the edited environment had been deployed at once.
func TestChange(t *testing.T) {
	t.Parallel()
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before, after := environment(t, "dev", c.from...), environment(t, "dev", c.to...)
			first := w.Up(t, before)
			requireClean(t, first)
			blocks := w.cidrs("dev")

			preview := w.Preview(t, after)
			requireClean(t, preview)
			up := w.Up(t, after)
			requireClean(t, up)
			require.Equal(t, preview.counts(), up.counts())
			counts := up.counts()
			delete(counts, "same")
			require.Equal(t, c.counts, counts)

			for name, block := range w.cidrs("dev") {
				if was, existed := blocks[name]; existed {
					require.Equal(t, was, block, name)
				}
			}
			requireSame(t, w.Up(t, after))
			w.requireInStep(t)
			requireContents(t, fresh(t, after), w.contents(t, "dev"))
		})
	}
}

// fresh returns the contents of a cloud with nothing but p deployed.
func fresh(t framework.TB, p program) map[string][]string {
	t.Helper()
	w := newWorld(t)
	requireClean(t, w.Up(t, p))
	return w.contents(t, p.stack)
}

package requirements_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// record records one of the repository's environments, by its stack or by its
// folder among the golden graphs, or the central endpoints of this test.
func record(t testing.TB, stack string) (g *graph.Graph, model string) {
	t.Helper()
	if stack == "central" {
		return central(t), requirements.SharedAWS
	}
	file := "../../Pulumi." + stack + ".yaml"
	if _, err := os.Stat(file); err != nil {
		file = "../../tests/testdata/" + stack + "/config.yaml"
	}
	env, err := stacks.Load(file)
	require.NoError(t, err)
	g, err = graph.Record(t.Context(), stacks.Project, stack, nil, env.Program())
	require.NoError(t, err)
	return g, env.Spec.Model()
}

// What is not proven of the environments, and why.
func TestEnvironments(t *testing.T) {
	const (
		proven  = requirements.Proven
		unknown = requirements.Unknown
		moot    = requirements.NotApplicable
	)
	type verdicts map[string]requirements.Verdict
	isolatedMode := verdicts{
		"ADDR-004": moot, "EGR-001": moot, "EGR-002": moot, "EGR-003": moot, // no internet, no public tier
		"REA-001": moot,    // PrivateLink
		"ISO-007": moot,    // nothing faces the internet
		"EGR-007": unknown, // a proxy outside leads to Cognito
	}
	internetMode := verdicts{
		"ISO-003": moot, "ISO-004": moot, "ISO-005": moot, "REA-002": moot, // the internet is wanted
		"EP-001": moot, "EP-004": moot, "EP-007": moot, "REA-007": moot, // services are reached over it
	}
	beforeCluster := verdicts{
		"REA-004": unknown, "REA-005": unknown, "REA-007": unknown, "EP-005": unknown, // the cluster's group does not exist yet
		"REA-006": moot, // no file system
	}
	for _, test := range []struct {
		stack string
		base  verdicts
		also  verdicts
	}{
		{"dev", internetMode, nil},
		{"staging", isolatedMode, verdicts{"EP-007": moot}}, // no central endpoints
		{"dedicated-dev", nil, verdicts{"EGR-007": unknown, "EP-007": moot}},
		{"central", isolatedMode, verdicts{"EP-004": moot, "REA-007": moot}}, // its endpoints are the hub's
		{"aoscloud-dev", beforeCluster, verdicts{"ISO-007": moot}},
		{"aoscloud-staging", beforeCluster, nil},
		{"aoscloud-cluster", nil, verdicts{"ISO-007": moot, "ADDR-007": moot}}, // no public load balancer; a block of its own
		{"azure-dev", verdicts{
			"ADDR-013": moot, "ISO-008": moot, // the platform makes the cluster
			"EGR-004": moot, "EGR-006": moot, "ISO-010": moot, "DNS-003": moot, // no firewall, Azure's own DNS
			"ISO-009": moot, "DNS-002": moot, "DNS-005": moot, // no platform service is built here
		}, nil},
		{"azure-staging", verdicts{
			"ADDR-013": moot, "ISO-008": moot, "EGR-005": moot, "ISO-009": moot, "DNS-002": moot, "DNS-005": moot,
		}, verdicts{
			// The hub, its firewall and its DNS servers are the company's, and not in the graph.
			"ADDR-006": unknown, "EGR-004": unknown, "ISO-010": unknown, "REA-009": unknown, "DNS-003": unknown,
		}},
		{"aks-dev", verdicts{
			"ISO-009": moot, "DNS-002": moot, "DNS-005": moot, // no platform service is built here
			"REA-008": moot,    // no gateway leads to a company
			"DNS-003": unknown, // what the hub's firewall answers as a DNS proxy
		}, nil},
	} {
		t.Run(test.stack, func(t *testing.T) {
			g, model := record(t, test.stack)
			results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
			require.NoError(t, err)
			for _, r := range results {
				want := proven
				if v, ok := test.base[r.ID]; ok {
					want = v
				}
				if v, ok := test.also[r.ID]; ok {
					want = v
				}
				assert.Equal(t, want, r.Verdict, "%s: %s %v", r.ID, r.Reason, r.Unknowns)
				switch r.Verdict {
				case proven:
					assert.Positive(t, len(r.Paths)+len(r.Facts), "%s has evidence", r.ID)
				default:
					assert.NotEmpty(t, r.Reason, r.ID)
				}
			}
		})
	}
}

// Other environments of the project count for ADDR-007.
func TestSiblings(t *testing.T) {
	dev, model := record(t, "aoscloud-dev")
	staging, _ := record(t, "aoscloud-staging")
	id := func(in requirements.Input) requirements.Result {
		results, err := requirements.Verify(in)
		require.NoError(t, err)
		for _, r := range results {
			if r.ID == "ADDR-007" {
				return r
			}
		}
		return requirements.Result{}
	}
	in := requirements.Input{Graph: dev, Model: model, Siblings: []*graph.Graph{staging}}
	assert.Equal(t, requirements.Proven, id(in).Verdict)
	set("Vpc aos-vpc", "cidrBlock", "10.231.0.0/17")(t, staging)
	assert.Equal(t, requirements.Refuted, id(in).Verdict)
	assert.Contains(t, id(in).Reason, "of the environment aoscloud-staging")
}

package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/stacks"
)

func withBridge(_ *stacks.Environment, s *stacks.SharedAws) {
	s.Bridge = &sqsbridge.Spec{
		LocalAccountID: "123456789012", PeerAccountID: "111122223333",
		LocalRole: &sqsbridge.Role{Name: "data-plane", WebIdentity: &sqsbridge.WebIdentity{
			ProviderURL: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
			Audience:    "sts.amazonaws.com", Subject: "system:serviceaccount:platform:agent",
		}},
		PeerRoleArns: []string{"arn:aws:iam::111122223333:role/control-plane"},
	}
}

// TestConnectedEnvironments deploys each environment with its connector and the
// queues, twice, lets a zone be added, and destroys it.
func TestConnectedEnvironments(t *testing.T) {
	t.Parallel()
	twoZones := zones("eu-west-1a", "eu-west-1b")
	for _, name := range []string{"dev", "staging"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			small := environment(t, name, twoZones, withBridge)
			requireClean(t, w.Up(t, small))
			requireSame(t, w.Up(t, small))
			w.requireInStep(t)

			grown := environment(t, name, withBridge)
			up := w.Up(t, grown)
			requireClean(t, up)
			require.Empty(t, up.urns("replace"))
			require.Empty(t, up.urns("delete"))
			requireSame(t, w.Up(t, grown))
			w.requireInStep(t)

			requireClean(t, w.Destroy(t, grown))
			require.Empty(t, w.aws.Objects())
		})
	}
}

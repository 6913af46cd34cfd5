package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/components/supportaccess"
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

// TestVendorsRole deploys the support role of an environment with the external
// id from the stack's secret configuration. The cloud has it; the state has it
// as a secret only.
func TestVendorsRole(t *testing.T) {
	t.Parallel()
	const externalID = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"
	key := config.MustMakeKey(stacks.Project, "supportExternalId")
	p := environment(t, "staging", func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.SupportRole = &supportaccess.Spec{
			AccountID: "123456789012", Name: "conveyor-support",
			TrustedPrincipalArns: []string{"arn:aws:iam::444455556666:role/support-engineers"},
		}
	})
	w := newWorld(t)
	refused := w.Up(t, p)
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "underlay:supportExternalId: is missing")
	require.Empty(t, w.aws.Objects())
	p.config[key] = config.NewValue(externalID)
	refused = w.Up(t, p)
	require.Contains(t, refused.text(), "underlay:supportExternalId: is a secret in plain text")
	require.NotContains(t, refused.text(), externalID)
	require.Empty(t, w.aws.Objects())

	p.config[key] = config.NewSecureValue(externalID)
	requireClean(t, w.Preview(t, p))
	requireClean(t, w.Up(t, p))
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	w.requireInStep(t)
	role := w.only(t, "aws:iam/role:Role")
	require.Contains(t, role.Properties["assumeRolePolicy"], externalID)
	for _, state := range w.State("staging").Resources {
		for _, properties := range []resource.PropertyMap{state.Inputs, state.Outputs} {
			for name, value := range properties {
				require.True(t, value.IsSecret() || !strings.Contains(fmt.Sprint(value.V), externalID), "%s: %s", state.URN, name)
			}
		}
	}
	require.Equal(t, "arn:aws:iam::123456789012:role/conveyor-support", w.handover(t, "staging").SupportRoleArn)

	requireClean(t, w.Destroy(t, p))
	require.Empty(t, w.aws.Objects())
}

// TestConnectorChangesItsKind takes an environment with its queues off the
// internet and back. The network loses its public side and gets it again; no
// subnet that stays, no queue and no role is touched.
func TestConnectorChangesItsKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public := environment(t, "dev", withBridge)
	requireClean(t, w.Up(t, public))
	before, blocks := w.ids("dev"), w.cidrs("dev")
	private := environment(t, "dev", withBridge, isolated, func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.Connector = &stacks.Connector{
			Kind: stacks.ConnectorPrivateLink, AllowedPrincipals: []string{"arn:aws:iam::444455556666:root"}, DeletionProtection: new(bool),
		}
	})
	for _, p := range []program{private, public} {
		up := w.Up(t, p)
		requireClean(t, up)
		require.Empty(t, up.urns("replace"))
		requireSame(t, w.Up(t, p))
		w.requireInStep(t)
		after := w.ids("dev")
		for urn, id := range before {
			kept := urn.Type().Package() == "aws" && (strings.HasPrefix(urn.Name(), "bridge-") ||
				urn.Type() == "aws:ec2/subnet:Subnet" && !strings.HasPrefix(urn.Name(), "net-public-"))
			require.True(t, !kept || after[urn] == id, "%s was %s and is %s", urn, id, after[urn])
		}
	}
	require.Equal(t, blocks, w.cidrs("dev"))
	requireClean(t, w.Destroy(t, public))
	require.Empty(t, w.aws.Objects())
}

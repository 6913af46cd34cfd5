package stacks_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// withRoles is an environment with both roles that others assume.
const withRoles = `config:
  aws:region: eu-west-1
  underlay:supportExternalId: {secure: v1:c2FsdA==:c3VwcG9ydA==}
  underlay:bridgeExternalId: {secure: v1:c2FsdA==:YnJpZGdl}
  underlay:spec:
    dataPlane: {vpcCidr: 10.20.0.0/16, zones: [eu-west-1a, eu-west-1b]}
    supportRole: {name: conveyor-support, trustedPrincipalArns: ["arn:aws:iam::444455556666:role/support"]}
    bridge:
      localAccountId: "123456789012"
      peerAccountId: "444455556666"
      localRoleArns: ["arn:aws:iam::123456789012:role/nodes"]
      peerRole: {name: control-plane, trustedArns: ["arn:aws:iam::444455556666:role/control"]}
`

// trusts returns the trust policies of the recorded roles, each a secret.
func trusts(t *testing.T, env *stacks.Environment, config map[string]string) map[string]string {
	t.Helper()
	g, err := graph.Record(t.Context(), stacks.Project, "acme", config, env.Program())
	require.NoError(t, err)
	policies := map[string]string{}
	for _, role := range g.ByType("aws:iam/role:Role") {
		policy := role.Inputs["assumeRolePolicy"]
		require.True(t, policy.IsSecret() && role.Outputs["assumeRolePolicy"].IsSecret(), role.Name)
		policies[role.Name] = policy.SecretValue().Element.StringValue()
	}
	require.Len(t, policies, 2)
	return policies
}

// An external id that is encrypted in the file is never what is deployed without
// the engine's own value: the program stops. A recorded graph has a stand-in.
func TestEncryptedExternalIDs(t *testing.T) {
	env, err := stacks.Parse([]byte(withRoles))
	require.NoError(t, err)
	_, err = graph.Record(t.Context(), stacks.Project, "acme", nil, env.Program())
	require.EqualError(t, err, "record stack acme: "+
		"underlay:bridgeExternalId: is encrypted, and the engine has no such setting; deploy with the stack's own configuration file\n"+
		"underlay:supportExternalId: is encrypted, and the engine has no such setting; deploy with the stack's own configuration file")

	for name, policy := range trusts(t, env.WithStandIns(), nil) {
		assert.Contains(t, policy, `"sts:ExternalId":["stands-in-for-an-encrypted-secret"]`, name)
	}
	// What the engine has decrypted is used.
	for name, policy := range trusts(t, env, map[string]string{
		"underlay:supportExternalId": "decrypted-for-support", "underlay:bridgeExternalId": "decrypted-for-bridge",
	}) {
		assert.Contains(t, policy, map[string]string{"support": "decrypted-for-support", "bridge-control-plane": "decrypted-for-bridge"}[name])
	}
	config, err := env.Config()
	require.NoError(t, err)
	assert.NotContains(t, config, "underlay:supportExternalId")
}

// A Go caller gives the ids as inputs. They are secrets in every role.
func TestGivenExternalIDs(t *testing.T) {
	const support, bridge = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42", "b1946ac9-2492-4e64-9d4e-5a1c3f0e7d11"
	given := func(support, bridge pulumi.StringInput) *stacks.Environment {
		parsed, err := stacks.Parse([]byte(withRoles))
		require.NoError(t, err)
		return &stacks.Environment{Aws: parsed.Aws, Spec: parsed.Spec, SupportExternalID: support, BridgeExternalID: bridge}
	}
	env := given(pulumi.String(support), pulumi.String(bridge).ToStringOutput())
	require.NoError(t, env.Validate())
	policies := trusts(t, env, nil)
	assert.Contains(t, policies["support"], support)
	assert.Contains(t, policies["bridge-control-plane"], bridge)

	err := given(pulumi.String("short"), nil).Validate()
	require.EqualError(t, err, "underlay:bridgeExternalId: is missing; without it anyone whom the other party serves can be let in; "+
		"set it with `pulumi config set --secret underlay:bridgeExternalId`\n"+
		"underlay:supportExternalId: has 5 characters; use at least 16, unique to you")
}

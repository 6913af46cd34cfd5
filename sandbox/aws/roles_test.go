package aws_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

// Roles that a customer has are there before anything is deployed, and in their
// own account alone; every other role is still unknown.
func TestGivenRoles(t *testing.T) {
	options := aws.Options{StateFile: filepath.Join(t.TempDir(), "aws.json"), Roles: []string{
		"arn:aws:iam::123456789012:role/team/worker", "arn:aws:iam::444455556666:role/relay",
	}}
	c, i := newCloud(t, options)
	assert.NoFileExists(t, options.StateFile, "nothing is deployed")
	for _, o := range c.Objects() {
		assert.True(t, o.Given, o.ID)
	}

	policy := i.create(policyType, in{"role": "worker", "name": "queues", "policy": allow})
	for _, role := range []string{"relay", "nobody"} {
		_, err := i.try(policyType, in{"role": role, "name": "queues", "policy": allow})
		require.ErrorContains(t, err, "NoSuchEntity: The role with name "+role+" cannot be found.")
	}
	_, err := i.try(roleType, in{"name": "worker", "assumeRolePolicy": trust})
	require.ErrorContains(t, err, "EntityAlreadyExists: Role with name worker already exists.")

	before := c.Objects()
	c, i = reopen(t, c, options)
	assert.Equal(t, before, c.Objects(), "they are given once")
	require.NoError(t, i.remove(policy))
	var arns []any
	for _, o := range c.Objects() {
		require.True(t, o.Given, "%s %s", o.Type, o.ID)
		arns = append(arns, o.Properties["arn"])
	}
	assert.Equal(t, []any{"arn:aws:iam::123456789012:role/team/worker", "arn:aws:iam::444455556666:role/relay"}, arns)
}

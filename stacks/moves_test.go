package stacks_test

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/stacks"
)

// busyBackend is an engine whose backend cannot be read the first few times. Then
// it has a VPC.
type busyBackend struct {
	busy, reads int
}

func (b *busyBackend) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	b.reads++
	if b.reads <= b.busy {
		return nil, errors.New("failed to load checkpoint: EOF")
	}
	return resource.NewPropertyMapFromMap(map[string]any{"outputs": map[string]any{
		"urn:pulumi:dev::underlay::aws:ec2/vpc:Vpc::net-vpc": map[string]any{
			"type": "aws:ec2/vpc:Vpc", "outputs": map[string]any{"cidrBlock": "10.30.0.0/16"},
		},
	}}), nil
}

func (b *busyBackend) NewResource(pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return "", nil, errors.New("nothing is to be registered")
}

// What is deployed is read again when the backend is in the middle of writing it,
// and not for ever.
func TestDeployedIsReadAgain(t *testing.T) {
	env, err := stacks.Load("../Pulumi.dev.yaml")
	require.NoError(t, err)
	const moved = "would move net-vpc, deployed at 10.30.0.0/16"
	for busy, want := range map[int]string{0: moved, 2: moved, 3: "failed to load checkpoint: EOF"} {
		backend := &busyBackend{busy: busy}
		err := pulumi.RunErr(env.Program(), pulumi.WithMocks(stacks.Project, "dev", backend))
		require.ErrorContains(t, err, want, busy)
		assert.Equal(t, min(busy+1, 3), backend.reads)
	}
}

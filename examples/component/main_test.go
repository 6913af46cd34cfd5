package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
)

func TestTheProgramBuildsTwoZones(t *testing.T) {
	g, err := graph.Record(t.Context(), "mine", "test", nil, program)
	require.NoError(t, err)
	cidrs := map[string]string{}
	for _, subnet := range g.ByType("aws:ec2/subnet:Subnet") {
		cidrs[subnet.Name] = subnet.Inputs["cidrBlock"].StringValue()
	}
	assert.Len(t, cidrs, 8, "four tiers in two zones")
	assert.Equal(t, "10.20.64.0/18", cidrs["net-nodes-eu-west-1b"])
	assert.Len(t, g.Resources[0].Outputs["nodeSubnets"].ObjectValue(), 2)
}

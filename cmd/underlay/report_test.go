package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// A graph is a plan's when a resource has no id of the cloud's: a recorded one
// has its URN instead, a previewed one none.
func TestIsPlanned(t *testing.T) {
	vpc := func(id string) *graph.Graph {
		return &graph.Graph{Resources: []graph.Resource{
			{URN: "urn:stack", Type: "pulumi:pulumi:Stack"},
			{URN: "urn:vpc", Type: "aws:ec2/vpc:Vpc", Custom: true, ID: id},
		}}
	}
	assert.True(t, isPlanned(vpc("urn:vpc")))
	assert.True(t, isPlanned(vpc("")))
	assert.False(t, isPlanned(vpc("vpc-0123456789abcdef0")))
}

// What the deployment will tell is left open in a plan's handover, and told in
// a deployed one's.
func TestHandoverSheet(t *testing.T) {
	sheet := &stacks.Handover{
		Model: "shared-aws", Region: "eu-west-1",
		Networks:      map[string]stacks.HandoverNetwork{"dataPlane": {VpcID: "vpc-1", Cidrs: []string{"10.0.0.0/16"}}},
		RequiredNames: []string{"a.example.com"},
	}
	planned := map[string]string{}
	for _, row := range handoverSheet(sheet, true) {
		planned[row.Name] = row.Value
	}
	assert.Equal(t, map[string]string{
		"Model": "shared-aws", "Region": "eu-west-1", "Network dataPlane": "", "blocks": "10.0.0.0/16", "Let out names": "a.example.com",
	}, planned)
	assert.Contains(t, handoverSheet(sheet, false)[2].Value, "vpc-1")
}

package engine

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
	"github.com/underlay-iac/underlay/stacks"
)

// handover returns what a deployed stack hands over.
func (w *world) handover(t framework.TB, stack string) *stacks.Handover {
	t.Helper()
	for _, state := range w.State(stack).Resources {
		if state.Type == resource.RootStackType {
			page, err := stacks.ReadHandover(state.Outputs.Mappable())
			require.NoError(t, err)
			return page
		}
	}
	t.Fatalf("%s is not deployed", stack)
	return nil
}

// only returns the one object of a type in the cloud.
func (w *world) only(t framework.TB, token string) aws.Object {
	t.Helper()
	var found []aws.Object
	for _, object := range w.aws.Objects() {
		if object.Type == token {
			found = append(found, object)
		}
	}
	require.Len(t, found, 1, token)
	return found[0]
}

// TestHandover deploys the environments and hands over what the cloud gave
// them. In the simulated account eu-west-1a is euw1-az3, as the catalogue has it.
func TestHandover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, environment(t, "dev")))
	page := w.handover(t, "dev")
	network := page.Networks["dataPlane"]
	require.Equal(t, w.only(t, "aws:ec2/vpc:Vpc").ID, network.VpcID)
	require.Equal(t, map[string]string{
		"eu-west-1a": w.only(t, "aws:ec2/natGateway:NatGateway").Properties["publicIp"].(string),
	}, network.NatPublicIPs)
	require.Equal(t, map[string]string{"eu-west-1a": "euw1-az3", "eu-west-1b": "euw1-az1", "eu-west-1c": "euw1-az2"}, network.ZoneIDs)
	require.Equal(t, &stacks.HandoverConnector{
		Kind: stacks.ConnectorInternet, Ports: []int{443},
		DNSName: w.only(t, "aws:lb/loadBalancer:LoadBalancer").Properties["dnsName"].(string),
	}, page.Connector)

	w = newWorld(t)
	requireClean(t, w.Up(t, environment(t, "staging", withBridge)))
	page = w.handover(t, "staging")
	require.Equal(t, w.only(t, "aws:ec2/vpc:Vpc").ID, page.Networks["dataPlane"].VpcID)
	require.Empty(t, page.Networks["dataPlane"].NatPublicIPs)
	require.Equal(t, &stacks.HandoverConnector{
		Kind: stacks.ConnectorPrivateLink, Ports: []int{443},
		ServiceName: w.only(t, "aws:ec2/vpcEndpointService:VpcEndpointService").Properties["serviceName"].(string),
	}, page.Connector)
	urls := map[string]bool{}
	for _, object := range w.aws.Objects() {
		if object.Type == "aws:sqs/queue:Queue" {
			urls[object.ID] = true // a queue's id is its URL
		}
	}
	require.Len(t, page.QueueURLs, 2)
	for direction, url := range page.QueueURLs {
		require.True(t, urls[url], direction)
	}
}

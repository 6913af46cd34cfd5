package stacks_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/stacks"
)

// recorded returns the handover of one of the repository's environments as its
// graph has it. An id in a recorded graph is the resource's URN.
func recorded(t *testing.T, stack string) (*stacks.Handover, *graph.Graph) {
	t.Helper()
	env, err := stacks.Load("../Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.Program())
	require.NoError(t, err)
	outputs := g.Resources[0].Outputs.Mappable()
	page, err := stacks.ReadHandover(outputs)
	require.NoError(t, err)

	// The program exports what the type has, and nothing that it lacks.
	text, err := json.Marshal(outputs["handover"])
	require.NoError(t, err)
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	require.NoError(t, strict.Decode(&stacks.Handover{}))
	return page, g
}

// output returns a property of the one resource of a name and type.
func output(t *testing.T, g *graph.Graph, token, name, property string) string {
	t.Helper()
	for _, r := range g.ByType(token) {
		if r.Name == name {
			if property == "id" {
				return r.ID
			}
			return r.Outputs.Mappable()[property].(string)
		}
	}
	t.Fatalf("no %s %s", token, name)
	return ""
}

// The blocks and zones are those of the configuration files; the ids and names
// those of the resources.
func TestHandover(t *testing.T) {
	const (
		vpc     = "aws:ec2/vpc:Vpc"
		nat     = "aws:ec2/natGateway:NatGateway"
		nlb     = "aws:lb/loadBalancer:LoadBalancer"
		service = "aws:ec2/vpcEndpointService:VpcEndpointService"
		queue   = "aws:sqs/queue:Queue"
	)
	given := map[string]string{"eu-west-1a": "euw1-az1", "eu-west-1b": "euw1-az2", "eu-west-1c": "euw1-az3"}
	// Where the configuration gives no ids, they are those of the recorder's
	// account, which the catalogue lists.
	three := map[string]string{"eu-west-1a": "euw1-az3", "eu-west-1b": "euw1-az1", "eu-west-1c": "euw1-az2"}
	for stack, want := range map[string]func(*graph.Graph) stacks.Handover{
		"dev": func(g *graph.Graph) stacks.Handover {
			return stacks.Handover{
				Model: "shared-aws", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{"dataPlane": {
					VpcID: output(t, g, vpc, "net-vpc", "id"), Cidrs: []string{"10.20.0.0/16", "100.64.0.0/16"}, ZoneIDs: three,
					NatPublicIPs: map[string]string{"eu-west-1a": output(t, g, nat, "net-nat-eu-west-1a", "publicIp")},
				}},
				Connector: &stacks.HandoverConnector{
					Kind: "internet", DNSName: output(t, g, nlb, "connector-nlb", "dnsName"), Ports: []int{443},
				},
			}
		},
		"staging": func(g *graph.Graph) stacks.Handover {
			return stacks.Handover{
				Model: "shared-aws", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{"dataPlane": {
					VpcID: output(t, g, vpc, "net-vpc", "id"), Cidrs: []string{"10.21.0.0/16", "100.64.0.0/16"}, ZoneIDs: three,
					NatPublicIPs: map[string]string{},
				}},
				Connector: &stacks.HandoverConnector{
					Kind: "privatelink", ServiceName: output(t, g, service, "connector", "serviceName"), Ports: []int{443},
				},
			}
		},
		"dedicated-dev": func(g *graph.Graph) stacks.Handover {
			return stacks.Handover{
				Model: "dedicated-aws", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{
					"dataPlane": {
						VpcID: output(t, g, vpc, "net-vpc", "id"), Cidrs: []string{"10.20.0.0/16", "100.64.0.0/16"}, ZoneIDs: given,
					},
					"controlPlane": {
						VpcID: output(t, g, vpc, "control-vpc", "id"), Cidrs: []string{"10.30.0.0/16"}, ZoneIDs: given,
					},
				},
				Connector: &stacks.HandoverConnector{
					Kind: "privatelink", ServiceName: output(t, g, service, "connector", "serviceName"), Ports: []int{443},
				},
				RequiredNames: []string{
					"acme-dev.auth.eu-west-1.amazoncognito.com", "cognito-idp.eu-west-1.amazonaws.com", "cognito-identity.eu-west-1.amazonaws.com",
				},
				QueueURLs: map[string]string{
					"toDataPlane":   output(t, g, queue, "bridge-to-data-plane", "url"),
					"fromDataPlane": output(t, g, queue, "bridge-from-data-plane", "url"),
				},
			}
		},
		"aoscloud-staging": func(g *graph.Graph) stacks.Handover {
			return stacks.Handover{
				Model: "aoscloud", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{"vpc": {
					// The second octet is one higher than the base's.
					VpcID: output(t, g, vpc, "aos-vpc", "id"), Cidrs: []string{"10.232.0.0/16"}, ZoneIDs: three,
					NatPublicIPs: map[string]string{"eu-west-1a": output(t, g, nat, "aos-nat-eu-west-1a", "publicIp")},
				}},
			}
		},
	} {
		t.Run(stack, func(t *testing.T) {
			got, g := recorded(t, stack)
			assert.Equal(t, want(g), *got)
		})
	}
}

func TestReadHandoverRefusesWhatIsNone(t *testing.T) {
	_, err := stacks.ReadHandover(map[string]any{"vpcId": "vpc-0123456789abcdef0"})
	require.ErrorIs(t, err, stacks.ErrNoHandover)
	_, err = stacks.ReadHandover(map[string]any{"handover": "[secret]"})
	require.ErrorContains(t, err, "read the handover: ")
	require.NotErrorIs(t, err, stacks.ErrNoHandover)
}

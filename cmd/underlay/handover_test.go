package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

// The page has a line for all that there is, and none for what there is not.
func TestPrintHandover(t *testing.T) {
	for _, c := range []struct {
		name string
		page stacks.Handover
		want string
	}{
		{
			"both planes",
			stacks.Handover{
				Model: "dedicated-aws", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{
					"dataPlane": {
						VpcID: "vpc-0d", Cidrs: []string{"10.20.0.0/16", "100.64.0.0/16"},
						ZoneIDs: map[string]string{"eu-west-1b": "euw1-az3", "eu-west-1a": "euw1-az1"},
					},
					"controlPlane": {
						VpcID: "vpc-0c", Cidrs: []string{"10.30.0.0/16"}, ZoneIDs: map[string]string{"eu-west-1a": "euw1-az3"},
						NatPublicIPs: map[string]string{"eu-west-1a": "203.0.113.9"},
					},
				},
				Connector: &stacks.HandoverConnector{Kind: "privatelink", ServiceName: "com.amazonaws.vpce.eu-west-1.vpce-svc-0", Ports: []int{443, 8443}},
				QueueURLs: map[string]string{
					"toDataPlane":   "https://sqs.eu-west-1.amazonaws.com/111122223333/to",
					"fromDataPlane": "https://sqs.eu-west-1.amazonaws.com/111122223333/from",
				},
				SupportRoleArn: "arn:aws:iam::111122223333:role/conveyor-support",
				RequiredNames:  []string{"acme.auth.eu-west-1.amazoncognito.com", "cognito-idp.eu-west-1.amazonaws.com"},
			},
			`dedicated-aws · acme · eu-west-1

Network     controlPlane   vpc-0c
            blocks         10.30.0.0/16
            zones          eu-west-1a (euw1-az3)
            comes from     203.0.113.9 (eu-west-1a)
Network     dataPlane      vpc-0d
            blocks         10.20.0.0/16, 100.64.0.0/16
            zones          eu-west-1a (euw1-az1), eu-west-1b (euw1-az3)
Connector   privatelink    com.amazonaws.vpce.eu-west-1.vpce-svc-0
            TCP ports      443, 8443
Queues      fromDataPlane  https://sqs.eu-west-1.amazonaws.com/111122223333/from
            toDataPlane    https://sqs.eu-west-1.amazonaws.com/111122223333/to
Support     role           arn:aws:iam::111122223333:role/conveyor-support
Let out     names          acme.auth.eu-west-1.amazoncognito.com, cognito-idp.eu-west-1.amazonaws.com
`,
		},
		{
			"a network alone",
			stacks.Handover{
				Model: "aoscloud", Region: "eu-west-1",
				Networks: map[string]stacks.HandoverNetwork{"vpc": {VpcID: "vpc-0a", Cidrs: []string{"10.231.0.0/16"}}},
			},
			`aoscloud · acme · eu-west-1

Network     vpc     vpc-0a
            blocks  10.231.0.0/16
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			require.NoError(t, printHandover(&out, terminal.Style{}, "acme", &c.page))
			assert.Equal(t, c.want, out.String())
		})
	}
}

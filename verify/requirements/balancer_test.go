package requirements_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/requirements"
)

// behindConnector registers an instance of dev's node subnet with the public
// load balancer, which passes its own address on. Its security group admits from.
func behindConnector(from string) edit {
	return all(
		add("aws:ec2/securityGroup:SecurityGroup", "app", map[string]any{"vpcId": "@Vpc net-vpc", "name": "app"}),
		add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "app-in", map[string]any{
			"securityGroupId": "@SecurityGroup app", "ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrIpv4": from,
		}),
		add("aws:ec2/instance:Instance", "app", map[string]any{
			"subnetId": "@Subnet net-nodes-eu-west-1a", "privateIp": "10.20.0.10", "vpcSecurityGroupIds": []any{"@SecurityGroup app"},
		}),
		add("aws:lb/targetGroupAttachment:TargetGroupAttachment", "app", map[string]any{
			"targetGroupArn": "@TargetGroup connector-443#arn", "targetId": "10.20.0.10",
		}),
	)
}

// What is registered behind the public load balancer is followed to: REA-001 wants
// it reached, and a rule of one's own that nodes are closed is broken by it.
func TestTargetsBehindThePublicBalancer(t *testing.T) {
	custom, err := requirements.ParseCustom([]byte(`
requirements:
  - {id: ACME-1, from: internet, to: net-nodes-eu-west-1a, packet: tcp/443, expect: blocked}
  - {id: ACME-2, from: internet, to: net-nodes-eu-west-1b, packet: tcp/443, expect: blocked}
`))
	require.NoError(t, err)
	verdicts := func(from string) map[string]requirements.Result {
		g, model := record(t, "dev")
		if from != "" {
			behindConnector(from)(t, g)
		}
		results, err := requirements.Verify(requirements.Input{Graph: g, Model: model, Custom: custom})
		require.NoError(t, err)
		got := map[string]requirements.Result{}
		for _, r := range results {
			got[r.ID] = r
		}
		return got
	}
	got := verdicts("")
	assert.Equal(t, requirements.Proven, got["ACME-1"].Verdict, "%s", got["ACME-1"].Reason)

	// The balancer's own addresses, in the public subnets, are what the target sees.
	got = verdicts("10.20.0.0/16")
	assert.Equal(t, requirements.Proven, got["REA-001"].Verdict, "%s", got["REA-001"].Reason)
	assert.Equal(t, requirements.Refuted, got["ACME-1"].Verdict, "%s", got["ACME-1"].Reason)
	assert.Contains(t, got["ACME-1"].BlockedBy.URN, "aws:lb/listener:Listener::connector-443")
	assert.Equal(t, requirements.Proven, got["ACME-2"].Verdict, "%s", got["ACME-2"].Reason)

	// The clients' are not.
	got = verdicts("203.0.113.0/24")
	assert.Equal(t, requirements.Refuted, got["REA-001"].Verdict, "%s", got["REA-001"].Reason)
	assert.Equal(t, requirements.Proven, got["ACME-1"].Verdict, "%s", got["ACME-1"].Reason)
}

package engine

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/stacks"
)

// vendorStack returns the environment with all that the vendor has a part in, with
// edits made to its configuration and its secrets set.
func vendorStack(t framework.TB, edits ...edit) program {
	t.Helper()
	env, err := stacks.Load("../testdata/vendor/config.yaml")
	require.NoError(t, err)
	for _, edit := range edits {
		edit(env, env.Spec.(*stacks.SharedAws))
	}
	p := programOf(t, "vendor", env)
	for _, name := range []string{"supportExternalId", "bridgeExternalId"} {
		p.config[config.MustMakeKey(stacks.Project, name)] = config.NewSecureValue("agreed-on-for-" + name)
	}
	return p
}

// nodesRole is the role of the data plane's nodes, somebody else's.
var nodesRole = program{project: "nodes", stack: "nodes", run: func(ctx *pulumi.Context) error {
	provider, err := inAccount(ctx, "in-account", "123456789012")
	if err != nil {
		return err
	}
	_, err = iam.NewRole(ctx, "data-plane", &iam.RoleArgs{
		Name: pulumi.String("data-plane"),
		AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
			"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}`),
	}, pulumi.Provider(provider))
	return err
}}

// TestVendor takes that environment through its life: deployed, a zone added,
// the firewall exchanged for none and built again, destroyed.
func TestVendor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requireClean(t, w.Up(t, nodesRole))
	before := w.aws.Objects()
	p := vendorStack(t)
	preview := w.Preview(t, p)
	requireClean(t, preview)
	up := w.Up(t, p)
	requireClean(t, up)
	require.Equal(t, preview.counts(), up.counts())
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	w.requireInStep(t)
	w.requireExplicitProviders(t, "vendor")
	page := w.handover(t, "vendor")
	require.Equal(t, []string{"acme-conveyor.auth.eu-west-1.amazoncognito.com"}, page.RequiredNames)
	require.Len(t, page.Networks["dataPlane"].NatPublicIPs, 2, "those of the firewall's way out")

	// A zone more: no subnet, queue or load balancer is replaced.
	third := func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.DataPlane.Zones = append(s.DataPlane.Zones, "eu-west-1c")
		s.Cognito.NetworkFirewall.Subnets["eu-west-1c"] = egress.ZoneSubnets{Public: "10.21.216.32/28", Firewall: "10.21.248.32/28"}
	}
	blocks := w.cidrs("vendor")
	grown := vendorStack(t, third)
	up = w.Up(t, grown)
	requireClean(t, up)
	require.Empty(t, up.urns("replace"))
	require.Empty(t, up.urns("delete"))
	// Nodes, endpoints and pods; the firewall's and the NAT gateway's.
	require.Len(t, w.cidrs("vendor"), len(blocks)+3+2)
	for name, block := range blocks {
		require.Equal(t, block, w.cidrs("vendor")[name], name)
	}
	requireSame(t, w.Up(t, grown))

	moved := w.Up(t, vendorStack(t, third, func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.Cognito.NetworkFirewall.Subnets["eu-west-1a"] = egress.ZoneSubnets{Public: "10.21.216.0/28", Firewall: "10.21.248.48/28"}
	}))
	require.Error(t, moved.err)
	require.Contains(t, moved.text(), "underlay:spec.cognito.networkFirewall.subnets: 10.21.248.48/28: "+
		"would move cognito-firewall-eu-west-1a, deployed at 10.21.248.0/28")

	told := func(_ *stacks.Environment, s *stacks.SharedAws) {
		s.Cognito.Enforcement, s.Cognito.NetworkFirewall = "", nil
	}
	up = w.Up(t, vendorStack(t, third, told))
	requireClean(t, up)
	require.Empty(t, up.urns("replace"))
	w.requireInStep(t)
	requireClean(t, w.Up(t, grown))
	requireSame(t, w.Up(t, grown))

	requireClean(t, w.Destroy(t, grown))
	require.Equal(t, before, w.aws.Objects())
}

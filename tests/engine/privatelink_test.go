package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/privatelink"
	"github.com/underlay-iac/underlay/components/publicconnector"
)

// The accounts of the two sides.
const (
	dataAccount    = "111111111111"
	controlAccount = "222222222222"
)

// sideProvider returns an explicit provider that works in an account.
func sideProvider(ctx *pulumi.Context, name, id string) (pulumi.ResourceOption, error) {
	provider, err := aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region:            pulumi.String("eu-west-1"),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(id)},
		AssumeRole:        &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::" + id + ":role/network")},
	})
	return pulumi.Provider(provider), err
}

// side is a VPC with a subnet in each of its zones.
type side struct {
	vpc     pulumi.StringInput
	subnets pulumi.StringMap
}

// newSide builds 10.<octet>.0.0/16 with a subnet in each zone.
func newSide(ctx *pulumi.Context, name, octet string, zones []privatelink.Zone, opt pulumi.ResourceOption) (side, error) {
	vpc, err := ec2.NewVpc(ctx, name, &ec2.VpcArgs{
		CidrBlock: pulumi.String("10." + octet + ".0.0/16"), EnableDnsSupport: pulumi.Bool(true), EnableDnsHostnames: pulumi.Bool(true),
	}, opt)
	if err != nil {
		return side{}, err
	}
	s := side{vpc: vpc.ID().ToStringOutput(), subnets: pulumi.StringMap{}}
	for i, zone := range zones {
		subnet, err := ec2.NewSubnet(ctx, name+"-"+zone.Name, &ec2.SubnetArgs{
			VpcId: vpc.ID(), AvailabilityZone: pulumi.String(zone.Name),
			CidrBlock: pulumi.Sprintf("10.%s.%d.0/24", octet, i),
		}, opt)
		if err != nil {
			return side{}, err
		}
		s.subnets[zone.Name] = subnet.ID().ToStringOutput()
	}
	return s, nil
}

// linkZones are zones by name and id; the sandbox's accounts agree on them.
var linkZones = []privatelink.Zone{
	{Name: "eu-west-1a", ID: "euw1-az1"}, {Name: "eu-west-1b", ID: "euw1-az2"}, {Name: "eu-west-1c", ID: "euw1-az3"},
}

// link is a program of both sides.
type link struct {
	zones    []privatelink.Zone
	provider privatelink.ProviderSpec
	consumer privatelink.ConsumerSpec
	// verified has a public zone for the provider to verify its name in.
	verified bool
}

func newLink(edits ...func(*link)) link {
	l := link{
		zones: linkZones[:2],
		provider: privatelink.ProviderSpec{
			Region: "eu-west-1", TargetCidrs: []string{"10.20.0.0/16"},
			Listeners:         []privatelink.Listener{{Port: 443}},
			AllowedPrincipals: []string{"arn:aws:iam::" + controlAccount + ":root"},
		},
		consumer: privatelink.ConsumerSpec{
			Region: "eu-west-1", SourceCidrs: []string{"10.30.0.0/16"}, Ports: []int{443},
			Alias: &privatelink.Alias{Zone: "dp1.internal"},
		},
	}
	for _, edit := range edits {
		edit(&l)
	}
	l.provider.Zones, l.consumer.Zones = l.zones, l.zones
	for _, zone := range l.zones {
		l.consumer.ServiceZoneIDs = append(l.consumer.ServiceZoneIDs, zone.ID)
	}
	return l
}

func (l link) program() program {
	return program{project: "underlay", stack: "link", run: l.run}
}

func (l link) run(ctx *pulumi.Context) error {
	data, err := sideProvider(ctx, "data", dataAccount)
	if err != nil {
		return err
	}
	control, err := sideProvider(ctx, "control", controlAccount)
	if err != nil {
		return err
	}
	provider, err := l.provide(ctx, data)
	if err != nil {
		return err
	}
	consumer, err := l.consume(ctx, control, provider.ServiceName)
	if err != nil {
		return err
	}
	if accept := l.provider.AcceptanceRequired; accept != nil && !*accept {
		return nil
	}
	return provider.Accept(ctx, "control-plane", consumer.EndpointID)
}

func (l link) provide(ctx *pulumi.Context, opt pulumi.ResourceOption) (*privatelink.PrivateLinkProvider, error) {
	s, err := newSide(ctx, "data", "20", l.zones, opt)
	if err != nil {
		return nil, err
	}
	args := &privatelink.PrivateLinkProviderArgs{ProviderSpec: l.provider, VpcID: s.vpc, SubnetIDs: s.subnets}
	if l.verified {
		zone, err := route53.NewZone(ctx, "public", &route53.ZoneArgs{Name: pulumi.String("example.com")}, opt)
		if err != nil {
			return nil, err
		}
		args.VerificationZone = zone.ZoneId
	}
	return privatelink.NewPrivateLinkProvider(ctx, "link", args, opt)
}

func (l link) consume(ctx *pulumi.Context, opt pulumi.ResourceOption, service pulumi.StringInput) (*privatelink.PrivateLinkConsumer, error) {
	s, err := newSide(ctx, "control", "30", l.zones, opt)
	if err != nil {
		return nil, err
	}
	return privatelink.NewPrivateLinkConsumer(ctx, "dp1", &privatelink.PrivateLinkConsumerArgs{
		ConsumerSpec: l.consumer, ServiceName: service, VpcID: s.vpc, SubnetIDs: s.subnets,
	}, opt)
}

// unprotected lets the load balancer be deleted.
func unprotected(l *link) {
	no := false
	l.provider.DeletionProtection = &no
}

// TestPrivateLink takes both sides in two accounts through all there is.
func TestPrivateLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newLink().program()

	// 2 VPCs and 4 subnets; the provider's group and its rule, load balancer,
	// target group, listener, service, principal and acceptance; the consumer's
	// group and its rule, endpoint, zone and record. Beside them the stack, 2
	// providers and 2 components.
	preview := w.Preview(t, p)
	requireClean(t, preview)
	up := w.Up(t, p)
	requireClean(t, up)
	require.Equal(t, map[display.StepOp]int{"create": 6 + 8 + 5 + 5}, up.counts())
	require.Equal(t, preview.counts(), up.counts())
	w.requireInStep(t)
	w.requireSides(t)
	require.Equal(t, "available", w.property(t, "aws:ec2/vpcEndpoint:VpcEndpoint", "state"))

	before := w.contents(t)
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))
	requireSame(t, w.Up(t, p))
	requireContents(t, before, w.contents(t))

	// A port more: a target group, a listener and a rule of each group.
	ports := func(l *link) {
		l.provider.Listeners = append(l.provider.Listeners, privatelink.Listener{Port: 8443})
		l.consumer.Ports = append(l.consumer.Ports, 8443)
	}
	more := w.Up(t, newLink(ports).program())
	requireClean(t, more)
	require.Equal(t, 4, more.counts()["create"])
	requireOnly(t, more, "create")

	// A zone more: a subnet on each side. Load balancer and endpoint grow;
	// nothing is replaced.
	zones := func(l *link) { l.zones = linkZones }
	grown := w.Up(t, newLink(ports, zones).program())
	requireClean(t, grown)
	require.Equal(t, 2, grown.counts()["create"])
	require.Equal(t, []string{"dp1", "link-nlb"}, namesOf(grown, "update"))
	requireOnly(t, grown, "create", "update")
	requireSame(t, w.Up(t, newLink(ports, zones).program()))

	// A principal more: the service's name, and with it the endpoint, stays
	// known and the same.
	principals := func(l *link) {
		l.provider.AllowedPrincipals = append(l.provider.AllowedPrincipals, "arn:aws:iam::333333333333:role/audit")
	}
	preview = w.Preview(t, newLink(ports, zones, principals).program())
	requireClean(t, preview)
	require.Equal(t, []string{"link-allow-333333333333-role/audit"}, namesOf(preview, "create"))
	requireOnly(t, preview, "create")

	// Protected, the load balancer stays, and the stack can be completed again.
	refused := w.Destroy(t, newLink(ports, zones).program())
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "OperationNotPermitted")
	w.requireInStep(t)
	last := newLink(ports, zones, unprotected).program()
	requireClean(t, w.Up(t, last))
	w.requireInStep(t)
	requireClean(t, w.Destroy(t, last))
	require.Empty(t, w.aws.Objects())
	require.Empty(t, w.State("link").Resources)
}

// TestPrivateLinkName goes from names in a private zone to the service's own
// name, once that is verified and the connection accepted.
func TestPrivateLinkName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	named := func(l *link) { l.verified, l.provider.PrivateDNSName = true, "dp1.example.com" }
	requireClean(t, w.Up(t, newLink(unprotected, named).program()))

	private := newLink(unprotected, named, func(l *link) { l.consumer.Alias, l.consumer.PrivateDNS = nil, true }).program()
	up := w.Up(t, private)
	requireClean(t, up)
	require.Equal(t, []string{"dp1"}, namesOf(up, "update"), "the endpoint, in place")
	require.Equal(t, []string{"dp1", "dp1-dp1.internal"}, namesOf(up, "delete"), "the zone and its record")
	requireOnly(t, up, "update", "delete")
	requireSame(t, w.Up(t, private))
	requireSame(t, w.Refresh(t, private))
	requireClean(t, w.Destroy(t, private))
	require.Empty(t, w.aws.Objects())

	// At once it works where nobody has to accept: the consumer waits for the
	// verification.
	at := newLink(unprotected, named, func(l *link) {
		l.consumer.Alias, l.consumer.PrivateDNS, l.provider.AcceptanceRequired = nil, true, new(bool)
	}).program()
	requireClean(t, w.Up(t, at))
	requireClean(t, w.Destroy(t, at))

	// Before acceptance AWS refuses it.
	w = newWorld(t)
	early := w.Up(t, private)
	require.Error(t, early.err)
	require.Contains(t, early.text(), "Private DNS can't be enabled")
}

// TestPrivateLinkByStackReference has a stack for each side: the service's name
// travels through an output. The provider's stack cannot go while the consumer
// is connected.
func TestPrivateLinkByStackReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := newLink(unprotected)
	provider := program{project: "data", stack: "data", run: func(ctx *pulumi.Context) error {
		opt, err := sideProvider(ctx, "data", dataAccount)
		if err != nil {
			return err
		}
		p, err := l.provide(ctx, opt)
		if err != nil {
			return err
		}
		ctx.Export("serviceName", p.ServiceName)
		return nil
	}}
	consumer := program{project: "control", stack: "control", run: func(ctx *pulumi.Context) error {
		opt, err := sideProvider(ctx, "control", controlAccount)
		if err != nil {
			return err
		}
		other, err := pulumi.NewStackReference(ctx, "organization/data/data", nil)
		if err != nil {
			return err
		}
		_, err = l.consume(ctx, opt, other.GetStringOutput(pulumi.String("serviceName")))
		return err
	}}
	requireClean(t, w.Up(t, provider))
	requireClean(t, w.Up(t, consumer))
	require.Equal(t, "pendingAcceptance", w.property(t, "aws:ec2/vpcEndpoint:VpcEndpoint", "state"), "the provider's account has not consented")
	again := w.Up(t, consumer)
	requireClean(t, again)
	requireOnly(t, again, "read") // the stack reference

	refused := w.Destroy(t, provider)
	require.Error(t, refused.err)
	require.Contains(t, refused.text(), "ExistingVpcEndpointConnections")
	w.requireInStep(t)
	requireClean(t, w.Destroy(t, consumer))
	requireClean(t, w.Destroy(t, provider))
	require.Empty(t, w.aws.Objects())
}

// TestPublicConnector puts the connector into a data plane's network, changes
// it and takes it away.
func TestPublicConnector(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := func(edits ...func(*publicconnector.Spec)) program {
		no := false
		spec := publicconnector.Spec{
			Region: "eu-west-1", TargetCidrs: []string{"10.20.0.0/16", "100.64.0.0/16"},
			Zones:             []publicconnector.Zone{{Name: "eu-west-1a"}, {Name: "eu-west-1b"}, {Name: "eu-west-1c"}},
			ControlPlaneCidrs: []string{"203.0.113.0/24"}, Listeners: []publicconnector.Listener{{Port: 443}},
			DeletionProtection: &no,
		}
		for _, edit := range edits {
			edit(&spec)
		}
		return program{project: "underlay", stack: "public", run: func(ctx *pulumi.Context) error {
			opt, err := sideProvider(ctx, "data", dataAccount)
			if err != nil {
				return err
			}
			network, err := dataplane.NewAwsDataPlaneNetwork(ctx, "net", &dataplane.AwsDataPlaneNetworkArgs{
				Spec: dataplane.Spec{
					Region: "eu-west-1", VpcCidr: "10.20.0.0/16", Zones: []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"},
					Nat: &dataplane.Nat{Strategy: dataplane.NatSingle},
				},
			}, opt)
			if err != nil {
				return err
			}
			_, err = publicconnector.NewPublicConnector(ctx, "connector", &publicconnector.PublicConnectorArgs{
				Spec: spec, VpcID: network.VpcID, SubnetIDs: network.Subnets(addressing.Public), DependsOn: []pulumi.Resource{network},
			}, opt)
			return err
		}}
	}
	p := connector()
	preview := w.Preview(t, p)
	requireClean(t, preview)
	up := w.Up(t, p)
	requireClean(t, up)
	require.Equal(t, preview.counts(), up.counts())
	w.requireInStep(t)
	w.requireSides(t)
	requireSame(t, w.Up(t, p))
	requireSame(t, w.Refresh(t, p))

	// A block of the control plane more: a rule.
	cidrs := func(s *publicconnector.Spec) { s.ControlPlaneCidrs = append(s.ControlPlaneCidrs, "198.51.100.0/24") }
	more := w.Up(t, connector(cidrs))
	requireClean(t, more)
	require.Equal(t, []string{"connector-from-198-51-100-0-24-443"}, namesOf(more, "create"))
	requireOnly(t, more, "create")

	// A zone less: AWS has no way but a new load balancer. The target group,
	// and the targets in it, stay.
	fewer := w.Up(t, connector(cidrs, func(s *publicconnector.Spec) { s.Zones = s.Zones[:2] }))
	requireClean(t, fewer)
	require.Equal(t, []string{"connector-443", "connector-nlb"}, namesOf(fewer, "replace"), "the load balancer and its listener")
	for urn, ops := range fewer.steps {
		if strings.Contains(string(urn), "targetGroup") {
			require.Equal(t, []display.StepOp{"same"}, ops)
		}
	}
	w.requireInStep(t)

	requireClean(t, w.Destroy(t, p))
	require.Empty(t, w.aws.Objects())
}

// namesOf returns, sorted, the names of the resources that op was applied to.
func namesOf(r result, op display.StepOp) []string {
	var names []string
	for _, urn := range inAws(r.urns(op)) {
		names = append(names, urn.Name())
	}
	slices.Sort(names)
	return names
}

// property returns a property of the one object of a type.
func (w *world) property(t framework.TB, token, name string) any {
	t.Helper()
	var found []any
	for _, object := range w.aws.Objects() {
		if object.Type == token {
			found = append(found, object.Properties[name])
		}
	}
	require.Len(t, found, 1, token)
	return found[0]
}

// requireSides asserts that each resource is in the account of its side: of
// the provider "data" or "control", and nothing is anywhere else.
func (w *world) requireSides(t framework.TB) {
	t.Helper()
	owner := map[string]string{}
	for stack := range w.snapshots {
		for _, state := range w.State(stack).Resources {
			if !state.Custom || state.URN.Type().Package() != "aws" {
				continue
			}
			want := dataAccount
			mine := "pulumi:providers:aws::data::"
			if strings.Contains(string(state.Parent), "::dp1") || strings.HasPrefix(state.URN.Name(), "control") {
				want, mine = controlAccount, "pulumi:providers:aws::control::"
			}
			require.Contains(t, state.Provider, mine, state.URN)
			owner[string(state.ID)] = want
		}
	}
	for _, object := range w.aws.Objects() {
		if object.With == "" {
			require.Equal(t, owner[object.ID], object.Account, object.ID)
		}
	}
}

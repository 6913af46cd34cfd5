package centralendpoints

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2transitgateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ram"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// SpokeType is the spoke's type token.
const SpokeType = "underlay:centralendpoints:CentralEndpointsSpoke"

// CentralEndpointsSpokeArgs are the arguments of a CentralEndpointsSpoke. The
// component's provider is the spoke account's.
type CentralEndpointsSpokeArgs struct {
	SpokeSpec
	// HubProvider is the provider of the hub's account, for what is built
	// there for this spoke. Required when the accounts differ; default the
	// component's own.
	HubProvider pulumi.ProviderResource
	// Reference is what the hub is made of. Required.
	Reference HubReference
	// VpcID is the spoke's VPC. Its DNS support and DNS hostnames must be on.
	// Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the subnets of the transit gateway's attachment by zone
	// name, one for each of Zones.
	SubnetIDs pulumi.StringMap
	// RouteTableIDs are those of the nodes, by a key that stays the same: they
	// get the routes to the hub. Required.
	RouteTableIDs pulumi.StringMap
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// CentralEndpointsSpoke is a VPC's connection to a hub, on both sides.
type CentralEndpointsSpoke struct {
	pulumi.ResourceState

	// AttachmentID is the transit gateway's attachment; empty with peering.
	AttachmentID pulumi.StringOutput `pulumi:"attachmentId"`
	// PeeringConnectionID is empty with a transit gateway.
	PeeringConnectionID pulumi.StringOutput `pulumi:"peeringConnectionId"`
	// CentralServices are the services that the VPC needs no endpoints for.
	CentralServices pulumi.StringArrayOutput `pulumi:"centralServices"`

	plan *SpokePlan
}

// Plan returns the plan that the spoke was built from.
func (s *CentralEndpointsSpoke) Plan() *SpokePlan { return s.plan }

// NewCentralEndpointsSpoke connects the VPC that args describe to its hub.
// Every problem of args is reported at once, before anything is registered: the
// error then holds a problem.List.
func NewCentralEndpointsSpoke(
	ctx *pulumi.Context, name string, args *CentralEndpointsSpokeArgs, opts ...pulumi.ResourceOption,
) (*CentralEndpointsSpoke, error) {
	if args == nil {
		args = &CentralEndpointsSpokeArgs{}
	}
	spoke, err := buildSpoke(ctx, name, args, opts)
	if err != nil {
		return nil, fmt.Errorf("central endpoints spoke %q: %w", name, err)
	}
	return spoke, nil
}

// plan plans the spec and checks the values given beside it.
func (a *CentralEndpointsSpokeArgs) plan() (*SpokePlan, error) {
	var problems problem.List
	plan, err := NewSpokePlan(a.SpokeSpec)
	problems.Add("", err)
	needed := func(path string, missing bool, fix string) {
		if missing {
			problems.Addf(path, "", fix, "is missing")
		}
	}
	needed("vpcId", a.VpcID == nil, "give the spoke's VPC")
	needed("routeTableIds", len(a.RouteTableIDs) == 0, "give the route tables of the nodes' subnets")
	for _, zone := range a.Zones {
		needed("subnetIds."+zone, a.SubnetIDs[zone] == nil, "give the zone's subnet")
	}
	needed("reference.vpcId", a.Reference.VpcID == nil, "give the hub's VPC")
	needed("reference.routeTableIds", len(a.Reference.RouteTableIDs) == 0, "give the route tables of the hub's endpoint subnets")
	if plan == nil {
		return nil, problems.Err()
	}
	if plan.foreign && a.HubProvider == nil {
		problems.Addf("hubProvider", "", "give the provider of account "+plan.Hub.Spec.AccountID,
			"is missing; the hub is in another account than the spoke")
	}
	needed("reference.shareArn", plan.accepts && plan.Hub.Shared() && a.Reference.ShareArn == nil, "give the hub's share")
	if plan.Hub.Spec.DNS == DNSProfile {
		needed("reference.profileId", a.Reference.ProfileID == nil, "give the hub's Route 53 Profile")
	} else {
		for _, zone := range plan.Hub.Zones {
			needed("reference.zoneIds."+zone.Name, a.Reference.ZoneIDs[zone.Name] == nil, "give the zone's id")
		}
	}
	if plan.Hub.Spec.Routing == RoutingTransitGateway {
		needed("reference.transitGatewayId", a.Reference.TransitGatewayID == nil, "give the hub's transit gateway")
		needed("reference.hubRouteTableId", a.Reference.HubRouteTableID == nil, "give the transit gateway's table of the hub")
		needed("reference.spokesRouteTableId", a.Reference.SpokesRouteTableID == nil, "give the transit gateway's table of the spokes")
	}
	return plan, problems.Err()
}

func buildSpoke(
	ctx *pulumi.Context, name string, args *CentralEndpointsSpokeArgs, opts []pulumi.ResourceOption,
) (*CentralEndpointsSpoke, error) {
	plan, err := args.plan()
	if err != nil {
		return nil, err
	}
	none := pulumi.String("").ToStringOutput()
	spoke := &CentralEndpointsSpoke{plan: plan, AttachmentID: none, PeeringConnectionID: none}
	if err := ctx.RegisterComponentResource(SpokeType, name, spoke, opts...); err != nil {
		return nil, err
	}
	b := &spokeBuilder{ctx: ctx, name: name, args: args, plan: plan, spoke: spoke, ready: args.Reference.DependsOn}
	connect, names := b.attach, b.profile
	if plan.Hub.Spec.Routing == RoutingPeering {
		connect = b.peer
	}
	if plan.Hub.Spec.DNS == DNSZones {
		names = b.associate
	}
	// Names come last: once they resolve to the hub, traffic goes there.
	for _, step := range []func() error{b.acceptShare, connect, names} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	spoke.CentralServices = pulumi.ToStringArray(plan.Hub.Services).ToStringArrayOutput()
	return spoke, ctx.RegisterResourceOutputs(spoke, pulumi.Map{
		"attachmentId":        spoke.AttachmentID,
		"peeringConnectionId": spoke.PeeringConnectionID,
		"centralServices":     spoke.CentralServices,
	})
}

// spokeBuilder registers the resources of one spoke.
type spokeBuilder struct {
	ctx   *pulumi.Context
	name  string
	args  *CentralEndpointsSpokeArgs
	plan  *SpokePlan
	spoke *CentralEndpointsSpoke
	// ready is what must exist before the spoke uses what the hub shares.
	ready []pulumi.Resource
	// routes are the routes both ways.
	routes []pulumi.Resource
}

func (b *spokeBuilder) key(parts ...string) string { return b.name + "-" + strings.Join(parts, "-") }

func (b *spokeBuilder) tags(key string) pulumi.StringMapInput {
	return tags.Merge(b.args.Tags, key, nil)
}

// here returns the options of a child in the spoke's account.
func (b *spokeBuilder) here(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.spoke)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

// there returns the options of a child in the hub's account.
func (b *spokeBuilder) there(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := b.here(dependsOn...)
	if b.args.HubProvider != nil {
		opts = append(opts, pulumi.Provider(b.args.HubProvider))
	}
	return opts
}

// acceptShare accepts the hub's invitation, when there is one.
func (b *spokeBuilder) acceptShare() error {
	if !b.plan.accepts || !b.plan.Hub.Shared() {
		return nil
	}
	accepted, err := ram.NewResourceShareAccepter(b.ctx, b.name, &ram.ResourceShareAccepterArgs{
		ShareArn: b.args.Reference.ShareArn.ToStringOutput(),
	}, b.here(b.ready...)...)
	if err != nil {
		return err
	}
	b.ready = append(slices.Clone(b.ready), accepted)
	return nil
}

// attach attaches the VPC to the transit gateway and routes both ways.
func (b *spokeBuilder) attach() error {
	subnets := pulumi.StringArray{}
	for _, zone := range b.plan.Spec.Zones {
		subnets = append(subnets, b.args.SubnetIDs[zone])
	}
	attachment, err := ec2transitgateway.NewVpcAttachment(b.ctx, b.name, &ec2transitgateway.VpcAttachmentArgs{
		TransitGatewayId: b.args.Reference.TransitGatewayID,
		VpcId:            b.args.VpcID,
		SubnetIds:        subnets,
		Tags:             b.tags(b.name),
	}, b.here(b.ready...)...)
	if err != nil {
		return err
	}
	attached := append(slices.Clone(b.args.Reference.DependsOn), attachment)
	if b.plan.foreign {
		accepted, err := ec2transitgateway.NewVpcAttachmentAccepter(b.ctx, b.name, &ec2transitgateway.VpcAttachmentAccepterArgs{
			TransitGatewayAttachmentId: attachment.ID(),
			// The gateway has no default tables.
			TransitGatewayDefaultRouteTableAssociation: pulumi.Bool(false),
			TransitGatewayDefaultRouteTablePropagation: pulumi.Bool(false),
			Tags: b.tags(b.name),
		}, b.there()...)
		if err != nil {
			return err
		}
		attached = append(attached, accepted)
	}
	association, err := ec2transitgateway.NewRouteTableAssociation(b.ctx, b.name, &ec2transitgateway.RouteTableAssociationArgs{
		TransitGatewayAttachmentId: attachment.ID(),
		TransitGatewayRouteTableId: b.args.Reference.SpokesRouteTableID,
	}, b.there(attached...)...)
	if err != nil {
		return err
	}
	b.routes = append(b.routes, association)
	for _, block := range b.plan.cidrs {
		route, err := ec2transitgateway.NewRoute(b.ctx, b.key("hub", blockKey(block)), &ec2transitgateway.RouteArgs{
			DestinationCidrBlock:       pulumi.String(block.String()),
			TransitGatewayAttachmentId: attachment.ID(),
			TransitGatewayRouteTableId: b.args.Reference.HubRouteTableID,
		}, b.there(attached...)...)
		if err != nil {
			return err
		}
		b.routes = append(b.routes, route)
	}
	b.spoke.AttachmentID = attachment.ID().ToStringOutput()
	gateway := b.args.Reference.TransitGatewayID.ToStringOutput().ToStringPtrOutput()
	return b.route(ec2.RouteArgs{TransitGatewayId: gateway}, attached)
}

// peer peers the VPC with the hub's, accepts it there and routes both ways.
func (b *spokeBuilder) peer() error {
	args := &ec2.VpcPeeringConnectionArgs{
		VpcId:     b.args.VpcID,
		PeerVpcId: b.args.Reference.VpcID,
		Tags:      b.tags(b.name),
	}
	if b.plan.foreign {
		args.PeerOwnerId = pulumi.String(b.plan.Hub.Spec.AccountID)
	}
	connection, err := ec2.NewVpcPeeringConnection(b.ctx, b.name, args, b.here()...)
	if err != nil {
		return err
	}
	accepted, err := ec2.NewVpcPeeringConnectionAccepter(b.ctx, b.name, &ec2.VpcPeeringConnectionAccepterArgs{
		VpcPeeringConnectionId: connection.ID(),
		AutoAccept:             pulumi.Bool(true),
		Tags:                   b.tags(b.name),
	}, b.there()...)
	if err != nil {
		return err
	}
	b.spoke.PeeringConnectionID = connection.ID().ToStringOutput()
	target := connection.ID().ToStringOutput().ToStringPtrOutput()
	return b.route(ec2.RouteArgs{VpcPeeringConnectionId: target}, []pulumi.Resource{accepted})
}

// route routes the spoke's tables to the hub's blocks and the hub's tables to
// the spoke's.
func (b *spokeBuilder) route(target ec2.RouteArgs, dependsOn []pulumi.Resource) error {
	for _, way := range []struct {
		key    string
		tables pulumi.StringMap
		blocks []netip.Prefix
		opts   []pulumi.ResourceOption
	}{
		{"to", b.args.RouteTableIDs, b.plan.Hub.Cidrs, b.here(dependsOn...)},
		{"from", b.args.Reference.RouteTableIDs, b.plan.cidrs, b.there(dependsOn...)},
	} {
		for _, table := range slices.Sorted(maps.Keys(way.tables)) {
			for _, block := range way.blocks {
				args := target
				args.RouteTableId = way.tables[table]
				args.DestinationCidrBlock = pulumi.String(block.String())
				route, err := ec2.NewRoute(b.ctx, b.key(way.key, table, blockKey(block)), &args, way.opts...)
				if err != nil {
					return err
				}
				b.routes = append(b.routes, route)
			}
		}
	}
	return nil
}

// profile associates the VPC with the hub's Profile.
func (b *spokeBuilder) profile() error {
	_, err := route53.NewProfilesAssociation(b.ctx, b.name, &route53.ProfilesAssociationArgs{
		Name:       pulumi.String(b.plan.Spec.Name),
		ProfileId:  b.args.Reference.ProfileID,
		ResourceId: b.args.VpcID,
		Tags:       b.tags(b.name),
	}, b.here(append(slices.Clone(b.ready), b.routes...)...)...)
	return err
}

// associate associates each zone with the VPC. Between accounts the hub
// authorizes it first.
func (b *spokeBuilder) associate() error {
	for _, zone := range b.plan.Hub.Zones {
		key := b.key(zone.Key())
		id := b.args.Reference.ZoneIDs[zone.Name]
		dependsOn := b.routes
		if b.plan.foreign {
			authorization, err := route53.NewVpcAssociationAuthorization(b.ctx, key, &route53.VpcAssociationAuthorizationArgs{
				ZoneId: id,
				VpcId:  b.args.VpcID,
			}, b.there()...)
			if err != nil {
				return err
			}
			dependsOn = append(slices.Clone(dependsOn), authorization)
		}
		_, err := route53.NewZoneAssociation(b.ctx, key, &route53.ZoneAssociationArgs{
			ZoneId: id,
			VpcId:  b.args.VpcID,
		}, b.here(dependsOn...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// blockKey names a block within resource names: "10.20.0.0-16".
func blockKey(block netip.Prefix) string { return strings.ReplaceAll(block.String(), "/", "-") }

package centralendpoints

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2transitgateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ram"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// HubType is the hub's type token.
const HubType = "underlay:centralendpoints:CentralEndpointsHub"

// CentralEndpointsHubArgs are the arguments of a CentralEndpointsHub. The
// component's provider is the hub account's.
type CentralEndpointsHubArgs struct {
	HubSpec
	// VpcID is the hub's VPC. Its DNS support and DNS hostnames must be on, as
	// private hosted zones need them. Required.
	VpcID pulumi.StringInput
	// SubnetIDs are the hub's endpoint subnets by zone name, one for each of
	// Zones. A transit gateway is attached to them too. Required.
	SubnetIDs pulumi.StringMap
	// RouteTableIDs are those of the endpoint subnets, by a key that stays the
	// same: they get the routes back to the spokes. Required.
	RouteTableIDs pulumi.StringMap
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// HubReference is what a spoke needs to know of the hub's resources. Within a
// program Reference returns it; elsewhere it is filled in from the outputs of
// the hub's stack.
type HubReference struct {
	// VpcID is the hub's VPC.
	VpcID pulumi.StringInput
	// RouteTableIDs are the hub's route tables, by a key that stays the same.
	RouteTableIDs pulumi.StringMap
	// ZoneIDs are the private hosted zones by name; with dns "zones".
	ZoneIDs pulumi.StringMap
	// ProfileID is the Route 53 Profile; with dns "profile".
	ProfileID pulumi.StringInput
	// TransitGatewayID and the route tables of hub and spokes on it; with a
	// transit gateway.
	TransitGatewayID   pulumi.StringInput
	HubRouteTableID    pulumi.StringInput
	SpokesRouteTableID pulumi.StringInput
	// ShareArn is the share that the spoke accepts, when the hub shares
	// outside its organization.
	ShareArn pulumi.StringInput
	// DependsOn is what must exist before a spoke uses the rest: the share
	// with its account, the hub's attachment.
	DependsOn []pulumi.Resource
}

// CentralEndpointsHub is a set of endpoints that other VPCs use.
type CentralEndpointsHub struct {
	pulumi.ResourceState

	// EndpointIDs are the endpoints' ids by service.
	EndpointIDs pulumi.StringMapOutput `pulumi:"endpointIds"`
	// SecurityGroupID is the endpoints' security group.
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`
	// ZoneIDs are the private hosted zones' ids by zone name.
	ZoneIDs pulumi.StringMapOutput `pulumi:"zoneIds"`
	// ProfileID is the Route 53 Profile's id; empty with dns "zones".
	ProfileID pulumi.StringOutput `pulumi:"profileId"`
	// TransitGatewayID is the transit gateway's id; empty with peering, as are
	// the route tables.
	TransitGatewayID pulumi.StringOutput `pulumi:"transitGatewayId"`
	// HubRouteTableID is the transit gateway's route table of the hub.
	HubRouteTableID pulumi.StringOutput `pulumi:"hubRouteTableId"`
	// SpokesRouteTableID is the transit gateway's route table of the spokes.
	SpokesRouteTableID pulumi.StringOutput `pulumi:"spokesRouteTableId"`
	// ShareArn is the share with the spokes' accounts; empty without one.
	ShareArn pulumi.StringOutput `pulumi:"shareArn"`

	plan      *HubPlan
	reference HubReference
}

// Plan returns the plan that the hub was built from.
func (h *CentralEndpointsHub) Plan() *HubPlan { return h.plan }

// Reference returns what a spoke needs to know of the hub.
func (h *CentralEndpointsHub) Reference() HubReference { return h.reference }

// NewCentralEndpointsHub builds the hub that args describe. Every problem of
// args is reported at once, before anything is registered: the error then holds
// a problem.List.
func NewCentralEndpointsHub(
	ctx *pulumi.Context, name string, args *CentralEndpointsHubArgs, opts ...pulumi.ResourceOption,
) (*CentralEndpointsHub, error) {
	if args == nil {
		args = &CentralEndpointsHubArgs{}
	}
	hub, err := buildHub(ctx, name, args, opts)
	if err != nil {
		return nil, fmt.Errorf("central endpoints hub %q: %w", name, err)
	}
	return hub, nil
}

// hubName begins the names of the Profile and of the share, to which Pulumi
// puts 8 characters. Profiles take 64 letters, digits, hyphens and underscores.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_CreateProfile.html
var hubName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,55}$`)

// plan plans the spec and checks the values given beside it.
func (a *CentralEndpointsHubArgs) plan(name string) (*HubPlan, error) {
	var problems problem.List
	if !hubName.MatchString(name) {
		problems.Addf("name", name, "use 1 to 56 letters, digits, hyphens and underscores", "cannot begin the name of a Route 53 Profile")
	}
	plan, err := NewHubPlan(a.HubSpec)
	problems.Add("", err)
	if a.VpcID == nil {
		problems.Addf("vpcId", "", "give the hub's VPC", "is missing")
	}
	for _, zone := range a.Zones {
		if a.SubnetIDs[zone.Name] == nil {
			problems.Addf("subnetIds."+zone.Name, "", "give the zone's endpoint subnet", "is missing")
		}
	}
	if len(a.RouteTableIDs) == 0 {
		problems.Addf("routeTableIds", "", "give the route tables of the endpoint subnets", "is missing")
	}
	return plan, problems.Err()
}

func buildHub(ctx *pulumi.Context, name string, args *CentralEndpointsHubArgs, opts []pulumi.ResourceOption) (*CentralEndpointsHub, error) {
	plan, err := args.plan(name)
	if err != nil {
		return nil, err
	}
	none := pulumi.String("").ToStringOutput()
	hub := &CentralEndpointsHub{
		plan: plan, ProfileID: none, TransitGatewayID: none, HubRouteTableID: none, SpokesRouteTableID: none, ShareArn: none,
		reference: HubReference{VpcID: args.VpcID, RouteTableIDs: args.RouteTableIDs},
	}
	if err := ctx.RegisterComponentResource(HubType, name, hub, opts...); err != nil {
		return nil, err
	}
	b := &hubBuilder{ctx: ctx, name: name, args: args, plan: plan, hub: hub}
	for _, step := range []func() error{b.endpoints, b.zones, b.profile, b.transitGateway, b.share} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return hub, ctx.RegisterResourceOutputs(hub, pulumi.Map{
		"endpointIds":        hub.EndpointIDs,
		"securityGroupId":    hub.SecurityGroupID,
		"zoneIds":            hub.ZoneIDs,
		"profileId":          hub.ProfileID,
		"transitGatewayId":   hub.TransitGatewayID,
		"hubRouteTableId":    hub.HubRouteTableID,
		"spokesRouteTableId": hub.SpokesRouteTableID,
		"shareArn":           hub.ShareArn,
	})
}

// hubBuilder registers the resources of one hub.
type hubBuilder struct {
	ctx  *pulumi.Context
	name string
	args *CentralEndpointsHubArgs
	plan *HubPlan
	hub  *CentralEndpointsHub

	set      *endpoints.InterfaceEndpoints
	zoneArns map[string]pulumi.StringInput
	// shared are the ARNs of what is shared with other accounts, by key.
	shared []sharedResource
}

type sharedResource struct {
	key string
	arn pulumi.StringInput
}

func (b *hubBuilder) key(parts ...string) string { return b.name + "-" + strings.Join(parts, "-") }

func (b *hubBuilder) child() pulumi.ResourceOption { return pulumi.Parent(b.hub) }

func (b *hubBuilder) tags(key string) pulumi.StringMapInput { return tags.Merge(b.args.Tags, key, nil) }

func (b *hubBuilder) endpoints() (err error) {
	b.set, err = endpoints.NewInterfaceEndpoints(b.ctx, b.key("endpoints"), &endpoints.InterfaceEndpointsArgs{
		Spec:      b.plan.Endpoints,
		VpcID:     b.args.VpcID,
		SubnetIDs: b.args.SubnetIDs,
		Tags:      b.args.Tags,
	}, b.child())
	if err != nil {
		return err
	}
	b.hub.EndpointIDs, b.hub.SecurityGroupID = b.set.EndpointIDs, b.set.SecurityGroupID
	return nil
}

// zones creates a private hosted zone for each name, in the hub's VPC, with
// alias records to the endpoint.
func (b *hubBuilder) zones() error {
	ids := pulumi.StringMap{}
	b.zoneArns = map[string]pulumi.StringInput{}
	for _, z := range b.plan.Zones {
		key := b.key(z.Key())
		zone, err := route53.NewZone(b.ctx, key, &route53.ZoneArgs{
			Name:    pulumi.String(z.Name),
			Comment: pulumi.String("Central endpoint of " + z.Service),
			Vpcs:    route53.ZoneVpcArray{route53.ZoneVpcArgs{VpcId: b.args.VpcID}},
			Tags:    b.tags(key),
			// The spokes' associations are resources of their own: without
			// this an update of the zone would take them away.
		}, b.child(), pulumi.IgnoreChanges([]string{"vpcs"}))
		if err != nil {
			return err
		}
		entry := b.set.Endpoint(z.Service).DnsEntries.Index(pulumi.Int(0))
		for _, record := range z.Records {
			recordKey := key
			if strings.HasPrefix(record, "*.") {
				recordKey += "-wildcard"
			}
			_, err := route53.NewRecord(b.ctx, recordKey, &route53.RecordArgs{
				ZoneId: zone.ID(),
				Name:   pulumi.String(record),
				Type:   pulumi.String("A"),
				Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
					Name:                 entry.DnsName().Elem(),
					ZoneId:               entry.HostedZoneId().Elem(),
					EvaluateTargetHealth: pulumi.Bool(false),
				}},
			}, b.child())
			if err != nil {
				return err
			}
		}
		ids[z.Name] = zone.ID().ToStringOutput()
		b.zoneArns[z.Name] = zone.Arn
	}
	b.hub.ZoneIDs = ids.ToStringMapOutput()
	b.hub.reference.ZoneIDs = ids
	return nil
}

// profile puts the zones into a Route 53 Profile.
func (b *hubBuilder) profile() error {
	if b.plan.Spec.DNS != DNSProfile {
		return nil
	}
	profile, err := route53.NewProfilesProfile(b.ctx, b.name, &route53.ProfilesProfileArgs{
		Tags: b.tags(b.name),
	}, b.child())
	if err != nil {
		return err
	}
	for _, z := range b.plan.Zones {
		_, err := route53.NewProfilesResourceAssociation(b.ctx, b.key(z.Key()), &route53.ProfilesResourceAssociationArgs{
			Name:        pulumi.String(z.Key()),
			ProfileId:   profile.ID(),
			ResourceArn: b.zoneArns[z.Name],
		}, b.child())
		if err != nil {
			return err
		}
	}
	b.hub.ProfileID = profile.ID().ToStringOutput()
	b.hub.reference.ProfileID = b.hub.ProfileID
	b.shared = append(b.shared, sharedResource{"profile", profile.Arn})
	return nil
}

// transitGateway creates the gateway and attaches the hub. It has no default
// tables: the spokes' table has the way to the hub and none to other spokes.
func (b *hubBuilder) transitGateway() error {
	if b.plan.Spec.Routing != RoutingTransitGateway {
		return nil
	}
	gateway, err := ec2transitgateway.NewTransitGateway(b.ctx, b.name, &ec2transitgateway.TransitGatewayArgs{
		Description:                  pulumi.String("Central endpoints " + b.name),
		AutoAcceptSharedAttachments:  pulumi.String("disable"),
		DefaultRouteTableAssociation: pulumi.String("disable"),
		DefaultRouteTablePropagation: pulumi.String("disable"),
		Tags:                         b.tags(b.name),
	}, b.child())
	if err != nil {
		return err
	}
	tables := map[string]pulumi.StringOutput{}
	for _, side := range []string{"hub", "spokes"} {
		table, err := ec2transitgateway.NewRouteTable(b.ctx, b.key(side), &ec2transitgateway.RouteTableArgs{
			TransitGatewayId: gateway.ID(),
			Tags:             b.tags(b.key(side)),
		}, b.child())
		if err != nil {
			return err
		}
		tables[side] = table.ID().ToStringOutput()
	}
	subnets := pulumi.StringArray{}
	for _, zone := range b.plan.Spec.Zones {
		subnets = append(subnets, b.args.SubnetIDs[zone.Name])
	}
	attachment, err := ec2transitgateway.NewVpcAttachment(b.ctx, b.key("hub"), &ec2transitgateway.VpcAttachmentArgs{
		TransitGatewayId: gateway.ID(),
		VpcId:            b.args.VpcID,
		SubnetIds:        subnets,
		Tags:             b.tags(b.key("hub")),
	}, b.child())
	if err != nil {
		return err
	}
	_, err = ec2transitgateway.NewRouteTableAssociation(b.ctx, b.key("hub"), &ec2transitgateway.RouteTableAssociationArgs{
		TransitGatewayAttachmentId: attachment.ID(),
		TransitGatewayRouteTableId: tables["hub"],
	}, b.child())
	if err != nil {
		return err
	}
	for _, block := range b.plan.Cidrs {
		_, err := ec2transitgateway.NewRoute(b.ctx, b.key("spokes", blockKey(block)), &ec2transitgateway.RouteArgs{
			DestinationCidrBlock:       pulumi.String(block.String()),
			TransitGatewayAttachmentId: attachment.ID(),
			TransitGatewayRouteTableId: tables["spokes"],
		}, b.child())
		if err != nil {
			return err
		}
	}
	h := b.hub
	h.TransitGatewayID, h.HubRouteTableID, h.SpokesRouteTableID = gateway.ID().ToStringOutput(), tables["hub"], tables["spokes"]
	h.reference.TransitGatewayID = h.TransitGatewayID
	h.reference.HubRouteTableID, h.reference.SpokesRouteTableID = h.HubRouteTableID, h.SpokesRouteTableID
	// AWS refuses a VPC's route to a gateway that the VPC is not attached to.
	h.reference.DependsOn = append(h.reference.DependsOn, attachment)
	b.shared = append(b.shared, sharedResource{"transit-gateway", gateway.Arn})
	return nil
}

// share shares the Profile and the transit gateway with the spokes' accounts.
func (b *hubBuilder) share() error {
	if !b.plan.Shared() {
		return nil
	}
	share, err := ram.NewResourceShare(b.ctx, b.name, &ram.ResourceShareArgs{
		AllowExternalPrincipals: pulumi.Bool(b.plan.Spec.ShareOutsideOrganization),
		Tags:                    b.tags(b.name),
	}, b.child())
	if err != nil {
		return err
	}
	for _, what := range b.shared {
		association, err := ram.NewResourceAssociation(b.ctx, b.key(what.key), &ram.ResourceAssociationArgs{
			ResourceArn:      what.arn,
			ResourceShareArn: share.Arn,
		}, b.child())
		if err != nil {
			return err
		}
		b.hub.reference.DependsOn = append(b.hub.reference.DependsOn, association)
	}
	for _, account := range b.plan.Accounts {
		association, err := ram.NewPrincipalAssociation(b.ctx, b.key(account), &ram.PrincipalAssociationArgs{
			Principal:        pulumi.String(account),
			ResourceShareArn: share.Arn,
		}, b.child())
		if err != nil {
			return err
		}
		b.hub.reference.DependsOn = append(b.hub.reference.DependsOn, association)
	}
	b.hub.ShareArn = share.Arn
	b.hub.reference.ShareArn = share.Arn
	return nil
}

package azureprivateendpoints

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	privatedns "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240601"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/internal/outputs"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the type token of AzurePrivateEndpoints.
const Type = "underlay:azureprivateendpoints:AzurePrivateEndpoints"

// AzurePrivateEndpointsArgs are the arguments of AzurePrivateEndpoints: the
// plain Spec that decides its structure, and the ids of what it is built into.
type AzurePrivateEndpointsArgs struct {
	Spec
	// ResourceGroupName is the resource group of everything created. Required.
	ResourceGroupName pulumi.StringInput
	// VnetID is the spoke, whose clients use the endpoints. Required.
	VnetID pulumi.StringInput
	// SubnetID is the endpoints' subnet. Required with Endpoints.
	SubnetID pulumi.StringInput
	// HubVnetIDs are further VNets that the zones are linked to, by a name for
	// each: the one with the DNS servers among them. Default none.
	HubVnetIDs pulumi.StringMap
	// ResourceIDs are the ids of the endpoints' resources by endpoint, where
	// the spec does not have them.
	ResourceIDs pulumi.StringMap
	// ExistingZoneIDs are the ids of central zones by zone name, where the
	// spec does not have them.
	ExistingZoneIDs pulumi.StringMap
	// ForwardTo is the address that own DNS servers forward to, where another
	// resource gives it: AzureHub's ResolverInboundIP.
	ForwardTo pulumi.StringInput
	// Tags are put on every resource that takes tags.
	Tags pulumi.StringMapInput
}

// AzurePrivateEndpoints are private endpoints of Azure's services and their
// private DNS zones.
type AzurePrivateEndpoints struct {
	pulumi.ResourceState

	// ZoneIDs are the zones' ids by zone name, central ones included.
	ZoneIDs pulumi.StringMapOutput `pulumi:"zoneIds"`
	// PostgresZoneID is the id of the zone of injected PostgreSQL servers;
	// what uses it waits until the zone is linked, as Azure asks. Empty without
	// one.
	PostgresZoneID pulumi.StringOutput `pulumi:"postgresZoneId"`
	// EndpointIDs are the private endpoints' ids by name.
	EndpointIDs pulumi.StringMapOutput `pulumi:"endpointIds"`
	// ConditionalForwarders is what DNS servers of one's own must forward: the
	// address to ask by public domain.
	ConditionalForwarders pulumi.StringMapOutput `pulumi:"conditionalForwarders"`

	plan *Plan
}

// Plan returns the plan that the component was built from.
func (c *AzurePrivateEndpoints) Plan() *Plan { return c.plan }

// NewAzurePrivateEndpoints builds the endpoints and zones that args describe.
// Every problem of args is reported at once, before anything is registered: the
// error then holds a problem.List.
func NewAzurePrivateEndpoints(
	ctx *pulumi.Context, name string, args *AzurePrivateEndpointsArgs, opts ...pulumi.ResourceOption,
) (*AzurePrivateEndpoints, error) {
	if args == nil {
		args = &AzurePrivateEndpointsArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("private endpoints %q: %w", name, err)
	}
	component := &AzurePrivateEndpoints{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, component, opts...); err != nil {
		return nil, fmt.Errorf("private endpoints %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, component: component, zoneIDs: pulumi.StringMap{}}
	for _, build := range []func() error{b.warnings, b.zones, b.endpoints} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("private endpoints %q: %w", name, err)
		}
	}
	b.forwarders()
	err = ctx.RegisterResourceOutputs(component, pulumi.Map{
		"zoneIds":               component.ZoneIDs,
		"postgresZoneId":        component.PostgresZoneID,
		"endpointIds":           component.EndpointIDs,
		"conditionalForwarders": component.ConditionalForwarders,
	})
	if err != nil {
		return nil, fmt.Errorf("private endpoints %q: %w", name, err)
	}
	return component, nil
}

// spoke is the key of the spoke's links.
const spoke = "spoke"

// plan plans the spec and checks the values given beside it.
func (a *AzurePrivateEndpointsArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if a.ResourceGroupName == nil {
		problems.Addf("resourceGroupName", "", "give the resource group's name", "is missing")
	}
	if a.VnetID == nil {
		problems.Addf("vnetId", "", "give the spoke's id", "is missing")
	}
	if a.SubnetID == nil && len(a.Endpoints) > 0 {
		problems.Addf("subnetId", "", "give the id of the endpoints' subnet", "is missing")
	}
	for _, name := range slices.Sorted(maps.Keys(a.HubVnetIDs)) {
		if name == spoke || !endpointName.MatchString(name) {
			problems.Addf("hubVnetIds."+name, name, "use lower-case letters, digits and inner hyphens, and not "+spoke, "is not a hub's name")
		}
	}
	a.checkResourceIDs(&problems)
	a.placeExistingZones(plan, &problems)
	if a.ForwardTo != nil && a.Spec.ForwardTo != "" {
		problems.Addf("forwardTo", a.Spec.ForwardTo, "give one of them", "is given twice: in the spec and as an input")
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	plan.Warnings = append(plan.Warnings, a.warnings(plan)...)
	return plan, nil
}

func (a *AzurePrivateEndpointsArgs) checkResourceIDs(problems *problem.List) {
	for _, name := range slices.Sorted(maps.Keys(a.Endpoints)) {
		_, given := a.ResourceIDs[name]
		plain := a.Endpoints[name].ResourceID
		path := "endpoints." + name + ".resourceId"
		switch {
		case !given && plain == "":
			problems.Addf(path, "", "give the resource's id", "is missing")
		case given && plain != "":
			problems.Addf(path, plain, "give one of them", "is given twice: in the spec and as an input")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.ResourceIDs)) {
		if _, wanted := a.Endpoints[name]; !wanted {
			problems.Addf("resourceIds."+name, "", "add the endpoint, or remove the id", "is the id of no endpoint")
		}
	}
}

// placeExistingZones marks the zones that the inputs give. A plan that was
// refused has none to mark.
func (a *AzurePrivateEndpointsArgs) placeExistingZones(plan *Plan, problems *problem.List) {
	for _, name := range slices.Sorted(maps.Keys(a.ExistingZoneIDs)) {
		path := "existingZoneIds." + name
		if plain, twice := a.ExistingZones[name]; twice {
			problems.Addf(path, plain, "give one of them", "is given twice: in the spec and as an input")
		}
		if plan == nil {
			continue
		}
		zone := plan.zone(name)
		if zone == nil {
			problems.Addf(path, "", problem.DidYouMean(name, plan.zoneNames()), "is a zone that no service here uses")
			continue
		}
		zone.Existing = true
	}
}

// warnings says what somebody else must do for names to resolve.
func (a *AzurePrivateEndpointsArgs) warnings(plan *Plan) []string {
	var central, created []string
	for _, zone := range plan.Zones {
		if zone.Existing {
			central = append(central, zone.Name)
		} else {
			created = append(created, zone.Name)
		}
	}
	var warnings []string
	if len(central) > 0 && len(a.DNSServers) == 0 {
		warnings = append(warnings, fmt.Sprintf("the VNet asks Azure's DNS, which answers from a central zone only once the zone is linked to the VNet; have %s linked",
			strings.Join(central, ", ")))
	}
	if len(created) > 0 && len(a.DNSServers) > 0 && len(a.HubVnetIDs) == 0 && a.ForwardTo == nil && plan.Spec.ForwardTo == AzureDNS {
		warnings = append(warnings, fmt.Sprintf("the DNS servers %s must be in the VNet itself, where the zones are linked; give the VNet they are in as a hub otherwise",
			strings.Join(a.DNSServers, ", ")))
	}
	return warnings
}

type builder struct {
	ctx       *pulumi.Context
	name      string
	args      *AzurePrivateEndpointsArgs
	plan      *Plan
	component *AzurePrivateEndpoints
	zoneIDs   pulumi.StringMap
}

func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.component)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

func (b *builder) warnings() error {
	return warn.Log(b.ctx, b.component, b.plan.Warnings)
}

// zones creates the zones that do not exist and links them to the spoke and to
// the hubs.
func (b *builder) zones() error {
	b.component.PostgresZoneID = pulumi.String("").ToStringOutput()
	for _, zone := range b.plan.Zones {
		var id pulumi.StringInput
		switch plain := b.plan.Spec.ExistingZones[zone.Name]; {
		case plain != "":
			id = pulumi.String(plain)
		case zone.Existing:
			id = b.args.ExistingZoneIDs[zone.Name]
		default:
			created, err := b.zone(zone)
			if err != nil {
				return err
			}
			id = created
		}
		b.zoneIDs[zone.Name] = id
		if zone.Injection {
			b.component.PostgresZoneID = id.ToStringOutput()
		}
	}
	b.component.ZoneIDs = b.zoneIDs.ToStringMapOutput()
	return nil
}

// zone creates a zone and its links. Who uses the id it returns waits for the
// links.
func (b *builder) zone(zone Zone) (pulumi.StringOutput, error) {
	key := b.name + "-" + zone.Name
	created, err := privatedns.NewPrivateZone(b.ctx, key, &privatedns.PrivateZoneArgs{
		PrivateZoneName:   pulumi.String(zone.Name),
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          pulumi.String("global"),
		Tags:              b.args.Tags,
	}, b.child()...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	vnets := maps.Clone(b.args.HubVnetIDs)
	if vnets == nil {
		vnets = pulumi.StringMap{}
	}
	vnets[spoke] = b.args.VnetID
	var links []pulumi.Resource
	for _, vnet := range slices.Sorted(maps.Keys(vnets)) {
		args := &privatedns.VirtualNetworkLinkArgs{
			PrivateZoneName:        created.Name,
			ResourceGroupName:      b.args.ResourceGroupName,
			VirtualNetworkLinkName: pulumi.String(b.name + "-" + vnet),
			Location:               pulumi.String("global"),
			RegistrationEnabled:    pulumi.Bool(false),
			VirtualNetwork:         &privatedns.SubResourceArgs{Id: vnets[vnet].ToStringOutput().ToStringPtrOutput()},
			Tags:                   b.args.Tags,
		}
		if !zone.Injection {
			args.ResolutionPolicy = pulumi.String(string(b.plan.Spec.ResolutionPolicy))
		}
		link, err := privatedns.NewVirtualNetworkLink(b.ctx, key+"-"+vnet, args, b.child()...)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		links = append(links, link)
	}
	return outputs.After(created.ID().ToStringOutput(), links...), nil
}

// endpoints creates the private endpoints, each with its zone group.
func (b *builder) endpoints() error {
	ids := pulumi.StringMap{}
	created := map[string]pulumi.Resource{}
	for _, planned := range b.plan.Endpoints {
		endpoint, group, err := b.endpoint(planned, created[planned.After])
		if err != nil {
			return err
		}
		created[planned.Name] = group
		ids[planned.Name] = endpoint.ID().ToStringOutput()
	}
	b.component.EndpointIDs = ids.ToStringMapOutput()
	return nil
}

func (b *builder) endpoint(planned PlannedEndpoint, after pulumi.Resource) (*network.PrivateEndpoint, *network.PrivateDnsZoneGroup, error) {
	key := b.name + "-" + planned.Name
	resource := b.args.ResourceIDs[planned.Name]
	if resource == nil {
		resource = pulumi.String(planned.ResourceID)
	}
	args := &network.PrivateEndpointArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          pulumi.String(b.plan.Spec.Location),
		Subnet:            &network.SubnetTypeArgs{Id: b.args.SubnetID.ToStringOutput().ToStringPtrOutput()},
		PrivateLinkServiceConnections: network.PrivateLinkServiceConnectionArray{&network.PrivateLinkServiceConnectionArgs{
			Name:                 pulumi.String(planned.Name),
			PrivateLinkServiceId: resource.ToStringOutput().ToStringPtrOutput(),
			GroupIds:             pulumi.StringArray{pulumi.String(planned.GroupID)},
		}},
		Tags: b.args.Tags,
	}
	if planned.StaticIP != "" {
		args.IpConfigurations = network.PrivateEndpointIPConfigurationArray{&network.PrivateEndpointIPConfigurationArgs{
			Name:             pulumi.String(planned.Member),
			GroupId:          pulumi.String(planned.GroupID),
			MemberName:       pulumi.String(planned.Member),
			PrivateIPAddress: pulumi.String(planned.StaticIP),
		}}
	}
	var waitsFor []pulumi.Resource
	if after != nil {
		waitsFor = append(waitsFor, after)
	}
	endpoint, err := network.NewPrivateEndpoint(b.ctx, key, args, b.child(waitsFor...)...)
	if err != nil {
		return nil, nil, err
	}
	configs := network.PrivateDnsZoneConfigArray{}
	for _, zone := range planned.Zones {
		configs = append(configs, &network.PrivateDnsZoneConfigArgs{
			Name:             pulumi.String(strings.ReplaceAll(zone, ".", "-")),
			PrivateDnsZoneId: b.zoneIDs[zone].ToStringOutput().ToStringPtrOutput(),
		})
	}
	// Azure allows an endpoint one group: a fixed name makes a second impossible.
	group, err := network.NewPrivateDnsZoneGroup(b.ctx, key, &network.PrivateDnsZoneGroupArgs{
		PrivateDnsZoneGroupName: pulumi.String("default"),
		PrivateEndpointName:     endpoint.Name,
		ResourceGroupName:       b.args.ResourceGroupName,
		PrivateDnsZoneConfigs:   configs,
	}, b.child()...)
	return endpoint, group, err
}

func (b *builder) forwarders() {
	to := b.args.ForwardTo
	if to == nil {
		to = pulumi.String(b.plan.Spec.ForwardTo)
	}
	forwarders := pulumi.StringMap{}
	for _, suffix := range b.plan.ForwardedSuffixes {
		forwarders[suffix] = to
	}
	b.component.ConditionalForwarders = forwarders.ToStringMapOutput()
}

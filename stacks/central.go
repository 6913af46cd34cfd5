package stacks

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/centralendpoints"
	"github.com/underlay-iac/underlay/components/controlplane"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/problem"
)

// DedicatedCentral are interface endpoints in a VPC of their own, the hub, that
// both planes use. The component centralendpoints says more of each field.
type DedicatedCentral struct {
	// Account is how the hub's account is reached. Default: it is the control
	// plane's account.
	Account *DedicatedAccount `json:"account,omitzero"`
	// DataPlaneAccountID is the data plane's account, which the hub is shared
	// with. Required.
	DataPlaneAccountID string `json:"dataPlaneAccountId,omitzero"`
	// VpcCidr is the hub's block; unlike those of the planes alone it may
	// overlap none of theirs. Required.
	VpcCidr string `json:"vpcCidr,omitzero"`
	// Zones are the hub's availability zones, at least two. A zone's position is
	// its slot: append zones, never reorder or remove them. Required.
	Zones []string `json:"zones,omitzero"`
	// ZoneIDs are the zones' ids in the hub's account ("euw1-az1"), in the order
	// of Zones. Default none.
	ZoneIDs []string `json:"zoneIds,omitzero"`
	// ZoneSlots is how many zones the address plan has room for: 3 or 4.
	// Default 3. It cannot change later without moving every subnet.
	ZoneSlots int `json:"zoneSlots,omitzero"`
	// Preset is the list of services to start from. Default every service that
	// either plane needs.
	Preset string `json:"preset,omitzero"`
	// Add are services beyond the preset, by the last part of their name.
	Add []string `json:"add,omitzero"`
	// Remove are services of the preset that are not wanted.
	Remove []string `json:"remove,omitzero"`
	// Overrides are changes to single endpoints, by service. Default none.
	Overrides map[string]endpoints.Override `json:"overrides,omitzero"`
	// DNS says how the services' names reach the planes. Default "profile".
	DNS centralendpoints.DNS `json:"dns,omitzero"`
	// Routing says how packets pass between a plane and the hub. Default
	// "transitGateway".
	Routing centralendpoints.Routing `json:"routing,omitzero"`
	// ShareOutsideOrganization shares by invitation, which the planes accept.
	// Default false: the accounts are of one AWS Organization.
	ShareOutsideOrganization bool `json:"shareOutsideOrganization,omitzero"`
}

// The names of the hub's components, of the spokes' and of its provider.
const (
	centralProviderName = "aws-central"
	centralName         = "central"
	centralHubName      = "central-hub"
	controlSpokeName    = "control-central"
	dataSpokeName       = "net-central"
	// The spokes as the hub names them.
	controlSpoke = "control-plane"
	dataSpoke    = "data-plane"
)

// centralPlan is what a DedicatedCentral comes to.
type centralPlan struct {
	networkSpec controlplane.Spec
	network     *controlplane.Plan
	hub         centralendpoints.HubSpec
}

// presetServices returns the services of a preset; none when there is no such.
func presetServices(name string) []string {
	facts, err := catalog.Load()
	if err != nil {
		return nil // every plan loads the catalogue too, and reports it
	}
	preset, _ := facts.EndpointPreset(name)
	return preset.Services
}

// centralEndpoints returns which endpoints the hub has.
func (s *DedicatedAws) centralEndpoints() (preset string, add []string) {
	central := s.CentralEndpoints
	if central.Preset != "" {
		return central.Preset, central.Add
	}
	add = slices.Clone(central.Add)
	have := presetServices(dataPlanePreset)
	for _, service := range slices.Concat(presetServices(controlPlanePreset), controlplane.ExtraEndpoints(s.ControlPlane.Runtime)) {
		if !slices.Contains(have, service) && !slices.Contains(add, service) {
			add = append(add, service)
		}
	}
	return dataPlanePreset, add
}

// central returns which of the services the hub has.
func (s *DedicatedAws) central(services []string) []string {
	if s.CentralEndpoints == nil {
		return nil
	}
	preset, add := s.centralEndpoints()
	return slices.DeleteFunc(slices.Clone(services), func(service string) bool {
		return slices.Contains(s.CentralEndpoints.Remove, service) || !slices.Contains(slices.Concat(presetServices(preset), add), service)
	})
}

// centralAccount is how the hub's account is reached.
func (s *DedicatedAws) centralAccount() DedicatedAccount {
	if s.CentralEndpoints.Account != nil {
		return *s.CentralEndpoints.Account
	}
	return s.ControlPlane.Account
}

// planCentral plans the hub and checks the planes as its spokes. What is wrong
// with a plane is reported there: without its plan, the hub is not checked. The
// local endpoints are those of the planes.
func (s *DedicatedAws) planCentral(region string, data *dataplane.Plan, control *controlplane.Plan, localData, localControl *endpoints.Plan) (*centralPlan, problem.List) {
	const under = "centralEndpoints"
	var problems problem.List
	central := s.CentralEndpoints
	only := func(path string, account DedicatedAccount) {
		if account.only() == "" {
			problems.Addf(path+".allowedAccountIds", strings.Join(account.AllowedAccountIDs, ", "), "name the one account",
				"is not one account; the hub is shared by account")
		}
	}
	only("controlPlane.account", s.ControlPlane.Account)
	if central.Account != nil {
		only(under+".account", *central.Account)
		problems = append(problems, central.Account.aws(region).checkAccess().Under(under+".account")...)
	}
	if central.DataPlaneAccountID == "" {
		problems.Addf(under+".dataPlaneAccountId", "", "name the data plane's account", "is missing")
	}
	p := &centralPlan{networkSpec: controlplane.Spec{
		Region: region, VpcCidr: central.VpcCidr, Zones: central.Zones, ZoneIDs: central.ZoneIDs, ZoneSlots: central.ZoneSlots, Quotas: s.Quotas,
	}}
	var err error
	p.network, err = controlplane.NewPlan(p.networkSpec)
	problems = append(problems, place(err, under, map[string]string{"region": "", "quotas": ""})...)
	if p.network == nil || data == nil || control == nil {
		return p, problems
	}

	ours := p.network.Endpoints()
	preset, add := s.centralEndpoints()
	p.hub = centralendpoints.HubSpec{
		Region: region, AccountID: s.centralAccount().only(), Zones: ours.Zones, UsableAddresses: ours.UsableAddresses,
		VpcCidrs: []string{p.network.Vpc.String()}, Preset: preset, Add: add, Remove: central.Remove, Overrides: central.Overrides,
		DNS: central.DNS, Routing: central.Routing, ShareOutsideOrganization: central.ShareOutsideOrganization, Quotas: s.Quotas,
		Spokes: []centralendpoints.Spoke{
			{Name: controlSpoke, AccountID: s.ControlPlane.Account.only(), Cidrs: []string{control.Vpc.String()}},
			// The pods' block is none that the hub sees: they leave as nodes.
			{Name: dataSpoke, AccountID: central.DataPlaneAccountID, Cidrs: []string{data.Vpc.String()}},
		},
	}
	if len(problems) > 0 {
		return p, problems // accounts are compared below
	}
	hub, err := centralendpoints.NewHubPlan(p.hub)
	problems = append(problems, placeHub(err, under)...)
	if err != nil {
		return p, problems
	}
	if slices.Contains(hub.Services, "ecr.dkr") && !slices.Contains(data.Spec.GatewayEndpoints, "s3") {
		problems.Addf("dataPlane.gatewayEndpoints", strings.Join(data.Spec.GatewayEndpoints, ", "), "add s3", lacksS3)
	}
	for _, spoke := range []struct {
		name, path string
		zones      []string
		local      *endpoints.Plan
	}{
		{controlSpoke, "controlPlaneEndpoints", s.ControlPlane.Zones, localControl},
		{dataSpoke, "dataPlaneEndpoints", s.DataPlane.Zones, localData},
	} {
		_, err := centralendpoints.NewSpokePlan(s.spoke(p, spoke.name, spoke.zones, spoke.local))
		for _, found := range place(err, "", nil) {
			found.Path = spoke.path // its own is a list made here
			problems = append(problems, found)
		}
	}
	return p, problems
}

// spoke is a plane's side of the hub, with the local endpoints that have private
// DNS.
func (s *DedicatedAws) spoke(p *centralPlan, name string, zones []string, local *endpoints.Plan) centralendpoints.SpokeSpec {
	spec := centralendpoints.SpokeSpec{Hub: p.hub, Name: name, Zones: zones}
	if local != nil {
		for _, endpoint := range local.Endpoints {
			if endpoint.PrivateDNS {
				spec.LocalServices = append(spec.LocalServices, endpoint.Service)
			}
		}
	}
	return spec
}

// placeHub puts the hub's problems where the user wrote their values, also in
// rules that name another field.
func placeHub(err error, under string) problem.List {
	written := strings.NewReplacer(
		"spokes[0].cidrs[0]", "controlPlane.vpcCidr", "spokes[1].cidrs[0]", "dataPlane.vpcCidr", "vpcCidrs[0]", under+".vpcCidr",
		"spokes[1].accountId", under+".dataPlaneAccountId",
	)
	var placed problem.List
	for _, p := range place(err, "", map[string]string{"region": "", "quotas": "", "zones": ""}) {
		path := written.Replace(p.Path)
		if path == p.Path {
			path = under + "." + path
		}
		placed = append(placed, &problem.Problem{Path: path, Value: p.Value, Rule: written.Replace(p.Rule), Fix: p.Fix})
	}
	return placed
}

// central builds the hub in its account, and connects both planes with it.
func (d *dedicatedDeployment) central() error {
	if d.plan.central == nil {
		return nil
	}
	hubProvider := d.controlProvider
	if account := d.spec.CentralEndpoints.Account; account != nil {
		provider, err := account.aws(d.region).newProvider(d.ctx, centralProviderName)
		if err != nil {
			return err
		}
		hubProvider = provider
	}
	plan := d.plan.central
	network, err := controlplane.NewAwsControlPlaneNetwork(d.ctx, centralName, &controlplane.AwsControlPlaneNetworkArgs{
		Spec: plan.networkSpec,
		Tags: d.tags,
	}, pulumi.Provider(hubProvider))
	if err != nil {
		return err
	}
	hub, err := centralendpoints.NewCentralEndpointsHub(d.ctx, centralHubName, &centralendpoints.CentralEndpointsHubArgs{
		HubSpec:   plan.hub,
		VpcID:     network.VpcID,
		SubnetIDs: network.Subnets(addressing.Endpoints),
		// The tier has one table for all zones.
		RouteTableIDs: pulumi.StringMap{"endpoints": network.RouteTables(addressing.Endpoints)[plan.networkSpec.Zones[0]]},
		Tags:          d.tags,
	}, pulumi.Provider(hubProvider))
	if err != nil {
		return err
	}
	for _, spoke := range []struct {
		component string
		args      centralendpoints.CentralEndpointsSpokeArgs
		in        pulumi.ResourceOption
	}{
		{controlSpokeName, centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec: d.spec.spoke(plan, controlSpoke, d.spec.ControlPlane.Zones, d.plan.localControl),
			VpcID:     d.control.VpcID, SubnetIDs: d.control.Subnets(addressing.Private), RouteTableIDs: d.control.RouteTables(addressing.Private),
		}, d.inControl},
		{dataSpokeName, centralendpoints.CentralEndpointsSpokeArgs{
			SpokeSpec: d.spec.spoke(plan, dataSpoke, d.spec.DataPlane.Zones, d.plan.data.set),
			VpcID:     d.data.VpcID, SubnetIDs: d.data.Subnets(addressing.Nodes), RouteTableIDs: d.data.RouteTables(addressing.Nodes),
		}, d.inData},
	} {
		spoke.args.HubProvider, spoke.args.Reference, spoke.args.Tags = hubProvider, hub.Reference(), d.tags
		if _, err := centralendpoints.NewCentralEndpointsSpoke(d.ctx, spoke.component, &spoke.args, spoke.in); err != nil {
			return err
		}
	}
	d.ctx.Export("centralEndpoints", pulumi.Map{
		"vpcId":            network.VpcID,
		"vpcCidr":          network.VpcCidr,
		"subnetIds":        network.SubnetIDs,
		"endpointIds":      hub.EndpointIDs,
		"profileId":        hub.ProfileID,
		"transitGatewayId": hub.TransitGatewayID,
	})
	return nil
}

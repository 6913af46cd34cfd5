package stacks

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/controlplane"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/components/egress"
	"github.com/underlay-iac/underlay/components/endpoints"
	"github.com/underlay-iac/underlay/components/privatelink"
	"github.com/underlay-iac/underlay/components/publicconnector"
	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/problem"
)

// DedicatedAwsModel is the name of the dedicated-aws model.
const DedicatedAwsModel = "dedicated-aws"

// DedicatedAws is the model of both planes in the customer's AWS accounts,
// without internet access. The environment's AWS settings are those of the data
// plane's account; the control plane has an account of its own.
type DedicatedAws struct {
	// ControlPlane is the VPC of the control plane, and its account. Required.
	ControlPlane DedicatedControlPlane `json:"controlPlane"`
	// DataPlane is the VPC of the data plane. Its egress is isolated and its
	// connectivity privatelink. Required.
	DataPlane dataplane.Spec `json:"dataPlane"`
	// ControlPlaneEndpoints are the control plane's interface endpoints.
	// Default those of the preset aws-control-plane. With runtime ec2 that
	// preset has ecs-agent and ecs-telemetry as well.
	ControlPlaneEndpoints *endpoints.Spec `json:"controlPlaneEndpoints,omitzero"`
	// DataPlaneEndpoints are the data plane's interface endpoints. Default
	// those of the preset aws-data-plane.
	DataPlaneEndpoints *endpoints.Spec `json:"dataPlaneEndpoints,omitzero"`
	// CentralEndpoints are interface endpoints in a VPC of their own, in place of
	// those that each plane has. What a plane still has of its own is then by
	// default what the hub lacks. Default none.
	CentralEndpoints *DedicatedCentral `json:"centralEndpoints,omitzero"`
	// Service is the way from the control plane to the data plane's services,
	// through PrivateLink. Default none.
	Service *DedicatedService `json:"service,omitzero"`
	// Bridge is the queues between the planes, in the data plane's account;
	// the control plane's roles, peerRoleArns, get their policies too. Its
	// peerAccountId is by default the control plane's only allowed account.
	// Default none.
	Bridge *sqsbridge.Spec `json:"bridge,omitzero"`
	// Cognito are the user pools that sign users in. Their names, and those of
	// Cognito's own API, are what both planes must reach although no endpoint
	// leads there; the customer lets them out. Enforcement dnsFirewall is on the
	// data plane's VPC; networkFirewall is not for a model without internet.
	// Default none.
	Cognito *egress.Spec `json:"cognito,omitzero"`
	// Tags are put on every resource of both planes.
	Tags map[string]string `json:"tags,omitzero"`
	// Quotas are limits that differ from AWS's defaults, of both accounts, by
	// the catalogue's names ("elastic-ips-per-region").
	Quotas map[string]int `json:"quotas,omitzero"`
}

// DedicatedControlPlane is a control plane's VPC and the account that it is in.
type DedicatedControlPlane struct {
	controlplane.Spec
	// Account is how the control plane's account is reached. Default: as the
	// surroundings have it, which is seldom another account.
	Account DedicatedAccount `json:"account,omitzero"`
}

// DedicatedAccount are the settings of the provider of a second account; its
// region is the environment's.
type DedicatedAccount struct {
	// Profile is the profile of the shared credentials file. Default the
	// credentials of the surroundings.
	Profile string `json:"profile,omitzero"`
	// AllowedAccountIDs are the only accounts that may be deployed to. Name the
	// account: without it, credentials of another one would put the plane there.
	// Default any.
	AllowedAccountIDs []string `json:"allowedAccountIds,omitzero"`
	// AssumeRole is a role to deploy with. Default none.
	AssumeRole *AssumeRole `json:"assumeRole,omitzero"`
}

// only returns the one account that may be deployed to; empty when none or
// several may.
func (a DedicatedAccount) only() string {
	if len(a.AllowedAccountIDs) == 1 {
		return a.AllowedAccountIDs[0]
	}
	return ""
}

// aws returns the settings of the account's provider.
func (a DedicatedAccount) aws(region string) Aws {
	return Aws{Region: region, Profile: a.Profile, AllowedAccountIDs: a.AllowedAccountIDs, AssumeRole: a.AssumeRole}
}

// DedicatedService is an endpoint service in the data plane and the endpoint in
// the control plane that connects to it. The component privatelink says more of
// each field.
type DedicatedService struct {
	// Listeners are the ports of the data plane's services. Default one: TCP
	// on 443, passed through to port 443 of the targets.
	Listeners []publicconnector.Listener `json:"listeners,omitzero"`
	// AllowedPrincipals are the ARNs that may ask to connect. Default the root
	// of the control plane's account, when its allowedAccountIds is one.
	AllowedPrincipals []string `json:"allowedPrincipals,omitzero"`
	// AcceptanceRequired lets other connections than the control plane's,
	// which is accepted here, wait for your consent. Default true.
	AcceptanceRequired *bool `json:"acceptanceRequired,omitzero"`
	// PrivateDNSName is the service's name once its domain is verified. Default
	// none.
	PrivateDNSName string `json:"privateDnsName,omitzero"`
	// VerificationZoneID is the public Route 53 zone of that domain, in the
	// data plane's account, which gets the record that proves the domain.
	// Default none: DNS is kept elsewhere.
	VerificationZoneID string `json:"verificationZoneId,omitzero"`
	// VerifyPrivateDNS says, with DNS kept elsewhere, that the record of the
	// output service.txtRecord is published. Default false.
	VerifyPrivateDNS bool `json:"verifyPrivateDns,omitzero"`
	// PrivateDNS lets PrivateDNSName resolve in the control plane. AWS refuses it
	// before the name is verified and the connection accepted: deploy once
	// without. Default false.
	PrivateDNS bool `json:"privateDns,omitzero"`
	// Alias is names for the endpoint in a private zone of the control plane.
	// Not with PrivateDNS. Default none.
	Alias *privatelink.Alias `json:"alias,omitzero"`
	// CrossZone lets each zone serve the targets of every zone; AWS charges for
	// traffic between zones. Default true.
	CrossZone *bool `json:"crossZone,omitzero"`
	// ProxyProtocolV2 puts the client's address before each connection, for
	// targets that understand it. Default false.
	ProxyProtocolV2 bool `json:"proxyProtocolV2,omitzero"`
	// EnforceInboundRules says whether the load balancer admits the control
	// plane's VPC alone. Default "off".
	EnforceInboundRules privatelink.InboundRules `json:"enforceInboundRules,omitzero"`
	// DeletionProtection keeps the load balancer from being deleted. Default
	// true: set it to false and deploy before a destroy.
	DeletionProtection *bool `json:"deletionProtection,omitzero"`
}

// Model returns "dedicated-aws".
func (*DedicatedAws) Model() string { return DedicatedAwsModel }

// The names of the control plane's components, and of its provider. Those of
// the data plane are as in shared-aws.
const (
	controlProviderName  = "aws-control-plane"
	controlName          = "control"
	controlEndpointsName = "control-endpoints"
	controlConnectorName = "control-connector"
	controlBridgeName    = "control-bridge"
)

// The presets of the two planes' interface endpoints.
const (
	controlPlanePreset = "aws-control-plane"
	dataPlanePreset    = "aws-data-plane"
)

// dedicatedAwsPlan is what a DedicatedAws comes to.
type dedicatedAwsPlan struct {
	data             *sharedAwsPlan
	control          *controlplane.Plan
	controlSpec      controlplane.Spec
	controlEndpoints endpoints.Spec
	// localControl is the plan of the control plane's endpoints.
	localControl *endpoints.Plan
	// central is nil without central endpoints.
	central *centralPlan
}

// data is the data plane as shared-aws has it, which plans the same network
// and endpoints.
func (s *DedicatedAws) data() *SharedAws {
	data := &SharedAws{DataPlane: s.DataPlane, Tags: s.Tags, Quotas: s.Quotas}
	data.DataPlane.Egress = dataplane.EgressIsolated
	if s.DataPlaneEndpoints != nil {
		spec := *s.DataPlaneEndpoints
		spec.Preset = cmp.Or(spec.Preset, dataPlanePreset)
		data.Endpoints = &spec
	} else if central := s.central(presetServices(dataPlanePreset)); len(central) > 0 {
		data.Endpoints = &endpoints.Spec{Preset: dataPlanePreset, Central: central}
	}
	if s.Cognito != nil {
		spec := *s.Cognito
		spec.DedicatedControlPlane = true
		if spec.Enforcement == egress.EnforceNetworkFirewall { // refused by plan
			spec.Enforcement, spec.NetworkFirewall, spec.ExtraNames = "", nil, nil
		}
		data.Cognito = &spec
	}
	return data
}

// plan validates the spec and plans its components. The error is a
// problem.List with every problem of the spec, at paths within it.
func (s *DedicatedAws) plan(region string) (*dedicatedAwsPlan, error) {
	var problems problem.List
	if egress := s.DataPlane.Egress; egress != "" && egress != dataplane.EgressIsolated {
		problems.Addf("dataPlane.egress", string(egress), "remove it, or use the model "+SharedAwsModel,
			"is not isolated, and this model has no internet access")
	}
	if s.Cognito != nil && s.Cognito.Enforcement == egress.EnforceNetworkFirewall {
		problems.Addf("cognito.enforcement", string(s.Cognito.Enforcement), "use none or dnsFirewall, or the model "+SharedAwsModel,
			"is a way out with an internet gateway, and this model has no internet access")
	}
	data, err := s.data().plan(region)
	problems = append(problems, place(err, "", map[string]string{"endpoints": "dataPlaneEndpoints"})...)
	p := &dedicatedAwsPlan{data: data, controlSpec: s.ControlPlane.Spec}
	var network *dataplane.Plan
	if data != nil {
		network = data.network
	}

	p.controlSpec.Region, p.controlSpec.Quotas = region, s.Quotas
	// The data plane reports the quotas, and the environment the region.
	reported := map[string]string{"region": "", "quotas": ""}
	p.control, err = controlplane.NewPlan(p.controlSpec)
	problems = append(problems, place(err, "controlPlane", reported)...)
	problems = append(problems, s.ControlPlane.Account.aws(region).checkAccess().Under("controlPlane.account")...)

	p.controlEndpoints = s.controlEndpoints(region, p.control)
	p.localControl, err = endpoints.NewPlan(p.controlEndpoints)
	problems = append(problems, place(err, "controlPlaneEndpoints", map[string]string{
		"region": "", "quotas": "", "zones": "", "zoneIds": "controlPlane.zoneIds", "sourceCidrs": "",
	})...)
	if s.CentralEndpoints != nil {
		var local *endpoints.Plan
		if data != nil {
			local = data.set
		}
		var found problem.List
		p.central, found = s.planCentral(region, network, p.control, local, p.localControl)
		problems = append(problems, found...)
	}
	if s.Service != nil {
		problems = append(problems, s.checkService(region, network, p.control)...)
	}
	if s.Bridge != nil {
		problems = append(problems, s.checkBridge(region)...)
	}
	return p, problems.Err()
}

// controlEndpoints returns the endpoints of the control plane with its facts
// filled in. Without a plan of it, what can be checked is checked.
func (s *DedicatedAws) controlEndpoints(region string, control *controlplane.Plan) endpoints.Spec {
	if control == nil {
		control = &controlplane.Plan{Spec: s.ControlPlane.Spec}
		control.Spec.Region, control.Spec.Quotas = region, s.Quotas
		for _, zone := range s.ControlPlane.Zones {
			control.Zones = append(control.Zones, controlplane.Zone{Name: zone})
		}
	}
	whole := control.Endpoints()
	if s.ControlPlaneEndpoints == nil {
		whole.Central = s.central(slices.Concat(presetServices(controlPlanePreset), whole.Add))
		return whole
	}
	spec := *s.ControlPlaneEndpoints
	spec.Region, spec.Zones, spec.SourceCidrs = region, whole.Zones, whole.SourceCidrs
	spec.UsableAddresses, spec.Quotas = whole.UsableAddresses, s.Quotas
	spec.Preset = cmp.Or(spec.Preset, controlPlanePreset)
	if spec.Preset != controlPlanePreset {
		return spec
	}
	spec.Add = slices.Clone(spec.Add)
	for _, service := range whole.Add {
		if !slices.Contains(spec.Add, service) && !slices.Contains(spec.Remove, service) {
			spec.Add = append(spec.Add, service)
		}
	}
	return spec
}

// listeners returns the service's listeners with their default.
func (s *DedicatedService) listeners() []publicconnector.Listener {
	return (&Connector{Listeners: s.Listeners}).listeners()
}

// provider is the service's side in the data plane.
func (s *DedicatedAws) provider(region string, network *dataplane.Plan) privatelink.ProviderSpec {
	service := s.Service
	spec := privatelink.ProviderSpec{
		Region: region, Zones: connectorZones(s.data()), TargetCidrs: targetCidrs(network), Quotas: s.Quotas,
		Listeners: service.listeners(), AllowedPrincipals: service.AllowedPrincipals,
		AcceptanceRequired: service.AcceptanceRequired, PrivateDNSName: service.PrivateDNSName,
		VerificationZoneID: service.VerificationZoneID, VerifyPrivateDNS: service.VerifyPrivateDNS,
		CrossZone: service.CrossZone, ProxyProtocolV2: service.ProxyProtocolV2,
		EnforceInboundRules: service.EnforceInboundRules, DeletionProtection: service.DeletionProtection,
	}
	if id := s.ControlPlane.Account.only(); len(spec.AllowedPrincipals) == 0 && id != "" {
		spec.AllowedPrincipals = []string{"arn:aws:iam::" + id + ":root"}
	}
	if spec.EnforceInboundRules == privatelink.InboundRulesOn {
		spec.ClientCidrs = []string{s.ControlPlane.VpcCidr}
	}
	return spec
}

// consumer is the service's side in the control plane. Zones are compared by
// id, where both planes have theirs.
func (s *DedicatedAws) consumer(region string) privatelink.ConsumerSpec {
	spec := privatelink.ConsumerSpec{
		Region: region, SourceCidrs: []string{s.ControlPlane.VpcCidr}, Quotas: s.Quotas,
		PrivateDNS: s.Service.PrivateDNS, Alias: s.Service.Alias,
	}
	for _, listener := range s.Service.listeners() {
		spec.Ports = append(spec.Ports, listener.Port)
	}
	for i, name := range s.ControlPlane.Zones {
		zone := privatelink.Zone{Name: name}
		if i < len(s.ControlPlane.ZoneIDs) {
			zone.ID = s.ControlPlane.ZoneIDs[i]
		}
		spec.Zones = append(spec.Zones, zone)
	}
	if len(s.ControlPlane.ZoneIDs) > 0 {
		spec.ServiceZoneIDs = s.DataPlane.ZoneIDs
	}
	return spec
}

// checkService returns everything that is wrong with the service. What is wrong
// with a plane is reported there: without its plan, that part is left out.
func (s *DedicatedAws) checkService(region string, network *dataplane.Plan, control *controlplane.Plan) problem.List {
	// The ports are the listeners', which the provider's side has checked.
	moved := map[string]string{
		"region": "", "quotas": "", "zones": "", "zoneIds": "", "targetCidrs": "", "clientCidrs": "", "sourceCidrs": "",
		"serviceZoneIds": "", "ports": "",
	}
	_, err := privatelink.NewProviderPlan(s.provider(region, network))
	problems := place(err, "service", moved)
	if control != nil {
		moved["zones"] = "controlPlane.zones"
	}
	_, err = privatelink.NewConsumerPlan(s.consumer(region))
	problems = append(problems, place(err, "service", moved)...)
	if s.Service.PrivateDNS && s.Service.PrivateDNSName == "" {
		problems.Addf("service.privateDns", "true", "set privateDnsName, or remove it", "lets no name resolve")
	}
	const both = "give the zones' ids of both planes: names mean other zones in another account"
	switch theirs, ours := len(s.DataPlane.ZoneIDs) > 0, len(s.ControlPlane.ZoneIDs) > 0; {
	case theirs && !ours:
		problems.Addf("controlPlane.zoneIds", "", both, "is missing, while dataPlane.zoneIds is given")
	case ours && !theirs:
		problems.Addf("dataPlane.zoneIds", "", both, "is missing, while controlPlane.zoneIds is given")
	}
	return problems
}

// bridge is the bridge's spec with the environment's facts filled in.
func (s *DedicatedAws) bridge(region string) sqsbridge.Spec {
	spec := *s.Bridge
	spec.Region, spec.Quotas = region, s.Quotas
	spec.PeerAccountID = cmp.Or(spec.PeerAccountID, s.ControlPlane.Account.only())
	return spec
}

// warnings are those of the networks and of the connection between them.
func (s *DedicatedAws) warnings(in Regions) ([]string, error) {
	p, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	warnings := slices.Concat(p.control.Warnings, p.data.network.Warnings)
	if p.central != nil {
		warnings = append(warnings, p.central.network.Warnings...)
	}
	if s.Service != nil {
		consumer, err := privatelink.NewConsumerPlan(s.consumer(in.Aws))
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, consumer.Warnings...)
	}
	return warnings, nil
}

// accounts are those that are named as the data plane's.
func (s *DedicatedAws) accounts() map[string]string {
	accounts := map[string]string{}
	if s.Bridge != nil {
		accounts["bridge.localAccountId"] = s.Bridge.LocalAccountID
	}
	if s.CentralEndpoints != nil {
		accounts["centralEndpoints.dataPlaneAccountId"] = s.CentralEndpoints.DataPlaneAccountID
	}
	return accounts
}

// existingRoles are those of both planes: the peer's get their policies here.
func (s *DedicatedAws) existingRoles() []string {
	if s.Bridge == nil {
		return nil
	}
	return append(s.Bridge.ExistingRoles(), s.Bridge.PeerRoleArns...)
}

// checkBridge returns everything that is wrong with the bridge.
func (s *DedicatedAws) checkBridge(region string) problem.List {
	var problems problem.List
	spec := s.bridge(region)
	if spec.LocalPlane != "" && spec.LocalPlane != sqsbridge.DataPlane {
		problems.Addf("bridge.localPlane", string(spec.LocalPlane), "remove it", "is not dataPlane, whose account has the queues in this model")
	}
	if spec.PeerRole != nil {
		problems.Addf("bridge.peerRole", "", "name the control plane's own roles in peerRoleArns",
			"would be a role of the data plane's account, which the control plane does not need")
		spec.PeerRole = nil
	}
	allowed := s.ControlPlane.Account.AllowedAccountIDs
	if id := s.Bridge.PeerAccountID; id != "" && len(allowed) > 0 && !slices.Contains(allowed, id) {
		problems.Addf("bridge.peerAccountId", id, "remove one of them", "is not among controlPlane.account.allowedAccountIds")
	}
	spec.LocalPlane = sqsbridge.DataPlane
	_, err := sqsbridge.NewPlan(spec)
	return append(problems, place(err, "bridge", map[string]string{"region": "", "quotas": ""})...)
}

// Addresses returns the ranges of both VPCs and of the pods. The VPCs may
// overlap: PrivateLink does not route between them.
func (s *DedicatedAws) Addresses(in Regions) ([]AddressRange, error) {
	plan, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	ranges, err := s.data().Addresses(in)
	if err != nil {
		return nil, err
	}
	for i := range ranges {
		ranges[i].Name = "data plane " + ranges[i].Name
	}
	ranges = append([]AddressRange{controlAddresses("control plane VPC", plan.control)}, ranges...)
	if plan.central != nil {
		ranges = append(ranges, controlAddresses("central endpoints VPC", plan.central.network))
	}
	return ranges, nil
}

// controlAddresses are the range and the subnets of a VPC like a control plane's.
func controlAddresses(name string, plan *controlplane.Plan) AddressRange {
	r := AddressRange{Name: name, Prefix: plan.Vpc, Slots: plan.Spec.ZoneSlots}
	var used []netip.Prefix
	for _, subnet := range plan.Subnets {
		r.Subnets = append(r.Subnets, AddressSubnet{
			Tier: string(subnet.Tier), Zone: subnet.Zone.Name, Prefix: subnet.Cidr, Usable: addressing.Usable(subnet.Cidr),
		})
		used = append(used, subnet.Cidr)
	}
	r.Free = addressing.Free(r.Prefix, used)
	return r
}

// placements are the blocks of both planes that must not move once they are
// deployed.
func (s *DedicatedAws) placements(in Regions) ([]placement, error) {
	p, err := s.plan(in.Aws)
	if err != nil {
		return nil, err
	}
	data, err := s.data().placements(in)
	if err != nil {
		return nil, err
	}
	placed := append(data, controlPlacements("controlPlane", controlName, p.control)...)
	if p.central != nil {
		placed = append(placed, controlPlacements("centralEndpoints", centralName, p.central.network)...)
	}
	return placed, nil
}

// controlPlacements are the blocks of a VPC like a control plane's, of the
// component of that name, which the configuration decides at path.
func controlPlacements(path, name string, plan *controlplane.Plan) []placement {
	placed := []placement{{path: path + ".vpcCidr", token: vpcToken, name: name + "-vpc", group: "vpc", cidr: plan.Vpc}}
	for _, subnet := range plan.Subnets {
		placed = append(placed, placement{
			path: path + ".zones", token: subnetToken, name: name + "-" + subnet.Key(), group: string(subnet.Tier), cidr: subnet.Cidr,
		})
	}
	return placed
}

// deploy registers the model's resources.
func (s *DedicatedAws) deploy(ctx *pulumi.Context, env *Environment) error {
	plan, err := s.plan(env.Aws.Region)
	if err != nil {
		return err
	}
	dataProvider, err := env.Aws.newProvider(ctx, "aws")
	if err != nil {
		return err
	}
	controlProvider, err := s.ControlPlane.Account.aws(env.Aws.Region).newProvider(ctx, controlProviderName)
	if err != nil {
		return err
	}
	d := &dedicatedDeployment{
		ctx: ctx, spec: s, plan: plan, region: env.Aws.Region, tags: pulumi.ToStringMap(s.Tags),
		inData: pulumi.Provider(dataProvider), inControl: pulumi.Provider(controlProvider), controlProvider: controlProvider,
		networks: pulumi.Map{},
	}
	d.handover = pulumi.Map{"networks": d.networks}
	for _, build := range []func() error{d.dataPlane, d.controlPlane, d.central, d.service, d.bridge} {
		if err := build(); err != nil {
			return err
		}
	}
	exportHandover(ctx, env, d.handover)
	return nil
}

// dedicatedDeployment registers the resources of one environment.
type dedicatedDeployment struct {
	ctx    *pulumi.Context
	spec   *DedicatedAws
	plan   *dedicatedAwsPlan
	region string
	tags   pulumi.StringMap
	// inData and inControl are the providers of the two accounts.
	inData, inControl pulumi.ResourceOption
	controlProvider   *aws.Provider

	data    *dataplane.AwsDataPlaneNetwork
	control *controlplane.AwsControlPlaneNetwork
	// handover is what is handed over, networks a part of it.
	handover, networks pulumi.Map
}

func (d *dedicatedDeployment) dataPlane() error {
	network, err := dataplane.NewAwsDataPlaneNetwork(d.ctx, networkName, &dataplane.AwsDataPlaneNetworkArgs{
		Spec: d.plan.data.dataPlane,
		Tags: d.tags,
	}, d.inData)
	if err != nil {
		return err
	}
	d.data = network
	ids := pulumi.StringMap{}.ToStringMapOutput()
	if d.plan.data.endpoints != nil {
		set, err := endpoints.NewInterfaceEndpoints(d.ctx, endpointsName, &endpoints.InterfaceEndpointsArgs{
			Spec:      *d.plan.data.endpoints,
			VpcID:     network.VpcID,
			SubnetIDs: network.Subnets(addressing.Endpoints),
			Tags:      d.tags,
		}, d.inData)
		if err != nil {
			return err
		}
		ids = set.EndpointIDs
	}
	d.ctx.Export("dataPlane", pulumi.Map{
		"vpcId":              network.VpcID,
		"vpcCidrs":           network.VpcCidrs,
		"subnetIds":          network.SubnetIDs,
		"routeTableIds":      network.RouteTableIDs,
		"zoneIds":            network.ZoneIDs,
		"gatewayEndpointIds": network.GatewayEndpointIDs,
		"endpointIds":        ids,
	})
	d.networks["dataPlane"] = pulumi.Map{"vpcId": network.VpcID, "cidrs": network.VpcCidrs, "zoneIds": network.ZoneIDs}
	if d.plan.data.cognito != nil {
		way, err := deployCognito(d.ctx, d.plan.data.cognitoSpec, network, d.tags, d.inData)
		if err != nil {
			return err
		}
		d.handover["requiredNames"] = way.Names
	}
	return nil
}

func (d *dedicatedDeployment) controlPlane() error {
	network, err := controlplane.NewAwsControlPlaneNetwork(d.ctx, controlName, &controlplane.AwsControlPlaneNetworkArgs{
		Spec: d.plan.controlSpec,
		Tags: d.tags,
	}, d.inControl)
	if err != nil {
		return err
	}
	d.control = network
	ids := pulumi.StringMap{}.ToStringMapOutput()
	if len(d.plan.localControl.Endpoints) > 0 {
		set, err := endpoints.NewInterfaceEndpoints(d.ctx, controlEndpointsName, &endpoints.InterfaceEndpointsArgs{
			Spec:      d.plan.controlEndpoints,
			VpcID:     network.VpcID,
			SubnetIDs: network.Subnets(addressing.Endpoints),
			Tags:      d.tags,
		}, d.inControl)
		if err != nil {
			return err
		}
		ids = set.EndpointIDs
	}
	d.ctx.Export("controlPlane", pulumi.Map{
		"vpcId":              network.VpcID,
		"vpcCidr":            network.VpcCidr,
		"subnetIds":          network.SubnetIDs,
		"routeTableIds":      network.RouteTableIDs,
		"zoneIds":            network.ZoneIDs,
		"gatewayEndpointIds": network.GatewayEndpointIDs,
		"endpointIds":        ids,
	})
	d.networks["controlPlane"] = pulumi.Map{
		"vpcId": network.VpcID, "cidrs": pulumi.StringArray{network.VpcCidr}, "zoneIds": network.ZoneIDs,
	}
	return nil
}

// service connects the planes: the service in one, the endpoint in the other,
// and the first one's consent.
func (d *dedicatedDeployment) service() error {
	if d.spec.Service == nil {
		return nil
	}
	provider, err := privatelink.NewPrivateLinkProvider(d.ctx, connectorName, &privatelink.PrivateLinkProviderArgs{
		ProviderSpec: d.spec.provider(d.region, d.data.Plan()),
		VpcID:        d.data.VpcID,
		SubnetIDs:    d.data.Subnets(addressing.Nodes),
		Tags:         d.tags,
	}, d.inData)
	if err != nil {
		return err
	}
	consumer, err := privatelink.NewPrivateLinkConsumer(d.ctx, controlConnectorName, &privatelink.PrivateLinkConsumerArgs{
		ConsumerSpec: d.spec.consumer(d.region),
		ServiceName:  provider.ServiceName,
		VpcID:        d.control.VpcID,
		SubnetIDs:    d.control.Subnets(addressing.Endpoints),
		Tags:         d.tags,
	}, d.inControl)
	if err != nil {
		return err
	}
	if *provider.Plan().Spec.AcceptanceRequired {
		if err := provider.Accept(d.ctx, controlName, consumer.EndpointID); err != nil {
			return err
		}
	}
	d.ctx.Export("service", pulumi.Map{
		"serviceName":     provider.ServiceName,
		"targetGroupArns": provider.TargetGroupArns,
		"txtRecord":       provider.TxtRecord,
		"endpointId":      consumer.EndpointID,
		"dnsName":         consumer.DNSName,
		"names":           consumer.Names,
	})
	d.handover["connector"] = pulumi.Map{
		"kind": pulumi.String(ConnectorPrivateLink), "serviceName": provider.ServiceName,
		"ports": handoverPorts(d.spec.Service.listeners()),
	}
	return nil
}

func (d *dedicatedDeployment) bridge() error {
	if d.spec.Bridge == nil {
		return nil
	}
	spec := d.spec.bridge(d.region)
	bridge, err := sqsbridge.NewSqsBridge(d.ctx, bridgeName, &sqsbridge.SqsBridgeArgs{
		Spec: spec,
		Tags: d.tags,
	}, d.inData)
	if err != nil {
		return err
	}
	peer, err := sqsbridge.NewSqsBridgePeer(d.ctx, controlBridgeName, &sqsbridge.SqsBridgePeerArgs{
		Spec:             spec,
		ToDataPlaneArn:   bridge.QueueArns.MapIndex(pulumi.String("toDataPlane")),
		FromDataPlaneArn: bridge.QueueArns.MapIndex(pulumi.String("fromDataPlane")),
		Tags:             d.tags,
	}, d.inControl)
	if err != nil {
		return err
	}
	d.ctx.Export("bridge", pulumi.Map{
		"queueUrls":    bridge.QueueURLs,
		"roleArns":     bridge.RoleArns,
		"peerRoleArns": peer.RoleArns,
	})
	d.handover["queueUrls"] = bridge.QueueURLs
	return nil
}

package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/components/appgateway"
	"github.com/underlay-iac/underlay/components/azurehub"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/problem"
)

// AksLandingZoneModel is the name of the aks-landing-zone model.
const AksLandingZoneModel = "aks-landing-zone"

// AksLandingZone is the model of a hub and a spoke around a private AKS cluster.
type AksLandingZone struct {
	// ResourceGroups are the groups that are made. Required.
	ResourceGroups LandingZoneGroups `json:"resourceGroups,omitzero"`
	// Hub is the hub. Its spokes are those beside the model's own. Required.
	//
	// Its AKS follows from the cluster.
	Hub azurehub.Spec `json:"hub"`
	// Spoke is the cluster's VNet. Its egress is customerFirewall, the hub's
	// firewall; that and the peering "hub" are filled in. Its DNS servers are by
	// default the firewall, where that is the DNS proxy. With an ingress its roles
	// have applicationGateway by default. Required.
	Spoke azurevnet.Spec `json:"spoke"`
	// Cluster is the cluster. Its access is by default privateOwnZone, and its
	// zone then "privatelink.<location>.azmk8s.io". Required.
	Cluster AzureCluster `json:"cluster"`
	// PrivateEndpoints are the private endpoints and their zones, which are
	// linked to the hub too. Default the zones of aks, blob, registry and vault.
	PrivateEndpoints *AzureEndpoints `json:"privateEndpoints,omitzero"`
	// Ingress is the application gateway in the spoke. Default none.
	Ingress *LandingZoneIngress `json:"ingress,omitzero"`
	// Tags are put on every resource.
	Tags map[string]string `json:"tags,omitzero"`
}

// LandingZoneGroups are the names of the resource groups.
type LandingZoneGroups struct {
	// Hub is the hub's group. Required.
	Hub string `json:"hub,omitzero"`
	// Spoke is the group of everything else. Required.
	Spoke string `json:"spoke,omitzero"`
}

// LandingZoneIngress is the application gateway.
type LandingZoneIngress struct {
	appgateway.Spec
	// KeyVaultID is the id of the vault with the certificates. Required.
	KeyVaultID string `json:"keyVaultId,omitzero"`
}

// Model returns "aks-landing-zone".
func (*AksLandingZone) Model() string { return AksLandingZoneModel }

// needsAws is false: there is nothing in AWS.
func (*AksLandingZone) needsAws() bool { return false }

// The names of the model's further components, peerings and spokes.
const (
	hubName     = "hub"
	spokeName   = "spoke"
	ingressName = "ingress"
)

// landingZonePlan is what an AksLandingZone comes to.
type landingZonePlan struct {
	hubSpec azurehub.Spec
	hub     *azurehub.Plan
	*azureNetwork
	ingressSpec appgateway.Spec
	ingress     *appgateway.Plan
}

// plan validates the spec and plans its components. The error is a
// problem.List with every problem of the spec, at paths within it.
func (s *AksLandingZone) plan(in Regions) (*landingZonePlan, error) {
	problems := checkAzureTags(s.Tags)
	checkGroup(&problems, "resourceGroups.hub", s.ResourceGroups.Hub)
	checkGroup(&problems, "resourceGroups.spoke", s.ResourceGroups.Spoke)
	if hub := s.ResourceGroups.Hub; hub != "" && strings.EqualFold(hub, s.ResourceGroups.Spoke) {
		problems.Addf("resourceGroups.spoke", s.ResourceGroups.Spoke, "use another name", "is the hub's group")
	}
	problems = append(problems, s.checkFilledIn()...)

	// The spoke needs the firewall's address, the firewall the spoke's blocks.
	p := &landingZonePlan{hubSpec: s.hub(in.Azure)}
	alone, err := azurehub.NewPlan(p.hubSpec)
	if err != nil {
		alone = nil // what is wrong with it is reported below
	}
	cluster := s.cluster(in.Azure)
	var more []addressing.AzureRole
	if s.Ingress != nil {
		more = append(more, addressing.AzureAppGateway)
	}
	var found problem.List
	p.azureNetwork, found = planAzure(in.Azure, spokeName, s.spoke(alone), &cluster, more...)
	for _, q := range found {
		unknown := alone == nil && q.Path == spokeName+".firewall.privateIp"
		if unknown || strings.HasPrefix(q.Path, spokeName+".peerings."+hubName+".") {
			p.twice = append(p.twice, q)
			continue
		}
		problems = append(problems, q)
	}
	problems = append(problems, checkVnetIDs(s.Spoke).Under(spokeName)...)
	problems = append(problems, checkMachines(s.Cluster.Spec)...)

	p.hubSpec.AKS = p.traffic(cluster)
	p.hub, err = azurehub.NewPlan(p.hubSpec)
	for _, q := range place(err, hubName, map[string]string{"location": "location", "aks": "cluster"}) {
		path, own := strings.CutPrefix(q.Path, hubName+".spokes."+spokeName+".cidrs")
		if own {
			q.Path = spokeName + ".addressSpace" + path
		}
		if (own || strings.HasPrefix(q.Path, "cluster.")) && reported(problems, q.Path) {
			p.twice = append(p.twice, q)
			continue
		}
		problems = append(problems, q)
	}
	problems = append(problems, p.planEndpoints(s.endpoints(), problems)...)
	problems = append(problems, p.checkZone()...)
	if s.Ingress != nil {
		problems = append(problems, p.planIngress(s.Ingress)...)
	}
	return p, p.problems(problems).Err()
}

// checkFilledIn returns what is set although the model fills it in.
func (s *AksLandingZone) checkFilledIn() problem.List {
	var problems problem.List
	filled := func(path, from string, set bool) {
		if set {
			problems.Addf(path, "", "remove it", "is set, but follows from %s", from)
		}
	}
	filled("hub.aks", "the cluster", s.Hub.AKS != nil)
	_, set := s.Hub.Spokes[spokeName]
	filled("hub.spokes."+spokeName, "the spoke", set)
	_, set = s.Spoke.Peerings[hubName]
	filled("spoke.peerings."+hubName, "the hub", set)
	if firewall := s.Spoke.Firewall; firewall != nil {
		filled("spoke.firewall.privateIp", "the hub", firewall.PrivateIP != "")
		filled("spoke.firewall.controlPlaneIp", "the hub", firewall.ControlPlaneIP != "")
		filled("spoke.firewall.egressIps", "the hub", len(firewall.EgressIPs) > 0)
	}
	if s.Spoke.Egress != "" && s.Spoke.Egress != azurevnet.EgressCustomerFirewall {
		problems.Addf("spoke.egress", string(s.Spoke.Egress), "remove it", "is not customerFirewall, the only one of this model")
	}
	for name, spoke := range sorted(s.Hub.Spokes) {
		if name != spokeName && spoke.VnetID == "" {
			problems.Addf("hub.spokes."+name+".vnetId", "", "give the VNet's id", "is missing")
		}
	}
	return problems
}

// hub is the hub's spec with the spoke filled in.
func (s *AksLandingZone) hub(location string) azurehub.Spec {
	spec := s.Hub
	spec.Location, spec.AKS = location, nil
	spec.Spokes = map[string]azurehub.Spoke{}
	maps.Copy(spec.Spokes, s.Hub.Spokes)
	spec.Spokes[spokeName] = azurehub.Spoke{Cidrs: s.Spoke.AddressSpace}
	return spec
}

// spoke is the spoke's spec with the hub filled in; nil is a hub that is
// refused.
func (s *AksLandingZone) spoke(hub *azurehub.Plan) azurevnet.Spec {
	spec := s.Spoke
	spec.Egress = azurevnet.EgressCustomerFirewall
	firewall := azurevnet.Firewall{}
	if spec.Firewall != nil {
		firewall.PropagateBgpRoutes, firewall.ExtraRoutes = spec.Firewall.PropagateBgpRoutes, spec.Firewall.ExtraRoutes
	}
	spec.Firewall = &firewall
	if hub == nil {
		return spec
	}
	subnet, _ := hub.Subnet(azurehub.SlotFirewall)
	firewall.PrivateIP = firewallAddress(subnet.Prefix).String()
	if len(spec.DNS.Servers) == 0 && *hub.Spec.Firewall.DNSProxy {
		spec.DNS.Servers = []string{firewall.PrivateIP}
	}
	peerings := map[string]azurevnet.Peering{}
	maps.Copy(peerings, spec.Peerings)
	peerings[hubName] = azurevnet.Peering{AddressSpace: []string{hub.Vnet.String()}}
	spec.Peerings = peerings
	return spec
}

// firewallAddress is what Azure gives a firewall, which its subnet holds alone:
// the first address that Azure does not keep.
// https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
func firewallAddress(subnet netip.Prefix) netip.Addr {
	addr := subnet.Addr()
	for range 4 {
		addr = addr.Next()
	}
	return addr
}

// cluster is the cluster with the model's defaults.
func (s *AksLandingZone) cluster(location string) AzureCluster {
	cluster := s.Cluster
	if cluster.API.Access == "" {
		cluster.API.Access = aks.PrivateOwnZone
	}
	if cluster.API.Access == aks.PrivateOwnZone && cluster.API.PrivateZone == "" {
		cluster.API.PrivateZone = fmt.Sprintf("privatelink.%s.azmk8s.io", location)
	}
	return cluster
}

// endpoints are the private endpoints with their default.
func (s *AksLandingZone) endpoints() *AzureEndpoints {
	if s.PrivateEndpoints != nil {
		return s.PrivateEndpoints
	}
	endpoints := &AzureEndpoints{}
	endpoints.Services = []string{"aks", "blob", "registry", "vault"}
	return endpoints
}

// traffic is what the firewall lets the cluster send; nil when the spoke is
// refused.
func (p *landingZonePlan) traffic(cluster AzureCluster) *azurehub.AKS {
	if p.vnet == nil {
		return nil
	}
	traffic := &azurehub.AKS{Features: cluster.Features, PublicAPI: cluster.API.Access == aks.Public}
	if nodes, ok := p.vnet.Subnet(string(addressing.AzureNodes)); ok {
		traffic.NodeCidrs = []string{nodes.Cidr.String()}
	}
	if pods := p.clusterSpec.Vnet.Pods; pods != nil {
		traffic.PodCidrs = []string{pods.Cidr}
	}
	return traffic
}

var vaultID = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+$`)

// planIngress plans the application gateway.
func (p *landingZonePlan) planIngress(ingress *LandingZoneIngress) problem.List {
	var problems problem.List
	switch {
	case ingress.KeyVaultID == "":
		problems.Addf("ingress.keyVaultId", "", "give the id of the vault with the certificates", "is missing")
	case !vaultID.MatchString(ingress.KeyVaultID):
		problems.Addf("ingress.keyVaultId", ingress.KeyVaultID,
			"give /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>", "is not the id of a key vault")
	}
	p.ingressSpec = ingress.Spec
	p.ingressSpec.Location = p.location
	moved := map[string]string{"location": "location", "subnetCidr": spokeName + ".subnets." + string(addressing.AzureAppGateway)}
	subnet := azurevnet.PlannedSubnet{}
	if p.vnet != nil {
		subnet, _ = p.vnet.Subnet(string(addressing.AzureAppGateway))
	}
	if subnet.Cidr.IsValid() {
		p.ingressSpec.SubnetCidr = subnet.Cidr.String()
	} else {
		moved["subnetCidr"] = "" // reported by the VNet, or here
		if p.vnet != nil {
			problems.Addf("spoke.roles", "", "add "+string(addressing.AzureAppGateway), "has no subnet for the application gateway")
		}
	}
	var err error
	p.ingress, err = appgateway.NewPlan(p.ingressSpec)
	return append(problems, place(err, ingressName, moved)...)
}

// warnings are those of the networks, the cluster and the ingress.
func (s *AksLandingZone) warnings(in Regions) ([]string, error) {
	p, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	warnings := append(slices.Clone(p.hub.Warnings), p.azureNetwork.warnings()...)
	if p.ingress != nil {
		warnings = append(warnings, p.ingress.Warnings...)
		public := slices.Contains(p.ingress.Spec.Frontends, appgateway.Public)
		if public && len(s.Spoke.Subnets[addressing.AzureAppGateway].Allow) == 0 {
			warnings = append(warnings, "spoke.subnets.applicationGateway.allow is empty: nobody on the internet reaches the public frontend")
		}
	}
	return warnings, nil
}

// Addresses returns the ranges of both VNets.
func (s *AksLandingZone) Addresses(in Regions) ([]AddressRange, error) {
	p, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	hub := AddressRange{Name: "hub VNet", Prefix: p.hub.Vnet}
	var used []netip.Prefix
	for _, subnet := range p.hub.Subnets {
		hub.Subnets = append(hub.Subnets, AddressSubnet{
			Tier: string(subnet.Slot), Prefix: subnet.Prefix, Usable: addressing.Usable(subnet.Prefix),
		})
		used = append(used, subnet.Prefix)
	}
	hub.Free = addressing.Free(hub.Prefix, used)
	return append([]AddressRange{hub}, p.addresses("spoke VNet")...), nil
}

// placements are the blocks of both VNets that must not move once they are
// deployed.
func (s *AksLandingZone) placements(in Regions) ([]placement, error) {
	p, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	placed := append(p.azureNetwork.placements(spokeName), placement{
		path: "hub.vnetCidr", token: vnetToken, name: hubName, group: "vnet", cidr: p.hub.Vnet,
	})
	for _, subnet := range p.hub.Subnets {
		placed = append(placed, placement{
			path: "hub.subnets." + string(subnet.Slot), token: azureSubnetToken, name: hubName + "-" + string(subnet.Slot),
			group: string(subnet.Slot), cidr: subnet.Prefix,
		})
	}
	return placed, nil
}

// deploy registers the model's resources.
func (s *AksLandingZone) deploy(ctx *pulumi.Context, env *Environment) error {
	plan, err := s.plan(env.regions())
	if err != nil {
		return err
	}
	provider, err := env.Azure.newProvider(ctx)
	if err != nil {
		return err
	}
	d := &landingZone{
		ctx: ctx, env: env, spec: s, plan: plan, in: pulumi.Provider(provider), tags: pulumi.ToStringMap(s.Tags), networks: pulumi.Map{},
	}
	d.handover = pulumi.Map{
		"networks":       d.networks,
		"subscriptionId": pulumi.String(env.Azure.SubscriptionID),
		"resourceGroup":  pulumi.String(s.ResourceGroups.Spoke),
	}
	for _, build := range []func() error{d.hubAndSpoke, d.cluster, d.ingress} {
		if err := build(); err != nil {
			return err
		}
	}
	exportHandover(ctx, env, d.handover)
	return nil
}

// landingZone registers the resources of one environment.
type landingZone struct {
	ctx  *pulumi.Context
	env  *Environment
	spec *AksLandingZone
	plan *landingZonePlan
	tags pulumi.StringMap
	// in is the provider of everything but the cluster.
	in pulumi.ResourceOption

	group   pulumi.StringInput // the spoke's, known once it is made
	hub     *azurehub.AzureHub
	spoke   *azurevnet.AzureSecureVnet
	zoneIDs pulumi.StringMapOutput
	// handover is what is handed over, networks a part of it.
	handover, networks pulumi.Map
}

// hubAndSpoke makes the two VNets, which name each other in their peerings, and
// the zones that both use.
func (d *landingZone) hubAndSpoke() error {
	hubGroup, err := d.env.Azure.newGroup(d.ctx, groupKey+"-"+hubName, d.spec.ResourceGroups.Hub, d.tags, d.in)
	if err != nil {
		return err
	}
	group, err := d.env.Azure.newGroup(d.ctx, groupKey+"-"+spokeName, d.spec.ResourceGroups.Spoke, d.tags, d.in)
	if err != nil {
		return err
	}
	d.group = group.Name
	later, resolve := pulumi.DeferredOutput[string](d.ctx.Context())
	d.hub, err = azurehub.NewAzureHub(d.ctx, hubName, &azurehub.AzureHubArgs{
		Spec:              d.plan.hubSpec,
		ResourceGroupName: hubGroup.Name,
		SpokeVnetIDs:      pulumi.StringMap{spokeName: pulumi.StringOutput{OutputState: later.OutputState}},
		Tags:              d.tags,
	}, d.in)
	if err != nil {
		return err
	}
	d.spoke, err = azurevnet.NewAzureSecureVnet(d.ctx, spokeName, &azurevnet.AzureSecureVnetArgs{
		Spec:              d.plan.vnetSpec,
		ResourceGroupName: d.group,
		FirewallPrivateIP: d.hub.FirewallPrivateIP,
		RemoteVnetIDs:     map[string]pulumi.StringInput{hubName: d.hub.VnetID},
		Tags:              d.tags,
	}, d.in)
	if err != nil {
		// Else the hub would wait for the spoke for ever.
		resolve(pulumi.String("").ToStringOutput().ApplyT(func(string) (string, error) { return "", err }))
		return err
	}
	resolve(d.spoke.VnetID)
	d.ctx.Export("hub", pulumi.Map{
		"vnetId": d.hub.VnetID, "subnetIds": d.hub.SubnetIDs, "firewallPrivateIp": d.hub.FirewallPrivateIP,
		"firewallPolicyId": d.hub.FirewallPolicyID, "publicIps": d.hub.PublicIPs, "resolverInboundIp": d.hub.ResolverInboundIP,
	})
	d.ctx.Export("spoke", pulumi.Map{
		"vnetId": d.spoke.VnetID, "subnetIds": d.spoke.SubnetIDs, "routeTableIds": d.spoke.RouteTableIDs,
	})
	d.networks[hubName] = pulumi.Map{
		"vnetId": d.hub.VnetID, "cidrs": pulumi.StringArray{pulumi.String(d.plan.hub.Vnet.String())},
		"subnetIds": d.hub.SubnetIDs,
	}
	spoke := handoverVnet(d.spoke)
	spoke["egressIps"] = d.hub.PublicIPs // all that leaves passes the firewall
	d.networks[spokeName] = spoke
	if entry := d.plan.hub.Spec.ControlPlane; entry != nil {
		d.handover["connector"] = pulumi.Map{
			"kind": pulumi.String(ConnectorInternet), "address": d.hub.PublicIPs.Index(pulumi.Int(0)), "ports": pulumi.IntArray{pulumi.Int(entry.Port)},
		}
	}
	return d.endpoints()
}

func (d *landingZone) endpoints() error {
	links := pulumi.StringMap{hubName: d.hub.VnetID}
	if d.spec.PrivateEndpoints != nil {
		for _, name := range d.spec.PrivateEndpoints.LinkPeerings {
			if name != hubName {
				links[name] = pulumi.String(d.spec.Spoke.Peerings[name].RemoteVnetID)
			}
		}
	}
	var forwardTo pulumi.StringInput
	if d.plan.hub.Spec.Resolver != nil && d.plan.endpointsSpec.ForwardTo == "" {
		forwardTo = d.hub.ResolverInboundIP
	}
	set, err := d.plan.deployEndpoints(d.ctx, d.group, d.spoke, links, forwardTo, d.tags, d.in)
	if err != nil {
		return err
	}
	d.zoneIDs = set.ZoneIDs
	d.handover["privateZoneIds"] = set.ZoneIDs
	return nil
}

// cluster makes the cluster once all its traffic finds its way: both sides of
// the peering, the routes, the firewall's rules.
func (d *landingZone) cluster() error {
	provider, err := d.env.Azure.newClusterProvider(d.ctx)
	if err != nil {
		return err
	}
	ids := d.plan.clusterIDs(d.spoke, d.hub)
	ids.EgressAddresses = d.hub.PublicIPs
	if zone := d.plan.clusterSpec.API.PrivateZone; zone != "" {
		ids.PrivateZoneID = d.zoneIDs.MapIndex(pulumi.String(zone))
	}
	cluster, err := aks.NewAksCluster(d.ctx, clusterName, &aks.AksClusterArgs{
		Spec:              d.plan.clusterSpec,
		IDs:               ids,
		ClusterProvider:   provider,
		ResourceGroupName: d.group,
		Tags:              d.tags,
	}, d.in)
	if err != nil {
		return err
	}
	outputs := clusterOutputs(cluster)
	outputs["maxNodes"], outputs["limitedBy"] = cluster.MaxNodes, cluster.LimitedBy
	d.ctx.Export("cluster", outputs)
	return nil
}

func (d *landingZone) ingress() error {
	if d.spec.Ingress == nil {
		return nil
	}
	gateway, err := appgateway.NewAppGatewayIngress(d.ctx, ingressName, &appgateway.AppGatewayIngressArgs{
		Spec:              d.plan.ingressSpec,
		ResourceGroupName: d.group,
		SubnetID:          whole(d.spoke, addressing.AzureAppGateway),
		KeyVaultID:        pulumi.String(d.spec.Ingress.KeyVaultID),
		Tags:              d.tags,
	}, d.in)
	if err != nil {
		return err
	}
	d.ctx.Export("ingress", pulumi.Map{
		"gatewayId": gateway.GatewayID, "publicIp": gateway.PublicIP, "privateIp": gateway.PrivateIP, "principalId": gateway.PrincipalID,
	})
	return nil
}

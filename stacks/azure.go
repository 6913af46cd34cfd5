package stacks

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	resources "github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/components/azureprivateendpoints"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/internal/outputs"
	"github.com/underlay-iac/underlay/problem"
)

// Azure are the settings of the Azure providers that a model's resources use.
// They keep Pulumi's own keys, azure-native:location and so on. What is not
// among them, secrets above all, the providers take from the surroundings: the
// Azure CLI's login, ARM_CLIENT_SECRET.
type Azure struct {
	// Location is the Azure region in its short form, "westeurope". Required.
	Location string `json:"location,omitzero"`
	// SubscriptionID is the subscription that is deployed to. Required: the
	// login's own would be whichever was used last.
	SubscriptionID string `json:"subscriptionId,omitzero"`
	// TenantID is the subscription's Entra tenant. Default the login's.
	TenantID string `json:"tenantId,omitzero"`
	// ClientID is the application that deploys. Default the login.
	ClientID string `json:"clientId,omitzero"`
	// UseOIDC signs in with a token of the surroundings' identity provider.
	UseOIDC bool `json:"useOidc,omitzero"`
	// UseMSI signs in as the managed identity of the machine.
	UseMSI bool `json:"useMsi,omitzero"`
}

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// check returns everything that is wrong with the settings, at paths within
// them.
func (a Azure) check(facts *catalog.Catalog) problem.List {
	var problems problem.List
	problems.Add("location", facts.CheckAzureRegion(a.Location))
	if a.SubscriptionID == "" {
		problems.Addf("subscriptionId", "", "give the id of the subscription to deploy to", "is missing")
	}
	for _, id := range []struct{ path, value string }{
		{"subscriptionId", a.SubscriptionID}, {"tenantId", a.TenantID}, {"clientId", a.ClientID},
	} {
		if id.value != "" && !guidPattern.MatchString(id.value) {
			problems.Addf(id.path, id.value, "give the id, not a name", "is not a GUID")
		}
	}
	if a.UseOIDC && a.UseMSI {
		problems.Addf("useMsi", "true", "set one of them", "is set, and useOidc too")
	}
	return problems
}

// providerArgs are the settings as both majors of the Azure provider take them.
func (a Azure) providerArgs() *azure.ProviderArgs {
	args := &azure.ProviderArgs{
		Location: pulumi.String(a.Location), SubscriptionId: pulumi.String(a.SubscriptionID),
	}
	if a.TenantID != "" {
		args.TenantId = pulumi.String(a.TenantID)
	}
	if a.ClientID != "" {
		args.ClientId = pulumi.String(a.ClientID)
	}
	if a.UseOIDC {
		args.UseOidc = pulumi.Bool(true)
	}
	if a.UseMSI {
		args.UseMsi = pulumi.Bool(true)
	}
	return args
}

// newProvider registers the explicit provider of everything in Azure but
// clusters.
func (a Azure) newProvider(ctx *pulumi.Context) (*azure.Provider, error) {
	return azure.NewProvider(ctx, "azure", a.providerArgs())
}

// newClusterProvider registers the explicit provider of AKS clusters.
func (a Azure) newClusterProvider(ctx *pulumi.Context) (*azure.Provider, error) {
	return aks.NewClusterProvider(ctx, "azure-clusters", a.providerArgs())
}

// groupName is what a resource group may be called.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var groupName = regexp.MustCompile(`^[\pL\pN_().-]{0,89}[\pL\pN_()-]$`)

// checkGroup checks the name of a resource group that is made.
func checkGroup(problems *problem.List, path, name string) {
	switch {
	case name == "":
		problems.Addf(path, "", "name the resource group to make", "is missing")
	case !groupName.MatchString(name):
		problems.Addf(path, name, "use 1 to 90 letters, digits and ._()-, the last no dot", "is not a resource group's name")
	}
}

// newGroup registers a resource group.
func (a Azure) newGroup(
	ctx *pulumi.Context, key, name string, tags pulumi.StringMap, opts ...pulumi.ResourceOption,
) (*resources.ResourceGroup, error) {
	return resources.NewResourceGroup(ctx, key, &resources.ResourceGroupArgs{
		ResourceGroupName: pulumi.String(name), Location: pulumi.String(a.Location), Tags: tags,
	}, opts...)
}

// What Azure takes as tags.
// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
const (
	azureTags             = 50
	azureTagKeyLength     = 128 // storage accounts'; others take 512
	azureTagValueLength   = 256
	azureTagForbiddenSign = `<>%&\?/`
)

// checkAzureTags checks tags that are put on every resource in Azure.
func checkAzureTags(tags map[string]string) problem.List {
	var problems problem.List
	if len(tags) > azureTags {
		problems.Addf("tags", strconv.Itoa(len(tags)), fmt.Sprintf("give at most %d", azureTags), "are more than Azure takes of a resource")
	}
	folded := map[string]string{}
	for key, value := range sorted(tags) {
		path := "tags." + key
		switch first, twice := folded[strings.ToLower(key)]; {
		case key == "":
			problems.Addf("tags", "", "give it a name", "has a tag with an empty name")
		case twice:
			problems.Addf(path, value, "remove one", "is the tag %s too: Azure does not tell letter cases apart", first)
		case len([]rune(key)) > azureTagKeyLength:
			problems.Addf("tags."+key[:20]+"…", value, fmt.Sprintf("use at most %d", azureTagKeyLength), "has a name of %d characters", len([]rune(key)))
		case strings.ContainsAny(key, azureTagForbiddenSign):
			problems.Addf(path, value, "leave out "+azureTagForbiddenSign, "has a sign in its name that Azure does not take")
		}
		folded[strings.ToLower(key)] = key
		if count := len([]rune(value)); count > azureTagValueLength {
			problems.Addf(path, string([]rune(value)[:20])+"…", fmt.Sprintf("use at most %d", azureTagValueLength), "has a value of %d characters", count)
		}
	}
	return problems
}

// AzureCluster is the AKS cluster of a VNet. Its egress, egressIps and
// reachableCidrs follow from the VNet.
type AzureCluster struct {
	aks.Spec
	// Features are what the cluster uses beyond AKS's base, and has to reach:
	// "monitor", "policy", "defender", "gitops", "os-updates". Default none.
	Features []catalog.AKSFeature `json:"features,omitzero"`
}

// AzureEndpoints are the private endpoints of a VNet and their zones.
type AzureEndpoints struct {
	azureprivateendpoints.Spec
	// LinkPeerings are peerings of the VNet whose other VNets the zones are
	// linked to as well: those with the DNS servers. Default none.
	LinkPeerings []string `json:"linkPeerings,omitzero"`
}

// azureNetwork is what a VNet, the cluster in it and its private endpoints come
// to. Each has to know of the others.
type azureNetwork struct {
	// at is the VNet's path within the spec.
	at       string
	location string
	vnetSpec azurevnet.Spec
	// vnet is nil when it is refused; what can be checked without is checked.
	vnet *azurevnet.Plan
	// cluster is nil without one, or when it is refused.
	clusterSpec aks.Spec
	cluster     *aks.Plan
	endpoints   *azureprivateendpoints.Plan
	// endpointsSpec are the endpoints' with the network's facts filled in.
	endpointsSpec azureprivateendpoints.Spec
	// twice are problems that another component reports as well.
	twice problem.List
}

// problems returns what is wrong; without anything, what was thought to be
// reported by another component.
func (n *azureNetwork) problems(found problem.List) problem.List {
	if len(found) == 0 {
		return n.twice
	}
	return found
}

// planAzure plans a VNet and the cluster in it, if there is one. Unless the VNet
// names its roles, it has those that the cluster needs and more. The problems
// are at their paths within the model's spec: the VNet's under at, the cluster's
// under "cluster".
func planAzure(location, at string, vnet azurevnet.Spec, cluster *AzureCluster, more ...addressing.AzureRole) (*azureNetwork, problem.List) {
	n := &azureNetwork{at: at, location: location, vnetSpec: vnet}
	n.vnetSpec.Location = location
	if vnet.Roles == nil {
		n.vnetSpec.Roles = append(azurevnet.DefaultRoles(), more...)
		if cluster != nil && integrated(cluster.API.Access) {
			n.vnetSpec.Roles = append(n.vnetSpec.Roles, addressing.AzureAPIServer)
		}
	}
	var problems problem.List
	if cluster != nil {
		problems = n.planCluster(cluster)
	}
	var err error
	n.vnet, err = azurevnet.NewPlan(n.vnetSpec)
	for _, p := range place(err, at, map[string]string{"location": "location", "cluster": "cluster"}) {
		if !strings.HasPrefix(p.Path, "cluster.") || !reported(problems, p.Path) {
			problems = append(problems, p)
		}
	}
	return n, problems
}

// reported reports whether there is a problem at that path already.
func reported(problems problem.List, path string) bool {
	return slices.ContainsFunc(problems, func(p *problem.Problem) bool { return p.Path == path })
}

// integrated reports whether the API server has a subnet.
func integrated(access aks.APIAccess) bool {
	return access == "" || access == aks.VnetIntegrationPrivate || access == aks.VnetIntegrationPublic
}

// checkVnetIDs checks the ids that another resource could give, and here none does.
func checkVnetIDs(spec azurevnet.Spec) problem.List {
	var problems problem.List
	for name, peering := range sorted(spec.Peerings) {
		if peering.RemoteVnetID == "" {
			problems.Addf("peerings."+name+".remoteVnetId", "", "give the other VNet's id", "is missing")
		}
	}
	if spec.FlowLogs != nil && spec.FlowLogs.StorageAccountID == "" {
		problems.Addf("flowLogs.storageAccountId", "", "give the storage account's id", "is missing")
	}
	return problems
}

// planCluster plans the cluster by the VNet, and tells the VNet of the cluster.
func (n *azureNetwork) planCluster(cluster *AzureCluster) problem.List {
	var problems problem.List
	for _, field := range []struct {
		name, from string
		set        bool
	}{
		{"egress", n.at + ".egress", cluster.Egress != ""},
		{"egressIps", n.at + ".firewall.egressIps", len(cluster.EgressIPs) > 0},
		{"reachableCidrs", n.at + ".peerings and " + n.at + ".onPremises", len(cluster.ReachableCidrs) > 0},
	} {
		if field.set {
			problems.Addf("cluster."+field.name, "", "remove it", "is set, but follows from %s", field.from)
		}
	}
	access := cluster.API.Access
	n.vnetSpec.Cluster = azurevnet.Cluster{
		Features: cluster.Features, PublicAPI: access == aks.Public, SystemZone: access == aks.PrivateSystemZone, Created: cluster.Created,
		PodCidr: cluster.PodCidr, ServiceCidr: cluster.ServiceCidr,
	}
	vnet, err := azurevnet.NewPlan(n.vnetSpec)
	if err != nil {
		vnet = nil // what is wrong with it is reported once it knows the cluster
	}
	n.clusterSpec = clusterSpec(cluster.Spec, n.location, vnet)
	n.cluster, err = aks.NewPlan(n.clusterSpec)
	for _, p := range place(err, "cluster", map[string]string{
		"location": "location", "egress": n.at + ".egress", "egressIps": n.at + ".firewall.egressIps", "reachableCidrs": "reachableCidrs", "vnet": "vnet",
	}) {
		if q := n.placeVnet(p, vnet != nil); q != nil {
			problems = append(problems, q)
		} else {
			n.twice = append(n.twice, p)
		}
	}
	if n.cluster != nil { // whose plan has the defaults
		n.vnetSpec.Cluster.PodCidr, n.vnetSpec.Cluster.ServiceCidr = n.cluster.Spec.PodCidr, n.cluster.Spec.ServiceCidr
	}
	return problems
}

// placeVnet puts what a cluster misses in its VNet where the VNet's subnets are
// chosen; nil is for what the VNet reports itself.
func (n *azureNetwork) placeVnet(p *problem.Problem, planned bool) *problem.Problem {
	part, ofVnet := strings.CutPrefix(p.Path, "vnet.")
	q := *p
	switch {
	case strings.HasPrefix(p.Path, "reachableCidrs"), strings.HasPrefix(p.Path, n.at+".firewall."):
		return nil
	case !ofVnet && (planned || p.Path != n.at+".egress"):
		return p
	case !planned:
		return nil
	case part == string(addressing.AzurePods), part == string(addressing.AzureAPIServer):
		q.Path, q.Fix = n.at+".roles", "add "+part
		q.Rule = "has no " + part + strings.TrimPrefix(p.Rule, "is missing")
	case part == "nodes.routeTable":
		q.Path, q.Value, q.Fix = "cluster.model", string(n.clusterSpec.Model), "use another model, or egress customerFirewall"
		q.Rule = "needs a route table on the node subnet, which the VNet has only with a firewall"
	default:
		return nil
	}
	return &q
}

// clusterSpec returns the cluster's spec with the facts of its VNet filled in.
// Pods have the addresses of the VNet where it has a subnet for them.
func clusterSpec(spec aks.Spec, location string, vnet *azurevnet.Plan) aks.Spec {
	spec.Location, spec.EgressIPs, spec.ReachableCidrs = location, nil, nil
	if vnet == nil {
		return spec
	}
	spec.Egress = aks.EgressMode(vnet.Spec.Egress)
	if vnet.Spec.Firewall != nil {
		spec.EgressIPs = vnet.Spec.Firewall.EgressIPs
	}
	spec.ReachableCidrs = reachable(vnet.Spec)
	subnet := func(role addressing.AzureRole) *aks.Subnet {
		s, ok := vnet.Subnet(string(role))
		if !ok {
			return nil
		}
		return &aks.Subnet{Name: s.Name, Cidr: s.Cidr.String(), Delegation: s.Delegation, RouteTable: s.RouteTable}
	}
	pods := subnet(addressing.AzurePods)
	if spec.Model == "" && pods != nil {
		spec.Model = aks.PodSubnet
	}
	spec.Vnet = aks.Vnet{
		Nodes: *subnet(addressing.AzureNodes), DNSServers: vnet.DNSServers,
		InboundIP: vnet.Spec.PublicAddresses != nil && vnet.Spec.PublicAddresses.Inbound == azurevnet.InboundSeparate,
	}
	for _, block := range vnet.AddressSpace {
		spec.Vnet.Cidrs = append(spec.Vnet.Cidrs, block.String())
	}
	if spec.Model == aks.PodSubnet || spec.Model == aks.PodSubnetStatic {
		spec.Vnet.Pods = pods
	}
	if integrated(spec.API.Access) {
		spec.Vnet.APIServer = subnet(addressing.AzureAPIServer)
	}
	return spec
}

// reachable are the blocks of peers and on premises that no other of them holds.
func reachable(spec azurevnet.Spec) []string {
	var blocks []netip.Prefix
	add := func(cidr string) {
		if block, err := addressing.Parse(cidr); err == nil {
			blocks = append(blocks, block)
		}
	}
	for _, peering := range sorted(spec.Peerings) {
		for _, cidr := range peering.AddressSpace {
			add(cidr)
		}
	}
	for _, cidr := range spec.OnPremises {
		add(cidr)
	}
	var kept []string
	for i, block := range blocks {
		held := slices.ContainsFunc(blocks, func(other netip.Prefix) bool { return other.Bits() < block.Bits() && other.Overlaps(block) })
		if !held && slices.Index(blocks, block) == i {
			kept = append(kept, block.String())
		}
	}
	return kept
}

// checkMachines checks what a cluster that is made needs beside its network.
func checkMachines(cluster aks.Spec) problem.List {
	var problems problem.List
	for i, pool := range cluster.Pools {
		if pool.VMSize == "" {
			problems.Addf(fmt.Sprintf("cluster.pools[%d].vmSize", i), "", "give one, for example Standard_D4ds_v5", "is missing")
		}
	}
	return problems
}

// linkName is what a link of a zone may be called.
var linkName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// planEndpoints plans the private endpoints, with paths under
// "privateEndpoints". What is among found already is left out.
func (n *azureNetwork) planEndpoints(spec *AzureEndpoints, found problem.List) problem.List {
	n.endpointsSpec = spec.Spec
	n.endpointsSpec.Location, n.endpointsSpec.DNSServers = n.location, n.vnetSpec.DNS.Servers
	var problems problem.List
	if n.vnet != nil {
		subnet, ok := n.vnet.Subnet(string(addressing.AzurePrivateEndpoints))
		switch {
		case ok:
			n.endpointsSpec.SubnetCidr = subnet.Cidr.String()
		case len(spec.Endpoints) > 0:
			problems.Addf(n.at+".roles", "", "add "+string(addressing.AzurePrivateEndpoints), "has no subnet for the private endpoints")
		}
	}
	var err error
	n.endpoints, err = azureprivateendpoints.NewPlan(n.endpointsSpec)
	problems = append(problems, place(err, "privateEndpoints", map[string]string{
		"location": "location", "dnsServers": n.at + ".dns.servers", "subnetCidr": n.at + ".subnets." + string(addressing.AzurePrivateEndpoints),
	})...)
	for name, endpoint := range sorted(spec.Endpoints) {
		if endpoint.ResourceID == "" {
			problems.Addf("privateEndpoints.endpoints."+name+".resourceId", "", "give the resource's id", "is missing")
		}
	}
	for i, name := range spec.LinkPeerings {
		path := fmt.Sprintf("privateEndpoints.linkPeerings[%d]", i)
		known := slices.Sorted(maps.Keys(n.vnetSpec.Peerings))
		switch {
		case !slices.Contains(known, name):
			problems.Addf(path, name, problem.DidYouMean(name, known), "is not one of %s.peerings", n.at)
		case name == "spoke" || !linkName.MatchString(name):
			problems.Addf(path, name, "give the peering a name of lower-case letters, digits and inner hyphens, and not spoke", "cannot name a link")
		}
	}
	problem.Unique(&problems, "privateEndpoints.linkPeerings", spec.LinkPeerings)
	return slices.DeleteFunc(problems, func(p *problem.Problem) bool { return reported(found, p.Path) })
}

// warnings are those of the VNet, the cluster and the endpoints.
func (n *azureNetwork) warnings() []string {
	warnings := slices.Clone(n.vnet.Warnings)
	if n.cluster != nil {
		warnings = append(warnings, n.cluster.Warnings...)
	}
	if n.endpoints != nil {
		warnings = append(warnings, n.endpoints.Warnings...)
	}
	return warnings
}

// addresses are the VNet's ranges, a block each.
func (n *azureNetwork) addresses(name string) []AddressRange {
	var ranges []AddressRange
	for _, block := range n.vnet.AddressSpace {
		r := AddressRange{Name: name, Prefix: block}
		var used []netip.Prefix
		for _, subnet := range n.vnet.Subnets {
			if block.Overlaps(subnet.Cidr) {
				r.Subnets = append(r.Subnets, AddressSubnet{Tier: subnet.Name, Prefix: subnet.Cidr, Usable: subnet.Usable})
				used = append(used, subnet.Cidr)
			}
		}
		r.Free = addressing.Free(block, used)
		ranges = append(ranges, r)
	}
	return ranges
}

// placements are the VNet's blocks that must not move once they are deployed,
// of the component of that name.
func (n *azureNetwork) placements(name string) []placement {
	var placed []placement
	if n.vnet.Spec.Existing == nil {
		placed = append(placed, placement{
			path: n.at + ".addressSpace", token: vnetToken, name: name + "-vnet", group: "vnet", cidr: n.vnet.AddressSpace[0],
		})
	}
	for _, subnet := range n.vnet.Subnets {
		path := n.at + ".subnets."
		if subnet.Role == "" {
			path = n.at + ".extraSubnets."
		}
		placed = append(placed, placement{
			path: path + subnet.Name, token: azureSubnetToken, name: name + "-" + subnet.Name, group: subnet.Name, cidr: subnet.Cidr,
		})
	}
	return placed
}

// deployEndpoints registers the private endpoints and zones, and exports what they are.
func (n *azureNetwork) deployEndpoints(
	ctx *pulumi.Context, group pulumi.StringInput, vnet *azurevnet.AzureSecureVnet, links pulumi.StringMap, forwardTo pulumi.StringInput,
	tags pulumi.StringMap, opts ...pulumi.ResourceOption,
) (*azureprivateendpoints.AzurePrivateEndpoints, error) {
	set, err := azureprivateendpoints.NewAzurePrivateEndpoints(ctx, endpointsName, &azureprivateendpoints.AzurePrivateEndpointsArgs{
		Spec:              n.endpointsSpec,
		ResourceGroupName: group,
		VnetID:            vnet.VnetID,
		SubnetID:          whole(vnet, addressing.AzurePrivateEndpoints),
		HubVnetIDs:        links,
		ForwardTo:         forwardTo,
		Tags:              tags,
	}, opts...)
	if err != nil {
		return nil, err
	}
	ctx.Export("privateEndpoints", pulumi.Map{
		"zoneIds": set.ZoneIDs, "postgresZoneId": set.PostgresZoneID, "endpointIds": set.EndpointIDs,
		"conditionalForwarders": set.ConditionalForwarders,
	})
	return set, nil
}

// whole returns the id of a role's subnet once all of the VNet is there: what is
// put into a subnet changes the VNet, and Azure takes one change at a time. Nil
// is for no such subnet.
func whole(vnet *azurevnet.AzureSecureVnet, role addressing.AzureRole, before ...pulumi.Resource) pulumi.StringInput {
	id, ok := vnet.Subnets()[string(role)]
	if !ok {
		return nil
	}
	return outputs.After(id.ToStringOutput(), append(vnet.Ready(), before...)...)
}

// clusterIDs are the ids of what a cluster is built into. It waits until the
// VNet's routes and peerings are there, and for what else before names.
func (n *azureNetwork) clusterIDs(vnet *azurevnet.AzureSecureVnet, before ...pulumi.Resource) aks.IDs {
	ids := aks.IDs{
		VnetID: vnet.VnetID, NodeSubnetID: whole(vnet, addressing.AzureNodes, before...), EgressAddresses: vnet.EgressIPs,
	}
	if n.clusterSpec.Vnet.Pods != nil {
		ids.PodSubnetID = vnet.Subnets()[string(addressing.AzurePods)]
	}
	if n.clusterSpec.Vnet.APIServer != nil {
		ids.APIServerSubnetID = vnet.Subnets()[string(addressing.AzureAPIServer)]
	}
	if table := n.clusterSpec.Vnet.Nodes.RouteTable; table != "" {
		ids.RouteTableID = vnet.RouteTableIDs.MapIndex(pulumi.String(table))
	}
	if n.clusterSpec.Vnet.InboundIP {
		ids.InboundIPID = vnet.PublicIPIDs.MapIndex(pulumi.String("inbound"))
	}
	if n.vnet.Spec.Egress == azurevnet.EgressLoadBalancer {
		for i := range n.vnet.Spec.PublicAddresses.Count {
			ids.PublicIPIDs = append(ids.PublicIPIDs, vnet.LoadBalancerIPIDs.Index(pulumi.Int(i)))
		}
	}
	return ids
}

// checkZone checks that the API server's private zone is one of those that are
// made or used here, unless they are refused.
func (n *azureNetwork) checkZone() problem.List {
	var problems problem.List
	zone := n.clusterSpec.API.PrivateZone
	if zone == "" || n.endpoints == nil || slices.ContainsFunc(n.endpoints.Zones, func(z azureprivateendpoints.Zone) bool { return z.Name == zone }) {
		return nil
	}
	problems.Addf("cluster.api.privateZone", zone, fmt.Sprintf("name it privatelink.%s.azmk8s.io, and add aks to privateEndpoints.services", n.location),
		"is not among the zones of privateEndpoints")
	return problems
}

// sorted ranges over a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

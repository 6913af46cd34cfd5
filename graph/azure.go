package graph

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
)

const (
	// documentationGUID stands for a subscription, a tenant or a client in
	// Azure's own documents.
	documentationGUID = "00000000-0000-0000-0000-000000000000"
	// standInLocation is in a host name when no resource, provider or config
	// names a location.
	standInLocation = "eastus"
)

// azureProvider is what the resources of a provider take from it.
type azureProvider struct {
	location     string // empty when the program leaves it to the environment
	subscription string
	tenant       string
}

func newAzureProvider(inputs resource.PropertyMap) azureProvider {
	text := func(key resource.PropertyKey) string {
		if v := inputs[key]; v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	return azureProvider{location: text("location"), subscription: text("subscriptionId"), tenant: text("tenantId")}
}

// azureProvider returns what a provider says, then the config, then Azure's
// documents. The recorder is locked.
func (r *recorder) azureProvider(reference string) azureProvider {
	own, config := r.azure[reference], r.azure[""]
	return azureProvider{
		location:     cmp.Or(own.location, config.location),
		subscription: cmp.Or(own.subscription, config.subscription, documentationGUID),
		tenant:       cmp.Or(own.tenant, config.tenant, documentationGUID),
	}
}

// azureResource is an Azure resource whose outputs are being made up.
type azureResource struct {
	computed
	azureProvider
	services []catalog.PrivateService // that private endpoints connect to
	token    string                   // the type without its API version: "network:Subnet"
}

// apiVersion is in the tokens of the SDK's versioned packages.
var apiVersion = regexp.MustCompile(`/v\d{8}(preview)?:`)

// fillAzure adds to the outputs what Azure computes. The recorder is locked.
func (r *recorder) fillAzure(res *Resource) {
	a := &azureResource{
		computed: r.computed(res), azureProvider: r.azureProvider(res.Provider), services: r.catalog.PrivateServices(),
		token: apiVersion.ReplaceAllString(strings.TrimPrefix(res.Type, "azure-native:"), ":"),
	}
	a.fillName()
	a.fillLocation(r.groupLocation(a.text("resourceGroupName")))
	if kind, ok := azureKinds[a.token]; ok {
		a.set("type", kind.resourceType)
		if kind.fill != nil {
			kind.fill(a)
		}
	}
	a.fillRest()
}

// groupLocation returns the location of the resource group of that name, if
// the program made it. The recorder is locked.
func (r *recorder) groupLocation(name string) string {
	if name == "" {
		return ""
	}
	for _, res := range r.resources {
		group := computed{Resource: res}
		if strings.HasSuffix(res.Type, ":ResourceGroup") && group.text("name") == name {
			return group.text("location")
		}
	}
	return ""
}

// azureKind is what is particular to a type.
type azureKind struct {
	resourceType string // Azure Resource Manager's
	nameProperty string // the input that names it
	fill         func(*azureResource)
}

// azureKinds has the types that this project's components make, by token
// without API version. A resource's type and properties are those of
// https://learn.microsoft.com/azure/templates/, the names of inputs those of
// https://www.pulumi.com/registry/packages/azure-native/api-docs/.
var azureKinds = map[string]azureKind{
	"resources:ResourceGroup":         {"Microsoft.Resources/resourceGroups", "resourceGroupName", nil},
	"network:VirtualNetwork":          {"Microsoft.Network/virtualNetworks", "virtualNetworkName", nil},
	"network:Subnet":                  {"Microsoft.Network/virtualNetworks/subnets", "subnetName", nil},
	"network:VirtualNetworkPeering":   {"Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "virtualNetworkPeeringName", nil},
	"network:NetworkSecurityGroup":    {"Microsoft.Network/networkSecurityGroups", "networkSecurityGroupName", nil},
	"network:RouteTable":              {"Microsoft.Network/routeTables", "routeTableName", nil},
	"network:Route":                   {"Microsoft.Network/routeTables/routes", "routeName", fillRoute},
	"network:NatGateway":              {"Microsoft.Network/natGateways", "natGatewayName", nil},
	"network:PublicIPAddress":         {"Microsoft.Network/publicIPAddresses", "publicIpAddressName", fillPublicIP},
	"network:FlowLog":                 {"Microsoft.Network/networkWatchers/flowLogs", "flowLogName", nil},
	"network:DdosProtectionPlan":      {"Microsoft.Network/ddosProtectionPlans", "ddosProtectionPlanName", nil},
	"network:AzureFirewall":           {"Microsoft.Network/azureFirewalls", "azureFirewallName", fillFirewall},
	"network:FirewallPolicy":          {"Microsoft.Network/firewallPolicies", "firewallPolicyName", nil},
	"network:BastionHost":             {"Microsoft.Network/bastionHosts", "bastionHostName", fillBastion},
	"network:ApplicationGateway":      {"Microsoft.Network/applicationGateways", "applicationGatewayName", nil},
	"network:PrivateEndpoint":         {"Microsoft.Network/privateEndpoints", "privateEndpointName", fillPrivateEndpoint},
	"network:PrivateDnsZoneGroup":     {"Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "privateDnsZoneGroupName", nil},
	"network:PrivateZone":             {"Microsoft.Network/privateDnsZones", "privateZoneName", nil},
	"network:VirtualNetworkLink":      {"Microsoft.Network/privateDnsZones/virtualNetworkLinks", "virtualNetworkLinkName", fillLink},
	"network:DnsResolver":             {"Microsoft.Network/dnsResolvers", "dnsResolverName", fillResolver},
	"network:InboundEndpoint":         {"Microsoft.Network/dnsResolvers/inboundEndpoints", "inboundEndpointName", fillInboundEndpoint},
	"network:OutboundEndpoint":        {"Microsoft.Network/dnsResolvers/outboundEndpoints", "outboundEndpointName", nil},
	"network:DnsForwardingRuleset":    {"Microsoft.Network/dnsForwardingRulesets", "dnsForwardingRulesetName", nil},
	"network:ForwardingRule":          {"Microsoft.Network/dnsForwardingRulesets/forwardingRules", "forwardingRuleName", nil},
	"authorization:RoleAssignment":    {"Microsoft.Authorization/roleAssignments", "roleAssignmentName", nil},
	"containerservice:AgentPool":      {"Microsoft.ContainerService/managedClusters/agentPools", "agentPoolName", nil},
	"containerservice:ManagedCluster": {"Microsoft.ContainerService/managedClusters", "resourceName", fillCluster},
	"network:FirewallPolicyRuleCollectionGroup": {
		"Microsoft.Network/firewallPolicies/ruleCollectionGroups", "ruleCollectionGroupName", nil,
	},
	"network:PrivateResolverVirtualNetworkLink": {
		"Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks", "virtualNetworkLinkName", nil,
	},
	"network:WebApplicationFirewallPolicy": {
		"Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "policyName", nil,
	},
	"managedidentity:UserAssignedIdentity": {
		"Microsoft.ManagedIdentity/userAssignedIdentities", "resourceName", fillIdentity,
	},
	"managedidentity:FederatedIdentityCredential": {
		"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "federatedIdentityCredentialResourceName", nil,
	},
}

func fillRoute(a *azureResource) { a.set("hasBgpOverride", false) }

func fillPublicIP(a *azureResource) { a.set("ipAddress", documentationIP(a.URN)) }

func fillLink(a *azureResource) { a.set("virtualNetworkLinkState", "Completed") }

func fillResolver(a *azureResource) { a.set("dnsResolverState", "Connected") }

func fillBastion(a *azureResource) {
	a.preset("dnsName", "bst-"+a.guid("bastion")+".bastion.azure.com")
}

func fillIdentity(a *azureResource) {
	a.set("principalId", a.guid("principal"))
	a.set("clientId", a.guid("client"))
	a.set("tenantId", a.tenant)
}

// fillFirewall gives a firewall the first address of its subnet that Azure
// leaves free.
func fillFirewall(a *azureResource) {
	a.eachObject("ipConfigurations", func(configuration resource.PropertyMap) {
		put(configuration, "privateIPAddress", a.address(subResource(configuration["subnet"]), 0))
	})
}

// fillInboundEndpoint gives a resolver's endpoint the first free address of its
// subnet, unless the program chose one.
func fillInboundEndpoint(a *azureResource) {
	a.eachObject("ipConfigurations", func(configuration resource.PropertyMap) {
		put(configuration, "privateIpAddress", a.address(subResource(configuration["subnet"]), 0))
	})
}

// fillPrivateEndpoint adds an endpoint's network interface, and for each
// connection the name and address it is reached by. The address is any of the
// subnet's; two endpoints may get the same one.
func fillPrivateEndpoint(a *azureResource) {
	a.set("networkInterfaces", []any{map[string]any{
		"id": fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/networkInterfaces/%s.nic.%s",
			a.subscription, a.text("resourceGroupName"), a.text("name"), a.guid("interface")),
	}})
	subnet := subResource(a.Outputs["subnet"])
	var configs []any
	for i, connection := range append(a.list("privateLinkServiceConnections"), a.list("manualPrivateLinkServiceConnections")...) {
		if !connection.IsObject() {
			continue
		}
		c := connection.ObjectValue()
		domain := "example.net" // of a service that the catalog lacks
		if service := a.service(texts(c["groupIds"])); len(service.Suffixes) > 0 {
			domain = service.PublicSuffixes(a.host())[0]
		}
		var target string
		if id := c["privateLinkServiceId"]; id.IsString() {
			target = lastLabel(id.StringValue())
		}
		configs = append(configs, map[string]any{
			"fqdn":        strings.ToLower(cmp.Or(target, a.text("name")) + "." + domain),
			"ipAddresses": []any{a.address(subnet, 1+binary.BigEndian.Uint32([]byte(a.digits(fmt.Sprint(i)))))},
		})
	}
	a.set("customDnsConfigs", configs)
}

// service returns the service whose subresource an endpoint connects to; the
// zero one when the catalog has none.
func (a *azureResource) service(groups []string) catalog.PrivateService {
	i := slices.IndexFunc(a.services, func(s catalog.PrivateService) bool { return slices.Contains(groups, s.GroupID) })
	if i < 0 {
		return catalog.PrivateService{}
	}
	return a.services[i]
}

// lastLabel returns the last part of an id, whether Azure's or a URN.
func lastLabel(id string) string {
	if i := strings.LastIndex(id, resource.URNNameDelimiter); i >= 0 {
		return id[i+len(resource.URNNameDelimiter):]
	}
	return id[strings.LastIndex(id, "/")+1:]
}

// fillCluster adds a cluster's host names: the public one unless the cluster is
// private and hides it, and the private one in the zone it is given, or in one
// that Azure makes.
// https://learn.microsoft.com/azure/aks/private-clusters
func fillCluster(a *azureResource) {
	access := resource.PropertyMap{}
	if v := a.Outputs["apiServerAccessProfile"]; v.IsObject() {
		access = v.ObjectValue()
	}
	is := func(key resource.PropertyKey, fallback bool) bool {
		if v := access[key]; v.IsBool() {
			return v.BoolValue()
		}
		return fallback
	}
	a.preset("dnsPrefix", a.text("name")+"-dns")
	label := cmp.Or(a.text("fqdnSubdomain"), a.text("dnsPrefix")) + "-" + a.digits("fqdn")[:8]
	location := a.host()
	private, zone := is("enablePrivateCluster", false), "system"
	if v := access["privateDNSZone"]; v.IsString() {
		zone = v.StringValue()
	}
	if !private || is("enablePrivateClusterPublicFQDN", true) {
		a.set("fqdn", fmt.Sprintf("%s.hcp.%s.azmk8s.io", label, location))
	}
	if private {
		switch zone {
		case "none":
			a.set("privateFQDN", a.text("fqdn"))
		case "system":
			a.set("privateFQDN", fmt.Sprintf("%s.%s.privatelink.%s.azmk8s.io", label, a.guid("zone"), location))
		default:
			name := lastLabel(zone)
			if known := a.known(zone); known != nil {
				name = (&computed{Resource: known}).text("name")
			}
			a.set("privateFQDN", cmp.Or(a.text("fqdnSubdomain"), label)+"."+name)
		}
	}
	a.set("azurePortalFQDN", fmt.Sprintf("%s.portal.hcp.%s.azmk8s.io", label, location))
	a.preset("nodeResourceGroup", fmt.Sprintf("MC_%s_%s_%s", a.text("resourceGroupName"), a.text("name"), location))
	if version := a.text("kubernetesVersion"); version != "" {
		a.set("currentKubernetesVersion", version)
	}
	a.preset("identityProfile", map[string]any{"kubeletidentity": map[string]any{
		"clientId": a.guid("kubelet", "client"), "objectId": a.guid("kubelet", "principal"),
		"resourceId": fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/%s-agentpool",
			a.subscription, a.text("nodeResourceGroup"), a.text("name")),
	}})
	if v := a.Outputs["identity"]; v.IsObject() {
		identity := maps.Clone(v.ObjectValue())
		put(identity, "tenantId", a.tenant)
		if kind := identity["type"]; kind.IsString() && kind.StringValue() == "SystemAssigned" {
			put(identity, "principalId", a.guid("principal"))
		}
		a.Outputs["identity"] = resource.NewProperty(identity)
	}
	if v := a.Outputs["oidcIssuerProfile"]; v.IsObject() {
		issuer := maps.Clone(v.ObjectValue())
		put(issuer, "issuerURL", fmt.Sprintf("https://%s.oic.prod-aks.azure.com/%s/%s/", location, a.tenant, a.guid("issuer")))
		a.Outputs["oidcIssuerProfile"] = resource.NewProperty(issuer)
	}
}

// fillName names what was given no name as the provider does: what lies inside
// another resource gets the logical name, a role assignment a GUID, and the
// rest the logical name with digits.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
func (a *azureResource) fillName() {
	kind := azureKinds[a.token]
	if given := a.text(kind.nameProperty); given != "" {
		a.Outputs["name"] = resource.NewProperty(given)
		return
	}
	_, path, _ := strings.Cut(kind.resourceType, "/")
	switch {
	case a.token == "authorization:RoleAssignment":
		a.setText("name", a.guid("name"))
	case strings.Contains(path, "/"):
		a.setText("name", a.Name)
	default:
		a.setText("name", a.Name+a.digits("name")[:8])
	}
}

// fillLocation gives the location of the resource group, then the provider's,
// to what was given none.
func (a *azureResource) fillLocation(group string) {
	if location := cmp.Or(group, a.location); location != "" {
		a.setText("location", location)
	}
}

// host returns the location as it is in host names.
func (a *azureResource) host() string {
	return strings.ToLower(strings.ReplaceAll(cmp.Or(a.text("location"), a.location, standInLocation), " ", ""))
}

// fillRest adds the outputs that mean the same in every type.
func (a *azureResource) fillRest() {
	a.setText("provisioningState", "Succeeded")
	a.setText("resourceGuid", a.guid("resource"))
	a.setText("etag", `W/"`+a.guid("etag")+`"`)
}

// setText sets an output if the type has it as a text.
func (a *azureResource) setText(key, value string) {
	switch a.outputs[key] {
	case reflect.TypeFor[pulumi.StringOutput](), reflect.TypeFor[pulumi.StringPtrOutput]():
		a.set(key, value)
	}
}

// eachObject has change work on a copy of each object of a list.
func (a *azureResource) eachObject(key string, change func(resource.PropertyMap)) {
	changed := slices.Clone(a.list(key))
	for i, element := range changed {
		if element.IsObject() {
			object := maps.Clone(element.ObjectValue())
			change(object)
			changed[i] = resource.NewProperty(object)
		}
	}
	if len(changed) > 0 {
		a.Outputs[resource.PropertyKey(key)] = resource.NewProperty(changed)
	}
}

// put sets a property that the program did not give itself.
func put(object resource.PropertyMap, key resource.PropertyKey, value string) {
	if _, given := object[key]; !given {
		object[key] = resource.NewProperty(value)
	}
}

// subResource returns the id in a sub-resource reference, otherwise "".
func subResource(v resource.PropertyValue) string {
	if v.IsObject() && v.ObjectValue()["id"].IsString() {
		return v.ObjectValue()["id"].StringValue()
	}
	return ""
}

// address returns an address that Azure leaves free in a subnet: the n-th after
// the four first ones that it keeps, counted round. For a subnet that the
// program did not make it is one of TEST-NET-1 (RFC 5737).
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
func (a *azureResource) address(subnet string, n uint32) string {
	block := netip.MustParsePrefix("192.0.2.0/24")
	if known := a.known(subnet); known != nil {
		if p, err := netip.ParsePrefix((&computed{Resource: known}).text("addressPrefix")); err == nil && p.Addr().Is4() && p.Bits() <= 29 {
			block = p.Masked()
		}
	}
	octets := block.Addr().As4()
	free := uint32(1)<<(32-block.Bits()) - 5
	binary.BigEndian.PutUint32(octets[:], binary.BigEndian.Uint32(octets[:])+4+n%free)
	return netip.AddrFrom4(octets).String()
}

// guid returns a GUID of version 4 that the URN and the seed decide.
func (a *azureResource) guid(seed ...string) string {
	d := a.digits(append(seed, "guid")...)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", d[:8], d[8:12], d[12:15], d[15:18], d[18:30])
}

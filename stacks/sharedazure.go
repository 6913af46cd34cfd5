package stacks

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/components/azureaccess"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/problem"
)

// SharedAzureModel is the name of the shared-azure model.
const SharedAzureModel = "shared-azure"

// SharedAzure is the model of a data plane in the customer's Azure subscription
// whose control plane the platform's vendor runs in AWS.
type SharedAzure struct {
	// ResourceGroup is the name of the group that everything in Azure is made
	// in. Required.
	ResourceGroup string `json:"resourceGroup,omitzero"`
	// DataPlane is the VNet of the data plane. Required.
	DataPlane azurevnet.Spec `json:"dataPlane"`
	// PrivateEndpoints are the private endpoints and their zones. Default the
	// zones of blob, dfs, registry and vault.
	PrivateEndpoints *AzureEndpoints `json:"privateEndpoints,omitzero"`
	// Cluster is the AKS cluster. Its network posture and the room for it are
	// planned, and one that does not fit is refused; the vendor makes it by the
	// output "cluster", unless it says create. Its egress, egressIps and
	// reachableCidrs follow from the VNet. Default none.
	Cluster *SharedAzureCluster `json:"cluster,omitzero"`
	// VendorAccess lets the vendor's group install the platform. Default none.
	VendorAccess *SharedAzureAccess `json:"vendorAccess,omitzero"`
	// Bridge is the queues between the planes, in an AWS account. The data plane
	// uses them as a role that is made for it and trusts its tokens. A peerRole
	// with trustedArns needs the environment's BridgeExternalID. Default none.
	Bridge *sqsbridge.Spec `json:"bridge,omitzero"`
	// Tags are put on every resource.
	Tags map[string]string `json:"tags,omitzero"`
	// Quotas are limits of the AWS account where they differ from AWS's
	// defaults, by the catalogue's names.
	Quotas map[string]int `json:"quotas,omitzero"`
}

// SharedAzureCluster is the cluster of a data plane.
type SharedAzureCluster struct {
	AzureCluster
	// Create makes the cluster here. Default false: its posture and the room for
	// it are planned and handed over.
	Create bool `json:"create,omitzero"`
}

// AccessScope is what the vendor's roles are for.
type AccessScope string

const (
	// ScopeGroup is the environment's resource group. The default.
	ScopeGroup AccessScope = "resourceGroup"
	// ScopeSubscription is the whole subscription, which the vendor's document
	// advises to be the data plane's alone.
	ScopeSubscription AccessScope = "subscription"
)

// SharedAzureAccess is the vendor's access.
type SharedAzureAccess struct {
	// GroupObjectID is the object id of the Entra group that the vendor's team
	// is let into. An access package decides who is in it. Required.
	GroupObjectID string `json:"groupObjectId,omitzero"`
	// Access is what the vendor's group may do. Default "installer".
	Access azureaccess.Access `json:"access,omitzero"`
	// Scope is what the vendor's roles are for. Default "resourceGroup".
	Scope AccessScope `json:"scope,omitzero"`
}

// Model returns "shared-azure".
func (*SharedAzure) Model() string { return SharedAzureModel }

// needsAws reports whether there are queues.
func (s *SharedAzure) needsAws() bool { return s.Bridge != nil }

// existingRoles are those of the bridge.
func (s *SharedAzure) existingRoles() []string {
	if s.Bridge == nil {
		return nil
	}
	return s.Bridge.ExistingRoles()
}

// The names of the model's further components.
const (
	groupKey    = "group"
	clusterName = "aks"
	vendorName  = "vendor"
)

// defaultEndpoints are the zones of the services that a data plane keeps its
// data, images and secrets in.
var defaultEndpoints = []string{"blob", "dfs", "registry", "vault"}

// plan validates the spec and plans its components. The error is a
// problem.List with every problem of the spec, at paths within it.
func (s *SharedAzure) plan(in Regions) (*azureNetwork, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	problems := checkAzureTags(s.Tags)
	checkGroup(&problems, "resourceGroup", s.ResourceGroup)

	var cluster *AzureCluster
	if s.Cluster != nil {
		cluster = &s.Cluster.AzureCluster
	}
	network, found := planAzure(in.Azure, "dataPlane", s.DataPlane, cluster)
	problems = append(problems, found...)
	problems = append(problems, checkVnetIDs(s.DataPlane).Under("dataPlane")...)
	problems = append(problems, network.planEndpoints(s.endpoints(), problems)...)
	if s.Cluster != nil && s.Cluster.Create {
		problems = append(problems, checkMachines(s.Cluster.Spec)...)
		problems = append(problems, network.checkZone()...)
		if network.cluster != nil && network.cluster.Posture.BootstrapArtifactSource != "" {
			problems.Addf("cluster.create", "true", "remove it, or use another egress",
				"needs a registry with AKS's own images, which this model does not make")
		}
	}
	if s.VendorAccess != nil {
		problem.OneOf(&problems, "vendorAccess.scope", cmp.Or(s.VendorAccess.Scope, ScopeGroup), ScopeGroup, ScopeSubscription)
		_, err := azureaccess.NewPlan(s.vendorAccess(documentationGUID))
		problems = append(problems, place(err, "vendorAccess", map[string]string{"resourceGroup": ""})...)
	}
	if s.Bridge != nil {
		problems = append(problems, s.checkBridge(in.Aws)...)
		problems = append(problems, checkTags(facts, s.Tags)...)
	}
	return network, network.problems(problems).Err()
}

// documentationGUID stands for the subscription, which the environment checks.
const documentationGUID = "00000000-0000-0000-0000-000000000000"

// endpoints are the private endpoints with their default.
func (s *SharedAzure) endpoints() *AzureEndpoints {
	if s.PrivateEndpoints != nil {
		return s.PrivateEndpoints
	}
	endpoints := &AzureEndpoints{}
	endpoints.Services = defaultEndpoints
	return endpoints
}

// vendorAccess is the vendor's access to a subscription or the model's group in
// it.
func (s *SharedAzure) vendorAccess(subscription string) azureaccess.Spec {
	spec := azureaccess.Spec{
		SubscriptionID: subscription, GroupObjectID: s.VendorAccess.GroupObjectID, Access: s.VendorAccess.Access,
	}
	if s.VendorAccess.Scope != ScopeSubscription {
		spec.ResourceGroup = s.ResourceGroup
	}
	return spec
}

// bridge is the bridge's spec with the environment's facts filled in.
func (s *SharedAzure) bridge(region string) sqsbridge.Spec {
	spec := *s.Bridge
	spec.Region, spec.Quotas = region, s.Quotas
	return spec
}

// checkBridge returns everything that is wrong with the bridge. The data plane
// has no role of an AWS account to come with: one is made that trusts its
// tokens.
func (s *SharedAzure) checkBridge(region string) problem.List {
	spec := s.bridge(region)
	_, err := sqsbridge.NewPlan(spec)
	problems := place(err, "bridge", map[string]string{"region": "", "quotas": "quotas"})
	path, role := "bridge.localRole", spec.LocalRole
	if spec.LocalPlane == sqsbridge.ControlPlane {
		path, role = "bridge.peerRole", spec.PeerRole
	}
	if role == nil || role.WebIdentity == nil {
		problems.Addf(path+".webIdentity", "", "give a role that the data plane's workload assumes with a token of Entra ID or of its cluster",
			"is missing; a workload in Azure has no other way into AWS")
	}
	return problems
}

// accounts are those that the bridge names as its own.
func (s *SharedAzure) accounts() map[string]string {
	accounts := map[string]string{}
	if s.Bridge != nil {
		accounts["bridge.localAccountId"] = s.Bridge.LocalAccountID
	}
	return accounts
}

// secrets are the external ids of the roles that others assume.
func (s *SharedAzure) secrets() []string {
	if s.Bridge != nil && s.Bridge.PeerRole != nil && len(s.Bridge.PeerRole.TrustedArns) > 0 {
		return []string{bridgeExternalIDKey}
	}
	return nil
}

// warnings are the network's, and of what nobody can see but the model.
func (s *SharedAzure) warnings(in Regions) ([]string, error) {
	network, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	warnings := network.warnings()
	if firewall := s.DataPlane.Firewall; firewall != nil && firewall.ControlPlaneIP == "" {
		warnings = append(warnings, "dataPlane.firewall.controlPlaneIp is not given: the control plane has no address to connect to")
	}
	if s.VendorAccess != nil {
		access, err := azureaccess.NewPlan(s.vendorAccess(documentationGUID))
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, access.Warnings...)
	}
	return warnings, nil
}

// Addresses returns the VNet's ranges.
func (s *SharedAzure) Addresses(in Regions) ([]AddressRange, error) {
	network, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	return network.addresses("VNet"), nil
}

// placements are the blocks that must not move once they are deployed.
func (s *SharedAzure) placements(in Regions) ([]placement, error) {
	network, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	return network.placements(networkName), nil
}

// deploy registers the model's resources.
func (s *SharedAzure) deploy(ctx *pulumi.Context, env *Environment) error {
	plan, err := s.plan(env.regions())
	if err != nil {
		return err
	}
	provider, err := env.Azure.newProvider(ctx)
	if err != nil {
		return err
	}
	d := &azureDeployment{
		ctx: ctx, env: env, spec: s, plan: plan, in: pulumi.Provider(provider), tags: pulumi.ToStringMap(s.Tags), networks: pulumi.Map{},
	}
	d.handover = pulumi.Map{
		"networks":       d.networks,
		"subscriptionId": pulumi.String(env.Azure.SubscriptionID),
		"resourceGroup":  pulumi.String(s.ResourceGroup),
	}
	for _, build := range []func() error{d.network, d.endpoints, d.cluster, d.vendor, d.bridge} {
		if err := build(); err != nil {
			return err
		}
	}
	exportHandover(ctx, env, d.handover)
	return nil
}

// azureDeployment registers the resources of one environment.
type azureDeployment struct {
	ctx  *pulumi.Context
	env  *Environment
	spec *SharedAzure
	plan *azureNetwork
	tags pulumi.StringMap
	// in is the provider of everything in Azure but clusters.
	in pulumi.ResourceOption

	group   pulumi.Resource
	named   pulumi.StringInput // the group's name, known once it is made
	vnet    *azurevnet.AzureSecureVnet
	zoneIDs pulumi.StringMapOutput
	// handover is what is handed over, networks a part of it.
	handover, networks pulumi.Map
}

func (d *azureDeployment) network() error {
	group, err := d.env.Azure.newGroup(d.ctx, groupKey, d.spec.ResourceGroup, d.tags, d.in)
	if err != nil {
		return err
	}
	d.group, d.named = group, group.Name
	d.vnet, err = azurevnet.NewAzureSecureVnet(d.ctx, networkName, &azurevnet.AzureSecureVnetArgs{
		Spec:              d.plan.vnetSpec,
		ResourceGroupName: d.named,
		Tags:              d.tags,
	}, d.in)
	if err != nil {
		return err
	}
	d.ctx.Export("resourceGroup", d.named)
	d.ctx.Export("vnetId", d.vnet.VnetID)
	d.ctx.Export("subnetIds", d.vnet.SubnetIDs)
	d.ctx.Export("routeTableIds", d.vnet.RouteTableIDs)
	d.ctx.Export("publicIpAddresses", d.vnet.PublicIPAddresses)
	d.ctx.Export("egressIps", d.vnet.EgressIPs)
	d.ctx.Export("controlPlaneIp", d.vnet.ControlPlaneIP)
	d.networks["dataPlane"] = handoverVnet(d.vnet)
	spec := d.plan.vnet.Spec
	if entry := controlPlaneEntry(spec); entry {
		d.handover["connector"] = pulumi.Map{
			"kind": pulumi.String(ConnectorInternet), "address": d.vnet.ControlPlaneIP, "ports": pulumi.IntArray{pulumi.Int(443)},
		}
	}
	if spec.Egress != azurevnet.EgressCustomerFirewall {
		return nil
	}
	d.ctx.Export("requiredEgress", d.vnet.RequiredEgress)
	d.handover["requiredEgress"], err = plainOutput(d.plan.vnet.RequiredEgress)
	return err
}

// controlPlaneEntry reports whether the control plane has an address to connect
// to.
func controlPlaneEntry(spec azurevnet.Spec) bool {
	if spec.Firewall != nil {
		return spec.Firewall.ControlPlaneIP != ""
	}
	return spec.PublicAddresses != nil && spec.PublicAddresses.Inbound != azurevnet.InboundNone
}

// plainOutput returns a plain value as outputs have it.
func plainOutput(value any) (pulumi.Input, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	return pulumi.Any(plain), nil
}

func (d *azureDeployment) endpoints() error {
	links := pulumi.StringMap{}
	if d.spec.PrivateEndpoints != nil {
		for _, name := range d.spec.PrivateEndpoints.LinkPeerings {
			links[name] = pulumi.String(d.spec.DataPlane.Peerings[name].RemoteVnetID)
		}
	}
	set, err := d.plan.deployEndpoints(d.ctx, d.named, d.vnet, links, nil, d.tags, d.in)
	if err != nil {
		return err
	}
	d.zoneIDs = set.ZoneIDs
	d.handover["privateZoneIds"] = set.ZoneIDs
	return nil
}

// cluster plans the cluster for whoever makes it, or makes it.
func (d *azureDeployment) cluster() error {
	if d.plan.cluster == nil {
		return nil
	}
	posture, err := plainOutput(d.plan.cluster.Posture)
	if err != nil {
		return err
	}
	capacity, err := plainOutput(d.plan.cluster.Capacity)
	if err != nil {
		return err
	}
	planned := pulumi.Map{"posture": posture, "capacity": capacity}
	d.handover["cluster"] = planned
	if d.spec.Cluster.Create {
		provider, err := d.env.Azure.newClusterProvider(d.ctx)
		if err != nil {
			return err
		}
		ids := d.plan.clusterIDs(d.vnet)
		if zone := d.plan.clusterSpec.API.PrivateZone; zone != "" {
			ids.PrivateZoneID = d.zoneIDs.MapIndex(pulumi.String(zone))
		}
		cluster, err := aks.NewAksCluster(d.ctx, clusterName, &aks.AksClusterArgs{
			Spec:              d.plan.clusterSpec,
			IDs:               ids,
			ClusterProvider:   provider,
			ResourceGroupName: d.named,
			Tags:              d.tags,
		}, d.in)
		if err != nil {
			return err
		}
		planned = clusterOutputs(cluster)
		planned["posture"], planned["capacity"] = posture, capacity
	}
	d.ctx.Export("cluster", planned)
	return nil
}

// clusterOutputs are the outputs of a cluster that is made.
func clusterOutputs(cluster *aks.AksCluster) pulumi.Map {
	return pulumi.Map{
		"clusterId": cluster.ClusterID, "clusterName": cluster.ClusterName, "fqdn": cluster.Fqdn, "privateFqdn": cluster.PrivateFqdn,
		"nodeResourceGroup": cluster.NodeResourceGroup, "oidcIssuerUrl": cluster.OidcIssuerURL, "principalId": cluster.PrincipalID,
	}
}

func (d *azureDeployment) vendor() error {
	if d.spec.VendorAccess == nil {
		return nil
	}
	access, err := azureaccess.NewVendorAccess(d.ctx, vendorName, &azureaccess.VendorAccessArgs{
		Spec:      d.spec.vendorAccess(d.env.Azure.SubscriptionID),
		DependsOn: []pulumi.Resource{d.group},
	}, d.in)
	if err != nil {
		return err
	}
	d.ctx.Export("vendorAccess", pulumi.Map{"scope": access.Scope, "assignmentIds": access.AssignmentIDs})
	return nil
}

// bridge makes the queues in AWS, by AWS's own provider.
func (d *azureDeployment) bridge() error {
	if d.spec.Bridge == nil {
		return nil
	}
	provider, err := d.env.Aws.newProvider(d.ctx, "aws")
	if err != nil {
		return err
	}
	region := d.env.Aws.Region
	bridge, err := sqsbridge.NewSqsBridge(d.ctx, bridgeName, &sqsbridge.SqsBridgeArgs{
		Spec:       d.spec.bridge(region),
		ExternalID: d.env.BridgeExternalID,
		Tags:       d.tags,
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	d.ctx.Export("bridge", pulumi.Map{
		"queueUrls":      bridge.QueueURLs,
		"roleArns":       bridge.RoleArns,
		"peerPolicyJson": bridge.PeerPolicyJSON,
	})
	d.handover["queueUrls"] = bridge.QueueURLs
	// The data plane exchanges its token for the role's keys, and then has messages.
	d.handover["requiredNames"] = pulumi.ToStringArray([]string{"sqs." + region + ".amazonaws.com", "sts." + region + ".amazonaws.com"})
	return nil
}

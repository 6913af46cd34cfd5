package aks_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/aks"
)

// spec is a cluster of the defaults in a spoke, changed.
func spec(changes ...func(*aks.Spec)) aks.Spec {
	s := aks.Spec{
		Location: "westeurope",
		Vnet: aks.Vnet{
			Name: "spoke", ResourceGroup: "network", Cidrs: []string{"10.0.0.0/16"},
			Nodes:     aks.Subnet{Name: "nodes", Cidr: "10.0.0.0/24", RouteTable: "to-firewall"},
			APIServer: &aks.Subnet{Name: "api", Cidr: "10.0.1.0/28", Delegation: aks.Delegation},
		},
		Egress: aks.EgressCustomerFirewall,
		Pools:  []aks.Pool{{Name: "system", VMSize: "Standard_D4ds_v5", MaxCount: 3}},
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// want is a row of a table below; the zero value of a field is a field that is
// not sent.
type wantAPI struct {
	private     bool
	zone        string
	publicFQDN  any
	integrated  bool
	ranges      []string
	takesSubnet bool
}

// https://learn.microsoft.com/azure/aks/private-clusters,
// https://learn.microsoft.com/azure/aks/api-server-vnet-integration,
// https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
var accesses = map[aks.APIAccess]wantAPI{
	aks.Public:                 {ranges: []string{"203.0.113.0/24"}},
	aks.PrivateSystemZone:      {private: true, zone: "system", publicFQDN: false},
	aks.PrivateOwnZone:         {private: true, zone: "own", publicFQDN: false},
	aks.PrivateNoZone:          {private: true, zone: "none", publicFQDN: true},
	aks.VnetIntegrationPublic:  {integrated: true, ranges: []string{"203.0.113.0/24"}, takesSubnet: true},
	aks.VnetIntegrationPrivate: {private: true, zone: "none", publicFQDN: true, integrated: true, takesSubnet: true},
}

type wantModel struct {
	plugin, mode, podCidr, allocation, dataplane, policy string
	takesSubnet                                          bool
}

// https://learn.microsoft.com/azure/aks/concepts-network-cni-overview
var models = map[aks.NetworkModel]wantModel{
	aks.Overlay:         {plugin: "azure", mode: "overlay", podCidr: "10.244.0.0/16", dataplane: "cilium", policy: "cilium"},
	aks.PodSubnet:       {plugin: "azure", allocation: "DynamicIndividual", dataplane: "cilium", policy: "cilium", takesSubnet: true},
	aks.PodSubnetStatic: {plugin: "azure", allocation: "StaticBlock", dataplane: "cilium", policy: "cilium", takesSubnet: true},
	aks.AzureCNI:        {plugin: "azure", dataplane: "cilium", policy: "cilium"},
	aks.Kubenet:         {plugin: "kubenet", podCidr: "10.244.0.0/16", dataplane: "azure", policy: "calico"},
}

// https://learn.microsoft.com/azure/aks/egress-outboundtype
var outbound = map[aks.EgressMode]string{
	aks.EgressCustomerFirewall: "userDefinedRouting",
	aks.EgressLoadBalancer:     "loadBalancer",
	aks.EgressNatGateway:       "userAssignedNATGateway",
	aks.EgressNone:             "none",
	"managedNATGateway":        "",
}

// refusedCells are the cells of access, model and egress that AKS does not
// have, with why.
func refusedCell(access aks.APIAccess, model aks.NetworkModel, egress aks.EgressMode) []string {
	var why []string
	if egress == "managedNATGateway" {
		why = append(why, "egress: managedNATGateway: needs a VNet that AKS makes itself, and this one is yours; use natGateway, with a gateway of yours on the node subnet")
	}
	if egress == aks.EgressNone && access == aks.Public {
		why = append(why, "egress: none: leaves nodes no path to a public API server; use a private or VNet-integrated API server")
	}
	if egress == aks.EgressNone && model == aks.Kubenet {
		why = append(why, "egress: none: does not work with kubenet; use the model overlay")
	}
	return why
}

// Every cell of access, network model and egress either has the posture that
// the documents' tables give, field by field, or is refused with a reason.
func TestEveryPosture(t *testing.T) {
	cells, postures := 0, 0
	for access, api := range accesses {
		for model, net := range models {
			for egress, outboundType := range outbound {
				cells++
				t.Run(fmt.Sprintf("%s/%s/%s", access, model, egress), func(t *testing.T) {
					plan, err := aks.NewPlan(cell(access, model, egress))
					if why := refusedCell(access, model, egress); why != nil {
						assert.Equal(t, why, messages(t, err))
						return
					}
					require.NoError(t, err)
					postures++
					p := plan.Posture
					assert.Equal(t, net.plugin, p.NetworkPlugin)
					assert.Equal(t, net.mode, p.NetworkPluginMode)
					assert.Equal(t, net.podCidr, p.PodCidr)
					assert.Equal(t, net.dataplane, p.NetworkDataplane)
					assert.Equal(t, net.policy, p.NetworkPolicy)
					assert.Equal(t, net.allocation, p.Pools[0].PodIPAllocationMode)
					assert.Equal(t, "172.16.0.0/16", p.ServiceCidr)
					assert.Equal(t, "172.16.0.10", p.DNSServiceIP)
					assert.Equal(t, outboundType, p.OutboundType)
					assert.Equal(t, "standard", p.LoadBalancerSku)
					assert.Equal(t, api.private, p.EnablePrivateCluster)
					assert.Equal(t, api.zone, p.PrivateDNSZone)
					if api.publicFQDN == nil {
						assert.Nil(t, p.EnablePrivateClusterPublicFQDN)
					} else {
						require.NotNil(t, p.EnablePrivateClusterPublicFQDN)
						assert.Equal(t, api.publicFQDN, *p.EnablePrivateClusterPublicFQDN)
					}
					assert.Equal(t, api.integrated, p.EnableVnetIntegration)
					assert.Equal(t, api.ranges, p.AuthorizedIPRanges)
					assert.True(t, p.DisableRunCommand)
					bootstrap := ""
					if egress == aks.EgressNone {
						bootstrap = "Cache"
					}
					assert.Equal(t, bootstrap, p.BootstrapArtifactSource)
					assert.Equal(t, wantGrants(access, model, egress), grantsOf(plan))
				})
			}
		}
	}
	assert.Equal(t, 6*5*5, cells)
	// 6*5 have the managed NAT gateway; of those without egress 5 are public,
	// and the other 5 accesses have kubenet.
	assert.Equal(t, 150-30-5-5, postures)
}

// cell is a cluster that is right but for what access, model and egress have
// against each other.
func cell(access aks.APIAccess, model aks.NetworkModel, egress aks.EgressMode) aks.Spec {
	return spec(func(s *aks.Spec) {
		s.API.Access, s.Model, s.Egress = access, model, egress
		if accesses[access].ranges != nil {
			s.API.AuthorizedRanges = []string{"203.0.113.0/24"}
		}
		if access == aks.PrivateOwnZone {
			s.API.PrivateZone = "privatelink.westeurope.azmk8s.io"
		}
		if !accesses[access].takesSubnet {
			s.Vnet.APIServer = nil
		}
		if models[model].takesSubnet {
			s.Vnet.Pods = &aks.Subnet{Cidr: "10.0.8.0/21", Delegation: aks.Delegation, RouteTable: "to-firewall"}
		}
	})
}

// wantGrants are the roles of a cell as "role principal target".
// https://learn.microsoft.com/azure/aks/use-managed-identity,
// https://learn.microsoft.com/azure/aks/private-clusters#configure-a-private-dns-zone
func wantGrants(access aks.APIAccess, model aks.NetworkModel, egress aks.EgressMode) []string {
	const network = "4d97b98b-1d4f-4787-a291-c67834d212e7 controlPlane "
	want := []string{network + "nodeSubnet"}
	if access == aks.PrivateOwnZone {
		want = []string{network + "vnet", "b12aa53e-6015-4669-85d0-8515ebb3ae7f controlPlane privateZone"}
	} else if models[model].takesSubnet {
		want = append(want, network+"podSubnet")
	}
	if accesses[access].takesSubnet {
		want = append(want, network+"apiServerSubnet")
	}
	if model == aks.Kubenet {
		want = append(want, network+"routeTable")
	}
	switch egress {
	case aks.EgressLoadBalancer:
		want = append(want, network+"publicIps")
	case aks.EgressNone:
		want = append(want, "f1a07417-d97a-45cb-824c-7a7467783830 controlPlane kubeletIdentity",
			"7f951dda-4ed3-4680-a7ca-43fe172d538d kubelet registry")
	}
	return want
}

func grantsOf(plan *aks.Plan) []string {
	var found []string
	for _, g := range plan.Grants {
		found = append(found, fmt.Sprintf("%s %s %s", g.Role, g.Principal, g.Target))
	}
	return found
}

// A private zone of one's own also names an integrated API server; its role is
// then for the VNet, and the subnets need none.
func TestIntegratedWithOwnZone(t *testing.T) {
	for _, zone := range []string{"private.westeurope.azmk8s.io", "team-a.private.westeurope.azmk8s.io", "privatelink.westeurope.azmk8s.io"} {
		plan, err := aks.NewPlan(spec(func(s *aks.Spec) { s.API.PrivateZone, s.API.FQDNSubdomain = zone, "dp1" }))
		require.NoError(t, err, zone)
		assert.Equal(t, "own", plan.Posture.PrivateDNSZone)
		assert.False(t, *plan.Posture.EnablePrivateClusterPublicFQDN)
		assert.Equal(t, "dp1", plan.Posture.FqdnSubdomain)
		assert.Equal(t, []string{
			"4d97b98b-1d4f-4787-a291-c67834d212e7 controlPlane vnet",
			"b12aa53e-6015-4669-85d0-8515ebb3ae7f controlPlane privateZone",
		}, grantsOf(plan))
	}
}

// The firewall's address is admitted too: nodes come from there.
func TestAuthorizedRanges(t *testing.T) {
	plan, err := aks.NewPlan(spec(func(s *aks.Spec) {
		s.API = aks.API{Access: aks.VnetIntegrationPublic, AuthorizedRanges: []string{"203.0.113.0/24", "198.51.100.9"}}
		s.EgressIPs = []string{"192.0.2.7", "198.51.100.9"}
	}))
	require.NoError(t, err)
	assert.Equal(t, []string{"192.0.2.7/32", "198.51.100.9/32", "203.0.113.0/24"}, plan.Posture.AuthorizedIPRanges)

	plan, err = aks.NewPlan(spec(func(s *aks.Spec) { s.EgressIPs = []string{"192.0.2.7"} }))
	require.NoError(t, err)
	assert.Empty(t, plan.Posture.AuthorizedIPRanges, "a private API server has none")
}

// A public API server takes 200 ranges, an integrated one 2000.
func TestHowManyAuthorizedRanges(t *testing.T) {
	ranges := func(n int) []string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("20.%d.%d.0/24", i/256, i%256))
		}
		return list
	}
	for _, c := range []struct {
		access aks.APIAccess
		most   int
	}{{aks.Public, 200}, {aks.VnetIntegrationPublic, 2000}} {
		s := cell(c.access, aks.Overlay, aks.EgressCustomerFirewall)
		s.API.AuthorizedRanges = ranges(c.most)
		_, err := aks.NewPlan(s)
		require.NoError(t, err, c.access)
		s.EgressIPs = []string{"203.0.113.7"}
		_, err = aks.NewPlan(s)
		assert.Equal(t, []string{fmt.Sprintf(
			"api.authorizedRanges: are %d with egressIps; an API server takes at most %d; merge neighbouring blocks, or make it private", c.most+1, c.most,
		)}, messages(t, err))
	}
}

// "Network topology and connectivity considerations for AKS": a VNet gets the
// central DNS servers once the cluster is there and its zone is linked.
func TestSystemZoneAndCentralDNS(t *testing.T) {
	s := cell(aks.PrivateSystemZone, aks.Overlay, aks.EgressCustomerFirewall)
	s.Vnet.DNSServers, s.Created = []string{"10.1.0.4"}, true
	plan, err := aks.NewPlan(s)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"the zone of privateSystemZone is linked to the cluster's VNet alone: DNS servers elsewhere do not find the API server",
	}, plan.Warnings)
	for _, access := range []aks.APIAccess{aks.PrivateOwnZone, aks.PrivateNoZone, aks.VnetIntegrationPrivate, aks.Public} {
		s := cell(access, aks.Overlay, aks.EgressCustomerFirewall)
		s.Vnet.DNSServers = []string{"10.1.0.4"}
		plan, err := aks.NewPlan(s)
		require.NoError(t, err, access)
		assert.Empty(t, plan.Warnings, access)
	}
}

func TestWarnings(t *testing.T) {
	plan, err := aks.NewPlan(cell(aks.VnetIntegrationPrivate, aks.Kubenet, aks.EgressCustomerFirewall))
	require.NoError(t, err)
	assert.Equal(t, []string{"kubenet ends on 2028-03-31: use overlay"}, plan.Warnings)

	plan, err = aks.NewPlan(spec(func(s *aks.Spec) { s.Dataplane, s.Policy = aks.DataplaneAzure, aks.PolicyAzure }))
	require.NoError(t, err)
	assert.Equal(t, []string{"network policy azure ends for Linux nodes on 2028-09-30: use the dataplane cilium"}, plan.Warnings)

	s := cell(aks.VnetIntegrationPrivate, aks.PodSubnetStatic, aks.EgressCustomerFirewall)
	s.Pools[0].MaxPods = 100 // 112 addresses, one of them the node's
	plan, err = aks.NewPlan(s)
	require.NoError(t, err)
	assert.Equal(t, []string{"pool system: 11 of each node's pod addresses are never used; 111 pods use all"}, plan.Warnings)
}

// Defaults that the documents give, or that are named as this package's own.
func TestDefaults(t *testing.T) {
	for model, pods := range map[aks.NetworkModel]int{
		aks.Overlay: 250, aks.PodSubnet: 110, aks.PodSubnetStatic: 111, aks.AzureCNI: 30, aks.Kubenet: 110,
	} {
		plan, err := aks.NewPlan(cell(aks.VnetIntegrationPrivate, model, aks.EgressCustomerFirewall))
		require.NoError(t, err)
		assert.Equal(t, []aks.PoolPosture{{
			Name: "system", MinCount: 1, MaxCount: 3, MaxPods: pods, MaxSurge: "10%", PodIPAllocationMode: models[model].allocation,
		}}, plan.Posture.Pools)
	}
	plan, err := aks.NewPlan(spec(func(s *aks.Spec) { s.Dataplane = aks.DataplaneAzure }))
	require.NoError(t, err)
	assert.Equal(t, "calico", plan.Posture.NetworkPolicy)
	assert.Equal(t, aks.VnetIntegrationPrivate, plan.Spec.API.Access)
	assert.Equal(t, aks.TierStandard, plan.Spec.Tier)
}

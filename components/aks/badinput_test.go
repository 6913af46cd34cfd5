package aks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/problem"
)

// messages returns an error's problems as text.
func messages(t *testing.T, err error) []string {
	t.Helper()
	var list problem.List
	require.True(t, errors.As(err, &list), "%v", err)
	var all []string
	for _, p := range list {
		all = append(all, p.Error())
	}
	return all
}

func TestBadInput(t *testing.T) {
	no := false
	podSubnet := func(s *aks.Spec) {
		s.Model = aks.PodSubnet
		s.Vnet.Pods = &aks.Subnet{Cidr: "10.0.8.0/21", Delegation: aks.Delegation, RouteTable: "to-firewall"}
	}
	ownZone := func(zone string) func(*aks.Spec) {
		return func(s *aks.Spec) {
			s.API.Access, s.API.PrivateZone, s.Vnet.APIServer = aks.PrivateOwnZone, zone, nil
		}
	}
	kubenet := func(s *aks.Spec) { s.Model = aks.Kubenet }
	cases := []struct {
		name   string
		change func(*aks.Spec)
		want   []string
	}{
		{"no location", func(s *aks.Spec) { s.Location = "" }, []string{"location: is missing; give an Azure region in its short form, for example westeurope"}},
		{"a region's title", func(s *aks.Spec) { s.Location = "West Europe" }, []string{
			"location: West Europe: is not a region's short form; write westeurope",
		}},
		{"choices", func(s *aks.Spec) {
			s.Policy, s.Tier, s.Pools[0].Mode = "cillium", "Premium", "Both"
			s.Dataplane, s.Egress, s.API.Access, s.Vnet.APIServer = "ebpf", "internet", "private", nil
		}, []string{
			"tier: Premium: is not a choice; use Free or Standard",
			"dataplane: ebpf: is not a choice; use cilium or azure",
			"policy: cillium: is not a choice; use cilium, calico, azure or none",
			"egress: internet: is not a choice; use customerFirewall, loadBalancer, natGateway or none",
			"api.access: private: is not a choice; use public, privateSystemZone, privateOwnZone, privateNoZone, vnetIntegrationPublic or vnetIntegrationPrivate",
			"pools[0].mode: Both: is not a choice; use System or User",
		}},
		{"a model", func(s *aks.Spec) { s.Model = "cni" }, []string{
			"model: cni: is not a choice; use overlay, podSubnet, podSubnetStatic, azureCni or kubenet",
		}},
		{"no egress", func(s *aks.Spec) { s.Egress = "" }, []string{"egress: is missing; use customerFirewall, loadBalancer, natGateway or none"}},

		// Dataplane and policy.
		{"cilium on kubenet", func(s *aks.Spec) { kubenet(s); s.Dataplane = aks.DataplaneCilium }, []string{
			"dataplane: cilium: needs Azure CNI, and kubenet is not it; use dataplane azure, or another model",
		}},
		{"cilium's policy without it", func(s *aks.Spec) { s.Dataplane, s.Policy = aks.DataplaneAzure, aks.PolicyCilium }, []string{
			"policy: cilium: needs the dataplane cilium; use dataplane cilium, or policy calico",
		}},
		{"another policy with cilium", func(s *aks.Spec) { s.Policy = aks.PolicyCalico }, []string{
			"policy: calico: is not that of the dataplane cilium, which has its own; use policy cilium, or dataplane azure",
		}},
		{"policy azure on kubenet", func(s *aks.Spec) { kubenet(s); s.Policy = aks.PolicyAzure }, []string{
			"policy: azure: does not work with kubenet; use policy calico",
		}},

		// Kubenet.
		{"kubenet without a table", func(s *aks.Spec) { kubenet(s); s.Egress, s.Vnet.Nodes.RouteTable = aks.EgressNatGateway, "" }, []string{
			"vnet.nodes.routeTable: is missing; AKS would attach one of its own, and the next update of the subnet would take it away; give the subnet a table of this cluster's own",
		}},
		{"kubenet with another's table", func(s *aks.Spec) { kubenet(s); s.Vnet.RouteTableShared = true }, []string{
			"vnet.nodes.routeTable: to-firewall: is another cluster's too; with kubenet both would write their nodes' routes into it; give each cluster its own",
		}},
		{"kubenet, private, central DNS", func(s *aks.Spec) {
			kubenet(s)
			ownZone("privatelink.westeurope.azmk8s.io")(s)
			s.Vnet.DNSServers = []string{"10.1.0.4"}
		}, []string{
			"model: kubenet: does not work with a private API server in a VNet with its own DNS servers and route table; use the model overlay, or Azure's DNS",
		}},

		// Blocks.
		{"no VNet", func(s *aks.Spec) { s.Vnet.Cidrs = nil }, []string{"vnet.cidrs: are missing; give the VNet's blocks"}},
		{"blocks that AKS keeps", func(s *aks.Spec) {
			s.Vnet.Cidrs = append(s.Vnet.Cidrs, "172.31.4.0/22")
			s.PodCidr, s.ServiceCidr = "169.254.0.0/16", "172.16.0.0/12"
		}, []string{
			"vnet.cidrs[1]: 172.31.4.0/22: overlaps 172.31.0.0/16, which AKS keeps for itself; use a block outside it",
			"podCidr: 169.254.0.0/16: overlaps 169.254.0.0/16, which AKS keeps for itself; use a block outside it",
			"serviceCidr: 172.16.0.0/12: overlaps 172.30.0.0/16, which AKS keeps for itself; use a block outside it",
		}},
		{"blocks that meet", func(s *aks.Spec) {
			s.PodCidr, s.ServiceCidr, s.ReachableCidrs = "10.0.0.0/15", "192.168.0.0/24", []string{"192.168.0.0/16"}
		}, []string{
			"podCidr: 10.0.0.0/15: overlaps 10.0.0.0/16 (vnet.cidrs[0]); use a block outside 10.0.0.0/16",
			"serviceCidr: 192.168.0.0/24: overlaps 192.168.0.0/16 (reachableCidrs[0]); use a block outside 192.168.0.0/16",
		}},
		{"services' block too large", func(s *aks.Spec) {
			s.Vnet.Cidrs, s.Vnet.Nodes.Cidr, s.Vnet.APIServer.Cidr = []string{"192.168.0.0/16"}, "192.168.0.0/24", "192.168.1.0/28"
			s.PodCidr, s.ServiceCidr = "100.64.0.0/16", "10.0.0.0/8"
		}, []string{"serviceCidr: 10.0.0.0/8: is too large; it must be smaller than a /12; use a /13 or smaller"}},
		{"services' block too small", func(s *aks.Spec) { s.ServiceCidr = "172.16.0.0/29" }, []string{
			"serviceCidr: 172.16.0.0/29: has no tenth address for the cluster's DNS; use a larger block, or give dnsServiceIp",
		}},
		{"DNS elsewhere", func(s *aks.Spec) { s.DNSServiceIP = "10.0.0.10" }, []string{
			"dnsServiceIp: 10.0.0.10: is not in serviceCidr 172.16.0.0/16; give an address of it",
		}},
		{"DNS at the first address", func(s *aks.Spec) { s.DNSServiceIP = "172.16.0.1" }, []string{
			"dnsServiceIp: 172.16.0.1: is the first address, that of the Kubernetes API; give another of 172.16.0.0/16",
		}},
		{"DNS by name", func(s *aks.Spec) { s.DNSServiceIP = "coredns" }, []string{
			"dnsServiceIp: coredns: is not an IP address; give an address of 172.16.0.0/16",
		}},
		{"a pods' block in the VNet", func(s *aks.Spec) { podSubnet(s); s.PodCidr = "192.168.0.0/16" }, []string{
			"podCidr: 192.168.0.0/16: has no use: with podSubnet pods' addresses are the VNet's; remove it, or use the model overlay",
		}},

		// Subnets.
		{"a delegated node subnet", func(s *aks.Spec) { s.Vnet.Nodes.Delegation = aks.Delegation }, []string{
			"vnet.nodes.delegation: Microsoft.ContainerService/managedClusters: is on the node subnet; nodes cannot be put into a delegated one; use a subnet without delegation",
		}},
		{"subnets elsewhere", func(s *aks.Spec) { s.Vnet.Nodes.Cidr, s.Vnet.APIServer.Cidr = "10.1.0.0/24", "10.0.1.1/28" }, []string{
			"vnet.nodes.cidr: 10.1.0.0/24: is not in the VNet; use a subnet of 10.0.0.0/16",
			"vnet.apiServer.cidr: 10.0.1.1/28: has host bits set; the network is 10.0.1.0/28",
		}},
		{"no pod subnet", func(s *aks.Spec) { s.Model = aks.PodSubnet }, []string{
			"vnet.pods: is missing; the model podSubnet needs it; give a subnet delegated to Microsoft.ContainerService/managedClusters",
		}},
		{"a pod subnet with overlay", func(s *aks.Spec) { podSubnet(s); s.Model = aks.Overlay }, []string{
			"vnet.pods: 10.0.8.0/21: is of no use to the model overlay; remove it",
		}},
		{"pods among nodes", func(s *aks.Spec) { podSubnet(s); s.Vnet.Pods.Cidr, s.Pools[0].MaxPods = "10.0.0.0/24", 30 }, []string{
			"vnet.pods.cidr: 10.0.0.0/24: overlaps 10.0.0.0/24 (vnet.nodes.cidr); use a block outside 10.0.0.0/24",
		}},
		{"another delegation of pods", func(s *aks.Spec) { podSubnet(s); s.Vnet.Pods.Delegation = "" }, []string{
			"vnet.pods.delegation: is not what AKS needs; delegate it to Microsoft.ContainerService/managedClusters",
		}},
		{"no API server subnet", func(s *aks.Spec) { s.Vnet.APIServer = nil }, []string{
			"vnet.apiServer: is missing; the access vnetIntegrationPrivate needs it; give a subnet delegated to Microsoft.ContainerService/managedClusters",
		}},
		{"a small API server subnet", func(s *aks.Spec) {
			s.Vnet.APIServer.Cidr, s.Vnet.APIServer.Delegation = "10.0.1.0/29", "Microsoft.Web/serverFarms"
		}, []string{
			"vnet.apiServer.delegation: Microsoft.Web/serverFarms: is not what AKS needs; delegate it to Microsoft.ContainerService/managedClusters",
			"vnet.apiServer.cidr: 10.0.1.0/29: is too small; an API server takes 9 addresses, and Azure 5; use a /28 or larger",
		}},
		{"an API server subnet for nothing", func(s *aks.Spec) { s.API.Access = aks.PrivateNoZone }, []string{
			"vnet.apiServer: 10.0.1.0/28: is of no use to the access privateNoZone; remove it",
		}},

		// Egress.
		{"a firewall without routes", func(s *aks.Spec) { s.Vnet.Nodes.RouteTable = "" }, []string{
			"vnet.nodes.routeTable: is missing; AKS refuses the outbound type userDefinedRouting without it; attach one that routes 0.0.0.0/0 to the firewall",
		}},
		{"pods past the firewall", func(s *aks.Spec) { podSubnet(s); s.Vnet.Pods.RouteTable = "pods" }, []string{
			"vnet.pods.routeTable: pods: is not the node subnet's; pods would not pass the firewall as nodes do; attach to-firewall, the node subnet's",
		}},
		{"less than no load balancers", func(s *aks.Spec) { n := -1; s.InternalLoadBalancers = &n }, []string{
			"internalLoadBalancers: -1: is not a number of addresses; use 0 or more",
		}},

		// Access.
		{"a public API server for everybody", func(s *aks.Spec) { s.API.Access, s.Vnet.APIServer = aks.Public, nil }, []string{
			"api.authorizedRanges: are missing; everybody could reach the API server; list who may reach it, or make it private",
		}},
		{"ranges", func(s *aks.Spec) {
			s.API = aks.API{Access: aks.VnetIntegrationPublic, AuthorizedRanges: []string{"0.0.0.0/0", "10.0.0.0/8", "203.0.113.1/24", "20.0.0.0/8", "20.0.0.0/8"}}
			s.EgressIPs = []string{"203.0.113.0/24", "192.168.0.1"}
		}, []string{
			"api.authorizedRanges[0]: 0.0.0.0/0: is everybody; list who may reach it, or make it private",
			"api.authorizedRanges[1]: 10.0.0.0/8: is not public: it overlaps 10.0.0.0/8; give public addresses",
			"api.authorizedRanges[2]: 203.0.113.1/24: has host bits set; the network is 203.0.113.0/24",
			"api.authorizedRanges[4]: 20.0.0.0/8: is named already at api.authorizedRanges[3]; remove one",
			"egressIps[0]: 203.0.113.0/24: is not an IP address; give an address such as 203.0.113.7",
			"egressIps[1]: 192.168.0.1: is not public: it overlaps 192.168.0.0/16; give public addresses",
		}},
		{"ranges of a private API server", func(s *aks.Spec) { s.API.AuthorizedRanges = []string{"203.0.113.0/24"} }, []string{
			"api.authorizedRanges: 203.0.113.0/24: are of public API servers; vnetIntegrationPrivate has no public address; remove them, or use the access public or vnetIntegrationPublic",
		}},
		{"no name", func(s *aks.Spec) { s.API.Access, s.Vnet.APIServer, s.API.PublicFQDN = aks.PrivateNoZone, nil, &no }, []string{
			"api.publicFqdn: false: leaves the API server without a name: privateNoZone has no private zone; remove it, or give a private zone",
		}},
		{"the public name of a public API server", func(s *aks.Spec) {
			s.API = aks.API{Access: aks.VnetIntegrationPublic, AuthorizedRanges: []string{"203.0.113.0/24"}, PublicFQDN: &no}
		}, []string{"api.publicFqdn: false: is of private API servers; this one is public; remove it"}},
		{"encryption", func(s *aks.Spec) { s.Vnet.Encrypted = true }, []string{
			"api.access: vnetIntegrationPrivate: does not work in a VNet with encryption; use privateOwnZone, or turn the encryption off",
		}},
		{"central DNS before the zone", func(s *aks.Spec) {
			s.API.Access, s.Vnet.APIServer, s.Vnet.DNSServers = aks.PrivateSystemZone, nil, []string{"10.1.0.4", "10.1.0.5"}
		}, []string{
			"api.access: privateSystemZone: makes its zone with the cluster, and the VNet's DNS servers 10.1.0.4, 10.1.0.5 would not find the API server; " +
				"deploy the VNet with Azure's DNS first, then link the zone, set created: true and the servers; or use privateOwnZone or VNet integration",
		}},
		{"created for nothing", func(s *aks.Spec) { s.Created = true }, []string{
			"created: true: matters only to privateSystemZone in a VNet with DNS servers of its own; remove it",
		}},

		// The private zone.
		{"no zone", ownZone(""), []string{
			"api.privateZone: is missing; give its name, privatelink.westeurope.azmk8s.io with or without a label before it",
		}},
		{"a zone of another region", ownZone("privatelink.northeurope.azmk8s.io"), []string{
			"api.privateZone: privatelink.northeurope.azmk8s.io: is the zone of northeurope, not of westeurope; use privatelink.westeurope.azmk8s.io",
		}},
		{"a zone of integrated API servers", ownZone("private.westeurope.azmk8s.io"), []string{
			"api.privateZone: private.westeurope.azmk8s.io: is a zone for VNet-integrated API servers; use privatelink.westeurope.azmk8s.io",
		}},
		{"a zone of other things", ownZone("aks.example.com"), []string{
			"api.privateZone: aks.example.com: is not a zone for API servers; name it privatelink.westeurope.azmk8s.io, with or without a label before it",
		}},
		{"a long label", ownZone(strings.Repeat("a", 33) + ".privatelink.westeurope.azmk8s.io"), []string{
			"api.privateZone: " + strings.Repeat("a", 33) + ".privatelink.westeurope.azmk8s.io: has 33 characters before privatelink.westeurope.azmk8s.io; use at most 32",
		}},
		{"a zone for nothing", func(s *aks.Spec) {
			s.API.Access, s.Vnet.APIServer, s.API.PrivateZone = aks.PrivateNoZone, nil, "privatelink.westeurope.azmk8s.io"
		}, []string{
			"api.privateZone: privatelink.westeurope.azmk8s.io: is of no use to the access privateNoZone; remove it, or use privateOwnZone or vnetIntegrationPrivate",
		}},
		{"a subdomain of no zone", func(s *aks.Spec) { s.API.FQDNSubdomain = "dp1" }, []string{
			"api.fqdnSubdomain: dp1: needs a private zone of yours; give privateZone, or remove it",
		}},
		{"a subdomain of two labels", func(s *aks.Spec) {
			ownZone("privatelink.westeurope.azmk8s.io")(s)
			s.API.FQDNSubdomain = "dp1.team"
		}, []string{"api.fqdnSubdomain: dp1.team: is not a DNS label; use lower-case letters, digits and hyphens"}},

		// Names.
		{"long names", func(s *aks.Spec) {
			s.Vnet.Name, s.Vnet.ResourceGroup, s.Vnet.Nodes.Name = strings.Repeat("v", 64), strings.Repeat("r", 64), strings.Repeat("n", 63)
		}, []string{
			"vnet.name: " + strings.Repeat("v", 64) + ": has 64 characters, too many for overlay; use at most 63, or another model",
			"vnet.resourceGroup: " + strings.Repeat("r", 64) + ": has 64 characters, too many for overlay; use at most 63, or another model",
		}},

		// Pools and the rest.
		{"no pools", func(s *aks.Spec) { s.Pools = nil }, []string{"pools: are missing; give a pool, for example {name: system, maxCount: 3}"}},
		{"a user pool first", func(s *aks.Spec) { s.Pools[0].Mode = aks.UserPool }, []string{
			"pools[0].mode: User: is the cluster's own pool, which runs what the cluster needs itself; put a system pool first",
		}},
		{"pools", func(s *aks.Spec) {
			s.Pools = []aks.Pool{
				{Name: "System", MaxCount: 1001, MaxPods: 251, Surge: "0"},
				{Name: "data", MaxPods: 9, Surge: "101%", Zones: []string{"1", "4", "1"}},
				{Name: "data", MinCount: 5, MaxCount: 4, Surge: "+2"},
			}
		}, []string{
			"pools[0].name: System: is not the name of a pool; use 1 to 12 lower-case letters and digits, the first a letter",
			"pools[0].maxCount: 1001: is not a number of nodes of a pool; use 1 to 1000",
			"pools[0].maxPods: 251: is not a number of pods of a node; use 10 to 250",
			`pools[0].surge: 0: is not a surge; use a number of nodes or a percentage, "1" or "10%"`,
			"pools[1].maxCount: is missing; give how many nodes the pool may grow to",
			"pools[1].maxPods: 9: is not a number of pods of a node; use 10 to 250",
			`pools[1].surge: 101%: is not a surge; use a number of nodes or a percentage, "1" or "10%"`,
			`pools[1].zones[1]: 4: is not an availability zone; use "1", "2" or "3"`,
			"pools[1].zones[2]: 1: is named already at pools[1].zones[0]; remove one",
			"pools[2].minCount: 5: is not a number of nodes of the pool; use 0 to 4",
			`pools[2].surge: +2: is not a surge; use a number of nodes or a percentage, "1" or "10%"`,
			"pools[2]: data: is named already at pools[1]; remove one",
		}},
		{"zones where there are none", func(s *aks.Spec) { s.Location, s.Pools[0].Zones = "westus", []string{"1"} }, []string{
			"pools[0].zones: 1: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus",
		}},
		{"room for the cluster's own pods", func(s *aks.Spec) { s.Pools[0].MaxPods, s.Pools[0].MinCount = 14, 2 }, []string{
			"pools[0].maxPods: 14: is too few: all nodes of a pool have at least 30 together; let 2 nodes have 15 or more",
		}},
		{"versions and groups", func(s *aks.Spec) { s.KubernetesVersion, s.AdminGroups = "1.3", []string{"admins"} }, []string{
			`kubernetesVersion: 1.3: is not a version of Kubernetes; write for example "1.34", in quotes`,
			"adminGroups[0]: admins: is not an object id; give the group's object id, a GUID",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := aks.NewPlan(spec(c.change))
			assert.Equal(t, c.want, messages(t, err))
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		_, err := aks.NewPlan(aks.Spec{})
		assert.Equal(t, []string{
			"location: is missing; give an Azure region in its short form, for example westeurope",
			"vnet.cidrs: are missing; give the VNet's blocks",
			"vnet.nodes.cidr: is empty; write an IPv4 network such as 10.21.0.0/16",
			"vnet.apiServer: is missing; the access vnetIntegrationPrivate needs it; give a subnet delegated to Microsoft.ContainerService/managedClusters",
			"egress: is missing; use customerFirewall, loadBalancer, natGateway or none",
			"pools: are missing; give a pool, for example {name: system, maxCount: 3}",
		}, messages(t, err))
	})
}

package aks_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/components/aks"
)

// sized is a spec with one pool of so many nodes and no surge beyond one node.
func sized(model aks.NetworkModel, nodeCidr, podCidr string, nodes, pods int) aks.Spec {
	s := spec(func(s *aks.Spec) {
		s.Model = model
		s.API = aks.API{Access: aks.Public, AuthorizedRanges: []string{"203.0.113.0/24"}}
		s.Vnet.APIServer = nil
		s.Vnet.Cidrs = []string{"10.0.0.0/8"}
		s.Vnet.Nodes = aks.Subnet{Cidr: nodeCidr}
		s.Egress = aks.EgressNatGateway
		s.InternalLoadBalancers = new(int)
		s.Pools = []aks.Pool{{Name: "one", MinCount: min(3, nodes), MaxCount: nodes, MaxPods: pods, Surge: "1"}}
	})
	switch model {
	case aks.PodSubnet, aks.PodSubnetStatic:
		s.Vnet.Pods = &aks.Subnet{Cidr: podCidr, Delegation: aks.Delegation}
	case aks.Overlay, aks.Kubenet:
		s.PodCidr = podCidr
		s.Vnet.Nodes.RouteTable = "routes"
	}
	return s
}

// Each figure is worked out by hand from the documents of its model; Azure
// keeps 5 addresses of every subnet, so a /24 has 251, a /21 2043.
func TestCapacity(t *testing.T) {
	cases := []struct {
		name            string
		model           aks.NetworkModel
		nodes, pods     string
		perNode         int // pods
		maxNodes        int
		limitedBy       aks.Limit
		nodeUse, podUse aks.Use // of 2 nodes and 1 of surge
	}{
		// "Network configuration for Conveyor": 256 addresses of nodes and at
		// least 2000 of pods. 2043 / 48 = 42.6 at 30 pods, 2043 / 128 = 15.96 at 110.
		{"the document's subnets, 30 pods", aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 30, 42, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 144, Have: 2043}},
		{"the document's subnets, 110 pods", aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 110, 15, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 384, Have: 2043}},
		// 16 * ceil((40+8)/16) = 48: 42; one pod more is another batch, 64: 31.9.
		{"to the edge of a batch", aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 40, 42, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 144, Have: 2043}},
		{"over the edge of a batch", aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 41, 31, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 192, Have: 2043}},
		// A /16 has 65531: / 48 = 1365, so the /24 of nodes is less.
		{"few nodes for many pods", aks.PodSubnet, "10.0.0.0/24", "10.1.0.0/16", 30, 251, aks.LimitNodeSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 144, Have: 65531}},
		// A cluster uses 65536 addresses of a larger subnet: / 48 = 1365.3.
		{"more pod addresses than a cluster uses", aks.PodSubnet, "10.2.0.0/20", "10.4.0.0/14", 30, 1365, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 4091}, aks.Use{Need: 144, Have: 65536}},
		// Blocks of 16 with an address of the node's own: 31 pods are 32
		// addresses, 2043 / 32 = 63.8; 32 pods are 48, 42.6.
		{"static, none wasted", aks.PodSubnetStatic, "10.0.0.0/24", "10.0.8.0/21", 31, 63, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 96, Have: 2043}},
		{"static, one pod more", aks.PodSubnetStatic, "10.0.0.0/24", "10.0.8.0/21", 32, 42, aks.LimitPodSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 144, Have: 2043}},
		// A node and its 30 pods: 251 / 31 = 8.1; 2043 / 31 = 65.9.
		{"CNI in a /24", aks.AzureCNI, "10.0.0.0/24", "", 30, 8, aks.LimitNodeSubnet, aks.Use{Need: 93, Have: 251}, aks.Use{}},
		{"CNI in a /21", aks.AzureCNI, "10.0.8.0/21", "", 30, 65, aks.LimitNodeSubnet, aks.Use{Need: 93, Have: 2043}, aks.Use{}},
		// A /24 for each node of a /16 is 256 nodes, of a /18 64.
		{"overlay in a /24", aks.Overlay, "10.0.0.0/24", "192.168.0.0/16", 250, 251, aks.LimitNodeSubnet, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 768, Have: 65536}},
		{"overlay, few blocks", aks.Overlay, "10.0.0.0/24", "192.168.64.0/18", 250, 64, aks.LimitPodCidr, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 768, Have: 16384}},
		{"overlay, as far as AKS goes", aks.Overlay, "10.0.0.0/16", "100.64.0.0/10", 250, 5000, aks.LimitModel, aks.Use{Need: 3, Have: 65531}, aks.Use{Need: 768, Have: 4194304}},
		{"kubenet", aks.Kubenet, "10.0.0.0/24", "192.168.0.0/17", 110, 128, aks.LimitPodCidr, aks.Use{Need: 3, Have: 251}, aks.Use{Need: 768, Have: 32768}},
		{"kubenet, as far as AKS goes", aks.Kubenet, "10.0.0.0/22", "100.64.0.0/15", 110, 400, aks.LimitModel, aks.Use{Need: 3, Have: 1019}, aks.Use{Need: 768, Have: 131072}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := aks.NewPlan(sized(c.model, c.nodes, c.pods, 2, c.perNode))
			require.NoError(t, err)
			got := plan.Capacity
			assert.Equal(t, 3, got.Nodes)
			assert.Equal(t, c.maxNodes, got.MaxNodes)
			assert.Equal(t, c.limitedBy, got.LimitedBy)
			assert.Equal(t, c.nodeUse, got.NodeSubnet)
			assert.Equal(t, c.podUse, got.Pods)
		})
	}
}

// 2043 / 16 = 127.7: so many nodes start, however few can be full.
func TestStartingNodes(t *testing.T) {
	for _, pods := range []int{30, 110} {
		plan, err := aks.NewPlan(sized(aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 2, pods))
		require.NoError(t, err)
		assert.Equal(t, 127, plan.Capacity.StartingNodes)
	}
}

// A /28 of nodes has 11 addresses. 1 is an internal load balancer's and 1 the
// private endpoint's; 20 and 33 % of 6 nodes are 2.
func TestWhatTakesAddressesBesideNodes(t *testing.T) {
	for surge, extra := range map[string]int{"1": 1, "2": 2, "20%": 2, "33%": 2, "50%": 3} {
		plan, err := aks.NewPlan(spec(func(s *aks.Spec) {
			s.API.Access, s.Vnet.APIServer = aks.PrivateNoZone, nil
			s.Vnet.Nodes.Cidr = "10.0.0.0/28"
			s.Pools = []aks.Pool{{Name: "one", MaxCount: 6, Surge: surge}}
			s.InternalLoadBalancers = nil
		}))
		require.NoError(t, err, surge)
		assert.Equal(t, aks.Use{Need: 6 + extra + 2, Have: 11}, plan.Capacity.NodeSubnet, surge)
		assert.Equal(t, 9, plan.Capacity.MaxNodes, surge)
	}
}

// The pools together: 20 nodes of 48 addresses and 2 surges, 4 nodes of 128 and
// a surge are 1696 of 2043; 347 more are 2 more nodes of 128.
func TestPoolsShareASubnet(t *testing.T) {
	s := sized(aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 20, 30)
	s.Pools[0].Surge = "10%"
	s.Pools = append(s.Pools, aks.Pool{Name: "dense", MaxCount: 4, MaxPods: 110, Surge: "10%"})
	plan, err := aks.NewPlan(s)
	require.NoError(t, err)
	assert.Equal(t, aks.Capacity{
		Nodes: 27, MaxNodes: 29, LimitedBy: aks.LimitPodSubnet, StartingNodes: 127,
		NodeSubnet: aks.Use{Need: 27, Have: 251}, Pods: aks.Use{Need: 1696, Have: 2043},
	}, plan.Capacity)
}

// What does not fit is refused with what it needs, what there is and the
// smallest block that would do.
func TestPoolsThatDoNotFit(t *testing.T) {
	cases := []struct {
		name string
		spec aks.Spec
		want []string
	}{
		// 15 nodes and a surge at 128 are 2048, 5 more than there are; with
		// Azure's 5, 2053 are a /20.
		{"pods", sized(aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 15, 110), []string{
			"pools[0]: one: is 16 nodes with surge and needs 2048 addresses of the pod subnet 10.0.8.0/21, which has 2043; " +
				"the smallest that holds all pools is a /20; or use fewer nodes or fewer pods a node",
		}},
		// 251 nodes and a surge in a /24 of 251; a /23 has 507.
		{"nodes", sized(aks.Overlay, "10.0.0.0/24", "192.168.0.0/16", 251, 250), []string{
			"pools[0]: one: is 252 nodes with surge and needs 252 addresses of the node subnet 10.0.0.0/24, which has 251; " +
				"the smallest that holds all pools is a /23; or use fewer nodes or fewer pods a node",
		}},
		// 256 blocks of a /16; 257 are a /15. The /22 has 1019.
		{"blocks", sized(aks.Overlay, "10.0.0.0/22", "192.168.0.0/16", 256, 250), []string{
			"pools[0]: one: is 257 nodes with surge and needs 65792 addresses of the pods' block 192.168.0.0/16, which has 65536; " +
				"the smallest that holds all pools is a /15; or use fewer nodes or fewer pods a node",
		}},
		// 31 * 9 = 279: with 5 a /23.
		{"CNI", sized(aks.AzureCNI, "10.0.0.0/24", "", 8, 30), []string{
			"pools[0]: one: is 9 nodes with surge and needs 279 addresses of the node subnet 10.0.0.0/24, which has 251; " +
				"the smallest that holds all pools is a /23; or use fewer nodes or fewer pods a node",
		}},
		// 1000 nodes and a surge at 80 are 80080 of the 65536 that a cluster uses.
		{"more than a cluster uses", sized(aks.PodSubnet, "10.2.0.0/20", "10.4.0.0/14", 1000, 70), []string{
			"pools[0]: one: is 1001 nodes with surge and needs 80080 addresses of the pod subnet 10.4.0.0/14, which has 65536; " +
				"use fewer nodes or fewer pods a node",
		}},
		{"both subnets", sized(aks.PodSubnet, "10.0.0.0/28", "10.0.8.0/24", 20, 30), []string{
			"pools[0]: one: is 21 nodes with surge and needs 21 addresses of the node subnet 10.0.0.0/28, which has 11; " +
				"the smallest that holds all pools is a /27; or use fewer nodes or fewer pods a node",
			"pools[0]: one: is 21 nodes with surge and needs 1008 addresses of the pod subnet 10.0.8.0/24, which has 251; " +
				"the smallest that holds all pools is a /22; or use fewer nodes or fewer pods a node",
		}},
		{"kubenet", sized(aks.Kubenet, "10.0.0.0/22", "100.64.0.0/15", 400, 110), []string{
			"pools: are 401 nodes with surge; a cluster has at most 400 with kubenet; use fewer nodes, or split them over clusters",
		}},
	}
	second := sized(aks.PodSubnet, "10.0.0.0/24", "10.0.8.0/21", 15, 110)
	second.Pools[0].MaxCount = 9                                                                       // 1280 of 2043
	second.Pools = append(second.Pools, aks.Pool{Name: "more", MaxCount: 19, MaxPods: 30, Surge: "1"}) // 960: 2240 and 5 are a /20
	cases = append(cases, struct {
		name string
		spec aks.Spec
		want []string
	}{"the second pool", second, []string{
		"pools[1]: more: is 20 nodes with surge and needs 960 addresses of the pod subnet 10.0.8.0/21, which has 763 of 2043 left; " +
			"the smallest that holds all pools is a /20; or use fewer nodes or fewer pods a node",
	}})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := aks.NewPlan(c.spec)
			assert.Equal(t, c.want, messages(t, err))
		})
	}
	five := sized(aks.Overlay, "10.0.0.0/16", "100.64.0.0/10", 1000, 250)
	for i := range 4 {
		five.Pools = append(five.Pools, aks.Pool{Name: fmt.Sprintf("p%d", i), MaxCount: 1000, Surge: "1"})
	}
	_, err := aks.NewPlan(five)
	assert.Equal(t, []string{
		"pools: are 5005 nodes with surge; a cluster has at most 5000 with overlay; use fewer nodes, or split them over clusters",
	}, messages(t, err))
}

// What a plan admits fits, by an arithmetic of its own: the batches counted one
// by one.
func TestAdmittedPoolsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodeBits, podBits := rapid.IntRange(20, 28).Draw(t, "nodeBits"), rapid.IntRange(16, 26).Draw(t, "podBits")
		nodes, pods := rapid.IntRange(1, 300).Draw(t, "nodes"), rapid.IntRange(30, 250).Draw(t, "pods")
		plan, err := aks.NewPlan(sized(aks.PodSubnet, fmt.Sprintf("10.0.0.0/%d", nodeBits), fmt.Sprintf("10.64.0.0/%d", podBits), nodes, pods))
		taken := 16
		for taken-pods < 8 {
			taken += 16
		}
		size := func(bits int) int { return int(math.Pow(2, float64(32-bits))) - 5 }
		fits := nodes+1 <= size(nodeBits) && (nodes+1)*taken <= size(podBits)
		if fits != (err == nil) {
			t.Fatalf("%d nodes of %d addresses: fit %v, error %v", nodes+1, taken, fits, err)
		}
		if fits && (plan.Capacity.MaxNodes > size(nodeBits) || plan.Capacity.MaxNodes*taken > size(podBits)) {
			t.Fatalf("%d nodes do not fit", plan.Capacity.MaxNodes)
		}
	})
}

package diff_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/azurehub"
	"github.com/underlay-iac/underlay/components/azureprivateendpoints"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/diff"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// The names that every AKS cluster calls on 443, of
// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
const aksNames = "*.data.mcr.microsoft.com, acs-mirror.azureedge.net, login.microsoftonline.com, management.azure.com, " +
	"mcr-0001.mcr-msedge.net, mcr.microsoft.com, packages.aks.azure.com and packages.microsoft.com"

// What a change of an Azure environment means to a reviewer.
func TestAzureMeaning(t *testing.T) {
	landing := func(edit func(*stacks.AksLandingZone)) func(*stacks.Environment) {
		return func(env *stacks.Environment) { edit(env.Spec.(*stacks.AksLandingZone)) }
	}
	shared := func(edit func(*stacks.SharedAzure)) func(*stacks.Environment) {
		return func(env *stacks.Environment) { edit(env.Spec.(*stacks.SharedAzure)) }
	}
	rule := func(r azurehub.Rule) func(*stacks.Environment) {
		r.Sources = []string{"10.50.16.0/20"}
		return landing(func(s *stacks.AksLandingZone) { s.Hub.Rules = append(s.Hub.Rules, r) })
	}
	for _, test := range []struct {
		name, stack string
		edit        func(*stacks.Environment)
		want, back  string
		now         string // where the change's hop after stands
	}{
		{
			"a service tag at the firewall", "aks-dev",
			rule(azurehub.Rule{Name: "storage", Protocol: "tcp", Ports: []int{443}, ServiceTags: []string{"Storage.westeurope"}}),
			"data plane nodes and data plane pods can now reach the service tag Storage.westeurope on tcp 443",
			"data plane nodes and data plane pods can no longer reach the service tag Storage.westeurope on tcp 443",
			"hub-extra",
		},
		{
			"a block at the firewall", "aks-dev",
			rule(azurehub.Rule{Name: "partner", Protocol: "tcp", Ports: []int{5432}, Addresses: []string{"203.0.113.7/32"}}),
			"data plane nodes and data plane pods can now reach 203.0.113.7/32 on tcp 5432",
			"data plane nodes and data plane pods can no longer reach 203.0.113.7/32 on tcp 5432",
			"hub-extra",
		},
		{
			// What the tag AzureKubernetesService holds beside AKS's names, nobody says.
			"a name at the firewall", "aks-dev",
			rule(azurehub.Rule{Name: "git", Protocol: "https", FQDNs: []string{"git.example.com"}}),
			"it is certain now that data plane nodes and data plane pods can reach git.example.com on tcp 443",
			"data plane nodes and data plane pods may no longer reach git.example.com on tcp 443",
			"hub-extra",
		},
		{
			"a private endpoint", "aks-dev",
			landing(func(s *stacks.AksLandingZone) {
				s.PrivateEndpoints = &stacks.AzureEndpoints{Spec: azureprivateendpoints.Spec{
					Services: []string{"aks", "blob"},
					Endpoints: map[string]azureprivateendpoints.Endpoint{"lake": {Service: "blob",
						ResourceID: "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/lake"}},
				}}
			}),
			// The firewall's address, which spokes ask for names, is an output.
			"data plane nodes, data plane pods and data plane application gateway may now reach the private endpoint endpoints-lake on tcp 443",
			"it is certain now that data plane nodes, data plane pods and data plane application gateway cannot reach the private endpoint endpoints-lake on tcp 443",
			"spoke-vnet",
		},
		{
			// No graph has AKS's load balancer, by which it comes.
			"another block of the control plane", "azure-dev",
			shared(func(s *stacks.SharedAzure) {
				s.DataPlane.ControlPlaneCidrs = append(s.DataPlane.ControlPlaneCidrs, "192.0.2.0/24")
			}),
			"the network security group of nodes now lets in 192.0.2.0/24 on tcp 443",
			"the network security group of nodes no longer lets in 192.0.2.0/24 on tcp 443",
			"net-nodes",
		},
		{
			"a NAT gateway", "azure-dev",
			shared(func(s *stacks.SharedAzure) { s.DataPlane.Egress = azurevnet.EgressNatGateway }),
			"nodes and pods can now reach the internet on every tcp and udp port",
			"nodes and pods can no longer reach the internet on every tcp and udp port",
			"net-nat",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := side(t, test.stack, nil), side(t, test.stack, test.edit)
			r := compare(t, a, b)
			require.Equal(t, []string{test.want}, sentences(r))
			require.NotNil(t, r.Paths[0].After)
			assert.Contains(t, r.Paths[0].After.URN, test.now)
			back := compare(t, b, a)
			if test.back != "" {
				assert.Equal(t, []string{test.back}, sentences(back))
			}
		})
	}
}

// Without the firewall's rules for AKS, the cluster does not reach its registry.
func TestNodesNoLongerReachTheirRegistry(t *testing.T) {
	a, b := side(t, "aks-dev", nil), side(t, "aks-dev", nil)
	drop(t, b.Graph, "FirewallPolicyRuleCollectionGroup hub-aks")
	r := compare(t, a, b)
	assert.Equal(t, []string{"data plane nodes and data plane pods can no longer reach " + aksNames + " on tcp 443"}, sentences(r))
	require.NotNil(t, r.Paths[0].After)
	assert.Contains(t, r.Paths[0].After.Effect, "stops: no rule of the firewall policy")
	got := map[string]requirements.Verdict{}
	for _, c := range r.Requirements {
		got[c.ID] = c.After
	}
	assert.Equal(t, requirements.Refuted, got["EGR-004"])
}

// A security group whose members no graph has yet is compared by its rules.
func TestAGroupWithoutMembers(t *testing.T) {
	r := compare(t, side(t, "aoscloud-dev", nil), side(t, "aoscloud-staging", nil))
	// publicLbIngress of Pulumi.aoscloud-staging.yaml.
	assert.Equal(t, []string{
		"the security group aos-public-lb now lets in 10.0.0.0/8 on tcp 10000",
		"the security group aos-public-lb now lets in anyone on tcp 443",
	}, sentences(r))
	assert.Equal(t, diff.Admitted, r.Paths[0].Change)
}

// deployed makes a graph look as if it had been: every resource has an id of the
// cloud's, by which others refer to it.
func deployed(s diff.Side) diff.Side {
	ids := map[string]string{}
	for _, r := range s.Graph.Resources {
		ids[r.URN] = "id-" + r.Name
	}
	var replaced func(resource.PropertyValue) resource.PropertyValue
	object := func(m resource.PropertyMap) resource.PropertyMap {
		all := resource.PropertyMap{}
		for key, v := range m {
			all[key] = replaced(v)
		}
		return all
	}
	replaced = func(v resource.PropertyValue) resource.PropertyValue {
		switch {
		case v.IsString() && ids[v.StringValue()] != "":
			return text(ids[v.StringValue()])
		case v.IsArray():
			var all []resource.PropertyValue
			for _, inner := range v.ArrayValue() {
				all = append(all, replaced(inner))
			}
			return resource.NewProperty(all)
		case v.IsObject():
			return resource.NewProperty(object(v.ObjectValue()))
		}
		return v
	}
	for i := range s.Graph.Resources {
		r := &s.Graph.Resources[i]
		r.ID, r.Inputs, r.Outputs = ids[r.ID], object(r.Inputs), object(r.Outputs)
	}
	return s
}

// What only a deployment knows is no change, as long as it is configured alike.
func TestADeploymentKnowsMore(t *testing.T) {
	connected := func() diff.Side {
		s := deployed(side(t, "azure-staging", nil))
		peering := find(t, s.Graph, "VirtualNetworkPeering net-peering-hub")
		peering.Outputs["peeringState"] = text("Connected")
		peering.Outputs["remoteAddressSpace"] = resource.NewProperty(resource.PropertyMap{
			"addressPrefixes": resource.NewProperty([]resource.PropertyValue{text("10.10.0.0/22")}),
		})
		return s
	}
	r := compare(t, connected(), side(t, "azure-staging", nil))
	assert.False(t, r.Changed(), "%v %v", sentences(r), r.Requirements)
	require.NotEmpty(t, r.Notes)
	assert.Contains(t, r.Notes[0], "are left out that outputs decide")

	// Another network is another matter.
	planned := side(t, "azure-staging", nil)
	peering := find(t, planned.Graph, "VirtualNetworkPeering net-peering-hub")
	other := resource.NewProperty(resource.PropertyMap{"id": text("/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/other")})
	peering.Inputs["remoteVirtualNetwork"], peering.Outputs["remoteVirtualNetwork"] = other, other
	assert.True(t, compare(t, connected(), planned).Changed())
}

// Networks in different clouds, and models with different requirements, are
// compared by what they have in common, and that is said.
func TestDifferentClouds(t *testing.T) {
	r := compare(t, side(t, "dev", nil), side(t, "azure-dev", nil))
	notes := strings.Join(r.Notes, "\n")
	assert.Contains(t, notes, "dev is in AWS, azure-dev in Azure")
	assert.Contains(t, notes, "requirements that one of them alone has")
	for _, c := range r.Requirements {
		assert.NotEmpty(t, c.After, c.ID)
		assert.False(t, c.Before == "" && c.After == requirements.Proven, c.ID)
	}
	assert.NotContains(t, strings.Join(sentences(r), "\n"), "AWS")
	for _, note := range compare(t, side(t, "azure-dev", nil), side(t, "azure-staging", nil)).Notes {
		assert.NotContains(t, note, "is in")
	}
}

func TestOverlapsAndNotes(t *testing.T) {
	a, b := side(t, "dev", nil), side(t, "dev", nil)
	a.Overlaps, b.Overlaps = []string{"one overlaps", "two overlaps"}, []string{"two overlaps", "three overlaps"}
	a.Notes, b.Notes, b.Name = []string{"alike"}, []string{"alike", "another"}, "proposal.yaml"
	r := compare(t, a, b)
	assert.True(t, r.Changed())
	assert.Equal(t, []diff.OverlapChange{{Change: diff.Gained, Sentence: "three overlaps"}, {Change: diff.Lost, Sentence: "one overlaps"}}, r.Overlaps)
	assert.Equal(t, []string{"dev, proposal.yaml: alike", "proposal.yaml: another"}, r.Notes)
	var printed bytes.Buffer
	require.NoError(t, r.Text(&printed, terminal.Style{}))
	assert.Contains(t, printed.String(), "\nAddresses\n  + three overlaps\n  - one overlaps\n")
}

// The same two networks give the same text.
func TestAzureDeterministic(t *testing.T) {
	var first string
	for range 3 {
		var printed bytes.Buffer
		require.NoError(t, compare(t, side(t, "azure-dev", nil), side(t, "aks-dev", nil)).Text(&printed, terminal.Style{}))
		if first == "" {
			first = printed.String()
		}
		assert.Equal(t, first, printed.String())
	}
}

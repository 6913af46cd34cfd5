package catalog_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// flat returns the rules as "protocol port destination", sorted and once each.
func flat(rules []catalog.EgressRule) []string {
	var lines []string
	for _, r := range rules {
		for _, port := range r.Ports {
			for _, to := range slices.Concat(r.FQDNs, r.ServiceTags, r.Addresses) {
				lines = append(lines, fmt.Sprintf("%s %d %s", r.Protocol, port, to))
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func egress(t *testing.T, cluster catalog.AKSEgress) []catalog.EgressRule {
	t.Helper()
	cluster.Region = "westeurope"
	rules, err := load(t).AKSEgressRules(cluster)
	require.NoError(t, err)
	return rules
}

// private is the destinations that "Outbound network and FQDN rules for Azure
// Kubernetes Service (AKS) clusters" asks of every cluster in its section
// "Azure Global required FQDN / application rules", without the API server.
// https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
var private = []string{
	"https 443 *.data.mcr.microsoft.com",
	"https 443 acs-mirror.azureedge.net",
	"https 443 login.microsoftonline.com",
	"https 443 management.azure.com",
	"https 443 mcr-0001.mcr-msedge.net",
	"https 443 mcr.microsoft.com",
	"https 443 packages.aks.azure.com",
	"https 443 packages.microsoft.com",
}

func TestAKSNames(t *testing.T) {
	var got []string
	for _, name := range load(t).AKSNames() {
		got = append(got, "https 443 "+name)
	}
	assert.ElementsMatch(t, private, got)
	load(t).AKSNames()[0] = "mine"
	assert.NotContains(t, load(t).AKSNames(), "mine", "what is returned is the caller's own")
}

// The rows are those of the same page, retyped.
func TestAKSEgress(t *testing.T) {
	cases := map[string]struct {
		cluster catalog.AKSEgress
		want    []string // beside private
	}{
		"private cluster": {catalog.AKSEgress{PrivateAPI: true}, nil},
		"public API server": {catalog.AKSEgress{}, []string{
			"https 443 *.hcp.westeurope.azmk8s.io",
			"tcp 9000 AzureCloud.westeurope",
			"udp 1194 AzureCloud.westeurope",
		}},
		"konnectivity agent": {catalog.AKSEgress{Konnectivity: true}, []string{
			"https 443 *.hcp.westeurope.azmk8s.io",
		}},
		"pods call the API server by address": {catalog.AKSEgress{Konnectivity: true, APIServer: []string{"20.50.1.2"}}, []string{
			"https 443 *.hcp.westeurope.azmk8s.io",
			"tcp 443 20.50.1.2/32",
		}},
		"custom DNS": {catalog.AKSEgress{PrivateAPI: true, DNSServers: []string{"10.0.0.4", "10.0.0.5"}}, []string{
			"udp 53 10.0.0.4/32",
			"udp 53 10.0.0.5/32",
		}},
		"monitor": {catalog.AKSEgress{PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSMonitor}}, []string{
			"https 443 *.in.applicationinsights.azure.com",
			"https 443 *.ingest.monitor.azure.com",
			"https 443 *.metrics.ingest.monitor.azure.com",
			"https 443 *.monitoring.azure.com",
			"https 443 *.ods.opinsights.azure.com",
			"https 443 *.oms.opinsights.azure.com",
			"https 443 dc.services.visualstudio.com",
			"https 443 global.handler.control.monitor.azure.com",
			"https 443 westeurope.handler.control.monitor.azure.com",
			"tcp 443 AzureMonitor",
		}},
		"policy": {catalog.AKSEgress{PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSPolicy}}, []string{
			"https 443 data.policy.core.windows.net",
			"https 443 dc.services.visualstudio.com",
			"https 443 store.policy.core.windows.net",
		}},
		"defender": {catalog.AKSEgress{PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSDefender}}, []string{
			"https 443 *.cloud.defender.microsoft.com",
			"https 443 *.ods.opinsights.azure.com",
			"https 443 *.oms.opinsights.azure.com",
		}},
		"gitops": {catalog.AKSEgress{PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSGitOps}}, []string{
			"https 443 westeurope.dp.kubernetesconfiguration.azure.com",
		}},
		"optional": {catalog.AKSEgress{PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSOSUpdates, catalog.AKSNTP}}, []string{
			"http 80 azure.archive.ubuntu.com",
			"http 80 changelogs.ubuntu.com",
			"http 80 security.ubuntu.com",
			"https 443 snapshot.ubuntu.com",
			"udp 123 ntp.ubuntu.com",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := slices.Sorted(slices.Values(slices.Concat(private, c.want)))
			assert.Equal(t, want, flat(egress(t, c.cluster)))
		})
	}
}

func TestEgressRulesAreComplete(t *testing.T) {
	all := egress(t, catalog.AKSEgress{Features: catalog.AKSFeatures(), DNSServers: []string{"10.0.0.4"}, APIServer: []string{"20.50.1.2"}})
	names := map[string]bool{}
	for i, r := range all {
		assert.False(t, names[r.Name], "%s is twice", r.Name)
		names[r.Name] = true
		assertFact(t, r.Purpose, r.Source, r.AsOf)
		assert.NotEmpty(t, r.Ports, r.Name)
		kinds := 0
		for _, to := range [][]string{r.FQDNs, r.ServiceTags, r.Addresses} {
			if len(to) > 0 {
				kinds++
			}
			for _, name := range to {
				assert.NotContains(t, name, "{", r.Name)
			}
		}
		assert.Equal(t, 1, kinds, "%s has destinations of one kind", r.Name)
		if r.ByName() {
			assert.NotEmpty(t, r.FQDNs, r.Name)
		}
		if i > 0 && r.Feature == catalog.AKSBase {
			assert.Equal(t, catalog.AKSBase, all[i-1].Feature, "base comes first")
		}
	}
	for _, r := range all {
		assert.True(t, r.AlternativeTo == "" || names[r.AlternativeTo], "%s", r.Name)
		assert.True(t, r.Feature == catalog.AKSBase || slices.Contains(catalog.AKSFeatures(), r.Feature), "%s", r.Name)
	}
}

func TestBadAKSEgress(t *testing.T) {
	_, err := load(t).AKSEgressRules(catalog.AKSEgress{
		Region: "West Europe", PrivateAPI: true,
		Features:   []catalog.AKSFeature{"base", "montor", "policy", "policy"},
		DNSServers: []string{"10.0.0.4/32", "fe80::1"},
		APIServer:  []string{"20.50.1.2"},
	})
	var problems problem.List
	require.ErrorAs(t, err, &problems)
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	assert.Equal(t, []string{
		"region: West Europe: is not a region's short form; write westeurope",
		"features[0]: base: is what every cluster has; remove it",
		"features[1]: montor: is not a choice; use monitor, policy, defender, gitops, os-updates or ntp",
		"features[3]: policy: is named already at features[2]; remove one",
		"dnsServers[0]: 10.0.0.4/32: is not an IPv4 address; give one such as 10.0.0.4",
		"dnsServers[1]: fe80::1: is not an IPv4 address; give one such as 10.0.0.4",
		"apiServer: 20.50.1.2: is a public address, but the API server is private; remove it",
	}, got)
}

func TestReturnedEgressRulesAreCopies(t *testing.T) {
	cluster := catalog.AKSEgress{Features: catalog.AKSFeatures()}
	before := flat(egress(t, cluster))
	for _, r := range egress(t, cluster) {
		r.Ports[0] = 1
		for _, to := range [][]string{r.FQDNs, r.ServiceTags} {
			if len(to) > 0 {
				to[0] = "mine"
			}
		}
	}
	assert.Equal(t, before, flat(egress(t, cluster)))
}

// A list that another program reads: JSON with the keys of a firewall rule.
func ExampleCatalog_AKSEgressRules() {
	c, err := catalog.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	rules, err := c.AKSEgressRules(catalog.AKSEgress{
		Region: "westeurope", PrivateAPI: true, Features: []catalog.AKSFeature{catalog.AKSGitOps},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := rules[len(rules)-1]
	last.Purpose, last.Source, last.AsOf = "", "", ""
	text, err := json.Marshal(last)
	fmt.Println(strings.Replace(string(text), `,"purpose":"","source":"","asOf":""`, "", 1), err)
	// Output:
	// {"name":"gitops","feature":"gitops","protocol":"https","ports":[443],"fqdns":["westeurope.dp.kubernetesconfiguration.azure.com"]} <nil>
}

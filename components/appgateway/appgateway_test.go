package appgateway_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/appgateway"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

const (
	gateway    = "azure-native:network/v20240501:ApplicationGateway"
	firewall   = "azure-native:network/v20240501:WebApplicationFirewallPolicy"
	publicIP   = "azure-native:network/v20240501:PublicIPAddress"
	identity   = "azure-native:managedidentity/v20230131:UserAssignedIdentity"
	assignment = "azure-native:authorization/v20220401:RoleAssignment"

	group    = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/data/providers/"
	subnetID = group + "Microsoft.Network/virtualNetworks/spoke/subnets/gateway"
	vaultID  = group + "Microsoft.KeyVault/vaults/certs"
	secret   = "https://certs.vault.azure.net/secrets/app"
)

// args are those of a public gateway with one site, changed.
func args(changes ...func(*appgateway.AppGatewayIngressArgs)) *appgateway.AppGatewayIngressArgs {
	a := &appgateway.AppGatewayIngressArgs{
		Spec: appgateway.Spec{
			Location:   "westeurope",
			SubnetCidr: "10.0.4.0/24",
			Frontends:  []appgateway.Frontend{appgateway.Public},
			Sites: []appgateway.Site{{
				Name: "app", HostNames: []string{"app.example.com"}, CertificateSecretID: secret,
				Backends: []string{"10.0.2.10"}, BackendHostName: "app.internal.example.com",
			}},
		},
		ResourceGroupName: pulumi.String("data"), SubnetID: pulumi.String(subnetID), KeyVaultID: pulumi.String(vaultID),
	}
	for _, change := range changes {
		change(a)
	}
	return a
}

func built(t *testing.T, changes ...func(*appgateway.AppGatewayIngressArgs)) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		provider, err := azure.NewProvider(ctx, "azure", &azure.ProviderArgs{Location: pulumi.String("westeurope")})
		if err != nil {
			return err
		}
		_, err = appgateway.NewAppGatewayIngress(ctx, "web", args(changes...), pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return g
}

func only(t *testing.T, g *graph.Graph, token string) *graph.Resource {
	t.Helper()
	found := g.ByType(token)
	require.Len(t, found, 1, token)
	return found[0]
}

// gatewayOf returns the inputs of the gateway, in which references to its own
// parts are "kind/name".
func gatewayOf(t *testing.T, g *graph.Graph) map[string]any {
	t.Helper()
	var shorten func(any) any
	shorten = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for key := range v {
				v[key] = shorten(v[key])
			}
		case []any:
			for i := range v {
				v[i] = shorten(v[i])
			}
		case string:
			if _, part, ok := strings.Cut(v, "/providers/Microsoft.Network/applicationGateways/web/"); ok {
				return part
			}
		}
		return v
	}
	return shorten(only(t, g, gateway).Inputs.Mappable()).(map[string]any)
}

func id(part string) map[string]any { return map[string]any{"id": part} }

func outputs(t *testing.T, g *graph.Graph) map[string]any {
	t.Helper()
	return only(t, g, appgateway.Type).Outputs.Mappable()
}

// "Network topology and connectivity considerations for AKS": web applications
// use TLS and are not served over plain HTTP; internet-facing ones have a web
// application firewall.
func TestPublicGateway(t *testing.T) {
	g := built(t)
	in := gatewayOf(t, g)
	assert.Equal(t, map[string]any{"name": "WAF_v2", "tier": "WAF_v2"}, in["sku"])
	assert.Equal(t, map[string]any{"minCapacity": 2.0, "maxCapacity": 10.0}, in["autoscaleConfiguration"])
	assert.Equal(t, []any{"1", "2", "3"}, in["zones"])
	assert.Equal(t, map[string]any{"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"}, in["sslPolicy"], "TLS 1.2 or newer")
	assert.Equal(t, true, in["enableHttp2"])
	assert.Equal(t, "web", in["applicationGatewayName"], "its parts refer to each other by it")
	assert.Equal(t, []any{map[string]any{"name": "subnet", "subnet": id(subnetID)}}, in["gatewayIPConfigurations"])

	waf := only(t, g, firewall)
	assert.Equal(t, id(waf.URN), in["firewallPolicy"])
	policy := waf.Inputs.Mappable()
	assert.Equal(t, map[string]any{
		"state": "Enabled", "mode": "Prevention", "requestBodyCheck": true, "maxRequestBodySizeInKb": 128.0, "fileUploadLimitInMb": 100.0,
		"requestBodyEnforcement": true, "fileUploadEnforcement": true,
	}, policy["policySettings"])
	assert.Equal(t, map[string]any{"managedRuleSets": []any{map[string]any{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}}}, policy["managedRules"])

	ip := only(t, g, publicIP)
	address := ip.Inputs.Mappable()
	assert.Equal(t, map[string]any{"name": "Standard"}, address["sku"])
	assert.Equal(t, "Static", address["publicIPAllocationMethod"])
	assert.Equal(t, []any{"1", "2", "3"}, address["zones"])
	assert.Equal(t, []any{map[string]any{"name": "public", "publicIPAddress": id(ip.URN)}}, in["frontendIPConfigurations"])
	assert.Equal(t, []any{map[string]any{"name": "https", "port": 443.0}, map[string]any{"name": "http", "port": 80.0}}, in["frontendPorts"])

	assert.Equal(t, []any{
		map[string]any{
			"name": "app-public-https", "protocol": "Https", "hostNames": []any{"app.example.com"}, "sslCertificate": id("sslCertificates/app"),
			"frontendIPConfiguration": id("frontendIPConfigurations/public"), "frontendPort": id("frontendPorts/https"),
		},
		map[string]any{
			"name": "app-public-http", "protocol": "Http", "hostNames": []any{"app.example.com"},
			"frontendIPConfiguration": id("frontendIPConfigurations/public"), "frontendPort": id("frontendPorts/http"),
		},
	}, in["httpListeners"])
	assert.Equal(t, []any{
		map[string]any{
			"name": "app-public", "ruleType": "Basic", "priority": 10.0, "httpListener": id("httpListeners/app-public-https"),
			"backendAddressPool": id("backendAddressPools/app"), "backendHttpSettings": id("backendHttpSettingsCollection/app"),
		},
		map[string]any{
			"name": "app-public-redirect", "ruleType": "Basic", "priority": 10010.0, "httpListener": id("httpListeners/app-public-http"),
			"redirectConfiguration": id("redirectConfigurations/app-public"),
		},
	}, in["requestRoutingRules"], "what comes in by HTTP is redirected, never served")
	assert.Equal(t, []any{map[string]any{
		"name": "app-public", "redirectType": "Permanent", "targetListener": id("httpListeners/app-public-https"),
		"includePath": true, "includeQueryString": true,
	}}, in["redirectConfigurations"])
	assert.Equal(t, []any{map[string]any{"name": "app", "keyVaultSecretId": secret}}, in["sslCertificates"])
	assert.Equal(t, []any{map[string]any{"name": "app", "backendAddresses": []any{map[string]any{"ipAddress": "10.0.2.10"}}}}, in["backendAddressPools"])
	assert.Equal(t, []any{map[string]any{
		"name": "app", "protocol": "Https", "port": 443.0, "hostName": "app.internal.example.com", "requestTimeout": 30.0,
		"cookieBasedAffinity": "Disabled", "probe": id("probes/app"),
	}}, in["backendHttpSettingsCollection"])
	assert.Equal(t, []any{map[string]any{
		"name": "app", "protocol": "Https", "path": "/", "interval": 30.0, "timeout": 30.0, "unhealthyThreshold": 3.0,
		"pickHostNameFromBackendHttpSettings": true,
	}}, in["probes"])

	user := only(t, g, identity)
	assert.Equal(t, map[string]any{"type": "UserAssigned", "userAssignedIdentities": []any{user.URN}}, in["identity"])
	role := only(t, g, assignment)
	granted := role.Inputs.Mappable()
	assert.Equal(t, vaultID, granted["scope"])
	assert.Equal(t, user.Outputs["principalId"].StringValue(), granted["principalId"])
	assert.Equal(t, "ServicePrincipal", granted["principalType"])
	assert.Equal(t, "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6",
		granted["roleDefinitionId"], "Key Vault Secrets User")
	assert.Contains(t, only(t, g, gateway).Dependencies, role.URN, "it cannot be made before it may read its certificates")

	out := outputs(t, g)
	assert.Equal(t, only(t, g, gateway).URN, out["gatewayId"])
	assert.Equal(t, waf.URN, out["firewallPolicyId"])
	assert.Equal(t, ip.Outputs["ipAddress"].StringValue(), out["publicIp"])
	assert.Empty(t, out["privateIp"])
	assert.Equal(t, user.Outputs["principalId"].StringValue(), out["principalId"])
}

// A private gateway has no public address at all.
// West US has no availability zones.
func TestGatewayInARegionWithoutZones(t *testing.T) {
	g := built(t, func(a *appgateway.AppGatewayIngressArgs) { a.Location = "westus" })
	assert.Empty(t, gatewayOf(t, g)["zones"])
	assert.Empty(t, only(t, g, publicIP).Inputs.Mappable()["zones"])
}

func TestPrivateGateway(t *testing.T) {
	g := built(t, func(a *appgateway.AppGatewayIngressArgs) {
		a.Frontends, a.PrivateIP = []appgateway.Frontend{appgateway.Private}, "10.0.4.10"
		a.NetworkIsolation, a.DefaultRouteToAppliance = true, true
	})
	in := gatewayOf(t, g)
	assert.Empty(t, g.ByType(publicIP))
	assert.Equal(t, []any{map[string]any{
		"name": "private", "privateIPAddress": "10.0.4.10", "privateIPAllocationMethod": "Static", "subnet": id(subnetID),
	}}, in["frontendIPConfigurations"])
	for _, l := range in["httpListeners"].([]any) {
		assert.Equal(t, id("frontendIPConfigurations/private"), l.(map[string]any)["frontendIPConfiguration"])
	}
	out := outputs(t, g)
	assert.Equal(t, "10.0.4.10", out["privateIp"])
	assert.Empty(t, out["publicIp"])
}

// "Network topology and connectivity considerations for AKS": a gateway that
// connections come to both from on premises and from the internet.
func TestBothFrontendsAndSites(t *testing.T) {
	no := false
	g := built(t, func(a *appgateway.AppGatewayIngressArgs) {
		a.Frontends, a.PrivateIP = []appgateway.Frontend{appgateway.Public, appgateway.Private}, "10.0.4.10"
		a.Zones, a.MinCapacity, a.MaxCapacity = []string{}, 3, 20
		a.WAFMode, a.TLSPolicy = appgateway.Detection, appgateway.TLS12Strict
		a.RedirectHTTP = &no
		a.Sites = append(a.Sites, appgateway.Site{
			Name: "api", HostNames: []string{"*.api.example.com"}, Backends: []string{"a.internal.example.com", "b.internal.example.com"},
			BackendPort: 8443, ProbePath: "/healthz", TimeoutSeconds: 120,
		}, appgateway.Site{
			Name: "plain", HostNames: []string{"plain.example.com"}, CertificateSecretID: secret,
			Backends: []string{"10.0.2.11", "c.internal.example.com"}, BackendProtocol: appgateway.HTTP,
		})
		a.CertificateSecretIDs = pulumi.StringMap{"api": pulumi.String("https://certs.vault.azure.net/secrets/api")}
		a.Tags = pulumi.StringMap{"team": pulumi.String("network")}
	})
	in := gatewayOf(t, g)
	assert.Equal(t, []any{map[string]any{"name": "https", "port": 443.0}}, in["frontendPorts"], "nobody listens on 80")
	assert.NotContains(t, in, "redirectConfigurations")
	var rules, priorities []any
	for _, r := range in["requestRoutingRules"].([]any) {
		rules = append(rules, r.(map[string]any)["name"])
		priorities = append(priorities, r.(map[string]any)["priority"])
	}
	assert.Equal(t, []any{"app-public", "app-private", "api-public", "api-private", "plain-public", "plain-private"}, rules)
	assert.Equal(t, []any{10.0, 20.0, 30.0, 40.0, 50.0, 60.0}, priorities)
	assert.Equal(t, map[string]any{"minCapacity": 3.0, "maxCapacity": 20.0}, in["autoscaleConfiguration"])
	assert.Equal(t, "AppGwSslPolicy20220101S", in["sslPolicy"].(map[string]any)["policyName"])
	assert.Equal(t, "Detection", only(t, g, firewall).Inputs.Mappable()["policySettings"].(map[string]any)["mode"])
	assert.Empty(t, in["zones"])

	settings := in["backendHttpSettingsCollection"].([]any)
	assert.Equal(t, map[string]any{
		"name": "api", "protocol": "Https", "port": 8443.0, "pickHostNameFromBackendAddress": true, "requestTimeout": 120.0,
		"cookieBasedAffinity": "Disabled", "probe": id("probes/api"),
	}, settings[1])
	assert.Equal(t, map[string]any{
		"name": "plain", "protocol": "Http", "port": 80.0, "requestTimeout": 30.0, "cookieBasedAffinity": "Disabled", "probe": id("probes/plain"),
	}, settings[2])
	probes := in["probes"].([]any)
	assert.Equal(t, "/healthz", probes[1].(map[string]any)["path"])
	assert.Equal(t, "127.0.0.1", probes[2].(map[string]any)["host"], "an address has no name to ask for")
	assert.Equal(t, map[string]any{"name": "api", "backendAddresses": []any{
		map[string]any{"fqdn": "a.internal.example.com"}, map[string]any{"fqdn": "b.internal.example.com"},
	}}, in["backendAddressPools"].([]any)[1])
	assert.Equal(t, map[string]any{"name": "api", "keyVaultSecretId": "https://certs.vault.azure.net/secrets/api"}, in["sslCertificates"].([]any)[1])
	for _, token := range []string{gateway, firewall, publicIP, identity} {
		assert.Equal(t, map[string]any{"team": "network"}, only(t, g, token).Inputs.Mappable()["tags"], token)
	}
}

// Every part that is referred to is there.
func TestPartsExist(t *testing.T) {
	g := built(t, func(a *appgateway.AppGatewayIngressArgs) {
		a.Frontends, a.PrivateIP = []appgateway.Frontend{appgateway.Public, appgateway.Private}, "10.0.4.10"
	})
	in := gatewayOf(t, g)
	var parts, references []string
	for kind, list := range in {
		list, ok := list.([]any)
		if !ok {
			continue
		}
		for _, part := range list {
			if part, ok := part.(map[string]any); ok {
				parts = append(parts, kind+"/"+part["name"].(string))
			}
		}
	}
	var collect func(any)
	collect = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				collect(inner)
			}
			if ref, ok := v["id"].(string); ok && !strings.HasPrefix(ref, "/") && !strings.HasPrefix(ref, "urn:") {
				references = append(references, ref)
			}
		case []any:
			for _, inner := range v {
				collect(inner)
			}
		}
	}
	collect(in)
	assert.NotEmpty(t, references)
	for _, ref := range references {
		assert.Contains(t, parts, ref)
	}
}

func TestWarnings(t *testing.T) {
	plan, err := appgateway.NewPlan(args(func(a *appgateway.AppGatewayIngressArgs) {
		a.WAFMode, a.SubnetCidr = appgateway.Detection, "10.0.4.0/26"
	}).Spec)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"the firewall only logs: wafMode Detection lets every request through",
		"the gateway's subnet 10.0.4.0/26 is smaller than the /24 that Azure advises for upgrades",
	}, plan.Warnings)
}

func refused(t *testing.T, name string, a *appgateway.AppGatewayIngressArgs) []string {
	t.Helper()
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := appgateway.NewAppGatewayIngress(ctx, name, a)
		return err
	})
	var list problem.List
	require.True(t, errors.As(err, &list), "%v", err)
	var all []string
	for _, p := range list {
		all = append(all, p.Error())
	}
	return all
}

func TestBadInput(t *testing.T) {
	site := func(change func(*appgateway.Site)) func(*appgateway.AppGatewayIngressArgs) {
		return func(a *appgateway.AppGatewayIngressArgs) { change(&a.Sites[0]) }
	}
	private := func(ip string) func(*appgateway.AppGatewayIngressArgs) {
		return func(a *appgateway.AppGatewayIngressArgs) {
			a.Frontends, a.PrivateIP, a.NetworkIsolation = []appgateway.Frontend{appgateway.Private}, ip, true
		}
	}
	cases := []struct {
		name   string
		change func(*appgateway.AppGatewayIngressArgs)
		want   []string
	}{
		{"no place", func(a *appgateway.AppGatewayIngressArgs) { a.Location, a.SubnetCidr = "", "10.0.4.1/24" }, []string{
			"location: is missing; give an Azure region in its short form, for example westeurope",
			"subnetCidr: 10.0.4.1/24: has host bits set; the network is 10.0.4.0/24",
		}},
		{"a region's title", func(a *appgateway.AppGatewayIngressArgs) { a.Location = "West Europe" }, []string{
			"location: West Europe: is not a region's short form; write westeurope",
		}},
		{"nothing beside the spec", func(a *appgateway.AppGatewayIngressArgs) { *a = appgateway.AppGatewayIngressArgs{Spec: a.Spec} }, []string{
			"resourceGroupName: is missing; the gateway is put into it; give it",
			"subnetId: is missing; the gateway is put into it; give it",
			"keyVaultId: is missing; the certificates are in it; give it",
		}},
		{"no frontends", func(a *appgateway.AppGatewayIngressArgs) { a.Frontends = nil }, []string{"frontends: are missing; list public, private or both"}},
		{"frontends", func(a *appgateway.AppGatewayIngressArgs) {
			a.Frontends = []appgateway.Frontend{"internet", appgateway.Public, appgateway.Public}
		}, []string{
			"frontends[0]: internet: is not a choice; use public or private",
			"frontends[2]: public: is named already at frontends[1]; remove one",
		}},
		{"private without isolation", func(a *appgateway.AppGatewayIngressArgs) {
			a.Frontends, a.PrivateIP, a.DefaultRouteToAppliance = []appgateway.Frontend{appgateway.Private}, "10.0.4.10", true
		}, []string{
			"frontends: private: has no public address, which needs network isolation; register EnableApplicationGatewayNetworkIsolation and set networkIsolation: true, or add public",
			"networkIsolation: false: does not work with a default route to a firewall: Azure could not manage the gateway; register EnableApplicationGatewayNetworkIsolation and set it to true, or take the route away",
		}},
		{"no private address", private(""), []string{"privateIp: is missing; a private frontend has a fixed one; give an address of the subnet"}},
		{"a private address elsewhere", private("10.0.5.10"), []string{
			"privateIp: 10.0.5.10: is not in the gateway's subnet 10.0.4.0/24; give one of its addresses",
		}},
		{"a name as address", private("gateway"), []string{"privateIp: gateway: is not an IPv4 address; give an address of the subnet"}},
		{"the first address that Azure keeps", private("10.0.4.3"), []string{
			"privateIp: 10.0.4.3: is one of the five that Azure keeps; give another of 10.0.4.0/24",
		}},
		{"the last address", private("10.0.4.255"), []string{
			"privateIp: 10.0.4.255: is one of the five that Azure keeps; give another of 10.0.4.0/24",
		}},
		{"a private address of no frontend", func(a *appgateway.AppGatewayIngressArgs) { a.PrivateIP = "10.0.4.10" }, []string{
			"privateIp: 10.0.4.10: is of no frontend; add private to frontends, or remove it",
		}},
		{"choices", func(a *appgateway.AppGatewayIngressArgs) {
			a.WAFMode, a.TLSPolicy, a.Zones = "Off", "AppGwSslPolicy20150501", []string{"1", "a", "1"}
		}, []string{
			"zones[1]: a: is not an availability zone; use \"1\", \"2\" or \"3\"",
			"zones[2]: 1: is named already at zones[0]; remove one",
			"wafMode: Off: is not a choice; use Prevention or Detection",
			"tlsPolicy: AppGwSslPolicy20150501: is not a choice; use AppGwSslPolicy20220101 or AppGwSslPolicy20220101S",
		}},
		{"zones where there are none", func(a *appgateway.AppGatewayIngressArgs) {
			a.Location, a.Zones = "westus", []string{"1"}
		}, []string{
			"zones: 1: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus",
		}},
		{"too few instances", func(a *appgateway.AppGatewayIngressArgs) { a.MinCapacity = -1 }, []string{
			"minCapacity: -1: is not a number of instances; use 1 to 125",
		}},
		{"fewer at most than at least", func(a *appgateway.AppGatewayIngressArgs) { a.MinCapacity, a.MaxCapacity = 5, 4 }, []string{
			"maxCapacity: 4: is not a number of instances; use 5 to 125",
		}},
		{"a small subnet", func(a *appgateway.AppGatewayIngressArgs) {
			private("10.0.4.10")(a)
			a.SubnetCidr, a.MaxCapacity = "10.0.4.0/28", 11
		}, []string{"maxCapacity: 11: needs 12 addresses of the subnet 10.0.4.0/28, which has 11; use fewer, or a larger subnet: Azure advises a /24"}},
		{"no sites", func(a *appgateway.AppGatewayIngressArgs) { a.Sites = nil }, []string{
			"sites: are missing; give a site: its name, host names, certificate and backends",
		}},
		{"sites that are one", func(a *appgateway.AppGatewayIngressArgs) {
			a.Sites = append(a.Sites, a.Sites[0], appgateway.Site{Name: "third", CertificateSecretID: secret, Backends: []string{"a.example.com"}})
		}, []string{
			"sites[1].hostNames[0]: app.example.com: is named already at sites[0].hostNames[0]; remove one",
			"sites[2].hostNames: are missing; with several sites each is found by its own; give its names",
			"sites[1]: app: is named already at sites[0]; remove one",
		}},
		{"a site", site(func(s *appgateway.Site) {
			*s = appgateway.Site{
				Name: "App", HostNames: []string{"https://app", "a.example.com", "b.example.com", "c.example.com", "d.example.com", "e.example.com"},
				BackendProtocol: "Tcp", BackendPort: 70000, ProbePath: "healthz", TimeoutSeconds: -1, BackendHostName: "-",
			}
		}), []string{
			"sites[0].name: App: is not the name of a site; use 1 to 40 lower-case letters, digits and hyphens",
			"sites[0].hostNames: are 6; a site has at most 5; use a wildcard, or another site",
			"sites[0].hostNames[0]: https://app: is not a host name; write for example app.example.com or *.example.com",
			"sites[0].certificateSecretId: is missing; give https://<vault>.vault.azure.net/secrets/<name>",
			"sites[0].backendProtocol: Tcp: is not a choice; use Https or Http",
			"sites[0].backends: are missing; list addresses or names",
			"sites[0].backendHostName: -: is not a host name; write for example app.internal.example.com",
			"sites[0].backendPort: 70000: is not a TCP port; use 1 to 65535",
			"sites[0].probePath: healthz: is not a path; begin it with /",
			"sites[0].timeoutSeconds: -1: is not a number of seconds that Azure waits; use 1 to 86400",
		}},
		{"backends", site(func(s *appgateway.Site) {
			s.Backends, s.BackendHostName = []string{"10.0.2.10:443", "10.0.2.10", "10.0.2.10"}, ""
		}), []string{
			"sites[0].backends[0]: 10.0.2.10:443: is not a backend; give an address or a name, without port or path",
			"sites[0].backends[2]: 10.0.2.10: is named already at sites[0].backends[1]; remove one",
			"sites[0].backendHostName: is missing; a backend is an address, which no certificate has; give the name in the backends' certificate",
		}},
		{"a certificate's version", site(func(s *appgateway.Site) { s.CertificateSecretID += "/0123456789abcdef0123456789abcdef" }), []string{
			"sites[0].certificateSecretId: https://certs.vault.azure.net/secrets/app/0123456789abcdef0123456789abcdef: " +
				"names a version; a renewed certificate would not be taken; write https://certs.vault.azure.net/secrets/app",
		}},
		{"a certificate elsewhere", site(func(s *appgateway.Site) { s.CertificateSecretID = "app.pfx" }), []string{
			"sites[0].certificateSecretId: app.pfx: is not the id of a secret in Key Vault; give https://<vault>.vault.azure.net/secrets/<name>",
		}},
		{"certificates twice, and of no site", func(a *appgateway.AppGatewayIngressArgs) {
			a.CertificateSecretIDs = pulumi.StringMap{"app": pulumi.String(secret), "other": pulumi.String(secret)}
		}, []string{
			"sites[0].certificateSecretId: https://certs.vault.azure.net/secrets/app: is given twice: here and in certificateSecretIds; give one of them",
			"certificateSecretIds.other: is of no site; name a site of sites",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { assert.ElementsMatch(t, c.want, refused(t, "web", args(c.change))) })
	}
	assert.Equal(t, []string{"name: web site: is not the name of a gateway; use 1 to 80 letters, digits and ._-, beginning with a letter or digit"},
		refused(t, "web site", args()))
	assert.True(t, slices.Contains(refused(t, "web", nil), "sites: are missing; give a site: its name, host names, certificate and backends"))
}

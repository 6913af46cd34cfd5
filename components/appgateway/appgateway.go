package appgateway

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"
	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/azurerole"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the type token of AppGatewayIngress.
const Type = "underlay:appgateway:AppGatewayIngress"

// The managed rules of the firewall, and what it reads of a request.
// https://learn.microsoft.com/azure/web-application-firewall/ag/application-gateway-crs-rulegroups-rules
const (
	ruleSet          = "OWASP"
	ruleSetVersion   = "3.2"
	requestBodyKB    = 128 // Azure's default
	fileUploadMB     = 100 // Azure's default
	probeSeconds     = 30
	probeFailures    = 3
	priorityStep     = 10    // of routing rules, in the order of the sites
	redirectPriority = 10000 // where those of redirects begin
)

// AppGatewayIngressArgs are the arguments of AppGatewayIngress: the plain Spec
// that decides its structure, and the ids of what it is built into.
type AppGatewayIngressArgs struct {
	Spec
	// ResourceGroupName is the group of everything created. Required.
	ResourceGroupName pulumi.StringInput
	// SubnetID is the gateway's own subnet. Required.
	SubnetID pulumi.StringInput
	// KeyVaultID is the vault of the certificates, which grants by Azure's
	// roles: the gateway's identity may read its secrets. Required.
	KeyVaultID pulumi.StringInput
	// CertificateSecretIDs are certificates by site, where another resource
	// gives them.
	CertificateSecretIDs pulumi.StringMap
	// Tags are put on every resource that takes tags.
	Tags pulumi.StringMapInput
}

// AppGatewayIngress is an application gateway with its firewall policy.
type AppGatewayIngress struct {
	pulumi.ResourceState

	// GatewayID is the application gateway's id.
	GatewayID pulumi.StringOutput `pulumi:"gatewayId"`
	// FirewallPolicyID is the firewall policy's id.
	FirewallPolicyID pulumi.StringOutput `pulumi:"firewallPolicyId"`
	// PublicIP and PrivateIP are the addresses that sites' names resolve to;
	// each is empty without its frontend.
	PublicIP  pulumi.StringOutput `pulumi:"publicIp"`
	PrivateIP pulumi.StringOutput `pulumi:"privateIp"`
	// PrincipalID is the object id of the gateway's identity.
	PrincipalID pulumi.StringOutput `pulumi:"principalId"`

	plan *Plan
}

// Plan returns the plan that the gateway was built from.
func (g *AppGatewayIngress) Plan() *Plan { return g.plan }

// NewAppGatewayIngress builds the gateway that args describe. Every problem of
// args is reported at once, before anything is registered: the error then holds
// a problem.List.
func NewAppGatewayIngress(
	ctx *pulumi.Context, name string, args *AppGatewayIngressArgs, opts ...pulumi.ResourceOption,
) (*AppGatewayIngress, error) {
	if args == nil {
		args = &AppGatewayIngressArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("application gateway %q: %w", name, err)
	}
	component := &AppGatewayIngress{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, component, opts...); err != nil {
		return nil, fmt.Errorf("application gateway %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, spec: plan.Spec, component: component}
	for _, build := range []func() error{b.warnings, b.identity, b.firewall, b.frontends, b.gateway} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("application gateway %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(component, pulumi.Map{
		"gatewayId":        component.GatewayID,
		"firewallPolicyId": component.FirewallPolicyID,
		"publicIp":         component.PublicIP,
		"privateIp":        component.PrivateIP,
		"principalId":      component.PrincipalID,
	})
	if err != nil {
		return nil, fmt.Errorf("application gateway %q: %w", name, err)
	}
	return component, nil
}

// namePattern is the name of a gateway.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,78}[a-zA-Z0-9_])?$`)

// plan plans the spec and checks the values given beside it.
func (a *AppGatewayIngressArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	certified := slices.Sorted(maps.Keys(a.CertificateSecretIDs))
	plan, err := newPlan(a.Spec, certified)
	problems.Add("", err)
	if !namePattern.MatchString(name) {
		problems.Addf("name", name, "use 1 to 80 letters, digits and ._-, beginning with a letter or digit", "is not the name of a gateway")
	}
	for _, missing := range []struct {
		path string
		id   pulumi.StringInput
		why  string
	}{
		{"resourceGroupName", a.ResourceGroupName, "the gateway is put into it"},
		{"subnetId", a.SubnetID, "the gateway is put into it"},
		{"keyVaultId", a.KeyVaultID, "the certificates are in it"},
	} {
		if missing.id == nil {
			problems.Addf(missing.path, "", "give it", "is missing; %s", missing.why)
		}
	}
	for _, site := range certified {
		if !slices.ContainsFunc(a.Sites, func(s Site) bool { return s.Name == site }) {
			problems.Addf("certificateSecretIds."+site, "", "name a site of sites", "is of no site")
		}
	}
	return plan, problems.Err()
}

type builder struct {
	ctx       *pulumi.Context
	name      string
	args      *AppGatewayIngressArgs
	spec      Spec
	component *AppGatewayIngress

	user     *managedidentity.UserAssignedIdentity
	policy   *network.WebApplicationFirewallPolicy
	fronts   network.ApplicationGatewayFrontendIPConfigurationArray
	readable pulumi.Resource // the role that certificates are read by
}

func (b *builder) warnings() error {
	return warn.Log(b.ctx, b.component, b.component.plan.Warnings)
}

// identity creates what the gateway reads its certificates as.
func (b *builder) identity() error {
	var err error
	b.user, err = managedidentity.NewUserAssignedIdentity(b.ctx, b.name+"-identity", &managedidentity.UserAssignedIdentityArgs{
		Location:          pulumi.String(b.spec.Location),
		ResourceGroupName: b.args.ResourceGroupName,
		Tags:              b.args.Tags,
	}, pulumi.Parent(b.component))
	if err != nil {
		return err
	}
	b.component.PrincipalID = b.user.PrincipalId
	b.readable, err = azurerole.Assign(b.ctx, b.name+"-certificates", azurerole.Assignment{
		Role: azurerole.KeyVaultSecretsUser, Scope: b.args.KeyVaultID,
		PrincipalID: b.user.PrincipalId, PrincipalType: azurerole.ServicePrincipal,
		Description: "The application gateway reads its certificates",
	}, pulumi.Parent(b.component))
	return err
}

func (b *builder) firewall() error {
	policy, err := network.NewWebApplicationFirewallPolicy(b.ctx, b.name+"-waf", &network.WebApplicationFirewallPolicyArgs{
		Location:          pulumi.String(b.spec.Location),
		ResourceGroupName: b.args.ResourceGroupName,
		PolicySettings: network.PolicySettingsArgs{
			State:                  pulumi.String("Enabled"),
			Mode:                   pulumi.String(b.spec.WAFMode),
			RequestBodyCheck:       pulumi.Bool(true),
			MaxRequestBodySizeInKb: pulumi.Int(requestBodyKB),
			FileUploadLimitInMb:    pulumi.Int(fileUploadMB),
		},
		ManagedRules: network.ManagedRulesDefinitionArgs{
			ManagedRuleSets: network.ManagedRuleSetArray{network.ManagedRuleSetArgs{
				RuleSetType: pulumi.String(ruleSet), RuleSetVersion: pulumi.String(ruleSetVersion),
			}},
		},
		Tags: b.args.Tags,
	}, pulumi.Parent(b.component))
	if err != nil {
		return err
	}
	b.policy = policy
	b.component.FirewallPolicyID = policy.ID().ToStringOutput()
	return nil
}

// frontends creates the public address and describes where clients come in.
func (b *builder) frontends() error {
	b.component.PublicIP = pulumi.String("").ToStringOutput()
	b.component.PrivateIP = pulumi.String(b.spec.PrivateIP).ToStringOutput()
	for _, frontend := range b.spec.Frontends {
		config := network.ApplicationGatewayFrontendIPConfigurationArgs{Name: pulumi.String(frontend)}
		if frontend == Private {
			config.PrivateIPAddress = pulumi.String(b.spec.PrivateIP)
			config.PrivateIPAllocationMethod = pulumi.String("Static")
			config.Subnet = network.SubResourceArgs{Id: b.args.SubnetID.ToStringOutput().ToStringPtrOutput()}
			b.fronts = append(b.fronts, config)
			continue
		}
		address, err := network.NewPublicIPAddress(b.ctx, b.name+"-ip", &network.PublicIPAddressArgs{
			Location:                 pulumi.String(b.spec.Location),
			ResourceGroupName:        b.args.ResourceGroupName,
			PublicIPAddressVersion:   pulumi.String("IPv4"),
			PublicIPAllocationMethod: pulumi.String("Static"),
			Sku:                      network.PublicIPAddressSkuArgs{Name: pulumi.String("Standard")},
			Zones:                    pulumi.ToStringArray(b.spec.Zones),
			Tags:                     b.args.Tags,
		}, pulumi.Parent(b.component))
		if err != nil {
			return err
		}
		config.PublicIPAddress = network.SubResourceArgs{Id: address.ID().ToStringOutput().ToStringPtrOutput()}
		b.component.PublicIP = address.IpAddress.Elem()
		b.fronts = append(b.fronts, config)
	}
	return nil
}

// part refers to a part of the gateway by its id, which Azure asks for though
// the gateway is not there yet: its group is the firewall policy's.
func (b *builder) part(kind, name string) network.SubResourceArgs {
	id := b.policy.ID().ToStringOutput().ApplyT(func(policy string) string {
		group, _, _ := strings.Cut(policy, "/providers/")
		return strings.Join([]string{group, "providers/Microsoft.Network/applicationGateways", b.name, kind, name}, "/")
	}).(pulumi.StringOutput)
	return network.SubResourceArgs{Id: id.ToStringPtrOutput()}
}

func (b *builder) gateway() error {
	args := &network.ApplicationGatewayArgs{
		// Its parts name it, so it cannot be left to the provider.
		ApplicationGatewayName: pulumi.String(b.name),
		Location:               pulumi.String(b.spec.Location),
		ResourceGroupName:      b.args.ResourceGroupName,
		Sku:                    network.ApplicationGatewaySkuArgs{Name: pulumi.String("WAF_v2"), Tier: pulumi.String("WAF_v2")},
		AutoscaleConfiguration: network.ApplicationGatewayAutoscaleConfigurationArgs{
			MinCapacity: pulumi.Int(b.spec.MinCapacity), MaxCapacity: pulumi.Int(b.spec.MaxCapacity),
		},
		Zones:          pulumi.ToStringArray(b.spec.Zones),
		FirewallPolicy: network.SubResourceArgs{Id: b.policy.ID().ToStringOutput().ToStringPtrOutput()},
		Identity: network.ManagedServiceIdentityArgs{
			Type:                   network.ResourceIdentityTypeUserAssigned,
			UserAssignedIdentities: pulumi.StringArray{b.user.ID().ToStringOutput()},
		},
		EnableHttp2: pulumi.Bool(true),
		SslPolicy: network.ApplicationGatewaySslPolicyArgs{
			PolicyType: pulumi.String("Predefined"), PolicyName: pulumi.String(b.spec.TLSPolicy),
		},
		GatewayIPConfigurations: network.ApplicationGatewayIPConfigurationArray{network.ApplicationGatewayIPConfigurationArgs{
			Name: pulumi.String("subnet"), Subnet: network.SubResourceArgs{Id: b.args.SubnetID.ToStringOutput().ToStringPtrOutput()},
		}},
		FrontendIPConfigurations: b.fronts,
		Tags:                     b.args.Tags,
	}
	ports := network.ApplicationGatewayFrontendPortArray{port("https", 443)}
	if *b.spec.RedirectHTTP {
		ports = append(ports, port("http", 80))
	}
	args.FrontendPorts = ports
	b.sites(args)
	gateway, err := network.NewApplicationGateway(b.ctx, b.name, args,
		pulumi.Parent(b.component),
		pulumi.DependsOn([]pulumi.Resource{b.readable}),
		pulumi.DeleteBeforeReplace(true), // the next one has the same name
	)
	if err != nil {
		return err
	}
	b.component.GatewayID = gateway.ID().ToStringOutput()
	return nil
}

func port(name string, number int) network.ApplicationGatewayFrontendPortArgs {
	return network.ApplicationGatewayFrontendPortArgs{Name: pulumi.String(name), Port: pulumi.Int(number)}
}

// sites fills in what serves each site: its certificate, backends and probe,
// and on each frontend a listener with a rule, and a redirect to it.
func (b *builder) sites(args *network.ApplicationGatewayArgs) {
	var (
		certificates network.ApplicationGatewaySslCertificateArray
		pools        network.ApplicationGatewayBackendAddressPoolArray
		settings     network.ApplicationGatewayBackendHttpSettingsArray
		probes       network.ApplicationGatewayProbeArray
		listeners    network.ApplicationGatewayHttpListenerArray
		rules        network.ApplicationGatewayRequestRoutingRuleArray
		redirects    network.ApplicationGatewayRedirectConfigurationArray
		priority     int
	)
	for _, site := range b.spec.Sites {
		name := pulumi.String(site.Name)
		secret, given := b.args.CertificateSecretIDs[site.Name]
		if !given {
			secret = pulumi.String(site.CertificateSecretID)
		}
		certificates = append(certificates, network.ApplicationGatewaySslCertificateArgs{
			Name: name, KeyVaultSecretId: secret.ToStringOutput().ToStringPtrOutput(),
		})
		pools = append(pools, network.ApplicationGatewayBackendAddressPoolArgs{Name: name, BackendAddresses: addresses(site.Backends)})
		settings = append(settings, b.backend(site))
		probes = append(probes, probe(site))
		for _, frontend := range b.spec.Frontends {
			key := site.Name + "-" + string(frontend)
			priority += priorityStep
			https := b.listener(key, "https", site, frontend)
			https.SslCertificate = b.part("sslCertificates", site.Name)
			listeners = append(listeners, https)
			rules = append(rules, network.ApplicationGatewayRequestRoutingRuleArgs{
				Name: pulumi.String(key), RuleType: pulumi.String("Basic"), Priority: pulumi.Int(priority),
				HttpListener:        b.part("httpListeners", key+"-https"),
				BackendAddressPool:  b.part("backendAddressPools", site.Name),
				BackendHttpSettings: b.part("backendHttpSettingsCollection", site.Name),
			})
			if !*b.spec.RedirectHTTP {
				continue
			}
			listeners = append(listeners, b.listener(key, "http", site, frontend))
			redirects = append(redirects, network.ApplicationGatewayRedirectConfigurationArgs{
				Name: pulumi.String(key), RedirectType: pulumi.String("Permanent"),
				TargetListener: b.part("httpListeners", key+"-https"),
				IncludePath:    pulumi.Bool(true), IncludeQueryString: pulumi.Bool(true),
			})
			rules = append(rules, network.ApplicationGatewayRequestRoutingRuleArgs{
				Name: pulumi.String(key + "-redirect"), RuleType: pulumi.String("Basic"), Priority: pulumi.Int(redirectPriority + priority),
				HttpListener:          b.part("httpListeners", key+"-http"),
				RedirectConfiguration: b.part("redirectConfigurations", key),
			})
		}
	}
	args.SslCertificates, args.BackendAddressPools, args.BackendHttpSettingsCollection = certificates, pools, settings
	args.Probes, args.HttpListeners, args.RequestRoutingRules = probes, listeners, rules
	if len(redirects) > 0 {
		args.RedirectConfigurations = redirects
	}
}

// listener returns what accepts a site's requests on a port of a frontend.
func (b *builder) listener(key, port string, site Site, frontend Frontend) network.ApplicationGatewayHttpListenerArgs {
	protocol := map[string]Protocol{"https": HTTPS, "http": HTTP}[port]
	listener := network.ApplicationGatewayHttpListenerArgs{
		Name:                    pulumi.String(key + "-" + port),
		Protocol:                pulumi.String(protocol),
		FrontendIPConfiguration: b.part("frontendIPConfigurations", string(frontend)),
		FrontendPort:            b.part("frontendPorts", port),
	}
	if len(site.HostNames) > 0 {
		listener.HostNames = pulumi.ToStringArray(site.HostNames)
	}
	return listener
}

func (b *builder) backend(site Site) network.ApplicationGatewayBackendHttpSettingsArgs {
	settings := network.ApplicationGatewayBackendHttpSettingsArgs{
		Name:                pulumi.String(site.Name),
		Protocol:            pulumi.String(site.BackendProtocol),
		Port:                pulumi.Int(site.BackendPort),
		RequestTimeout:      pulumi.Int(site.TimeoutSeconds),
		CookieBasedAffinity: pulumi.String("Disabled"),
		Probe:               b.part("probes", site.Name),
	}
	switch {
	case site.BackendHostName != "":
		settings.HostName = pulumi.String(site.BackendHostName)
	case named(site):
		settings.PickHostNameFromBackendAddress = pulumi.Bool(true)
	}
	return settings
}

// probe returns what asks whether a site's backends are well. Plain HTTP to an
// address has no host name to ask for; Azure then wants one all the same.
func probe(site Site) network.ApplicationGatewayProbeArgs {
	args := network.ApplicationGatewayProbeArgs{
		Name:               pulumi.String(site.Name),
		Protocol:           pulumi.String(site.BackendProtocol),
		Path:               pulumi.String(site.ProbePath),
		Interval:           pulumi.Int(probeSeconds),
		Timeout:            pulumi.Int(probeSeconds),
		UnhealthyThreshold: pulumi.Int(probeFailures),
	}
	if site.BackendHostName != "" || named(site) {
		args.PickHostNameFromBackendHttpSettings = pulumi.Bool(true)
	} else {
		args.Host = pulumi.String("127.0.0.1")
	}
	return args
}

// named reports whether every backend is a name.
func named(site Site) bool {
	return !slices.ContainsFunc(site.Backends, isAddress)
}

func isAddress(backend string) bool {
	_, err := netip.ParseAddr(backend)
	return err == nil
}

func addresses(backends []string) network.ApplicationGatewayBackendAddressArray {
	var all network.ApplicationGatewayBackendAddressArray
	for _, backend := range backends {
		if isAddress(backend) {
			all = append(all, network.ApplicationGatewayBackendAddressArgs{IpAddress: pulumi.String(backend)})
		} else {
			all = append(all, network.ApplicationGatewayBackendAddressArgs{Fqdn: pulumi.String(backend)})
		}
	}
	return all
}

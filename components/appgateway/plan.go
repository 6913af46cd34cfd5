package appgateway

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Azure's limits and advice.
// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#application-gateway-limits
const (
	mostInstances = 125
	mostHostNames = 5
	mostSites     = 100 // listeners of a gateway with a WAF policy
	mostTimeout   = 86400
	advisedBits   = 24
)

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Warnings say what works, but not as it might.
	Warnings []string
}

// NewPlan validates a spec and plans its gateway. The error is a problem.List
// with every problem of the spec, each at its field's path ("sites[1].name").
func NewPlan(spec Spec) (*Plan, error) {
	return newPlan(spec, nil)
}

// newPlan plans a spec of which the certified sites have their certificates
// from elsewhere.
func newPlan(spec Spec, certified []string) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	region, _ := facts.AzureRegion(spec.Location)
	p := &planner{facts: facts, plan: Plan{Spec: spec.withDefaults(region.Zones)}, certified: certified}
	p.checkPlace()
	p.checkFrontends()
	p.checkCapacity()
	p.checkSites()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	facts     *catalog.Catalog
	plan      Plan
	certified []string
	subnet    netip.Prefix // zero when it is refused
	problems  problem.List
}

var (
	sitePattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
	domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// secretPattern is a secret of a vault of the public cloud, and its version.
	// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
	secretPattern = regexp.MustCompile(`^(https://[a-zA-Z0-9-]{3,24}\.vault\.azure\.net/secrets/[a-zA-Z0-9-]{1,127})(/[0-9a-f]{32})?/?$`)
)

func (p *planner) checkPlace() {
	spec := p.plan.Spec
	p.problems.Add("location", p.facts.CheckAzureRegion(spec.Location))
	subnet, err := addressing.Parse(spec.SubnetCidr)
	if err != nil {
		p.problems.Add("subnetCidr", err)
	} else {
		p.subnet = subnet
	}
	p.problems.Add("zones", p.facts.CheckAzureZones(spec.Location, spec.Zones))
	problem.Unique(&p.problems, "zones", spec.Zones)
	problem.OneOf(&p.problems, "wafMode", spec.WAFMode, Prevention, Detection)
	if spec.WAFMode == Detection {
		p.plan.Warnings = append(p.plan.Warnings, "the firewall only logs: wafMode Detection lets every request through")
	}
	problem.OneOf(&p.problems, "tlsPolicy", spec.TLSPolicy, TLS12, TLS12Strict)
}

func (p *planner) checkFrontends() {
	spec := p.plan.Spec
	if len(spec.Frontends) == 0 {
		p.problems.Addf("frontends", "", "list public, private or both", "are missing")
	}
	for i, frontend := range spec.Frontends {
		problem.OneOf(&p.problems, fmt.Sprintf("frontends[%d]", i), frontend, Public, Private)
	}
	problem.Unique(&p.problems, "frontends", spec.Frontends)
	isPrivate := slices.Contains(spec.Frontends, Private)
	if isPrivate && !slices.Contains(spec.Frontends, Public) && !spec.NetworkIsolation {
		p.problems.Addf("frontends", "private",
			"register EnableApplicationGatewayNetworkIsolation and set networkIsolation: true, or add public",
			"has no public address, which needs network isolation")
	}
	if spec.DefaultRouteToAppliance && !spec.NetworkIsolation {
		p.problems.Addf("networkIsolation", "false",
			"register EnableApplicationGatewayNetworkIsolation and set it to true, or take the route away",
			"does not work with a default route to a firewall: Azure could not manage the gateway")
	}
	switch {
	case isPrivate && spec.PrivateIP == "":
		p.problems.Addf("privateIp", "", "give an address of the subnet", "is missing; a private frontend has a fixed one")
	case !isPrivate && spec.PrivateIP != "":
		p.problems.Addf("privateIp", spec.PrivateIP, "add private to frontends, or remove it", "is of no frontend")
	case isPrivate:
		p.checkPrivateIP(spec.PrivateIP)
	}
}

func (p *planner) checkPrivateIP(text string) {
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil || !ip.Is4():
		p.problems.Addf("privateIp", text, "give an address of the subnet", "is not an IPv4 address")
	case !p.subnet.IsValid():
	case !p.subnet.Contains(ip):
		p.problems.Addf("privateIp", text, "give one of its addresses", "is not in the gateway's subnet %s", p.subnet)
	default:
		// Azure keeps the first four and the last.
		first := p.subnet.Addr()
		for range 4 {
			if ip == first {
				p.problems.Addf("privateIp", text, "give another of "+p.subnet.String(), "is one of the five that Azure keeps")
				return
			}
			first = first.Next()
		}
		if !p.subnet.Contains(ip.Next()) {
			p.problems.Addf("privateIp", text, "give another of "+p.subnet.String(), "is one of the five that Azure keeps")
		}
	}
}

func (p *planner) checkCapacity() {
	spec := p.plan.Spec
	if spec.MinCapacity < 1 || spec.MinCapacity > mostInstances {
		p.problems.Addf("minCapacity", strconv.Itoa(spec.MinCapacity), fmt.Sprintf("use 1 to %d", mostInstances), "is not a number of instances")
		return
	}
	if spec.MaxCapacity < max(2, spec.MinCapacity) || spec.MaxCapacity > mostInstances {
		p.problems.Addf("maxCapacity", strconv.Itoa(spec.MaxCapacity), fmt.Sprintf("use %d to %d", max(2, spec.MinCapacity), mostInstances),
			"is not a number of instances")
		return
	}
	if !p.subnet.IsValid() {
		return
	}
	need := spec.MaxCapacity
	if slices.Contains(spec.Frontends, Private) {
		need++
	}
	if have := addressing.Usable(p.subnet); need > have {
		p.problems.Addf("maxCapacity", strconv.Itoa(spec.MaxCapacity), "use fewer, or a larger subnet: Azure advises a /24",
			"needs %d addresses of the subnet %s, which has %d", need, p.subnet, have)
	} else if p.subnet.Bits() > advisedBits {
		p.plan.Warnings = append(p.plan.Warnings,
			fmt.Sprintf("the gateway's subnet %s is smaller than the /%d that Azure advises for upgrades", p.subnet, advisedBits))
	}
}

func (p *planner) checkSites() {
	spec := p.plan.Spec
	switch n := len(spec.Sites); {
	case n == 0:
		p.problems.Addf("sites", "", "give a site: its name, host names, certificate and backends", "are missing")
	case n > mostSites:
		p.problems.Addf("sites", "", "split them over gateways", "are %d; a gateway with a firewall policy has at most %d", n, mostSites)
	}
	names := make([]string, len(spec.Sites))
	hosts := map[string]string{}
	for i, site := range spec.Sites {
		path := fmt.Sprintf("sites[%d]", i)
		names[i] = site.Name
		if !sitePattern.MatchString(site.Name) {
			p.problems.Addf(path+".name", site.Name, "use 1 to 40 lower-case letters, digits and hyphens", "is not the name of a site")
		}
		p.checkHostNames(path, site, hosts)
		p.checkCertificate(path+".certificateSecretId", site)
		p.checkBackends(path, site)
	}
	problem.Unique(&p.problems, "sites", names)
}

// checkHostNames checks a site's names; hosts are those of the sites before it.
func (p *planner) checkHostNames(path string, site Site, hosts map[string]string) {
	path += ".hostNames"
	switch n := len(site.HostNames); {
	case n == 0 && len(p.plan.Spec.Sites) > 1:
		p.problems.Addf(path, "", "give its names", "are missing; with several sites each is found by its own")
	case n > mostHostNames:
		p.problems.Addf(path, "", "use a wildcard, or another site", "are %d; a site has at most %d", n, mostHostNames)
	}
	for i, host := range site.HostNames {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !domainPattern.MatchString(strings.TrimPrefix(host, "*.")) {
			p.problems.Addf(at, host, "write for example app.example.com or *.example.com", "is not a host name")
			continue
		}
		if first, taken := hosts[host]; taken {
			p.problems.Addf(at, host, "remove one", "is named already at %s", first)
			continue
		}
		hosts[host] = at
	}
}

func (p *planner) checkCertificate(path string, site Site) {
	id := site.CertificateSecretID
	given := slices.Contains(p.certified, site.Name)
	m := secretPattern.FindStringSubmatch(id)
	switch {
	case id == "" && !given:
		p.problems.Addf(path, "", "give https://<vault>.vault.azure.net/secrets/<name>", "is missing")
	case id == "":
	case given:
		p.problems.Addf(path, id, "give one of them", "is given twice: here and in certificateSecretIds")
	case m == nil:
		p.problems.Addf(path, id, "give https://<vault>.vault.azure.net/secrets/<name>", "is not the id of a secret in Key Vault")
	case m[2] != "":
		p.problems.Addf(path, id, "write "+m[1], "names a version; a renewed certificate would not be taken")
	}
}

func (p *planner) checkBackends(path string, site Site) {
	problem.OneOf(&p.problems, path+".backendProtocol", site.BackendProtocol, HTTPS, HTTP)
	if len(site.Backends) == 0 {
		p.problems.Addf(path+".backends", "", "list addresses or names", "are missing")
	}
	nameless := false
	for i, backend := range site.Backends {
		_, err := netip.ParseAddr(backend)
		nameless = nameless || err == nil
		if err != nil && !domainPattern.MatchString(backend) {
			p.problems.Addf(fmt.Sprintf("%s.backends[%d]", path, i), backend, "give an address or a name, without port or path", "is not a backend")
		}
	}
	problem.Unique(&p.problems, path+".backends", site.Backends)
	switch host := site.BackendHostName; {
	case host == "" && nameless && site.BackendProtocol == HTTPS:
		p.problems.Addf(path+".backendHostName", "", "give the name in the backends' certificate", "is missing; a backend is an address, which no certificate has")
	case host != "" && !domainPattern.MatchString(host):
		p.problems.Addf(path+".backendHostName", host, "write for example app.internal.example.com", "is not a host name")
	}
	if port := site.BackendPort; port < 1 || port > 65535 {
		p.problems.Addf(path+".backendPort", strconv.Itoa(port), "use 1 to 65535", "is not a TCP port")
	}
	if !strings.HasPrefix(site.ProbePath, "/") {
		p.problems.Addf(path+".probePath", site.ProbePath, "begin it with /", "is not a path")
	}
	if s := site.TimeoutSeconds; s < 1 || s > mostTimeout {
		p.problems.Addf(path+".timeoutSeconds", strconv.Itoa(s), fmt.Sprintf("use 1 to %d", mostTimeout), "is not a number of seconds that Azure waits")
	}
}

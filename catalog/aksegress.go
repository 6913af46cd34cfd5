package catalog

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// AKSFeature is a part of an AKS cluster with traffic of its own.
type AKSFeature string

// The features. Base is what every cluster has.
const (
	AKSBase      AKSFeature = "base"
	AKSMonitor   AKSFeature = "monitor"    // Container insights, managed Prometheus
	AKSPolicy    AKSFeature = "policy"     // Azure Policy add-on
	AKSDefender  AKSFeature = "defender"   // Microsoft Defender for Containers
	AKSGitOps    AKSFeature = "gitops"     // cluster extensions, Flux
	AKSOSUpdates AKSFeature = "os-updates" // Ubuntu's patches between node images
	AKSNTP       AKSFeature = "ntp"        // nodes from before March 2021
)

// AKSFeatures returns every feature that a cluster may have beyond base.
func AKSFeatures() []AKSFeature {
	return []AKSFeature{AKSMonitor, AKSPolicy, AKSDefender, AKSGitOps, AKSOSUpdates, AKSNTP}
}

// The protocols of an egress rule.
const (
	HTTPS = "https"
	HTTP  = "http"
	TCP   = "tcp"
	UDP   = "udp"
)

// EgressRule is one kind of traffic that a firewall must let an AKS cluster
// send: from its nodes and pods to every destination, on every port. It has
// destinations of one kind: FQDNs, ServiceTags or Addresses.
type EgressRule struct {
	Name    string     `yaml:"name" json:"name"`       // unique: "registry"
	Feature AKSFeature `yaml:"feature" json:"feature"` // what asks for it
	// Protocol is https or http, for a firewall that filters by the name in
	// the request, or tcp or udp.
	Protocol string `yaml:"protocol" json:"protocol"`
	Ports    []int  `yaml:"ports" json:"ports"` // ascending
	// FQDNs are names; "*.data.mcr.microsoft.com" is every name below. With
	// tcp or udp the firewall has to resolve them, by the same DNS server that
	// the nodes ask.
	FQDNs []string `yaml:"fqdns" json:"fqdns,omitempty"`
	// ServiceTags are Azure's names of address ranges,
	// "AzureCloud.westeurope". A firewall that does not know them takes the
	// ranges from https://www.microsoft.com/download/details.aspx?id=56519.
	ServiceTags []string `yaml:"serviceTags" json:"serviceTags,omitempty"`
	// Addresses are IPv4 blocks: "10.0.0.4/32".
	Addresses []string `yaml:"-" json:"addresses,omitempty"`
	Purpose   string   `yaml:"purpose" json:"purpose"`
	// AlternativeTo names the rule that this one makes unnecessary, for a
	// firewall that cannot filter by name: allow one of the two. Often empty.
	AlternativeTo string `yaml:"alternativeTo" json:"alternativeTo,omitempty"`
	Note          string `yaml:"note" json:"note,omitempty"`
	Source        string `yaml:"source" json:"source"`
	AsOf          string `yaml:"asOf" json:"asOf"` // "2006-01-02"
}

// ByName says whether the rule is for a firewall that filters HTTP requests
// and TLS handshakes by name; otherwise it is for one that filters packets.
func (r EgressRule) ByName() bool { return r.Protocol == HTTPS || r.Protocol == HTTP }

// AKSEgress is what the egress rules of a cluster depend on.
type AKSEgress struct {
	// Region is the cluster's region, "westeurope". Required.
	Region string
	// Features are the features in use beyond base. Default none.
	Features []AKSFeature
	// PrivateAPI says that nodes reach the API server by a private address: a
	// private cluster, or API server VNet integration. Default false.
	PrivateAPI bool
	// Konnectivity says that the cluster has the konnectivity agent, which
	// makes the tunnel's ports unnecessary. A private API server needs none
	// either way. Default false.
	Konnectivity bool
	// DNSServers are the addresses of the VNet's own DNS servers. Default
	// none: Azure's, which no firewall is asked about.
	DNSServers []string
	// APIServer are the public addresses of the API server, for pods that
	// call it by address. They are known once the cluster exists. Default none.
	APIServer []string
}

// egressFact is a rule as the data has it, before a cluster fills it in.
type egressFact struct {
	EgressRule `yaml:",inline"`
	When       string `yaml:"when"`      // one of the conditions; empty: always
	From       string `yaml:"addresses"` // which of the cluster's addresses; empty: none
}

// The conditions of a rule, and the addresses that a cluster gives it.
const (
	whenPublicAPI  = "public-api"
	whenTunnel     = "tunnel"
	fromDNSServers = "dnsServers"
	fromAPIServer  = "apiServer"
)

func (c *Catalog) readEgress() error {
	var file struct {
		provenance `yaml:",inline"`
		Rules      []egressFact `yaml:"rules"`
	}
	if err := decode("aks-egress.yaml", &file); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, rule := range file.Rules {
		switch {
		case names[rule.Name]:
			return fmt.Errorf("aks-egress.yaml: %q is there twice", rule.Name)
		case !slices.Contains([]string{"", whenPublicAPI, whenTunnel}, rule.When):
			return fmt.Errorf("aks-egress.yaml: %s: when: %q is not known", rule.Name, rule.When)
		case !slices.Contains([]string{"", fromDNSServers, fromAPIServer}, rule.From):
			return fmt.Errorf("aks-egress.yaml: %s: addresses: %q are not known", rule.Name, rule.From)
		}
		names[rule.Name] = true
		file.fill(&rule.Source, &rule.AsOf)
		c.egress = append(c.egress, rule)
	}
	return nil
}

// AKSEgressRules returns what a firewall must let such a cluster send, base
// first, in the order of Microsoft's page. The error is a problem.List with
// the paths region, features, dnsServers and apiServer.
func (c *Catalog) AKSEgressRules(cluster AKSEgress) ([]EgressRule, error) {
	if err := cluster.check(); err != nil {
		return nil, err
	}
	var rules []EgressRule
	for _, fact := range c.egress {
		if rule, needed := cluster.rule(fact); needed {
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

func (c AKSEgress) check() error {
	var problems problem.List
	problems.Add("region", CheckAzureRegion(c.Region))
	for i, feature := range c.Features {
		path := fmt.Sprintf("features[%d]", i)
		if feature == AKSBase {
			problems.Addf(path, string(feature), "remove it", "is what every cluster has")
			continue
		}
		problem.OneOf(&problems, path, feature, AKSFeatures()...)
	}
	problem.Unique(&problems, "features", c.Features)
	checkAddresses(&problems, "dnsServers", c.DNSServers)
	checkAddresses(&problems, "apiServer", c.APIServer)
	if c.PrivateAPI && len(c.APIServer) > 0 {
		problems.Addf("apiServer", strings.Join(c.APIServer, ", "), "remove it", "is a public address, but the API server is private")
	}
	return problems.Err()
}

func checkAddresses(problems *problem.List, path string, addresses []string) {
	for i, address := range addresses {
		if addr, err := netip.ParseAddr(address); err != nil || !addr.Is4() {
			problems.Addf(fmt.Sprintf("%s[%d]", path, i), address, "give one such as 10.0.0.4", "is not an IPv4 address")
		}
	}
	problem.Unique(problems, path, addresses)
}

// rule fills in what the cluster decides, and says whether it needs the rule
// at all.
func (c AKSEgress) rule(fact egressFact) (EgressRule, bool) {
	r := fact.EgressRule
	r.Ports = slices.Clone(r.Ports)
	r.FQDNs = inRegion(r.FQDNs, c.Region)
	r.ServiceTags = inRegion(r.ServiceTags, c.Region)
	switch fact.From {
	case fromDNSServers:
		r.Addresses = hosts(c.DNSServers)
	case fromAPIServer:
		r.Addresses = hosts(c.APIServer)
	}
	needed := r.Feature == AKSBase || slices.Contains(c.Features, r.Feature)
	switch fact.When {
	case whenPublicAPI:
		needed = needed && !c.PrivateAPI
	case whenTunnel:
		needed = needed && !c.PrivateAPI && !c.Konnectivity
	}
	return r, needed && (fact.From == "" || len(r.Addresses) > 0)
}

// AKSTagNames returns the names that Azure Firewall's FQDN tag
// AzureKubernetesService stands for in every region.
func (c *Catalog) AKSTagNames() []string {
	var names []string
	for _, fact := range c.egress {
		if fact.Feature == AKSBase && fact.ByName() && fact.When == "" {
			names = append(names, fact.FQDNs...)
		}
	}
	return names
}

func hosts(addresses []string) []string {
	var blocks []string
	for _, address := range addresses {
		blocks = append(blocks, address+"/32")
	}
	return blocks
}

// inRegion returns the names with {region} filled in.
func inRegion(names []string, region string) []string {
	if names == nil {
		return nil
	}
	filled := make([]string, len(names))
	for i, name := range names {
		filled[i] = strings.ReplaceAll(name, "{region}", region)
	}
	return filled
}

var azureRegionPattern = regexp.MustCompile(`^[a-z]+[0-9]?$`)

// CheckAzureRegion says why name is no region of Azure's public cloud in
// Azure's short form; the error is a *problem.Problem. It knows the form, and
// the names of the other clouds, not the list of regions.
func CheckAzureRegion(name string) error {
	const fix = "give an Azure region in its short form, for example westeurope"
	if name == "" {
		return problem.New("", "is missing", fix)
	}
	if short := strings.ToLower(strings.ReplaceAll(name, " ", "")); short != name && azureRegionPattern.MatchString(short) {
		return problem.New(name, "is not a region's short form", "write "+short)
	}
	for _, cloud := range []string{"usgov", "usdod", "china"} {
		if strings.HasPrefix(name, cloud) {
			return problem.New(name, "is a region of another cloud than Azure's public one", fix)
		}
	}
	if !azureRegionPattern.MatchString(name) {
		return problem.New(name, "is not an Azure region", fix)
	}
	return nil
}

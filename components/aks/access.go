package aks

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/problem"
)

// checkAccess checks the way to the API server against the network.
func (p *planner) checkAccess() {
	spec := &p.plan.Spec
	access := spec.API.Access
	problem.OneOf(&p.problems, "api.access", access, Public, PrivateSystemZone, PrivateOwnZone, PrivateNoZone,
		VnetIntegrationPublic, VnetIntegrationPrivate)
	if access.integrated() && spec.Vnet.Encrypted {
		p.problems.Addf("api.access", string(access), "use privateOwnZone, or turn the encryption off",
			"does not work in a VNet with encryption")
	}
	customDNS := len(spec.Vnet.DNSServers) > 0
	if access == PrivateSystemZone {
		p.warn("the zone of privateSystemZone is linked to the cluster's VNet alone: DNS servers elsewhere do not find the API server")
		if customDNS && !spec.Created {
			p.problems.Addf("api.access", string(access),
				"deploy the VNet with Azure's DNS first, then link the zone, set created: true and the servers; or use privateOwnZone or VNet integration",
				"makes its zone with the cluster, and the VNet's DNS servers %s would not find the API server", strings.Join(spec.Vnet.DNSServers, ", "))
		}
	}
	if spec.Created && !(access == PrivateSystemZone && customDNS) {
		p.problems.Addf("created", "true", "remove it", "matters only to privateSystemZone in a VNet with DNS servers of its own")
	}
	private := access == PrivateSystemZone || access == PrivateOwnZone || access == PrivateNoZone
	if spec.Model == Kubenet && private && customDNS {
		p.problems.Addf("model", string(Kubenet), "use the model overlay, or Azure's DNS", // always with a table of one's own
			"does not work with a private API server in a VNet with its own DNS servers and route table")
	}
	nameless := !access.public() && privateZone(spec.API) == NoZone
	switch fqdn := spec.API.PublicFQDN; {
	case access.public() && fqdn != nil:
		p.problems.Addf("api.publicFqdn", strconv.FormatBool(*fqdn), "remove it", "is of private API servers; this one is public")
	case nameless && fqdn != nil && !*fqdn:
		p.problems.Addf("api.publicFqdn", "false", "remove it, or give a private zone", "leaves the API server without a name: %s has no private zone", access)
	case fqdn == nil && !access.public():
		spec.API.PublicFQDN = &nameless
	}
}

// zonePattern splits the name of a private zone for API servers.
var (
	zonePattern  = regexp.MustCompile(`^(?:([a-z0-9-]+)\.)?(privatelink|private)\.([a-z0-9]+)\.azmk8s\.io$`)
	labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

func (p *planner) checkZone() {
	spec, api := p.plan.Spec, p.plan.Spec.API
	zone := api.PrivateZone
	forms := "privatelink." + spec.Location + ".azmk8s.io"
	if api.Access.integrated() {
		forms = "private." + spec.Location + ".azmk8s.io"
	}
	takesZone := api.Access == PrivateOwnZone || api.Access == VnetIntegrationPrivate
	switch {
	case zone == "" && api.Access == PrivateOwnZone:
		p.problems.Addf("api.privateZone", "", "give its name, "+forms+" with or without a label before it", "is missing")
	case zone != "" && !takesZone:
		p.problems.Addf("api.privateZone", zone, "remove it, or use privateOwnZone or vnetIntegrationPrivate", "is of no use to the access %s", api.Access)
	case zone != "":
		p.checkZoneName(zone, forms)
	}
	switch label := api.FQDNSubdomain; {
	case label != "" && zone == "":
		p.problems.Addf("api.fqdnSubdomain", label, "give privateZone, or remove it", "needs a private zone of yours")
	case label != "" && !labelPattern.MatchString(label):
		p.problems.Addf("api.fqdnSubdomain", label, "use lower-case letters, digits and hyphens", "is not a DNS label")
	}
}

func (p *planner) checkZoneName(zone, forms string) {
	parts := zonePattern.FindStringSubmatch(zone)
	longest := p.limits.APIServer.SubdomainCharacters
	switch {
	case parts == nil:
		p.problems.Addf("api.privateZone", zone, "name it "+forms+", with or without a label before it", "is not a zone for API servers")
	case parts[3] != p.plan.Spec.Location:
		p.problems.Addf("api.privateZone", zone, "use "+forms, "is the zone of %s, not of %s", parts[3], p.plan.Spec.Location)
	case parts[2] == "private" && !p.plan.Spec.API.Access.integrated():
		p.problems.Addf("api.privateZone", zone, "use "+forms, "is a zone for VNet-integrated API servers")
	case len(parts[1]) > longest:
		p.problems.Addf("api.privateZone", zone, fmt.Sprintf("use at most %d", longest), "has %d characters before %s", len(parts[1]), forms)
	}
}

// planRanges returns the blocks that may reach a public API server.
func (p *planner) planRanges() []string {
	spec := p.plan.Spec
	var ranges []string
	for i, text := range spec.API.AuthorizedRanges {
		ranges = append(ranges, p.publicRange(fmt.Sprintf("api.authorizedRanges[%d]", i), text))
	}
	problem.Unique(&p.problems, "api.authorizedRanges", spec.API.AuthorizedRanges)
	for i, ip := range spec.EgressIPs {
		path := fmt.Sprintf("egressIps[%d]", i)
		if _, err := netip.ParseAddr(ip); err != nil {
			p.problems.Addf(path, ip, "give an address such as 203.0.113.7", "is not an IP address")
			continue
		}
		ranges = append(ranges, p.publicRange(path, ip))
	}
	access := spec.API.Access
	if !access.public() {
		if len(spec.API.AuthorizedRanges) > 0 {
			p.problems.Addf("api.authorizedRanges", strings.Join(spec.API.AuthorizedRanges, ", "), "remove them, or use the access public or vnetIntegrationPublic",
				"are of public API servers; %s has no public address", access)
		}
		return nil
	}
	if len(spec.API.AuthorizedRanges) == 0 {
		p.problems.Addf("api.authorizedRanges", "", "list who may reach it, or make it private", "are missing; everybody could reach the API server")
	}
	slices.Sort(ranges)
	ranges = slices.Compact(ranges)
	most := p.limits.APIServer.AuthorizedRanges
	if access.integrated() {
		most = p.limits.APIServer.AuthorizedRangesIntegrated
	}
	if len(ranges) > most {
		p.problems.Addf("api.authorizedRanges", "", "merge neighbouring blocks, or make it private",
			"are %d with egressIps; an API server takes at most %d", len(ranges), most)
	}
	return ranges
}

// publicRange returns a public block in canonical form, or text with a problem.
func (p *planner) publicRange(path, text string) string {
	canonical := text
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
		canonical = text + "/32"
	}
	prefix, err := addressing.Parse(canonical)
	switch {
	case err != nil:
		p.problems.Add(path, err)
		return text
	case prefix.Bits() == 0:
		p.problems.Addf(path, text, "list who may reach it, or make it private", "is everybody")
		return text
	}
	for _, private := range notPublic() {
		if prefix.Overlaps(private) {
			p.problems.Addf(path, text, "give public addresses", "is not public: it overlaps %s", private)
			return text
		}
	}
	return prefix.String()
}

// notPublic returns the blocks that no packet of the internet comes from.
// https://www.iana.org/assignments/iana-ipv4-special-registry
func notPublic() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	}
}

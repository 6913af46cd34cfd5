package nlb

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// defaultTLSPolicy is what AWS recommends for TLS 1.2 and 1.3.
const defaultTLSPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

// Plan is what a Spec comes to.
type Plan struct {
	// Zones in the order of the spec.
	Zones []Zone
	// Listeners in the order of the spec, with every default filled in.
	Listeners []Listener
	// Ingress is who may reach the load balancer: each client block with each
	// listener's port.
	Ingress []Rule
	// Egress is what the load balancer may reach: each target block with each
	// port that targets serve or are checked on.
	Egress []Rule
}

// Rule is one block with one TCP port.
type Rule struct {
	Cidr netip.Prefix
	Port int
}

// Key names the rule within its component: "203-0-113-0-24-443".
func (r Rule) Key() string {
	return fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", ".", "-").Replace(r.Cidr.String()), r.Port)
}

// NewPlan validates a spec and plans its load balancer. Problems are added at
// the fields of the component's own spec.
func NewPlan(spec Spec, problems *problem.List) (Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return Plan{}, err
	}
	p := &planner{spec: spec, facts: facts, problems: problems, limits: quota.New(facts, spec.Quotas, problems)}
	problems.Add("region", facts.CheckRegion(spec.Region))
	p.plan.Zones = spec.Zones
	CheckZones(facts, spec.Region, spec.Zones, problems)
	if len(spec.Zones) == 1 {
		problems.Addf("zones", spec.Zones[0].Name, "name a second zone",
			"is one zone; the connection would not survive its loss")
	}
	p.listeners()
	p.rules()
	return p.plan, nil
}

type planner struct {
	spec     Spec
	facts    *catalog.Catalog
	limits   quota.Limits
	plan     Plan
	problems *problem.List
}

// CheckZones adds a problem for each zone that a region does not have, by name
// or by id, and for each one named twice.
func CheckZones(facts *catalog.Catalog, name string, zones []Zone, problems *problem.List) {
	region, known := facts.Region(name)
	var theirNames, theirIDs, names, ids []string
	for _, zone := range region.Zones {
		theirNames, theirIDs = append(theirNames, zone.Name), append(theirIDs, zone.ID)
	}
	slices.Sort(theirIDs)
	for i, zone := range zones {
		path := fmt.Sprintf("zones[%d]", i)
		if known && !slices.Contains(theirNames, zone.Name) {
			problems.Addf(path, zone.Name, "its zones are "+strings.Join(theirNames, ", "),
				"is not an availability zone of %s", name)
		}
		if known && zone.ID != "" && !slices.Contains(theirIDs, zone.ID) {
			problems.Addf(path, zone.ID, "the ids of its zones are "+strings.Join(theirIDs, ", "),
				"is not the id of an availability zone of %s", name)
		}
		names = append(names, zone.Name)
		if zone.ID != "" {
			ids = append(ids, zone.ID)
		}
	}
	problem.Unique(problems, "zones", names)
	problem.Unique(problems, "zoneIds", ids)
	if len(zones) == 0 {
		problems.Addf("zones", "", "give the zones that have a subnet", "is missing")
	}
}

func (p *planner) listeners() {
	if len(p.spec.Listeners) == 0 {
		p.problems.Addf("listeners", "", "give a port to listen on, for example {port: 443}", "is missing")
	}
	limit := p.limits.Of(catalog.QuotaListenersPerNetworkLoadBalancer)
	if count := len(p.spec.Listeners); count > limit {
		p.problems.Addf("listeners", strconv.Itoa(count),
			"use fewer", "is more than a network load balancer takes, %d", limit)
	}
	first := map[int]int{}
	for i, listener := range p.spec.Listeners {
		path := fmt.Sprintf("listeners[%d]", i)
		listener = listener.withDefaults()
		if j, taken := first[listener.Port]; taken {
			p.problems.Addf(path+".port", strconv.Itoa(listener.Port), "use another port",
				"is the port of listeners[%d] already", j)
		} else {
			first[listener.Port] = i
		}
		p.checkListener(path, listener)
		p.plan.Listeners = append(p.plan.Listeners, listener)
	}
	for _, port := range p.spec.Certified {
		known := slices.ContainsFunc(p.plan.Listeners, func(l Listener) bool {
			return l.Protocol == TLS && strconv.Itoa(l.Port) == port
		})
		if !known {
			p.problems.Addf("certificateArns."+port, "", "remove it, or add the listener", "is not the port of a TLS listener")
		}
	}
}

func (l Listener) withDefaults() Listener {
	l.TargetPort = cmp.Or(l.TargetPort, l.Port)
	l.Protocol = cmp.Or(l.Protocol, TCP)
	l.TargetType = cmp.Or(l.TargetType, IPTargets)
	if l.Protocol == TLS {
		l.TLSPolicy = cmp.Or(l.TLSPolicy, defaultTLSPolicy)
	}
	h := &l.HealthCheck
	h.Protocol = cmp.Or(h.Protocol, "TCP")
	h.Port = cmp.Or(h.Port, l.TargetPort)
	if h.Protocol != "TCP" {
		h.Path = cmp.Or(h.Path, "/")
	}
	h.IntervalSeconds = cmp.Or(h.IntervalSeconds, 10)
	h.HealthyThreshold = cmp.Or(h.HealthyThreshold, 3)
	h.UnhealthyThreshold = cmp.Or(h.UnhealthyThreshold, 3)
	return l
}

// timeout is AWS's default, unless the interval is shorter, which AWS refuses.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
func (h HealthCheck) timeout() int {
	if h.Protocol == "HTTP" {
		return min(6, h.IntervalSeconds)
	}
	return min(10, h.IntervalSeconds)
}

var certificatePattern = regexp.MustCompile(`^arn:aws:(?:acm:([a-z0-9-]+):\d{12}:certificate/\S+|iam::\d{12}:server-certificate/\S+)$`)

func (p *planner) checkListener(path string, l Listener) {
	problem.OneOf(p.problems, path+".protocol", l.Protocol, TCP, TLS)
	problem.OneOf(p.problems, path+".targetType", l.TargetType, IPTargets, InstanceTargets)
	if p.between(path+".port", l.Port, 1, 65535) || l.TargetPort != l.Port {
		p.between(path+".targetPort", l.TargetPort, 1, 65535)
	}
	certified := slices.Contains(p.spec.Certified, strconv.Itoa(l.Port))
	arn := certificatePattern.FindStringSubmatch(l.CertificateArn)
	switch {
	case l.Protocol != TLS && l.CertificateArn != "":
		p.problems.Addf(path+".certificateArn", l.CertificateArn, "set protocol: TLS, or remove it",
			"is for a TLS listener; this one is %s", l.Protocol)
	case l.Protocol != TLS:
	case certified && l.CertificateArn != "":
		p.problems.Addf(path+".certificateArn", l.CertificateArn, "give one of them",
			"is given twice: here and as certificateArns.%d", l.Port)
	case certified:
	case l.CertificateArn == "":
		p.problems.Addf(path+".certificateArn", "", "give the ARN of a certificate", "is missing; TLS ends at the load balancer")
	case arn == nil:
		p.problems.Addf(path+".certificateArn", l.CertificateArn, "give arn:aws:acm:<region>:<account>:certificate/<id>",
			"is not the ARN of a certificate")
	case arn[1] != "" && arn[1] != p.spec.Region:
		p.problems.Addf(path+".certificateArn", l.CertificateArn, "give one of "+p.spec.Region,
			"is a certificate of %s; a load balancer takes those of its own region", arn[1])
	}
	switch {
	case l.Protocol != TLS && l.TLSPolicy != "":
		p.problems.Addf(path+".tlsPolicy", l.TLSPolicy, "set protocol: TLS, or remove it",
			"is for a TLS listener; this one is %s", l.Protocol)
	case l.Protocol == TLS && !strings.HasPrefix(l.TLSPolicy, "ELBSecurityPolicy-"):
		p.problems.Addf(path+".tlsPolicy", l.TLSPolicy, "use "+defaultTLSPolicy, "is not a security policy of Elastic Load Balancing")
	}
	p.checkHealth(path+".healthCheck", l)
}

func (p *planner) checkHealth(path string, l Listener) {
	h := l.HealthCheck
	problem.OneOf(p.problems, path+".protocol", h.Protocol, "TCP", "HTTP", "HTTPS")
	if h.Port != l.TargetPort {
		p.between(path+".port", h.Port, 1, 65535)
	}
	switch {
	case h.Protocol == "TCP" && h.Path != "":
		p.problems.Addf(path+".path", h.Path, "set protocol: HTTP or HTTPS, or remove it", "is for an HTTP check; this one is TCP")
	case h.Protocol != "TCP" && (!strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024):
		p.problems.Addf(path+".path", h.Path, "begin it with /", "is not a path of at most 1024 characters")
	}
	p.between(path+".intervalSeconds", h.IntervalSeconds, 5, 300)
	p.between(path+".healthyThreshold", h.HealthyThreshold, 2, 10)
	p.between(path+".unhealthyThreshold", h.UnhealthyThreshold, 2, 10)
}

// between reports whether a number is in its range; if not, it adds a problem.
func (p *planner) between(path string, value, low, high int) bool {
	if value >= low && value <= high {
		return true
	}
	p.problems.Addf(path, strconv.Itoa(value), fmt.Sprintf("use %d to %d", low, high), "is out of range")
	return false
}

// rules crosses the clients with the listeners' ports, and the target blocks
// with the ports of targets and of their health checks.
func (p *planner) rules() {
	listening, serving := map[int]bool{}, map[int]bool{}
	for _, l := range p.plan.Listeners {
		listening[l.Port], serving[l.TargetPort], serving[l.HealthCheck.Port] = true, true, true
	}
	if len(p.spec.TargetCidrs) == 0 {
		p.problems.Addf("targetCidrs", "", "list the blocks that the targets are in, pods included",
			"is missing; without it the load balancer reaches no target")
	}
	for i, text := range p.spec.TargetCidrs {
		if block, err := addressing.Parse(text); err == nil && block.Bits() < 8 {
			p.problems.Addf(fmt.Sprintf("targetCidrs[%d]", i), text, "list the blocks that the targets are in",
				"is more than any network of targets")
		}
	}
	p.plan.Ingress = Rules(p.spec.ClientPath, p.spec.ClientCidrs, slices.Sorted(maps.Keys(listening)), p.limits, p.problems)
	p.plan.Egress = Rules("targetCidrs", p.spec.TargetCidrs, slices.Sorted(maps.Keys(serving)), p.limits, p.problems)
}

// Rules crosses the blocks of a field with ports. What is no block, named twice
// or more than a security group takes is added to problems.
func Rules(path string, cidrs []string, ports []int, limits quota.Limits, problems *problem.List) []Rule {
	var rules []Rule
	for i, text := range cidrs {
		block, err := addressing.Parse(text)
		if err != nil {
			problems.Add(fmt.Sprintf("%s[%d]", path, i), err)
			continue
		}
		for _, port := range ports {
			rules = append(rules, Rule{Cidr: block, Port: port})
		}
	}
	problem.Unique(problems, path, cidrs)
	if limit := limits.Of(catalog.QuotaRulesPerSecurityGroup); len(rules) > limit {
		problems.Addf(path, strconv.Itoa(len(cidrs))+" blocks",
			"use fewer, larger blocks, or have the quota raised and set quotas."+catalog.QuotaRulesPerSecurityGroup,
			"needs %d security group rules; the quota is %d", len(rules), limit)
	}
	return rules
}

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

// suffix is how long the end is that Pulumi puts to a name: "-1a2b3c4". It
// lets a load balancer be replaced while the old one still has its name.
const suffix = 8

// CheckName adds a problem when a component's name does not give its load
// balancer and target groups names that AWS takes.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
func CheckName(name string, listeners []Listener, problems *problem.List) {
	facts, err := catalog.Load()
	if err != nil {
		problems.Add("name", err)
		return
	}
	limit, _ := facts.Quota(catalog.QuotaLoadBalancerNameCharacters)
	longest := len(balancerKey)
	for _, l := range listeners {
		longest = max(longest, len(strconv.Itoa(l.Port)))
	}
	most := limit.Default - suffix - longest - len("-")
	switch {
	case !namePattern.MatchString(name) || strings.HasPrefix(name, "internal-"):
		problems.Addf("name", name, "use letters, digits and hyphens, and neither begin with internal- nor with a hyphen",
			"cannot begin the name of a load balancer")
	case len(name) > most:
		problems.Addf("name", name, fmt.Sprintf("use at most %d characters", most),
			"is too long; a load balancer's name has at most %d characters, and the component adds %d",
			limit.Default, limit.Default-most)
	}
}

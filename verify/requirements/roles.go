package requirements

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// tier is what a subnet is for.
type tier string

const (
	unrecognized tier = ""
	nodes        tier = "nodes"
	pods         tier = "pods"
	public       tier = "public"
	endpoints    tier = "endpoints"
	aurora       tier = "aurora"
	documentDB   tier = "documentdb"
	elastiCache  tier = "elasticache"
	database     tier = "database"
	apiServer    tier = "api server"
	appGateway   tier = "application gateway"
	firewall     tier = "firewall"
	gateway      tier = "gateway"
	resolver     tier = "resolver"
	elsewhere    tier = "other"
)

// plane is whose network it is.
type plane string

const (
	dataPlane    plane = "data plane"
	controlPlane plane = "control plane"
	hub          plane = "hub"
)

// votes gathers what the signs say.
type votes[T comparable] struct {
	order  []T
	weight map[T]int
}

func (v *votes[T]) add(what T, weight int) {
	if v.weight == nil {
		v.weight = map[T]int{}
	}
	if v.weight[what] == 0 {
		v.order = append(v.order, what)
	}
	v.weight[what] += weight
}

// winner is what most signs say, nothing when two say as much.
func (v *votes[T]) winner() (best T) {
	most, tie := 0, true
	for _, what := range v.order {
		switch w := v.weight[what]; {
		case w > most:
			best, most, tie = what, w, false
		case w == most:
			tie = true
		}
	}
	if tie {
		var none T
		return none
	}
	return best
}

// The weights of signs: what a component registered says what was asked for, a
// name, a tag, a block or a delegation what was meant, a use or a route only
// what has become of it.
const (
	asked = 4
	meant = 2
	used  = 1
)

// tierWords are the words of names and what they mean. "private" says little.
func tierWords() map[string]tier {
	return map[string]tier{
		"pod": pods, "pods": pods, "node": nodes, "nodes": nodes, "worker": nodes, "workers": nodes, "aks": nodes,
		"public": public, "endpoint": endpoints, "endpoints": endpoints, "vpce": endpoints, "privateendpoints": endpoints, "pe": endpoints,
		"aurora": aurora, "documentdb": documentDB, "docdb": documentDB,
		"elasticache": elastiCache, "redis": elastiCache, "cache": elastiCache,
		"db": database, "database": database, "databases": database, "postgres": database, "postgresql": database,
		"apiserver": apiServer, "appgateway": appGateway, "appgw": appGateway, "agw": appGateway,
		"azurefirewallsubnet": firewall, "azurefirewallmanagementsubnet": firewall, "firewall": firewall,
		"gatewaysubnet": gateway, "resolver": resolver, "inbound": resolver, "outbound": resolver,
		"azurebastionsubnet": elsewhere, "transit": elsewhere, "tgw": elsewhere, "inspection": elsewhere,
		"internallb": elsewhere, "ilb": elsewhere, "internalloadbalancer": elsewhere, "applicationgateway": appGateway,
	}
}

// componentTiers are the tiers' names in the outputs of components.
func componentTiers() map[string]tier {
	return map[string]tier{
		"nodes": nodes, "pods": pods, "public": public, "endpoints": endpoints, "private": nodes,
		"eks-private": nodes, "eks-public": public, "aurora": aurora, "documentdb": documentDB, "elasticache": elastiCache,
		"privateEndpoints": endpoints, "database": database, "apiServer": apiServer,
		"applicationGateway": appGateway, "internalLoadBalancer": elsewhere, "firewall": firewall, "gateway": gateway,
	}
}

// words splits a name into lower-case words.
func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// recognize tells the tiers of the subnets and the planes of the networks.
func (s *subject) recognize() {
	tierVotes := map[*topology.Subnet]*votes[tier]{}
	for _, subnet := range s.model.Subnets {
		tierVotes[subnet] = &votes[tier]{}
	}
	s.componentSigns(tierVotes)
	s.useSigns(tierVotes)
	s.tiers = map[*topology.Subnet]tier{}
	for _, subnet := range s.model.Subnets {
		v := tierVotes[subnet]
		s.nameSigns(subnet, v)
		blockSign(subnet, v)
		routeSign(subnet, v)
		s.tiers[subnet] = v.winner()
	}
	s.planes = map[*topology.Network]plane{}
	for _, network := range s.model.Networks {
		s.planes[network] = s.planeOf(network)
	}
	s.onlyPlane()
}

// componentSigns are the subnets that components registered, by tier.
func (s *subject) componentSigns(v map[*topology.Subnet]*votes[tier]) {
	byID := map[string]*topology.Subnet{}
	for _, subnet := range s.model.Subnets {
		if r, ok := s.resources[subnet.Ref.URN]; ok {
			byID[strings.ToLower(r.URN)] = subnet
			if r.ID != "" {
				byID[strings.ToLower(r.ID)] = subnet
			}
		}
	}
	for i := range s.graph.Resources {
		r := &s.graph.Resources[i]
		if r.Custom || !strings.HasPrefix(r.Type, "underlay:") {
			continue
		}
		for name, ids := range object(r, "subnetIds") {
			t, ok := componentTiers()[string(name)]
			if !ok {
				continue
			}
			eachText(ids, func(id string) {
				if subnet, ok := byID[strings.ToLower(id)]; ok {
					v[subnet].add(t, asked)
				}
			})
		}
	}
}

// eachText calls f for every known string in a value.
func eachText(v resource.PropertyValue, f func(string)) {
	v, known := opened(v)
	switch {
	case !known:
	case v.IsString():
		f(v.StringValue())
	case v.IsArray():
		for _, element := range v.ArrayValue() {
			eachText(element, f)
		}
	case v.IsObject():
		for _, key := range v.ObjectValue().StableKeys() {
			eachText(v.ObjectValue()[key], f)
		}
	}
}

// nameSigns are those of the resource's name, its Name tag, Kubernetes' role
// tags, and the delegation.
func (s *subject) nameSigns(subnet *topology.Subnet, v *votes[tier]) {
	said := map[tier]bool{}
	private := false
	names := []string{subnet.Name, subnet.Tags["Name"]}
	if r, ok := s.resources[subnet.Ref.URN]; ok {
		names = append(names, text(r, "subnetName"), text(r, "name"))
	}
	for _, name := range names {
		for _, word := range words(name) {
			if t, ok := tierWords()[word]; ok && !said[t] {
				said[t] = true
				v.add(t, meant)
			}
			private = private || word == "private"
		}
	}
	if private && len(said) == 0 {
		v.add(nodes, used)
	}
	for tag, t := range map[string]tier{
		"kubernetes.io/role/elb": public, "kubernetes.io/role/internal-elb": nodes, "kubernetes.io/role/cni": pods,
	} {
		if subnet.Tags[tag] != "" {
			v.add(t, meant)
		}
	}
	switch subnet.Delegation.Or("") {
	case "Microsoft.DBforPostgreSQL/flexibleServers":
		v.add(database, meant)
	case "Microsoft.Network/dnsResolvers":
		v.add(resolver, meant)
	}
}

// blockSign: a secondary block is for pods.
func blockSign(subnet *topology.Subnet, v *votes[tier]) {
	own, ok := ipv4(subnet).Get()
	if !ok || subnet.Network.Cloud != topology.AWS || len(subnet.Network.Prefixes) == 0 {
		return
	}
	first, ok := subnet.Network.Prefixes[0].Get()
	if !ok || first.Overlaps(own) {
		return
	}
	for _, block := range prefixes(subnet.Network.Prefixes[1:]) {
		if block.Overlaps(own) {
			v.add(pods, meant)
			return
		}
	}
}

// routeSign: what a default route leads to says a little.
func routeSign(subnet *topology.Subnet, v *votes[tier]) {
	if subnet.Network.Cloud != topology.AWS {
		return
	}
	switch route := defaultRoute(subnet); {
	case route == nil:
	case route.Via.Or(&topology.Gateway{}).Kind == topology.Internet:
		v.add(public, used)
	case route.Via.Or(&topology.Gateway{}).Kind == topology.NAT:
		v.add(nodes, used)
	}
}

// defaultRoute returns the route of the subnet's table for every IPv4 address.
func defaultRoute(subnet *topology.Subnet) *topology.Route {
	table, ok := subnet.Table.Get()
	if !ok || table == nil {
		return nil
	}
	var best *topology.Route
	for i := range table.Routes {
		route := &table.Routes[i]
		to, known := route.To.Get()
		if !known {
			continue
		}
		for _, p := range to {
			if p.Bits() == 0 && p.Addr().Is4() && (best == nil || route.Origin < best.Origin) {
				best = route
			}
		}
	}
	return best
}

// useSigns: what stands in a subnet.
func (s *subject) useSigns(v map[*topology.Subnet]*votes[tier]) {
	uses := map[string]tier{
		"aws:rds/subnetGroup:SubnetGroup": aurora, "aws:docdb/subnetGroup:SubnetGroup": documentDB,
		"aws:elasticache/subnetGroup:SubnetGroup": elastiCache, "aws:eks/nodeGroup:NodeGroup": nodes,
	}
	byID := map[string]*topology.Subnet{}
	for _, subnet := range s.model.Subnets {
		if r, ok := s.resources[subnet.Ref.URN]; ok && r.ID != "" {
			byID[r.ID] = subnet
		}
	}
	for i := range s.graph.Resources {
		r := &s.graph.Resources[i]
		t, ok := uses[r.Type]
		if !ok {
			continue
		}
		if ids, known := property(r, "subnetIds"); known {
			eachText(ids, func(id string) {
				if subnet, ok := byID[id]; ok {
					v[subnet].add(t, meant)
				}
			})
		}
	}
	for _, iface := range s.model.Interfaces {
		subnet, ok := iface.Subnet.Get()
		if ok && subnet != nil && iface.Kind == topology.EndpointInterface && v[subnet].weight[endpoints] == 0 {
			v[subnet].add(endpoints, used)
		}
	}
	for _, gw := range s.model.Gateways {
		subnet, ok := gw.Subnet.Get()
		if ok && subnet != nil && gw.Kind == topology.NAT && v[subnet] != nil {
			v[subnet].add(public, used)
		}
	}
}

// planeOf tells whose network it is.
func (s *subject) planeOf(network *topology.Network) plane {
	v := &votes[plane]{}
	component := func(urn string, weight int) {
		c := s.component(urn)
		if c == nil {
			return
		}
		switch kind := c.Type[strings.LastIndex(c.Type, ":")+1:]; {
		case slices.Contains([]string{"AwsDataPlaneNetwork", "AosCloudVpc", "AzureSecureVnet"}, kind):
			v.add(dataPlane, weight)
		case kind == "AwsControlPlaneNetwork":
			v.add(controlPlane, weight)
		case slices.Contains([]string{"AzureHub", "CentralEndpointsHub"}, kind):
			v.add(hub, weight)
		}
	}
	component(network.Ref.URN, asked)
	for _, e := range s.model.Endpoints {
		if e.Network == network && s.within(e.Ref.URN, "CentralEndpointsHub") {
			v.add(hub, asked+used)
			break
		}
	}
	kubernetes := false
	for _, subnet := range s.model.Subnets {
		if subnet.Network != network {
			continue
		}
		if c := s.component(network.Ref.URN); c == nil && v.weight[dataPlane]+v.weight[controlPlane] == 0 {
			component(subnet.Ref.URN, asked) // the network itself is an existing one
		}
		kubernetes = kubernetes || s.tiers[subnet] == pods
		if t := s.tiers[subnet]; t == firewall || t == gateway {
			v.add(hub, meant)
		}
	}
	if kubernetes {
		v.add(dataPlane, meant)
	}
	said := map[plane]bool{}
	names := []string{network.Name}
	if r, ok := s.resources[network.Ref.URN]; ok {
		names = append(names, text(r, "virtualNetworkName"))
		if name := object(r, "tags")["Name"]; name.IsString() {
			names = append(names, name.StringValue())
		}
	}
	for _, name := range names {
		for _, word := range words(name) {
			var p plane
			switch word {
			case "data", "dataplane", "dp", "spoke", "workload":
				p = dataPlane
			case "control", "controlplane", "cp":
				p = controlPlane
			case "hub", "central", "shared", "connectivity", "inspection", "egress":
				p = hub
			default:
				continue
			}
			if !said[p] {
				said[p] = true
				v.add(p, meant)
			}
		}
	}
	return v.winner()
}

// onlyPlane gives the one network that is left the plane that is missing.
func (s *subject) onlyPlane() {
	for _, p := range []plane{dataPlane, controlPlane} {
		if p == controlPlane && s.deployment != DedicatedAWS || len(s.in(p)) > 0 {
			continue
		}
		var rest []*topology.Network
		for _, network := range s.model.Networks {
			if s.planes[network] == "" && len(s.subnets(network)) > 0 {
				rest = append(rest, network)
			}
		}
		if len(rest) == 1 {
			s.planes[rest[0]] = p
		}
	}
}

// mode is how an environment is connected; "" when its signs disagree.
type mode string

const (
	connected mode = "internet"
	isolated  mode = "isolated"
	private   mode = "private"
	// external is a way out that the network's component leaves to others.
	external mode = "external"
)

// egressMode says whether the data plane reaches the internet. What a component
// registered decides; without one the tiers and gateways, which have to agree.
func (s *subject) egressMode(network *topology.Network) (m mode, signs []topology.Ref) {
	switch s.deployment {
	case DedicatedAWS:
		return isolated, nil
	case AosCloud:
		return connected, nil
	}
	set := s.interfaceEndpoints(network)
	tierAsked, natAsked, askedAtAll := false, false, false
	if c := s.component(network.Ref.URN); c != nil {
		tiers, nats := object(c, "subnetIds"), object(c, "natPublicIps")
		askedAtAll = tiers != nil && nats != nil
		_, tierAsked = tiers["public"]
		natAsked = len(nats) > 0
	}
	switch {
	case natAsked || tierAsked && !askedAtAll:
		return connected, nil
	case tierAsked:
		return external, nil
	case askedAtAll && len(set) >= wholeSet:
		return isolated, nil
	case askedAtAll && slices.ContainsFunc(s.subnets(network, nodes), leaves):
		return external, nil
	}
	publicTier := len(s.subnets(network, public)) > 0
	nat := s.gateways(network, topology.NAT)
	igw := s.gateways(network, topology.Internet)
	for _, gw := range append(slices.Clone(nat), igw...) {
		signs = append(signs, gw.Ref)
	}
	switch {
	case publicTier && (len(nat) > 0 || len(igw) > 0):
		return connected, nil
	case !publicTier && len(nat) == 0 && len(set) >= wholeSet:
		return isolated, nil
	case !publicTier && len(nat) == 0 && len(igw) == 0 && askedAtAll:
		return isolated, nil
	}
	return "", append(signs, network.Ref)
}

// wholeSet is how many interface endpoints a network without internet has at
// the least; a connected one has a few at most.
const wholeSet = 8

// interfaceEndpoints are those of the network.
func (s *subject) interfaceEndpoints(network *topology.Network) []*topology.Endpoint {
	var found []*topology.Endpoint
	for _, e := range s.model.Endpoints {
		if e.Network == network && e.Kind == "interface" {
			found = append(found, e)
		}
	}
	return found
}

// connectivityMode says how the control plane reaches the data plane.
func (s *subject) connectivityMode(network *topology.Network) (m mode, signs []topology.Ref) {
	if s.deployment == DedicatedAWS || len(s.components("PrivateLinkProvider")) > 0 {
		return private, nil
	}
	if len(s.components("PublicConnector")) > 0 {
		return connected, nil
	}
	v := &votes[mode]{}
	for _, service := range s.model.Services {
		v.add(private, meant)
		signs = append(signs, service.Ref)
	}
	for _, b := range s.model.Balancers {
		if facing, ok := b.InternetFacing.Get(); ok && facing {
			v.add(connected, meant)
			signs = append(signs, b.Ref)
		}
	}
	switch egress, _ := s.egressMode(network); egress {
	case isolated:
		v.add(private, asked)
	case connected, external:
		for _, subnet := range s.subnets(network, public) {
			if subnet.Tags["kubernetes.io/role/elb"] != "" {
				v.add(connected, used)
				break
			}
		}
	}
	if m := v.winner(); m != "" {
		return m, nil
	}
	return "", append(signs, network.Ref)
}

// dataPlanes returns the networks of the data plane, noting when there is none.
func (c *check) dataPlanes() []*topology.Network {
	found := c.in(dataPlane)
	if len(found) == 0 {
		c.doubt(networkRefs(c.model.Networks), "no network of the graph can be told to be the data plane's")
	}
	return found
}

// controlPlanes does the same for the control plane.
func (c *check) controlPlanes() []*topology.Network {
	found := c.in(controlPlane)
	if len(found) == 0 {
		c.doubt(networkRefs(c.model.Networks), "no network of the graph can be told to be the control plane's")
	}
	return found
}

func networkRefs(networks []*topology.Network) []topology.Ref {
	var refs []topology.Ref
	for _, n := range networks {
		refs = append(refs, n.Ref)
	}
	return refs
}

// tier returns the subnets of a tier, noting when there is none.
func (c *check) tier(network *topology.Network, tiers ...tier) []*topology.Subnet {
	found := c.subnets(network, tiers...)
	if len(found) == 0 {
		c.doubt(append([]topology.Ref{network.Ref}, subnetRefs(c.unplaced(network))...), "no subnet of %s can be told to be for %s", network.Name, tiers[0])
	}
	return found
}

// podTier returns the subnets that pods run in: where there is no tier for them,
// the nodes'.
func (c *check) podTier(network *topology.Network) []*topology.Subnet {
	if found := c.subnets(network, pods); len(found) > 0 {
		return found
	}
	return c.tier(network, nodes)
}

// unplaced are the subnets that may belong to any tier, and those that may
// belong to the network.
func (c *check) unplaced(network *topology.Network) []*topology.Subnet {
	var found []*topology.Subnet
	for _, subnet := range c.model.Subnets {
		if c.dangling(subnet.Name) {
			continue
		}
		lost := subnet.Network != network && len(subnet.Network.Incomplete) > 0
		if lost || subnet.Network == network && c.tiers[subnet] == unrecognized {
			found = append(found, subnet)
		}
	}
	return found
}

// dangling reports whether an id is that of a resource of a recorded graph that
// is no longer there. What has another id may exist outside the graph.
func (c *check) dangling(id string) bool {
	_, there := c.resources[id]
	return strings.HasPrefix(id, "urn:pulumi:") && !there
}

// fewer notes that a network has less of something than it needs; it is not
// known as long as something may be one more.
func (c *check) fewer(network *topology.Network, at topology.Ref, format string, args ...any) {
	if open := c.unplaced(network); len(open) > 0 {
		c.doubt(subnetRefs(open), format, args...)
		return
	}
	if len(network.Incomplete) > 0 {
		c.doubt(network.Incomplete, format, args...)
		return
	}
	c.refute(at, format, args...)
}

// isRoute reports whether a hop is the choice of a route that leads away.
func isRoute(hop reach.Hop) bool {
	return strings.Contains(hop.Effect, " → ") && !strings.HasSuffix(hop.Effect, "the network itself")
}

// stackWords are the words of the stack's name and of the environment tag.
func stackWords(g *graph.Graph) []string { return words(g.Stack) }

package requirements

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

const azureNative = "azure-native:"

// clusters are the AKS clusters of the graph.
func (c *check) clusters() []*graph.Resource {
	return c.ofType(azureNative + "containerservice:ManagedCluster")
}

// field reads a member of a resource's property, "networkProfile.outboundType".
// given is false when it is absent; known, when its value is not there yet.
func field(r *graph.Resource, path string) (value resource.PropertyValue, given, known bool) {
	key, rest, nested := strings.Cut(path, ".")
	value, known = property(r, key)
	for nested && known && value.IsObject() {
		key, rest, nested = strings.Cut(rest, ".")
		value, known = opened(value.ObjectValue()[resource.PropertyKey(key)])
	}
	return value, !known || !value.IsNull(), known
}

// setting reads a string, with the cloud's default where it is absent.
func setting(r *graph.Resource, path, otherwise string) topology.Val[string] {
	ref := topology.Ref{URN: r.URN, Property: path}
	switch value, given, known := field(r, path); {
	case !known:
		return topology.Unknown[string](ref)
	case given && value.IsString():
		return topology.Known(value.StringValue(), ref)
	}
	return topology.Known(otherwise, ref)
}

// enabled reads true or false, false where it is absent.
func enabled(r *graph.Resource, path string) topology.Val[bool] {
	ref := topology.Ref{URN: r.URN, Property: path}
	switch value, given, known := field(r, path); {
	case !known:
		return topology.Unknown[bool](ref)
	case given && value.IsBool():
		return topology.Known(value.BoolValue(), ref)
	}
	return topology.Known(false, ref)
}

// The two ways out of an Azure data plane.
const (
	customerFirewall mode = "customer firewall"
	managed          mode = "managed"
)

// azureEgress says how the data plane leaves: what the cluster and our component
// were asked for decides, and otherwise the routes.
func (c *check) azureEgress(network *topology.Network) (m mode, signs []topology.Ref) {
	v := &votes[mode]{}
	for _, cluster := range c.clusters() {
		outbound := setting(cluster, "networkProfile.outboundType", "loadBalancer")
		switch kind, known := outbound.Get(); {
		case !known:
			signs = append(signs, outbound.Ref())
		case strings.EqualFold(kind, "userDefinedRouting"):
			v.add(customerFirewall, asked)
		case !strings.EqualFold(kind, "none"):
			v.add(managed, asked)
		}
	}
	if component := c.component(network.Ref.URN); component != nil {
		if len(object(component, "routeTableIds")) > 0 {
			v.add(customerFirewall, asked)
		} else if len(object(component, "publicIpIds")) > 0 {
			v.add(managed, asked)
		}
	}
	for _, subnet := range c.subnets(network, nodes) {
		if nat, known := subnet.NAT.Get(); known && nat != nil {
			v.add(managed, used)
			break
		}
		route := defaultRoute(subnet)
		if route == nil {
			continue
		}
		if gw, ok := route.Via.Get(); ok && gw != nil && slices.Contains(inspecting(), gw.Kind) {
			v.add(customerFirewall, used)
			break
		}
	}
	if len(c.ofType(azureNative+"network:AzureFirewall")) > 0 {
		v.add(customerFirewall, meant)
	}
	if m := v.winner(); m != "" {
		return m, nil
	}
	return "", append(signs, network.Ref)
}

// inspecting are the kinds of gateways that look at packets.
func inspecting() []topology.GatewayKind {
	return []topology.GatewayKind{topology.Firewall, topology.Appliance}
}

// inEgressMode runs f for the data planes that leave that way.
func (c *check) inEgressMode(want mode, f func(*topology.Network)) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.azureEgress(network); m {
		case want:
			f(network)
		case "":
			c.doubt(signs, "the graph does not say how %s reaches the internet", network.Name)
		default:
			c.notApplicable("%s reaches the internet by %s", network.Name,
				map[mode]string{managed: "a managed address", customerFirewall: "the customer's firewall"}[m])
		}
	}
}

func throughFirewall(c *check) {
	names := c.catalog.AKSNames()
	c.inEgressMode(customerFirewall, func(network *topology.Network) {
		var avoid []*topology.Gateway
		for _, gw := range c.model.Gateways {
			if slices.Contains(inspecting(), gw.Kind) {
				avoid = append(avoid, gw)
			}
		}
		for _, subnet := range append(slices.Clone(c.tier(network, nodes)), c.subnets(network, pods)...) {
			c.separate(anyHost(subnet), internet(), reach.All(), avoid...)
			for _, name := range names {
				name = reach.SomeName(name)
				to := outside(c.model.PublicName(name))
				to.name = "fqdn:" + name
				c.reaches(anyHost(subnet), to, reach.TCP(443), name)
			}
		}
	})
}

func managedEgress(c *check) {
	c.inEgressMode(managed, func(network *topology.Network) {
		for _, cluster := range c.clusters() {
			ref := topology.Ref{URN: cluster.URN, Property: "networkProfile.outboundType"}
			outbound := setting(cluster, "networkProfile.outboundType", "loadBalancer")
			switch kind, known := outbound.Get(); {
			case !known:
				c.doubt([]topology.Ref{ref}, "the outbound type of %s is not known yet", cluster.Name)
			case strings.EqualFold(kind, "loadBalancer"):
				c.balancerAddress(cluster)
			default:
				for _, subnet := range c.tier(network, nodes) {
					c.hasNAT(subnet)
				}
			}
		}
		if len(c.clusters()) == 0 {
			// The platform makes the cluster later: its address has to be there.
			natted := slices.ContainsFunc(c.subnets(network, nodes), func(s *topology.Subnet) bool { return s.NAT.Or(nil) != nil })
			if natted {
				for _, subnet := range c.tier(network, nodes) {
					c.hasNAT(subnet)
				}
			}
			if len(c.ofType(azureNative+"network:PublicIPAddress")) == 0 {
				c.absent(network, "%s has no public address for the cluster's load balancer", network.Name)
			}
		}
		c.publicAddresses()
	})
}

// balancerAddress checks that the cluster's load balancer has public addresses:
// its own or those that AKS makes.
func (c *check) balancerAddress(cluster *graph.Resource) {
	ref := topology.Ref{URN: cluster.URN, Property: "networkProfile.loadBalancerProfile"}
	addresses, given, known := field(cluster, "networkProfile.loadBalancerProfile.outboundIPs.publicIPs")
	if !known {
		c.doubt([]topology.Ref{ref.At("networkProfile.loadBalancerProfile.outboundIPs")}, "the public addresses of %s are not known yet", cluster.Name)
		return
	}
	if given && addresses.IsArray() && len(addresses.ArrayValue()) == 0 {
		c.refute(ref, "the load balancer of %s has no public address", cluster.Name)
		return
	}
	c.holds(ref, "the load balancer of %s has public addresses", cluster.Name)
}

func (c *check) hasNAT(subnet *topology.Subnet) {
	switch nat, known := subnet.NAT.Get(); {
	case !known:
		c.doubt([]topology.Ref{subnet.NAT.Ref()}, "the NAT gateway of %s is not known yet", subnet.Name)
	case nat == nil:
		c.refute(refOr(subnet.NAT.Ref(), subnet.Ref), "subnet %s has no NAT gateway", subnet.Name)
	case len(nat.Addresses) == 0:
		c.refute(nat.Ref, "the NAT gateway %s has no public address", nat.Name)
	default:
		c.holds(nat.Ref, "subnet %s leaves by the NAT gateway %s", subnet.Name, nat.Name)
	}
}

// publicAddresses checks that public IPs are Standard and static, as AKS asks.
func (c *check) publicAddresses() {
	for _, ip := range c.ofType(azureNative + "network:PublicIPAddress") {
		sku := setting(ip, "sku.name", "Basic")
		switch name, known := sku.Get(); {
		case !known:
			c.doubt([]topology.Ref{sku.Ref()}, "the SKU of %s is not known yet", ip.Name)
		case !strings.EqualFold(name, "Standard"):
			c.refute(sku.Ref(), "the public address %s is %s, and a Standard load balancer takes Standard ones", ip.Name, name)
		default:
			c.holds(sku.Ref(), "the public address %s is Standard", ip.Name)
		}
	}
}

func outboundUDR(c *check) {
	c.inEgressMode(customerFirewall, func(network *topology.Network) {
		for _, subnet := range append(slices.Clone(c.tier(network, nodes)), c.subnets(network, pods)...) {
			c.userDefaultRoute(subnet)
		}
		for _, kind := range []string{"VirtualHub", "HubVirtualNetworkConnection", "VirtualHubBgpConnection", "RouteServer"} {
			for _, r := range c.ofType(azureNative + "network:" + kind) {
				c.refute(topology.Ref{URN: r.URN}, "%s %s injects routes, which AKS does not count", kind, r.Name)
			}
		}
	})
}

// userDefaultRoute checks that the subnet's route table has a default route that
// somebody wrote, to an appliance or gateway.
func (c *check) userDefaultRoute(subnet *topology.Subnet) {
	table, ok := subnet.Table.Get()
	if !ok || table == nil {
		c.doubt([]topology.Ref{subnet.Table.Ref()}, "the route table of %s is not known yet", subnet.Name)
		return
	}
	var open []topology.Ref
	for _, route := range table.Routes {
		to, known := route.To.Get()
		if !known {
			open = append(open, route.To.Ref())
			continue
		}
		if route.Origin != topology.OriginStatic || !slices.ContainsFunc(to, func(p netip.Prefix) bool { return p.Bits() == 0 && p.Addr().Is4() }) {
			continue
		}
		switch gw, known := route.Via.Get(); {
		case !known:
			open = append(open, route.Via.Ref())
		case gw != nil && (slices.Contains(inspecting(), gw.Kind) || gw.Kind == topology.VPN):
			c.holds(route.Ref, "subnet %s sends everything to the %s %s", subnet.Name, gw.Kind, gw.Name)
			return
		default:
			c.refute(route.Ref, "the default route of %s leads to the %s, not to a firewall", subnet.Name, kindOf(gw))
			return
		}
	}
	open = append(open, table.Incomplete...)
	if len(open) > 0 {
		c.doubt(open, "whether %s has a default route to the firewall is not known yet", subnet.Name)
		return
	}
	c.refute(refOr(subnet.Table.Ref(), subnet.Ref), "the route table of %s has no default route to a firewall", subnet.Name)
}

func kindOf(gw *topology.Gateway) string {
	if gw == nil {
		return "nothing"
	}
	return string(gw.Kind)
}

func networkModel(c *check) {
	clusters := c.clusters()
	if len(clusters) == 0 {
		c.notApplicable("the graph has no cluster")
	}
	for _, cluster := range clusters {
		plugin, pluginKnown := setting(cluster, "networkProfile.networkPlugin", "kubenet").Get()
		overlay, overlayKnown := setting(cluster, "networkProfile.networkPluginMode", "").Get()
		count, perNode, ref, known := c.poolSizes(cluster)
		if !pluginKnown || !overlayKnown || !known {
			c.doubt([]topology.Ref{ref}, "the network model or the pools of %s are not known yet", cluster.Name)
			continue
		}
		switch {
		case plugin == "kubenet" && count >= 400:
			c.refute(ref, "%s may have %d nodes; kubenet is for fewer than 400", cluster.Name, count)
		case overlay == "overlay" && (count > 1000 || perNode > 250):
			c.refute(ref, "%s may have %d nodes of %d pods; an overlay carries 1,000 of 250", cluster.Name, count, perNode)
		default:
			c.holds(ref, "%s has at most %d nodes", cluster.Name, count)
		}
	}
}

// poolSizes are the most nodes of a cluster and the most pods of a node.
func (c *check) poolSizes(cluster *graph.Resource) (count, perNode int, ref topology.Ref, known bool) {
	ref = topology.Ref{URN: cluster.URN, Property: "agentPoolProfiles"}
	var pools []resource.PropertyMap
	profiles, ok := property(cluster, "agentPoolProfiles")
	if !ok {
		return 0, 0, ref, false
	}
	if profiles.IsArray() {
		for _, profile := range profiles.ArrayValue() {
			profile, ok := opened(profile)
			if !ok || !profile.IsObject() {
				return 0, 0, ref, false
			}
			pools = append(pools, profile.ObjectValue())
		}
	}
	for _, pool := range c.ofType(azureNative + "containerservice:AgentPool") {
		pools = append(pools, pool.Inputs)
	}
	for _, pool := range pools {
		most := 0
		for _, key := range []resource.PropertyKey{"maxCount", "count"} {
			v, ok := opened(pool[key])
			if !ok {
				return 0, 0, ref, false
			}
			if v.IsNumber() {
				most = max(most, int(v.NumberValue()))
			}
		}
		count += most
		v, ok := opened(pool["maxPods"])
		if !ok {
			return 0, 0, ref, false
		}
		if v.IsNumber() {
			perNode = max(perNode, int(v.NumberValue()))
		}
	}
	return count, perNode, ref, true
}

func privateAPI(c *check) {
	clusters := c.clusters()
	if len(clusters) == 0 {
		c.notApplicable("the graph has no cluster")
	}
	for _, cluster := range clusters {
		ref := topology.Ref{URN: cluster.URN, Property: "apiServerAccessProfile"}
		isPrivate, known := enabled(cluster, "apiServerAccessProfile.enablePrivateCluster").Get()
		ranges, given, rangesKnown := field(cluster, "apiServerAccessProfile.authorizedIPRanges")
		switch {
		case !known:
			c.doubt([]topology.Ref{ref}, "whether the API of %s is private is not known yet", cluster.Name)
		case isPrivate:
			c.holds(ref, "the API of %s is private", cluster.Name)
		case !rangesKnown:
			c.doubt([]topology.Ref{ref.At("apiServerAccessProfile.authorizedIPRanges")}, "the authorised ranges of %s are not known yet", cluster.Name)
		case !given || !ranges.IsArray() || len(ranges.ArrayValue()) == 0:
			c.refute(ref, "the API of %s is public, and open to everyone", cluster.Name)
		default:
			c.authorized(cluster, ranges)
		}
	}
}

// authorized checks that the ranges leave somebody out.
func (c *check) authorized(cluster *graph.Resource, ranges resource.PropertyValue) {
	ref := topology.Ref{URN: cluster.URN, Property: "apiServerAccessProfile.authorizedIPRanges"}
	for _, v := range ranges.ArrayValue() {
		v, known := opened(v)
		if !known {
			c.doubt([]topology.Ref{ref}, "the authorised ranges of %s are not known yet", cluster.Name)
			return
		}
		if p, ok := parsePrefix(fmt.Sprint(v.V)); ok && p.Bits() == 0 {
			c.refute(ref, "the authorised ranges of %s have everyone in them", cluster.Name)
			return
		}
	}
	c.holds(ref, "the API of %s is open to authorised ranges alone", cluster.Name)
}

// platformServices are the types of services that private endpoints are for,
// and where their public access is switched.
func platformServices() map[string]string {
	return map[string]string{
		"storage:StorageAccount": "publicNetworkAccess", "keyvault:Vault": "properties.publicNetworkAccess",
		"containerregistry:Registry": "publicNetworkAccess", "servicebus:Namespace": "publicNetworkAccess",
		"eventhub:Namespace": "publicNetworkAccess", "sql:Server": "publicNetworkAccess",
		"documentdb:DatabaseAccount": "publicNetworkAccess", "dbforpostgresql:Server": "network.publicNetworkAccess",
		"cache:Redis": "publicNetworkAccess",
	}
}

func privateServices(c *check) {
	found := false
	for i := range c.graph.Resources {
		r := &c.graph.Resources[i]
		token := strings.TrimPrefix(unversioned(r.Type), azureNative)
		path, ok := platformServices()[token]
		if !ok || !strings.HasPrefix(r.Type, azureNative) {
			continue
		}
		found = true
		access := setting(r, path, "Enabled")
		switch value, known := access.Get(); {
		case !known:
			c.doubt([]topology.Ref{access.Ref()}, "whether %s can be reached publicly is not known yet", r.Name)
		case !strings.EqualFold(value, "Disabled"):
			c.refute(access.Ref(), "%s can be reached publicly", r.Name)
		default:
			c.privatelyReached(r)
		}
	}
	for _, e := range c.model.Endpoints {
		target, known := e.Target.Get()
		if e.Kind != "private" || known && c.inGraph(target) {
			continue
		}
		found = true
		c.doubt([]topology.Ref{refOr(e.Target.Ref(), e.Ref)}, "whether what %s leads to can be reached publicly is not told: it is not in the graph", e.Name)
	}
	if !found {
		c.notApplicable("the graph has no platform service")
	}
}

// inGraph reports whether a URN or id is that of a resource of the graph.
func (c *check) inGraph(id string) bool {
	for i := range c.graph.Resources {
		if r := &c.graph.Resources[i]; strings.EqualFold(r.URN, id) || r.ID != "" && strings.EqualFold(r.ID, id) {
			return true
		}
	}
	return false
}

// privatelyReached checks that a service has a private endpoint, or stands in a
// subnet of the network.
func (c *check) privatelyReached(r *graph.Resource) {
	ref := topology.Ref{URN: r.URN}
	if v, given, _ := field(r, "network.delegatedSubnetResourceId"); given && !v.IsNull() {
		c.holds(ref, "%s stands in the network", r.Name)
		return
	}
	var open []topology.Ref
	for _, e := range c.model.Endpoints {
		target, known := e.Target.Get()
		switch {
		case e.Kind != "private":
		case !known:
			open = append(open, e.Target.Ref())
		case strings.EqualFold(target, r.URN) || r.ID != "" && strings.EqualFold(target, r.ID):
			c.holds(e.Ref, "%s is reached by the private endpoint %s", r.Name, e.Name)
			return
		}
	}
	if len(open) > 0 {
		c.doubt(open, "whether %s has a private endpoint is not known yet", r.Name)
		return
	}
	c.refute(ref, "%s has no private endpoint", r.Name)
}

// symmetric looks for replies that a stateful device drops because it did not
// see the request.
func symmetric(c *check) {
	devices := slices.ContainsFunc(c.model.Gateways, func(gw *topology.Gateway) bool { return slices.Contains(inspecting(), gw.Kind) })
	if !devices {
		c.notApplicable("the graph has no firewall")
		return
	}
	company, open := c.companyNetworks()
	for _, gw := range c.model.Gateways { // networks outside the graph are the company's too
		for _, v := range gw.PeerPrefixes {
			if p, known := v.Get(); known {
				company = append(company, p)
			} else {
				open = append(open, v.Ref())
			}
		}
	}
	if len(open) > 0 {
		c.doubt(open, "which blocks the company's network has is not told")
	}
	for _, network := range c.dataPlanes() {
		for _, subnet := range c.subnets(network) {
			if t := c.tiers[subnet]; t != nodes && t != pods && t != appGateway {
				continue
			}
			for _, other := range c.model.Subnets {
				if other != subnet && c.tiers[other] != firewall && c.tiers[other] != gateway {
					c.sameWay(anyHost(subnet), anyHost(other))
					c.sameWay(anyHost(other), anyHost(subnet))
				}
			}
			for _, prefix := range company {
				c.sameWay(outside(prefix), anyHost(subnet))
				c.sameWay(anyHost(subnet), outside(prefix))
			}
		}
	}
}

func (c *check) sameWay(from, to place) {
	a := c.engine.Ask(reach.Question{From: from.end, To: to.end, Traffic: reach.TCP(443)})
	for _, b := range a.Blocks {
		if strings.Contains(b.Reason, "did not see the request") && len(a.May) == 0 {
			path := Path{From: from.name, To: to.name, Hops: ended(b)}
			if len(b.Packets) > 0 {
				path.Packet = witness(b.Packets)
			}
			c.broken = append(c.broken, violation{block: b, path: &path})
			return
		}
	}
	if len(a.May) > 0 && len(a.Must) == 0 {
		c.doubt(a.Unknowns, "which way packets go between %s and %s is not known yet", c.short(from), c.short(to))
		return
	}
	c.proofs++
	if len(a.Paths) > 0 {
		c.path(Path{From: from.name, To: to.name, Packet: witness(a.Paths[0].Packets), Hops: a.Paths[0].Hops})
	}
}

// companyNetworks are the blocks that VPN and ExpressRoute gateways lead to; open
// is where more of them would be told.
func (c *check) companyNetworks() (found []netip.Prefix, open []topology.Ref) {
	for _, table := range c.model.Tables {
		for _, route := range table.Routes {
			gw, ok := route.Via.Get()
			to, known := route.To.Get()
			if !ok || gw == nil || gw.Kind != topology.VPN {
				continue
			}
			if !known {
				open = append(open, route.To.Ref())
			}
			for _, p := range to {
				if within(p, privateRanges()) && p.Bits() > 0 && !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
		}
	}
	for _, gw := range c.model.Gateways {
		if gw.Kind == topology.VPN && len(found) == 0 {
			open = append(open, gw.Ref)
		}
	}
	return found, open
}

func webIngress(c *check) {
	gateways := c.ofType(azureNative + "network:ApplicationGateway")
	for _, gw := range gateways {
		c.listeners(gw)
		c.webFirewall(gw)
	}
	for _, network := range c.dataPlanes() {
		for _, subnet := range append(c.subnets(network, nodes), c.subnets(network, pods)...) {
			c.separate(internet(), anyHost(subnet), reach.TCP(80))
		}
	}
}

// listeners checks that plain HTTP is only redirected.
func (c *check) listeners(gw *graph.Resource) {
	list := func(key string) []resource.PropertyMap {
		var all []resource.PropertyMap
		v, known := property(gw, key)
		if !known {
			c.doubt([]topology.Ref{{URN: gw.URN, Property: key}}, "%s of %s are not known yet", key, gw.Name)
		}
		if v.IsArray() {
			for _, element := range v.ArrayValue() {
				if element, ok := opened(element); ok && element.IsObject() {
					all = append(all, element.ObjectValue())
				}
			}
		}
		return all
	}
	redirected := map[string]bool{}
	for _, rule := range list("requestRoutingRules") {
		target, known := opened(rule["redirectConfiguration"])
		if known && target.IsNull() {
			continue
		}
		eachText(rule["httpListener"], func(id string) { redirected[id[strings.LastIndex(id, "/")+1:]] = true })
	}
	for i, listener := range list("httpListeners") {
		ref := topology.Ref{URN: gw.URN, Property: fmt.Sprintf("httpListeners[%d]", i)}
		protocol, known := opened(listener["protocol"])
		name, _ := opened(listener["name"])
		switch {
		case !known:
			c.doubt([]topology.Ref{ref.At(ref.Property + ".protocol")}, "the protocol of a listener of %s is not known yet", gw.Name)
		case protocol.IsString() && strings.EqualFold(protocol.StringValue(), "Http") && !(name.IsString() && redirected[name.StringValue()]):
			c.refute(ref, "%s serves plain HTTP", gw.Name)
		default:
			c.holds(ref, "%s serves HTTPS, or redirects to it", gw.Name)
		}
	}
}

// webFirewall checks that a gateway with a public frontend has a web application
// firewall that prevents.
func (c *check) webFirewall(gw *graph.Resource) {
	facing := false
	frontends, known := property(gw, "frontendIPConfigurations")
	if frontends.IsArray() {
		for _, f := range frontends.ArrayValue() {
			if f, ok := opened(f); ok && f.IsObject() {
				v, ok := opened(f.ObjectValue()["publicIPAddress"])
				facing = facing || !ok || !v.IsNull()
			}
		}
	}
	if !known {
		c.doubt([]topology.Ref{{URN: gw.URN, Property: "frontendIPConfigurations"}}, "the frontends of %s are not known yet", gw.Name)
		return
	}
	if !facing {
		return
	}
	tier := setting(gw, "sku.tier", "")
	switch value, known := tier.Get(); {
	case !known:
		c.doubt([]topology.Ref{tier.Ref()}, "the tier of %s is not known yet", gw.Name)
		return
	case value != "WAF_v2":
		c.refute(tier.Ref(), "%s faces the internet with the tier %s, without a web application firewall", gw.Name, value)
		return
	}
	_, given, known := field(gw, "firewallPolicy.id")
	legacy, _ := enabled(gw, "webApplicationFirewallConfiguration.enabled").Get()
	switch {
	case !known, given:
	case !legacy:
		c.refute(topology.Ref{URN: gw.URN, Property: "firewallPolicy"}, "%s has the tier WAF_v2 and no policy", gw.Name)
		return
	}
	for _, policy := range c.ofType(azureNative + "network:WebApplicationFirewallPolicy") {
		mode := setting(policy, "policySettings.mode", "Detection")
		state := setting(policy, "policySettings.state", "Enabled")
		value, known := mode.Get()
		on, stateKnown := state.Get()
		switch {
		case !known || !stateKnown:
			c.doubt([]topology.Ref{mode.Ref()}, "the mode of %s is not known yet", policy.Name)
		case !strings.EqualFold(value, "Prevention") || !strings.EqualFold(on, "Enabled"):
			c.refute(mode.Ref(), "the policy %s only detects", policy.Name)
		default:
			c.holds(mode.Ref(), "the policy %s prevents", policy.Name)
		}
	}
	c.holds(tier.Ref(), "%s passes a web application firewall", gw.Name)
}

// apiServers are the private interfaces of the clusters' API servers.
func (c *check) apiServers() []*topology.Interface {
	var found []*topology.Interface
	for _, i := range c.model.Interfaces {
		r, ok := c.resources[i.Ref.URN]
		subnet, known := i.Subnet.Get()
		if ok && unversioned(r.Type) == azureNative+"containerservice:ManagedCluster" &&
			strings.HasPrefix(i.Ref.Property, "apiServerAccessProfile") && (!known || subnet != nil) {
			found = append(found, i)
		}
	}
	return found
}

func onPremises(c *check) {
	company, open := c.companyNetworks()
	gateways := slices.ContainsFunc(c.model.Gateways, func(gw *topology.Gateway) bool { return gw.Kind == topology.VPN })
	servers := c.apiServers()
	switch {
	case len(c.clusters()) > 0 && len(servers) == 0:
		c.notApplicable("the Kubernetes API is public")
		return
	case len(servers) == 0:
		c.notApplicable("the graph has no cluster")
		return
	case !gateways:
		c.notApplicable("no VPN or ExpressRoute gateway leads to the company's network")
		return
	case len(company) == 0 || len(open) > 0:
		c.doubt(open, "which blocks the company's network has is not told")
		return
	}
	for _, prefix := range company {
		for _, server := range servers {
			c.reaches(outside(prefix), at(server), reach.TCP(443), "")
		}
	}
}

func publicAddress(c *check) {
	for _, network := range c.dataPlanes() {
		m, signs := c.azureEgress(network)
		if m == "" {
			c.doubt(signs, "the graph does not say how %s reaches the internet", network.Name)
			continue
		}
		ips := c.ofType(azureNative + "network:PublicIPAddress")
		component := c.component(network.Ref.URN)
		if len(ips) == 0 {
			if component != nil && text(component, "controlPlaneIp") != "" {
				c.doubt([]topology.Ref{{URN: component.URN, Property: "controlPlaneIp"}},
					"the firewall at %s, which forwards the control plane's calls, is not in the graph", text(component, "controlPlaneIp"))
				continue
			}
			c.absent(network, "%s has no public address that the control plane could call", network.Name)
			continue
		}
		c.holds(topology.Ref{URN: ips[0].URN}, "the control plane calls %s", ips[0].Name)
		for _, subnet := range c.tier(network, nodes) {
			c.admitsCalls(subnet)
		}
	}
}

// admitsCalls checks that the subnet's security group lets calls to 443 in from
// somewhere on the internet. Azure's load balancers keep the caller's address.
func (c *check) admitsCalls(subnet *topology.Subnet) {
	group, known := subnet.Filter.Get()
	switch {
	case !known:
		c.doubt([]topology.Ref{subnet.Filter.Ref()}, "the security group of %s is not known yet", subnet.Name)
		return
	case group == nil:
		c.holds(subnet.Ref, "subnet %s has no security group", subnet.Name)
		return
	case len(group.Incomplete) > 0:
		c.doubt(group.Incomplete, "the rules of %s are not all known", group.Name)
		return
	}
	var open []topology.Ref
	for _, rule := range group.In {
		source, known := rule.Source.Get()
		ports, portsKnown := rule.DestinationPorts.Get()
		protocols, protocolsKnown := rule.Protocols.Get()
		allow, allowKnown := rule.Allow.Get()
		if !known || !portsKnown || !protocolsKnown || !allowKnown {
			open = append(open, rule.Ref)
			continue
		}
		web := len(ports) == 0 || slices.ContainsFunc(ports, func(p topology.Ports) bool { return p.First <= 443 && 443 <= p.Last })
		tcp := len(protocols) == 0 || slices.Contains(protocols, 6)
		outer := source.Anyone || source.Internet || slices.ContainsFunc(source.Prefixes, func(p netip.Prefix) bool {
			return p.Addr().Is4() && !within(p, privateRanges()) && p != netip.MustParsePrefix("168.63.129.16/32")
		})
		if !web || !tcp || !outer {
			continue
		}
		if allow {
			c.holds(rule.Ref, "%s admits calls to 443 into %s", group.Name, subnet.Name)
			return
		}
		if source.Anyone || source.Internet {
			c.refute(rule.Ref, "%s denies calls to 443 into %s", group.Name, subnet.Name)
			return
		}
	}
	if len(open) > 0 {
		c.doubt(open, "whether %s admits calls to 443 is not known yet", group.Name)
		return
	}
	c.refute(group.Ref, "%s admits no calls to 443 into %s", group.Name, subnet.Name)
}

// privateEndpoints are those of services, the API servers' left out.
func (c *check) privateEndpoints() []*topology.Endpoint {
	var found []*topology.Endpoint
	for _, e := range c.model.Endpoints {
		r, ok := c.resources[e.Ref.URN]
		if e.Kind == "private" && !(ok && strings.Contains(r.Type, "containerservice")) {
			found = append(found, e)
		}
	}
	return found
}

func endpointZones(c *check) {
	found := c.privateEndpoints()
	if len(found) == 0 {
		c.notApplicable("the graph has no private endpoint")
	}
	for _, e := range found {
		zones := c.zonesOf(e)
		if len(zones) == 0 {
			continue
		}
		for _, zone := range zones {
			c.linked(zone, e)
		}
	}
}

// zonesOf are the private zones that answer for an endpoint: of its group, or
// with records that name it.
func (c *check) zonesOf(e *topology.Endpoint) []*topology.Zone {
	var zones []*topology.Zone
	var open []topology.Ref
	for _, v := range e.Zones {
		switch zone, known := v.Get(); {
		case !known:
			open = append(open, v.Ref())
		case zone == nil:
			open = append(open, v.Ref())
		default:
			zones = append(zones, zone)
		}
	}
	for _, zone := range c.model.Zones {
		for _, record := range zone.Records {
			if !slices.Contains(zones, zone) && slices.ContainsFunc(record.Interfaces, func(i *topology.Interface) bool { return slices.Contains(e.Interfaces, i) }) {
				zones = append(zones, zone)
			}
		}
	}
	open = append(open, c.loose("network:PrivateDnsZoneGroup", "privateEndpointName")...)
	switch {
	case len(zones) > 0:
	case len(open) > 0:
		c.doubt(open, "the zone of %s is not known, or not in the graph", e.Name)
	default:
		c.refute(e.Ref, "the private endpoint %s has no private zone", e.Name)
	}
	return zones
}

// loose are the resources of a type whose parent is not known yet: each may
// belong to anything.
func (c *check) loose(kind, key string) []topology.Ref {
	var refs []topology.Ref
	for _, r := range c.ofType(azureNative + kind) {
		if _, known := property(r, key); !known {
			refs = append(refs, topology.Ref{URN: r.URN, Property: key})
		}
	}
	return refs
}

// linked checks that hosts of the data plane see a zone: by a link of their own
// network, or of the network of the servers that they ask.
func (c *check) linked(zone *topology.Zone, e *topology.Endpoint) {
	loose := append(c.loose("network:VirtualNetworkLink", "privateZoneName"), c.loose("privatedns:VirtualNetworkLink", "privateZoneName")...)
	for _, network := range c.dataPlanes() {
		open := slices.Concat(loose, network.Incomplete)
		central := network.DNSServers.IsKnown() && len(network.DNSServers.Or(nil)) > 0
		good := false
		for _, link := range zone.Networks {
			switch to, known := link.Network.Get(); {
			case !known:
				open = append(open, link.Network.Ref())
			case to == network, central && to != nil:
				good = true
				c.holds(link.Ref, "the zone %s of %s is linked to %s", zone.Name, e.Name, to.Name)
			}
		}
		switch {
		case good:
		case len(open) > 0:
			c.doubt(open, "where the zone %s is linked to is not known yet", zone.Name)
		default:
			c.refute(zone.Ref, "the zone %s of %s is not linked to %s", zone.Name, e.Name, network.Name)
		}
	}
}

func customDNS(c *check) {
	for _, network := range c.dataPlanes() {
		servers, known := network.DNSServers.Get()
		switch {
		case !known:
			c.doubt([]topology.Ref{network.DNSServers.Ref()}, "the DNS servers of %s are not known yet", network.Name)
			continue
		case len(servers) == 0:
			c.notApplicable("%s asks Azure's own DNS", network.Name)
			continue
		}
		for _, zone := range c.model.Zones {
			if !zone.Private || zone.Name == "" {
				continue
			}
			name := "any." + zone.Name
			for _, record := range zone.Records {
				if len(record.Interfaces) > 0 {
					name = record.Name
					break
				}
			}
			r := c.engine.Resolve(network, name)
			switch {
			case !r.Certain:
				c.doubt(r.Unknowns, "whether the servers of %s know the zone %s is not told: they are not in the graph", network.Name, zone.Name)
			case r.Public.IsValid():
				c.refute(refOr(network.DNSServers.Ref(), network.Ref), "the servers of %s do not know the zone %s", network.Name, zone.Name)
			default:
				c.holds(zone.Ref, "the servers of %s know the zone %s", network.Name, zone.Name)
			}
		}
	}
}

func centralDNS(c *check) {
	clusters := c.clusters()
	if len(clusters) == 0 {
		c.notApplicable("the graph has no cluster")
	}
	for _, cluster := range clusters {
		isPrivate, known := enabled(cluster, "apiServerAccessProfile.enablePrivateCluster").Get()
		integrated, integratedKnown := enabled(cluster, "apiServerAccessProfile.enableVnetIntegration").Get()
		zone := setting(cluster, "apiServerAccessProfile.privateDNSZone", "system")
		id, zoneKnown := zone.Get()
		for _, network := range c.dataPlanes() {
			servers, serversKnown := network.DNSServers.Get()
			switch {
			case !known || !integratedKnown || !serversKnown:
				c.doubt([]topology.Ref{zone.Ref()}, "how nodes resolve the API of %s is not known yet", cluster.Name)
			case !isPrivate:
				c.notApplicable("the API of %s has a public name", cluster.Name)
			case integrated:
				c.holds(zone.Ref(), "nodes use the address of the API server of %s, not its name", cluster.Name)
			case len(servers) == 0:
				c.holds(refOr(network.DNSServers.Ref(), network.Ref), "%s asks Azure's own DNS", network.Name)
			case !zoneKnown:
				c.linkedAKS(cluster, network)
			case strings.EqualFold(id, "none"):
				c.holds(zone.Ref(), "the name of the API server of %s is public", cluster.Name)
			case strings.EqualFold(id, "system"):
				c.refute(zone.Ref(), "%s uses servers of its own, and the system zone of %s does not exist before the cluster", network.Name, cluster.Name)
			default:
				c.linkedAKS(cluster, network)
			}
		}
	}
}

// linkedAKS checks that the cluster's own zone is linked to a network other than
// the spoke's, where the central servers stand.
func (c *check) linkedAKS(cluster *graph.Resource, network *topology.Network) {
	ref := topology.Ref{URN: cluster.URN, Property: "apiServerAccessProfile.privateDNSZone"}
	var open []topology.Ref
	for _, zone := range c.model.Zones {
		if !strings.Contains(zone.Name, "azmk8s.io") {
			continue
		}
		for _, link := range zone.Networks {
			switch to, known := link.Network.Get(); {
			case !known:
				open = append(open, link.Network.Ref())
			case to != network && to != nil:
				c.holds(link.Ref, "the zone %s is linked to %s", zone.Name, to.Name)
				return
			}
		}
		if len(open) == 0 {
			c.refute(zone.Ref, "the zone %s is not linked to the network of the central DNS servers", zone.Name)
			return
		}
	}
	if len(open) == 0 {
		open = []topology.Ref{ref}
	}
	c.doubt(open, "whether the zone of %s is linked to the network of the central DNS servers is not known", cluster.Name)
}

func zoneGroups(c *check) {
	found := c.privateEndpoints()
	if len(found) == 0 {
		c.notApplicable("the graph has no private endpoint")
		return
	}
	for _, e := range found {
		if open := c.loose("network:PrivateDnsZoneGroup", "privateEndpointName"); len(e.Zones) == 0 && len(open) > 0 {
			c.doubt(open, "whose zone group that is, is not known yet")
			continue
		}
		if len(e.Zones) == 0 {
			c.refute(e.Ref, "the private endpoint %s has no zone group", e.Name)
			continue
		}
		c.holds(e.Ref, "the private endpoint %s has a zone group", e.Name)
	}
	for _, kind := range []string{"network:PrivateRecordSet", "privatedns:PrivateRecordSet"} {
		for _, r := range c.ofType(azureNative + kind) {
			zone := setting(r, "privateZoneName", "")
			switch name, known := zone.Get(); {
			case !known:
				c.doubt([]topology.Ref{zone.Ref()}, "the zone of the record %s is not known yet", r.Name)
			case strings.HasPrefix(strings.ToLower(name), "privatelink.") && !strings.Contains(name, "azmk8s.io"):
				c.refute(topology.Ref{URN: r.URN}, "the record %s in %s is made by hand", r.Name, name)
			}
		}
	}
}

func ownZone(c *check) {
	clusters := c.clusters()
	if len(clusters) == 0 {
		c.notApplicable("the graph has no cluster")
	}
	for _, cluster := range clusters {
		isPrivate, known := enabled(cluster, "apiServerAccessProfile.enablePrivateCluster").Get()
		integrated, integratedKnown := enabled(cluster, "apiServerAccessProfile.enableVnetIntegration").Get()
		zone := setting(cluster, "apiServerAccessProfile.privateDNSZone", "system")
		id, zoneKnown := zone.Get()
		switch {
		case !known || !integratedKnown:
			c.doubt([]topology.Ref{{URN: cluster.URN, Property: "apiServerAccessProfile"}}, "whether the API of %s is private is not known yet", cluster.Name)
		case !isPrivate:
			c.notApplicable("the API of %s is public", cluster.Name)
		case !zoneKnown && len(cluster.PropertyDependencies["apiServerAccessProfile"]) > 0:
			c.doubt([]topology.Ref{zone.Ref()}, "the zone of %s is not known yet", cluster.Name)
		case !zoneKnown:
			c.doubt([]topology.Ref{zone.Ref()}, "the zone of %s is not known yet", cluster.Name)
		case strings.EqualFold(id, "none") && integrated:
			c.notApplicable("the API server of %s stands in the network, and its name needs no zone", cluster.Name)
		case strings.EqualFold(id, "system"), strings.EqualFold(id, "none"):
			c.refute(zone.Ref(), "the private zone of %s is %q, and not one of your own", cluster.Name, id)
		default:
			c.holds(zone.Ref(), "%s uses your own zone", cluster.Name)
		}
	}
}

func standardSKU(c *check) {
	for _, cluster := range c.clusters() {
		c.standard(cluster, "networkProfile.loadBalancerSku", "standard")
	}
	for _, balancer := range c.ofType(azureNative + "network:LoadBalancer") {
		c.standard(balancer, "sku.name", "Basic")
	}
	if c.deployment != AKSLandingZone {
		// The rest is the landing zone's document; a data plane of its own has no
		// central subscription.
		for _, network := range c.dataPlanes() {
			c.holds(network.Ref, "no load balancer of %s is Basic", network.Name)
		}
		return
	}
	firewalls := append(c.ofType(azureNative+"network:AzureFirewall"), c.ofType(azureNative+"network:ApplicationGateway")...)
	for _, network := range c.dataPlanes() {
		r := c.resources[network.Ref.URN]
		if r == nil || len(network.Incomplete) > 0 {
			c.doubt([]topology.Ref{network.Ref}, "the settings of %s are not in the graph", network.Name)
			continue
		}
		ddos := enabled(r, "enableDdosProtection")
		on, known := ddos.Get()
		m, _ := c.azureEgress(network)
		switch {
		case known && on:
			c.holds(ddos.Ref(), "%s has a DDoS protection plan", network.Name)
		case m == customerFirewall:
			c.holds(network.Ref, "%s is behind a central firewall", network.Name)
		case len(firewalls) > 0:
			c.holds(topology.Ref{URN: firewalls[0].URN}, "%s protects the network", firewalls[0].Name)
		case !known:
			c.doubt([]topology.Ref{ddos.Ref()}, "whether %s has a DDoS protection plan is not known yet", network.Name)
		default:
			c.perAddress(network, ddos.Ref())
		}
	}
}

func (c *check) standard(r *graph.Resource, path, otherwise string) {
	sku := setting(r, path, otherwise)
	switch name, known := sku.Get(); {
	case !known:
		c.doubt([]topology.Ref{sku.Ref()}, "the SKU of %s is not known yet", r.Name)
	case !strings.EqualFold(name, "standard"):
		c.refute(sku.Ref(), "the load balancer of %s is %s", r.Name, name)
	default:
		c.holds(sku.Ref(), "the load balancer of %s is Standard", r.Name)
	}
}

// perAddress accepts DDoS protection of every public address in place of a plan.
func (c *check) perAddress(network *topology.Network, ref topology.Ref) {
	ips := c.ofType(azureNative + "network:PublicIPAddress")
	for _, ip := range ips {
		mode := setting(ip, "ddosSettings.protectionMode", "VirtualNetworkInherited")
		switch value, known := mode.Get(); {
		case !known:
			c.doubt([]topology.Ref{mode.Ref()}, "the DDoS protection of %s is not known yet", ip.Name)
		case value != "Enabled":
			c.refute(ref, "%s has no DDoS protection plan, and nothing central protects it", network.Name)
			return
		}
	}
	if len(ips) == 0 {
		c.holds(network.Ref, "%s has no public address", network.Name)
		return
	}
	c.holds(network.Ref, "every public address has DDoS protection of its own")
}

package topology

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
)

var (
	vpcKinds    = []string{"aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc"}
	subnetKinds = []string{"aws:ec2/subnet:Subnet", "aws:ec2/defaultSubnet:DefaultSubnet"}
)

// vpcParts returns the kinds that name a part of a VPC by one of the outputs.
func vpcParts(outputs ...string) []string {
	var kinds []string
	for _, kind := range vpcKinds {
		for _, output := range outputs {
			kinds = append(kinds, kind+"#"+output)
		}
	}
	return kinds
}

// readNetworks reads VPCs with their address ranges and DNS settings.
func (a *aws) readNetworks() {
	a.each(func(n *node) {
		region, account := a.place(n)
		network := &Network{
			Ref: n.ref(""), Cloud: AWS, Name: n.Name, Region: region, Account: account,
			Prefixes:     []Val[netip.Prefix]{n.get("cidrBlock").prefix()},
			DNSSupport:   orDefault(n.get("enableDnsSupport"), property.boolean, true),
			DNSHostnames: orDefault(n.get("enableDnsHostnames"), property.boolean, n.kind == "aws:ec2/defaultVpc:DefaultVpc"),
			DNSServers:   Known([]netip.Addr(nil), n.ref("dhcpOptionsId")),
		}
		ipv6 := n.get("ipv6CidrBlock")
		generated := orDefault(n.get("assignGeneratedIpv6CidrBlock"), property.boolean, false)
		if no, known := generated.Get(); ipv6.state != absent || n.get("ipv6IpamPoolId").state != absent || !known || no {
			network.Prefixes = append(network.Prefixes, ipv6.prefix())
		}
		a.markExisting(n, &network.Incomplete)
		a.addNetwork(n, network)
	}, vpcKinds...)

	a.each(func(n *node) {
		if network, ok := a.networks.resolve(n.get("vpcId").target(vpcKinds...)).Get(); ok {
			prefix := firstPresent(n.get("cidrBlock"), n.get("ipv6CidrBlock")).prefix()
			if known, ok := prefix.Get(); ok && slices.ContainsFunc(network.Prefixes, func(v Val[netip.Prefix]) bool {
				other, _ := v.Get()
				return other == known
			}) {
				return
			}
			network.Prefixes = append(network.Prefixes, prefix)
			return
		}
		a.markNetworks(n.get("vpcId").target(vpcKinds...), n.ref("vpcId"))
	}, "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation")

	a.each(func(n *node) {
		vpc := n.get("vpcId").target(vpcKinds...)
		network, ok := a.networks.resolve(vpc).Get()
		if !ok {
			a.markNetworks(vpc, n.ref("vpcId"))
			return
		}
		options, known := n.get("dhcpOptionsId").target("aws:ec2/vpcDhcpOptions:VpcDhcpOptions", "aws:ec2/defaultVpcDhcpOptions:DefaultVpcDhcpOptions").Get()
		switch {
		case !known || options.node == nil:
			network.DNSServers = Unknown[[]netip.Addr](n.ref("dhcpOptionsId"))
		case options.node.kind == "aws:ec2/vpcDhcpOptions:VpcDhcpOptions":
			network.DNSServers = dnsServers(options.node.get("domainNameServers"), network)
		}
	}, "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation")
}

// addNetwork adds a network and the local gateway of its route tables.
func (a *aws) addNetwork(n *node, network *Network) {
	a.m.Networks = append(a.m.Networks, network)
	local := &Gateway{Ref: network.Ref, Kind: Local, Name: "local", Network: network, Attached: Known(true, network.Ref)}
	a.m.Gateways = append(a.m.Gateways, local)
	a.locals[network] = local
	if n != nil {
		a.networks.put(target{node: n}, network)
		a.touches(n, &network.Incomplete)
	}
}

func (a *aws) stubNetwork(id string, ref Ref) *Network {
	network := &Network{
		Ref: ref, Cloud: AWS, Name: id, Prefixes: []Val[netip.Prefix]{Unknown[netip.Prefix](ref)},
		DNSSupport: Unknown[bool](ref), DNSHostnames: Unknown[bool](ref), DNSServers: Unknown[[]netip.Addr](ref),
		Incomplete: []Ref{ref},
	}
	a.addNetwork(nil, network)
	return network
}

// network returns the network that a property names. One that is not known is
// a network of its own.
func (a *aws) network(p property) *Network {
	v := a.networks.resolve(p.target(vpcKinds...))
	if network, ok := v.Get(); ok {
		return network
	}
	return a.networks.unnamed(p.ref())
}

// markNetworks makes incomplete what a change of one of several networks may
// meet: its options, or all of them.
func (a *aws) markNetworks(v Val[target], ref Ref) {
	options, complete := a.networks.resolve(v).Options()
	if !complete {
		options = a.m.Networks
	}
	for _, network := range options {
		network.Incomplete = append(network.Incomplete, ref)
	}
}

// place returns the region and account of a resource, as far as its provider
// and its real ARN tell.
func (a *aws) place(n *node) (region, account string) {
	region = n.get("region").text().Or("")
	account = n.get("ownerId").text().Or("")
	if arn := strings.SplitN(n.get("arn").text().Or(""), ":", 6); len(arn) == 6 {
		region, account = arn[3], arn[4]
	}
	provider := a.ix.byURN[n.ProviderURN()]
	if provider == nil {
		return region, account
	}
	if region == "" {
		region = provider.get("region").text().Or("")
	}
	if account == "" {
		account = onlyAccount(provider.get("allowedAccountIds"))
	}
	return region, account
}

// onlyAccount reads a list of one account. The inputs of a provider may be JSON
// in a string.
func onlyAccount(p property) string {
	accounts, known := all(p, property.text).Get()
	if text, ok := p.text().Get(); ok {
		known = json.Unmarshal([]byte(text), &accounts) == nil
	}
	if !known || len(accounts) != 1 {
		return ""
	}
	return accounts[0]
}

// linkLocalResolver answers in every VPC, as the third address of its range does.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
var linkLocalResolver = netip.AddrFrom4([4]byte{169, 254, 169, 253})

// dnsServers reads the servers of a set of DHCP options. The cloud's own, by
// name or by address, are an empty list. A set without servers leaves hosts
// without one, which is not the same.
func dnsServers(p property, network *Network) Val[[]netip.Addr] {
	if p.state == absent {
		return Unknown[[]netip.Addr](p.ref())
	}
	if names, ok := all(p, property.text).Get(); ok && len(names) == 1 && names[0] == "AmazonProvidedDNS" {
		return Known([]netip.Addr(nil), p.ref())
	}
	v := all(p, property.address)
	servers, ok := v.Get()
	if !ok {
		return v
	}
	own := []netip.Addr{linkLocalResolver}
	if len(network.Prefixes) > 0 {
		if prefix, known := network.Prefixes[0].Get(); known {
			own = append(own, prefix.Addr().Next().Next())
		}
	}
	if !slices.ContainsFunc(servers, func(s netip.Addr) bool { return !slices.Contains(own, s) }) {
		servers = nil
	}
	return Known(servers, p.ref())
}

// readSubnets reads subnets. Their route tables and ACLs come later.
func (a *aws) readSubnets() {
	a.each(func(n *node) {
		network := a.network(n.get("vpcId"))
		if network.Region == "" {
			region := strings.TrimRight(n.get("availabilityZone").text().Or(""), "abcdefghij")
			if _, ok := a.facts.Region(region); ok {
				network.Region = region
			}
		}
		isDefault := n.kind == "aws:ec2/defaultSubnet:DefaultSubnet"
		subnet := &Subnet{
			Ref: n.ref(""), Network: network, Name: n.Name, Zone: a.zone(n, network.Region),
			PublicOnLaunch:        orDefault(n.get("mapPublicIpOnLaunch"), property.boolean, isDefault),
			DefaultOutbound:       Known(false, n.ref("")),
			NAT:                   Known[*Gateway](nil, n.ref("")),
			VirtualNetworkTag:     Known[[]netip.Prefix](nil, n.ref("")),
			PrivateEndpointRoutes: Known(true, n.ref("")),
			PrivateEndpointFilter: Known(true, n.ref("")),
			Delegation:            Known("", n.ref("")),
			Tags:                  n.get("tags").tags(),
		}
		ipv6Only := orDefault(n.get("ipv6Native"), property.boolean, false)
		if only, known := ipv6Only.Get(); !known || !only {
			subnet.Prefixes = append(subnet.Prefixes, n.get("cidrBlock").prefix())
		}
		if ipv6 := n.get("ipv6CidrBlock"); ipv6.state != absent {
			subnet.Prefixes = append(subnet.Prefixes, ipv6.prefix())
		}
		a.markExisting(n, &subnet.Incomplete)
		a.m.Subnets = append(a.m.Subnets, subnet)
		a.subnets.put(target{node: n}, subnet)
		a.touches(n, &subnet.Incomplete)
	}, subnetKinds...)
}

// zone reads the name of a subnet's zone. An id is another name of a zone, in
// every account the same one only in some regions.
func (a *aws) zone(n *node, region string) Val[string] {
	name, id := n.get("availabilityZone"), n.get("availabilityZoneId")
	if name.state != absent || id.state != present {
		return name.text()
	}
	if facts, ok := a.facts.Region(region); ok && !facts.ZonesPerAccount {
		i := slices.IndexFunc(facts.Zones, func(z catalog.Zone) bool { return z.ID == id.text().Or("") && z.ID != "" })
		if i >= 0 {
			return Known(facts.Zones[i].Name, id.ref())
		}
	}
	return Unknown[string](id.ref())
}

func (a *aws) stubSubnet(id string, ref Ref) *Subnet {
	network := a.networks.unnamed(ref)
	subnet := &Subnet{
		Ref: ref, Network: network, Name: id, Zone: Unknown[string](ref),
		Prefixes: []Val[netip.Prefix]{Unknown[netip.Prefix](ref)},
		Table:    Unknown[*RouteTable](ref), Filter: Unknown[*Filter](ref), PublicOnLaunch: Unknown[bool](ref),
		DefaultOutbound: Known(false, ref), NAT: Known[*Gateway](nil, ref), VirtualNetworkTag: Known[[]netip.Prefix](nil, ref),
		PrivateEndpointRoutes: Known(true, ref), PrivateEndpointFilter: Known(true, ref), Delegation: Known("", ref),
		Incomplete: []Ref{ref},
	}
	a.m.Subnets = append(a.m.Subnets, subnet)
	return subnet
}

// subnet returns the subnet that a property names.
func (a *aws) subnet(p property) Val[*Subnet] { return a.subnets.resolve(p.target(subnetKinds...)) }

// networkOf returns the network of a subnet, or nil when the subnets that it
// may be lie in several, and when it is none.
func networkOf(subnet Val[*Subnet]) *Network {
	options, complete := subnet.Options()
	if !complete {
		return nil
	}
	for _, option := range options {
		if option == nil || option.Network != options[0].Network {
			return nil
		}
	}
	return options[0].Network
}

// firstPresent returns the first property that is there at all, or the first.
func firstPresent(properties ...property) property {
	for _, p := range properties {
		if p.state != absent {
			return p
		}
	}
	return properties[0]
}

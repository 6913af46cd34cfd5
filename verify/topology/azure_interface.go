package topology

import (
	"net/netip"
	"strings"
)

// pool is a part of a load balancer or an application gateway that interfaces
// say they are in: a backend pool, an inbound NAT rule or pool.
type pool struct {
	balancer *node
	list     string // of the balancer, that it stands in
	name     string // in lower case
}

// The lists of a load balancer that a resource of its own adds to.
const (
	backendPools    = "backendAddressPools"
	inboundNatRules = "inboundNatRules"
)

// findInterfaces adds what has addresses of its own: network interfaces, the
// machines of scale sets, bastions.
func (a *azure) findInterfaces() {
	a.each(func(n *node) {
		switch n.kind {
		case azureNetwork + "NetworkInterface":
			i := a.card(n.ref(""), a.title(n), n.get)
			a.cards[n] = i
			a.element(n, i.Ref, &i.Incomplete)
		case azureNetwork + "BastionHost":
			a.bastion(n)
		case azureNative + "compute:VirtualMachineScaleSet":
			profile := n.get("virtualMachineProfile").get("networkProfile")
			a.configurations(n, profile.get("networkInterfaceConfigurations"))
		case azureNative + "compute:VirtualMachine":
			a.configurations(n, n.get("networkProfile").get("networkInterfaceConfigurations"))
		}
	}, "NetworkInterface", "BastionHost", azureNative+"compute:VirtualMachineScaleSet", azureNative+"compute:VirtualMachine")
	a.each(func(n *node) {
		cards, _ := n.get("networkProfile").get("networkInterfaces").list()
		for _, card := range cards {
			if c, known := a.node(card.get("id"), "NetworkInterface").Get(); known && c != nil {
				a.cards[c].Machine = n.ref("")
			}
		}
	}, azureNative+"compute:VirtualMachine")
}

// configurations adds the interfaces that a machine or scale set describes.
func (a *azure) configurations(n *node, list property) {
	configurations, complete := list.list()
	for _, c := range configurations {
		a.card(c.ref(), a.title(n), c.get)
	}
	if !complete {
		a.strange = append(a.strange, n)
		a.loose = append(a.loose, Unknown[pool](list.cause()))
	}
}

// card adds a network interface. Without enableIPForwarding it takes only its
// own packets; without a security group every packet.
func (a *azure) card(ref Ref, name string, get func(string) property) *Interface {
	forwards := orDefault(get("enableIPForwarding"), property.boolean, false)
	i := &Interface{
		Ref: ref, Kind: Host, Name: name, Public: Known(false, ref),
		SourceDestCheck: convert(forwards, func(on bool) bool { return !on }),
	}
	if forwards.Or(false) {
		i.Kind = ForwardingInterface
	}
	list := get("ipConfigurations")
	configurations, complete := list.list()
	if !complete || len(configurations) == 0 {
		i.Subnet, i.Public = Unknown[*Subnet](list.cause()), Unknown[bool](list.cause())
		i.Addresses = []Val[netip.Addr]{Unknown[netip.Addr](list.cause())}
		i.Incomplete = append(i.Incomplete, list.cause())
	}
	if !complete {
		a.loose = append(a.loose, Unknown[pool](list.cause()))
	}
	for k, c := range configurations {
		if subnet := c.get("subnet"); k == 0 || subnet.state != absent {
			i.Subnet = a.subnetAt(subnet.get("id"))
		}
		i.Addresses = append(i.Addresses, a.address(c.get("privateIPAddress")))
		for _, key := range []string{"publicIPAddress", "publicIPAddressConfiguration"} {
			if public := c.get(key); public.state != absent {
				i.Public = Known(true, public.ref())
				if key == "publicIPAddress" {
					i.PublicAddresses = append(i.PublicAddresses, a.publicAddresses(public.get("id"))...)
				} else {
					i.PublicAddresses = append(i.PublicAddresses, Unknown[netip.Addr](public.ref()))
				}
			}
		}
		a.joinGroups(i, c.get("applicationSecurityGroups"))
		a.joinPools(i, c.get("loadBalancerBackendAddressPools"), backendPools, "LoadBalancer")
		a.joinPools(i, c.get("applicationGatewayBackendAddressPools"), backendPools, "ApplicationGateway")
		a.joinPools(i, c.get("loadBalancerInboundNatRules"), inboundNatRules, "LoadBalancer")
		a.joinPools(i, c.get("loadBalancerInboundNatPools"), "inboundNatPools", "LoadBalancer")
	}
	if group := a.securityGroup(get("networkSecurityGroup")); !group.IsKnown() {
		i.Incomplete = append(i.Incomplete, group.Ref())
	} else if f := group.Or(nil); f != nil {
		i.Filters = [][]*Filter{{f}}
	}
	a.addInterface(i)
	return i
}

// joinGroups puts an interface into application security groups.
func (a *azure) joinGroups(i *Interface, list property) {
	elements, complete := list.list()
	if !complete {
		elements = []property{list}
	}
	for _, element := range elements {
		n, known := a.node(element.get("id"), "ApplicationSecurityGroup").Get()
		if !known || n == nil {
			// Rules may name the group, whichever it is.
			i.Groups, i.Incomplete = append(i.Groups, nil), append(i.Incomplete, element.get("id").cause())
			continue
		}
		i.Groups = append(i.Groups, a.filters[n])
	}
}

// joinPools puts an interface into backend pools, or behind inbound NAT rules. A
// reference that is an output of a load balancer means its only pool; of several
// nobody knows which.
func (a *azure) joinPools(i *Interface, references property, list, kind string) {
	elements, complete := references.list()
	if !complete {
		a.loose = append(a.loose, Unknown[pool](references.cause()))
		if list == backendPools {
			i.Incomplete = append(i.Incomplete, references.cause())
		}
	}
	for _, element := range elements {
		v := a.poolAt(element.get("id"), list, kind)
		p, known := v.Get()
		if known && p.balancer != nil {
			a.pools[p] = append(a.pools[p], i)
			continue
		}
		if list == backendPools {
			i.Incomplete = append(i.Incomplete, element.get("id").cause())
		}
		if !known {
			a.loose = append(a.loose, v)
		}
	}
}

// poolAt reads the id of a pool. A known one without a balancer is not in the
// graph; one that is not known is of one of the balancers that its options have.
func (a *azure) poolAt(id property, list, kind string) Val[pool] {
	separate := map[string]string{backendPools: "LoadBalancerBackendAddressPool", inboundNatRules: "InboundNatRule"}[list]
	if n, known := a.node(id, separate).Get(); known && n != nil {
		return convert(a.owner(n, "loadBalancerName", "LoadBalancer"), func(balancer *node) pool {
			return pool{balancer, list, a.partName(n)}
		})
	}
	owner, _, name := a.partOf(id, kind)
	n, known := owner.Get()
	if known && n != nil && name == "" {
		parts, complete := n.get(list).list()
		if complete && len(parts) == 1 {
			only, _ := parts[0].get("name").text().Get()
			name = strings.ToLower(only)
		}
	}
	v := convert(owner, func(n *node) pool { return pool{n, list, name} })
	v.known = v.known && (n == nil || name != "")
	return v
}

// partName is the name of a pool or rule that is a resource of its own.
func (a *azure) partName(n *node) string {
	if name := a.name(n); name != "" {
		return strings.ToLower(name)
	}
	return n.URN
}

// bastion adds the host that a bastion is in its subnet.
func (a *azure) bastion(n *node) {
	configurations, complete := n.get("ipConfigurations").list()
	if !complete || len(configurations) == 0 {
		a.strange = append(a.strange, n)
		return
	}
	c := configurations[0]
	i := a.host(n.ref(""), a.title(n), a.subnetAt(c.get("subnet").get("id")), c.get("privateIPAddress"))
	if public := c.get("publicIPAddress"); public.state != absent {
		i.Public, i.PublicAddresses = Known(true, public.ref()), a.publicAddresses(public.get("id"))
	}
	a.element(n, i.Ref, &i.Incomplete)
}

// host adds an interface without public addresses and filters of its own.
func (a *azure) host(ref Ref, name string, subnet Val[*Subnet], address property) *Interface {
	i := &Interface{
		Ref: ref, Kind: Host, Name: name, Subnet: subnet, Public: Known(false, ref),
		Addresses: []Val[netip.Addr]{a.address(address)}, SourceDestCheck: Known(true, ref),
	}
	a.addInterface(i)
	return i
}

// databaseServer adds a PostgreSQL or MySQL flexible server that stands in a
// delegated subnet; one without is reached by its public address.
func (a *azure) databaseServer(n *node) {
	subnet := n.get("network").get("delegatedSubnetResourceId")
	if subnet.state == absent {
		return
	}
	i := a.host(n.ref(""), a.title(n), a.subnetAt(subnet), n.get("privateIPAddress"))
	a.element(n, i.Ref, &i.Incomplete)
	zone := n.get("network").get("privateDnsZoneArmResourceId")
	if z, known := a.zoneAt(zone).Get(); known && z != nil && a.name(n) != "" {
		a.alias(z, zone.ref(), a.name(n), []*Interface{i})
	}
}

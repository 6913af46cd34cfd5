package topology

import (
	"net/netip"
	"slices"
	"strings"
)

const (
	clusterKind  = "aws:eks/cluster:Cluster"
	instanceKind = "aws:ec2/instance:Instance"
	eniKind      = "aws:ec2/networkInterface:NetworkInterface"
)

var interfaceKinds = []string{eniKind, instanceKind, instanceKind + "#primaryNetworkInterfaceId"}

// owner reads a reference to the resource that an interface belongs to; kinds
// are others that may be meant. A known nil is not in the graph.
func owner(p property, kinds ...string) Val[*node] {
	return mapVal(p.target(append(kinds, interfaceKinds...)...), func(t target) *node { return t.node })
}

// addInterface adds an interface of a resource.
func (a *aws) addInterface(n *node, i *Interface) {
	a.m.Interfaces = append(a.m.Interfaces, i)
	a.interfaces[n] = append(a.interfaces[n], i)
	a.touches(n, &i.Incomplete)
}

// newInterface returns an interface with AWS's defaults.
func newInterface(n *node, kind InterfaceKind, subnet Val[*Subnet]) *Interface {
	return &Interface{
		Ref: n.ref(""), Kind: kind, Name: n.Name, Subnet: subnet,
		Addresses: []Val[netip.Addr]{Unknown[netip.Addr](n.ref(""))},
		Public:    Known(false, n.ref("")), SourceDestCheck: Known(true, n.ref("")),
	}
}

// putInGroups puts an interface in the security groups that a property lists,
// or in the VPC's default one when it lists none.
func (a *aws) putInGroups(i *Interface, p property) {
	if elements, complete := p.list(); complete && len(elements) == 0 {
		a.setGroups(i, a.defaultGroup(i.Subnet, p.ref()))
		return
	}
	groups, complete := a.groupReferences(p)
	a.setGroups(i, groups)
	if !complete {
		i.Incomplete = append(i.Incomplete, p.ref())
	}
}

// defaultGroup is the default security group of a subnet's VPC.
func (a *aws) defaultGroup(subnet Val[*Subnet], ref Ref) []Val[*Filter] {
	if network := networkOf(subnet); network != nil {
		if n := a.ix.byURN[network.Ref.URN]; n != nil && a.networks.of(n) == network {
			return []Val[*Filter]{Known(a.groups.at(target{node: n, part: "defaultSecurityGroupId"}, ref), ref)}
		}
	}
	return []Val[*Filter]{Unknown[*Filter](ref)}
}

// setGroups puts an interface in security groups: a packet passes when one of
// them lets it pass.
func (a *aws) setGroups(i *Interface, groups []Val[*Filter]) {
	if len(i.Filters) == 0 {
		i.Filters = [][]*Filter{{}}
	}
	for _, v := range groups {
		group, known := v.Get()
		if !known {
			i.Groups = append(i.Groups, nil)
			i.Incomplete = append(i.Incomplete, v.Ref())
			continue
		}
		if !slices.Contains(i.Groups, group) {
			i.Groups = append(i.Groups, group)
			i.Filters[0] = append(i.Filters[0], group)
		}
	}
}

// readInterfaces reads network interfaces and instances.
func (a *aws) readInterfaces() {
	a.each(func(n *node) {
		i := newInterface(n, Host, a.subnet(n.get("subnetId")))
		a.setSourceDestCheck(i, n)
		addresses := firstPresent(n.get("privateIps"), n.get("privateIpLists"), n.get("privateIp"))
		a.setAddresses(i, addresses, n.get("ipv6Addresses"))
		a.putInGroups(i, n.get("securityGroups"))
		a.markExisting(n, &i.Incomplete)
		a.addInterface(n, i)
	}, eniKind)
	a.each(a.readInstance, instanceKind, "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
	a.each(func(n *node) {
		instance, eni := owner(n.get("instanceId")).Or(nil), owner(n.get("networkInterfaceId")).Or(nil)
		if instance == nil || eni == nil || instance == eni {
			return
		}
		for _, i := range a.interfaces[eni] {
			if !slices.Contains(a.interfaces[instance], i) {
				a.interfaces[instance] = append(a.interfaces[instance], i)
			}
		}
	}, "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment")
	a.each(func(n *node) {
		group := []Val[*Filter]{a.group(n.get("securityGroupId"))}
		owners := owner(n.get("networkInterfaceId"))
		options, _ := owners.Options()
		for _, of := range options {
			for _, i := range a.interfaces[of] {
				if owners.IsKnown() {
					a.setGroups(i, group)
				} else {
					i.Incomplete = append(i.Incomplete, n.ref("networkInterfaceId"))
				}
			}
		}
	}, "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment")
}

// setSourceDestCheck makes an interface without the check one that forwards.
func (a *aws) setSourceDestCheck(i *Interface, n *node) {
	i.SourceDestCheck = orDefault(n.get("sourceDestCheck"), property.boolean, true)
	if !i.SourceDestCheck.Or(true) {
		i.Kind = ForwardingInterface
	}
}

// setAddresses reads lists of private addresses.
func (a *aws) setAddresses(i *Interface, lists ...property) {
	var addresses []Val[netip.Addr]
	for _, p := range lists {
		for _, element := range a.elements(p, func(p property) { addresses = append(addresses, Unknown[netip.Addr](p.cause())) }) {
			addresses = append(addresses, element.address())
		}
	}
	if len(addresses) > 0 {
		i.Addresses = addresses
	}
}

// readInstance reads an instance with the interface that it starts with.
func (a *aws) readInstance(n *node) {
	given := firstPresent(n.get("primaryNetworkInterface"), n.get("networkInterfaces"))
	enis, complete := given.list()
	for _, eni := range enis {
		if t, ok := eni.get("networkInterfaceId").target(eniKind).Get(); ok && t.node != nil {
			a.interfaces[n] = append(a.interfaces[n], a.interfaces[t.node]...)
		}
	}
	if len(a.interfaces[n]) > 0 && complete {
		return
	}
	template := a.launchTemplate(n)
	i := newInterface(n, Host, a.subnet(n.get("subnetId")))
	a.setSourceDestCheck(i, n)
	a.setAddresses(i, n.get("privateIp"), n.get("secondaryPrivateIps"), n.get("ipv6Addresses"))
	if !isEmptyList(n.get("securityGroups")) && n.get("vpcSecurityGroupIds").state == absent {
		i.Filters = [][]*Filter{{}} // by name, in a default VPC
		i.Groups = append(i.Groups, nil)
		i.Incomplete = append(i.Incomplete, n.ref("securityGroups"))
	} else {
		a.putInGroups(i, firstPresent(n.get("vpcSecurityGroupIds"), template.groups()))
	}
	a.setPublic(i, firstPresent(n.get("associatePublicIpAddress"), template.public()))
	if address := n.get("publicIp"); address.state != absent {
		i.PublicAddresses = append(i.PublicAddresses, address.address())
	}
	if !complete {
		i.Incomplete = append(i.Incomplete, given.ref())
	}
	if template.unknown {
		i.Incomplete = append(i.Incomplete, n.ref("launchTemplate"))
	}
	a.markExisting(n, &i.Incomplete)
	a.addInterface(n, i)
}

// setPublic says whether an instance gets a public address when it starts: what
// it was given, or the setting of the subnet.
func (a *aws) setPublic(i *Interface, given property) {
	i.Public = given.boolean()
	if given.state != absent {
		return
	}
	options, complete := i.Subnet.Options()
	var public []Val[bool]
	for _, subnet := range options {
		public = append(public, subnet.PublicOnLaunch)
	}
	if complete && !slices.ContainsFunc(public, func(v Val[bool]) bool { return !v.IsKnown() || v.Or(false) != public[0].Or(false) }) {
		i.Public = public[0]
		return
	}
	i.Public = Unknown[bool](given.ref())
	if len(public) == 1 {
		i.Public = Unknown[bool](public[0].Ref())
	}
}

// template is a launch template that a resource names, or none.
type template struct {
	node, of *node
	unknown  bool // it names one that the graph does not hold
}

func (a *aws) launchTemplate(n *node) template {
	given := n.get("launchTemplate").block()
	if given.state == absent {
		return template{of: n}
	}
	reference := firstPresent(given.get("id"), given.get("name"))
	t, ok := reference.target("aws:ec2/launchTemplate:LaunchTemplate").Get()
	if !ok || t.node == nil {
		return template{of: n, unknown: true}
	}
	return template{node: t.node, of: n}
}

func (t template) groups() property {
	if t.node == nil {
		return property{node: t.of, path: "vpcSecurityGroupIds"}
	}
	return firstPresent(t.node.get("vpcSecurityGroupIds"), t.node.get("networkInterfaces").block().get("securityGroups"))
}

func (t template) public() property {
	if t.node == nil {
		return property{node: t.of, path: "associatePublicIpAddress"}
	}
	return t.node.get("networkInterfaces").block().get("associatePublicIpAddress")
}

// host is how a managed service's resource says where it stands.
type host struct {
	// subnets is the property that lists subnets, or the one that names a
	// subnet group of the kind group.
	subnets, group string
	groups         string // lists the security groups
	// each is whether it has an interface in every subnet; otherwise it has
	// one in some of them.
	each    bool
	address string // its address, where it tells one
	public  string // whether it gets a public address
	// parent names the resource that has the rest, for the members of a
	// cluster; parentKind is its kind.
	parent, parentKind string
}

// hosts are the services that put interfaces into subnets. The addresses are
// those that the service picks.
var hosts = map[string]host{
	"aws:efs/mountTarget:MountTarget":                                       {subnets: "subnetId", groups: "securityGroups", each: true, address: "ipAddress"},
	"aws:rds/instance:Instance":                                             {subnets: "dbSubnetGroupName", group: "aws:rds/subnetGroup:SubnetGroup", groups: "vpcSecurityGroupIds", public: "publiclyAccessible"},
	"aws:rds/cluster:Cluster":                                               {subnets: "dbSubnetGroupName", group: "aws:rds/subnetGroup:SubnetGroup", groups: "vpcSecurityGroupIds"},
	"aws:docdb/cluster:Cluster":                                             {subnets: "dbSubnetGroupName", group: "aws:docdb/subnetGroup:SubnetGroup", groups: "vpcSecurityGroupIds"},
	"aws:neptune/cluster:Cluster":                                           {subnets: "neptuneSubnetGroupName", group: "aws:neptune/subnetGroup:SubnetGroup", groups: "vpcSecurityGroupIds"},
	"aws:rds/clusterInstance:ClusterInstance":                               {parent: "clusterIdentifier", parentKind: "aws:rds/cluster:Cluster", public: "publiclyAccessible"},
	"aws:docdb/clusterInstance:ClusterInstance":                             {parent: "clusterIdentifier", parentKind: "aws:docdb/cluster:Cluster"},
	"aws:neptune/clusterInstance:ClusterInstance":                           {parent: "clusterIdentifier", parentKind: "aws:neptune/cluster:Cluster"},
	"aws:elasticache/cluster:Cluster":                                       {subnets: "subnetGroupName", group: "aws:elasticache/subnetGroup:SubnetGroup", groups: "securityGroupIds"},
	"aws:elasticache/replicationGroup:ReplicationGroup":                     {subnets: "subnetGroupName", group: "aws:elasticache/subnetGroup:SubnetGroup", groups: "securityGroupIds"},
	"aws:elasticache/serverlessCache:ServerlessCache":                       {subnets: "subnetIds", groups: "securityGroupIds", each: true},
	"aws:memorydb/cluster:Cluster":                                          {subnets: "subnetGroupName", group: "aws:memorydb/subnetGroup:SubnetGroup", groups: "securityGroupIds"},
	"aws:redshift/cluster:Cluster":                                          {subnets: "clusterSubnetGroupName", group: "aws:redshift/subnetGroup:SubnetGroup", groups: "vpcSecurityGroupIds", public: "publiclyAccessible"},
	"aws:opensearch/domain:Domain":                                          {subnets: "vpcOptions.subnetIds", groups: "vpcOptions.securityGroupIds", each: true},
	"aws:msk/cluster:Cluster":                                               {subnets: "brokerNodeGroupInfo.clientSubnets", groups: "brokerNodeGroupInfo.securityGroups", each: true},
	"aws:mq/broker:Broker":                                                  {subnets: "subnetIds", groups: "securityGroups", each: true, public: "publiclyAccessible"},
	"aws:lambda/function:Function":                                          {subnets: "vpcConfig.subnetIds", groups: "vpcConfig.securityGroupIds", each: true},
	"aws:ecs/service:Service":                                               {subnets: "networkConfiguration.subnets", groups: "networkConfiguration.securityGroups", each: true, public: "networkConfiguration.assignPublicIp"},
	"aws:eks/nodeGroup:NodeGroup":                                           {subnets: "subnetIds", each: true, parent: "clusterName", parentKind: clusterKind, public: "-"},
	"aws:eks/fargateProfile:FargateProfile":                                 {subnets: "subnetIds", each: true, parent: "clusterName", parentKind: clusterKind},
	"aws:apprunner/vpcConnector:VpcConnector":                               {subnets: "subnets", groups: "securityGroups", each: true},
	"aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint": {subnets: "subnetId", groups: "securityGroupIds", each: true},
	"aws:autoscaling/group:Group":                                           {subnets: "vpcZoneIdentifiers", each: true, public: "-"},
	clusterKind:                                                             {subnets: "vpcConfig.subnetIds", groups: "vpcConfig.securityGroupIds", each: true},
}

// clusterMembers are clusters that are made of members: with one in the graph
// the cluster has no interface of its own.
var clusterMembers = []string{
	"aws:rds/clusterInstance:ClusterInstance", "aws:docdb/clusterInstance:ClusterInstance", "aws:neptune/clusterInstance:ClusterInstance",
}

// nested returns a property of a block, by a path.
func nested(n *node, path string) property {
	first, rest, more := strings.Cut(path, ".")
	p := n.get(first)
	for more {
		first, rest, more = strings.Cut(rest, ".")
		p = p.block().get(first)
	}
	return p
}

// readHosts reads the resources of managed services that stand in subnets.
func (a *aws) readHosts() {
	withMembers := map[*node]bool{}
	a.each(func(n *node) {
		h := hosts[n.kind]
		if t, ok := n.get(h.parent).target(h.parentKind).Get(); ok && t.node != nil {
			withMembers[t.node] = true
		}
	}, clusterMembers...)
	for _, n := range a.ix.nodes {
		h, ok := hosts[n.kind]
		// A member of a replication group stands where that one says.
		if ok && !withMembers[n] && n.get("replicationGroupId").state == absent {
			a.readHost(n, h)
		}
	}
}

func (a *aws) readHost(n *node, h host) {
	of, where := n, h // who says where it stands and in which groups
	if h.parent != "" {
		t, ok := n.get(h.parent).target(h.parentKind).Get()
		if !ok || t.node == nil {
			of = nil
		} else {
			of = t.node
		}
		if h.subnets == "" {
			where = hosts[h.parentKind]
		}
	}
	add := func(subnet Val[*Subnet]) {
		i := newInterface(n, Host, subnet)
		switch {
		case of == nil:
			i.Filters, i.Groups = [][]*Filter{{}}, []*Filter{nil}
			i.Incomplete = append(i.Incomplete, n.ref(h.parent))
		case of.kind == clusterKind:
			own := a.groups.at(target{node: of, part: "vpcConfig"}, of.ref("vpcConfig"))
			a.setGroups(i, []Val[*Filter]{Known(own, of.ref("vpcConfig"))})
			if of == n {
				groups, complete := a.groupReferences(nested(n, h.groups))
				a.setGroups(i, groups)
				if !complete {
					i.Incomplete = append(i.Incomplete, n.ref(h.groups))
				}
			}
		case n.kind == "aws:autoscaling/group:Group":
			a.putInGroups(i, a.launchTemplate(n).groups())
		default:
			a.putInGroups(i, nested(of, hosts[of.kind].groups))
		}
		if h.address != "" {
			i.Addresses = []Val[netip.Addr]{n.get(h.address).address()}
		}
		template := a.launchTemplate(n)
		switch h.public {
		case "":
		case "-": // as its subnet has it
			a.setPublic(i, template.public())
		default:
			i.Public = orDefault(nested(n, h.public), property.boolean, false)
		}
		// A group of instances takes its groups from the template.
		mixed := n.kind == "aws:autoscaling/group:Group" && template.node == nil
		if template.unknown || mixed || template.node != nil && n.kind == "aws:eks/nodeGroup:NodeGroup" && template.groups().state != absent {
			i.Incomplete = append(i.Incomplete, n.ref("launchTemplate"))
		}
		a.markExisting(n, &i.Incomplete)
		a.addInterface(n, i)
	}

	source := of
	if where.subnets == h.subnets {
		source = n
	}
	if source == nil {
		add(Unknown[*Subnet](n.ref(h.parent)))
		return
	}
	list := nested(source, where.subnets)
	if where.group != "" {
		group, ok := list.target(where.group).Get()
		if !ok || group.node == nil {
			add(Unknown[*Subnet](list.cause()))
			return
		}
		list = group.node.get("subnetIds")
	}
	if list.state == absent {
		return // not in a VPC, or in one of which the graph tells nothing
	}
	if where.subnets == "subnetId" {
		add(a.subnet(list))
		return
	}
	subnets, complete := list.targets(subnetKinds...)
	if where.each {
		for _, subnet := range subnets {
			add(a.subnets.resolve(subnet))
		}
		if !complete && len(subnets) == 0 {
			add(Unknown[*Subnet](list.cause()))
		}
		return
	}
	var options []*Subnet
	for _, subnet := range subnets {
		some, all := a.subnets.resolve(subnet).Options()
		options, complete = append(options, some...), complete && all
	}
	if !complete {
		add(Unknown[*Subnet](list.cause()))
		return
	}
	add(OneOf(list.ref(), options...))
}

// readAddresses gives elastic IPs to what they are associated with.
func (a *aws) readAddresses() {
	give := func(eip Val[netip.Addr], reference property, ref Ref) {
		owners := owner(reference)
		options, _ := owners.Options()
		for _, of := range options {
			found := a.interfaces[of]
			if len(found) == 0 {
				continue
			}
			found[0].PublicAddresses = append(found[0].PublicAddresses, eip)
			found[0].Public = Known(true, ref)
			if !owners.IsKnown() {
				found[0].Public = Unknown[bool](ref)
			}
		}
	}
	a.each(func(n *node) {
		for _, key := range []string{"instance", "networkInterface"} {
			if p := n.get(key); p.state != absent {
				give(n.get("publicIp").address(), p, p.ref())
				return
			}
		}
	}, eipKind)
	a.each(func(n *node) {
		for _, key := range []string{"instanceId", "networkInterfaceId"} {
			if p := n.get(key); p.state != absent {
				give(a.publicAddress(n.get("allocationId"), n.get("publicIp")), p, p.ref())
				return
			}
		}
	}, "aws:ec2/eipAssociation:EipAssociation")
}

package requirements

import (
	"slices"

	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

func reachability() []Requirement {
	return []Requirement{
		{
			ID: "REA-001", Title: "In internet mode the control plane reaches the public load balancer, and that the services",
			Sources: []Source{{conveyor, "Data plane Connection"}}, Models: []string{SharedAWS},
			Why:  "All synchronous calls of the control plane come in by it.",
			Mend: "Put the load balancer into public subnets, admit the control plane's addresses, and let its traffic into the node subnets.", check: publicConnection,
		},
		{
			ID: "REA-002", Title: "In private mode the endpoint service leads to an internal load balancer, and that to the services",
			Sources: []Source{{conveyor, "Data plane Connection"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "It is the control plane's only way to the data plane's services.",
			Mend: "Give the endpoint service an internal network load balancer whose groups and subnets let its targets be reached.", check: privateConnection,
		},
		{
			ID: "REA-003", Title: "SQS can be reached from both planes",
			Sources: []Source{{conveyor, "Data plane Connection"}, {deployment, "VPC endpoints"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "The planes' asynchronous communication is queues.",
			Mend: "Add an interface endpoint for sqs with private DNS, or a way to the internet for the nodes.", check: queues,
		},
		{
			ID: "REA-004", Title: "Pods reach PostgreSQL 5432, DocumentDB 27017, Redis 6379 and NFS 2049",
			Sources: []Source{{aosDocument, "Port Requirements Summary"}}, Models: []string{AosCloud},
			Why:  "The platform's services keep their data there.",
			Mend: "Admit the EKS cluster's security group to the VPC's default group on every port.", check: managedServices,
		},
		{
			ID: "REA-005", Title: "The EKS cluster's group and the VPC's default group admit each other on every port",
			Sources: []Source{{aosDocument, "Inter-Group Rules"}}, Models: []string{AosCloud},
			Why:  "Pods reach managed services and endpoints through these two rules, and are reached by them.",
			Mend: "Set eksClusterSecurityGroupId once the cluster exists: both rules are then made.", check: groupsAdmit,
		},
		{
			ID: "REA-006", Title: "EFS mount targets stand in the pods' subnets, or can be routed from each",
			Sources: []Source{{aosDocument, "Managed Service Subnet Groups"}}, Models: []string{AosCloud},
			Why:  "A pod mounts a file system through a mount target that it has to reach.",
			Mend: "Give the file system a mount target in each EKS subnet, behind the VPC's default group.", check: mountTargets,
		},
		{
			ID: "REA-007", Title: "Pods and nodes reach every interface endpoint on its port",
			Sources: []Source{{deployment, "VPC endpoints"}, {aosDocument, "Port Requirements Summary"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud},
			Why:  "An endpoint whose group or ACL leaves out the pods' block makes every call time out.",
			Mend: "Admit every block of the VPC, or the cluster's group, to the endpoints' security groups on their ports.", check: endpointsReached,
		},
		{
			ID: "REA-008", Title: "On-premises reaches the private Kubernetes API through the gateway",
			Sources: []Source{{aksDocument, "Private clusters"}}, Models: []string{AKSLandingZone},
			Why:  "Administrators work from the company's network.",
			Mend: "Peer hub and spoke with gateway transit, and let the API server's subnet be reached.", check: onPremises,
		},
		{
			ID: "REA-009", Title: "The control plane reaches AKS at a public address",
			Sources: []Source{{conveyor, "Vnet setup"}, {conveyor, "Data plane Connection"}}, Models: []string{SharedAzure},
			Why:  "The shared control plane runs in AWS and calls the data plane at that address.",
			Mend: "Provide a public IP: the firewall's with a DNAT rule, or the cluster's load balancer's.", check: publicAddress,
		},
	}
}

func publicConnection(c *check) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.connectivityMode(network); m {
		case connected:
		case private:
			c.notApplicable("the control plane reaches %s through PrivateLink", network.Name)
			continue
		default:
			c.doubt(signs, "the signs disagree whether the control plane reaches %s over the internet", network.Name)
			continue
		}
		facing := c.balancers(network, true)
		for _, b := range c.model.Balancers {
			if !b.InternetFacing.IsKnown() && c.standsIn(b, network) {
				c.doubt([]topology.Ref{b.InternetFacing.Ref()}, "whether load balancer %s faces the internet is not known yet", b.Name)
			}
		}
		for _, b := range facing {
			for _, l := range b.Listeners {
				port, ok := l.Port.Get()
				if !ok {
					c.doubt([]topology.Ref{l.Port.Ref()}, "a port of %s is not known yet", b.Name)
					continue
				}
				for _, i := range b.Interfaces {
					if from, open := c.admitted(i, port); len(open) > 0 {
						c.doubt(open, "whom load balancer %s admits is not known yet", b.Name)
					} else {
						c.reaches(from, at(i), reach.TCP(port), "")
						for _, target := range l.Targets {
							if sendsTo(l, i, target) {
								c.reachesBy(from, at(i), at(target), reach.Question{Traffic: reach.TCP(port)})
							}
						}
					}
				}
				if len(l.Targets) == 0 {
					c.behind(network, b, l)
				}
			}
			if len(b.Listeners) == 0 {
				c.refute(b.Ref, "load balancer %s has no listener", b.Name)
			}
		}
		if len(facing) > 0 || len(c.doubts) > 0 {
			continue
		}
		if connectors := c.components("PublicConnector"); len(connectors) > 0 {
			c.absent(network, "the connector %s has no internet-facing load balancer", connectors[0].Name)
			continue
		}
		// The vendor makes the load balancer later: the network has to carry it.
		for _, subnet := range c.tier(network, public) {
			c.reaches(internetIPv4(), anyHost(subnet), reach.TCP(443), "")
			for _, target := range c.tier(network, nodes) {
				c.reaches(anyHost(subnet), anyHost(target), reach.TCP(443), "")
			}
		}
	}
}

// sendsTo reports whether a load balancer's interface sends to a target: to one in
// another zone only if it is told so.
func sendsTo(l topology.Listener, i, target *topology.Interface) bool {
	if cross, known := l.CrossZone.Get(); cross || !known {
		return true
	}
	near, far := i.Subnet.Or(nil), target.Subnet.Or(nil)
	return near == nil || far == nil || near.Zone.Or("") == far.Zone.Or("")
}

// admitted are the addresses that the groups of an interface admit to a port: a
// control plane's are not the whole internet. open are rules that are not known.
func (c *check) admitted(i *topology.Interface, port uint16) (from place, open []topology.Ref) {
	open = append(open, i.Incomplete...)
	for _, f := range i.Groups {
		if f == nil {
			continue
		}
		open = append(open, f.Incomplete...)
		for _, rule := range f.In {
			source, known := rule.Source.Get()
			ports, portsKnown := rule.DestinationPorts.Get()
			if !known || !portsKnown || !rule.Protocols.IsKnown() {
				open = append(open, rule.Ref)
				continue
			}
			admits := len(ports) == 0
			for _, r := range ports {
				admits = admits || r.First <= port && port <= r.Last
			}
			if admits && len(source.Prefixes) > 0 && source.Prefixes[0].Bits() > 0 && source.Prefixes[0].Addr().Is4() {
				return outside(source.Prefixes...), nil
			}
		}
	}
	return internetIPv4(), open
}

// balancers are the load balancers of a network, internet-facing or internal.
func (c *check) balancers(network *topology.Network, facing bool) []*topology.Balancer {
	var found []*topology.Balancer
	for _, b := range c.model.Balancers {
		if got, known := b.InternetFacing.Get(); known && got == facing && c.standsIn(b, network) && len(b.Interfaces) > 0 {
			found = append(found, b)
		}
	}
	return found
}

// behind checks that a load balancer reaches what may be registered behind one
// of its listeners: its targets, or hosts of the node and pod tiers.
func (c *check) behind(network *topology.Network, b *topology.Balancer, l topology.Listener) {
	port, ok := l.TargetPort.Get()
	if !ok {
		c.doubt([]topology.Ref{l.TargetPort.Ref()}, "the port of the targets of %s is not known yet", b.Name)
		return
	}
	var targets []place
	for _, i := range l.Targets {
		targets = append(targets, at(i))
	}
	if len(targets) == 0 {
		for _, subnet := range c.subnets(network, nodes) {
			targets = append(targets, anyHost(subnet))
		}
		if len(b.Interfaces) > 0 && len(targets) == 0 {
			c.tier(network, nodes)
		}
	}
	for _, i := range b.Interfaces {
		for _, target := range targets {
			c.reaches(at(i), target, reach.TCP(port), "")
		}
	}
}

func privateConnection(c *check) {
	c.privateMode(func(network *topology.Network) {
		if len(c.model.Services) == 0 {
			c.withoutService(network)
			return
		}
		for _, service := range c.model.Services {
			if len(service.Balancers) == 0 {
				c.refute(service.Ref, "the endpoint service %s has no load balancer", service.Name)
			}
			c.admits(service)
			for _, v := range service.Balancers {
				b, known := v.Get()
				if !known || b == nil {
					c.doubt([]topology.Ref{v.Ref()}, "a load balancer of the endpoint service %s is not known yet", service.Name)
					continue
				}
				c.is(b.InternetFacing, false, b.Ref, "load balancer "+b.Name+" is internal", "load balancer "+b.Name+" faces the internet")
				if len(b.Listeners) == 0 {
					c.refute(b.Ref, "load balancer %s has no listener", b.Name)
				}
				for _, l := range b.Listeners {
					c.behind(network, b, l)
				}
			}
			c.consumers(service)
		}
	})
}

// withoutService decides when the graph has no endpoint service.
func (c *check) withoutService(network *topology.Network) {
	providers := c.components("PrivateLinkProvider")
	switch {
	case len(providers) > 0:
		c.absent(network, "the connector %s has no endpoint service", providers[0].Name)
	case c.deployment == DedicatedAWS:
		c.absent(network, "%s has no endpoint service, and both planes are built here", network.Name)
	default:
		// The vendor makes both later: the network has to carry them.
		for _, from := range c.tier(network, nodes) {
			for _, to := range c.tier(network, nodes) {
				c.reaches(anyHost(from), anyHost(to), reach.TCP(443), "")
			}
		}
	}
}

// consumers checks that hosts of a network with an endpoint for the service
// reach it.
func (c *check) consumers(service *topology.EndpointService) {
	found := false
	for _, e := range c.model.Endpoints {
		if e.Of != service {
			continue
		}
		found = true
		for _, subnet := range c.subnets(e.Network, nodes) {
			for _, b := range service.Balancers {
				lb, ok := b.Get()
				if !ok || lb == nil {
					continue
				}
				for _, l := range lb.Listeners {
					if port, ok := l.Port.Get(); ok {
						for _, i := range e.Interfaces {
							c.reaches(anyHost(subnet), at(i), reach.TCP(port), "")
						}
					}
				}
			}
		}
	}
	if found || c.deployment != DedicatedAWS {
		return
	}
	for _, network := range c.controlPlanes() {
		for _, e := range c.interfaceEndpoints(network) {
			if !e.Service.IsKnown() {
				c.doubt([]topology.Ref{e.Service.Ref()}, "what the endpoint %s leads to is not known yet", e.Name)
				return
			}
		}
		c.absent(network, "%s has no endpoint for the data plane's service %s", network.Name, service.Name)
	}
}

// queues asks for SQS from where both planes call it. What pods send beyond the
// VPC leaves with their node's address: the VPC CNI's default.
// https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html
func queues(c *check) {
	for _, network := range c.dataPlanes() {
		c.service(network, "sqs")
	}
	if c.deployment == DedicatedAWS {
		for _, network := range c.controlPlanes() {
			c.service(network, "sqs")
		}
	}
}

// service checks that the nodes and pods of a network reach a service of AWS by
// its name.
func (c *check) service(network *topology.Network, service string) {
	if network.Region == "" {
		c.doubt([]topology.Ref{network.Ref}, "the region of %s is not known", network.Name)
		return
	}
	name, port := c.publicName(service, network.Region), c.port(service)
	hosts := c.tier(network, nodes)
	for _, subnet := range append(slices.Clone(hosts), c.subnets(network, pods)...) {
		c.connect(subnet, name, port, hosts, nil)
	}
}

func managedServices(c *check) {
	for _, network := range c.dataPlanes() {
		base := c.defaultGroup(network)
		cluster, refs := c.clusterGroup(network)
		if base == nil || cluster == nil {
			c.doubt(append(refs, network.Ref), "the EKS cluster's security group is made with the cluster, and not in the graph yet")
			continue
		}
		for _, s := range []struct {
			tier tier
			port uint16
		}{{aurora, 5432}, {documentDB, 27017}, {elastiCache, 6379}, {nodes, 2049}} {
			for _, from := range c.podTier(network) {
				for _, to := range c.tier(network, s.tier) {
					c.reaches(c.client(from, cluster), c.server(to, base), reach.TCP(s.port), "")
				}
			}
		}
	}
}

// client is any host of the subnet that is in the group.
func (c *check) client(subnet *topology.Subnet, group *topology.Filter) place {
	if len(group.Incomplete) == 0 {
		return member(subnet, group)
	}
	// A group that the graph does not hold has rules beside those of the graph:
	// EKS lets its cluster's group send everything.
	p := c.server(subnet, group)
	p.end.Interface.Filters = nil
	return p
}

// server is a host of the subnet that is in the group, which lets it be reached.
func (c *check) server(subnet *topology.Subnet, group *topology.Filter) place {
	ref := topology.Ref{URN: subnet.Ref.URN}
	return place{name: subnet.Ref.URN, ref: ref, end: reach.At(&topology.Interface{
		Ref: ref, Kind: topology.Host, Name: "in " + subnet.Name, Subnet: topology.Known(subnet, ref),
		Public: topology.Known(false, ref), SourceDestCheck: topology.Known(true, ref),
		Groups: []*topology.Filter{group}, Filters: [][]*topology.Filter{{group}},
	})}
}

// defaultGroup is the default security group of a VPC: the one that the VPC's
// output names, or that a resource manages.
func (c *check) defaultGroup(network *topology.Network) *topology.Filter {
	for _, f := range c.model.Filters {
		if f.Kind != topology.SecurityGroup || f.Network != network {
			continue
		}
		r, ok := c.resources[f.Ref.URN]
		if f.Ref.URN == network.Ref.URN || ok && r.Type == "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup" {
			return f
		}
	}
	return nil
}

// clusterGroup is the EKS cluster's security group: the cluster's own, or the
// one beside the default group on the endpoints, or that the default group's
// rules and a setting name. refs are where it would be told.
func (c *check) clusterGroup(network *topology.Network) (group *topology.Filter, refs []topology.Ref) {
	base := c.defaultGroup(network)
	v := &votes[*topology.Filter]{}
	for _, f := range c.model.Filters {
		if r, ok := c.resources[f.Ref.URN]; ok && r.Type == "aws:eks/cluster:Cluster" {
			v.add(f, asked)
		}
	}
	for _, e := range c.interfaceEndpoints(network) {
		if e.Of != nil {
			continue
		}
		refs = append(refs, e.Ref.At("securityGroupIds"))
		for _, i := range e.Interfaces {
			for _, f := range i.Groups {
				if f != nil && f != base && !publicName(f) {
					v.add(f, used)
				}
			}
		}
	}
	if base != nil {
		for _, rule := range base.In {
			m, _ := rule.Source.Get()
			for _, f := range m.Members {
				if f != base && !publicName(f) {
					v.add(f, meant)
				}
			}
		}
	}
	for _, f := range c.model.Filters {
		if w := words(f.Name); f.Kind == topology.SecurityGroup && f != base && slices.Contains(w, "eks") && slices.Contains(w, "cluster") {
			v.add(f, meant)
		}
	}
	if len(refs) > 1 {
		refs = refs[:1]
	}
	return v.winner(), refs
}

func publicName(f *topology.Filter) bool { return slices.Contains(words(f.Name), "public") }

func groupsAdmit(c *check) {
	for _, network := range c.dataPlanes() {
		base := c.defaultGroup(network)
		cluster, refs := c.clusterGroup(network)
		if base == nil || cluster == nil {
			c.doubt(append(refs, network.Ref), "the EKS cluster's security group is made with the cluster, and not in the graph yet")
			continue
		}
		c.admitsAll(base, cluster)
		c.admitsAll(cluster, base)
	}
}

// admitsAll checks that a group admits members of another one on every port. A
// group only ever allows, so a rule of the graph counts whatever else there is.
func (c *check) admitsAll(group, from *topology.Filter) {
	var open []topology.Ref
	for _, rule := range group.In {
		m, known := rule.Source.Get()
		ports, portsKnown := rule.DestinationPorts.Get()
		protocols, protocolsKnown := rule.Protocols.Get()
		if !known || !portsKnown || !protocolsKnown {
			open = append(open, rule.Ref)
			continue
		}
		everyPort := len(ports) == 0 || len(ports) == 1 && ports[0].First == 0 && ports[0].Last == 65535
		if slices.Contains(m.Members, from) && len(protocols) == 0 && everyPort {
			c.holds(rule.Ref, "%s admits members of %s on every port", group.Name, from.Name)
			return
		}
	}
	// A group that the graph does not hold has rules that it does not hold
	// either; but where our component is told the group, it makes this one.
	for _, ref := range group.Incomplete {
		if ref != group.Ref || len(c.components("AosCloudVpc")) == 0 {
			open = append(open, ref)
		}
	}
	if len(open) > 0 {
		c.doubt(open, "whether %s admits members of %s on every port is not known", group.Name, from.Name)
		return
	}
	c.refute(group.Ref, "%s does not admit members of %s on every port", group.Name, from.Name)
}

func mountTargets(c *check) {
	for _, network := range c.dataPlanes() {
		base := c.defaultGroup(network)
		cluster, refs := c.clusterGroup(network)
		subnets := c.podTier(network)
		targets := c.mounts(network)
		if len(targets) == 0 {
			if component := c.component(network.Ref.URN); component != nil && len(object(component, "mountTargetIds")) > 0 {
				c.refute(network.Ref, "the mount targets that %s registered are not there", component.Name)
				continue
			}
			c.notApplicable("no file system is built with %s", network.Name)
			continue
		}
		if base == nil || cluster == nil {
			c.doubt(append(refs, network.Ref), "the EKS cluster's security group is made with the cluster, and not in the graph yet")
			continue
		}
		for _, subnet := range subnets {
			zone, known := subnet.Zone.Get()
			var own []*topology.Interface
			for _, i := range targets {
				if s, ok := i.Subnet.Get(); ok && s != nil && (s == subnet || known && s.Zone.Or("") == zone) {
					own = append(own, i)
				}
			}
			if len(own) == 0 {
				own = targets // in another zone, if it can be routed
			}
			for _, i := range own {
				c.reaches(c.client(subnet, cluster), at(i), reach.TCP(2049), "")
			}
		}
	}
}

// mounts are the EFS mount targets in a network.
func (c *check) mounts(network *topology.Network) []*topology.Interface {
	var found []*topology.Interface
	for _, i := range c.model.Interfaces {
		r, ok := c.resources[i.Ref.URN]
		subnet, known := i.Subnet.Get()
		if ok && r.Type == "aws:efs/mountTarget:MountTarget" && (!known || subnet == nil || subnet.Network == network) {
			found = append(found, i)
		}
	}
	return found
}

func endpointsReached(c *check) {
	networks := c.dataPlanes()
	if c.deployment == DedicatedAWS {
		networks = append(slices.Clone(networks), c.controlPlanes()...)
	}
	any := false
	for _, network := range networks {
		hosts := append(slices.Clone(c.tier(network, nodes)), c.subnets(network, pods)...)
		cluster := (*topology.Filter)(nil)
		if c.deployment == AosCloud {
			var refs []topology.Ref
			if cluster, refs = c.clusterGroup(network); cluster == nil {
				c.doubt(append(refs, network.Ref), "the EKS cluster's security group is made with the cluster, and not in the graph yet")
				any = true
				continue
			}
		}
		for _, e := range c.interfaceEndpoints(network) {
			if e.Of != nil {
				continue
			}
			any = true
			service, known := e.Service.Get()
			if !known {
				c.doubt([]topology.Ref{e.Service.Ref()}, "the service of the endpoint %s is not known yet", e.Name)
				continue
			}
			port := c.port(service)
			for _, subnet := range hosts {
				from := anyHost(subnet)
				if cluster != nil {
					from = c.client(subnet, cluster)
				}
				for _, i := range e.Interfaces {
					c.reaches(from, at(i), reach.TCP(port), "")
				}
			}
		}
	}
	if !any && len(networks) > 0 {
		c.withoutEndpoints(networks)
	}
}

// withoutEndpoints decides when no network has interface endpoints.
func (c *check) withoutEndpoints(networks []*topology.Network) {
	for _, network := range networks {
		m, signs := c.egressMode(network)
		switch {
		case c.anyCentral():
			c.notApplicable("%s has no interface endpoints of its own: they are central", network.Name)
		case (m == connected || m == external) && c.deployment == SharedAWS:
			c.notApplicable("%s reaches services over the internet and has no interface endpoints", network.Name)
		case m == "":
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
		default:
			c.absent(network, "%s has no interface endpoints", network.Name)
		}
	}
}

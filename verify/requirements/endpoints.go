package requirements

import (
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

func endpointRequirements() []Requirement {
	return []Requirement{
		{
			ID: "EP-001", Title: "A data plane without internet has its 16 endpoints",
			Sources: []Source{{deployment, "Setup data plane without internet access"}, {deployment, "Private data plane requirements"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "Each is a service that nodes, pods or the platform call and cannot reach otherwise.",
			Mend: "Add the interface endpoint, or provide it in a central VPC with route and DNS.", check: dataPlaneSet,
		},
		{
			ID: "EP-002", Title: "A control plane without internet has its 13 endpoints",
			Sources: []Source{{deployment, "Private control plane requirements"}}, Models: []string{DedicatedAWS},
			Why:  "Each is a service that the control plane's tasks call and cannot reach otherwise.",
			Mend: "Add the interface endpoint, or provide it in a central VPC with route and DNS.", check: controlPlaneSet,
		},
		{
			ID: "EP-003", Title: "AosCloud has its 12 endpoints, each of type Interface",
			Sources: []Source{{aosDocument, "Required Endpoints"}}, Models: []string{AosCloud},
			Why:  "Private EKS clusters and the platform call these services without the public internet.",
			Mend: "Add the interface endpoint.", check: aosCloudSet,
		},
		{
			ID: "EP-004", Title: "Private DNS is on for every interface endpoint but S3's",
			Sources: []Source{{aosDocument, "Required Endpoints"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud},
			Why:  "Without it clients resolve the public address and never use the endpoint.",
			Mend: "Set privateDnsEnabled to true on the endpoint.", check: privateDNS,
		},
		{
			ID: "EP-005", Title: "Endpoints have two groups: the VPC's default one and the EKS cluster's",
			Sources: []Source{{aosDocument, "Endpoint Security"}}, Models: []string{AosCloud},
			Why:  "So that managed services and EKS workloads both reach them.",
			Mend: "Set eksClusterSecurityGroupId once the cluster exists: the endpoints then carry both groups.", check: endpointGroups,
		},
		{
			ID: "EP-006", Title: "The endpoints' subnets use the EKS private route table",
			Sources: []Source{{aosDocument, "Route Tables"}}, Models: []string{AosCloud},
			Why:  "Traffic between EKS and the endpoints then follows the same routes in both directions.",
			Mend: "Associate the endpoints' subnets with the route table of the private EKS subnets.", check: endpointTable,
		},
		{
			ID: "EP-007", Title: "Services whose endpoints are central have a route and a name in each VPC",
			Sources: []Source{{deployment, "Private control plane requirements"}}, Models: []string{SharedAWS, DedicatedAWS},
			Why:  "A central endpoint that clients cannot resolve or route to is none.",
			Mend: "Associate the service's private zone with the VPC, and route the central VPC both ways.", check: centralEndpoints,
		},
		{
			ID: "EP-008", Title: "S3, where ECR keeps image layers, can be reached",
			Sources: []Source{{deployment, "VPC endpoints"}, {derived, "from ecr.dkr"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud},
			Why:  "Every image pull fetches layers from S3, though no document's list has it.",
			Mend: "Put an S3 gateway endpoint on every route table of nodes and pods.", check: imageLayers,
		},
	}
}

// set checks that hosts of the network reach every service of a preset: by an
// interface endpoint of the network, or by a central one.
func (c *check) set(network *topology.Network, preset string) {
	services, ok := c.catalog.EndpointPreset(preset)
	if !ok {
		c.doubt([]topology.Ref{network.Ref}, "the catalogue has no preset %s", preset)
		return
	}
	byService := map[string]*topology.Endpoint{}
	var open []topology.Ref
	for _, e := range c.interfaceEndpoints(network) {
		if service, known := e.Service.Get(); known {
			byService[service] = e
		} else {
			open = append(open, e.Service.Ref())
		}
	}
	for _, e := range c.model.Endpoints {
		if e.Network != network && (e.Network == nil || len(e.Network.Incomplete) > 0) {
			open = append(open, e.Ref)
		}
	}
	var absent []string
	for _, service := range services.Services {
		e, ok := byService[service]
		switch {
		case ok && len(e.Interfaces) == 0:
			c.refute(e.Ref, "the endpoint for %s stands in no subnet", service)
		case ok:
			c.holds(e.Ref, "%s has an interface endpoint", service)
		default:
			there, unsure := c.central(network, service)
			open = append(open, unsure...)
			if there {
				c.holds(network.Ref, "%s has a central interface endpoint", service)
			} else {
				absent = append(absent, service)
			}
		}
	}
	switch {
	case len(absent) == 0:
	case len(open) > 0 || len(network.Incomplete) > 0:
		c.doubt(append(open, network.Incomplete...), "whether %s has endpoints for %s is not known", network.Name, strings.Join(absent, ", "))
	default:
		c.refute(c.gatewayOf(network, absent[0]), "%s has no interface endpoint for %s", network.Name, strings.Join(absent, ", "))
	}
}

// gatewayOf is where a missing interface endpoint is to be seen: the endpoint of
// another type, or the network.
func (c *check) gatewayOf(network *topology.Network, service string) topology.Ref {
	for _, e := range c.model.Endpoints {
		if e.Network == network && e.Service.Or("") == service && e.Kind != "interface" && service != "s3" {
			return e.Ref.At("vpcEndpointType")
		}
	}
	return network.Ref
}

// central reports whether the service's name is that of an interface in another
// network of the graph; unsure is what decides when that is not known.
func (c *check) central(network *topology.Network, service string) (there bool, unsure []topology.Ref) {
	if network.Region == "" {
		return false, []topology.Ref{network.Ref}
	}
	r := c.engine.Resolve(network, c.publicName(service, network.Region))
	for _, i := range r.Interfaces {
		subnet, ok := i.Subnet.Get()
		switch {
		case !ok:
			unsure = append(unsure, i.Subnet.Ref())
		case subnet != nil && subnet.Network != network:
			return true, nil
		}
	}
	return false, append(unsure, r.Unknowns...)
}

func dataPlaneSet(c *check) {
	for _, network := range c.dataPlanes() {
		switch m, signs := c.egressMode(network); m {
		case isolated:
			c.set(network, "aws-data-plane")
		case connected:
			c.notApplicable("%s reaches services over the internet", network.Name)
		case external:
			if c.anyWayOut(network) {
				c.notApplicable("%s reaches services over the internet", network.Name)
			} else {
				c.set(network, "aws-data-plane")
			}
		default:
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
		}
	}
}

// anyWayOut reports whether nodes may reach the internet in general, and not a few
// names alone.
func (c *check) anyWayOut(network *topology.Network) bool {
	return slices.ContainsFunc(c.subnets(network, nodes), func(s *topology.Subnet) bool {
		return len(c.engine.Ask(reach.Question{From: reach.AnyHost(s), To: internetIPv4().end, Traffic: reach.TCP(443)}).May) > 0
	})
}

func controlPlaneSet(c *check) {
	for _, network := range c.controlPlanes() {
		c.set(network, "aws-control-plane")
	}
}

func aosCloudSet(c *check) {
	for _, network := range c.dataPlanes() {
		c.set(network, "aoscloud")
	}
}

func privateDNS(c *check) {
	for _, network := range c.awsPlanes() {
		found := 0
		for _, e := range c.interfaceEndpoints(network) {
			service, known := e.Service.Get()
			if e.Of != nil || known && (service == "s3" || strings.Contains(service, "vpce-svc")) {
				continue
			}
			found++
			if !known {
				c.doubt([]topology.Ref{e.Service.Ref()}, "the service of the endpoint %s is not known yet", e.Name)
				continue
			}
			c.is(e.PrivateDNS, true, e.Ref.At("privateDnsEnabled"),
				"private DNS is on for "+e.Name, "private DNS is off for "+e.Name+": its clients resolve the public address")
		}
		if found == 0 {
			c.withoutEndpoints([]*topology.Network{network})
		}
	}
}

// awsPlanes are the networks of both planes, as far as the model has them.
func (c *check) awsPlanes() []*topology.Network {
	networks := c.dataPlanes()
	if c.deployment == DedicatedAWS {
		networks = append(slices.Clone(networks), c.controlPlanes()...)
	}
	return networks
}

func endpointGroups(c *check) {
	for _, network := range c.dataPlanes() {
		base := c.defaultGroup(network)
		cluster, refs := c.clusterGroup(network)
		for _, e := range c.interfaceEndpoints(network) {
			ref := e.Ref.At("securityGroupIds")
			for _, i := range e.Interfaces {
				switch {
				case len(i.Incomplete) > 0:
					c.doubt(i.Incomplete, "the groups of the endpoint %s are not all known", e.Name)
				case base == nil:
					c.doubt([]topology.Ref{network.Ref}, "the default group of %s is not known", network.Name)
				case !slices.Contains(i.Groups, base):
					c.refute(ref, "the endpoint %s lacks the VPC's default group", e.Name)
				case cluster == nil:
					c.doubt(refs, "the EKS cluster's security group is made with the cluster, and not in the graph yet")
				case !slices.Contains(i.Groups, cluster):
					c.refute(ref, "the endpoint %s lacks the EKS cluster's group", e.Name)
				default:
					c.holds(ref, "the endpoint %s has the default group and the cluster's", e.Name)
				}
				break // its interfaces have the same groups
			}
		}
	}
}

func endpointTable(c *check) {
	for _, network := range c.dataPlanes() {
		own := map[*topology.RouteTable]bool{}
		for _, subnet := range c.tier(network, nodes) {
			table, ok := subnet.Table.Get()
			if !ok || table == nil {
				c.doubt([]topology.Ref{subnet.Table.Ref()}, "the route table of %s is not known yet", subnet.Name)
				continue
			}
			own[table] = true
		}
		subnets := c.tier(network, endpoints)
		for _, subnet := range subnets {
			table, ok := subnet.Table.Get()
			switch {
			case !ok:
				c.doubt([]topology.Ref{subnet.Table.Ref()}, "the route table of %s is not known yet", subnet.Name)
			case !own[table]:
				c.refute(refOr(subnet.Table.Ref(), subnet.Ref), "subnet %s does not use the route table of the private EKS subnets", subnet.Name)
			default:
				c.holds(refOr(subnet.Table.Ref(), subnet.Ref), "subnet %s uses the route table of the private EKS subnets", subnet.Name)
			}
		}
		if len(subnets) == 1 {
			c.note("every endpoint stands in one zone: losing it cuts every node off from the services")
		}
	}
}

// anyCentral reports whether the graph shows endpoints that serve other networks.
func (c *check) anyCentral() bool {
	if len(c.in(hub)) > 0 || len(c.components("CentralEndpointsHub")) > 0 || len(c.components("CentralEndpointsSpoke")) > 0 {
		return true
	}
	for _, zone := range c.model.Zones {
		if !zone.Private || !strings.HasSuffix(zone.Name, ".amazonaws.com") {
			continue
		}
		if r, ok := c.resources[zone.Ref.URN]; ok && strings.HasPrefix(r.Type, "aws:route53/") {
			return true
		}
	}
	return false
}

func centralEndpoints(c *check) {
	if !c.anyCentral() {
		c.notApplicable("every endpoint stands in the network that uses it")
		return
	}
	for _, network := range c.awsPlanes() {
		preset := "aws-data-plane"
		if c.planes[network] == controlPlane {
			preset = "aws-control-plane"
		}
		services, _ := c.catalog.EndpointPreset(preset)
		for _, service := range services.Services {
			if slices.ContainsFunc(c.interfaceEndpoints(network), func(e *topology.Endpoint) bool { return e.Service.Or("") == service }) {
				continue
			}
			if network.Region == "" {
				c.doubt([]topology.Ref{network.Ref}, "the region of %s is not known", network.Name)
				continue
			}
			name := c.publicName(service, network.Region)
			r := c.engine.Resolve(network, name)
			if r.Certain && r.Blocked == nil && len(r.Interfaces) == 0 && len(r.Addresses) == 0 {
				c.refute(network.Ref, "%s resolves %s to its public address: no zone of a central endpoint is associated with it", network.Name, name)
				continue
			}
			for _, subnet := range c.tier(network, nodes) {
				c.connects(subnet, name, c.port(service))
			}
		}
	}
}

func imageLayers(c *check) {
	for _, network := range c.awsPlanes() {
		if network.Region == "" {
			c.doubt([]topology.Ref{network.Ref}, "the region of %s is not known", network.Name)
			continue
		}
		name := "s3." + network.Region + ".amazonaws.com"
		var group *topology.Filter
		if c.deployment == AosCloud {
			group, _ = c.clusterGroup(network)
		}
		for _, subnet := range append(slices.Clone(c.tier(network, nodes)), c.pull(network)...) {
			c.connect(subnet, name, 443, nil, group)
		}
	}
}

// pull are the pods' subnets where nothing but endpoints leads to S3. A node's
// own pulls leave from the node; pods that build images need the same way.
func (c *check) pull(network *topology.Network) []*topology.Subnet {
	if m, _ := c.egressMode(network); m == isolated {
		return c.subnets(network, pods)
	}
	return nil
}

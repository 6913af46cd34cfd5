package requirements

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/underlay-iac/underlay/verify/topology"
)

func tagging() []Requirement {
	return []Requirement{
		{
			ID: "TAG-001", Title: "Subnets carry Kubernetes' load balancer tags: internal-elb on private ones, elb on public ones",
			Sources: []Source{{aosDocument, "EKS Subnets (Detail)"}}, Models: []string{SharedAWS, AosCloud},
			Why:  "The AWS Load Balancer Controller finds the subnets of a load balancer by them.",
			Mend: "Tag node subnets kubernetes.io/role/internal-elb=1 and public ones kubernetes.io/role/elb=1.", check: roleTags,
		},
		{
			ID: "SKU-001", Title: "Load balancers are Standard; in a landing zone a DDoS plan or a central firewall protects the network",
			Sources: []Source{{aksDocument, "Design recommendations"}}, Models: []string{SharedAzure, AKSLandingZone},
			Why:  "Basic load balancers are retired, and public addresses are attacked.",
			Mend: "Use the Standard SKU, and a DDoS protection plan, Azure Firewall or a web application firewall.", check: standardSKU,
		},
	}
}

func roleTags(c *check) {
	for _, network := range c.dataPlanes() {
		for _, subnet := range c.tier(network, nodes) {
			c.tagged(subnet, "kubernetes.io/role/internal-elb", "kubernetes.io/role/elb")
		}
		for _, subnet := range c.subnets(network, pods) {
			for _, tag := range []string{"kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"} {
				if subnet.Tags[tag] != "" {
					c.refute(subnet.Ref.At("tags"), "pod subnet %s has the tag %s", subnet.Name, tag)
				}
			}
		}
		egress, signs := c.egressMode(network)
		switch {
		case egress == isolated:
		case egress == "":
			c.doubt(signs, "the signs disagree whether %s is connected to the internet", network.Name)
		default:
			// Behind PrivateLink public subnets are for NAT gateways alone.
			if m, _ := c.connectivityMode(network); m == private {
				continue
			}
			for _, subnet := range c.tier(network, public) {
				c.tagged(subnet, "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb")
			}
		}
	}
}

// tagged checks that a subnet has one tag and not the other.
func (c *check) tagged(subnet *topology.Subnet, want, unwanted string) {
	ref := subnet.Ref.At("tags")
	if r, ok := c.resources[subnet.Ref.URN]; ok {
		v, known := property(r, "tags")
		if known && v.IsObject() {
			_, known = opened(v.ObjectValue()[resource.PropertyKey(want)])
		}
		if !known {
			c.doubt([]topology.Ref{ref}, "the tags of %s are not known yet", subnet.Name)
			return
		}
	}
	switch {
	case subnet.Tags[want] != "1":
		c.refute(ref, "%s lacks the tag %s=1", subnet.Name, want)
	case subnet.Tags[unwanted] != "":
		c.refute(ref, "%s has the tag %s", subnet.Name, unwanted)
	default:
		c.holds(ref, "%s has the tag %s=1", subnet.Name, want)
	}
}

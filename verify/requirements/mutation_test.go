package requirements_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// edit breaks a program's graph.
type edit func(*testing.T, *graph.Graph)

func all(edits ...edit) edit {
	return func(t *testing.T, g *graph.Graph) {
		for _, e := range edits {
			e(t, g)
		}
	}
}

// find returns the resource "Type name", the end of its type token.
func find(t *testing.T, g *graph.Graph, what string) *graph.Resource {
	t.Helper()
	kind, name, _ := strings.Cut(what, " ")
	for i := range g.Resources {
		r := &g.Resources[i]
		if r.Name == name && strings.HasSuffix(r.Type, ":"+kind) {
			return r
		}
	}
	require.Failf(t, "no resource", "%s", what)
	return nil
}

func drop(whats ...string) edit {
	return func(t *testing.T, g *graph.Graph) {
		for _, what := range whats {
			urn := find(t, g, what).URN
			g.Resources = slices.DeleteFunc(g.Resources, func(r graph.Resource) bool { return r.URN == urn })
		}
	}
}

// value is an input: "@Type name" is the id of a resource, "@Type name#output"
// an output of it.
func value(t *testing.T, g *graph.Graph, v any) resource.PropertyValue {
	t.Helper()
	switch v := v.(type) {
	case string:
		what, ok := strings.CutPrefix(v, "@")
		if !ok {
			return resource.NewProperty(v)
		}
		what, output, isOutput := strings.Cut(what, "#")
		r := find(t, g, what)
		if isOutput {
			return r.Outputs[resource.PropertyKey(output)]
		}
		return resource.NewProperty(r.ID)
	case []any:
		list := []resource.PropertyValue{}
		for _, element := range v {
			list = append(list, value(t, g, element))
		}
		return resource.NewProperty(list)
	case map[string]any:
		object := resource.PropertyMap{}
		for key, member := range v {
			object[resource.PropertyKey(key)] = value(t, g, member)
		}
		return resource.NewProperty(object)
	}
	return resource.NewPropertyValue(v)
}

func set(what, key string, v any) edit {
	return func(t *testing.T, g *graph.Graph) {
		r := find(t, g, what)
		give(t, g, r, key, v)
	}
}

// give sets an input and the edges that it makes.
func give(t *testing.T, g *graph.Graph, r *graph.Resource, key string, v any) {
	t.Helper()
	property := value(t, g, v)
	r.Inputs[resource.PropertyKey(key)], r.Outputs[resource.PropertyKey(key)] = property, property
	found := map[string]bool{}
	texts(property, found)
	r.PropertyDependencies[key] = []string{}
	if text, ok := v.(string); ok && strings.HasPrefix(text, "@") && strings.Contains(text, "#") {
		what, _, _ := strings.Cut(text[1:], "#")
		r.PropertyDependencies[key] = []string{find(t, g, what).URN}
		return
	}
	for i := range g.Resources {
		other := &g.Resources[i]
		named := map[string]bool{}
		texts(resource.NewProperty(other.Outputs), named)
		for text := range found {
			if other.Custom && other.URN != r.URN && (text == other.ID || strings.HasPrefix(text, "sg-") && named[text]) {
				r.PropertyDependencies[key] = append(r.PropertyDependencies[key], other.URN)
				break
			}
		}
	}
}

func unset(what, key string) edit {
	return func(t *testing.T, g *graph.Graph) {
		r := find(t, g, what)
		delete(r.Inputs, resource.PropertyKey(key))
		delete(r.Outputs, resource.PropertyKey(key))
		delete(r.PropertyDependencies, key)
	}
}

// add adds a resource of a type, in the provider of the first resource.
func add(token, name string, inputs map[string]any) edit {
	return func(t *testing.T, g *graph.Graph) {
		urn := "urn:pulumi:" + g.Stack + "::" + g.Project + "::" + token + "::" + name
		r := graph.Resource{
			URN: urn, ID: urn, Type: token, Name: name, Custom: true,
			Inputs: resource.PropertyMap{}, Outputs: resource.PropertyMap{},
			Dependencies: []string{}, PropertyDependencies: map[string][]string{},
		}
		for i := range g.Resources {
			if g.Resources[i].Provider != "" {
				r.Provider = g.Resources[i].Provider
				break
			}
		}
		for key, v := range inputs {
			give(t, g, &r, key, v)
		}
		g.Resources = append(g.Resources, r)
	}
}

func route(name, table, to, key, via string) edit {
	return add("aws:ec2/route:Route", name, map[string]any{"routeTableId": table, "destinationCidrBlock": to, key: via})
}

// acl puts a network ACL on subnets that lets everything in but replies, or out:
// nothing but the listed port.
func acl(subnets []any, inPort, outPort float64) edit {
	rule := func(port float64) []any {
		if port == 0 {
			return []any{map[string]any{"ruleNo": 100.0, "protocol": "-1", "action": "allow", "cidrBlock": "0.0.0.0/0", "fromPort": 0.0, "toPort": 0.0}}
		}
		return []any{map[string]any{"ruleNo": 100.0, "protocol": "tcp", "action": "allow", "cidrBlock": "0.0.0.0/0", "fromPort": port, "toPort": port}}
	}
	return func(t *testing.T, g *graph.Graph) {
		vpc := find(t, g, strings.TrimPrefix(subnets[0].(string), "@")).Inputs["vpcId"]
		add("aws:ec2/networkAcl:NetworkAcl", "acl", map[string]any{
			"vpcId": vpc.StringValue(), "subnetIds": subnets, "ingress": rule(inPort), "egress": rule(outPort),
		})(t, g)
	}
}

func vpn(vpc string) edit {
	return add("aws:ec2/vpnGateway:VpnGateway", "vgw", map[string]any{"vpcId": vpc})
}

func zonalNodes(format string) []any {
	var subnets []any
	for _, zone := range []string{"a", "b", "c"} {
		subnets = append(subnets, "@Subnet "+strings.ReplaceAll(format, "?", "eu-west-1"+zone))
	}
	return subnets
}

// peering joins the two planes of dedicated-dev by a peering with routes from
// and to the tables.
func peering(from, to string) edit {
	return all(
		add("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "pcx", map[string]any{
			"vpcId": "@Vpc control-vpc", "peerVpcId": "@Vpc net-vpc", "autoAccept": true,
		}),
		route("pcx-to-data", from, "10.20.0.0/16", "vpcPeeringConnectionId", "@VpcPeeringConnection pcx"),
		route("pcx-to-pods", from, "100.64.0.0/16", "vpcPeeringConnectionId", "@VpcPeeringConnection pcx"),
		route("pcx-to-control", to, "10.30.0.0/16", "vpcPeeringConnectionId", "@VpcPeeringConnection pcx"),
	)
}

// mutation is a broken program that one requirement has to refute, at the hop
// that was broken.
type mutation struct {
	id, stack, name string
	edit            edit
	at              string // "Type name", or "" where the place is the whole network's
}

func awsMutations() []mutation {
	const (
		vpcs  = "Vpc net-vpc"
		nat   = "@NatGateway net-nat-eu-west-1a"
		igw   = "@InternetGateway net-igw"
		aosV  = "Vpc aos-vpc"
		dev   = "dev"
		stage = "staging"
		both  = "dedicated-dev"
		aos   = "aoscloud-dev"
		aosS  = "aoscloud-staging"
		eks   = "aoscloud-cluster"
		nlb   = dev
	)
	newIGW := add("aws:ec2/internetGateway:InternetGateway", "new-igw", map[string]any{"vpcId": "@Vpc net-vpc"})
	return []mutation{
		{"ADDR-001", dev, "no association", drop("VpcIpv4CidrBlockAssociation net-pods"), vpcs},
		{"ADDR-001", dev, "a block that AWS refuses", set("VpcIpv4CidrBlockAssociation net-pods", "cidrBlock", "192.168.0.0/16"), "VpcIpv4CidrBlockAssociation net-pods"},
		{"ADDR-001", dev, "198.19 beside RFC 1918", set("VpcIpv4CidrBlockAssociation net-pods", "cidrBlock", "198.19.0.0/16"), "VpcIpv4CidrBlockAssociation net-pods"},
		{"ADDR-001", dev, "routed to a VPN", all(vpn("@Vpc net-vpc"), route("r", "@RouteTable net-nodes-eu-west-1a", "100.64.0.0/10", "gatewayId", "@VpnGateway vgw")), "Route r"},
		{"ADDR-001", both, "the control plane uses it", set("Vpc control-vpc", "cidrBlock", "100.64.0.0/16"), "Vpc control-vpc"},

		{"ADDR-002", dev, "a /25", set("Subnet net-nodes-eu-west-1b", "cidrBlock", "10.20.64.0/25"), "Subnet net-nodes-eu-west-1b"},
		{"ADDR-002", dev, "two subnets", drop("Subnet net-nodes-eu-west-1c", "RouteTableAssociation net-nodes-eu-west-1c"), vpcs},
		{"ADDR-002", stage, "in the pods' block", set("Subnet net-nodes-eu-west-1a", "cidrBlock", "100.64.192.0/20"), "Subnet net-nodes-eu-west-1a"},

		{"ADDR-003", dev, "a /19", set("Subnet net-pods-eu-west-1a", "cidrBlock", "100.64.0.0/19"), "Subnet net-pods-eu-west-1a"},
		{"ADDR-003", stage, "two subnets", drop("Subnet net-pods-eu-west-1b", "RouteTableAssociation net-pods-eu-west-1b"), vpcs},
		{"ADDR-003", both, "in the primary block", set("Subnet net-pods-eu-west-1c", "cidrBlock", "10.20.192.0/18"), "Subnet net-pods-eu-west-1c"},

		{"ADDR-004", dev, "two subnets", drop("Subnet net-public-eu-west-1c", "RouteTableAssociation net-public-eu-west-1c"), vpcs},
		{"ADDR-004", dev, "two zones", set("Subnet net-public-eu-west-1c", "availabilityZone", "eu-west-1a"), "Subnet net-public-eu-west-1c"},
		{"ADDR-004", aos, "two subnets", drop("Subnet aos-eks-public-eu-west-1b", "RouteTableAssociation aos-eks-public-eu-west-1b"), aosV},

		{"ADDR-005", dev, "outside", set("Subnet net-nodes-eu-west-1a", "cidrBlock", "10.99.0.0/18"), "Subnet net-nodes-eu-west-1a"},
		{"ADDR-005", dev, "over another one", set("Subnet net-pods-eu-west-1b", "cidrBlock", "100.64.0.0/18"), "Subnet net-pods-eu-west-1b"},
		{"ADDR-005", aos, "a /15", set("Vpc aos-vpc", "cidrBlock", "10.230.0.0/15"), aosV},

		{"ADDR-006", both, "the same block", set("Vpc control-vpc", "cidrBlock", "10.20.0.0/16"), ""},
		{"ADDR-006", dev, "a second VPC", add("aws:ec2/vpc:Vpc", "other", map[string]any{"cidrBlock": "10.20.128.0/20"}), "Vpc other"},
		{"ADDR-006", dev, "a VPN's route", all(vpn("@Vpc net-vpc"), route("r", "@RouteTable net-nodes-eu-west-1a", "10.20.0.0/14", "gatewayId", "@VpnGateway vgw")), "Route r"},

		{"ADDR-007", aosS, "development's block", set("Vpc aos-vpc", "cidrBlock", "10.231.0.0/16"), aosV},
		{"ADDR-007", aos, "staging's block", set("Vpc aos-vpc", "cidrBlock", "10.232.0.0/16"), aosV},
		{"ADDR-007", aos, "two in one graph", add("aws:ec2/vpc:Vpc", "dp-other", map[string]any{"cidrBlock": "10.231.128.0/17"}), ""},

		{"ADDR-008", aos, "a /29", set("Subnet aos-aurora-eu-west-1a", "cidrBlock", "10.231.253.192/29"), "Subnet aos-aurora-eu-west-1a"},
		{"ADDR-008", aos, "two zones", set("Subnet aos-documentdb-eu-west-1c", "availabilityZone", "eu-west-1b"), "Subnet aos-documentdb-eu-west-1c"},
		{"ADDR-008", aosS, "two subnets", drop("Subnet aos-elasticache-eu-west-1c"), aosV},

		{"ADDR-009", aos, "filled", all(
			add("aws:ec2/subnet:Subnet", "extra-a", map[string]any{"vpcId": "@Vpc aos-vpc", "cidrBlock": "10.231.128.0/18"}),
			add("aws:ec2/subnet:Subnet", "extra-b", map[string]any{"vpcId": "@Vpc aos-vpc", "cidrBlock": "10.231.64.0/19"}),
		), "Subnet extra-b"},
		{"ADDR-009", aos, "a /18", set("Vpc aos-vpc", "cidrBlock", "10.231.0.0/18"), ""},
		{"ADDR-009", aos, "a /12", set("Vpc aos-vpc", "cidrBlock", "10.224.0.0/12"), aosV},

		{"EGR-001", dev, "an internet gateway instead of NAT", all(
			unset("Route net-nodes-eu-west-1b-default", "natGatewayId"), set("Route net-nodes-eu-west-1b-default", "gatewayId", igw),
		), "Route net-nodes-eu-west-1b-default"},
		{"EGR-001", dev, "no route", drop("Route net-nodes-eu-west-1c-default"), "RouteTable net-nodes-eu-west-1c"},
		{"EGR-001", dev, "an ACL without ephemeral ports", acl([]any{"@Subnet net-nodes-eu-west-1a"}, 443, 0), "NetworkAcl acl"},
		{"EGR-001", aos, "half of the internet past NAT", route("r", "@RouteTable aos-eks-private", "128.0.0.0/1", "gatewayId", "@InternetGateway aos-igw"), "Route r"},
		{"EGR-001", dev, "the NAT gateway's subnet is cut off", drop("Route net-public-default"), "RouteTable net-public"},

		{"EGR-002", dev, "no NAT gateway", drop("NatGateway net-nat-eu-west-1a"), vpcs},
		{"EGR-002", dev, "in a node subnet", set("NatGateway net-nat-eu-west-1a", "subnetId", "@Subnet net-nodes-eu-west-1a"), "NatGateway net-nat-eu-west-1a"},
		{"EGR-002", aos, "private", set("NatGateway aos-nat-eu-west-1a", "connectivityType", "private"), "NatGateway aos-nat-eu-west-1a"},
		{"EGR-002", dev, "another zone's", add("aws:ec2/natGateway:NatGateway", "nat-b", map[string]any{"subnetId": "@Subnet net-public-eu-west-1b", "allocationId": "eipalloc-1"}), "Route net-nodes-eu-west-1b-default"},

		{"EGR-003", dev, "no route", drop("Route net-public-default"), "RouteTable net-public"},
		{"EGR-003", dev, "on the main table", drop("RouteTableAssociation net-public-eu-west-1b"), vpcs},
		{"EGR-003", dev, "a detached gateway", unset("InternetGateway net-igw", "vpcId"), "InternetGateway net-igw"},
		{"EGR-003", aos, "by NAT", all(unset("Route aos-eks-public-default", "gatewayId"), set("Route aos-eks-public-default", "natGatewayId", "@NatGateway aos-nat-eu-west-1a")), "NatGateway aos-nat-eu-west-1a"},

		{"EGR-007", dev, "no route", drop("Route net-nodes-eu-west-1a-default"), "RouteTable net-nodes-eu-west-1a"},
		{"EGR-007", dev, "no DNS", set("Vpc net-vpc", "enableDnsSupport", false), vpcs},
		{"EGR-007", dev, "an ACL without ephemeral ports", acl(zonalNodes("net-nodes-?"), 443, 0), "NetworkAcl acl"},

		{"ISO-001", dev, "a default route to NAT", route("r", "@RouteTable net-pods", "0.0.0.0/0", "natGatewayId", nat), "Route r"},
		{"ISO-001", dev, "a default route to the internet gateway", route("r", "@RouteTable net-pods", "0.0.0.0/0", "gatewayId", igw), "Route r"},
		{"ISO-001", dev, "one network of the internet", route("r", "@RouteTable net-pods", "198.51.100.0/24", "natGatewayId", nat), "Route r"},
		{"ISO-001", dev, "the public table", set("RouteTableAssociation net-pods-eu-west-1b", "routeTableId", "@RouteTable net-public"), "Route net-public-default"},
		{"ISO-001", both, "a new gateway", all(newIGW, route("r", "@RouteTable net-pods", "0.0.0.0/0", "gatewayId", "@InternetGateway new-igw")), "Route r"},

		{"ISO-002", dev, "out by a VPN", all(vpn("@Vpc net-vpc"), route("r", "@RouteTable net-pods", "10.0.0.0/8", "gatewayId", "@VpnGateway vgw")), "Route r"},
		{"ISO-002", both, "a peering", peering("@RouteTable control-private-eu-west-1a", "@RouteTable net-pods"), ""},
		{"ISO-002", both, "another network's route", all(
			add("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "pcx", map[string]any{"vpcId": "@Vpc control-vpc", "peerVpcId": "@Vpc net-vpc", "autoAccept": true}),
			route("r", "@RouteTable control-private-eu-west-1a", "100.64.0.0/10", "vpcPeeringConnectionId", "@VpcPeeringConnection pcx"),
		), "Route r"},

		{"ISO-003", both, "a peering", peering("@RouteTable control-private-eu-west-1a", "@RouteTable net-nodes-eu-west-1a"), "Route pcx-to-data"},
		{"ISO-003", both, "a service for everyone", all(
			set("VpcEndpointServiceAllowedPrinciple connector-allow-444455556666-root", "principalArn", "*"),
			set("VpcEndpointService connector", "acceptanceRequired", false),
		), ""},
		{"ISO-003", stage, "nodes on the internet", all(newIGW, route("r", "@RouteTable net-nodes-eu-west-1a", "0.0.0.0/0", "gatewayId", "@InternetGateway new-igw")), "Route r"},

		{"ISO-004", both, "an internet-facing load balancer", set("LoadBalancer connector-nlb", "internal", false), "LoadBalancer connector-nlb"},
		{"ISO-004", both, "an Elastic IP", add("aws:ec2/eip:Eip", "eip", map[string]any{"domain": "vpc"}), "Eip eip"},
		{"ISO-004", stage, "public addresses for instances", set("Subnet net-nodes-eu-west-1a", "mapPublicIpOnLaunch", true), "Subnet net-nodes-eu-west-1a"},

		{"ISO-005", stage, "an internet gateway", newIGW, "InternetGateway new-igw"},
		{"ISO-005", stage, "a default route", all(vpn("@Vpc net-vpc"), route("r", "@RouteTable net-nodes-eu-west-1a", "0.0.0.0/0", "gatewayId", "@VpnGateway vgw")), "Route r"},
		{"ISO-005", both, "a NAT gateway", add("aws:ec2/natGateway:NatGateway", "nat", map[string]any{"subnetId": "@Subnet net-nodes-eu-west-1a", "allocationId": "eipalloc-1"}), "NatGateway nat"},

		{"ISO-006", aos, "the private table", add("aws:ec2/routeTableAssociation:RouteTableAssociation", "a", map[string]any{"subnetId": "@Subnet aos-aurora-eu-west-1a", "routeTableId": "@RouteTable aos-eks-private"}), "Route aos-eks-private-default"},
		{"ISO-006", aos, "the public table", add("aws:ec2/routeTableAssociation:RouteTableAssociation", "a", map[string]any{"subnetId": "@Subnet aos-elasticache-eu-west-1b", "routeTableId": "@RouteTable aos-eks-public"}), "Route aos-eks-public-default"},
		{"ISO-006", aosS, "a route in the main table", route("r", "@Vpc aos-vpc#mainRouteTableId", "0.0.0.0/0", "natGatewayId", "@NatGateway aos-nat-eu-west-1a"), "Route r"},

		{"ISO-007", aosS, "management for everyone", set("SecurityGroupIngressRule aos-public-lb-tcp-10000-10.0.0.0-8", "cidrIpv4", "0.0.0.0/0"), "SecurityGroupIngressRule aos-public-lb-tcp-10000-10.0.0.0-8"},
		{"ISO-007", aosS, "SSH for everyone", add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ssh", map[string]any{
			"securityGroupId": "@SecurityGroup aos-public-lb", "ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0, "cidrIpv4": "0.0.0.0/0",
		}), "SecurityGroupIngressRule ssh"},
		{"ISO-007", aosS, "every port", set("SecurityGroupIngressRule aos-public-lb-tcp-443-0.0.0.0-0", "toPort", 65535.0), "SecurityGroupIngressRule aos-public-lb-tcp-443-0.0.0.0-0"},
		{"ISO-007", nlb, "another block than declared", set("SecurityGroupIngressRule connector-from-203-0-113-0-24-443", "cidrIpv4", "198.51.100.0/24"), "SecurityGroupIngressRule connector-from-203-0-113-0-24-443"},
		{"ISO-007", aosS, "another port than declared", all(
			set("SecurityGroupIngressRule aos-public-lb-tcp-10000-10.0.0.0-8", "fromPort", 22.0), set("SecurityGroupIngressRule aos-public-lb-tcp-10000-10.0.0.0-8", "toPort", 22.0),
		), "SecurityGroupIngressRule aos-public-lb-tcp-10000-10.0.0.0-8"},

		{"REA-001", nlb, "the group lets nothing through to nodes", drop("SecurityGroupEgressRule connector-to-10-20-64-0-18-443"), "SecurityGroup connector-nlb"},
		{"REA-001", nlb, "nobody admitted", drop("SecurityGroupIngressRule connector-from-203-0-113-0-24-443"), "SecurityGroup connector-nlb"},
		{"REA-001", nlb, "public subnets cut off", drop("Route net-public-default"), ""},
		{"REA-001", nlb, "a target that admits the clients and not the balancer", behindConnector("203.0.113.0/24"), "SecurityGroup app"},
		{"REA-001", nlb, "no listener", drop("Listener connector-443"), "LoadBalancer connector-nlb"},
		{"REA-001", dev, "an ACL without ephemeral ports", acl(zonalNodes("net-public-?"), 0, 443), "NetworkAcl acl"},

		{"REA-002", both, "no endpoint service", drop("VpcEndpointService connector"), vpcs},
		{"REA-002", both, "the group lets nothing through to nodes", drop("SecurityGroupEgressRule connector-to-10-20-64-0-18-443"), "SecurityGroup connector-nlb"},
		{"REA-002", both, "no listener", drop("Listener connector-443"), "LoadBalancer connector-nlb"},
		{"REA-002", both, "clients not admitted", drop("SecurityGroupIngressRule control-connector-from-10-30-0-0-16-443"), "SecurityGroup control-connector"},
		{"REA-002", stage, "an ACL without ephemeral ports", acl(zonalNodes("net-nodes-?"), 0, 443), "NetworkAcl acl"},

		{"REA-003", stage, "no endpoint", drop("VpcEndpoint endpoints-sqs"), ""},
		{"REA-003", stage, "no private DNS", set("VpcEndpoint endpoints-sqs", "privateDnsEnabled", false), ""},
		{"REA-003", both, "pods not admitted", drop("SecurityGroupIngressRule endpoints-100.64.0.0-16-443"), "SecurityGroup endpoints"},
		{"REA-003", both, "the control plane not admitted", drop("SecurityGroupIngressRule control-endpoints-10.30.0.0-16-443"), "SecurityGroup control-endpoints"},
		{"REA-003", dev, "no route for the nodes", drop("Route net-nodes-eu-west-1a-default"), "RouteTable net-nodes-eu-west-1a"},

		{"REA-004", eks, "no rule", drop("SecurityGroupIngressRule aos-eks-to-base"), aosV},
		{"REA-004", eks, "one port", all(
			set("SecurityGroupIngressRule aos-eks-to-base", "ipProtocol", "tcp"),
			set("SecurityGroupIngressRule aos-eks-to-base", "fromPort", 5432.0), set("SecurityGroupIngressRule aos-eks-to-base", "toPort", 5432.0),
		), aosV},
		{"REA-004", eks, "an ACL without ephemeral ports", acl([]any{"@Subnet aos-documentdb-us-east-1a"}, 0, 443), "NetworkAcl acl"},

		{"REA-005", eks, "no way to the default group", drop("SecurityGroupIngressRule aos-eks-to-base"), aosV},
		{"REA-005", eks, "no way back", drop("SecurityGroupIngressRule aos-base-to-eks"), ""},
		{"REA-005", eks, "TCP only", all(
			set("SecurityGroupIngressRule aos-base-to-eks", "ipProtocol", "tcp"),
			set("SecurityGroupIngressRule aos-base-to-eks", "fromPort", 0.0), set("SecurityGroupIngressRule aos-base-to-eks", "toPort", 65535.0),
		), ""},

		{"REA-006", eks, "no rule", drop("SecurityGroupIngressRule aos-eks-to-base"), aosV},
		{"REA-006", eks, "another port", all(
			set("SecurityGroupIngressRule aos-eks-to-base", "ipProtocol", "tcp"),
			set("SecurityGroupIngressRule aos-eks-to-base", "fromPort", 443.0), set("SecurityGroupIngressRule aos-eks-to-base", "toPort", 443.0),
		), aosV},
		{"REA-006", eks, "no mount targets", drop("MountTarget aos-efs-us-east-1a", "MountTarget aos-efs-us-east-1b", "MountTarget aos-efs-us-east-1c"), aosV},

		{"REA-007", stage, "pods not admitted", drop("SecurityGroupIngressRule endpoints-100.64.0.0-16-443"), "SecurityGroup endpoints"},
		{"REA-007", stage, "another port", all(
			set("SecurityGroupIngressRule endpoints-10.21.0.0-16-443", "fromPort", 8443.0), set("SecurityGroupIngressRule endpoints-10.21.0.0-16-443", "toPort", 8443.0),
		), "SecurityGroup endpoints"},
		{"REA-007", both, "an ACL without ephemeral ports", acl(zonalNodes("net-endpoints-?"), 0, 443), "NetworkAcl acl"},

		{"EP-001", stage, "one less", drop("VpcEndpoint endpoints-kms"), vpcs},
		{"EP-001", stage, "another service", set("VpcEndpoint endpoints-xray", "serviceName", "com.amazonaws.eu-west-1.ssmmessages"), vpcs},
		{"EP-001", both, "one less", drop("VpcEndpoint endpoints-aps-workspaces"), vpcs},

		{"EP-002", both, "one less", drop("VpcEndpoint control-endpoints-ecs"), "Vpc control-vpc"},
		{"EP-002", both, "another service", set("VpcEndpoint control-endpoints-ssmmessages", "serviceName", "com.amazonaws.eu-west-1.secretsmanager"), "Vpc control-vpc"},
		{"EP-002", both, "in the other VPC", set("VpcEndpoint control-endpoints-sts", "vpcId", "@Vpc net-vpc"), "Vpc control-vpc"},

		{"EP-003", aos, "one less", drop("VpcEndpoint aos-endpoints-autoscaling"), aosV},
		{"EP-003", aos, "S3 as a gateway only", drop("VpcEndpoint aos-endpoints-s3"), aosV},
		{"EP-003", aos, "another service", set("VpcEndpoint aos-endpoints-email-smtp", "serviceName", "com.amazonaws.eu-west-1.email"), aosV},

		{"EP-004", stage, "off", set("VpcEndpoint endpoints-ecr-dkr", "privateDnsEnabled", false), "VpcEndpoint endpoints-ecr-dkr"},
		{"EP-004", aos, "off", set("VpcEndpoint aos-endpoints-sts", "privateDnsEnabled", false), "VpcEndpoint aos-endpoints-sts"},
		{"EP-004", both, "not set, which is off", unset("VpcEndpoint control-endpoints-kms", "privateDnsEnabled"), "VpcEndpoint control-endpoints-kms"},

		{"EP-005", eks, "the default group alone", set("VpcEndpoint aos-endpoints-ec2", "securityGroupIds", []any{"@Vpc aos-vpc#defaultSecurityGroupId"}), "VpcEndpoint aos-endpoints-ec2"},
		{"EP-005", eks, "the cluster's alone", set("VpcEndpoint aos-endpoints-rds", "securityGroupIds", []any{"sg-0123456789abcdef0"}), "VpcEndpoint aos-endpoints-rds"},
		{"EP-005", eks, "another group", all(
			add("aws:ec2/securityGroup:SecurityGroup", "other", map[string]any{"vpcId": "@Vpc aos-vpc"}),
			set("VpcEndpoint aos-endpoints-sts", "securityGroupIds", []any{"@Vpc aos-vpc#defaultSecurityGroupId", "@SecurityGroup other"}),
		), "VpcEndpoint aos-endpoints-sts"},

		{"EP-006", aos, "the public table", set("RouteTableAssociation aos-endpoints-eu-west-1a", "routeTableId", "@RouteTable aos-eks-public"), "RouteTableAssociation aos-endpoints-eu-west-1a"},
		{"EP-006", aos, "the main table", drop("RouteTableAssociation aos-endpoints-eu-west-1a"), aosV},
		{"EP-006", aosS, "a table of its own", all(
			add("aws:ec2/routeTable:RouteTable", "own", map[string]any{"vpcId": "@Vpc aos-vpc"}),
			set("RouteTableAssociation aos-endpoints-eu-west-1b", "routeTableId", "@RouteTable own"),
		), "RouteTableAssociation aos-endpoints-eu-west-1b"},

		{"EP-007", "central", "a zone that is not associated", drop("ZoneAssociation data-sts-eu-west-1"), vpcs},
		{"EP-007", "central", "no route", drop("Route data-to-eu-west-1b-10.40.0.0-22"), "RouteTable net-nodes-eu-west-1b"},
		{"EP-007", "central", "no route back", drop("Route data-from-endpoints-10.20.0.0-16"), "RouteTable hub-endpoints"},
		{"EP-007", "central", "not admitted", drop("SecurityGroupIngressRule central-endpoints-10.20.0.0-16-443"), "SecurityGroup central-endpoints"},

		{"EP-008", stage, "not on the nodes' table", drop("VpcEndpointRouteTableAssociation net-s3-nodes-eu-west-1b"), "RouteTable net-nodes-eu-west-1b"},
		{"EP-008", stage, "not on the pods' table", drop("VpcEndpointRouteTableAssociation net-s3-pods"), "RouteTable net-pods"},
		{"EP-008", both, "another service", set("VpcEndpoint net-s3", "serviceName", "com.amazonaws.eu-west-1.dynamodb"), ""},
		{"EP-008", eks, "no gateway endpoint and no NAT", drop("Route aos-eks-private-default"), "RouteTable aos-eks-private"},

		{"DNS-001", dev, "no hostnames", set("Vpc net-vpc", "enableDnsHostnames", false), vpcs},
		{"DNS-001", aos, "no support", set("Vpc aos-vpc", "enableDnsSupport", false), aosV},
		{"DNS-001", both, "hostnames not set, which is off", unset("Vpc control-vpc", "enableDnsHostnames"), "Vpc control-vpc"},

		{"TAG-001", dev, "private subnet without", set("Subnet net-nodes-eu-west-1a", "tags", map[string]any{"Name": "net-nodes-eu-west-1a"}), "Subnet net-nodes-eu-west-1a"},
		{"TAG-001", aos, "public subnet without", set("Subnet aos-eks-public-eu-west-1c", "tags", map[string]any{}), "Subnet aos-eks-public-eu-west-1c"},
		{"TAG-001", aos, "the wrong one", set("Subnet aos-eks-private-eu-west-1b", "tags", map[string]any{"kubernetes.io/role/elb": "1"}), "Subnet aos-eks-private-eu-west-1b"},
	}
}

// allMutations are those of both clouds.
func allMutations() []mutation { return append(awsMutations(), azureMutations()...) }

// load returns the environment that a mutation breaks.
func load(t *testing.T, stack string) (g *graph.Graph, model string) {
	t.Helper()
	if strings.HasPrefix(stack, "azure-") {
		return azureGraph(t, stack)
	}
	return record(t, stack)
}

// Each broken program is refuted by the requirement that it breaks, at the hop
// that was broken.
func TestMutations(t *testing.T) {
	mutations := allMutations()
	killed := map[string]int{}
	for _, m := range mutations {
		t.Run(m.id+" "+m.stack+" "+m.name, func(t *testing.T) {
			g, model := load(t, m.stack)
			before := verdict(t, g, model, m.id)
			require.NotEqual(t, requirements.Refuted, before.Verdict, "before the change: %s", before.Reason)
			m.edit(t, g)
			after := verdict(t, g, model, m.id)
			require.Equal(t, requirements.Refuted, after.Verdict, "%s; %v", after.Reason, after.Unknowns)
			killed[m.id]++
			require.NotEmpty(t, after.BlockedBy.URN)
			if m.at != "" {
				assert.Equal(t, find(t, g, m.at).URN, after.BlockedBy.URN, "%s", after.Reason)
			}
		})
	}
	refuted := 0
	for _, n := range killed {
		refuted += n
	}
	t.Logf("%d of %d broken programs refuted", refuted, len(mutations))
	for _, r := range requirements.All() {
		assert.GreaterOrEqual(t, killed[r.ID], 3, "broken programs for %s", r.ID)
	}
}

// verdict is the result of one requirement.
func verdict(t *testing.T, g *graph.Graph, model, id string) requirements.Result {
	t.Helper()
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
	require.NoError(t, err)
	i := slices.IndexFunc(results, func(r requirements.Result) bool { return r.ID == id })
	require.GreaterOrEqual(t, i, 0, "%s is not bound to %s", id, model)
	return results[i]
}

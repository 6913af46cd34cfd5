package topology

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The expectations are AWS's documents:
// https://docs.aws.amazon.com/vpc/latest/userguide/ (route tables, network ACLs,
// security groups, DNS), with the defaults of pulumi-aws.

func vpc(name, cidr string, more ...props) res {
	in := props{"cidrBlock": cidr}
	for _, p := range more {
		for key, value := range p {
			in[key] = value
		}
	}
	return res{kind: "ec2/vpc:Vpc", name: name, in: in}
}

func subnetIn(network, name, cidr string) res {
	return res{kind: "ec2/subnet:Subnet", name: name, in: props{"vpcId": id(network), "cidrBlock": cidr, "availabilityZone": "eu-west-1a"}}
}

func tableIn(network, name string) res {
	return res{kind: "ec2/routeTable:RouteTable", name: name, in: props{"vpcId": id(network)}}
}

func associated(table, subnet string) res {
	return res{kind: "ec2/routeTableAssociation:RouteTableAssociation", name: table + "-" + subnet,
		in: props{"routeTableId": id(table), "subnetId": id(subnet)}}
}

func routeIn(table, name string, in props) res {
	in["routeTableId"] = id(table)
	return res{kind: "ec2/route:Route", name: name, in: in}
}

func groupIn(network, name string, in props) res {
	if in == nil {
		in = props{}
	}
	in["vpcId"] = id(network)
	return res{kind: "ec2/securityGroup:SecurityGroup", name: name, in: in}
}

func TestVPC(t *testing.T) {
	eachShape(t, []res{
		vpc("plain", "10.0.0.0/16"),
		vpc("full", "10.1.0.0/16", props{
			"enableDnsSupport": false, "enableDnsHostnames": true, "assignGeneratedIpv6CidrBlock": true,
		}),
		{kind: "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", name: "pods",
			in: props{"vpcId": id("full"), "cidrBlock": "100.64.0.0/16"}},
		{kind: "ec2/vpcDhcpOptions:VpcDhcpOptions", name: "own", in: props{"domainNameServers": list("10.9.0.2", "10.9.0.3")}},
		{kind: "ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation", name: "full-own", in: props{"vpcId": id("full"), "dhcpOptionsId": id("own")}},
		{kind: "ec2/vpcDhcpOptions:VpcDhcpOptions", name: "amazon", in: props{"domainNameServers": list("AmazonProvidedDNS")}},
		{kind: "ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation", name: "plain-amazon", in: props{"vpcId": id("plain"), "dhcpOptionsId": id("amazon")}},
	}, func(t *testing.T, m *Model) {
		plain, full := m.networkOf(t, "plain"), m.networkOf(t, "full")
		assert.True(t, known(t, plain.DNSSupport))
		assert.False(t, known(t, plain.DNSHostnames), "off unless it is asked for")
		assert.Empty(t, known(t, plain.DNSServers))
		require.Len(t, plain.Prefixes, 1)
		assert.Equal(t, "plain cidrBlock", refText(plain.Prefixes[0].Ref()))

		assert.False(t, known(t, full.DNSSupport))
		assert.True(t, known(t, full.DNSHostnames))
		assert.Equal(t, []netip.Addr{netip.MustParseAddr("10.9.0.2"), netip.MustParseAddr("10.9.0.3")}, known(t, full.DNSServers))
		require.Len(t, full.Prefixes, 3)
		assert.Equal(t, netip.MustParsePrefix("10.1.0.0/16"), known(t, full.Prefixes[0]))
		assert.False(t, full.Prefixes[1].IsKnown(), "Amazon picks the IPv6 range")
		assert.Equal(t, "full ipv6CidrBlock", refText(full.Prefixes[1].Ref()))
		assert.Equal(t, netip.MustParsePrefix("100.64.0.0/16"), known(t, full.Prefixes[2]))
		assert.Empty(t, m.Unsupported)
	})
}

func TestRoutes(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/internetGateway:InternetGateway", name: "igw", in: props{"vpcId": id("vpc")}},
		{kind: "ec2/internetGateway:InternetGateway", name: "loose"},
		{kind: "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", name: "eigw", in: props{"vpcId": id("vpc")}},
		{kind: "ec2/eip:Eip", name: "eip", in: props{"domain": "vpc"}},
		subnetIn("vpc", "public", "10.0.0.0/24"),
		subnetIn("vpc", "private", "10.0.1.0/24"),
		subnetIn("vpc", "alone", "10.0.2.0/24"),
		{kind: "ec2/natGateway:NatGateway", name: "nat", in: props{"subnetId": id("public"), "allocationId": id("eip")}},
		{kind: "ec2/natGateway:NatGateway", name: "inner", in: props{"subnetId": id("public"), "connectivityType": "private"}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "s3", in: props{"vpcId": id("vpc"), "serviceName": "com.amazonaws.eu-west-1.s3"}},
		{kind: "ec2/managedPrefixList:ManagedPrefixList", name: "office",
			in: props{"name": "office", "entries": list(props{"cidr": "192.0.2.0/24"})}},
		{kind: "ec2/managedPrefixListEntry:ManagedPrefixListEntry", name: "more", in: props{"prefixListId": id("office"), "cidr": "198.51.100.0/24"}},
		tableIn("vpc", "outer"),
		{kind: "ec2/routeTable:RouteTable", name: "inline", in: props{"vpcId": id("vpc"), "routes": list(
			props{"cidrBlock": "0.0.0.0/0", "natGatewayId": id("nat")},
			props{"ipv6CidrBlock": "::/0", "egressOnlyGatewayId": id("eigw")},
			props{"cidrBlock": "10.0.0.0/16", "gatewayId": "local"},
		)}},
		routeIn("outer", "default", props{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": id("igw")}),
		routeIn("outer", "offices", props{"destinationPrefixListId": id("office"), "natGatewayId": id("inner")}),
		associated("outer", "public"),
		associated("inline", "private"),
		{kind: "ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation", name: "s3-inline",
			in: props{"vpcEndpointId": id("s3"), "routeTableId": id("inline")}},
	}, func(t *testing.T, m *Model) {
		assert.Equal(t, []string{
			"10.0.0.0/16 → local local (vpc cidrBlock)",
			"0.0.0.0/0 → internet igw (default)",
			"192.0.2.0/24+198.51.100.0/24 → nat inner (offices)",
		}, routesOf(m, m.tableOf(t, "outer")))
		inline := routesOf(m, m.tableOf(t, "inline"))
		assert.ElementsMatch(t, []string{
			"10.0.0.0/16 → local local (vpc cidrBlock)",
			"0.0.0.0/0 → nat nat (inline routes[0])",
			"::/0 → egress-only eigw (inline routes[1])",
			"s3.eu-west-1 → service s3 (s3-inline)",
		}, inline)
		assert.Equal(t, []string{"10.0.0.0/16 → local local (vpc cidrBlock)"}, routesOf(m, m.tableOf(t, "vpc#defaultRouteTableId")))

		assert.Same(t, m.tableOf(t, "outer"), known(t, m.subnetOf(t, "public").Table))
		assert.Equal(t, "outer-public routeTableId", refText(m.subnetOf(t, "public").Table.Ref()))
		assert.Same(t, m.tableOf(t, "vpc#defaultRouteTableId"), known(t, m.subnetOf(t, "alone").Table), "the main one")

		assert.True(t, known(t, m.gatewayOf(t, "igw").Attached))
		assert.False(t, known(t, m.gatewayOf(t, "loose").Attached))
		nat := m.gatewayOf(t, "nat")
		assert.True(t, known(t, nat.Public))
		assert.Same(t, m.subnetOf(t, "public"), known(t, nat.Subnet))
		require.Len(t, nat.Addresses, 1)
		assert.Equal(t, "eip publicIp", refText(nat.Addresses[0].Ref()))
		assert.False(t, known(t, m.gatewayOf(t, "inner").Public))
		assert.Empty(t, m.Unsupported)
	})
}

// The main table is the one that the program makes the main one, or adopts.
func TestMainRouteTable(t *testing.T) {
	eachShape(t, []res{
		vpc("adopted", "10.0.0.0/16"),
		{kind: "ec2/internetGateway:InternetGateway", name: "igw", in: props{"vpcId": id("adopted")}},
		{kind: "ec2/defaultRouteTable:DefaultRouteTable", name: "default", in: props{
			"defaultRouteTableId": out("adopted", "defaultRouteTableId"),
			"routes":              list(props{"cidrBlock": "0.0.0.0/0", "gatewayId": id("igw")}),
		}},
		subnetIn("adopted", "a", "10.0.0.0/24"),
		vpc("replaced", "10.1.0.0/16"),
		tableIn("replaced", "new"),
		{kind: "ec2/mainRouteTableAssociation:MainRouteTableAssociation", name: "main", in: props{"vpcId": id("replaced"), "routeTableId": id("new")}},
		subnetIn("replaced", "b", "10.1.0.0/24"),
		vpc("given", "10.2.0.0/16"),
		{kind: "ec2/internetGateway:InternetGateway", name: "igw2", in: props{"vpcId": id("given")}},
		{kind: "ec2/route:Route", name: "to-main", in: props{
			"routeTableId": out("given", "mainRouteTableId"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": id("igw2"),
		}},
		subnetIn("given", "c", "10.2.0.0/24"),
	}, func(t *testing.T, m *Model) {
		assert.Equal(t, []string{
			"10.0.0.0/16 → local local (adopted cidrBlock)", "0.0.0.0/0 → internet igw (default routes[0])",
		}, routesOf(m, known(t, m.subnetOf(t, "a").Table)))
		assert.Same(t, m.tableOf(t, "new"), known(t, m.subnetOf(t, "b").Table))
		assert.Equal(t, []string{
			"10.2.0.0/16 → local local (given cidrBlock)", "0.0.0.0/0 → internet igw2 (to-main)",
		}, routesOf(m, known(t, m.subnetOf(t, "c").Table)))
	})
}

func TestNetworkACLs(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		subnetIn("vpc", "default", "10.0.0.0/24"),
		subnetIn("vpc", "inline", "10.0.1.0/24"),
		subnetIn("vpc", "joined", "10.0.2.0/24"),
		{kind: "ec2/networkAcl:NetworkAcl", name: "acl", in: props{
			"vpcId": id("vpc"), "subnetIds": list(id("inline")),
			"ingress": list(
				props{"ruleNo": 200, "protocol": "tcp", "action": "deny", "cidrBlock": "0.0.0.0/0", "fromPort": 22, "toPort": 22},
				props{"ruleNo": 100, "protocol": "6", "action": "allow", "cidrBlock": "10.0.0.0/8", "fromPort": 443, "toPort": 443},
			),
		}},
		{kind: "ec2/networkAclRule:NetworkAclRule", name: "replies", in: props{
			"networkAclId": id("acl"), "egress": true, "ruleNumber": 100, "protocol": "tcp", "ruleAction": "allow",
			"cidrBlock": "0.0.0.0/0", "fromPort": 1024, "toPort": 65535,
		}},
		{kind: "ec2/networkAclRule:NetworkAclRule", name: "first", in: props{
			"networkAclId": id("acl"), "ruleNumber": 50, "protocol": "-1", "ruleAction": "deny", "cidrBlock": "192.0.2.0/24",
		}},
		{kind: "ec2/networkAclRule:NetworkAclRule", name: "ping", in: props{
			"networkAclId": id("acl"), "ruleNumber": 300, "protocol": "icmp", "icmpType": 8, "icmpCode": -1, "ruleAction": "allow", "cidrBlock": "10.0.0.0/8",
		}},
		{kind: "ec2/networkAclAssociation:NetworkAclAssociation", name: "join", in: props{"networkAclId": id("acl"), "subnetId": id("joined")}},
	}, func(t *testing.T, m *Model) {
		acl := m.filterOf(t, "acl")
		assert.False(t, acl.Stateful)
		assert.Equal(t, []string{
			"50 deny all 192.0.2.0/24 all (first)",
			"100 allow 6 10.0.0.0/8 443-443 (acl ingress[1])",
			"200 deny 6 0.0.0.0/0 22-22 (acl ingress[0])",
			"300 perhaps 1 10.0.0.0/8 all (ping)",
		}, rulesOf(m, acl, true))
		assert.Equal(t, []string{"100 allow 6 0.0.0.0/0 1024-65535 (replies)"}, rulesOf(m, acl, false))
		assert.Same(t, acl, known(t, m.subnetOf(t, "inline").Filter))
		assert.Same(t, acl, known(t, m.subnetOf(t, "joined").Filter))
		own := known(t, m.subnetOf(t, "default").Filter)
		assert.Equal(t, []string{
			"100 allow all 0.0.0.0/0 all (vpc defaultNetworkAclId)", "101 allow all ::/0 all (vpc defaultNetworkAclId)",
		}, rulesOf(m, own, true))
		assert.Equal(t, rulesOf(m, own, true), rulesOf(m, own, false))
	})
}

// The default ACL denies everything once a program manages it.
func TestDefaultNetworkACL(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/defaultNetworkAcl:DefaultNetworkAcl", name: "acl", in: props{"defaultNetworkAclId": out("vpc", "defaultNetworkAclId")}},
		subnetIn("vpc", "a", "10.0.0.0/24"),
	}, func(t *testing.T, m *Model) {
		acl := known(t, m.subnetOf(t, "a").Filter)
		assert.Equal(t, "acl", acl.Name)
		assert.Empty(t, acl.In)
		assert.Empty(t, acl.Out)
		assert.Empty(t, acl.Incomplete)
	})
}

func TestSecurityGroups(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/managedPrefixList:ManagedPrefixList", name: "office", in: props{"name": "office", "entries": list(props{"cidr": "192.0.2.0/24"})}},
		groupIn("vpc", "db", nil),
		groupIn("vpc", "inline", props{
			"ingress": list(
				props{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": list("10.0.0.0/8", "172.16.0.0/12"), "self": true},
				props{"protocol": "-1", "fromPort": 0, "toPort": 0, "securityGroups": list(id("db"))},
				props{"protocol": "udp", "fromPort": 53, "toPort": 53, "prefixListIds": list(id("office"))},
			),
			"egress": list(props{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": list("0.0.0.0/0"), "ipv6CidrBlocks": list("::/0")}),
		}),
		{kind: "ec2/securityGroupRule:SecurityGroupRule", name: "old", in: props{
			"securityGroupId": id("db"), "type": "ingress", "protocol": "tcp", "fromPort": 5432, "toPort": 5432, "sourceSecurityGroupId": id("inline"),
		}},
		{kind: "vpc/securityGroupIngressRule:SecurityGroupIngressRule", name: "new", in: props{
			"securityGroupId": id("db"), "ipProtocol": "icmp", "fromPort": -1, "toPort": -1, "cidrIpv4": "10.0.0.0/8",
		}},
		{kind: "vpc/securityGroupEgressRule:SecurityGroupEgressRule", name: "out", in: props{
			"securityGroupId": id("db"), "ipProtocol": "-1", "cidrIpv6": "::/0",
		}},
		{kind: "vpc/securityGroupIngressRule:SecurityGroupIngressRule", name: "base", in: props{
			"securityGroupId": out("vpc", "defaultSecurityGroupId"), "ipProtocol": "-1", "referencedSecurityGroupId": id("inline"),
		}},
	}, func(t *testing.T, m *Model) {
		assert.Equal(t, []string{
			"0 allow 6 10.0.0.0/8+172.16.0.0/12+members of inline 443-443 (inline ingress[0])",
			"0 allow all members of db all (inline ingress[1])",
			"0 allow 17 192.0.2.0/24 53-53 (inline ingress[2])",
		}, rulesOf(m, m.filterOf(t, "inline"), true))
		assert.Equal(t, []string{"0 allow all 0.0.0.0/0+::/0 all (inline egress[0])"}, rulesOf(m, m.filterOf(t, "inline"), false))
		assert.Equal(t, []string{
			"0 allow 6 members of inline 5432-5432 (old)", "0 allow 1 10.0.0.0/8 all (new)",
		}, rulesOf(m, m.filterOf(t, "db"), true))
		assert.Equal(t, []string{"0 allow all ::/0 all (out)"}, rulesOf(m, m.filterOf(t, "db"), false))
		own := m.filterOf(t, "vpc#defaultSecurityGroupId")
		assert.Equal(t, []string{
			"0 allow all members of default all (vpc defaultSecurityGroupId)", "0 allow all members of inline all (base)",
		}, rulesOf(m, own, true))
		assert.Equal(t, []string{"0 allow all anyone all (vpc defaultSecurityGroupId)"}, rulesOf(m, own, false))
		for _, f := range m.Filters {
			assert.Empty(t, f.Incomplete, f.Name)
		}
	})
}

// pulumi-aws takes the default group's rules away when it adopts it.
func TestDefaultSecurityGroup(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/defaultSecurityGroup:DefaultSecurityGroup", name: "closed", in: props{"vpcId": id("vpc")}},
		subnetIn("vpc", "a", "10.0.0.0/24"),
		{kind: "ec2/instance:Instance", name: "host", in: props{"subnetId": id("a")}},
		{kind: "efs/mountTarget:MountTarget", name: "efs", in: props{"subnetId": id("a"), "securityGroups": list(out("vpc", "defaultSecurityGroupId"))}},
	}, func(t *testing.T, m *Model) {
		require.Len(t, m.Interfaces, 2)
		closed := m.filterOf(t, "closed")
		for _, i := range m.Interfaces {
			assert.Equal(t, []*Filter{closed}, i.Groups)
			assert.Equal(t, [][]*Filter{{closed}}, i.Filters)
		}
		assert.Empty(t, closed.In)
		assert.Empty(t, closed.Out)
	})
}

func TestInstances(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/subnet:Subnet", name: "open", in: props{"vpcId": id("vpc"), "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": true}},
		subnetIn("vpc", "closed", "10.0.1.0/24"),
		groupIn("vpc", "sg", nil),
		{kind: "ec2/instance:Instance", name: "by-subnet", in: props{"subnetId": id("open"), "vpcSecurityGroupIds": list(id("sg"))}},
		{kind: "ec2/instance:Instance", name: "refused", in: props{"subnetId": id("open"), "associatePublicIpAddress": false, "privateIp": "10.0.0.9"}},
		{kind: "ec2/instance:Instance", name: "eip", in: props{"subnetId": id("closed")}},
		{kind: "ec2/eip:Eip", name: "address", in: props{"domain": "vpc"}},
		{kind: "ec2/eipAssociation:EipAssociation", name: "join", in: props{"instanceId": id("eip"), "allocationId": id("address")}},
		{kind: "ec2/networkInterface:NetworkInterface", name: "eni", in: props{
			"subnetId": id("closed"), "securityGroups": list(id("sg")), "privateIps": list("10.0.1.7"), "sourceDestCheck": false,
		}},
		{kind: "ec2/instance:Instance", name: "nva", in: props{"networkInterfaces": list(props{"deviceIndex": 0, "networkInterfaceId": id("eni")})}},
		tableIn("vpc", "rt"),
		routeIn("rt", "through", props{"destinationCidrBlock": "0.0.0.0/0", "networkInterfaceId": id("eni")}),
	}, func(t *testing.T, m *Model) {
		find := func(name string) *Interface {
			return one(t, m.Interfaces, name, func(i *Interface) Ref { return i.Ref })
		}
		assert.Len(t, m.Interfaces, 4, "an instance on an interface of its own has no other")
		assert.True(t, known(t, find("by-subnet").Public))
		assert.Equal(t, []*Filter{m.filterOf(t, "sg")}, find("by-subnet").Groups)
		assert.False(t, known(t, find("refused").Public))
		assert.Equal(t, netip.MustParseAddr("10.0.0.9"), known(t, find("refused").Addresses[0]))
		assert.Equal(t, []*Filter{m.filterOf(t, "vpc#defaultSecurityGroupId")}, find("refused").Groups)
		assert.True(t, known(t, find("eip").Public))
		require.Len(t, find("eip").PublicAddresses, 1)
		assert.Equal(t, "address publicIp", refText(find("eip").PublicAddresses[0].Ref()))
		assert.Equal(t, ForwardingInterface, find("eni").Kind)
		through := m.tableOf(t, "rt").Routes[1]
		assert.Equal(t, Appliance, known(t, through.Via).Kind)
		assert.Same(t, find("eni"), known(t, known(t, through.Via).Interface))
	})
}

func TestPeering(t *testing.T) {
	eachShape(t, []res{
		vpc("near", "10.0.0.0/16"), vpc("far", "10.1.0.0/16"),
		tableIn("near", "near-rt"), tableIn("far", "far-rt"),
		{kind: "ec2/vpcPeeringConnection:VpcPeeringConnection", name: "peer", in: props{"vpcId": id("near"), "peerVpcId": id("far"), "autoAccept": true}},
		{kind: "ec2/vpcPeeringConnection:VpcPeeringConnection", name: "abroad", in: props{
			"vpcId": id("near"), "peerVpcId": "vpc-0aaaaaaaaaaaaaaaa", "peerOwnerId": "444455556666",
		}},
		routeIn("near-rt", "there", props{"destinationCidrBlock": "10.1.0.0/16", "vpcPeeringConnectionId": id("peer")}),
		routeIn("far-rt", "back", props{"destinationCidrBlock": "10.0.0.0/16", "vpcPeeringConnectionId": id("peer")}),
		routeIn("near-rt", "away", props{"destinationCidrBlock": "10.7.0.0/16", "vpcPeeringConnectionId": id("abroad")}),
	}, func(t *testing.T, m *Model) {
		near, far := m.networkOf(t, "near"), m.networkOf(t, "far")
		there := known(t, m.tableOf(t, "near-rt").Routes[1].Via)
		back := known(t, m.tableOf(t, "far-rt").Routes[1].Via)
		away := known(t, m.tableOf(t, "near-rt").Routes[2].Via)
		assert.Equal(t, Peering, there.Kind)
		assert.Same(t, near, there.Network)
		assert.Same(t, far, known(t, there.Peer))
		assert.Same(t, far, back.Network)
		assert.Same(t, near, known(t, back.Peer))
		assert.True(t, known(t, there.Established))
		assert.False(t, known(t, there.Forwarded), "peering is not transitive")
		assert.Nil(t, known(t, away.Peer), "another account's")
		assert.False(t, away.Established.IsKnown(), "the other account accepts")
		assert.Equal(t, "abroad acceptStatus", refText(away.Established.Ref()))
	})
}

func TestTransitGateway(t *testing.T) {
	resources := []res{
		{kind: "ec2transitgateway/transitGateway:TransitGateway", name: "tgw"},
		{kind: "ec2transitgateway/transitGateway:TransitGateway", name: "strict", in: props{
			"defaultRouteTableAssociation": "disable", "defaultRouteTablePropagation": "disable",
			"securityGroupReferencingSupport": "enable",
		}},
		vpc("a", "10.0.0.0/16"), subnetIn("a", "a1", "10.0.0.0/24"),
		vpc("b", "10.1.0.0/16"), subnetIn("b", "b1", "10.1.0.0/24"),
		{kind: "ec2transitgateway/vpcAttachment:VpcAttachment", name: "at-a", in: props{"transitGatewayId": id("tgw"), "vpcId": id("a"), "subnetIds": list(id("a1"))}},
		{kind: "ec2transitgateway/vpcAttachment:VpcAttachment", name: "at-b", in: props{"transitGatewayId": id("strict"), "vpcId": id("b"), "subnetIds": list(id("b1"))}},
		{kind: "ec2transitgateway/routeTable:RouteTable", name: "rt", in: props{"transitGatewayId": id("strict")}},
		{kind: "ec2transitgateway/vpcAttachment:VpcAttachment", name: "at-a2", in: props{"transitGatewayId": id("strict"), "vpcId": id("a"), "subnetIds": list(id("a1"))}},
		{kind: "ec2transitgateway/routeTableAssociation:RouteTableAssociation", name: "assoc", in: props{"transitGatewayAttachmentId": id("at-b"), "transitGatewayRouteTableId": id("rt")}},
		{kind: "ec2transitgateway/routeTablePropagation:RouteTablePropagation", name: "prop", in: props{"transitGatewayAttachmentId": id("at-a2"), "transitGatewayRouteTableId": id("rt")}},
		{kind: "ec2transitgateway/route:Route", name: "hole", in: props{"transitGatewayRouteTableId": id("rt"), "destinationCidrBlock": "10.0.9.0/24", "blackhole": true}},
		{kind: "ec2transitgateway/route:Route", name: "static", in: props{"transitGatewayRouteTableId": id("rt"), "destinationCidrBlock": "10.1.0.0/16", "transitGatewayAttachmentId": id("at-b")}},
		tableIn("a", "a-rt"),
		routeIn("a-rt", "to-b", props{"destinationCidrBlock": "10.0.0.0/8", "transitGatewayId": id("tgw")}),
	}
	eachShape(t, resources, func(t *testing.T, m *Model) {
		tgw, strict := m.gatewayOf(t, "tgw"), m.gatewayOf(t, "strict")
		assert.Same(t, tgw, known(t, m.tableOf(t, "a-rt").Routes[1].Via))
		assert.False(t, known(t, tgw.Transit.GroupReferences), "the default")
		assert.False(t, strict.Transit.GroupReferences.IsKnown(), "the attachments may not let it")
		require.Len(t, tgw.Transit.Attachments, 1)
		atA := tgw.Transit.Attachments[0]
		assert.Same(t, m.subnetOf(t, "a1"), known(t, atA.Subnets[0]))
		table := known(t, atA.Table)
		require.Len(t, table.Routes, 1, "it propagates to the default table")
		assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, known(t, table.Routes[0].To))
		assert.Equal(t, OriginPropagated, table.Routes[0].Origin)

		require.Len(t, strict.Transit.Attachments, 2)
		atB, atA2 := strict.Transit.Attachments[0], strict.Transit.Attachments[1]
		assert.Nil(t, known(t, atA2.Table), "no default association")
		rt := known(t, atB.Table)
		require.Len(t, rt.Routes, 3)
		assert.Same(t, atA2, known(t, rt.Routes[0].Via))
		assert.Nil(t, known(t, rt.Routes[1].Via), "a black hole")
		assert.Same(t, atB, known(t, rt.Routes[2].Via))
	})
}

func TestVPNGateways(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"),
		{kind: "ec2/vpnGateway:VpnGateway", name: "static"},
		{kind: "ec2/vpnGatewayAttachment:VpnGatewayAttachment", name: "join", in: props{"vpnGatewayId": id("static"), "vpcId": id("vpc")}},
		{kind: "ec2/vpnConnection:VpnConnection", name: "vpn", in: props{"vpnGatewayId": id("static"), "staticRoutesOnly": true}},
		{kind: "ec2/vpnConnectionRoute:VpnConnectionRoute", name: "office", in: props{"vpnConnectionId": id("vpn"), "destinationCidrBlock": "192.168.0.0/16"}},
		{kind: "ec2/vpnGateway:VpnGateway", name: "bgp", in: props{"vpcId": id("vpc")}},
		tableIn("vpc", "rt"),
		{kind: "ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation", name: "prop", in: props{"vpnGatewayId": id("static"), "routeTableId": id("rt")}},
		{kind: "ec2/routeTable:RouteTable", name: "inline", in: props{"vpcId": id("vpc"), "propagatingVgws": list(id("bgp"))}},
	}, func(t *testing.T, m *Model) {
		assert.Equal(t, []string{"10.0.0.0/16 → local local (vpc cidrBlock)", "192.168.0.0/16 → vpn static (office)"}, routesOf(m, m.tableOf(t, "rt")))
		inline := m.tableOf(t, "inline")
		require.Len(t, inline.Routes, 2)
		assert.False(t, inline.Routes[1].To.IsKnown(), "BGP brings what it brings")
		assert.Equal(t, OriginPropagated, inline.Routes[1].Origin)
		assert.True(t, known(t, m.gatewayOf(t, "static").Attached))
	})
}

func TestLoadBalancers(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"),
		groupIn("vpc", "sg", nil),
		{kind: "ec2/instance:Instance", name: "target", in: props{"subnetId": id("a")}},
		{kind: "lb/loadBalancer:LoadBalancer", name: "nlb", in: props{"loadBalancerType": "network", "internal": true, "subnets": list(id("a"), id("b"))}},
		{kind: "lb/targetGroup:TargetGroup", name: "tg", in: props{"port": 8443, "protocol": "TCP", "vpcId": id("vpc")}},
		{kind: "lb/targetGroupAttachment:TargetGroupAttachment", name: "join", in: props{"targetGroupArn": out("tg", "arn"), "targetId": id("target")}},
		{kind: "lb/listener:Listener", name: "listener", in: props{
			"loadBalancerArn": out("nlb", "arn"), "port": 443, "protocol": "TCP", "defaultActions": list(props{"type": "forward", "targetGroupArn": out("tg", "arn")}),
		}},
		{kind: "alb/loadBalancer:LoadBalancer", name: "alb", in: props{"subnets": list(id("a")), "securityGroups": list(id("sg"))}},
		{kind: "lb/targetGroup:TargetGroup", name: "ips", in: props{"port": 80, "protocol": "TCP", "targetType": "ip", "vpcId": id("vpc")}},
		{kind: "lb/listener:Listener", name: "second", in: props{
			"loadBalancerArn": out("nlb", "arn"), "port": 80, "protocol": "TCP", "defaultActions": list(props{"type": "forward", "targetGroupArn": out("ips", "arn")}),
		}},
	}, func(t *testing.T, m *Model) {
		require.Len(t, m.Balancers, 2)
		nlb, alb := m.Balancers[0], m.Balancers[1]
		assert.Equal(t, "network", nlb.Kind)
		assert.False(t, known(t, nlb.InternetFacing))
		require.Len(t, nlb.Interfaces, 2)
		assert.Empty(t, nlb.Interfaces[0].Filters, "a network load balancer without groups lets everything pass")
		require.Len(t, nlb.Listeners, 2)
		assert.Equal(t, uint16(443), known(t, nlb.Listeners[0].Port))
		assert.Equal(t, uint16(8443), known(t, nlb.Listeners[0].TargetPort))
		assert.True(t, known(t, nlb.Listeners[0].PreserveClientIP), "of instances")
		require.Len(t, nlb.Listeners[0].Targets, 1)
		assert.Equal(t, "target", nlb.Listeners[0].Targets[0].Name)
		assert.False(t, known(t, nlb.Listeners[1].PreserveClientIP), "of addresses by TCP")
		assert.Equal(t, "application", alb.Kind)
		assert.True(t, known(t, alb.InternetFacing))
		assert.Equal(t, [][]*Filter{{m.filterOf(t, "sg")}}, alb.Interfaces[0].Filters)
	})
}

func TestEndpoints(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"),
		groupIn("vpc", "sg", nil),
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "ecr", in: props{
			"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.ecr.api",
			"subnetIds": list(id("a"), id("b")), "securityGroupIds": list(id("sg")), "privateDnsEnabled": true,
		}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "s3", in: props{
			"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.s3",
			"subnetIds": list(id("a")), "privateDnsEnabled": true,
		}},
		{kind: "lb/loadBalancer:LoadBalancer", name: "nlb", in: props{"loadBalancerType": "network", "internal": true, "subnets": list(id("a"))}},
		{kind: "ec2/vpcEndpointService:VpcEndpointService", name: "service", in: props{
			"acceptanceRequired": true, "networkLoadBalancerArns": list(out("nlb", "arn")), "privateDnsName": "api.example.com",
		}},
		{kind: "ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple", name: "allow",
			in: props{"vpcEndpointServiceId": id("service"), "principalArn": "arn:aws:iam::444455556666:root"}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "consumer", in: props{
			"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": out("service", "serviceName"), "subnetIds": list(id("b")), "privateDnsEnabled": true,
		}},
	}, func(t *testing.T, m *Model) {
		find := func(name string) *Endpoint { return one(t, m.Endpoints, name, func(e *Endpoint) Ref { return e.Ref }) }
		ecr := find("ecr")
		assert.Equal(t, "ecr.api", known(t, ecr.Service))
		assert.True(t, known(t, ecr.PrivateDNS))
		require.Len(t, ecr.Interfaces, 2)
		assert.ElementsMatch(t, []*Subnet{m.subnetOf(t, "a"), m.subnetOf(t, "b")},
			[]*Subnet{known(t, ecr.Interfaces[0].Subnet), known(t, ecr.Interfaces[1].Subnet)})
		assert.Equal(t, []*Filter{m.filterOf(t, "sg")}, ecr.Interfaces[0].Groups)
		s3 := find("s3")
		assert.Equal(t, []*Filter{m.filterOf(t, "vpc#defaultSecurityGroupId")}, s3.Interfaces[0].Groups, "the VPC's default group")

		consumer := find("consumer")
		require.NotNil(t, consumer.Of)
		assert.Equal(t, "nlb", known(t, consumer.Of.Balancers[0]).Name)
		assert.True(t, known(t, consumer.Of.AcceptanceRequired))
		assert.Equal(t, []string{"arn:aws:iam::444455556666:root"}, known(t, consumer.Of.AllowedPrincipals))

		var zones []string
		for _, z := range m.Zones {
			zones = append(zones, z.Name)
			require.Len(t, z.Networks, 1)
			assert.Same(t, m.networkOf(t, "vpc"), known(t, z.Networks[0].Network))
		}
		assert.Equal(t, []string{"api.ecr.eu-west-1.amazonaws.com", "api.example.com"}, zones,
			"the names of S3 are for a resolver's inbound endpoint only")
		assert.Equal(t, ecr.Interfaces, m.Zones[0].Records[0].Interfaces)
	})
}

func TestNetworkFirewall(t *testing.T) {
	resources := []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "fw-a", "10.0.0.0/28"),
		{kind: "ec2/subnet:Subnet", name: "fw-b", in: props{"vpcId": id("vpc"), "cidrBlock": "10.0.0.16/28", "availabilityZone": "eu-west-1b"}},
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "names", in: props{"type": "STATEFUL", "capacity": 100, "ruleGroup": props{
			"rulesSource": props{"rulesSourceList": props{
				"generatedRulesType": "ALLOWLIST", "targetTypes": list("TLS_SNI"), "targets": list(".example.com", "api.example.org"),
			}},
		}}},
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "tuples", in: props{"type": "STATEFUL", "capacity": 100, "ruleGroup": props{
			"rulesSource": props{"statefulRules": list(
				props{"action": "PASS", "header": props{"protocol": "UDP", "source": "10.0.0.0/16", "sourcePort": "ANY",
					"destination": "192.0.2.53", "destinationPort": "53", "direction": "FORWARD"}, "ruleOptions": list(props{"keyword": "sid", "settings": list("1")})},
				props{"action": "ALERT", "header": props{"protocol": "IP", "source": "ANY", "sourcePort": "ANY", "destination": "ANY", "destinationPort": "ANY", "direction": "ANY"}},
			)},
		}}},
		{kind: "networkfirewall/firewallPolicy:FirewallPolicy", name: "policy", in: props{"firewallPolicy": props{
			"statelessDefaultActions": list("aws:forward_to_sfe"), "statelessFragmentDefaultActions": list("aws:forward_to_sfe"),
			"statefulEngineOptions": props{"ruleOrder": "STRICT_ORDER"}, "statefulDefaultActions": list("aws:drop_established"),
			"statefulRuleGroupReferences": list(
				props{"resourceArn": out("names", "arn"), "priority": 20}, props{"resourceArn": out("tuples", "arn"), "priority": 10},
			),
		}}},
		{kind: "networkfirewall/firewall:Firewall", name: "fw", in: props{
			"vpcId": id("vpc"), "firewallPolicyArn": out("policy", "arn"),
			"subnetMappings": list(props{"subnetId": id("fw-a")}, props{"subnetId": id("fw-b")}),
		}, out: props{"firewallStatuses": list(props{"syncStates": list(
			props{"availabilityZone": "eu-west-1a", "attachments": list(props{"endpointId": "vpce-a", "subnetId": id("fw-a")})},
			props{"availabilityZone": "eu-west-1b", "attachments": list(props{"endpointId": "vpce-b", "subnetId": id("fw-b")})},
		)})}},
		tableIn("vpc", "rt"),
	}
	for _, shape := range []string{recorded, exported} {
		t.Run(shape, func(t *testing.T) {
			m := built(t, shape, append(slices.Clone(resources), routeIn("rt", "through", props{"destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": "vpce-b"}))...)
			gateway := known(t, m.tableOf(t, "rt").Routes[1].Via)
			assert.Equal(t, Firewall, gateway.Kind)
			assert.Same(t, m.subnetOf(t, "fw-b"), known(t, gateway.Subnet))
			assert.Equal(t, "eu-west-1b", known(t, gateway.Zone))
			policy := known(t, gateway.Policy)
			assert.Empty(t, policy.Incomplete)
			require.Equal(t, []string{
				"0 allow 17 192.0.2.53/32 53-53 (tuples ruleGroup.rulesSource.statefulRules[0])",
			}, rulesOf(m, policy, false)[:1], "priority 10 stands first")
			names := policy.Out[1]
			assert.True(t, known(t, names.Allow))
			assert.Equal(t, []string{"example.com", "*.example.com", "api.example.org"}, known(t, names.Names))
			assert.Equal(t, []Ports{{443, 443}}, known(t, names.DestinationPorts))
			assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, known(t, names.Source).Prefixes, "HOME_NET")
			assert.False(t, slices.ContainsFunc(known(t, names.Destination).Prefixes, func(p netip.Prefix) bool {
				return p.Contains(netip.MustParseAddr("10.0.0.1"))
			}), "EXTERNAL_NET")
			assert.False(t, known(t, policy.Out[len(policy.Out)-1].Allow), "drop_established")
		})
	}
	t.Run(previewed, func(t *testing.T) {
		m := built(t, previewed, append(slices.Clone(resources), routeIn("rt", "through", props{"destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": out("fw", "firewallStatuses.x")}))...)
		options, complete := m.tableOf(t, "rt").Routes[1].Via.Options()
		assert.True(t, complete)
		assert.Len(t, options, 2, "either endpoint")
	})
}

// Suricata's own language is not understood: the policy may do anything.
func TestNetworkFirewallRulesString(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/28"),
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "suricata", in: props{"type": "STATEFUL", "capacity": 1, "rules": "pass ip any any -> any any (sid:1;)"}},
		{kind: "networkfirewall/firewallPolicy:FirewallPolicy", name: "policy", in: props{"firewallPolicy": props{
			"statelessDefaultActions":     list("aws:forward_to_sfe"),
			"statefulRuleGroupReferences": list(props{"resourceArn": out("suricata", "arn")}),
		}}},
		{kind: "networkfirewall/firewall:Firewall", name: "fw", in: props{"vpcId": id("vpc"), "firewallPolicyArn": out("policy", "arn"), "subnetMappings": list(props{"subnetId": id("a")})}},
	}, func(t *testing.T, m *Model) {
		policy := m.filterOf(t, "policy")
		require.Len(t, policy.Incomplete, 1)
		assert.Equal(t, "suricata rules", refText(policy.Incomplete[0]))
	})
}

func TestDNS(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), vpc("spoke", "10.1.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), groupIn("vpc", "sg", nil),
		{kind: "lb/loadBalancer:LoadBalancer", name: "nlb", in: props{"loadBalancerType": "network", "internal": true, "subnets": list(id("a"))}},
		{kind: "route53/zone:Zone", name: "private", in: props{"name": "corp.example", "vpcs": list(props{"vpcId": id("vpc")})}},
		{kind: "route53/zoneAssociation:ZoneAssociation", name: "link", in: props{"zoneId": out("private", "zoneId"), "vpcId": id("spoke")}},
		{kind: "route53/zone:Zone", name: "both", in: props{"name": "both.example", "vpcs": list(props{"vpcId": id("vpc")}, props{"vpcId": id("spoke")})}},
		{kind: "route53/zone:Zone", name: "public", in: props{"name": "example.com"}},
		{kind: "route53/record:Record", name: "www", in: props{"zoneId": out("private", "zoneId"), "name": "www", "type": "A", "ttl": 60, "records": list("10.0.0.7")}},
		{kind: "route53/record:Record", name: "api", in: props{"zoneId": out("private", "zoneId"), "name": "api.corp.example", "type": "A",
			"aliases": list(props{"name": out("nlb", "dnsName"), "zoneId": "Z1", "evaluateTargetHealth": true})}},
		{kind: "route53/record:Record", name: "alias", in: props{"zoneId": out("private", "zoneId"), "name": "alias", "type": "CNAME", "ttl": 60, "records": list("www.corp.example.")}},
		{kind: "route53/record:Record", name: "text", in: props{"zoneId": out("private", "zoneId"), "name": "text", "type": "TXT", "ttl": 60, "records": list("x")}},
		{kind: "route53/resolverEndpoint:ResolverEndpoint", name: "outbound", in: props{"direction": "OUTBOUND", "securityGroupIds": list(id("sg")), "ipAddresses": list(props{"subnetId": id("a")})}},
		{kind: "route53/resolverEndpoint:ResolverEndpoint", name: "inbound", in: props{"direction": "INBOUND", "securityGroupIds": list(id("sg")), "ipAddresses": list(props{"subnetId": id("a"), "ip": "10.0.0.53"})}},
		{kind: "route53/resolverRule:ResolverRule", name: "rule", in: props{"domainName": "onprem.example", "ruleType": "FORWARD", "resolverEndpointId": id("outbound"), "targetIps": list(props{"ip": "192.168.0.53"})}},
		{kind: "route53/resolverRuleAssociation:ResolverRuleAssociation", name: "rule-vpc", in: props{"resolverRuleId": id("rule"), "vpcId": id("vpc")}},
		{kind: "route53/resolverFirewallDomainList:ResolverFirewallDomainList", name: "good", in: props{"domains": list("*.example.com.", "corp.example.")}},
		{kind: "route53/resolverFirewallDomainList:ResolverFirewallDomainList", name: "all", in: props{"domains": list("*.")}},
		{kind: "route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", name: "wall"},
		{kind: "route53/resolverFirewallRule:ResolverFirewallRule", name: "block", in: props{"action": "BLOCK", "priority": 200, "firewallRuleGroupId": id("wall"), "firewallDomainListId": id("all")}},
		{kind: "route53/resolverFirewallRule:ResolverFirewallRule", name: "allow", in: props{"action": "ALLOW", "priority": 100, "firewallRuleGroupId": id("wall"), "firewallDomainListId": id("good")}},
		{kind: "route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", name: "wall-vpc", in: props{"firewallRuleGroupId": id("wall"), "vpcId": id("vpc"), "priority": 101}},
	}, func(t *testing.T, m *Model) {
		private := one(t, m.Zones, "private", func(z *Zone) Ref { return z.Ref })
		assert.Equal(t, "corp.example", private.Name)
		assert.True(t, private.Private)
		require.Len(t, private.Networks, 2)
		assert.Same(t, m.networkOf(t, "spoke"), known(t, private.Networks[1].Network))
		assert.Equal(t, "link", refText(private.Networks[1].Ref))
		assert.False(t, one(t, m.Zones, "public", func(z *Zone) Ref { return z.Ref }).Private)

		both := one(t, m.Zones, "both", func(z *Zone) Ref { return z.Ref })
		require.Len(t, both.Networks, 2)
		assert.ElementsMatch(t, m.Networks, []*Network{known(t, both.Networks[0].Network), known(t, both.Networks[1].Network)})

		require.Len(t, private.Records, 3)
		www, api, alias := private.Records[0], private.Records[1], private.Records[2]
		assert.Equal(t, "www.corp.example", www.Name)
		assert.Equal(t, []netip.Addr{netip.MustParseAddr("10.0.0.7")}, known(t, www.Addresses))
		assert.Equal(t, "api.corp.example", api.Name)
		assert.Equal(t, m.Balancers[0].Interfaces, api.Interfaces)
		assert.Equal(t, "www.corp.example", known(t, alias.Alias))

		require.Len(t, m.Forwarders, 1)
		assert.Equal(t, "onprem.example", m.Forwarders[0].Suffix)
		assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.168.0.53")}, known(t, m.Forwarders[0].Servers))
		assert.Same(t, m.networkOf(t, "vpc"), known(t, m.Forwarders[0].Networks[0]))
		inbound := one(t, m.Interfaces, "inbound", func(i *Interface) Ref { return i.Ref })
		assert.Equal(t, ResolverInterface, inbound.Kind)
		assert.Equal(t, netip.MustParseAddr("10.0.0.53"), known(t, inbound.Addresses[0]))

		require.Len(t, m.NameFilters, 1)
		rules := m.NameFilters[0].Rules
		require.Len(t, rules, 2)
		assert.True(t, known(t, rules[0].Allow))
		assert.Equal(t, []string{"*.example.com", "corp.example"}, known(t, rules[0].Names))
		assert.False(t, known(t, rules[1].Allow))
		assert.Equal(t, []string{"*"}, known(t, rules[1].Names))
	})
}

// A profile hands zones and the private names of endpoints to its VPCs.
func TestRoute53Profiles(t *testing.T) {
	eachShape(t, []res{
		vpc("hub", "10.0.0.0/16"), vpc("spoke", "10.1.0.0/16"), subnetIn("hub", "a", "10.0.0.0/24"),
		{kind: "route53/zone:Zone", name: "zone", in: props{"name": "corp.example", "vpcs": list(props{"vpcId": id("hub")})}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "sts", in: props{
			"vpcId": id("hub"), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.sts", "subnetIds": list(id("a")),
		}},
		{kind: "route53/profilesProfile:ProfilesProfile", name: "profile"},
		{kind: "route53/profilesResourceAssociation:ProfilesResourceAssociation", name: "holds-zone", in: props{"profileId": id("profile"), "resourceArn": out("zone", "arn")}},
		{kind: "route53/profilesResourceAssociation:ProfilesResourceAssociation", name: "holds-sts", in: props{"profileId": id("profile"), "resourceArn": out("sts", "arn")}},
		{kind: "route53/profilesAssociation:ProfilesAssociation", name: "join", in: props{"profileId": id("profile"), "resourceId": id("spoke")}},
	}, func(t *testing.T, m *Model) {
		spoke := m.networkOf(t, "spoke")
		require.Len(t, m.Zones, 2)
		assert.Equal(t, "corp.example", m.Zones[0].Name)
		assert.Same(t, spoke, known(t, m.Zones[0].Networks[1].Network))
		assert.Equal(t, "holds-zone", refText(m.Zones[0].Networks[1].Ref))
		assert.Equal(t, "sts.eu-west-1.amazonaws.com", m.Zones[1].Name)
		require.Len(t, m.Zones[1].Networks, 1, "the endpoint's own private DNS is off")
		assert.Same(t, spoke, known(t, m.Zones[1].Networks[0].Network))
		assert.Empty(t, spoke.Incomplete)
	})
}

func TestHosts(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"), groupIn("vpc", "sg", nil),
		{kind: "rds/subnetGroup:SubnetGroup", name: "group", in: props{"subnetIds": list(id("a"), id("b"))}},
		{kind: "rds/cluster:Cluster", name: "aurora", in: props{"dbSubnetGroupName": out("group", "name"), "vpcSecurityGroupIds": list(id("sg")), "engine": "aurora-postgresql"}},
		{kind: "rds/clusterInstance:ClusterInstance", name: "writer", in: props{"clusterIdentifier": id("aurora"), "publiclyAccessible": false}},
		{kind: "lambda/function:Function", name: "fn", in: props{"vpcConfig": props{"subnetIds": list(id("a"), id("b")), "securityGroupIds": list(id("sg"))}}},
		{kind: "lambda/function:Function", name: "outside"},
		{kind: "eks/cluster:Cluster", name: "eks", in: props{"vpcConfig": props{"subnetIds": list(id("a"), id("b"))}}},
		{kind: "eks/nodeGroup:NodeGroup", name: "nodes", in: props{"clusterName": out("eks", "name"), "subnetIds": list(id("a"))}},
	}, func(t *testing.T, m *Model) {
		of := func(name string) (found []*Interface) {
			for _, i := range m.Interfaces {
				if i.Name == name {
					found = append(found, i)
				}
			}
			return found
		}
		assert.Empty(t, of("aurora"), "its members answer")
		assert.Empty(t, of("outside"))
		require.Len(t, of("writer"), 1)
		options, complete := of("writer")[0].Subnet.Options()
		assert.True(t, complete)
		assert.ElementsMatch(t, []*Subnet{m.subnetOf(t, "a"), m.subnetOf(t, "b")}, options, "in one of the group's subnets")
		assert.Equal(t, []*Filter{m.filterOf(t, "sg")}, of("writer")[0].Groups)
		assert.Len(t, of("fn"), 2)
		require.Len(t, of("eks"), 2)
		require.Len(t, of("nodes"), 1)
		assert.Equal(t, of("eks")[0].Groups, of("nodes")[0].Groups, "the cluster's own group")
		cluster := of("eks")[0].Groups[0]
		assert.Equal(t, []string{"0 allow all members of eks all (eks vpcConfig.clusterSecurityGroupId)"}, rulesOf(m, cluster, true))
		assert.False(t, known(t, of("nodes")[0].Public))
	})
}

// What the graph does not hold is an element that may do anything.
func TestOutside(t *testing.T) {
	eachShape(t, []res{
		{kind: "ec2/subnet:Subnet", name: "a", in: props{"vpcId": "vpc-0aaaaaaaaaaaaaaaa", "cidrBlock": "10.0.0.0/24"}},
		{kind: "ec2/routeTable:RouteTable", name: "rt", in: props{"vpcId": "vpc-0aaaaaaaaaaaaaaaa", "routes": list(
			props{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-0aaaaaaaaaaaaaaaa"},
			props{"destinationPrefixListId": "pl-0aaaaaaaa", "vpcPeeringConnectionId": "pcx-0aaaaaaaa"},
		)}},
		{kind: "ec2/routeTableAssociation:RouteTableAssociation", name: "join", in: props{"routeTableId": "rtb-0aaaaaaaaaaaaaaaa", "subnetId": "subnet-0aaaaaaaaaaaaaaaa"}},
		{kind: "ec2/instance:Instance", name: "host", in: props{"subnetId": id("a"), "vpcSecurityGroupIds": list("sg-0aaaaaaaaaaaaaaaa")}},
		{kind: "vpc/securityGroupIngressRule:SecurityGroupIngressRule", name: "rule", in: props{
			"securityGroupId": "444455556666/sg-0aaaaaaaaaaaaaaaa", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8",
		}},
	}, func(t *testing.T, m *Model) {
		a := m.subnetOf(t, "a")
		assert.Equal(t, []Ref{a.Ref.At("vpcId")}, a.Network.Incomplete)
		assert.Same(t, a.Network, m.tableOf(t, "rt").Network, "the same VPC")
		assert.False(t, a.Table.IsKnown(), "the main table of a VPC that is elsewhere")
		assert.False(t, a.Filter.IsKnown())

		routes := m.tableOf(t, "rt").Routes
		require.Len(t, routes, 3)
		nat := known(t, routes[1].Via)
		assert.Equal(t, Outside, nat.Kind)
		assert.Equal(t, "rt routes[0].natGatewayId", refText(nat.Incomplete[0]))
		assert.False(t, routes[2].To.IsKnown())
		assert.NotEmpty(t, known(t, routes[2].Via).Incomplete)

		require.Len(t, m.Interfaces, 1)
		group := m.Interfaces[0].Groups[0]
		require.NotNil(t, group)
		assert.NotEmpty(t, group.Incomplete)
		assert.Equal(t, []string{"0 allow all 10.0.0.0/8 all (rule)"}, rulesOf(m, group, true))
	})
}

// A resource that is only read may have been given anything; when the provider
// has read it back, it is what it says.
func TestExistingVPC(t *testing.T) {
	resources := []res{
		{kind: "ec2/vpc:Vpc", name: "vpc", external: true, out: props{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true}},
		subnetIn("vpc", "a", "10.0.0.0/24"),
	}
	m := built(t, recorded, resources...)
	assert.False(t, m.Networks[0].Prefixes[0].IsKnown())
	assert.False(t, m.Networks[0].DNSSupport.IsKnown())
	m = built(t, exported, resources...)
	assert.Equal(t, netip.MustParsePrefix("10.0.0.0/16"), known(t, m.Networks[0].Prefixes[0]))
	assert.True(t, known(t, m.Networks[0].DNSSupport))
	assert.NotEmpty(t, known(t, m.subnetOf(t, "a").Table).Incomplete, "its main table is not in the graph")
}

// What a provider reads back is not there twice.
func TestReadBack(t *testing.T) {
	m := built(t, exported,
		vpc("vpc", "10.0.0.0/16"),
		res{kind: "ec2/internetGateway:InternetGateway", name: "igw", in: props{"vpcId": id("vpc")}},
		res{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "s3", in: props{"vpcId": id("vpc"), "serviceName": "com.amazonaws.eu-west-1.s3"},
			out: props{"vpcEndpointType": "Gateway", "routeTableIds": list(id("rt"))}},
		res{kind: "ec2/routeTable:RouteTable", name: "rt", in: props{"vpcId": id("vpc")}, out: props{"routes": list(
			props{"cidrBlock": "0.0.0.0/0", "gatewayId": id("igw"), "natGatewayId": "", "destinationPrefixListId": ""},
			props{"cidrBlock": "192.0.2.0/24", "gatewayId": id("igw"), "natGatewayId": ""},
		)}},
		routeIn("rt", "default", props{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": id("igw")}),
		res{kind: "ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation", name: "s3-rt",
			in: props{"vpcEndpointId": id("s3"), "routeTableId": id("rt")}},
		res{kind: "ec2/eip:Eip", name: "eip", out: props{"publicIp": "192.0.2.10"}},
		subnetIn("vpc", "a", "10.0.0.0/24"),
		res{kind: "ec2/natGateway:NatGateway", name: "nat", in: props{"subnetId": id("a"), "allocationId": id("eip")}, out: props{"publicIp": "192.0.2.10", "privateIp": "10.0.0.9"}},
	)
	assert.Equal(t, []string{
		"10.0.0.0/16 → local local (vpc cidrBlock)",
		"0.0.0.0/0 → internet igw (default)",
		"192.0.2.0/24 → internet igw (rt routes[1])",
		"s3.eu-west-1 → service s3 (s3-rt)",
	}, routesOf(m, m.tableOf(t, "rt")))
	nat := m.gatewayOf(t, "nat")
	assert.Equal(t, netip.MustParseAddr("192.0.2.10"), known(t, nat.Addresses[0]))
	assert.Equal(t, netip.MustParseAddr("10.0.0.9"), known(t, nat.PrivateAddress))
}

// The parts of a preview that are not known yet.
func TestPreviewUnknowns(t *testing.T) {
	computed := resource.MakeComputed(resource.NewProperty(""))
	m := built(t, previewed,
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"),
		groupIn("vpc", "sg", props{"ingress": computed, "egress": list(props{"protocol": "tcp", "fromPort": computed, "toPort": 443, "cidrBlocks": list(computed, "10.0.0.0/8")})}),
		res{kind: "ec2/natGateway:NatGateway", name: "n1", in: props{"subnetId": id("a")}},
		res{kind: "ec2/natGateway:NatGateway", name: "n2", in: props{"subnetId": id("b")}},
		res{kind: "ec2/routeTable:RouteTable", name: "rt", in: props{"vpcId": id("vpc"), "routes": list(
			props{"cidrBlock": "0.0.0.0/0", "natGatewayId": id("n1")}, props{"cidrBlock": "10.0.0.0/8", "natGatewayId": id("n2")},
		)}},
		res{kind: "ec2/instance:Instance", name: "host", in: props{"subnetId": computed, "vpcSecurityGroupIds": list(secret{id("sg")})}},
	)
	sg := m.filterOf(t, "sg")
	assert.Equal(t, []Ref{sg.Ref.At("ingress")}, sg.Incomplete)
	assert.Equal(t, []string{
		"0 allow 6 10.0.0.0/8 ? (sg egress[0])", "0 allow 6 ? ? (sg egress[0])",
	}, rulesOf(m, sg, false), "each thing that is not known by itself")
	assert.Equal(t, "sg egress[0].cidrBlocks[0]", refText(sg.Out[1].Destination.Ref()))
	assert.Equal(t, "nat n1 or nat n2", viaText(m.tableOf(t, "rt").Routes[1].Via), "the dependencies are of the whole list")
	require.Len(t, m.Interfaces, 1)
	assert.False(t, m.Interfaces[0].Subnet.IsKnown())
	assert.Equal(t, "host subnetId", refText(m.Interfaces[0].Subnet.Ref()))
	assert.Equal(t, []*Filter{sg}, m.Interfaces[0].Groups, "a secret that can be read")
}

// A type that nobody understands is named, and what it touches is not complete.
func TestUnsupported(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), tableIn("vpc", "rt"),
		{kind: "ec2clientvpn/networkAssociation:NetworkAssociation", name: "vpn", in: props{"subnetId": id("a"), "clientVpnEndpointId": "cvpn-1"}},
		{kind: "vpc/routeServerPropagation:RouteServerPropagation", name: "rs", in: props{"routeTableId": id("rt"), "routeServerId": "rs-1"}},
		{kind: "s3/bucket:Bucket", name: "bucket"},
		{kind: "ec2/keyPair:KeyPair", name: "key"},
	}, func(t *testing.T, m *Model) {
		require.Len(t, m.Unsupported, 2)
		assert.Equal(t, "vpn", refText(m.Unsupported[0].Ref))
		assert.Equal(t, []Ref{m.subnetOf(t, "a").Ref}, m.Unsupported[0].Touches)
		assert.Equal(t, []Ref{m.Unsupported[0].Ref}, m.subnetOf(t, "a").Incomplete)
		assert.Equal(t, []Ref{m.Unsupported[1].Ref}, m.tableOf(t, "rt").Incomplete)
	})
}

func tuple(action, protocol, source, destination, port string, options ...any) props {
	return props{"action": action, "ruleOptions": options, "header": props{
		"protocol": protocol, "source": source, "sourcePort": "ANY", "destination": destination, "destinationPort": port, "direction": "FORWARD",
	}}
}

// firewallWith is a firewall whose policy has the rule group and settings.
func firewallWith(policy props, group props) []res {
	policy["statefulRuleGroupReferences"] = list(props{"resourceArn": out("group", "arn")})
	return []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/28"),
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "group", in: props{"type": "STATEFUL", "capacity": 1, "ruleGroup": group}},
		{kind: "networkfirewall/firewallPolicy:FirewallPolicy", name: "policy", in: props{"firewallPolicy": policy}},
		{kind: "networkfirewall/firewall:Firewall", name: "fw", in: props{"vpcId": id("vpc"), "firewallPolicyArn": out("policy", "arn"), "subnetMappings": list(props{"subnetId": id("a")})}},
	}
}

// In the default order what passes comes before what drops, and the rest passes.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
func TestNetworkFirewallDefaultOrder(t *testing.T) {
	sid := props{"keyword": "sid", "settings": list("1")}
	eachShape(t, firewallWith(props{"statelessDefaultActions": list("aws:forward_to_sfe")}, props{
		"ruleVariables": props{"ipSets": list(props{"key": "DB", "ipSet": props{"definitions": list("10.0.8.0/24", "10.0.9.0/24")}})},
		"rulesSource": props{"statefulRules": list(
			tuple("DROP", "TCP", "ANY", "ANY", "ANY", sid),
			tuple("PASS", "TLS", "$HOME_NET", "$EXTERNAL_NET", "443", sid),
			tuple("PASS", "TCP", "$HOME_NET", "$DB", "[5432,6000:6010]", sid),
			tuple("PASS", "TCP", "!10.0.0.0/8", "[192.0.2.1, 192.0.2.2]", "1024:", sid),
			tuple("REJECT", "UDP", "ANY", "ANY", ":53", sid, props{"keyword": "dns_query"}),
		)},
	}), func(t *testing.T, m *Model) {
		policy := m.filterOf(t, "policy")
		assert.Empty(t, policy.Incomplete)
		rule := func(i int) string { return "(group ruleGroup.rulesSource.statefulRules[" + string(rune('0'+i)) + "])" }
		got := rulesOf(m, policy, false)
		require.Len(t, got, 6)
		assert.Equal(t, "0 allow 6 10.0.8.0/24+10.0.9.0/24 5432-5432,6000-6010 "+rule(2), got[0])
		assert.Equal(t, "0 allow 6 192.0.2.1/32+192.0.2.2/32 1024-65535 "+rule(3), got[1])
		assert.Contains(t, got[2], "0 perhaps all ", "what is spoken inside is not known")
		assert.Contains(t, got[2], rule(1))
		assert.Equal(t, "0 perhaps 17 anyone 0-53 "+rule(4), got[3])
		assert.Equal(t, "0 deny 6 anyone all "+rule(0), got[4])
		assert.Equal(t, "0 allow all anyone all (policy firewallPolicy)", got[5])

		home, external := known(t, policy.Out[2].Source), known(t, policy.Out[2].Destination)
		assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, home.Prefixes)
		assert.True(t, holds(external, "192.0.2.1"))
		assert.True(t, holds(external, "10.1.0.0"))
		assert.False(t, holds(external, "10.0.255.255"))
		assert.False(t, holds(known(t, policy.Out[1].Source), "10.200.0.1"), `"!" is everything else`)
	})
}

func holds(m Match, address string) bool {
	return slices.ContainsFunc(m.Prefixes, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(address)) })
}

// An allow list in the default order may let through what is neither HTTP nor
// TLS; a deny list stops its names; HOME_NET is the VPC unless it is given.
func TestNetworkFirewallDomainLists(t *testing.T) {
	names := func(kind string) props {
		return props{"rulesSourceList": props{"generatedRulesType": kind, "targetTypes": list("TLS_SNI", "HTTP_HOST"), "targets": list("example.com")}}
	}
	forward := func() props { return props{"statelessDefaultActions": list("aws:forward_to_sfe")} }
	eachShape(t, firewallWith(forward(), props{
		"ruleVariables": props{"ipSets": list(props{"key": "HOME_NET", "ipSet": props{"definitions": list("10.7.0.0/16")}})},
		"rulesSource":   names("ALLOWLIST"),
	}), func(t *testing.T, m *Model) {
		policy := m.filterOf(t, "policy")
		require.Len(t, policy.Out, 4)
		listed, others, rest := policy.Out[0], policy.Out[2], policy.Out[3]
		assert.True(t, known(t, listed.Allow))
		assert.Equal(t, []Ports{{80, 80}, {443, 443}}, known(t, listed.DestinationPorts))
		assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}, known(t, listed.Source).Prefixes)
		assert.Empty(t, known(t, others.Names))
		assert.False(t, others.Allow.IsKnown())
		assert.True(t, known(t, rest.Allow))
	})
	eachShape(t, firewallWith(forward(), props{"rulesSource": names("DENYLIST")}), func(t *testing.T, m *Model) {
		listed := m.filterOf(t, "policy").Out
		i := slices.IndexFunc(listed, func(r Rule) bool { return r.Allow.IsKnown() && !r.Allow.Or(true) })
		require.GreaterOrEqual(t, i, 0)
		assert.Equal(t, []string{"example.com"}, known(t, listed[i].Names))
	})
	for action, allowed := range map[string]bool{"aws:pass": true, "aws:drop": false} {
		t.Run(action, func(t *testing.T) {
			m := built(t, recorded, firewallWith(props{"statelessDefaultActions": list(action)}, props{"rulesSource": names("DENYLIST")})...)
			rules := m.filterOf(t, "policy").Out
			assert.Equal(t, allowed, len(rules) == 1 && rules[0].Allow.Or(false), "the stateful side sees nothing")
			assert.Empty(t, m.filterOf(t, "policy").Incomplete)
		})
	}
}

// Endpoints with associations as resources of their own, and those that are
// something else than an interface.
func TestEndpointAssociations(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"), tableIn("vpc", "rt"),
		groupIn("vpc", "sg", nil),
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "kms", in: props{"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.kms", "subnetIds": list(id("a"))}},
		{kind: "ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", name: "kms-b", in: props{"vpcEndpointId": id("kms"), "subnetId": id("b")}},
		{kind: "ec2/securityGroupAssociation:SecurityGroupAssociation", name: "kms-sg", in: props{"vpcEndpointId": id("kms"), "securityGroupId": id("sg"), "replaceDefaultAssociation": true}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "dynamodb", in: props{"vpcId": id("vpc"), "serviceName": "com.amazonaws.eu-west-1.dynamodb", "routeTableIds": list(id("rt"))}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "gwlb", in: props{"vpcId": id("vpc"), "vpcEndpointType": "GatewayLoadBalancer", "serviceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1", "subnetIds": list(id("a"))}},
		{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "lattice", in: props{"vpcId": id("vpc"), "vpcEndpointType": "ServiceNetwork", "subnetIds": list(id("a"))}},
		routeIn("rt", "through", props{"destinationCidrBlock": "0.0.0.0/0", "vpcEndpointId": id("gwlb")}),
	}, func(t *testing.T, m *Model) {
		kms := one(t, m.Endpoints, "kms", func(e *Endpoint) Ref { return e.Ref })
		require.Len(t, kms.Interfaces, 2)
		assert.Same(t, m.subnetOf(t, "b"), known(t, kms.Interfaces[1].Subnet))
		assert.Equal(t, []*Filter{m.filterOf(t, "sg")}, kms.Interfaces[0].Groups, "instead of the default group")
		assert.Equal(t, []string{
			"10.0.0.0/16 → local local (vpc cidrBlock)",
			"0.0.0.0/0 → appliance gwlb (through)",
			"dynamodb.eu-west-1 → service dynamodb (dynamodb routeTableIds[0])",
		}, routesOf(m, m.tableOf(t, "rt")))
		assert.NotEmpty(t, m.gatewayOf(t, "gwlb").Incomplete, "what stands behind it is not in the graph")
		require.Len(t, m.Unsupported, 1)
		assert.Equal(t, "lattice vpcEndpointType", refText(m.Unsupported[0].Ref))
		assert.Equal(t, []Ref{m.Unsupported[0].Ref}, m.networkOf(t, "vpc").Incomplete)
	})
}

// What an application load balancer forwards to, and what a network load
// balancer stands on.
func TestListenersAndMappings(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"),
		{kind: "ec2/eip:Eip", name: "eip", in: props{"domain": "vpc"}},
		{kind: "lb/loadBalancer:LoadBalancer", name: "nlb", in: props{
			"loadBalancerType": "network", "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off",
			"subnetMappings": list(props{"subnetId": id("a"), "allocationId": id("eip")}, props{"subnetId": id("b")}),
		}},
		{kind: "lb/loadBalancer:LoadBalancer", name: "alb", in: props{"internal": true, "subnets": list(id("a"), id("b"))}},
		{kind: "ec2/networkInterface:NetworkInterface", name: "eni", in: props{"subnetId": id("a"), "privateIps": list("10.0.0.20")}},
		{kind: "lb/targetGroup:TargetGroup", name: "one", in: props{"port": 8080, "protocol": "HTTP", "targetType": "ip"}},
		{kind: "lb/targetGroup:TargetGroup", name: "two", in: props{"port": 9090, "protocol": "HTTP", "targetType": "ip"}},
		{kind: "lb/targetGroupAttachment:TargetGroupAttachment", name: "two-eni", in: props{"targetGroupArn": out("two", "arn"), "targetId": "10.0.0.20"}},
		{kind: "lb/listener:Listener", name: "web", in: props{"loadBalancerArn": out("alb", "arn"), "port": 80, "protocol": "HTTP",
			"defaultActions": list(props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("one", "arn"), "weight": 1})}})}},
		{kind: "lb/listenerRule:ListenerRule", name: "web-two", in: props{"listenerArn": out("web", "arn"), "actions": list(props{"type": "forward", "targetGroupArn": out("two", "arn")})}},
		{kind: "lb/listener:Listener", name: "redirect", in: props{"loadBalancerArn": out("alb", "arn"), "port": 81, "protocol": "HTTP", "defaultActions": list(props{"type": "redirect"})}},
	}, func(t *testing.T, m *Model) {
		find := func(name string) *Balancer { return one(t, m.Balancers, name, func(b *Balancer) Ref { return b.Ref }) }
		nlb, alb := find("nlb"), find("alb")
		require.Len(t, nlb.Interfaces, 2)
		assert.True(t, known(t, nlb.InternetFacing))
		assert.False(t, known(t, nlb.FiltersPrivateLink))
		assert.Equal(t, []*Subnet{m.subnetOf(t, "a"), m.subnetOf(t, "b")}, []*Subnet{known(t, nlb.Interfaces[0].Subnet), known(t, nlb.Interfaces[1].Subnet)})
		require.Len(t, nlb.Interfaces[0].PublicAddresses, 1)
		assert.Equal(t, "eip publicIp", refText(nlb.Interfaces[0].PublicAddresses[0].Ref()))

		assert.Equal(t, []*Filter{m.filterOf(t, "vpc#defaultSecurityGroupId")}, alb.Interfaces[0].Groups)
		require.Len(t, alb.Listeners, 3)
		assert.Equal(t, uint16(8080), known(t, alb.Listeners[0].TargetPort))
		assert.Equal(t, uint16(9090), known(t, alb.Listeners[1].TargetPort))
		require.Len(t, alb.Listeners[1].Targets, 1)
		assert.Equal(t, "eni", alb.Listeners[1].Targets[0].Name)
		assert.False(t, known(t, alb.Listeners[1].PreserveClientIP))
		assert.Empty(t, alb.Listeners[2].Targets)
	})
}

// What comes from other accounts: it may do anything.
func TestShared(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), tableIn("vpc", "rt"),
		{kind: "ec2transitgateway/vpcAttachment:VpcAttachment", name: "at", in: props{"transitGatewayId": "tgw-0aaaaaaaa", "vpcId": id("vpc"), "subnetIds": list(id("a"))}},
		routeIn("rt", "hub", props{"destinationCidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-0aaaaaaaa"}),
		{kind: "route53/resolverRuleAssociation:ResolverRuleAssociation", name: "rule", in: props{"resolverRuleId": "rslvr-rr-0aaaaaaaa", "vpcId": id("vpc")}},
		{kind: "route53/record:Record", name: "www", in: props{"zoneId": "Z0AAAAAAAA", "name": "www.example.com", "type": "A", "ttl": 60, "records": list("192.0.2.7")}},
		{kind: "route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", name: "wall", in: props{"firewallRuleGroupId": "rslvr-frg-0aaaaaaaa", "vpcId": id("vpc"), "priority": 101}},
	}, func(t *testing.T, m *Model) {
		hub := known(t, m.tableOf(t, "rt").Routes[1].Via)
		assert.Equal(t, Transit, hub.Kind)
		assert.NotEmpty(t, hub.Incomplete)
		require.Len(t, hub.Transit.Attachments, 1)
		assert.False(t, hub.Transit.Attachments[0].Table.IsKnown())
		require.Len(t, m.Forwarders, 1)
		assert.Equal(t, ".", m.Forwarders[0].Suffix)
		assert.False(t, m.Forwarders[0].Servers.IsKnown())
		require.Len(t, m.Zones, 1)
		assert.Equal(t, "www.example.com", m.Zones[0].Name)
		assert.False(t, m.Zones[0].Networks[0].Network.IsKnown(), "the zone may be private")
		require.Len(t, m.NameFilters, 1)
		assert.False(t, m.NameFilters[0].Rules[0].Allow.IsKnown())
	})
}

func TestLaunchTemplates(t *testing.T) {
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"), groupIn("vpc", "sg", nil),
		{kind: "ec2/launchTemplate:LaunchTemplate", name: "lt", in: props{"networkInterfaces": list(props{"associatePublicIpAddress": "true", "securityGroups": list(id("sg"))})}},
		{kind: "autoscaling/group:Group", name: "asg", in: props{"vpcZoneIdentifiers": list(id("a"), id("b")), "launchTemplate": props{"id": id("lt"), "version": "$Latest"}}},
		{kind: "ec2/instance:Instance", name: "elsewhere", in: props{"subnetId": id("a"), "launchTemplate": props{"id": "lt-0aaaaaaaa"}}},
	}, func(t *testing.T, m *Model) {
		require.Len(t, m.Interfaces, 3)
		for _, i := range m.Interfaces {
			if i.Name == "elsewhere" {
				assert.NotEmpty(t, i.Incomplete, "the template decides")
				continue
			}
			assert.Equal(t, []*Filter{m.filterOf(t, "sg")}, i.Groups)
			assert.True(t, known(t, i.Public))
			assert.Empty(t, i.Incomplete)
		}
	})
}

// The stateless side decides first; what it hands on is all that the stateful
// rules see.
func TestNetworkFirewallStatelessRules(t *testing.T) {
	stateless := func(priority int, action string, match props) props {
		return props{"priority": priority, "ruleDefinition": props{"actions": list(action), "matchAttributes": match}}
	}
	eachShape(t, []res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/28"),
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "tuples", in: props{"type": "STATEFUL", "capacity": 1, "ruleGroup": props{"rulesSource": props{"statefulRules": list(
			tuple("PASS", "IP", "10.0.0.0/8", "ANY", "ANY"),
		)}}}},
		{kind: "networkfirewall/ruleGroup:RuleGroup", name: "ports", in: props{"type": "STATELESS", "capacity": 1, "ruleGroup": props{"rulesSource": props{
			"statelessRulesAndCustomActions": props{"statelessRules": list(
				stateless(2, "aws:forward_to_sfe", props{"protocols": list(6), "sources": list(props{"addressDefinition": "10.0.4.0/24"}),
					"destinations": list(props{"addressDefinition": "0.0.0.0/0"}), "destinationPorts": list(props{"fromPort": 443, "toPort": 443})}),
				stateless(1, "aws:drop", props{"destinations": list(props{"addressDefinition": "192.0.2.0/24"})}),
			)},
		}}}},
		{kind: "networkfirewall/firewallPolicy:FirewallPolicy", name: "policy", in: props{"firewallPolicy": props{
			"statelessDefaultActions":      list("aws:drop"),
			"statelessRuleGroupReferences": list(props{"resourceArn": out("ports", "arn"), "priority": 1}),
			"statefulEngineOptions":        props{"ruleOrder": "STRICT_ORDER"}, "statefulDefaultActions": list("aws:drop_strict"),
			"statefulRuleGroupReferences": list(props{"resourceArn": out("tuples", "arn"), "priority": 1}),
		}}},
		{kind: "networkfirewall/firewall:Firewall", name: "fw", in: props{"vpcId": id("vpc"), "firewallPolicyArn": out("policy", "arn"), "subnetMappings": list(props{"subnetId": id("a")})}},
	}, func(t *testing.T, m *Model) {
		policy := m.filterOf(t, "policy")
		assert.Empty(t, policy.Incomplete)
		const at = "ruleGroup.rulesSource.statelessRulesAndCustomActions.statelessRules"
		assert.Equal(t, []string{
			"0 deny all 192.0.2.0/24 all (ports " + at + "[1])",
			"0 allow 6 0.0.0.0/0 443-443 (tuples ruleGroup.rulesSource.statefulRules[0])",
			"0 deny 6 0.0.0.0/0 443-443 (policy firewallPolicy.statefulDefaultActions)",
			"0 deny all anyone all (policy firewallPolicy.statelessDefaultActions)",
		}, rulesOf(m, policy, false))
		assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.4.0/24")}, known(t, policy.Out[1].Source).Prefixes, "both say 10.0.4.0/24")
	})
}

package aws_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// network is a data plane in small: everything the components emit, once.
type network struct {
	vpc, pods, igw, subnet, podSubnet, public, private, internet, nats, assoc, eip, nat res
	s3, s3Table, sts, group, ingress, egress, logs, role, policy, flowLog               res
}

// deploy makes a network in the order a program would.
func (i *instance) deploy() network {
	i.t.Helper()
	var n network
	n.vpc = i.vpc("10.20.0.0/16")
	n.pods = i.create(cidrType, in{"vpcId": n.vpc.id, "cidrBlock": "100.64.0.0/16"})
	n.igw = i.create(igwType, in{"vpcId": n.vpc.id, "tags": in{"Name": "dev"}})
	n.subnet = i.create(subnetType, in{
		"vpcId": n.vpc.id, "cidrBlock": "10.20.0.0/18", "availabilityZone": "eu-west-1a", "tags": in{"Name": "nodes-a"},
	})
	n.podSubnet = i.subnet(n.vpc, "100.64.0.0/18", "eu-west-1a")
	n.public, n.private = i.table(n.vpc), i.table(n.vpc)
	n.assoc = i.create(assocType, in{"routeTableId": n.private.id, "subnetId": n.subnet.id})
	n.internet = i.create(routeType, in{"routeTableId": n.public.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": n.igw.id})
	n.nat, n.eip = i.nat(n.subnet)
	n.nats = i.create(routeType, in{"routeTableId": n.private.id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": n.nat.id})
	n.s3 = i.create(endpointType, in{"vpcId": n.vpc.id, "serviceName": "com.amazonaws.eu-west-1.s3", "vpcEndpointType": "Gateway"})
	n.s3Table = i.create(epTableType, in{"vpcEndpointId": n.s3.id, "routeTableId": n.private.id})
	n.group = i.create(groupType, in{"vpcId": n.vpc.id})
	n.ingress = i.create(ingressType, in{
		"securityGroupId": n.group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.20.0.0/16",
	})
	n.egress = i.create(egressType, in{"securityGroupId": n.group.id, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"})
	var err error
	n.sts, err = i.endpoint(n.vpc, "sts", in{
		"subnetIds": []any{n.subnet.id}, "securityGroupIds": []any{n.group.id}, "privateDnsEnabled": true,
	})
	require.NoError(i.t, err)
	n.logs = i.create(logGroupType, in{"name": "/vpc/flow", "retentionInDays": 30})
	n.role = i.create(roleType, in{"assumeRolePolicy": trust})
	n.policy = i.create(policyType, in{"role": n.role.id, "policy": allow})
	n.flowLog = i.create(flowLogType, in{
		"vpcId": n.vpc.id, "trafficType": "ALL", "logDestination": n.logs.str("arn"), "iamRoleArn": n.role.str("arn"),
	})
	return n
}

// all returns the resources in an order in which they can be deleted.
func (n network) all() []res {
	return []res{
		n.flowLog, n.policy, n.role, n.logs, n.sts, n.egress, n.ingress, n.group, n.s3Table, n.s3, n.nats, n.nat, n.eip,
		n.internet, n.assoc, n.private, n.public, n.podSubnet, n.subnet, n.igw, n.pods, n.vpc,
	}
}

// TestNetwork deploys everything once, looks at what AWS would have chosen,
// and takes it down again.
func TestNetwork(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	n := i.deploy()

	// The forms of ids and ARNs, from the examples of AWS's API reference.
	id := func(prefix string) *regexp.Regexp { return regexp.MustCompile("^" + prefix + "-0[0-9a-f]{16}$") }
	for _, c := range []struct {
		r      res
		prefix string
		arn    string
	}{
		{n.vpc, "vpc", "arn:aws:ec2:eu-west-1:123456789012:vpc/"},
		{n.pods, "vpc-cidr-assoc", ""},
		{n.igw, "igw", "arn:aws:ec2:eu-west-1:123456789012:internet-gateway/"},
		{n.subnet, "subnet", "arn:aws:ec2:eu-west-1:123456789012:subnet/"},
		{n.private, "rtb", "arn:aws:ec2:eu-west-1:123456789012:route-table/"},
		{n.assoc, "rtbassoc", ""},
		{n.eip, "eipalloc", "arn:aws:ec2:eu-west-1:123456789012:elastic-ip/"},
		{n.nat, "nat", ""},
		{n.sts, "vpce", "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/"},
		{n.group, "sg", "arn:aws:ec2:eu-west-1:123456789012:security-group/"},
		{n.ingress, "sgr", "arn:aws:ec2:eu-west-1:123456789012:security-group-rule/"},
		{n.flowLog, "fl", "arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/"},
	} {
		assert.Regexp(t, id(c.prefix), c.r.id)
		if c.arn != "" {
			assert.Equal(t, c.arn+c.r.id, c.r.str("arn"))
		}
	}
	for _, r := range []res{n.vpc, n.igw, n.subnet, n.private, n.s3, n.group} {
		assert.Equal(t, "123456789012", r.str("ownerId"), r.typ)
	}

	assert.Regexp(t, id("rtb"), n.vpc.str("mainRouteTableId"))
	assert.Equal(t, n.vpc.str("mainRouteTableId"), n.vpc.str("defaultRouteTableId"))
	assert.Regexp(t, id("sg"), n.vpc.str("defaultSecurityGroupId"))
	assert.Regexp(t, id("acl"), n.vpc.str("defaultNetworkAclId"))
	assert.Regexp(t, id("dopt"), n.vpc.str("dhcpOptionsId"))
	assert.Equal(t, "default", n.vpc.str("instanceTenancy"))
	assert.True(t, n.vpc.out["enableDnsSupport"].BoolValue())
	assert.False(t, n.vpc.out["enableNetworkAddressUsageMetrics"].BoolValue())

	assert.Equal(t, "nodes-a", n.subnet.out["tagsAll"].ObjectValue()["Name"].StringValue())
	assert.Regexp(t, `^euw1-az[123]$`, n.subnet.str("availabilityZoneId"))
	assert.False(t, n.subnet.out["mapPublicIpOnLaunch"].BoolValue())

	// 1080289494 is the CRC-32 of "0.0.0.0/0", which every Terraform user has
	// seen at the end of a route's id.
	assert.Equal(t, "r-"+n.public.id+"1080289494", n.internet.id)
	assert.Equal(t, "active", n.internet.str("state"))
	assert.Equal(t, "CreateRoute", n.internet.str("origin"))

	assert.Equal(t, n.eip.id, n.eip.str("allocationId"))
	assert.Equal(t, "203.0.113.1", n.eip.str("publicIp"))
	assert.Equal(t, "ec2-203-0-113-1.eu-west-1.compute.amazonaws.com", n.eip.str("publicDns"))
	assert.Equal(t, "203.0.113.1", n.nat.str("publicIp"))
	// AWS keeps .0 to .3, so .4 is the first address there is; the endpoint
	// came second.
	assert.Equal(t, "10.20.0.4", n.nat.str("privateIp"))
	assert.Equal(t, "10.20.0.5", n.sts.out["subnetConfigurations"].ArrayValue()[0].ObjectValue()["ipv4"].StringValue())
	assert.Regexp(t, id("eni"), n.nat.str("networkInterfaceId"))
	assert.Regexp(t, id("eipassoc"), n.nat.str("associationId"))

	assert.Regexp(t, `^pl-[0-9a-f]{8}$`, n.s3.str("prefixListId"))
	assert.Equal(t, "available", n.s3.str("state"))
	assert.Equal(t, "eu-west-1", n.s3.str("serviceRegion"))
	assert.False(t, n.s3.out["privateDnsEnabled"].BoolValue())
	names := n.sts.out["dnsEntries"].ArrayValue()
	require.Len(t, names, 3, "the region's, the zone's and the private name")
	assert.Regexp(t, "^"+n.sts.id+`-[0-9a-f]{8}\.sts\.eu-west-1\.vpce\.amazonaws\.com$`, names[0].ObjectValue()["dnsName"].StringValue())
	assert.Regexp(t, "^"+n.sts.id+`-[0-9a-f]{8}-eu-west-1a\.sts\.eu-west-1\.vpce\.amazonaws\.com$`, names[1].ObjectValue()["dnsName"].StringValue())
	assert.Equal(t, "sts.eu-west-1.amazonaws.com", names[2].ObjectValue()["dnsName"].StringValue())
	assert.Len(t, n.sts.out["networkInterfaceIds"].ArrayValue(), 1)

	assert.Equal(t, "Managed by Pulumi", n.group.str("description"))
	assert.Regexp(t, `^it-[0-9a-f]{7}$`, n.group.str("name"))
	assert.Equal(t, n.ingress.id, n.ingress.str("securityGroupRuleId"))

	assert.Equal(t, "/vpc/flow", n.logs.id)
	assert.Equal(t, "arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow", n.logs.str("arn"))
	assert.Equal(t, "/vpc/flow", n.flowLog.str("logGroupName"))
	assert.Equal(t, n.role.id, n.role.str("name"))
	assert.Equal(t, "arn:aws:iam::123456789012:role/"+n.role.id, n.role.str("arn"))
	assert.Regexp(t, `^AROA[0-9A-F]{17}$`, n.role.str("uniqueId"))
	assert.Equal(t, n.role.id+":"+n.policy.str("name"), n.policy.id)

	// Nothing is due after a deployment: refreshed or not, the same inputs
	// make no difference.
	for _, r := range n.all() {
		now, _ := i.read(r, nil)
		assert.Equal(t, r.id, now.id)
		assert.Equal(t, r.out, now.out, "%s", r.typ)
	}
	assert.Empty(t, cloud.Dangling())

	for _, r := range n.all() {
		require.NoError(t, i.remove(r), r.typ)
		assert.False(t, i.exists(r), r.typ)
		require.NoError(t, i.remove(r), "deleting what is gone is no error")
	}
	assert.Empty(t, cloud.Objects(), "an empty cloud")
}

// TestEverythingIsRead checks that outputs which a program can always read are
// there, whatever the type.
func TestEverythingIsRead(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	for r, names := range map[*res][]resource.PropertyKey{
		ptr(i.create(igwType, in{})):                  {"vpcId", "tags", "tagsAll"},
		ptr(i.create(eipType, in{"domain": "vpc"})):   {"instance", "associationId", "carrierIp", "privateIp", "ptrRecord"},
		ptr(i.vpc("10.0.0.0/16")):                     {"ipv6CidrBlock", "ipv6AssociationId", "tags"},
		ptr(i.table(i.vpc("10.1.0.0/16"))):            {"routes", "propagatingVgws"},
		ptr(i.group(i.vpc("10.2.0.0/16"), "a group")): {"ingress", "egress", "namePrefix"},
	} {
		for _, name := range names {
			assert.Contains(t, r.out, name, r.typ)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestDefaultGroup attaches rules to the group that comes with a VPC, and
// deletes the VPC with them still there.
func TestDefaultGroup(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	v := i.vpc("10.0.0.0/16")
	r := i.create(ingressType, in{
		"securityGroupId": v.str("defaultSecurityGroupId"), "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16",
	})
	e, err := i.endpoint(v, "sts", in{"subnetIds": []any{i.subnet(v, "10.0.0.0/24", "eu-west-1a").id}})
	require.NoError(t, err)
	assert.Equal(t, v.str("defaultSecurityGroupId"), e.out["securityGroupIds"].ArrayValue()[0].StringValue(), "the group of an endpoint that names none")
	require.NoError(t, i.remove(e))
	require.NoError(t, cloud.Forget(first(cloud, subnetType)))
	require.NoError(t, i.remove(v))
	assert.False(t, i.exists(r))
	assert.Empty(t, cloud.Objects())
}

// first returns the id of the first object of a type.
func first(c *aws.Cloud, typ string) string {
	objects := c.Objects()
	return objects[slices.IndexFunc(objects, func(o aws.Object) bool { return o.Type == typ })].ID
}

// TestAllowed makes what a rule that is too strict would refuse.
func TestAllowed(t *testing.T) {
	// Permitted by AWS's table:
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
	for _, c := range []struct{ vpc, join string }{
		{"10.20.0.0/16", "10.21.0.0/16"},
		{"10.20.0.0/16", "10.0.0.0/16"},
		{"10.1.0.0/16", "10.2.0.0/16"},
		{"10.20.0.0/16", "100.64.0.0/16"},
		{"10.20.0.0/16", "198.18.0.0/16"},
		{"172.16.0.0/16", "172.30.0.0/16"},
		{"192.168.0.0/24", "192.168.1.0/24"},
		{"198.19.0.0/24", "198.19.1.0/24"},
		{"198.19.0.0/16", "100.64.0.0/16"},
		{"100.64.0.0/16", "100.65.0.0/16"},
		{"203.0.0.0/16", "100.64.0.0/28"},
	} {
		_, i := newCloud(t, aws.Options{})
		_, err := i.try(cidrType, in{"vpcId": i.vpc(c.vpc).id, "cidrBlock": c.join})
		assert.NoError(t, err, "%s joins %s", c.join, c.vpc)
	}

	_, i := newCloud(t, aws.Options{Quotas: map[string]int{catalog.QuotaVpcsPerRegion: 2, catalog.QuotaElasticIPsPerRegion: 1}})
	v, w := i.vpc("10.0.0.0/16"), i.vpc("10.0.0.0/16")
	igw := i.create(igwType, in{"vpcId": v.id})
	i.create(igwType, in{"vpcId": w.id})
	table := i.table(v)

	// A block that is smaller than the destination of a route, AWS's example.
	i.create(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "10.30.0.0/24", "gatewayId": igw.id})
	i.create(cidrType, in{"vpcId": v.id, "cidrBlock": "10.30.0.0/25"})
	// Neighbours, to the last address, and the same block in another VPC.
	i.subnet(v, "10.0.0.0/24", "eu-west-1a")
	i.subnet(v, "10.0.1.0/24", "eu-west-1a")
	last := i.subnet(v, "10.0.255.240/28", "eu-west-1b")
	i.subnet(w, "10.0.0.0/24", "eu-west-1a")
	// The last address of a subnet that is not AWS's own.
	i.create(natType, in{"subnetId": last.id, "connectivityType": "private", "privateIp": "10.0.255.254"})
	// The same service twice, once with private DNS.
	_, err := i.endpoint(v, "sts", in{"privateDnsEnabled": true})
	require.NoError(t, err)
	_, err = i.endpoint(v, "sts", in{"privateDnsEnabled": false})
	require.NoError(t, err)
	// S3 with private DNS, as the caller asks for on its own or beside a
	// gateway endpoint.
	_, err = i.endpoint(w, "s3", in{"privateDnsEnabled": true, "dnsOptions": in{"privateDnsOnlyForInboundResolverEndpoint": false}})
	require.NoError(t, err)
	i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{table.id}})
	_, err = i.endpoint(v, "s3", in{"privateDnsEnabled": true})
	require.NoError(t, err)
	// Two services in a table.
	i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.dynamodb", "routeTableIds": []any{table.id}})
	// A name that another VPC has, and rules that differ in one thing.
	a, b := i.group(v, "a"), i.group(w, "a")
	for _, rule := range []in{
		{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"},
		{"ipProtocol": "tcp", "fromPort": 443, "toPort": 444, "cidrIpv4": "10.0.0.0/16"},
		{"ipProtocol": "udp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"},
		{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.1.0.0/16"},
		{"ipProtocol": "icmp", "fromPort": -1, "toPort": -1, "cidrIpv4": "10.0.0.0/16"},
		{"ipProtocol": "-1", "fromPort": -1, "toPort": -1, "cidrIpv4": "10.0.0.0/16"},
		{"ipProtocol": "tcp", "fromPort": 0, "toPort": 65535, "referencedSecurityGroupId": a.id},
	} {
		i.create(ingressType, with(rule, "securityGroupId", a.id))
	}
	i.create(egressType, in{"securityGroupId": a.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"})
	i.create(egressType, in{"securityGroupId": b.id, "ipProtocol": "-1", "cidrIpv6": "::/0"})
	// An address that was given back.
	eip := i.create(eipType, in{})
	require.NoError(t, i.remove(eip))
	i.create(eipType, in{})
	// A role that another role may assume.
	r := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
	i.create(roleType, in{"name": "s", "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["` +
		r.str("arn") + `","arn:aws:iam::210987654321:role/theirs"]}}}`})
}

// TestTakenAlong deletes what other things hang on that AWS lets go with it.
func TestTakenAlong(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	v := i.vpc("10.0.0.0/16")
	igw, table, g, s := i.create(igwType, in{"vpcId": v.id}), i.table(v), i.group(v, "a"), i.subnet(v, "10.0.0.0/24", "eu-west-1a")
	route := i.create(routeType, in{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw.id})
	kept, gone := i.table(v), i.table(v)
	s3 := in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{kept.id, gone.id}}
	inline := i.create(endpointType, s3)
	dynamo := i.create(endpointType, in{"vpcId": v.id, "serviceName": "com.amazonaws.eu-west-1.dynamodb"})
	joined := i.create(epTableType, in{"vpcEndpointId": dynamo.id, "routeTableId": table.id})
	rule := i.create(ingressType, in{"securityGroupId": g.id, "ipProtocol": "-1", "referencedSecurityGroupId": g.id})
	assoc := i.create(assocType, in{"routeTableId": kept.id, "subnetId": s.id})
	log := i.create(flowLogType, in{"subnetId": s.id, "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::logs"})

	for _, c := range []struct {
		delete res
		with   []res
	}{
		{table, []res{route, joined}}, {g, []res{rule}}, {s, []res{assoc, log}}, {gone, nil},
	} {
		require.NoError(t, i.remove(c.delete), c.delete.typ)
		for _, r := range c.with {
			assert.False(t, i.exists(r), "%s with %s", r.typ, c.delete.typ)
		}
		assert.Empty(t, cloud.Dangling())
	}
	now, _ := i.read(inline, nil)
	assert.Equal(t, []resource.PropertyValue{resource.NewStringProperty(kept.id)}, now.out["routeTableIds"].ArrayValue())

	// A role loses its policies only when it says so.
	role := i.create(roleType, in{"assumeRolePolicy": trust, "forceDetachPolicies": true})
	policy := i.create(policyType, in{"role": role.id, "policy": allow})
	require.NoError(t, i.remove(role))
	assert.False(t, i.exists(policy))
}

// TestUpdates changes what AWS changes in place.
func TestUpdates(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	n := i.deploy()

	vpc, err := i.update(n.vpc, in{"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": false, "tags": in{"Name": "dev"}})
	require.NoError(t, err)
	assert.False(t, vpc.out["enableDnsHostnames"].BoolValue())
	assert.Equal(t, n.vpc.str("arn"), vpc.str("arn"), "what AWS chose stays")
	assert.Equal(t, n.vpc.str("defaultSecurityGroupId"), vpc.str("defaultSecurityGroupId"))
	assert.Equal(t, "dev", vpc.out["tagsAll"].ObjectValue()["Name"].StringValue())

	// A route is pointed somewhere else.
	route, err := i.update(n.nats, in{"routeTableId": n.private.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": n.igw.id})
	require.NoError(t, err)
	assert.Equal(t, n.igw.id, route.str("gatewayId"))
	assert.NotContains(t, route.out, resource.PropertyKey("natGatewayId"))

	// An endpoint moves to another subnet of its zone and takes its address
	// along with it.
	other := i.subnet(n.vpc, "10.20.64.0/24", "eu-west-1a")
	sts, err := i.update(n.sts, in{
		"vpcId": n.vpc.id, "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface",
		"subnetIds": []any{other.id}, "securityGroupIds": []any{n.group.id}, "privateDnsEnabled": true,
	})
	require.Error(t, err, "DNS hostnames were turned off above")
	assert.Contains(t, err.Error(), "updating EC2 VPC Endpoint ("+n.sts.id+"): operation error EC2: ModifyVpcEndpoint")
	_, err = i.update(vpc, in{"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": true})
	require.NoError(t, err)
	sts, err = i.update(n.sts, in{
		"vpcId": n.vpc.id, "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface",
		"subnetIds": []any{other.id}, "securityGroupIds": []any{n.group.id}, "privateDnsEnabled": true,
	})
	require.NoError(t, err)
	assert.Equal(t, "10.20.64.4", sts.out["subnetConfigurations"].ArrayValue()[0].ObjectValue()["ipv4"].StringValue())

	// A subnet gets another table, a rule another port.
	assoc, err := i.update(n.assoc, in{"routeTableId": n.public.id, "subnetId": n.subnet.id})
	require.NoError(t, err)
	assert.Equal(t, n.public.id, assoc.str("routeTableId"))
	rule, err := i.update(n.ingress, in{
		"securityGroupId": n.group.id, "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.20.0.0/16",
	})
	require.NoError(t, err)
	assert.InDelta(t, 80, rule.out["fromPort"].NumberValue(), 0)

	// An internet gateway cannot move while addresses are mapped.
	elsewhere := i.vpc("10.30.0.0/16")
	_, err = i.update(n.igw, in{"vpcId": elsewhere.id})
	require.ErrorContains(t, err, "DependencyViolation")
	require.NoError(t, i.remove(n.nat))
	_, err = i.update(n.igw, in{"vpcId": elsewhere.id})
	require.NoError(t, err)
	now, _ := i.read(n.internet, nil)
	assert.Equal(t, "blackhole", now.str("state"), "the route is still there and leads nowhere")
}

// differences says what a change of one input amounts to, by the schema of
// terraform-provider-aws: ForceNew replaces, Computed does not mind its
// absence.
var differences = []struct {
	name     string
	typ      string
	from, to in
	// want maps the paths that differ to their kinds; empty when nothing does.
	want map[string]pulumirpc.PropertyDiff_Kind
	// deleteFirst says that the old resource goes before the new one comes.
	deleteFirst bool
}{
	{
		"the block of a VPC", vpcType, in{"cidrBlock": "10.0.0.0/16"}, in{"cidrBlock": "10.1.0.0/16"},
		map[string]pulumirpc.PropertyDiff_Kind{"cidrBlock": replaces}, false,
	},
	{
		"the DNS of a VPC", vpcType, in{"cidrBlock": "10.0.0.0/16"}, in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true},
		map[string]pulumirpc.PropertyDiff_Kind{"enableDnsHostnames": updates}, false,
	},
	{
		"a VPC says no more of DNS", vpcType, in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true}, in{"cidrBlock": "10.0.0.0/16"}, nil, false,
	},
	{
		"a default said aloud", vpcType, in{"cidrBlock": "10.0.0.0/16"}, in{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true, "instanceTenancy": "default"}, nil, false,
	},
	{
		"a VPC becomes dedicated", vpcType, in{"cidrBlock": "10.0.0.0/16"}, in{"cidrBlock": "10.0.0.0/16", "instanceTenancy": "dedicated"},
		map[string]pulumirpc.PropertyDiff_Kind{"instanceTenancy": replaces}, false,
	},
	{
		"a dedicated VPC becomes a default one", vpcType, in{"cidrBlock": "10.0.0.0/16", "instanceTenancy": "dedicated"}, in{"cidrBlock": "10.0.0.0/16"},
		map[string]pulumirpc.PropertyDiff_Kind{"instanceTenancy": updates}, false,
	},
	{
		"tags", vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "a", "team": "x"}}, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "b", "env": "y"}},
		map[string]pulumirpc.PropertyDiff_Kind{
			"tags.Name": updates, "tags.team": deletes, "tags.env": adds, "tagsAll.Name": updates, "tagsAll.team": deletes, "tagsAll.env": adds,
		}, false,
	},
	{
		"a tag with a colon", vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{}}, in{"cidrBlock": "10.0.0.0/16", "tags": in{"a.b/c": "1"}},
		map[string]pulumirpc.PropertyDiff_Kind{`tags["a.b/c"]`: adds, `tagsAll["a.b/c"]`: adds}, false,
	},
	{
		"a subnet moves", subnetType,
		in{"vpcId": "$vpc", "cidrBlock": "10.20.128.0/24", "availabilityZone": "eu-west-1a"},
		in{"vpcId": "$vpc", "cidrBlock": "10.20.129.0/24", "availabilityZone": "eu-west-1b"},
		map[string]pulumirpc.PropertyDiff_Kind{"cidrBlock": replaces, "availabilityZone": replaces}, false,
	},
	{
		"a subnet leaves its zone to AWS", subnetType,
		in{"vpcId": "$vpc", "cidrBlock": "10.20.128.0/24", "availabilityZone": "eu-west-1a"}, in{"vpcId": "$vpc", "cidrBlock": "10.20.128.0/24"}, nil, false,
	},
	{
		"a subnet gives public addresses", subnetType, in{"vpcId": "$vpc", "cidrBlock": "10.20.128.0/24"},
		in{"vpcId": "$vpc", "cidrBlock": "10.20.128.0/24", "mapPublicIpOnLaunch": true},
		map[string]pulumirpc.PropertyDiff_Kind{"mapPublicIpOnLaunch": updates}, false,
	},
	{
		"a further block", cidrType, in{"vpcId": "$vpc", "cidrBlock": "100.65.0.0/16"}, in{"vpcId": "$vpc", "cidrBlock": "100.66.0.0/16"},
		map[string]pulumirpc.PropertyDiff_Kind{"cidrBlock": replaces}, false,
	},
	{
		"an internet gateway is attached", igwType, in{}, in{"vpcId": "vpc-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"vpcId": updates}, false,
	},
	{
		"a table of another VPC", tableType, in{"vpcId": "$vpc"}, in{"vpcId": "vpc-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"vpcId": replaces}, false,
	},
	{
		"a route leads elsewhere", routeType,
		in{"routeTableId": "$table", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "$igw"},
		in{"routeTableId": "$table", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"gatewayId": deletes, "natGatewayId": adds}, false,
	},
	{
		"a route to elsewhere", routeType,
		in{"routeTableId": "$table", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "$igw"},
		in{"routeTableId": "$table", "destinationCidrBlock": "192.0.2.0/24", "gatewayId": "$igw"},
		map[string]pulumirpc.PropertyDiff_Kind{"destinationCidrBlock": replaces}, false,
	},
	{
		"another table for a subnet", assocType, in{"routeTableId": "$table", "subnetId": "$subnet"},
		in{"routeTableId": "rtb-0123456789abcdef0", "subnetId": "$subnet"},
		map[string]pulumirpc.PropertyDiff_Kind{"routeTableId": updates}, false,
	},
	{
		"another subnet for a table", assocType, in{"routeTableId": "$table", "subnetId": "$subnet"},
		in{"routeTableId": "$table", "subnetId": "subnet-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"subnetId": replaces}, false,
	},
	{
		"the border group of an address, said aloud", eipType, in{"domain": "vpc"}, in{"domain": "vpc", "networkBorderGroup": "eu-west-1"}, nil, false,
	},
	{
		"another address for a NAT gateway", natType, in{"subnetId": "$subnet", "connectivityType": "private"},
		in{"subnetId": "$subnet", "connectivityType": "public", "allocationId": "eipalloc-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"connectivityType": replaces, "allocationId": addReplaces}, false,
	},
	{
		"another service for an endpoint", endpointType,
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3"}, in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.dynamodb"},
		map[string]pulumirpc.PropertyDiff_Kind{"serviceName": replaces}, false,
	},
	{
		"the tables of an endpoint, in another order and one more", endpointType,
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{"$table", "$table2"}},
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{"$table2", "$table", "rtb-0123456789abcdef0"}},
		map[string]pulumirpc.PropertyDiff_Kind{"routeTableIds": updates}, false,
	},
	{
		"the tables of an endpoint, in another order", endpointType,
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{"$table", "$table2"}},
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{"$table2", "$table"}}, nil, false,
	},
	{
		"the private DNS of an interface endpoint", endpointType,
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface", "privateDnsEnabled": false},
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface", "privateDnsEnabled": true},
		map[string]pulumirpc.PropertyDiff_Kind{"privateDnsEnabled": updates}, false,
	},
	{
		"the spelling of an endpoint's policy", endpointType,
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "policy": `{"Statement":[],"Version":"2012-10-17"}`},
		in{"vpcId": "$vpc", "serviceName": "com.amazonaws.eu-west-1.s3", "policy": `{ "Version": "2012-10-17", "Statement": [ ] }`}, nil, false,
	},
	{
		"the description of a group that the provider named", groupType, in{"vpcId": "$vpc"}, in{"vpcId": "$vpc", "description": "other"},
		map[string]pulumirpc.PropertyDiff_Kind{"description": replaces}, false,
	},
	{
		"the description of a group that the program named", groupType, in{"vpcId": "$vpc", "name": "a"}, in{"vpcId": "$vpc", "name": "a", "description": "other"},
		map[string]pulumirpc.PropertyDiff_Kind{"description": replaces}, true,
	},
	{
		"the name of a group", groupType, in{"vpcId": "$vpc", "name": "a"}, in{"vpcId": "$vpc", "name": "b"},
		map[string]pulumirpc.PropertyDiff_Kind{"name": replaces}, false,
	},
	{
		"the port of a rule", ingressType,
		in{"securityGroupId": "$group", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/8"},
		in{"securityGroupId": "$group", "ipProtocol": "tcp", "fromPort": 80, "toPort": 443, "cidrIpv4": "10.0.0.0/8"},
		map[string]pulumirpc.PropertyDiff_Kind{"fromPort": updates}, false,
	},
	{
		"the kind of source of a rule", ingressType,
		in{"securityGroupId": "$group", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
		in{"securityGroupId": "$group", "ipProtocol": "-1", "referencedSecurityGroupId": "sg-0123456789abcdef0"},
		map[string]pulumirpc.PropertyDiff_Kind{"cidrIpv4": deleteReplaces, "referencedSecurityGroupId": addReplaces}, false,
	},
	{
		"the group of a rule", egressType,
		in{"securityGroupId": "$group", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
		in{"securityGroupId": "sg-0123456789abcdef0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
		map[string]pulumirpc.PropertyDiff_Kind{"securityGroupId": replaces}, false,
	},
	{
		"the interval of a flow log", flowLogType,
		in{"vpcId": "$vpc", "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::logs"},
		in{"vpcId": "$vpc", "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::logs", "maxAggregationInterval": 60},
		map[string]pulumirpc.PropertyDiff_Kind{"maxAggregationInterval": replaces}, false,
	},
	{
		"the retention of a log group", logGroupType, in{"name": "/a"}, in{"name": "/a", "retentionInDays": 30},
		map[string]pulumirpc.PropertyDiff_Kind{"retentionInDays": updates}, false,
	},
	{
		"the class of a log group", logGroupType, in{"name": "/a"}, in{"name": "/a", "logGroupClass": "INFREQUENT_ACCESS"},
		map[string]pulumirpc.PropertyDiff_Kind{"logGroupClass": replaces}, true,
	},
	{
		"the path of a role", roleType, in{"name": "a", "assumeRolePolicy": trust}, in{"name": "a", "assumeRolePolicy": trust, "path": "/x/"},
		map[string]pulumirpc.PropertyDiff_Kind{"path": replaces}, true,
	},
	{
		"the session of a role", roleType, in{"assumeRolePolicy": trust}, in{"assumeRolePolicy": trust, "maxSessionDuration": 7200},
		map[string]pulumirpc.PropertyDiff_Kind{"maxSessionDuration": updates}, false,
	},
	{
		"the role of a policy", policyType, in{"name": "p", "role": "$role", "policy": allow}, in{"name": "p", "role": "other", "policy": allow},
		map[string]pulumirpc.PropertyDiff_Kind{"role": replaces}, true,
	},
}

const (
	adds           = pulumirpc.PropertyDiff_ADD
	updates        = pulumirpc.PropertyDiff_UPDATE
	deletes        = pulumirpc.PropertyDiff_DELETE
	replaces       = pulumirpc.PropertyDiff_UPDATE_REPLACE
	addReplaces    = pulumirpc.PropertyDiff_ADD_REPLACE
	deleteReplaces = pulumirpc.PropertyDiff_DELETE_REPLACE
)

func TestDiff(t *testing.T) {
	for _, c := range differences {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, aws.Options{})
			v := i.vpc("10.20.0.0/16")
			ids := map[string]string{
				"$vpc": v.id, "$igw": i.create(igwType, in{"vpcId": v.id}).id, "$subnet": i.subnet(v, "10.20.0.0/24", "eu-west-1a").id,
				"$table": i.table(v).id, "$table2": i.table(v).id, "$group": i.group(v, "g").id,
				"$role": i.create(roleType, in{"name": "r", "assumeRolePolicy": trust}).id,
			}
			r := i.create(c.typ, fill(c.from, ids))
			assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, i.diff(r, fill(c.from, ids)).GetChanges(), "the same inputs")

			d := i.diff(r, fill(c.to, ids))
			got := map[string]pulumirpc.PropertyDiff_Kind{}
			for path, p := range d.GetDetailedDiff() {
				got[path] = p.GetKind()
			}
			if len(c.want) == 0 {
				assert.Empty(t, got)
				assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, d.GetChanges())
				return
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, d.GetChanges())
			assert.Equal(t, c.deleteFirst, d.GetDeleteBeforeReplace())
			for path, kind := range c.want {
				if kind == replaces || kind == addReplaces || kind == deleteReplaces {
					assert.Contains(t, d.GetReplaces(), path)
				}
			}
		})
	}
}

// fill puts ids in the place of names.
func fill(inputs in, ids map[string]string) in {
	word := func(v any) any {
		if s, ok := v.(string); ok && ids[s] != "" {
			return ids[s]
		}
		return v
	}
	out := in{}
	for k, v := range inputs {
		if list, ok := v.([]any); ok {
			words := make([]any, len(list))
			for n, e := range list {
				words[n] = word(e)
			}
			v = words
		}
		out[k] = word(v)
	}
	return out
}

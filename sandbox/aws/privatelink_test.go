package aws_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	balancerType        = "aws:lb/loadBalancer:LoadBalancer"
	targetGroupType     = "aws:lb/targetGroup:TargetGroup"
	listenerType        = "aws:lb/listener:Listener"
	endpointServiceType = "aws:ec2/vpcEndpointService:VpcEndpointService"
	principalType       = "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple"
	verificationType    = "aws:vpc/endpointServicePrivateDnsVerification:EndpointServicePrivateDnsVerification"
	accepterType        = "aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter"
	zoneType            = "aws:route53/zone:Zone"
	recordType          = "aws:route53/record:Record"
)

const (
	someBalancer    = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/nobody/0123456789abcdef"
	someTargetGroup = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/nobody/0123456789abcdef"
	someService     = "vpce-svc-0123456789abcdef0"
	someCertificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
)

// plus returns inputs with more over them.
func plus(inputs, more in) in {
	all := maps.Clone(inputs)
	maps.Copy(all, more)
	return all
}

// service is the provider side of PrivateLink in small: one load balancer in
// two zones, and its endpoint service.
type service struct {
	vpc, a, b, group, balancer, targets, listener, service, allowed res
}

// balance makes an internal load balancer in zones a and b, without a service.
func (i *instance) balance() service {
	i.t.Helper()
	var s service
	s.vpc = i.vpc("10.20.0.0/16")
	s.a, s.b = i.subnet(s.vpc, "10.20.0.0/24", "eu-west-1a"), i.subnet(s.vpc, "10.20.1.0/24", "eu-west-1b")
	s.group = i.group(s.vpc, "nlb")
	s.balancer = i.create(balancerType, s.inputs("link"))
	s.targets = i.create(targetGroupType, in{"name": "link-443", "port": 8443, "protocol": "TCP", "targetType": "ip", "vpcId": s.vpc.id})
	s.listener = i.create(listenerType, s.listen(443))
	return s
}

// inputs are those of the load balancer.
func (s service) inputs(name string) in {
	return in{
		"name": name, "loadBalancerType": "network", "internal": true, "subnets": []any{s.a.id, s.b.id}, "securityGroups": []any{s.group.id},
	}
}

// listen are the inputs of a listener.
func (s service) listen(port int) in {
	return in{
		"loadBalancerArn": s.balancer.id, "port": port, "protocol": "TCP",
		"defaultActions": []any{in{"type": "forward", "targetGroupArn": s.targets.id}},
	}
}

// serve makes a load balancer and a service of it that an account may connect
// to.
func (i *instance) serve(account string, more in) service {
	i.t.Helper()
	s := i.balance()
	s.service = i.create(endpointServiceType, plus(in{"acceptanceRequired": true, "networkLoadBalancerArns": []any{s.balancer.id}}, more))
	s.allowed = i.create(principalType, in{
		"vpcEndpointServiceId": s.service.id, "principalArn": "arn:aws:iam::" + account + ":root",
	})
	return s
}

// other returns an instance in another account.
func (i *instance) other(region string) *instance {
	i.t.Helper()
	return i.connect(in{"region": region, "assumeRole": in{"roleArn": "arn:aws:iam::222222222222:role/network"}})
}

// consume makes a VPC with a subnet in a zone, and tries to connect it.
func (i *instance) consume(service res, zone string, more in) (res, error) {
	i.t.Helper()
	v := i.vpc("10.30.0.0/16")
	s := i.subnet(v, "10.30.0.0/24", zone)
	return i.try(endpointType, plus(in{
		"vpcId": v.id, "vpcEndpointType": "Interface", "serviceName": service.str("serviceName"), "subnetIds": []any{s.id},
	}, more))
}

// TestPrivateLink takes a connection between two accounts from its request to
// its end.
func TestPrivateLink(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	s := i.serve("222222222222", nil)
	j := i.other("eu-west-1")

	assert.Regexp(t, `^arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/link/[0-9a-f]{16}$`, s.balancer.id)
	assert.Equal(t, s.balancer.id, s.balancer.str("arn"))
	assert.Equal(t, s.vpc.id, s.balancer.str("vpcId"))
	assert.Regexp(t, `^link-[0-9a-f]{16}\.elb\.eu-west-1\.amazonaws\.com$`, s.balancer.str("dnsName"))
	assert.Equal(t, "on", s.balancer.str("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"), "AWS's default")
	assert.Regexp(t, `^arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/link-443/[0-9a-f]{16}$`, s.targets.id)
	assert.Regexp(t, "^"+strings.Replace(s.balancer.id, ":loadbalancer/", ":listener/", 1)+"/[0-9a-f]{16}$", s.listener.id)
	assert.Regexp(t, `^vpce-svc-0[0-9a-f]{16}$`, s.service.id)
	assert.Equal(t, "com.amazonaws.vpce.eu-west-1."+s.service.id, s.service.str("serviceName"))
	zones := s.service.out["availabilityZones"].ArrayValue()
	require.Len(t, zones, 2)
	assert.Equal(t, "eu-west-1a", zones[0].StringValue())

	e, err := j.consume(s.service, "eu-west-1b", nil)
	require.NoError(t, err)
	assert.Equal(t, "pendingAcceptance", e.str("state"))
	entry := e.out["dnsEntries"].ArrayValue()[0].ObjectValue()
	assert.Regexp(t, "^"+e.id+`-[0-9a-f]{8}\.`+s.service.id+`\.eu-west-1\.vpce\.amazonaws\.com$`, entry["dnsName"].StringValue())

	accepter := i.create(accepterType, in{"vpcEndpointServiceId": s.service.id, "vpcEndpointId": e.id})
	assert.Equal(t, "available", accepter.str("vpcEndpointState"))
	now, _ := j.read(e, nil)
	assert.Equal(t, "available", now.str("state"))

	z := j.create(zoneType, in{"name": "dp1.internal", "vpcs": []any{in{"vpcId": e.str("vpcId")}}})
	r := j.create(recordType, in{"zoneId": z.id, "name": "api", "type": "A", "aliases": []any{in{
		"name": entry["dnsName"].StringValue(), "zoneId": entry["hostedZoneId"].StringValue(), "evaluateTargetHealth": true,
	}}})
	assert.Equal(t, "api.dp1.internal", r.str("fqdn"))

	// A principal that goes takes no connection along.
	require.NoError(t, i.remove(s.allowed))
	now, _ = j.read(e, nil)
	assert.Equal(t, "available", now.str("state"))
	require.ErrorContains(t, i.remove(s.service), "ExistingVpcEndpointConnections")

	require.NoError(t, i.remove(accepter))
	now, _ = j.read(e, nil)
	assert.Equal(t, "rejected", now.str("state"))
	for _, r := range []res{s.service, s.listener, s.targets, s.balancer, s.group, s.b, s.a, s.vpc} {
		require.NoError(t, i.remove(r), r.typ)
	}
	for _, object := range cloud.Objects() {
		assert.Equal(t, "222222222222", object.Account, "nothing of the provider is left: %s", object.ID)
	}
}

// TestPrivateLinkWithoutAcceptance connects at once.
func TestPrivateLinkWithoutAcceptance(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	s := i.serve("222222222222", in{"acceptanceRequired": false})
	e, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", nil)
	require.NoError(t, err)
	assert.Equal(t, "available", e.str("state"))
}

// TestPrivateLinkAcrossRegions needs a service that supports the region; the
// zones of another region do not matter.
func TestPrivateLinkAcrossRegions(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	s := i.serve("222222222222", in{"acceptanceRequired": false, "supportedRegions": []any{"eu-west-1", "us-east-1"}})
	e, err := i.other("us-east-1").consume(s.service, "us-east-1f", in{"serviceRegion": "eu-west-1"})
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", e.str("serviceRegion"))
	_, err = i.other("eu-central-1").consume(s.service, "eu-central-1a", in{"serviceRegion": "eu-west-1"})
	require.ErrorContains(t, err, "InvalidServiceName")
}

// TestPrivateName verifies a name, and lets consumers use it from then on.
func TestPrivateName(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	s := i.serve("222222222222", in{"acceptanceRequired": false, "privateDnsName": "api.example.com"})
	j := i.other("eu-west-1")
	txt := s.service.out["privateDnsNameConfigurations"].ArrayValue()[0].ObjectValue()
	assert.Equal(t, "pendingVerification", txt["state"].StringValue())
	assert.Equal(t, "TXT", txt["type"].StringValue())

	verify := in{"serviceId": s.service.id, "waitForVerification": true}
	_, err := i.try(verificationType, verify)
	require.ErrorContains(t, err, "unexpected state 'failed', wanted target 'verified'")

	// The zone of a parent domain will do, a private one will not.
	private := i.create(zoneType, in{"name": "api.example.com", "vpcs": []any{in{"vpcId": s.vpc.id}}})
	public := i.create(zoneType, in{"name": "example.com"})
	record := func(zone res, value string) in {
		return in{"zoneId": zone.id, "name": txt["name"].StringValue(), "type": "TXT", "ttl": 1800, "records": []any{value}}
	}
	i.create(recordType, record(private, txt["value"].StringValue()))
	r := i.create(recordType, record(public, "something else"))
	_, err = i.try(verificationType, verify)
	require.Error(t, err)
	_, err = i.update(r, record(public, txt["value"].StringValue()))
	require.NoError(t, err)
	v := i.create(verificationType, verify)
	assert.Equal(t, s.service.id, v.id)

	e, err := j.consume(s.service, "eu-west-1a", in{"privateDnsEnabled": true})
	require.NoError(t, err)
	names := e.out["dnsEntries"].ArrayValue()
	assert.Equal(t, "api.example.com", names[len(names)-1].ObjectValue()["dnsName"].StringValue())
}

var linkRefusals = []struct {
	name    string
	options aws.Options
	call    func(i *instance) ([]res, error)
	want    string
}{
	// Load balancers.
	{
		name: "a load balancer without subnets",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(balancerType, in{"name": "link", "loadBalancerType": "network", "internal": true})
			return nil, err
		},
		want: "creating ELBv2 network Load Balancer (link): operation error Elastic Load Balancing v2: CreateLoadBalancer, " +
			"https response error StatusCode: 400, RequestID: *, ValidationError: At least one subnet must be specified",
	},
	{
		name: "two subnets of one zone",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			c := i.subnet(s.vpc, "10.20.2.0/24", "eu-west-1a")
			_, err := i.try(balancerType, plus(s.inputs("other"), in{"subnets": []any{s.a.id, c.id}}))
			return nil, err
		},
		want: "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the same Availability Zone",
	},
	{
		name: "a name that is taken",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(balancerType, i.balance().inputs("link"))
			return nil, err
		},
		want: "DuplicateLoadBalancerName: A load balancer with the same name 'link' exists, but with different settings",
	},
	{
		name:    "more load balancers than the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaNetworkLoadBalancersPerRegion: 1}},
		call: func(i *instance) ([]res, error) {
			_, err := i.try(balancerType, i.balance().inputs("other"))
			return nil, err
		},
		want: "TooManyLoadBalancers: The maximum number of load balancers has been reached.",
	},
	{
		name: "an internet-facing load balancer in a VPC without a gateway",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			_, err := i.try(balancerType, plus(s.inputs("public"), in{"internal": false}))
			return []res{s.vpc}, err
		},
		want: "InvalidSubnet: VPC {0} has no internet gateway",
	},
	{
		name: "a gateway goes from an internet-facing load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			igw := i.create(igwType, in{"vpcId": s.vpc.id})
			i.create(balancerType, plus(s.inputs("public"), in{"internal": false}))
			return []res{s.vpc}, i.remove(igw)
		},
		want: "DependencyViolation: Network {0} has some mapped public address(es).",
	},
	{
		name: "a group of another VPC",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			g := i.group(i.vpc("10.40.0.0/16"), "other")
			_, err := i.try(balancerType, plus(s.inputs("other"), in{"securityGroups": []any{g.id}}))
			return nil, err
		},
		want: "InvalidConfigurationRequest: One or more security groups are invalid",
	},
	{
		name: "a group for a load balancer that was created without one",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			b := i.create(balancerType, plus(s.inputs("bare"), in{"securityGroups": []any{}}))
			_, err := i.update(b, s.inputs("bare"))
			return nil, err
		},
		want: "operation error Elastic Load Balancing v2: SetSecurityGroups, https response error StatusCode: 400, RequestID: *, " +
			"InvalidConfigurationRequest: Security groups cannot be associated with a load balancer that was created without them",
	},
	{
		name: "a protected load balancer goes",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			b := i.create(balancerType, plus(s.inputs("safe"), in{"enableDeletionProtection": true}))
			return []res{b}, i.remove(b)
		},
		want: "OperationNotPermitted: Load balancer '{0}' cannot be deleted because deletion protection is enabled",
	},
	{
		name: "a load balancer goes from its service",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			return []res{s.balancer}, i.remove(s.balancer)
		},
		want: "ResourceInUse: Load balancer '{0}' cannot be deleted because it is currently associated with another service",
	},
	{
		name: "a group goes from its load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			return []res{s.group}, i.remove(s.group)
		},
		want: "DependencyViolation: resource {0} has a dependent object",
	},
	{
		name: "a subnet goes from its load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			return []res{s.a}, i.remove(s.a)
		},
		want: "DependencyViolation: The subnet '{0}' has dependencies and cannot be deleted.",
	},

	// Target groups and listeners.
	{
		name: "a target group's name that is taken",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			_, err := i.try(targetGroupType, in{"name": "link-443", "port": 80, "protocol": "TCP", "vpcId": s.vpc.id})
			return nil, err
		},
		want: "creating ELBv2 Target Group (link-443): * DuplicateTargetGroupName: " +
			"A target group with the same name 'link-443' exists, but with different settings",
	},
	{
		name: "a target group without a port",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(targetGroupType, in{"name": "t", "protocol": "TCP", "vpcId": i.vpc("10.0.0.0/16").id})
			return nil, err
		},
		want: "ValidationError: A port must be specified",
	},
	{
		name: "a target group of no VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(targetGroupType, in{"name": "t", "port": 80, "protocol": "TCP", "vpcId": someVpc})
			return nil, err
		},
		want: "ValidationError: The VPC ID '" + someVpc + "' is not found",
	},
	{
		name: "a health check that outlasts its interval",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(targetGroupType, in{
				"name": "t", "port": 80, "protocol": "TCP", "vpcId": i.vpc("10.0.0.0/16").id,
				"healthCheck": in{"protocol": "TCP", "interval": 5},
			})
			return nil, err
		},
		want: "ValidationError: Health check timeout '10' must be smaller than or equal to the interval '5'",
	},
	{
		name: "a target group in use goes",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			return []res{s.targets}, i.remove(s.targets)
		},
		want: "ResourceInUse: Target group '{0}' is currently in use by a listener or a rule",
	},
	{
		name: "a port that is taken",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			_, err := i.try(listenerType, s.listen(443))
			return []res{s.balancer}, err
		},
		want: "creating ELBv2 Listener ({0}): operation error Elastic Load Balancing v2: CreateListener, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"DuplicateListener: A listener already exists on this port for this load balancer '{0}'",
	},
	{
		name: "a target group of two load balancers",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			b := i.create(balancerType, s.inputs("other"))
			_, err := i.try(listenerType, plus(s.listen(443), in{"loadBalancerArn": b.id}))
			return []res{s.targets}, err
		},
		want: "TargetGroupAssociationLimit: The following target groups cannot be associated with more than one load balancer: {0}",
	},
	{
		name: "a listener to no target group",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			_, err := i.try(listenerType, plus(s.listen(80), in{
				"defaultActions": []any{in{"type": "forward", "targetGroupArn": someTargetGroup}},
			}))
			return nil, err
		},
		want: "TargetGroupNotFound: Target groups '" + someTargetGroup + "' not found",
	},
	{
		name: "a listener of no load balancer",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(listenerType, plus(i.balance().listen(80), in{"loadBalancerArn": someBalancer}))
			return nil, err
		},
		want: "LoadBalancerNotFound: Load balancers '[" + someBalancer + "]' not found",
	},
	{
		name: "TLS without a certificate",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(listenerType, plus(i.balance().listen(8443), in{"protocol": "TLS"}))
			return nil, err
		},
		want: "ValidationError: A certificate must be specified for TLS listeners",
	},
	{
		name: "TCP with a certificate",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(listenerType, plus(i.balance().listen(8443), in{"certificateArn": someCertificate}))
			return nil, err
		},
		want: "ValidationError: A certificate or an SSL policy cannot be specified for TCP listeners",
	},
	{
		name: "TCP to TLS targets",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			g := i.create(targetGroupType, in{"name": "tls", "port": 443, "protocol": "TLS", "vpcId": s.vpc.id})
			_, err := i.try(listenerType, plus(s.listen(8443), in{"defaultActions": []any{in{"type": "forward", "targetGroupArn": g.id}}}))
			return nil, err
		},
		want: "InvalidConfigurationRequest: Listener protocol 'TCP' is not supported with a target group with the protocol 'TLS'",
	},
	{
		name:    "more listeners than the quota",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaListenersPerNetworkLoadBalancer: 1}},
		call: func(i *instance) ([]res, error) {
			_, err := i.try(listenerType, i.balance().listen(80))
			return nil, err
		},
		want: "TooManyListeners: The maximum number of listeners has been reached.",
	},

	// Endpoint services.
	{
		name: "a service of no load balancer",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(endpointServiceType, in{"acceptanceRequired": true, "networkLoadBalancerArns": []any{someBalancer}})
			return nil, err
		},
		want: "creating EC2 VPC Endpoint Service: operation error EC2: CreateVpcEndpointServiceConfiguration, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error LoadBalancerNotFound: Load balancers '[" + someBalancer + "]' not found",
	},
	{
		name: "a service of another account's load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			_, err := i.other("eu-west-1").try(endpointServiceType, in{
				"acceptanceRequired": true, "networkLoadBalancerArns": []any{s.balancer.id},
			})
			return []res{s.balancer}, err
		},
		want: "LoadBalancerNotFound: Load balancers '[{0}]' not found",
	},
	{
		name: "a service of an application load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.balance()
			b, err := i.force(balancerType, plus(s.inputs("web"), in{"loadBalancerType": "application"}))
			require.NoError(i.t, err)
			_, err = i.try(endpointServiceType, in{"acceptanceRequired": true, "networkLoadBalancerArns": []any{b.id}})
			return []res{b}, err
		},
		want: "InvalidParameter: Load balancer '{0}' is not a network load balancer",
	},
	{
		name: "two services of one load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.try(endpointServiceType, in{"acceptanceRequired": true, "networkLoadBalancerArns": []any{s.balancer.id}})
			return []res{s.balancer, s.service}, err
		},
		want: "InvalidParameter: Load balancer '{0}' is associated with another VPC endpoint service: {1}",
	},
	{
		name: "a connected service goes",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", nil)
			require.NoError(i.t, err)
			return []res{s.service}, i.remove(s.service)
		},
		want: "deleting EC2 VPC Endpoint Service ({0}): operation error EC2: DeleteVpcEndpointServiceConfigurations, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error ExistingVpcEndpointConnections: Service has existing active VPC Endpoint connections!",
	},
	{
		name: "a connected service changes its load balancer",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", nil)
			require.NoError(i.t, err)
			b := i.create(balancerType, s.inputs("other"))
			_, err = i.update(s.service, in{"acceptanceRequired": true, "networkLoadBalancerArns": []any{b.id}})
			return nil, err
		},
		want: "ExistingVpcEndpointConnections",
	},
	{
		name: "a principal that is none",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.try(principalType, in{"vpcEndpointServiceId": s.service.id, "principalArn": "222222222222"})
			return nil, err
		},
		want: "creating EC2 VPC Endpoint Service Allowed Principal: operation error EC2: ModifyVpcEndpointServicePermissions, " +
			"https response error StatusCode: 400, RequestID: *, api error InvalidPrincipal: The Principal '222222222222' is not valid",
	},
	{
		name: "a principal of no service",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(principalType, in{"vpcEndpointServiceId": someService, "principalArn": "*"})
			return nil, err
		},
		want: "InvalidVpcEndpointServiceId.NotFound: The VpcEndpointService Id '" + someService + "' does not exist",
	},
	{
		name: "verification of no name",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.try(verificationType, in{"serviceId": s.service.id})
			return []res{s.service}, err
		},
		want: "InvalidParameter: The service {0} does not have a private DNS name",
	},

	// Endpoints of such services.
	{
		name: "an account that is not allowed",
		call: func(i *instance) ([]res, error) {
			s := i.serve("333333333333", nil)
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", nil)
			return []res{s.service}, err
		},
		want: "creating EC2 VPC Endpoint (com.amazonaws.vpce.eu-west-1.{0}): operation error EC2: CreateVpcEndpoint, " +
			"https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.vpce.eu-west-1.{0}' does not exist",
	},
	{
		name: "an endpoint in a zone that the service lacks",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			j := i.other("eu-west-1")
			v := j.vpc("10.30.0.0/16")
			c := j.subnet(v, "10.30.0.0/24", "eu-west-1c")
			_, err := j.try(endpointType, in{
				"vpcId": v.id, "vpcEndpointType": "Interface", "serviceName": s.service.str("serviceName"), "subnetIds": []any{c.id},
			})
			return []res{s.service, c}, err
		},
		want: "InvalidParameter: The VPC endpoint service com.amazonaws.vpce.eu-west-1.{0} does not support " +
			"the availability zone of the subnet: {1}.",
	},
	{
		name: "a gateway endpoint to a service",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", in{"vpcEndpointType": "Gateway"})
			return nil, err
		},
		want: "InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface]).",
	},
	{
		name: "private DNS of a service without a name",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", in{"acceptanceRequired": false})
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", in{"privateDnsEnabled": true})
			return []res{s.service}, err
		},
		want: "InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.vpce.eu-west-1.{0} " +
			"does not provide a private DNS name.",
	},
	{
		name: "private DNS before verification",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", in{"acceptanceRequired": false, "privateDnsName": "api.example.com"})
			_, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", in{"privateDnsEnabled": true})
			return []res{s.service}, err
		},
		want: "InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.vpce.eu-west-1.{0} " +
			"has not verified the private DNS name.",
	},
	{
		name: "private DNS is turned on before verification",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", in{"acceptanceRequired": false, "privateDnsName": "api.example.com"})
			j := i.other("eu-west-1")
			e, err := j.consume(s.service, "eu-west-1a", nil)
			require.NoError(i.t, err)
			_, err = j.update(e, in{
				"vpcId": e.str("vpcId"), "vpcEndpointType": "Interface", "serviceName": e.str("serviceName"),
				"subnetIds": []any{e.out["subnetIds"].ArrayValue()[0].StringValue()}, "privateDnsEnabled": true,
			})
			return []res{s.service}, err
		},
		want: "operation error EC2: ModifyVpcEndpoint, * has not verified the private DNS name.",
	},
	{
		name: "acceptance of no connection",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", nil)
			_, err := i.try(accepterType, in{"vpcEndpointServiceId": s.service.id, "vpcEndpointId": someEndpoint})
			return nil, err
		},
		want: "InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id '" + someEndpoint + "' does not exist",
	},
	{
		name: "acceptance of what is accepted",
		call: func(i *instance) ([]res, error) {
			s := i.serve("222222222222", in{"acceptanceRequired": false})
			e, err := i.other("eu-west-1").consume(s.service, "eu-west-1a", nil)
			require.NoError(i.t, err)
			_, err = i.try(accepterType, in{"vpcEndpointServiceId": s.service.id, "vpcEndpointId": e.id})
			return []res{e}, err
		},
		want: "InvalidState: The Vpc Endpoint connection {0} is in the state available",
	},

	// Route 53.
	{
		name: "a private zone of no VPC",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(zoneType, in{"name": "dp1.internal", "vpcs": []any{in{"vpcId": someVpc, "vpcRegion": "eu-west-1"}}})
			return nil, err
		},
		want: "creating Route 53 Hosted Zone (dp1.internal): operation error Route 53: CreateHostedZone, " +
			"https response error StatusCode: 400, RequestID: *, InvalidVPCId: The VPC: " + someVpc + " in region eu-west-1",
	},
	{
		name: "a domain that the VPC has already",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.0.0.0/16")
			inputs := in{"name": "dp1.internal", "vpcs": []any{in{"vpcId": v.id}}}
			z := i.create(zoneType, inputs)
			_, err := i.try(zoneType, inputs)
			return []res{v, z}, err
		},
		want: "ConflictingDomainExists: The VPC {0} in region eu-west-1 has already been associated with the hosted zone {1} " +
			"with the same domain name.",
	},
	{
		name: "a private zone becomes public",
		call: func(i *instance) ([]res, error) {
			z := i.create(zoneType, in{"name": "dp1.internal", "vpcs": []any{in{"vpcId": i.vpc("10.0.0.0/16").id}}})
			_, err := i.update(z, in{"name": "dp1.internal"})
			return nil, err
		},
		want: "LastVPCAssociation",
	},
	{
		name: "a zone with records goes",
		call: func(i *instance) ([]res, error) {
			z := i.create(zoneType, in{"name": "example.com"})
			i.create(recordType, in{"zoneId": z.id, "name": "a", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}})
			return []res{z}, i.remove(z)
		},
		want: "deleting Route 53 Hosted Zone ({0}): * HostedZoneNotEmpty: " +
			"The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
	},
	{
		name: "a record of no zone",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(recordType, in{"zoneId": "Z0123456789", "name": "a", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}})
			return nil, err
		},
		want: "NoSuchHostedZone: No hosted zone found with ID: Z0123456789",
	},
	{
		name: "a record that is there",
		call: func(i *instance) ([]res, error) {
			z := i.create(zoneType, in{"name": "example.com"})
			i.create(recordType, in{"zoneId": z.id, "name": "a", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}})
			_, err := i.try(recordType, in{"zoneId": z.id, "name": "a.example.com", "type": "A", "ttl": 60, "records": []any{"192.0.2.2"}})
			return nil, err
		},
		want: "InvalidChangeBatch: [Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]",
	},
	{
		name: "an alias to nothing",
		call: func(i *instance) ([]res, error) {
			z := i.create(zoneType, in{"name": "example.com"})
			_, err := i.try(recordType, in{"zoneId": z.id, "name": "a", "type": "A", "aliases": []any{in{
				"name": "nobody.elb.eu-west-1.amazonaws.com", "zoneId": "Z1", "evaluateTargetHealth": true,
			}}})
			return nil, err
		},
		want: "InvalidChangeBatch: [Tried to create an alias that targets nobody.elb.eu-west-1.amazonaws.com., type A in zone Z1, " +
			"but that target was not found]",
	},
}

// TestPrivateLinkRefusals hears every refusal, in the manner of TestRefusals.
// The codes and words are those of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ and its
// like, and those that users of the provider have reported.
func TestPrivateLinkRefusals(t *testing.T) {
	for _, c := range linkRefusals {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, c.options)
			known, err := c.call(i)
			require.Error(t, err)
			want := c.want
			for n, r := range known {
				want = strings.ReplaceAll(want, fmt.Sprintf("{%d}", n), r.id)
			}
			assertLike(t, want, err.Error())
		})
	}
}

// TestPrivateLinkChecks hears what the provider says of inputs by themselves.
func TestPrivateLinkChecks(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	actions := []any{in{"type": "forward", "targetGroupArn": someTargetGroup}}
	for _, c := range []struct {
		name, typ        string
		inputs           in
		property, reason string
	}{
		{"a long name", balancerType, in{"loadBalancerType": "network", "name": strings.Repeat("a", 33)}, "name", "at most 32 characters, not 33"},
		{"a hyphen at the end", balancerType, in{"loadBalancerType": "network", "name": "a-"}, "name", `"a-" must match`},
		{"a name of AWS's", balancerType, in{"loadBalancerType": "network", "name": "internal-a"}, "name", "cannot begin with internal-"},
		{"an application load balancer", balancerType, in{}, "loadBalancerType", "must be network"},
		{"mappings", balancerType, in{"loadBalancerType": "network", "subnetMappings": []any{in{"subnetId": someSubnet}}}, "subnetMappings", "is not modelled"},
		{"enforcement", balancerType, in{
			"loadBalancerType": "network", "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "yes",
		}, "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "must be one of on, off"},
		{"a UDP target group", targetGroupType, in{"protocol": "UDP"}, "protocol", "must be TCP or TLS"},
		{"a health check", targetGroupType, in{"healthCheck": in{"interval": 4}}, "healthCheck.interval", "must be from 5 to 300, not 4"},
		{"a path of a TCP check", targetGroupType, in{"healthCheck": in{"protocol": "TCP", "path": "/"}}, "healthCheck.path", "is for HTTP"},
		{"a redirect", listenerType, in{"loadBalancerArn": someBalancer, "defaultActions": []any{in{"type": "redirect", "targetGroupArn": "a"}}},
			"defaultActions[0].type", "must be forward"},
		{"no actions", listenerType, in{"loadBalancerArn": someBalancer}, "defaultActions", "is required"},
		{"a load balancer's name", listenerType, in{"loadBalancerArn": "link", "defaultActions": actions}, "loadBalancerArn", "is not a valid ARN"},
		{"inline principals", endpointServiceType, in{
			"acceptanceRequired": true, "networkLoadBalancerArns": []any{someBalancer}, "allowedPrincipals": []any{"*"},
		}, "allowedPrincipals", "is not modelled"},
		{"no load balancer", endpointServiceType, in{"acceptanceRequired": true}, "networkLoadBalancerArns", "is required"},
		{"no region", endpointServiceType, in{
			"acceptanceRequired": true, "networkLoadBalancerArns": []any{someBalancer}, "supportedRegions": []any{"mars-1"},
		}, "supportedRegions", `"mars-1" is not a region`},
		{"a region of an AWS service", endpointType, in{
			"vpcId": someVpc, "serviceName": "com.amazonaws.eu-west-1.sqs", "serviceRegion": "us-east-1",
		}, "serviceRegion", "must be one of eu-west-1"},
		{"values and an alias", recordType, in{
			"zoneId": "Z1", "name": "a", "type": "A", "ttl": 1, "records": []any{"192.0.2.1"},
			"aliases": []any{in{"name": "b", "zoneId": "Z2", "evaluateTargetHealth": false}},
		}, "aliases", "exactly one of aliases, records"},
		{"no time to live", recordType, in{"zoneId": "Z1", "name": "a", "type": "A", "records": []any{"192.0.2.1"}}, "ttl", "is required with records"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, failures := i.check(c.typ, c.inputs, nil)
			require.NotEmpty(t, failures)
			assert.Equal(t, c.property, failures[0].GetProperty())
			assert.Contains(t, failures[0].GetReason(), c.reason)
		})
	}
}

// What the provider does about changes, from the documentation of aws_lb,
// aws_lb_target_group, aws_lb_listener and aws_vpc_endpoint_service.
func TestPrivateLinkDiff(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	s := i.serve("222222222222", nil)
	c := i.subnet(s.vpc, "10.20.2.0/24", "eu-west-1c")
	bare := i.create(balancerType, plus(s.inputs("bare"), in{"securityGroups": []any{}}))
	for _, test := range []struct {
		name     string
		r        res
		to       in
		replaces []string
	}{
		{"a zone more", s.balancer, plus(s.inputs("link"), in{"subnets": []any{s.a.id, s.b.id, c.id}}), nil},
		{"a zone less", s.balancer, plus(s.inputs("link"), in{"subnets": []any{s.a.id}}), []string{"subnets"}},
		{"protection", s.balancer, plus(s.inputs("link"), in{"enableDeletionProtection": true}), nil},
		{"a group for the first time", bare, s.inputs("bare"), []string{"securityGroups"}},
		{"the scheme", s.balancer, plus(s.inputs("link"), in{"internal": false}), []string{"internal"}},
		{"the target port", s.targets, in{"name": "link-443", "port": 80, "protocol": "TCP", "targetType": "ip", "vpcId": s.vpc.id}, []string{"port"}},
		{"the listener's port", s.listener, s.listen(80), nil},
		{"the listener's load balancer", s.listener, plus(s.listen(443), in{"loadBalancerArn": bare.id}), []string{"loadBalancerArn"}},
		{"acceptance", s.service, in{"acceptanceRequired": false, "networkLoadBalancerArns": []any{s.balancer.id}}, nil},
		{"a principal", s.allowed, in{"vpcEndpointServiceId": s.service.id, "principalArn": "*"}, []string{"principalArn"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := i.diff(test.r, test.to)
			assert.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, d.GetChanges())
			assert.Equal(t, test.replaces, d.GetReplaces())
		})
	}

	grown, err := i.update(s.balancer, plus(s.inputs("link"), in{"subnets": []any{s.a.id, s.b.id, c.id}}))
	require.NoError(t, err)
	assert.Len(t, grown.out["subnets"].ArrayValue(), 3)
	again, err := i.update(s.service, in{"acceptanceRequired": false, "networkLoadBalancerArns": []any{s.balancer.id}})
	require.NoError(t, err)
	assert.Len(t, again.out["availabilityZones"].ArrayValue(), 3, "the service grows with its load balancer")
}

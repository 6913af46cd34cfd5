package aws_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

// The tokens of the types, as programs send them.
const (
	vpcType      = "aws:ec2/vpc:Vpc"
	cidrType     = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	igwType      = "aws:ec2/internetGateway:InternetGateway"
	subnetType   = "aws:ec2/subnet:Subnet"
	tableType    = "aws:ec2/routeTable:RouteTable"
	routeType    = "aws:ec2/route:Route"
	assocType    = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	eipType      = "aws:ec2/eip:Eip"
	natType      = "aws:ec2/natGateway:NatGateway"
	endpointType = "aws:ec2/vpcEndpoint:VpcEndpoint"
	epTableType  = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
	groupType    = "aws:ec2/securityGroup:SecurityGroup"
	ingressType  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	flowLogType  = "aws:ec2/flowLog:FlowLog"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
	roleType     = "aws:iam/role:Role"
	policyType   = "aws:iam/rolePolicy:RolePolicy"
)

// trust is a trust policy for flow logs, allow a policy of an identity.
const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"vpc-flow-logs.amazonaws.com"}}]}`
	allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:PutLogEvents"],"Resource":"*"}]}`
)

// in are inputs as a program gives them.
type in map[string]any

// res is a resource that exists.
type res struct {
	typ, id string
	out     resource.PropertyMap
}

func (r res) str(name string) string { return r.out[resource.PropertyKey(name)].StringValue() }

// tester is a *testing.T or a *rapid.T.
type tester interface {
	require.TestingT
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
}

// instance is one configured provider instance, as the engine has it.
type instance struct {
	t      tester
	cloud  *aws.Cloud
	server pulumirpc.ResourceProviderServer
	ctx    context.Context
}

// newCloud returns a cloud and a provider instance in eu-west-1.
func newCloud(t tester, options aws.Options) (*aws.Cloud, *instance) {
	t.Helper()
	c, err := aws.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	i := &instance{t: t, cloud: c, server: c.Provider()}
	return c, i.connect(in{"region": "eu-west-1"})
}

// connect configures one more instance of the provider.
func (i *instance) connect(config in) *instance {
	i.t.Helper()
	n := i.dial()
	_, err := n.configure(config)
	require.NoError(i.t, err)
	return n
}

// port numbers the connections that tests pretend to make.
var port atomic.Int32

// dial makes one more connection to the provider.
func (i *instance) dial() *instance {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port.Add(1))}
	return &instance{i.t, i.cloud, i.server, peer.NewContext(i.t.Context(), &peer.Peer{Addr: addr})}
}

func (i *instance) configure(config in) (*pulumirpc.ConfigureResponse, error) {
	i.t.Helper()
	return i.server.Configure(i.ctx, &pulumirpc.ConfigureRequest{Args: marshal(i.t, config), AcceptSecrets: true})
}

func marshal(t tester, m map[string]any) *structpb.Struct {
	t.Helper()
	return marshalMap(t, resource.NewPropertyMapFromMap(m))
}

func marshalMap(t tester, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	require.NoError(t, err)
	return s
}

func unmarshal(t tester, s *structpb.Struct) resource.PropertyMap {
	t.Helper()
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	require.NoError(t, err)
	return m
}

func urn(typ, name string) string {
	return fmt.Sprintf("urn:pulumi:dev::network::%s::%s", typ, name)
}

// check returns checked inputs, or what is wrong with them.
func (i *instance) check(typ string, inputs in, olds resource.PropertyMap) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	i.t.Helper()
	r, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{
		Urn: urn(typ, "it"), News: marshal(i.t, inputs), Olds: marshalMap(i.t, olds), RandomSeed: []byte(i.t.Name()),
	})
	require.NoError(i.t, err)
	return unmarshal(i.t, r.GetInputs()), r.GetFailures()
}

// try checks and creates a resource.
func (i *instance) try(typ string, inputs in) (res, error) {
	i.t.Helper()
	checked, failures := i.check(typ, inputs, nil)
	require.Empty(i.t, failures, "%s: %v", typ, inputs)
	return i.createChecked(typ, checked)
}

// force creates a resource whose inputs the provider would not let pass, to
// hear what the cloud says.
func (i *instance) force(typ string, inputs in) (res, error) {
	i.t.Helper()
	return i.createChecked(typ, resource.NewPropertyMapFromMap(inputs))
}

func (i *instance) createChecked(typ string, inputs resource.PropertyMap) (res, error) {
	i.t.Helper()
	before := i.cloud.Objects()
	r, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(typ, "it"), Properties: marshalMap(i.t, inputs)})
	if err != nil {
		require.Equal(i.t, before, i.cloud.Objects(), "a create that fails leaves nothing behind")
		return res{}, err
	}
	return res{typ, r.GetId(), unmarshal(i.t, r.GetProperties())}, nil
}

// create makes a resource that must be possible.
func (i *instance) create(typ string, inputs in) res {
	i.t.Helper()
	r, err := i.try(typ, inputs)
	require.NoError(i.t, err, "%s: %v", typ, inputs)
	return r
}

// diff compares a resource with new inputs.
func (i *instance) diff(r res, inputs in) *pulumirpc.DiffResponse {
	i.t.Helper()
	checked, failures := i.check(r.typ, inputs, r.out)
	require.Empty(i.t, failures)
	d, err := i.server.Diff(i.ctx, &pulumirpc.DiffRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(i.t, r.out), News: marshalMap(i.t, checked),
	})
	require.NoError(i.t, err)
	return d
}

// update gives a resource new inputs.
func (i *instance) update(r res, inputs in) (res, error) {
	i.t.Helper()
	checked, failures := i.check(r.typ, inputs, r.out)
	require.Empty(i.t, failures)
	before := i.cloud.Objects()
	u, err := i.server.Update(i.ctx, &pulumirpc.UpdateRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(i.t, r.out), News: marshalMap(i.t, checked),
	})
	if err != nil {
		require.Equal(i.t, before, i.cloud.Objects(), "an update that fails changes nothing")
		return res{}, err
	}
	return res{r.typ, r.id, unmarshal(i.t, u.GetProperties())}, nil
}

// read returns the resource as it is now and its inputs; no id when it is
// gone.
func (i *instance) read(r res, inputs resource.PropertyMap) (res, resource.PropertyMap) {
	i.t.Helper()
	now, err := i.server.Read(i.ctx, &pulumirpc.ReadRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Properties: marshalMap(i.t, r.out), Inputs: marshalMap(i.t, inputs),
	})
	require.NoError(i.t, err)
	return res{r.typ, now.GetId(), unmarshal(i.t, now.GetProperties())}, unmarshal(i.t, now.GetInputs())
}

func (i *instance) exists(r res) bool {
	i.t.Helper()
	now, _ := i.read(r, nil)
	return now.id != ""
}

func (i *instance) remove(r res) error {
	i.t.Helper()
	before := i.cloud.Objects()
	_, err := i.server.Delete(i.ctx, &pulumirpc.DeleteRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Properties: marshalMap(i.t, r.out),
	})
	if err != nil {
		require.Equal(i.t, before, i.cloud.Objects(), "a delete that fails removes nothing")
	}
	return err
}

// The small networks that many tests begin with.

func (i *instance) vpc(cidr string) res {
	i.t.Helper()
	return i.create(vpcType, in{"cidrBlock": cidr, "enableDnsHostnames": true})
}

func (i *instance) subnet(vpc res, cidr, zone string) res {
	i.t.Helper()
	return i.create(subnetType, in{"vpcId": vpc.id, "cidrBlock": cidr, "availabilityZone": zone})
}

func (i *instance) table(vpc res) res {
	i.t.Helper()
	return i.create(tableType, in{"vpcId": vpc.id})
}

func (i *instance) group(vpc res, name string) res {
	i.t.Helper()
	return i.create(groupType, in{"vpcId": vpc.id, "name": name})
}

// nat makes a NAT gateway with its address in a VPC that has an internet
// gateway.
func (i *instance) nat(subnet res) (nat, eip res) {
	i.t.Helper()
	eip = i.create(eipType, in{"domain": "vpc"})
	return i.create(natType, in{"subnetId": subnet.id, "allocationId": eip.id}), eip
}

// endpoint makes an interface endpoint.
func (i *instance) endpoint(vpc res, service string, more in) (res, error) {
	i.t.Helper()
	inputs := in{"vpcId": vpc.id, "serviceName": "com.amazonaws.eu-west-1." + service, "vpcEndpointType": "Interface"}
	for k, v := range more {
		inputs[k] = v
	}
	return i.try(endpointType, inputs)
}

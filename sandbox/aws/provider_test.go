package aws_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

// TestConfigure takes and refuses configurations of a provider instance.
func TestConfigure(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	r, err := i.dial().configure(in{
		"region": "us-east-1", "skipCredentialsValidation": false, "skipRegionValidation": true, "profile": "dev",
		// As SDKs and stack configuration send what is not a string.
		"allowedAccountIds": `["123456789012"]`, "defaultTags": `{"tags":{"env":"dev"}}`,
	})
	require.NoError(t, err)
	assert.True(t, r.GetAcceptSecrets())
	assert.True(t, r.GetSupportsPreview())

	for _, c := range []struct {
		config in
		want   string
	}{
		{in{"region": "eu-nowhere-1"}, "invalid AWS Region: eu-nowhere-1"},
		{in{"region": "eu-west-1", "allowedAccountIds": []any{"999999999999"}}, "AWS account ID not allowed: 123456789012"},
		{in{"region": "eu-west-1", "forbiddenAccountIds": []any{"123456789012"}}, "AWS account ID not allowed: 123456789012"},
		{in{"region": "eu-west-1", "assumeRole": in{"roleArn": "admin"}}, `cannot assume IAM Role: "admin" is not the ARN of a role`},
	} {
		_, err := i.dial().configure(c.config)
		require.ErrorContains(t, err, c.want)
	}

	for _, c := range []struct {
		config   in
		property string
		reason   string
	}{
		{in{"region": "eu-west-1a"}, "region", "invalid AWS Region: eu-west-1a; did you mean eu-west-1?"},
		{in{}, "region", "is required: the sandbox reads no profile and no environment"},
		{in{"region": "eu-west-1", "allowedAccountID": "1"}, "allowedAccountID", "is not a property of this type; did you mean allowedAccountIds?"},
		{in{"region": "eu-west-1", "defaultTags": `{"tag":{}}`}, "defaultTags.tag", "is not a property of this type; did you mean tags?"},
		{in{"region": 7}, "region", "must be a string, not the number 7"},
	} {
		r, err := i.server.CheckConfig(i.ctx, &pulumirpc.CheckRequest{News: marshal(t, c.config)})
		require.NoError(t, err)
		require.NotEmpty(t, r.GetFailures())
		assert.Equal(t, c.property, r.GetFailures()[0].GetProperty())
		assert.Equal(t, c.reason, r.GetFailures()[0].GetReason())
	}
	ok, err := i.server.CheckConfig(i.ctx, &pulumirpc.CheckRequest{News: marshal(t, in{
		"region": resource.MakeComputed(resource.NewStringProperty("")), "version": "6.83.2",
	})})
	require.NoError(t, err)
	assert.Empty(t, ok.GetFailures())

	diff := func(from, to in) *pulumirpc.DiffResponse {
		d, err := i.server.DiffConfig(i.ctx, &pulumirpc.DiffRequest{OldInputs: marshal(t, from), News: marshal(t, to)})
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, []string{"region"}, diff(in{"region": "eu-west-1"}, in{"region": "us-east-1"}).GetReplaces())
	assert.Empty(t, diff(in{"region": "eu-west-1"}, in{"region": "eu-west-1", "profile": "x"}).GetReplaces())
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE,
		diff(in{"region": "eu-west-1", "allowedAccountIds": `["1"]`}, in{"region": "eu-west-1", "allowedAccountIds": []any{"1"}}).GetChanges())

	_, err = i.dial().server.Create(i.dial().ctx, &pulumirpc.CreateRequest{Urn: urn(vpcType, "it"), Properties: marshal(t, minimal[vpcType])})
	assert.Equal(t, codes.FailedPrecondition, status.Code(err), "a provider that is not configured")
}

// TestInstances keeps regions and accounts apart.
func TestInstances(t *testing.T) {
	cloud, ireland := newCloud(t, aws.Options{})
	virginia := ireland.connect(in{"region": "us-east-1"})
	peer := ireland.connect(in{"region": "eu-west-1", "assumeRole": in{"roleArn": "arn:aws:iam::210987654321:role/deploy"}})

	v := ireland.vpc("10.0.0.0/16")
	assert.False(t, virginia.exists(v))
	assert.False(t, peer.exists(v))
	_, err := virginia.try(subnetType, in{"vpcId": v.id, "cidrBlock": "10.0.0.0/24"})
	require.ErrorContains(t, err, "InvalidVpcID.NotFound")
	_, err = peer.try(subnetType, in{"vpcId": v.id, "cidrBlock": "10.0.0.0/24"})
	require.ErrorContains(t, err, "InvalidVpcID.NotFound")

	w := virginia.vpc("10.0.0.0/16")
	assert.Equal(t, "arn:aws:ec2:us-east-1:123456789012:vpc/"+w.id, w.str("arn"))
	x := peer.vpc("10.0.0.0/16")
	assert.Equal(t, "arn:aws:ec2:eu-west-1:210987654321:vpc/"+x.id, x.str("arn"))
	assert.Equal(t, "210987654321", x.str("ownerId"))
	// us-east-1 has names of its own:
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
	assert.Regexp(t, `^ec2-203-0-113-\d+\.compute-1\.amazonaws\.com$`, virginia.create(eipType, in{}).str("publicDns"))

	// Roles belong to an account, wherever they are made.
	r := ireland.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
	assert.True(t, virginia.exists(r))
	assert.False(t, peer.exists(r))

	var where []string
	for _, o := range cloud.Objects() {
		if o.Type == vpcType || o.Type == roleType {
			where = append(where, fmt.Sprintf("%s/%s/%s", o.Account, o.Region, o.Type))
		}
	}
	assert.Equal(t, []string{
		"123456789012//" + roleType, "123456789012/eu-west-1/" + vpcType, "123456789012/us-east-1/" + vpcType, "210987654321/eu-west-1/" + vpcType,
	}, where)
}

// TestServe reaches the cloud over two real connections to one port, as the
// engine does for two provider instances.
func TestServe(t *testing.T) {
	cloud, err := aws.New(aws.Options{})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	port, err := cloud.Serve(ctx)
	require.NoError(t, err)
	dial := func(region string) *instance {
		conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		client := pulumirpc.NewResourceProviderClient(conn)
		i := &instance{t, cloud, remote{client: client}, t.Context()}
		info, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{})
		require.NoError(t, err)
		assert.Equal(t, "6.83.2", info.GetVersion())
		shake, err := client.Handshake(t.Context(), &pulumirpc.ProviderHandshakeRequest{EngineAddress: "127.0.0.1:1"})
		require.NoError(t, err)
		assert.True(t, shake.GetAcceptSecrets())
		_, err = client.Attach(t.Context(), &pulumirpc.PluginAttach{Address: "127.0.0.1:1"})
		require.NoError(t, err)
		_, err = i.configure(in{"region": region})
		require.NoError(t, err)
		return i
	}
	one, two := dial("eu-west-1"), dial("us-east-1")
	a, b := one.vpc("10.0.0.0/16"), two.vpc("10.0.0.0/16")
	assert.Contains(t, a.str("arn"), "eu-west-1")
	assert.Contains(t, b.str("arn"), "us-east-1")
	assert.False(t, two.exists(a))
	_, err = one.server.Cancel(one.ctx, &emptypb.Empty{})
	require.NoError(t, err)

	stop()
	assert.Eventually(t, func() bool {
		_, err := one.server.GetPluginInfo(one.ctx, &emptypb.Empty{})
		return status.Code(err) == codes.Unavailable
	}, waitFor, tick)
}

// TestPreview says what is known before anything exists, and asks the cloud
// nothing.
func TestPreview(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	checked, failures := i.check(subnetType, in{"vpcId": unknown, "cidrBlock": "10.0.0.0/24", "tags": in{"Name": "a"}}, nil)
	require.Empty(t, failures)
	r, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(subnetType, "it"), Properties: marshalMap(t, checked), Preview: true})
	require.NoError(t, err)
	assert.Empty(t, r.GetId())
	out := unmarshal(t, r.GetProperties())
	assert.Equal(t, "10.0.0.0/24", out["cidrBlock"].StringValue())
	assert.Equal(t, "a", out["tagsAll"].ObjectValue()["Name"].StringValue())
	assert.False(t, out["mapPublicIpOnLaunch"].BoolValue())
	for _, name := range []resource.PropertyKey{"vpcId", "arn", "ownerId", "availabilityZone", "availabilityZoneId"} {
		assert.True(t, out[name].IsComputed(), "%s", name)
	}
	assert.Empty(t, cloud.Objects())

	_, err = i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(subnetType, "it"), Properties: marshalMap(t, checked)})
	require.ErrorContains(t, err, "property vpcId is unknown outside a preview")

	// An update leaves what it does not touch.
	n := i.deploy()
	plan := func(r res, inputs in) resource.PropertyMap {
		checked, failures := i.check(r.typ, inputs, r.out)
		require.Empty(t, failures)
		u, err := i.server.Update(i.ctx, &pulumirpc.UpdateRequest{
			Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(t, r.out), News: marshalMap(t, checked), Preview: true,
		})
		require.NoError(t, err)
		return unmarshal(t, u.GetProperties())
	}
	vpc := plan(n.vpc, in{"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": true, "tags": in{"Name": unknown}})
	assert.Equal(t, n.vpc.out["arn"], vpc["arn"])
	assert.True(t, vpc["tagsAll"].IsComputed())
	route := plan(n.nats, in{"routeTableId": n.private.id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": unknown})
	assert.True(t, route["natGatewayId"].IsComputed())
	assert.Equal(t, "active", route["state"].StringValue())
	sts := plan(n.sts, in{
		"vpcId": n.vpc.id, "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface",
		"subnetIds": []any{n.subnet.id, unknown}, "securityGroupIds": []any{n.group.id}, "privateDnsEnabled": true,
	})
	assert.True(t, sts["networkInterfaceIds"].IsComputed(), "a new subnet brings a new interface")
	assert.Equal(t, n.sts.out["arn"], sts["arn"])
}

// TestSecrets keeps what a program marks as secret so, in inputs and outputs.
func TestSecrets(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	secret := func(s string) resource.PropertyValue { return resource.MakeSecret(resource.NewStringProperty(s)) }
	checked, failures := i.check(logGroupType, in{"name": secret("/hidden"), "tags": in{"owner": secret("me")}}, nil)
	require.Empty(t, failures)
	assert.True(t, checked["name"].IsSecret())
	assert.True(t, checked["tags"].IsSecret())
	assert.True(t, checked["tagsAll"].IsSecret(), "tags of secret tags")
	assert.False(t, checked["retentionInDays"].IsSecret())

	g, err := i.createChecked(logGroupType, checked)
	require.NoError(t, err)
	assert.Equal(t, "/hidden", g.id)
	assert.True(t, g.out["name"].IsSecret())
	assert.True(t, g.out["tagsAll"].IsSecret())
	assert.False(t, g.out["arn"].IsSecret())

	now, inputs := i.read(g, checked)
	assert.True(t, now.out["name"].IsSecret())
	assert.Equal(t, checked, inputs)
}

// TestRead refreshes, and imports.
func TestRead(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	inputs, _ := i.check(vpcType, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "a"}}, nil)
	v, err := i.createChecked(vpcType, inputs)
	require.NoError(t, err)

	_, same := i.read(v, inputs)
	assert.Equal(t, inputs, same, "nothing happened")

	// Someone else changes the VPC.
	_, err = i.update(v, in{"cidrBlock": "10.0.0.0/16", "tags": in{"Name": "b"}, "enableDnsSupport": false})
	require.NoError(t, err)
	_, now := i.read(v, inputs)
	assert.Equal(t, "b", now["tags"].ObjectValue()["Name"].StringValue())
	assert.False(t, now["enableDnsSupport"].BoolValue())

	_, imported := i.read(res{typ: vpcType, id: v.id}, nil)
	assert.Equal(t, "10.0.0.0/16", imported["cidrBlock"].StringValue())
	assert.Equal(t, "b", imported["tags"].ObjectValue()["Name"].StringValue())
	assert.NotContains(t, imported, resource.PropertyKey("arn"))

	require.NoError(t, cloud.Forget(v.id))
	gone, _ := i.read(v, inputs)
	assert.Empty(t, gone.id)
	assert.Empty(t, gone.out)
	_, err = i.update(v, in{"cidrBlock": "10.0.0.0/16"})
	require.ErrorContains(t, err, "no longer exists")
}

// TestInvoke asks every function.
func TestInvoke(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	invoke := func(i *instance, name string, args in) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
		r, err := i.server.Invoke(i.ctx, &pulumirpc.InvokeRequest{Tok: "aws:index/" + name + ":" + name, Args: marshal(t, args)})
		require.NoError(t, err)
		return unmarshal(t, r.GetReturn()), r.GetFailures()
	}
	strs := func(v resource.PropertyValue) []string {
		var out []string
		for _, e := range v.ArrayValue() {
			out = append(out, e.StringValue())
		}
		return out
	}

	zones, _ := invoke(i, "getAvailabilityZones", in{"state": "available"})
	assert.Equal(t, []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, strs(zones["names"]))
	assert.ElementsMatch(t, []string{"euw1-az1", "euw1-az2", "euw1-az3"}, strs(zones["zoneIds"]))
	assert.Equal(t, []string{"eu-west-1"}, strs(zones["groupNames"]))
	assert.Equal(t, "eu-west-1", zones["id"].StringValue())
	zones, _ = invoke(i, "getAvailabilityZones", in{
		"excludeNames": []any{"eu-west-1a"}, "filters": []any{in{"name": "opt-in-status", "values": []any{"opt-in-not-required"}}},
	})
	assert.Equal(t, []string{"eu-west-1b", "eu-west-1c"}, strs(zones["names"]))
	zones, _ = invoke(i, "getAvailabilityZones", in{"state": "impaired"})
	assert.Empty(t, strs(zones["names"]))
	_, failures := invoke(i, "getAvailabilityZones", in{"filters": []any{in{"name": "colour", "values": []any{"red"}}}})
	require.Len(t, failures, 1)
	assert.Equal(t, "filters[0].name", failures[0].GetProperty())
	_, failures = invoke(i, "getAvailabilityZones", in{"stat": "available"})
	require.Len(t, failures, 1)
	assert.Equal(t, "is not a property of this type; did you mean state?", failures[0].GetReason())

	zone, _ := invoke(i, "getAvailabilityZone", in{"name": "eu-west-1b"})
	assert.Equal(t, "b", zone["nameSuffix"].StringValue())
	assert.Equal(t, "availability-zone", zone["zoneType"].StringValue())
	back, _ := invoke(i, "getAvailabilityZone", in{"zoneId": zone["zoneId"].StringValue()})
	assert.Equal(t, "eu-west-1b", back["name"].StringValue())
	_, failures = invoke(i, "getAvailabilityZone", in{"name": "us-east-1a"})
	assert.Len(t, failures, 1)

	region, _ := invoke(i, "getRegion", in{})
	assert.Equal(t, resource.NewPropertyMapFromMap(in{
		"id": "eu-west-1", "name": "eu-west-1", "description": "Europe (Ireland)", "endpoint": "ec2.eu-west-1.amazonaws.com",
	}), region)
	region, _ = invoke(i, "getRegion", in{"endpoint": "ec2.us-east-1.amazonaws.com"})
	assert.Equal(t, "us-east-1", region["name"].StringValue())
	_, failures = invoke(i, "getRegion", in{"name": "mars-1"})
	assert.Len(t, failures, 1)

	caller, _ := invoke(i, "getCallerIdentity", in{})
	assert.Equal(t, "123456789012", caller["accountId"].StringValue())
	assert.Equal(t, "arn:aws:iam::123456789012:user/sandbox", caller["arn"].StringValue())
	caller, _ = invoke(i.connect(in{
		"region": "eu-west-1", "assumeRole": in{"roleArn": "arn:aws:iam::210987654321:role/ops/deploy", "sessionName": "me"},
	}), "getCallerIdentity", in{})
	assert.Equal(t, "210987654321", caller["accountId"].StringValue())
	assert.Equal(t, "arn:aws:sts::210987654321:assumed-role/deploy/me", caller["arn"].StringValue())

	partition, _ := invoke(i, "getPartition", in{})
	assert.Equal(t, "aws", partition["partition"].StringValue())
	assert.Equal(t, "amazonaws.com", partition["dnsSuffix"].StringValue())
}

package aws_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// reopen closes a cloud and opens its file again.
func reopen(t tester, c *aws.Cloud, options aws.Options) (*aws.Cloud, *instance) {
	t.Helper()
	require.NoError(t, c.Close())
	return newCloud(t, options)
}

// TestState keeps a cloud in a file between processes.
func TestState(t *testing.T) {
	options := aws.Options{StateFile: filepath.Join(t.TempDir(), "not", "yet", "aws.json")}
	c, i := newCloud(t, options)
	assert.NoFileExists(t, options.StateFile, "an empty cloud has no file")
	n := i.deploy()
	before := c.Objects()

	c, i = reopen(t, c, options)
	assert.Equal(t, before, c.Objects())
	for _, r := range n.all() {
		now, _ := i.read(r, nil)
		assert.Equal(t, r.out, now.out, r.typ)
	}
	// The rules know what was there before.
	_, err := i.try(subnetType, in{"vpcId": n.vpc.id, "cidrBlock": "10.20.0.0/20"})
	require.ErrorContains(t, err, "InvalidSubnet.Conflict")
	// No id comes twice, not even after what had it is gone.
	require.NoError(t, i.remove(n.assoc))
	c, i = reopen(t, c, options)
	assert.NotEqual(t, n.assoc.id, i.create(assocType, in{"routeTableId": n.private.id, "subnetId": n.subnet.id}).id)

	files, err := os.ReadDir(filepath.Dir(options.StateFile))
	require.NoError(t, err)
	assert.Len(t, files, 2, "the state and its lock, no temporary file")
	require.NotNil(t, c)
}

// TestIDs are the same for the same calls, and others in another account.
func TestIDs(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	_, again := newCloud(t, aws.Options{})
	_, other := newCloud(t, aws.Options{Account: "210987654321"})
	a, b, c := i.deploy(), again.deploy(), other.deploy()
	for n := range a.all() {
		assert.Equal(t, a.all()[n].id, b.all()[n].id)
	}
	assert.NotEqual(t, a.vpc.id, c.vpc.id)
	assert.Equal(t, "210987654321", c.vpc.str("ownerId"))
	assert.NotEqual(t, a.vpc.id, i.vpc("10.1.0.0/16").id)
}

// TestBadState says what is wrong with a file instead of guessing.
func TestBadState(t *testing.T) {
	vpc := `{"account":"123456789012","region":"eu-west-1","type":"aws:ec2/vpc:Vpc","id":"vpc-1","properties":{}}`
	for name, c := range map[string]struct{ content, want string }{
		"no JSON":         {"{", "is not readable: unexpected end of JSON input; remove it to start with an empty cloud"},
		"empty":           {"", "is not readable: unexpected end of JSON input"},
		"another JSON":    {"[]", "is not readable"},
		"no version":      {`{"objects":[]}`, "is not readable: it has no version"},
		"newer":           {`{"version":2,"objects":[],"shape":"new"}`, "has format 2, written by a newer version; this one reads up to 1"},
		"an unknown key":  {`{"version":1,"counters":{},"objects":[],"more":1}`, `is not readable: json: unknown field "more"`},
		"more text":       {`{"version":1,"counters":{},"objects":[]} {}`, "is not readable: invalid character '{' after top-level value"},
		"an unknown type": {`{"version":1,"objects":[` + strings.Replace(vpc, "Vpc\"", "Vpx\"", 1) + `]}`, `is not readable: object vpc-1 has the unknown type "aws:ec2/vpc:Vpx"`},
		"an object twice": {`{"version":1,"objects":[` + vpc + "," + vpc + `]}`, "is not readable: object vpc-1 is there twice"},
		"no id":           {`{"version":1,"objects":[` + strings.Replace(vpc, "vpc-1", "", 1) + `]}`, "is not readable: object 0 has no id or account"},
		"null":            {`{"version":1,"objects":[null]}`, "is not readable: object 0 has no id or account"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "aws.json")
			require.NoError(t, os.WriteFile(file, []byte(c.content), 0o600))
			_, err := aws.New(aws.Options{StateFile: file})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, file)

			// The file is as it was, and free.
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, c.content, string(content))
			require.NoError(t, os.Remove(file))
			_, i := newCloud(t, aws.Options{StateFile: file})
			i.vpc("10.0.0.0/16")
		})
	}
}

// TestLock keeps two clouds from one file.
func TestLock(t *testing.T) {
	options := aws.Options{StateFile: filepath.Join(t.TempDir(), "aws.json")}
	c, i := newCloud(t, options)
	i.vpc("10.0.0.0/16")
	_, err := aws.New(options)
	require.ErrorContains(t, err, "is in use by another process")
	again, _ := reopen(t, c, options)
	assert.NotEmpty(t, again.Objects())
}

// TestUnwritable keeps the cloud as it was when the file cannot be written.
func TestUnwritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	c, i := newCloud(t, aws.Options{StateFile: filepath.Join(dir, "aws.json")})
	require.NoError(t, os.RemoveAll(dir))
	_, err := i.try(vpcType, minimal[vpcType])
	require.ErrorContains(t, err, "sandbox: writing the state")
	assert.Empty(t, c.Objects())
}

func TestBadOptions(t *testing.T) {
	_, err := aws.New(aws.Options{Account: "1234"})
	require.EqualError(t, err, `sandbox: account "1234" is not 12 digits`)
	_, err = aws.New(aws.Options{Quotas: map[string]int{"vpcs": 1}})
	require.EqualError(t, err, `sandbox: there is no quota "vpcs"`)
	_, err = aws.New(aws.Options{Roles: []string{"arn:aws:iam::123456789012:user/me"}})
	require.EqualError(t, err, `sandbox: "arn:aws:iam::123456789012:user/me" is not the ARN of a role`)
}

// TestFault makes exactly one call fail.
func TestFault(t *testing.T) {
	var mu sync.Mutex
	var calls []aws.Call
	fail := func(aws.Call) bool { return false }
	c, i := newCloud(t, aws.Options{Fault: func(call aws.Call) error {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call)
		if fail(call) {
			return errors.New("the cloud is down")
		}
		return nil
	}})
	v := i.vpc("10.0.0.0/16")
	require.Len(t, calls, 1)
	assert.Equal(t, "create", calls[0].Op)
	assert.Equal(t, vpcType, calls[0].Type)
	assert.Equal(t, "it", calls[0].Name)
	assert.Equal(t, urn(vpcType, "it"), calls[0].URN)
	assert.Equal(t, "eu-west-1", calls[0].Region)
	assert.Equal(t, "123456789012", calls[0].Account)
	assert.Equal(t, "10.0.0.0/16", calls[0].Properties["cidrBlock"])

	fail = func(call aws.Call) bool { return call.Op == "create" && call.Type == subnetType }
	_, err := i.try(subnetType, in{"vpcId": v.id, "cidrBlock": "10.0.0.0/24"})
	require.EqualError(t, err, "1 error occurred:\n\t* creating EC2 Subnet: the cloud is down\n\n")
	fail = func(call aws.Call) bool { return call.Op == "update" && call.ID == v.id }
	_, err = i.update(v, in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": false})
	require.EqualError(t, err, "1 error occurred:\n\t* updating EC2 VPC ("+v.id+"): the cloud is down\n\n")
	fail = func(call aws.Call) bool { return call.Op == "delete" && call.Properties["cidrBlock"] == "10.0.0.0/16" }
	require.ErrorContains(t, i.remove(v), "deleting EC2 VPC ("+v.id+"): the cloud is down")
	assert.True(t, i.exists(v))

	fail = func(aws.Call) bool { return true }
	n := len(calls)
	_, err = i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(vpcType, "it"), Properties: marshal(t, minimal[vpcType]), Preview: true})
	require.NoError(t, err, "a preview asks for nothing")
	assert.Len(t, calls, n)
	fail = func(aws.Call) bool { return false }
	require.NoError(t, i.remove(v))
	assert.Empty(t, c.Objects())
}

// TestConcurrent asks for more addresses than there are, all at once and over
// several connections, while others look on.
func TestConcurrent(t *testing.T) {
	options := aws.Options{
		StateFile: filepath.Join(t.TempDir(), "aws.json"), Quotas: map[string]int{catalog.QuotaElasticIPsPerRegion: 20},
	}
	c, i := newCloud(t, options)
	made := make(chan string, 100)
	var wait sync.WaitGroup
	for range 5 {
		n := i.connect(in{"region": "eu-west-1"})
		for range 8 {
			wait.Go(func() {
				r, err := n.server.Create(n.ctx, &pulumirpc.CreateRequest{Urn: urn(eipType, "it"), Properties: marshal(t, in{"domain": "vpc"})})
				if err != nil {
					assert.ErrorContains(t, err, "AddressLimitExceeded")
					return
				}
				made <- r.GetId()
				_, err = n.server.Read(n.ctx, &pulumirpc.ReadRequest{Urn: urn(eipType, "it"), Id: r.GetId()})
				assert.NoError(t, err)
				c.Objects()
			})
		}
	}
	wait.Wait()
	close(made)
	ids := map[string]bool{}
	for id := range made {
		ids[id] = true
	}
	assert.Len(t, ids, 20)
	addresses := map[any]bool{}
	for _, o := range c.Objects() {
		addresses[o.Properties["publicIp"]] = true
	}
	assert.Len(t, addresses, 20)
	again, _ := reopen(t, c, options)
	assert.Len(t, again.Objects(), 20)
}

// TestForget makes things vanish with what cannot be without them.
func TestForget(t *testing.T) {
	for _, c := range []struct {
		name   string
		forget func(n network) res
		gone   func(n network) []res
	}{
		{"a route", func(n network) res { return n.nats }, func(network) []res { return nil }},
		{"a NAT gateway", func(n network) res { return n.nat }, func(network) []res { return nil }},
		{"a route table", func(n network) res { return n.private }, func(n network) []res { return []res{n.nats, n.assoc, n.s3Table} }},
		{"an endpoint", func(n network) res { return n.s3 }, func(n network) []res { return []res{n.s3Table} }},
		{"a group", func(n network) res { return n.group }, func(n network) []res { return []res{n.ingress, n.egress, n.sts} }},
		{"a role", func(n network) res { return n.role }, func(n network) []res { return []res{n.policy} }},
		{"a subnet", func(n network) res { return n.subnet }, func(n network) []res { return []res{n.assoc, n.nat, n.sts} }},
		{"the VPC", func(n network) res { return n.vpc }, func(n network) []res {
			return []res{
				n.pods, n.igw, n.subnet, n.podSubnet, n.public, n.private, n.internet, n.nats, n.assoc, n.nat, n.s3, n.s3Table, n.sts,
				n.group, n.ingress, n.egress, n.flowLog,
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cloud, i := newCloud(t, aws.Options{})
			n := i.deploy()
			require.NoError(t, cloud.Forget(c.forget(n).id))
			gone := map[string]bool{c.forget(n).id: true}
			for _, r := range c.gone(n) {
				gone[r.id] = true
			}
			for _, r := range n.all() {
				assert.Equal(t, !gone[r.id], i.exists(r), r.typ)
			}
			assert.Empty(t, cloud.Dangling())
		})
	}
	cloud, i := newCloud(t, aws.Options{})
	require.EqualError(t, cloud.Forget("vpc-1"), "sandbox: nothing has the id vpc-1")
	i.create(logGroupType, in{"name": "same"})
	i.create(roleType, in{"name": "same", "assumeRolePolicy": trust})
	require.EqualError(t, cloud.Forget("same"), "sandbox: several objects have the id same: "+logGroupType+", "+roleType)
}

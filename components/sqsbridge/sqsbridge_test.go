package sqsbridge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/graph"
)

// AWS's example accounts: the customer's with the data plane and the queues,
// and the vendor's with the control plane.
const (
	customer = "111122223333"
	vendor   = "444455556666"

	worker  = "arn:aws:iam::111122223333:role/platform/data-plane-worker"
	control = "arn:aws:iam::444455556666:role/control-plane"
	key     = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

const (
	queue       = "aws:sqs/queue:Queue"
	queuePolicy = "aws:sqs/queuePolicy:QueuePolicy"
	redrive     = "aws:sqs/redrivePolicy:RedrivePolicy"
	allow       = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
	role        = "aws:iam/role:Role"
	rolePolicy  = "aws:iam/rolePolicy:RolePolicy"
	provider    = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
)

// spec is a bridge in the customer's account.
func spec(changes ...func(*sqsbridge.Spec)) sqsbridge.Spec {
	s := sqsbridge.Spec{
		Region: "eu-west-1", LocalAccountID: customer, PeerAccountID: vendor,
		LocalRoleArns: []string{worker}, PeerRoleArns: []string{control},
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// azure is the bridge of a data plane in Azure: the queues are in the vendor's
// account, and a pod of AKS assumes a role there.
func azure(s *sqsbridge.Spec) {
	*s = sqsbridge.Spec{
		Region: "eu-west-1", LocalPlane: sqsbridge.ControlPlane, LocalAccountID: vendor, LocalRoleArns: []string{control},
		PeerRole: &sqsbridge.Role{Name: "azure-data-plane", WebIdentity: &sqsbridge.WebIdentity{
			ProviderURL: "https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/",
			Audience:    "sts.amazonaws.com",
			Subject:     "system:serviceaccount:platform:agent",
		}},
	}
}

// record returns the graph of a program with one bridge "bridge".
func record(t *testing.T, args sqsbridge.SqsBridgeArgs) *graph.Graph {
	t.Helper()
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		local, err := account(ctx, "local", args.LocalAccountID)
		if err != nil {
			return err
		}
		_, err = sqsbridge.NewSqsBridge(ctx, "bridge", &args, pulumi.Provider(local))
		return err
	})
	require.NoError(t, err)
	return g
}

// account returns a provider of an account.
func account(ctx *pulumi.Context, name, id string) (*aws.Provider, error) {
	return aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String(id)},
	})
}

// get returns the resource of that type and name.
func get(t *testing.T, g *graph.Graph, token, name string) *graph.Resource {
	t.Helper()
	for _, r := range g.ByType(token) {
		if r.Name == name {
			return r
		}
	}
	require.Failf(t, "no such resource", "%s %s", token, name)
	return nil
}

// names returns the names of the resources of a type, sorted.
func names(g *graph.Graph, token string) []string {
	found := []string{}
	for _, r := range g.ByType(token) {
		found = append(found, r.Name)
	}
	slices.Sort(found)
	return found
}

// text returns an input, a secret one as well.
func text(t *testing.T, r *graph.Resource, property string) string {
	t.Helper()
	v := r.Inputs[resource.PropertyKey(property)]
	if v.IsSecret() {
		v = v.SecretValue().Element
	}
	require.True(t, v.IsString(), "%s %s is %v", r.Name, property, v)
	return v.StringValue()
}

// same asserts that two JSON documents say the same.
func same(t *testing.T, want, got string, about ...any) {
	t.Helper()
	assert.JSONEq(t, want, got, about...)
}

// arn is what the recorder calls a queue.
func arn(t *testing.T, g *graph.Graph, name string) string {
	t.Helper()
	return get(t, g, queue, name).Outputs["arn"].StringValue()
}

// "Network configuration for Conveyor", section Data plane Connection: SQS
// queues with a bi-directional trust relationship. Each direction has a queue,
// and each queue a dead-letter queue.
func TestQueues(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(), Tags: pulumi.StringMap{"team": pulumi.String("data")}})
	want := []string{
		"bridge-from-data-plane", "bridge-from-data-plane-dead-letter",
		"bridge-to-data-plane", "bridge-to-data-plane-dead-letter",
	}
	assert.Equal(t, want, names(g, queue))
	assert.Equal(t, want, names(g, queuePolicy), "every queue has a policy")
	for _, r := range g.ByType(queue) {
		in := r.Inputs.Mappable()
		assert.Equal(t, true, in["sqsManagedSseEnabled"], r.Name)
		assert.NotContains(t, in, "kmsMasterKeyId", r.Name)
		assert.NotContains(t, in, "fifoQueue", r.Name)
		assert.NotContains(t, in, "name", "Pulumi chooses a name that no other stack has")
		// 14 days of 86,400 seconds.
		assert.EqualValues(t, 1209600, in["messageRetentionSeconds"], r.Name)
		assert.Equal(t, map[string]any{"Name": r.Name, "team": "data"}, in["tags"])
	}
	for _, name := range []string{"bridge-to-data-plane", "bridge-from-data-plane"} {
		dead := name + "-dead-letter"
		same(t, fmt.Sprintf(`{"deadLetterTargetArn": %q, "maxReceiveCount": 5}`, arn(t, g, dead)), text(t, get(t, g, redrive, name), "redrivePolicy"))
		same(t, fmt.Sprintf(`{"redrivePermission": "byQueue", "sourceQueueArns": [%q]}`, arn(t, g, name)),
			text(t, get(t, g, allow, dead), "redriveAllowPolicy"))
		assert.Equal(t, get(t, g, queue, name).Outputs["url"], get(t, g, redrive, name).Inputs["queueUrl"])
		assert.Equal(t, get(t, g, queue, dead).Outputs["url"], get(t, g, allow, dead).Inputs["queueUrl"])
		assert.Contains(t, get(t, g, redrive, name).Dependencies, get(t, g, allow, dead).URN, "the dead-letter queue is closed to others first")
	}
}

// tlsOnly is AWS's statement for encryption in transit, from "Amazon SQS
// security best practices".
const tlsOnly = `{"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["sqs:*"], "Resource": [%q],
	"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}`

// The queues name the vendor's account as principal and its role in a condition
// on aws:PrincipalArn; the keys are those of "AWS global condition context
// keys".
func TestQueuePolicies(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec()})
	peer := `{"Sid": "Peer", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:root"]}, "Action": [%s], "Resource": [%q],
		"Condition": {"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::444455556666:role/control-plane"]}}}`
	for name, actions := range map[string]string{
		"bridge-to-data-plane":   `"sqs:SendMessage"`,
		"bridge-from-data-plane": `"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"`,
	} {
		own := arn(t, g, name)
		same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+tlsOnly+`,`+peer+`]}`, own, actions, own),
			text(t, get(t, g, queuePolicy, name), "policy"), name)
		assert.Equal(t, get(t, g, queue, name).Outputs["url"], get(t, g, queuePolicy, name).Inputs["queueUrl"])

		dead := arn(t, g, name+"-dead-letter")
		same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+tlsOnly+`]}`, dead),
			text(t, get(t, g, queuePolicy, name+"-dead-letter"), "policy"), "nobody is given the dead-letter queue")
	}
}

// rights are what a plane's roles may do: send to one queue, and receive,
// delete, change the visibility and read the attributes of the other.
const rights = `{"Sid": "Send", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [%q]},
	{"Sid": "Receive", "Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"], "Resource": [%q]}`

func TestRolePolicies(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec()})
	to, from := arn(t, g, "bridge-to-data-plane"), arn(t, g, "bridge-from-data-plane")
	local := get(t, g, rolePolicy, "bridge-data-plane-worker")
	assert.Equal(t, "data-plane-worker", text(t, local, "role"), "the role's name, without its path")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`]}`, from, to), text(t, local, "policy"))
	assert.Equal(t, []string{"bridge-data-plane-worker"}, names(g, rolePolicy), "the vendor's roles are not this account's")
	assert.Empty(t, g.ByType(role))

	bridge, ok := g.Find("urn:pulumi:test::underlay::" + sqsbridge.Type + "::bridge")
	require.True(t, ok)
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`]}`, to, from), bridge.Outputs["peerPolicyJson"].StringValue())
	out := bridge.Outputs.Mappable()
	assert.Equal(t, map[string]any{"toDataPlane": to, "fromDataPlane": from}, out["queueArns"])
	assert.Equal(t, map[string]any{
		"toDataPlane": arn(t, g, "bridge-to-data-plane-dead-letter"), "fromDataPlane": arn(t, g, "bridge-from-data-plane-dead-letter"),
	}, out["deadLetterArns"])
	assert.Equal(t, map[string]any{
		"toDataPlane":   get(t, g, queue, "bridge-to-data-plane").Outputs["url"].StringValue(),
		"fromDataPlane": get(t, g, queue, "bridge-from-data-plane").Outputs["url"].StringValue(),
	}, out["queueUrls"])
	assert.Empty(t, out["keyPolicyJson"])
	assert.Empty(t, out["roleArns"])
}

// With the queues in the control plane's account everything is mirrored.
func TestQueuesInTheControlPlanesAccount(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) {
		s.LocalPlane, s.LocalAccountID, s.PeerAccountID = sqsbridge.ControlPlane, vendor, customer
		s.LocalRoleArns, s.PeerRoleArns = []string{control}, []string{worker}
	})})
	to, from := arn(t, g, "bridge-to-data-plane"), arn(t, g, "bridge-from-data-plane")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`]}`, to, from),
		text(t, get(t, g, rolePolicy, "bridge-control-plane"), "policy"), "the control plane sends to the data plane")
	sent := text(t, get(t, g, queuePolicy, "bridge-from-data-plane"), "policy")
	assert.Contains(t, sent, `"Action":["sqs:SendMessage"]`, "the data plane sends from it")
	assert.Contains(t, sent, `"aws:PrincipalArn":["`+worker+`"]`)
	assert.Contains(t, sent, `"AWS":["arn:aws:iam::111122223333:root"]`)
}

func TestChoicesOfQueues(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) {
		s.QueueName, s.Fifo, s.MaxReceive, s.RetentionDays = "acme", true, 3, 4
	})})
	got := map[string]any{}
	for _, r := range g.ByType(queue) {
		in := r.Inputs.Mappable()
		got[in["name"].(string)] = in["messageRetentionSeconds"]
		assert.Equal(t, true, in["fifoQueue"], "a dead-letter queue is of its queue's type")
	}
	// 4 days of 86,400 seconds; the dead-letter queues keep AWS's longest.
	assert.Equal(t, map[string]any{
		"acme-to-data-plane.fifo": 345600.0, "acme-from-data-plane.fifo": 345600.0,
		"acme-to-data-plane-dead-letter.fifo": 1209600.0, "acme-from-data-plane-dead-letter.fifo": 1209600.0,
	}, got)
	assert.Contains(t, text(t, get(t, g, redrive, "bridge-to-data-plane"), "redrivePolicy"), `"maxReceiveCount":3`)

	// Pulumi adds the suffix to a name that it chooses.
	g = record(t, sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) { s.Fifo = true })})
	for _, r := range g.ByType(queue) {
		assert.Regexp(t, `^arn:aws:sqs:eu-west-1:111122223333:`+r.Name+`-[0-9a-f]{7}\.fifo$`, r.Outputs["arn"].StringValue())
	}
}

// A producer needs kms:GenerateDataKey and kms:Decrypt, a consumer
// kms:Decrypt: "Amazon SQS key management", section Configure KMS permissions.
// The key's own policy must admit the other account as well.
func TestCustomerManagedKey(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) { s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, key })})
	for _, r := range g.ByType(queue) {
		assert.Equal(t, key, r.Inputs["kmsMasterKeyId"].StringValue(), r.Name)
		assert.NotContains(t, r.Inputs, resource.PropertyKey("sqsManagedSseEnabled"), "only one kind of encryption may be given")
	}
	use := fmt.Sprintf(`{"Sid": "Key", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [%q],
		"Condition": {"StringEquals": {"kms:ViaService": ["sqs.eu-west-1.amazonaws.com"]}}}`, key)
	to, from := arn(t, g, "bridge-to-data-plane"), arn(t, g, "bridge-from-data-plane")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`,%s]}`, from, to, use),
		text(t, get(t, g, rolePolicy, "bridge-data-plane-worker"), "policy"))
	bridge, _ := g.Find("urn:pulumi:test::underlay::" + sqsbridge.Type + "::bridge")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`,%s]}`, to, from, use), bridge.Outputs["peerPolicyJson"].StringValue())
	same(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "PeerRoles", "Effect": "Allow",
		"Principal": {"AWS": ["arn:aws:iam::444455556666:root"]}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": ["*"],
		"Condition": {"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::444455556666:role/control-plane"]},
			"StringEquals": {"kms:ViaService": ["sqs.eu-west-1.amazonaws.com"]}}}]}`, bridge.Outputs["keyPolicyJson"].StringValue())
}

// A key in a third account must admit both sides, the roles made here too.
func TestKeyOfAnotherAccount(t *testing.T) {
	plan, err := sqsbridge.NewPlan(spec(func(s *sqsbridge.Spec) {
		s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, strings.Replace(key, customer, "777788889999", 1)
		s.LocalRole = &sqsbridge.Role{Name: "agent", TrustedArns: []string{worker}}
	}))
	require.NoError(t, err)
	text, err := plan.KeyPolicy()
	require.NoError(t, err)
	var document struct {
		Statement []struct {
			Sid       string
			Condition struct{ ArnEquals map[string][]string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &document))
	admitted := map[string][]string{}
	for _, s := range document.Statement {
		admitted[s.Sid] = s.Condition.ArnEquals["aws:PrincipalArn"]
	}
	assert.Equal(t, map[string][]string{
		"LocalRoles": {worker, "arn:aws:iam::111122223333:role/agent"}, "PeerRoles": {control},
	}, admitted)
}

// The peer is held to its endpoints, in the queue's policy and in its own; the
// local roles are not.
func TestSourceEndpoints(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{
		Spec:          spec(func(s *sqsbridge.Spec) { s.SourceVpceIDs = []string{"vpce-0123456789abcdef0"} }),
		SourceVpceIDs: []pulumi.StringInput{pulumi.String("vpce-0fedcba9876543210")},
	})
	const condition = `"StringEquals":{"aws:SourceVpce":["vpce-0123456789abcdef0","vpce-0fedcba9876543210"]}`
	for _, name := range []string{"bridge-to-data-plane", "bridge-from-data-plane"} {
		assert.Contains(t, text(t, get(t, g, queuePolicy, name), "policy"), condition)
	}
	bridge, _ := g.Find("urn:pulumi:test::underlay::" + sqsbridge.Type + "::bridge")
	assert.Equal(t, 2, strings.Count(bridge.Outputs["peerPolicyJson"].StringValue(), condition), "to send and to receive")
	assert.NotContains(t, text(t, get(t, g, rolePolicy, "bridge-data-plane-worker"), "policy"), "aws:SourceVpce")
}

// A pod of AKS gets a role by its token. Both claims are compared exactly; the
// issuer keeps its final "/": "Create a role for OpenID Connect federation".
func TestAzureDataPlane(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(azure)})
	const issuer = "westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/"
	made := get(t, g, provider, "bridge-azure-data-plane")
	assert.Equal(t, "https://"+issuer, text(t, made, "url"))
	assert.Equal(t, []any{"sts.amazonaws.com"}, made.Inputs.Mappable()["clientIdLists"])

	agent := get(t, g, role, "bridge-azure-data-plane")
	assert.Equal(t, "azure-data-plane", text(t, agent, "name"))
	assert.EqualValues(t, 3600, agent.Inputs["maxSessionDuration"].NumberValue())
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"Federated": ["arn:aws:iam::444455556666:oidc-provider/%[1]s"]}, "Action": ["sts:AssumeRoleWithWebIdentity"],
		"Condition": {"StringEquals": {"%[1]s:aud": ["sts.amazonaws.com"], "%[1]s:sub": ["system:serviceaccount:platform:agent"]}}}]}`, issuer),
		text(t, agent, "assumeRolePolicy"))

	to, from := arn(t, g, "bridge-to-data-plane"), arn(t, g, "bridge-from-data-plane")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`]}`, from, to),
		text(t, get(t, g, rolePolicy, "bridge-azure-data-plane"), "policy"), "the role acts for the data plane")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+tlsOnly+`]}`, to),
		text(t, get(t, g, queuePolicy, "bridge-to-data-plane"), "policy"), "no other account is let in")
	bridge, _ := g.Find("urn:pulumi:test::underlay::" + sqsbridge.Type + "::bridge")
	assert.Equal(t, map[string]any{"dataPlane": "arn:aws:iam::444455556666:role/azure-data-plane"}, bridge.Outputs.Mappable()["roleArns"])
}

func TestExistingIdentityProvider(t *testing.T) {
	const arn = "arn:aws:iam::444455556666:oidc-provider/sts.windows.net/11111111-2222-3333-4444-555555555555/"
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(azure, func(s *sqsbridge.Spec) {
		s.PeerRole.WebIdentity.ProviderURL, s.PeerRole.WebIdentity.ProviderArn = "", arn
	})})
	assert.Empty(t, g.ByType(provider))
	trust := text(t, get(t, g, role, "bridge-azure-data-plane"), "assumeRolePolicy")
	assert.Contains(t, trust, `"Federated":["`+arn+`"]`)
	assert.Contains(t, trust, `"sts.windows.net/11111111-2222-3333-4444-555555555555/:sub":["system:serviceaccount:platform:agent"]`)
}

// assumed is a bridge whose peer assumes a role of the local account.
func assumed(s *sqsbridge.Spec) {
	s.PeerRoleArns = nil
	s.PeerRole = &sqsbridge.Role{Name: "for-control-plane", TrustedArns: []string{control}, MaxSessionHours: 2}
}

const externalID = "3f1c9f0e-6c1f-4f0a-9a5b-0d2a5c1e7b42"

// "Access to AWS accounts owned by third parties": the trust policy asks for
// the external id, which stays a secret.
func TestAssumedRoleWithExternalID(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(assumed), ExternalID: pulumi.String(externalID)})
	made := get(t, g, role, "bridge-for-control-plane")
	assert.True(t, made.Inputs["assumeRolePolicy"].IsSecret())
	assert.EqualValues(t, 7200, made.Inputs["maxSessionDuration"].NumberValue())
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [%q]}, "Action": ["sts:AssumeRole"],
		"Condition": {"StringEquals": {"sts:ExternalId": [%q]}}}]}`, control, externalID), text(t, made, "assumeRolePolicy"))
	for _, r := range g.Resources {
		if r.Type != role {
			assert.NotContains(t, fmt.Sprint(r.Inputs, r.Outputs), externalID, r.URN)
		}
	}
}

func TestLocalRole(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) {
		s.LocalRoleArns = nil
		s.LocalRole = &sqsbridge.Role{Name: "agent", TrustedArns: []string{worker}}
	})})
	made := get(t, g, role, "bridge-agent")
	same(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [%q]}, "Action": ["sts:AssumeRole"]}]}`, worker),
		text(t, made, "assumeRolePolicy"))
	permitted := get(t, g, rolePolicy, "bridge-agent")
	assert.Equal(t, "agent", text(t, permitted, "role"))
	assert.Contains(t, permitted.Dependencies, made.URN)
}

// Both sides from one spec, each with a provider of its own account.
func TestBothSides(t *testing.T) {
	var to, from string
	s := spec(func(s *sqsbridge.Spec) {
		s.PeerRoleArns = append(s.PeerRoleArns, "arn:aws:iam::444455556666:role/eu/relay")
	})
	g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		local, err := account(ctx, "local", customer)
		if err != nil {
			return err
		}
		peer, err := account(ctx, "peer", vendor)
		if err != nil {
			return err
		}
		bridge, err := sqsbridge.NewSqsBridge(ctx, "bridge", &sqsbridge.SqsBridgeArgs{Spec: s}, pulumi.Provider(local))
		if err != nil {
			return err
		}
		_, err = sqsbridge.NewSqsBridgePeer(ctx, "peer", &sqsbridge.SqsBridgePeerArgs{
			Spec:             s,
			ToDataPlaneArn:   bridge.QueueArns.MapIndex(pulumi.String("toDataPlane")),
			FromDataPlaneArn: bridge.QueueArns.MapIndex(pulumi.String("fromDataPlane")),
			Role:             &sqsbridge.Role{Name: "control-plane", TrustedArns: []string{"arn:aws:iam::444455556666:role/service"}},
		}, pulumi.Provider(peer))
		return err
	})
	require.NoError(t, err)
	to, from = arn(t, g, "bridge-to-data-plane"), arn(t, g, "bridge-from-data-plane")
	want := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [`+rights+`]}`, to, from)
	for _, name := range []string{"peer-control-plane", "peer-relay"} {
		same(t, want, text(t, get(t, g, rolePolicy, name), "policy"), name)
	}
	bridge, _ := g.Find("urn:pulumi:test::underlay::" + sqsbridge.Type + "::bridge")
	same(t, want, bridge.Outputs["peerPolicyJson"].StringValue(), "an administrator attaches the same")
	assert.Equal(t, control, get(t, g, role, "peer-control-plane").Outputs["arn"].StringValue(), "the ARN that the queues admit")
	assert.Equal(t, []string{"peer-control-plane"}, names(g, role), "the other one exists")
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			side := "local"
			if strings.HasPrefix(r.Name, "peer-") {
				side = "peer"
			}
			assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::"+side, r.ProviderURN(), r.URN)
		}
	}
}

// Every allowance names its resource, its actions and its principals; only the
// denial of requests without TLS is for everyone.
func TestNoWildcardAllows(t *testing.T) {
	for _, change := range []func(*sqsbridge.Spec){func(*sqsbridge.Spec) {}, azure, func(s *sqsbridge.Spec) {
		s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, key
	}} {
		g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(change)})
		for _, r := range g.Resources {
			for _, property := range []resource.PropertyKey{"policy", "assumeRolePolicy"} {
				if !r.Inputs[property].IsString() || !strings.HasPrefix(r.Type, "aws:") {
					continue
				}
				var document struct {
					Statement []struct {
						Effect    string
						Principal map[string][]string
						Action    []string
						Resource  []string
						Condition map[string]map[string][]string
					}
				}
				require.NoError(t, json.Unmarshal([]byte(r.Inputs[property].StringValue()), &document))
				for _, s := range document.Statement {
					assert.NotContains(t, s.Condition, "StringLike")
					assert.NotContains(t, fmt.Sprint(s.Condition), "aws:SourceArn")
					if s.Effect == "Allow" {
						assert.NotContains(t, fmt.Sprint(s.Principal, s.Action, s.Resource, s.Condition), "*", r.URN)
					}
				}
			}
		}
	}
}

func TestEveryResourceIsAChildWithTheGivenProvider(t *testing.T) {
	g := record(t, sqsbridge.SqsBridgeArgs{Spec: spec(azure)})
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			assert.Equal(t, "urn:pulumi:test::underlay::"+sqsbridge.Type+"::bridge", r.Parent, r.URN)
			assert.Equal(t, "urn:pulumi:test::underlay::pulumi:providers:aws::local", r.ProviderURN(), r.URN)
		}
	}
}

// In a preview nothing that AWS chooses is known, and the same resources are
// registered.
func TestPreview(t *testing.T) {
	mocks := &unknowns{}
	args := sqsbridge.SqsBridgeArgs{Spec: spec(azure)}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := sqsbridge.NewSqsBridge(ctx, "bridge", &args)
		return err
	}, pulumi.WithMocks("underlay", "test", mocks), func(i *pulumi.RunInfo) { i.DryRun = true })
	require.NoError(t, err)
	var want []string
	for _, r := range record(t, args).Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			want = append(want, r.Type+" "+r.Name)
		}
	}
	slices.Sort(want)
	slices.Sort(mocks.registered)
	assert.Equal(t, want, mocks.registered)
}

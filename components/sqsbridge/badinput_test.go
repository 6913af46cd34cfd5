package sqsbridge_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/sqsbridge"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
)

// unknowns are mocks that know nothing of what they make.
type unknowns struct {
	mu         sync.Mutex
	registered []string // type and name
}

func (u *unknowns) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if strings.HasPrefix(args.TypeToken, "aws:") {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.registered = append(u.registered, args.TypeToken+" "+args.Name)
	}
	return "", resource.PropertyMap{}, nil
}

func (*unknowns) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("%s is not called", args.Token)
}

// web returns the web identity of the Azure bridge's role.
func web(change func(*sqsbridge.WebIdentity)) func(*sqsbridge.Spec) {
	return func(s *sqsbridge.Spec) {
		azure(s)
		change(s.PeerRole.WebIdentity)
	}
}

// Each spec is wrong in what its change says, and gives exactly these messages.
func TestBadSpecs(t *testing.T) {
	long := strings.Repeat("r", 65)
	cases := []struct {
		name   string
		change func(*sqsbridge.Spec)
		want   []string
	}{
		{"region", func(s *sqsbridge.Spec) { s.Region = "eu-west-9" }, []string{
			`region: eu-west-9: is not an AWS region that the catalogue knows; did you mean "eu-west-1"?`}},
		{"plane", func(s *sqsbridge.Spec) { s.LocalPlane = "dataplane" }, []string{
			"localPlane: dataplane: is not a choice; use dataPlane or controlPlane"}},

		// Accounts.
		{"no local account", func(s *sqsbridge.Spec) { s.LocalAccountID = "" }, []string{
			"localAccountId: is missing; name the account that has the queues"}},
		{"11 digits", func(s *sqsbridge.Spec) { s.LocalAccountID = "11112222333" }, []string{
			"localAccountId: 11112222333: is not an account id; an account id is 12 digits, in quotes where YAML would read a number",
			"localRoleArns[0]: " + worker + ": belongs to account 111122223333; name one of account 11112222333"}},
		{"no peer account", func(s *sqsbridge.Spec) { s.PeerAccountID = "" }, []string{
			"peerAccountId: is missing; name the account of the control plane"}},
		{"one account", func(s *sqsbridge.Spec) {
			s.PeerAccountID, s.PeerRoleArns = customer, []string{"arn:aws:iam::111122223333:role/control-plane"}
		}, []string{
			"peerAccountId: 111122223333: is the local account as well; name the other account, or set sameAccount: true"}},
		{"two accounts as one", func(s *sqsbridge.Spec) { s.SameAccount = true }, []string{
			"sameAccount: true: is set, but localAccountId and peerAccountId differ; remove it"}},
		{"account of a web identity", func(s *sqsbridge.Spec) {
			azure(s)
			s.PeerAccountID, s.SameAccount = customer, true
		}, []string{
			"peerAccountId: 111122223333: is set, but no role of that account is named; remove it, or name the account's roles in peerRoleArns",
			"sameAccount: true: is set, but the peer has no account; remove it"}},

		// Roles.
		{"nobody here", func(s *sqsbridge.Spec) { s.LocalRoleArns = nil }, []string{
			"localRoleArns: is missing; name the roles of the data plane that use the queues, or give localRole"}},
		{"nobody there", func(s *sqsbridge.Spec) { s.PeerRoleArns = nil }, []string{
			"peerRoleArns: is missing; name the roles of the control plane that use the queues, or give peerRole"}},
		{"role of another account", func(s *sqsbridge.Spec) { s.PeerRoleArns = []string{worker} }, []string{
			"peerRoleArns[0]: " + worker + ": belongs to account 111122223333; name one of account 444455556666",
			"peerRoleArns[0]: " + worker + ": is named already at localRoleArns[0]; use a role for each plane"}},
		{"anyone", func(s *sqsbridge.Spec) { s.PeerRoleArns = []string{"*"} }, []string{
			"peerRoleArns[0]: *: is not exact; name each one; a wildcard would admit others"}},
		{"a pattern", func(s *sqsbridge.Spec) { s.PeerRoleArns = []string{"arn:aws:iam::444455556666:role/control-*"} }, []string{
			"peerRoleArns[0]: arn:aws:iam::444455556666:role/control-*: is not exact; name each one; a wildcard would admit others"}},
		{"the whole account", func(s *sqsbridge.Spec) { s.PeerRoleArns = []string{"arn:aws:iam::444455556666:root"} }, []string{
			"peerRoleArns[0]: arn:aws:iam::444455556666:root: is a whole account; name the role"}},
		{"a session", func(s *sqsbridge.Spec) {
			s.PeerRoleArns = []string{"arn:aws:sts::444455556666:assumed-role/control-plane/i-1"}
		}, []string{
			"peerRoleArns[0]: arn:aws:sts::444455556666:assumed-role/control-plane/i-1: is not the ARN of a role; write arn:aws:iam::444455556666:role/NAME"}},
		{"a role twice", func(s *sqsbridge.Spec) {
			s.PeerRoleArns = []string{control, "arn:aws:iam::444455556666:role/eu/control-plane"}
		}, []string{
			"peerRoleArns[1]: arn:aws:iam::444455556666:role/eu/control-plane: is the role named already at peerRoleArns[0]; remove one"}},
		{"one role for both", func(s *sqsbridge.Spec) {
			s.SameAccount, s.PeerAccountID, s.PeerRoleArns = true, customer, []string{worker}
		}, []string{"peerRoleArns[0]: " + worker + ": is named already at localRoleArns[0]; use a role for each plane"}},

		// Roles to make.
		{"empty role", func(s *sqsbridge.Spec) { s.LocalRole = &sqsbridge.Role{} }, []string{
			"localRole.name: is missing; name the role, so that policies can name it exactly",
			"localRole.trustedArns: is missing; name who assumes the role, or give webIdentity"}},
		{"role's name", func(s *sqsbridge.Spec) { s.LocalRole = &sqsbridge.Role{Name: "a role", TrustedArns: []string{worker}} }, []string{
			"localRole.name: a role: is not a role's name; use letters, digits and +=,.@_-"}},
		{"role's long name", func(s *sqsbridge.Spec) { s.LocalRole = &sqsbridge.Role{Name: long, TrustedArns: []string{worker}} }, []string{
			"localRole.name: " + long + ": has 65 characters; use at most 64"}},
		{"role that trusts the peer", func(s *sqsbridge.Spec) { s.LocalRole = &sqsbridge.Role{Name: "agent", TrustedArns: []string{control}} }, []string{
			"localRole.trustedArns[0]: " + control + ": belongs to account 444455556666; name one of account 111122223333"}},
		{"role that exists", func(s *sqsbridge.Spec) {
			s.LocalRoleArns = []string{"arn:aws:iam::111122223333:role/agent"}
			s.LocalRole = &sqsbridge.Role{Name: "agent", TrustedArns: []string{worker}}
		}, []string{"localRole.name: agent: is also named as an existing role, arn:aws:iam::111122223333:role/agent; " +
			"remove it there: the policy of a role made here is made too"}},
		{"one role for both to make", func(s *sqsbridge.Spec) {
			azure(s)
			s.LocalRole = &sqsbridge.Role{Name: "azure-data-plane", TrustedArns: []string{control}}
		}, []string{"peerRole.name: azure-data-plane: is the name of localRole as well; use a role for each plane"}},
		{"two kinds of trust", func(s *sqsbridge.Spec) {
			azure(s)
			s.PeerRole.TrustedArns = []string{worker}
		}, []string{"peerRole.webIdentity: is set, and trustedArns too; give one of them"}},
		{"a day's session", func(s *sqsbridge.Spec) { azure(s); s.PeerRole.MaxSessionHours = 24 }, []string{
			"peerRole.maxSessionHours: 24: is not how many hours a session may last; use 1 to 12"}},

		// Web identity.
		{"no claims", web(func(w *sqsbridge.WebIdentity) { *w = sqsbridge.WebIdentity{} }), []string{
			"peerRole.webIdentity.providerUrl: is missing; give the issuer of the workload's tokens, or providerArn",
			"peerRole.webIdentity.audience: is missing; give the tokens' aud claim, for example sts.amazonaws.com",
			"peerRole.webIdentity.subject: is missing; give the tokens' sub claim, for a pod system:serviceaccount:NAMESPACE:NAME"}},
		{"any pod", web(func(w *sqsbridge.WebIdentity) { w.Subject = "system:serviceaccount:platform:*" }), []string{
			"peerRole.webIdentity.subject: system:serviceaccount:platform:*: is not exact; name one exactly; it is compared as it is written"}},
		{"a variable", web(func(w *sqsbridge.WebIdentity) { w.Audience = "${aws:username}" }), []string{
			"peerRole.webIdentity.audience: ${aws:username}: is not exact; name one exactly; it is compared as it is written"}},
		{"two providers", web(func(w *sqsbridge.WebIdentity) {
			w.ProviderArn = "arn:aws:iam::444455556666:oidc-provider/sts.windows.net/t/"
		}), []string{
			"peerRole.webIdentity.providerArn: arn:aws:iam::444455556666:oidc-provider/sts.windows.net/t/: is set, and providerUrl too; give one of them"}},
		{"provider of another account", web(func(w *sqsbridge.WebIdentity) {
			w.ProviderURL, w.ProviderArn = "", "arn:aws:iam::111122223333:oidc-provider/sts.windows.net/t/"
		}), []string{
			"peerRole.webIdentity.providerArn: arn:aws:iam::111122223333:oidc-provider/sts.windows.net/t/: belongs to account 111122223333; use a provider of account 444455556666"}},
		{"a SAML provider", web(func(w *sqsbridge.WebIdentity) {
			w.ProviderURL, w.ProviderArn = "", "arn:aws:iam::444455556666:saml-provider/Entra"
		}), []string{
			"peerRole.webIdentity.providerArn: arn:aws:iam::444455556666:saml-provider/Entra: is not the ARN of an OpenID Connect provider; write arn:aws:iam::444455556666:oidc-provider/HOST/PATH"}},
		{"plain HTTP", web(func(w *sqsbridge.WebIdentity) { w.ProviderURL = "http://sts.windows.net/t/" }), []string{
			"peerRole.webIdentity.providerUrl: http://sts.windows.net/t/: is not an issuer; write https://HOST/PATH, as in the tokens' iss claim"}},
		{"a port", web(func(w *sqsbridge.WebIdentity) { w.ProviderURL = "https://sts.windows.net:8443/t/" }), []string{
			"peerRole.webIdentity.providerUrl: https://sts.windows.net:8443/t/: has a port, a query, a fragment or a user, which IAM refuses; write https://HOST/PATH"}},
		{"endpoints of Azure", func(s *sqsbridge.Spec) { azure(s); s.SourceVpceIDs = []string{"vpce-0123456789abcdef0"} }, []string{
			"sourceVpceIds: vpce-0123456789abcdef0: is set, but a peer with a web identity does not come through an endpoint; remove it"}},

		// Queues.
		{"FIFO in the name", func(s *sqsbridge.Spec) { s.QueueName, s.Fifo = "acme.fifo", true }, []string{
			"queueName: acme.fifo: is not how a queue's name begins; remove .fifo, and set fifo: true; the suffix is added"}},
		{"a dot in the name", func(s *sqsbridge.Spec) { s.QueueName = "acme.eu" }, []string{
			"queueName: acme.eu: is not how a queue's name begins; use letters, digits, - and _"}},
		// "-from-data-plane-dead-letter" is 28 characters, of 80.
		{"a long name", func(s *sqsbridge.Spec) { s.QueueName = strings.Repeat("q", 53) }, []string{
			"queueName: " + strings.Repeat("q", 53) + ": makes " + strings.Repeat("q", 53) +
				"-from-data-plane-dead-letter, 81 characters long; a queue's name has at most 80; use at most 52 characters"}},
		{"a long FIFO name", func(s *sqsbridge.Spec) { s.QueueName, s.Fifo = strings.Repeat("q", 48), true }, []string{
			"queueName: " + strings.Repeat("q", 48) + ": makes " + strings.Repeat("q", 48) +
				"-from-data-plane-dead-letter.fifo, 81 characters long; a queue's name has at most 80; use at most 47 characters"}},
		{"receives", func(s *sqsbridge.Spec) { s.MaxReceive = 1001 }, []string{
			"maxReceive: 1001: is not how often a message can be received; use 1 to 1000"}},
		{"negative receives", func(s *sqsbridge.Spec) { s.MaxReceive = -1 }, []string{
			"maxReceive: -1: is not how often a message can be received; use 1 to 1000"}},
		{"retention", func(s *sqsbridge.Spec) { s.RetentionDays = 15 }, []string{
			"retentionDays: 15: is not how many days SQS keeps a message; use 1 to 14"}},

		// Encryption.
		{"no encryption", func(s *sqsbridge.Spec) { s.Encryption = "none" }, []string{
			"encryption: none: is not a choice; use sse-sqs or cmk"}},
		{"no key", func(s *sqsbridge.Spec) { s.Encryption = sqsbridge.EncryptionCMK }, []string{
			"kmsKeyArn: is missing; give the ARN of a customer-managed key"}},
		{"a key too many", func(s *sqsbridge.Spec) { s.KmsKeyArn = key }, []string{
			"kmsKeyArn: " + key + ": is set, but the queues are encrypted with SQS's keys; remove it, or set encryption: cmk"}},
		{"AWS's key", func(s *sqsbridge.Spec) { s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, "alias/aws/sqs" }, []string{
			"kmsKeyArn: alias/aws/sqs: is the AWS-managed key, whose policy admits no other account; use a customer-managed key, or encryption: sse-sqs"}},
		{"an alias", func(s *sqsbridge.Spec) {
			s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, "arn:aws:kms:eu-west-1:111122223333:alias/bridge"
		}, []string{
			"kmsKeyArn: arn:aws:kms:eu-west-1:111122223333:alias/bridge: is an alias; give the key's ARN: a policy cannot name a key by its alias"}},
		{"a key's id", func(s *sqsbridge.Spec) {
			s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, "1234abcd-12ab-34cd-56ef-1234567890ab"
		}, []string{
			"kmsKeyArn: 1234abcd-12ab-34cd-56ef-1234567890ab: is not the ARN of a key; write arn:aws:kms:eu-west-1:111122223333:key/ID"}},
		{"a key elsewhere", func(s *sqsbridge.Spec) {
			s.Encryption, s.KmsKeyArn = sqsbridge.EncryptionCMK, strings.Replace(key, "eu-west-1", "eu-central-1", 1)
		}, []string{
			"kmsKeyArn: " + strings.Replace(key, "eu-west-1", "eu-central-1", 1) + ": is a key of eu-central-1; use a key of eu-west-1"}},

		// Endpoints, sizes, quotas.
		{"a VPC as endpoint", func(s *sqsbridge.Spec) { s.SourceVpceIDs = []string{"vpc-0123456789abcdef0"} }, []string{
			"sourceVpceIds[0]: vpc-0123456789abcdef0: is not the id of an endpoint; write vpce-0123456789abcdef0"}},
		{"an endpoint twice", func(s *sqsbridge.Spec) {
			s.SourceVpceIDs = []string{"vpce-0123456789abcdef0", "vpce-0123456789abcdef0"}
		}, []string{
			"sourceVpceIds[1]: vpce-0123456789abcdef0: is named already at sourceVpceIds[0]; remove one"}},
		{"unknown quota", func(s *sqsbridge.Spec) { s.Quotas = map[string]int{"queue-policy-byte": 1} }, []string{
			`quotas.queue-policy-byte: 1: is not a quota of the catalogue; did you mean "queue-policy-bytes"?`}},
		{"everything at once", func(s *sqsbridge.Spec) { *s = sqsbridge.Spec{Region: "eu-west-1", MaxReceive: 5000} }, []string{
			"localAccountId: is missing; name the account that has the queues",
			"peerAccountId: is missing; name the account of the control plane",
			"localRoleArns: is missing; name the roles of the data plane that use the queues, or give localRole",
			"peerRoleArns: is missing; name the roles of the control plane that use the queues, or give peerRole",
			"maxReceive: 5000: is not how often a message can be received; use 1 to 1000"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := sqsbridge.NewPlan(spec(c.change))
			assert.ElementsMatch(t, c.want, lines(t, err))
		})
	}
	for _, change := range []func(*sqsbridge.Spec){func(*sqsbridge.Spec) {}, azure, assumed} {
		_, err := sqsbridge.NewPlan(spec(change))
		require.NoError(t, err, "the bases of the bad specs are valid")
	}
}

// lines returns the problems of an error.
func lines(t *testing.T, err error) []string {
	t.Helper()
	var problems problem.List
	require.ErrorAs(t, err, &problems)
	var found []string
	for _, p := range problems {
		found = append(found, p.Error())
	}
	return found
}

// A queue's policy has at most 8,192 bytes ("Amazon SQS policy quotas"), a
// trust policy 2,048 characters ("IAM and AWS STS quotas"). A role's ARN is 95
// characters here, 98 with quotes and comma, so that 84 of them alone are more
// than the one, and 21 more than the other.
func TestPolicySizes(t *testing.T) {
	many := func(account string, n int) []string {
		var arns []string
		for i := range n {
			arns = append(arns, fmt.Sprintf("arn:aws:iam::%s:role/%s-%02d", account, strings.Repeat("r", 61), i))
		}
		return arns
	}
	require.Len(t, many(vendor, 1)[0], 95)
	_, err := sqsbridge.NewPlan(spec(func(s *sqsbridge.Spec) { s.PeerRoleArns = many(vendor, 60) }))
	require.NoError(t, err)
	_, err = sqsbridge.NewPlan(spec(func(s *sqsbridge.Spec) { s.PeerRoleArns = many(vendor, 84) }))
	found := lines(t, err)
	require.Len(t, found, 1)
	assert.Regexp(t, `^peerRoleArns: is 84 roles, which with 0 endpoints make a queue policy of up to \d{4} bytes; SQS takes 8192; name fewer roles or endpoints$`, found[0])

	// 76 roles take 7,448 bytes, and 20 endpoints of 25 bytes another 500: the
	// rest of the policy has more than the 244 that are left.
	_, err = sqsbridge.NewPlan(spec(func(s *sqsbridge.Spec) { s.PeerRoleArns = many(vendor, 76) }))
	require.NoError(t, err)
	_, err = graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		args := sqsbridge.SqsBridgeArgs{Spec: spec(func(s *sqsbridge.Spec) { s.PeerRoleArns = many(vendor, 76) })}
		for range 20 {
			args.SourceVpceIDs = append(args.SourceVpceIDs, pulumi.String("vpce-0123456789abcdef0"))
		}
		_, err := sqsbridge.NewSqsBridge(ctx, "bridge", &args)
		return err
	})
	require.ErrorContains(t, err, "peerRoleArns: is 76 roles, which with 20 endpoints make a queue policy of up to")

	trusting := func(n int, quotas map[string]int) error {
		_, err := sqsbridge.NewPlan(spec(assumed, func(s *sqsbridge.Spec) { s.PeerRole.TrustedArns, s.Quotas = many(vendor, n), quotas }))
		return err
	}
	require.NoError(t, trusting(18, nil))
	require.ErrorContains(t, trusting(21, nil), "peerRole.trustedArns: is 21 principals, which make a trust policy of")
	require.NoError(t, trusting(21, map[string]int{"role-trust-policy-characters": 4096}))
}

// What is given beside the spec is checked with it.
func TestBadArguments(t *testing.T) {
	cases := []struct {
		name string
		args sqsbridge.SqsBridgeArgs
		want []string
	}{
		{"no external id", sqsbridge.SqsBridgeArgs{Spec: spec(assumed)}, []string{
			"externalId: is missing; give the id that both parties agreed on: without it anyone who may use the trusted principals can be talked into it"}},
		{"a short external id", sqsbridge.SqsBridgeArgs{Spec: spec(assumed), ExternalID: pulumi.String("acme")}, []string{
			"externalId: has 4 characters; use at least 16, unique to you"}},
		{"an external id for nothing", sqsbridge.SqsBridgeArgs{Spec: spec(), ExternalID: pulumi.String(externalID)}, []string{
			"externalId: is set, but no role is assumed from another account; remove it, or give peerRole with trustedArns"}},
		{"endpoints for Azure", sqsbridge.SqsBridgeArgs{Spec: spec(azure), SourceVpceIDs: []pulumi.StringInput{pulumi.String("vpce-1")}}, []string{
			"sourceVpceIds: are set, but a peer with a web identity does not come through an endpoint; remove them"}},
		{"both", sqsbridge.SqsBridgeArgs{Spec: spec(assumed, func(s *sqsbridge.Spec) { s.MaxReceive = -1 })}, []string{
			"maxReceive: -1: is not how often a message can be received; use 1 to 1000",
			"externalId: is missing; give the id that both parties agreed on: without it anyone who may use the trusted principals can be talked into it"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := sqsbridge.NewSqsBridge(ctx, "bridge", &c.args)
				require.ErrorContains(t, err, `SQS bridge "bridge"`)
				assert.ElementsMatch(t, c.want, lines(t, err))
				return nil
			})
			require.NoError(t, err)
			require.Len(t, g.Resources, 1, "the stack alone")
		})
	}
}

func TestBadComponentNames(t *testing.T) {
	try := func(name string, change func(*sqsbridge.Spec)) error {
		_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
			_, err := sqsbridge.NewSqsBridge(ctx, name, &sqsbridge.SqsBridgeArgs{Spec: spec(change)})
			return err
		})
		return err
	}
	require.ErrorContains(t, try("acme.eu", func(*sqsbridge.Spec) {}), `queueName: is missing; the component's name "acme.eu" cannot begin a queue's; name the queues`)
	require.NoError(t, try("acme.eu", func(s *sqsbridge.Spec) { s.QueueName = "acme" }))
	// 44 and 28 and 8 of "-0123abc" are 80; .fifo takes 5 of them.
	require.NoError(t, try(strings.Repeat("b", 44), func(*sqsbridge.Spec) {}))
	require.ErrorContains(t, try(strings.Repeat("b", 45), func(*sqsbridge.Spec) {}), "makes a queue's name of 81 characters; it has at most 80; name the queues")
	require.ErrorContains(t, try(strings.Repeat("b", 40), func(s *sqsbridge.Spec) { s.Fifo = true }), "makes a queue's name of 81 characters")
}

func TestBadPeerArguments(t *testing.T) {
	arns := func(a sqsbridge.SqsBridgePeerArgs) sqsbridge.SqsBridgePeerArgs {
		a.ToDataPlaneArn, a.FromDataPlaneArn = pulumi.String("arn:aws:sqs:eu-west-1:111122223333:to"), pulumi.String("arn:aws:sqs:eu-west-1:111122223333:from")
		return a
	}
	cases := []struct {
		name string
		args sqsbridge.SqsBridgePeerArgs
		want []string
	}{
		{"no queues", sqsbridge.SqsBridgePeerArgs{Spec: spec()}, []string{
			"toDataPlaneArn: is missing; give the queue's ARN", "fromDataPlaneArn: is missing; give the queue's ARN"}},
		{"no roles", arns(sqsbridge.SqsBridgePeerArgs{Spec: spec(azure)}), []string{
			"peerRoleArns: is missing; name them, or build the bridge alone: peerRole is made there"}},
		{"a role that the queues do not admit", arns(sqsbridge.SqsBridgePeerArgs{Spec: spec(), Role: &sqsbridge.Role{
			Name: "relay", TrustedArns: []string{control},
		}}), []string{"role.name: relay: is not a role of peerRoleArns; add arn:aws:iam::444455556666:role/relay"}},
		{"a role for the other account", arns(sqsbridge.SqsBridgePeerArgs{Spec: spec(), Role: &sqsbridge.Role{
			Name: "control-plane", TrustedArns: []string{worker},
		}}), []string{"role.trustedArns[0]: " + worker + ": belongs to account 111122223333; name one of account 444455556666"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
				_, err := sqsbridge.NewSqsBridgePeer(ctx, "peer", &c.args)
				require.ErrorContains(t, err, `SQS bridge peer "peer"`)
				assert.ElementsMatch(t, c.want, lines(t, err))
				return nil
			})
			require.NoError(t, err)
			require.Len(t, g.Resources, 1, "the stack alone")
		})
	}
}

// An external id that only the deployment knows is checked there, before the
// role is made, and the message does not tell it.
func TestExternalIDOfAnotherResource(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := sqsbridge.NewSqsBridge(ctx, "bridge", &sqsbridge.SqsBridgeArgs{
			Spec: spec(assumed), ExternalID: pulumi.ToSecret(pulumi.String("guess-me")).(pulumi.StringOutput),
		})
		return err
	})
	require.ErrorContains(t, err, "externalId: has 8 characters; use at least 16, unique to you")
	assert.NotContains(t, err.Error(), "guess-me")
}

func TestMissingArgumentsAreAnError(t *testing.T) {
	_, err := graph.Record(t.Context(), "underlay", "test", nil, func(ctx *pulumi.Context) error {
		_, err := sqsbridge.NewSqsBridge(ctx, "bridge", nil)
		require.ErrorContains(t, err, "localAccountId: is missing")
		_, err = sqsbridge.NewSqsBridgePeer(ctx, "peer", nil)
		return err
	})
	require.ErrorContains(t, err, "toDataPlaneArn: is missing")
}

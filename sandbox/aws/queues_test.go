package aws_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	queueType         = "aws:sqs/queue:Queue"
	queuePolicyType   = "aws:sqs/queuePolicy:QueuePolicy"
	redriveType       = "aws:sqs/redrivePolicy:RedrivePolicy"
	redriveAllowType  = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
	managedPolicyType = "aws:iam/policy:Policy"
	attachmentType    = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	oidcType          = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
)

// someQueue is the URL of a queue that nobody has.
const someQueue = "https://sqs.eu-west-1.amazonaws.com/123456789012/nobody"

// queue makes a queue with a name.
func (i *instance) queue(name string) res {
	i.t.Helper()
	return i.create(queueType, in{"name": name, "fifoQueue": strings.HasSuffix(name, ".fifo")})
}

// statementOf is a queue's policy of one statement.
func statementOf(queue res, principal, actions string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":%s,"Resource":%q}]}`,
		principal, actions, queue.str("arn"))
}

// send lets another account's role send to a queue.
func send(queue res) string { return statementOf(queue, `{"AWS":"444455556666"}`, `"sqs:SendMessage"`) }

// redriveTo is a redrive policy.
func redriveTo(dead res, times any) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%v}`, dead.str("arn"), times)
}

func byQueue(queue res) string {
	return fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":[%q]}`, queue.str("arn"))
}

// queueARN is the ARN of the queue of a URL in eu-west-1.
func queueARN(url string) string {
	return "arn:aws:sqs:eu-west-1:123456789012:" + url[strings.LastIndex(url, "/")+1:]
}

// queueTrust is a policy of the queue of a URL.
func queueTrust(url string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"` + queueARN(url) + `"}}`
}

// TestQueues makes a queue with all its policies, changes it and takes it down.
// The URL and the ARN are those of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html.
func TestQueues(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	inputs := in{"name": "tasks", "messageRetentionSeconds": 1209600}
	tasks := i.create(queueType, inputs)
	assert.Equal(t, "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks", tasks.id)
	assert.Equal(t, tasks.id, tasks.str("url"))
	assert.Equal(t, "arn:aws:sqs:eu-west-1:123456789012:tasks", tasks.str("arn"))
	assert.True(t, tasks.out["sqsManagedSseEnabled"].BoolValue(), "AWS encrypts every new queue")
	assert.InDelta(t, 30, tasks.out["visibilityTimeoutSeconds"].NumberValue(), 0)
	dead := i.queue("tasks-dead-letter")

	allowed := i.create(redriveAllowType, in{"queueUrl": dead.id, "redriveAllowPolicy": byQueue(tasks)})
	redrive := i.create(redriveType, in{"queueUrl": tasks.id, "redrivePolicy": redriveTo(dead, 5)})
	policy := i.create(queuePolicyType, in{"queueUrl": tasks.id, "policy": send(tasks)})
	for _, r := range []res{allowed, redrive, policy} {
		assert.Equal(t, r.str("queueUrl"), r.id)
	}
	// A policy in other words is the same.
	assert.Empty(t, i.diff(policy, in{"queueUrl": tasks.id, "policy": strings.Replace(send(tasks), ":", ": ", 1)}).GetDiffs())
	assert.Equal(t, []string{"queueUrl"}, i.diff(policy, in{"queueUrl": dead.id, "policy": send(dead)}).GetReplaces()[:1])

	// Retention and encryption are changed in place, there and back.
	const key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	for _, change := range []in{
		{"name": "tasks", "messageRetentionSeconds": 345600},
		{"name": "tasks", "kmsMasterKeyId": key},
		{"name": "tasks", "sqsManagedSseEnabled": true},
	} {
		d := i.diff(tasks, change)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, d.GetChanges(), "%v", change)
		assert.Empty(t, d.GetReplaces(), "%v", change)
		var err error
		tasks, err = i.update(tasks, change)
		require.NoError(t, err, "%v", change)
		encrypted := tasks.out["kmsMasterKeyId"].IsString()
		assert.NotEqual(t, encrypted, tasks.out["sqsManagedSseEnabled"].BoolValue(), "one kind of encryption: %v", change)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, i.diff(tasks, change).GetChanges(), "%v", change)
	}
	assert.Equal(t, []string{"fifoQueue"}, i.diff(tasks, in{"name": "tasks", "fifoQueue": true}).GetReplaces())

	require.NoError(t, i.remove(tasks), "a queue takes its policies along")
	assert.False(t, i.exists(redrive))
	assert.False(t, i.exists(policy))
	assert.True(t, i.exists(allowed), "that of the other queue stays")
	require.NoError(t, i.remove(dead))
	assert.Empty(t, cloud.Objects())
}

// A name that the provider chooses ends in .fifo when the queue is one:
// https://www.pulumi.com/registry/packages/aws/api-docs/sqs/queue/.
func TestQueueNames(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	standard, fifo := i.create(queueType, in{}), i.create(queueType, in{"fifoQueue": true})
	assert.Regexp(t, `^it-[0-9a-f]{7}$`, standard.str("name"))
	assert.Regexp(t, `^it-[0-9a-f]{7}\.fifo$`, fifo.str("name"))
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, i.diff(fifo, in{"fifoQueue": true}).GetChanges(), "the name stays")
}

// Queues of another account are out of reach.
func TestQueuesOfTwoAccounts(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	other := i.connect(in{"region": "eu-west-1", "assumeRole": in{"roleArn": "arn:aws:iam::444455556666:role/deploy"}})
	mine, theirs := i.queue("tasks"), other.queue("tasks")
	assert.NotEqual(t, mine.id, theirs.id)
	_, err := other.try(queuePolicyType, in{"queueUrl": mine.id, "policy": send(mine)})
	require.ErrorContains(t, err, "QueueDoesNotExist: The specified queue does not exist.")
	_, err = i.try(redriveType, in{"queueUrl": mine.id, "redrivePolicy": redriveTo(theirs, 5)})
	require.ErrorContains(t, err, "Reason: Dead letter target does not exist.")
}

// Each case leads up to one call that AWS refuses. Codes and words are those of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
// and of what users of the provider have reported.
func TestQueueAndPolicyRefusals(t *testing.T) {
	policyOf := func(principal, actions string) func(i *instance) error {
		return func(i *instance) error {
			q := i.queue("tasks")
			_, err := i.try(queuePolicyType, in{"queueUrl": q.id, "policy": statementOf(q, principal, actions)})
			return err
		}
	}
	redriveOf := func(text func(dead res) string) func(i *instance) error {
		return func(i *instance) error {
			q, dead := i.queue("tasks"), i.queue("dead")
			_, err := i.try(redriveType, in{"queueUrl": q.id, "redrivePolicy": text(dead)})
			return err
		}
	}
	const invalid = "operation error SQS: SetQueueAttributes, https response error StatusCode: 400, RequestID: *, " +
		"InvalidAttributeValue: Invalid value for the parameter Policy."
	for _, c := range []struct {
		name string
		call func(i *instance) error
		want string
	}{
		// Queues.
		{"two queues of a name", func(i *instance) error {
			i.queue("tasks")
			_, err := i.try(queueType, in{"name": "tasks"})
			return err
		}, "creating SQS Queue (tasks): operation error SQS: CreateQueue, https response error StatusCode: 400, RequestID: *, QueueNameExists: A queue already exists"},
		{"a FIFO queue without the suffix", func(i *instance) error {
			_, err := i.try(queueType, in{"name": "tasks", "fifoQueue": true})
			return err
		}, "creating SQS Queue (tasks): invalid queue name: tasks"},
		{"the suffix without FIFO", func(i *instance) error {
			_, err := i.try(queueType, in{"name": "tasks.fifo"})
			return err
		}, "invalid queue name: tasks.fifo"},
		{"a name of 81 characters", func(i *instance) error {
			_, err := i.try(queueType, in{"name": strings.Repeat("q", 81)})
			return err
		}, "invalid queue name: qqq"},

		// Policies of a queue.
		{"a policy of no queue", func(i *instance) error {
			_, err := i.try(queuePolicyType, in{"queueUrl": someQueue, "policy": send(i.queue("tasks"))})
			return err
		}, "creating SQS Queue Policy (" + someQueue + "): operation error SQS: SetQueueAttributes, https response error StatusCode: 400, " +
			"RequestID: *, QueueDoesNotExist: The specified queue does not exist."},
		{"a principal that is none", policyOf(`{"AWS":"control-plane"}`, `"sqs:SendMessage"`), invalid},
		{"a principal with a pattern", policyOf(`{"AWS":"arn:aws:iam::444455556666:role/*"}`, `"sqs:SendMessage"`), invalid},
		{"an account of 11 digits", policyOf(`{"AWS":"44445555666"}`, `"sqs:SendMessage"`), invalid},
		{"a role that is not there", policyOf(`{"AWS":"arn:aws:iam::123456789012:role/nobody"}`, `"sqs:SendMessage"`), invalid},
		{"nobody", policyOf(`{}`, `"sqs:SendMessage"`), invalid},
		{"actions of another service", policyOf(`"*"`, `"sns:Publish"`), invalid},
		{"eight actions", policyOf(`"*"`, `["sqs:a","sqs:b","sqs:c","sqs:d","sqs:e","sqs:f","sqs:g","sqs:h"]`),
			"OverLimit: 8 Actions were found, maximum allowed is 7."},
		{"a policy of another queue", func(i *instance) error {
			q := i.queue("tasks")
			_, err := i.try(queuePolicyType, in{"queueUrl": q.id, "policy": send(i.queue("other"))})
			return err
		}, invalid},
		{"a policy of two queues", func(i *instance) error {
			q := i.queue("tasks")
			_, err := i.try(queuePolicyType, in{"queueUrl": q.id, "policy": strings.Replace(send(q), `"Resource":`, `"Resource":["arn:aws:sqs:eu-west-1:123456789012:other"],"NotResource":`, 1)})
			return err
		}, invalid},
		{"a policy without a version", func(i *instance) error {
			q := i.queue("tasks")
			_, err := i.try(queuePolicyType, in{"queueUrl": q.id, "policy": strings.Replace(send(q), `"Version":"2012-10-17",`, "", 1)})
			return err
		}, invalid},
		{"a policy over 8,192 bytes", policyOf(`{"AWS":"444455556666"}`, `"sqs:`+strings.Repeat("x", 8192)+`"`),
			"OverLimit: "},
		{"51 principals", policyOf(`{"AWS":["444455556666"`+strings.Repeat(`,"444455556666"`, 50)+`]}`, `"sqs:SendMessage"`),
			"OverLimit: 51 Principals were found, maximum allowed is 50."},
		{"an update to a principal that is none", func(i *instance) error {
			q := i.queue("tasks")
			p := i.create(queuePolicyType, in{"queueUrl": q.id, "policy": send(q)})
			_, err := i.update(p, in{"queueUrl": q.id, "policy": statementOf(q, `{"AWS":"x"}`, `"sqs:SendMessage"`)})
			return err
		}, "updating SQS Queue Policy (https://sqs.eu-west-1.amazonaws.com/123456789012/tasks): " + invalid},

		// Redrive.
		{"a dead-letter queue of another type", func(i *instance) error {
			_, err := i.try(redriveType, in{"queueUrl": i.queue("tasks.fifo").id, "redrivePolicy": redriveTo(i.queue("dead"), 5)})
			return err
		}, "creating SQS Queue Redrive Policy (*): operation error SQS: SetQueueAttributes, https response error StatusCode: 400, RequestID: *, " +
			"api error InvalidParameterValue: Value {*} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source."},
		{"no dead-letter queue", redriveOf(func(res) string {
			return `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:x","maxReceiveCount":5}`
		}),
			"Reason: Dead letter target does not exist."},
		{"a dead-letter queue of another region", redriveOf(func(res) string {
			return `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":5}`
		}), "Reason: Dead letter target does not exist."},
		{"never received", redriveOf(func(dead res) string { return redriveTo(dead, 0) }),
			"Reason: Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."},
		{"received too often", redriveOf(func(dead res) string { return redriveTo(dead, 1001) }), "Reason: Invalid value for maxReceiveCount: 1001"},
		{"half a redrive policy", redriveOf(func(res) string { return `{"maxReceiveCount":5}` }), "Reason: Redrive policy does not contain mandatory attribute"},
		{"a dead-letter queue closed to this one", func(i *instance) error {
			q, other, dead := i.queue("tasks"), i.queue("other"), i.queue("dead")
			i.create(redriveAllowType, in{"queueUrl": dead.id, "redriveAllowPolicy": byQueue(other)})
			_, err := i.try(redriveType, in{"queueUrl": q.id, "redrivePolicy": redriveTo(dead, 5)})
			return err
		}, "api error InvalidParameterValue: "},
		{"sources for all", func(i *instance) error {
			q := i.queue("tasks")
			_, err := i.try(redriveAllowType, in{"queueUrl": q.id, "redriveAllowPolicy": strings.Replace(byQueue(q), "byQueue", "allowAll", 1)})
			return err
		}, "for parameter RedriveAllowPolicy is invalid."},

		// Managed policies, boundaries and identity providers.
		{"a policy that is not there", func(i *instance) error {
			r := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
			_, err := i.try(attachmentType, in{"role": r.id, "policyArn": "arn:aws:iam::123456789012:policy/x"})
			return err
		}, "operation error IAM: AttachRolePolicy, https response error StatusCode: 404, RequestID: *, " +
			"NoSuchEntity: Policy arn:aws:iam::123456789012:policy/x does not exist or is not attachable."},
		{"an eleventh policy", func(i *instance) error {
			r := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
			for n := range 10 {
				i.create(attachmentType, in{"role": r.id, "policyArn": fmt.Sprintf("arn:aws:iam::aws:policy/p%d", n)})
			}
			_, err := i.try(attachmentType, in{"role": r.id, "policyArn": "arn:aws:iam::aws:policy/p10"})
			return err
		}, "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10"},
		{"a boundary that is not there", func(i *instance) error {
			_, err := i.try(roleType, in{"name": "r", "assumeRolePolicy": trust, "permissionsBoundary": "arn:aws:iam::123456789012:policy/x"})
			return err
		}, "NoSuchEntity: Scope ARN: arn:aws:iam::123456789012:policy/x does not exist or is not attachable."},
		{"a role with an attached policy", func(i *instance) error {
			r := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust})
			i.create(attachmentType, in{"role": r.id, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
			return i.remove(r)
		}, "deleting IAM Role (r): operation error IAM: DeleteRole, https response error StatusCode: 409, RequestID: *, " +
			"DeleteConflict: Cannot delete entity, must detach all policies first."},
		{"an attached policy", func(i *instance) error {
			r, p := i.create(roleType, in{"name": "r", "assumeRolePolicy": trust}), i.create(managedPolicyType, in{"name": "p", "policy": allow})
			i.create(attachmentType, in{"role": r.id, "policyArn": p.id})
			return i.remove(p)
		}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"a policy that is a boundary", func(i *instance) error {
			p := i.create(managedPolicyType, in{"name": "p", "policy": allow})
			i.create(roleType, in{"assumeRolePolicy": trust, "permissionsBoundary": p.id})
			return i.remove(p)
		}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"two policies of a name", func(i *instance) error {
			i.create(managedPolicyType, in{"name": "p", "policy": allow})
			_, err := i.try(managedPolicyType, in{"name": "P", "path": "/x/", "policy": allow})
			return err
		}, "EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed."},
		{"a managed policy over 6,144 characters", func(i *instance) error {
			_, err := i.try(managedPolicyType, in{"name": "p", "policy": strings.Replace(allow, `"*"`, `"`+strings.Repeat("x", 6144)+`"`, 1)})
			return err
		}, "LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"a managed policy with a principal", func(i *instance) error {
			_, err := i.try(managedPolicyType, in{"name": "p", "policy": trust})
			return err
		}, "MalformedPolicyDocument: Policy document should not specify a principal."},
		{"two providers of an issuer", func(i *instance) error {
			provider := in{"url": "https://sts.windows.net/t/", "clientIdLists": []any{"sts.amazonaws.com"}}
			i.create(oidcType, provider)
			_, err := i.try(oidcType, provider)
			return err
		}, "EntityAlreadyExists: Provider with url https://sts.windows.net/t/ already exists."},
		{"a trusted principal that is none", func(i *instance) error {
			_, err := i.try(roleType, in{"assumeRolePolicy": strings.Replace(trust, `"Service":"vpc-flow-logs.amazonaws.com"`, `"AWS":"arn:aws:iam::444455556666:role/*"`, 1)})
			return err
		}, `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::444455556666:role/*"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, aws.Options{})
			err := c.call(i)
			require.Error(t, err)
			assertLike(t, c.want, err.Error())
		})
	}
}

// What the provider refuses before it asks AWS.
func TestQueueChecks(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	for _, c := range []struct {
		typ      string
		inputs   in
		property string
		reason   string
	}{
		{queueType, in{"messageRetentionSeconds": 59}, "messageRetentionSeconds", "must be from 60 to 1209600, not 59"},
		{queueType, in{"messageRetentionSeconds": 1209601}, "messageRetentionSeconds", "must be from 60 to 1209600, not 1209601"},
		{queueType, in{"visibilityTimeoutSeconds": 43201}, "visibilityTimeoutSeconds", "must be from 0 to 43200"},
		{queueType, in{"delaySeconds": 901}, "delaySeconds", "must be from 0 to 900"},
		{queueType, in{"receiveWaitTimeSeconds": 21}, "receiveWaitTimeSeconds", "must be from 0 to 20"},
		{queueType, in{"maxMessageSize": 1023}, "maxMessageSize", "must be from 1024 to 262144"},
		{queueType, in{"kmsMasterKeyId": "alias/x", "sqsManagedSseEnabled": true}, "kmsMasterKeyId", "conflicts with sqsManagedSseEnabled"},
		{queueType, in{"contentBasedDeduplication": true}, "contentBasedDeduplication", "content-based deduplication can only be set for FIFO queue"},
		{queueType, in{"policy": "{}"}, "policy", "is not modelled by the sandbox"},
		{queuePolicyType, in{"queueUrl": "tasks", "policy": "{}"}, "queueUrl", "must match"},
		{queuePolicyType, in{"queueUrl": someQueue, "policy": "allow"}, "policy", "contains an invalid JSON policy"},
		{redriveType, in{"queueUrl": someQueue, "redrivePolicy": "[]"}, "redrivePolicy", "contains an invalid JSON policy"},
		{roleType, in{"assumeRolePolicy": trust, "maxSessionDuration": 43201}, "maxSessionDuration", "must be from 3600 to 43200"},
		{roleType, in{"assumeRolePolicy": trust, "permissionsBoundary": "boundary"}, "permissionsBoundary", "is not a valid ARN"},
		{attachmentType, in{"role": "r", "policyArn": "ReadOnlyAccess"}, "policyArn", "is not a valid ARN"},
		{oidcType, in{"url": "http://sts.windows.net/t/", "clientIdLists": []any{"a"}}, "url", "has an invalid URL"},
		{oidcType, in{"url": "https://sts.windows.net/t/"}, "clientIdLists", "is required"},
	} {
		_, failures := i.check(c.typ, c.inputs, nil)
		assert.True(t, slices.ContainsFunc(failures, func(f *pulumirpc.CheckFailure) bool {
			return f.GetProperty() == c.property && strings.Contains(f.GetReason(), c.reason)
		}), "%s %v: %v", c.typ, c.inputs, failures)
	}
}

// TestPoliciesAndProviders makes what a role is given, changes it and takes it
// down. The ARNs are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
func TestPoliciesAndProviders(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	boundary := i.create(managedPolicyType, in{"name": "boundary", "path": "/support/", "policy": allow})
	assert.Equal(t, "arn:aws:iam::123456789012:policy/support/boundary", boundary.id)
	assert.Equal(t, boundary.id, boundary.str("arn"))
	role := in{"name": "support", "assumeRolePolicy": trust, "permissionsBoundary": boundary.id, "maxSessionDuration": 3600}
	support := i.create(roleType, role)
	attached := i.create(attachmentType, in{"role": support.id, "policyArn": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"})
	assert.Equal(t, []string{"policyArn"}, i.diff(attached, in{"role": support.id, "policyArn": boundary.id}).GetReplaces())

	longer := in{}
	maps.Copy(longer, role)
	longer["maxSessionDuration"] = 43200
	delete(longer, "permissionsBoundary")
	assert.Empty(t, i.diff(support, longer).GetReplaces())
	support, err := i.update(support, longer)
	require.NoError(t, err)
	assert.NotContains(t, support.out, resource.PropertyKey("permissionsBoundary"))

	inputs := in{"url": "https://sts.windows.net/t/", "clientIdLists": []any{"a"}}
	provider := i.create(oidcType, inputs)
	assert.Equal(t, "arn:aws:iam::123456789012:oidc-provider/sts.windows.net/t/", provider.id)
	assert.Len(t, provider.out["thumbprintLists"].ArrayValue(), 1)
	more := in{"url": "https://sts.windows.net/t/", "clientIdLists": []any{"b", "a"}}
	assert.Empty(t, i.diff(provider, more).GetReplaces())
	_, err = i.update(provider, more)
	require.NoError(t, err)
	assert.Equal(t, []string{"url"}, i.diff(provider, in{"url": "https://sts.windows.net/u/", "clientIdLists": []any{"a"}}).GetReplaces())

	for _, r := range []res{attached, support, boundary, provider} {
		require.NoError(t, i.remove(r), r.typ)
	}
	assert.Empty(t, cloud.Objects())
}

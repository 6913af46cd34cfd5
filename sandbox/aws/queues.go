package aws

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	queueType              = "aws:sqs/queue:Queue"
	queuePolicyType        = "aws:sqs/queuePolicy:QueuePolicy"
	redrivePolicyType      = "aws:sqs/redrivePolicy:RedrivePolicy"
	redriveAllowPolicyType = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
)

// Limits of a queue's policies.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
// and https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
const (
	queuePolicyStatements = 20
	queuePolicyActions    = 7 // of a statement
	queuePolicyPrincipals = 50
	mostReceives          = 1000
	mostRedriveSources    = 10
)

// fifoSuffix ends the name of a FIFO queue.
const fifoSuffix = ".fifo"

var (
	queueName     = regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)
	fifoQueueName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,75}\.fifo$`)
	queueURL      = regexp.MustCompile(`^https://sqs\.[a-z0-9-]+\.amazonaws\.com/\d{12}/[0-9A-Za-z_.-]+$`)
	queueARN      = regexp.MustCompile(`^arn:aws:sqs:([a-z0-9-]+):(\d{12}):([0-9A-Za-z_-]+(?:\.fifo)?)$`)
)

// queueKind is a queue. Its policies are resources of their own.
func queueKind() *kind {
	return &kind{
		token: queueType, args: sqs.QueueArgs{}, outputs: sqs.Queue{},
		noun:  "SQS Queue",
		label: func(in wire.Props) string { return in.Str("name") },
		api:   api{"SQS", "CreateQueue", "SetQueueAttributes", "DeleteQueue"},
		id:    func(in wire.Props) string { return in.Str("name") }, // until create knows the URL
		Resource: wire.Resource{
			Unmodelled: []string{"deduplicationScope", "fifoThroughputLimit", "namePrefix", "policy", "redriveAllowPolicy", "redrivePolicy"},
			Defaults: wire.Props{
				"contentBasedDeduplication": false, "delaySeconds": float64(0), "fifoQueue": false, "maxMessageSize": float64(262144),
				"messageRetentionSeconds": float64(345600), "receiveWaitTimeSeconds": float64(0), "visibilityTimeoutSeconds": float64(30),
			},
			Name: &wire.AutoName{
				Property: "name", Max: 80, Separator: "-",
				Suffix: func(in wire.Props) string {
					if in.Bool("fifoQueue") {
						return fifoSuffix
					}
					return ""
				},
			},
			Replace: []string{"fifoQueue", "name", "namePrefix"},
			Computed: []string{
				"deduplicationScope", "fifoThroughputLimit", "kmsDataKeyReusePeriodSeconds", "namePrefix", "policy",
				"redriveAllowPolicy", "redrivePolicy", "sqsManagedSseEnabled",
			},
			Unstable: map[string][]string{"kmsMasterKeyId": {"sqsManagedSseEnabled"}},
		},
		check:  checkQueue,
		create: createQueue,
		update: func(_ *tx, _, o *Object) error {
			if o.props().Str("kmsMasterKeyId") != "" {
				// One kind of encryption takes the place of the other.
				o.Properties["sqsManagedSseEnabled"] = false
			}
			return nil
		},
		// A queue's policies go with it.
		remove: func(t *tx, o *Object) error {
			t.forget(o)
			return nil
		},
	}
}

// checkQueue checks what the provider checks.
func checkQueue(c *checks) {
	c.between("delaySeconds", 0, 900)
	c.between("kmsDataKeyReusePeriodSeconds", 60, 86400)
	c.between("maxMessageSize", 1024, 262144)
	c.between("messageRetentionSeconds", 60, 1209600)
	c.between("receiveWaitTimeSeconds", 0, 20)
	c.between("visibilityTimeoutSeconds", 0, 43200)
	c.conflict("kmsMasterKeyId", "sqsManagedSseEnabled")
	if !c.in.IsUnknown("fifoQueue") && !c.in.Bool("fifoQueue") && c.in.Bool("contentBasedDeduplication") {
		c.fail("contentBasedDeduplication", "content-based deduplication can only be set for FIFO queue")
	}
}

// createQueue makes a queue. AWS hands out the queue that exists when all
// attributes are equal; two resources would then be one queue, so here a name
// that is taken is refused whatever the attributes.
func createQueue(t *tx, o *Object) error {
	p := o.props()
	name, pattern := p.Str("name"), queueName
	if p.Bool("fifoQueue") {
		pattern = fifoQueueName
	}
	if !pattern.MatchString(name) {
		// The provider's words: it looks at the name of a new queue only.
		return fmt.Errorf("invalid queue name: %s", name)
	}
	o.ID = fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", t.session.region, t.session.account, name)
	if t.find(queueType, o.ID) != nil {
		return t.refuse("QueueNameExists", "A queue already exists with the same name and a different value for attributes")
	}
	p["url"] = o.ID
	p["arn"] = t.arn("sqs", name)
	// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
	// New queues are encrypted with SQS's keys unless told otherwise.
	if p.Str("kmsMasterKeyId") != "" {
		p["sqsManagedSseEnabled"] = false
	} else if _, given := p["sqsManagedSseEnabled"]; !given {
		p["sqsManagedSseEnabled"] = true
	}
	if _, given := p["kmsDataKeyReusePeriodSeconds"]; !given {
		p["kmsDataKeyReusePeriodSeconds"] = float64(300)
	}
	return nil
}

// attributeKind is a resource that is one attribute of a queue: a policy of it.
// Two of them for one queue overwrite each other, as in AWS.
func attributeKind(token, noun, property string, args, outputs any, rule func(t *tx, queue, o *Object) error) *kind {
	apply := func(t *tx, o *Object) error { return rule(t, t.find(queueType, o.props().Str("queueUrl")), o) }
	return &kind{
		token: token, args: args, outputs: outputs,
		noun:  noun,
		label: func(in wire.Props) string { return in.Str("queueUrl") },
		api:   api{"SQS", "SetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes"},
		id:    func(in wire.Props) string { return in.Str("queueUrl") },
		refs:  []ref{{property: "queueUrl", token: queueType}},
		Resource: wire.Resource{
			Replace: []string{"queueUrl"},
			JSON:    []string{property},
		},
		check: func(c *checks) {
			c.match("queueUrl", queueURL, 512)
			c.policy(property)
		},
		create: apply,
		update: func(t *tx, _, o *Object) error { return apply(t, o) },
	}
}

func queuePolicyKind() *kind {
	return attributeKind(queuePolicyType, "SQS Queue Policy", "policy", sqs.QueuePolicyArgs{}, sqs.QueuePolicy{},
		func(t *tx, queue, o *Object) error { return t.checkQueuePolicy(queue, o.props().Str("policy")) })
}

func redrivePolicyKind() *kind {
	return attributeKind(redrivePolicyType, "SQS Queue Redrive Policy", "redrivePolicy", sqs.RedrivePolicyArgs{}, sqs.RedrivePolicy{},
		func(t *tx, queue, o *Object) error { return t.checkRedrive(queue, o.props().Str("redrivePolicy")) })
}

func redriveAllowPolicyKind() *kind {
	return attributeKind(redriveAllowPolicyType, "SQS Queue Redrive Allow Policy", "redriveAllowPolicy",
		sqs.RedriveAllowPolicyArgs{}, sqs.RedriveAllowPolicy{},
		func(t *tx, _, o *Object) error { return t.checkRedriveAllow(o.props().Str("redriveAllowPolicy")) })
}

// checkQueuePolicy refuses a policy that SQS refuses. What exactly is wrong
// SQS does not say, except that a policy is too large.
func (t *tx) checkQueuePolicy(queue *Object, text string) error {
	invalid := t.refuse("InvalidAttributeValue", "Invalid value for the parameter Policy.")
	if most := t.quota(catalog.QuotaQueuePolicyBytes); len(text) > most {
		return t.refuse("OverLimit", "%d bytes were found in the policy, maximum allowed is %d.", len(text), most)
	}
	document, err := parsePolicy(text)
	if err != nil || document.Version == "" {
		return invalid
	}
	if n := len(document.Statement); n > queuePolicyStatements {
		return t.refuse("OverLimit", "%d Statements were found, maximum allowed is %d.", n, queuePolicyStatements)
	}
	principals := 0
	for _, s := range document.Statement {
		names, ok := queuePrincipals(s.Principal)
		if !ok || s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Resource) != 1 {
			return invalid
		}
		if len(s.Action) > queuePolicyActions {
			return t.refuse("OverLimit", "%d Actions were found, maximum allowed is %d.", len(s.Action), queuePolicyActions)
		}
		// A policy covers its own queue and SQS's actions only.
		if s.Resource[0] != queue.props().Str("arn") ||
			slices.ContainsFunc(s.Action, func(a string) bool { return !strings.HasPrefix(strings.ToLower(a), "sqs:") }) ||
			slices.ContainsFunc(names, func(n string) bool { return !t.principalExists(n) }) {
			return invalid
		}
		principals += len(names)
	}
	if principals > queuePolicyPrincipals {
		return t.refuse("OverLimit", "%d Principals were found, maximum allowed is %d.", principals, queuePolicyPrincipals)
	}
	return nil
}

// queuePrincipals returns the principals of AWS in a statement, and false when
// there is none of any kind.
func queuePrincipals(raw json.RawMessage) (names []string, ok bool) {
	var anyone string
	if json.Unmarshal(raw, &anyone) == nil {
		return []string{anyone}, anyone == "*"
	}
	var principal struct{ AWS, Service oneOrMany }
	if json.Unmarshal(raw, &principal) != nil || len(principal.AWS)+len(principal.Service) == 0 {
		return nil, false
	}
	return principal.AWS, true
}

// iamPrincipal are the forms of a principal of AWS.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
var iamPrincipal = regexp.MustCompile(`^(?:\*|\d{12}|arn:aws:iam::\d{12}:(?:root|(?:role|user)/(?:[\w+=,.@-]+/)*[\w+=,.@-]+)|arn:aws:sts::\d{12}:(?:assumed-role|federated-user)/[\w+=,.@/-]+)$`)

// principalExists reports whether a principal has the form of one and, when it
// is a role of the session's own account, exists. Those of other accounts are
// not known.
func (t *tx) principalExists(name string) bool {
	if !iamPrincipal.MatchString(name) {
		return false
	}
	m := rolePattern.FindStringSubmatch(name)
	return m == nil || m[1] != t.session.account || t.find(roleType, m[2]) != nil
}

// checkRedrive refuses a redrive policy whose dead-letter queue cannot be one.
func (t *tx) checkRedrive(queue *Object, text string) error {
	refuse := func(format string, args ...any) error {
		return t.refuse("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: %s", text, fmt.Sprintf(format, args...))
	}
	var redrive struct {
		DeadLetterTargetArn string
		MaxReceiveCount     json.Number
	}
	if json.Unmarshal([]byte(text), &redrive) != nil {
		return refuse("Redrive policy is not a valid JSON map.")
	}
	if redrive.DeadLetterTargetArn == "" || redrive.MaxReceiveCount == "" {
		return refuse("Redrive policy does not contain mandatory attribute: maxReceiveCount or deadLetterTargetArn.")
	}
	if n, err := redrive.MaxReceiveCount.Int64(); err != nil || n < 1 || n > mostReceives {
		return refuse("Invalid value for maxReceiveCount: %s, valid values are from 1 to %d both inclusive.", redrive.MaxReceiveCount, mostReceives)
	}
	m := queueARN.FindStringSubmatch(redrive.DeadLetterTargetArn)
	// A dead-letter queue is of the same account and region.
	var target *Object
	if m != nil && m[1] == t.session.region && m[2] == t.session.account {
		target = first(t.where(queueType, "arn", redrive.DeadLetterTargetArn))
	}
	switch {
	case target == nil:
		return refuse("Dead letter target does not exist.")
	case target.props().Bool("fifoQueue") != queue.props().Bool("fifoQueue"):
		return refuse("Dead-letter queue must be same type of queue as the source.")
	}
	allowed := t.find(redriveAllowPolicyType, target.ID)
	if allowed == nil {
		return nil
	}
	var allow redriveAllow
	if json.Unmarshal([]byte(allowed.props().Str("redriveAllowPolicy")), &allow) == nil && !allow.admits(queue.props().Str("arn")) {
		return refuse("Dead letter target does not permit this source queue.")
	}
	return nil
}

// redriveAllow says which queues may use a queue as their dead-letter queue.
type redriveAllow struct {
	RedrivePermission string
	SourceQueueArns   []string
}

func (a redriveAllow) admits(arn string) bool {
	return a.RedrivePermission == "allowAll" || a.RedrivePermission == "byQueue" && slices.Contains(a.SourceQueueArns, arn)
}

// checkRedriveAllow refuses a redrive allow policy that contradicts itself.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func (t *tx) checkRedriveAllow(text string) error {
	var allow redriveAllow
	err := json.Unmarshal([]byte(text), &allow)
	sources := len(allow.SourceQueueArns)
	malformed := slices.ContainsFunc(allow.SourceQueueArns, func(arn string) bool { return !queueARN.MatchString(arn) })
	switch {
	case err == nil && !malformed && allow.RedrivePermission == "byQueue" && sources >= 1 && sources <= mostRedriveSources:
	case err == nil && slices.Contains([]string{"allowAll", "denyAll"}, allow.RedrivePermission) && sources == 0:
	default:
		return t.refuse("InvalidParameterValue", "Value %s for parameter RedriveAllowPolicy is invalid.", text)
	}
	return nil
}

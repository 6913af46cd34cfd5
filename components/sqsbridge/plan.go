package sqsbridge

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/quota"
	"github.com/underlay-iac/underlay/problem"
)

// Limits of SQS that cannot be raised.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
const (
	longestRetentionDays = 14
	mostReceives         = 1000
)

// Lengths of what Pulumi and the component add to a queue's name.
const (
	fifoSuffix       = ".fifo"
	deadLetterSuffix = "-dead-letter"
	randomSuffix     = 8 // "-0123abc"
)

// Limits of a token's claims.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
const (
	longestAudience = 255
	longestIssuer   = 255
)

var (
	queuePattern    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	keyPattern      = regexp.MustCompile(`^arn:aws:kms:([a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+$`)
	aliasPattern    = regexp.MustCompile(`^(?:arn:aws:kms:[a-z0-9-]+:\d{12}:)?alias/`)
	providerPattern = regexp.MustCompile(`^arn:aws:iam::(\d{12}):oidc-provider/[\w.-]+(?:/[\w./-]*)?$`)
	vpcePattern     = regexp.MustCompile(`^vpce-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
)

// Plan is what a Spec comes to. It is a plain value.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Queues are the bridge's two, each with its dead-letter queue.
	Queues []Queue

	facts  *catalog.Catalog
	limits quota.Limits
	// localRoles and peerRoles are the names of the roles that the ARNs name.
	localRoles, peerRoles []string
}

// Queue is one planned queue.
type Queue struct {
	Direction Direction
	// Key names the queue within the bridge: "to-data-plane".
	Key string
	// Name and DeadLetterName are the names in AWS; empty when Pulumi chooses.
	Name, DeadLetterName string
}

// NewPlan validates a spec and plans its bridge. The error is a problem.List
// with every problem of the spec, each at its field's path ("peerRoleArns[1]").
func NewPlan(spec Spec) (*Plan, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	p := &planner{plan: Plan{Spec: spec.withDefaults(), facts: facts}}
	p.plan.limits = quota.New(facts, spec.Quotas, &p.problems)
	if _, known := facts.Region(spec.Region); !known {
		p.problems.Add("region", facts.CheckRegion(spec.Region))
	}
	problem.OneOf(&p.problems, "localPlane", p.plan.Spec.LocalPlane, DataPlane, ControlPlane)
	p.checkAccounts()
	p.checkLocal()
	p.checkPeer()
	p.planQueues()
	p.checkEncryption()
	p.checkEndpoints()
	if len(p.problems) == 0 {
		p.checkSizes(len(spec.SourceVpceIDs))
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return &p.plan, nil
}

// planner collects problems while it fills in a plan.
type planner struct {
	plan     Plan
	problems problem.List
}

// hasPeerAccount reports whether roles of the peer's own account are named.
func (s Spec) hasPeerAccount() bool {
	return len(s.PeerRoleArns) > 0 || s.PeerRole != nil && s.PeerRole.WebIdentity == nil
}

func (p *planner) checkAccounts() {
	spec := p.plan.Spec
	local := identity.Account(&p.problems, "localAccountId", spec.LocalAccountID, "name the account that has the queues")
	switch {
	case !spec.hasPeerAccount() && spec.PeerRole != nil:
		// The peer is known by its web identity.
		if spec.PeerAccountID != "" {
			p.problems.Addf("peerAccountId", spec.PeerAccountID, "remove it, or name the account's roles in peerRoleArns",
				"is set, but no role of that account is named")
		}
		if spec.SameAccount {
			p.problems.Addf("sameAccount", "true", "remove it", "is set, but the peer has no account")
		}
		return
	case !identity.Account(&p.problems, "peerAccountId", spec.PeerAccountID,
		fmt.Sprintf("name the account of the %s", spec.LocalPlane.other().words())), !local:
	case spec.PeerAccountID == spec.LocalAccountID && !spec.SameAccount:
		p.problems.Addf("peerAccountId", spec.PeerAccountID, "name the other account, or set sameAccount: true",
			"is the local account as well")
	case spec.PeerAccountID != spec.LocalAccountID && spec.SameAccount:
		p.problems.Addf("sameAccount", "true", "remove it", "is set, but localAccountId and peerAccountId differ")
	}
}

func (p *planner) checkLocal() {
	spec := p.plan.Spec
	if len(spec.LocalRoleArns) == 0 && spec.LocalRole == nil {
		p.problems.Addf("localRoleArns", "", fmt.Sprintf("name the roles of the %s that use the queues, or give localRole", spec.LocalPlane.words()),
			"is missing")
	}
	for i, arn := range spec.LocalRoleArns {
		p.plan.localRoles = append(p.plan.localRoles,
			identity.Role(&p.problems, fmt.Sprintf("localRoleArns[%d]", i), arn, spec.LocalAccountID))
	}
	p.uniqueRoles("localRoleArns", spec.LocalRoleArns, p.plan.localRoles)
	p.checkMade("localRole", spec.LocalRole, spec.LocalRoleArns)
	if role := spec.LocalRole; role != nil {
		checkRole(&p.problems, &p.plan, "localRole", role, spec.LocalAccountID, spec.LocalAccountID)
	}
}

func (p *planner) checkPeer() {
	spec := p.plan.Spec
	if len(spec.PeerRoleArns) == 0 && spec.PeerRole == nil {
		p.problems.Addf("peerRoleArns", "", fmt.Sprintf("name the roles of the %s that use the queues, or give peerRole",
			spec.LocalPlane.other().words()), "is missing")
	}
	for i, arn := range spec.PeerRoleArns {
		path := fmt.Sprintf("peerRoleArns[%d]", i)
		p.plan.peerRoles = append(p.plan.peerRoles, identity.Role(&p.problems, path, arn, spec.PeerAccountID))
		for j, local := range spec.LocalRoleArns {
			if arn == local {
				p.problems.Addf(path, arn, "use a role for each plane", "is named already at localRoleArns[%d]", j)
			}
		}
	}
	p.uniqueRoles("peerRoleArns", spec.PeerRoleArns, p.plan.peerRoles)
	p.checkMade("peerRole", spec.PeerRole, append(append([]string{}, spec.LocalRoleArns...), spec.PeerRoleArns...))
	role := spec.PeerRole
	if role == nil {
		return
	}
	checkRole(&p.problems, &p.plan, "peerRole", role, spec.LocalAccountID, spec.PeerAccountID)
	if spec.LocalRole != nil && spec.LocalRole.Name == role.Name && role.Name != "" {
		p.problems.Addf("peerRole.name", role.Name, "use a role for each plane", "is the name of localRole as well")
	}
	if role.WebIdentity != nil && len(spec.SourceVpceIDs) > 0 && len(spec.PeerRoleArns) == 0 {
		p.problems.Addf("sourceVpceIds", strings.Join(spec.SourceVpceIDs, ", "), "remove it",
			"is set, but a peer with a web identity does not come through an endpoint")
	}
}

// uniqueRoles checks that no role is named twice. An account has one role of a
// name, whatever the path, and does not mind the letter case.
func (p *planner) uniqueRoles(path string, arns, names []string) {
	for i, name := range names {
		for j := range i {
			if name != "" && strings.EqualFold(names[j], name) {
				p.problems.Addf(fmt.Sprintf("%s[%d]", path, i), arns[i], "remove one", "is the role named already at %s[%d]", path, j)
				break
			}
		}
	}
}

// checkMade checks that a role to be made is not one that is said to exist.
func (p *planner) checkMade(path string, role *Role, existing []string) {
	for _, arn := range existing {
		if role != nil && arn == roleArn(p.plan.Spec.LocalAccountID, role.Name) {
			p.problems.Addf(path+".name", role.Name, "remove it there: the policy of a role made here is made too",
				"is also named as an existing role, %s", arn)
		}
	}
}

// checkRole checks a role to be made in one account and assumed by principals
// of another, or the same.
func checkRole(l *problem.List, plan *Plan, path string, role *Role, account, trusted string) {
	identity.RoleName(l, path+".name", role.Name, plan.limits.Of(catalog.QuotaRoleNameCharacters))
	identity.SessionHours(l, path+".maxSessionHours", role.MaxSessionHours)
	switch {
	case role.WebIdentity == nil && len(role.TrustedArns) == 0:
		l.Addf(path+".trustedArns", "", "name who assumes the role, or give webIdentity", "is missing")
	case role.WebIdentity != nil && len(role.TrustedArns) > 0:
		l.Addf(path+".webIdentity", "", "give one of them", "is set, and trustedArns too")
	}
	for i, arn := range role.TrustedArns {
		identity.Principal(l, fmt.Sprintf("%s.trustedArns[%d]", path, i), arn, trusted)
	}
	problem.Unique(l, path+".trustedArns", role.TrustedArns)
	if role.WebIdentity != nil {
		checkWebIdentity(l, path+".webIdentity", role.WebIdentity, account)
	}
}

func checkWebIdentity(l *problem.List, path string, web *WebIdentity, account string) {
	switch {
	case web.ProviderArn == "" && web.ProviderURL == "":
		l.Addf(path+".providerUrl", "", "give the issuer of the workload's tokens, or providerArn", "is missing")
	case web.ProviderArn != "" && web.ProviderURL != "":
		l.Addf(path+".providerArn", web.ProviderArn, "give one of them", "is set, and providerUrl too")
	case web.ProviderArn != "":
		m := providerPattern.FindStringSubmatch(web.ProviderArn)
		switch {
		case m == nil:
			l.Addf(path+".providerArn", web.ProviderArn, "write arn:aws:iam::"+cmp.Or(account, "123456789012")+":oidc-provider/HOST/PATH",
				"is not the ARN of an OpenID Connect provider")
		case account != "" && m[1] != account:
			l.Addf(path+".providerArn", web.ProviderArn, "use a provider of account "+account, "belongs to account %s", m[1])
		}
	default:
		issuer, err := url.Parse(web.ProviderURL)
		switch {
		case err != nil || issuer.Scheme != "https" || issuer.Hostname() == "":
			l.Addf(path+".providerUrl", web.ProviderURL, "write https://HOST/PATH, as in the tokens' iss claim", "is not an issuer")
		case issuer.Port() != "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil:
			l.Addf(path+".providerUrl", web.ProviderURL, "write https://HOST/PATH", "has a port, a query, a fragment or a user, which IAM refuses")
		case len(web.ProviderURL) > longestIssuer:
			l.Addf(path+".providerUrl", web.ProviderURL, fmt.Sprintf("use at most %d", longestIssuer), "has %d characters", len(web.ProviderURL))
		}
	}
	checkClaim(l, path+".audience", web.Audience, "give the tokens' aud claim, for example sts.amazonaws.com")
	checkClaim(l, path+".subject", web.Subject, "give the tokens' sub claim, for a pod system:serviceaccount:NAMESPACE:NAME")
	if len(web.Audience) > longestAudience {
		l.Addf(path+".audience", web.Audience, fmt.Sprintf("use at most %d", longestAudience), "has %d characters", len(web.Audience))
	}
}

// checkClaim checks that a claim is there and exact.
func checkClaim(l *problem.List, path, claim, fix string) {
	switch {
	case claim == "":
		l.Addf(path, "", fix, "is missing")
	case strings.ContainsAny(claim, "*?$") || strings.ContainsFunc(claim, func(r rune) bool { return r <= ' ' || r > '~' }):
		l.Addf(path, claim, "name one exactly; it is compared as it is written", "is not exact")
	}
}

func (p *planner) planQueues() {
	spec := p.plan.Spec
	suffix := ""
	if spec.Fifo {
		suffix = fifoSuffix
	}
	for _, d := range []Direction{ToDataPlane, FromDataPlane} {
		q := Queue{Direction: d, Key: d.key()}
		if spec.QueueName != "" {
			q.Name = spec.QueueName + "-" + q.Key + suffix
			q.DeadLetterName = spec.QueueName + "-" + q.Key + deadLetterSuffix + suffix
		}
		p.plan.Queues = append(p.plan.Queues, q)
	}
	most := p.plan.limits.Of(catalog.QuotaQueueNameCharacters)
	switch longest := p.plan.Queues[1].DeadLetterName; {
	case spec.QueueName == "":
	case strings.HasSuffix(spec.QueueName, fifoSuffix):
		p.problems.Addf("queueName", spec.QueueName, "remove .fifo, and set fifo: true; the suffix is added", "is not how a queue's name begins")
	case !queuePattern.MatchString(spec.QueueName):
		p.problems.Addf("queueName", spec.QueueName, "use letters, digits, - and _", "is not how a queue's name begins")
	case len(longest) > most:
		p.problems.Addf("queueName", spec.QueueName, fmt.Sprintf("use at most %d characters", len(spec.QueueName)-len(longest)+most),
			"makes %s, %d characters long; a queue's name has at most %d", longest, len(longest), most)
	}
	p.between("maxReceive", spec.MaxReceive, mostReceives, "is not how often a message can be received")
	p.between("retentionDays", spec.RetentionDays, longestRetentionDays, "is not how many days SQS keeps a message")
}

func (p *planner) between(path string, value, most int, rule string) {
	if value < 1 || value > most {
		p.problems.Addf(path, strconv.Itoa(value), fmt.Sprintf("use 1 to %d", most), "%s", rule)
	}
}

// checkName checks the names that Pulumi makes of the component's.
func (p *Plan) checkName(l *problem.List, component string) {
	if p.Spec.QueueName != "" {
		return
	}
	length := len(component) + len("-"+FromDataPlane.key()+deadLetterSuffix) + randomSuffix
	if p.Spec.Fifo {
		length += len(fifoSuffix)
	}
	most := p.limits.Of(catalog.QuotaQueueNameCharacters)
	switch {
	case !queuePattern.MatchString(component):
		l.Addf("queueName", "", "name the queues", "is missing; the component's name %q cannot begin a queue's", component)
	case length > most:
		l.Addf("queueName", "", "name the queues", "is missing; the component's name %q makes a queue's name of %d characters; it has at most %d",
			component, length, most)
	}
}

func (p *planner) checkEncryption() {
	spec := p.plan.Spec
	problem.OneOf(&p.problems, "encryption", spec.Encryption, EncryptionSQS, EncryptionCMK)
	const path = "kmsKeyArn"
	switch m := keyPattern.FindStringSubmatch(spec.KmsKeyArn); {
	case spec.Encryption == EncryptionSQS && spec.KmsKeyArn != "":
		p.problems.Addf(path, spec.KmsKeyArn, "remove it, or set encryption: cmk", "is set, but the queues are encrypted with SQS's keys")
	case spec.Encryption != EncryptionCMK:
	case spec.KmsKeyArn == "":
		p.problems.Addf(path, "", "give the ARN of a customer-managed key", "is missing")
	case strings.HasSuffix(spec.KmsKeyArn, "alias/aws/sqs"):
		p.problems.Addf(path, spec.KmsKeyArn, "use a customer-managed key, or encryption: sse-sqs",
			"is the AWS-managed key, whose policy admits no other account")
	case aliasPattern.MatchString(spec.KmsKeyArn):
		p.problems.Addf(path, spec.KmsKeyArn, "give the key's ARN: a policy cannot name a key by its alias", "is an alias")
	case m == nil:
		p.problems.Addf(path, spec.KmsKeyArn, fmt.Sprintf("write arn:aws:kms:%s:%s:key/ID", spec.Region, cmp.Or(spec.LocalAccountID, "123456789012")),
			"is not the ARN of a key")
	case m[1] != spec.Region:
		p.problems.Addf(path, spec.KmsKeyArn, "use a key of "+spec.Region, "is a key of %s", m[1])
	}
}

func (p *planner) checkEndpoints() {
	ids := p.plan.Spec.SourceVpceIDs
	for i, id := range ids {
		if !vpcePattern.MatchString(id) {
			p.problems.Addf(fmt.Sprintf("sourceVpceIds[%d]", i), id, "write vpce-0123456789abcdef0", "is not the id of an endpoint")
		}
	}
	problem.Unique(&p.problems, "sourceVpceIds", ids)
}

// checkSizes checks the policies' sizes, with the longest name that a queue can
// have and so many endpoints, since neither is known before deployment.
func (p *planner) checkSizes(endpoints int) {
	p.problems = append(p.problems, p.plan.sizes(endpoints)...)
}

func (p *Plan) sizes(endpoints int) problem.List {
	var problems problem.List
	ids := make([]string, endpoints)
	for i := range ids {
		ids[i] = "vpce-0123456789abcdef0"
	}
	longest := fmt.Sprintf("arn:aws:sqs:%s:%s:%s", p.Spec.Region, p.Spec.LocalAccountID,
		strings.Repeat("q", p.limits.Of(catalog.QuotaQueueNameCharacters)))
	most := p.limits.Of(catalog.QuotaQueuePolicyBytes)
	text, err := p.QueuePolicy(ToDataPlane, longest, ids)
	if receiving, _ := p.QueuePolicy(FromDataPlane, longest, ids); len(receiving) > len(text) {
		text = receiving
	}
	problems.Add("", err)
	if len(text) > most {
		problems.Addf("peerRoleArns", "", "name fewer roles or endpoints",
			"is %d roles, which with %d endpoints make a queue policy of up to %d bytes; SQS takes %d",
			len(p.Spec.PeerRoleArns), endpoints, len(text), most)
	}
	for _, made := range []struct {
		path string
		role *Role
	}{{"localRole", p.Spec.LocalRole}, {"peerRole", p.Spec.PeerRole}} {
		if made.role != nil && made.role.WebIdentity == nil {
			problems = append(problems, p.trustSize(made.path, made.role)...)
		}
	}
	return problems
}

// trustSize checks the trust policy of a role whose external id, if any, is as
// short as can be: its length is not known here.
func (p *Plan) trustSize(path string, role *Role) problem.List {
	var problems problem.List
	text, err := role.trust("", strings.Repeat("x", identity.ExternalIDShortest))
	problems.Add(path, err)
	if most := p.limits.Of(catalog.QuotaTrustPolicyCharacters); len(text) > most {
		problems.Addf(path+".trustedArns", "", "name fewer, or have the quota raised and set quotas."+catalog.QuotaTrustPolicyCharacters,
			"is %d principals, which make a trust policy of %d characters; IAM takes %d", len(role.TrustedArns), len(text), most)
	}
	return problems
}

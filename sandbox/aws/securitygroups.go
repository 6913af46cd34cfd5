package aws

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const securityGroupType = "aws:ec2/securityGroup:SecurityGroup"

// groupText is what the name and the descriptions of a security group may be
// made of.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
var groupText = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$`)

func securityGroupKind() *kind {
	return &kind{
		token: securityGroupType, args: ec2.SecurityGroupArgs{}, outputs: ec2.SecurityGroup{},
		noun:   "Security Group",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"EC2", "CreateSecurityGroup", "CreateTags", "DeleteSecurityGroup"},
		prefix: "sg", path: "security-group/",
		refs: []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{"egress", "ingress", "namePrefix"},
			Defaults:   wire.Props{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
			Name:       &wire.AutoName{Property: "name", Max: 255, Separator: "-"},
			Replace:    []string{"description", "name", "namePrefix", "vpcId"},
			Computed:   []string{"egress", "ingress", "namePrefix", "vpcId"},
		},
		check: func(c *checks) {
			c.match("description", groupText, 255)
			c.match("name", groupText, 255)
			if strings.HasPrefix(c.in.Str("name"), "sg-") {
				c.fail("name", "cannot begin with sg-")
			}
		},
		create: createSecurityGroup,
		remove: removeSecurityGroup,
	}
}

func createSecurityGroup(t *tx, o *Object) error {
	p := o.props()
	switch {
	case p.Str("vpcId") == "":
		return t.refuse("VPCIdNotSpecified", "No default VPC for this user")
	case p.Str("name") == "default":
		return t.refuse("InvalidGroup.Reserved", "The security group 'default' is reserved")
	}
	for other := range t.where(securityGroupType, "vpcId", p.Str("vpcId")) {
		if other.props().Str("name") == p.Str("name") {
			return t.refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", p.Str("name"), p.Str("vpcId"))
		}
	}
	n := count(t.all(securityGroupType))
	return t.overQuota(n, catalog.QuotaSecurityGroupsPerRegion, "SecurityGroupLimitExceeded", "security groups")
}

func removeSecurityGroup(t *tx, o *Object) error {
	for _, d := range directions {
		for r := range t.where(d.token, "referencedSecurityGroupId", o.ID) {
			if r.props().Str("securityGroupId") != o.ID {
				return t.refuse("DependencyViolation", "resource %s has a dependent object", o.ID)
			}
		}
	}
	for eni := range t.all(networkInterfaceType) {
		if slices.Contains(eni.props().Strs("securityGroups"), o.ID) {
			return t.refuse("DependencyViolation", "resource %s has a dependent object", o.ID)
		}
	}
	// Its own rules go along.
	t.forget(o)
	return nil
}

// direction is one of the two kinds of rule, which differ in little but name.
type direction struct {
	token         string
	args, outputs any
	noun          string
	authorize     string
	revoke        string
}

var (
	ingress = direction{
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", vpc.SecurityGroupIngressRuleArgs{}, vpc.SecurityGroupIngressRule{},
		"VPC Security Group Ingress Rule", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress",
	}
	egress = direction{
		"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", vpc.SecurityGroupEgressRuleArgs{}, vpc.SecurityGroupEgressRule{},
		"VPC Security Group Egress Rule", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress",
	}
	directions = []direction{ingress, egress}
)

// sources are the inputs of a rule that say whom it admits or whom it lets
// reach.
var sources = []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}

// protocols are the names that AWS gives to protocol numbers.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

var prefixListPattern = regexp.MustCompile(`^pl-[0-9a-f]+$`)

func ruleKind(d direction) *kind {
	return &kind{
		token: d.token, args: d.args, outputs: d.outputs,
		noun: d.noun, api: api{"EC2", d.authorize, "ModifySecurityGroupRules", d.revoke},
		prefix: "sgr", path: "security-group-rule/",
		refs: []ref{
			{property: "securityGroupId", token: securityGroupType},
			{property: "referencedSecurityGroupId", token: securityGroupType},
		},
		Resource: wire.Resource{
			Replace: []string{"securityGroupId"},
			// A rule can be modified, but not from one kind of source to
			// another.
			ReplaceIf: func(old, new wire.Props, _ []string) []string {
				if source(old) != source(new) {
					return sources
				}
				return nil
			},
		},
		check: checkRule,
		create: func(t *tx, o *Object) error {
			o.Properties["securityGroupRuleId"] = o.ID
			return t.checkRule(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkRule(o) },
	}
}

// source returns which of the sources a rule has.
func source(p wire.Props) string {
	for _, s := range sources {
		if _, ok := p[s]; ok {
			return s
		}
	}
	return ""
}

func checkRule(c *checks) {
	c.exactlyOne(sources...)
	c.cidr4("cidrIpv4", 0, 32)
	c.cidr6("cidrIpv6")
	c.between("fromPort", -1, 65535)
	c.between("toPort", -1, 65535)
	c.match("description", groupText, 255)
	if c.in.Has("prefixListId") && !prefixListPattern.MatchString(c.in.Str("prefixListId")) {
		c.fail("prefixListId", "%q is not the id of a prefix list", c.in.Str("prefixListId"))
	}
	protocol := c.in.Str("ipProtocol")
	number, err := strconv.Atoi(protocol)
	named := slices.Contains(slices.Collect(maps.Values(protocols)), protocol)
	if c.in.Has("ipProtocol") && !named && (err != nil || number < -1 || number > 255) {
		c.fail("ipProtocol", "%q is not tcp, udp, icmp, icmpv6, a protocol number, or -1 for all", protocol)
	}
}

// checkRule refuses what AuthorizeSecurityGroupIngress and its like refuse.
func (t *tx) checkRule(o *Object) error {
	p := o.props()
	group := t.find(securityGroupType, p.Str("securityGroupId"))
	if other := t.find(securityGroupType, p.Str("referencedSecurityGroupId")); other != nil &&
		other.props().Str("vpcId") != group.props().Str("vpcId") {
		m := missing[securityGroupType]
		return t.refuse(m.code, m.format, other.ID)
	}
	if err := t.checkPorts(p); err != nil {
		return err
	}
	weight, err := t.weight(p)
	if err != nil {
		return err
	}
	four, six := 0, 0
	for other := range t.where(o.Type, "securityGroupId", group.ID) {
		if other.ID == o.ID {
			continue
		}
		if ruleText(other.props()) == ruleText(p) {
			return t.refuse("InvalidPermission.Duplicate", "the specified rule %q already exists", ruleText(p))
		}
		n, err := t.weight(other.props())
		if err != nil {
			return err
		}
		a, b := families(other.props())
		four, six = four+a*n, six+b*n
	}
	a, b := families(p)
	most := t.quota(catalog.QuotaRulesPerSecurityGroup)
	if four+a*weight > most || six+b*weight > most {
		return t.refuse("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	return nil
}

// checkPorts refuses ports that do not fit the protocol.
func (t *tx) checkPorts(p wire.Props) error {
	from, hasFrom := p.Int("fromPort")
	to, hasTo := p.Int("toPort")
	switch protocol(p) {
	case "-1":
		// The API would ignore the ports of a new rule, and the provider would
		// then never find them; a change of a rule it refuses in these words.
		if hasFrom && from != -1 || hasTo && to != -1 {
			return t.refuse("InvalidParameterValue", "You may not specify all protocols and specific ports. Please specify each "+
				"protocol and port range combination individually, or all protocols and no port range.")
		}
	case "tcp", "udp":
		switch {
		case !hasFrom || !hasTo:
			return t.refuse("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		case from < 0 || from > to:
			return t.refuse("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", from, to)
		}
	}
	return nil
}

// protocol returns the protocol of a rule by AWS's name.
func protocol(p wire.Props) string {
	text := p.Str("ipProtocol")
	if name, ok := protocols[text]; ok {
		return name
	}
	return text
}

// ruleText words a rule as AWS does when it finds it there already.
func ruleText(p wire.Props) string {
	peer := "peer: " + p.Str(source(p))
	kind := strings.ToUpper(protocol(p))
	if kind == "-1" {
		return peer + ", ALL, ALLOW"
	}
	from, hasFrom := p.Int("fromPort")
	to, hasTo := p.Int("toPort")
	if !hasFrom && !hasTo {
		return fmt.Sprintf("%s, %s, ALLOW", peer, kind)
	}
	return fmt.Sprintf("%s, %s, from port: %d, to port: %d, ALLOW", peer, kind, from, to)
}

// families returns how often a rule counts for IPv4 and for IPv6. One that
// refers to a security group or a prefix list counts for both.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
func families(p wire.Props) (four, six int) {
	switch source(p) {
	case "cidrIpv4":
		return 1, 0
	case "cidrIpv6":
		return 0, 1
	}
	return 1, 1
}

// weights are how many rules a prefix list of AWS counts for.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
var weights = map[string]int{"s3": 55, "dynamodb": 1}

// weight returns how many rules a rule counts for; a prefix list must be one
// of the region's.
func (t *tx) weight(p wire.Props) (int, error) {
	id := p.Str("prefixListId")
	if id == "" {
		return 1, nil
	}
	for service, n := range weights {
		if id == prefixList(t.session.region, "com.amazonaws."+t.session.region+"."+service) {
			return n, nil
		}
	}
	return 0, t.refuse("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", id)
}

package egress

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:egress:CognitoEgress"

// CognitoEgressArgs are the arguments of a CognitoEgress: the plain Spec that
// decides its structure, and values known only during deployment.
type CognitoEgressArgs struct {
	Spec
	// VpcID is the VPC's id. Required with an enforcement.
	VpcID pulumi.StringInput
	// InternetGatewayID is the id of the VPC's internet gateway; only with
	// Network Firewall. Default a new one.
	InternetGatewayID pulumi.StringInput
	// SubnetIDs are the ids of the subnets in Spec.NetworkFirewall.Workloads,
	// by zone. Required with Network Firewall.
	SubnetIDs pulumi.StringMap
	// RouteTableIDs are the ids of their route tables, by zone, each with no
	// default route yet and used by no other zone. Required with Network
	// Firewall.
	RouteTableIDs pulumi.StringMap
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// CognitoEgress is a data plane's way to its user pools. The package comment
// shows it.
//
// Resources are named after the component, in networks by zone
// ("<name>-firewall-eu-west-1a"); the firewall, its policy and the DNS rule
// group are "<name>".
type CognitoEgress struct {
	pulumi.ResourceState

	// Names are the names that the data plane must reach, whatever enforces it.
	Names pulumi.StringArrayOutput `pulumi:"names"`
	// AllowedNames are all names that the enforcement allows; empty without one.
	AllowedNames pulumi.StringArrayOutput `pulumi:"allowedNames"`
	// FirewallArn is the Network Firewall's ARN; empty without one.
	FirewallArn pulumi.StringOutput `pulumi:"firewallArn"`
	// FirewallEndpointIDs are the ids of its endpoints, by zone.
	FirewallEndpointIDs pulumi.StringMapOutput `pulumi:"firewallEndpointIds"`
	// NatPublicIPs are the NAT gateways' public addresses, by zone: those that
	// Cognito sees the data plane come from.
	NatPublicIPs pulumi.StringMapOutput `pulumi:"natPublicIps"`
	// DNSRuleGroupID is the DNS Firewall rule group's id; empty without one.
	DNSRuleGroupID pulumi.StringOutput `pulumi:"dnsRuleGroupId"`

	plan *Plan
}

// Plan returns the plan that the egress was built from.
func (e *CognitoEgress) Plan() *Plan { return e.plan }

// NewCognitoEgress builds the egress that args describe. Every problem of args
// is reported at once, before anything is registered: the error then holds a
// problem.List.
func NewCognitoEgress(
	ctx *pulumi.Context, name string, args *CognitoEgressArgs, opts ...pulumi.ResourceOption,
) (*CognitoEgress, error) {
	if args == nil {
		args = &CognitoEgressArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("cognito egress %q: %w", name, err)
	}
	egress := &CognitoEgress{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, egress, opts...); err != nil {
		return nil, fmt.Errorf("cognito egress %q: %w", name, err)
	}
	b := &builder{
		ctx: ctx, name: name, args: args, plan: plan, egress: egress,
		endpoints: pulumi.StringMap{}, addresses: pulumi.StringMap{},
	}
	egress.FirewallArn, egress.DNSRuleGroupID = pulumi.String("").ToStringOutput(), pulumi.String("").ToStringOutput()
	switch plan.Spec.Enforcement {
	case EnforceNetworkFirewall:
		err = b.networkFirewall()
	case EnforceDNSFirewall:
		err = b.dnsFirewall()
	}
	if err != nil {
		return nil, fmt.Errorf("cognito egress %q: %w", name, err)
	}
	egress.Names = pulumi.ToStringArray(plan.Names).ToStringArrayOutput()
	egress.AllowedNames = pulumi.ToStringArray(plan.AllowedNames).ToStringArrayOutput()
	egress.FirewallEndpointIDs = b.endpoints.ToStringMapOutput()
	egress.NatPublicIPs = b.addresses.ToStringMapOutput()
	err = ctx.RegisterResourceOutputs(egress, pulumi.Map{
		"names":               egress.Names,
		"allowedNames":        egress.AllowedNames,
		"firewallArn":         egress.FirewallArn,
		"firewallEndpointIds": egress.FirewallEndpointIDs,
		"natPublicIps":        egress.NatPublicIPs,
		"dnsRuleGroupId":      egress.DNSRuleGroupID,
	})
	if err != nil {
		return nil, fmt.Errorf("cognito egress %q: %w", name, err)
	}
	return egress, nil
}

// plan plans the spec and checks the values given beside it.
func (a *CognitoEgressArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)

	enforced := a.Enforcement == EnforceNetworkFirewall || a.Enforcement == EnforceDNSFirewall
	if enforced && (!namePattern.MatchString(name) || len(name) > longestName) {
		problems.Addf("name", name, "", "is not 1 to %d letters, digits and hyphens that begin with a letter, as the firewall's name must be", longestName)
	}
	if enforced && a.VpcID == nil {
		problems.Addf("vpcId", "", "give the VPC's id", "is missing")
	}
	var zones []string
	if a.NetworkFirewall != nil && a.Enforcement == EnforceNetworkFirewall {
		zones = slices.Sorted(maps.Keys(a.NetworkFirewall.Workloads))
	}
	checkZones(&problems, "subnetIds", a.SubnetIDs, zones)
	checkZones(&problems, "routeTableIds", a.RouteTableIDs, zones)
	if a.InternetGatewayID != nil && a.Enforcement != EnforceNetworkFirewall {
		problems.Addf("internetGatewayId", "", "remove it, or set enforcement: networkFirewall", "is set, but there is no Network Firewall")
	}
	return plan, problems.Err()
}

// checkZones checks that ids are given for the zones, and for no others.
func checkZones(problems *problem.List, path string, ids pulumi.StringMap, zones []string) {
	for _, zone := range zones {
		if ids[zone] == nil {
			problems.Addf(path+"."+zone, "", "give the id for the workload in "+zone, "is missing")
		}
	}
	for _, zone := range slices.Sorted(maps.Keys(ids)) {
		if !slices.Contains(zones, zone) {
			problems.Addf(path+"."+zone, "", "remove it", "is set, but no workload is in that zone")
		}
	}
}

// builder registers the resources of one egress.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   *CognitoEgressArgs
	plan   *Plan
	egress *CognitoEgress

	endpoints, addresses pulumi.StringMap
}

// child returns the options of a child resource.
func (b *builder) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(b.egress)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

// key names a child: the component's name and a stable key, never an index.
func (b *builder) key(parts ...string) string {
	return strings.Join(append([]string{b.name}, parts...), "-")
}

// tags returns the caller's tags with the resource's name over them.
func (b *builder) tags(resource string) pulumi.StringMapInput {
	return tags.Merge(b.args.Tags, resource, nil)
}

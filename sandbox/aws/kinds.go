package aws

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	sdk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// kinds lists every resource type the sandbox knows. This is the place to add
// one: write its kind in the file of its service and name it here.
func kinds() []*kind {
	return []*kind{
		vpcKind(), cidrAssociationKind(), internetGatewayKind(),
		subnetKind(),
		routeTableKind(), routeKind(), routeTableAssociationKind(),
		eipKind(), natGatewayKind(),
		vpcEndpointKind(), endpointRouteTableKind(),
		securityGroupKind(), ruleKind(ingress), ruleKind(egress),
		flowLogKind(), logGroupKind(),
		roleKind(), rolePolicyKind(), managedPolicyKind(), policyAttachmentKind(), oidcProviderKind(),
		queueKind(), queuePolicyKind(), redrivePolicyKind(), redriveAllowPolicyKind(),
		rdsSubnetGroupKind(), docdbSubnetGroupKind(), elasticacheSubnetGroupKind(),
		fileSystemKind(), mountTargetKind(),
		loadBalancerKind(), targetGroupKind(), listenerKind(),
		endpointServiceKind(), allowedPrincipalKind(), verificationKind(), accepterKind(),
		zoneKind(), recordKind(),
		ruleGroupKind(), firewallPolicyKind(), firewallKind(),
		dnsDomainListKind(), dnsRuleGroupKind(), dnsRuleKind(), dnsAssociationKind(),
		zoneAuthorizationKind(), zoneAssociationKind(), profileKind(), profileResourceKind(), profileAssociationKind(),
		shareKind(), sharedResourceKind(), sharePrincipalKind(), shareAccepterKind(),
		peeringKind(), peeringAccepterKind(), transitGatewayKind(), transitTableKind(), transitAttachmentKind(),
		transitAccepterKind(), transitAssociationKind(), transitRouteKind(),
	}
}

// implicit are the types of objects that exist only with another object.
var implicit = map[string]bool{networkInterfaceType: true, networkACLType: true}

// kind is a resource type: what the provider knows of it and how the cloud
// behaves.
//
// The names of properties are those of the pulumi-aws SDK. Which of them
// replace, are computed or have defaults is what the schema of
// hashicorp/terraform-provider-aws v5 says, on which pulumi-aws v6 stands.
type kind struct {
	token   string
	args    any // the SDK's args struct, for the inputs
	outputs any // the SDK's resource struct, for the outputs
	wire.Resource

	// noun is what the provider's messages call it: "EC2 VPC". label, when
	// there is one, says which it is before it has an id.
	noun  string
	label func(in wire.Props) string
	api   api
	// global types belong to the account and not to a region.
	global bool

	// prefix makes the id ("vpc" gives vpc-0…) unless id does.
	prefix string
	id     func(in wire.Props) string
	// path, when there is one, makes an ARN in EC2 from the id: "vpc/".
	path string
	// refs are the inputs that hold ids of other objects.
	refs []ref

	// check returns what is wrong with inputs beyond their types. Values may
	// be unknown.
	check func(c *checks)
	// create decides whether o, whose properties are the inputs, may exist. It
	// adds the properties that AWS chooses and what comes with the object. The
	// id and what refs name exist.
	create func(t *tx, o *Object) error
	// update decides whether old may become o.
	update func(t *tx, old, o *Object) error
	// remove decides whether o may go, and takes along what goes with it.
	remove func(t *tx, o *Object) error
}

// ref is an input that holds the id of an object, or a list of ids.
type ref struct {
	property string
	token    string
	// weak references may outlive what they name.
	weak bool
	// code is the service's own for an id that nothing has; empty is EC2's.
	code string
}

// ids returns the ids that an object refers to.
func (r ref) ids(p wire.Props) []string {
	if id := p.Str(r.property); id != "" {
		return []string{id}
	}
	return p.Strs(r.property)
}

// operation is what is asked of a kind.
type operation string

// The operations.
const (
	opCreate operation = "create"
	opUpdate operation = "update"
	opDelete operation = "delete"
)

// gerund is how the provider's messages begin.
var gerund = map[operation]string{opCreate: "creating", opUpdate: "updating", opDelete: "deleting"}

// api names the AWS operations behind a kind.
type api struct{ service, create, update, remove string }

func (a api) name(op operation) string {
	switch op {
	case opCreate:
		return a.create
	case opUpdate:
		return a.update
	}
	return a.remove
}

// prefixes are the beginnings of ids, for checking the form of references.
var prefixes = map[string]string{
	vpcType: "vpc", internetGatewayType: "igw", subnetType: "subnet", routeTableType: "rtb", eipType: "eipalloc",
	natGatewayType: "nat", vpcEndpointType: "vpce", securityGroupType: "sg",
	fileSystemType: "fs",
}

var idPattern = regexp.MustCompile(`^([a-z]+)-([0-9a-f]{8}|[0-9a-f]{17})$`)

// wellFormed reports whether id is the id of an object of a type, as far as
// its form goes.
func wellFormed(token, id string) bool {
	prefix, ok := prefixes[token]
	if !ok {
		return id != ""
	}
	m := idPattern.FindStringSubmatch(id)
	return m != nil && m[1] == prefix
}

// describe builds the package of all kinds from the SDK.
func (c *Cloud) describe() error {
	c.kinds = map[string]*kind{}
	config, err := wire.InputsOf(sdk.ProviderArgs{})
	if err != nil {
		return err
	}
	c.pkg = &wire.Package{
		Name: "aws", Version: Version, Config: config,
		// Objects of another region or account are out of reach.
		ReplaceConfig: []string{"region"},
		Resources:     map[string]*wire.Resource{},
		Functions:     map[string]*wire.Function{},
	}
	for _, k := range kinds() {
		if k.Inputs, err = wire.InputsOf(k.args); err != nil {
			return fmt.Errorf("%s: %w", k.token, err)
		}
		if k.Outputs, err = wire.OutputsOf(k.outputs); err != nil {
			return fmt.Errorf("%s: %w", k.token, err)
		}
		c.kinds[k.token] = k
		c.pkg.Resources[k.token] = &k.Resource
	}
	for _, token := range slices.Sorted(maps.Keys(functions)) {
		f := functions[token]
		described := &wire.Function{}
		if described.Args, err = wire.StructOf(reflect.TypeOf(f.args)); err != nil {
			return fmt.Errorf("%s: %w", token, err)
		}
		if described.Result, err = wire.StructOf(reflect.TypeOf(f.result)); err != nil {
			return fmt.Errorf("%s: %w", token, err)
		}
		c.pkg.Functions[token] = described
	}
	return c.pkg.Complete()
}

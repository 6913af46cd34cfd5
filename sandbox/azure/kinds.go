package azure

import (
	"fmt"
	"strings"

	sdk "github.com/pulumi/pulumi-azure-native-sdk/v2"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// kinds lists every resource type the sandbox knows. This is the place to add
// one: write its kind in the file of its service and name it here.
func kinds() []*kind {
	return []*kind{
		resourceGroupKind(),
		virtualNetworkKind(), subnetKind(), peeringKind(),
		securityGroupKind(), securityRuleKind(),
		routeTableKind(), routeKind(),
		publicAddressKind(), publicPrefixKind(), natGatewayKind(),
		networkInterfaceKind(), loadBalancerKind(), flowLogKind(),
		ddosPlanKind(), bastionKind(),
		privateEndpointKind(), zoneGroupKind(),
		privateZoneKind(), zoneLinkKind(), recordSetKind(),
		firewallKind(), firewallPolicyKind(), ruleCollectionGroupKind(),
		resolverKind(), inboundEndpointKind(), outboundEndpointKind(),
		rulesetKind(), forwardingRuleKind(), rulesetLinkKind(),
		wafPolicyKind(), applicationGatewayKind(),
		identityKind(), federatedCredentialKind(), roleAssignmentKind(),
		managedClusterKind(), agentPoolKind(),
	}
}

// kind is a resource type: what the provider knows of it and how the cloud
// behaves.
//
// The names of properties are those of the pulumi-azure-native SDKs. What
// replaces is every name in the id and what the provider lists beside them:
// https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/gen/replacement.go
type kind struct {
	token   string
	args    any // the SDK's args struct, for the inputs
	outputs any // the SDK's resource struct, for the outputs
	wire.Resource

	// arm is the type in the Resource Manager, "Microsoft.Network/routeTables",
	// and path are the inputs with the names in the id, in its order. id, when
	// there is one, makes an id of another form.
	arm  string
	path []string
	id   func(s session, in wire.Props) string
	// refs are the inputs that hold ids of other objects.
	refs []ref
	// inUse is the refusal to delete what others hold on to: its code, and
	// words about the name and the id of the one that does.
	inUse refusal
	// keeps are the types under this one that must be gone first; others go
	// along.
	keeps []string
	// holds returns the ids of what a call keeps others out of while it lasts,
	// and busy words the refusal when one of them is taken.
	holds func(id string) []string
	busy  refusal

	// put decides whether o, whose properties are the inputs, may come to be
	// or take the place of old. It adds the properties that Azure chooses. What
	// refs name exists.
	put func(t *tx, old, o *Object) error
	// remove decides whether o may go, beyond inUse.
	remove func(t *tx, o *Object) error
}

// refusal is a code and words with verbs.
type refusal struct{ code, format string }

// ref is an input that holds the id of an object, or several.
type ref struct {
	// path leads to the ids: "ipConfigurations[].subnet.id".
	path string
	// arm is the type that they must be of. Other types, which the sandbox
	// knows nothing of, may be named too when it is empty.
	arm string
	// weak references may outlive what they name, and do not keep it.
	weak bool
	// anywhere allows another location, and what is someone else's.
	anywhere bool
	// alone is the refusal when another object has the same one, with words
	// about this object, what it refers to and the other.
	alone refusal
}

// ids returns the ids that an object refers to.
func (r ref) ids(p wire.Props) []string {
	return leaves(map[string]any(p), strings.Split(r.path, "."))
}

// leaves returns the strings at the end of a path; "[]" behind a name means
// every element of a list.
func leaves(v any, path []string) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, e := range list {
			out = append(out, leaves(e, path)...)
		}
		return out
	}
	if len(path) == 0 {
		if s, ok := v.(string); ok && s != "" {
			return []string{s}
		}
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return leaves(object[strings.TrimSuffix(path[0], "[]")], path[1:])
}

// operation is what is asked of a kind.
type operation string

// The operations.
const (
	opCreate operation = "create"
	opUpdate operation = "update"
	opDelete operation = "delete"
)

// idOf returns the id that inputs ask for.
func (k *kind) idOf(s session, in wire.Props) string {
	if k.id != nil {
		return k.id(s, in)
	}
	parts := strings.Split(k.arm, "/")
	id := groupID(s.subscription, in.Str("resourceGroupName")) + "/providers/" + parts[0]
	for i, input := range k.path {
		id += "/" + parts[i+1] + "/" + in.Str(input)
	}
	return id
}

// located reports whether objects of the kind have a location of their own.
func (k *kind) located() bool {
	_, ok := k.Inputs.Fields["location"]
	return ok
}

// random names a resource as azure-native does at the top of a resource group,
// copied as it does below.
func random(property string) *wire.AutoName { return &wire.AutoName{Property: property, Digits: 8} }

func copied(property string) *wire.AutoName {
	return &wire.AutoName{Property: property, Form: wire.CopiedName}
}

// describe builds the package of all kinds from the SDKs.
func (c *Cloud) describe() error {
	c.kinds = map[string]*kind{}
	config, err := wire.InputsOf(sdk.ProviderArgs{})
	if err != nil {
		return err
	}
	c.pkg = &wire.Package{
		Name: "azure-native", Version: Version, Config: config,
		// Objects of another subscription are others.
		ReplaceConfig: []string{"subscriptionId"},
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
		k.Apart = true
		k.Replace = append(k.Replace, k.path...)
		if _, ok := k.Inputs.Fields["resourceGroupName"]; ok && k.arm != groupType {
			k.Replace = append(k.Replace, "resourceGroupName")
		}
		// Every body may repeat the id, the name and the type of its object.
		for _, echo := range []string{"id", "extendedLocation", "type"} {
			if _, ok := k.Inputs.Fields[echo]; ok {
				k.Unmodelled = append(k.Unmodelled, echo)
			}
		}
		c.kinds[k.token] = k
		c.pkg.Resources[k.token] = &k.Resource
	}
	return c.pkg.Complete()
}

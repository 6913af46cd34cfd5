package azure_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// inputsOf returns the inputs of a resource as its program gave them.
func inputsOf(r res) in { return with(in(r.in.Mappable()), "__defaults", nil) }

// TestSchemas holds every type to the schema of its SDK: what it has and what
// it does not have.
func TestSchemas(t *testing.T) {
	cloud, i := newCloud(t, azure.Options{})
	l := i.deploy()
	// What must be given, from the required inputs of the Pulumi Registry.
	required := map[string][]string{
		rgType: {}, roleType: {"principalId", "roleDefinitionId", "scope"},
		subnetType: {"resourceGroupName", "virtualNetworkName"}, peeringType: {"resourceGroupName", "virtualNetworkName"},
		ruleType:  {"access", "direction", "networkSecurityGroupName", "priority", "protocol", "resourceGroupName"},
		routeType: {"nextHopType", "resourceGroupName", "routeTableName"}, pegType: {"privateEndpointName", "resourceGroupName"},
		rcgType: {"firewallPolicyName", "resourceGroupName"}, wafType: {"managedRules", "resourceGroupName"},
		linkType: {"privateZoneName", "resourceGroupName"}, recordType: {"privateZoneName", "recordType", "resourceGroupName"},
		resolverType: {"resourceGroupName", "virtualNetwork"}, inboundType: {"dnsResolverName", "ipConfigurations", "resourceGroupName"},
		outboundType: {"dnsResolverName", "resourceGroupName", "subnet"}, rulesetType: {"dnsResolverOutboundEndpoints", "resourceGroupName"},
		forwardType: {"dnsForwardingRulesetName", "domainName", "resourceGroupName", "targetDnsServers"},
		rsLinkType:  {"dnsForwardingRulesetName", "resourceGroupName", "virtualNetwork"},
		ficType:     {"audiences", "issuer", "resourceGroupName", "resourceName", "subject"},
		flowLogType: {"networkWatcherName", "resourceGroupName", "storageId", "targetResourceId"},
		poolType:    {"resourceGroupName", "resourceName"},
	}
	for _, typ := range cloud.Tokens() {
		t.Run(typ, func(t *testing.T) {
			inputs := inputsOf(l.byType[typ])
			wanted, listed := required[typ]
			if !listed {
				wanted = []string{"resourceGroupName"}
			}
			_, failures := i.check(typ, inputs, nil)
			assert.Empty(t, failures)
			_, failures = i.check(typ, with(inputs, "tagz", in{"a": "b"}), nil)
			require.Len(t, failures, 1)
			assert.Equal(t, "tagz", failures[0].GetProperty())
			assert.Contains(t, failures[0].GetReason(), "is not a property of this type")
			for name := range inputs {
				_, failures = i.check(typ, with(inputs, name, nil), nil)
				assert.Equal(t, slices.Contains(wanted, name), slices.ContainsFunc(failures, func(f *pulumirpc.CheckFailure) bool {
					return f.GetProperty() == name && f.GetReason() == "is required"
				}), "%s is required", name)
				wrong := any(true)
				if _, isBool := inputs[name].(bool); isBool {
					wrong = "true"
				}
				_, failures = i.check(typ, with(inputs, name, wrong), nil)
				assert.NotEmpty(t, failures, "%s: %v", name, wrong)
				checked, failures := i.check(typ, with(inputs, name, resource.MakeComputed(resource.NewStringProperty(""))), nil)
				assert.Empty(t, failures, "%s unknown", name)
				assert.True(t, checked[resource.PropertyKey(name)].IsComputed(), "%s stays unknown", name)
			}
		})
	}
}

// TestCheckRefuses gives inputs that the provider refuses before it asks the
// cloud.
func TestCheckRefuses(t *testing.T) {
	vnet := vnetIn("vnet", "10.0.0.0/16")
	for _, c := range []struct {
		name, typ        string
		inputs           in
		property, reason string
	}{
		{"a property of another name", vnetType, with(vnet, "addressSpaces", in{}), "addressSpaces", "is not a property of this type; did you mean addressSpace?"},
		{"a nested property of another name", vnetType, with(vnet, "addressSpace", in{"addressPrefix": "10.0.0.0/16"}), "addressSpace.addressPrefix", "is not a property of this type; did you mean addressPrefixes?"},
		{"an output as an input", vnetType, with(vnet, "resourceGuid", "x"), "resourceGuid", "is not a property of this type"},
		{"deep in a type that contains itself", subnetType, named("subnetName", "a", in{"virtualNetworkName": "v", "networkSecurityGroup": in{"securityRules": []any{in{"access": 7}}}}), "networkSecurityGroup.securityRules[0].access", "must be a string, not the number 7"},
		{"a string for a list", vnetType, with(vnet, "addressSpace", in{"addressPrefixes": "10.0.0.0/16"}), "addressSpace.addressPrefixes", `must be a list, not the string "10.0.0.0/16"`},
		{"a property of a later version", clusterType, named("resourceName", "aks", in{"networkProfile": in{"dockerBridgeCidr": "172.17.0.1/16"}}), "networkProfile.dockerBridgeCidr", "is not a property of this type"},
		{"inline peerings", vnetType, with(vnet, "virtualNetworkPeerings", []any{in{"name": "hub"}}), "virtualNetworkPeerings", "is not modelled by the sandbox; it would be ignored"},
		{"the id in the body", subnetType, named("subnetName", "a", in{"virtualNetworkName": "v", "id": "x"}), "id", "is not modelled by the sandbox; it would be ignored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, azure.Options{})
			_, failures := i.check(c.typ, c.inputs, nil)
			require.NotEmpty(t, failures)
			assert.True(t, slices.ContainsFunc(failures, func(f *pulumirpc.CheckFailure) bool {
				return f.GetProperty() == c.property && strings.Contains(f.GetReason(), c.reason)
			}), "%v", failures)
		})
	}
	_, i := newCloud(t, azure.Options{})
	_, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{Urn: urn("azure-native:network/v20240501:Subnets", "it")})
	require.ErrorContains(t, err, "the sandbox does not know the resource type azure-native:network/v20240501:Subnets; did you mean azure-native:network/v20240501:Subnet?")
	_, err = i.server.Invoke(i.ctx, &pulumirpc.InvokeRequest{Tok: "azure-native:authorization:getClientConfig"})
	require.ErrorContains(t, err, "the sandbox does not know the function azure-native:authorization:getClientConfig")
}

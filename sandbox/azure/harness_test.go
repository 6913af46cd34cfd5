package azure_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync/atomic"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// The tokens of the types, as programs send them.
const (
	rgType       = "azure-native:resources:ResourceGroup"
	vnetType     = "azure-native:network/v20240501:VirtualNetwork"
	subnetType   = "azure-native:network/v20240501:Subnet"
	peeringType  = "azure-native:network/v20240501:VirtualNetworkPeering"
	nsgType      = "azure-native:network/v20240501:NetworkSecurityGroup"
	ruleType     = "azure-native:network/v20240501:SecurityRule"
	tableType    = "azure-native:network/v20240501:RouteTable"
	routeType    = "azure-native:network/v20240501:Route"
	pipType      = "azure-native:network/v20240501:PublicIPAddress"
	prefixType   = "azure-native:network/v20240501:PublicIPPrefix"
	natType      = "azure-native:network/v20240501:NatGateway"
	nicType      = "azure-native:network/v20240501:NetworkInterface"
	lbType       = "azure-native:network/v20240501:LoadBalancer"
	flowLogType  = "azure-native:network/v20240501:FlowLog"
	ddosType     = "azure-native:network/v20240501:DdosProtectionPlan"
	bastionType  = "azure-native:network/v20240501:BastionHost"
	peType       = "azure-native:network/v20240501:PrivateEndpoint"
	pegType      = "azure-native:network/v20240501:PrivateDnsZoneGroup"
	zoneType     = "azure-native:network/v20240601:PrivateZone"
	linkType     = "azure-native:network/v20240601:VirtualNetworkLink"
	recordType   = "azure-native:network/v20240601:PrivateRecordSet"
	firewallType = "azure-native:network/v20240501:AzureFirewall"
	policyType   = "azure-native:network/v20240501:FirewallPolicy"
	rcgType      = "azure-native:network/v20240501:FirewallPolicyRuleCollectionGroup"
	resolverType = "azure-native:network/v20220701:DnsResolver"
	inboundType  = "azure-native:network/v20220701:InboundEndpoint"
	outboundType = "azure-native:network/v20220701:OutboundEndpoint"
	rulesetType  = "azure-native:network/v20220701:DnsForwardingRuleset"
	forwardType  = "azure-native:network/v20220701:ForwardingRule"
	rsLinkType   = "azure-native:network/v20220701:PrivateResolverVirtualNetworkLink"
	wafType      = "azure-native:network/v20240501:WebApplicationFirewallPolicy"
	gatewayType  = "azure-native:network/v20240501:ApplicationGateway"
	identityType = "azure-native:managedidentity/v20230131:UserAssignedIdentity"
	ficType      = "azure-native:managedidentity/v20230131:FederatedIdentityCredential"
	roleType     = "azure-native:authorization/v20220401:RoleAssignment"
	clusterType  = "azure-native:containerservice:ManagedCluster"
	poolType     = "azure-native:containerservice:AgentPool"
)

// Ids of the sandbox's default subscription and of Azure's built-in roles.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
const (
	subscription       = "/subscriptions/11111111-2222-4333-8444-555555555555"
	networkContributor = subscription + "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"
	zoneContributor    = subscription + "/providers/Microsoft.Authorization/roleDefinitions/b12aa53e-6015-4669-85d0-8515ebb3ae7f"
	vaultID            = subscription + "/resourceGroups/data/providers/Microsoft.KeyVault/vaults/secrets"
	storageID          = subscription + "/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/logs"
)

// in are inputs as a program gives them.
type in map[string]any

// with returns inputs with one more, or with one less when the value is nil.
func with(inputs in, name string, value any) in {
	out := maps.Clone(inputs)
	out[name] = value
	if value == nil {
		delete(out, name)
	}
	return out
}

// id is a reference to an object.
func id(r res) in { return in{"id": r.id} }

// res is a resource that exists.
type res struct {
	typ, id string
	out     resource.PropertyMap
	in      resource.PropertyMap // checked
}

func (r res) str(name string) string { return r.out[resource.PropertyKey(name)].StringValue() }

func (r res) name() string { return r.id[strings.LastIndex(r.id, "/")+1:] }

// at returns an output inside objects and lists: r.at("ipConfigurations", 0, "privateIPAddress").
func (r res) at(path ...any) resource.PropertyValue {
	v := resource.NewObjectProperty(r.out)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.ObjectValue()[resource.PropertyKey(p)]
		case int:
			v = v.ArrayValue()[p]
		}
	}
	return v
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	require.TestingT
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
}

// instance is one configured provider instance, as the engine has it.
type instance struct {
	t      tester
	cloud  *azure.Cloud
	server pulumirpc.ResourceProviderServer
	ctx    context.Context
}

// newCloud returns a cloud, in which calls take no time unless the options say
// otherwise, and a provider instance.
func newCloud(t tester, options azure.Options) (*azure.Cloud, *instance) {
	t.Helper()
	if options.Wait == nil {
		options.Wait = func(context.Context, azure.Call) {}
	}
	c, err := azure.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	i := &instance{t: t, cloud: c, server: c.Provider()}
	return c, i.connect(in{})
}

// connect configures one more instance of the provider.
func (i *instance) connect(config in) *instance {
	i.t.Helper()
	n := i.dial()
	_, err := n.configure(config)
	require.NoError(i.t, err)
	return n
}

// port numbers the connections that tests pretend to make.
var port atomic.Int32

// dial makes one more connection to the provider.
func (i *instance) dial() *instance {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port.Add(1))}
	return &instance{i.t, i.cloud, i.server, peer.NewContext(i.t.Context(), &peer.Peer{Addr: addr})}
}

func (i *instance) configure(config in) (*pulumirpc.ConfigureResponse, error) {
	i.t.Helper()
	return i.server.Configure(i.ctx, &pulumirpc.ConfigureRequest{Args: marshal(i.t, config), AcceptSecrets: true})
}

func marshal(t tester, m map[string]any) *structpb.Struct {
	t.Helper()
	return marshalMap(t, resource.NewPropertyMapFromMap(plain(m).(map[string]any)))
}

// plain turns the in values inside inputs into maps.
func plain(v any) any {
	switch v := v.(type) {
	case in:
		return plain(map[string]any(v))
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	}
	return v
}

func marshalMap(t tester, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	require.NoError(t, err)
	return s
}

func unmarshal(t tester, s *structpb.Struct) resource.PropertyMap {
	t.Helper()
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	require.NoError(t, err)
	return m
}

func urn(typ, name string) string {
	return fmt.Sprintf("urn:pulumi:dev::network::%s::%s", typ, name)
}

// check returns checked inputs, or what is wrong with them.
func (i *instance) check(typ string, inputs in, olds resource.PropertyMap) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	i.t.Helper()
	r, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{
		Urn: urn(typ, "it"), News: marshal(i.t, inputs), Olds: marshalMap(i.t, olds), RandomSeed: []byte(i.t.Name()),
	})
	require.NoError(i.t, err)
	return unmarshal(i.t, r.GetInputs()), r.GetFailures()
}

// try checks and creates a resource.
func (i *instance) try(typ string, inputs in) (res, error) {
	i.t.Helper()
	checked, failures := i.check(typ, inputs, nil)
	require.Empty(i.t, failures, "%s: %v", typ, inputs)
	r, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(typ, "it"), Properties: marshalMap(i.t, checked)})
	if err != nil {
		return res{}, err
	}
	return res{typ, r.GetId(), unmarshal(i.t, r.GetProperties()), checked}, nil
}

// create makes a resource that must be possible.
func (i *instance) create(typ string, inputs in) res {
	i.t.Helper()
	r, err := i.try(typ, inputs)
	require.NoError(i.t, err, "%s: %v", typ, inputs)
	return r
}

// diff compares a resource with new inputs.
func (i *instance) diff(r res, inputs in) *pulumirpc.DiffResponse {
	i.t.Helper()
	checked, failures := i.check(r.typ, inputs, r.in)
	require.Empty(i.t, failures)
	d, err := i.server.Diff(i.ctx, &pulumirpc.DiffRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(i.t, r.out), OldInputs: marshalMap(i.t, r.in), News: marshalMap(i.t, checked),
	})
	require.NoError(i.t, err)
	return d
}

// update gives a resource new inputs.
func (i *instance) update(r res, inputs in) (res, error) {
	i.t.Helper()
	return i.change(r, inputs, false)
}

// plan is the preview of an update.
func (i *instance) plan(r res, inputs in) res {
	i.t.Helper()
	planned, err := i.change(r, inputs, true)
	require.NoError(i.t, err)
	return planned
}

func (i *instance) change(r res, inputs in, preview bool) (res, error) {
	i.t.Helper()
	checked, failures := i.check(r.typ, inputs, r.in)
	require.Empty(i.t, failures)
	before := i.cloud.Objects()
	u, err := i.server.Update(i.ctx, &pulumirpc.UpdateRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Olds: marshalMap(i.t, r.out), OldInputs: marshalMap(i.t, r.in),
		News: marshalMap(i.t, checked), Preview: preview,
	})
	if err != nil || preview {
		require.Equal(i.t, before, i.cloud.Objects(), "an update that fails changes nothing")
	}
	if err != nil {
		return res{}, err
	}
	return res{r.typ, r.id, unmarshal(i.t, u.GetProperties()), checked}, nil
}

// read returns the resource as it is now; no id when it is gone.
func (i *instance) read(r res) res {
	i.t.Helper()
	now, err := i.server.Read(i.ctx, &pulumirpc.ReadRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Properties: marshalMap(i.t, r.out), Inputs: marshalMap(i.t, r.in),
	})
	require.NoError(i.t, err)
	return res{r.typ, now.GetId(), unmarshal(i.t, now.GetProperties()), unmarshal(i.t, now.GetInputs())}
}

func (i *instance) exists(r res) bool {
	i.t.Helper()
	return i.read(r).id != ""
}

func (i *instance) remove(r res) error {
	i.t.Helper()
	before := i.cloud.Objects()
	_, err := i.server.Delete(i.ctx, &pulumirpc.DeleteRequest{
		Id: r.id, Urn: urn(r.typ, "it"), Properties: marshalMap(i.t, r.out),
	})
	if err != nil {
		require.Equal(i.t, before, i.cloud.Objects(), "a delete that fails removes nothing")
	}
	return err
}

// The small networks that many tests begin with, in resource group "rg" in
// westeurope.

func (i *instance) group() res {
	i.t.Helper()
	return i.create(rgType, in{"resourceGroupName": "rg", "location": "westeurope"})
}

// in rg: a resource of that name.
func named(property, name string, more in) in {
	out := in{"resourceGroupName": "rg", property: name}
	maps.Copy(out, more)
	return out
}

func (i *instance) vnet(name, cidr string) res {
	i.t.Helper()
	return i.create(vnetType, vnetIn(name, cidr))
}

func vnetIn(name, cidr string) in {
	return named("virtualNetworkName", name, in{"addressSpace": in{"addressPrefixes": []any{cidr}}})
}

func (i *instance) subnet(vnet res, name, cidr string, more in) res {
	i.t.Helper()
	return i.create(subnetType, subnetIn(vnet, name, cidr, more))
}

func subnetIn(vnet res, name, cidr string, more in) in {
	out := named("subnetName", name, in{"virtualNetworkName": vnet.name(), "addressPrefix": cidr})
	maps.Copy(out, more)
	return out
}

// network makes the resource group, a virtual network 10.0.0.0/16 and a subnet
// 10.0.0.0/24 in it.
func (i *instance) network() (vnet, subnet res) {
	i.t.Helper()
	i.group()
	vnet = i.vnet("vnet", "10.0.0.0/16")
	return vnet, i.subnet(vnet, "nodes", "10.0.0.0/24", nil)
}

func delegated(service string) in {
	return in{"delegations": []any{in{"name": "it", "serviceName": service}}}
}

func (i *instance) pip(name string) res {
	i.t.Helper()
	return i.create(pipType, pipIn(name))
}

func pipIn(name string) in {
	return named("publicIpAddressName", name, in{"sku": in{"name": "Standard"}, "publicIPAllocationMethod": "Static"})
}

func (i *instance) identity(name string) res {
	i.t.Helper()
	return i.create(identityType, named("resourceName", name, nil))
}

// assign gives an identity a role.
func (i *instance) assign(who res, role, scope string) (res, error) {
	i.t.Helper()
	return i.try(roleType, in{
		"principalId": who.str("principalId"), "principalType": "ServicePrincipal", "roleDefinitionId": role, "scope": scope,
	})
}

package azure_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

const otherSubscription = "99999999-2222-4333-8444-555555555555"

// TestConfigure takes and refuses configurations of a provider instance.
func TestConfigure(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	r, err := i.dial().configure(in{
		"subscriptionId": otherSubscription, "location": "westeurope", "useOidc": "true", "auxiliaryTenantIds": `["a"]`,
	})
	require.NoError(t, err)
	assert.True(t, r.GetAcceptSecrets())
	_, err = i.dial().configure(in{"subscriptionId": "mine"})
	require.ErrorContains(t, err, "subscriptionId must be a UUID")

	for _, c := range []struct {
		config   in
		property string
		reason   string
	}{
		{in{"tenantId": "mine"}, "tenantId", "must be a UUID"},
		{in{"subscription": "x"}, "subscription", "is not a property of this type; did you mean subscriptionId?"},
		{in{"location": 7}, "location", "must be a string, not the number 7"},
	} {
		r, err := i.server.CheckConfig(i.ctx, &pulumirpc.CheckRequest{News: marshal(t, c.config)})
		require.NoError(t, err)
		require.NotEmpty(t, r.GetFailures())
		assert.Equal(t, c.property, r.GetFailures()[0].GetProperty())
		assert.Equal(t, c.reason, r.GetFailures()[0].GetReason())
	}
	diff := func(from, to in) *pulumirpc.DiffResponse {
		d, err := i.server.DiffConfig(i.ctx, &pulumirpc.DiffRequest{OldInputs: marshal(t, from), News: marshal(t, to)})
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, []string{"subscriptionId"}, diff(in{}, in{"subscriptionId": otherSubscription}).GetReplaces())
	assert.Empty(t, diff(in{"location": "a"}, in{"location": "b"}).GetReplaces())

	stranger := i.dial()
	_, err = stranger.server.Create(stranger.ctx, &pulumirpc.CreateRequest{Urn: urn(rgType, "it"), Properties: marshal(t, in{"resourceGroupName": "rg"})})
	assert.Equal(t, codes.FailedPrecondition, status.Code(err), "a provider that is not configured")

	_, err = azure.New(azure.Options{Subscription: "mine"})
	require.ErrorContains(t, err, `subscription "mine" is not a UUID`)
}

// TestSubscriptions keeps subscriptions apart, and lets ids reach across.
func TestSubscriptions(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	hubs := i.connect(in{"subscriptionId": otherSubscription})
	spoke, _ := i.network()
	_, err := hubs.try(vnetType, with(vnetIn("hub", "10.1.0.0/16"), "location", "westeurope"))
	require.ErrorContains(t, err, "ResourceGroupNotFound", "rg is of the other subscription")
	hubs.group()
	hub := hubs.vnet("hub", "10.1.0.0/16")
	assert.Equal(t, "/subscriptions/"+otherSubscription+"/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub", hub.id)

	there := i.create(peeringType, peeringIn(spoke, hub))
	assert.Equal(t, "Initiated", there.str("peeringState"))
	back := hubs.create(peeringType, peeringIn(hub, spoke))
	assert.Equal(t, "Connected", back.str("peeringState"))
	assert.Equal(t, "Connected", i.read(there).str("peeringState"))
	require.NoError(t, hubs.remove(back))
	assert.Equal(t, "Disconnected", i.read(there).str("peeringState"))

	// A hub whose resource group no one made here is the customer's.
	theirs := res{typ: vnetType, id: "/subscriptions/" + otherSubscription + "/resourceGroups/theirs/providers/Microsoft.Network/virtualNetworks/hub"}
	assert.Equal(t, "Initiated", i.create(peeringType, with(peeringIn(spoke, theirs), "virtualNetworkPeeringName", "theirs")).str("peeringState"))
	_, err = i.try(peeringType, peeringIn(spoke, res{id: spoke.id + "x"}))
	require.ErrorContains(t, err, "InvalidResourceReference", "one that should be here is not")
	_, err = i.try(peeringType, peeringIn(spoke, res{id: strings.Replace(theirs.id, "virtualNetworks/hub", "routeTables/rt", 1)}))
	require.ErrorContains(t, err, "InvalidResourceReference", "another type")

	zone := hubs.create(zoneType, zoneIn("privatelink.vaultcore.azure.net"))
	hubs.create(linkType, linkIn(zone.name(), "spoke", spoke))
}

// TestServe answers both majors of the provider over one port, each over a
// connection of its own.
func TestServe(t *testing.T) {
	cloud, _ := newCloud(t, azure.Options{})
	port, err := cloud.Serve(t.Context())
	require.NoError(t, err)
	dial := func() pulumirpc.ResourceProviderClient {
		conn, err := grpc.NewClient(
			fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		return pulumirpc.NewResourceProviderClient(conn)
	}
	two, three := dial(), dial()
	for client, subscription := range map[pulumirpc.ResourceProviderClient]string{two: azure.DefaultSubscription, three: otherSubscription} {
		info, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{})
		require.NoError(t, err)
		assert.Equal(t, "3.16.0", info.GetVersion(), "the engine takes a newer plugin for an older SDK")
		_, err = client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: marshal(t, in{"subscriptionId": subscription})})
		require.NoError(t, err)
		r, err := client.Create(t.Context(), &pulumirpc.CreateRequest{
			Urn: urn(rgType, "it"), Properties: marshal(t, in{"resourceGroupName": "rg", "location": "westeurope"}),
		})
		require.NoError(t, err)
		assert.Equal(t, "/subscriptions/"+subscription+"/resourceGroups/rg", r.GetId())
	}
}

// TestNames makes names as azure-native does: random digits at the top of a
// resource group, the name in the program below, a UUID for an assignment.
func TestNames(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	i.group()
	ask := func(typ string, news in, olds resource.PropertyMap, seed string) resource.PropertyMap {
		r, err := i.server.Check(i.ctx, &pulumirpc.CheckRequest{
			Urn: urn(typ, "web"), News: marshal(t, news), Olds: marshalMap(t, olds), RandomSeed: []byte(seed),
		})
		require.NoError(t, err)
		require.Empty(t, r.GetFailures())
		return unmarshal(t, r.GetInputs())
	}
	vnet := in{"resourceGroupName": "rg", "addressSpace": in{"addressPrefixes": []any{"10.0.0.0/16"}}}
	first := ask(vnetType, vnet, nil, "one")
	assert.Regexp(t, `^web[0-9a-f]{8}$`, first["virtualNetworkName"].StringValue())
	assert.Equal(t, first["virtualNetworkName"], ask(vnetType, vnet, first, "two")["virtualNetworkName"], "the old name stays")
	assert.NotEqual(t, first["virtualNetworkName"], ask(vnetType, vnet, nil, "two")["virtualNetworkName"])
	assert.Equal(t, "westeurope", first["location"].StringValue(), "the resource group's location")

	subnet := in{"resourceGroupName": "rg", "virtualNetworkName": "vnet", "addressPrefix": "10.0.0.0/24"}
	assert.Equal(t, "web", ask(subnetType, subnet, nil, "one")["subnetName"].StringValue())
	role := in{"principalId": "x", "roleDefinitionId": "y", "scope": "/z"}
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, ask(roleType, role, nil, "one")["roleAssignmentName"].StringValue())

	// The provider's location goes before the resource group's, and a group
	// that is not known yet leaves it open.
	north := i.connect(in{"location": "northeurope"})
	checked, failures := north.check(vnetType, vnet, nil)
	require.Empty(t, failures)
	assert.Equal(t, "northeurope", checked["location"].StringValue())
	assert.Equal(t, "northeurope", north.create(rgType, in{"resourceGroupName": "north"}).str("location"))
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	checked, failures = i.check(vnetType, with(vnet, "resourceGroupName", unknown), nil)
	require.Empty(t, failures)
	assert.True(t, checked["location"].IsComputed())

	// A subnet that is replaced goes before the new one comes: both have the
	// same name.
	v := i.vnet("vnet", "10.0.0.0/16")
	i.vnet("other", "10.1.0.0/16")
	s := i.create(subnetType, subnet)
	d := i.diff(s, with(subnet, "virtualNetworkName", "other"))
	assert.True(t, d.GetDeleteBeforeReplace())
	d = i.diff(i.create(vnetType, vnet), with(vnet, "location", "northeurope"))
	assert.Equal(t, []string{"location"}, d.GetReplaces())
	assert.False(t, d.GetDeleteBeforeReplace(), "a random name is made anew")
	d = i.diff(v, with(vnetIn("vnet", "10.0.0.0/16"), "location", "northeurope"))
	assert.True(t, d.GetDeleteBeforeReplace(), "a name that the program chose is not")
}

// TestPreview says what is known before anything exists, and asks the cloud
// nothing.
func TestPreview(t *testing.T) {
	cloud, i := newCloud(t, azure.Options{})
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	checked, failures := i.check(firewallType, named("azureFirewallName", "fw", in{
		"location": "westeurope", "tags": in{"a": "b"}, "zones": []any{"1"},
		"ipConfigurations": []any{in{"name": "it", "subnet": in{"id": unknown}}},
	}), nil)
	require.Empty(t, failures)
	r, err := i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(firewallType, "it"), Properties: marshalMap(t, checked), Preview: true})
	require.NoError(t, err)
	assert.Empty(t, r.GetId())
	out := unmarshal(t, r.GetProperties())
	assert.Equal(t, "westeurope", out["location"].StringValue())
	assert.Equal(t, "b", out["tags"].ObjectValue()["a"].StringValue())
	assert.Equal(t, "1", out["zones"].ArrayValue()[0].StringValue())
	for _, name := range []resource.PropertyKey{"name", "provisioningState", "ipConfigurations"} {
		assert.True(t, out[name].IsComputed(), "%s: Azure adds to it", name)
	}
	assert.Empty(t, cloud.Objects())
	_, err = i.server.Create(i.ctx, &pulumirpc.CreateRequest{Urn: urn(firewallType, "it"), Properties: marshalMap(t, checked)})
	require.ErrorContains(t, err, "property ipConfigurations is unknown outside a preview")

	// An update leaves what it does not touch.
	l := i.deploy()
	give := func(r res) in {
		out := in(r.in.Mappable())
		return with(out, "__defaults", nil)
	}
	fw := l.byType[firewallType]
	planned := i.plan(fw, with(give(fw), "tags", in{"a": "b"}))
	assert.Equal(t, fw.out["ipConfigurations"], planned.out["ipConfigurations"])
	assert.Equal(t, fw.out["name"], planned.out["name"])
	assert.Equal(t, "b", planned.at("tags", "a").StringValue())
	cluster := l.byType[clusterType]
	planned = i.plan(cluster, with(give(cluster), "identity", in{"type": "SystemAssigned"}))
	assert.True(t, planned.out["identity"].IsComputed())
	assert.Equal(t, cluster.out["fqdn"], planned.out["fqdn"])
}

// TestRefresh brings the inputs up to date with what happened behind Pulumi's
// back, and imports what is there.
func TestRefresh(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	vnet, subnet := i.network()
	nsg := i.create(nsgType, nsgIn("nsg"))
	// A virtual network that lists its subnets changes the subnet.
	_, err := i.update(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "subnets", []any{
		in{"name": "nodes", "addressPrefix": "10.0.8.0/24", "networkSecurityGroup": id(nsg)},
	}))
	require.NoError(t, err)
	now := i.read(subnet)
	assert.Equal(t, "10.0.8.0/24", now.in["addressPrefix"].StringValue())
	assert.NotContains(t, now.in, resource.PropertyKey("networkSecurityGroup"), "the inputs did not speak of it")

	imported := i.read(res{typ: subnetType, id: subnet.id})
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"resourceGroupName": "rg", "virtualNetworkName": "vnet", "subnetName": "nodes", "name": "nodes", "addressPrefix": "10.0.8.0/24",
		"networkSecurityGroup":           map[string]any{"id": nsg.id},
		"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled",
	}), imported.in)
	assert.Empty(t, i.read(res{typ: vnetType, id: subnet.id}).id, "an id of another type")
}

// TestFault fails the calls that the options say.
func TestFault(t *testing.T) {
	var calls []azure.Call
	cloud, i := newCloud(t, azure.Options{Fault: func(c azure.Call) error {
		calls = append(calls, c)
		if c.Op == "create" && c.Properties["subnetName"] == "bad" {
			return errors.New("injected")
		}
		return nil
	}})
	vnet, subnet := i.network()
	_, err := i.try(subnetType, subnetIn(vnet, "bad", "10.0.9.0/24", nil))
	require.ErrorContains(t, err, "injected")
	require.NoError(t, i.remove(subnet))
	assert.Len(t, cloud.Objects(), 2)
	require.Len(t, calls, 5)
	last := calls[4]
	assert.Equal(t, "delete", last.Op)
	assert.Equal(t, subnetType, last.Type)
	assert.Equal(t, subnet.id, last.ID)
	assert.Equal(t, "it", last.Name)
	assert.Equal(t, azure.DefaultSubscription, last.Subscription)
	assert.Equal(t, "nodes", last.Properties["name"])
}

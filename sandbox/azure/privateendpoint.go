package azure

import (
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	privateEndpointType = "azure-native:network/v20240501:PrivateEndpoint"
	zoneGroupType       = "azure-native:network/v20240501:PrivateDnsZoneGroup"
)

func privateEndpointKind() *kind {
	return &kind{
		token: privateEndpointType, args: network.PrivateEndpointArgs{}, outputs: network.PrivateEndpoint{},
		arm: "Microsoft.Network/privateEndpoints", path: []string{"privateEndpointName"},
		refs: []ref{{path: "subnet.id", arm: armSubnet}},
		Resource: wire.Resource{
			Unmodelled: []string{"applicationSecurityGroups", "customDnsConfigs"},
			Replace:    []string{"subnet"},
			Name:       random("privateEndpointName"),
		},
		put: putPrivateEndpoint,
	}
}

// putPrivateEndpoint takes an address and a network interface. The services
// that endpoints lead to are not modelled, so any id of one will do.
func putPrivateEndpoint(t *tx, old, o *Object) error {
	p := o.props()
	subnet := p.Object("subnet").Str("id")
	if subnet == "" {
		return refuse("SubnetNotSpecified", "Subnet is not specified for private endpoint %s.", o.ID)
	}
	if old != nil && key(old.props().Object("subnet").Str("id")) != key(subnet) {
		return refuse("PropertyChangeNotAllowed", "Changing property 'subnet' of private endpoint %s is not allowed.", o.ID)
	}
	connections := slices.Concat(objects(p["privateLinkServiceConnections"]), objects(p["manualPrivateLinkServiceConnections"]))
	if len(connections) != 1 {
		return refuse("PrivateEndpointConnectionCountInvalid", "Private endpoint %s must have one private link service connection, not %d.",
			o.ID, len(connections))
	}
	if target := connections[0].Str("privateLinkServiceId"); typeOf(target) == "" {
		return refuse("LinkedInvalidPropertyId", "Property id '%s' at path 'properties.privateLinkServiceConnections.privateLinkServiceId' is "+
			"invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or "+
			"'/providers/{resourceProviderNamespace}/'.", target)
	}
	state := "Approved"
	if len(objects(p["manualPrivateLinkServiceConnections"])) > 0 {
		state = "Pending"
	}
	connections[0]["privateLinkServiceConnectionState"] = map[string]any{"status": state, "description": "", "actionsRequired": "None"}

	if err := t.enter(o, subnet, ""); err != nil {
		return err
	}
	wanted := []string{""}
	if static := objects(p["ipConfigurations"]); len(static) > 0 {
		wanted = nil
		for _, c := range static {
			wanted = append(wanted, c.Str("privateIPAddress"))
		}
	}
	var addresses []string
	for _, want := range wanted {
		ip, err := t.lease(old, o, subnet, want)
		if err != nil {
			return err
		}
		addresses = append(addresses, ip)
	}
	t.addInterface(old, o, subnet, addresses)
	p["customDnsConfigs"] = []any{map[string]any{
		"fqdn":        strings.ToLower(nameOf(connections[0].Str("privateLinkServiceId"))),
		"ipAddresses": wire.Strings(addresses...),
	}}
	return nil
}

// addInterface makes the network interface that comes with a private endpoint.
func (t *tx) addInterface(old, o *Object, subnet string, addresses []string) {
	p := o.props()
	name := p.Str("customNetworkInterfaceName")
	if name == "" {
		name = nameOf(o.ID) + ".nic." + uuid(o.ID, "nic")
	}
	if old != nil {
		for other := range t.sorted(func(other *Object) bool { return key(other.With) == key(o.ID) }) {
			t.remove(other)
		}
	}
	id := groupID(o.Subscription, p.Str("resourceGroupName")) + "/providers/Microsoft.Network/networkInterfaces/" + name
	var configurations []any
	for _, ip := range addresses {
		configurations = append(configurations, map[string]any{"privateIPAddress": ip, "subnet": map[string]any{"id": subnet}})
	}
	nic := newObject(networkInterfaceType, id, wire.Props{
		"name": name, "location": p.Str("location"), "type": "Microsoft.Network/networkInterfaces", "provisioningState": "Succeeded",
		"resourceGroupName": p.Str("resourceGroupName"), "networkInterfaceName": name, "ipConfigurations": configurations,
	})
	nic.With = o.ID
	t.add(nic)
	p["networkInterfaces"] = []any{map[string]any{"id": id}}
}

func zoneGroupKind() *kind {
	return &kind{
		token: zoneGroupType, args: network.PrivateDnsZoneGroupArgs{}, outputs: network.PrivateDnsZoneGroup{},
		arm: "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", path: []string{"privateEndpointName", "privateDnsZoneGroupName"},
		refs: []ref{{path: "privateDnsZoneConfigs[].privateDnsZoneId", arm: armPrivateZone, weak: true, anywhere: true}},
		Resource: wire.Resource{
			Name: copied("privateDnsZoneGroupName"),
		},
		// Source: https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration
		put: func(t *tx, _, o *Object) error {
			for other := range t.under(parentOf(o.ID), zoneGroupType) {
				if key(other.ID) != key(o.ID) {
					return refuse("MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed",
						"Private endpoint %s has the private dns zone group %s already and cannot have another.", parentOf(o.ID), nameOf(other.ID))
				}
			}
			all := objects(o.Properties["privateDnsZoneConfigs"])
			if len(all) > 5 {
				return refuse("PrivateDnsZoneGroupTooManyConfigs", "Private dns zone group %s cannot have more than 5 zones, not %d.", o.ID, len(all))
			}
			seen := map[string]bool{}
			for _, c := range all {
				zone := strings.ToLower(nameOf(c.Str("privateDnsZoneId")))
				if zone == "" || seen[zone] {
					return refuse("PrivateDnsZoneGroupDuplicateZone", "Private dns zone group %s has the zone '%s' twice or without an id.", o.ID, zone)
				}
				seen[zone] = true
			}
			return nil
		},
	}
}

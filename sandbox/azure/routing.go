package azure

import (
	"net/netip"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	routeTableType = "azure-native:network/v20240501:RouteTable"
	routeType      = "azure-native:network/v20240501:Route"
)

func routeTableKind() *kind {
	return &kind{
		token: routeTableType, args: network.RouteTableArgs{}, outputs: network.RouteTable{},
		arm: armRouteTable, path: []string{"routeTableName"},
		inUse: refusal{"InUseRouteTableCannotBeDeleted", "Route table %s is in use and cannot be deleted. Resources using it: %s."},
		Resource: wire.Resource{
			Name: random("routeTableName"),
		},
		put: func(t *tx, _, o *Object) error {
			given, ok := o.Properties["routes"]
			if !ok {
				return nil
			}
			// The list is all the routes there are from now on.
			for route := range t.under(o.ID, routeType) {
				t.remove(route)
			}
			var before []wire.Props
			for _, route := range objects(given) {
				if err := checkRoute(o, route, before); err != nil {
					return err
				}
				before = append(before, route)
			}
			return nil
		},
	}
}

func routeKind() *kind {
	return &kind{
		token: routeType, args: network.RouteArgs{}, outputs: network.Route{},
		arm: "Microsoft.Network/routeTables/routes", path: []string{"routeTableName", "routeName"},
		Resource: wire.Resource{
			Name: copied("routeName"),
		},
		put: func(t *tx, _, o *Object) error {
			var before []wire.Props
			for _, route := range t.routes(parentOf(o.ID)) {
				if !strings.EqualFold(route.Str("name"), nameOf(o.ID)) {
					before = append(before, route)
				}
			}
			return checkRoute(o, o.props(), before)
		},
	}
}

// routes returns the routes of a route table, its own and those made beside it.
func (t *tx) routes(table string) []wire.Props {
	o := t.find(table)
	if o == nil {
		return nil
	}
	out := objects(o.Properties["routes"])
	for route := range t.under(table, routeType) {
		out = append(out, route.props())
	}
	return out
}

// checkRoute refuses a route that is not one, or that conflicts with the
// others of its table. The codes about next hops are the sandbox's: the
// documents give the rules only.
// Source: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
func checkRoute(o *Object, route wire.Props, others []wire.Props) error {
	name, hop, address := route.Str("name"), route.Str("nextHopType"), route.Str("nextHopIpAddress")
	if err := oneOf(o, "nextHopType", hop, "VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"); err != nil {
		return err
	}
	destination := route.Str("addressPrefix")
	if strings.Contains(destination, "/") {
		if _, err := prefixOf(o.ID, destination); err != nil {
			return err
		}
	} else if destination == "" {
		return refuse("RouteAddressPrefixRequired", "Route %s must have an address prefix or a service tag.", name)
	}
	if strings.EqualFold(hop, "VirtualAppliance") {
		if _, err := netip.ParseAddr(address); err != nil {
			return refuse("RouteNextHopIpAddressRequired", "Route %s has the next hop type VirtualAppliance and must have a valid next hop "+
				"IP address, not '%s'.", name, address)
		}
	} else if address != "" {
		return refuse("RouteNextHopIpAddressNotAllowed", "Route %s has the next hop type %s and cannot have the next hop IP address %s.",
			name, hop, address)
	}
	for _, other := range others {
		if strings.EqualFold(other.Str("addressPrefix"), destination) {
			return refuse("RouteConflict", "Route %s conflicts with route %s. Routes cannot have the same AddressPrefix.",
				name, other.Str("name"))
		}
	}
	return nil
}

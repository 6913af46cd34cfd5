package azure

import (
	"regexp"
	"slices"
	"strings"

	privatedns "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240601"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	privateZoneType = "azure-native:network/v20240601:PrivateZone"
	zoneLinkType    = "azure-native:network/v20240601:VirtualNetworkLink"
	recordSetType   = "azure-native:network/v20240601:PrivateRecordSet"

	armPrivateZone = "Microsoft.Network/privateDnsZones"
)

// zonePattern is a name of two labels or more.
// Source: https://learn.microsoft.com/azure/dns/private-dns-privatednszone
var zonePattern = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// checkGlobal refuses the location of a region.
func checkGlobal(o *Object, arm string) error {
	if at := o.props().Str("location"); !sameLocation(at, "global") {
		return refuse("LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. "+
			"List of available regions for the resource type is 'global'.", at, arm)
	}
	return nil
}

func privateZoneKind() *kind {
	return &kind{
		token: privateZoneType, args: privatedns.PrivateZoneArgs{}, outputs: privatedns.PrivateZone{},
		arm: armPrivateZone, path: []string{"privateZoneName"},
		keeps: []string{zoneLinkType},
		Resource: wire.Resource{
			Name: random("privateZoneName"),
		},
		put: func(_ *tx, _, o *Object) error {
			if !zonePattern.MatchString(nameOf(o.ID)) {
				return refuse("BadRequest", "The zone name '%s' is not valid: a private DNS zone has two labels or more.", nameOf(o.ID))
			}
			p := o.props()
			p["maxNumberOfRecordSets"], p["maxNumberOfVirtualNetworkLinks"] = 25000.0, 1000.0
			p["maxNumberOfVirtualNetworkLinksWithRegistration"] = 100.0
			return checkGlobal(o, armPrivateZone)
		},
	}
}

func zoneLinkKind() *kind {
	return &kind{
		token: zoneLinkType, args: privatedns.VirtualNetworkLinkArgs{}, outputs: privatedns.VirtualNetworkLink{},
		arm: "Microsoft.Network/privateDnsZones/virtualNetworkLinks", path: []string{"privateZoneName", "virtualNetworkLinkName"},
		refs: []ref{{path: "virtualNetwork.id", arm: armNetwork, weak: true, anywhere: true}},
		Resource: wire.Resource{
			Name: copied("virtualNetworkLinkName"),
		},
		put: putZoneLink,
	}
}

// putZoneLink refuses as the service does.
// Source: https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links
func putZoneLink(t *tx, old, o *Object) error {
	p := o.props()
	if err := checkGlobal(o, "Microsoft.Network/privateDnsZones/virtualNetworkLinks"); err != nil {
		return err
	}
	vnet := p.Object("virtualNetwork").Str("id")
	if vnet == "" {
		return refuse("BadRequest", "The virtual network of link %s is not given.", o.ID)
	}
	if old != nil && key(old.props().Object("virtualNetwork").Str("id")) != key(vnet) {
		return refuse("BadRequest", "The virtual network of link %s cannot be changed.", o.ID)
	}
	zone := nameOf(parentOf(o.ID))
	for other := range t.all(zoneLinkType) {
		if key(other.ID) == key(o.ID) || key(other.props().Object("virtualNetwork").Str("id")) != key(vnet) {
			continue
		}
		if there := nameOf(parentOf(other.ID)); strings.EqualFold(there, zone) {
			return refuse("BadRequest", "A virtual network cannot be linked to multiple zones with overlapping namespaces. "+
				"You tried to link virtual network with '%s' and '%s' zones.", zone, there)
		}
		if p.Bool("registrationEnabled") && other.props().Bool("registrationEnabled") {
			return refuse("BadRequest", "A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration of VM records "+
				"enabled; conflicting Private DNS zone(s): %s.", nameOf(parentOf(other.ID)))
		}
	}
	if policy := p.Str("resolutionPolicy"); strings.EqualFold(policy, "NxDomainRedirect") && !strings.HasPrefix(zone, "privatelink.") &&
		!strings.Contains(zone, ".privatelink.") {
		return refuse("BadRequest", "The resolution policy %s is only for links of privatelink zones, not of %s.", policy, zone)
	}
	p["virtualNetworkLinkState"] = "Completed"
	return nil
}

// recordTypes are the inputs with the records of each type of record set.
var recordTypes = map[string]string{
	"A": "aRecords", "AAAA": "aaaaRecords", "CNAME": "cnameRecord", "MX": "mxRecords", "PTR": "ptrRecords", "SRV": "srvRecords", "TXT": "txtRecords",
}

func recordSetKind() *kind {
	return &kind{
		token: recordSetType, args: privatedns.PrivateRecordSetArgs{}, outputs: privatedns.PrivateRecordSet{},
		arm: "Microsoft.Network/privateDnsZones/recordSets", path: []string{"privateZoneName", "recordType", "relativeRecordSetName"},
		id: func(s session, in wire.Props) string {
			return groupID(s.subscription, in.Str("resourceGroupName")) + "/providers/Microsoft.Network/privateDnsZones/" +
				in.Str("privateZoneName") + "/" + in.Str("recordType") + "/" + in.Str("relativeRecordSetName")
		},
		Resource: wire.Resource{
			Unmodelled: []string{"soaRecord"},
			Name:       copied("relativeRecordSetName"),
		},
		put: func(t *tx, _, o *Object) error {
			p := o.props()
			zone := parentOf(o.ID)
			if t.find(zone) == nil {
				return refuse("ParentResourceNotFound",
					"Failed to perform 'write' on resource(s) of type 'privateDnsZones/%s', because the parent resource "+
						"'Microsoft.Network/privateDnsZones/%s' could not be found.", p.Str("recordType"), nameOf(zone))
			}
			wanted, known := recordTypes[p.Str("recordType")]
			if !known {
				return refuse("BadRequest", "The record type '%s' is not supported.", p.Str("recordType"))
			}
			for _, records := range recordTypes {
				if _, given := p[records]; given != (records == wanted) {
					return refuse("BadRequest", "The record set %s of type %s must have %s and no other records.", o.ID, p.Str("recordType"), wanted)
				}
			}
			cname := func(other *Object) bool {
				return other.Type == recordSetType && key(parentOf(other.ID)) == key(zone) && key(other.ID) != key(o.ID) &&
					strings.EqualFold(nameOf(other.ID), nameOf(o.ID)) &&
					slices.Contains([]string{other.props().Str("recordType"), p.Str("recordType")}, "CNAME")
			}
			if other := first(t.sorted(cname)); other != nil {
				return refuse("BadRequest", "The record set %s conflicts with %s: a CNAME record stands alone.", o.ID, other.ID)
			}
			p["type"] = "Microsoft.Network/privateDnsZones/" + p.Str("recordType")
			p["fqdn"] = strings.TrimPrefix(nameOf(o.ID)+"."+nameOf(zone)+".", "@.")
			p["isAutoRegistered"] = false
			return nil
		},
	}
}

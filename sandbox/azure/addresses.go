package azure

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	network "github.com/pulumi/pulumi-azure-native-sdk/network/v2/v20240501"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	publicAddressType = "azure-native:network/v20240501:PublicIPAddress"
	publicPrefixType  = "azure-native:network/v20240501:PublicIPPrefix"
	natGatewayType    = "azure-native:network/v20240501:NatGateway"
)

// publicRanges are for documentation (RFC 5737): the addresses and the
// prefixes that the sandbox hands out belong to no one.
var (
	publicAddresses = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.0/24")}
	publicPrefixes  = netip.MustParsePrefix("203.0.113.0/24")
)

// taken is the refusal of a public address that something else has.
var taken = refusal{"PublicIPAddressInUse", "Resource %s is referencing public IP address %s that is already allocated to resource %s."}

func publicAddressKind() *kind {
	return &kind{
		token: publicAddressType, args: network.PublicIPAddressArgs{}, outputs: network.PublicIPAddress{},
		arm: armPublicAddress, path: []string{"publicIpAddressName"},
		refs: []ref{
			{path: "publicIPPrefix.id", arm: armPublicPrefix},
			{path: "ddosSettings.ddosProtectionPlan.id", arm: armDdosPlan, anywhere: true},
		},
		inUse: refusal{"PublicIPAddressCannotBeDeleted", "Public IP address %s can not be deleted since it is still allocated to resource %s. " +
			"In order to delete the public IP, disassociate/detach the Public IP address from the resource. " +
			"To learn how to do this, see aka.ms/deletepublicip."},
		Resource: wire.Resource{
			Unmodelled: []string{
				"deleteOption", "ipAddress", "ipTags", "linkedPublicIPAddress", "migrationPhase", "natGateway", "servicePublicIPAddress",
			},
			Replace: []string{"location", "publicIPAddressVersion", "publicIPPrefix", "sku"},
			Name:    random("publicIpAddressName"),
		},
		put: putPublicAddress,
	}
}

// putPublicAddress knows only what is left since Basic addresses are retired.
// Source: https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
func putPublicAddress(t *tx, old, o *Object) error {
	p := o.props()
	if !strings.EqualFold(p.Object("sku").Str("name"), "Standard") {
		return refuse("IPv4BasicSkuPublicIpCountLimitReached",
			"Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.")
	}
	if v := p.Str("publicIPAddressVersion"); v != "" && !strings.EqualFold(v, "IPv4") {
		return refuse("IPv6NotModelled", "The sandbox has no IPv6 addresses, which %s asks for.", o.ID)
	}
	if !strings.EqualFold(p.Str("publicIPAllocationMethod"), "Static") {
		return refuse("StandardSkuPublicIPAddressMustBeStatic", "Standard sku publicIp %s must have AllocationMethod set to Static.", o.ID)
	}
	if err := checkZones(o); err != nil {
		return err
	}
	if label := p.Object("dnsSettings").Str("domainNameLabel"); label != "" {
		fqdn := fmt.Sprintf("%s.%s.cloudapp.azure.com", label, location(p.Str("location")))
		for other := range t.all(publicAddressType) {
			if key(other.ID) != key(o.ID) && other.props().Object("dnsSettings").Str("fqdn") == fqdn {
				return refuse("DnsRecordInUse", "DNS record %s is already used by another public IP.", fqdn)
			}
		}
		p.Object("dnsSettings")["fqdn"] = fqdn
	}
	if old != nil {
		p["ipAddress"] = old.props().Str("ipAddress")
		return nil
	}
	ranges := publicAddresses
	if prefix := t.find(p.Object("publicIPPrefix").Str("id")); prefix != nil {
		ranges = []netip.Prefix{netip.MustParsePrefix(prefix.props().Str("ipPrefix"))}
	}
	for _, r := range ranges {
		for a := r.Addr(); r.Contains(a); a = a.Next() {
			has := func(other *Object) bool {
				return other.Type == publicAddressType && other.props().Str("ipAddress") == a.String()
			}
			if first(t.sorted(has)) == nil {
				p["ipAddress"] = a.String()
				return nil
			}
		}
	}
	return refuse("PublicIPPrefixOutOfIpAddresses", "Public IP prefix for %s has no more addresses.", o.ID)
}

// checkZones refuses availability zones that no region has.
func checkZones(o *Object) error {
	for _, z := range o.props().Strs("zones") {
		if !slices.Contains([]string{"1", "2", "3"}, z) {
			return refuse("InvalidAvailabilityZone", "The zone(s) '%s' for resource '%s' is not supported.", z, o.ID)
		}
	}
	return nil
}

func publicPrefixKind() *kind {
	return &kind{
		token: publicPrefixType, args: network.PublicIPPrefixArgs{}, outputs: network.PublicIPPrefix{},
		arm: armPublicPrefix, path: []string{"publicIpPrefixName"},
		inUse: refusal{"InUsePublicIpPrefixCannotBeDeleted", "Public IP prefix %s cannot be deleted since it is in use by %s."},
		Resource: wire.Resource{
			Unmodelled: []string{"customIPPrefix", "ipTags", "natGateway"},
			Name:       random("publicIpPrefixName"),
		},
		put: func(t *tx, old, o *Object) error {
			p := o.props()
			bits, _ := p.Int("prefixLength")
			if bits < 28 || bits > 31 {
				return refuse("InvalidPublicIpPrefixLength", "Public IP prefix %s must have a prefix length from 28 to 31, not %d.", o.ID, bits)
			}
			if err := checkZones(o); err != nil {
				return err
			}
			if old != nil {
				p["ipPrefix"] = old.props().Str("ipPrefix")
				if b := netip.MustParsePrefix(p.Str("ipPrefix")).Bits(); b != bits {
					return refuse("PropertyChangeNotAllowed", "Changing property 'prefixLength' of %s is not allowed.", o.ID)
				}
				return nil
			}
			for a := publicPrefixes.Addr(); publicPrefixes.Contains(a); a = a.Next() {
				block := netip.PrefixFrom(a, bits)
				overlaps := func(other *Object) bool {
					b, err := netip.ParsePrefix(other.props().Str("ipPrefix"))
					return other.Type == publicPrefixType && err == nil && b.Overlaps(block)
				}
				if block.Masked() == block && first(t.sorted(overlaps)) == nil {
					p["ipPrefix"] = block.String()
					return nil
				}
			}
			return refuse("PublicIPPrefixCapacity", "The sandbox has no more public prefixes for %s.", o.ID)
		},
	}
}

func natGatewayKind() *kind {
	return &kind{
		token: natGatewayType, args: network.NatGatewayArgs{}, outputs: network.NatGateway{},
		arm: armNatGateway, path: []string{"natGatewayName"},
		refs: []ref{
			{path: "publicIpAddresses[].id", arm: armPublicAddress, alone: taken},
			{path: "publicIpPrefixes[].id", arm: armPublicPrefix},
		},
		inUse: refusal{"InUseNatGatewayCannotBeDeleted", "Nat gateway %s cannot be deleted because it is in use by subnet %s."},
		Resource: wire.Resource{
			Name: random("natGatewayName"),
		},
		// Source: https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
		put: func(_ *tx, _, o *Object) error {
			p := o.props()
			if !strings.EqualFold(p.Object("sku").Str("name"), "Standard") {
				return refuse("NatGatewaySkuNotSupported", "Nat gateway %s must have the SKU Standard.", o.ID)
			}
			if len(p.Strs("zones")) > 1 {
				return refuse("NatGatewayMultipleZonesNotSupported", "Nat gateway %s cannot be in more than one zone.", o.ID)
			}
			if n, given := p.Int("idleTimeoutInMinutes"); given && (n < 4 || n > 120) {
				return refuse("InvalidIdleTimeoutInMinutes", "Idle timeout of %s must be from 4 to 120 minutes, not %d.", o.ID, n)
			}
			if n := len(objects(p["publicIpAddresses"])); n > 16 {
				return refuse("NatGatewayPublicIpLimitExceeded", "Nat gateway %s cannot have more than 16 public IP addresses.", o.ID)
			}
			return checkZones(o)
		},
	}
}

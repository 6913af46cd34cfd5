package aws

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	eipType        = "aws:ec2/eip:Eip"
	natGatewayType = "aws:ec2/natGateway:NatGateway"
)

// publicRanges are the addresses that the sandbox hands out as public ones:
// those reserved for documentation, which no one has.
// Source: https://www.rfc-editor.org/rfc/rfc5737
var publicRanges = []netip.Prefix{
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
}

func eipKind() *kind {
	return &kind{
		token: eipType, args: ec2.EipArgs{}, outputs: ec2.Eip{},
		noun: "EC2 EIP", api: api{"EC2", "AllocateAddress", "AssociateAddress", "ReleaseAddress"},
		prefix: "eipalloc", path: "elastic-ip/",
		Resource: wire.Resource{
			Unmodelled: []string{
				"address", "associateWithPrivateIp", "customerOwnedIpv4Pool", "instance", "ipamPoolId", "networkInterface", "publicIpv4Pool",
			},
			Replace:  []string{"address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool", "vpc"},
			Computed: []string{"domain", "instance", "ipamPoolId", "networkBorderGroup", "networkInterface", "publicIpv4Pool", "vpc"},
		},
		check: func(c *checks) {
			c.oneOf("domain", "vpc")
			c.oneOf("networkBorderGroup", c.session.region)
		},
		create: createEip,
		remove: func(t *tx, o *Object) error {
			if first(t.where(natGatewayType, "allocationId", o.ID)) != nil {
				return t.refuse("InvalidIPAddress.InUse", "Address %s is in use.", o.props().Str("publicIp"))
			}
			return nil
		},
	}
}

func createEip(t *tx, o *Object) error {
	err := t.overQuota(count(t.all(eipType)), catalog.QuotaElasticIPsPerRegion, "AddressLimitExceeded", "addresses")
	if err != nil {
		return err
	}
	address, ok := t.publicAddress()
	if !ok {
		return t.refuse("InsufficientAddressCapacity", "The sandbox has no more public addresses.")
	}
	p := o.props()
	// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
	zone := t.session.region + ".compute"
	if t.session.region == "us-east-1" {
		zone = "compute-1"
	}
	p["allocationId"], p["publicIp"] = o.ID, address.String()
	p["publicDns"] = fmt.Sprintf("ec2-%s.%s.amazonaws.com", strings.ReplaceAll(address.String(), ".", "-"), zone)
	p["domain"], p["vpc"] = "vpc", true
	p["networkBorderGroup"], p["publicIpv4Pool"] = t.session.region, "amazon"
	return nil
}

// publicAddress returns the first public address that no one has, in any
// account or region.
func (t *tx) publicAddress() (netip.Addr, bool) {
	taken := map[string]bool{}
	for _, o := range t.state.objects {
		if o.Type == eipType {
			taken[o.props().Str("publicIp")] = true
		}
	}
	for _, r := range publicRanges {
		for a := r.Addr().Next(); r.Contains(a.Next()); a = a.Next() {
			if !taken[a.String()] {
				return a, true
			}
		}
	}
	return netip.Addr{}, false
}

var ipv4Pattern = regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){3}$`)

func natGatewayKind() *kind {
	return &kind{
		token: natGatewayType, args: ec2.NatGatewayArgs{}, outputs: ec2.NatGateway{},
		noun: "EC2 NAT Gateway", api: api{"EC2", "CreateNatGateway", "CreateTags", "DeleteNatGateway"},
		prefix: "nat",
		refs: []ref{
			{property: "subnetId", token: subnetType},
			{property: "allocationId", token: eipType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"secondaryAllocationIds", "secondaryPrivateIpAddressCount", "secondaryPrivateIpAddresses"},
			Defaults:   wire.Props{"connectivityType": "public"},
			Replace:    []string{"allocationId", "connectivityType", "privateIp", "secondaryPrivateIpAddressCount", "subnetId"},
			Computed:   []string{"privateIp", "secondaryPrivateIpAddressCount", "secondaryPrivateIpAddresses"},
		},
		check: func(c *checks) {
			c.oneOf("connectivityType", "public", "private")
			c.match("privateIp", ipv4Pattern, len("255.255.255.255"))
			if c.in.Str("connectivityType") == "private" && c.given("allocationId") {
				c.fail("allocationId", `is not supported with connectivityType "private"`)
			}
		},
		create: createNatGateway,
	}
}

func createNatGateway(t *tx, o *Object) error {
	p := o.props()
	subnet := t.find(subnetType, p.Str("subnetId"))
	n := 0
	for other := range t.all(natGatewayType) {
		s := t.find(subnetType, other.props().Str("subnetId"))
		if s != nil && s.props().Str("availabilityZone") == subnet.props().Str("availabilityZone") {
			n++
		}
	}
	if most := t.quota(catalog.QuotaNatGatewaysPerZone); n >= most {
		return t.refuse("NatGatewayLimitExceeded", "Performing this operation would exceed the limit of %d NAT gateways", most)
	}
	if p.Str("connectivityType") == "public" {
		if err := t.claim(o, subnet); err != nil {
			return err
		}
	}
	eni, err := t.addInterface(o, subnet, p.Str("privateIp"), nil)
	if err != nil {
		return err
	}
	p["networkInterfaceId"], p["privateIp"] = eni.ID, eni.props().Str("privateIp")
	return nil
}

// claim takes the Elastic IP address of a public NAT gateway.
func (t *tx) claim(o, subnet *Object) error {
	p := o.props()
	eip := t.find(eipType, p.Str("allocationId"))
	if eip == nil {
		return t.refuse("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
	}
	if first(t.where(natGatewayType, "allocationId", eip.ID)) != nil {
		return t.refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", eip.ID)
	}
	vpc := subnet.props().Str("vpcId")
	if first(t.where(internetGatewayType, "vpcId", vpc)) == nil {
		// AWS accepts the request and the gateway fails a moment later; the
		// provider, which waits for it, words it like this.
		return &waitError{fmt.Sprintf("waiting for EC2 NAT Gateway (%s) create: unexpected state 'failed', wanted target 'available'. "+
			"last error: Gateway.NotAttached: Network %s has no Internet gateway attached", o.ID, vpc)}
	}
	p["publicIp"] = eip.props().Str("publicIp")
	p["associationId"] = t.newID("eipassoc")
	return nil
}

// waitError is a refusal that AWS gives only after it has taken the request.
type waitError struct{ message string }

func (e *waitError) Error() string { return e.message }

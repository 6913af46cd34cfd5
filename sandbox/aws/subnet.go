package aws

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const subnetType = "aws:ec2/subnet:Subnet"

func subnetKind() *kind {
	return &kind{
		token: subnetType, args: ec2.SubnetArgs{}, outputs: ec2.Subnet{},
		noun: "EC2 Subnet", api: api{"EC2", "CreateSubnet", "ModifySubnetAttribute", "DeleteSubnet"},
		prefix: "subnet", path: "subnet/",
		refs: []ref{{property: "vpcId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{
				"assignIpv6AddressOnCreation", "customerOwnedIpv4Pool", "enableDns64", "enableLniAtDeviceIndex",
				"enableResourceNameDnsAaaaRecordOnLaunch", "ipv6CidrBlock", "ipv6Native", "mapCustomerOwnedIpOnLaunch", "outpostArn",
			},
			Defaults: wire.Props{
				"assignIpv6AddressOnCreation": false, "enableDns64": false, "enableResourceNameDnsARecordOnLaunch": false,
				"enableResourceNameDnsAaaaRecordOnLaunch": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
			},
			Replace:  []string{"availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId", "ipv6Native", "outpostArn"},
			Computed: []string{"availabilityZone", "availabilityZoneId", "cidrBlock", "privateDnsHostnameTypeOnLaunch"},
		},
		check: func(c *checks) {
			c.cidr4("cidrBlock", 16, 28)
			c.conflict("availabilityZone", "availabilityZoneId")
			c.zone("availabilityZone", false)
			c.zone("availabilityZoneId", true)
			c.oneOf("privateDnsHostnameTypeOnLaunch", "ip-name", "resource-name")
		},
		create: createSubnet,
		remove: func(t *tx, o *Object) error {
			if first(t.where(networkInterfaceType, "subnetId", o.ID)) != nil {
				return t.refuse("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", o.ID)
			}
			// Its flow logs and its association with a route table go along.
			t.forget(o)
			return nil
		},
	}
}

func createSubnet(t *tx, o *Object) error {
	p := o.props()
	vpc := t.find(vpcType, p.Str("vpcId"))
	zone, err := t.subnetZone(p)
	if err != nil {
		return err
	}
	block, err := netip.ParsePrefix(p.Str("cidrBlock"))
	if p.Str("cidrBlock") == "" {
		return t.refuse("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")
	}
	inside := func(b netip.Prefix) bool { return b.Bits() <= block.Bits() && b.Contains(block.Addr()) }
	if err != nil || block.Bits() < 16 || block.Bits() > 28 || !slices.ContainsFunc(t.blocks(vpc), inside) {
		return t.refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", p.Str("cidrBlock"))
	}
	n := 0
	for other := range t.where(subnetType, "vpcId", vpc.ID) {
		n++
		if b, err := netip.ParsePrefix(other.props().Str("cidrBlock")); err == nil && b.Overlaps(block) {
			return t.refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", block)
		}
	}
	if err := t.overQuota(n, catalog.QuotaSubnetsPerVpc, "SubnetLimitExceeded", "subnets"); err != nil {
		return err
	}
	p["availabilityZone"], p["availabilityZoneId"] = zone.Name, zone.ID
	if p.Str("privateDnsHostnameTypeOnLaunch") == "" {
		p["privateDnsHostnameTypeOnLaunch"] = "ip-name"
	}
	return nil
}

// subnetZone returns the zone a subnet asks for, or the region's first.
func (t *tx) subnetZone(p wire.Props) (catalog.Zone, error) {
	zones := t.cloud.zones(t.session)
	property, want := "availabilityZone", p.Str("availabilityZone")
	byID := p.Str("availabilityZoneId")
	if byID != "" {
		property, want = "availabilityZoneId", byID
	}
	var names []string
	for _, z := range zones {
		if want == "" || z.Name == want && byID == "" || z.ID == want && byID != "" {
			return z, nil
		}
		names = append(names, z.Name)
	}
	return catalog.Zone{}, t.refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid. "+
		"Subnets can currently only be created in the following availability zones: %s.",
		want, property, strings.Join(names, ", "))
}

// addInterface puts a network interface into a subnet for an object that owns
// it. An empty address asks for any.
func (t *tx) addInterface(owner, subnet *Object, address string, groups []string) (*Object, error) {
	n := count(t.all(networkInterfaceType))
	err := t.overQuota(n, catalog.QuotaNetworkInterfacesPerRegion, "NetworkInterfaceLimitExceeded", "network interfaces")
	if err != nil {
		return nil, err
	}
	a, err := t.freeAddress(subnet, address)
	if err != nil {
		return nil, err
	}
	eni := t.newObject(networkInterfaceType, t.newID("eni"), wire.Props{
		"subnetId": subnet.ID, "vpcId": subnet.props().Str("vpcId"), "privateIp": a.String(),
		"availabilityZone": subnet.props().Str("availabilityZone"), "securityGroups": wire.Strings(groups...),
	})
	eni.With = owner.ID
	t.add(eni)
	return eni, nil
}

// freeAddress returns the lowest free address of a subnet, or the wanted one
// if it is free. AWS keeps the first four addresses and the last.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (t *tx) freeAddress(subnet *Object, want string) (netip.Addr, error) {
	block, err := netip.ParsePrefix(subnet.props().Str("cidrBlock"))
	if err != nil {
		return netip.Addr{}, t.refuse("InvalidSubnet", "The subnet %s has no IPv4 CIDR block", subnet.ID)
	}
	taken := map[netip.Addr]bool{}
	for eni := range t.where(networkInterfaceType, "subnetId", subnet.ID) {
		if a, err := netip.ParseAddr(eni.props().Str("privateIp")); err == nil {
			taken[a] = true
		}
	}
	a := block.Masked().Addr()
	for range 4 {
		a = a.Next()
	}
	if want != "" {
		w, err := netip.ParseAddr(want)
		switch {
		case err != nil || !block.Contains(w) || w.Less(a) || !block.Contains(w.Next()):
			return netip.Addr{}, t.refuse("InvalidParameterValue", "Address %s does not fall within the subnet's address range", want)
		case taken[w]:
			return netip.Addr{}, t.refuse("Resource.AlreadyAssigned", "Address %s is in use.", want)
		}
		return w, nil
	}
	for ; block.Contains(a.Next()); a = a.Next() {
		if !taken[a] {
			return a, nil
		}
	}
	return netip.Addr{}, t.refuse("InsufficientFreeAddressesInSubnet",
		"The specified subnet does not have enough free addresses to satisfy the request: %s", subnet.ID)
}

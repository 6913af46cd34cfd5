package addressing_test

import (
	"fmt"
	"net/netip"

	"github.com/underlay-iac/underlay/addressing"
)

func ExampleParse() {
	_, err := addressing.Parse("10.21.0.1/16")
	fmt.Println(err)
	// Output: 10.21.0.1/16: has host bits set; the network is 10.21.0.0/16
}

func ExampleBlock() {
	vpc := netip.MustParsePrefix("10.20.0.0/22")
	third, _ := addressing.Block(vpc, 24, 2)
	fmt.Println(third, addressing.Usable(third))
	// Output: 10.20.2.0/24 251
}

func ExampleDataPlane() {
	plane := addressing.DataPlane{
		Vpc:   netip.MustParsePrefix("10.21.0.0/16"),
		Pods:  netip.MustParsePrefix("100.64.0.0/16"),
		Slots: 3,
	}
	if err := plane.Check().Err(); err != nil {
		fmt.Println(err)
		return
	}
	// The network uses two of its three slots today.
	for _, tier := range addressing.Tiers() {
		for slot := range 2 {
			subnet, err := plane.Subnet(tier, slot)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(tier, slot, subnet, addressing.Usable(subnet))
		}
	}
	// Output:
	// public 0 10.21.192.0/21 2043
	// public 1 10.21.200.0/21 2043
	// nodes 0 10.21.0.0/18 16379
	// nodes 1 10.21.64.0/18 16379
	// endpoints 0 10.21.224.0/21 2043
	// endpoints 1 10.21.232.0/21 2043
	// pods 0 100.64.0.0/18 16379
	// pods 1 100.64.64.0/18 16379
}

func ExampleCheckAssociation() {
	vpc := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}
	fmt.Println(addressing.CheckAssociation(vpc, netip.MustParsePrefix("100.64.0.0/16"), 5))
	fmt.Println(addressing.CheckAssociation(vpc, netip.MustParsePrefix("198.19.0.0/16"), 5))
	// Output:
	// <nil>
	// 198.19.0.0/16: AWS never lets 198.19.0.0/16 join an RFC 1918 VPC; use a block of 100.64.0.0/10, /16 or smaller
}

func ExampleFree() {
	vpc := netip.MustParsePrefix("10.20.0.0/22")
	used := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/24"), netip.MustParsePrefix("10.20.1.0/24")}
	fmt.Println(addressing.Free(vpc, used))
	// Output: [10.20.2.0/23]
}

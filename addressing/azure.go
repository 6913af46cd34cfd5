package addressing

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// AzureRole is what a subnet of an Azure VNet is for. A VNet has at most one
// subnet of each role; Azure's subnets span zones.
type AzureRole string

const (
	AzureNodes            AzureRole = "nodes"                // the cluster's nodes
	AzurePods             AzureRole = "pods"                 // pod addresses
	AzureDatabase         AzureRole = "database"             // PostgreSQL flexible servers
	AzurePrivateEndpoints AzureRole = "privateEndpoints"     // private endpoints of Azure services
	AzureAPIServer        AzureRole = "apiServer"            // the cluster's API server, with VNet integration
	AzureInternalLB       AzureRole = "internalLoadBalancer" // frontends of internal load balancers
	AzureAppGateway       AzureRole = "applicationGateway"   // an application gateway
)

// AzureRoles returns every role in the order they are listed.
func AzureRoles() []AzureRole {
	return []AzureRole{
		AzureNodes, AzurePods, AzureDatabase, AzurePrivateEndpoints, AzureAPIServer, AzureInternalLB, AzureAppGateway,
	}
}

const (
	// smallestAzureSubnet is the prefix length of Azure's smallest subnet.
	// Source: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
	smallestAzureSubnet = 29
	// smallestAzureVnet is the prefix length of the smallest VNet whose slots
	// hold every role's usual subnet.
	smallestAzureVnet = 20
)

// AzureVnet is the address plan of an Azure VNet, drawn in the package comment.
type AzureVnet struct {
	// Base is the block that subnets are cut from, a /20 or larger.
	Base netip.Prefix
}

// azureSlots are the roles' slots: Base[n+more,index], where n is Base's prefix
// length; usual is the prefix length of the subnet that a role has unless more
// is asked for.
var azureSlots = map[AzureRole]struct{ more, index, usual int }{
	AzureNodes:            {more: 2, index: 0, usual: 24},
	AzurePods:             {more: 1, index: 1, usual: 21},
	AzureAppGateway:       {more: 4, index: 4, usual: 24},
	AzurePrivateEndpoints: {more: 6, index: 24, usual: 26},
	AzureInternalLB:       {more: 6, index: 25, usual: 27},
	AzureAPIServer:        {more: 6, index: 28, usual: 28},
	AzureDatabase:         {more: 6, index: 29, usual: 28},
}

// Check says why Base has no room for the slots; the error is a
// *problem.Problem. Whether Azure accepts the block is not known here.
func (v AzureVnet) Check() error {
	if !v.Base.IsValid() {
		return problem.New("", "is missing", "write a network such as "+example)
	}
	if bad := checkCanonical(v.Base); bad != nil {
		return bad
	}
	if v.Base.Bits() > smallestAzureVnet {
		return problem.New(v.Base.String(),
			fmt.Sprintf("is smaller than /%d: its slots would not hold every role's subnet", smallestAzureVnet),
			fmt.Sprintf("the nearest is %s, or place each subnet by hand", netip.PrefixFrom(v.Base.Addr(), smallestAzureVnet).Masked()))
	}
	return nil
}

// Slot returns the block that is kept for a role: the role's subnet is its
// first part, and can grow to all of it. It fails when there is no such role,
// or where Check does.
func (v AzureVnet) Slot(role AzureRole) (netip.Prefix, error) {
	if err := v.Check(); err != nil {
		return netip.Prefix{}, err
	}
	slot, ok := azureSlots[role]
	if !ok {
		var names []string
		for _, r := range AzureRoles() {
			names = append(names, string(r))
		}
		return netip.Prefix{}, problem.New(string(role), "is not a role", "the roles are "+strings.Join(names, ", "))
	}
	return Block(v.Base, v.Base.Bits()+slot.more, slot.index)
}

// Subnet returns the block of a role's subnet: of the usual size, or the
// smallest of Azure's that has so many usable addresses. A usable of 0 asks for
// nothing. Neither other roles nor their sizes matter, and a role that grows
// keeps its first address. It fails when the slot has fewer addresses, and
// where Slot does.
func (v AzureVnet) Subnet(role AzureRole, usable int) (netip.Prefix, error) {
	block, err := v.Slot(role)
	if err != nil {
		return netip.Prefix{}, err
	}
	length := azureSlots[role].usual
	if usable > 0 {
		length = AzureBits(usable)
	}
	if length < block.Bits() {
		return netip.Prefix{}, problem.New(fmt.Sprint(usable),
			fmt.Sprintf("needs a /%d; the slot of %s is %s with %d usable addresses", length, role, block, Usable(block)),
			"use a larger address space, or place the subnet by hand")
	}
	return Block(block, length, 0)
}

// AzureBits returns the prefix length of Azure's smallest subnet that has so
// many usable addresses: a /29 has 3, a /28 11.
func AzureBits(usable int) int {
	needed := uint64(max(usable, 1) + reservedPerSubnet)
	return min(smallestAzureSubnet, 32-bits.Len64(needed-1))
}

package catalog

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/underlay-iac/underlay/problem"
)

// AzureVnetRules are rules of Azure virtual networks.
type AzureVnetRules struct {
	// LargestSubnetBits and SmallestSubnetBits are the prefix lengths of
	// Azure's largest and smallest subnet.
	LargestSubnetBits  int `yaml:"largestSubnetBits"`
	SmallestSubnetBits int `yaml:"smallestSubnetBits"`
	// Refused are blocks that no VNet may have.
	Refused []AzureBlock `yaml:"refused"`
	// Private are the blocks for private use.
	Private []netip.Prefix `yaml:"private"`
	// ReservedSubnets are the subnets that Azure finds by name.
	ReservedSubnets []AzureSubnetRule `yaml:"reservedSubnets"`
	// Delegations are the services that a subnet can be delegated to.
	Delegations []AzureSubnetRule `yaml:"delegations"`
}

// AzureBlock is a block and what it is for.
type AzureBlock struct {
	Prefix  netip.Prefix `yaml:"prefix"`
	Purpose string       `yaml:"purpose"`
}

// AzureSubnetRule is what Azure asks of a subnet with a name of its own, or of
// one that is delegated to a service.
type AzureSubnetRule struct {
	Name    string `yaml:"name"`    // of the subnet, or of the service
	Purpose string `yaml:"purpose"` // what uses it
	Bits    int    `yaml:"bits"`    // the prefix length of the smallest
	Note    string `yaml:"note"`    // what a reader must know beyond that; often empty
	Source  string `yaml:"source"`
	AsOf    string `yaml:"asOf"` // "2006-01-02"
}

func (c *Catalog) readAzureVnet() error {
	var file struct {
		provenance     `yaml:",inline"`
		AzureVnetRules `yaml:",inline"`
	}
	if err := decode("azure-vnet.yaml", &file); err != nil {
		return err
	}
	c.azureVnet = file.AzureVnetRules
	for _, rules := range [][]AzureSubnetRule{c.azureVnet.ReservedSubnets, c.azureVnet.Delegations} {
		for i := range rules {
			file.fill(&rules[i].Source, &rules[i].AsOf)
		}
		if err := sortByName(rules, func(r AzureSubnetRule) string { return r.Name }); err != nil {
			return fmt.Errorf("azure-vnet.yaml: %w", err)
		}
	}
	return nil
}

// AzureVnetRules returns the rules of Azure virtual networks.
func (c *Catalog) AzureVnetRules() AzureVnetRules {
	r := c.azureVnet
	r.Refused = slices.Clone(r.Refused)
	r.Private = slices.Clone(r.Private)
	r.ReservedSubnets = slices.Clone(r.ReservedSubnets)
	r.Delegations = slices.Clone(r.Delegations)
	return r
}

// AzureReservedSubnet returns the rule of a subnet that Azure finds by name;
// case counts.
func (c *Catalog) AzureReservedSubnet(name string) (AzureSubnetRule, bool) {
	return find(c.azureVnet.ReservedSubnets, name, func(r AzureSubnetRule) string { return r.Name })
}

// AzureDelegation returns the rule of a subnet that is delegated to a service.
func (c *Catalog) AzureDelegation(service string) (AzureSubnetRule, bool) {
	return find(c.azureVnet.Delegations, service, func(r AzureSubnetRule) string { return r.Name })
}

// CheckAzureBlock says why a VNet may not have a block, or a subnet in it; the
// error is a *problem.Problem.
func (c *Catalog) CheckAzureBlock(p netip.Prefix) error {
	const fix = "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
	for _, refused := range c.azureVnet.Refused {
		if p.Overlaps(refused.Prefix) {
			return problem.New(p.String(), fmt.Sprintf("Azure refuses %s, which is for %s", refused.Prefix, refused.Purpose), fix)
		}
	}
	if smallest := c.azureVnet.SmallestSubnetBits; p.Bits() > smallest {
		return problem.New(p.String(), fmt.Sprintf("is smaller than /%d, Azure's smallest subnet", smallest),
			"the nearest is "+netip.PrefixFrom(p.Addr(), smallest).Masked().String())
	}
	if largest := c.azureVnet.LargestSubnetBits; p.Bits() < largest {
		return problem.New(p.String(), fmt.Sprintf("is larger than /%d, Azure's largest subnet", largest), fix)
	}
	return nil
}

// AzurePrivate reports whether a block is for private use, all of it.
func (c *Catalog) AzurePrivate(p netip.Prefix) bool {
	return slices.ContainsFunc(c.azureVnet.Private, func(private netip.Prefix) bool {
		return private.Bits() <= p.Bits() && private.Contains(p.Addr())
	})
}

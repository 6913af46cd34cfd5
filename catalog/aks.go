package catalog

import (
	"fmt"
	"net/netip"
	"slices"
)

// AKSLimits are what an AKS cluster's network takes and allows.
type AKSLimits struct {
	// Models are the network models, by name.
	Models []AKSModel `yaml:"models"`
	// MinPods is the least number of pods that a node may be limited to,
	// MinPoolPods the least that all nodes of a pool may have together.
	MinPods     int `yaml:"minPods"`
	MinPoolPods int `yaml:"minPoolPods"`
	// MaxPoolNodes is how many nodes a pool may have.
	MaxPoolNodes int `yaml:"maxPoolNodes"`
	// LargestServiceBits is the prefix length that the block of the services'
	// addresses must be longer than.
	LargestServiceBits int `yaml:"largestServiceBits"`
	// Reserved are blocks that AKS keeps for itself.
	Reserved []netip.Prefix `yaml:"reserved"`
	// APIServer are the limits of the API server's access.
	APIServer AKSAPIServer `yaml:"apiServer"`
	// OverlayNameCharacters is how long the names of subnet, VNet and resource
	// group may be with the overlay model.
	OverlayNameCharacters int `yaml:"overlayNameCharacters"`
	// AzureNetworkPolicyRetirement is the day ("2006-01-02") that the network
	// policy "azure" ends on for Linux nodes.
	AzureNetworkPolicyRetirement string `yaml:"azureNetworkPolicyRetirement"`
}

// AKSModel is a way that AKS gives pods their addresses.
type AKSModel struct {
	Name    string `yaml:"name"`    // "overlay"
	Purpose string `yaml:"purpose"` // where pods' addresses come from
	// DefaultPods and MaxPods of a node.
	DefaultPods int `yaml:"defaultPods"`
	MaxPods     int `yaml:"maxPods"`
	// MaxNodes of a cluster.
	MaxNodes int `yaml:"maxNodes"`
	// BlockBits is the prefix length of the block that each node gets of the
	// pods' block outside the VNet; 0 without such a block.
	BlockBits int `yaml:"blockBits"`
	// Batch is how many addresses a node takes of the pod subnet at a time; 0
	// without a pod subnet.
	Batch int `yaml:"batch"`
	// Headroom is how many free addresses a node keeps: with fewer it takes
	// another batch. 0 where a node takes all batches at its start.
	Headroom int `yaml:"headroom"`
	// MaxPodAddresses is how many addresses of pod subnets a cluster may use; 0
	// without a pod subnet.
	MaxPodAddresses int `yaml:"maxPodAddresses"`
	// Retirement is the day ("2006-01-02") that the model ends on; empty when
	// none is announced.
	Retirement string `yaml:"retirement"`
	Note       string `yaml:"note"` // what a reader must know beyond that; often empty
	Source     string `yaml:"source"`
	AsOf       string `yaml:"asOf"` // "2006-01-02"
}

// AKSAPIServer are the limits of an API server's access.
type AKSAPIServer struct {
	SubnetBits                 int    `yaml:"subnetBits"`                 // the smallest delegated subnet
	Addresses                  int    `yaml:"addresses"`                  // of that subnet, for a cluster
	AuthorizedRanges           int    `yaml:"authorizedRanges"`           // of a public API server
	AuthorizedRangesIntegrated int    `yaml:"authorizedRangesIntegrated"` // of one that is in the VNet too
	SubdomainCharacters        int    `yaml:"subdomainCharacters"`        // before a private zone's name
	Source                     string `yaml:"source"`
	AsOf                       string `yaml:"asOf"` // "2006-01-02"
}

func (c *Catalog) readAKSLimits() error {
	var file struct {
		provenance `yaml:",inline"`
		AKSLimits  `yaml:",inline"`
	}
	if err := decode("aks-limits.yaml", &file); err != nil {
		return err
	}
	c.aksLimits = file.AKSLimits
	for i := range c.aksLimits.Models {
		file.fill(&c.aksLimits.Models[i].Source, &c.aksLimits.Models[i].AsOf)
	}
	file.fill(&c.aksLimits.APIServer.Source, &c.aksLimits.APIServer.AsOf)
	for _, p := range c.aksLimits.Reserved {
		if p != p.Masked() {
			return fmt.Errorf("aks-limits.yaml: reserved: %s has host bits set", p)
		}
	}
	return sortByName(c.aksLimits.Models, func(m AKSModel) string { return m.Name })
}

// AKSLimits returns what an AKS cluster's network takes and allows.
func (c *Catalog) AKSLimits() AKSLimits {
	l := c.aksLimits
	l.Models = slices.Clone(l.Models)
	l.Reserved = slices.Clone(l.Reserved)
	return l
}

// AKSModel returns the network model of that name: "overlay".
func (c *Catalog) AKSModel(name string) (AKSModel, bool) {
	return find(c.aksLimits.Models, name, func(m AKSModel) string { return m.Name })
}

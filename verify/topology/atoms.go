package topology

import (
	"net/netip"
	"sync"
)

// atoms gives services and public names addresses of their own, a /24 each.
type atoms struct {
	mu     sync.Mutex
	blocks map[string]netip.Prefix
	names  map[netip.Prefix]string
	used   map[byte]int
}

// The first octets of the blocks, by whose they are.
const (
	awsServices   byte = 240
	azureServices byte = 241
	publicNames   byte = 242
)

// Service returns the block that stands for the public addresses of a service
// of the cloud: of AWS a service and region ("s3", "eu-west-1"), of Azure a
// service tag ("Storage") and region or "".
func (m *Model) Service(cloud Cloud, service, region string) netip.Prefix {
	name := service
	if region != "" {
		name += "." + region
	}
	return m.atoms.block(firstOctet(cloud), name)
}

// AllServices returns the block that holds those of every service of the cloud.
func (m *Model) AllServices(cloud Cloud) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{firstOctet(cloud)}), 8)
}

// PublicName returns the block that stands for the public addresses of a domain
// name which the graph does not tell.
func (m *Model) PublicName(name string) netip.Prefix { return m.atoms.block(publicNames, name) }

// AtomName returns what the address stands for when it lies in a block of
// Service or PublicName: "s3.eu-west-1", "id.auth.eu-west-1.amazoncognito.com".
func (m *Model) AtomName(addr netip.Addr) (string, bool) {
	m.atoms.mu.Lock()
	defer m.atoms.mu.Unlock()
	if !addr.Unmap().Is4() {
		return "", false
	}
	block, _ := addr.Unmap().Prefix(24)
	name, ok := m.atoms.names[block]
	return name, ok
}

func firstOctet(cloud Cloud) byte {
	if cloud == Azure {
		return azureServices
	}
	return awsServices
}

// block returns the block of a name, a new one the first time.
func (a *atoms) block(first byte, name string) netip.Prefix {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := string(first) + name
	if block, ok := a.blocks[key]; ok {
		return block
	}
	if a.blocks == nil {
		a.blocks, a.names, a.used = map[string]netip.Prefix{}, map[netip.Prefix]string{}, map[byte]int{}
	}
	n := a.used[first]
	if n >= 1<<16 {
		// A graph with that many names is no network of this world: they share
		// the whole range from here on.
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{first}), 8)
	}
	a.used[first]++
	block := netip.PrefixFrom(netip.AddrFrom4([4]byte{first, byte(n >> 8), byte(n)}), 24)
	a.blocks[key], a.names[block] = block, name
	return block
}

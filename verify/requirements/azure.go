package requirements

import "github.com/underlay-iac/underlay/graph"

func (c *check) clusters() []*graph.Resource {
	return c.ofType("azure-native:containerservice:ManagedCluster")
}
func throughFirewall(c *check) {}
func managedEgress(c *check)   {}
func outboundUDR(c *check)     {}
func networkModel(c *check)    {}
func privateAPI(c *check)      {}
func privateServices(c *check) {}
func symmetric(c *check)       {}
func webIngress(c *check)      {}
func onPremises(c *check)      {}
func publicAddress(c *check)   {}
func endpointZones(c *check)   {}
func customDNS(c *check)       {}
func centralDNS(c *check)      {}
func zoneGroups(c *check)      {}
func ownZone(c *check)         {}
func standardSKU(c *check)     {}

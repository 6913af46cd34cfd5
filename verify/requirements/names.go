package requirements

func names() []Requirement {
	azure := []string{SharedAzure, AKSLandingZone}
	return []Requirement{
		{
			ID: "DNS-001", Title: "DNS support and DNS hostnames are on in every VPC",
			Sources: []Source{{aosDocument, "VPC Configuration"}}, Models: []string{SharedAWS, DedicatedAWS, AosCloud},
			Why:  "Private DNS of endpoints and EKS's own names work only with both.",
			Mend: "Set enableDnsSupport and enableDnsHostnames to true on the VPC.", check: vpcDNS,
		},
		{
			ID: "DNS-002", Title: "Each private endpoint has a private zone that is linked to the VNet",
			Sources: []Source{{conveyor, "Private endpoints"}, {aksDocument, "Traffic from the AKS pods to backend services"}}, Models: azure,
			Why:  "Otherwise clients resolve the public address of the service.",
			Mend: "Create the privatelink zone of the service and link it to the VNet.", check: endpointZones,
		},
		{
			ID: "DNS-003", Title: "Custom DNS servers know the private zones",
			Sources: []Source{{conveyor, "Private endpoints"}, {aksDocument, "Private clusters"}}, Models: azure,
			Why:  "A VNet with servers of its own asks these, and not Azure's zones.",
			Mend: "Use a resolver in a VNet that the zones are linked to, or forward their public suffixes to 168.63.129.16.", check: customDNS,
		},
		{
			ID: "DNS-004", Title: "The VNet of the central DNS servers is linked to the AKS zone before the spoke uses them",
			Sources: []Source{{aksDocument, "Private clusters"}}, Models: []string{AKSLandingZone},
			Why:  "Nodes that cannot resolve the API server's name never join, and creating the cluster fails.",
			Mend: "Bring a private zone for AKS and link it to the hub, or switch the DNS servers after the cluster is there.", check: centralDNS,
		},
		{
			ID: "DNS-005", Title: "Private endpoints register their names by a zone group",
			Sources: []Source{{aksDocument, "Traffic from the AKS pods to backend services"}}, Models: azure,
			Why:  "Records made by hand go stale when an endpoint's address changes.",
			Mend: "Replace manual A records by a privateDnsZoneGroup on the endpoint.", check: zoneGroups,
		},
		{
			ID: "DNS-006", Title: "A private AKS cluster uses a private zone of your own",
			Sources: []Source{{aksDocument, "Design recommendations"}}, Models: []string{AKSLandingZone},
			Why:  "A system zone is made anew for each cluster and cannot be forwarded to.",
			Mend: "Set privateDNSZone to the id of your zone.", check: ownZone,
		},
	}
}

func vpcDNS(c *check) {
	for _, network := range c.awsPlanes() {
		c.is(network.DNSSupport, true, network.Ref.At("enableDnsSupport"),
			"DNS support is on in "+network.Name, "DNS support is off in "+network.Name)
		c.is(network.DNSHostnames, true, network.Ref.At("enableDnsHostnames"),
			"DNS hostnames are on in "+network.Name, "DNS hostnames are off in "+network.Name+": private DNS of endpoints does not work")
		if servers, known := network.DNSServers.Get(); known && len(servers) > 0 {
			c.note("%s asks servers of its own", network.Name)
		}
	}
}

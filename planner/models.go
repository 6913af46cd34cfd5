package planner

import (
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/stacks"
)

// model is a deployment model and what the form asks of it. What it begins with
// is a whole network.
type model struct {
	Name, About string
	Groups      []group
	// More is the YAML that the form begins with beside the fields.
	More string
}

func (m model) fields() []field {
	var all []field
	for _, g := range m.Groups {
		all = append(all, g.Fields...)
	}
	return all
}

// Paths of fields that others depend on.
const (
	awsRegion   = "aws:region"
	awsEgress   = specKey + ".dataPlane.egress"
	connector   = specKey + ".connector.kind"
	azureEgress = specKey + ".dataPlane.egress"
)

const threeZones = "eu-west-1a, eu-west-1b, eu-west-1c"

func region() field {
	return field{Path: awsRegion, Label: "AWS region", Default: "eu-west-1"}
}

func location() field {
	return field{Path: "azure-native:location", Label: "Azure region", Help: "In its short form.", Default: "westeurope"}
}

func subscription() field {
	return field{Path: "azure-native:subscriptionId", Label: "Subscription", Default: "11111111-2222-4333-8444-555555555555"}
}

func zones(path, label string) field {
	return field{Path: path, Label: label, List: true, Default: threeZones,
		Help: "The place in the list is the zone's slot: append, never reorder."}
}

func choices[T ~string](values ...T) []string {
	var texts []string
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return texts
}

// models are the deployment models.
func models() []model {
	return []model{sharedAws(), sharedAzure(), dedicatedAws(), aosCloud(), aksLandingZone()}
}

func sharedAws() model {
	return model{
		Name: stacks.SharedAwsModel, About: "A data plane in your AWS account; the vendor runs the control plane.",
		Groups: []group{
			{"Place and addresses", []field{
				region(),
				zones(specKey+".dataPlane.zones", "Zones"),
				{Path: specKey + ".dataPlane.vpcCidr", Label: "VPC block", Help: "/16 to /22.", Default: "10.20.0.0/16"},
				{Path: specKey + ".dataPlane.podCidr", Label: "Pod block", Help: "A second block that is not routed beyond the VPC.", Default: "100.64.0.0/16"},
			}},
			{"Ways out", []field{
				{Path: awsEgress, Label: "Internet", Choices: choices(dataplane.EgressNat, dataplane.EgressIsolated, dataplane.EgressExternal), Default: string(dataplane.EgressNat),
					Help: "nat: nodes reach it by NAT gateways. isolated: none at all. external: you add the routes."},
				{Path: specKey + ".dataPlane.nat.strategy", Label: "NAT gateways", Choices: choices(dataplane.NatSingle, dataplane.NatPerZone), Default: string(dataplane.NatSingle),
					When: awsEgress, Is: choices(dataplane.EgressNat)},
				{Path: specKey + ".endpoints.preset", Label: "Interface endpoints", Choices: []string{"", "aws-data-plane", "none"},
					Help: "Empty is what the way out needs: the whole set when isolated."},
			}},
			{"Control plane", []field{
				{Path: connector, Label: "Comes by", Choices: append([]string{""}, choices(stacks.ConnectorInternet, stacks.ConnectorPrivateLink)...), Default: string(stacks.ConnectorInternet)},
				{Path: specKey + ".connector.controlPlaneCidrs", Label: "From blocks", List: true, Default: "203.0.113.0/24", When: connector, Is: choices(stacks.ConnectorInternet)},
				{Path: specKey + ".connector.allowedPrincipals", Label: "From accounts", List: true, Default: "arn:aws:iam::444455556666:root",
					When: connector, Is: choices(stacks.ConnectorPrivateLink)},
			}},
		},
	}
}

func aosCloud() model {
	return model{
		Name: stacks.AosCloudModel, About: "One VPC with everything in it.",
		Groups: []group{{"Place and addresses", []field{
			region(),
			zones(specKey+".vpc.zones", "Zones"),
			{Path: specKey + ".vpc.baseCidr", Label: "VPC block", Default: "10.231.0.0/16"},
			{Path: specKey + ".vpc.endpointZones", Label: "Zones with endpoints", List: true, Default: "eu-west-1a"},
			{Path: specKey + ".vpc.eksClusterSecurityGroupId", Label: "EKS cluster's group", Help: "Once the cluster exists: sg-…"},
		}}},
	}
}

func dedicatedAws() model {
	return model{
		Name: stacks.DedicatedAwsModel, About: "Both planes in your own AWS accounts, without internet.",
		Groups: []group{
			{"Place", []field{region()}},
			{"Control plane", []field{
				{Path: specKey + ".controlPlane.account.allowedAccountIds", Label: "Account", List: true, Default: "444455556666"},
				{Path: specKey + ".controlPlane.account.assumeRole.roleArn", Label: "Role to deploy with", Default: "arn:aws:iam::444455556666:role/network"},
				{Path: specKey + ".controlPlane.vpcCidr", Label: "VPC block", Default: "10.30.0.0/16"},
				zones(specKey+".controlPlane.zones", "Zones"),
				{Path: specKey + ".controlPlane.zoneIds", Label: "Ids of the zones", List: true, Default: "euw1-az1, euw1-az2, euw1-az3", Help: "In this account."},
			}},
			{"Data plane", []field{
				{Path: "aws:allowedAccountIds", Label: "Account", List: true, Default: "111122223333"},
				{Path: "aws:assumeRole.roleArn", Label: "Role to deploy with", Default: "arn:aws:iam::111122223333:role/network"},
				{Path: specKey + ".dataPlane.vpcCidr", Label: "VPC block", Default: "10.20.0.0/16"},
				{Path: specKey + ".dataPlane.podCidr", Label: "Pod block", Default: "100.64.0.0/16"},
				zones(specKey+".dataPlane.zones", "Zones"),
				{Path: specKey + ".dataPlane.zoneIds", Label: "Ids of the zones", List: true, Default: "euw1-az1, euw1-az2, euw1-az3", Help: "In this account."},
			}},
		},
		More: "service:\n  alias: {zone: dp1.internal}\nbridge:\n  localAccountId: \"111122223333\"\n" +
			"  localRoleArns: [\"arn:aws:iam::111122223333:role/data-plane\"]\n  peerRoleArns: [\"arn:aws:iam::444455556666:role/control-plane\"]\n",
	}
}

const pools = "  pools:\n    - {name: system, maxCount: 3, maxPods: 50}\n    - {name: jobs, maxCount: 20, maxPods: 50}\n"

func sharedAzure() model {
	firewall := choices(azurevnet.EgressCustomerFirewall)
	return model{
		Name: stacks.SharedAzureModel, About: "A data plane in your Azure subscription; the vendor runs the control plane in AWS.",
		Groups: []group{
			{"Place and addresses", []field{
				location(), subscription(),
				{Path: specKey + ".resourceGroup", Label: "Resource group", Default: "data-plane"},
				{Path: specKey + ".dataPlane.addressSpace", Label: "VNet blocks", List: true, Default: "10.40.0.0/20"},
			}},
			{"Ways in and out", []field{
				{Path: azureEgress, Label: "Egress", Default: string(azurevnet.EgressNatGateway),
					Choices: choices(azurevnet.EgressNatGateway, azurevnet.EgressLoadBalancer, azurevnet.EgressCustomerFirewall, azurevnet.EgressNone)},
				{Path: specKey + ".dataPlane.controlPlaneCidrs", Label: "Control plane's blocks", List: true, Default: "203.0.113.0/24",
					When: azureEgress, Is: choices(azurevnet.EgressNatGateway, azurevnet.EgressLoadBalancer)},
				{Path: specKey + ".dataPlane.firewall.privateIp", Label: "Firewall's private address", Default: "10.10.0.4", When: azureEgress, Is: firewall},
				{Path: specKey + ".dataPlane.firewall.controlPlaneIp", Label: "Address for the control plane", Default: "198.51.100.10", When: azureEgress, Is: firewall},
				{Path: specKey + ".dataPlane.firewall.egressIps", Label: "Addresses it sends from", List: true, Default: "198.51.100.10", When: azureEgress, Is: firewall},
				{Path: specKey + ".privateEndpoints.services", Label: "Private endpoints for", List: true, Default: "blob, dfs, registry, vault"},
			}},
		},
		More: "cluster:\n" + pools,
	}
}

func aksLandingZone() model {
	return model{
		Name: stacks.AksLandingZoneModel, About: "A hub with a firewall, and a private AKS cluster in a spoke behind it.",
		Groups: []group{
			{"Place", []field{
				location(), subscription(),
				{Path: specKey + ".resourceGroups.hub", Label: "Resource group of the hub", Default: "aks-hub"},
				{Path: specKey + ".resourceGroups.spoke", Label: "Resource group of the spoke", Default: "aks"},
			}},
			{"Addresses", []field{
				{Path: specKey + ".hub.vnetCidr", Label: "Hub's block", Default: "10.50.0.0/22"},
				{Path: specKey + ".spoke.addressSpace", Label: "Spoke's blocks", List: true, Default: "10.50.16.0/20"},
				{Path: specKey + ".spoke.roles", Label: "Subnets of the spoke", List: true, Default: "nodes, pods, privateEndpoints"},
			}},
		},
		More: "hub:\n  resolver: {}\ncluster:\n" +
			"  pools:\n    - {name: system, vmSize: Standard_D4ds_v5, maxCount: 3, maxPods: 50, zones: [\"1\", \"2\", \"3\"]}\n" +
			"    - {name: apps, vmSize: Standard_D8ds_v5, maxCount: 10, maxPods: 50, zones: [\"1\", \"2\", \"3\"]}\n",
	}
}

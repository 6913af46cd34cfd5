package stacks

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/aks"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/components/publicconnector"
)

// Handover is what the platform's vendor asks for before the platform is
// installed. Every model has it as the stack output "handover". What an
// environment does not have is empty.
type Handover struct {
	// Model is the deployment model.
	Model string `json:"model"`
	// Region is the region that the networks are in, of AWS or Azure.
	Region string `json:"region"`
	// SubscriptionID and ResourceGroup are where the data plane is in Azure.
	SubscriptionID string `json:"subscriptionId,omitempty"`
	ResourceGroup  string `json:"resourceGroup,omitempty"`
	// Networks are the VPCs: "dataPlane", in dedicated-aws "controlPlane" too;
	// in aoscloud "vpc". In Azure they are VNets, in aks-landing-zone "hub" and
	// "spoke".
	Networks map[string]HandoverNetwork `json:"networks"`
	// Connector is the way from the control plane to the data plane.
	Connector *HandoverConnector `json:"connector,omitempty"`
	// QueueURLs are the queues between the planes, by direction:
	// "toDataPlane", "fromDataPlane".
	QueueURLs map[string]string `json:"queueUrls,omitempty"`
	// SupportRoleArn is the role that the vendor's support assumes, with the
	// external id that the vendor issued.
	SupportRoleArn string `json:"supportRoleArn,omitempty"`
	// RequiredNames are the host names that the data plane must reach although
	// no endpoint leads to them: those of the vendor's user pools, and in Azure
	// those of the queues.
	RequiredNames []string `json:"requiredNames,omitempty"`
	// RequiredEgress is what the customer's firewall must let an AKS cluster
	// send.
	RequiredEgress []azurevnet.EgressRule `json:"requiredEgress,omitempty"`
	// PrivateZoneIDs are the ids of the private DNS zones in Azure by name.
	PrivateZoneIDs map[string]string `json:"privateZoneIds,omitempty"`
	// Cluster is what an AKS cluster has to be like in the network, and the
	// room for it.
	Cluster *HandoverCluster `json:"cluster,omitempty"`
}

// HandoverCluster is the AKS cluster of a Handover.
type HandoverCluster struct {
	Posture  aks.Posture  `json:"posture"`
	Capacity aks.Capacity `json:"capacity"`
}

// HandoverNetwork is a VPC or VNet of a Handover.
type HandoverNetwork struct {
	// VpcID is the VPC's id, VnetID the VNet's.
	VpcID  string `json:"vpcId,omitempty"`
	VnetID string `json:"vnetId,omitempty"`
	// Cidrs are all its blocks.
	Cidrs []string `json:"cidrs"`
	// SubnetIDs are the ids of a VNet's subnets by role or name.
	SubnetIDs map[string]string `json:"subnetIds,omitempty"`
	// EgressIPs are the addresses that the internet sees a VNet come from.
	EgressIPs []string `json:"egressIps,omitempty"`
	// ZoneIDs are the ids of a VPC's zones by name. A name means one zone here
	// and another in the vendor's account; an id is the same in both.
	ZoneIDs map[string]string `json:"zoneIds,omitempty"`
	// NatPublicIPs are the addresses that the internet sees the VPC come from,
	// by the zone of the NAT gateway.
	NatPublicIPs map[string]string `json:"natPublicIps,omitempty"`
}

// HandoverConnector is the connector of a Handover.
type HandoverConnector struct {
	// Kind is "internet" or "privatelink".
	Kind ConnectorKind `json:"kind"`
	// DNSName is the load balancer's public name, of kind internet in AWS.
	DNSName string `json:"dnsName,omitempty"`
	// Address is the public address, of kind internet in Azure.
	Address string `json:"address,omitempty"`
	// ServiceName is the endpoint service's name, of kind privatelink.
	ServiceName string `json:"serviceName,omitempty"`
	// Ports are the TCP ports that it listens on.
	Ports []int `json:"ports"`
}

// handoverOutput is the name of the stack output.
const handoverOutput = "handover"

// ErrNoHandover says that a stack has no output "handover": its resources were
// destroyed, or another program deployed it.
var ErrNoHandover = errors.New("the stack has no handover")

// ReadHandover reads the handover among a stack's outputs. Without one the
// error is ErrNoHandover.
func ReadHandover(outputs map[string]any) (*Handover, error) {
	output, ok := outputs[handoverOutput]
	if !ok {
		return nil, ErrNoHandover
	}
	text, err := json.Marshal(output)
	if err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	handover := &Handover{}
	if err := json.Unmarshal(text, handover); err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	return handover, nil
}

// exportHandover exports a Handover whose parts, by their JSON keys, come from
// resources.
func exportHandover(ctx *pulumi.Context, env *Environment, parts pulumi.Map) {
	parts["model"], parts["region"] = pulumi.String(env.Spec.Model()), pulumi.String(env.Region())
	ctx.Export(handoverOutput, parts)
}

// handoverPorts are the ports of listeners.
func handoverPorts(listeners []publicconnector.Listener) pulumi.IntArray {
	ports := pulumi.IntArray{}
	for _, listener := range listeners {
		ports = append(ports, pulumi.Int(listener.Port))
	}
	return ports
}

// handoverVnet is a VNet as it is handed over.
func handoverVnet(vnet *azurevnet.AzureSecureVnet) pulumi.Map {
	var cidrs pulumi.StringArray
	for _, block := range vnet.Plan().AddressSpace {
		cidrs = append(cidrs, pulumi.String(block.String()))
	}
	return pulumi.Map{"vnetId": vnet.VnetID, "cidrs": cidrs, "subnetIds": vnet.SubnetIDs, "egressIps": vnet.EgressIPs}
}

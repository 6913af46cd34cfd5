package stacks

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/publicconnector"
)

// Handover is what the platform's vendor asks for before the platform is
// installed. Every AWS model has it as the stack output "handover". What an
// environment does not have is empty.
type Handover struct {
	// Model is the deployment model.
	Model string `json:"model"`
	// Region is the AWS region that everything is in.
	Region string `json:"region"`
	// Networks are the VPCs: "dataPlane", in dedicated-aws "controlPlane" too;
	// in aoscloud "vpc".
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
	// no endpoint leads to them: those of the vendor's user pools.
	RequiredNames []string `json:"requiredNames,omitempty"`
}

// HandoverNetwork is a VPC of a Handover.
type HandoverNetwork struct {
	// VpcID is the VPC's id.
	VpcID string `json:"vpcId"`
	// Cidrs are all its blocks.
	Cidrs []string `json:"cidrs"`
	// ZoneIDs are the ids of its zones by name. A name means one zone here and
	// another in the vendor's account; an id is the same in both.
	ZoneIDs map[string]string `json:"zoneIds"`
	// NatPublicIPs are the addresses that the internet sees the VPC come from,
	// by the zone of the NAT gateway.
	NatPublicIPs map[string]string `json:"natPublicIps,omitempty"`
}

// HandoverConnector is the connector of a Handover.
type HandoverConnector struct {
	// Kind is "internet" or "privatelink".
	Kind ConnectorKind `json:"kind"`
	// DNSName is the load balancer's public name, of kind internet.
	DNSName string `json:"dnsName,omitempty"`
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
	parts["model"], parts["region"] = pulumi.String(env.Spec.Model()), pulumi.String(env.Aws.Region)
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

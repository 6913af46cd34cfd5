package azure

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-azure-native-sdk/containerservice/v3"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const agentPoolType = "azure-native:containerservice:AgentPool"

// agentPoolPattern is the name of a pool of Linux nodes.
// Source: https://learn.microsoft.com/azure/aks/create-node-pools
var agentPoolPattern = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

func agentPoolKind() *kind {
	return &kind{
		token: agentPoolType, args: containerservice.AgentPoolArgs{}, outputs: containerservice.AgentPool{},
		arm: clusterService + "/agentPools", path: []string{"resourceName", "agentPoolName"},
		refs: []ref{
			{path: "vnetSubnetID", arm: armSubnet},
			{path: "podSubnetID", arm: armSubnet},
		},
		holds: func(id string) []string { return []string{parentOf(id)} },
		busy: refusal{"OperationNotAllowed", "Operation is not allowed because there's an in progress operation on managed cluster %s. " +
			"Please wait for it to finish before starting a new operation."},
		Resource: wire.Resource{
			Unmodelled: []string{"gatewayProfile", "virtualMachineNodesStatus", "virtualMachinesProfile"},
			Replace:    []string{"gpuInstanceProfile", "vmSize"},
			Name:       random("agentPoolName"),
		},
		put: putAgentPool,
	}
}

// putAgentPool refuses pools that the cluster has already and pools in subnets
// that are not for them.
func putAgentPool(t *tx, _, o *Object) error {
	p, parent := o.props(), t.find(parentOf(o.ID))
	name := nameOf(o.ID)
	if !agentPoolPattern.MatchString(name) {
		return refuse("InvalidParameter", "The value of parameter agentPool.name is invalid: %s must be 1 to 12 lower-case letters and digits.", name)
	}
	own := objects(parent.props()["agentPoolProfiles"])
	if slices.ContainsFunc(own, func(pool wire.Props) bool { return pool.Str("name") == name }) {
		return refuse("InvalidParameter", "Cluster %s has two agent pools %s.", parent.ID, name)
	}
	// The cluster's own pools come along: all are in one virtual network.
	pool := wire.Props{"name": name, "mode": p["mode"], "maxPods": p["maxPods"], "vnetSubnetID": p["vnetSubnetID"], "podSubnetID": p["podSubnetID"]}
	if err := t.checkPools(cluster{Object: parent, pools: append(slices.Clone(own), pool)}); err != nil {
		return err
	}
	p["currentOrchestratorVersion"] = parent.props().Str("currentKubernetesVersion")
	return nil
}

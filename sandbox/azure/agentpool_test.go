package azure_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

func TestAgentPoolRefusals(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	l := i.deploy()
	nodes := l.byType[clusterType].at("agentPoolProfiles", 0, "vnetSubnetID").StringValue()
	inputs := named("agentPoolName", "spark", in{"resourceName": "aks", "mode": "User", "vnetSubnetID": nodes})
	own := l.byType[clusterType].at("agentPoolProfiles", 0, "name").StringValue()
	for name, c := range map[string]struct {
		inputs in
		want   string
	}{
		"the cluster's own":  {with(inputs, "agentPoolName", own), `Code="InvalidParameter" Message="Cluster`},
		"a name":             {with(inputs, "agentPoolName", "Spark"), `Code="InvalidParameter" Message="The value of parameter agentPool.name`},
		"of no cluster":      {with(inputs, "resourceName", "other"), `Code="ParentResourceNotFound"`},
		"too many pods":      {with(inputs, "maxPods", 300), `Code="InvalidParameter" Message="The value of parameter maxPods`},
		"a delegated subnet": {with(inputs, "vnetSubnetID", l.byType[clusterType].at("apiServerAccessProfile", "subnetId").StringValue()), `Code="SubnetIsDelegated"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := i.try(poolType, c.inputs)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func TestRoleCondition(t *testing.T) {
	_, i := newCloud(t, azure.Options{})
	i.group()
	inputs := in{
		"scope": subscription, "principalId": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "principalType": "Group",
		"roleDefinitionId": networkContributor, "condition": "@Resource[a:b] StringEquals 'c'",
	}
	_, err := i.try(roleType, inputs)
	require.ErrorContains(t, err, `Code="InvalidConditionVersion"`)
	_, err = i.try(roleType, with(inputs, "conditionVersion", "2.0"))
	require.NoError(t, err)
}

package aws_test

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

// TestRandom makes and removes things in no order. Whatever AWS says to each
// call, nothing in the cloud ever refers to what is not there, what AWS
// guarantees of a network holds, the file has all of it, and all of it can be
// taken away again.
func TestRandom(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		options := aws.Options{
			StateFile: filepath.Join(dir, fmt.Sprint(run), "aws.json"),
			Quotas:    map[string]int{catalog.QuotaRulesPerSecurityGroup: 3, catalog.QuotaVpcsPerRegion: 2},
		}
		cloud, i := newCloud(t, options)
		var made []res
		for range rapid.IntRange(1, 70).Draw(t, "calls") {
			if len(made) > 0 && rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				n := rapid.IntRange(0, len(made)-1).Draw(t, "which")
				if i.remove(made[n]) == nil {
					made = slices.Delete(made, n, n+1)
				}
			} else if r, err := i.draw(t, made); err == nil {
				made = append(made, r)
			}
			require.Empty(t, cloud.Dangling())
			checkNetwork(t, cloud)
		}

		before := cloud.Objects()
		cloud, i = reopen(t, cloud, options)
		require.Equal(t, before, cloud.Objects())

		for len(made) > 0 {
			left := slices.DeleteFunc(slices.Clone(made), func(r res) bool { return i.remove(r) == nil })
			require.Less(t, len(left), len(made), "something can always be deleted: %v", left)
			made = left
		}
		require.Empty(t, cloud.Objects())
	})
}

// draw makes something that may or may not fit what is there.
func (i *instance) draw(t *rapid.T, made []res) (res, error) {
	// Mostly the draw picks what is there, so that most calls succeed.
	pick := func(typ string) string {
		var ids []string
		for _, r := range made {
			if r.typ == typ {
				ids = append(ids, r.id, r.id, r.id)
			}
		}
		return rapid.SampledFrom(append(ids, minimalID[typ]+centralIDs[typ])).Draw(t, typ)
	}
	zone := rapid.SampledFrom([]string{"eu-west-1a", "eu-west-1b"}).Draw(t, "zone")
	block := rapid.SampledFrom([]string{
		"10.0.0.0/16", "10.1.0.0/16", "100.64.0.0/16", "10.1.0.0/24", "10.1.0.0/28", "10.1.0.16/28", "10.1.0.128/25", "100.64.0.0/24",
	}).Draw(t, "block")
	typ := rapid.SampledFrom(append(i.cloud.Tokens(), vpcType, igwType, subnetType, tableType)).Draw(t, "type")
	inputs := map[string]in{
		vpcType:      {"cidrBlock": block, "enableDnsHostnames": true},
		cidrType:     {"vpcId": pick(vpcType), "cidrBlock": block},
		igwType:      {"vpcId": pick(vpcType)},
		subnetType:   {"vpcId": pick(vpcType), "cidrBlock": block, "availabilityZone": zone},
		tableType:    {"vpcId": pick(vpcType)},
		routeType:    {"routeTableId": pick(tableType), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": pick(igwType)},
		assocType:    {"routeTableId": pick(tableType), "subnetId": pick(subnetType)},
		eipType:      {"domain": "vpc"},
		natType:      {"subnetId": pick(subnetType), "allocationId": pick(eipType)},
		endpointType: {"vpcId": pick(vpcType), "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{pick(tableType)}},
		epTableType:  {"vpcEndpointId": pick(endpointType), "routeTableId": pick(tableType)},
		groupType:    {"vpcId": pick(vpcType), "name": rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")},
		ingressType:  {"securityGroupId": pick(groupType), "ipProtocol": "-1", "referencedSecurityGroupId": pick(groupType)},
		egressType:   {"securityGroupId": pick(groupType), "ipProtocol": "-1", "cidrIpv4": block},
		flowLogType:  {"subnetId": pick(subnetType), "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::logs"},
		logGroupType: {"name": zone},
		roleType:     {"name": zone, "assumeRolePolicy": trust},
		policyType:   {"role": pick(roleType), "name": zone, "policy": allow},

		rdsGroupType:    {"name": "db", "subnetIds": []any{pick(subnetType), pick(subnetType)}},
		docdbGroupType:  {"name": "db", "subnetIds": []any{pick(subnetType), pick(subnetType)}},
		cacheGroupType:  {"name": "cache", "subnetIds": []any{pick(subnetType)}},
		fileSystemType:  {"creationToken": zone},
		mountTargetType: {"fileSystemId": pick(fileSystemType), "subnetId": pick(subnetType), "securityGroups": []any{pick(groupType)}},

		managedPolicyType: {"name": zone, "policy": allow},
		attachmentType:    {"role": pick(roleType), "policyArn": pick(managedPolicyType)},
		oidcType:          {"url": "https://" + zone, "clientIdLists": []any{"sts.amazonaws.com"}},
		queueType:         {"name": zone},
		queuePolicyType:   {"queueUrl": pick(queueType), "policy": queueTrust(pick(queueType))},
		redriveType:       {"queueUrl": pick(queueType), "redrivePolicy": `{"deadLetterTargetArn":"` + queueARN(pick(queueType)) + `","maxReceiveCount":5}`},
		redriveAllowType:  {"queueUrl": pick(queueType), "redriveAllowPolicy": `{"redrivePermission":"denyAll"}`},

		balancerType: {
			"name": zone, "loadBalancerType": "network", "internal": zone == "eu-west-1a",
			"subnets": []any{pick(subnetType)}, "securityGroups": []any{pick(groupType)},
		},
		targetGroupType: {"name": zone, "port": 443, "protocol": "TCP", "vpcId": pick(vpcType)},
		listenerType: {
			"loadBalancerArn": pick(balancerType), "port": 443, "protocol": "TCP",
			"defaultActions": []any{in{"type": "forward", "targetGroupArn": pick(targetGroupType)}},
		},
		endpointServiceType: {
			"acceptanceRequired": zone == "eu-west-1a", "networkLoadBalancerArns": []any{pick(balancerType)}, "privateDnsName": "a.example.com",
		},
		principalType:    {"vpcEndpointServiceId": pick(endpointServiceType), "principalArn": "*"},
		verificationType: {"serviceId": pick(endpointServiceType)},
		accepterType:     {"vpcEndpointServiceId": pick(endpointServiceType), "vpcEndpointId": pick(endpointType)},
		ruleGroupType: {
			"name": zone, "type": "STATEFUL", "capacity": 1, "ruleGroup": in{
				"rulesSource":         in{"rulesSourceList": in{"generatedRulesType": "ALLOWLIST", "targetTypes": []any{"TLS_SNI"}, "targets": []any{"a.example.com"}}},
				"statefulRuleOptions": in{"ruleOrder": "STRICT_ORDER"},
			},
		},
		fwPolicyType: {"name": zone, "firewallPolicy": in{
			"statelessDefaultActions": []any{"aws:drop"}, "statelessFragmentDefaultActions": []any{"aws:drop"},
			"statefulEngineOptions":       in{"ruleOrder": "STRICT_ORDER"},
			"statefulRuleGroupReferences": []any{in{"priority": 1, "resourceArn": pick(ruleGroupType)}},
		}},
		firewallType: {
			"name": zone, "vpcId": pick(vpcType), "firewallPolicyArn": pick(fwPolicyType), "subnetMappings": []any{in{"subnetId": pick(subnetType)}},
		},
		domainListType:     {"name": zone, "domains": []any{"*"}},
		dnsGroupType:       {"name": zone},
		dnsRuleType:        {"name": zone, "action": "ALLOW", "priority": 1, "firewallRuleGroupId": pick(dnsGroupType), "firewallDomainListId": pick(domainListType)},
		dnsAssociationType: {"name": zone, "priority": 101, "firewallRuleGroupId": pick(dnsGroupType), "vpcId": pick(vpcType)},
		zoneType:           {"name": "example.com", "vpcs": []any{in{"vpcId": pick(vpcType)}}},
		recordType:         {"zoneId": pick(zoneType), "name": zone, "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}},
	}
	maps.Copy(inputs, centralInputs(pick, zone))
	switch {
	case typ == routeType && rapid.Bool().Draw(t, "nat"):
		inputs[routeType] = in{"routeTableId": pick(tableType), "destinationCidrBlock": "192.0.2.0/24", "natGatewayId": pick(natType)}
	case typ == endpointType && rapid.Bool().Draw(t, "custom"):
		inputs[endpointType] = in{
			"vpcId": pick(vpcType), "serviceName": "com.amazonaws.vpce.eu-west-1." + pick(endpointServiceType), "vpcEndpointType": "Interface",
			"subnetIds": []any{pick(subnetType)},
		}
	case typ == endpointType && rapid.Bool().Draw(t, "interface"):
		inputs[endpointType] = in{
			"vpcId": pick(vpcType), "serviceName": "com.amazonaws.eu-west-1.sts", "vpcEndpointType": "Interface",
			"subnetIds": []any{pick(subnetType)}, "securityGroupIds": []any{pick(groupType)}, "privateDnsEnabled": true,
		}
	case slices.Contains([]string{policyType, attachmentType, queuePolicyType, redriveType, redriveAllowType, verificationType}, typ):
		// AWS overwrites a policy of the same name or queue, and verifies a
		// service once, so that two resources would be one.
		if slices.ContainsFunc(made, func(r res) bool { return r.typ == typ }) {
			return res{}, fmt.Errorf("one is enough")
		}
	}
	return i.try(typ, inputs[typ])
}

// minimalID is an id of each type that nothing has.
var minimalID = map[string]string{
	vpcType: someVpc, subnetType: someSubnet, tableType: someTable, groupType: someGroup, endpointType: someEndpoint, igwType: someGateway,
	natType: "nat-0123456789abcdef0", eipType: "eipalloc-0123456789abcdef0", roleType: "nobody",
	fileSystemType: someFileSystem,
	ruleGroupType:  "arn:aws:network-firewall:eu-west-1:123456789012:stateful-rulegroup/nobody", fwPolicyType: someFirewallPolicy,
	domainListType: "rslvr-fdl-1", dnsGroupType: "rslvr-frg-1",
	balancerType: someBalancer, targetGroupType: someTargetGroup, endpointServiceType: someService, zoneType: "Z0123456789",
	queueType: someQueue, managedPolicyType: "arn:aws:iam::123456789012:policy/nobody",
}

// checkNetwork checks what AWS guarantees.
func checkNetwork(t *rapid.T, cloud *aws.Cloud) {
	blocks, subnets := map[string][]netip.Prefix{}, map[string][]netip.Prefix{}
	once := map[string]bool{}
	only := func(what string) {
		require.False(t, once[what], what)
		once[what] = true
	}
	rules := map[string]int{}
	for _, o := range cloud.Objects() {
		str := func(name string) string { s, _ := o.Properties[name].(string); return s }
		switch o.Type {
		case vpcType:
			blocks[o.ID] = append(blocks[o.ID], netip.MustParsePrefix(str("cidrBlock")))
		case cidrType:
			blocks[str("vpcId")] = append(blocks[str("vpcId")], netip.MustParsePrefix(str("cidrBlock")))
		case subnetType:
			subnets[str("vpcId")] = append(subnets[str("vpcId")], netip.MustParsePrefix(str("cidrBlock")))
		case igwType:
			if str("vpcId") != "" {
				only("internet gateway of " + str("vpcId"))
			}
		case assocType:
			only("table of " + str("subnetId"))
		case natType:
			only("gateway at " + str("allocationId"))
		case groupType:
			only("group " + str("vpcId") + " " + str("name"))
		case routeType:
			only("route " + str("routeTableId") + " " + str("destinationCidrBlock"))
		case ingressType, egressType:
			rules[str("securityGroupId")+o.Type]++
		case mountTargetType:
			only("mount target of " + str("fileSystemId") + " in " + str("availabilityZoneName"))
		case "aws:ec2/networkInterface:NetworkInterface":
			only("address " + str("subnetId") + " " + str("privateIp"))
		}
	}
	for vpc, list := range subnets {
		for n, s := range list {
			inside := slices.ContainsFunc(blocks[vpc], func(b netip.Prefix) bool { return b.Bits() <= s.Bits() && b.Overlaps(s) })
			require.True(t, inside, "%s is in %s", s, vpc)
			require.False(t, slices.ContainsFunc(list[:n], s.Overlaps), "%s is alone", s)
		}
	}
	for group, n := range rules {
		require.LessOrEqual(t, n, 3, group)
	}
}

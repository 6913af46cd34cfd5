package topology

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// masked returns the value with one part hidden, for each part.
func masked(value any) []any {
	variants := []any{hidden}
	switch v := value.(type) {
	case props:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			for _, part := range masked(v[key]) {
				one := maps.Clone(v)
				one[key] = part
				variants = append(variants, one)
			}
		}
	case []any:
		for i := range v {
			for _, part := range masked(v[i]) {
				one := slices.Clone(v)
				one[i] = part
				variants = append(variants, one)
			}
		}
	}
	return variants
}

// mayBe says that a fact does not exclude a value.
func mayBe[T comparable](fact, value Val[T]) bool {
	want, known := value.Get()
	options, complete := fact.Options()
	return !known || !complete || slices.Contains(options, want)
}

// admits says that a model does not exclude what a listener of a complete one
// forwards to a target.
func admits(m *Model, balancer string, want Listener, target *Interface) bool {
	for _, b := range m.Balancers {
		if b.Name != balancer {
			continue
		}
		for _, l := range b.Listeners {
			there := len(l.Incomplete) > 0 || slices.ContainsFunc(l.Targets, func(i *Interface) bool { return i.Name == target.Name })
			on := len(l.Interfaces) == 0 || len(want.Interfaces) == 0 || slices.ContainsFunc(l.Interfaces, func(i *Interface) bool { return i.Ref == want.Interfaces[0].Ref })
			if there && on && mayBe(l.Protocol, want.Protocol) && mayBe(l.Port, want.Port) && (mayBe(l.TargetPort, want.TargetPort) || len(l.Incomplete) > 0) &&
				(mayBe(l.PreserveClientIP, want.PreserveClientIP) || len(l.Incomplete) > 0) && (mayBe(l.CrossZone, want.CrossZone) || len(l.Incomplete) > 0) {
				return true
			}
		}
	}
	return false
}

// Whatever output is hidden, the model does not exclude what the whole graph
// says: which target each listener forwards to, and how.
func TestHiddenOutputsOfBalancers(t *testing.T) {
	resources := balanced(props{"loadBalancerType": "network", "enableCrossZoneLoadBalancing": true, "name": "lb"}, props{"targetType": "instance", "preserveClientIp": "true", "loadBalancingCrossZoneEnabled": "false"},
		joins("join", "tg", props{"targetId": id("web"), "port": 9443}), joins("second", "tg", props{"targetId": id("api")}),
		res{kind: "lb/targetGroup:TargetGroup", name: "ips", in: props{"port": 5432, "protocol": "TCP", "targetType": "ip", "vpcId": id("vpc")}},
		joins("ip", "ips", props{"targetId": "10.0.0.20", "availabilityZone": "all"}),
		res{kind: "lb/listener:Listener", name: "ip-listener", in: props{
			"loadBalancerArn": out("lb", "arn"), "port": 5432, "protocol": "TCP", "defaultActions": list(props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("ips", "arn"), "weight": 1})}}),
		}},
		res{kind: "lb/loadBalancer:LoadBalancer", name: "alb", in: props{"loadBalancerType": "application", "subnets": list(id("a"))}},
		res{kind: "lb/targetGroup:TargetGroup", name: "one", in: props{"port": 80, "protocol": "HTTP"}},
		res{kind: "lb/targetGroup:TargetGroup", name: "two", in: props{"port": 81, "protocol": "HTTP"}},
		joins("join-one", "one", props{"targetId": id("web")}),
		res{kind: "autoscaling/group:Group", name: "asg", in: props{"vpcZoneIdentifiers": list(id("a")), "targetGroupArns": list(out("two", "arn"))}},
		res{kind: "lb/listener:Listener", name: "web-listener", in: props{"loadBalancerArn": out("alb", "arn"), "port": 80, "protocol": "HTTP", "defaultActions": list(forward("one"))}},
		res{kind: "lb/listenerRule:ListenerRule", name: "rule", in: props{
			"listenerArn": out("web-listener", "arn"), "actions": list(forward("two")), "conditions": list(props{"pathPattern": props{"values": list("/x")}}),
		}},
	)
	for _, shape := range shapes {
		whole := built(t, shape, resources...)
		var forwarded int
		for i, r := range resources {
			if r.kind == "ec2/vpc:Vpc" {
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(r.in)) {
				for k, part := range masked(r.in[key]) {
					one := slices.Clone(resources)
					one[i].in = maps.Clone(r.in)
					one[i].in[key] = part
					m := built(t, shape, one...)
					for _, b := range whole.Balancers {
						for _, l := range b.Listeners {
							for _, target := range l.Targets {
								forwarded++
								assert.True(t, admits(m, b.Name, l, target), fmt.Sprintf("%s: %s %s (%d) hidden: %s → %s", shape, r.name, key, k, listenerLine(l), target.Name))
							}
						}
					}
				}
			}
		}
		require.NotZero(t, forwarded)
	}
}

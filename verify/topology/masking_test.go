package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
)

// masked returns the value with one part hidden, for each part.
func masked(v resource.PropertyValue) []resource.PropertyValue {
	variants := []resource.PropertyValue{resource.MakeComputed(resource.NewProperty(""))}
	switch {
	case v.IsObject():
		for _, key := range slices.Sorted(maps.Keys(v.ObjectValue())) {
			for _, part := range masked(v.ObjectValue()[key]) {
				one := maps.Clone(v.ObjectValue())
				one[key] = part
				variants = append(variants, resource.NewProperty(one))
			}
		}
	case v.IsArray():
		for i, element := range v.ArrayValue() {
			for _, part := range masked(element) {
				one := slices.Clone(v.ArrayValue())
				one[i] = part
				variants = append(variants, resource.NewProperty(one))
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
func admits(m *Model, balancer *Balancer, want Listener, target *Interface) bool {
	for _, b := range m.Balancers {
		// A rule of a firewall is a balancer by its name.
		if b.Name != balancer.Name && (len(b.Interfaces) == 0 || b.Interfaces[0].Subnet.Ref() != balancer.Interfaces[0].Subnet.Ref()) {
			continue
		}
		for _, l := range b.Listeners {
			there := len(l.Incomplete) > 0 || slices.ContainsFunc(slices.Concat(l.Targets, l.Perhaps), func(i *Interface) bool { return i.Name == target.Name })
			on := len(l.Interfaces) == 0 || len(want.Interfaces) == 0 || slices.ContainsFunc(l.Interfaces, func(i *Interface) bool { return i.Ref == want.Interfaces[0].Ref })
			if there && on && mayBe(l.Protocol, want.Protocol) && mayBe(l.Port, want.Port) && (mayBe(l.TargetPort, want.TargetPort) || len(l.Incomplete) > 0) &&
				(mayBe(l.PreserveClientIP, want.PreserveClientIP) || len(l.Incomplete) > 0) && (mayBe(l.CrossZone, want.CrossZone) || len(l.Incomplete) > 0) {
				return true
			}
		}
	}
	return false
}

// CheckHidden hides each part of each input in turn: the model must not exclude
// what that of the whole graph says, which target each listener forwards to and
// how. Of the types in fixed nothing is hidden.
func CheckHidden(t *testing.T, g *graph.Graph, fixed ...string) {
	t.Helper()
	whole, err := Build(g)
	require.NoError(t, err)
	var forwarded int
	for i, r := range g.Resources {
		if slices.ContainsFunc(fixed, func(kind string) bool { return strings.HasSuffix(r.Type, kind) }) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(r.Inputs)) {
			for k, part := range masked(r.Inputs[key]) {
				one := *g
				one.Resources = slices.Clone(g.Resources)
				one.Resources[i].Inputs, one.Resources[i].Outputs = maps.Clone(r.Inputs), maps.Clone(r.Outputs)
				one.Resources[i].Inputs[key] = part
				if _, ok := r.Outputs[key]; ok {
					one.Resources[i].Outputs[key] = part
				}
				m, err := Build(&one)
				require.NoError(t, err)
				what := fmt.Sprintf("%s %s (%d) hidden", r.Name, key, k)
				for j, e := range m.Endpoints {
					assert.True(t, mayBe(e.Accepted, whole.Endpoints[j].Accepted), "%s: %s accepted", what, e.Name)
					assert.True(t, !e.Accepted.IsKnown() || whole.Endpoints[j].Accepted.IsKnown(), "%s: %s accepted", what, e.Name)
				}
				// What is certain without the part is so with it. A host that stands
				// for an address is not what has it in the whole graph.
				for _, b := range m.Balancers {
					for _, l := range b.Listeners {
						for _, target := range l.Targets {
							if l.Port.IsKnown() {
								standIn := strings.HasPrefix(target.Name, "10.")
								assert.True(t, standIn || admits(whole, b, l, target), "%s: new %s %s → %s", what, b.Name, listenerLine(l), target.Name)
							}
						}
					}
				}
				for _, b := range whole.Balancers {
					for _, l := range b.Listeners {
						for _, target := range l.Targets {
							forwarded++
							assert.True(t, admits(m, b, l, target), "%s: %s %s → %s", what, b.Name, listenerLine(l), target.Name)
						}
					}
				}
			}
		}
	}
	require.NotZero(t, forwarded)
}

func TestHiddenOutputsOfBalancers(t *testing.T) {
	resources := balanced(props{"loadBalancerType": "network", "enableCrossZoneLoadBalancing": true, "name": "lb"}, props{"targetType": "instance", "preserveClientIp": "true", "loadBalancingCrossZoneEnabled": "false"},
		joins("join", "tg", props{"targetId": id("web"), "port": 9443}), joins("second", "tg", props{"targetId": id("api")}),
		res{kind: "lb/targetGroup:TargetGroup", name: "ips", in: props{"port": 5432, "protocol": "TCP", "targetType": "ip", "vpcId": id("vpc")}},
		joins("ip", "ips", props{"targetId": "10.0.0.20", "availabilityZone": "all"}),
		res{kind: "lb/listener:Listener", name: "ip-listener", in: props{
			"loadBalancerArn": out("lb", "arn"), "port": 5432, "protocol": "TCP", "defaultActions": list(props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("ips", "arn"), "weight": 1})}}),
		}},
		res{kind: "ec2/vpcEndpointService:VpcEndpointService", name: "service", in: props{"acceptanceRequired": true, "networkLoadBalancerArns": list(out("lb", "arn"))}},
		res{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "let-in", in: props{
			"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": out("service", "serviceName"), "subnetIds": list(id("b")),
		}},
		res{kind: "ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter", name: "accept", in: props{"vpcEndpointServiceId": id("service"), "vpcEndpointId": id("let-in")}},
		res{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "waiting", in: props{
			"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": out("service", "serviceName"), "subnetIds": list(id("b")),
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
		t.Run(shape, func(t *testing.T) { CheckHidden(t, shaped(shape, resources...), ":Vpc") })
	}
}

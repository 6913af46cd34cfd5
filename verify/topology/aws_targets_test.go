package topology

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listenersOf writes the listeners of a load balancer as
// "TCP 443 → 8443: web; preserve cross-zone; open join targetId".
func listenersOf(t *testing.T, m *Model, name string) []string {
	t.Helper()
	var lines []string
	for _, l := range one(t, m.Balancers, name, func(b *Balancer) Ref { return b.Ref }).Listeners {
		lines = append(lines, listenerLine(l))
	}
	return lines
}

func listenerLine(l Listener) string {
	var targets []string
	for _, i := range l.Targets {
		targets = append(targets, i.Name)
	}
	line := fmt.Sprintf("%s %s → %s: %s;", orUnknown(l.Protocol), orUnknown(l.Port), orUnknown(l.TargetPort), strings.Join(targets, " "))
	line += map[string]string{"true": " preserve", "false": "", "?": " preserve?"}[orUnknown(l.PreserveClientIP)]
	line += map[string]string{"true": " cross-zone", "false": "", "?": " cross-zone?"}[orUnknown(l.CrossZone)]
	for _, i := range l.Perhaps {
		line += "; perhaps " + i.Name
	}
	for _, r := range l.Incomplete {
		line += "; open " + refText(r)
	}
	return line
}

func orUnknown[T any](v Val[T]) string {
	if value, ok := v.Get(); ok {
		return fmt.Sprint(value)
	}
	return "?"
}

// balanced is a VPC with two instances, a load balancer, and a target group
// that its one listener forwards to.
func balanced(balancer, group props, more ...res) []res {
	lb := props{"loadBalancerType": "network", "internal": true, "subnets": list(id("a"), id("b"))}
	tg := props{"port": 8443, "protocol": "TCP", "vpcId": id("vpc")}
	for key, value := range balancer {
		lb[key] = value
	}
	for key, value := range group {
		tg[key] = value
	}
	return append([]res{
		vpc("vpc", "10.0.0.0/16"), subnetIn("vpc", "a", "10.0.0.0/24"), subnetIn("vpc", "b", "10.0.1.0/24"),
		{kind: "ec2/instance:Instance", name: "web", in: props{"subnetId": id("a"), "privateIp": "10.0.0.20"}},
		{kind: "ec2/instance:Instance", name: "api", in: props{"subnetId": id("b")}},
		{kind: "lb/loadBalancer:LoadBalancer", name: "lb", in: lb},
		{kind: "lb/targetGroup:TargetGroup", name: "tg", in: tg},
		{kind: "lb/listener:Listener", name: "listener", in: props{
			"loadBalancerArn": out("lb", "arn"), "port": 443, "protocol": "TCP", "defaultActions": list(forward("tg")),
		}},
	}, more...)
}

func forward(group string) props {
	return props{"type": "forward", "targetGroupArn": out(group, "arn")}
}

func joins(name, group string, in props) res {
	in["targetGroupArn"] = out(group, "arn")
	return res{kind: "lb/targetGroupAttachment:TargetGroupAttachment", name: name, in: in}
}

// The table of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func TestPreservedClientAddress(t *testing.T) {
	for name, c := range map[string]struct {
		balancer, group props
		want            string
	}{
		"instances":                     {nil, nil, "true"},
		"instances, off":                {nil, props{"preserveClientIp": "false"}, "false"},
		"addresses by TCP":              {nil, props{"targetType": "ip"}, "false"},
		"addresses by TLS":              {nil, props{"targetType": "ip", "protocol": "TLS"}, "false"},
		"addresses by TCP, on":          {nil, props{"targetType": "ip", "preserveClientIp": "true"}, "true"},
		"addresses by UDP":              {nil, props{"targetType": "ip", "protocol": "UDP"}, "true"},
		"UDP cannot be off":             {nil, props{"targetType": "ip", "protocol": "UDP", "preserveClientIp": "false"}, "true"},
		"TCP_UDP cannot be off":         {nil, props{"protocol": "TCP_UDP", "preserveClientIp": "false"}, "true"},
		"QUIC cannot be off":            {nil, props{"protocol": "QUIC", "preserveClientIp": "false"}, "true"},
		"an application load balancer":  {nil, props{"targetType": "alb"}, "true"},
		"IPv6 addresses":                {nil, props{"targetType": "ip", "ipAddressType": "ipv6"}, "false"},
		"of an application balancer":    {props{"loadBalancerType": "application"}, props{"preserveClientIp": "true"}, "false"},
		"a hidden setting":              {nil, props{"preserveClientIp": hidden}, "?"},
		"a hidden type":                 {nil, props{"targetType": hidden}, "?"},
		"a hidden protocol of IPs":      {nil, props{"targetType": "ip", "protocol": hidden}, "?"},
		"off, but the protocol decides": {nil, props{"protocol": hidden, "preserveClientIp": "false"}, "?"},
		"a hidden balancer":             {props{"loadBalancerType": hidden}, nil, "?"},
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, balanced(c.balancer, c.group), func(t *testing.T, m *Model) {
				assert.Equal(t, c.want, orUnknown(m.Balancers[0].Listeners[0].PreserveClientIP))
			})
		})
	}
}

// hidden is a value that is not there yet and comes from nowhere in the graph.
var hidden = resource.MakeComputed(resource.NewProperty(""))

// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-cross-zone.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/disable-cross-zone.html
func TestCrossZone(t *testing.T) {
	application := props{"loadBalancerType": "application"}
	for name, c := range map[string]struct {
		balancer, group, attachment props
		want                        string
	}{
		"off by default":                     {nil, nil, nil, "false"},
		"on":                                 {props{"enableCrossZoneLoadBalancing": true}, nil, nil, "true"},
		"on, as the group says too":          {props{"enableCrossZoneLoadBalancing": true}, props{"loadBalancingCrossZoneEnabled": "use_load_balancer_configuration"}, nil, "true"},
		"off in the group":                   {props{"enableCrossZoneLoadBalancing": true}, props{"loadBalancingCrossZoneEnabled": "false"}, nil, "false"},
		"on in the group":                    {nil, props{"loadBalancingCrossZoneEnabled": "true"}, nil, "true"},
		"an application balancer":            {application, nil, nil, "true"},
		"an application balancer's one flag": {props{"loadBalancerType": "application", "enableCrossZoneLoadBalancing": false}, nil, nil, "true"},
		"off in its group":                   {application, props{"loadBalancingCrossZoneEnabled": "false"}, nil, "false"},
		"registered in all zones":            {nil, nil, props{"availabilityZone": "all"}, "true"},
		"registered in one":                  {nil, nil, props{"availabilityZone": "eu-west-1a"}, "?"},
		"a hidden zone":                      {nil, nil, props{"availabilityZone": hidden}, "?"},
		"a hidden flag":                      {props{"enableCrossZoneLoadBalancing": hidden}, nil, nil, "?"},
		"a hidden flag of the group":         {props{"enableCrossZoneLoadBalancing": true}, props{"loadBalancingCrossZoneEnabled": hidden}, nil, "?"},
		"a hidden balancer":                  {props{"loadBalancerType": hidden}, nil, nil, "?"},
	} {
		t.Run(name, func(t *testing.T) {
			in := props{"targetId": id("web")}
			for key, value := range c.attachment {
				in[key] = value
			}
			eachShape(t, balanced(c.balancer, c.group, joins("join", "tg", in)), func(t *testing.T, m *Model) {
				require.Len(t, m.Balancers[0].Listeners, 1)
				assert.Equal(t, c.want, orUnknown(m.Balancers[0].Listeners[0].CrossZone))
			})
		})
	}
}

func TestTargets(t *testing.T) {
	scaling := func(in props) res {
		group := props{"vpcZoneIdentifiers": list(id("a")), "launchTemplate": props{"id": "lt-0aaaaaaaa"}}
		for key, value := range in {
			group[key] = value
		}
		return res{kind: "autoscaling/group:Group", name: "asg", in: group}
	}
	ip := props{"targetType": "ip"}
	for name, c := range map[string]struct {
		group props
		more  []res
		want  []string
	}{
		"none yet": {nil, nil, []string{"TCP 443 → 8443: ; preserve"}},
		"by the group's port, and by their own": {nil, []res{
			joins("join", "tg", props{"targetId": id("web")}), joins("same", "tg", props{"targetId": id("api"), "port": 8443}),
			joins("other", "tg", props{"targetId": id("web"), "port": 9443}),
		}, []string{"TCP 443 → 8443: web api; preserve", "TCP 443 → 9443: web; preserve"}},
		"an instance outside": {nil, []res{joins("join", "tg", props{"targetId": "i-0aaaaaaaa"})},
			[]string{"TCP 443 → 8443: ; preserve; open join targetId"}},
		"a hidden target beside a known one": {nil, []res{joins("join", "tg", props{"targetId": id("web")}), joins("other", "tg", props{"targetId": hidden})},
			[]string{"TCP 443 → 8443: web; preserve; open other targetId"}},
		"a hidden group": {nil, []res{{kind: "lb/targetGroupAttachment:TargetGroupAttachment", name: "join", in: props{"targetId": id("web"), "targetGroupArn": hidden}}},
			[]string{"TCP 443 → 8443: ; preserve; open join targetGroupArn"}},
		"another group": {nil, []res{{kind: "lb/targetGroupAttachment:TargetGroupAttachment", name: "join", in: props{"targetId": id("web"),
			"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:444455556666:targetgroup/x/0123456789abcdef"}}},
			[]string{"TCP 443 → 8443: ; preserve"}},
		"an address": {ip, []res{joins("join", "tg", props{"targetId": "10.0.0.20"})}, []string{"TCP 443 → 8443: web;"}},
		"an address of nothing in the graph": {ip, []res{joins("join", "tg", props{"targetId": "10.0.0.21"})},
			[]string{"TCP 443 → 8443: 10.0.0.21;"}},
		"an address that may be an instance's": {ip, []res{joins("join", "tg", props{"targetId": "10.0.1.21"})},
			[]string{"TCP 443 → 8443: 10.0.1.21;; perhaps api"}},
		"an address outside": {ip, []res{joins("join", "tg", props{"targetId": "192.168.0.1", "availabilityZone": "all"})}, []string{"TCP 443 → 8443: ;"}},
		"a hidden address":   {ip, []res{joins("join", "tg", props{"targetId": hidden})}, []string{"TCP 443 → 8443: ;; open join targetId"}},
		"an address of two networks": {props{"targetType": "ip", "vpcId": hidden}, []res{
			vpc("twin", "10.0.0.0/16"), subnetIn("twin", "c", "10.0.0.0/24"), joins("join", "tg", props{"targetId": "10.0.0.21"}),
		}, []string{"TCP 443 → 8443: ;; open join targetId"}},
		"an address of the group's network": {ip, []res{
			vpc("twin", "10.0.0.0/16"), subnetIn("twin", "c", "10.0.0.0/24"), joins("join", "tg", props{"targetId": "10.0.0.20"}),
			{kind: "ec2/instance:Instance", name: "double", in: props{"subnetId": id("c"), "privateIp": "10.0.0.20"}},
		}, []string{"TCP 443 → 8443: web;"}},
		"a function": {props{"targetType": "lambda"}, []res{
			{kind: "lambda/function:Function", name: "f", in: props{"vpcConfig": props{"subnetIds": list(id("a")), "securityGroupIds": list("sg-0aaaaaaaa")}}},
			joins("join", "tg", props{"targetId": out("f", "arn")}),
		}, []string{"TCP 443 → 8443: ; preserve"}},
		"an autoscaling group": {nil, []res{scaling(props{"targetGroupArns": list(out("tg", "arn"))})}, []string{"TCP 443 → 8443: asg; preserve"}},
		"an attached one": {nil, []res{scaling(nil),
			{kind: "autoscaling/attachment:Attachment", name: "attach", in: props{"autoscalingGroupName": id("asg"), "lbTargetGroupArn": out("tg", "arn")}},
		}, []string{"TCP 443 → 8443: asg; preserve"}},
		"one outside": {nil, []res{
			{kind: "autoscaling/attachment:Attachment", name: "attach", in: props{"autoscalingGroupName": "eks-nodes", "lbTargetGroupArn": out("tg", "arn")}},
		}, []string{"TCP 443 → 8443: ; preserve; open attach autoscalingGroupName"}},
		"one with hidden groups": {nil, []res{scaling(props{"targetGroupArns": hidden})}, []string{"TCP 443 → 8443: ; preserve; open asg targetGroupArns"}},
		"a traffic source": {nil, []res{scaling(nil), {kind: "autoscaling/trafficSourceAttachment:TrafficSourceAttachment", name: "attach", in: props{
			"autoscalingGroupName": id("asg"), "trafficSource": props{"identifier": out("tg", "arn"), "type": "elbv2"},
		}}}, []string{"TCP 443 → 8443: asg; preserve"}},
		"a service of ECS": {ip, []res{{kind: "ecs/service:Service", name: "ecs", in: props{
			"networkConfiguration": props{"subnets": list(id("b"))}, "loadBalancers": list(props{"targetGroupArn": out("tg", "arn"), "containerName": "c", "containerPort": 3000}),
		}}}, []string{"TCP 443 → 3000: ecs;"}},
		"an application load balancer": {props{"targetType": "alb", "port": 80}, []res{
			{kind: "lb/loadBalancer:LoadBalancer", name: "alb", in: props{"internal": true, "subnets": list(id("a"), id("b"))}},
			joins("join", "tg", props{"targetId": out("alb", "arn")}),
		}, []string{"TCP 443 → 80: alb alb; preserve"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, balanced(nil, c.group, c.more...), func(t *testing.T, m *Model) {
				assert.Equal(t, c.want, listenersOf(t, m, "lb"))
			})
		})
	}
}

// A list of target groups that is not there yet may hold each.
func TestHiddenTargetGroups(t *testing.T) {
	eachShape(t, balanced(nil, nil, res{kind: "autoscaling/group:Group", name: "asg", in: props{
		"vpcZoneIdentifiers": list(id("a")), "targetGroupArns": out("tg", "arn"),
	}}), func(t *testing.T, m *Model) {
		assert.Empty(t, m.Balancers[0].Listeners[0].Targets)
		assert.NotEmpty(t, m.Balancers[0].Listeners[0].Incomplete)
	})
}

// Before the deployment the address of a resource of the program is its own.
func TestTargetByOutput(t *testing.T) {
	for _, shape := range []string{recorded, previewed} {
		m := built(t, shape, balanced(nil, props{"targetType": "ip"}, joins("join", "tg", props{"targetId": out("api", "privateIp")}))...)
		assert.Equal(t, []string{"TCP 443 → 8443: api;"}, listenersOf(t, m, "lb"))
	}
}

// What stands for an address is in groups that nobody knows.
func TestStandInTarget(t *testing.T) {
	eachShape(t, balanced(nil, props{"targetType": "ip"}, joins("join", "tg", props{"targetId": "10.0.0.21"})), func(t *testing.T, m *Model) {
		host := m.Balancers[0].Listeners[0].Targets[0]
		assert.Equal(t, "join targetId", refText(host.Ref))
		assert.Same(t, m.subnetOf(t, "a"), known(t, host.Subnet))
		assert.Equal(t, "10.0.0.21", known(t, host.Addresses[0]).String())
		assert.Equal(t, [][]*Filter{{}}, host.Filters)
		assert.NotEmpty(t, host.Incomplete)
	})
}

// What the actions of a listener and of its rules forward to.
func TestActions(t *testing.T) {
	second := []res{
		{kind: "lb/targetGroup:TargetGroup", name: "two", in: props{"port": 9090, "protocol": "HTTP"}},
		joins("join", "tg", props{"targetId": id("web")}), joins("join-two", "two", props{"targetId": id("api")}),
	}
	rule := func(in props) res {
		in["listenerArn"] = out("listener", "arn")
		return res{kind: "lb/listenerRule:ListenerRule", name: "rule", in: in}
	}
	weighted := props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("tg", "arn"), "weight": 1}, props{"arn": out("two", "arn"), "weight": 0})}}
	for name, c := range map[string]struct {
		actions any
		rule    *res
		want    []string
	}{
		"several groups": {list(props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("tg", "arn")}, props{"arn": out("two", "arn")})}}), nil,
			[]string{"HTTPS 443 → 8443: web; cross-zone", "HTTPS 443 → 9090: api; cross-zone"}},
		"a login first":    {list(props{"type": "authenticate-oidc", "order": 1}, forward("tg")), nil, []string{"HTTPS 443 → 8443: web; cross-zone"}},
		"a redirect":       {list(props{"type": "redirect"}), nil, []string{"HTTPS 443 → ?: ; preserve? cross-zone?"}},
		"a fixed response": {list(props{"type": "fixed-response"}), nil, []string{"HTTPS 443 → ?: ; preserve? cross-zone?"}},
		"hidden actions":   {hidden, nil, []string{"HTTPS 443 → ?: ; preserve? cross-zone?; open listener defaultActions"}},
		"a hidden type": {list(props{"type": hidden, "targetGroupArn": out("tg", "arn")}), nil,
			[]string{"HTTPS 443 → ?: ; preserve? cross-zone?; open tg"}},
		"a hidden weight": {list(props{"type": "forward", "forward": props{"targetGroups": list(props{"arn": out("tg", "arn"), "weight": hidden})}}), nil,
			[]string{"HTTPS 443 → ?: ; preserve? cross-zone?; open tg"}},
		"a group outside": {list(props{"type": "forward", "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:444455556666:targetgroup/x/0123456789abcdef"}), nil,
			[]string{"HTTPS 443 → ?: ; preserve? cross-zone?; open listener defaultActions[0].targetGroupArn"}},
		"a rule": {list(forward("tg")), new(rule(props{"actions": list(forward("two")), "conditions": list(props{"pathPattern": props{"values": list("/api/*")}})})),
			[]string{"HTTPS 443 → 8443: web; cross-zone", "HTTPS 443 → 9090: api; cross-zone"}},
		"a rule for some clients": {list(forward("tg")), new(rule(props{"actions": list(forward("two")), "conditions": list(props{"sourceIp": props{"values": list("192.0.2.0/24")}})})),
			[]string{"HTTPS 443 → 8443: web; cross-zone", "HTTPS 443 → ?: ; preserve? cross-zone?; open rule conditions"}},
		"a rule that redirects": {list(forward("tg")), new(rule(props{"actions": list(props{"type": "redirect"})})), []string{"HTTPS 443 → 8443: web; cross-zone"}},
		"a rule with hidden actions": {list(forward("tg")), new(rule(props{"actions": hidden})),
			[]string{"HTTPS 443 → 8443: web; cross-zone", "HTTPS 443 → ?: ; preserve? cross-zone?; open rule actions"}},
		"a rule of a hidden listener": {list(forward("tg")), &res{kind: "lb/listenerRule:ListenerRule", name: "rule", in: props{"listenerArn": hidden, "actions": list(forward("two"))}},
			[]string{"HTTPS 443 → 8443: web; cross-zone", "? ? → ?: ; preserve? cross-zone?; open rule listenerArn"}},
	} {
		t.Run(name, func(t *testing.T) {
			resources := append(balanced(props{"loadBalancerType": "application"}, props{"protocol": "HTTP"}), second...)
			if c.rule != nil {
				resources = append(resources, *c.rule)
			}
			for i, r := range resources {
				if r.name == "listener" {
					resources[i].in["protocol"], resources[i].in["defaultActions"] = "HTTPS", c.actions
				}
			}
			eachShape(t, resources, func(t *testing.T, m *Model) { assert.Equal(t, c.want, listenersOf(t, m, "lb")) })
		})
	}
	t.Run("weight zero", func(t *testing.T) {
		resources := append(balanced(props{"loadBalancerType": "application"}, nil), second...)
		for i, r := range resources {
			if r.name == "listener" {
				resources[i].in["defaultActions"] = list(weighted)
			}
		}
		for _, shape := range []string{recorded, exported} {
			assert.Equal(t, []string{"TCP 443 → 8443: web; cross-zone"}, listenersOf(t, built(t, shape, resources...), "lb"))
		}
		// A preview does not tell which of the two it is.
		assert.Equal(t, []string{"TCP 443 → ?: ; preserve? cross-zone?; open listener defaultActions[0].forward.targetGroups[0].arn"},
			listenersOf(t, built(t, previewed, resources...), "lb"))
	})
}

func TestListenerProtocols(t *testing.T) {
	for name, c := range map[string]struct {
		balancer string
		listener props
		want     string
	}{
		"the default of an application load balancer": {"application", props{"protocol": nil}, "HTTP 443"},
		"in small letters":                            {"network", props{"protocol": "tcp_udp"}, "TCP_UDP 443"},
		"hidden":                                      {"network", props{"protocol": hidden, "port": hidden}, "? ?"},
		"a gateway load balancer":                     {"gateway", props{"protocol": nil, "port": nil}, "ALL ?"},
	} {
		t.Run(name, func(t *testing.T) {
			resources := balanced(props{"loadBalancerType": c.balancer}, nil)
			for i, r := range resources {
				for key, value := range c.listener {
					if r.name == "listener" {
						resources[i].in[key] = value
					}
				}
			}
			eachShape(t, resources, func(t *testing.T, m *Model) {
				l := m.Balancers[0].Listeners[0]
				assert.Equal(t, c.want, orUnknown(l.Protocol)+" "+orUnknown(l.Port))
			})
		})
	}
	t.Run("of a hidden load balancer", func(t *testing.T) {
		resources := balanced(nil, nil)
		resources[len(resources)-1].in["loadBalancerArn"] = hidden
		eachShape(t, resources, func(t *testing.T, m *Model) {
			assert.Equal(t, []string{"? ? → ?: ; preserve? cross-zone?; open listener loadBalancerArn"}, listenersOf(t, m, "lb"))
		})
	})
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
func TestAcceptedEndpoints(t *testing.T) {
	accepter := func(endpoint any) res {
		return res{kind: "ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter", name: "accept", in: props{"vpcEndpointServiceId": id("service"), "vpcEndpointId": endpoint}}
	}
	for name, c := range map[string]struct {
		required any
		endpoint props
		more     []res
		want     string
	}{
		"not asked for":      {false, nil, nil, "true"},
		"asked for":          {true, nil, nil, "? service acceptanceRequired"},
		"hidden":             {hidden, nil, nil, "? service acceptanceRequired"},
		"accepted":           {true, nil, []res{accepter(id("endpoint"))}, "true"},
		"perhaps accepted":   {true, nil, []res{accepter(hidden)}, "? accept vpcEndpointId"},
		"another's":          {true, nil, []res{accepter("vpce-0aaaaaaaa")}, "? service acceptanceRequired"},
		"in the one account": {true, props{"autoAccept": true}, nil, "true"},
		"of AWS":             {true, props{"serviceName": "com.amazonaws.eu-west-1.kms"}, nil, "true"},
		"of somebody else":   {true, props{"serviceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-0aaaaaaaa"}, nil, "? endpoint serviceName"},
		"of nobody knows whom": {true, props{"serviceName": hidden}, nil,
			"? endpoint serviceName"},
		"a gateway": {true, props{"serviceName": "com.amazonaws.eu-west-1.s3", "vpcEndpointType": "Gateway", "subnetIds": nil}, nil, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			in := props{"vpcId": id("vpc"), "vpcEndpointType": "Interface", "serviceName": out("service", "serviceName"), "subnetIds": list(id("b"))}
			for key, value := range c.endpoint {
				in[key] = value
			}
			eachShape(t, balanced(nil, nil, append([]res{
				{kind: "ec2/vpcEndpointService:VpcEndpointService", name: "service", in: props{"acceptanceRequired": c.required, "networkLoadBalancerArns": list(out("lb", "arn"))}},
				{kind: "ec2/vpcEndpoint:VpcEndpoint", name: "endpoint", in: in},
			}, c.more...)...), func(t *testing.T, m *Model) {
				require.Len(t, m.Endpoints, 1)
				got := orUnknown(m.Endpoints[0].Accepted)
				if got == "?" {
					got += " " + refText(m.Endpoints[0].Accepted.Ref())
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}

package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	loadBalancerType = "aws:lb/loadBalancer:LoadBalancer"
	targetGroupType  = "aws:lb/targetGroup:TargetGroup"
	listenerType     = "aws:lb/listener:Listener"
)

// balancing is the name of the service in errors.
const balancing = "Elastic Load Balancing v2"

// loadBalancerName is what load balancers and target groups may be called.
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
var loadBalancerName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

func loadBalancerKind() *kind {
	return &kind{
		token: loadBalancerType, args: lb.LoadBalancerArgs{}, outputs: lb.LoadBalancer{},
		noun:  "ELBv2 network Load Balancer",
		label: func(in wire.Props) string { return in.Str("name") },
		api:   api{balancing, "CreateLoadBalancer", "ModifyLoadBalancerAttributes", "DeleteLoadBalancer"},
		id:    func(in wire.Props) string { return in.Str("name") }, // create gives it its ARN
		refs: []ref{
			{property: "subnets", token: subnetType},
			{property: "securityGroups", token: securityGroupType},
		},
		Resource: wire.Resource{
			Unmodelled: []string{
				"accessLogs", "clientKeepAlive", "connectionLogs", "customerOwnedIpv4Pool", "desyncMitigationMode",
				"dnsRecordClientRoutingPolicy", "dropInvalidHeaderFields", "enableHttp2", "enableTlsVersionAndCipherSuiteHeaders",
				"enableWafFailOpen", "enableXffClientPort", "enableZonalShift", "idleTimeout", "ipamPools",
				"minimumLoadBalancerCapacity", "namePrefix", "preserveHostHeader", "subnetMappings", "xffHeaderProcessingMode",
			},
			Defaults: wire.Props{
				"clientKeepAlive": float64(3600), "desyncMitigationMode": "defensive", "dropInvalidHeaderFields": false,
				"enableCrossZoneLoadBalancing": false, "enableDeletionProtection": false, "enableHttp2": true,
				"enableTlsVersionAndCipherSuiteHeaders": false, "enableWafFailOpen": false, "enableXffClientPort": false,
				"enableZonalShift": false, "idleTimeout": float64(60), "loadBalancerType": "application",
				"preserveHostHeader": false, "xffHeaderProcessingMode": "append",
			},
			Name:    &wire.AutoName{Property: "name", Max: 32, Separator: "-"},
			Replace: []string{"customerOwnedIpv4Pool", "internal", "loadBalancerType", "name", "namePrefix"},
			// A network load balancer only grows, and has security groups from
			// the first or never.
			ReplaceIf: func(old, new wire.Props, _ []string) []string {
				var forced []string
				if !within(old.Strs("subnets"), new.Strs("subnets")) {
					forced = append(forced, "subnets")
				}
				if (len(old.Strs("securityGroups")) == 0) != (len(new.Strs("securityGroups")) == 0) {
					forced = append(forced, "securityGroups")
				}
				return forced
			},
			Computed: []string{
				"enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "internal", "ipAddressType", "namePrefix", "securityGroups",
				"subnetMappings", "subnets",
			},
			Sets: []string{"securityGroups", "subnets"},
		},
		check: func(c *checks) {
			c.match("name", loadBalancerName, c.cloud.limit(catalog.QuotaLoadBalancerNameCharacters))
			if strings.HasPrefix(c.in.Str("name"), "internal-") {
				c.fail("name", "cannot begin with internal-")
			}
			if c.in.Has("loadBalancerType") && c.in.Str("loadBalancerType") != "network" {
				c.fail("loadBalancerType", "must be network: the sandbox models no other load balancers")
			}
			c.oneOf("ipAddressType", "ipv4")
			c.oneOf("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on", "off")
		},
		create: createLoadBalancer,
		update: updateLoadBalancer,
		remove: removeLoadBalancer,
	}
}

// within reports whether every item is in all.
func within(items, all []string) bool {
	return !slices.ContainsFunc(items, func(item string) bool { return !slices.Contains(all, item) })
}

func createLoadBalancer(t *tx, o *Object) error {
	p := o.props()
	name := p.Str("name")
	for other := range t.where(loadBalancerType, "name", name) {
		return t.refuse("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings",
			other.props().Str("name"))
	}
	n := count(t.where(loadBalancerType, "loadBalancerType", "network"))
	err := t.overQuota(n, catalog.QuotaNetworkLoadBalancersPerRegion, "TooManyLoadBalancers", "load balancers")
	if err != nil {
		return err
	}
	suffix := fmt.Sprintf("%s/%s", name, hash(16, t.session.account, t.session.region, name, fmt.Sprint(t.next("loadbalancer"))))
	p["arnSuffix"] = "net/" + suffix
	o.ID = t.arn("elasticloadbalancing", "loadbalancer/net/"+suffix)
	p["arn"] = o.ID
	p["dnsName"] = fmt.Sprintf("%s.elb.%s.amazonaws.com", strings.ReplaceAll(suffix, "/", "-"), t.session.region)
	p["zoneId"] = "Z" + strings.ToUpper(hash(13, t.session.region, "nlb"))
	p["ipAddressType"], p["internal"] = "ipv4", p.Bool("internal")
	if len(p.Strs("securityGroups")) > 0 && p.Str("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic") == "" {
		p["enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "on"
	}
	return t.placeLoadBalancer(o)
}

// placeLoadBalancer puts the network interfaces of a load balancer into its
// subnets, those that are there already left alone.
func (t *tx) placeLoadBalancer(o *Object) error {
	p := o.props()
	zones, vpc := map[string]bool{}, ""
	for _, id := range p.Strs("subnets") {
		subnet := t.find(subnetType, id).props()
		switch {
		case vpc != "" && subnet.Str("vpcId") != vpc:
			return t.refuse("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", vpc)
		case zones[subnet.Str("availabilityZone")]:
			return t.refuse("InvalidConfigurationRequest",
				"A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		vpc, zones[subnet.Str("availabilityZone")] = subnet.Str("vpcId"), true
	}
	if vpc == "" {
		return t.refuse("ValidationError", "At least one subnet must be specified")
	}
	if !p.Bool("internal") && first(t.where(internetGatewayType, "vpcId", vpc)) == nil {
		return t.refuse("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	p["vpcId"] = vpc
	groups := p.Strs("securityGroups")
	for _, id := range groups {
		if t.find(securityGroupType, id).props().Str("vpcId") != vpc {
			return t.refuse("InvalidConfigurationRequest", "One or more security groups are invalid")
		}
	}
	has := map[string]bool{}
	for eni := range t.all(networkInterfaceType) {
		if eni.With == o.ID {
			has[eni.props().Str("subnetId")] = true
			t.edit(eni).Properties["securityGroups"] = wire.Strings(groups...)
		}
	}
	for _, id := range p.Strs("subnets") {
		if has[id] {
			continue
		}
		if _, err := t.addInterface(o, t.find(subnetType, id), "", groups); err != nil {
			return err
		}
	}
	return nil
}

func updateLoadBalancer(t *tx, old, o *Object) error {
	was, is := old.props(), o.props()
	switch {
	case !within(was.Strs("subnets"), is.Strs("subnets")):
		return t.refuseAs("SetSubnets", "ValidationError", "Subnets cannot be removed from load balancer '%s'", o.ID)
	case len(was.Strs("securityGroups")) == 0 && len(is.Strs("securityGroups")) > 0:
		return t.refuseAs("SetSecurityGroups", "InvalidConfigurationRequest",
			"Security groups cannot be associated with a load balancer that was created without them")
	case len(was.Strs("securityGroups")) > 0 && len(is.Strs("securityGroups")) == 0:
		return t.refuseAs("SetSecurityGroups", "InvalidConfigurationRequest",
			"All security groups cannot be removed from a load balancer that was created with them")
	}
	return t.placeLoadBalancer(o)
}

func removeLoadBalancer(t *tx, o *Object) error {
	if o.props().Bool("enableDeletionProtection") {
		return t.refuse("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", o.ID)
	}
	for s := range t.all(endpointServiceType) {
		if slices.Contains(s.props().Strs("networkLoadBalancerArns"), o.ID) {
			return t.refuse("ResourceInUse", "Load balancer '%s' cannot be deleted because it is currently associated with another service", o.ID)
		}
	}
	// Its listeners go along.
	t.forget(o)
	return nil
}

func targetGroupKind() *kind {
	return &kind{
		token: targetGroupType, args: lb.TargetGroupArgs{}, outputs: lb.TargetGroup{},
		noun:  "ELBv2 Target Group",
		label: func(in wire.Props) string { return in.Str("name") },
		api:   api{balancing, "CreateTargetGroup", "ModifyTargetGroup", "DeleteTargetGroup"},
		id:    func(in wire.Props) string { return in.Str("name") }, // create gives it its ARN
		Resource: wire.Resource{
			Unmodelled: []string{
				"connectionTermination", "ipAddressType", "lambdaMultiValueHeadersEnabled", "loadBalancingAlgorithmType",
				"loadBalancingAnomalyMitigation", "loadBalancingCrossZoneEnabled", "namePrefix", "protocolVersion", "slowStart",
				"stickiness", "targetFailovers", "targetGroupHealth", "targetHealthStates",
			},
			Defaults: wire.Props{
				"deregistrationDelay": float64(300), "lambdaMultiValueHeadersEnabled": false, "proxyProtocolV2": false,
				"slowStart": float64(0), "targetType": "instance",
			},
			Name:    &wire.AutoName{Property: "name", Max: 32, Separator: "-"},
			Replace: []string{"ipAddressType", "name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId"},
			Computed: []string{
				"connectionTermination", "healthCheck", "ipAddressType", "loadBalancingAlgorithmType", "loadBalancingAnomalyMitigation",
				"loadBalancingCrossZoneEnabled", "namePrefix", "preserveClientIp", "protocolVersion", "stickiness", "targetFailovers",
				"targetGroupHealth", "targetHealthStates",
			},
		},
		check: func(c *checks) {
			c.match("name", loadBalancerName, c.cloud.limit(catalog.QuotaLoadBalancerNameCharacters))
			c.between("port", 1, 65535)
			c.oneOf("targetType", "ip", "instance")
			c.oneOf("preserveClientIp", "true", "false")
			c.between("deregistrationDelay", 0, 3600)
			if c.in.Has("vpcId") && !wellFormed(vpcType, c.in.Str("vpcId")) {
				c.fail("vpcId", "%q is not the id of %s", c.in.Str("vpcId"), example(vpcType))
			}
			if c.in.Has("protocol") && c.in.Str("protocol") != "TCP" && c.in.Str("protocol") != "TLS" {
				c.fail("protocol", "must be TCP or TLS: the sandbox models no others")
			}
			checkHealth(c)
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			name := p.Str("name")
			for _, required := range []string{"port", "protocol", "vpcId"} {
				if _, given := p[required]; !given {
					return t.refuse("ValidationError", "A %s must be specified", required)
				}
			}
			// A target group outlives its VPC, so that this is no reference.
			if t.find(vpcType, p.Str("vpcId")) == nil {
				return t.refuse("ValidationError", "The VPC ID '%s' is not found", p.Str("vpcId"))
			}
			if first(t.where(targetGroupType, "name", name)) != nil {
				return t.refuse("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
			}
			suffix := fmt.Sprintf("targetgroup/%s/%s", name,
				hash(16, t.session.account, t.session.region, name, fmt.Sprint(t.next("targetgroup"))))
			o.ID = t.arn("elasticloadbalancing", suffix)
			p["arn"], p["arnSuffix"], p["ipAddressType"] = o.ID, suffix, "ipv4"
			if err := t.checkTimeout(o); err != nil {
				return err
			}
			if p.Str("preserveClientIp") == "" {
				// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation
				p["preserveClientIp"] = fmt.Sprint(p.Str("targetType") == "instance")
			}
			return nil
		},
		update: func(t *tx, _, o *Object) error { return t.checkTimeout(o) },
		remove: func(t *tx, o *Object) error {
			for l := range t.all(listenerType) {
				if slices.Contains(targetGroups(l.props()), o.ID) {
					return t.refuse("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", o.ID)
				}
			}
			return nil
		},
	}
}

// checkTimeout refuses a health check that may outlast its interval.
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
func (t *tx) checkTimeout(o *Object) error {
	check := o.props().Object("healthCheck")
	interval, given := check.Int("interval")
	if !given {
		interval = 30
	}
	timeout, given := check.Int("timeout")
	switch {
	case given:
	case check.Str("protocol") == "HTTP" || check.Str("protocol") == "":
		timeout = 6
	default:
		timeout = 10
	}
	if timeout > interval {
		return t.refuse("ValidationError", "Health check timeout '%d' must be smaller than or equal to the interval '%d'", timeout, interval)
	}
	return nil
}

// checkHealth checks the form of a target group's health check.
func checkHealth(c *checks) {
	if c.in.IsUnknown("healthCheck") {
		return
	}
	check := &checks{cloud: c.cloud, session: c.session, in: c.in.Object("healthCheck")}
	check.oneOf("protocol", "TCP", "HTTP", "HTTPS")
	check.between("interval", 5, 300)
	check.between("healthyThreshold", 2, 10)
	check.between("unhealthyThreshold", 2, 10)
	check.between("timeout", 2, 120)
	if check.in.Str("protocol") == "TCP" && check.given("path") {
		check.fail("path", "is for HTTP and HTTPS health checks")
	}
	for _, failure := range check.failures {
		c.fail("healthCheck."+failure.Property, "%s", failure.Reason)
	}
}

func listenerKind() *kind {
	return &kind{
		token: listenerType, args: lb.ListenerArgs{}, outputs: lb.Listener{},
		noun:  "ELBv2 Listener",
		label: func(in wire.Props) string { return in.Str("loadBalancerArn") },
		api:   api{balancing, "CreateListener", "ModifyListener", "DeleteListener"},
		id:    func(in wire.Props) string { return in.Str("loadBalancerArn") }, // create gives it its ARN
		refs:  []ref{{property: "loadBalancerArn", token: loadBalancerType}},
		Resource: wire.Resource{
			Required:   []string{"defaultActions", "loadBalancerArn"},
			Unmodelled: []string{"alpnPolicy", "mutualAuthentication", "tcpIdleTimeoutSeconds"},
			Replace:    []string{"loadBalancerArn"},
			Computed:   []string{"mutualAuthentication", "protocol", "sslPolicy", "tcpIdleTimeoutSeconds"},
		},
		check: func(c *checks) {
			c.between("port", 1, 65535)
			c.arn("loadBalancerArn", "elasticloadbalancing")
			c.arn("certificateArn", "")
			if c.in.Has("protocol") && c.in.Str("protocol") != "TCP" && c.in.Str("protocol") != "TLS" {
				c.fail("protocol", "must be TCP or TLS: the sandbox models no others")
			}
			for i, action := range objects(c.in["defaultActions"]) {
				if action.Str("type") != "forward" && !action.IsUnknown("type") {
					c.fail(fmt.Sprintf("defaultActions[%d].type", i), "must be forward: a network load balancer does nothing else")
				}
				if _, given := action["targetGroupArn"]; !given {
					c.fail(fmt.Sprintf("defaultActions[%d].targetGroupArn", i), "is required: the sandbox models no weighted groups")
				}
			}
		},
		create: func(t *tx, o *Object) error {
			if err := t.checkListener(o); err != nil {
				return err
			}
			p := o.props()
			balancer := p.Str("loadBalancerArn")
			n := count(t.where(listenerType, "loadBalancerArn", balancer))
			err := t.overQuota(n, catalog.QuotaListenersPerNetworkLoadBalancer, "TooManyListeners", "listeners")
			if err != nil {
				return err
			}
			o.ID = strings.Replace(balancer, ":loadbalancer/", ":listener/", 1) + "/" + hash(16, balancer, fmt.Sprint(t.next("listener")))
			p["arn"] = o.ID
			return nil
		},
		update: func(t *tx, _, o *Object) error { return t.checkListener(o) },
	}
}

// objects returns the objects of a list.
func objects(v any) []wire.Props {
	list, _ := v.([]any)
	var found []wire.Props
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

// targetGroups returns the target groups that a listener forwards to.
func targetGroups(listener wire.Props) []string {
	var arns []string
	for _, action := range objects(listener["defaultActions"]) {
		arns = append(arns, action.Str("targetGroupArn"))
	}
	return arns
}

// checkListener refuses what CreateListener and ModifyListener refuse.
func (t *tx) checkListener(o *Object) error {
	p := o.props()
	balancer := t.find(loadBalancerType, p.Str("loadBalancerArn"))
	port, ok := p.Int("port")
	switch secure := p.Str("protocol") == "TLS"; {
	case !ok || p.Str("protocol") == "":
		return t.refuse("ValidationError", "A port and a protocol must be specified")
	case secure && p.Str("certificateArn") == "":
		return t.refuse("ValidationError", "A certificate must be specified for TLS listeners")
	case !secure && (p.Str("certificateArn") != "" || p.Str("sslPolicy") != ""):
		return t.refuse("ValidationError", "A certificate or an SSL policy cannot be specified for TCP listeners")
	case secure && p.Str("sslPolicy") == "":
		p["sslPolicy"] = "ELBSecurityPolicy-2016-08"
	}
	for other := range t.where(listenerType, "loadBalancerArn", balancer.ID) {
		if taken, _ := other.props().Int("port"); taken == port && other.ID != o.ID {
			return t.refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", balancer.ID)
		}
	}
	for _, arn := range targetGroups(p) {
		group := t.find(targetGroupType, arn)
		switch {
		case group == nil:
			return t.refuse("TargetGroupNotFound", "Target groups '%s' not found", arn)
		case group.props().Str("vpcId") != balancer.props().Str("vpcId"):
			return t.refuse("InvalidConfigurationRequest", "The following target groups are not in the VPC of the load balancer: %s", arn)
		case p.Str("protocol") == "TCP" && group.props().Str("protocol") != "TCP":
			return t.refuse("InvalidConfigurationRequest", "Listener protocol 'TCP' is not supported with a target group with the protocol '%s'",
				group.props().Str("protocol"))
		}
		for other := range t.all(listenerType) {
			if other.props().Str("loadBalancerArn") != balancer.ID && slices.Contains(targetGroups(other.props()), arn) {
				return t.refuse("TargetGroupAssociationLimit",
					"The following target groups cannot be associated with more than one load balancer: %s", arn)
			}
		}
	}
	return nil
}

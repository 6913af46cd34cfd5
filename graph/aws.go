package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
)

const (
	// documentationAccount stands for an account in AWS's own documents.
	documentationAccount = "111122223333"
	// standInRegion is in an ARN when neither provider nor config names one.
	standInRegion = "us-east-1"
)

// awsProvider is what the resources of a provider take from it.
type awsProvider struct {
	region  string // empty when the program leaves it to the environment
	account string // empty for the documentation account
	tags    resource.PropertyMap
}

// newAWSProvider reads a provider's inputs. Those that are not strings reach a
// provider as JSON in a string.
func newAWSProvider(inputs resource.PropertyMap) awsProvider {
	p := awsProvider{}
	if v := inputs["region"]; v.IsString() {
		p.region = v.StringValue()
	}
	if v := opened(inputs["allowedAccountIds"]); v.IsArray() && len(v.ArrayValue()) == 1 && v.ArrayValue()[0].IsString() {
		p.account = v.ArrayValue()[0].StringValue()
	}
	if v := opened(inputs["defaultTags"]); v.IsObject() && v.ObjectValue()["tags"].IsObject() {
		p.tags = v.ObjectValue()["tags"].ObjectValue()
	}
	return p
}

// opened returns the value that a string holds as JSON, or v itself.
func opened(v resource.PropertyValue) resource.PropertyValue {
	var raw any
	if v.IsString() && json.Unmarshal([]byte(v.StringValue()), &raw) == nil {
		return resource.NewPropertyValue(raw)
	}
	return v
}

// awsResource is an AWS resource whose outputs are being made up.
type awsResource struct {
	computed
	awsProvider
	zones []catalog.Zone // of the region; empty when the catalog lacks it
}

// fillAWS adds to the outputs what AWS computes. The recorder is locked.
func (r *recorder) fillAWS(res *Resource) {
	provider, ok := r.providers[res.Provider]
	if !ok || provider.region == "" {
		provider.region = r.providers[""].region
	}
	provider.region = cmp.Or(provider.region, standInRegion)
	provider.account = cmp.Or(provider.account, documentationAccount)
	region, _ := r.catalog.Region(provider.region)
	a := &awsResource{computed: r.computed(res), awsProvider: provider, zones: region.Zones}
	a.fillName()
	if fill, ok := awsComputed[res.Type]; ok {
		fill(a)
	}
	a.fillRest()
}

// awsComputed adds what is particular to a type. The properties and their
// defaults are those of https://www.pulumi.com/registry/packages/aws/api-docs/
// (v6), the formats of ARNs those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/. An id is
// the URN, so an ARN that ends in an id gets one made up in AWS's format.
var awsComputed = map[string]func(*awsResource){
	"aws:ec2/vpc:Vpc": func(a *awsResource) {
		a.setARN("vpc/" + a.madeUpID("vpc"))
		a.set("mainRouteTableId", a.madeUpID("rtb"))
		a.set("defaultRouteTableId", a.madeUpID("rtb"))
		a.set("defaultSecurityGroupId", a.madeUpID("sg"))
		a.set("defaultNetworkAclId", a.madeUpID("acl"))
		a.set("dhcpOptionsId", a.madeUpID("dopt"))
		a.preset("enableDnsSupport", true)
		a.preset("enableDnsHostnames", false)
		a.preset("instanceTenancy", "default")
	},
	"aws:ec2/internetGateway:InternetGateway": func(a *awsResource) {
		a.setARN("internet-gateway/" + a.madeUpID("igw"))
	},
	"aws:ec2/subnet:Subnet": func(a *awsResource) {
		a.setARN("subnet/" + a.madeUpID("subnet"))
		for _, zone := range a.zones {
			switch {
			case zone.Name == a.text("availabilityZone") && zone.ID != "":
				a.set("availabilityZoneId", zone.ID)
			case zone.ID != "" && zone.ID == a.text("availabilityZoneId"):
				a.set("availabilityZone", zone.Name)
			}
		}
		a.preset("mapPublicIpOnLaunch", false)
		a.preset("assignIpv6AddressOnCreation", false)
	},
	"aws:ec2/routeTable:RouteTable": func(a *awsResource) {
		a.setARN("route-table/" + a.madeUpID("rtb"))
	},
	"aws:ec2/route:Route": func(a *awsResource) {
		a.preset("origin", "CreateRoute")
		a.preset("state", "active")
	},
	"aws:ec2/eip:Eip": func(a *awsResource) {
		a.setARN("elastic-ip/" + a.madeUpID("eipalloc"))
		a.set("allocationId", a.ID)
		a.set("publicIp", documentationIP(a.URN))
		a.set("publicDns", a.publicName(a.text("publicIp")))
		a.preset("domain", "vpc")
	},
	"aws:ec2/natGateway:NatGateway": func(a *awsResource) {
		a.set("networkInterfaceId", a.madeUpID("eni"))
		a.preset("connectivityType", "public")
		allocation := a.text("allocationId")
		if allocation == "" {
			return
		}
		a.set("associationId", a.madeUpID("eipassoc"))
		if eip := a.known(allocation); eip != nil && eip.Outputs["publicIp"].IsString() {
			a.set("publicIp", eip.Outputs["publicIp"].StringValue())
		}
		a.set("publicIp", documentationIP(allocation))
	},
	"aws:ec2/vpcEndpoint:VpcEndpoint": fillEndpoint,
	"aws:ec2/securityGroup:SecurityGroup": func(a *awsResource) {
		a.setARN("security-group/" + a.madeUpID("sg"))
		a.preset("description", "Managed by Pulumi")
	},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": fillRule,
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   fillRule,
	"aws:ec2/flowLog:FlowLog": func(a *awsResource) {
		a.setARN("vpc-flow-log/" + a.madeUpID("fl"))
		a.preset("logDestinationType", "cloud-watch-logs")
		a.preset("maxAggregationInterval", 600)
	},
	"aws:cloudwatch/logGroup:LogGroup": func(a *awsResource) {
		a.set("arn", a.arn("logs", a.region, "log-group:"+a.text("name")))
		a.preset("logGroupClass", "STANDARD")
	},
	"aws:rds/subnetGroup:SubnetGroup":   fillDBSubnetGroup,
	"aws:docdb/subnetGroup:SubnetGroup": fillDBSubnetGroup,
	"aws:elasticache/subnetGroup:SubnetGroup": func(a *awsResource) {
		a.set("arn", a.arn("elasticache", a.region, "subnetgroup:"+a.text("name")))
		a.setGroupVpc()
	},
	"aws:sqs/queue:Queue": func(a *awsResource) {
		if _, named := a.Inputs["name"]; !named && a.Outputs["fifoQueue"].IsBool() && a.Outputs["fifoQueue"].BoolValue() {
			a.Outputs["name"] = resource.NewProperty(a.text("name") + ".fifo")
		}
		a.set("arn", a.arn("sqs", a.region, a.text("name")))
	},
	"aws:lb/loadBalancer:LoadBalancer": func(a *awsResource) {
		suffix := a.text("name") + "/" + a.digits("balancer")[:16]
		a.preset("loadBalancerType", "application")
		kind := "app/"
		if a.text("loadBalancerType") == "network" {
			kind = "net/"
		}
		a.set("arn", a.arn("elasticloadbalancing", a.region, "loadbalancer/"+kind+suffix))
		a.set("arnSuffix", kind+suffix)
		a.set("dnsName", strings.ReplaceAll(suffix, "/", "-")+".elb."+a.region+".amazonaws.com")
		a.set("zoneId", a.hostedZoneID())
		a.preset("internal", false)
		a.preset("ipAddressType", "ipv4")
		a.preset("enableDeletionProtection", false)
	},
	"aws:lb/targetGroup:TargetGroup": func(a *awsResource) {
		suffix := "targetgroup/" + a.text("name") + "/" + a.digits("group")[:16]
		a.set("arn", a.arn("elasticloadbalancing", a.region, suffix))
		a.set("arnSuffix", suffix)
		a.preset("targetType", "instance")
	},
	"aws:lb/listener:Listener": func(a *awsResource) {
		balancer := a.text("loadBalancerArn")
		a.set("arn", strings.Replace(balancer, ":loadbalancer/", ":listener/", 1)+"/"+a.digits("listener")[:16])
	},
	"aws:ec2/vpcEndpointService:VpcEndpointService": func(a *awsResource) {
		id := a.madeUpID("vpce-svc")
		a.setARN("vpc-endpoint-service/" + id)
		a.set("serviceName", "com.amazonaws.vpce."+a.region+"."+id)
		a.set("serviceType", "Interface")
		a.set("state", "Available")
		a.set("managesVpcEndpoints", false)
		a.set("baseEndpointDnsNames", []any{id + "." + a.region + ".vpce.amazonaws.com"})
		if a.text("privateDnsName") != "" {
			a.set("privateDnsNameConfigurations", []any{map[string]any{
				"name": "_" + a.digits("label")[:20], "value": "vpce:" + a.digits("value")[:20], "type": "TXT", "state": "pendingVerification",
			}})
		}
	},
	"aws:route53/zone:Zone": func(a *awsResource) {
		a.set("zoneId", a.hostedZoneID())
		a.set("arn", "arn:"+partition(a.region).name+":route53:::hostedzone/"+a.text("zoneId"))
		a.preset("comment", "Managed by Pulumi")
	},
	"aws:route53/record:Record": func(a *awsResource) {
		a.set("fqdn", a.text("name"))
	},
	"aws:networkfirewall/ruleGroup:RuleGroup": func(a *awsResource) {
		kind := "stateful-rulegroup/"
		if a.text("type") == "STATELESS" {
			kind = "stateless-rulegroup/"
		}
		a.set("arn", a.arn("network-firewall", a.region, kind+a.text("name")))
	},
	"aws:networkfirewall/firewallPolicy:FirewallPolicy": func(a *awsResource) {
		a.set("arn", a.arn("network-firewall", a.region, "firewall-policy/"+a.text("name")))
	},
	"aws:networkfirewall/firewall:Firewall": func(a *awsResource) {
		a.set("arn", a.arn("network-firewall", a.region, "firewall/"+a.text("name")))
		a.preset("deleteProtection", false)
		var states []any
		for i, mapping := range a.list("subnetMappings") {
			if !mapping.IsObject() || !mapping.ObjectValue()["subnetId"].IsString() {
				continue
			}
			id := mapping.ObjectValue()["subnetId"].StringValue()
			state := map[string]any{"attachments": []any{map[string]any{
				"endpointId": a.madeUpID("vpce", fmt.Sprint(i)), "subnetId": id,
			}}}
			if subnet := a.known(id); subnet != nil && subnet.Outputs["availabilityZone"].IsString() {
				state["availabilityZone"] = subnet.Outputs["availabilityZone"].StringValue()
			}
			states = append(states, state)
		}
		a.set("firewallStatuses", []any{map[string]any{"syncStates": states}})
	},
	"aws:iam/policy:Policy": func(a *awsResource) {
		a.preset("path", "/")
		a.set("arn", a.arn("iam", "", "policy"+cmp.Or(a.text("path"), "/")+a.text("name")))
	},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": func(a *awsResource) {
		a.set("arn", a.arn("iam", "", "oidc-provider/"+strings.TrimPrefix(a.text("url"), "https://")))
	},
	"aws:iam/role:Role": func(a *awsResource) {
		a.preset("path", "/")
		a.set("arn", a.arn("iam", "", "role"+cmp.Or(a.text("path"), "/")+a.text("name")))
		a.set("uniqueId", "AROA"+strings.ToUpper(a.digits("unique")[:17]))
		a.preset("maxSessionDuration", 3600)
	},
}

// fillDBSubnetGroup fills in a group of RDS or of DocumentDB, whose API is RDS's.
func fillDBSubnetGroup(a *awsResource) {
	a.set("arn", a.arn("rds", a.region, "subgrp:"+a.text("name")))
	a.setGroupVpc()
}

// setGroupVpc sets a subnet group's VPC, where the type has it, to that of its
// first subnet.
func (a *awsResource) setGroupVpc() {
	subnets := a.list("subnetIds")
	if _, has := a.outputs["vpcId"]; !has || len(subnets) == 0 || !subnets[0].IsString() {
		return
	}
	if subnet := a.known(subnets[0].StringValue()); subnet != nil && subnet.Outputs["vpcId"].IsString() {
		a.set("vpcId", subnet.Outputs["vpcId"].StringValue())
	}
}

func fillRule(a *awsResource) {
	a.setARN("security-group-rule/" + a.madeUpID("sgr"))
	a.set("securityGroupRuleId", a.ID)
}

// fillEndpoint adds what AWS computes for a VPC endpoint. The policy of one
// that was given none is AWS's full access
// (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
func fillEndpoint(a *awsResource) {
	id := a.madeUpID("vpce")
	a.setARN("vpc-endpoint/" + id)
	a.set("state", "available")
	a.set("requesterManaged", false)
	a.preset("vpcEndpointType", "Gateway")
	a.preset("privateDnsEnabled", false)
	a.preset("policy", `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)
	if a.text("vpcEndpointType") == "Gateway" {
		a.set("prefixListId", a.madeUpID("pl"))
		return
	}
	a.preset("ipAddressType", "ipv4")
	if vpc := a.known(a.text("vpcId")); vpc != nil && len(a.list("securityGroupIds")) == 0 {
		// As AWS does with an endpoint that was given no group.
		a.Outputs["securityGroupIds"] = resource.NewProperty([]resource.PropertyValue{vpc.Outputs["defaultSecurityGroupId"]})
	}
	var interfaces []any
	for i := range a.list("subnetIds") {
		interfaces = append(interfaces, a.madeUpID("eni", fmt.Sprint(i)))
	}
	a.set("networkInterfaceIds", interfaces)
	// com.amazonaws.eu-west-1.ecr.api answers at api.ecr, and
	// com.amazonaws.vpce.eu-west-1.vpce-svc-1 at vpce-svc-1.
	labels := slices.DeleteFunc(strings.Split(a.text("serviceName"), "."), func(label string) bool {
		return slices.Contains([]string{"com", "amazonaws", "vpce", a.region}, label)
	})
	slices.Reverse(labels)
	a.set("dnsEntries", []any{map[string]any{
		"dnsName":      fmt.Sprintf("%s-%s.%s.%s.vpce.amazonaws.com", id, a.digits("dns")[:8], strings.Join(labels, "."), a.region),
		"hostedZoneId": a.hostedZoneID(),
	}})
}

// fillName gives a name to what has one and was given none, as Pulumi does:
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming.
func (a *awsResource) fillName() {
	if a.outputs["name"] == reflect.TypeFor[pulumi.StringOutput]() {
		a.set("name", cmp.Or(a.text("namePrefix"), a.Name+"-")+a.digits("name")[:7])
	}
}

// fillRest adds the outputs that mean the same in every type, where the type
// has them.
func (a *awsResource) fillRest() {
	service, kind := a.service()
	label := cmp.Or(a.text("name"), a.madeUpID(kind))
	usual := map[string]any{
		"arn":       a.arn(service, a.region, kind+"/"+label),
		"ownerId":   a.account,
		"accountId": a.account,
		"dnsName":   fmt.Sprintf("%s.%s.%s.amazonaws.com", label, service, a.region),
		"url":       fmt.Sprintf("https://%s.%s.amazonaws.com/%s/%s", service, a.region, a.account, label),
	}
	for key, value := range usual {
		if a.outputs[key] == reflect.TypeFor[pulumi.StringOutput]() {
			a.set(key, value)
		}
	}
	if _, has := a.outputs["tagsAll"]; has && !a.External {
		a.fillTags()
	}
}

// fillTags adds the tags that the provider puts on everything; the resource's
// own win.
func (a *awsResource) fillTags() {
	tags, given := a.Inputs["tags"]
	if given && !tags.IsObject() {
		a.Outputs["tagsAll"] = tags // a secret or an unknown, with all it hides
		return
	}
	all := resource.PropertyMap{}
	maps.Copy(all, a.tags)
	if given {
		maps.Copy(all, tags.ObjectValue())
	}
	a.Outputs["tagsAll"] = resource.NewProperty(all)
}

func (a *awsResource) setARN(path string) { a.set("arn", a.arn("ec2", a.region, path)) }

func (a *awsResource) arn(service, region, path string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", partition(a.region).name, service, region, a.account, path)
}

// service takes the token apart: "aws:ec2/networkAcl:NetworkAcl" is ec2 and
// network-acl.
func (a *awsResource) service() (service, kind string) {
	_, rest, _ := strings.Cut(a.Type, ":")
	module, _, _ := strings.Cut(rest, ":")
	service, kind, _ = strings.Cut(module, "/")
	if other, ok := arnServices[service]; ok {
		service = other
	}
	return service, kebab(cmp.Or(kind, "resource"))
}

// kebab writes "networkAcl" as "network-acl", as ARNs do.
func kebab(name string) string {
	var b strings.Builder
	for _, letter := range name {
		if unicode.IsUpper(letter) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(letter))
	}
	return b.String()
}

// arnServices has the modules of the SDK that an ARN calls by another name.
var arnServices = map[string]string{
	"alb": "elasticloadbalancing", "cfg": "config", "cloudwatch": "logs", "ec2transitgateway": "ec2",
	"lb": "elasticloadbalancing", "vpc": "ec2",
}

// madeUpID returns an id in AWS's format: the prefix and 17 hexadecimal digits.
func (a *awsResource) madeUpID(prefix string, seed ...string) string {
	if strings.HasPrefix(a.ID, prefix+"-") {
		return a.ID // that of a resource that is only read
	}
	return prefix + "-0" + a.digits(append(seed, prefix)...)[:16]
}

// hostedZoneID returns the id of a Route 53 zone.
func (a *awsResource) hostedZoneID() string { return "Z" + strings.ToUpper(a.digits("zone")[:20]) }

// publicName is the name that AWS gives to a public address.
func (a *awsResource) publicName(ip string) string {
	host := "ec2-" + strings.ReplaceAll(ip, ".", "-")
	if a.region == "us-east-1" {
		return host + ".compute-1.amazonaws.com"
	}
	return host + "." + a.region + ".compute.amazonaws.com"
}

// awsPartition is a part of AWS with accounts of its own.
type awsPartition struct{ name, dnsSuffix string }

// partition returns the partition a region is in:
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html.
func partition(region string) awsPartition {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return awsPartition{"aws-cn", "amazonaws.com.cn"}
	case strings.HasPrefix(region, "us-gov-"):
		return awsPartition{"aws-us-gov", "amazonaws.com"}
	}
	return awsPartition{"aws", "amazonaws.com"}
}

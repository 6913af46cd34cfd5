package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	vpcEndpointType        = "aws:ec2/vpcEndpoint:VpcEndpoint"
	endpointRouteTableType = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
)

func vpcEndpointKind() *kind {
	return &kind{
		token: vpcEndpointType, args: ec2.VpcEndpointArgs{}, outputs: ec2.VpcEndpoint{},
		noun:   "EC2 VPC Endpoint",
		label:  func(in wire.Props) string { return in.Str("serviceName") },
		api:    api{"EC2", "CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"},
		prefix: "vpce", path: "vpc-endpoint/",
		refs: []ref{
			{property: "vpcId", token: vpcType},
			{property: "subnetIds", token: subnetType},
			{property: "securityGroupIds", token: securityGroupType},
			{property: "routeTableIds", token: routeTableType, weak: true},
		},
		Resource: wire.Resource{
			Unmodelled: []string{"autoAccept", "resourceConfigurationArn", "serviceNetworkArn", "subnetConfigurations"},
			Defaults:   wire.Props{"vpcEndpointType": catalog.Gateway},
			Replace: []string{
				"resourceConfigurationArn", "serviceName", "serviceNetworkArn", "serviceRegion", "vpcEndpointType", "vpcId",
			},
			ReplaceIf: func(old, _ wire.Props, _ []string) []string {
				if old.Str("vpcEndpointType") != catalog.Interface {
					return []string{"privateDnsEnabled"}
				}
				return nil
			},
			Computed: []string{
				"dnsOptions", "ipAddressType", "policy", "privateDnsEnabled", "routeTableIds", "securityGroupIds",
				"serviceRegion", "subnetConfigurations", "subnetIds",
			},
			Sets: []string{"routeTableIds", "securityGroupIds", "subnetIds"},
			JSON: []string{"policy"},
			Unstable: map[string][]string{
				"subnetIds": {"networkInterfaceIds", "subnetConfigurations", "dnsEntries"}, "privateDnsEnabled": {"dnsEntries"},
			},
		},
		check: func(c *checks) {
			c.oneOf("vpcEndpointType", catalog.Gateway, catalog.Interface)
			c.oneOf("ipAddressType", "ipv4")
			if customService(c.in.Str("serviceName")) || c.in.IsUnknown("serviceName") {
				c.oneOf("serviceRegion", c.cloud.regionNames()...)
			} else {
				c.oneOf("serviceRegion", c.session.region)
			}
			c.policy("policy")
			if !c.given("serviceName") {
				c.fail("serviceName", "is required: the sandbox knows endpoints of services only")
			}
			if kind, ok := c.in.Object("dnsOptions")["dnsRecordIpType"]; ok && kind != "ipv4" && !c.in.IsUnknown("dnsOptions") {
				c.fail("dnsOptions.dnsRecordIpType", "must be ipv4: the sandbox models no other")
			}
		},
		create: createEndpoint,
		update: updateEndpoint,
		remove: func(t *tx, o *Object) error {
			t.forget(o)
			return nil
		},
	}
}

// services returns the catalog's services of that name in the session's
// region. S3 and DynamoDB have two, one for each type.
func (t *tx) services(name string) []catalog.EndpointService {
	var found []catalog.EndpointService
	for _, s := range t.cloud.catalog.EndpointServices() {
		if s.ServiceName(t.session.region) == name {
			found = append(found, s)
		}
	}
	return found
}

func createEndpoint(t *tx, o *Object) error {
	p := o.props()
	name := p.Str("serviceName")
	if customService(name) {
		return t.createCustomEndpoint(o)
	}
	services := t.services(name)
	if len(services) == 0 {
		return t.refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", name)
	}
	i := slices.IndexFunc(services, func(s catalog.EndpointService) bool { return s.Type == p.Str("vpcEndpointType") })
	if i < 0 {
		return t.refuse("InvalidParameter", "Endpoint type (%s) does not match available service types ([%s]).",
			p.Str("vpcEndpointType"), services[0].Type)
	}
	if err := t.checkEndpointPolicy(p.Str("policy")); err != nil {
		return err
	}
	p["state"], p["serviceRegion"], p["requesterManaged"] = "available", t.session.region, false
	p["privateDnsEnabled"] = p.Bool("privateDnsEnabled")
	if services[i].Type == catalog.Gateway {
		return t.createGatewayEndpoint(o)
	}
	return t.createInterfaceEndpoint(o, services[i])
}

// checkEndpointPolicy refuses a policy that is too long or no policy.
func (t *tx) checkEndpointPolicy(text string) error {
	if text == "" {
		return nil
	}
	if most := t.quota(catalog.QuotaEndpointPolicyCharacters); len(text) > most {
		return t.refuse("InvalidPolicyDocument", "The policy document exceeds the maximum size of %d characters", most)
	}
	var policy struct {
		Statement any
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil || policy.Statement == nil {
		return t.refuse("InvalidPolicyDocument", "The specified policy document is not valid")
	}
	return nil
}

func (t *tx) createGatewayEndpoint(o *Object) error {
	p := o.props()
	for _, property := range []string{"subnetIds", "securityGroupIds"} {
		if len(p.Strs(property)) > 0 {
			return t.refuse("InvalidParameter", "The parameter %s is not applicable to Gateway VPC Endpoints.", property)
		}
	}
	if p.Bool("privateDnsEnabled") {
		return t.refuse("InvalidParameter", "Private DNS is not applicable to Gateway VPC Endpoints.")
	}
	if p.Object("dnsOptions").Bool("privateDnsOnlyForInboundResolverEndpoint") {
		return t.refuse("InvalidParameter", "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.")
	}
	n := count(t.where(vpcEndpointType, "vpcEndpointType", catalog.Gateway))
	err := t.overQuota(n, catalog.QuotaGatewayEndpointsPerRegion, "VpcEndpointLimitExceeded", "VPC endpoints")
	if err != nil {
		return err
	}
	for _, table := range p.Strs("routeTableIds") {
		if err := t.checkEndpointRoute(o, table); err != nil {
			return err
		}
	}
	p["prefixListId"] = prefixList(t.session.region, p.Str("serviceName"))
	// Which blocks a service has is AWS's own affair; one for documentation
	// stands in.
	p["cidrBlocks"] = wire.Strings(publicRanges[2].String())
	if p.Str("policy") == "" {
		p["policy"] = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}`
	}
	return nil
}

// prefixList returns the id of the prefix list of a service in a region.
func prefixList(region, service string) string { return "pl-" + hash(8, region, service) }

// checkEndpointRoute refuses to route a gateway endpoint's service in a table.
func (t *tx) checkEndpointRoute(o *Object, table string) error {
	rt := t.find(routeTableType, table)
	if rt.props().Str("vpcId") != o.props().Str("vpcId") {
		return t.refuse("InvalidParameter", "Route table %s does not belong to VPC %s", table, o.props().Str("vpcId"))
	}
	for other := range t.where(vpcEndpointType, "serviceName", o.props().Str("serviceName")) {
		if other.ID != o.ID && slices.Contains(t.endpointTables(other), table) {
			return t.refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s",
				table, other.props().Str("prefixListId"))
		}
	}
	return t.overRoutes(table)
}

// endpointTables returns the route tables that lead to a gateway endpoint:
// those it was given and those associated with it.
func (t *tx) endpointTables(o *Object) []string {
	tables := o.props().Strs("routeTableIds")
	for a := range t.where(endpointRouteTableType, "vpcEndpointId", o.ID) {
		tables = append(tables, a.props().Str("routeTableId"))
	}
	return tables
}

// withoutTable takes a route table that is going from the endpoints that have
// it.
func (t *tx) withoutTable(table string) {
	for o := range t.all(vpcEndpointType) {
		tables := o.props().Strs("routeTableIds")
		if slices.Contains(tables, table) {
			left := slices.DeleteFunc(tables, func(id string) bool { return id == table })
			t.edit(o).Properties["routeTableIds"] = wire.Strings(left...)
		}
	}
}

func (t *tx) createInterfaceEndpoint(o *Object, service catalog.EndpointService) error {
	p := o.props()
	if len(p.Strs("routeTableIds")) > 0 {
		return t.refuse("InvalidParameter", "The parameter routeTableIds is not applicable to Interface VPC Endpoints.")
	}
	n := 0
	for other := range t.where(vpcEndpointType, "vpcId", p.Str("vpcId")) {
		if other.props().Str("vpcEndpointType") == catalog.Interface {
			n++
		}
	}
	err := t.overQuota(n, catalog.QuotaInterfaceEndpointsPerVpc, "VpcEndpointLimitExceeded", "VPC endpoints")
	if err != nil {
		return err
	}
	if len(p.Strs("securityGroupIds")) == 0 {
		vpc := t.find(vpcType, p.Str("vpcId"))
		p["securityGroupIds"] = wire.Strings(vpc.props().Str("defaultSecurityGroupId"))
	}
	if err := t.checkPrivateDNS(o); err != nil {
		return err
	}
	p["ipAddressType"] = "ipv4"
	if p.Str("policy") == "" {
		p["policy"] = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`
	}
	// What the program gives is kept as it is: the provider shows no
	// difference for the parts that AWS fills in.
	if _, given := p["dnsOptions"]; !given {
		p["dnsOptions"] = map[string]any{"dnsRecordIpType": "ipv4"}
	}
	return t.placeEndpoint(o, service)
}

// checkPrivateDNS refuses private DNS names that the VPC cannot have.
func (t *tx) checkPrivateDNS(o *Object) error {
	p := o.props()
	if !p.Bool("privateDnsEnabled") {
		return nil
	}
	vpc := t.find(vpcType, p.Str("vpcId"))
	if !vpc.props().Bool("enableDnsSupport") || !vpc.props().Bool("enableDnsHostnames") {
		return t.refuse("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames "+
			"VPC attributes set to true for %s", vpc.ID)
	}
	gateway := false
	for other := range t.where(vpcEndpointType, "vpcId", vpc.ID) {
		if other.ID == o.ID || other.props().Str("serviceName") != p.Str("serviceName") {
			continue
		}
		if other.props().Str("vpcEndpointType") == catalog.Gateway {
			gateway = true
		} else if other.props().Bool("privateDnsEnabled") {
			return t.refuse("InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting "+
				"DNS domain for %s in the VPC %s", privateDNSName(t.session.region, p.Str("serviceName")), vpc.ID)
		}
	}
	// S3 resolves its names for on-premises callers only, unless told not to.
	// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html#private-dns
	only, told := p.Object("dnsOptions")["privateDnsOnlyForInboundResolverEndpoint"].(bool)
	s3 := p.Str("serviceName") == "com.amazonaws."+t.session.region+".s3"
	if s3 && (only || !told) && !gateway {
		return t.refuse("InvalidParameter", "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC %s must have a "+
			"Gateway endpoint for the service.", vpc.ID)
	}
	return nil
}

// placeEndpoint puts the network interfaces of an interface endpoint where its
// subnets are and takes away those it no longer has.
func (t *tx) placeEndpoint(o *Object, service catalog.EndpointService) error {
	p := o.props()
	groups := p.Strs("securityGroupIds")
	if len(groups) > t.quota(catalog.QuotaSecurityGroupsPerNetworkInterface) {
		return t.refuse("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	zones := map[string]string{}
	for _, id := range p.Strs("subnetIds") {
		subnet := t.find(subnetType, id)
		if err := t.checkPlace(o, subnet, groups, service); err != nil {
			return err
		}
		zone := subnet.props().Str("availabilityZone")
		if there, ok := zones[zone]; ok {
			return t.refuse("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s. "+
				"VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.", there)
		}
		zones[zone] = id
	}
	// Interfaces go before new ones come, so that a zone can change subnets.
	has := map[string]*Object{}
	for eni := range t.all(networkInterfaceType) {
		if eni.With != o.ID {
			continue
		}
		if subnet := eni.props().Str("subnetId"); slices.Contains(p.Strs("subnetIds"), subnet) {
			has[subnet] = t.edit(eni)
			has[subnet].Properties["securityGroups"] = wire.Strings(groups...)
		} else {
			t.remove(eni)
		}
	}
	ids, addresses := []any{}, []any{}
	for _, id := range p.Strs("subnetIds") {
		eni := has[id]
		if eni == nil {
			var err error
			if eni, err = t.addInterface(o, t.find(subnetType, id), "", groups); err != nil {
				return err
			}
		}
		ids = append(ids, eni.ID)
		addresses = append(addresses, map[string]any{"subnetId": id, "ipv4": eni.props().Str("privateIp")})
	}
	p["networkInterfaceIds"], p["subnetConfigurations"] = ids, addresses
	p["dnsEntries"] = t.dnsEntries(o)
	return nil
}

// checkPlace refuses a subnet that an interface endpoint cannot be in.
func (t *tx) checkPlace(o, subnet *Object, groups []string, service catalog.EndpointService) error {
	p := o.props()
	if subnet.props().Str("vpcId") != p.Str("vpcId") {
		return t.refuse("InvalidParameter", "Subnet %s does not belong to VPC %s", subnet.ID, p.Str("vpcId"))
	}
	for _, id := range groups {
		if g := t.find(securityGroupType, id); g == nil || g.props().Str("vpcId") != p.Str("vpcId") {
			return t.refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, subnet.ID)
		}
	}
	if slices.Contains(service.UnsupportedZoneIDs, subnet.props().Str("availabilityZoneId")) {
		return t.refuse("InvalidParameter", "The VPC endpoint service %s does not support the availability zone of the subnet: %s.",
			p.Str("serviceName"), subnet.ID)
	}
	return nil
}

// irregular are the services whose private DNS name is not their service name
// reversed.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
var irregular = map[string]string{"ecs-agent": "ecs-a", "ecs-telemetry": "ecs-t", "ecr.dkr": "*.dkr.ecr"}

// reversed turns the parts of a service's own name around: "ecr.api" gives
// "api.ecr".
func reversed(region, serviceName string) string {
	parts := strings.Split(strings.TrimPrefix(serviceName, "com.amazonaws."+region+"."), ".")
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

// privateDNSName returns the name that an endpoint with private DNS takes
// over: "api.ecr.eu-west-1.amazonaws.com".
func privateDNSName(region, serviceName string) string {
	own := strings.TrimPrefix(serviceName, "com.amazonaws."+region+".")
	switch {
	case own == "eks-auth":
		return "eks-auth." + region + ".api.aws"
	case irregular[own] != "":
		return irregular[own] + "." + region + ".amazonaws.com"
	}
	return reversed(region, serviceName) + "." + region + ".amazonaws.com"
}

// dnsEntries returns the names of an interface endpoint: the regional one, one
// for each zone, and the private one.
func (t *tx) dnsEntries(o *Object) []any {
	p := o.props()
	region := t.session.region
	zone := "Z" + strings.ToUpper(hash(13, region, "vpce"))
	base := o.ID + "-" + hash(8, o.ID, "dns")
	domain := fmt.Sprintf("%s.%s.vpce.amazonaws.com", reversed(region, p.Str("serviceName")), region)
	private := privateDNSName(region, p.Str("serviceName"))
	if service := t.everywhere(endpointServiceType, "serviceName", p.Str("serviceName")); service != nil {
		domain = service.ID + "." + service.Region + ".vpce.amazonaws.com"
		private = service.props().Str("privateDnsName")
	}
	entries := []any{map[string]any{"dnsName": base + "." + domain, "hostedZoneId": zone}}
	for _, id := range p.Strs("subnetIds") {
		az := t.find(subnetType, id).props().Str("availabilityZone")
		entries = append(entries, map[string]any{"dnsName": fmt.Sprintf("%s-%s.%s", base, az, domain), "hostedZoneId": zone})
	}
	if p.Bool("privateDnsEnabled") {
		entries = append(entries, map[string]any{
			"dnsName":      private,
			"hostedZoneId": "Z" + strings.ToUpper(hash(20, o.ID, "private")),
		})
	}
	return entries
}

func updateEndpoint(t *tx, old, o *Object) error {
	p := o.props()
	if err := t.checkEndpointPolicy(p.Str("policy")); err != nil {
		return err
	}
	if p.Str("vpcEndpointType") == catalog.Gateway {
		for _, table := range p.Strs("routeTableIds") {
			if slices.Contains(old.props().Strs("routeTableIds"), table) {
				continue
			}
			if err := t.checkEndpointRoute(o, table); err != nil {
				return err
			}
		}
		return nil
	}
	if customService(p.Str("serviceName")) {
		return t.updateCustomEndpoint(o)
	}
	if err := t.checkPrivateDNS(o); err != nil {
		return err
	}
	for _, s := range t.services(p.Str("serviceName")) {
		if s.Type == catalog.Interface {
			return t.placeEndpoint(o, s)
		}
	}
	return nil
}

func endpointRouteTableKind() *kind {
	return &kind{
		token: endpointRouteTableType, args: ec2.VpcEndpointRouteTableAssociationArgs{}, outputs: ec2.VpcEndpointRouteTableAssociation{},
		noun:  "VPC Endpoint Route Table Association",
		label: func(in wire.Props) string { return in.Str("vpcEndpointId") + "/" + in.Str("routeTableId") },
		api:   api{"EC2", "ModifyVpcEndpoint", "ModifyVpcEndpoint", "ModifyVpcEndpoint"},
		id:    func(in wire.Props) string { return pairID("a", in.Str("vpcEndpointId"), in.Str("routeTableId")) },
		refs: []ref{
			{property: "vpcEndpointId", token: vpcEndpointType},
			{property: "routeTableId", token: routeTableType},
		},
		Resource: wire.Resource{Replace: []string{"routeTableId", "vpcEndpointId"}},
		create: func(t *tx, o *Object) error {
			endpoint, table := t.find(vpcEndpointType, o.props().Str("vpcEndpointId")), o.props().Str("routeTableId")
			if endpoint.props().Str("vpcEndpointType") != catalog.Gateway {
				return t.refuse("InvalidParameter", "The parameter routeTableIds is not applicable to Interface VPC Endpoints.")
			}
			if slices.Contains(t.endpointTables(endpoint), table) {
				return t.refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s",
					table, endpoint.props().Str("prefixListId"))
			}
			return t.checkEndpointRoute(endpoint, table)
		},
	}
}

package aws

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	endpointServiceType  = "aws:ec2/vpcEndpointService:VpcEndpointService"
	allowedPrincipalType = "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple"
	verificationType     = "aws:vpc/endpointServicePrivateDnsVerification:EndpointServicePrivateDnsVerification"
	accepterType         = "aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter"
)

// The states of a connection to an endpoint service.
const (
	connectionPending   = "pendingAcceptance"
	connectionAvailable = "available"
	connectionRejected  = "rejected"
)

func endpointServiceKind() *kind {
	return &kind{
		token: endpointServiceType, args: ec2.VpcEndpointServiceArgs{}, outputs: ec2.VpcEndpointService{},
		noun: "EC2 VPC Endpoint Service",
		api: api{
			"EC2", "CreateVpcEndpointServiceConfiguration", "ModifyVpcEndpointServiceConfiguration", "DeleteVpcEndpointServiceConfigurations",
		},
		prefix: "vpce-svc", path: "vpc-endpoint-service/",
		refs: []ref{{property: "networkLoadBalancerArns", token: loadBalancerType}},
		Resource: wire.Resource{
			Unmodelled: []string{"allowedPrincipals", "gatewayLoadBalancerArns"},
			Computed:   []string{"allowedPrincipals", "privateDnsName", "supportedIpAddressTypes", "supportedRegions"},
			Sets:       []string{"allowedPrincipals", "networkLoadBalancerArns", "supportedIpAddressTypes", "supportedRegions"},
			Unstable: map[string][]string{
				"networkLoadBalancerArns": {"availabilityZones"}, "privateDnsName": {"privateDnsNameConfigurations"},
			},
		},
		check: func(c *checks) {
			if !c.given("networkLoadBalancerArns") {
				c.fail("networkLoadBalancerArns", "is required: the sandbox models no gateway load balancers")
			}
			for _, kind := range c.in.Strs("supportedIpAddressTypes") {
				if kind != "ipv4" {
					c.fail("supportedIpAddressTypes", "must be ipv4: the sandbox models no other")
				}
			}
			for _, region := range c.in.Strs("supportedRegions") {
				if _, ok := c.cloud.catalog.Region(region); !ok {
					c.fail("supportedRegions", "%q is not a region", region)
				}
			}
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			p["serviceName"] = fmt.Sprintf("com.amazonaws.vpce.%s.%s", t.session.region, o.ID)
			p["serviceType"], p["state"], p["managesVpcEndpoints"] = "Interface", "Available", false
			p["baseEndpointDnsNames"] = wire.Strings(fmt.Sprintf("%s.%s.vpce.amazonaws.com", o.ID, t.session.region))
			if len(p.Strs("supportedIpAddressTypes")) == 0 {
				p["supportedIpAddressTypes"] = wire.Strings("ipv4")
			}
			if len(p.Strs("supportedRegions")) == 0 {
				p["supportedRegions"] = wire.Strings(t.session.region)
			}
			if p.Str("privateDnsName") != "" {
				t.nameService(o)
			}
			return t.checkService(o)
		},
		update: func(t *tx, old, o *Object) error {
			if !same(old, o, "networkLoadBalancerArns") && t.connected(o) {
				return t.refuse("ExistingVpcEndpointConnections", "Service has existing active VPC Endpoint connections!")
			}
			if !same(old, o, "privateDnsName") {
				t.nameService(o)
			}
			return t.checkService(o)
		},
		remove: func(t *tx, o *Object) error {
			if t.connected(o) {
				return t.refuse("ExistingVpcEndpointConnections", "Service has existing active VPC Endpoint connections!")
			}
			// Its principals go along.
			t.forget(o)
			return nil
		},
	}
}

// nameService makes the record by which a new private DNS name is verified.
func (t *tx) nameService(o *Object) {
	name := o.props().Str("privateDnsName")
	seed := fmt.Sprint(t.next("private-dns"))
	o.Properties["privateDnsNameConfigurations"] = []any{map[string]any{
		"name": "_" + hash(20, o.ID, name, seed), "value": "vpce:" + hash(20, name, seed, o.ID), "type": "TXT", "state": "pendingVerification",
	}}
}

// serviceZones returns the zones that a service is in, which are those that its
// load balancers are in by now.
func (t *tx) serviceZones(service *Object) []string {
	owner := func(token, id string) wire.Props {
		return t.state.objects[key{service.Account, service.Region, token, id}].props()
	}
	var zones []string
	for _, arn := range service.props().Strs("networkLoadBalancerArns") {
		for _, subnet := range owner(loadBalancerType, arn).Strs("subnets") {
			zones = append(zones, owner(subnetType, subnet).Str("availabilityZone"))
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// checkService refuses load balancers that a service cannot have, and puts the
// service into their zones.
func (t *tx) checkService(o *Object) error {
	p := o.props()
	for _, arn := range p.Strs("networkLoadBalancerArns") {
		balancer := t.find(loadBalancerType, arn).props()
		if balancer.Str("loadBalancerType") != "network" {
			return t.refuse("InvalidParameter", "Load balancer '%s' is not a network load balancer", arn)
		}
		for other := range t.all(endpointServiceType) {
			if other.ID != o.ID && slices.Contains(other.props().Strs("networkLoadBalancerArns"), arn) {
				return t.refuse("InvalidParameter", "Load balancer '%s' is associated with another VPC endpoint service: %s", arn, other.ID)
			}
		}
	}
	p["availabilityZones"] = wire.Strings(t.serviceZones(o)...)
	return nil
}

// connections returns the endpoints, of any account and region, that are
// connected to a service or wait for it.
func (t *tx) connections(service *Object) []*Object {
	var found []*Object
	for _, o := range t.state.objects {
		if o.Type == vpcEndpointType && o.props().Str("serviceName") == service.props().Str("serviceName") &&
			o.props().Str("state") != connectionRejected {
			found = append(found, o)
		}
	}
	return found
}

func (t *tx) connected(service *Object) bool { return len(t.connections(service)) > 0 }

// everywhere returns the object of a type whose property has a value, in any
// account and region, or nil.
func (t *tx) everywhere(token, property, value string) *Object {
	for _, o := range t.state.objects {
		if o.Type == token && o.props().Str(property) == value {
			return o
		}
	}
	return nil
}

// customService says whether an endpoint is one to a service of a customer,
// and not of AWS.
func customService(name string) bool { return strings.HasPrefix(name, "com.amazonaws.vpce.") }

// serviceFor returns the service of a customer that an endpoint may connect
// to. To a caller who is not allowed a service does not exist.
func (t *tx) serviceFor(o *Object) (*Object, error) {
	p := o.props()
	service := t.everywhere(endpointServiceType, "serviceName", p.Str("serviceName"))
	region := t.session.region
	if p.Str("serviceRegion") != "" {
		region = p.Str("serviceRegion")
	}
	if service == nil || service.Region != region || !t.allowed(service) ||
		!slices.Contains(append(service.props().Strs("supportedRegions"), service.Region), t.session.region) {
		return nil, t.refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", p.Str("serviceName"))
	}
	return service, nil
}

// allowed reports whether one of a service's principals is the session's.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html#add-remove-permissions
func (t *tx) allowed(service *Object) bool {
	caller := t.session.caller
	if m := assumedPattern.FindStringSubmatch(caller); m != nil {
		caller = fmt.Sprintf("arn:aws:iam::%s:role/%s", m[1], m[2])
	}
	for _, o := range t.state.objects {
		if o.Type != allowedPrincipalType || o.props().Str("vpcEndpointServiceId") != service.ID {
			continue
		}
		switch o.props().Str("principalArn") {
		case "*", caller, fmt.Sprintf("arn:aws:iam::%s:root", t.session.account):
			return true
		}
	}
	return false
}

var assumedPattern = regexp.MustCompile(`^arn:aws:sts::(\d{12}):assumed-role/([^/]+)/`)

// customFacts returns what the catalog says of AWS's services for one of a
// customer: the zones that it is not in. An endpoint of another region may be
// in any zone.
func (t *tx) customFacts(service *Object) catalog.EndpointService {
	facts := catalog.EndpointService{Name: service.ID, Type: catalog.Interface}
	if service.Region != t.session.region {
		return facts
	}
	zones := t.serviceZones(service)
	for _, zone := range t.cloud.zones(t.session) {
		// A zone has one name in all accounts of the sandbox.
		if !slices.Contains(zones, zone.Name) {
			facts.UnsupportedZoneIDs = append(facts.UnsupportedZoneIDs, zone.ID)
		}
	}
	return facts
}

// createCustomEndpoint connects an endpoint to a service of a customer.
func (t *tx) createCustomEndpoint(o *Object) error {
	p := o.props()
	service, err := t.serviceFor(o)
	if err != nil {
		return err
	}
	if p.Str("vpcEndpointType") != catalog.Interface {
		return t.refuse("InvalidParameter", "Endpoint type (%s) does not match available service types ([%s]).",
			p.Str("vpcEndpointType"), catalog.Interface)
	}
	if err := t.checkEndpointPolicy(p.Str("policy")); err != nil {
		return err
	}
	p["serviceRegion"], p["requesterManaged"] = service.Region, false
	p["privateDnsEnabled"] = p.Bool("privateDnsEnabled")
	p["state"] = connectionAvailable
	if service.props().Bool("acceptanceRequired") {
		p["state"] = connectionPending
	}
	if err := t.checkCustomDNS(o, service); err != nil {
		return err
	}
	return t.createInterfaceEndpoint(o, t.customFacts(service))
}

// updateCustomEndpoint lets an endpoint to a service of a customer change. One
// whose service is gone stays as it is.
func (t *tx) updateCustomEndpoint(o *Object) error {
	service := t.everywhere(endpointServiceType, "serviceName", o.props().Str("serviceName"))
	if service == nil {
		return t.refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", o.props().Str("serviceName"))
	}
	if err := t.checkCustomDNS(o, service); err != nil {
		return err
	}
	if err := t.checkPrivateDNS(o); err != nil {
		return err
	}
	return t.placeEndpoint(o, t.customFacts(service))
}

// checkCustomDNS refuses the private name of a service that has none, has not
// verified it, or has not accepted the connection.
func (t *tx) checkCustomDNS(o, service *Object) error {
	p := o.props()
	if !p.Bool("privateDnsEnabled") {
		return nil
	}
	name := service.props().Str("serviceName")
	verified := slices.ContainsFunc(objects(service.props()["privateDnsNameConfigurations"]), func(c wire.Props) bool {
		return c.Str("state") == "verified"
	})
	switch {
	case service.props().Str("privateDnsName") == "":
		return t.refuse("InvalidParameter", "Private DNS can't be enabled because the service %s does not provide a private DNS name.", name)
	case !verified:
		return t.refuse("InvalidParameter", "Private DNS can't be enabled because the service %s has not verified the private DNS name.", name)
	case p.Str("state") != connectionAvailable:
		// That it is refused users report; the words are the sandbox's.
		// https://github.com/hashicorp/terraform-provider-aws/issues/22288
		return t.refuse("InvalidParameter", "Private DNS can't be enabled because the service %s has not accepted the connection.", name)
	}
	return nil
}

func allowedPrincipalKind() *kind {
	return &kind{
		token: allowedPrincipalType, args: ec2.VpcEndpointServiceAllowedPrincipleArgs{}, outputs: ec2.VpcEndpointServiceAllowedPrinciple{},
		noun: "EC2 VPC Endpoint Service Allowed Principal",
		api: api{
			"EC2", "ModifyVpcEndpointServicePermissions", "ModifyVpcEndpointServicePermissions", "ModifyVpcEndpointServicePermissions",
		},
		prefix:   "vpce-svc-perm",
		refs:     []ref{{property: "vpcEndpointServiceId", token: endpointServiceType}},
		Resource: wire.Resource{Replace: []string{"principalArn", "vpcEndpointServiceId"}},
		create: func(t *tx, o *Object) error {
			p := o.props()
			if principal := p.Str("principalArn"); principal != "*" && !servicePrincipal.MatchString(principal) {
				return t.refuse("InvalidPrincipal", "The Principal '%s' is not valid", principal)
			}
			for other := range t.where(allowedPrincipalType, "vpcEndpointServiceId", p.Str("vpcEndpointServiceId")) {
				if other.props().Str("principalArn") == p.Str("principalArn") {
					// AWS takes it; the two resources would share a permission,
					// and either would take it away from the other.
					return t.refuse("InvalidParameter", "The Principal '%s' is allowed already", p.Str("principalArn"))
				}
			}
			return nil
		},
	}
}

var servicePrincipal = regexp.MustCompile(`^arn:aws:iam::\d{12}:(?:root|(?:role|user)/\S+)$`)

func verificationKind() *kind {
	return &kind{
		token: verificationType, args: vpc.EndpointServicePrivateDnsVerificationArgs{}, outputs: vpc.EndpointServicePrivateDnsVerification{},
		noun:  "VPC Endpoint Service Private DNS Verification",
		label: func(in wire.Props) string { return in.Str("serviceId") },
		api: api{
			"EC2", "StartVpcEndpointServicePrivateDnsVerification", "StartVpcEndpointServicePrivateDnsVerification",
			"StartVpcEndpointServicePrivateDnsVerification",
		},
		id:       func(in wire.Props) string { return in.Str("serviceId") },
		refs:     []ref{{property: "serviceId", token: endpointServiceType}},
		Resource: wire.Resource{Unmodelled: []string{"timeouts"}, Replace: []string{"serviceId"}},
		create: func(t *tx, o *Object) error {
			service := t.edit(t.find(endpointServiceType, o.props().Str("serviceId")))
			configurations := objects(service.Properties["privateDnsNameConfigurations"])
			if len(configurations) == 0 {
				return t.refuse("InvalidParameter", "The service %s does not have a private DNS name", service.ID)
			}
			c := configurations[0]
			c["state"] = "failed"
			if t.proved(service.props().Str("privateDnsName"), c.Str("name"), c.Str("value")) {
				c["state"] = "verified"
			}
			if c.Str("state") != "verified" && o.props().Bool("waitForVerification") {
				return errors.New("waiting for verification: unexpected state 'failed', wanted target 'verified'")
			}
			return nil
		},
	}
}

// proved reports whether a public zone of the domain, or of a parent of it,
// has the TXT record.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
func (t *tx) proved(domain, label, value string) bool {
	for _, o := range t.state.objects {
		p := o.props()
		if o.Type != recordType || p.Str("type") != "TXT" || !slices.Contains(p.Strs("records"), value) {
			continue
		}
		parent, ok := strings.CutPrefix(p.Str("fqdn"), label+".")
		zone := t.everywhere(zoneType, "zoneId", p.Str("zoneId"))
		if ok && zone != nil && len(objects(zone.Properties["vpcs"])) == 0 && (parent == domain || strings.HasSuffix(domain, "."+parent)) {
			return true
		}
	}
	return false
}

func accepterKind() *kind {
	id := func(in wire.Props) string { return in.Str("vpcEndpointServiceId") + "_" + in.Str("vpcEndpointId") }
	return &kind{
		token: accepterType, args: ec2.VpcEndpointConnectionAccepterArgs{}, outputs: ec2.VpcEndpointConnectionAccepter{},
		noun:     "EC2 VPC Endpoint Connection",
		label:    id,
		api:      api{"EC2", "AcceptVpcEndpointConnections", "AcceptVpcEndpointConnections", "RejectVpcEndpointConnections"},
		id:       id,
		refs:     []ref{{property: "vpcEndpointServiceId", token: endpointServiceType}},
		Resource: wire.Resource{Replace: []string{"vpcEndpointId", "vpcEndpointServiceId"}},
		create: func(t *tx, o *Object) error {
			endpoint := t.connection(o)
			if endpoint == nil {
				m := missing[vpcEndpointType]
				return t.refuse(m.code, m.format, o.props().Str("vpcEndpointId"))
			}
			if state := endpoint.props().Str("state"); state == connectionAvailable {
				return t.refuse("InvalidState", "The Vpc Endpoint connection %s is in the state %s", endpoint.ID, state)
			}
			t.edit(endpoint).Properties["state"] = connectionAvailable
			o.Properties["vpcEndpointState"] = connectionAvailable
			return nil
		},
		remove: func(t *tx, o *Object) error {
			if endpoint := t.connection(o); endpoint != nil {
				t.edit(endpoint).Properties["state"] = connectionRejected
			}
			return nil
		},
	}
}

// connection returns the endpoint that an accepter names, if it is one to the
// accepter's service.
func (t *tx) connection(accepter *Object) *Object {
	service := t.find(endpointServiceType, accepter.props().Str("vpcEndpointServiceId"))
	for _, o := range t.state.objects {
		if o.Type == vpcEndpointType && o.ID == accepter.props().Str("vpcEndpointId") &&
			o.props().Str("serviceName") == service.props().Str("serviceName") {
			return o
		}
	}
	return nil
}

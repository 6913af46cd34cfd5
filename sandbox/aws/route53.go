package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	zoneType   = "aws:route53/zone:Zone"
	recordType = "aws:route53/record:Record"
)

// domainName is the name of a zone or a record, of which the first label may
// be a star or begin with an underscore.
var domainName = regexp.MustCompile(`^(?:\*\.)?(?:[a-zA-Z0-9_-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}\.?$`)

func zoneKind() *kind {
	return &kind{
		token: zoneType, args: route53.ZoneArgs{}, outputs: route53.Zone{},
		noun:   "Route 53 Hosted Zone",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"Route 53", "CreateHostedZone", "UpdateHostedZoneComment", "DeleteHostedZone"},
		global: true,
		id:     func(in wire.Props) string { return in.Str("name") }, // create gives it its own
		Resource: wire.Resource{
			Unmodelled: []string{"delegationSetId"},
			Defaults:   wire.Props{"comment": "Managed by Pulumi", "forceDestroy": false},
			Replace:    []string{"delegationSetId", "name"},
			Sets:       []string{"vpcs"},
			Name:       &wire.AutoName{Property: "name", Max: 255, Separator: "-"},
		},
		check: func(c *checks) {
			c.match("name", domainName, 255)
			c.match("comment", regexp.MustCompile(`^.*$`), 256)
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			o.ID = "Z" + strings.ToUpper(hash(20, t.session.account, p.Str("name"), fmt.Sprint(t.next("zone"))))
			p["zoneId"], p["arn"] = o.ID, "arn:aws:route53:::hostedzone/"+o.ID
			p["name"] = strings.TrimSuffix(p.Str("name"), ".")
			var servers []string
			for i, suffix := range []string{"com", "net", "org", "co.uk"} {
				servers = append(servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i, i, suffix))
			}
			p["nameServers"], p["primaryNameServer"] = wire.Strings(servers...), servers[0]
			return t.checkZone(o)
		},
		update: func(t *tx, old, o *Object) error {
			was, is := objects(old.Properties["vpcs"]), objects(o.Properties["vpcs"])
			if (len(was) == 0) != (len(is) == 0) {
				return t.refuseAs("DisassociateVPCFromHostedZone", "LastVPCAssociation",
					"A hosted zone is either public or private; it cannot become the other")
			}
			return t.checkZone(o)
		},
		remove: func(t *tx, o *Object) error {
			if first(t.where(recordType, "zoneId", o.ID)) != nil && !o.props().Bool("forceDestroy") {
				return t.refuse("HostedZoneNotEmpty",
					"The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
			}
			t.forget(o)
			return nil
		},
	}
}

// checkZone refuses VPCs that a private zone cannot be for.
func (t *tx) checkZone(o *Object) error {
	for _, v := range objects(o.Properties["vpcs"]) {
		region := zoneRegion(v, t.session.region)
		if t.state.objects[key{t.session.account, region, vpcType, v.Str("vpcId")}] == nil {
			return t.refuse("InvalidVPCId", "The VPC: %s in region %s that you provided is not authorized to make the association.",
				v.Str("vpcId"), region)
		}
		for other := range t.where(zoneType, "name", o.props().Str("name")) {
			taken := slices.ContainsFunc(objects(other.Properties["vpcs"]), func(w wire.Props) bool { return w.Str("vpcId") == v.Str("vpcId") })
			if other.ID != o.ID && taken {
				return t.refuse("ConflictingDomainExists",
					"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.",
					v.Str("vpcId"), region, other.ID)
			}
		}
	}
	return nil
}

// zoneRegion returns the region of a zone's VPC: the provider's unless it says
// otherwise.
func zoneRegion(v wire.Props, own string) string {
	if region := v.Str("vpcRegion"); region != "" {
		return region
	}
	return own
}

func recordKind() *kind {
	id := func(in wire.Props) string {
		return strings.Join([]string{in.Str("zoneId"), strings.ReplaceAll(in.Str("name"), "*", "\\052"), in.Str("type")}, "_")
	}
	return &kind{
		token: recordType, args: route53.RecordArgs{}, outputs: route53.Record{},
		noun:   "Route 53 Record",
		api:    api{"Route 53", "ChangeResourceRecordSets", "ChangeResourceRecordSets", "ChangeResourceRecordSets"},
		global: true,
		id:     id,
		refs:   []ref{{property: "zoneId", token: zoneType}},
		Resource: wire.Resource{
			Unmodelled: []string{
				"allowOverwrite", "cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy",
				"healthCheckId", "latencyRoutingPolicies", "multivalueAnswerRoutingPolicy", "setIdentifier", "weightedRoutingPolicies",
			},
			Replace:  []string{"name", "setIdentifier", "type", "zoneId"},
			Computed: []string{"allowOverwrite"},
			Sets:     []string{"records"},
		},
		check: func(c *checks) {
			c.match("name", domainName, 255)
			c.exactlyOne("aliases", "records")
			c.oneOf("type", "A", "AAAA", "CNAME", "TXT", "NS", "MX", "SRV", "CAA", "PTR")
			if c.given("records") && !c.given("ttl") {
				c.fail("ttl", "is required with records")
			}
			c.conflict("ttl", "aliases")
			c.between("ttl", 0, 2147483647)
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			zone := t.find(zoneType, p.Str("zoneId")).props().Str("name")
			name := strings.ToLower(strings.TrimSuffix(p.Str("name"), "."))
			if name != zone && !strings.HasSuffix(name, "."+zone) {
				// As the provider does.
				name += "." + zone
			}
			p["fqdn"] = name
			for other := range t.where(recordType, "zoneId", p.Str("zoneId")) {
				if other.props().Str("fqdn") == name && other.props().Str("type") == p.Str("type") {
					return t.refuse("InvalidChangeBatch",
						"[Tried to create resource record set [name='%s.', type='%s'] but it already exists]", name, p.Str("type"))
				}
			}
			return t.checkAliases(o)
		},
		update: func(t *tx, _, o *Object) error { return t.checkAliases(o) },
	}
}

// checkAliases refuses an alias to what is not there.
func (t *tx) checkAliases(o *Object) error {
	for _, alias := range objects(o.Properties["aliases"]) {
		if !t.aliasTarget(alias.Str("name"), alias.Str("zoneId")) {
			return t.refuse("InvalidChangeBatch", "[Tried to create an alias that targets %s., type %s in zone %s, but that target was not found]",
				alias.Str("name"), o.props().Str("type"), alias.Str("zoneId"))
		}
	}
	return nil
}

// aliasTarget reports whether a name of a zone of AWS's belongs to an endpoint
// or a load balancer.
func (t *tx) aliasTarget(name, zone string) bool {
	for _, o := range t.state.objects {
		switch o.Type {
		case loadBalancerType:
			if o.props().Str("dnsName") == name && o.props().Str("zoneId") == zone {
				return true
			}
		case vpcEndpointType:
			has := func(e wire.Props) bool { return e.Str("dnsName") == name && e.Str("hostedZoneId") == zone }
			if slices.ContainsFunc(objects(o.Properties["dnsEntries"]), has) {
				return true
			}
		}
	}
	return false
}

package aws

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// The names that one account's VPCs take from another's: private zones
// associated one by one, or together in a Route 53 Profile.
const (
	zoneAuthorizationType  = "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization"
	zoneAssociationType    = "aws:route53/zoneAssociation:ZoneAssociation"
	profileType            = "aws:route53/profilesProfile:ProfilesProfile"
	profileResourceType    = "aws:route53/profilesResourceAssociation:ProfilesResourceAssociation"
	profileAssociationType = "aws:route53/profilesAssociation:ProfilesAssociation"
)

// anywhere returns the object of that id in whichever account it is, or nil.
// Ids of the types that cross accounts are unique among all.
func (t *tx) anywhere(token, id string) *Object {
	for k, o := range t.state.objects {
		if k.token == token && k.id == id {
			return o
		}
	}
	return nil
}

func zoneAndVpc(in wire.Props) string { return in.Str("zoneId") + ":" + in.Str("vpcId") }

func zoneAuthorizationKind() *kind {
	return &kind{
		token: zoneAuthorizationType, args: route53.VpcAssociationAuthorizationArgs{}, outputs: route53.VpcAssociationAuthorization{},
		noun: "Route 53 VPC Association Authorization", label: zoneAndVpc,
		api: api{"Route 53", "CreateVPCAssociationAuthorization", "CreateVPCAssociationAuthorization",
			"DeleteVPCAssociationAuthorization"},
		global: true,
		id:     zoneAndVpc,
		refs:   []ref{{property: "zoneId", token: zoneType}},
		Resource: wire.Resource{
			Replace:  []string{"vpcId", "vpcRegion", "zoneId"},
			Computed: []string{"vpcRegion"},
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			p["vpcRegion"] = zoneRegion(p, t.session.region)
			return nil
		},
	}
}

func zoneAssociationKind() *kind {
	return &kind{
		token: zoneAssociationType, args: route53.ZoneAssociationArgs{}, outputs: route53.ZoneAssociation{},
		noun: "Route 53 Hosted Zone Association", label: zoneAndVpc,
		api:    api{"Route 53", "AssociateVPCWithHostedZone", "AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone"},
		global: true,
		id:     zoneAndVpc,
		Resource: wire.Resource{
			Replace:  []string{"vpcId", "vpcRegion", "zoneId"},
			Computed: []string{"vpcRegion"},
		},
		create: createZoneAssociation,
	}
}

// createZoneAssociation refuses as AWS does. The zone's own list of VPCs stays
// what its program gave: programs ignore changes of it.
// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
func createZoneAssociation(t *tx, o *Object) error {
	p := o.props()
	zone := t.anywhere(zoneType, p.Str("zoneId"))
	if zone == nil {
		return t.refuse("NoSuchHostedZone", "No hosted zone found with ID: %s", p.Str("zoneId"))
	}
	region := zoneRegion(p, t.session.region)
	vpc := t.state.objects[key{t.session.account, region, vpcType, p.Str("vpcId")}]
	if vpc == nil {
		return t.refuse("InvalidVPCId", "The VPC: %s in region %s that you provided is not authorized to make the association.",
			p.Str("vpcId"), region)
	}
	if len(objects(zone.Properties["vpcs"])) == 0 {
		return t.refuse("PublicZoneVPCAssociation", "You're trying to associate a VPC with the public hosted zone %s.", zone.ID)
	}
	if zone.Account != t.session.account && t.anywhere(zoneAuthorizationType, o.ID) == nil {
		return t.refuse("NotAuthorizedException", "The VPC: %s has not authorized to associate with your hosted zone.", vpc.ID)
	}
	if taken := t.zoneFor(vpc, zone.props().Str("name")); taken != "" {
		return t.refuse("ConflictingDomainExists",
			"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", vpc.ID, region, taken)
	}
	p["vpcRegion"], p["owningAccount"] = region, zone.Account
	return nil
}

// zoneFor returns the zone, or the endpoint with private DNS, that answers a
// name for a VPC already; empty when there is none.
func (t *tx) zoneFor(vpc *Object, name string) string {
	for _, other := range t.state.objects {
		p := other.props()
		switch other.Type {
		case zoneType:
			inline := func(v wire.Props) bool { return v.Str("vpcId") == vpc.ID }
			if p.Str("name") == name && slices.ContainsFunc(objects(other.Properties["vpcs"]), inline) {
				return other.ID
			}
		case zoneAssociationType:
			zone := t.anywhere(zoneType, p.Str("zoneId"))
			if p.Str("vpcId") == vpc.ID && zone != nil && zone.props().Str("name") == name {
				return zone.ID
			}
		case vpcEndpointType:
			if p.Str("vpcId") == vpc.ID && p.Bool("privateDnsEnabled") && privateDNSName(vpc.Region, p.Str("serviceName")) == name {
				return other.ID
			}
		}
	}
	return ""
}

// profileName is what Route 53 Profiles take as a name.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_CreateProfile.html
var profileName = regexp.MustCompile(`^[a-zA-Z0-9\-_' ']+$`)

func profileKind() *kind {
	return &kind{
		token: profileType, args: route53.ProfilesProfileArgs{}, outputs: route53.ProfilesProfile{},
		noun:   "Route 53 Profiles Profile",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"Route 53 Profiles", "CreateProfile", "TagResource", "DeleteProfile"},
		prefix: "rp",
		Resource: wire.Resource{
			Unmodelled: []string{"timeouts"},
			Replace:    []string{"name"},
			Name:       &wire.AutoName{Property: "name", Max: 64, Separator: "-"},
		},
		check: func(c *checks) { c.match("name", profileName, 64) },
		create: func(t *tx, o *Object) error {
			p := o.props()
			p["arn"] = t.arn("route53profiles", "profile/"+o.ID)
			p["status"], p["statusMessage"], p["shareStatus"] = "COMPLETE", "Created Profile", "NOT_SHARED"
			return nil
		},
		remove: func(t *tx, o *Object) error {
			if used := t.everywhere(profileAssociationType, "profileId", o.ID); used != nil {
				return t.refuse("ConflictException", "Profile %s is associated with VPC %s.", o.ID, used.props().Str("resourceId"))
			}
			t.forget(o)
			return nil
		},
	}
}

func profileResourceKind() *kind {
	return &kind{
		token: profileResourceType, args: route53.ProfilesResourceAssociationArgs{}, outputs: route53.ProfilesResourceAssociation{},
		noun:   "Route 53 Profiles Resource Association",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"Route 53 Profiles", "AssociateResourceToProfile", "UpdateProfileResourceAssociation", "DisassociateResourceFromProfile"},
		prefix: "rpr",
		refs:   []ref{{property: "profileId", token: profileType}},
		Resource: wire.Resource{
			Unmodelled: []string{"resourceProperties", "timeouts"},
			Replace:    []string{"name", "profileId", "resourceArn"},
			Name:       &wire.AutoName{Property: "name", Max: 64, Separator: "-"},
		},
		check: func(c *checks) {
			c.match("name", profileName, 64)
			c.arn("resourceArn", "route53")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			zone := first(t.where(zoneType, "arn", p.Str("resourceArn")))
			if zone == nil || len(objects(zone.Properties["vpcs"])) == 0 {
				return t.refuse("InvalidParameterException", "The resource %s is not a private hosted zone of this account.", p.Str("resourceArn"))
			}
			for other := range t.where(profileResourceType, "profileId", p.Str("profileId")) {
				there := first(t.where(zoneType, "arn", other.props().Str("resourceArn")))
				if there != nil && there.props().Str("name") == zone.props().Str("name") {
					return t.refuse("ConflictException", "The domain name %s is in profile %s already, in hosted zone %s.",
						zone.props().Str("name"), p.Str("profileId"), there.ID)
				}
			}
			p["resourceType"], p["status"], p["statusMessage"] = "PRIVATE_HOSTED_ZONE", "COMPLETE", ""
			return nil
		},
	}
}

func profileAssociationKind() *kind {
	return &kind{
		token: profileAssociationType, args: route53.ProfilesAssociationArgs{}, outputs: route53.ProfilesAssociation{},
		noun:   "Route 53 Profiles Association",
		label:  func(in wire.Props) string { return in.Str("name") },
		api:    api{"Route 53 Profiles", "AssociateProfile", "TagResource", "DisassociateProfile"},
		prefix: "rpassoc",
		refs:   []ref{{property: "resourceId", token: vpcType}},
		Resource: wire.Resource{
			Unmodelled: []string{"timeouts"},
			Replace:    []string{"name", "profileId", "resourceId"},
			Name:       &wire.AutoName{Property: "name", Max: 64, Separator: "-"},
		},
		check: func(c *checks) { c.match("name", profileName, 64) },
		create: func(t *tx, o *Object) error {
			p := o.props()
			profile := t.anywhere(profileType, p.Str("profileId"))
			if profile == nil || profile.Region != o.Region || !t.mayUse(profile) {
				return t.refuse("ResourceNotFoundException", "Profile %s does not exist.", p.Str("profileId"))
			}
			if other := first(t.where(profileAssociationType, "resourceId", p.Str("resourceId"))); other != nil {
				return t.refuse("ResourceExistsException", "VPC %s is associated with Profile %s already. A VPC can have one Profile.",
					p.Str("resourceId"), other.props().Str("profileId"))
			}
			n := 0
			for _, other := range t.state.objects {
				if other.Type == profileAssociationType && other.props().Str("profileId") == profile.ID {
					n++
				}
			}
			if err := t.overQuota(n, catalog.QuotaVpcsPerProfile, "LimitExceededException", "VPC associations of the Profile"); err != nil {
				return err
			}
			p["arn"] = t.arn("route53profiles", "profile-association/"+o.ID)
			p["status"], p["statusMessage"] = "COMPLETE", "Created Profile Association"
			return nil
		},
	}
}

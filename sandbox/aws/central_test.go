package aws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	zoneAssocType     = "aws:route53/zoneAssociation:ZoneAssociation"
	zoneAuthType      = "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization"
	profileType       = "aws:route53/profilesProfile:ProfilesProfile"
	profileAssocType  = "aws:route53/profilesAssociation:ProfilesAssociation"
	profileResType    = "aws:route53/profilesResourceAssociation:ProfilesResourceAssociation"
	peeringType       = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
	peeringAcceptType = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
	tgwType           = "aws:ec2transitgateway/transitGateway:TransitGateway"
	tgwTableType      = "aws:ec2transitgateway/routeTable:RouteTable"
	tgwAttachType     = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	tgwAcceptType     = "aws:ec2transitgateway/vpcAttachmentAccepter:VpcAttachmentAccepter"
	tgwAssocType      = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
	tgwRouteType      = "aws:ec2transitgateway/route:Route"
	ramShareType      = "aws:ram/resourceShare:ResourceShare"
	ramResourceType   = "aws:ram/resourceAssociation:ResourceAssociation"
	ramPrincipalType  = "aws:ram/principalAssociation:PrincipalAssociation"
	ramAcceptType     = "aws:ram/resourceShareAccepter:ResourceShareAccepter"
)

// second returns an instance of another account.
func (i *instance) second() *instance {
	return i.connect(in{"region": "eu-west-1", "assumeRole": in{"roleArn": "arn:aws:iam::222222222222:role/network"}})
}

func (i *instance) privateZone(name string, vpc res) res {
	i.t.Helper()
	return i.create("aws:route53/zone:Zone", in{"name": name, "vpcs": []any{in{"vpcId": vpc.id}}})
}

func (i *instance) transitGateway() res {
	i.t.Helper()
	return i.create(tgwType, in{"defaultRouteTableAssociation": "disable", "defaultRouteTablePropagation": "disable"})
}

// share shares a resource with the second account.
func (i *instance) share(r res, external bool) res {
	i.t.Helper()
	share := i.create(ramShareType, in{"name": "central", "allowExternalPrincipals": external})
	i.create(ramResourceType, in{"resourceShareArn": share.id, "resourceArn": r.str("arn")})
	i.create(ramPrincipalType, in{"resourceShareArn": share.id, "principal": "222222222222"})
	return share
}

// The codes are those of the API references of Route 53
// (API_AssociateVPCWithHostedZone), Route 53 Profiles (API_AssociateProfile),
// EC2 (errors-overview) and RAM.
var centralRefusals = []struct {
	name    string
	options aws.Options
	call    func(i *instance) ([]res, error)
	want    string
}{
	{
		name: "a zone of another account without authorization",
		call: func(i *instance) ([]res, error) {
			zone := i.privateZone("sts.eu-west-1.amazonaws.com", i.vpc("10.40.0.0/22"))
			other := i.second()
			v := other.vpc("10.20.0.0/16")
			_, err := other.try(zoneAssocType, in{"zoneId": zone.id, "vpcId": v.id})
			return []res{v}, err
		},
		want: "operation error Route 53: AssociateVPCWithHostedZone*NotAuthorizedException: The VPC: {0} has not authorized",
	},
	{
		name: "a zone of a name that the VPC has a zone for",
		call: func(i *instance) ([]res, error) {
			zone := i.privateZone("sts.eu-west-1.amazonaws.com", i.vpc("10.40.0.0/22"))
			v := i.vpc("10.20.0.0/16")
			own := i.privateZone("sts.eu-west-1.amazonaws.com", v)
			_, err := i.try(zoneAssocType, in{"zoneId": zone.id, "vpcId": v.id})
			return []res{v, own}, err
		},
		want: "ConflictingDomainExists: The VPC {0} in region eu-west-1 has already been associated with the hosted zone {1} with the same domain name.",
	},
	{
		name: "a central service that the VPC has an endpoint with private DNS for",
		call: func(i *instance) ([]res, error) {
			zone := i.privateZone("sts.eu-west-1.amazonaws.com", i.vpc("10.40.0.0/22"))
			v := i.vpc("10.20.0.0/16")
			local, err := i.endpoint(v, "sts", in{"subnetIds": []any{i.subnet(v, "10.20.0.0/24", "eu-west-1a").id}, "privateDnsEnabled": true})
			require.NoError(i.t, err)
			_, err = i.try(zoneAssocType, in{"zoneId": zone.id, "vpcId": v.id})
			return []res{v, local}, err
		},
		want: "ConflictingDomainExists: The VPC {0} in region eu-west-1 has already been associated with the hosted zone {1}",
	},
	{
		name: "a public zone associated with a VPC",
		call: func(i *instance) ([]res, error) {
			zone := i.create("aws:route53/zone:Zone", in{"name": "example.com"})
			_, err := i.try(zoneAssocType, in{"zoneId": zone.id, "vpcId": i.vpc("10.20.0.0/16").id})
			return []res{zone}, err
		},
		want: "PublicZoneVPCAssociation: You're trying to associate a VPC with the public hosted zone {0}.",
	},
	{
		name: "a zone that does not exist",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(zoneAssocType, in{"zoneId": "Z0123456789", "vpcId": i.vpc("10.20.0.0/16").id})
			return nil, err
		},
		want: "NoSuchHostedZone: No hosted zone found with ID: Z0123456789",
	},
	{
		name: "a second Profile on a VPC",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			one, two := i.create(profileType, in{"name": "one"}), i.create(profileType, in{"name": "two"})
			i.create(profileAssocType, in{"name": "v", "profileId": one.id, "resourceId": v.id})
			_, err := i.try(profileAssocType, in{"name": "v", "profileId": two.id, "resourceId": v.id})
			return []res{v, one}, err
		},
		want: "operation error Route 53 Profiles: AssociateProfile*ResourceExistsException: VPC {0} is associated with Profile {1} already",
	},
	{
		name: "a Profile that is not shared",
		call: func(i *instance) ([]res, error) {
			profile, other := i.create(profileType, in{"name": "one"}), i.second()
			_, err := other.try(profileAssocType, in{"name": "v", "profileId": profile.id, "resourceId": other.vpc("10.20.0.0/16").id})
			return []res{profile}, err
		},
		want: "ResourceNotFoundException: Profile {0} does not exist.",
	},
	{
		name:    "more VPCs than a Profile takes",
		options: aws.Options{Quotas: map[string]int{catalog.QuotaVpcsPerProfile: 1}},
		call: func(i *instance) ([]res, error) {
			profile := i.create(profileType, in{"name": "one"})
			i.create(profileAssocType, in{"name": "v", "profileId": profile.id, "resourceId": i.vpc("10.20.0.0/16").id})
			_, err := i.try(profileAssocType, in{"name": "v", "profileId": profile.id, "resourceId": i.vpc("10.21.0.0/16").id})
			return nil, err
		},
		want: "LimitExceededException: The maximum number of VPC associations of the Profile has been reached.",
	},
	{
		name: "a Profile in use goes",
		call: func(i *instance) ([]res, error) {
			v, profile := i.vpc("10.20.0.0/16"), i.create(profileType, in{"name": "one"})
			i.create(profileAssocType, in{"name": "v", "profileId": profile.id, "resourceId": v.id})
			return []res{profile, v}, i.remove(profile)
		},
		want: "ConflictException: Profile {0} is associated with VPC {1}.",
	},
	{
		name: "two zones of one name in a Profile",
		call: func(i *instance) ([]res, error) {
			profile := i.create(profileType, in{"name": "one"})
			first := i.privateZone("sts.eu-west-1.amazonaws.com", i.vpc("10.40.0.0/22"))
			second := i.privateZone("sts.eu-west-1.amazonaws.com", i.vpc("10.41.0.0/22"))
			i.create(profileResType, in{"name": "a", "profileId": profile.id, "resourceArn": first.str("arn")})
			_, err := i.try(profileResType, in{"name": "b", "profileId": profile.id, "resourceArn": second.str("arn")})
			return []res{profile, first}, err
		},
		want: "ConflictException: The domain name sts.eu-west-1.amazonaws.com is in profile {0} already, in hosted zone {1}.",
	},
	{
		name: "peering of VPCs that overlap",
		call: func(i *instance) ([]res, error) {
			_, err := i.try(peeringType, in{"vpcId": i.vpc("10.20.0.0/16").id, "peerVpcId": i.vpc("10.20.128.0/17").id})
			return nil, err
		},
		want: "creating EC2 VPC Peering Connection*unexpected state 'failed'*overlapping CIDR range",
	},
	{
		name: "peering that exists",
		call: func(i *instance) ([]res, error) {
			a, b := i.vpc("10.20.0.0/16"), i.vpc("10.40.0.0/22")
			one := i.create(peeringType, in{"vpcId": a.id, "peerVpcId": b.id})
			_, err := i.try(peeringType, in{"vpcId": b.id, "peerVpcId": a.id})
			return []res{one}, err
		},
		want: "VpcPeeringConnectionAlreadyExists: There is already a peering connection {0}",
	},
	{
		name: "peering accepted by the wrong account",
		call: func(i *instance) ([]res, error) {
			other := i.second()
			one := other.create(peeringType, in{
				"vpcId": other.vpc("10.20.0.0/16").id, "peerVpcId": i.vpc("10.40.0.0/22").id, "peerOwnerId": "123456789012"})
			_, err := other.try(peeringAcceptType, in{"vpcPeeringConnectionId": one.id, "autoAccept": true})
			return []res{one}, err
		},
		want: "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '{0}' does not exist",
	},
	{
		name: "a route to a peering that is pending",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			one := i.create(peeringType, in{"vpcId": v.id, "peerVpcId": i.vpc("10.40.0.0/22").id})
			_, err := i.try(routeType, in{"routeTableId": i.table(v).id, "destinationCidrBlock": "10.40.0.0/22", "vpcPeeringConnectionId": one.id})
			return []res{one}, err
		},
		want: "InvalidStateTransition: The vpcPeeringConnection '{0}' is in state pending-acceptance",
	},
	{
		name: "a route to the peering of others",
		call: func(i *instance) ([]res, error) {
			one := i.create(peeringType, in{"vpcId": i.vpc("10.20.0.0/16").id, "peerVpcId": i.vpc("10.40.0.0/22").id})
			i.create(peeringAcceptType, in{"vpcPeeringConnectionId": one.id, "autoAccept": true})
			_, err := i.try(routeType, in{
				"routeTableId": i.table(i.vpc("10.30.0.0/16")).id, "destinationCidrBlock": "10.40.0.0/22", "vpcPeeringConnectionId": one.id})
			return []res{one}, err
		},
		want: "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '{0}' does not exist",
	},
	{
		name: "a route to a transit gateway that the VPC is not attached to",
		call: func(i *instance) ([]res, error) {
			gateway := i.transitGateway()
			_, err := i.try(routeType, in{
				"routeTableId": i.table(i.vpc("10.20.0.0/16")).id, "destinationCidrBlock": "10.40.0.0/22", "transitGatewayId": gateway.id})
			return []res{gateway}, err
		},
		want: "InvalidTransitGatewayID.NotFound: The transitGateway ID '{0}' does not exist",
	},
	{
		name: "an attachment with two subnets in a zone",
		call: func(i *instance) ([]res, error) {
			v := i.vpc("10.20.0.0/16")
			_, err := i.try(tgwAttachType, in{"transitGatewayId": i.transitGateway().id, "vpcId": v.id, "subnetIds": []any{
				i.subnet(v, "10.20.0.0/24", "eu-west-1a").id, i.subnet(v, "10.20.1.0/24", "eu-west-1a").id}})
			return nil, err
		},
		want: "operation error EC2: CreateTransitGatewayVpcAttachment*DuplicateSubnetsInSameZone: Duplicate Subnets for same AZ",
	},
	{
		name: "a second attachment of a VPC",
		call: func(i *instance) ([]res, error) {
			v, gateway := i.vpc("10.20.0.0/16"), i.transitGateway()
			inputs := in{"transitGatewayId": gateway.id, "vpcId": v.id, "subnetIds": []any{i.subnet(v, "10.20.0.0/24", "eu-west-1a").id}}
			i.create(tgwAttachType, inputs)
			_, err := i.try(tgwAttachType, inputs)
			return []res{gateway}, err
		},
		want: "DuplicateTransitGatewayAttachment: {0} has non-deleted Transit Gateway Attachments with same VPC ID.",
	},
	{
		name: "a transit gateway that is not shared",
		call: func(i *instance) ([]res, error) {
			gateway, other := i.transitGateway(), i.second()
			v := other.vpc("10.20.0.0/16")
			_, err := other.try(tgwAttachType, in{"transitGatewayId": gateway.id, "vpcId": v.id,
				"subnetIds": []any{other.subnet(v, "10.20.0.0/24", "eu-west-1a").id}})
			return []res{gateway}, err
		},
		want: "InvalidTransitGatewayID.NotFound: Transit Gateway {0} was deleted or does not exist.",
	},
	{
		name: "an invitation that is not accepted",
		call: func(i *instance) ([]res, error) {
			gateway, other := i.transitGateway(), i.second()
			i.share(gateway, true)
			v := other.vpc("10.20.0.0/16")
			_, err := other.try(tgwAttachType, in{"transitGatewayId": gateway.id, "vpcId": v.id,
				"subnetIds": []any{other.subnet(v, "10.20.0.0/24", "eu-west-1a").id}})
			return []res{gateway}, err
		},
		want: "InvalidTransitGatewayID.NotFound: Transit Gateway {0} was deleted or does not exist.",
	},
	{
		name: "accepting within the organization",
		call: func(i *instance) ([]res, error) {
			share := i.share(i.transitGateway(), false)
			_, err := i.second().try(ramAcceptType, in{"shareArn": share.id})
			return []res{share}, err
		},
		want: "No RAM Resource Share ({0}) invitation found.",
	},
	{
		name: "a share of what does not exist",
		call: func(i *instance) ([]res, error) {
			share := i.create(ramShareType, in{"name": "central"})
			_, err := i.try(ramResourceType, in{"resourceShareArn": share.id,
				"resourceArn": "arn:aws:ec2:eu-west-1:123456789012:transit-gateway/tgw-0123456789abcdef0"})
			return nil, err
		},
		want: "UnknownResourceException: Resource ARN arn:aws:ec2:eu-west-1:123456789012:transit-gateway/tgw-0123456789abcdef0 could not be found.",
	},
	{
		name: "an attachment that the gateway's account has not accepted",
		call: func(i *instance) ([]res, error) {
			gateway, other := i.transitGateway(), i.second()
			i.share(gateway, false)
			table := i.create(tgwTableType, in{"transitGatewayId": gateway.id})
			attachment := other.attach(gateway, "10.20.0.0/16")
			_, err := i.try(tgwAssocType, in{"transitGatewayAttachmentId": attachment.id, "transitGatewayRouteTableId": table.id})
			return []res{attachment}, err
		},
		want: "IncorrectState: {0} is in invalid state: pendingAcceptance",
	},
	{
		name: "an attachment associated twice",
		call: func(i *instance) ([]res, error) {
			gateway := i.transitGateway()
			attachment := i.attach(gateway, "10.20.0.0/16")
			i.create(tgwAssocType, in{"transitGatewayAttachmentId": attachment.id,
				"transitGatewayRouteTableId": i.create(tgwTableType, in{"transitGatewayId": gateway.id}).id})
			_, err := i.try(tgwAssocType, in{"transitGatewayAttachmentId": attachment.id,
				"transitGatewayRouteTableId": i.create(tgwTableType, in{"transitGatewayId": gateway.id}).id})
			return []res{attachment}, err
		},
		want: "Resource.AlreadyAssociated: Transit Gateway Attachment {0} is already associated to a route table.",
	},
	{
		name: "a transit gateway's route that exists",
		call: func(i *instance) ([]res, error) {
			gateway := i.transitGateway()
			inputs := in{"destinationCidrBlock": "10.20.0.0/16", "transitGatewayAttachmentId": i.attach(gateway, "10.20.0.0/16").id,
				"transitGatewayRouteTableId": i.create(tgwTableType, in{"transitGatewayId": gateway.id}).id}
			i.create(tgwRouteType, inputs)
			_, err := i.try(tgwRouteType, inputs)
			return nil, err
		},
		want: "RouteAlreadyExists: Route already exists for destination 10.20.0.0/16",
	},
	{
		name: "a transit gateway with attachments goes",
		call: func(i *instance) ([]res, error) {
			gateway := i.transitGateway()
			attachment := i.attach(gateway, "10.20.0.0/16")
			return []res{gateway, attachment}, i.remove(gateway)
		},
		want: "IncorrectState: {0} has non-deleted VPC Attachments: {1}.",
	},
}

// attach attaches a new VPC with one subnet.
func (i *instance) attach(gateway res, cidr string) res {
	i.t.Helper()
	v := i.vpc(cidr)
	subnet := i.subnet(v, strings.Replace(cidr, "/16", "/24", 1), "eu-west-1a")
	return i.create(tgwAttachType, in{"transitGatewayId": gateway.id, "vpcId": v.id, "subnetIds": []any{subnet.id}})
}

func TestCentralRefusals(t *testing.T) {
	for _, c := range centralRefusals {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, c.options)
			known, err := c.call(i)
			require.Error(t, err)
			want := c.want
			for n, r := range known {
				want = strings.ReplaceAll(want, fmt.Sprintf("{%d}", n), r.id)
			}
			assertLike(t, want, err.Error())
		})
	}
}

// What is refused above is possible once the other side agrees.
func TestAcrossAccounts(t *testing.T) {
	_, hub := newCloud(t, aws.Options{})
	spoke := hub.second()
	v := spoke.vpc("10.20.0.0/16")

	zone := hub.privateZone("sts.eu-west-1.amazonaws.com", hub.vpc("10.40.0.0/22"))
	hub.create(zoneAuthType, in{"zoneId": zone.id, "vpcId": v.id})
	association := spoke.create(zoneAssocType, in{"zoneId": zone.id, "vpcId": v.id})
	assert.Equal(t, "eu-west-1", association.str("vpcRegion"))
	assert.Equal(t, "123456789012", association.str("owningAccount"))

	profile := hub.create(profileType, in{"name": "central"})
	share := hub.share(profile, true)
	accepted := spoke.create(ramAcceptType, in{"shareArn": share.id})
	assert.Equal(t, "222222222222", accepted.str("receiverAccountId"))
	spoke.create(profileAssocType, in{"name": "v", "profileId": profile.id, "resourceId": v.id})

	gateway := hub.transitGateway()
	hub.share(gateway, false)
	attachment := spoke.attach(gateway, "10.21.0.0/16")
	accepter := hub.create(tgwAcceptType, in{"transitGatewayAttachmentId": attachment.id})
	table := hub.create(tgwTableType, in{"transitGatewayId": gateway.id})
	associated := hub.create(tgwAssocType, in{"transitGatewayAttachmentId": attachment.id, "transitGatewayRouteTableId": table.id})
	assert.Equal(t, attachment.str("vpcId"), associated.str("resourceId"))
	require.NoError(t, hub.remove(associated))
	require.NoError(t, hub.remove(accepter), "the provider takes the attachment with it")
	assert.False(t, spoke.exists(attachment))
	require.NoError(t, hub.remove(gateway))
}

// centralInputs are inputs for TestRandom of the types of this file.
func centralInputs(pick func(string) string, zone string) map[string]in {
	return map[string]in{
		zoneAssocType:     {"zoneId": pick(zoneType), "vpcId": pick(vpcType)},
		zoneAuthType:      {"zoneId": pick(zoneType), "vpcId": pick(vpcType)},
		profileType:       {"name": zone},
		profileAssocType:  {"name": zone, "profileId": pick(profileType), "resourceId": pick(vpcType)},
		profileResType:    {"name": zone, "profileId": pick(profileType), "resourceArn": "arn:aws:route53:::hostedzone/" + pick(zoneType)},
		peeringType:       {"vpcId": pick(vpcType), "peerVpcId": pick(vpcType)},
		peeringAcceptType: {"vpcPeeringConnectionId": pick(peeringType), "autoAccept": true},
		tgwType:           {"defaultRouteTableAssociation": "disable", "defaultRouteTablePropagation": "disable"},
		tgwTableType:      {"transitGatewayId": pick(tgwType)},
		tgwAttachType:     {"transitGatewayId": pick(tgwType), "vpcId": pick(vpcType), "subnetIds": []any{pick(subnetType)}},
		tgwAcceptType:     {"transitGatewayAttachmentId": pick(tgwAttachType)},
		tgwAssocType:      {"transitGatewayAttachmentId": pick(tgwAttachType), "transitGatewayRouteTableId": pick(tgwTableType)},
		tgwRouteType: {
			"destinationCidrBlock": "10.0.0.0/8", "transitGatewayAttachmentId": pick(tgwAttachType), "transitGatewayRouteTableId": pick(tgwTableType),
		},
		ramShareType:     {"name": zone},
		ramResourceType:  {"resourceShareArn": pick(ramShareType), "resourceArn": "arn:aws:ec2:eu-west-1:123456789012:transit-gateway/" + pick(tgwType)},
		ramPrincipalType: {"resourceShareArn": pick(ramShareType), "principal": "222222222222"},
		ramAcceptType:    {"shareArn": pick(ramShareType)},
	}
}

// centralIDs are ids of those types that nothing has.
var centralIDs = map[string]string{
	profileType: "rp-0123456789abcdef0", peeringType: "pcx-0123456789abcdef0", tgwType: "tgw-0123456789abcdef0",
	tgwTableType: "tgw-rtb-0123456789abcdef0", tgwAttachType: "tgw-attach-0123456789abcdef0",
	ramShareType: "arn:aws:ram:eu-west-1:123456789012:resource-share/01234567-89ab-cdef-0123-456789abcdef",
}

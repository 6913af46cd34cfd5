package catalog_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	require.NoError(t, err)
	return c
}

// vendorDocuments are the documents a source may name instead of an address.
var vendorDocuments = []string{
	"Deployment models of Conveyor, ",
	"AosCloud Networking Prerequisites v1.1, ",
}

// assertFact checks what every entry must have: a purpose or title, a source
// that can be looked up, and a day that has been.
func assertFact(t *testing.T, text, source, asOf string) {
	t.Helper()
	assert.NotEmpty(t, text)
	assert.Equal(t, strings.TrimSpace(text), text)
	named := slices.ContainsFunc(vendorDocuments, func(d string) bool {
		return strings.HasPrefix(source, d) && len(source) > len(d)
	})
	if !named {
		u, err := url.Parse(source)
		require.NoError(t, err)
		assert.Equal(t, "https", u.Scheme, "source %q", source)
		assert.NotEmpty(t, u.Host, "source %q", source)
	}
	day, err := time.Parse(time.DateOnly, asOf)
	require.NoError(t, err)
	assert.False(t, day.After(time.Now()), "asOf %s is in the future", asOf)
	assert.True(t, day.After(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), "asOf %s is before the project", asOf)
}

// zoneID is the form of a zone id: "use1-az3".
var zoneID = regexp.MustCompile(`^[a-z]{2,3}[a-z]?\d-az\d$`)

func TestEndpointServicesAreComplete(t *testing.T) {
	services := load(t).EndpointServices()
	require.NotEmpty(t, services)
	name := regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	for i, s := range services {
		t.Run(s.Name, func(t *testing.T) {
			assertFact(t, s.Purpose, s.Source, s.AsOf)
			assert.Regexp(t, name, s.Name)
			assert.Contains(t, []string{catalog.Interface, catalog.Gateway}, s.Type)
			assert.Equal(t, s.Type == catalog.Gateway, strings.HasSuffix(s.Name, "-gateway"), "the name says the type")
			assert.False(t, s.Type == catalog.Gateway && s.PrivateDNS, "a gateway endpoint has no private DNS")

			assert.NotEmpty(t, s.Ports)
			assert.True(t, slices.IsSorted(s.Ports))
			assert.Equal(t, slices.Compact(slices.Clone(s.Ports)), s.Ports)
			for _, port := range s.Ports {
				assert.True(t, port > 0 && port < 65536, "%d", port)
			}
			for _, id := range s.UnsupportedZoneIDs {
				assert.Regexp(t, zoneID, id)
			}
			assert.Regexp(t, `^(com\.amazonaws|aws\.sagemaker)\.eu-west-1\.[a-z0-9.-]+$`, s.ServiceName("eu-west-1"))
		})
		if i > 0 {
			assert.Less(t, services[i-1].Name, s.Name)
		}
		got, ok := load(t).EndpointService(s.Name)
		assert.True(t, ok)
		assert.Equal(t, s, got)
	}
}

func TestEndpointServices(t *testing.T) {
	c := load(t)
	// The services whose facts differ from the usual 443 and private DNS.
	for name, want := range map[string]struct {
		kind       string
		ports      []int
		privateDNS bool
	}{
		"ecr.api":          {catalog.Interface, []int{443}, true},
		"sqs":              {catalog.Interface, []int{443}, true},
		"cognito-idp":      {catalog.Interface, []int{443}, true},
		"cognito-identity": {catalog.Interface, []int{443}, true},
		"ecs-agent":        {catalog.Interface, []int{443}, true},
		"ecs-telemetry":    {catalog.Interface, []int{443}, true},
		"eks-auth":         {catalog.Interface, []int{443}, true},
		"s3":               {catalog.Interface, []int{443}, false},
		"s3-gateway":       {catalog.Gateway, []int{443}, false},
		"dynamodb-gateway": {catalog.Gateway, []int{443}, false},
		"email-smtp":       {catalog.Interface, []int{25, 465, 587, 2465, 2587}, true},
	} {
		s, ok := c.EndpointService(name)
		require.True(t, ok, name)
		assert.Equal(t, want.kind, s.Type, name)
		assert.Equal(t, want.ports, s.Ports, name)
		assert.Equal(t, want.privateDNS, s.PrivateDNS, name)
	}
	for _, name := range []string{"", "ecr", "S3", "com.amazonaws.eu-west-1.s3", "nat"} {
		s, ok := c.EndpointService(name)
		assert.False(t, ok, name)
		assert.Zero(t, s)
	}

	smtp, _ := c.EndpointService("email-smtp")
	// https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html, Limitation
	assert.Equal(t, []string{"use1-az2", "use1-az3", "use1-az5", "usw1-az2", "usw2-az4", "apne2-az4", "cac1-az3", "cac1-az4"}, smtp.UnsupportedZoneIDs)

	s3, _ := c.EndpointService("s3")
	assert.Contains(t, s3.Note, "since 2023")
	cognito, _ := c.EndpointService("cognito-idp")
	assert.Contains(t, cognito.Note, "incompatible with PrivateLink")
}

// The names are those of AWS's list, "Services that integrate with PrivateLink".
func TestServiceName(t *testing.T) {
	cases := []struct{ name, region, want string }{
		{"ec2", "eu-west-1", "com.amazonaws.eu-west-1.ec2"},
		{"ecr.api", "eu-west-1", "com.amazonaws.eu-west-1.ecr.api"},
		{"ecr.dkr", "us-east-1", "com.amazonaws.us-east-1.ecr.dkr"},
		{"aps-workspaces", "ap-southeast-2", "com.amazonaws.ap-southeast-2.aps-workspaces"},
		{"email-smtp", "eu-central-1", "com.amazonaws.eu-central-1.email-smtp"},
		{"s3", "eu-west-1", "com.amazonaws.eu-west-1.s3"},
		{"s3-gateway", "eu-west-1", "com.amazonaws.eu-west-1.s3"},
		{"dynamodb", "eu-west-1", "com.amazonaws.eu-west-1.dynamodb"},
		{"dynamodb-gateway", "eu-west-1", "com.amazonaws.eu-west-1.dynamodb"},
		{"sagemaker.api", "eu-west-1", "com.amazonaws.eu-west-1.sagemaker.api"},
		{"sagemaker.notebook", "eu-west-1", "aws.sagemaker.eu-west-1.notebook"},
		{"sagemaker.studio", "us-east-2", "aws.sagemaker.us-east-2.studio"},
	}
	for _, c := range cases {
		s, ok := load(t).EndpointService(c.name)
		require.True(t, ok, c.name)
		assert.Equal(t, c.want, s.ServiceName(c.region))
	}
}

// The lists are typed from the documents their comments name, in their order.
// The names are those of the table that AWS's Landing Zone Accelerator keeps:
// https://github.com/awslabs/landing-zone-accelerator-on-aws, hosted-zone.ts.
func TestPublicNames(t *testing.T) {
	c, err := catalog.Load()
	require.NoError(t, err)
	for name, want := range map[string][]string{
		"sts":                       {"sts.eu-west-1.amazonaws.com"},
		"ecr.api":                   {"api.ecr.eu-west-1.amazonaws.com"},
		"ecr.dkr":                   {"dkr.ecr.eu-west-1.amazonaws.com", "*.dkr.ecr.eu-west-1.amazonaws.com"},
		"ecs-agent":                 {"ecs-a.eu-west-1.amazonaws.com"},
		"ecs-telemetry":             {"ecs-t.eu-west-1.amazonaws.com"},
		"eks-auth":                  {"eks-auth.eu-west-1.api.aws"},
		"codeartifact.repositories": {"d.codeartifact.eu-west-1.amazonaws.com", "*.d.codeartifact.eu-west-1.amazonaws.com"},
		"sagemaker.runtime":         {"runtime.sagemaker.eu-west-1.amazonaws.com"},
	} {
		s, ok := c.EndpointService(name)
		require.True(t, ok, name)
		assert.Equal(t, want, s.PublicNames("eu-west-1"))
	}
}

func TestPresets(t *testing.T) {
	want := map[string][]string{
		// "Deployment models of Conveyor", section "Setup data plane without
		// internet access", VPC endpoints. The section "Private data plane
		// requirements" repeats the same list.
		"aws-data-plane": {
			"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ec2", "ec2messages", "eks", "elasticloadbalancing",
			"kms", "logs", "monitoring", "secretsmanager", "ssm", "sts", "sqs", "xray",
		},
		// "Deployment models of Conveyor", section "Private control plane
		// requirements", VPC endpoints.
		"aws-control-plane": {
			"aps", "aps-workspaces", "ecr.api", "ecr.dkr", "ecs", "ec2messages", "kms", "logs", "ssm", "ssmmessages",
			"sts", "sqs", "xray",
		},
		// "AosCloud Networking Prerequisites" v1.1, section "Required
		// Endpoints", a table of com.amazonaws.<region>.… names.
		"aoscloud": {
			"ec2", "ecr.api", "ecr.dkr", "logs", "sts", "elasticloadbalancing", "autoscaling", "secretsmanager", "rds",
			"s3", "elasticache", "email-smtp",
		},
	}
	for name, count := range map[string]int{"aws-data-plane": 16, "aws-control-plane": 13, "aoscloud": 12} {
		require.Len(t, want[name], count, "the retyped list itself")
	}

	c := load(t)
	var names []string
	for _, p := range c.EndpointPresets() {
		names = append(names, p.Name)
		assertFact(t, p.Purpose, p.Source, p.AsOf)
		assert.NotEmpty(t, p.Note, "what the document leaves out")
		assert.Equal(t, want[p.Name], p.Services, p.Name)
		for _, service := range p.Services {
			s, ok := c.EndpointService(service)
			assert.True(t, ok, "%s: %s is in no catalog", p.Name, service)
			assert.Equal(t, catalog.Interface, s.Type, "%s: %s", p.Name, service)
		}
		got, ok := c.EndpointPreset(p.Name)
		assert.True(t, ok)
		assert.Equal(t, p, got)
	}
	assert.Equal(t, []string{"aoscloud", "aws-control-plane", "aws-data-plane"}, names)

	_, ok := c.EndpointPreset("none")
	assert.False(t, ok)
}

// "AosCloud Networking Prerequisites" v1.1, section "Required Endpoints": every
// endpoint but S3's has private DNS.
func TestAosCloudPrivateDNS(t *testing.T) {
	c := load(t)
	preset, _ := c.EndpointPreset("aoscloud")
	for _, name := range preset.Services {
		s, _ := c.EndpointService(name)
		assert.Equal(t, name != "s3", s.PrivateDNS, name)
	}
}

// The defaults are AWS's, https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
// unless the comment says otherwise.
func TestQuotas(t *testing.T) {
	want := []struct {
		name       string
		limit      int
		adjustable bool
		code       string
	}{
		{catalog.QuotaVpcsPerRegion, 5, true, "L-F678F1CE"},
		{catalog.QuotaCidrsPerVpc, 5, true, "L-83CA0A9D"},
		{catalog.QuotaSubnetsPerVpc, 200, true, "L-407747CB"},
		{catalog.QuotaRouteTablesPerVpc, 200, true, "L-589F43AA"},
		{catalog.QuotaRoutesPerRouteTable, 50, true, "L-93826ACB"},
		{catalog.QuotaInternetGatewaysPerRegion, 5, true, "L-A4707A72"},
		{catalog.QuotaNatGatewaysPerZone, 5, true, "L-FE5A380F"},
		{catalog.QuotaElasticIPsPerRegion, 5, true, "L-0263D0A3"},
		{catalog.QuotaSecurityGroupsPerRegion, 2500, true, "L-E79EC296"},
		{catalog.QuotaRulesPerSecurityGroup, 60, true, "L-0EA8095F"},
		{catalog.QuotaSecurityGroupsPerNetworkInterface, 5, true, "L-2AFB9258"},
		{catalog.QuotaNetworkInterfacesPerRegion, 5000, true, "L-DF5E4CA3"},
		{catalog.QuotaInterfaceEndpointsPerVpc, 50, true, "L-29B6F2EB"},
		{catalog.QuotaGatewayEndpointsPerRegion, 20, true, "L-1B52E74A"},
		{catalog.QuotaEndpointPolicyCharacters, 20480, false, ""},
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
		{catalog.QuotaTagsPerResource, 50, false, ""},
		{catalog.QuotaTagKeyCharacters, 128, false, ""},
		{catalog.QuotaTagValueCharacters, 256, false, ""},
		// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
		{catalog.QuotaVpcsPerProfile, 1000, true, ""},
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
		{catalog.QuotaSecurityGroupNameCharacters, 255, false, ""},
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
		{catalog.QuotaRoleNameCharacters, 64, false, ""},
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html
		{catalog.QuotaNetworkLoadBalancersPerRegion, 50, true, "L-69A177A2"},
		{catalog.QuotaListenersPerNetworkLoadBalancer, 50, false, "L-57A373D6"},
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
		{catalog.QuotaLoadBalancerNameCharacters, 32, false, ""},
		{catalog.QuotaTrustPolicyCharacters, 2048, true, ""},
		{catalog.QuotaRolePoliciesCharacters, 10240, false, ""},
		{catalog.QuotaManagedPoliciesPerRole, 10, true, ""},
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html
		{catalog.QuotaQueueNameCharacters, 80, false, ""},
		{catalog.QuotaQueuePolicyBytes, 8192, false, ""},
	}
	c := load(t)
	var names []string
	for _, w := range want {
		names = append(names, w.name)
		q, ok := c.Quota(w.name)
		require.True(t, ok, w.name)
		assert.Equal(t, w.limit, q.Default, w.name)
		assert.Equal(t, w.adjustable, q.Adjustable, w.name)
		assert.Equal(t, w.code, q.Code, w.name)
	}
	slices.Sort(names)
	var all []string
	for _, q := range c.Quotas() {
		all = append(all, q.Name)
		assertFact(t, q.Title, q.Source, q.AsOf)
		assert.Positive(t, q.Default, q.Name)
	}
	assert.Equal(t, names, all, "a constant for each quota, and a quota for each constant")

	_, ok := c.Quota("lambdas")
	assert.False(t, ok)
}

func TestRegionsAreComplete(t *testing.T) {
	regions := load(t).Regions()
	ids := map[string]string{}
	prefixes := map[string]string{}
	for i, r := range regions {
		t.Run(r.Name, func(t *testing.T) {
			assertFact(t, r.Title, r.Source, r.AsOf)
			assert.Regexp(t, `^(af|ap|ca|eu|il|me|mx|sa|us)-(central|east|north|northeast|south|southeast|west)-\d$`, r.Name)
			assert.GreaterOrEqual(t, len(r.Zones), 3, "AWS: each Region has at least three")
			for i, z := range r.Zones {
				assert.Regexp(t, "^"+r.Name+"[a-f]$", z.Name)
				if i > 0 {
					assert.Less(t, r.Zones[i-1].Name, z.Name)
				}
				if z.ID == "" {
					assert.Equal(t, "us-west-1c", z.Name, "the only id that cannot be told")
					continue
				}
				assert.Regexp(t, zoneID, z.ID)
				assert.Empty(t, ids[z.ID], "%s is twice", z.ID)
				ids[z.ID] = z.Name
				// One prefix a region, and no other region's.
				head, _, _ := strings.Cut(z.ID, "-")
				if owner, known := prefixes[head]; known {
					assert.Equal(t, owner, r.Name)
				}
				prefixes[head] = r.Name
				assert.Equal(t, r.Name[len(r.Name)-1], head[len(head)-1], "%s ends in the region's number", head)
				assert.True(t, strings.HasPrefix(head, r.Name[:2]), "%s starts as the region does", head)
			}
		})
		if i > 0 {
			assert.Less(t, regions[i-1].Name, r.Name)
		}
		got, ok := load(t).Region(r.Name)
		assert.True(t, ok)
		assert.Equal(t, r, got)
	}
	for _, name := range []string{"", "eu-west-9", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "eu-west-1a"} {
		r, ok := load(t).Region(name)
		assert.False(t, ok, name)
		assert.Zero(t, r)
	}
}

// The ids of AWS's page "AWS Availability Zones",
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
// The regions it names in "Regions with independently mapped Availability
// Zones" are the second column.
func TestRegions(t *testing.T) {
	want := []struct {
		name       string
		perAccount bool
		ids        string
	}{
		{"af-south-1", false, "afs1-az1 afs1-az2 afs1-az3"},
		{"ap-east-1", false, "ape1-az1 ape1-az2 ape1-az3"},
		{"ap-east-2", false, "ape2-az1 ape2-az2 ape2-az3"},
		{"ap-northeast-1", true, "apne1-az1 apne1-az2 apne1-az3 apne1-az4"},
		{"ap-northeast-2", false, "apne2-az1 apne2-az2 apne2-az3 apne2-az4"},
		{"ap-northeast-3", false, "apne3-az1 apne3-az2 apne3-az3"},
		{"ap-south-1", false, "aps1-az1 aps1-az2 aps1-az3"},
		{"ap-south-2", false, "aps2-az1 aps2-az2 aps2-az3"},
		{"ap-southeast-1", true, "apse1-az1 apse1-az2 apse1-az3"},
		{"ap-southeast-2", true, "apse2-az1 apse2-az2 apse2-az3"},
		{"ap-southeast-3", false, "apse3-az1 apse3-az2 apse3-az3"},
		{"ap-southeast-4", false, "apse4-az1 apse4-az2 apse4-az3"},
		{"ap-southeast-5", false, "apse5-az1 apse5-az2 apse5-az3"},
		{"ap-southeast-6", false, "apse6-az1 apse6-az2 apse6-az3"},
		{"ap-southeast-7", false, "apse7-az1 apse7-az2 apse7-az3"},
		{"ca-central-1", false, "cac1-az1 cac1-az2 cac1-az4"},
		{"ca-west-1", false, "caw1-az1 caw1-az2 caw1-az3"},
		{"eu-central-1", false, "euc1-az1 euc1-az2 euc1-az3"},
		{"eu-central-2", false, "euc2-az1 euc2-az2 euc2-az3"},
		{"eu-north-1", false, "eun1-az1 eun1-az2 eun1-az3"},
		{"eu-south-1", false, "eus1-az1 eus1-az2 eus1-az3"},
		{"eu-south-2", false, "eus2-az1 eus2-az2 eus2-az3"},
		{"eu-west-1", true, "euw1-az1 euw1-az2 euw1-az3"},
		{"eu-west-2", false, "euw2-az1 euw2-az2 euw2-az3 euw2-az4"},
		{"eu-west-3", false, "euw3-az1 euw3-az2 euw3-az3"},
		{"il-central-1", false, "ilc1-az1 ilc1-az2 ilc1-az3"},
		{"me-central-1", false, "mec1-az1 mec1-az2 mec1-az3"},
		{"me-south-1", false, "mes1-az1 mes1-az2 mes1-az3"},
		{"mx-central-1", false, "mxc1-az1 mxc1-az2 mxc1-az3"},
		{"sa-east-1", true, "sae1-az1 sae1-az2 sae1-az3"},
		{"us-east-1", true, "use1-az1 use1-az2 use1-az3 use1-az4 use1-az5 use1-az6"},
		{"us-east-2", false, "use2-az1 use2-az2 use2-az3"},
		// The page's usw1-az2 is missing: newer accounts do not have it, and
		// which name it has elsewhere cannot be told.
		{"us-west-1", true, " usw1-az1 usw1-az3"},
		{"us-west-2", true, "usw2-az1 usw2-az2 usw2-az3 usw2-az4"},
	}
	regions := load(t).Regions()
	require.Len(t, regions, len(want))
	for i, w := range want {
		var ids []string
		for _, z := range regions[i].Zones {
			ids = append(ids, z.ID)
		}
		slices.Sort(ids)
		assert.Equal(t, w.name, regions[i].Name)
		assert.Equal(t, w.ids, strings.Join(ids, " "), w.name)
		assert.Equal(t, w.perAccount, regions[i].ZonesPerAccount, w.name)
		if w.perAccount {
			assert.NotEmpty(t, regions[i].Note, "%s: say where the default pairs come from", w.name)
		}
	}

	ohio, _ := load(t).Region("us-east-2")
	// The page's own example of describe-availability-zones.
	assert.Equal(t, []catalog.Zone{{Name: "us-east-2a", ID: "use2-az1"}, {Name: "us-east-2b", ID: "use2-az2"}, {Name: "us-east-2c", ID: "use2-az3"}}, ohio.Zones)
}

func TestEKSUnsupportedZones(t *testing.T) {
	d := load(t).EKSUnsupportedZones()
	assertFact(t, d.Purpose, d.Source, d.AsOf)
	// https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html, subnets
	assert.Equal(t, []string{"use1-az3", "usw1-az2", "cac1-az3"}, d.ZoneIDs)
}

// Every caller shares one catalog, so nothing it returns may reach into it.
func TestReturnedValuesAreCopies(t *testing.T) {
	c := load(t)
	before := dump(c)

	smtp, _ := c.EndpointService("email-smtp")
	smtp.Ports[0], smtp.UnsupportedZoneIDs[0] = 1, "mine"
	for _, s := range c.EndpointServices() {
		s.Ports[0] = 1
	}
	c.EndpointServices()[0] = catalog.EndpointService{}
	preset, _ := c.EndpointPreset("aoscloud")
	preset.Services[0] = "mine"
	for _, p := range c.EndpointPresets() {
		p.Services[0] = "mine"
	}
	c.EndpointPresets()[0] = catalog.EndpointPreset{}
	c.Quotas()[0] = catalog.Quota{}
	region, _ := c.Region("eu-west-1")
	region.Zones[0] = catalog.Zone{}
	for _, r := range c.Regions() {
		r.Zones[0] = catalog.Zone{}
	}
	c.Regions()[0] = catalog.Region{}
	c.EKSUnsupportedZones().ZoneIDs[0] = "mine"

	assert.Equal(t, before, dump(c))
	again := load(t)
	assert.Same(t, c, again, "read once")
}

func dump(c *catalog.Catalog) string {
	return fmt.Sprintf("%+v", []any{c.EndpointServices(), c.EndpointPresets(), c.Quotas(), c.Regions(), c.EKSUnsupportedZones()})
}

func TestZeroCatalogIsEmpty(t *testing.T) {
	var c catalog.Catalog
	assert.Empty(t, c.EndpointServices())
	_, ok := c.Region("eu-west-1")
	assert.False(t, ok)
}

func TestCheckRegion(t *testing.T) {
	c := load(t)
	assert.NoError(t, c.CheckRegion("eu-west-1"))
	cases := []problem.Problem{
		{Value: "", Rule: "is missing", Fix: "give an AWS region, for example eu-west-1"},
		{Value: "eu-wst-1", Rule: "is not an AWS region that the catalogue knows", Fix: `did you mean "eu-west-1"?`},
		{Value: "Ireland", Rule: "is not an AWS region that the catalogue knows", Fix: "give a region of the aws partition, for example eu-west-1"},
	}
	for _, want := range cases {
		var got *problem.Problem
		require.ErrorAs(t, c.CheckRegion(want.Value), &got)
		assert.Equal(t, want, *got)
	}
}

func ExampleCatalog_EndpointPreset() {
	c, err := catalog.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	preset, _ := c.EndpointPreset("aoscloud")
	for _, name := range preset.Services[9:] {
		service, _ := c.EndpointService(name)
		fmt.Println(service.ServiceName("eu-west-1"), service.Ports, service.PrivateDNS)
	}
	// Output:
	// com.amazonaws.eu-west-1.s3 [443] false
	// com.amazonaws.eu-west-1.elasticache [443] true
	// com.amazonaws.eu-west-1.email-smtp [25 465 587 2465 2587] true
}

package engine

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/components/aoscloud"
	"github.com/underlay-iac/underlay/stacks"
)

// aosEnvironment returns the program of one of the repository's AosCloud
// environments with edits made to its configuration.
func aosEnvironment(t framework.TB, name string, edits ...func(*stacks.Environment, *aoscloud.Spec)) program {
	t.Helper()
	env, err := stacks.Load("../../Pulumi." + name + ".yaml")
	require.NoError(t, err)
	spec, ok := env.Spec.(*stacks.AosCloud)
	require.True(t, ok)
	for _, edit := range edits {
		edit(env, &spec.Vpc)
	}
	return programOf(t, name, env)
}

// requireWarned asserts that an operation succeeded and warned so many times.
func requireWarned(t framework.TB, r result, warnings int) {
	t.Helper()
	require.NoError(t, r.err, r.text())
	require.Empty(t, r.failed)
	require.Len(t, r.diags, warnings, r.text())
}

// only returns the counts of a result without what stayed the same.
func only(r result) map[display.StepOp]int {
	counts := r.counts()
	delete(counts, "same")
	return counts
}

// elsewhere returns stacks of somebody else's: one with the security group that
// EKS would make in the VPC, one with a file system. (The engine has a data race
// where two steps of one stack fail at once; each of these can fail alone.)
func elsewhere(vpc string) (cluster, files program) {
	with := func(name string, build func(*pulumi.Context, pulumi.ResourceOption) error) program {
		return program{project: name, stack: name, run: func(ctx *pulumi.Context) error {
			provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
			if err != nil {
				return err
			}
			return build(ctx, pulumi.Provider(provider))
		}}
	}
	cluster = with("cluster", func(ctx *pulumi.Context, provider pulumi.ResourceOption) error {
		_, err := ec2.NewSecurityGroup(ctx, "cluster", &ec2.SecurityGroupArgs{VpcId: pulumi.String(vpc)}, provider)
		return err
	})
	files = with("files", func(ctx *pulumi.Context, provider pulumi.ResourceOption) error {
		_, err := efs.NewFileSystem(ctx, "files", nil, provider)
		return err
	})
	return cluster, files
}

// TestAosCloud takes both environments through all there is. aoscloud-dev has 52
// AWS resources: a VPC, an internet gateway, 16 subnets of which 7 have an
// association, 2 route tables with a default route each, an address, a NAT
// gateway, the S3 gateway on 2 tables, 12 interface endpoints, 3 subnet groups;
// beside them the stack, the provider and two components. aoscloud-staging has
// in addition 2 endpoint subnets with their associations, and the public load
// balancers' group with 3 ingress and 2 egress rules.
func TestAosCloud(t *testing.T) {
	t.Parallel()
	const dev = 1 + 1 + 16 + 7 + 2 + 2 + 1 + 1 + 1 + 2 + 12 + 3
	for _, test := range []struct {
		environment      string
		create, warnings int
	}{
		{"aoscloud-dev", dev + 4, 2},                   // one endpoint zone, no cluster
		{"aoscloud-staging", dev + 2*2 + 1 + 5 + 4, 1}, // no cluster
	} {
		t.Run(test.environment, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := aosEnvironment(t, test.environment)
			preview := w.Preview(t, p)
			requireWarned(t, preview, test.warnings)
			up := w.Up(t, p)
			requireWarned(t, up, test.warnings)
			require.Equal(t, map[display.StepOp]int{"create": test.create}, up.counts())
			require.Equal(t, preview.counts(), up.counts())
			w.requireInStep(t)
			w.requireExplicitProviders(t, test.environment)

			before := w.contents(t)
			for _, again := range []result{w.Preview(t, p), w.Up(t, p), w.Up(t, p)} {
				requireWarned(t, again, test.warnings)
				require.Empty(t, only(again))
			}
			requireSame(t, w.Refresh(t, p))
			requireContents(t, before, w.contents(t))

			requireClean(t, w.Destroy(t, p))
			require.Empty(t, w.aws.Objects())
		})
	}
}

// TestAosCloudCluster gives the VPC its cluster and its file system in a second
// step, as in life, and takes both back. The endpoints and the mount targets
// are where the cluster's group and the file system would be stuck.
func TestAosCloudCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alone := aosEnvironment(t, "aoscloud-dev")
	requireWarned(t, w.Up(t, alone), 2)
	ids := map[string]resource.ID{}
	for _, state := range w.State("aoscloud-dev").Resources {
		ids[state.URN.Name()] = state.ID
	}
	cluster, files := elsewhere(string(ids["aos-vpc"]))
	for _, p := range []program{cluster, files} {
		requireClean(t, w.Up(t, p))
		for _, state := range w.State(p.stack).Resources {
			ids[state.URN.Name()] = state.ID
		}
	}
	before := w.contents(t)

	with := aosEnvironment(t, "aoscloud-dev", func(_ *stacks.Environment, s *aoscloud.Spec) {
		s.EksClusterSecurityGroupID, s.EfsFileSystemID = string(ids["cluster"]), string(ids["files"])
	})
	up := w.Up(t, with)
	requireWarned(t, up, 1) // one endpoint zone
	require.Equal(t, map[display.StepOp]int{"create": 2 + 3, "update": 12}, only(up), "two rules, three mount targets, the endpoints' groups")
	require.Empty(t, only(w.Up(t, with)))
	w.requireInStep(t)
	require.Contains(t, w.Destroy(t, cluster).text(), "DependencyViolation", "the cluster's group is on the endpoints")
	require.Contains(t, w.Destroy(t, files).text(), "FileSystemInUse")

	down := w.Up(t, alone)
	requireWarned(t, down, 2)
	require.Equal(t, map[display.StepOp]int{"delete": 2 + 3, "update": 12}, only(down))
	requireContents(t, before, w.contents(t))
	for _, p := range []program{cluster, files, alone} {
		requireClean(t, w.Destroy(t, p))
	}
	require.Empty(t, w.aws.Objects())
}

// TestAosCloudChange deploys before and after an edit; what the edit does not
// concern stays the same, and no block moves.
func TestAosCloudChange(t *testing.T) {
	t.Parallel()
	no := false
	for _, test := range []struct {
		name   string
		edit   func(*stacks.Environment, *aoscloud.Spec)
		counts map[display.StepOp]int
	}{
		{"two more endpoint zones", func(_ *stacks.Environment, s *aoscloud.Spec) {
			s.EndpointZones = []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}
		}, map[display.StepOp]int{"create": 2 + 2, "update": 12}},
		{"a group for public load balancers", func(_ *stacks.Environment, s *aoscloud.Spec) {
			s.PublicLbIngress = []aoscloud.IngressRule{{From: 443, Cidr: "0.0.0.0/0"}, {From: 443, Cidr: "::/0"}}
		}, map[display.StepOp]int{"create": 1 + 2 + 2}},
		{"no S3 gateway", func(_ *stacks.Environment, s *aoscloud.Spec) { s.S3Gateway = &no }, map[display.StepOp]int{"delete": 1 + 2}},
		{"no subnet groups", func(_ *stacks.Environment, s *aoscloud.Spec) { s.SubnetGroups = &no }, map[display.StepOp]int{"delete": 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.Up(t, aosEnvironment(t, "aoscloud-dev")).err)
			blocks := w.cidrs("aoscloud-dev")
			after := aosEnvironment(t, "aoscloud-dev", test.edit)
			up := w.Up(t, after)
			require.NoError(t, up.err, up.text())
			require.Equal(t, test.counts, only(up))
			now := w.cidrs("aoscloud-dev")
			for name, block := range blocks {
				require.Equal(t, block, now[name], name)
			}
			require.Empty(t, only(w.Up(t, after)))
			w.requireInStep(t)

			alone := newWorld(t)
			require.NoError(t, alone.Up(t, after).err)
			requireContents(t, alone.contents(t), w.contents(t))
		})
	}
}

// TestAosCloudMoves refuses what would move a deployed block and says where it is
// deployed; with permission another VPC takes the place of the first.
func TestAosCloudMoves(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(*stacks.Environment, *aoscloud.Spec)
		says []string
	}{
		{"another base", func(_ *stacks.Environment, s *aoscloud.Spec) { s.BaseCidr = "10.240.0.0/16" },
			[]string{"underlay:spec.vpc.baseCidr: 10.240.0.0/16: would move aos-vpc, deployed at 10.231.0.0/16"}},
		{"dev turned into staging", func(_ *stacks.Environment, s *aoscloud.Spec) { s.Staging = true },
			[]string{"underlay:spec.vpc.baseCidr: 10.232.0.0/16: would move aos-vpc, deployed at 10.231.0.0/16"}},
		{"zones reordered", func(_ *stacks.Environment, s *aoscloud.Spec) {
			s.Zones = []string{"eu-west-1a", "eu-west-1c", "eu-west-1b"}
		}, []string{"underlay:spec.vpc.zones: 10.231.32.0/20: would move aos-eks-private-eu-west-1b, deployed at 10.231.16.0/20"}},
		{"another endpoint zone", func(_ *stacks.Environment, s *aoscloud.Spec) { s.EndpointZones = []string{"eu-west-1b"} },
			[]string{"underlay:spec.vpc.endpointZones: would remove aos-endpoints-eu-west-1a, deployed at 10.231.100.0/24, while the tier endpoints stays"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.Up(t, aosEnvironment(t, "aoscloud-dev")).err)
			before := w.contents(t)
			refused := w.Up(t, aosEnvironment(t, "aoscloud-dev", test.edit))
			require.Error(t, refused.err)
			for _, said := range test.says {
				require.Contains(t, refused.text(), said)
			}
			requireOnly(t, refused)
			requireContents(t, before, w.contents(t))
		})
	}
	t.Run("another base, allowed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.Up(t, aosEnvironment(t, "aoscloud-staging")).err)
		moved := aosEnvironment(t, "aoscloud-staging", func(e *stacks.Environment, s *aoscloud.Spec) {
			e.AllowReplacement, s.BaseCidr = true, "10.240.0.0/16"
		})
		up := w.Up(t, moved)
		require.NoError(t, up.err, up.text())
		require.Empty(t, only(w.Up(t, moved)))
		w.requireInStep(t)
		alone := newWorld(t)
		require.NoError(t, alone.Up(t, moved).err)
		requireContents(t, alone.contents(t), w.contents(t))
		requireClean(t, w.Destroy(t, moved))
		require.Empty(t, w.aws.Objects())
	})
}

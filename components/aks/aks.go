package aks

import (
	"fmt"
	"regexp"
	"strconv"

	containerservice "github.com/pulumi/pulumi-azure-native-sdk/containerservice/v3"
	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/azurerole"
	"github.com/underlay-iac/underlay/components/internal/warn"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the type token of AksCluster.
const Type = "underlay:aks:AksCluster"

// AksClusterArgs are the arguments of AksCluster: the plain Spec that decides
// its structure, and the ids of what it is built into.
type AksClusterArgs struct {
	Spec
	IDs
	// ClusterProvider registers the cluster: NewClusterProvider's. The
	// component's own provider, which registers everything else, is one of
	// pulumi-azure-native-sdk/v2. Required.
	ClusterProvider pulumi.ProviderResource
	// ResourceGroupName is the group that cluster and identities are put into.
	// Required.
	ResourceGroupName pulumi.StringInput
	// Tags are put on every resource that takes tags.
	Tags pulumi.StringMapInput
}

// AksCluster is a cluster with its identities and the roles that they need:
// no local accounts, no run command, Entra ID and Azure's roles decide who does
// what. Its network cannot be changed without replacing it.
type AksCluster struct {
	pulumi.ResourceState

	// ClusterID and ClusterName are the cluster's.
	ClusterID   pulumi.StringOutput `pulumi:"clusterId"`
	ClusterName pulumi.StringOutput `pulumi:"clusterName"`
	// Fqdn is the API server's public name, PrivateFqdn its private one; each
	// is empty when there is none.
	Fqdn        pulumi.StringOutput `pulumi:"fqdn"`
	PrivateFqdn pulumi.StringOutput `pulumi:"privateFqdn"`
	// NodeResourceGroup is the group that AKS keeps nodes, load balancers and
	// a system zone in.
	NodeResourceGroup pulumi.StringOutput `pulumi:"nodeResourceGroup"`
	// OidcIssuerURL is who signs the tokens of the cluster's service accounts,
	// for what trusts them elsewhere.
	OidcIssuerURL pulumi.StringOutput `pulumi:"oidcIssuerUrl"`
	// IdentityID and PrincipalID are the control plane's identity and its
	// object id.
	IdentityID  pulumi.StringOutput `pulumi:"identityId"`
	PrincipalID pulumi.StringOutput `pulumi:"principalId"`
	// MaxNodes is how many nodes the network has room for, LimitedBy what there
	// is too little of for more: "nodeSubnet", "podSubnet", "podCidr", "model".
	MaxNodes  pulumi.IntOutput    `pulumi:"maxNodes"`
	LimitedBy pulumi.StringOutput `pulumi:"limitedBy"`

	plan *Plan
}

// Plan returns the plan that the cluster was built from.
func (c *AksCluster) Plan() *Plan { return c.plan }

// NewAksCluster builds the cluster that args describe. Every problem of args is
// reported at once, before anything is registered: the error then holds a
// problem.List.
func NewAksCluster(ctx *pulumi.Context, name string, args *AksClusterArgs, opts ...pulumi.ResourceOption) (*AksCluster, error) {
	if args == nil {
		args = &AksClusterArgs{}
	}
	plan, err := args.plan(name)
	if err != nil {
		return nil, fmt.Errorf("AKS cluster %q: %w", name, err)
	}
	component := &AksCluster{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, component, opts...); err != nil {
		return nil, fmt.Errorf("AKS cluster %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: args, plan: plan, component: component}
	for _, build := range []func() error{b.warnings, b.identities, b.grants, b.cluster, b.pools} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("AKS cluster %q: %w", name, err)
		}
	}
	err = ctx.RegisterResourceOutputs(component, pulumi.Map{
		"clusterId":         component.ClusterID,
		"clusterName":       component.ClusterName,
		"fqdn":              component.Fqdn,
		"privateFqdn":       component.PrivateFqdn,
		"nodeResourceGroup": component.NodeResourceGroup,
		"oidcIssuerUrl":     component.OidcIssuerURL,
		"identityId":        component.IdentityID,
		"principalId":       component.PrincipalID,
		"maxNodes":          component.MaxNodes,
		"limitedBy":         component.LimitedBy,
	})
	if err != nil {
		return nil, fmt.Errorf("AKS cluster %q: %w", name, err)
	}
	return component, nil
}

// namePattern is what a DNS prefix may be, which the cluster's name is.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?$`)

// plan plans the spec and checks the values given beside it.
func (a *AksClusterArgs) plan(name string) (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	if !namePattern.MatchString(name) {
		problems.Addf("name", name, "use 1 to 54 letters, digits and hyphens, the first and last no hyphen", "is not the name of a cluster")
	}
	for i, pool := range a.Pools {
		if pool.VMSize == "" {
			problems.Addf(fmt.Sprintf("pools[%d].vmSize", i), "", "give one, for example Standard_D4ds_v5", "is missing")
		}
	}
	if a.ClusterProvider == nil {
		problems.Addf("clusterProvider", "", "give that of NewClusterProvider", "is missing")
	}
	if a.ResourceGroupName == nil {
		problems.Addf("resourceGroupName", "", "give it", "is missing")
	}
	// Which ids are needed does not depend on whether the spec is right.
	spec := a.withDefaults()
	a.check(newPosture(spec, nil), &problems)
	for _, grant := range grants(spec) {
		switch grant.Target {
		case TargetVnet, TargetRouteTable, TargetInboundIP:
		default:
			continue // checked with the posture
		}
		if a.of(grant.Target)[0] == nil {
			problems.Addf(string(grant.Target)+"Id", "", "give it", "is missing; the cluster's identity needs a role for it")
		}
	}
	return plan, problems.Err()
}

type builder struct {
	ctx       *pulumi.Context
	name      string
	args      *AksClusterArgs
	plan      *Plan
	component *AksCluster
	// control is the control plane's identity; kubelet that of the nodes, nil
	// where AKS makes it.
	control, kubelet *managedidentity.UserAssignedIdentity
	// before is what the cluster waits for.
	before []pulumi.Resource
}

func (b *builder) warnings() error {
	return warn.Log(b.ctx, b.component, b.plan.Warnings)
}

// identities creates the identities that roles are given to before the cluster
// is made.
func (b *builder) identities() error {
	var err error
	if b.control, err = b.identity("-identity"); err != nil {
		return err
	}
	for _, grant := range b.plan.Grants {
		if grant.Principal == Kubelet && b.kubelet == nil {
			if b.kubelet, err = b.identity("-kubelet"); err != nil {
				return err
			}
		}
	}
	b.component.IdentityID = b.control.ID().ToStringOutput()
	b.component.PrincipalID = b.control.PrincipalId
	return nil
}

func (b *builder) identity(suffix string) (*managedidentity.UserAssignedIdentity, error) {
	return managedidentity.NewUserAssignedIdentity(b.ctx, b.name+suffix, &managedidentity.UserAssignedIdentityArgs{
		Location:          pulumi.String(b.plan.Spec.Location),
		ResourceGroupName: b.args.ResourceGroupName,
		Tags:              b.args.Tags,
	}, pulumi.Parent(b.component))
}

func (b *builder) grants() error {
	for _, grant := range b.plan.Grants {
		principal := b.control
		if grant.Principal == Kubelet {
			principal = b.kubelet
		}
		scopes := b.args.of(grant.Target)
		if grant.Target == TargetKubeletIdentity {
			scopes = []pulumi.StringInput{b.kubelet.ID().ToStringOutput()}
		}
		for i, scope := range scopes {
			key := b.name + "-" + grant.Key
			if i > 0 {
				key += "-" + strconv.Itoa(i+1)
			}
			assigned, err := azurerole.Assign(b.ctx, key, azurerole.Assignment{
				Role: grant.Role, Scope: scope, PrincipalID: principal.PrincipalId,
				PrincipalType: azurerole.ServicePrincipal, Description: grant.Reason,
			}, pulumi.Parent(b.component))
			if err != nil {
				return err
			}
			b.before = append(b.before, assigned)
		}
	}
	return nil
}

func (b *builder) cluster() error {
	spec, posture := b.plan.Spec, b.plan.Posture
	args := &containerservice.ManagedClusterArgs{
		ResourceGroupName: b.args.ResourceGroupName,
		Location:          pulumi.String(spec.Location),
		DnsPrefix:         pulumi.String(b.name),
		KubernetesVersion: optional(spec.KubernetesVersion),
		Sku:               containerservice.ManagedClusterSKUArgs{Name: pulumi.String("Base"), Tier: pulumi.String(spec.Tier)},
		AgentPoolProfiles: containerservice.ManagedClusterAgentPoolProfileArray{firstPool(spec.Pools[0])},
		Identity: containerservice.ManagedClusterIdentityArgs{
			Type:                   containerservice.ResourceIdentityTypeUserAssigned,
			UserAssignedIdentities: pulumi.StringArray{b.control.ID().ToStringOutput()},
		},
		EnableRBAC:           pulumi.Bool(true),
		DisableLocalAccounts: pulumi.Bool(true),
		AadProfile: containerservice.ManagedClusterAADProfileArgs{
			Managed:             pulumi.Bool(true),
			EnableAzureRBAC:     pulumi.Bool(true),
			AdminGroupObjectIDs: pulumi.ToStringArray(spec.AdminGroups),
		},
		AutoUpgradeProfile: containerservice.ManagedClusterAutoUpgradeProfileArgs{
			UpgradeChannel:       pulumi.String("patch"),
			NodeOSUpgradeChannel: pulumi.String("NodeImage"),
		},
		OidcIssuerProfile: containerservice.ManagedClusterOIDCIssuerProfileArgs{Enabled: pulumi.Bool(true)},
		SecurityProfile: containerservice.ManagedClusterSecurityProfileArgs{
			WorkloadIdentity: containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs{Enabled: pulumi.Bool(true)},
		},
		Tags: b.args.Tags,
	}
	if b.kubelet != nil {
		args.IdentityProfile = containerservice.UserAssignedIdentityMap{
			"kubeletidentity": containerservice.UserAssignedIdentityArgs{
				ResourceId: b.kubelet.ID().ToStringOutput().ToStringPtrOutput(),
				ClientId:   b.kubelet.ClientId.ToStringPtrOutput(),
				ObjectId:   b.kubelet.PrincipalId.ToStringPtrOutput(),
			},
		}
	}
	if err := posture.Apply(args, b.args.IDs); err != nil {
		return err
	}
	opts := append(posture.Options(),
		pulumi.Parent(b.component),
		pulumi.Provider(b.args.ClusterProvider),
		// A node that joins before its identity has the roles never becomes ready.
		pulumi.DependsOn(b.before),
		pulumi.Protect(*spec.DeletionProtection),
		// The autoscaler changes it.
		pulumi.IgnoreChanges([]string{"agentPoolProfiles[0].count"}),
	)
	cluster, err := containerservice.NewManagedCluster(b.ctx, b.name, args, opts...)
	if err != nil {
		return err
	}
	b.component.ClusterID = cluster.ID().ToStringOutput()
	b.component.ClusterName = cluster.Name
	b.component.Fqdn = cluster.Fqdn
	b.component.PrivateFqdn = cluster.PrivateFQDN
	b.component.NodeResourceGroup = cluster.NodeResourceGroup.Elem()
	b.component.OidcIssuerURL = cluster.OidcIssuerProfile.IssuerURL().Elem()
	b.component.MaxNodes = pulumi.Int(b.plan.Capacity.MaxNodes).ToIntOutput()
	b.component.LimitedBy = pulumi.String(b.plan.Capacity.LimitedBy).ToStringOutput()
	return nil
}

// firstPool returns the part of the cluster's own pool that its network does
// not decide.
func firstPool(pool Pool) containerservice.ManagedClusterAgentPoolProfileArgs {
	return containerservice.ManagedClusterAgentPoolProfileArgs{
		Name:              pulumi.String(pool.Name),
		Mode:              pulumi.String(pool.Mode),
		Type:              pulumi.String("VirtualMachineScaleSets"), // as AKS makes the other pools
		OsType:            pulumi.String(poolOS),
		VmSize:            pulumi.String(pool.VMSize),
		Count:             pulumi.Int(pool.MinCount),
		AvailabilityZones: zones(pool),
	}
}

// poolOS is what every pool's nodes run.
const poolOS = "Linux"

func zones(pool Pool) pulumi.StringArrayInput {
	if len(pool.Zones) == 0 {
		return nil
	}
	return pulumi.ToStringArray(pool.Zones)
}

// pools creates the pools after the first, each a resource of its own: they
// come and go without a change of the cluster.
func (b *builder) pools() error {
	var before []pulumi.Resource
	for _, pool := range b.plan.Spec.Pools[1:] {
		args := &containerservice.AgentPoolArgs{
			AgentPoolName:     pulumi.String(pool.Name),
			ResourceName:      b.component.ClusterName,
			ResourceGroupName: b.args.ResourceGroupName,
			Mode:              pulumi.String(pool.Mode),
			OsType:            pulumi.String(poolOS),
			VmSize:            pulumi.String(pool.VMSize),
			Count:             pulumi.Int(pool.MinCount),
			AvailabilityZones: zones(pool),
			Tags:              b.args.Tags,
		}
		if err := b.plan.Posture.ApplyPool(args, pool.Name, b.args.IDs); err != nil {
			return err
		}
		created, err := containerservice.NewAgentPool(b.ctx, b.name+"-"+pool.Name, args,
			pulumi.Parent(b.component),
			pulumi.Provider(b.args.ClusterProvider),
			pulumi.DependsOn(before),                // AKS makes one at a time
			pulumi.DeleteBeforeReplace(true),        // the next one has the same name
			pulumi.IgnoreChanges([]string{"count"}), // the autoscaler changes it
		)
		if err != nil {
			return err
		}
		before = append(before, created)
	}
	return nil
}

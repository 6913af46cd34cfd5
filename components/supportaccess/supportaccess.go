package supportaccess

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/tags"
	"github.com/underlay-iac/underlay/problem"
)

// Type is the component's type token.
const Type = "underlay:supportaccess:SupportRole"

// SupportRoleArgs are the arguments of a SupportRole: the plain Spec that
// decides its structure, and the external id.
type SupportRoleArgs struct {
	Spec
	// ExternalID is the id that the vendor issued for this customer, at least
	// 16 characters of letters, digits and +=,.@:/_-. It is kept as a secret,
	// as is the trust policy that holds it: give it from secret configuration
	// (config.RequireSecret). Required.
	ExternalID pulumi.StringInput
	// Tags are put on every resource that takes tags, beside its Name.
	Tags pulumi.StringMapInput
}

// SupportRole is the vendor's role in the customer's account. The package
// comment shows it.
//
// Resources are named after the component: the role "<name>", its policies
// "<name>-<policy>".
type SupportRole struct {
	pulumi.ResourceState

	// RoleArn is the role's ARN, which the vendor is told with the external id.
	RoleArn pulumi.StringOutput `pulumi:"roleArn"`
	// RoleName is the role's name.
	RoleName pulumi.StringOutput `pulumi:"roleName"`

	plan *Plan
}

// Plan returns the plan that the role was built from.
func (r *SupportRole) Plan() *Plan { return r.plan }

// NewSupportRole builds the role that args describe. Every problem of args is
// reported at once, before anything is registered: the error then holds a
// problem.List. An external id that is not known before deployment, as one from
// secret configuration, is checked then, before the role is made.
func NewSupportRole(ctx *pulumi.Context, name string, args *SupportRoleArgs, opts ...pulumi.ResourceOption) (*SupportRole, error) {
	if args == nil {
		args = &SupportRoleArgs{}
	}
	plan, err := args.plan()
	if err != nil {
		return nil, fmt.Errorf("support role %q: %w", name, err)
	}
	support := &SupportRole{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, support, opts...); err != nil {
		return nil, fmt.Errorf("support role %q: %w", name, err)
	}
	if err := args.build(ctx, name, support); err != nil {
		return nil, fmt.Errorf("support role %q: %w", name, err)
	}
	err = ctx.RegisterResourceOutputs(support, pulumi.Map{"roleArn": support.RoleArn, "roleName": support.RoleName})
	if err != nil {
		return nil, fmt.Errorf("support role %q: %w", name, err)
	}
	return support, nil
}

// plan plans the spec and checks the external id, if it is known.
func (a *SupportRoleArgs) plan() (*Plan, error) {
	var problems problem.List
	plan, err := NewPlan(a.Spec)
	problems.Add("", err)
	switch known, ok := a.ExternalID.(pulumi.String); {
	case a.ExternalID == nil:
		problems.Add("externalId", identity.ExternalID(""))
	case ok:
		problems.Add("externalId", identity.ExternalID(string(known)))
		if plan != nil && len(problems) == 0 {
			problems = append(problems, plan.trustSize(len(known))...)
		}
	}
	return plan, problems.Err()
}

// build registers the role and what it may do.
func (a *SupportRoleArgs) build(ctx *pulumi.Context, name string, support *SupportRole) error {
	plan := support.plan
	child := pulumi.Parent(support)
	secret := pulumi.ToSecret(a.ExternalID.ToStringOutput()).(pulumi.StringOutput)
	args := &iam.RoleArgs{
		Name:        pulumi.String(plan.Spec.Name),
		Description: pulumi.String("Lets the platform's vendor give support in this account"),
		AssumeRolePolicy: secret.ApplyT(func(id string) (string, error) {
			if err := identity.ExternalID(id); err != nil {
				return "", fmt.Errorf("externalId: %w", err)
			}
			return plan.Trust(id)
		}).(pulumi.StringOutput),
		MaxSessionDuration: pulumi.Int(plan.Spec.MaxSessionHours * 60 * 60),
		Tags:               tags.Merge(a.Tags, name, nil),
	}
	if plan.Spec.PermissionsBoundaryArn != "" {
		args.PermissionsBoundary = pulumi.String(plan.Spec.PermissionsBoundaryArn)
	}
	role, err := iam.NewRole(ctx, name, args, child)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(plan.InlinePolicies)) {
		_, err := iam.NewRolePolicy(ctx, name+"-"+key, &iam.RolePolicyArgs{
			Name: pulumi.String(key), Role: role.Name, Policy: pulumi.String(plan.InlinePolicies[key]),
		}, child)
		if err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(plan.PolicyArns)) {
		_, err := iam.NewRolePolicyAttachment(ctx, name+"-"+key, &iam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: pulumi.String(plan.PolicyArns[key]),
		}, child)
		if err != nil {
			return err
		}
	}
	support.RoleArn, support.RoleName = role.Arn, role.Name
	return nil
}

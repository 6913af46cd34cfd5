package azureaccess

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/azurerole"
	"github.com/underlay-iac/underlay/components/internal/warn"
)

// Type is the type token of VendorAccess.
const Type = "underlay:azureaccess:VendorAccess"

// VendorAccessArgs are the arguments of VendorAccess.
type VendorAccessArgs struct {
	Spec
	// DependsOn is what has to be there first: the resource group, where the
	// same program makes it. Default none.
	DependsOn []pulumi.Resource
}

// VendorAccess is the roles of the vendor's group.
type VendorAccess struct {
	pulumi.ResourceState

	// Scope is the id of the subscription or resource group.
	Scope pulumi.StringOutput `pulumi:"scope"`
	// AssignmentIDs are the role assignments' ids, by what each is for.
	AssignmentIDs pulumi.StringMapOutput `pulumi:"assignmentIds"`

	plan *Plan
}

// Plan returns the plan that the access was built from.
func (a *VendorAccess) Plan() *Plan { return a.plan }

// NewVendorAccess gives the group its roles. Every problem of args is reported
// at once, before anything is registered: the error then holds a problem.List.
func NewVendorAccess(ctx *pulumi.Context, name string, args *VendorAccessArgs, opts ...pulumi.ResourceOption) (*VendorAccess, error) {
	if args == nil {
		args = &VendorAccessArgs{}
	}
	plan, err := NewPlan(args.Spec)
	if err != nil {
		return nil, fmt.Errorf("vendor access %q: %w", name, err)
	}
	access := &VendorAccess{plan: plan}
	if err := ctx.RegisterComponentResource(Type, name, access, opts...); err != nil {
		return nil, fmt.Errorf("vendor access %q: %w", name, err)
	}
	if err := warn.Log(ctx, access, plan.Warnings); err != nil {
		return nil, fmt.Errorf("vendor access %q: %w", name, err)
	}
	ids := pulumi.StringMap{}
	for _, grant := range plan.Grants {
		assigned, err := azurerole.Assign(ctx, name+"-"+grant.Key, azurerole.Assignment{
			Role: grant.Role, Scope: pulumi.String(plan.Scope), Condition: grant.Condition, Description: grant.Reason,
			PrincipalID: pulumi.String(plan.Spec.GroupObjectID), PrincipalType: azurerole.Group,
		}, pulumi.Parent(access), pulumi.DependsOn(args.DependsOn))
		if err != nil {
			return nil, fmt.Errorf("vendor access %q: %w", name, err)
		}
		ids[grant.Key] = assigned.ID().ToStringOutput()
	}
	access.Scope = pulumi.String(plan.Scope).ToStringOutput()
	access.AssignmentIDs = ids.ToStringMapOutput()
	err = ctx.RegisterResourceOutputs(access, pulumi.Map{"scope": access.Scope, "assignmentIds": access.AssignmentIDs})
	if err != nil {
		return nil, fmt.Errorf("vendor access %q: %w", name, err)
	}
	return access, nil
}

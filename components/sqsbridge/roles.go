package sqsbridge

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/components/internal/identity"
	"github.com/underlay-iac/underlay/components/internal/tags"
)

// roles registers roles and their policies for one component.
type roles struct {
	ctx    *pulumi.Context
	name   string
	parent pulumi.Resource
	tags   pulumi.StringMapInput
}

// child returns the options of a child resource.
func (r *roles) child(dependsOn ...pulumi.Resource) []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Parent(r.parent)}
	if len(dependsOn) > 0 {
		opts = append(opts, pulumi.DependsOn(dependsOn))
	}
	return opts
}

// create makes a role and, for a web identity whose issuer the account does not
// know yet, its OpenID Connect provider. A nil externalID asks for none.
func (r *roles) create(role *Role, description string, externalID pulumi.StringInput) (*iam.Role, error) {
	key := r.name + "-" + role.Name
	providerArn := pulumi.String("").ToStringOutput()
	if web := role.WebIdentity; web != nil {
		providerArn = pulumi.String(web.ProviderArn).ToStringOutput()
		if web.ProviderURL != "" {
			provider, err := iam.NewOpenIdConnectProvider(r.ctx, key, &iam.OpenIdConnectProviderArgs{
				Url:           pulumi.String(web.ProviderURL),
				ClientIdLists: pulumi.StringArray{pulumi.String(web.Audience)},
				Tags:          tags.Merge(r.tags, key, nil),
			}, r.child()...)
			if err != nil {
				return nil, err
			}
			providerArn = provider.Arn
		}
	}
	return iam.NewRole(r.ctx, key, &iam.RoleArgs{
		Name:               pulumi.String(role.Name),
		Description:        pulumi.String(description),
		AssumeRolePolicy:   role.trustInput(providerArn, externalID),
		MaxSessionDuration: pulumi.Int(role.MaxSessionHours * 60 * 60),
		Tags:               tags.Merge(r.tags, key, nil),
	}, r.child()...)
}

// trustInput is the trust policy, a secret when it holds an external id.
func (r *Role) trustInput(providerArn pulumi.StringOutput, externalID pulumi.StringInput) pulumi.StringOutput {
	if externalID == nil {
		return providerArn.ApplyT(func(arn string) (string, error) { return r.trust(arn, "") }).(pulumi.StringOutput)
	}
	secret := pulumi.ToSecret(externalID.ToStringOutput()).(pulumi.StringOutput)
	return secret.ApplyT(func(id string) (string, error) {
		if err := identity.ExternalID(id); err != nil {
			return "", fmt.Errorf("externalId: %w", err)
		}
		return r.trust("", id)
	}).(pulumi.StringOutput)
}

// permit gives a role an inline policy; key is the role's name in plain text.
func (r *roles) permit(key string, role, text pulumi.StringInput) error {
	_, err := iam.NewRolePolicy(r.ctx, r.name+"-"+key, &iam.RolePolicyArgs{Role: role, Policy: text}, r.child()...)
	return err
}

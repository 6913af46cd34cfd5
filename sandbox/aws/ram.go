package aws

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ram"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// What one account lets others use, by Resource Access Manager.
const (
	shareType          = "aws:ram/resourceShare:ResourceShare"
	sharedResourceType = "aws:ram/resourceAssociation:ResourceAssociation"
	sharePrincipalType = "aws:ram/principalAssociation:PrincipalAssociation"
	shareAccepterType  = "aws:ram/resourceShareAccepter:ResourceShareAccepter"
)

// mayUse reports whether the session's account owns an object or has it shared.
func (t *tx) mayUse(o *Object) bool {
	if o.Account == t.session.account {
		return true
	}
	for _, in := range t.state.objects {
		if in.Type != sharedResourceType || in.props().Str("resourceArn") != o.props().Str("arn") {
			continue
		}
		share := t.anywhere(shareType, in.props().Str("resourceShareArn"))
		if share == nil || t.anywhere(sharePrincipalType, share.ID+","+t.session.account) == nil {
			continue
		}
		// Within an organization there is nothing to accept.
		if !share.props().Bool("allowExternalPrincipals") || t.find(shareAccepterType, share.ID) != nil {
			return true
		}
	}
	return false
}

func shareKind() *kind {
	return &kind{
		token: shareType, args: ram.ResourceShareArgs{}, outputs: ram.ResourceShare{},
		noun:  "RAM Resource Share",
		label: func(in wire.Props) string { return in.Str("name") },
		api:   api{"RAM", "CreateResourceShare", "UpdateResourceShare", "DeleteResourceShare"},
		id:    func(in wire.Props) string { return in.Str("name") }, // create gives it its own
		Resource: wire.Resource{
			Unmodelled: []string{"permissionArns"},
			Defaults:   wire.Props{"allowExternalPrincipals": false},
			Name:       &wire.AutoName{Property: "name", Max: 255, Separator: "-"},
		},
		create: func(t *tx, o *Object) error {
			h := hash(32, t.session.account, t.session.region, fmt.Sprint(t.next("share")))
			o.ID = t.arn("ram", fmt.Sprintf("resource-share/%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:]))
			o.Properties["arn"] = o.ID
			return nil
		},
		remove: func(t *tx, o *Object) error {
			t.forget(o)
			return nil
		},
	}
}

func sharedResourceKind() *kind {
	return &kind{
		token: sharedResourceType, args: ram.ResourceAssociationArgs{}, outputs: ram.ResourceAssociation{},
		noun: "RAM Resource Association",
		api:  api{"RAM", "AssociateResourceShare", "AssociateResourceShare", "DisassociateResourceShare"},
		id:   func(in wire.Props) string { return in.Str("resourceShareArn") + "," + in.Str("resourceArn") },
		refs: []ref{{property: "resourceShareArn", token: shareType}},
		Resource: wire.Resource{
			Replace: []string{"resourceArn", "resourceShareArn"},
		},
		check: func(c *checks) { c.arn("resourceArn", "") },
		create: func(t *tx, o *Object) error {
			arn := o.props().Str("resourceArn")
			for _, token := range []string{profileType, transitGatewayType} {
				if first(t.where(token, "arn", arn)) != nil {
					return nil
				}
			}
			return t.refuse("UnknownResourceException", "Resource ARN %s could not be found.", arn)
		},
	}
}

var principal = regexp.MustCompile(`^\d{12}$`)

func sharePrincipalKind() *kind {
	return &kind{
		token: sharePrincipalType, args: ram.PrincipalAssociationArgs{}, outputs: ram.PrincipalAssociation{},
		noun: "RAM Principal Association",
		api:  api{"RAM", "AssociateResourceShare", "AssociateResourceShare", "DisassociateResourceShare"},
		id:   func(in wire.Props) string { return in.Str("resourceShareArn") + "," + in.Str("principal") },
		refs: []ref{{property: "resourceShareArn", token: shareType}},
		Resource: wire.Resource{
			Replace: []string{"principal", "resourceShareArn"},
		},
		check: func(c *checks) { c.match("principal", principal, 12) },
		create: func(t *tx, o *Object) error {
			if o.props().Str("principal") == t.session.account {
				return t.refuse("InvalidParameterException", "The account %s owns the resource share.", t.session.account)
			}
			return nil
		},
	}
}

func shareAccepterKind() *kind {
	return &kind{
		token: shareAccepterType, args: ram.ResourceShareAccepterArgs{}, outputs: ram.ResourceShareAccepter{},
		noun: "RAM Resource Share Accepter",
		api:  api{"RAM", "AcceptResourceShareInvitation", "AcceptResourceShareInvitation", "DisassociateResourceShare"},
		id:   func(in wire.Props) string { return in.Str("shareArn") },
		Resource: wire.Resource{
			Replace: []string{"shareArn"},
		},
		check: func(c *checks) { c.arn("shareArn", "ram") },
		create: func(t *tx, o *Object) error {
			p := o.props()
			share := t.anywhere(shareType, p.Str("shareArn"))
			invited := share != nil && share.props().Bool("allowExternalPrincipals") &&
				t.anywhere(sharePrincipalType, share.ID+","+t.session.account) != nil
			if !invited || t.find(shareAccepterType, share.ID) != nil {
				// As the provider says it.
				//lint:ignore ST1005 the provider's own words
				return fmt.Errorf("No RAM Resource Share (%s) invitation found. NOTE: If both AWS accounts are in the same AWS Organization "+
					"and RAM Sharing with AWS Organizations is enabled, this resource is not necessary", p.Str("shareArn"))
			}
			var resources []string // sorted, so that equal clouds are equal
			for _, in := range t.state.objects {
				if in.Type == sharedResourceType && in.props().Str("resourceShareArn") == share.ID {
					resources = append(resources, in.props().Str("resourceArn"))
				}
			}
			p["status"], p["receiverAccountId"], p["senderAccountId"] = "ACTIVE", t.session.account, share.Account
			p["shareId"], p["shareName"] = share.ID[len(share.ID)-36:], share.props().Str("name")
			slices.Sort(resources)
			p["resources"] = wire.Strings(resources...)
			return nil
		},
	}
}

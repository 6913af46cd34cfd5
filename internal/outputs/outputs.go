// Package outputs has what Pulumi's SDK lacks for outputs.
package outputs

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// After returns the text as an output that depends on the resources as well: what
// uses it is made after them. pulumi.OutputWithDependencies would say the same, but
// reads its output while that is being resolved: a data race (SDK v3.259.0).
func After(text pulumi.StringInput, resources ...pulumi.Resource) pulumi.StringOutput {
	all := []any{text.ToStringOutput()}
	for _, r := range resources {
		all = append(all, r.URN())
	}
	return pulumi.All(all...).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
}

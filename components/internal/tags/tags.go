// Package tags merges the tags of a component's caller with its own.
package tags

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Merge returns the caller's tags with the resource's Name and own tags over
// them; caller may be nil.
func Merge(caller pulumi.StringMapInput, name string, own map[string]string) pulumi.StringMapInput {
	over := map[string]string{"Name": name}
	maps.Copy(over, own)
	if caller == nil {
		return pulumi.ToStringMap(over)
	}
	return caller.ToStringMapOutput().ApplyT(func(tags map[string]string) map[string]string {
		merged := maps.Clone(tags)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, over)
		return merged
	}).(pulumi.StringMapOutput)
}

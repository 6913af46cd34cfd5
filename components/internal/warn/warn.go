// Package warn tells what a plan allows although it may not be meant.
package warn

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Log logs a plan's warnings, a sentence each, of a component.
func Log(ctx *pulumi.Context, component pulumi.Resource, warnings []string) error {
	for _, warning := range warnings {
		if err := ctx.Log.Warn(warning, &pulumi.LogArgs{Resource: component}); err != nil {
			return err
		}
	}
	return nil
}

package aks

import (
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/v3/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NewClusterProvider returns the explicit provider that AksCluster registers its
// cluster with: one of the plugin's version 3, with the settings of version 2.
// It stands in for the NewProvider of pulumi-azure-native-sdk/v3: that package
// and the one of /v2 each register the name "azure-native" when a program
// starts, and a program with both of them panics.
func NewClusterProvider(
	ctx *pulumi.Context, name string, args *azure.ProviderArgs, opts ...pulumi.ResourceOption,
) (*azure.Provider, error) {
	return azure.NewProvider(ctx, name, args, utilities.PkgResourceDefaultOpts(opts)...)
}

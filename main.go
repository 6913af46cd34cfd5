// The underlay program: the network of a managed data platform, one environment
// a stack. See README.md.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/stacks"
)

func main() {
	pulumi.Run(stacks.Run)
}

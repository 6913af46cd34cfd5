// Command service deploys a customer's environment as a service would: from
// typed values, with the engine run by this process and progress as events.
// It uses the backend, credentials and pulumi command of whoever runs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/components/dataplane"
	"github.com/underlay-iac/underlay/stacks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result, err := deploy(ctx, "customer-a", automation.Options{
		OnEvent: func(e automation.Event) { fmt.Println(e.Status, e.Op, e.Name) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(result.Outputs["vpcId"])
}

func deploy(ctx context.Context, stack string, options automation.Options) (automation.Result, error) {
	env := &stacks.Environment{
		Aws: stacks.Aws{Region: "eu-west-1"},
		Spec: &stacks.SharedAws{DataPlane: dataplane.Spec{
			VpcCidr: "10.30.0.0/16",
			Zones:   []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"},
			Egress:  dataplane.EgressIsolated,
		}},
	}
	if err := env.Validate(); err != nil {
		return automation.Result{}, err
	}
	return automation.Up(ctx, automation.Stack{
		Project: stacks.Project,
		Name:    stack,
		Program: env.Program(),
	}, options)
}

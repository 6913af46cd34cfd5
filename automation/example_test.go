package automation_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/problem"
)

// A service deploys a customer's network: it tells what happens, lets Ctrl-C
// end it in good order, and tells a bad configuration from a cloud that
// refuses.
func ExampleUp() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	pulumiCommand, err := engine.Find(ctx, engine.Options{
		Tools:    "tools",
		Progress: func(line string) { log.Print(line) },
	})
	if err != nil {
		log.Fatal(err)
	}
	stack := automation.Stack{
		Project: "onboarding",
		Name:    "customer-100",
		Config:  auto.ConfigMap{"aws:region": {Value: "eu-west-1"}},
		Program: func(ctx *pulumi.Context) error {
			ctx.Export("hello", pulumi.String("network"))
			return nil
		},
	}
	result, err := automation.Up(ctx, stack, automation.Options{
		Pulumi:          pulumiCommand,
		Backend:         "s3://network-states",
		SecretsProvider: "awskms://alias/network-states",
		OnEvent: func(e automation.Event) {
			if e.Status == automation.StatusDone && e.Op != "same" {
				log.Printf("%s %s %s in %s", e.Op, e.Type, e.Name, e.Elapsed.Round(time.Second))
			}
		},
	})
	var problems problem.List
	var failed *automation.Error
	switch {
	case err == nil:
		fmt.Println(result.Changes.Create, "created", result.Outputs["hello"])
	case errors.As(err, &problems):
		fmt.Println("the configuration is wrong:", problems)
	case errors.Is(err, context.Canceled):
		fmt.Println("stopped; run it again to go on")
	case errors.Is(err, automation.ErrLocked):
		fmt.Println("somebody else deploys this stack")
	case errors.As(err, &failed):
		for _, f := range failed.Failures {
			fmt.Println(f.Type, f.Name, f.Message)
		}
	}
}

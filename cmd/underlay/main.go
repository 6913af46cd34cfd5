// Command underlay builds and proves the network of a managed data platform.
//
//	underlay preview STACK             what would be built, without an account
//	underlay up|refresh|destroy STACK  deploy, on the user's backend and account
//	                                   or, with --sandbox, on a simulated cloud
//	underlay handover STACK            what the platform's vendor asks for
//	underlay cost STACK                what the network costs a month
//	underlay init STACK                write an environment's configuration
//	underlay doctor                    what is missing on this machine
//	underlay diff A B                  what a change means
//	underlay serve                     a page to plan a network on
//
// Exit codes: 0 done, 1 the operation failed, 2 bad usage or configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/underlay-iac/underlay/cmd/underlay/internal/quiet"
)

func main() {
	quiet.Restore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

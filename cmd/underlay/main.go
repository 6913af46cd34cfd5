// Command underlay builds and proves the network of a managed data platform.
//
// `underlay --help` has the commands, `underlay help json` what they print for
// programs and the exit codes.
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

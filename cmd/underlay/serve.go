package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/planner"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func newServe() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Plan a network on a page in your browser",
		Long: `Serves the planner, a page on which you choose a model, region, zones, blocks and ways
out, and see the drawing, the address map, the verdicts and the cost as you type. What
comes of it can be downloaded: Pulumi.STACK.yaml, the report, the handover sheet.

The plan is compared with the environments of the project in this folder, as they are
when the planner starts. It listens on this machine alone unless --addr names another
address. Requests read and write no file and ask no network. Ctrl-C ends it.`,
		Example: `  underlay serve
  underlay serve --addr 127.0.0.1:9000`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), addr)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`ADDRESS` and port to listen at; port 0 takes a free one")
	return cmd
}

// shutdown bounds how long the server waits for requests when it ends.
const shutdown = 2 * time.Second

func serve(ctx context.Context, stdout, stderr io.Writer, addr string) error {
	if err := checkListen(addr); err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", addr, err)
	}
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	// Requests read no file: the project's environments are those of now.
	project := environmentsBeside(projectRoot())
	graphs := map[string]*graph.Graph{}
	for _, s := range project {
		if graphs[s.Name], err = graph.Record(ctx, stacks.Project, s.Name, nil, s.WithStandIns().Program()); err != nil {
			return errors.Join(fmt.Errorf("the environment %s: %w", s.Name, err), listener.Close())
		}
	}
	handler, err := planner.Handler(at, func(env *stacks.Environment, g *graph.Graph) (*report.Page, error) {
		in := requirements.Input{Graph: g, Model: env.Spec.Model()}
		others := without(project, g.Stack)
		for _, other := range others {
			if other.Spec.Model() == in.Model {
				in.Siblings = append(in.Siblings, graphs[other.Name])
			}
		}
		return newPage(in, env, others)
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	if !at.Addr().IsLoopback() {
		fmt.Fprintf(stderr, "warning: whoever reaches port %d of this machine can use the planner; it knows no users and no encryption\n", at.Port())
	}
	fmt.Fprintf(stdout, "http://%s\n", at)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	err = server.Shutdown(ending)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // a browser's open connection without a request
	}
	return err
}

// checkListen refuses addresses that say less than where to listen.
func checkListen(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usageError{fmt.Errorf("--addr %s: give an address and a port, for example 127.0.0.1:8080", addr)}
	}
	if port == "" || strings.Trim(port, "0123456789") != "" {
		return usageError{fmt.Errorf("--addr %s: %q is not a port", addr, port)}
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
		return usageError{fmt.Errorf("--addr %s: %q is not an address; 127.0.0.1 is this machine alone, 0.0.0.0 every network that it is in", addr, host)}
	}
	return nil
}

package wire

import (
	"context"
	"fmt"
	"net"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// maxMessage is the largest message accepted, in bytes: Pulumi's own limit.
const maxMessage = 400 << 20

// Serve answers the provider protocol on a free port of the loopback interface
// until ctx ends, and returns the port. Calls under way when ctx ends are cut
// off.
func Serve(ctx context.Context, server pulumirpc.ResourceProviderServer) (port int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("serving the sandbox: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("serving the sandbox: %w", err)
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(s, server)
	stop := context.AfterFunc(ctx, s.Stop)
	go func() {
		defer stop()
		// Serve returns when the server is stopped; a client sees any other
		// end as a lost connection, which is what it is.
		_ = s.Serve(listener)
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

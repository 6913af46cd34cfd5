package aws_test

import (
	"context"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// How long a test waits for what happens in the background.
const (
	waitFor = 10 * time.Second
	tick    = 10 * time.Millisecond
)

// remote makes a client look like the server it calls.
type remote struct {
	pulumirpc.UnimplementedResourceProviderServer
	client pulumirpc.ResourceProviderClient
}

func (r remote) GetPluginInfo(ctx context.Context, in *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return r.client.GetPluginInfo(ctx, in)
}

func (r remote) Cancel(ctx context.Context, in *emptypb.Empty) (*emptypb.Empty, error) {
	return r.client.Cancel(ctx, in)
}

func (r remote) Configure(ctx context.Context, in *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return r.client.Configure(ctx, in)
}

func (r remote) Check(ctx context.Context, in *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return r.client.Check(ctx, in)
}

func (r remote) Create(ctx context.Context, in *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	return r.client.Create(ctx, in)
}

func (r remote) Read(ctx context.Context, in *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return r.client.Read(ctx, in)
}

package automation

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// toy is a cloud of things on Pulumi's wire interface. A thing has a value,
// which can change, and a kind, which cannot: changing it replaces the thing.
type toy struct {
	pulumirpc.UnimplementedResourceProviderServer

	mu     sync.Mutex
	made   int
	things map[string]resource.PropertyMap
	// refuse holds the error message of the things, by value, that the cloud
	// refuses to make.
	refuse map[string]string
	// making gets the value of a thing when making it begins, unless there is one
	// already; making it takes until hold, unless nil, is closed.
	making chan string
	hold   chan struct{}
}

// serveToy runs a toy cloud until the test ends and returns it with its port.
func serveToy(t testing.TB) (*toy, int) {
	t.Helper()
	cloud := &toy{
		things: map[string]resource.PropertyMap{}, refuse: map[string]string{}, making: make(chan string, 1),
	}
	cancel := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(server, cloud)
			return nil
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		close(cancel)
		require.NoError(t, <-handle.Done)
	})
	return cloud, handle.Port
}

// values returns the values of the things that exist, sorted.
func (c *toy) values() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	values := make([]string, 0, len(c.things))
	for _, thing := range c.things {
		values = append(values, thing["value"].StringValue())
	}
	sort.Strings(values)
	return values
}

// with runs f while nothing else touches the cloud.
func (c *toy) with(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

var wire = plugin.MarshalOptions{KeepUnknowns: true, SkipNulls: true}

func read(props *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(props, wire)
}

func write(props resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(props, wire)
}

func (c *toy) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (c *toy) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (c *toy) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (c *toy) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{}, nil
}

func (c *toy) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

func (c *toy) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (c *toy) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	var failures []*pulumirpc.CheckFailure
	if v := news["value"]; v.IsString() && v.StringValue() == "" {
		failures = append(failures, &pulumirpc.CheckFailure{Property: "value", Reason: "must not be empty"})
	}
	return &pulumirpc.CheckResponse{Inputs: r.GetNews(), Failures: failures}, nil
}

func (c *toy) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := read(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, key := range []resource.PropertyKey{"kind", "value"} {
		if olds[key].DeepEquals(news[key]) {
			continue
		}
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Diffs = append(response.Diffs, string(key))
		if key == "kind" {
			response.Replaces = append(response.Replaces, string(key))
		}
	}
	return response, nil
}

func (c *toy) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	thing, err := read(r.GetProperties())
	if err != nil || r.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: r.GetProperties()}, err
	}
	value := thing["value"].StringValue()
	select {
	case c.making <- value:
	default:
	}
	var hold chan struct{}
	var refused string
	c.with(func() { hold, refused = c.hold, c.refuse[value] })
	if hold != nil {
		<-hold
	}
	if refused != "" {
		return nil, errors.New(refused)
	}
	var id string
	c.with(func() {
		c.made++
		id = fmt.Sprintf("thing-%d", c.made)
		thing["serial"] = resource.NewProperty(float64(c.made))
		c.things[id] = thing
	})
	props, err := write(thing)
	return &pulumirpc.CreateResponse{Id: id, Properties: props}, err
}

func (c *toy) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	thing, ok := c.things[r.GetId()]
	if !ok {
		return &pulumirpc.ReadResponse{}, nil
	}
	props, err := write(thing)
	if err != nil {
		return nil, err
	}
	inputs := thing.Copy()
	delete(inputs, "serial")
	in, err := write(inputs)
	return &pulumirpc.ReadResponse{Id: r.GetId(), Properties: props, Inputs: in}, err
}

func (c *toy) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	thing, err := read(r.GetNews())
	if err != nil || r.GetPreview() {
		return &pulumirpc.UpdateResponse{Properties: r.GetNews()}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if refused := c.refuse[thing["value"].StringValue()]; refused != "" {
		return nil, errors.New(refused)
	}
	thing["serial"] = c.things[r.GetId()]["serial"]
	c.things[r.GetId()] = thing
	props, err := write(thing)
	return &pulumirpc.UpdateResponse{Properties: props}, err
}

func (c *toy) Delete(_ context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.things[r.GetId()]; !ok {
		return nil, fmt.Errorf("NotFound: %s does not exist", r.GetId())
	}
	delete(c.things, r.GetId())
	return &emptypb.Empty{}, nil
}

// thing is a thing in a program.
type thing struct {
	pulumi.CustomResourceState

	Value  pulumi.StringOutput  `pulumi:"value"`
	Serial pulumi.Float64Output `pulumi:"serial"`
}

// newThing registers a thing with the given value and kind.
func newThing(ctx *pulumi.Context, name string, value pulumi.StringInput, kind string, opts ...pulumi.ResourceOption) (*thing, error) {
	var t thing
	err := ctx.RegisterResource("toy:index:Thing", name, pulumi.Map{"value": value, "kind": pulumi.String(kind)}, &t, opts...)
	if err != nil {
		return nil, err
	}
	return &t, nil
}

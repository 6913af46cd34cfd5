package wire

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/underlay-iac/underlay/problem"
)

// Provider answers Pulumi's provider protocol for a Backend.
//
// One Provider may serve every instance of a provider in a program: it keeps
// what Configure says by the address of the peer, because each instance has a
// connection of its own and no other request says whose it is. Connections
// without an address of their own, such as bufconn's, need a Provider each.
type Provider[S any] struct {
	pulumirpc.UnimplementedResourceProviderServer

	pkg     *Package
	backend Backend[S]

	mu       sync.Mutex
	sessions map[string]S // by peer address
}

// NewProvider returns a provider of a package that Complete has accepted.
func NewProvider[S any](pkg *Package, backend Backend[S]) *Provider[S] {
	return &Provider[S]{pkg: pkg, backend: backend, sessions: map[string]S{}}
}

// address names the connection a request came over.
func address(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

func (p *Provider[S]) session(ctx context.Context) (S, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[address(ctx)]
	if !ok {
		return s, status.Errorf(codes.FailedPrecondition, "provider %s is not configured", p.pkg.Name)
	}
	return s, nil
}

// resource finds the type a URN speaks of.
func (p *Provider[S]) resource(id string) (Request, *Resource, error) {
	u, err := urn.Parse(id)
	if err != nil {
		return Request{}, nil, status.Errorf(codes.InvalidArgument, "%q is not a URN: %v", id, err)
	}
	token := string(u.Type())
	r, ok := p.pkg.Resources[token]
	if !ok {
		return Request{}, nil, unknown("resource type", token, slices.Sorted(maps.Keys(p.pkg.Resources)))
	}
	return Request{URN: id, Type: token, Name: u.Name()}, r, nil
}

func unknown(what, token string, known []string) error {
	msg := fmt.Sprintf("the sandbox does not know the %s %s", what, token)
	if near := problem.Nearest(token, known); near != "" {
		msg += "; did you mean " + near + "?"
	}
	return status.Error(codes.InvalidArgument, msg)
}

// GetPluginInfo returns the version of the SDK that the provider stands in for.
func (p *Provider[S]) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.pkg.Version}, nil
}

// Handshake tells the engine what the provider understands.
func (p *Provider[S]) Handshake(
	context.Context, *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{
		AcceptSecrets: true, AcceptResources: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// Attach is how the engine says hello to a provider it did not start.
func (p *Provider[S]) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Cancel has nothing to stop: no call outlives the moment.
func (p *Provider[S]) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Configure starts the session of a provider instance.
func (p *Provider[S]) Configure(
	ctx context.Context, req *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	config, _, err := unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	session, err := p.backend.Configure(p.decodeConfig(config))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.sessions[address(ctx)] = session
	p.mu.Unlock()
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, AcceptResources: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// Create makes a resource; in a preview it says what is known already.
func (p *Provider[S]) Create(
	ctx context.Context, req *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	r, res, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	inputs, hidden, err := unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	r.Inputs = inputs.Without()
	var id string
	var outputs Props
	if req.GetPreview() {
		outputs = res.planCreate(r.Inputs)
	} else {
		session, err := p.session(ctx)
		if err != nil {
			return nil, err
		}
		if err := known(r.Inputs); err != nil {
			return nil, err
		}
		if id, outputs, err = p.backend.Create(ctx, session, r); err != nil {
			return nil, err
		}
		outputs = res.fillOutputs(outputs)
	}
	props, err := marshal(outputs, hidden)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: props}, nil
}

// Update changes a resource; in a preview it says what is known already.
func (p *Provider[S]) Update(
	ctx context.Context, req *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	r, res, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	old, oldHidden, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	inputs, hidden, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	r.ID, r.Old, r.Inputs = req.GetId(), old.Without(), inputs.Without()
	var outputs Props
	if req.GetPreview() {
		oldInputs, _, err := unmarshal(req.GetOldInputs())
		if err != nil {
			return nil, err
		}
		outputs = res.planUpdate(r.Old, oldInputs, r.Inputs)
		maps.Copy(hidden, oldHidden)
	} else {
		session, err := p.session(ctx)
		if err != nil {
			return nil, err
		}
		if err := known(r.Inputs); err != nil {
			return nil, err
		}
		if outputs, err = p.backend.Update(ctx, session, r); err != nil {
			return nil, err
		}
		outputs = res.fillOutputs(outputs)
	}
	props, err := marshal(outputs, hidden)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.UpdateResponse{Properties: props}, nil
}

// Read returns a resource as it is now, with no id when it is gone.
func (p *Provider[S]) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	r, res, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	old, hidden, err := unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	inputs, hiddenInputs, err := unmarshal(req.GetInputs())
	if err != nil {
		return nil, err
	}
	session, err := p.session(ctx)
	if err != nil {
		return nil, err
	}
	r.ID, r.Old, r.Inputs = req.GetId(), old.Without(), inputs.Without()
	outputs, err := p.backend.Read(ctx, session, r)
	if err != nil {
		return nil, err
	}
	if outputs == nil {
		return &pulumirpc.ReadResponse{}, nil
	}
	outputs = res.fillOutputs(outputs)
	props, err := marshal(outputs, hidden)
	if err != nil {
		return nil, err
	}
	now, err := marshal(res.refresh(inputs, outputs), hiddenInputs)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{Id: r.ID, Properties: props, Inputs: now}, nil
}

// Delete removes a resource.
func (p *Provider[S]) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	r, _, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	old, _, err := unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	session, err := p.session(ctx)
	if err != nil {
		return nil, err
	}
	r.ID, r.Old = req.GetId(), old.Without()
	if err := p.backend.Delete(ctx, session, r); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// Invoke answers a function.
func (p *Provider[S]) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	f, ok := p.pkg.Functions[req.GetTok()]
	if !ok {
		return nil, unknown("function", req.GetTok(), slices.Sorted(maps.Keys(p.pkg.Functions)))
	}
	args, _, err := unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	if failures := f.Args.checkFields("", args); len(failures) > 0 {
		return &pulumirpc.InvokeResponse{Failures: toFailures(failures)}, nil
	}
	session, err := p.session(ctx)
	if err != nil {
		return nil, err
	}
	result, failures, err := p.backend.Invoke(ctx, session, req.GetTok(), args)
	if err != nil {
		return nil, err
	}
	if len(failures) > 0 {
		return &pulumirpc.InvokeResponse{Failures: toFailures(failures)}, nil
	}
	props, err := marshal(result, nil)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.InvokeResponse{Return: props}, nil
}

// known refuses an unknown value outside a preview.
func known(p Props) error {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if p.IsUnknown(name) {
			return status.Errorf(codes.InvalidArgument, "property %s is unknown outside a preview", name)
		}
	}
	return nil
}

func toFailures(all []Failure) []*pulumirpc.CheckFailure {
	out := make([]*pulumirpc.CheckFailure, len(all))
	for i, f := range all {
		out[i] = &pulumirpc.CheckFailure{Property: f.Property, Reason: f.Reason}
	}
	return out
}

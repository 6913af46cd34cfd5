package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/pkg/v3/util/cancel"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/underlay-iac/underlay/sandbox/aws"
	"github.com/underlay-iac/underlay/sandbox/azure"
)

// program is one stack as the engine sees it: a name, a configuration and a
// function that registers resources.
type program struct {
	project string
	stack   string
	config  config.Map
	run     pulumi.RunFunc
}

// world is the simulated clouds and the state of the stacks deployed into them:
// what accounts and a Pulumi backend hold together. Operations on different
// stacks may run at the same time.
type world struct {
	aws   *aws.Cloud
	azure *azure.Cloud
	// fault, when set, is asked before each change in AWS; an error makes the
	// change fail without effect.
	fault atomic.Pointer[func(aws.Call) error]

	mu        sync.Mutex
	snapshots map[string]*deploy.Snapshot
	outputs   map[string]property.Map // what readStackResourceOutputs answers, by stack
}

// newWorld returns empty clouds without stacks.
func newWorld(t framework.TB) *world {
	t.Helper()
	w := &world{snapshots: map[string]*deploy.Snapshot{}, outputs: map[string]property.Map{}}
	cloud, err := aws.New(aws.Options{Fault: func(c aws.Call) error {
		if fault := w.fault.Load(); fault != nil {
			return (*fault)(c)
		}
		return nil
	}})
	require.NoError(t, err)
	w.aws = cloud
	w.azure, err = azure.New(azure.Options{})
	require.NoError(t, err)
	return w
}

// failOnce makes the next op on urn fail, and only that one.
func (w *world) failOnce(op string, urn resource.URN) {
	var done atomic.Bool
	fault := func(c aws.Call) error {
		if c.Op == op && c.URN == string(urn) && done.CompareAndSwap(false, true) {
			return errInjected
		}
		return nil
	}
	w.fault.Store(&fault)
}

// errInjected is the failure that failOnce injects.
var errInjected = errors.New("RequestLimitExceeded: injected by the test")

// result is what one operation did.
type result struct {
	// steps are the operations the engine began on each URN, in order, default
	// providers left out. A replacement is several steps.
	steps map[resource.URN][]display.StepOp
	// failed are the URNs whose step failed.
	failed []resource.URN
	// diags are the warnings and errors shown to the user.
	diags []string
	// err is the operation's own verdict; nil when it succeeded.
	err error
}

// urns returns, sorted, the URNs that op was applied to.
func (r result) urns(op display.StepOp) []resource.URN {
	var found []resource.URN
	for urn, ops := range r.steps {
		if slices.Contains(ops, op) {
			found = append(found, urn)
		}
	}
	slices.Sort(found)
	return found
}

// counts returns how many URNs each operation touched. A replaced resource
// counts once, as replace.
func (r result) counts() map[display.StepOp]int {
	counts := map[display.StepOp]int{}
	for _, ops := range r.steps {
		switch {
		case slices.Contains(ops, deploy.OpReplace):
			counts[deploy.OpReplace]++
		default:
			counts[ops[len(ops)-1]]++
		}
	}
	return counts
}

// text is every message of the operation, for assertions on what a user reads.
func (r result) text() string {
	text := strings.Join(r.diags, "\n")
	if r.err != nil {
		text += "\n" + r.err.Error()
	}
	return text
}

// Preview plans p against its deployed state and changes nothing.
func (w *world) Preview(t framework.TB, p program) result {
	t.Helper()
	return w.operate(context.Background(), t, engine.Update, p, true)
}

// Up deploys p.
func (w *world) Up(t framework.TB, p program) result {
	t.Helper()
	return w.operate(context.Background(), t, engine.Update, p, false)
}

// Refresh reads every resource of p's stack back from the cloud.
func (w *world) Refresh(t framework.TB, p program) result {
	t.Helper()
	return w.operate(context.Background(), t, engine.Refresh, p, false)
}

// Destroy deletes every resource of p's stack.
func (w *world) Destroy(t framework.TB, p program) result {
	t.Helper()
	return w.operate(context.Background(), t, engine.Destroy, p, false)
}

// State returns the deployed resources of a stack; nil before the first Up.
func (w *world) State(stack string) *deploy.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snapshots[stack]
}

// operate runs one operation of the real engine in this process and keeps the
// state it leaves, as a backend would, also when the operation fails. The end of
// ctx cancels the operation as Ctrl-C does: what is under way is finished.
func (w *world) operate(ctx context.Context, t framework.TB, op framework.TestOp, p program, dryRun bool) result {
	t.Helper()
	base := w.State(p.stack)
	if dryRun {
		base = framework.CloneSnapshot(t, base) // the engine writes into the state it is given
	}

	cancellation, source := cancel.NewContext(context.Background())
	defer context.AfterFunc(ctx, source.Cancel)()
	lines := &connections{}
	var host *ownedHost
	journal := engine.NewTestJournal()
	events := make(chan engine.Event)
	fired := make(chan []engine.Event)
	go func() {
		var all []engine.Event
		for event := range events {
			all = append(all, event)
		}
		fired <- all
	}()

	info := framework.NewUpdateInfo(p.workspace(), p.target(base))
	_, _, err := op(info,
		&engine.Context{
			Cancel:          cancellation,
			Events:          events,
			SnapshotManager: journal,
			BackendClient:   w.backend(),
			PluginManager:   framework.NopPluginManager{},
		},
		engine.UpdateOptions{
			Parallel: 8,
			HostFactory: func(_ context.Context, sink, statusSink diag.Sink, _ plugin.DebugContext) (plugin.Host, error) {
				host = &ownedHost{Host: w.host(p, lines, sink, statusSink), closed: make(chan struct{})}
				return host, nil
			},
		}, dryRun)
	close(events)
	res := gather(<-fired)
	res.err = err
	require.NoError(t, journal.Close())

	// The engine closes its host when the operation is over for good.
	source.Terminate()
	if host != nil {
		<-host.closed
	}
	lines.close()

	if dryRun {
		return res
	}
	snapshot, err := journal.Snap(base)
	require.NoError(t, err, "the state left by the operation")
	require.NoError(t, snapshot.VerifyIntegrity(), "the state left by the operation")
	require.Empty(t, snapshot.PendingOperations, "operations left pending")
	w.keep(p.stack, snapshot)
	return res
}

// keep stores a stack's state.
func (w *world) keep(stack string, snapshot *deploy.Snapshot) {
	outputs := resourceOutputs(snapshot)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.snapshots[stack], w.outputs[stack] = snapshot, outputs
}

// gather reads what happened from the engine's events.
func gather(events []engine.Event) result {
	res := result{steps: map[resource.URN][]display.StepOp{}}
	for _, event := range events {
		switch payload := event.Payload().(type) {
		case engine.ResourcePreEventPayload:
			if !payload.Internal {
				res.steps[payload.Metadata.URN] = append(res.steps[payload.Metadata.URN], payload.Metadata.Op)
			}
		case engine.ResourceOperationFailedPayload:
			res.failed = append(res.failed, payload.Metadata.URN)
		case engine.DiagEventPayload:
			if payload.Severity == diag.Warning || payload.Severity == diag.Error {
				res.diags = append(res.diags, strings.TrimSpace(colors.Never.Colorize(payload.Prefix+payload.Message)))
			}
		}
	}
	return res
}

func (p program) workspace() workspace.Project {
	return workspace.Project{
		Name:    tokens.PackageName(p.project),
		Runtime: workspace.NewProjectRuntimeInfo("go", nil),
	}
}

func (p program) target(base *deploy.Snapshot) deploy.Target {
	return deploy.Target{
		Name:         tokens.MustParseStackName(p.stack),
		Organization: "organization", // as the file backend has it
		Config:       p.config,
		Decrypter:    config.NopDecrypter,
		Snapshot:     base,
	}
}

// host is the engine's plugin host: the program as the language runtime, the
// clouds as the providers of every region. Messages go to the engine's sinks.
func (w *world) host(p program, lines *connections, sink, statusSink diag.Sink) plugin.Host {
	var host plugin.Host
	language := deploytest.NewLanguageRuntimeF(func(info plugin.RunInfo, _ *deploytest.ResourceMonitor) error {
		values := map[string]string{}
		for key, value := range info.Config {
			values[key.String()] = value
		}
		var secrets []string
		for _, key := range info.ConfigSecretKeys {
			secrets = append(secrets, key.String())
		}
		ctx, err := pulumi.NewContext(context.Background(), pulumi.RunInfo{
			Project:          info.Project,
			Stack:            info.Stack,
			Parallel:         info.Parallel,
			DryRun:           info.DryRun,
			Config:           values,
			ConfigSecretKeys: secrets,
			MonitorAddr:      info.MonitorAddress,
			EngineAddr:       host.ServerAddr(), // ctx.Log needs it
		})
		if err != nil {
			return err
		}
		return errors.Join(pulumi.RunWithContext(ctx, p.run), ctx.Close())
	})
	// The engine loads a provider for each provider resource, so that each
	// has a connection, and with it a configuration, of its own.
	load := func(cloud interface {
		Provider() pulumirpc.ResourceProviderServer
	}) (plugin.Provider, error) {
		conn, err := lines.dial(cloud.Provider())
		if err != nil {
			return nil, err
		}
		provider := plugin.NewProviderWithClient(nil, pulumirpc.NewResourceProviderClient(conn), false)
		_, err = provider.Handshake(context.Background(), plugin.ProviderHandshakeRequest{
			EngineAddress:               host.ServerAddr(),
			ConfigureWithUrn:            true,
			SupportsRefreshBeforeUpdate: true,
			InvokeWithPreview:           true,
		})
		if err != nil && status.Code(err) != codes.Unimplemented {
			return nil, fmt.Errorf("handshake: %w", err)
		}
		return provider, nil
	}
	inAws := func(plugin.Host) (plugin.Provider, error) { return load(w.aws) }
	inAzure := func(plugin.Host) (plugin.Provider, error) { return load(w.azure) }
	loader := func(name, version string, load deploytest.LoadProviderWithHostFunc) *deploytest.ProviderLoader {
		return deploytest.NewProviderLoaderWithHost(tokens.Package(name), semver.MustParse(version), load,
			deploytest.WithoutGrpc, deploytest.WithoutHandshake)
	}
	host = deploytest.NewPluginHostF(sink, statusSink, language, nil, nil,
		loader("aws", aws.Version, inAws),
		// The two majors of azure-native that a program asks for.
		loader("azure-native", "2.90.0", inAzure),
		loader("azure-native", azure.Version, inAzure),
	)()
	return host
}

// backend answers what a program asks of other stacks, and of its own state
// before it registers anything.
func (w *world) backend() deploy.BackendClient {
	return &deploytest.BackendClient{
		GetStackOutputsF: func(_ context.Context, name string, _ func(error) error) (property.Map, error) {
			snapshot := w.State(path.Base(name))
			if snapshot == nil {
				return property.Map{}, nil
			}
			for _, state := range snapshot.Resources {
				if state.Type == resource.RootStackType {
					return resource.FromResourcePropertyMap(state.Outputs), nil
				}
			}
			return property.Map{}, nil
		},
		GetStackResourceOutputsF: func(_ context.Context, name string) (property.Map, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.outputs[path.Base(name)], nil
		},
	}
}

// resourceOutputs is a stack's state in the form that the engine's
// readStackResourceOutputs gives it: type and outputs by URN.
func resourceOutputs(snapshot *deploy.Snapshot) property.Map {
	byURN := map[string]property.Value{}
	for _, state := range snapshot.Resources {
		if state.Delete {
			continue
		}
		byURN[string(state.URN)] = property.New(map[string]property.Value{
			"type":    property.New(string(state.Type)),
			"outputs": property.New(resource.FromResourcePropertyMap(state.Outputs)),
		})
	}
	return property.NewMap(byURN)
}

// ownedHost tells when the engine has closed the host.
type ownedHost struct {
	plugin.Host
	closed chan struct{}
}

// Close closes the host and says so; the engine calls it once.
func (h *ownedHost) Close() error {
	defer close(h.closed)
	return h.Host.Close()
}

// connections are the in-memory lines from one engine to its providers.
type connections struct {
	mu   sync.Mutex
	ends []func()
}

// dial serves a provider on a line of its own and connects to it.
func (c *connections) dial(provider pulumirpc.ResourceProviderServer) (*grpc.ClientConn, error) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, provider)
	go func() { _ = server.Serve(listener) }() // ends with Stop, which is not a failure
	conn, err := grpc.NewClient("passthrough:///provider",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		server.Stop()
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, func() { _ = conn.Close(); server.Stop() })
	return conn, nil
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range c.ends {
		end()
	}
}

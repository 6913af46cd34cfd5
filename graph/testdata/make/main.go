// Command make writes the samples in graph/testdata: what the real Pulumi
// command line prints for a small program, by `pulumi preview --json` and
// `pulumi stack export`, before and after it is deployed and changed.
//
//	go run ./graph/testdata/make -pulumi $(which pulumi) -out graph/testdata
//
// No account and no plugin is needed: the program and the provider of its
// "toy" resources are served by this command, the state is a temporary folder.
// The positions in the program's source are taken out, the rest is as printed.
// The samples in the repository were made with Pulumi v3.200.0.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func main() {
	cli := flag.String("pulumi", "pulumi", "the Pulumi command line to run")
	out := flag.String("out", "graph/testdata", "the folder to write the samples to")
	flag.Parse()
	if err := run(context.Background(), *cli, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sourcePositions matches the members that name source files.
var sourcePositions = regexp.MustCompile(`,\s*"(sourcePosition": "[^"]*"|stackTrace": \[[^\]]*\])`)

// run walks one stack through its life and keeps what Pulumi prints.
func run(ctx context.Context, cli, out string) error {
	dir, err := os.MkdirTemp("", "samples")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	host := &language{}
	hostPort, err := serve(ctx, func(s *grpc.Server) { pulumirpc.RegisterLanguageRuntimeServer(s, host) })
	if err != nil {
		return err
	}
	toyPort, err := serve(ctx, func(s *grpc.Server) { pulumirpc.RegisterResourceProviderServer(s, &toy{}) })
	if err != nil {
		return err
	}
	project := "name: sample\nruntime: go\nbackend:\n  url: file://" + dir + "\n"
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte(project), 0o600); err != nil {
		return err
	}

	pulumiRun := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, cli, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(),
			"PULUMI_HOME="+filepath.Join(dir, "home"),
			"PULUMI_CONFIG_PASSPHRASE=sample",
			"PULUMI_SKIP_UPDATE_CHECK=true",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
			fmt.Sprintf("PULUMI_DEBUG_PROVIDERS=toy:%d", toyPort),
		)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return stdout.Bytes(), fmt.Errorf("pulumi %s: %w\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
		}
		return stdout.Bytes(), nil
	}
	client := fmt.Sprintf("--client=127.0.0.1:%d", hostPort)
	keep := func(name string, args ...string) error {
		printed, err := pulumiRun(args...)
		if err != nil && !strings.Contains(name, "failed") {
			return err
		}
		// Where this program's source lies is nobody's business.
		printed = sourcePositions.ReplaceAll(printed, nil)
		return os.WriteFile(filepath.Join(out, name), printed, 0o644)
	}
	preview := func(name string, program pulumi.RunFunc, flags ...string) error {
		host.program = program
		return keep(name, append([]string{"preview", "--json", client}, flags...)...)
	}
	up := func(program pulumi.RunFunc) error {
		host.program = program
		_, err := pulumiRun("up", "--yes", "--skip-preview", client)
		return err
	}

	steps := []func() error{
		func() error { _, err := pulumiRun("stack", "init", "other"); return err },
		func() error { return up(func(*pulumi.Context) error { return nil }) },
		func() error { _, err := pulumiRun("stack", "init", "dev"); return err },
		func() error { return keep("export-never-deployed.json", "stack", "export") },
		func() error { return preview("preview-create.json", first) },
		func() error { return preview("preview-failed.json", failing) },
		func() error { return up(first) },
		func() error { return keep("export.json", "stack", "export") },
		func() error { return keep("export-show-secrets.json", "stack", "export", "--show-secrets") },
		func() error { return preview("preview-same.json", first, "--show-sames") },
		func() error { return preview("preview-same-omitted.json", first) },
		func() error { return preview("preview-change.json", second, "--show-sames") },
		func() error { return preview("preview-change-omitted.json", second) },
		func() error {
			return preview("preview-change-replacement-steps.json", second, "--show-sames", "--show-replacement-steps")
		},
		func() error { return preview("preview-change-refresh.json", second, "--show-sames", "--refresh") },
		func() error { return up(second) },
		func() error { return keep("export-changed.json", "stack", "export") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// first is the program as it is deployed at first.
func first(ctx *pulumi.Context) error { return program(ctx, "10.0.0.0/16", 443, true) }

// second replaces the network "main", updates the rule and drops the network "spare".
func second(ctx *pulumi.Context) error { return program(ctx, "10.1.0.0/16", 8443, false) }

// failing registers something and then gives up.
func failing(ctx *pulumi.Context) error {
	if err := first(ctx); err != nil {
		return err
	}
	return errors.New("the program gives up")
}

func program(ctx *pulumi.Context, cidr string, port int, spare bool) error {
	provider := &toyProvider{}
	err := ctx.RegisterResource("pulumi:providers:toy", "toy",
		pulumi.Map{"region": pulumi.String("eu-west-1")}, provider)
	if err != nil {
		return err
	}
	other, err := pulumi.NewStackReference(ctx, "organization/sample/other", nil)
	if err != nil {
		return err
	}
	network := &component{}
	err = ctx.RegisterComponentResource("sample:network:Network", "net", network, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	main := &toyResource{}
	err = ctx.RegisterResource("toy:index:Net", "main", pulumi.Map{
		"cidr":  pulumi.String(cidr),
		"token": pulumi.ToSecret(pulumi.String("hunter2")),
	}, main, pulumi.Parent(network))
	if err != nil {
		return err
	}
	rule := &toyResource{}
	err = ctx.RegisterResource("toy:index:Rule", "rule", pulumi.Map{
		"netId": main.ID(),
		"ports": pulumi.Array{pulumi.Int(port), main.Size},
		"nested": pulumi.Map{
			"arn":    main.Arn,
			"secret": pulumi.ToSecret(main.Arn),
		},
	}, rule, pulumi.Parent(network), pulumi.DependsOn([]pulumi.Resource{other}))
	if err != nil {
		return err
	}
	if spare {
		err = ctx.RegisterResource("toy:index:Net", "spare", pulumi.Map{"cidr": pulumi.String("10.9.0.0/16")},
			&toyResource{}, pulumi.Parent(network))
		if err != nil {
			return err
		}
	}
	// Default provider: no Provider option, parented to the stack.
	err = ctx.RegisterResource("toy:index:Net", "plain", pulumi.Map{"cidr": pulumi.String("10.8.0.0/16")}, &toyResource{})
	if err != nil {
		return err
	}
	err = ctx.RegisterResourceOutputs(network, pulumi.Map{"arn": main.Arn})
	if err != nil {
		return err
	}
	ctx.Export("arn", main.Arn)
	ctx.Export("token", pulumi.ToSecret(pulumi.String("hunter2")))
	ctx.Export("net", main)
	return nil
}

type component struct{ pulumi.ResourceState }

type toyProvider struct{ pulumi.ProviderResourceState }

type toyResource struct {
	pulumi.CustomResourceState

	Arn  pulumi.StringOutput `pulumi:"arn"`
	Size pulumi.IntOutput    `pulumi:"size"`
}

func (*toyResource) ElementType() reflect.Type { return reflect.TypeFor[*toyResource]() }

// toy is a provider whose every resource has an arn and a size, and is
// replaced when its cidr changes.
type toy struct {
	pulumirpc.UnimplementedResourceProviderServer
}

var keepAll = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}

func (*toy) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (*toy) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (*toy) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (*toy) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.News}, nil
}

func (*toy) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (*toy) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true, SupportsPreview: true}, nil
}

func (*toy) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.News}, nil
}

func (*toy) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := plugin.UnmarshalProperties(r.OldInputs, keepAll)
	if err != nil {
		return nil, err
	}
	news, err := plugin.UnmarshalProperties(r.News, keepAll)
	if err != nil {
		return nil, err
	}
	answer := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, key := range []resource.PropertyKey{"cidr", "netId", "ports", "nested"} {
		if olds[key].DeepEquals(news[key]) {
			continue
		}
		answer.Changes = pulumirpc.DiffResponse_DIFF_SOME
		answer.Diffs = append(answer.Diffs, string(key))
		if key == "cidr" {
			answer.Replaces = append(answer.Replaces, string(key))
		}
	}
	return answer, nil
}

// outputs adds what the toy cloud computes: unknown at preview, by leaving it out.
func (*toy) outputs(urn string, inputs *structpb.Struct, preview bool) *structpb.Struct {
	state := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for key, value := range inputs.GetFields() {
		state.Fields[key] = value
	}
	if preview {
		state.Fields["arn"] = structpb.NewStringValue(plugin.UnknownStringValue)
		state.Fields["size"] = structpb.NewStringValue(plugin.UnknownNumberValue)
		return state
	}
	state.Fields["arn"] = structpb.NewStringValue("arn:toy:" + resource.URN(urn).Name())
	state.Fields["size"] = structpb.NewNumberValue(65536)
	return state
}

func (t *toy) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	answer := &pulumirpc.CreateResponse{Properties: t.outputs(r.Urn, r.Properties, r.Preview)}
	if !r.Preview {
		answer.Id = "toy-" + resource.URN(r.Urn).Name()
	}
	return answer, nil
}

func (t *toy) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return &pulumirpc.UpdateResponse{Properties: t.outputs(r.Urn, r.News, r.Preview)}, nil
}

func (*toy) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: r.Id, Properties: r.Properties, Inputs: r.Inputs}, nil
}

func (*toy) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// language runs a Go function as the Pulumi program.
type language struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	program pulumi.RunFunc
}

func (*language) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (*language) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (l *language) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	engine := ""
	if len(r.GetArgs()) > 0 {
		engine = r.GetArgs()[0]
	}
	pctx, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		Project: r.GetProject(), Stack: r.GetStack(), Config: r.GetConfig(), Parallel: r.GetParallel(),
		DryRun: r.GetDryRun(), MonitorAddr: r.GetMonitorAddress(), EngineAddr: engine, Organization: r.GetOrganization(),
	})
	if err != nil {
		return nil, err
	}
	defer pctx.Close()
	if err := pulumi.RunWithContext(pctx, l.program); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// serve answers on a loopback port until ctx ends.
func serve(ctx context.Context, register func(*grpc.Server)) (int, error) {
	cancel := make(chan bool)
	context.AfterFunc(ctx, func() { close(cancel) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init:   func(s *grpc.Server) error { register(s); return nil },
	})
	if err != nil {
		return 0, err
	}
	return handle.Port, nil
}

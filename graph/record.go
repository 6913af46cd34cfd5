package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
)

// Record runs a Pulumi program in this process and returns what it registers.
// There is no engine, no provider, no credential and no socket; config holds
// the stack's settings by full key ("aws:region"), and nil is none.
//
// The same program and config give the same graph. AWS resources get the
// outputs that a program reads, made up from the URN: ARNs, names, ids of what
// AWS makes beside them, addresses of the ranges for documentation, and the
// account 111122223333 unless the provider allows exactly one. A region is
// taken from the resource's provider, then from aws:region. Azure resources
// likewise: names, addresses, GUIDs and host names, with the subscription,
// tenant and location of the resource's provider, then of the config. Look-ups
// are answered for availability zones, region, partition and caller identity,
// for Azure's client configuration,
// and for the engine's own readStackResourceOutputs (nothing is deployed); any
// other one fails and names its token. A StackReference has no outputs.
//
// Pulumi tells nobody what a component registers as its outputs when no engine
// runs: they are read from the component's exported fields that have a pulumi
// tag, whether or not it calls RegisterResourceOutputs. Resource transforms
// and hooks, which the engine runs, do not run; what the program logs is
// dropped.
//
// The program's error is returned wrapped, and so is a panic. When ctx ends,
// the next registration or look-up fails and Record returns ctx's cause once
// the program has returned.
func Record(ctx context.Context, project, stack string, config map[string]string, program pulumi.RunFunc) (*Graph, error) {
	if project == "" || stack == "" || program == nil {
		return nil, errors.New("record a program: it needs a project, a stack and the program itself")
	}
	facts, err := catalog.Load()
	if err != nil {
		return nil, fmt.Errorf("record stack %s: %w", stack, err)
	}
	r := &recorder{
		ctx: ctx, project: project, stack: stack, catalog: facts,
		resources: map[string]*Resource{},
		types:     map[string]reflect.Type{},
		providers: map[string]awsProvider{"": {region: config["aws:region"]}},
		azure: map[string]azureProvider{"": {
			location: config["azure-native:location"], subscription: config["azure-native:subscriptionId"],
			tenant: config["azure-native:tenantId"],
		}},
	}
	if err := r.run(maps.Clone(config), program); err != nil {
		return nil, fmt.Errorf("record stack %s: %w", stack, err)
	}
	return &Graph{Project: project, Stack: stack, Resources: r.sorted()}, nil
}

// recorder is the mock behind one run of a program.
type recorder struct {
	ctx            context.Context // of Record; the mock interface hands none on
	project, stack string
	catalog        *catalog.Catalog

	mu         sync.Mutex
	resources  map[string]*Resource   // by URN
	providers  map[string]awsProvider // by reference; "" is the config's
	azure      map[string]azureProvider
	types      map[string]reflect.Type // Go type by token, of custom resources
	components []pulumi.Resource
	failures   []error
}

// probeType is the type of resources that are never recorded: they carry
// outputs to the recorder.
const probeType = "underlay:graph:Outputs"

// keepAll keeps what the mock's own decoding drops or opens.
var keepAll = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}

// run executes the program to the end, whatever happens.
func (r *recorder) run(config map[string]string, program pulumi.RunFunc) error {
	pctx, err := pulumi.NewContext(r.ctx, pulumi.RunInfo{
		Project: r.project, Stack: r.stack, Config: config, Mocks: r,
	})
	if err != nil {
		return err
	}
	defer pctx.Close()

	var programErr error
	runErr := pulumi.RunWithContext(pctx, func(pctx *pulumi.Context) error {
		if err := pctx.RegisterStackTransformation(r.see); err != nil {
			return err
		}
		if programErr = guarded(pctx, program); programErr != nil {
			return programErr
		}
		return r.probe(pctx)
	})
	// The cause comes before what follows from it. RunWithContext forgets the
	// program's error when a registration failed as well.
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case programErr != nil:
		return programErr
	case len(r.failures) > 0:
		slices.SortFunc(r.failures, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
		return errors.Join(r.failures...)
	}
	return runErr
}

// guarded runs the program and turns a panic into an error.
func guarded(ctx *pulumi.Context, program pulumi.RunFunc) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the program panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return program(ctx)
}

// see is a transformation that changes nothing. It is the only place where the
// Go value of a resource shows itself, and with it which outputs there are.
func (r *recorder) see(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch _, custom := args.Resource.(pulumi.CustomResource); {
	case custom:
		r.types[args.Type] = reflect.TypeOf(args.Resource)
	case args.Type != probeType:
		r.components = append(r.components, args.Resource)
	}
	return nil
}

// probe sends the exports and each component's outputs to the recorder, as the
// inputs of a resource: so the SDK awaits and encodes them as it does for an
// engine.
func (r *recorder) probe(ctx *pulumi.Context) error {
	r.mu.Lock()
	components := slices.Clone(r.components)
	r.mu.Unlock()
	send := func(name string, urn pulumi.StringInput, outputs pulumi.Map) error {
		return ctx.RegisterResource(probeType, name, pulumi.Map{"urn": urn, "outputs": outputs}, &pulumi.ResourceState{})
	}
	for i, component := range components {
		urn := component.URN().ToStringOutput()
		if err := send(fmt.Sprintf("component %d", i), urn, componentOutputs(component)); err != nil {
			return err
		}
	}
	return send("stack", pulumi.String(r.stackURN()), pulumi.Map(ctx.GetCurrentExportMap()))
}

// componentOutputs returns the exported fields of a component by pulumi tag.
func componentOutputs(component pulumi.Resource) pulumi.Map {
	outputs := pulumi.Map{}
	v := reflect.Indirect(reflect.ValueOf(component))
	if v.Kind() != reflect.Struct {
		return outputs
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		if name == "" || !field.IsExported() || empty(v.Field(i)) {
			continue
		}
		if output, ok := v.Field(i).Interface().(pulumi.Input); ok {
			outputs[name] = output
		}
	}
	return outputs
}

// empty says that the field is nil or an Output that was never made.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice:
		return v.IsNil()
	case reflect.Struct:
		return v.IsZero()
	}
	return false
}

// NewResource implements pulumi.MockResourceMonitor.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if err := r.ctx.Err(); err != nil {
		return "", nil, err
	}
	if args.TypeToken == probeType {
		return "", nil, r.keepOutputs(args)
	}
	id, outputs, err := r.add(args)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failures = append(r.failures, err)
	}
	return id, outputs, err
}

// add records a resource and returns what the program gets to see of it.
func (r *recorder) add(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	res, err := r.resource(args)
	if err != nil {
		return "", nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.resources[res.URN]; twice {
		return "", nil, fmt.Errorf("%s is registered twice: two resources of a type under one parent need two names", res.URN)
	}
	r.resources[res.URN] = res
	if !res.Custom {
		// Its outputs come with a probe.
		return "", resource.PropertyMap{}, nil
	}
	res.Outputs = maps.Clone(res.Inputs)
	switch {
	case res.Type == "pulumi:providers:aws":
		r.providers[res.URN+resource.URNNameDelimiter+res.ID] = newAWSProvider(res.Inputs)
	case res.Type == "pulumi:pulumi:StackReference":
		res.Outputs["outputs"] = resource.NewProperty(resource.PropertyMap{})
		res.Outputs["secretOutputNames"] = resource.NewProperty([]resource.PropertyValue{})
	case strings.HasPrefix(res.Type, "aws:"):
		r.fillAWS(res)
	case res.Type == "pulumi:providers:azure-native":
		r.azure[res.URN+resource.URNNameDelimiter+res.ID] = newAzureProvider(res.Inputs)
	case strings.HasPrefix(res.Type, "azure-native:"):
		r.fillAzure(res)
	}
	for _, key := range args.RegisterRPC.GetAdditionalSecretOutputs() {
		k := resource.PropertyKey(key)
		if v, ok := res.Outputs[k]; ok && !v.IsSecret() {
			res.Outputs[k] = resource.MakeSecret(v)
		}
	}
	return res.ID, res.Outputs, nil
}

// resource makes a Resource, without outputs, of a register or read request.
func (r *recorder) resource(args pulumi.MockResourceArgs) (*Resource, error) {
	register, read := args.RegisterRPC, args.ReadRPC
	res := &Resource{
		Type: args.TypeToken, Name: args.Name, Custom: args.Custom,
		Outputs: resource.PropertyMap{}, PropertyDependencies: map[string][]string{},
	}
	properties := register.GetObject()
	if read != nil {
		res.Custom, res.External, res.ID = true, true, read.GetId()
		res.Parent, res.Provider = read.GetParent(), read.GetProvider()
		res.Dependencies = sortedURNs(read.GetDependencies())
		properties = read.GetProperties()
	} else {
		res.Parent = register.GetParent()
		res.Dependencies = sortedURNs(register.GetDependencies())
		for property, dependencies := range register.GetPropertyDependencies() {
			res.PropertyDependencies[property] = sortedURNs(dependencies.GetUrns())
		}
		if res.Custom || register.GetRemote() {
			res.Provider = register.GetProvider()
		}
	}
	res.URN = r.urn(res.Parent, res.Type, res.Name)
	if res.Custom && read == nil {
		res.ID = res.URN
	}
	inputs, err := plugin.UnmarshalProperties(properties, keepAll)
	if err != nil {
		return nil, fmt.Errorf("%s: inputs: %w", res.URN, err)
	}
	res.Inputs = inputs
	return res, nil
}

// keepOutputs takes what a probe brings.
func (r *recorder) keepOutputs(args pulumi.MockResourceArgs) error {
	brought, err := plugin.UnmarshalProperties(args.RegisterRPC.GetObject(), keepAll)
	if err != nil {
		return fmt.Errorf("outputs: %w", err)
	}
	urn := brought["urn"].StringValue()
	outputs := resource.PropertyMap{}
	if v := brought["outputs"]; v.IsObject() {
		outputs = v.ObjectValue()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if urn == r.stackURN() {
		r.resources[urn] = &Resource{
			URN: urn, Type: string(resource.RootStackType), Name: resource.URN(urn).Name(),
			Inputs: resource.PropertyMap{}, Outputs: outputs,
			Dependencies: []string{}, PropertyDependencies: map[string][]string{},
		}
	} else if component, ok := r.resources[urn]; ok {
		component.Outputs = outputs
	}
	return nil
}

// urn composes a URN as the engine does.
func (r *recorder) urn(parent, token, name string) string {
	var above tokens.Type
	if p := resource.URN(parent); p.IsValid() && p.QualifiedType() != resource.RootStackType {
		above = p.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(r.stack), tokens.PackageName(r.project), above, tokens.Type(token), name))
}

func (r *recorder) stackURN() string {
	return r.urn("", string(resource.RootStackType), r.project+"-"+r.stack)
}

// sorted returns the resources in an order that does not hang on the one in
// which they were registered, which is up to the scheduler.
func (r *recorder) sorted() []Resource {
	byURN := make([]Resource, 0, len(r.resources))
	for _, urn := range slices.Sorted(maps.Keys(r.resources)) {
		byURN = append(byURN, *r.resources[urn])
	}
	return sorted(byURN)
}

package wire

import (
	"context"
	"errors"
	"net"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// A type as an SDK for Go has it: the args struct that programs fill, the
// plain one behind it, and the resource.

type boxArgs struct {
	Colour *string           `pulumi:"colour"`
	Lid    *lid              `pulumi:"lid"`
	Name   *string           `pulumi:"name"`
	Notes  map[string]string `pulumi:"notes"`
	Owner  any               `pulumi:"owner"`
	Policy *string           `pulumi:"policy"`
	Price  *float64          `pulumi:"price"`
	Sealed *bool             `pulumi:"sealed"`
	Size   int               `pulumi:"size"`
	Things []thing           `pulumi:"things"`
	Words  []string          `pulumi:"words"`
}

type lid struct {
	Hinged *bool `pulumi:"hinged"`
}

type thing struct {
	Kind  string `pulumi:"kind"`
	Count *int   `pulumi:"count"`
}

// BoxArgs is the args struct.
type BoxArgs struct{}

// ElementType returns the plain struct.
func (BoxArgs) ElementType() reflect.Type { return reflect.TypeFor[boxArgs]() }

// Box is the resource.
type Box struct {
	pulumi.CustomResourceState

	Colour pulumi.StringPtrOutput   `pulumi:"colour"`
	Label  pulumi.StringOutput      `pulumi:"label"`
	Name   pulumi.StringOutput      `pulumi:"name"`
	Notes  pulumi.StringMapOutput   `pulumi:"notes"`
	Open   pulumi.BoolOutput        `pulumi:"open"`
	Size   pulumi.IntOutput         `pulumi:"size"`
	Weight pulumi.Float64Output     `pulumi:"weight"`
	Words  pulumi.StringArrayOutput `pulumi:"words"`
}

const boxType = "toys:index/box:Box"

func boxes(t *testing.T) *Package {
	t.Helper()
	inputs, err := InputsOf(BoxArgs{})
	require.NoError(t, err)
	outputs, err := OutputsOf(Box{})
	require.NoError(t, err)
	args, err := StructOf(reflect.TypeFor[thing]())
	require.NoError(t, err)
	p := &Package{
		Name: "toys", Version: "1.2.3",
		Config: Schema{Kind: Object, Fields: map[string]Field{
			"shop": {Schema: Schema{Kind: String}, Required: true}, "hours": {Schema: Schema{Kind: List, Elem: &Schema{Kind: Integer}}},
		}},
		ReplaceConfig: []string{"shop"},
		Resources: map[string]*Resource{boxType: {
			Inputs: inputs, Outputs: outputs,
			Required: []string{"words"}, Unmodelled: []string{"lid", "sealed"},
			Defaults: Props{"colour": "red"}, Name: &AutoName{Property: "name", Max: 12, Separator: "_"},
			Replace: []string{"size"}, Computed: []string{"price"}, Sets: []string{"words"}, JSON: []string{"policy"},
			Unstable: map[string][]string{"size": {"weight"}},
			ReplaceIf: func(old, new Props, changed []string) []string {
				if old.Str("colour") == "red" {
					return []string{"colour"}
				}
				return nil
			},
		}},
		Functions: map[string]*Function{"toys:index/count:count": {Args: args, Result: args}},
	}
	require.NoError(t, p.Complete())
	return p
}

// shop is a backend that keeps nothing; its session is the name of the shop.
type shop struct{ asked []string }

func (s *shop) CheckConfig(config Props) []Failure {
	if config.Str("shop") == "closed" {
		return []Failure{{"shop", "is closed"}}
	}
	return nil
}

func (s *shop) Configure(config Props) (string, error) { return config.Str("shop"), nil }

func (s *shop) Check(session string, r Request) []Failure {
	if r.Inputs.Str("colour") == "pink" {
		return []Failure{{"colour", "is sold out at " + session}}
	}
	r.Inputs["notesAll"] = r.Inputs["notes"]
	r.Secret["notesAll"] = r.Secret["notes"]
	if r.Inputs["notes"] == nil {
		delete(r.Inputs, "notesAll")
	}
	return nil
}

func (s *shop) Create(_ context.Context, session string, r Request) (string, Props, error) {
	s.asked = append(s.asked, session)
	if r.Inputs.Str("colour") == "black" {
		return "", nil, errors.New("no black boxes")
	}
	out := r.Inputs.Clone()
	out["label"] = r.Name + " from " + session
	return "box-1", out, nil
}

func (s *shop) Read(_ context.Context, _ string, r Request) (Props, error) {
	if r.ID == "box-0" {
		return nil, nil
	}
	return Props{"label": "read", "size": float64(3), "words": Strings("a", "b"), "name": "n"}, nil
}

func (s *shop) Update(_ context.Context, _ string, r Request) (Props, error) { return r.Inputs, nil }

func (s *shop) Delete(_ context.Context, _ string, r Request) error {
	s.asked = append(s.asked, "delete "+r.ID+" "+r.Old.Str("label"))
	return nil
}

func (s *shop) Invoke(_ context.Context, session, _ string, args Props) (Props, []Failure, error) {
	return Props{"kind": args.Str("kind") + " at " + session}, nil, nil
}

var port atomic.Int32

func connection(t *testing.T) context.Context {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port.Add(1))}
	return peer.NewContext(t.Context(), &peer.Peer{Addr: addr})
}

func provider(t *testing.T) (*Provider[string], *shop, context.Context) {
	t.Helper()
	backend := &shop{}
	p := NewProvider[string](boxes(t), backend)
	ctx := connection(t)
	_, err := p.Configure(ctx, &pulumirpc.ConfigureRequest{Args: send(t, map[string]any{"shop": "north"})})
	require.NoError(t, err)
	return p, backend, ctx
}

func send(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	return sendMap(t, resource.NewPropertyMapFromMap(m))
}

func sendMap(t *testing.T, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true})
	require.NoError(t, err)
	return s
}

func receive(t *testing.T, s *structpb.Struct) resource.PropertyMap {
	t.Helper()
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	require.NoError(t, err)
	return m
}

const boxURN = "urn:pulumi:dev::p::" + boxType + "::gift"

// TestSchema reads the SDK's structs.
func TestSchema(t *testing.T) {
	inputs, err := InputsOf(BoxArgs{})
	require.NoError(t, err)
	want := map[string]struct {
		kind     Kind
		required bool
	}{
		"colour": {String, false}, "lid": {Object, false}, "name": {String, false}, "notes": {Map, false}, "owner": {Any, true},
		"policy": {String, false}, "price": {Number, false}, "sealed": {Bool, false}, "size": {Integer, true}, "things": {List, false},
		"words": {List, false},
	}
	require.Len(t, inputs.Fields, len(want))
	for name, w := range want {
		assert.Equal(t, w.kind, inputs.Fields[name].Kind, name)
		assert.Equal(t, w.required, inputs.Fields[name].Required, name)
	}
	kind := inputs.Fields["things"].Elem.Fields["kind"]
	assert.Equal(t, String, kind.Kind)
	assert.True(t, kind.Required)

	outputs, err := OutputsOf(Box{})
	require.NoError(t, err)
	assert.Len(t, outputs.Fields, 8, "the id and the URN are no outputs")
	assert.True(t, outputs.Fields["label"].Required)
	assert.False(t, outputs.Fields["colour"].Required)
	assert.Equal(t, Number, outputs.Fields["weight"].Kind)

	_, err = InputsOf(7)
	require.ErrorContains(t, err, "it is not the args struct of a resource")
	_, err = OutputsOf(nil)
	require.ErrorContains(t, err, "is not the struct of a resource")
	_, err = StructOf(reflect.TypeFor[string]())
	require.ErrorContains(t, err, "string is not a struct")
	_, err = StructOf(reflect.TypeFor[struct {
		C chan int `pulumi:"c"`
	}]())
	require.ErrorContains(t, err, "no property has type chan int")
}

// TestComplete finds names that no schema has.
func TestComplete(t *testing.T) {
	for what, spoil := range map[string]func(r *Resource){
		"required": func(r *Resource) { r.Required = []string{"nope"} }, "replace": func(r *Resource) { r.Replace = []string{"nope"} },
		"computed": func(r *Resource) { r.Computed = []string{"nope"} }, "sets": func(r *Resource) { r.Sets = []string{"nope"} },
		"json": func(r *Resource) { r.JSON = []string{"nope"} }, "unmodelled": func(r *Resource) { r.Unmodelled = []string{"nope"} },
		"defaults": func(r *Resource) { r.Defaults = Props{"nope": true} }, "name": func(r *Resource) { r.Name = &AutoName{Property: "nope"} },
		"unstable": func(r *Resource) { r.Unstable = map[string][]string{"size": {"nope"}} },
		"input":    func(r *Resource) { r.Unstable = map[string][]string{"nope": {"label"}} },
	} {
		p := boxes(t)
		spoil(p.Resources[boxType])
		require.ErrorContains(t, p.Complete(), boxType+": there is no", what)
	}
	p := boxes(t)
	p.ReplaceConfig = []string{"nope"}
	require.EqualError(t, p.Complete(), "provider toys: there is no input nope")
}

// TestCheck checks a resource against its schema, then completes it.
func TestCheck(t *testing.T) {
	p, _, ctx := provider(t)
	check := func(m resource.PropertyMap) (resource.PropertyMap, map[string]string) {
		r, err := p.Check(ctx, &pulumirpc.CheckRequest{Urn: boxURN, News: sendMap(t, m), RandomSeed: []byte("seed")})
		require.NoError(t, err)
		failures := map[string]string{}
		for _, f := range r.GetFailures() {
			failures[f.GetProperty()] = f.GetReason()
		}
		return receive(t, r.GetInputs()), failures
	}
	from := resource.NewPropertyMapFromMap

	_, failures := check(from(map[string]any{
		"color": "red", "size": "big", "notes": map[string]any{"a.b": 1}, "things": []any{map[string]any{"count": 1.5}}, "lid": "no",
		"owner": 7, "sealed": 1, "price": true, "words": map[string]any{},
	}))
	assert.Equal(t, map[string]string{
		"color": "is not a property of this type; did you mean colour?", "size": `must be a whole number, not the string "big"`,
		`notes["a.b"]`: "must be a string, not the number 1", "things[0].count": "must be a whole number, not the number 1.5",
		"things[0].kind": "is required", "lid": `must be an object, not the string "no"`, "sealed": "must be a boolean, not the number 1",
		"price": "must be a number, not true", "words": "must be a list, not an object",
	}, failures)

	_, failures = check(resource.PropertyMap{})
	assert.Equal(t, map[string]string{"owner": "is required", "size": "is required", "words": "is required"}, failures)

	small := map[string]any{"owner": "me", "size": 1, "words": []any{}}
	_, failures = check(from(merge(small, map[string]any{"sealed": true})))
	assert.Equal(t, map[string]string{"sealed": "is not modelled by the sandbox; it would be ignored"}, failures)
	_, failures = check(from(merge(small, map[string]any{"sealed": false, "lid": map[string]any{}})))
	assert.Empty(t, failures, "asking for nothing")
	_, failures = check(from(merge(small, map[string]any{"colour": "pink"})))
	assert.Equal(t, map[string]string{"colour": "is sold out at north"}, failures)

	checked, failures := check(from(small))
	assert.Empty(t, failures)
	assert.Equal(t, "red", checked["colour"].StringValue())
	assert.Regexp(t, `^gift_[0-9a-f]{7}$`, checked["name"].StringValue())
	assert.Equal(t, from(map[string]any{"x": []any{"colour", "name"}})["x"], checked["__defaults"])

	// Null is absent, an output is its value, a reference its id, and what is
	// secret stays so.
	checked, failures = check(resource.PropertyMap{
		"colour": resource.NewNullProperty(), "size": resource.NewOutputProperty(resource.Output{Element: resource.NewNumberProperty(2), Known: true}),
		"owner": resource.MakeCustomResourceReference("urn:pulumi:dev::p::toys:index/child:Child::c", "child-1", "1.0.0"),
		"words": resource.NewArrayProperty([]resource.PropertyValue{resource.MakeComputed(resource.NewStringProperty(""))}),
		"notes": resource.MakeSecret(resource.NewObjectProperty(resource.PropertyMap{"k": resource.NewStringProperty("v")})),
	})
	assert.Empty(t, failures)
	assert.Equal(t, "red", checked["colour"].StringValue())
	assert.InDelta(t, 2, checked["size"].NumberValue(), 0)
	assert.Equal(t, "child-1", checked["owner"].StringValue())
	assert.True(t, checked["words"].ArrayValue()[0].IsComputed())
	assert.True(t, checked["notes"].IsSecret())
	assert.True(t, checked["notesAll"].IsSecret())
	assert.False(t, checked["owner"].IsSecret())
}

func merge(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{a, b} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// TestDiff compares a box with other boxes.
func TestDiff(t *testing.T) {
	p, _, ctx := provider(t)
	old := map[string]any{
		"size": 1, "colour": "blue", "words": []any{"a", "b"}, "policy": `{"a":1}`, "price": 5, "label": "x", "notes": map[string]any{"k": "v"},
		"name": "mine", "things": []any{map[string]any{"kind": "ball"}},
	}
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	for name, c := range map[string]struct {
		change map[string]any
		want   map[string]pulumirpc.PropertyDiff_Kind
		first  bool
		ignore []string
	}{
		"nothing":                   {},
		"a set in another order":    {change: map[string]any{"words": []any{"b", "a"}}},
		"a document spelled anew":   {change: map[string]any{"policy": `{ "a": 1 }`}},
		"what the cloud chooses":    {change: map[string]any{"price": nil}},
		"what is ignored":           {change: map[string]any{"size": 2}, ignore: []string{"size"}},
		"an empty list for none":    {change: map[string]any{"lid": map[string]any{}}},
		"a choice made":             {change: map[string]any{"price": 6}, want: map[string]pulumirpc.PropertyDiff_Kind{"price": pulumirpc.PropertyDiff_UPDATE}},
		"a member less":             {change: map[string]any{"words": []any{"a"}}, want: map[string]pulumirpc.PropertyDiff_Kind{"words": pulumirpc.PropertyDiff_UPDATE}},
		"another document":          {change: map[string]any{"policy": `{"a":2}`}, want: map[string]pulumirpc.PropertyDiff_Kind{"policy": pulumirpc.PropertyDiff_UPDATE}},
		"a document that is no one": {change: map[string]any{"policy": `{`}, want: map[string]pulumirpc.PropertyDiff_Kind{"policy": pulumirpc.PropertyDiff_UPDATE}},
		"a property less":           {change: map[string]any{"policy": nil}, want: map[string]pulumirpc.PropertyDiff_Kind{"policy": pulumirpc.PropertyDiff_DELETE}},
		"an entry more":             {change: map[string]any{"notes": map[string]any{"k": "v", "l": "w"}}, want: map[string]pulumirpc.PropertyDiff_Kind{"notes.l": pulumirpc.PropertyDiff_ADD}},
		"an element more": {
			change: map[string]any{"things": []any{map[string]any{"kind": "ball"}, map[string]any{"kind": "car"}}},
			want:   map[string]pulumirpc.PropertyDiff_Kind{"things[1]": pulumirpc.PropertyDiff_ADD},
		},
		"inside an element": {
			change: map[string]any{"things": []any{map[string]any{"kind": "car"}}},
			want:   map[string]pulumirpc.PropertyDiff_Kind{"things[0].kind": pulumirpc.PropertyDiff_UPDATE},
		},
		"what replaces, under a name that stays": {
			change: map[string]any{"size": 2}, first: true,
			want: map[string]pulumirpc.PropertyDiff_Kind{"size": pulumirpc.PropertyDiff_UPDATE_REPLACE},
		},
		"what replaces, under another name": {
			change: map[string]any{"size": 2, "name": "other"},
			want:   map[string]pulumirpc.PropertyDiff_Kind{"size": pulumirpc.PropertyDiff_UPDATE_REPLACE, "name": pulumirpc.PropertyDiff_UPDATE},
		},
		"what replaces, under a name of the provider's": {
			change: map[string]any{"size": 2, "__defaults": []any{"name"}},
			want:   map[string]pulumirpc.PropertyDiff_Kind{"size": pulumirpc.PropertyDiff_UPDATE_REPLACE},
		},
		"an unknown value": {
			change: map[string]any{"size": unknown}, first: true,
			want: map[string]pulumirpc.PropertyDiff_Kind{"size": pulumirpc.PropertyDiff_UPDATE_REPLACE},
		},
		"an unknown entry": {
			change: map[string]any{"notes": map[string]any{"k": unknown}}, want: map[string]pulumirpc.PropertyDiff_Kind{"notes.k": pulumirpc.PropertyDiff_UPDATE},
		},
	} {
		t.Run(name, func(t *testing.T) {
			news := merge(old, c.change)
			delete(news, "label")
			for k, v := range news {
				if v == nil {
					delete(news, k)
				}
			}
			d, err := p.Diff(ctx, &pulumirpc.DiffRequest{Urn: boxURN, Olds: send(t, old), News: send(t, news), IgnoreChanges: c.ignore})
			require.NoError(t, err)
			got := map[string]pulumirpc.PropertyDiff_Kind{}
			for path, diff := range d.GetDetailedDiff() {
				got[path] = diff.GetKind()
			}
			if c.want == nil {
				assert.Empty(t, got)
				assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, d.GetChanges())
				return
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.first, d.GetDeleteBeforeReplace())
		})
	}

	d, err := p.Diff(ctx, &pulumirpc.DiffRequest{
		Urn: boxURN, Olds: send(t, merge(old, map[string]any{"colour": "red"})), News: send(t, old),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"colour"}, d.GetReplaces(), "a red box cannot be painted")
}

// TestLifecycle passes a box through all calls.
func TestLifecycle(t *testing.T) {
	p, backend, ctx := provider(t)
	inputs := map[string]any{"size": 1, "owner": "me", "words": []any{"a"}, "colour": "blue", "__defaults": []any{}}

	preview, err := p.Create(ctx, &pulumirpc.CreateRequest{Urn: boxURN, Properties: send(t, inputs), Preview: true})
	require.NoError(t, err)
	out := receive(t, preview.GetProperties())
	assert.Empty(t, preview.GetId())
	assert.True(t, out["label"].IsComputed())
	assert.Equal(t, "blue", out["colour"].StringValue())
	assert.NotContains(t, out, resource.PropertyKey("__defaults"))
	assert.Empty(t, backend.asked, "a preview asks the cloud nothing")

	made, err := p.Create(ctx, &pulumirpc.CreateRequest{Urn: boxURN, Properties: send(t, inputs)})
	require.NoError(t, err)
	assert.Equal(t, "box-1", made.GetId())
	out = receive(t, made.GetProperties())
	assert.Equal(t, "gift from north", out["label"].StringValue())
	assert.False(t, out["open"].BoolValue())
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{}), out["notes"].ObjectValue(), "what is always there")
	assert.Equal(t, []string{"north"}, backend.asked)

	_, err = p.Create(ctx, &pulumirpc.CreateRequest{Urn: boxURN, Properties: send(t, merge(inputs, map[string]any{"colour": "black"}))})
	require.EqualError(t, err, "no black boxes")
	_, err = p.Update(ctx, &pulumirpc.UpdateRequest{
		Urn: boxURN, Id: "box-1", News: send(t, map[string]any{"size": resource.MakeComputed(resource.NewStringProperty(""))}),
	})
	assert.Equal(t, codes.InvalidArgument, status.Code(err))

	// The preview of an update: size decides the weight.
	plan, err := p.Update(ctx, &pulumirpc.UpdateRequest{
		Urn: boxURN, Id: "box-1", Preview: true, Olds: made.GetProperties(), News: send(t, merge(inputs, map[string]any{"size": 2, "colour": nil})),
	})
	require.NoError(t, err)
	out = receive(t, plan.GetProperties())
	assert.True(t, out["weight"].IsComputed())
	assert.Equal(t, "gift from north", out["label"].StringValue())
	assert.NotContains(t, out, resource.PropertyKey("colour"))

	read, err := p.Read(ctx, &pulumirpc.ReadRequest{Urn: boxURN, Id: "box-1", Properties: made.GetProperties(), Inputs: send(t, map[string]any{
		"size": 1, "words": []any{"b", "a"}, "colour": "blue", "sealed": false, "__defaults": []any{"colour"},
	})})
	require.NoError(t, err)
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{
		"size": 3, "words": []any{"b", "a"}, "sealed": false, "__defaults": []any{"colour"},
	}), receive(t, read.GetInputs()), "the size has changed, the colour is gone, the words are the same set")
	imported, err := p.Read(ctx, &pulumirpc.ReadRequest{Urn: boxURN, Id: "box-1"})
	require.NoError(t, err)
	assert.Equal(t, resource.NewPropertyMapFromMap(map[string]any{"size": 3, "words": []any{"a", "b"}, "name": "n"}), receive(t, imported.GetInputs()))
	gone, err := p.Read(ctx, &pulumirpc.ReadRequest{Urn: boxURN, Id: "box-0"})
	require.NoError(t, err)
	assert.Empty(t, gone.GetId())

	_, err = p.Delete(ctx, &pulumirpc.DeleteRequest{Urn: boxURN, Id: "box-1", Properties: made.GetProperties()})
	require.NoError(t, err)
	assert.Equal(t, "delete box-1 gift from north", backend.asked[len(backend.asked)-1])

	answer, err := p.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "toys:index/count:count", Args: send(t, map[string]any{"kind": "car"})})
	require.NoError(t, err)
	assert.Equal(t, "car at north", receive(t, answer.GetReturn())["kind"].StringValue())
	answer, err = p.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "toys:index/count:count"})
	require.NoError(t, err)
	assert.Equal(t, "kind", answer.GetFailures()[0].GetProperty())
}

// TestConnections keeps what Configure said by the connection it came over.
func TestConnections(t *testing.T) {
	p, backend, north := provider(t)
	south, nowhere := connection(t), connection(t)
	_, err := p.Configure(south, &pulumirpc.ConfigureRequest{Args: send(t, map[string]any{"shop": "south", "hours": "[9,17]"})})
	require.NoError(t, err)
	box := &pulumirpc.CreateRequest{Urn: boxURN, Properties: send(t, map[string]any{"size": 1})}
	for _, ctx := range []context.Context{north, south, north} {
		_, err := p.Create(ctx, box)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"north", "south", "north"}, backend.asked)
	_, err = p.Create(nowhere, box)
	assert.Equal(t, codes.FailedPrecondition, status.Code(err))

	r, err := p.CheckConfig(north, &pulumirpc.CheckRequest{News: send(t, map[string]any{"shop": "closed"})})
	require.NoError(t, err)
	assert.Equal(t, "is closed", r.GetFailures()[0].GetReason())
	r, err = p.CheckConfig(north, &pulumirpc.CheckRequest{News: send(t, map[string]any{"shop": "x", "hours": `["nine"]`})})
	require.NoError(t, err)
	assert.Equal(t, "hours[0]", r.GetFailures()[0].GetProperty())
}

// TestServe answers on the loopback interface until its context ends.
func TestServe(t *testing.T) {
	p, _, _ := provider(t)
	ctx, stop := context.WithCancel(t.Context())
	port, err := Serve(ctx, p)
	require.NoError(t, err)
	addr := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	conn, err := grpc.NewClient(addr.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	client := pulumirpc.NewResourceProviderClient(conn)
	_, err = client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: send(t, map[string]any{"shop": "east"})})
	require.NoError(t, err)
	made, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: boxURN, Properties: send(t, map[string]any{"size": 1})})
	require.NoError(t, err)
	assert.Equal(t, "gift from east", receive(t, made.GetProperties())["label"].StringValue())

	stop()
	_, err = Serve(ctx, p)
	require.Error(t, err, "a context that has ended")
}

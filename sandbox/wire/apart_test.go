package wire

import (
	"reflect"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crate is a type whose outputs have another form than its inputs.
func crate() *Resource {
	text := Schema{Kind: String}
	return &Resource{
		Apart: true,
		Inputs: Schema{Kind: Object, Fields: map[string]Field{
			"label": {Schema: text}, "owners": {Schema: Schema{Kind: List, Elem: &text}},
			"lid": {Schema: Schema{Kind: Object, Fields: map[string]Field{"colour": {Schema: text}, "lock": {Schema: text}}}},
		}},
		Outputs: Schema{Kind: Object, Fields: map[string]Field{
			"label": {Schema: text}, "owners": {Schema: Schema{Kind: Map, Elem: &Schema{Kind: Object}}},
			"lid": {Schema: Schema{Kind: Object, Fields: map[string]Field{"colour": {Schema: text}, "lock": {Schema: text}, "id": {Schema: text}}}},
			"id":  {Schema: text},
		}},
	}
}

// TestApart plans and refreshes a type whose outputs say more than its inputs.
func TestApart(t *testing.T) {
	r := crate()
	in := Props{"label": "a", "owners": Strings("ann"), "lid": map[string]any{"colour": "red"}}
	out := Props{
		"label": "a", "owners": map[string]any{"ann": map[string]any{"age": 7.0}},
		"lid": map[string]any{"colour": "red", "lock": "iron", "id": "lid-1"}, "id": "1",
	}
	assert.Equal(t, Props{"label": "a", "owners": Unknown{}, "lid": Unknown{}, "id": Unknown{}}, r.planCreate(in))

	// What does not change stays as it is; what does is unknown if the cloud
	// gives it a form of its own.
	assert.Equal(t, out, r.planUpdate(out, in, in))
	next := in.Clone()
	next["label"], next["lid"] = "b", map[string]any{"colour": "blue"}
	planned := r.planUpdate(out, in, next)
	assert.Equal(t, "b", planned["label"])
	assert.Equal(t, Unknown{}, planned["lid"])
	assert.Equal(t, out["owners"], planned["owners"])
	delete(next, "lid")
	assert.NotContains(t, r.planUpdate(out, in, next), "lid")

	assert.Equal(t, in, r.refresh(in, out), "a refresh adds nothing to what the program gave")
	out["lid"].(map[string]any)["colour"] = "green"
	assert.Equal(t, map[string]any{"colour": "green"}, r.refresh(in, out)["lid"])
	assert.Equal(t, Props{"label": "a", "lid": map[string]any{"colour": "green", "lock": "iron"}}, r.refresh(Props{}, out),
		"an import takes all that the inputs have a place for")
}

// TestNameForms makes names in each form.
func TestNameForms(t *testing.T) {
	for form, want := range map[NameForm]string{
		RandomName: `^web[0-9a-f]{8}$`, CopiedName: `^web$`, UUIDName: `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`,
	} {
		n := AutoName{Property: "name", Digits: 8, Form: form}
		name, err := n.choose(Request{Name: "web"}, Props{}, Props{}, &pulumirpc.CheckRequest{RandomSeed: []byte("seed")})
		require.NoError(t, err)
		assert.Regexp(t, want, name)
		again, err := n.choose(Request{Name: "web"}, Props{}, Props{"name": "old", defaultsKey: Strings("name")}, &pulumirpc.CheckRequest{})
		require.NoError(t, err)
		assert.Equal(t, "old", again)

		r := &Resource{Name: &n}
		same := Props{"name": "web", defaultsKey: Strings("name")}
		assert.Equal(t, form == CopiedName, r.keepsName(same, same), "a name that is copied comes again")
	}
	propose := &pulumirpc.CheckRequest{Autonaming: &pulumirpc.CheckRequest_AutonamingOptions{
		ProposedName: "dev-web", Mode: pulumirpc.CheckRequest_AutonamingOptions_PROPOSE,
	}}
	name, err := AutoName{Form: UUIDName}.choose(Request{Name: "web"}, Props{}, Props{}, propose)
	require.NoError(t, err)
	assert.NotEqual(t, "dev-web", name, "a proposal is no UUID")
}

// node is a type that contains itself.
type node struct {
	Name  string `pulumi:"name"`
	Left  *node  `pulumi:"left"`
	Right []node `pulumi:"right"`
}

// TestRecursion reads and checks a type that contains itself.
func TestRecursion(t *testing.T) {
	s, err := InputsOf(nodeArgs{})
	require.NoError(t, err)
	tree := Props{"name": "a", "left": map[string]any{"name": "b", "right": []any{map[string]any{"name": "c", "left": map[string]any{"nam": "d"}}}}}
	assert.Equal(t, []Failure{
		{"left.right[0].left.nam", "is not a property of this type; did you mean name?"}, {"left.right[0].left.name", "is required"},
	}, s.checkFields("", tree))
}

type nodeArgs struct{}

func (nodeArgs) ElementType() reflect.Type { return reflect.TypeFor[node]() }

package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/automation/engine"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"
)

// The samples in testdata are what Pulumi itself prints; testdata/make made
// them.
func sample(t *testing.T, name string) (*Graph, error) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer f.Close()
	return Load(f)
}

func goodSample(t *testing.T, name string) *Graph {
	t.Helper()
	g, err := sample(t, name)
	require.NoError(t, err)
	assert.Equal(t, "sample", g.Project)
	assert.Equal(t, "dev", g.Stack)
	assert.Equal(t, sampleStack, g.Resources[0].URN)
	requireSorted(t, g)
	return g
}

const (
	sampleStack    = "urn:pulumi:dev::sample::pulumi:pulumi:Stack::sample-dev"
	sampleProvider = "urn:pulumi:dev::sample::pulumi:providers:toy::toy"
	sampleDefault  = "urn:pulumi:dev::sample::pulumi:providers:toy::default"
	sampleOther    = "urn:pulumi:dev::sample::pulumi:pulumi:StackReference::organization/sample/other"
	sampleNet      = "urn:pulumi:dev::sample::sample:network:Network::net"
	samplePlain    = "urn:pulumi:dev::sample::toy:index:Net::plain"
	sampleMain     = "urn:pulumi:dev::sample::sample:network:Network$toy:index:Net::main"
	sampleSpare    = "urn:pulumi:dev::sample::sample:network:Network$toy:index:Net::spare"
	sampleRule     = "urn:pulumi:dev::sample::sample:network:Network$toy:index:Rule::rule"
)

func urns(g *Graph) []string {
	var all []string
	for _, r := range g.Resources {
		all = append(all, r.URN)
	}
	return all
}

// properties shortens expectations: Go values become property values.
func properties(m map[string]any) resource.PropertyMap {
	props := resource.PropertyMap{}
	for k, v := range m {
		switch v := v.(type) {
		case resource.PropertyValue:
			props[resource.PropertyKey(k)] = v
		case map[string]any:
			props[resource.PropertyKey(k)] = resource.NewProperty(properties(v))
		default:
			props[resource.PropertyKey(k)] = resource.NewPropertyValue(v)
		}
	}
	return props
}

var (
	aSecret  = resource.MakeSecret(resource.MakeComputed(resource.NewProperty("")))
	aUnknown = resource.MakeComputed(resource.NewProperty(""))
)

func TestLoadExport(t *testing.T) {
	g := goodSample(t, "export.json")
	assert.ElementsMatch(t, []string{
		sampleStack, sampleProvider, sampleDefault, "urn:pulumi:dev::sample::pulumi:providers:pulumi::default",
		sampleOther, sampleNet, samplePlain, sampleMain, sampleSpare, sampleRule,
	}, urns(g))

	assert.Equal(t, properties(map[string]any{
		"arn": "arn:toy:main", "token": aSecret, "net": resource.MakeCustomResourceReference(sampleMain, "toy-main", ""),
	}), g.Resources[0].Outputs)
	net := find(t, g, sampleNet)
	assert.False(t, net.Custom)
	assert.Equal(t, properties(map[string]any{"arn": "arn:toy:main"}), net.Outputs)

	main := find(t, g, sampleMain)
	assert.Equal(t, "toy-main", main.ID)
	assert.Equal(t, "main", main.Name)
	assert.Equal(t, sampleNet, main.Parent)
	assert.Equal(t, sampleProvider, main.ProviderURN())
	assert.Equal(t, properties(map[string]any{"cidr": "10.0.0.0/16", "token": aSecret}), main.Inputs)
	assert.Equal(t, properties(map[string]any{
		"cidr": "10.0.0.0/16", "token": aSecret, "arn": "arn:toy:main", "size": 65536.0,
	}), main.Outputs)

	rule := find(t, g, sampleRule)
	assert.Equal(t, properties(map[string]any{
		"netId": "toy-main", "ports": []any{443.0, 65536.0}, "nested": map[string]any{"arn": "arn:toy:main", "secret": aSecret},
	}), rule.Inputs)
	assert.Equal(t, []string{sampleOther, sampleMain}, rule.Dependencies)
	assert.Equal(t, map[string][]string{"netId": {sampleMain}, "ports": {sampleMain}, "nested": {sampleMain}}, rule.PropertyDependencies)

	other := find(t, g, sampleOther)
	assert.True(t, other.External)
	assert.Equal(t, "organization/sample/other", other.ID)
	assert.Equal(t, sampleDefault, find(t, g, samplePlain).ProviderURN())
}

func TestLoadExportWithSecretsShown(t *testing.T) {
	g := goodSample(t, "export-show-secrets.json")
	assert.Equal(t, resource.MakeSecret(resource.NewProperty("hunter2")), find(t, g, sampleMain).Inputs["token"])
}

func TestLoadPreviewOfANewStack(t *testing.T) {
	g := goodSample(t, "preview-create.json")
	assert.ElementsMatch(t, []string{
		sampleStack, sampleProvider, sampleOther, sampleNet, samplePlain, sampleMain, sampleSpare, sampleRule,
	}, urns(g), "default providers are not in a preview")

	main := find(t, g, sampleMain)
	assert.True(t, main.Custom)
	assert.Empty(t, main.ID)
	assert.Equal(t, properties(map[string]any{"cidr": "10.0.0.0/16", "token": aSecret}), main.Inputs)
	assert.Empty(t, main.Outputs)
	assert.Equal(t, sampleProvider, main.ProviderURN())

	rule := find(t, g, sampleRule)
	assert.Equal(t, properties(map[string]any{
		"netId": aUnknown, "ports": []any{443.0, aUnknown}, "nested": map[string]any{"arn": aUnknown, "secret": aSecret},
	}), rule.Inputs)
	assert.Equal(t, []string{sampleOther, sampleMain}, rule.Dependencies)
	assert.Equal(t, map[string][]string{"netId": {sampleMain}, "ports": {sampleMain}, "nested": {sampleMain}}, rule.PropertyDependencies)

	assert.Equal(t, sampleDefault, find(t, g, samplePlain).ProviderURN())
	assert.Equal(t, "organization/sample/other", find(t, g, sampleOther).ID)
}

func TestLoadPreviewWithoutChanges(t *testing.T) {
	g := goodSample(t, "preview-same.json")
	exported := goodSample(t, "export.json")
	for _, urn := range []string{sampleProvider, samplePlain, sampleMain, sampleSpare, sampleRule} {
		assert.Equal(t, find(t, exported, urn), find(t, g, urn), "an unchanged resource is what the state says")
	}
	// What a component says is up to its code, which Pulumi does not show.
	assert.Equal(t, properties(map[string]any{"arn": aUnknown}), find(t, g, sampleNet).Outputs)
	assert.Equal(t, properties(map[string]any{"arn": aUnknown, "net": aUnknown, "token": aSecret}), g.Resources[0].Outputs)
}

// The network "main" is replaced, the rule updated, the network "spare" deleted,
// whichever steps Pulumi was asked to show.
func TestLoadPreviewOfChanges(t *testing.T) {
	for _, name := range []string{"preview-change.json", "preview-change-replacement-steps.json", "preview-change-refresh.json"} {
		t.Run(name, func(t *testing.T) {
			g := goodSample(t, name)
			assert.ElementsMatch(t, []string{
				sampleStack, sampleProvider, sampleOther, sampleNet, samplePlain, sampleMain, sampleRule,
			}, urns(g))

			main := find(t, g, sampleMain)
			assert.Empty(t, main.ID, "the old id is that of what goes away")
			assert.Equal(t, properties(map[string]any{"cidr": "10.1.0.0/16", "token": aSecret}), main.Inputs)
			assert.Equal(t, aUnknown, main.Outputs["arn"])
			assert.Equal(t, aUnknown, main.Outputs["size"])

			rule := find(t, g, sampleRule)
			assert.Equal(t, "toy-rule", rule.ID, "an update keeps the id")
			assert.Equal(t, properties(map[string]any{
				"netId": aUnknown, "ports": []any{8443.0, aUnknown}, "nested": map[string]any{"arn": aUnknown, "secret": aSecret},
			}), rule.Inputs)
			assert.Equal(t, properties(map[string]any{"arn": aUnknown, "size": aUnknown}), rule.Outputs)

			plain := find(t, g, samplePlain)
			assert.Equal(t, "toy-plain", plain.ID)
			assert.Equal(t, "arn:toy:plain", plain.Outputs["arn"].StringValue())
		})
	}
}

func TestLoadRefusesAPreviewThatOmits(t *testing.T) {
	for name, want := range map[string]OmittedError{
		"preview-same-omitted.json":   {Same: 7, Shown: 1},
		"preview-change-omitted.json": {Same: 4, Shown: 1},
	} {
		_, err := sample(t, name)
		var omitted *OmittedError
		require.ErrorAs(t, err, &omitted, name)
		assert.Equal(t, want, *omitted)
		assert.ErrorContains(t, err, "pulumi preview --json --show-sames")
	}
}

func TestLoadRefusesWhatIsNotAStack(t *testing.T) {
	_, err := sample(t, "preview-failed.json")
	assert.ErrorIs(t, err, ErrPreviewFailed)
	assert.ErrorContains(t, err, "* the program gives up")
	_, err = sample(t, "export-never-deployed.json")
	assert.ErrorIs(t, err, ErrNoResources)
}

// deployment wraps resources as `pulumi stack export` does.
func deployment(resources ...string) string {
	return `{"version":3,"deployment":{"manifest":{},"resources":[` + strings.Join(resources, ",") + `],"metadata":{}}}`
}

// preview wraps steps as `pulumi preview --json` does.
func preview(summary string, steps ...string) string {
	return `{"config":{},"steps":[` + strings.Join(steps, ",") + `],"duration":1,"changeSummary":` + summary + `}`
}

const (
	urnA    = "urn:pulumi:dev::p::a:b:C::a"
	urnB    = "urn:pulumi:dev::p::a:b:C::b"
	stateA  = `{"urn":"` + urnA + `","custom":true,"type":"a:b:C"}`
	createA = `{"op":"create","urn":"` + urnA + `","newState":` + stateA + `,"detailedDiff":null}`
)

func TestLoadErrors(t *testing.T) {
	version := func(v int, features ...string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			var e *VersionError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, v, e.Version)
			assert.Equal(t, features, e.Features)
		}
	}
	is := func(want error) func(*testing.T, error) {
		return func(t *testing.T, err error) { assert.ErrorIs(t, err, want) }
	}
	for name, c := range map[string]struct {
		input string
		want  func(*testing.T, error)
		says  string
	}{
		"empty":             {"", is(ErrEmpty), "pulumi stack export"},
		"space":             {" \n\t", is(ErrEmpty), "the input is empty"},
		"a mark alone":      {"\xef\xbb\xbf", is(ErrEmpty), "the input is empty"},
		"text":              {"error: no stack selected", is(ErrNotPulumi), "not JSON"},
		"yaml":              {"name: p\n", is(ErrNotPulumi), "not JSON"},
		"a list":            {"[]", is(ErrNotPulumi), "no JSON object"},
		"a string":          {`"version"`, is(ErrNotPulumi), "no JSON object"},
		"null":              {"null", is(ErrNotPulumi), "no JSON object"},
		"other JSON":        {`{"name":"left-pad","version":"1.0.0"}`, nil, ""},
		"another object":    {`{"resource":{"aws_vpc":{}}}`, is(ErrNotPulumi), "not what"},
		"UTF-16":            {"\xff\xfe{\x00}\x00", is(ErrNotPulumi), "UTF-16"},
		"a state file":      {`{"version":3,"checkpoint":{"stack":"x","latest":{}}}`, is(ErrNotPulumi), "pulumi stack export"},
		"events":            {`{"sequence":1,"timestamp":2,"preludeEvent":{}}` + "\n" + `{"sequence":2}`, is(ErrNotPulumi), "stream of events"},
		"no version":        {`{"deployment":{"resources":[` + stateA + `]}}`, version(0), "version 0"},
		"version 2":         {`{"version":2,"deployment":{"resources":[` + stateA + `]}}`, version(2), "version 2"},
		"version 5":         {`{"version":5,"deployment":{}}`, version(5), "version 5"},
		"a feature":         {`{"version":4,"features":["hooks","teleport"],"deployment":{}}`, version(4, "teleport"), "teleport"},
		"no deployment":     {`{"version":3,"deployment":null}`, is(ErrNoResources), ""},
		"no resources":      {deployment(), is(ErrNoResources), ""},
		"nothing planned":   {preview(`{}`), is(ErrNoResources), ""},
		"truncated export":  {deployment(stateA)[:60], is(ErrTruncated), "interrupted"},
		"truncated preview": {preview(`{}`, createA)[:90], is(ErrTruncated), "interrupted"},
		"truncated end":     {strings.TrimSuffix(deployment(stateA), "}"), is(ErrTruncated), "interrupted"},
		"a brace":           {"{", is(ErrTruncated), ""},
		"bad JSON":          {`{"version":3,"deployment":{"resources":[{"urn":}]}}`, is(ErrMalformed), "byte"},
		"more behind":       {deployment(stateA) + deployment(stateA), is(ErrMalformed), "something follows"},
		"words behind":      {deployment(stateA) + "done", is(ErrMalformed), "something follows"},
		"wrong type":        {deployment(`{"urn":7}`), is(ErrMalformed), `"urn" cannot be a JSON number`},
		"no list":           {`{"version":3,"deployment":{"resources":{}}}`, is(ErrMalformed), "no list"},
		"no object":         {`{"version":3,"deployment":[]}`, is(ErrMalformed), "no object"},
		"no URN":            {deployment(`{"custom":true,"type":"a:b:C"}`), is(ErrMalformed), `"" is not the URN`},
		"half a URN":        {deployment(`{"urn":"urn:pulumi:dev::p","type":"a:b:C"}`), is(ErrMalformed), "is not the URN"},
		"no type":           {deployment(`{"urn":"` + urnA + `"}`), is(ErrMalformed), "has no type"},
		"one URN twice":     {deployment(stateA, stateA), is(ErrMalformed), "is there twice"},
		"a bad asset":       {deployment(`{"urn":"` + urnA + `","type":"a:b:C","inputs":{"x":{"y":[{"` + resource.SigKey + `":"` + archive.ArchiveSig + `","assets":7}]}}}`), is(ErrMalformed), "inputs: x: y: [0]: an archive"},
		"failed early":      {`{"diagnostics":[{"message":"boom","severity":"error"}],"duration":1}`, is(ErrPreviewFailed), "boom"},
		"corrupt":           {`{"steps":[` + createA + `],"maybeCorrupt":true}`, is(ErrPreviewFailed), "corrupt"},
		"a step without state": {preview(`{"create":1}`, `{"op":"create","urn":"`+urnA+`"}`), func(t *testing.T, err error) {
			var e *StepError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, StepError{URN: urnA, Op: "create"}, *e)
		}, "no newState"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := Load(strings.NewReader(c.input))
			require.Error(t, err)
			assert.Nil(t, g)
			if c.want != nil {
				c.want(t, err)
			}
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n", "an error is one sentence")
		})
	}
}

func TestLoadReportsItsReader(t *testing.T) {
	broken := errors.New("broken pipe")
	_, err := Load(iotest.ErrReader(broken))
	assert.ErrorIs(t, err, broken)
	_, err = Load(io.MultiReader(strings.NewReader(deployment(stateA)[:50]), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
	g, err := Load(iotest.OneByteReader(strings.NewReader("\xef\xbb\xbf" + deployment(stateA) + "\n")))
	require.NoError(t, err, "a byte order mark and a last newline do no harm")
	assert.Len(t, g.Resources, 1)
}

func TestLoadIsLimited(t *testing.T) {
	input := deployment(stateA)
	_, err := load(strings.NewReader(input), int64(len(input)))
	require.NoError(t, err)
	_, err = load(strings.NewReader(input), int64(len(input))-1)
	assert.ErrorIs(t, err, ErrTooLarge)
	endless := io.MultiReader(strings.NewReader(`{"version":3,"deployment":{"resources":[`), endlessly(stateA+","))
	_, err = load(endless, 1<<20)
	assert.Error(t, err)
	spaces := endlessly(" ")
	_, err = load(spaces, 1<<20)
	assert.ErrorIs(t, err, ErrTooLarge)
}

// endlessly repeats a text for ever.
func endlessly(text string) io.Reader {
	return readerFunc(func(p []byte) (int, error) { return copy(p, text), nil })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Depth is where recursive readers die.
func TestLoadSurvivesDepth(t *testing.T) {
	const depth = 2_000_000
	for name, input := range map[string]string{
		"lists":      `{"version":3,"deployment":{"resources":[{"urn":"` + urnA + `","type":"a:b:C","inputs":{"x":` + strings.Repeat("[", depth),
		"objects":    `{"steps":[{"op":"create","newState":{"inputs":` + strings.Repeat(`{"a":`, depth),
		"skipped":    `{"config":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}",
		"everywhere": strings.Repeat("[", depth),
		"steps":      `{"steps":` + strings.Repeat("[", depth),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Load(strings.NewReader(input))
			assert.Error(t, err)
			assert.Less(t, time.Since(start), 30*time.Second)
		})
	}
	// What encoding/json itself allows is read.
	_, err := Load(strings.NewReader(deployment(`{"urn":"` + urnA + `","type":"a:b:C","inputs":{"x":` +
		strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`)))
	require.NoError(t, err)
}

func TestLoadLeavesOutWhatIsGone(t *testing.T) {
	g, err := Load(strings.NewReader(deployment(
		stateA,
		strings.Replace(stateA, `"custom"`, `"delete":true,"custom"`, 1), // the old half of a replacement
		strings.NewReplacer(urnA, urnB, `"custom"`, `"pendingReplacement":true,"custom"`).Replace(stateA),
	)))
	require.NoError(t, err)
	assert.Equal(t, []string{urnA}, urns(g))
}

func TestLoadVersion4(t *testing.T) {
	g, err := Load(strings.NewReader(`{"deployment":{"resources":[` + stateA + `]},"features":["taint"],"version":4}`))
	require.NoError(t, err, "the order of members does not matter")
	assert.Len(t, g.Resources, 1)
}

// Every value that Pulumi writes into a deployment.
func TestLoadValues(t *testing.T) {
	sig := func(signature, rest string) string {
		return `{"` + resource.SigKey + `":"` + signature + `"` + rest + `}`
	}
	text, err := asset.FromText("hello")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		json string
		want resource.PropertyValue
	}{
		"null":             {`null`, resource.NewNullProperty()},
		"bool":             {`true`, resource.NewProperty(true)},
		"number":           {`1.5`, resource.NewProperty(1.5)},
		"string":           {`"x"`, resource.NewProperty("x")},
		"blinded":          {`"[secret]"`, resource.NewProperty("[secret]")}, // only a preview blinds
		"unknown":          {`"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`, aUnknown},
		"list":             {`["x",["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]]`, resource.NewPropertyValue([]any{"x", []any{aUnknown}})},
		"object":           {`{"a":{"b":[1]}}`, resource.NewPropertyValue(map[string]any{"a": map[string]any{"b": []any{1.0}}})},
		"encrypted":        {sig(resource.SecretSig, `,"ciphertext":"v1:abc"`), aSecret},
		"empty secret":     {sig(resource.SecretSig, ``), aSecret},
		"shown":            {sig(resource.SecretSig, `,"plaintext":"{\"a\":1}"`), resource.MakeSecret(resource.NewPropertyValue(map[string]any{"a": 1.0}))},
		"shown badly":      {sig(resource.SecretSig, `,"plaintext":"{"`), aSecret},
		"custom reference": {sig(resource.ResourceReferenceSig, `,"urn":"`+urnA+`","id":"i","packageVersion":"1.2.3"`), resource.MakeCustomResourceReference(urnA, "i", "1.2.3")},
		"unknown id":       {sig(resource.ResourceReferenceSig, `,"urn":"`+urnA+`","id":""`), resource.MakeCustomResourceReference(urnA, "", "")},
		"component":        {sig(resource.ResourceReferenceSig, `,"urn":"`+urnA+`"`), resource.MakeComponentResourceReference(urnA, "")},
		"bytes":            {sig(resource.ByteStringSig, `,"value":"/w=="`), resource.NewProperty("\xff")},
		"asset":            {sig(asset.AssetSig, `,"text":"hello","hash":"`+text.Hash+`"`), resource.NewProperty(text)},
		"of the future":    {sig("0123456789abcdef0123456789abcdef", ``), aUnknown},
		"strange":          {`{"` + resource.SigKey + `":7}`, aUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := Load(strings.NewReader(deployment(`{"urn":"` + urnA + `","type":"a:b:C","outputs":{"v":` + c.json + `}}`)))
			require.NoError(t, err)
			assert.Equal(t, c.want, g.Resources[0].Outputs["v"])
		})
	}
}

// A later Pulumi may have more operations, and several steps have one URN.
func TestLoadMergesSteps(t *testing.T) {
	step := func(op, cidr string) string {
		if cidr == "" {
			return `{"op":"` + op + `","urn":"` + urnA + `","oldState":{"id":"old"}}`
		}
		return `{"op":"` + op + `","urn":"` + urnA + `","oldState":{"id":"old"},"newState":{"urn":"` + urnA +
			`","custom":true,"type":"a:b:C","inputs":{"cidr":"` + cidr + `"}}}`
	}
	for name, c := range map[string]struct {
		steps    []string
		cidr, id string // cidr "" for a resource that goes
	}{
		"replaced, creating first": {[]string{step("create-replacement", "new"), step("replace", "new"), step("delete-replaced", "")}, "new", ""},
		"replaced, deleting first": {[]string{step("delete-replaced", ""), step("replace", "new"), step("create-replacement", "new")}, "new", ""},
		"refreshed, then updated":  {[]string{step("refresh", "drifted"), step("update", "new")}, "new", "old"},
		"refreshed only":           {[]string{step("refresh", "drifted")}, "drifted", "old"},
		"refreshed, then deleted":  {[]string{step("refresh", "drifted"), step("delete", "")}, "", ""},
		"vanished, made again":     {[]string{step("delete", ""), step("create", "new")}, "new", "old"},
		"read, then discarded":     {[]string{step("discard", "")}, "", ""},
		"imported":                 {[]string{step("import", "new")}, "new", "old"},
		"of a later Pulumi":        {[]string{step("polish", "new")}, "new", "old"},
	} {
		t.Run(name, func(t *testing.T) {
			other := strings.ReplaceAll(createA, urnA, urnB)
			g, err := Load(strings.NewReader(preview(`{}`, append(c.steps, other)...)))
			require.NoError(t, err)
			r, found := g.Find(urnA)
			require.Equal(t, c.cidr != "", found)
			if found {
				assert.Equal(t, c.cidr, r.Inputs["cidr"].StringValue())
				assert.Equal(t, c.id, r.ID)
			}
		})
	}
}

// A file that was sorted by hand, or by jq, still comes out parents first.
func TestLoadSorts(t *testing.T) {
	child := `{"urn":"` + urnB + `","type":"a:b:C","parent":"` + urnA + `","dependencies":["` + urnA + `","urn:gone"]}`
	g, err := Load(strings.NewReader(deployment(child, stateA)))
	require.NoError(t, err)
	assert.Equal(t, []string{urnA, urnB}, urns(g))

	circle := strings.Replace(stateA, `"custom"`, `"parent":"`+urnB+`","custom"`, 1)
	g, err = Load(strings.NewReader(deployment(child, circle)))
	require.NoError(t, err)
	assert.Equal(t, []string{urnB, urnA}, urns(g))
}

func TestProviderURN(t *testing.T) {
	const urn = "urn:pulumi:dev::p::pulumi:providers:aws::a::b" // a name may have "::" in it
	for ref, want := range map[string]string{
		"":                                       "",
		urn + "::" + urn:                         urn,
		urn + "::7a1e":                           urn,
		urn + "::" + plugin.UnknownStringValue:   urn,
		"urn:pulumi:dev::p::pulumi:providers::x": "urn:pulumi:dev::p::pulumi:providers",
		"nonsense":                               "",
		"::":                                     "",
	} {
		assert.Equal(t, want, (&Resource{Provider: ref}).ProviderURN(), ref)
	}
}

// withoutSecrets does to a graph what writing and reading it does: secrets are
// unknown then.
func withoutSecrets(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return aSecret
	case v.IsArray():
		list := slices.Clone(v.ArrayValue())
		for i, e := range list {
			list[i] = withoutSecrets(e)
		}
		return resource.NewProperty(list)
	case v.IsObject():
		object := maps.Clone(v.ObjectValue())
		for k, e := range object {
			object[k] = withoutSecrets(e)
		}
		return resource.NewProperty(object)
	}
	return v
}

func TestExportAndLoadAreInverse(t *testing.T) {
	for name, g := range map[string]*Graph{
		"recorded": record(t, dataPlane(3)),
		"exported": goodSample(t, "export-show-secrets.json"),
		"planned":  goodSample(t, "preview-change.json"),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, g.Export(&out))
			assert.NotContains(t, out.String(), "hunter2", "a secret is never written")
			got, err := Load(bytes.NewReader(out.Bytes()))
			require.NoError(t, err)
			for i := range g.Resources {
				g.Resources[i].Inputs = withoutSecrets(resource.NewProperty(g.Resources[i].Inputs)).ObjectValue()
				g.Resources[i].Outputs = withoutSecrets(resource.NewProperty(g.Resources[i].Outputs)).ObjectValue()
			}
			assert.Equal(t, g, got)
			var again bytes.Buffer
			require.NoError(t, got.Export(&again))
			assert.Equal(t, out.String(), again.String())
		})
	}
}

// The file is what Pulumi's own types read, and has the members that scripts
// rely on.
func TestExportIsPulumisFormat(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, record(t, dataPlane(1)).Export(&out))

	var untyped apitype.UntypedDeployment
	require.NoError(t, json.Unmarshal(out.Bytes(), &untyped))
	assert.Equal(t, 3, untyped.Version)
	var typed apitype.DeploymentV3
	strict := json.NewDecoder(bytes.NewReader(untyped.Deployment))
	strict.DisallowUnknownFields()
	require.NoError(t, strict.Decode(&typed))
	assert.Equal(t, typed.Manifest.NewMagic(), typed.Manifest.Magic)
	require.NotEmpty(t, typed.Resources)
	assert.Equal(t, resource.URN(stackURN), typed.Resources[0].URN)

	var raw struct {
		Deployment struct {
			Resources []map[string]json.RawMessage `json:"resources"`
		} `json:"deployment"`
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &raw))
	for _, r := range raw.Deployment.Resources {
		for _, member := range []string{"urn", "custom", "type", "inputs", "outputs", "dependencies", "propertyDependencies"} {
			assert.Contains(t, r, member)
			assert.NotEqual(t, "null", string(r[member]), member)
		}
		if string(r["custom"]) == "true" {
			assert.Equal(t, string(r["urn"]), string(r["id"]))
		} else {
			assert.NotContains(t, r, "id")
		}
	}
	assert.Contains(t, out.String(), `"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"`, "a secret is marked as one")
}

func TestExportReportsItsWriter(t *testing.T) {
	broken := errors.New("disk full")
	g := &Graph{Resources: []Resource{{URN: urnA, Type: "a:b:C"}}}
	assert.ErrorIs(t, g.Export(writerFunc(func([]byte) (int, error) { return 0, broken })), broken)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Outputs in the SDK's sense can stand in a property map as well.
func TestExportOfOutputs(t *testing.T) {
	v := func(o resource.Output) any { return encode(resource.NewProperty(o)) }
	assert.Equal(t, "x", v(resource.Output{Element: resource.NewProperty("x"), Known: true}))
	assert.Equal(t, plugin.UnknownStringValue, v(resource.Output{Element: resource.NewProperty("x")}))
	assert.Equal(t, hidden(), v(resource.Output{Element: resource.NewProperty("x"), Known: true, Secret: true}))
}

// A deployment and the wire format of the SDK write all but secrets and
// unknowns alike: the SDK's own decoder has to agree.
func TestValuesAgreeWithTheSDK(t *testing.T) {
	var value func(depth int) *rapid.Generator[resource.PropertyValue]
	value = func(depth int) *rapid.Generator[resource.PropertyValue] {
		choices := []*rapid.Generator[resource.PropertyValue]{
			rapid.Just(resource.NewNullProperty()),
			rapid.Map(rapid.Bool(), func(b bool) resource.PropertyValue { return resource.NewProperty(b) }),
			rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) resource.PropertyValue { return resource.NewProperty(f) }),
			rapid.Map(rapid.String(), func(s string) resource.PropertyValue { return resource.NewProperty(s) }),
			rapid.Just(aUnknown),
			rapid.Map(rapid.SampledFrom([]string{"i", ""}), func(id string) resource.PropertyValue {
				return resource.MakeCustomResourceReference(urnA, resource.ID(id), "1.0.0")
			}),
			rapid.Just(resource.MakeComponentResourceReference(urnB, "")),
		}
		if depth > 0 {
			choices = append(choices,
				rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(l []resource.PropertyValue) resource.PropertyValue {
					return resource.NewProperty(append([]resource.PropertyValue{}, l...))
				}),
				rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z]{1,8}`), value(depth-1), 0, 4), func(m map[string]resource.PropertyValue) resource.PropertyValue {
					object := resource.PropertyMap{}
					for k, v := range m {
						object[resource.PropertyKey(k)] = v
					}
					return resource.NewProperty(object)
				}))
		}
		return rapid.OneOf(choices...)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := value(3).Draw(t, "value")
		raw, err := json.Marshal(encode(want))
		require.NoError(t, err)
		var decoded any
		require.NoError(t, json.Unmarshal(raw, &decoded))

		ours, err := decoder{}.value(decoded)
		require.NoError(t, err)
		require.Equal(t, want, ours)

		wire, err := structpb.NewValue(decoded)
		require.NoError(t, err)
		theirs, err := plugin.UnmarshalPropertyValue("v", wire, keepAll)
		require.NoError(t, err)
		require.Equal(t, ours, *theirs)
	})
}

// The real command line imports what Export writes.
func TestPulumiImportsAnExport(t *testing.T) {
	cli, err := engine.Find(t.Context(), engine.Options{Tools: "../tools", Progress: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	dir := t.TempDir()
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), cli.Path(), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PULUMI_HOME="+filepath.Join(dir, "home"),
			"PULUMI_CONFIG_PASSPHRASE=test", "PULUMI_SKIP_UPDATE_CHECK=true")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%v: %s", args, &stderr)
		return out
	}
	project := "name: proj\nruntime: go\nbackend:\n  url: file://" + filepath.ToSlash(dir) + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte(project), 0o600))
	run("stack", "init", "dev")

	component := func(ctx *pulumi.Context) error {
		ctx.Export("size", pulumi.Int(3))
		return ctx.RegisterComponentResource("test:network:Network", "net", &network{})
	}
	for i, c := range []struct {
		program pulumi.RunFunc
		flags   []string
	}{{component, nil}, {dataPlane(2), []string{"--force"}}} {
		g := record(t, c.program)
		for i := range g.Resources {
			delete(g.Resources[i].Outputs, "token") // a secret, for which there is no key
		}
		var out bytes.Buffer
		require.NoError(t, g.Export(&out))
		file := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
		run(append([]string{"stack", "import", "--stack", "dev", "--file", file}, c.flags...)...)

		got, err := Load(bytes.NewReader(run("stack", "export", "--stack", "dev")))
		require.NoError(t, err)
		assert.Equal(t, g, got)
	}
}

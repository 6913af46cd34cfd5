package graph

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// MaxSize is the most bytes that Load reads: room for a preview of some 40,000
// resources.
const MaxSize = 256 << 20

// Load reads what `pulumi stack export` or `pulumi preview --json` wrote and
// tells the two apart by itself. It reads one resource at a time and keeps
// nothing of the input but the graph.
//
// Of an export it takes the resources that exist: those that are to be deleted
// are left out. Encrypted secrets become secrets that are not known.
//
// Of a preview it takes the resources as they will be. A resource that is to
// be created or replaced has no ID yet, so follow Dependencies and
// PropertyDependencies; one that is updated keeps its ID, and the outputs that
// the update may change are unknown. Default providers are not in a preview.
// Pulumi counts the unchanged resources that it leaves out, and such a preview
// is refused.
//
// The errors are those of this package; one of r's own is returned wrapped.
func Load(r io.Reader) (*Graph, error) {
	return load(r, MaxSize)
}

func load(r io.Reader, limit int64) (*Graph, error) {
	buffered := bufio.NewReader(&capped{r: r, left: limit + 1})
	if err := skipMark(buffered); err != nil {
		return nil, err
	}
	l := &loader{json: json.NewDecoder(buffered), keys: map[string]bool{}, byURN: map[string]int{}}
	g, err := l.load()
	if err != nil {
		return nil, l.explain(err)
	}
	return g, nil
}

// skipMark skips a byte order mark of UTF-8 and refuses one of UTF-16.
func skipMark(r *bufio.Reader) error {
	start, _ := r.Peek(3) // a failure to read shows at the next read
	switch {
	case len(start) >= 2 && (start[0] == 0xff && start[1] == 0xfe || start[0] == 0xfe && start[1] == 0xff):
		return fmt.Errorf("%w: it is in UTF-16, as PowerShell redirects: write it as UTF-8", ErrNotPulumi)
	case len(start) == 3 && start[0] == 0xef && start[1] == 0xbb && start[2] == 0xbf:
		_, err := r.Discard(3)
		return err
	}
	return nil
}

// capped fails with ErrTooLarge once it has read left bytes. It fills what it
// is given: encoding/json looks at all the space it has so far at every read,
// which for many small reads is quadratic.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := io.ReadFull(c.r, p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the next read says io.EOF
	}
	return n, err
}

// loader reads one input.
type loader struct {
	json *json.Decoder

	keys     map[string]bool // the keys of the outermost object
	version  int
	features []string
	byURN    map[string]int // positions in found or steps
	found    []Resource     // of an export
	steps    []planned      // of a preview: one for each URN
	summary  map[string]int
	failures []string
}

// state is a resource in either format (apitype.ResourceV3), as far as the
// graph has use for it.
type state struct {
	URN                  string              `json:"urn"`
	Custom               bool                `json:"custom"`
	Delete               bool                `json:"delete"`
	ID                   string              `json:"id"`
	Type                 string              `json:"type"`
	Inputs               map[string]any      `json:"inputs"`
	Outputs              map[string]any      `json:"outputs"`
	Parent               string              `json:"parent"`
	External             bool                `json:"external"`
	Dependencies         []string            `json:"dependencies"`
	Provider             string              `json:"provider"`
	PropertyDependencies map[string][]string `json:"propertyDependencies"`
	PendingReplacement   bool                `json:"pendingReplacement"`
}

func (l *loader) load() (*Graph, error) {
	switch token, err := l.json.Token(); {
	case errors.Is(err, io.EOF):
		return nil, ErrEmpty
	case errors.As(err, new(*json.SyntaxError)):
		return nil, fmt.Errorf("%w: it is not JSON", ErrNotPulumi)
	case err != nil:
		return nil, err
	case token != json.Delim('{'):
		return nil, fmt.Errorf("%w: it is no JSON object", ErrNotPulumi)
	}
	if err := l.members(l.member); err != nil {
		return nil, err
	}
	resources, err := l.resources()
	if err != nil {
		return nil, err
	}
	switch _, err := l.json.Token(); {
	case err == nil, errors.As(err, new(*json.SyntaxError)):
		return nil, fmt.Errorf("%w: something follows its end", ErrMalformed)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	if len(resources) == 0 {
		return nil, ErrNoResources
	}
	first := resource.URN(resources[0].URN)
	return &Graph{
		Project:   string(first.Project()),
		Stack:     string(first.Stack()),
		Resources: sorted(resources),
	}, nil
}

// member reads one member of the outermost object.
func (l *loader) member(key string) error {
	l.keys[key] = true
	switch key {
	case "version":
		return l.json.Decode(&l.version)
	case "features":
		return l.json.Decode(&l.features)
	case "deployment":
		return l.object(func(key string) error {
			if key == "resources" {
				return l.list(l.resource)
			}
			return l.skip()
		})
	case "steps":
		return l.list(l.step)
	case "changeSummary":
		return l.json.Decode(&l.summary)
	case "diagnostics":
		return l.list(l.diagnostic)
	case "maybeCorrupt":
		var corrupt bool
		err := l.json.Decode(&corrupt)
		if corrupt {
			l.failures = append(l.failures, "Pulumi calls its result possibly corrupt")
		}
		return err
	}
	return l.skip()
}

// resources says what the outermost object was and returns what it holds.
func (l *loader) resources() ([]Resource, error) {
	switch {
	case l.keys["deployment"]:
		return l.found, l.checkVersion()
	case l.keys["steps"], l.keys["changeSummary"], l.keys["duration"], len(l.failures) > 0:
		return l.plan()
	case l.keys["checkpoint"]:
		return nil, fmt.Errorf("%w: it is a backend's own state file: use `pulumi stack export`", ErrNotPulumi)
	case l.keys["sequence"]:
		return nil, fmt.Errorf("%w: it is a stream of events: "+
			"run `pulumi preview --json` without PULUMI_ENABLE_STREAMING_JSON_PREVIEW", ErrNotPulumi)
	}
	return nil, ErrNotPulumi
}

// knownFeatures are those of a version 4 deployment that change nothing about
// what the graph takes from it.
var knownFeatures = []string{
	"refreshBeforeUpdate", "views", "hooks", "taint", "replaceWith", "byteString", "extensionParameterization",
}

func (l *loader) checkVersion() error {
	if l.version != 3 && l.version != 4 {
		return &VersionError{Version: l.version}
	}
	var unknown []string
	for _, feature := range l.features {
		if l.version == 4 && !slices.Contains(knownFeatures, feature) {
			unknown = append(unknown, feature)
		}
	}
	if len(unknown) > 0 {
		return &VersionError{Version: l.version, Features: unknown}
	}
	return nil
}

// resource reads one resource of an export.
func (l *loader) resource() error {
	var s state
	if err := l.json.Decode(&s); err != nil {
		return err
	}
	if s.Delete || s.PendingReplacement {
		return nil
	}
	r, err := s.resource(decoder{})
	if err != nil {
		return err
	}
	if _, twice := l.byURN[r.URN]; twice {
		return fmt.Errorf("%w: %s is there twice", ErrMalformed, r.URN)
	}
	l.byURN[r.URN] = len(l.found)
	l.found = append(l.found, r)
	return nil
}

// resource converts what was read, and sees to it that the URN is one.
func (s *state) resource(d decoder) (Resource, error) {
	urn := resource.URN(s.URN)
	switch {
	case !urn.IsValid():
		return Resource{}, fmt.Errorf("%w: %q is not the URN of a resource", ErrMalformed, s.URN)
	case s.Type == "":
		return Resource{}, fmt.Errorf("%w: %s has no type", ErrMalformed, s.URN)
	}
	inputs, err := d.properties(s.Inputs)
	if err != nil {
		return Resource{}, fmt.Errorf("%w: %s: inputs: %w", ErrMalformed, s.URN, err)
	}
	outputs, err := d.properties(s.Outputs)
	if err != nil {
		return Resource{}, fmt.Errorf("%w: %s: outputs: %w", ErrMalformed, s.URN, err)
	}
	return Resource{
		URN: s.URN, Type: s.Type, Name: urn.Name(), Custom: s.Custom, External: s.External, ID: s.ID,
		Inputs: inputs, Outputs: outputs, Parent: s.Parent, Provider: s.Provider,
		Dependencies:         sortedURNs(s.Dependencies),
		PropertyDependencies: sortedEdges(s.PropertyDependencies),
	}, nil
}

func (l *loader) diagnostic() error {
	var d struct {
		Severity string `json:"severity"`
		Message  string `json:"message"`
	}
	err := l.json.Decode(&d)
	if d.Severity == "error" {
		l.failures = append(l.failures, d.Message)
	}
	return err
}

// list reads an array, or null, with one call of element for each.
func (l *loader) list(element func() error) error {
	switch token, err := l.json.Token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != json.Delim('['):
		return fmt.Errorf("%w: there is no list where one belongs, before byte %d", ErrMalformed, l.json.InputOffset())
	}
	for l.json.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := l.json.Token()
	return err
}

// object reads an object, or null, with one call of member for each key.
func (l *loader) object(member func(key string) error) error {
	switch token, err := l.json.Token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != json.Delim('{'):
		return fmt.Errorf("%w: there is no object where one belongs, before byte %d", ErrMalformed, l.json.InputOffset())
	}
	return l.members(member)
}

// members reads an object after its brace.
func (l *loader) members(member func(key string) error) error {
	for l.json.More() {
		key, err := l.json.Token()
		if err != nil {
			return err
		}
		if err := member(key.(string)); err != nil {
			return err
		}
	}
	_, err := l.json.Token()
	return err
}

// skip reads over one value without keeping it.
func (l *loader) skip() error {
	for depth := 0; ; {
		token, err := l.json.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// explain makes encoding/json's errors those of this package.
func (l *loader) explain(err error) error {
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.Is(err, ErrTooLarge):
		return ErrTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTruncated
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: byte %d: %w", ErrMalformed, l.json.InputOffset(), err)
	case errors.As(err, &mistyped):
		return fmt.Errorf("%w: byte %d: %q cannot be a JSON %s", ErrMalformed, l.json.InputOffset(), mistyped.Field, mistyped.Value)
	}
	return err
}

package wire

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// CheckConfig checks the inputs of a provider instance.
func (p *Provider[S]) CheckConfig(
	_ context.Context, req *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	inputs, _, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	config := p.decodeConfig(inputs)
	failures := p.pkg.Config.checkFields("", config)
	if len(failures) == 0 {
		failures = p.backend.CheckConfig(config)
	}
	// The inputs go back as they came: their form is what a diff compares.
	return &pulumirpc.CheckResponse{Inputs: req.GetNews(), Failures: toFailures(failures)}, nil
}

// decodeConfig returns a provider's inputs with the values that arrive as JSON
// text decoded, and without what the engine keeps for itself. Stack
// configuration is text, and SDKs send what is not a string as JSON.
func (p *Provider[S]) decodeConfig(inputs Props) Props {
	config := inputs.Without()
	delete(config, "version")
	for name, v := range config {
		text, ok := v.(string)
		f, declared := p.pkg.Config.Fields[name]
		if !ok || !declared || f.Kind == String {
			continue
		}
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) == nil {
			config[name] = decoded
		}
	}
	return config
}

// DiffConfig compares two configurations of a provider instance.
func (p *Provider[S]) DiffConfig(
	_ context.Context, req *pulumirpc.DiffRequest,
) (*pulumirpc.DiffResponse, error) {
	// Engines older than old_inputs send the old inputs as the old state.
	from := req.GetOldInputs()
	if from == nil {
		from = req.GetOlds()
	}
	olds, _, err := unmarshal(from)
	if err != nil {
		return nil, err
	}
	news, _, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	c := &Resource{Inputs: p.pkg.Config, Replace: p.pkg.ReplaceConfig}
	return c.diff(p.decodeConfig(olds), p.decodeConfig(news), req.GetIgnoreChanges()), nil
}

// Check checks the inputs of a resource, then fills in defaults and a name.
func (p *Provider[S]) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	r, res, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	olds, _, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, hidden, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	session, err := p.session(ctx)
	if err != nil {
		return nil, err
	}
	failures := res.Inputs.checkFields("", news)
	failures = append(failures, res.unmodelled(news, failures)...)
	if len(failures) > 0 {
		return &pulumirpc.CheckResponse{Failures: toFailures(failures)}, nil
	}
	filled, failures := res.fill(r, news, olds, req)
	if len(failures) == 0 {
		r.Inputs, r.Secret = filled, hidden
		failures = p.backend.Check(session, r)
	}
	if len(failures) > 0 {
		return &pulumirpc.CheckResponse{Failures: toFailures(failures)}, nil
	}
	inputs, err := marshal(r.Inputs, hidden)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: inputs}, nil
}

// unmodelled refuses inputs that the simulated cloud does not know, except
// those that have failed already.
func (r *Resource) unmodelled(news Props, failed []Failure) []Failure {
	var all []Failure
	for _, name := range r.Unmodelled {
		has := func(f Failure) bool { return top(f.Property) == name }
		if v, ok := news[name]; !ok || isEmpty(v) || slices.ContainsFunc(failed, has) {
			continue
		}
		all = append(all, Failure{name, "is not modelled by the sandbox; it would be ignored"})
	}
	return all
}

// fill returns news with a name and defaults, and with the list of what was
// filled in.
func (r *Resource) fill(req Request, news, olds Props, wire *pulumirpc.CheckRequest) (Props, []Failure) {
	out := news.Without()
	var filled []string
	for name, v := range r.Defaults {
		if _, given := out[name]; !given {
			out[name] = clone(v)
			filled = append(filled, name)
		}
	}
	if n := r.Name; n != nil {
		if _, given := out[n.Property]; !given {
			name, err := n.choose(req, out, olds, wire)
			if err != nil {
				return nil, []Failure{{n.Property, err.Error()}}
			}
			out[n.Property] = name
			filled = append(filled, n.Property)
		}
	}
	slices.Sort(filled)
	out[defaultsKey] = Strings(filled...)
	return out, nil
}

// choose returns the name the resource has already, if the provider gave it,
// or a new one.
func (n AutoName) choose(req Request, inputs, olds Props, wire *pulumirpc.CheckRequest) (string, error) {
	if slices.Contains(olds.Defaults(), n.Property) && olds.Str(n.Property) != "" {
		return olds.Str(n.Property), nil
	}
	if a := wire.GetAutonaming(); a != nil {
		switch a.GetMode() {
		case pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
			return "", fmt.Errorf("is required: automatic naming is disabled for this stack")
		case pulumirpc.CheckRequest_AutonamingOptions_ENFORCE, pulumirpc.CheckRequest_AutonamingOptions_PROPOSE:
			if n.Form == UUIDName && a.GetMode() == pulumirpc.CheckRequest_AutonamingOptions_PROPOSE {
				break
			}
			name := a.GetProposedName()
			if n.Suffix != nil {
				name += n.Suffix(inputs)
			}
			return name, nil
		}
	}
	seed := wire.GetRandomSeed()
	if len(seed) == 0 {
		seed = []byte(req.URN)
	}
	switch n.Form {
	case CopiedName:
		return req.Name, nil
	case UUIDName:
		digits, err := resource.NewUniqueName(seed, "", 32, 0, nil)
		if err != nil {
			return "", fmt.Errorf("making a UUID: %w", err)
		}
		return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-"), nil
	}
	name, err := resource.NewUniqueName(seed, req.Name+n.Separator, cmp.Or(n.Digits, 7), n.Max, nil)
	if err == nil && n.Suffix != nil {
		name += n.Suffix(inputs)
	}
	return name, err
}

// fillOutputs returns outputs with the empty value of every output that is always
// there. A program that reads an output which is missing would see its input
// instead, or an unknown value at every preview.
func (r *Resource) fillOutputs(outputs Props) Props {
	out := outputs.Clone()
	for name, f := range r.Outputs.Fields {
		if _, ok := out[name]; ok {
			continue
		}
		if f.Required || f.Kind == List || f.Kind == Map {
			if zero := f.zero(); zero != nil {
				out[name] = zero
			}
		}
	}
	return out
}

// planCreate returns what is known before a resource exists.
func (r *Resource) planCreate(inputs Props) Props {
	out := inputs.Clone()
	if r.Apart {
		for name, v := range out {
			out[name] = r.foresee(name, v)
		}
	}
	for name := range r.Outputs.Fields {
		if _, ok := out[name]; !ok {
			out[name] = Unknown{}
		}
	}
	return out
}

// foresee returns what an output will be whose input of the same name is given:
// that input or, when the output has objects of its own form, unknown.
func (r *Resource) foresee(name string, input any) any {
	var made func(s Schema) bool
	made = func(s Schema) bool {
		return s.Kind == Object || s.Kind == Any || s.Elem != nil && made(*s.Elem)
	}
	if out, ok := r.Outputs.Fields[name]; ok && made(out.Schema) {
		return Unknown{}
	}
	return clone(input)
}

// planUpdate returns what is known before a resource is changed: what it has,
// except where an input decides.
func (r *Resource) planUpdate(old, oldInputs, inputs Props) Props {
	out := r.Merge(old, inputs)
	if r.Apart {
		out = old.Clone()
		for name := range r.Inputs.Fields {
			v, given := inputs[name]
			_, was := oldInputs[name]
			switch {
			case given && !r.equal(name, oldInputs[name], v):
				out[name] = r.foresee(name, v)
			case !given && was:
				delete(out, name)
			}
		}
	}
	for in, outs := range r.Unstable {
		was := old[in]
		if r.Apart {
			was = oldInputs[in]
		}
		if r.equal(in, was, inputs[in]) {
			continue
		}
		for _, name := range outs {
			if _, given := inputs[name]; !given {
				out[name] = Unknown{}
			}
		}
	}
	return out
}

// refresh returns the inputs that outputs amount to: the given ones brought up
// to date or, for a resource that is imported, all that say something.
func (r *Resource) refresh(inputs, outputs Props) Props {
	out := Props{}
	imported := len(inputs) == 0
	for name, f := range r.Inputs.Fields {
		now, exists := outputs[name]
		was, given := inputs[name]
		if exists && r.Apart {
			now = project(f.Schema, was, now)
		}
		switch {
		case given && exists && !r.equal(name, was, now):
			out[name] = clone(now)
		case given && (exists || isEmpty(was)):
			out[name] = clone(was)
		case !given && imported && exists && !isEmpty(now) && !slices.Contains(r.Unmodelled, name):
			out[name] = clone(now)
		}
	}
	for name, was := range inputs {
		if _, declared := r.Inputs.Fields[name]; declared {
			continue
		}
		out[name] = clone(was)
		if now, exists := outputs[name]; exists && !internal(name) {
			out[name] = clone(now)
		}
	}
	return out
}

// project returns what an input of the form s would be to give the output now:
// no more of an object than the input was had, or than s knows when there was
// none. What has another form stays as it was.
func project(s Schema, was, now any) any {
	switch now := now.(type) {
	case map[string]any:
		old, ok := was.(map[string]any)
		if was != nil && !ok || s.Kind != Object && s.Kind != Map {
			return was
		}
		out := map[string]any{}
		for k, v := range now {
			field, known := s.Fields[k]
			elem := field.Schema
			if s.Kind == Map {
				elem, known = *s.Elem, true
			}
			if _, given := old[k]; known && (given || was == nil || s.Kind == Map) {
				if is := project(elem, old[k], v); is != nil {
					out[k] = is
				}
			}
		}
		return out
	case []any:
		old, _ := was.([]any)
		if s.Kind != List {
			return was
		}
		out := make([]any, len(now))
		for i, v := range now {
			var before any
			if i < len(old) {
				before = old[i]
			}
			out[i] = project(*s.Elem, before, v)
		}
		return out
	}
	return now
}

package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares a resource with new inputs.
func (p *Provider[S]) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	_, res, err := p.resource(req.GetUrn())
	if err != nil {
		return nil, err
	}
	from := req.GetOlds()
	if res.Apart {
		from = req.GetOldInputs()
	}
	olds, _, err := unmarshal(from)
	if err != nil {
		return nil, err
	}
	news, _, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	return res.diff(olds, news, req.GetIgnoreChanges()), nil
}

// diff compares the state of a resource with new inputs, as a Terraform
// provider does: what the program leaves out is no difference where the cloud
// chooses, and neither is an empty value. Where outputs are apart from inputs,
// it compares inputs with inputs, and an empty value is one.
func (r *Resource) diff(olds, news Props, ignore []string) *pulumirpc.DiffResponse {
	names := map[string]bool{}
	for name := range r.Inputs.Fields {
		names[name] = true
	}
	for name := range news {
		names[name] = true
	}
	detailed := map[string]*pulumirpc.PropertyDiff{}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if internal(name) || slices.Contains(ignore, name) {
			continue
		}
		was, is := olds[name], news[name]
		_, given := news[name]
		switch {
		case !given && slices.Contains(r.Computed, name):
			continue
		case !r.Apart && isEmpty(was) && (!given || isEmpty(is)):
			continue
		case r.equal(name, was, is):
			continue
		}
		changed = append(changed, name)
		r.detail(detailed, name, was, is)
	}
	if len(changed) == 0 {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true}
	}

	forced := slices.Clone(r.Replace)
	if r.ReplaceIf != nil {
		forced = append(forced, r.ReplaceIf(olds, news, changed)...)
	}
	var replaces []string
	for _, name := range changed {
		if !slices.Contains(forced, name) {
			continue
		}
		replaces = append(replaces, name)
		for path, d := range detailed {
			if top(path) == name {
				d.Kind = replacing[d.Kind]
			}
		}
	}
	return &pulumirpc.DiffResponse{
		Changes:             pulumirpc.DiffResponse_DIFF_SOME,
		Diffs:               changed,
		Replaces:            replaces,
		DetailedDiff:        detailed,
		HasDetailedDiff:     true,
		DeleteBeforeReplace: len(replaces) > 0 && r.keepsName(olds, news),
	}
}

// keepsName reports whether the new object would have the name of the old one.
// A name that the program chose and did not change is taken until the old
// object is gone, so it goes first; a name the provider made is made anew.
func (r *Resource) keepsName(olds, news Props) bool {
	if r.Name == nil || r.Name.Form != CopiedName && slices.Contains(news.Defaults(), r.Name.Property) {
		return false
	}
	name := news.Str(r.Name.Property)
	return name != "" && name == olds.Str(r.Name.Property)
}

var replacing = map[pulumirpc.PropertyDiff_Kind]pulumirpc.PropertyDiff_Kind{
	pulumirpc.PropertyDiff_ADD:    pulumirpc.PropertyDiff_ADD_REPLACE,
	pulumirpc.PropertyDiff_DELETE: pulumirpc.PropertyDiff_DELETE_REPLACE,
	pulumirpc.PropertyDiff_UPDATE: pulumirpc.PropertyDiff_UPDATE_REPLACE,
}

// top returns the property that a path begins with.
func top(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

// detail adds what differs between was and is at path, down to the entries of
// maps and of lists whose order counts.
func (r *Resource) detail(into map[string]*pulumirpc.PropertyDiff, path string, was, is any) {
	oldMap, wasMap := was.(map[string]any)
	newMap, isMap := is.(map[string]any)
	oldList, wasList := was.([]any)
	newList, isList := is.([]any)
	switch {
	case wasMap && isMap:
		keys := maps.Clone(oldMap)
		maps.Copy(keys, newMap)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if !equal(oldMap[k], newMap[k]) {
				r.detail(into, join(path, k), oldMap[k], newMap[k])
			}
		}
	case wasList && isList && !slices.Contains(r.Sets, path):
		for i := range max(len(oldList), len(newList)) {
			var before, after any
			if i < len(oldList) {
				before = oldList[i]
			}
			if i < len(newList) {
				after = newList[i]
			}
			if !equal(before, after) {
				r.detail(into, fmt.Sprintf("%s[%d]", path, i), before, after)
			}
		}
	case was == nil:
		into[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_ADD}
	case is == nil:
		into[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_DELETE}
	default:
		into[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE}
	}
}

// equal compares two values of a property. An unknown value equals none.
func (r *Resource) equal(name string, a, b any) bool {
	if hasUnknown(a) || hasUnknown(b) {
		return false
	}
	switch {
	case slices.Contains(r.Sets, name):
		return equal(sorted(a), sorted(b))
	case slices.Contains(r.JSON, name):
		return equal(document(a), document(b))
	}
	return equal(a, b)
}

func equal(a, b any) bool {
	if hasUnknown(a) || hasUnknown(b) {
		return false
	}
	return reflect.DeepEqual(a, b)
}

// sorted returns a list in an order of its own, to compare sets.
func sorted(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

// document decodes a JSON text; what is none stays as it is.
func document(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	var decoded any
	if json.Unmarshal([]byte(text), &decoded) != nil {
		return v
	}
	return decoded
}

// isEmpty reports whether a value asks for nothing.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

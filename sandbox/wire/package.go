package wire

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Package describes a provider: what it is called and what it offers. Complete
// makes it ready; from then on it is only read.
type Package struct {
	// Name and Version are the plugin's: "aws", "6.83.2". The version is the
	// one of the SDK, or the engine warns.
	Name, Version string
	// Config is the schema of the provider's own inputs.
	Config Schema
	// ReplaceConfig lists the provider inputs that make its resources
	// unmanageable when they change, so that all of them are replaced.
	ReplaceConfig []string
	// Resources and Functions are keyed by token.
	Resources map[string]*Resource
	Functions map[string]*Function
}

// Resource describes a resource type as far as no rule of the cloud is needed.
// Every name in it is an input or an output of the type.
type Resource struct {
	Inputs, Outputs Schema

	// Required lists inputs that must be given though the SDK's Go type does
	// not say so: lists, maps and inputs of any type.
	Required []string
	// Unmodelled lists inputs that exist but that the simulated cloud does not
	// know. Giving one is an error, because ignoring it would be a lie; false,
	// empty lists and empty maps ask for nothing and are allowed.
	Unmodelled []string
	// Defaults are the inputs the provider fills in.
	Defaults Props
	// Name says which input gets a name when the program gives none.
	Name *AutoName

	// Replace lists inputs whose change replaces the resource.
	Replace []string
	// ReplaceIf returns more inputs that replace it, given the old outputs,
	// the new inputs and the inputs that differ.
	ReplaceIf func(old, new Props, changed []string) []string
	// Computed lists inputs that the cloud chooses when the program leaves
	// them out. Leaving one out later changes nothing.
	Computed []string
	// Sets lists inputs that are lists without an order.
	Sets []string
	// JSON lists inputs that are JSON documents: spelling is no difference.
	JSON []string
	// Unstable maps an input to the outputs that are unknown in the preview
	// of an update that changes it.
	Unstable map[string][]string
	// Apart says that an output may have another form than the input of the
	// same name: more in its objects, a map where the input is a list. Then the
	// old inputs tell what differs, objects are unknown in the preview of a
	// change, and a refresh brings up to date only what the inputs give.
	Apart bool
}

// AutoName is how the provider names a resource: the name in the program, a
// separator and some hexadecimal digits, unless Form says otherwise.
type AutoName struct {
	Property  string // "name"
	Max       int    // the longest name, in characters, without Suffix; 0 is any
	Separator string // "-"
	Digits    int    // 7 when zero
	Form      NameForm
	// Suffix, when there is one, returns what comes after the digits, given the
	// other inputs.
	Suffix func(inputs Props) string
}

// NameForm is a way to make names.
type NameForm int

// The forms of names: random digits after the name in the program, that name
// as it is, and a random UUID.
const (
	RandomName NameForm = iota
	CopiedName
	UUIDName
)

// Function describes an invoke.
type Function struct {
	Args, Result Schema
}

// Complete applies what the types say beyond the SDK and returns the first
// thing that contradicts itself: a name that no schema has.
func (p *Package) Complete() error {
	for _, token := range slices.Sorted(maps.Keys(p.Resources)) {
		if err := p.Resources[token].complete(); err != nil {
			return fmt.Errorf("%s: %w", token, err)
		}
	}
	for _, name := range p.ReplaceConfig {
		if _, ok := p.Config.Fields[name]; !ok {
			return fmt.Errorf("provider %s: there is no input %s", p.Name, name)
		}
	}
	return nil
}

func (r *Resource) complete() error {
	if err := r.Inputs.require(r.Required); err != nil {
		return err
	}
	lists := [][]string{r.Unmodelled, r.Replace, r.Computed, r.Sets, r.JSON}
	for in := range r.Unstable {
		lists = append(lists, []string{in})
	}
	if r.Name != nil {
		lists = append(lists, []string{r.Name.Property})
	}
	for in := range r.Defaults {
		lists = append(lists, []string{in})
	}
	for _, list := range lists {
		for _, name := range list {
			if _, ok := r.Inputs.Fields[name]; !ok {
				return fmt.Errorf("there is no input %s", name)
			}
		}
	}
	for _, outs := range r.Unstable {
		for _, name := range outs {
			if _, ok := r.Outputs.Fields[name]; !ok {
				return fmt.Errorf("there is no output %s", name)
			}
		}
	}
	return nil
}

// Merge returns what an update leaves of the old outputs, with the new inputs
// over it: an input that is no longer given is gone, unless the cloud chooses.
func (r *Resource) Merge(old, inputs Props) Props {
	out := old.Clone()
	for name := range r.Inputs.Fields {
		if _, given := inputs[name]; !given && !slices.Contains(r.Computed, name) {
			delete(out, name)
		}
	}
	maps.Copy(out, inputs.Clone())
	return out
}

// Request is one call about one resource.
type Request struct {
	URN  string // of the resource in the program
	Type string // token: "aws:ec2/vpc:Vpc"
	Name string // the name in the program
	ID   string // empty for Check and Create
	// Inputs are checked and, except in Check, all known. Read has the inputs
	// of the last deployment, or none when a resource is imported.
	Inputs Props
	// Old are the outputs of the last deployment, for Read, Update and Delete.
	Old Props
	// Secret names the inputs that are secret. Only Check has it, and a
	// backend that derives one input from another passes the mark on. The
	// outputs of the same names become secret without its help.
	Secret map[string]bool
}

// Backend is a cloud. S is what it makes of the configuration of a provider
// instance: an account and a region, say. Its methods are called concurrently.
// Errors go to the user as they are.
type Backend[S any] interface {
	// CheckConfig returns what is wrong with a provider's own inputs, beyond
	// their schema.
	CheckConfig(config Props) []Failure
	// Configure makes a session of a provider's checked inputs.
	Configure(config Props) (S, error)
	// Check returns what is wrong with r.Inputs beyond their schema and
	// completes them in place. Values may be unknown.
	Check(session S, r Request) []Failure
	// Create makes the object and returns its id and its outputs.
	Create(ctx context.Context, session S, r Request) (id string, outputs Props, err error)
	// Read returns the outputs of an object, or nil when it is gone.
	Read(ctx context.Context, session S, r Request) (outputs Props, err error)
	// Update gives the object new inputs and returns its outputs.
	Update(ctx context.Context, session S, r Request) (outputs Props, err error)
	// Delete removes the object. An object that is gone already is no error.
	Delete(ctx context.Context, session S, r Request) error
	// Invoke answers a function.
	Invoke(ctx context.Context, session S, token string, args Props) (result Props, failures []Failure, err error)
}

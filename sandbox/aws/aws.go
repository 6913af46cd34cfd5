package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/internal/statefile"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// Version is the version of the pulumi-aws SDK whose provider the sandbox
// stands in for. The engine warns when a provider reports another one than the
// program's SDK asks for.
const Version = "6.83.2"

// DefaultAccount is the account of a provider that assumes no role.
const DefaultAccount = "123456789012"

// Options are the choices of a simulated cloud. The zero value is an empty
// cloud in memory.
type Options struct {
	// StateFile keeps the cloud between processes: read by New, written after
	// every change. Its folder is made when missing, and a lock file beside it
	// (the name with ".lock") keeps other processes out. Empty keeps the cloud
	// in memory.
	StateFile string
	// Account is the account of a provider that assumes no role: 12 digits,
	// DefaultAccount when empty. A provider that assumes a role works in the
	// account of the role.
	Account string
	// Roles are the ARNs of roles that were there before anything is deployed,
	// as a customer's own are. Default none: a role is there once it is made.
	Roles []string
	// Quotas overrides the catalog's quotas, by the catalog's names, in every
	// account.
	Quotas map[string]int
	// Fault is asked before each create, update and delete; an error makes the
	// call fail without any effect. It may be called concurrently. Nil never
	// fails.
	Fault func(Call) error
}

// Call is a change that the engine asks for.
type Call struct {
	Op         string // "create", "update" or "delete"
	Type       string // token: "aws:ec2/vpc:Vpc"
	URN        string
	Name       string // the name in the program
	ID         string // empty for a create
	Account    string
	Region     string
	Properties map[string]any // the new inputs; for a delete the old outputs
}

// Object is something that exists in the cloud.
type Object struct {
	Account string `json:"account"`
	// Region is empty for what belongs to the account as a whole, as roles do.
	Region string `json:"region,omitempty"`
	Type   string `json:"type"` // token
	ID     string `json:"id"`
	// With is the id of the object this one came with and goes with: the
	// default security group of a VPC, the network interface of an endpoint.
	// It is empty for what was asked for.
	With string `json:"with,omitempty"`
	// Given says that it was there before anything was deployed: see
	// Options.Roles.
	Given bool `json:"given,omitempty"`
	// Properties are the outputs.
	Properties map[string]any `json:"properties"`
}

// Cloud is a simulated AWS: the objects that exist and the rules for changing
// them. Its methods may be called concurrently.
type Cloud struct {
	options Options
	catalog *catalog.Catalog
	kinds   map[string]*kind
	pkg     *wire.Package
	lock    *flock.Flock // nil without a state file

	mu    sync.Mutex
	state state
}

var accountPattern = regexp.MustCompile(`^\d{12}$`)

// New returns the cloud that the options describe. It fails when the state
// file is not readable, was written by a newer version, or is in use by
// another cloud, and when a role's ARN is none; Close gives the file free.
func New(options Options) (*Cloud, error) {
	options.Account = cmp.Or(options.Account, DefaultAccount)
	if !accountPattern.MatchString(options.Account) {
		return nil, fmt.Errorf("sandbox: account %q is not 12 digits", options.Account)
	}
	facts, err := catalog.Load()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(options.Quotas)) {
		if _, ok := facts.Quota(name); !ok {
			return nil, fmt.Errorf("sandbox: there is no quota %q", name)
		}
	}
	c := &Cloud{options: options, catalog: facts, state: newState()}
	if err := c.describe(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if options.StateFile != "" {
		if c.lock, err = statefile.Lock(options.StateFile); err != nil {
			return nil, err
		}
		if c.state, err = loadState(options.StateFile, c.kinds); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if err := c.giveRoles(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close gives the state file free. The cloud must not be used after it.
func (c *Cloud) Close() error {
	if c.lock == nil {
		return nil
	}
	if err := c.lock.Unlock(); err != nil {
		return fmt.Errorf("sandbox: unlocking %s: %w", c.options.StateFile, err)
	}
	return nil
}

// Provider returns a new provider of the cloud for Pulumi's wire protocol. One
// is enough for all provider instances that reach it over connections of their
// own; connections without an address, such as bufconn's, need one each. All
// providers of a cloud share its objects.
func (c *Cloud) Provider() pulumirpc.ResourceProviderServer {
	return wire.NewProvider[session](c.pkg, c)
}

// Serve serves a provider of the cloud on a free port of the loopback
// interface until ctx ends. The engine attaches to it with
// PULUMI_DEBUG_PROVIDERS=aws:PORT.
func (c *Cloud) Serve(ctx context.Context) (port int, err error) {
	return wire.Serve(ctx, c.Provider())
}

// Objects returns what exists, sorted by account, region, type and id. The
// copy is the caller's.
func (c *Cloud) Objects() []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Object, 0, len(c.state.objects))
	for _, o := range c.state.objects {
		out = append(out, *o.clone())
	}
	slices.SortFunc(out, func(a, b Object) int { return compareKeys(a.key(), b.key()) })
	return out
}

// Forget makes an object vanish behind Pulumi's back, with everything that
// cannot exist without it: the routes of a route table, the subnets of a VPC.
// It asks neither rules nor Fault. An id that nothing has, or that objects of
// several types have, is an error.
func (c *Cloud) Forget(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*Object
	for _, o := range c.state.objects {
		if o.ID == id {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("sandbox: nothing has the id %s", id)
	case 1:
	default:
		types := make([]string, len(found))
		for i, o := range found {
			types[i] = o.Type
		}
		slices.Sort(types)
		return fmt.Errorf("sandbox: several objects have the id %s: %s", id, strings.Join(types, ", "))
	}
	o := found[0]
	t := c.begin(session{account: o.Account, region: o.Region}, c.kinds[o.Type])
	t.forget(o)
	return t.commit()
}

package azure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/underlay-iac/underlay/sandbox/internal/statefile"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// Version is the version that the provider reports. Programs ask for two
// majors of pulumi-azure-native, 2.90.0 and 3.16.0, under one name; the engine
// warns only about a version older than the one asked for, so it is the newer.
const Version = "3.16.0"

// DefaultSubscription and DefaultTenant are those of a provider that names
// none.
const (
	DefaultSubscription = "11111111-2222-4333-8444-555555555555"
	DefaultTenant       = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
)

// pause is how long a call takes that keeps others out: long enough for calls
// that a program makes at once to meet.
const pause = 20 * time.Millisecond

// Options are the choices of a simulated cloud. The zero value is an empty
// cloud in memory.
type Options struct {
	// StateFile keeps the cloud between processes: read by New, written after
	// every change. Its folder is made when missing, and a lock file beside it
	// (the name with ".lock") keeps other processes out. Empty keeps the cloud
	// in memory.
	StateFile string
	// Subscription is the one of a provider that names none: a UUID,
	// DefaultSubscription when empty.
	Subscription string
	// Fault is asked before each create, update and delete; an error makes the
	// call fail without any effect. It may be called concurrently. Nil never
	// fails.
	Fault func(Call) error
	// Wait returns when a call is over that keeps others out of something, a
	// virtual network for one. It may be called concurrently. Nil waits
	// 20 ms.
	Wait func(context.Context, Call)
}

// Call is a change that the engine asks for.
type Call struct {
	Op           string // "create", "update" or "delete"
	Type         string // token: "azure-native:network/v20240501:Subnet"
	URN          string
	Name         string // the name in the program
	ID           string // empty for a create
	Subscription string
	Properties   map[string]any // the new inputs; for a delete the old outputs
}

// Object is something that exists in the cloud.
type Object struct {
	// Subscription is the one that pays for it.
	Subscription string `json:"subscription"`
	Type         string `json:"type"` // token
	ID           string `json:"id"`   // of the Resource Manager
	// With is the id of the object this one came with and goes with: the
	// network interface of a private endpoint. It is empty for what was asked
	// for.
	With string `json:"with,omitempty"`
	// Properties are the outputs and the inputs, which give the names in the
	// id.
	Properties map[string]any `json:"properties"`
	// Addresses are the private addresses it has, in the order it asked.
	Addresses []Address `json:"addresses,omitempty"`
}

// Address is a private address that an object has in a subnet.
type Address struct {
	Subnet string `json:"subnet"` // id
	IP     string `json:"ip"`
}

// Cloud is a simulated Azure: the objects that exist and the rules for changing
// them. Its methods may be called concurrently.
type Cloud struct {
	options Options
	kinds   map[string]*kind
	pkg     *wire.Package
	lock    *flock.Flock // nil without a state file

	mu    sync.Mutex
	state state
	// busy are the ids of objects that a call under way keeps others out of,
	// in lower case.
	busy map[string]bool
}

// New returns the cloud that the options describe. It fails when the state
// file is not readable, was written by a newer version, or is in use by
// another cloud; Close gives it free.
func New(options Options) (*Cloud, error) {
	options.Subscription = cmp.Or(options.Subscription, DefaultSubscription)
	if !uuidPattern.MatchString(options.Subscription) {
		return nil, fmt.Errorf("sandbox: subscription %q is not a UUID", options.Subscription)
	}
	if options.Wait == nil {
		options.Wait = func(ctx context.Context, _ Call) {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
	c := &Cloud{options: options, state: newState(), busy: map[string]bool{}}
	if err := c.describe(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if options.StateFile == "" {
		return c, nil
	}
	var err error
	if c.lock, err = statefile.Lock(options.StateFile); err != nil {
		return nil, err
	}
	if c.state, err = loadState(options.StateFile, c.kinds); err != nil {
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
// is enough for all provider instances, of both majors of azure-native, that
// reach it over connections of their own; connections without an address, such
// as bufconn's, need one each. All providers of a cloud share its objects.
func (c *Cloud) Provider() pulumirpc.ResourceProviderServer {
	return wire.NewProvider[session](c.pkg, c)
}

// Serve serves a provider of the cloud on a free port of the loopback
// interface until ctx ends. The engine attaches to it with
// PULUMI_DEBUG_PROVIDERS=azure-native:PORT.
func (c *Cloud) Serve(ctx context.Context) (port int, err error) {
	return wire.Serve(ctx, c.Provider())
}

// Objects returns what exists, sorted by id. The copy is the caller's.
func (c *Cloud) Objects() []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Object, 0, len(c.state.objects))
	for _, o := range c.state.objects {
		out = append(out, *o.clone())
	}
	slices.SortFunc(out, func(a, b Object) int { return strings.Compare(key(a.ID), key(b.ID)) })
	return out
}

// Forget makes an object vanish behind Pulumi's back, with everything that
// cannot exist without it: the routes of a route table, what is in a subnet.
// It asks neither rules nor Fault. An id that nothing has is an error.
func (c *Cloud) Forget(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.state.objects[key(id)]
	if o == nil {
		return fmt.Errorf("sandbox: nothing has the id %s", id)
	}
	t := c.begin(session{subscription: o.Subscription})
	t.forget(o)
	return t.commit()
}

package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// The methods of this file make Cloud a wire.Backend: the frame around the
// rules of each kind.

// Check gives a resource a location when the program does not: the provider's
// or the resource group's. azure-native leaves every rule to Azure.
func (c *Cloud) Check(s session, r wire.Request) []wire.Failure {
	k := c.kinds[r.Type]
	if _, given := r.Inputs["location"]; k.located() && !given {
		if l := c.defaultLocation(s, r.Inputs); l != nil {
			r.Inputs["location"] = l
		}
	}
	return nil
}

// defaultLocation returns the location that azure-native fills in, Unknown
// when the resource group is not known yet, nil when there is none.
func (c *Cloud) defaultLocation(s session, in wire.Props) any {
	if s.location != "" {
		return s.location
	}
	if in.IsUnknown("resourceGroupName") {
		return wire.Unknown{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if group := c.state.objects[key(groupID(s.subscription, in.Str("resourceGroupName")))]; group != nil {
		return group.props().Str("location")
	}
	return nil
}

// Create makes an object.
func (c *Cloud) Create(ctx context.Context, s session, r wire.Request) (string, wire.Props, error) {
	k := c.kinds[r.Type]
	id := k.idOf(s, r.Inputs)
	var made *Object
	err := c.change(ctx, s, k, opCreate, id, r, func(t *tx) error {
		if t.find(id) != nil {
			return fmt.Errorf("cannot create already existing resource '%s'", id)
		}
		var err error
		made, err = t.put(k, nil, id, r.Inputs)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return made.ID, made.clone().Properties, nil
}

// Read returns an object's properties.
func (c *Cloud) Read(_ context.Context, _ session, r wire.Request) (wire.Props, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.state.objects[key(r.ID)]
	if o == nil || o.Type != r.Type {
		return nil, nil
	}
	return o.clone().Properties, nil
}

// Update gives an object new inputs: all of them, what is left out is gone.
func (c *Cloud) Update(ctx context.Context, s session, r wire.Request) (wire.Props, error) {
	k := c.kinds[r.Type]
	var now *Object
	err := c.change(ctx, s, k, opUpdate, r.ID, r, func(t *tx) error {
		old := t.find(r.ID)
		if old == nil {
			return refuse("ResourceNotFound", "The Resource '%s/%s' under resource group '%s' was not found.",
				k.arm, nameOf(r.ID), r.Inputs.Str("resourceGroupName"))
		}
		var err error
		now, err = t.put(k, old, old.ID, r.Inputs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return now.clone().Properties, nil
}

// Delete removes an object; one that is gone already is as it should be.
func (c *Cloud) Delete(ctx context.Context, s session, r wire.Request) error {
	k := c.kinds[r.Type]
	r.Inputs = r.Old
	return c.change(ctx, s, k, opDelete, r.ID, r, func(t *tx) error {
		o := t.find(r.ID)
		if o == nil {
			return nil
		}
		if err := t.mayGo(o); err != nil {
			return err
		}
		if k.remove != nil {
			if err := k.remove(t, o); err != nil {
				return err
			}
		}
		t.remove(o)
		return nil
	})
}

// Invoke has no function to answer.
func (c *Cloud) Invoke(_ context.Context, _ session, token string, _ wire.Props) (wire.Props, []wire.Failure, error) {
	return nil, nil, errors.New("the sandbox does not know the function " + token)
}

// change runs one change of the cloud, all of it or nothing. A change that
// keeps others out of something lasts a while, and meets the others.
func (c *Cloud) change(
	ctx context.Context, s session, k *kind, op operation, id string, r wire.Request, f func(*tx) error,
) error {
	call := Call{
		Op: string(op), Type: r.Type, URN: r.URN, Name: r.Name, ID: r.ID,
		Subscription: s.subscription, Properties: r.Inputs.Clone(),
	}
	if c.options.Fault != nil {
		if err := c.options.Fault(call); err != nil {
			return err
		}
	}
	if k.holds != nil {
		release, err := c.hold(k, id)
		if err != nil {
			return err
		}
		defer release()
		c.options.Wait(ctx, call)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.begin(s)
	if err := f(t); err != nil {
		return err
	}
	return t.commit()
}

// hold keeps other calls out of what a call needs for itself, until release.
func (c *Cloud) hold(k *kind, id string) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := k.holds(id)
	for _, held := range ids {
		if c.busy[key(held)] {
			return nil, refuse(k.busy.code, k.busy.format, nameOf(held))
		}
	}
	for _, held := range ids {
		c.busy[key(held)] = true
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, held := range ids {
			delete(c.busy, key(held))
		}
	}, nil
}

// put makes an object of inputs, or puts it in the place of old.
func (t *tx) put(k *kind, old *Object, id string, inputs wire.Props) (*Object, error) {
	o := newObject(k.token, id, inputs.Clone())
	if err := t.checkParent(k, o); err != nil {
		return nil, err
	}
	if err := t.checkPlace(k, old, o); err != nil {
		return nil, err
	}
	t.stamp(k, old, o)
	if err := t.checkRefs(k, o); err != nil {
		return nil, err
	}
	if k.put != nil {
		if err := k.put(t, old, o); err != nil {
			return nil, err
		}
	}
	t.add(o)
	return o, nil
}

// checkParent refuses an object whose resource group or parent is not there.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-parent-resource
func (t *tx) checkParent(k *kind, o *Object) error {
	if k.id != nil {
		return nil
	}
	group := o.props().Str("resourceGroupName")
	if t.find(groupID(t.session.subscription, group)) == nil {
		return refuse("ResourceGroupNotFound", "Resource group '%s' could not be found.", group)
	}
	if len(k.path) > 1 && t.find(parentOf(o.ID)) == nil {
		parent := parentOf(o.ID)
		return refuse("ParentResourceNotFound",
			"Failed to perform 'write' on resource(s) of type '%s', because the parent resource '%s' could not be found.",
			strings.TrimPrefix(k.arm, "/"), strings.TrimPrefix(parent, groupID(t.session.subscription, group)+"/providers/"))
	}
	return nil
}

// checkPlace refuses a name or a location that Azure does not take.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func (t *tx) checkPlace(k *kind, old, o *Object) error {
	p := o.props()
	if strings.HasPrefix(k.arm, "Microsoft.Network/") && !namePattern.MatchString(nameOf(o.ID)) {
		return refuse("InvalidResourceName", "Resource name %s is invalid. The name can be up to 80 characters long. "+
			"It must begin with a word character, and it must end with a word character or with '_'. "+
			"The name may contain word characters or '.', '-', '_'.", nameOf(o.ID))
	}
	if !k.located() {
		return nil
	}
	at := p.Str("location")
	switch {
	case at == "":
		return refuse("LocationRequired", "The location property is required for this definition.")
	case old != nil && !sameLocation(old.props().Str("location"), at):
		return refuse("InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
			"A resource with the same name cannot be created in location '%s'. Please select a new resource name.",
			nameOf(o.ID), location(old.props().Str("location")), p.Str("resourceGroupName"), at)
	}
	return nil
}

// stamp adds the properties that many types have.
func (t *tx) stamp(k *kind, old, o *Object) {
	p := o.props()
	n := t.next()
	set := func(name, value string) {
		if _, has := k.Outputs.Fields[name]; has {
			p[name] = value
		}
	}
	set("name", nameOf(o.ID))
	set("type", k.arm)
	set("provisioningState", "Succeeded")
	set("etag", fmt.Sprintf(`W/"%s"`, uuid(o.ID, "etag", n)))
	set("resourceGuid", uuid(o.ID, "guid", n))
	if old != nil {
		set("resourceGuid", old.props().Str("resourceGuid"))
	}
}

// checkRefs refuses ids that nothing has, that are elsewhere, or that another
// object has for itself.
func (t *tx) checkRefs(k *kind, o *Object) error {
	for _, r := range k.refs {
		for _, id := range r.ids(o.props()) {
			if typeOf(id) == "" {
				return refuse("LinkedInvalidPropertyId", "Property id '%s' at path 'properties.%s' is invalid. Expect fully qualified "+
					"resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
					id, strings.ReplaceAll(r.path, "[]", ""))
			}
			if r.arm == "" && !slices.ContainsFunc(slices.Collect(maps.Values(t.cloud.kinds)),
				func(k *kind) bool { return strings.EqualFold(k.arm, typeOf(id)) }) {
				continue
			}
			to := t.find(id)
			if to == nil && r.anywhere && t.foreign(id) && (r.arm == "" || strings.EqualFold(typeOf(id), r.arm)) {
				continue
			}
			at, here := "", t.locationOf(o)
			if to != nil {
				at = t.locationOf(to)
			}
			if to == nil || r.arm != "" && !strings.EqualFold(typeOf(id), r.arm) ||
				!r.anywhere && at != "" && here != "" && !sameLocation(at, here) {
				return refuse("InvalidResourceReference", "Resource %s referenced by resource %s was not found. "+
					"Please make sure that the referenced resource exists, and that both resources are in the same region.", id, o.ID)
			}
			if r.alone.code == "" {
				continue
			}
			for other := range t.users(id) {
				if key(other.ID) != key(o.ID) && key(other.With) != key(o.ID) {
					return refuse(r.alone.code, r.alone.format, o.ID, id, other.ID)
				}
			}
		}
	}
	return nil
}

// foreign reports whether an id is of someone else: in a resource group that
// the cloud does not have.
func (t *tx) foreign(id string) bool {
	parts := strings.Split(id, "/")
	return len(parts) > 4 && strings.EqualFold(parts[3], "resourceGroups") && t.find(groupID(parts[2], parts[4])) == nil
}

// mayGo refuses to delete what others hold on to, itself or what goes with it.
func (t *tx) mayGo(o *Object) error {
	k := t.cloud.kinds[o.Type]
	for child := range t.children(o.ID) {
		if slices.Contains(k.keeps, child.Type) {
			return refuse("CannotDeleteResource", "Cannot delete resource while nested resources exist. "+
				"Some existing nested resource IDs include: '%s'. Please delete all nested resources before deleting this resource.", child.ID)
		}
		if err := t.mayGo(child); err != nil {
			return err
		}
	}
	if k.inUse.code == "" {
		return nil
	}
	for user := range t.users(o.ID) {
		if !within(user.ID, o.ID) {
			return refuse(k.inUse.code, k.inUse.format, nameOf(o.ID), user.ID)
		}
	}
	return nil
}

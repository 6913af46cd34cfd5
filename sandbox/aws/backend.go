package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// The methods of this file make Cloud a wire.Backend: the frame around the
// rules of each kind.

// Check checks the forms of a resource's inputs and adds the tags it will
// have.
func (c *Cloud) Check(s session, r wire.Request) []wire.Failure {
	k := c.kinds[r.Type]
	ch := &checks{cloud: c, session: s, in: r.Inputs}
	for _, ref := range k.refs {
		for _, id := range ref.ids(r.Inputs) {
			if !wellFormed(ref.token, id) {
				ch.fail(ref.property, "%q is not an id like %s", id, example(ref.token))
			}
		}
	}
	if k.check != nil {
		k.check(ch)
	}
	if _, taggable := k.Inputs.Fields["tags"]; taggable {
		// As pulumi-aws does it: the tags of the resource and the provider's
		// default tags together are an input, so that a change of either is
		// a difference.
		r.Inputs["tagsAll"] = s.allTags(r.Inputs["tags"])
		r.Secret["tagsAll"] = r.Secret["tags"]
	}
	return ch.failures
}

// example words what an id of a type looks like.
func example(token string) string {
	if prefix, ok := prefixes[token]; ok {
		return prefix + "-0123456789abcdef0"
	}
	return "a name"
}

// Create makes an object.
func (c *Cloud) Create(ctx context.Context, s session, r wire.Request) (string, wire.Props, error) {
	k := c.kinds[r.Type]
	var made *Object
	err := c.change(ctx, s, k, opCreate, r, func(t *tx) error {
		o := t.newObject(k.token, "", r.Inputs.Clone())
		if err := t.checkTags(o); err != nil {
			return err
		}
		if err := t.checkRefs(o); err != nil {
			return err
		}
		if k.id != nil {
			o.ID = k.id(o.props())
		} else {
			o.ID = t.newID(k.prefix)
		}
		t.stamp(o)
		if err := k.create(t, o); err != nil {
			return err
		}
		t.add(o)
		made = o
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	return made.ID, made.clone().Properties, nil
}

// Read returns an object's properties.
func (c *Cloud) Read(_ context.Context, s session, r wire.Request) (wire.Props, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.begin(s, c.kinds[r.Type])
	o := t.find(r.Type, r.ID)
	if o == nil {
		return nil, nil
	}
	return o.clone().Properties, nil
}

// Update gives an object new inputs.
func (c *Cloud) Update(ctx context.Context, s session, r wire.Request) (wire.Props, error) {
	k := c.kinds[r.Type]
	var now *Object
	err := c.change(ctx, s, k, opUpdate, r, func(t *tx) error {
		old := t.find(r.Type, r.ID)
		if old == nil {
			return fmt.Errorf("%s no longer exists; refresh to create it anew", r.ID)
		}
		o := t.edit(old)
		o.Properties = k.Merge(old.Properties, r.Inputs)
		if err := t.checkTags(o); err != nil {
			return err
		}
		if err := t.checkRefs(o); err != nil {
			return err
		}
		if k.update != nil {
			if err := k.update(t, old, o); err != nil {
				return err
			}
		}
		now = o
		return nil
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
	return c.change(ctx, s, k, opDelete, r, func(t *tx) error {
		o := t.find(r.Type, r.ID)
		if o == nil {
			return nil
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

// change runs one change of the cloud, all of it or nothing, and words its
// error as the provider does.
func (c *Cloud) change(ctx context.Context, s session, k *kind, op operation, r wire.Request, f func(*tx) error) error {
	err := c.fault(s, op, r)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		t := c.begin(s, k)
		t.op = op
		if err = f(t); err == nil {
			err = t.commit()
		}
	}
	if err == nil {
		return nil
	}
	return &providerError{k.describeError(op, r, err)}
}

// providerError is an error in the form that Terraform-based providers give
// it.
type providerError struct{ err error }

func (e *providerError) Error() string { return "1 error occurred:\n\t* " + e.err.Error() + "\n\n" }

func (e *providerError) Unwrap() error { return e.err }

// describeError puts before an error what was going on: "creating EC2 VPC
// Endpoint (com.amazonaws.eu-west-1.sts): ".
func (k *kind) describeError(op operation, r wire.Request, err error) error {
	which := r.ID
	if op == opCreate && k.label != nil {
		which = k.label(r.Inputs)
	}
	if which != "" {
		which = " (" + which + ")"
	}
	return fmt.Errorf("%s %s%s: %w", gerund[op], k.noun, which, err)
}

func (c *Cloud) fault(s session, op operation, r wire.Request) error {
	if c.options.Fault == nil {
		return nil
	}
	return c.options.Fault(Call{
		Op: string(op), Type: r.Type, URN: r.URN, Name: r.Name, ID: r.ID,
		Account: s.account, Region: s.region, Properties: r.Inputs.Clone(),
	})
}

// checkRefs refuses ids that nothing has.
func (t *tx) checkRefs(o *Object) error {
	for _, ref := range t.kind.refs {
		for _, id := range ref.ids(o.props()) {
			if t.find(ref.token, id) == nil {
				m := missing[ref.token]
				return t.refuse(cmp.Or(ref.code, m.code), m.format, id)
			}
		}
	}
	return nil
}

// stamp adds the properties that many types have: the ARN and the owner.
func (t *tx) stamp(o *Object) {
	if t.kind.path != "" {
		o.Properties["arn"] = t.arn("ec2", t.kind.path+o.ID)
	}
	if _, has := t.kind.Outputs.Fields["ownerId"]; has {
		o.Properties["ownerId"] = t.session.account
	}
}

// same reports whether an update leaves a property, a list without order
// included, as it was.
func same(old, o *Object, property string) bool {
	a, b := slices.Sorted(slices.Values(old.props().Strs(property))), slices.Sorted(slices.Values(o.props().Strs(property)))
	return old.props().Str(property) == o.props().Str(property) && slices.Equal(a, b)
}

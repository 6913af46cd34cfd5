package aws

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// tx is one change of the cloud. It works on a copy of the state, so that a
// rule that refuses half way leaves nothing behind; commit puts the copy in
// place. The cloud is locked while it lives.
type tx struct {
	cloud   *Cloud
	session session
	kind    *kind
	op      operation // what is asked of the kind
	state   state
}

// begin starts a change on behalf of a session; the cloud must be locked.
func (c *Cloud) begin(s session, k *kind) *tx {
	return &tx{cloud: c, session: s, kind: k, state: c.state.clone()}
}

func (t *tx) commit() error {
	if file := t.cloud.options.StateFile; file != "" {
		if err := t.state.save(file); err != nil {
			return err
		}
	}
	t.cloud.state = t.state
	return nil
}

// region returns where objects of a type live for this session.
func (t *tx) region(token string) string {
	if k := t.cloud.kinds[token]; k != nil && k.global {
		return ""
	}
	return t.session.region
}

// find returns an object of the session's account and region, or nil.
func (t *tx) find(token, id string) *Object {
	return t.state.objects[key{t.session.account, t.region(token), token, id}]
}

// all returns the objects of a type in the session's account and region, by
// id.
func (t *tx) all(token string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		region := t.region(token)
		var found []*Object
		for k, o := range t.state.objects {
			if k.account == t.session.account && k.region == region && k.token == token {
				found = append(found, o)
			}
		}
		slices.SortFunc(found, func(a, b *Object) int { return compareKeys(a.key(), b.key()) })
		for _, o := range found {
			if !yield(o) {
				return
			}
		}
	}
}

// where returns the objects of a type whose property has a value.
func (t *tx) where(token, property, value string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for o := range t.all(token) {
			if o.props().Str(property) == value && !yield(o) {
				return
			}
		}
	}
}

func count(seq iter.Seq[*Object]) int {
	n := 0
	for range seq {
		n++
	}
	return n
}

func first(seq iter.Seq[*Object]) *Object {
	for o := range seq {
		return o
	}
	return nil
}

// add puts an object into the cloud.
func (t *tx) add(o *Object) { t.state.objects[o.key()] = o }

// edit returns a copy of an object that takes its place.
func (t *tx) edit(o *Object) *Object {
	c := o.clone()
	t.add(c)
	return c
}

// remove takes an object and what came with it out of the cloud. Routes to it
// stay and lead nowhere, as in AWS.
func (t *tx) remove(o *Object) {
	delete(t.state.objects, o.key())
	for _, other := range slices.Collect(maps.Values(t.state.objects)) {
		if other.With == o.ID && other.Account == o.Account && other.Region == o.Region {
			t.forget(other)
		}
	}
	t.blackhole(o)
}

// forget removes an object and everything that cannot exist without it.
func (t *tx) forget(o *Object) {
	t.remove(o)
	for _, other := range slices.Collect(maps.Values(t.state.objects)) {
		if t.state.objects[other.key()] != nil && t.needs(other, o) {
			t.forget(other)
		}
	}
}

// needs reports whether an object has a strong reference to another.
func (t *tx) needs(o, other *Object) bool {
	k := t.cloud.kinds[o.Type]
	if k == nil || o.Account != other.Account || other.Region != t.region(other.Type) || o.Region != t.region(o.Type) {
		return false
	}
	return slices.ContainsFunc(k.refs, func(r ref) bool {
		return r.token == other.Type && !r.weak && slices.Contains(r.ids(o.props()), other.ID)
	})
}

// hash returns n hexadecimal digits, at most 64, that are the same for the
// same words.
func hash(n int, words ...string) string {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s;", len(w), w)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:n]
}

// newID returns an id as AWS makes them: the prefix and 17 hexadecimal digits,
// of which the first is 0. It is determined by the account, the region and how
// many were made before.
func (t *tx) newID(prefix string) string {
	n := t.next(prefix)
	return prefix + "-0" + hash(16, t.session.account, t.session.region, prefix, fmt.Sprint(n))
}

// next counts up.
func (t *tx) next(what string) int {
	name := t.session.account + "/" + t.session.region + "/" + what
	t.state.counters[name]++
	return t.state.counters[name]
}

// quota returns the limit in force.
func (t *tx) quota(name string) int { return t.cloud.limit(name) }

// limit returns the limit in force.
func (c *Cloud) limit(name string) int {
	if n, ok := c.options.Quotas[name]; ok {
		return n
	}
	q, _ := c.catalog.Quota(name)
	return q.Default
}

// arn returns the ARN of something in the session's account and region.
func (t *tx) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, t.session.region, t.session.account, resource)
}

// newObject returns an object of the session's account that is not in the
// cloud yet.
func (t *tx) newObject(token, id string, properties wire.Props) *Object {
	return &Object{
		Account: t.session.account, Region: t.region(token), Type: token, ID: id, Properties: properties,
	}
}

package azure

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// tx is one change of the cloud. It works on a copy of the state, so that a
// rule that refuses half way leaves nothing behind; commit puts the copy in
// place. The cloud is locked while it lives.
type tx struct {
	cloud   *Cloud
	session session
	state   state
}

// begin starts a change on behalf of a session; the cloud must be locked.
func (c *Cloud) begin(s session) *tx {
	return &tx{cloud: c, session: s, state: c.state.clone()}
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

// find returns the object of an id, or nil.
func (t *tx) find(id string) *Object { return t.state.objects[key(id)] }

// all returns the objects of a type, of every subscription, by id.
func (t *tx) all(token string) iter.Seq[*Object] {
	return t.sorted(func(o *Object) bool { return o.Type == token })
}

// children returns the objects right under another, by id.
func (t *tx) children(id string) iter.Seq[*Object] {
	return t.sorted(func(o *Object) bool { return key(parentOf(o.ID)) == key(id) && typeOf(o.ID) != groupType })
}

// under returns the children of one type.
func (t *tx) under(id, token string) iter.Seq[*Object] {
	return t.sorted(func(o *Object) bool { return o.Type == token && key(parentOf(o.ID)) == key(id) })
}

// users returns the objects that hold on to an id, or to a part of what has
// it, by id. What came with the object is none of them.
func (t *tx) users(id string) iter.Seq[*Object] {
	return t.sorted(func(o *Object) bool {
		if key(o.ID) == key(id) || key(o.With) == key(id) {
			return false
		}
		for _, r := range t.cloud.kinds[o.Type].refs {
			if !r.weak && slices.ContainsFunc(r.ids(o.props()), func(to string) bool { return within(to, id) }) {
				return true
			}
		}
		return false
	})
}

// within reports whether an id is another or of a part of it.
func within(id, of string) bool {
	return key(id) == key(of) || strings.HasPrefix(key(id), key(of)+"/")
}

// sorted returns the objects that match, by id.
func (t *tx) sorted(match func(*Object) bool) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, k := range slices.Sorted(maps.Keys(t.state.objects)) {
			if o := t.state.objects[k]; o != nil && match(o) && !yield(o) {
				return
			}
		}
	}
}

func first(seq iter.Seq[*Object]) *Object {
	for o := range seq {
		return o
	}
	return nil
}

// add puts an object into the cloud.
func (t *tx) add(o *Object) { t.state.objects[key(o.ID)] = o }

// edit returns a copy of an object that takes its place.
func (t *tx) edit(o *Object) *Object {
	c := o.clone()
	t.add(c)
	return c
}

// remove takes an object out of the cloud, with what is under it and what came
// with it.
func (t *tx) remove(o *Object) {
	gone := slices.Collect(t.sorted(func(other *Object) bool {
		return within(other.ID, o.ID) || key(other.With) == key(o.ID)
	}))
	for _, other := range gone {
		if other.Type == virtualNetworkType {
			t.disconnect(other.ID)
		}
	}
	for _, other := range gone {
		delete(t.state.objects, key(other.ID))
	}
}

// forget removes an object and everything that cannot exist without it.
func (t *tx) forget(o *Object) {
	t.remove(o)
	for other := range t.users(o.ID) {
		t.forget(other)
	}
}

// next counts up.
func (t *tx) next() string {
	t.state.counter++
	return fmt.Sprint(t.state.counter)
}

// locationOf returns where an object is: its own location or that of what it
// is under.
func (t *tx) locationOf(o *Object) string {
	for o != nil && typeOf(o.ID) != groupType {
		if l := o.props().Str("location"); l != "" {
			return l
		}
		o = t.find(parentOf(o.ID))
	}
	return ""
}

// newObject returns an object that is not in the cloud yet.
func newObject(token, id string, properties wire.Props) *Object {
	return &Object{Subscription: subscriptionOf(id), Type: token, ID: id, Properties: properties}
}

// lease gives an object an address in a subnet, the wanted one or, when that
// is empty, the one of the same place in old's addresses or the lowest that is
// free. Azure keeps the first four addresses and the last.
// Source: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
func (t *tx) lease(old, o *Object, subnetID, want string) (string, error) {
	subnet := t.find(subnetID)
	taken := map[netip.Addr]string{}
	take := func(owner *Object) {
		for _, a := range owner.Addresses {
			if ip, err := netip.ParseAddr(a.IP); err == nil && key(a.Subnet) == key(subnetID) {
				taken[ip] = owner.ID
			}
		}
	}
	for other := range t.sorted(func(other *Object) bool { return key(other.ID) != key(o.ID) && key(other.With) != key(o.ID) }) {
		take(other)
	}
	take(o)
	if n := len(o.Addresses); want == "" && old != nil && n < len(old.Addresses) && key(old.Addresses[n].Subnet) == key(subnetID) {
		want = old.Addresses[n].IP
	}
	got := netip.Addr{}
	for _, block := range prefixes(subnet) {
		first := block.Addr()
		for range 4 {
			first = first.Next()
		}
		usable := func(a netip.Addr) bool { return block.Contains(a) && !a.Less(first) && block.Contains(a.Next()) }
		if want != "" {
			a, err := netip.ParseAddr(want)
			switch {
			case err != nil:
				return "", refuse("InvalidIPAddress", "IP address %s is not valid.", want)
			case !block.Contains(a):
				continue
			case !usable(a):
				return "", refuse("PrivateIPAddressInReservedRange",
					"Private static IP address %s falls within reserved IP range of subnet prefix %s.", want, block)
			case taken[a] != "":
				return "", refuse("PrivateIPAddressIsAllocated",
					"IP configuration of %s is using the private IP address %s which is already allocated to resource %s.", o.ID, want, taken[a])
			}
			got = a
			break
		}
		for a := first; usable(a); a = a.Next() {
			if taken[a] == "" {
				got = a
				break
			}
		}
		if got.IsValid() {
			break
		}
	}
	switch {
	case got.IsValid():
	case want != "":
		return "", refuse("PrivateIPAddressNotInSubnet",
			"Private static IP address %s does not belong to the range of subnet prefix %s.", want, words(prefixes(subnet)))
	default:
		return "", refuse("SubnetIsFull", "Subnet %s with address prefix %s does not have enough capacity for 1 IP addresses.",
			nameOf(subnetID), words(prefixes(subnet)))
	}
	o.Addresses = append(o.Addresses, Address{Subnet: subnetID, IP: got.String()})
	return got.String(), nil
}

// words joins prefixes with commas.
func words(all []netip.Prefix) string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = p.String()
	}
	return strings.Join(out, ", ")
}

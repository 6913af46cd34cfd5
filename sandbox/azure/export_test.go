package azure

import (
	"maps"
	"slices"
)

// Tokens returns the resource types the cloud knows.
func (c *Cloud) Tokens() []string { return slices.Sorted(maps.Keys(c.kinds)) }

// Dangling returns the references of objects to objects that are not there,
// and the objects whose parent is not.
func (c *Cloud) Dangling() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.begin(session{})
	var all []string
	for _, o := range c.state.objects {
		if o.With != "" && t.find(o.With) == nil {
			all = append(all, o.ID+" came with "+o.With)
		}
		k := c.kinds[o.Type]
		if k.id == nil && len(k.path) > 1 && t.find(parentOf(o.ID)) == nil {
			all = append(all, o.ID+" is under nothing")
		}
		for _, r := range k.refs {
			for _, id := range r.ids(o.props()) {
				if !r.weak && r.arm != "" && t.find(id) == nil && !(r.anywhere && t.foreign(id)) {
					all = append(all, o.ID+"."+r.path+" is "+id)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

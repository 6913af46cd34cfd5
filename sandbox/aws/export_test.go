package aws

import (
	"maps"
	"slices"
)

// Tokens returns the resource types the cloud knows.
func (c *Cloud) Tokens() []string { return slices.Sorted(maps.Keys(c.kinds)) }

// Dangling returns the references of objects to objects that are not there,
// except those of routes that are marked as leading nowhere.
func (c *Cloud) Dangling() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, o := range c.state.objects {
		t := c.begin(session{account: o.Account, region: o.Region}, c.kinds[o.Type])
		if o.With != "" && !slices.ContainsFunc(slices.Collect(maps.Values(c.state.objects)), func(p *Object) bool { return p.ID == o.With }) {
			all = append(all, o.ID+" came with "+o.With)
		}
		if c.kinds[o.Type] == nil {
			if s := o.props().Str("subnetId"); s != "" && t.find(subnetType, s) == nil {
				all = append(all, o.ID+" is in "+s)
			}
			continue
		}
		for _, r := range c.kinds[o.Type].refs {
			for _, id := range r.ids(o.props()) {
				if t.find(r.token, id) == nil && o.props().Str("state") != "blackhole" {
					all = append(all, o.ID+"."+r.property+" is "+id)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

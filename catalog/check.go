package catalog

import (
	"fmt"

	"github.com/underlay-iac/underlay/problem"
)

// CheckRegion says why name is not a region of the catalog; the error is a
// *problem.Problem that names the nearest one.
func (c *Catalog) CheckRegion(name string) error {
	if name == "" {
		return problem.New("", "is missing", "give an AWS region, for example eu-west-1")
	}
	if _, known := c.Region(name); known {
		return nil
	}
	names := make([]string, len(c.regions))
	for i, region := range c.regions {
		names[i] = region.Name
	}
	fix := "give a region of the aws partition, for example eu-west-1"
	if nearest := problem.Nearest(name, names); nearest != "" {
		fix = fmt.Sprintf("did you mean %q?", nearest)
	}
	return problem.New(name, "is not an AWS region that the catalogue knows", fix)
}

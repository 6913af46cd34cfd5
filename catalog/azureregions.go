package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

// AzureRegion is a region of Azure's public cloud.
type AzureRegion struct {
	Name  string `yaml:"name"`  // the short form, "westeurope"
	Title string `yaml:"title"` // "West Europe"
	// Zones says that the region has availability zones: "1", "2" and "3". A
	// subscription's numbers are its own.
	Zones  bool   `yaml:"zones"`
	Pair   string `yaml:"pair"` // the region it is paired with; empty for none
	Note   string `yaml:"note"` // what could not be confirmed; often empty
	Source string `yaml:"source"`
	AsOf   string `yaml:"asOf"` // "2006-01-02"
}

func (c *Catalog) readAzureRegions() error {
	var file struct {
		provenance `yaml:",inline"`
		Regions    []AzureRegion `yaml:"regions"`
	}
	if err := decode("azure-regions.yaml", &file); err != nil {
		return err
	}
	for _, r := range file.Regions {
		file.fill(&r.Source, &r.AsOf)
		c.azureRegions = append(c.azureRegions, r)
	}
	return sortByName(c.azureRegions, func(r AzureRegion) string { return r.Name })
}

// AzureRegion returns the region of that name: "westeurope".
func (c *Catalog) AzureRegion(name string) (AzureRegion, bool) {
	return find(c.azureRegions, name, func(r AzureRegion) string { return r.Name })
}

// AzureRegions returns every region of Azure's public cloud, sorted by name.
func (c *Catalog) AzureRegions() []AzureRegion {
	return slices.Clone(c.azureRegions)
}

// CheckAzureRegion says why name is no region of Azure's public cloud in
// Azure's short form; the error is a *problem.Problem that names the nearest
// one.
func (c *Catalog) CheckAzureRegion(name string) error {
	fix := "give an Azure region in its short form, for example westeurope"
	if name == "" {
		return problem.New("", "is missing", fix)
	}
	if _, known := c.AzureRegion(name); known {
		return nil
	}
	short := strings.ToLower(strings.ReplaceAll(name, " ", ""))
	if _, known := c.AzureRegion(short); known {
		return problem.New(name, "is not a region's short form", "write "+short)
	}
	for _, cloud := range []string{"usgov", "usdod", "china"} {
		if strings.HasPrefix(short, cloud) {
			return problem.New(name, "is a region of another cloud than Azure's public one", fix)
		}
	}
	names := make([]string, len(c.azureRegions))
	for i, region := range c.azureRegions {
		names[i] = region.Name
	}
	if nearest := problem.Nearest(short, names); nearest != "" {
		fix = fmt.Sprintf("did you mean %q?", nearest)
	}
	return problem.New(name, "is not an Azure region that the catalogue knows", fix)
}

// CheckAzureZones says what is wrong with the availability zones of a resource
// in a region, of which there may be none; the error is a problem.List with
// paths such as "[1]". What zones a region has that is not known is not checked.
func (c *Catalog) CheckAzureZones(region string, zones []string) error {
	var problems problem.List
	for i, zone := range zones {
		if zone != "1" && zone != "2" && zone != "3" {
			problems.Addf(fmt.Sprintf("[%d]", i), zone, `use "1", "2" or "3"`, "is not an availability zone")
		}
	}
	r, known := c.AzureRegion(region)
	if known && !r.Zones && len(zones) > 0 {
		fix := "remove it, or use another region"
		if pair, _ := c.AzureRegion(r.Pair); pair.Zones {
			fix = fmt.Sprintf("remove it, or use a region with zones, for example %s", pair.Name)
		}
		problems.Addf("", strings.Join(zones, ", "), fix, "is set, but %s has no availability zones", region)
	}
	return problems.Err()
}

package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/catalog"
)

// Retyped from the table "Azure regions list" of
// https://learn.microsoft.com/azure/reliability/regions-list, and Jio's and
// Sweden South from the answer of az account list-locations.
func TestAzureRegions(t *testing.T) {
	const with = "Australia East, Austria East, Belgium Central, Brazil South, Canada Central, Central India, Central US, " +
		"Chile Central, Denmark East, East Asia, East US, East US 2, France Central, Germany West Central, Indonesia Central, " +
		"Israel Central, Italy North, Japan East, Japan West, Korea Central, Malaysia West, Mexico Central, New Zealand North, " +
		"North Europe, Norway East, Poland Central, Qatar Central, South Africa North, South Central US, Southeast Asia, " +
		"Spain Central, Sweden Central, Switzerland North, UAE North, UK South, West Europe, West US 2, West US 3"
	const without = "Australia Central, Australia Central 2, Australia Southeast, Brazil Southeast, Canada East, France South, " +
		"Germany North, Korea South, North Central US, Norway West, South Africa West, South India, Switzerland West, " +
		"UAE Central, UK West, West Central US, West India, West US, Jio India Central, Jio India West, Sweden South"
	var got [2][]string
	c := load(t)
	for _, r := range c.AzureRegions() {
		assertFact(t, r.Title, r.Source, r.AsOf)
		assert.Equal(t, strings.ToLower(strings.ReplaceAll(r.Title, " ", "")), r.Name, "the name is the title's")
		if r.Zones {
			got[0] = append(got[0], r.Title)
		} else {
			got[1] = append(got[1], r.Title)
		}
	}
	assert.ElementsMatch(t, strings.Split(with, ", "), got[0])
	assert.ElementsMatch(t, strings.Split(without, ", "), got[1])

	c.AzureRegions()[0] = catalog.AzureRegion{}
	assert.NotEmpty(t, c.AzureRegions()[0].Name, "what is returned is the caller's own")
}

// A pair goes both ways but for four regions, to which the page gives one
// that is another's.
func TestAzureRegionPairs(t *testing.T) {
	c := load(t)
	var oneWay []string
	for _, r := range c.AzureRegions() {
		if r.Pair == "" {
			continue
		}
		pair, ok := c.AzureRegion(r.Pair)
		require.True(t, ok, "%s is paired with %s", r.Name, r.Pair)
		if pair.Pair != r.Name {
			oneWay = append(oneWay, r.Name)
		}
	}
	assert.Equal(t, []string{"brazilsouth", "brazilsoutheast", "westindia", "westus3"}, slices.Sorted(slices.Values(oneWay)))
}

func TestCheckAzureRegion(t *testing.T) {
	c := load(t)
	for _, name := range []string{"westeurope", "eastus2", "swedencentral", "qatarcentral", "jioindiawest"} {
		assert.NoError(t, c.CheckAzureRegion(name))
	}
	const give = "give an Azure region in its short form, for example westeurope"
	for name, want := range map[string]string{
		"":              "is missing; " + give,
		"East US 2":     "East US 2: is not a region's short form; write eastus2",
		"WestEurope":    "WestEurope: is not a region's short form; write westeurope",
		"westeuorpe":    `westeuorpe: is not an Azure region that the catalogue knows; did you mean "westeurope"?`,
		"Sweden Centrl": `Sweden Centrl: is not an Azure region that the catalogue knows; did you mean "swedencentral"?`,
		"atlantis":      "atlantis: is not an Azure region that the catalogue knows; " + give,
		"eu-west-1":     "eu-west-1: is not an Azure region that the catalogue knows; " + give,
		"usgovvirginia": "usgovvirginia: is a region of another cloud than Azure's public one; " + give,
		"chinanorth3":   "chinanorth3: is a region of another cloud than Azure's public one; " + give,
		"usdodcentral":  "usdodcentral: is a region of another cloud than Azure's public one; " + give,
	} {
		assert.EqualError(t, c.CheckAzureRegion(name), want)
	}
}

func TestCheckAzureZones(t *testing.T) {
	c := load(t)
	for region, zones := range map[string][]string{"westeurope": {"1", "2", "3"}, "westus": nil, "atlantis": {"1"}} {
		assert.NoError(t, c.CheckAzureZones(region, zones), region)
	}
	for _, row := range []struct{ region, zones, want string }{
		{"westeurope", "1 4", `[1]: 4: is not an availability zone; use "1", "2" or "3"`},
		{"westus", "1 2", "1, 2: is set, but westus has no availability zones; remove it, or use a region with zones, for example eastus"},
		{"jioindiawest", "3", "3: is set, but jioindiawest has no availability zones; remove it, or use another region"},
	} {
		assert.EqualError(t, c.CheckAzureZones(row.region, strings.Fields(row.zones)), row.want)
	}
}

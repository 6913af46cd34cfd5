// Package zones plans the availability zones of a network: each has a slot, its
// position in the list, from which its addresses follow.
package zones

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/problem"
)

// Zone is an availability zone in its slot.
type Zone struct {
	// Name is the zone's name in this account, "eu-west-1a".
	Name string
	// ID is the zone's id, "euw1-az1"; empty when the spec gives none.
	ID string
	// Slot is the position in the spec's list, from 0.
	Slot int
}

// Spec is a network's list of zones.
type Spec struct {
	// Region that the zones are in. One that is unknown is the caller's problem.
	Region string
	// Names and IDs are in slot order; IDs may be empty.
	Names, IDs []string
	// EKS refuses the zones where EKS places no control plane.
	EKS bool
}

// Plan returns the zones in slot order. Problems are added at "zones" and
// "zoneIds"; how many zones there may be is not among them.
func Plan(facts *catalog.Catalog, spec Spec, problems *problem.List) []Zone {
	region, known := facts.Region(spec.Region)
	var names, ids []string
	for _, zone := range region.Zones {
		names, ids = append(names, zone.Name), append(ids, zone.ID)
	}
	var planned []Zone
	for i, name := range spec.Names {
		if known && !slices.Contains(names, name) {
			problems.Addf(fmt.Sprintf("zones[%d]", i), name, "its zones are "+strings.Join(names, ", "),
				"is not an availability zone of %s", spec.Region)
		}
		planned = append(planned, Zone{Name: name, Slot: i})
	}
	problem.Unique(problems, "zones", spec.Names)

	switch count := len(spec.IDs); {
	case count == 0:
		return planned
	case count != len(spec.Names):
		problems.Addf("zoneIds", strings.Join(spec.IDs, ", "), "give one id for each zone, in the order of zones",
			"is %d ids for %d zones", count, len(spec.Names))
		return planned
	}
	for i, id := range spec.IDs {
		path := fmt.Sprintf("zoneIds[%d]", i)
		if known && !slices.Contains(ids, id) {
			problems.Addf(path, id, "its zone ids are "+strings.Join(ids, ", "), "is not a zone id of %s", spec.Region)
		}
		if spec.EKS && slices.Contains(facts.EKSUnsupportedZones().ZoneIDs, id) {
			problems.Addf(path, id, "use another zone than "+spec.Names[i], "is a zone where EKS places no control plane")
		}
		planned[i].ID = id
	}
	problem.Unique(problems, "zoneIds", spec.IDs)
	return planned
}

// CheckCount adds a problem unless there are two zones or more and a slot for
// each. Needs says what needs two: "EKS needs subnets".
func CheckCount(names []string, slots int, needs string, problems *problem.List) {
	value := strings.Join(names, ", ")
	switch count := len(names); {
	case count == 0:
		problems.Addf("zones", "", "name two or three availability zones", "is missing")
	case count == 1:
		problems.Addf("zones", value, "name a second zone", "is one zone; %s in at least two", needs)
	case count > 4 || count > slots && slots == 4:
		problems.Addf("zones", value, "name at most 4", "is %d zones; the address plan has room for 4", count)
	case count > slots && slots == 3:
		problems.Addf("zones", value, "name at most 3, or set zoneSlots: 4 in an environment not yet deployed",
			"is %d zones; the address plan has 3 slots", count)
	}
}

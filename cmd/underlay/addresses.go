package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/underlay-iac/underlay/stacks"
)

// printAddresses prints the address table: the blocks, then a row for each tier
// and a column for each zone. In Azure that is a row for each role and one
// column.
func printAddresses(w io.Writer, ranges []stacks.AddressRange) {
	var blocks, zones []string
	for _, r := range ranges {
		used := map[string]bool{}
		for _, s := range r.Subnets {
			used[s.Zone] = true
			if !slices.Contains(zones, s.Zone) {
				zones = append(zones, s.Zone)
			}
		}
		block := fmt.Sprintf("%s  %s", r.Prefix, r.Name)
		if r.Slots > 0 {
			block += fmt.Sprintf(", %d zone slots (%d free)", r.Slots, r.Slots-len(used))
		}
		blocks = append(blocks, block)
	}
	heading := "tier\t" + strings.Join(zones, "\t")
	if slices.Equal(zones, []string{""}) {
		heading = "role\tall zones"
	}
	fmt.Fprintf(w, "Addresses   %s\n", strings.Join(blocks, "\n            "))

	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "            %s\tusable each\n", heading)
	for _, r := range ranges {
		for start := 0; start < len(r.Subnets); {
			tier := r.Subnets[start].Tier
			end := start
			row := map[string]stacks.AddressSubnet{}
			for ; end < len(r.Subnets) && r.Subnets[end].Tier == tier; end++ {
				row[r.Subnets[end].Zone] = r.Subnets[end]
			}
			cells, usable := []string{}, []string{}
			for _, zone := range zones {
				subnet, planned := row[zone]
				if !planned {
					cells = append(cells, "–")
					continue
				}
				cells = append(cells, subnet.Prefix.String())
				if text := thousands(subnet.Usable); !slices.Contains(usable, text) {
					usable = append(usable, text)
				}
			}
			fmt.Fprintf(table, "            %s\t%s\t%s\n", tier, strings.Join(cells, "\t"), strings.Join(usable, " / "))
			start = end
		}
	}
	table.Flush()
}

// thousands returns 16379 as "16,379".
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

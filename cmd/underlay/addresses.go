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
// and a column for each zone.
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
		blocks = append(blocks, fmt.Sprintf("%s  %s, %d zone slots (%d free)", r.Prefix, r.Name, r.Slots, r.Slots-len(used)))
	}
	fmt.Fprintf(w, "Addresses   %s\n", strings.Join(blocks, "\n            "))

	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "            tier\t%s\tusable each\n", strings.Join(zones, "\t"))
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

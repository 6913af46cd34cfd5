package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

// printAddresses prints the address table: the blocks, then a row for each tier
// and a column for each zone. In Azure that is a row for each role and one
// column.
func printAddresses(w io.Writer, style terminal.Style, ranges []stacks.AddressRange) error {
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
	columns := append([]string{"tier"}, zones...)
	if slices.Equal(zones, []string{""}) {
		columns = []string{"role", "all zones"}
	}
	for i, line := range blocks {
		fmt.Fprintln(w, heading(style, i, "Addresses")+line)
	}
	table := terminal.Table{Gap: 2}
	columns = append(columns, "usable each")
	for i, column := range columns {
		columns[i] = style.Faint(column)
	}
	columns[0] = heading(style, 1, "") + columns[0]
	table.Row(columns...)
	for _, r := range ranges {
		for start := 0; start < len(r.Subnets); {
			tier := r.Subnets[start].Tier
			end := start
			row := map[string]stacks.AddressSubnet{}
			for ; end < len(r.Subnets) && r.Subnets[end].Tier == tier; end++ {
				row[r.Subnets[end].Zone] = r.Subnets[end]
			}
			cells, usable := []string{heading(style, 1, "") + tier}, []string{}
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
			table.Row(append(cells, strings.Join(usable, " / "))...)
			start = end
		}
	}
	return table.Write(w)
}

// heading is the column of headings: the text in the first row, blank below.
func heading(style terminal.Style, row int, text string) string {
	if row > 0 {
		text = ""
	}
	return style.Heading(text) + strings.Repeat(" ", max(0, 12-len(text)))
}

// thousands returns 16379 as "16,379".
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

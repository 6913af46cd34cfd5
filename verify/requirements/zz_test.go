package requirements_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func TestZZ(t *testing.T) {
	seen := map[string]bool{}
	one := func(name string, g *graph.Graph, model string) {
		base, _ := requirements.Verify(requirements.Input{Graph: g, Model: model})
		types := map[string]int{}
		for i, r := range g.Resources {
			if types[r.Type]++; types[r.Type] > 2 {
				continue
			}
			keys := append(r.Inputs.StableKeys(), r.Outputs.StableKeys()...)
			slices.Sort(keys)
			for _, key := range slices.Compact(keys) {
				res, err := requirements.Verify(requirements.Input{Graph: masked(g, i, key), Model: model})
				if err != nil {
					fmt.Println("ERR", err)
					continue
				}
				for j, a := range res {
					b := base[j]
					if a.Verdict != b.Verdict && a.Verdict != requirements.Unknown {
						k := a.ID + string(b.Verdict) + string(a.Verdict) + r.Type + string(key)
						if !seen[k] {
							seen[k] = true
							fmt.Printf("FLIP %s | %s %s.%s | %s %s -> %s | %s\n", name, r.Type, r.Name, key, a.ID, b.Verdict, a.Verdict, a.Reason)
						}
					}
				}
			}
		}
	}
	switch os.Getenv("WHAT") {
	case "muts":
		for i, m := range allMutations() {
			if i%5 == 0 {
				g, model := load(t, m.stack)
				m.edit(t, g)
				one(m.id+m.name, g, model)
			}
		}
	default:
		for _, stack := range []string{"dev", "staging", "dedicated-dev", "aoscloud-cluster", "aoscloud-staging", "connector-internet", "central"} {
			g, model := load(t, stack)
			one(stack, g, model)
		}
	}
}

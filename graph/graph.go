package graph

import (
	"container/heap"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Graph is the resources of one stack.
type Graph struct {
	// Project and Stack are the names that the URNs carry.
	Project, Stack string
	// Resources are sorted: what a resource refers to (its parent, its
	// provider, its dependencies) stands before it, and the root stack first.
	// Among those that are free to stand anywhere the order is by URN in a
	// recorded graph and the file's own in a loaded one.
	Resources []Resource
}

// Resource is one resource of a stack. Slices and maps are never nil in a
// graph that Record or Load returned.
type Resource struct {
	URN  string
	Type string // the type token: "aws:ec2/vpc:Vpc"
	Name string // the last part of the URN
	// Custom says that a provider manages it; a component, like the root
	// stack, is not custom.
	Custom bool
	// External says that the program reads it and does not own it, as
	// ec2.GetVpc and a StackReference do.
	External bool
	// ID is the cloud's id; the URN in a recorded graph, unless the resource
	// is External. It is empty for a component, and for a resource of a
	// preview that does not exist yet.
	ID string
	// Inputs are what the program gave. Outputs are what is read back: the
	// inputs and what the cloud adds; for a component its registered outputs,
	// for the root stack the exports.
	Inputs, Outputs resource.PropertyMap
	// Parent is a URN; empty for the root stack.
	Parent string
	// Dependencies are the URNs that the resource waits for, sorted: of
	// DependsOn and of every property together.
	Dependencies []string
	// PropertyDependencies has, for each input, the URNs its value comes from,
	// sorted.
	PropertyDependencies map[string][]string
	// Provider refers to the provider as "urn::id"; empty for a component, a
	// provider, and a resource of a recorded graph that names no provider.
	// ProviderURN takes it apart.
	Provider string
}

// Find returns the resource with that URN. The pointer is into the graph. It
// looks at every resource: build a map for many questions.
func (g *Graph) Find(urn string) (*Resource, bool) {
	for i := range g.Resources {
		if g.Resources[i].URN == urn {
			return &g.Resources[i], true
		}
	}
	return nil, false
}

// ByType returns the resources of a type token, "aws:ec2/vpc:Vpc", in the
// graph's order. The pointers are into the graph.
func (g *Graph) ByType(token string) []*Resource {
	var found []*Resource
	for i := range g.Resources {
		if g.Resources[i].Type == token {
			found = append(found, &g.Resources[i])
		}
	}
	return found
}

// ProviderURN returns the URN in the provider reference, or "" when the
// resource has none. The provider may be missing from a loaded preview, which
// leaves default providers out.
func (r *Resource) ProviderURN() string {
	const separator = resource.URNNameDelimiter
	// A recorded provider has its URN as its id: the two halves are equal.
	half := (len(r.Provider) - len(separator)) / 2
	if half > 0 && r.Provider == r.Provider[:half]+separator+r.Provider[:half] {
		return r.Provider[:half]
	}
	if end := strings.LastIndex(r.Provider, separator); end >= 0 {
		return r.Provider[:end]
	}
	return ""
}

// sorted returns the resources with what each refers to before it; the order
// they come in decides between those that are free. References to what is not
// in the list are ignored. Resources that refer to each other in a circle, and
// those behind them, come last as they came.
func sorted(resources []Resource) []Resource {
	position := make(map[string]int, len(resources))
	for i := range resources {
		position[resources[i].URN] = i
	}
	waiting := make([]int, len(resources))   // how many it still waits for
	waiters := make([][]int, len(resources)) // who waits for it
	for i := range resources {
		for _, urn := range resources[i].references() {
			if j, ok := position[urn]; ok && j != i {
				waiting[i]++
				waiters[j] = append(waiters[j], i)
			}
		}
	}
	free := &positions{}
	for i, n := range waiting {
		if n == 0 {
			heap.Push(free, i)
		}
	}
	order := make([]Resource, 0, len(resources))
	done := make([]bool, len(resources))
	for free.Len() > 0 {
		i := heap.Pop(free).(int)
		done[i] = true
		order = append(order, resources[i])
		for _, j := range waiters[i] {
			if waiting[j]--; waiting[j] == 0 {
				heap.Push(free, j)
			}
		}
	}
	for i, ok := range done {
		if !ok {
			order = append(order, resources[i])
		}
	}
	return order
}

// references returns every URN the resource refers to, some of them twice.
func (r *Resource) references() []string {
	urns := append([]string{r.Parent, r.ProviderURN()}, r.Dependencies...)
	for _, dependencies := range r.PropertyDependencies {
		urns = append(urns, dependencies...)
	}
	return urns
}

// sortedURNs returns a sorted copy that is not nil, which JSON would call null.
func sortedURNs(urns []string) []string {
	all := append([]string{}, urns...)
	slices.Sort(all)
	return all
}

// sortedEdges does the same for the dependencies of every property.
func sortedEdges(edges map[string][]string) map[string][]string {
	all := make(map[string][]string, len(edges))
	for property, urns := range edges {
		all[property] = sortedURNs(urns)
	}
	return all
}

// positions is a heap of indices, the smallest first.
type positions []int

func (p positions) Len() int           { return len(p) }
func (p positions) Less(i, j int) bool { return p[i] < p[j] }
func (p positions) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *positions) Push(i any)        { *p = append(*p, i.(int)) }
func (p *positions) Pop() any {
	last := len(*p) - 1
	i := (*p)[last]
	*p = (*p)[:last]
	return i
}

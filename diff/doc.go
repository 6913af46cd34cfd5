// Package diff says what the difference between two networks means: which
// blocks move, what can be reached now that could not be before, which
// requirements are won or lost, and what it costs.
//
//	graph, graph ──► sites (tiers, load balancers, services, the internet)
//	                   │ reach.Engine, every two of them, both ways
//	                   ▼
//	                 Report: addresses, paths, requirements, cost
//
// The networks need not be versions of each other: what is compared is what
// subnets are for, not what resources are called. An end inside a network is a
// whole subnet: that a part of its hosts changes alone is not seen.
package diff

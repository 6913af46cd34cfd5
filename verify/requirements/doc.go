// Package requirements are the prerequisites of the platforms' documents, each
// a named invariant of a network with its source, that a graph is checked
// against before it is deployed.
//
//	graph ──► topology.Model ──► reach.Engine ──┬─► Verify ──► []Result
//	                 requirements by model  ────┘
//
// # Verdicts
//
// A requirement that packets get somewhere is PROVEN when every packet it asks
// for certainly does, and REFUTED when one certainly does not. One that packets
// stay away is PROVEN when none may get there and REFUTED when one certainly
// does. Everything else is UNKNOWN, with the outputs that decide; so is what
// the graph does not say enough about. A requirement that the environment's own
// mode makes moot is NOT APPLICABLE, with the reason.
//
// # What stands for what
//
// Tiers (nodes, pods, public, …), planes and modes are read from several
// independent signs: what a component registered, names, tags, address blocks,
// uses, routes. One sign alone neither makes nor breaks them, so that a mistake
// in the network cannot turn off the requirement that it breaks. When the signs
// disagree, the verdict is UNKNOWN and says so.
package requirements

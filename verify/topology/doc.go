// Package topology is the network that a resource graph describes: networks,
// subnets, route tables, filters, gateways, interfaces and names, the same for
// AWS and Azure. Build makes it from a graph by one front end for each cloud;
// it registers nothing and asks nobody.
//
//	graph ──► aws front end   ──┐
//	      ──► azure front end ──┴─► Model ──► verify/reach, verify/requirements
//
// # What is not known
//
// Before a deployment many values are outputs that do not exist yet. Each fact
// is a Val: known, one of several, or unknown with the output that decides it.
// The zero Val is unknown. A resource that matters for the network and is not
// understood is listed in Model.Unsupported and named in Incomplete of every
// element that it touches: such an element may do anything, and certainly does
// nothing.
//
// # Addresses that nobody knows
//
// The addresses of a cloud's services and of public names are not in any graph.
// Each service and name has a block of its own in 240.0.0.0/4, which no network
// can use: see Model.Atom. Routes and rules for 0.0.0.0/0 hold them like every
// address of the internet, and a rule for a prefix list or a service tag holds
// exactly its own.
package topology

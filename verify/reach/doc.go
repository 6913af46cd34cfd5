// Package reach asks what packets get from one place of a topology to another,
// and whether their replies come back.
//
// A question is walked as sets of packets: each starts as one cube, and every
// filter, route table and gateway splits it, rewrites it or ends it, as the
// cloud would. What arrives is walked back: the reply passes the routes of its
// own way and the stateless filters, and each device that remembers connections
// has to see both directions.
//
// # Certainty
//
// Every answer has two sets: the packets that certainly get there and back
// (Must) and those that may (May). What is not known yet counts for May and not
// for Must, so that an answer never changes but from "not known" when an output
// becomes known. A choice that the network makes, the source port of a NAT
// gateway, counts only when every choice gets through.
//
// # What is assumed
//
// Beyond the graph's edge (the internet, a company's network behind a VPN
// gateway, a peered network that the graph does not hold) packets are delivered
// and answered. A host answers on every port that its filters let through. Any
// host of an AWS subnet may have a public address; in Azure it has one when the
// graph shows one in its subnet.
//
// # Load balancers
//
// A question to a host is also about what load balancers in front of it forward to
// it, through private endpoints before them too: its packets then go to an address
// of the balancer. Every target counts that a balancer may pick, and all of them are
// taken to be healthy. What leaves for the internet is not followed back in, to a
// public balancer of the same graph or any other public address.
package reach

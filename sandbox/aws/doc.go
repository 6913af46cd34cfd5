// Package aws simulates AWS for the real Pulumi engine: a resource provider on
// the wire interface that deploys to a cloud in memory or in a file, with no
// account and no network.
//
// It is strict where a network can go wrong. Inputs are checked against the
// schema of the pulumi-aws SDK, read by reflection, so that a property the
// real provider does not have is refused whoever sends it. What replaces and
// what updates is what the real provider says. Changes are refused with AWS's
// error codes and words, quotas and deletions of what is still in use
// included. A type or a function that the sandbox does not know is an error,
// and so is an input that it would have to ignore.
//
//	aws.go, backend.go  the cloud, and the frame around every change
//	kinds.go            the list of types: the place to add one
//	vpc.go … iam.go     the rules, one file for each area of AWS
//	invokes.go          functions
//	state.go, tx.go     what exists, and how it changes all at once or not
//
// Objects live in an account and a region, as in AWS: a provider in eu-west-1
// does not see what one in us-east-1 made, and a provider that assumes a role
// works in the role's account. Roles that a program only names have to be
// there: Options.Roles are those that a customer has before the first deployment.
//
// # What it does not model
//
// IPv6 (beyond the text of security group rules), IPAM, Outposts, Local Zones,
// shared subnets, load balancers other than network ones, the targets of those,
// inline rules and routes, secondary addresses of NAT
// gateways, endpoints other than gateway and interface ones and those
// of firewalls, the traffic rules of Network Firewall beyond lists of names and
// stateless rules, what AWS's own managed policies are
// called, the throughput attributes of FIFO queues, messages, and who may do
// what: every call is allowed. Traffic does not flow and nothing takes time; a
// resource is ready when its call returns.
//
// It differs from AWS with the provider in front of it on purpose where that
// hides a mistake in a program: a route table with associations cannot be
// deleted, though the provider would take the associations away first, and a
// queue cannot be created twice, though AWS would hand out the one that exists
// when all its attributes are equal. And it differs where the real thing would
// only add noise: Read returns what a resource's own calls made of it, so the
// rules that standalone resources add to a security group do not show up as its
// inline rules after a refresh, nor a queue's policies as its own.
package aws

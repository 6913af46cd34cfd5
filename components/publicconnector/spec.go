package publicconnector

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/components/internal/nlb"
	"github.com/underlay-iac/underlay/problem"
)

// The words that the connectors share.
type (
	// Zone is an availability zone with a public subnet: its Name in this
	// account and its ID.
	Zone = nlb.Zone
	// Listener is a port of the load balancer and the targets behind it: Port,
	// TargetPort, Protocol, CertificateArn, TLSPolicy, TargetType, HealthCheck.
	Listener = nlb.Listener
	// HealthCheck is how a listener's targets are checked: Protocol, Port,
	// Path, IntervalSeconds, HealthyThreshold, UnhealthyThreshold.
	HealthCheck = nlb.HealthCheck
)

// The choices of a listener.
const (
	TCP             = nlb.TCP
	TLS             = nlb.TLS
	IPTargets       = nlb.IPTargets
	InstanceTargets = nlb.InstanceTargets
)

// Spec is the plain part of the connector: everything that decides which
// resources exist. It holds no Pulumi values.
type Spec struct {
	// Region is the AWS region, for example "eu-west-1". Required.
	Region string `json:"-"`
	// Zones are the zones with a public subnet, at least two. Append zones,
	// never remove them: AWS replaces a load balancer that loses one.
	// Required.
	Zones []Zone `json:"-"`
	// TargetCidrs are the blocks that targets are in, pods included: the only
	// ones that the load balancer may open connections to, on the target and
	// health check ports. Required.
	TargetCidrs []string `json:"-"`
	// ControlPlaneCidrs are the public blocks that the control plane connects
	// from: the only ones admitted. Required; an empty list admits nobody and
	// is an error.
	ControlPlaneCidrs []string `json:"controlPlaneCidrs,omitzero"`
	// AllowAnywhere admits 0.0.0.0/0 and blocks larger than a /8 to be listed
	// in ControlPlaneCidrs. Default false.
	AllowAnywhere bool `json:"allowAnywhere,omitzero"`
	// Listeners are the ports of the load balancer. Required.
	Listeners []Listener `json:"listeners,omitzero"`
	// CrossZone lets each zone's address serve the targets of every zone; AWS
	// charges traffic between zones by the GB. Default true.
	CrossZone *bool `json:"crossZone,omitzero"`
	// ProxyProtocolV2 puts the client's address before each connection:
	// targets see the load balancer's address otherwise, and must understand
	// the protocol. Default false.
	ProxyProtocolV2 bool `json:"proxyProtocolV2,omitzero"`
	// DeletionProtection keeps the load balancer from being deleted. Default
	// true: set it to false and deploy before a destroy.
	DeletionProtection *bool `json:"deletionProtection,omitzero"`
	// Quotas are the account's own limits where they differ from AWS's
	// defaults, by the catalogue's names ("rules-per-security-group").
	Quotas map[string]int `json:"-"`
}

// Plan is what a Spec comes to.
type Plan struct {
	// Spec is the spec with its defaults filled in.
	Spec Spec
	// Balancer is the load balancer: zones, listeners and rules.
	Balancer nlb.Plan
}

// NewPlan validates a spec and plans its connector. The error is a problem.List
// with every problem of the spec, each at its field's path.
func NewPlan(spec Spec) (*Plan, error) { return newPlan(spec, nil) }

func newPlan(spec Spec, certified []string) (*Plan, error) {
	yes := true
	spec.CrossZone = cmp.Or(spec.CrossZone, &yes)
	spec.DeletionProtection = cmp.Or(spec.DeletionProtection, &yes)
	var problems problem.List
	balancer, err := nlb.NewPlan(nlb.Spec{
		Region: spec.Region, Zones: spec.Zones, Listeners: spec.Listeners, Certified: certified,
		TargetCidrs: spec.TargetCidrs, ClientCidrs: spec.ControlPlaneCidrs, ClientPath: "controlPlaneCidrs", Quotas: spec.Quotas,
	}, &problems)
	if err != nil {
		return nil, err
	}
	checkControlPlane(spec, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return &Plan{Spec: spec, Balancer: balancer}, nil
}

// carrier is the shared address space, which no client on the internet has.
// https://www.rfc-editor.org/rfc/rfc6598
var carrier = netip.MustParsePrefix("100.64.0.0/10")

func checkControlPlane(spec Spec, problems *problem.List) {
	if len(spec.ControlPlaneCidrs) == 0 {
		problems.Addf("controlPlaneCidrs", "", "list the blocks that the control plane connects from", "is missing; nobody would be admitted")
	}
	wide := false
	for i, text := range spec.ControlPlaneCidrs {
		block, err := addressing.Parse(text)
		if err != nil {
			continue // reported with the rules
		}
		path := fmt.Sprintf("controlPlaneCidrs[%d]", i)
		// Two halves are the internet as much as 0.0.0.0/0 is.
		anywhere := block.Bits() < 8
		wide = wide || anywhere
		switch {
		case block.Bits() == 0 && !spec.AllowAnywhere:
			problems.Addf(path, text, "list the control plane's own blocks, or set allowAnywhere: true", "is the whole internet")
		case anywhere && !spec.AllowAnywhere:
			problems.Addf(path, text, "list the control plane's own blocks, or set allowAnywhere: true",
				"is a large part of the internet; no control plane has more than a /8")
		case !anywhere && (block.Addr().IsPrivate() || carrier.Overlaps(block)):
			problems.Addf(path, text, "give the public addresses that the control plane connects from",
				"is a private block; nothing comes from it over the internet")
		}
	}
	if spec.AllowAnywhere && !wide {
		problems.Addf("allowAnywhere", "true", "remove it, or list 0.0.0.0/0", "changes nothing")
	}
}

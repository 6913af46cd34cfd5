// Package nlb builds a network load balancer with its security group, target
// groups and listeners. The two connectors share it, and the words for it.
package nlb

// Zone is an availability zone that the load balancer has a subnet in.
type Zone struct {
	// Name is the zone's name in this account, "eu-west-1a".
	Name string `json:"name"`
	// ID is the zone's id, "euw1-az1"; empty when unknown. Names mean different
	// zones in different accounts, ids do not.
	ID string `json:"id,omitzero"`
}

// Protocol is what a listener speaks.
type Protocol string

const (
	// TCP passes connections through. The default.
	TCP Protocol = "TCP"
	// TLS ends TLS at the load balancer, which needs a certificate; targets
	// get the plain TCP stream.
	TLS Protocol = "TLS"
)

// TargetType is what is registered as a target.
type TargetType string

const (
	// IPTargets registers addresses, as load balancer controllers do for pods.
	// The default.
	IPTargets TargetType = "ip"
	// InstanceTargets registers EC2 instances.
	InstanceTargets TargetType = "instance"
)

// Listener is a port of the load balancer, and the targets behind it. Targets
// are registered by whoever runs them, in the listener's target group.
type Listener struct {
	// Port is the port that the load balancer listens on, 1 to 65535. Required.
	Port int `json:"port,omitzero"`
	// TargetPort is the targets' own port. Default Port.
	TargetPort int `json:"targetPort,omitzero"`
	// Protocol of the listener. Default "TCP".
	Protocol Protocol `json:"protocol,omitzero"`
	// CertificateArn is the certificate of a TLS listener: one of ACM in the
	// load balancer's region, or of IAM. Required with TLS.
	//
	// In Go the component's CertificateArns may have one for the port instead.
	CertificateArn string `json:"certificateArn,omitzero"`
	// TLSPolicy is the security policy of a TLS listener. Default
	// "ELBSecurityPolicy-TLS13-1-2-2021-06": TLS 1.2 and 1.3.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html
	TLSPolicy string `json:"tlsPolicy,omitzero"`
	// TargetType is what is registered as a target. Default "ip".
	TargetType TargetType `json:"targetType,omitzero"`
	// HealthCheck decides which targets get connections. Default a TCP check of
	// the target port.
	HealthCheck HealthCheck `json:"healthCheck,omitzero"`
}

// HealthCheck is how a target group checks its targets.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
type HealthCheck struct {
	// Protocol is "TCP", "HTTP" or "HTTPS". Default "TCP".
	Protocol string `json:"protocol,omitzero"`
	// Port of the check. Default the target port.
	Port int `json:"port,omitzero"`
	// Path of an HTTP or HTTPS check, beginning with "/". Default "/".
	Path string `json:"path,omitzero"`
	// IntervalSeconds is the time between two checks, 5 to 300. Default 10. A check times
	// out after 10 seconds, an HTTP one after 6, and never after the next.
	IntervalSeconds int `json:"intervalSeconds,omitzero"`
	// HealthyThreshold is how many checks in a row make a target healthy, 2 to
	// 10. Default 3.
	HealthyThreshold int `json:"healthyThreshold,omitzero"`
	// UnhealthyThreshold is how many failures in a row make it unhealthy, 2 to
	// 10. Default 3.
	UnhealthyThreshold int `json:"unhealthyThreshold,omitzero"`
}

// Spec is a load balancer as the connectors describe it, by their own field
// names.
type Spec struct {
	Region    string
	Zones     []Zone
	Listeners []Listener
	// Certified are the ports whose certificate comes from another resource.
	Certified []string
	// TargetCidrs are the blocks that targets are in.
	TargetCidrs []string
	// ClientCidrs are the blocks admitted to the listeners; the list at
	// ClientPath. None admits nobody.
	ClientCidrs []string
	ClientPath  string
	Quotas      map[string]int
}

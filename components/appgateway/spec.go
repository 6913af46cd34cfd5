package appgateway

import (
	"cmp"
	"slices"
)

// Frontend is where clients come from.
type Frontend string

const (
	// Public is a public address made for the gateway.
	Public Frontend = "public"
	// Private is PrivateIP, an address of the gateway's subnet.
	Private Frontend = "private"
)

// WAFMode is what the firewall does with a request that breaks a rule.
type WAFMode string

const (
	// Prevention refuses and logs the request. The default.
	Prevention WAFMode = "Prevention"
	// Detection lets the request through and logs it; a plan with it has a warning.
	Detection WAFMode = "Detection"
)

// TLSPolicy is one of Azure's predefined sets of protocol versions and ciphers.
// https://learn.microsoft.com/azure/application-gateway/application-gateway-ssl-policy-overview
type TLSPolicy string

const (
	// TLS12 admits TLS 1.2 and 1.3. The default.
	TLS12 TLSPolicy = "AppGwSslPolicy20220101"
	// TLS12Strict admits TLS 1.2 and 1.3 with fewer ciphers.
	TLS12Strict TLSPolicy = "AppGwSslPolicy20220101S"
)

// Protocol is how the gateway talks to its backends.
type Protocol string

const (
	// HTTPS checks the backend's certificate by BackendHostName. The default.
	HTTPS Protocol = "Https"
	// HTTP is in plain text, for backends in the same VNet.
	HTTP Protocol = "Http"
)

// Spec is the plain part of a gateway: everything that decides its structure.
// It holds no Pulumi values.
type Spec struct {
	// Location is the Azure region in its short form, "westeurope". Required.
	Location string `json:"-"`
	// SubnetCidr is the block of the gateway's subnet, which holds nothing
	// else. Azure advises a /24. Required.
	SubnetCidr string `json:"-"`
	// DefaultRouteToAppliance says that the subnet's route table leads
	// 0.0.0.0/0 to a firewall; only with NetworkIsolation. Default false.
	DefaultRouteToAppliance bool `json:"-"`
	// Frontends are where clients come from; both can be named. Nothing is public
	// unless it is named here. Required.
	Frontends []Frontend `json:"frontends,omitzero"`
	// PrivateIP is the gateway's address in its subnet, with the frontend
	// "private".
	PrivateIP string `json:"privateIp,omitzero"`
	// NetworkIsolation says that the subscription has the feature
	// EnableApplicationGatewayNetworkIsolation registered: it is needed for a
	// gateway with no public frontend. Default false.
	NetworkIsolation bool `json:"networkIsolation,omitzero"`
	// Zones are the availability zones. Default "1", "2", "3", or none in a
	// region without; an empty list is none.
	Zones []string `json:"zones,omitzero"`
	// MinCapacity is how few instances there are. Default 2.
	MinCapacity int `json:"minCapacity,omitzero"`
	// MaxCapacity is how many instances there are at most; Azure has no more
	// than 125. Default 10, or MinCapacity where that is more.
	MaxCapacity int `json:"maxCapacity,omitzero"`
	// WAFMode is what the firewall does with a request that breaks a rule.
	// Default "Prevention".
	WAFMode WAFMode `json:"wafMode,omitzero"`
	// TLSPolicy is one of Azure's predefined policies; the older ones admit TLS
	// 1.0 or no 1.3. Default "AppGwSslPolicy20220101".
	TLSPolicy TLSPolicy `json:"tlsPolicy,omitzero"`
	// RedirectHTTP answers on port 80 with a redirect to HTTPS. Default true;
	// false closes the port. Nothing is ever served on it.
	RedirectHTTP *bool `json:"redirectHttp,omitzero"`
	// Sites are what the gateway serves. A request goes to the first whose
	// host names match. Required.
	Sites []Site `json:"sites,omitzero"`
}

// Site is one web application.
type Site struct {
	// Name of the site within the gateway: 1 to 40 lower-case letters, digits
	// and hyphens. Required.
	Name string `json:"name,omitzero"`
	// HostNames are the names it is reached by, at most 5; the first label may
	// be "*". Required unless it is the only site, which then has every name.
	HostNames []string `json:"hostNames,omitzero"`
	// CertificateSecretID is its certificate in Key Vault,
	// "https://<vault>.vault.azure.net/secrets/<name>", without a version so
	// that a renewed certificate is taken. Required.
	//
	// In Go the argument CertificateSecretIDs may give it instead.
	CertificateSecretID string `json:"certificateSecretId,omitzero"`
	// Backends are the addresses or names of what serves it. Required.
	Backends []string `json:"backends,omitzero"`
	// BackendProtocol is how the gateway talks to the backends. Default "Https".
	BackendProtocol Protocol `json:"backendProtocol,omitzero"`
	// BackendPort is the backends' port. Default 443, or 80 with "Http".
	BackendPort int `json:"backendPort,omitzero"`
	// BackendHostName is the name that backends are asked for, and that their
	// certificate must have. Default the backend's own name; required with
	// "Https" where a backend is an address.
	BackendHostName string `json:"backendHostName,omitzero"`
	// ProbePath is asked for to see whether a backend is well. Default "/".
	ProbePath string `json:"probePath,omitzero"`
	// TimeoutSeconds is how long a backend may take to answer. Default 30.
	TimeoutSeconds int `json:"timeoutSeconds,omitzero"`
}

// withDefaults returns the spec with every default filled in, in a region with
// availability zones or one without.
func (s Spec) withDefaults(zones bool) Spec {
	if s.Zones == nil && zones {
		s.Zones = []string{"1", "2", "3"}
	}
	s.MinCapacity = cmp.Or(s.MinCapacity, 2)
	s.MaxCapacity = cmp.Or(s.MaxCapacity, max(s.MinCapacity, 10))
	s.WAFMode = cmp.Or(s.WAFMode, Prevention)
	s.TLSPolicy = cmp.Or(s.TLSPolicy, TLS12)
	yes := true
	s.RedirectHTTP = cmp.Or(s.RedirectHTTP, &yes)
	s.Sites = slices.Clone(s.Sites)
	for i := range s.Sites {
		site := &s.Sites[i]
		site.BackendProtocol = cmp.Or(site.BackendProtocol, HTTPS)
		port := 443
		if site.BackendProtocol == HTTP {
			port = 80
		}
		site.BackendPort = cmp.Or(site.BackendPort, port)
		site.ProbePath = cmp.Or(site.ProbePath, "/")
		site.TimeoutSeconds = cmp.Or(site.TimeoutSeconds, 30)
	}
	return s
}

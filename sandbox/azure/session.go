package azure

import (
	"cmp"
	"errors"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

// session is a configured provider instance: whose subscription it works in,
// and where.
type session struct {
	subscription string
	tenant       string
	location     string // empty unless configured
}

// CheckConfig checks the inputs of a provider instance.
func (c *Cloud) CheckConfig(config wire.Props) []wire.Failure {
	var all []wire.Failure
	for _, name := range []string{"subscriptionId", "tenantId"} {
		if v := config.Str(name); v != "" && !uuidPattern.MatchString(v) {
			all = append(all, wire.Failure{Property: name, Reason: "must be a UUID"})
		}
	}
	return all
}

// Configure makes the session of a provider instance. Credentials are not
// looked at.
func (c *Cloud) Configure(config wire.Props) (session, error) {
	for _, f := range c.CheckConfig(config) {
		return session{}, errors.New(f.Property + " " + f.Reason)
	}
	return session{
		subscription: cmp.Or(config.Str("subscriptionId"), c.options.Subscription),
		tenant:       cmp.Or(config.Str("tenantId"), DefaultTenant),
		location:     config.Str("location"),
	}, nil
}

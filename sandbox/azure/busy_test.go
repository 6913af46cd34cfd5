package azure_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// meet runs one call and, while it is under way, another, and returns what
// became of both.
func meet(t *testing.T, prepare func(i *instance), one, two func(i *instance) error) (first, second error) {
	t.Helper()
	started, finish := make(chan struct{}), make(chan struct{})
	var armed atomic.Bool
	_, i := newCloud(t, azure.Options{Wait: func(context.Context, azure.Call) {
		if armed.CompareAndSwap(true, false) {
			close(started)
			<-finish
		}
	}})
	prepare(i)
	armed.Store(true)
	done := make(chan error)
	go func() { done <- one(i) }()
	<-started
	second = two(i)
	close(finish)
	return <-done, second
}

// TestOneAtATime refuses a second call while one is under way that keeps
// others out, and lets it pass afterwards.
func TestOneAtATime(t *testing.T) {
	subnet := func(vnet, name, cidr string) func(i *instance) error {
		return func(i *instance) error {
			_, err := i.try(subnetType, named("subnetName", name, in{"virtualNetworkName": vnet, "addressPrefix": cidr}))
			return err
		}
	}
	vnets := func(i *instance) {
		i.group()
		i.vnet("vnet", "10.0.0.0/16")
		i.vnet("hub", "10.1.0.0/16")
	}
	policy := func(i *instance) {
		i.group()
		i.create(policyType, named("firewallPolicyName", "p", nil))
	}
	group := func(name string) func(i *instance) error {
		return func(i *instance) error {
			_, err := i.try(rcgType, named("ruleCollectionGroupName", name, in{"firewallPolicyName": "p", "priority": 200}))
			return err
		}
	}
	identity := func(i *instance) {
		i.group()
		i.identity("a")
	}
	credential := func(name string) func(i *instance) error {
		return func(i *instance) error {
			_, err := i.try(ficType, named("federatedIdentityCredentialResourceName", name, in{
				"resourceName": "a", "issuer": "https://example.com", "subject": name, "audiences": []any{"api://AzureADTokenExchange"},
			}))
			return err
		}
	}
	for _, c := range []struct {
		name     string
		prepare  func(i *instance)
		one, two func(i *instance) error
		want     string // none: both may be under way
	}{
		{"two subnets of a network", vnets, subnet("vnet", "a", "10.0.0.0/24"), subnet("vnet", "b", "10.0.1.0/24"),
			`Status=429 Code="AnotherOperationInProgress" Message="Another operation on this or dependent resource is in progress: vnet. ` +
				`To retrieve status of the operation use uri in the response headers."`},
		{"subnets of two networks", vnets, subnet("vnet", "a", "10.0.0.0/24"), subnet("hub", "b", "10.1.1.0/24"), ""},
		{"a subnet and a peering", vnets, subnet("vnet", "a", "10.0.0.0/24"), func(i *instance) error {
			_, err := i.try(peeringType, named("virtualNetworkPeeringName", "hub", in{
				"virtualNetworkName": "vnet", "remoteVirtualNetwork": in{"id": subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"},
			}))
			return err
		}, "AnotherOperationInProgress"},
		{"a subnet and what is not in the network", vnets, subnet("vnet", "a", "10.0.0.0/24"), func(i *instance) error {
			_, err := i.try(tableType, named("routeTableName", "rt", nil))
			return err
		}, ""},
		{"two groups of a policy", policy, group("a"), group("b"), `Code="FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting"`},
		{"two credentials of an identity", identity, credential("a"), credential("b"),
			`Code="ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := meet(t, c.prepare, c.one, func(i *instance) error {
				err := c.two(i)
				if c.want != "" {
					require.ErrorContains(t, err, c.want)
				}
				return err
			})
			require.NoError(t, first, "the first goes on")
			if c.want == "" {
				require.NoError(t, second)
			}
			// One after the other there is no conflict.
			_, i := newCloud(t, azure.Options{})
			c.prepare(i)
			require.NoError(t, c.one(i))
			require.NoError(t, c.two(i))
		})
	}
}

// TestDefaultWait makes calls that are sent at once meet, without an option.
func TestDefaultWait(t *testing.T) {
	c, err := azure.New(azure.Options{})
	require.NoError(t, err)
	i := (&instance{t: t, cloud: c, server: c.Provider()}).connect(in{})
	i.group()
	i.vnet("vnet", "10.0.0.0/16")
	const calls = 4
	errs := make([]error, calls)
	var all sync.WaitGroup
	start := time.Now()
	for n := range calls {
		all.Go(func() {
			_, errs[n] = i.try(subnetType, named("subnetName", fmt.Sprint("s", n), in{
				"virtualNetworkName": "vnet", "addressPrefix": fmt.Sprintf("10.0.%d.0/24", n),
			}))
		})
	}
	all.Wait()
	assert.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
	refused := 0
	for _, err := range errs {
		if err != nil {
			assert.True(t, strings.Contains(err.Error(), "AnotherOperationInProgress"), err)
			refused++
		}
	}
	assert.Positive(t, refused)
	assert.Less(t, refused, calls)
}

// TestCancelled stops a call that is waiting, without any effect.
func TestCancelled(t *testing.T) {
	cloud, i := newCloud(t, azure.Options{Wait: func(ctx context.Context, c azure.Call) {
		if strings.HasSuffix(c.Type, ":Subnet") {
			<-ctx.Done()
		}
	}})
	i.group()
	vnet := i.vnet("vnet", "10.0.0.0/16")
	ctx, cancel := context.WithTimeout(i.ctx, 10*time.Millisecond)
	defer cancel()
	hurried := &instance{i.t, i.cloud, i.server, ctx}
	_, err := hurried.try(subnetType, subnetIn(vnet, "a", "10.0.0.0/24", nil))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Len(t, cloud.Objects(), 2)
	_, err = i.update(vnet, with(vnetIn("vnet", "10.0.0.0/16"), "tags", in{"a": "b"}))
	require.NoError(t, err, "the network is free again")
}

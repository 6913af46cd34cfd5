package reach_test

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

// The same question about the same network has the same answer.
func TestAnswersAreDeterministic(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				tape := drawTape(t)
				var answers [2][]reach.Answer
				for i := range answers {
					b := newBuilder(tape, 0)
					b.hides, b.rarity = true, 50
					world.build(b)
					engine := reach.New(b.m)
					for range questions {
						answers[i] = append(answers[i], engine.Ask(b.question()))
					}
				}
				if !reflect.DeepEqual(answers[0], answers[1]) {
					t.Fatal("two answers to one question")
				}
			})
		})
	}
}

// garbage fills a model with whatever the types allow: empty and crossed
// references, cycles, empty prefixes, values that are not known.
type garbage struct {
	random *rand.Rand
	m      *topology.Model
	pools  map[reflect.Type][]reflect.Value
}

func newGarbage(seed uint64) *garbage {
	g := &garbage{random: rand.New(rand.NewPCG(seed, 1)), m: &topology.Model{}, pools: map[reflect.Type][]reflect.Value{}}
	pool := func(values ...any) {
		for _, v := range values {
			t := reflect.TypeOf(v)
			g.pools[t] = append(g.pools[t], reflect.ValueOf(v))
		}
	}
	for range 4 {
		n, s, t, f := &topology.Network{}, &topology.Subnet{}, &topology.RouteTable{}, &topology.Filter{}
		gw, i, at, tt := &topology.Gateway{}, &topology.Interface{}, &topology.Attachment{}, &topology.TransitTable{}
		g.m.Networks, g.m.Subnets, g.m.Tables = append(g.m.Networks, n), append(g.m.Subnets, s), append(g.m.Tables, t)
		g.m.Filters, g.m.Gateways, g.m.Interfaces = append(g.m.Filters, f), append(g.m.Gateways, gw), append(g.m.Interfaces, i)
		b, e, es := &topology.Balancer{}, &topology.Endpoint{}, &topology.EndpointService{}
		g.m.Balancers, g.m.Endpoints, g.m.Services = append(g.m.Balancers, b), append(g.m.Endpoints, e), append(g.m.Services, es)
		pool(n, s, t, f, gw, i, at, tt, &topology.TransitGateway{Attachments: []*topology.Attachment{at}}, b, e, es, &topology.Zone{})
	}
	for _, p := range []string{"10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.7/32", "0.0.0.0/0", "::/0", "2600::/16", "240.0.0.0/24"} {
		pool(netip.MustParsePrefix(p), netip.MustParsePrefix(p).Addr())
	}
	pool(netip.Prefix{}, netip.Addr{}, topology.AWS, topology.Azure, topology.Cloud(""), true, false, uint8(6), uint8(1), uint8(17), uint16(0), uint16(443), uint16(65535),
		"", "*", "example.com", "network", "application", "azure", "interface", "TCP", "UDP", "Standard", topology.OriginStatic, topology.OriginSystem, topology.OriginPropagated, topology.FilterKind(""), topology.SecurityGroup, topology.NetworkACL,
		topology.Host, topology.EndpointInterface, topology.BalancerInterface, topology.InterfaceKind(""),
		topology.Local, topology.Internet, topology.EgressOnly, topology.NAT, topology.Peering, topology.Transit, topology.VPN, topology.Firewall,
		topology.Appliance, topology.ServiceGateway, topology.Drop, topology.Outside, topology.GatewayKind("?"))
	for _, list := range [][]reflect.Value{
		g.pools[reflect.TypeFor[*topology.Network]()], g.pools[reflect.TypeFor[*topology.Subnet]()], g.pools[reflect.TypeFor[*topology.RouteTable]()],
		g.pools[reflect.TypeFor[*topology.Filter]()], g.pools[reflect.TypeFor[*topology.Gateway]()], g.pools[reflect.TypeFor[*topology.Interface]()],
		g.pools[reflect.TypeFor[*topology.Attachment]()], g.pools[reflect.TypeFor[*topology.TransitTable]()],
		g.pools[reflect.TypeFor[*topology.Balancer]()], g.pools[reflect.TypeFor[*topology.Endpoint]()], g.pools[reflect.TypeFor[*topology.EndpointService]()],
	} {
		for _, v := range list {
			g.fill(v.Elem(), 0)
		}
	}
	for _, s := range g.m.Subnets {
		if s.Network == nil { // every subnet is of some network
			s.Network = g.m.Networks[0]
		}
	}
	return g
}

// fill sets a value by chance.
func (g *garbage) fill(v reflect.Value, depth int) {
	if g.fact(v) {
		return
	}
	if pool := g.pools[v.Type()]; len(pool) > 0 {
		if v.Kind() != reflect.Pointer || g.random.IntN(8) > 0 {
			v.Set(pool[g.random.IntN(len(pool))])
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				g.fill(f, depth+1)
			}
		}
	case reflect.Slice:
		if depth > 6 {
			return
		}
		n := g.random.IntN(4)
		if name := v.Type().String(); name == "[]topology.Ref" {
			n = max(0, n-2) // mostly complete
		}
		for range n {
			e := reflect.New(v.Type().Elem()).Elem()
			g.fill(e, depth+1)
			v.Set(reflect.Append(v, e))
		}
	case reflect.String:
		v.SetString("x")
	}
}

// fact sets a fact, whose fields reflection does not reach, and reports whether
// the value is one.
func (g *garbage) fact(v reflect.Value) bool {
	switch f := v.Addr().Interface().(type) {
	case *topology.Val[bool]:
		setVal(g, f)
	case *topology.Val[string]:
		setVal(g, f)
	case *topology.Val[netip.Addr]:
		setVal(g, f)
	case *topology.Val[netip.Prefix]:
		setVal(g, f)
	case *topology.Val[[]netip.Prefix]:
		setVal(g, f)
	case *topology.Val[[]netip.Addr]:
		setVal(g, f)
	case *topology.Val[[]uint8]:
		setVal(g, f)
	case *topology.Val[[]string]:
		setVal(g, f)
	case *topology.Val[[]topology.Ports]:
		setVal(g, f)
	case *topology.Val[topology.Match]:
		setVal(g, f)
	case *topology.Val[*topology.Gateway]:
		setVal(g, f)
	case *topology.Val[uint16]:
		setVal(g, f)
	case *topology.Val[*topology.Balancer]:
		setVal(g, f)
	case *topology.Val[*topology.Network]:
		setVal(g, f)
	case *topology.Val[*topology.Subnet]:
		setVal(g, f)
	case *topology.Val[*topology.RouteTable]:
		setVal(g, f)
	case *topology.Val[*topology.Filter]:
		setVal(g, f)
	case *topology.Val[*topology.Interface]:
		setVal(g, f)
	case *topology.Val[*topology.Attachment]:
		setVal(g, f)
	case *topology.Val[*topology.TransitTable]:
		setVal(g, f)
	default:
		return false
	}
	return true
}

func setVal[T any](g *garbage, v *topology.Val[T]) {
	value := func() T {
		var t T
		g.fill(reflect.ValueOf(&t).Elem(), 5)
		return t
	}
	ref := topology.Ref{URN: "garbage"}
	switch g.random.IntN(6) {
	case 0: // the zero value
	case 1:
		*v = topology.Unknown[T](ref)
	case 2:
		*v = topology.OneOf(ref, value(), value())
	default:
		*v = topology.Known(value(), ref)
	}
}

// Models that no front end makes are answered all the same, without panic and
// without end.
func TestGarbageIsAnswered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGarbage(rapid.Uint64().Draw(t, "seed"))
		engine := reach.New(g.m)
		var ends []reach.End
		for i := range g.m.Subnets {
			ends = append(ends, reach.AnyHost(g.m.Subnets[i]), reach.At(g.m.Interfaces[i]))
		}
		ends = append(ends, reach.TheInternet(), reach.Addresses(netip.MustParsePrefix("10.0.0.0/8")), reach.Addresses())
		for range 10 {
			q := reach.Question{From: ends[g.random.IntN(len(ends))], To: ends[g.random.IntN(len(ends))], Traffic: reach.All()}
			if g.random.IntN(2) == 0 {
				q.Traffic = reach.TCP(443)
			}
			began := time.Now()
			a := engine.Ask(q)
			if took := time.Since(began); took > 20*time.Second {
				t.Fatalf("took %v", took)
			}
			if !a.May.Contains(packet.Set(a.Must)) {
				t.Fatal("must is not in may")
			}
		}
		engine.AllPairs(reach.TCP(443))
	})
	assert.NotPanics(t, func() { reach.New(&topology.Model{}).Ask(reach.Question{Traffic: reach.All()}) })
}

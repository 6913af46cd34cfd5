package reach

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/packet"
	"github.com/underlay-iac/underlay/verify/topology"
)

// fleet is networks around a transit gateway, each with subnets of four tiers
// in three zones: tiers differ in route table and network ACL.
func fleet(networks, subnets int) *topology.Model {
	w := newWorld()
	tgw := w.gateway(topology.Transit, "tgw", nil)
	tgw.Transit = &topology.TransitGateway{}
	routes := &topology.TransitTable{Ref: ref("tgw-routes")}
	for n := range networks {
		vpc := w.vpc(fmt.Sprintf("vpc%d", n), fmt.Sprintf("10.%d.0.0/16", n))
		var tables []*topology.RouteTable
		var acls []*topology.Filter
		for tier := range 4 {
			r := []topology.Route{route(fmt.Sprintf("r%d-%d", n, tier), "10.0.0.0/8", tgw)}
			if tier == 3 {
				r = nil // local only
			}
			tables = append(tables, w.table(fmt.Sprintf("t%d-%d", n, tier), vpc, r...))
			var in []topology.Rule
			for i := range 10 {
				in = append(in, rule(fmt.Sprintf("in%d", i), i%3 != 0, tcp, uint16(400+20*i), uint16(410+20*i), from(fmt.Sprintf("10.%d.0.0/14", 4*i)), anyone))
			}
			in = append(in, rule("rest", tier != 2, 0, 0, 0, anyone, anyone))
			acls = append(acls, w.acl(fmt.Sprintf("acl%d-%d", n, tier), in, []topology.Rule{rule("out", true, 0, 0, 0, anyone, anyone)}))
		}
		var in []topology.Val[*topology.Subnet]
		for i := range subnets {
			tier, zone := i%4, string(rune('a'+i/4%3))
			s := w.subnet(fmt.Sprintf("s%d-%d", n, i), fmt.Sprintf("10.%d.%d.0/24", n, i), zone, tables[tier])
			s.Filter = known(acls[tier])
			if tier == 0 && i < 12 {
				in = append(in, known(s))
			}
		}
		at := &topology.Attachment{Ref: ref(fmt.Sprintf("at%d", n)), Network: known(vpc), Subnets: in, Table: known(routes)}
		tgw.Transit.Attachments = append(tgw.Transit.Attachments, at)
		routes.Routes = append(routes.Routes, topology.TransitRoute{Ref: at.Ref, To: known([]netip.Prefix{prefix(fmt.Sprintf("10.%d.0.0/16", n))}), Via: known(at)})
	}
	return w.m
}

// Walking alike subnets together gives what asking for each pair gives.
func TestAllPairsAnswersLikeAsk(t *testing.T) {
	w := &world{m: fleet(3, 13)}
	nlb := w.balancer("network", "nlb", nil, w.m.Subnets[0], w.m.Subnets[4])
	for i, s := range []int{3, 7, 30} {
		nlb.Listeners[0].Targets = append(nlb.Listeners[0].Targets, w.host(fmt.Sprint("target", i), w.m.Subnets[s]))
	}
	nlb.Listeners[0].CrossZone = known(true)
	more := nlb.Listeners[0]
	more.Port, more.Targets, more.Incomplete = known(uint16(420)), nil, []topology.Ref{ref("attachment")}
	nlb.Listeners = append(nlb.Listeners, more)
	e := New(w.m)
	for _, traffic := range []Traffic{TCP(443), TCP(420), All()} {
		pairs := e.AllPairs(traffic)
		require.Len(t, pairs.Subnets, 39)
		for i, from := range pairs.Subnets {
			for j, to := range pairs.Subnets {
				got, want := pairs.At(i, j), e.Ask(Question{From: AnyHost(from), To: AnyHost(to), Traffic: traffic})
				same := func(a, b packet.Set) bool { return a.Contains(b) && b.Contains(a) }
				require.True(t, same(got.Must, want.Must), "%s → %s: must %v, not %v", from.Name, to.Name, got.Must, want.Must)
				require.True(t, same(got.May, want.May), "%s → %s: may", from.Name, to.Name)
				if len(want.May) == 0 {
					assert.NotEmpty(t, got.Blocks, "%s → %s", from.Name, to.Name)
				}
			}
		}
	}
}

func benchmarkAllPairs(b *testing.B, traffic Traffic) {
	e := New(fleet(10, 100))
	b.ReportAllocs()
	for b.Loop() {
		pairs := e.AllPairs(traffic)
		reached := 0
		for i := range pairs.Subnets {
			for j := range pairs.Subnets {
				if len(pairs.At(i, j).Must) > 0 {
					reached++
				}
			}
		}
		b.ReportMetric(float64(reached), "reached")
	}
}

// 1,000 subnets, every pair of them, with evidence.
func BenchmarkAllPairsOnePort(b *testing.B) { benchmarkAllPairs(b, TCP(443)) }

func BenchmarkAllPairsEveryPacket(b *testing.B) { benchmarkAllPairs(b, All()) }

// 1,000 rules in front of one packet's question.
func BenchmarkFilterOf1000Rules(b *testing.B) {
	f := &topology.Filter{Ref: ref("nsg"), Kind: topology.NetworkSecurityGroup, Stateful: true}
	for i := range 1000 {
		f.In = append(f.In, rule(fmt.Sprint(i), i%2 == 0, tcp, uint16(1000+i), uint16(2000+3*i), from(fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)), anyone))
	}
	cube := packet.Exactly(packet.Packet{Source: netip.MustParseAddr("10.3.249.7"), Destination: netip.MustParseAddr("10.9.0.4"), Protocol: tcp, SourcePort: 40000, DestinationPort: 4995})
	b.ReportAllocs()
	for b.Loop() {
		if len(evaluate(f, f.In, cube, peers{})) == 0 {
			b.Fatal("no verdict")
		}
	}
}

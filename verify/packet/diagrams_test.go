//go:build !race

// The diagrams' library collects its nodes by finalizers, which race with it.

package packet

import (
	"testing"

	"github.com/dalzilio/rudd"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The oracle: the same sets as binary decision diagrams over 4 bits of each
// dimension, on cubes that stay within them.
type oracle struct{ b *rudd.BDD }

func newOracle(t require.TestingT) oracle {
	b, err := rudd.New(5*bits, rudd.Nodesize(10_000), rudd.Cachesize(5_000))
	require.NoError(t, err)
	return oracle{b}
}

// interval is the numbers of a dimension from first to last.
func (o oracle) interval(dimension int, first, last uint) rudd.Node {
	result := o.b.False()
	for n := first; n <= last; n++ {
		one := o.b.True()
		for bit := range bits {
			v := dimension*bits + bit
			if n>>bit&1 == 1 {
				one = o.b.And(one, o.b.Ithvar(v))
			} else {
				one = o.b.And(one, o.b.NIthvar(v))
			}
		}
		result = o.b.Or(result, one)
	}
	return result
}

func low(a Address) uint { return uint(a.lo & (1<<bits - 1)) }

func (o oracle) set(s Set) rudd.Node {
	result := o.b.False()
	for _, c := range s {
		result = o.b.Or(result, o.b.And(
			o.interval(0, low(c.Source.First), low(c.Source.Last)),
			o.interval(1, low(c.Destination.First), low(c.Destination.Last)),
			o.interval(2, uint(c.Protocols.First), uint(c.Protocols.Last)),
			o.interval(3, uint(c.SourcePorts.First), uint(c.SourcePorts.Last)),
			o.interval(4, uint(c.DestinationPorts.First), uint(c.DestinationPorts.Last))))
	}
	return result
}

func TestSetsAgreeWithDecisionDiagrams(t *testing.T) {
	o := newOracle(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSet.Draw(t, "a"), drawSet.Draw(t, "b")
		na, nb := o.set(a), o.set(b)
		require.True(t, o.b.Equal(o.set(a.Intersect(b)), o.b.And(na, nb)), "intersection")
		require.True(t, o.b.Equal(o.set(a.Subtract(b)), o.b.And(na, o.b.Not(nb))), "subtraction")
		require.True(t, o.b.Equal(o.set(a.Compact()), na), "compact")
		require.Equal(t, o.b.Equal(o.b.And(nb, o.b.Not(na)), o.b.False()), a.Contains(b), "contains")
		require.True(t, o.b.Equal(o.set(a.Reply().Reply()), na), "reply")
	})
}

package automation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// many is a program of a hundred things.
var many = func() []string {
	values := make([]string, 100)
	for i := range values {
		values[i] = fmt.Sprint("v", i)
	}
	return values
}()

// BenchmarkUp makes a new stack of a hundred resources: three launches.
func BenchmarkUp(b *testing.B) {
	bench := newBench(b)
	for i := 0; b.Loop(); i++ {
		stack := Stack{Project: "toys", Name: fmt.Sprint("s", i), Program: things("a", many...)}
		_, err := Up(b.Context(), stack, bench.options)
		require.NoError(b, err)
	}
}

// BenchmarkUpSame finds that a stack of a hundred resources needs no change:
// one launch.
func BenchmarkUpSame(b *testing.B) {
	bench := newBench(b)
	stack := dev(things("a", many...))
	_, err := Up(b.Context(), stack, bench.options)
	require.NoError(b, err)
	for b.Loop() {
		result, err := Up(b.Context(), stack, bench.options)
		require.NoError(b, err)
		require.False(b, result.Changes.Any())
	}
}

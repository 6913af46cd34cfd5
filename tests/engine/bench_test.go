package engine

import "testing"

// BenchmarkUp deploys dev into an empty cloud: 68 resources.
func BenchmarkUp(b *testing.B) {
	p := environment(b, "dev")
	for b.Loop() {
		requireClean(b, newWorld(b).Up(b, p))
	}
}

// BenchmarkNoOpUp deploys dev over itself.
func BenchmarkNoOpUp(b *testing.B) {
	p := environment(b, "dev")
	w := newWorld(b)
	requireClean(b, w.Up(b, p))
	for b.Loop() {
		requireSame(b, w.Up(b, p))
	}
}

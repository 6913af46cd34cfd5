package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mistyped key in a data file must not become a fact that is silently
// missing.
func TestDataIsReadStrictly(t *testing.T) {
	var into ZoneDenylist
	require.NoError(t, strict([]byte("zoneIds: [use1-az3]\n"), &into))
	assert.Equal(t, []string{"use1-az3"}, into.ZoneIDs)
	assert.ErrorContains(t, strict([]byte("zoneIDs: [use1-az3]\n"), &into), "zoneIDs")
	assert.ErrorContains(t, strict([]byte("zoneIds: []\n---\nzoneIds: []\n"), &into), "more than one document")
	assert.Error(t, strict(nil, &into))
	assert.ErrorContains(t, decode("none.yaml", &into), "none.yaml")
}

func TestNamesAreUnique(t *testing.T) {
	name := func(q Quota) string { return q.Name }
	list := []Quota{{Name: "b"}, {Name: "a"}}
	require.NoError(t, sortByName(list, name))
	assert.Equal(t, []Quota{{Name: "a"}, {Name: "b"}}, list)
	assert.EqualError(t, sortByName([]Quota{{Name: "a"}, {Name: "b"}, {Name: "a"}}, name), `"a" is there twice`)
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(); err != nil {
			b.Fatal(err)
		}
	}
}

package graph

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/stretchr/testify/require"
)

// FuzzLoad looks for input that makes Load panic, hang, or return a graph that
// does not survive being written and read again.
func FuzzLoad(f *testing.F) {
	samples, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, samples)
	for _, name := range samples {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Add([]byte(deployment(stateA)))
	f.Add([]byte(preview(`{"create":1}`, createA)))
	f.Add([]byte(deployment(`{"urn":"` + urnA + `","type":"a:b:C","inputs":{` +
		`"archive":{"` + resource.SigKey + `":"` + archive.ArchiveSig + `","assets":{"x":{"` + resource.SigKey + `":"` + asset.AssetSig + `","text":"y"}}},` +
		`"secret":{"` + resource.SigKey + `":"` + resource.SecretSig + `","plaintext":"[1]"},` +
		`"bytes":{"` + resource.SigKey + `":"` + resource.ByteStringSig + `","value":"/w=="},` +
		`"ref":{"` + resource.SigKey + `":"` + resource.ResourceReferenceSig + `","urn":"` + urnB + `","id":"i"}}}`)))
	f.Fuzz(func(t *testing.T, input []byte) {
		g, err := Load(bytes.NewReader(input))
		if err != nil {
			require.Nil(t, g)
			return
		}
		require.NotEmpty(t, g.Resources)
		requireSortedOrCircular(t, g)
		var first, second bytes.Buffer
		require.NoError(t, g.Export(&first))
		again, err := Load(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.NoError(t, again.Export(&second))
		require.Equal(t, first.String(), second.String())
	})
}

// requireSortedOrCircular checks that sorting again changes nothing.
func requireSortedOrCircular(t *testing.T, g *Graph) {
	t.Helper()
	for i, r := range sorted(g.Resources) {
		require.Equal(t, g.Resources[i].URN, r.URN)
	}
}

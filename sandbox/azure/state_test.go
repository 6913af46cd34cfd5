package azure_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/azure"
)

// reopen closes a cloud and opens its file again.
func reopen(t tester, c *azure.Cloud, options azure.Options) (*azure.Cloud, *instance) {
	t.Helper()
	require.NoError(t, c.Close())
	return newCloud(t, options)
}

// TestState keeps a cloud in a file between processes.
func TestState(t *testing.T) {
	options := azure.Options{StateFile: filepath.Join(t.TempDir(), "not", "yet", "azure.json")}
	c, i := newCloud(t, options)
	assert.NoFileExists(t, options.StateFile, "an empty cloud has no file")
	l := i.deploy()
	before := c.Objects()

	c, i = reopen(t, c, options)
	assert.Equal(t, before, c.Objects())
	for _, r := range l.all {
		if r.typ != peeringType {
			assert.Equal(t, r.out, i.read(r).out, r.id)
		}
	}
	// The rules know what was there before.
	_, err := i.try(subnetType, named("subnetName", "more", in{"virtualNetworkName": "vnet", "addressPrefix": "10.0.0.0/25"}))
	require.ErrorContains(t, err, "NetcfgSubnetRangesOverlap")
	// No principal comes twice, not even to an identity of the same name.
	who := i.identity("gone")
	require.NoError(t, i.remove(who))
	c, i = reopen(t, c, options)
	assert.NotEqual(t, who.str("principalId"), i.identity("gone").str("principalId"))

	files, err := os.ReadDir(filepath.Dir(options.StateFile))
	require.NoError(t, err)
	assert.Len(t, files, 2, "the state and its lock, no temporary file")
	require.NotNil(t, c)
}

// TestSame gives equal outputs for equal calls.
func TestSame(t *testing.T) {
	a, i := newCloud(t, azure.Options{})
	i.network()
	b, j := newCloud(t, azure.Options{})
	j.network()
	assert.Equal(t, a.Objects(), b.Objects())
	c, k := newCloud(t, azure.Options{Subscription: otherSubscription})
	k.network()
	assert.NotEqual(t, a.Objects()[1].Properties["resourceGuid"], c.Objects()[1].Properties["resourceGuid"])
}

// TestBadState says what is wrong with a file instead of guessing.
func TestBadState(t *testing.T) {
	group := `{"subscription":"s","type":"azure-native:resources:ResourceGroup","id":"/subscriptions/s/resourceGroups/rg","properties":{}}`
	for name, c := range map[string]struct{ content, want string }{
		"no JSON":         {"{", "is not readable: unexpected end of JSON input; remove it to start with an empty cloud"},
		"no version":      {`{"objects":[]}`, "is not readable: it has no version"},
		"newer":           {`{"version":2,"objects":[],"shape":"new"}`, "has format 2, written by a newer version; this one reads up to 1"},
		"an unknown key":  {`{"version":1,"objects":[],"more":1}`, `is not readable: json: unknown field "more"`},
		"an unknown type": {`{"version":1,"objects":[` + strings.Replace(group, "Group\"", "Grope\"", 1) + `]}`, `has the unknown type "azure-native:resources:ResourceGrope"`},
		"an object twice": {`{"version":1,"objects":[` + group + "," + strings.Replace(group, "Groups/rg", "Groups/RG", 1) + `]}`, "object /subscriptions/s/resourceGroups/RG is there twice"},
		"no id":           {`{"version":1,"objects":[` + strings.Replace(group, "/subscriptions/s/resourceGroups/rg", "", 1) + `]}`, "object 0 has no id or subscription"},
		"null":            {`{"version":1,"objects":[null]}`, "object 0 has no id or subscription"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "azure.json")
			require.NoError(t, os.WriteFile(file, []byte(c.content), 0o600))
			_, err := azure.New(azure.Options{StateFile: file})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, file)
			// The file is as it was, and free.
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, c.content, string(content))
			require.NoError(t, os.Remove(file))
			_, i := newCloud(t, azure.Options{StateFile: file})
			i.group()
		})
	}
}

// TestLock keeps two clouds from one file.
func TestLock(t *testing.T) {
	options := azure.Options{StateFile: filepath.Join(t.TempDir(), "azure.json")}
	c, i := newCloud(t, options)
	i.group()
	_, err := azure.New(options)
	require.ErrorContains(t, err, "is in use by another process")
	again, _ := reopen(t, c, options)
	assert.NotEmpty(t, again.Objects())
}

// TestUnwritable keeps the cloud as it was when the file cannot be written.
func TestUnwritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	c, i := newCloud(t, azure.Options{StateFile: filepath.Join(dir, "azure.json")})
	require.NoError(t, os.RemoveAll(dir))
	_, err := i.try(rgType, in{"resourceGroupName": "rg", "location": "westeurope"})
	require.ErrorContains(t, err, "sandbox: writing the state")
	assert.Empty(t, c.Objects())
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The command says where it listens, answers there and ends when it is told to,
// soon although a browser keeps a connection open.
// form is a planner's form that is filled in.
func form(stack string) url.Values {
	values := url.Values{"model": {"shared-aws"}, "shown": {"shared-aws"}, "stack": {stack}, "aws:region": {"eu-west-1"}}
	for key, value := range map[string]string{"dataPlane.vpcCidr": "10.20.0.0/16", "dataPlane.podCidr": "100.64.0.0/16", "dataPlane.zones": "eu-west-1a, eu-west-1b", "dataPlane.egress": "isolated"} {
		values.Set("underlay:spec."+key, value)
	}
	return values
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--addr", "127.0.0.1:0"}, stdout, &stderr) }()
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	address = strings.TrimSpace(address)
	assert.True(t, strings.HasPrefix(address, "http://127.0.0.1:"), address)

	answer, err := http.Get(address)
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, 200, answer.StatusCode)
	assert.Contains(t, string(page), "Network planner")

	// The project's environments count, but not the one that is planned anew.
	assert.Contains(t, string(page), "Overlaps 10.20.0.0/16 of dev")
	again, err := http.PostForm(address, form("dev"))
	require.NoError(t, err)
	page, err = io.ReadAll(again.Body)
	require.NoError(t, err)
	require.NoError(t, again.Body.Close())
	assert.Equal(t, 200, again.StatusCode)
	assert.NotContains(t, string(page), "Overlaps")

	idle, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	defer idle.Close()
	cancel()
	select {
	case code := <-ended:
		assert.Equal(t, exitDone, code)
	case <-time.After(2 * shutdown):
		t.Fatal("it does not end")
	}
	assert.Empty(t, stderr.String())
	_, err = net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	assert.Error(t, err)
}

// Beyond this machine it listens only when told so in so many words.
func TestServeListensWhereItIsTold(t *testing.T) {
	for addr, want := range map[string]string{
		":8080":              `"" is not an address`,
		"8080":               "give an address and a port",
		"127.0.0.1":          "give an address and a port",
		"127.0.0.1:http":     `"http" is not a port`,
		"127.0.0.1:":         `"" is not a port`,
		"planner.local:8080": `"planner.local" is not an address`,
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(t.Context(), []string{"serve", "--addr", addr}, &stdout, &stderr), addr)
		assert.Contains(t, stderr.String(), want)
		assert.Empty(t, stdout.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	warned, stderr := io.Pipe()
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--addr", "0.0.0.0:0"}, io.Discard, stderr) }()
	line, err := bufio.NewReader(warned).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "warning: whoever reaches port")
	cancel()
	assert.Equal(t, exitDone, <-ended)
}

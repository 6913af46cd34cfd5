package requirements_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/verify/requirements"
)

func TestCustom(t *testing.T) {
	custom, err := requirements.ParseCustom([]byte(`
requirements:
  - {id: ACME-1, from: pods, to: internet, packet: tcp/443, expect: blocked}
  - {id: ACME-2, from: nodes, to: internet, packet: tcp/443, expect: only-via, via: nat}
  - {id: ACME-3, from: net-nodes-eu-west-1a, to: net-nodes-eu-west-1b, packet: tcp/10250, expect: reachable}
  - {id: ACME-4, from: nodes, to: fqdn:sqs.eu-west-1.amazonaws.com, packet: tcp/443, expect: reachable}
  - {id: ACME-5, from: internet, to: 10.20.0.0/18, packet: all, expect: blocked}
  - {id: ACME-6, from: pods, to: internet, packet: udp/53, expect: reachable}
  - {id: ACME-7, from: public, to: internet, packet: tcp/8000-8100, expect: only-via, via: nat}
  - {id: ACME-8, from: nodes, to: net-nodes-eu-west-1a, packet: icmp, expect: blocked}
`))
	require.NoError(t, err)
	g, model := record(t, "dev")
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: model, Custom: custom})
	require.NoError(t, err)
	got := map[string]requirements.Result{}
	for _, r := range results {
		got[r.ID] = r
	}
	for id, want := range map[string]requirements.Verdict{
		"ACME-1": requirements.Proven, "ACME-2": requirements.Proven, "ACME-3": requirements.Proven, "ACME-4": requirements.Proven,
		"ACME-5": requirements.Proven, "ACME-6": requirements.Refuted, "ACME-7": requirements.Refuted, "ACME-8": requirements.Refuted,
	} {
		assert.Equal(t, want, got[id].Verdict, "%s %s", id, got[id].Reason)
	}
	assert.Equal(t, find(t, g, "RouteTable net-pods").URN, got["ACME-6"].BlockedBy.URN)
	assert.Equal(t, find(t, g, "Route net-public-default").URN, got["ACME-7"].BlockedBy.URN)
	assert.Equal(t, "nodes → internet tcp/443: only-via nat", got["ACME-2"].Title)
}

// Every problem of a file comes at once.
func TestCustomProblems(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        {"is no mapping; begin with `requirements:`"},
		"requirements: 3":         {"requirements: is no list, or empty; give at least one requirement"},
		"a: [":                    {"is not YAML: "},
		"requirement: []":         {`requirement: unknown key; did you mean "requirements"?`, "requirements: is no list"},
		"requirements: [x]":       {"requirements[0]: is no mapping"},
		"requirements: [{id: 1}]": {`requirements[0].id: 1: is not text; put it in quotes: "1"`, "requirements[0].from: is missing", "requirements[0].expect: is missing"},
		"requirements:\n" +
			"- {id: ISO-001, form: pods, from: pods, to: internet, packet: tpc/443, expect: open}\n" +
			"- {id: A, from: pods, to: internet, packet: icmp/3, expect: only-via}\n" +
			"- {id: A, from: pods, to: internet, packet: all, expect: blocked, via: nat}": {
			`requirements[0].form: unknown key; use expect, from, id, packet, to or via`,
			"requirements[0].packet: tpc/443: is no packet; write tcp/443",
			"requirements[0].expect: open: is no expectation; use reachable, blocked or only-via",
			"requirements[0].id: ISO-001: is the id of a built-in requirement; choose another",
			"requirements[1].packet: icmp/3: has no such port",
			"requirements[1].via: is missing; name a gateway, or a kind: nat, firewall",
			"requirements[2].via: nat: has no meaning here",
			"requirements[2].id: A: is there twice",
		},
	} {
		_, err := requirements.ParseCustom([]byte(text))
		require.Error(t, err, text)
		for _, w := range want {
			assert.Contains(t, err.Error(), w, text)
		}
	}
}

// What the graph does not have is a mistake of the file too.
func TestCustomNames(t *testing.T) {
	custom, err := requirements.ParseCustom([]byte(`
requirements:
  - {id: A, from: net-pods-eu-west-1d, to: 10.20.0.1/16, packet: all, expect: only-via, via: fierwall}
`))
	require.NoError(t, err)
	g, model := record(t, "dev")
	_, err = requirements.Verify(requirements.Input{Graph: g, Model: model, Custom: custom})
	require.Error(t, err)
	for _, want := range []string{
		`requirements[0].from: net-pods-eu-west-1d: is nothing in the graph that packets come from or go to; did you mean "net-pods-eu-west-1a"?`,
		"requirements[0].to: 10.20.0.1/16: has host bits set; the network is 10.20.0.0/16",
		"requirements[0].via: fierwall: is no gateway of the graph",
	} {
		assert.Contains(t, err.Error(), want)
	}
}

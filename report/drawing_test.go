package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
)

var update = flag.Bool("update", false, "rewrite the golden drawings")

// stackNames are the environments of the repository that are drawn.
func stackNames() []string {
	return []string{"dev", "staging", "aoscloud-dev", "dedicated-dev", "azure-dev", "azure-staging", "aks-dev"}
}

func record(t *testing.T, stack string) (*graph.Graph, string) {
	t.Helper()
	env, err := stacks.Load("../Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.WithStandIns().Program())
	require.NoError(t, err)
	return g, env.Spec.Model()
}

func subject(t *testing.T, g *graph.Graph, model string) *report.Subject {
	t.Helper()
	s, err := report.NewSubject(g, model)
	require.NoError(t, err)
	return s
}

func draw(t *testing.T, stack string) *report.Drawing {
	t.Helper()
	g, model := record(t, stack)
	d, err := subject(t, g, model).Draw()
	require.NoError(t, err)
	return d
}

func formats() map[string]func(*report.Drawing, io.Writer) error {
	return map[string]func(*report.Drawing, io.Writer) error{
		"svg": (*report.Drawing).SVG, "d2": (*report.Drawing).D2,
		"mermaid": (*report.Drawing).Mermaid, "dot": (*report.Drawing).DOT,
	}
}

// The drawings of the environments are those that were looked at.
func TestGoldenDrawings(t *testing.T) {
	for _, stack := range stackNames() {
		d := draw(t, stack)
		for format, render := range formats() {
			t.Run(stack+"."+format, func(t *testing.T) {
				var got bytes.Buffer
				require.NoError(t, render(d, &got))
				golden := filepath.Join("testdata", "diagrams", stack+"."+format)
				if format == "svg" {
					golden = filepath.Join("..", "docs", "pictures", stack+".svg")
				}
				if *update {
					require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				assert.Equal(t, string(want), got.String(), "the drawing differs; `go test ./report -update` rewrites it")
			})
		}
	}
}

// row returns a tier of a frame.
func row(t *testing.T, f *report.Frame, tier string) *report.Row {
	t.Helper()
	i := slices.IndexFunc(f.Rows, func(r *report.Row) bool { return r.Tier == tier })
	require.GreaterOrEqual(t, i, 0, "no tier %s", tier)
	return f.Rows[i]
}

// What the documents ask of each model is what its drawing shows: "Network
// configuration for Conveyor", Private subnets and Public subnets; "Deployment
// models of Conveyor", Private control plane requirements; "AosCloud Networking
// Prerequisites v1.1", Route Tables.
func TestDrawingShowsWhatTheDocumentsAskFor(t *testing.T) {
	for _, c := range []struct {
		stack, network, tier string
		out, in              report.State
		way                  string
	}{
		{"dev", "net-vpc", "public", report.Path, report.Path, "by internet gateway"},
		{"dev", "net-vpc", "nodes", report.Path, report.Absent, "by NAT gateway"},
		{"dev", "net-vpc", "pods", report.Absent, report.Absent, "no way"},
		{"staging", "net-vpc", "nodes", report.Absent, report.Absent, "no way"},
		{"staging", "net-vpc", "pods", report.Absent, report.Absent, "no way"},
		{"staging", "net-vpc", "endpoints", report.Absent, report.Absent, "no way"},
		{"aoscloud-dev", "aos-vpc", "public", report.Path, report.Path, "by internet gateway"},
		{"aoscloud-dev", "aos-vpc", "nodes", report.Path, report.Absent, "by NAT gateway"},
		{"aoscloud-dev", "aos-vpc", "aurora", report.Absent, report.Absent, "no way"},
		{"dedicated-dev", "control-vpc", "nodes", report.Absent, report.Absent, "no way"},
		{"dedicated-dev", "net-vpc", "pods", report.Absent, report.Absent, "no way"},
		// By the firewall the names alone of the outbound rules of AKS; the load balancer
		// that AKS makes is in no graph.
		// The application gateway forwards to the cluster's own load balancer among the nodes.
		{"aks-dev", "spoke-vnet", "nodes", report.Path, report.Path, "8 names by firewall"},
		{"aks-dev", "spoke-vnet", "pods", report.Path, report.Absent, "8 names by firewall"},
		{"aks-dev", "spoke-vnet", "endpoints", report.Absent, report.Absent, "no way"},
		{"azure-dev", "net-vnet", "nodes", report.Offered, report.Offered, "by AKS's balancer later"},
		{"azure-dev", "net-vnet", "database", report.Absent, report.Absent, "no way"},
		{"azure-staging", "net-vnet", "nodes", report.Unknown, report.Unknown, "not known yet"},
	} {
		t.Run(c.stack+" "+c.tier, func(t *testing.T) {
			d := draw(t, c.stack)
			i := slices.IndexFunc(d.Frames, func(f *report.Frame) bool { return f.Name == c.network })
			require.GreaterOrEqual(t, i, 0)
			lines := row(t, d.Frames[i], c.tier).Internet
			assert.Equal(t, c.out, lines[0].State)
			assert.Equal(t, c.way, lines[0].Label)
			assert.Equal(t, c.in, lines[1].State)
			assert.True(t, lines[1].Inward)
			for _, line := range lines {
				assert.Greater(t, len(line.Evidence), 1, "a verdict has evidence: %s", line.Label)
			}
		})
	}
}

// The data plane's other plane stands left of it, at the same height, under one
// internet; what joins them runs between them.
func TestTheOtherPlaneStandsToTheLeft(t *testing.T) {
	for stack, names := range map[string][2]string{
		"dedicated-dev": {"VPC control-vpc · control plane", "VPC net-vpc · data plane"},
		"aks-dev":       {"VNet hub · hub", "VNet spoke-vnet · data plane"},
	} {
		var picture bytes.Buffer
		require.NoError(t, draw(t, stack).SVG(&picture))
		at := func(text string) (x, y string) {
			found := regexp.MustCompile(`<text x="(\d+)" y="(\d+)" class="big"[^>]*>`+regexp.QuoteMeta(text)+"<").FindAllStringSubmatch(picture.String(), -1)
			require.Len(t, found, 1, text)
			return found[0][1], found[0][2]
		}
		number := func(text string) int {
			n, err := strconv.Atoi(text)
			require.NoError(t, err)
			return n
		}
		leftX, leftY := at(names[0])
		rightX, rightY := at(names[1])
		assert.Equal(t, leftY, rightY, stack)
		at("Internet")

		links := regexp.MustCompile(`<path d="M(\d+) \d+H(\d+)V\d+H(\d+)" class="l l-path"/>`).FindAllStringSubmatch(picture.String(), -1)
		require.NotEmpty(t, links, stack)
		link := links[len(links)-1]
		start, over, end := number(link[1]), number(link[2]), number(link[3])
		assert.True(t, number(leftX) < start && start < over && over < end && end < number(rightX), "%s: %v", stack, link)
	}
}

// The control plane's way in is drawn: over the internet from its own addresses
// in dev, offered to its account in staging, proven where both planes are there.
func TestDrawingShowsTheControlPlanesWay(t *testing.T) {
	lines := row(t, draw(t, "dev").Frames[0], "public").Internet
	require.Len(t, lines, 3)
	assert.Equal(t, report.Path, lines[2].State)
	assert.Equal(t, "LB, from 203.0.113.0/24", lines[2].Label)

	staging := draw(t, "staging")
	require.Len(t, staging.Links, 1)
	assert.Equal(t, report.Offered, staging.Links[0].State)
	assert.Equal(t, []report.Place{{Name: "Control plane", Detail: "account 444455556666"}}, staging.Places)

	both := draw(t, "dedicated-dev")
	require.Len(t, both.Links, 1)
	link := both.Links[0]
	assert.Equal(t, report.Path, link.State)
	assert.Equal(t, "control plane", both.Frames[link.From].Plane)
	assert.Equal(t, "data plane", both.Frames[link.To].Plane)
}

// The 16 interface endpoints of the document and the two gateway endpoints are
// reached from every tier without internet ("Deployment models of Conveyor", VPC
// endpoints).
func TestDrawingShowsServices(t *testing.T) {
	f := draw(t, "staging").Frames[0]
	assert.Len(t, f.Services, 18)
	for _, tier := range []string{"nodes", "pods"} {
		line := row(t, f, tier).Services
		require.NotNil(t, line)
		assert.Equal(t, report.Path, line.State)
		assert.Equal(t, "18 of 18", line.Label)
	}
}

// hostile is a name that would be markup wherever it is not escaped.
const hostile = "</style></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'`]]>{{.}}${7*7}&amp;\\"

// hostileGraph is the graph of both planes with hostile names.
func hostileGraph(t *testing.T) (*graph.Graph, string) {
	t.Helper()
	g, model := record(t, "dedicated-dev")
	var export bytes.Buffer
	require.NoError(t, g.Export(&export))
	escaped, err := json.Marshal(hostile + "\n\x01\x7f")
	require.NoError(t, err)
	text := export.String()
	for _, name := range []string{"net-", "connector", "control-vpc", "eu-west-1b", "default"} {
		text = strings.ReplaceAll(text, name, name+string(escaped[1:len(escaped)-1]))
	}
	g, err = graph.Load(strings.NewReader(text))
	require.NoError(t, err)
	return g, model
}

// elements returns the names of the elements of an XML document, and fails when
// it is none.
func elements(t *testing.T, document []byte) []string {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var names []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			names = append(names, start.Name.Local)
		}
	}
}

func TestHostileNamesInDrawings(t *testing.T) {
	g, model := hostileGraph(t)
	d, err := subject(t, g, model).Draw()
	require.NoError(t, err)
	var picture bytes.Buffer
	require.NoError(t, d.SVG(&picture))
	names := elements(t, picture.Bytes())
	for _, name := range names {
		assert.Contains(t, []string{"svg", "title", "desc", "style", "defs", "pattern", "g", "path", "rect", "circle", "text"}, name)
	}

	clean := draw(t, "dedicated-dev")
	for _, format := range []string{"d2", "mermaid", "dot"} {
		var got, want bytes.Buffer
		require.NoError(t, formats()[format](d, &got))
		require.NoError(t, formats()[format](clean, &want))
		assert.Equal(t, strings.Count(want.String(), "\n"), strings.Count(got.String(), "\n"), "%s: a name starts no line of its own", format)
		for line := range strings.Lines(got.String()) {
			bare := strings.NewReplacer(`\\`, "", `\"`, "").Replace(line)
			assert.Zero(t, strings.Count(bare, `"`)%2, "%s: quotes that do not end: %s", format, line)
		}
	}
	var mermaid bytes.Buffer
	require.NoError(t, d.Mermaid(&mermaid))
	assert.NotContains(t, mermaid.String(), "<script")
	assert.NotContains(t, mermaid.String(), "<img")
}

// A graph without any network is drawn as such.
func TestEmptyGraph(t *testing.T) {
	g, err := graph.Load(strings.NewReader(`{"version":3,"deployment":{"resources":[
		{"urn":"urn:pulumi:s::p::pulumi:pulumi:Stack::p-s","type":"pulumi:pulumi:Stack","custom":false}]}}`))
	require.NoError(t, err)
	d, err := subject(t, g, "").Draw()
	require.NoError(t, err)
	for format, render := range formats() {
		var got bytes.Buffer
		require.NoError(t, render(d, &got), format)
		assert.NotEmpty(t, got.String())
	}
	var page bytes.Buffer
	require.NoError(t, report.Page{Subject: subject(t, g, "")}.HTML(&page))
	assert.Contains(t, page.String(), "The graph holds no network.")
}

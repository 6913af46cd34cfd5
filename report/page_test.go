package report_test

import (
	"bytes"
	"encoding/xml"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/verify/requirements"
)

func page(t *testing.T, g *graph.Graph, model string) string {
	t.Helper()
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
	require.NoError(t, err)
	verification := report.New(model, g.Stack, results)
	var html bytes.Buffer
	require.NoError(t, report.Page{
		Subject: subject(t, g, model), Verification: &verification, From: "a test",
		Handover:      []report.HandoverRow{{Name: "Region", Value: "eu-west-1"}, {Name: "VPC"}},
		RequiredNames: []string{"acme.auth.eu-west-1.amazoncognito.com"},
		Warnings:      []string{"a warning"},
	}.HTML(&html))
	return html.String()
}

// The same configuration gives the same bytes, and none of them is a time.
func TestPageIsTheSameAgain(t *testing.T) {
	for _, stack := range stackNames() {
		g, model := record(t, stack)
		first := page(t, g, model)
		g, _ = record(t, stack)
		assert.Equal(t, first, page(t, g, model), stack)
	}
}

// The page stands alone: no script, and nothing to fetch.
func TestPageStandsAlone(t *testing.T) {
	for _, stack := range stackNames() {
		g, model := record(t, stack)
		html := page(t, g, model)
		for _, tag := range []string{"<script", "<img", "<iframe", "<object", "<embed", "@import", "url(http", "src=", "<form"} {
			assert.NotContains(t, html, tag, stack)
		}
		for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(html, -1) {
			assert.Regexp(t, `^(#|data:,$)`, href[1], stack)
		}
	}
}

// Each requirement of the model is there, with its verdict and document.
func TestPageHasEveryRequirement(t *testing.T) {
	g, model := record(t, "staging")
	html := page(t, g, model)
	for _, r := range requirements.All() {
		here := false
		for _, m := range r.Models {
			here = here || m == model
		}
		assert.Equal(t, here, strings.Contains(html, `<tr id="`+r.ID+`">`), r.ID)
	}
	assert.Contains(t, html, "known after the deployment")
	assert.Contains(t, html, "acme.auth.eu-west-1.amazoncognito.com")
	assert.Contains(t, html, "a warning")
}

func TestHostileNamesInPage(t *testing.T) {
	g, model := hostileGraph(t)
	html := page(t, g, model)
	assert.NotContains(t, html, "<script")
	assert.NotContains(t, html, "<img")
	assert.Equal(t, 1, strings.Count(html, "</style>"))
	assert.Contains(t, html, "&lt;script&gt;alert(1)&lt;/script&gt;", "it is shown as it is")
}

// An address map is to scale: every part takes as much of the picture as it
// takes of the block, and the parts fill it.
func TestAddressMapsAreToScale(t *testing.T) {
	pictures := regexp.MustCompile(`(?s)<svg [^>]*class="ul map".*?</svg>`)
	part := regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+)/(\d+): `)
	for _, stack := range stackNames() {
		g, model := record(t, stack)
		found := pictures.FindAllString(page(t, g, model), -1)
		assert.NotEmpty(t, found)
		for _, picture := range found {
			var svg struct {
				Label  string  `xml:"aria-label,attr"`
				Width  float64 `xml:"width,attr"`
				Groups []struct {
					Title string `xml:"title"`
					Rects []struct {
						Width  float64 `xml:"width,attr"`
						Height float64 `xml:"height,attr"`
					} `xml:"rect"`
				} `xml:"g"`
			}
			require.NoError(t, xml.Unmarshal([]byte(picture), &svg))
			block, err := netip.ParsePrefix(strings.Fields(svg.Label)[3]) // "Address map of 10.20.0.0/16 of …"
			require.NoError(t, err)
			whole := 0.0
			for _, g := range svg.Groups {
				whole += g.Rects[0].Width * g.Rects[0].Height
			}
			assert.InDelta(t, (svg.Width-100-2)*8*34, whole, 50, "the parts fill the eight lines")
			for _, g := range svg.Groups {
				size := part.FindStringSubmatch(g.Title)
				require.Len(t, size, 3, g.Title)
				bits, err := strconv.Atoi(size[2])
				require.NoError(t, err)
				share := 1 / float64(int(1)<<(bits-block.Bits()))
				assert.InDelta(t, share, g.Rects[0].Width*g.Rects[0].Height/whole, 0.0001, g.Title)
			}
		}
	}
}

// Azure's rules, routes and ways out are said in words that people know: service
// tags by name, the first rule that matches, the names that a firewall lets pass.
func TestAzureInPlainWords(t *testing.T) {
	html := func(stack string) string {
		g, model := record(t, stack)
		return page(t, g, model)
	}
	aks := html("aks-dev")
	for _, want := range []string{
		"allows TCP 65200–65535 from GatewayManager</li>",
		"allows everything from Azure itself (168.63.129.16)",
		"allows TCP 443 to anyone for login.microsoftonline.com",
		"allows TCP 443 to anyone for mcr.microsoft.com",
		"for names that a tag or category stands for",
		"Azure&#39;s own routes of spoke-vnet",
		"to any IPv4 address: next hop Internet, if the route to the same above were not there",
		"8 names by firewall",
	} {
		assert.True(t, strings.Contains(aks, want), want)
	}
	assert.False(t, strings.Contains(aks, "241.0."), "an address that stands for a service")
	dev := html("azure-dev")
	assert.True(t, strings.Contains(dev, "by AKS&#39;s balancer later"))
	assert.True(t, strings.Contains(dev, "to Storage.westeurope: service endpoint"))
	assert.False(t, strings.Contains(dev, "any protocol by next hop Internet"), "the network itself is no way out")

	// The names that the graph's own firewall lets pass are those that are called.
	g, model := record(t, "aks-dev")
	var own bytes.Buffer
	require.NoError(t, report.Page{Subject: subject(t, g, model)}.HTML(&own))
	row := regexp.MustCompile(`(?s)<th scope="row" class="code">packages.aks.azure.com</th><td>(.*?)</td>`).FindStringSubmatch(own.String())
	require.NotNil(t, row)
	assert.Contains(t, row[1], "spoke-vnet: reached")
}

// A block that another environment has is named, and marked in the address map.
func TestOverlapsInTheAddressMap(t *testing.T) {
	g, model := record(t, "dev")
	p := report.Page{Subject: subject(t, g, model), Others: []report.Other{
		{Prefix: netip.MustParsePrefix("10.20.64.0/18"), Of: "other<b>"}, {Prefix: netip.MustParsePrefix("10.99.0.0/16"), Of: "far"},
	}}
	var html bytes.Buffer
	require.NoError(t, p.HTML(&html))
	assert.True(t, strings.Contains(html.String(), "Overlaps 10.20.64.0/18 of other&lt;b&gt;"))
	assert.True(t, strings.Contains(html.String(), "<title>10.20.64.0/18 is other&lt;b&gt;&#39;s as well</title>"))
	assert.False(t, strings.Contains(html.String(), "of far"))
	maps := p.AddressMaps()
	require.Len(t, maps, 2) // the pods' block is nobody else's
	assert.Equal(t, []string{"10.20.64.0/18 of other<b>"}, maps[0].Overlaps)
	assert.Contains(t, string(maps[0].Map), `class="taken"`)
	assert.Empty(t, maps[1].Overlaps)
}

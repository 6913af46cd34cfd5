package planner

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// testPage is the report without a handover.
func testPage(env *stacks.Environment, g *graph.Graph) (*report.Page, error) {
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: env.Spec.Model()})
	if err != nil {
		return nil, err
	}
	verification := report.New(env.Spec.Model(), g.Stack, results)
	subject, err := report.NewSubject(g, env.Spec.Model())
	return &report.Page{Subject: subject, Verification: &verification, From: "Planned",
		Cost:     &report.Cost{Total: "68.04", Standing: []report.CostRow{{What: "NAT gateway", Quantity: "1", Unit: "0.048 / hour", Monthly: "35.04"}}},
		Handover: []report.HandoverRow{{Name: "Network blocks", Value: "10.20.0.0/16"}, {Name: "Network dataPlane"}}}, err
}

var home = netip.MustParseAddrPort("127.0.0.1:8080")

func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := Handler(home, testPage)
	require.NoError(t, err)
	return h
}

// request is one from the planner's own page.
func request(method, path string, values url.Values) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(values.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://127.0.0.1:8080")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// filled is a model's form as the page begins, with edits.
func filled(name string, edits ...string) url.Values {
	f := readForm(url.Values{modelField: {name}})
	values := url.Values{modelField: {name}, shownField: {name}, stackField: {"acme"}, moreField: {f.More}}
	for path, value := range f.values {
		values.Set(path, value)
	}
	for i := 0; i < len(edits); i += 2 {
		values.Set(edits[i], edits[i+1])
	}
	return values
}

// at returns what the page says in the element of problems of a field.
func at(t *testing.T, page, path string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<ul class="problems" id="e-` + regexp.QuoteMeta(id(path)) + `" data-slot>(.*?)</ul>`).FindStringSubmatch(page)
	require.NotNil(t, m, "the page has no place for problems of %s", path)
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], " ")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

func TestEachModelBeginsWhole(t *testing.T) {
	h := handler(t)
	for _, m := range models() {
		w := answer(h, request("GET", "/?model="+m.Name, nil))
		assert.Equal(t, 200, w.Code)
		page := w.Body.String()
		assert.Contains(t, page, "data-whole", m.Name)
		assert.Contains(t, page, "<svg", m.Name)
		assert.Contains(t, page, "<b>$68.04</b>", m.Name)
		assert.NotContains(t, page, "aria-invalid", m.Name)
		for _, f := range m.fields() {
			assert.Equal(t, 1, strings.Count(page, `name="`+f.Path+`"`), f.Path)
			assert.Contains(t, page, `<label for="f-`+id(f.Path)+`">`)
		}
	}
}

// The file is what the page was made from, and the stacks package takes it.
func TestTheFileIsAnEnvironment(t *testing.T) {
	h := handler(t)
	for _, m := range models() {
		w := answer(h, request("POST", "/config", filled(m.Name)))
		require.Equal(t, 200, w.Code, m.Name)
		assert.Equal(t, "attachment; filename=Pulumi.acme.yaml", w.Header().Get("Content-Disposition"))
		env, err := stacks.Parse(w.Body.Bytes())
		require.NoError(t, err, m.Name)
		assert.Equal(t, m.Name, env.Spec.Model())
	}
}

func TestDownloads(t *testing.T) {
	h := handler(t)
	w := answer(h, request("POST", "/report", filled(stacks.SharedAwsModel)))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "attachment; filename=acme-report.html", w.Header().Get("Content-Disposition"))
	assert.Contains(t, w.Body.String(), "</html>")
	w = answer(h, request("POST", "/handover", filled(stacks.SharedAwsModel)))
	assert.Equal(t, "attachment; filename=acme-handover.txt", w.Header().Get("Content-Disposition"))
	assert.Equal(t, "acme · planned, not deployed\n\nNetwork blocks            10.20.0.0/16\n"+
		"Network dataPlane         (known once it is deployed)\n", w.Body.String())

	// With a problem there is nothing to download: the page says what it is.
	w = answer(h, request("POST", "/report", filled(stacks.SharedAwsModel, specKey+".dataPlane.vpcCidr", "10.20.0.1/16")))
	assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
	assert.Empty(t, w.Header().Get("Content-Disposition"))
	assert.Contains(t, at(t, w.Body.String(), specKey+".dataPlane.vpcCidr"), "has host bits set")
}

// Each problem of a half-typed form stands at its field, with rule and way out.
func TestProblemsStandAtTheirFields(t *testing.T) {
	const data = specKey + ".dataPlane."
	for _, test := range []struct {
		model string
		edits []string
		field string
		want  string
	}{
		{"shared-aws", []string{data + "vpcCidr", "10.20.0.1/16"}, data + "vpcCidr", "10.20.0.1/16 has host bits set; the network is 10.20.0.0/16"},
		{"shared-aws", []string{data + "vpcCidr", "10.20."}, data + "vpcCidr", "10.20."},
		{"shared-aws", []string{data + "vpcCidr", ""}, data + "vpcCidr", "is missing"},
		{"shared-aws", []string{data + "podCidr", "198.19.0.0/16"}, data + "podCidr", "use a block of 100.64.0.0/10"},
		{"shared-aws", []string{data + "zones", "eu-west-1a, eu-west-1"}, data + "zones", "eu-west-1"},
		{"shared-aws", []string{data + "egress", "natt"}, data + "egress", "natt"},
		{"shared-aws", []string{"aws:region", "eu-west-9"}, "aws:region", "eu-west-9"},
		{"shared-aws", []string{specKey + ".connector.controlPlaneCidrs", ""}, specKey + ".connector.controlPlaneCidrs", "is missing"},
		{"shared-aws", []string{specKey + ".connector.controlPlaneCidrs", "0.0.0.0/0"}, specKey + ".connector.controlPlaneCidrs", "0.0.0.0/0"},
		{"shared-aws", []string{stackField, "a/../b"}, stackField, "is not a name that Pulumi gives a stack"},
		{"shared-aws", []string{moreField, "endpointz: {}"}, moreField, `underlay:spec.endpointz unknown key; did you mean "endpoints"?`},
		{"shared-aws", []string{moreField, "a: [1"}, moreField, "is not YAML"},
		{"shared-aws", []string{moreField, "- a"}, moreField, "is not a mapping"},
		{"shared-aws", []string{moreField, "dataPlane: {egress: nat}"}, moreField, "dataPlane.egress is in the form as well"},
		{"shared-azure", []string{"azure-native:location", ""}, "azure-native:location", "is missing"},
		{"shared-azure", []string{data + "addressSpace", "10.40.0.0/29"}, data + "addressSpace", "10.40.0.0/29"},
		{"dedicated-aws", []string{specKey + ".controlPlane.vpcCidr", "10.30.0.1/16"}, specKey + ".controlPlane.vpcCidr", "10.30.0.0/16"},
		{"aoscloud", []string{specKey + ".vpc.baseCidr", "10.231.0.0"}, specKey + ".vpc.baseCidr", "10.231.0.0"},
	} {
		t.Run(test.field+" "+strings.Join(test.edits[1:], " "), func(t *testing.T) {
			w := answer(handler(t), request("POST", "/", filled(test.model, test.edits...)))
			assert.Equal(t, 200, w.Code)
			page := w.Body.String()
			assert.Contains(t, at(t, page, test.field), test.want)
			assert.False(t, strings.Contains(page, "data-whole"))
			assert.True(t, regexp.MustCompile(`id="f-`+regexp.QuoteMeta(id(test.field))+`"[^>]* aria-invalid="true"`).MatchString(page))
			assert.True(t, regexp.MustCompile(`[0-9]+ problems?, (each )?at its field`).MatchString(page))
		})
	}
}

// Every problem of a form comes at once.
func TestEveryProblemAtOnce(t *testing.T) {
	const data = specKey + ".dataPlane."
	w := answer(handler(t), request("POST", "/", filled("shared-aws", data+"vpcCidr", "10.20.0.1/16", data+"podCidr", "x", "aws:region", "")))
	page := w.Body.String()
	for _, path := range []string{data + "vpcCidr", data + "podCidr", "aws:region"} {
		assert.NotEmpty(t, at(t, page, path), path)
	}
}

// A field that depends on another goes with it, and so does its value.
func TestFieldsDependOnOthers(t *testing.T) {
	w := answer(handler(t), request("POST", "/", filled("shared-aws", awsEgress, "isolated", connector, "privatelink")))
	page := w.Body.String()
	assert.Contains(t, page, "data-whole")
	assert.Regexp(t, `id="r-underlay-spec-dataPlane-nat-strategy" data-row hidden`, page)
	assert.Regexp(t, `id="r-underlay-spec-connector-controlPlaneCidrs" data-row hidden`, page)
	assert.Regexp(t, `id="r-underlay-spec-connector-allowedPrincipals" data-row>`, page)
	assert.NotContains(t, page, "strategy: single")
}

// Another model begins with its own values.
func TestAnotherModel(t *testing.T) {
	values := filled("shared-aws", "aws:region", "us-east-1")
	values.Set(modelField, "aoscloud")
	page := answer(handler(t), request("POST", "/", values)).Body.String()
	assert.Contains(t, page, `value="10.231.0.0/16"`)
	assert.Contains(t, page, `name="aws:region" value="eu-west-1"`)
}

// What is typed comes back as text and never as a part of the page.
func TestInputIsEscaped(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	for _, field := range []string{specKey + ".dataPlane.vpcCidr", stackField, moreField, modelField} {
		page := answer(handler(t), request("POST", "/", filled("shared-aws", field, evil))).Body.String()
		assert.NotContains(t, page, "<script>", field)
	}
	page := answer(handler(t), request("POST", "/", filled("shared-aws", moreField, "tags: {team: '<b>x</b>'}"))).Body.String()
	assert.NotContains(t, page, "<b>x</b>")
}

func TestSecurityHeaders(t *testing.T) {
	h := handler(t)
	for _, path := range []string{"/", "/planner.css", "/drawing.css", "/planner.js", "/icon.svg", "/nowhere"} {
		header := answer(h, request("GET", path, nil)).Header()
		csp := header.Get("Content-Security-Policy")
		assert.Contains(t, csp, "default-src 'none'", path)
		assert.Contains(t, csp, "script-src 'self'")
		assert.Contains(t, csp, "style-src 'self'")
		assert.Contains(t, csp, "frame-ancestors 'none'")
		assert.NotContains(t, csp, "unsafe")
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
		assert.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"))
		assert.Equal(t, "no-store", header.Get("Cache-Control"))
		assert.Empty(t, header.Values("Set-Cookie"))
		assert.Empty(t, header.Values("Access-Control-Allow-Origin"))
	}
	// Nothing inline, nothing from elsewhere.
	page := answer(h, request("GET", "/", nil)).Body.String()
	assert.NotRegexp(t, `(?i)<style|style="|<script>|\son[a-z]+="|javascript:|src="http|href="http`, page)
}

func TestHosts(t *testing.T) {
	every := netip.MustParseAddrPort("0.0.0.0:8080")
	for _, test := range []struct {
		at   netip.AddrPort
		host string
		ok   bool
	}{
		{home, "127.0.0.1:8080", true},
		{home, "localhost:8080", true},
		{home, "LOCALHOST:8080", true},
		{home, "[::1]:8080", true},
		{home, "127.0.0.1", false}, // another port
		{home, "127.0.0.1:80", false},
		{home, "attacker.example:8080", false}, // DNS rebinding
		{home, "localhost.attacker.example:8080", false},
		{home, "127.0.0.1.nip.io:8080", false},
		{home, "192.0.2.1:8080", false},
		{home, "", false},
		{every, "192.0.2.1:8080", true},
		{every, "attacker.example:8080", false},
	} {
		h, err := Handler(test.at, testPage)
		require.NoError(t, err)
		r := request("GET", "/icon.svg", nil)
		r.Host = test.host
		want := 403
		if test.ok {
			want = 200
		}
		assert.Equal(t, want, answer(h, r).Code, "%s at %s", test.host, test.at)
	}
}

// Forms of other sites' pages are refused.
func TestOtherOrigins(t *testing.T) {
	for _, test := range []struct {
		origin, site string
		want         int
	}{
		{"http://127.0.0.1:8080", "same-origin", 200},
		{"http://127.0.0.1:8080", "", 200},
		{"https://attacker.example", "cross-site", 403},
		{"https://attacker.example", "", 403},
		{"http://127.0.0.1:9999", "same-site", 403},
		{"http://127.0.0.1:9999", "", 403},
		{"null", "", 403},
		{"null", "cross-site", 403},
	} {
		for _, path := range []string{"/", "/config", "/report", "/handover"} {
			r := request("POST", path, filled("shared-aws"))
			r.Header.Set("Origin", test.origin)
			r.Header.Del("Sec-Fetch-Site")
			if test.site != "" {
				r.Header.Set("Sec-Fetch-Site", test.site)
			}
			assert.Equal(t, test.want, answer(handler(t), r).Code, "%s %s %s", path, test.origin, test.site)
		}
	}
}

func TestRequestsAreBounded(t *testing.T) {
	h := handler(t)
	r := request("POST", "/", url.Values{moreField: {strings.Repeat("#", maxBody)}})
	assert.Equal(t, http.StatusRequestEntityTooLarge, answer(h, r).Code)
	r = request("POST", "/", nil)
	r.Header.Set("Content-Type", "application/json")
	assert.Equal(t, http.StatusUnsupportedMediaType, answer(h, r).Code)
	r = request("POST", "/", nil)
	r.Body = io.NopCloser(strings.NewReader("a=%zz"))
	assert.Equal(t, http.StatusBadRequest, answer(h, r).Code)
	assert.Equal(t, http.StatusMethodNotAllowed, answer(h, request("PUT", "/config", nil)).Code)
	assert.Equal(t, http.StatusNotFound, answer(h, request("GET", "/planner.go", nil)).Code)

	// A form as large as it may be is answered, and briefly.
	r = request("POST", "/", filled("shared-aws", specKey+".dataPlane.zones", strings.Repeat("x,", 60_000)))
	w := answer(h, r)
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "has 60000 values; give at most 64", at(t, w.Body.String(), specKey+".dataPlane.zones"))
	r = request("POST", "/", filled("shared-aws", specKey+".dataPlane.zones", strings.Repeat("x,", 64)))
	w = answer(h, r)
	assert.Equal(t, 200, w.Code)
	assert.Less(t, strings.Count(w.Body.String(), "<li>"), 30)
	r = request("POST", "/", filled("shared-aws", moreField, "cognito: {identifiers: ["+strings.Repeat("x,", 60_000)+"]}"))
	w = answer(h, r)
	assert.Contains(t, at(t, w.Body.String(), moreField), "has too many values")
	// So is YAML that grows when it is read.
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	start := time.Now()
	w = answer(h, request("POST", "/", filled("shared-aws", moreField, bomb)))
	assert.Equal(t, 200, w.Code)
	assert.NotContains(t, w.Body.String(), "data-whole")
	assert.Less(t, time.Since(start), 5*time.Second)
}

func TestRateLimit(t *testing.T) {
	now := time.Unix(0, 0)
	h := guard(http.NotFoundHandler(), home, newLimiter(2, 3, func() time.Time { return now }))
	codes := func(n int) (codes []int) {
		for range n {
			codes = append(codes, answer(h, request("GET", "/", nil)).Code)
		}
		return codes
	}
	assert.Equal(t, []int{404, 404, 404, 429, 429}, codes(5))
	now = now.Add(time.Second)
	assert.Equal(t, []int{404, 404, 429}, codes(3))
	now = now.Add(time.Hour)
	w := answer(h, request("GET", "/", nil))
	assert.Equal(t, 404, w.Code)
	assert.Equal(t, []int{404, 404, 429}, codes(3))
	w = answer(h, request("GET", "/", nil))
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
}

// A plan that takes too long is given up, and no more are computed at once than
// there are turns, given up or not.
func TestDeadlineAndTurns(t *testing.T) {
	p, err := newPlanner(testPage)
	require.NoError(t, err)
	var mu sync.Mutex
	running, most := 0, 0
	release := make(chan struct{})
	p.turns, p.deadline = make(chan struct{}, 2), 50*time.Millisecond
	p.compute = func(ctx context.Context, _ form, _ NewPage) (*plan, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-release // does not look at the context
		mu.Lock()
		running--
		mu.Unlock()
		return nil, errors.New("released")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			w := answer(p.routes(), request("POST", "/", filled("shared-aws")))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, "1", w.Header().Get("Retry-After"))
		})
	}
	wg.Wait()
	mu.Lock()
	assert.Equal(t, 2, most)
	mu.Unlock()
	close(release)
	assert.Eventually(t, func() bool { return len(p.turns) == 0 }, time.Second, time.Millisecond)
}

func TestABrokenPlanIsNotTheEnd(t *testing.T) {
	p, err := newPlanner(testPage)
	require.NoError(t, err)
	p.compute = func(context.Context, form, NewPage) (*plan, error) { panic("broken") }
	for range 2 * cap(p.turns) {
		assert.Equal(t, 500, answer(p.routes(), request("GET", "/", nil)).Code)
	}
}

// The same form gives the same bytes.
func TestDeterministic(t *testing.T) {
	h := handler(t)
	first := answer(h, request("POST", "/", filled("dedicated-aws"))).Body.String()
	for range 3 {
		assert.Equal(t, first, answer(h, request("POST", "/", filled("dedicated-aws"))).Body.String())
	}
}

// Requests read and write no file: in an empty folder that nobody may write to
// the planner does the same.
func TestRequestsTouchNoFiles(t *testing.T) {
	h := handler(t)
	want := answer(h, request("POST", "/", filled("shared-aws"))).Body.String()
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.trap.yaml"), []byte("config: ["), 0o600))
	assert.Equal(t, want, answer(h, request("POST", "/", filled("shared-aws"))).Body.String())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

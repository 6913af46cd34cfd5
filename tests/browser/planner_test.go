package browser

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/planner"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// servePlanner serves the planner on this machine and returns its address.
func servePlanner(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	handler, err := planner.Handler(netip.MustParseAddrPort(listener.Addr().String()), func(env *stacks.Environment, g *graph.Graph) (*report.Page, error) {
		results, err := requirements.Verify(requirements.Input{Graph: g, Model: env.Spec.Model()})
		if err != nil {
			return nil, err
		}
		verification := report.New(env.Spec.Model(), g.Stack, results)
		subject, err := report.NewSubject(g, env.Spec.Model())
		sheet := &report.Cost{Total: "1.00", Basis: "A test"}
		for _, r := range g.Resources {
			if r.Type == "aws:ec2/vpcEndpoint:VpcEndpoint" || r.Type == "aws:ec2/natGateway:NatGateway" {
				sheet.Standing = append(sheet.Standing, report.CostRow{What: r.Name, Quantity: "1", Unit: "0.01 / hour", Monthly: "7.30"})
			}
		}
		page := &report.Page{Subject: subject, Verification: &verification, From: "Planned", Cost: sheet}
		staging, loadErr := stacks.Load("../../Pulumi.staging.yaml")
		if err = errors.Join(err, loadErr); err != nil {
			return nil, err
		}
		overlaps, err := env.Overlaps([]stacks.Sibling{{Name: "staging", Environment: staging}})
		for _, o := range overlaps {
			page.Warnings = append(page.Warnings, o.String())
			page.Others = append(page.Others, report.Other{Prefix: o.With, Of: o.Of})
		}
		return page, err
	})
	require.NoError(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// becomes waits until a JavaScript condition holds.
func (b *tab) becomes(t *testing.T, condition string) {
	t.Helper()
	require.Eventually(t, func() bool { return eval[bool](t, b, condition) }, 20*time.Second, 50*time.Millisecond, condition)
}

const (
	vpcCidr = `document.getElementById('f-underlay-spec-dataPlane-vpcCidr')`
	drawn   = `document.querySelector('#whole svg.ul').textContent`
)

// typed puts the keyboard on a field, empties it and types.
func (b *tab) typed(t *testing.T, field, text string) {
	t.Helper()
	_ = eval[string](t, b, `(() => { const f = `+field+`; f.focus(); f.select(); return f.id; })()`)
	b.do(t, chromedp.KeyEvent(text))
}

// The page follows what is typed, and stays in the middle of it.
func TestPlannerFollows(t *testing.T) {
	b := visit(t, servePlanner(t), "/", media("light", ""))
	require.Contains(t, eval[string](t, b, drawn), "10.20.0.0/18")

	b.typed(t, vpcCidr, "10.77.0.0/16")
	b.becomes(t, drawn+`.includes('10.77.64.0/18')`)
	b.becomes(t, `document.getElementById('yaml').textContent.includes('vpcCidr: 10.77.0.0/16')`)
	assert.Equal(t, "f-underlay-spec-dataPlane-vpcCidr", eval[string](t, b, `document.activeElement.id`))
	assert.Equal(t, 12, eval[int](t, b, `document.activeElement.selectionStart`), "the cursor stays")

	// Half typed: the problem at its field, the last whole plan still there.
	b.typed(t, vpcCidr, "10.77.0.1/16")
	b.becomes(t, `document.getElementById('e-underlay-spec-dataPlane-vpcCidr').textContent.includes('the network is 10.77.0.0/16')`)
	assert.True(t, eval[bool](t, b, vpcCidr+`.getAttribute('aria-invalid') === 'true'`))
	assert.True(t, eval[bool](t, b, `document.getElementById('whole').classList.contains('stale')`))
	assert.Contains(t, eval[string](t, b, drawn), "10.77.64.0/18")
	assert.Contains(t, eval[string](t, b, `document.getElementById('status').textContent`), "1 problem")
	b.screenshot(t, "planner-problem.png")

	b.typed(t, vpcCidr, "10.78.0.0/16")
	b.becomes(t, drawn+`.includes('10.78.64.0/18')`)
	assert.False(t, eval[bool](t, b, vpcCidr+`.hasAttribute('aria-invalid')`))
	assert.False(t, eval[bool](t, b, `document.getElementById('whole').classList.contains('stale')`))

	// A block that another environment of the project has.
	assert.Empty(t, eval[string](t, b, `document.querySelector('#whole .taken')?.outerHTML || ''`))
	b.typed(t, vpcCidr, "10.21.64.0/18")
	b.becomes(t, `document.getElementById('whole').textContent.includes('Overlaps 10.21.0.0/16 of staging')`)
	assert.Equal(t, 1, eval[int](t, b, `document.querySelectorAll('#whole svg.map .taken').length`))
	assert.Contains(t, eval[string](t, b, `document.querySelector('#whole .warnings').textContent`), "10.21.64.0/18 of the VPC overlaps 10.21.0.0/16 of the environment staging")
	b.screenshot(t, "planner-overlap.png")
	b.typed(t, vpcCidr, "10.78.0.0/16")
	b.becomes(t, `!document.querySelector('#whole .taken')`)

	// A choice changes verdicts, cost and the fields that depend on it.
	cost := eval[string](t, b, `document.querySelector('[aria-label=Cost] table').textContent`)
	_ = eval[string](t, b, `(() => { const e = document.getElementById('f-underlay-spec-dataPlane-egress'); e.value = 'isolated'; e.dispatchEvent(new Event('input', {bubbles: true})); return ''; })()`)
	b.becomes(t, `document.getElementById('r-underlay-spec-dataPlane-nat-strategy').hidden`)
	_ = eval[string](t, b, `(() => { const e = document.getElementById('f-underlay-spec-connector-kind'); e.value = 'privatelink'; e.dispatchEvent(new Event('input', {bubbles: true})); return ''; })()`)
	b.becomes(t, `document.querySelector('[aria-label=Cost] table').textContent.includes('endpoints-sqs')`)
	assert.NotEqual(t, cost, eval[string](t, b, `document.querySelector('[aria-label=Cost] table').textContent`))

	// Another model brings its own fields.
	_ = eval[string](t, b, `(() => { const e = document.getElementById('f-model'); e.focus(); e.value = 'shared-azure'; e.dispatchEvent(new Event('input', {bubbles: true})); return ''; })()`)
	b.becomes(t, `!!document.getElementById('f-azure-native-location') && `+drawn+`.includes('10.40.0.0/24')`)
	assert.Equal(t, "f-model", eval[string](t, b, `document.activeElement.id`))
	b.quiet(t)
}

func TestPlannerLooks(t *testing.T) {
	own := servePlanner(t)
	for _, model := range []string{"shared-aws", "shared-azure", "dedicated-aws", "aoscloud", "aks-landing-zone"} {
		b := visit(t, own, "/?model="+model, media("light", ""))
		assert.Equal(t, []string{}, eval[[]string](t, b, lowContrast), "%s by day", model)
		b.screenshot(t, "planner-"+model+".png")
		b.do(t, media("dark", ""))
		assert.Equal(t, []string{}, eval[[]string](t, b, lowContrast), "%s by night", model)
		b.screenshot(t, "planner-"+model+"-dark.png")
		for _, width := range []int64{320, 390} {
			b.do(t, chromedp.EmulateViewport(width, 800, chromedp.EmulateMobile))
			assert.Equal(t, int(width), eval[int](t, b, `document.documentElement.scrollWidth`), "%s at %d pixels", model, width)
		}
		b.do(t, media("light", ""))
		b.screenshot(t, "planner-"+model+"-390.png")
		b.quiet(t)
	}
}

func TestPlannerStructure(t *testing.T) {
	b := visit(t, servePlanner(t), "/")
	assert.Equal(t, 1, eval[int](t, b, `document.querySelectorAll('main').length`))
	assert.Equal(t, 1, eval[int](t, b, `document.querySelectorAll('h1').length`))
	assert.Zero(t, eval[int](t, b, `[...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(e => e.labels.length !== 1).length`), "fields without a label")
	assert.Equal(t, []string{}, eval[[]string](t, b, `[...document.querySelectorAll('[aria-describedby]')].flatMap(e => e.getAttribute('aria-describedby').split(' ')).filter(id => !document.getElementById(id))`))
	assert.Equal(t, []string{}, eval[[]string](t, b, `(() => {
		const seen = {}, twice = [];
		for (const e of document.querySelectorAll('[id]')) { if (seen[e.id]) twice.push(e.id); seen[e.id] = true; }
		return twice;
	})()`), "ids that are there twice")
	b.quiet(t)
}

// With the keyboard alone: skip, change a field, choose, open a verdict.
func TestPlannerKeyboard(t *testing.T) {
	b := visit(t, servePlanner(t), "/")
	focus := func() string {
		return eval[string](t, b, `document.activeElement.id || document.activeElement.textContent`)
	}
	b.do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Skip to the plan", focus())
	b.do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "f-model", focus())
	for range 8 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		if focus() == "f-underlay-spec-dataPlane-vpcCidr" {
			break
		}
	}
	require.Equal(t, "f-underlay-spec-dataPlane-vpcCidr", focus())
	assert.NotEqual(t, "none", eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	b.do(t, chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("7"))
	b.becomes(t, drawn+`.includes('10.20.0.0/19')`)

	b.do(t, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.ArrowDown))
	require.Equal(t, "f-underlay-spec-dataPlane-egress", focus())
	b.becomes(t, `document.getElementById('yaml').textContent.includes('egress: isolated')`)
	require.Equal(t, "f-underlay-spec-dataPlane-egress", focus())

	_ = eval[string](t, b, `(() => { const e = document.querySelector('#whole summary'); e.focus(); return ''; })()`)
	b.do(t, chromedp.KeyEvent(kb.Enter))
	assert.True(t, eval[bool](t, b, `document.querySelector('#whole details').open`))
	b.quiet(t)
}

// The buttons give the files of what is on the page.
func TestPlannerDownloads(t *testing.T) {
	b := visit(t, servePlanner(t), "/")
	dir := t.TempDir()
	_, err := chromedp.Call(b.Context, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
	require.NoError(t, err)
	b.typed(t, vpcCidr, "10.77.0.0/16")
	_ = eval[string](t, b, `(() => { document.querySelector('[formaction="/config"]').click(); return ''; })()`)
	file := filepath.Join(dir, "Pulumi.plan.yaml")
	require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 20*time.Second, 100*time.Millisecond)
	env, err := stacks.Load(file)
	require.NoError(t, err)
	assert.Equal(t, "10.77.0.0/16", env.Spec.(*stacks.SharedAws).DataPlane.VpcCidr)
}

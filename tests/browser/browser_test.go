package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// environments are those of the repository that the tests look at.
func environments() []string {
	return []string{"dev", "staging", "aoscloud-dev", "aoscloud-staging", "dedicated-dev", "azure-dev", "azure-staging", "aks-dev"}
}

// chromium returns the browser, or ends the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Chromium on the PATH: install the package chromium")
	}
	t.Skip("no Chromium on the PATH; the package chromium has one")
	return ""
}

// tab is a page open in a browser, and what it did.
type tab struct {
	context.Context

	// own begins the addresses that the page may ask for.
	own string

	mu       sync.Mutex
	requests []string
	errors   []string
}

// open opens an HTML file in a browser of its own.
func open(t *testing.T, file string, first ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	return visit(t, "file://", file, first...)
}

// visit opens a page of a server, or a file, in a browser of its own.
func visit(t *testing.T, own, path string, first ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1400, 1000),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	opened := &tab{Context: ctx, own: own}
	require.NoError(t, chromedp.Listen(ctx, opened.listen))
	for _, domain := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		_, err := chromedp.Call(ctx, domain, cdp.Empty{})
		require.NoError(t, err)
	}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	opened.do(t, first...)
	opened.do(t, chromedp.Navigate(own+path), chromedp.WaitReady("body"))
	return opened
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.errors = append(b.errors, "console."+string(e.Type))
	case *log.EventEntryAdded:
		b.errors = append(b.errors, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.errors = append(b.errors, "dialog "+e.Message)
	}
}

// limit ends an action that hangs.
const limit = time.Minute

func (b *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, limit)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// get returns what an action does.
func get[T any](t *testing.T, b *tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	require.NoError(t, err)
	return value
}

// eval returns the value of a JavaScript expression.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	return get(t, b, chromedp.Evaluate[T](expression))
}

// quiet checks that the page asked for nothing but itself and reported nothing.
func (b *tab) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.NotEmpty(t, b.requests)
	for _, url := range b.requests {
		assert.True(t, strings.HasPrefix(url, b.own) || strings.HasPrefix(url, "data:"), "it asks for %s", url)
	}
	assert.Empty(t, b.errors)
}

// keep writes a file to the folder of artefacts.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll("artefacts", 0o755))
	require.NoError(t, os.WriteFile(filepath.Join("artefacts", name), data, 0o644))
}

func (b *tab) screenshot(t *testing.T, name string) {
	t.Helper()
	keep(t, name, get(t, b, chromedp.FullScreenshot(100)))
}

// record records an environment of the repository.
func record(t *testing.T, stack string) (*graph.Graph, string) {
	t.Helper()
	env, err := stacks.Load("../../Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, stack, nil, env.WithStandIns().Program())
	require.NoError(t, err)
	return g, env.Spec.Model()
}

// write writes the report of a graph to a file.
func write(t *testing.T, g *graph.Graph, model string) string {
	t.Helper()
	subject, err := report.NewSubject(g, model)
	require.NoError(t, err)
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: model})
	require.NoError(t, err)
	verification := report.New(model, g.Stack, results)
	var html bytes.Buffer
	require.NoError(t, report.Page{
		Subject: subject, Verification: &verification, From: "A test",
		Handover: []report.HandoverRow{{Name: "Region", Value: "eu-west-1"}, {Name: "VPC"}},
	}.HTML(&html))
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, html.Bytes(), 0o600))
	return file
}

// media emulates a colour scheme and a medium, "" for the screen.
func media(scheme, medium string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// lowContrast lists texts whose contrast with what is behind them is below
// 4.5:1, the least of WCAG 2.2, 1.4.3.
const lowContrast = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return rgb('white'); };
  const bad = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest('title, desc, style')) continue;
    const style = getComputedStyle(e);
    const svg = e instanceof SVGElement;
    const backs = svg ? ['--bg', '--frame', '--box'].map(v => rgb(style.getPropertyValue(v))) : [behind(e)];
    for (const back of backs) {
      const r = ratio(rgb(svg ? style.fill : style.color), back);
      if (r < 4.5) bad.push(e.textContent.trim().slice(0, 40) + ' ' + r.toFixed(2));
    }
  }
  return bad;
})()`

// badlySet lists texts of the drawings that are wider than their room, reach
// out of the drawing, or lie over another one.
const badlySet = `(() => {
  const bad = [];
  for (const svg of document.querySelectorAll('svg[viewBox]')) {
    const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
    const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent);
    const boxes = texts.map(t => t.getBBox());
    texts.forEach((t, i) => {
      const b = boxes[i], name = t.textContent;
      if (t.getComputedTextLength() > Number(t.dataset.width) + 1) bad.push('too wide: ' + name);
      if (b.x < 0 || b.y < 0 || b.x + b.width > width || b.y + b.height > height) bad.push('cut: ' + name);
      for (let j = 0; j < i; j++) {
        const c = boxes[j];
        if (b.x < c.x + c.width - 1 && c.x < b.x + b.width - 1 && b.y < c.y + c.height - 3 && c.y < b.y + b.height - 3)
          bad.push('over each other: ' + name + ' / ' + texts[j].textContent);
      }
    });
  }
  return bad;
})()`

// Every environment renders by day and by night, nothing is cut or lies over
// something else, and every text can be read.
func TestRenders(t *testing.T) {
	for _, stack := range environments() {
		t.Run(stack, func(t *testing.T) {
			g, model := record(t, stack)
			b := open(t, write(t, g, model), media("light", ""))
			assert.Equal(t, model+" · "+stack, eval[string](t, b, `document.querySelector('h1').textContent`))
			assert.Equal(t, []string{}, eval[[]string](t, b, badlySet))
			assert.Equal(t, []string{}, eval[[]string](t, b, lowContrast), "by day")
			day := eval[string](t, b, `getComputedStyle(document.body).backgroundColor`)
			b.screenshot(t, stack+"-light.png")
			b.do(t, media("dark", ""))
			assert.NotEqual(t, day, eval[string](t, b, `getComputedStyle(document.body).backgroundColor`))
			assert.Equal(t, []string{}, eval[[]string](t, b, lowContrast), "by night")
			b.screenshot(t, stack+"-dark.png")
			// On a phone the page is as wide as the phone; drawings scroll by
			// themselves.
			for _, width := range []int64{320, 390} {
				b.do(t, chromedp.EmulateViewport(width, 800, chromedp.EmulateMobile), chromedp.Reload())
				assert.Equal(t, int(width), eval[int](t, b, `document.documentElement.scrollWidth`), "at %d pixels", width)
				assert.Equal(t, int(width), eval[int](t, b, `innerWidth`), "at %d pixels", width)
				b.screenshot(t, fmt.Sprintf("%s-%d.png", stack, width))
			}
			b.quiet(t)
		})
	}
}

// A reader of the page finds their way by its structure alone.
func TestStructure(t *testing.T) {
	g, model := record(t, "staging")
	b := open(t, write(t, g, model))
	assert.Equal(t, 1, eval[int](t, b, `document.querySelectorAll('main').length`))
	assert.Equal(t, 1, eval[int](t, b, `document.querySelectorAll('h1').length`))
	assert.Equal(t, "en", eval[string](t, b, `document.documentElement.lang`))
	assert.Zero(t, eval[int](t, b, `[...document.querySelectorAll('th')].filter(th => !th.scope).length`), "table headers without scope")
	assert.Zero(t, eval[int](t, b, `(() => {
		let last = 0, bad = 0;
		for (const h of document.querySelectorAll('h1, h2, h3, h4')) { const n = Number(h.tagName[1]); if (n > last + 1) bad++; last = n; }
		return bad;
	})()`), "headings that skip a level")
	assert.Equal(t, []string{}, eval[[]string](t, b, `[...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href')).filter(h => !document.querySelector(h))`), "links to nowhere")
	assert.Equal(t, []string{}, eval[[]string](t, b, `(() => {
		const seen = {}, twice = [];
		for (const e of document.querySelectorAll('[id]')) { if (seen[e.id]) twice.push(e.id); seen[e.id] = true; }
		return twice;
	})()`), "ids that are there twice")
	assert.Zero(t, eval[int](t, b, `document.querySelectorAll('svg:not([aria-hidden]):not([aria-label]):not([aria-labelledby])').length`), "pictures without a name")
	b.quiet(t)
}

// Everything can be reached and opened with the keyboard.
func TestKeyboard(t *testing.T) {
	g, model := record(t, "staging")
	b := open(t, write(t, g, model))
	b.do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Skip to the content", eval[string](t, b, `document.activeElement.textContent`))
	assert.True(t, eval[bool](t, b, `document.activeElement.getBoundingClientRect().left >= 0`), "the skip link is seen when it has the focus")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "#content", eval[string](t, b, `location.hash`))

	seen := map[string]bool{}
	for range 8 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		seen[eval[string](t, b, `document.activeElement.tagName + ' ' + (document.activeElement.getAttribute('aria-label') || '')`)] = true
		if eval[bool](t, b, `document.activeElement.tagName === 'SUMMARY'`) {
			break
		}
	}
	assert.True(t, seen["DIV Drawing of the network"], "the drawing can be scrolled with the keyboard: %v", seen)
	require.True(t, seen["SUMMARY "], "the evidence has the focus: %v", seen)
	assert.False(t, eval[bool](t, b, `document.activeElement.parentElement.open`))
	b.do(t, chromedp.KeyEvent(kb.Enter))
	assert.True(t, eval[bool](t, b, `document.activeElement.parentElement.open`))
	assert.NotEqual(t, "none", eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	b.quiet(t)
}

// The page prints, by night too, with the evidence that is closed on the screen.
func TestPrints(t *testing.T) {
	g, model := record(t, "dedicated-dev")
	b := open(t, write(t, g, model), media("dark", ""))
	pdf := get(t, b, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	assert.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	assert.GreaterOrEqual(t, bytes.Count(pdf, []byte("/Type /Page\n"))+bytes.Count(pdf, []byte("/Type /Page ")), 3)
	keep(t, "dedicated-dev.pdf", pdf)

	b.do(t, media("dark", "print"))
	assert.Equal(t, "rgb(255, 255, 255)", eval[string](t, b, `getComputedStyle(document.body).backgroundColor`), "paper is white, by night too")
	assert.Zero(t, eval[int](t, b, `[...document.querySelectorAll('details ol')].filter(e => !e.getBoundingClientRect().height).length`), "closed evidence is printed")
	b.quiet(t)
}

// Names in a graph are text, whatever is in them.
func TestHostileNames(t *testing.T) {
	const hostile = "</style></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{.}}${7*7}&amp;"
	g, model := record(t, "dedicated-dev")
	var export bytes.Buffer
	require.NoError(t, g.Export(&export))
	escaped, err := json.Marshal(hostile)
	require.NoError(t, err)
	text := export.String()
	for _, name := range []string{"net-", "connector", "control-vpc", "eu-west-1b", "default"} {
		text = strings.ReplaceAll(text, name, name+string(escaped[1:len(escaped)-1]))
	}
	g, err = graph.Load(strings.NewReader(text))
	require.NoError(t, err)
	b := open(t, write(t, g, model))
	assert.Zero(t, eval[int](t, b, `document.querySelectorAll('script, img, iframe, object, embed, link[rel=stylesheet]').length`))
	assert.Equal(t, []string{}, eval[[]string](t, b, `[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(a => a.startsWith('on'))`))
	assert.Contains(t, eval[string](t, b, `document.body.textContent`), "<script>alert(1)</script>", "it is shown as it is")
	b.screenshot(t, "hostile.png")
	b.quiet(t)
}

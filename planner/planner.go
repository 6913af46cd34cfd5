package planner

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
)

//go:embed page.html planner.css planner.js icon.svg
var files embed.FS

// NewPage verifies an environment's graph and returns the report about it. It
// must read no file and ask no network.
type NewPage func(*stacks.Environment, *graph.Graph) (*report.Page, error)

// deadline bounds one computation, the wait for its turn included.
const deadline = 10 * time.Second

// Handler returns the planner of a server that listens at an address.
func Handler(at netip.AddrPort, newPage NewPage) (http.Handler, error) {
	p, err := newPlanner(newPage)
	if err != nil {
		return nil, err
	}
	return guard(p.routes(), at, newLimiter(20, 60, time.Now)), nil
}

// planner answers requests.
type planner struct {
	newPage  NewPage
	template *template.Template
	// turns bounds how many plans are computed at once.
	turns    chan struct{}
	deadline time.Duration
	compute  func(context.Context, form, NewPage) (*plan, error)
}

func newPlanner(newPage NewPage) (*planner, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	page, err := template.New("page.html").Funcs(template.FuncMap{
		"regions": facts.Regions,
		"id":      id,
		"short":   func(path string) string { return strings.TrimPrefix(path, specKey+".") },
		"problem": func(p *problem.Problem) string { return strings.TrimSpace(p.Value + " " + p.Sentence()) },
	}).ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	return &planner{
		newPage: newPage, template: page, deadline: deadline, compute: compute,
		turns: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}, nil
}

// id is a path as the id of an element.
func id(path string) string {
	return strings.Map(func(r rune) rune {
		if r == ':' || r == '.' {
			return '-'
		}
		return r
	}, path)
}

func (p *planner) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("POST /{$}", p.show)
	mux.HandleFunc("POST /config", p.download(func(plan *plan) (string, string, []byte, error) {
		return plan.form.fileName(), "application/yaml", plan.file, nil
	}))
	mux.HandleFunc("POST /report", p.download(func(plan *plan) (string, string, []byte, error) {
		var page bytes.Buffer
		err := plan.page.HTML(&page)
		return plan.form.Stack + "-report.html", "text/html; charset=utf-8", page.Bytes(), err
	}))
	mux.HandleFunc("POST /handover", p.download(func(plan *plan) (string, string, []byte, error) {
		return plan.form.Stack + "-handover.txt", "text/plain; charset=utf-8", plan.handover(), nil
	}))
	mux.HandleFunc("GET /planner.css", file("planner.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /drawing.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(report.StyleSheet()))
	})
	mux.HandleFunc("GET /planner.js", file("planner.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /icon.svg", file("icon.svg", "image/svg+xml"))
	return mux
}

// file answers with an embedded file.
func file(name, kind string) http.HandlerFunc {
	content, err := files.ReadFile(name)
	return func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content)
	}
}

// handover is the handover sheet as text.
func (p *plan) handover() []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s · planned, not deployed\n\n", p.form.Stack)
	for _, row := range p.page.Handover {
		value := row.Value
		if value == "" {
			value = "(known once it is deployed)"
		}
		fmt.Fprintf(&text, "%-24s  %s\n", row.Name, value)
	}
	return text.Bytes()
}

// show answers with the page.
func (p *planner) show(w http.ResponseWriter, r *http.Request) {
	plan, ok := p.plan(w, r)
	if !ok {
		return
	}
	var page bytes.Buffer
	if err := p.template.Execute(&page, newView(plan)); err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}

// download answers with a file, or with the page where there are problems.
func (p *planner) download(file func(*plan) (name, kind string, content []byte, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		plan, ok := p.plan(w, r)
		if !ok {
			return
		}
		if plan.count > 0 {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = p.template.Execute(w, newView(plan))
			return
		}
		name, kind, content, err := file(plan)
		if err != nil {
			http.Error(w, "the file could not be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		_, _ = w.Write(content)
	}
}

// plan reads the form of a request and computes its plan; when it is not ok, the
// request has been answered.
func (p *planner) plan(w http.ResponseWriter, r *http.Request) (*plan, bool) {
	if r.Method == http.MethodPost {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
			http.Error(w, "send a form", http.StatusUnsupportedMediaType)
			return nil, false
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the form cannot be read", status)
		return nil, false
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.deadline)
	defer cancel()
	plan, err := p.inTurn(ctx, readForm(r.Form))
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "the plan takes too long; try again", http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, "the plan failed: "+err.Error(), http.StatusInternalServerError)
	}
	return plan, err == nil
}

// inTurn computes a plan when it is its turn. A computation that outlives the
// context keeps its turn until it ends.
func (p *planner) inTurn(ctx context.Context, f form) (*plan, error) {
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type result struct {
		plan *plan
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-p.turns }()
		defer func() {
			// The server goes on; net/http does the same for its own goroutines.
			if broken := recover(); broken != nil {
				done <- result{err: fmt.Errorf("panic: %v", broken)}
			}
		}()
		plan, err := p.compute(ctx, f, p.newPage)
		done <- result{plan, err}
	}()
	select {
	case r := <-done:
		return r.plan, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

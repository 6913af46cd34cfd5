package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/terminal"
)

const (
	// redraw is the time between two frames of a live display.
	redraw = 100 * time.Millisecond
	// patience is how long something may take before a live display tells of it.
	patience = time.Second
)

// progress shows what takes long while it does: on a terminal a live display that
// is redrawn in place, elsewhere a line for each resource that is done.
type progress struct {
	out    io.Writer
	style  terminal.Style
	screen *terminal.Screen // nil where nothing is redrawn
	silent bool

	mu    sync.Mutex
	step  string    // what is done at the moment, before there are resources
	begin time.Time // of the step or the operation; of a step that tells its time, zero
	noted bool
	tree  *tree // of the operation, once it has begun
	stop  func()
	// warned are the warnings that it has told.
	warned []string
}

// newProgress returns the display of what a command does. A silent one shows
// nothing but on a terminal. The end of ctx is shown as an interruption.
func newProgress(ctx context.Context, out io.Writer, silent bool) *progress {
	p := &progress{
		out: out, style: terminal.For(out), screen: terminal.NewScreen(out), silent: silent,
		begin: time.Now(), stop: func() {},
	}
	if p.screen == nil {
		return p
	}
	ticking, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.tick(ctx, ticking)
	}()
	p.stop = func() { stop(); <-ended }
	return p
}

// during shows on a terminal what is done while do runs, if that takes long.
func during(cmd *cobra.Command, step string, do func() error) error {
	p := newProgress(cmd.Context(), cmd.ErrOrStderr(), true)
	defer p.finish(nil)
	p.now(step)
	return do()
}

// tick redraws the live display until it is stopped, so that its seconds run
// while nothing happens.
func (p *progress) tick(ctx, ticking context.Context) {
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-ticking.Done():
			return
		case <-ticker.C:
			p.mu.Lock()
			if p.tree != nil {
				p.tree.interrupted = ctx.Err() != nil
			}
			if lines := p.frame(time.Now()); lines != nil {
				p.screen.Draw(lines)
			}
			p.mu.Unlock()
		}
	}
}

// frame is what a live display shows at a time; nil is nothing yet.
func (p *progress) frame(now time.Time) []string {
	width, height := p.screen.Size()
	switch {
	case p.tree != nil:
		return p.tree.frame(now, width, height-1)
	case p.step != "" && p.begin.IsZero():
		return []string{spinner(now) + " " + p.step}
	case p.step != "" && now.Sub(p.begin) >= patience:
		return []string{fmt.Sprintf("%s %s  %s", spinner(now), p.step, p.style.Faint(elapsed(now.Sub(p.begin))))}
	}
	return nil
}

// now says what is done from now on, for a live display alone.
func (p *progress) now(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.begin = step, time.Now()
}

// note tells what takes long before the engine starts. On a terminal the first line
// stays, and those after it take one another's place.
func (p *progress) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen == nil || !p.noted {
		p.print(line)
		p.noted = true
		return
	}
	p.step, p.begin = line, time.Time{}
}

// warn tells what may not be meant.
func (p *progress) warn(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.warnOnce(text)
}

// warnOnce tells a warning that it has not told yet: the program says what its
// components' plans warn of when the engine runs it, too.
func (p *progress) warnOnce(text string) {
	if text = strings.TrimSpace(text); slices.Contains(p.warned, text) {
		return
	}
	p.warned = append(p.warned, text)
	p.print(p.style.Unsure("warning:") + " " + p.style.Hang(text, 9))
}

func (p *progress) print(line string) {
	switch {
	case p.screen != nil:
		p.screen.Print(line)
	case !p.silent:
		fmt.Fprintln(p.out, line)
	}
}

// start begins the operation, whose resources the tree has.
func (p *progress) start(t *tree) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin = time.Now()
	t.begin, t.style = p.begin, p.style
	p.tree = t
}

// finish ends the display and leaves what has become of each component; err is
// why the operation failed. It reports whether it has told of failures. It may be
// called twice.
func (p *progress) finish(err error) (told bool) {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen == nil {
		return false
	}
	p.screen.End()
	if p.tree != nil {
		width, _ := p.screen.Size()
		for _, line := range p.tree.result(width, err != nil) {
			fmt.Fprintln(p.out, line)
		}
		told = true
	}
	p.screen, p.silent = nil, true
	return told
}

// event shows one step of the operation.
func (p *progress) event(e automation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tree != nil {
		p.tree.event(e)
	}
	switch verb := verbOf(e.Op); {
	case e.Status == automation.StatusDiagnostic && e.Severity == automation.SeverityWarning:
		p.warnOnce(e.Message)
	case e.Status == automation.StatusDone && verb.changes && p.screen == nil && !p.silent && !isPlumbing(e.Type):
		fmt.Fprintf(p.out, "  %-8s %-60s %5.1f s\n", verb.done, shortType(e.Type)+" "+e.Name, time.Since(p.begin).Seconds())
	}
}

// verb is what an operation does to a resource, in words.
type verb struct {
	doing, done string
	// changes says that it is told of each resource.
	changes bool
}

// verbOf returns the verb of an engine's operation.
func verbOf(op string) verb {
	switch op {
	case "create", "create-replacement":
		return verb{"creating", "created", true}
	case "update":
		return verb{"updating", "updated", true}
	case "delete", "delete-replaced":
		return verb{"deleting", "deleted", true}
	case "replace":
		return verb{"replacing", "replaced", true}
	case "refresh":
		return verb{"reading", "read", true}
	case "same":
		return verb{"checking", "unchanged", false}
	}
	return verb{"working on", "done", false}
}

// spinner is a sign of life.
func spinner(now time.Time) string {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[now.UnixMilli()/redraw.Milliseconds()%int64(len(frames))])
}

// elapsed is a duration as it runs: "4.2 s", "2:05 min".
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}

// shortType returns "Subnet" of "aws:ec2/subnet:Subnet".
func shortType(token string) string {
	return token[strings.LastIndex(token, ":")+1:]
}

// isProvider reports whether a type is a Pulumi provider.
func isProvider(token string) bool { return strings.HasPrefix(token, "pulumi:providers:") }

// isPlumbing reports whether a type is none of a cloud's: the stack, a provider
// or a component.
func isPlumbing(token string) bool {
	return strings.HasPrefix(token, "pulumi:") || strings.HasPrefix(token, "underlay:")
}

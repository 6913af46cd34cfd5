package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/underlay-iac/underlay/automation"
)

// progress shows what the engine does while it works: on a terminal one line
// that is rewritten, elsewhere a line for each resource that is done.
type progress struct {
	out    io.Writer
	silent bool
	live   bool

	mu      sync.Mutex
	begin   time.Time
	total   int
	done    int
	current string
	stopped chan struct{}
}

func newProgress(out io.Writer, silent bool) *progress {
	file, isFile := out.(*os.File)
	return &progress{
		out: out, silent: silent, begin: time.Now(),
		live: !silent && isFile && isatty.IsTerminal(file.Fd()),
	}
}

// note prints a line of its own: what takes long before the engine starts.
func (p *progress) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.silent {
		fmt.Fprintf(p.out, "%s%s\n", p.erase(), line)
	}
}

// start begins the operation; total is how many resources it is about, 0 if unknown.
func (p *progress) start(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin, p.total, p.current = time.Now(), total, "starting the engine"
	if !p.live {
		return
	}
	p.stopped = make(chan struct{})
	go p.tick(p.stopped)
}

// tick redraws the live line so that its seconds run while the engine is quiet.
func (p *progress) tick(stopped <-chan struct{}) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// stop ends the display; it may be called twice.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped == nil {
		return
	}
	close(p.stopped)
	p.stopped = nil
	fmt.Fprint(p.out, p.erase())
}

// participles say what a finished operation has done to a resource.
var participles = map[string]string{
	"create": "created", "update": "updated", "delete": "deleted", "refresh": "read",
	"create-replacement": "created", "replace": "replaced", "delete-replaced": "deleted",
}

// event shows one step.
func (p *progress) event(e automation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := shortType(e.Type) + " " + e.Name
	switch e.Status {
	case automation.StatusStarted:
		p.current = name
	case automation.StatusDone:
		verb, changed := participles[e.Op]
		if e.Op == "same" || changed && !isPlumbing(e.Type) {
			p.done++
		}
		if changed && !p.silent && !p.live && !isPlumbing(e.Type) {
			fmt.Fprintf(p.out, "  %-8s %-60s %5.1f s\n", verb, name, time.Since(p.begin).Seconds())
		}
	case automation.StatusDiagnostic:
		if e.Severity == automation.SeverityWarning && !p.silent {
			fmt.Fprintf(p.out, "%swarning: %s\n", p.erase(), e.Message)
		}
	}
}

// draw rewrites the live line.
func (p *progress) draw() {
	count := fmt.Sprint(p.done)
	if p.total > 0 {
		count = fmt.Sprintf("%d of %d", min(p.done, p.total), p.total)
	}
	fmt.Fprintf(p.out, "%s  %5.1f s  %s  %s", p.erase(), time.Since(p.begin).Seconds(), count, p.current)
}

// erase clears the live line.
func (p *progress) erase() string {
	if !p.live {
		return ""
	}
	return "\r\x1b[K"
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

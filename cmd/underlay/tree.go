package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/terminal"
)

// tree is what an operation is about, the resources below their components, and
// how far it is with each.
type tree struct {
	title string
	style terminal.Style
	begin time.Time
	// interrupted says that the user has asked it to end; ended that it has, and
	// failed that it failed.
	interrupted, ended, failed bool

	branches []*branch // in the order in which they became known
	leaves   map[string]*leaf
	// parents are those of the components and resources, by URN.
	parents map[string]string
}

// branch is a component with the cloud's resources in it.
type branch struct {
	urn, name, kind string
	// leaves are in the order in which they became known.
	leaves     []*leaf
	begin, end time.Time // of its first and last step
}

// leaf is one of the cloud's resources.
type leaf struct {
	branch *branch
	name   string
	state  leafState
	verb   verb
	begin  time.Time
	// message is what the provider says of a failure.
	message string
}

type leafState int

const (
	leafWaiting leafState = iota
	leafActive
	leafDone
	leafFailed
)

// newTree returns the tree of an operation that will get to the resources of a
// recorded graph, and maybe to others. The graph may be nil.
func newTree(title, stack string, g *graph.Graph) *tree {
	t := &tree{title: title, leaves: map[string]*leaf{}, parents: map[string]string{}}
	// What stands in no component is the stack's own.
	t.branches = []*branch{{name: stack, kind: "Stack"}}
	if g == nil {
		return t
	}
	for _, r := range g.Resources {
		switch {
		case !r.Custom:
			t.component(r.URN, r.Type, r.Name, r.Parent)
		case !r.External && !isProvider(r.Type):
			t.leaf(r.URN, r.Type, r.Name, r.Parent)
		}
	}
	return t
}

// component adds a component.
func (t *tree) component(urn, token, name, parent string) {
	if !strings.HasPrefix(token, "underlay:") || t.find(urn) != nil {
		return
	}
	t.branches = append(t.branches, &branch{urn: urn, name: name, kind: shortType(token)})
	t.parents[urn] = parent
}

// find returns a component's branch, nil if there is none.
func (t *tree) find(urn string) *branch {
	i := slices.IndexFunc(t.branches[1:], func(b *branch) bool { return b.urn == urn })
	if i < 0 {
		return nil
	}
	return t.branches[1+i]
}

// leaf returns a resource's leaf, which it adds when it is new.
func (t *tree) leaf(urn, token, name, parent string) *leaf {
	if l, ok := t.leaves[urn]; ok {
		return l
	}
	b := t.find(parent)
	for b == nil {
		above, known := t.parents[parent]
		if !known {
			b = t.branches[0]
			break
		}
		parent, b = above, t.find(above)
	}
	l := &leaf{branch: b, name: shortType(token) + " " + name}
	t.parents[urn] = parent
	t.leaves[urn] = l
	b.leaves = append(b.leaves, l)
	return l
}

// event takes one step of the operation.
func (t *tree) event(e automation.Event) {
	if e.URN == "" {
		return
	}
	if isPlumbing(e.Type) {
		t.component(e.URN, e.Type, e.Name, e.Parent)
		return
	}
	if e.Status == automation.StatusDiagnostic {
		// The cloud's words come before the failure or after it.
		if l, ok := t.leaves[e.URN]; ok && e.Severity == automation.SeverityError && !strings.Contains(l.message, e.Message) {
			l.message = strings.TrimSpace(l.message + "\n" + e.Message)
		}
		return
	}
	l := t.leaf(e.URN, e.Type, e.Name, e.Parent)
	if l.branch.begin.IsZero() {
		l.branch.begin = e.Time
	}
	l.branch.end = e.Time
	switch e.Status {
	case automation.StatusStarted:
		l.state, l.verb, l.begin = leafActive, verbOf(e.Op), e.Time
	case automation.StatusDone:
		// The last step of a replacement removes what was replaced.
		replaced := e.Op == "delete-replaced" || l.state == leafDone && l.verb.done == "replaced"
		l.state, l.verb = leafDone, verbOf(e.Op)
		if replaced {
			l.verb = verbOf("replace")
		}
	case automation.StatusFailed:
		l.state, l.message = leafFailed, cmp.Or(l.message, e.Message)
	}
}

// count returns how many leaves are in a state.
func (b *branch) count(state leafState) int {
	n := 0
	for _, l := range b.leaves {
		if l.state == state {
			n++
		}
	}
	return n
}

// state is the branch's own: active while something in it is worked on or has yet
// to be, failed once nothing is and something has.
func (b *branch) state() leafState {
	switch {
	case b.begin.IsZero():
		return leafWaiting
	case b.count(leafActive) > 0:
		return leafActive
	case b.count(leafFailed) > 0:
		return leafFailed
	case b.count(leafWaiting) > 0:
		return leafActive
	}
	return leafDone
}

// changes counts the leaves that are done by what was done, and those that failed.
func (b *branch) changes() map[string]int {
	counts := map[string]int{"failed": b.count(leafFailed)}
	for _, l := range b.leaves {
		if l.state == leafDone {
			counts[l.verb.done]++
		}
	}
	return counts
}

// begun reports whether the operation has got to a resource.
func (t *tree) begun() bool {
	return slices.ContainsFunc(t.branches, func(b *branch) bool { return !b.begin.IsZero() })
}

// frame is what a terminal shows while the operation runs, in at most height
// lines: what is being done, then what is waiting and done as far as there is
// room.
func (t *tree) frame(now time.Time, width, height int) []string {
	done := 0
	for _, b := range t.branches {
		done += b.count(leafDone)
	}
	head := fmt.Sprintf("%s   %d of %d   %s", t.style.Heading(t.title), done, len(t.leaves), t.style.Faint(elapsed(now.Sub(t.begin))))
	if len(t.leaves) == 0 {
		head = fmt.Sprintf("%s   %s", t.style.Heading(t.title), t.style.Faint(elapsed(now.Sub(t.begin))))
	}
	switch {
	case t.interrupted:
		head += "   " + t.style.Unsure("interrupted, waiting for what has begun")
	case !t.begun():
		head += "   starting the engine"
	}
	blocks := t.blocks(now, width)
	lines := lineCount(blocks)
	// Where there is no room for all, those that are done are counted, then those
	// that wait.
	for _, fold := range []struct {
		state leafState
		text  string
	}{{leafDone, t.style.Good("✓") + " %d more done"}, {leafWaiting, "· %d more waiting"}} {
		if 1+lines <= height {
			break
		}
		var kept []block
		folded := 0
		for _, b := range blocks {
			if b.state == fold.state {
				folded++
				continue
			}
			kept = append(kept, b)
		}
		if folded > 1 {
			blocks = append(kept, block{state: leafActive, lines: []string{"  " + fmt.Sprintf(fold.text, folded)}})
			lines = lineCount(blocks)
		}
	}
	frame := []string{head}
	for _, b := range blocks {
		frame = append(frame, b.lines...)
	}
	if len(frame) > height {
		frame = append(frame[:max(0, height-1)], "  …")
	}
	return frame
}

// result is what is left on the terminal once the operation has ended: a line for
// each component, and what the cloud said where it failed.
func (t *tree) result(width int, failed bool) []string {
	t.ended, t.failed = true, failed
	if !t.begun() {
		return nil
	}
	var lines []string
	for _, b := range t.blocks(time.Time{}, width) {
		if failed || b.state != leafWaiting {
			lines = append(lines, b.lines...)
		}
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return lines
}

// block is the lines of one component.
type block struct {
	state leafState
	lines []string
}

func lineCount(blocks []block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.lines)
	}
	return n
}

// blocks are the lines of the components, as the operation runs or, when it has
// ended, as it leaves them.
func (t *tree) blocks(now time.Time, width int) []block {
	var names, kinds int
	for _, b := range t.branches {
		if len(b.leaves) > 0 {
			names, kinds = max(names, len(b.name)), max(kinds, len(b.kind))
		}
	}
	var blocks []block
	for _, b := range t.branches {
		if len(b.leaves) == 0 {
			continue
		}
		state, done := b.state(), b.count(leafDone)
		mark, text, took := "·", fmt.Sprintf("%d of %d", done, len(b.leaves)), ""
		if state != leafWaiting {
			took = elapsed(b.end.Sub(b.begin))
		}
		if state == leafActive && t.ended && !t.failed {
			state = leafDone // what it has passed by is not deployed
		}
		switch {
		case state == leafDone:
			mark, text = t.style.Good("✓"), changesText(t.style, b.changes())
		case state == leafFailed:
			mark, text = t.style.Bad("✗"), changesText(t.style, b.changes())
		case state == leafWaiting && t.ended:
			text = t.style.Faint("not begun")
		case state == leafWaiting:
			text = t.style.Faint("waiting")
		case !t.ended:
			mark, took = t.style.Unsure(spinner(now)), elapsed(now.Sub(b.begin))
		}
		line := fmt.Sprintf("  %s %s  %s  %s   %s", mark, pad(t.style.Heading(b.name), names), pad(t.style.Faint(b.kind), kinds),
			t.style.Faint(fmt.Sprintf("%8s", took)), text)
		lines := []string{strings.TrimRight(line, " ")}
		for _, l := range b.leaves {
			switch {
			case l.state == leafFailed:
				lines = append(lines, "      "+t.style.Bad("✗")+" "+l.name)
				for line := range strings.Lines(l.message) {
					if line = bare(line); line == "" {
						continue
					}
					for _, line := range terminal.Wrap(line, max(40, width-10)) {
						lines = append(lines, "        "+line)
					}
				}
			case l.state == leafActive && !t.ended && now.Sub(l.begin) >= patience:
				lines = append(lines, fmt.Sprintf("      %s %s  %s", l.verb.doing, l.name, t.style.Faint(elapsed(now.Sub(l.begin)))))
			}
		}
		blocks = append(blocks, block{state, lines})
	}
	return blocks
}

// bare is a line of a message without what providers put around the cloud's words.
func bare(line string) string {
	line = strings.TrimPrefix(strings.TrimSpace(line), "* ")
	return strings.TrimSuffix(line, "1 error occurred:")
}

// pad fills a text up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

package automation

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Status is what an [Event] reports.
type Status string

// The statuses. A resource is started and then done or failed; a diagnostic is
// a message, with a resource or without.
const (
	StatusStarted    Status = "started"
	StatusDone       Status = "done"
	StatusFailed     Status = "failed"
	StatusDiagnostic Status = "diagnostic"
)

// Severity is how serious a diagnostic is.
type Severity string

// The severities.
const (
	SeverityInfo    Severity = "info"
	SeverityWarning Severity = "warning"
	SeverityError   Severity = "error"
)

// Event is one step of an operation's progress.
type Event struct {
	// Time is when the step became known here.
	Time time.Time
	// URN, Type, Name and Parent (a URN) are the resource's; empty for a
	// diagnostic of no resource. Components, providers and the stack are
	// resources as well.
	URN, Type, Name, Parent string
	// Op is what happens to the resource, in the engine's words: "create",
	// "update", "same", "delete", "read", "refresh"; a replacement is
	// "create-replacement", "replace" and "delete-replaced". Empty for a
	// diagnostic.
	Op     string
	Status Status
	// Elapsed is the time since the resource was started; 0 when it starts.
	Elapsed time.Duration
	// Message is a diagnostic's text without colours, and for a failed resource
	// what the provider said; else empty.
	Message string
	// Severity is the diagnostic's; else empty.
	Severity Severity
}

const (
	// stackType is the type of the resource that stands for the whole stack.
	stackType = "pulumi:pulumi:Stack"
	// secret is what Pulumi shows in place of a secret.
	secret = "[secret]"
)

// boilerplate holds the messages with which the engine says no more than that
// the operation failed.
var boilerplate = map[string]bool{"update failed": true, "preview failed": true, "resource operation failed": true}

// watcher turns the engine's events into ours and sums them up. One goroutine
// at a time uses it.
type watcher struct {
	onEvent func(Event)
	// started has the time since which each resource, by URN, is worked on.
	started map[string]time.Time
	// downloads has the plugins whose download was reported.
	downloads map[string]bool

	changes Changes
	outputs map[string]any
	// failures are the resources that failed, in order; general are the errors
	// of no resource.
	failures []Failure
	general  []string
}

// newWatcher returns a watcher that reports to onEvent, which may be nil.
func newWatcher(onEvent func(Event)) *watcher {
	if onEvent == nil {
		onEvent = func(Event) {}
	}
	return &watcher{
		onEvent: onEvent, started: map[string]time.Time{}, downloads: map[string]bool{}, outputs: map[string]any{},
	}
}

// take takes the next event of the engine.
func (w *watcher) take(e events.EngineEvent) {
	switch {
	case e.Error != nil:
		w.diagnostic("", SeverityWarning, fmt.Sprintf("an event of the engine was lost: %v", e.Error))
	case e.ResourcePreEvent != nil:
		w.step(StatusStarted, e.ResourcePreEvent.Metadata)
	case e.ResOutputsEvent != nil:
		w.step(StatusDone, e.ResOutputsEvent.Metadata)
	case e.ResOpFailedEvent != nil:
		w.step(StatusFailed, e.ResOpFailedEvent.Metadata)
	case e.DiagnosticEvent != nil:
		d := e.DiagnosticEvent
		message := strings.TrimSpace(colors.Never.Colorize(d.Message))
		severity := SeverityInfo
		if s := Severity(d.Severity); s == SeverityWarning || s == SeverityError {
			severity = s
		}
		if severity == SeverityError {
			w.failed(d.URN, message)
		}
		w.diagnostic(d.URN, severity, message)
	case e.PolicyEvent != nil:
		p := e.PolicyEvent
		message := fmt.Sprintf("policy %s: %s", p.PolicyName, strings.TrimSpace(colors.Never.Colorize(p.Message)))
		if p.EnforcementLevel == "mandatory" {
			w.failed(p.ResourceURN, message)
			w.diagnostic(p.ResourceURN, SeverityError, message)
			return
		}
		w.diagnostic(p.ResourceURN, SeverityWarning, message)
	case e.ErrorEvent != nil:
		w.failed("", e.ErrorEvent.Error)
		w.diagnostic("", SeverityError, e.ErrorEvent.Error)
	case e.ProgressEvent != nil:
		w.progress(*e.ProgressEvent)
	case e.SummaryEvent != nil:
		w.changes = changes(e.SummaryEvent.ResourceChanges)
	}
}

// step reports what happens to one resource.
func (w *watcher) step(status Status, m apitype.StepEventMetadata) {
	event := describe(m.URN)
	event.Op, event.Status = string(m.Op), status
	state := m.New
	if state == nil {
		state = m.Old
	}
	if state != nil {
		event.Parent = state.Parent
	}
	switch begin, ok := w.started[m.URN]; {
	case status == StatusStarted:
		w.started[m.URN] = event.Time
	case ok:
		event.Elapsed = event.Time.Sub(begin)
	}
	if status == StatusFailed {
		w.failed(m.URN, "")
		for _, failure := range w.failures {
			if failure.URN == m.URN {
				event.Message = failure.Message
			}
		}
	}
	// The stack is done twice: when it is registered and when its outputs are.
	if status == StatusDone && m.Type == stackType && m.New != nil && m.Op != apitype.OpDelete {
		w.outputs = plain(m.New.Outputs).(map[string]any)
	}
	w.onEvent(event)
}

// diagnostic reports a message.
func (w *watcher) diagnostic(of string, severity Severity, message string) {
	event := describe(of)
	event.Status, event.Severity, event.Message = StatusDiagnostic, severity, message
	if begin, ok := w.started[of]; ok {
		event.Elapsed = event.Time.Sub(begin)
	}
	w.onEvent(event)
}

// progress reports the beginning and the end of a plugin's download: real
// providers have hundreds of megabytes.
func (w *watcher) progress(p apitype.ProgressEvent) {
	// The many reports between the first and the last say nothing new.
	if p.Done == w.downloads[p.ID] {
		w.downloads[p.ID] = true
		message := strings.TrimSpace(p.Message)
		if p.Done {
			message += ": done"
		}
		w.diagnostic("", SeverityInfo, message)
	}
}

// failed notes an error of a resource, or of none; a resource's messages are
// joined. The messages of the stack are the program's and the engine's own.
func (w *watcher) failed(of, message string) {
	if of == "" || urn.URN(of).Type() == stackType {
		if message != "" && !boilerplate[message] {
			w.general = append(w.general, message)
		}
		return
	}
	for i := range w.failures {
		if f := &w.failures[i]; f.URN == of {
			if f.Message != "" && message != "" {
				f.Message += "\n"
			}
			f.Message += message
			return
		}
	}
	event := describe(of)
	w.failures = append(w.failures, Failure{URN: of, Type: event.Type, Name: event.Name, Message: message})
}

// describe returns an event of now about the resource.
func describe(of string) Event {
	event := Event{Time: time.Now(), URN: of}
	if u := urn.URN(of); u.IsValid() {
		event.Type, event.Name = string(u.Type()), u.Name()
	}
	return event
}

// plain returns an output as a reader wants it: the engine's placeholder of a
// secret is "[secret]", that of a value not yet known nil.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		if v == plugin.UnknownStringValue {
			return nil
		}
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = plain(element)
		}
		return list
	case map[string]any:
		if v[resource.SigKey] == resource.SecretSig {
			return secret
		}
		object := make(map[string]any, len(v))
		for key, value := range v {
			object[key] = plain(value)
		}
		return object
	}
	return v
}

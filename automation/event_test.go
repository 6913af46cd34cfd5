package automation

import (
	"errors"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
)

const (
	subnet = "urn:pulumi:dev::net::underlay:dataplane:AwsDataPlaneNetwork$aws:ec2/subnet:Subnet::net-nodes-a"
	root   = "urn:pulumi:dev::net::pulumi:pulumi:Stack::net-dev"
)

// feed gives the engine's events to a watcher and returns what it reports,
// without the times.
func feed(list ...apitype.EngineEvent) (*watcher, []Event) {
	var reported []Event
	w := newWatcher(func(e Event) {
		e.Time = time.Time{}
		reported = append(reported, e)
	})
	for _, e := range list {
		w.take(events.EngineEvent{EngineEvent: e})
	}
	return w, reported
}

// A diagnostic loses its colours and keeps the provider's words; the engine's
// own "update failed" is no reason.
func TestWatcherDiagnostics(t *testing.T) {
	w, reported := feed(
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{
			URN: subnet, Severity: "error", Message: "<{%reset%}>InvalidSubnet.Conflict: overlaps<{%reset%}>\n",
		}},
		apitype.EngineEvent{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: apitype.StepEventMetadata{
			Op: apitype.OpCreate, URN: subnet, Type: "aws:ec2/subnet:Subnet", New: &apitype.StepEventStateMetadata{Parent: root},
		}}},
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{URN: subnet, Severity: "error", Message: "and more"}},
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", Message: "update failed"}},
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{URN: root, Severity: "error", Message: "out of memory"}},
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "info#err", Message: "a line of output"}},
		apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "warning", Message: "deprecated"}},
	)
	assert.Equal(t, []Failure{{
		URN: subnet, Type: "aws:ec2/subnet:Subnet", Name: "net-nodes-a", Message: "InvalidSubnet.Conflict: overlaps\nand more",
	}}, w.failures)
	assert.Equal(t, []string{"out of memory"}, w.general)
	of := Event{URN: subnet, Type: "aws:ec2/subnet:Subnet", Name: "net-nodes-a", Status: StatusDiagnostic, Severity: SeverityError}
	overlaps, more, failed := of, of, of
	overlaps.Message, more.Message = "InvalidSubnet.Conflict: overlaps", "and more"
	failed.Status, failed.Severity, failed.Op, failed.Parent = StatusFailed, "", "create", root
	failed.Message = "InvalidSubnet.Conflict: overlaps"
	assert.Equal(t, []Event{
		overlaps, failed, more,
		{Status: StatusDiagnostic, Severity: SeverityError, Message: "update failed"},
		{
			URN: root, Type: stackType, Name: "net-dev", Status: StatusDiagnostic, Severity: SeverityError,
			Message: "out of memory",
		},
		{Status: StatusDiagnostic, Severity: SeverityInfo, Message: "a line of output"},
		{Status: StatusDiagnostic, Severity: SeverityWarning, Message: "deprecated"},
	}, reported)
}

// A mandatory policy fails the resource, an advisory one warns; a plugin's
// download is reported when it begins and ends.
func TestWatcherPoliciesAndDownloads(t *testing.T) {
	progress := func(done bool) apitype.EngineEvent {
		return apitype.EngineEvent{ProgressEvent: &apitype.ProgressEvent{
			ID: "aws", Message: "Downloading plugin aws", Done: done,
		}}
	}
	w, reported := feed(
		progress(false), progress(false), progress(true),
		apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{
			ResourceURN: subnet, PolicyName: "no-public", Message: "subnet is public\n", EnforcementLevel: "mandatory",
		}},
		apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{
			PolicyName: "tags", Message: "no owner", EnforcementLevel: "advisory",
		}},
		apitype.EngineEvent{ErrorEvent: &apitype.ErrorEvent{Error: "the engine broke"}},
	)
	assert.Equal(t, []Failure{{
		URN: subnet, Type: "aws:ec2/subnet:Subnet", Name: "net-nodes-a", Message: "policy no-public: subnet is public",
	}}, w.failures)
	assert.Equal(t, []string{"the engine broke"}, w.general)
	assert.Equal(t, []Event{
		{Status: StatusDiagnostic, Severity: SeverityInfo, Message: "Downloading plugin aws"},
		{Status: StatusDiagnostic, Severity: SeverityInfo, Message: "Downloading plugin aws: done"},
		{
			URN: subnet, Type: "aws:ec2/subnet:Subnet", Name: "net-nodes-a",
			Status: StatusDiagnostic, Severity: SeverityError, Message: "policy no-public: subnet is public",
		},
		{Status: StatusDiagnostic, Severity: SeverityWarning, Message: "policy tags: no owner"},
		{Status: StatusDiagnostic, Severity: SeverityError, Message: "the engine broke"},
	}, reported)
}

// Outputs come from the stack's last event; the engine's placeholders become
// plain values.
func TestWatcherOutputs(t *testing.T) {
	done := func(outputs map[string]any) apitype.EngineEvent {
		return apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: apitype.StepEventMetadata{
			Op: apitype.OpUpdate, URN: root, Type: stackType, New: &apitype.StepEventStateMetadata{Outputs: outputs},
		}}}
	}
	hidden := map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
	w, _ := feed(
		done(map[string]any{"gone": 1}),
		done(map[string]any{
			"id": "vpc-1", "later": "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "key": hidden,
			"list": []any{hidden, "a", 2.0, true}, "object": map[string]any{"in": hidden, "out": nil},
		}),
		apitype.EngineEvent{SummaryEvent: &apitype.SummaryEvent{ResourceChanges: map[apitype.OpType]int{
			"create": 1, "import": 2, "update": 4, "replace": 8, "create-replacement": 100, "delete": 16, "same": 32, "read": 100,
		}}},
	)
	assert.Equal(t, map[string]any{
		"id": "vpc-1", "later": nil, "key": "[secret]",
		"list": []any{"[secret]", "a", 2.0, true}, "object": map[string]any{"in": "[secret]", "out": nil},
	}, w.outputs)
	assert.Equal(t, Changes{Create: 3, Update: 4, Replace: 8, Delete: 16, Same: 32}, w.changes)
}

// An event that could not be read is said to be lost.
func TestWatcherLostEvent(t *testing.T) {
	var reported []Event
	w := newWatcher(func(e Event) { reported = append(reported, e) })
	w.take(events.EngineEvent{Error: errors.New("unexpected end of JSON input")})
	assert.Len(t, reported, 1)
	assert.Equal(t, SeverityWarning, reported[0].Severity)
	assert.Equal(t, "an event of the engine was lost: unexpected end of JSON input", reported[0].Message)
}

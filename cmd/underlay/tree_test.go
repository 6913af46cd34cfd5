package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/graph"
)

const (
	stackURN    = "urn:stack"
	dnsURN      = "urn:net$dns"
	providerURN = "urn:provider"
)

// growing is a tree with the steps that it is given, a second after one another.
type growing struct {
	*tree
	now time.Time
}

// grow returns the tree of two components of two resources each, one that has
// another inside, and a resource of the stack's own.
func grow() *growing {
	resource := func(urn, token, name, parent string) graph.Resource {
		return graph.Resource{
			URN: urn, Type: token, Name: name, Parent: parent,
			Custom: !strings.HasPrefix(token, "underlay:") && token != "pulumi:pulumi:Stack",
		}
	}
	g := &graph.Graph{Resources: []graph.Resource{
		resource(stackURN, "pulumi:pulumi:Stack", "underlay-dev", ""),
		resource(providerURN, "pulumi:providers:aws", "aws", stackURN),
		resource("urn:net", "underlay:dataplane:AwsDataPlaneNetwork", "net", stackURN),
		resource("urn:vpc", "aws:ec2/vpc:Vpc", "net-vpc", "urn:net"),
		resource("urn:nat", "aws:ec2/natGateway:NatGateway", "net-nat", "urn:vpc"),
		resource(dnsURN, "underlay:dns:Names", "net-dns", "urn:net"),
		resource("urn:zone", "aws:route53/zone:Zone", "names", dnsURN),
		resource("urn:bridge", "underlay:sqsbridge:SqsBridge", "bridge", stackURN),
		resource("urn:queue", "aws:sqs/queue:Queue", "bridge-to", "urn:bridge"),
		resource("urn:group", "azure-native:resources:ResourceGroup", "group", stackURN),
	}}
	t := &growing{newTree("up dev", "dev", g), time.Unix(1_800_000_000, 0)}
	t.begin = t.now
	return t
}

func (t *growing) step(urn, op string, status automation.Status) {
	t.now = t.now.Add(time.Second)
	e := automation.Event{Time: t.now, URN: urn, Op: op, Status: status}
	if status == automation.StatusFailed {
		e.Message = "1 error occurred:\n\t* creating queue: api error AccessDenied: no\n"
	}
	t.event(e)
}

func (t *growing) done(op string, urns ...string) {
	for _, urn := range urns {
		t.step(urn, op, automation.StatusStarted)
		t.step(urn, op, automation.StatusDone)
	}
}

// shown is a frame with every spinner as *.
func (t *growing) shown(height int) string {
	lines := strings.Join(t.frame(t.now, 80, height), "\n")
	return strings.ReplaceAll(lines, spinner(t.now), "*") + "\n"
}

func (t *growing) left(failed bool) string {
	return strings.Join(t.result(80, failed), "\n") + "\n"
}

// A component runs from its first resource to its last, and tells which resource
// takes long.
func TestTree(t *testing.T) {
	tree := grow()
	assert.Equal(t, `up dev   0 of 5   0.0 s   starting the engine
  · dev      Stack                           waiting
  · net      AwsDataPlaneNetwork             waiting
  · net-dns  Names                           waiting
  · bridge   SqsBridge                       waiting
`, tree.shown(20))

	tree.done("create", "urn:vpc", "urn:group")
	tree.step("urn:nat", "create", automation.StatusStarted)
	assert.Equal(t, `up dev   2 of 5   5.0 s
  ✓ dev      Stack                   1.0 s   1 created
  * net      AwsDataPlaneNetwork     4.0 s   1 of 2
  · net-dns  Names                           waiting
  · bridge   SqsBridge                       waiting
`, tree.shown(20))

	tree.now = tree.now.Add(95 * time.Second)
	assert.Equal(t, `up dev   2 of 5   1:40 min
  ✓ dev      Stack                   1.0 s   1 created
  * net      AwsDataPlaneNetwork  1:39 min   1 of 2
      creating NatGateway net-nat  1:35 min
  · net-dns  Names                           waiting
  · bridge   SqsBridge                       waiting
`, tree.shown(20))

	tree.step("urn:nat", "create", automation.StatusDone)
	tree.done("same", "urn:zone")
	tree.done("update", "urn:queue")
	assert.Equal(t, `  ✓ dev      Stack                   1.0 s   1 created
  ✓ net      AwsDataPlaneNetwork  1:40 min   2 created
  ✓ net-dns  Names                   1.0 s   1 unchanged
  ✓ bridge   SqsBridge               1.0 s   1 updated

`, tree.left(false))
}

// A replacement is one change, in whatever order its steps come.
func TestTreeOfAReplacement(t *testing.T) {
	tree := grow()
	tree.done("create-replacement", "urn:vpc")
	tree.done("replace", "urn:vpc")
	assert.Contains(t, tree.shown(20), "1 of 2")
	tree.done("same", "urn:nat")
	tree.done("delete-replaced", "urn:vpc")
	assert.Contains(t, tree.left(false), "1 replaced, 1 unchanged")
}

// What fails keeps the cloud's words, whether they come before the failure or
// after it; what else was to come has not begun.
func TestTreeOfAFailure(t *testing.T) {
	tree := grow()
	tree.done("create", "urn:vpc")
	tree.step("urn:queue", "create", automation.StatusStarted)
	tree.step("urn:queue", "create", automation.StatusFailed)
	tree.event(automation.Event{
		URN: "urn:queue", Status: automation.StatusDiagnostic, Severity: automation.SeverityError,
		Message: "the queue has a name of more than eighty characters, which is what a queue's name may have at most",
	})
	assert.Equal(t, `  · dev      Stack                           not begun
  · net      AwsDataPlaneNetwork     1.0 s   1 of 2
  · net-dns  Names                           not begun
  ✗ bridge   SqsBridge               1.0 s   1 failed
      ✗ Queue bridge-to
        creating queue: api error AccessDenied: no
        the queue has a name of more than eighty characters, which is what a
        queue's name may have at most

`, tree.left(true))
}

// A refused configuration gets to no resource, and leaves no tree.
func TestTreeOfNothing(t *testing.T) {
	tree := grow()
	tree.event(automation.Event{Time: tree.now, URN: stackURN, Type: "pulumi:pulumi:Stack", Op: "create", Status: automation.StatusStarted})
	assert.Empty(t, tree.result(80, true))
}

// Resources that the configuration no longer has are known from their steps.
func TestTreeOfADestroy(t *testing.T) {
	tree := grow()
	tree.event(automation.Event{
		Time: tree.now, URN: "urn:old", Type: "aws:ec2/subnet:Subnet", Name: "old", Parent: "urn:net",
		Op: "delete", Status: automation.StatusStarted,
	})
	tree.done("delete", "urn:vpc")
	assert.Contains(t, tree.shown(20), "1 of 3")
	tree.step("urn:old", "delete", automation.StatusDone)
	assert.Equal(t, `  ✓ net      AwsDataPlaneNetwork     3.0 s   2 deleted

`, tree.left(false), "what was not deployed is not told of")
}

// A frame is never higher than the terminal: what runs is shown first, the rest is
// counted.
func TestTreeHasNoRoom(t *testing.T) {
	tree := grow()
	for i := range 9 {
		urn := fmt.Sprintf("urn:more-%d", i)
		tree.component(urn, "underlay:x:More", fmt.Sprintf("more-%d", i), stackURN)
		tree.leaf(urn+"-a", "aws:x:Y", "a", urn)
	}
	tree.done("create", "urn:vpc", "urn:group", "urn:zone")
	for height := 1; height < 16; height++ {
		assert.LessOrEqual(t, len(tree.frame(tree.now, 80, height)), height, height)
	}
	assert.Equal(t, `up dev   3 of 14   6.0 s
  * net      AwsDataPlaneNetwork     5.0 s   1 of 2
  ✓ 2 more done
  · 10 more waiting
`, tree.shown(6))

	for i := range 9 {
		tree.step(fmt.Sprintf("urn:more-%d-a", i), "create", automation.StatusStarted)
	}
	assert.Equal(t, 9, len(strings.Split(tree.shown(8), "\n")), "eight lines, the last of which says that there are more")
	assert.Contains(t, tree.shown(8), "  …\n")
}

func TestElapsed(t *testing.T) {
	assert.Equal(t, "0.0 s", elapsed(0))
	assert.Equal(t, "59.9 s", elapsed(59900*time.Millisecond))
	assert.Equal(t, "1:00 min", elapsed(time.Minute))
	assert.Equal(t, "75:03 min", elapsed(75*time.Minute+3*time.Second))
}

package problem_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/problem"
)

func TestNearest(t *testing.T) {
	services := []string{"ecr.api", "ecr.dkr", "elasticloadbalancing", "secretsmanager", "ssm", "ssmmessages", "sqs"}
	cases := []struct {
		name    string
		known   []string
		nearest string
	}{
		{"ecr-api", services, "ecr.api"},
		{"ecr.api", services, "ecr.api"},
		{"ECR.API", services, "ecr.api"},
		{"ssm-messages", services, "ssmmessages"},
		{"secretmanager", services, "secretsmanager"},
		{"elastic", services, "elasticloadbalancing"},
		{"smtp-relay-of-the-office", services, ""},
		{"zone", []string{"zones", "zoneSlots"}, "zones"},
		{"podCIDR", []string{"vpcCidr", "podCidr"}, "podCidr"},
		{"anything", nil, ""},
	}
	for _, c := range cases {
		assert.Equal(t, c.nearest, problem.Nearest(c.name, c.known), c.name)
	}
}

func TestDidYouMeanListsTheChoicesWhenNoneIsNear(t *testing.T) {
	assert.Equal(t, `did you mean "single"?`, problem.DidYouMean("singel", []string{"single", "perZone"}))
	assert.Equal(t, "use single or perZone", problem.DidYouMean("many", []string{"single", "perZone"}))
	assert.Equal(t, "use a, b or c", problem.DidYouMean("something", []string{"a", "b", "c"}))
}

func TestUnderPlacesPaths(t *testing.T) {
	list := problem.List{{Path: "cidr"}, {Path: "[1]"}, {}}
	var paths []string
	for _, p := range list.Under("vpc") {
		paths = append(paths, p.Path)
	}
	assert.Equal(t, []string{"vpc.cidr", "vpc[1]", "vpc"}, paths)
	assert.Equal(t, "cidr", list[0].Path, "the list itself is unchanged")
}

func TestAddKeepsWhatAnErrorSays(t *testing.T) {
	inner := problem.List{problem.New("10.0.0.1/8", "has host bits set", "the network is 10.0.0.0/8")}
	var list problem.List
	list.Add("ok", nil)
	list.Add("vpc", fmt.Errorf("network: %w", inner))
	list.Add("vpc.zone", problem.New("x", "is not a zone", ""))
	list.Add("file", errors.New("is gone"))
	require.Len(t, list, 3)
	assert.Equal(t, "vpc: 10.0.0.1/8: has host bits set; the network is 10.0.0.0/8\nvpc.zone: x: is not a zone\nfile: is gone", list.Error())
}

func TestErrIsNilForAnEmptyListAndReachableOtherwise(t *testing.T) {
	var list problem.List
	require.NoError(t, list.Err())
	list.Addf("a", "1", "use 2", "is %d", 1)
	wrapped := fmt.Errorf("load: %w", list.Err())
	var found problem.List
	require.ErrorAs(t, wrapped, &found)
	var one *problem.Problem
	require.ErrorAs(t, wrapped, &one)
	assert.Equal(t, "is 1; use 2", one.Sentence())
}

package requirements_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/underlay-iac/underlay/verify/requirements"
)

// There are 56 invariants, each group numbered from 1 without a gap.
func TestAll(t *testing.T) {
	counts := map[string]int{}
	for _, r := range requirements.All() {
		group, number, _ := strings.Cut(r.ID, "-")
		counts[group]++
		assert.Equal(t, counts[group], int(number[2]-'0')+10*int(number[1]-'0'), r.ID)
		assert.NotEmpty(t, r.Sources, r.ID)
		assert.NotEmpty(t, r.Models, r.ID)
		assert.Regexp(t, regexp.MustCompile(`^[^.]+(\.[^ ][^.]*)*\.$`), r.Why, "%s: one sentence", r.ID)
		assert.True(t, strings.HasSuffix(r.Mend, "."), r.ID)
		assert.False(t, strings.HasSuffix(r.Title, "."), r.ID)
		for _, model := range r.Models {
			assert.Contains(t, requirements.Models(), model, r.ID)
		}
		assert.True(t, slices.IsSortedFunc(r.Models, func(a, b string) int {
			return slices.Index(requirements.Models(), a) - slices.Index(requirements.Models(), b)
		}), r.ID)
	}
	assert.Equal(t, map[string]int{"ADDR": 13, "EGR": 7, "ISO": 11, "REA": 9, "EP": 8, "DNS": 6, "TAG": 1, "SKU": 1}, counts)
	assert.Len(t, requirements.All(), 56)
}

// The sets of endpoints are those of the documents, typed from them.
func TestEndpointSets(t *testing.T) {
	for id, services := range map[string]string{
		"EP-001": "aps aps-workspaces ecr.api ecr.dkr ec2 ec2messages eks elasticloadbalancing kms logs monitoring secretsmanager ssm sts sqs xray",
		"EP-002": "aps aps-workspaces ecr.api ecr.dkr ecs ec2messages kms logs ssm ssmmessages sts sqs xray",
		"EP-003": "ec2 ecr.api ecr.dkr logs sts elasticloadbalancing autoscaling secretsmanager rds s3 elasticache email-smtp",
	} {
		stack, prefix := "staging", "endpoints-"
		switch id {
		case "EP-002":
			stack, prefix = "dedicated-dev", "control-endpoints-"
		case "EP-003":
			stack, prefix = "aoscloud-dev", "aos-endpoints-"
		}
		for _, service := range strings.Fields(services) {
			g, model := record(t, stack)
			drop("VpcEndpoint "+prefix+strings.ReplaceAll(service, ".", "-"))(t, g)
			got := verdict(t, g, model, id)
			assert.Equal(t, requirements.Refuted, got.Verdict, service)
			assert.Contains(t, got.Reason, "no interface endpoint for "+service, service)
		}
	}
}

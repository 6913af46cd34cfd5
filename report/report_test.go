package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// broken verifies staging with a route that leads pods out.
func broken(t *testing.T) report.Verification {
	t.Helper()
	env, err := stacks.Load("../Pulumi.staging.yaml")
	require.NoError(t, err)
	g, err := graph.Record(t.Context(), stacks.Project, "staging", nil, env.Program())
	require.NoError(t, err)
	var exported bytes.Buffer
	require.NoError(t, g.Export(&exported))
	vpc := g.ByType("aws:ec2/vpc:Vpc")[0].URN
	table := vpc[:strings.LastIndex(vpc, "aws:")] + "aws:ec2/routeTable:RouteTable::net-pods"
	var document struct {
		Version    int `json:"version"`
		Deployment struct {
			Resources []map[string]any `json:"resources"`
		} `json:"deployment"`
	}
	require.NoError(t, json.Unmarshal(exported.Bytes(), &document))
	provider := ""
	for _, r := range document.Deployment.Resources {
		if p, ok := r["provider"].(string); ok && r["type"] == "aws:ec2/vpc:Vpc" {
			provider = p
		}
	}
	add := func(token, name string, inputs map[string]any) string {
		urn := "urn:pulumi:staging::underlay::" + token + "::" + name
		document.Deployment.Resources = append(document.Deployment.Resources, map[string]any{
			"urn": urn, "id": urn, "type": token, "custom": true, "inputs": inputs, "outputs": inputs, "provider": provider,
		})
		return urn
	}
	igw := add("aws:ec2/internetGateway:InternetGateway", "igw", map[string]any{"vpcId": vpc})
	add("aws:ec2/route:Route", "way-out", map[string]any{"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": igw})
	data, err := json.Marshal(document)
	require.NoError(t, err)
	g, err = graph.Load(bytes.NewReader(data))
	require.NoError(t, err)
	results, err := requirements.Verify(requirements.Input{Graph: g, Model: requirements.SharedAWS})
	require.NoError(t, err)
	return report.New(requirements.SharedAWS, "staging", results)
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	v := broken(t)
	require.NoError(t, v.Text(&out, terminal.Style{}))
	text := out.String()
	assert.Contains(t, text, "REFUTED         ISO-001   Pod subnets have no path to the internet   (Network configuration for Conveyor, Private subnets)\n"+
		"    Subnet net-pods-eu-west-1a  →  internet   tcp 443\n")
	assert.Regexp(t, ` \d+  Route way-out +0\.0\.0\.0/0 → the internet gateway igw`, text)
	assert.Contains(t, text, "    mend: Remove the default route from the pod tier's table, or put these workloads in the node tier.\n")
	assert.Contains(t, text, "UNKNOWN         EGR-007 ")
	assert.Contains(t, text, "    decided by Vpc net-vpc\n")
	assert.Regexp(t, `(?m)^\d+ proven, [2-9] refuted, 1 unknown, \d+ not applicable$`, text)

	out.Reset()
	require.NoError(t, v.Brief(&out, terminal.Style{}))
	assert.Contains(t, out.String(), "✗ ISO-001   Pod subnets have no path to the internet\n                        Route way-out: ")
}

// The JSON has the fields that others script against, and the same bytes each time.
func TestJSON(t *testing.T) {
	var out, again bytes.Buffer
	require.NoError(t, broken(t).JSON(&out))
	require.NoError(t, broken(t).JSON(&again))
	assert.Equal(t, out.String(), again.String())

	var got struct {
		Model    string
		Summary  map[string]int
		Verdicts []map[string]any
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, "shared-aws", got.Model)
	assert.Equal(t, 1, got.Summary["unknown"])
	for _, verdict := range got.Verdicts {
		for _, key := range []string{"id", "title", "source", "verdict", "paths", "blocked_by", "deciding_unknowns", "fix"} {
			assert.Contains(t, verdict, key, "%v", verdict["id"])
		}
		if verdict["id"] != "ISO-001" {
			continue
		}
		assert.Equal(t, "REFUTED", verdict["verdict"])
		assert.Equal(t, "urn:pulumi:staging::underlay::aws:ec2/route:Route::way-out", verdict["blocked_by"].(map[string]any)["urn"])
		path := verdict["paths"].([]any)[0].(map[string]any)
		assert.Equal(t, "internet", path["to"])
		assert.Equal(t, "tcp", path["packet"].(map[string]any)["protocol"])
		assert.Contains(t, path["hops"].([]any)[0], "effect")
	}
}

// The SARIF is valid by the standard's own schema, and holds what is not proven.
func TestSARIF(t *testing.T) {
	file, err := os.Open("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("sarif.json", document))
	schema, err := compiler.Compile("sarif.json")
	require.NoError(t, err)

	var out bytes.Buffer
	v := broken(t)
	require.NoError(t, v.SARIF(&out, "Pulumi.staging.yaml"))
	log, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(log))
	log.(map[string]any)["version"] = "3"
	require.Error(t, schema.Validate(log), "the schema refuses something")

	var got struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID, Level string
				RuleIndex     int
				Locations     []struct {
					LogicalLocations []struct{ FullyQualifiedName string }
				}
				CodeFlows []any
			}
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	levels := map[string]string{}
	for _, result := range got.Runs[0].Results {
		levels[result.RuleID] = result.Level
		assert.Equal(t, result.RuleID, got.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID)
		if result.RuleID == "ISO-001" {
			assert.Equal(t, "urn:pulumi:staging::underlay::aws:ec2/route:Route::way-out", result.Locations[0].LogicalLocations[0].FullyQualifiedName)
			assert.NotEmpty(t, result.CodeFlows)
		}
	}
	assert.Equal(t, "error", levels["ISO-001"])
	assert.Equal(t, "warning", levels["EGR-007"])
	assert.NotContains(t, levels, "ADDR-001")
	assert.Len(t, levels, v.Summary.Refuted+v.Summary.Unknown)
}

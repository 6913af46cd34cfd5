package graph

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// exported is a resource as `pulumi stack export` writes it
// (apitype.ResourceV3), except that empty inputs, outputs and dependencies are
// written too, so that a script need not ask whether they are there.
type exported struct {
	URN                  string              `json:"urn"`
	Custom               bool                `json:"custom"`
	ID                   string              `json:"id,omitempty"`
	Type                 string              `json:"type"`
	Inputs               map[string]any      `json:"inputs"`
	Outputs              map[string]any      `json:"outputs"`
	Parent               string              `json:"parent,omitempty"`
	External             bool                `json:"external,omitempty"`
	Dependencies         []string            `json:"dependencies"`
	Provider             string              `json:"provider,omitempty"`
	PropertyDependencies map[string][]string `json:"propertyDependencies"`
}

// Export writes the graph as `pulumi stack export` writes a deployment. The
// same graph gives the same bytes: the manifest has neither time nor version,
// no engine having made it. The value of a secret is never written: in its
// place is a secret that cannot be decrypted, which Load takes as one that is
// not known.
//
// `pulumi stack import` reads what Export writes, with two limits. It wants
// --force for a recorded graph with a provider in it, because the id of a
// provider, there the URN, may not have "::" in it; and it has no key for a
// secret.
func (g *Graph) Export(w io.Writer) error {
	type deployment struct {
		Manifest  apitype.ManifestV1         `json:"manifest"`
		Resources []exported                 `json:"resources"`
		Metadata  apitype.SnapshotMetadataV1 `json:"metadata"`
	}
	file := struct {
		Version    int        `json:"version"`
		Deployment deployment `json:"deployment"`
	}{
		Version:    apitype.DeploymentSchemaVersionCurrent,
		Deployment: deployment{Resources: make([]exported, len(g.Resources))},
	}
	for i, r := range g.Resources {
		file.Deployment.Resources[i] = exported{
			URN: r.URN, Custom: r.Custom, ID: r.ID, Type: r.Type,
			Inputs: encodeProperties(r.Inputs), Outputs: encodeProperties(r.Outputs),
			Parent: r.Parent, External: r.External, Provider: r.Provider,
			Dependencies:         sortedURNs(r.Dependencies),
			PropertyDependencies: sortedEdges(r.PropertyDependencies),
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(file); err != nil {
		return fmt.Errorf("write the resource graph: %w", err)
	}
	return nil
}

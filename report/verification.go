package report

import (
	"encoding/json"
	"io"

	"github.com/underlay-iac/underlay/verify/requirements"
)

// Verification is the verdicts on one environment.
type Verification struct {
	// Model is the deployment model.
	Model string `json:"model"`
	// Stack is the stack's name.
	Stack string `json:"stack"`
	// Summary counts the verdicts.
	Summary  requirements.Summary  `json:"summary"`
	Verdicts []requirements.Result `json:"verdicts"`
}

// New returns the verification of a stack.
func New(model, stack string, verdicts []requirements.Result) Verification {
	return Verification{Model: model, Stack: stack, Summary: requirements.Summarize(verdicts), Verdicts: verdicts}
}

// JSON writes one indented object.
func (v Verification) JSON(w io.Writer) error {
	return encode(w, v)
}

func encode(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

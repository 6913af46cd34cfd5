package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/report"
	"github.com/underlay-iac/underlay/verify/requirements"
)

// pictureFlags are those of commands that draw a stack or a graph.
type pictureFlags struct {
	source sourceFlags
	model  string
	output string
}

func (f *pictureFlags) add(cmd *cobra.Command) {
	f.source.addFiles(cmd)
	cmd.Flags().StringVar(&f.source.configFile, "config-file", "", "with a stack: read its configuration from this `FILE`")
	cmd.Flags().StringVar(&f.model, "model", "", "the deployment `MODEL`; with a stack the configuration says it")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write to this `FILE` instead of standard output")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		given := len(args)
		for _, path := range []string{f.source.export, f.source.preview} {
			if path != "" {
				given++
			}
		}
		switch {
		case given != 1:
			return usageError{fmt.Errorf("give one of a stack, --export and --preview, for example `%s dev`", cmd.CommandPath())}
		case f.source.configFile != "" && len(args) == 0:
			return usageError{errors.New("--config-file belongs to a stack")}
		case f.model != "" && !slices.Contains(requirements.Models(), f.model):
			return usageError{fmt.Errorf("no model %q; %s", f.model, problem.DidYouMean(f.model, requirements.Models()))}
		}
		if len(args) == 1 {
			f.source.stack = args[0]
		}
		return nil
	}
	cmd.ValidArgsFunction = completeStack
	completeFlag(cmd, "model", requirements.Models)
	_ = cmd.MarkFlagFilename("config-file", "yaml", "yml")
}

// load reads the graph that the flags choose, and the environment when it comes
// from one; it sets the model to the environment's.
func (f *pictureFlags) load(cmd *cobra.Command) (*graph.Graph, *environment, error) {
	g, env, err := f.source.load(cmd)
	if err != nil || env == nil {
		return g, nil, err
	}
	if f.model != "" && f.model != env.Spec.Model() {
		return nil, nil, usageError{fmt.Errorf("%s has the model %s, not %s: leave --model out", env.file, env.Spec.Model(), f.model)}
	}
	f.model = env.Spec.Model()
	return g, env, nil
}

// write sends what render writes to the output.
func (f *pictureFlags) write(cmd *cobra.Command, render func(io.Writer) error) (err error) {
	if f.output == "" || f.output == "-" {
		return render(cmd.OutOrStdout())
	}
	file, err := os.Create(f.output)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return render(file)
}

func newDiagram() *cobra.Command {
	var flags pictureFlags
	var format string
	cmd := &cobra.Command{
		Use:   "diagram (STACK | --export G.json | --preview P.json)",
		Short: "Draw a network, with what is proven about it",
		Long: `Draws the network of an environment or of a graph: zones are columns, tiers are rows,
the internet at the top, other networks to the left, services to the right. A green line is
a proven path, a red cross a proven absence, a grey dashed line is not known. Whatever a
browser points at in the picture tells what it rests on.`,
		Example: `  underlay diagram staging -o staging.svg
  underlay diagram dev --format mermaid
  pulumi stack export | underlay diagram --export - --format d2`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			render, ok := map[string]func(*report.Drawing, io.Writer) error{
				"svg": (*report.Drawing).SVG, "d2": (*report.Drawing).D2,
				"mermaid": (*report.Drawing).Mermaid, "dot": (*report.Drawing).DOT,
			}[strings.ToLower(format)]
			if !ok {
				return usageError{fmt.Errorf("no format %q; %s", format, problem.DidYouMean(format, diagramFormats()))}
			}
			g, _, err := flags.load(cmd)
			if err != nil {
				return err
			}
			subject, err := report.NewSubject(g, flags.model)
			if err != nil {
				return err
			}
			var drawing *report.Drawing
			err = during(cmd, "drawing "+count(len(resources(g)), "resource"), func() (err error) {
				drawing, err = subject.Draw()
				return err
			})
			if err != nil {
				return err
			}
			return flags.write(cmd, func(w io.Writer) error { return render(drawing, w) })
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&format, "format", "svg", "the `FORMAT`: "+strings.Join(diagramFormats(), ", "))
	completeFlag(cmd, "format", diagramFormats)
	return cmd
}

func diagramFormats() []string { return []string{"svg", "d2", "mermaid", "dot"} }

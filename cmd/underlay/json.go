package main

import "github.com/spf13/cobra"

// newJSONTopic is the help on what --json prints.
func newJSONTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "json",
		Short: "What --json prints, and the exit codes",
		Long: `With --json a command prints one JSON document on standard output and nothing else
there. Fields are added in later versions; none is renamed, and those of one document
always come in the same order.

  preview   operation, stack, model, region, resources, addresses, warnings, requirements,
            seconds; requirements.verdicts has those that are no proofs
  up, refresh, destroy
            operation, stack, changes, outputs, seconds
  handover  model, region, networks and what else the vendor asks for
  verify    model, stack, summary, verdicts
  reach     verdict, packet, hops, blocked_by, deciding_unknowns
  explain   without a stack a requirement, or the list of them: id, title, sources, why,
            mend, models; with a stack the list of verdicts as in verify
  cost      operation, project, stack, currency, hoursPerMonth, lines, usage, comparisons,
            total, atLeast
  diff      from, to, addresses, overlaps, paths, requirements, cost, notes
  init      operation, stack, file, model, region, addresses
  doctor    operation, ready, checks

What fails prints

  error     in one sentence
  problems  each of a configuration or a question, with path, value, rule and fix
  failures  each resource that the cloud refused, with urn, type, name and message

Exit codes: 0 done, proven, reachable; 1 failed, refuted, blocked, changed; 2 a mistake in
the command line, a configuration or a file; 3 only an output can decide.

diagram, report and serve make pictures and pages, not facts, and have no --json. Other
formats: verify --sarif, preview --export, diagram --format.`,
	}
}

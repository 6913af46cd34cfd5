package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/terminal"
	"github.com/underlay-iac/underlay/verify/reach"
	"github.com/underlay-iac/underlay/verify/topology"
)

func newReach() *cobra.Command {
	var source sourceFlags
	var question reach.Connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reach (--stack S | --export G.json | --preview P.json) --from END --to END [--proto P] [--port N]",
		Short: "Ask whether a connection gets from one place to another, and back",
		Long: `Answers one question about a resource graph, deployed or not: does a packet get from
one end to the other, and does its reply return? It names every hop on the way, or
the one that stops it, or the outputs that decide.

An end is the URN of a subnet, an instance or network interface, a load balancer, an
endpoint or a gateway; "internet"; a CIDR or address; and for --to also fqdn:NAME,
which is resolved as the sender's network does.

Exit code 0 is REACHABLE, 1 BLOCKED, 3 UNKNOWN, 2 a question that makes no sense.`,
		Example: `  underlay reach --stack dev --from 10.20.0.0/18 --to internet --port 443
  underlay reach --export graph.json --from internet --port 443 \
    --to 'urn:pulumi:dev::underlay::underlay:publicconnector:PublicConnector$aws:lb/loadBalancer:LoadBalancer::connector-nlb'
  underlay reach --stack staging --from 100.64.0.0/18 --port 443 --json \
    --to fqdn:sqs.eu-west-1.amazonaws.com`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return askReach(cmd, &source, question, asJSON)
		},
	}
	source.add(cmd)
	cmd.Flags().StringVar(&question.From, "from", "", "the `END` where the packets start")
	cmd.Flags().StringVar(&question.To, "to", "", "the `END` where they should arrive")
	cmd.Flags().StringVar(&question.Protocol, "proto", "tcp", "the `PROTOCOL`: tcp, udp, icmp, icmpv6, sctp, all, or its number")
	cmd.Flags().StringVar(&question.Port, "port", "", "destination `PORT`, 443 or 8000-8100 (default every port)")
	cmd.Flags().StringArrayVar(&question.Groups, "src-sg", nil, "`URN` of a security group that the host of --from is in; may be given several times")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	for _, end := range []string{"from", "to"} {
		_ = cmd.RegisterFlagCompletionFunc(end, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeEnds(cmd, &source), cobra.ShellCompDirectiveNoFileComp
		})
	}
	completeFlag(cmd, "proto", func() []string { return []string{"tcp", "udp", "icmp", "icmpv6", "sctp", "all"} })
	return cmd
}

func askReach(cmd *cobra.Command, source *sourceFlags, question reach.Connection, asJSON bool) error {
	g, _, err := source.load(cmd)
	if err != nil {
		return err
	}
	var engine *reach.Engine
	var result reach.Result
	err = during(cmd, "following packets through "+count(len(resources(g)), "resource"), func() error {
		model, err := topology.Build(g)
		if err != nil {
			return err
		}
		engine = reach.New(model)
		if result, err = engine.Connect(question); err != nil {
			return questionError{err}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), result)
	} else {
		printReach(cmd.OutOrStdout(), terminal.For(cmd.OutOrStdout()), engine, question, result)
	}
	if err != nil {
		return err
	}
	switch result.Verdict {
	case reach.Blocked:
		return exitError{exitFailed}
	case reach.Unknown:
		return exitError{exitUnknown}
	}
	return nil
}

// questionError is a question that makes no sense.
type questionError struct{ error }

func (e questionError) Unwrap() error { return e.error }

// printReach prints a verdict with its hops.
func printReach(w io.Writer, style terminal.Style, engine *reach.Engine, question reach.Connection, result reach.Result) {
	traffic := question.Protocol
	if question.Port != "" {
		traffic += " " + question.Port
	}
	verdict := string(result.Verdict)
	switch result.Verdict {
	case reach.Reachable:
		verdict = style.Good(verdict)
	case reach.Blocked:
		verdict = style.Bad(verdict)
	default:
		verdict = style.Unsure(verdict)
	}
	fmt.Fprintf(w, "%s   %s  →  %s   %s\n", verdict, shortURN(question.From), shortURN(question.To), traffic)
	if p := result.Packet; p != nil {
		fmt.Fprintf(w, "    for example %s → %s\n", engine.Address(p.Source), engine.Address(p.Destination))
	}
	for i, hop := range result.Hops {
		fmt.Fprintf(w, "    %2d  %-44s %s\n", i+1, hopName(hop.URN, hop.Property), style.Hang(hop.Effect, 53))
	}
	if block := result.BlockedBy; block != nil {
		fmt.Fprintf(w, "%s %s\n", style.Bad(fmt.Sprintf("     ×  %-44s", hopName(block.URN, block.Property))), style.Hang(block.Reason, 53))
	}
	for _, ref := range result.Unknowns {
		fmt.Fprintf(w, "    decided by %s\n", hopName(ref.URN, ref.Property))
	}
}

// shortURN is the name and type at the end of a URN; other text stays.
func shortURN(text string) string {
	if !strings.HasPrefix(text, "urn:") {
		return text
	}
	parts := strings.Split(text, "::")
	token := parts[max(0, len(parts)-2)]
	return token[strings.LastIndex(token, ":")+1:] + " " + parts[len(parts)-1]
}

func hopName(urn, property string) string {
	if property == "" {
		return shortURN(urn)
	}
	return shortURN(urn) + " " + property
}

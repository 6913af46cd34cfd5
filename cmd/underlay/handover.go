package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underlay-iac/underlay/automation"
	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

func newHandover() *cobra.Command {
	var flags deployFlags
	cmd := &cobra.Command{
		Use:   "handover STACK",
		Short: "Show what the platform's vendor asks for",
		Long: `Shows what the vendor needs to know of a deployed environment before it installs
the platform: VPCs or VNets, blocks, zones or subnets, public addresses,
connector, queues, support role, private zones, the room for a cluster, names to
let out. It reads the stack's outputs and changes nothing.`,
		Example: `  underlay handover dev --sandbox
  underlay handover staging --json > for-the-vendor.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return handover(cmd, &flags, args[0])
		},
	}
	flags.add(cmd)
	return cmd
}

func handover(cmd *cobra.Command, flags *deployFlags, stack string) error {
	ctx, stdout := cmd.Context(), cmd.OutOrStdout()
	env, err := flags.load(stack)
	if err != nil {
		return err
	}
	progress := newProgress(ctx, cmd.ErrOrStderr(), flags.json)
	defer progress.finish(nil)
	progress.now("looking for the engine")
	cli, err := engine.Find(ctx, engine.Options{Tools: toolsModule(env.root), Progress: progress.note})
	if err != nil {
		return err
	}
	options := automation.Options{Pulumi: cli, WorkDir: env.root, ConfigFile: env.file}
	if flags.sandbox {
		box, err := openSandbox(ctx, env)
		if err != nil {
			return err
		}
		defer box.close()
		options = automation.Options{Pulumi: cli}
		box.use(&options)
	}
	progress.now("asking the backend for the outputs of " + stack)
	outputs, err := automation.Outputs(ctx, automation.Stack{Project: stacks.Project, Name: stack}, options)
	progress.finish(nil)
	var page *stacks.Handover
	if err == nil {
		page, err = stacks.ReadHandover(outputs)
	}
	switch deploys := flags.again(automation.OpUp, stack); {
	case errors.Is(err, automation.ErrStackNotFound):
		return fmt.Errorf("%s is not deployed; `%s` deploys it", stack, deploys)
	case errors.Is(err, stacks.ErrNoHandover):
		return fmt.Errorf("%s has nothing to hand over: it was destroyed, or deployed by an older underlay; `%s` deploys it", stack, deploys)
	case err != nil:
		var failed *automation.Error
		if errors.As(err, &failed) {
			failed.Operation = "handover"
		}
		return deployError(err, env, flags, false)
	case flags.json:
		return printJSON(stdout, page)
	}
	return printHandover(stdout, terminal.For(stdout), stack, page)
}

// printHandover prints a handover as a page that can be sent as it is.
func printHandover(w io.Writer, style terminal.Style, stack string, page *stacks.Handover) error {
	fmt.Fprintf(w, "%s\n\n", style.Heading(fmt.Sprintf("%s · %s · %s", page.Model, stack, page.Region)))
	table := terminal.Table{Gap: 2}
	for _, row := range handoverRows(page) {
		table.Row(heading(style, 0, row.heading)+row.name, row.value)
	}
	return table.Write(w)
}

// handoverRow is a line of a handover.
type handoverRow struct {
	heading, name, value string
	// later says that only the deployment tells the value.
	later bool
}

// title is the heading and the name.
func (r handoverRow) title() string {
	return strings.TrimSpace(r.heading + " " + r.name)
}

// handoverRows returns the lines of a handover, without those that are empty.
func handoverRows(page *stacks.Handover) []handoverRow {
	var rows []handoverRow
	row := func(later bool, heading, name string, values ...string) {
		if text := strings.Join(values, ", "); text != "" {
			rows = append(rows, handoverRow{heading, name, text, later})
		}
	}
	row(false, "Azure", "subscription", page.SubscriptionID)
	row(false, "", "group", page.ResourceGroup)
	for _, name := range slices.Sorted(maps.Keys(page.Networks)) {
		network := page.Networks[name]
		row(true, "Network", name, network.VpcID+network.VnetID)
		row(false, "", "blocks", network.Cidrs...)
		for _, subnet := range slices.Sorted(maps.Keys(network.SubnetIDs)) {
			row(true, "", "subnet "+subnet, network.SubnetIDs[subnet])
		}
		row(true, "", "zones", pairs(network.ZoneIDs, "%s (%s)")...)
		row(true, "", "comes from", pairs(network.NatPublicIPs, "%[2]s (%[1]s)")...)
		row(true, "", "comes from", network.EgressIPs...)
	}
	if c := page.Connector; c != nil {
		row(true, "Connector", string(c.Kind), c.DNSName+c.ServiceName+c.Address)
		var ports []string
		for _, port := range c.Ports {
			ports = append(ports, strconv.Itoa(port))
		}
		row(false, "", "TCP ports", ports...)
	}
	heading := "Queues"
	for _, direction := range slices.Sorted(maps.Keys(page.QueueURLs)) {
		row(true, heading, direction, page.QueueURLs[direction])
		heading = ""
	}
	row(true, "Support", "role", page.SupportRoleArn)
	heading = "Zones"
	for _, zone := range slices.Sorted(maps.Keys(page.PrivateZoneIDs)) {
		row(true, heading, zone, page.PrivateZoneIDs[zone])
		heading = ""
	}
	if c := page.Cluster; c != nil {
		row(false, "Cluster", "network", strings.TrimSpace(c.Posture.NetworkPlugin+" "+c.Posture.NetworkPluginMode), c.Posture.OutboundType)
		row(false, "", "room", fmt.Sprintf("%d nodes, limited by %s", c.Capacity.MaxNodes, c.Capacity.LimitedBy))
	}
	row(false, "Let out", "names", page.RequiredNames...)
	heading = "Let out"
	if len(page.RequiredNames) > 0 {
		heading = ""
	}
	for _, rule := range page.RequiredEgress {
		to := slices.Concat(rule.FQDNs, rule.ServiceTags, rule.Addresses)
		row(false, heading, egressTraffic(rule.Protocol, rule.Ports), to...)
		heading = ""
	}
	return rows
}

// egressTraffic is a protocol and its ports, "tcp 443 9000".
func egressTraffic(protocol string, ports []int) string {
	return fmt.Sprintf("%s %s", protocol, strings.Trim(fmt.Sprint(ports), "[]"))
}

// pairs returns the pairs of a map in a format, sorted by key.
func pairs(of map[string]string, format string) []string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		texts = append(texts, fmt.Sprintf(format, key, of[key]))
	}
	return texts
}

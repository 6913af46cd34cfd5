package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/addressing"
	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/azurevnet"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

func newInit() *cobra.Command {
	var force, asJSON bool
	cmd := &cobra.Command{
		Use:   "init [STACK]",
		Short: "Write the configuration of an environment",
		Long: `Asks the few questions that decide a network and writes Pulumi.STACK.yaml. The
address blocks are chosen so that they avoid the ranges you name and those of the other
environments beside it. What is written has been checked as every other command checks it.

Each question is a flag as well. What no flag answers is read from standard input, a
line for each; a script that gives the flags needs no terminal.`,
		Example: `  underlay init acme
  underlay init acme --model shared-aws --region eu-west-1 --internet no --avoid 10.0.0.0/12
  underlay init acme-azure --model shared-azure --location westeurope --egress natGateway \
    --subscription 11111111-2222-4333-8444-555555555555 --control-plane-cidrs 203.0.113.0/24`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("give one stack, for example `%s dev`", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := newAsker(cmd)
			if err != nil {
				return err
			}
			result, err := initStack(cmd.ErrOrStderr(), a, args, force)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), result)
			}
			printInit(cmd.OutOrStdout(), terminal.For(cmd.OutOrStdout()), result)
			return nil
		},
	}
	for _, q := range questions() {
		help := q.help
		if len(q.choices) > 0 {
			help += ": " + strings.Join(q.choices, ", ")
		}
		cmd.Flags().String(q.flag, "", help)
		completeFlag(cmd, q.flag, func() []string { return q.choices })
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file when there is one")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// initResult is what `init --json` prints.
type initResult struct {
	Operation string         `json:"operation"`
	Stack     string         `json:"stack"`
	File      string         `json:"file"`
	Model     string         `json:"model"`
	Region    string         `json:"region"`
	Addresses []addressRange `json:"addresses"`
	// blocks are those that were chosen, for people.
	blocks []string
}

func printInit(w io.Writer, style terminal.Style, r initResult) {
	fmt.Fprintf(w, "%s written: %s, %s\n", style.Place(r.File), r.Model, strings.Join(r.blocks, ", "))
	fmt.Fprintf(w, "See what it builds:  %s\n", style.Place("underlay preview "+r.Stack))
}

// The questions by their flags.
const (
	askModel          = "model"
	askRegion         = "region"
	askZones          = "zones"
	askInternet       = "internet"
	askDataAccount    = "data-plane-account"
	askControlAccount = "control-plane-account"
	askLocation       = "location"
	askSubscription   = "subscription"
	askResourceGroup  = "resource-group"
	askEgress         = "egress"
	askControlPlane   = "control-plane-cidrs"
	askFirewall       = "firewall-ip"
	askEntry          = "firewall-public-ip"
	askAvoid          = "avoid"
)

// question is what is asked, and given by a flag.
type question struct {
	flag, text, help string
	choices          []string
}

func questions() []question {
	return []question{
		{askModel, "Deployment model", "deployment `MODEL`", initModels()},
		{askRegion, "AWS region", "AWS `REGION`, for example eu-west-1", nil},
		{askZones, "Availability zones", "availability `ZONES` with commas between them (default the region's first three)", nil},
		{askInternet, "May the workloads reach the internet", "`ANSWER` to whether workloads reach the internet, by a NAT gateway, or AWS alone, by interface endpoints", []string{"yes", "no"}},
		{askDataAccount, "AWS account of the data plane", "`ID` of the AWS account of the data plane", nil},
		{askControlAccount, "AWS account of the control plane", "`ID` of the AWS account of the control plane", nil},
		{askLocation, "Azure region", "Azure `REGION` in its short form, for example westeurope", nil},
		{askSubscription, "Azure subscription", "`ID` of the Azure subscription to deploy to", nil},
		{askResourceGroup, "Resource group", "`NAME` of the resource group to make (default the stack's name)", nil},
		{askEgress, "How traffic gets out", "`WAY` out in Azure", egresses()},
		{askControlPlane, "Blocks that the control plane connects from", "public `BLOCKS` of the vendor's control plane with commas between them", nil},
		{askFirewall, "Private address of your firewall", "private `ADDRESS` of your firewall; with egress customerFirewall", nil},
		{askEntry, "Public address of your firewall that the control plane connects to", "public `ADDRESS` of your firewall for the control plane's connections; with egress customerFirewall", nil},
		{askAvoid, "Ranges to avoid", "`BLOCKS` that are used elsewhere, with commas between them (default none)", nil},
	}
}

// initModels are the models that a configuration is written for.
func initModels() []string {
	return []string{
		stacks.SharedAwsModel, stacks.SharedAzureModel, stacks.DedicatedAwsModel, stacks.AosCloudModel, stacks.AksLandingZoneModel,
	}
}

// egresses are the ways out in Azure.
func egresses() []string {
	return []string{
		string(azurevnet.EgressNatGateway), string(azurevnet.EgressLoadBalancer),
		string(azurevnet.EgressCustomerFirewall), string(azurevnet.EgressNone),
	}
}

// asker gets answers from flags, and from a person or a file for the rest.
type asker struct {
	flags map[string]string      // that are given
	read  func() (string, error) // a line, or what there is of one before io.EOF
	out   io.Writer
	// terminal says that a person answers, who can be asked again.
	terminal bool
	asked    map[string]bool
}

func newAsker(cmd *cobra.Command) (*asker, error) {
	a := &asker{flags: map[string]string{}, read: lines(cmd.Context(), cmd.InOrStdin()), out: cmd.ErrOrStderr(), asked: map[string]bool{}}
	if file, isFile := cmd.InOrStdin().(*os.File); isFile {
		a.terminal = term.IsTerminal(int(file.Fd()))
	}
	for _, q := range questions() {
		if cmd.Flags().Changed(q.flag) {
			text, err := cmd.Flags().GetString(q.flag)
			if err != nil {
				return nil, err
			}
			a.flags[q.flag] = text
		}
	}
	return a, nil
}

// ask returns the answer to a question; check says what is wrong with one, and
// fallback is taken for an empty one unless it is empty too.
func (a *asker) ask(flag, fallback string, check func(string) error) (string, error) {
	a.asked[flag] = true
	if text, given := a.flags[flag]; given {
		text = strings.TrimSpace(text)
		if err := check(text); err != nil {
			return "", usageError{fmt.Errorf("--%s: %v", flag, err)} // not %w: it is no configuration's problem
		}
		return text, nil
	}
	i := slices.IndexFunc(questions(), func(q question) bool { return q.flag == flag })
	q := questions()[i]
	style := terminal.For(a.out)
	prompt := style.Heading(q.text)
	if len(q.choices) > 0 {
		prompt += style.Faint(" (" + strings.Join(q.choices, ", ") + ")")
	}
	if fallback != "" {
		prompt += " [" + fallback + "]"
	}
	for {
		fmt.Fprintf(a.out, "%s: ", prompt)
		line, err := a.read()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			fmt.Fprintln(a.out)
			return "", fmt.Errorf("%w; nothing was written", err)
		}
		text := cmp.Or(strings.TrimSpace(line), fallback)
		if !a.terminal {
			fmt.Fprintln(a.out, text)
		}
		if ended && text == "" {
			return "", usageError{fmt.Errorf("%s: no answer; give --%s", q.text, flag)}
		}
		wrong := check(text)
		switch {
		case wrong == nil:
			return text, nil
		case !a.terminal || ended:
			return "", usageError{fmt.Errorf("%s: %v", q.text, wrong)}
		}
		fmt.Fprintf(a.out, "  %s\n", style.Unsure(wrong.Error()))
	}
}

// lines returns a function that reads a line, or what there is of one before
// io.EOF. The end of ctx ends the wait for it.
func lines(ctx context.Context, in io.Reader) func() (string, error) {
	type result struct {
		line string
		err  error
	}
	buffered := bufio.NewReader(in)
	return func() (string, error) {
		read := make(chan result, 1)
		go func() {
			line, err := buffered.ReadString('\n')
			read <- result{line, err}
		}()
		select {
		case r := <-read:
			return r.line, r.err
		case <-ctx.Done():
			return "", errors.New("interrupted")
		}
	}
}

// unasked are the flags that are given although nothing asked for them.
func (a *asker) unasked() []string {
	var flags []string
	for _, q := range questions() {
		if _, given := a.flags[q.flag]; given && !a.asked[q.flag] {
			flags = append(flags, "--"+q.flag)
		}
	}
	return flags
}

// stackName is what Pulumi takes as a stack's name.
var stackName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

func initStack(stderr io.Writer, a *asker, args []string, force bool) (result initResult, err error) {
	root := projectRoot()
	stack := "dev"
	if len(args) == 1 {
		stack = args[0]
	}
	if !stackName.MatchString(stack) {
		return result, usageError{fmt.Errorf("stack %q: use 1 to 100 letters, digits and _ . -", stack)}
	}
	file := filepath.Join(root, "Pulumi."+stack+".yaml")
	if _, err := os.Stat(file); err == nil && !force {
		return result, usageError{fmt.Errorf("%s is there already; give another stack, or --force to overwrite it", filepath.Base(file))}
	}
	facts, err := catalog.Load()
	if err != nil {
		return result, err
	}
	taken := otherBlocks(stderr, root, stack)
	text, blocks, err := draft(a, facts, stack, taken)
	if err != nil {
		return result, err
	}
	if unasked := a.unasked(); len(unasked) > 0 {
		return result, usageError{fmt.Errorf("%s: nothing asks for it after the other answers; remove it", strings.Join(unasked, ", "))}
	}
	env, err := stacks.Parse([]byte(text))
	if err != nil {
		return result, configError{file: filepath.Base(file), error: err}
	}
	ranges, err := env.Addresses()
	if err != nil {
		return result, err
	}
	if err := writeNew(file, text, force); err != nil {
		return result, usageError{fmt.Errorf("write the configuration: %w", err)}
	}
	return initResult{
		Operation: "init", Stack: stack, File: filepath.Base(file), Model: env.Spec.Model(), Region: env.Region(),
		Addresses: newAddressRanges(ranges), blocks: blocks,
	}, nil
}

// writeNew writes a file; one that is there already only when it is forced.
func writeNew(path, text string, force bool) (err error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, mode, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	_, err = file.WriteString(text)
	return err
}

// otherBlocks are the address blocks of the other environments beside it. One
// that is invalid has none, which is said.
func otherBlocks(stderr io.Writer, root, stack string) []netip.Prefix {
	var taken []netip.Prefix
	for _, name := range stackNames(root) {
		if name == stack {
			continue
		}
		env, err := stacks.Load(filepath.Join(root, "Pulumi."+name+".yaml"))
		if err == nil {
			var ranges []stacks.AddressRange
			ranges, err = env.Addresses()
			for _, r := range ranges {
				taken = append(taken, r.Prefix)
			}
		}
		if err != nil {
			fmt.Fprintf(stderr, "Pulumi.%s.yaml is invalid: its addresses are not avoided; `underlay preview %s` says why\n", name, name)
		}
	}
	return taken
}

// draft asks what the model needs and returns the configuration and the blocks
// that were chosen for it.
func draft(a *asker, facts *catalog.Catalog, stack string, taken []netip.Prefix) (text string, blocks []string, err error) {
	model, err := a.ask(askModel, stacks.SharedAwsModel, oneOf(initModels()...))
	if err != nil {
		return "", nil, err
	}
	w := &configWriter{model: model, taken: taken}
	switch model {
	case stacks.SharedAzureModel, stacks.AksLandingZoneModel:
		err = draftAzure(a, w, facts, stack)
	default:
		err = draftAws(a, w, facts)
	}
	if err != nil {
		return "", nil, err
	}
	return w.text(), w.blocks, nil
}

func draftAws(a *asker, w *configWriter, facts *catalog.Catalog) error {
	region, err := a.ask(askRegion, "", facts.CheckRegion)
	if err != nil {
		return err
	}
	known, _ := facts.Region(region)
	var names []string
	for _, zone := range known.Zones {
		names = append(names, zone.Name)
	}
	zones, err := a.ask(askZones, strings.Join(names[:min(3, len(names))], ","), zonesOf(names))
	if err != nil {
		return err
	}
	var internet, dataAccount, controlAccount string
	switch w.model {
	case stacks.SharedAwsModel:
		if internet, err = a.ask(askInternet, "yes", oneOf("yes", "no")); err != nil {
			return err
		}
	case stacks.DedicatedAwsModel:
		if dataAccount, err = a.ask(askDataAccount, "", checkAccount); err != nil {
			return err
		}
		if controlAccount, err = a.ask(askControlAccount, "", checkAccount); err != nil {
			return err
		}
	}
	if err := w.avoid(a); err != nil {
		return err
	}
	w.setting("aws:region", region)
	list := "[" + strings.Join(split(zones), ", ") + "]"
	switch w.model {
	case stacks.AosCloudModel:
		vpc, err := w.block("VPC", 16, 16)
		if err != nil {
			return err
		}
		w.spec("vpc:", "  baseCidr: "+vpc, "  zones: "+list, "  endpointZones: "+list)
	case stacks.DedicatedAwsModel:
		control, err := w.block("control plane VPC", 16, 20)
		if err != nil {
			return err
		}
		data, err := w.block("data plane VPC", 16, 20)
		if err != nil {
			return err
		}
		pods, err := w.pods()
		if err != nil {
			return err
		}
		w.settings = append(w.settings, "aws:allowedAccountIds: "+accounts(dataAccount))
		w.spec("controlPlane:", "  account:", "    allowedAccountIds: "+accounts(controlAccount),
			"    # Unless your credentials are for this account too, name a role or a profile:",
			`    # assumeRole: {roleArn: "arn:aws:iam::`+controlAccount+`:role/NAME"}`,
			"  vpcCidr: "+control, "  zones: "+list)
		w.spec("dataPlane:", "  vpcCidr: "+data, "  podCidr: "+pods, "  zones: "+list)
		w.spec("service: {} # PrivateLink from the control plane to the data plane")
	default:
		vpc, err := w.block("VPC", 16, 20)
		if err != nil {
			return err
		}
		pods, err := w.pods()
		if err != nil {
			return err
		}
		egress := "nat"
		if internet == "no" {
			egress = "isolated"
		}
		w.spec("dataPlane:", "  vpcCidr: "+vpc, "  podCidr: "+pods, "  zones: "+list, "  egress: "+egress)
	}
	return nil
}

func draftAzure(a *asker, w *configWriter, facts *catalog.Catalog, stack string) error {
	location, err := a.ask(askLocation, "", facts.CheckAzureRegion)
	if err != nil {
		return err
	}
	subscription, err := a.ask(askSubscription, "", checkGUID)
	if err != nil {
		return err
	}
	group, err := a.ask(askResourceGroup, stack, func(text string) error {
		if text == "" {
			return problem.New("", "is missing", "give the name of a resource group")
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.setting("azure-native:location", location)
	w.setting("azure-native:subscriptionId", subscription)
	if w.model == stacks.AksLandingZoneModel {
		if err := w.avoid(a); err != nil {
			return err
		}
		spoke, err := w.block("spoke VNet", 20, 20)
		if err != nil {
			return err
		}
		hub, err := w.block("hub VNet", 22, 22)
		if err != nil {
			return err
		}
		w.spec("resourceGroups: {hub: " + scalar(group+"-hub") + ", spoke: " + scalar(group) + "}")
		w.spec("hub:", "  vnetCidr: "+hub)
		w.spec("spoke:", "  addressSpace: ["+spoke+"]")
		w.spec("cluster:", "  pools:", "    - {name: system, vmSize: Standard_D4ds_v5, maxCount: 3, maxPods: 50}")
		return nil
	}

	egress, err := a.ask(askEgress, string(azurevnet.EgressNatGateway), oneOf(egresses()...))
	if err != nil {
		return err
	}
	lines := []string{"  egress: " + egress}
	switch azurevnet.Egress(egress) {
	case azurevnet.EgressNatGateway, azurevnet.EgressLoadBalancer:
		cidrs, err := a.ask(askControlPlane, "", checkBlocks)
		if err != nil {
			return err
		}
		lines = append(lines, "  controlPlaneCidrs: ["+strings.Join(split(cidrs), ", ")+"]")
	case azurevnet.EgressCustomerFirewall:
		address, err := a.ask(askFirewall, "", checkAddress)
		if err != nil {
			return err
		}
		entry, err := a.ask(askEntry, "", checkPublicAddress(facts))
		if err != nil {
			return err
		}
		w.taken = append(w.taken, netip.PrefixFrom(netip.MustParseAddr(address), 32))
		lines = append(lines, "  firewall: {privateIp: "+address+", controlPlaneIp: "+entry+"}",
			"  # The peering with the VNet of the firewall, without which Azure drops what goes to it:",
			"  # peerings:",
			"  #   hub: {remoteVnetId: /subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Network/virtualNetworks/NAME, addressSpace: [BLOCK]}")
	}
	if err := w.avoid(a); err != nil {
		return err
	}
	vnet, err := w.block("VNet", 20, 20)
	if err != nil {
		return err
	}
	w.spec("resourceGroup: " + scalar(group))
	w.spec(append([]string{"dataPlane:", "  addressSpace: [" + vnet + "]"}, lines...)...)
	return nil
}

// accounts is a list of one account, which YAML must not take for a number.
func accounts(id string) string { return `["` + id + `"]` }

// configWriter gathers a configuration.
type configWriter struct {
	model    string
	settings []string
	lines    []string // of the spec
	// taken are blocks that are used elsewhere, avoided those that the user
	// named.
	taken, avoided []netip.Prefix
	blocks         []string // that were chosen, "VPC 10.20.0.0/16"
}

func (w *configWriter) setting(key, value string) {
	w.settings = append(w.settings, key+": "+scalar(value))
}
func (w *configWriter) spec(lines ...string) { w.lines = append(w.lines, lines...) }

func (w *configWriter) text() string {
	w.setting("underlay:model", w.model)
	return "config:\n  " + strings.Join(w.settings, "\n  ") + "\n  underlay:spec:\n    " + strings.Join(w.lines, "\n    ") + "\n"
}

// scalar is text as YAML writes it on a line, in quotes if need be.
func scalar(text string) string {
	written, err := yaml.Marshal(text)
	if err != nil {
		return fmt.Sprintf("%q", text)
	}
	return strings.TrimSpace(string(written))
}

// avoid asks for the ranges that are used elsewhere.
func (w *configWriter) avoid(a *asker) error {
	const none = "none"
	answer, err := a.ask(askAvoid, none, func(text string) error {
		if text == none || text == "" {
			return nil
		}
		return checkBlocks(text)
	})
	if err != nil {
		return err
	}
	for _, text := range split(answer) {
		if text != none {
			w.avoided = append(w.avoided, netip.MustParsePrefix(text))
		}
	}
	return nil
}

// firstBlock is where the choice begins: networks that were never planned crowd
// at the start of 10.0.0.0/8.
var firstBlock = netip.MustParseAddr("10.20.0.0")

// block chooses a private block of a length, or failing that of a longer one,
// that is not used elsewhere.
func (w *configWriter) block(name string, bits, longest int) (string, error) {
	used := slices.Concat(w.taken, w.avoided)
	for ; bits <= longest; bits++ {
		for _, parent := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
			if p, ok := freeBlock(netip.MustParsePrefix(parent), bits, used); ok {
				w.taken = append(w.taken, p)
				w.blocks = append(w.blocks, name+" "+p.String())
				return p.String(), nil
			}
		}
	}
	return "", usageError{fmt.Errorf("no private block is left for the %s, a /%d: the ranges to avoid and the other environments take them all", name, longest)}
}

// freeBlock is the first block of a length in parent that overlaps none that is
// used; those before firstBlock come last.
func freeBlock(parent netip.Prefix, bits int, used []netip.Prefix) (netip.Prefix, bool) {
	var early netip.Prefix
	for i := 0; i < 1<<(bits-parent.Bits()); i++ {
		p, err := addressing.Block(parent, bits, i)
		if err != nil {
			return netip.Prefix{}, false
		}
		if addressing.Warn(p) != "" || slices.ContainsFunc(used, p.Overlaps) {
			continue
		}
		if p.Addr().Less(firstBlock) {
			if !early.IsValid() {
				early = p
			}
			continue
		}
		return p, true
	}
	return early, early.IsValid()
}

// pods chooses the block of the pods, which nothing outside the VPC sees: other
// environments may have the same.
func (w *configWriter) pods() (string, error) {
	p, ok := freeBlock(netip.MustParsePrefix("100.64.0.0/10"), 16, w.avoided)
	if !ok {
		return "", usageError{errors.New("no /16 of 100.64.0.0/10 is left for the pods; the ranges to avoid take them all")}
	}
	w.blocks = append(w.blocks, "pods "+p.String())
	return p.String(), nil
}

// split takes a list of answers apart.
func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func oneOf(allowed ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(allowed, text) {
			return nil
		}
		if text == "" {
			return problem.New("", "is missing", "give one of "+strings.Join(allowed, ", "))
		}
		return problem.New(text, "is not one of them", problem.DidYouMean(text, allowed))
	}
}

// zonesOf checks zones against those of a region, of which at least two are
// wanted.
func zonesOf(names []string) func(string) error {
	return func(text string) error {
		var problems problem.List
		zones := split(text)
		for i, zone := range zones {
			switch {
			case !slices.Contains(names, zone):
				problems.Addf("", zone, problem.DidYouMean(zone, names), "is not a zone of the region")
			case slices.Contains(zones[:i], zone):
				problems.Addf("", zone, "name it once", "is there twice")
			}
		}
		if len(zones) < 2 {
			problems.Addf("", text, "give two or three", "is not enough: a network is in two zones at least")
		}
		return problems.Err()
	}
}

// checkBlocks checks a list of networks.
func checkBlocks(text string) error {
	var problems problem.List
	for _, block := range split(text) {
		_, err := addressing.Parse(block)
		problems.Add("", err)
	}
	if len(split(text)) == 0 {
		problems.Addf("", "", "give networks with commas between them, for example 203.0.113.0/24", "is missing")
	}
	return problems.Err()
}

func checkAddress(text string) error {
	if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
		return problem.New(text, "is not an IPv4 address", "give one, for example 10.10.0.4")
	}
	return nil
}

func checkPublicAddress(facts *catalog.Catalog) func(string) error {
	return func(text string) error {
		if err := checkAddress(text); err != nil {
			return err
		}
		if facts.AzurePrivate(netip.PrefixFrom(netip.MustParseAddr(text), 32)) {
			return problem.New(text, "is a private address", "give the public address")
		}
		return nil
	}
}

var account = regexp.MustCompile(`^[0-9]{12}$`)

func checkAccount(text string) error {
	if !account.MatchString(text) {
		return problem.New(text, "is not the id of an AWS account", "give its 12 digits; `aws sts get-caller-identity` prints them")
	}
	return nil
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func checkGUID(text string) error {
	if !guid.MatchString(text) {
		return problem.New(text, "is not the id of a subscription", "give its GUID; `az account show --query id` prints it")
	}
	return nil
}

package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"github.com/underlay-iac/underlay/problem"
)

// The types of resources that hold a block of addresses.
const (
	vpcToken         = "aws:ec2/vpc:Vpc"
	subnetToken      = "aws:ec2/subnet:Subnet"
	associationToken = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	// Those of Azure, without the version of its API.
	vnetToken        = "azure-native:network:VirtualNetwork"
	azureSubnetToken = "azure-native:network:Subnet"
)

// apiVersion is in the tokens of Azure's types.
var apiVersion = regexp.MustCompile(`/v\d{8}(preview)?:`)

// placement is a block of addresses that an environment plans.
type placement struct {
	// path is where the configuration decides the block.
	path string
	// token and name identify the resource that holds it.
	token, name string
	// group is the tier of a subnet. A tier that is no longer planned at all
	// may go: the mode has changed. One zone of a tier may not. (In Azure a
	// tier, or role, is one subnet, and Azure keeps one that is in use.)
	group string
	cidr  netip.Prefix
}

// refuseMoves compares the planned blocks with those of the stack as it is
// deployed. It returns a problem.List that names each block that the update
// would move, replace or remove: the cloud cannot move a block, and a replaced
// VPC or VNet takes everything in it along.
func refuseMoves(ctx *pulumi.Context, planned []placement) error {
	blocks, err := deployedBlocks(ctx)
	if err != nil {
		return err
	}
	want := map[string]placement{}
	groups := map[string]placement{}
	for _, p := range planned {
		want[p.token+" "+p.name] = p
		groups[groupPrefix(p)] = p // two networks may have a tier of one name
	}
	var problems problem.List
	for _, key := range slices.Sorted(maps.Keys(blocks)) {
		cidr := blocks[key]
		token, name, _ := strings.Cut(key, " ")
		keep := "keep what is deployed and append zones; or set underlay:allowReplacement for one update"
		if token == vnetToken || token == azureSubnetToken { // whose subnets span the zones
			keep = "keep what is deployed; or set underlay:allowReplacement for one update"
		}
		switch p, kept := want[key]; {
		case kept && p.cidr.String() != cidr:
			problems.Addf(p.path, p.cidr.String(), keep, "would move %s, deployed at %s", name, cidr)
		case kept:
		case token == vpcToken || token == vnetToken:
			problems.Addf("", "", keep, "would remove %s (%s) and everything in it", name, cidr)
		default:
			for prefix, p := range groups {
				if p.token == token && strings.HasPrefix(name, prefix) {
					problems.Addf(p.path, "", keep, "would remove %s, deployed at %s, while the tier %s stays", name, cidr, p.group)
				}
			}
		}
	}
	return problems.Under(specKey).Err()
}

// groupPrefix is what the names of a tier's subnets begin with.
func groupPrefix(p placement) string {
	before, _, _ := strings.Cut(p.name, "-"+p.group+"-")
	return before + "-" + p.group + "-"
}

// deployedBlocks returns the blocks of the stack's deployed resources by type
// and name. They come from the stack's own state, by way of the engine, so that
// every way to deploy is guarded alike.
func deployedBlocks(ctx *pulumi.Context) (map[string]string, error) {
	stack := strings.Join([]string{ctx.Organization(), ctx.Project(), ctx.Stack()}, "/")
	// A file backend that writes the state at this moment may answer with half a
	// file: it does not replace what it keeps of a file beside it in one go.
	answer, err := backoff.Retry(ctx.Context(), func() (internals.UnsafeAwaitOutputResult, error) {
		// A plain invoke refuses an answer with a secret in it, and a stack's state
		// may have one.
		return internals.UnsafeAwaitOutput(ctx.Context(), ctx.InvokeOutput(
			"pulumi:pulumi:readStackResourceOutputs", &stackArgs{StackName: stack}, pulumi.MapOutput{}, pulumi.InvokeOutputOptions{}))
	}, backoff.WithMaxTries(3), backoff.WithBackOff(backoff.NewConstantBackOff(200*time.Millisecond)))
	if err != nil {
		return nil, fmt.Errorf("read what is deployed of stack %s: %w", stack, err)
	}
	if !answer.Known {
		return nil, fmt.Errorf("read what is deployed of stack %s: the engine does not know it yet", stack)
	}
	object := func(value any) map[string]any {
		properties, _ := value.(map[string]any)
		return properties
	}
	blocks := map[string]string{}
	for text, resource := range object(object(answer.Value)["outputs"]) {
		token, _ := object(resource)["type"].(string)
		token = apiVersion.ReplaceAllString(token, ":")
		outputs := object(object(resource)["outputs"])
		var cidr any
		switch token {
		case vpcToken, subnetToken, associationToken:
			cidr = outputs["cidrBlock"]
		case azureSubnetToken:
			cidr = outputs["addressPrefix"]
		case vnetToken:
			// The first block is the one that subnets are cut from.
			if space, _ := object(outputs["addressSpace"])["addressPrefixes"].([]any); len(space) > 0 {
				cidr = space[0]
			}
		}
		if block, ok := cidr.(string); ok {
			blocks[token+" "+urn.URN(text).Name()] = block
		}
	}
	return blocks, nil
}

type stackArgs struct {
	StackName string `pulumi:"stackName"`
}

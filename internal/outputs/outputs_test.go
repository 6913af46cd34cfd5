package outputs_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/graph"
	"github.com/underlay-iac/underlay/internal/outputs"
)

// What uses the text depends on every resource, and the text stays what it is.
func TestAfter(t *testing.T) {
	g, err := graph.Record(t.Context(), "project", "test", map[string]string{"aws:region": "eu-west-1"}, func(ctx *pulumi.Context) error {
		vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{CidrBlock: pulumi.String("10.0.0.0/16")})
		if err != nil {
			return err
		}
		gateway, err := ec2.NewInternetGateway(ctx, "gateway", &ec2.InternetGatewayArgs{VpcId: vpc.ID()})
		if err != nil {
			return err
		}
		_, err = ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{
			CidrBlock: pulumi.String("10.0.0.0/24"), VpcId: outputs.After(vpc.ID(), gateway),
		})
		return err
	})
	require.NoError(t, err)
	urns := map[string]string{}
	for _, r := range g.Resources {
		urns[r.Name] = r.URN
	}
	for _, r := range g.Resources {
		if r.Name == "subnet" {
			assert.Equal(t, urns["vpc"], r.Inputs["vpcId"].StringValue())
			assert.ElementsMatch(t, []string{urns["vpc"], urns["gateway"]}, r.PropertyDependencies["vpcId"])
			return
		}
	}
	t.Fatal("no subnet")
}

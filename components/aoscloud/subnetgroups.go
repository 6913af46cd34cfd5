package aoscloud

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/docdb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/addressing"
)

// subnetGroups creates the subnet groups of Aurora, DocumentDB and ElastiCache.
// AWS does not let a group change to the subnets of another VPC, so other
// subnets are another group.
func (b *builder) subnetGroups() error {
	names := pulumi.StringMap{}
	if *b.plan.Spec.SubnetGroups {
		opts := b.child(pulumi.ReplaceOnChanges([]string{"subnetIds"}))
		key := b.key(string(addressing.AosAurora))
		aurora, err := rds.NewSubnetGroup(b.ctx, key, &rds.SubnetGroupArgs{
			Description: pulumi.String("Aurora PostgreSQL of AosCloud"),
			SubnetIds:   b.subnetIDs(addressing.AosAurora),
			Tags:        b.tags(key, nil),
		}, opts...)
		if err != nil {
			return err
		}
		names[string(addressing.AosAurora)] = aurora.Name

		key = b.key(string(addressing.AosDocumentDB))
		documentDB, err := docdb.NewSubnetGroup(b.ctx, key, &docdb.SubnetGroupArgs{
			Description: pulumi.String("DocumentDB of AosCloud"),
			SubnetIds:   b.subnetIDs(addressing.AosDocumentDB),
			Tags:        b.tags(key, nil),
		}, opts...)
		if err != nil {
			return err
		}
		names[string(addressing.AosDocumentDB)] = documentDB.Name

		key = b.key(string(addressing.AosElastiCache))
		elastiCache, err := elasticache.NewSubnetGroup(b.ctx, key, &elasticache.SubnetGroupArgs{
			Description: pulumi.String("ElastiCache Redis of AosCloud"),
			SubnetIds:   b.subnetIDs(addressing.AosElastiCache),
			Tags:        b.tags(key, nil),
		}, opts...)
		if err != nil {
			return err
		}
		names[string(addressing.AosElastiCache)] = elastiCache.Name
	}
	b.network.SubnetGroupNames = names.ToStringMapOutput()
	return nil
}

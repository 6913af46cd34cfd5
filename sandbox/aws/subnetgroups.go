package aws

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/docdb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	rdsSubnetGroupType         = "aws:rds/subnetGroup:SubnetGroup"
	docdbSubnetGroupType       = "aws:docdb/subnetGroup:SubnetGroup"
	elasticacheSubnetGroupType = "aws:elasticache/subnetGroup:SubnetGroup"
)

// dbSubnetGroupName is what the provider takes as the name of a DB subnet group.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
var dbSubnetGroupName = regexp.MustCompile(`^[a-z][a-z0-9 ._-]*$`)

// cacheSubnetGroupName is likewise for a cache subnet group.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheSubnetGroup.html
var cacheSubnetGroupName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func rdsSubnetGroupKind() *kind {
	return dbSubnetGroupKind(&kind{
		token: rdsSubnetGroupType, args: rds.SubnetGroupArgs{}, outputs: rds.SubnetGroup{},
		noun: "RDS DB Subnet Group", api: api{"RDS", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", "DeleteDBSubnetGroup"},
	})
}

func docdbSubnetGroupKind() *kind {
	return dbSubnetGroupKind(&kind{
		token: docdbSubnetGroupType, args: docdb.SubnetGroupArgs{}, outputs: docdb.SubnetGroup{},
		noun: "DocumentDB Subnet Group", api: api{"DocDB", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", "DeleteDBSubnetGroup"},
	})
}

// dbSubnetGroupKind completes the kind of a DB subnet group. Those of RDS and of
// DocumentDB have one API behind them, and their ARNs are RDS's.
func dbSubnetGroupKind(k *kind) *kind {
	k.label = func(in wire.Props) string { return in.Str("name") }
	k.id = k.label
	k.Resource = wire.Resource{
		Required:   []string{"subnetIds"},
		Unmodelled: []string{"namePrefix"},
		Defaults:   wire.Props{"description": "Managed by Pulumi"},
		Name:       &wire.AutoName{Property: "name", Max: 255, Separator: "-"},
		Replace:    []string{"name", "namePrefix"},
		Computed:   []string{"namePrefix"},
		Sets:       []string{"subnetIds"},
	}
	k.check = func(c *checks) {
		c.match("name", dbSubnetGroupName, 255)
		if c.in.Str("name") == "default" {
			c.fail("name", "must not be default")
		}
	}
	k.create = func(t *tx, o *Object) error {
		if t.find(rdsSubnetGroupType, o.ID) != nil || t.find(docdbSubnetGroupType, o.ID) != nil {
			return t.refuse("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", o.ID)
		}
		o.Properties["arn"] = t.arn("rds", "subgrp:"+o.ID)
		return t.placeDBSubnetGroup(nil, o)
	}
	k.update = (*tx).placeDBSubnetGroup
	return k
}

// placeDBSubnetGroup refuses subnets that a DB subnet group cannot have.
func (t *tx) placeDBSubnetGroup(old, o *Object) error {
	vpc, zones, err := t.groupSubnets(o, "InvalidSubnet", "Some input subnets in :[%s] are invalid.")
	if err != nil {
		return err
	}
	if len(zones) < 2 {
		return t.refuse("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage "+
			"requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", "))
	}
	if err := t.sameVpc(old, vpc); err != nil {
		return err
	}
	t.groupOutputs(o, vpc)
	return nil
}

func elasticacheSubnetGroupKind() *kind {
	label := func(in wire.Props) string { return in.Str("name") }
	return &kind{
		token: elasticacheSubnetGroupType, args: elasticache.SubnetGroupArgs{}, outputs: elasticache.SubnetGroup{},
		noun: "ElastiCache Subnet Group", label: label, id: label,
		api: api{"ElastiCache", "CreateCacheSubnetGroup", "ModifyCacheSubnetGroup", "DeleteCacheSubnetGroup"},
		Resource: wire.Resource{
			Required: []string{"subnetIds"},
			Defaults: wire.Props{"description": "Managed by Pulumi"},
			Name:     &wire.AutoName{Property: "name", Max: 255, Separator: "-"},
			Replace:  []string{"name"},
			Sets:     []string{"subnetIds"},
		},
		check: func(c *checks) {
			c.match("name", cacheSubnetGroupName, 255)
			if c.in.Str("name") == "default" {
				c.fail("name", "must not be default")
			}
		},
		create: func(t *tx, o *Object) error {
			if t.find(elasticacheSubnetGroupType, o.ID) != nil {
				return t.refuse("CacheSubnetGroupAlreadyExists", "Cache subnet group %s already exists.", o.ID)
			}
			o.Properties["arn"] = t.arn("elasticache", "subnetgroup:"+o.ID)
			return t.placeCacheSubnetGroup(nil, o)
		},
		update: (*tx).placeCacheSubnetGroup,
	}
}

// placeCacheSubnetGroup refuses subnets that a cache subnet group cannot have.
// One zone is enough for it.
func (t *tx) placeCacheSubnetGroup(old, o *Object) error {
	vpc, _, err := t.groupSubnets(o, "InvalidSubnet", "The specified subnets are invalid: %s")
	if err != nil {
		return err
	}
	if err := t.sameVpc(old, vpc); err != nil {
		return err
	}
	t.groupOutputs(o, vpc)
	return nil
}

// groupSubnets returns the VPC and the zones, sorted, of the subnets that a
// subnet group names. A subnet that is not there, and subnets of two VPCs, are
// refused with the service's own code. The group does not keep its subnets
// from being deleted.
func (t *tx) groupSubnets(o *Object, code, format string) (vpc string, zones []string, err error) {
	ids := o.props().Strs("subnetIds")
	if len(ids) == 0 {
		return "", nil, t.refuse("InvalidParameterValue", "At least one subnet must be specified.")
	}
	for _, id := range ids {
		subnet := t.find(subnetType, id)
		if subnet == nil || vpc != "" && subnet.props().Str("vpcId") != vpc {
			return "", nil, t.refuse(code, format, strings.Join(ids, ", "))
		}
		vpc = subnet.props().Str("vpcId")
		zones = append(zones, subnet.props().Str("availabilityZone"))
	}
	slices.Sort(zones)
	return vpc, slices.Compact(zones), nil
}

// sameVpc refuses to change a subnet group to another VPC: another than that of
// the subnets it had, as far as they are still there.
func (t *tx) sameVpc(old *Object, vpc string) error {
	if old == nil {
		return nil
	}
	for _, id := range old.props().Strs("subnetIds") {
		if subnet := t.find(subnetType, id); subnet != nil && subnet.props().Str("vpcId") != vpc {
			return t.refuse("InvalidParameterValue", "The new Subnets are not in the same Vpc as the existing subnet group")
		}
	}
	return nil
}

// groupOutputs sets the outputs that follow from a group's VPC, where the type
// has them.
func (t *tx) groupOutputs(o *Object, vpc string) {
	for name, value := range map[string]any{"vpcId": vpc, "supportedNetworkTypes": wire.Strings("IPV4")} {
		if _, has := t.kind.Outputs.Fields[name]; has {
			o.Properties[name] = value
		}
	}
}

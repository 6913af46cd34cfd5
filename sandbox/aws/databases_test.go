package aws_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underlay-iac/underlay/sandbox/aws"
)

const (
	rdsGroupType    = "aws:rds/subnetGroup:SubnetGroup"
	docdbGroupType  = "aws:docdb/subnetGroup:SubnetGroup"
	cacheGroupType  = "aws:elasticache/subnetGroup:SubnetGroup"
	fileSystemType  = "aws:efs/fileSystem:FileSystem"
	mountTargetType = "aws:efs/mountTarget:MountTarget"

	someFileSystem = "fs-0123456789abcdef0"
)

// subnets are small ones in two zones.
func (i *instance) subnets(vpc res) (a, b res) {
	i.t.Helper()
	return i.subnet(vpc, "10.0.0.0/28", "eu-west-1a"), i.subnet(vpc, "10.0.0.16/28", "eu-west-1b")
}

// TestSubnetGroups makes, changes and removes a group of each service. The ARNs
// are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
// and its like for ElastiCache.
func TestSubnetGroups(t *testing.T) {
	for typ, arn := range map[string]string{
		rdsGroupType:   "arn:aws:rds:eu-west-1:123456789012:subgrp:db",
		docdbGroupType: "arn:aws:rds:eu-west-1:123456789012:subgrp:db",
		cacheGroupType: "arn:aws:elasticache:eu-west-1:123456789012:subnetgroup:db",
	} {
		t.Run(typ, func(t *testing.T) {
			cloud, i := newCloud(t, aws.Options{})
			v := i.vpc("10.0.0.0/16")
			a, b := i.subnets(v)
			third := i.subnet(v, "10.0.0.32/28", "eu-west-1c")
			inputs := in{"name": "db", "subnetIds": []any{a.id, b.id}}
			group := i.create(typ, inputs)
			assert.Equal(t, "db", group.id)
			assert.Equal(t, arn, group.str("arn"))
			assert.Equal(t, "Managed by Pulumi", group.str("description"))
			if typ == docdbGroupType {
				assert.NotContains(t, group.out, "vpcId")
			} else {
				assert.Equal(t, v.id, group.str("vpcId"))
			}
			// The order of the subnets says nothing.
			assert.Empty(t, i.diff(group, in{"name": "db", "subnetIds": []any{b.id, a.id}}).GetDiffs())
			grown, err := i.update(group, in{"name": "db", "subnetIds": []any{a.id, b.id, third.id}})
			require.NoError(t, err)
			assert.Len(t, grown.out["subnetIds"].ArrayValue(), 3)
			assert.Equal(t, []string{"name"}, i.diff(group, in{"name": "other", "subnetIds": []any{a.id, b.id}}).GetReplaces())

			other := i.vpc("10.1.0.0/16")
			c, d := i.subnet(other, "10.1.0.0/28", "eu-west-1a"), i.subnet(other, "10.1.0.16/28", "eu-west-1b")
			_, err = i.update(grown, in{"name": "db", "subnetIds": []any{c.id, d.id}})
			require.ErrorContains(t, err, "InvalidParameterValue: The new Subnets are not in the same Vpc as the existing subnet group")

			// A group does not hold its subnets.
			for _, r := range []res{a, b, third, grown, v, c, d, other} {
				require.NoError(t, i.remove(r), r.typ)
			}
			assert.Empty(t, cloud.Objects())
		})
	}
}

// The codes and words are those of the services' API references and of users of
// the provider (hashicorp/terraform-provider-aws issues 2525, 16419 and
// terraform-aws-modules/terraform-aws-vpc issue 821).
func TestSubnetGroupRefusals(t *testing.T) {
	const nowhere = "subnet-0123456789abcdef0"
	for _, c := range []struct {
		name string
		call func(i *instance, a, b res) error
		want string
	}{
		{"a DB group in one zone", func(i *instance, a, _ res) error {
			_, err := i.try(rdsGroupType, in{"name": "db", "subnetIds": []any{a.id}})
			return err
		}, "creating RDS DB Subnet Group (db): operation error RDS: CreateDBSubnetGroup"},
		{"a DB group in one zone, why", func(i *instance, a, _ res) error {
			_, err := i.try(rdsGroupType, in{"name": "db", "subnetIds": []any{a.id}})
			return err
		}, "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. " +
			"Current AZ coverage: eu-west-1a. Add subnets to cover at least 2 AZs."},
		{"a DocumentDB group in one zone", func(i *instance, a, _ res) error {
			_, err := i.try(docdbGroupType, in{"subnetIds": []any{a.id}})
			return err
		}, "DBSubnetGroupDoesNotCoverEnoughAZs"},
		{"a DB group of no subnet", func(i *instance, a, _ res) error {
			_, err := i.try(rdsGroupType, in{"subnetIds": []any{a.id, nowhere}})
			return err
		}, "InvalidSubnet: Some input subnets in :["},
		{"a DB group of two VPCs", func(i *instance, a, _ res) error {
			other := i.subnet(i.vpc("10.1.0.0/16"), "10.1.0.0/28", "eu-west-1b")
			_, err := i.try(rdsGroupType, in{"subnetIds": []any{a.id, other.id}})
			return err
		}, "InvalidSubnet"},
		{"a cache group of no subnet", func(i *instance, _, _ res) error {
			_, err := i.try(cacheGroupType, in{"subnetIds": []any{nowhere}})
			return err
		}, "InvalidSubnet"},
		{"a DB group that exists", func(i *instance, a, b res) error {
			i.create(rdsGroupType, in{"name": "db", "subnetIds": []any{a.id, b.id}})
			_, err := i.try(docdbGroupType, in{"name": "db", "subnetIds": []any{a.id, b.id}})
			return err
		}, "DBSubnetGroupAlreadyExists: The DB subnet group 'db' already exists."},
		{"a cache group that exists", func(i *instance, a, _ res) error {
			i.create(cacheGroupType, in{"name": "cache", "subnetIds": []any{a.id}})
			_, err := i.try(cacheGroupType, in{"name": "cache", "subnetIds": []any{a.id}})
			return err
		}, "CacheSubnetGroupAlreadyExists"},

		{"a mount target of no file system", func(i *instance, a, _ res) error {
			_, err := i.try(mountTargetType, in{"fileSystemId": someFileSystem, "subnetId": a.id})
			return err
		}, "StatusCode: 404, RequestID: "},
		{"a mount target in no subnet", func(i *instance, _, _ res) error {
			_, err := i.try(mountTargetType, in{"fileSystemId": i.create(fileSystemType, in{}).id, "subnetId": nowhere})
			return err
		}, "SubnetNotFound: The subnet ID '" + nowhere + "' does not exist"},
		{"a second mount target in a zone", func(i *instance, a, _ res) error {
			fs := i.create(fileSystemType, in{}).id
			i.create(mountTargetType, in{"fileSystemId": fs, "subnetId": a.id})
			_, err := i.try(mountTargetType, in{"fileSystemId": fs, "subnetId": a.id})
			return err
		}, "MountTargetConflict: mount target already exists in this AZ"},
		{"mount targets in two VPCs", func(i *instance, a, _ res) error {
			fs := i.create(fileSystemType, in{}).id
			i.create(mountTargetType, in{"fileSystemId": fs, "subnetId": a.id})
			other := i.subnet(i.vpc("10.1.0.0/16"), "10.1.0.0/28", "eu-west-1b")
			_, err := i.try(mountTargetType, in{"fileSystemId": fs, "subnetId": other.id})
			return err
		}, "MountTargetConflict: requested subnet for new mount target is not in the same VPC as existing mount targets"},
		{"a mount target behind a group of another VPC", func(i *instance, a, _ res) error {
			group := i.group(i.vpc("10.1.0.0/16"), "other")
			_, err := i.try(mountTargetType, in{
				"fileSystemId": i.create(fileSystemType, in{}).id, "subnetId": a.id, "securityGroups": []any{group.id},
			})
			return err
		}, "SecurityGroupNotFound"},
		{"a file system with mount targets goes", func(i *instance, a, _ res) error {
			fs := i.create(fileSystemType, in{})
			i.create(mountTargetType, in{"fileSystemId": fs.id, "subnetId": a.id})
			return i.remove(fs)
		}, "FileSystemInUse"},
		{"a subnet with a mount target goes", func(i *instance, a, _ res) error {
			i.create(mountTargetType, in{"fileSystemId": i.create(fileSystemType, in{}).id, "subnetId": a.id})
			return i.remove(a)
		}, "DependencyViolation"},
		{"a file system made twice", func(i *instance, _, _ res) error {
			i.create(fileSystemType, in{"creationToken": "one"})
			_, err := i.try(fileSystemType, in{"creationToken": "one"})
			return err
		}, "FileSystemAlreadyExists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, i := newCloud(t, aws.Options{})
			a, b := i.subnets(i.vpc("10.0.0.0/16"))
			require.ErrorContains(t, c.call(i, a, b), c.want)
		})
	}
}

// Names that the provider refuses before it asks AWS.
func TestSubnetGroupNames(t *testing.T) {
	_, i := newCloud(t, aws.Options{})
	a, b := i.subnets(i.vpc("10.0.0.0/16"))
	for typ, names := range map[string][]string{
		rdsGroupType: {"default", "Upper", "1st", "a/b"}, docdbGroupType: {"default", "Upper"}, cacheGroupType: {"default", "a_b"},
	} {
		for _, name := range names {
			_, failures := i.check(typ, in{"name": name, "subnetIds": []any{a.id, b.id}}, nil)
			assert.Len(t, failures, 1, "%s %s", typ, name)
		}
		_, failures := i.check(typ, in{"name": "db"}, nil)
		assert.Len(t, failures, 1, "%s without subnets", typ)
	}
}

// TestMountTargets makes a file system and a mount target, changes its groups and
// takes both down.
func TestMountTargets(t *testing.T) {
	cloud, i := newCloud(t, aws.Options{})
	v := i.vpc("10.0.0.0/16")
	a, b := i.subnets(v)
	group := i.group(v, "nfs")
	fs := i.create(fileSystemType, in{"encrypted": true, "tags": in{"Name": "shared"}})
	assert.Regexp(t, `^fs-0[0-9a-f]{16}$`, fs.id)
	assert.Equal(t, "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/"+fs.id, fs.str("arn"))
	assert.Equal(t, fs.id+".efs.eu-west-1.amazonaws.com", fs.str("dnsName"))
	assert.Equal(t, "shared", fs.str("name"))
	assert.Equal(t, "generalPurpose", fs.str("performanceMode"))

	first := i.create(mountTargetType, in{"fileSystemId": fs.id, "subnetId": a.id})
	second := i.create(mountTargetType, in{"fileSystemId": fs.id, "subnetId": b.id, "securityGroups": []any{group.id}})
	assert.Regexp(t, `^fsmt-0[0-9a-f]{16}$`, first.id)
	// AWS keeps .0 to .3 of a subnet, and .16 to .19 of the next.
	assert.Equal(t, "10.0.0.4", first.str("ipAddress"))
	assert.Equal(t, "10.0.0.20", second.str("ipAddress"))
	assert.Equal(t, "eu-west-1b", second.str("availabilityZoneName"))
	assert.Equal(t, "eu-west-1b."+fs.id+".efs.eu-west-1.amazonaws.com", second.str("mountTargetDnsName"))
	assert.Equal(t, v.str("defaultSecurityGroupId"), first.out["securityGroups"].ArrayValue()[0].StringValue())
	require.ErrorContains(t, i.remove(group), "DependencyViolation")

	changed, err := i.update(second, in{
		"fileSystemId": fs.id, "subnetId": b.id, "securityGroups": []any{v.str("defaultSecurityGroupId")},
	})
	require.NoError(t, err)
	require.NoError(t, i.remove(group), "no interface has it any more")
	assert.Equal(t, []string{"subnetId"}, i.diff(first, in{"fileSystemId": fs.id, "subnetId": b.id}).GetReplaces())
	assert.Empty(t, cloud.Dangling())
	for _, r := range []res{first, changed, fs, a, b, v} {
		require.NoError(t, i.remove(r), r.typ)
	}
	assert.Empty(t, cloud.Objects())
}

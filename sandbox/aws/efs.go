package aws

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

const (
	fileSystemType  = "aws:efs/fileSystem:FileSystem"
	mountTargetType = "aws:efs/mountTarget:MountTarget"
)

func fileSystemKind() *kind {
	return &kind{
		token: fileSystemType, args: efs.FileSystemArgs{}, outputs: efs.FileSystem{},
		noun: "EFS File System", api: api{"EFS", "CreateFileSystem", "UpdateFileSystem", "DeleteFileSystem"},
		prefix: "fs",
		Resource: wire.Resource{
			Unmodelled: []string{
				"availabilityZoneName", "kmsKeyId", "lifecyclePolicies", "protection", "provisionedThroughputInMibps",
			},
			Defaults: wire.Props{"throughputMode": "bursting"},
			Replace:  []string{"availabilityZoneName", "creationToken", "encrypted", "kmsKeyId", "performanceMode"},
			Computed: []string{"creationToken", "encrypted", "kmsKeyId", "performanceMode", "protection"},
		},
		check: func(c *checks) {
			c.oneOf("performanceMode", "generalPurpose", "maxIO")
			c.oneOf("throughputMode", "bursting", "elastic")
		},
		create: func(t *tx, o *Object) error {
			p := o.props()
			if token := p.Str("creationToken"); token == "" {
				p["creationToken"] = "terraform-" + hash(26, o.ID, "token")
			} else if other := first(t.where(fileSystemType, "creationToken", token)); other != nil {
				return t.refuse("FileSystemAlreadyExists", "File system '%s' already exists with creation token '%s'", other.ID, token)
			}
			if p.Str("performanceMode") == "" {
				p["performanceMode"] = "generalPurpose"
			}
			p["encrypted"] = p.Bool("encrypted")
			p["arn"] = t.arn("elasticfilesystem", "file-system/"+o.ID)
			p["dnsName"] = o.ID + ".efs." + t.session.region + ".amazonaws.com"
			p["name"] = p.StrMap("tagsAll")["Name"]
			return nil
		},
		update: func(_ *tx, _, o *Object) error {
			o.Properties["name"] = o.props().StrMap("tagsAll")["Name"]
			return nil
		},
		remove: func(t *tx, o *Object) error {
			if first(t.where(mountTargetType, "fileSystemId", o.ID)) != nil {
				return t.refuse("FileSystemInUse", "File system '%s' is in use: it still has mount targets", o.ID)
			}
			return nil
		},
	}
}

func mountTargetKind() *kind {
	return &kind{
		token: mountTargetType, args: efs.MountTargetArgs{}, outputs: efs.MountTarget{},
		noun:   "EFS Mount Target",
		label:  func(in wire.Props) string { return in.Str("fileSystemId") },
		api:    api{"EFS", "CreateMountTarget", "ModifyMountTargetSecurityGroups", "DeleteMountTarget"},
		prefix: "fsmt",
		refs: []ref{
			{property: "fileSystemId", token: fileSystemType},
			{property: "subnetId", token: subnetType, code: "SubnetNotFound"},
			{property: "securityGroups", token: securityGroupType, code: "SecurityGroupNotFound"},
		},
		Resource: wire.Resource{
			Replace:  []string{"fileSystemId", "ipAddress", "subnetId"},
			Computed: []string{"ipAddress", "securityGroups"},
			Sets:     []string{"securityGroups"},
		},
		create: createMountTarget,
		update: func(t *tx, _, o *Object) error {
			if err := t.checkMountGroups(o); err != nil {
				return err
			}
			eni := t.find(networkInterfaceType, o.props().Str("networkInterfaceId"))
			t.edit(eni).Properties["securityGroups"] = wire.Strings(o.props().Strs("securityGroups")...)
			return nil
		},
	}
}

// createMountTarget refuses what CreateMountTarget refuses: a file system has
// its mount targets in one VPC, and one a zone.
// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
func createMountTarget(t *tx, o *Object) error {
	p := o.props()
	fileSystem, subnet := t.find(fileSystemType, p.Str("fileSystemId")), t.find(subnetType, p.Str("subnetId"))
	vpc, zone := subnet.props().Str("vpcId"), subnet.props().Str("availabilityZone")
	for other := range t.where(mountTargetType, "fileSystemId", fileSystem.ID) {
		there := t.find(subnetType, other.props().Str("subnetId"))
		switch {
		case there.props().Str("vpcId") != vpc:
			return t.refuse("MountTargetConflict", "requested subnet for new mount target is not in the same VPC as existing mount targets")
		case there.props().Str("availabilityZone") == zone:
			return t.refuse("MountTargetConflict", "mount target already exists in this AZ")
		}
	}
	if len(p.Strs("securityGroups")) == 0 {
		p["securityGroups"] = wire.Strings(t.find(vpcType, vpc).props().Str("defaultSecurityGroupId"))
	}
	if err := t.checkMountGroups(o); err != nil {
		return err
	}
	if _, err := t.freeAddress(subnet, p.Str("ipAddress")); err != nil {
		if p.Str("ipAddress") != "" {
			return t.refuse("IpAddressInUse", "IP address already in use")
		}
		return t.refuse("NoFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
	}
	eni, err := t.addInterface(o, subnet, p.Str("ipAddress"), p.Strs("securityGroups"))
	if err != nil {
		return err
	}
	dns := fileSystem.props().Str("dnsName")
	p["networkInterfaceId"], p["ipAddress"] = eni.ID, eni.props().Str("privateIp")
	p["availabilityZoneName"], p["availabilityZoneId"] = zone, subnet.props().Str("availabilityZoneId")
	p["dnsName"], p["mountTargetDnsName"] = dns, zone+"."+dns
	p["fileSystemArn"] = fileSystem.props().Str("arn")
	return nil
}

// checkMountGroups refuses security groups that a mount target cannot have.
func (t *tx) checkMountGroups(o *Object) error {
	groups := o.props().Strs("securityGroups")
	if len(groups) > t.quota(catalog.QuotaSecurityGroupsPerNetworkInterface) {
		return t.refuse("SecurityGroupLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	vpc := t.find(subnetType, o.props().Str("subnetId")).props().Str("vpcId")
	outside := func(id string) bool { return t.find(securityGroupType, id).props().Str("vpcId") != vpc }
	if i := slices.IndexFunc(groups, outside); i >= 0 {
		return t.refuse("SecurityGroupNotFound", "One or more security groups are not in the subnet's VPC: %s", groups[i])
	}
	return nil
}

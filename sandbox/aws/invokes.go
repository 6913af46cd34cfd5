package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/sandbox/wire"
)

// function is an invoke: the SDK's structs, for its schema, and the answer.
type function struct {
	args, result any
	answer       func(c *Cloud, s session, args wire.Props) (wire.Props, []wire.Failure)
}

// functions are the invokes the sandbox answers, by token.
var functions = map[string]function{
	"aws:index/getAvailabilityZones:getAvailabilityZones": {sdk.GetAvailabilityZonesArgs{}, sdk.GetAvailabilityZonesResult{}, getAvailabilityZones},
	"aws:index/getAvailabilityZone:getAvailabilityZone":   {sdk.GetAvailabilityZoneArgs{}, sdk.GetAvailabilityZoneResult{}, getAvailabilityZone},
	"aws:index/getRegion:getRegion":                       {sdk.GetRegionArgs{}, sdk.GetRegionResult{}, getRegion},
	"aws:index/getCallerIdentity:getCallerIdentity":       {sdk.GetCallerIdentityArgs{}, sdk.GetCallerIdentityResult{}, getCallerIdentity},
	"aws:index/getPartition:getPartition":                 {sdk.GetPartitionArgs{}, sdk.GetPartitionResult{}, getPartition},
}

// Invoke answers a function.
func (c *Cloud) Invoke(_ context.Context, s session, token string, args wire.Props) (wire.Props, []wire.Failure, error) {
	result, failures := functions[token].answer(c, s, args)
	return result, failures, nil
}

// fields are what zones can be filtered by, and the value each zone has.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
var fields = map[string]func(s session, z catalog.Zone) string{
	"group-name":           func(s session, _ catalog.Zone) string { return s.region },
	"network-border-group": func(s session, _ catalog.Zone) string { return s.region },
	"opt-in-status":        func(session, catalog.Zone) string { return "opt-in-not-required" },
	"region-name":          func(s session, _ catalog.Zone) string { return s.region },
	"state":                func(session, catalog.Zone) string { return "available" },
	"zone-id":              func(_ session, z catalog.Zone) string { return z.ID },
	"zone-name":            func(_ session, z catalog.Zone) string { return z.Name },
	"zone-type":            func(session, catalog.Zone) string { return "availability-zone" },
}

// match returns the zones that the filters and the state of args let through.
func (c *Cloud) match(s session, args wire.Props) ([]catalog.Zone, []wire.Failure) {
	zones := c.zones(s)
	keep := func(field string, values []string) {
		zones = slices.DeleteFunc(zones, func(z catalog.Zone) bool { return !slices.Contains(values, fields[field](s, z)) })
	}
	if state := args.Str("state"); state != "" {
		keep("state", []string{state})
	}
	filters, _ := args["filters"].([]any)
	for i, f := range filters {
		object, _ := f.(map[string]any)
		filter := wire.Props(object)
		if fields[filter.Str("name")] == nil {
			return nil, []wire.Failure{{
				Property: fmt.Sprintf("filters[%d].name", i), Reason: fmt.Sprintf("The filter '%s' is invalid", filter.Str("name")),
			}}
		}
		keep(filter.Str("name"), filter.Strs("values"))
	}
	return zones, nil
}

func getAvailabilityZones(c *Cloud, s session, args wire.Props) (wire.Props, []wire.Failure) {
	zones, failures := c.match(s, args)
	if failures != nil {
		return nil, failures
	}
	var names, ids []string
	for _, z := range zones {
		if !slices.Contains(args.Strs("excludeNames"), z.Name) && !slices.Contains(args.Strs("excludeZoneIds"), z.ID) {
			names, ids = append(names, z.Name), append(ids, z.ID)
		}
	}
	result := args.Clone()
	result["id"], result["groupNames"] = s.region, wire.Strings(s.region)
	result["names"], result["zoneIds"] = wire.Strings(names...), wire.Strings(ids...)
	return result, nil
}

func getAvailabilityZone(c *Cloud, s session, args wire.Props) (wire.Props, []wire.Failure) {
	zones, failures := c.match(s, args)
	if failures != nil {
		return nil, failures
	}
	zones = slices.DeleteFunc(zones, func(z catalog.Zone) bool {
		return args.Str("name") != "" && z.Name != args.Str("name") || args.Str("zoneId") != "" && z.ID != args.Str("zoneId")
	})
	if len(zones) != 1 {
		reason := fmt.Sprintf("%d EC2 Availability Zones match; exactly one must", len(zones))
		return nil, []wire.Failure{{Property: "name", Reason: reason}}
	}
	z := zones[0]
	result := args.Clone()
	for name, value := range map[string]string{
		"id": z.Name, "name": z.Name, "zoneId": z.ID, "nameSuffix": strings.TrimPrefix(z.Name, s.region),
		"groupName": s.region, "networkBorderGroup": s.region, "region": s.region,
		"optInStatus": "opt-in-not-required", "state": "available", "zoneType": "availability-zone",
		"parentZoneId": "", "parentZoneName": "",
	} {
		result[name] = value
	}
	return result, nil
}

func getRegion(c *Cloud, s session, args wire.Props) (wire.Props, []wire.Failure) {
	name := s.region
	if n := args.Str("name"); n != "" {
		name = n
	}
	if e := args.Str("endpoint"); e != "" {
		name = strings.TrimSuffix(strings.TrimPrefix(e, "ec2."), ".amazonaws.com")
	}
	r, ok := c.catalog.Region(name)
	if !ok {
		return nil, []wire.Failure{{Property: "name", Reason: fmt.Sprintf("region not found: %s", name)}}
	}
	return wire.Props{
		"id": name, "name": name, "description": r.Title, "endpoint": "ec2." + name + ".amazonaws.com",
	}, nil
}

func getCallerIdentity(_ *Cloud, s session, _ wire.Props) (wire.Props, []wire.Failure) {
	return wire.Props{
		"id": s.account, "accountId": s.account, "arn": s.caller,
		"userId": "AIDA" + strings.ToUpper(hash(17, s.caller)),
	}, nil
}

func getPartition(*Cloud, session, wire.Props) (wire.Props, []wire.Failure) {
	return wire.Props{
		"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws",
	}, nil
}

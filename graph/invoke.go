package graph

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
)

// Call implements pulumi.MockResourceMonitor: it answers look-ups.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	l := lookup{args: args.Args, catalog: r.catalog}
	r.mu.Lock()
	l.provider = r.providers[args.Provider]
	l.region = cmp.Or(l.text("region"), l.provider.region, r.providers[""].region)
	l.azure = r.azureProvider(args.Provider)
	r.mu.Unlock()

	answer, ok := answers[args.Token]
	if !ok {
		return nil, fmt.Errorf("%s cannot be answered without a cloud: record the program with the value given to it instead", args.Token)
	}
	result, err := answer(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args.Token, err)
	}
	// A look-up returns its arguments beside its results.
	answered := maps.Clone(args.Args)
	maps.Copy(answered, resource.NewPropertyMapFromMap(result))
	return answered, nil
}

// MethodCall implements pulumi.MockResourceMonitorWithMethodCall. No resource
// of this project has methods.
func (r *recorder) MethodCall(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("the method %s cannot be called without a provider", args.Token)
}

// lookup is one question of a program.
type lookup struct {
	args     resource.PropertyMap
	catalog  *catalog.Catalog
	provider awsProvider
	azure    azureProvider
	region   string // empty when neither arguments nor provider nor config say
}

// answers has the look-ups that can be answered, by token. The results are
// those of https://www.pulumi.com/registry/packages/aws/api-docs/ (v6) and of
// https://www.pulumi.com/registry/packages/azure-native/api-docs/.
var answers = map[string]func(lookup) (map[string]any, error){
	// The engine's own: what a stack's resources had as outputs. Here no stack
	// is deployed.
	"pulumi:pulumi:readStackResourceOutputs": func(l lookup) (map[string]any, error) {
		return map[string]any{"name": l.text("stackName"), "outputs": map[string]any{}}, nil
	},
	"azure-native:authorization:getClientConfig": func(l lookup) (map[string]any, error) {
		return map[string]any{
			"clientId": documentationGUID, "objectId": documentationGUID,
			"subscriptionId": l.azure.subscription, "tenantId": l.azure.tenant,
		}, nil
	},
	"aws:index/getAvailabilityZones:getAvailabilityZones": availabilityZones,
	"aws:index/getAvailabilityZone:getAvailabilityZone":   availabilityZone,
	"aws:index/getRegion:getRegion": func(l lookup) (map[string]any, error) {
		l.region = cmp.Or(l.text("name"), l.text("id"), l.region)
		region, err := l.catalogRegion()
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"id": region.Name, "name": region.Name, "description": region.Title,
			"endpoint": "ec2." + region.Name + "." + partition(region.Name).dnsSuffix,
		}, nil
	},
	"aws:index/getPartition:getPartition": func(l lookup) (map[string]any, error) {
		p := partition(l.region)
		labels := strings.Split(p.dnsSuffix, ".")
		slices.Reverse(labels)
		return map[string]any{
			"id": p.name, "partition": p.name, "dnsSuffix": p.dnsSuffix, "reverseDnsPrefix": strings.Join(labels, "."),
		}, nil
	},
	"aws:index/getCallerIdentity:getCallerIdentity": func(l lookup) (map[string]any, error) {
		account := cmp.Or(l.provider.account, documentationAccount)
		return map[string]any{
			"id": account, "accountId": account, "userId": "AIDAEXAMPLEUSERID0000",
			"arn": fmt.Sprintf("arn:%s:iam::%s:user/underlay", partition(l.region).name, account),
		}, nil
	},
}

// availabilityZones answers with the region's zones, by name.
func availabilityZones(l lookup) (map[string]any, error) {
	zones, err := l.zones()
	if err != nil {
		return nil, err
	}
	names, ids := []any{}, []any{}
	for _, zone := range zones {
		names, ids = append(names, zone.Name), append(ids, zone.ID)
	}
	// Every Availability Zone of a region is in the one group named after it.
	return map[string]any{"id": l.region, "names": names, "zoneIds": ids, "groupNames": []any{l.region}}, nil
}

// availabilityZone answers with the one zone that the arguments describe.
func availabilityZone(l lookup) (map[string]any, error) {
	zones, err := l.zones()
	if err != nil {
		return nil, err
	}
	name, id := l.text("name"), l.text("zoneId")
	zones = slices.DeleteFunc(zones, func(z catalog.Zone) bool {
		return name != "" && z.Name != name || id != "" && z.ID != id
	})
	if len(zones) != 1 {
		return nil, fmt.Errorf("%d zones of %s match; exactly one must", len(zones), l.region)
	}
	zone := zones[0]
	return map[string]any{
		"id": zone.Name, "name": zone.Name, "zoneId": zone.ID, "region": l.region,
		"nameSuffix": strings.TrimPrefix(zone.Name, l.region), "groupName": l.region, "networkBorderGroup": l.region,
		"optInStatus": "opt-in-not-required", "state": "available", "zoneType": "availability-zone",
		"parentZoneId": "", "parentZoneName": "",
	}, nil
}

// zones returns the zones of the region that the arguments leave.
func (l *lookup) zones() ([]catalog.Zone, error) {
	region, err := l.catalogRegion()
	if err != nil {
		return nil, err
	}
	filters, err := l.filters()
	if err != nil {
		return nil, err
	}
	excluded := append(l.texts("excludeNames"), l.texts("excludeZoneIds")...)
	return slices.DeleteFunc(region.Zones, func(zone catalog.Zone) bool {
		if slices.Contains(excluded, zone.Name) || zone.ID != "" && slices.Contains(excluded, zone.ID) {
			return true
		}
		// What EC2's DescribeAvailabilityZones can filter by.
		properties := map[string]string{
			"group-name": region.Name, "opt-in-status": "opt-in-not-required", "region-name": region.Name,
			"state": "available", "zone-id": zone.ID, "zone-name": zone.Name, "zone-type": "availability-zone",
		}
		for property, values := range filters {
			if !slices.Contains(values, properties[property]) {
				return true
			}
		}
		return false
	}), nil
}

// filters returns the values that each property may have.
func (l *lookup) filters() (map[string][]string, error) {
	known := []string{"group-name", "opt-in-status", "region-name", "state", "zone-id", "zone-name", "zone-type"}
	filters := map[string][]string{}
	if state := l.text("state"); state != "" {
		filters["state"] = []string{state}
	}
	if v := l.args["filters"]; v.IsArray() {
		for _, filter := range v.ArrayValue() {
			if !filter.IsObject() || !filter.ObjectValue()["name"].IsString() {
				return nil, errors.New("a filter has no name")
			}
			name := filter.ObjectValue()["name"].StringValue()
			if !slices.Contains(known, name) {
				return nil, fmt.Errorf("the filter %q cannot be answered without a cloud; these can: %s", name, strings.Join(known, ", "))
			}
			filters[name] = texts(filter.ObjectValue()["values"])
		}
	}
	return filters, nil
}

// catalogRegion returns the catalog's entry of the region.
func (l *lookup) catalogRegion() (catalog.Region, error) {
	if l.region == "" {
		return catalog.Region{}, errors.New("the region is not known: set aws:region, or the region of the provider")
	}
	region, ok := l.catalog.Region(l.region)
	if !ok {
		return catalog.Region{}, fmt.Errorf("the catalog has no region %q", l.region)
	}
	return region, nil
}

// text returns an argument that is a string, otherwise "".
func (l *lookup) text(key string) string {
	if v := l.args[resource.PropertyKey(key)]; v.IsString() {
		return v.StringValue()
	}
	return ""
}

func (l *lookup) texts(key string) []string { return texts(l.args[resource.PropertyKey(key)]) }

// texts returns the strings of a list.
func texts(v resource.PropertyValue) []string {
	var all []string
	if v.IsArray() {
		for _, element := range v.ArrayValue() {
			if element.IsString() {
				all = append(all, element.StringValue())
			}
		}
	}
	return all
}

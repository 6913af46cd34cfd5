package cost

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/underlay-iac/underlay/catalog"
)

// Comparison is what a part of the network costs a month by several layouts.
type Comparison struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"` // what the cells of a row are
	Rows    []Row    `json:"rows"`
	Note    string   `json:"note"` // what else differs
}

// Row is one layout, or one size of it.
type Row struct {
	Label string `json:"label"`
	// Monthly are the amounts of the columns; nil where a price is not known.
	Monthly []*catalog.USD `json:"monthly"`
	// Here says that the graph is like this.
	Here bool `json:"here"`
}

// sum adds what each of several items costs a month; nil when the price of one
// is not known.
func (e *estimator) sum(region string, items map[string]int) *catalog.USD {
	var total catalog.USD
	for item, n := range items {
		price, known := e.prices.Price(item, region)
		if !known {
			return nil
		}
		total += monthly(price, n)
	}
	return &total
}

// compareNat compares a single NAT gateway with one in each zone, for each VPC
// that has any.
func (e *estimator) compareNat() {
	gateways, zones := map[*node]int{}, map[*node]map[string]bool{}
	var vpcs []*node
	for _, r := range e.index.resources {
		switch r.kind {
		case natKind:
			subnet := e.index.target(r, "subnetId", subnetKind)
			if subnet == nil || r.text("connectivityType") == "private" || r.text("availabilityMode") == "regional" {
				continue
			}
			vpc := e.index.target(subnet, "vpcId", "aws:ec2/vpc:Vpc")
			if vpc == nil {
				continue
			}
			if gateways[vpc]++; gateways[vpc] == 1 {
				vpcs = append(vpcs, vpc)
			}
		case subnetKind:
			vpc, zone := e.index.target(r, "vpcId", "aws:ec2/vpc:Vpc"), r.text("availabilityZone")
			if vpc == nil || zone == "" {
				continue
			}
			if zones[vpc] == nil {
				zones[vpc] = map[string]bool{}
			}
			zones[vpc][zone] = true
		}
	}
	for _, vpc := range vpcs {
		all := len(zones[vpc])
		if all < 2 {
			continue
		}
		c := Comparison{
			Title: "NAT gateways of " + vpc.Name, Columns: []string{"a month"},
			Note: "With its public address. With fewer gateways than zones the other zones' traffic crosses zones, charged by GB in each direction, and stops with the gateway's zone.",
		}
		labels := map[int]string{gateways[vpc]: strconv.Itoa(gateways[vpc])}
		labels[1], labels[all] = "one", fmt.Sprintf("one in each of %d zones", all)
		for _, n := range slices.Sorted(maps.Keys(labels)) {
			c.Rows = append(c.Rows, Row{
				Label: labels[n], Here: n == gateways[vpc],
				Monthly: []*catalog.USD{e.sum(vpc.region, map[string]int{catalog.PriceAwsNatGateway: n, catalog.PriceAwsPublicIPv4: n})},
			})
		}
		e.Comparisons = append(e.Comparisons, c)
	}
}

// sharers are how many VPCs a comparison of endpoints is made for.
var sharers = []int{1, 2, 3, 5, 10}

// compareEndpoints compares endpoints in every VPC with the same ones in a
// central VPC, for the largest set of endpoints in each region.
func (e *estimator) compareEndpoints() {
	type set struct{ endpoints, zones int }
	byVpc := map[*node]*set{}
	largest := map[string]*set{}
	for _, r := range e.index.resources {
		subnets := r.length("subnetIds")
		vpc := e.index.target(r, "vpcId", "aws:ec2/vpc:Vpc")
		if r.kind != endpointKind || r.text("vpcEndpointType") != "Interface" || !awsService(r) || vpc == nil || subnets.unknown != "" {
			continue
		}
		s := byVpc[vpc]
		if s == nil {
			s = &set{}
			byVpc[vpc] = s
		}
		s.endpoints++
		s.zones += subnets.n
		if largest[r.region] == nil || s.zones > largest[r.region].zones {
			largest[r.region] = s
		}
	}
	for _, region := range slices.Sorted(maps.Keys(largest)) {
		s := largest[region]
		c := Comparison{
			Title:   fmt.Sprintf("%d interface endpoints, %d in zones together, in %s", s.endpoints, s.zones, region),
			Columns: []string{"in every VPC", "central, by peering", "central, by transit gateway"},
			Note:    "Central: once in a VPC of their own, with a private hosted zone for each service that is associated with every VPC, and for the transit gateway an attachment of each VPC and the central one. Every GB to a central endpoint passes the peering or the transit gateway as well, which charge for it.",
		}
		if profile, known := e.prices.Price(catalog.PriceAwsDNSProfile, region); known {
			c.Note += fmt.Sprintf(" With a Route 53 Profile, which hands the zones to the VPCs, add %s an hour for the account.", profile.Amount)
		}
		for _, n := range sharers {
			central := func(attachments int) map[string]int {
				items := map[string]int{catalog.PriceAwsInterfaceEndpoint: s.zones, catalog.PriceAwsHostedZone: s.endpoints}
				if attachments > 0 {
					items[catalog.PriceAwsTransitAttachment] = attachments
				}
				return items
			}
			c.Rows = append(c.Rows, Row{Label: vpcs(n), Monthly: []*catalog.USD{
				e.sum(region, map[string]int{catalog.PriceAwsInterfaceEndpoint: n * s.zones}),
				e.sum(region, central(0)), e.sum(region, central(n+1)),
			}})
		}
		e.Comparisons = append(e.Comparisons, c)
	}
}

func vpcs(n int) string {
	if n == 1 {
		return "1 VPC"
	}
	return fmt.Sprintf("%d VPCs", n)
}

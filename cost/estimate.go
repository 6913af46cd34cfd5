package cost

import (
	"fmt"
	"strings"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/graph"
)

// HoursPerMonth is how many hours a month is taken to have.
const HoursPerMonth = 730

// Prices has the price of an item, one of the catalogue's Price constants, in a
// region. *catalog.Catalog is one.
type Prices interface {
	Price(item, region string) (catalog.Price, bool)
}

// Estimate is what the resources of a graph cost a month, in US dollars. Its
// slices are never nil.
type Estimate struct {
	// Lines are what stands there, in the graph's order.
	Lines []Line `json:"lines"`
	// Usage is what is charged by what passes alone, in the graph's order.
	Usage []Usage `json:"usage"`
	// Comparisons are of layouts that the graph has, with others.
	Comparisons []Comparison `json:"comparisons"`
	// Total is the sum of the lines that have a price.
	Total catalog.USD `json:"total"`
	// AtLeast says that a line has none: the total is the least it can be.
	AtLeast bool `json:"atLeast"`
}

// Line is one thing that a resource is charged for by time.
type Line struct {
	URN  string `json:"urn"`
	Item string `json:"item"` // the catalogue's name
	// What is the thing that is counted: "NAT gateway", "interface endpoint in
	// a zone".
	What string `json:"what"`
	// Region is empty where it is not known.
	Region string `json:"region"`
	// Quantity is how many there are; 0 when Unknown says why nobody knows.
	Quantity int `json:"quantity"`
	// Price is of one, for as long as Per says: "hour", "CU-hour", "month". Nil
	// when it is not known.
	Price *catalog.USD `json:"price"`
	Per   string       `json:"per"`
	// Monthly is of all for a month. Nil when it is not known.
	Monthly *catalog.USD `json:"monthly"`
	// Unknown says why Monthly is not known; otherwise empty.
	Unknown string `json:"unknown"`
	// Rates are what is charged beside that, by what passes.
	Rates []Rate `json:"rates"`
	Note  string `json:"note"`
	// Source is the address of the price list, AsOf the day that it had the
	// price. Empty without a price.
	Source string `json:"source"`
	AsOf   string `json:"asOf"`
}

// Rate is a charge by what passes.
type Rate struct {
	Item string `json:"item"`
	// Price is of one Per: "GB". Nil when it is not known.
	Price  *catalog.USD `json:"price"`
	Per    string       `json:"per"`
	Note   string       `json:"note"`
	Source string       `json:"source"`
	AsOf   string       `json:"asOf"`
}

// Usage is a resource that is charged by what passes alone, or that makes
// others outside the graph.
type Usage struct {
	URN   string `json:"urn"`
	What  string `json:"what"` // "flow log to S3"
	By    string `json:"by"`   // what is charged: "GB delivered and stored"
	Rates []Rate `json:"rates"`
}

// Of estimates what the resources of a graph cost a month.
func Of(g *graph.Graph, prices Prices) Estimate {
	e := &estimator{prices: prices, index: newIndex(g), profiled: map[string]bool{}}
	e.Lines, e.Usage, e.Comparisons = []Line{}, []Usage{}, []Comparison{}
	for _, r := range e.index.resources {
		e.aws(r)
		e.azure(r)
	}
	e.compareNat()
	e.compareEndpoints()
	return e.Estimate
}

// estimator gathers an estimate.
type estimator struct {
	Estimate
	prices Prices
	index  *index
	// profiled are the AWS providers whose account's Profiles are charged.
	profiled map[string]bool
}

// count is how many there are of something, or why nobody knows.
type count struct {
	n       int
	unknown string
}

// one is a single one.
var one = count{n: 1}

// charge adds a line for what a resource is charged for by time; nothing when
// there is none of it. Rates are the items that are charged beside it.
func (e *estimator) charge(r *node, item, what string, n count, rates ...string) {
	if n.n == 0 && n.unknown == "" {
		return
	}
	line := Line{
		URN: r.URN, Item: item, What: what, Region: r.region, Quantity: n.n, Per: "hour",
		Unknown: n.unknown, Rates: e.rates(r.region, rates),
	}
	price, known := e.prices.Price(item, r.region)
	switch {
	case known:
		line.Price, line.Per, line.Note, line.Source, line.AsOf = &price.Amount, price.Per, price.Note, price.Source, price.AsOf
	case r.region == "":
		line.Unknown = "the region is not known, and with it the price"
	default:
		line.Unknown = fmt.Sprintf("the catalogue has no price for %s", r.region)
	}
	if line.Unknown == "" {
		sum := monthly(price, n.n)
		line.Monthly = &sum
		e.Total += sum
	} else {
		e.AtLeast = true
	}
	e.Lines = append(e.Lines, line)
}

// use adds what is charged by what passes alone.
func (e *estimator) use(r *node, what, by string, rates ...string) {
	e.Usage = append(e.Usage, Usage{URN: r.URN, What: what, By: by, Rates: e.rates(r.region, rates)})
}

// rates are the prices of items that are charged by what passes.
func (e *estimator) rates(region string, items []string) []Rate {
	rates := []Rate{}
	for _, item := range items {
		rate := Rate{Item: item, Per: per(item)}
		if price, known := e.prices.Price(item, region); known {
			rate.Price, rate.Per, rate.Note, rate.Source, rate.AsOf = &price.Amount, price.Per, price.Note, price.Source, price.AsOf
		}
		rates = append(rates, rate)
	}
	return rates
}

// per is what an item without a price is charged by, from the end of its name.
func per(item string) string {
	unit := strings.ToUpper(item[strings.LastIndex(item, "-")+1:])
	switch unit {
	case "GB":
		return unit
	case "QUERIES":
		return "million queries"
	}
	return unit + "-hour"
}

// monthly is what n cost for a month.
func monthly(price catalog.Price, n int) catalog.USD {
	if price.Per == "month" {
		return price.Amount * catalog.USD(n)
	}
	return price.Amount * HoursPerMonth * catalog.USD(n)
}

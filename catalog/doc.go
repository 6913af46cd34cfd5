// Package catalog holds the dated facts that Underlay's rules stand on:
// AWS's endpoint services and the sets of them that platforms ask for, quotas,
// regions with their zones, and the zones that a service refuses; Azure's regions,
// what an AKS cluster must reach through a firewall, the private DNS zones of
// private endpoints, rules of virtual networks; and list prices of both clouds.
//
// A fact lives in data/*.yaml with the document it comes from and the day it
// was last compared with it, never in code. Whoever disagrees with a message
// can look the fact up, and whoever updates one changes a line of data.
//
// The catalog covers the aws partition and Azure's public cloud: the others
// have other names and other zones.
package catalog

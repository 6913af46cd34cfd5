// Package planner is a page on which a person plans a network: a form, and
// beside it the drawing, the address map, the verdicts and the cost, which
// follow as they type.
//
//	form ─► Pulumi.<stack>.yaml ─► stacks.Parse ─► graph.Record ─► verdicts, drawing, cost
//	  ▲                                 │
//	  └──── problems, at their fields ──┘
//
// The page is rendered here; its script only sends the form and puts what comes
// back in its place. Without the script a button does the same. A request reads
// and writes no file and asks no network; what is computed is bounded in time,
// size and number.
package planner

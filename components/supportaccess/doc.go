// Package supportaccess builds the role with which a platform's vendor helps
// in the customer's account.
//
//	vendor's account                 customer's account
//	┌ support engineer ┐             ┌────────────────────────────────┐
//	│ role ── sts:AssumeRole ───────► support role, 1 hour at most    │
//	│        with external id        │   read-only policy (default)   │
//	└──────────────────┘             │   + what the customer adds     │
//	                                 │   ∩ permissions boundary       │
//	                                 └────────────────────────────────┘
//
// The external id is required: the vendor has one for each customer, so that
// nobody can talk the vendor's systems into entering the wrong account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
//
// By default the role may look at what a data plane is made of, and no more:
// ReadOnlyActions, which shows configuration and metrics. AWS's managed policies
// are wider than the task. ReadOnlyAccess reads data as well (objects of every
// bucket, items of every table, messages of every queue); ViewOnlyAccess lists
// the resources of every service of the account; and AWS changes both without
// asking. What repairs need beside that, the customer grants in so many words:
// PolicyArns and InlinePolicies.
//
// Its place in the platform: Conveyor's "Deployment models", where creating the
// support role is the first step of an installation.
package supportaccess

// Package sqsbridge builds the queues through which a control plane and a data
// plane talk asynchronously across accounts, and the trust that lets each side
// use them.
//
// The queues are in one account, the local one; here it is the data plane's:
//
//	peer account                    local account
//	┌ control plane ┐             ┌────────────────────────────────────────┐
//	│  role ── send ──────────────► to-data-plane ─────── receive ── role  │
//	│       ◄─ receive ──────────── from-data-plane ◄──── send ─────────┘  │
//	└───────────────┘             │      │ after maxReceive failed receives│
//	                              │      ▼                                 │
//	                              │ …-dead-letter, 14 days                 │
//	                              └────────────────────────────────────────┘
//
// A request across accounts needs both sides to allow it: the queue's policy,
// which names the peer's account as principal and its exact roles in a
// condition on aws:PrincipalArn, and a policy of the role's own. SqsBridge
// makes the queues, their policies and the policies of the local roles;
// SqsBridgePeer, with a provider of the other account, makes the policies of
// the peer's roles, or their administrators attach the output peerPolicyJson.
// The condition is not aws:SourceArn: AWS sets that key only when one of its
// services calls, so a condition on it would refuse every role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
//
// A peer without roles of its own that the queue's policy can name gets a role
// in the local account, PeerRole: a data plane in Azure assumes it with the
// token of its workload identity, a peer in AWS with an external id.
//
// Every queue refuses requests without TLS and is encrypted: with SQS's own
// keys, or with a customer-managed KMS key. The AWS-managed key alias/aws/sqs
// is no choice, because its policy cannot admit another account.
//
// Senders may only send, receivers may only receive, delete, change the
// visibility of a message and read the queue's attributes. Nobody is given a
// dead-letter queue: who drains it is up to the local account's administrators
// (message moves never cross accounts).
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-customer-managed-policy-examples.html
package sqsbridge

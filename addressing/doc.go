// Package addressing is the address arithmetic of Underlay: which block a
// subnet gets, and whether AWS accepts a block at all. It knows prefixes only:
// no Pulumi, no cloud, no configuration file.
//
// Addresses never move. The block of a subnet depends on its tier and its zone
// slot, never on how many zones there are, so that adding a zone adds blocks
// and moves none. Below, P[n,i] is the i-th /n block of P, which [Block]
// returns.
//
// A data plane with 3 zone slots, drawn for 10.21.0.0/16 (n = 16). The node
// subnets take three quarters, the last quarter is cut into eight:
//
//	P[n+2,i]     nodes            P[n+5,24+i] public    P[n+5,28+i] endpoints
//
//	10.21.0.0    10.21.64.0       10.21.128.0      10.21.192.0        10.21.255.255
//	+------------+----------------+----------------+------------------------------+
//	| nodes 0    | nodes 1        | nodes 2        | pu0 pu1 pu2 -- ep0 ep1 ep2 --|
//	| /18        | /18            | /18            | /21 /21 /21 /21 ...          |
//	+------------+----------------+----------------+------------------------------+
//	                                                 192 200 208 216 224 232 240 248
//
// A data plane with 4 zone slots halves the node subnets and keeps the last
// quarter in reserve, drawn for 10.21.0.0/16:
//
//	P[n+3,i]     nodes            P[n+5,16+i] public    P[n+5,20+i] endpoints
//
//	10.21.0.0                         10.21.128.0                10.21.192.0
//	+--------+--------+--------+--------+--------------------------+--------------+
//	| nodes0 | nodes1 | nodes2 | nodes3 | pu0 pu1 pu2 pu3 ep0..ep3 | reserved     |
//	| /19    | /19    | /19    | /19    | /21 each                 | /18          |
//	+--------+--------+--------+--------+--------------------------+--------------+
//	  0        32       64       96       128 136 144 152 160..184   192
//
// The pods of either live in a second block of the VPC, one /18 a slot:
//
//	PodCidr[18,i]
//
//	100.64.0.0   100.64.64.0      100.64.128.0     100.64.192.0
//	+------------+----------------+----------------+----------------+
//	| pods 0     | pods 1         | pods 2         | pods 3 or --   |
//	| /18        | /18            | /18            | /18            |
//	+------------+----------------+----------------+----------------+
//
// Blocks marked -- belong to no slot and stay free.
//
// An AosCloud VPC is always a /16. Each tier has a subnet in each of three zones;
// endpoints has one in the zones chosen for it. For 10.231.0.0/16:
//
//	P[18,0][20,i]      10.231.0.0     eks-private   three /20
//	P[18,0][22,12+i]   10.231.48.0    eks-public    three /22
//	P[22,15]           10.231.60.0    --            the rest of the first /18
//	P[24,100+k]        10.231.100.0   endpoints     one to three /24
//	P[26,1015][28,i]   10.231.253.192 aurora        three /28
//	P[26,1021][28,i]   10.231.255.64  elasticache   three /28
//	P[26,1022][28,i]   10.231.255.128 documentdb    three /28
//
// An Azure VNet has a slot for each role, whichever of them it has. A role's
// subnet is the first part of its slot and can grow to all of it; -- is for
// subnets placed by hand. Drawn for 10.40.0.0/20 (n = 20), where pods fill
// their slot:
//
//	P[n+2,0]    10.40.0.0      nodes                 /24 of a /22
//	P[n+4,4]    10.40.4.0      applicationGateway    /24
//	P[n+4,5]    10.40.5.0      --                    a /24
//	P[n+6,24]   10.40.6.0      privateEndpoints      /26
//	P[n+6,25]   10.40.6.64     internalLoadBalancer  /27 of a /26
//	P[n+5,13]   10.40.6.128    --                    a /25
//	P[n+6,28]   10.40.7.0      apiServer             /28 of a /26
//	P[n+6,29]   10.40.7.64     database              /28 of a /26
//	P[n+5,15]   10.40.7.128    --                    a /25
//	P[n+1,1]    10.40.8.0      pods                  /21
//
// Every error is a *problem.Problem or a problem.List. But for the lists that
// come with paths of their own, the caller knows the path and adds it.
package addressing

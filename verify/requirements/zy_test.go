package requirements_test
import ("testing";"fmt";"github.com/underlay-iac/underlay/verify/topology";"github.com/pulumi/pulumi/sdk/v3/go/common/resource")
func TestZY(t *testing.T){
 g,model:=record(t,"dev")
 all(vpn("@Vpc net-vpc"), route("r", "@RouteTable net-pods", "10.0.0.0/8", "gatewayId", "@VpnGateway vgw"))(t,g)
 r:=find(t,g,"VpnGateway vgw"); r.PropertyDependencies=map[string][]string{}
 r.Inputs["vpcId"]=resource.MakeComputed(resource.NewProperty("")); r.Outputs["vpcId"]=r.Inputs["vpcId"]
 m,_:=topology.Build(g)
 for _,gw:=range m.Gateways { if gw.Kind==topology.VPN { fmt.Printf("%+v\n",gw) } }
 v:=verdict(t,g,model,"ISO-002"); fmt.Println(v.Verdict,v.Reason)
}

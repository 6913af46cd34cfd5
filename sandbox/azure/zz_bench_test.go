package azure
import ("testing")
func BenchmarkNew(b *testing.B){ for b.Loop(){ if _,err:=New(Options{});err!=nil{b.Fatal(err)} } }

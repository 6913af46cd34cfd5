package catalog

import (
	"fmt"
	"testing"
)

func TestX(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(len(c.services), len(c.presets), len(c.quotas), len(c.regions), c.eks)
	s, _ := c.EndpointService("s3")
	fmt.Printf("%+v\n", s)
}

package identity

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/underlay-iac/underlay/problem"
)

var hexPattern = regexp.MustCompile(`^[0-9a-f]{8}([0-9a-f]{9})?$`)

// Resource adds a problem unless id has the form of an AWS resource's id, such
// as vpc-0123456789abcdef0; empty is fine. prefix is "vpc-".
func Resource(l *problem.List, path, id, prefix string) {
	if rest, ok := strings.CutPrefix(id, prefix); id != "" && (!ok || !hexPattern.MatchString(rest)) {
		l.Addf(path, id, fmt.Sprintf("give an id such as %s0123456789abcdef0", prefix), "is not an id of the form %s…", prefix)
	}
}

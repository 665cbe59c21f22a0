package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Tally counts by name.
type Tally map[string]int

func (t Tally) add(name string) { t[name]++ }

// String lists the names, those counted most first.
func (t Tally) String() string {
	names := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), strings.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d× %s", t[name], name)
	}
	return strings.Join(parts, "; ")
}

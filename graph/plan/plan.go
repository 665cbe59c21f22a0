// Package plan works out once what an operation asks for: for each type that an
// object of its answer may have, the fields in the order of the answer. What
// gqlgen makes of graph/schema then writes the answer along a plan, without looking
// at the document again.
package plan

import (
	"context"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// A Plan is what one operation asks for, for one choice of what its @include and
// @skip let through. It does not change, and may be used by many goroutines at
// once.
type Plan struct {
	Root Set

	fields   int          // in all sets
	given    int          // how many of them take arguments from variables
	expected atomic.Int64 // how long an answer is, in bytes
}

// Fields is how many fields the plan has, which tells how much memory it takes: about
// 150 bytes for each.
func (p *Plan) Fields() int {
	if p == nil {
		return 0
	}
	return p.fields
}

// A Set is what is asked of an object of one type.
type Set []Field

// A Field is one field of an answer.
type Field struct {
	// Key is what stands before the value: the brace or the comma, the response key
	// and the colon.
	Key   string
	Alias string // the response key itself
	Name  string

	// Of is what is asked of an object where the field is of an object type.
	Of Set

	on   []possible
	args map[string]any
	from *ast.Field // that the arguments come from, where there are variables in it
	slot int        // of the arguments in an answer
}

type possible struct {
	name string
	set  Set
}

// On is what is asked of an object of the named type where the field is of an
// interface or a union.
func (f *Field) On(name string) Set {
	for i := range f.on {
		if f.on[i].name == name {
			return f.on[i].set
		}
	}
	return nil
}

// An ArgsFunc reads the arguments of a field, by the names of its type and of the
// field, as the resolver takes them.
type ArgsFunc func(ctx context.Context, in, field string, raw map[string]any) (map[string]any, error)

package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/text"
)

// The bounds of a document, which are looked at before it is validated: the validator
// walks each fragment anew for each that leads to it, and compares each two fields of
// one name that meet. Each is far above what a page of news takes.
const (
	maxDepth      = 20
	maxOperations = 20 // in a document
	maxRootFields = 20 // of an operation, those of its fragments among them
	maxAliases    = 70 // all there is to know of a node takes 66
	maxFragments  = 50
	maxSpreads    = 100
	maxDirectives = 50
	maxVariables  = 50
	maxRepeats    = 200 // of one name of a field in the answer
)

// A shape is what a document is in numbers. Fragments that spread themselves, which
// the validator refuses, count as if they ended there.
type shape struct {
	aliases, spreads, directives, variables int

	depth      int // of the deepest operation, through fragments
	rootFields int // of the widest operation
	repeats    int // of the name that there is most
	repeated   string

	introspects bool // it asks for the schema
}

// shapeOf counts.
func shapeOf(doc *ast.QueryDocument) shape {
	c := counter{names: map[string]int{}, fragments: map[string]*extent{}, definitions: map[string]*ast.FragmentDefinition{}}
	for _, f := range doc.Fragments {
		c.definitions[f.Name] = f
		c.directives += len(f.Directives)
		c.variables += len(f.VariableDefinition)
		c.count(f.SelectionSet)
	}
	for _, op := range doc.Operations {
		c.directives += len(op.Directives)
		c.variables += len(op.VariableDefinitions)
		for _, v := range op.VariableDefinitions {
			c.directives += len(v.Directives)
		}
		c.count(op.SelectionSet)
	}
	for _, op := range doc.Operations {
		e := c.extent(op.SelectionSet)
		c.depth, c.rootFields = max(c.depth, e.depth), max(c.rootFields, e.fields)
	}
	return c.shape
}

// refused is the first bound that a document goes beyond.
func (s shape) refused(doc *ast.QueryDocument) *gqlerror.Error {
	for _, row := range []struct {
		what      string
		have, may int
	}{
		{"operations", len(doc.Operations), maxOperations},
		{"fragments", len(doc.Fragments), maxFragments},
		{"spreads of fragments", s.spreads, maxSpreads},
		{"variables", s.variables, maxVariables},
		{"directives", s.directives, maxDirectives},
		{"aliases", s.aliases, maxAliases},
	} {
		if row.have > row.may {
			return tooComplex("the document has %d %s; at most %d are allowed", row.have, row.what, row.may)
		}
	}
	switch {
	case s.rootFields > maxRootFields:
		return tooComplex("the operation has %d fields at its root; at most %d are allowed", s.rootFields, maxRootFields)
	case s.depth > maxDepth:
		return tooComplex("the operation is %d levels deep; at most %d are allowed", s.depth, maxDepth)
	case s.repeats > maxRepeats:
		return tooComplex("the document asks for %s %d times; at most %d are allowed", text.Quote(s.repeated), s.repeats, maxRepeats)
	}
	return nil
}

type counter struct {
	shape
	names       map[string]int
	definitions map[string]*ast.FragmentDefinition
	fragments   map[string]*extent // that have been looked at
}

// count counts what is written in a selection set.
func (c *counter) count(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			c.directives += len(s.Directives)
			if s.Alias != s.Name {
				c.aliases++
			}
			if s.Name == "__schema" || s.Name == "__type" {
				c.introspects = true
			}
			c.names[s.Alias]++
			if n := c.names[s.Alias]; n > c.repeats {
				c.repeats, c.repeated = n, s.Alias
			}
			c.count(s.SelectionSet)
		case *ast.InlineFragment:
			c.directives += len(s.Directives)
			c.count(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives += len(s.Directives)
			c.spreads++
		}
	}
}

// An extent is how far a selection set goes when its fragments are put in their
// places.
type extent struct{ depth, fields int }

func (c *counter) extent(set ast.SelectionSet) extent {
	var sum extent
	for _, selection := range set {
		var e extent
		switch s := selection.(type) {
		case *ast.Field:
			e = extent{depth: 1 + c.extent(s.SelectionSet).depth, fields: 1}
		case *ast.InlineFragment:
			e = c.extent(s.SelectionSet)
		case *ast.FragmentSpread:
			e = c.fragment(s.Name)
		}
		// Far above the limit, the figure itself no longer matters.
		sum = extent{max(sum.depth, e.depth), min(sum.fields+e.fields, 1<<30)}
	}
	return sum
}

func (c *counter) fragment(name string) extent {
	if e := c.fragments[name]; e != nil {
		return *e
	}
	def := c.definitions[name]
	if def == nil {
		return extent{}
	}
	e := new(extent) // for the fragment itself, inside of it
	c.fragments[name] = e
	*e = c.extent(def.SelectionSet)
	return *e
}

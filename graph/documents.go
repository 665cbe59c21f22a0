package graph

import (
	"errors"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const (
	// parsedBytes is what the documents may take together, by estimate, that are
	// kept parsed; twice that at most.
	parsedBytes = 8 << 20
	// parsedAtMost is the longest text of a document that is kept, in bytes.
	parsedAtMost = 16 << 10
	// parsedToken is how many bytes a token takes when it is parsed, at most about.
	parsedToken = 230
	// parsedOperations is how many operations others may keep something about.
	parsedOperations = 200

	// suggestingAtMost is the longest text of a document that is answered with
	// suggestions, in bytes: to find one takes time by the length of each name.
	suggestingAtMost = 8 << 10

	// saidAtMost is how much the errors of a document may say before no more are
	// looked for, in bytes.
	saidAtMost = 64 << 10
)

// A document is one that has been parsed and found valid, and what is known of it
// whatever its variables are. It is the same for the same text as long as it is
// kept, and nobody changes it.
type document struct {
	*ast.QueryDocument
	text        string
	size        int  // in memory, in bytes, about
	introspects bool // it asks for the schema
	// dearest is what each operation costs with its lists as long as can be.
	dearest map[*ast.OperationDefinition]int
	// never are the variables that may be null and stand where null is not allowed,
	// which is valid where they have a default (GraphQL, section 5.8.5).
	never map[*ast.VariableDefinition]bool
}

// operation finds the operation that is meant by a name, or the only one.
func (d *document) operation(name string) (*ast.OperationDefinition, *gqlerror.Error) {
	if op := d.Operations.ForName(name); op != nil {
		return op, nil
	}
	if name == "" {
		return nil, invalidDocument("the document has several operations: operationName must say which one is meant")
	}
	return nil, invalidDocument("operation %s not found", name)
}

// documents makes documents of their texts, and keeps those that were asked for last.
// It may be used by many goroutines at once.
type documents struct {
	schema     *ast.Schema
	suggesting []core.Rule // nil for none that suggest
	silent     []core.Rule
	parsed     *kept[string, *document]
}

// newDocuments makes documents of the schema; errors don't name what is in it unless
// suggest is set.
func newDocuments(schema *ast.Schema, suggest bool) *documents {
	d := &documents{schema: schema, silent: ruleSet(false), parsed: newKept[string, *document](parsedBytes)}
	if suggest {
		d.suggesting = ruleSet(true)
	}
	return d
}

// find makes the document of a text, or remembers it.
func (d *documents) find(text string) (*document, gqlerror.List) {
	if doc, known := d.parsed.get(text); known {
		return doc, nil
	}
	doc, errs := d.read(text)
	if errs == nil && len(text) <= parsedAtMost {
		d.parsed.put(text, doc, doc.size)
	}
	return doc, errs
}

// read makes the document of a text.
func (d *documents) read(text string) (*document, gqlerror.List) {
	tokens, refused := scan(text)
	if refused != nil {
		return nil, gqlerror.List{refused}
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTokens)
	if err != nil {
		return nil, gqlerror.List{parseError(text, err)}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{invalidDocument("no operation provided")}
	}
	s := shapeOf(parsed)
	if err := s.refused(parsed); err != nil {
		return nil, gqlerror.List{err}
	}
	set := d.silent
	if d.suggesting != nil && len(text) <= suggestingAtMost {
		set = d.suggesting
	}
	never := map[*ast.VariableDefinition]bool{}
	if errs := validate(d.schema, parsed, set, never); errs != nil {
		return nil, errs
	}
	doc := &document{
		QueryDocument: parsed, text: text, size: len(text) + parsedToken*tokens,
		introspects: s.introspects, dearest: map[*ast.OperationDefinition]int{},
		never: never,
	}
	for _, op := range parsed.Operations {
		doc.dearest[op] = dearest(op)
	}
	return doc, nil
}

// parseError is what the parser says, or what its lexer would have said: of what is no
// token at all the parser tells nothing but that.
func parseError(text string, err error) *gqlerror.Error {
	shown, ok := err.(*gqlerror.Error)
	if !ok {
		return invalidDocument("%s", err)
	}
	if strings.HasPrefix(shown.Message, "exceeded token limit") {
		return tooComplex("the document has more than %d tokens, which are allowed", maxTokens)
	}
	if strings.Contains(shown.Message, lexer.Invalid.String()) {
		for l := lexer.New(&ast.Source{Input: text}); ; {
			token, err := l.ReadToken()
			if errors.As(err, &shown) || token.Kind == lexer.EOF {
				break
			}
		}
	}
	shown.Extensions = map[string]any{"code": codeInvalid}
	return shown
}

// ruleSet is what a document has to fulfil, in an order that is always the same.
func ruleSet(suggest bool) []core.Rule {
	all := rules.NewDefaultRules()
	all.AddRule(scalarLiterals.Name, scalarLiterals.RuleFunc)
	if !suggest {
		for _, r := range []core.Rule{
			rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
		} {
			all.RemoveRule(strings.TrimSuffix(r.Name, "WithoutSuggestions"))
			all.AddRule(r.Name, r.RuleFunc)
		}
	}
	var set []core.Rule
	for name, check := range all.GetInner() {
		set = append(set, core.Rule{Name: name, RuleFunc: check})
	}
	slices.SortFunc(set, func(a, b core.Rule) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// enough is thrown where no more errors are wanted: a walk can't be ended otherwise.
type enough struct{}

// validate tells what is wrong with a document, and stops where that is more than is
// told. It notes the variables that must never be null, though they may be so by
// their type.
func validate(schema *ast.Schema, doc *ast.QueryDocument, set []core.Rule, never map[*ast.VariableDefinition]bool) (errs gqlerror.List) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case enough:
			errs = append(errs[:min(len(errs), maxErrors-1)], invalidDocument("there are more errors than are told here"))
		default:
			panic(thrown)
		}
	}()
	said := 0
	observers := &core.Events{}
	for _, rule := range set {
		rule.RuleFunc(observers, func(options ...core.ErrorOption) {
			if len(errs) == maxErrors || said > saidAtMost {
				panic(enough{})
			}
			err := &gqlerror.Error{Rule: rule.Name, Extensions: map[string]any{"code": codeInvalid}}
			for _, option := range options {
				option(err)
			}
			// A value stands in its error whole, however long it is.
			said += len(err.Message)
			err.Message = strings.Clone(cut(err.Message))
			errs = append(errs, err)
		})
	}
	observers.OnValue(func(_ *core.Walker, v *ast.Value) {
		if def := v.VariableDefinition; def != nil && v.Kind == ast.Variable && !def.Type.NonNull && v.ExpectedType != nil && v.ExpectedType.NonNull {
			never[def] = true
		}
	})
	core.Walk(schema, doc, observers)
	return errs
}

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"depeche/internal/text"
)

// maxRepeats bounds how often a document may say the same word. The validator
// compares each two fields of one name that meet: 50 kB of "role role role" kept
// it busy for six seconds.
const maxRepeats = 500

// repeatLimit refuses documents before they are validated by how often they
// repeat themselves.
type repeatLimit struct{}

var (
	_ graphql.HandlerExtension          = repeatLimit{}
	_ graphql.OperationParameterMutator = repeatLimit{}
)

// ExtensionName implements graphql.HandlerExtension.
func (repeatLimit) ExtensionName() string { return "RepeatLimit" }

// Validate implements graphql.HandlerExtension.
func (repeatLimit) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters implements graphql.OperationParameterMutator.
func (repeatLimit) MutateOperationParameters(_ context.Context, params *graphql.RawParams) *gqlerror.Error {
	if len(params.Query) <= 2*maxRepeats {
		return nil // a word and what parts it from the next take two bytes
	}
	words := map[string]int{}
	l := lexer.New(&ast.Source{Input: params.Query})
	for range maxTokens {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			break // what is wrong is for the parser to say
		}
		if token.Kind != lexer.Name {
			continue
		}
		if words[token.Value]++; words[token.Value] > maxRepeats {
			return tooComplex("the document says %s more than %d times", text.Quote(token.Value), maxRepeats)
		}
	}
	return nil
}

package graph

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/text"
)

// exactEnums refuses enum values in variables that are not written as in the
// schema. gqlparser lets "flash" pass for FLASH, and gqlgen then reads it as no
// value at all: a filter would quietly find everything.
type exactEnums struct{ schema *ast.Schema }

var (
	_ graphql.HandlerExtension        = exactEnums{}
	_ graphql.OperationContextMutator = exactEnums{}
)

// ExtensionName implements graphql.HandlerExtension.
func (exactEnums) ExtensionName() string { return "ExactEnums" }

// Validate implements graphql.HandlerExtension.
func (exactEnums) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (x exactEnums) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	for _, v := range op.Operation.VariableDefinitions {
		path := ast.Path{ast.PathName(variablesPath), ast.PathName(v.Variable)}
		if err := x.check(path, v.Type, op.Variables[v.Variable]); err != nil {
			errcode.Set(err, errcode.ValidationFailed)
			return err
		}
	}
	return nil
}

func (x exactEnums) check(path ast.Path, typ *ast.Type, value any) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		if typ.Elem != nil {
			typ = typ.Elem
		}
		for i, item := range value {
			if err := x.check(append(slices.Clone(path), ast.PathIndex(i)), typ, item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, field := range x.schema.Types[typ.Name()].Fields {
			if err := x.check(append(slices.Clone(path), ast.PathName(field.Name)), field.Type, value[field.Name]); err != nil {
				return err
			}
		}
	case string:
		if def := x.schema.Types[typ.Name()]; def.Kind == ast.Enum && def.EnumValues.ForName(value) == nil {
			return gqlerror.ErrorPathf(path, "%s is not a valid %s", text.Quote(value), def.Name)
		}
	}
	return nil
}

// variablesPath begins the path of an error about a variable.
const variablesPath = "variable"

var (
	cannotUse = regexp.MustCompile(`^cannot use .* as (\w+)$`)
	notAKind  = regexp.MustCompile(`, not an? \w+$`)
)

// aboutVariable says of an error that gqlparser found in a variable which one it
// is, in the client's words instead of Go's. A path is kept for places in the
// answer (GraphQL, section 7.1.2).
func aboutVariable(shown *gqlerror.Error) {
	if len(shown.Path) < 2 || shown.Path[0] != ast.PathName(variablesPath) {
		return
	}
	name := "$" + strings.TrimPrefix(shown.Path[1:].String(), ".")
	reason := cannotUse.ReplaceAllString(shown.Message, "not a valid $1")
	shown.Message = fmt.Sprintf("%s: %s", name, notAKind.ReplaceAllString(reason, ""))
	shown.Extensions["argument"] = name
	shown.Path = nil
}

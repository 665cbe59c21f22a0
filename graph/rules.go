package graph

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// scalarLiterals refuses what gqlparser's rule about values lets pass: an Int that has
// no place in 32 bits (GraphQL, section 3.5.1), and an object where there is a scalar
// of GraphQL's own or an enum.
var scalarLiterals = core.Rule{
	Name: "ScalarLiterals",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			switch {
			case v.Definition == nil || v.ExpectedType == nil:
			case v.Kind == ast.IntValue && v.Definition.Name == "Int":
				if n, err := strconv.ParseInt(v.Raw, 10, 64); err == nil && n != int64(int32(n)) {
					addError(core.Message("Int cannot represent non 32-bit signed integer value: %d", n), core.At(v.Position))
				}
			case v.Kind == ast.ObjectValue && (v.Definition.Kind == ast.Enum || v.Definition.OneOf("Int", "Float", "String", "Boolean", "ID")):
				addError(core.Message("Expected value of type %q, found an object.", v.ExpectedType.String()), core.At(v.Position))
			}
		})
	},
}

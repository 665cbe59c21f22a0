package graph

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"depeche/internal/text"
)

// scalarLiterals refuses what gqlparser's rule about values lets pass: an Int that has
// no place in 32 bits (GraphQL, section 3.5.1), a number that nothing can hold, and an
// object where there is a scalar or an enum.
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
			case v.Definition.Kind == ast.Scalar && v.Kind != ast.Variable && !readable(v):
				addError(core.Message("%s can't be read as %s.", text.Quote(v.Raw), v.Definition.Name), core.At(v.Position))
			case v.Kind == ast.ObjectValue && v.Definition.IsLeafType():
				addError(core.Message("Expected value of type %q, found an object.", v.ExpectedType.String()), core.At(v.Position))
			}
		})
	},
}

// readable tells whether a literal is a value of Go at all: a number in it may be too
// large for any.
func readable(v *ast.Value) bool {
	_, err := v.Value(nil)
	return err == nil
}

package graph

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// intsOf32Bits refuses an Int in a document that has no place in 32 bits (GraphQL,
// section 3.5.1). What has none in 64 is refused by the rule about values.
var intsOf32Bits = core.Rule{
	Name: "IntsOf32Bits",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Kind != ast.IntValue || v.Definition == nil || v.Definition.Name != "Int" {
				return
			}
			if n, err := strconv.ParseInt(v.Raw, 10, 64); err == nil && n != int64(int32(n)) {
				addError(core.Message("Int cannot represent non 32-bit signed integer value: %d", n), core.At(v.Position))
			}
		})
	},
}

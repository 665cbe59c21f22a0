package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/graph/scalar"
	"depeche/internal/news"
	"depeche/internal/text"
)

// maxValues bounds the variables of an operation: so many items of lists and fields
// of inputs may be in them altogether. The longest list that anything takes has 100.
const maxValues = 5_000

// coerceVariables makes of the variables of a request what the operation declares
// (GraphQL, section 6.1.2). It is stricter than gqlparser, which takes numbers for
// strings, strings for numbers and "flash" for FLASH. What is given is not changed.
func coerceVariables(schema *ast.Schema, op *ast.OperationDefinition, given map[string]any) (map[string]any, *gqlerror.Error) {
	c := coercion{schema: schema}
	values := make(map[string]any, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		at := &place{name: v.Variable}
		value, has := given[v.Variable]
		if !has {
			if v.DefaultValue == nil {
				if v.Type.NonNull {
					return nil, at.invalid("must be defined")
				}
				continue
			}
			var err error
			if value, err = v.DefaultValue.Value(nil); err != nil {
				return nil, at.invalid("has a default that can't be read")
			}
		}
		value, err := c.value(at, v.Type, value)
		if err != nil {
			return nil, err
		}
		values[v.Variable] = value
	}
	return values, nil
}

// A place is where in the variables a value is.
type place struct {
	in    *place
	name  string
	index int // where name is empty
}

func (p *place) String() string {
	switch {
	case p.in == nil:
		return "$" + p.name
	case p.name == "":
		return p.in.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return p.in.String() + "." + p.name
}

// invalid is an error about a value. It has no path: that is for places in the answer
// (GraphQL, section 7.1.2).
func (p *place) invalid(reason string, args ...any) *gqlerror.Error {
	argument := cut(p.String())
	err := invalidDocument("%s: %s", argument, fmt.Sprintf(reason, args...))
	err.Extensions["argument"] = argument
	return err
}

// A coercion makes values of the types of a schema.
type coercion struct {
	schema *ast.Schema
	values int // that have been met
}

func (c *coercion) value(at *place, typ *ast.Type, value any) (any, *gqlerror.Error) {
	if value == nil {
		if typ.NonNull {
			return nil, at.invalid("cannot be null")
		}
		return nil, nil
	}
	if c.values++; c.values > maxValues {
		return nil, tooComplex("the variables have more than %d values, which are allowed", maxValues)
	}
	if typ.Elem != nil {
		return c.list(at, typ.Elem, value)
	}
	switch def := c.schema.Types[typ.NamedType]; def.Kind {
	case ast.InputObject:
		return c.object(at, def, value)
	case ast.Enum:
		return enum(at, def, value)
	default:
		return leaf(at, def.Name, value)
	}
}

// list makes a list, also of one item that is given without.
func (c *coercion) list(at *place, typ *ast.Type, value any) (any, *gqlerror.Error) {
	items, ok := value.([]any)
	if !ok {
		item, err := c.value(at, typ, value)
		return []any{item}, err
	}
	list := make([]any, 0, min(len(items), maxValues))
	for i, item := range items {
		made, err := c.value(&place{in: at, index: i}, typ, item)
		if err != nil {
			return nil, err
		}
		if item == nil {
			c.values++
		}
		list = append(list, made)
	}
	return list, nil
}

func (c *coercion) object(at *place, def *ast.Definition, value any) (any, *gqlerror.Error) {
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, at.invalid("must be a %s", def.Name)
	}
	if len(fields) > maxValues {
		return nil, tooComplex("the variables have more than %d values, which are allowed", maxValues)
	}
	unknown, found := "", false
	for name := range fields {
		if def.Fields.ForName(name) == nil && name != "__typename" && (!found || name < unknown) {
			unknown, found = name, true
		}
	}
	if found {
		return nil, (&place{in: at, name: unknown}).invalid("unknown field")
	}
	made := make(map[string]any, len(fields))
	for _, f := range def.Fields {
		in := &place{in: at, name: f.Name}
		value, has := fields[f.Name]
		if !has {
			if f.Type.NonNull && f.DefaultValue == nil {
				return nil, in.invalid("must be defined")
			}
			continue
		}
		value, err := c.value(in, f.Type, value)
		if err != nil {
			return nil, err
		}
		made[f.Name] = value
	}
	return made, nil
}

// enum wants a value as it is written in the schema.
func enum(at *place, def *ast.Definition, value any) (any, *gqlerror.Error) {
	s, ok := value.(string)
	if !ok {
		return nil, at.invalid("not a valid %s", def.Name)
	}
	if def.EnumValues.ForName(s) == nil {
		return nil, at.invalid("%s is not a valid %s", text.Quote(s), def.Name)
	}
	return s, nil
}

// leaf makes a scalar of those that GraphQL has (section 3.5); those of depeche know
// themselves what they take.
func leaf(at *place, scalarType string, value any) (any, *gqlerror.Error) {
	ok := true
	switch scalarType {
	case "Int":
		n, err := scalar.UnmarshalInt(value)
		var invalid *news.InvalidError
		if errors.As(err, &invalid) {
			return nil, at.invalid("not a valid Int: %s", invalid.Reason)
		}
		return n, nil
	case "String":
		_, ok = value.(string)
	case "Boolean":
		_, ok = value.(bool)
	case "Float":
		value, ok = float(value)
	case "ID":
		value, ok = id(value)
	}
	if !ok {
		return nil, at.invalid("not a valid %s", scalarType)
	}
	return value, nil
}

func float(value any) (any, bool) {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case float64, int, int64:
		return v, true
	}
	return nil, false
}

// id takes a string or a whole number, which is written in no other way than with
// its digits.
func id(value any) (any, bool) {
	switch v := value.(type) {
	case string, int, int64:
		return v, true
	case json.Number:
		_, err := v.Int64()
		return v, err == nil
	case float64:
		const safe = 1<<53 - 1 // beyond, it may have been another number
		return int64(v), v == math.Trunc(v) && math.Abs(v) <= safe
	}
	return nil, false
}

package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/99designs/gqlgen/plugin"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	planPackage   = "depeche/graph/plan"
	scalarPackage = "depeche/graph/scalar"
)

//go:embed reads.gotpl
var readsTemplate string

// reads is the plugin that makes reads.generated.go. A field that it can't write
// stops it: none is left out.
type reads struct{}

var (
	_ plugin.Plugin        = reads{}
	_ plugin.CodeGenerator = reads{}
)

// Name implements plugin.Plugin.
func (reads) Name() string { return "reads" }

// GenerateCode implements plugin.CodeGenerator.
func (reads) GenerateCode(data *codegen.Data) error {
	scalars := data.Config.Packages.Load(scalarPackage)
	if scalars == nil || scalars.Types == nil {
		return fmt.Errorf("read the package %s: it has no types", scalarPackage)
	}
	r := &reach{data: data, appends: scalars.Types.Scope()}
	if err := r.from(data.QueryRoot); err != nil {
		return err
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "reads.generated.go"),
		Data:            r,
		Funcs:           template.FuncMap{"value": r.value, "receiver": receiver, "given": given, "named": named},
		Template:        readsTemplate,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}

// reach is what a query can reach.
type reach struct {
	data    *codegen.Data
	appends *types.Scope // where the Append functions of scalars are

	Objects []*codegen.Object
	Enums   []*config.TypeReference
}

// from adds an object and what its fields lead to.
func (r *reach) from(o *codegen.Object) error {
	if slices.Contains(r.Objects, o) {
		return nil
	}
	r.Objects = append(r.Objects, o)
	for _, f := range o.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		if f.Stream || f.IsBatch() || f.VOkFunc || f.HasHaser || f.HasDirectives() || f.GoFieldType == codegen.GoFieldMap {
			return fmt.Errorf("%s.%s is resolved in a way that is not known here", o.Name, f.Name)
		}
		to := f.TypeReference
		if to.HasEnumValues() && !slices.ContainsFunc(r.Enums, func(e *config.TypeReference) bool { return e.Definition == to.Definition }) {
			r.Enums = append(r.Enums, to)
		}
		possible := []*ast.Definition{to.Definition}
		if to.Definition.IsAbstractType() {
			possible = r.data.Schema.GetPossibleTypes(to.Definition)
		}
		for _, def := range possible {
			if def.Kind != ast.Object {
				continue
			}
			if err := r.from(r.object(def.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reach) object(name string) *codegen.Object {
	return r.data.Objects[slices.IndexFunc(r.data.Objects, func(o *codegen.Object) bool { return o.Name == name })]
}

// Resolvers are the objects that have resolvers.
func (r *reach) Resolvers() []*codegen.Object {
	return slices.DeleteFunc(slices.Clone(r.Objects), func(o *codegen.Object) bool { return !o.HasResolvers() })
}

// receiver is what the value of a field is called on.
func receiver(f *codegen.Field) string {
	if f.IsResolver {
		return "w.from." + templates.LcFirst(f.Object.Name)
	}
	return "obj"
}

// given is what the value of a field is called with.
func given(f *codegen.Field) string {
	var list []string
	if f.IsResolver || f.MethodHasContext {
		list = append(list, "ctx")
	}
	if f.IsResolver && !f.Object.Root {
		list = append(list, "obj")
	}
	for _, a := range f.Args {
		list = append(list, fmt.Sprintf("args[%q].(%s)", a.Name, goType(a.TypeReference.GO)))
	}
	return strings.Join(list, ", ")
}

func goType(t types.Type) string { return templates.CurrentImports.LookupType(t) }

// named is the type of an enum without a pointer.
func named(ref *config.TypeReference) types.Type {
	for ref.IsPtr() || ref.IsSlice() {
		ref = ref.Elem()
	}
	return ref.GO
}

// value writes the statements that write v, whose type is ref.
func (r *reach) value(ref *config.TypeReference, v string) (string, error) {
	nothing := "w.Null()"
	if ref.GQL.NonNull {
		nothing = "return false"
	}
	orNothing := func(then string) string {
		return fmt.Sprintf("if %s == nil {\n%s\n} else {\n%s\n}", v, nothing, then)
	}
	switch {
	case ref.IsOmittable || ref.IsPtrToPtr() || ref.IsPtrToSlice() || ref.IsPtrToIntf():
		return "", fmt.Errorf("a value of the type %s can't be written", ref.GO)
	case ref.IsSlice():
		item, err := r.value(ref.Elem(), v+"[i]")
		if err != nil {
			return "", err
		}
		list := fmt.Sprintf("w.Buf = append(w.Buf, '[')\nfor i := range %s {\nif i > 0 {\nw.Buf = append(w.Buf, ',')\n}\n%s\n}\nw.Buf = append(w.Buf, ']')", v, item)
		if strings.HasSuffix(v, "[i]") {
			return "", fmt.Errorf("a list of lists can't be written")
		}
		if ref.GQL.NonNull {
			return list, nil // gqlgen writes an empty list for nil
		}
		return orNothing(list), nil
	case ref.Definition.Kind == ast.Object:
		if !ref.IsNilable() {
			return r.writeObject(ref.Definition.Name, "&"+v, "f.Of"), nil
		}
		return orNothing(r.writeObject(ref.Definition.Name, v, "f.Of")), nil
	case ref.Definition.IsAbstractType():
		return r.abstract(ref, v, nothing)
	case ref.IsPtr():
		then, err := r.leaf(ref.Elem(), "*"+v)
		return orNothing(then), err
	}
	return r.leaf(ref, v)
}

func (r *reach) writeObject(name, v, set string) string {
	return fmt.Sprintf("if !w.write%s(ctx, %s, %s) {\nreturn false\n}", name, v, set)
}

// abstract writes the statements for a value of an interface or a union.
func (r *reach) abstract(ref *config.TypeReference, v, nothing string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "switch v := %s.(type) {\ncase nil:\n%s\n", v, nothing)
	for _, typ := range r.data.Interfaces[ref.Definition.Name].Implementors {
		as := "v"
		if typ.TakeRef {
			as = "&v"
		}
		write := r.writeObject(typ.Name, as, fmt.Sprintf("f.On(%q)", typ.Name))
		if typ.CanBeNil() {
			write = fmt.Sprintf("if v == nil {\n%s\n} else {\n%s\n}", nothing, write)
		}
		fmt.Fprintf(&b, "case %s:\n%s\n", goType(typ.Type), write)
	}
	b.WriteString("default:\nreturn false\n}")
	return b.String(), nil
}

// leaf writes the statements for a scalar or an enum that is no pointer.
func (r *reach) leaf(ref *config.TypeReference, v string) (string, error) {
	write := ""
	switch {
	case ref.HasEnumValues():
		return fmt.Sprintf("w.Buf = append%s(w.Buf, %s)", ref.Definition.Name, v), nil
	case ref.IsMarshaler && ref.IsContext:
		return fmt.Sprintf("if !w.MarshalContext(ctx, %s) {\nreturn false\n}", v), nil
	case ref.IsMarshaler:
		return fmt.Sprintf("w.Marshal(%s)", v), nil
	case ref.Marshaler == nil:
		return "", fmt.Errorf("a value of the type %s has no marshaler", ref.GO)
	}
	if ref.CastType != nil {
		v = fmt.Sprintf("%s(%s)", goType(ref.CastType), v)
	}
	switch name, known := r.appender(ref.Marshaler); {
	case known:
		write = fmt.Sprintf("w.Buf = %s.%s(w.Buf, %s)", templates.CurrentImports.Lookup(scalarPackage), name, v)
	case ref.IsContext:
		return fmt.Sprintf("if !w.MarshalContext(ctx, %s(%s)) {\nreturn false\n}", templates.Call(ref.Marshaler), v), nil
	default:
		write = fmt.Sprintf("w.Marshal(%s(%s))", templates.Call(ref.Marshaler), v)
	}
	if ref.GQL.NonNull {
		write = fmt.Sprintf("at := len(w.Buf)\n%s\nif w.IsNull(at) {\nreturn false\n}", write)
		write = "{\n" + write + "\n}"
	}
	return write, nil
}

// appender finds the function of package scalar that writes the same as a
// marshaler: MarshalText and AppendText.
func (r *reach) appender(marshaler *types.Func) (string, bool) {
	name, ok := strings.CutPrefix(marshaler.Name(), "Marshal")
	if !ok {
		return "", false
	}
	name = "Append" + name
	f, ok := r.appends.Lookup(name).(*types.Func)
	if !ok {
		return "", false
	}
	takes := f.Signature().Params().At(1).Type().String()
	return name, takes == marshaler.Signature().Params().At(0).Type().String()
}

package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// randomQuery is one of the queries that the schema allows, and sometimes one that
// it doesn't. It is the same for the same seed.
func randomQuery(n *newsroom, seed uint64) operation {
	g := &queryMaker{
		schema: schema(), rand: rand.New(rand.NewPCG(seed, 4711)),
		values: map[string]any{}, given: map[string]string{},
	}
	var op operation
	if g.chance(3) {
		op.who = admin
	}
	g.admin = op.who == admin
	text := g.selections(g.schema.Query, 4, "")
	var b strings.Builder
	b.WriteString("query Q")
	if len(g.declared) > 0 {
		b.WriteString("(" + strings.Join(g.declared, ", ") + ")")
	}
	b.WriteString(" " + text)
	for _, f := range g.fragments {
		b.WriteString("\n" + f)
	}
	variables, _ := json.Marshal(g.values)
	op.text, op.variables = b.String(), string(variables)
	return op
}

// More than these are refused in one document, with something to spare.
const (
	manyAliases   = 25
	manyFragments = 40
)

type queryMaker struct {
	schema    *ast.Schema
	rand      *rand.Rand
	admin     bool // who asks is one
	declared  []string
	values    map[string]any
	fragments []string
	aliases   int
	list      string            // what the arguments are of
	given     map[string]string // arguments by where and what they are for: a field that is repeated has the same
}

func (g *queryMaker) chance(oneIn int) bool { return g.rand.IntN(oneIn) == 0 }

// selections asks something of a type. under keeps fields of one name and different
// types apart that can stand side by side.
func (g *queryMaker) selections(def *ast.Definition, depth int, under string) string {
	var parts []string
	add := func(text string) { parts = append(parts, text) }
	if g.chance(4) {
		add("__typename" + g.directive())
	}
	switch {
	case def.Kind == ast.Union || def.Kind == ast.Interface:
		if def.Kind == ast.Interface && g.chance(2) {
			add("id" + g.directive())
		}
		for _, possible := range g.schema.GetPossibleTypes(def) {
			if !g.chance(4) {
				add("... on " + possible.Name + g.directive() + " " + g.selections(possible, depth, under+possible.Name+"_"))
			}
		}
	default:
		for range 1 + g.rand.IntN(5) {
			f := def.Fields[g.rand.IntN(len(def.Fields))]
			to := g.schema.Types[f.Type.Name()]
			if strings.HasPrefix(f.Name, "__") || g.passes(def.Name+"."+f.Name) || depth < 1 && to.IsCompositeType() || under != "" && g.aliases >= manyAliases {
				continue
			}
			for range 1 + max(0, g.rand.IntN(6)-4) { // sometimes more than once, to be merged
				field := g.field(def, f, depth, under)
				way := g.rand.IntN(8)
				if len(g.fragments) >= manyFragments {
					way = 3
				}
				switch way {
				case 0:
					add("..." + g.directive() + " { " + field + " }")
				case 1:
					add("... on " + def.Name + g.directive() + " { " + field + " }")
				case 2:
					name := fmt.Sprintf("F%d", len(g.fragments))
					g.fragments = append(g.fragments, fmt.Sprintf("fragment %s on %s { %s }", name, def.Name, field))
					add("..." + name + g.directive())
					if g.chance(2) {
						add("..." + name + g.directive())
					}
				default:
					add(field)
				}
			}
		}
		if slices.Contains(def.Interfaces, "Node") && g.chance(4) && g.aliases < manyAliases {
			g.aliases++
			name := fmt.Sprintf("F%d", len(g.fragments))
			g.fragments = append(g.fragments, "fragment "+name+" on Node { id ... on "+def.Name+" { same: __typename } }")
			add("..." + name)
		}
	}
	if len(parts) == 0 {
		add("__typename")
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// passes tells whether a field is passed by: one that is an error to a reader, nearly
// always, and one that costs so much that nothing else could be asked for, mostly.
func (g *queryMaker) passes(field string) bool {
	switch field {
	case "Query.serviceTokens", "Query.webhooks":
		return !g.admin && !g.chance(20)
	case "Query.storyDiff", "Story.revisions":
		return !g.chance(4) || !g.admin && !g.chance(5)
	}
	return false
}

func (g *queryMaker) field(in *ast.Definition, f *ast.FieldDefinition, depth int, under string) string {
	alias := ""
	if under != "" {
		alias = under + f.Name
	}
	if g.chance(6) && g.aliases < manyAliases/2 {
		alias = under + "other_" + f.Name
	}
	if alias != "" {
		g.aliases++
	}
	key := fmt.Sprintf("%s %d %s %s", in.Name, depth, alias, f.Name)
	args, known := g.given[key]
	if !known {
		args = g.arguments(f)
		g.given[key] = args
	}
	text := f.Name + args + g.directive()
	if alias != "" {
		text = alias + ": " + text
	}
	if to := g.schema.Types[f.Type.Name()]; to.IsCompositeType() {
		inside := ""
		if to.IsAbstractType() {
			inside = under
		}
		if to.IsAbstractType() || slices.Contains(to.Interfaces, "Node") {
			depth--
		}
		text += " " + g.selections(to, depth, inside)
	}
	return text
}

func (g *queryMaker) directive() string {
	if !g.chance(12) {
		return ""
	}
	name := []string{"include", "skip"}[g.rand.IntN(2)]
	let := g.chance(2) == (name == "skip")
	switch g.rand.IntN(5) {
	case 0, 1:
		return fmt.Sprintf(" @%s(if: %t)", name, let)
	case 2:
		return fmt.Sprintf(" @%s(if: %s)", name, g.variable("Boolean!", let))
	case 3: // one that others have too
		if _, known := g.values["shared"]; !known {
			g.declared = append(g.declared, "$shared: Boolean!")
			g.values["shared"] = g.chance(2)
		}
		return " @" + name + "(if: $shared)"
	}
	return " @include(if: true) @skip(if: false)"
}

// variable declares one and gives it a value.
func (g *queryMaker) variable(typ string, value any) string {
	name := fmt.Sprintf("v%d", len(g.declared))
	g.declared = append(g.declared, "$"+name+": "+typ)
	g.values[name] = value
	return "$" + name
}

func (g *queryMaker) arguments(f *ast.FieldDefinition) string {
	var list []string
	paging := g.rand.IntN(2)
	if g.chance(30) {
		paging = 2 // both ways at once
	}
	for _, a := range f.Arguments {
		if !a.Type.NonNull && (g.chance(3) || paging == 0 && a.Name == "last" || paging == 1 && a.Name == "first" ||
			(a.Name == "after" || a.Name == "before") && !g.chance(3)) {
			continue
		}
		g.list = f.Type.Name()
		value := g.value(a.Type, a.Name)
		switch {
		case g.chance(3):
			variable := g.variable(a.Type.String(), value)
			if !a.Type.NonNull && g.chance(6) {
				delete(g.values, variable[1:]) // it is left out, which is not the same as null
			}
			list = append(list, a.Name+": "+variable)
		default:
			list = append(list, a.Name+": "+g.literal(a.Type, value))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// value is one for an argument or an input field, as JSON has it.
func (g *queryMaker) value(typ *ast.Type, name string) any {
	if !typ.NonNull && g.chance(12) {
		return nil
	}
	pick := func(values ...any) any { return values[g.rand.IntN(len(values))] }
	if typ.Elem != nil {
		list := []any{}
		for range g.rand.IntN(4) {
			list = append(list, g.value(typ.Elem, name))
		}
		return list
	}
	switch def := g.schema.Types[typ.Name()]; def.Kind {
	case ast.Enum:
		return def.EnumValues[g.rand.IntN(len(def.EnumValues))].Name
	case ast.InputObject:
		fields := map[string]any{}
		for _, f := range def.Fields {
			if f.Type.NonNull || g.chance(4) {
				fields[f.Name] = g.value(f.Type, f.Name)
			}
		}
		return fields
	}
	if g.chance(60) {
		return pick("", 0, -1, 101, "?", true)
	}
	switch typ.Name() {
	case "Boolean":
		return g.chance(2)
	case "Int":
		if name == "from" || name == "to" {
			return 1 + g.rand.IntN(2)
		}
		return 1 + g.rand.IntN(6)
	case "Cursor":
		switch {
		case g.chance(12):
			return pick("LOG:3", "PLACE:story_1", "PLACE:tick_1")
		case g.list == "TagConnection":
			return pick("PLACE:tag_senat", "PLACE:tag_budget")
		case g.list == "TickerConnection":
			return pick("PLACE:tick_2", "PLACE:tick_7", "PLACE:tick_4")
		case g.list == "CoverageConnection":
			return pick("PLACE:cov_live", "PLACE:cov_over")
		case g.list == "WebhookConnection":
			return pick("PLACE:MADE:1", "PLACE:MADE:2")
		case g.list == "ServiceTokenConnection":
			return pick("PLACE:MADE:3", "PLACE:MADE:4")
		case g.list == "RevisionConnection":
			return pick("REVISION:story_1.2", "REVISION:story_5.2")
		}
		return pick("PLACE:story_1", "PLACE:story_3", "PLACE:story_5")
	case "DateTime":
		return pick("2026-03-02T08:30:00Z", "2026-03-02T10:00:00+01:00", "2020-01-01T00:00:00Z")
	case "ID":
		if g.list == "FieldDiff" {
			return pick("story_1", "story_2", "story_3", "story_gone")
		}
		return pick("story_1", "story_2", "story_5", "tag_senat", "tick_4", "tick_2", "cov_live", "cov_soon", "nothing", "story_gone")
	}
	switch name {
	case "language":
		return pick("fr", "en", "fr-CA")
	case "namePrefix":
		return pick("s", "Sén", "p", "zzz")
	case "tags":
		return pick("politique", "senat", "budget", "tag_paris", "unknown")
	case "coverage":
		return pick("debat-budgetaire", "cov_soon", "unknown")
	}
	return pick("le-senat-vote-le-budget", "paris-prepare-ses-berges", "la-crue-de-fevrier", "senat", "paris", "budget",
		"marie-curiel", "debat-budgetaire", "elections", "crue", "nowhere", `"odd"\\ \u2028`)
}

// literal writes a value as GraphQL does.
func (g *queryMaker) literal(typ *ast.Type, value any) string {
	switch v := value.(type) {
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = g.literal(typ.Elem, v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var fields []string
		for _, f := range g.schema.Types[typ.Name()].Fields {
			if of, there := v[f.Name]; there {
				literal := g.literal(f.Type, of)
				if g.chance(8) && of != nil {
					literal = g.variable(f.Type.String(), of)
				}
				fields = append(fields, f.Name+": "+literal)
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case string:
		if g.schema.Types[typ.Name()].Kind == ast.Enum {
			return v
		}
	}
	text, _ := json.Marshal(value)
	return string(text)
}

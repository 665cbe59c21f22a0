package graph_test

import (
	"fmt"
	"strings"
)

// A shape is a document that is short to write and long to look at.
type shape struct{ name, text, variables string }

const (
	// bodyAtMost is how long the body of a request may be: no shape is longer.
	bodyAtMost = 4 << 20
	// textAtMost is how long a document may be that is looked at.
	textAtMost = 1 << 20
)

// filled repeats part between two ends as often as size bytes have room for.
func filled(size int, start, part, end string) string {
	return start + strings.Repeat(part, max(0, (size-len(start)-len(end))/len(part))) + end
}

// counted writes part n times, with its number in the place of N and the next one
// in that of M.
func counted(n int, part string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("N", fmt.Sprint(i), "M", fmt.Sprint(i+1)).Replace(part))
	}
	return b.String()
}

// nested writes s between n opening and n closing ends.
func nested(n int, open, s, end string) string {
	return strings.Repeat(open, n) + s + strings.Repeat(end, n)
}

// hostile are shapes of two kinds: as large as a body may be, and about as large
// as the parser's limits let through.
func hostile() []shape {
	list := []shape{
		{"a comment", filled(bodyAtMost, "#", "x", "\n{viewer{role}}"), ""},
		{"a string that is told in each error", filled(textAtMost, counted(20, "query QN{...F ...F ...F ...F}")+`fragment F on Query{tags(first:["`, "\x7f", `"]){nodes{id}}}`), ""},
		{"a number that nothing holds, for a cursor", "{stories(after:99999999999999999999){nodes{id}}}", ""},
		{"a fraction that nothing holds, for a cursor", "subscription{ticker(after:1e999){cursor}}", ""},
		{"a number that nothing holds, within a cursor", "{stories(after:{a:[99999999999999999999]}){nodes{id}}}", ""},
		{"an object for a condition", "{__typename @include(if:{})}", ""},
		{"an object for a list of ids", "{nodes(ids:{}){id}}", ""},
		{"a comment that fits", filled(textAtMost, "#", "é", "\n{viewer{role}}"), ""},
		{"comments", filled(bodyAtMost, "", "#\n", "{viewer{role}}"), ""},
		{"comments that fit", filled(4_800, "", "#\n", "{viewer{role}}"), ""},
		{"commas", filled(bodyAtMost, "", ",", "{viewer{role}}"), ""},
		{"commas that fit", filled(textAtMost, "", ",", "{viewer{role}}"), ""},
		{"line ends that fit", filled(textAtMost, "", "\r", "{viewer{role}}"), ""},
		{"byte order marks", filled(bodyAtMost, "", "\ufeff", "{viewer{role}}"), ""},
		{"byte order marks that fit", filled(textAtMost, "", "\ufeff", "{viewer{role}}"), ""},
		{"a number", filled(bodyAtMost, "{stories(first:", "1", "){nodes{id}}}"), ""},
		{"a number that fits", filled(textAtMost, "{stories(first:", "1", "){nodes{id}}}"), ""},
		{"a fraction that fits", filled(textAtMost, "{stories(first:1.", "1", "){nodes{id}}}"), ""},
		{"zeros", filled(bodyAtMost, "{stories(first:", "0 ", "){nodes{id}}}"), ""},
		{"minuses", filled(bodyAtMost, "{stories(first:", "-", "){nodes{id}}}"), ""},
		{"a name", filled(bodyAtMost, "{", "a", "}"), ""},
		{"a name that fits", filled(textAtMost, "{", "a", "}"), ""},
		{"an argument that fits", filled(textAtMost, "{stories(", "a", ":1){nodes{id}}}"), ""},
		{"a variable that fits", filled(textAtMost, "query($", "a", ":Int){viewer{role}}"), ""},
		{"a directive that fits", filled(textAtMost, "{viewer{role @", "a", "}}"), ""},
		{"a type that fits", filled(textAtMost, "query($a:", "a", "){viewer{role}}"), ""},
		{"an enum that fits", filled(textAtMost, "{stories(filter:{status:", "A", "}){nodes{id}}}"), ""},
		{"a string for an enum that fits", filled(textAtMost, `{stories(filter:{status:"`, "A", `"}){nodes{id}}}`), ""},
		{"a field of an input that fits", filled(textAtMost, "{stories(filter:{", "a", ":1}){nodes{id}}}"), ""},
		{"an alias that fits", filled(textAtMost, "{", "a", ":viewer{role}}"), ""},
		{"a name of an operation", filled(bodyAtMost, "query ", "a", "{viewer{role}}"), ""},
		{"a string", filled(bodyAtMost, `{story(slug:"`, "x", `"){id}}`), ""},
		{"a string that fits", filled(textAtMost, `{story(slug:"`, "é", `"){id}}`), ""},
		{"a string that does not end", filled(bodyAtMost, `{story(slug:"`, "x", ""), ""},
		{"a string that fits and does not end", filled(textAtMost, `{story(slug:"`, "x", ""), ""},
		{"escapes that fit", filled(textAtMost, `{story(slug:"`, `\n`, `"){id}}`), ""},
		{"code points that fit", filled(textAtMost, `{story(slug:"`, `\u00e9`, `"){id}}`), ""},
		{"braced code points that fit", filled(textAtMost, `{story(slug:"`, `\u{1}`, `"){id}}`), ""},
		{"surrogates that fit", filled(textAtMost, `{story(slug:"`, `\uD83D\uDE00`, `"){id}}`), ""},
		{"a block string", filled(bodyAtMost, `{story(slug:"""`, "x", `"""){id}}`), ""},
		{"lines of a block string that fit", filled(textAtMost, `{story(slug:"""`, "\n", `"""){id}}`), ""},
		{"indents of a block string that fit", filled(textAtMost, `{story(slug:"""`, "\n  x", `"""){id}}`), ""},
		{"quotes in a block string that fit", filled(textAtMost, `{story(slug:"""`, `""x`, `"""){id}}`), ""},
		{"a block string of quotes", filled(textAtMost, `{story(slug:"""`, `"`, `){id}}`), ""},
		{"escaped quotes in a block string that fit", filled(textAtMost, `{story(slug:"""`, `\"""`, `"""){id}}`), ""},
		{"a block string that does not end", filled(textAtMost, `{story(slug:"""`, "x", ""), ""},
		{"quotes", filled(textAtMost, "", `"`, ""), ""},
		{"strings", filled(bodyAtMost, "{nodes(ids:[", `""`, "]){id}}"), ""},
		{"control characters", filled(bodyAtMost, "{", "\x01", "}"), ""},
		{"rubbish", filled(bodyAtMost, "{", "\xff", "}"), ""},
		{"null bytes", filled(bodyAtMost, "", "\x00", ""), ""},

		{"open braces", filled(bodyAtMost, "", "{", ""), ""},
		{"open braces that fit", filled(2_400, "", "{a", ""), ""},
		{"open brackets", filled(bodyAtMost, "{nodes(ids:", "[", ""), ""},
		{"open brackets that fit", filled(2_400, "{nodes(ids:", "[", ""), ""},
		{"deep lists", "{stories(filter:{tags:" + nested(900, "[", "1", "]") + "}){nodes{id}}}", ""},
		{"deep objects", "{stories(filter:" + nested(600, "{tags:", "1", "}") + "){nodes{id}}}", ""},
		{"deep lists for a cursor", "{stories(after:" + nested(900, "[", "1", "]") + "){nodes{id}}}", ""},
		{"a deep type", "query($a:" + nested(900, "[", "Int", "]") + "){viewer{role}}", ""},
		{"a wide list", "{nodes(ids:[" + strings.Repeat("1 ", 2_400) + "]){id}}", ""},
		{"a wide list of what does not fit", "{stories(filter:{tags:[" + strings.Repeat("1 ", 2_400) + "]}){nodes{id}}}", ""},
		{"a wide object", "{stories(filter:{" + strings.Repeat("tags:1 ", 800) + "}){nodes{id}}}", ""},
		{"a wide object of what is not there", "{stories(filter:{" + counted(800, "tagN:1 ") + "}){nodes{id}}}", ""},
		{"open fields", strings.Repeat("{stories{nodes{related", 400), ""},
		{"deep fields", "{stories{nodes" + nested(500, "{related", "{id}", "}") + "}}", ""},
		{"deep inline fragments", "{stories{nodes" + nested(400, "{...on Story", "{id}", "}") + "}}", ""},

		{"a word again and again", filled(bodyAtMost, "{viewer{", "role ", "}}"), ""},
		{"a word that fits", "{viewer{" + strings.Repeat("role ", 2_490) + "}}", ""},
		{"objects that overlap", "{" + strings.Repeat("viewer{role}", 620) + "}", ""},
		{"deep objects that overlap", "{" + strings.Repeat("stories{nodes{related{related{id}}}}", 180) + "}", ""},
		{"pairs that overlap", "{stories{nodes{" + counted(200, "aN:title aN:slug aN:summary aN:language ") + "}}}", ""},
		{"words that overlap", "{stories{nodes{" + strings.Repeat("id slug title summary language ", 490) + "}}}", ""},
		{"fields that are none", "{" + counted(2_400, "aN ") + "}", ""},
		{"fields that are nearly some", "{" + strings.Repeat("storie ", 2_400) + "}", ""},
		{"aliases", "{" + counted(410, "aN:viewer{role}") + "}", ""},
		{"aliases inside", "{viewer{" + counted(800, "aN:role ") + "}}", ""},
		{"roots", "{" + counted(490, "viewerN{role}") + "}", ""},
		{"directives", "{viewer{role " + strings.Repeat("@include(if:true)", 350) + "}}", ""},
		{"directives that are none", "{viewer{role " + counted(1_200, "@aN") + "}}", ""},
		{"directives of an operation", "query " + strings.Repeat("@a", 1_200) + "{viewer{role}}", ""},
		{"variables", "query(" + counted(400, "$aN:Int=1 ") + "){viewer{role}}", ""},
		{"variables of one name", "query(" + strings.Repeat("$a:Int ", 600) + "){viewer{role}}", ""},
		{"variables that are used", "query(" + counted(300, "$aN:ID!") + "){nodes(ids:[" + counted(400, "$aN") + "]){id}}", ""},
		{"variables that are not there", "{nodes(ids:[" + counted(1_200, "$aN") + "]){id}}", ""},
		{"variables with deep defaults", "query($f:StoryFilter={tags:" + nested(600, "[", "", "]") + "}){stories(filter:$f){nodes{id}}}", ""},
		{"arguments", "{stories(" + strings.Repeat("first:1 ", 800) + "){nodes{id}}}", ""},
		{"arguments that are none", "{stories(" + counted(800, "aN:1 ") + "){nodes{id}}}", ""},
		{"operations", counted(490, "query QN{viewer}"), ""},
		{"operations of one name", strings.Repeat("query Q{viewer{role}}", 310), ""},
		{"operations without a name", strings.Repeat("{viewer{role}}", 410), ""},
		{"operations that spread one fragment", counted(200, "query QN{...F}") + "fragment F on Query{" + strings.Repeat("viewer{role}", 250) + "}", ""},
		{"fragments", "{viewer{...F0}}" + counted(350, "fragment FN on Viewer{role}"), ""},
		{"fragments of one name", "{viewer{...F}}" + strings.Repeat("fragment F on Viewer{role}", 350), ""},
		{"fragments in a row", "{viewer{...F0}}" + counted(300, "fragment FN on Viewer{...FM}") + "fragment F300 on Viewer{role}", ""},
		{"fragments that double", "{viewer{...F0}}" + counted(26, "fragment FN on Viewer{...FM ...FM}") + "fragment F26 on Viewer{role}", ""},
		{"fragments that double in fields", "{stories{nodes{...F0}}}" + counted(26, "fragment FN on Story{aN:related{...FM}bN:related{...FM}}") + "fragment F26 on Story{id}", ""},
		{"fragments that double and stay shallow", "{stories{nodes{...F0}}}" + counted(12, "fragment FN on Story{aN:related{...FM}bN:related{...FM}}") + "fragment F12 on Story{id}", ""},
		{"fragments in a circle", "{viewer{...F0}}" + counted(200, "fragment FN on Viewer{...FM}") + "fragment F200 on Viewer{...F0}", ""},
		{"a fragment of itself", "{viewer{...F}}fragment F on Viewer{" + strings.Repeat("...F ", 1_100) + "}", ""},
		{"fragments of each other", "{viewer{...F0}}" + strings.ReplaceAll(counted(24, "fragment FN on Viewer{ALL}"), "ALL", counted(24, "...FN ")), ""},
		{"spreads", "{viewer{" + strings.Repeat("...F ", 1_200) + "}}fragment F on Viewer{role}", ""},
		{"spreads that are none", "{viewer{" + counted(1_200, "...FN ") + "}}", ""},
		{"fragments of the same fields", "{viewer{" + counted(90, "...FN ") + "}}" + counted(90, "fragment FN on Viewer{role name role name role name}"), ""},
		{"inline fragments", "{viewer{" + strings.Repeat("...{role}", 600) + "}}", ""},
		{"inline fragments of other types", "{viewer{" + strings.Repeat("...on Story{id}", 400) + "}}", ""},
		{"introspection", "{__schema{types{fields{type" + nested(300, "{ofType", "{name}", "}") + "}}}}", ""},
		{"introspection in circles", "{__schema{types" + nested(8, "{fields{type", "{name}", "}}") + "}}", ""},
		{"introspection again and again", "{__schema{types{" + strings.Repeat("fields{type{name}}", 240) + "}}}", ""},

		{"all that may be in operations", "fragment F on Query{" + strings.Repeat("viewer{role}", 18) + "}" + counted(20, "query QN{...F}"), ""},
		{"all that may be in fragments", "{stories{nodes{...F0}}}" + counted(49, "fragment FN on Story{id slug title summary language status priority breaking version publishedAt updatedAt ...FM}") + "fragment F49 on Story{id}", ""},
		{"all that may be in fragments for all operations", counted(20, "query QN{stories{nodes{...F0}}}") + counted(49, "fragment FN on Story{id slug title summary language status priority breaking version ...FM}") + "fragment F49 on Story{id}", ""},
		{"all fragments in one place", "{stories{nodes{" + counted(50, "...FN ") + "}}}" + counted(50, "fragment FN on Story{id slug title summary language status priority breaking version publishedAt updatedAt}"), ""},
		{"all fragments in each other's place", "{stories{nodes{...F0 ...F1}}}" + counted(48, "fragment FN on Story{id slug title summary related{...FM}}") + "fragment F48 on Story{id}", ""},
		{"all fragments in two places", "{stories{nodes{...F0}}}" + counted(49, "fragment FN on Story{related{...FM}related{...FM}}") + "fragment F49 on Story{id}", ""},
		{"all fields that may overlap", "{stories{nodes{" + strings.Repeat("id slug title summary language status priority breaking version publishedAt updatedAt createdAt ", 200) + "}}}", ""},
		{"all objects that may overlap", "{stories{nodes{" + strings.Repeat("related{related{related{related{id slug}}}}", 100) + "}}}", ""},
		{"all objects that may overlap at a depth", "{" + strings.Repeat("stories{nodes{related{id}}}", 10) + "a:stories{nodes{" + strings.Repeat("related{tags{name}authors{name}}", 95) + "}}}", ""},
		{"all variables", "query(" + counted(50, "$aN:ID!") + "){nodes(ids:[" + strings.Repeat(counted(50, "$aN "), 20) + "]){id}}", ""},
		{"all directives", "query($a:Boolean!){viewer{" + strings.Repeat("role@include(if:$a) ", 50) + "}}", ""},
		{"all aliases of inline fragments", "{stories{nodes{" + counted(30, "aN:related{...on Story{related{...on Story{id slug title}}}}") + "}}}", ""},
		{"inline fragments that overlap", "{stories{nodes{" + strings.Repeat("...on Story{id slug}...on Node{id}", 130) + "}}}", ""},

		{"deep variables", "query($f:StoryFilter){stories(filter:$f){nodes{id}}}", `{"f":{"tags":` + nested(9_000, "[", "", "]") + `}}`},
		{"deep variables for a cursor", "query($c:Cursor){stories(after:$c){nodes{id}}}", `{"c":` + nested(9_000, `{"c":`, "1", "}") + `}`},
		{"deep lists in a variable", "query($k:[TagKind!]){tags(filter:{kind:$k}){nodes{id}}}", `{"k":` + nested(9_000, "[", "", "]") + `}`},
		{"a long variable", "query($s:String!){story(slug:$s){id}}", filled(bodyAtMost, `{"s":"`, "x", `"}`)},
		{"a long name in a variable", "query($f:StoryFilter){stories(filter:$f){nodes{id}}}", filled(bodyAtMost, `{"f":{"`, "x", `":1}}`)},
		{"a long enum in a variable", "query($k:[TagKind!]){tags(filter:{kind:$k}){nodes{id}}}", filled(bodyAtMost, `{"k":["`, "x", `"]}`)},
		{"a long number in a variable", "query($n:Int){stories(first:$n){nodes{id}}}", filled(bodyAtMost, `{"n":`, "1", `}`)},
		{"many items in a variable", "query($i:[ID!]!){nodes(ids:$i){id}}", filled(bodyAtMost, `{"i":["a"`, `,"a"`, `]}`)},
		{"many bad items in a variable", "query($t:[String!]){stories(filter:{tags:$t}){nodes{id}}}", filled(bodyAtMost, `{"t":["a"`, `,1`, `]}`)},
	}
	const unknown = 300_000
	return append(list, shape{
		"many names in a variable", "query($f:StoryFilter){stories(filter:$f){nodes{id}}}",
		`{"f":{"b":1` + counted(unknown, `,"aN":1`) + "}}",
	})
}

package graph_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

func TestEscapes(t *testing.T) {
	n := open(t)
	for _, row := range []struct {
		name, literal string
		want          string // the string, or what refuses it
		line, column  int    // of what is wrong; 0 for nothing
	}{
		{"four digits", `"\u00e9\u00E9"`, "éé", 0, 0},
		{"in braces", `"a\u{1F600}b"`, "a😀b", 0, 0},
		{"in braces, one digit", `"\u{9}"`, "\t", 0, 0},
		{"in braces, six digits", `"\u{10FFFF}"`, "\U0010FFFF", 0, 0},
		{"a pair", `"\uD83D\uDE00"`, "😀", 0, 0},
		{"a pair in small letters", `"x\ud83d\ude00y"`, "x😀y", 0, 0},
		{"no escape", `"\\uD83D"`, `\uD83D`, 0, 0},
		{"an escape behind none", `"\\\u0041"`, `\A`, 0, 0},
		{"block string", `"""\uD83D \u{110000}"""`, `\uD83D \u{110000}`, 0, 0},
		{"block string with quotes", `"""a""\"""\uD83D"""`, `a"""""\uD83D`, 0, 0},
		{"behind a comment", "# \"\\uD83D\n\"x\"", "x", 0, 0},
		{"behind a block string", `"""""" # \uD83D`, "", 0, 0},
		{"a first half", `"é\uD83D"`, "half of a surrogate pair: \\uD83D", 1, 23},
		{"a second half", "\r\n\r\n  \"\\uDE00\"", "half of a surrogate pair: \\uDE00", 3, 4},
		{"two first halves", `"\uD83D\uD83D"`, "half of a surrogate pair: \\uD83D", 1, 22},
		{"halves the wrong way", `"\uDE00\uD83D"`, "half of a surrogate pair: \\uDE00", 1, 22},
		{"halves apart", "\n\"\\uD83D \\uDE00\"", "half of a surrogate pair: \\uD83D", 2, 2},
		{"a half behind a block string with a quote more", "\"\"\"a\"\"\"\" $t: String = \"\\uD83D\"", "half of a surrogate pair: \\uD83D", 1, 44},
		{"half a pair in braces", `"\uD83D\u{DE00}"`, "half of a surrogate pair", 1, 22},
		{"a half in braces", `"\u{D83D}"`, "Invalid character escape sequence: \\u{D83D}.", 1, 23},
		{"beyond the last", `"\u{110000}"`, "Invalid character escape sequence: \\u{110000}.", 1, 23},
		{"no digit", `"\u{}"`, "Invalid character escape sequence: \\u{}.", 1, 23},
		{"no end", "\n\"\\u{41\"", "Invalid character escape sequence", 2, 3},
		{"three digits", `"\u12"`, "Invalid character escape sequence", 1, 23},
		{"other letters", `"\u00zz"`, "Invalid character escape sequence: \\u00zz.", 1, 23},
		{"not known", `"\x"`, "Invalid character escape sequence: \\x.", 1, 23},
		{"no quote", `"abc`, "Unterminated string.", 1, 25},
	} {
		t.Run(row.name, func(t *testing.T) {
			op, refused := n.begin(t, withDefault(row.literal))
			if row.line == 0 {
				if refused != nil {
					t.Fatalf("got %v, want %q", refused.Errors, row.want)
				}
				if got := op.Variables["s"]; got != row.want {
					t.Errorf("got %q, want %q", got, row.want)
				}
				return
			}
			if refused == nil {
				t.Fatalf("got %q, want an error", op.Variables["s"])
			}
			e := refused.Errors[0]
			if !strings.Contains(e.Message, row.want) || e.Extensions["code"] != "INVALID_ARGUMENT" {
				t.Errorf("got %v, want %s", e, row.want)
			}
			if len(e.Locations) != 1 || e.Locations[0].Line != row.line || e.Locations[0].Column != row.column {
				t.Errorf("got %v, want line %d, column %d", e.Locations, row.line, row.column)
			}
		})
	}
}

// withDefault is an operation whose variable s is a literal; nothing is behind it on
// its line.
func withDefault(literal string) *graphql.RawParams {
	return &graphql.RawParams{Query: "query($s: String! = " + literal + "\n) { story(slug: $s) { id } }"}
}

// FuzzEscapes compares strings with what they are by the letter of GraphQL.
func FuzzEscapes(f *testing.F) {
	for _, seed := range []string{
		``, `abc`, `\n\t\"\\\/\b\f\r`, `\u0041`, `\u{41}`, `\uD83D\uDE00`, `\uD83D`, `\uDE00`, `\uD83D\uD83D\uDE00`, `\uD83D\u{DE00}`, `\u{D800}`,
		`\u{10FFFF}`, `\u{110000}`, `\u{}`, `\u{`, `\u`, `\`, `\\uD83D`, `é\u00e9`, "\x01", "\t", `#`, `\uD83Dx\uDE00`, `\uD83D\n`,
	} {
		f.Add(seed)
	}
	n := open(f)
	f.Fuzz(func(t *testing.T, inside string) {
		if len(inside) > 1_000 || !utf8.ValidString(inside) {
			return // the transports refuse the latter
		}
		if strings.ContainsAny(strings.NewReplacer(`\\`, "", `\"`, "").Replace(inside), "\"\n\r") {
			return // the string ends there, and what follows may be something
		}
		want, valid := naively(inside)
		// The digits that a code point may have in front of it are counted by the parser.
		if strings.Contains(inside, `\u{00`) {
			return
		}
		op, refused := n.begin(t, withDefault(`"`+inside+`"`))
		if valid != (refused == nil) {
			t.Fatalf("%q is valid: %v, but got %v", inside, valid, refused)
		}
		if valid && op.Variables["s"] != want {
			t.Errorf("%q is %q, want %q", inside, op.Variables["s"], want)
		}
		if refused != nil {
			checkRefused(t, refused)
		}
	})
}

// naively reads what is inside of a string (GraphQL, section 2.9.4).
func naively(s string) (string, bool) {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r != '\\' {
			if r == '"' || r < ' ' && r != '\t' {
				return "", false
			}
			b.WriteRune(r)
			s = s[size:]
			continue
		}
		if len(s) < 2 {
			return "", false
		}
		if plain := strings.IndexByte(`"\/bfnrt`, s[1]); plain >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[plain])
			s = s[2:]
			continue
		}
		value, rest, ok := naiveCodePoint(s)
		if !ok {
			return "", false
		}
		b.WriteRune(value)
		s = rest
	}
	return b.String(), true
}

func naiveCodePoint(s string) (rune, string, bool) {
	if digits, ok := strings.CutPrefix(s, `\u{`); ok {
		digits, rest, ok := strings.Cut(digits, "}")
		n, err := strconv.ParseUint(digits, 16, 32)
		return rune(n), rest, ok && err == nil && n <= utf8.MaxRune && utf8.ValidRune(rune(n))
	}
	first, ok := naiveUnit(s)
	if !ok {
		return 0, "", false
	}
	if first >= 0xD800 && first < 0xDC00 {
		second, ok := naiveUnit(s[6:])
		if !ok || second < 0xDC00 || second > 0xDFFF {
			return 0, "", false
		}
		return (first-0xD800)<<10 + (second - 0xDC00) + 0x10000, s[12:], true
	}
	return first, s[6:], first < 0xDC00 || first > 0xDFFF
}

func naiveUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(n), err == nil
}

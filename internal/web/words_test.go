package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"depeche/internal/web"
)

func TestWords(t *testing.T) {
	if err := web.ReadWords(os.DirFS("words")); err != nil {
		t.Error(err)
	}
	for _, row := range []struct{ name, en, says string }{
		{"one is missing", `{"a": "A %s %d"}`, "en.json: it has no b"},
		{"one too many", `{"a": "A %s %d", "b": "B", "c": "C"}`, "en.json: it has c"},
		{"other placeholders", `{"a": "A %s %s", "b": "B"}`, "en.json: a has not as many %s"},
		{"no JSON", `{`, "en.json: "},
		{"not flat", `{"a": {"b": "c"}}`, "en.json: "},
	} {
		folder := fstest.MapFS{"fr.json": {Data: []byte(`{"a": "À %s %d", "b": "B"}`)}, "en.json": {Data: []byte(row.en)}}
		if err := web.ReadWords(folder); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.says)
		}
	}
}

// TestWordsAreThere looks for the texts that templates and pages name.
func TestWordsAreThere(t *testing.T) {
	text, err := os.ReadFile("words/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:\{\{|\()\s*t "([^"]+)"|words\.say\("([^"]+)"`)
	names, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "pages.go") {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range named.FindAllStringSubmatch(string(source), -1) {
			if key := found[1] + found[2]; !strings.Contains(string(text), `"`+key+`":`) {
				t.Errorf("%s says %s, for which there are no words", name, key)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	now := at("2026-11-22T13:30:00Z")
	for _, row := range []struct{ lang, at, clock, moment, short string }{
		{"fr", "2026-11-22T13:05:00Z", "14:05", "22 novembre 2026, 14:05", "14:05"},
		{"en", "2026-11-22T13:05:00Z", "14:05", "22 November 2026, 14:05", "14:05"},
		{"fr", "2026-11-21T13:05:00Z", "14:05", "21 novembre 2026, 14:05", "21 nov. 14:05"},
		{"en", "2026-11-21T13:05:00Z", "14:05", "21 November 2026, 14:05", "21 Nov 14:05"},
		{"fr", "2026-11-21T23:00:00Z", "00:00", "22 novembre 2026, 00:00", "00:00"},         // today, there
		{"fr", "2026-11-21T22:59:59Z", "23:59", "21 novembre 2026, 23:59", "21 nov. 23:59"}, // not yet
		{"fr", "2026-07-31T22:30:00Z", "00:30", "1er août 2026, 00:30", "1 août 00:30"},
		{"en", "2026-09-01T10:00:00Z", "12:00", "1 September 2026, 12:00", "1 Sept 12:00"},
		{"en", "2025-11-22T13:05:00Z", "14:05", "22 November 2025, 14:05", "22 Nov 14:05"},
	} {
		if clock, moment, short := web.Say(row.lang, paris, now, at(row.at)); clock != row.clock || moment != row.moment || short != row.short {
			t.Errorf("%s in %s: got %q, %q, %q", row.at, row.lang, clock, moment, short)
		}
	}
}

func TestOperations(t *testing.T) {
	operations, err := web.ReadOperations(web.Operations())
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`askFor\[\w+\]\(v, "(\w+)"`)
	used := map[string]bool{"FollowTicker": true, "FollowStories": true, "FollowStory": true, "FollowCoverage": true, "Stories": true, "Sections": true}
	source, err := os.ReadFile("pages.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range asked.FindAllStringSubmatch(string(source), -1) {
		used[found[1]] = true
	}
	if len(used) < 10 {
		t.Errorf("only %v are asked", used)
	}
	for name := range used {
		if operations[name] == "" {
			t.Errorf("there is no operation Reader%s", name)
		}
	}
	for name := range operations {
		if !used[name] {
			t.Errorf("nobody asks Reader%s", name)
		}
	}
	for _, row := range []struct{ name, text string }{
		{"none in a file", "{ x }"}, {"two in a file", "query ReaderA { x }\nquery ReaderB { x }"},
	} {
		if _, err := web.ReadOperations(fstest.MapFS{"bad.graphql": {Data: []byte(row.text)}}); err == nil || !strings.Contains(err.Error(), "bad.graphql") {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
}

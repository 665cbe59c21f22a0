package sqlite_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

// audit compares the tables of the file with what the log says they should
// hold, and has SQLite look for damage. s is the open store in the file.
func audit(tb testing.TB, s *sqlite.Store, path string) {
	tb.Helper()
	entities := make(map[string]string)
	listings := make(map[news.EntityID]news.Entity)
	slugs := make(map[string]string)
	var head news.Seq
	for {
		lines, err := s.Lines(tb.Context(), head, 1000)
		if err != nil {
			tb.Fatal(err)
		}
		if len(lines) == 0 {
			break
		}
		for _, line := range lines {
			head++
			ref := line.Doc.Ref()
			if line.Seq != head {
				tb.Fatalf("line %d is numbered %d", head, line.Seq)
			}
			if was := listings[ref.ID]; was == nil && ref.Version != 1 || was != nil && was.Ref().Version+1 != ref.Version {
				tb.Fatalf("line %d: version %d of %s comes after %v", head, ref.Version, ref.ID, was)
			}
			entities[string(ref.ID)] = fmt.Sprintf("%s %d", ref.Kind, line.Seq)
			listings[ref.ID] = line.Doc
			for _, slug := range line.Doc.Slugs() {
				if name := string(ref.Kind) + " " + slug; slugs[name] == "" {
					slugs[name] = string(ref.ID)
				}
			}
		}
	}
	postings, terms := make(map[string]string), make(map[string]string)
	counts := make(map[string]int)
	for id, e := range listings {
		l := e.Listing()
		key := any(l.At.UnixMilli())
		if e.Ref().Kind == news.KindTag {
			key = l.Name
		}
		for _, term := range slices.Compact(slices.Sorted(slices.Values(append(l.Terms, "")))) {
			name := fmt.Sprintf("%s/%s/%s", e.Ref().Kind, l.Status, term)
			postings[fmt.Sprintf("%s %v %s", name, key, id)] = ""
			counts[name]++
		}
	}
	for name, n := range counts {
		terms[name] = fmt.Sprint(n)
	}

	db := rawDB(tb, path)
	for _, table := range []struct {
		name, query string
		want        map[string]string
	}{
		{"entities", `SELECT id, kind || ' ' || seq FROM entities`, entities},
		{"slugs", `SELECT kind || ' ' || slug, entity FROM slugs`, slugs},
		{"postings", `SELECT t.term || ' ' || p.key || ' ' || p.id, '' FROM postings p JOIN terms t ON t.id = p.term`, postings},
		{"terms", `SELECT term, n FROM terms WHERE n <> 0`, terms},
		{"integrity", `SELECT integrity_check, '' FROM pragma_integrity_check`, map[string]string{"ok": ""}},
	} {
		got := make(map[string]string)
		rows, err := db.QueryContext(tb.Context(), table.query)
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			var key, value string
			if err := rows.Scan(&key, &value); err != nil {
				tb.Fatal(err)
			}
			got[key] = value
		}
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
		if !maps.Equal(table.want, got) {
			tb.Fatalf("%s (-as the log says +as it is):\n%s", table.name, cmp.Diff(table.want, got))
		}
	}
}

// rawDB opens a file without the store.
func rawDB(tb testing.TB, path string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return db
}

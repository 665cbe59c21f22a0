package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLayout holds the house together: which room may import which other, and
// which outside packages stop where. The standard library is open to all but
// where it is named.
func TestLayout(t *testing.T) {
	type room struct {
		rooms   []string // of depeche
		outside []string // modules, by the beginning of their path
		never   []string // of the standard library
	}
	gqlgen := []string{"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"}
	house := map[string]room{
		"internal/news":                   {never: []string{"database/sql", "net/http", "encoding/json"}},
		"internal/text":                   {outside: []string{"golang.org/x/text", "github.com/mozillazg/go-unidecode", "github.com/maypok86/otter/v2", "github.com/yuin/goldmark", "github.com/microcosm-cc/bluemonday"}, never: []string{"net/http"}},
		"internal/desk":                   {rooms: []string{"internal/news", "internal/text"}, outside: []string{"github.com/oklog/ulid/v2", "github.com/sergi/go-diff", "golang.org/x/text", "golang.org/x/time/rate"}, never: []string{"database/sql", "net/http"}},
		"internal/live":                   {rooms: []string{"internal/news"}, never: []string{"database/sql", "net/http"}},
		"internal/cache":                  {rooms: []string{"internal/news"}, outside: []string{"github.com/maypok86/otter/v2"}, never: []string{"net/http", "database/sql", "encoding/json"}},
		"internal/auth":                   {rooms: []string{"internal/news"}, outside: []string{"github.com/golang-jwt/jwt/v5", "github.com/MicahParks/keyfunc/v3", "github.com/MicahParks/jwkset", "golang.org/x/time/rate"}, never: []string{"database/sql"}},
		"internal/webhook":                {rooms: []string{"internal/live", "internal/news"}, never: []string{"database/sql"}},
		"internal/config":                 {never: []string{"database/sql", "net/http"}},
		"internal/store/document":         {rooms: []string{"internal/news"}, outside: []string{"go.mongodb.org/mongo-driver/v2/bson"}},
		"internal/store/listing":          {rooms: []string{"internal/news"}, never: []string{"database/sql", "net/http"}},
		"internal/store/wake":             {never: []string{"database/sql", "net/http"}},
		"internal/store/sqlite":           {rooms: []string{"internal/news", "internal/store/document", "internal/store/listing", "internal/store/wake"}, outside: []string{"modernc.org/sqlite", "github.com/gofrs/flock", "go.mongodb.org/mongo-driver/v2/bson"}, never: []string{"net/http"}},
		"internal/store/mongo":            {rooms: []string{"internal/news", "internal/store/document", "internal/store/listing", "internal/store/wake"}, outside: []string{"go.mongodb.org/mongo-driver/v2"}, never: []string{"net/http", "database/sql"}},
		"internal/store/mongo/mongotest":  {outside: []string{"go.mongodb.org/mongo-driver/v2"}},
		"internal/store":                  {rooms: []string{"internal/news", "internal/store/document", "internal/store/sqlite", "internal/store/mongo"}, never: []string{"net/http", "database/sql"}},
		"internal/store/storetest":        {rooms: []string{"internal/news"}, outside: []string{"github.com/google/go-cmp"}, never: []string{"net/http", "database/sql"}},
		"internal/store/storetest/corpus": {rooms: []string{"internal/news"}, never: []string{"net/http", "database/sql"}},
		"internal/intake/page":            {rooms: []string{"internal/text"}, never: []string{"net/http", "database/sql"}},
		"internal/intake":                 {rooms: []string{"internal/news", "internal/desk", "internal/text", "internal/intake/page"}, outside: []string{"github.com/oklog/ulid/v2", "golang.org/x/net/html", "golang.org/x/text", "github.com/JohannesKaufmann/html-to-markdown/v2"}, never: []string{"net/http", "database/sql"}},
		"internal/demo":                   {rooms: []string{"internal/news", "internal/desk", "internal/intake"}, never: []string{"net/http", "database/sql"}},
		"internal/web":                    {outside: []string{"github.com/klauspost/compress", "github.com/tdewolff/minify/v2", "golang.org/x/text"}, never: []string{"database/sql"}},
		"internal/playground":             {outside: []string{"github.com/klauspost/compress"}, never: []string{"database/sql"}},
		"internal/wire":                   {outside: []string{"github.com/gobwas/ws"}, never: []string{"database/sql", "encoding/json"}},
		"internal/transport":              {rooms: []string{"internal/news", "internal/auth", "internal/cache", "internal/live", "internal/wire"}, outside: append([]string{"github.com/rs/cors", "github.com/klauspost/compress", "golang.org/x/time/rate", "github.com/prometheus/client_golang"}, gqlgen...), never: []string{"database/sql"}},
		"internal/command":                {rooms: []string{"internal/news", "internal/desk", "internal/intake", "internal/config", "internal/auth", "internal/store", "internal/text"}, outside: []string{"github.com/schollz/progressbar/v3", "golang.org/x/term"}, never: []string{"net/http"}},
		"graph":                           {rooms: []string{"graph/generated", "graph/model", "graph/plan", "graph/scalar", "internal/cache", "internal/news", "internal/desk", "internal/intake", "internal/live", "internal/text"}, outside: gqlgen, never: []string{"net/http", "database/sql"}},
		"graph/plan":                      {outside: gqlgen, never: []string{"net/http", "database/sql"}},
		"graph/scalar":                    {rooms: []string{"internal/news"}, outside: gqlgen, never: []string{"net/http"}},
		"graph/model":                     {rooms: []string{"internal/news", "internal/text", "graph/scalar"}, outside: gqlgen, never: []string{"net/http"}},
		"graph/generated":                 {rooms: []string{"internal/news", "graph/model", "graph/plan", "graph/scalar"}, outside: gqlgen, never: []string{"net/http"}},
		"tools/gqlgen":                    {outside: gqlgen},
		"":                                {rooms: []string{"graph", "internal/auth", "internal/cache", "internal/command", "internal/config", "internal/demo", "internal/desk", "internal/live", "internal/news", "internal/playground", "internal/store", "internal/text", "internal/transport", "internal/web", "internal/webhook"}},
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; found++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "depeche"), "/")
		allowed, known := house[name]
		if !known {
			t.Errorf("the room %q is not in the plan", name)
			continue
		}
		for _, path := range p.Imports {
			switch inside, ours := strings.CutPrefix(path, "depeche/"); {
			case ours:
				if !slices.Contains(allowed.rooms, inside) {
					t.Errorf("%q may not import %s", name, path)
				}
			case strings.Contains(strings.Split(path, "/")[0], "."):
				if !slices.ContainsFunc(allowed.outside, func(module string) bool {
					return path == module || strings.HasPrefix(path, module+"/")
				}) {
					t.Errorf("%q may not import %s", name, path)
				}
			case slices.Contains(allowed.never, path):
				t.Errorf("%q may not import %s", name, path)
			}
		}
	}
	if found < len(house)-1 {
		t.Errorf("go list found %d rooms, want the %d of the plan", found, len(house))
	}
}

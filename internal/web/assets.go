package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// assets are the files that pages load. All of them are below one path, which changes
// with any of them: so modules can name each other.
type assets struct {
	path    string   // /assets/HASH
	modules []string // the paths of all that main.js loads
	bodies  map[string][]byte
}

var importedModule = regexp.MustCompile(`(?:^|[;}])(?:import|export)[^;]*?["']\./([a-z0-9-]+\.js)["']`)

// startModule is the script that loads all others.
const startModule = "main.js"

func readAssets(folder fs.FS) (*assets, error) {
	a := &assets{bodies: map[string][]byte{}}
	entries, err := fs.ReadDir(folder, ".") // in the order of their names
	if err != nil {
		return nil, err
	}
	small := minifier()
	sum := sha256.New()
	for _, entry := range entries {
		body, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		if body, err = small.Bytes(mediaTypes[path.Ext(entry.Name())], body); err != nil && !errors.Is(err, minify.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		a.bodies[entry.Name()] = body
		one := sha256.Sum256(body)
		sum.Write([]byte(entry.Name() + "\n"))
		sum.Write(one[:])
	}
	a.path = "/assets/" + hex.EncodeToString(sum.Sum(nil)[:8])
	for _, name := range a.imported(startModule, nil) {
		a.modules = append(a.modules, a.path+"/"+name)
	}
	return a, nil
}

// minifier takes out of scripts and style sheets what is there for those who read the
// code: a third of what browsers would load.
func minifier() *minify.M {
	m := minify.New()
	m.AddFunc("text/css", css.Minify)
	m.AddFunc("text/javascript", js.Minify)
	return m
}

// imported are the modules that one imports, and those of these, in the order in which
// they are met; before are known already.
func (a *assets) imported(name string, before []string) []string {
	for _, found := range importedModule.FindAllSubmatch(a.bodies[name], -1) {
		if next := string(found[1]); a.bodies[next] != nil && !slices.Contains(before, next) {
			before = a.imported(next, append(before, next))
		}
	}
	return before
}

// serve serves the files. One that is asked for under another hash is that of a page
// that another version of the program has made: it gets what there is, for this once.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/assets/"), "/")
	body, ok := a.bodies[name]
	mediaType := mediaTypes[path.Ext(name)]
	if !ok || mediaType == "" || hash == "" {
		notHere(w)
		return
	}
	cacheControl := noStore
	if "/assets/"+hash == a.path {
		cacheControl = forGood
	}
	w.Header().Set("Content-Type", mediaType)
	write(w, r, http.StatusOK, cacheControl, body)
}

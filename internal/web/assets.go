package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// assets are the files that pages load. All of them are below one path, which changes
// with any of them: so modules can name each other.
type assets struct {
	path    string   // /assets/HASH
	modules []string // the paths of all that main.js loads
	bodies  map[string][]byte
}

var (
	// comment is one that has its lines to itself, in a script or a style sheet. It is
	// for those who read the code, and a sixth of what browsers would load.
	comment        = regexp.MustCompile(`(?m)^[ \t]*(?:/\*(?:[^*]|\*+[^*/])*\*+/|//.*)[ \t]*\n`)
	importedModule = regexp.MustCompile(`(?m)^(?:import|export)[^;]*?from "\./([a-z0-9-]+\.js)"`)
)

// startModule is the script that loads all others.
const startModule = "main.js"

func readAssets(folder fs.FS) (*assets, error) {
	a := &assets{bodies: map[string][]byte{}}
	entries, err := fs.ReadDir(folder, ".") // in the order of their names
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, entry := range entries {
		body, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		body = comment.ReplaceAll(body, nil)
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

//go:build playground

package playground

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
)

// dist is what `make playground` makes. Where it is not there, it has to be made first.
//
//go:embed dist
var dist embed.FS

// load has the page load what is embedded, and nothing from anywhere else.
func load(assets) (loaded, error) {
	text, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		return loaded{}, fmt.Errorf("read manifest: %w", err)
	}
	var chunks map[string]struct {
		File string
		CSS  []string
	}
	if err := json.Unmarshal(text, &chunks); err != nil {
		return loaded{}, fmt.Errorf("read manifest: %w", err)
	}
	start := chunks["main.js"]
	what := loaded{Scripts: []part{{URL: Path + "/" + start.File, Module: true}}, bodies: map[string][]byte{}}
	for _, file := range start.CSS {
		what.Styles = append(what.Styles, part{URL: Path + "/" + file})
	}
	entries, err := fs.ReadDir(dist, "dist/assets")
	if err != nil {
		return loaded{}, err
	}
	for _, entry := range entries {
		body, err := dist.ReadFile("dist/assets/" + entry.Name())
		if err != nil {
			return loaded{}, err
		}
		what.bodies[assetsPath+"/"+entry.Name()] = body
	}
	return what, nil
}

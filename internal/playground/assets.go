package playground

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
)

const assetsPath = Path + "/assets"

var mediaTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// A part is a script or a style sheet of the page.
type part struct {
	URL       string `json:"url"`
	Integrity string `json:"integrity"` // empty: it is one of ours
	Module    bool   `json:"-"`
}

// loaded is what the page loads, beside its own style sheet, in this order.
type loaded struct {
	// Host is the CDN; empty: there is none.
	Host            string
	Styles, Scripts []part
	// bodies are the files among them that are served here, by their paths.
	bodies map[string][]byte
}

// assets are the files in the folder page. All of them are below one path, which changes
// with any of them: so modules can name each other.
type assets struct {
	hash   string
	bodies map[string][]byte // by their paths
}

func readAssets(files fs.FS) (assets, error) {
	entries, err := fs.ReadDir(files, "page") // in the order of their names
	if err != nil {
		return assets{}, err
	}
	texts := map[string][]byte{}
	sum := sha256.New()
	for _, entry := range entries {
		text, err := fs.ReadFile(files, "page/"+entry.Name())
		if err != nil {
			return assets{}, err
		}
		texts[entry.Name()] = text
		one := sha256.Sum256(text)
		sum.Write([]byte(entry.Name() + "\n"))
		sum.Write(one[:])
	}
	a := assets{hash: hex.EncodeToString(sum.Sum(nil)[:8]), bodies: map[string][]byte{}}
	for name, text := range texts {
		a.bodies[a.path(name)] = text
	}
	return a, nil
}

func (a assets) path(name string) string { return assetsPath + "/" + a.hash + "/" + name }

package demo

import (
	"embed"
	"io/fs"
)

//go:embed pictures
var drawings embed.FS

// Pictures are the drawings of the stories, SVG. They belong under /pictures/ on the
// server.
func Pictures() fs.FS {
	sub, err := fs.Sub(drawings, "pictures")
	if err != nil {
		panic(err) // it is embedded
	}
	return sub
}

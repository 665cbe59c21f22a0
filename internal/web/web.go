// Package web is the reader page: a newspaper to be read in a browser, made of what
// everybody may read through the API. It knows the API by HTTP alone.
package web

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options is what a Site needs.
type Options struct {
	// API answers what the pages ask, and every request that is for none of them.
	API http.Handler
	// Zone is the newsroom's: all times are shown in it. UTC where it is nil.
	Zone *time.Location
	// Now is the time: what is of today shows its time of day alone. time.Now where it
	// is nil.
	Now func() time.Time
	// Name is that of the newspaper.
	Name string
	// PublicURL is where readers find the site, scheme and host without a slash at the
	// end; empty: wherever the request came to.
	PublicURL string
	// ImageSources are those of the Content-Security-Policy from which pictures may be
	// loaded, beside the site itself.
	ImageSources []string
	// Pictures are served under /pictures/ by their names; nil: there are none.
	Pictures fs.FS
	// PicturesAt is what the addresses of Pictures begin with in stories, scheme and host
	// without a slash at the end: they are shown as paths.
	PicturesAt string
	// Logger is told of pages that could not be made; nothing is logged without one.
	Logger *slog.Logger
}

// PathGraphQL is where the API answers.
const PathGraphQL = "/graphql"

//go:embed operations templates assets words
var files embed.FS

// folder is one of those that are embedded.
func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // it is embedded
	}
	return sub
}

// Operations are the documents by which the pages read: they have to be registered
// with the API.
func Operations() fs.FS { return folder("operations") }

// A Site serves the pages, and hands on what is not for it. It may be used by many
// goroutines at once.
type Site struct {
	o          Options
	mux        *http.ServeMux
	operations operations
	editions   map[string]*edition // by language
	assets     *assets
	policy     string
	made       madePages
}

// New makes a Site. Errors name the file that is wrong.
func New(o Options) (*Site, error) {
	o.Zone = cmp.Or(o.Zone, time.UTC)
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	s := &Site{o: o, mux: http.NewServeMux(), policy: contentPolicy(o.ImageSources)}
	var err error
	if s.operations, err = readOperations(folder("operations")); err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	if s.assets, err = readAssets(folder("assets")); err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	if s.editions, err = readEditions(folder("words"), folder("templates"), o); err != nil {
		return nil, err
	}
	if err := s.route(); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == PathGraphQL {
		s.o.API.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

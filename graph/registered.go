package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"depeche/graph/generated"
)

// Operations are documents that are known from the start. They are parsed once and
// never forgotten. They may be used by many goroutines at once. Nil are none.
type Operations struct {
	byID   map[string]*document
	byText map[string]*document // without the space around it
	names  map[string]string    // of the operation that an id means, by its id
	from   map[string]string    // where an id was found
	given  int                  // documents, without those of pages
}

// LoadOperations reads registered operations, each of which has to be valid: errors
// name its file and the operation. The limits of documents hold for them too. Path is
// one of
//
//   - a folder: each file in it and below it whose name ends in .graphql or .gql is a
//     document that needs no other file; fragments are in it. Each operation is found
//     by its name, which must be the only one of that name, and by the SHA-256 of the
//     file, with the space around the text and without;
//   - a manifest as Apollo's generate-persisted-query-manifest writes it:
//     {"format": "apollo-persisted-query-manifest", "version": 1, "operations":
//     [{"id", "name", "type", "body"}]};
//   - a manifest as the Relay compiler and the client preset of GraphQL Code Generator
//     write it: {"id": "document"}.
//
// A document of a manifest is found by its id and by its SHA-256. Own are folders of
// depeche's own pages: their documents are found beside those of path, by the SHA-256
// of the file alone. Path may be empty.
func LoadOperations(path string, own ...fs.FS) (*Operations, error) {
	o := &Operations{byID: map[string]*document{}, byText: map[string]*document{}, names: map[string]string{}, from: map[string]string{}}
	// Nothing is kept of the documents but what o keeps.
	l := loading{o, newDocuments(generated.NewExecutableSchema(generated.Config{}).Schema(), true)}
	if path != "" {
		if err := l.at(path); err != nil {
			return nil, fmt.Errorf("read operations: %w", err)
		}
		if len(o.byID) == 0 {
			return nil, fmt.Errorf("read operations: there are none in %s", path)
		}
	}
	o.given = len(o.byText)
	for _, folder := range own {
		if err := l.folder(folder, "", false); err != nil {
			return nil, fmt.Errorf("read the operations of pages: %w", err)
		}
	}
	return o, nil
}

// Len is how many documents there are, without those of depeche's own pages.
func (o *Operations) Len() int {
	if o == nil {
		return 0
	}
	return o.given
}

// find finds a document by its id, or by its text where one is given; nil where it is
// none of these. An id that comes with another text finds nothing.
func (o *Operations) find(id, text string) *document {
	if o == nil {
		return nil
	}
	text = strings.TrimSpace(text)
	doc := o.named(id)
	if id == "" {
		doc = o.byText[text]
	}
	if doc == nil || text != "" && text != strings.TrimSpace(doc.text) {
		return nil
	}
	return doc
}

// knows tells whether an id is that of a document.
func (o *Operations) knows(id string) bool { return o != nil && o.named(id) != nil }

func (o *Operations) named(id string) *document {
	if doc := o.byID[id]; doc != nil {
		return doc
	}
	return o.byID[strings.ToLower(id)] // a hash
}

// loading is Operations on their way in.
type loading struct {
	*Operations
	documents *documents
}

func (l loading) at(place string) error {
	info, err := os.Stat(place)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return l.folder(os.DirFS(place), place, true)
	}
	return l.manifest(place)
}

// folder reads the documents of a folder; at is where it lies. Named ones are found by
// the names of their operations too.
func (l loading) folder(folder fs.FS, at string, named bool) error {
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".graphql" && path.Ext(name) != ".gql" {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		name = filepath.Join(at, filepath.FromSlash(name))
		doc, err := l.add(name, string(text))
		if err != nil || !named {
			return err
		}
		for _, op := range doc.Operations {
			if op.Name == "" {
				continue // the hash of the file finds it
			}
			if err := l.name(op.Name, name, doc); err != nil {
				return err
			}
			l.names[op.Name] = op.Name
		}
		return nil
	})
}

const (
	apolloFormat  = "apollo-persisted-query-manifest"
	apolloVersion = 1
)

func (l loading) manifest(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, ok := members["format"]; ok {
		return l.apollo(path, text)
	}
	documents := make(map[string]string, len(members))
	if err := json.Unmarshal(text, &documents); err != nil {
		return fmt.Errorf("%s: neither {\"id\": \"document\"} nor a manifest of the format %s: %w", path, apolloFormat, err)
	}
	for _, id := range slices.Sorted(maps.Keys(documents)) {
		doc, err := l.add(path+": "+id, documents[id])
		if err != nil {
			return err
		}
		if err := l.name(id, path, doc); err != nil {
			return err
		}
	}
	return nil
}

func (l loading) apollo(path string, text []byte) error {
	var m struct {
		Format     string
		Version    int
		Operations []struct{ ID, Name, Type, Body string }
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if m.Format != apolloFormat || m.Version != apolloVersion {
		return fmt.Errorf("%s: the format %q of version %d is not known; %s of version %d is", path, m.Format, m.Version, apolloFormat, apolloVersion)
	}
	for _, op := range m.Operations {
		where := path + ": " + op.Name
		doc, err := l.add(where, op.Body)
		if err != nil {
			return err
		}
		def := doc.Operations.ForName(op.Name)
		if def == nil || def.Operation != ast.Operation(op.Type) {
			return fmt.Errorf("%s: its document has no %s of that name", where, op.Type)
		}
		if err := l.name(op.ID, where, doc); err != nil {
			return err
		}
		l.names[op.ID] = op.Name
	}
	return nil
}

// add reads a document and files it by its text.
func (l loading) add(where, text string) (*document, error) {
	trimmed := strings.TrimSpace(text)
	doc := l.byText[trimmed]
	if doc == nil {
		made, errs := l.documents.read(text)
		if errs != nil {
			return nil, fmt.Errorf("%s: %w", where, errs[0]) // the list would say it in several lines
		}
		doc = made
		l.byText[trimmed] = doc
	}
	for _, id := range []string{hashOf(text), hashOf(trimmed)} {
		if err := l.name(id, where, doc); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// name files a document by an id.
func (l loading) name(id, where string, doc *document) error {
	if id == "" {
		return fmt.Errorf("%s: %w", where, errNoID)
	}
	if other := l.byID[id]; other != nil && other != doc {
		return fmt.Errorf("%s: %s is there already, in %s", where, id, l.from[id])
	}
	l.byID[id], l.from[id] = doc, where
	return nil
}

var errNoID = errors.New("an operation has no id")

package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
)

// operations are the addresses of the documents, by the names of their operations
// without Reader: Story → /graphql?documentId=sha256:…&operationName=ReaderStory.
type operations map[string]string

// scripted are those that scripts ask.
var scripted = [...]string{"FollowTicker", "FollowStories", "FollowStory", "FollowCoverage", "Ticker", "Stories"}

var operationName = regexp.MustCompile(`(?m)^(?:query|subscription) Reader([A-Za-z]+)`)

func readOperations(folder fs.FS) (operations, error) {
	names, err := fs.Glob(folder, "*.graphql")
	if err != nil {
		return nil, err
	}
	found := operations{}
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		says := operationName.FindAllSubmatch(text, -1)
		if len(says) != 1 {
			return nil, fmt.Errorf("%s: it has %d operations whose names begin with Reader, want 1", name, len(says))
		}
		operation, sum := string(says[0][1]), sha256.Sum256(text)
		found[operation] = PathGraphQL + "?documentId=sha256:" + hex.EncodeToString(sum[:]) + "&operationName=Reader" + operation
	}
	for _, operation := range scripted {
		if found[operation] == "" {
			return nil, fmt.Errorf("there is none that is named Reader%s", operation)
		}
	}
	return found, nil
}

// forScripts are the addresses of what scripts ask.
func (o operations) forScripts() map[string]string {
	m := make(map[string]string, len(scripted))
	for _, name := range scripted {
		m[name] = o[name]
	}
	return m
}

// with is the address of an operation with variables.
func (o operations) with(name string, given variables) string {
	return o[name] + "&variables=" + url.QueryEscape(given.json())
}

// variables are those of an operation by their names: text, or lists of it.
type variables map[string]any

func (v variables) json() string {
	if v == nil {
		return "{}"
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // text can be written
	}
	return string(b)
}

// and is v with one more, unless that is empty.
func (v variables) and(name, value string) variables {
	if value == "" {
		return v
	}
	more := variables{name: value}
	maps.Copy(more, v)
	return more
}

package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/graph/scalar"
)

const (
	// persistedBytes is what the texts may take together that are known by their
	// hash, in bytes; twice that at most.
	persistedBytes = 4 << 20
	// persistedAtMost is the longest text of one, in bytes.
	persistedAtMost = 16 << 10
	// persistedAlongside is what one takes beside its text, about, in bytes.
	persistedAlongside = 200
)

// persisted lets clients name a document by its SHA-256 once it has been sent with
// it (Apollo's automatic persisted queries), so that it fits into an address: an
// EventSource sends no body. What is named and not known is answered with the code
// PERSISTED_QUERY_NOT_FOUND, which has clients send it. Only valid documents are
// kept. It may be used by many goroutines at once.
type persisted struct{ texts *kept[string, string] }

func newPersisted() *persisted { return &persisted{newKept[string, string](persistedBytes)} }

// text is the document of a name. The error is as Apollo's clients want it: they look
// at the message, and at the code.
func (p *persisted) text(n documentName) (string, *gqlerror.Error) {
	if s, known := p.texts.get(n.hash()); known {
		return s, nil
	}
	return "", &gqlerror.Error{
		Message:    "PersistedQueryNotFound",
		Extensions: map[string]any{"code": "PERSISTED_QUERY_NOT_FOUND"},
	}
}

// keep remembers a document whose name is right.
func (p *persisted) keep(n documentName, text string) {
	if n.registers && len(text) <= persistedAtMost {
		if _, known := p.texts.get(n.hash()); !known {
			p.texts.put(n.hash(), text, len(text)+persistedAlongside)
		}
	}
}

// A documentName is how a request names a document instead of sending it, or beside
// it; the zero value names none.
type documentName struct {
	id        string
	registers bool // Apollo's way, in which a document that comes with its name is kept
}

const (
	persistedQuery = "persistedQuery"
	documentID     = "documentId"
	sha256Prefix   = "sha256:"
)

// nameOf reads the name of a document from the extensions of a request: documentId as
// GraphQL over HTTP has it (appendix A), where the transport has put it, or Apollo's
// persistedQuery.
func nameOf(extensions map[string]any) (documentName, *gqlerror.Error) {
	if given := extensions[documentID]; given != nil {
		id, ok := given.(string)
		if !ok || id == "" {
			return documentName{}, invalidDocument("documentId must be a string that is not empty")
		}
		return documentName{id: strings.TrimPrefix(id, sha256Prefix)}, nil
	}
	given := extensions[persistedQuery]
	if given == nil {
		return documentName{}, nil
	}
	object, ok := given.(map[string]any)
	if !ok {
		return documentName{}, invalidDocument("extensions.persistedQuery must be an object")
	}
	if version, err := scalar.UnmarshalInt(object["version"]); err != nil || version != 1 {
		return documentName{}, invalidDocument("Unsupported persisted query version")
	}
	id, ok := object["sha256Hash"].(string)
	if !ok || id == "" {
		return documentName{}, invalidDocument("extensions.persistedQuery.sha256Hash must be a string that is not empty")
	}
	return documentName{id: id, registers: true}, nil
}

// hash is the name as a SHA-256 is written.
func (n documentName) hash() string { return strings.ToLower(n.id) }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

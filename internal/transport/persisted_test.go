package transport_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"depeche/graph/scalar"
	"depeche/internal/transport"
)

// TestStreamOfANamedDocument: an address holds no long document, but its hash.
func TestStreamOfANamedDocument(t *testing.T) {
	r := open(t)
	r.lines(t, 1, 1)
	sum := sha256.Sum256([]byte(everything))
	named := `{"persistedQuery":{"version":1,"sha256Hash":"` + hex.EncodeToString(sum[:]) + `"}}`
	path := transport.PathGraphQL + "?" + url.Values{"extensions": {named}}.Encode()

	e, err := r.events(t, "GET", path, "").event()
	must(t, err)
	if e.kind != "next" || !strings.Contains(e.data, "PERSISTED_QUERY_NOT_FOUND") {
		t.Errorf("not known: got %+v", e)
	}
	s := r.events(t, "GET", path+"&"+url.Values{"query": {everything}}.Encode(), "", "Last-Event-ID: "+string(scalar.OfLog(r.follower.Cursor(0))))
	if e, err := s.event(); err != nil || !strings.Contains(e.data, `"data"`) {
		t.Errorf("with its text: got %+v, %v", e, err)
	}
	s = r.events(t, "GET", path, "", "Last-Event-ID: "+string(scalar.OfLog(r.follower.Cursor(0))))
	if e, err := s.event(); err != nil || !strings.Contains(e.data, `"data"`) {
		t.Errorf("known: got %+v, %v", e, err)
	}
}

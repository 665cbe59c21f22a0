package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
)

const (
	// askWithin is how long a question may take.
	askWithin = 35 * time.Second
	// mostAnswered bounds an answer, in bytes.
	mostAnswered = 32 << 20
	// acceptJSON is what an answer may be. With the first of them the status says
	// whether the operation could begin.
	acceptJSON = "application/graphql-response+json, application/json;q=0.9"
)

// A Newsroom is a depeche server, as a program sees it: the generated functions ask it,
// and Follow follows it. It is safe for many goroutines; its fields must not change
// meanwhile.
type Newsroom struct {
	// API is its address, such as https://news.example/graphql.
	API string
	// Token says who asks. Readers need none.
	Token string
	// HTTP sends the requests; nil is http.DefaultClient. It must have no Timeout:
	// that would end event streams too.
	HTTP *http.Client
	// Logger is told why a subscription connects again; nil is slog.Default.
	Logger *slog.Logger
}

var _ graphql.Client = (*Newsroom)(nil)

// MakeRequest implements graphql.Client. Queries go by GET and name their document by
// its SHA-256, as Apollo's persisted queries do, so that caches on the way can keep the
// answers; the text follows by POST where the server does not know it yet. Mutations go
// by POST, and are not sent twice. Errors of the API are a gqlerror.List, for which
// there is CodeOf.
func (n *Newsroom) MakeRequest(ctx context.Context, req *graphql.Request, resp *graphql.Response) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if !strings.HasPrefix(strings.TrimSpace(req.Query), "query") {
		return n.post(ctx, question{Request: req}, resp)
	}
	q := question{Request: req, Extensions: persisted(req.Query)}
	err := n.get(ctx, q, resp)
	if CodeOf(err) == CodePersistedQueryNotFound {
		resp.Errors, resp.Extensions = nil, nil
		err = n.post(ctx, q, resp)
	}
	return err
}

// A question is the body of a request.
type question struct {
	*graphql.Request
	Extensions map[string]any `json:"extensions,omitempty"`
}

// persisted are the extensions that name a document.
func persisted(document string) map[string]any {
	sum := sha256.Sum256([]byte(document))
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hex.EncodeToString(sum[:])}}
}

// get asks without the text of the document.
func (n *Newsroom) get(ctx context.Context, q question, resp *graphql.Response) error {
	variables, err := json.Marshal(q.Variables)
	if err != nil {
		return fmt.Errorf("write the variables: %w", err)
	}
	extensions, err := json.Marshal(q.Extensions)
	if err != nil {
		return fmt.Errorf("write the extensions: %w", err)
	}
	asked := url.Values{"operationName": {q.OpName}, "variables": {string(variables)}, "extensions": {string(extensions)}}
	r, err := n.request(ctx, http.MethodGet, n.API+"?"+asked.Encode(), nil)
	if err != nil {
		return err
	}
	return n.answer(r, resp)
}

func (n *Newsroom) post(ctx context.Context, q question, resp *graphql.Response) error {
	body, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("write the question: %w", err)
	}
	r, err := n.request(ctx, http.MethodPost, n.API, body)
	if err != nil {
		return err
	}
	return n.answer(r, resp)
}

// request makes a request; body is JSON, or nil.
func (n *Newsroom) request(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	r.Header.Set("Accept", acceptJSON)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if n.Token != "" {
		r.Header.Set("Authorization", "Bearer "+n.Token)
	}
	return r, nil
}

// answer sends a request and reads the answer into resp.
func (n *Newsroom) answer(r *http.Request, resp *graphql.Response) error {
	response, err := n.client().Do(r)
	if err != nil {
		return err // which tells what was done
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, mostAnswered)).Decode(resp); err != nil {
		return fmt.Errorf("read the answer, %s: %w", response.Status, err)
	}
	if len(resp.Errors) > 0 {
		return resp.Errors
	}
	return nil
}

func (n *Newsroom) client() *http.Client { return cmp.Or(n.HTTP, http.DefaultClient) }

func (n *Newsroom) logger() *slog.Logger { return cmp.Or(n.Logger, slog.Default()) }

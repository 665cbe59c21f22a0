package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"depeche/internal/cache"
)

// isBatch tells whether a body is a list, of operations.
func isBatch(body []byte) bool { return len(body) > 0 && body[0] == '[' }

// serveBatch executes the operations of a list one after another, and answers with
// the list of their answers. They share the time of one operation; nothing of it is
// kept.
func (h *Handler) serveBatch(w http.ResponseWriter, r *http.Request, a asked, who caller) {
	refuse := func(status int, reason string) { writeRefusal(w, r, status, codeInvalid, reason) }
	if h.o.Batch <= 0 {
		refuse(http.StatusBadRequest, "batches of operations are not answered: send one operation a request")
		return
	}
	list, err := elements(a.body, h.o.Batch)
	switch {
	case err != nil:
		refuse(http.StatusBadRequest, "the body is not a batch of GraphQL requests as JSON: "+err.Error())
		return
	case len(list) == 0:
		refuse(http.StatusBadRequest, "the batch is empty")
		return
	case len(list) > h.o.Batch:
		refuse(http.StatusBadRequest, fmt.Sprintf("a batch may have at most %d operations", h.o.Batch))
		return
	}
	if !h.admitRate(w, r, who, h.rates.countable(len(list))-1) { // one has been counted
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Limits.ExecuteWithin)
	defer cancel()
	body := []byte{'['}
	for i, text := range list {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, h.answerOne(ctx, r, a, text)...)
	}
	h.reply(w, r, &cache.Answer{Status: http.StatusOK, Type: a.mediaType, Body: append(body, ']')}, cache.Bypass)
}

// answerOne is the answer to one operation of a batch.
func (h *Handler) answerOne(ctx context.Context, r *http.Request, a asked, text []byte) []byte {
	params, err := parameters(text)
	if err != nil {
		return encoded(answer{failure(codeInvalid, "this is not a GraphQL request as JSON: "+err.Error())}, RequestID(ctx))
	}
	params.Headers = r.Header
	o := h.create(ctx, params)
	if o.op != nil && o.op.Operation.Operation == ast.Subscription {
		return encoded(answer{failure(codeInvalid, "a subscription can't be one of a batch")}, RequestID(ctx))
	}
	return h.answer(ctx, a, o).Answer.Body
}

// elements are those of a JSON array, of which no more than one over most are read.
func elements(text []byte, most int) (list []json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // the bracket
		return nil, jsonError(d, err)
	}
	for d.More() && len(list) <= most {
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return nil, jsonError(d, err)
		}
		list = append(list, element)
	}
	if len(list) > most {
		return list, nil
	}
	if _, err := d.Token(); err != nil {
		return nil, jsonError(d, err)
	}
	return list, nothingFollows(d)
}

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// persistedOperations is how many documents are known by their hash.
	persistedOperations = 500
	// persistedAtMost is the longest text of one, in bytes.
	persistedAtMost = 16 << 10
)

// persisted lets clients name a document by its SHA-256 once it has been sent with
// it (Apollo's automatic persisted queries), so that it fits into an address: an
// EventSource sends no body. What is named and not known is answered with the code
// PERSISTED_QUERY_NOT_FOUND, which has clients send it.
type persisted struct {
	extension.AutomaticPersistedQuery
}

var (
	_ graphql.HandlerExtension          = persisted{}
	_ graphql.OperationParameterMutator = persisted{}
)

func newPersisted() persisted {
	known := texts{lru.New[string](persistedOperations)}
	return persisted{extension.AutomaticPersistedQuery{Cache: known}}
}

// MutateOperationParameters implements graphql.OperationParameterMutator.
func (p persisted) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	err := p.AutomaticPersistedQuery.MutateOperationParameters(ctx, params)
	if err != nil && err.Extensions["code"] == nil {
		errcode.Set(err, errcode.ValidationFailed)
	}
	return err
}

// texts keeps documents, but none that would take much memory.
type texts struct{ *lru.LRU[string] }

// Add implements graphql.Cache.
func (t texts) Add(ctx context.Context, hash string, text string) {
	if len(text) <= persistedAtMost {
		t.LRU.Add(ctx, hash, text)
	}
}

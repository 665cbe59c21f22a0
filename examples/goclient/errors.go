package main

import (
	"errors"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// A Code is what an error of the API carries in extensions.code. It is what programs go
// by: messages are for people and may change.
type Code string

// The codes that this program tells apart. The README of depeche has all of them.
const (
	CodeCursorExpired          Code = "CURSOR_EXPIRED"
	CodeBadCursor              Code = "BAD_CURSOR"
	CodeRateLimited            Code = "RATE_LIMITED"
	CodeSlowConsumer           Code = "SLOW_CONSUMER"
	CodeUnavailable            Code = "UNAVAILABLE"
	CodePersistedQueryNotFound Code = "PERSISTED_QUERY_NOT_FOUND"
)

// CodeOf is the code of an error that the generated functions return, whichever
// graphql.Client they have asked, or that Follow ends with. It is empty for nil, and
// where the API has not answered.
func CodeOf(err error) Code {
	for _, e := range errorsOf(err) {
		if code, ok := e.Extensions["code"].(string); ok {
			return Code(code)
		}
	}
	return ""
}

// errorsOf are the errors of the answer that err was made of.
func errorsOf(err error) gqlerror.List {
	var list gqlerror.List
	if errors.As(err, &list) {
		return list
	}
	var refused *graphql.HTTPError // of genqlient's own clients
	if errors.As(err, &refused) {
		return refused.Response.Errors
	}
	return nil
}

// mayPass tells whether the same may succeed a little later.
func mayPass(list gqlerror.List) bool {
	for _, e := range list {
		if e.Extensions["retryable"] == true {
			return true
		}
	}
	switch CodeOf(list) {
	case CodeRateLimited, CodeSlowConsumer, CodeUnavailable:
		return true
	}
	return false
}

// A CursorError says that a subscription can't go on where it was: its cursor is
// further back than the server replays, or is none of its own. Read the page again and
// follow from its liveCursor.
type CursorError struct {
	Err error // what the API said
}

func (e *CursorError) Error() string { return "the place is lost: " + e.Err.Error() }

func (e *CursorError) Unwrap() error { return e.Err }

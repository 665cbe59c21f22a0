package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/text"
)

// The codes that extensions.code carries. They are part of the API.
const (
	codeInvalid     = "INVALID_ARGUMENT"
	codeTooComplex  = "TOO_COMPLEX"
	codeForbidden   = "FORBIDDEN"
	codeUnavailable = "UNAVAILABLE"
	codeInternal    = "INTERNAL"
)

// codes is the one table of what an error of the domain is to a client.
func codes() []codeRow {
	return []codeRow{
		{news.ErrInvalid, codeInvalid, false},
		{news.ErrTaken, codeInvalid, false},
		{news.ErrNotFound, "NOT_FOUND", false},
		{news.ErrConflict, "CONFLICT", false},
		{news.ErrUnauthenticated, "UNAUTHENTICATED", false},
		{news.ErrForbidden, codeForbidden, false},
		{news.ErrBadCursor, "BAD_CURSOR", false},
		{news.ErrCursorExpired, "CURSOR_EXPIRED", false},
		{news.ErrTooComplex, codeTooComplex, false},
		{news.ErrRateLimited, "RATE_LIMITED", true},
		{news.ErrUnavailable, codeUnavailable, true},
		{context.DeadlineExceeded, codeUnavailable, true},
		{context.Canceled, codeUnavailable, true},
	}
}

type codeRow struct {
	err       error
	code      string
	retryable bool // the same call may succeed later
}

func notFound(what, name string) error {
	return fmt.Errorf("there is no %s %s: %w", what, text.Quote(name), news.ErrNotFound)
}

// present makes of an error what a client is told: its code and what helps to
// act on it, and nothing about the inside. What it does not know is logged and
// answered with a fixed text.
func (r *Resolver) present(ctx context.Context, err error) *gqlerror.Error {
	var shown *gqlerror.Error
	if !errors.As(err, &shown) {
		shown = &gqlerror.Error{Err: err}
	} else {
		copied := *shown
		shown = &copied
	}
	if shown.Path == nil {
		shown.Path = graphql.GetPath(ctx)
	}
	cause := err
	if shown.Err != nil {
		cause = shown.Err
	} else if shown.Extensions["code"] != nil {
		// What refuses a document speaks for itself.
		shown.Message = cut(shown.Message)
		return shown
	}
	shown.Extensions = map[string]any{}
	for _, row := range codes() {
		if !errors.Is(cause, row.err) {
			continue
		}
		shown.Message = cut(publicMessage(cause, row))
		shown.Extensions["code"] = row.code
		if row.retryable {
			shown.Extensions["retryable"] = true
		}
		r.explain(ctx, shown, cause)
		if errors.Is(cause, news.ErrUnavailable) {
			// The client is told nothing that would help to mend it.
			r.Logger.ErrorContext(ctx, "the store failed", "op", operationName(ctx), "path", shown.Path.String(), "requestId", r.RequestID(ctx), "error", cause)
		}
		return shown
	}
	if shown.Err == nil && len(shown.Locations) > 0 {
		// An error of gqlgen about the document that has no code.
		shown.Message = cut(shown.Message)
		shown.Extensions["code"] = codeInvalid
		return shown
	}
	shown.Message = "something went wrong on our side"
	shown.Extensions["code"] = codeInternal
	if id := r.RequestID(ctx); id != "" {
		shown.Extensions["requestId"] = id
	}
	if !errors.Is(cause, errPanic) && !errors.Is(cause, live.ErrPanic) { // which have been logged with their stack
		r.Logger.ErrorContext(ctx, "an operation failed", "op", operationName(ctx), "path", shown.Path.String(), "requestId", r.RequestID(ctx), "error", cause)
	}
	return shown
}

// publicMessage is what the error says, without its name in the code at the end;
// of what is about the inside, only that it is.
func publicMessage(err error, row codeRow) string {
	if row.code == codeUnavailable {
		return "the newsroom can't be reached at the moment; try again"
	}
	return strings.TrimSuffix(err.Error(), ": "+row.err.Error())
}

// explain adds what a client needs to act on the error.
func (r *Resolver) explain(ctx context.Context, shown *gqlerror.Error, err error) {
	var invalid *news.InvalidError
	var conflict *news.ConflictError
	var held *news.HeldError
	var cursor *news.CursorError
	switch {
	case errors.As(err, &invalid):
		argument := argumentName(ctx, shown, invalid.Field)
		shown.Extensions["argument"] = argument
		shown.Message = cut(argument + " " + invalid.Reason)
	case errors.As(err, &conflict):
		explainConflict(shown.Extensions, conflict)
	case errors.As(err, &held):
		explainHeld(shown.Extensions, held)
	case errors.As(err, &cursor):
		argument := argumentPath(ctx, shown.Path, "")
		if cursor.Field != "" {
			argument = argumentName(ctx, shown, cursor.Field)
		}
		if argument != "" {
			shown.Extensions["argument"] = argument
		}
		if cursor.Oldest != nil {
			shown.Extensions["oldest"] = scalar.OfLog(*cursor.Oldest)
		}
	}
}

// argumentName is the argument as the client wrote it. The desk speaks of the
// fields of what it is given; in the schema those are fields of input. A scalar
// does not know where it stands; the path does.
func argumentName(ctx context.Context, shown *gqlerror.Error, field string) string {
	if field == "DateTime" || field == "URL" || field == "ID" || field == "Int" || field == "String" {
		return argumentPath(ctx, shown.Path, field)
	}
	if fc := graphql.GetFieldContext(ctx); fc != nil && fc.Field.Field != nil && fc.Field.Definition != nil {
		if fc.Field.Definition.Arguments.ForName("input") != nil && fc.Object == "Mutation" {
			return "input." + field
		}
	}
	return field
}

// argumentPath is the part of a path that leads into the arguments of the field
// that ctx is about.
func argumentPath(ctx context.Context, path ast.Path, otherwise string) string {
	at := len(graphql.GetPath(ctx))
	if len(path) <= at {
		return otherwise
	}
	return strings.TrimPrefix(path[at:].String(), ".")
}

const (
	// maxMessage bounds how much of what a client sent comes back, in characters.
	maxMessage = 500
	// maxErrors bounds the errors of a response.
	maxErrors = 20
)

func cut(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	// Of a text that may be long, only the part is read that may be shown.
	if runes := []rune(s[:min(len(s), (maxMessage+1)*utf8.UTFMax)]); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return s
}

// firstErrors are those of a response that are told. The last one tells how many
// there are beside them, with the code of the first of these.
func firstErrors(errs gqlerror.List) gqlerror.List {
	if len(errs) <= maxErrors {
		return errs
	}
	const told = maxErrors - 1
	more := &gqlerror.Error{
		Message:    fmt.Sprintf("there are %d more errors", len(errs)-told),
		Extensions: errs[told].Extensions,
	}
	return append(errs[:told:told], more)
}

func forbidden(reason string) *gqlerror.Error {
	return &gqlerror.Error{Message: reason, Extensions: map[string]any{"code": codeForbidden}}
}

// recovered makes an error of a panic, which is always a fault of ours.
func (r *Resolver) recovered(ctx context.Context, v any) error {
	r.Logger.ErrorContext(ctx, "a resolver panicked", "op", operationName(ctx), "requestId", r.RequestID(ctx), "panic", v, "stack", string(debug.Stack()))
	return errPanic
}

var errPanic = errors.New("a resolver panicked")

func operationName(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	op := graphql.GetOperationContext(ctx)
	if op.Operation != nil && op.Operation.Name != "" {
		return op.Operation.Name
	}
	return cmp.Or(op.OperationName, "anonymous")
}

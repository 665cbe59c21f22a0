package plan

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
)

// A Writer writes one answer.
type Writer struct {
	// Buf is the answer so far.
	Buf []byte
	// Past is what the fields of the query have come to so far.
	Past Past

	args      ArgsFunc
	variables map[string]any
	given     []map[string]any
}

// Begin begins an answer along p. variables are those of the operation.
func (p *Plan) Begin(variables map[string]any, args ArgsFunc) Writer {
	w := Writer{Buf: make([]byte, 0, p.expected.Load()), Past: make(Past, 0, len(p.Root)), args: args, variables: variables}
	if p.given > 0 {
		w.given = make([]map[string]any, p.given)
	}
	return w
}

// Took notes how long an answer was, in bytes, so that the next one finds room at
// once.
func (p *Plan) Took(length int) {
	const atLeast = 512
	was := p.expected.Load()
	p.expected.Store(max(atLeast, int64(length), was-was/16))
}

// Args are the arguments of a field of the named type, as its resolver takes them.
// They belong to all answers, and may not be changed. In an answer they are read
// only once for each field of the document.
func (w *Writer) Args(ctx context.Context, in string, f *Field) (map[string]any, error) {
	if f.from == nil {
		return f.args, nil
	}
	if args := w.given[f.slot]; args != nil {
		return args, nil
	}
	args, err := w.args(ctx, in, f.Name, f.from.ArgumentMap(w.variables))
	if err != nil {
		return nil, fmt.Errorf("read the arguments of %s: %w", f.Name, err)
	}
	w.given[f.slot] = args
	return args, nil
}

// Note notes what a field of the query has come to.
func (w *Writer) Note(f *Field, value any, err error) {
	w.Past = append(w.Past, outcome{f.Alias, value, err})
}

// Write implements io.Writer for what knows no better way to write itself.
func (w *Writer) Write(p []byte) (int, error) {
	w.Buf = append(w.Buf, p...)
	return len(p), nil
}

// Null writes that there is nothing.
func (w *Writer) Null() { w.Buf = append(w.Buf, "null"...) }

// IsNull tells whether what has been written since the answer was at bytes long is
// that there is nothing.
func (w *Writer) IsNull(at int) bool { return string(w.Buf[at:]) == "null" }

// Marshal writes a scalar that is known only by its marshaler.
func (w *Writer) Marshal(m graphql.Marshaler) { m.MarshalGQL(w) }

// MarshalContext is Marshal for what needs a context. It tells whether it was
// written.
func (w *Writer) MarshalContext(ctx context.Context, m graphql.ContextMarshaler) bool {
	return m.MarshalGQLContext(ctx, w) == nil
}

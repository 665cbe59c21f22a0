package graph_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
)

// An operation is a GraphQL document and who sends it.
type operation struct {
	text, name string
	as         string
	who        news.Actor
	events     int    // of a subscription; one when it is 0
	until      string // a subscription goes on to the event that has it, instead
	variables  string // JSON; empty for none
	clock      string // the instant that the operation comes at; empty for no matter when
}

var (
	directive = regexp.MustCompile(`(?m)^# (as|events|variables|clock): (.*)$`)
	comment   = regexp.MustCompile(`(?m)^#.*$`)
)

// operations cuts a file at its empty lines. What can't be parsed is one
// operation, as it is; what is only comment is none.
//
// A comment "# as: NAME" above an operation says who asks, "# events: N" how many
// events of a subscription are waited for, "# variables: {...}" what it is given,
// "# clock: INSTANT" when it comes: what is due by then has been done.
// LOG:n stands for the cursor of line n of the log, PLACE:id for the place of an
// entity in its list, REVISION:id.n for that of version n in the list of a story's
// versions, TEXT:n for n letters, MADE:n for the id that the n-th latest line of the
// log made something with.
func operations(t testing.TB, text string) []operation {
	t.Helper()
	var list []operation
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.TrimSpace(comment.ReplaceAllString(part, "")) == "" {
			continue
		}
		op := operation{text: part, name: "(not understood)"}
		for _, m := range directive.FindAllStringSubmatch(part, -1) {
			switch m[1] {
			case "as":
				op.as, op.who = m[2], actors()[m[2]]
				if op.who.Name == "" {
					t.Fatalf("nobody is called %q", m[2])
				}
			case "events":
				op.events, _ = strconv.Atoi(m[2])
			case "variables":
				op.variables = m[2]
			case "clock":
				op.clock = m[2]
			}
		}
		if doc, err := parser.ParseQuery(&ast.Source{Input: part}); err == nil && len(doc.Operations) > 0 {
			op.name = doc.Operations[0].Name
		}
		list = append(list, op)
	}
	return list
}

func actors() map[string]news.Actor {
	return map[string]news.Actor{
		"editor": editor, "contributor": contributor,
		"reader with a token": {Name: "lea", Role: news.Reader},
		"another contributor": {Name: "kim", Role: news.Contributor},
		"another editor":      {Name: "paul", Role: news.Editor},
		"admin":               {Name: "root", Role: news.Admin},
		"bearer of a preview": {Name: "preview", Role: news.Reader, Preview: "story_draft_zanzibar"},
		"expired editor":      {Name: "marie", Role: news.Editor, Expires: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
	}
}

// within is how long an operation may take; one that waits for an event that
// never comes takes it all.
const within = 20 * time.Second

// run executes an operation as the transports do.
func (n *newsroom) run(t testing.TB, op operation) []json.RawMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(news.WithActor(graphql.StartOperationTrace(t.Context()), op.who), within)
	defer cancel()
	exec := n.executor
	params := &graphql.RawParams{Query: n.fillIn(t, op.text)}
	if op.variables != "" {
		d := json.NewDecoder(strings.NewReader(n.fillIn(t, op.variables)))
		d.UseNumber()
		must(t, d.Decode(&params.Variables))
	}
	params.ReadTime.Start = graphql.Now()
	oc, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return []json.RawMessage{encode(t, exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs))}
	}
	if oc.Operation.Operation == ast.Subscription {
		return n.subscribe(ctx, t, oc, op)
	}
	responses, ctx := exec.DispatchOperation(ctx, oc)
	return []json.RawMessage{encode(t, responses(ctx))}
}

// subscribe follows as long as the operation says.
func (n *newsroom) subscribe(ctx context.Context, t testing.TB, oc *graphql.OperationContext, op operation) []json.RawMessage {
	t.Helper()
	woken := make(bell, 1)
	s, refused := n.follow.Join(ctx, oc, live.Return{}, woken)
	if refused != nil {
		return []json.RawMessage{encode(t, refused)}
	}
	defer s.Leave()
	var list []json.RawMessage
	for {
		payloads, more, err := s.Take(1)
		if err != nil {
			return append(list, encode(t, n.follow.Fail(ctx, err)))
		}
		for _, p := range payloads {
			list = append(list, p.JSON)
			if op.until == "" && len(list) >= op.events || op.until != "" && bytes.Contains(p.JSON, []byte(op.until)) {
				return list
			}
		}
		if more {
			continue
		}
		select {
		case <-woken:
		case <-ctx.Done():
			t.Fatalf("%s gave %d events of %d: %v", cmp.Or(op.name, op.text), len(list), op.events, ctx.Err())
		}
	}
}

// A bell is a reader that waits to be woken.
type bell chan struct{}

// Wake implements live.Reader.
func (b bell) Wake() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// encode writes an answer at once: the executor uses its memory again.
func encode(t testing.TB, r *graphql.Response) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(r)
	must(t, err)
	return text
}

var placeholder = regexp.MustCompile(`(LOG|PLACE|REVISION|TEXT|MADE):((?:MADE:)?[A-Za-z0-9_.-]+)`)

// fillIn replaces the placeholders of a document.
func (n *newsroom) fillIn(t testing.TB, text string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		if m[1] == "PLACE" {
			id := news.EntityID(m[2])
			if latest, ok := strings.CutPrefix(m[2], "MADE:"); ok {
				number, err := strconv.Atoi(latest)
				must(t, err)
				id = n.made(t, number)
			}
			versions, err := n.store.Store.Versions(t.Context(), id, 0, 1)
			must(t, err)
			if len(versions) == 0 {
				t.Fatalf("there is no %s to take the place of", id)
			}
			return string(scalar.OfPage(news.CursorOf(versions[0].Doc)))
		}
		if m[1] == "REVISION" {
			id, version, _ := strings.Cut(m[2], ".")
			number, err := strconv.Atoi(version)
			must(t, err)
			return string(scalar.OfRevision(news.StoryID(id), number))
		}
		number, err := strconv.Atoi(m[2])
		must(t, err)
		switch m[1] {
		case "TEXT":
			return strings.Repeat("x", number)
		case "MADE":
			return string(n.made(t, number))
		}
		return string(scalar.OfLog(n.follower.Cursor(news.Seq(number))))
	})
}

// made is the id that the n-th latest line made something with that a desk made the
// id of.
func (n *newsroom) made(t testing.TB, latest int) news.EntityID {
	t.Helper()
	lines, err := n.store.Store.Lines(t.Context(), 0, 1000)
	must(t, err)
	for _, line := range slices.Backward(lines) {
		ref := line.Doc.Ref()
		if ref.Version != 1 || !madeID.MatchString(string(ref.ID)) {
			continue
		}
		if latest--; latest == 0 {
			return ref.ID
		}
	}
	t.Fatal("nothing was made")
	return ""
}

var (
	quotedWord = regexp.MustCompile(`"[A-Za-z0-9_-]{8,}"`)
	madeID     = regexp.MustCompile(`(story|tag|tick|cov|token|hook)_[0-9A-HJKMNP-TV-Z]{26}`)
	madeSecret = regexp.MustCompile(`(whsec_|depeche_token_MADE_)[A-Za-z0-9_+/=-]+`)
	longText   = regexp.MustCompile(`x{100,}`)
	pagePlace  = regexp.MustCompile(`^[sgtckw] \S* (\S+) `)
	revision   = regexp.MustCompile(`^r (\S+) (\S+)$`)
)

// readable writes cursors, ids that were made and long texts as the placeholders
// do: they differ from run to run, or say nothing to whoever reads a golden file.
func (n *newsroom) readable(text []byte) []byte {
	inLog := "l " + string(n.store.Epoch()) + " "
	text = quotedWord.ReplaceAllFunc(text, func(quoted []byte) []byte {
		plain, err := base64.RawURLEncoding.DecodeString(strings.Trim(string(quoted), `"`))
		if err != nil {
			return quoted
		}
		if number, ok := strings.CutPrefix(string(plain), inLog); ok {
			seq, _ := strconv.ParseInt(number, 36, 64)
			return fmt.Appendf(nil, `"LOG:%d"`, seq)
		}
		if m := pagePlace.FindStringSubmatch(string(plain)); m != nil {
			return fmt.Appendf(nil, `"PLACE:%s"`, m[1])
		}
		if m := revision.FindStringSubmatch(string(plain)); m != nil {
			version, _ := strconv.ParseInt(m[1], 36, 32)
			return fmt.Appendf(nil, `"REVISION:%s.%d"`, m[2], version)
		}
		return quoted
	})
	text = madeID.ReplaceAll(text, []byte("${1}_MADE"))
	text = madeSecret.ReplaceAll(text, []byte("${1}SECRET"))
	return longText.ReplaceAllFunc(text, func(x []byte) []byte { return fmt.Appendf(nil, "TEXT:%d", len(x)) })
}

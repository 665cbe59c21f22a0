package scenario

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"depeche/bench/process"
	"depeche/bench/query/load"
	"depeche/bench/query/newsroom"
	"depeche/bench/query/operation"
	"depeche/bench/query/servers"
	"depeche/bench/query/servers/limit"
)

const path = "/graphql"

// A method is how something is asked for.
type method string

const (
	post method = "POST"
	get  method = "GET"
)

// A question is something that is asked for in one way.
type question struct {
	operation string
	method    method
}

func (q question) String() string { return q.operation + " by " + string(q.method) }

// A bed is a server under test, with what is asked of it.
type bed struct {
	*process.Process
	name     string
	data     string                      // the folder of depeche's data; empty for others
	requests map[question][]load.Request // whose answers were right once
	notes    []string
	clean    func()
}

func (b *bed) close() {
	b.Stop()
	if b.clean != nil {
		b.clean()
	}
}

// explain adds to an error what the server said before it ended, when it has.
func (b *bed) explain(err error) error {
	if ended, last := b.Ended(); ended {
		return fmt.Errorf("%s: %w; the server has ended: %s", b.name, err, last)
	}
	return fmt.Errorf("%s: %w", b.name, err)
}

// A room is all servers under test on the same newsroom. Limit, when it is there,
// is the first of them.
type room struct {
	stories int
	beds    []*bed
	essence map[string]string // of right answers, by the number of the request in its operation
}

func (r *room) close() {
	for _, b := range r.beds {
		b.close()
	}
}

// open starts servers on a newsroom and asks each of them everything once, in all
// ways: all have to answer the same.
func (e *Env) open(ctx context.Context, stories int, names ...string) (_ *room, err error) {
	folder, err := e.newsroom(ctx, stories)
	if err != nil {
		return nil, err
	}
	r := &room{stories: stories, essence: map[string]string{}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for _, name := range names {
		if name == Limit {
			continue // it needs the answers of another one
		}
		b, err := e.start(ctx, name, folder)
		if err != nil {
			return nil, err
		}
		r.beds = append(r.beds, b)
		if err := e.check(ctx, r, b); err != nil {
			return nil, b.explain(err)
		}
	}
	if slices.Contains(names, Limit) {
		b, err := e.startLimit(ctx, r)
		if err != nil {
			return nil, err
		}
		r.beds = slices.Insert(r.beds, 0, b)
	}
	return r, nil
}

// alone starts one server on a newsroom, which nobody has asked anything yet.
func (e *Env) alone(ctx context.Context, name string, stories int) (*bed, error) {
	folder, err := e.newsroom(ctx, stories)
	if err != nil {
		return nil, err
	}
	return e.start(ctx, name, folder)
}

func (e *Env) start(ctx context.Context, name, newsroom string) (b *bed, err error) {
	e.say("%s: starting", name)
	b = &bed{name: name, requests: map[question][]load.Request{}}
	plain := filepath.Join(newsroom, plainFile)
	switch name {
	case Stock:
		b.Process, err = process.Start(ctx, e.Core, e.Own, servers.Command, Stock, plain)
	case Mercurius:
		b.Process, err = process.Start(ctx, e.Core, "node", filepath.Join(e.Mercurius, "server.js"), plain, e.Schema)
	default:
		err = e.startDepeche(ctx, b, filepath.Join(newsroom, depecheFolder))
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return b, nil
}

func (e *Env) startDepeche(ctx context.Context, b *bed, newsroom string) (err error) {
	if b.data, err = copyFolder(newsroom); err != nil {
		return err
	}
	b.clean = func() { _ = os.RemoveAll(b.data) }
	args := []string{"--listen", "127.0.0.1:0", "--data", b.data, "--log-level", "warn"}
	if b.name == Uncached {
		help, err := exec.CommandContext(ctx, e.Program, "--help").CombinedOutput()
		if err != nil {
			return errors.Join(fmt.Errorf("ask depeche for help: %w", err), os.RemoveAll(b.data))
		}
		if bytes.Contains(help, []byte("--cache-size")) {
			args = append(args, "--cache-size", "0")
		} else {
			b.notes = append(b.notes, "it has no --cache-size and is the same as "+Depeche)
		}
	}
	if b.Process, err = process.Start(ctx, e.Core, e.Program, args...); err != nil {
		b.clean()
	}
	return err
}

// dialect is how the server of b wants to be asked.
func (b *bed) dialect(ctx context.Context) operation.Dialect {
	if b.data != "" {
		return operation.Dialect{Live: true, Cursor: "Cursor", Place: func(story int) (string, error) { return b.place(ctx, story) }}
	}
	return operation.Dialect{Cursor: "String", Place: func(story int) (string, error) {
		return base64.RawURLEncoding.EncodeToString([]byte(newsroom.Stamp(newsroom.At(story)) + " " + newsroom.ID(story))), nil
	}}
}

// place is the cursor of a story: that of the end of the list up to it.
func (b *bed) place(ctx context.Context, story int) (string, error) {
	asked, err := json.Marshal(map[string]any{
		"query":     `query($before: DateTime) { stories(first: 1, filter: { publishedBefore: $before }) { pageInfo { endCursor } } }`,
		"variables": map[string]any{"before": newsroom.Stamp(newsroom.At(story).Add(time.Millisecond))},
	})
	if err != nil {
		return "", fmt.Errorf("ask for a cursor: %w", err)
	}
	answer, err := load.Ask(ctx, b.Address, operation.Post(b.Address, path, asked))
	if err != nil {
		return "", fmt.Errorf("ask for a cursor: %w", err)
	}
	var page struct {
		Data struct {
			Stories struct{ PageInfo struct{ EndCursor string } }
		}
	}
	if err := json.Unmarshal(answer.Body, &page); err != nil || page.Data.Stories.PageInfo.EndCursor == "" {
		return "", fmt.Errorf("ask for a cursor: the answer is %d %.300s", answer.Status, answer.Body)
	}
	return page.Data.Stories.PageInfo.EndCursor, nil
}

// check asks b everything once, compares it with what the first server of the room
// has answered, and keeps the requests with the sizes of their answers.
func (e *Env) check(ctx context.Context, r *room, b *bed) error {
	operations, err := operation.All(r.stories, b.dialect(ctx))
	if err != nil {
		return err
	}
	for _, o := range operations {
		if !slices.Contains(e.Size.Operations, o.Name) {
			continue
		}
		for number, body := range o.Bodies {
			for m, text := range map[method][]byte{post: operation.Post(b.Address, path, body), get: operation.Get(b.Address, path, body)} {
				answer, err := b.ask(ctx, text)
				if err != nil {
					return fmt.Errorf("%s: %w", question{o.Name, m}, err)
				}
				if err := r.compare(fmt.Sprint(o.Name, number), answer.Body); err != nil {
					return fmt.Errorf("%s: %w", question{o.Name, m}, err)
				}
				q := question{o.Name, m}
				b.requests[q] = append(b.requests[q], load.Request{Text: text, Size: len(answer.Body)})
			}
		}
	}
	return nil
}

// ask asks twice, so that an answer that is kept is told as it is kept, and holds
// that both answers are of the same size.
func (b *bed) ask(ctx context.Context, text []byte) (*load.Answer, error) {
	first, err := load.Ask(ctx, b.Address, text)
	if err != nil {
		return nil, err
	}
	again, err := load.Ask(ctx, b.Address, text)
	if err != nil {
		return nil, err
	}
	if again.Status != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d %.300s", again.Status, again.Body)
	}
	if len(first.Body) != len(again.Body) {
		return nil, fmt.Errorf("two answers to the same differ in size: %d and %d bytes", len(first.Body), len(again.Body))
	}
	return again, nil
}

func (r *room) compare(what string, answer []byte) error {
	got, err := operation.Essence(answer)
	if err != nil {
		return err
	}
	want, known := r.essence[what]
	if !known {
		r.essence[what] = got
		return nil
	}
	if got != want {
		at := 0 // where they part
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		at = max(0, at-100)
		return fmt.Errorf("%s: it answers …%.300s, and %s …%.300s", what, got[min(at, len(got)):], r.beds[0].name, want[min(at, len(want)):])
	}
	return nil
}

// startLimit starts a server that answers what the first server of the room
// answers, byte for byte.
func (e *Env) startLimit(ctx context.Context, r *room) (*bed, error) {
	e.say("%s: starting", Limit)
	from := r.beds[0]
	var answers []limit.Answer
	numbers := map[question][]int{}
	for q, requests := range from.requests {
		for _, request := range requests {
			a, err := from.ask(ctx, request.Text)
			if err != nil {
				return nil, from.explain(err)
			}
			for _, own := range []string{"Date", "Connection", "Transfer-Encoding"} {
				a.Header.Del(own) // net/http sets them
			}
			a.Header.Set("Content-Length", fmt.Sprint(len(a.Body)))
			numbers[q] = append(numbers[q], len(answers))
			answers = append(answers, limit.Answer{Header: a.Header, Body: a.Body})
		}
	}
	folder, err := os.MkdirTemp("", "depeche-bench-")
	if err != nil {
		return nil, fmt.Errorf("keep the answers: %w", err)
	}
	b := &bed{name: Limit, requests: map[question][]load.Request{}, clean: func() { _ = os.RemoveAll(folder) }}
	file := filepath.Join(folder, "answers.json")
	text, err := json.Marshal(answers)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err == nil {
		b.Process, err = process.Start(ctx, e.Core, e.Own, servers.Command, Limit, file)
	}
	if err != nil {
		b.clean()
		return nil, fmt.Errorf("start %s: %w", Limit, err)
	}
	for q, requests := range from.requests {
		for i, request := range requests {
			number := numbers[q][i]
			text := bytes.Replace(request.Text, []byte(path), []byte(limit.Path(number)), 1)
			text = bytes.Replace(text, []byte(from.Address), []byte(b.Address), 1)
			a, err := b.ask(ctx, text)
			if err != nil {
				b.close()
				return nil, fmt.Errorf("%s: %w", Limit, err)
			}
			if !bytes.Equal(a.Body, answers[number].Body) {
				b.close()
				return nil, fmt.Errorf("%s answers something else than %s", Limit, from.name)
			}
			b.requests[q] = append(b.requests[q], load.Request{Text: text, Size: request.Size})
		}
	}
	return b, nil
}

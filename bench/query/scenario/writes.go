package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"depeche/bench/latency"
	"depeche/bench/query/load"
	"depeche/bench/query/newsroom"
	"depeche/bench/query/operation"
	"depeche/bench/report"
)

// publishEvery is how often the newsroom publishes.
const publishEvery = time.Second

// Writes asks for each operation as fast as answers come, while a story is
// published every second. The limit has nothing published: it is the yardstick.
func (e *Env) Writes(ctx context.Context) error {
	for _, stories := range e.Size.Stories {
		if err := e.writes(ctx, stories); err != nil {
			return err
		}
	}
	return nil
}

func (e *Env) writes(ctx context.Context, stories int) error {
	r, err := e.open(ctx, stories, Depeche, Limit)
	if err != nil {
		return err
	}
	defer r.close()
	yard, written := r.beds[0], r.beds[1]
	editor, err := e.newEditor(ctx, written, stories)
	if err != nil {
		return err
	}
	for _, name := range e.Size.Operations {
		q := question{name, post}
		e.say("writes: %s", of(q.String(), stories))
		for range e.Size.Rounds {
			row := report.Row{Scenario: "writes", Server: Limit, Case: of(q.String(), stories)}
			result, used, err := e.saturate(ctx, yard, yard.requests[q], e.Size.For)
			if err != nil {
				return err
			}
			row.Figures = append(throughput(result, used), editing(&edits{})...)
			row.Figures = append(row.Figures, report.Count("wrong", result.Wrong))
			e.Report.Add(row)

			row = report.Row{Scenario: "writes", Server: Depeche, Case: row.Case}
			done := editor.work(ctx)
			result, used, err = e.saturate(ctx, written, anySize(written.requests[q]), e.Size.Writing)
			made, failed := done()
			if err := errors.Join(err, failed); err != nil {
				return err
			}
			row.Figures = append(throughput(result, used), editing(made)...)
			row.Figures = append(row.Figures, report.Count("wrong", result.Wrong))
			e.Report.Add(row)
		}
	}
	return nil
}

// anySize are requests whose answers change.
func anySize(requests []load.Request) []load.Request {
	var free []load.Request
	for _, r := range requests {
		free = append(free, load.Request{Text: r.Text})
	}
	return free
}

// edits is what an editor did.
type edits struct {
	published, stale int
	answers          latency.Histogram // from asking for a publication to its answer
}

func editing(made *edits) []report.Figure {
	none := made.published == 0
	publish := report.Time("publish p50", made.answers.Quantile(0.5))
	publish.Absent = none
	return []report.Figure{
		{Name: "published", Value: float64(made.published), Absent: none},
		{Name: "stale", Value: float64(made.stale), Absent: none},
		publish,
	}
}

// An editor publishes stories and looks whether readers have them.
type editor struct {
	address, token string
	client         *http.Client
	fronts         [][]byte // requests for the front page, as readers make them
	number         int
}

func (e *Env) newEditor(ctx context.Context, b *bed, stories int) (*editor, error) {
	token, err := exec.CommandContext(ctx, e.Program, "token", "--data", b.data, "--role", "editor", "--name", "bench", "--for", "2h").Output()
	if err != nil {
		return nil, fmt.Errorf("make a token: %w", err)
	}
	operations, err := operation.All(stories, b.dialect(ctx))
	if err != nil {
		return nil, err
	}
	front := operations[0].Bodies[0]
	return &editor{
		address: b.Address, token: strings.TrimSpace(string(token)), client: &http.Client{Timeout: 30 * time.Second},
		fronts: [][]byte{operation.Post(b.Address, path, front), operation.Get(b.Address, path, front)},
	}, nil
}

// work publishes, the first story at once, until done is called. done returns when
// the last is published.
func (w *editor) work(ctx context.Context) (done func() (*edits, error)) {
	ctx, stop := context.WithCancel(ctx)
	made := &edits{}
	ended := make(chan error, 1)
	go func() {
		tick := time.NewTicker(publishEvery)
		defer tick.Stop()
		for {
			// What has been begun is brought to its end.
			if err := w.publish(context.WithoutCancel(ctx), made); err != nil {
				ended <- err
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				ended <- nil
				return
			}
		}
	}()
	return func() (*edits, error) {
		stop()
		err := <-ended
		return made, err
	}
}

// publish publishes a story, and once that is answered asks for the front page in
// all ways: each answer without the story is stale.
func (w *editor) publish(ctx context.Context, made *edits) error {
	w.number++
	slug := fmt.Sprintf("redaction-%d", w.number)
	var created struct{ CreateStory struct{ ID string } }
	if err := w.ask(ctx, `mutation($input: CreateStoryInput!) { createStory(input: $input) { id } }`, map[string]any{"input": map[string]any{
		"slug": slug, "title": "Le Sénat vote le budget", "summary": "Après une troisième nuit de débats.", "body": strings.Repeat("Le Sénat a voté le budget. ", 80),
		"language": "fr", "tags": []string{newsroom.TagSlug(0), newsroom.TagSlug(1 + w.number%31)},
	}}, &created); err != nil {
		return fmt.Errorf("create a story: %w", err)
	}
	asked := time.Now()
	if err := w.ask(ctx, `mutation($input: PublishStoryInput!) { publishStory(input: $input) { id } }`,
		map[string]any{"input": map[string]any{"id": created.CreateStory.ID, "expectedVersion": 1}}, new(any)); err != nil {
		return fmt.Errorf("publish a story: %w", err)
	}
	made.answers.Add(time.Since(asked))
	made.published++
	for _, front := range w.fronts {
		answer, err := load.Ask(ctx, w.address, front)
		if err != nil {
			return fmt.Errorf("ask for the front page: %w", err)
		}
		if !bytes.Contains(answer.Body, []byte(`"slug":"`+slug+`"`)) {
			made.stale++
		}
	}
	return nil
}

// ask puts a GraphQL operation to depeche, as the editor.
func (w *editor) ask(ctx context.Context, query string, variables map[string]any, into any) error {
	asked, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.address+path, bytes.NewReader(asked))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	response, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	answer := struct {
		Data   any
		Errors json.RawMessage
	}{Data: into}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Errors != nil {
		return fmt.Errorf("the answer is %d %.300s", response.StatusCode, text)
	}
	return nil
}

package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"depeche/bench/live/event"
	"depeche/bench/process"
)

// A Server is a server that can be put under test.
type Server struct {
	Name  string
	start func(ctx context.Context, core int) (*running, error)
}

// A running server is one that has been started.
type running struct {
	*process.Process
	path    string                      // of its WebSockets
	after   string                      // the cursor of the present
	publish func(h, body string) []byte // the HTTP request that publishes
	clean   func()
}

func (r *running) stop() {
	r.Stop()
	if r.clean != nil {
		r.clean()
	}
}

// Own is a server of this module, by the program and arguments that start it.
func Own(name, program string, args ...string) Server {
	return Server{Name: name, start: func(ctx context.Context, core int) (*running, error) {
		p, err := process.Start(ctx, core, program, args...)
		if err != nil {
			return nil, err
		}
		return &running{Process: p, path: "/graphql", after: event.Cursor(0), publish: func(headline, body string) []byte {
			posted := headline
			if body != "" {
				posted += "\n" + body
			}
			return request(p.Address, "/publish", "", posted)
		}}, nil
	}}
}

// Depeche is depeche, as the program at path.
func Depeche(path string) Server {
	return Server{Name: "depeche", start: func(ctx context.Context, core int) (*running, error) {
		folder, err := os.MkdirTemp("", "depeche-bench-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for depeche: %w", err)
		}
		clean := func() { _ = os.RemoveAll(folder) }
		r, err := startDepeche(ctx, core, path, folder)
		if err != nil {
			clean()
			return nil, err
		}
		r.clean = clean
		return r, nil
	}}
}

func startDepeche(ctx context.Context, core int, path, folder string) (*running, error) {
	p, err := process.Start(ctx, core, path, "--listen", "127.0.0.1:0", "--data", folder, "--log-level", "warn")
	if err != nil {
		return nil, err
	}
	r, err := prepareDepeche(ctx, p, path, folder)
	if err != nil {
		p.Stop()
		return nil, err
	}
	return r, nil
}

// prepareDepeche makes a token and the tags that events bear.
func prepareDepeche(ctx context.Context, p *process.Process, path, folder string) (*running, error) {
	token, err := exec.CommandContext(ctx, path, "token", "--data", folder, "--role", "editor", "--name", "bench", "--for", "2h").Output()
	if err != nil {
		return nil, fmt.Errorf("make a token: %w", err)
	}
	authorization := "Bearer " + strings.TrimSpace(string(token))
	const create = `mutation($slug: String, $name: String!) { createTag(input: { slug: $slug, name: $name, kind: TOPIC }) { id } }`
	for _, tag := range [][2]string{{event.TagSlug, event.TagName}, {event.OtherTagSlug, event.OtherTagName}} {
		if err := ask(ctx, p.Address, authorization, create, map[string]any{"slug": tag[0], "name": tag[1]}, new(any)); err != nil {
			return nil, fmt.Errorf("create a tag: %w", err)
		}
	}
	var present struct{ Ticker struct{ LiveCursor string } }
	if err := ask(ctx, p.Address, "", `{ ticker(first: 1) { liveCursor } }`, nil, &present); err != nil {
		return nil, fmt.Errorf("ask for the live cursor: %w", err)
	}
	const publish = `mutation($input: PublishTickerEntryInput!) { publishTickerEntry(input: $input) { id } }`
	return &running{Process: p, path: "/graphql", after: present.Ticker.LiveCursor, publish: func(headline, body string) []byte {
		input := map[string]any{"headline": headline, "tags": []string{event.TagSlug, event.OtherTagSlug}}
		if body != "" {
			input["body"] = body
		}
		return request(p.Address, "/graphql", authorization, operation(publish, map[string]any{"input": input}))
	}}, nil
}

func operation(query string, variables map[string]any) string {
	text, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // strings, and maps of them
	}
	return string(text)
}

// request makes the HTTP request that posts a body.
func request(host, path, authorization, body string) []byte {
	header := ""
	if authorization != "" {
		header = "Authorization: " + authorization + "\r\n"
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", path, host, header, len(body), body)
}

// ask puts a GraphQL operation to depeche.
func ask(ctx context.Context, host, authorization, query string, variables map[string]any, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+"/graphql", strings.NewReader(operation(query, variables)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(r)
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
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&answer); err != nil || answer.Errors != nil {
		return fmt.Errorf("the answer is %d %s", response.StatusCode, text)
	}
	return nil
}

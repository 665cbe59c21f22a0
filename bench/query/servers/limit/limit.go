// Package limit is as fast as net/http answers: a handler that writes finished
// bytes. What a real server does is told as a share of it.
package limit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"depeche/bench/serve"
)

// An Answer is what is written: a copy of what another server answered.
type Answer struct {
	Header http.Header
	Body   []byte
}

// Path is where the answer with the number is served.
func Path(number int) string { return "/" + strconv.Itoa(number) }

// Serve serves the answers in a file of JSON on a free port of the loopback
// interface, which it prints, until ctx ends.
func Serve(ctx context.Context, stdout io.Writer, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	var answers []Answer
	if err := json.Unmarshal(text, &answers); err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	return serve.HTTP(ctx, stdout, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil || number < 0 || number >= len(answers) {
			http.NotFound(w, r)
			return
		}
		a := &answers[number]
		header := w.Header()
		for name, values := range a.Header {
			header[name] = values
		}
		_, _ = w.Write(a.Body) // who has gone needs no answer
	}))
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// mostSilent is how long nothing may come before a connection is taken for dead.
	// depeche sends a comment every 25 s.
	mostSilent = 60 * time.Second
	typeEvents = "text/event-stream"
)

var (
	errSilent = errors.New("nothing was heard for too long")
	errEnded  = errors.New("the stream has ended")
)

// connect follows over one connection. It returns why that is over, nil when the
// subscription is complete; again tells whether to connect once more.
func (f *follower) connect(ctx context.Context) (again bool, err error) {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	alive := time.AfterFunc(mostSilent, func() { cut(errSilent) })
	defer alive.Stop()

	response, err := f.open(ctx)
	if err != nil {
		return true, cmp.Or(context.Cause(ctx), err)
	}
	defer response.Body.Close()
	if again, err := f.refused(response); err != nil {
		return again, err
	}
	events := NewEventReader(heard{response.Body, func() { alive.Reset(mostSilent) }})
	for {
		event, err := events.Next()
		f.retry = cmp.Or(events.Retry, f.retry)
		switch {
		case errors.Is(err, ErrEventTooLong):
			return false, err
		case errors.Is(err, io.EOF):
			return true, errEnded
		case err != nil:
			return true, cmp.Or(context.Cause(ctx), err)
		}
		if over, again, err := f.take(event); over {
			return again, err
		}
	}
}

// open asks for an event stream behind the place.
func (f *follower) open(ctx context.Context) (*http.Response, error) {
	r, err := f.newsroom.request(ctx, http.MethodPost, f.newsroom.API, f.body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", typeEvents)
	if f.place != "" {
		r.Header.Set("Last-Event-ID", f.place)
	}
	return f.newsroom.client().Do(r)
}

// refused tells why a response is no event stream.
func (f *follower) refused(response *http.Response) (again bool, err error) {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode == http.StatusOK && mediaType == typeEvents {
		return false, nil
	}
	if s, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && s > 0 && s < 3600 {
		f.retry = max(f.retry, time.Duration(s)*time.Second)
	}
	var answer graphql.Response
	if json.NewDecoder(io.LimitReader(response.Body, mostAnswered)).Decode(&answer) == nil && len(answer.Errors) > 0 {
		return f.judge(answer.Errors)
	}
	again = response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests // as a proxy says it
	return again, fmt.Errorf("instead of an event stream there is %s, %s", response.Status, mediaType)
}

// take takes an event. over tells whether there are no more on this connection; again and
// err are then those of connect.
func (f *follower) take(event Event) (over, again bool, err error) {
	if event.Data == nil { // it only tells how far we are
		f.place, f.failures = cmp.Or(event.ID, f.place), 0
		return false, false, nil
	}
	switch event.Name {
	case "next":
		var answer struct {
			Data   json.RawMessage
			Errors gqlerror.List
		}
		if err := json.Unmarshal(event.Data, &answer); err != nil {
			return true, false, fmt.Errorf("read an event: %w", err)
		}
		if len(answer.Errors) > 0 {
			again, err := f.judge(answer.Errors)
			return true, again, err
		}
		if err := f.once(event.ID, answer.Data); err != nil {
			return true, false, err
		}
	case "error":
		var list gqlerror.List
		if err := json.Unmarshal(event.Data, &list); err != nil {
			return true, false, fmt.Errorf("read an error: %w", err)
		}
		again, err := f.judge(list)
		return true, again, err
	case "complete":
		return true, false, nil
	}
	return false, false, nil
}

// once hands an event on, unless that has been done.
func (f *follower) once(cursor string, data json.RawMessage) error {
	f.failures = 0
	if cursor != "" {
		if slices.Contains(f.seen, cursor) {
			return nil
		}
		if len(f.seen) == remembered {
			f.seen = slices.Delete(f.seen, 0, 1)
		}
		f.seen = append(f.seen, cursor)
		f.place = cursor
	}
	return f.hand(data)
}

// judge tells what errors of the API mean for one who follows.
func (f *follower) judge(list gqlerror.List) (again bool, err error) {
	switch CodeOf(list) {
	case CodeCursorExpired, CodeBadCursor:
		return false, &CursorError{list}
	}
	return mayPass(list), list
}

// heard tells that something has been read.
type heard struct {
	io.Reader
	tell func()
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.tell()
	}
	return n, err
}

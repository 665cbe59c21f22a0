package desk_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"depeche/internal/news"
)

var webhookAdmin = news.Actor{Name: "ada", Role: news.Admin}

func (r *room) webhook(t testing.TB, url news.URL, kinds ...news.Kind) *news.Webhook {
	t.Helper()
	w, err := r.CreateWebhook(t.Context(), webhookAdmin, news.WebhookContent{URL: url, Kinds: kinds})
	must(t, err)
	return w
}

func TestWebhookBeginsAtTheHead(t *testing.T) {
	r := open(t)
	r.entry(t, "tick_1", "A line")
	w := r.webhook(t, "https://receiver.example/")
	want := &news.Webhook{
		ID: w.ID, Version: 1, Status: news.WebhookActive, Secret: w.Secret, From: 1, Begun: 1,
		WebhookContent: news.WebhookContent{URL: "https://receiver.example/"},
		CreatedBy:      "ada", CreatedAt: noon,
	}
	if !reflect.DeepEqual(w, want) || !strings.HasPrefix(string(w.ID), "hook_") || len(w.Secret) != 32 {
		t.Errorf("got %+v, want %+v", w, want)
	}
	if other := r.webhook(t, "https://receiver.example/"); bytes.Equal(other.Secret, w.Secret) {
		t.Error("two webhooks have one secret")
	}
}

func TestWebhookContent(t *testing.T) {
	tests := []struct {
		name    string
		content news.WebhookContent
		field   string // that is invalid; empty for none
	}{
		{"https", news.WebhookContent{URL: "https://receiver.example:8443/a?b=c"}, ""},
		{"http", news.WebhookContent{URL: "http://receiver.example/"}, "url"},
		{"http, localhost", news.WebhookContent{URL: "http://localhost:3000/"}, ""},
		{"http, 127.0.0.1", news.WebhookContent{URL: "http://127.0.0.1/"}, ""},
		{"http, ::1", news.WebhookContent{URL: "http://[::1]:3000/"}, ""},
		{"http, a name that looks local", news.WebhookContent{URL: "http://localhost.example/"}, "url"},
		{"http, an address that looks local", news.WebhookContent{URL: "http://127.0.0.1.example/"}, "url"},
		{"http, private", news.WebhookContent{URL: "http://10.0.0.1/"}, "url"},
		{"no address", news.WebhookContent{}, "url"},
		{"no host", news.WebhookContent{URL: "https:///a"}, "url"},
		{"another scheme", news.WebhookContent{URL: "ftp://receiver.example/"}, "url"},
		{"a password", news.WebhookContent{URL: "https://me:secret@receiver.example/"}, "url"},
		{"a fragment", news.WebhookContent{URL: "https://receiver.example/#a"}, "url"},
		{"a long description", news.WebhookContent{URL: "https://receiver.example/", Description: news.Text(strings.Repeat("x", 1001))}, "description"},
		{"a private kind", news.WebhookContent{URL: "https://receiver.example/", Kinds: []news.Kind{news.KindLock}}, "kinds"},
		{"no kind at all", news.WebhookContent{URL: "https://receiver.example/", Kinds: []news.Kind{"LETTER"}}, "kinds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := open(t)
			_, err := r.CreateWebhook(t.Context(), webhookAdmin, test.content)
			if test.field == "" {
				must(t, err)
				return
			}
			wantInvalid(t, err, test.field)
			w := r.webhook(t, "https://receiver.example/")
			_, err = r.UpdateWebhook(t.Context(), webhookAdmin, w.ID, 1, func(c *news.WebhookContent) { *c = test.content })
			wantInvalid(t, err, test.field)
		})
	}
}

func TestWebhookIsChanged(t *testing.T) {
	r := open(t)
	w := r.webhook(t, "https://receiver.example/", news.KindTickerEntry, news.KindStory, news.KindStory)
	if want := []news.Kind{news.KindStory, news.KindTickerEntry}; !slices.Equal(w.Kinds, want) {
		t.Errorf("the kinds are %v, want %v", w.Kinds, want)
	}
	secret := w.Secret

	same, err := r.UpdateWebhook(t.Context(), webhookAdmin, w.ID, 1, func(c *news.WebhookContent) { c.Kinds = []news.Kind{news.KindTickerEntry, news.KindStory} })
	must(t, err)
	if same.Version != 1 {
		t.Errorf("a change of nothing made version %d", same.Version)
	}
	w, err = r.UpdateWebhook(t.Context(), webhookAdmin, w.ID, 1, func(c *news.WebhookContent) { c.Description = "push" })
	must(t, err)
	w, err = r.PauseWebhook(t.Context(), webhookAdmin, w.ID, w.Version, true)
	must(t, err)
	if w.Status != news.WebhookPaused || w.Version != 3 {
		t.Errorf("paused, it is %s in version %d", w.Status, w.Version)
	}
	again, err := r.PauseWebhook(t.Context(), webhookAdmin, w.ID, w.Version, true)
	must(t, err)
	if again.Version != 3 {
		t.Errorf("paused again, it is in version %d", again.Version)
	}
	w, err = r.PauseWebhook(t.Context(), webhookAdmin, w.ID, w.Version, false)
	must(t, err)
	w, err = r.RotateWebhookSecret(t.Context(), webhookAdmin, w.ID, w.Version)
	must(t, err)
	if w.Status != news.WebhookActive || bytes.Equal(w.Secret, secret) || len(w.Secret) != 32 || w.From != 0 || w.Begun != 1 {
		t.Errorf("it became %+v", w)
	}
	w, err = r.DeleteWebhook(t.Context(), webhookAdmin, w.ID, w.Version)
	must(t, err)
	if w.Status != news.WebhookDeleted || w.Secret != nil {
		t.Errorf("deleted, it is %+v", w)
	}
	_, err = r.PauseWebhook(t.Context(), webhookAdmin, w.ID, w.Version, false)
	wantIs(t, err, news.ErrNotFound)

	want := []string{"CREATED by ada", "UPDATED by ada", "UPDATED by ada", "UPDATED by ada", "UPDATED by ada", "DELETED by ada"}
	if got := r.ops(t, news.EntityID(w.ID)); !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

func TestWebhookDiesAndIsRedelivered(t *testing.T) {
	r := open(t)
	w := r.webhook(t, "https://receiver.example/")
	wantIs(t, r.FailWebhook(t.Context(), w.ID, 2, "why"), news.ErrConflict)
	must(t, r.FailWebhook(t.Context(), w.ID, 1, "the receiver answered 500"))
	wantIs(t, r.FailWebhook(t.Context(), w.ID, 2, "again"), news.ErrConflict)
	wantIs(t, r.FailWebhook(t.Context(), "hook_none", 1, "why"), news.ErrNotFound)

	page, err := r.Webhooks(t.Context(), webhookAdmin, news.Window{First: 1})
	must(t, err)
	if dead := page.Items[0]; dead.Status != news.WebhookDead || dead.Failure != "the receiver answered 500" || dead.Version != 2 {
		t.Errorf("it is %+v, want it dead", dead)
	}
	_, err = r.PauseWebhook(t.Context(), webhookAdmin, w.ID, 2, false)
	wantInvalid(t, err, "paused")
	for _, after := range []news.Seq{-1, 3} {
		_, err = r.RedeliverWebhook(t.Context(), webhookAdmin, w.ID, 2, after)
		wantIs(t, err, news.ErrBadCursor)
	}
	w, err = r.RedeliverWebhook(t.Context(), webhookAdmin, w.ID, 2, 2)
	must(t, err)
	if w.Status != news.WebhookActive || w.Failure != "" || w.From != 2 || w.Begun != 3 || w.Version != 3 {
		t.Errorf("it became %+v", w)
	}
	w, err = r.RedeliverWebhook(t.Context(), webhookAdmin, w.ID, 3, 2) // of an active one, from the same place
	must(t, err)
	if w.Begun != 4 {
		t.Errorf("it has begun in version %d, want 4", w.Begun)
	}
	want := []string{"CREATED by ada", "FAILED by webhook", "REDELIVERED by ada", "REDELIVERED by ada"}
	if got := r.ops(t, news.EntityID(w.ID)); !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

// TestWebhooksAreForAdministrators asks for everything as everybody else, and for
// what is there no more or never was.
func TestWebhooksAreForAdministrators(t *testing.T) {
	r := open(t)
	w := r.webhook(t, "https://receiver.example/")
	r.entry(t, "tick_1", "A line")
	calls := map[string]func(who news.Actor, id news.WebhookID, version int) error{
		"update": func(who news.Actor, id news.WebhookID, version int) error {
			_, err := r.UpdateWebhook(t.Context(), who, id, version, func(c *news.WebhookContent) { c.Description = "x" })
			return err
		},
		"pause": func(who news.Actor, id news.WebhookID, version int) error {
			_, err := r.PauseWebhook(t.Context(), who, id, version, true)
			return err
		},
		"rotate": func(who news.Actor, id news.WebhookID, version int) error {
			_, err := r.RotateWebhookSecret(t.Context(), who, id, version)
			return err
		},
		"redeliver": func(who news.Actor, id news.WebhookID, version int) error {
			_, err := r.RedeliverWebhook(t.Context(), who, id, version, 0)
			return err
		},
		"delete": func(who news.Actor, id news.WebhookID, version int) error {
			_, err := r.DeleteWebhook(t.Context(), who, id, version)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			wantIs(t, call(editor, w.ID, 1), news.ErrForbidden)
			wantIs(t, call(news.Actor{}, w.ID, 1), news.ErrUnauthenticated)
			wantConflict(t, call(webhookAdmin, w.ID, 7), 1)
			wantIs(t, call(webhookAdmin, "hook_none", 1), news.ErrNotFound)
			wantIs(t, call(webhookAdmin, "tick_1", 1), news.ErrNotFound)
			wantIs(t, call(webhookAdmin, "no id", 1), news.ErrNotFound)
		})
	}
	_, err := r.CreateWebhook(t.Context(), editor, news.WebhookContent{URL: "https://receiver.example/"})
	wantIs(t, err, news.ErrForbidden)
	_, err = r.Webhooks(t.Context(), editor, news.Window{First: 1})
	wantIs(t, err, news.ErrForbidden)
	if got := r.lines(t); got != 2 {
		t.Errorf("the log has %d lines, want 2", got)
	}
}

func TestWebhooksAreListedAndBounded(t *testing.T) {
	r := open(t)
	var ids []news.WebhookID
	for i := range 100 {
		w := r.webhook(t, news.URL(fmt.Sprintf("https://receiver.example/%d", i)))
		ids = append([]news.WebhookID{w.ID}, ids...)
	}
	_, err := r.CreateWebhook(t.Context(), webhookAdmin, news.WebhookContent{URL: "https://receiver.example/"})
	wantInvalid(t, err, "webhooks")
	_, err = r.DeleteWebhook(t.Context(), webhookAdmin, ids[1], 1)
	must(t, err)
	w := r.webhook(t, "https://receiver.example/")
	want := append([]news.WebhookID{w.ID, ids[0]}, ids[2:]...)

	var got []news.WebhookID
	window := news.Window{First: 30}
	for {
		page, err := r.Webhooks(t.Context(), webhookAdmin, window)
		must(t, err)
		for _, w := range page.Items {
			got = append(got, w.ID)
		}
		if !page.HasNext {
			break
		}
		last := news.CursorOf(page.Items[len(page.Items)-1])
		window.After = &last
	}
	if !slices.Equal(got, want) {
		t.Errorf("the list has %d webhooks, %v\nwant %d, %v", len(got), got, len(want), want)
	}
	_, err = r.Webhooks(t.Context(), webhookAdmin, news.Window{First: 101})
	wantInvalid(t, err, "first")
}

package desk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

var ada = news.Actor{Name: "ada", Role: news.Admin}

func TestServiceTokenIsMadeOnce(t *testing.T) {
	r := open(t)
	token, text, err := r.CreateServiceToken(t.Context(), ada, "  wire\u00a0agency ", news.Contributor)
	must(t, err)
	want := news.ServiceToken{
		ID: token.ID, Version: 1, Status: news.ServiceTokenValid, Name: token.Name, Role: news.Contributor, Hash: token.Hash,
		CreatedBy: "ada", CreatedAt: noon,
	}
	if *token != want || !strings.HasPrefix(string(token.ID), "token_") || strings.TrimSpace(token.Name) != token.Name {
		t.Errorf("got %+v, want %+v", *token, want)
	}
	id, secret, ok := news.ReadServiceToken(text)
	if !ok || id != token.ID || !token.Holds(secret) {
		t.Errorf("the text %q is of %s, %v", text, id, ok)
	}
	_, other, err := r.CreateServiceToken(t.Context(), ada, "wire", news.Contributor)
	must(t, err)
	if _, another, _ := news.ReadServiceToken(other); another == secret {
		t.Error("two have one secret")
	}
	// What is kept is no token.
	line, err := r.store.Version(t.Context(), news.EntityID(token.ID), 1)
	must(t, err)
	kept, err := json.Marshal(line)
	must(t, err)
	if at := strings.LastIndex(text, "_"); strings.Contains(string(kept), text[at-10:]) || line.By != "ada" || line.Op != news.OpCreated {
		t.Errorf("the log has %s", kept)
	}
}

func TestServiceTokenIsRefused(t *testing.T) {
	r := open(t)
	before := r.lines(t)
	for _, row := range []struct {
		name, field string
		role        news.Role
	}{
		{"", "name", news.Editor},
		{" ", "name", news.Editor},
		{"a\nb", "name", news.Editor},
		{strings.Repeat("é", 101), "name", news.Editor},
		{"wire", "role", news.Reader},
		{"wire", "role", ""},
		{"wire", "role", "EMPRESS"},
	} {
		_, text, err := r.CreateServiceToken(t.Context(), ada, row.name, row.role)
		if wantInvalid(t, err, row.field); text != "" {
			t.Errorf("%q, %s: got a token too", row.name, row.role)
		}
	}
	if got := r.lines(t); got != before {
		t.Errorf("%d lines were written", got-before)
	}
	_, _, err := r.CreateServiceToken(t.Context(), ada, strings.Repeat("é", 100), news.Admin)
	must(t, err)
}

func TestServiceTokenIsRevokedForGood(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	token, _, err := r.CreateServiceToken(ctx, ada, "wire", news.Editor)
	must(t, err)
	story := r.draft(t, editor, "story_1", "A story")
	for _, id := range []news.ServiceTokenID{"token_none", news.ServiceTokenID(story.ID), "", "no id", news.ServiceTokenID(strings.Repeat("x", 10_000))} {
		_, err := r.RevokeServiceToken(ctx, ada, id, 1)
		if wantIs(t, err, news.ErrNotFound); err != nil && len(err.Error()) > 500 {
			t.Errorf("the error is %d bytes long", len(err.Error()))
		}
	}
	_, err = r.RevokeServiceToken(ctx, ada, token.ID, 2)
	wantConflict(t, err, 1)
	r.advance(time.Minute)
	revoked, err := r.RevokeServiceToken(ctx, ada, token.ID, 1)
	must(t, err)
	want := *token
	want.Version, want.Status, want.RevokedAt = 2, news.ServiceTokenRevoked, noon.Add(time.Minute)
	if *revoked != want {
		t.Errorf("got %+v, want %+v", *revoked, want)
	}
	_, err = r.RevokeServiceToken(ctx, ada, token.ID, 1)
	wantConflict(t, err, 2)
	again, err := r.RevokeServiceToken(ctx, ada, token.ID, 2)
	must(t, err)
	if *again != want {
		t.Errorf("again: got %+v, want %+v", *again, want)
	}
	if got, want := strings.Join(r.ops(t, news.EntityID(token.ID)), ", "), "CREATED by ada, REVOKED by ada"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestServiceTokenIsRevokedTogether: of all who try at once one does it.
func TestServiceTokenIsRevokedTogether(t *testing.T) {
	r := open(t)
	token, _, err := r.CreateServiceToken(t.Context(), ada, "wire", news.Editor)
	must(t, err)
	together(8, func(int) {
		if _, err := r.RevokeServiceToken(t.Context(), ada, token.ID, 1); err != nil && !errors.Is(err, news.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
	if got := r.ops(t, news.EntityID(token.ID)); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestServiceTokensAreListed(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	var ids []news.ServiceTokenID
	for _, name := range []string{"first", "second", "third"} {
		token, _, err := r.CreateServiceToken(ctx, ada, name, news.Editor)
		must(t, err)
		ids = append(ids, token.ID)
		r.advance(time.Minute)
	}
	_, err := r.RevokeServiceToken(ctx, ada, ids[1], 1)
	must(t, err)
	page, err := r.ServiceTokens(ctx, ada, news.Window{First: 2})
	must(t, err)
	if len(page.Items) != 2 || page.Items[0].ID != ids[2] || page.Items[1].ID != ids[1] || page.Items[1].Status != news.ServiceTokenRevoked || !page.HasNext || page.HasPrevious || page.At != r.lines(t) {
		t.Errorf("got %+v", page)
	}
	after := news.CursorOf(page.Items[1])
	page, err = r.ServiceTokens(ctx, ada, news.Window{First: 2, After: &after})
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].Name != "first" || page.HasNext || !page.HasPrevious {
		t.Errorf("got %+v", page)
	}
	_, err = r.ServiceTokens(ctx, ada, news.Window{First: 101})
	wantInvalid(t, err, "first")
	_, err = r.ServiceTokens(ctx, editor, news.Window{First: 1})
	wantIs(t, err, news.ErrForbidden)
}

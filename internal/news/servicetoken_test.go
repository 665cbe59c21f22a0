package news_test

import (
	"strings"
	"testing"

	"depeche/internal/news"
)

func TestServiceTokenText(t *testing.T) {
	var secret news.ServiceSecret
	for i := range secret {
		secret[i] = byte(255 - i)
	}
	text := news.ServiceTokenText("token_01J_x-y", secret)
	if want := "depeche_token_01J_x-y___79_"; !strings.HasPrefix(text, want) {
		t.Errorf("got %s, want it to begin with %s", text, want)
	}
	id, got, ok := news.ReadServiceToken(text)
	if !ok || id != "token_01J_x-y" || got != secret {
		t.Errorf("got %q, %x, %v", id, got, ok)
	}
	token := &news.ServiceToken{Hash: secret.Hash()}
	if !token.Holds(secret) || token.Holds(news.ServiceSecret{}) || (&news.ServiceToken{}).Holds(secret) {
		t.Error("a token does not tell its own secret from others")
	}
}

func FuzzReadServiceToken(f *testing.F) {
	text := news.ServiceTokenText("token_1", news.ServiceSecret{1, 2, 3})
	for _, seed := range []string{
		text, "", "depeche_", "depeche__", text + "=", text[:len(text)-1] + "B", text[:40] + "\n" + text[40:],
		"Depeche_" + text[8:], "depeche_" + text[len(text)-44:], strings.Replace(text, "token_1", strings.Repeat("x", 65), 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, ok := news.ReadServiceToken(text)
		if ok && (news.ServiceTokenText(id, secret) != text || !news.ValidID(string(id))) {
			t.Errorf("%q is read as %q, %x", text, id, secret)
		}
		if !ok && (id != "" || secret != news.ServiceSecret{}) {
			t.Errorf("%q is refused and read as %q", text, id)
		}
	})
}

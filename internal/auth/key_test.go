package auth_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/auth"
	"depeche/internal/news"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, folder string) *auth.Key {
	t.Helper()
	k, err := auth.OpenKey(folder, "", func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokenTellsWhoBearsIt(t *testing.T) {
	k := key(t, t.TempDir())
	want := news.Actor{Name: "Marie Ève", Role: news.Editor, Expires: noon.Add(8 * time.Hour)}
	token, err := k.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Verify(token)
	if err != nil || got.Name != want.Name || got.Role != want.Role || !got.Expires.Equal(want.Expires) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestTokenOfAPreview(t *testing.T) {
	k := key(t, t.TempDir())
	want := news.Actor{Name: "preview", Role: news.Reader, Expires: noon.Add(time.Hour), Preview: "story_1"}
	token, err := k.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Verify(token)
	if got.Expires = got.Expires.UTC(); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if who := got.Audience(); who != (news.Audience{Preview: "story_1"}) {
		t.Errorf("got the audience %+v", who)
	}
}

func TestSignRefuses(t *testing.T) {
	k := key(t, t.TempDir())
	for _, row := range []struct {
		name string
		who  news.Actor
	}{
		{"no name", news.Actor{Role: news.Editor, Expires: noon.Add(time.Hour)}},
		{"unknown role", news.Actor{Name: "marie", Role: "EMPRESS", Expires: noon.Add(time.Hour)}},
		{"no role", news.Actor{Name: "marie", Expires: noon.Add(time.Hour)}},
		{"no end", news.Actor{Name: "marie", Role: news.Editor}},
		{"an editor's preview", news.Actor{Name: "preview", Role: news.Editor, Preview: "story_1", Expires: noon.Add(time.Hour)}},
		{"a preview of nothing", news.Actor{Name: "preview", Role: news.Reader, Preview: "a story", Expires: noon.Add(time.Hour)}},
		{"over already", news.Actor{Name: "marie", Role: news.Editor, Expires: noon}},
	} {
		if _, err := k.Sign(row.who); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: got %v, want an invalid input", row.name, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	folder := t.TempDir()
	k := key(t, folder)
	hexed, err := os.ReadFile(filepath.Join(folder, auth.SecretFile))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, secret any, claims jwt.MapClaims) string {
		t.Helper()
		token, err := jwt.NewWithClaims(method, claims).SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": "depeche", "sub": "marie", "role": "EDITOR", "exp": noon.Add(time.Hour).Unix()}
	}
	without := func(claim string) jwt.MapClaims {
		c := good()
		delete(c, claim)
		return c
	}
	with := func(claim string, v any) jwt.MapClaims {
		c := good()
		c[claim] = v
		return c
	}
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = unhex(hexed[2*i])<<4 | unhex(hexed[2*i+1])
	}
	valid := sign(jwt.SigningMethodHS256, secret, good())
	if _, err := k.Verify(valid); err != nil {
		t.Fatalf("the token that the others are made from is refused: %v", err)
	}
	part := strings.Split(valid, ".")
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"depeche","sub":"marie","role":"ADMIN","exp":99999999999}`))
	// named is a token whose header names another algorithm than it is signed with.
	named := func(algorithm string) string {
		t.Helper()
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + algorithm + `","typ":"JWT"}`))
		signature, err := jwt.SigningMethodHS256.Sign(header+"."+part[1], secret)
		if err != nil {
			t.Fatal(err)
		}
		return header + "." + part[1] + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	if _, err := k.Verify(named("HS256")); err != nil {
		t.Fatalf("a token by its right name is refused: %v", err)
	}
	for _, row := range []struct{ name, token, says string }{
		{"said to be RS256", named("RS256"), "another algorithm than HS256"},
		{"said to be ES256", named("ES256"), "another algorithm than HS256"},
		{"said to be unsigned", named("none"), "another algorithm"},
		{"said to be unsigned in capitals", named("NONE"), "another algorithm"},
		{"no algorithm", named(""), "another algorithm"},
		{"empty", "", "malformed"},
		{"rubbish", "rubbish", "malformed"},
		{"expired", sign(jwt.SigningMethodHS256, secret, with("exp", noon.Add(-time.Second).Unix())), "expired"},
		{"no end", sign(jwt.SigningMethodHS256, secret, without("exp")), "has no exp"},
		{"another secret", sign(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good()), "signature of the token is wrong"},
		{"another algorithm", sign(jwt.SigningMethodHS512, secret, good()), "another algorithm than HS256"},
		{"no signature", sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), "another algorithm than HS256"},
		{"another issuer", sign(jwt.SigningMethodHS256, secret, with("iss", "somebody")), "another issuer"},
		{"no issuer", sign(jwt.SigningMethodHS256, secret, without("iss")), "has no iss"},
		{"nobody", sign(jwt.SigningMethodHS256, secret, without("sub")), "names nobody"},
		{"unknown role", sign(jwt.SigningMethodHS256, secret, with("role", "EMPRESS")), "no known role"},
		{"no role", sign(jwt.SigningMethodHS256, secret, without("role")), "no known role"},
		{"not yet", sign(jwt.SigningMethodHS256, secret, with("nbf", noon.Add(time.Minute).Unix())), "not good yet"},
		{"other payload", part[0] + "." + payload + "." + part[2], "signature of the token is wrong"},
		{"of the future", sign(jwt.SigningMethodHS256, secret, with("iat", noon.Add(time.Minute).Unix())), "issued in the future"},
		{"end of the wrong type", sign(jwt.SigningMethodHS256, secret, with("exp", "soon")), "malformed"},
		{"a preview for an editor", sign(jwt.SigningMethodHS256, secret, with("preview", "story_1")), "no known role"},
		{"a preview of nothing", sign(jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": "depeche", "sub": "preview", "role": "READER", "preview": "../x", "exp": noon.Add(time.Hour).Unix()}), "no known role"},
		{"cut", valid[:len(valid)-3], "signature of the token is wrong"},
	} {
		who, err := k.Verify(row.token)
		if !errors.Is(err, news.ErrUnauthenticated) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %+v, %v, want an error that says %q", row.name, who, err, row.says)
		}
		if err != nil && len(row.token) > 20 && strings.Contains(err.Error(), row.token[len(row.token)-20:]) {
			t.Errorf("%s: the error repeats the token: %v", row.name, err)
		}
		if who != (news.Actor{}) {
			t.Errorf("%s: got %+v beside the error, want nobody", row.name, who)
		}
	}
}

func unhex(c byte) byte { return byte(strings.IndexByte("0123456789abcdef", c)) }

func TestSecretIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	var mu sync.Mutex
	var tokens []string
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			k, err := auth.OpenKey(folder, "", func() time.Time { return noon })
			if err != nil {
				t.Error(err)
				return
			}
			token, err := k.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Hour)})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			tokens = append(tokens, token)
		})
	}
	wg.Wait()
	k := key(t, folder)
	for _, token := range tokens {
		if _, err := k.Verify(token); err != nil {
			t.Errorf("a token that was made at the first start is refused: %v", err)
		}
	}
	info, err := os.Stat(filepath.Join(folder, auth.SecretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want the mode 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 {
		t.Errorf("got %v in the folder, want the secret alone", left)
	}
}

func TestSecretIsRefused(t *testing.T) {
	good := strings.Repeat("0123456789abcdef", 4)
	for _, row := range []struct {
		name, text string
		mode       os.FileMode
		says       string
	}{
		{"readable by others", good, 0o644, "0600"},
		{"readable by the group", good, 0o640, "0600"},
		{"empty", "", 0o600, "damaged"},
		{"short", good[:62], 0o600, "damaged"},
		{"not hexadecimal", strings.Repeat("z", 64), 0o600, "damaged"},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, auth.SecretFile)
		if err := os.WriteFile(path, []byte(row.text), row.mode); err != nil {
			t.Fatal(err)
		}
		_, err := auth.OpenKey(folder, "", time.Now)
		if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that says %q and names the file", row.name, err, row.says)
		}
		if err != nil && row.text != "" && strings.Contains(err.Error(), row.text) {
			t.Errorf("%s: the error tells the secret: %v", row.name, err)
		}
	}
}

// A secret that is named is the same for every node, so it is not made, and it
// may be mounted so that others can read it.
func TestNamedSecret(t *testing.T) {
	secret := strings.Repeat("0123456789abcdef", 4)
	for _, row := range []struct {
		name, text string
		mode       os.FileMode
		says       string
	}{
		{"of its owner", secret + "\n", 0o400, ""},
		{"readable by others", secret, 0o444, ""},
		{"writable by the group", secret, 0o660, "can be written by others"},
		{"writable by others", secret, 0o646, "can be written by others"},
		{"damaged", secret[:62], 0o444, "damaged"},
		{"missing", "", 0, "no such file"},
	} {
		file := filepath.Join(t.TempDir(), "named")
		if row.mode != 0 {
			if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, row.mode); err != nil {
				t.Fatal(err)
			}
		}
		folder := t.TempDir()
		k, err := auth.OpenKey(folder, file, func() time.Time { return noon })
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("%s: got %v in the data folder, want nothing", row.name, left)
		}
		if row.says != "" {
			if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), file) {
				t.Errorf("%s: got %v, want an error that says %q and names the file", row.name, err, row.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		token, err := k.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		other, err := auth.OpenKey(t.TempDir(), file, func() time.Time { return noon })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Verify(token); err != nil {
			t.Errorf("%s: another node refuses the token: %v", row.name, err)
		}
	}
}

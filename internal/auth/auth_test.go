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
		{"said to be RS256", named("RS256"), "not valid"},
		{"said to be ES256", named("ES256"), "not valid"},
		{"said to be unsigned", named("none"), "not valid"},
		{"said to be unsigned in capitals", named("NONE"), "not valid"},
		{"no algorithm", named(""), "not valid"},
		{"empty", "", "malformed"},
		{"rubbish", "rubbish", "malformed"},
		{"expired", sign(jwt.SigningMethodHS256, secret, with("exp", noon.Add(-time.Second).Unix())), "expired"},
		{"no end", sign(jwt.SigningMethodHS256, secret, without("exp")), "not valid"},
		{"another secret", sign(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good()), "not valid"},
		{"another algorithm", sign(jwt.SigningMethodHS512, secret, good()), "not valid"},
		{"no signature", sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), "not valid"},
		{"another issuer", sign(jwt.SigningMethodHS256, secret, with("iss", "somebody")), "not valid"},
		{"no issuer", sign(jwt.SigningMethodHS256, secret, without("iss")), "not valid"},
		{"nobody", sign(jwt.SigningMethodHS256, secret, without("sub")), "names nobody"},
		{"unknown role", sign(jwt.SigningMethodHS256, secret, with("role", "EMPRESS")), "no known role"},
		{"no role", sign(jwt.SigningMethodHS256, secret, without("role")), "no known role"},
		{"not yet", sign(jwt.SigningMethodHS256, secret, with("nbf", noon.Add(time.Minute).Unix())), "not valid"},
		{"other payload", part[0] + "." + payload + "." + part[2], "not valid"},
		{"cut", valid[:len(valid)-3], "not valid"},
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

func TestBearer(t *testing.T) {
	for _, row := range []struct {
		header, want string
		refused      bool
	}{
		{"", "", false},
		{"Bearer abc", "abc", false},
		{"bearer   abc ", "abc", false},
		{"Basic abc", "", true},
		{"Bearer", "", true},
		{"Bearer ", "", true},
		{"abc", "", true},
	} {
		got, err := auth.Bearer(row.header)
		if got != row.want || errors.Is(err, news.ErrUnauthenticated) != row.refused {
			t.Errorf("%q: got %q, %v, want %q", row.header, got, err, row.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := key(f, f.TempDir())
	valid, err := k.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{valid, "", "..", "a.b.c", valid + ".", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		who, err := k.Verify(token)
		if err == nil && (who.Name != "marie" || who.Role != news.Editor) {
			t.Errorf("%q makes somebody %+v", token, who)
		}
		if err != nil && !errors.Is(err, news.ErrUnauthenticated) {
			t.Errorf("got %v, want every refusal to say that nobody is authenticated", err)
		}
	})
}

func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer abc", "bearer\tabc", "Bearer  a b ", "Basic abc", "Bearer"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := auth.Bearer(header)
		switch {
		case err != nil && (token != "" || !errors.Is(err, news.ErrUnauthenticated)):
			t.Errorf("%q: got %q, %v", header, token, err)
		case err != nil && len(header) > 20 && strings.Contains(err.Error(), header):
			t.Errorf("the error repeats the header: %v", err)
		case err == nil && (token == "") != (header == ""):
			t.Errorf("%q: got %q", header, token)
		case token != strings.TrimSpace(token):
			t.Errorf("%q: got %q with white space", header, token)
		}
	})
}

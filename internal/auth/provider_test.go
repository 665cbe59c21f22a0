package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/auth"
	"depeche/internal/news"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A clock shows what it is set to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// signers are keys that the tests make once, since those of RSA take their time.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	made := map[string]crypto.Signer{}
	for _, name := range []string{"RSA", "another RSA"} {
		made[name], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		made[name], _ = ecdsa.GenerateKey(curve, rand.Reader)
	}
	_, made["Ed25519"], _ = ed25519.GenerateKey(rand.Reader)
	return made
})

// jwk is a key as a set has it.
func jwk(t testing.TB, signer, kid, use string, more ...string) map[string]any {
	t.Helper()
	key, err := jwkset.NewJWKFromKey(signers()[signer].Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid, USE: jwkset.USE(use)}})
	must(t, err)
	text, err := json.Marshal(key.Marshal())
	must(t, err)
	var m map[string]any
	must(t, json.Unmarshal(text, &m))
	delete(m, "alg") // that of Ed25519 is told
	if len(more) > 0 {
		m["alg"] = more[0]
	}
	return m
}

func set(t testing.TB, keys ...any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	must(t, err)
	return string(text)
}

// An issuer is an OpenID Connect provider.
type issuer struct {
	*httptest.Server
	clock *clock
	log   *strings.Builder // of who believes it; to be read when nobody writes any more

	mu    sync.Mutex
	set   string
	says  string // of itself; empty: the truth
	away  bool
	asked int           // for its keys
	hold  chan struct{} // the keys are told when it is closed; nil: at once
	held  chan struct{} // told of each request that waits for that
}

func newIssuer(t testing.TB, keys ...any) *issuer {
	t.Helper()
	i := &issuer{clock: &clock{at: noon}, set: set(t, keys...), log: &strings.Builder{}, held: make(chan struct{}, 1)}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	set, says, away, hold := i.set, i.says, i.away, i.hold
	if r.URL.Path == "/keys" {
		i.asked++
	}
	i.mu.Unlock()
	if hold != nil && r.URL.Path == "/keys" {
		i.held <- struct{}{}
		<-hold
	}
	switch {
	case away:
		http.Error(w, "not now", http.StatusBadGateway)
	case r.URL.Path == "/keys":
		w.Write([]byte(set)) //nolint:errcheck // there is nobody to tell
	case r.URL.Path == "/.well-known/openid-configuration" && says != "":
		w.Write([]byte(says)) //nolint:errcheck // likewise
	case r.URL.Path == "/.well-known/openid-configuration":
		json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}) //nolint:errcheck // likewise
	case r.URL.Path == "/moved":
		http.Redirect(w, r, "/keys", http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) change(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

// wantAsked wants the keys to have been asked for so often.
func (i *issuer) wantAsked(t testing.TB, when string, want int) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.asked != want {
		t.Errorf("%s: the keys have been asked for %d times, want %d", when, i.asked, want)
	}
}

func (i *issuer) options() auth.ProviderOptions {
	return auth.ProviderOptions{
		Issuer: i.URL, Audience: "depeche", Algorithm: "RS256", RoleClaim: "role", Now: i.clock.now,
		Logger: slog.New(slog.NewTextHandler(i.log, nil)),
	}
}

// believed is a Verifier that believes the issuer.
func (i *issuer) believed(t testing.TB, o auth.ProviderOptions) *auth.Verifier {
	t.Helper()
	p, err := auth.OpenProvider(t.Context(), o)
	must(t, err)
	k, err := auth.OpenKey(t.TempDir(), "", i.clock.now)
	must(t, err)
	return &auth.Verifier{Key: k, Provider: p}
}

// claims are those of a good token, but for some.
func (i *issuer) claims(but jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": i.URL, "aud": []string{"account", "depeche"}, "sub": "f81d4fae", "preferred_username": "marie", "role": "editor",
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	maps.Copy(c, but)
	for name, value := range but {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func signed(t testing.TB, algorithm string, key any, header map[string]any, claims jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(algorithm), claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	must(t, err)
	return text
}

// token is a good one by RS256.
func (i *issuer) token(t testing.TB, signer, kid string) string {
	t.Helper()
	return signed(t, "RS256", signers()[signer], map[string]any{"kid": kid}, i.claims(nil))
}

func TestAlgorithms(t *testing.T) {
	for algorithm, signer := range map[string]string{
		"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
		"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519",
	} {
		var all []any
		for name := range signers() {
			all = append(all, jwk(t, name, name, "sig"))
		}
		i := newIssuer(t, all...)
		o := i.options()
		o.Algorithm = algorithm
		v := i.believed(t, o)
		want := news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Hour)}
		for _, kid := range []string{signer, ""} { // where none is named, each that fits is tried
			header := map[string]any{}
			if kid != "" {
				header["kid"] = kid
			}
			got, err := v.Verify(t.Context(), signed(t, algorithm, signers()[signer], header, i.claims(nil)))
			if got.Expires = got.Expires.UTC(); err != nil || got != want {
				t.Errorf("%s with the key %q: got %+v, %v, want %+v", algorithm, kid, got, err, want)
			}
		}
	}
	for _, algorithm := range []string{"", "none", "HS256", "HS512", "rs256", "ES256K"} {
		i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
		o := i.options()
		o.Algorithm = algorithm
		if _, err := auth.OpenProvider(t.Context(), o); err == nil {
			t.Errorf("the algorithm %q is taken", algorithm)
		}
	}
}

func TestProviderRefuses(t *testing.T) {
	small := jwk(t, "RSA", "small", "sig")
	small["n"] = small["n"].(string)[:170] // 1,020 bits
	wrapping := jwk(t, "another RSA", "for keys", "")
	wrapping["key_ops"] = []string{"wrapKey"}
	i := newIssuer(t, wrapping,
		jwk(t, "RSA", "1", "sig"), jwk(t, "another RSA", "for encryption", "enc"), jwk(t, "another RSA", "for PS256", "sig", "PS256"),
		jwk(t, "P-256", "of a curve", "sig"), small, map[string]any{"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
		map[string]any{"kty": "none of ours"}, "rubbish")
	v := i.believed(t, i.options())
	rs256 := func(header map[string]any, but jwt.MapClaims) string {
		return signed(t, "RS256", signers()["RSA"], header, i.claims(but))
	}
	one := map[string]any{"kid": "1"}
	public, err := x509.MarshalPKIXPublicKey(signers()["RSA"].Public())
	must(t, err)
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	good := rs256(one, nil)
	part := strings.Split(good, ".")
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatalf("the token that the others are made from is refused: %v", err)
	}
	for _, row := range []struct{ name, token, says string }{
		{"unsigned", signed(t, "none", jwt.UnsafeAllowNoneSignatureType, one, i.claims(nil)), "another algorithm than RS256"},
		{"signed with the public key as a secret", signed(t, "HS256", asPEM, one, i.claims(nil)), "another algorithm than RS256"},
		{"signed with the public key as it is", signed(t, "HS256", public, one, i.claims(nil)), "another algorithm than RS256"},
		{"signed with a secret of the set", signed(t, "HS256", []byte("secret"), map[string]any{"kid": "secret"}, i.claims(nil)), "another algorithm than RS256"},
		{"another algorithm of the same key", signed(t, "PS256", signers()["RSA"], one, i.claims(nil)), "another algorithm than RS256"},
		{"another key under the same name", signed(t, "RS256", signers()["another RSA"], one, i.claims(nil)), "signature of the token is wrong"},
		{"a key for encryption", signed(t, "RS256", signers()["another RSA"], map[string]any{"kid": "for encryption"}, i.claims(nil)), "does not name"},
		{"a key for other keys", signed(t, "RS256", signers()["another RSA"], map[string]any{"kid": "for keys"}, i.claims(nil)), "does not name"},
		{"a key for another algorithm", signed(t, "RS256", signers()["another RSA"], map[string]any{"kid": "for PS256"}, i.claims(nil)), "does not name"},
		{"a key of another kind", rs256(map[string]any{"kid": "of a curve"}, nil), "does not name"},
		{"a key that is too small", rs256(map[string]any{"kid": "small"}, nil), "does not name"},
		{"a key that nobody knows", rs256(map[string]any{"kid": "2"}, nil), "does not name"},
		{"a key by a number", rs256(map[string]any{"kid": 1}, nil), "does not go with"},
		{"no key, and none fits", signed(t, "RS256", signers()["another RSA"], nil, i.claims(nil)), "signature of the token is wrong"},
		{"a key of its own", rs256(map[string]any{"kid": "mine", "jwk": small, "jku": i.URL + "/keys"}, nil), "does not name"},
		{"expired", rs256(one, jwt.MapClaims{"exp": noon.Unix()}), "expired"},
		{"no end", rs256(one, jwt.MapClaims{"exp": nil}), "has no exp"},
		{"an end that is none", rs256(one, jwt.MapClaims{"exp": "soon"}), "wrong type"},
		{"not yet", rs256(one, jwt.MapClaims{"nbf": noon.Add(time.Second).Unix()}), "not good yet"},
		{"of the future", rs256(one, jwt.MapClaims{"iat": noon.Add(time.Second).Unix()}), "issued in the future"},
		{"for others", rs256(one, jwt.MapClaims{"aud": "account"}), "another audience"},
		{"for nobody", rs256(one, jwt.MapClaims{"aud": nil}), "has no aud"},
		{"by others", rs256(one, jwt.MapClaims{"iss": i.URL + "/"}), "issuer that is not believed"},
		{"by nobody", rs256(one, jwt.MapClaims{"iss": nil}), "issuer that is not believed"},
		{"by us", rs256(one, jwt.MapClaims{"iss": "depeche"}), "another algorithm than HS256"},
		{"by something that is no text", rs256(one, jwt.MapClaims{"iss": 1}), "malformed"},
		{"of somebody without a name", rs256(one, jwt.MapClaims{"sub": nil, "preferred_username": " "}), "names nobody"},
		{"a token of logout", rs256(map[string]any{"kid": "1", "typ": "logout+jwt"}, nil), "not one of access"},
		{"a type that is none", rs256(map[string]any{"kid": "1", "typ": 7}, nil), "malformed"},
		{"a demand", rs256(map[string]any{"kid": "1", "crit": []string{"b64"}}, nil), "demands"},
		{"other claims", part[0] + "." + strings.Split(rs256(one, jwt.MapClaims{"role": "admin"}), ".")[1] + "." + part[2], "signature of the token is wrong"},
		{"another spelling of the signature", respelt(good), "malformed"},
		{"cut", good[:len(good)-2], "signature of the token is wrong"},
		{"too long", rs256(one, jwt.MapClaims{"more": strings.Repeat("x", 16<<10)}), "longer than 16384 bytes"},
		{"parts too many", good + ".x", "malformed"},
	} {
		who, err := v.Verify(t.Context(), row.token)
		if !errors.Is(err, news.ErrUnauthenticated) || !strings.Contains(err.Error(), row.says) || who != (news.Actor{}) {
			t.Errorf("%s: got %+v, %v, want an error that says %q", row.name, who, err, row.says)
		}
		wantNoEcho(t, row.token, err)
	}
	for _, kind := range []any{nil, "JWT", "at+jwt", "application/AT+JWT"} {
		header := map[string]any{"kid": "1", "typ": kind}
		if _, err := v.Verify(t.Context(), rs256(header, nil)); err != nil {
			t.Errorf("a token of the type %v: %v", kind, err)
		}
	}
	if who, err := v.Verify(t.Context(), rs256(one, jwt.MapClaims{"role": nil, "preview": "story_1"})); err != nil || who.Role != news.Reader || who.Name != "marie" || who.Preview != "" {
		t.Errorf("without a role: got %+v, %v, want a reader with a name", who, err)
	}
}

// respelt is a token whose signature says the same in other letters: the last one has
// bits that count for nothing.
func respelt(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(letters[strings.IndexByte(letters, token[last])^1])
}

// wantNoEcho wants nothing of a token in an error: our words are in small letters.
func wantNoEcho(t testing.TB, token string, err error) {
	t.Helper()
	const window = 8
	for at := 0; err != nil && at+window <= len(token); at++ {
		if some := token[at : at+window]; strings.ToLower(some) != some && strings.Contains(err.Error(), some) {
			t.Errorf("the error repeats %q of the token: %v", some, err)
			return
		}
	}
}

func TestKeysChange(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	v := i.believed(t, i.options())
	i.wantAsked(t, "at the start", 1)
	old, next := i.token(t, "RSA", "1"), i.token(t, "another RSA", "2")
	i.clock.advance(time.Minute)
	hold := make(chan struct{})
	i.change(func() { i.set, i.hold = set(t, jwk(t, "another RSA", "2", "sig")), hold })
	const many = 20
	var came, gone sync.WaitGroup
	came.Add(many)
	for range many {
		gone.Go(func() {
			came.Done()
			if _, err := v.Verify(t.Context(), next); err != nil {
				t.Errorf("a token with the new key: %v", err)
			}
		})
	}
	came.Wait()
	<-i.held
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Errorf("a token with the old key, while the new ones are read: %v", err)
	}
	i.change(func() { i.hold = nil })
	close(hold)
	gone.Wait()
	i.wantAsked(t, "of all together", 2)
	if _, err := v.Verify(t.Context(), old); !errors.Is(err, news.ErrUnauthenticated) {
		t.Errorf("a token with a key that was taken back: got %v", err)
	}
	for range many { // whoever makes up keys
		if _, err := v.Verify(t.Context(), i.token(t, "RSA", rand.Text())); !errors.Is(err, news.ErrUnauthenticated) {
			t.Errorf("a token with a key that nobody knows: got %v", err)
		}
	}
	i.wantAsked(t, "of keys that are made up, at once", 2)
	i.clock.advance(10 * time.Second)
	for range many {
		v.Verify(t.Context(), i.token(t, "RSA", rand.Text())) //nolint:errcheck // it is refused
	}
	i.wantAsked(t, "of keys that are made up, later", 3)
	i.clock.advance(-time.Hour)
	v.Verify(t.Context(), i.token(t, "RSA", "x")) //nolint:errcheck // it is refused
	i.wantAsked(t, "when the clock has been set back", 4)
}

// TestTheOneWhoAsksMayGo: who waits for the same keys gets them all the same.
func TestTheOneWhoAsksMayGo(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	v := i.believed(t, i.options())
	i.clock.advance(time.Minute)
	hold := make(chan struct{})
	i.change(func() { i.set, i.hold = set(t, jwk(t, "another RSA", "2", "sig")), hold })
	gone, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := v.Verify(gone, i.token(t, "another RSA", "2")); first <- err }()
	<-i.held
	cancel()
	if _, err := v.Verify(gone, i.token(t, "another RSA", "2")); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("one whose time is over: got %v", err)
	}
	i.change(func() { i.hold = nil })
	close(hold)
	if err := <-first; err != nil {
		t.Errorf("the one who asked: %v", err)
	}
	if _, err := v.Verify(t.Context(), i.token(t, "another RSA", "2")); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestProviderIsAway(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	v := i.believed(t, i.options())
	known, next := i.token(t, "RSA", "1"), i.token(t, "another RSA", "2")
	i.change(func() { i.away, i.set = true, set(t, jwk(t, "RSA", "1", "sig"), jwk(t, "another RSA", "2", "sig")) })
	for range 3 {
		i.clock.advance(10 * time.Minute)
		if _, err := v.Verify(t.Context(), known); err != nil {
			t.Errorf("a token with a known key: %v", err)
		}
		if _, err := v.Verify(t.Context(), next); !errors.Is(err, news.ErrUnavailable) || errors.Is(err, news.ErrUnauthenticated) {
			t.Errorf("a token with a key that is not known: got %v", err)
		}
	}
	i.change(func() { i.away = false })
	if _, err := v.Verify(t.Context(), next); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("right after it was tried: got %v", err)
	}
	i.clock.advance(10 * time.Second)
	if _, err := v.Verify(t.Context(), next); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	// A set that locks everybody out is a mistake.
	i.change(func() { i.set = `{"keys":[]}` })
	i.clock.advance(10 * time.Second)
	v.Verify(t.Context(), i.token(t, "RSA", "3")) //nolint:errcheck // so that they are read
	if _, err := v.Verify(t.Context(), known); err != nil {
		t.Errorf("when there are no keys: %v", err)
	}
	if got := strings.Count(i.log.String(), "level=WARN"); got != 2 || strings.Count(i.log.String(), "can be read again") != 1 {
		t.Errorf("got %d warnings, want 2, and that it is over:\n%s", got, i.log)
	}
}

func TestProviderIsAwayAtTheStart(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	i.change(func() { i.away = true })
	v := i.believed(t, i.options())
	for _, kid := range []any{"1", nil} {
		header := map[string]any{"kid": kid}
		if kid == nil {
			header = nil
		}
		token := signed(t, "RS256", signers()["RSA"], header, i.claims(nil))
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("while it is away, with the key %v: got %v", kid, err)
		}
	}
	i.change(func() { i.away = false })
	i.clock.advance(10 * time.Second)
	if _, err := v.Verify(t.Context(), signed(t, "RS256", signers()["RSA"], nil, i.claims(nil))); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

func TestProviderCantBeRight(t *testing.T) {
	good := jwk(t, "RSA", "1", "sig")
	folder := t.TempDir()
	for _, row := range []struct {
		name string
		set  func(i *issuer, o *auth.ProviderOptions)
		says string
	}{
		{"another issuer", func(i *issuer, o *auth.ProviderOptions) {
			i.says = `{"issuer":"https://id.example","jwks_uri":"/keys"}`
		}, `calls itself "https://id.example"`},
		{"a page for people", func(i *issuer, o *auth.ProviderOptions) { i.says = `<html>` }, "read what an issuer says"},
		{"keys in the open", func(i *issuer, o *auth.ProviderOptions) {
			i.says = `{"issuer":"` + i.URL + `","jwks_uri":"http://id.example/keys"}`
		}, "over https alone"},
		{"no keys", func(i *issuer, o *auth.ProviderOptions) { i.says = `{"issuer":"` + i.URL + `"}` }, "is no URL"},
		{"an issuer in the open", func(i *issuer, o *auth.ProviderOptions) { o.Issuer = "http://id.example" }, "over https alone"},
		{"keys at an address in the open", func(i *issuer, o *auth.ProviderOptions) { o.JWKS = "http://10.0.0.1/keys" }, "over https alone"},
		{"a password", func(i *issuer, o *auth.ProviderOptions) { o.JWKS = "https://u:p@id.example/keys" }, "is no URL"},
		{"an empty set", func(i *issuer, o *auth.ProviderOptions) { i.set = `{"keys":[]}` }, "no key for RS256"},
		{"keys of others", func(i *issuer, o *auth.ProviderOptions) { o.Algorithm = "ES256" }, "no key for ES256"},
		{"no set", func(i *issuer, o *auth.ProviderOptions) { i.set = `[]` }, "read a JSON Web Key Set"},
		{"too many keys", func(i *issuer, o *auth.ProviderOptions) {
			var all []any
			for range 101 {
				all = append(all, good)
			}
			i.set = set(t, all...)
		}, "more than 100 keys"},
		{"no file", func(i *issuer, o *auth.ProviderOptions) { o.JWKS = filepath.Join(folder, "absent") }, "no such file"},
		{"a folder", func(i *issuer, o *auth.ProviderOptions) { o.JWKS = folder }, "read keys"},
	} {
		i := newIssuer(t, good)
		o := i.options()
		row.set(i, &o)
		if _, err := auth.OpenProvider(t.Context(), o); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want an error that says %q", row.name, err, row.says)
		}
		if i.log.Len() > 0 {
			t.Errorf("%s: it is logged too: %s", row.name, i.log)
		}
	}
	// What may be another time is no mistake; but nobody is led elsewhere.
	for name, path := range map[string]string{"moved": "/moved", "not there": "/nope"} {
		i := newIssuer(t, good)
		o := i.options()
		o.JWKS = i.URL + path
		v := i.believed(t, o)
		if _, err := v.Verify(t.Context(), i.token(t, "RSA", "1")); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	i := newIssuer(t, good)
	i.change(func() { i.set = i.set + strings.Repeat(" ", 1<<20) })
	v := i.believed(t, i.options())
	if _, err := v.Verify(t.Context(), i.token(t, "RSA", "1")); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("a set that is too long: got %v", err)
	}
}

func TestKeysByURL(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	o := i.options()
	o.Issuer, o.JWKS = "https://id.example/realms/news", i.URL+"/keys"
	v := i.believed(t, o)
	token := signed(t, "RS256", signers()["RSA"], map[string]any{"kid": "1"}, i.claims(jwt.MapClaims{"iss": o.Issuer}))
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}

// TestKeysInAFile: a new key is found when it is used, and one that is taken out is
// believed no longer than until the file is read the next time.
func TestKeysInAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		write := func(keys ...any) { must(t, os.WriteFile(path, []byte(set(t, keys...)), 0o600)) }
		write(jwk(t, "RSA", "1", "sig"))
		p, err := auth.OpenProvider(t.Context(), auth.ProviderOptions{
			Issuer: "https://id.example", Audience: "depeche", JWKS: path, Algorithm: "RS256", RoleClaim: "role",
		})
		must(t, err)
		v := &auth.Verifier{Provider: p}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		accepted := func(when, signer, kid string, want error) {
			t.Helper()
			token := signed(t, "RS256", signers()[signer], map[string]any{"kid": kid}, jwt.MapClaims{
				"iss": "https://id.example", "aud": "depeche", "sub": "jo", "exp": time.Now().Add(time.Minute).Unix(),
			})
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", when, err, want)
			}
		}
		accepted("the first key", "RSA", "1", nil)
		time.Sleep(time.Minute)
		write(jwk(t, "RSA", "1", "sig"), jwk(t, "another RSA", "2", "sig"))
		accepted("a new key", "another RSA", "2", nil)
		write(jwk(t, "another RSA", "2", "sig"))
		accepted("a key that is taken out", "RSA", "1", nil)
		time.Sleep(10 * time.Minute)
		accepted("a key that is taken out, later", "RSA", "1", news.ErrUnauthenticated)
		must(t, os.Remove(path))
		time.Sleep(time.Hour)
		accepted("a key of a file that is gone", "another RSA", "2", nil)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v when it ended", err)
		}
	})
}

package auth_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/auth"
	"depeche/internal/news"
)

// TestSkew: clocks differ, and whoever is let in because of that may stay as long.
func TestSkew(t *testing.T) {
	const skew = 30 * time.Second
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	v := i.believed(t, i.options())
	v.Skew = skew
	made := noon.Add(-time.Hour)
	i.clock.advance(-time.Hour)
	own, err := v.Key.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: noon})
	must(t, err)
	theirs := signed(t, "RS256", signers()["RSA"], map[string]any{"kid": "1"}, i.claims(jwt.MapClaims{
		"iat": made.Unix(), "nbf": made.Unix(), "exp": noon.Unix(),
	}))
	for _, row := range []struct {
		name string
		at   time.Time
		says string // empty: it is good
	}{
		{"long before", made.Add(-skew - time.Second), "not good yet|issued in the future"},
		{"a little before", made.Add(-skew), ""},
		{"in between", noon.Add(-time.Minute), ""},
		{"a little after", noon.Add(skew - time.Second), ""},
		{"long after", noon.Add(skew), "expired"},
	} {
		i.clock.mu.Lock()
		i.clock.at = row.at
		i.clock.mu.Unlock()
		for whose, token := range map[string]string{"our own": own, "theirs": theirs} {
			who, err := v.Verify(t.Context(), token)
			switch {
			case row.says == "" && (err != nil || !who.Expires.Equal(noon.Add(skew))):
				t.Errorf("%s, %s: got %+v, %v", row.name, whose, who, err)
			case row.says != "":
				one, other, _ := strings.Cut(row.says, "|")
				if !errors.Is(err, news.ErrUnauthenticated) || !strings.Contains(err.Error(), one) && !strings.Contains(err.Error(), other) {
					t.Errorf("%s, %s: got %v, want an error that says %q", row.name, whose, err, row.says)
				}
			}
		}
	}
}

// TestEachKindHasItsOwnKeys: what a token says of itself does not make it so.
func TestEachKindHasItsOwnKeys(t *testing.T) {
	i := newIssuer(t, jwk(t, "RSA", "1", "sig"))
	folder := t.TempDir()
	k := key(t, folder)
	hexed, err := os.ReadFile(filepath.Join(folder, auth.SecretFile))
	must(t, err)
	secret := make([]byte, 32)
	for n := range secret {
		secret[n] = unhex(hexed[2*n])<<4 | unhex(hexed[2*n+1])
	}
	v := i.believed(t, i.options())
	v.Key = k
	ours := jwt.MapClaims{"iss": "depeche", "aud": "depeche", "sub": "marie", "role": "ADMIN", "exp": noon.Add(time.Hour).Unix()}
	theirs := maps.Clone(ours)
	theirs["iss"] = i.URL
	named := map[string]any{"kid": "1"}
	for _, row := range []struct {
		name, token string
		good        bool
	}{
		{"ours", signed(t, "HS256", secret, nil, ours), true},
		{"theirs", signed(t, "RS256", signers()["RSA"], named, theirs), true},
		{"theirs with our secret", signed(t, "HS256", secret, named, theirs), false},
		{"ours with their key", signed(t, "RS256", signers()["RSA"], named, ours), false},
	} {
		who, err := v.Verify(t.Context(), row.token)
		if (err == nil) != row.good || err != nil && !errors.Is(err, news.ErrUnauthenticated) || row.good && who.Role != news.Admin {
			t.Errorf("%s: got %+v, %v, want it good: %v", row.name, who, err, row.good)
		}
	}
	v.Provider = nil
	_, err = v.Verify(t.Context(), signed(t, "RS256", signers()["RSA"], named, theirs))
	if !errors.Is(err, news.ErrUnauthenticated) || !strings.Contains(err.Error(), "issuer that is not believed") {
		t.Errorf("theirs where nobody else is believed: got %v", err)
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

func FuzzVerify(f *testing.F) {
	i := newIssuer(f, jwk(f, "P-256", "1", "sig"))
	o := i.options()
	o.Algorithm = "ES256"
	v := i.believed(f, o)
	token, service := serviceToken("token_1")
	v.Services = newServices(token).known
	own, err := v.Key.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: noon.Add(time.Hour)})
	must(f, err)
	theirs := signed(f, "ES256", signers()["P-256"], map[string]any{"kid": "1"}, i.claims(nil))
	good := map[string]news.Actor{}
	for _, text := range []string{own, theirs, service} {
		if good[text], err = v.Verify(f.Context(), text); err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text + ".")
		f.Add(strings.ToUpper(text))
		f.Add(text[:len(text)-1])
	}
	for _, seed := range []string{
		"", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "depeche_", own[:40] + theirs[40:], ".bnVsbA.", "bnVsbA.bnVsbA.bnVsbA",
		signed(f, "ES256", signers()["P-256"], map[string]any{"kid": []int{1}, "typ": nil}, i.claims(jwt.MapClaims{"exp": 1e300})),
		signed(f, "ES256", signers()["P-256"], nil, i.claims(jwt.MapClaims{"aud": 7, "sub": -1})),
		signed(f, "none", jwt.UnsafeAllowNoneSignatureType, nil, i.claims(nil)),
		news.ServiceTokenText("token_2", news.ServiceSecret{1}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		who, err := v.Verify(t.Context(), text)
		if is, ok := good[text]; err == nil && (!ok || who != is) {
			t.Errorf("%q makes somebody %+v", text, who)
		}
		if err != nil && !errors.Is(err, news.ErrUnauthenticated) && !errors.Is(err, news.ErrUnavailable) || err != nil && who != (news.Actor{}) {
			t.Errorf("got %+v, %v", who, err)
		}
		wantNoEcho(t, text, err)
	})
}

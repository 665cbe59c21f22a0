package auth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/auth"
	"depeche/internal/config"
	"depeche/internal/news"
)

// TestIdentityDocument sets a server up as the document says, and shows it the tokens
// that are in it.
func TestIdentityDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/identity.md")
	must(t, err)
	examples := regexp.MustCompile("(?s)```sh\ndepeche ([^\n]*)\n```\n```json\n(.*?)```\n\nThis is \\*\\*(.*?), ([A-Z]*)\\*\\*").FindAllStringSubmatch(string(text), -1)
	if want := strings.Count(string(text), "```json"); len(examples) != want || want < 5 {
		t.Fatalf("got %d examples, want the %d of the document, and 5 at least", len(examples), want)
	}
	for _, example := range examples {
		cfg, err := config.Parse(strings.Fields(example[1]), nil)
		if err != nil {
			t.Errorf("%s: %v", example[1], err)
			continue
		}
		o := cfg.OIDC
		signer := map[string]string{"RS256": "RSA", "ES256": "P-256"}[o.Algorithm]
		keys := filepath.Join(t.TempDir(), "keys.json")
		must(t, os.WriteFile(keys, []byte(set(t, jwk(t, signer, "1", "sig"))), 0o600))
		clock := &clock{at: noon}
		p, err := auth.OpenProvider(t.Context(), auth.ProviderOptions{
			Issuer: o.Issuer, Audience: o.Audience, JWKS: keys, Algorithm: o.Algorithm,
			RoleClaim: o.RoleClaim, RolePrefix: o.RolePrefix, NameClaim: o.NameClaim, Now: clock.now,
		})
		must(t, err)
		claims := jwt.MapClaims{"exp": noon.Unix() + 300}
		must(t, json.Unmarshal([]byte(example[2]), &claims))
		who, err := (&auth.Verifier{Provider: p, Skew: cfg.ClockSkew}).
			Verify(t.Context(), signed(t, o.Algorithm, signers()[signer], map[string]any{"kid": "1"}, claims))
		if err != nil || who.Name != example[3] || who.Role != news.Role(example[4]) {
			t.Errorf("%s: got %+v, %v, want %s, %s", example[1], who, err, example[3], example[4])
		}
	}
}

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestProviderOfTokens runs a server that believes a provider of tokens beside itself.
func TestProviderOfTokens(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	coordinate := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	var issuer string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := map[string]any{"issuer": issuer, "jwks_uri": issuer + "/keys"}
		if r.URL.Path == "/keys" {
			said = map[string]any{"keys": []any{map[string]string{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "x": coordinate(point[1:33]), "y": coordinate(point[33:])}}}
		}
		json.NewEncoder(w).Encode(said) //nolint:errcheck // there is nobody to tell
	}))
	defer provider.Close()
	issuer = provider.URL
	r := start(t, "--data", t.TempDir(), "--oidc-issuer", issuer, "--oidc-audience", "depeche", "--oidc-algorithm", "ES256", "--role-claim", "realm_access.roles", "--clock-skew", "1m")
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": issuer, "aud": "depeche", "preferred_username": "marie", "exp": time.Now().Add(-30 * time.Second).Unix(),
		"realm_access": map[string]any{"roles": []string{"editor"}},
	})
	token.Header["kid"] = "1"
	if r.token, err = token.SignedString(key); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Viewer struct{ Name, Role string } }
	if code := r.ask(`{viewer{name role}}`, nil, &answer); code != "" || answer.Viewer.Name != "marie" || answer.Viewer.Role != "EDITOR" {
		t.Errorf("got %+v, %s", answer, code)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// TestIdentityOperations runs what docs/identity.md tells people to send.
func TestIdentityOperations(t *testing.T) {
	text, err := os.ReadFile("docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	operations := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(operations) != 3 {
		t.Fatalf("the document has %d operations, want 3", len(operations))
	}
	r := start(t, "--demo")
	admin := r.token
	asks := func(what string, variables map[string]any, into any) {
		t.Helper()
		if code := r.ask(what, variables, into); code != "" {
			t.Errorf("%s is answered %s", what, code)
		}
	}
	var made struct {
		CreateServiceToken struct {
			Token        string
			ServiceToken struct {
				ID      string
				Version int
			}
		}
	}
	asks(operations[0][1], nil, &made)
	service := made.CreateServiceToken
	r.token = service.Token
	var story struct{ CreateStory struct{ ID string } }
	asks(`mutation{createStory(input:{title:"A draft for a preview",language:"en"}){id}}`, nil, &story)
	var preview struct {
		CreatePreview struct {
			Token     string
			ExpiresAt time.Time
		}
	}
	asks(operations[2][1], map[string]any{"id": story.CreateStory.ID}, &preview)
	if left := time.Until(preview.CreatePreview.ExpiresAt); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the preview is good for %v, want an hour", left)
	}
	r.token = preview.CreatePreview.Token
	var shown struct {
		Story struct{ Title, Status string }
	}
	asks(`{story(slug:"a-draft-for-a-preview"){title status}}`, nil, &shown)
	if shown.Story.Title != "A draft for a preview" || shown.Story.Status != "PUBLISHED" {
		t.Errorf("the preview shows %+v", shown)
	}
	r.token = admin
	asks(operations[1][1], map[string]any{"id": service.ServiceToken.ID, "version": service.ServiceToken.Version}, new(any))
	for begun, status := time.Now(), 0; status != http.StatusUnauthorized; {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the token that was revoked is still good")
		}
		request, err := http.NewRequest(http.MethodPost, r.api, strings.NewReader(`{"query":"{viewer{name}}"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + service.Token}}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body) //nolint:errcheck // it is short
		response.Body.Close()
		status = response.StatusCode
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

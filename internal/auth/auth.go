// Package auth tells who somebody is, by the bearer token that they send: one of the
// newsroom's own (a Key makes and reads them), one of an OpenID Connect provider (a
// Provider reads them), or a service token of a program (ServiceTokens knows them).
// Which of them it is says the token; each kind is held to its own keys and its own
// algorithm. What somebody may do is not its business.
//
// What is refused is refused with an error that says what is wrong with a token and
// repeats no part of it, so that it can be told and logged.
package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"depeche/internal/news"
)

// maxToken is the length of the longest token that is looked at, in bytes.
const maxToken = 16 << 10

// A Verifier tells who the bearer of a token is, whatever its kind. It may be used by
// many goroutines at once.
type Verifier struct {
	Key      *Key
	Provider *Provider      // nil: nobody else makes tokens
	Services *ServiceTokens // nil: there are none
	// Skew is by how much the clocks of those who make tokens may be wrong.
	Skew time.Duration
}

// Verify tells who the bearer of a token is. Errors: ErrUnauthenticated, which says
// what is wrong; ErrUnavailable where that can't be found out now.
func (v *Verifier) Verify(ctx context.Context, token string) (news.Actor, error) {
	if len(token) > maxToken {
		return news.Actor{}, refused("the token is longer than %d bytes", maxToken)
	}
	if strings.HasPrefix(token, news.ServiceTokenPrefix) {
		if v.Services == nil {
			return news.Actor{}, refused("service tokens are not known here")
		}
		return v.Services.verify(ctx, token)
	}
	by, ok := claimedIssuer(token)
	switch {
	case !ok:
		return news.Actor{}, refused("the token is malformed")
	case by == issuer:
		return v.Key.verify(token, v.Skew)
	case v.Provider != nil && by == v.Provider.o.Issuer:
		return v.Provider.verify(ctx, token, v.Skew)
	}
	return news.Actor{}, refused("the token is of an issuer that is not believed here")
}

// claimedIssuer is who has made a token, by what it says itself. Nothing hangs on it
// but who is asked whether that is so.
func claimedIssuer(token string) (issuer string, ok bool) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return "", false
	}
	return claims.Issuer, true
}

// Bearer reads the token of an Authorization header, or of the field of a
// connection_init payload that stands for it; empty where there is none. Errors:
// ErrUnauthenticated for another scheme.
func Bearer(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "bearer") || token == "" {
		return "", fmt.Errorf("the Authorization must be \"Bearer\" and a token: %w", news.ErrUnauthenticated)
	}
	return token, nil
}

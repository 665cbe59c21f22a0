package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/news"
)

// ownAlgorithm is that of the newsroom's own tokens.
var ownAlgorithm = jwt.SigningMethodHS256

// parser reads tokens of one algorithm that have an end, strictly.
func parser(by jwt.SigningMethod, skew time.Duration, now func() time.Time, more ...jwt.ParserOption) *jwt.Parser {
	return jwt.NewParser(append(more,
		jwt.WithValidMethods([]string{by.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew), jwt.WithTimeFunc(now),
	)...)
}

// A refusal says why nobody is let in.
type refusal string

func (r refusal) Error() string { return string(r) + ": " + news.ErrUnauthenticated.Error() }
func (r refusal) Unwrap() error { return news.ErrUnauthenticated }

func refused(reason string, args ...any) error { return refusal(fmt.Sprintf(reason, args...)) }

// whyRefused says in our words why a parser has refused a token: its own ones may
// repeat something of it.
func whyRefused(token *jwt.Token, by jwt.SigningMethod, err error) error {
	var said refusal
	switch {
	case errors.As(err, &said):
		return said
	case errors.Is(err, news.ErrUnavailable):
		return fmt.Errorf("the keys of the identity provider can't be read: %w", news.ErrUnavailable)
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refused("the token is malformed")
	case token == nil || token.Method == nil || token.Method.Alg() != by.Alg():
		return refused("the token is signed by another algorithm than %s", by.Alg())
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return refused("the signature of the token is wrong")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refused("the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return refused("the token is not good yet")
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refused("the token was issued in the future")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refused("the token is for another audience")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refused("the token is of another issuer")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return refused("the token has no %s", missing(token.Claims))
	case errors.Is(err, jwt.ErrInvalidType):
		return refused("the token has a claim of the wrong type")
	}
	return refused("the token is not valid here")
}

// missing is the first claim that a token can't do without, and does.
func missing(claims jwt.Claims) string {
	if end, err := claims.GetExpirationTime(); err == nil && end == nil {
		return "exp"
	}
	if by, err := claims.GetIssuer(); err == nil && by == "" {
		return "iss"
	}
	return "aud"
}

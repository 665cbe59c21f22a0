package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/news"
)

// ProviderOptions say whose tokens are believed, and what is read in them. Issuer,
// Audience and Algorithm are required.
type ProviderOptions struct {
	Issuer    string // the iss of its tokens, to the letter: an https URL
	Audience  string // has to be among the aud of a token
	JWKS      string // where its keys are: a URL or a file; empty: the Issuer says
	Algorithm string // that of its tokens, such as RS256; there is no other
	// RoleClaim is where a token has the roles of its bearer: a claim, or a path of
	// claims with dots between; RolePrefix is what they begin with there.
	RoleClaim, RolePrefix string
	// NameClaim is where it has their name; empty: preferred_username, email where
	// that is verified, or else sub.
	NameClaim string

	Client *http.Client     // for tests; nil: one that is told nothing
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nothing is logged without one
}

// A Provider believes the tokens of one OpenID Connect provider, or of whoever else
// makes JSON Web Tokens and shows the keys. It may be used by many goroutines at once.
type Provider struct {
	o    ProviderOptions
	by   jwt.SigningMethod
	keys *keys
	find keyfunc.Keyfunc
}

// OpenProvider reads the keys of a provider. That it can't be reached is no error: it
// is asked again when a key is missed. That what it says can't be right is one.
func OpenProvider(ctx context.Context, o ProviderOptions) (*Provider, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	fit, ok := fitFor(o.Algorithm)
	if !ok {
		return nil, fmt.Errorf("%s is no algorithm that tokens of others can be signed by", o.Algorithm)
	}
	source, err := sourceOf(o)
	if err != nil {
		return nil, err
	}
	p := &Provider{o: o, by: jwt.GetSigningMethod(o.Algorithm)}
	p.keys = &keys{Storage: jwkset.NewMemoryStorage(), source: source, fit: fit, algorithm: o.Algorithm, now: o.Now, logger: o.Logger}
	if p.find, err = keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: p.keys}); err != nil {
		return nil, fmt.Errorf("make ready to find keys: %w", err)
	}
	if err := p.keys.open(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Run keeps the keys as the provider has them, until ctx ends, whose error it returns.
func (p *Provider) Run(ctx context.Context) error { return p.keys.run(ctx) }

// verify tells who the bearer of a token of the provider is, as Verifier.Verify does.
// Who has none of our roles is a reader with a name.
func (p *Provider) verify(ctx context.Context, token string, skew time.Duration) (news.Actor, error) {
	claims := jwt.MapClaims{}
	parsed, err := parser(p.by, skew, p.o.Now, jwt.WithIssuer(p.o.Issuer), jwt.WithAudience(p.o.Audience)).
		ParseWithClaims(token, claims, p.key(ctx))
	if err != nil {
		return news.Actor{}, whyRefused(parsed, p.by, err)
	}
	end, err := claims.GetExpirationTime()
	if err != nil || end == nil { // the parser has found one
		return news.Actor{}, refused("the token has no exp")
	}
	who := news.Actor{Name: nameIn(claims, p.o.NameClaim), Role: roleIn(claims, p.o.RoleClaim, p.o.RolePrefix), Expires: end.Add(skew)}
	if who.Name == "" {
		return news.Actor{}, refused("the token names nobody")
	}
	return who, nil
}

// key finds the key that a token is signed with.
func (p *Provider) key(ctx context.Context) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		if err := checkHeader(token.Header); err != nil {
			return nil, err
		}
		key, err := p.find.KeyfuncCtx(ctx)(token)
		if err != nil {
			return nil, keyRefused(err)
		}
		return key, nil
	}
}

// checkHeader refuses what is signed like a token of access, and is something else.
// RFC 8725, section 3.11; RFC 7515, section 4.1.11.
func checkHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok {
		return refused("the token demands something that is not known here")
	}
	kind, ok := header["typ"].(string)
	if !ok && header["typ"] != nil {
		return refused("the token is malformed")
	}
	switch strings.TrimPrefix(strings.ToLower(kind), "application/") {
	case "", "jwt", "at+jwt":
		return nil
	}
	return refused("the token is not one of access")
}

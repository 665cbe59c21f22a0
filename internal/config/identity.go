package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// longestSkew is by how much clocks may differ: what is beyond is a clock that is wrong.
const longestSkew = 5 * time.Minute

// An OIDC is an OpenID Connect provider whose tokens are good here.
type OIDC struct {
	Issuer     string // empty: there is none
	Audience   string
	JWKS       string // a URL or a file; empty: the Issuer says
	Algorithm  string
	RoleClaim  string
	RolePrefix string // of the roles in RoleClaim; empty: none
	NameClaim  string // empty: the usual ones
}

// algorithms are those that tokens of others may be signed by: none by which whoever
// can check a token can make one.
func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// identity are the settings of whose tokens are good.
func (c *Config) identity() []Setting {
	o := &c.OIDC
	text := func(to *string) func(string) error { return func(s string) error { *to = s; return nil } }
	return []Setting{
		{Flag: "oidc-issuer", Env: "DEPECHE_OIDC_ISSUER", Value: "URL",
			About: "The OpenID Connect provider whose tokens are good beside our own: its issuer, to the letter.",
			Set:   func(s string) error { o.Issuer = s; return issuer(s) }},
		{Flag: "oidc-audience", Env: "DEPECHE_OIDC_AUDIENCE", Value: "NAME",
			About: "For whom its tokens have to be made.",
			Set:   text(&o.Audience)},
		{Flag: "oidc-jwks", Env: "DEPECHE_OIDC_JWKS", Value: "URL",
			About: "Where its keys are, a URL or a file with a JSON Web Key Set. Its openid-configuration says it when it is left out.",
			Set:   func(s string) error { o.JWKS = s; return keys(s) }},
		{Flag: "oidc-algorithm", Env: "DEPECHE_OIDC_ALGORITHM", Value: "ALGORITHM", Default: "RS256",
			About: "The one algorithm that its tokens are signed by: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384,\nES512 or EdDSA.",
			Set: func(s string) error {
				if o.Algorithm = s; !slices.Contains(algorithms(), s) {
					return fmt.Errorf("must be one of %s, not %q", strings.Join(algorithms(), ", "), s)
				}
				return nil
			}},
		{Flag: "oidc-name-claim", Env: "DEPECHE_OIDC_NAME_CLAIM", Value: "CLAIM",
			About: "The claim under whose value somebody is known in the newsroom. When it is left out: preferred_username, email\nwhere it is verified, or else sub.",
			Set:   text(&o.NameClaim)},
		{Flag: "role-claim", Env: "DEPECHE_ROLE_CLAIM", Value: "CLAIM", Default: "role",
			About: "The claim of the provider's tokens that has the roles: its name, or a path such as realm_access.roles.",
			Set:   text(&o.RoleClaim)},
		{Flag: "role-prefix", Env: "DEPECHE_ROLE_PREFIX", Value: "PREFIX",
			About: "What the roles begin with there, such as depeche- for depeche-editor.",
			Set:   text(&o.RolePrefix)},
		{Flag: "clock-skew", Env: "DEPECHE_CLOCK_SKEW", Value: "DURATION", Default: "30s",
			About: "By how much the clocks of those who make tokens may be wrong.",
			Set:   func(s string) (err error) { c.ClockSkew, err = duration(s, 0, longestSkew, "30s"); return err }},
	}
}

// checkIdentity wants a provider to be named where something is said of one, and for
// whom its tokens are: those for others must not be good here.
func (c *Config) checkIdentity(t *Table, problems *Problems) {
	given := func(flag string) bool { return t.values[flag].Origin != "default" }
	if given("oidc-issuer") {
		if !given("oidc-audience") {
			problems.Add("--oidc-audience", "is missing: %s needs to know for whom the tokens are made", t.values["oidc-issuer"].Origin)
		}
		return
	}
	for _, flag := range []string{"oidc-audience", "oidc-jwks", "oidc-algorithm", "oidc-name-claim", "role-claim", "role-prefix"} {
		if given(flag) {
			problems.Add("--oidc-issuer", "is missing: %s is about the tokens of a provider", t.values[flag].Origin)
			return
		}
	}
}

func issuer(s string) error {
	// OpenID Connect Discovery 1.0, section 3: no query and no fragment.
	if u, err := secure(s); err != nil {
		return err
	} else if u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(s, "?#") {
		return fmt.Errorf("must be a URL without ? and #, not %q", s)
	}
	return nil
}

// keys checks a URL; what is none is a file.
func keys(s string) error {
	if !strings.Contains(s, "://") {
		return nil
	}
	_, err := secure(s)
	return err
}

// secure wants a URL whose answers nobody on the way can write.
func secure(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, errors.New("must be a URL such as https://id.example/realms/news")
	case u.User != nil:
		return nil, errors.New("must be a URL without a user or a password")
	}
	address, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || address.IsLoopback()) {
		return u, nil
	}
	return nil, fmt.Errorf("must be an https URL, or one of this machine, not %q", s)
}

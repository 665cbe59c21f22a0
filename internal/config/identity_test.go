package config_test

import (
	"strings"
	"testing"
	"time"

	"depeche/internal/config"
)

func TestIdentity(t *testing.T) {
	if c := config.Default(); c.OIDC != (config.OIDC{Algorithm: "RS256", RoleClaim: "role"}) || c.ClockSkew != 30*time.Second {
		t.Errorf("by default: got %+v, %v", c.OIDC, c.ClockSkew)
	}
	c, err := config.Parse(
		[]string{"--oidc-issuer=https://id.example/realms/news/", "--oidc-jwks", "/run/keys.json", "--oidc-algorithm=EdDSA", "--role-claim=https://news.example/roles", "--clock-skew=0s"},
		[]string{"DEPECHE_OIDC_AUDIENCE=depeche", "DEPECHE_ROLE_PREFIX=depeche-", "DEPECHE_OIDC_NAME_CLAIM=upn", "DEPECHE_ROLE_CLAIM=x"})
	want := config.OIDC{
		Issuer: "https://id.example/realms/news/", Audience: "depeche", JWKS: "/run/keys.json", Algorithm: "EdDSA",
		RoleClaim: "https://news.example/roles", RolePrefix: "depeche-", NameClaim: "upn",
	}
	if err != nil || c.OIDC != want || c.ClockSkew != 0 {
		t.Errorf("got %+v, %v, %v, want %+v", c.OIDC, c.ClockSkew, err, want)
	}
	for _, issuer := range []string{"http://localhost:8081/realms/news", "http://127.0.0.1", "http://[::1]:1"} {
		if _, err := config.Parse([]string{"--oidc-audience=d", "--oidc-issuer", issuer, "--oidc-jwks", issuer + "/keys?a=b"}, nil); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

func TestProblemsOfIdentity(t *testing.T) {
	const named = "--oidc-audience=depeche"
	for _, row := range []struct {
		name    string
		args    []string
		environ []string
		want    string // the beginning of all that is told
	}{
		{"for whom is not said", []string{"--oidc-issuer=https://id.example"}, nil, "--oidc-audience is missing: --oidc-issuer needs"},
		{"by whom is not said", []string{named}, nil, "--oidc-issuer is missing: --oidc-audience is about"},
		{"roles of nobody", nil, []string{"DEPECHE_ROLE_CLAIM=roles"}, "--oidc-issuer is missing: DEPECHE_ROLE_CLAIM is about"},
		{"an algorithm of nobody", []string{"--oidc-algorithm=RS256"}, nil, "--oidc-issuer is missing: --oidc-algorithm is about"},
		{"an issuer that is none", []string{named, "--oidc-issuer=id.example"}, nil, "--oidc-issuer must be a URL such as"},
		{"an issuer in the open", []string{named, "--oidc-issuer=http://id.example"}, nil, "--oidc-issuer must be an https URL, or one of this machine"},
		{"an issuer with a query", []string{named, "--oidc-issuer=https://id.example?tenant=1"}, nil, "--oidc-issuer must be a URL without ? and #"},
		{"an issuer with a password", []string{named, "--oidc-issuer=https://u:p@id.example"}, nil, "--oidc-issuer must be a URL without a user"},
		{"keys in the open", []string{named, "--oidc-issuer=https://id.example", "--oidc-jwks=http://10.0.0.1/keys"}, nil, "--oidc-jwks must be an https URL"},
		{"no algorithm", []string{named, "--oidc-issuer=https://id.example", "--oidc-algorithm=none"}, nil, `--oidc-algorithm must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, not "none"`},
		{"a secret for all", []string{named, "--oidc-issuer=https://id.example"}, []string{"DEPECHE_OIDC_ALGORITHM=HS256"}, "DEPECHE_OIDC_ALGORITHM must be one of"},
		{"another case", []string{named, "--oidc-issuer=https://id.example", "--oidc-algorithm=rs256"}, nil, "--oidc-algorithm must be one of"},
		{"clocks that are wrong", []string{"--clock-skew=5m1s"}, nil, "--clock-skew must be a duration from 0s to 5m such as 30s"},
		{"clocks that are wrong the other way", []string{"--clock-skew=-1s"}, nil, "--clock-skew must be a duration from 0s to 5m"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := config.Parse(row.args, row.environ)
			if err == nil || !strings.HasPrefix(err.Error(), row.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "u:p") {
				t.Errorf("got %v\nwant one line that begins with %s", err, row.want)
			}
		})
	}
}

package auth_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"depeche/internal/auth"
	"depeche/internal/news"
)

func claims(t testing.TB, text string) map[string]any {
	t.Helper()
	var c map[string]any
	must(t, json.Unmarshal([]byte(text), &c))
	return c
}

func TestRoleInAToken(t *testing.T) {
	const namespaced = "https://news.example/roles"
	for _, row := range []struct {
		name, claims, claim, prefix string
		want                        news.Role
	}{
		{"a text", `{"role":"editor"}`, "role", "", news.Editor},
		{"in capitals", `{"role":"EDITOR"}`, "role", "", news.Editor},
		{"several in a text", `{"scope":"openid contributor  profile editor"}`, "scope", "", news.Editor},
		{"a list", `{"roles":["offline_access","admin","contributor"]}`, "roles", "", news.Admin},
		{"a list of one that is more", `{"roles":["no editor"]}`, "roles", "", news.Reader},
		{"a list of other things", `{"roles":[7,null,{"role":"admin"},["admin"],"Contributor"]}`, "roles", "", news.Contributor},
		{"a realm's", `{"realm_access":{"roles":["editor"]}}`, "realm_access.roles", "", news.Editor},
		{"a client's", `{"resource_access":{"depeche":{"roles":["admin"]}}}`, "resource_access.depeche.roles", "", news.Admin},
		{"a client's with a dot", `{"resource_access":{"depeche.example":{"roles":["admin"]}}}`, "resource_access.depeche.example.roles", "", news.Admin},
		{"a name with dots", `{"` + namespaced + `":["editor"]}`, namespaced, "", news.Editor},
		{"a name with dots before a path", `{"a":{"b":"admin"},"a.b":"editor"}`, "a.b", "", news.Editor},
		{"the whole name, and no text", `{"a":{"b":"admin"},"a.b":null}`, "a.b", "", news.Reader},
		{"a path that leads on behind one that does not", `{"a":{"x":1},"a.b":{"c":"editor"}}`, "a.b.c", "", news.Editor},
		{"with a prefix", `{"roles":["depeche-editor","admin"]}`, "roles", "depeche-", news.Editor},
		{"with a prefix in capitals", `{"roles":["Depeche-Editor"]}`, "roles", "depeche-", news.Editor},
		{"without the prefix", `{"roles":["editor"]}`, "roles", "depeche-", news.Reader},
		{"the prefix alone", `{"roles":["depeche-"]}`, "roles", "depeche-", news.Reader},
		{"a reader", `{"role":"reader"}`, "role", "", news.Reader},
		{"nothing", `{}`, "role", "", news.Reader},
		{"null", `{"role":null}`, "role", "", news.Reader},
		{"an object", `{"role":{"editor":true}}`, "role", "", news.Reader},
		{"another one", `{"role":"empress"}`, "role", "", news.Reader},
		{"a longer one", `{"role":"editors"}`, "role", "", news.Reader},
		{"a path into a text", `{"a":"editor"}`, "a.b", "", news.Reader},
		{"dots alone", `{"":{"":"editor"}}`, ".", "", news.Editor},
	} {
		if got := auth.RoleIn(claims(t, row.claims), row.claim, row.prefix); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestNameInAToken(t *testing.T) {
	long := strings.Repeat("é", 64)
	for _, row := range []struct{ name, claims, claim, want string }{
		{"the usual one", `{"preferred_username":"marie","email":"m@news.example","email_verified":true,"sub":"1"}`, "", "marie"},
		{"an address", `{"email":"m@news.example","email_verified":true,"sub":"1"}`, "", "m@news.example"},
		{"an address that nobody has verified", `{"email":"m@news.example","email_verified":false,"sub":"1"}`, "", "1"},
		{"an address of which nothing is said", `{"email":"m@news.example","sub":"1"}`, "", "1"},
		{"an address that is asked for", `{"preferred_username":"marie","email":"m@news.example"}`, "email", "m@news.example"},
		{"one that is asked for and missing", `{"preferred_username":"marie","sub":"1"}`, "upn", ""},
		{"one by a path", `{"user":{"name":"marie"}}`, "user.name", "marie"},
		{"one that can't be", `{"preferred_username":"ma\nrie","sub":"1"}`, "", "1"},
		{"one that would be read backwards", `{"preferred_username":"a\u202eb","sub":"1"}`, "", "1"},
		{"an empty one", `{"preferred_username":"  ","sub":" 1 "}`, "", "1"},
		{"a number", `{"preferred_username":7,"sub":"1"}`, "", "1"},
		{"the longest", `{"sub":"` + long + `"}`, "", long},
		{"one that is too long", `{"sub":"` + long + `x"}`, "", ""},
		{"none", `{}`, "", ""},
	} {
		if got := auth.NameIn(claims(t, row.claims), row.claim); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// FuzzClaims: whatever a token says, its bearer gets a role of ours and a name that
// can be written down; and no role that is not there.
func FuzzClaims(f *testing.F) {
	f.Add(`{"realm_access":{"roles":["editor"]},"sub":"jo"}`, "realm_access.roles", "")
	f.Add(`{"a":{"b":{"c":"depeche-admin"},"b.c":[]},"a.b":{"c":null}}`, "a.b.c", "depeche-")
	f.Add(`{"":{"":{"":["ADMIN"]}}}`, "..", "")
	f.Add(`{"scope":"a b  c editor"}`, "scope", " ")
	f.Fuzz(func(t *testing.T, text, name, prefix string) {
		var c map[string]any
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		role := auth.RoleIn(c, name, prefix)
		if !slices.Contains(news.Roles(), role) {
			t.Errorf("got the role %q", role)
		}
		if plain, err := json.Marshal(c); role != news.Reader && err == nil && !strings.Contains(strings.ToLower(string(plain)), strings.ToLower(string(role))) {
			t.Errorf("got %s of %s", role, plain)
		}
		if who := auth.NameIn(c, name); len(who) > 128 || who != strings.TrimSpace(who) || strings.ContainsAny(who, "\n\r\x00\x1b") {
			t.Errorf("got the name %q", who)
		}
	})
}

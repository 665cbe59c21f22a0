package mongo

import (
	"strings"
	"testing"
)

func TestDatabaseOfURI(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://localhost":                                     "depeche",
		"mongodb://localhost/":                                    "depeche",
		"mongodb://localhost/?w=1":                                "depeche",
		"mongodb://localhost/news":                                "news",
		"mongodb://a:1,b:2/news?replicaSet=rs":                    "news",
		"mongodb://user:p%40ss%2Fword@localhost/l%C3%A9?w=1":      "lé",
		"mongodb://user:pass@localhost:27017/news?authSource=adm": "news",
	} {
		_, got, err := parse(uri)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", uri, got, err, want)
		}
	}
	for _, uri := range []string{"", "localhost", "http://localhost", "mongodb://", "mongodb:///news", "mongodb://a:b:c/x", "mongodb://localhost/?w=no&maxPoolSize=-"} {
		if _, _, err := parse(uri); err == nil {
			t.Errorf("%q was taken", uri)
		}
	}
}

// TestErrorsOfURIs looks whether an error that hides what may be secret still
// tells what is wrong.
func TestErrorsOfURIs(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://u:hunter@db.example/?maxPoolSize=many":         "maxPoolSize",
		"mongodb://u:hunter@db.example/?readPreference=fast":      "read preference",
		"mongodb://u:hunter@db.example/?tlsCAFile=/hunter/ca.pem": "no such file",
		"mongodb://u:hunter@db.example:123456/":                   "port must be",
	} {
		_, _, err := parse(uri)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want to be told of %s", uri, err, want)
		} else if strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: the error shows the password: %v", uri, err)
		}
	}
}

// FuzzParse holds that what can't be parsed is not repeated.
func FuzzParse(f *testing.F) {
	const secret = "s3cr3tZanzibar"
	for _, seed := range []string{
		"mongodb://user:%s@localhost/news", "mongodb://user:%s/news", "mongodb://user:a@%s@h", "mongodb://user:%s%%zz@h",
		"mongodb://%s", "mongodb+srv://user:%s@h:1/", "mongodb://u:p@h/?%s=1", "mongodb://u:p@h/?authMechanismProperties=%s",
		"mongodb://u:p@h/?tlsCertificateKeyFilePassword=%s&tlsCertificateKeyFile=none", "mongodb://u:%s@h:99999999/", "mongodb://u:%s@/", "%s",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		if len(form) > 1000 || strings.HasPrefix(form, "mongodb+srv") {
			return // the latter asks the network
		}
		uri := strings.ReplaceAll(form, "%s", secret)
		_, _, err := parse(uri)
		if err == nil {
			return
		}
		if text := err.Error(); strings.Contains(text, secret) || strings.Contains(text, secret[:6]) || strings.Contains(text, secret[8:]) {
			t.Errorf("%q: the error shows the secret: %v", uri, err)
		}
	})
}

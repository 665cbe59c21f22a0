package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/config"
)

func TestDefault(t *testing.T) {
	c := config.Default()
	if c.Listen != "127.0.0.1:8080" || c.Data != "./data" || c.Zone.String() != "Europe/Paris" || c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
	if c.Demo || c.PrintConfig || c.Version {
		t.Errorf("something is switched on: %+v", c)
	}
	if want := []string{"http://localhost:*", "http://127.0.0.1:*"}; !slices.Equal(c.Origins, want) {
		t.Errorf("origins: got %q, want %q", c.Origins, want)
	}
	if c.TLSCert != "" || c.TLSKey != "" || c.H2C || c.MaxConnections != 50_000 || c.MaxConnectionsPerAddress != 500 || c.Drain != 0 {
		t.Errorf("connections: got %+v", c)
	}
	if want := "[127.0.0.0/8 ::1/128]"; fmt.Sprint(c.TrustedProxies) != want {
		t.Errorf("trusted proxies: got %v, want %s", c.TrustedProxies, want)
	}
}

func TestFlagBeforeVariableBeforeDefault(t *testing.T) {
	c, err := config.Parse(
		[]string{"--listen=:9000", "--demo", "--log-level", "warn", "--print-config"},
		[]string{"HOME=/root", "DEPECHE_LISTEN=:1", "DEPECHE_DATA=/srv/depeche", "DEPECHE_DEMO=false", "DEPECHE_TIMEZONE=",
			"DEPECHE_ORIGINS=https://news.example, https://*.news.example:8443,*", "DEPECHE_TEST_MONGO=required"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":9000" || c.Data != "/srv/depeche" || c.LogLevel != slog.LevelWarn || !c.Demo || !c.PrintConfig {
		t.Errorf("got %+v", c)
	}
	if want := []string{"https://news.example", "https://*.news.example:8443", "*"}; !slices.Equal(c.Origins, want) {
		t.Errorf("origins: got %q, want %q", c.Origins, want)
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(out.String())
	want := strings.Fields(`listen :9000 (--listen)
		data /srv/depeche (DEPECHE_DATA)
		mongodb-uri (default)
		token-secret (default)
		timezone Europe/Paris (default)
		log-level warn (--log-level)
		demo true (--demo)
		origins https://news.example, https://*.news.example:8443,* (DEPECHE_ORIGINS)
		oidc-issuer (default)
		oidc-audience (default)
		oidc-jwks (default)
		oidc-algorithm RS256 (default)
		oidc-name-claim (default)
		role-claim role (default)
		role-prefix (default)
		clock-skew 30s (default)
		webhook-private false (default)
		tls-cert (default)
		tls-key (default)
		h2c false (default)
		trusted-proxies 127.0.0.0/8,::1/128 (default)
		max-connections 50000 (default)
		max-connections-per-address 500 (default)
		drain auto (default)
		cache-size 32MiB (default)
		cache-lifetime 60s (default)
		max-age 2s (default)
		stale-if-error 10m (default)
		operations (default)
		only-registered false (default)
		introspection true (default)
		rate-limit 0 (default)
		batch 0 (default)
		execute-within 30s (default)
		reader true (default)
		site-name Dépêche (default)
		public-url (default)
		image-sources https: (default)`)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestProblems(t *testing.T) {
	for _, row := range []struct {
		name    string
		args    []string
		environ []string
		want    []string // beginnings of the lines, in order
	}{
		{"unknown flag", []string{"--lisen", ":1"}, nil, []string{"--lisen is no flag", `":1" is one argument too many`}},
		{"single dash", []string{"-listen=:1"}, nil, []string{"-listen is no flag"}},
		{"missing value at the end", []string{"--data"}, nil, []string{"--data needs a value: FOLDER"}},
		{"missing value before a flag", []string{"--data", "--demo"}, nil, []string{"--data needs a value: FOLDER"}},
		{"empty value", []string{"--data="}, nil, []string{"--data must not be empty"}},
		{"given twice", []string{"--data", "a", "--data", "b"}, nil, []string{"--data is given 2 times"}},
		{"argument", []string{"--", "--demo"}, nil, []string{`"--demo" is one argument too many`}},
		{"unknown variables", nil, []string{"DEPECHE_PORT=1", "DEPECHE_LISTN=:1"}, []string{"DEPECHE_LISTN is no variable", "DEPECHE_PORT is no variable"}},
		{"no port", []string{"--listen", "localhost"}, nil, []string{`--listen must be host:port, not "localhost"`}},
		{"port above", []string{"--listen", ":65536"}, nil, []string{"--listen must have a port from 0 to 65535"}},
		{"named port", []string{"--listen", ":http"}, nil, []string{"--listen must have a port"}},
		{"zone", nil, []string{"DEPECHE_TIMEZONE=Europe/Pariss"}, []string{"DEPECHE_TIMEZONE must be the IANA name"}},
		{"the machine's zone", []string{"--timezone", "Local"}, nil, []string{"--timezone must be the IANA name"}},
		{"level", []string{"--log-level", "loud"}, nil, []string{`--log-level must be debug, info, warn or error, not "loud"`}},
		{"level with offset", []string{"--log-level", "info+2"}, nil, []string{"--log-level must be"}},
		{"switch", []string{"--demo=perhaps"}, nil, []string{"--demo must be true or false"}},
		{"origin without scheme", []string{"--origins", "news.example"}, nil, []string{"--origins must be origins"}},
		{"origin with path", []string{"--origins", "https://news.example/"}, nil, []string{"--origins must be origins"}},
		{"origin of another scheme", []string{"--origins", "ftp://news.example"}, nil, []string{"--origins must be origins"}},
		{"origin without host", []string{"--origins", "https://:80"}, nil, []string{"--origins must be origins"}},
		{"origin with two stars", []string{"--origins", "https://*.example:*"}, nil, []string{"--origins may have one *"}},
		{"empty origin in a list", []string{"--origins", "https://a.example,"}, nil, []string{"--origins must be origins"}},
		{"data in a URI", []string{"--data", "mongodb://h/d"}, nil, []string{"--data must be a folder, not a URI"}},
		{"a database of others", nil, []string{"MONGODB_URI=postgres://h/d"}, []string{"MONGODB_URI must begin with mongodb:// or mongodb+srv://"}},
		{"no host", []string{"--mongodb-uri", "mongodb:///d"}, nil, []string{"--mongodb-uri must name a host"}},
		{"no host but options", []string{"--mongodb-uri", "mongodb://?w=1"}, nil, []string{"--mongodb-uri must name a host"}},
		{"white space in a URI", nil, []string{"MONGODB_URI=mongodb://h/d\n"}, []string{"MONGODB_URI must not have white space"}},
		{"a misspelt variable of MongoDB", nil, []string{"DEPECHE_MONGODB_URI=mongodb://h"}, []string{"DEPECHE_MONGODB_URI is no variable"}},
		{"demo in MongoDB", []string{"--demo", "--mongodb-uri", "mongodb://h"}, nil, []string{"--mongodb-uri can't be used with --demo: made-up news"}},
		{"demo beside MongoDB", []string{"--demo"}, []string{"MONGODB_URI=mongodb://h"},
			[]string{"MONGODB_URI can't be used with --demo: made-up news are not written into a newsroom; unset it for the demo"}},
		{"demo with the newsroom's secret", []string{"--token-secret=x"}, []string{"DEPECHE_DEMO=1"}, []string{"--token-secret can't be used with DEPECHE_DEMO"}},
		{"certificate without key", []string{"--tls-cert", "c.pem"}, nil, []string{"--tls-key is missing: --tls-cert needs the key of the certificate"}},
		{"key without certificate", nil, []string{"DEPECHE_TLS_KEY=k.pem"}, []string{"--tls-cert is missing: DEPECHE_TLS_KEY needs the certificate of the key"}},
		{"key without the certificate's name", []string{"--tls-key=k.pem", "--tls-cert="}, nil, []string{"--tls-cert must not be empty"}},
		{"certificates without key", []string{"--tls-cert=a", "--tls-cert=b"}, nil, []string{"--tls-cert is given 2 times", "--tls-key is missing: --tls-cert needs"}},
		{"h2c with TLS", []string{"--tls-cert=c.pem", "--tls-key=k.pem"}, []string{"DEPECHE_H2C=1"},
			[]string{"DEPECHE_H2C can't be used with --tls-cert: HTTPS has HTTP/2 anyway; leave one of them out"}},
		{"h2c with half of TLS", []string{"--tls-key=k.pem", "--h2c"}, nil, []string{"--tls-cert is missing", "--h2c can't be used with --tls-key"}},
		{"h2c", []string{"--h2c=yes"}, nil, []string{`--h2c must be true or false, not "yes"`}},
		{"no duration", []string{"--drain", "10"}, nil, []string{`--drain must be auto or a duration from 0s to 10m such as 10s, not "10"`}},
		{"negative duration", []string{"--drain=-1ns"}, nil, []string{"--drain must be auto or a duration from 0s to 10m"}},
		{"duration above", nil, []string{"DEPECHE_DRAIN=10m1ns"}, []string{"DEPECHE_DRAIN must be auto or a duration from 0s to 10m"}},
		{"no connections", []string{"--max-connections", "0"}, nil, []string{`--max-connections must be a number from 1 to 10000000, not "0"`}},
		{"connections above", nil, []string{"DEPECHE_MAX_CONNECTIONS=10000001"}, []string{"DEPECHE_MAX_CONNECTIONS must be a number from 1 to 10000000"}},
		{"connections with commas", []string{"--max-connections", "50,000"}, nil, []string{"--max-connections must be a number"}},
		{"connections beyond an int", []string{"--max-connections", "18446744073709551617"}, nil, []string{"--max-connections must be a number"}},
		{"negative connections", []string{"--max-connections-per-address=-1"}, nil, []string{`--max-connections-per-address must be a number from 0 to 10000000, not "-1"`}},
		{"connections per address", nil, []string{"DEPECHE_MAX_CONNECTIONS_PER_ADDRESS=many"}, []string{"DEPECHE_MAX_CONNECTIONS_PER_ADDRESS must be a number"}},
		{"proxy by name", []string{"--trusted-proxies", "proxy.example"}, nil,
			[]string{`--trusted-proxies must be addresses and networks such as 10.0.0.0/8,2001:db8::1, or none, not "proxy.example"`}},
		{"empty proxy in a list", nil, []string{"DEPECHE_TRUSTED_PROXIES=::1,"}, []string{`DEPECHE_TRUSTED_PROXIES must be addresses and networks such as 10.0.0.0/8,2001:db8::1, or none, not ""`}},
		{"none among proxies", []string{"--trusted-proxies", "none,::1"}, nil, []string{"--trusted-proxies must be addresses and networks"}},
		{"proxy with a zone", []string{"--trusted-proxies", "fe80::1%eth0"}, nil, []string{"--trusted-proxies must be addresses and networks"}},
		{"proxy with a port", []string{"--trusted-proxies", "10.0.0.1:80"}, nil, []string{"--trusted-proxies must be addresses and networks"}},
		{"network that is too narrow", []string{"--trusted-proxies", "10.0.0.0/33"}, nil, []string{"--trusted-proxies must be addresses and networks"}},
		{"network with a host in it", []string{"--trusted-proxies", "10.0.0.1/8"}, nil,
			[]string{`--trusted-proxies must have a network from its first address on, 10.0.0.0/8, not "10.0.0.1/8"`}},
		{"IPv4 in IPv6", []string{"--trusted-proxies", "::ffff:10.0.0.1"}, nil, []string{"--trusted-proxies must have an IPv4 address in its own form"}},
		{"network of IPv4 in IPv6", []string{"--trusted-proxies", "::ffff:10.0.0.0/104"}, nil, []string{"--trusted-proxies must have an IPv4 address in its own form"}},
		{"all at once", []string{"--listen", "x", "--nope", "--log-level", "loud"}, []string{"DEPECHE_DATA=d", "DEPECHE_X=1", "DEPECHE_DEMO=9"}, []string{
			"--nope is no flag", "DEPECHE_X is no variable", "--listen must be", "--log-level must be", "DEPECHE_DEMO must be",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := config.Parse(row.args, row.environ)
			if err == nil {
				t.Fatalf("got no error, want %q", row.want)
			}
			got := strings.Split(err.Error(), "\n")
			if !slices.EqualFunc(got, row.want, strings.HasPrefix) {
				t.Errorf("got %q\nwant lines that begin with %q", got, row.want)
			}
		})
	}
}

func TestHelpExplainsEverything(t *testing.T) {
	var out strings.Builder
	if err := config.Help(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"--listen ADDRESS", "DEPECHE_LISTEN; default 127.0.0.1:8080", "--data FOLDER", "DEPECHE_DATA; default ./data",
		"--mongodb-uri URI", "(MONGODB_URI)", "--token-secret FILE", "(DEPECHE_TOKEN_SECRET)",
		"--timezone ZONE", "DEPECHE_TIMEZONE; default Europe/Paris", "--log-level LEVEL", "DEPECHE_LOG_LEVEL; default info",
		"--help", "--demo", "DEPECHE_DEMO", "--origins ORIGINS", "DEPECHE_ORIGINS", "--print-config", "--version",
		"--oidc-issuer URL", "(DEPECHE_OIDC_ISSUER)", "--oidc-audience NAME", "(DEPECHE_OIDC_AUDIENCE)",
		"--oidc-jwks URL", "(DEPECHE_OIDC_JWKS)", "--oidc-algorithm ALGORITHM", "DEPECHE_OIDC_ALGORITHM; default RS256",
		"--oidc-name-claim CLAIM", "(DEPECHE_OIDC_NAME_CLAIM)", "--role-claim CLAIM", "DEPECHE_ROLE_CLAIM; default role",
		"--role-prefix PREFIX", "(DEPECHE_ROLE_PREFIX)", "--clock-skew DURATION", "DEPECHE_CLOCK_SKEW; default 30s",
		"--tls-cert FILE", "(DEPECHE_TLS_CERT)", "--tls-key FILE", "(DEPECHE_TLS_KEY)", "--h2c", "(DEPECHE_H2C)",
		"--trusted-proxies PROXIES", "DEPECHE_TRUSTED_PROXIES; default 127.0.0.0/8,::1/128", "--drain DURATION", "DEPECHE_DRAIN; default auto",
		"--max-connections NUMBER", "DEPECHE_MAX_CONNECTIONS; default 50000",
		"--max-connections-per-address NUMBER", "DEPECHE_MAX_CONNECTIONS_PER_ADDRESS; default 500",
		"--cache-size SIZE", "DEPECHE_CACHE_SIZE; default 32MiB", "--cache-lifetime DURATION", "DEPECHE_CACHE_LIFETIME; default 60s",
		"--max-age DURATION", "DEPECHE_MAX_AGE; default 2s", "--stale-if-error DURATION", "DEPECHE_STALE_IF_ERROR; default 10m",
		"--operations PATH", "(DEPECHE_OPERATIONS)", "--only-registered\n", "(DEPECHE_ONLY_REGISTERED)",
		"--introspection\n", "DEPECHE_INTROSPECTION; default true", "--rate-limit NUMBER", "DEPECHE_RATE_LIMIT; default 0",
		"--batch NUMBER", "DEPECHE_BATCH; default 0", "--execute-within DURATION", "DEPECHE_EXECUTE_WITHIN; default 30s",
		"--reader\n", "DEPECHE_READER; default true", "--site-name NAME", "DEPECHE_SITE_NAME; default Dépêche",
		"--public-url URL", "(DEPECHE_PUBLIC_URL)", "--image-sources SOURCES", "DEPECHE_IMAGE_SOURCES; default https:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, out.String())
		}
	}
}

func TestWantsHelp(t *testing.T) {
	for _, row := range []struct {
		args string
		want bool
	}{
		{"", false}, {"--demo", false}, {"--help", true}, {"--wrong -h", true}, {"-help", true}, {"-- --help", false},
	} {
		if got := config.WantsHelp(strings.Fields(row.args)); got != row.want {
			t.Errorf("%q: got %t, want %t", row.args, got, row.want)
		}
	}
}

// The README has a table of the settings too.
func TestReadmeHasEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var help strings.Builder
	if err := config.Help(&help); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `--(.*?)` \\| `(.*?)` \\| (?:`(.*?)` \\|)?").FindAllStringSubmatch(string(readme), -1) {
		got = append(got, strings.Join(row[1:], " "))
	}
	for _, flag := range regexp.MustCompile(`(?m)^  --([^ \n]+).*\n(?: {8}.*\n)*? {8}\(([A-Z0-9_]+)(?:; default (.*))?\)$`).FindAllStringSubmatch(help.String(), -1) {
		want = append(want, strings.Join(flag[1:], " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("the table has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestConnections(t *testing.T) {
	c, err := config.Parse(
		[]string{"--tls-cert", "c.pem", "--max-connections=10000000", "--trusted-proxies", "10.0.0.0/8, 2001:db8::/32,192.0.2.1, ::1"},
		[]string{"DEPECHE_TLS_KEY=k.pem", "DEPECHE_H2C=false", "DEPECHE_MAX_CONNECTIONS_PER_ADDRESS=0", "DEPECHE_DRAIN=10m"})
	if err != nil {
		t.Fatal(err)
	}
	if c.TLSCert != "c.pem" || c.TLSKey != "k.pem" || c.H2C || c.MaxConnections != 10_000_000 || c.MaxConnectionsPerAddress != 0 || c.Drain != 10*time.Minute {
		t.Errorf("got %+v", c)
	}
	if want := "[10.0.0.0/8 2001:db8::/32 192.0.2.1/32 ::1/128]"; fmt.Sprint(c.TrustedProxies) != want {
		t.Errorf("trusted proxies: got %v, want %s", c.TrustedProxies, want)
	}

	c, err = config.Parse(
		[]string{"--h2c", "--drain=0s", "--max-connections=1"},
		[]string{"DEPECHE_TRUSTED_PROXIES=none", "DEPECHE_TLS_CERT=", "DEPECHE_MAX_CONNECTIONS_PER_ADDRESS=10000000"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.H2C || c.Drain != 0 || c.MaxConnections != 1 || c.MaxConnectionsPerAddress != 10_000_000 || len(c.TrustedProxies) != 0 {
		t.Errorf("got %+v", c)
	}
}

// A command has settings and arguments of its own beside the server's.
func TestTable(t *testing.T) {
	var at, file string
	var tags []string
	table := func() *config.Table {
		at, file, tags = "", "", nil
		return &config.Table{
			Settings: []config.Setting{
				{Flag: "at", Value: "TIME", About: "When it was taken.", Required: true, Set: func(s string) error { at = s; return nil }},
				{Flag: "tag", Value: "TAG", Repeated: true, Set: func(s string) error { tags = append(tags, s); return nil }},
			},
			Args: []config.Arg{{Name: "FILE", Set: func(s string) error {
				if s == "bad" {
					return errors.New("must be good")
				}
				file = s
				return nil
			}}},
		}
	}
	if err := table().Parse([]string{"--tag", "a", "-", "--at", "-1", "--tag=b"}, []string{"DEPECHE_LISTEN=is the server's"}).Err(); err != nil {
		t.Fatal(err)
	}
	if at != "-1" || file != "-" || !slices.Equal(tags, []string{"a", "b"}) {
		t.Errorf("got at %q, file %q, tags %q", at, file, tags)
	}
	p := table().Parse([]string{"--tag"}, nil)
	p.Add("--tag", "is %s", "odd")
	want := "--tag needs a value: TAG\nFILE is missing\n--at is missing: When it was taken.\n--tag is odd"
	if err := p.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if err := table().Parse([]string{"--at=1", "bad"}, nil).Err(); err == nil || err.Error() != "FILE must be good" {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--listen :1 --demo --data=x", "DEPECHE_LISTEN=:1")
	f.Add("- -- --x = --= --listen", "DEPECHE_=\x00=")
	f.Add("--origins http://[::1]:*,https://*.x:8080,*", "DEPECHE_ORIGINS=http://%zz")
	f.Add("--cache-size 9007199254740993GiB --max-age 0.5s --only-registered --introspection=false", "DEPECHE_CACHE_LIFETIME=1h")
	f.Add("--tls-cert a --h2c --drain=0s --trusted-proxies ::/0,10.0.0.1", "DEPECHE_MAX_CONNECTIONS=-1")
	f.Fuzz(func(t *testing.T, args, environ string) {
		if _, err := config.Parse(strings.Split(args, " "), strings.Split(environ, " ")); err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
	})
}

// TestDrainByStore: readers of a newsroom in a file have no other node to go to.
func TestDrainByStore(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want time.Duration
	}{
		{"in a file", nil, 0},
		{"in MongoDB", []string{"--mongodb-uri", "mongodb://h/d"}, 10 * time.Second},
		{"as it is told", []string{"--drain", "3s"}, 3 * time.Second},
		{"as it is told, in MongoDB", []string{"--mongodb-uri", "mongodb://h/d", "--drain", "0s"}, 0},
	} {
		c, err := config.Parse(row.args, nil)
		if err != nil || c.Drain != row.want {
			t.Errorf("%s: got %v, %v, want %v", row.name, c.Drain, err, row.want)
		}
	}
}

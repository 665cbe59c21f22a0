package config_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

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
		origins https://news.example, https://*.news.example:8443,* (DEPECHE_ORIGINS)`)
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
	f.Fuzz(func(t *testing.T, args, environ string) {
		if _, err := config.Parse(strings.Split(args, " "), strings.Split(environ, " ")); err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
	})
}

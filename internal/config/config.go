// Package config is what depeche can be told from outside: the settings of the
// server, and the table by which every command reads its flags and its
// environment. A flag counts more than a variable, a variable more than the
// default. What is wrong is reported all at once and by name; nothing is guessed
// and nothing is ignored, not even a variable of the prefix DEPECHE_ that is
// misspelt. What may be a password is never shown. Only the main package and the
// commands read it.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	_ "time/tzdata" // zones are there whatever the machine has
)

const (
	prefix     = "DEPECHE_"
	testPrefix = "DEPECHE_TEST_" // for the project's own tests
)

// The variables of the command that copies newsrooms. They may be set for good:
// other commands know of them.
const (
	MigrateFrom = "DEPECHE_MIGRATE_FROM"
	MigrateTo   = "DEPECHE_MIGRATE_TO"
)

// A Config is what the server runs with.
type Config struct {
	Place
	Listen      string         // host:port
	TokenSecret string         // the file of the token secret; empty: it is kept in the data folder
	Zone        *time.Location // the newsroom's
	LogLevel    slog.Level
	Demo        bool
	Origins     []string // of browser pages; a * in it stands for anything

	OIDC      OIDC
	ClockSkew time.Duration // of tokens

	WebhookPrivate bool // webhooks may be sent to private addresses

	TLSCert, TLSKey          string         // files; both or neither, which is plain HTTP
	H2C                      bool           // HTTP/2 without TLS too; never with TLS
	TrustedProxies           []netip.Prefix // masked; empty: none
	MaxConnections           int            // WebSockets and event streams at once
	MaxConnectionsPerAddress int            // 0: no limit
	Drain                    time.Duration  // over which connections are ended

	CacheSize      int64         // bytes of the answers that are kept; 0: none are
	CacheLifetime  time.Duration // of such an answer
	MaxAge         time.Duration // for which others may keep an answer to a GET; whole seconds
	StaleIfError   time.Duration // after its lifetime, for which an answer stands in; whole seconds, 0: not at all
	Operations     string        // a folder or a manifest of registered operations; empty: there are none
	OnlyRegistered bool          // nothing else than Operations is answered
	Introspection  bool          // the schema may be asked for
	RateLimit      int           // operations a second that a client may begin; 0: no limit
	Batch          int           // operations that may come in one request; 0: one, and no list
	ExecuteWithin  time.Duration // a query or a mutation

	Reader       bool     // the reader page is served
	SiteName     string   // of the newspaper
	PublicURL    string   // of the reader page, without a slash at its end; empty: wherever a request came to
	ImageSources []string // of the Content-Security-Policy

	PrintConfig bool // asked to show the settings and end
	Version     bool // asked to show the version and end

	values []Value
}

// Default is the Config of a server that is told nothing.
func Default() Config {
	c, err := Parse(nil, nil)
	if err != nil {
		panic(err) // the table contradicts itself; a test holds that it does not
	}
	return c
}

// Parse reads the server's command line and environment (as of os.Environ). The
// error is a *Problems that names everything that is wrong.
func Parse(args, environ []string) (Config, error) {
	var c Config
	t := c.table()
	problems := t.Parse(args, environ)
	c.checkDemo(t, problems)
	c.checkTLS(t, problems)
	c.checkOperations(t, problems)
	c.checkIdentity(t, problems)
	c.settleDrain()
	c.values = t.Values()
	return c, problems.Err()
}

// checkDemo keeps the demo away from what belongs to a newsroom. It is not
// enough to leave that aside: who gave it expects that it is used.
func (c *Config) checkDemo(t *Table, problems *Problems) {
	if !c.Demo {
		return
	}
	refuse := func(flag, why string) {
		name := t.values[flag].Origin
		way := "leave it out"
		if !strings.HasPrefix(name, "--") {
			way = "unset it for the demo"
		}
		problems.Add(name, "can't be used with %s: %s; %s", t.values["demo"].Origin, why, way)
	}
	if c.MongoDB != "" {
		refuse("mongodb-uri", "made-up news are not written into a newsroom")
	}
	if c.TokenSecret != "" {
		refuse("token-secret", "the token that the demo shows would be good in the newsroom")
	}
}

// Help writes how the server is started.
func Help(w io.Writer) error { return new(Config).table().Help(w) }

// Print writes the settings that are in force and where each comes from.
func (c Config) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range c.values[:len(c.settings())] {
		fmt.Fprintf(tw, "%s\t%s\t(%s)\n", v.Flag, v.Value, v.Origin)
	}
	return tw.Flush()
}

func (c *Config) table() *Table {
	return &Table{
		Usage: "depeche [serve] [flags]",
		About: "Serves the newsroom over GraphQL. Other commands are import, export, migrate and token: depeche help COMMAND\n" +
			"explains one. A flag counts more than the variable in brackets; an empty variable is as good as none.",
		Settings: append(c.settings(),
			Switch("print-config", "Show the settings that are in force, and where each comes from, and end.", &c.PrintConfig),
			Switch("version", "Show the version and end.", &c.Version),
		),
	}
}

// settings are those that have a variable: they can be set for good.
func (c *Config) settings() []Setting {
	demo := Switch("demo", "Serve a made-up newsroom whose ticker goes on by itself. Its data are gone when the server ends.", &c.Demo)
	demo.Env = "DEPECHE_DEMO"
	webhooks := Switch("webhook-private", "Send to webhooks of private addresses too, such as those of this machine or of the network behind it.", &c.WebhookPrivate)
	webhooks.Env = "DEPECHE_WEBHOOK_PRIVATE"
	return append([]Setting{
		{Flag: "listen", Env: "DEPECHE_LISTEN", Value: "ADDRESS", Default: "127.0.0.1:8080",
			About: "Where to listen, as host:port. Port 0 takes a free one.",
			Set:   func(s string) error { c.Listen = s; return address(s) }},
		Data(&c.Data),
		MongoDB(&c.MongoDB),
		TokenSecret(&c.TokenSecret),
		Zone("timezone", &c.Zone),
		LogLevel(&c.LogLevel),
		demo,
		{Flag: "origins", Env: "DEPECHE_ORIGINS", Value: "ORIGINS", Default: "http://localhost:*,http://127.0.0.1:*",
			About: "The origins of the browser pages that may ask (CORS, WebSocket), separated by commas.\n" +
				"A * stands for any port or name; a lone * for every origin.",
			Set: func(s string) (err error) { c.Origins, err = origins(s); return err }},
	}, slices.Concat(c.identity(), []Setting{webhooks}, c.connections(), c.reads(), c.reader())...)
}

// Data is the setting of the data folder.
func Data(folder *string) Setting {
	return Setting{Flag: "data", Env: "DEPECHE_DATA", Value: "FOLDER", Default: "./data",
		About: "The folder of the token secret and of the database, unless that is in MongoDB; made where it is missing.",
		Set: func(s string) error {
			if strings.Contains(s, "://") { // perhaps with a password, which errors about the folder would show
				return errors.New("must be a folder, not a URI: that of MongoDB is set by --mongodb-uri")
			}
			*folder = s
			return nil
		}}
}

// TokenSecret is the setting of the file of the token secret.
func TokenSecret(file *string) Setting {
	return Setting{Flag: "token-secret", Env: "DEPECHE_TOKEN_SECRET", Value: "FILE",
		About: "The file of the secret that signs tokens, the same for every node of a newsroom: 64 hexadecimal digits or more,\n" +
			"such as openssl rand -hex 32 makes. It must be there; whoever mounts it decides who may read it, but others may\n" +
			"not write to it. token.secret in the data folder when it is left out: made where it is missing, for its owner only.",
		Set: func(s string) error { *file = s; return nil }}
}

// Zone is the setting of the newsroom's time zone under the name of flag.
func Zone(flag string, zone **time.Location) Setting {
	return Setting{Flag: flag, Env: "DEPECHE_TIMEZONE", Value: "ZONE", Default: "Europe/Paris",
		About: "The time zone in which times without one are meant, by its IANA name.",
		Set:   func(s string) (err error) { *zone, err = location(s); return err }}
}

// LogLevel is the setting of what is logged.
func LogLevel(level *slog.Level) Setting {
	return Setting{Flag: "log-level", Env: "DEPECHE_LOG_LEVEL", Value: "LEVEL", Default: "info",
		About: "From which level on things are logged: debug, info, warn or error.",
		Set: func(s string) error {
			switch s {
			case "debug", "info", "warn", "error":
				return level.UnmarshalText([]byte(s))
			}
			return fmt.Errorf("must be debug, info, warn or error, not %q", s)
		}}
}

// Switch is a setting that is on or off, and off when nothing is said; whoever wants
// another default sets it.
func Switch(flag, about string, on *bool) Setting {
	return Setting{Flag: flag, Default: "false", About: about, Set: func(s string) (err error) {
		if *on, err = strconv.ParseBool(s); err != nil {
			return fmt.Errorf("must be true or false, not %q", s)
		}
		return nil
	}}
}

func address(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("must be host:port, not %q", s)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("must have a port from 0 to 65535, not %q", port)
	}
	return nil
}

func location(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // the machine's, whatever that is
		return nil, fmt.Errorf("must be the IANA name of a time zone, such as Europe/Paris, not %q", name)
	}
	return zone, nil
}

func origins(list string) ([]string, error) {
	var all []string
	for origin := range strings.SplitSeq(list, ",") {
		origin = strings.TrimSpace(origin)
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		all = append(all, origin)
	}
	return all, nil
}

// checkOrigin holds an origin to scheme://host[:port] (RFC 6454, section 6.2),
// with a * at most once.
func checkOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	if strings.Count(origin, "*") > 1 {
		return fmt.Errorf("may have one * in an origin, not %q", origin)
	}
	// A port has to be digits for url.Parse.
	u, err := url.Parse(strings.Replace(origin, ":*", ":1", 1))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(origin, "?#") {
		return fmt.Errorf("must be origins such as https://news.example, not %q", origin)
	}
	return nil
}

package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The bounds of what can be set about reading.
const (
	leastCache   = 1 << 20 // what is smaller keeps next to nothing: an answer may take an eighth
	mostCache    = 1 << 40
	longestStale = 24 * time.Hour
	mostRate     = 1_000_000
	mostBatch    = 100
)

// reads are the settings of how queries are answered: what is kept, what may be
// asked, and how much.
func (c *Config) reads() []Setting {
	onlyRegistered := Switch("only-registered", "Answer no operations but those of --operations.", &c.OnlyRegistered)
	onlyRegistered.Env = "DEPECHE_ONLY_REGISTERED"
	introspection := Switch("introspection", "Whether anybody may ask for the schema; --introspection=false hides it, and the suggestions of names in errors.", &c.Introspection)
	introspection.Env, introspection.Default = "DEPECHE_INTROSPECTION", "true"
	return []Setting{
		{Flag: "cache-size", Env: "DEPECHE_CACHE_SIZE", Value: "SIZE", Default: "32MiB",
			About: "How much memory the answers to public queries may take that are kept, in bytes or with KiB, MiB or GiB.\n" +
				"What changes is dropped at once. 0 keeps none.",
			Set: func(s string) (err error) { c.CacheSize, err = cacheSize(s); return err }},
		{Flag: "cache-lifetime", Env: "DEPECHE_CACHE_LIFETIME", Value: "DURATION", Default: "60s",
			About: "After which time such an answer is made anew in any case.",
			Set: func(s string) (err error) {
				c.CacheLifetime, err = duration(s, time.Second, time.Hour, "60s")
				return err
			}},
		{Flag: "max-age", Env: "DEPECHE_MAX_AGE", Value: "DURATION", Default: "2s",
			About: "For how long browsers and CDNs may give a public answer to a GET again without asking. With 0s they ask each time.",
			Set:   func(s string) (err error) { c.MaxAge, err = seconds(s, time.Hour, "2s"); return err }},
		{Flag: "stale-if-error", Env: "DEPECHE_STALE_IF_ERROR", Value: "DURATION", Default: "10m",
			About: "For how long after its lifetime an answer may stand in while the store can't be reached. With 0s none does.",
			Set:   func(s string) (err error) { c.StaleIfError, err = seconds(s, longestStale, "10m"); return err }},
		{Flag: "operations", Env: "DEPECHE_OPERATIONS", Value: "PATH",
			About: "The operations that clients may name instead of sending them: a folder of .graphql files, or a manifest in JSON.",
			Set:   func(s string) error { c.Operations = s; return nil }},
		onlyRegistered,
		introspection,
		{Flag: "rate-limit", Env: "DEPECHE_RATE_LIMIT", Value: "NUMBER", Default: "0",
			About: "How many operations a second one client may begin over HTTP, by its token or else by its address. 0 is no limit.",
			Set:   func(s string) (err error) { c.RateLimit, err = number(s, 0, mostRate); return err }},
		{Flag: "batch", Env: "DEPECHE_BATCH", Value: "NUMBER", Default: "0",
			About: "How many operations may come in one request, as a list. With 0, lists are refused.",
			Set:   func(s string) (err error) { c.Batch, err = number(s, 0, mostBatch); return err }},
		{Flag: "execute-within", Env: "DEPECHE_EXECUTE_WITHIN", Value: "DURATION", Default: "30s",
			About: "How long a query or a mutation may take.",
			Set: func(s string) (err error) {
				c.ExecuteWithin, err = duration(s, time.Second, 5*time.Minute, "30s")
				return err
			}},
	}
}

// checkOperations wants operations where nothing else is answered: a server
// without any would refuse all there is.
func (c *Config) checkOperations(t *Table, problems *Problems) {
	if c.OnlyRegistered && t.values["operations"].Origin == "default" {
		problems.Add("--operations", "is missing: %s needs the operations that are answered", t.values["only-registered"].Origin)
	}
}

// cacheSize reads 0 or a number of bytes, with or without a unit (IEC 80000-13).
func cacheSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for i, name := range []string{"KiB", "MiB", "GiB"} {
		if before, ok := strings.CutSuffix(s, name); ok {
			digits, unit = before, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseUint(digits, 10, 41) // times a unit it is still an int64 where it may pass at all
	if err == nil && n == 0 {
		return 0, nil
	}
	if err != nil || int64(n) > mostCache/unit || int64(n)*unit < leastCache {
		return 0, fmt.Errorf("must be 0 or a size from 1MiB to 1024GiB such as 64MiB, not %q", s)
	}
	return int64(n) * unit, nil
}

func duration(s string, least, most time.Duration, example string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("must be a duration from %s to %s such as %s, not %q", short(least), short(most), example, s)
	}
	return d, nil
}

// seconds reads what is told in headers, which know whole seconds alone: the rest
// would be lost without a word.
func seconds(s string, most time.Duration, example string) (time.Duration, error) {
	d, err := duration(s, 0, most, example)
	if err == nil && d%time.Second != 0 {
		return 0, fmt.Errorf("must be whole seconds such as %s, not %q", example, s)
	}
	return d, err
}

// short is d without the units that are 0: 1h and not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-len(zero)+1]
		}
	}
	return s
}

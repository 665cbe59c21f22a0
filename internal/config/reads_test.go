package config_test

import (
	"strings"
	"testing"
	"time"

	"depeche/internal/config"
)

func TestReadsByDefault(t *testing.T) {
	c := config.Default()
	if c.CacheSize != 32<<20 || c.CacheLifetime != time.Minute || c.MaxAge != 2*time.Second || c.StaleIfError != 10*time.Minute {
		t.Errorf("what is kept: got %+v", c)
	}
	if c.Operations != "" || c.OnlyRegistered || !c.Introspection || c.RateLimit != 0 || c.Batch != 0 || c.ExecuteWithin != 30*time.Second {
		t.Errorf("what may be asked: got %+v", c)
	}
}

func TestReads(t *testing.T) {
	c, err := config.Parse(
		[]string{"--cache-size=1GiB", "--max-age", "0s", "--operations", "ops", "--introspection=false", "--rate-limit=1000000", "--execute-within=5m"},
		[]string{"DEPECHE_CACHE_LIFETIME=1h", "DEPECHE_STALE_IF_ERROR=24h", "DEPECHE_ONLY_REGISTERED=true", "DEPECHE_INTROSPECTION=true", "DEPECHE_BATCH=100"})
	if err != nil {
		t.Fatal(err)
	}
	if c.CacheSize != 1<<30 || c.CacheLifetime != time.Hour || c.MaxAge != 0 || c.StaleIfError != 24*time.Hour {
		t.Errorf("what is kept: got %+v", c)
	}
	if c.Operations != "ops" || !c.OnlyRegistered || c.Introspection || c.RateLimit != 1_000_000 || c.Batch != 100 || c.ExecuteWithin != 5*time.Minute {
		t.Errorf("what may be asked: got %+v", c)
	}

	c, err = config.Parse(
		[]string{"--cache-lifetime=1s", "--stale-if-error=0s", "--introspection", "--execute-within=1s"},
		[]string{"DEPECHE_CACHE_SIZE=0", "DEPECHE_MAX_AGE=1h", "DEPECHE_INTROSPECTION=false", "DEPECHE_OPERATIONS="})
	if err != nil {
		t.Fatal(err)
	}
	if c.CacheSize != 0 || c.CacheLifetime != time.Second || c.MaxAge != time.Hour || c.StaleIfError != 0 || !c.Introspection || c.ExecuteWithin != time.Second {
		t.Errorf("got %+v", c)
	}
}

func TestCacheSize(t *testing.T) {
	for _, row := range []struct {
		given string
		want  int64 // -1 for none
	}{
		{"0", 0}, {"0MiB", 0}, {"1048576", 1 << 20}, {"1024KiB", 1 << 20}, {"1MiB", 1 << 20}, {"3GiB", 3 << 30},
		{"1024GiB", 1 << 40}, {"1099511627776", 1 << 40},
		{"1048575", -1}, {"64", -1}, {"1023KiB", -1}, {"1025GiB", -1}, {"1099511627777", -1}, {"17179869185GiB", -1}, {"9223372036855824384KiB", -1}, {"18446744073709551617", -1},
		{"64MB", -1}, {"64M", -1}, {"64mib", -1}, {"64 MiB", -1}, {"1.5GiB", -1}, {"-1", -1}, {"+1MiB", -1}, {"MiB", -1}, {"1MiBMiB", -1},
	} {
		c, err := config.Parse([]string{"--cache-size=" + row.given}, nil)
		switch {
		case row.want < 0 && err == nil:
			t.Errorf("%s: got %d, want an error", row.given, c.CacheSize)
		case row.want < 0 && !strings.HasPrefix(err.Error(), "--cache-size must be 0 or a size from 1MiB to 1024GiB such as 64MiB, not "):
			t.Errorf("%s: got %v", row.given, err)
		case row.want >= 0 && (err != nil || c.CacheSize != row.want):
			t.Errorf("%s: got %d, %v, want %d", row.given, c.CacheSize, err, row.want)
		}
	}
}

func TestProblemsOfReads(t *testing.T) {
	for _, row := range []struct {
		name    string
		args    []string
		environ []string
		want    string // the beginning of all that is told
	}{
		{"lifetime below", []string{"--cache-lifetime=999ms"}, nil, `--cache-lifetime must be a duration from 1s to 1h such as 60s, not "999ms"`},
		{"lifetime above", nil, []string{"DEPECHE_CACHE_LIFETIME=1h0m1s"}, "DEPECHE_CACHE_LIFETIME must be a duration from 1s to 1h"},
		{"lifetime without a unit", []string{"--cache-lifetime=60"}, nil, "--cache-lifetime must be a duration"},
		{"negative age", []string{"--max-age=-1s"}, nil, "--max-age must be a duration from 0s to 1h such as 2s"},
		{"age above", []string{"--max-age=1h1s"}, nil, "--max-age must be a duration from 0s to 1h"},
		{"parts of a second", []string{"--max-age=1500ms"}, nil, `--max-age must be whole seconds such as 2s, not "1500ms"`},
		{"stale above", []string{"--stale-if-error=24h1s"}, nil, "--stale-if-error must be a duration from 0s to 24h such as 10m"},
		{"stale for parts of a second", []string{"--stale-if-error=1ms"}, nil, "--stale-if-error must be whole seconds"},
		{"nothing is registered", []string{"--only-registered"}, nil, "--operations is missing: --only-registered needs the operations that are answered"},
		{"nothing is registered, by variables", nil, []string{"DEPECHE_ONLY_REGISTERED=1", "DEPECHE_OPERATIONS="}, "--operations is missing: DEPECHE_ONLY_REGISTERED needs"},
		{"registered operations without a name", []string{"--only-registered", "--operations="}, nil, "--operations must not be empty"},
		{"introspection", []string{"--introspection=off"}, nil, `--introspection must be true or false, not "off"`},
		{"negative rate", []string{"--rate-limit=-1"}, nil, "--rate-limit must be a number from 0 to 1000000"},
		{"rate with parts", []string{"--rate-limit=0.5"}, nil, "--rate-limit must be a number"},
		{"batch above", []string{"--batch=101"}, nil, `--batch must be a number from 0 to 100, not "101"`},
		{"deadline below", []string{"--execute-within=500ms"}, nil, "--execute-within must be a duration from 1s to 5m such as 30s"},
		{"deadline above", nil, []string{"DEPECHE_EXECUTE_WITHIN=5m1s"}, "DEPECHE_EXECUTE_WITHIN must be a duration from 1s to 5m"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := config.Parse(row.args, row.environ)
			if err == nil || !strings.HasPrefix(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v\nwant one line that begins with %s", err, row.want)
			}
		})
	}
}

package store

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"depeche/internal/store/mongo"
)

// Same tells whether two places are one store as far as can be seen from here:
// one file, whatever its names, or one database of one host. A host with two
// names is two.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	if isMongo(a) && isMongo(b) {
		hosts, database := whereabouts(a)
		others, another := whereabouts(b)
		return database == another && slices.ContainsFunc(hosts, func(host string) bool { return slices.Contains(others, host) })
	}
	info, err := stat(a)
	if err != nil {
		return false
	}
	other, err := stat(b)
	return err == nil && os.SameFile(info, other)
}

func stat(at string) (os.FileInfo, error) {
	return os.Stat(filepath.Clean(strings.TrimPrefix(at, sqlitePrefix)))
}

// whereabouts are the hosts and the database of a URI.
func whereabouts(uri string) (hosts []string, database string) {
	scheme, rest, _ := strings.Cut(uri, "//")
	rest, _, _ = strings.Cut(rest, "?")
	authority, database, _ := strings.Cut(rest, "/")
	for host := range strings.SplitSeq(authority[strings.LastIndexByte(authority, '@')+1:], ",") {
		// With the scheme: the name of an SRV record is no host.
		hosts = append(hosts, scheme+strings.TrimSuffix(strings.ToLower(host), ":27017"))
	}
	return hosts, cmp.Or(database, mongo.DefaultDatabase)
}

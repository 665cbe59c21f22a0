package config

import (
	"net/netip"
	"strconv"
	"strings"
)

const hidden = "***"

// Redact is what may be shown of a word that may be a URI with secrets: of one
// of MongoDB its scheme, its hosts and its database, with *** for the user and
// for the options; of any other *** alone; and of what is no URI, such as the
// name of a file, all of it.
//
// A password with an @ / or ? that is not percent-encoded makes it uncertain
// where the hosts begin: then nothing but the scheme is shown.
func Redact(word string) string {
	scheme, rest, ok := cutScheme(word)
	if !ok {
		if lower := strings.ToLower(word); strings.Contains(lower, "://") || strings.HasPrefix(lower, "mongodb:") || strings.HasPrefix(lower, "mongodb+srv:") {
			return hidden
		}
		return word
	}
	rest, _, hasOptions := strings.Cut(rest, "?")
	authority, database, _ := strings.Cut(rest, "/")
	_, hosts, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		hosts = authority
	}
	// An @ behind the first one, or behind a / or ?, may end the password.
	if ats := strings.Count(word, "@"); ats > 1 || ats == 1 && !hasUser || !isHosts(hosts) || !isPlain(database, "-_") {
		return scheme + hidden
	}
	shown := scheme
	if hasUser {
		shown += hidden + "@"
	}
	shown += hosts
	if database != "" {
		shown += "/" + database
	}
	if hasOptions {
		shown += "?" + hidden
	}
	return shown
}

// cutScheme cuts a URI of MongoDB behind its scheme.
func cutScheme(uri string) (scheme, rest string, ok bool) {
	for _, scheme := range []string{"mongodb://", "mongodb+srv://"} {
		if rest, ok := strings.CutPrefix(uri, scheme); ok {
			return scheme, rest, true
		}
	}
	return "", "", false
}

// isHosts tells whether list can't be anything but hosts and their ports.
func isHosts(list string) bool {
	for host := range strings.SplitSeq(list, ",") {
		if address, ok := strings.CutPrefix(host, "["); ok {
			_, err := netip.ParseAddrPort(host)
			if err != nil {
				_, err = netip.ParseAddr(strings.TrimSuffix(address, "]"))
			}
			if err != nil || strings.Contains(host, "%") { // a zone can be any text
				return false
			}
			continue
		}
		name, port, hasPort := strings.Cut(host, ":")
		if name == "" || !isPlain(name, ".-_") {
			return false
		}
		if _, err := strconv.ParseUint(port, 10, 16); hasPort && err != nil {
			return false
		}
	}
	return true
}

// isPlain tells whether s has only letters and digits of ASCII and what is in
// also.
func isPlain(s, also string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(also, r)
	})
}

package mongotest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// An address is a MongoDB URI in parts. net/url takes no list of hosts.
type address struct {
	scheme      string // with "://"
	credentials string // with "@"
	hosts       []string
	database    string
	options     []string // name=value, both escaped
}

func parseAddress(uri string) (address, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return address{}, fmt.Errorf("%q is no URI", uri)
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, database, _ := strings.Cut(rest, "/")
	at := strings.LastIndex(authority, "@") + 1
	return address{
		scheme:      scheme + "://",
		credentials: authority[:at],
		hosts:       strings.Split(authority[at:], ","),
		database:    database,
		options:     strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }),
	}, nil
}

func (a address) String() string {
	uri := a.scheme + a.credentials + strings.Join(a.hosts, ",") + "/" + a.database
	if len(a.options) > 0 {
		uri += "?" + strings.Join(a.options, "&")
	}
	return uri
}

// option is the value of an option, as it is escaped, or "".
func (a address) option(name string) string {
	for _, o := range a.options {
		if key, value, _ := strings.Cut(o, "="); strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// set makes value the only one of an option; "" takes it out.
func (a *address) set(name, value string) {
	a.options = slices.DeleteFunc(slices.Clone(a.options), func(o string) bool {
		key, _, _ := strings.Cut(o, "=")
		return strings.EqualFold(key, name)
	})
	if value != "" {
		a.options = append(a.options, name+"="+url.QueryEscape(value))
	}
}

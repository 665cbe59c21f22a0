package mongo

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// parse reads a URI. No error repeats a part of it that may be secret.
func parse(uri string) (*options.ClientOptions, string, error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	if scheme != "mongodb" && scheme != "mongodb+srv" {
		return nil, "", errors.New("the URI must begin with mongodb:// or mongodb+srv://")
	}
	o := options.Client().ApplyURI(uri)
	if err := o.Validate(); err != nil {
		return nil, "", fmt.Errorf("the URI can't be used: %s", scrub(err.Error(), uri))
	}
	address, _, _ := strings.Cut(rest, "?")
	_, path, _ := strings.Cut(address, "/")
	name, err := url.PathUnescape(path)
	if err != nil {
		return nil, "", errors.New("the URI can't be used: its database is not well escaped")
	}
	if name == "" {
		name = DefaultDatabase
	}
	return o, name, nil
}

// shortest is the length from which on what a message and a URI have in common
// is taken for a part of the URI.
const shortest = 3

// scrub makes whatever a message has of the URI unreadable.
func scrub(message, uri string) string {
	sources := []string{uri}
	if unescaped, err := url.PathUnescape(uri); err == nil {
		sources = append(sources, unescaped)
	}
	var b strings.Builder
	for message != "" {
		n := shared(message, sources)
		if n < shortest {
			b.WriteByte(message[0])
			message = message[1:]
			continue
		}
		b.WriteString("***")
		message = message[n:]
	}
	return b.String()
}

// shared is the length of the longest beginning of message that occurs in one of
// sources.
func shared(message string, sources []string) int {
	n := 0
	for _, source := range sources {
		for n < len(message) && strings.Contains(source, message[:n+1]) {
			n++
		}
	}
	return n
}

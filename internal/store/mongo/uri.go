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

// scrub makes whatever a message has of the URI's secrets unreadable.
func scrub(message, uri string) string {
	secrets := secretsOf(uri)
	for _, secret := range secrets {
		if unescaped, err := url.PathUnescape(secret); err == nil {
			secrets = append(secrets, unescaped)
		}
	}
	var b strings.Builder
	for message != "" {
		n := shared(message, secrets)
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

// secretsOf are the parts of a URI that may be secret: the user and the password,
// which are all before the last @ in case they are not escaped, and the values of
// the options. Where there is no @, what looks like hosts may be a password.
func secretsOf(uri string) []string {
	_, rest, _ := strings.Cut(uri, "://")
	var secrets []string
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		secrets, rest = append(secrets, rest[:at]), rest[at+1:]
	} else {
		address, _, _ := strings.Cut(rest, "?")
		secrets = append(secrets, address)
	}
	if _, query, ok := strings.Cut(rest, "?"); ok {
		for option := range strings.SplitSeq(query, "&") {
			if _, value, ok := strings.Cut(option, "="); ok {
				option = value
			}
			secrets = append(secrets, option)
		}
	}
	return secrets
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

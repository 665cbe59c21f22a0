package config

import (
	"errors"
	"path/filepath"
	"strings"
	"unicode"
)

// Database is the name of the database in the data folder.
const Database = "depeche.db"

// A Place is where a newsroom is kept.
type Place struct {
	Data    string // the folder of the token secret, and of the database where it is a file
	MongoDB URI    // where the database is in MongoDB; empty: it is a file
}

// A URI leads to a database in MongoDB. It may hold a password: what prints it
// prints it redacted, and only a conversion to string tells all of it.
type URI string

// String is the URI as Redact shows it.
func (u URI) String() string { return Redact(string(u)) }

// GoString is String for %#v.
func (u URI) GoString() string { return u.String() }

// Store is the place as store.Open takes it. It may hold a password.
func (p Place) Store() string {
	if p.MongoDB != "" {
		return string(p.MongoDB)
	}
	return "sqlite:" + filepath.Join(p.Data, Database)
}

// Shown is the place as people are told of it.
func (p Place) Shown() string {
	if p.MongoDB != "" {
		return p.MongoDB.String()
	}
	return p.Data
}

// Settings are those of a command that needs the database alone.
func (p *Place) Settings() []Setting {
	return []Setting{Data(&p.Data), MongoDB(&p.MongoDB)}
}

// Check notes when the database is named twice, since one of them would be
// ignored: a variable may well name the one of the server.
func (p *Place) Check(t *Table, problems *Problems) {
	if t.values["data"].Origin == "--data" && p.MongoDB != "" {
		problems.Add("--data", "names a database in a folder, and %s one in MongoDB: leave one of them out", t.values["mongodb-uri"].Origin)
	}
}

// MongoDB is the setting of the database in MongoDB.
func MongoDB(uri *URI) Setting {
	return Setting{Flag: "mongodb-uri", Env: "MONGODB_URI", Value: "URI", Show: Redact,
		About: "Keep the newsroom in MongoDB: mongodb://… or mongodb+srv://…, with the name of the database, depeche where it\n" +
			"has none. With a password in it, rather use the variable: others can see the flags of a process. A file in\n" +
			"the data folder is used when it is left out.",
		Set: func(s string) error {
			*uri = URI(s)
			return checkURI(s)
		}}
}

// checkURI finds the obvious mistakes. It never repeats the URI.
func checkURI(s string) error {
	_, rest, ok := cutScheme(s)
	switch {
	case !ok:
		return errors.New("must begin with mongodb:// or mongodb+srv://")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return errors.New("must not have white space in it")
	case rest == "" || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "?"):
		return errors.New("must name a host, as in mongodb://localhost:27017/depeche")
	}
	return nil
}

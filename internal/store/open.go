// Package store opens the store of a newsroom, whichever engine keeps it, and
// copies one newsroom into another store as it is.
//
// Everything that it does to a store it does through news.Store, so it knows of
// the engines only how they are opened.
package store

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/sqlite"
)

// Options say what Open opens.
type Options struct {
	// At is where the store is: sqlite:PATH, where all behind the colon is the
	// path of a file, or a URI of MongoDB, which may hold a password.
	At string
	// ReadOnly opens an existing store beside whoever writes it. Nothing is
	// made, and every Commit is refused.
	ReadOnly bool
	// Epoch is that of a log that is made now; empty for a random one. A store
	// that is there already must have it: with another one it is not opened.
	Epoch news.Epoch
	// Logger hears of what is returned to nobody; nil stands for slog.Default.
	Logger *slog.Logger
}

const (
	sqlitePrefix = "sqlite:"
	mongoPrefix  = "mongodb://"
	mongoSRV     = "mongodb+srv://"
)

// Open opens the store at o.At, and makes it where there is none. Its errors
// repeat no password.
func Open(ctx context.Context, o Options) (news.Store, error) {
	if err := CheckAt(o.At); err != nil {
		return nil, errors.New("open store: its place " + err.Error())
	}
	// An interface that holds a nil pointer is not nil: s counts only without err.
	if path, ok := strings.CutPrefix(o.At, sqlitePrefix); ok {
		s, err := sqlite.Open(ctx, sqlite.Options{Path: path, ReadOnly: o.ReadOnly, Epoch: o.Epoch, Logger: o.Logger})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := mongo.Open(ctx, mongo.Options{URI: o.At, ReadOnly: o.ReadOnly, Epoch: o.Epoch, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CheckAt tells whether Open knows what is at a place. The error completes a
// sentence that begins with the name of the place, and never repeats it.
func CheckAt(at string) error {
	path, isFile := strings.CutPrefix(at, sqlitePrefix)
	switch {
	case isFile && path == "":
		return errors.New("must name a file, as in sqlite:data/depeche.db")
	case isFile && isMongo(path): // it would make a folder whose name is a password
		return errors.New("must be either sqlite:PATH or mongodb://…, not both")
	case !isFile && !isMongo(at):
		return errors.New("must be sqlite:PATH, mongodb://… or mongodb+srv://…")
	}
	return nil
}

func isMongo(at string) bool {
	return strings.HasPrefix(at, mongoPrefix) || strings.HasPrefix(at, mongoSRV)
}

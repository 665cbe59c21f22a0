package news

import (
	"context"
	"time"
)

// A Role is what somebody is in the newsroom.
type Role string

// The roles, from the one that may do least.
const (
	Reader      Role = "READER"
	Contributor Role = "CONTRIBUTOR"
	Editor      Role = "EDITOR"
	Admin       Role = "ADMIN"
)

// Roles lists the roles, from the one that may do least.
func Roles() []Role { return []Role{Reader, Contributor, Editor, Admin} }

// An Actor is who asks. The zero Actor is a reader without a name.
type Actor struct {
	Name    string
	Role    Role
	Expires time.Time // the actor is a reader from then on; zero: never
	Preview StoryID   // the one story beside what is public that the actor may read; empty: none
}

// Audience is what the actor may see.
func (a Actor) Audience() Audience {
	switch a.Role {
	case Editor, Admin:
		return Audience{Staff: true}
	case Contributor:
		return Audience{Author: a.Name}
	}
	return Audience{Preview: a.Preview}
}

type actorKey struct{}

// WithActor returns a context in which a asks.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom tells who asks in ctx: a reader where nothing else has been said.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	if a.Role == "" {
		a.Role = Reader
	}
	return a
}

// An Audience is whom a Store answers: it decides what exists for them. The zero
// Audience is the public.
type Audience struct {
	Staff  bool   // sees everything
	Author string // sees what it created itself beside what is public
	// Preview can be read by id and by slug, and stands in no list.
	Preview StoryID
}

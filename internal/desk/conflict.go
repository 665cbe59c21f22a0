package desk

import (
	"context"
	"errors"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/text"
)

// inVersion is the entity that who wants to change, if it is there in the version
// that they know. Errors: ErrNotFound, *news.ConflictError.
func inVersion[ID ~string, E news.Entity](ctx context.Context, d *Desk, who news.Actor, found map[ID]E, what string, id ID, expected int) (E, error) {
	current, ok := found[id]
	switch {
	case !ok:
		return current, fmt.Errorf("there is no %s %s: %w", what, text.Quote(string(id)), news.ErrNotFound)
	case current.Ref().Version != expected:
		return current, d.conflict(ctx, who, current, expected)
	}
	return current, nil
}

// conflict tells who that an entity is not in the version that they know any more.
// That they are told stands above what they are told of it: what can't be read is
// left out.
func (d *Desk) conflict(ctx context.Context, who news.Actor, current news.Entity, known int) error {
	ref := current.Ref()
	if !seesVersions(who, current) {
		return &news.ConflictError{ID: ref.ID, Current: ref.Version}
	}
	if known >= 1 && known < ref.Version {
		if line, err := d.store.Version(ctx, ref.ID, known); err == nil {
			return differing(current, line.Doc)
		}
	}
	return &news.ConflictError{ID: ref.ID, Current: ref.Version, Doc: current}
}

// lostRace tells who what became of prev, where err is that somebody else was faster
// with it.
func (d *Desk) lostRace(ctx context.Context, who news.Actor, prev news.Entity, err error) error {
	var faster *news.ConflictError
	if !errors.As(err, &faster) || !seesVersions(who, prev) {
		return err
	}
	newest, readErr := d.store.Versions(ctx, faster.ID, 0, 1)
	if readErr != nil || len(newest) == 0 {
		return err
	}
	return differing(newest[0].Doc, prev)
}

func differing(current, known news.Entity) error {
	ref := current.Ref()
	return &news.ConflictError{
		ID: ref.ID, Current: ref.Version, Doc: current, Known: known, Fields: news.Differences(known, current),
	}
}

// seesVersions tells whether who may see every version of an entity: what was public
// once may not be any more.
func seesVersions(who news.Actor, e news.Entity) bool {
	switch e := e.(type) {
	case *news.ServiceToken, *news.Webhook:
		return who.Role == news.Admin
	case *news.Story:
		return who.Audience().Staff || who.Name != "" && who.Name == e.CreatedBy
	}
	return who.Audience().Staff
}

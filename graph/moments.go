package graph

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph/model"
	"depeche/internal/desk"
	"depeche/internal/news"
)

// moment reads a time that came in a field of an input; the zero Moment where none
// came. What clocks show is meant in the newsroom's zone unless another is named.
// Errors: ErrInvalid, naming the field.
func (r *Resolver) moment(field string, in *model.MomentInput) (desk.Moment, error) {
	if in == nil {
		return desk.Moment{}, nil
	}
	at, local, zone, pass := in.At.Value(), in.Local.Value(), in.Zone.Value(), in.Pass.Value()
	switch {
	case at == nil && local == nil:
		return desk.Moment{}, news.Invalid(field, "must have at or local")
	case at != nil && local != nil:
		return desk.Moment{}, news.Invalid(field, "may not have both at and local")
	case at != nil && zone != nil:
		return desk.Moment{}, news.Invalid(field+".zone", "goes with local, not with at")
	case at != nil && pass != nil:
		return desk.Moment{}, news.Invalid(field+".pass", "goes with local, not with at")
	case at != nil:
		return desk.Moment{At: *at}, nil
	case *local == "":
		return desk.Moment{}, news.Invalid(field+".local", "must not be empty")
	}
	m := desk.Moment{Local: *local, Zone: r.Zone.String(), Pass: desk.Pass(given(pass))}
	if zone != nil {
		m.Zone = *zone
	}
	return m, nil
}

// occurred reads the time of a ticker entry where it is not given as an instant. It
// may come in one way only.
func (r *Resolver) occurred(at graphql.Omittable[*time.Time], in graphql.Omittable[*model.MomentInput]) (desk.Moment, error) {
	if at.Value() != nil && in.Value() != nil {
		return desk.Moment{}, news.Invalid("occurred", "may not be combined with occurredAt")
	}
	return r.moment("occurred", in.Value())
}

// publication reads when a story is to be public.
func (r *Resolver) publication(in model.PublishStoryInput) (p desk.Publication, err error) {
	if p.At, err = r.moment("at", in.At.Value()); err != nil {
		return p, err
	}
	if until, given := in.EmbargoedUntil.ValueOK(); given {
		m, err := r.moment("embargoedUntil", until)
		if err != nil {
			return p, err
		}
		p.EmbargoedUntil = &m
	}
	return p, nil
}

// embargo reads when an embargo ends. Null lifts it: that must have been said, since
// it may make a story public.
func (r *Resolver) embargo(in graphql.Omittable[*model.MomentInput]) (desk.Moment, error) {
	until, given := in.ValueOK()
	if !given {
		return desk.Moment{}, news.Invalid("until", "must be given; null lifts the embargo")
	}
	return r.moment("until", until)
}

// schedule puts the time of a scheduled story into the shape of the schema; nil where
// there is none.
func schedule(s *news.Schedule) *model.Schedule {
	if s == nil {
		return nil
	}
	shown := &model.Schedule{At: s.At}
	if s.Local != "" {
		shown.Local, shown.Zone = &s.Local, &s.Zone
	}
	return shown
}

package news

import "time"

// A Schedule says when something is to happen. The instant counts; the wall time
// and its zone tell what somebody meant by it.
type Schedule struct {
	At    time.Time `bson:"at"`
	Local string    `bson:"local,omitempty"` // 2026-10-25T02:30, as it was asked for; empty for a bare instant
	Zone  string    `bson:"zone,omitempty"`  // the IANA name of the zone of Local
}

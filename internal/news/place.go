package news

import (
	"context"
	"time"
	"unicode/utf8"
)

// A Place is how far somebody who followed the log was served when a node ended.
type Place struct {
	// Key says who, as the transports name them. It means nothing to a store:
	// well-formed text of 1 to MaxPlaceKey bytes.
	Key   string
	Seq   Seq       // everything up to this line was delivered
	Until time.Time // nobody comes back for it after that
}

// Bounds of a Handover.
const (
	MaxPlaceKey  = 64    // bytes
	MaxPlaces    = 10000 // that are left at a call
	MaxPlaceKeys = 1000  // that are asked for at a call
)

// Handover is what nodes leave each other when they end. It is no part of the
// log and does not move its head. Both of its methods write: a store that was
// opened for reading only refuses them.
type Handover interface {
	// LeavePlaces keeps places, replacing what was kept for the same keys, and
	// forgets all places whose time was before now. Of two places of one key the
	// latter counts. When it returns without an error, they are as durable as a
	// commit is. After an error some may be kept; the same call made again
	// doubles nothing. Errors: *InvalidError, as CheckPlaces has it.
	LeavePlaces(ctx context.Context, now time.Time, places []Place) error

	// TakePlaces returns the places of keys that are kept and whose time is not
	// before now, and forgets them: of all who ask for a place, on any node, one
	// gets it. Keys of which none is kept are left out.
	//
	// On an error the places that it returns have been taken. Some more may be
	// forgotten and returned to nobody: their readers then go on from where they
	// say that they were, and see again what came since. Errors: *InvalidError,
	// as CheckPlaceKeys has it.
	TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]Seq, error)
}

// CheckPlaces tells whether places can be left in one call. Errors:
// *InvalidError (places, key).
func CheckPlaces(places []Place) error {
	if len(places) > MaxPlaces {
		return Invalid("places", "may be at most %d at a call", MaxPlaces)
	}
	for _, p := range places {
		if err := checkPlaceKey(p.Key); err != nil {
			return err
		}
	}
	return nil
}

// CheckPlaceKeys tells whether the places of keys can be asked for in one call.
// Errors: *InvalidError (keys, key).
func CheckPlaceKeys(keys []string) error {
	if len(keys) > MaxPlaceKeys {
		return Invalid("keys", "may be at most %d at a call", MaxPlaceKeys)
	}
	for _, key := range keys {
		if err := checkPlaceKey(key); err != nil {
			return err
		}
	}
	return nil
}

func checkPlaceKey(key string) error {
	switch {
	case key == "":
		return Invalid("key", "may not be empty")
	case len(key) > MaxPlaceKey:
		return Invalid("key", "may have at most %d bytes", MaxPlaceKey)
	case !utf8.ValidString(key):
		return Invalid("key", "must be well-formed text")
	}
	return nil
}

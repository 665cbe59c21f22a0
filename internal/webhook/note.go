package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"depeche/internal/news"
)

// A note is how far a webhook is: what a Deliverer leaves in its lease for itself
// and for whoever comes next.
type note struct {
	Version int      `json:"version"` // of the webhook
	Begun   int      `json:"begun"`   // as Webhook.Begun: where Seq was counted from
	Seq     news.Seq `json:"seq"`     // everything up to here has been delivered
	// Failures in a row, since the last success or change of the webhook, and when
	// the next attempt is due.
	Failures int       `json:"failures,omitempty"`
	Next     time.Time `json:"next,omitzero"`
}

func readNote(b []byte) (n note, err error) {
	if err := json.Unmarshal(b, &n); err != nil {
		return note{}, fmt.Errorf("read how far a webhook is: %w", err)
	}
	return n, nil
}

func (n note) bytes() []byte {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // numbers and an instant that the clock gave
	}
	return b
}

// of is the note for a webhook. What an administrator has changed gets a fresh try,
// and one that is to be redelivered begins anew. ok is false where the note is of a
// later version: this webhook is as it was.
func (n note) of(hook *news.Webhook) (of note, ok bool) {
	if n.Version > hook.Version {
		return n, false
	}
	if n.Begun != hook.Begun {
		n.Begun, n.Seq = hook.Begun, hook.From
	}
	if n.Version != hook.Version {
		n.Version, n.Failures, n.Next = hook.Version, 0, time.Time{}
	}
	return n, true
}

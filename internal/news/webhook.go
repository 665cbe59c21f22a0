package news

import (
	"slices"
	"time"
)

// A Webhook is an address that public events are sent to.
type Webhook struct {
	ID             WebhookID     `bson:"_id"`
	Version        int           `bson:"version"`
	Status         WebhookStatus `bson:"status"`
	WebhookContent `bson:",inline"`
	// Secret is what deliveries are signed with: the bytes of the key.
	Secret []byte `bson:"secret"`
	// From is the place in the log that deliveries begin behind; Begun is the
	// version of the webhook that said so, which a redelivery moves on.
	From      Seq       `bson:"from"`
	Begun     int       `bson:"begun"`
	Failure   Text      `bson:"failure,omitempty"` // why it failed, of a dead one
	CreatedBy string    `bson:"createdBy"`
	CreatedAt time.Time `bson:"createdAt"`
}

// WebhookContent is what an administrator writes of a Webhook.
type WebhookContent struct {
	URL         URL    `bson:"url"`
	Description Text   `bson:"description,omitempty"`
	Kinds       []Kind `bson:"kinds,omitempty"` // of entities that are told of; empty: all that are public
}

// LeaseKey is under which key the Lease is kept of who delivers to a webhook, and how
// far that has come.
func (id WebhookID) LeaseKey() string { return "webhook:" + string(id) }

// A WebhookStatus is where a webhook is in its life.
type WebhookStatus string

// The states of a webhook. A dead one has failed too often, and gets nothing until
// somebody has it redelivered; a deleted one never gets anything again.
const (
	WebhookActive  WebhookStatus = "ACTIVE"
	WebhookPaused  WebhookStatus = "PAUSED"
	WebhookDead    WebhookStatus = "DEAD"
	WebhookDeleted WebhookStatus = "DELETED"
)

// Ref implements Entity.
func (w *Webhook) Ref() Ref { return Ref{KindWebhook, EntityID(w.ID), w.Version} }

// Slugs implements Entity: a webhook has none.
func (w *Webhook) Slugs() []string { return nil }

// Listing implements Entity. A webhook stands where it was made.
func (w *Webhook) Listing() Listing { return Listing{Status: string(w.Status), At: w.CreatedAt} }

// Clone copies the webhook for editing.
func (w *Webhook) Clone() *Webhook {
	c := *w
	c.Kinds = slices.Clone(w.Kinds)
	c.Secret = slices.Clone(w.Secret)
	return &c
}

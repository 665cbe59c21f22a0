package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"

	"depeche/internal/news"
)

const (
	maxWebhooks = 100
	// webhookSecret is the length of a Secret in bytes: as long as the hash that it
	// goes into (RFC 2104, section 3).
	webhookSecret = 32
)

// webhooksBy is who the log names for what deliveries do to a webhook.
const webhooksBy = "webhook"

// CreateWebhook makes a webhook that is sent what comes from now on. Its Secret has
// to be given to whoever receives the deliveries. Errors: ErrInvalid, and those of
// Authorize.
func (d *Desk) CreateWebhook(ctx context.Context, who news.Actor, content news.WebhookContent) (*news.Webhook, error) {
	if err := d.Authorize(who, ManageWebhooks); err != nil {
		return nil, err
	}
	var rules rulebook
	if content = rules.webhook(content); rules.err != nil {
		return nil, rules.err
	}
	there, err := d.store.Listed(ctx, keptWebhooks(), news.Window{First: maxWebhooks})
	if err != nil {
		return nil, fmt.Errorf("count the webhooks: %w", err)
	}
	if len(there.Items) >= maxWebhooks {
		return nil, news.Invalid("webhooks", "may be at most %d; delete one first", maxWebhooks)
	}
	head, err := d.store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the head of the log: %w", err)
	}
	made := &news.Webhook{
		ID: news.WebhookID(d.newID(news.KindWebhook.IDPrefix())), Version: 1, Status: news.WebhookActive,
		WebhookContent: content, Secret: newWebhookSecret(), From: head, Begun: 1,
		CreatedBy: who.Name, CreatedAt: d.now(),
	}
	return commitOne[*news.Webhook](ctx, d, who, news.OpCreated, made, nil)
}

func newWebhookSecret() []byte {
	secret := make([]byte, webhookSecret)
	rand.Read(secret)
	return secret
}

// UpdateWebhook changes a webhook as edit does. Errors: as UpdateTag.
func (d *Desk) UpdateWebhook(ctx context.Context, who news.Actor, id news.WebhookID, expected int, edit func(*news.WebhookContent)) (*news.Webhook, error) {
	return d.changeWebhook(ctx, who, news.OpUpdated, id, expected, func(w *news.Webhook) error {
		edit(&w.WebhookContent)
		var rules rulebook
		w.WebhookContent = rules.webhook(w.WebhookContent)
		return rules.err
	})
}

// PauseWebhook holds deliveries back, or lets a paused webhook go on where it was.
// Errors: as UpdateTag; ErrInvalid also for a dead webhook.
func (d *Desk) PauseWebhook(ctx context.Context, who news.Actor, id news.WebhookID, expected int, paused bool) (*news.Webhook, error) {
	return d.changeWebhook(ctx, who, news.OpUpdated, id, expected, func(w *news.Webhook) error {
		switch {
		case w.Status == news.WebhookDead:
			return news.Invalid("paused", "can't be said of a dead webhook: have it redelivered")
		case paused:
			w.Status = news.WebhookPaused
		default:
			w.Status = news.WebhookActive
		}
		return nil
	})
}

// RotateWebhookSecret gives a webhook a new Secret. Errors: as UpdateTag.
func (d *Desk) RotateWebhookSecret(ctx context.Context, who news.Actor, id news.WebhookID, expected int) (*news.Webhook, error) {
	return d.changeWebhook(ctx, who, news.OpUpdated, id, expected, func(w *news.Webhook) error {
		w.Secret = newWebhookSecret()
		return nil
	})
}

// RedeliverWebhook has a webhook, a dead or a paused one too, be sent everything
// behind a place in the log. Errors: as UpdateTag, and ErrBadCursor for a place that
// is ahead of the log.
func (d *Desk) RedeliverWebhook(ctx context.Context, who news.Actor, id news.WebhookID, expected int, after news.Seq) (*news.Webhook, error) {
	return d.changeWebhook(ctx, who, news.OpRedelivered, id, expected, func(w *news.Webhook) error {
		head, err := d.store.Head(ctx)
		if err != nil {
			return fmt.Errorf("find the head of the log: %w", err)
		}
		if after < 0 || after > head {
			return news.BadCursor("after", "it is ahead of the log")
		}
		w.From, w.Begun = after, w.Version+1
		w.Status, w.Failure = news.WebhookActive, ""
		return nil
	})
}

// DeleteWebhook ends a webhook for good. Errors: as UpdateTag.
func (d *Desk) DeleteWebhook(ctx context.Context, who news.Actor, id news.WebhookID, expected int) (*news.Webhook, error) {
	return d.changeWebhook(ctx, who, news.OpDeleted, id, expected, func(w *news.Webhook) error {
		w.Status, w.Secret = news.WebhookDeleted, nil
		return nil
	})
}

// FailWebhook marks a webhook as dead, which has failed too often; reason is shown
// to administrators. It is for who delivers. Errors: ErrNotFound, ErrConflict (also
// when it is not active).
func (d *Desk) FailWebhook(ctx context.Context, id news.WebhookID, expected int, reason string) error {
	current, err := d.webhook(ctx, news.Actor{Name: webhooksBy}, id, expected)
	if err != nil {
		return err
	}
	if current.Status != news.WebhookActive {
		return &news.ConflictError{ID: news.EntityID(id), Current: current.Version}
	}
	next := current.Clone()
	next.Version++
	next.Status = news.WebhookDead
	next.Failure = news.Text(reason)
	_, err = commitOne[*news.Webhook](ctx, d, news.Actor{Name: webhooksBy}, news.OpFailed, next, current)
	return err
}

// Webhooks lists the webhooks that are not deleted, newest first. Errors: those of
// Authorize and of Window.Check.
func (d *Desk) Webhooks(ctx context.Context, who news.Actor, w news.Window) (news.Page[*news.Webhook], error) {
	if err := d.Authorize(who, ManageWebhooks); err != nil {
		return news.Page[*news.Webhook]{}, err
	}
	return pageOf[*news.Webhook](ctx, d, keptWebhooks(), w)
}

// keptWebhooks selects the webhooks that are not deleted.
func keptWebhooks() news.Selection {
	return news.Webhooks(news.WebhookActive, news.WebhookPaused, news.WebhookDead)
}

// changeWebhook commits what an administrator makes of a webhook; nothing where
// that is what it was.
func (d *Desk) changeWebhook(ctx context.Context, who news.Actor, op news.Op, id news.WebhookID, expected int, change func(*news.Webhook) error) (*news.Webhook, error) {
	if err := d.Authorize(who, ManageWebhooks); err != nil {
		return nil, err
	}
	current, err := d.webhook(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	next := current.Clone()
	if err := change(next); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(next, current) {
		return current, nil
	}
	next.Version++
	return commitOne[*news.Webhook](ctx, d, who, op, next, current)
}

// webhook is a webhook that is there in the version that somebody knows. Errors:
// ErrNotFound, *news.ConflictError.
func (d *Desk) webhook(ctx context.Context, who news.Actor, id news.WebhookID, expected int) (*news.Webhook, error) {
	found := map[news.WebhookID]*news.Webhook{}
	if news.ValidID(string(id)) {
		_, w, ok, err := newest[*news.Webhook](ctx, d, news.EntityID(id))
		if err != nil {
			return nil, fmt.Errorf("read the webhook: %w", err)
		}
		if ok && w.Status != news.WebhookDeleted {
			found[id] = w
		}
	}
	return inVersion(ctx, d, who, found, "webhook", id, expected)
}

func (r *rulebook) webhook(c news.WebhookContent) news.WebhookContent {
	c.URL = r.url("url", c.URL, true)
	if err := deliverable(c.URL); err != nil {
		r.refuse("url", "%v", err)
	}
	c.Description = news.Text(r.optionalLine("description", string(c.Description), maxDescription))
	var kinds []news.Kind
	for _, kind := range news.Kinds() {
		if slices.Contains(c.Kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range c.Kinds {
		if !slices.Contains(kinds, kind) {
			r.refuse("kinds", "must be of STORY, TAG, TICKER_ENTRY and COVERAGE")
		}
	}
	c.Kinds = kinds
	return c
}

// deliverable tells why nothing is sent to an address. That it is not in a private
// network is seen to when something is sent: names may mean something else by then.
func deliverable(address news.URL) error {
	u, err := url.Parse(string(address))
	switch {
	case err != nil:
		return errors.New("must be a URL")
	case u.User != nil:
		return errors.New("must not hold a name or a password: deliveries are signed")
	case u.Fragment != "":
		return errors.New("must not have a part behind #: it is never sent")
	case u.Scheme != "https" && !loopback(u.Hostname()):
		return errors.New("must begin with https://, except for this very machine")
	}
	return nil
}

// loopback tells whether a host is this machine by its very name.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

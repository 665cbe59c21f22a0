package store

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// webhookLeases are the leases of all webhooks.
func webhookLeases(ctx context.Context, from news.Store) ([]news.Lease, error) {
	var leases []news.Lease
	hooks := walk{store: from, kind: news.KindWebhook}
	for {
		hook, err := hooks.peek(ctx)
		if hook == nil || err != nil {
			return leases, err
		}
		key := news.WebhookID(hook.Ref().ID).LeaseKey()
		kept, err := from.Leases(ctx, []string{key})
		if err != nil {
			return nil, err
		}
		if l, ok := kept[key]; ok {
			leases = append(leases, l)
		}
		hooks.next()
	}
}

// leave has leases kept in to, whatever is kept there: nobody else is at work on it.
func leave(ctx context.Context, to news.Store, leases []news.Lease) error {
	for _, l := range leases {
		kept, err := to.TakeLease(ctx, l.Until, l)
		if err == nil && kept.Holder != l.Holder {
			if err = to.DropLease(ctx, l.Key, kept.Holder); err == nil {
				_, err = to.TakeLease(ctx, l.Until, l)
			}
		}
		if err != nil {
			return fmt.Errorf("copy lease %s: %w", l.Key, err)
		}
	}
	return nil
}

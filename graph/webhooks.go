package graph

import (
	"encoding/base64"

	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/news"
)

// webhookSecret shows a webhook with its secret, in the form that Standard Webhooks
// gives to secrets.
func webhookSecret(w *news.Webhook, err error) (*model.WebhookSecret, error) {
	if err != nil {
		return nil, err
	}
	return &model.WebhookSecret{Webhook: w, Secret: "whsec_" + base64.StdEncoding.EncodeToString(w.Secret)}, nil
}

// lineOf is the line of the log that a cursor names. Errors: ErrBadCursor, naming the
// argument.
func (r *Resolver) lineOf(argument string, c scalar.Cursor) (news.Seq, error) {
	at, err := scalar.LogCursor(argument, &c)
	if err != nil {
		return 0, err
	}
	if at.Epoch != r.Store.Epoch() {
		return 0, news.BadCursor(argument, "it is from another log")
	}
	return at.Seq, nil
}

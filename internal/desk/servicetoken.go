package desk

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"depeche/internal/news"
	"depeche/internal/text"
)

// maxServiceTokenName is in characters.
const maxServiceTokenName = 100

// ownNames are those under which lines are written or read that no person stands for.
func ownNames() []string { return []string{theClock().Name, webhooksBy, previewer} }

// CreateServiceToken makes a service token and the text of it, which is shown this
// once. Errors: ErrInvalid, and those of Authorize.
func (d *Desk) CreateServiceToken(ctx context.Context, who news.Actor, name string, role news.Role) (*news.ServiceToken, string, error) {
	if err := d.Authorize(who, ManageTokens); err != nil {
		return nil, "", err
	}
	var rules rulebook
	name = rules.line("name", name, maxServiceTokenName)
	if slices.Contains(ownNames(), name) {
		rules.refuse("name", "is one that depeche uses itself")
	}
	switch role {
	case news.Contributor, news.Editor, news.Admin:
	default: // a reader needs no token
		rules.refuse("role", "must be CONTRIBUTOR, EDITOR or ADMIN")
	}
	if rules.err != nil {
		return nil, "", rules.err
	}
	var secret news.ServiceSecret
	rand.Read(secret[:])
	token := &news.ServiceToken{
		ID: news.ServiceTokenID(d.newID(news.KindServiceToken.IDPrefix())), Version: 1, Status: news.ServiceTokenValid,
		Name: name, Role: role, Hash: secret.Hash(), CreatedBy: who.Name, CreatedAt: d.now(),
	}
	made, err := commitOne[*news.ServiceToken](ctx, d, who, news.OpCreated, token, nil)
	if err != nil {
		return nil, "", err
	}
	return made, news.ServiceTokenText(made.ID, secret), nil
}

// RevokeServiceToken ends a service token for good. Nothing changes where it has been
// revoked before. Errors: as UpdateTag.
func (d *Desk) RevokeServiceToken(ctx context.Context, who news.Actor, id news.ServiceTokenID, expected int) (*news.ServiceToken, error) {
	if err := d.Authorize(who, ManageTokens); err != nil {
		return nil, err
	}
	current, err := d.serviceToken(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case current.Version != expected:
		return nil, d.conflict(ctx, who, current, expected)
	case current.Status == news.ServiceTokenRevoked:
		return current, nil
	}
	next := current.Clone()
	next.Version++
	next.Status = news.ServiceTokenRevoked
	next.RevokedAt = d.later(current.CreatedAt)
	return commitOne[*news.ServiceToken](ctx, d, who, news.OpRevoked, next, current)
}

// serviceToken reads a service token as it is.
func (d *Desk) serviceToken(ctx context.Context, id news.ServiceTokenID) (*news.ServiceToken, error) {
	notFound := fmt.Errorf("there is no service token %s: %w", text.Quote(string(id)), news.ErrNotFound)
	if !news.ValidID(string(id)) {
		return nil, notFound
	}
	_, token, ok, err := newest[*news.ServiceToken](ctx, d, news.EntityID(id))
	if err == nil && !ok {
		err = notFound
	}
	return token, err
}

// ServiceTokens lists the service tokens, newest first. Errors: those of Authorize
// and of Window.Check.
func (d *Desk) ServiceTokens(ctx context.Context, who news.Actor, w news.Window) (news.Page[*news.ServiceToken], error) {
	if err := d.Authorize(who, ManageTokens); err != nil {
		return news.Page[*news.ServiceToken]{}, err
	}
	return pageOf[*news.ServiceToken](ctx, d, news.ServiceTokens(), w)
}

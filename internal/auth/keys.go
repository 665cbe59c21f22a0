package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"

	"depeche/internal/news"
)

const (
	// readEvery is how often keys are read anew, so that those that are taken back
	// are believed no longer.
	readEvery = 10 * time.Minute
	// readAtMostEvery is how often for keys that are not known. Anybody can make up
	// such a key.
	readAtMostEvery = 10 * time.Second
	// readWithin is how long that may take.
	readWithin = 5 * time.Second

	maxKeys   = 100
	leastBits = 2048 // of RSA; RFC 7518, section 3.3
)

// keys are those of a provider. Known ones are good for as long as no newer ones can be
// read. They are a jwkset.Storage, which finds what is read anew when a key is missed.
type keys struct {
	jwkset.Storage // what has been read last
	source         source
	fit            func(key any) bool
	algorithm      string
	now            func() time.Time
	logger         *slog.Logger

	mu      sync.Mutex
	reading chan struct{} // closed when they have been read; nil: nobody reads them
	read    time.Time     // when that was begun last; zero: never
	err     error         // what came of it
}

// open reads the keys for the first time, before anybody else does. Errors: what can't
// be right.
func (k *keys) open(ctx context.Context) error {
	k.read, k.err = k.now(), k.load(ctx)
	var away *awayError
	if errors.As(k.err, &away) {
		k.logger.WarnContext(ctx, "the keys of the identity provider can't be read; its tokens are refused until they can", "op", "keys", "error", k.err)
		return nil
	}
	return k.err
}

// run reads the keys anew every now and then.
func (k *keys) run(ctx context.Context) error {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			_ = k.refresh(ctx, 0) // it is logged
		}
	}
}

// KeyRead implements jwkset.Storage. Errors: jwkset.ErrKeyNotFound, ErrUnavailable.
func (k *keys) KeyRead(ctx context.Context, id string) (jwkset.JWK, error) {
	key, err := k.Storage.KeyRead(ctx, id)
	if err == nil {
		return key, nil
	}
	if err := k.refresh(ctx, readAtMostEvery); err != nil {
		return jwkset.JWK{}, news.ErrUnavailable
	}
	return k.Storage.KeyRead(ctx, id)
}

// KeyReadAll implements jwkset.Storage, for tokens that do not name their key. Errors:
// ErrUnavailable.
func (k *keys) KeyReadAll(ctx context.Context) ([]jwkset.JWK, error) {
	all, err := k.Storage.KeyReadAll(ctx)
	if err != nil || len(all) > 0 {
		return all, err
	}
	if err := k.refresh(ctx, readAtMostEvery); err != nil {
		return nil, news.ErrUnavailable
	}
	return k.Storage.KeyReadAll(ctx)
}

// keyRefused says why there is no key to a token.
func keyRefused(err error) error {
	switch {
	case errors.Is(err, news.ErrUnavailable):
		return news.ErrUnavailable
	case errors.Is(err, jwkset.ErrKeyNotFound):
		return refused("the token is signed with a key that its issuer does not name")
	}
	return refused("the token does not go with the key that it names")
}

// refresh reads the keys anew, unless that was done so short a time ago. All who want
// it at once wait for the same. It returns what came of it the last time.
func (k *keys) refresh(ctx context.Context, atMostEvery time.Duration) error {
	k.mu.Lock()
	since := k.now().Sub(k.read)
	switch {
	case k.reading != nil:
	case !k.read.IsZero() && since >= 0 && since < atMostEvery:
		defer k.mu.Unlock()
		return k.err
	default:
		done := make(chan struct{})
		k.reading, k.read = done, k.now()
		k.mu.Unlock()
		return k.readAnew(ctx, done)
	}
	done := k.reading
	k.mu.Unlock()
	select {
	case <-done:
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readAnew reads the keys for all who wait for done. They do not lose them when the
// one who does it loses interest.
func (k *keys) readAnew(ctx context.Context, done chan struct{}) (err error) {
	err = errors.New("reading the keys panicked") // unless it comes to an end
	defer func() {
		k.mu.Lock()
		before := k.err
		k.reading, k.err = nil, err
		k.mu.Unlock()
		close(done)
		switch {
		case err != nil && before == nil:
			k.logger.WarnContext(ctx, "the keys of the identity provider can't be read; those that are known go on", "op", "keys", "error", err)
		case err == nil && before != nil:
			k.logger.InfoContext(ctx, "the keys of the identity provider can be read again", "op", "keys")
		}
	}()
	return k.load(context.WithoutCancel(ctx))
}

// load reads the keys.
func (k *keys) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	text, err := k.source.read(ctx)
	if err != nil {
		return err
	}
	list, err := k.fitting(text)
	if err != nil {
		return fmt.Errorf("%s: %w", k.source, err)
	}
	return k.Storage.KeyReplaceAll(ctx, list)
}

// fitting are the keys of a set (RFC 7517, section 5) that tokens may be signed with.
// What else is in it is none of our business.
func (k *keys) fitting(set []byte) ([]jwkset.JWK, error) {
	var all struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &all); err != nil {
		return nil, fmt.Errorf("read a JSON Web Key Set: %w", err)
	}
	var fitting []jwkset.JWK
	for _, text := range all.Keys {
		key, err := jwkset.NewJWKFromRawJSON(text, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
		if err != nil {
			continue
		}
		says := key.Marshal()
		if says.ALG != "" && string(says.ALG) != k.algorithm || says.USE != "" && says.USE != jwkset.UseSig ||
			len(says.KEYOPS) > 0 && !slices.Contains(says.KEYOPS, jwkset.KeyOpsVerify) || !k.fit(key.Key()) {
			continue
		}
		fitting = append(fitting, key)
	}
	switch {
	case len(fitting) == 0: // the mistake of somebody who would lock everybody out
		return nil, fmt.Errorf("there is no key for %s in it", k.algorithm)
	case len(fitting) > maxKeys:
		return nil, fmt.Errorf("there are more than %d keys in it", maxKeys)
	}
	return fitting, nil
}

// fitFor tells which keys can be those of an algorithm (RFC 7518, section 3.1; RFC
// 8037, section 3.1). ok is false where whoever can read tokens by it could make them.
func fitFor(algorithm string) (fit func(key any) bool, ok bool) {
	onCurve := func(curve elliptic.Curve) func(any) bool {
		return func(key any) bool {
			public, ok := key.(*ecdsa.PublicKey)
			return ok && public.Curve == curve
		}
	}
	switch algorithm {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return func(key any) bool {
			public, ok := key.(*rsa.PublicKey)
			return ok && public.N.BitLen() >= leastBits
		}, true
	case "ES256":
		return onCurve(elliptic.P256()), true
	case "ES384":
		return onCurve(elliptic.P384()), true
	case "ES512":
		return onCurve(elliptic.P521()), true
	case "EdDSA":
		return func(key any) bool { _, ok := key.(ed25519.PublicKey); return ok }, true
	}
	return nil, false
}

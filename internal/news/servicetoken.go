package news

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

// A ServiceToken is a key for a program of the newsroom, such as an intake. It is
// good until it is revoked.
type ServiceToken struct {
	ID        ServiceTokenID     `bson:"_id"`
	Version   int                `bson:"version"`
	Status    ServiceTokenStatus `bson:"status"`
	Name      string             `bson:"name"` // what the log shows as who did something
	Role      Role               `bson:"role"`
	Hash      string             `bson:"hash"` // SHA-256 of the secret, in hexadecimal; the secret is kept nowhere
	CreatedBy string             `bson:"createdBy"`
	CreatedAt time.Time          `bson:"createdAt"`
	RevokedAt time.Time          `bson:"revokedAt,omitempty"`
}

// A ServiceTokenStatus tells whether a service token is good.
type ServiceTokenStatus string

// The states of a service token.
const (
	ServiceTokenValid   ServiceTokenStatus = "VALID"
	ServiceTokenRevoked ServiceTokenStatus = "REVOKED"
)

// Ref implements Entity.
func (t *ServiceToken) Ref() Ref { return Ref{KindServiceToken, EntityID(t.ID), t.Version} }

// Slugs implements Entity: a service token has none.
func (t *ServiceToken) Slugs() []string { return nil }

// Listing implements Entity. A service token stands where it was made.
func (t *ServiceToken) Listing() Listing { return Listing{Status: string(t.Status), At: t.CreatedAt} }

// Clone copies the service token for editing.
func (t *ServiceToken) Clone() *ServiceToken {
	c := *t
	return &c
}

// Holds tells whether secret is the one of the token, in a time that says nothing of
// how near it is. Whether the token is good still is another question.
func (t *ServiceToken) Holds(secret ServiceSecret) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash), []byte(secret.Hash())) == 1
}

// A ServiceSecret is what makes a service token somebody's: 32 random bytes.
type ServiceSecret [32]byte

// Hash is what is kept of the secret. It needs no salt: nobody guesses 256 bits.
func (s ServiceSecret) Hash() string {
	sum := sha256.Sum256(s[:])
	return hex.EncodeToString(sum[:])
}

// ServiceTokenPrefix begins the text of every service token: so it is told from other
// tokens, and found by whoever looks for secrets where they should not be.
const ServiceTokenPrefix = "depeche_"

// secretEncoding is that of the secret in the text. Strict: of all texts, one is good.
var secretEncoding = base64.RawURLEncoding.Strict()

// ServiceTokenText is what the bearer of a service token sends: the prefix, the id, _
// and the secret in base64url.
func ServiceTokenText(id ServiceTokenID, secret ServiceSecret) string {
	return ServiceTokenPrefix + string(id) + "_" + secretEncoding.EncodeToString(secret[:])
}

// ReadServiceToken reads what ServiceTokenText has written; ok is false for anything
// else.
func ReadServiceToken(text string) (id ServiceTokenID, secret ServiceSecret, ok bool) {
	rest, ok := strings.CutPrefix(text, ServiceTokenPrefix)
	at := len(rest) - secretEncoding.EncodedLen(len(secret))
	// Both may have a _ in them; the length of the secret is what tells them apart.
	if !ok || at < 1 || rest[at-1] != '_' || !ValidID(rest[:at-1]) {
		return "", ServiceSecret{}, false
	}
	decoded, err := secretEncoding.DecodeString(rest[at:])
	if err != nil || len(decoded) != len(secret) { // white space is passed over in base64
		return "", ServiceSecret{}, false
	}
	return ServiceTokenID(rest[:at-1]), ServiceSecret(decoded), true
}

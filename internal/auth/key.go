package auth

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"depeche/internal/news"
)

// SecretFile is the name of the file in the data folder that holds the secret.
const SecretFile = "token.secret"

const issuer = "depeche"

// A Key makes and reads the newsroom's own tokens.
type Key struct {
	secret []byte
	now    func() time.Time
}

// OpenKey reads the secret of the newsroom from the file that is named. Where
// named is empty it is kept in folder: made there on the first start, readable by
// its owner only. now is the clock that tokens are compared with.
//
// A file that is named has to be there, since a node that made a secret of its
// own would refuse the tokens of the others. It may be readable by others, as
// the secrets of containers are; who may write it could be anybody.
func OpenKey(folder, named string, now func() time.Time) (*Key, error) {
	path := cmp.Or(named, filepath.Join(folder, SecretFile))
	text, err := os.ReadFile(path)
	if named == "" && errors.Is(err, fs.ErrNotExist) {
		text, err = makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the token secret: %w", err)
	}
	if info, err := os.Stat(path); err == nil {
		mode := info.Mode().Perm()
		switch {
		case named == "" && mode&0o077 != 0:
			return nil, fmt.Errorf("the token secret %s can be read by others (mode %04o): give it the mode 0600", path, mode)
		case mode&0o022 != 0:
			return nil, fmt.Errorf("the token secret %s can be written by others (mode %04o): take that right away (chmod go-w)", path, mode)
		}
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) < 32 {
		return nil, fmt.Errorf("the token secret %s is damaged: it must hold at least 64 hexadecimal digits", path)
	}
	return &Key{secret: secret, now: now}, nil
}

// makeSecret writes a new secret as a whole or not at all; when another process
// is faster, its secret is the one that counts.
func makeSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	rand.Read(random)
	text := []byte(hex.EncodeToString(random) + "\n")
	temp, err := os.CreateTemp(filepath.Dir(path), SecretFile+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path)
	} else if err != nil {
		return nil, err
	}
	return text, nil
}

type ownClaims struct {
	jwt.RegisteredClaims
	Role    news.Role    `json:"role"`
	Preview news.StoryID `json:"preview,omitempty"`
}

// actor is who the claims speak of; ok is false where that is nobody that Sign lets
// somebody be.
func (c *ownClaims) actor() (who news.Actor, ok bool) {
	who = news.Actor{Name: c.Subject, Role: c.Role, Preview: c.Preview}
	return who, checkActor(who) == nil
}

// checkActor tells whether somebody can be who. Errors: *news.InvalidError.
func checkActor(who news.Actor) error {
	switch {
	case !slices.Contains(news.Roles(), who.Role):
		return news.Invalid("role", "must be one of %v", news.Roles())
	case who.Name == "":
		return news.Invalid("name", "must not be empty")
	case who.Preview != "" && who.Role != news.Reader: // it would count for nothing
		return news.Invalid("role", "must be %s for a preview", news.Reader)
	case who.Preview != "" && !news.ValidID(string(who.Preview)):
		return news.Invalid("preview", "must be the id of a story")
	}
	return nil
}

// Sign makes a token that lets its bearer be who until who.Expires, to the second.
func (k *Key) Sign(who news.Actor) (string, error) {
	if err := checkActor(who); err != nil {
		return "", err
	}
	if !who.Expires.After(k.now()) {
		return "", news.Invalid("expiry", "must lie ahead")
	}
	token := jwt.NewWithClaims(ownAlgorithm, ownClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: who.Name,
			IssuedAt: jwt.NewNumericDate(k.now()), ExpiresAt: jwt.NewNumericDate(who.Expires),
		},
		Role: who.Role, Preview: who.Preview,
	})
	signed, err := token.SignedString(k.secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed, nil
}

// Verify tells who the bearer of one of the newsroom's own tokens is. Errors:
// ErrUnauthenticated, which says what is wrong and never repeats the token.
func (k *Key) Verify(token string) (news.Actor, error) { return k.verify(token, 0) }

// verify is Verify where the clock of who made the token may be wrong by skew.
func (k *Key) verify(token string, skew time.Duration) (news.Actor, error) {
	var c ownClaims
	parsed, err := parser(ownAlgorithm, skew, k.now, jwt.WithIssuer(issuer)).ParseWithClaims(token, &c,
		func(*jwt.Token) (any, error) { return k.secret, nil })
	if err != nil {
		return news.Actor{}, whyRefused(parsed, ownAlgorithm, err)
	}
	who, ok := c.actor()
	if !ok {
		return news.Actor{}, refused("the token names nobody or no known role")
	}
	who.Expires = c.ExpiresAt.Add(skew)
	return who, nil
}

package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// maxSource is the size of the largest set of keys that is read, in bytes.
const maxSource = 1 << 20

// A source is where keys are read. Errors: *awayError where that may do later.
type source interface {
	read(ctx context.Context) ([]byte, error)
	String() string
}

// An awayError says that somebody can't be asked now.
type awayError struct{ err error }

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

func sourceOf(o ProviderOptions) (source, error) {
	client := o.Client
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // who knows where to
	switch {
	case o.JWKS == "":
		return discovery{o.Issuer, &own}, checkURL(o.Issuer)
	case strings.Contains(o.JWKS, "://"):
		return page{o.JWKS, &own}, checkURL(o.JWKS)
	}
	return file(o.JWKS), nil
}

// checkURL refuses what anybody on the way could have written.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%q is no URL of keys", text)
	}
	address, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || address.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%s: keys are read over https alone, or from this machine", text)
}

// A file has keys.
type file string

func (f file) String() string { return string(f) }

func (f file) read(context.Context) ([]byte, error) {
	opened, err := os.Open(string(f))
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	defer opened.Close()
	text, err := upTo(opened)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return text, nil
}

// A page has keys.
type page struct {
	url    string
	client *http.Client
}

func (p page) String() string { return p.url }

func (p page) read(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for keys: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, &awayError{fmt.Errorf("ask for keys: %w", err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &awayError{fmt.Errorf("ask for keys: %s answers %s", p.url, response.Status)}
	}
	text, err := upTo(response.Body)
	if err != nil {
		return nil, &awayError{fmt.Errorf("read the keys of %s: %w", p.url, err)}
	}
	return text, nil
}

// A discovery leads to keys (OpenID Connect Discovery 1.0, section 4).
type discovery struct {
	issuer string
	client *http.Client
}

func (d discovery) String() string {
	return strings.TrimSuffix(d.issuer, "/") + "/.well-known/openid-configuration"
}

func (d discovery) read(ctx context.Context) ([]byte, error) {
	text, err := page{d.String(), d.client}.read(ctx)
	if err != nil {
		return nil, err
	}
	var says struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &says); err != nil {
		return nil, fmt.Errorf("%s: read what an issuer says of itself: %w", d, err)
	}
	if says.Issuer != d.issuer {
		return nil, fmt.Errorf("%s: the issuer calls itself %q, which is not %q to the letter", d, says.Issuer, d.issuer)
	}
	if err := checkURL(says.Keys); err != nil {
		return nil, fmt.Errorf("%s: %w", d, err)
	}
	return page{says.Keys, d.client}.read(ctx)
}

// upTo reads all there is, if that is not too much.
func upTo(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err == nil && len(text) > maxSource {
		return nil, fmt.Errorf("it is longer than %d bytes", maxSource)
	}
	return text, err
}

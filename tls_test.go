package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/config"
)

// selfSigned makes a certificate for 127.0.0.1 and its key. It returns their files
// and who trusts it.
func selfSigned(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "depeche"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	trust = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(public)
	if err != nil {
		t.Fatal(err)
	}
	trust.AddCert(parsed)
	return file("cert.pem", "CERTIFICATE", public), file("key.pem", "PRIVATE KEY", secret), trust
}

// speaking is a client of one version of HTTP.
func speaking(t *testing.T, trust *x509.CertPool, version func(*http.Protocols, bool)) *http.Client {
	protocols := new(http.Protocols)
	version(protocols, true)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// hearEvents follows the ticker by an event stream that has to come over HTTP/2, while
// r publishes, and to the end of the server.
func hearEvents(t *testing.T, r *running, over *http.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events, err := openEvents(ctx, over, r.api, cursor(r), "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.close()
	if got := events.response.Proto; got != "HTTP/2.0" {
		t.Errorf("the event stream comes over %s", got)
	}
	for _, headline := range []string{"Une", "Deux", "Trois"} {
		if err := r.publish(headline); err != nil {
			t.Fatal(err)
		}
		if _, l := events.line(t); l.Entry.Headline != headline {
			t.Errorf("heard %q, want %q", l.Entry.Headline, headline)
		}
	}
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	events.end(t)
	if err := <-stopped; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestTLS(t *testing.T) {
	cert, key, trust := selfSigned(t)
	folder := t.TempDir()
	r := start(t, "--data", folder, "--tls-cert", cert, "--tls-key", key, "--drain", "0s")
	for _, path := range []string{"API:        https://127.0.0.1:", "playground: https://127.0.0.1:"} {
		if !strings.Contains(r.greeting, path) {
			t.Errorf("got the greeting %q, want %q in it", r.greeting, path)
		}
	}
	r.token, r.client = editor(t, folder), speaking(t, trust, (*http.Protocols).SetHTTP1)
	hear := r.hear(cursor(r))
	for _, headline := range []string{"Sous le sceau", "du secret"} {
		if err := r.publish(headline); err != nil {
			t.Fatal(err)
		}
		if got := hear(); got != headline {
			t.Errorf("heard %q, want %q", got, headline)
		}
	}
	hearEvents(t, r, speaking(t, trust, (*http.Protocols).SetHTTP2))
}

func TestHTTP2WithoutTLS(t *testing.T) {
	folder := t.TempDir()
	token := editor(t, folder)
	prior := speaking(t, nil, (*http.Protocols).SetUnencryptedHTTP2)

	r := start(t, "--data", folder)
	if events, err := openEvents(t.Context(), prior, r.api, "", ""); err == nil {
		events.close()
		t.Error("HTTP/2 without TLS is spoken unasked")
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}

	r = start(t, "--data", folder, "--h2c", "--drain", "0s")
	r.token = token
	hear := r.hear(cursor(r)) // HTTP/1.1 is spoken beside it
	if err := r.publish("Bonjour"); err != nil {
		t.Fatal(err)
	}
	if got := hear(); got != "Bonjour" {
		t.Errorf("heard %q", got)
	}
	hearEvents(t, r, prior)
}

// A server that can't serve by its certificate says so before it says where it is.
func TestStartWithABadCertificateIsRefused(t *testing.T) {
	cert, key, _ := selfSigned(t)
	_, otherKey, _ := selfSigned(t)
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere.pem")
	for _, row := range []struct{ name, cert, key, says, names string }{
		{"no file of the certificate", nowhere, key, "no such file", nowhere},
		{"no file of the key", cert, nowhere, "no such file", nowhere},
		{"no certificate in it", noPEM, key, "failed to find any PEM data in certificate", noPEM},
		{"no key in it", cert, noPEM, "failed to find any PEM data in key", noPEM},
		{"key of another one", cert, otherKey, "private key does not match public key", otherKey},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := config.Parse([]string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--tls-cert", row.cert, "--tls-key", row.key}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var out strings.Builder
			err = serve(ctx, cfg, &out, io.Discard)
			if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), row.names) {
				t.Errorf("got %v, want an error with %q and %q", err, row.says, row.names)
			}
			if out.Len() > 0 {
				t.Errorf("it is announced: %s", out.String())
			}
		})
	}
}

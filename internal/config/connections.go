package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	mostConnections = 10_000_000
	longestDrain    = 10 * time.Minute
	drainByStore    = -1 // until it is known what the store is
)

// settleDrain decides what was left open.
func (c *Config) settleDrain() {
	if c.Drain != drainByStore {
		return
	}
	c.Drain = 0
	if c.MongoDB != "" {
		c.Drain = 10 * time.Second
	}
}

// connections are the settings of how clients come in, how many, and how they
// are let go.
func (c *Config) connections() []Setting {
	h2c := Switch("h2c", "Speak HTTP/2 without TLS as well as HTTP/1.1, for a proxy that does. With TLS, HTTP/2 is there anyway.", &c.H2C)
	h2c.Env = "DEPECHE_H2C"
	return []Setting{
		{Flag: "tls-cert", Env: "DEPECHE_TLS_CERT", Value: "FILE",
			About: "Serve HTTPS, with HTTP/2, by the certificate in this file: PEM, those between it and the root behind it.",
			Set:   func(s string) error { c.TLSCert = s; return nil }},
		{Flag: "tls-key", Env: "DEPECHE_TLS_KEY", Value: "FILE",
			About: "The file of the private key of that certificate, PEM too.",
			Set:   func(s string) error { c.TLSKey = s; return nil }},
		h2c,
		{Flag: "trusted-proxies", Env: "DEPECHE_TRUSTED_PROXIES", Value: "PROXIES", Default: "127.0.0.0/8,::1/128",
			About: "The proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas, or none.",
			Set:   func(s string) (err error) { c.TrustedProxies, err = proxies(s); return err }},
		{Flag: "max-connections", Env: "DEPECHE_MAX_CONNECTIONS", Value: "NUMBER", Default: "50000",
			About: "How many WebSockets and event streams may be open at once.",
			Set:   func(s string) (err error) { c.MaxConnections, err = number(s, 1, mostConnections); return err }},
		{Flag: "max-connections-per-address", Env: "DEPECHE_MAX_CONNECTIONS_PER_ADDRESS", Value: "NUMBER", Default: "500",
			About: "How many of them may come from one address; with IPv6, from one network of 64 bits. 0 is no limit.",
			Set: func(s string) (err error) {
				c.MaxConnectionsPerAddress, err = number(s, 0, mostConnections)
				return err
			}},
		{Flag: "drain", Env: "DEPECHE_DRAIN", Value: "DURATION", Default: "auto",
			About: "Over how long open connections are ended when the server stops, so that not all come back elsewhere at once.\n" +
				"auto is 10s with MongoDB; 0s without, where they have nowhere else to go and are best back soon.",
			Set: func(s string) (err error) {
				if s == "auto" {
					c.Drain = drainByStore
					return nil
				}
				if c.Drain, err = time.ParseDuration(s); err != nil || c.Drain < 0 || c.Drain > longestDrain {
					return fmt.Errorf("must be auto or a duration from 0s to 10m such as 10s, not %q", s)
				}
				return nil
			}},
	}
}

// checkTLS wants a certificate and its key together, and nothing that is
// ignored beside them. It asks what was given, not what came of it: a value that
// is wrong has its problem already.
func (c *Config) checkTLS(t *Table, problems *Problems) {
	cert, key := t.values["tls-cert"].Origin, t.values["tls-key"].Origin
	given := cert
	switch {
	case cert == "default" && key == "default":
		return
	case cert == "default":
		given = key
		problems.Add("--tls-cert", "is missing: %s needs the certificate of the key", key)
	case key == "default":
		problems.Add("--tls-key", "is missing: %s needs the key of the certificate", cert)
	}
	if c.H2C {
		problems.Add(t.values["h2c"].Origin, "can't be used with %s: HTTPS has HTTP/2 anyway; leave one of them out", given)
	}
}

func number(s string, least, most int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || int(n) < least || int(n) > most {
		return 0, fmt.Errorf("must be a number from %d to %d, not %q", least, most, s)
	}
	return int(n), nil
}

func proxies(list string) ([]netip.Prefix, error) {
	if list == "none" {
		return nil, nil
	}
	var all []netip.Prefix
	for proxy := range strings.SplitSeq(list, ",") {
		network, err := network(strings.TrimSpace(proxy))
		if err != nil {
			return nil, err
		}
		all = append(all, network)
	}
	return all, nil
}

// network reads an address or a network. It refuses what would quietly match
// something else than it says, or nothing.
func network(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if !strings.Contains(s, "/") {
		var one netip.Addr
		one, err = netip.ParseAddr(s)
		p = netip.PrefixFrom(one, one.BitLen())
	}
	switch {
	case err != nil || strings.Contains(s, "%"): // a zone
		return p, fmt.Errorf("must be addresses and networks such as 10.0.0.0/8,2001:db8::1, or none, not %q", s)
	case p.Addr().Is4In6():
		return p, fmt.Errorf("must have an IPv4 address in its own form, such as 10.0.0.0/8, not %q", s)
	case p != p.Masked():
		return p, fmt.Errorf("must have a network from its first address on, %s, not %q", p.Masked(), s)
	}
	return p, nil
}

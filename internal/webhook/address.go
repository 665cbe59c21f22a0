package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// errNotPublic refuses a connection.
var errNotPublic = errors.New("the address is not public")

// maxAnswerHeader bounds the header of an answer, in bytes.
const maxAnswerHeader = 64 << 10

// newTransport makes what requests go through: a connection of its own for each
// receiver, without any proxy of the environment. HTTP/1.1 is enough for one
// request at a time.
func newTransport(allowPrivate bool, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout}
	if !allowPrivate {
		dialer.ControlContext = refusePrivate
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxAnswerHeader,
		IdleConnTimeout:        10 * time.Second,
		TLSHandshakeTimeout:    timeout,
	}
}

// refusePrivate is asked right before a connection is made, with the address that
// the name stands for at that moment: what a name said before counts for nothing.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read the address to connect to: %w", err)
	}
	if !public(at.Addr()) {
		return errNotPublic
	}
	return nil
}

// public tells whether an address is one of the public Internet, after the IANA
// registries of special-purpose addresses (RFC 6890). What reaches an IPv4 address
// in the guise of an IPv6 one is as public as that.
func public(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	switch {
	case ip.Is4():
		return !within(ip, "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
			"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
			"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
	case within(ip, "64:ff9b::/96"): // NAT64 (RFC 6052)
		return public(embedded(ip, 12))
	case within(ip, "2002::/16"): // 6to4 (RFC 3056)
		return public(embedded(ip, 2))
	}
	// Of all IPv6, 2000::/3 alone is given out as global unicast addresses; in it,
	// protocols such as Teredo, and documentation, have places of their own.
	return within(ip, "2000::/3") && !within(ip, "2001::/23", "2001:db8::/32", "3fff::/20")
}

// embedded is the IPv4 address that lies in an IPv6 one from a byte on.
func embedded(ip netip.Addr, from int) netip.Addr {
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[from : from+4]))
}

func within(ip netip.Addr, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return netip.MustParsePrefix(p).Contains(ip) })
}

package webhook_test

import (
	"net/netip"
	"testing"
	"time"

	"depeche/internal/webhook"
)

func TestPublicAddresses(t *testing.T) {
	tests := []struct {
		name string
		ip   string
		want bool
	}{
		{"IPv4", "93.184.215.14", true},
		{"IPv6", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", true},
		{"loopback", "127.0.0.1", false},
		{"loopback, another", "127.255.0.3", false},
		{"loopback, IPv6", "::1", false},
		{"unspecified", "0.0.0.0", false},
		{"this network", "0.1.2.3", false},
		{"unspecified, IPv6", "::", false},
		{"private, 10", "10.0.0.1", false},
		{"private, 172.16", "172.16.0.1", false},
		{"private, the end of it", "172.31.255.255", false},
		{"behind the private ones", "172.32.0.1", true},
		{"private, 192.168", "192.168.1.1", false},
		{"shared by a provider", "100.64.0.1", false},
		{"shared, the end of it", "100.127.255.255", false},
		{"behind the shared ones", "100.128.0.1", true},
		{"link-local: the metadata of clouds", "169.254.169.254", false},
		{"link-local, IPv6", "fe80::1", false},
		{"link-local, IPv6, of an interface", "fe80::1%eth0", false},
		{"public, of an interface", "2606:2800::1%eth0", false},
		{"protocol assignments", "192.0.0.8", false},
		{"documentation", "192.0.2.1", false},
		{"documentation, 2", "198.51.100.1", false},
		{"documentation, 3", "203.0.113.1", false},
		{"documentation, IPv6", "2001:db8::1", false},
		{"documentation, IPv6, the newer", "3fff::1", false},
		{"6to4 relays", "192.88.99.1", false},
		{"benchmarks", "198.19.0.1", false},
		{"multicast", "224.0.0.1", false},
		{"multicast, IPv6", "ff02::1", false},
		{"reserved", "240.0.0.1", false},
		{"broadcast", "255.255.255.255", false},
		{"unique local", "fd00::1", false},
		{"unique local: the metadata of a cloud", "fd00:ec2::254", false},
		{"site-local", "fec0::1", false},
		{"discard", "100::1", false},
		{"IPv4-mapped, private", "::ffff:10.0.0.1", false},
		{"IPv4-mapped, loopback", "::ffff:127.0.0.1", false},
		{"IPv4-mapped, metadata", "::ffff:a9fe:a9fe", false},
		{"IPv4-mapped, public", "::ffff:93.184.215.14", true},
		{"IPv4-compatible", "::127.0.0.1", false},
		{"IPv4-translated", "::ffff:0:127.0.0.1", false},
		{"NAT64, private", "64:ff9b::10.0.0.1", false},
		{"NAT64, loopback", "64:ff9b::7f00:1", false},
		{"NAT64, public", "64:ff9b::93.184.215.14", true},
		{"NAT64, of a local network", "64:ff9b:1::93.184.215.14", false},
		{"6to4, private", "2002:c0a8:101::1", false},
		{"6to4, loopback", "2002:7f00:1::", false},
		{"6to4, public", "2002:5db8:d70e::1", true},
		{"Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
		{"segment routing", "5f00::1", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := webhook.Public(netip.MustParseAddr(test.ip)); got != test.want {
				t.Errorf("%s is public: %v, want %v", test.ip, got, test.want)
			}
		})
	}
}

func FuzzPublicAddresses(f *testing.F) {
	for _, ip := range []string{"127.0.0.1", "::1", "10.1.2.3", "8.8.8.8", "fe80::1", "2606:4700::1111", "::ffff:192.168.0.1"} {
		b := netip.MustParseAddr(ip).As16()
		f.Add(b[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != 16 {
			return
		}
		ip := netip.AddrFrom16([16]byte(b))
		if !webhook.Public(ip) {
			return
		}
		// What the standard library knows of is known here as well.
		for _, is := range []netip.Addr{ip.Unmap(), netip.AddrFrom4([4]byte(b[12:]))} {
			if is.Is4() && !ip.Is4In6() && !netip.MustParsePrefix("64:ff9b::/96").Contains(ip) {
				continue // the end of an address of another kind
			}
			if !is.IsGlobalUnicast() || is.IsPrivate() || is.IsLoopback() || is.IsLinkLocalUnicast() {
				t.Errorf("%s is public", ip)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, header := range []string{"", "0", "120", "-1", "1e3", "99999999999999999999", "Mon, 02 Mar 2026 12:10:00 GMT", "Mon, 02 Mar 2020 12:10:00 GMT", "soon"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := webhook.RetryAfter(header, now); got < 0 || got > time.Hour {
			t.Errorf("%q means %v", header, got)
		}
	})
}

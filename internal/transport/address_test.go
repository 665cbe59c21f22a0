package transport

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// proxies are those that the tests trust.
var proxies = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("2001:db8:1::/48"), netip.MustParsePrefix("fe80::/64"),
}

func from(peer string, forwardedFor ...string) *http.Request {
	return &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": forwardedFor}}
}

func TestClientAddress(t *testing.T) {
	const proxy = "10.0.0.1:4000"
	for _, row := range []struct {
		name string
		r    *http.Request
		want string // empty: nobody knows
	}{
		{"peer", from("192.0.2.1:4000"), "192.0.2.1"},
		{"peer that is no proxy", from("192.0.2.1:4000", "198.51.100.1"), "192.0.2.1"},
		{"peer by IPv6", from("[2001:db8:2:3:4:5:6:7]:4000"), "2001:db8:2:3::"},
		{"peer by IPv4 in IPv6", from("[::ffff:192.0.2.1]:4000"), "192.0.2.1"},
		{"peer with a zone", from("[fe80:0:0:1::5%eth0]:4000"), "fe80:0:0:1::"},
		{"peer by a socket of the file system", from("@", "192.0.2.1"), ""},
		{"no peer", from("", "192.0.2.1"), ""},

		{"proxy", from(proxy, "192.0.2.1"), "192.0.2.1"},
		{"proxy by IPv6", from("[::1]:4000", "192.0.2.1"), "192.0.2.1"},
		{"proxy by IPv4 in IPv6", from("[::ffff:10.0.0.1]:4000", "192.0.2.1"), "192.0.2.1"},
		{"proxy with a zone", from("[fe80::1%eth0]:4000", "192.0.2.1"), "192.0.2.1"},
		{"proxy behind proxies", from(proxy, "192.0.2.1, 10.0.0.2,[2001:db8:1::7]:80"), "192.0.2.1"},
		{"what is left of the client", from(proxy, "198.51.100.1, 192.0.2.1, 10.0.0.2"), "192.0.2.1"},
		{"rubbish left of the client", from(proxy, "<script>,,, 192.0.2.1"), "192.0.2.1"},
		{"a proxy's address left of the client", from(proxy, "127.0.0.1, 192.0.2.1"), "192.0.2.1"},
		{"several lines", from(proxy, "198.51.100.1, 198.51.100.2", "192.0.2.1", "10.0.0.2,10.0.0.3"), "192.0.2.1"},
		{"spaces", from(proxy, " \t192.0.2.1\t , \t10.0.0.2 "), "192.0.2.1"},
		{"port", from(proxy, "192.0.2.1:567"), "192.0.2.1"},
		{"IPv6", from(proxy, "2001:db8:2:3::5"), "2001:db8:2:3::"},
		{"IPv6 in brackets", from(proxy, "[2001:db8:2:3::5]"), "2001:db8:2:3::"},
		{"IPv6 with a port", from(proxy, "[2001:db8:2:3::5]:567"), "2001:db8:2:3::"},
		{"IPv6 with a zone", from(proxy, "2001:db8:2:3::5%eth0"), "2001:db8:2:3::"},
		{"IPv4 in IPv6", from(proxy, "::ffff:192.0.2.1"), "192.0.2.1"},
		{"a proxy's IPv4 in IPv6", from(proxy, "192.0.2.1, ::ffff:10.0.0.2"), "192.0.2.1"},
		{"IPv4 in IPv6 with a port", from(proxy, "[::ffff:192.0.2.1]:567"), "192.0.2.1"},
		{"as many hops as are followed", from(proxy, "192.0.2.1"+strings.Repeat(",10.0.0.2", 99)), "192.0.2.1"},
		{"more left of the client than is followed", from(proxy, strings.Repeat("198.51.100.1,", 1000)+"192.0.2.1"), "192.0.2.1"},

		{"proxy for nobody", from(proxy), ""},
		{"proxy for an empty list", from(proxy, ""), ""},
		{"proxy for proxies", from(proxy, "10.0.0.2, 10.0.0.3"), ""},
		{"unknown", from(proxy, "192.0.2.1, unknown"), ""},
		{"unknown behind a proxy", from(proxy, "192.0.2.1, unknown, 10.0.0.2"), ""},
		{"nothing behind the last comma", from(proxy, "192.0.2.1,"), ""},
		{"nothing in the last line", from(proxy, "192.0.2.1", ""), ""},
		{"name", from(proxy, "reader.example"), ""},
		{"port that is too high", from(proxy, "192.0.2.1:65536"), ""},
		{"port that is empty", from(proxy, "192.0.2.1:"), ""},
		{"IPv4 in brackets", from(proxy, "[192.0.2.1]"), ""},
		{"bracket without end", from(proxy, "[2001:db8:2::5"), ""},
		{"bracket without beginning", from(proxy, "2001:db8:2::5]"), ""},
		{"two brackets", from(proxy, "[[2001:db8:2::5]]"), ""},
		{"IPv4 with leading zeros", from(proxy, "192.0.2.01"), ""},
		{"network", from(proxy, "192.0.2.0/24"), ""},
		{"more hops than are followed", from(proxy, "192.0.2.1"+strings.Repeat(",10.0.0.2", 100)), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr, ok := clientAddress(row.r, proxies)
			got := ""
			if ok {
				got = addr.String()
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestClientAddressWithoutProxies(t *testing.T) {
	addr, ok := clientAddress(from("127.0.0.1:4000", "192.0.2.1"), nil)
	if !ok || addr.String() != "127.0.0.1" {
		t.Errorf("got %s, %t, want 127.0.0.1", addr, ok)
	}
}

// Where only the one address of a /64 is a proxy, others of it are not; they are
// told by the first address of it, which may be the proxy's.
func TestClientAddressBesideAProxy(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("2001:db8:2:3::/128")}
	addr, ok := clientAddress(from("[2001:db8:2:3::5]:4000", "192.0.2.1"), trusted)
	if !ok || addr.String() != "2001:db8:2:3::" {
		t.Errorf("got %s, %t, want 2001:db8:2:3::", addr, ok)
	}
}

// Nobody chooses their own address: it is the peer's, unless that is a proxy, and
// then nothing that a client puts before what the proxies write changes it.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range [][3]string{
		{"192.0.2.1:4000", "198.51.100.1", ""},
		{"10.0.0.1:4000", "198.51.100.1, 192.0.2.1", "10.0.0.2"},
		{"[::1]:4000", "unknown,,", " [2001:db8:2:3::5]:567\t,[2001:db8:1::1]"},
		{"[fe80::1%eth0]:4000", "::ffff:192.0.2.1", "::ffff:10.0.0.1"},
		{"[::ffff:10.0.0.1]:4000", "fe80::1%a,b", "[fe80::1%a]:5"},
		{"@", "192.0.2.1", "\x00"},
		{"10.0.0.1:4000", "192.0.2.1" + strings.Repeat(",10.0.0.2", 101), "127.0.0.1"},
		{"10.0.0.1:4000", "[", "]"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		addr, ok := clientAddress(from(peer, first, second), proxies)
		if !ok {
			if addr.IsValid() {
				t.Errorf("got %s though nobody knows", addr)
			}
			return
		}
		// Each of proxies has whole networks of 64 bits, or no first address of one.
		if !addr.IsValid() || addr.Zone() != "" || addr.Is4In6() || isTrusted(addr, proxies) {
			t.Errorf("got %s", addr)
		}
		if addr.Is6() && addr != netip.PrefixFrom(addr, 64).Masked().Addr() {
			t.Errorf("got %s, which is not the first of its network", addr)
		}
		for _, spoofed := range [][]string{
			{first + "," + second}, {"203.0.113.9", first, second}, {"10.0.0.9, 203.0.113.9," + first, second}, {"rubbish", "," + first, second},
		} {
			if got, ok := clientAddress(from(peer, spoofed...), proxies); !ok || got != addr {
				t.Errorf("with %q: got %s, %t, want %s", spoofed, got, ok, addr)
			}
		}
		if alone, ok := clientAddress(from(peer), proxies); ok && alone != addr {
			t.Errorf("the header turns %s into %s", alone, addr)
		}
	})
}

var (
	marie = netip.MustParseAddr("192.0.2.1")
	paul  = netip.MustParseAddr("192.0.2.2")
)

func TestAdmissionRefuses(t *testing.T) {
	for _, row := range []struct {
		name                       string
		max, maxPerAddress, maxNew int
		before                     func(*admission) // marie is in twice already
		from                       netip.Addr
		known                      bool
		want                       string
	}{
		{"below every limit", 3, 3, 3, nil, marie, true, ""},
		{"too many", 2, 3, 3, nil, paul, true, "total"},
		{"too many of nobody knows whom", 2, 3, 3, nil, netip.Addr{}, false, "total"},
		{"too many of one address", 3, 2, 3, nil, marie, true, "address"},
		{"another address", 3, 2, 3, nil, paul, true, ""},
		{"no known address", 3, 2, 3, nil, marie, false, ""},
		{"too many new", 3, 3, 2, nil, paul, true, "handshakes"},
		{"too many, and new, and of one address", 2, 2, 2, nil, marie, true, "total"},
		{"too many new, and of one address", 3, 2, 2, nil, marie, true, "address"},
		{"no limits", 0, 0, 0, nil, marie, true, ""},
		{"one has introduced itself", 3, 3, 2, (*admission).introduced, paul, true, ""},
		{"one has left", 2, 2, 2, func(a *admission) { a.leave(marie, true, false) }, marie, true, ""},
		{"one has introduced itself and left", 2, 2, 2, func(a *admission) { a.introduced(); a.leave(marie, true, true) }, marie, true, ""},
		{"one that had not introduced itself has left", 3, 3, 2, func(a *admission) { a.introduced(); a.leave(marie, true, true); a.enter(paul, true) }, paul, true, "handshakes"},
		{"closed", 9, 9, 9, (*admission).close, paul, true, "draining"},
		{"closed and full", 2, 2, 2, (*admission).close, marie, true, "draining"},
		{"closed twice", 9, 9, 9, func(a *admission) { a.close(); a.close() }, paul, true, "draining"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAdmission(row.max, row.maxPerAddress, row.maxNew)
			for range 2 {
				if refused := a.enter(marie, true); refused != "" {
					t.Fatalf("refused because of %q", refused)
				}
			}
			if row.before != nil {
				row.before(a)
			}
			want := a.open()
			if row.want == "" {
				want++
			}
			if got := a.enter(row.from, row.known); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got := a.open(); got != want {
				t.Errorf("%d are open, want %d", got, want)
			}
		})
	}
}

// Who comes and goes leaves nothing behind, however many come at once.
func TestAdmissionForgets(t *testing.T) {
	a := newAdmission(50, 5, 20)
	var everybody sync.WaitGroup
	for i := range 200 {
		everybody.Go(func() {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 20)})
			known, introduced := i%3 != 0, i%2 == 0
			if a.enter(addr, known) != "" {
				return
			}
			if introduced {
				a.introduced()
			}
			if n := a.open(); n < 1 || n > 50 {
				t.Errorf("%d are open, want 1 to 50", n)
			}
			a.leave(addr, known, introduced)
		})
	}
	everybody.Wait()
	if a.open() != 0 || a.new != 0 || len(a.byAddress) != 0 {
		t.Errorf("%d are open, %d new, %d addresses are kept; want none", a.open(), a.new, len(a.byAddress))
	}
}

func TestAdmissionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(9, 9, 9)
		if err := a.wait(t.Context()); err != nil {
			t.Errorf("nobody is in: got %v", err)
		}
		a.enter(marie, true)
		a.enter(paul, true)
		a.close()
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- a.wait(t.Context()) }()
		}
		a.leave(marie, true, false)
		synctest.Wait()
		if len(done) > 0 {
			t.Error("one is in still, and nobody waits")
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		const want = "wait for 1 connections to close: context deadline exceeded"
		if err := a.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}

		a.leave(paul, true, false)
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("got %v when all had left", err)
			}
		}
		if err := a.wait(ctx); err != nil {
			t.Errorf("got %v when all had left before", err)
		}
	})
}

// Where it is not closed, people go on coming and going when the wait is over.
func TestAdmissionGoesOnAfterAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(9, 9, 9)
		done := make(chan error)
		for range 2 {
			a.enter(marie, true)
			go func() { done <- a.wait(t.Context()) }()
			synctest.Wait()
			a.leave(marie, true, false)
			if err := <-done; err != nil {
				t.Errorf("got %v when all had left", err)
			}
			a.enter(paul, true)
			a.leave(paul, true, false)
		}
	})
}

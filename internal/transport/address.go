package transport

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many proxies are followed back to a client.
const maxHops = 100

// clientAddress tells from which address a request comes: the peer's, or, where
// the peer is a trusted proxy, the last address in X-Forwarded-For that is not
// one. What stands left of that anybody may have written. An IPv6 address is told
// as the first one of its /64, all of which one customer has. ok is false when a
// trusted proxy does not say for whom it asks, or says rubbish.
func clientAddress(r *http.Request, trusted []netip.Prefix) (addr netip.Addr, ok bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	if addr = bare(peer.Addr()); !isTrusted(addr, trusted) {
		return counted(addr), true
	}
	hops := 0
	for word := range forwardedFor(r.Header) {
		addr, ok := hopAddress(word)
		if hops++; !ok || hops > maxHops {
			break
		}
		if !isTrusted(addr, trusted) {
			return counted(addr), true
		}
	}
	return netip.Addr{}, false
}

// forwardedFor goes through X-Forwarded-For from the nearest hop to the farthest.
// Several lines of a field are one list (RFC 9110, section 5.3).
func forwardedFor(h http.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, list := range slices.Backward(h["X-Forwarded-For"]) {
			for more := true; more; {
				word := list
				comma := strings.LastIndexByte(list, ',')
				if more = comma >= 0; more {
					list, word = list[:comma], list[comma+1:]
				}
				if !yield(strings.Trim(word, " \t")) {
					return
				}
			}
		}
	}
}

// hopAddress reads an address as proxies write them: alone, with a port, or in
// the brackets of IPv6.
func hopAddress(word string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(word); err == nil {
		return bare(at.Addr()), true
	}
	inside, bracket := strings.CutPrefix(word, "[")
	if bracket {
		inside, bracket = strings.CutSuffix(inside, "]")
		if !bracket {
			return netip.Addr{}, false
		}
	}
	addr, err := netip.ParseAddr(inside)
	return bare(addr), err == nil && (!bracket || addr.Is6())
}

// bare is addr in the form in which it is in a network: no network has zones,
// nor IPv4 in the dress of IPv6.
func bare(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// counted is the address under which addr is counted.
func counted(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr
}

package webhooks

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/entitled-dev/entitled/ports"
)

// notPublic are the IPv4 networks that are somebody's own, or nobody's: IANA's registry of
// special-purpose addresses.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)

// Of IPv6 only this is public, without what within it is for documents, or leads to an IPv4
// address that is not seen (Teredo, 6to4). So is none by NAT64, 64:ff9b::/96.
var (
	global    = netip.MustParsePrefix("2000::/3")
	notGlobal = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func public(addr netip.Addr) bool {
	if addr.Is4() {
		return !within(addr, notPublic)
	}
	return global.Contains(addr) && !within(addr, notGlobal)
}

// fault says why nothing is sent to an address; empty: it is.
func (c Config) fault(addr netip.Addr, plain bool) string {
	addr = addr.Unmap().WithZone("")
	switch {
	case c.AllowPrivate || within(addr, c.Allow):
		return ""
	case !public(addr):
		return fmt.Sprintf("%s is no public address: name one that is, or allow it by WEBHOOKS_ALLOW_PRIVATE", addr)
	case plain:
		return "https is needed, as the address is public: http will do only in the networks that WEBHOOKS_ALLOW_PRIVATE names"
	default:
		return ""
	}
}

// Check implements [ports.Sender].
func (s *Sender) Check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return refused("it is no address such as https://app.example.com/hooks")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return refused("it is an address such as https://app.example.com/hooks")
	case u.User != nil:
		return refused("it has a user name or a password: a receiver knows us by the signature")
	case u.Fragment != "":
		return refused("it ends in a fragment, which is not sent: leave out what follows the #")
	case u.Scheme == "http" && !s.config.AllowPrivate && len(s.config.Allow) == 0:
		return refused("https is needed, as what is sent is personal: http will do only for a receiver in a network of your own that WEBHOOKS_ALLOW_PRIVATE names")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		if fault := s.config.fault(addr, u.Scheme == "http"); fault != "" {
			return refused(fault)
		}
		return nil
	}
	if !s.config.AllowPrivate && len(s.config.Allow) == 0 && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		return refused("localhost is no public address: name one that is, or allow it by WEBHOOKS_ALLOW_PRIVATE")
	}
	return nil
}

func refused(why string) error { return fmt.Errorf("%w: %s", ports.ErrAddressRefused, why) }

// plainKey marks the context of what is sent without TLS.
type plainKey struct{}

// control looks at the address that a name has led to, just before it is connected to: what
// the name leads to at any other time does not count.
func (s *Sender) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return refused(err.Error())
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return refused(err.Error())
	}
	plain, _ := ctx.Value(plainKey{}).(bool)
	if fault := s.config.fault(addr, plain); fault != "" {
		return refused(fault)
	}
	return nil
}

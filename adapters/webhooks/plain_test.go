package webhooks

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/entitled-dev/entitled/ports"
)

// Ensure that nothing is sent in the clear to a public address, however the scheme is written,
// where http is taken since a network of one's own is allowed.
func TestSend_NothingPublicWithoutTLS(t *testing.T) {
	t.Parallel()
	errLetThrough := errors.New("the address is let through")
	for _, url := range []string{"http://app.example.com/hooks", "HTTP://app.example.com/hooks", "Http://app.example.com/hooks"} {
		sender := NewSender(Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		sender.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			if err := sender.control(ctx, network, "93.184.216.34:80", nil); err != nil { // what the name leads to
				return nil, err
			}
			return nil, errLetThrough
		}
		_, err := sender.Send(t.Context(), ports.Letter{URL: url, ID: "msg_1", Body: []byte("{}"), Secrets: []string{sender.NewSecret()}})
		if !errors.Is(err, ports.ErrAddressRefused) {
			t.Errorf("%s: %v, want ErrAddressRefused", url, err)
		}
	}
}

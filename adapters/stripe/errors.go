package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/ports"
)

// translate turns what stripe-go returned into one of the port's errors. By the
// HTTP status first: Stripe has no error types for a bad key, a missing
// permission, a missing object or too many requests.
//
// The words are for our log. Of Stripe's own error nothing is wrapped, so that
// what is not said here cannot be printed by anybody further up.
func translate(ctx context.Context, c call, err error) error {
	var said *stripe.Error
	if errors.As(err, &said) {
		return translateAnswer(c, said)
	}
	switch {
	case errors.Is(context.Cause(ctx), errTooSlow):
		return fmt.Errorf("%w: %s: %w", ports.ErrGatewayBusy, c.does, errTooSlow)
	case left(ctx, c) != nil:
		return left(ctx, c)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s: %w", ports.ErrGatewayBusy, c.does, ctx.Err())
	}
	// Anything that is not from the network comes with a sample of the body.
	reason := "the answer is not JSON, so it is not Stripe's: look at proxies between"
	var network *url.Error
	if errors.As(err, &network) {
		reason = network.Err.Error()
	}
	return fmt.Errorf("%w: %s: %s", ports.ErrGatewayBusy, c.does, reason)
}

// left is the error for a caller who no longer waits, nil for one who does.
func left(ctx context.Context, c call) error {
	if !errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: %w", c.does, context.Canceled)
}

func translateAnswer(c call, said *stripe.Error) error {
	switch status := said.HTTPStatusCode; {
	case status == http.StatusUnauthorized:
		// Stripe's message quotes a part of the key.
		return fmt.Errorf("%w: %s: %s: check STRIPE_SECRET_KEY", ports.ErrGatewayDenied, c.does, summary(said))
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: %s: %s: the key lacks the permission for this call", ports.ErrGatewayDenied, c.does, summary(said))
	case status >= http.StatusInternalServerError && isReplayed(said.LastResponse):
		// Stripe remembers for a day that it failed under this key: the same call
		// would only hear so again.
		return refused(c, summary(said)+": this is the answer to an earlier call with the same idempotency key")
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ports.ErrGatewayBusy, c.does, summary(said))
	case isCustomerGone(said):
		return fmt.Errorf("%w: %s: %s", ports.ErrCustomerGone, c.does, summary(said))
	case status == http.StatusNotFound && said.Code == stripe.ErrorCodeResourceMissing:
		return fmt.Errorf("%w: %s: %s", ports.ErrNotFound, c.does, summary(said))
	default:
		return refused(c, summary(said)+": "+printed(said.Msg))
	}
}

// isCustomerGone tells whether a call was refused because of the customer that it
// names. Of a deleted one Stripe says the same as of one that never was; the
// words count too, as not every such answer has a code.
func isCustomerGone(said *stripe.Error) bool {
	if said.HTTPStatusCode != http.StatusBadRequest && said.HTTPStatusCode != http.StatusNotFound {
		return false
	}
	return said.Code == stripe.ErrorCodeResourceMissing && said.Param == "customer" ||
		strings.HasPrefix(said.Msg, "No such customer")
}

func refused(c call, why string) error {
	return fmt.Errorf("%w: %s: %s", ports.ErrGatewayRefused, c.does, why)
}

// unusable is an answer that is JSON and not what was asked for.
func unusable(c call, got answer, why string) error {
	return fmt.Errorf("%w: %s: %s (request %s)", ports.ErrGatewayBusy, c.does, why, got.requestID)
}

// summary is what an answer says in fixed words.
func summary(said *stripe.Error) string {
	var s strings.Builder
	fmt.Fprintf(&s, "stripe answers %d", said.HTTPStatusCode)
	for _, part := range []struct{ name, value string }{
		{"", string(said.Type)}, {"", string(said.Code)}, {"param ", said.Param}, {"request ", said.RequestID},
	} {
		if part.value != "" {
			fmt.Fprintf(&s, ", %s%s", part.name, printed(part.value))
		}
	}
	return s.String()
}

var secrets = regexp.MustCompile(`\b(sk|rk|pk|whsec)_[^\s'"]*`)

// printed makes a word from outside fit for a line of the log.
func printed(s string) string {
	const limit = 300
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, secrets.ReplaceAllString(s, "$1_***"))
}

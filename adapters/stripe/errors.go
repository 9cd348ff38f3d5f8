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
		return fmt.Errorf("%w: %s: %s: the key lacks the permission for this call%s", ports.ErrGatewayDenied, c.does, summary(said), permission(said.Msg))
	case status >= http.StatusInternalServerError && isReplayed(said.LastResponse):
		// Stripe remembers for a day that it failed under this key: the same call
		// would only hear so again.
		return refused(c, summary(said)+": this is the answer to an earlier call with the same idempotency key")
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ports.ErrGatewayBusy, c.does, summary(said))
	}
	switch {
	case said.Type == stripe.ErrorTypeIdempotency:
		return fmt.Errorf("%w: %s: %s", ports.ErrKeyMismatch, c.does, summary(said))
	case said.HTTPStatusCode == http.StatusPaymentRequired && charges(c):
		return unpaid(c, said)
	case said.Code == codeNoneUpcoming:
		return fmt.Errorf("%w: %s: %s", errNoneUpcoming, c.does, summary(said))
	}
	switch kind := refusalOf(c, said); {
	case errors.Is(kind, ports.ErrPaymentFailed):
		return unpaid(c, said)
	case kind != nil:
		return fmt.Errorf("%w: %s: %s: %s", kind, c.does, summary(said), printed(said.Msg))
	}
	if said.HTTPStatusCode == http.StatusNotFound && said.Code == stripe.ErrorCodeResourceMissing {
		return fmt.Errorf("%w: %s: %s", ports.ErrNotFound, c.does, summary(said))
	}
	return refused(c, summary(said)+": "+printed(said.Msg))
}

// charges tells whether a call may charge somebody: what else was not paid, such as a session or a
// refund, no other card of the buyer's would mend.
func charges(c call) bool {
	return c.method != http.MethodGet && strings.HasPrefix(c.path, "/v1/subscription")
}

// errDeclinedBefore is an [ports.ErrPaymentFailed] that is the answer to an earlier call.
var errDeclinedBefore = fmt.Errorf("%w: an earlier call with this key was not", ports.ErrPaymentFailed)

func unpaid(c call, said *stripe.Error) error {
	kind := ports.ErrPaymentFailed
	if isReplayed(said.LastResponse) {
		kind = errDeclinedBefore
	}
	return fmt.Errorf("%w: %s: %s", kind, c.does, summary(said))
}

// codeNoneUpcoming is what Stripe answers where there will be no further invoice.
const codeNoneUpcoming stripe.ErrorCode = "invoice_upcoming_none"

var errNoneUpcoming = fmt.Errorf("%w: no invoice is to come", ports.ErrNotFound)

// permissionName is how Stripe names what a restricted key may do, such as
// rak_product_read.
var permissionName = regexp.MustCompile(`\brak_[a-z_]+`)

// permission is the one that a message says is lacking. The rest of the message
// quotes a part of the key.
func permission(message string) string {
	if name := permissionName.FindString(message); name != "" {
		return ": " + name
	}
	return ""
}

// refusals tell what a refusal is about; the first that matches counts. Stripe has
// codes for few of them: the parameter or the words have to tell.
var refusals = []struct {
	kind  error
	code  stripe.ErrorCode // empty: any
	param string           // empty: any
	says  string           // what the message contains; empty: anything
	names bool             // only of a call that names the currency that is to be paid in
}{
	// Of a deleted customer Stripe says the same as of one that never was.
	{kind: ports.ErrCustomerGone, code: stripe.ErrorCodeResourceMissing, param: "customer"},
	{kind: ports.ErrCustomerGone, says: "No such customer"},
	// There is nothing to pay with.
	{kind: ports.ErrPaymentFailed, says: "no attached payment source"},
	{kind: ports.ErrCurrencyLocked, says: "combine currencies on a single customer"},
	// The expected one is what was asked for, else the customer's.
	{kind: ports.ErrCurrencyRefused, says: "doesn't match the expected currency", names: true},
	{kind: ports.ErrCurrencyRefused, says: "doesn't include the expected currency", names: true},
	{kind: ports.ErrCurrencyLocked, says: "doesn't match the expected currency"},
	{kind: ports.ErrCurrencyLocked, says: "doesn't include the expected currency"},
	{kind: ports.ErrCurrencyRefused, param: "currency"},
	{kind: ports.ErrQuantityRefused, code: stripe.ErrorCodeAmountTooLarge},
	{kind: ports.ErrQuantityRefused, param: "line_items[0][quantity]"},
	{kind: ports.ErrPriceRefused, param: "line_items[0][price]"},
	{kind: ports.ErrPriceRefused, param: "mode"}, // the price is recurring and the mode is not, or the other way round
	{kind: ports.ErrPriceRefused, says: "No such price"},
	{kind: ports.ErrPriceRefused, says: "price specified is inactive"},
	{kind: ports.ErrPriceRefused, says: "is marked as inactive"}, // its product
	{kind: ports.ErrPriceRefused, says: "recurring price"},
	{kind: ports.ErrBuyerRefused, code: stripe.ErrorCodeEmailInvalid},
	{kind: ports.ErrBuyerRefused, param: "email"},
	{kind: ports.ErrLocaleRefused, param: "locale"},
	{kind: ports.ErrLocaleRefused, says: "Invalid locale"},
	{kind: ports.ErrReturnURLRefused, param: "success_url"},
	{kind: ports.ErrReturnURLRefused, param: "cancel_url"},
	{kind: ports.ErrReturnURLRefused, param: "return_url"},
}

// refusalOf is what the refusal of a request is about, nil for one that is about
// nothing in particular. What is missing of a question is what was asked for.
func refusalOf(c call, said *stripe.Error) error {
	status := said.HTTPStatusCode
	if c.method == http.MethodGet || status != http.StatusBadRequest && status != http.StatusNotFound {
		return nil
	}
	for _, r := range refusals {
		about := (r.code == "" || r.code == said.Code) && (r.param == "" || r.param == said.Param) && strings.Contains(said.Msg, r.says)
		if about && (!r.names || namesCurrency(c)) {
			return r.kind
		}
	}
	return nil
}

// namesCurrency tells whether a call names the currency that is to be paid in.
func namesCurrency(c call) bool {
	session, is := c.params.(*stripe.CheckoutSessionParams)
	return is && session.Currency != nil
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

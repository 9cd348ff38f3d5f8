package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// What a request can get wrong before it reaches a use case.
var (
	errWrongHost   = errors.New("this server is not reached by the name in the request's Host: use one of its own")
	errMalformed   = errors.New("malformed request")
	errNameUser    = errors.New("a service key has to name the user in user_id")
	errBuyerOfUser = errors.New("email and name may be said with a service key alone: a user's own are those of the token, where AUTH_EMAIL_CLAIM and AUTH_NAME_CLAIM are set")
	errOtherUser   = errors.New("a user may only name itself in user_id")
	errForbidden   = errors.New("the caller's role may not do this")
	errNoRoute     = errors.New("no such path")
	errSlashes     = errors.New("slashes too many")
	errMethod      = errors.New("method not allowed")
	errTooLarge    = errors.New("body too large")
	errSlowBody    = errors.New("body came too slowly")
	errMediaType   = errors.New("send the body as application/json")
	errRateLimited = errors.New("too many requests")
	errUnsigned    = errors.New("the Stripe-Signature header is missing: Stripe sends it with every event, and a proxy must not take it away")
	// errSignatureForm: no body could make it a valid one.
	errSignatureForm = errors.New("the Stripe-Signature header is not of Stripe's form, a time t and a signature v1")
	// errNeverReceived follows the event's id.
	errNeverReceived = errors.New("GET /api/admin/events lists what was")
	// errCheckoutOver: the repeated checkout has no page to send the buyer to.
	errCheckoutOver = errors.New("the checkout that this Idempotency-Key began is over")
)

// What is ours to solve.
var (
	errNotReady = errors.New("not ready")
	// errOverloaded: there is no room for another body.
	errOverloaded = errors.New("too many bodies at a time")
	// errNotProcessed: a webhook failed in a way that its sender cannot help.
	errNotProcessed = errors.New("webhook not processed")
	errInternal     = errors.New("internal error")
)

// answer is what a client hears of an error.
type answer struct {
	err    error
	status int
	code   string // for programs; listed in openapi.yaml
	title  string
	detail wording
}

// wording makes the detail of a problem out of an error; nil makes none.
type wording func(err, of error) string

// ownWords are the error's own, without what was being done when it arose.
func ownWords(err, of error) string {
	text := err.Error()
	return text[max(strings.Index(text, of.Error()), 0):]
}

// allWords are those of the error and of what was being done.
func allWords(err, _ error) string { return err.Error() }

func say(text string) wording { return func(error, error) string { return text } }

const (
	operator   = "an operator has to look at the log"
	statusGone = 499 // who asked is gone: only the access log sees it
	// checkoutRest is after how long somebody who began too many checkouts may try
	// again: their number is counted over a day, so seconds would be of no use.
	checkoutRest = time.Hour
)

// answers has one row per error; the first that matches counts. An error without
// a row is internal.
var answers = []answer{
	{errNotProcessed, http.StatusInternalServerError, "internal", "Internal error", nil},

	{ports.ErrGatewayDenied, http.StatusBadGateway, "payment_provider_denied", "Payment provider refuses our key", say(operator)},
	{app.ErrProviderMismatch, http.StatusBadGateway, "payment_provider_mismatch", "Payment provider does not know the user's customer", ownWords},
	{ports.ErrCustomerGone, http.StatusBadGateway, "payment_provider_refused", "Payment provider refuses", say(operator)},
	{ports.ErrPriceRefused, http.StatusBadGateway, "price_not_sold", "Price not for sale", say(operator)},
	{ports.ErrCurrencyLocked, http.StatusConflict, "currency_locked", "User pays in another currency", say("Stripe takes one currency from a customer at a time, and this user has a subscription, an open checkout or an invoice in another: " +
		"choose a price in that currency, or wait until what there is has ended")},
	{ports.ErrCurrencyRefused, http.StatusUnprocessableEntity, "currency_not_sold", "Price not sold in this currency", say("Stripe does not sell this price in this currency: choose another, or leave it out")},
	{app.ErrCurrencyNotSold, http.StatusUnprocessableEntity, "currency_not_sold", "Price not sold in this currency", ownWords},
	{ports.ErrBuyerRefused, http.StatusUnprocessableEntity, "email_not_accepted", "E-mail address not accepted", say("Stripe does not take this e-mail address: correct it, or leave it out")},
	{ports.ErrLocaleRefused, http.StatusUnprocessableEntity, "locale_not_supported", "Locale not supported", say("Stripe's page does not have this locale: send auto, or leave it out")},
	{ports.ErrQuantityRefused, http.StatusUnprocessableEntity, "quantity_not_sold", "Quantity not for sale", say("Stripe does not sell this quantity at this price: ask for less")},
	{ports.ErrReturnURLRefused, http.StatusUnprocessableEntity, "return_url_not_allowed", "Return URL not allowed", say("Stripe does not accept this success_url or cancel_url")},
	{ports.ErrScheduledElsewhere, http.StatusConflict, "scheduled_elsewhere", "Scheduled elsewhere", say("a subscription schedule that was made elsewhere, as in Stripe's dashboard, governs this subscription: change it there, or release it first")},
	{ports.ErrChangedMeanwhile, http.StatusConflict, "changed_meanwhile", "Changed meanwhile", say("another request has changed the subscription at the same time: look how it stands, and ask again")},
	// A resumption that was not paid is both: what is paused still is told first.
	{app.ErrPaymentDue, http.StatusConflict, "payment_due", "Payment due", ownWords},
	{ports.ErrPaymentFailed, http.StatusConflict, "payment_due", "Payment due", say("there is nothing to pay with, or it was declined: POST /api/portal with flow payment_method_update leads to where another card is given")},
	{ports.ErrKeyMismatch, http.StatusUnprocessableEntity, "idempotency_key_reused", "Idempotency key reused", say("the key came with another request: use a new key")},
	{ports.ErrGatewayRefused, http.StatusBadGateway, "payment_provider_refused", "Payment provider refuses", say(operator)},
	{app.ErrPriceNotSold, http.StatusBadGateway, "price_not_sold", "Price not for sale", say(operator)},

	{app.ErrClosing, http.StatusServiceUnavailable, "shutting_down", "Shutting down", nil},
	{ports.ErrLocked, http.StatusServiceUnavailable, "unavailable", "Temporarily unavailable", say("the same request may be made again")},
	{ports.ErrUnavailable, http.StatusServiceUnavailable, "unavailable", "Temporarily unavailable", say("the same request may be made again")},
	{ports.ErrGatewayAway, http.StatusServiceUnavailable, "payment_provider_busy", "Payment provider not available", say("the same request may be made again")},
	{ports.ErrGatewayBusy, http.StatusServiceUnavailable, "payment_provider_busy", "Payment provider not available", say("the same request may be made again")},
	{ports.ErrKeysUnavailable, http.StatusServiceUnavailable, "keys_unavailable", "Credentials cannot be checked now", nil},
	{errOverloaded, http.StatusServiceUnavailable, "overloaded", "Too much at a time", say("the same request may be made again")},
	{errNotReady, http.StatusServiceUnavailable, "not_ready", "Not ready", allWords},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "timeout", "Took too long", nil},
	{context.Canceled, statusGone, "canceled", "Canceled by the client", nil},

	{ports.ErrNoCredentials, http.StatusUnauthorized, "unauthenticated", "Authentication required", say("send Authorization: Bearer with a service key or a user's token")},
	{ports.ErrBadCredentials, http.StatusUnauthorized, "bad_credentials", "Credentials not valid", say("the key or token is unknown, malformed or expired; the service's log says which")},
	{ports.ErrCrossOrigin, http.StatusForbidden, "cross_origin", "Cross-origin request refused", ownWords},
	{errForbidden, http.StatusForbidden, "forbidden", "Not allowed", ownWords},
	{errBuyerOfUser, http.StatusForbidden, "other_user", "Not allowed for another user", ownWords},
	{errOtherUser, http.StatusForbidden, "other_user", "Not allowed for another user", ownWords},

	{errUnsigned, http.StatusBadRequest, "bad_signature", "Signature is missing", ownWords},
	{errSignatureForm, http.StatusBadRequest, "bad_signature", "Signature is malformed", ownWords},
	{ports.ErrBadSignature, http.StatusBadRequest, "bad_signature", "Signature does not verify", say("the signing secret is another endpoint's (STRIPE_WEBHOOK_SECRET), the body was changed on its way, or a clock is wrong")},
	{ports.ErrThinEvent, http.StatusBadRequest, "thin_event", "Thin event", say("send snapshot events to this endpoint: thin events carry no object")},
	{ports.ErrUnreadable, http.StatusBadRequest, "unreadable_event", "Not a Stripe event", nil},

	{errWrongHost, http.StatusMisdirectedRequest, "wrong_host", "Wrong host", ownWords},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too_large", "Body too large", nil},
	{errSlowBody, http.StatusRequestTimeout, "slow_body", "Body came too slowly", nil},
	{errMediaType, http.StatusUnsupportedMediaType, "unsupported_media_type", "Unsupported media type", ownWords},
	{errRateLimited, http.StatusTooManyRequests, "rate_limited", "Too many requests", nil},
	{errNameUser, http.StatusBadRequest, "user_id_required", "User id required", ownWords},
	{errMalformed, http.StatusBadRequest, "bad_request", "Malformed request", ownWords},

	{errNoRoute, http.StatusNotFound, "not_found", "Not found", say("the API is described at /api/openapi.json")},
	{errSlashes, http.StatusNotFound, "not_found", "Not found", ownWords},
	{errMethod, http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed", ownWords},
	{errNeverReceived, http.StatusNotFound, "not_found", "No such event", allWords},
	{ports.ErrNotFound, http.StatusNotFound, "not_found", "Not found", say("there is no such thing that this caller may see")},
	{app.ErrNobody, http.StatusNotFound, "not_found", "No such user", ownWords},
	{app.ErrUnknownPlan, http.StatusNotFound, "unknown_plan", "No such plan", ownWords},
	{app.ErrUnknownFeature, http.StatusNotFound, "unknown_feature", "No such feature", ownWords},

	{app.ErrTooManyCheckouts, http.StatusTooManyRequests, "too_many_checkouts", "Too many checkouts", ownWords},
	{app.ErrAlreadySubscribed, http.StatusConflict, "already_subscribed", "Already subscribed", ownWords},
	{app.ErrNotSubscribed, http.StatusConflict, "not_subscribed", "Not subscribed", ownWords},
	{app.ErrSeveralSubscriptions, http.StatusConflict, "several_subscriptions", "Several subscriptions", ownWords},
	{app.ErrNotPausable, http.StatusConflict, "not_pausable", "Not pausable", ownWords},
	{app.ErrPaused, http.StatusConflict, "subscription_paused", "Subscription is paused", ownWords},
	{app.ErrNeedsBase, http.StatusConflict, "base_plan_needed", "Base plan needed", ownWords},
	{app.ErrAddonInTheWay, http.StatusConflict, "addon_in_the_way", "An add-on is in the way", ownWords},
	{app.ErrIntervalsDiffer, http.StatusConflict, "intervals_differ", "Intervals differ", ownWords},
	{app.ErrChangePlanned, http.StatusConflict, "change_planned", "Another change is planned", ownWords},
	{app.ErrNoCustomer, http.StatusConflict, "no_customer", "Nothing bought yet", ownWords},
	{app.ErrNotInPortal, http.StatusConflict, "not_in_portal", "Not in the portal", ownWords},
	{app.ErrNothingToChange, http.StatusConflict, "nothing_to_change", "Nothing to change", ownWords},
	{app.ErrEndsAnyway, http.StatusConflict, "ends_anyway", "Ends anyway", ownWords},
	{app.ErrAlreadyHeld, http.StatusConflict, "already_held", "Already held", ownWords},
	{app.ErrCheckoutCompleted, http.StatusConflict, "checkout_completed", "An earlier checkout has just been completed", ownWords},
	{errCheckoutOver, http.StatusConflict, "checkout_over", "Checkout is over", ownWords},
	{app.ErrStillPays, http.StatusConflict, "still_pays", "Still pays", ownWords},
	{app.ErrBodyNotKept, http.StatusConflict, "body_not_kept", "Body not kept", ownWords},
	{app.ErrDeriving, http.StatusConflict, "deriving", "Rights are being derived", ownWords},
	{app.ErrReconciling, http.StatusConflict, "reconciling", "Reconciling is under way", ownWords},
	{ports.ErrConflict, http.StatusConflict, "conflict", "Conflict", nil},

	{app.ErrCursorAhead, http.StatusConflict, "cursor_ahead", "Cursor ahead of the feed", ownWords},
	{app.ErrCursorPruned, http.StatusGone, "cursor_pruned", "Cursor no longer kept", ownWords},
	{app.ErrTooManyReaders, http.StatusTooManyRequests, "too_many_readers", "Too many readers", ownWords},
	{app.ErrVersionAhead, http.StatusPreconditionFailed, "version_not_reached", "Version not reached", ownWords},

	{app.ErrKeyReused, http.StatusUnprocessableEntity, "idempotency_key_reused", "Idempotency key reused", ownWords},
	{app.ErrUnknownPrice, http.StatusUnprocessableEntity, "unknown_price", "No such price", ownWords},
	{app.ErrBadReturnURL, http.StatusUnprocessableEntity, "return_url_not_allowed", "Return URL not allowed", allWords},
	{ports.ErrAddressRefused, http.StatusUnprocessableEntity, "invalid_request", "Invalid request", ownWords},
	{app.ErrBadRequest, http.StatusUnprocessableEntity, "invalid_request", "Invalid request", ownWords},
}

// unread are the errors after which the rest of a body is not wanted: the answer does
// not wait for it.
var unread = []error{errTooLarge, errSlowBody, errOverloaded, errUnsigned, errSignatureForm}

var internal = answer{errInternal, http.StatusInternalServerError, "internal", "Internal error", nil}

// answerTo finds an error's row.
func answerTo(err error) answer {
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return a
		}
	}
	return internal
}

// ours gives a 5xx to what a webhook's sender cannot help, so that it comes again.
func ours(err error) error {
	if answerTo(err).status < http.StatusInternalServerError {
		return fmt.Errorf("%w: %w", errNotProcessed, err)
	}
	return err
}

// fromFramework translates what Echo and the generated code find wrong with a
// request's parameters and body.
func fromFramework(err error) error {
	var framework *echo.HTTPError
	if errors.As(err, &framework) && framework.Code < http.StatusInternalServerError {
		said := fmt.Sprint(framework.Message)
		name, why, ofParameter := strings.Cut(strings.TrimPrefix(said, badParameter), ": ")
		switch {
		case !ofParameter || !strings.HasPrefix(said, badParameter):
		case strings.HasSuffix(why, notGiven):
			said = name + " is missing from the query"
		case strings.HasPrefix(why, notATime):
			said = name + " " + ofTime
		case strings.Contains(why, notABoolean):
			said = name + " " + ofBoolean
		case strings.Contains(why, notANumber):
			said = name + " " + ofNumber
			if strings.HasSuffix(why, tooLarge) {
				said += notAsLarge
			}
		}
		return fmt.Errorf("%w: %s", errMalformed, said)
	}
	return err
}

// What the generated code says of a parameter that is missing, and of a time, a boolean and a number that it cannot read:
// the rest is Go's own notation, which says nothing to a client.
const (
	badParameter = "Invalid format for parameter "
	notGiven     = "' is required"
	notATime     = "error parsing '"
	notABoolean  = "strconv.ParseBool"
	notANumber   = "strconv."
	tooLarge     = "value out of range"
)

// rateLimited is errRateLimited with the time after which to come again.
type rateLimited struct{ wait time.Duration }

func (r rateLimited) Error() string      { return errRateLimited.Error() }
func (rateLimited) Is(target error) bool { return target == errRateLimited }

// level is how loud an answer is in the log: what an operator has to do something
// about is an error.
func level(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable, status == http.StatusMisdirectedRequest:
		return slog.LevelWarn // a wrong host is a name that nobody set up, or an attack
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// problem is a body of RFC 9457.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	RequestID string `json:"request_id"`
}

// handleError is the one place where an error becomes an answer.
func (s *Server) handleError(err error, c echo.Context) {
	err = fromFramework(err)
	a := answerTo(err)
	x := exchangeOf(c.Request().Context())
	if a.status == statusGone && c.Request().Context().Err() == nil {
		// Nobody left: something of ours was cut short, and may be asked again.
		a = answerTo(ports.ErrUnavailable)
	}
	x.err, x.code = err, a.code
	if c.Response().Committed {
		return
	}
	p := problem{
		Type: "urn:entitled:problem:" + a.code, Title: a.title, Status: a.status,
		Code: a.code, RequestID: x.id,
	}
	switch {
	case errors.Is(a.err, ports.ErrNotFound) && x.rule.none != "":
		p.Detail = x.rule.none
	case a.detail != nil:
		p.Detail = a.detail(err, a.err)
	}
	header := c.Response().Header()
	switch {
	case errors.Is(err, ports.ErrNoCredentials):
		header.Set(echo.HeaderWWWAuthenticate, "Bearer")
	case errors.Is(err, ports.ErrBadCredentials):
		header.Set(echo.HeaderWWWAuthenticate, `Bearer error="invalid_token"`)
	}
	var limited rateLimited
	switch {
	case errors.As(err, &limited):
		header.Set(echo.HeaderRetryAfter, seconds(limited.wait))
	case errors.Is(a.err, app.ErrTooManyReaders):
		header.Set(echo.HeaderRetryAfter, seconds(ports.RetryAfter))
	case errors.Is(a.err, app.ErrTooManyCheckouts):
		header.Set(echo.HeaderRetryAfter, seconds(checkoutRest))
	case a.status == http.StatusServiceUnavailable:
		header.Set(echo.HeaderRetryAfter, seconds(ports.RetryAfter))
	}
	if slices.Contains(unread, a.err) {
		header.Set(echo.HeaderConnection, "close")
	}
	header.Set(echo.HeaderCacheControl, "no-store")
	header.Del(echo.HeaderLocation)
	if s.config.ErrorPage != nil && wantsPage(c.Request()) {
		s.config.ErrorPage(c.Response(), c.Request(), a.status, p.Detail)
		return
	}
	header.Set(echo.HeaderContentType, "application/problem+json")
	body, _ := json.Marshal(p) // strings and a number: cannot fail
	c.Response().WriteHeader(a.status)
	_, _ = c.Response().Write(body) // who asked may be gone
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

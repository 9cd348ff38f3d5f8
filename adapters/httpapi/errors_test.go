package httpapi

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

func TestErrors_EveryExportedOneHasARow(t *testing.T) {
	t.Parallel()
	rows := rowNames(t)
	declared := 0
	for _, pkg := range []string{"domain", "ports", "app"} {
		for _, name := range errorNames(t, filepath.Join("..", "..", pkg)) {
			declared++
			if !rows[pkg+"."+name] {
				t.Errorf("%s.%s has no row in errors.go: what should a client hear of it?", pkg, name)
			}
		}
	}
	if declared < 20 {
		t.Errorf("found only %d declared errors: the search is broken", declared)
	}
}

// errorNames finds the package's exported variables named Err...
func errorNames(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			general, is := decl.(*ast.GenDecl)
			if !is || general.Tok != token.VAR {
				continue
			}
			for _, spec := range general.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(name.Name, "Err") {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// rowNames finds the errors that begin a row of answers.
func rowNames(t *testing.T) map[string]bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		row, is := n.(*ast.CompositeLit)
		if !is || len(row.Elts) == 0 {
			return true
		}
		if first, is := row.Elts[0].(*ast.SelectorExpr); is {
			names[first.X.(*ast.Ident).Name+"."+first.Sel.Name] = true
		}
		return true
	})
	return names
}

func TestErrors_Answers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
		detail string
	}{
		{fmt.Errorf("keep order: %w: use a new key", app.ErrKeyReused), 422, "idempotency_key_reused", "idempotency key was used for another request: use a new key"},
		{fmt.Errorf("success_url: %w: it is not a URL", app.ErrBadReturnURL), 422, "return_url_not_allowed", "success_url: return URL not allowed: it is not a URL"},
		{fmt.Errorf("read host db.internal: %w", ports.ErrUnavailable), 503, "unavailable", "the same request may be made again"},
		{fmt.Errorf("key rk_1: %w", ports.ErrGatewayDenied), 502, "payment_provider_denied", operator},
		{errors.Join(ports.ErrGatewayRefused, ports.ErrUnavailable), 502, "payment_provider_refused", operator},
		{fmt.Errorf("create a session: %w", ports.ErrCustomerGone), 502, "payment_provider_refused", operator},
		{app.ErrPriceNotSold, 502, "price_not_sold", operator},
		{fmt.Errorf("price_1: %w", ports.ErrPriceRefused), 502, "price_not_sold", operator},
		{errors.Join(fmt.Errorf("request req_1: %w: sk_1", ports.ErrCurrencyLocked), errors.New("sk_1")), 409, "currency_locked", "Stripe takes one currency from a customer at a time, and this user has a subscription, " +
			"an open checkout or an invoice in another: choose a price in that currency, or wait until what there is has ended"},
		{fmt.Errorf("customer cus_1: %w", app.ErrProviderMismatch), 502, "payment_provider_mismatch", app.ErrProviderMismatch.Error()},
		{ports.ErrGatewayBusy, 503, "payment_provider_busy", "the same request may be made again"},
		{app.ErrClosing, 503, "shutting_down", ""},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), 503, "timeout", ""},
		{app.ErrUnknownPlan, 404, "unknown_plan", "no such plan"},
		{app.ErrUnknownFeature, 404, "unknown_feature", "no such feature"},
		{fmt.Errorf("order ord_1 of another user: %w", ports.ErrNotFound), 404, "not_found", "there is no such thing that this caller may see"},
		{app.ErrUnknownPrice, 422, "unknown_price", "no such price"},
		{app.ErrBadRequest, 422, "invalid_request", "bad request"},
		{app.ErrAlreadySubscribed, 409, "already_subscribed", "already subscribed"},
		{app.ErrNeedsBase, 409, "base_plan_needed", "an add-on needs the plan that it is sold with"},
		{app.ErrAddonInTheWay, 409, "addon_in_the_way", "an add-on is not sold with the plan"},
		{app.ErrIntervalsDiffer, 409, "intervals_differ", "a subscription is paid for in one interval"},
		{app.ErrChangePlanned, 409, "change_planned", "another change is planned"},
		{app.ErrAlreadyHeld, 409, "already_held", "already held"},
		{fmt.Errorf("keep order: %w: come back later", app.ErrTooManyCheckouts), 429, "too_many_checkouts", "too many checkouts begun and not paid: come back later"},
		{fmt.Errorf("resume sub_1: %w: card_declined: %w: give another card", ports.ErrPaymentFailed, app.ErrPaymentDue), 409, "payment_due", "a payment is due: give another card"},
		{app.ErrCheckoutCompleted, 409, "checkout_completed", "an earlier checkout has just been completed"},
		{fmt.Errorf("customer cus_1: %w", ports.ErrConflict), 409, "conflict", ""},
		{ports.ErrNoCredentials, 401, "unauthenticated", "send Authorization: Bearer with a service key or a user's token"},
		{fmt.Errorf("%w: expired", ports.ErrBadCredentials), 401, "bad_credentials", "the key or token is unknown, malformed or expired; the service's log says which"},
		{fmt.Errorf("%w: a page of https://evil.example.com", ports.ErrCrossOrigin), 403, "cross_origin", "cross-origin request refused: a page of https://evil.example.com"},
		{ports.ErrKeysUnavailable, 503, "keys_unavailable", ""},
		{errors.New("pq: password of entitled is hunter2"), 500, "internal", ""},
	} {
		a := answerTo(c.err)
		var detail string
		if a.detail != nil {
			detail = a.detail(c.err, a.err)
		}
		if a.status != c.status || a.code != c.code || detail != c.detail {
			t.Errorf("%v: got %d %s %q, want %d %s %q", c.err, a.status, a.code, detail, c.status, c.code, c.detail)
		}
	}
}

func TestErrors_SayWhenToComeAgain(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"too many checkouts": {fmt.Errorf("keep order: %w", app.ErrTooManyCheckouts), "3600"},
		"too many requests":  {rateLimited{1500 * time.Millisecond}, "2"},
		"not available":      {ports.ErrUnavailable, "2"},
		"not allowed":        {errForbidden, ""},
	} {
		s.store.fail(c.err)
		got := s.call("POST", "/api/checkout/pro", "", as("user:ada"))
		if after := got.Header.Get("Retry-After"); got.StatusCode != answerTo(c.err).status || after != c.want {
			t.Errorf("%s: got %d, Retry-After %q, want %q: %s", name, got.StatusCode, after, c.want, got.text)
		}
	}
}

func TestErrors_AWebhooksTroubleOfOursIsNever4xx(t *testing.T) {
	t.Parallel()
	for _, a := range append([]answer{internal}, answers...) {
		err := fmt.Errorf("event evt_1: %w", a.err)
		if status := answerTo(ours(err)).status; status < http.StatusInternalServerError {
			t.Errorf("%v: got %d", a.err, status)
		}
	}
}

//go:build !nodev

package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is the source of axe-core, which looks for what keeps people from using a page.
var axe = sync.OnceValues(func() (string, error) {
	node := filepath.Join("..", "..", "..", "examples", "node")
	if out, err := exec.Command(filepath.Join(node, "install")).CombinedOutput(); err != nil {
		return "", fmt.Errorf("axe-core is not installed, which examples/node/install gets from npm: %w\n%s", err, out)
	}
	source, err := os.ReadFile(filepath.Join(node, "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// everything holds a page to WCAG 2.2, levels A and AA, and to what axe-core calls best
// practice; looks only to those of its rules that hang on colors and on the room there is.
const (
	everything = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	looks      = `{type: "rule", values: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}`
)

// runAxe runs the rules that are put into it.
const runAxe = `axe.run(document, {
	resultTypes: ["violations"],
	preload: false,
	runOnly: %s,
}).then((found) => found.violations.flatMap((v) => v.nodes.map((n) =>
	v.id + " at " + n.target.join(" ") + ": " + n.failureSummary.replaceAll("\n", " "))))`

// Where a page is looked at: at a desk by day, and by night on a phone. What is there is the
// same on both.
var screens = []struct {
	name          string
	width, height int64
	colors        string
	rules         string
}{{"desk", 1200, 800, "light", everything}, {"phone", 375, 812, "dark", looks}}

// narrowest is the screen on which WCAG wants nothing to be scrolled sideways.
const narrowest = 320

// accessible fails the test for whatever axe-core finds on the page that is open.
func (b *tab) accessible(page string) {
	b.t.Helper()
	source, err := axe()
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("load axe-core", chromedp.Evaluate[chromedp.Void](source+";0"))
	for _, screen := range screens {
		b.colors(screen.colors)
		b.do("resize", chromedp.EmulateViewport(screen.width, screen.height))
		for _, violation := range read[[]string](b, fmt.Sprintf(runAxe, screen.rules)) {
			b.t.Errorf("%s, %s: %s", page, screen.name, violation)
		}
	}
	b.do("resize", chromedp.EmulateViewport(narrowest, 640))
	if wide := read[int](b, `document.documentElement.scrollWidth`); wide > narrowest {
		b.t.Errorf("%s is %d wide on a screen of %d", page, wide, narrowest)
	}
	b.do("resize", chromedp.EmulateViewport(screens[0].width, screens[0].height))
	if *screenshots != "" {
		b.pictures(*screenshots, page)
	}
}

// colors has the page be for day or night, at once.
func (b *tab) colors(scheme string) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

func accessibleShop(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/?canceled=1")
	b.see("#canceled")
	b.button("pro", "Upgrade to Pro")
	b.accessible("pricing-canceled")
	b.complaints.expect("status of 404")
	b.visit("/assets/no-such-page")
	b.accessible("not-found")
	b.visit("/me")
	b.see("#choose")
	b.accessible("me-free")
	b.choose("pro")
	b.payByDebit("fails")
	b.settled("payment_failed")
	b.accessible("return-failed")
	b.choose("pro")
	b.payByCard("4242424242424242")
	b.settled("paid")
	b.see("#entitlements tbody tr")
	b.accessible("return-paid")
	b.visit("/")
	b.see(`[data-card="pro"] [data-held]`)
	b.accessible("pricing-held")
}

func accessibleCheckout(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("basic")
	b.accessible("checkout-once")
	b.choose("team")
	b.see("#trial")
	b.accessible("checkout-trial")
	b.choose("pro")
	b.fill("#promotionCode", "NONE")
	b.click("#apply-code")
	b.see("#promotionCode-error")
	b.accessible("checkout-code-error")
	b.fill("#promotionCode", demoCode)
	b.click("#apply-code")
	b.see("#applied-code")
	b.accessible("checkout-code")
	b.click("#pay")
	b.see("#cardNumber-error")
	b.accessible("checkout-errors")
	b.payByCard("4000000000000002")
	b.see("#error")
	b.accessible("checkout-declined")
	b.click("#method-bank_debit")
	b.see("#delayed")
	b.accessible("checkout-debit")
	b.click("#method-card")
	box := stripeOf(b)
	b.payByCard("4000002760003184")
	b.see("#complete")
	b.accessible("bank")

	setup := box.make(t, "checkout/sessions", url.Values{"mode": {"setup"}, "currency": {"usd"}, "success_url": {s.url + "/me"}})
	b.visit(setup["url"].(string))
	b.accessible("checkout-setup")
	adjustable := box.make(t, "checkout/sessions", url.Values{
		"mode": {"payment"}, "success_url": {s.url + "/me"}, "cancel_url": {s.url + "/"},
		"line_items[0][quantity]":                       {"2"},
		"line_items[0][adjustable_quantity][enabled]":   {"true"},
		"line_items[0][price_data][currency]":           {"usd"},
		"line_items[0][price_data][unit_amount]":        {"1500"},
		"line_items[0][price_data][product_data][name]": {"A seat"},
		"consent_collection[terms_of_service]":          {"required"},
	})
	b.visit(adjustable["url"].(string))
	b.fill("#"+read[string](b, `document.querySelector("input[type=number]").id`), "0")
	b.click("#pay")
	b.see(`[aria-invalid="true"]`)
	b.accessible("checkout-adjustable-errors")
	b.complaints.expect("status of 404")
	b.visit(strings.Replace(adjustable["url"].(string), "/pay/", "/pay/no_", 1))
	b.accessible("checkout-gone")
}

func accessiblePortal(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	box := stripeOf(b)
	b.payByCard("4242424242424242")
	b.settled("paid")
	manage := func(link string) {
		b.manage()
		b.see("h2#invoices")
		if link != "" {
			b.click(link)
			b.see("#back")
		}
	}
	manage("")
	b.accessible("portal")
	manage(`a[aria-label^="Update "]`)
	b.accessible("portal-update")
	b.click("#continue")
	b.until(`document.querySelector("#plan-error, #quantity-error, #confirm") !== null`)
	b.accessible("portal-update-error")
	manage("#card")
	b.accessible("portal-card")
	b.click("#save")
	b.see("#cardNumber-error")
	b.accessible("portal-card-errors")
	manage("#customer")
	b.accessible("portal-customer")
	manage(`a[aria-label^="Cancel "]`)
	b.accessible("portal-cancel")
	b.click("#confirm")
	b.see(`button[aria-label^="Don't cancel"]`)
	b.accessible("portal-canceling")
	b.click(`#invoices ~ * a`)
	b.see("#receipt")
	b.accessible("invoice-paid")
	b.click("#receipt")
	b.see("#amount")
	b.accessible("receipt")
	b.manage()
	b.click(`button[aria-label^="Don't cancel"]`)
	b.see(`a[aria-label^="Cancel "]`)
	b.visit("/")
	b.click(`button[data-plan="team"]`)
	b.see("#confirm-update")
	b.accessible("portal-confirm")

	customer := box.make(t, "customers", url.Values{"email": {"ada@example.com"}})["id"].(string)
	box.make(t, "invoiceitems", url.Values{"customer": {customer}, "amount": {"12345"}, "currency": {"usd"}, "description": {"An hour of help"}})
	invoice := box.make(t, "invoices", url.Values{
		"customer": {customer}, "collection_method": {"send_invoice"}, "days_until_due": {"30"}, "pending_invoice_items_behavior": {"include"},
	})
	invoice = box.make(t, "invoices/"+invoice["id"].(string)+"/finalize", nil)
	b.visit(invoice["hosted_invoice_url"].(string))
	b.see("#pay")
	b.accessible("invoice-open")
}

func accessibleWorkbench(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	b.payByCard("4242424242424242")
	b.settled("paid")
	b.see("#entitlements tbody tr")
	b.visit("/sandbox")
	b.see("#held table")
	b.accessible("workbench")
	b.click(`#payments button[id^="dispute-"]`)
	b.see("#said.notice")
	b.see(`#payments button[id^="win-"]`)
	b.choose("basic")
	b.payByCard("4000002760003184")
	b.see("#complete")
	b.visit("/sandbox")
	b.see(`#payments button[id^="authenticate-"]`)
	b.accessible("workbench-disputed")
	b.complaints.expect("status of 422")
	b.fill("#seed", "none")
	b.click("#chaos-on")
	b.see("#error")
	b.accessible("workbench-error")
}

// stripeBox is the API of the Stripe in the box.
type stripeBox struct{ url string }

// stripeOf is where the payment page that is open comes from.
func stripeOf(b *tab) stripeBox {
	b.t.Helper()
	return stripeBox{read[string](b, "location.origin")}
}

func (s stripeBox) make(t *testing.T, path string, form url.Values) map[string]any {
	t.Helper()
	var made map[string]any
	programtest.Decode(t, programtest.StripeCall(t, devStripeKey, http.MethodPost, s.url+"/v1/"+path, form), &made)
	return made
}

//go:build !nodev

package browser

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

var screenshots = flag.String("screenshots", "", "also write pictures of the demo's pages to this `directory`")

// What `entitled dev` says when it starts, and sells.
const (
	devAPIKey    = "entitled_dev_key"
	devStripeKey = "sk_test_sandbox"
	demoCode     = "WELCOME20"
)

// site is a running `entitled dev` and the Chromium that visits it.
type site struct {
	*programtest.Program
	url      string
	chromium context.Context
}

// startDev starts the built program as a person does who tries it out, and waits
// until it is ready. It is asked to end with the test, and has to end well.
func startDev(t *testing.T, binary string, flags ...string) *programtest.Program {
	t.Helper()
	address := programtest.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &programtest.Program{Address: address, Log: &programtest.LogBuffer{}}
	p.Cmd = exec.Command(binary, append([]string{"dev", "--calm", "--port", port, "--database", filepath.Join(t.TempDir(), "dev.db")}, flags...)...)
	p.Cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), programtest.RaceSettings}
	p.Cmd.Stdout, p.Cmd.Stderr = p.Log, p.Log
	p.Start(t)
	t.Cleanup(func() { p.Stop(t) })
	return p
}

// The whole way, as people go it: a browser, the pages, the API, Stripe's page and
// its webhooks, each over HTTP. The users share a program and a Chromium, as users do.
//
// Not parallel: on some pages what is there for seconds has to be seen.
func TestBrowser(t *testing.T) {
	var flags []string
	if *screenshots == "" { // which are of the demo as it is
		flags = []string{"--catalog", demoWithTiers(t)}
	}
	p := startDev(t, programtest.Build(t), flags...)
	_, port, _ := net.SplitHostPort(p.Address)
	s := &site{Program: p, url: "http://localhost:" + port, chromium: sharedChromium(t)}

	places := make(chan struct{}, 5) // of users at a time: Chromium is no idler
	for name, test := range map[string]func(*testing.T, *site){
		"a click on Upgrade leads to the entitlements":      upgrade,
		"what is paid once is held until a date":            payOnce,
		"a declined card gives nothing and may be replaced": declined,
		"a card that asks its owner pays once they answer":  authenticates,
		"a promotion code changes the total":                promotionCode,
		"a bank debit gives nothing until it succeeds":      debitSucceeds,
		"a bank debit that fails gives nothing":             debitFails,
		"canceling leads back and the checkout stays open":  canceled,
		"another plan of the group is confirmed at Stripe":  changePlan,
		"the reference shows every operation":               reference,
		"the account changes, ends and resumes a plan":      account,
		"the account pauses a plan and goes on with it":     pauses,
		"an add-on is added, ends and is kept":              addOn,
		"tiers are added up, in the currency of choice":     tiersAbroad,
		"an unpaid order leads back to its payment page":    unpaidOrder,
		"a disputed order says so":                          disputedOrder,
		"a person gets pages for what there is not":         errorPages,
		"the scripts count exactly and repeat safely":       scripts,
		"two browsers are two users":                        twoUsers,
		"axe finds nothing in the shop":                     accessibleShop,
		"axe finds nothing in the account":                  accessibleAccount,
		"axe finds nothing at the checkout":                 accessibleCheckout,
		"axe finds nothing in the portal and on invoices":   accessiblePortal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			test(t, s)
		})
	}
	if *screenshots != "" {
		t.Run("screenshots", func(t *testing.T) {
			t.Parallel()
			takeScreenshots(t, s, *screenshots)
		})
	}
}

// A subscription's end as a person tries it out: in the billing portal, and on the
// workbench's clock. It has a program of its own, since the clock is everybody's.
func TestBrowser_TheWorkbenchEndsASubscription(t *testing.T) {
	t.Parallel()
	p := startDev(t, programtest.Build(t))
	_, port, _ := net.SplitHostPort(p.Address)
	s := &site{Program: p, url: "http://localhost:" + port, chromium: sharedChromium(t)}
	b := s.newUser(t)
	b.choose("pro")
	b.click(`button[value="4242 4242 4242 4242"]`)
	b.until(`document.activeElement?.id === "pay" && document.querySelector("#cardNumber").value !== ""`)
	b.click("#pay")
	b.settled("paid")
	read[bool](b, `setTimeout(() => history.back()) > 0`)
	b.until(`location.pathname.startsWith("/c/pay/") && document.querySelector("h1") !== null`)

	cancel := func() {
		b.manage()
		b.click(`a[aria-label^="Cancel "]`)
		b.click("#confirm")
		b.see(`button[aria-label^="Don't cancel"]`)
	}
	cancel()
	b.click(`button[aria-label^="Don't cancel"]`)
	b.see(`a[aria-label^="Cancel "]`)

	b.visit("/sandbox")
	b.see(`#held [data-feature="sso"]`)
	b.click("#clock-period")
	b.until(`document.querySelector("#said")?.innerText.startsWith("The clock has moved")`)
	b.see(`[data-status="active"]`)
	b.see(`#held [data-feature="sso"]`)
	if paid := read[int](b, `document.querySelectorAll("#payments article").length`); paid != 2 {
		t.Errorf("%d payments after a period, want 2", paid)
	}

	b.click(`button[id^="fail-"]`)
	b.until(`document.querySelector("#clock-period") !== null && document.querySelector('button[id^="pay-"]') !== null`)
	b.click("#clock-period")
	b.see(`[data-status="past_due"]`)
	b.visit("/me#change") // as where a button says Switch to Team
	b.planIs("Pro", "Payment overdue")
	b.says("#plan-words", "You keep access until ")
	b.says("#plan-words", "It can be changed once that is paid.")
	b.until(`document.activeElement.id === "subscription" && location.hash === ""`)
	b.says("#invoices li", "To be paid")
	if *screenshots != "" {
		b.pictures(*screenshots, "me-past-due")
	}
	b.click("#pay")
	b.see("#pay-invoice")
	b.fill("#cardNumber", "4242424242424242")
	b.fill("#cardExpiry", "12/40")
	b.fill("#cardCvc", "123")
	b.click("#pay-invoice button[type=submit]")
	b.see(`#receipt`)
	b.visit("/me")
	b.planIs("Pro", "Active")

	cancel()
	b.visit("/sandbox")
	b.click("#clock-period")
	b.see(`[data-status="canceled"]`)
	b.until(`!document.querySelector('#held [data-feature="sso"]')`)
	if *screenshots != "" {
		b.pictures(*screenshots, "workbench-ended")
	}
	b.visit("/me")
	b.holdsFree()
	accessibleWorkbench(t, s) // which shows what everybody pays: another's would come in between
}

func upgrade(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	b.payByCard("4242424242424242")
	b.settled("paid")
	if got := b.text("#headline"); got != "You now have Pro" {
		t.Errorf("the headline is %q", got)
	}
	// The rows come by themselves: nothing is clicked, nothing reloaded.
	want := map[string]row{
		"projects": {Value: "100", Plan: "Pro"},
		"seats":    {Value: "5", Plan: "Pro"},
		"sso":      {Value: "Yes", Plan: "Pro"},
	}
	b.until(`document.querySelectorAll("#entitlements tbody tr").length === 3`)
	b.holds(want)
	b.visit("/me")
	b.see("#entitlements")
	b.holds(want)
}

func payOnce(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("basic")
	b.payByCard("4242424242424242")
	b.settled("paid")
	b.see(`#entitlements tr[data-feature="projects"]`)
	b.visit("/me")
	b.see("#entitlements")
	b.holds(map[string]row{"projects": {Value: "10", Plan: "Basic"}})
	written := read[string](b, `document.querySelector("#entitlements time").dateTime`)
	until, err := time.Parse(time.RFC3339, written)
	if err != nil {
		t.Fatalf("until %q: %v", written, err)
	}
	if year, left := 365*24*time.Hour, time.Until(until); left > year || left < year-time.Hour {
		t.Errorf("Basic is held for %s, want a year", left)
	}
	if day := until.Format("2 Jan 2006"); !strings.Contains(b.text("#entitlements time"), day) {
		t.Errorf("the page says %q, want %s", b.text("#entitlements time"), day)
	}
}

func declined(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	page := b.address()
	b.payByCard("4000000000000002")
	if got := b.text("#error"); got != "Your card was declined." {
		t.Errorf("the payment page says %q", got)
	}
	if at, _, _ := strings.Cut(b.address(), "?"); at != page {
		t.Errorf("the buyer is at %s, want %s", at, page)
	}
	me := b.another()
	me.visit("/me")
	me.holdsFree()

	b.payByCard("4242424242424242")
	b.settled("paid")
	// The other tab was not touched meanwhile.
	me.see(`#entitlements tr[data-feature="sso"]`)
}

func authenticates(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	page := b.address()
	b.payByCard("4000002760003184")
	b.click("#fail")
	if got := b.text("#error"); !strings.HasPrefix(got, "We could not confirm with your bank") {
		t.Errorf("the payment page says %q", got)
	}
	if got := b.address(); got != page+"?failed" {
		t.Errorf("the buyer is at %s, want %s again", got, page)
	}
	me := b.another()
	me.visit("/me")
	me.holdsFree()

	b.payByCard("4000002760003184")
	b.click("#complete")
	b.settled("paid")
	me.see(`#entitlements tr[data-feature="sso"]`)
}

func promotionCode(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	total := b.text("#total")
	b.fill("#promotionCode", "NONE")
	b.click("#apply-code")
	if got := b.text("#promotionCode-error"); got != "This code is invalid." {
		t.Errorf("beside the field it says %q", got)
	}
	if at := read[string](b, `document.activeElement?.id`); at != "promotionCode" {
		t.Errorf("the focus is on %q", at)
	}
	b.fill("#promotionCode", demoCode)
	b.click("#apply-code")
	if got := b.text("#applied-code"); got != demoCode || b.text("#total") == total {
		t.Errorf("applied is %q, the total %s", got, b.text("#total"))
	}
	b.click("#remove-code")
	b.see("#promotionCode")
	if got := b.text("#total"); got != total {
		t.Errorf("without the code the total is %s, want %s", got, total)
	}
	b.fill("#promotionCode", demoCode)
	b.click("#apply-code")
	b.see("#applied-code")
	b.payByCard("4242424242424242")
	b.settled("paid")
}

func debitSucceeds(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	b.payByDebit("succeeds")
	b.settled("awaiting_payment")
	me := b.another()
	me.visit("/me")
	me.until(`document.querySelector("#as-of").innerText.startsWith("As of")`)
	// What the page shows is read before the order: on a slow machine the money may
	// be there by now, but then the order knows.
	shown, status := me.rows(), me.order(b.text("#order-id"))
	if shown > 1 && status != "paid" {
		t.Errorf("%d entitlements are held while the order is %s", shown, status)
	}
	b.settled("paid")
	b.see(`#entitlements tr[data-feature="sso"]`)
	me.see(`#entitlements tr[data-feature="sso"]`)
}

func debitFails(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("basic")
	b.payByDebit("fails")
	b.settled("awaiting_payment")
	b.settled("payment_failed")
	if read[bool](b, `!document.querySelector("#held").hidden`) {
		t.Error("the return page shows entitlements")
	}
	b.see("#next a")
	b.visit("/me")
	b.holdsFree()
}

func canceled(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	page := b.address()
	b.click("#cancel")
	b.see("#canceled")
	if got := b.address(); got != s.url+"/?canceled=1" {
		t.Errorf("the buyer is at %s", got)
	}
	b.click(`button[data-plan="pro"]`)
	b.see("#pay")
	if got := b.address(); got != page {
		t.Errorf("the second click opened %s, want the open checkout %s", got, page)
	}
}

func changePlan(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/")
	b.button("pro", "Upgrade to Pro")
	b.button("team", "Start 14-day trial")
	b.says(`[data-card="team"] [data-trial]`, "First 14 days free")
	b.choose("pro")
	b.payByCard("4242424242424242")
	b.settled("paid")
	b.visit("/")
	b.see(`[data-card="pro"] [data-held]`)
	b.button("pro", "Manage Pro")
	b.click(`input[name="price-pro"][value="yearly"]`)
	b.button("pro", "Switch to yearly")
	b.button("team", "Upgrade to Team")
	if read[bool](b, `!document.querySelector('[data-card="team"] [data-trial]').hidden`) {
		t.Error("a trial is offered to who pays an upgrade at once")
	}
	b.fill("#quantity-team", "3")
	b.says(`[data-card="team"] .total`, "$297/month for 3")
	b.fill("#quantity-team", "1")
	b.click(`button[data-plan="team"]`)
	b.see("#confirm-update")
	b.click("#confirm")
	b.until(`location.pathname === "/me"`)
	b.until(`document.querySelector('#entitlements tr[data-feature="sso"]')?.innerText.includes("Team")`)
	b.visit("/")
	b.button("pro", "Switch to Pro")
	b.button("team", "Manage Team")
	b.click(`button[data-plan="team"]`)
	b.until(`location.pathname === "/me"`)
}

func twoUsers(t *testing.T, s *site) {
	ada, bob := s.newUser(t), s.newUser(t)
	bob.visit("/me")
	bob.holdsFree()
	ada.choose("pro")
	ada.payByCard("4242424242424242")
	ada.settled("paid")
	ada.see(`#entitlements tr[data-feature="sso"]`)
	if a, b := ada.text("#user"), bob.text("#user"); a == b {
		t.Errorf("both are %s", a)
	}
	bob.visit("/me")
	bob.holdsFree()
	// Not even who is handed the address sees the order.
	bob.complaints.expect("status of 404")
	bob.visit(ada.address())
	bob.settled("error")
	if got := bob.text("#headline"); got != "We do not find this order" {
		t.Errorf("the headline is %q", got)
	}
}

// choose clicks a plan's button and waits for the payment page.
func (b *tab) choose(plan string) {
	b.t.Helper()
	b.visit("/")
	b.click(fmt.Sprintf("button[data-plan=%q]", plan))
	b.see("#pay")
}

// button waits until a plan's button says something, and can be pressed.
func (b *tab) button(plan, says string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`(({disabled, innerText}) => !disabled && innerText === %q)(document.querySelector("button[data-plan=%s]"))`, says, plan))
}

func (b *tab) payByCard(number string) {
	b.t.Helper()
	b.fill("#cardNumber", number)
	b.fill("#cardExpiry", "12/40")
	b.fill("#cardCvc", "123")
	b.fill("#cardName", "Ada Lovelace")
	b.click("#pay")
}

func (b *tab) payByDebit(ends string) {
	b.t.Helper()
	b.click("#method-bank_debit")
	b.see("#delayed")
	b.do("choose the debit's end", chromedp.SetValue(chromedp.CSS("#delayed"), ends))
	b.click("#pay")
}

// settled waits until the return page shows a status.
func (b *tab) settled(status string) {
	b.t.Helper()
	b.see(fmt.Sprintf("#status[data-status=%q]", status))
}

// order asks the service, as the page's own session, for an order's status.
func (b *tab) order(id string) string {
	b.t.Helper()
	return read[string](b, fmt.Sprintf(`fetch("/api/orders/" + %q).then((answer) => answer.json()).then((order) => order.status)`, id))
}

func (b *tab) rows() int {
	b.t.Helper()
	return read[int](b, `document.querySelectorAll("#entitlements tbody tr").length`)
}

// row is what the table says of one feature.
type row struct{ Value, Plan string }

// holds compares the table with what is wanted, by feature.
func (b *tab) holds(want map[string]row) {
	b.t.Helper()
	got := read[map[string]row](b, `Object.fromEntries([...document.querySelectorAll("#entitlements tbody tr")].map((row) => [
		row.dataset.feature, {Value: row.querySelector(".value").innerText, Plan: row.querySelector(".plan").innerText}]))`)
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("the table differs (- want, + got):\n%s", diff)
	}
}

// holdsFree waits until the table has what every user holds, and nothing else.
func (b *tab) holdsFree() {
	b.t.Helper()
	b.until(`document.querySelectorAll("#entitlements tbody tr").length === 1 && document.querySelector("#entitlements .plan").innerText === "Free"`)
}

// takeScreenshots writes a picture of each page, for a desk and for a phone, by day
// and by night. So does axe_test.go. README.md shows pricing, account, checkout,
// portal and workbench for a desk by day, which are kept in docs/images with fewer colors.
func takeScreenshots(t *testing.T, s *site, dir string) {
	b := s.newUser(t)
	b.visit("/")
	b.button("pro", "Upgrade to Pro")
	b.pictures(dir, "pricing")
	b.visit("/?canceled=1")
	b.pictures(dir, "canceled")
	b.visit("/me")
	b.holdsFree()
	b.see("#choose")
	b.pictures(dir, "me-free")
	b.choose("team")
	b.pictures(dir, "sandbox-trial")
	b.choose("pro")
	b.pictures(dir, "checkout")
	b.payByCard("4000000000000002")
	b.see("#error")
	b.pictures(dir, "sandbox-declined")
	b.payByDebit("succeeds")
	b.settled("awaiting_payment")
	b.picture(dir, "return-awaiting-desk-light", 1200, 800, "light")
	b.settled("paid")
	b.see("#entitlements tbody tr")
	b.pictures(dir, "return")
	b.visit("/me")
	b.see("#invoices li")
	b.pictures(dir, "me")
	b.click("#change")
	b.click(`input[data-to="team-monthly"]`)
	b.see("#change-form .sums")
	b.picture(dir, "account-desk-light", 1200, 1240, "light")
	b.visit("/")
	b.click(`button[data-plan="team"]`)
	b.see("#confirm-update")
	b.pictures(dir, "change")
}

func (b *tab) pictures(dir, name string) {
	b.t.Helper()
	for _, colors := range []string{"light", "dark"} {
		b.picture(dir, name+"-desk-"+colors, 1200, 800, colors)
		b.picture(dir, name+"-phone-"+colors, 390, 844, colors)
	}
}

func (b *tab) picture(dir, name string, width, height int64, colors string) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	scheme := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colors}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, scheme); err != nil {
		b.t.Fatal(err)
	}
	// A change of colors is animated, and what an earlier click scrolled stays so.
	b.do("resize", chromedp.EmulateViewport(width, height), chromedp.Sleep(300*time.Millisecond),
		chromedp.Evaluate[chromedp.Void]("scrollTo(0, 0)"))
	take := chromedp.CaptureScreenshot()
	if width < 700 {
		take = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(ctx, take)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

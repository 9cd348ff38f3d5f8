//go:build !nodev

package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// The account, from the keyboard too: what is paid for, a change with its price said
// beforehand, a downgrade that waits, the end, and a change of mind.
func account(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/me")
	b.planIs("Free", "")
	if read[bool](b, `document.querySelector("#card").checkVisibility() || document.querySelector("#manage").checkVisibility()`) {
		t.Error("who has bought nothing is led to Stripe's pages, which refuse them")
	}
	b.subscribe("pro")
	b.visit("/me")
	b.planIs("Pro", "Active")
	if got := b.text("#plan-price"); got != "$29/month" {
		t.Errorf("the price is %q", got)
	}
	b.says("#plan-words", "It renews on ")
	b.says("#card-words", "Visa ending in 4242")
	b.says("#invoices li", "Paid")
	b.says("#invoices li", "$29")
	b.says("#orders li", "Pro")
	if pdf := read[string](b, `document.querySelector("#invoices a[aria-label^=PDF]").href`); !strings.HasPrefix(pdf, "http") {
		t.Errorf("the PDF is at %q", pdf)
	}

	b.press("#change", kb.Enter)
	b.until(`document.activeElement.dataset.to === "pro-yearly"`)
	b.press(`input[data-to="pro-yearly"]`, kb.Escape)
	b.until(`document.querySelector("#change-form").hidden && document.activeElement.id === "change"`)

	b.click("#change")
	b.click(`input[data-to="team-monthly"]`)
	b.see("#change-form .sums")
	b.retype("#change-quantity", "51")
	b.says("#change-trouble", "Please choose a quantity from 1 to 50.")
	b.retype("#change-quantity", "3")
	b.says("#change-form [type=submit]", "Pay $268 and change")
	b.says("#preview .gets", "Projects: 100 → Unlimited")
	b.says("#preview .loses", "Seats: 5 → 3")
	b.click("#change-form [type=submit]")
	b.says("#said", "You now have Team × 3.")
	b.planIs("Team", "Active")
	b.says("#plan-price", "$297/month, for 3 at $99 each")
	b.until(`document.querySelectorAll("#invoices li").length === 2`)
	b.click("#change")
	b.click(`input[data-to="team-monthly"]`)
	b.retype("#change-quantity", "4")
	b.says("#change-form [type=submit]", "Pay $99 and change")
	b.click("#change-form [type=submit]")
	b.says("#said", "You now have Team × 4.")

	// Less at once leaves credit, and a line says what of the next change it pays.
	read[int](b, `fetch("/api/subscription/change", {method: "POST", headers: {"Content-Type": "application/json"},
		body: JSON.stringify({plan: "team", price: "monthly", quantity: 3, when: "now"})}).then(({status}) => status)`)
	b.says("#plan-price", "$297/month, for 3")
	b.click("#change")
	b.click(`input[data-to="team-monthly"]`)
	b.retype("#change-quantity", "5")
	b.says("#change-form [type=submit]", "Pay $99 and change")
	b.says("#preview .sums", "From your balance\n-$99")
	b.click("#change-form .leave")

	b.click("#change")
	b.click(`input[data-to="pro-monthly"]`)
	b.says("#change-form [type=submit]", "Change on ")
	b.click("#change-form [type=submit]")
	b.says("#said", "Pro begins on ")

	b.click("#cancel")
	b.says("#cancel-title", "Cancel Team?")
	b.click("#cancel-form [type=submit]")
	b.says("#said", "It ends on ")
	b.planIs("Team", "Ends soon")
	if read[bool](b, `!document.querySelector("#cancel").hidden || !document.querySelector("#change").hidden`) {
		t.Error("what ends can be canceled or changed")
	}
	b.click("#resume")
	b.says("#said", "It goes on as before.")
	b.planIs("Team", "Active")

	b.click("#card")
	b.see("#save")
}

func unpaidOrder(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("pro")
	page := b.address()
	b.visit("/me")
	b.says("#orders li", "Not paid yet")
	b.click(`#orders a[aria-label="Pay for Pro"]`)
	b.see("#pay")
	order := read[string](b.another().at("/me"), `fetch("/api/orders").then((answer) => answer.json()).then(({orders}) => orders[0].id)`)
	b.visit("/return?order_id=" + order)
	b.click("#unpaid a")
	b.see("#pay")
	if got := b.address(); got != page {
		t.Errorf("the way back leads to %s, want %s", got, page)
	}
	b.payByCard("4242424242424242")
	b.settled("paid")
	b.click("#continue a")
	b.planIs("Pro", "Active")
}

func disputedOrder(t *testing.T, s *site) {
	b := s.newUser(t)
	b.choose("basic")
	b.payByCard("4000000000000259")
	b.settled("disputed")
	b.says("#headline", "Your order of Basic is disputed")
	b.holdsFree()
	b.visit("/me")
	b.says("#orders li", "Disputed")
	b.click(`#orders a[aria-label="View the order of Basic"]`)
	b.settled("disputed")
}

// What the scripts do by themselves: amounts as the server writes them, and a click that
// had no answer asked again as the same wish.
func scripts(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/")
	b.button("pro", "Upgrade to Pro")
	amounts := read[[]string](b, `import("/assets/words.js").then(({money}) =>
		[[1200, "usd"], [-5, "usd"], [123450, "eur"], [1500, "jpy"], [1250, "kwd"], [90071992547409930n, "usd"]].map(([n, c]) => money(n, c)))`)
	want := []string{"$12", "-$0.05", "€1,234.50", "¥1,500", "KWD\u00a01.250", "$900,719,925,474,099.30"}
	if diff := cmp.Diff(want, amounts); diff != "" {
		t.Errorf("amounts differ (- want, + got):\n%s", diff)
	}
	keys := read[[]string](b, `import("/assets/api.js").then(async ({command}) => {
		const keys = [], real = fetch;
		globalThis.fetch = async (path, request) => {
			if (request.method !== "POST") return real(path, request); // which the page asks by itself
			keys.push(request.headers["Idempotency-Key"]);
			if (keys.length === 1) throw new TypeError("no answer");
			return new Response("{}");
		};
		for (let n = 0; n < 3; n++) await command("/api/subscription/cancel", {}).catch(() => {});
		globalThis.fetch = real;
		return keys;
	})`)
	if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || keys[2] == keys[0] {
		t.Errorf("the keys are %q, want the first one twice and then another", keys)
	}
}

func errorPages(t *testing.T, s *site) {
	b := s.newUser(t)
	b.complaints.expect("status of 404")
	b.visit("/no-such-page")
	b.says("h1", "There is no such page")
	b.accessible("no-such-page")
	b.click(`a[href="/me"].button`)
	b.planIs("Free", "")
}

func accessibleAccount(t *testing.T, s *site) {
	b := s.newUser(t)
	b.subscribe("team")
	b.visit("/me")
	b.planIs("Team", "Trial")
	b.says("#plan-words", "You try it until ")
	b.see("#invoices li")
	b.see("#orders li")
	b.accessible("me")
	b.click("#change")
	b.click(`input[data-to="pro-yearly"]`)
	b.see("#change-form .sums")
	b.accessible("me-change")
	b.click(`input[data-to="team-monthly"]`)
	b.retype("#change-quantity", "0")
	b.says("#change-trouble", "Please choose")
	b.accessible("me-change-error")
	b.click("#cancel")
	b.see("#cancel-form")
	b.accessible("me-cancel")
	b.click("#cancel-form [type=submit]")
	b.planIs("Team", "Ends soon")
	b.accessible("me-ends")
}

// subscribe has the user pay for a plan.
func (b *tab) subscribe(plan string) {
	b.t.Helper()
	b.choose(plan)
	b.payByCard("4242424242424242")
	b.settled("paid")
}

// planIs waits until the account shows a plan and how it stands.
func (b *tab) planIs(name, chip string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector("#plan-name")?.innerText === %q && document.querySelector("#plan-chip").innerText === %q`, name, chip))
}

// says waits until a place holds a text.
func (b *tab) says(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q)?.innerText.includes(%q)`, selector, text))
}

// press has a key pressed in a place.
func (b *tab) press(selector, key string) {
	b.t.Helper()
	b.do("press a key in "+selector, chromedp.SendKeys(chromedp.CSS(selector), key))
}

// retype types over what a script has put into a field.
func (b *tab) retype(selector, text string) {
	b.t.Helper()
	b.do("retype "+selector, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).select()", selector)),
		chromedp.SendKeys(chromedp.CSS(selector), text))
}

// at visits a path, and is the tab.
func (b *tab) at(path string) *tab {
	b.t.Helper()
	b.visit(path)
	return b
}

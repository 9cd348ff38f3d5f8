//go:build !nodev

package browser

import "testing"

// A pause, with what it means said beforehand, a change of mind, and the end of it; then the
// plan is paid by the year.
func pauses(t *testing.T, s *site) {
	b := s.newUser(t)
	b.subscribe("pro")
	b.visit("/me")
	b.planIs("Pro", "Active")
	b.says("#card-words", "Visa ending in 4242")
	b.click("#pause")
	b.says("#pause-title", "Pause Pro?")
	b.says("#pause-words", "You keep what you have until ")
	b.click("#pause-form .leave")
	b.until(`document.querySelector("#pause-form").hidden && document.activeElement.id === "pause"`)
	b.click("#pause")
	b.click("#pause-form [type=submit]")
	b.says("#said", "It is paused.")
	b.planIs("Pro", "Paused")
	b.says("#plan-words", "Nothing is charged while it is paused. You have what is paid for until ")
	b.says("#resume", "Resume Pro")
	if read[bool](b, `!document.querySelector("#pause").hidden || !document.querySelector("#change").hidden`) {
		t.Error("what is paused can be paused or changed")
	}
	b.accessible("me-paused")
	b.visit("/")
	b.button("pro", "Resume your plan")
	b.click(`button[data-plan="pro"]`)
	b.until(`location.pathname === "/me"`)
	b.planIs("Pro", "Paused")
	b.click("#resume")
	b.says("#said", "It goes on.")
	b.planIs("Pro", "Active")
	b.says("#plan-words", "It renews on ")
	if n := read[int](b, `document.querySelectorAll("#invoices li").length`); n != 1 {
		t.Errorf("there are %d invoices, want that of the period that is paid for", n)
	}

	b.click("#change")
	b.click(`input[data-to="pro-yearly"]`)
	b.says("#change-form [type=submit]", "Pay $261 and change")
	b.click("#change-form [type=submit]")
	b.says("#said", "You now have Pro.")
	b.says("#plan-price", "$290/year")
}

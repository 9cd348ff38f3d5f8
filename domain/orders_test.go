package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func TestOrder_OneTimePurchaseHoldsAsLongAsThePlanSays(t *testing.T) {
	t.Parallel()
	bought := noon.Add(time.Minute)
	paidSession := sessionSays("checkout.session.completed", bought, "complete", "paid")

	t.Run("a pass of a year", func(t *testing.T) {
		t.Parallel()
		a := after(accountWith(ana, pendingOrder("o1", "pass")), paidSession)
		end := bought.Add(365 * day)
		early := bought.Add(-domain.ClockTolerance) // our clock may be behind Stripe's
		if holds(a, "projects", early.Add(-time.Second)) || !holds(a, "projects", early) ||
			!holds(a, "projects", end.Add(-time.Second)) || holds(a, "projects", end) {
			t.Errorf("got %v, want from %s until %s", domain.Entitlements(a, shop), bought, end)
		}
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		a := after(accountWith(ana, pendingOrder("o1", "forever")), paidSession)
		if !holds(a, "sso", noon.Add(10_000*day)) {
			t.Errorf("got %v, want no end", domain.Entitlements(a, shop))
		}
	})
	t.Run("a later word that it is paid does not lengthen it", func(t *testing.T) {
		t.Parallel()
		a := after(accountWith(ana, pendingOrder("o1", "pass")),
			sessionSays(domain.TypeFetched, bought.Add(time.Hour), "complete", "paid"), paidSession)
		if got := a.Orders["o1"].PaidAt; !got.Equal(bought) {
			t.Errorf("paid at %s, want %s", got, bought)
		}
	})
}

func TestOrder_PaysExactlyOncePerSession(t *testing.T) {
	t.Parallel()
	s := sessionSays("checkout.session.completed", noon, "complete", "paid")
	s.PaymentIntent = "pi_1"
	slow := s
	slow.Type = "checkout.session.async_payment_succeeded"

	a := after(accountWith(ana, pendingOrder("o1", "pass")), s, slow, s)
	want := map[domain.PaymentIntentID]domain.Payment{"pi_1": {ID: "pi_1", Order: "o1", Amount: 1900, Currency: "usd"}}
	wantSame(t, "payments", a.Payments, want)
}

func TestOrder_ARecoveredSessionPaysTheOrderAndTheOrderKeepsItsOwn(t *testing.T) {
	t.Parallel()
	again := sessionSays("checkout.session.completed", noon.Add(day), "complete", "paid")
	again.ID, again.RecoveredFrom = "cs_2", "cs_1"
	order := pendingOrder("o1", "pass").WithSession(sessionSays(domain.TypeFetched, noon, "open", "unpaid"))
	a := after(accountWith(ana, order), sessionSays("checkout.session.expired", noon.Add(time.Hour), "expired", "unpaid"), again)
	if o := a.Orders["o1"]; o.Status != domain.OrderPaid || o.Session != "cs_1" {
		t.Errorf("got status %s and session %s, want paid and cs_1", o.Status, o.Session)
	}
}

// What a fact claims is not enough: it is about this user only if its customer is
// the one that we made for the user.
func TestRecord_ForeignCustomersObjectsAreIgnored(t *testing.T) {
	t.Parallel()
	session := sessionSays("checkout.session.completed", noon, "complete", "paid")
	session.Customer = cusBob
	nobodys := session
	nobodys.Customer = ""
	subscription := subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.Customer, s.Order = cusBob, "o1" })
	invoice := invoiceSays(paid, 0)
	invoice.Customer = cusBob

	for name, fact := range map[string]domain.Fact{
		"a session with our order's id":      session,
		"a session of no customer":           nobodys,
		"a subscription with our order's id": subscription,
		"an invoice of our subscription":     invoice,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := after(accountWith(ana, pendingOrder("o1", "pass")), subscriptionSays(created, noon, "incomplete"))
			got, verdict := domain.Record(a, fact, shop)
			if verdict.Outcome != domain.OutcomeIgnored || !equal(got, a) {
				t.Errorf("got %s (%s), want ignored and nothing changed", verdict.Outcome, verdict.Reason)
			}
			if e := domain.Entitlements(got, shop); len(e) > 0 {
				t.Errorf("metadata alone granted %v", e)
			}
		})
	}
}

func TestRecord_WhatIsNotAboutAPurchaseIsIgnored(t *testing.T) {
	t.Parallel()
	stray := sessionSays("checkout.session.completed", noon, "complete", "paid")
	stray.Order = "somebody_elses"
	loose := invoiceSays(paid, 0)
	loose.Invoice.Subscription = ""
	for name, fact := range map[string]domain.Fact{
		"a session of an order that is not ours":   stray,
		"a session event that no rule knows":       sessionSays("checkout.session.unheard_of", noon, "complete", "paid"),
		"a subscription event that says no more":   subscriptionSays("customer.subscription.unheard_of", noon, "active"),
		"an invoice event that says nothing of it": invoiceSays("invoice.upcoming", 0),
		"an invoice for no subscription":           loose,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := accountWith(ana, pendingOrder("o1", "pass"))
			got, verdict := domain.Record(a, fact, shop)
			if verdict.Outcome != domain.OutcomeIgnored || !equal(got, a) {
				t.Errorf("got %s (%s), want ignored and nothing changed", verdict.Outcome, verdict.Reason)
			}
		})
	}
}

func TestRecord_QuarantinesWhatIsOursAndDoesNotFit(t *testing.T) {
	t.Parallel()
	gone := pendingOrder("o1", "pass")
	gone.Plan = "no_longer_sold"
	unmapped := withItems(item("si_1", "price_new", 1))

	t.Run("a price that the catalog does not map", func(t *testing.T) {
		t.Parallel()
		got := wantQuarantined(t, accountWith(ana), subscriptionSays(created, noon, "active", unmapped), "price_new")
		if e := domain.Entitlements(got, shop); len(e) > 0 {
			t.Errorf("got %v, want nothing", e)
		}
		mended := deepCopyCatalog(shop)
		team := mended.Plans["team"]
		team.Prices = append(team.Prices, domain.Price{Key: "new", ID: "price_new"})
		mended.Plans["team"] = team
		if e := domain.Entitlements(got, mended); len(e) != 3 {
			t.Errorf("with the catalog mended: %v, want what team gives", e)
		}
	})
	t.Run("one item unmapped: the others still count", func(t *testing.T) {
		t.Parallel()
		both := withItems(item("si_1", "price_pro", 1), item("si_2", "price_new", 1))
		got := wantQuarantined(t, accountWith(ana), subscriptionSays(created, noon, "active", both), "price_new")
		if !holds(got, "sso", noon) {
			t.Errorf("the mapped item gives nothing")
		}
	})
	t.Run("a status that no rule knows: the last known state stays", func(t *testing.T) {
		t.Parallel()
		before := after(accountWith(ana), subscriptionSays(created, noon, "active"))
		got := wantQuarantined(t, before, subscriptionSays(updated, noon.Add(day), "hibernating"), "hibernating")
		wantSame(t, "account", got, before)
		if !holds(got, "sso", noon.Add(2*day)) {
			t.Errorf("access is lost")
		}
	})
	t.Run("an order whose plan has left the catalog", func(t *testing.T) {
		t.Parallel()
		got := wantQuarantined(t, accountWith(ana, gone), sessionSays("checkout.session.completed", noon, "complete", "paid"), "no_longer_sold")
		if got.Orders["o1"].Status != domain.OrderPaid {
			t.Errorf("the payment is forgotten: %s", got.Orders["o1"].Status)
		}
	})
	t.Run("the same order while it is not paid is nobody's worry", func(t *testing.T) {
		t.Parallel()
		_, verdict := domain.Record(accountWith(ana, gone), sessionSays("checkout.session.expired", noon, "expired", "unpaid"), shop)
		if verdict.Outcome != domain.OutcomeApplied {
			t.Errorf("got %s, want applied", verdict.Outcome)
		}
	})
}

func wantQuarantined(t *testing.T, a domain.Account, f domain.Fact, names string) domain.Account {
	t.Helper()
	got, verdict := domain.Record(a, f, shop)
	if verdict.Outcome != domain.OutcomeQuarantined || !strings.Contains(verdict.Reason, names) {
		t.Errorf("got %s (%s), want quarantined and a reason that names %s", verdict.Outcome, verdict.Reason, names)
	}
	return got
}

func TestOutcome_WhatFailedOrDidNotFitIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, outcome := range domain.Outcomes {
		if again := outcome == domain.OutcomeFailed || outcome == domain.OutcomeQuarantined || outcome == domain.OutcomeWaiting; outcome.Final() == again {
			t.Errorf("%s: final is %t", outcome, outcome.Final())
		}
	}
	if domain.Outcome("").Final() {
		t.Errorf("no outcome at all is final")
	}
}

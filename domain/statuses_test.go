package domain_test

import (
	"slices"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What Stripe's statuses mean, said a second time and in the same order: of two that
// are told, the one further down is the newer.

func TestSubscriptionStatuses_EachMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	wantSame(t, "rows", domain.SubscriptionStatuses, []domain.StatusRule{
		{Status: domain.StatusIncomplete, First: true},
		{Status: domain.StatusIncompleteExpired, Terminal: true},
		{Status: domain.StatusTrialing},
		{Status: domain.StatusPaused},
		{Status: domain.StatusActive},
		{Status: domain.StatusPastDue},
		{Status: domain.StatusUnpaid},
		{Status: domain.StatusCanceled, Terminal: true},
	})
	for _, row := range domain.SubscriptionStatuses {
		ended := after(accountWith(ana), subscriptionSays(updated, noon, row.Status), subscriptionSays(updated, noon.Add(day), "active"))
		if got, want := ended.Subscriptions["sub_1"].Status, domain.StatusActive; !row.Terminal && got != want || row.Terminal && got != row.Status {
			t.Errorf("%s, and a day later active: %s", row.Status, got)
		}
		// A status that only a new subscription has is older than any other, whatever the clock says.
		late := after(accountWith(ana), subscriptionSays(updated, noon, "active"), subscriptionSays(updated, noon.Add(day), row.Status))
		if got := late.Subscriptions["sub_1"].Status; row.First && got != domain.StatusActive || !row.First && got != row.Status {
			t.Errorf("active, and a day later %s: %s", row.Status, got)
		}
	}
}

func TestSubscriptionStatuses_OnlyAnEndGivesNothingForEver(t *testing.T) {
	t.Parallel()
	for _, row := range domain.SubscriptionStatuses {
		a := after(accountWith(ana), subscriptionSays(updated, noon, row.Status), invoiceSays(paid, 0))
		if row.Terminal && holds(a, "sso", noon.Add(day)) {
			t.Errorf("%s is terminal and gives something", row.Status)
		}
	}
}

// What each event tells of an invoice that does not say itself how it stands; empty:
// nothing, so that nobody can tell.
func TestInvoiceEvents_EachMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	means := map[domain.EventType]domain.InvoiceStatus{
		"invoice.created":                  domain.InvoiceDraft,
		"invoice.updated":                  "",
		"invoice.finalized":                domain.InvoiceOpen,
		"invoice.finalization_failed":      domain.InvoiceDraft,
		"invoice.sent":                     domain.InvoiceOpen,
		"invoice.will_be_due":              domain.InvoiceOpen,
		"invoice.overdue":                  domain.InvoiceOpen,
		"invoice.payment_action_required":  domain.InvoiceOpen,
		"invoice.payment_failed":           domain.InvoiceOpen,
		"invoice.payment_attempt_required": domain.InvoiceOpen,
		"invoice.payment_succeeded":        domain.InvoicePaid,
		"invoice.paid":                     domain.InvoicePaid,
		"invoice.overpaid":                 domain.InvoicePaid,
		"invoice.marked_uncollectible":     domain.InvoiceUncollectible,
		"invoice.voided":                   domain.InvoiceVoid,
		domain.TypeFetched:                 "",
	}
	says := func(kind domain.EventType, status domain.InvoiceStatus) (domain.InvoiceStatus, domain.Outcome) {
		f := invoiceSays(kind, 0, func(f *domain.InvoiceFact) { f.Invoice.Status = status })
		a, verdict := domain.Record(accountWith(ana), f, shop)
		return a.Invoices["in_0"].Status, verdict.Outcome
	}
	seen := map[domain.EventType]bool{}
	for _, rule := range domain.InvoiceEvents {
		want, known := means[rule.On]
		if !known || seen[rule.On] {
			t.Errorf("%s has no row here, or two rows: say what it means", rule.On)
		}
		seen[rule.On] = true
		if got, outcome := says(rule.On, ""); got != want || want == "" && outcome != domain.OutcomeQuarantined {
			t.Errorf("%s: the invoice is %q (%s), want %q", rule.On, got, outcome, want)
		}
		// The invoice's own word counts; but who says that it was paid was there.
		paid := want == domain.InvoicePaid
		if got, _ := says(rule.On, domain.InvoiceOpen); got != domain.InvoiceOpen && !paid || paid && got != domain.InvoicePaid {
			t.Errorf("%s of an open invoice: it is %q", rule.On, got)
		}
		if got, _ := says(rule.On, domain.InvoicePaid); got != domain.InvoicePaid {
			t.Errorf("%s of a paid invoice: it is %q", rule.On, got)
		}
		if got, outcome := says(rule.On, "unheard_of"); got != "" || outcome != domain.OutcomeQuarantined {
			t.Errorf("%s of an invoice in a status that no rule knows: %q (%s)", rule.On, got, outcome)
		}
	}
	if len(seen) != len(means) {
		t.Errorf("%d events have a row, want %d", len(seen), len(means))
	}
}

// An invoice only moves forward, whatever the order in which it is told.
func TestInvoiceStatuses_TheFurtherOneStays(t *testing.T) {
	t.Parallel()
	wantSame(t, "rows", domain.InvoiceStatuses, []domain.InvoiceStatus{
		domain.InvoiceDraft, domain.InvoiceOpen, domain.InvoiceUncollectible, domain.InvoiceVoid, domain.InvoicePaid,
	})
	in := func(status domain.InvoiceStatus) domain.Fact {
		return invoiceSays("invoice.updated", 0, func(f *domain.InvoiceFact) { f.Invoice.Status = status })
	}
	for rank, further := range domain.InvoiceStatuses {
		for _, before := range domain.InvoiceStatuses[:rank] {
			for _, facts := range [][]domain.Fact{{in(before), in(further)}, {in(further), in(before)}} {
				if got := after(accountWith(ana), facts...).Invoices["in_0"].Status; got != further {
					t.Errorf("%s and %s: %s", before, further, got)
				}
			}
		}
	}
}

func TestRefundRules_EachMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	wantSame(t, "rows", domain.RefundRules, []domain.RefundRule{
		{Status: "requires_action"},
		{Status: "pending"},
		{Status: "succeeded", Returned: true},
		{Status: "canceled", Undone: true},
		{Status: "failed", Undone: true},
	})
}

func TestDisputeRules_EachMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	wantSame(t, "rows", domain.DisputeRules, []domain.DisputeRule{
		{Status: "warning_needs_response", State: domain.DisputeInquiry},
		{Status: "warning_under_review", State: domain.DisputeInquiry},
		{Status: "warning_closed", State: domain.DisputeNone},
		{Status: "needs_response", State: domain.DisputeOpen},
		{Status: "under_review", State: domain.DisputeOpen},
		{Status: "charge_refunded", State: domain.DisputeNone},
		{Status: "prevented", State: domain.DisputeNone},
		{Status: "lost", State: domain.DisputeLost},
		{Status: "appeal_needs_response", State: domain.DisputeLost},
		{Status: "appeal_under_review", State: domain.DisputeLost},
		{Status: "won", State: domain.DisputeWon},
	})
	for _, row := range domain.DisputeRules {
		if !slices.Contains(domain.DisputeStates, row.State) {
			t.Errorf("%s comes to %q, which DisputeStates does not list", row.Status, row.State)
		}
	}
}

// A lost dispute may be appealed against: the money is gone until it is won after all.
func TestDisputeRules_AnAppealGivesNothingBackUntilItIsWon(t *testing.T) {
	t.Parallel()
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	bought.PaymentIntent = "pi_1"
	life := []domain.DisputeStatus{"warning_needs_response", "needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review", "won"}
	holding := []bool{true, false, false, false, false, false, true}
	a := after(accountWith(ana, pendingOrder("o1", "pass")), bought)
	for n, status := range life {
		a = after(a, disputed(status))
		if got := holds(a, "projects", noon.Add(day)); got != holding[n] {
			t.Errorf("%s: holds is %t, want %t", status, got, holding[n])
		}
		again := after(a, disputed(life[0]))
		if got := again.Disputes["dp_1"].Status; got != status {
			t.Errorf("%s, and an old word comes late: %s", status, got)
		}
	}
}

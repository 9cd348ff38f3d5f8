package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Which two snapshots of a subscription leave open which of them is the newer. Both
// orders of arrival are tried.
func TestDoubt_WhatFactsCannotSettle(t *testing.T) {
	t.Parallel()
	pause := domain.EventType("customer.subscription.paused")
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	for name, c := range map[string]struct {
		a, b  domain.SubscriptionFact
		doubt bool
	}{
		"two changes of one second":                    {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, noon, "past_due"), true},
		"two changes of two seconds":                   {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, at(time.Second), "past_due"), true},
		"at the edge of the window":                    {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, at(domain.DoubtWindow), "past_due"), true},
		"beyond it":                                    {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, at(domain.DoubtWindow+time.Second), "past_due"), false},
		"events of different types about one change":   {subscriptionSays(updated, noon, "paused"), subscriptionSays(pause, noon, "paused"), false},
		"the same twice":                               {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, at(time.Second), "active"), false},
		"the first news and a change":                  {subscriptionSays(created, noon, "trialing"), subscriptionSays(updated, noon, "active"), false},
		"the first news, by a clock that ran ahead":    {subscriptionSays(created, at(time.Second), "trialing"), subscriptionSays(updated, noon, "active"), false},
		"incomplete and active":                        {subscriptionSays(updated, at(time.Second), "incomplete"), subscriptionSays(updated, noon, "active"), false},
		"a change and the end":                         {subscriptionSays(updated, noon, "past_due"), subscriptionSays(deleted, noon, "canceled"), false},
		"an end, and what claims to be newer":          {subscriptionSays(deleted, noon, "canceled"), subscriptionSays(updated, at(time.Second), "active"), false},
		"what was asked later":                         {subscriptionSays(updated, noon, "active"), subscriptionSays(domain.TypeFetched, at(time.Second), "past_due"), false},
		"what was asked in the same second":            {subscriptionSays(updated, noon, "active"), subscriptionSays(domain.TypeFetched, noon, "past_due"), true},
		"what was asked, and a change shortly after":   {subscriptionSays(domain.TypeFetched, noon, "active"), subscriptionSays(updated, at(time.Second), "past_due"), true},
		"what was asked before the first news of it":   {subscriptionSays(created, at(time.Second), "incomplete"), subscriptionSays(domain.TypeFetched, noon, "active"), false},
		"two quantities of one second":                 {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, noon, "active", withItems(item("si_1", "price_pro", 2))), true},
		"a cancellation and its undoing in one second": {subscriptionSays(updated, noon, "active"), subscriptionSays(updated, noon, "active", func(s *domain.Subscription) { s.CancelAtPeriodEnd = true }), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, facts := range map[string][2]domain.SubscriptionFact{"one way": {c.a, c.b}, "the other": {c.b, c.a}} {
				a, verdict := domain.Record(accountWith(ana), facts[0], shop)
				if verdict.Doubt != (domain.Doubt{}) {
					t.Errorf("%s: one fact alone raises the doubt %+v", way, verdict.Doubt)
				}
				_, verdict = domain.Record(a, facts[1], shop)
				var want domain.Doubt
				if c.doubt {
					want = domain.Doubt{Subject: domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}, Since: latest(c.a.At, c.b.At)}
				}
				if verdict.Doubt != want {
					t.Errorf("%s: doubt %+v, want %+v", way, verdict.Doubt, want)
				}
			}
		})
	}
}

// A message has room for so many items and no more.
func TestDoubt_ItemsThatTheMessageHadNoRoomFor(t *testing.T) {
	t.Parallel()
	cut := subscriptionSays(updated, noon, "active")
	cut.MoreItems = true
	a, verdict := domain.Record(accountWith(ana), cut, shop)
	if want := (domain.Doubt{Subject: domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}, Since: noon}); verdict.Doubt != want {
		t.Errorf("doubt %+v, want %+v", verdict.Doubt, want)
	}
	whole := subscriptionSays(domain.TypeFetched, noon.Add(time.Second), "active", withItems(item("si_1", "price_pro", 1), item("si_2", "price_team", 9)))
	a, verdict = domain.Record(a, whole, shop)
	if verdict.Doubt != (domain.Doubt{}) || len(a.Subscriptions["sub_1"].Items) != 2 {
		t.Errorf("got %+v and %+v, want no doubt and both items", verdict, a.Subscriptions["sub_1"])
	}
	again := subscriptionSays(updated, noon.Add(time.Hour), "past_due")
	again.MoreItems = true
	a, verdict = domain.Record(a, again, shop)
	if held := a.Subscriptions["sub_1"]; verdict.Doubt.Since != noon.Add(time.Hour) || len(held.Items) != 2 || held.Status != "past_due" {
		t.Errorf("cut again: got %+v and %+v, want a doubt, the new status and both items", verdict, held)
	}
	if _, verdict = domain.Record(a, cut, shop); verdict.Doubt != (domain.Doubt{}) {
		t.Errorf("older than what is held: doubt %+v, want none", verdict.Doubt)
	}
	gone := subscriptionSays(deleted, noon.Add(2*time.Hour), "canceled")
	gone.MoreItems = true
	if a, verdict = domain.Record(a, gone, shop); verdict.Doubt != (domain.Doubt{}) || holds(a, "sso", noon.Add(3*time.Hour)) {
		t.Errorf("ended: doubt %+v, want none and no right", verdict.Doubt)
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Of money that goes back it must be known what it was paid for: which invoice, and all
// of its lines.
func TestDoubt_WhatAPaymentWasFor(t *testing.T) {
	t.Parallel()
	invoice := invoiceSays(paid, 0, paidBy("pi_1"))
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	bought.PaymentIntent = "pi_1"
	ofInvoice := chargeSays("charge.succeeded", noon, 0)
	ofInvoice.Invoice = "in_0"
	linked := domain.InvoicePaymentFact{Type: "invoice_payment.paid", Invoice: "in_0", PaymentIntent: "pi_1"}
	cut := invoiceSays(paid, 0, paidBy("pi_1"), func(f *domain.InvoiceFact) { f.Invoice.Complete = false })
	intent := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}
	lines := domain.Ref{Kind: domain.RefInvoice, ID: "in_0"}

	for name, c := range map[string]struct {
		before []domain.Fact
		doubt  domain.Ref
	}{
		"nothing is known of it":                {nil, intent},
		"the charge is, and names no invoice":   {[]domain.Fact{chargeSays("charge.succeeded", noon, 0)}, intent},
		"it paid an order":                      {[]domain.Fact{bought}, domain.Ref{}},
		"it paid an invoice":                    {[]domain.Fact{invoice}, domain.Ref{}},
		"the charge names its invoice":          {[]domain.Fact{invoiceSays(paid, 0), ofInvoice}, domain.Ref{}},
		"an invoice's payment names it":         {[]domain.Fact{invoiceSays(paid, 0), linked}, domain.Ref{}},
		"the invoice was never told":            {[]domain.Fact{ofInvoice}, lines},
		"the invoice was never told, linked":    {[]domain.Fact{linked}, lines},
		"there was no room for all its lines":   {[]domain.Fact{cut}, lines},
		"the lines were asked for in meantime":  {[]domain.Fact{cut, invoice}, domain.Ref{}},
		"a draft of it was told, without lines": {[]domain.Fact{invoiceSays("invoice.created", 0), linked}, lines},
	} {
		a := after(accountWith(ana, pendingOrder("o1", "pass")), c.before...)
		dispute := disputeSays("charge.dispute.created", noon, "needs_response")
		dispute.Amount = 2900 // of all that the invoice is over
		for _, fact := range []domain.Fact{
			refundSays("refund.created", noon, "re_1", "pending", 1900),
			dispute,
			chargeSays("charge.refunded", noon, 1900),
		} {
			if _, verdict := domain.Record(a, fact, shop); verdict.Doubt.Subject != c.doubt {
				t.Errorf("%s, %T: doubt about %+v, want %+v", name, fact, verdict.Doubt.Subject, c.doubt)
			}
		}
		// An answer does not raise the question again; it may lead on to the invoice.
		var next domain.Ref
		if c.doubt == lines {
			next = lines
		}
		if _, verdict := domain.Record(a, chargeSays(domain.TypeFetched, noon, 1900), shop); verdict.Doubt.Subject != next {
			t.Errorf("%s: an answer leads to %+v, want %+v", name, verdict.Doubt.Subject, next)
		}
	}
}

// A dispute may be about a part of a charge, which then loses that part and not all that
// it paid for. How much the charge is over is asked, if nobody told it.
func TestDoubt_WhetherADisputeIsAboutAPart(t *testing.T) {
	t.Parallel()
	a := after(accountWith(ana), subscriptionSays(created, noon, "active"), invoiceSays(paid, 0, paidBy("pi_1")))
	part := disputeSays("charge.dispute.closed", noon, "lost")
	part.Amount = 50
	whole := part
	whole.ID, whole.Amount = "dp_2", 2800 // the bank converts currencies
	intent := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}

	asked, verdict := domain.Record(a, part, shop)
	if verdict.Doubt.Subject != intent {
		t.Errorf("doubt about %+v, want %+v", verdict.Doubt.Subject, intent)
	}
	answer := chargeSays(domain.TypeFetched, noon, 0)
	answer.Amount = 2900
	answered := after(asked, answer)
	if _, verdict := domain.Record(answered, part, shop); verdict.Doubt != (domain.Doubt{}) {
		t.Errorf("asked again: %+v", verdict.Doubt)
	}
	if !holds(answered, "sso", noon.Add(day)) {
		t.Error("half a dollar that was lost takes what 29 paid for")
	}
	if holds(after(answered, whole), "sso", noon.Add(day)) {
		t.Error("almost all was lost, and what it paid for stays")
	}
}

// A message has room for ten lines of an invoice, and of a credit note.
func TestDoubt_LinesThatTheMessageHadNoRoomFor(t *testing.T) {
	t.Parallel()
	lines := domain.Ref{Kind: domain.RefInvoice, ID: "in_0"}
	cut := func(f *domain.InvoiceFact) { f.Invoice.Complete = false }
	note := domain.CreditNoteFact{
		Type: "credit_note.created", At: noon, Customer: cusAna,
		CreditNote: domain.CreditNote{ID: "cn_1", Invoice: "in_0", Status: domain.CreditNoteIssued, Amount: 100},
	}
	whole := after(accountWith(ana), invoiceSays(paid, 0))
	of := func(f domain.CreditNoteFact, lines ...domain.CreditedLine) domain.CreditNoteFact {
		f.CreditNote.Lines = lines
		return f
	}
	first, last := domain.CreditedLine{Line: "il_2", Amount: 60}, domain.CreditedLine{Line: "il_1", Amount: 40}
	cutNote, allOfNote := of(note, first), of(note, last, first)
	cutNote.MoreLines = true
	linesOfNote := domain.Ref{Kind: domain.RefCreditNote, ID: "cn_1"}
	for name, c := range map[string]struct {
		account domain.Account
		fact    domain.Fact
		doubt   domain.Ref
	}{
		"a credit note, cut":                        {whole, cutNote, linesOfNote},
		"a credit note, cut, of an unknown invoice": {accountWith(ana), cutNote, linesOfNote},
		"a credit note, cut again":                  {after(whole, cutNote), cutNote, linesOfNote},
		"a credit note, all of it":                  {after(whole, cutNote), allOfNote, domain.Ref{}},
		"a credit note, cut, and the rest is known": {after(whole, allOfNote), cutNote, domain.Ref{}},
		"all told":                             {accountWith(ana), invoiceSays(paid, 0), domain.Ref{}},
		"cut":                                  {accountWith(ana), invoiceSays(paid, 0, cut), lines},
		"cut, and the rest is known":           {whole, invoiceSays(paid, 0, cut), domain.Ref{}},
		"cut, in an answer":                    {accountWith(ana), invoiceSays(domain.TypeFetched, 0, cut, func(f *domain.InvoiceFact) { f.Invoice.Status = "paid" }), domain.Ref{}},
		"a draft: its lines may still change":  {accountWith(ana), invoiceSays("invoice.created", 0, cut), domain.Ref{}},
		"a credit note of an unknown invoice":  {accountWith(ana), note, lines},
		"a credit note of an invoice with all": {whole, note, domain.Ref{}},
	} {
		if _, verdict := domain.Record(c.account, c.fact, shop); verdict.Doubt.Subject != c.doubt {
			t.Errorf("%s: doubt about %+v, want %+v", name, verdict.Doubt.Subject, c.doubt)
		}
	}
	for name, a := range map[string]domain.Account{"cut first": after(whole, cutNote, allOfNote), "cut last": after(whole, allOfNote, cutNote)} {
		if got := a.CreditNotes["cn_1"].Lines; !slices.Equal(got, allOfNote.CreditNote.Lines) {
			t.Errorf("a credit note, %s: lines %v, want all", name, got)
		}
	}
}

// The first of a fact's names is what Stripe is asked about if none is known.
func TestWhose_WhatNamesNobodyWeKnow(t *testing.T) {
	t.Parallel()
	intent, charge := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}, domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}
	bare := refundSays("refund.created", noon, "re_1", "succeeded", 1)
	bare.PaymentIntent = ""
	nameless := disputeSays("charge.dispute.created", noon, "lost")
	nameless.PaymentIntent, nameless.Charge = "", ""
	byAccount := invoiceSays(paid, 0, func(f *domain.InvoiceFact) { f.Customer, f.CustomerAccount = "", "acct_1" })
	subByAccount := subscriptionSays(updated, noon, "active")
	subByAccount.Snapshot.Customer, subByAccount.Snapshot.CustomerAccount = "", "acct_1"
	answered := subByAccount
	answered.Type = domain.TypeFetched // there is nothing more to ask
	noteByAccount := domain.CreditNoteFact{CustomerAccount: "acct_1", CreditNote: domain.CreditNote{ID: "cn_1", Invoice: "in_0"}}
	for _, c := range []struct {
		fact domain.Fact
		want domain.Ref
	}{
		{refundSays("refund.created", noon, "re_1", "succeeded", 1), intent},
		{disputeSays("charge.dispute.created", noon, "lost"), intent},
		{bare, charge},
		{nameless, domain.Ref{}},
		{chargeSays("charge.refunded", noon, 1), domain.Ref{}},
		{subscriptionSays(updated, noon, "active"), domain.Ref{}},
		{invoiceSays(paid, 0), domain.Ref{}},
		{subByAccount, domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}},
		{answered, domain.Ref{}},
		{byAccount, domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}},
		{noteByAccount, domain.Ref{Kind: domain.RefInvoice, ID: "in_0"}},
		{sessionSays("checkout.session.completed", noon, "complete", "paid"), domain.Ref{}},
	} {
		got, can := domain.Whose(c.fact)
		if got != c.want || can != (c.want != domain.Ref{}) {
			t.Errorf("%T: %+v, %t, want %+v", c.fact, got, can, c.want)
		}
	}
}

// Who names a customer need not be understood by its account.
func TestByAccount_IsOfWhatNamesNoCustomer(t *testing.T) {
	t.Parallel()
	account := domain.Ref{Kind: domain.RefAccount, ID: "acct_1"}
	for what, of := range map[string]func(domain.CustomerID, domain.CustomerAccountID) domain.Fact{
		"subscription": func(c domain.CustomerID, a domain.CustomerAccountID) domain.Fact {
			return domain.SubscriptionFact{Snapshot: domain.Subscription{ID: "sub_1", Customer: c, CustomerAccount: a}}
		},
		"invoice": func(c domain.CustomerID, a domain.CustomerAccountID) domain.Fact {
			return domain.InvoiceFact{Customer: c, CustomerAccount: a}
		},
		"credit note": func(c domain.CustomerID, a domain.CustomerAccountID) domain.Fact {
			return domain.CreditNoteFact{Customer: c, CustomerAccount: a}
		},
	} {
		if got, by := domain.ByAccount(of("", "acct_1")); !by || got != account {
			t.Errorf("%s of an account: %+v, %t", what, got, by)
		}
		for _, fact := range []domain.Fact{of("", ""), of("cus_1", ""), of("cus_1", "acct_1")} {
			if got, by := domain.ByAccount(fact); by || got != (domain.Ref{}) {
				t.Errorf("%+v: %+v, want nothing", fact, got)
			}
		}
	}
	if got, by := domain.ByAccount(domain.SessionFact{CustomerAccount: "acct_1"}); by || got != (domain.Ref{}) {
		t.Errorf("a session is found by its order: got %+v", got)
	}
}

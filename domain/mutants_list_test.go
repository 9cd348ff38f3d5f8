package domain_test

// mutants are the bugs that the tests of convergence have to notice.
var mutants = []edit{
	// What is newer, and what has to be asked.
	{"fulfill.go", "newer := !have || compareSnapshots(snapshot, held) > 0",
		`newer := !have || mutant("snapshots in the order of arrival") || compareSnapshots(snapshot, held) > 0
	if mutant("snapshots in the order of created alone") {
		newer = !have || snapshot.SeenAt.After(held.SeenAt)
	}`},
	{"fulfill.go", "cut || have && inDoubt(snapshot, held)",
		`cut || have && inDoubt(snapshot, held) && !mutant("snapshots of one second by a rule, and nobody asked") && !mutant("snapshots in the order of created alone")`},
	{"fulfill.go", "kept.Status != InvoiceDraft && !kept.Complete && i.Type != TypeFetched",
		`kept.Status != InvoiceDraft && !kept.Complete && i.Type != TypeFetched && !mutant("the first ten lines are all")`},
	{"fulfill_money.go", "for _, ref := range moneyRefs(intent, charge) {",
		`for _, ref := range moneyRefs(intent, charge) {
		if mutant("what a payment was for is not asked") {
			break
		}`},
	{"fulfill_money.go", `invoice == "" || told && known.Complete {`,
		`invoice == "" || told && known.Complete || mutant("an invoice that nobody told of is not asked for") {`},
	{"fulfill_money.go", "return Verdict{Doubt: r.untoldInvoice(c.PaymentIntent, c.ID)} // the answer leads on",
		`if mutant("an answer does not lead on") {
			return Verdict{}
		}
		return Verdict{Doubt: r.untoldInvoice(c.PaymentIntent, c.ID)}`},

	// Since when something is overdue.
	{"observe.go", "since = earlier(since, bill.Invoice.dueAt())",
		`since = earlier(since, bill.Invoice.dueAt())
		if mutant("grace begins anew with each unpaid invoice") {
			since = later(since, bill.Invoice.dueAt())
		}
		if mutant("grace begins with the period") {
			since = item.PeriodStart
		}`},
	{"invoice.go", "if !i.DueAt.IsZero() {", "if !i.DueAt.IsZero() && !mutant(\"grace begins before an invoice is due\") {"},
	{"invoice.go", "i.DueAt = later(i.DueAt, j.DueAt) // it may be put off",
		`if i.DueAt = later(i.DueAt, j.DueAt); mutant("a due date is never put off") && !before.IsZero() {
		i.DueAt = earlier(before, j.DueAt)
	}`},
	{"invoice.go", "func (i Invoice) join(j Invoice) Invoice {", "func (i Invoice) join(j Invoice) Invoice {\n\tbefore := i.DueAt"},
	{"owed.go", "if bill.Invoice.Status == are {", `if bill.Invoice.Status == are || are == InvoiceOpen && bill.Invoice.Status == InvoiceVoid && mutant("a void invoice is owed") {`},
	{"timeline.go", "whole.until = t.observed.since.Add(t.plan.Grace)",
		`whole.until = t.observed.since.Add(t.plan.Grace)
		if mutant("grace has no end") {
			whole.until = never
		}`},

	// What was bought once.
	{"pass.go", "if p.plan != before.plan || !p.since.Before(*before.until) {", `if p.plan != before.plan || !p.since.Before(*before.until) || mutant("passes overlap") {`},

	// How what is given ends.
	{"timeline.go", "p.ending = p.ending.byEnd(p.until, end)", `if !mutant("what is to end renews") {
				p.ending = p.ending.byEnd(p.until, end)
			}`},
	{"timeline.go", "ending.Renews = !t.covered.gone &&", `ending.Renews = !mutant("nothing renews") &&`},
	{"timeline.go", "return !t.covered.gone && price == t.item.Price &&",
		`return (!t.covered.gone && price == t.item.Price || mutant("what was replaced renews")) &&`},
	{"timeline.go", "InGrace: t.row.Gives == BasisGrace ||", `InGrace: t.row.Gives == BasisPeriod && mutant("all is in grace") || t.row.Gives == BasisGrace ||`},
	{"ending.go", "	case until.Before(end):", "\tcase until.Before(end) && !mutant(\"a later end is none\"):"},

	// What of a subscription is given.
	{"observe.go", "unpaid = unpaid || o.Status != OrderPaid",
		`unpaid = (unpaid || o.Status != OrderPaid) && !mutant("active is as good as paid")`},
	{"timeline.go", "piece{left, t.item.Price, t.item.Quantity, t.row.Grants, t.row.Gives, ending})",
		`piece{left, t.item.Price, t.item.Quantity, t.row.Grants, t.row.Gives, ending})
		if mutant("quantity 0 is one") {
			all[len(all)-1].quantity = max(1, t.item.Quantity)
		}`},
	{"derive.go", "all[same].count = saturatingAdd(all[same].count, of.count)",
		`if all[same].count = saturatingAdd(all[same].count, of.count); mutant("items of one plan do not add up") {
				all[same].count = of.count
			}`},
	{"derive.go", "of := unitsOf{s.Plan, plan.setOf(s.Grants), s.Quantity, Ending{InGrace: s.Ending.InGrace}}",
		`of := unitsOf{s.Plan, plan.setOf(s.Grants), s.Quantity, Ending{InGrace: s.Ending.InGrace}}
			if mutant("items of one plan add up only if they stand alike") {
				of.grants = s.Grants
			}`},
	{"derive.go", "e.Value = shared.merge(e.Value, value)",
		`if e.Value = shared.merge(e.Value, value); mutant("the last item wins") {
					e.Value = value
				}`},
	{"timeline.go", "	if t.item.PeriodEnd.IsZero() {", "\tif t.item.PeriodEnd.IsZero() || mutant(\"an item ends with another\") {"},
	{"timeline.go", "if vouched && left.until.Equal(t.periodEnd()) {", `if vouched && left.until.Equal(t.periodEnd()) && !mutant("no leeway") {`},
	{"coverage.go", "if !bill.Invoice.Complete || bill.Invoice.has(",
		`if !bill.Invoice.Complete || mutant("what is overdue is overdue for all items") || bill.Invoice.has(`},
	{"coverage.go", "		if !bill.unpaid() {",
		`		if !bill.unpaid() || bill.Invoice.Status != InvoiceOpen && mutant("a change that was given up took what was paid for") {`},
	{"ledger.go", `if !free && credit.Kind != LineCredit || credit.Item == "" || told ||`,
		`if !free && credit.Kind != LineCredit || credit.Item == "" || told || mutant("an unpaid change took what was paid for") ||`},
	{"coverage.go", "if !from.Before(c.undone) && !c.gone && price == item.Price {",
		`if !from.Before(c.undone) && !c.gone && price == item.Price && !mutant("who gives a seat back keeps it") {`},
	{"timeline.go", "p.until = earliest(p.until, end)",
		`if mutant("leeway after a scheduled end") {
				end = end.Add(t.plan.Leeway)
			}
			p.until = earliest(p.until, end)`},
	{"standing.go", "if set == GrantsTrial && p.TrialGrants != nil ||", `if set == GrantsTrial && p.TrialGrants != nil && !mutant("a trial gives all") ||`},
	{"settled.go", "case l.Subscription.tries(line):", `case l.Subscription.tries(line) && !mutant("a trial is paid for"):`},
	{"timeline.go", "case t.plan.setOf(t.row.Grants) != GrantsUsual && !t.covered.gone:",
		`case t.plan.setOf(t.row.Grants) != GrantsUsual && !t.covered.gone && !mutant("what is reduced comes before what was paid for"):`},
	{"returned.go", "if other.state().takes() >= d.state().takes() {",
		`if mutant("a dispute over one of several payments takes all") {
			return false
		}
		if other.state().takes() >= d.state().takes() {`},
	{"owed.go", "if bill.Invoice.Status == InvoiceUncollectible && bill.changes(item, item.PeriodStart) {",
		`if bill.Invoice.Status == InvoiceUncollectible && bill.changes(item, item.PeriodStart) && !mutant("a change that was given up is given") {`},
	{"observe.go", "collected: Collection(s.Pause),", `collected: map[bool]Collection{false: Collection(s.Pause)}[mutant("collection that is paused is as good as any")],`},
	{"account.go", "return slices.Contains(a.DeletedCustomers, customer)",
		`return slices.Contains(a.DeletedCustomers, customer) && !mutant("a subscription outlives its customer")`},
	{"fulfill_money.go", "c.Type == TypeFetched && !c.Deleted",
		`c.Type == TypeFetched && !c.Deleted && !mutant("a customer that was asked for is gone")`},

	{"invoice.go", "return line.Amount != 0 || !i.Complete ||", `return line.Amount != 0 || !i.Complete || mutant("what costs nothing goes with what is not paid") ||`},

	// What of the money is left.
	{"settled.go", "back := bill.moneyBack()",
		`back := bill.moneyBack()
		if mutant("a refund of one invoice is a refund of all") {
			back = l.Bills[len(l.Bills)-1].moneyBack()
		}`},
	{"returned.go", "	if len(b.Refunds)+len(b.Charges)+len(b.Disputes)+len(b.CreditNotes) == 0 {",
		`	if mutant("a refund is measured by the total, credit and all") {
		m.paid = cmp.Or(b.Invoice.Total, b.Payment.Amount)
	}
	if len(b.Refunds)+len(b.Charges)+len(b.Disputes)+len(b.CreditNotes) == 0 {`},
	{"returned.go", "if note = b.given(note); note.Status != CreditNoteIssued || note.Amount == 0 {",
		`if note = b.given(note); note.Status != CreditNoteIssued || note.Amount == 0 || mutant("credit notes ignored") {`},
	{"coverage.go", "quantity = -quantity\n",
		"if quantity = -quantity; mutant(\"lines do not add up\") {\n\t\t\t\tquantity = 0\n\t\t\t}\n"},
	{"credit.go", "	if revoked {\n", "\tif revoked && !mutant(\"credit for what was charged back is as good as money\") {\n"},
	{"credit.go", "if spent.bad <= good || !billed.buys() {",
		`if mutant("any credit for what was charged back takes all") && spent.bad > 0 {
			good = 0
		}
		if spent.bad <= good || !billed.buys() {`},
	{"timeline.go", "	if t.row.Gives == BasisForGood {\n		taken = nil", "\tif t.row.Gives == BasisForGood || mutant(\"the status vouches for what was refunded\") {\n\t\ttaken = nil"},
	{"timeline.go", "all[n].until = t.leewayAfter(end)",
		`if all[n].until = t.leewayAfter(end); mutant("leeway within a month that was refunded") {
				all[n].until = end.Add(t.plan.Leeway)
			}`},
	{"returned.go", "m.add(r.Amount, r.CreatedAt)", `m.add(r.Amount*map[bool]int64{false: 1}[mutant("refunds ignored")], r.CreatedAt)`},
	{"returned.go", "ofLines := min(amount-counted, m.ofLines)",
		`ofLines := min(amount-counted, m.ofLines)
	if mutant("what a note refunded, counted again by its charge") {
		ofLines = 0
	}`},
	{"swap.go", "if item, swapped := b.swaps[line.ID]; swapped {", `if item, swapped := b.swaps[line.ID]; swapped && !mutant("a swap is no change") {`},
	{"returned.go", "untold := c.Refunded - b.toldOf(c); untold > 0", `untold := c.Refunded - b.toldOf(c); untold > 0 && !mutant("refunds of the charge ignored")`},
	{"returned.go", "if r.isOf(c) && r.countedBy(c) {", `if r.isOf(c) && r.countedBy(c) && !mutant("a refund counted twice, by itself and by its charge") {`},
	{"rules.go", `{Status: "pending"}`, `{Status: "pending", Returned: mutant("a pending refund takes access")}`},
	{"returned.go", "case m.refunded():", `case m.refunded() || m.returned > 0 && mutant("a partial refund is a full one"):`},
	{"returned.go", "m.disputed = append(m.disputed, state)",
		`if mutant("disputes ignored") {
				continue
			}
			if m.disputed = append(m.disputed, state); mutant("an inquiry is a dispute") && state == DisputeInquiry {
				m.disputed = append(m.disputed, DisputeOpen)
			}`},

	// Who pays.
	{"order.go", "	switch {\n	case s.Mode != \"\" && s.Mode != o.Mode:", "\tswitch {\n\tcase mutant(\"any session pays\"):\n\t\treturn true\n\tcase s.Mode != \"\" && s.Mode != o.Mode:"},
	{"order.go", "return s.Subtotal == o.Subtotal ||", `return s.Subtotal < o.Subtotal && mutant("a part of the price pays") || s.Subtotal == o.Subtotal ||`},
	{"observe.go", "unpaid = unpaid && !bill.Invoice.settled()", `unpaid = unpaid && (!bill.Invoice.settled() || bill.Invoice.AmountPaid == 0 && mutant("a free subscription is not paid"))`},
	{"guard.go", `return s.Status == "complete" && (s.PaymentStatus == "paid" ||`, `return s.Status == "complete" && (s.PaymentStatus == "paid" || mutant("a completed session is as good as paid") ||`},

	// What a price means.
	{"meaning.go", "if price == \"\" || f.catalog.Ignores(price) {", "if price == \"\" || f.catalog.Ignores(price) || mutant(\"meanings forgotten\") {"},
}

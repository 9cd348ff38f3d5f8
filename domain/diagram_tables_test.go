package domain_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func subscriptionEventTable() string {
	rows := [][]string{{"event", "precedence within one second"}}
	for _, rule := range domain.SubscriptionEvents {
		rows = append(rows, []string{code(rule.On), fmt.Sprint(rule.Precedence)})
	}
	return table(rows)
}

func subscriptionStatusTable() string {
	rows := [][]string{{"status", "begins with it", "may change again"}}
	for _, rule := range domain.SubscriptionStatuses {
		rows = append(rows, []string{code(rule.Status), yes(rule.First), yes(!rule.Terminal)})
	}
	return table(rows)
}

// accessTable leaves a cell empty where a row does not look.
func accessTable() string {
	rows := [][]string{{"customer", "status", "checkout", "collection", "overdue", "change", "paid", "years paid", "option", "gives", "grants"}}
	for _, r := range domain.AccessRules {
		rows = append(rows, []string{
			code(r.Customer), code(r.Status), code(r.Checkout), code(r.Collected), code(r.Overdue), code(r.Change), code(r.Paid),
			atLeast(r.PaidYears), code(r.Option), string(r.Gives), code(r.Grants),
		})
	}
	return table(rows)
}

func moneyTable() string {
	rows := [][]string{{"`policy.dispute`", "`policy.refund`", "dispute", "went back", "within", "invoice", "the line"}}
	for _, r := range domain.MoneyRules {
		within := ""
		if r.Within > 0 {
			within = inWords(r.Within)
		}
		rows = append(rows, []string{
			code(r.Dispute), code(r.Refund), code(r.Disputed), code(r.Share), within, code(r.Invoice),
			map[domain.Effect]string{domain.EffectKeep: "counts", domain.EffectRevoke: "does not count"}[r.Effect],
		})
	}
	return table(rows)
}

// defaultTable is what a plan does that says nothing else.
func defaultTable() string {
	rows := [][]string{{"a plan that says nothing else", "has"}}
	for _, mode := range domain.Modes {
		policy := domain.DefaultPolicy[mode]
		rows = append(rows,
			[]string{"`mode: " + string(mode) + "`", fmt.Sprintf("`policy: {refund: %s, dispute: %s}`", policy.Refund, policy.Dispute)})
	}
	rows = append(rows,
		[]string{"grace", inWords(domain.DefaultGrace)},
		[]string{"leeway", inWords(domain.DefaultLeeway)})
	return table(rows)
}

func invoiceEventTable() string {
	rows := [][]string{{"event", "the invoice is, if it does not say"}}
	for _, rule := range domain.InvoiceEvents {
		rows = append(rows, []string{code(rule.On), string(rule.Status)})
	}
	return table(rows)
}

func invoiceStatusTable() string {
	means := map[domain.InvoiceStatus]string{
		domain.InvoiceDraft:         "nobody owes it yet",
		domain.InvoiceOpen:          "it is owed: overdue from its due date on, or else from when it was finalized",
		domain.InvoiceUncollectible: "it is owed, and no longer collected; counts as overdue if no other is open, or if it is for a change",
		domain.InvoiceVoid:          "as if it had never been",
		domain.InvoicePaid:          "its lines are paid for: with money, with credit, or there was nothing to pay",
	}
	rows := [][]string{{"invoice's status", "means"}}
	for _, status := range domain.InvoiceStatuses {
		rows = append(rows, []string{code(status), means[status]})
	}
	return table(rows)
}

func moneyEventTable() string {
	rows := [][]string{{"events", "carry"}}
	for _, kind := range []struct {
		carry  string
		events []domain.EventType
	}{
		{"which payment intent pays which invoice (since API version basil)", domain.InvoicePaymentEvents},
		{"a charge: whose it is, what it pays, how much of it was refunded", domain.ChargeEvents},
		{"a refund", domain.RefundEvents},
		{"a dispute", domain.DisputeEvents},
		{"a credit note: which lines of an invoice are taken back", domain.CreditNoteEvents},
		{"a customer that is gone, and with it all its subscriptions", domain.CustomerEvents},
	} {
		var names []string
		for _, e := range kind.events {
			names = append(names, code(e))
		}
		rows = append(rows, []string{strings.Join(names, ", "), kind.carry})
	}
	return table(rows)
}

func refundTable() string {
	rows := [][]string{{"refund's status", "the money is"}}
	for _, rule := range domain.RefundRules {
		where := "on its way: nothing changes yet"
		switch {
		case rule.Returned:
			where = "with the buyer"
		case rule.Undone:
			where = "ours again: access comes back"
		}
		rows = append(rows, []string{code(rule.Status), where})
	}
	return table(rows)
}

func disputeTable() string {
	rows := [][]string{{"dispute's status", "comes to"}}
	for _, rule := range domain.DisputeRules {
		rows = append(rows, []string{code(rule.Status), string(rule.State)})
	}
	return table(rows)
}

// expectationTable is made of what the domain expects of purchases that are silent.
func expectationTable() string {
	rows := [][]string{{"what is silent", "asked for"}}
	for _, c := range silences() {
		rows = append(rows, []string{c.of, inWords(c.due().Sub(c.from)) + " after " + c.after})
	}
	return table(rows)
}

func outcomeTable() string {
	rows := [][]string{{"outcome", "processed again if it comes again"}}
	for _, outcome := range domain.Outcomes {
		rows = append(rows, []string{code(outcome), yes(!outcome.Final())})
	}
	return table(rows)
}

// table writes rows, the first of which is the head, as markdown.
func table(rows [][]string) string {
	var b strings.Builder
	for n, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if n == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

// code is a word of a closed set; nothing of none.
func code[T ~string](word T) string {
	if word == "" {
		return ""
	}
	return "`" + string(word) + "`"
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func atLeast(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d or more", n)
}

func inWords(d time.Duration) string {
	of := func(n time.Duration, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d%day == 0 && d > 0:
		return of(d/day, "day")
	case d%time.Hour == 0:
		return of(d/time.Hour, "hour")
	default:
		return of(d/time.Minute, "minute")
	}
}

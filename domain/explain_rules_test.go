package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// The rows of the tables have to read well where somebody asks why.
func TestExplain_SaysInWordsWhyASubscriptionGivesWhatItGives(t *testing.T) {
	t.Parallel()
	month := func(n float64, quantity int64) domain.Item { return has("si_1", "price_m", quantity, 30*n, 30*n+30) }
	of := func(n float64) domain.Line { return cycle("si_1", "price_m", 1, 2900, 30*n, 30*n+30) }
	first := bill(0, "in_1", "paid", of(0))
	owed := []domain.Fact{sub(0, "active", month(0, 1)), first, sub(30, "past_due", month(1, 1)), bill(30, "in_2", "open", of(1))}
	for name, c := range map[string]struct {
		facts []domain.Fact
		at    float64
		rule  string
		says  string
	}{
		"active": {
			[]domain.Fact{sub(0, "active", month(0, 1)), first}, 1,
			"access: active -> period", "gives it since 2026-03-01T12:00:00Z until 2026-04-01T12:00:00Z, and renews",
		},
		"a renewal that was declined": {
			owed, 31, "access: past_due, overdue: yes -> grace", "gives it since 2026-03-01T12:00:00Z until 2026-04-16T12:00:00Z, in grace",
		},
		"declined long ago": {
			append(owed[:4:4], sub(50, "past_due", month(1, 1))), 51,
			"access: past_due, overdue: yes -> grace is over", "gives nothing: access: past_due, overdue: yes -> grace is over",
		},
		"given up, with a paid rest": {
			[]domain.Fact{sub(0, "active", month(0, 1)), first, sub(9, "unpaid", month(0, 2))}, 10,
			"access: unpaid -> paid", "gives it since 2026-03-01T12:00:00Z until 2026-03-31T12:00:00Z",
		},
		"given up": {
			[]domain.Fact{sub(9, "unpaid", month(0, 2))}, 10, "access: unpaid -> nothing is paid for", "gives nothing: access: unpaid -> nothing is paid for",
		},
		"none of it": {
			[]domain.Fact{sub(0, "active", month(0, 0)), first}, 1, "access: active -> 0 units", "gives nothing: access: active -> 0 units",
		},
		"canceled": {
			[]domain.Fact{sub(9, "canceled", month(0, 1)), first}, 10, "access: canceled -> nothing", "gives nothing: access: canceled -> nothing",
		},
		"refunded": {
			[]domain.Fact{sub(0, "active", month(0, 1)), first, refundOf(5, "pi_1", "succeeded", 2900)}, 6,
			"money that went back: refund policy revoke, all went back -> revoke",
			"gives nothing: money that went back: refund policy revoke, all went back -> revoke",
		},
		"charged back": {
			[]domain.Fact{sub(0, "active", month(0, 1)), first, disputeOf(5, "pi_1", "lost")}, 6,
			"money that went back: dispute policy suspend, dispute lost -> revoke",
			"gives nothing: money that went back: dispute policy suspend, dispute lost -> revoke",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, source := sourceIn(t, domain.Explain(tell(accountWith(ana), market, c.facts...), market, nil, on(c.at)), "pro", "sub_1")
			if source.Rule.Says() != c.rule {
				t.Errorf("decided by %q, want %q", source.Rule.Says(), c.rule)
			}
			if source.Says() != c.says {
				t.Errorf("says %q, want %q", source.Says(), c.says)
			}
		})
	}
}

// What an explanation rests on: the invoices with their lines, and what became of the
// money.
func TestExplain_RestsOnInvoicesAndTheirLines(t *testing.T) {
	t.Parallel()
	note := domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_1", Status: "issued", Amount: 500, Currency: "usd", CreatedAt: on(5), Lines: []domain.CreditedLine{{Line: "il_in_1_1", Amount: 500}},
	}}
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		settledWith(bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)), -500, 0, 5000),
		note, disputeOf(6, "pi_1", "warning_needs_response"))
	_, source := sourceIn(t, domain.Explain(a, market, nil, on(7)), "pro", "sub_1")
	for _, want := range [][3]string{
		{"subscription", "sub_1", "active, started on 2026-03-01T12:00:00Z, items: 5 units of price_m for 2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z; 1 unit of price_addon for 2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z"},
		{"invoice", "in_1", "paid, 55.00 usd, paid with 50.00 usd and credit"},
		{"line", "il_in_1_0", "cycle, 50.00 usd for 5 units of price_m, 2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z"},
		{"line", "il_in_1_1", "cycle, 5.00 usd for 1 unit of price_addon, 2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z"},
		{"credit_note", "cn_1", "credit note of 5.00 usd: issued, 5.00 usd of line il_in_1_1"},
		{"dispute", "dp_pi_1", "dispute over 10000.00 usd: warning_needs_response, since 2026-03-07T12:00:00Z"},
	} {
		if got := evidenceOf(source, want[0], want[1]); got != want[2] {
			t.Errorf("%s %s says %q, want %q", want[0], want[1], got, want[2])
		}
	}
}

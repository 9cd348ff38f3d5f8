package bunstore_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// On SQLite the program before may be put back for a while (a newer schema is good to it),
// and then this one again.
func TestPurchases_ProgramBeforeIsPutBackOnSQLite(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t)
	s := open(t, url)
	buy(t, s, 3)
	change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
		state.Account.Invoices["in_1"] = domain.Invoice{ID: "in_1", Subscription: "sub_1", Status: "paid"}
		state.Account.Charges["ch_1"] = domain.Charge{ID: "ch_1", PaymentIntent: "pi_9", Amount: 900}
		state.Account.Refunds["re_1"] = domain.Refund{ID: "re_1", Charge: "ch_1", Status: "succeeded", Amount: 900}
	})
	// charge.updated, in the words of the program before: all columns that it knows.
	exec(t, url, `INSERT INTO charges (id, user_id, payment_intent_id, invoice_id, amount, refunded, currency) VALUES ('ch_1', 'ann', 'pi_9', 'in_1', 900, 0, '')
		ON CONFLICT (id) DO UPDATE SET payment_intent_id = EXCLUDED.payment_intent_id, invoice_id = EXCLUDED.invoice_id`)
	if a := found(t, s, domain.Ref{Kind: domain.RefInvoice, ID: "in_1"}); len(a.Refunds) != 1 {
		t.Errorf("found %d refunds of what the invoice was paid with, want one", len(a.Refunds))
	}
}

// What an operator deletes by hand gives nothing any more once the account is looked at
// again by the name of it.
func TestPurchases_FactDeletedByHand(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 2)
		exec(t, url, "DELETE FROM orders WHERE id = 'o_0001'")
		change(t, s, byNames(domain.Ref{Kind: domain.RefOrder, ID: "o_0001"}), func(state *ports.State) {
			var left []domain.Entitlement
			for _, e := range state.Entitlements {
				if state.Account.Gives(e.Source) {
					left = append(left, e)
				}
			}
			state.Entitlements = left
		})
		state, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if len(state.Entitlements) != 1 {
			t.Errorf("%d rights are left, want one", len(state.Entitlements))
		}
	})
}

package sandbox

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Credit says what a credit note takes back, in minor units. Of an invoice that is
// paid, Refund, Balance and Elsewhere say how, and their sum is the amount.
type Credit struct {
	Line      string // id of the invoice line; empty for the invoice as a whole
	Amount    int64
	Refund    int64 // goes back to the card
	Balance   int64 // goes to the customer's balance
	Elsewhere int64 // is given back outside of Stripe
}

// CreditInvoice issues a credit note for an invoice, or the latest one of a
// subscription, as Stripe's dashboard does, and returns its id.
func (s *Sandbox) CreditInvoice(invoiceOrSubscriptionID string, credit Credit) (string, error) {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	id := invoiceOrSubscriptionID
	if sub := s.stripe.Subscriptions.Get(id); sub != nil {
		id = sub.LatestInvoice
	}
	form := url.Values{"invoice": {id}}
	amount := func(name string, n int64) {
		if n != 0 {
			form.Set(name, strconv.FormatInt(n, 10))
		}
	}
	if credit.Line == "" {
		amount("amount", credit.Amount)
	} else {
		form.Set("lines[0][type]", "invoice_line_item")
		form.Set("lines[0][invoice_line_item]", credit.Line)
		amount("lines[0][amount]", credit.Amount)
	}
	amount("refund_amount", credit.Refund)
	amount("credit_amount", credit.Balance)
	amount("out_of_band_amount", credit.Elsewhere)
	o, e := s.api.CreateCreditNote(&api.Call{Params: wire.Params{Form: form}})
	if e != nil {
		return "", fmt.Errorf("sandbox: %s", e.Message)
	}
	return o["id"].(string), nil
}

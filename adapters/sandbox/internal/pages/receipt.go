package pages

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// receiptPage is what the page of a charge shows: the latest state, refunds too.
type receiptPage struct {
	Heading, Date, Amount, Method, Refunded, Invoice string
}

func (s *Site) showReceipt(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	ch := s.Charges.Get(r.PathValue("id"))
	if ch == nil || ch.Status != "succeeded" {
		s.Mu.Unlock()
		s.noDocument(w, "There is no receipt with this id. The sandbox forgets its receipts when it is restarted.")
		return
	}
	p := receiptPage{Heading: "Receipt", Date: shownDate(ch.Created), Amount: wire.FormatAmount(ch.Amount, ch.Currency), Method: s.PaymentMethods.Get(ch.Method).Shown()}
	if ch.Refunded > 0 {
		p.Refunded = wire.FormatAmount(ch.Refunded, ch.Currency)
	}
	if in := s.Invoices.Get(ch.Invoice); in != nil {
		p.Invoice = s.Render.HostedInvoiceURL(in)
	}
	s.Mu.Unlock()
	s.render(w, http.StatusOK, "receipt.html", p)
}

package sandbox

import "net/http"

// receiptURL is where the customer sees what was paid; empty unless it was.
func (s *Sandbox) receiptURL(ch *charge) string {
	if ch.status != "succeeded" || s.reached() == "" {
		return ""
	}
	return s.reached() + "/receipts/" + ch.id
}

// receiptPage is what the page of a charge shows: the latest state, refunds too.
type receiptPage struct {
	Heading, Date, Amount, Method, Refunded, Invoice string
}

func (s *Sandbox) showReceipt(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	ch := s.charges.get(r.PathValue("id"))
	if ch == nil || ch.status != "succeeded" {
		s.mu.Unlock()
		s.noDocument(w, "There is no receipt with this id. The sandbox forgets its receipts when it is restarted.")
		return
	}
	p := receiptPage{Heading: "Receipt", Date: shownDate(ch.created), Amount: formatAmount(ch.amount, ch.currency), Method: s.paymentMethods.get(ch.method).shown()}
	if ch.refunded > 0 {
		p.Refunded = formatAmount(ch.refunded, ch.currency)
	}
	if in := s.invoices.get(ch.invoice); in != nil {
		p.Invoice = s.hostedInvoiceURL(in)
	}
	s.mu.Unlock()
	s.render(w, http.StatusOK, "receipt.html", p)
}

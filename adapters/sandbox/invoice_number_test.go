package sandbox_test

import "testing"

// Each customer's invoices are counted from 1 on, as they are finalized, under one prefix.
func TestInvoice_NumbersAreTheCustomers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ann, bob := s.customer().ID, s.customer().ID
	draft := func(customer string) string {
		id := s.post("/v1/invoices", values("customer", customer)).at("id")
		s.post("/v1/invoiceitems", values("customer", customer, "amount", "500", "currency", "usd", "invoice", id))
		return id
	}
	wants := func(customer, invoice, count string) {
		t.Helper()
		prefix := s.fetch("", "/v1/customers/"+customer).at("invoice_prefix")
		s.post("/v1/invoices/"+invoice+"/finalize", nil).wants(t, "finalized", map[string]string{"number": prefix + "-" + count})
	}
	first, second, gone := draft(ann), draft(ann), draft(ann)
	wants(ann, second, "0001")
	s.ask("", "DELETE", "/v1/invoices/"+gone, nil)
	wants(bob, draft(bob), "0001")
	wants(ann, first, "0002")
	s.fetch("", "/v1/customers/"+ann).wants(t, "after two", map[string]string{"next_invoice_sequence": "3"})
	s.fetch("", "/v1/customers/"+bob).wants(t, "after one", map[string]string{"next_invoice_sequence": "2"})
}

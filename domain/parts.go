package domain

// Parts says which names of an account are about the same purchases: two names are of one
// part if a fact has both, or if others lead from one to the other. What a part gives
// follows from its facts and from what is the account's own (its customers, the meanings
// of prices), so that a part is all that has to be read, and written, when something is
// told of it.
type Parts struct {
	numbers map[Ref]int // of names
	parents []int       // by number; of one that stands for its part, itself
}

// Parts groups the names of an account's facts.
func (a Account) Parts() Parts {
	p := Parts{numbers: map[Ref]int{}}
	a.eachFact(func(names ...Ref) {
		first := p.number(names[0])
		for _, name := range names[1:] {
			if name.ID != "" {
				n := p.top(p.number(name))
				p.parents[n] = p.top(first)
			}
		}
	})
	return p
}

// Of is the number of the part that a name is of; false: it is no name of a fact.
func (p Parts) Of(name Ref) (int, bool) {
	n, known := p.numbers[name]
	if !known {
		return 0, false
	}
	return p.top(n), true
}

func (p *Parts) number(name Ref) int {
	n, known := p.numbers[name]
	if !known {
		n = len(p.parents)
		p.numbers[name] = n
		p.parents = append(p.parents, n)
	}
	return n
}

// top is the number that stands for a part.
func (p Parts) top(n int) int {
	for p.parents[n] != n {
		p.parents[n] = p.parents[p.parents[n]] // or the way would get long
		n = p.parents[n]
	}
	return n
}

// eachFact visits all facts and grants with the names that they have; its own is the first.
func (a *Account) eachFact(visit func(names ...Ref)) {
	for id, o := range a.Orders {
		visit(Ref{RefOrder, string(id)}, Ref{RefSession, string(o.Session)},
			Ref{RefSubscription, string(o.Subscription)}, Ref{RefPaymentIntent, string(o.PaymentIntent)})
	}
	for id, s := range a.Subscriptions {
		order := s.Order
		if _, ours := a.Orders[order]; !ours {
			order = "" // metadata may claim anything
		}
		visit(Ref{RefSubscription, string(id)}, Ref{RefOrder, string(order)})
	}
	for id, p := range a.Payments {
		visit(Ref{RefPaymentIntent, string(id)}, Ref{RefOrder, string(p.Order)})
	}
	for id, i := range a.Invoices {
		visit(Ref{RefInvoice, string(id)}, Ref{RefSubscription, string(i.Subscription)})
	}
	for intent, invoice := range a.InvoicePayments {
		visit(Ref{RefPaymentIntent, string(intent)}, Ref{RefInvoice, string(invoice)})
	}
	for id, c := range a.Charges {
		visit(Ref{RefCharge, string(id)}, Ref{RefPaymentIntent, string(c.PaymentIntent)}, Ref{RefInvoice, string(c.Invoice)})
	}
	for id, r := range a.Refunds {
		visit(Ref{RefRefund, string(id)}, Ref{RefPaymentIntent, string(r.PaymentIntent)}, Ref{RefCharge, string(r.Charge)})
	}
	for id, d := range a.Disputes {
		visit(Ref{RefDispute, string(id)}, Ref{RefPaymentIntent, string(d.PaymentIntent)}, Ref{RefCharge, string(d.Charge)})
	}
	for id, n := range a.CreditNotes {
		names := []Ref{{RefCreditNote, string(id)}, {RefInvoice, string(n.Invoice)}}
		for _, refund := range n.Refunds {
			names = append(names, Ref{RefRefund, string(refund)})
		}
		visit(names...)
	}
	for id := range a.Grants {
		visit(Ref{RefGrant, string(id)})
	}
}

// Part is what of an account is about the same purchases as some names, with all that is
// the account's own.
func (a Account) Part(names []Ref) Account {
	parts, wanted := a.Parts(), map[int]bool{}
	for _, name := range names {
		if part, known := parts.Of(name); known {
			wanted[part] = true
		}
	}
	in := func(kind RefKind, id string) bool {
		part, known := parts.Of(Ref{kind, id})
		return known && wanted[part]
	}
	a.Orders = those(a.Orders, func(id OrderID) bool { return in(RefOrder, string(id)) })
	a.Subscriptions = those(a.Subscriptions, func(id SubscriptionID) bool { return in(RefSubscription, string(id)) })
	a.Payments = those(a.Payments, func(id PaymentIntentID) bool { return in(RefPaymentIntent, string(id)) })
	a.Invoices = those(a.Invoices, func(id InvoiceID) bool { return in(RefInvoice, string(id)) })
	a.InvoicePayments = those(a.InvoicePayments, func(id PaymentIntentID) bool { return in(RefPaymentIntent, string(id)) })
	a.Charges = those(a.Charges, func(id ChargeID) bool { return in(RefCharge, string(id)) })
	a.Refunds = those(a.Refunds, func(id RefundID) bool { return in(RefRefund, string(id)) })
	a.Disputes = those(a.Disputes, func(id DisputeID) bool { return in(RefDispute, string(id)) })
	a.CreditNotes = those(a.CreditNotes, func(id CreditNoteID) bool { return in(RefCreditNote, string(id)) })
	a.Past = those(a.Past, func(id SubscriptionID) bool { return in(RefSubscription, string(id)) })
	a.Grants = those(a.Grants, func(id GrantID) bool { return in(RefGrant, string(id)) })
	a.Meanings = cloneMap(a.Meanings)
	return a
}

func those[K comparable, V any](all map[K]V, which func(K) bool) map[K]V {
	some := map[K]V{}
	for id, value := range all {
		if which(id) {
			some[id] = value
		}
	}
	return some
}

// Gives tells whether a right can come from an account: whether its source is among what
// is known here.
func (a Account) Gives(s Source) bool {
	switch s.Kind {
	case SourceOrder:
		_, known := a.Orders[OrderID(s.ID)]
		return known
	case SourceSubscription:
		_, known := a.Subscriptions[SubscriptionID(s.ID)]
		return known
	case SourceGrant:
		_, known := a.Grants[GrantID(s.ID)]
		return known
	case SourceDefault: // from the catalog
	}
	return false
}

// AboutAll tells whether a fact is about all purchases of its account.
func AboutAll(f Fact) bool {
	_, is := f.(CustomerFact)
	return is
}

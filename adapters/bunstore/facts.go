package bunstore

import (
	"slices"

	"github.com/entitled-dev/entitled/domain"
)

// factTables has a table for every kind of fact that an account is made of, in the
// order in which they are written. It is the only place that knows all of them.
func factTables() []factTable {
	return []factTable{
		newTable(domain.RefOrder, func(a domain.Account) map[domain.OrderID]domain.Order { return a.Orders },
			orderRowOf, sure(orderRow.toDomain)),
		newTable(domain.RefSubscription, func(a domain.Account) map[domain.SubscriptionID]domain.Subscription { return a.Subscriptions },
			subscriptionRowOf, subscriptionRow.toDomain),
		newTable(domain.RefSubscription, func(a domain.Account) map[domain.SubscriptionID]domain.Past { return a.Past },
			pastRowOf, pastRow.toDomain),
		newTable(domain.RefPaymentIntent, func(a domain.Account) map[domain.PaymentIntentID]domain.Payment { return a.Payments },
			paymentRowOf, sure(paymentRow.toDomain)).only(ofOneTime),
		newTable(domain.RefInvoice, func(a domain.Account) map[domain.InvoiceID]domain.Invoice { return a.Invoices },
			invoiceRowOf, invoiceRow.toDomain),
		newTable(domain.RefPaymentIntent, func(a domain.Account) map[domain.PaymentIntentID]domain.InvoiceID { return a.InvoicePayments },
			invoicePaymentRowOf, sure(invoicePaymentRow.toDomain)).only(ofInvoices),
		newTable(domain.RefCharge, func(a domain.Account) map[domain.ChargeID]domain.Charge { return a.Charges },
			chargeRowOf, sure(chargeRow.toDomain)),
		newTable(domain.RefRefund, func(a domain.Account) map[domain.RefundID]domain.Refund { return a.Refunds },
			refundRowOf, sure(refundRow.toDomain)),
		newTable(domain.RefDispute, func(a domain.Account) map[domain.DisputeID]domain.Dispute { return a.Disputes },
			disputeRowOf, sure(disputeRow.toDomain)),
		newTable(domain.RefCreditNote, func(a domain.Account) map[domain.CreditNoteID]domain.CreditNote { return a.CreditNotes },
			creditNoteRowOf, creditNoteRow.toDomain),
		newTable(domain.RefGrant, func(a domain.Account) map[domain.GrantID]domain.Grant { return a.Grants },
			grantRowOf, sure(grantRow.toDomain)),
	}
}

// factTable is one table of facts and the rows that were read from it, or are to
// be written to it.
type factTable interface {
	// source is where the rows are read from.
	source() source
	// into puts the rows into the accounts that they belong to, which are those that are
	// read whole, or the others.
	into(h *held, whole bool) error
	// changed are the facts that differ between two states of one account.
	changed(before, after domain.Account) []domain.Ref
	// compare takes over what differs, or is to be kept under another key.
	compare(before, after domain.Account, keys keying)
	// write returns no statement if there is nothing to write.
	write(s *Store) []statement
	// names are those of an account's facts, sorted.
	names(a domain.Account) []domain.Ref
}

// factRow is what the row of every fact begins with.
type factRow struct {
	ID       string `bun:"id,pk"`
	UserID   string `bun:"user_id"`
	Purchase string `bun:"purchase"` // the key of the part of the account that it is of; empty: not known yet
}

func (r factRow) fact() factRow { return r }

type rowOfFact interface {
	comparable
	fact() factRow
}

type table[ID ~string, Fact any, Row rowOfFact] struct {
	kind   domain.RefKind // of the facts' ids
	where  string         // which rows are read; empty: all
	rows   []Row          // that were read, or changed
	added  []Row
	facts  func(domain.Account) map[ID]Fact
	toRow  func(factRow, Fact) Row
	toFact func(Row) (Fact, error)
}

// newTable keeps the facts that an account has in one of its maps.
func newTable[ID ~string, Fact any, Row rowOfFact](kind domain.RefKind, facts func(domain.Account) map[ID]Fact,
	toRow func(factRow, Fact) Row, toFact func(Row) (Fact, error),
) *table[ID, Fact, Row] {
	return &table[ID, Fact, Row]{kind: kind, facts: facts, toRow: toRow, toFact: toFact}
}

// only is the table without the rows that are not such facts.
func (t *table[ID, Fact, Row]) only(where string) *table[ID, Fact, Row] {
	t.where = where
	return t
}

// sure is a conversion that cannot fail.
func sure[Row, Fact any](toFact func(Row) Fact) func(Row) (Fact, error) {
	return func(row Row) (Fact, error) { return toFact(row), nil }
}

func (t *table[ID, Fact, Row]) source() source {
	return source{keyed: true, where: t.where, rows: &t.rows}
}

func (t *table[ID, Fact, Row]) into(h *held, whole bool) error {
	for _, row := range t.rows {
		is := row.fact()
		state, err := h.userOf(is.UserID)
		if err != nil {
			return err
		}
		if h.whole[state.Account.User] != whole {
			continue
		}
		fact, err := t.toFact(row)
		if err != nil {
			return err
		}
		t.facts(state.Account)[ID(is.ID)] = fact
		h.keys[state.Account.User].add(t.name(ID(is.ID)), is.Purchase)
	}
	return nil
}

func (t *table[ID, Fact, Row]) name(id ID) domain.Ref {
	return domain.Ref{Kind: t.kind, ID: string(id)}
}

func (t *table[ID, Fact, Row]) changed(before, after domain.Account) []domain.Ref {
	var changed []domain.Ref
	had := t.facts(before)
	for id, fact := range t.facts(after) {
		if was, have := had[id]; !have || t.toRow(factRow{}, was) != t.toRow(factRow{}, fact) {
			changed = append(changed, t.name(id))
		}
	}
	return changed
}

func (t *table[ID, Fact, Row]) compare(before, after domain.Account, keys keying) {
	had, has := t.facts(before), t.facts(after)
	for _, id := range sortedIDs(has) {
		name := t.name(id)
		key := factRow{ID: string(id), UserID: string(after.User), Purchase: keys.of(name)}
		row := t.toRow(key, has[id])
		fact, have := had[id]
		if !have {
			t.added = append(t.added, row)
			continue
		}
		key.Purchase = keys.held[name]
		if t.toRow(key, fact) != row {
			t.rows = append(t.rows, row)
		}
	}
}

// write adds what is new without looking: what is there and was not found is another
// user's, or would be lost.
func (t *table[ID, Fact, Row]) write(s *Store) []statement {
	var all []statement
	if len(t.added) > 0 {
		all = append(all, s.insert(&t.added, "", nil))
	}
	if len(t.rows) > 0 {
		all = append(all, s.overwrite(&t.rows))
	}
	return all
}

func (t *table[ID, Fact, Row]) names(a domain.Account) []domain.Ref {
	var names []domain.Ref
	for _, id := range sortedIDs(t.facts(a)) {
		names = append(names, t.name(id))
	}
	return names
}

// sortedIDs takes nothing for a map without any, as most are.
func sortedIDs[ID ~string, Fact any](facts map[ID]Fact) []ID {
	if len(facts) == 0 {
		return nil
	}
	ids := make([]ID, 0, len(facts))
	for id := range facts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

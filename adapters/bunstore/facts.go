package bunstore

import (
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/domain"
)

// factTables has a table for every kind of fact that an account is made of, in the
// order in which they are written. It is the only place that knows all of them.
func factTables() []factTable {
	return []factTable{
		newTable(func(a domain.Account) map[domain.OrderID]domain.Order { return a.Orders },
			orderRowOf, sure(orderRow.toDomain)),
		newTable(func(a domain.Account) map[domain.SubscriptionID]domain.Subscription { return a.Subscriptions },
			subscriptionRowOf, subscriptionRow.toDomain),
		newTable(func(a domain.Account) map[domain.PaymentIntentID]domain.Payment { return a.Payments },
			paymentRowOf, sure(paymentRow.toDomain)).only(ofOneTime),
		newTable(func(a domain.Account) map[domain.InvoiceID]domain.Invoice { return a.Invoices },
			invoiceRowOf, invoiceRow.toDomain),
		newTable(func(a domain.Account) map[domain.PaymentIntentID]domain.InvoiceID { return a.InvoicePayments },
			invoicePaymentRowOf, sure(invoicePaymentRow.toDomain)),
		newTable(func(a domain.Account) map[domain.ChargeID]domain.Charge { return a.Charges },
			chargeRowOf, sure(chargeRow.toDomain)),
		newTable(func(a domain.Account) map[domain.RefundID]domain.Refund { return a.Refunds },
			refundRowOf, sure(refundRow.toDomain)),
		newTable(func(a domain.Account) map[domain.DisputeID]domain.Dispute { return a.Disputes },
			disputeRowOf, sure(disputeRow.toDomain)),
		newTable(func(a domain.Account) map[domain.CreditNoteID]domain.CreditNote { return a.CreditNotes },
			creditNoteRowOf, creditNoteRow.toDomain),
		newTable(func(a domain.Account) map[domain.GrantID]domain.Grant { return a.Grants },
			grantRowOf, sure(grantRow.toDomain)),
	}
}

// factTable is one table of facts and the rows that were read from it, or are to
// be written to it.
type factTable interface {
	read(s *Store, users []string) statement
	// into puts the rows into the accounts that they belong to.
	into(h *held) error
	// compare takes over what differs between two states of one account.
	compare(before, after domain.Account)
	// write returns no statement if there is nothing to write.
	write(s *Store) []statement
	// ids are those that an account's facts have.
	ids(a domain.Account) []string
}

// factRow is what the row of every fact begins with.
type factRow struct {
	ID     string `bun:"id,pk"`
	UserID string `bun:"user_id"`
}

func (r factRow) fact() factRow { return r }

type rowOfFact interface {
	comparable
	fact() factRow
}

type table[ID ~string, Fact any, Row rowOfFact] struct {
	where  string // which rows are read; empty: all
	rows   []Row
	facts  func(domain.Account) map[ID]Fact
	toRow  func(factRow, Fact) Row
	toFact func(Row) (Fact, error)
}

// newTable keeps the facts that an account has in one of its maps.
func newTable[ID ~string, Fact any, Row rowOfFact](facts func(domain.Account) map[ID]Fact, toRow func(factRow, Fact) Row, toFact func(Row) (Fact, error)) *table[ID, Fact, Row] {
	return &table[ID, Fact, Row]{facts: facts, toRow: toRow, toFact: toFact}
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

func (t *table[ID, Fact, Row]) read(s *Store, users []string) statement {
	query := s.db.NewSelect().Model(&t.rows)
	if t.where != "" {
		query = query.Where(t.where)
	}
	return s.among(query, "user_id", users, &t.rows)
}

func (t *table[ID, Fact, Row]) into(h *held) error {
	for _, row := range t.rows {
		state, err := h.userOf(row.fact().UserID)
		if err != nil {
			return err
		}
		fact, err := t.toFact(row)
		if err != nil {
			return err
		}
		t.facts(state.Account)[ID(row.fact().ID)] = fact
	}
	return nil
}

func (t *table[ID, Fact, Row]) compare(before, after domain.Account) {
	had, has := t.facts(before), t.facts(after)
	for _, id := range slices.Sorted(maps.Keys(has)) {
		key := factRow{ID: string(id), UserID: string(after.User)}
		row := t.toRow(key, has[id])
		if fact, have := had[id]; !have || t.toRow(key, fact) != row {
			t.rows = append(t.rows, row)
		}
	}
}

func (t *table[ID, Fact, Row]) write(s *Store) []statement {
	if len(t.rows) == 0 {
		return nil
	}
	return []statement{s.upsert(&t.rows)}
}

func (t *table[ID, Fact, Row]) ids(a domain.Account) []string {
	var ids []string
	for id := range t.facts(a) {
		ids = append(ids, string(id))
	}
	return ids
}

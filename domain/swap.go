package domain

// This file says which lines of an invoice are of one change: what an item was, and what it is
// from then on, or what there is instead of it.

// changeOf tells which lines of a bill are of the same change as one of them.
func (b *Bill) changeOf(line *Line) func(*Line) bool {
	return func(l *Line) bool {
		return l.Kind != LineOneOff && line.Item != "" && b.becomes(l) == b.becomes(line) && l.From.Equal(line.From)
	}
}

// becomes is the item that there is from then on.
func (b *Bill) becomes(line *Line) string {
	if item, swapped := b.swaps[line.ID]; swapped {
		return item
	}
	return line.Item
}

// findSwaps says for which item another was swapped on a bill of which money went back: no line
// says so, but of the plans of a group there is one.
func (l *ledger) findSwaps(bill *Bill) {
	if len(bill.Refunds)+len(bill.Charges)+len(bill.Disputes)+len(bill.CreditNotes) == 0 {
		return
	}
	for n := range bill.Invoice.Lines {
		credit := &bill.Invoice.Lines[n]
		if item := l.swappedFor(&bill.Invoice, credit); item != "" {
			if bill.swaps == nil {
				bill.swaps = map[string]string{}
			}
			bill.swaps[credit.ID] = item
		}
	}
}

// swappedFor is the item that was added when a credit took one away, if their plans exclude each
// other; empty: there is none, or more than one.
func (l *ledger) swappedFor(i *Invoice, credit *Line) string {
	was, mapped := l.plans.planOf(credit.Price, "")
	if credit.Kind != LineCredit || credit.Item == "" || !mapped || i.hasOther(credit) {
		return ""
	}
	item := ""
	for n := range i.Lines {
		by := &i.Lines[n]
		if by.Kind == LineCredit || by.Item == "" || !by.From.Equal(credit.From) || i.hasOther(by) {
			continue
		}
		switch is, mapped := l.plans.planOf(by.Price, ""); {
		case !mapped, !was.Excludes(is):
		case item != "" && item != by.Item:
			return ""
		default:
			item = by.Item
		}
	}
	return item
}

// hasOther tells whether a line is one half of a change of its item of which there is the other.
func (i *Invoice) hasOther(line *Line) bool {
	return i.has(func(l *Line) bool {
		return l.Item == line.Item && l.From.Equal(line.From) && (l.Kind == LineCredit) != (line.Kind == LineCredit)
	})
}

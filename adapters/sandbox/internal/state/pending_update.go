package state

// PendingUpdate is a change of items that waits for its invoice to be paid.
type PendingUpdate struct {
	Change    ItemChange
	Waited    []InvoiceLine // what had waited for an invoice before
	ExpiresAt int64
	Invoice   string
}

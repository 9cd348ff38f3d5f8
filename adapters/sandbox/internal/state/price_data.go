package state

// InlinePrice is a price that a request makes in passing (price_data), with its product if
// that is new too.
type InlinePrice struct {
	Price   *Price
	Product *Product // nil for one that is there
}

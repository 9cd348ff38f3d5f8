package state

// Product is what is sold.
type Product struct {
	ID, Name, Description, UnitLabel, DefaultPrice string
	Active                                         bool
	URL, StatementDescriptor                       string
	Shippable                                      string   // true, false, or empty if nobody said
	Features                                       []string // names, for pricing pages
	Images                                         []string
	Metadata                                       map[string]string
	Created, Updated                               int64
}

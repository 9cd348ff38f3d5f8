package state

// Product is what is sold.
type Product struct {
	ID, Name, Description, UnitLabel, DefaultPrice string
	Active                                         bool
	Images                                         []string
	Metadata                                       map[string]string
	Created, Updated                               int64
}

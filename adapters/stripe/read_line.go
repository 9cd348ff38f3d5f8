package stripe

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/entitled-dev/entitled/domain"
)

// lines are those of an invoice or of a credit note, as many as there is room for.
type lines struct {
	Data []line `json:"data"`
	More truth  `json:"has_more"` // there are lines that are not in data
}

// line says what is billed, or given back. With API version basil what it is for moved
// from price, proration, type and subscription_item to pricing and parent.
type line struct {
	ID       word   `json:"id"`
	Amount   number `json:"amount"`
	Quantity number `json:"quantity"`
	Period   struct {
		Start number `json:"start"`
		End   number `json:"end"`
	} `json:"period"`
	Subscription ref `json:"subscription"`

	Type             word      `json:"type"`
	SubscriptionItem ref       `json:"subscription_item"`
	Proration        bool      `json:"proration"`
	Price            itemPrice `json:"price"`
	Plan             itemPrice `json:"plan"` // what a price was before there were prices

	Parent struct {
		Type    word `json:"type"`
		Details struct {
			Subscription ref  `json:"subscription"`
			Item         ref  `json:"subscription_item"`
			Proration    bool `json:"proration"`
		} `json:"subscription_item_details"`
		OneOff struct {
			Proration bool `json:"proration"`
		} `json:"invoice_item_details"`
	} `json:"parent"`
	Pricing struct {
		Details struct {
			Price   itemPrice `json:"price"`
			Product ref       `json:"product"`
		} `json:"price_details"`
	} `json:"pricing"`

	InvoiceLine ref `json:"invoice_line_item"` // of a credit note: what it takes back
}

// isTold is false for what is in the list and is no line.
func (l line) isTold() bool { return l != line{} }

// complete tells whether these are all the lines that there are.
func (l lines) complete() bool {
	return l.Data != nil && l.More.given && !l.More.value && !slices.Contains(l.Data, line{})
}

// billed are the lines of an invoice. One without an id is known by its place: Stripe
// keeps the order of the lines of a finalized invoice.
func (l lines) billed() []domain.Line {
	if len(l.Data) == 0 {
		return nil
	}
	read := make([]domain.Line, 0, len(l.Data))
	for i, line := range l.Data {
		if line.isTold() {
			read = append(read, line.read(i+1))
		}
	}
	slices.SortFunc(read, func(a, b domain.Line) int { return cmp.Compare(a.ID, b.ID) })
	return read
}

func (l line) read(place int) domain.Line {
	price := l.Price.or(l.Plan)
	id := string(l.ID)
	if id == "" {
		id = "line " + strconv.Itoa(place)
	}
	return domain.Line{
		ID:       id,
		Kind:     l.kind(),
		Item:     string(cmp.Or(l.Parent.Details.Item, l.SubscriptionItem)),
		Price:    domain.PriceID(cmp.Or(l.Pricing.Details.Price.id, price.id)),
		Product:  string(cmp.Or(word(l.Pricing.Details.Product), price.product)),
		Quantity: quantity(l.Quantity),
		Amount:   l.Amount.value,
		From:     l.Period.Start.time(),
		Until:    l.Period.End.time(),
	}
}

// kind takes whatever gives something back for a credit, as a change does that is for
// less. What was added to an invoice by hand is there once.
func (l line) kind() domain.LineKind {
	changes := l.Proration || l.Parent.Details.Proration || l.Parent.OneOff.Proration
	switch {
	case !changes && (l.Parent.Type == "invoice_item_details" || l.Type == "invoiceitem"):
		return domain.LineOneOff // though it be less than nothing: a favor
	case l.Amount.value < 0:
		return domain.LineCredit
	case changes:
		return domain.LineChange
	default:
		return domain.LineCycle
	}
}

package stripe

import (
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// message is a webhook's body.
type message struct {
	ID         word   `json:"id"`
	Kind       word   `json:"object"`
	Type       word   `json:"type"`
	Created    number `json:"created"`
	APIVersion word   `json:"api_version"`
	Livemode   bool   `json:"livemode"`
	Account    ref    `json:"account"`
	Data       struct {
		Object object `json:"object"`
	} `json:"data"`
}

// The kinds of object that say something of purchases.
const (
	kindSession        = "checkout.session"
	kindSubscription   = "subscription"
	kindInvoice        = "invoice"
	kindInvoicePayment = "invoice_payment"
	kindCreditNote     = "credit_note"
	kindCharge         = "charge"
	kindRefund         = "refund"
	kindDispute        = "dispute"
	kindCustomer       = "customer"
)

// read makes a fact of an object. The type of the event is passed through: what
// it means is for the domain to say.
type read func(o *object, t domain.EventType, at time.Time) domain.Fact

// kinds has a reader for each kind of object that says something of purchases.
var kinds = map[word]read{
	kindSession:        as(readSession),
	kindSubscription:   as(readSubscription),
	kindInvoice:        as(readInvoice),
	kindInvoicePayment: as(readInvoicePayment),
	kindCreditNote:     as(readCreditNote),
	kindCharge:         as(readCharge),
	kindRefund:         as(readRefund),
	kindDispute:        as(readDispute),
	kindCustomer:       as(readCustomer),
}

// as makes a reader of one kind of fact one of any.
func as[F domain.Fact](one func(*object, domain.EventType, time.Time) F) read {
	return func(o *object, t domain.EventType, at time.Time) domain.Fact { return one(o, t, at) }
}

// ReadEvent implements [ports.Gateway]. The event keeps the payload, not a copy
// of it.
func (g *Gateway) ReadEvent(payload []byte, signature string) (domain.Event, error) {
	if err := g.verify(payload, signature); err != nil {
		return domain.Event{}, err
	}
	return readEvent(payload)
}

// RereadEvent implements [ports.Gateway].
func (g *Gateway) RereadEvent(payload []byte) (domain.Event, error) { return readEvent(payload) }

func readEvent(payload []byte) (domain.Event, error) {
	m := new(message)
	if !decode(payload, m) {
		return domain.Event{}, unreadable("it is not JSON")
	}
	if strings.HasPrefix(string(m.Kind), "v2.core.event") {
		return domain.Event{}, fmt.Errorf("%w (%s): choose the payload style \"snapshot\" for the event destination", ports.ErrThinEvent, m.Type)
	}
	switch {
	case m.Kind != "event":
		return domain.Event{}, unreadable("it is not an object of the kind event")
	case m.ID == "":
		return domain.Event{}, unreadable("it has no id, or one that cannot be kept")
	case m.Type == "":
		return domain.Event{}, unreadable("it has no type, or one that cannot be kept")
	case !m.Created.given:
		return domain.Event{}, unreadable("it has no time of creation, or one that is not a number")
	case !isPlausible(m.Created.value):
		return domain.Event{}, unreadable("its time of creation, %d, is not in the years 2000 to 2200", m.Created.value)
	}
	o := &m.Data.Object
	event := domain.Event{
		ID:         domain.EventID(m.ID),
		Type:       domain.EventType(m.Type),
		Created:    m.Created.time(),
		APIVersion: string(m.APIVersion),
		Livemode:   m.Livemode,
		Account:    string(m.Account),
		Object:     string(o.ID),
		Payload:    payload,
	}
	fact, known := kinds[o.Kind]
	switch {
	case !known, isPreview(event.Type):
		return event, nil
	case o.ID == "":
		return domain.Event{}, unreadable("its %s has no id, or one that cannot be kept", o.Kind)
	}
	event.Fact = fact(o, event.Type, event.Created)
	return event, nil
}

// isPreview tells of the one type of event that is about an object which does
// not exist yet: the next invoice, which has no id.
func isPreview(t domain.EventType) bool { return t == "invoice.upcoming" }

func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ports.ErrUnreadable, fmt.Sprintf(format, args...))
}

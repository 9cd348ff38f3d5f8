package stripetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Body is the webhook body that tells an event's fact. Of the event itself it takes
// ID, Livemode and Account: what happened, when and to what is for the fact to say,
// and the API version for the style.
//
// It panics if the style does not tell the fact, see [Style.Tells].
func Body(e domain.Event, s Style) []byte {
	if why := untold(e.Fact, s.Version); why != "" {
		panic(fmt.Sprintf("stripetest: event %s cannot be written in %s: %s (%T)", e.ID, s.Version, why, e.Fact))
	}
	about := subject(e.Fact)
	p := pen{Style: s, about: about, live: e.Livemode}
	if s.Noise != 0 {
		p.noise.Rand = rand.New(rand.NewPCG(uint64(s.Noise), 0))
	}
	told, before := p.object(e.Fact)
	data := object{{"object", told}}
	if before != nil && !p.chance(3) {
		data = append(data, member{"previous_attributes", before})
	}
	body := object{
		{"id", string(e.ID)},
		{"object", "event"},
		{"api_version", s.Version},
		{"created", about.at},
		{"data", data},
		{"livemode", e.Livemode},
		{"pending_webhooks", 1},
		{"request", object{{"id", nil}, {"idempotency_key", nil}}},
		{"type", string(about.kind)},
	}
	if e.Account != "" { // of a Connect event only
		body = append(body, member{"account", e.Account})
	}
	if s.since(basil) {
		body = append(body, member{"context", orNull(e.Account)})
	}
	return write(body, p.noise)
}

// matter is what a fact is about.
type matter struct {
	kind domain.EventType
	at   time.Time
	id   string
}

func subject(f domain.Fact) matter {
	switch f := f.(type) {
	case domain.SessionFact:
		return matter{f.Type, f.At, string(f.ID)}
	case domain.SubscriptionFact:
		return matter{f.Type, f.At, string(f.Snapshot.ID)}
	case domain.InvoiceFact:
		return matter{f.Type, f.At, string(f.Invoice.ID)}
	case domain.InvoicePaymentFact:
		return matter{f.Type, f.At, f.ID}
	case domain.CreditNoteFact:
		return matter{f.Type, f.At, string(f.CreditNote.ID)}
	case domain.ChargeFact:
		return matter{f.Type, f.At, string(f.ID)}
	case domain.RefundFact:
		return matter{f.Type, f.At, string(f.ID)}
	case domain.DisputeFact:
		return matter{f.Type, f.At, string(f.ID)}
	case domain.CustomerFact:
		return matter{f.Type, f.At, string(f.ID)}
	default:
		panic(fmt.Sprintf("stripetest: no shape for a %T: give it one beside the others", f))
	}
}

// pen writes one fact.
type pen struct {
	Style
	noise
	about matter
	live  bool
}

// object is the object that tells a fact, and what an event of this type says of how
// it was before; nil: nothing.
func (p pen) object(f domain.Fact) (told, before object) {
	switch f := f.(type) {
	case domain.SessionFact:
		return p.session(f), nil // none of its events says what has changed
	case domain.SubscriptionFact:
		told, before = p.subscription(f), p.subscriptionBefore(f.Snapshot)
	case domain.InvoiceFact:
		told, before = p.invoice(f), object{{"status", "draft"}, {"attempt_count", 0}}
	case domain.InvoicePaymentFact:
		told, before = p.invoicePayment(f), object{{"status", "open"}}
	case domain.CreditNoteFact:
		told, before = p.creditNote(f), object{{"memo", nil}}
	case domain.ChargeFact:
		told, before = p.charge(f), object{{"amount_refunded", 0}, {"refunded", false}, {"receipt_url", nil}}
	case domain.RefundFact:
		told, before = p.refund(f), object{{"status", "pending"}, {"destination_details", nil}}
	case domain.DisputeFact:
		told, before = p.dispute(f), object{{"status", "needs_response"}, {"balance_transactions", list{}}}
	case domain.CustomerFact:
		told, before = p.customer(f), object{{"email", "once@example.com"}}
	}
	if !strings.HasSuffix(string(p.about.kind), "updated") {
		before = nil
	}
	return told, before
}

// reference names another object, by its id or as the object.
func (p pen) reference(kind, id string) any {
	switch {
	case id == "":
		return nil
	case !p.Expanded:
		return id
	}
	// What is within is somebody else's, and tempting to a reader who looks for the
	// next id rather than for this object's.
	return object{
		{"id", id},
		{"object", kind},
		{"amount", 77},
		{"created", p.about.at.Add(-time.Hour)},
		{"customer", "cus_within"},
		{"default_source", object{{"id", "card_within"}, {"object", "card"}, {"exp_year", 2031}}},
		{"description", `id: "}", {"id":"in_words"} \ and "[`},
		{"livemode", p.live},
		{"metadata", object{{"id", "metadata_within"}, {"order_id", "order_within"}}},
		{"sources", list{object{{"id", "src_within"}}, list{}, "id"}},
		{"status", "within"},
	}
}

// orNull is a text, or null for an empty one.
func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// earlier is so much before a time; what was not told stays so.
func earlier(t time.Time, days, months int) time.Time {
	if t.IsZero() {
		return t
	}
	return t.AddDate(0, -months, -days)
}

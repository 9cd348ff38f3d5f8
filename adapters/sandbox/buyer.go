package sandbox

import (
	"fmt"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// Card is the number of a test card. Any other of Stripe's that the sandbox knows will do
// as well, see the Checkout page.
type Card string

// The cards that tests use most.
const (
	GoodCard                Card = state.GoodCard
	DeclinedCard            Card = state.DeclinedCard
	FailsLaterCard          Card = state.FailingCard  // can be kept, and fails when it is charged
	DisputedCard            Card = "4000000000000259" // pays, and is disputed soon after
	AuthenticatesAlwaysCard Card = "4000002760003184" // its owner is asked each time, also when it renews
	AuthenticatesOnceCard   Card = "4000002500003155" // its owner is asked when it is given
)

// Buyer is a person at the hosted pages, who does there what a browser would.
type Buyer struct{ s *Sandbox }

// Buyer is somebody who buys. Who they are is said by what they visit.
func (s *Sandbox) Buyer() Buyer { return Buyer{s} }

// Pays fills in a card on the Checkout page of a session, which is named by its id or URL,
// and pays. It is ErrDeclined or ErrAuthenticationRequired where that is the reason why it
// stays open, and ErrNotOpen if it is not. It does not wait for the webhooks; see WaitIdle.
func (b Buyer) Pays(session string, card Card) error {
	return b.s.PayWithCard(sessionID(session), string(card))
}

// PaysByBankDebit completes a session by a payment that succeeds or fails later: see
// PayDelayed.
func (b Buyer) PaysByBankDebit(session string, succeeds bool) error {
	return b.s.PayDelayed(sessionID(session), succeeds)
}

// EntersCode types a promotion code into the field of an open session that allows them.
func (b Buyer) EntersCode(sessionIDOrURL, code string) error {
	return b.s.withCodeField(sessionID(sessionIDOrURL), func(cs *state.Session) error {
		if problem := b.s.stripe.EnterCode(cs, code); problem != "" {
			return fmt.Errorf("sandbox: the code %q is refused: %s", code, problem)
		}
		return nil
	})
}

// Authenticates tells the bank that it is them: see Authenticate for what id may be.
func (b Buyer) Authenticates(id string) error { return b.s.Authenticate(sessionID(id)) }

// FailsToAuthenticate is not recognized by the bank.
func (b Buyer) FailsToAuthenticate(id string) error { return b.s.FailAuthentication(sessionID(id)) }

// PaysInvoice pays an open invoice, or the latest one of a subscription, on its page.
func (b Buyer) PaysInvoice(invoiceOrSubscription string) error {
	return b.s.PayInvoice(invoiceOrSubscription)
}

// OpensPortal is a customer in the billing portal, with the default configuration. For a
// session that the shop has made see [Sandbox.Portal].
func (b Buyer) OpensPortal(customer string) (*Portal, error) {
	url, err := b.s.OpenPortal(customer, "")
	if err != nil {
		return nil, err
	}
	return b.s.Portal(url), nil
}

// sessionID is the id in the URL of a Checkout page, or what it is given.
func sessionID(idOrURL string) string {
	if _, id, is := strings.Cut(idOrURL, "/c/pay/"); is {
		id, _, _ = strings.Cut(id, "?")
		return id
	}
	return idOrURL
}

// Dispute has the buyer's bank charge a payment back as fraudulent, named as for Refund,
// and returns the dispute's id. For inquiries, other reasons and parts of the amount see
// OpenDispute.
func (s *Sandbox) Dispute(paymentID string) (string, error) {
	return s.OpenDispute(paymentID, DisputeOptions{})
}

package control

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// route is one operation.
type route struct {
	pattern string // as in http.ServeMux
	do      func(*call) (any, error)
}

var routes = slices.Concat(processRoutes, eventRoutes, checkoutRoutes, subscriptionRoutes, invoiceRoutes, moneyRoutes)

var checkoutRoutes = []route{
	{"POST /_sandbox/prices", addPrice},
	{"POST /_sandbox/checkout/sessions/{id}/pay", on(pay)},
	{"POST /_sandbox/checkout/sessions/{id}/decline", simply(decline)},
	{"POST /_sandbox/checkout/sessions/{id}/settle", simply((*sandbox.Sandbox).SettleDelayed)},
	{"POST /_sandbox/checkout/sessions/{id}/expire", simply((*sandbox.Sandbox).ExpireSession)},
	{"POST /_sandbox/authentications/{id}", on(authenticate)},
	{"POST /_sandbox/checkout/sessions/{id}/promotion_code", on(func(box *sandbox.Sandbox, id string, in struct {
		Percent int64  `json:"percent"`
		Code    string `json:"code"`
	}) error {
		switch {
		case in.Code != "" && in.Percent != 0:
			return errors.New("give a code, or the percent that one takes off")
		case in.Code != "":
			return box.Buyer().EntersCode(id, in.Code)
		}
		return box.ApplyPromotionCode(id, in.Percent)
	})},
}

// cards are names of test cards; a number does as well.
var cards = map[string]string{
	"good":           "4242424242424242",
	"declined":       "4000000000000002",
	"fails_later":    "4000000000000341",
	"disputed":       "4000000000000259",
	"inquired_about": "4000000000001976",

	"authenticates_always": "4000002760003184",
	"authenticates_once":   "4000002500003155",
}

// card is the number of a card that is named, or is a number already.
func card(name string) (string, error) {
	if number, known := cards[name]; known {
		return number, nil
	}
	if strings.ContainsFunc(name, unicode.IsLetter) {
		return "", fmt.Errorf("%q is not the name of a test card: it is one of %s, or a number", name, strings.Join(slices.Sorted(maps.Keys(cards)), ", "))
	}
	return name, nil
}

type payment struct {
	Card    string `json:"card"`
	Delayed string `json:"delayed"`
}

func pay(box *sandbox.Sandbox, id string, in payment) error {
	switch {
	case in.Card != "" && in.Delayed != "":
		return errors.New("give a card, or how a delayed payment ends")
	case in.Delayed == "succeeds", in.Delayed == "fails":
		return box.PayDelayed(id, in.Delayed == "succeeds")
	case in.Delayed != "":
		return errors.New("a delayed payment succeeds or fails")
	}
	number, err := card(cmp.Or(in.Card, "good"))
	if err != nil {
		return err
	}
	return box.PayWithCard(id, number)
}

func decline(box *sandbox.Sandbox, id string) error {
	switch err := box.PayWithCard(id, cards["declined"]); {
	case errors.Is(err, sandbox.ErrDeclined):
		return nil
	case err != nil:
		return err
	}
	return errors.New("there was nothing to pay, and so nothing to decline: the session is complete")
}

// authenticate is the owner of a card at the page of its bank.
func authenticate(box *sandbox.Sandbox, id string, in struct {
	Succeeds *bool `json:"succeeds"`
}) error {
	if in.Succeeds == nil || *in.Succeeds {
		return box.Authenticate(id)
	}
	return box.FailAuthentication(id)
}

type priceSpec struct {
	ID            string            `json:"id"`
	LookupKey     string            `json:"lookup_key"`
	Product       string            `json:"product"`
	ProductID     string            `json:"product_id"`
	UnitAmount    int64             `json:"unit_amount"`
	Currency      string            `json:"currency"`
	Interval      string            `json:"interval"`
	IntervalCount int64             `json:"interval_count"`
	Metered       bool              `json:"metered"`
	TiersMode     string            `json:"tiers_mode"`
	Tiers         []tier            `json:"tiers"`
	Currencies    map[string]amount `json:"currency_options"`
	Metadata      map[string]string `json:"metadata"`
}

type tier struct {
	UpTo       int64 `json:"up_to"`
	UnitAmount int64 `json:"unit_amount"`
	FlatAmount int64 `json:"flat_amount"`
}

// amount is what a price costs in a further currency.
type amount struct {
	UnitAmount int64  `json:"unit_amount"`
	Tiers      []tier `json:"tiers"`
}

func tiersOf(given []tier) []sandbox.PriceTier {
	tiers := make([]sandbox.PriceTier, len(given))
	for i, t := range given {
		tiers[i] = sandbox.PriceTier(t)
	}
	return tiers
}

func addPrice(c *call) (any, error) {
	in, err := body[priceSpec](c)
	if err != nil {
		return nil, err
	}
	currencies := map[string]sandbox.CurrencyOption{}
	for currency, a := range in.Currencies {
		currencies[currency] = sandbox.CurrencyOption{UnitAmount: a.UnitAmount, Tiers: tiersOf(a.Tiers)}
	}
	p, err := c.box.AddPrice(sandbox.PriceSpec{
		ID: in.ID, LookupKey: in.LookupKey, Product: in.Product, ProductID: in.ProductID, UnitAmount: in.UnitAmount, Currency: in.Currency,
		Interval: in.Interval, IntervalCount: in.IntervalCount, Metered: in.Metered, Metadata: in.Metadata,
		TiersMode: in.TiersMode, Tiers: tiersOf(in.Tiers), Currencies: currencies,
	})
	return map[string]string{"id": p.ID, "product": p.ProductID}, err
}

// pays is a body that may say that the card is declined.
type pays struct {
	Pays *bool `json:"pays"`
}

func (p pays) yes() bool { return p.Pays == nil || *p.Pays }

type status struct {
	Status string `json:"status"`
}

type cardOnFile struct {
	Card *string `json:"card"`
}

var subscriptionRoutes = []route{
	{"POST /_sandbox/subscriptions", making(createSubscription)},
	{"POST /_sandbox/subscriptions/{id}/renew", on(func(box *sandbox.Sandbox, id string, in pays) error { return box.RenewSubscription(id, in.yes()) })},
	{"POST /_sandbox/subscriptions/{id}/cancel", simply((*sandbox.Sandbox).CancelSubscription)},
	{"POST /_sandbox/subscriptions/{id}/pause", simply((*sandbox.Sandbox).PauseSubscription)},
	{"POST /_sandbox/subscriptions/{id}/resume", simply((*sandbox.Sandbox).ResumeSubscription)},
	{"POST /_sandbox/subscriptions/{id}/expire_update", simply((*sandbox.Sandbox).ExpirePendingUpdate)},
	{"POST /_sandbox/subscriptions/{id}/status", on(func(box *sandbox.Sandbox, id string, in status) error {
		return box.SetSubscriptionStatus(id, in.Status)
	})},
	{"POST /_sandbox/subscriptions/{id}/card", on(setCard)},
	{"POST /_sandbox/customers/{id}/card", on(setCard)},
	{"POST /_sandbox/subscriptions/{id}/usage", on(func(box *sandbox.Sandbox, id string, in struct {
		Price    string `json:"price"`
		Quantity int64  `json:"quantity"`
	}) error {
		return box.AddUsage(id, in.Price, in.Quantity)
	})},
}

func setCard(box *sandbox.Sandbox, id string, in cardOnFile) error {
	if in.Card == nil {
		return errors.New("card is missing: give its name or number, or an empty text for none")
	}
	number, err := card(*in.Card)
	if err != nil {
		return err
	}
	return box.SetCard(id, number)
}

func createSubscription(box *sandbox.Sandbox, _ string, in struct {
	Customer string `json:"customer"`
	Items    []struct {
		Price    string `json:"price"`
		Quantity int64  `json:"quantity"`
	} `json:"items"`
	Metadata     map[string]string `json:"metadata"`
	TrialDays    int64             `json:"trial_days"`
	DaysUntilDue int64             `json:"days_until_due"`
	Flexible     bool              `json:"flexible"`
}) (string, error) {
	spec := sandbox.SubscriptionSpec{
		Customer: in.Customer, Metadata: in.Metadata, TrialDays: in.TrialDays, DaysUntilDue: in.DaysUntilDue, Flexible: in.Flexible,
	}
	for _, it := range in.Items {
		spec.Items = append(spec.Items, sandbox.SubscriptionItemSpec{Price: it.Price, Quantity: it.Quantity})
	}
	return box.CreateSubscription(spec)
}

var invoiceRoutes = []route{
	{"POST /_sandbox/invoices/{id}/pay", simply((*sandbox.Sandbox).PayInvoice)},
	{"POST /_sandbox/invoices/{id}/retry", on(func(box *sandbox.Sandbox, id string, in pays) error { return box.RetryInvoice(id, in.yes()) })},
	{"POST /_sandbox/invoices/{id}/exhaust_retries", on(func(box *sandbox.Sandbox, id string, in status) error { return box.ExhaustRetries(id, in.Status) })},
	{"POST /_sandbox/invoices/{id}/pass_due_date", simply((*sandbox.Sandbox).PassDueDate)},
	{"POST /_sandbox/invoices/{id}/void", simply((*sandbox.Sandbox).VoidInvoice)},
	{"POST /_sandbox/invoices/{id}/mark_uncollectible", simply((*sandbox.Sandbox).MarkInvoiceUncollectible)},
	{"POST /_sandbox/invoices/{id}/credit", making(func(box *sandbox.Sandbox, id string, in struct {
		Line      string `json:"line"`
		Amount    int64  `json:"amount"`
		Refund    int64  `json:"refund"`
		Balance   int64  `json:"balance"`
		Elsewhere int64  `json:"elsewhere"`
	}) (string, error) {
		return box.CreditInvoice(id, sandbox.Credit{Line: in.Line, Amount: in.Amount, Refund: in.Refund, Balance: in.Balance, Elsewhere: in.Elsewhere})
	})},
}

var moneyRoutes = []route{
	{"POST /_sandbox/payments/{id}/refund", making(func(box *sandbox.Sandbox, id string, in struct {
		Amount int64 `json:"amount"`
	}) (string, error) {
		return box.Refund(id, in.Amount)
	})},
	{"POST /_sandbox/payments/{id}/dispute", making(func(box *sandbox.Sandbox, id string, in struct {
		Inquiry bool   `json:"inquiry"`
		Reason  string `json:"reason"`
		Amount  int64  `json:"amount"`
	}) (string, error) {
		return box.OpenDispute(id, sandbox.DisputeOptions{Inquiry: in.Inquiry, Reason: in.Reason, Amount: in.Amount})
	})},
	{"POST /_sandbox/refunds/{id}/settle", simply((*sandbox.Sandbox).SettleRefund)},
	{"POST /_sandbox/refunds/{id}/fail", simply((*sandbox.Sandbox).FailRefund)},
	{"POST /_sandbox/refunds/{id}/cancel", simply((*sandbox.Sandbox).CancelRefund)},
	{"POST /_sandbox/refunds/{id}/require_action", simply((*sandbox.Sandbox).RequireRefundAction)},
	{"POST /_sandbox/disputes/{id}/win", simply((*sandbox.Sandbox).WinDispute)},
	{"POST /_sandbox/disputes/{id}/lose", simply((*sandbox.Sandbox).LoseDispute)},
	{"POST /_sandbox/disputes/{id}/escalate", simply((*sandbox.Sandbox).EscalateDispute)},
	{"POST /_sandbox/disputes/{id}/close_inquiry", simply((*sandbox.Sandbox).CloseInquiry)},
}

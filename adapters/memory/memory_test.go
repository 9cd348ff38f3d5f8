package memory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

func TestStore_Contract(t *testing.T) {
	t.Parallel()
	portstest.TestStore(t, func(*testing.T) ports.Store { return memory.NewStore() })
}

func TestGateway_Contract(t *testing.T) {
	t.Parallel()
	portstest.TestGateway(t, func(*testing.T) portstest.GatewayFixture {
		gateway := memory.NewGateway(func() time.Time { return time.Now().UTC() },
			ports.StripePrice{ID: "price_once", LookupKey: "once", Product: "prod_once", Active: true, Amount: 1900, Currency: "usd"},
			ports.StripePrice{ID: "price_monthly", LookupKey: "monthly", Product: "prod_monthly", Active: true, Amount: 2900, Currency: "usd", Interval: "month", IntervalCount: 1},
			ports.StripePrice{ID: "price_dearer", LookupKey: "dearer", Product: "prod_dearer", Active: true, Amount: 9900, Currency: "usd", Interval: "month", IntervalCount: 1},
		)
		return portstest.GatewayFixture{
			Gateway:   gateway,
			OneTime:   domain.Price{ID: "price_once", LookupKey: "once"},
			Recurring: domain.Price{ID: "price_monthly", LookupKey: "monthly"},
			Dearer:    domain.Price{ID: "price_dearer", LookupKey: "dearer"},
			Renew:     func(_ *testing.T, id domain.SubscriptionID) { gateway.Renew(id) },
			DeclineCards: func(_ *testing.T, customer domain.CustomerID, _ domain.SubscriptionID) {
				gateway.DeclineCards(customer, true)
			},
			ConfirmPortal: func(_ *testing.T, url string) { gateway.ConfirmPortal(url) },

			Pay: func(_ *testing.T, session domain.SessionID) { gateway.Pay(session) },
			Expire: func(t *testing.T, session domain.SessionID) {
				if _, err := gateway.ExpireSession(t.Context(), session); err != nil {
					t.Fatal(err)
				}
			},
			Buyer:          func(_ *testing.T, customer domain.CustomerID) ports.Buyer { return gateway.Buyer(customer) },
			DeleteCustomer: func(_ *testing.T, customer domain.CustomerID) { gateway.DeleteCustomer(customer) },
			Refund: func(t *testing.T, payment domain.PaymentIntentID, amount int64) {
				charge := chargeOf(t, gateway, payment)
				gateway.SetReturned(domain.RefundFact{
					ID: domain.RefundID(fmt.Sprintf("re_%d_%s", amount, charge.ID)), Charge: charge.ID, PaymentIntent: payment,
					Status: "succeeded", Amount: amount, Currency: charge.Currency, CreatedAt: noon,
				})
			},
			Dispute: func(t *testing.T, payment domain.PaymentIntentID) {
				charge := chargeOf(t, gateway, payment)
				gateway.SetReturned(domain.DisputeFact{
					ID: domain.DisputeID("dp_" + charge.ID), Charge: charge.ID, PaymentIntent: payment,
					Status: "needs_response", Amount: charge.Amount, Currency: charge.Currency, CreatedAt: noon,
				})
			},
			Credit: func(t *testing.T, invoice domain.InvoiceID, line string, amount int64) {
				of, err := gateway.FetchInvoice(t.Context(), invoice)
				if err != nil {
					t.Fatal(err)
				}
				gateway.SetReturned(domain.CreditNoteFact{Customer: of.Customer, CreditNote: domain.CreditNote{
					ID: domain.CreditNoteID("cn_" + invoice), Invoice: invoice, Status: "issued", Kind: domain.PostPayment, Amount: amount, Currency: of.Invoice.Currency,
					Lines: []domain.CreditedLine{{Line: line, Amount: amount}}, CreatedAt: noon,
				}})
			},
			Completed: func(t *testing.T, session domain.SessionID) ([]byte, string) {
				facts, err := gateway.FetchSession(t.Context(), session)
				if err != nil {
					t.Fatal(err)
				}
				completed := facts[0].(domain.SessionFact)
				completed.Type = "checkout.session.completed"
				return gateway.Message(domain.Event{
					ID: domain.EventID("evt_" + session), Type: completed.Type, Created: completed.At,
					Object: string(session), Fact: completed,
				})
			},
			Sign: gateway.Sign,
		}
	})
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func chargeOf(t *testing.T, gateway *memory.Gateway, payment domain.PaymentIntentID) domain.ChargeFact {
	t.Helper()
	charge, err := gateway.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent, ID: string(payment)})
	if err != nil {
		t.Fatal(err)
	}
	return charge
}

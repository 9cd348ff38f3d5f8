package memory_test

import (
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
			ports.StripePrice{ID: "price_once", LookupKey: "once", Active: true, Amount: 1900, Currency: "usd"},
			ports.StripePrice{ID: "price_monthly", LookupKey: "monthly", Active: true, Amount: 2900, Currency: "usd", Interval: "month", IntervalCount: 1},
		)
		return portstest.GatewayFixture{
			Gateway:   gateway,
			OneTime:   domain.Price{ID: "price_once", LookupKey: "once"},
			Recurring: domain.Price{ID: "price_monthly", LookupKey: "monthly"},
			Pay:       func(_ *testing.T, session domain.SessionID) { gateway.Pay(session) },
			Expire: func(t *testing.T, session domain.SessionID) {
				if _, err := gateway.ExpireSession(t.Context(), session); err != nil {
					t.Fatal(err)
				}
			},
			DeleteCustomer: func(_ *testing.T, customer domain.CustomerID) { gateway.DeleteCustomer(customer) },
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

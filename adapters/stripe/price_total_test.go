package stripe_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// drawTiers has up to four tiers, the last of which has no end.
func drawTiers(t *rapid.T) []sandbox.PriceTier {
	var tiers []sandbox.PriceTier
	var end int64
	for range rapid.IntRange(0, 3).Draw(t, "tiers with an end") {
		end += rapid.Int64Range(1, 9).Draw(t, "quantities")
		tiers = append(tiers, sandbox.PriceTier{UpTo: end, UnitAmount: rapid.Int64Range(0, 9_999).Draw(t, "each"), FlatAmount: rapid.Int64Range(0, 9_999).Draw(t, "once")})
	}
	return append(tiers, sandbox.PriceTier{UnitAmount: rapid.Int64Range(0, 9_999).Draw(t, "each"), FlatAmount: rapid.Int64Range(0, 9_999).Draw(t, "once")})
}

// What a pricing page says that a quantity costs is what its first invoice is over, in each
// of the price's currencies, whatever its tiers.
func TestTotal_IsWhatIsBilled(t *testing.T) {
	t.Parallel()
	box := sandbox.NewTest(t)
	gateway, err := stripe.New(stripe.Config{SecretKey: "sk_test_totals", WebhookSecrets: []string{"whsec_totals"}, APIBase: box.URL(), Clock: box.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		spec := sandbox.PriceSpec{Product: "Seats", LookupKey: fmt.Sprint("seats_", n), Interval: "month"}
		option := sandbox.CurrencyOption{UnitAmount: rapid.Int64Range(1, 9_999).Draw(t, "euros")}
		if rapid.IntRange(0, 4).Draw(t, "flat") > 0 {
			spec.TiersMode = rapid.SampledFrom([]string{"graduated", "volume"}).Draw(t, "mode")
			spec.Tiers, option = drawTiers(t), sandbox.CurrencyOption{Tiers: drawTiers(t)}
		} else {
			spec.UnitAmount = rapid.Int64Range(1, 9_999).Draw(t, "dollars")
		}
		spec.Currencies = map[string]sandbox.CurrencyOption{"eur": option}
		made, err := box.AddPrice(spec)
		must(t, err)
		currency, quantity := rapid.SampledFrom([]string{"usd", "eur"}).Draw(t, "currency"), rapid.Int64Range(1, 40).Draw(t, "quantity")

		wanted := domain.Price{LookupKey: spec.LookupKey}
		if rapid.Bool().Draw(t, "by id") {
			wanted = domain.Price{ID: domain.PriceID(made.ID)}
		}
		found, err := gateway.Prices(t.Context(), []domain.Price{wanted})
		must(t, err)
		price, sold := found[0].In(currency)
		total, told := price.Total(quantity)
		if !sold || !told || len(found[0].Currencies()) != 2 {
			t.Fatalf("%+v: sold %t, told %t", found[0], sold, told)
		}

		name := fmt.Sprint("buyer ", n)
		customer, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: domain.UserID(name), IdempotencyKey: name})
		must(t, err)
		session, err := gateway.CreateSession(t.Context(), ports.SessionRequest{
			User: domain.UserID(name), Customer: customer, IdempotencyKey: name + " buys",
			Order: domain.Order{
				ID: domain.OrderID(fmt.Sprint("order_", n)), Plan: "seats", Mode: domain.ModeSubscription, Quantity: quantity, PriceID: price.ID,
				Currency: currency, CurrencyChosen: true, SuccessURL: "https://app.example/done",
			},
		})
		must(t, err)
		must(t, box.Pay(string(session.ID)))
		facts, err := gateway.FetchSession(t.Context(), session.ID)
		must(t, err)
		invoices, err := gateway.FetchInvoices(t.Context(), facts[1].(domain.SubscriptionFact).Snapshot.ID)
		must(t, err)
		if in := invoices[0].Invoice; in.Total != total || in.Currency != currency || session.Subtotal != total {
			t.Fatalf("%d of %+v: the page says %d %s, the checkout %d, the invoice %d %s", quantity, price, total, currency, session.Subtotal, in.Total, in.Currency)
		}
	})
}

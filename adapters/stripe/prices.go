package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/stripe/stripe-go/v76"
	"golang.org/x/sync/errgroup"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	pricesAtOnce   = 4  // calls side by side: Stripe allows 25 a second
	keysPerCall    = 10 // lookup keys in one call, Stripe's bound
	pricesPerPage  = 100
	maxPricesPages = 10 // a lookup key has one price; this only ends a loop
)

// usageMetered is the usage type of what is paid by what was used of it.
const usageMetered = "metered"

// priceObject is a price as Stripe has it, with its product.
type priceObject struct {
	ID      word            `json:"id"`
	Kind    word            `json:"object"`
	Active  bool            `json:"active"`
	Product json.RawMessage `json:"product"`
	priceAmount
	Options   map[string]priceAmount `json:"currency_options"`
	Scheme    word                   `json:"billing_scheme"`
	TiersMode word                   `json:"tiers_mode"`
	Packages  *struct{}              `json:"transform_quantity"`
	Currency  word                   `json:"currency"`
	LookupKey word                   `json:"lookup_key"`
	Recurring struct {
		Interval word   `json:"interval"`
		Count    number `json:"interval_count"`
		Usage    word   `json:"usage_type"`
	} `json:"recurring"`
}

// priceAmount is what a price costs in one currency.
type priceAmount struct {
	Amount number      `json:"unit_amount"` // null: see [ports.StripePrice]
	Tiers  []priceTier `json:"tiers"`
}

type priceTier struct {
	UpTo   number `json:"up_to"` // null: it has no end
	Unit   number `json:"unit_amount"`
	UnitIn word   `json:"unit_amount_decimal"`
	Flat   number `json:"flat_amount"`
	FlatIn word   `json:"flat_amount_decimal"`
}

// tiers are nil if one of them is not of whole minor units.
func (a priceAmount) tiers() []ports.Tier {
	var all []ports.Tier
	for _, t := range a.Tiers {
		if !t.Unit.given && t.UnitIn != "" || !t.Flat.given && t.FlatIn != "" {
			return nil
		}
		all = append(all, ports.Tier{UpTo: t.UpTo.value, UnitAmount: t.Unit.value, FlatAmount: t.Flat.value})
	}
	return all
}

// archived tells whether a price's product is no longer for sale. Of one that did
// not come along nothing is known.
func (p priceObject) archived() bool {
	var product struct {
		Active  *bool `json:"active"`
		Deleted bool  `json:"deleted"`
	}
	if !decode(p.Product, &product) {
		return false
	}
	return product.Deleted || product.Active != nil && !*product.Active
}

func (p priceObject) product() string {
	var id ref
	_ = id.UnmarshalJSON(p.Product) // never fails
	return string(id)
}

// further are the currencies beside the price's own, sorted.
func (p priceObject) further() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.Options)), func(c string) bool { return c == string(p.Currency) })
}

func (p priceObject) price() ports.StripePrice {
	var options []ports.CurrencyOption
	for _, currency := range p.further() {
		o := p.Options[currency]
		options = append(options, ports.CurrencyOption{
			Currency: currency, Amount: o.Amount.value, AmountUnknown: !o.Amount.given || p.Packages != nil, Tiers: o.tiers(),
		})
	}
	return ports.StripePrice{
		ID:            domain.PriceID(p.ID),
		LookupKey:     string(p.LookupKey),
		Product:       p.product(),
		Active:        p.Active,
		Archived:      p.archived(),
		Amount:        p.Amount.value,
		AmountUnknown: !p.Amount.given || p.Packages != nil,
		Tiered:        p.Scheme == "tiered",
		Volume:        p.TiersMode == "volume",
		Tiers:         p.tiers(),
		Options:       options,
		Metered:       p.Recurring.Usage == usageMetered,
		Currency:      string(p.Currency),
		Interval:      string(p.Recurring.Interval),
		IntervalCount: p.Recurring.Count.value,
	}
}

// Prices implements [ports.Gateway]. Each price comes once: those asked for by
// id first, both in the order in which they were asked for.
func (g *Gateway) Prices(ctx context.Context, wanted []domain.Price) ([]ports.StripePrice, error) {
	var ids, keys []string
	for _, p := range wanted {
		switch id := string(p.ID); {
		// An id that cannot be one is not asked for: Stripe does not have it.
		case isID(id, "") && !slices.Contains(ids, id):
			ids = append(ids, id)
		case id == "" && p.LookupKey != "" && !slices.Contains(keys, p.LookupKey):
			keys = append(keys, p.LookupKey)
		}
	}
	chunks := slices.Collect(slices.Chunk(keys, keysPerCall))
	found := make([][]ports.StripePrice, len(ids)+len(chunks))

	ctx, cancel := g.bounded(ctx)
	defer cancel()
	side, ctx := errgroup.WithContext(ctx)
	side.SetLimit(pricesAtOnce)
	for i, id := range ids {
		side.Go(func() (err error) {
			found[i], err = g.priceByID(ctx, id)
			return err
		})
	}
	for i, chunk := range chunks {
		side.Go(func() (err error) {
			found[len(ids)+i], err = g.pricesByKey(ctx, chunk)
			return err
		})
	}
	if err := side.Wait(); err != nil {
		return nil, err
	}
	return once(slices.Concat(found...)), nil
}

func once(prices []ports.StripePrice) []ports.StripePrice {
	seen := map[domain.PriceID]bool{}
	return slices.DeleteFunc(prices, func(p ports.StripePrice) bool {
		again := seen[p.ID]
		seen[p.ID] = true
		return again
	})
}

func (g *Gateway) priceByID(ctx context.Context, id string) ([]ports.StripePrice, error) {
	c := call{
		does: "fetch price", method: http.MethodGet, path: stripe.FormatURLPath("/v1/prices/%s", id),
		params: &stripe.PriceParams{Expand: stripe.StringSlice([]string{"product", "tiers", "currency_options"})},
	}
	p, err := g.fetchPrice(ctx, c)
	if errors.Is(err, ports.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		p, err = g.withTiers(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	return []ports.StripePrice{p.price()}, nil
}

func (g *Gateway) fetchPrice(ctx context.Context, c call) (priceObject, error) {
	got, err := g.send(ctx, c)
	if err != nil {
		return priceObject{}, err
	}
	var p priceObject
	if !decode(got.body, &p) || p.Kind != "price" || p.ID == "" {
		return p, unusable(c, got, "the answer is not a price")
	}
	return p, nil
}

// mostTiered bounds in how many further currencies the tiers of a price are asked for.
const mostTiered = 40

// withTiers is a price with the tiers of its further currencies, which Stripe shows only
// under each one's name.
func (g *Gateway) withTiers(ctx context.Context, p priceObject) (priceObject, error) {
	further := p.further()
	if p.Scheme != "tiered" || len(further) == 0 {
		return p, nil
	}
	expand := []string{"product", "tiers", "currency_options"}
	for _, currency := range further[:min(len(further), mostTiered)] {
		expand = append(expand, "currency_options."+currency+".tiers")
	}
	return g.fetchPrice(ctx, call{
		does: "fetch the tiers of a price", method: http.MethodGet, path: stripe.FormatURLPath("/v1/prices/%s", string(p.ID)),
		params: &stripe.PriceParams{Expand: stripe.StringSlice(expand)},
	})
}

func (g *Gateway) pricesByKey(ctx context.Context, keys []string) ([]ports.StripePrice, error) {
	var found []ports.StripePrice
	params := &stripe.PriceListParams{LookupKeys: stripe.StringSlice(keys), Expand: stripe.StringSlice([]string{"data.product", "data.tiers", "data.currency_options"})}
	params.Limit = stripe.Int64(pricesPerPage)
	c := call{does: "list prices", method: http.MethodGet, path: "/v1/prices", params: params}
	for range maxPricesPages {
		got, err := g.send(ctx, c)
		if err != nil {
			return nil, err
		}
		var page struct {
			Kind word          `json:"object"`
			Data []priceObject `json:"data"`
			More bool          `json:"has_more"`
		}
		if !decode(got.body, &page) || page.Kind != "list" {
			return nil, unusable(c, got, "the answer is not a list of prices")
		}
		for _, p := range page.Data {
			if p.ID == "" || !slices.Contains(keys, string(p.LookupKey)) {
				continue
			}
			if p, err = g.withTiers(ctx, p); err != nil {
				return nil, err
			}
			found = append(found, p.price())
		}
		if !page.More || len(page.Data) == 0 {
			break
		}
		params.StartingAfter = stripe.String(string(page.Data[len(page.Data)-1].ID))
	}
	return found, nil
}

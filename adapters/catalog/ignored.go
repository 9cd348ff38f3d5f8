package catalog

import (
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// ignoredFields name what is sold at Stripe and is no business of ours.
var ignoredFields = fields[domain.Ignored]{
	{"prices", func(r *reader, into *domain.Ignored, v value) {
		for _, e := range r.list(v, "ignored prices") {
			if strings.HasPrefix(e.text, "prod_") {
				r.fail(e.at, "%s is a product: put it under products:", clip(e.text))
				continue
			}
			r.notOfAPlan(e, "id")
			into.Prices = append(into.Prices, domain.PriceID(e.text))
		}
	}},
	{"lookup_keys", func(r *reader, into *domain.Ignored, v value) {
		for _, e := range r.list(v, "ignored lookup_keys") {
			r.notOfAPlan(e, "lookup key")
			into.LookupKeys = append(into.LookupKeys, e.text)
		}
	}},
	{"products", func(r *reader, into *domain.Ignored, v value) {
		for _, e := range r.list(v, "ignored products") {
			if strings.HasPrefix(e.text, "price_") {
				r.fail(e.at, "%s is a price: put it under prices:", clip(e.text))
				continue
			}
			into.Products = append(into.Products, e.text)
		}
	}},
}

func readIgnored(r *reader, into *catalogDraft, v value) {
	readFields(r, v, "ignored", "{prices: [price_...]}", ignoredFields, &into.file.Catalog.Ignored)
}

// notOfAPlan refuses what a plan names too: it cannot both grant and grant nothing.
func (r *reader) notOfAPlan(e entry, kind string) {
	if price, used := r.prices[kind+" "+e.text]; used {
		r.fail(e.at, "the %s %s is ignored here, and it is that of %s: remove one", kind, clip(e.text), price)
	}
}

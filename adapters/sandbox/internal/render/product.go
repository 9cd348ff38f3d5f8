package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Product(p *state.Product) wire.Object {
	features := []wire.Object{}
	for _, name := range p.Features {
		features = append(features, wire.Object{"name": name})
	}
	var shippable any
	if p.Shippable != "" {
		shippable = p.Shippable == "true"
	}
	return wire.Object{
		"id": p.ID, "object": "product", "active": p.Active, "created": p.Created,
		"default_price": wire.OrNull(p.DefaultPrice), "description": wire.OrNull(p.Description), "features": features, "marketing_features": features,
		"images": append([]string{}, p.Images...), "livemode": false, "metadata": wire.MetadataObject(p.Metadata), "name": p.Name,
		"package_dimensions": nil, "shippable": shippable, "statement_descriptor": wire.OrNull(p.StatementDescriptor), "tax_code": nil,
		"unit_label": wire.OrNull(p.UnitLabel), "updated": p.Updated, "url": wire.OrNull(p.URL),
	}
}

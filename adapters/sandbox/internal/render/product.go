package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Product(p *state.Product) wire.Object {
	return wire.Object{
		"id": p.ID, "object": "product", "active": p.Active, "created": p.Created,
		"default_price": wire.OrNull(p.DefaultPrice), "description": wire.OrNull(p.Description), "features": []wire.Object{}, "marketing_features": []wire.Object{},
		"images": append([]string{}, p.Images...), "livemode": false, "metadata": wire.MetadataObject(p.Metadata), "name": p.Name,
		"package_dimensions": nil, "shippable": nil, "statement_descriptor": nil, "tax_code": nil,
		"unit_label": wire.OrNull(p.UnitLabel), "updated": p.Updated, "url": nil,
	}
}

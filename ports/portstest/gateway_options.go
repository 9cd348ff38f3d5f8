package portstest

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

func gatewayOptions(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for order, options := range map[domain.OrderID]domain.CheckoutOptions{
		"adaptive":  {AdaptivePricing: domain.SwitchOn},
		"fixed":     {AdaptivePricing: domain.SwitchOff},
		"addressed": {BillingAddress: domain.BillingAddressRequired},
		"all": {
			PromotionCodes: true, AutomaticTax: true, TaxIDCollection: true, MaxQuantity: 10,
			BillingAddress: domain.BillingAddressAuto, AdaptivePricing: domain.SwitchOn,
		},
	} {
		for _, mode := range domain.Modes {
			r := s.request(order+"-"+domain.OrderID(mode), mode)
			r.Options = options
			session, err := f.Gateway.CreateSession(t.Context(), r)
			if err != nil || session.Order != r.Order.ID {
				t.Errorf("%s: got %+v, %v", r.Order.ID, session, err)
				continue
			}
			if f.Pay(t, session.ID); t.Failed() {
				continue
			}
			facts, err := f.Gateway.FetchSession(t.Context(), session.ID)
			if err != nil || facts[0].(domain.SessionFact).PaymentStatus != "paid" {
				t.Errorf("%s: paid, got %+v, %v", r.Order.ID, facts, err)
			}
		}
	}
}

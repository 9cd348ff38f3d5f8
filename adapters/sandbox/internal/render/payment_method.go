package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) PaymentMethod(pm *state.PaymentMethod) wire.Object {
	return wire.Object{
		"id": pm.ID, "object": "payment_method", "allow_redisplay": "unspecified", "billing_details": Billing(pm), "created": pm.Created,
		"customer": wire.OrNull(pm.Customer), "livemode": false, "metadata": wire.MetadataObject(pm.Metadata), "type": pm.Kind, pm.Kind: methodDetails(pm),
	}
}

// Billing is the method's billing_details, and that of what it pays.
func Billing(pm *state.PaymentMethod) wire.Object {
	address := wire.Object{}
	for _, f := range AddressFields {
		address[f] = wire.OrNull(pm.Address[f])
	}
	return wire.Object{"address": address, "email": wire.OrNull(pm.Email), "name": wire.OrNull(pm.Name), "phone": wire.OrNull(pm.Phone)}
}

// methodDetails are what is told of the card or the bank account.
func methodDetails(pm *state.PaymentMethod) wire.Object {
	switch pm.Kind {
	case "card":
		return wire.Object{
			"brand": pm.Card().Brand, "checks": cardChecks(pm), "country": "US", "display_brand": pm.Card().Brand, "exp_month": pm.ExpiryMonth, "exp_year": pm.ExpiryYear,
			"fingerprint": state.Fingerprint(pm.Number), "funding": "credit", "generated_from": nil, "last4": pm.Last4(),
			"networks":         wire.Object{"available": []string{pm.Card().Brand}, "preferred": nil},
			"regulated_status": "unregulated", "three_d_secure_usage": wire.Object{"supported": true}, "wallet": nil,
		}
	case "us_bank_account":
		return wire.Object{
			"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK", "financial_connections_account": nil,
			"fingerprint": pm.Print(), "last4": pm.Last4(), "networks": wire.Object{"preferred": "ach", "supported": []string{"ach"}},
			"routing_number": "110000000", "status_details": wire.Object{},
		}
	case "bacs_debit":
		return wire.Object{"fingerprint": pm.Print(), "last4": pm.Last4(), "sort_code": "108800"}
	}
	return wire.Object{
		"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": pm.Print(),
		"generated_from": wire.Object{"charge": nil, "setup_attempt": nil}, "last4": pm.Last4(),
	}
}

// PaidWith is a charge's payment_method_details.
func PaidWith(pm *state.PaymentMethod) wire.Object {
	var o wire.Object
	switch pm.Kind {
	case "card":
		o = wire.Object{
			"brand": pm.Card().Brand, "checks": cardChecks(pm), "country": "US", "exp_month": pm.ExpiryMonth, "exp_year": pm.ExpiryYear,
			"fingerprint": state.Fingerprint(pm.Number), "funding": "credit", "installments": nil, "last4": pm.Last4(), "mandate": nil,
			"network": pm.Card().Brand, "regulated_status": "unregulated", "three_d_secure": nil, "wallet": nil,
		}
	case "us_bank_account":
		o = wire.Object{
			"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
			"fingerprint": pm.Print(), "last4": pm.Last4(), "routing_number": "110000000",
		}
	case "bacs_debit":
		o = wire.Object{"fingerprint": pm.Print(), "last4": pm.Last4(), "mandate": nil, "sort_code": "108800"}
	default:
		o = wire.Object{"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": pm.Print(), "last4": pm.Last4(), "mandate": nil}
	}
	return wire.Object{"type": pm.Kind, pm.Kind: o}
}

func cardChecks(pm *state.PaymentMethod) wire.Object {
	cvc := ""
	if pm.CVC {
		cvc = "pass"
	}
	return wire.Object{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": wire.OrNull(cvc)}
}

// AuthenticatedDetails are a charge's three_d_secure after its owner has authenticated.
func AuthenticatedDetails() wire.Object {
	return wire.Object{
		"authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": nil, "result": "authenticated",
		"result_reason": nil, "transaction_id": wire.NewID("", 36), "version": "2.2.0",
	}
}

// typesOrNull shows a list of types of methods, null if nobody gave one.
func typesOrNull(types []string) any {
	if len(types) == 0 {
		return nil
	}
	return append([]string{}, types...)
}

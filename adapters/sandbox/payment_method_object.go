package sandbox

func (s *Sandbox) paymentMethodObject(pm *paymentMethod) object {
	return object{
		"id": pm.id, "object": "payment_method", "allow_redisplay": "unspecified", "billing_details": pm.billing(), "created": pm.created,
		"customer": orNull(pm.customer), "livemode": false, "metadata": metadataObject(pm.metadata), "type": pm.kind, pm.kind: pm.details(),
	}
}

// billing is the method's billing_details, and that of what it pays.
func (pm *paymentMethod) billing() object {
	address := object{}
	for _, f := range addressFields {
		address[f] = orNull(pm.address[f])
	}
	return object{"address": address, "email": orNull(pm.email), "name": orNull(pm.name), "phone": orNull(pm.phone)}
}

// details are what is told of the card or the bank account.
func (pm *paymentMethod) details() object {
	switch pm.kind {
	case "card":
		return object{
			"brand": pm.card().brand, "checks": pm.checks(), "country": "US", "display_brand": pm.card().brand, "exp_month": pm.expiryMonth, "exp_year": pm.expiryYear,
			"fingerprint": fingerprint(pm.number), "funding": "credit", "generated_from": nil, "last4": pm.last4(),
			"networks":         object{"available": []string{pm.card().brand}, "preferred": nil},
			"regulated_status": "unregulated", "three_d_secure_usage": object{"supported": true}, "wallet": nil,
		}
	case "us_bank_account":
		return object{
			"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK", "financial_connections_account": nil,
			"fingerprint": pm.print(), "last4": pm.last4(), "networks": object{"preferred": "ach", "supported": []string{"ach"}},
			"routing_number": "110000000", "status_details": object{},
		}
	case "bacs_debit":
		return object{"fingerprint": pm.print(), "last4": pm.last4(), "sort_code": "108800"}
	}
	return object{
		"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": pm.print(),
		"generated_from": object{"charge": nil, "setup_attempt": nil}, "last4": pm.last4(),
	}
}

// paidWith is a charge's payment_method_details.
func (pm *paymentMethod) paidWith() object {
	var o object
	switch pm.kind {
	case "card":
		o = object{
			"brand": pm.card().brand, "checks": pm.checks(), "country": "US", "exp_month": pm.expiryMonth, "exp_year": pm.expiryYear,
			"fingerprint": fingerprint(pm.number), "funding": "credit", "installments": nil, "last4": pm.last4(), "mandate": nil,
			"network": pm.card().brand, "regulated_status": "unregulated", "three_d_secure": nil, "wallet": nil,
		}
	case "us_bank_account":
		o = object{
			"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
			"fingerprint": pm.print(), "last4": pm.last4(), "routing_number": "110000000",
		}
	case "bacs_debit":
		o = object{"fingerprint": pm.print(), "last4": pm.last4(), "mandate": nil, "sort_code": "108800"}
	default:
		o = object{"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": pm.print(), "last4": pm.last4(), "mandate": nil}
	}
	return object{"type": pm.kind, pm.kind: o}
}

// authenticatedDetails are a charge's three_d_secure after its owner has authenticated.
func authenticatedDetails() object {
	return object{
		"authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": nil, "result": "authenticated",
		"result_reason": nil, "transaction_id": newID("", 36), "version": "2.2.0",
	}
}

func (pm *paymentMethod) checks() object {
	cvc := ""
	if pm.cvc {
		cvc = "pass"
	}
	return object{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": orNull(cvc)}
}

// print is the fingerprint of a bank account, of which there is one that pays and
// one that does not.
func (pm *paymentMethod) print() string {
	if pm.fails {
		return fingerprint(pm.kind + " fails")
	}
	return fingerprint(pm.kind)
}

// last4 are those of Stripe's test numbers.
func (pm *paymentMethod) last4() string {
	switch pm.kind {
	case "card":
		return pm.number[len(pm.number)-4:]
	case "sepa_debit":
		return "3000"
	case "bacs_debit":
		return "2345"
	}
	return "6789"
}

// brandNames are what readers call the brands of cards.
var brandNames = map[string]string{"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}

package domain

// CurrencyOf is the currency that a subscription is paid in, as its invoices say: ISO 4217,
// lower case; empty if none was told of. It never changes.
func (a Account) CurrencyOf(id SubscriptionID) string {
	if newest, told := a.Invoices[a.Subscriptions[id].LatestInvoice]; told && newest.Currency != "" {
		return newest.Currency
	}
	for _, i := range a.Invoices {
		if i.Subscription == id && i.Currency != "" {
			return i.Currency
		}
	}
	return ""
}

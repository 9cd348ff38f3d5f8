package stripetest_test

import (
	"cmp"
	"slices"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

func arbitraryInvoice(t *rapid.T) domain.Invoice {
	lines := rapid.SliceOfNDistinct(rapid.Custom(arbitraryLine), 0, 4, func(l domain.Line) string { return l.ID }).Draw(t, "lines")
	slices.SortFunc(lines, func(a, b domain.Line) int { return cmp.Compare(a.ID, b.ID) })
	due := amounts.Draw(t, "due")
	return domain.Invoice{
		ID: id[domain.InvoiceID]("in_").Draw(t, "id"), Subscription: optional[domain.SubscriptionID]("sub_").Draw(t, "subscription"),
		Status:        among(t, "status", append(slices.Clone(domain.InvoiceStatuses), "unheard_of", "")...),
		BillingReason: among(t, "reason", "subscription_create", "subscription_cycle", "manual", ""),
		Method:        among(t, "method", domain.ChargeAutomatically, domain.SendInvoice, ""),
		Currency:      among(t, "currency", "eur", "usd", ""),
		Total:         rapid.Int64().Draw(t, "total"), AmountDue: due, AmountPaid: among(t, "paid", 0, due, amounts.Draw(t, "amount")),
		StartingBalance: rapid.Int64().Draw(t, "starting balance"), EndingBalance: among[int64](t, "ending balance", 0, -900, 900),
		CreatedAt: perhaps.Draw(t, "created"), FinalizedAt: perhaps.Draw(t, "finalized"), DueAt: perhaps.Draw(t, "due at"), PaidAt: perhaps.Draw(t, "paid at"),
		Lines: lines, Complete: rapid.Bool().Draw(t, "complete"),
		FirstSeenAt: perhaps.Draw(t, "first seen"), SeenAt: perhaps.Draw(t, "seen"),
	}
}

func arbitraryLine(t *rapid.T) domain.Line {
	line := domain.Line{
		ID: id[string]("il_").Draw(t, "line"), Kind: among(t, "kind", domain.LineKinds...),
		Item: optional[string]("si_").Draw(t, "item"), Price: optional[domain.PriceID]("price_").Draw(t, "price"),
		Product: optional[string]("prod_").Draw(t, "product"), Quantity: among[int64](t, "quantity", 0, 1, 1, 2, 1000),
		Amount: amounts.Draw(t, "amount"), From: perhaps.Draw(t, "from"), Until: perhaps.Draw(t, "until"),
	}
	if line.Kind == domain.LineCredit {
		line.Amount = -line.Amount - 1
	}
	return line
}

func arbitraryPayments(t *rapid.T) []domain.PaidWith {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) domain.PaidWith {
		return domain.PaidWith{
			PaymentIntent: id[domain.PaymentIntentID]("pi_").Draw(t, "intent"), Charge: optional[domain.ChargeID]("ch_").Draw(t, "charge"),
		}
	}), 0, 3, func(p domain.PaidWith) domain.PaymentIntentID { return p.PaymentIntent }).Draw(t, "payments")
}

func arbitraryCreditNote(t *rapid.T) domain.CreditNote {
	lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.CreditedLine {
		return domain.CreditedLine{Line: optional[string]("il_").Draw(t, "line"), Amount: amounts.Draw(t, "amount")}
	}), 0, 4).Draw(t, "lines")
	slices.SortFunc(lines, func(a, b domain.CreditedLine) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Amount, b.Amount))
	})
	refunds := rapid.SliceOfNDistinct(id[domain.RefundID]("re_"), 0, 3, func(r domain.RefundID) domain.RefundID { return r }).Draw(t, "refunds")
	slices.Sort(refunds)
	return domain.CreditNote{
		ID: id[domain.CreditNoteID]("cn_").Draw(t, "id"), Invoice: optional[domain.InvoiceID]("in_").Draw(t, "invoice"),
		Status: among[domain.CreditNoteStatus](t, "status", "issued", "void", "unheard_of", ""),
		Kind:   among[domain.CreditNoteKind](t, "kind", "pre_payment", "post_payment", "mixed", ""), Amount: amounts.Draw(t, "amount"),
		Currency: among(t, "currency", "eur", "usd", ""), Lines: lines, Refunds: refunds, CreatedAt: perhaps.Draw(t, "created"),
	}
}

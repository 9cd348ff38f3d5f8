package portstest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// withMoney adds one of all that becomes of the money, and a grant.
func withMoney(a domain.Account) {
	user := string(a.User)
	intent, invoice, charge := domain.PaymentIntentID("pi_in_"+user), domain.InvoiceID("in_"+user), domain.ChargeID("ch_"+user)
	refund, dispute, grant := domain.RefundID("re_"+user), domain.DisputeID("dp_"+user), domain.GrantID("g_"+user)
	a.InvoicePayments[intent] = invoice
	a.Charges[charge] = domain.Charge{
		ID: charge, PaymentIntent: intent, Invoice: invoice, Amount: 1200, Refunded: 300, Currency: "eur", SeenAt: noon,
	}
	a.Refunds[refund] = domain.Refund{
		ID: refund, Charge: charge, PaymentIntent: intent, Status: "failed", Amount: 300, Currency: "eur",
		CreatedAt: noon, UndoneAt: noon.Add(time.Hour),
	}
	a.Disputes[dispute] = domain.Dispute{
		ID: dispute, Charge: charge, PaymentIntent: intent, Status: "needs_response", Amount: 1200, Currency: "eur", CreatedAt: noon,
	}
	a.Grants[grant] = domain.Grant{
		ID: grant, Feature: "sso", Value: domain.Flag(), Since: noon, Until: noon.AddDate(1, 0, 0), Reason: "partner", By: "cyd",
		CreatedAt: noon, RevokedAt: noon.Add(time.Hour), RevokedBy: "dan", RevokedReason: "no partner any more",
	}
}

func drawMoney(t *rapid.T, a domain.Account) {
	name := func(i int) string { return fmt.Sprintf("%s_%d", a.User, i) }
	for i := range rapid.IntRange(0, 2).Draw(t, "invoice payments") {
		a.InvoicePayments[domain.PaymentIntentID("pi_in_"+name(i))] = domain.InvoiceID("in_" + name(rapid.IntRange(0, 2).Draw(t, "invoice")))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "charges") {
		c := domain.Charge{
			ID: domain.ChargeID("ch_" + name(i)), Amount: rapid.Int64().Draw(t, "amount"), Refunded: rapid.Int64().Draw(t, "refunded"),
			Currency: drawText(t, "currency"), SeenAt: drawTime(t, "seen"),
		}
		if rapid.Bool().Draw(t, "linked") {
			c.PaymentIntent, c.Invoice = domain.PaymentIntentID("pi_"+name(i)), domain.InvoiceID("in_"+name(i))
		}
		a.Charges[c.ID] = c
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "refunds") {
		r := domain.Refund{
			ID: domain.RefundID("re_" + name(i)), Charge: domain.ChargeID(drawName(t, "ch", a.User)), PaymentIntent: domain.PaymentIntentID(drawName(t, "pi", a.User)),
			Status: rapid.SampledFrom(domain.RefundRules).Draw(t, "refund status").Status,
			Amount: rapid.Int64().Draw(t, "amount"), Currency: drawText(t, "currency"),
			CreatedAt: drawTime(t, "created"), UndoneAt: drawTime(t, "undone"),
		}
		a.Refunds[r.ID] = r
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "disputes") {
		d := domain.Dispute{
			ID: domain.DisputeID("dp_" + name(i)), Charge: domain.ChargeID(drawName(t, "ch", a.User)), PaymentIntent: domain.PaymentIntentID(drawName(t, "pi", a.User)),
			Status: rapid.SampledFrom(domain.DisputeRules).Draw(t, "dispute status").Status,
			Amount: rapid.Int64().Draw(t, "amount"), Currency: drawText(t, "currency"), CreatedAt: drawTime(t, "created"),
		}
		a.Disputes[d.ID] = d
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "grants") {
		g := drawGrant(t, domain.GrantID("g_"+name(i)))
		a.Grants[g.ID] = g
	}
}

// drawName draws a name that is no other user's; or none.
func drawName(t *rapid.T, kind string, user domain.UserID) string {
	n := rapid.IntRange(-1, 2).Draw(t, kind)
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("%s_%s_%d", kind, user, n)
}

func drawGrant(t *rapid.T, id domain.GrantID) domain.Grant {
	right := drawEntitlement(t, drawText(t, "feature"), 0)
	return domain.Grant{
		ID: id, Feature: right.Feature, Value: right.Value, Since: right.Since, Until: right.Until,
		Reason: drawText(t, "reason"), By: drawText(t, "by"), CreatedAt: drawTime(t, "created"),
		RevokedAt: drawTime(t, "revoked"), RevokedBy: drawText(t, "revoked by"), RevokedReason: drawText(t, "revoked because"),
	}
}

package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Refund(refund *state.Refund) wire.Object {
	o := wire.Object{
		"id": refund.ID, "object": "refund", "amount": refund.Amount, "balance_transaction": nil, "charge": wire.OrNull(refund.Charge),
		"created": refund.Created, "currency": refund.Currency, "metadata": wire.MetadataObject(refund.Metadata),
		"payment_intent": wire.OrNull(refund.PaymentIntent), "reason": wire.OrNull(refund.Reason), "receipt_number": nil,
		"source_transfer_reversal": nil, "status": refund.Status, "transfer_reversal": nil,
	}
	// Stripe leaves these out where there is nothing to say.
	if refund.ToCard {
		o["destination_details"] = wire.Object{"type": "card", "card": wire.Object{
			"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
		}}
	}
	if refund.FailureReason != "" {
		o["failure_reason"] = refund.FailureReason
	}
	if refund.Status == "requires_action" {
		o["next_action"] = wire.Object{"type": "display_details", "display_details": wire.Object{
			"email_sent": wire.Object{"email_sent_at": refund.Created, "email_sent_to": refund.Email},
			"expires_at": refund.Created + daysToAct*24*60*60,
		}}
	}
	return o
}

// ChargeRefunds is the list that a charge shows when it is asked to.
func (r *Renderer) ChargeRefunds(ch *state.Charge) wire.Object {
	var out []wire.Object
	more := false
	for _, refund := range r.Refunds.NewestFirst() {
		if refund.Charge != ch.ID {
			continue
		}
		if more = len(out) == wire.DefaultPage; more {
			break
		}
		out = append(out, r.Refund(refund))
	}
	return wire.ListOf(out, more, "/v1/charges/"+ch.ID+"/refunds")
}

// daysToAct is how long the buyer has to say where the money is to go.
const daysToAct = 45

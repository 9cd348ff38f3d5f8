package api

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// What the bank makes of texts that Stripe documents for its test mode, see
// https://docs.stripe.com/testing#evidence. Any other is left for the bank to look at.
const (
	winningEvidence = "winning_evidence"
	losingEvidence  = "losing_evidence"
)

const evidenceLength = 20_000

var disputeUpdateParams = func() []string {
	names := []string{"metadata[*]", "submit"}
	for _, field := range render.EvidenceFields {
		if !isFile(field) {
			names = append(names, "evidence["+field+"]")
		}
	}
	return names
}()

// isFile tells whether a field of evidence has the id of an uploaded file. There are no files
// here.
func isFile(field string) bool {
	return strings.HasSuffix(field, "_file") || strings.HasSuffix(field, "documentation") || strings.HasSuffix(field, "communication") ||
		field == "cancellation_policy" || field == "customer_signature" || field == "receipt" || field == "refund_policy"
}

// updateDispute answers the bank. What is not submitted can still be changed.
func (s *Server) updateDispute(c *Call) (wire.Object, *wire.Error) {
	d := s.Disputes.Get(c.id)
	if d == nil {
		return nil, wire.NotFound("dispute", c.id, "dispute")
	}
	evidence := map[string]string{}
	for _, field := range render.EvidenceFields {
		if name := "evidence[" + field + "]"; c.Has(name) {
			evidence[field] = c.Limited(name, evidenceLength)
		}
	}
	submit := !c.Has("submit") || c.Flag("submit")
	metadata := c.Metadata("metadata", d.Metadata)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case len(evidence) > 0 && !strings.HasSuffix(d.Status, "needs_response"):
		return nil, wire.Invalid("evidence", "", "This dispute is %s: evidence is taken while it needs a response.", d.Status)
	}
	before := s.Render.Dispute(d)
	d.Metadata = metadata
	if d.Evidence == nil {
		d.Evidence = map[string]string{}
	}
	for field, text := range evidence {
		d.Evidence[field] = text
	}
	if submit && len(evidence) > 0 {
		s.SubmitEvidence(d)
	}
	s.EmitUpdated("charge.dispute.updated", before, s.Render.Dispute(d))
	switch d.Evidence["uncategorized_text"] {
	case winningEvidence:
		s.DecideOnEvidence(d, "won")
	case losingEvidence:
		s.DecideOnEvidence(d, "lost")
	}
	return s.Render.Dispute(d), nil
}

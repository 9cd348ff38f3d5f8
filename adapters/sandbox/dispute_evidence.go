package sandbox

import (
	"strings"
	"time"
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
	for _, field := range evidenceFields {
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
func (s *Sandbox) updateDispute(c *call) (object, *apiError) {
	d := s.disputes.get(c.id)
	if d == nil {
		return nil, notFound("dispute", c.id, "dispute")
	}
	evidence := map[string]string{}
	for _, field := range evidenceFields {
		if name := "evidence[" + field + "]"; c.has(name) {
			evidence[field] = c.limited(name, evidenceLength)
		}
	}
	submit := !c.has("submit") || c.flag("submit")
	metadata := c.metadata("metadata", d.metadata)
	switch {
	case c.err != nil:
		return nil, c.err
	case len(evidence) > 0 && !strings.HasSuffix(d.status, "needs_response"):
		return nil, invalid("evidence", "", "This dispute is %s: evidence is taken while it needs a response.", d.status)
	}
	before := s.disputeObject(d)
	d.metadata = metadata
	if d.evidence == nil {
		d.evidence = map[string]string{}
	}
	for field, text := range evidence {
		d.evidence[field] = text
	}
	if submit && len(evidence) > 0 {
		s.submitEvidence(d)
	}
	s.emitUpdated("charge.dispute.updated", before, s.disputeObject(d))
	switch d.evidence["uncategorized_text"] {
	case winningEvidence:
		s.decideOn(d, "won")
	case losingEvidence:
		s.decideOn(d, "lost")
	}
	return s.disputeObject(d), nil
}

func (s *Sandbox) submitEvidence(d *dispute) {
	d.submissions++
	d.status = strings.Replace(d.status, "needs_response", "under_review", 1)
}

// decideOn closes a dispute that was submitted. An inquiry that is answered well comes to
// nothing.
func (s *Sandbox) decideOn(d *dispute, status string) {
	switch {
	case !strings.HasSuffix(d.status, "under_review"):
	case !d.isInquiry():
		s.decideDispute(d, status)
	case status == "won":
		s.decideDispute(d, "warning_closed")
	default:
		s.escalateDispute(d)
	}
}

// inquiryLife is how long a bank may make a chargeback of an inquiry.
const inquiryLife = 120 * day

// ages plans what becomes of a dispute that nobody answers: a chargeback is lost, an inquiry
// comes to nothing.
func (s *Sandbox) ages(d *dispute) {
	if s.ownClock {
		return // who moves the clock says how it ends, see LoseDispute
	}
	if d.isInquiry() {
		s.at(s.now().Add(inquiryLife), func() {
			if d.isInquiry() && d.open() {
				s.decideDispute(d, "warning_closed")
			}
		})
		return
	}
	s.at(time.Unix(d.dueBy(), 0), func() {
		if d.status == "needs_response" {
			s.decideDispute(d, "lost")
		}
	})
}

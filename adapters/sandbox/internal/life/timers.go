package life

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// What happens to objects by itself. Snapshots have these words.
const (
	sessionExpires     state.TimerKind = "checkout.session expires"
	debitSettles       state.TimerKind = "checkout.session settles"
	intentSettles      state.TimerKind = "payment_intent settles"
	refundSettles      state.TimerKind = "refund settles"
	disputeOpens       state.TimerKind = "charge is disputed"
	inquiryEnds        state.TimerKind = "inquiry ends"
	evidenceDue        state.TimerKind = "evidence is due"
	draftEnds          state.TimerKind = "invoice is finalized"
	periodDraftEnds    state.TimerKind = "period's invoice is finalized"
	retryDue           state.TimerKind = "invoice is tried again"
	invoiceDue         state.TimerKind = "invoice is due"
	subscriptionMoment state.TimerKind = "subscription goes on"
	firstPaymentDue    state.TimerKind = "subscription has to be paid"
	cancellationDue    state.TimerKind = "subscription ends"
	collectionResumes  state.TimerKind = "collection resumes"
	updateExpires      state.TimerKind = "pending update expires"
	scheduleExpiring   state.TimerKind = "schedule is about to end"
)

// happenings are what is done then, each beside the life that it drives.
var happenings = map[state.TimerKind]func(*Stripe, state.Timer){
	sessionExpires:     (*Stripe).expireOpen,
	debitSettles:       func(s *Stripe, t state.Timer) { s.SettleDelayed(s.Sessions.Get(t.About)) },
	intentSettles:      (*Stripe).settleIntent,
	refundSettles:      func(s *Stripe, t state.Timer) { s.SettleRefund(s.Refunds.Get(t.About)) },
	disputeOpens:       (*Stripe).disputeAsCardDoes,
	inquiryEnds:        (*Stripe).endInquiry,
	evidenceDue:        (*Stripe).loseUnanswered,
	draftEnds:          (*Stripe).advanceDraft,
	periodDraftEnds:    (*Stripe).collectPeriod,
	retryDue:           (*Stripe).tryAgain,
	invoiceDue:         func(s *Stripe, t state.Timer) { s.PassDueDate(s.Invoices.Get(t.About)) },
	subscriptionMoment: (*Stripe).reach,
	firstPaymentDue:    (*Stripe).giveUpIncomplete,
	cancellationDue:    (*Stripe).cancelAsPlanned,
	collectionResumes:  (*Stripe).resumeCollection,
	updateExpires:      (*Stripe).expireUnpaid,
	scheduleExpiring:   (*Stripe).tellExpiring,
}

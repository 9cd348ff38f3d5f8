package life

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AddSetupIntent keeps and announces an intent that awaits its confirmation.
func (s *Stripe) AddSetupIntent(si *state.SetupIntent) {
	si.ID, si.Status, si.Created = wire.NewID("seti_1", 23), "requires_payment_method", s.NowUnix()
	if si.PaymentMethod != "" {
		si.Status = "requires_confirmation"
	}
	si.ClientSecret = wire.NewID(si.ID+"_secret_", 25)
	s.SetupIntents.Add(si.ID, si)
	s.Emit("setup_intent.created", s.Render.SetupIntent(si), nil)
}

// setUp keeps the payment method of a session in setup mode. A declined card leaves
// the session open.
func (s *Stripe) setUp(cs *state.Session, pm *state.PaymentMethod, asks bool) *wire.Error {
	si := s.SetupIntents.Get(cs.SetupIntent)
	if asks {
		cs.Asking = pm.ID
		s.askOwnerOfSetup(si, pm, "")
		return AsksOwner(cs.ID)
	}
	if pm.RefusesKeeping() == nil {
		s.prepareCustomer(cs)
		si.Customer = cs.Customer
	}
	if e := s.keepSetup(si, pm); e != nil {
		return e
	}
	s.complete(cs, "no_payment_required")
	return nil
}

// ConfirmSetup keeps the method, or has the intent wait for the owner of the card.
func (s *Stripe) ConfirmSetup(si *state.SetupIntent, pm *state.PaymentMethod, returnURL string) *wire.Error {
	if pm.Asks(false) {
		s.askOwnerOfSetup(si, pm, returnURL)
		return nil
	}
	return s.keepSetup(si, pm)
}

// askOwnerOfSetup has the intent wait for the owner of the card.
func (s *Stripe) askOwnerOfSetup(si *state.SetupIntent, pm *state.PaymentMethod, returnURL string) {
	si.Status, si.PaymentMethod, si.ReturnURL, si.LastError = "requires_action", pm.ID, returnURL, nil
	s.Emit("setup_intent.requires_action", s.Render.SetupIntent(si), nil)
}

// failSetup ends an attempt to keep a method: the intent wants another one.
func (s *Stripe) failSetup(si *state.SetupIntent, pm *state.PaymentMethod, why *wire.Error) *wire.Error {
	si.Status, si.LastError, si.FailedMethod, si.PaymentMethod = "requires_payment_method", why, pm.ID, ""
	s.Emit("setup_intent.setup_failed", s.Render.SetupIntent(si), nil)
	return why
}

// keepSetup attaches the method to the intent's customer, if it has one, and says
// why the bank does not let it be kept.
func (s *Stripe) keepSetup(si *state.SetupIntent, pm *state.PaymentMethod) *wire.Error {
	if why := pm.RefusesKeeping(); why != nil {
		return s.failSetup(si, pm, why)
	}
	pm.SetUp = pm.SetUp || si.Usage != "on_session"
	if si.Customer != "" && pm.Customer == "" {
		s.AttachMethod(pm, si.Customer)
	}
	si.Status, si.LastError, si.PaymentMethod = "succeeded", nil, pm.ID
	s.Emit("setup_intent.succeeded", s.Render.SetupIntent(si), nil)
	if sub := s.Subscriptions.Get(si.Subscription); sub != nil && !sub.Terminal() {
		s.ChangeSubscription(sub, func() {
			sub.PendingSetup = ""
			if sub.SaveMethod {
				sub.DefaultMethod = pm.ID
			}
		})
	}
	if cu := s.LiveCustomer(si.Customer); si.Portal != "" && cu != nil {
		s.payWithFromNow(cu, pm)
	}
	return nil
}

// CancelSetup ends a setup intent that has not succeeded.
func (s *Stripe) CancelSetup(si *state.SetupIntent, reason string) {
	si.Status, si.CancelReason = "canceled", reason
	s.Emit("setup_intent.canceled", s.Render.SetupIntent(si), nil)
}

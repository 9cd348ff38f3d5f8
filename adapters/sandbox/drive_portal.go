package sandbox

import (
	"errors"
	"fmt"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/pages"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// ErrPortalExpired is returned for a session of the billing portal that has expired, as
// one does that nobody has visited for five minutes, or used for an hour.
var ErrPortalExpired = errors.New("sandbox: the portal session has expired")

// Portal is a customer in the billing portal, who does there what a person can do on
// its pages: no more than the session's configuration and its flow allow.
type Portal struct {
	s  *Sandbox
	id string
}

// portalStep is what a step in the portal is about.
type portalStep struct {
	ps  *state.PortalSession
	cfg *state.PortalConfiguration
	cu  *state.Customer
	sub *state.Subscription // that is named, if one is
}

// Portal opens a session of the billing portal by its id or URL. What is wrong with it
// is told by what is done there.
func (s *Sandbox) Portal(sessionURLorID string) *Portal {
	id := sessionURLorID
	if _, path, is := strings.Cut(id, "/p/session/"); is {
		id, _, _ = strings.Cut(path, "/")
	}
	return &Portal{s, id}
}

// Cancel cancels a subscription at the end of its period. It fails if the configuration
// cancels at once: see CancelNow.
func (p *Portal) Cancel(subscriptionID string) error {
	return p.cancel(subscriptionID, "at_period_end")
}

// CancelNow cancels a subscription at once. It fails if the configuration cancels at the
// end of the period: see Cancel.
func (p *Portal) CancelNow(subscriptionID string) error {
	return p.cancel(subscriptionID, "immediately")
}

func (p *Portal) cancel(subscriptionID, mode string) error {
	return p.do("subscription_cancel", subscriptionID, func(v *portalStep) error {
		if v.cfg.CancelMode != mode {
			return fmt.Errorf("sandbox: the configuration %s cancels %s", v.cfg.ID, v.cfg.CancelMode)
		}
		return portalError(p.s.api.PortalCancel(v.cfg, v.sub, "", ""))
	})
}

// Resume takes back the cancellation of a subscription, before it takes effect.
func (p *Portal) Resume(subscriptionID string) error {
	return p.do("", subscriptionID, func(v *portalStep) error { return portalError(p.s.api.PortalResume(v.cfg, v.sub)) })
}

// Change changes a subscription of one item to the price and quantity. What is due at
// once the customer's card pays, else it is ErrDeclined and nothing has changed.
func (p *Portal) Change(subscriptionID, priceID string, quantity int64) error {
	return p.do("subscription_update", subscriptionID, func(v *portalStep) error {
		return portalError(p.s.api.PortalChange(v.cfg, v.ps, v.sub, priceID, quantity))
	})
}

// ReplaceCard has the customer's subscriptions, and those to come, paid with another of
// the test cards. It is ErrDeclined for one that is declined.
func (p *Portal) ReplaceCard(number string) error {
	return p.do("payment_method_update", "", func(v *portalStep) error {
		return portalError(p.s.stripe.PortalCard(v.cfg, v.ps, v.cu, pages.Digits(number)))
	})
}

// Confirm presses the button of the session's flow: it cancels for subscription_cancel,
// and makes the change of subscription_update_confirm. The other flows need to know
// more: see Change and ReplaceCard.
func (p *Portal) Confirm() error {
	p.s.stripe.Mu.Lock()
	ps := p.s.stripe.PortalSessions.Get(p.id)
	p.s.stripe.Mu.Unlock()
	switch {
	case ps == nil:
		return fmt.Errorf("sandbox: no such portal session: %s", p.id)
	case ps.Flow == nil:
		return fmt.Errorf("sandbox: the portal session %s has no flow to confirm", p.id)
	}
	switch ps.Flow.Kind {
	case "subscription_cancel":
		return p.do(ps.Flow.Kind, ps.Flow.Subscription, func(v *portalStep) error {
			return portalError(p.s.api.PortalCancel(v.cfg, v.sub, "", ""))
		})
	case "subscription_update_confirm":
		return p.do(ps.Flow.Kind, ps.Flow.Subscription, func(v *portalStep) error {
			if e := p.s.stripe.Updatable(v.cfg, v.sub); e != nil {
				return portalError(e)
			}
			price, quantity := ps.Flow.Change(v.sub)
			return portalError(p.s.api.PortalChange(v.cfg, v.ps, v.sub, price, quantity))
		})
	}
	return fmt.Errorf("sandbox: the flow %s of the portal session %s is not one to confirm: use Change or ReplaceCard", ps.Flow.Kind, p.id)
}

// do is a step in the portal; flow is the kind of the flow that consists of it, if any.
func (p *Portal) do(flow, subscriptionID string, step func(*portalStep) error) error {
	s := p.s
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	ps := s.stripe.PortalSessions.Get(p.id)
	if ps == nil {
		return fmt.Errorf("sandbox: no such portal session: %s", p.id)
	}
	v := &portalStep{ps: ps, cfg: s.stripe.PortalConfigurations.Get(ps.Configuration), cu: s.stripe.LiveCustomer(ps.Customer), sub: s.stripe.Subscriptions.Get(subscriptionID)}
	f := ps.Flow
	switch {
	case v.cu == nil || !ps.OpenAt(s.stripe.Now()):
		return fmt.Errorf("%w: %s", ErrPortalExpired, ps.ID)
	case subscriptionID != "" && (v.sub == nil || v.sub.Customer != v.cu.ID):
		return fmt.Errorf("sandbox: the portal shows no subscription %s", subscriptionID)
	case f != nil && f.Done && f.After != "portal_homepage":
		return fmt.Errorf("sandbox: the flow of the portal session %s is done", ps.ID)
	case f != nil && !f.Done && (f.Kind != flow || f.Subscription != subscriptionID):
		return fmt.Errorf("sandbox: the portal session %s allows its flow %s alone", ps.ID, f.Kind)
	}
	ps.Visited = s.stripe.NowUnix()
	if err := step(v); err != nil {
		return err
	}
	if f != nil {
		f.Done = true
	}
	return nil
}

// portalError is the error as those who drive the sandbox know it.
func portalError(e *wire.Error) error { return buyerError(e, "the portal's customer") }

package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// SyncUser asks Stripe how everything of a user stands: subscriptions, those that were
// made in the dashboard too, their invoices, and what became of the money. It mends what
// was lost on the way.
type SyncUser struct {
	store   ports.Store
	gateway ports.Gateway
	fulfill *Fulfill
	asking  keyLock[domain.UserID]
}

// NewSyncUser returns the use case.
func NewSyncUser(store ports.Store, gateway ports.Gateway, fulfill *Fulfill) *SyncUser {
	return &SyncUser{store: store, gateway: gateway, fulfill: fulfill}
}

// Synced counts what was looked at, and what of the entitlements changed by it.
type Synced struct {
	Subscriptions int
	Invoices      int
	Orders        int
	// Changed is by what was answered within a moment. An answer may lead on to another
	// question, and what changes by that comes later.
	Changed []domain.Change

	answers []<-chan struct{} // each closed when a question is over that was raised on the way
}

// Do returns [ports.ErrNotFound] for a user of whom nothing is known,
// [ErrProviderMismatch] where Stripe does not know the user's customer or checkout, and
// the errors of the gateway's fetches.
func (s *SyncUser) Do(ctx context.Context, user domain.UserID) (Synced, error) {
	unlock, err := s.asking.lock(ctx, user)
	if err != nil {
		return Synced{}, err
	}
	defer unlock()
	before, err := s.store.State(ctx, user)
	if err != nil {
		return Synced{}, fmt.Errorf("read the user: %w", err)
	}
	if len(before.Account.Refs()) == 0 {
		return Synced{}, fmt.Errorf("%w: nothing is known of user %s", ports.ErrNotFound, user)
	}
	var done Synced
	if err := s.askAll(ctx, before.Account, &done); err != nil {
		return done, err
	}
	awaitAnswers(ctx, done.answers)
	done.answers = nil
	after, err := s.store.State(ctx, user)
	if err != nil {
		return done, fmt.Errorf("read the user again: %w", err)
	}
	done.Changed = domain.Diff(before.Entitlements, after.Entitlements)
	return done, nil
}

// askAll asks about everything of an account, and waits for no answer to what that
// leaves open.
func (s *SyncUser) askAll(ctx context.Context, a domain.Account, done *Synced) error {
	if err := s.syncOrders(ctx, a, done); err != nil {
		return err
	}
	ids, err := s.syncSubscriptions(ctx, a, done)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.syncInvoices(ctx, id, done); err != nil {
			return err
		}
	}
	return nil
}

// join takes in what Stripe says.
func (s *SyncUser) join(ctx context.Context, done *Synced, facts ...domain.Fact) error {
	answers, err := s.fulfill.factsAsking(ctx, facts...)
	done.answers = append(done.answers, answers...)
	return err
}

// syncOrders asks for checkouts that are not over, and for the money of one-time ones.
func (s *SyncUser) syncOrders(ctx context.Context, a domain.Account, done *Synced) error {
	for _, o := range a.Orders {
		if o.Session == "" || o.Status == domain.OrderExpired || o.Status == domain.OrderPaymentFailed {
			continue
		}
		done.Orders++
		if !nothingToAsk(o) {
			facts, err := sessionNow(ctx, s.gateway, o.Session)
			if err == nil {
				err = s.join(ctx, done, facts...)
			}
			if err != nil {
				return err
			}
		}
		if o.PaymentIntent != "" {
			if err := s.syncReturned(ctx, done, domain.Ref{Kind: domain.RefPaymentIntent, ID: string(o.PaymentIntent)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncSubscriptions asks for all subscriptions of the user's customers, and for those
// that name no customer, since their account represents customers as Accounts. It
// returns their ids.
func (s *SyncUser) syncSubscriptions(ctx context.Context, a domain.Account, done *Synced) ([]domain.SubscriptionID, error) {
	customers := a.FormerCustomers
	if a.Customer != "" {
		customers = append([]domain.CustomerID{a.Customer}, customers...)
	}
	var found []domain.SubscriptionFact
	for _, customer := range customers {
		subscriptions, err := s.gateway.FetchSubscriptions(ctx, customer)
		if errors.Is(err, ports.ErrNotFound) {
			subscriptions, err = s.withoutCustomer(ctx, a, customer, done)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch the subscriptions of customer %s: %w", customer, err)
		}
		found = append(found, subscriptions...)
	}
	unlisted, err := s.fetchKnown(ctx, a, func(known domain.Subscription) bool {
		listed := slices.ContainsFunc(found, func(f domain.SubscriptionFact) bool { return f.Snapshot.ID == known.ID })
		return known.Customer == "" && !listed
	})
	if err != nil {
		return nil, err
	}
	var ids []domain.SubscriptionID
	for _, subscription := range append(found, unlisted...) {
		done.Subscriptions++
		ids = append(ids, subscription.Snapshot.ID)
		if err := s.join(ctx, done, subscription); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// fetchKnown asks one by one for subscriptions that we know. One that Stripe does not
// know says nothing.
func (s *SyncUser) fetchKnown(ctx context.Context, a domain.Account, which func(domain.Subscription) bool) ([]domain.SubscriptionFact, error) {
	var found []domain.SubscriptionFact
	for _, id := range slices.Sorted(maps.Keys(a.Subscriptions)) {
		if !which(a.Subscriptions[id]) {
			continue
		}
		subscription, err := s.gateway.FetchSubscription(ctx, id)
		switch {
		case errors.Is(err, ports.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("fetch subscription %s: %w", id, err)
		default:
			found = append(found, subscription)
		}
	}
	return found, nil
}

// withoutCustomer sees to a customer whose subscriptions Stripe does not list. One that
// it calls deleted is kept as such, and what we know of its subscriptions is asked for
// one by one. One that it does not know says nothing, and only a former one may be so:
// it may be of an account that was left.
func (s *SyncUser) withoutCustomer(ctx context.Context, a domain.Account, customer domain.CustomerID, done *Synced) ([]domain.SubscriptionFact, error) {
	deleted, err := s.gateway.FetchCustomer(ctx, customer)
	unknown := errors.Is(err, ports.ErrNotFound)
	switch {
	case unknown && customer == a.Customer:
		return nil, ErrProviderMismatch
	case unknown:
		return nil, nil
	case err != nil:
		return nil, err
	case !deleted:
		return nil, fmt.Errorf("%w: it says that there is customer %s, and that there is not", ports.ErrGatewayBusy, customer)
	}
	gone := domain.CustomerFact{Type: domain.TypeFetched, At: s.fulfill.clock(), ID: customer, Deleted: true}
	if err := s.join(ctx, done, gone); err != nil {
		return nil, err
	}
	return s.fetchKnown(ctx, a, func(known domain.Subscription) bool { return known.Customer == customer })
}

// Money goes back by a dispute up to 120 days after it came, as a rule, and that may be
// told late. Of invoices that were paid before, or of more of them, it is not asked.
const (
	returnedWithin = 180 * 24 * time.Hour
	returnedMost   = 12 // of one subscription
)

// syncInvoices asks for the newest invoices of a subscription, and what became of the
// money of those that were paid lately.
func (s *SyncUser) syncInvoices(ctx context.Context, id domain.SubscriptionID, done *Synced) error {
	invoices, err := s.gateway.FetchInvoices(ctx, id)
	if err != nil {
		return fmt.Errorf("fetch the invoices of subscription %s: %w", id, err)
	}
	asked, since := 0, s.fulfill.clock().Add(-returnedWithin)
	for _, invoice := range invoices {
		done.Invoices++
		if err := s.join(ctx, done, invoice); err != nil {
			return err
		}
		if invoice.Invoice.Status != domain.InvoicePaid || asked == returnedMost || paidBefore(invoice.Invoice, since) {
			continue
		}
		asked++
		subjects := []domain.Ref{{Kind: domain.RefInvoice, ID: string(invoice.Invoice.ID)}}
		for _, p := range invoice.PaidWith {
			if p.PaymentIntent != "" {
				subjects = append(subjects, domain.Ref{Kind: domain.RefPaymentIntent, ID: string(p.PaymentIntent)})
			} else if p.Charge != "" {
				subjects = append(subjects, domain.Ref{Kind: domain.RefCharge, ID: string(p.Charge)})
			}
		}
		for _, subject := range subjects {
			if err := s.syncReturned(ctx, done, subject); err != nil {
				return err
			}
		}
	}
	return nil
}

// paidBefore tells whether an invoice was paid before a time; of one that does not say
// when, whether it was made before.
func paidBefore(i domain.Invoice, t time.Time) bool {
	if !i.PaidAt.IsZero() {
		return i.PaidAt.Before(t)
	}
	return i.CreatedAt.Before(t)
}

func (s *SyncUser) syncReturned(ctx context.Context, done *Synced, subject domain.Ref) error {
	facts, err := s.gateway.FetchReturned(ctx, subject)
	if err != nil {
		return fmt.Errorf("fetch what became of the money of %s %s: %w", subject.Kind, subject.ID, err)
	}
	return s.join(ctx, done, facts...)
}

package memory

import (
	"context"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PortalConfiguration implements [ports.Gateway].
func (g *Gateway) PortalConfiguration(ctx context.Context, offer ports.PortalOffer) (ports.PortalConfigurationID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return "", err
	}
	key, isNew := g.once(fmt.Sprintf("portal %s %s", offer.Deployment, offer.Fingerprint()), "bpc")
	id := ports.PortalConfigurationID(key)
	if isNew {
		g.offers[id] = offer
	}
	return id, nil
}

// OpenPortal implements [ports.Gateway].
func (g *Gateway) OpenPortal(ctx context.Context, r ports.PortalRequest) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return "", err
	}
	if err := g.portalRefusal(r); err != nil {
		return "", err
	}
	g.made++
	url := fmt.Sprintf("https://portal.example/%06d", g.made)
	g.portals[url] = r
	return url, nil
}

// OfferedAt is what the portal may change that was opened at an address.
func (g *Gateway) OfferedAt(url string) ports.PortalOffer {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.offers[g.portals[url].Configuration]
}

// portalRefusal is why there is no such way into the portal, under the lock.
func (g *Gateway) portalRefusal(r ports.PortalRequest) error {
	offer, known := g.offers[r.Configuration]
	sub, there := g.subscriptions[r.Subscription]
	switch {
	case !g.customers[r.Customer]:
		return fmt.Errorf("customer %s: %w", r.Customer, ports.ErrCustomerGone)
	case !known:
		return fmt.Errorf("configuration %s: %w", r.Configuration, ports.ErrGatewayRefused)
	case !r.Flow.OfSubscription():
		return nil
	case !there || sub.Customer != r.Customer || sub.Status.Ended():
		return fmt.Errorf("subscription %s: %w", r.Subscription, ports.ErrGatewayRefused)
	case r.Flow == ports.PortalCancel && (sub.CancelAtPeriodEnd || !sub.CancelAt.IsZero()):
		return fmt.Errorf("subscription %s is to be canceled already: %w", sub.ID, ports.ErrGatewayRefused)
	case r.Flow == ports.PortalConfirm:
		return g.confirmRefusal(sub, offer, r.Change)
	}
	return nil
}

func (g *Gateway) confirmRefusal(sub domain.Subscription, offer ports.PortalOffer, c ports.Change) error {
	at := itemAt(sub, c.Item)
	offered := slices.ContainsFunc(offer.Products, func(p ports.PortalProduct) bool { return slices.Contains(p.Prices, c.Price) })
	switch {
	case len(sub.Items) != 1 || at < 0 || !offered:
		return fmt.Errorf("subscription %s cannot be changed to price %s: %w", sub.ID, c.Price, ports.ErrGatewayRefused)
	case sub.Items[at].Price == c.Price && sub.Items[at].Quantity == c.Quantity:
		return fmt.Errorf("there is nothing to confirm: %w", ports.ErrGatewayRefused)
	case sub.Items[at].Quantity != c.Quantity && !offer.Quantities:
		return fmt.Errorf("the quantity is not on offer: %w", ports.ErrGatewayRefused)
	}
	return nil
}

// ConfirmPortal does what the portal was opened for, as a customer does whose card is
// good, and returns what Stripe would send of it. Of a portal without a flow, or that
// was not opened, there is nothing.
func (g *Gateway) ConfirmPortal(url string) []domain.Fact {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, opened := g.portals[url]
	sub, there := g.subscriptions[r.Subscription]
	if !opened || !there {
		return nil
	}
	delete(g.portals, url)
	switch r.Flow {
	case ports.PortalCancel:
		sub.CancelAtPeriodEnd, sub.CancelAt = true, sub.PeriodEnd()
	case ports.PortalConfirm:
		var lines []domain.Line
		sub, lines = g.withChange(sub, r.Change, g.now())
		g.bill(&sub, lines, domain.InvoicePaid)
	default:
		return nil
	}
	g.subscriptions[sub.ID] = sub
	return []domain.Fact{domain.SubscriptionFact{Type: "customer.subscription.updated", At: g.now(), Snapshot: sub}}
}

package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func itemAt(s domain.Subscription, id string) int {
	return slices.IndexFunc(s.Items, func(i domain.Item) bool { return i.ID == id })
}

// withChange is a subscription after a change, and what that costs: what is left of the
// period is given back and charged anew, and another interval begins a period. What is added
// is paid for until the period's end, and for what is removed nothing is given back.
func (g *Gateway) withChange(s domain.Subscription, c ports.Change, at time.Time) (domain.Subscription, []domain.Line) {
	s.Items = slices.Clone(s.Items)
	price, _ := g.price(c.Price)
	n := itemAt(s, c.Item)
	switch c.Kind {
	case ports.ItemRemoved:
		s.Items = slices.Delete(s.Items, n, n+1)
		return s, nil
	case ports.ItemAdded:
		g.made++
		added := domain.Item{
			ID: fmt.Sprintf("si_added_%06d", g.made), Price: price.ID, LookupKey: price.LookupKey, Product: price.Product, Quantity: max(c.Quantity, 1),
			PeriodStart: s.Items[0].PeriodStart, PeriodEnd: s.Items[0].PeriodEnd,
		}
		s.Items = append(s.Items, added)
		if s.Status == domain.StatusTrialing {
			return s, nil
		}
		return s, []domain.Line{lineOf(added, share(price.Amount*added.Quantity, added, at), at, domain.LineChange)}
	case ports.ItemSet:
	}
	before, now := s.Items[n], s.Items[n]
	old, _ := g.price(before.Price)
	now.Price, now.LookupKey, now.Product, now.Quantity = price.ID, price.LookupKey, price.Product, max(c.Quantity, 1)
	var lines []domain.Line
	switch {
	case s.Status == domain.StatusTrialing || before.Price == now.Price && before.Quantity == now.Quantity:
	case old.Interval != price.Interval:
		now.PeriodStart, now.PeriodEnd = at, at.Add(periodOf(price))
		lines = []domain.Line{
			lineOf(before, -share(old.Amount*before.Quantity, before, at), at, domain.LineCredit),
			lineOf(now, price.Amount*now.Quantity, at, domain.LineCycle),
		}
	default:
		lines = []domain.Line{
			lineOf(before, -share(old.Amount*before.Quantity, before, at), at, domain.LineCredit),
			lineOf(now, share(price.Amount*now.Quantity, now, at), at, domain.LineChange),
		}
	}
	s.Items[n] = now
	return s, lines
}

// periodOf is about how long a price is paid for.
func periodOf(p ports.StripePrice) time.Duration {
	const day = 24 * time.Hour
	switch p.Interval {
	case "year":
		return 365 * day
	case "week":
		return 7 * day
	case "day":
		return day
	default:
		return 30 * day
	}
}

// share is what an amount for an item's whole period comes to from a moment on.
func share(amount int64, i domain.Item, from time.Time) int64 {
	whole, left := int64(i.PeriodEnd.Sub(i.PeriodStart).Seconds()), int64(i.PeriodEnd.Sub(from).Seconds())
	if whole <= 0 {
		return 0
	}
	return (amount*max(min(left, whole), 0) + whole/2) / whole
}

func lineOf(i domain.Item, amount int64, from time.Time, kind domain.LineKind) domain.Line {
	return domain.Line{
		Kind: kind, Item: i.ID, Price: i.Price, Product: i.Product, Quantity: i.Quantity, Amount: amount, From: from, Until: i.PeriodEnd,
	}
}

// bill keeps the invoice of some lines as the subscription's latest.
func (g *Gateway) bill(s *domain.Subscription, lines []domain.Line, status domain.InvoiceStatus) {
	if len(lines) == 0 {
		return
	}
	g.made++
	i := domain.Invoice{
		ID: domain.InvoiceID(fmt.Sprintf("in_update_%06d", g.made)), Subscription: s.ID, Status: status, BillingReason: "subscription_update",
		Method: domain.ChargeAutomatically, CreatedAt: g.now(), FinalizedAt: g.now(), Lines: slices.Clone(lines),
	}
	for n := range i.Lines {
		i.Lines[n].ID = fmt.Sprintf("il_%06d_%d", g.made, n)
		i.Total += i.Lines[n].Amount
		price, _ := g.price(i.Lines[n].Price)
		i.Currency = price.Currency
	}
	i.AmountDue = max(i.Total, 0)
	if status == domain.InvoicePaid {
		i.AmountPaid, i.PaidAt = i.AmountDue, g.now()
	}
	s.LatestInvoice = i.ID
	g.invoices[i.ID] = domain.InvoiceFact{Customer: s.Customer, Invoice: i}
}

// DeclineCards has the cards of a customer declined from now on, or not any more.
func (g *Gateway) DeclineCards(customer domain.CustomerID, declined bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.declined[customer] = declined
}

// changeable finds what a change is of, under the lock.
func (g *Gateway) changeable(c ports.Change) (domain.Subscription, error) {
	sub, known := g.subscriptions[c.Subscription]
	price, sold := g.price(c.Price)
	switch {
	case !known:
		return sub, ports.ErrNotFound
	case sub.Status.Ended():
		return sub, fmt.Errorf("subscription %s is over: %w", sub.ID, ports.ErrGatewayRefused)
	case c.Kind != ports.ItemAdded && itemAt(sub, c.Item) < 0:
		return sub, fmt.Errorf("subscription %s has no item %s: %w", sub.ID, c.Item, ports.ErrGatewayRefused)
	case c.Kind == ports.ItemRemoved && (c.Price != "" || len(sub.Items) == 1):
		return sub, fmt.Errorf("subscription %s has to have an item: %w", sub.ID, ports.ErrGatewayRefused)
	case c.Kind == ports.ItemRemoved:
		return sub, nil
	case !sold || !price.ForSale():
		return sub, fmt.Errorf("price %s: %w", c.Price, ports.ErrPriceRefused)
	}
	return sub, g.addable(sub, c)
}

// addable refuses what Stripe cannot add: a price that the subscription has, and one of
// another interval.
func (g *Gateway) addable(sub domain.Subscription, c ports.Change) error {
	if c.Kind != ports.ItemAdded {
		return nil
	}
	price, _ := g.price(c.Price)
	for _, item := range sub.Items {
		has, _ := g.price(item.Price)
		if c.Item != "" || item.Price == c.Price || has.Interval != price.Interval {
			return fmt.Errorf("price %s cannot be added to subscription %s: %w", c.Price, sub.ID, ports.ErrGatewayRefused)
		}
	}
	return nil
}

// firstTime tells whether a key was not used before, under the lock; for something else
// it must not be.
func (g *Gateway) firstTime(key, does string) (bool, error) {
	done, used := g.done[key]
	if used && done != does {
		return false, ports.ErrKeyMismatch
	}
	g.done[key] = does
	return !used, nil
}

// PreviewChange implements [ports.Gateway].
func (g *Gateway) PreviewChange(ctx context.Context, r ports.PreviewRequest) (ports.ChangePreview, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return ports.ChangePreview{}, err
	}
	sub, err := g.changeable(r.Change)
	if err != nil {
		return ports.ChangePreview{}, err
	}
	changed, lines := g.withChange(sub, r.Change, r.At.Truncate(time.Second))
	var p ports.ChangePreview
	if !r.AtPeriodEnd && len(lines) > 0 {
		p.Now = g.previewOf(lines, r.At)
	}
	_, planned := g.scheduled[sub.ID]
	if (changed.PeriodEnd().Equal(sub.PeriodEnd()) || r.AtPeriodEnd) && !planned && !sub.CancelAtPeriodEnd {
		_, next := g.nextPeriod(changed, sub.PeriodEnd())
		p.Later = g.previewOf(next, sub.PeriodEnd())
	}
	return p, nil
}

// nextPeriod is a subscription in the period that begins at a time, and what that costs.
func (g *Gateway) nextPeriod(sub domain.Subscription, begins time.Time) (domain.Subscription, []domain.Line) {
	sub.Items = slices.Clone(sub.Items)
	var lines []domain.Line
	for n := range sub.Items {
		price, _ := g.price(sub.Items[n].Price)
		sub.Items[n].PeriodStart, sub.Items[n].PeriodEnd = begins, begins.Add(periodOf(price))
		lines = append(lines, lineOf(sub.Items[n], price.Amount*sub.Items[n].Quantity, begins, domain.LineCycle))
	}
	return sub, lines
}

func (g *Gateway) previewOf(lines []domain.Line, at time.Time) *ports.InvoicePreview {
	p := &ports.InvoicePreview{At: at}
	for _, l := range lines {
		price, _ := g.price(l.Price)
		p.Currency = price.Currency
		p.Total += l.Amount
		p.Lines = append(p.Lines, ports.PreviewLine{
			Description: string(l.Price), Price: l.Price, Quantity: l.Quantity, Amount: l.Amount,
			Proration: l.Kind != domain.LineCycle, From: l.From, Until: l.Until,
		})
	}
	p.AmountDue = max(p.Total, 0)
	return p
}

// ChangeSubscription implements [ports.Gateway].
func (g *Gateway) ChangeSubscription(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return ports.Changed{}, err
	}
	does := fmt.Sprint("change", r.Change, r.ProrationDate)
	sub, err := g.changeable(r.Change)
	if err != nil && g.done[r.IdempotencyKey] != does { // what was done once is answered again
		return ports.Changed{}, err
	}
	first, err := g.firstTime(r.IdempotencyKey, does)
	if err != nil {
		return ports.Changed{}, err
	}
	if first {
		at := g.now()
		if !r.ProrationDate.IsZero() {
			at = r.ProrationDate
		}
		changed, lines := g.withChange(sub, r.Change, at)
		var due int64
		for _, l := range lines {
			due += l.Amount
		}
		if due > 0 && g.declined[sub.Customer] {
			g.bill(&sub, lines, domain.InvoiceOpen)
			g.pending[sub.ID] = r.Change
		} else {
			sub = changed
			g.bill(&sub, lines, domain.InvoicePaid)
			delete(g.pending, sub.ID)
			delete(g.scheduled, sub.ID)
		}
		g.subscriptions[sub.ID] = sub
	}
	changed := ports.Changed{Fact: g.fetchedSubscription(sub)}
	if _, changed.Pending = g.pending[sub.ID]; changed.Pending {
		changed.PayURL = payPage(sub.LatestInvoice)
	}
	return changed, nil
}

// ScheduleChange implements [ports.Gateway].
func (g *Gateway) ScheduleChange(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return ports.Changed{}, err
	}
	sub, err := g.changeable(r.Change)
	if err != nil {
		return ports.Changed{}, err
	}
	changes := append([]ports.Change{r.Change}, r.Also...)
	for _, c := range changes {
		if _, err := g.changeable(c); err != nil || c.Kind == ports.ItemAdded {
			return ports.Changed{}, errors.Join(fmt.Errorf("%+v cannot be planned: %w", c, ports.ErrGatewayRefused), err)
		}
	}
	first, err := g.firstTime(r.IdempotencyKey, fmt.Sprint("schedule", changes))
	if err != nil {
		return ports.Changed{}, err
	}
	if first {
		g.scheduled[sub.ID] = changes
	}
	return ports.Changed{Fact: g.fetchedSubscription(sub)}, nil
}

// CancelSubscription implements [ports.Gateway].
func (g *Gateway) CancelSubscription(ctx context.Context, r ports.EndRequest, now bool) (domain.SubscriptionFact, error) {
	return g.end(ctx, r, fmt.Sprint("cancel", r.Subscription, now), func(sub *domain.Subscription) error {
		sub.CancelAtPeriodEnd, sub.CancelAt = true, sub.PeriodEnd()
		if now {
			sub.CancelAtPeriodEnd, sub.CancelAt = false, time.Time{}
			sub.Status, sub.EndedAt = domain.StatusCanceled, g.now()
		}
		delete(g.scheduled, sub.ID)
		return nil
	})
}

// ResumeSubscription implements [ports.Gateway].
func (g *Gateway) ResumeSubscription(ctx context.Context, r ports.ResumeRequest) (domain.SubscriptionFact, error) {
	return g.end(ctx, r.EndRequest, fmt.Sprint("resume", r.Subscription), func(sub *domain.Subscription) error {
		if r.Collect && r.Anew && sub.Pause != domain.PauseNone {
			if g.declined[sub.Customer] {
				return ports.ErrPaymentFailed
			}
			begun, lines := g.nextPeriod(*sub, g.now())
			*sub = begun
			g.bill(sub, lines, domain.InvoicePaid)
		}
		if r.Collect {
			sub.Pause = domain.PauseNone
			delete(g.resumes, sub.ID)
		}
		sub.CancelAtPeriodEnd, sub.CancelAt = false, time.Time{}
		delete(g.scheduled, sub.ID)
		return nil
	})
}

// PauseCollection implements [ports.Gateway].
func (g *Gateway) PauseCollection(ctx context.Context, r ports.PauseRequest) (domain.SubscriptionFact, error) {
	end := ports.EndRequest{Subscription: r.Subscription, IdempotencyKey: r.IdempotencyKey}
	return g.end(ctx, end, fmt.Sprint("pause", r.Subscription, r.ResumesAt), func(sub *domain.Subscription) error {
		sub.Pause = domain.PauseVoid
		g.resumes[sub.ID] = r.ResumesAt
		return nil
	})
}

func (g *Gateway) end(ctx context.Context, r ports.EndRequest, does string, change func(*domain.Subscription) error) (domain.SubscriptionFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return domain.SubscriptionFact{}, err
	}
	sub, known := g.subscriptions[r.Subscription]
	if !known {
		return domain.SubscriptionFact{}, ports.ErrNotFound
	}
	first, err := g.firstTime(r.IdempotencyKey, does)
	if err != nil {
		return domain.SubscriptionFact{}, err
	}
	if first && !sub.Status.Ended() {
		if err := change(&sub); err != nil {
			delete(g.done, r.IdempotencyKey)
			return domain.SubscriptionFact{}, err
		}
		g.subscriptions[sub.ID] = sub
	}
	return g.fetchedSubscription(sub), nil
}

// UseKey implements [ports.Gateway].
func (g *Gateway) UseKey(ctx context.Context, _ domain.CustomerID, key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, key); err != nil {
		return err
	}
	if _, used := g.done[key]; !used {
		g.done[key] = "nothing"
	}
	return nil
}

// PayPage implements [ports.Gateway].
func (g *Gateway) PayPage(ctx context.Context, id domain.SubscriptionID) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return "", err
	}
	var newest domain.Invoice
	for _, i := range g.invoices {
		if i.Invoice.Subscription == id && i.Invoice.Status == domain.InvoiceOpen && i.Invoice.ID > newest.ID {
			newest = i.Invoice
		}
	}
	if newest.ID == "" {
		return "", ports.ErrNotFound
	}
	return payPage(newest.ID), nil
}

func payPage(id domain.InvoiceID) string { return "https://invoice.example/" + string(id) }

// Renew has a subscription's period end: it goes on as it is, as was planned, or not at
// all.
func (g *Gateway) Renew(id domain.SubscriptionID) []domain.Fact {
	g.mu.Lock()
	defer g.mu.Unlock()
	sub, known := g.subscriptions[id]
	if !known || sub.Status.Ended() {
		return nil
	}
	happened := domain.EventType("customer.subscription.updated")
	if sub.CancelAtPeriodEnd {
		happened, sub.Status, sub.EndedAt = "customer.subscription.deleted", domain.StatusCanceled, sub.PeriodEnd()
	} else {
		end := sub.PeriodEnd()
		for _, c := range g.scheduled[id] {
			sub, _ = g.withChange(sub, c, end)
		}
		delete(g.scheduled, id)
		var lines []domain.Line
		sub, lines = g.nextPeriod(sub, end)
		sub.Status = domain.StatusActive
		if at := g.resumes[id]; !at.IsZero() && !at.After(end) {
			sub.Pause = domain.PauseNone
			delete(g.resumes, id)
		}
		status := domain.InvoicePaid
		if sub.Pause == domain.PauseVoid {
			status = domain.InvoiceVoid
		}
		g.bill(&sub, lines, status)
	}
	g.subscriptions[id] = sub
	return []domain.Fact{domain.SubscriptionFact{Type: happened, At: g.now(), Snapshot: sub}}
}

package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// perPage is Stripe's bound of a page.
const perPage = 100

// PageOf makes lists have fewer objects on a page.
func (g *Gateway) PageOf(most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.perPage = most
}

// ListEvents implements [ports.Gateway] with what [Gateway.Message] made.
func (g *Gateway) ListEvents(ctx context.Context, q ports.EventQuery) (ports.EventPage, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return ports.EventPage{}, err
	}
	events := slices.SortedFunc(maps.Values(g.events), func(a, b domain.Event) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	from, until := q.From.Truncate(time.Second), q.Until.Truncate(time.Second).Add(time.Second)
	events = slices.DeleteFunc(events, func(e domain.Event) bool {
		return len(q.Types) > 0 && !slices.Contains(q.Types, e.Type) || e.Created.Before(from) || !e.Created.Before(until)
	})
	events, more, err := pageAfter(events, g.perPage, string(q.After), func(e domain.Event) string { return string(e.ID) })
	listed := ports.EventPage{Events: events}
	if more {
		listed.Next = events[len(events)-1].ID
	}
	return listed, err
}

// ListObjects implements [ports.Gateway]. Of subscriptions it is not known when they were
// created.
func (g *Gateway) ListObjects(ctx context.Context, of ports.ListedKind, from time.Time, after string) (ports.ObjectPage, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return ports.ObjectPage{}, err
	}
	facts, more, err := pageAfter(g.listed(of, from), g.perPage, after, nameOf)
	listed := ports.ObjectPage{Facts: facts}
	if more {
		listed.Next = nameOf(facts[len(facts)-1])
	}
	return listed, err
}

func (g *Gateway) listed(of ports.ListedKind, from time.Time) (facts []domain.Fact) {
	if of == ports.ListedSubscriptions {
		for _, id := range slices.Sorted(maps.Keys(g.subscriptions)) {
			facts = append(facts, g.fetchedSubscription(g.subscriptions[id]))
		}
		return facts
	}
	for _, fact := range g.returned {
		switch f := fact.(type) {
		case domain.RefundFact:
			f.Type, f.At = domain.TypeFetched, g.now()
			if of == ports.ListedRefunds && !f.CreatedAt.Before(from) {
				facts = append(facts, f)
			}
		case domain.DisputeFact:
			f.Type, f.At = domain.TypeFetched, g.now()
			if of == ports.ListedDisputes && !f.CreatedAt.Before(from) {
				facts = append(facts, f)
			}
		case domain.CreditNoteFact:
			f.Type, f.At = domain.TypeFetched, g.now()
			f.CreditNote.Lines, f.CreditNote.Refunds = slices.Clone(f.CreditNote.Lines), slices.Clone(f.CreditNote.Refunds)
			if of == ports.ListedCreditNotes && !f.CreditNote.CreatedAt.Before(from) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}

// pageAfter is the part of a list that comes after an id.
func pageAfter[T any](all []T, most int, after string, id func(T) string) (page []T, more bool, err error) {
	if after != "" {
		at := slices.IndexFunc(all, func(one T) bool { return id(one) == after })
		if at < 0 {
			return nil, false, ports.ErrNotFound
		}
		all = all[at+1:]
	}
	if len(all) > most {
		return all[:most], true, nil
	}
	return all, false, nil
}

package app

import (
	"context"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// oldestFirst lists receipts in the order in which they were received. Stores list the
// last received first, and there may be more than memory holds. So it goes back through
// the list once and keeps some places on the way, a bounded number; then it does the same
// with each stretch between two of them, the oldest first, until a stretch is a page.
type oldestFirst struct {
	store ports.Store
	query ports.ReceiptQuery
	tell  func(domain.ProcessedEvent) error
}

// mostPlaces are kept of one stretch at most: with 64, 800,000 receipts are read three
// times, and 52 million four times.
const mostPlaces = 64

// do tells of what was received since a time, and before now: what comes while it is at
// work is not told of, or it might never end.
func (o oldestFirst) do(ctx context.Context, since time.Time) error {
	query := o.query
	query.Limit = 1
	newest, err := o.store.Receipts(ctx, query)
	if err != nil || len(newest) == 0 {
		return err
	}
	const tick = time.Microsecond // no store tells times more exactly apart
	return o.stretch(ctx, place{at: newest[0].ReceivedAt.Add(tick)}, place{at: since})
}

// stretch tells of all that was received before one place, and not before another.
func (o oldestFirst) stretch(ctx context.Context, from, until place) error {
	page, ends, err := o.page(ctx, from, until)
	if err != nil {
		return err
	}
	if ends {
		for _, receipt := range slices.Backward(page) {
			if err := o.tell(receipt); err != nil {
				return err
			}
		}
		return nil
	}
	places, err := o.placesOf(ctx, from, until)
	if err != nil {
		return err
	}
	for _, from := range slices.Backward(places) {
		if err := o.stretch(ctx, from, until); err != nil {
			return err
		}
		until = from
	}
	return nil
}

// placesOf divides a stretch of more than a page: the first place is its own.
func (o oldestFirst) placesOf(ctx context.Context, from, until place) ([]place, error) {
	places := []place{from}
	apart := 1 // in pages
	for pages := 1; ; pages++ {
		page, ends, err := o.page(ctx, from, until)
		if err != nil || ends {
			return places, err
		}
		from = placeOf(page[len(page)-1])
		if pages%apart == 0 {
			places = append(places, from)
		}
		if len(places) > mostPlaces {
			for n := range mostPlaces/2 + 1 {
				places[n] = places[2*n]
			}
			places = places[:mostPlaces/2+1]
			apart *= 2
		}
	}
}

// page reads the part of a stretch that was received last, and tells whether that is all
// of it.
func (o oldestFirst) page(ctx context.Context, from, until place) (page []domain.ProcessedEvent, ends bool, err error) {
	query := o.query
	query.Limit = receiptPage
	query.Before, query.BeforeID = from.cursor()
	if page, err = o.store.Receipts(ctx, query); err != nil {
		return nil, false, err
	}
	for n, receipt := range page {
		if placeOf(receipt).before(until) {
			return page[:n], true, nil
		}
	}
	ends = len(page) < receiptPage || placeOf(page[len(page)-1]) == until
	return page, ends, nil
}

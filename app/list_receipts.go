package app

import (
	"cmp"
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// receiptPage is how many receipts are held at once, however many are listed.
const receiptPage = 200

// ListReceipts lists receipts page by page.
type ListReceipts struct {
	store ports.Store
}

// NewListReceipts returns the use case.
func NewListReceipts(store ports.Store) *ListReceipts { return &ListReceipts{store} }

// Do tells of each receipt that the query names, the last received first, at most
// q.Limit of them; 0: all. It ends with the first error of tell.
func (l *ListReceipts) Do(ctx context.Context, q ports.ReceiptQuery, tell func(domain.ProcessedEvent) error) error {
	left := q.Limit
	for {
		q.Limit = receiptPage
		if left > 0 {
			q.Limit = min(left, receiptPage)
		}
		page, err := l.store.Receipts(ctx, q)
		if err != nil {
			return err
		}
		for _, receipt := range page {
			if err := tell(receipt); err != nil {
				return err
			}
		}
		if left -= len(page); left == 0 || len(page) < q.Limit {
			return nil
		}
		q.Before, q.BeforeID = placeOf(page[len(page)-1]).cursor()
	}
}

// place is one in a listing of receipts. The zero place is before all of them.
type place struct {
	at time.Time
	id domain.EventID
}

func placeOf(r domain.ProcessedEvent) place { return place{r.ReceivedAt, r.ID} }

func (p place) cursor() (time.Time, domain.EventID) { return p.at, p.id }

// before tells whether p was received before q.
func (p place) before(q place) bool {
	return cmp.Or(p.at.Compare(q.at), cmp.Compare(p.id, q.id)) < 0
}

package failpoints

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// failure is what happens at a failpoint.
type failure string

const (
	refused   failure = "refused"    // nothing is done, and an error comes back
	hung      failure = "hung"       // the same, after a while
	undone    failure = "undone"     // of an update: it runs, and is rolled back
	lost      failure = "lost"       // it is done, and its answer is lost
	diedFirst failure = "died first" // the process ends before it
	diedAfter failure = "died after" // the process ends with it done
)

var failures = []failure{refused, hung, undone, lost, diedFirst, diedAfter}

// hangs is how long a call hangs before its caller is told that it took too long.
const hangs = 5 * time.Millisecond

// failpoints are all calls of one process to its database and to Stripe, of which some fail.
type failpoints struct {
	mu    sync.Mutex
	fails map[int]failure // which of the calls, counted from 1, and how
	calls int
	dead  bool
	where string // the call that failed last
}

// next counts a call and says what happens to it; a process that is dead calls nobody.
func (p *failpoints) next(call string) (does failure, dead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	switch {
	case p.dead:
		return refused, true
	case p.fails[p.calls] == "":
		return "", false
	}
	p.where, does = call, p.fails[p.calls]
	p.dead = does == diedFirst || does == diedAfter
	return does, false
}

func (p *failpoints) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// through makes a call, unless it fails. is is the error that stands for a failure.
func through[T any](p *failpoints, call string, is error, do func() (T, error)) (answer T, err error) {
	does, dead := p.next(call)
	failed := fmt.Errorf("%w: %s is %s", is, call, does)
	switch {
	case dead, does == refused, does == diedFirst, does == undone:
		return answer, failed
	case does == hung:
		time.Sleep(hangs)
		return answer, failed
	case does == "":
		return do()
	default:
		_, _ = do()
		return answer, failed
	}
}

func throughOnly(p *failpoints, call string, is error, do func() error) error {
	_, err := through(p, call, is, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// failingStore is a store whose calls are failpoints: each write, and the reads that lead to
// one.
type failingStore struct {
	ports.Store
	*failpoints
}

// Update has its transaction rolled back where it is undone: what it ran is as it was.
func (s *failingStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	does, dead := s.next("Update")
	failed := fmt.Errorf("%w: an update is %s", ports.ErrUnavailable, does)
	switch {
	case dead, does == refused, does == diedFirst:
		return failed
	case does == hung:
		time.Sleep(hangs)
		return failed
	case does == undone:
		return s.Store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
			if _, err := fn(found); err != nil {
				return ports.Kept{}, err
			}
			return ports.Kept{}, failed
		})
	}
	err := s.Store.Update(ctx, touch, fn)
	if does != "" && err == nil {
		return failed
	}
	return err
}

func (s *failingStore) Tell(ctx context.Context, now time.Time, limit int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	return through(s.failpoints, "Tell", ports.ErrUnavailable, func() (ports.TellResult, error) { return s.Store.Tell(ctx, now, limit, fn) })
}

func (s *failingStore) Fail(ctx context.Context, r domain.ProcessedEvent) error {
	return throughOnly(s.failpoints, "Fail", ports.ErrUnavailable, func() error { return s.Store.Fail(ctx, r) })
}

func (s *failingStore) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	return through(s.failpoints, "State", ports.ErrUnavailable, func() (ports.State, error) { return s.Store.State(ctx, user) })
}

func (s *failingStore) Receipt(ctx context.Context, id domain.EventID) (domain.ProcessedEvent, error) {
	return through(s.failpoints, "Receipt", ports.ErrUnavailable, func() (domain.ProcessedEvent, error) { return s.Store.Receipt(ctx, id) })
}

func (s *failingStore) Receipts(ctx context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	return through(s.failpoints, "Receipts", ports.ErrUnavailable, func() ([]domain.ProcessedEvent, error) { return s.Store.Receipts(ctx, q) })
}

func (s *failingStore) TakeQuestions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]ports.Question, error) {
	return through(s.failpoints, "TakeQuestions", ports.ErrUnavailable, func() ([]ports.Question, error) {
		return s.Store.TakeQuestions(ctx, now, lease, limit)
	})
}

func (s *failingStore) Setting(ctx context.Context, name string) (string, error) {
	return through(s.failpoints, "Setting "+name, ports.ErrUnavailable, func() (string, error) { return s.Store.Setting(ctx, name) })
}

func (s *failingStore) SwapSetting(ctx context.Context, name, old, value string) (bool, error) {
	return through(s.failpoints, "SwapSetting "+name, ports.ErrUnavailable, func() (bool, error) { return s.Store.SwapSetting(ctx, name, old, value) })
}

func (s *failingStore) Changes(ctx context.Context, user domain.UserID) ([]domain.Change, error) {
	return through(s.failpoints, "Changes", ports.ErrUnavailable, func() ([]domain.Change, error) { return s.Store.Changes(ctx, user) })
}

func (s *failingStore) Forget(ctx context.Context, user, as domain.UserID) error {
	return throughOnly(s.failpoints, "Forget", ports.ErrUnavailable, func() error { return s.Store.Forget(ctx, user, as) })
}

// failingGateway is a gateway whose calls are failpoints.
type failingGateway struct {
	ports.Gateway
	*failpoints
}

func (g *failingGateway) CreateCustomer(ctx context.Context, r ports.CustomerRequest) (domain.CustomerID, error) {
	return through(g.failpoints, "CreateCustomer", ports.ErrGatewayBusy, func() (domain.CustomerID, error) { return g.Gateway.CreateCustomer(ctx, r) })
}

func (g *failingGateway) CreateSession(ctx context.Context, r ports.SessionRequest) (domain.SessionFact, error) {
	return through(g.failpoints, "CreateSession", ports.ErrGatewayBusy, func() (domain.SessionFact, error) { return g.Gateway.CreateSession(ctx, r) })
}

func (g *failingGateway) ExpireSession(ctx context.Context, id domain.SessionID) (domain.SessionFact, error) {
	return through(g.failpoints, "ExpireSession", ports.ErrGatewayBusy, func() (domain.SessionFact, error) { return g.Gateway.ExpireSession(ctx, id) })
}

func (g *failingGateway) FetchSession(ctx context.Context, id domain.SessionID) ([]domain.Fact, error) {
	return through(g.failpoints, "FetchSession", ports.ErrGatewayBusy, func() ([]domain.Fact, error) { return g.Gateway.FetchSession(ctx, id) })
}

func (g *failingGateway) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	return through(g.failpoints, "FetchSubscription", ports.ErrGatewayBusy, func() (domain.SubscriptionFact, error) { return g.Gateway.FetchSubscription(ctx, id) })
}

func (g *failingGateway) FetchSubscriptions(ctx context.Context, customer domain.CustomerID) ([]domain.SubscriptionFact, error) {
	return through(g.failpoints, "FetchSubscriptions", ports.ErrGatewayBusy, func() ([]domain.SubscriptionFact, error) {
		return g.Gateway.FetchSubscriptions(ctx, customer)
	})
}

func (g *failingGateway) FetchInvoice(ctx context.Context, id domain.InvoiceID) (domain.InvoiceFact, error) {
	return through(g.failpoints, "FetchInvoice", ports.ErrGatewayBusy, func() (domain.InvoiceFact, error) { return g.Gateway.FetchInvoice(ctx, id) })
}

func (g *failingGateway) FetchInvoices(ctx context.Context, id domain.SubscriptionID) ([]domain.InvoiceFact, error) {
	return through(g.failpoints, "FetchInvoices", ports.ErrGatewayBusy, func() ([]domain.InvoiceFact, error) { return g.Gateway.FetchInvoices(ctx, id) })
}

func (g *failingGateway) FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	return through(g.failpoints, "FetchCharge", ports.ErrGatewayBusy, func() (domain.ChargeFact, error) { return g.Gateway.FetchCharge(ctx, subject) })
}

func (g *failingGateway) FetchReturned(ctx context.Context, subject domain.Ref) ([]domain.Fact, error) {
	return through(g.failpoints, "FetchReturned", ports.ErrGatewayBusy, func() ([]domain.Fact, error) { return g.Gateway.FetchReturned(ctx, subject) })
}

func (g *failingGateway) ListEvents(ctx context.Context, q ports.EventQuery) (ports.EventPage, error) {
	return through(g.failpoints, "ListEvents", ports.ErrGatewayBusy, func() (ports.EventPage, error) { return g.Gateway.ListEvents(ctx, q) })
}

func (g *failingGateway) ListObjects(ctx context.Context, of ports.ListedKind, from time.Time, after string) (ports.ObjectPage, error) {
	return through(g.failpoints, "ListObjects", ports.ErrGatewayBusy, func() (ports.ObjectPage, error) { return g.Gateway.ListObjects(ctx, of, from, after) })
}

func (g *failingGateway) CancelSubscription(ctx context.Context, r ports.EndRequest, now bool) (domain.SubscriptionFact, error) {
	return through(g.failpoints, "CancelSubscription", ports.ErrGatewayBusy, func() (domain.SubscriptionFact, error) { return g.Gateway.CancelSubscription(ctx, r, now) })
}

func (g *failingGateway) ResumeSubscription(ctx context.Context, r ports.ResumeRequest) (domain.SubscriptionFact, error) {
	return through(g.failpoints, "ResumeSubscription", ports.ErrGatewayBusy, func() (domain.SubscriptionFact, error) { return g.Gateway.ResumeSubscription(ctx, r) })
}

func (g *failingGateway) PauseCollection(ctx context.Context, r ports.PauseRequest) (domain.SubscriptionFact, error) {
	return through(g.failpoints, "PauseCollection", ports.ErrGatewayBusy, func() (domain.SubscriptionFact, error) { return g.Gateway.PauseCollection(ctx, r) })
}

func (g *failingGateway) UseKey(ctx context.Context, customer domain.CustomerID, key string) error {
	_, err := through(g.failpoints, "UseKey", ports.ErrGatewayBusy, func() (struct{}, error) { return struct{}{}, g.Gateway.UseKey(ctx, customer, key) })
	return err
}

func (g *failingGateway) Prices(ctx context.Context, wanted []domain.Price) ([]ports.StripePrice, error) {
	return through(g.failpoints, "Prices", ports.ErrGatewayBusy, func() ([]ports.StripePrice, error) { return g.Gateway.Prices(ctx, wanted) })
}

func (g *failingGateway) PreviewChange(ctx context.Context, r ports.PreviewRequest) (ports.ChangePreview, error) {
	return through(g.failpoints, "PreviewChange", ports.ErrGatewayBusy, func() (ports.ChangePreview, error) { return g.Gateway.PreviewChange(ctx, r) })
}

func (g *failingGateway) ChangeSubscription(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	return through(g.failpoints, "ChangeSubscription", ports.ErrGatewayBusy, func() (ports.Changed, error) { return g.Gateway.ChangeSubscription(ctx, r) })
}

func (g *failingGateway) ScheduleChange(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	return through(g.failpoints, "ScheduleChange", ports.ErrGatewayBusy, func() (ports.Changed, error) { return g.Gateway.ScheduleChange(ctx, r) })
}

func (g *failingGateway) PayPage(ctx context.Context, id domain.SubscriptionID) (string, error) {
	return through(g.failpoints, "PayPage", ports.ErrGatewayBusy, func() (string, error) { return g.Gateway.PayPage(ctx, id) })
}

func (g *failingGateway) FetchBilling(ctx context.Context, id domain.SubscriptionID) (ports.BillingDetails, error) {
	return through(g.failpoints, "FetchBilling", ports.ErrGatewayBusy, func() (ports.BillingDetails, error) { return g.Gateway.FetchBilling(ctx, id) })
}

func (g *failingGateway) PortalConfiguration(ctx context.Context, offer ports.PortalOffer) (ports.PortalConfigurationID, error) {
	return through(g.failpoints, "PortalConfiguration", ports.ErrGatewayBusy, func() (ports.PortalConfigurationID, error) { return g.Gateway.PortalConfiguration(ctx, offer) })
}

func (g *failingGateway) OpenPortal(ctx context.Context, r ports.PortalRequest) (string, error) {
	return through(g.failpoints, "OpenPortal", ports.ErrGatewayBusy, func() (string, error) { return g.Gateway.OpenPortal(ctx, r) })
}

func (g *failingGateway) RefundDuplicate(ctx context.Context, r ports.RefundRequest) (domain.RefundFact, error) {
	return through(g.failpoints, "RefundDuplicate", ports.ErrGatewayBusy, func() (domain.RefundFact, error) { return g.Gateway.RefundDuplicate(ctx, r) })
}

func (g *failingGateway) FetchCustomer(ctx context.Context, id domain.CustomerID) (bool, error) {
	return through(g.failpoints, "FetchCustomer", ports.ErrGatewayBusy, func() (bool, error) { return g.Gateway.FetchCustomer(ctx, id) })
}

func (g *failingGateway) FetchMade(ctx context.Context, customer domain.CustomerID) (ports.Made, error) {
	return through(g.failpoints, "FetchMade", ports.ErrGatewayBusy, func() (ports.Made, error) { return g.Gateway.FetchMade(ctx, customer) })
}

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file makes again what a database has lost: one that was restored from a backup
// does not know what was sold since. Stripe does. What we make there names this
// deployment, the user, the order, plan and price, and so an event about an order that
// is ours and unknown is put to Stripe: everything of its customer is fetched, and made
// again if the customer, too, is one that this deployment made for that user. What only
// an event says is never enough, and what another deployment sold is its own affair.

// restoreTime is for all that there is of one customer.
const restoreTime = time.Minute

// remake is a customer, and an order if it has an id, that a fact is joined into as if
// they had been known.
type remake struct {
	user     domain.UserID
	customer domain.CustomerID
	order    domain.Order
	// trusted: Stripe says that this deployment made the customer for the user. One that
	// is known to be the user's needs no such word.
	trusted bool
}

func orderRef(id domain.OrderID) domain.Ref {
	return domain.Ref{Kind: domain.RefOrder, ID: string(id)}
}

func customerRef(id domain.CustomerID) domain.Ref {
	return domain.Ref{Kind: domain.RefCustomer, ID: string(id)}
}

// names are those that are the user's from then on.
func (m remake) names() []domain.Ref {
	names := []domain.Ref{customerRef(m.customer)}
	if m.order.ID != "" {
		names = append(names, orderRef(m.order.ID), domain.Ref{Kind: domain.RefSession, ID: string(m.order.Session)})
	}
	return names
}

// claims are the names to find for a fact beside those that lead to its account.
func (r received) claims() []domain.Ref {
	var names []domain.Ref
	if claim := domain.ClaimOf(r.event.Fact); claim.Order != "" {
		names = append(names, orderRef(claim.Order))
	}
	if r.remake != nil {
		names = append(names, r.remake.names()...)
	}
	return names
}

// deploymentOf reads what we are called, if something in the batch asks for it.
func (f *Fulfill) deploymentOf(ctx context.Context, batch []received) (domain.DeploymentID, error) {
	for _, r := range batch {
		if r.event.Fact != nil && domain.ClaimOf(r.event.Fact).Deployment != "" {
			return f.deployment.id(ctx)
		}
	}
	return "", nil
}

// lostOrder is what a fact claims about an order that is not known.
func (j *joining) lostOrder(fact domain.Fact) (domain.Claim, bool) {
	claim := domain.ClaimOf(fact)
	if session, is := fact.(domain.SessionFact); is && session.Order != claim.Order {
		return claim, false // we write both
	}
	_, known := j.found.Owners[orderRef(claim.Order)]
	return claim, claim.Order != "" && claim.Customer != "" && !known
}

// isOurs tells whether this deployment made what claims it.
func (j *joining) isOurs(c domain.Claim) bool {
	return c.Deployment != "" && c.Deployment == j.deployment
}

// lost is the question about an order of ours that is not known.
func (j *joining) lost(r received) (domain.Doubt, bool) {
	claim, lost := j.lostOrder(r.event.Fact)
	return domain.Doubt{Subject: customerRef(claim.Customer)}, lost && j.isOurs(claim) && !r.asked
}

// ofLostOrder is the verdict on a fact that leads to nobody and claims an order.
func (j *joining) ofLostOrder(r received) (verdict domain.Verdict, cause ports.Cause, is bool) {
	fact := r.event.Fact
	claim, lost := j.lostOrder(fact)
	mend := "entitled sync --customer " + string(claim.Customer)
	switch {
	case !lost:
		return verdict, ports.CauseNone, false
	case j.isOurs(claim) && r.asked:
		return domain.Verdict{Outcome: domain.OutcomeQuarantined, Reason: fmt.Sprintf(
			"order %s says that this deployment made it for user %s, and the database does not know it, nor does what Stripe has of customer %s bear it out: %s says what is amiss",
			claim.Order, claim.User, claim.Customer, mend,
		)}, ports.CauseNone, true
	case j.isOurs(claim):
		return domain.Verdict{
			Outcome: domain.OutcomeWaiting,
			Reason:  fmt.Sprintf("order %s is of this deployment, and the database has lost it: Stripe is asked for everything of customer %s", claim.Order, claim.Customer),
			Doubt:   domain.Doubt{Subject: customerRef(claim.Customer)},
		}, ports.CauseNone, true
	case claim.Deployment != "":
		return domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: fmt.Sprintf(
			"order %s was sold by deployment %s, and this is another one (entitled database deployment)", claim.Order, claim.Deployment,
		)}, ports.CauseStranger, true
	case claim.User != "" && isOrderID(claim.Order) && domain.MayGive(fact):
		return domain.Verdict{Outcome: domain.OutcomeQuarantined, Reason: fmt.Sprintf(
			"order %s of user %s is of the form of ours, does not say which deployment made it, and is not known here: if it was sold here before the database was restored from a backup, %s makes it again; if another deployment sold it, nothing is amiss",
			claim.Order, claim.User, mend,
		)}, ports.CauseNone, true
	default:
		return verdict, ports.CauseNone, false
	}
}

const orderPrefix = "ord_"

// isOrderID tells whether an id is of the form of ours, with 32 hexadecimal digits.
func isOrderID(id domain.OrderID) bool {
	digits, is := strings.CutPrefix(string(id), orderPrefix)
	return is && len(digits) == 32 && strings.Trim(digits, "0123456789abcdef") == ""
}

// remake takes over what was lost, or says why it does not.
func (j *joining) remake(m remake) (refusal string) {
	for _, ref := range m.names() {
		if owner, known := j.found.Owners[ref]; known && owner != m.user {
			return fmt.Sprintf("%s %s is of user %s, and not of user %s", ref.Kind, ref.ID, owner, m.user)
		}
	}
	if _, known := j.found.Owners[customerRef(m.customer)]; !known && !m.trusted {
		return fmt.Sprintf("customer %s is not one that this deployment made for user %s", m.customer, m.user)
	}
	_, knowsSession := j.found.Owners[domain.Ref{Kind: domain.RefSession, ID: string(m.order.Session)}]
	if _, knowsOrder := j.found.Owners[orderRef(m.order.ID)]; m.order.ID != "" && !knowsOrder && knowsSession {
		return fmt.Sprintf("session %s is of another order of user %s", m.order.Session, m.user)
	}
	for _, ref := range m.names() {
		j.found.Owners[ref] = m.user
	}
	j.settle(m.user, j.states[m.user].Account.WithRemade(m.customer, m.order).Learn(j.catalog), "", domain.CauseAsked)
	return ""
}

// Restored is what was made again of a customer.
type Restored struct {
	User   domain.UserID // whose the customer is; empty: nobody's of ours
	Orders []domain.OrderID
	// Refused says of what was not made again why not.
	Refused []string
}

// askCustomer makes again what was lost of a customer, and has events that wait for it
// processed again.
func (f *Fulfill) askCustomer(ctx context.Context, d domain.Doubt) error {
	done, err := f.restore(ctx, domain.CustomerID(d.Subject.ID), false)
	if err != nil {
		return err
	}
	if len(done.Orders) == 0 {
		f.asks.remember(d.Subject, f.clock())
	}
	if len(done.Refused) > 0 {
		f.asks.fail(fmt.Errorf("the database has lost orders of customer %s, and they cannot be made again: %s", d.Subject.ID, strings.Join(done.Refused, "; ")))
	}
	return nil
}

// restore fetches everything of a customer, makes again what is missing, and asks how all
// of it stands. To adopt is to take as ours, on a person's word, what does not say which
// deployment made it. It may be interrupted: done again, it goes on.
func (f *Fulfill) restore(ctx context.Context, customer domain.CustomerID, adopt bool) (Restored, error) {
	deployment, err := f.deployment.id(ctx)
	if err != nil {
		return Restored{}, err
	}
	fetch := func() (ports.Made, error) { return f.gateway.FetchMade(ctx, customer) }
	if !adopt { // nobody waits for it: while Stripe is away it is not put
		asking := fetch
		fetch = func() (ports.Made, error) { return asked(f, asking) }
	}
	made, err := fetch()
	if err != nil {
		return Restored{}, fmt.Errorf("fetch customer %s and the checkouts made for it: %w", customer, err)
	}
	w := restoring{Fulfill: f, customer: customer, made: made, deployment: deployment, adopt: adopt}
	if err := w.regainCustomer(ctx); err != nil {
		return w.done, err
	}
	for _, order := range w.orders() {
		if err := w.remakeOrder(ctx, order); err != nil {
			return w.done, err
		}
	}
	if w.done.User != "" {
		if err := w.askAll(ctx); err != nil {
			return w.done, err
		}
	}
	return w.done, f.over(ctx, domain.Doubt{Subject: customerRef(customer)}, domain.Verdict{})
}

// askAll processes again what waits for the customer to be known, for a buyer waits with
// it, and then asks how everything of the user stands.
func (w *restoring) askAll(ctx context.Context) error {
	subject := customerRef(w.customer)
	if err := w.processWaiting(ctx, subject); err != nil {
		return err
	}
	if err := w.processKept(ctx, ports.ReceiptQuery{WaitsFor: subject, Outcome: domain.OutcomeQuarantined}); err != nil {
		return err
	}
	state, err := w.store.State(ctx, w.done.User)
	if err != nil {
		return err
	}
	return NewSyncUser(w.store, w.gateway, w.Fulfill).askAll(ctx, state.Account, &Synced{})
}

// restoring is one run of restore.
type restoring struct {
	*Fulfill
	customer   domain.CustomerID
	made       ports.Made
	deployment domain.DeploymentID
	adopt      bool
	done       Restored
}

// isOurs tells whether we made what carries a claim, or are told so.
func (w *restoring) isOurs(c domain.Claim) bool {
	if c.Deployment == "" {
		return w.adopt
	}
	return c.Deployment == w.deployment
}

// trusts tells whether Stripe bears out that the customer was made for a user. Of one
// that was deleted since it has nothing to say, and then a person may.
func (w *restoring) trusts(user domain.UserID) bool {
	if w.made.Deleted {
		return w.adopt && user != ""
	}
	return user != "" && w.made.Claim.User == user && w.isOurs(w.made.Claim)
}

func (w *restoring) regainCustomer(ctx context.Context) error {
	user := w.made.Claim.User
	if w.made.Deleted || !w.trusts(user) {
		return nil
	}
	verdict, err := w.take(ctx, remake{user: user, customer: w.customer, trusted: true},
		domain.CustomerFact{Type: domain.TypeFetched, At: w.clock(), ID: w.customer})
	if err != nil {
		return err
	}
	if verdict.Outcome == domain.OutcomeQuarantined {
		w.done.Refused = append(w.done.Refused, verdict.Reason)
		return nil
	}
	w.done.User = user
	return nil
}

// orders are the checkouts that were made by us, by the order that they were made for;
// those of one order together, the first made first.
func (w *restoring) orders() [][]ports.Checkout {
	var orders [][]ports.Checkout
	for _, c := range w.made.Checkouts {
		switch id := c.Claim.Order; {
		case id == "" || c.Fact.Order != id:
			continue
		case !w.isOurs(c.Claim):
			if c.Claim.Deployment != "" && domain.MayGive(c.Fact) {
				w.done.Refused = append(w.done.Refused, fmt.Sprintf("order %s was sold by deployment %s, and this is %s (entitled database deployment)", id, c.Claim.Deployment, w.deployment))
			}
			continue
		}
		n := slices.IndexFunc(orders, func(same []ports.Checkout) bool { return same[0].Claim.Order == c.Claim.Order })
		if n < 0 {
			orders = append(orders, nil)
			n = len(orders) - 1
		}
		orders[n] = append(orders[n], c)
	}
	return slices.DeleteFunc(orders, func(of []ports.Checkout) bool {
		return !slices.ContainsFunc(of, func(c ports.Checkout) bool { return domain.MayGive(c.Fact) })
	})
}

// remakeOrder makes an order again that is not known. The first session that was made for
// it is its checkout; of later ones, the order's own rule says whether they pay it.
func (w *restoring) remakeOrder(ctx context.Context, of []ports.Checkout) error {
	first := of[0]
	known, err := w.knows(ctx, first.Claim.Order)
	if err != nil || known {
		return err
	}
	refuse := func(reason string) {
		w.done.Refused = append(w.done.Refused, fmt.Sprintf("order %s (session %s): %s", first.Claim.Order, first.Fact.ID, reason))
	}
	order := first.Order
	order.MayBeTwice = true // what else was lost is not known yet
	switch {
	case order.Plan == "":
		refuse("its metadata does not name the plan")
		return nil
	case order.PriceID == "" || first.PriceClaimed != "" && first.PriceClaimed != order.PriceID:
		refuse(fmt.Sprintf("it sells price %q, and its metadata says price %q: look who made it", order.PriceID, first.PriceClaimed))
		return nil
	}
	m := remake{user: first.Claim.User, customer: w.customer, order: order, trusted: w.trusts(first.Claim.User)}
	var verdict domain.Verdict
	for _, c := range of {
		if verdict, err = w.take(ctx, m, c.Fact); err != nil {
			return err
		}
	}
	if known, err = w.knows(ctx, order.ID); err != nil {
		return err
	}
	if !known {
		refuse(verdict.Reason)
		return nil
	}
	w.meter.Remade(1)
	w.done.User = m.user
	w.done.Orders = append(w.done.Orders, order.ID)
	return nil
}

func (w *restoring) knows(ctx context.Context, id domain.OrderID) (bool, error) {
	_, _, err := w.store.Order(ctx, id)
	if errors.Is(err, ports.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// take joins a fact through the door, with what it is about.
func (w *restoring) take(ctx context.Context, m remake, fact domain.Fact) (domain.Verdict, error) {
	r := w.asEvent(fact)
	r.remake = &m
	return w.batches.do(ctx, r)
}

// RestoreCustomer makes again what was lost of a customer, on a person's word: what does
// not say which deployment made it is taken as this one's. What says that it is another's
// is left.
type RestoreCustomer struct {
	fulfill *Fulfill
}

// NewRestoreCustomer returns the use case.
func NewRestoreCustomer(fulfill *Fulfill) *RestoreCustomer { return &RestoreCustomer{fulfill} }

// Do returns [ports.ErrNotFound] if Stripe does not know the customer, and the errors of
// the gateway's fetches.
func (r *RestoreCustomer) Do(ctx context.Context, customer domain.CustomerID) (Restored, error) {
	return r.fulfill.restore(ctx, customer, true)
}

package workbench

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// newestEvents is how many events the page shows: more is what logs are for.
const newestEvents = 50

// newestOthers is how many subscriptions and payments it shows of each.
const newestOthers = 50

// page is all that is shown.
type page struct {
	Home, User, Error, Done string
	Service                 bool // there is one beside the sandbox
	Failed                  bool // it did not say what the user holds
	Now                     time.Time
	PeriodEnd               time.Time // the next one; zero: there is none
	Held                    []Right
	Subscriptions           []sandbox.SubscriptionState
	Waiting                 []waiting
	Payments                []payment
	Events                  []event
	MoreEvents              int
	MoreSubscriptions       int
	MorePayments            int
	Chaos                   sandbox.Chaos
	Weather, Rough          bool // chaos is on; and more of it than every day
	Requests, Faults        []choice
	Planned                 []string
}

// waiting is what waits for the owner of a card.
type waiting struct {
	sandbox.AuthenticationState
	Total string // empty if the card is only saved
}

type payment struct {
	sandbox.PaymentState
	Total, Back, Left string
}

// Refundable tells whether something can be given back.
func (p payment) Refundable() bool {
	return p.Refunded < p.Amount && (p.Dispute == "" || p.DisputeStatus == "won")
}

// Disputable tells whether the buyer's bank can take the rest back.
func (p payment) Disputable() bool { return p.Dispute == "" && p.Refunded < p.Amount }

// Undecided tells whether a dispute waits for its end.
func (p payment) Undecided() bool {
	return p.DisputeStatus == "needs_response" || p.DisputeStatus == "under_review"
}

type event struct {
	sandbox.Event
	Deliveries []delivery
}

type delivery struct {
	State   sandbox.DeliveryState
	Answers []string // of the attempts, the first one first
}

func (b *bench) show(w http.ResponseWriter, r *http.Request) {
	b.render(w, r, http.StatusOK, done[r.URL.Query().Get("done")], "")
}

func (b *bench) render(w http.ResponseWriter, r *http.Request, status int, said, problem string) {
	p := b.page(r, b.userOf(w, r))
	p.Done, p.Error = said, problem
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, p); err != nil {
		b.Logger.ErrorContext(r.Context(), "render the workbench", "error", err)
		http.Error(w, "This page cannot be shown. The log of the service says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that leaves wants nothing
}

// userOf is the user who was asked for, or who looks.
func (b *bench) userOf(w http.ResponseWriter, r *http.Request) string {
	return cmp.Or(asked(r), b.looks(w, r))
}

// looks is the user who looks; empty where there are none.
func (b *bench) looks(w http.ResponseWriter, r *http.Request) string {
	if b.User == nil {
		return ""
	}
	return b.User(w, r)
}

// asked is the user whom the page is asked for: by its address, or by that of the page
// whose form this is.
func asked(r *http.Request) string {
	at := r.URL
	if r.Method == http.MethodPost {
		var err error
		if at, err = url.Parse(r.Referer()); err != nil {
			return ""
		}
	}
	if user := at.Query().Get("user"); len(user) <= 500 {
		return user
	}
	return ""
}

func (b *bench) page(r *http.Request, user string) page {
	p := page{
		Home: b.Home, User: user, Now: b.Box.Now(), Subscriptions: b.Box.Subscriptions(), Chaos: b.Box.Chaos(),
		Requests: requests, Faults: faults, Planned: b.Box.PlannedFaults(),
	}
	p.Weather, p.Rough = p.Chaos != sandbox.Chaos{}, p.Chaos.Delays+p.Chaos.Losses+p.Chaos.Failures+p.Chaos.LostAnswers+p.Chaos.Hangs > 0
	p.PeriodEnd = nextEnd(p.Subscriptions)
	p.Subscriptions, p.MoreSubscriptions = newest(p.Subscriptions)
	for _, a := range b.Box.Authentications() {
		w := waiting{AuthenticationState: a}
		if a.Amount > 0 {
			w.Total = sandbox.FormatAmount(a.Amount, a.Currency)
		}
		p.Waiting = append(p.Waiting, w)
	}
	payments, older := newest(b.Box.Payments())
	p.MorePayments = older
	for _, s := range payments {
		p.Payments = append(p.Payments, payment{
			s, sandbox.FormatAmount(s.Amount, s.Currency), sandbox.FormatAmount(s.Refunded, s.Currency), sandbox.FormatAmount(s.Amount-s.Refunded, s.Currency),
		})
	}
	p.Events, p.MoreEvents = b.events()
	if b.Held == nil {
		return p
	}
	p.Service = true
	held, err := b.Held(r.Context(), user)
	if err != nil && r.Context().Err() == nil { // a browser that leaves wants nothing
		b.Logger.WarnContext(r.Context(), "the workbench cannot show what a user holds", "error", err)
	}
	p.Held, p.Failed = held, err != nil
	return p
}

// newest are those of a list that are shown, and how many older ones there are.
func newest[T any](all []T) (shown []T, more int) {
	shown = all[:min(len(all), newestOthers)]
	return shown, len(all) - len(shown)
}

// nextEnd is when the first period of a subscription that goes on ends; zero if there is
// none.
func nextEnd(all []sandbox.SubscriptionState) (end time.Time) {
	for _, s := range all {
		going := s.Status == "active" || s.Status == "trialing" || s.Status == "past_due" || s.Status == "unpaid"
		if going && (end.IsZero() || s.PeriodEnd.Before(end)) {
			end = s.PeriodEnd
		}
	}
	return end
}

// events are the newest, with their deliveries, and how many older ones there are.
func (b *bench) events() (newest []event, more int) {
	more = max(0, b.Box.CountEvents()-newestEvents)
	all := b.Box.EventsFrom(more)
	at := map[string]int{}
	slices.Reverse(all)
	for i, e := range all {
		newest = append(newest, event{Event: e})
		at[e.ID] = i
	}
	for _, d := range b.Box.Deliveries() {
		if i, shown := at[d.EventID]; shown {
			newest[i].Deliveries = append(newest[i].Deliveries, delivery{d.State, answers(d.Attempts)})
		}
	}
	return newest, more
}

func answers(attempts []sandbox.Attempt) []string {
	said := make([]string, 0, len(attempts))
	for _, a := range attempts {
		if a.Status == 0 {
			said = append(said, a.Error)
		} else {
			said = append(said, strconv.Itoa(a.Status))
		}
	}
	return said
}

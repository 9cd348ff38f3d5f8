package workbench

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// The cards that a subscription is given: one pays, the other is kept and fails whenever it
// is charged.
const (
	goodCard    = "4242424242424242"
	failingCard = "4000000000000341"
)

// action is a form of the page.
type action struct {
	path    string // below Path
	section string // that the browser comes back to
	done    string // what is said then, by key of done
	do      func(box *sandbox.Sandbox, id string, r *http.Request) error
}

var actions = []action{
	{"clock", "clock", "clock", moveClock},
	{"subscriptions/{id}/fail", "subscriptions", "fail", func(box *sandbox.Sandbox, id string, _ *http.Request) error { return box.SetCard(id, failingCard) }},
	{"subscriptions/{id}/pay", "subscriptions", "pay", payAgain},
	{"subscriptions/{id}/cancel", "subscriptions", "cancel", simply((*sandbox.Sandbox).CancelSubscription)},
	{"waiting/{id}/authenticate", "payments", "authenticate", authenticate},
	{"waiting/{id}/fail", "payments", "unauthenticated", simply((*sandbox.Sandbox).FailAuthentication)},
	{"payments/{id}/refund", "payments", "refund", refund},
	{"payments/{id}/dispute", "payments", "dispute", func(box *sandbox.Sandbox, id string, _ *http.Request) error {
		_, err := box.OpenDispute(id, sandbox.DisputeOptions{})
		return err
	}},
	{"disputes/{id}/win", "payments", "win", simply((*sandbox.Sandbox).WinDispute)},
	{"disputes/{id}/lose", "payments", "lose", simply((*sandbox.Sandbox).LoseDispute)},
	{"events/{id}/resend", "events", "resend", simply((*sandbox.Sandbox).Resend)},
	{"chaos", "trouble", "chaos", setChaos},
	{"calm", "trouble", "calm", func(box *sandbox.Sandbox, _ string, _ *http.Request) error {
		box.SetChaos(sandbox.Chaos{})
		return nil
	}},
	{"fault", "trouble", "fault", planFault},
}

// done is what the page says after an action.
var done = map[string]string{
	"clock":           "The clock has moved, and what was due has happened.",
	"fail":            "The next charge of this subscription will be declined.",
	"pay":             "The card pays again, and an open invoice is paid.",
	"cancel":          "The subscription is canceled.",
	"authenticate":    "The card's owner has authenticated.",
	"unauthenticated": "The card's owner has failed to authenticate, and nothing is paid.",
	"refund":          "The money is given back.",
	"dispute":         "The buyer's bank disputes the payment.",
	"win":             "The dispute is won.",
	"lose":            "The dispute is lost.",
	"resend":          "The event is sent again.",
	"chaos":           "From now on things go wrong.",
	"calm":            "Nothing goes wrong by itself any more.",
	"fault":           "The next such request will fail.",
}

func simply(verb func(box *sandbox.Sandbox, id string) error) func(*sandbox.Sandbox, string, *http.Request) error {
	return func(box *sandbox.Sandbox, id string, _ *http.Request) error { return verb(box, id) }
}

// act does what a form asks, and leads back to the page, which a reload may repeat.
func (b *bench) act(w http.ResponseWriter, r *http.Request, a action) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	if err := a.do(b.Box, r.PathValue("id"), r); err != nil {
		b.render(w, r, http.StatusUnprocessableEntity, "", strings.TrimPrefix(err.Error(), "sandbox: "))
		return
	}
	back := url.Values{"done": {a.done}}
	if user := asked(r); user != "" {
		back.Set("user", user)
	}
	http.Redirect(w, r, Path+"?"+back.Encode()+"#"+a.section, http.StatusSeeOther)
}

// billed is how long after a period's end its invoice is collected.
const billed = time.Hour

func moveClock(box *sandbox.Sandbox, _ string, r *http.Request) error {
	now := box.Now()
	switch r.PostForm.Get("by") {
	case "hour":
		return box.AdvanceContext(r.Context(), time.Hour)
	case "day":
		return box.AdvanceToContext(r.Context(), now.AddDate(0, 0, 1))
	case "month":
		return box.AdvanceToContext(r.Context(), now.AddDate(0, 1, 0))
	case "year":
		return box.AdvanceToContext(r.Context(), now.AddDate(1, 0, 0))
	case "period":
		end := nextEnd(box.Subscriptions())
		if end.IsZero() {
			return errors.New("no subscription goes on, so no period ends")
		}
		return box.AdvanceToContext(r.Context(), end.Add(billed))
	}
	return errors.New("say how far the clock is to move")
}

// payAgain has a good card pay from now on, and what is open at once.
func payAgain(box *sandbox.Sandbox, id string, _ *http.Request) error {
	if err := box.SetCard(id, goodCard); err != nil {
		return err
	}
	all := box.Subscriptions()
	i := slices.IndexFunc(all, func(s sandbox.SubscriptionState) bool { return s.ID == id })
	if i < 0 || all[i].OpenInvoice == "" {
		return nil
	}
	return box.PayInvoice(all[i].OpenInvoice)
}

// authenticate has a card's owner authenticate. That the card is declined all the same is
// how it goes on, and the page shows it.
func authenticate(box *sandbox.Sandbox, id string, _ *http.Request) error {
	if err := box.Authenticate(id); !errors.Is(err, sandbox.ErrDeclined) {
		return err
	}
	return nil
}

func refund(box *sandbox.Sandbox, id string, r *http.Request) error {
	all := box.Payments()
	i := slices.IndexFunc(all, func(p sandbox.PaymentState) bool { return p.ID == id })
	if i < 0 {
		return fmt.Errorf("no such payment: %s", id)
	}
	var amount int64 // all that is left
	if text := r.PostForm.Get("amount"); text != "" {
		var ok bool
		if amount, ok = sandbox.ParseAmount(text, all[i].Currency); !ok {
			return fmt.Errorf("%q is not an amount: write it like 12.50, or leave it empty for all", text)
		}
	}
	_, err := box.Refund(id, amount)
	return err
}

func setChaos(box *sandbox.Sandbox, _ string, r *http.Request) error {
	seed, err := strconv.ParseUint(r.PostForm.Get("seed"), 10, 64)
	if err != nil {
		return errors.New("the seed is a whole number, such as 1")
	}
	box.SetChaos(sandbox.DefaultChaos(seed))
	return nil
}

// choice is one of a list.
type choice struct{ Key, Text string }

// requests are those that a fault can be planned for: of each kind that the service sends.
var requests = []choice{
	{"POST /v1/checkout/sessions", "a checkout is opened"},
	{"POST /v1/customers", "a customer is made"},
	{"GET /v1/checkout/sessions/*", "a checkout is asked for"},
	{"GET /v1/subscriptions/*", "a subscription is asked for"},
	{"GET /v1/prices", "prices are asked for"},
}

var faults = []choice{
	{"500", "Stripe answers 500"},
	{"429", "Stripe answers 429, too many requests"},
	{"hang", "Stripe does not answer for half a minute"},
	{"lost", "it is done, and the answer is lost"},
}

func planFault(box *sandbox.Sandbox, _ string, r *http.Request) error {
	request, kind := r.PostForm.Get("request"), r.PostForm.Get("fault")
	if !slices.ContainsFunc(requests, func(c choice) bool { return c.Key == request }) {
		return errors.New("choose the request that is to fail")
	}
	switch kind {
	case "500":
		box.FailNext(request, sandbox.Fault{Status: http.StatusInternalServerError})
	case "429":
		box.FailNext(request, sandbox.Fault{Status: http.StatusTooManyRequests})
	case "hang":
		box.FailNext(request, sandbox.Fault{Delay: 30 * time.Second})
	case "lost":
		box.FailNext(request, sandbox.Fault{DropAfterApply: true})
	default:
		return errors.New("choose how it is to fail")
	}
	return nil
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// soakUser buys, has this and that become of it, and is known to hold what follows. Its
// renewals are ahead of time, so that what its first period gives is what it holds.
type soakUser struct {
	id     string
	random *rand.Rand
	keys   int // of checkouts so far

	mu    sync.Mutex
	basic soakPurchase
	pro   soakPurchase
}

// soakPurchase is the newest of a plan, as it truly stands.
type soakPurchase struct {
	session, subscription string // empty: there is none
	ended                 bool
	toEnd                 bool // with its period
	renewed               bool
	pastDue               bool
	refund                string // of all of it
	refundedPart          bool
	dispute               string // that is open
	lost                  bool   // a dispute
	disputed              bool   // at any time
}

// untouched tells whether nothing of it was ever disputed or given back.
func (p soakPurchase) untouched() bool {
	return p.session != "" && p.refund == "" && !p.refundedPart && !p.disputed
}

func (p soakPurchase) suspended() bool { return p.dispute != "" || p.lost }

// basicGives is by the policy of one-time purchases: a refund revokes, a dispute suspends.
func (u *soakUser) basicGives() bool {
	return u.basic.session != "" && u.basic.refund == "" && !u.basic.suspended()
}

// proGives is by that of subscriptions: a refund keeps, a dispute suspends, an end ends.
func (u *soakUser) proGives() bool {
	return u.pro.session != "" && !u.pro.ended && !u.pro.suspended()
}

// holds is what is true.
func (u *soakUser) holds() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.proGives():
		return "projects=100 sso=true"
	case u.basicGives():
		return "projects=10"
	default:
		return ""
	}
}

func (u *soakUser) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return fmt.Sprintf("%s (basic %+v, pro %+v)", u.id, u.basic, u.pro)
}

// soakDeed is what may happen to a user, where it can.
type soakDeed struct {
	name string
	can  func(u *soakUser) bool
	do   func(u *soakUser, s *soakShop) error
}

// live tells whether there is a subscription that has not ended.
func (u *soakUser) live() bool { return u.pro.session != "" && !u.pro.ended }

var soakDeeds = []soakDeed{
	{
		"buys basic",
		func(u *soakUser) bool { return !u.basicGives() },
		func(u *soakUser, s *soakShop) (err error) { u.basic, err = s.buy(u, "basic"); return err },
	},
	{
		"subscribes",
		func(u *soakUser) bool { return !u.live() },
		func(u *soakUser, s *soakShop) (err error) { u.pro, err = s.buy(u, "pro"); return err },
	},
	{
		"renews",
		func(u *soakUser) bool { return u.live() && !u.pro.suspended() && !u.pro.pastDue && !u.pro.toEnd },
		func(u *soakUser, s *soakShop) error {
			u.pro.renewed = true
			return s.box.RenewSubscription(u.pro.subscription, true)
		},
	},
	{
		"fails to renew",
		func(u *soakUser) bool { return u.live() && !u.pro.suspended() && !u.pro.pastDue && !u.pro.toEnd },
		func(u *soakUser, s *soakShop) error {
			u.pro.renewed, u.pro.pastDue = true, true
			return s.box.RenewSubscription(u.pro.subscription, false)
		},
	},
	{
		"pays what is owed",
		func(u *soakUser) bool { return u.live() && u.pro.pastDue },
		func(u *soakUser, s *soakShop) error {
			u.pro.pastDue = false
			return s.box.PayInvoice(u.pro.subscription)
		},
	},
	{
		"ends",
		(*soakUser).live,
		func(u *soakUser, s *soakShop) error {
			u.pro.ended = true
			return s.box.CancelSubscription(u.pro.subscription)
		},
	},
	{
		"is to end",
		func(u *soakUser) bool { return u.live() && !u.pro.toEnd },
		func(u *soakUser, s *soakShop) error {
			u.pro.toEnd = true
			return s.stripe(http.MethodPost, "/v1/subscriptions/"+u.pro.subscription, url.Values{"cancel_at_period_end": {"true"}}, nil)
		},
	},
	{
		"goes on",
		func(u *soakUser) bool { return u.live() && u.pro.toEnd },
		func(u *soakUser, s *soakShop) error {
			u.pro.toEnd = false
			return s.stripe(http.MethodPost, "/v1/subscriptions/"+u.pro.subscription, url.Values{"cancel_at_period_end": {"false"}}, nil)
		},
	},
	{
		"ends with its period",
		func(u *soakUser) bool { return u.live() && u.pro.toEnd && !u.pro.pastDue },
		func(u *soakUser, s *soakShop) error {
			u.pro.ended = true
			return s.box.RenewSubscription(u.pro.subscription, true)
		},
	},
	{
		"has a part of the subscription refunded",
		func(u *soakUser) bool { return u.live() && u.pro.untouched() && !u.pro.pastDue },
		func(u *soakUser, s *soakShop) (err error) {
			u.pro.refundedPart = true
			_, err = s.box.Refund(u.pro.subscription, 500)
			return err
		},
	},
	{
		"has the subscription refunded",
		func(u *soakUser) bool { return u.live() && u.pro.untouched() && !u.pro.pastDue },
		func(u *soakUser, s *soakShop) (err error) {
			u.pro.refund, err = s.box.Refund(u.pro.subscription, 0)
			return err
		},
	},
	{
		"disputes the subscription",
		func(u *soakUser) bool { return u.live() && u.pro.untouched() && !u.pro.renewed },
		func(u *soakUser, s *soakShop) error { return u.pro.disputes(s, u.pro.subscription) },
	},
	{
		"loses that dispute",
		func(u *soakUser) bool { return u.live() && u.pro.dispute != "" },
		func(u *soakUser, s *soakShop) error { return u.pro.decided(s.box.WinDispute, false) },
	},
	{
		"wins that dispute",
		func(u *soakUser) bool { return u.live() && u.pro.dispute != "" },
		func(u *soakUser, s *soakShop) error { return u.pro.decided(s.box.LoseDispute, true) },
	},
	{
		"has a part of basic refunded",
		func(u *soakUser) bool { return u.basic.untouched() },
		func(u *soakUser, s *soakShop) (err error) {
			u.basic.refundedPart = true
			_, err = s.box.Refund(u.basic.session, 500)
			return err
		},
	},
	{
		"has basic refunded",
		func(u *soakUser) bool { return u.basic.untouched() },
		func(u *soakUser, s *soakShop) (err error) {
			u.basic.refund, err = s.box.Refund(u.basic.session, 0)
			return err
		},
	},
	{
		"has the refund of basic sent back",
		func(u *soakUser) bool { return u.basic.refund != "" },
		func(u *soakUser, s *soakShop) error {
			refund := u.basic.refund
			u.basic.refund, u.basic.refundedPart = "", true // whoever got it back gets no other
			return s.box.FailRefund(refund)
		},
	},
	{
		"disputes basic",
		func(u *soakUser) bool { return u.basic.untouched() },
		func(u *soakUser, s *soakShop) error { return u.basic.disputes(s, u.basic.session) },
	},
	{
		"loses the dispute of basic",
		func(u *soakUser) bool { return u.basic.dispute != "" },
		func(u *soakUser, s *soakShop) error { return u.basic.decided(s.box.WinDispute, false) },
	},
	{
		"wins the dispute of basic",
		func(u *soakUser) bool { return u.basic.dispute != "" },
		func(u *soakUser, s *soakShop) error { return u.basic.decided(s.box.LoseDispute, true) },
	},
}

func (p *soakPurchase) disputes(s *soakShop, payment string) (err error) {
	p.disputed = true
	p.dispute, err = s.box.OpenDispute(payment, sandbox.DisputeOptions{})
	return err
}

// decided is the end of a dispute: for the shop, or for the buyer, who has the money then.
func (p *soakPurchase) decided(decide func(string) error, buyerWins bool) error {
	dispute := p.dispute
	p.dispute, p.lost = "", buyerWins
	return decide(dispute)
}

// acts has one thing happen to the user that can, and says what.
func (u *soakUser) acts(s *soakShop) (deed string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var may []soakDeed
	for _, d := range soakDeeds {
		if d.can(u) {
			may = append(may, d)
		}
	}
	chosen := may[u.random.IntN(len(may))] // there is always one: who does not subscribe may
	if err := chosen.do(u, s); err != nil {
		return chosen.name, fmt.Errorf("%s %s: %w", u.id, chosen.name, err)
	}
	return chosen.name, nil
}

// soakShop is where the users buy: the service, of whichever processes there are, and a Stripe
// in a box.
type soakShop struct {
	box    *sandbox.Sandbox
	client *http.Client // of the box
	any    func() *program
}

// buy has a user pay for a plan. Whom the service answers with an error repeats it, by the
// same key; who is told that an earlier purchase is not through yet asks again until it is.
func (s *soakShop) buy(u *soakUser, plan string) (soakPurchase, error) {
	var started struct {
		Session string `json:"session_id"`
	}
	said, status := "", http.StatusConflict
	for begun := time.Now(); status != http.StatusCreated; time.Sleep(200 * time.Millisecond) {
		switch {
		case status == http.StatusConflict:
			u.keys++
		case status != 0 && status != http.StatusTooManyRequests && status < 500:
			return soakPurchase{}, fmt.Errorf("answered %d %s", status, said)
		}
		if time.Since(begun) > 2*time.Minute {
			return soakPurchase{}, fmt.Errorf("answered %d %s for two minutes", status, said)
		}
		said, status = s.any().ask(http.MethodPost, "/api/checkout/"+plan, fmt.Sprintf(`{"user_id":%q}`, u.id), fmt.Sprint(u.id, "-", u.keys))
	}
	if err := json.Unmarshal([]byte(said), &started); err != nil || started.Session == "" {
		return soakPurchase{}, fmt.Errorf("no session in %s (%w)", said, err)
	}
	if err := s.box.Pay(started.Session); err != nil {
		return soakPurchase{}, err
	}
	var session struct {
		Subscription string `json:"subscription"`
	}
	err := s.stripe(http.MethodGet, "/v1/checkout/sessions/"+started.Session, nil, &session)
	return soakPurchase{session: started.Session, subscription: session.Subscription}, err
}

// stripe asks the box.
func (s *soakShop) stripe(method, path string, form url.Values, into any) error {
	request, err := http.NewRequest(method, "http://127.0.0.1:1"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(programtest.StripeKey, "")
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s %s", path, answer.Status, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

// ask is a request of the product's back end; 0: no answer.
func (p *program) ask(method, path, body, key string) (said string, status int) {
	request, err := http.NewRequest(method, "http://"+p.Address+path, strings.NewReader(body))
	if err != nil {
		return err.Error(), 0
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	client := http.Client{Transport: http.DefaultClient.Transport, Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		return err.Error(), 0
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error(), 0
	}
	return string(text), response.StatusCode
}

// rights are a user's, as feature=value; not ok: there was no answer.
func (p *program) rights(user string) (held string, ok bool) {
	said, status := p.ask(http.MethodGet, "/api/entitlements?user_id="+user, "", "")
	var answer struct {
		Entitlements []struct {
			Feature string `json:"feature"`
			Value   any    `json:"value"`
		} `json:"entitlements"`
	}
	if status != http.StatusOK || json.Unmarshal([]byte(said), &answer) != nil {
		return fmt.Sprintf("answered %d: %s", status, said), false
	}
	var all []string
	for _, e := range answer.Entitlements {
		all = append(all, fmt.Sprintf("%s=%v", e.Feature, e.Value))
	}
	return strings.Join(all, " "), true
}

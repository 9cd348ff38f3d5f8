package sandbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestPage_TakesAPromotionCode(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	half, tenOff := s.coupon("percent_off", "50", "duration", "once"), s.coupon("amount_off", "1000", "currency", "eur", "duration", "once")
	code := func(coupon, code string, more ...string) tree {
		return s.post("/v1/promotion_codes", values(append([]string{"coupon", coupon, "code", code}, more...)...))
	}
	winter := code(half, "WINTER")
	code(half, "HERS", "customer", s.customer().ID)
	code(half, "BIG", "restrictions[minimum_amount]", "5000", "restrictions[minimum_amount_currency]", "usd")
	code(tenOff, "EURO")
	s.post("/v1/promotion_codes/"+code(half, "OVER").at("id"), values("active", "false"))

	p := params("payment", s.once)
	p.AllowPromotionCodes = stripe.Bool(true)
	cs := s.open(p)
	enter := func(text, action string) string {
		form := goodForm()
		form.Set("promotionCode", text)
		form.Set("action", action)
		_, _, page := s.submit(cs.URL, form)
		return page
	}
	for text, want := range map[string]string{
		"": "enter a promotion code", "NONE": "This code is invalid", "HERS": "This code is invalid", "OVER": "This code is invalid",
		"EURO": "not for purchases in this currency", "BIG": "for purchases of $50.00 or more",
	} {
		page := enter(text, "apply")
		wantText(t, page, want, `id="promotionCode-error"`, `aria-invalid="true"`, `value="4242 4242 4242 4242"`, `id="total">$49.00`)
	}
	page := enter(" winter ", "pay") // typed in, and Pay pressed: the buyer sees the new total first
	wantText(t, page, `id="applied-code">WINTER`, `<td class="amount">$49.00</td>`, `id="subtotal">$49.00`, `id="discount">−$24.50`, `id="total">$24.50`, `id="remove-code"`, "The total has changed")
	lacksText(t, page, `id="promotionCode"`)
	s.fetch("", "/v1/checkout/sessions/"+cs.ID).wants(t, "applied", map[string]string{"status": "open", "amount_total": "2450", "total_details.amount_discount": "2450"})
	page = enter("", "remove")
	wantText(t, page, `id="total">$49.00`, `id="promotionCode"`)
	enter("WINTER", "apply")
	if _, to, _ := s.submit(cs.URL, goodForm()); !strings.HasPrefix(to, "http://app.example/done") {
		t.Errorf("paid, and went to %q", to)
	}
	s.fetch("", "/v1/checkout/sessions/"+cs.ID+"?expand[]=payment_intent").wants(t, "paid", map[string]string{"amount_total": "2450", "payment_intent.amount": "2450"})
	s.fetch("", "/v1/promotion_codes/"+winter.at("id")).wants(t, "redeemed", map[string]string{"times_redeemed": "1"})

	plain := s.open(params("payment", s.once))
	_, page = s.visit(plain.URL)
	lacksText(t, page, "promotionCode", "apply-code")
	form := goodForm()
	form.Set("promotionCode", "WINTER")
	form.Set("action", "apply")
	s.submit(plain.URL, form)
	if got := s.session(plain.ID).AmountTotal; got != 4900 {
		t.Errorf("a session without the field: got %d", got)
	}
}

// After a declined card the buyer may still change what is bought, unless that has made a
// subscription, as in a session from before basil.
func TestPage_TheCodeAfterADeclinedCard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	free := s.post("/v1/promotion_codes", values("coupon", s.coupon("percent_off", "100", "duration", "once"), "code", "FREE"))
	half := s.post("/v1/promotion_codes", values("coupon", s.coupon("percent_off", "50", "duration", "once"), "code", "HALF"))
	open := func(version, mode, price string) (url, id string) {
		cs := s.postIn(version, "/v1/checkout/sessions", values("mode", mode, "success_url", "http://app.example/done", "allow_promotion_codes", "true",
			"line_items[0][price]", price, "line_items[0][quantity]", "1"))
		return cs.at("url"), cs.at("id")
	}
	pay := func(url, number string, more ...string) string {
		form := goodForm()
		form.Set("cardNumber", number)
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		_, _, page := s.submit(url, form)
		return page
	}
	const later = "2025-09-30.clover"
	for _, tt := range []struct{ version, mode, price, total, half string }{
		{"", "payment", s.once, "4900", "2450"}, {later, "subscription", s.monthly, "2000", "1000"},
	} {
		url, id := open(tt.version, tt.mode, tt.price)
		pay(url, "", "promotionCode", "HALF", "action", "apply")
		wantText(t, pay(url, string(sandbox.DeclinedCard)), "Your card was declined.", `id="remove-code"`)
		wantText(t, pay(url, "", "action", "remove"), `id="promotionCode"`)
		pay(url, string(sandbox.GoodCard))
		s.fetch("", "/v1/checkout/sessions/"+id).wants(t, tt.mode+" without the code", map[string]string{"payment_status": "paid", "amount_total": tt.total})

		url, id = open(tt.version, tt.mode, tt.price)
		pay(url, string(sandbox.DeclinedCard))
		pay(url, "", "promotionCode", "FREE", "action", "apply")
		pay(url, string(sandbox.GoodCard))
		s.fetch("", "/v1/checkout/sessions/"+id).wants(t, tt.mode+" for nothing", map[string]string{"payment_status": "no_payment_required", "amount_total": "0", "payment_intent": "null"})
	}
	charged := s.fetch("", "/v1/charges?limit=100")
	var paid []string
	for i := 0; charged.at(fmt.Sprint("data.", i, ".id")) != "<none>"; i++ {
		paid = append(paid, charged.at(fmt.Sprint("data.", i, ".status"))+" "+charged.at(fmt.Sprint("data.", i, ".amount")))
	}
	if got := strings.Join(paid, ", "); got != "failed 2000, succeeded 2000, failed 1000, failed 4900, succeeded 4900, failed 2450" {
		t.Errorf("charged: %s", got)
	}
	s.fetch("", "/v1/promotion_codes/"+half.at("id")).wants(t, "taken off again", map[string]string{"times_redeemed": "0"})
	s.fetch("", "/v1/promotion_codes/"+free.at("id")).wants(t, "used", map[string]string{"times_redeemed": "2"})

	url, _ := open("", "subscription", s.monthly)
	pay(url, "", "promotionCode", "HALF", "action", "apply")
	page := pay(url, string(sandbox.DeclinedCard))
	wantText(t, page, "Your card was declined.", `id="applied-code">HALF`, "The first attempt to pay has made the subscription")
	lacksText(t, page, `id="remove-code"`)
}

func TestAddPromotionCode(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := must[string](t)(s.AddPromotionCode("WELCOME", 20))
	s.fetch("", "/v1/promotion_codes/"+id).wants(t, "the code", map[string]string{"code": "WELCOME", "coupon.percent_off": "20", "coupon.duration": "once"})
	if _, err := s.AddPromotionCode("welcome", 10); !errors.Is(err, sandbox.ErrTaken) {
		t.Errorf("twice: got %v", err)
	}
	if _, err := s.AddPromotionCode("MORE", 101); err == nil {
		t.Error("a code takes 101 percent off")
	}
}

func TestBuyer_EntersACodeOnceOnly(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.post("/v1/promotion_codes", values("coupon", s.coupon("percent_off", "100", "duration", "once"), "code", "FREE", "max_redemptions", "1"))
	p := params("subscription", s.monthly)
	p.AllowPromotionCodes = stripe.Bool(true)
	first, second := s.open(p), s.open(p)
	buyer := s.Buyer()
	s.ok(buyer.EntersCode(first.URL, "free"))
	s.ok(buyer.Pays(first.URL, sandbox.GoodCard))
	if got := s.session(first.ID).PaymentStatus; got != "no_payment_required" {
		t.Errorf("got %s", got)
	}
	if err := buyer.EntersCode(second.ID, "FREE"); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
	if err := buyer.EntersCode(s.open(params("payment", s.once)).ID, "FREE"); err == nil || !strings.Contains(err.Error(), "allow_promotion_codes") {
		t.Errorf("got %v", err)
	}
}

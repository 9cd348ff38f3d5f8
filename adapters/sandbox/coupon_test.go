package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

func (s *shop) coupon(pairs ...string) string {
	s.t.Helper()
	return s.post("/v1/coupons", values(pairs...)).at("id")
}

func TestCoupon_IsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	co := must[*stripe.Coupon](t)(s.api.Coupons.New(&stripe.CouponParams{
		ID: stripe.String("HALF"), PercentOff: stripe.Float64(12.5), Duration: stripe.String("repeating"), DurationInMonths: stripe.Int64(3)}))
	if co.ID != "HALF" || co.PercentOff != 12.5 || !co.Valid || co.DurationInMonths != 3 {
		t.Errorf("got %+v", co)
	}
	s.post("/v1/coupons/HALF", values("name", "Half", "metadata[a]", "b")).wants(t, "changed", map[string]string{"name": "Half", "metadata.a": "b"})
	code := must[*stripe.PromotionCode](t)(s.api.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: &co.ID, Code: stripe.String("WINTER")}))
	s.fetch("", "/v1/promotion_codes?code=winter&active=true").wants(t, "by its code", map[string]string{"data.0.id": code.ID, "data.0.coupon.id": "HALF"})
	s.fetch(dahlia, "/v1/promotion_codes/"+code.ID+"?expand[]=promotion.coupon").wants(t, "newer", map[string]string{"promotion.coupon.id": "HALF", "coupon": "<none>"})
	amount := s.coupon("amount_off", "500", "currency", "usd")
	for _, v := range stripespec.Versions {
		for schema, path := range map[string]string{"list of coupon": "/v1/coupons", "list of promotion_code": "/v1/promotion_codes"} {
			_, answer := s.ask(v.API, "GET", path, nil)
			stripespec.ValidateIn(t, v.API, schema, answer)
		}
	}
	for name, tt := range map[string]struct {
		path        string
		pairs       []string
		param, code string
	}{
		"nothing off":          {"coupons", []string{"duration", "once"}, "<none>", "parameter_missing"},
		"both":                 {"coupons", []string{"percent_off", "5", "amount_off", "5", "currency", "usd"}, "<none>", "parameters_exclusive"},
		"no currency":          {"coupons", []string{"amount_off", "5"}, "currency", "parameter_missing"},
		"more than all":        {"coupons", []string{"percent_off", "101"}, "percent_off", "<none>"},
		"no months":            {"coupons", []string{"percent_off", "1", "duration", "repeating"}, "duration_in_months", "parameter_missing"},
		"an id that is taken":  {"coupons", []string{"percent_off", "1", "id", "HALF"}, "id", "resource_already_exists"},
		"no coupon":            {"promotion_codes", []string{"coupon", "none"}, "coupon", "resource_missing"},
		"a code that is taken": {"promotion_codes", []string{"coupon", amount, "code", "winter"}, "code", "<none>"},
		"a newer way":          {"promotion_codes", []string{"coupon", amount, "promotion[type]", "coupon"}, "promotion", "parameter_unknown"},
	} {
		s.refused(400, "/v1/"+tt.path, values(tt.pairs...)).wants(t, name, map[string]string{"error.param": tt.param, "error.code": tt.code})
	}
	s.post("/v1/promotion_codes/"+code.ID, values("active", "false")).wants(t, "off", map[string]string{"active": "false"})
	must[*stripe.Coupon](t)(s.api.Coupons.Del(amount, nil))
	if status, _ := s.ask("", "GET", "/v1/coupons/"+amount, nil); status != 404 {
		t.Errorf("a deleted coupon: got %d", status)
	}
	s.conform("coupon.created", "coupon.updated", "coupon.deleted", "promotion_code.created", "promotion_code.updated")
}

// A discount takes off as many periods as its coupon says.
func TestCoupon_LastsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	for duration, want := range map[string][]string{
		"once":      {"1500", "2000", "2000", "2000"},
		"repeating": {"1500", "1500", "2000", "2000"},
		"forever":   {"1500", "1500", "1500", "1500"},
	} {
		t.Run(duration, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			for _, off := range [][]string{{"percent_off", "25"}, {"amount_off", "500", "currency", "usd"}} {
				form := append([]string{"duration", duration}, off...)
				if duration == "repeating" {
					form = append(form, "duration_in_months", "2")
				}
				coupon := s.coupon(form...)
				cu := s.withCard()
				var sub tree
				events := s.after(func() {
					sub = s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "coupon", coupon))
				})
				if duration == "forever" {
					sub.wants(t, "its discount", map[string]string{"discount.coupon.id": coupon, "discount.subscription": sub.at("id"), "discount.end": "null"})
					s.fetch(dahlia, "/v1/subscriptions/"+sub.at("id")+"?expand[]=discounts").wants(t, "newer", map[string]string{"discounts.0.source.coupon": coupon})
				}
				if got := len(events); got == 0 {
					t.Error("no events")
				}
				for i, total := range want {
					in := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID)
					if in.at("total") != total || in.at("amount_paid") != total || in.at("subtotal") != "2000" {
						t.Errorf("%v: period %d comes to %s of %s", off, i, in.at("total"), in.at("subtotal"))
					}
					upcoming := s.fetch("", "/v1/invoices/upcoming?subscription="+sub.at("id"))
					s.ok(s.RenewSubscription(sub.at("id"), true))
					if made := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID); made.at("total") != upcoming.at("total") {
						t.Errorf("%v: period %d: previewed %s, made %s", off, i, upcoming.at("total"), made.at("total"))
					}
				}
				s.fetch("", "/v1/coupons/"+coupon).wants(t, "redeemed", map[string]string{"times_redeemed": "1"})
			}
			s.conform("customer.discount.created")
		})
	}
}

func TestCoupon_IsGivenToACheckout(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.coupon("amount_off", "1000", "currency", "usd", "max_redemptions", "1")
	form := checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1", "discounts[0][coupon]", coupon, "invoice_creation[enabled]", "true")
	id := s.post("/v1/checkout/sessions", values(form...)).at("id")
	s.ok(s.Pay(id))
	cs := s.fetch("", "/v1/checkout/sessions/"+id+"?expand[]=invoice")
	cs.wants(t, "paid", map[string]string{"amount_total": "3900", "amount_subtotal": "4900", "total_details.amount_discount": "1000",
		"invoice.total": "3900", "invoice.discount.coupon.id": coupon, "invoice.discount.invoice": cs.at("invoice.id"), "invoice.discount.checkout_session": id})
	s.refused(400, "/v1/checkout/sessions", values(form...)).wants(t, "used up", map[string]string{"error.code": "coupon_expired", "error.param": "discounts[0][coupon]"})

	forever := s.coupon("percent_off", "10", "duration", "forever")
	code := s.post("/v1/promotion_codes", values("coupon", forever, "code", "TEN", "max_redemptions", "1")).at("id")
	form = checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1", "discounts[0][promotion_code]", code)
	id = s.post("/v1/checkout/sessions", values(form...)).at("id")
	s.ok(s.Pay(id))
	sub := s.fetch("", "/v1/checkout/sessions/"+id+"?expand[]=subscription.discount.promotion_code")
	sub.wants(t, "a subscription", map[string]string{"amount_total": "1800", "subscription.discount.promotion_code.id": code, "subscription.discount.promotion_code.times_redeemed": "1"})
	s.refused(400, "/v1/checkout/sessions", values(form...))
	s.refused(400, "/v1/checkout/sessions", values(append(form, "allow_promotion_codes", "true")...))

	subID := sub.at("subscription.id")
	s.refused(400, "/v1/subscriptions/"+subID, values("items[0][id]", sub.at("subscription.items.data.0.id"), "items[0][quantity]", "2"))
	s.post("/v1/subscriptions/"+subID, values("items[0][id]", sub.at("subscription.items.data.0.id"), "items[0][quantity]", "2", "proration_behavior", "none"))
	if got := s.after(func() {
		if status, answer := s.ask("", "DELETE", "/v1/subscriptions/"+subID+"/discount", nil); status != 200 || parse(t, answer).at("deleted") != "true" {
			t.Errorf("got %d %s", status, answer)
		}
	}); got != "customer.discount.deleted customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	if got := s.after(func() { s.post("/v1/subscriptions/"+subID, values("coupon", forever)) }); got != "customer.discount.created customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	s.post("/v1/subscriptions/"+subID, values("coupon", "")).wants(t, "without", map[string]string{"discount": "null"})
	s.refused(400, "/v1/subscriptions/"+subID, values("discounts[0][coupon]", forever))
	s.conform("customer.discount.deleted")
}

// What a coupon is given by has been renamed.
func TestCoupon_IsGivenInNewerVersions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.coupon("percent_off", "50", "duration", "forever")
	ask := func(path string, pairs ...string) tree {
		status, answer := s.ask(dahlia, "POST", path, values(pairs...))
		if status != 200 {
			t.Fatalf("POST %s: %d %s", path, status, answer)
		}
		return parse(t, answer)
	}
	code := ask("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon)
	code.wants(t, "the code", map[string]string{"promotion.coupon": coupon, "coupon": "<none>"})
	sub := ask("/v1/subscriptions", "customer", s.withCard(), "items[0][price]", s.monthly, "discounts[0][promotion_code]", code.at("id"),
		"expand[0]", "latest_invoice", "expand[1]", "discounts")
	sub.wants(t, "the subscription", map[string]string{"discounts.0.promotion_code": code.at("id"), "latest_invoice.total": "1000"})
	preview := ask("/v1/invoices/create_preview", "subscription", sub.at("id"))
	preview.wants(t, "the preview", map[string]string{"total": "1000", "parent.subscription_details.subscription": sub.at("id")})
	stripespec.ValidateIn(t, dahlia, "invoice", []byte(mustJSON(preview)))
	if status, _ := s.ask(dahlia, "POST", "/v1/subscriptions", values("customer", sub.at("customer"), "items[0][price]", s.monthly, "coupon", coupon)); status != 400 {
		t.Errorf("the older way in a newer version: got %d", status)
	}
}

package sandbox_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// portal makes a session of the billing portal through the API.
func (s *shop) portal(customer string, pairs ...string) tree {
	s.t.Helper()
	return s.post("/v1/billing_portal/sessions", values(append([]string{"customer", customer, "return_url", "http://app.example/account"}, pairs...)...))
}

// everything is a configuration that allows all that the portal has, for the shop's prices.
func (s *shop) everything(pairs ...string) url.Values {
	s.t.Helper()
	form := values("business_profile[headline]", "Pro",
		"features[customer_update][enabled]", "true", "features[customer_update][allowed_updates][0]", "email",
		"features[invoice_history][enabled]", "true", "features[payment_method_update][enabled]", "true",
		"features[subscription_cancel][enabled]", "true", "features[subscription_update][enabled]", "true",
		"features[subscription_update][default_allowed_updates][0]", "price", "features[subscription_update][default_allowed_updates][1]", "quantity")
	for i, price := range []string{s.monthly, s.yearly} {
		name := "features[subscription_update][products][" + fmtInt(int64(i)) + "]"
		form.Set(name+"[product]", s.fetch("", "/v1/prices/"+price).at("product"))
		form.Set(name+"[prices][0]", price)
	}
	for k, v := range values(pairs...) {
		form[k] = v
	}
	return form
}

func (s *shop) configuration(pairs ...string) string {
	s.t.Helper()
	return s.postIn(dahlia, "/v1/billing_portal/configurations", s.everything(pairs...)).at("id")
}

func flow(kind, sub string, pairs ...string) []string {
	return append([]string{"flow_data[type]", kind, "flow_data[" + kind + "][subscription]", sub}, pairs...)
}

func confirm(sub *stripe.Subscription, pairs ...string) []string {
	out := flow("subscription_update_confirm", sub.ID)
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, "flow_data[subscription_update_confirm][items][0]["+pairs[i]+"]", pairs[i+1])
	}
	return out
}

func TestPortal_Configuration(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made := s.post("/v1/billing_portal/configurations", s.everything("metadata[a]", "1", "features[subscription_update][proration_behavior]", "always_invoice"))
	made.wants(t, "made", map[string]string{
		"active": "true", "is_default": "false", "business_profile.headline": "Pro", "metadata.a": "1", "default_return_url": "null",
		"features.subscription_cancel.mode": "at_period_end", "features.subscription_cancel.proration_behavior": "none",
		"features.subscription_update.proration_behavior": "always_invoice", "features.subscription_update.products": "<none>",
		"features.subscription_update.default_allowed_updates": `["price","quantity"]`, "features.subscription_pause.enabled": "false", "name": "<none>",
	})
	path := "/v1/billing_portal/configurations/" + made.at("id")
	s.fetch("", path+"?expand[]=features.subscription_update.products").wants(t, "expanded", map[string]string{
		"features.subscription_update.products.0.prices.0": s.monthly, "features.subscription_update.products.0.adjustable_quantity": "<none>"})
	s.fetch(dahlia, path+"?expand[]=features.subscription_update.products").wants(t, "newer", map[string]string{
		"features.subscription_update.products.0.adjustable_quantity.enabled": "true", "features.subscription_pause": "<none>", "name": "null",
		"features.subscription_update.trial_update_behavior": "end_trial", "features.subscription_update.billing_cycle_anchor": "null"})

	got := s.after(func() {
		s.post(path, values("features[subscription_cancel][mode]", "immediately", "default_return_url", "http://app.example/", "metadata[a]", "",
			"features[customer_update][allowed_updates]", "")).wants(t, "updated", map[string]string{
			"features.subscription_cancel.mode": "immediately", "features.subscription_cancel.enabled": "true", "default_return_url": "http://app.example/",
			"features.customer_update.allowed_updates": "[]", "metadata": "{}"})
		s.post(path, values("active", "false"))
	})
	if got != "billing_portal.configuration.updated billing_portal.configuration.updated" {
		t.Errorf("got events %s", got)
	}
	list := s.fetch("", "/v1/billing_portal/configurations?is_default=true")
	if list.len("data") != 1 || list.at("data.0.active") != "true" {
		t.Errorf("got %s", mustJSON(list))
	}
	list = s.fetch("", "/v1/billing_portal/configurations?active=false")
	if list.len("data") != 1 || list.at("data.0.id") != made.at("id") {
		t.Errorf("got %s", mustJSON(list))
	}
}

func TestPortal_ConfigurationRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const path = "/v1/billing_portal/configurations"
	const update = "features[subscription_update]"
	for name, tt := range map[string]struct {
		form  url.Values
		param string
		text  string
	}{
		"nothing":              {values("features[invoice_history][enabled]", "true"), "business_profile", "Missing required param"},
		"no features":          {values("business_profile[headline]", "x"), "features", "Missing required param"},
		"unknown":              {s.everything("colour", "red"), "colour", "unknown parameter"},
		"no switch":            {s.everything("features[invoice_history][enabled]", ""), "features[invoice_history][enabled]", "empty string"},
		"word":                 {s.everything("features[subscription_cancel][mode]", "soon"), "features[subscription_cancel][mode]", "must be one of"},
		"listed word":          {s.everything(update+"[default_allowed_updates][0]", "colour"), update + "[default_allowed_updates][0]", "must be one of"},
		"card off":             {s.everything("features[payment_method_update][enabled]", "false"), update + "[enabled]", "while payment method update is disabled"},
		"product":              {s.everything(update+"[products][0][product]", "prod_none"), update + "[products][0][product]", "No such product"},
		"price":                {s.everything(update+"[products][0][prices][0]", "price_none"), update + "[products][0][prices][0]", "No such price"},
		"price of another":     {s.everything(update+"[products][0][prices][0]", s.once), update + "[products][0][prices][0]", "does not belong"},
		"invoiced at the end":  {s.everything("features[subscription_cancel][proration_behavior]", "always_invoice"), "features[subscription_cancel][proration_behavior]", "not supported"},
		"prorated cancel":      {s.everything("features[subscription_cancel][proration_behavior]", "create_prorations", "features[subscription_cancel][mode]", "immediately"), "", "does not serve it yet"},
		"new anchor":           {s.everything(update+"[billing_cycle_anchor]", "now"), "", "does not serve it yet"},
		"login page":           {s.everything("login_page[enabled]", "true"), "", "does not serve it yet"},
		"downgrade by itself":  {s.everything(update+"[schedule_at_period_end][conditions][0][type]", "shortening_interval"), "", "does not serve it yet"},
		"reasons without list": {s.everything("features[subscription_cancel][cancellation_reason][enabled]", "true"), "features[subscription_cancel][cancellation_reason][options]", "Missing"},
	} {
		version := ""
		if tt.text == "does not serve it yet" {
			version = dahlia // some of it is no older
		}
		status, answer := s.ask(version, http.MethodPost, path, tt.form)
		e := parse(t, answer)
		if status != 400 || !strings.Contains(e.at("error.message"), tt.text) || tt.param != "" && e.at("error.param") != tt.param {
			t.Errorf("%s: got %s", name, mustJSON(e))
		}
	}
	form := s.everything()
	for k := range form {
		if strings.Contains(k, "[products]") {
			form.Del(k)
		}
	}
	s.refused(400, path, form).wants(t, "no products", map[string]string{"error.param": update + "[products]", "error.code": "parameter_missing"})
	s.refused(404, path+"/bpc_none", values("active", "true"))
	standard := s.fetch("", path).at("data.0.id")
	s.refused(400, path+"/"+standard, values("active", "false"))
}

func TestPortal_Session(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	plain := s.portal(sub.Customer.ID, "locale", "de")
	plain.wants(t, "plain", map[string]string{"object": "billing_portal.session", "flow": "null", "locale": "de", "on_behalf_of": "null",
		"return_url": "http://app.example/account", "url": s.URL() + "/p/session/" + plain.at("id")})
	if got := s.event("billing_portal.session.created"); got.Data.Object["id"] != plain.at("id") {
		t.Errorf("got %v", got.Data.Object)
	}
	made := s.portal(sub.Customer.ID, append(confirm(sub, "id", sub.Items.Data[0].ID, "price", s.yearly, "quantity", "2"),
		"flow_data[after_completion][type]", "redirect", "flow_data[after_completion][redirect][return_url]", "http://app.example/thanks",
		"expand[]", "configuration")...)
	made.wants(t, "flow", map[string]string{
		"flow.type": "subscription_update_confirm", "flow.after_completion.type": "redirect", "flow.after_completion.redirect.return_url": "http://app.example/thanks",
		"flow.after_completion.hosted_confirmation": "null", "flow.subscription_cancel": "null", "flow.subscription_update": "null",
		"flow.subscription_update_confirm.items.0.price": s.yearly, "flow.subscription_update_confirm.items.0.quantity": "2",
		"flow.subscription_update_confirm.discounts": "null", "configuration.is_default": "true",
	})
	own := s.configuration("default_return_url", "http://app.example/home")
	s.post("/v1/billing_portal/sessions", values("customer", sub.Customer.ID, "configuration", own)).wants(t, "own", map[string]string{
		"configuration": own, "return_url": "http://app.example/home"})
}

func TestPortal_SessionRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, other := s.subscribed(), s.subscribed()
	item := sub.Items.Data[0].ID
	s.ok(s.SetCard(sub.Customer.ID, "4242424242424242"))
	ended := s.created("customer", sub.Customer.ID, "items[0][price]", s.monthly).at("id")
	s.ok(s.CancelSubscription(ended))
	ending := s.created("customer", sub.Customer.ID, "items[0][price]", s.monthly).at("id")
	s.post("/v1/subscriptions/"+ending, values("cancel_at_period_end", "true"))
	meter := s.meter()
	two := s.created("customer", sub.Customer.ID, "items[0][price]", s.monthly, "items[1][price]", meter).at("id")
	archived := s.mustPrice(sandbox.PriceSpec{Product: "Old", UnitAmount: 100, Interval: "month"})
	s.post("/v1/prices/"+archived, values("active", "false"))
	off := s.configuration("features[subscription_update][enabled]", "false", "features[subscription_cancel][enabled]", "false", "features[payment_method_update][enabled]", "false")
	seats := s.configuration()
	s.post("/v1/billing_portal/configurations/"+seats, values("features[subscription_update][default_allowed_updates][0]", "quantity"))
	inactive := s.configuration()
	s.post("/v1/billing_portal/configurations/"+inactive, values("active", "false"))
	unlisted := s.mustPrice(sandbox.PriceSpec{Product: "Secret", UnitAmount: 100, Interval: "month"})

	for name, tt := range map[string]struct {
		pairs []string
		param string
		text  string
	}{
		"customer":             {[]string{"customer", "cus_none"}, "customer", "No such customer"},
		"configuration":        {[]string{"configuration", "bpc_none"}, "configuration", "No such configuration"},
		"inactive":             {[]string{"configuration", inactive}, "configuration", "inactive"},
		"on behalf":            {[]string{"on_behalf_of", "acct_1"}, "on_behalf_of", "does not serve it yet"},
		"locale":               {[]string{"locale", "tlh"}, "locale", "must be one of"},
		"return_url":           {[]string{"return_url", "home"}, "return_url", "Not a valid URL"},
		"no type":              {[]string{"flow_data[after_completion][type]", "portal_homepage"}, "flow_data[type]", "Missing required param"},
		"type":                 {[]string{"flow_data[type]", "party"}, "flow_data[type]", "must be one of"},
		"no subscription":      {[]string{"flow_data[type]", "subscription_cancel"}, "flow_data[subscription_cancel][subscription]", "Missing required param"},
		"other flow's":         {append(flow("subscription_cancel", sub.ID), "flow_data[subscription_update][subscription]", sub.ID), "flow_data[subscription_update]", "only specify"},
		"unknown subscription": {flow("subscription_cancel", "sub_none"), "flow_data[subscription_cancel][subscription]", "No such subscription"},
		"of another customer":  {flow("subscription_cancel", other.ID), "flow_data[subscription_cancel][subscription]", "does not belong"},
		"ended":                {flow("subscription_cancel", ended), "flow_data[subscription_cancel][subscription]", "already canceled"},
		"ending":               {flow("subscription_cancel", ending), "flow_data[subscription_cancel][subscription]", "already set to be canceled at period end"},
		"update of an ended":   {flow("subscription_update", ended), "flow_data[subscription_update][subscription]", "it is canceled"},
		"two items":            {flow("subscription_update", two), "flow_data[subscription_update][subscription]", "multiple items"},
		"cancel off":           {append(flow("subscription_cancel", sub.ID), "configuration", off), "flow_data[subscription_cancel][subscription]", "is disabled"},
		"update off": {append(flow("subscription_update", sub.ID), "configuration", off), "flow_data[subscription_update][subscription]",
			"the subscription update feature in the portal configuration is disabled"},
		"card off":    {[]string{"flow_data[type]", "payment_method_update", "configuration", off}, "flow_data[type]", "is disabled"},
		"no items":    {confirm(sub), "flow_data[subscription_update_confirm][items]", "Missing required param"},
		"no item id":  {confirm(sub, "price", s.yearly), "flow_data[subscription_update_confirm][items][0][id]", "Missing required param"},
		"item":        {confirm(sub, "id", "si_none"), "flow_data[subscription_update_confirm][items][0][id]", "No such subscription item"},
		"no change":   {confirm(sub, "id", item, "price", s.monthly), "flow_data[subscription_update_confirm][items][0][price]", "there are no changes to confirm"},
		"price":       {confirm(sub, "id", item, "price", "price_none"), "flow_data[subscription_update_confirm][items][0][price]", "No such price"},
		"archived":    {confirm(sub, "id", item, "price", archived), "flow_data[subscription_update_confirm][items][0][price]", "inactive"},
		"price off":   {append(confirm(sub, "id", item, "price", s.yearly), "configuration", seats), "flow_data[subscription_update_confirm][items][0][price]", "does not include `price`"},
		"not offered": {append(confirm(sub, "id", item, "price", unlisted), "configuration", seats), "flow_data[subscription_update_confirm][items][0][price]", "does not include the price"},
		"one-time":    {confirm(sub, "id", item, "price", s.once), "flow_data[subscription_update_confirm][items][0][price]", "does not include the price"},
		"quantity":    {confirm(sub, "id", item, "quantity", "0"), "flow_data[subscription_update_confirm][items][0][quantity]", "greater than or equal to 1"},
		"discounts":   {append(confirm(sub, "id", item, "price", s.yearly), "flow_data[subscription_update_confirm][discounts][0][coupon]", "x"), "", "does not serve it yet"},
		"retention":   {append(flow("subscription_cancel", sub.ID), "flow_data[subscription_cancel][retention][type]", "coupon_offer"), "", "does not serve it yet"},
		"redirect": {append(flow("subscription_cancel", sub.ID), "flow_data[after_completion][type]", "redirect"),
			"flow_data[after_completion][redirect][return_url]", "Missing required param"},
	} {
		form := values("customer", sub.Customer.ID)
		for k, v := range values(tt.pairs...) {
			form[k] = v
		}
		e := s.refused(400, "/v1/billing_portal/sessions", form)
		if !strings.Contains(e.at("error.message"), tt.text) || tt.param != "" && e.at("error.param") != tt.param {
			t.Errorf("%s: got %s", name, mustJSON(e))
		}
	}
}

// stripe-go asks for what it has, and understands the answers.
func TestPortal_StripeGo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	yes := stripe.Bool(true)
	product := s.fetch("", "/v1/prices/"+s.yearly).at("product")
	p := &stripe.BillingPortalConfigurationParams{
		BusinessProfile: &stripe.BillingPortalConfigurationBusinessProfileParams{Headline: stripe.String("Us")},
		Features: &stripe.BillingPortalConfigurationFeaturesParams{
			CustomerUpdate:      &stripe.BillingPortalConfigurationFeaturesCustomerUpdateParams{Enabled: yes, AllowedUpdates: stripe.StringSlice([]string{"email"})},
			InvoiceHistory:      &stripe.BillingPortalConfigurationFeaturesInvoiceHistoryParams{Enabled: yes},
			PaymentMethodUpdate: &stripe.BillingPortalConfigurationFeaturesPaymentMethodUpdateParams{Enabled: yes},
			SubscriptionCancel: &stripe.BillingPortalConfigurationFeaturesSubscriptionCancelParams{Enabled: yes,
				CancellationReason: &stripe.BillingPortalConfigurationFeaturesSubscriptionCancelCancellationReasonParams{
					Enabled: yes, Options: stripe.StringSlice([]string{"unused", "other"})}},
			SubscriptionUpdate: &stripe.BillingPortalConfigurationFeaturesSubscriptionUpdateParams{Enabled: yes,
				DefaultAllowedUpdates: stripe.StringSlice([]string{"price"}),
				Products: []*stripe.BillingPortalConfigurationFeaturesSubscriptionUpdateProductParams{
					{Product: &product, Prices: stripe.StringSlice([]string{s.yearly})}}},
		},
	}
	p.AddExpand("features.subscription_update.products")
	cfg := must[*stripe.BillingPortalConfiguration](t)(s.api.BillingPortalConfigurations.New(p))
	if u := cfg.Features.SubscriptionUpdate; !u.Enabled || len(u.Products) != 1 || u.Products[0].Prices[0] != s.yearly || len(cfg.Features.SubscriptionCancel.CancellationReason.Options) != 2 {
		t.Errorf("got %+v", cfg.Features)
	}
	ps := must[*stripe.BillingPortalSession](t)(s.api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{
		Customer: &sub.Customer.ID, Configuration: &cfg.ID,
		FlowData: &stripe.BillingPortalSessionFlowDataParams{
			Type: stripe.String("subscription_update_confirm"),
			SubscriptionUpdateConfirm: &stripe.BillingPortalSessionFlowDataSubscriptionUpdateConfirmParams{Subscription: &sub.ID,
				Items: []*stripe.BillingPortalSessionFlowDataSubscriptionUpdateConfirmItemParams{{ID: &sub.Items.Data[0].ID, Price: &s.yearly, Quantity: stripe.Int64(1)}}},
		},
	}))
	s.ok(s.Portal(ps.URL).Confirm())
	if got := s.sub(sub.ID); got.Items.Data[0].Price.ID != s.yearly {
		t.Errorf("got %s", got.Items.Data[0].Price.ID)
	}
	cfg = must[*stripe.BillingPortalConfiguration](t)(s.api.BillingPortalConfigurations.Update(cfg.ID, &stripe.BillingPortalConfigurationParams{Active: stripe.Bool(false)}))
	_, err := s.api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{Customer: &sub.Customer.ID, Configuration: &cfg.ID})
	if e := refusal(t, err); e.Param != "configuration" {
		t.Errorf("got %+v", e)
	}
}

// The portal emits what the same change through the API emits.
func TestPortal_Verbs(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newShop(t, sandbox.WithClock(c.Now))
	sub := s.subscribed()
	open := func(pairs ...string) *sandbox.Portal { return s.Portal(s.portal(sub.Customer.ID, pairs...).at("url")) }
	portal := open()
	for _, tt := range []struct {
		name, want string
		do         func() error
	}{
		{"cancel", "customer.subscription.updated", func() error { return portal.Cancel(sub.ID) }},
		{"resume", "customer.subscription.updated", func() error { return portal.Resume(sub.ID) }},
		{"quantity", "customer.subscription.updated", func() error { return portal.Change(sub.ID, s.monthly, 3) }},
		{"card", "setup_intent.created payment_method.attached setup_intent.succeeded customer.updated customer.subscription.updated", func() error { return portal.ReplaceCard("4000 0000 0000 0259") }},
	} {
		if got := s.after(func() { s.ok(tt.do()) }); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := s.sub(sub.ID); got.CancelAtPeriodEnd || got.CancelAt != 0 || got.CanceledAt != 0 || got.Items.Data[0].Quantity != 3 {
		t.Errorf("got %+v", got)
	}
	s.ok(portal.Cancel(sub.ID))
	if got := s.sub(sub.ID); !got.CancelAtPeriodEnd || got.CancelAt != got.CurrentPeriodEnd {
		t.Errorf("canceled: got %+v", got)
	}
	if portal.Cancel(sub.ID) == nil || portal.CancelNow(sub.ID) == nil || portal.Cancel("sub_none") == nil || portal.Confirm() == nil {
		t.Error("what cannot be was done")
	}
	s.ok(portal.Resume(sub.ID))
	if portal.Resume(sub.ID) == nil || s.Portal("bps_none").Resume(sub.ID) == nil {
		t.Error("what cannot be was done")
	}
	if err := portal.ReplaceCard("4000000000000002"); !errors.Is(err, sandbox.ErrDeclined) {
		t.Errorf("got %v", err)
	}

	// Due at once and declined: nothing changes.
	s.ok(portal.ReplaceCard(failingCard))
	got := s.after(func() {
		if err := portal.Change(sub.ID, s.yearly, 1); !errors.Is(err, sandbox.ErrDeclined) {
			t.Errorf("got %v", err)
		}
	})
	if got != "" || s.sub(sub.ID).Items.Data[0].Price.ID != s.monthly {
		t.Errorf("a declined change: got %s", got)
	}
	s.ok(portal.ReplaceCard("4242424242424242"))
	s.ok(portal.Change(sub.ID, s.yearly, 1))
	if got := s.sub(sub.ID); got.Items.Data[0].Price.ID != s.yearly || got.LatestInvoice.Status != "paid" || got.LatestInvoice.BillingReason != "subscription_update" {
		t.Errorf("changed: got %+v", got)
	}

	now := s.configuration("features[subscription_cancel][mode]", "immediately")
	portal = open("configuration", now)
	if portal.Cancel(sub.ID) == nil {
		t.Error("canceled at the period's end, which the configuration does not do")
	}
	if got := s.after(func() { s.ok(portal.CancelNow(sub.ID)) }); got != "customer.subscription.deleted" {
		t.Errorf("at once: got %s", got)
	}

	unused := open()
	c.advance(5 * time.Minute)
	if err := unused.ReplaceCard("4242424242424242"); !errors.Is(err, sandbox.ErrPortalExpired) {
		t.Errorf("unvisited: got %v", err)
	}
	s.ok(portal.ReplaceCard("4242424242424242"))
	c.advance(time.Hour)
	if err := portal.ReplaceCard("4242424242424242"); !errors.Is(err, sandbox.ErrPortalExpired) {
		t.Errorf("unused: got %v", err)
	}
}

func TestPortal_Flows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	item := sub.Items.Data[0].ID
	portal := s.Portal(s.portal(sub.Customer.ID, confirm(sub, "id", item, "price", s.yearly)...).at("id"))
	if portal.Cancel(sub.ID) == nil || portal.ReplaceCard("4242424242424242") == nil {
		t.Error("a flow allows something else")
	}
	s.ok(portal.Confirm())
	if got := s.sub(sub.ID).Items.Data[0].Price.ID; got != s.yearly {
		t.Errorf("got %s", got)
	}
	s.ok(portal.Cancel(sub.ID)) // on the home page afterwards
	s.ok(portal.Resume(sub.ID))

	portal = s.Portal(s.portal(sub.Customer.ID, append(flow("subscription_cancel", sub.ID), "flow_data[after_completion][type]", "hosted_confirmation")...).at("id"))
	s.ok(portal.Confirm())
	if portal.Resume(sub.ID) == nil {
		t.Error("a flow goes on after its end")
	}
	card := s.Portal(s.portal(sub.Customer.ID, "flow_data[type]", "payment_method_update").at("id"))
	if card.Confirm() == nil {
		t.Error("a card was confirmed that is not known")
	}
	s.ok(card.ReplaceCard("4242424242424242"))
}

// A flexible subscription that is canceled in the portal has cancel_at alone.
func TestPortal_CancelsAFlexibleSubscription(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	id := must[string](t)(s.CreateSubscription(sandbox.SubscriptionSpec{Customer: cu, Flexible: true, Items: []sandbox.SubscriptionItemSpec{{Price: s.monthly}}}))
	portal := s.Portal(s.portal(cu).at("id"))
	s.ok(portal.Cancel(id))
	if got := s.sub(id); got.CancelAtPeriodEnd || got.CancelAt != got.CurrentPeriodEnd {
		t.Errorf("got %v %d, want false %d", got.CancelAtPeriodEnd, got.CancelAt, got.CurrentPeriodEnd)
	}
	s.ok(portal.Resume(id))
	if got := s.sub(id); got.CancelAt != 0 {
		t.Errorf("resumed: got %d", got.CancelAt)
	}
}

// An update ends a trial, unless the configuration lets it go on.
func TestPortal_UpdatesATrial(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for behavior, status := range map[string]string{"end_trial": "active", "continue_trial": "trialing"} {
		cu := s.customer().ID
		id := must[string](t)(s.CreateSubscription(sandbox.SubscriptionSpec{Customer: cu, TrialDays: 7, Items: []sandbox.SubscriptionItemSpec{{Price: s.monthly}}}))
		cfg := s.configuration("features[subscription_update][trial_update_behavior]", behavior)
		s.ok(s.Portal(s.portal(cu, "configuration", cfg).at("id")).Change(id, s.monthly, 2))
		got := s.sub(id)
		if string(got.Status) != status || got.Items.Data[0].Quantity != 2 {
			t.Errorf("%s: got %s", behavior, got.Status)
		}
		if paid := got.LatestInvoice.AmountPaid; (paid == 4000) != (status == "active") {
			t.Errorf("%s: %d was paid", behavior, paid)
		}
	}
}

// Sessions and configurations are what every version says they are.
func TestPortal_EveryVersion(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	endpoints := map[string]*endpoint{}
	for _, v := range stripespec.Versions {
		e := newEndpoint(t, "whsec_"+v.API)
		must[sandbox.WebhookEndpoint](t)(s.AddWebhookEndpointAt(v.API, e.URL, "whsec_"+v.API, "billing_portal.*"))
		endpoints[v.API] = e
	}
	s.usePortal(sub)
	s.idle()
	for _, v := range stripespec.Versions {
		seen := map[string]int{}
		for _, ev := range endpoints[v.API].accepted() {
			kind, _, _ := strings.Cut(strings.TrimPrefix(string(ev.Type), "billing_portal."), ".")
			stripespec.ValidateIn(t, v.API, "billing_portal."+kind, ev.Data.Raw)
			seen[kind]++
		}
		if seen["session"] < 5 || seen["configuration"] < 2 {
			t.Errorf("%s: got %v", v.API, seen)
		}
		for _, query := range []string{"", "&expand[]=data.features.subscription_update.products"} {
			_, answer := s.ask(v.API, "GET", "/v1/billing_portal/configurations?limit=100"+query, nil)
			stripespec.ValidateIn(t, v.API, "list of billing_portal.configuration", answer)
		}
	}
}

// usePortal brings sessions and configurations of the portal into every state.
func (s *shop) usePortal(sub *stripe.Subscription) {
	s.t.Helper()
	cu := sub.Customer.ID
	s.portal(cu)
	s.portal(cu, "flow_data[type]", "payment_method_update", "flow_data[after_completion][type]", "hosted_confirmation",
		"flow_data[after_completion][hosted_confirmation][custom_message]", "Thanks")
	s.portal(cu, append(flow("subscription_update", sub.ID), "flow_data[after_completion][type]", "portal_homepage")...)
	s.portal(cu, append(flow("subscription_cancel", sub.ID), "flow_data[after_completion][type]", "redirect",
		"flow_data[after_completion][redirect][return_url]", "http://app.example/")...)
	s.portal(cu, confirm(sub, "id", sub.Items.Data[0].ID, "price", s.yearly)...)
	cfg := s.configuration("business_profile[privacy_policy_url]", "http://app.example/privacy", "name", "Mine",
		"features[subscription_update][products][0][adjustable_quantity][enabled]", "true",
		"features[subscription_update][products][0][adjustable_quantity][maximum]", "7")
	s.post("/v1/billing_portal/configurations/"+cfg, values("active", "false"))
}

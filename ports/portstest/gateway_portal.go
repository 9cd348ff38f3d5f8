package portstest

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const returnURL = "https://app.example/billing"

// offer has the price of the subscriber, and a dearer one.
func (s shopper) offer(t *testing.T) ports.PortalOffer {
	t.Helper()
	prices, err := s.Gateway.Prices(t.Context(), []domain.Price{s.Recurring, s.Dearer})
	if err != nil {
		t.Fatal(err)
	}
	o := ports.PortalOffer{Deployment: deployment, Quantities: true}
	for _, p := range prices {
		if p.Product == "" {
			t.Errorf("price %s has no product", p.ID)
		}
		o.Products = append(o.Products, ports.PortalProduct{ID: p.Product, Prices: []domain.PriceID{p.ID}})
	}
	return o
}

func (s shopper) configuration(t *testing.T, o ports.PortalOffer) ports.PortalConfigurationID {
	t.Helper()
	id, err := s.Gateway.PortalConfiguration(t.Context(), o)
	if err != nil || id == "" {
		t.Fatalf("portal configuration: got %q, %v", id, err)
	}
	return id
}

func gatewayPortalConfiguration(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	all := s.offer(t)
	first := s.configuration(t, all)
	if again := s.configuration(t, all); again != first {
		t.Errorf("the same offer: got %s, then %s", first, again)
	}
	seen := map[ports.PortalConfigurationID]string{first: "all"}
	for name, change := range map[string]func(*ports.PortalOffer){
		"nothing":        func(o *ports.PortalOffer) { o.Products, o.Quantities = nil, false },
		"fewer products": func(o *ports.PortalOffer) { o.Products = o.Products[:1] },
		"no quantities":  func(o *ports.PortalOffer) { o.Quantities = false },
		"another's":      func(o *ports.PortalOffer) { o.Deployment = "another" },
	} {
		other := all
		change(&other)
		id := s.configuration(t, other)
		if of, made := seen[id]; made {
			t.Errorf("%s: got the configuration of %s", name, of)
		}
		seen[id] = name
	}
}

func gatewayOpenPortal(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	sub := s.fetchSubscription(t, s.request("order1", domain.ModeSubscription)).Snapshot
	offer := s.offer(t)
	to := ports.Change{Subscription: sub.ID, Item: sub.Items[0].ID, Price: s.Dearer.ID, Quantity: 3}
	home := ports.PortalRequest{Customer: s.customer, Configuration: s.configuration(t, offer), ReturnURL: returnURL}
	opened := map[string]bool{}
	for _, flow := range ports.PortalFlows {
		r := home
		r.Flow = flow
		if flow.OfSubscription() {
			r.Subscription = sub.ID
		}
		if flow == ports.PortalConfirm {
			r.Change = to
		}
		url, err := s.Gateway.OpenPortal(t.Context(), r)
		if err != nil || url == "" || opened[url] {
			t.Errorf("flow %q: got %q, %v, want an address of its own", flow, url, err)
		}
		opened[url] = true
	}
	for name, c := range map[string]struct {
		change func(*ports.PortalRequest)
		want   error
	}{
		"an unknown customer":      {func(r *ports.PortalRequest) { r.Customer = "cus_gone" }, ports.ErrCustomerGone},
		"no customer":              {func(r *ports.PortalRequest) { r.Customer = "" }, ports.ErrCustomerGone},
		"an unknown configuration": {func(r *ports.PortalRequest) { r.Configuration = "bpc_unknown" }, ports.ErrGatewayRefused},
		"an unknown subscription":  {func(r *ports.PortalRequest) { r.Subscription = "sub_unknown" }, ports.ErrGatewayRefused},
		"what is not on offer": {func(r *ports.PortalRequest) {
			o := offer
			o.Products = o.Products[:1]
			r.Configuration = s.configuration(t, o)
		}, ports.ErrGatewayRefused},
		"a quantity where only prices are": {func(r *ports.PortalRequest) {
			o := offer
			o.Quantities = false
			r.Configuration = s.configuration(t, o)
		}, ports.ErrGatewayRefused},
		"what there is already": {func(r *ports.PortalRequest) {
			r.Change.Price, r.Change.Quantity = sub.Items[0].Price, sub.Items[0].Quantity
		}, ports.ErrGatewayRefused},
	} {
		r := home
		r.Flow, r.Subscription, r.Change = ports.PortalConfirm, sub.ID, to
		c.change(&r)
		if url, err := s.Gateway.OpenPortal(t.Context(), r); !errors.Is(err, c.want) || url != "" {
			t.Errorf("%s: got %q, %v, want %v", name, url, err, c.want)
		}
	}
}

func gatewayConfirmPortal(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	sub := s.fetchSubscription(t, s.request("order1", domain.ModeSubscription)).Snapshot
	url, err := s.Gateway.OpenPortal(t.Context(), ports.PortalRequest{
		Customer: s.customer, Configuration: s.configuration(t, s.offer(t)), ReturnURL: returnURL, Flow: ports.PortalConfirm, Subscription: sub.ID,
		Change: ports.Change{Subscription: sub.ID, Item: sub.Items[0].ID, Price: s.Dearer.ID, Quantity: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	if now := s.now(t, sub.ID); now.Items[0].Price != s.Recurring.ID {
		t.Errorf("before it is confirmed: got %+v", now.Items)
	}
	s.ConfirmPortal(t, url)
	if now := s.now(t, sub.ID); len(now.Items) != 1 || now.Items[0].Price != s.Dearer.ID || now.Items[0].Quantity != 3 {
		t.Errorf("confirmed: got %+v, want 3 of %s", now.Items, s.Dearer.ID)
	}
}

// Whichever way a trial is changed, it goes on, and nothing is charged, as the preview says.
func gatewayTrialGoesOn(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for order, change := range map[domain.OrderID]func(ports.Change){
		"order1": func(to ports.Change) {
			_, err := s.Gateway.ChangeSubscription(t.Context(), ports.ChangeRequest{Change: to, Deployment: deployment, IdempotencyKey: "change"})
			if err != nil {
				t.Fatal(err)
			}
		},
		"order2": func(to ports.Change) {
			url, err := s.Gateway.OpenPortal(t.Context(), ports.PortalRequest{
				Customer: s.customer, Configuration: s.configuration(t, s.offer(t)), ReturnURL: returnURL,
				Flow: ports.PortalConfirm, Subscription: to.Subscription, Change: to,
			})
			if err != nil {
				t.Fatal(err)
			}
			s.ConfirmPortal(t, url)
		},
	} {
		r := s.request(order, domain.ModeSubscription)
		r.Order.TrialDays = 14
		before := s.fetchSubscription(t, r).Snapshot
		to := ports.Change{Subscription: before.ID, Item: before.Items[0].ID, Price: s.Dearer.ID, Quantity: 2}
		preview, err := s.Gateway.PreviewChange(t.Context(), ports.PreviewRequest{Change: to, At: before.StartedAt})
		if err != nil || preview.Now != nil && preview.Now.Total != 0 {
			t.Errorf("%s: previewed %+v, %v, want nothing due now", order, preview.Now, err)
		}
		change(to)
		now := s.now(t, before.ID)
		if now.Status != domain.StatusTrialing || !now.TrialEnd.Equal(before.TrialEnd) || now.Items[0].Price != s.Dearer.ID || now.LatestInvoice != before.LatestInvoice {
			t.Errorf("%s: got %s until %s with %+v, billed by %s; want the trial until %s of %s, and no other invoice",
				order, now.Status, now.TrialEnd, now.Items, now.LatestInvoice, before.TrialEnd, s.Dearer.ID)
		}
	}
}

// now is how a subscription stands at Stripe.
func (s shopper) now(t *testing.T, id domain.SubscriptionID) domain.Subscription {
	t.Helper()
	fact, err := s.Gateway.FetchSubscription(t.Context(), id)
	if err != nil {
		t.Fatalf("fetch subscription: %v", err)
	}
	return fact.Snapshot
}

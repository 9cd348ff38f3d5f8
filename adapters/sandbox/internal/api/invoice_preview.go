package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// The names of what a preview changes, before create_preview and in it.
var (
	upcomingNames = []string{
		"subscription", "customer", "subscription_items[][id]", "subscription_items[][price]", "subscription_items[][quantity]",
		"subscription_items[][deleted]", "subscription_items[][clear_usage]", "subscription_items[][metadata][*]",
		"subscription_proration_behavior", "subscription_proration_date", "subscription_trial_end", "subscription_cancel_at_period_end",
	}
	previewNames = []string{
		"subscription", "customer", "subscription_details[items][][id]", "subscription_details[items][][price]", "subscription_details[items][][quantity]",
		"subscription_details[items][][deleted]", "subscription_details[items][][clear_usage]", "subscription_details[items][][metadata][*]",
		"subscription_details[proration_behavior]", "subscription_details[proration_date]", "subscription_details[trial_end]",
		"subscription_details[cancel_at_period_end]",
	}
)

var invoicePreviewRoutes = []route{
	{pattern: "GET /v1/invoices/upcoming", params: upcomingNames, do: (*Server).upcomingInvoice},
	{pattern: "GET /v1/invoices/upcoming/lines", params: append(slices.Clone(wire.ListParams), upcomingNames...), do: (*Server).upcomingLines},
	{pattern: "POST /v1/invoices/create_preview", params: previewNames, do: (*Server).createPreview},
}

func (s *Server) upcomingInvoice(c *Call) (wire.Object, *wire.Error) {
	in, e := s.upcoming(c)
	if e != nil {
		return nil, e
	}
	return s.Render.Upcoming(in), nil
}

// upcomingLines pages through all lines, of which the preview itself shows ten.
func (s *Server) upcomingLines(c *Call) (wire.Object, *wire.Error) {
	in, e := s.upcoming(c)
	if e != nil {
		return nil, e
	}
	return page[wire.Object]{
		noun: "line_item", items: s.Render.InvoiceLines(in),
		id:     func(o wire.Object) string { return o["id"].(string) },
		keep:   func(wire.Object) bool { return true },
		object: func(o wire.Object) wire.Object { return o },
	}.serve(c)
}

// upcoming is the preview under its old name, which basil took away.
func (s *Server) upcoming(c *Call) (*state.Invoice, *wire.Error) {
	return s.preview(c, func(name string) string { return strings.TrimPrefix(name, "subscription_") })
}

func (s *Server) createPreview(c *Call) (wire.Object, *wire.Error) {
	in, e := s.preview(c, func(name string) string {
		rest, is := strings.CutPrefix(name, "subscription_details[")
		if !is {
			return name
		}
		return strings.Replace(rest, "]", "", 1) // subscription_details[items][0][id] is items[0][id]
	})
	if e != nil {
		return nil, e
	}
	return s.Render.Invoice(in), nil
}

// preview is the next invoice of a subscription, after the change that the request
// asks about, if any. What the change costs is priced as the change itself is. renamed
// is the name of a parameter in the update of a subscription.
func (s *Server) preview(c *Call, renamed func(string) string) (*state.Invoice, *wire.Error) {
	sub, e := s.previewed(c)
	if e != nil {
		return nil, e
	}
	update := &Call{Params: wire.Params{Form: url.Values{}}}
	names := map[string]string{}
	for name, v := range c.Form {
		update.Form[renamed(name)] = v
		names[renamed(name)] = name
	}
	change := *sub
	ch, e := s.readChange(update, &change)
	if e != nil {
		shown := *e
		if name := names[e.Param]; name != "" {
			shown.Param = name
		}
		return nil, &shown
	}
	change.Items, change.Anchor, change.Pending = slices.Clone(ch.Items), ch.Anchor, ch.Pending
	var in *state.Invoice
	if ch.Invoiced != nil {
		in = s.ChangeInvoice(&change, ch.Invoiced)
	} else if in = s.UpcomingInvoiceOf(&change); in == nil {
		return nil, noneUpcoming(sub.Customer)
	}
	s.Show(in)
	if update.Has("proration_date") {
		in.ProrationDate = update.Integer("proration_date", 0, 1<<40)
	}
	return in, nil
}

// previewed is the subscription that the request is about: the one it names, else that
// of the customer's which is billed next.
func (s *Server) previewed(c *Call) (*state.Subscription, *wire.Error) {
	id, customer := c.Text("subscription"), c.Text("customer")
	sub := s.Subscriptions.Get(id)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case customer != "" && s.LiveCustomer(customer) == nil:
		return nil, wire.MissingReference("customer", customer, "customer")
	case id != "" && (sub == nil || customer != "" && sub.Customer != customer):
		return nil, wire.MissingReference("subscription", id, "subscription")
	case id != "":
		return sub, nil
	case customer == "":
		return nil, wire.Invalid("", "", "You must provide one of customer or subscription.")
	case c.HasAny("subscription_items") || c.HasAny("subscription_details"):
		return nil, wire.Invalid("subscription", "", "Stripe previews the first invoice of a subscription that is not there yet, the sandbox does not serve that yet: name a subscription.")
	}
	for _, other := range s.Subscriptions.Order {
		if other.Customer == customer && !other.Terminal() && other.Status != "paused" && !other.EndsWithPeriod() &&
			(sub == nil || other.NextEnd() < sub.NextEnd()) {
			sub = other
		}
	}
	if sub == nil {
		return nil, noneUpcoming(customer)
	}
	return sub, nil
}

func noneUpcoming(customer string) *wire.Error {
	e := wire.Invalid("", "invoice_upcoming_none", "No upcoming invoices for customer: %s", customer)
	e.Status = http.StatusNotFound
	return e
}

// readChange reads a change of a subscription into it, and what it comes to.
func (s *Server) readChange(c *Call, sub *state.Subscription) (state.ItemChange, *wire.Error) {
	was := *sub
	behavior := c.OneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	at := s.prorationDate(c, sub)
	sub.Items = s.readItems(c, &was)
	s.refusesProration(c, &was, behavior)
	ended := s.readTrial(c, sub)
	if c.Has("cancel_at_period_end") {
		sub.CancelAt = 0
		if c.Flag("cancel_at_period_end") {
			sub.CancelAt = sub.NextEnd()
		}
	}
	if c.Err != nil {
		return state.ItemChange{}, c.Err
	}
	ch := s.PriceChange(&was, sub.Items, behavior, at, false)
	if ended {
		sub.TrialEnd = min(sub.TrialEnd, s.NowUnix())
	}
	return ch, nil
}

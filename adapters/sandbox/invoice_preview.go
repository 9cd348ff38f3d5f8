package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	{pattern: "GET /v1/invoices/upcoming", params: upcomingNames, do: (*Sandbox).upcomingInvoice},
	{pattern: "GET /v1/invoices/upcoming/lines", params: append(slices.Clone(listParams), upcomingNames...), do: (*Sandbox).upcomingLines},
	{pattern: "POST /v1/invoices/create_preview", params: previewNames, do: (*Sandbox).createPreview},
}

func (s *Sandbox) upcomingInvoice(c *call) (object, *apiError) {
	in, e := s.upcoming(c)
	if e != nil {
		return nil, e
	}
	return s.upcomingObject(in), nil
}

// upcomingLines pages through all lines, of which the preview itself shows ten.
func (s *Sandbox) upcomingLines(c *call) (object, *apiError) {
	in, e := s.upcoming(c)
	if e != nil {
		return nil, e
	}
	return page[object]{
		noun: "line_item", items: s.invoiceLineObjects(in),
		id:     func(o object) string { return o["id"].(string) },
		keep:   func(object) bool { return true },
		object: func(o object) object { return o },
	}.serve(c)
}

// upcoming is the preview under its old name, which basil took away.
func (s *Sandbox) upcoming(c *call) (*invoice, *apiError) {
	return s.preview(c, func(name string) string { return strings.TrimPrefix(name, "subscription_") })
}

func (s *Sandbox) createPreview(c *call) (object, *apiError) {
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
	return s.invoiceObject(in), nil
}

// preview is the next invoice of a subscription, after the change that the request
// asks about, if any. What the change costs is priced as the change itself is. renamed
// is the name of a parameter in the update of a subscription.
func (s *Sandbox) preview(c *call, renamed func(string) string) (*invoice, *apiError) {
	sub, e := s.previewed(c)
	if e != nil {
		return nil, e
	}
	update := &call{params: params{form: url.Values{}}}
	names := map[string]string{}
	for name, v := range c.form {
		update.form[renamed(name)] = v
		names[renamed(name)] = name
	}
	change := *sub
	ch, e := s.readChange(update, &change)
	if e != nil {
		shown := *e
		if name := names[e.param]; name != "" {
			shown.param = name
		}
		return nil, &shown
	}
	change.items, change.anchor, change.pending = slices.Clone(ch.items), ch.anchor, ch.pending
	var in *invoice
	if ch.invoiced != nil {
		in = s.changeInvoice(&change, ch.invoiced)
	} else if in = s.upcomingInvoiceOf(&change); in == nil {
		return nil, noneUpcoming(sub.customer)
	}
	s.show(in)
	if update.has("proration_date") {
		in.prorationDate = update.integer("proration_date", 0, 1<<40)
	}
	return in, nil
}

// previewed is the subscription that the request is about: the one it names, else that
// of the customer's which is billed next.
func (s *Sandbox) previewed(c *call) (*subscription, *apiError) {
	id, customer := c.text("subscription"), c.text("customer")
	sub := s.subscriptions.get(id)
	switch {
	case c.err != nil:
		return nil, c.err
	case customer != "" && s.liveCustomer(customer) == nil:
		return nil, missingReference("customer", customer, "customer")
	case id != "" && (sub == nil || customer != "" && sub.customer != customer):
		return nil, missingReference("subscription", id, "subscription")
	case id != "":
		return sub, nil
	case customer == "":
		return nil, invalid("", "", "You must provide one of customer or subscription.")
	case c.hasAny("subscription_items") || c.hasAny("subscription_details"):
		return nil, invalid("subscription", "", "Stripe previews the first invoice of a subscription that is not there yet, the sandbox does not serve that yet: name a subscription.")
	}
	for _, other := range s.subscriptions.order {
		if other.customer == customer && !other.terminal() && other.status != "paused" && !other.endsWithPeriod() &&
			(sub == nil || other.nextEnd() < sub.nextEnd()) {
			sub = other
		}
	}
	if sub == nil {
		return nil, noneUpcoming(customer)
	}
	return sub, nil
}

func noneUpcoming(customer string) *apiError {
	e := invalid("", "invoice_upcoming_none", "No upcoming invoices for customer: %s", customer)
	e.status = http.StatusNotFound
	return e
}

// readChange reads a change of a subscription into it, and what it comes to.
func (s *Sandbox) readChange(c *call, sub *subscription) (itemChange, *apiError) {
	was := *sub
	behavior := c.oneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	at := s.prorationDate(c, sub)
	sub.items = s.readItems(c, &was)
	s.refusesProration(c, &was, behavior)
	ended := s.readTrial(c, sub)
	if c.has("cancel_at_period_end") {
		sub.cancelAt = 0
		if c.flag("cancel_at_period_end") {
			sub.cancelAt = sub.nextEnd()
		}
	}
	if c.err != nil {
		return itemChange{}, c.err
	}
	ch := s.priceChange(&was, sub.items, behavior, at)
	if ended {
		sub.trialEnd = min(sub.trialEnd, s.nowUnix())
	}
	return ch, nil
}

// show makes of an invoice what is shown of it before it is there.
func (s *Sandbox) show(in *invoice) {
	ofPeriod := in.billingReason == "upcoming"
	in.preview, in.status, in.billingReason, in.id = true, "draft", "upcoming", newID("upcoming_in_1", 23)
	in.created = in.periodEnd
	if in.autoAdvance && !in.toBeSent() {
		in.nextAttempt = in.periodEnd
		if ofPeriod {
			in.nextAttempt += int64(draftLife.Seconds())
		}
	}
	if cu := s.customers.get(in.customer); cu != nil {
		in.startingBalance = cu.balance
		in.endingBalance = min(0, in.total()+cu.balance)
	}
	for i := range in.lines {
		in.lines[i].id = newID("il_tmp_1", 23)
	}
	if len(in.lines) > defaultPage {
		s.previews.add(in.id, in) // the rest of its lines can be asked for
	}
}

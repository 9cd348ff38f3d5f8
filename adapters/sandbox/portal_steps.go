package sandbox

import (
	"strconv"
	"strings"
)

type portalCancelPage struct {
	portalFrame
	Subscription portalSubscription
	Ends         string
	Reasons      []portalReason
}

type portalReason struct{ Value, Text string }

var portalReasons = map[string]string{
	"too_expensive": "It's too expensive", "missing_features": "Some features are missing", "switched_service": "I switched to another service",
	"unused": "I don't use it enough", "customer_service": "The customer service was not good enough", "too_complex": "It's too complex",
	"low_quality": "The quality was not good enough", "other": "Another reason",
}

func (v *portalVisit) cancelPage() portalCancelPage {
	p := portalCancelPage{portalFrame: v.frame("Cancel your subscription"), Subscription: v.subscription(v.sub), Ends: "now"}
	if v.cfg.cancelMode == "at_period_end" {
		p.Ends = "on " + shownDate(v.sub.nextEnd())
	}
	if v.cfg.asksReason {
		for _, reason := range v.cfg.reasons {
			p.Reasons = append(p.Reasons, portalReason{reason, portalReasons[reason]})
		}
	}
	return p
}

func (v *portalVisit) showCancel() portalAnswer {
	if e := cancelable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	return portalAnswer{page: "portal_cancel.html", data: v.cancelPage()}
}

func (v *portalVisit) cancel() portalAnswer {
	feedback, comment := v.r.PostForm.Get("feedback"), strings.TrimSpace(v.r.PostForm.Get("comment"))
	if portalReasons[feedback] == "" {
		feedback = ""
	}
	if !v.cfg.asksReason {
		feedback, comment = "", ""
	}
	if v.sub.cancelAt != 0 || v.sub.terminal() {
		return v.finish("canceled") // submitted twice
	}
	if e := v.s.portalCancel(v.cfg, v.sub, feedback, comment); e != nil {
		return v.impossible(e)
	}
	return v.finish("canceled")
}

type portalUpdatePage struct {
	portalFrame
	Subscription          portalSubscription
	Plans                 []portalPlan
	Quantity              string
	Least, Most           int64
	Adjustable            bool
	PlanError, CountError string
}

type portalPlan struct {
	ID, Name, Price   string
	Current, Selected bool
}

func (v *portalVisit) showUpdate() portalAnswer {
	if e := v.s.updatable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	if f := v.ps.flow; f != nil && !f.done && f.kind == "subscription_update_confirm" {
		price, quantity := f.change(v.sub)
		return v.confirmUpdate(price, quantity, nil)
	}
	if !v.r.Form.Has("price") {
		return v.chooseUpdate("", "")
	}
	return v.review(func(price string, quantity int64) portalAnswer { return v.confirmUpdate(price, quantity, nil) })
}

// review reads what was chosen. What cannot be is said beside its field.
func (v *portalVisit) review(then func(price string, quantity int64) portalAnswer) portalAnswer {
	price, quantity := v.r.Form.Get("price"), v.sub.items[0].quantity
	p := v.s.prices.get(price)
	if p == nil {
		return v.chooseUpdate("Please choose a plan.", "")
	}
	least, most, adjustable := v.cfg.quantities(p.product)
	if text := v.r.Form.Get("quantity"); text != "" && adjustable {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < least || n > most {
			return v.chooseUpdate("", "Please choose a quantity from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		}
		quantity = n
	}
	if price == v.sub.items[0].price && quantity == v.sub.items[0].quantity {
		return v.chooseUpdate("This is what you have. Choose another plan or quantity.", "")
	}
	if e := v.s.refusesPortalChange(v.cfg, v.sub, price, quantity); e != nil {
		return v.chooseUpdate(e.message, "")
	}
	return then(price, quantity)
}

func (v *portalVisit) chooseUpdate(planError, countError string) portalAnswer {
	now := v.sub.items[0]
	current := v.s.prices.get(now.price)
	p := portalUpdatePage{
		portalFrame: v.frame("Update your subscription"), Subscription: v.subscription(v.sub), PlanError: planError, CountError: countError,
		Quantity: strconv.FormatInt(now.quantity, 10),
	}
	if v.r.Form.Has("quantity") {
		p.Quantity = v.r.Form.Get("quantity")
	}
	chosen := v.r.Form.Get("price")
	if v.s.prices.get(chosen) == nil {
		chosen = now.price
	}
	p.Least, p.Most, p.Adjustable = v.cfg.quantities(current.product)
	for _, price := range v.s.offers(v.cfg, v.sub.currency) {
		if price == current || v.cfg.allows("price") {
			p.Plans = append(p.Plans, portalPlan{
				ID: price.id, Name: v.s.products.get(price.product).name, Price: price.shown(), Current: price == current, Selected: price.id == chosen,
			})
		}
	}
	return portalAnswer{page: "portal_update.html", data: p}
}

type portalConfirmPage struct {
	portalFrame
	Subscription         portalSubscription
	Name, Price, PriceID string
	Quantity             int64
	Due, Later, Card     string
	EndsTrial            bool
}

func (v *portalVisit) confirmUpdate(priceID string, quantity int64, failed *apiError) portalAnswer {
	if e := v.s.refusesPortalChange(v.cfg, v.sub, priceID, quantity); e != nil {
		return v.impossible(e)
	}
	price := v.s.prices.get(priceID)
	due, later := v.s.previewPortalChange(v.cfg, v.sub, priceID, quantity)
	p := portalConfirmPage{
		portalFrame: v.frame("Confirm your update"), Subscription: v.subscription(v.sub), Name: v.s.products.get(price.product).name,
		Price: price.shown(), PriceID: priceID, Quantity: quantity, Due: formatAmount(due, v.sub.currency), Card: v.cardShown(),
		EndsTrial: v.cfg.endsTrial(v.sub),
	}
	if later != 0 {
		p.Later = formatAmount(later, v.sub.currency)
	}
	if failed != nil {
		p.Error = failed.message
	}
	return portalAnswer{page: "portal_confirm.html", data: p}
}

// update makes the change that was confirmed. A second submit of the form finds it
// made, and goes the same way as the first.
func (v *portalVisit) update() portalAnswer {
	change := func(price string, quantity int64) portalAnswer {
		switch e := v.s.portalChange(v.cfg, v.ps, v.sub, price, quantity); {
		case e != nil && e.asked != "":
			return portalAnswer{to: authenticationPath + e.asked}
		case e != nil:
			return v.confirmUpdate(price, quantity, e)
		}
		return v.finish("updated")
	}
	if e := v.s.updatable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	if f := v.ps.flow; f != nil && !f.done && f.kind == "subscription_update_confirm" {
		return change(f.change(v.sub))
	}
	get := v.r.PostForm.Get
	if now := v.sub.items[0]; get("price") == now.price && get("quantity") == strconv.FormatInt(now.quantity, 10) {
		return v.finish("updated")
	}
	return v.review(change)
}

// previewPortalChange is what a change costs now, and what it adds to the next invoice.
func (s *Sandbox) previewPortalChange(cfg *portalConfiguration, sub *subscription, priceID string, quantity int64) (due, later int64) {
	items := append([]subscriptionItem{}, sub.items...)
	items[0].price, items[0].quantity = priceID, quantity
	if cfg.endsTrial(sub) {
		return s.owed(sub, append([]invoiceLine{{amount: s.prices.get(priceID).amount(quantity)}}, sub.pending...)), 0
	}
	ch := s.priceChange(sub, items, cfg.proration, s.nowUnix())
	if ch.invoiced != nil {
		due = s.owed(sub, ch.invoiced)
	}
	for _, l := range ch.pending {
		later += l.amount
	}
	for _, l := range sub.pending {
		if ch.invoiced == nil {
			later -= l.amount
		}
	}
	return due, later
}

type portalCardPage struct {
	portalFrame
	Card   string
	Fields cardFields
}

func (v *portalVisit) showCard() portalAnswer { return v.cardPage(newCardFields(v.s.now()), nil) }

func (v *portalVisit) cardPage(fields cardFields, failed *apiError) portalAnswer {
	if !v.cfg.paymentMethodUpdate {
		return v.impossible(v.s.portalCard(v.cfg, v.ps, v.cu, ""))
	}
	p := portalCardPage{portalFrame: v.frame("Update your payment method"), Card: v.cardShown(), Fields: fields}
	if failed != nil {
		p.Error = failed.message
	}
	return portalAnswer{page: "portal_card.html", data: p}
}

func (v *portalVisit) replaceCard() portalAnswer {
	fields, ok := readCardFields(v.r, v.s.now())
	if !ok {
		return v.cardPage(fields, nil)
	}
	switch e := v.s.portalCard(v.cfg, v.ps, v.cu, digits(fields.Number)); {
	case e != nil && e.asked != "":
		return portalAnswer{to: authenticationPath + e.asked}
	case e != nil:
		return v.cardPage(fields, e)
	}
	return v.finish("card")
}

package pages

import (
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
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
	if v.cfg.CancelMode == "at_period_end" {
		p.Ends = "on " + shownDate(v.sub.NextEnd())
	}
	if v.cfg.AsksReason {
		for _, reason := range v.cfg.Reasons {
			p.Reasons = append(p.Reasons, portalReason{reason, portalReasons[reason]})
		}
	}
	return p
}

func (v *portalVisit) showCancel() portalAnswer {
	if e := life.Cancelable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	return portalAnswer{page: "portal_cancel.html", data: v.cancelPage()}
}

func (v *portalVisit) cancel() portalAnswer {
	feedback, comment := v.r.PostForm.Get("feedback"), strings.TrimSpace(v.r.PostForm.Get("comment"))
	if portalReasons[feedback] == "" {
		feedback = ""
	}
	if !v.cfg.AsksReason {
		feedback, comment = "", ""
	}
	if v.sub.CancelAt != 0 || v.sub.Terminal() {
		return v.finish("canceled") // submitted twice
	}
	if e := v.s.PortalCancel(v.cfg, v.sub, feedback, comment); e != nil {
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
	if e := v.s.Updatable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	if f := v.ps.Flow; f != nil && !f.Done && f.Kind == "subscription_update_confirm" {
		price, quantity := f.Change(v.sub)
		return v.confirmUpdate(price, quantity, nil)
	}
	if !v.r.Form.Has("price") {
		return v.chooseUpdate("", "")
	}
	return v.review(func(price string, quantity int64) portalAnswer { return v.confirmUpdate(price, quantity, nil) })
}

// review reads what was chosen. What cannot be is said beside its field.
func (v *portalVisit) review(then func(price string, quantity int64) portalAnswer) portalAnswer {
	price, quantity := v.r.Form.Get("price"), v.sub.Items[0].Quantity
	p := v.s.Prices.Get(price)
	if p == nil {
		return v.chooseUpdate("Please choose a plan.", "")
	}
	least, most, adjustable := v.cfg.Quantities(p.Product)
	if text := v.r.Form.Get("quantity"); text != "" && adjustable {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < least || n > most {
			return v.chooseUpdate("", "Please choose a quantity from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		}
		quantity = n
	}
	if price == v.sub.Items[0].Price && quantity == v.sub.Items[0].Quantity {
		return v.chooseUpdate("This is what you have. Choose another plan or quantity.", "")
	}
	if e := v.s.RefusesPortalChange(v.cfg, v.sub, price, quantity); e != nil {
		return v.chooseUpdate(e.Message, "")
	}
	return then(price, quantity)
}

func (v *portalVisit) chooseUpdate(planError, countError string) portalAnswer {
	now := v.sub.Items[0]
	current := v.s.Prices.Get(now.Price)
	p := portalUpdatePage{
		portalFrame: v.frame("Update your subscription"), Subscription: v.subscription(v.sub), PlanError: planError, CountError: countError,
		Quantity: strconv.FormatInt(now.Quantity, 10),
	}
	if v.r.Form.Has("quantity") {
		p.Quantity = v.r.Form.Get("quantity")
	}
	chosen := v.r.Form.Get("price")
	if v.s.Prices.Get(chosen) == nil {
		chosen = now.Price
	}
	p.Least, p.Most, p.Adjustable = v.cfg.Quantities(current.Product)
	for _, price := range v.s.Offers(v.cfg, v.sub.Currency) {
		if price == current || v.cfg.Allows("price") {
			p.Plans = append(p.Plans, portalPlan{
				ID: price.ID, Name: v.s.Products.Get(price.Product).Name, Price: shownPrice(price.In(v.sub.Currency)), Current: price == current, Selected: price.ID == chosen,
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

func (v *portalVisit) confirmUpdate(priceID string, quantity int64, failed *wire.Error) portalAnswer {
	if e := v.s.RefusesPortalChange(v.cfg, v.sub, priceID, quantity); e != nil {
		return v.impossible(e)
	}
	price := v.s.PriceIn(priceID, v.sub.Currency)
	due, later := v.s.previewPortalChange(v.cfg, v.sub, priceID, quantity)
	p := portalConfirmPage{
		portalFrame: v.frame("Confirm your update"), Subscription: v.subscription(v.sub), Name: v.s.Products.Get(price.Product).Name,
		Price: shownPrice(price), PriceID: priceID, Quantity: quantity, Due: wire.FormatAmount(due, v.sub.Currency), Card: v.cardShown(),
		EndsTrial: v.cfg.EndsTrial(v.sub),
	}
	if later != 0 {
		p.Later = wire.FormatAmount(later, v.sub.Currency)
	}
	if failed != nil {
		p.Error = failed.Message
	}
	return portalAnswer{page: "portal_confirm.html", data: p}
}

// update makes the change that was confirmed. A second submit of the form finds it
// made, and goes the same way as the first.
func (v *portalVisit) update() portalAnswer {
	change := func(price string, quantity int64) portalAnswer {
		switch e := v.s.PortalChange(v.cfg, v.ps, v.sub, price, quantity); {
		case e != nil && e.Asked != "":
			return portalAnswer{to: render.AuthenticationPath + e.Asked}
		case e != nil:
			return v.confirmUpdate(price, quantity, e)
		}
		return v.finish("updated")
	}
	if e := v.s.Updatable(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	if f := v.ps.Flow; f != nil && !f.Done && f.Kind == "subscription_update_confirm" {
		return change(f.Change(v.sub))
	}
	get := v.r.PostForm.Get
	if now := v.sub.Items[0]; get("price") == now.Price && get("quantity") == strconv.FormatInt(now.Quantity, 10) {
		return v.finish("updated")
	}
	return v.review(change)
}

// previewPortalChange is what a change costs now, and what it adds to the next invoice.
func (s *Site) previewPortalChange(cfg *state.PortalConfiguration, sub *state.Subscription, priceID string, quantity int64) (due, later int64) {
	items := append([]state.SubscriptionItem{}, sub.Items...)
	items[0].Price, items[0].Quantity = priceID, quantity
	if cfg.EndsTrial(sub) {
		return s.Owed(sub, append([]state.InvoiceLine{{Amount: s.PriceIn(priceID, sub.Currency).Amount(quantity)}}, sub.Pending...)), 0
	}
	ch := s.PriceChange(sub, items, cfg.Proration, s.NowUnix(), false)
	if ch.Invoiced != nil {
		due = s.Owed(sub, ch.Invoiced)
	}
	for _, l := range ch.Pending {
		later += l.Amount
	}
	for _, l := range sub.Pending {
		if ch.Invoiced == nil {
			later -= l.Amount
		}
	}
	return due, later
}

type portalCardPage struct {
	portalFrame
	Card   string
	Fields cardFields
}

func (v *portalVisit) showCard() portalAnswer { return v.cardPage(newCardFields(v.s.Now()), nil) }

func (v *portalVisit) cardPage(fields cardFields, failed *wire.Error) portalAnswer {
	if !v.cfg.PaymentMethodUpdate {
		return v.impossible(v.s.PortalCard(v.cfg, v.ps, v.cu, ""))
	}
	p := portalCardPage{portalFrame: v.frame("Update your payment method"), Card: v.cardShown(), Fields: fields}
	if failed != nil {
		p.Error = failed.Message
	}
	return portalAnswer{page: "portal_card.html", data: p}
}

func (v *portalVisit) replaceCard() portalAnswer {
	fields, ok := readCardFields(v.r, v.s.Now())
	if !ok {
		return v.cardPage(fields, nil)
	}
	switch e := v.s.PortalCard(v.cfg, v.ps, v.cu, Digits(fields.Number)); {
	case e != nil && e.Asked != "":
		return portalAnswer{to: render.AuthenticationPath + e.Asked}
	case e != nil:
		return v.cardPage(fields, e)
	}
	return v.finish("card")
}

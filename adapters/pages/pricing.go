package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// pricing is what the pricing page shows.
type pricing struct {
	Canceled   bool // the buyer came back without paying
	Plans      []planCard
	Currency   string           // that amounts are shown in, where a price has it; empty: none was chosen
	Currencies []currencyChoice // none where there is nothing to choose
}

// currencyChoice is a currency that the page can be read in.
type currencyChoice struct {
	Code, Name string // as in the address, and in capitals
	Chosen     bool
}

// planCard is one plan for sale.
type planCard struct {
	Key, Name, Description string
	Button                 string // until it is known what it would do for the user; empty: there is none
	Default                bool   // every user holds it
	Highlight              bool
	Prices                 []priceTag // the first is chosen to begin with
	Notes                  []string
	Trial                  string // a note for whom a click would give it; empty: there is none
	Grants                 []grant
	MaxQuantity            int64
}

// Countable tells whether a buyer may have more than one unit.
func (c planCard) Countable() bool { return c.MaxQuantity > 1 }

type priceTag struct {
	Key, Label, Amount, Period string
	Each                       bool   // it is paid for each of the units
	Currency                   string // that it is shown in, of several that it is sold in; empty: there is but one
}

type grant struct{ Feature, Words string }

func (s *shop) pricing(w http.ResponseWriter, r *http.Request) {
	user := s.SignIn(w, r)
	offered, err := s.Plans.Do(r.Context())
	if err != nil {
		// Why is for the operator's eyes; the page says where to look.
		s.Logger.ErrorContext(r.Context(), "list plans", "error", err)
		w.Header().Set("Retry-After", "5")
		s.render(w, r, http.StatusServiceUnavailable, unavailablePage, page{Title: "Prices are not available", Path: "/", User: user})
		return
	}
	currencies := currenciesOf(offered)
	body := pricing{Canceled: r.URL.Query().Has("canceled"), Currency: strings.ToLower(r.URL.Query().Get("currency"))}
	if !slices.Contains(currencies, body.Currency) {
		body.Currency = ""
	}
	for _, c := range currencies {
		if len(currencies) > 1 {
			body.Currencies = append(body.Currencies, currencyChoice{c, strings.ToUpper(c), c == cmp.Or(body.Currency, currencies[0])})
		}
	}
	for _, o := range offered {
		body.Plans = append(body.Plans, s.card(o, offered, body.Currency))
	}
	s.render(w, r, http.StatusOK, pricingPage, page{
		Title: "Plans and prices", Path: "/", Script: "pricing.js", User: user, Words: s.words(r), Body: body,
	})
}

// currenciesOf are all that something is sold in, in the order of what is offered.
func currenciesOf(offered []app.OfferedPlan) []string {
	var all []string
	for _, o := range offered {
		for _, p := range o.Prices {
			for _, c := range p.Currencies {
				if !slices.Contains(all, c) {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

func (s *shop) card(o app.OfferedPlan, offered []app.OfferedPlan, currency string) planCard {
	plan := o.Plan
	c := planCard{
		Key:         string(plan.Key),
		Name:        nameOf(plan),
		Description: plan.Description,
		Button:      "Choose " + nameOf(plan),
		Default:     plan.Default,
		Highlight:   plan.Highlight,
		MaxQuantity: plan.Checkout.MaxQuantity,
	}
	if slices.ContainsFunc(o.Prices, func(p app.OfferedPrice) bool { return p.Stripe.Metered }) {
		c.MaxQuantity = 1 // nobody chooses how much there will be used
	}
	switch {
	case plan.Default:
		c.Button = "" // nobody buys it
		c.Notes = append(c.Notes, "For everybody")
	case plan.Addon():
		c.Notes = append(c.Notes, "Added to "+namesOf(plan.AddonTo, offered))
	case plan.Mode != domain.ModePayment:
		if plan.TrialDays > 0 {
			c.Trial = fmt.Sprintf("First %s free", count(int64(plan.TrialDays), "days"))
		}
	case plan.ValidFor > 0:
		c.Notes = append(c.Notes, "Yours for "+durationWords(plan.ValidFor))
	default:
		c.Notes = append(c.Notes, "Yours for good")
	}
	for _, p := range o.Prices {
		p.Stripe = p.In(currency)
		tag := priceTag{
			Key:    string(p.Key),
			Label:  capital(inWords(string(p.Key))),
			Amount: amount(p.Stripe),
			Period: period(p.Stripe.Interval, p.Stripe.IntervalCount),
			Each:   c.Countable() && !p.Stripe.AmountUnknown,
		}
		if p.Stripe.Metered && !p.Stripe.AmountUnknown {
			tag.Period = "per unit used"
		}
		if one, told := p.Stripe.Total(1); p.Stripe.AmountUnknown && told && !c.Countable() {
			tag.Amount = money(one, p.Stripe.Currency)
		}
		if len(p.Currencies) > 1 {
			tag.Currency = p.Stripe.Currency
		}
		c.Prices = append(c.Prices, tag)
	}
	for key, value := range plan.Grants {
		feature := s.Features[key]
		feature.PerUnit = feature.PerUnit && c.Countable()
		c.Grants = append(c.Grants, grant{string(key), grantWords(s.called(key), value, feature)})
	}
	slices.SortFunc(c.Grants, func(a, b grant) int {
		va, vb := plan.Grants[domain.FeatureKey(a.Feature)], plan.Grants[domain.FeatureKey(b.Feature)]
		// How many comes before what: limits first.
		return cmp.Or(cmp.Compare(vb.Type, va.Type), cmp.Compare(a.Feature, b.Feature))
	})
	return c
}

// namesOf are plans in the words of a sentence, as far as they are for sale.
func namesOf(keys []domain.PlanKey, offered []app.OfferedPlan) string {
	var names []string
	for _, o := range offered {
		if slices.Contains(keys, o.Plan.Key) {
			names = append(names, nameOf(o.Plan))
		}
	}
	return cmp.Or(strings.Join(names, " or "), "another plan")
}

// amount is what a price costs, or how that is found out where it is not one sum.
func amount(p ports.StripePrice) string {
	switch {
	case !p.AmountUnknown:
		return money(p.Amount, p.Currency)
	case p.Metered:
		return "By use"
	case p.Tiered:
		return "By volume"
	default:
		return "Shown at checkout"
	}
}

// period says how often a price is paid.
func period(interval string, every int64) string {
	switch {
	case interval == "":
		return "once"
	case every > 1:
		return "every " + strconv.FormatInt(every, 10) + " " + interval + "s"
	default:
		return "/" + interval
	}
}

// durationWords writes a duration in whole days where it is one.
func durationWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 365*day:
		return "one year"
	case d%day == 0:
		return count(int64(d/day), "days")
	case d%time.Hour == 0:
		return count(int64(d/time.Hour), "hours")
	default:
		return d.String()
	}
}

package cases

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// caseStripe is a Stripe that serves objects as a case tells them, in the API version
// it is asked in, alone and in lists. It makes customers and sessions, and refuses what
// Stripe refuses; all else that it is told to do does not exist.
//
// The sandbox is a Stripe that works: what it holds is what could come of its own
// doings. Here a case says what Stripe holds, so that a test need not believe in what
// we took Stripe to do.
type caseStripe struct {
	url string

	mu       sync.Mutex
	account  string                       // whose key is used
	accounts map[string]map[string]object // each has objects of its own
	prices   []object                     // the same in all accounts
	archived map[string]bool              // products
	missing  string                       // a customer that Stripe says it does not know
	made     int
}

// casePrice is a price of a case.
type casePrice struct {
	ID       string           `json:"id"`
	Lookup   *string          `json:"lookup"`
	Interval *string          `json:"interval"` // "": a price that is paid once
	Amount   *int64           `json:"amount"`
	Currency string           `json:"currency"`
	Active   *bool            `json:"active"`
	Metered  bool             `json:"metered"`
	Archived bool             `json:"archived"` // its product is
	Also     map[string]int64 `json:"also"`     // amounts in other currencies
}

// UnmarshalJSON tells an interval that is null from one that is left out.
func (p *casePrice) UnmarshalJSON(b []byte) error {
	type plain casePrice
	month := "month"
	told := plain{Interval: &month, Currency: "usd"}
	if err := json.Unmarshal(b, &told); err != nil {
		return err
	}
	*p = casePrice(told)
	return nil
}

func openCaseStripe(t *testing.T, prices []casePrice) *caseStripe {
	s := &caseStripe{account: "main", accounts: map[string]map[string]object{}, archived: map[string]bool{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	for _, p := range prices {
		s.setPrice(p)
	}
	return s
}

func (s *caseStripe) setPrice(p casePrice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	amount, active := int64(1000), p.Active == nil || *p.Active
	if p.Amount != nil {
		amount = *p.Amount
	}
	price := object{
		"id": p.ID, "object": "price", "type": "one_time", "active": active, "unit_amount": amount, "currency": p.Currency,
		"lookup_key": p.Lookup, "livemode": false, "created": 1700000000, "recurring": nil, "product": "prod_" + p.ID, "billing_scheme": "per_unit",
	}
	if p.Interval != nil {
		usage := "licensed"
		if p.Metered {
			usage = "metered"
		}
		price["type"] = "recurring"
		price["recurring"] = object{"interval": *p.Interval, "interval_count": 1, "usage_type": usage}
	}
	if p.Also != nil {
		options := object{p.Currency: object{"unit_amount": amount}}
		for currency, amount := range p.Also {
			options[currency] = object{"unit_amount": amount}
		}
		price["currency_options"] = options
	}
	s.archived["prod_"+p.ID] = p.Archived
	if n := slices.IndexFunc(s.prices, func(o object) bool { return o["id"] == p.ID }); n >= 0 {
		s.prices[n] = price
		return
	}
	s.prices = append(s.prices, price)
}

// id makes an id.
func (s *caseStripe) id(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID(prefix)
}

func (s *caseStripe) newID(prefix string) string {
	s.made++
	return fmt.Sprintf("%scase%05d", prefix, s.made)
}

// set makes an object be so at Stripe from now on.
func (s *caseStripe) set(id string, o object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects()[id] = o
}

// get is the object as Stripe has it.
func (s *caseStripe) get(id string) object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects()[id]
}

func (s *caseStripe) useAccount(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = name
}

func (s *caseStripe) refuseCustomer(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing = id
}

func (s *caseStripe) objects() map[string]object {
	if s.accounts[s.account] == nil {
		s.accounts[s.account] = map[string]object{}
	}
	return s.accounts[s.account]
}

// stripeError is an answer that is none: why a call is refused.
type stripeError struct {
	status               int
	code, message, param string
}

func missing(status int, param, what string, id any) *stripeError {
	return &stripeError{status, "resource_missing", fmt.Sprintf("No such %s: '%v'", what, id), param}
}

func (s *caseStripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := http.StatusOK
	answer, refused := s.answer(r)
	if refused != nil {
		told := object{"type": "invalid_request_error", "message": refused.message}
		if refused.code != "" {
			told["code"] = refused.code
		}
		if refused.param != "" {
			told["param"] = refused.param
		}
		status, answer = refused.status, object{"error": told}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_case")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// kinds are the lists, and what is in them.
var kinds = map[string]string{
	"subscriptions": "subscription", "invoices": "invoice", "charges": "charge", "refunds": "refund", "disputes": "dispute",
	"payment_intents": "payment_intent", "events": "event", "customers": "customer", "invoice_payments": "invoice_payment",
	"credit_notes": "credit_note", "sessions": "checkout.session",
}

// missingParams are the parameters that Stripe blames when an object is not there.
var missingParams = map[string]string{
	"payment_intents": "intent", "subscriptions": "id", "charges": "id", "customers": "id", "sessions": "session", "invoices": "invoice",
	"credit_notes": "id",
}

func (s *caseStripe) answer(r *http.Request) (object, *stripeError) {
	if err := r.ParseForm(); err != nil {
		return nil, &stripeError{status: http.StatusBadRequest, message: err.Error()}
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	if r.Method != http.MethodGet {
		return s.change(r, path)
	}
	query := r.URL.Query()
	version := cmp.Or(r.Header.Get("Stripe-Version"), basilVersion)
	var expand []string
	for key, values := range query {
		if strings.HasPrefix(key, "expand") {
			expand = append(expand, values...)
		}
	}
	last := path[len(path)-1]
	page := func(all []object) (object, *stripeError) { return s.page(r.URL.Path, all, query, version, expand), nil }
	switch {
	case len(path) == 1 && last == "prices":
		return page(s.pricesFor(query))
	case len(path) == 1 && last == "products":
		var products []object
		for _, id := range valuesOf(query, "ids") {
			if o := s.find(id); o != nil {
				products = append(products, o)
			}
		}
		return page(products)
	case len(path) == 1 && last == "subscription_items":
		return page(s.itemsOf(query.Get("subscription"), version))
	case len(path) == 3 && last == "lines": // of an invoice or a credit note
		of := s.objects()[path[1]]
		if of == nil {
			return nil, missing(http.StatusNotFound, missingParams[path[0]], kinds[path[0]], path[1])
		}
		return page(objectsOf(listOf(of["lines"])))
	case len(path) == 3 && path[0] == "charges":
		query.Set("charge", path[1]) // its refunds
	}
	if kind, ok := kinds[last]; ok {
		return page(s.list(kind, query))
	}
	o := s.find(last)
	if o == nil {
		of := path[max(len(path)-2, 0)]
		return nil, missing(http.StatusNotFound, missingParams[of], cmp.Or(kinds[of], strings.TrimSuffix(of, "s")), last)
	}
	return s.show(o, version, expand), nil
}

// change makes a customer or a session, or ends one.
func (s *caseStripe) change(r *http.Request, path []string) (object, *stripeError) {
	form := r.PostForm
	switch {
	case r.Method == http.MethodPost && slices.Equal(path, []string{"customers"}):
		o := object{"id": s.newID("cus_"), "object": "customer", "metadata": metadataOf(form)}
		s.objects()[o["id"].(string)] = o
		return o, nil
	case r.Method == http.MethodPost && slices.Equal(path, []string{"checkout", "sessions"}):
		if refused := s.refuseSession(form); refused != nil {
			return nil, refused
		}
		return s.openSession(form), nil
	case r.Method == http.MethodPost && len(path) == 4 && path[3] == "expire":
		o := s.objects()[path[2]]
		if o == nil {
			return nil, missing(http.StatusNotFound, "session", "checkout.session", path[2])
		}
		if o["status"] != "open" {
			return nil, &stripeError{status: http.StatusBadRequest, message: `Only Checkout Sessions with a status in ["open"] can be expired.`}
		}
		o = maps.Clone(o)
		o["status"] = "expired"
		s.objects()[path[2]] = o
		return o, nil
	default:
		return nil, &stripeError{status: http.StatusNotFound, message: fmt.Sprintf("Unrecognized request URL (%s: %s).", r.Method, r.URL.Path)}
	}
}

const (
	firstPrice    = "line_items[0][price]"
	firstQuantity = "line_items[0][quantity]"
)

func (s *caseStripe) openSession(form url.Values) object {
	price := s.price(form.Get(firstPrice))
	quantity, _ := strconv.ParseInt(form.Get(firstQuantity), 10, 64)
	amount := price["unit_amount"].(int64) * quantity
	expires, _ := strconv.ParseInt(form.Get("expires_at"), 10, 64)
	var customer, reference any
	if form.Has("customer") {
		customer = form.Get("customer")
	}
	if form.Has("client_reference_id") {
		reference = form.Get("client_reference_id")
	}
	o := object{
		"id": s.newID("cs_test_"), "object": "checkout.session", "status": "open", "payment_status": "unpaid", "mode": form.Get("mode"),
		"created": float64(time.Now().Unix()), "customer": customer, "client_reference_id": reference,
		"amount_subtotal": amount, "amount_total": amount, "currency": price["currency"], "metadata": metadataOf(form),
		"url": s.url + "/pay", "expires_at": float64(expires), "payment_intent": nil, "subscription": nil, "livemode": false,
	}
	s.objects()[o["id"].(string)] = o
	return o
}

// checkoutLocales are those that Checkout takes.
var checkoutLocales = strings.Fields("auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW")

// refuseSession says why Stripe would not make a session.
func (s *caseStripe) refuseSession(form url.Values) *stripeError {
	customer, price := form.Get("customer"), s.price(form.Get(firstPrice))
	bad := func(param, message string) *stripeError {
		return &stripeError{http.StatusBadRequest, "", message, param}
	}
	switch {
	case customer != "" && (customer == s.missing || s.objects()[customer] == nil):
		return missing(http.StatusBadRequest, "customer", "customer", customer)
	case price == nil:
		return missing(http.StatusBadRequest, firstPrice, "price", form.Get(firstPrice))
	case price["active"] == false:
		return bad(firstPrice, "The price specified is inactive. This field only accepts active prices.")
	case s.archived[price["product"].(string)]:
		return bad(firstPrice, fmt.Sprintf("Price `%v` is not available to be purchased because its product is not active.", price["id"]))
	case at(price, "recurring", "usage_type") == "metered" && form.Has(firstQuantity):
		return bad(firstQuantity, "Quantity should not be specified where usage_type is `metered`. Remove quantity from `line_items[0]`")
	case s.currencyOf(customer) != "" && s.currencyOf(customer) != price["currency"]:
		return bad("", "You cannot combine currencies on a single customer. This customer has had a subscription, coupon, or invoice item with currency "+s.currencyOf(customer))
	case form.Has("locale") && !slices.Contains(checkoutLocales, form.Get("locale")):
		return bad("locale", "Invalid locale: must be one of "+strings.Join(checkoutLocales, ", "))
	}
	return nil
}

// currencyOf is the one that a customer pays a subscription in; empty: in none.
func (s *caseStripe) currencyOf(customer string) string {
	for _, o := range s.objects() {
		if o["object"] == "subscription" && o["status"] != "canceled" && text(o["customer"]) == customer {
			return text(o["currency"])
		}
	}
	return ""
}

func (s *caseStripe) price(id string) object {
	for _, p := range s.prices {
		if p["id"] == id {
			return p
		}
	}
	return nil
}

// find is the object of an id, whatever it is.
func (s *caseStripe) find(id string) object {
	if name, ok := strings.CutPrefix(id, "prod_"); ok {
		return object{"id": id, "object": "product", "name": name, "active": !s.archived[id], "livemode": false}
	}
	if p := s.price(id); p != nil {
		return p
	}
	return s.objects()[id]
}

func (s *caseStripe) pricesFor(query url.Values) []object {
	keys, active := valuesOf(query, "lookup_keys"), query.Get("active") != "false"
	var found []object
	for _, p := range s.prices {
		key, _ := p["lookup_key"].(*string)
		wanted := len(keys) == 0 || key != nil && slices.Contains(keys, *key)
		if wanted && p["active"] == active {
			found = append(found, p)
		}
	}
	return found
}

func (s *caseStripe) itemsOf(subscription, version string) []object {
	var items []object
	list := s.objects()[subscription]["items"]
	if all, told := s.objects()["items:"+subscription]; told { // more than a subscription has room for
		list = all
	}
	for _, item := range objectsOf(listOf(list)) {
		if version < "2025-03-31" {
			item = maps.Clone(item)
			delete(item, "current_period_start")
			delete(item, "current_period_end")
		}
		items = append(items, item)
	}
	return items
}

// list are the objects of a kind that a query asks for, the newest first.
func (s *caseStripe) list(kind string, query url.Values) []object {
	var found []object
	for _, o := range s.objects() {
		if o["object"] == kind && fits(kind, o, query) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b object) int {
		return cmp.Or(cmp.Compare(number(b["created"]), number(a["created"])), cmp.Compare(text(b["id"]), text(a["id"])))
	})
	return found
}

func fits(kind string, o object, query url.Values) bool {
	created := number(o["created"])
	for key := range query {
		value := query.Get(key)
		limit, _ := strconv.ParseFloat(value, 64)
		switch {
		case key == "created[gt]" && created <= limit, key == "created[gte]" && created < limit,
			key == "created[lt]" && created >= limit, key == "created[lte]" && created > limit:
			return false
		case strings.HasPrefix(key, "types") && !slices.Contains(valuesOf(query, "types"), text(o["type"])):
			return false
		case key == "subscription" && kind == "invoice":
			if text(at(o, "parent", "subscription_details", "subscription")) != value {
				return false
			}
		case strings.HasPrefix(key, "payment["):
			if text(at(o, "payment", strings.TrimSuffix(strings.TrimPrefix(key, "payment["), "]"))) != value {
				return false
			}
		case slices.Contains([]string{"customer", "subscription", "payment_intent", "charge", "invoice", "type", "collection_method"}, key):
			if text(o[key]) != value {
				return false
			}
		}
	}
	status := query.Get("status")
	switch {
	case kind == "subscription" && status == "":
		return o["status"] != "canceled"
	case status == "", kind == "subscription" && status == "all":
		return true
	default:
		return o["status"] == status
	}
}

// page is a part of a list.
func (s *caseStripe) page(path string, all []object, query url.Values, version string, expand []string) object {
	if after := query.Get("starting_after"); after != "" {
		n := slices.IndexFunc(all, func(o object) bool { return o["id"] == after })
		all = all[n+1:]
	}
	limit := 10
	if n, err := strconv.Atoi(query.Get("limit")); err == nil {
		limit = min(n, 100)
	}
	var inData []string
	for _, path := range expand {
		if rest, ok := strings.CutPrefix(path, "data."); ok {
			inData = append(inData, rest)
		}
	}
	data := []any{}
	for _, o := range all[:min(limit, len(all))] {
		data = append(data, s.show(o, version, inData))
	}
	return object{"object": "list", "url": path, "has_more": len(all) > limit, "data": data}
}

// show is an object in a version, with what is to be expanded: paths such as
// latest_invoice.payments. An event never changes after it was made.
func (s *caseStripe) show(told object, version string, expand []string) object {
	if told["object"] == "event" {
		return told
	}
	o := render(told, version, expand).(object)
	paths := map[string][]string{}
	for _, path := range expand {
		name, rest, more := strings.Cut(path, ".")
		paths[name] = append(paths[name], nil...)
		if more {
			paths[name] = append(paths[name], rest)
		}
	}
	for name, rest := range paths {
		switch ref := o[name].(type) {
		case string:
			if found := s.find(ref); found != nil {
				o[name] = s.show(found, version, rest)
			}
		case object:
			if ref["object"] != "list" {
				o[name] = s.show(ref, version, rest)
				continue
			}
			var inData []string
			for _, path := range rest {
				if path, ok := strings.CutPrefix(path, "data."); ok {
					inData = append(inData, path)
				}
			}
			var data []any
			for _, one := range objectsOf(listOf(ref)) {
				data = append(data, s.show(one, version, inData))
			}
			o[name] = withData(ref, data)
		}
	}
	return o
}

// valuesOf are the values of an array that a query names in one way or another: ids[],
// ids[0].
func valuesOf(query url.Values, name string) []string {
	var all []string
	for key, values := range query {
		if key == name || strings.HasPrefix(key, name+"[") {
			all = append(all, values...)
		}
	}
	return all
}

func metadataOf(form url.Values) object {
	metadata := object{}
	for key := range form {
		if name, ok := strings.CutPrefix(key, "metadata["); ok {
			metadata[strings.TrimSuffix(name, "]")] = form.Get(key)
		}
	}
	return metadata
}

func objectsOf(list []any) []object {
	var all []object
	for _, one := range list {
		if o, ok := one.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

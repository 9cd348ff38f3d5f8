package cases

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// Ensure each story of testdata/cases ends as Stripe's facts make it right: played on
// the built program, with signed events, beside a Stripe that answers as the case says.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	stories := map[string]story{}
	for _, file := range files {
		stories[file] = readCase(t, file)
	}
	// The one that takes longest begins first, or all others would be done before it.
	slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(stories[b].patience(), stories[a].patience()) })
	for _, file := range files {
		name, story := strings.TrimSuffix(filepath.Base(file), ".json"), stories[file]
		for database, open := range programtest.Databases {
			id, _, _ := strings.Cut(name, "-")
			if database == "Postgres" && !slices.Contains(alsoOnPostgres, id) {
				continue
			}
			t.Run(name+"/"+database, func(t *testing.T) {
				t.Parallel()
				places <- struct{}{}
				defer func() { <-places }()
				playCase(t, story, open(t))
			})
		}
	}
}

// places are for cases that are played at a time: most of a case is waiting.
var places = make(chan struct{}, 4)

// alsoOnPostgres are the cases that touch what is kept in more than one way: the rules
// do not know which database it is.
var alsoOnPostgres = []string{"F01", "F02", "F03", "K1c", "K2e", "K2m", "K3a", "K4j", "T1a"}

// story is a case as its file has it. See README.md beside the files.
type story struct {
	Story        string
	Why          string
	Note         string
	Control      bool
	Hand         bool
	Needs        string
	Version      string
	Catalog      string
	Prices       []casePrice
	Buy          string
	With         object
	Events       []turn
	Want         object
	WantCheckout *bool               `json:"want_checkout"`
	WantOutcomes map[string][]string `json:"want_outcomes"`
	WantPlans    map[string]bool     `json:"want_plans"`
	Signed       string
	Env          map[string]string
	Settle       *float64
	Patience     *float64
}

// turn is one event of a case, or one thing that is done.
type turn struct {
	Do string

	Type    string // of an event
	Created any
	Object  any
	Version string
	Lost    bool
	Late    bool

	Name    string // account
	Plan    string // checkout
	User    string // checkout, want
	As      string // checkout: its ids are {{as.order}} and so on
	With    object
	Want    any // checkout: whether it opens; want: what is held
	Refused []string
	ID      string // object
	Price   casePrice
	Method  string // http
	Path    string
	Body    any
	Status  any
	Text    string // catalog
	Env     map[string]string
	Seconds float64 // sleep
}

func readCase(t *testing.T, file string) story {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s story
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return s
}

// player plays a case.
type player struct {
	story
	program  *programtest.Program
	database string
	stripe   *caseStripe
	env      map[string]string
	catalog  string // the file
	now      float64
	names    *strings.Replacer
	known    []string // what names replaces
	opened   *bool    // whether the last checkout did
	answer   object   // of the last checkout
	status   int
}

func playCase(t *testing.T, s story, database string) {
	stripe := openCaseStripe(t, s.Prices)
	p := &player{
		story: s, database: database, stripe: stripe, catalog: filepath.Join(t.TempDir(), "catalog.yaml"),
		env: map[string]string{"STRIPE_API_BASE": stripe.url, "LOG_FORMAT": "text"},
	}
	maps.Copy(p.env, s.Env)
	p.start(t, s.Catalog)
	if !p.checkout(t, "u", s.Buy, s.With) {
		t.Fatalf("the first checkout did not open: %d %v", p.status, p.answer)
	}
	p.name("", p.answer)
	p.now = float64(time.Now().Unix())
	for _, turn := range s.Events {
		p.play(t, turn)
	}
	p.watch(t, "", "u", s.Want, true)
	if s.WantCheckout != nil && (p.opened == nil || *p.opened != *s.WantCheckout) {
		t.Errorf("the last checkout was answered %d %v, want an open page: %t", p.status, p.answer, *s.WantCheckout)
	}
	if t.Failed() {
		_, why := p.http(t, "GET", "/api/admin/users/u/explain", nil)
		explained, _ := json.MarshalIndent(why, "", " ")
		t.Logf("story: %s\nexplained: %s\nlog of the program:\n%s", s.Story, explained, p.program.Log)
	}
}

// start starts the program with a catalog, or with the one that it had.
func (p *player) start(t *testing.T, catalog string) {
	t.Helper()
	if catalog != "" {
		if err := os.WriteFile(p.catalog, []byte(catalog), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"CATALOG=" + p.catalog}
	for key, value := range p.env {
		env = append(env, key+"="+value)
	}
	p.program = programtest.Start(t, programtest.Build(t), p.database, env...)
}

// name gives the ids of a checkout names.
func (p *player) name(as string, answer object) {
	if as != "" {
		as += "."
	}
	session := text(answer["session_id"])
	p.known = append(p.known,
		"{{"+as+"order}}", text(answer["order_id"]), "{{"+as+"session}}", session,
		"{{"+as+"customer}}", text(p.stripe.get(session)["customer"]))
	p.names = strings.NewReplacer(p.known...)
}

func (p *player) play(t *testing.T, turn turn) {
	t.Helper()
	switch turn.Do {
	case "":
		p.tell(t, turn)
	case "refuse_customer":
		p.stripe.refuseCustomer(p.fill("{{customer}}").(string))
	case "accept":
		p.stripe.refuseCustomer("")
	case "account":
		p.stripe.useAccount(turn.Name)
	case "checkout":
		p.checkoutTurn(t, turn)
	case "object":
		p.stripe.set(turn.ID, p.fill(turn.Object).(object))
	case "price":
		p.stripe.setPrice(turn.Price)
	case "http":
		status, answer := p.http(t, turn.Method, p.fill(turn.Path).(string), p.fill(turn.Body))
		if !among(turn.Status, float64(status)) {
			t.Errorf("%s %s: got %d %v, want %v", turn.Method, turn.Path, status, answer, turn.Status)
		}
	case "want":
		p.watch(t, "midway: ", cmp.Or(turn.User, "u"), turn.Want.(object), false)
	case "catalog", "restart":
		p.program.Stop(t)
		maps.Copy(p.env, turn.Env)
		p.start(t, turn.Text)
	case "sleep":
		time.Sleep(seconds(turn.Seconds))
	case "show": // for the reader of a case
	default:
		t.Fatalf("do what? %s", turn.Do)
	}
}

func (p *player) checkoutTurn(t *testing.T, turn turn) {
	t.Helper()
	opened := p.checkout(t, cmp.Or(turn.User, "u"), turn.Plan, turn.With)
	p.opened = &opened
	said := fmt.Sprintf("checkout of %s %v: got %d %v", turn.Plan, turn.With, p.status, p.answer)
	switch {
	case turn.Want != nil && turn.Want != opened:
		t.Errorf("%s, want an open page: %v", said, turn.Want)
	case opened:
		if turn.As != "" {
			p.name(turn.As, p.answer)
		}
	case len(turn.Refused) > 0:
		if code, class := text(p.answer["code"]), fmt.Sprintf("%dxx", p.status/100); !slices.Contains(turn.Refused, code) && !slices.Contains(turn.Refused, class) {
			t.Errorf("%s, want one of %v", said, turn.Refused)
		}
	}
}

// checkout asks for a checkout, and tells whether a new page opened.
func (p *player) checkout(t *testing.T, user, plan string, with object) bool {
	t.Helper()
	body := object{"user_id": user}
	maps.Copy(body, with)
	p.status, p.answer = p.http(t, "POST", "/api/checkout/"+plan, body)
	return p.status < 300 && p.answer["session_id"] != nil
}

// http calls the program as the product's back end.
func (p *player) http(t *testing.T, method, path string, body any) (int, object) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.program.Address+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, p.program.Log)
	}
	defer response.Body.Close()
	var answer object
	_ = json.NewDecoder(response.Body).Decode(&answer)
	return response.StatusCode, answer
}

// tell lets something be so at Stripe, and tells the program.
func (p *player) tell(t *testing.T, turn turn) {
	t.Helper()
	o, version := p.fill(turn.Object).(object), cmp.Or(turn.Version, p.Version)
	told := o
	if version != "" {
		if !turn.Late {
			kept := object{}
			if o["object"] == "checkout.session" {
				maps.Copy(kept, p.stripe.get(text(o["id"])))
			}
			maps.Copy(kept, o)
			p.stripe.set(text(o["id"]), kept)
		}
		told = render(o, version, nil).(object)
	}
	event := object{
		"id": p.stripe.id("evt_"), "object": "event", "api_version": cmp.Or(version, basilVersion), "created": p.fill(turn.Created),
		"livemode": false, "type": turn.Type, "pending_webhooks": 1, "request": object{"id": nil, "idempotency_key": nil},
		"data": object{"object": told},
	}
	p.stripe.set(text(event["id"]), event)
	if turn.Lost {
		return
	}
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	signed := time.Now()
	if p.Signed != "" {
		signed = time.Unix(int64(number(p.fill(p.Signed))), 0)
	}
	if status := p.program.DeliverSigned(body, programtest.StripeSignatureAt(body, programtest.WebhookSecret, signed)); status != http.StatusOK {
		t.Errorf("%s: got %d, and Stripe would try for days", turn.Type, status)
	}
}

var relative = regexp.MustCompile(`^now([+-]\d+)s$`)

// fill writes times and ids where a case has their names.
func (p *player) fill(v any) any {
	switch v := v.(type) {
	case object:
		filled := object{}
		for key, value := range v {
			filled[key] = p.fill(value)
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for n, value := range v {
			filled[n] = p.fill(value)
		}
		return filled
	case string:
		if m := relative.FindStringSubmatch(v); m != nil {
			offset, _ := strconv.ParseFloat(m[1], 64)
			return p.now + offset
		}
		return p.names.Replace(v)
	default:
		return v
	}
}

// patience is how many seconds may pass until what is wanted is there.
func (s story) patience() float64 {
	switch {
	case s.Needs == "reconcile":
		return 20
	case s.Patience != nil:
		return *s.Patience
	case s.Version != "":
		return 4
	default:
		return 0
	}
}

// watch looks at what is held until it is as wanted, or the case's patience ends.
func (p *player) watch(t *testing.T, when, user string, want object, end bool) {
	t.Helper()
	settle := 0.3
	if p.Settle != nil {
		settle = *p.Settle
	}
	// What is wrong may come after what is right, so even a first look waits a little.
	time.Sleep(seconds(settle))
	over := time.Now().Add(seconds(p.patience()))
	for {
		faults := p.faults(t, user, want, end)
		if len(faults) == 0 {
			return
		}
		if time.Now().After(over) {
			t.Errorf("%s%s", when, strings.Join(faults, "\n"))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// right is what is held of a feature.
type right struct{ value, until any }

// faults are what is not as wanted.
func (p *player) faults(t *testing.T, user string, want object, end bool) []string {
	t.Helper()
	var faults []string
	status, answer := p.http(t, "GET", "/api/entitlements?user_id="+url.QueryEscape(user), nil)
	if status != http.StatusOK {
		faults = append(faults, fmt.Sprintf("entitlements are answered %d", status))
	}
	held := rights(answer["entitlements"], func(object) bool { return true })
	for _, feature := range slices.Sorted(maps.Keys(want)) {
		if r, ok := held[feature]; !p.holds(want[feature], r, ok) {
			faults = append(faults, fmt.Sprintf("%s: want %v, held: %t %v", feature, p.fill(want[feature]), ok, r))
		}
	}
	if p.Version != "" {
		status, answer := p.http(t, "GET", "/api/admin/users/"+url.PathEscape(user)+"/explain", nil)
		said := rights(answer["features"], func(o object) bool { return o["held"] == true })
		if status != http.StatusOK || !reflect.DeepEqual(said, held) {
			faults = append(faults, fmt.Sprintf("explain says %d %v, entitlements are %v", status, said, held))
		}
	}
	if !end {
		return faults
	}
	for kind, outcomes := range p.WantOutcomes {
		_, answer := p.http(t, "GET", "/api/admin/events?limit=1&type="+url.QueryEscape(kind), nil)
		events, _ := answer["events"].([]any)
		if len(events) == 0 || !slices.Contains(outcomes, text(at(events[0], "outcome"))) {
			faults = append(faults, fmt.Sprintf("%s: got %v, want one of %v", kind, events, outcomes))
		}
	}
	if len(p.WantPlans) > 0 {
		_, answer := p.http(t, "GET", "/api/plans", nil)
		plans, _ := answer["plans"].([]any)
		for plan, wanted := range p.WantPlans {
			listed := slices.ContainsFunc(plans, func(o any) bool { return at(o, "key") == plan })
			if listed != wanted {
				faults = append(faults, fmt.Sprintf("plan %s: listed %t, want %t", plan, listed, wanted))
			}
		}
	}
	return faults
}

func rights(list any, which func(object) bool) map[string]right {
	all := map[string]right{}
	told, _ := list.([]any)
	for _, o := range objectsOf(told) {
		if which(o) {
			all[text(o["feature"])] = right{o["value"], o["until"]}
		}
	}
	return all
}

// holds tells whether what is held is as wanted: true, a value, null for nothing, one
// of some, or a value with an end between two times.
func (p *player) holds(want any, held right, ok bool) bool {
	switch want := want.(type) {
	case nil:
		return !ok
	case []any:
		return slices.ContainsFunc(want, func(one any) bool { return p.holds(one, held, ok) })
	case bool:
		return ok && (held.value == want || want && held.value != 0.0 && held.value != false)
	case object:
		if value, named := want["value"]; !ok || named && !reflect.DeepEqual(held.value, value) {
			return false
		}
		between, named := want["until"].([]any)
		if !named {
			return true
		}
		until, err := time.Parse(time.RFC3339, text(held.until))
		return err == nil && number(p.fill(between[0])) <= float64(until.Unix()) && float64(until.Unix()) <= number(p.fill(between[1]))
	default:
		return ok && reflect.DeepEqual(held.value, want)
	}
}

// among tells whether a value is one, or one of a list.
func among(wanted any, value any) bool {
	if list, ok := wanted.([]any); ok {
		return slices.Contains(list, value)
	}
	return wanted == value
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

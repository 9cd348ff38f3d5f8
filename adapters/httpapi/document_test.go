package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

//go:embed openapi.yaml
var documentYAML string

var parseDocument = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData([]byte(documentYAML))
})

func readDocument(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := parseDocument()
	if err != nil {
		t.Fatalf("read openapi.yaml: %v", err)
	}
	return doc
}

// echoPath writes /a/{b} as /a/:b.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

var update = flag.Bool("update", false, "write openapi.json anew")

func TestDocument_JSONIsUpToDate(t *testing.T) {
	t.Parallel()
	fresh, err := json.MarshalIndent(readDocument(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	fresh = append(fresh, '\n')
	if *update {
		if err := os.WriteFile("openapi.json", fresh, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(fresh, document) {
		t.Error("openapi.yaml has changed since openapi.json was made: run go generate ./adapters/httpapi")
	}
}

func TestDocument_IsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

func TestDocument_GeneratedCodeIsUpToDate(t *testing.T) {
	t.Parallel()
	fresh, config := filepath.Join(t.TempDir(), "api.gen.go"), filepath.Join(t.TempDir(), "oapi.yaml")
	elsewhere := strings.Replace(string(mustRead(t, "oapi.yaml")), "output: api.gen.go", "output: "+fresh, 1)
	if err := os.WriteFile(config, []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	generate := exec.Command("go", "tool", "oapi-codegen", "-config", config, "openapi.yaml")
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !bytes.Equal(mustRead(t, fresh), mustRead(t, "api.gen.go")) {
		t.Error("openapi.yaml has changed since api.gen.go was made: run go generate ./adapters/httpapi")
	}
}

func TestDocument_DescribesEveryRoute(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	var described, ruled []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+echoPath(path))
		}
	}
	for _, r := range rules {
		ruled = append(ruled, r.method+" "+r.path)
	}
	slices.Sort(described)
	slices.Sort(ruled)
	if diff := cmp.Diff(ruled, described); diff != "" {
		t.Errorf("routes (-) and openapi.yaml (+) differ:\n%s", diff)
	}
}

func TestDocument_SaysWhoMayCall(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			rule := rulesByRoute(rules)[routeKey{method, echoPath(path)}]
			// Nothing to prove at all, or not unless somebody asks for a user.
			open := operation.Security != nil && len(*operation.Security) == 0
			either := operation.Security != nil && len(*operation.Security) > 1 && len((*operation.Security)[0]) == 0
			if ruledOpen := rule.roles == nil && rule.ofUser == nil; open != ruledOpen {
				t.Errorf("%s %s: open to everybody is %t in the document, %t in roles.go", method, path, open, ruledOpen)
			}
			if ruledEither := rule.roles == nil && rule.ofUser != nil; either != ruledEither {
				t.Errorf("%s %s: open, and for users too, is %t in the document, %t in roles.go", method, path, either, ruledEither)
			}
		}
	}
}

func TestDocument_SaysWhatTheQueryTakes(t *testing.T) {
	t.Parallel()
	for path, item := range readDocument(t).Paths.Map() {
		for method, operation := range item.Operations() {
			var described []string
			for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
				if p.Value.In == "query" {
					described = append(described, p.Value.Name)
				}
			}
			taken := slices.Clone(rulesByRoute(rules)[routeKey{method, echoPath(path)}].query)
			slices.Sort(described)
			slices.Sort(taken)
			if diff := cmp.Diff(taken, described); diff != "" {
				t.Errorf("%s %s: roles.go (-) and openapi.yaml (+) differ:\n%s", method, path, diff)
			}
		}
	}
}

func TestDocument_ListsEveryProblemCode(t *testing.T) {
	t.Parallel()
	_, responses, found := strings.Cut(documentYAML, "\n  responses:\n")
	if !found {
		t.Fatal("openapi.yaml has no components.responses")
	}
	intro, _, _ := strings.Cut(documentYAML, "\npaths:")
	listed := map[string]bool{}
	for _, match := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(intro+responses, -1) {
		listed[match[1]] = true
	}
	for _, a := range append(slices.Clone(answers), internal) {
		if a.status != statusGone && !listed[a.code] {
			t.Errorf("the code %s is not in openapi.yaml", a.code)
		}
	}
	for code := range listed {
		known := slices.ContainsFunc(answers, func(a answer) bool { return a.code == code })
		if !known && code != "code" && code != "eur" && code != "jpy" {
			t.Errorf("openapi.yaml lists %s, which no error has", code)
		}
	}
}

// A value that the rules know and the document does not would surprise clients.
func TestDocument_ListsTheValuesThatTheRulesHave(t *testing.T) {
	t.Parallel()
	doc := readDocument(t)
	enum := func(path ...string) []any {
		schema := doc.Components.Schemas[path[0]].Value
		for _, property := range path[1:] {
			schema = schema.Properties[property].Value
		}
		return schema.Enum
	}
	for name, c := range map[string]struct {
		document []any
		rules    []any
	}{
		"order status":    {enum("OrderStatus"), anyOf(slices.Concat(domain.OrderStatuses, domain.PaidStatuses[1:]))},
		"subscription":    {enum("SubscribedStatus"), anyOf(domain.SubscribedStatuses)},
		"mode":            {enum("Mode"), anyOf(domain.Modes)},
		"source":          {enum("SourceKind"), anyOf(append(slices.Clone(domain.SourceKinds), domain.SourceDefault))},
		"outcome":         {enum("Outcome"), anyOf(domain.Outcomes)},
		"webhook outcome": {append(enum("WebhookReceipt", "outcome"), "failed"), anyOf(domain.Outcomes)},
		"source state":    {enum("SourceExplanation", "state"), anyOf(domain.SourceStates)},
		"change":          {enum("NullableChange", "kind"), anyOf(domain.ChangeKinds)},
	} {
		if diff := cmp.Diff(c.rules, c.document); diff != "" {
			t.Errorf("%s (-rules +document):\n%s", name, diff)
		}
	}
}

func anyOf[T ~string](words []T) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = string(word)
	}
	return all
}

func TestDocument_IsServed(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	got := s.call("GET", "/api/openapi.json", "")
	s.want(got, 200, "")
	if got.json["openapi"] != "3.0.3" || strings.Contains(got.text, "x-go-") {
		t.Errorf("got %.200s", got.text)
	}
}

// A number beyond what the document says is refused by its name, and not taken for the nearest,
// or for none.
func TestDocument_BoundsOfTheQueryHold(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	bounds := 0
	for path, item := range readDocument(t).Paths.Map() {
		for method, operation := range item.Operations() {
			taken := rulesByRoute(rules)[routeKey{method, echoPath(path)}].query
			for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
				for _, value := range beyondBounds(p.Value) {
					bounds++
					query := url.Values{p.Value.Name: {value}}
					for name, usual := range map[string]string{"user_id": "ada", "plan": "pro"} {
						if slices.Contains(taken, name) {
							query.Set(name, usual)
						}
					}
					target := strings.NewReplacer("{user_id}", "ada", "{id}", "ord_absent", "{feature}", "sso", "{plan}", "pro").Replace(path)
					got := s.call(method, target+"?"+query.Encode(), "", as("admin:ops"))
					if s.want(got, 400, "bad_request"); !strings.Contains(got.detail(), p.Value.Name+" is ") {
						t.Errorf("%s %s?%s: %s", method, target, query.Encode(), got.text)
					}
				}
			}
		}
	}
	if bounds < 10 {
		t.Errorf("the document has %d bounds in queries, want those of lists, positions and quantities", bounds)
	}
}

// beyondBounds are the whole numbers next to those that a parameter of the query may have.
func beyondBounds(p *openapi3.Parameter) []string {
	if p.In != "query" || !p.Schema.Value.Type.Is("integer") {
		return nil
	}
	var beyond []string
	if least := p.Schema.Value.Min; least != nil {
		beyond = append(beyond, strconv.FormatInt(int64(*least)-1, 10))
	}
	if most := p.Schema.Value.Max; most != nil {
		beyond = append(beyond, strconv.FormatInt(int64(*most)+1, 10))
	}
	return beyond
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

// alertFile is what we use of the form of Prometheus' rule files.
type alertFile struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert       string
			Expr        string
			For         string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

// dashboard is what we use of the form of Grafana's.
type dashboard struct {
	Title, UID, Timezone, Refresh string
	Tags                          []string
	SchemaVersion, Version        int
	Editable                      bool
	Time                          struct{ From, To string }
	Templating                    struct {
		List []struct{ Name, Type, Query, Label string }
	}
	Panels []struct {
		ID                       int
		Type, Title, Description string
		Collapsed                bool
		Datasource               *dataSource
		GridPos                  struct{ H, W, X, Y int }
		FieldConfig              struct {
			Defaults struct {
				Unit string
				Min  float64
			}
			Overrides []struct{}
		}
		Targets []struct {
			RefID, Expr, LegendFormat string
			Datasource                dataSource
		}
		Panels []struct{}
	}
}

type dataSource struct{ Type, UID string }

// ownLabels are those that Prometheus adds to what it scrapes.
var ownLabels = []string{"job", "instance"}

// series are what can be asked for: the values of each label, by metric.
type series map[string]map[string][]string

// scraped reads what the program shows, as Prometheus does.
func scraped(t *testing.T, p *program) series {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(p.scrape(t)))
	if err != nil {
		t.Fatal(err)
	}
	all := series{}
	for name, family := range families {
		labels := map[string][]string{}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
			}
		}
		if family.GetType() != dto.MetricType_HISTOGRAM {
			all[name] = labels
			continue
		}
		all[name+"_sum"], all[name+"_count"] = labels, labels
		all[name+"_bucket"] = maps.Clone(labels)
		all[name+"_bucket"]["le"] = nil // of a quantile, and not by value
	}
	return all
}

// functions are those of Prometheus' that are used; the parser knows more than Prometheus.
var functions = []string{"rate", "increase", "delta", "max_over_time", "histogram_quantile"}

// check finds what is wrong with an expression, and returns the metrics that it names.
func (all series) check(expr string) (names []string, faults []string) {
	parsed, err := metricsql.Parse(expr)
	if err != nil {
		return nil, []string{err.Error()}
	}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	known := slices.Clone(ownLabels)
	var modifiers []string
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			for _, filters := range e.LabelFilterss {
				name := filters[0].Value // __name__
				names = append(names, name)
				labels, exported := all[name]
				if !exported {
					fault("the program shows no %s", name)
					continue
				}
				known = slices.AppendSeq(known, maps.Keys(labels))
				for _, f := range filters[1:] {
					fault := func(what string) { fault("%s has no %s, of %v", name, what, labels[f.Label]) }
					values, has := labels[f.Label]
					switch {
					case !has:
						fault("label " + f.Label)
					case !f.IsRegexp && !slices.Contains(values, f.Value):
						fault(f.Label + " " + f.Value)
					case f.IsRegexp:
						for each := range strings.SplitSeq(f.Value, "|") {
							if whole := regexp.MustCompile("^(?:" + each + ")$"); !slices.ContainsFunc(values, whole.MatchString) {
								fault(f.Label + " like " + each)
							}
						}
					}
				}
			}
		case *metricsql.FuncExpr:
			if !slices.Contains(functions, e.Name) {
				fault("%s is not among the functions of Prometheus that are known here", e.Name)
			}
			if _, ranged := e.Args[0].(*metricsql.RollupExpr); !ranged && e.Name != "histogram_quantile" {
				fault("%s needs a range, as [5m]", e.Name)
			}
		case *metricsql.AggrFuncExpr:
			modifiers = append(modifiers, e.Modifier.Args...)
		case *metricsql.BinaryOpExpr:
			modifiers = append(append(modifiers, e.GroupModifier.Args...), e.JoinModifier.Args...)
		}
	})
	for _, label := range modifiers {
		if !slices.Contains(known, label) {
			fault("nothing in it has a label %s", label)
		}
	}
	return names, faults
}

// Ensure that the rules and the dashboard are about what the program shows, all of it,
// and nothing else.
func TestMonitoring_RulesAndDashboardFitWhatIsShown(t *testing.T) {
	t.Parallel()
	all := scraped(t, startProgram(t, programtest.Build(t), sqlitetest.URL(t), "STRIPE_API_BASE=http://127.0.0.1:1"))

	alerts, pages := readAlerts(t)
	for name, expr := range alerts {
		if _, faults := all.check(expr); len(faults) > 0 {
			t.Errorf("alert %s: %s: %s", name, strings.Join(faults, "; "), expr)
		}
	}
	drawn := map[string]bool{}
	exprs := readDashboard(t)
	for _, expr := range exprs {
		names, faults := all.check(expr)
		if len(faults) > 0 {
			t.Errorf("dashboard: %s: %s", strings.Join(faults, "; "), expr)
		}
		for _, name := range names {
			drawn[name] = true
		}
	}
	for name := range all {
		ours := strings.HasPrefix(name, "entitled_") && !strings.HasSuffix(name, "_sum")
		if ours && !drawn[name] {
			t.Errorf("%s is not on the dashboard", name)
		}
	}
	running, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range all {
		if short, ours := strings.CutPrefix(name, "entitled_"); ours {
			said := bytes.Contains(running, []byte("`"+short+"`"))
			for _, suffix := range []string{"_bucket", "_sum", "_count", "_max"} {
				said = said || bytes.Contains(running, []byte("`"+strings.TrimSuffix(short, suffix)+"`"))
			}
			if !said {
				t.Errorf("docs/running.md does not say what %s is", name)
			}
		}
	}
	for name := range pages {
		if !bytes.Contains(running, []byte("`"+name+"`")) {
			t.Errorf("docs/running.md does not say what to do first when %s pages somebody", name)
		}
	}
	if len(pages) < 5 || len(alerts) < 10 || len(exprs) < 20 {
		t.Errorf("found only %d alerts and %d expressions: the search is broken", len(alerts), len(exprs))
	}

	for expr, says := range map[string]string{
		"entitled_event_total > 0":                                             "shows no entitled_event_total",
		`entitled_events_total{result="failed"}`:                               "no label result",
		`entitled_events_total{outcome="fialed"}`:                              "no outcome fialed",
		`entitled_events_total{outcome=~"failed|quarantine"}`:                  "no outcome like quarantine",
		"sum by (outcom) (entitled_events_total)":                              "a label outcom",
		"entitled_order_waits unless on (instanz) entitled_http_connections":   "a label instanz",
		"rate(entitled_events_total)":                                          "needs a range",
		"median_over_time(entitled_order_waits[5m])":                           "not among the functions",
		"sum(entitled_events_total":                                            "parse",
		"histogram_quantile(0.5, rate(entitled_grant_seconds_bukket[5m]))":     "shows no entitled_grant_seconds_bukket",
		`entitled_grant_seconds_count{since="received"} / entitled_grant_secs`: "shows no entitled_grant_secs",
	} {
		if _, faults := all.check(expr); !strings.Contains(strings.Join(faults, "; "), says) {
			t.Errorf("%s: found %q, want %q", expr, faults, says)
		}
	}
}

// readAlerts reads the rules as strictly as Prometheus does, and returns the expressions.
func readAlerts(t *testing.T) (exprs map[string]string, pages map[string]bool) {
	t.Helper()
	text, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file alertFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	exprs, pages = map[string]string{}, map[string]bool{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if _, twice := exprs[rule.Alert]; twice || !model.LegacyValidation.IsValidLabelName(rule.Alert) {
				t.Errorf("alert %q has no name of its own", rule.Alert)
			}
			exprs[rule.Alert] = rule.Expr
			if _, err := time.ParseDuration(rule.For); rule.For != "" && err != nil {
				t.Errorf("alert %s: %v", rule.Alert, err)
			}
			if severity := rule.Labels["severity"]; len(rule.Labels) != 1 || severity != "page" && severity != "ticket" {
				t.Errorf("alert %s: labels %v, want a severity: page or ticket", rule.Alert, rule.Labels)
			}
			if rule.Labels["severity"] == "page" {
				pages[rule.Alert] = true
			}
			if len(rule.Annotations) != 2 {
				t.Errorf("alert %s: annotations %v, want a summary and a description", rule.Alert, rule.Annotations)
			}
			for _, name := range []string{"summary", "description"} {
				if said := filledIn(t, rule.Annotations[name]); said == "" || strings.Contains(said, "<no value>") {
					t.Errorf("alert %s: %s %q says %q", rule.Alert, name, rule.Annotations[name], said)
				}
			}
		}
	}
	return exprs, pages
}

// filledIn runs a template of an annotation as Prometheus does.
func filledIn(t *testing.T, text string) string {
	t.Helper()
	same := func(v any) any { return v }
	parsed, err := template.New("").Funcs(template.FuncMap{"humanizeDuration": same, "humanizePercentage": same}).
		Parse("{{$labels := .Labels}}{{$value := .Value}}" + text)
	if err != nil {
		t.Errorf("%q: %v", text, err)
		return text
	}
	var out bytes.Buffer
	labels := map[string]string{"instance": "10.0.0.1:8080", "job": "entitled", "outcome": "failed", "cause": "wrong_mode"}
	if err := parsed.Execute(&out, map[string]any{"Labels": labels, "Value": 0.95}); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return out.String()
}

// readDashboard reads the dashboard and returns its expressions.
func readDashboard(t *testing.T) (exprs []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var d dashboard
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Title == "" || d.UID == "" || d.SchemaVersion == 0 || len(d.Templating.List) != 1 || d.Templating.List[0].Name != "datasource" {
		t.Errorf("Grafana needs title, uid, schemaVersion and the variable datasource: %+v", d)
	}
	ids := map[int]bool{}
	for _, panel := range d.Panels {
		if ids[panel.ID] || panel.Title == "" {
			t.Errorf("panel %d %q has no id or title of its own", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			if target.Datasource.UID != "${datasource}" || target.LegendFormat == "" {
				t.Errorf("panel %q: %+v has no data source or legend", panel.Title, target)
			}
			exprs = append(exprs, target.Expr)
		}
	}
	return exprs
}

// Ensure that what docs/running.md says of the log is what the program writes.
func TestMonitoring_TheLogSaysWhatIsDocumented(t *testing.T) {
	t.Parallel()
	running, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(running), "| `msg` | |")
	table, _, _ = strings.Cut(table, "\n\n")
	var source strings.Builder
	for _, pattern := range []string{"*.go", "../../adapters/httpapi/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				source.Write(text)
			}
		}
	}
	found := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, message := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			found++
			if !strings.Contains(source.String(), `"`+strings.TrimSuffix(message[1], "...")) {
				t.Errorf("nothing logs %q", message[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d messages: the search is broken", found)
	}
}

package domain_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

var update = flag.Bool("update", false, "rewrite the generated blocks of ARCHITECTURE.md")

const architecture = "../ARCHITECTURE.md"

// The pictures of the rules are made from the rules, so they cannot lie.
func TestDiagram_ArchitectureShowsTheRulesAsTheyAre(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, block := range []struct{ name, want string }{
		{"order-rules", orderDiagram()},
		{"subscription-events", subscriptionEventTable()},
		{"invoice-events", invoiceEventTable()},
		{"access-rules", accessTable()},
	} {
		begin := "<!-- generated: " + block.name + " -->\n"
		before, rest, found := strings.Cut(text, begin)
		got, after, closed := strings.Cut(rest, "<!-- end -->")
		if !found || !closed {
			t.Fatalf("%s has no block %q: put %q and %q where it should be", architecture, block.name, strings.TrimSpace(begin), "<!-- end -->")
		}
		if got != block.want && !*update {
			t.Errorf("block %q of %s is not what the rules say: run go test ./domain -run Diagram -update\ngot:\n%s\nwant:\n%s", block.name, architecture, got, block.want)
		}
		text = before + begin + block.want + "<!-- end -->" + after
	}
	if *update {
		if err := os.WriteFile(architecture, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// orderDiagram draws one arrow for each pair of statuses, with all events that
// lead from one to the other.
func orderDiagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %s\n", domain.OrderStatuses[0])
	for _, from := range domain.OrderStatuses {
		for _, to := range domain.OrderStatuses {
			var labels []string
			for _, rule := range domain.OrderRules {
				if rule.To == to && slices.Contains(rule.From, from) {
					labels = append(labels, orderLabel(rule))
				}
			}
			if len(labels) > 0 {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, strings.Join(labels, "<br/>"))
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// orderLabel shortens an event's name to what tells it from the others.
func orderLabel(rule domain.OrderRule) string {
	event := strings.TrimPrefix(strings.TrimPrefix(string(rule.On), "checkout.session."), "entitled.")
	if rule.When == domain.GuardNone {
		return event
	}
	return event + " [" + string(rule.When) + "]"
}

func subscriptionEventTable() string {
	rows := [][]string{{"event", "precedence within one second"}}
	for _, rule := range domain.SubscriptionEvents {
		rows = append(rows, []string{"`" + string(rule.On) + "`", fmt.Sprint(rule.Precedence)})
	}
	return table(rows)
}

func invoiceEventTable() string {
	rows := [][]string{{"event", "the payment is"}}
	for _, rule := range domain.InvoiceEvents {
		rows = append(rows, []string{"`" + string(rule.On) + "`", string(rule.Status)})
	}
	return table(rows)
}

func accessTable() string {
	rows := [][]string{{"status", "access", "may change again"}}
	for _, rule := range domain.AccessRules {
		again := "yes"
		if rule.Terminal {
			again = "never"
		}
		rows = append(rows, []string{"`" + string(rule.Status) + "`", string(rule.Access), again})
	}
	return table(rows)
}

// table writes rows, the first of which is the head, as markdown.
func table(rows [][]string) string {
	var b strings.Builder
	for n, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if n == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

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
		{"money-events", moneyEventTable()},
		{"refund-rules", refundTable()},
		{"dispute-rules", disputeTable()},
		{"refund-policies", refundPolicyTable()},
		{"dispute-policies", disputePolicyTable()},
		{"outcomes", outcomeTable()},
		{"worked-example", workedExample(t)},
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

func moneyEventTable() string {
	rows := [][]string{{"events", "carry"}}
	for _, kind := range []struct {
		carry  string
		events []domain.EventType
	}{
		{"which payment intent pays which invoice (since API version basil)", domain.InvoicePaymentEvents},
		{"a charge: whose it is, what it pays, how much of it was refunded", domain.ChargeEvents},
		{"a refund", domain.RefundEvents},
		{"a dispute", domain.DisputeEvents},
		{"a customer that is gone, and with it all its subscriptions", domain.CustomerEvents},
	} {
		var names []string
		for _, e := range kind.events {
			names = append(names, "`"+string(e)+"`")
		}
		rows = append(rows, []string{strings.Join(names, ", "), kind.carry})
	}
	return table(rows)
}

func refundTable() string {
	rows := [][]string{{"refund's status", "the money is"}}
	for _, rule := range domain.RefundRules {
		where := "on its way: nothing changes yet"
		switch {
		case rule.Returned:
			where = "with the buyer"
		case rule.Undone:
			where = "ours again: access comes back"
		}
		rows = append(rows, []string{"`" + string(rule.Status) + "`", where})
	}
	return table(rows)
}

func disputeTable() string {
	rows := [][]string{{"dispute's status", "comes to"}}
	for _, rule := range domain.DisputeRules {
		rows = append(rows, []string{"`" + string(rule.Status) + "`", string(rule.State)})
	}
	return table(rows)
}

func refundPolicyTable() string {
	rows := [][]string{{"`policy.refund`", "a part went back", "all went back", "default of mode"}}
	for _, rule := range domain.RefundPolicies {
		rows = append(rows, []string{
			"`" + string(rule.Policy) + "`", string(rule.Partial), string(rule.Full),
			defaultOf(func(p domain.Policy) bool { return p.Refund == rule.Policy }),
		})
	}
	return table(rows)
}

func disputePolicyTable() string {
	rows := [][]string{{"`policy.dispute`", "inquiry", "open", "lost", "won, or none", "default of mode"}}
	for _, rule := range domain.DisputePolicies {
		rows = append(rows, []string{
			"`" + string(rule.Policy) + "`", string(rule.Inquiry), string(rule.Open), string(rule.Lost), string(domain.EffectKeep),
			defaultOf(func(p domain.Policy) bool { return p.Dispute == rule.Policy }),
		})
	}
	return table(rows)
}

func defaultOf(is func(domain.Policy) bool) string {
	var modes []string
	for _, mode := range domain.Modes {
		if is(domain.DefaultPolicy[mode]) {
			modes = append(modes, string(mode))
		}
	}
	return strings.Join(modes, ", ")
}

func outcomeTable() string {
	rows := [][]string{{"outcome", "processed again if it comes again"}}
	for _, outcome := range domain.Outcomes {
		again := "yes"
		if outcome.Final() {
			again = "no"
		}
		rows = append(rows, []string{"`" + string(outcome) + "`", again})
	}
	return table(rows)
}

// workedExample shows how a policy came to be: the two lines that it consists of,
// as they stand in the code.
func workedExample(t *testing.T) string {
	t.Helper()
	const policy = "suspend_inquiry"
	var b strings.Builder
	for _, file := range []string{"rules.go", "policies_test.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, line := range strings.Split(string(code), "\n") {
			if strings.Contains(line, policy) {
				found = append(found, strings.TrimSpace(line))
			}
		}
		if len(found) != 1 {
			t.Fatalf("domain/%s has %d lines about %s, want one row", file, len(found), policy)
		}
		fmt.Fprintf(&b, "```go\n// domain/%s\n%s\n```\n", file, found[0])
	}
	return b.String()
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

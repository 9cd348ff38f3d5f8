package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// This file says rows of the decision tables in words, for explanations and documents.

// The rows of [AccessRules] and [MoneyRules] in words: one is told with every standing.
var (
	accessSays = sayAll(AccessRules)
	moneySays  = sayAll(MoneyRules)
)

func sayAll[Row interface{ Says() string }](rows []Row) []string {
	says := make([]string, len(rows))
	for n, row := range rows {
		says[n] = row.Says()
	}
	return says
}

// Says is what the row looks at.
func (r AccessRule) Says() string {
	var parts []string
	add := func(format string, value string) {
		if value != "" {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add("%s", string(r.Option))
	add("customer %s", string(r.Customer))
	add("%s", string(r.Status))
	add("checkout %s", string(r.Checkout))
	add("collection paused: %s", string(r.Collected))
	add("overdue: %s", string(r.Overdue))
	add("change %s", string(r.Change))
	add("paid %s", string(r.Paid))
	if r.PaidYears > 0 {
		parts = append(parts, fmt.Sprintf("%d years paid", r.PaidYears))
	}
	if len(parts) == 0 {
		return "anything"
	}
	return strings.Join(parts, ", ")
}

// over says why nothing, or nothing any more, is given of so many units on a basis.
func (b Basis) over(quantity int64) string {
	switch {
	case b == BasisNothing:
		return string(b)
	case b == BasisPaid:
		return "nothing is paid for"
	case quantity <= 0:
		return "0 units"
	case b == BasisGrace, b == BasisCredit:
		return string(b) + " is over"
	default:
		return "the period is over"
	}
}

// Says is what the row looks at.
func (r MoneyRule) Says() string {
	var parts []string
	if r.Dispute != "" {
		parts = append(parts, "dispute policy "+string(r.Dispute))
	}
	if r.Refund != "" {
		parts = append(parts, "refund policy "+string(r.Refund))
	}
	if r.Disputed != "" {
		parts = append(parts, "dispute "+string(r.Disputed))
	}
	if r.Share != "" {
		parts = append(parts, map[Share]string{ShareNone: "nothing", SharePartial: "a part", ShareFull: "all"}[r.Share]+" went back")
	}
	if r.Invoice != "" {
		parts = append(parts, string(r.Invoice)+" invoice")
	}
	if r.Within > 0 {
		parts = append(parts, fmt.Sprintf("within %d days", r.Within/(24*time.Hour)))
	}
	return strings.Join(parts, ", ")
}

// RefundPolicies are the refund policies that rows of [MoneyRules] name, sorted.
func RefundPolicies() []RefundPolicy {
	return named(MoneyRules, func(r MoneyRule) RefundPolicy { return r.Refund })
}

// DisputePolicies are the dispute policies that rows of [MoneyRules] name, sorted.
func DisputePolicies() []DisputePolicy {
	return named(MoneyRules, func(r MoneyRule) DisputePolicy { return r.Dispute })
}

// AccessOptions are the options that rows of [AccessRules] name, sorted.
func AccessOptions() []AccessOption {
	return named(AccessRules, func(r AccessRule) AccessOption { return r.Option })
}

// named are the words that rows of a table name, each once, sorted.
func named[Row any, Word ~string](rows []Row, word func(Row) Word) []Word {
	var all []Word
	for _, row := range rows {
		if w := word(row); w != "" {
			all = append(all, w)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

package catalog

import (
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/goccy/go-yaml/ast"
)

// policyFields take the names of the domain's tables: a new row there is a new
// name here.
var policyFields = fields[domain.Policy]{
	{"refund", func(r *reader, p *domain.Policy, v value) {
		p.Refund = domain.RefundPolicy(r.word(v, "refund", names(domain.RefundPolicies())...))
	}},
	{"dispute", func(r *reader, p *domain.Policy, v value) {
		p.Dispute = domain.DisputePolicy(r.word(v, "dispute", names(domain.DisputePolicies())...))
	}},
	{"access", readAccess},
}

// readPolicy reads what the plan does when money goes back, and which optional rules
// of access it chooses. What it leaves out is the default of the plan's mode.
func readPolicy(r *reader, into *planDraft, v value) {
	got := readFields(r, v, "policy of "+into.what, "{refund: revoke}", policyFields, &into.plan.Policy)
	if got.has("access") && into.plan.Mode == domain.ModePayment {
		r.fail(got["access"].at, "%s has mode payment and access: its options are about what a subscription's status gives, remove it", into.what)
	}
}

// readAccess reads one option, or a list of them.
func readAccess(r *reader, into *domain.Policy, v value) {
	options := []entry{{at: v}}
	if _, several := v.node.(*ast.SequenceNode); several {
		options = r.list(v, "access")
	}
	for _, e := range options {
		if option := r.word(e.at, "access", names(domain.AccessOptions())...); option != "" {
			into.Access = append(into.Access, domain.AccessOption(option))
		}
	}
	slices.Sort(into.Access)
}

func names[T ~string](words []T) []string {
	all := make([]string, len(words))
	for n, w := range words {
		all[n] = string(w)
	}
	return all
}

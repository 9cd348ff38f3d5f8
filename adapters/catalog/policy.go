package catalog

import "github.com/entitled-dev/entitled/domain"

// policyFields take the names of the domain's tables: a new row there is a new
// name here.
var policyFields = fields[domain.Policy]{
	{"refund", func(r *reader, p *domain.Policy, v value) {
		p.Refund = domain.RefundPolicy(r.word(v, "refund", refundPolicies()...))
	}},
	{"dispute", func(r *reader, p *domain.Policy, v value) {
		p.Dispute = domain.DisputePolicy(r.word(v, "dispute", disputePolicies()...))
	}},
}

// readPolicy reads what the plan does when money goes back. What it leaves out is
// the default of the plan's mode.
func readPolicy(r *reader, into *planDraft, v value) {
	readFields(r, v, "policy of "+into.what, policyFields, &into.plan.Policy)
}

func refundPolicies() []string {
	var names []string
	for _, row := range domain.RefundPolicies {
		names = append(names, string(row.Policy))
	}
	return names
}

func disputePolicies() []string {
	var names []string
	for _, row := range domain.DisputePolicies {
		names = append(names, string(row.Policy))
	}
	return names
}

package catalog

import (
	"fmt"

	"github.com/entitled-dev/entitled/domain"
)

// formerKey is where a plan says that it had another key before.
type formerKey struct {
	of domain.PlanKey
	at value
}

// readFormerly reads the keys that a plan had before. Whether another plan has one of
// them now is seen when all plans are read.
func readFormerly(r *reader, into *planDraft, v value) {
	for _, e := range r.list(v, "formerly of "+into.what) {
		if !r.name(pair{key: e.text, at: e.at}, "former plan") {
			continue
		}
		key := domain.PlanKey(e.text)
		if before, twice := r.former[key]; twice {
			r.fail(e.at, "%s was formerly %q, as was plan %q in line %d: who bought it holds one of them, remove the other", into.what, e.text, before.of, before.at.line)
			continue
		}
		r.former[key] = formerKey{into.plan.Key, e.at}
		into.plan.Formerly = append(into.plan.Formerly, key)
	}
}

// formerKeysAreFree refuses a former key that a plan of the file has.
func (r *reader) formerKeysAreFree(plans map[domain.PlanKey]domain.Plan) {
	for key, is := range r.former {
		if _, taken := plans[key]; !taken {
			continue
		}
		whose := fmt.Sprintf("plan %q", key)
		if key == is.of {
			whose = "the plan itself"
		}
		r.fail(is.at, "plan %q was formerly %q, which is the key of %s now: remove it, or give that plan another key", is.of, key, whose)
	}
}

package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Stripe's search: GET /v1/customers/search and its like. What is found is what is there:
// at Stripe it is there after a moment.

// searched is a kind of object that can be searched.
type searched struct {
	fields map[string]fieldType
	all    func(*Server) []wire.Object // the newest first
}

// fieldType says how a field of an object can be asked for.
type fieldType int

const (
	tokenField  fieldType = iota + 1 // as a whole
	textField                        // also by a part
	numberField                      // also by less and more
)

// searches are the kinds, by their name in the path, with the fields that Stripe lists.
var searches = map[string]searched{
	"customers": {
		map[string]fieldType{"created": numberField, "email": textField, "name": textField, "phone": textField},
		func(s *Server) []wire.Object { return rendered(s.liveCustomers(), s.Render.Customer) },
	},
	"invoices": {
		map[string]fieldType{
			"created": numberField, "currency": tokenField, "customer": tokenField, "number": textField, "receipt_number": textField,
			"status": textField, "subscription": textField, "total": numberField,
		},
		func(s *Server) []wire.Object { return rendered(s.Invoices.NewestFirst(), s.Render.Invoice) },
	},
	"prices": {
		map[string]fieldType{"active": tokenField, "currency": tokenField, "lookup_key": textField, "product": textField, "type": tokenField},
		func(s *Server) []wire.Object { return rendered(s.Prices.NewestFirst(), s.Render.Price) },
	},
	"products": {
		map[string]fieldType{"active": tokenField, "description": textField, "name": textField, "shippable": tokenField, "url": textField},
		func(s *Server) []wire.Object { return rendered(s.Products.NewestFirst(), s.Render.Product) },
	},
	"subscriptions": {
		map[string]fieldType{"created": numberField, "canceled_at": numberField, "status": textField},
		func(s *Server) []wire.Object { return rendered(s.Subscriptions.NewestFirst(), s.Render.Subscription) },
	},
	"payment_intents": {
		map[string]fieldType{"amount": numberField, "created": numberField, "currency": tokenField, "customer": tokenField, "status": tokenField},
		func(s *Server) []wire.Object { return rendered(s.PaymentIntents.NewestFirst(), s.Render.PaymentIntent) },
	},
}

var searchRoutes = func() (out []route) {
	for kind, what := range searches {
		out = append(out, route{
			pattern: "GET /v1/" + kind + "/search", params: []string{"query", "limit", "page"},
			do: func(s *Server, c *Call) (wire.Object, *wire.Error) { return s.search(c, kind, what) },
		})
	}
	return out
}()

func rendered[T any](items []T, show func(T) wire.Object) []wire.Object {
	out := make([]wire.Object, len(items))
	for i, it := range items {
		out[i] = show(it)
	}
	return out
}

func (s *Server) liveCustomers() []*state.Customer {
	return slices.DeleteFunc(s.Customers.NewestFirst(), func(cu *state.Customer) bool { return cu.Deleted })
}

// search answers a page of what matches. Its cursor is the last object's id.
func (s *Server) search(c *Call, kind string, what searched) (wire.Object, *wire.Error) {
	q := readQuery(c, kind, what.fields)
	limit, after := c.limit(), c.Text("page")
	if c.Err != nil {
		return nil, c.Err
	}
	found, begun, more := []wire.Object{}, after == "", false
	for _, o := range what.all(s) {
		switch {
		case !begun:
			begun = o["id"] == after
		case !q.matches(o):
		case len(found) == limit:
			more = true
		default:
			found = append(found, o)
		}
	}
	if !begun {
		return nil, wire.Invalid("page", "", "Invalid page: %s", after)
	}
	out := wire.Object{"object": "search_result", "url": "/v1/" + kind + "/search", "has_more": more, "data": found, "next_page": nil}
	if more {
		out["next_page"] = found[limit-1]["id"]
	}
	return out, nil
}

// query is what is searched for: all of its clauses, or one of them.
type query struct {
	clauses []clause
	either  bool
}

type clause struct {
	field, key string // key of metadata
	op, value  string
	null, not  bool
}

// readQuery reads clauses such as -email:"ada@example.com" and created>5, which are joined
// by AND, by OR or by nothing.
func readQuery(c *Call, kind string, fields map[string]fieldType) query {
	rest, q, joined := strings.TrimSpace(c.Required("query")), query{}, ""
	unreadable := func(why string) query {
		c.Fail(wire.Invalid("query", "", "We were unable to parse your search query: %s. See https://stripe.com/docs/search#search-query-language.", why))
		return q
	}
	for rest != "" && c.Err == nil {
		if word, after, _ := strings.Cut(rest, " "); len(q.clauses) > 0 && (strings.EqualFold(word, "AND") || strings.EqualFold(word, "OR")) {
			word = strings.ToUpper(word)
			if joined != "" && joined != word {
				return unreadable("AND and OR cannot be in one query")
			}
			joined, rest = word, strings.TrimSpace(after)
		}
		var cl clause
		var problem string
		if cl, rest, problem = readClause(rest); problem != "" {
			return unreadable(problem)
		}
		cl.check(c, kind, fields)
		q.clauses = append(q.clauses, cl)
	}
	q.either = joined == "OR"
	return q
}

func readClause(text string) (cl clause, rest, problem string) {
	text, cl.not = strings.CutPrefix(text, "-")
	at := strings.IndexAny(text, ":~<>[")
	if at <= 0 {
		return cl, "", "a field and an operator are wanted at " + strconv.Quote(text)
	}
	cl.field, text = text[:at], text[at:]
	if inner, is := strings.CutPrefix(text, "["); is {
		if cl.key, inner, is = quoted(inner); !is || !strings.HasPrefix(inner, "]") {
			return cl, "", `a key is wanted, as in metadata["key"]`
		}
		text = inner[1:]
	}
	for _, op := range []string{">=", "<=", ":", "~", ">", "<"} {
		if after, is := strings.CutPrefix(text, op); is {
			cl.op, text = op, after
			break
		}
	}
	if cl.op == "" {
		return cl, "", "an operator is wanted at " + strconv.Quote(text)
	}
	value, rest, is := quoted(text)
	if !is {
		if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
			return cl, "", "a quote is not closed"
		}
		value, rest, _ = strings.Cut(text, " ")
		cl.null = value == "null"
	}
	if cl.value = value; value == "" && !is {
		return cl, "", "a value is wanted after " + cl.field + cl.op
	}
	return cl, strings.TrimSpace(rest), ""
}

// quoted reads a text in double or single quotes, in which a backslash escapes.
func quoted(text string) (value, rest string, is bool) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return "", text, false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == text[0]:
			return b.String(), text[i+1:], true
		default:
			b.WriteByte(text[i])
		}
	}
	return "", text, false
}

// check refuses a clause that the kind of object cannot be asked.
func (cl clause) check(c *Call, kind string, fields map[string]fieldType) {
	t := fields[cl.field]
	if cl.field == "metadata" && cl.key != "" {
		t = tokenField
	}
	_, notNumber := strconv.ParseInt(cl.value, 10, 64)
	switch {
	case t == 0 || cl.key != "" && cl.field != "metadata":
		c.Fail(wire.Invalid("query", "", "Field `%s` is an unsupported search field for resource `%s`. See http://stripe.com/docs/search#query-fields-for-%s for a list of supported fields.",
			cl.field, kind, url.PathEscape(strings.ReplaceAll(kind, "_", "-"))))
	case cl.op == "~" && t != textField, strings.ContainsAny(cl.op, "<>") && t != numberField:
		c.Fail(wire.Invalid("query", "", "The operator `%s` is not supported for the field `%s`.", cl.op, cl.field))
	case cl.op == "~" && len(cl.value) < 3:
		c.Fail(wire.Invalid("query", "", "Substring search needs at least three characters; `%s` has fewer.", cl.value))
	case t == numberField && !cl.null && notNumber != nil:
		c.Fail(wire.Invalid("query", "", "The field `%s` is a number, `%s` is none.", cl.field, cl.value))
	}
}

func (q query) matches(o wire.Object) bool {
	for _, cl := range q.clauses {
		if (cl.matches(o) != cl.not) == q.either {
			return q.either
		}
	}
	return !q.either
}

// matches compares as Stripe does, whatever the case of letters.
func (cl clause) matches(o wire.Object) bool {
	v := o[cl.field]
	if cl.field == "metadata" {
		values, _ := v.(wire.Object)
		value, has := values[cl.key]
		if v = value; !has {
			v = nil
		}
	}
	switch {
	case v == nil || cl.null:
		return v == nil && cl.null
	case cl.op == "~":
		return strings.Contains(strings.ToLower(fmt.Sprint(v)), strings.ToLower(cl.value))
	case cl.op == ":":
		return strings.EqualFold(fmt.Sprint(v), cl.value)
	}
	n, is := v.(int64)
	than, _ := strconv.ParseInt(cl.value, 10, 64) // checked
	switch cl.op {
	case ">":
		return is && n > than
	case ">=":
		return is && n >= than
	case "<":
		return is && n < than
	}
	return is && n <= than
}

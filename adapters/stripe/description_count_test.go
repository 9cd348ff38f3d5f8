package stripe_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// checked is what Stripe's descriptions have been asked, and have answered.
type checked struct {
	mu    sync.Mutex
	calls map[string]bool // by what they do, in the words of the log
	names map[string]bool // of parameters, each part of one: items, 0, price
}

func newChecked() *checked { return &checked{calls: map[string]bool{}, names: map[string]bool{}} }

func (c *checked) Enabled(context.Context, slog.Level) bool { return true }
func (c *checked) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *checked) WithGroup(string) slog.Handler            { return c }

// Handle notes the calls that the gateway says were answered.
func (c *checked) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "stripe call" {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "call" {
				c.mu.Lock()
				c.calls[a.Value.String()] = true
				c.mu.Unlock()
			}
			return true
		})
	}
	return nil
}

func (c *checked) sent(r *http.Request, body []byte) error {
	inBody, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, values := range []url.Values{r.URL.Query(), inBody} {
		for name := range values {
			for part := range strings.FieldsFuncSeq(name, inBrackets) {
				c.names[part] = true
			}
		}
	}
	return nil
}

// inBrackets parts the name of a parameter.
func inBrackets(r rune) bool { return r == '[' || r == ']' }

// everything fails the test for each call that the gateway's source has, and each parameter
// that it sets, of which no description was asked.
func (c *checked) everything(t *testing.T) {
	t.Helper()
	s := readSource(t)
	calls, names := s.calls(t), s.parameters()
	if len(calls) < 35 || len(names) < 80 {
		t.Fatalf("found %d calls and %d parameters in the source, which has more", len(calls), len(names))
	}
	for _, does := range calls {
		begins := strings.TrimSuffix(does, "*")
		if !c.calls[does] && (begins == does || !hasPrefix(c.calls, begins)) {
			t.Errorf("no description was asked for the call %q", does)
		}
	}
	for _, name := range names {
		if !c.names[name] {
			t.Errorf("no description was asked with the parameter %q", name)
		}
	}
}

func hasPrefix(calls map[string]bool, prefix string) bool {
	for does := range calls {
		if strings.HasPrefix(does, prefix) {
			return true
		}
	}
	return false
}

// source is the gateway's own, without its tests.
type source []*ast.File

func readSource(t *testing.T) source {
	t.Helper()
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var s source
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, parsed)
	}
	return s
}

func (s source) each(visit func(ast.Node)) {
	for _, file := range s {
		ast.Inspect(file, func(n ast.Node) bool { visit(n); return true })
	}
}

// calls are what the calls say that they do, one * at the end for what is made up as it
// goes. Two that say the same could not be told apart.
func (s source) calls(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, file := range s {
		for _, declared := range file.Decls {
			f, is := declared.(*ast.FuncDecl)
			if !is {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if does := whatItDoes(n); does != nil {
					found = append(found, s.texts(t, f, does)...)
				}
				return true
			})
		}
	}
	slices.Sort(found)
	for i := range found[1:] {
		if found[i] == found[i+1] {
			t.Errorf("two calls say that they %s", found[i])
		}
	}
	return found
}

// whatItDoes is the expression of a call{does: ...} that has somewhere to go, or of a
// c.does = ...; nil: it is neither.
func whatItDoes(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if named, is := n.Type.(*ast.Ident); !is || named.Name != "call" || len(n.Elts) < 2 {
			return nil
		}
		for _, field := range n.Elts {
			if pair, is := field.(*ast.KeyValueExpr); is && pair.Key.(*ast.Ident).Name == "does" {
				return pair.Value
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if to, is := left.(*ast.SelectorExpr); is && to.Sel.Name == "does" {
				return n.Rhs[i]
			}
		}
	}
	return nil
}

// texts are what an expression in a function can be: where that is a parameter of it, what
// the function is called with.
func (s source) texts(t *testing.T, within *ast.FuncDecl, of ast.Expr) []string {
	t.Helper()
	switch of := of.(type) {
	case *ast.BasicLit:
		return []string{text(t, of)}
	case *ast.BinaryExpr:
		return []string{text(t, of.X.(*ast.BasicLit)) + "*"}
	case *ast.Ident:
		at := position(within, of.Name)
		if at < 0 {
			break
		}
		var all []string
		s.each(func(n ast.Node) {
			if call, is := n.(*ast.CallExpr); is && calls(call, within.Name.Name) {
				all = append(all, s.texts(t, within, call.Args[at])...)
			}
		})
		return all
	}
	t.Errorf("%s: the test cannot tell what a call there says that it does", within.Name.Name)
	return nil
}

func text(t *testing.T, literal *ast.BasicLit) string {
	t.Helper()
	read, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// position is the place of a parameter; -1: the function has none of that name.
func position(f *ast.FuncDecl, name string) int {
	at := 0
	for _, field := range f.Type.Params.List {
		for _, parameter := range field.Names {
			if parameter.Name == name {
				return at
			}
			at++
		}
	}
	return -1
}

func calls(c *ast.CallExpr, name string) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name == name
	case *ast.SelectorExpr:
		return f.Sel.Name == name
	}
	return false
}

// parameters are the names of all that is set in stripe-go's structs, as Stripe has them.
func (s source) parameters() []string {
	names := map[string]bool{}
	s.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CompositeLit:
			of, list := n.Type, false
			if array, is := of.(*ast.ArrayType); is {
				of, list = array.Elt, true
			}
			if star, is := of.(*ast.StarExpr); is {
				of = star.X
			}
			if !isParams(of) {
				return
			}
			for _, element := range n.Elts {
				if one, is := element.(*ast.CompositeLit); is && list {
					addFields(names, one)
				}
			}
			addFields(names, n)
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if to, is := left.(*ast.SelectorExpr); is && i < len(n.Rhs) && to.Sel.IsExported() && ofStripe(n.Rhs[i]) {
					names[formName(to.Sel.Name)] = true
				}
			}
		case *ast.CallExpr:
			if literal, is := firstLiteral(n); is && calls(n, "AddExtra") {
				for part := range strings.FieldsFuncSeq(strings.Trim(literal.Value, `"`), inBrackets) {
					names[part] = true
				}
			}
		}
	})
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func firstLiteral(c *ast.CallExpr) (*ast.BasicLit, bool) {
	if len(c.Args) == 0 {
		return nil, false
	}
	literal, is := c.Args[0].(*ast.BasicLit)
	return literal, is
}

// isParams tells whether a type is one of stripe-go's for parameters.
func isParams(of ast.Expr) bool {
	named, is := of.(*ast.SelectorExpr)
	if !is {
		return false
	}
	from, is := named.X.(*ast.Ident)
	return is && from.Name == "stripe" && strings.HasSuffix(named.Sel.Name, "Params") && named.Sel.Name != "Params"
}

func addFields(names map[string]bool, literal *ast.CompositeLit) {
	for _, element := range literal.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			names[formName(pair.Key.(*ast.Ident).Name)] = true
		}
	}
}

// ofStripe tells whether an expression makes a value for parameters.
func ofStripe(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit: // what it does is looked at by itself
			return false
		case *ast.CompositeLit:
			found = found || isParams(n.Type)
		case *ast.CallExpr:
			if f, is := n.Fun.(*ast.SelectorExpr); is && slices.Contains([]string{"String", "StringSlice", "Int64", "Bool"}, f.Sel.Name) {
				from, is := f.X.(*ast.Ident)
				found = found || is && from.Name == "stripe"
			}
		}
		return true
	})
	return found
}

var humps = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// formName is what stripe-go calls a field when it is sent.
func formName(field string) string {
	switch field {
	case "BillingCycleAnchorNow":
		return "billing_cycle_anchor"
	case "CreatedRange":
		return "created"
	case "GreaterThanOrEqual":
		return "gte"
	case "LesserThanOrEqual":
		return "lte"
	}
	return strings.ToLower(humps.ReplaceAllString(field, "${1}${3}_${2}${4}"))
}

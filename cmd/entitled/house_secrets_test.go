package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever can time a comparison that ends at the first difference finds a secret byte by byte. So
// keys, tokens, secrets and signatures are compared by hmac.Equal or subtle.ConstantTimeCompare
// alone, or looked up by their hash. The sandbox is left out: its keys guard play money, and
// who reaches it may do everything by its control API, which asks for none.
func TestHouse_SecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	looked := 0
	for _, room := range []string{"adapters", "app", "clients", "cmd", "domain", "examples", "ports"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "sandbox"):
				return fs.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			source, err := os.ReadFile(path)
			if err != nil || !mayHaveSecrets(source) {
				return err
			}
			looked++
			for _, found := range comparedOpenly(t, path, source) {
				t.Errorf("%s: compare secrets with subtle.ConstantTimeCompare", found)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked < 20 {
		t.Errorf("%d files have secrets: there are more", looked)
	}
}

var (
	// secretName is what a secret is called; what is said of one, as secretBytes, ends otherwise.
	secretName = regexp.MustCompile(`(?i)(secret|token|signature|password|apikey|bearer|mac)s?$`)
	// narrowName is also one where a MAC is computed or credentials are read.
	narrowName = regexp.MustCompile(`(?i)(^key|presented|sig|sum|expected|hash|raw|cookie)s?$`)
	narrowFile = regexp.MustCompile(`"crypto/(hmac|subtle)"|"Authorization"|HeaderAuthorization|BasicAuth\(|CookiesNamed\(`)
	openly     = regexp.MustCompile(`^(bytes\.(Equal|EqualFold|Compare|HasPrefix)|strings\.(EqualFold|Compare)|slices\.(Equal|Compare|Contains|Index)|reflect\.DeepEqual|cmp\.Compare)$`)
)

// mayHaveSecrets tells which files are worth parsing.
func mayHaveSecrets(source []byte) bool {
	for _, word := range []string{"ecret", "oken", "ignature", "assword", "apiKey", "APIKey", "earer", "crypto/hmac", "crypto/subtle", "uthorization"} {
		if bytes.Contains(source, []byte(word)) {
			return true
		}
	}
	return false
}

// comparedOpenly are the places at which a file compares secrets so that the time tells.
func comparedOpenly(t *testing.T, path string, source []byte) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	narrow := narrowFile.Match(source)
	secret := func(e ast.Expr) bool {
		name := nameOf(e)
		return secretName.MatchString(name) || narrow && narrowName.MatchString(name)
	}
	note := func(n ast.Expr) { found = append(found, files.Position(n.Pos()).String()+": "+types.ExprString(n)) }
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && (secret(n.X) && !known(n.Y) || secret(n.Y) && !known(n.X)) {
				note(n)
			}
		case *ast.CallExpr:
			for _, argument := range n.Args {
				if openly.MatchString(types.ExprString(n.Fun)) && secret(argument) {
					note(n)
					break
				}
			}
		case *ast.IndexExpr: // of a map, as nobody counts by secrets
			if secret(n.Index) && nameOf(n.Index) != "hash" { // what is looked up by its hash tells nothing of itself
				note(n)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && secret(n.Tag) {
				note(n.Tag)
			}
		}
		return true
	})
	return found
}

// nameOf is the last word of what an expression is called: that of k.hash[:] is hash.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.StarExpr:
		return nameOf(e.X)
	case *ast.ParenExpr:
		return nameOf(e.X)
	case *ast.SliceExpr:
		return nameOf(e.X)
	case *ast.IndexExpr:
		return nameOf(e.X)
	case *ast.CallExpr: // string(mac), mac.Sum(nil), hex.EncodeToString(mac)
		if len(e.Args) == 1 && !strings.HasSuffix(nameOf(e.Fun), "Sum") && nameOf(e.Fun) != "len" {
			return nameOf(e.Args[0])
		}
		return nameOf(e.Fun)
	}
	return ""
}

// known tells whether an expression is written in the source, so that it is no secret.
func known(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}

func TestHouse_SecretsThatAreComparedOpenlyAreSeen(t *testing.T) {
	t.Parallel()
	const hashed = "import \"crypto/hmac\"\n"
	for code, want := range map[string]int{
		`x = token == kept`:                                 1,
		`x = kept != e.Secret`:                              1,
		`x = string(signature) == found`:                    1,
		hashed + `x = bytes.Equal(h.Sum(nil), given)`:       1,
		`x = sum == kept`:                                   0,
		`x = strings.EqualFold(hex.EncodeToString(mac), h)`: 1,
		`x = slices.Contains(c.Secrets, s)`:                 1,
		`x = users[token]`:                                  1,
		`x = *given.apiKey == kept`:                         1,
		`switch token { case kept: }`:                       1,
		`x = key == kept`:                                   0, // any key
		hashed + `x = key == kept`:                          1,
		hashed + `x = users[presented]`:                     1,
		hashed + `x = users[hash]`:                          0,
		`x = token == ""`:                                   0,
		`x = secret != nil && len(secret) == most`:          0,
		`x = hmac.Equal(signature, kept)`:                   0,
		`x = subtle.ConstantTimeCompare(token, kept) == 1`:  0,
		`x = secretBytes == n`:                              0,
	} {
		head, body := "", code
		if rest, is := strings.CutPrefix(code, hashed); is {
			head, body = hashed, rest
		}
		var source bytes.Buffer
		source.WriteString("package p\n" + head + "func f() {\n" + body + "\n}\n")
		if found := comparedOpenly(t, "p.go", source.Bytes()); len(found) != want {
			t.Errorf("%s: found %q, want %d", code, found, want)
		}
	}
}

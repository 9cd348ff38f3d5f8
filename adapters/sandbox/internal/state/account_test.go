package state

import (
	"reflect"
	"slices"
	"sync"
	"testing"
)

// caches are what an archive has beside its texts, and makes anew.
var caches = []string{"deflate", "opened", "text"}

// Ensure that all that an account holds is data that can be written and read again: nothing
// unexported, nothing that runs, no interface but in the objects that Stripe shows.
func TestAccount_IsData(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var look func(at string, typ reflect.Type)
	look = func(at string, typ reflect.Type) {
		if seen[typ] || typ == reflect.TypeFor[sync.Mutex]() || typ.PkgPath() == "time" {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Func, reflect.Chan, reflect.UnsafePointer:
			t.Errorf("%s is a %s: what runs is kept beside the account", at, typ.Kind())
		case reflect.Pointer, reflect.Slice, reflect.Array:
			look(at, typ.Elem())
		case reflect.Map:
			look(at, typ.Key())
			look(at, typ.Elem())
		case reflect.Struct:
			for f := range typ.Fields() {
				switch {
				case typ == reflect.TypeFor[Archive]() && slices.Contains(caches, f.Name):
				case !f.IsExported():
					t.Errorf("%s.%s is not exported, and would be lost", typ, f.Name)
				default:
					look(typ.String()+"."+f.Name, f.Type)
				}
			}
		default: // a number, a text, or what an object of Stripe's has
		}
	}
	look("Account", reflect.TypeFor[Account]())
	if len(seen) < 50 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

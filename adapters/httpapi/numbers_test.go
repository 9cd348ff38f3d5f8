package httpapi

import (
	"encoding/json"
	"math/big"
	"testing"
)

func TestPlainNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"quantity":1.0}`: `{"quantity":1}`, `{"quantity": 1e0 }`: `{"quantity": 1 }`, `1E2`: `100`, `1.50e1`: `15`, `100e-2`: `1`, `-2.0`: `-2`,
		`0.0`: `0`, `-0.0`: `0`, `0e999999999999999999999`: `0e999999999999999999999`, `0e9`: `0`, `10.0`: `10`,
		`1.5`: `1.5`, `1e-1`: `1e-1`, `1e400`: `1e400`, `1e999999999999999999999`: `1e999999999999999999999`, `9007199254740993.0`: `9007199254740993`,
		`{"1.0":"1.0 \"2e0\\","a":[1.0,{"b":3e0}]}`: `{"1.0":"1.0 \"2e0\\","a":[1,{"b":3}]}`,
		`{"true.e":true}`: `{"true.e":true}`,
	} {
		if got := string(plainNumbers([]byte(text))); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzPlainNumbers(f *testing.F) {
	for _, seed := range []string{`{"a":1.0}`, `[1e2,-0.10e+1,"\\\"1e0"]`, `100e-2`, `0.00`, `"\u00e9.e"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before, after any
		if json.Unmarshal([]byte(text), &before) != nil || len(text) > 1000 {
			return
		}
		plain := plainNumbers([]byte(text))
		if err := json.Unmarshal(plain, &after); err != nil {
			t.Fatalf("%s became %s: %v", text, plain, err)
		}
		if a, b := rational(before), rational(after); a != nil && a.Cmp(b) != 0 {
			t.Errorf("%s became %s", text, plain)
		}
	})
}

func rational(v any) *big.Rat {
	f, is := v.(float64)
	if !is {
		return nil
	}
	return new(big.Rat).SetFloat64(f)
}

package wire

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oddities is an object with everything that a JSON encoder may get wrong.
var oddities = Object{
	"id": "in_1", "é <&> \"\\\n\u2028\x7f": "é <&> \"\\\n\u2028\x7f\xff", "none": nil, "yes": true, "no": false, "int": -7, "int64": int64(1) << 60, "half": 12.5,
	"number": json.Number("12.50"), "empty": Object{}, "nil object": Object(nil), "no items": []Object{}, "nil items": []Object(nil),
	"items": []Object{{"b": 1, "a": []string{"x", "ü"}}, {}, nil}, "texts": []string{}, "nil texts": []string(nil), "any": []any{1, "a", nil, []any{Object{"z": 1}}},
	"map": map[string]string{"k": "v"}, "deep": Object{"deeper": Object{"b": Object{"c": nil}, "a": "a"}, "after": 1},
}

func TestEncode_WritesWhatEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, v := range []any{oddities, []Object{oddities, oddities}, "text", nil, Object{}} {
		for indent, encode := range map[string]func(any) []byte{"  ": Encode, "": compact} {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", indent)
			if err := e.Encode(v); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(bytes.TrimRight(b.Bytes(), "\n")), string(encode(v))); diff != "" {
				t.Errorf("indent %q (-encoding/json +ours)\n%s", indent, diff)
			}
		}
	}
}

func TestEncodeIn_ShowsWhatTheVersionDoes(t *testing.T) {
	t.Parallel()
	o := Object{
		"object": "invoice", "paid": true, "parent": Object{"type": "subscription_details"}, "tax": nil,
		"lines":   ListOf([]Object{{"object": "line_item", "type": "subscription", "pricing": Object{"type": "price_details"}}}, false, "/"),
		"session": Object{"object": "checkout.session", "ui_mode": "hosted", "tax_id_collection": Object{"enabled": true, "required": "never"}},
		"texts":   []any{"hosted", 1},
	}
	for _, version := range APIVersions {
		if diff := cmp.Diff(string(Encode(o.In(version))), string(EncodeIn(o, version))); diff != "" {
			t.Errorf("%s (-in +encodeIn)\n%s", version, diff)
		}
	}
}

package wire

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams_KnowsItsNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, key string
		want         bool
	}{
		{"mode", "mode", true}, {"mode", "mode[a]", false}, {"expand[]", "expand[]", true}, {"expand[]", "expand[12]", true},
		{"expand[]", "expand[x]", false}, {"line_items[][price]", "line_items[0][price]", true},
		{"line_items[][price]", "line_items[0][prices]", false}, {"line_items[][price]", "line_items[price]", false},
		{"metadata[*]", "metadata[any thing]", true}, {"metadata[*]", "metadata", true}, {"metadata[*]", "metadatas[x]", false},
		{"items[][metadata][*]", "items[3][metadata][k]", true}, {"items[][metadata][*]", "items[x][metadata][k]", false},
	} {
		if got := MatchesParam(tt.pattern, tt.key); got != tt.want {
			t.Errorf("%s, %s: got %v", tt.pattern, tt.key, got)
		}
	}
}

func TestParams_ReadsListsInOrder(t *testing.T) {
	t.Parallel()
	p := &Params{Form: url.Values{"k[10]": {"c"}, "k[2]": {"b"}, "k[0]": {"a"}}}
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.List("k")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

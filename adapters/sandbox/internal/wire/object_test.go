package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChangedAttributes_HoldsOldValues(t *testing.T) {
	t.Parallel()
	before := Object{"same": 1, "status": "incomplete", "nested": Object{"a": 1, "b": 2}, "list": []Object{{"x": 1}}, "gone": 1}
	after := Object{"same": 1, "status": "active", "nested": Object{"a": 1, "b": 3}, "list": []Object{{"x": 2}}, "new": 1, "gone": nil}
	want := Object{"status": "incomplete", "nested": Object{"b": 2}, "list": []Object{{"x": 1}}, "new": nil, "gone": 1}
	if diff := cmp.Diff(want, ChangedAttributes(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

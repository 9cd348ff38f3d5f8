package sandbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChangedAttributes_HoldsOldValues(t *testing.T) {
	t.Parallel()
	before := object{"same": 1, "status": "incomplete", "nested": object{"a": 1, "b": 2}, "list": []object{{"x": 1}}, "gone": 1}
	after := object{"same": 1, "status": "active", "nested": object{"a": 1, "b": 3}, "list": []object{{"x": 2}}, "new": 1, "gone": nil}
	want := object{"status": "incomplete", "nested": object{"b": 2}, "list": []object{{"x": 1}}, "new": nil, "gone": 1}
	if diff := cmp.Diff(want, changedAttributes(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

package life

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/webhooks"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// madeAnew are fields that are not written down, because what they have follows from others.
var madeAnew = []string{"Archive.deflate", "Archive.opened", "Archive.text"}

// shape lists all that a snapshot is made of: each struct with its fields. It fails for what
// JSON would lose.
func shape(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) (lines []string) {
	t.Helper()
	if seen[of] {
		return nil
	}
	seen[of] = true
	switch {
	case of == reflect.TypeFor[time.Time](), of == reflect.TypeFor[wire.Object]():
		return nil // they write themselves
	case of.Kind() == reflect.Pointer, of.Kind() == reflect.Slice:
		return shape(t, of.Elem(), seen)
	case of.Kind() == reflect.Map:
		return append(shape(t, of.Key(), seen), shape(t, of.Elem(), seen)...)
	case of.Kind() == reflect.Struct:
	case of.Kind() >= reflect.Bool && of.Kind() <= reflect.Uint64, of.Kind() == reflect.Float64, of.Kind() == reflect.String:
		return nil
	default:
		t.Errorf("%s is of kind %s, which is in no file: keep an id instead, and what to do with it in a table", of, of.Kind())
		return nil
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name := of.Name() + "." + f.Name
		if slices.Contains(madeAnew, name) {
			continue
		}
		if !f.IsExported() || f.Tag != "" {
			t.Errorf("%s is not restored: export it, without a tag, or say in madeAnew what it follows from", name)
		}
		lines = append(lines, fmt.Sprint(name, " ", f.Type))
		lines = append(lines, shape(t, f.Type, seen)...)
	}
	if strings.HasPrefix(of.Name(), "Table[") {
		elem := of.Field(1).Type.Elem().Elem()
		if id, has := elem.FieldByName("ID"); !has || id.Type.Kind() != reflect.String {
			t.Errorf("%s is in a table, and has no ID to be found by", elem)
		}
	}
	return lines
}

// Ensure that a snapshot of another shape has another version: one that is read with holes
// in it is worse than one that is refused.
func TestSnapshot_ItsVersionSaysItsShape(t *testing.T) {
	t.Parallel()
	lines := shape(t, reflect.TypeFor[saved](), map[reflect.Type]bool{})
	for _, kind := range slices.Sorted(maps.Keys(happenings)) {
		lines = append(lines, string(kind))
	}
	if len(lines) < 400 {
		t.Fatalf("these %d fields cannot be all", len(lines))
	}
	hash := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	const known = "1 81b0d60d"
	if got := fmt.Sprint(snapshotVersion, " ", hex.EncodeToString(hash[:4])); got != known {
		t.Errorf("the shape of snapshots is %s, and was %s: raise snapshotVersion if one of them was in a release, and write the new shape here", got, known)
	}
}

// filled has something in each of its fields, which is nowhere else.
func filled(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(*n), 5).UTC()))
		return
	case v.Type() == reflect.TypeFor[wire.Object]():
		v.Set(reflect.ValueOf(wire.Object{"text": fmt.Sprint("<", *n), "number": json.Number(fmt.Sprint(*n)), "list": []wire.Object{{"none": nil}}, "words": []any{"a", "b"}}))
		return
	case strings.HasPrefix(v.Type().Name(), "Table["):
		made := reflect.New(v.FieldByName("Order").Type().Elem().Elem())
		filled(t, made.Elem(), n)
		v.Addr().MethodByName("Add").Call([]reflect.Value{made.Elem().FieldByName("ID"), made})
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			filled(t, v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		filled(t, key, n)
		filled(t, value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				filled(t, v.Field(i), n)
			}
		}
	case reflect.String:
		v.SetString(fmt.Sprint("é<&> ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Uint64:
		v.SetUint(1<<63 + uint64(*n))
	case reflect.Float64:
		v.SetFloat(1 / float64(*n))
	default:
		t.Fatalf("there is nothing to fill a %s with", v.Type())
	}
}

// Ensure that each field of the state comes back as it was.
func TestSnapshot_EveryFieldComesBack(t *testing.T) {
	t.Parallel()
	var was, is saved
	n := 0
	filled(t, reflect.ValueOf(&was).Elem(), &n)
	text, err := json.Marshal(was)
	if err == nil {
		err = json.Unmarshal(text, &is)
	}
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(was, is) {
		return
	}
	for i := range reflect.TypeFor[state.Contents]().NumField() {
		a, b := reflect.ValueOf(was.Contents).Field(i), reflect.ValueOf(is.Contents).Field(i)
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s is not what it was:\ngot  %+v\nwant %+v", reflect.TypeFor[state.Contents]().Field(i).Name, b, a)
		}
	}
	t.Error("the snapshot is not what it was")
}

// besideContents are what the rooms keep beside the account's contents, and why a snapshot
// need not have it, or where it does.
var besideContents = map[string]string{
	"Account.Mu": "of the process", "Account.Base": "an option", "Account.ReachedAt": "of the process", "Account.Contents": "saved",

	"Clock.Account": "above", "Clock.Wall": "an option", "Clock.Now": "an option", "Clock.OwnClock": "saved as GivenClock",
	"Clock.Running": "of the process", "Clock.Work": "of the process", "Clock.cancel": "of the process", "Clock.wake": "of the process",
	"Clock.ahead": "in the envelope, as now", "Clock.happens": "a table",

	"Chaos.Account": "above", "Chaos.Dice": "saved", "Chaos.Planned": "saved",

	"Sender.Clock": "above", "Sender.Chaos": "above", "Sender.Log": "an option", "Sender.SignatureNow": "an option", "Sender.Retry": "an option",
	"Sender.Ordered": "an option", "Sender.RedirectWait": "an option", "Sender.Client": "an option", "Sender.Closed": "of the process",
	"Sender.slots": "under way", "Sender.changed": "under way", "Sender.due": "counted by Resume", "Sender.lines": "under way",
	"Sender.unfinished": "found by Resume",

	"Stripe.Clock": "above", "Stripe.Render": "has no state", "Stripe.Webhooks": "above", "Stripe.Chaos": "above", "Stripe.DelayedAfter": "an option",
	"Stripe.Collection": "an option", "Stripe.UpcomingNotice": "an option", "Stripe.Cause": "under way", "Stripe.advancing": "under way",
	"Stripe.changing": "under way",
}

func TestSnapshot_WhatIsKeptBesideTheContentsIsThoughtOf(t *testing.T) {
	t.Parallel()
	found := 0
	for _, of := range []reflect.Type{
		reflect.TypeFor[state.Account](), reflect.TypeFor[clock.Clock](), reflect.TypeFor[chaos.Chaos](),
		reflect.TypeFor[webhooks.Sender](), reflect.TypeFor[Stripe](),
	} {
		for i := range of.NumField() {
			name := of.Name() + "." + of.Field(i).Name
			if found++; besideContents[name] == "" {
				t.Errorf("%s is not in snapshots: put what has to survive into state.Contents, or say here why it need not", name)
			}
		}
	}
	if found != len(besideContents) {
		t.Errorf("%d fields are here, and %d are thought of", found, len(besideContents))
	}
}

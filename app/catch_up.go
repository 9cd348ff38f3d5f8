package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file is about the day on which the catalog changes, or the rules: what is kept of
// everybody whom the change may affect is derived again, by one service of all that run
// on the database. How far it has come is kept, and whoever goes on goes on from there.

// The settings of it. The catalog that everybody was last derived from is kept with what
// differs from it to be told, and so are those that some were derived from since.
const (
	settingCatalog    = "catalog" // the print of it, or that it is being derived from
	settingDerived    = "catalog_derived"
	settingDerivation = "derivation"
	settingBases      = "derivation_bases"

	deriving = "deriving "
)

const (
	// So many users are looked at, and derived in one transaction, at a time.
	lookMost   = 1000
	deriveMost = 64

	// overlap is how long programs with the old and the new catalog may run side by
	// side while replicas are replaced.
	overlap = 5 * time.Minute
	// deriveLease is how long a derivation of which nothing is heard is its service's
	// still: longer than a transaction of it takes.
	deriveLease = 15 * time.Second
	// mostBases bounds the catalogs that are compared: beyond, everybody is affected.
	mostBases = 8
)

// basis is a catalog that accounts may have been derived from.
type basis struct {
	Print   string
	Rules   string // the print of the rules alone
	Catalog domain.Catalog
	Known   map[domain.PriceID]domain.PlanKey
}

// bases are those that a derivation has to start from, and the one that it leads to.
type bases struct {
	All  bool // they are not all known: everybody is affected
	From []basis
	To   basis
}

// derivation is how far it has come. Its text, as it is kept, is the lease: who has
// written it last has it.
type derivation struct {
	Print   string
	Once    bool // nobody has another catalog: there is no second pass
	Pass    int
	Due     time.Time // of the pass: not before
	Cursor  domain.UserID
	Changes int
	Until   time.Time // when the lease is over
	Done    bool

	text string // as it is kept
}

// Progress is how far a derivation has come.
type Progress struct {
	Pass    int
	Looked  int // users so far, in this pass and by this service
	Derived int // of them
	Changes int // of entitlements, in all
	Over    bool
}

// OnProgress has somebody told, each time that some users more were looked at. It is for
// before CatchUp, and must not block.
func (a *AdoptDatabase) OnProgress(tell func(Progress)) { a.progress = tell }

// CatchUp derives again what the catalog, or the rules, may have changed since everything
// was last derived, and once more when the last program with the old ones should be gone.
// It returns how many entitlements this service has changed. It may be interrupted, and
// goes on at the next start; of several services one does it, and the others wait to take
// over. A service whose catalog is followed by another one's leaves it to that.
func (a *AdoptDatabase) CatchUp(ctx context.Context) (changes int, err error) {
	current, err := a.basis()
	if err != nil {
		return 0, err
	}
	var waitedFor string // what was kept before we waited for it
	for seen := false; ; {
		kept, err := a.setting(ctx, settingCatalog)
		if err != nil || kept == current.Print {
			return changes, err
		}
		d, err := a.derivation(ctx)
		if err != nil {
			return changes, err
		}
		ours := d.Print == current.Print
		if seen && !ours {
			return changes, nil
		}
		now := a.derive.clock()
		if ours && !d.Done && now.Before(d.Until) && d.text != waitedFor {
			seen, waitedFor = true, d.text
			if err := a.wait(ctx, max(deriveLease, min(d.Due.Sub(now), overlap)+deriveLease)); err != nil {
				return changes, err
			}
			continue
		}
		change, taken, err := a.take(ctx, kept, &d, current)
		if err != nil {
			return changes, err
		}
		if !taken {
			continue
		}
		seen = true
		before := d.Changes
		done, err := a.run(ctx, &d, change, current)
		changes += d.Changes - before
		if ctx.Err() != nil {
			a.release(ctx, &d)
		}
		if err != nil || done {
			return changes, err
		}
	}
}

// basis is the catalog of this program.
func (a *AdoptDatabase) basis() (basis, error) {
	b := basis{Catalog: a.catalog, Known: a.catalog.Known.All()}
	b.Catalog.Known = nil
	var err error
	if b.Print, err = catalogPrint(a.catalog); err != nil {
		return b, err
	}
	b.Rules, err = catalogPrint(domain.Catalog{})
	return b, err
}

// setting reads a setting, empty for none.
func (a *AdoptDatabase) setting(ctx context.Context, name string) (string, error) {
	text, err := a.store.Setting(ctx, name)
	if errors.Is(err, ports.ErrNotFound) {
		return "", nil
	}
	return text, err
}

// readBack reads what was kept as JSON: not what is empty, or another version has written
// in another way.
func readBack[T any](text string) (value T, is bool) {
	is = json.Unmarshal([]byte(text), &value) == nil
	return value, is
}

// derivation reads how far it has come.
func (a *AdoptDatabase) derivation(ctx context.Context) (derivation, error) {
	text, err := a.setting(ctx, settingDerivation)
	if err != nil {
		return derivation{}, err
	}
	d, is := readBack[derivation](text)
	if !is {
		d = derivation{} // it is begun anew
	}
	d.text = text
	return d, nil
}

// take takes the lease of a derivation that was begun and is nobody's, or begins one. It
// returns what is affected, and whether nobody was faster.
func (a *AdoptDatabase) take(ctx context.Context, kept string, d *derivation, current basis) (change domain.CatalogChange, taken bool, err error) {
	mark := deriving + current.Print
	if kept == mark && d.Print == current.Print && !d.Done {
		of, err := a.bases(ctx, current.Print)
		if err != nil {
			return change, false, err
		}
		taken, err := a.keep(ctx, d)
		return of.change(a.catalog), taken, err
	}
	from, err := a.startingFrom(ctx, kept, *d)
	if err != nil {
		return change, false, err
	}
	from.To = current
	*d = derivation{Print: current.Print, Once: kept == "", Pass: 1, text: d.text}
	if taken, err := a.keep(ctx, d); err != nil || !taken {
		return change, false, err
	}
	text, err := json.Marshal(from)
	if err != nil {
		return change, false, fmt.Errorf("write the catalogs before down: %w", err)
	}
	if err := a.store.SetSetting(ctx, settingBases, string(text)); err != nil {
		return change, false, err
	}
	// From here on some have what this catalog gives: who starts with the one before,
	// and finds this mark, derives again too.
	taken, err = a.store.SwapSetting(ctx, settingCatalog, kept, mark)
	return from.change(a.catalog), taken, err
}

// startingFrom finds which catalogs accounts may have been derived from: the one that all
// of them were, and those that some were since, as derivations were begun and left.
func (a *AdoptDatabase) startingFrom(ctx context.Context, kept string, d derivation) (bases, error) {
	unknown := bases{All: true}
	if left, begun := cutDeriving(kept); begun {
		of, err := a.bases(ctx, left)
		if err != nil || of.All || d.Print != left || len(of.From) >= mostBases {
			return unknown, err
		}
		return bases{From: append(slices.Clone(of.From), of.To)}, nil
	}
	text, err := a.setting(ctx, settingDerived)
	if err != nil {
		return unknown, err
	}
	if from, is := readBack[basis](text); is && from.Print == kept {
		return bases{From: []basis{from}}, nil
	}
	return unknown, nil
}

func cutDeriving(kept string) (current string, begun bool) {
	if len(kept) <= len(deriving) || kept[:len(deriving)] != deriving {
		return "", false
	}
	return kept[len(deriving):], true
}

// bases reads those of the derivation to a catalog.
func (a *AdoptDatabase) bases(ctx context.Context, to string) (bases, error) {
	text, err := a.setting(ctx, settingBases)
	if err != nil {
		return bases{}, err
	}
	if of, is := readBack[bases](text); is && of.To.Print == to {
		return of, nil
	}
	return bases{All: true}, nil
}

// change is what differs from any of them.
func (b bases) change(now domain.Catalog) domain.CatalogChange {
	change := domain.CatalogChange{All: b.All}
	for _, from := range b.From {
		change.All = change.All || from.Rules != b.To.Rules
		from.Catalog.Known = domain.NewKnownPrices(from.Known)
		change = change.With(now.ChangeSince(from.Catalog))
	}
	return change
}

// keep keeps how far a derivation has come, and with it the lease; not if somebody else
// has taken it.
func (a *AdoptDatabase) keep(ctx context.Context, d *derivation) (kept bool, err error) {
	d.Until = a.derive.clock()
	if d.Due.After(d.Until) {
		d.Until = d.Due
	}
	d.Until = d.Until.Add(deriveLease)
	text, err := json.Marshal(d)
	if err != nil {
		return false, fmt.Errorf("write down how far it has come: %w", err)
	}
	kept, err = a.store.SwapSetting(ctx, settingDerivation, d.text, string(text))
	if kept {
		d.text = string(text)
	}
	return kept, err
}

// run goes on from where a derivation has come to. It is not done if somebody else has
// taken it over.
func (a *AdoptDatabase) run(ctx context.Context, d *derivation, change domain.CatalogChange, current basis) (done bool, err error) {
	if change.Empty() {
		d.Pass = 3 // there is nothing to do
	}
	for ; d.Pass <= 2; d.Pass++ {
		if d.Pass == 2 {
			if d.Once {
				break
			}
			if held, err := a.awaitSecond(ctx, d); err != nil || !held {
				return false, err
			}
		}
		if held, err := a.pass(ctx, d, change); err != nil || !held {
			return false, err
		}
		d.Cursor, d.Due = "", time.Time{}
	}
	return a.finish(ctx, d, current)
}

// awaitSecond waits until programs with the old catalog should be gone. When that is, is
// kept: a restart does not begin to wait anew.
func (a *AdoptDatabase) awaitSecond(ctx context.Context, d *derivation) (held bool, err error) {
	if d.Due.IsZero() {
		d.Due = a.derive.clock().Add(overlap)
		if held, err := a.keep(ctx, d); err != nil || !held {
			return false, err
		}
	}
	if left := d.Due.Sub(a.derive.clock()); left > 0 {
		if err := a.wait(ctx, min(left, overlap)); err != nil {
			return false, err
		}
	}
	return a.keep(ctx, d)
}

// pass goes through the users who are affected, from the cursor on.
func (a *AdoptDatabase) pass(ctx context.Context, d *derivation, change domain.CatalogChange) (held bool, err error) {
	progress := Progress{Pass: d.Pass, Changes: d.Changes}
	for {
		page, err := a.store.Affected(ctx, change, d.Cursor, lookMost)
		if err != nil {
			return false, fmt.Errorf("look who is affected: %w", err)
		}
		if page.Last == "" {
			return true, nil
		}
		for chunk := range slices.Chunk(page.Users, deriveMost) {
			changed, err := a.derive.Users(ctx, chunk)
			if err != nil {
				return false, err
			}
			d.Changes += changed
			d.Cursor = chunk[len(chunk)-1]
			if held, err := a.keep(ctx, d); err != nil || !held {
				return false, err
			}
			progress.Derived += len(chunk)
		}
		if d.Cursor != page.Last {
			d.Cursor = page.Last
			if held, err := a.keep(ctx, d); err != nil || !held {
				return false, err
			}
		}
		progress.Looked += page.Looked
		progress.Changes = d.Changes
		a.progress(progress)
	}
}

// finish keeps that everybody was derived from the catalog.
func (a *AdoptDatabase) finish(ctx context.Context, d *derivation, current basis) (done bool, err error) {
	if held, err := a.keep(ctx, d); err != nil || !held {
		return false, err
	}
	text, err := json.Marshal(current)
	if err != nil {
		return false, fmt.Errorf("write the catalog down: %w", err)
	}
	if err := a.store.SetSetting(ctx, settingDerived, string(text)); err != nil {
		return false, err
	}
	// Not if another derivation was begun this moment.
	if _, err := a.store.SwapSetting(ctx, settingCatalog, deriving+current.Print, current.Print); err != nil {
		return false, err
	}
	d.Done = true
	_, err = a.keep(ctx, d)
	a.progress(Progress{Changes: d.Changes, Over: true})
	return true, err
}

// release gives the lease back when the program ends, so that the next start goes on at
// once.
func (a *AdoptDatabase) release(ctx context.Context, d *derivation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTime)
	defer cancel()
	released := *d
	released.Until = time.Time{}
	if text, err := json.Marshal(released); err == nil {
		_, _ = a.store.SwapSetting(ctx, settingDerivation, d.text, string(text)) // else it is over in a while
	}
}

func (a *AdoptDatabase) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-a.after(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

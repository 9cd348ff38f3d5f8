package bunstore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// changed is what an update has to write: only what differs from what was read.
type changed struct {
	accounts   []accountRow
	blank      []string // accounts made to be locked, of which nothing is kept
	refs       []refRow
	facts      []factTable
	marks      []invoicePaymentRow // of accounts of which something is kept apart from now on
	granted    []entitlementRow
	regranted  []entitlementRow // that were read
	revoked    []entitlementRow
	changes    []changeRow
	receipts   []receiptRow
	questions  []questionRow
	answered   []questionRow
	expected   []questionRow
	unexpected []questionRow
}

// writes compares what an update leaves behind with what it found. No statements:
// there is nothing to keep.
func (s *Store) writes(h held, kept ports.Kept) ([]statement, error) {
	c := changed{facts: factTables()}
	if err := c.compareStates(h, kept); err != nil {
		return nil, err
	}
	if err := c.keepChanges(h, kept.Changes); err != nil {
		return nil, err
	}
	if err := c.keepReceipts(kept.Receipts); err != nil {
		return nil, err
	}
	if err := c.keepQuestions(kept.Questions, kept.Answered); err != nil {
		return nil, err
	}
	if err := c.keepExpected(kept.Expected); err != nil {
		return nil, err
	}
	return c.statements(s), nil
}

func (c *changed) compareStates(h held, kept ports.Kept) error {
	last := map[domain.UserID]ports.State{}
	for _, state := range kept.States {
		if h.states[state.Account.User] == nil {
			return fmt.Errorf("keep the account of user %q: it was not found by this update", state.Account.User)
		}
		last[state.Account.User] = state
	}
	names := map[domain.Ref]domain.UserID{}
	for _, user := range slices.Sorted(maps.Keys(last)) {
		ended, told := kept.Ended[user]
		if !told {
			ended = c.asHeld(h, last[user])
		}
		if err := c.compareState(h, last[user], ended, names); err != nil {
			return err
		}
	}
	changed := map[domain.UserID]bool{}
	for _, change := range kept.Changes {
		changed[change.User] = true
	}
	for _, user := range slices.Sorted(maps.Keys(h.created)) {
		if c.isEmpty(last[user]) && !changed[user] {
			c.blank = append(c.blank, string(user))
		}
	}
	return nil
}

// isEmpty tells whether a state says nothing of its user.
func (c *changed) isEmpty(state ports.State) bool {
	a := state.Account
	return accountRowOf(a) == accountRow{UserID: string(a.User)} && len(c.factNames(a))+len(state.Entitlements) == 0
}

func (c *changed) factNames(a domain.Account) []domain.Ref {
	var names []domain.Ref
	for _, table := range c.facts {
		names = append(names, table.names(a)...)
	}
	return names
}

// compareState takes over what differs between two states of one user. The names
// given out so far are of other users in the same update.
func (c *changed) compareState(h held, is ports.State, ended ports.Ended, names map[domain.Ref]domain.UserID) error {
	user, after := is.Account.User, is.Account
	was := *h.states[user]
	before := was.Account
	if row := accountRowOf(after); row != accountRowOf(before) {
		row.Version = was.Version
		c.accounts = append(c.accounts, row)
	}
	after.Past = h.pastAfter(before, ended)
	is.Account = after
	keys := newKeying(after, c.facts, c.changedIn(was, is), h.keys[user], after.NamesOfInvoices(ended.Invoices), h.sumsOf(before))
	for _, table := range c.facts {
		table.compare(before, after, keys)
	}
	for id, past := range after.Past {
		if !past.Until.IsZero() && before.Past[id].Until.IsZero() {
			c.marks = append(c.marks, markOf(user, id))
		}
	}
	if err := c.compareRefs(before, after, keys, names); err != nil {
		return err
	}
	c.compareEntitlements(was, is, keys, h.rights)
	return c.checkKeys(after, is.Entitlements)
}

// asHeld is what of an account was kept apart, of which nobody says anything now. If one of
// those facts has changed, or one has come, nothing of the account is, until somebody does.
func (c *changed) asHeld(h held, is ports.State) ports.Ended {
	user := is.Account.User
	was, held := h.states[user].Account, h.keys[user]
	for _, table := range c.facts {
		if slices.ContainsFunc(table.changed(was, is.Account), func(fact domain.Ref) bool {
			key, known := held[fact]
			return !known || isApart(key)
		}) {
			return ports.Ended{}
		}
	}
	return ports.Ended{Invoices: slices.Collect(maps.Keys(held.apartOf(was))), Past: was.Past}
}

// pastAfter are the sums of what is kept apart from now on: where nothing is any more, an
// empty one.
func (h held) pastAfter(before domain.Account, ended ports.Ended) map[domain.SubscriptionID]domain.Past {
	after := maps.Clone(before.Past)
	for id := range before.Past {
		if h.isWhole(before.User, id) {
			after[id] = domain.Past{}
		}
	}
	maps.Copy(after, ended.Past)
	return after
}

// sumsOf are the subscriptions of which something is kept apart that was not read.
func (h held) sumsOf(a domain.Account) map[domain.Ref]bool {
	sums := map[domain.Ref]bool{}
	for id, past := range a.Past {
		if !past.Until.IsZero() && !h.isWhole(a.User, id) {
			sums[domain.Ref{Kind: domain.RefSubscription, ID: string(id)}] = true
		}
	}
	return sums
}

// changedIn are the facts, and the sources of rights, that differ between two states.
func (c *changed) changedIn(was, is ports.State) []domain.Ref {
	var all []domain.Ref
	for _, table := range c.facts {
		all = append(all, table.changed(was.Account, is.Account)...)
	}
	had := map[domain.Entitlement]bool{}
	for _, e := range was.Entitlements {
		had[e] = true
	}
	for _, e := range is.Entitlements {
		if !had[e] {
			all = append(all, nameOfSource(e.Source))
		}
	}
	return all
}

// compareRefs takes over the names that the account did not have, or that are of another
// purchase now. A name that cannot be kept cannot be asked for either.
func (c *changed) compareRefs(before, after domain.Account, keys keying, names map[domain.Ref]domain.UserID) error {
	known := keys.held.keyOfNames(before)
	for _, ref := range after.Refs() {
		key, write := keys.ofName(ref)
		was, have := known[ref]
		switch other, taken := names[ref]; {
		case taken && other != after.User:
			return fmt.Errorf("%w: %s %s is named by two users", ports.ErrConflict, ref.Kind, ref.ID)
		case taken || have && (!write || was == key) || !storable(ref.ID):
			continue
		}
		names[ref] = after.User
		c.refs = append(c.refs, refRowOf(after.User, ref, key))
	}
	return nil
}

func (c *changed) compareEntitlements(was, is ports.State, keys keying, held map[entitlementKey]string) {
	user := is.Account.User
	had := map[entitlementKey]entitlementRow{}
	for _, row := range entitlementRowsOf(user, was.Entitlements) {
		row.Purchase = held[row.key()]
		had[row.key()] = row
	}
	for _, row := range entitlementRowsOf(user, is.Entitlements) {
		row.Purchase = keys.ofRight(row.source(), held[row.key()])
		switch was, have := had[row.key()]; {
		case !have: // or not read: it may be there, see [belongings.into]
			c.granted = append(c.granted, row)
		case was != row:
			c.regranted = append(c.regranted, row)
		}
		delete(had, row.key())
	}
	for _, row := range had {
		c.revoked = append(c.revoked, row)
	}
}

// checkKeys: an id that cannot be kept to the byte is not kept at all.
func (c *changed) checkKeys(a domain.Account, entitlements []domain.Entitlement) error {
	ids := []string{string(a.User)}
	for _, name := range c.factNames(a) {
		ids = append(ids, name.ID)
	}
	for _, e := range entitlements {
		ids = append(ids, string(e.Feature), e.Source.ID)
	}
	return checkIDs(ids)
}

func checkIDs(ids []string) error {
	for _, id := range ids {
		if !storable(id) {
			return fmt.Errorf("id %.60q cannot be kept: it is empty, too long or not plain text", id)
		}
	}
	return nil
}

// keepChanges adds changes, all of a user under one version, by which the account is counted
// on: its lock is held, so that nobody else gives the same one.
func (c *changed) keepChanges(h held, changes []domain.Change) error {
	versions := map[domain.UserID]int64{}
	for _, change := range changes {
		was := h.states[change.User]
		if was == nil {
			return fmt.Errorf("keep a change of user %q: it was not found by this update", change.User)
		}
		versions[change.User] = was.Version + 1
		c.changes = append(c.changes, changeRowOf(change, was.Version+1))
	}
	for i, row := range c.accounts {
		if version, counted := versions[domain.UserID(row.UserID)]; counted {
			c.accounts[i].Version = version
			delete(versions, domain.UserID(row.UserID))
		}
	}
	for _, user := range slices.Sorted(maps.Keys(versions)) {
		row := accountRowOf(h.states[user].Account)
		row.Version = versions[user]
		c.accounts = append(c.accounts, row)
	}
	slices.SortFunc(c.accounts, func(a, b accountRow) int { return cmp.Compare(a.UserID, b.UserID) })
	return nil
}

// keepReceipts sorts by id, so that two updates with the same events cannot wait
// for each other, and keeps the last of several for one event.
func (c *changed) keepReceipts(receipts []domain.ProcessedEvent) error {
	last := map[string]receiptRow{}
	for _, r := range receipts {
		row := receiptRowOf(r)
		if first, twice := last[row.ID]; twice {
			row.Payload, row.ReceivedAt = first.Payload, first.ReceivedAt
		}
		last[row.ID] = row
	}
	ids := slices.Sorted(maps.Keys(last))
	for _, id := range ids {
		c.receipts = append(c.receipts, last[id])
	}
	return checkIDs(ids)
}

// statements are one or two a table, however much has changed. Receipts come first: they have
// the bodies, and what is sent together grows to that size at once. Then names: a conflict
// there is found before anything else is written.
func (c *changed) statements(s *Store) []statement {
	var all []statement
	put := func(n int, write func() statement) {
		if n > 0 {
			all = append(all, write())
		}
	}
	sortEntitlements(c.granted)
	sortEntitlements(c.regranted)
	sortEntitlements(c.revoked)
	put(len(c.receipts), func() statement { return s.insert(&c.receipts, s.orRedacted(&c.receipts), nil) })
	put(len(c.accounts), func() statement { return s.overwrite(&c.accounts) })
	put(len(c.refs), func() statement { return s.upsert(&c.refs) })
	for _, table := range c.facts {
		all = append(all, table.write(s)...)
	}
	put(len(c.marks), func() statement { return s.insert(&c.marks, doNothing, nil) })
	put(len(c.revoked), func() statement { return s.remove(&c.revoked, 4) })
	put(len(c.granted), func() statement { return s.upsert(&c.granted) })
	put(len(c.regranted), func() statement { return s.overwrite(&c.regranted) })
	put(len(c.changes), func() statement { return s.insert(&c.changes, "", nil) })
	put(len(c.questions), func() statement { return s.insert(&c.questions, laterSince, nil) })
	put(len(c.answered), func() statement { return s.deleteAnswered(c.answered) })
	put(len(c.expected), func() statement { return s.insert(&c.expected, newDue, nil) })
	put(len(c.unexpected), func() statement { return s.remove(&c.unexpected, 2) })
	if len(all) > 0 {
		put(len(c.blank), func() statement { return s.deleteAccounts(c.blank) })
	}
	return all
}

// noBytes is an empty payload.
func (s *Store) noBytes() string {
	if s.onPostgres() {
		return "''::bytea"
	}
	return "x''"
}

// orRedacted leaves a receipt's payload as it is, unless it is redacted: then it goes, and
// does not come back.
func (s *Store) orRedacted(rows *[]receiptRow) string {
	return onConflict(s.tableOf(rows), "payload", "received_at", "redacted") +
		", payload = CASE WHEN EXCLUDED.redacted OR t.redacted THEN " + s.noBytes() + " ELSE t.payload END, redacted = EXCLUDED.redacted OR t.redacted"
}

func sortEntitlements(rows []entitlementRow) {
	slices.SortFunc(rows, func(a, b entitlementRow) int {
		return cmp.Or(
			cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Feature, b.Feature),
			cmp.Compare(a.SourceKind, b.SourceKind), cmp.Compare(a.SourceID, b.SourceID),
		)
	})
}

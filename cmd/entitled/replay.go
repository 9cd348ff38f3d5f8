package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type eventsReplay struct {
	Events                     []string
	Outcome, User, Type, Since string
	DryRun, JSON               bool
}

func newEventsReplay(c console) *cobra.Command {
	var r eventsReplay
	cmd := leaf("replay", "Process events again, from their bodies as received: after the catalog was mended, say.", c, &r)
	cmd.Use += " [ID...]"
	cmd.Long = described("[ID...]", "The events' ids, evt_...; or say with the flags which ones.")
	cmd.Args = func(_ *cobra.Command, given []string) error {
		r.Events = given
		return nil
	}
	cmd.Flags().Var(oneOf{&r.Outcome, []string{"quarantined", "failed", "waiting", "ignored"}}, "outcome", "Only those quarantined, failed, waiting or ignored.")
	cmd.Flags().StringVar(&r.User, "user", "", "Only those about this user.")
	cmd.Flags().StringVar(&r.Type, "type", "", "Only those of this type, such as invoice.paid.")
	cmd.Flags().StringVar(&r.Since, "since", "", "Only those received since: a date (its beginning, UTC), a time, or so long ago such as 7d.")
	cmd.Flags().BoolVar(&r.DryRun, "dry-run", false, "Only list which events it would be.")
	cmd.Flags().BoolVar(&r.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// query says which events are meant, and refuses to mean all by accident.
func (r eventsReplay) query() (app.ReplayQuery, error) {
	since, err := readMoment("--since", r.Since, ago)
	if err != nil {
		return app.ReplayQuery{}, err
	}
	q := app.ReplayQuery{Outcome: domain.Outcome(r.Outcome), User: domain.UserID(r.User), Type: domain.EventType(r.Type), Since: since}
	for _, id := range r.Events {
		q.IDs = append(q.IDs, domain.EventID(id))
	}
	narrowed := r.Outcome+r.User+r.Type+r.Since != ""
	switch {
	case len(q.IDs) > 0 && narrowed:
		return q, misusedf("give ids, or --outcome, --user, --type and --since, not both")
	case len(q.IDs) == 0 && !narrowed:
		return q, misusedf("say which events: their ids, or --outcome, --user, --type or --since, such as --outcome quarantined")
	default:
		return q, nil
	}
}

// Run processes events again, or lists which it would be.
func (r eventsReplay) Run(ctx context.Context, c console) error {
	query, err := r.query()
	if err != nil {
		return err
	}
	if r.DryRun {
		return r.list(ctx, c, query)
	}
	door, err := openDoor(ctx, c)
	if err != nil {
		return err
	}
	defer door.close()
	if err := keepAct(ctx, door.store, ports.AdminAction{Action: app.ActEventsReplay, User: query.User, About: query.About()}); err != nil {
		return err
	}
	replay := app.NewReplay(door.store, door.fulfill)

	told := map[domain.Outcome]int{}
	all := 0
	tell := c.replayed(r.JSON)
	err = replay.Do(ctx, query, func(receipt domain.ProcessedEvent, verdict domain.Verdict, err error) {
		if err != nil {
			verdict = domain.Verdict{Outcome: domain.OutcomeFailed, Reason: err.Error()}
		}
		all++
		told[verdict.Outcome]++
		tell(receipt, verdict)
	})
	if err != nil {
		return notReceived(err)
	}
	var sums []string
	for _, outcome := range domain.Outcomes {
		if told[outcome] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", told[outcome], outcome))
		}
	}
	sum := strings.Join(append([]string{counted(all, "event") + " processed again"}, sums...), ", ")
	if all == 0 {
		sum += misspelledType(query.Type)
	}
	fmt.Fprintln(c.err, sum)
	if failed := told[domain.OutcomeFailed]; failed > 0 {
		return fmt.Errorf("%d of %s failed: mend what their reasons say, and replay them with --outcome failed", failed, counted(all, "event"))
	}
	return nil
}

// list shows what would be replayed; it needs neither catalog nor Stripe.
func (r eventsReplay) list(ctx context.Context, c console, query app.ReplayQuery) error {
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActEventsList, User: query.User, About: query.About()}); err != nil {
		return err
	}
	tell, count := c.receipts(r.JSON, "OUTCOME", func(r domain.ProcessedEvent) string { return string(r.Outcome) })
	if err := app.NewReplay(store, nil).Each(ctx, query, tell); err != nil {
		return notReceived(err)
	}
	if r.JSON {
		return nil
	}
	hint := ""
	if *count == 0 {
		hint = misspelledType(query.Type)
	}
	_, err = fmt.Fprintln(c.err, counted(*count, "event"), "would be processed again"+hint)
	return err
}

func notReceived(err error) error {
	if errors.Is(err, ports.ErrNotFound) {
		said, _, _ := strings.Cut(err.Error(), ": ") // the rest is the database's
		return notFoundf("%s: list what was with entitled events list", said)
	}
	return err
}

// replayed prints an event as soon as it was replayed: there may be many.
func (c console) replayed(asJSON bool) func(domain.ProcessedEvent, domain.Verdict) {
	encoder := json.NewEncoder(c.out)
	return func(was domain.ProcessedEvent, became domain.Verdict) {
		if asJSON {
			_ = encoder.Encode(replayJSON{
				ID: was.ID, Type: was.Type, User: was.User, Was: was.Outcome, Outcome: became.Outcome, Reason: became.Reason,
			})
			return
		}
		reason, _, _ := strings.Cut(became.Reason, "\n")
		fmt.Fprintf(c.out, "%-30s  %-34s  %-11s -> %-11s  %s\n", was.ID, was.Type, was.Outcome, became.Outcome, reason)
	}
}

type replayJSON struct {
	ID      domain.EventID   `json:"id"`
	Type    domain.EventType `json:"type"`
	User    domain.UserID    `json:"user_id,omitempty"`
	Was     domain.Outcome   `json:"was"`
	Outcome domain.Outcome   `json:"outcome"`
	Reason  string           `json:"reason,omitempty"`
}

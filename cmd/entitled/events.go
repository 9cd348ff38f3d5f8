package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type eventsList struct {
	Outcome, Type, User, Older string
	Limit                      int
	JSON                       bool
}

func newEventsList(c console) *cobra.Command {
	var l eventsList
	cmd := leaf("list", "List the events received, the last first.", c, &l)
	outcomes := oneOf{&l.Outcome, []string{"applied", "unchanged", "ignored", "waiting", "quarantined", "failed"}}
	cmd.Flags().Var(outcomes, "outcome", "Only those applied, unchanged, ignored, waiting, quarantined or failed.")
	cmd.Flags().StringVar(&l.Type, "type", "", "Only those of this type, such as invoice.paid.")
	cmd.Flags().StringVar(&l.User, "user", "", "Only those about this user.")
	cmd.Flags().StringVar(&l.Older, "older", "", "Only those received at least so long ago, such as 7d or 12h.")
	cmd.Flags().IntVar(&l.Limit, "limit", 50, "At most so many.")
	cmd.Flags().BoolVar(&l.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// Run lists receipts.
func (l eventsList) Run(ctx context.Context, c console) error {
	if l.Limit < 1 {
		return misusedf("--limit is at least 1")
	}
	query := ports.ReceiptQuery{
		Outcome: domain.Outcome(l.Outcome), Type: domain.EventType(l.Type), User: domain.UserID(l.User), Limit: l.Limit,
	}
	if l.Older != "" {
		age, err := readDuration(l.Older)
		if err != nil || age < 0 {
			return misusedf("--older is %q: give a duration such as 7d or 12h", l.Older)
		}
		query.Before = ago(age)
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActEventsList, User: query.User, About: app.ReplayQuery{Outcome: query.Outcome, Type: query.Type}.About()}); err != nil {
		return err
	}
	tell, count := c.receipts(l.JSON, "OUTCOME", func(r domain.ProcessedEvent) string { return string(r.Outcome) })
	if err := app.NewListReceipts(store).Do(ctx, query, tell); err != nil {
		return err
	}
	if *count == 0 && !l.JSON {
		_, err := fmt.Fprintln(c.err, "no such events"+misspelledType(query.Type))
		return err
	}
	return nil
}

// receipts prints receipts one by one, as there may be many, and counts them. A column of
// the table is the command's own.
func (c console) receipts(asJSON bool, column string, of func(domain.ProcessedEvent) string) (tell func(domain.ProcessedEvent) error, count *int) {
	count = new(int)
	encoder := json.NewEncoder(c.out)
	line := func(cells ...any) error {
		_, err := fmt.Fprintf(c.out, "%-20s  %-30s  %-34s  %-11s  %-20s  %s\n", cells...)
		return err
	}
	return func(r domain.ProcessedEvent) error {
		*count++
		if asJSON {
			return encoder.Encode(receiptJSONOf(r))
		}
		if *count == 1 {
			if err := line("RECEIVED", "EVENT", "TYPE", column, "USER", "REASON"); err != nil {
				return err
			}
		}
		reason, _, _ := strings.Cut(r.Reason, "\n")
		return line(r.ReceivedAt.Format(time.RFC3339), r.ID, r.Type, of(r), r.User, reason)
	}, count
}

type eventsShow struct {
	ID string
}

func newEventsShow(c console) *cobra.Command {
	var s eventsShow
	cmd := leaf("show", "Show one event: what became of it, and its body as received.", c, &s)
	takes(cmd, argument{&s.ID, "ID", "The event's id, evt_..."})
	return cmd
}

// Run shows one receipt and its payload.
func (s eventsShow) Run(ctx context.Context, c console) error {
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActEventsShow, About: s.ID}); err != nil {
		return err
	}
	receipt, err := store.Receipt(ctx, domain.EventID(s.ID))
	if errors.Is(err, ports.ErrNotFound) {
		return notFoundf("no event %s was received: list what was with entitled events list", s.ID)
	}
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(receiptJSONOf(receipt)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", receipt.Payload)
	return err
}

// receiptJSON is a receipt for people and scripts.
type receiptJSON struct {
	ID          domain.EventID   `json:"id"`
	Type        domain.EventType `json:"type"`
	Object      string           `json:"object,omitempty"`
	User        domain.UserID    `json:"user_id,omitempty"`
	Outcome     domain.Outcome   `json:"outcome"`
	Reason      string           `json:"reason,omitempty"`
	Attempts    int              `json:"attempts"`
	APIVersion  string           `json:"api_version"`
	Livemode    bool             `json:"livemode"`
	Created     time.Time        `json:"created"`
	ReceivedAt  time.Time        `json:"received_at"`
	ProcessedAt time.Time        `json:"processed_at"`
}

func receiptJSONOf(r domain.ProcessedEvent) receiptJSON {
	return receiptJSON{
		ID: r.ID, Type: r.Type, Object: r.Object, User: r.User, Outcome: r.Outcome, Reason: r.Reason,
		Attempts: r.Attempts, APIVersion: r.APIVersion, Livemode: r.Livemode,
		Created: r.Created, ReceivedAt: r.ReceivedAt, ProcessedAt: r.ProcessedAt,
	}
}

// openStore opens the database of the environment, for a command that looks.
func openStore(ctx context.Context) (*bunstore.Store, error) {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return nil, err
	}
	store, err := bunstore.Open(ctx, cfg.DatabaseURL, bunstore.WithMaxConns(2))
	if err != nil {
		return nil, settingNames.opening(err)
	}
	if err := store.Ready(ctx); err != nil {
		store.Close()
		return nil, settingNames.opening(err)
	}
	return store, nil
}

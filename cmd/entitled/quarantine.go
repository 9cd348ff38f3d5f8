package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

type quarantineCommand struct {
	List quarantineList `cmd:"" help:"List the events that a person has to look at, the last first, and say how many there are."`
}

type quarantineList struct {
	User  string `help:"Only those about this user."`
	Limit int    `help:"Show at most so many." default:"50"`
	JSON  bool   `help:"One JSON object a line."`
}

// Run lists what does not fit.
func (l quarantineList) Run(ctx context.Context, c console) error {
	if l.Limit < 1 {
		return misusedf("--limit is at least 1")
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	found, err := app.NewReplay(store, nil).Find(ctx, app.ReplayQuery{Outcome: domain.OutcomeQuarantined, User: domain.UserID(l.User)})
	if err != nil {
		return err
	}
	count := len(found)
	shown := found[max(0, count-l.Limit):] // the last ones, the oldest of them first
	if l.JSON {
		encoder := json.NewEncoder(c.out)
		for n := len(shown) - 1; n >= 0; n-- {
			if err := encoder.Encode(receiptJSONOf(shown[n])); err != nil {
				return err
			}
		}
		return nil
	}
	if count == 0 {
		_, err := fmt.Fprintln(c.out, "no events in quarantine")
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "RECEIVED\tEVENT\tTYPE\tUSER\tATTEMPTS\tREASON")
	for n := len(shown) - 1; n >= 0; n-- {
		r := shown[n]
		reason, _, _ := strings.Cut(r.Reason, "\n")
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", r.ReceivedAt.Format(time.RFC3339), r.ID, r.Type, r.User, r.Attempts, reason)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	sum := counted(count, "event") + " in quarantine"
	if count > len(shown) {
		sum += fmt.Sprintf(", the last %d shown", len(shown))
	}
	_, err = fmt.Fprintf(c.out, "\n%s. Once the cause is mended: entitled events replay --outcome quarantined\n", sum)
	return err
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

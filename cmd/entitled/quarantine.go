package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type quarantineList struct {
	User  string
	Limit int
	JSON  bool
}

func newQuarantineList(c console) *cobra.Command {
	var l quarantineList
	cmd := leaf("list", "List the events that a person has to look at, the last first, and say how many there are.", c, &l)
	cmd.Flags().StringVar(&l.User, "user", "", "Only those about this user.")
	cmd.Flags().IntVar(&l.Limit, "limit", 50, "Show at most so many.")
	cmd.Flags().BoolVar(&l.JSON, "json", false, "One JSON object a line.")
	return cmd
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
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActEventsList, User: domain.UserID(l.User), About: app.ReplayQuery{Outcome: domain.OutcomeQuarantined}.About()}); err != nil {
		return err
	}
	tell, shown := c.receipts(l.JSON, "ATTEMPTS", func(r domain.ProcessedEvent) string { return strconv.Itoa(r.Attempts) })
	count := 0
	query := ports.ReceiptQuery{Outcome: domain.OutcomeQuarantined, User: domain.UserID(l.User)}
	if l.JSON {
		query.Limit = l.Limit // nobody hears how many there are
	}
	err = app.NewListReceipts(store).Do(ctx, query, func(r domain.ProcessedEvent) error {
		if count++; count > l.Limit {
			return nil
		}
		return tell(r)
	})
	if err != nil || l.JSON {
		return err
	}
	if count == 0 {
		_, err := fmt.Fprintln(c.out, "no events in quarantine")
		return err
	}
	sum := counted(count, "event") + " in quarantine"
	if count > *shown {
		sum += fmt.Sprintf(", the last %d shown", *shown)
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

package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type syncCommand struct {
	User, Customer string
}

func newSync(c console) *cobra.Command {
	var s syncCommand
	cmd := leaf("sync", "Ask Stripe how everything of a user stands, and mend what was lost on the way.", c, &s)
	takes(cmd, argument{&s.User, "[USER]", "The user, by the product's own id."})
	cmd.Flags().StringVar(&s.Customer, "customer", "", "In place of a user: a Stripe customer (`CUS`, as in cus_...) whose orders the database has lost, as a quarantined event says. What does not say which deployment sold it is taken as sold here.")
	return cmd
}

// Run asks Stripe about a user, or a customer, and prints what changed by it.
func (s syncCommand) Run(ctx context.Context, c console) error {
	if s.Customer != "" {
		if s.User != "" {
			return misusedf("name a user or --customer, not both: whose the customer is, Stripe says")
		}
		return s.restore(ctx, c)
	}
	if s.User == "" {
		return misusedf("say whom to ask about: a user, by the product's own id, or a customer of Stripe with --customer cus_...")
	}
	if err := needUser(s.User); err != nil {
		return err
	}
	d, err := openDoor(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	if err := keepAct(ctx, d.store, ports.AdminAction{Action: app.ActSync, User: domain.UserID(s.User)}); err != nil {
		return err
	}
	done, err := app.NewSyncUser(d.store, d.gateway, d.fulfill).Do(ctx, domain.UserID(s.User))
	if errors.Is(err, ports.ErrNotFound) {
		return nobody(s.User)
	}
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, change := range done.Changed {
		fmt.Fprintf(table, "%s\t%s\t%s %s\n", change.Kind, change.Entitlement.Feature, change.Entitlement.Source.Kind, change.Entitlement.Source.ID)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.err, "asked about %s, %s and %s: %s changed\n", counted(done.Orders, "order"),
		counted(done.Subscriptions, "subscription"), counted(done.Invoices, "invoice"), counted(len(done.Changed), "entitlement"))
	return err
}

// restore makes again what the database has lost of a customer.
func (s syncCommand) restore(ctx context.Context, c console) error {
	d, err := openDoor(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	if err := keepAct(ctx, d.store, ports.AdminAction{Action: app.ActRestore, About: s.Customer}); err != nil {
		return err
	}
	done, err := app.NewRestoreCustomer(d.fulfill).Do(ctx, domain.CustomerID(s.Customer))
	if errors.Is(err, ports.ErrNotFound) {
		return fmt.Errorf("%w: check the id, and that STRIPE_SECRET_KEY is the service's", err)
	}
	if err != nil {
		return err
	}
	for _, order := range done.Orders {
		fmt.Fprintf(c.out, "made again  order %s\n", order)
	}
	for _, reason := range done.Refused {
		fmt.Fprintf(c.out, "left        %s\n", reason)
	}
	whose := "is nobody's of ours"
	if done.User != "" {
		whose = "is of user " + string(done.User)
	}
	_, err = fmt.Fprintf(c.err, "customer %s %s: %s made again, %d left\n", s.Customer, whose, counted(len(done.Orders), "order"), len(done.Refused))
	return err
}

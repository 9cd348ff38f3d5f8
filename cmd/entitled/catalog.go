package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

type catalogCheck struct {
	File     string
	Stripe   bool
	Database bool
}

func newCatalogCheck(c console) *cobra.Command {
	var check catalogCheck
	cmd := leaf("check", "Read a catalog and say what is wrong with it, or what it sells.", c, &check)
	takes(cmd, argument{&check.File, "[FILE]", "The file; by default the one that CATALOG names, or catalog.yaml."})
	cmd.Flags().BoolVar(&check.Stripe, "stripe", false, "Also ask Stripe for every price, with STRIPE_SECRET_KEY.")
	cmd.Flags().BoolVar(&check.Database, "database", false, "Also say what a start with it would take from users who have it, in the database that DATABASE_URL names.")
	return cmd
}

// Run reads the catalog and prints its plans.
func (check catalogCheck) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return err
	}
	if check.File == "" {
		check.File = cfg.Catalog
	}
	file, err := loadCatalog(check.File, "give the catalog's file, or set CATALOG to it, such as CATALOG=catalog.yaml")
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "PLAN\tMODE\tPRICE\tAT STRIPE")
	for _, plan := range file.Catalog.PlanList() {
		if plan.Default {
			fmt.Fprintf(table, "%s\t-\t-\tnot bought: every user holds it\n", plan.Key)
		}
		for _, price := range plan.Prices {
			name := "price " + string(price.ID)
			if price.ID == "" {
				name = "lookup key " + price.LookupKey
			}
			if plan.NotSold || price.NotSold {
				name += ", not sold"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", plan.Key, plan.Mode, price.Key, name)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var faults []error
	if check.Database {
		faults = append(faults, tellLosses(ctx, c, file.Catalog))
	}
	if check.Stripe {
		faults = append(faults, check.atStripe(ctx, c, cfg, file.Catalog))
	}
	return errors.Join(faults...)
}

// atStripe asks whether every price is for sale there, of the kind that its plan
// needs.
func (check catalogCheck) atStripe(ctx context.Context, c console, cfg config, sold domain.Catalog) error {
	if len(cfg.WebhookSecrets) == 0 {
		cfg.WebhookSecrets = []string{"whsec_unused"} // no message is read here
	}
	gateway, err := stripe.New(stripe.Config{
		SecretKey: cfg.StripeKey, WebhookSecrets: cfg.WebhookSecrets, APIBase: cfg.StripeAPIBase, Account: cfg.StripeAccount,
	})
	if err != nil {
		return misused(err)
	}
	defer gateway.Close()
	faults, err := app.NewPrices(gateway, sold, now).Faults(ctx)
	if err != nil {
		return err
	}
	if len(faults) == 0 {
		fmt.Fprintln(c.out, "every price is for sale at Stripe")
	}
	return misused(errors.Join(faults...))
}

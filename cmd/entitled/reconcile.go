package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type reconcileCommand struct {
	Since, User  string
	DryRun, JSON bool
}

func newReconcile(c console) *cobra.Command {
	var r reconcileCommand
	cmd := leaf("reconcile", "Find at Stripe what no webhook brought, and take it in: after an outage, or after a backup was restored.", c, &r)
	cmd.Flags().StringVar(&r.Since, "since", "", "Look at events created since: a date (its beginning, UTC), a time, or so long ago such as 7d. Stripe lists those of 30 days. Else: since it was last done.")
	cmd.Flags().StringVar(&r.User, "user", "", "Only this `USER`, of whom everything is asked for.")
	cmd.Flags().BoolVar(&r.DryRun, "dry-run", false, "Only list the events that are missing.")
	cmd.Flags().BoolVar(&r.JSON, "json", false, "One JSON object.")
	return cmd
}

func (r reconcileCommand) query() (app.ReconcileQuery, error) {
	since, err := readMoment("--since", r.Since, ago)
	return app.ReconcileQuery{Since: since, User: domain.UserID(r.User), DryRun: r.DryRun}, err
}

// Run reconciles and prints what was found.
func (r reconcileCommand) Run(ctx context.Context, c console) error {
	query, err := r.query()
	if err != nil {
		return err
	}
	d, err := openDoor(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	if err := keepAct(ctx, d.store, ports.AdminAction{Action: app.ActReconcile, User: query.User, About: query.About()}); err != nil {
		return err
	}
	run, err := d.reconcile().Do(ctx, query)
	switch {
	case errors.Is(err, app.ErrNobody):
		return nobody(r.User)
	case errors.Is(err, app.ErrReconciling):
		return unavailablef("%w (one that was killed is given up after two minutes)", err)
	case err != nil && run.Listed > 0:
		return fmt.Errorf("it stopped after %d events and objects, and what was taken in until then is kept: say the same again, or leave the rest to the service: %w", run.Listed, err)
	case err != nil:
		return err
	}
	if err := r.print(c, run); err != nil {
		return err
	}
	if failed := run.Outcomes[domain.OutcomeFailed]; failed > 0 {
		return fmt.Errorf("%d of them failed: entitled events list --outcome failed says why", failed)
	}
	return nil
}

func (d door) reconcile() *app.Reconcile {
	sync := app.NewSyncUser(d.store, d.gateway, d.fulfill)
	return app.NewReconcile(d.store, d.gateway, d.sold, d.settings, d.fulfill, sync, now, time.After, uncounted{})
}

func (r reconcileCommand) print(c console, run app.ReconcileRun) error {
	if r.JSON {
		return json.NewEncoder(c.out).Encode(reconcileJSON{
			From: run.From, Until: run.Until, Listed: run.Listed, Missing: run.Missing, Drift: run.Drift, Outcomes: run.Outcomes, Changed: run.Changed,
		})
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, e := range run.Missed {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", e.ID, e.Type, instant(e.Created), e.Outcome)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.err, reconciled(run))
	return err
}

// reconciled says in a line what a run has found.
func reconciled(run app.ReconcileRun) string {
	said := fmt.Sprintf("looked at %d events and objects, of events since %s: %s had not come, or failed", run.Listed, instant(run.From), counted(run.Missing, "event"))
	if since := run.Query.Since; !since.IsZero() && run.From.After(since) {
		said += fmt.Sprintf(" (and not since %s: Stripe lists events of 30 days)", instant(since))
	}
	if run.Query.DryRun {
		return said + " (objects are not looked at by a dry run)"
	}
	var drift []string
	for _, kind := range ports.DriftKinds {
		if n := run.Drift[kind]; n > 0 {
			drift = append(drift, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if len(drift) == 0 {
		drift = []string{"nothing"}
	}
	said += "; mended: " + strings.Join(drift, ", ")
	if run.Query.User != "" {
		said += fmt.Sprintf("; all of user %s was asked for: %s changed", run.Query.User, counted(run.Changed, "entitlement"))
	}
	return said
}

type reconcileJSON struct {
	From     time.Time               `json:"from"`
	Until    time.Time               `json:"until"`
	Listed   int                     `json:"listed"`
	Missing  int                     `json:"missing"`
	Drift    map[ports.DriftKind]int `json:"drift"`
	Outcomes map[domain.Outcome]int  `json:"outcomes"`
	Changed  int                     `json:"changed"`
}

package httpapi

import (
	"context"
	"log/slog"

	"github.com/entitled-dev/entitled/app"
)

const reconcilePath = "/api/admin/reconcile"

// Reconcile implements POST /api/admin/reconcile.
func (s *Server) Reconcile(ctx context.Context, r ReconcileRequestObject) (ReconcileResponseObject, error) {
	query, err := reconcileQuery(r.Body)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, query.User, query.About(), ""); err != nil {
		return nil, err
	}
	run, err := s.deps.Reconcile.Ask(ctx, query)
	if err != nil {
		return nil, err
	}
	return Reconcile202JSONResponse(runShown(run)), nil
}

func reconcileQuery(r *ReconcileRequest) (app.ReconcileQuery, error) {
	if r == nil {
		return app.ReconcileQuery{}, nil
	}
	query := app.ReconcileQuery{Since: orZero(r.Since), DryRun: orZero(r.DryRun)}
	if r.UserID == nil {
		return query, nil
	}
	var err error
	query.User, err = userInPath(*r.UserID)
	return query, err
}

// ShowReconcile implements GET /api/admin/reconcile.
func (s *Server) ShowReconcile(ctx context.Context, _ ShowReconcileRequestObject) (ShowReconcileResponseObject, error) {
	if err := s.keepAct(ctx, "", "", ""); err != nil {
		return nil, err
	}
	run, err := s.deps.Reconcile.Show(ctx)
	if err != nil {
		return nil, err
	}
	note(ctx, slog.Int("missing", run.Missing))
	return ShowReconcile200JSONResponse(runShown(run)), nil
}

func runShown(run app.ReconcileRun) ReconcileRun {
	shown := ReconcileRun{
		Since: run.From, Until: run.Until, DryRun: run.Query.DryRun, Scheduled: run.Scheduled, StartedAt: run.StartedAt,
		EndedAt: moment(run.EndedAt), Listed: run.Listed, Missing: run.Missing, Drift: map[string]int{}, Missed: []MissedEvent{},
		Changed: run.Changed, UserID: orNull(string(run.Query.User)), Failure: orNull(redact(run.Failure)),
	}
	for kind, n := range run.Drift {
		shown.Drift[string(kind)] = n
	}
	for _, e := range run.Missed {
		shown.Missed = append(shown.Missed, MissedEvent{ID: string(e.ID), Type: string(e.Type), Created: e.Created, Outcome: orNull(string(e.Outcome))})
	}
	return shown
}

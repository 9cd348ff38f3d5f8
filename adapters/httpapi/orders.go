package httpapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ShowOrder implements GET /api/orders/{id}.
func (s *Server) ShowOrder(ctx context.Context, r ShowOrderRequestObject) (ShowOrderResponseObject, error) {
	id, err := orderID(r.ID)
	if err != nil {
		return nil, err
	}
	wait, err := waitOf(r.Params.Wait)
	if err != nil {
		return nil, err
	}
	order, user, err := s.awaitOrder(ctx, id, wait)
	if err != nil {
		return nil, err
	}
	shown, err := s.fulfilledOrder(ctx, order, user)
	return ShowOrder200JSONResponse(shown), err
}

// SyncOrder implements POST /api/orders/{id}/sync.
func (s *Server) SyncOrder(ctx context.Context, r SyncOrderRequestObject) (SyncOrderResponseObject, error) {
	id, err := orderID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := s.limit.take(limitKey(ctx, string(id))); err != nil {
		return nil, err
	}
	order, user, err := s.deps.SyncOrder.Do(ctx, id, asUser(ctx))
	if err != nil {
		return nil, err
	}
	shown, err := s.fulfilledOrder(ctx, order, user)
	return SyncOrder200JSONResponse(shown), err
}

// awaitOrder waits for an order to settle, but not beyond the server's end: then
// it shows how the order stands.
func (s *Server) awaitOrder(ctx context.Context, id domain.OrderID, wait time.Duration) (domain.Order, domain.UserID, error) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)()
	order, user, err := s.deps.ShowOrder.Do(waiting, id, asUser(ctx), wait)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return s.deps.ShowOrder.Do(ctx, id, asUser(ctx), 0)
	}
	return order, user, err
}

func orderID(raw string) (domain.OrderID, error) {
	id, err := plainID(raw, "order")
	return domain.OrderID(id), err
}

const maxPlainID = 64

// plainID refuses what cannot be an id of ours as if there were no such thing.
func plainID(raw, of string) (string, error) {
	odd := strings.ContainsFunc(raw, func(r rune) bool { return r > 0x7f || !plainByte(byte(r)) })
	if raw == "" || len(raw) > maxPlainID || odd {
		return "", fmt.Errorf("an odd %s id: %w", of, ports.ErrNotFound)
	}
	return raw, nil
}

func waitOf(raw *string) (time.Duration, error) {
	if raw == nil {
		return 0, nil
	}
	wait, err := time.ParseDuration(*raw)
	if err != nil || wait < 0 || wait > app.MaxWait {
		return 0, fmt.Errorf("%w: wait is a duration from 0s to %s, such as 20s", errMalformed, app.MaxWait)
	}
	return wait, nil
}

// fulfilledOrder is an order with the version to read by what it bought.
func (s *Server) fulfilledOrder(ctx context.Context, o domain.Order, user domain.UserID) (Order, error) {
	shown := s.orderJSON(o, user)
	version, err := s.deps.ShowOrder.Fulfilled(ctx, o, user)
	if err != nil {
		return Order{}, err
	}
	shown.Version = numberOrNull(version)
	return shown, nil
}

func (s *Server) orderJSON(o domain.Order, user domain.UserID) Order {
	shown := Order{
		ID: string(o.ID), UserID: string(user),
		Plan: string(o.Plan), Price: string(o.Price), Quantity: o.Quantity, Currency: chosenCurrency(o), Mode: Mode(o.Mode),
		Status: OrderStatus(o.Status), SessionID: orNull(o.Session),
		CreatedAt: o.CreatedAt.UTC(), ExpiresAt: o.ExpiresAt.UTC(), PaidAt: moment(o.PaidAt),
	}
	if o.Open(s.deps.Clock()) {
		shown.URL = orNull(o.SessionURL)
	}
	return shown
}

// chosenCurrency is null where Stripe's page may be in another than the price's own.
func chosenCurrency(o domain.Order) *string {
	if !o.CurrencyChosen {
		return nil
	}
	return &o.Currency
}

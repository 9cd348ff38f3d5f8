package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type userExport struct {
	User string
}

func newUserExport(c console) *cobra.Command {
	var e userExport
	cmd := leaf("export", "Print all that is kept of a user, one JSON object a line: the account, the history of rights, events with their bodies, what operators asked for.", c, &e)
	takes(cmd, argument{&e.User, "USER", "The user, by the product's own id."})
	return cmd
}

// Run prints what is kept.
func (e userExport) Run(ctx context.Context, c console) error {
	if err := needUser(e.User); err != nil {
		return err
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	user := domain.UserID(e.User)
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActUserExport, User: user}); err != nil {
		return err
	}
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	err = app.NewUserData(store, newID).Export(ctx, user, func(r app.UserRecord) error {
		line, err := exportedOf(r)
		if err != nil {
			return err
		}
		return encoder.Encode(line)
	})
	if errors.Is(err, ports.ErrNotFound) {
		return nobody(e.User)
	}
	return err
}

// exported is one line of an export: its kind, and the thing, with names in the style of
// the HTTP API.
type exported struct {
	Kind string `json:"kind"`
	Data any    `json:"data"`
	// Body is an event's, as Stripe sent it; as text if it is no JSON.
	Body any `json:"body,omitempty"`
}

func exportedOf(r app.UserRecord) (exported, error) {
	switch {
	case r.State != nil:
		return exported{Kind: "state", Data: snaked(r.State)}, nil
	case r.Change != nil:
		return exported{Kind: "change", Data: snaked(r.Change)}, nil
	case r.Event != nil:
		line := exported{Kind: "event", Data: receiptJSONOf(*r.Event)}
		if json.Valid(r.Event.Payload) {
			line.Body = json.RawMessage(r.Event.Payload)
		} else if len(r.Event.Payload) > 0 {
			line.Body = string(r.Event.Payload)
		}
		return line, nil
	case r.Action != nil:
		a := *r.Action
		return exported{Kind: "admin_action", Data: adminActionJSON{a.At, a.Key, a.By, a.Action, a.User, a.About}}, nil
	default:
		return exported{}, errors.New("a record of no kind")
	}
}

type userForget struct {
	User string
	Yes  bool
	Live bool
}

func newUserForget(c console) *cobra.Command {
	var f userForget
	cmd := leaf("forget", "Put an id that says nothing in the place of a user's, and redact what says something of the person. What was paid stays; it cannot be undone.", c, &f)
	takes(cmd, argument{&f.User, "USER", "The user, by the product's own id."})
	cmd.Flags().BoolVar(&f.Yes, "yes", false, "Do it: without, nothing is done.")
	cmd.Flags().BoolVar(&f.Live, "even-if-live", false, "Even if a subscription is live, which Stripe goes on charging.")
	return cmd
}

// Run forgets.
func (f userForget) Run(ctx context.Context, c console) error {
	if err := needUser(f.User); err != nil {
		return err
	}
	if !f.Yes {
		return misusedf("this cannot be undone (entitled user export %s prints what is kept): say --yes to do it", f.User)
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	user := domain.UserID(f.User)
	// Without the user, who is not to be named any more.
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActUserForget}); err != nil {
		return err
	}
	as, err := app.NewUserData(store, newID).Forget(ctx, user, f.Live)
	if errors.Is(err, ports.ErrNotFound) {
		return nobody(f.User)
	}
	if errors.Is(err, app.ErrStillPays) {
		return misused(err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "forgotten: what was paid is kept under %s. If Stripe has a customer of this user, delete it there, too.\n", as)
	return err
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type adminLogCommand struct {
	User  string
	Limit int
	JSON  bool
}

func newAdminLog(c console) *cobra.Command {
	var l adminLogCommand
	cmd := leaf("admin-log", "List what was asked for with the rights of an operator: by whom, with which key, about whom, when.", c, &l)
	cmd.Flags().StringVar(&l.User, "user", "", "Only what was about this user.")
	cmd.Flags().IntVar(&l.Limit, "limit", 50, "At most so many.")
	cmd.Flags().BoolVar(&l.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// Run lists.
func (l adminLogCommand) Run(ctx context.Context, c console) error {
	if l.Limit < 1 {
		return misusedf("--limit is at least 1")
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	user := domain.UserID(l.User)
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActAdminLogList, User: user}); err != nil {
		return err
	}
	encoder := json.NewEncoder(c.out)
	line := func(cells ...any) error {
		_, err := fmt.Fprintf(c.out, "%-20s  %-16s  %-16s  %-14s  %-20s  %s\n", cells...)
		return err
	}
	if !l.JSON {
		if err := line("AT", "KEY", "BY", "ACTION", "USER", "ABOUT"); err != nil {
			return err
		}
	}
	return app.NewAdminLog(store, now).Each(ctx, ports.AdminLogQuery{User: user, Limit: l.Limit}, func(a ports.AdminAction) error {
		if l.JSON {
			return encoder.Encode(adminActionJSON{a.At, a.Key, a.By, a.Action, a.User, a.About})
		}
		key := a.Key
		if key == "" {
			key = "(command line)"
		}
		return line(a.At.Format(time.RFC3339), key, a.By, a.Action, a.User, a.About)
	})
}

// adminActionJSON is an action for scripts.
type adminActionJSON struct {
	At     time.Time     `json:"at"`
	Key    string        `json:"key,omitempty"`
	By     string        `json:"by,omitempty"`
	Action string        `json:"action"`
	User   domain.UserID `json:"user_id,omitempty"`
	About  string        `json:"about,omitempty"`
}

// keepAct keeps what a command is about to do, as the API does. What cannot be kept is not
// done.
func keepAct(ctx context.Context, store ports.Store, action ports.AdminAction) error {
	if action.By == "" {
		action.By = systemUser()
	}
	return app.NewAdminLog(store, now).Keep(ctx, action)
}

// systemUser is who runs the command, as the system says.
func systemUser() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return who.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid()) // as in a container without names
}

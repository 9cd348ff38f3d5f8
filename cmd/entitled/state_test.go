//go:build !nodev

package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestDev_KeepsTheSandboxBesideADatabaseThatIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ database, state, want string }{
		{"", "", ""},
		{"data/mine.db", "", "data/mine.db.sandbox.json"},
		{"sqlite:data/mine.db", "", "data/mine.db.sandbox.json"},
		{"data/mine.db", "other.json", "other.json"},
		{"postgres://localhost/entitled", "", ""},
		{"postgres://localhost/entitled", "mine.json", "mine.json"},
		{":memory:", "", ""},
	} {
		if got := (devCommand{Database: tt.database, State: tt.state}).stateFile(); got != tt.want {
			t.Errorf("--database %q --state %q: got %q, want %q", tt.database, tt.state, got, tt.want)
		}
	}
	if _, err := (devCommand{State: "mine.json"}).openState(); exitCode(err) != exitMisused {
		t.Errorf("--state without --database: got %v", err)
	}
}

// Ensure that what a start of dev sells, signs and sends is there once after the next one.
func TestDev_GoesOnWithItsSandbox(t *testing.T) {
	t.Parallel()
	d := devCommand{Database: filepath.Join(t.TempDir(), "new", "dev.db"), weather: weather{Calm: true}}
	file, err := d.catalog()
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for start := range 2 {
		log := &bytes.Buffer{}
		file.Sandbox[0].Amount += 100 * int64(start) // edited meanwhile
		kept, err := d.openState()
		if err != nil {
			t.Fatal(err)
		}
		box, err := d.startSandbox(console{io.Discard, io.Discard}, file.Sandbox, kept.snapshot, newLogger(log, "text", slog.LevelWarn))
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Count(log.String(), "what a price costs never changes"); told != start {
			t.Errorf("start %d: told of %d prices that are kept otherwise than the file has them, want %d: %s", start, told, start, log)
		}
		p, err := d.parts(file, box, nil)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, p.stripe.WebhookSecrets[0]+" "+p.authn.JWTSecret)
		if _, err := box.AddPrice(sandbox.PriceSpec{ID: "price_mine", Product: "Mine", UnitAmount: 100}); errors.Is(err, sandbox.ErrTaken) != (kept.snapshot != nil) {
			t.Errorf("restored: %t, and adding a price again: %v", kept.snapshot != nil, err)
		}
		if err := errors.Join(box.Close(), kept.save(box)); err != nil {
			t.Fatal(err)
		}
		kept.close()
	}
	if secrets[0] != secrets[1] {
		t.Error("whoever was signed in is not any more, or webhooks are signed with another secret")
	}
}

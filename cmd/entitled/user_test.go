package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// everyByte is all that a database keeps, as text.
func everyByte(t *testing.T, url string) string {
	t.Helper()
	driver, dsn := "pgx", url
	list := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	if path, is := strings.CutPrefix(url, "sqlite:"); is {
		driver, dsn, list = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)", "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all strings.Builder
	tables := rowsOf(t, db, list)
	if len(tables) < 15 {
		t.Fatalf("found only the tables %v", tables)
	}
	for _, table := range tables {
		for _, row := range rowsOf(t, db, "SELECT * FROM "+table[0]) {
			fmt.Fprintln(&all, table[0], strings.Join(row, " | "))
		}
	}
	return all.String()
}

func rowsOf(t *testing.T, db *sql.DB, query string) (all [][]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = string(value)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestUser_WhoIsForgottenLeavesNoTraceAndNothingFails(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			const person = "person-4711" // it is in the metadata of all that Stripe tells
			s := openShop(t, database, "WEBHOOKS_ALLOW_PRIVATE=true")
			echoed := make(chan struct{}, 100)
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, r.Body) // a receiver that says whom it was told of
				echoed <- struct{}{}
			}))
			defer receiver.Close()
			s.Call(t, "POST", "/api/admin/endpoints", `{"url":"`+receiver.URL+`"}`, 201)
			started := s.Call(t, "POST", "/api/checkout/basic", `{"user_id":"`+person+`","success_url":"https://app.example/thanks/`+person+`"}`, 201)
			if err := s.box.Pay(started["session_id"].(string)); err != nil {
				t.Fatal(err)
			}
			s.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
			s.says(t, "grant "+person+" sso --by support --reason for~"+person)
			s.idle(t)
			<-echoed
			s.eventually(t, "what the receiver echoed is kept", func() bool {
				return regexp.MustCompile(`webhook_deliveries .*` + person).MatchString(everyByte(t, database))
			})

			lines := strings.Split(strings.TrimSpace(s.says(t, "user export "+person, `"body":`, `"kind":"state"`, `"kind":"change"`, `"kind":"event"`, `"kind":"admin_action"`)), "\n")
			for _, line := range lines {
				if !json.Valid([]byte(line)) {
					t.Errorf("an export has the line %q", line)
				}
				// Ids are keys too, and have capital letters after their prefix.
				if name := regexp.MustCompile(`"[a-z]*[A-Z]\w*":`).FindString(line); name != "" {
					t.Errorf("an export names a field %s: %s", name, line)
				}
			}
			s.refuses(t, "user forget "+person, "say --yes")
			s.says(t, "user forget "+person+" --yes", "forgotten: what was paid is kept under forgotten:")
			wantNoTraceOf(t, everyByte(t, database), person)
			s.refuses(t, "user forget "+person+" --yes", "nothing is kept")

			// What Stripe tells later finds its place, and brings nobody back.
			if _, err := s.box.Refund(started["session_id"].(string), 0); err != nil {
				t.Fatal(err)
			}
			s.idle(t)
			kept := everyByte(t, database)
			wantNoTraceOf(t, kept, person)
			if !strings.Contains(kept, "charge.refunded") || strings.Contains(kept, "quarantined") || strings.Contains(kept, "failed") {
				t.Errorf("what came later was not taken in:\n%s", kept)
			}
			if held := s.Holds(t, person); held != "" {
				t.Errorf("holds %q after being forgotten", held)
			}
			s.Stop(t)
			wantNoTraceOf(t, s.Log.String(), person)
		})
	}
}

func TestUser_OneWhoseSubscriptionIsLiveIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	started := s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"u"}`, 201)
	if err := s.box.Pay(started["session_id"].(string)); err != nil {
		t.Fatal(err)
	}
	s.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
	s.idle(t)
	s.refuses(t, "user forget u --yes", "has a live subscription (sub_")
	s.refuses(t, "user export tpyo", "nothing is kept of user tpyo")
	s.refuses(t, "user forget tpyo --yes", "nothing is kept of user tpyo") // but that it was asked about
	if held := s.Holds(t, "u"); held != "projects=100 sso=true" {
		t.Errorf("holds %q", held)
	}
	s.says(t, "user forget u --yes --even-if-live", "forgotten:")
}

func TestUser_StrangersBodiesAreNotKept(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			p := startProgram(t, programtest.Build(t), database)
			body := []byte(`{"id":"evt_stranger","object":"event","api_version":"2023-10-16","created":` + fmt.Sprint(now().Unix()) + `,"livemode":false,"type":"charge.succeeded",
				"data":{"object":{"id":"ch_stranger","object":"charge","customer":"cus_stranger","amount":1,"currency":"usd","billing_details":{"email":"stranger@example.com"}}}}`)
			if status := p.Deliver(body); status != 200 {
				t.Fatalf("status %d", status)
			}
			kept := everyByte(t, database)
			if !strings.Contains(kept, "evt_stranger") {
				t.Error("its receipt is not kept")
			}
			wantNoTraceOf(t, kept, "stranger@example.com")
			if out, complaint, ok := p.command(t, words("events replay evt_stranger")); ok || !strings.Contains(out, "have Stripe send it again") {
				t.Errorf("a replay succeeded %t:\n%s%s", ok, out, complaint)
			}
		})
	}
}

func wantNoTraceOf(t *testing.T, kept string, words ...string) {
	t.Helper()
	for _, word := range words {
		for line := range strings.Lines(kept) {
			if strings.Contains(line, word) {
				t.Errorf("%q is still there: %s", word, line)
			}
		}
	}
}

// refuses runs a command that must fail and say this.
func (p *program) refuses(t *testing.T, command, want string) {
	t.Helper()
	out, complaint, ok := p.command(t, words(command))
	if ok || !strings.Contains(complaint, want) {
		t.Errorf("entitled %s: succeeded %t, want %q in\n%s%s", command, ok, want, out, complaint)
	}
}

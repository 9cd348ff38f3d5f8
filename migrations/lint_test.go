package migrations_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/migrations"
)

// lintedFrom is the first version that the rules hold for: those before it were released
// without them.
const lintedFrom = "00006"

// rule is what a migration may not do to a table that is in use.
type rule struct {
	forbidden *regexp.Regexp
	unless    *regexp.Regexp
	mend      string
}

func forbid(pattern, unless, mend string) rule {
	r := rule{forbidden: regexp.MustCompile(`(?is)` + pattern), mend: mend}
	if unless != "" {
		r.unless = regexp.MustCompile(`(?is)` + unless)
	}
	return r
}

// rules: what waits for writers or keeps them waiting for longer than a moment.
var rules = []rule{
	forbid(`^CREATE (UNIQUE )?INDEX`, `^CREATE (UNIQUE )?INDEX CONCURRENTLY`, "CREATE INDEX CONCURRENTLY, after -- +goose NO TRANSACTION"),
	forbid(`^DROP INDEX`, `^DROP INDEX CONCURRENTLY IF EXISTS`, "DROP INDEX CONCURRENTLY IF EXISTS, after -- +goose NO TRANSACTION"),
	forbid(`^REINDEX`, `CONCURRENTLY`, "REINDEX ... CONCURRENTLY"),
	forbid(`ADD (CONSTRAINT \w+ )?(CHECK|FOREIGN KEY)`, `NOT VALID`, "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration"),
	forbid(`ADD (CONSTRAINT \w+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)`, `USING INDEX`, "a unique index made CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"),
	forbid(`ALTER (COLUMN )?\w+ (SET DATA )?TYPE`, "", "a new column, filled in slices: another type rewrites the table"),
	forbid(`SET NOT NULL`, "", "a CHECK (... IS NOT NULL) NOT VALID, validated later: SET NOT NULL reads the whole table"),
	forbid(`ADD COLUMN [^,]*(random\(|clock_timestamp|gen_random_uuid|nextval|GENERATED|\w*serial\b)`, "", "a column with a constant default: any other rewrites the table"),
	forbid(`ADD COLUMN [^,]*NOT NULL`, `DEFAULT`, "a DEFAULT: the program before does not know the column"),
	forbid(`(DROP|RENAME) COLUMN|RENAME TO|DROP TABLE`, "", "leaving it until no program reads it: the one before serves on"),
	forbid(`^(UPDATE|DELETE)\b|^INSERT INTO .* SELECT`, "", "a backfill in slices, by the program: one statement locks all its rows until it ends"),
	forbid(`^(LOCK|TRUNCATE|CLUSTER|VACUUM FULL)\b`, "", "another way: it keeps everybody out"),
}

// statements are what one direction of a migration does to tables that it has not made.
var (
	comments = regexp.MustCompile(`(?m)--.*$`)
	created  = regexp.MustCompile(`(?i)^CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	onTable  = regexp.MustCompile(`(?i)^(?:ALTER TABLE (?:ONLY )?(?:IF EXISTS )?|UPDATE |DELETE FROM |INSERT INTO |CREATE (?:UNIQUE )?INDEX \w+ ON )(\w+)`)
	spaces   = regexp.MustCompile(`\s+`)
)

// lint returns what is wrong with the way up. The way down is walked with nobody about.
func lint(sql string) []string {
	up, _, _ := strings.Cut(sql, "-- +goose Down")
	inOne := !strings.Contains(up, "-- +goose NO TRANSACTION")
	var made, faults []string
	dropped := map[string]bool{}
	unvalidated := false
	for _, statement := range strings.Split(comments.ReplaceAllString(up, ""), ";") {
		statement = strings.TrimSpace(spaces.ReplaceAllString(statement, " "))
		if found := created.FindStringSubmatch(statement); found != nil {
			made = append(made, found[1])
			continue
		}
		if found := onTable.FindStringSubmatch(statement); found != nil && slices.Contains(made, found[1]) {
			continue
		}
		fault := func(mend string) { faults = append(faults, fmt.Sprintf("%.60s: write %s", statement, mend)) }
		for _, r := range rules {
			if r.forbidden.MatchString(statement) && (r.unless == nil || !r.unless.MatchString(statement)) {
				fault(r.mend)
			}
		}
		words := strings.Fields(statement)
		switch at := slices.Index(words, "CONCURRENTLY"); {
		case at < 0:
		case inOne:
			fault("-- +goose NO TRANSACTION before it")
		case words[0] == "DROP":
			dropped[words[len(words)-1]] = true
		case words[0] == "CREATE" && !dropped[words[at+1]]:
			fault("DROP INDEX CONCURRENTLY IF EXISTS of its name before it: what was broken off leaves an index that is of no use")
		}
		switch {
		case strings.Contains(statement, "NOT VALID"):
			unvalidated = true
		case strings.Contains(statement, "VALIDATE CONSTRAINT") && unvalidated && inOne:
			fault("VALIDATE CONSTRAINT in a later migration: in the same transaction the table stays locked")
		}
	}
	return faults
}

func TestMigrations_KeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.FS, "postgres/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	linted := 0
	for _, name := range names {
		if strings.TrimPrefix(name, "postgres/") < lintedFrom {
			continue
		}
		linted++
		sql, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range lint(string(sql)) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	if linted == 0 {
		t.Error("no migration was looked at")
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	const alone = "-- +goose NO TRANSACTION\n-- +goose Up\n"
	for sql, faulty := range map[string]bool{
		"CREATE TABLE things (id text); CREATE INDEX a ON things (id); INSERT INTO things SELECT 1": false,
		"ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT ''":                               false,
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (note <> '') NOT VALID":                          false,
		"ALTER TABLE orders VALIDATE CONSTRAINT c":                                                  false,
		"CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f()":                              false,
		alone + "DROP INDEX CONCURRENTLY IF EXISTS a; CREATE INDEX CONCURRENTLY a ON orders (note)": false,
		"SELECT 1;\n-- +goose Down\nDROP TABLE orders":                                              false,
		"SELECT 1; -- UPDATE orders":                                                                false,

		"CREATE INDEX a ON orders (note)": true,
		"DROP INDEX CONCURRENTLY IF EXISTS a; CREATE INDEX CONCURRENTLY a ON orders (note)": true, // in a transaction
		alone + "CREATE INDEX CONCURRENTLY a ON orders (note)":                              true, // what is left of it stays
		"DROP INDEX a": true,
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (note <> '')":                                                     true,
		"ALTER TABLE orders DROP CONSTRAINT c, ADD CONSTRAINT c\n\tCHECK (note <> '')":                               true,
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (note <> '') NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c": true,
		"ALTER TABLE orders ADD CONSTRAINT c UNIQUE (note)":                                                          true,
		"ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES accounts":                                           true,
		"ALTER TABLE orders ALTER COLUMN note TYPE varchar(9)":                                                       true,
		"ALTER TABLE orders ALTER COLUMN note SET NOT NULL":                                                          true,
		"ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY":                                        true,
		"ALTER TABLE orders ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid()":                                    true,
		"ALTER TABLE orders ADD COLUMN n bigint NOT NULL":                                                            true,
		"ALTER TABLE orders DROP COLUMN note":                                                                        true,
		"DROP TABLE orders":                                                                                          true,
		"UPDATE orders SET note = ''":                                                                                true,
		"INSERT INTO invoices (id)\nSELECT id FROM orders":                                                           true,
		"LOCK TABLE orders": true,
	} {
		if faults := lint(sql); (len(faults) > 0) != faulty {
			t.Errorf("%s: faults %q, want some: %t", sql, faults, faulty)
		}
	}
}

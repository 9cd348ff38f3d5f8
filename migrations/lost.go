package migrations

import (
	"fmt"
	"regexp"
	"strings"
)

// Lost says what data only a migration has a place for, by the name of its file, so that it
// is lost when the migration is taken back. It is read from how that is done on Postgres:
// on SQLite tables are copied to be changed, which loses nothing.
func Lost(name string) ([]string, error) {
	text, err := FS.ReadFile("postgres/" + name)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	_, down, _ := strings.Cut(string(text), "-- +goose Down\n")
	var lost []string
	for statement := range strings.SplitSeq(comment.ReplaceAllString(down, ""), ";") {
		statement = strings.TrimSpace(statement)
		if found := droppedTable.FindStringSubmatch(statement); found != nil {
			lost = append(lost, "table "+found[1])
		}
		if found := deletedRows.FindStringSubmatch(statement); found != nil {
			lost = append(lost, "some rows of "+found[1])
		}
		if table := alteredTable.FindStringSubmatch(statement); table != nil {
			for _, found := range droppedColumn.FindAllStringSubmatch(statement, -1) {
				lost = append(lost, "column "+found[1]+" of "+table[1])
			}
		}
	}
	return lost, nil
}

var (
	comment       = regexp.MustCompile(`(?m)--.*$`)
	droppedTable  = regexp.MustCompile(`^DROP TABLE (?:IF EXISTS )?(\w+)`)
	deletedRows   = regexp.MustCompile(`^DELETE FROM (\w+)`)
	alteredTable  = regexp.MustCompile(`^ALTER TABLE (\w+)`)
	droppedColumn = regexp.MustCompile(`\bDROP COLUMN (?:IF EXISTS )?(\w+)`)
)

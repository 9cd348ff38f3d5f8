// Package migrations holds the schema of the database, as goose SQL files that
// are part of the program: one folder a dialect.
//
// Invariant: both folders have the same versions, and applying either gives the
// same tables, columns and unique keys. A test in adapters/bunstore says so.
// A migration that has been released is never edited: write the next one. It
// leaves the program before it working, which goes on serving during a deploy, and
// keeps nobody waiting: a test says what may not be in it.
package migrations

import "embed"

// FS holds the folders postgres and sqlite.
//
//go:embed postgres/*.sql sqlite/*.sql
var FS embed.FS

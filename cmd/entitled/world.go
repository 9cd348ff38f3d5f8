package main

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// now is the clock of the real world.
func now() time.Time { return time.Now().UTC() }

// newID makes ids that sort by time and carry 74 random bits.
func newID() string {
	return strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", "")
}

package state

import (
	"net/url"
	"slices"
	"time"
)

// Request is an API request as the sandbox received it, without its key.
type Request struct {
	ID             string // req_...
	Time           time.Time
	Method         string
	Path           string
	Form           url.Values // body and query
	IdempotencyKey string
	APIVersion     string // that the answer is in
	Status         int    // 0 while it is under way
	Replayed       bool   // the answer was that of an earlier request
	Answered       bool   // false if a fault dropped the connection
}

// NewestOf drops the oldest entries of a log once there are twice as many as are to be kept.
func NewestOf[T any](log []T, kept int) []T {
	if len(log) < 2*kept {
		return log
	}
	return slices.Clone(log[len(log)-kept:])
}

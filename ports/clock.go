package ports

import "time"

// Clock tells the time, in UTC.
type Clock func() time.Time

// Timer tells when a duration has passed, as [time.After] does.
type Timer func(time.Duration) <-chan time.Time

// NewID makes an id that nobody can guess and nobody else makes: letters and
// digits only, sortable by the time of making.
type NewID func() string

package ports

import "time"

// Clock tells the time, in UTC.
type Clock func() time.Time

// NewID makes an id that nobody can guess and nobody else makes: letters and
// digits only, sortable by the time of making.
type NewID func() string

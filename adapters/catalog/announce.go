package catalog

import (
	"slices"
	"time"
)

const (
	// mostLeads is more than anybody wants to be told of one end.
	mostLeads = 10
	// Nearer than an hour an announcement is no help; further than a year it is none either.
	leastLead = time.Hour
	mostLead  = 366 * 24 * time.Hour
)

// readAnnounceEnds reads how long before the end of a right it is announced.
func readAnnounceEnds(r *reader, into *catalogDraft, v value) {
	before := len(r.problems)
	entries := r.list(v, "announce_ends")
	if len(entries) > mostLeads || len(entries) == 0 && len(r.problems) == before {
		r.fail(v, "announce_ends must be 1 to %d times such as [7d, 1d]: remove it if no end is to be announced", mostLeads)
		return
	}
	leads := make([]time.Duration, 0, len(entries))
	for _, e := range entries {
		before := len(r.problems)
		lead := r.duration(e.at, "a time of announce_ends")
		switch {
		case len(r.problems) > before: // said already
		case lead < leastLead || lead > mostLead:
			r.fail(e.at, "a time of announce_ends must be from 1h to 366d")
		case slices.Contains(leads, lead):
			r.fail(e.at, "%s is as long as another time of announce_ends: remove one", e.text)
		default:
			leads = append(leads, lead)
		}
	}
	slices.Sort(leads)
	slices.Reverse(leads)
	into.file.Catalog.AnnounceEnds = leads
}

package wire

// DefaultPage is how many objects a list has unless it is asked for more or fewer.
const DefaultPage = 10

// ListParams are accepted by every list.
var ListParams = []string{"limit", "starting_after", "ending_before"}

// createdParams are accepted by lists that filter by time.
var createdParams = []string{"created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"}

// Listing is what a list takes that filters by time, and by more.
func Listing(more ...string) []string {
	return append(append(append([]string{}, ListParams...), createdParams...), more...)
}

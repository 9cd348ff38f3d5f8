package control

// Patterns are those of all operations.
func Patterns() []string {
	var all []string
	for _, rt := range routes {
		all = append(all, rt.pattern)
	}
	return all
}

// EventsAtOnce is how many events are held at a time.
const EventsAtOnce = eventsAtOnce

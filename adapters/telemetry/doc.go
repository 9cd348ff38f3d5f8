// Package telemetry counts what operators watch, and shows it to Prometheus.
//
// Invariants: the label values are closed sets of the domain and the ports, never
// ids, so that the number of series does not grow. Every series that rules can
// produce is there from the start, at zero: a rate over the first event is one.
// Counting takes one look into a map and one atomic addition.
package telemetry

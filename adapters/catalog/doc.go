// Package catalog reads the catalog, what is for sale and what it grants, from a
// YAML file into [domain.Catalog].
//
// Invariants: a file is read strictly. A field, type or value that this package
// does not know is a problem, never skipped, and every problem of a file is
// reported at once, with its line, its column and what to do about it. A catalog
// that is returned without an error keeps every promise that the domain makes of
// one: grants name features, prices and former keys lead to one plan only, what is
// ignored is of none, defaults are filled in.
//
// The file is plain YAML: one document, no anchors, aliases, merge keys or tags,
// so that a line says all there is to say. Durations are a number with d or h.
//
// catalog.schema.json says the same in JSON Schema, for editors; a test keeps the
// two agreed. demo.yaml is the catalog of `entitled dev`.
package catalog

//go:generate go test . -run Schema_ListsThePolicies -update

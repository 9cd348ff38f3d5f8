// Command generate writes the types of the clients from the description of the API:
// go generate ./clients/...
package main

import (
	"fmt"
	"os"
)

//go:generate go run .

// Where the types of each language are, from this folder.
const (
	documentFile = "../../adapters/httpapi/openapi.json"
	goFile       = "../go/types.gen.go"
	tsFile       = "../ts/src/types.gen.ts"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	types, err := readTypes(documentFile)
	if err != nil {
		return err
	}
	source, err := goSource(types)
	if err != nil {
		return err
	}
	if err := os.WriteFile(goFile, source, 0o644); err != nil {
		return err
	}
	return os.WriteFile(tsFile, tsSource(types), 0o644)
}

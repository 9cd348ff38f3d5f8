//go:build nodev

package main

import (
	"context"

	"github.com/spf13/cobra"
)

// newDev says where dev is. A program for production has no use for pages and a sandbox,
// and html/template costs it more than both: it calls methods by names that the linker
// cannot know, so that no method of anything can be left out.
func newDev(c console) *cobra.Command {
	return leaf("dev", "Not in this program: make run, or go run ./cmd/entitled dev, does it from the source.", c, noDev{})
}

type noDev struct{}

// Run refuses.
func (noDev) Run(context.Context, console) error {
	return misusedf("dev is not in this program, which is built for production: make run, or go run ./cmd/entitled dev, runs it from the source")
}

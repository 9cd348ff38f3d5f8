//go:build nodev

package main

import (
	"context"

	"github.com/spf13/cobra"
)

// newDev says where dev is. A program for production has no use for pages and a sandbox,
// and html/template costs it more than both: it calls methods by names that the linker
// cannot know, so that no method of anything can be left out.
func newDev(c console) *cobra.Command { return leftOut("dev", c) }

// newSandbox says where the sandbox is, which has pages too.
func newSandbox(c console) *cobra.Command { return leftOut("sandbox", c) }

func leftOut(name string, c console) *cobra.Command {
	return leaf(name, "Not in this program: go run ./cmd/entitled "+name+" does it from the source.", c, notHere(name))
}

type notHere string

// Run refuses.
func (n notHere) Run(context.Context, console) error {
	return misusedf("%s is not in this program, which is built for production: go run ./cmd/entitled %[1]s runs it from the source", string(n))
}

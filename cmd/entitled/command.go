package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runner is what a command does once its arguments and flags are read.
type runner interface {
	Run(ctx context.Context, c console) error
}

// leaf is a command that does something.
func leaf(name, short string, c console, does runner) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return does.Run(cmd.Context(), c) },
	}
	cmd.Flags().SortFlags = false
	takes(cmd)
	return cmd
}

// group is a command of commands.
func group(name, short string, of ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short, DisableFlagsInUseLine: true, SuggestionsMinimumDistance: 2,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 {
				names := make([]string, len(of))
				for i, sub := range of {
					names[i] = sub.Name()
				}
				return misusedf("say which command of %s: %s (see %[1]s --help)", cmd.CommandPath(), strings.Join(names, ", "))
			}
			meant := ""
			if near := cmd.SuggestionsFor(given[0]); len(near) > 0 {
				meant = ", did you mean " + strings.Join(near, " or ") + "?"
			}
			return misusedf("%s has no command %s%s (see %[1]s --help)", cmd.CommandPath(), given[0], meant)
		},
	}
	cmd.AddCommand(of...)
	return cmd
}

// argument is what a command takes by its place, and not by a name.
type argument struct {
	to   *string
	name string // in brackets: it need not be given
	help string
}

// takes has a command take arguments.
func takes(cmd *cobra.Command, arguments ...argument) {
	for _, a := range arguments {
		cmd.Use += " " + a.name
		cmd.Long += described(a.name, a.help)
	}
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		for i, a := range arguments {
			switch {
			case i < len(given):
				*a.to = given[i]
			case !strings.HasPrefix(a.name, "["):
				return misusedf("%s is missing: %s (see %s --help)", a.name, cmd.UseLine(), cmd.CommandPath())
			}
		}
		if len(given) > len(arguments) {
			return misusedf("unexpected argument %s: %s (see %s --help)", given[len(arguments)], cmd.UseLine(), cmd.CommandPath())
		}
		return nil
	}
}

// wrongFlag says in words which flag is wrong, and where the right ones are.
func wrongFlag(cmd *cobra.Command, err error) error {
	if invalid, is := errors.AsType[*pflag.InvalidValueError](err); is {
		must := invalid.Unwrap().Error()
		switch invalid.GetFlag().Value.Type() {
		case "int", "uint64":
			must = "must be a whole number"
		case "bool":
			must = "must be true or false"
		}
		err = fmt.Errorf("--%s is %q: it %s", invalid.GetFlag().Name, invalid.GetValue(), must)
	}
	if unknown, is := errors.AsType[*pflag.NotExistError](err); is {
		if meant := withTwoDashes(cmd, unknown.GetSpecifiedShortnames()); meant != "" {
			err = fmt.Errorf("-%s is written with two dashes: --%[1]s", meant)
		}
	}
	return misusedf("%w (see %s --help)", err, cmd.CommandPath())
}

// withTwoDashes is the flag that was meant by letters after one dash, which are taken for
// as many flags; empty: none was.
func withTwoDashes(cmd *cobra.Command, letters string) string {
	letters, _, _ = strings.Cut(letters, "=")
	meant := ""
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if len(letters) > 1 && (f.Name == letters || f.Shorthand != "" && f.Name == f.Shorthand+letters) {
			meant = f.Name
		}
	})
	return meant
}

// oneOf is a flag that takes one of some words.
type oneOf struct {
	to    *string
	words []string
}

// Set implements [pflag.Value].
func (o oneOf) Set(word string) error {
	if word != "" && !slices.Contains(o.words, word) {
		return fmt.Errorf("must be one of %s", strings.Join(o.words, ", "))
	}
	*o.to = word
	return nil
}

// Type implements [pflag.Value].
func (oneOf) Type() string { return "string" }

// String implements [pflag.Value].
func (o oneOf) String() string { return *o.to }

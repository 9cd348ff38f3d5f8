package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is what a terminal has at least.
const helpWidth = 80

// printHelp prints all that --help says of a command.
func printHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "Usage: %s", cmd.UseLine())
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, " COMMAND")
	} else if cmd.HasAvailableLocalFlags() {
		fmt.Fprint(w, " [flags]")
	}
	fmt.Fprintf(w, "\n\n%s\n", wrapped(cmd.Short, ""))
	if cmd.Long != "" {
		fmt.Fprintf(w, "\nArguments:\n%s", cmd.Long)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(w, "\nCommands:")
		printCommands(w, cmd, cmd.CommandPath()+" ")
	}
	fmt.Fprintf(w, "\nFlags:\n%s\nExit codes:\n", cmd.LocalFlags().FlagUsagesWrapped(helpWidth))
	for _, e := range exits {
		fmt.Fprintf(w, "  %s\n", e)
	}
}

// printCommands lists what can be run below a command.
func printCommands(w io.Writer, of *cobra.Command, above string) {
	for _, cmd := range of.Commands() {
		switch {
		case cmd.HasAvailableSubCommands():
			printCommands(w, cmd, above)
		case cmd.IsAvailableCommand():
			fmt.Fprint(w, described(strings.TrimPrefix(cmd.UseLine(), above), cmd.Short))
		}
	}
}

// described is a name, and below it what it is.
func described(name, what string) string {
	return "  " + name + "\n" + wrapped(what, "      ") + "\n"
}

// wrapped breaks a text into lines that a terminal has room for.
func wrapped(text, indent string) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && len(line)+1+len(word) > helpWidth {
			lines, line = append(lines, line), indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

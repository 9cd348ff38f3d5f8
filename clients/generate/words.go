package main

import (
	"fmt"
	"strings"
)

// width is how long a line of a comment may be.
const width = 95

// sentence begins a description with the name of what it describes, as Go has it.
func sentence(name, doc string) string {
	if about[name] != "" {
		return name + " " + doc
	}
	return name + ": " + doc
}

// says is the description of a field, with the values that it may have.
func (f field) says() string {
	if len(f.kind.values) == 0 {
		return f.doc
	}
	return strings.TrimSpace(fmt.Sprintf("`%s`. %s", strings.Join(f.kind.values, "`, `"), f.doc))
}

// comment is a text as lines that begin with a mark; empty if there is nothing to say.
func comment(indent, mark, text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for _, line := range wrap(text) {
		b.WriteString(strings.TrimRight(indent+mark+line, " ") + "\n")
	}
	return b.String()
}

// wrap breaks a text into lines. Items of a list stay lines of their own.
func wrap(text string) []string {
	var lines []string
	line := ""
	end := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if paragraph == "" || strings.HasPrefix(paragraph, "- ") {
			end()
		}
		for word := range strings.FieldsSeq(paragraph) {
			if len(line)+len(word) >= width {
				end()
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		if paragraph == "" {
			lines = append(lines, "")
		}
	}
	end()
	return lines
}

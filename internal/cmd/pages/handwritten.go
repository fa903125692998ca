package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// bracketed matches a name in a handwritten text, such as [Debounce] or [Observable.Each].
var bracketed = regexp.MustCompile(`\[([A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)?)\]([^(]|$)`)

// guide returns the text with links for its names. It fails if a name does not exist,
// or if an operator is never named.
func (lib *library) guide(text string) ([]byte, error) {
	var bad []error
	named := map[string]bool{}
	linked := bracketed.ReplaceAllStringFunc(text, func(m string) string {
		parts := bracketed.FindStringSubmatch(m)
		named[parts[1]] = true
		url := lib.lookup(parts[1])
		if url == "" {
			bad = append(bad, fmt.Errorf("choosing.md names %s, which does not exist", parts[1]))
		}
		return "[" + parts[1] + "](" + url + ")" + parts[2]
	})
	for _, e := range lib.entries() {
		if !named[e.name] {
			bad = append(bad, fmt.Errorf("choosing.md never names %s", e.name))
		}
	}
	return []byte(strings.Replace(generated, "the comments there", "choosing.md there", 1) + linked), errors.Join(bad...)
}

// lookup returns the address of a name in either package, or "".
func (lib *library) lookup(name string) string {
	for _, p := range slices.Backward(lib.packages) {
		if p.funcs[name] != nil || p.types[name] != nil || p.vars[name] != "" {
			return lib.find(p, name)
		}
	}
	return ""
}

// code matches one of our names in a cell of names.tsv: a word that begins with a
// capital letter, perhaps with its type before it.
var code = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)?\b`)

// names makes the tables that translate the names of other libraries. A line of the file
// has the library, the library's name, our name, and perhaps a note.
func (lib *library) names(tsv string) ([]byte, error) {
	var b bytes.Buffer
	var bad []error
	fmt.Fprintf(&b, "%s# Names elsewhere\n\n", strings.Replace(generated, "the comments there", "names.tsv there", 1))
	b.WriteString("This page translates the names of RxGo v2, RxJS 7, Reactor, rill and ro into ours. Go's own channels and packages are at the end. A name links to its exact description, which may differ: a note says ")
	b.WriteString("where it matters. More on [RxGo](../rxgo.md), and, case by case, on [RxJS](../rxjs.md).\n")
	at := ""
	for i, line := range strings.Split(strings.TrimSpace(tsv), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) < 3 || len(cells) > 4 {
			bad = append(bad, fmt.Errorf("names.tsv:%d: %d cells", i+1, len(cells)))
			continue
		}
		if len(cells) == 3 {
			cells = append(cells, "")
		}
		if cells[0] != at {
			at = cells[0]
			fmt.Fprintf(&b, "\n## From %s\n\n| %s | here | |\n|---|---|---|\n", at, at)
		}
		ours := code.ReplaceAllStringFunc(cells[2], func(name string) string {
			url := lib.lookup(name)
			if url == "" {
				bad = append(bad, fmt.Errorf("names.tsv:%d: %s does not exist", i+1, name))
			}
			return "[" + name + "](" + url + ")"
		})
		fmt.Fprintf(&b, "| %s | %s | %s |\n", theirs(cells[1]), ours, cells[3])
	}
	return b.Bytes(), errors.Join(bad...)
}

// theirs returns names of another library, formatted as code.
func theirs(cell string) string {
	parts := strings.Split(cell, ", ")
	for i := 1; i < len(parts); i++ { // not within the arguments of one
		if strings.Count(parts[i-1], "(") > strings.Count(parts[i-1], ")") {
			parts = slices.Replace(parts, i-1, i+1, parts[i-1]+", "+parts[i])
			i--
		}
	}
	for i, p := range parts {
		parts[i] = "`" + p + "`"
	}
	return strings.Join(parts, ", ")
}

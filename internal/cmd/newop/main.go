// Command newop makes the files of a new operator, and adds the rows that the tests
// demand. Run it from the module's root:
//
//	go run ./internal/cmd/newop -family filtering Nth
//
// The operator that it makes passes every item on, so the tests pass from the
// beginning. It prints the steps that are left to do by hand. CONTRIBUTING.md has
// all steps.
package main

import (
	"errors"
	"flag"
	"fmt"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

func main() {
	family := flag.String("family", "filtering", "one of "+strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	none := flag.Bool("no-n", false, "the operator has no parameter n")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/cmd/newop [-family NAME] [-no-n] OPERATOR")
		os.Exit(2)
	}
	steps, err := add(".", operator{name: flag.Arg(0), family: *family, sized: !*none})
	if err != nil {
		fmt.Fprintln(os.Stderr, "newop:", err)
		os.Exit(1)
	}
	fmt.Print(steps)
}

// operator describes the new operator.
type operator struct {
	name, family string
	sized        bool // it has a parameter n
}

// file is the name of the operator's file, without its ending: flat_map of FlatMap.
func (o operator) file() string {
	var b strings.Builder
	for i, r := range o.name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func (o operator) check(root string) error {
	f, known := families[o.family]
	switch {
	case !known || f.heading == "":
		return fmt.Errorf("family is %q, want one of %s", o.family, strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	case !token.IsIdentifier(o.name) || !unicode.IsUpper(rune(o.name[0])):
		return fmt.Errorf("the operator's name is %q, want a word that begins with a capital letter", o.name)
	}
	for _, file := range []string{o.file() + ".go", o.file() + "_test.go"} {
		if _, err := os.Stat(filepath.Join(root, "operators", file)); err == nil {
			return fmt.Errorf("operators/%s exists", file)
		}
	}
	return nil
}

// add makes the files and the rows below root. If a part fails, it writes nothing.
func add(root string, o operator) (steps string, err error) {
	if err := o.check(root); err != nil {
		return "", err
	}
	written := map[string][]byte{
		"operators/" + o.file() + ".go":      []byte(o.source()),
		"operators/" + o.file() + "_test.go": []byte(o.test()),
	}
	var bad []error
	for _, r := range o.rows() {
		old, seen := written[r.file]
		if !seen {
			if old, err = os.ReadFile(filepath.Join(root, r.file)); err != nil {
				return "", err
			}
		}
		changed, err := r.into(string(old))
		if err != nil {
			bad = append(bad, err)
			continue
		}
		written[r.file] = []byte(changed)
	}
	if err := errors.Join(bad...); err != nil {
		return "", err
	}
	for file, text := range written {
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil {
			return "", err
		}
	}
	return o.steps(slices.Sorted(maps.Keys(written))), nil
}

// Command pages makes the reference under docs/operators, and its pictures under
// docs/marbles, from the comments and examples of the code, and the tables of costs in
// docs/performance.md from the results of bench. Run it from the module's root.
//
// The families are the headings of the two packages' comments, which list the
// names. Each comment with a diagram gets a picture. The handwritten sources are
// beside this file: choosing.md, with names in brackets, and names.tsv.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	pagesDir   = "docs/operators"
	marblesDir = "docs/marbles"
	byHand     = "internal/cmd/pages"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func generate() error {
	lib, err := load(".", "operators")
	if err != nil {
		return err
	}
	if lib.costs, err = readCosts(costsFile); err != nil {
		return err
	}
	if err := lib.costs.writeCosts(); err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, e := range lib.entries() {
		if !e.diagram.drawn() {
			continue
		}
		picture, err := draw(e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		files[e.picture()] = picture
	}
	for _, f := range lib.families {
		files[f.path()] = lib.page(f)
	}
	files[filepath.Join(pagesDir, "README.md")] = lib.index()
	files[filepath.Join(pagesDir, shared+".md")] = lib.options()
	choosing, err := os.ReadFile(filepath.Join(byHand, "choosing.md"))
	if err != nil {
		return err
	}
	if files[filepath.Join(pagesDir, "choosing.md")], err = lib.guide(string(choosing)); err != nil {
		return err
	}
	names, err := os.ReadFile(filepath.Join(byHand, "names.tsv"))
	if err != nil {
		return err
	}
	if files[filepath.Join(pagesDir, "names.md")], err = lib.names(string(names)); err != nil {
		return err
	}
	return write(files)
}

// write makes the two directories hold these files and no others.
func write(files map[string][]byte) error {
	for _, dir := range []string{pagesDir, marblesDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		old, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			return err
		}
		for _, path := range old {
			if _, kept := files[path]; !kept {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
		}
	}
	for path, content := range files {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// slug returns the anchor of a heading, which is also the name of a file: "Hot streams"
// becomes hot-streams.
func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

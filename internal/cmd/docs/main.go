// Command docs checks the Markdown files of the module against its code. Every
// relative link must lead to a file. If the link names a heading, the file must have
// that heading. If the link's text is the name of a test, the file must have that
// test. Run it from the module's root.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var link = regexp.MustCompile(`\[([^\]]+)\]\(([^)#\s]*)(?:#([^)]*))?\)`)

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// fence is a block of code. Brackets in it are no links.
var fence = regexp.MustCompile("(?s)```.*?```")

var test = regexp.MustCompile("^`?((?:Test|Fuzz|Benchmark|Example)[A-Z][A-Za-z0-9_]*)(/[^`]*)?`?$")

func main() {
	links, bad := 0, 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err == nil && d.IsDir() && d.Name() == "node_modules": // other people's files, if the directory exists
			return filepath.SkipDir
		case err != nil || d.IsDir() || filepath.Ext(path) != ".md":
			return err
		}
		n, problems, err := check(path)
		links += n
		bad += len(problems)
		for _, p := range problems {
			fmt.Println(p)
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
	fmt.Printf("%d links checked, %d broken\n", links, bad)
	if bad > 0 || links == 0 {
		os.Exit(1)
	}
}

func check(path string) (links int, problems []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, err
	}
	for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		name, target, anchor := m[1], m[2], m[3]
		if strings.Contains(target, "://") || anchor == "" && !strings.ContainsAny(target, "./") {
			continue // a link to another place, or code such as Take[int](n)
		}
		links++
		file := path
		if target != "" {
			file = filepath.Join(filepath.Dir(path), target)
		}
		content, err := os.ReadFile(file)
		if info, e := os.Stat(file); e == nil && info.IsDir() {
			err = nil
		}
		t := test.FindStringSubmatch(name)
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s: %s does not exist", path, target))
		case anchor != "" && !anchors(string(content))[anchor]:
			problems = append(problems, fmt.Sprintf("%s: %s has no heading %s", path, target, anchor))
		case t != nil && !strings.Contains(string(content), "func "+t[1]+"("):
			problems = append(problems, fmt.Sprintf("%s: %s has no %s", path, target, t[1]))
		}
	}
	return links, problems, nil
}

// anchors returns the anchors of the text's headings: in lower case, with a hyphen
// for each space, and only with letters, digits, hyphens and underscores.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		var b strings.Builder
		for _, r := range strings.ToLower(link.ReplaceAllString(m[1], "$1")) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				b.WriteRune(r)
			}
		}
		found[b.String()] = true
	}
	return found
}

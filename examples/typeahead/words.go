package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

const dict = "/usr/share/dict/words"

// load returns the words of file, in lower case and in order, and the name of their
// origin.
func load(ctx context.Context, file string) (words []string, from string, err error) {
	if file == "" {
		if file = dict; !exists(file) {
			dir := goSource(ctx)
			words, err = harvest(ctx, dir)
			return words, dir, err
		}
	}
	text, err := read(file)
	if err != nil {
		return nil, file, err
	}
	words = strings.Fields(strings.ToLower(string(text)))
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 {
		err = fmt.Errorf("%s: no words", file)
	}
	return words, file, err
}

// read reads a file of any kind, up to a limit.
func read(file string) ([]byte, error) {
	const most = 256 << 20
	from, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s: more than %d MB", file, most>>20)
	}
	return text, err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func goSource(ctx context.Context) string {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		root = []byte(build.Default.GOROOT)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src")
}

// harvest gathers the words of the Go files below dir, several files at a time.
func harvest(ctx context.Context, dir string) ([]string, error) {
	files := tp.Create(func(ctx context.Context, emit func(string) bool) error {
		return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case entry.Type().IsRegular() && filepath.Ext(path) == ".go" && !emit(path):
				return fs.SkipAll
			}
			return nil
		})
	})
	all := map[string]bool{}
	err := operators.Parallel(runtime.GOMAXPROCS(0), wordsOf)(files).Each(ctx, func(words map[string]bool) error {
		maps.Copy(all, words)
		return nil
	})
	return slices.Sorted(maps.Keys(all)), err
}

// wordsOf is the task. It returns the words of a file that have three letters or
// more.
func wordsOf(_ context.Context, file string) (map[string]bool, error) {
	text, err := os.ReadFile(file)
	words := map[string]bool{}
	for word := range bytes.FieldsFuncSeq(bytes.ToLower(text), func(r rune) bool { return r != '_' && (r < 'a' || 'z' < r) }) {
		if len(word) > 2 && len(word) < 40 && !words[string(word)] {
			words[string(word)] = true
		}
	}
	return words, err
}

// found is the result of a search, or of a part of a search.
type found struct {
	text string
	n    int
	best []string
}

const shown = 6 // number of matches to show

// match searches some of the words.
func match(text string, words []string) found {
	f := found{text: text}
	for _, word := range words {
		if begins(word, text) < 2 {
			f.n++
			f.best = append(f.best, word)
		}
	}
	return f.merge(found{})
}

func (f found) merge(other found) found {
	best := slices.Concat(f.best, other.best)
	slices.SortFunc(best, func(a, b string) int {
		return cmp.Or(cmp.Compare(begins(a, f.text), begins(b, f.text)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return found{text: f.text, n: f.n + other.n, best: best[:min(len(best), shown)]}
}

// begins returns the number of typing errors (none, one or too many) with which text
// is a beginning of word. The first two letters must be right.
func begins(word, text string) int {
	same := 0
	for same < len(word) && same < len(text) && word[same] == text[same] {
		same++
	}
	word, text = word[same:], text[same:]
	switch {
	case text == "":
		return 0
	case same < 2:
		return 2
	case len(text) == 1, // the last letter is wrong, or one too many
		strings.HasPrefix(word, text[1:]),                                                                  // a letter too many
		word != "" && strings.HasPrefix(word[1:], text),                                                    // a letter is missing
		word != "" && strings.HasPrefix(word[1:], text[1:]),                                                // a wrong letter
		len(word) > 1 && word[0] == text[1] && word[1] == text[0] && strings.HasPrefix(word[2:], text[2:]): // two letters are swapped
		return 1
	}
	return 2
}

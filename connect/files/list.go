package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// found is a file that the pattern matches.
type found struct {
	path  string
	ident identity
	size  int64
	mtime time.Time
}

// hasMeta reports whether a pattern is more than a name.
func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, `*?[`) }

// expand returns the names that pattern matches, sorted. What can't be listed is in
// err, and the rest is returned all the same. A name that is not there is no error.
func expand(pattern string) (names []string, err error) {
	if !hasMeta(pattern) {
		return []string{pattern}, nil
	}
	dir, base := filepath.Split(pattern)
	dirs := []string{filepath.Clean(dir)}
	if dir == "" {
		dirs[0] = "."
	}
	if hasMeta(dir) {
		dirs, err = expand(filepath.Clean(dir))
	}
	for _, d := range dirs {
		entries, failed := os.ReadDir(d)
		if failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
		for _, e := range entries {
			if ok, _ := filepath.Match(base, e.Name()); ok { // the pattern was checked
				names = append(names, filepath.Join(d, e.Name()))
			}
		}
	}
	slices.Sort(names)
	return names, err
}

// wanted reports whether the file with that name is to be read.
func (s *settings) wanted(name string) bool {
	for _, p := range s.exclude {
		if ok, _ := filepath.Match(p, filepath.Base(name)); ok { // it was checked
			return false
		}
	}
	if s.position != "" && (name == s.position || name == s.position+lockSuffix || name == s.position+newSuffix) {
		return false
	}
	if s.copies != "" {
		if ok, _ := filepath.Match(s.copies, name); ok { // as above
			return false
		}
	}
	return true
}

// lookAt describes the file with that name. ok is false if there is none, or if it is a
// directory or another thing that has no lines.
func lookAt(name string) (f found, ok bool, err error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, false, nil
	case err != nil:
		return f, false, err
	case !info.Mode().IsRegular():
		return f, false, nil
	}
	id, err := identityOf(name, info)
	if err != nil {
		return f, false, err
	}
	return found{name, id, info.Size(), info.ModTime()}, true, nil
}

// key is what a file is known by: its identity, or its name where there is none.
func (f found) key() any {
	if f.ident == (identity{}) {
		return f.path
	}
	return f.ident
}

func (f *file) key() any { return found{path: f.path, ident: f.ident}.key() }

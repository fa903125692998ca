package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tp "github.com/turbopipes/turbopipes"
)

// sumFile is the file that -o names. It is written beside it under another name, and
// renamed when it is complete, so a file with this name is always complete. The sums
// of an interrupted run go to a file with another name.
type sumFile struct {
	path, temp string // both empty without -o; temp is empty for a device or a pipe
	file       *os.File
	lines      []sumLine
}

type sumLine struct {
	name   string // with slashes
	digest [sha256.Size]byte
}

func create(path string) (s *sumFile, err error) {
	if path == "" {
		return &sumFile{}, nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("-o %s: %w", printable(path), reason(err))
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	mode := fs.FileMode(0o666)
	s = &sumFile{}
	if info, err := os.Stat(path); err == nil {
		switch {
		case info.IsDir():
			return nil, errors.New("is a directory")
		case !info.Mode().IsRegular(): // a device or a pipe can't be replaced by a rename
			s.path = path
			s.file, err = os.OpenFile(path, os.O_WRONLY, 0)
			return s, err
		}
		mode = info.Mode().Perm()
	}
	dir, name := filepath.Split(path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		dir, name = filepath.Split(target) // a link stays a link
	} else if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	s.path = filepath.Join(dir, name)
	s.temp = fmt.Sprintf("%s.%d.tmp", s.path, os.Getpid())
	s.file, err = os.OpenFile(s.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	return s, err
}

// add records the sum of a file below dir.
func (s *sumFile) add(dir string, r tp.Result[sum]) {
	if s.file == nil || r.Err != nil || r.Value.skip != "" {
		return
	}
	if name, err := filepath.Rel(dir, r.Value.path); err == nil { // the file is below dir
		s.lines = append(s.lines, sumLine{filepath.ToSlash(name), r.Value.digest})
	}
}

// write writes the lines as sha256sum does, sorted, so that the lines of two runs
// can be compared.
func (s *sumFile) write() error {
	slices.SortFunc(s.lines, func(a, b sumLine) int { return cmp.Compare(a.name, b.name) })
	w := bufio.NewWriter(s.file)
	for _, l := range s.lines {
		mark, name := "", escape.Replace(l.name)
		if name != l.name {
			mark = `\`
		}
		fmt.Fprintf(w, "%s%x  %s\n", mark, l.digest, name)
	}
	return w.Flush() // and returns an earlier error
}

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

// partial is the name of the file of an interrupted run. A device keeps its own
// name.
func (s *sumFile) partial() string {
	if s.temp == "" {
		return s.path
	}
	return s.path + ".partial"
}

// commit renames the file, and returns its name. The name shows whether the file has
// all sums.
func (s *sumFile) commit(whole bool) (name string, err error) {
	if s.file == nil {
		return "", nil
	}
	name = s.path
	if !whole {
		name = s.partial()
	}
	err = errors.Join(s.write(), s.file.Close())
	if err == nil && s.temp != "" {
		err = os.Rename(s.temp, name)
	}
	if err != nil {
		return name, fmt.Errorf("-o %s: %w", printable(s.path), reason(err))
	}
	s.temp = ""
	return name, nil
}

// discard removes the file if it was not committed.
func (s *sumFile) discard() {
	if s.file == nil {
		return
	}
	s.file.Close()
	if s.temp != "" {
		os.Remove(s.temp)
	}
}

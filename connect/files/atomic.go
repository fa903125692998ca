package files

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// newSuffix is that of the file that replaces another one.
const newSuffix = ".new"

// Replace replaces the content of the file path by the bytes that write writes, all or
// none. Readers see the old content or the new one. It writes a file beside path, syncs it, renames it, and
// syncs the directory. When it has returned nil, the new content survives a crash of the
// machine. When it has failed, the old content is there, and the new file is removed.
//
// As the function of a delivery.Process, it makes each event a file: an event is acked
// when its file is durable. perm is that of a new file. Calls for the same path must
// not overlap.
func Replace(path string, perm fs.FileMode, write func(w io.Writer) error) error {
	tmp := path + newSuffix
	file, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	open, done := true, false
	defer func() {
		if open {
			_ = file.Close() // the first error counts
		}
		if !done {
			_ = os.Remove(tmp) // as above
		}
	}()
	b := bufio.NewWriter(file)
	if err := write(b); err != nil {
		return err
	}
	if err := errors.Join(b.Flush(), file.Sync()); err != nil {
		return err
	}
	open = false
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	done = true
	return syncDir(filepath.Dir(path))
}

// Position keeps a text in the file that it names: the position of another connector,
// such as the last id of package sse or the cursor of package httpx. See [Replace].
type Position string

// Load returns the text, or an empty one if there is no file yet.
func (p Position) Load(context.Context) (string, error) {
	b, err := os.ReadFile(string(p))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

// Save replaces the text.
func (p Position) Save(_ context.Context, text string) error {
	return Replace(string(p), 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

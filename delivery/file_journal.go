package delivery

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// FileJournal is a [Journal] in a file. Each Begin is one write, without a sync: it
// survives the end of the process, but not that of the machine, which is no event's
// fault.
type FileJournal struct {
	mu     sync.Mutex
	file   *os.File
	counts map[string]int
	ended  []byte // lines that wait for the next Begin
	lines  int    // in the file
}

const compactLines = 4096

// OpenJournal opens the journal in the file path, and makes the file if there is none.
// One process at a time may use it. Close it after the stream has ended.
func OpenJournal(path string) (*FileJournal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the caller names it
	if err != nil {
		return nil, fmt.Errorf("delivery: OpenJournal: %w", err)
	}
	j := &FileJournal{file: file, counts: map[string]int{}}
	if err := errors.Join(j.load(), j.compact()); err != nil {
		return nil, errors.Join(fmt.Errorf("delivery: OpenJournal: %w", err), file.Close())
	}
	return j, nil
}

// load reads the lines. The last one may be cut short.
func (j *FileJournal) load() error {
	r := bufio.NewReader(j.file)
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch id := strings.TrimSuffix(line[1:], "\n"); line[0] {
		case '+':
			j.counts[id]++
		case '-':
			delete(j.counts, id)
		default:
			return fmt.Errorf("the file is not a journal: a line begins with %q", line[0])
		}
	}
}

// compact writes the file anew, with the open events only.
func (j *FileJournal) compact() error {
	var b strings.Builder
	lines := 0
	for id, n := range j.counts {
		for range n {
			b.WriteString("+" + id + "\n")
			lines++
		}
	}
	name := j.file.Name()
	fresh, err := os.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // beside the caller's
	if err != nil {
		return err
	}
	if _, err := fresh.WriteString(b.String()); err != nil {
		return errors.Join(err, fresh.Close())
	}
	if err := os.Rename(fresh.Name(), name); err != nil {
		return errors.Join(err, fresh.Close())
	}
	old := j.file
	// The new file's handle still has the name of before the rename.
	j.file, err = os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0o600) //nolint:gosec // the caller names it
	if err != nil {
		j.file = old
		return errors.Join(err, fresh.Close())
	}
	j.lines, j.ended = lines, nil
	return errors.Join(old.Close(), fresh.Close())
}

// Begin is that of [Journal].
func (j *FileJournal) Begin(_ context.Context, id string) (before int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if strings.ContainsAny(id, "\n") {
		return 0, fmt.Errorf("the id %q has a line break", id)
	}
	if j.file == nil {
		return 0, fs.ErrClosed
	}
	if j.lines >= compactLines+2*len(j.counts) {
		if err := j.compact(); err != nil {
			return 0, err
		}
	}
	line := append(j.ended, "+"+id+"\n"...)
	if _, err := j.file.Write(line); err != nil {
		return 0, err
	}
	j.ended = line[:0]
	j.lines++
	before = j.counts[id]
	j.counts[id]++
	return before, nil
}

// Count is that of [Journal].
func (j *FileJournal) Count(id string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts[id]
}

// End is that of [Journal]. The file has it with the next Begin, or after Close.
func (j *FileJournal) End(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.counts[id]; ok {
		delete(j.counts, id)
		j.ended = append(j.ended, "-"+id+"\n"...)
		j.lines++
	}
	return nil
}

// Close writes what waits, and closes the file.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	_, err := j.file.Write(j.ended)
	err = errors.Join(err, j.file.Close())
	j.file, j.ended = nil, nil
	return err
}

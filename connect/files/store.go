package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

const storeVersion = 1

// entry is what is kept about a file.
type entry struct {
	ID        string `json:"id"`
	Partition int32  `json:"partition"`
	Path      string `json:"path"`
	identity
	Head  fingerprint `json:"head"`
	At    position    `json:"at"`
	Size  int64       `json:"size"`
	Mtime int64       `json:"mtime"`          // in ns
	Gone  int64       `json:"gone,omitempty"` // since when, in s
}

// stored is the content of the file with the positions.
type stored struct {
	Version int     `json:"version"`
	Epoch   int64   `json:"epoch"` // grows with each session
	Last    int32   `json:"last"`  // the last partition
	Files   []entry `json:"files"`
}

// store keeps the positions. Each change replaces its file.
type store struct {
	path    string
	replace func(path string, perm fs.FileMode, write func(io.Writer) error) error
	turn    chan struct{} // of capacity 1: whoever has put an element in may write

	mu      sync.Mutex
	epoch   int64
	last    int32
	entries map[int32]entry
	changed bool // since the last write
}

// load reads the file. found is false if there is none.
func (s *store) load() (found bool, err error) {
	s.turn, s.entries = make(chan struct{}, 1), map[int32]entry{}
	b, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var in stored
	if err := json.Unmarshal(b, &in); err != nil {
		return false, fmt.Errorf("files: %s is no file with positions: %w", s.path, err)
	}
	if in.Version != storeVersion {
		return false, fmt.Errorf("files: %s has version %d, want %d", s.path, in.Version, storeVersion)
	}
	s.epoch, s.last = in.Epoch, in.Last
	for _, e := range in.Files {
		s.entries[e.Partition] = e
	}
	return true, nil
}

// put notes an entry, which the next write has. The position stays the committed one.
// learned: the entry has a longer fingerprint than before.
func (s *store) put(e entry) (learned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.entries[e.Partition]
	if !ok {
		return false
	}
	e.At = was.At
	s.changed = s.changed || e != was
	s.entries[e.Partition] = e
	return e.Head.Len > was.Head.Len
}

// drop forgets the entry of partition, if everything before at is committed.
func (s *store) drop(partition int32, at int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[partition].At.Offset < at {
		return false
	}
	delete(s.entries, partition)
	s.changed = true
	return true
}

// write applies change, and replaces the file. If that fails, change was not applied.
func (s *store) write(ctx context.Context, change func(entries map[int32]entry)) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	s.mu.Lock()
	entries := maps.Clone(s.entries)
	out := stored{Version: storeVersion, Epoch: s.epoch, Last: s.last}
	s.changed = false
	s.mu.Unlock()
	change(entries)
	for _, p := range slices.Sorted(maps.Keys(entries)) {
		out.Files = append(out.Files, entries[p])
	}
	err := s.replace(s.path, 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(out) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.changed = true
		return err
	}
	change(s.entries)
	return nil
}

// flush writes what was changed since the last write.
func (s *store) flush(ctx context.Context) error {
	s.mu.Lock()
	changed := s.changed
	s.mu.Unlock()
	if !changed {
		return nil
	}
	return s.write(ctx, func(map[int32]entry) {})
}

// number returns the next n partitions, as the first of them.
func (s *store) number(n int) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.last + 1
	s.last += int32(n) //nolint:gosec // there are not so many files
	return first
}

// entryOf is what is kept about f, but for the committed position.
func entryOf(f *file, gone time.Time) entry {
	e := entry{
		ID: f.id, Partition: f.partition, Path: f.path, identity: f.ident, Head: f.print(), At: f.at,
		Size: f.size, Mtime: f.mtime.UnixNano(),
	}
	if !gone.IsZero() {
		e.Gone = gone.Unix()
	}
	return e
}

// fileOf is the file of an entry of an earlier session.
func fileOf(e entry) *file {
	return &file{
		id: e.ID, partition: e.Partition, path: e.Path, ident: e.identity, stored: e.Head, at: e.At,
		size: e.Size, mtime: time.Unix(0, e.Mtime), suspect: true, begun: e.At.Offset > 0, dirty: true,
	}
}

package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// Source returns the records of the files that pattern matches as events, which a
// delivery.Process acks. It follows the files, unless [Once] is set. The position up to
// which all events of a file are done is kept in the file position. pattern is that of
// [Lines].
//
// A restart goes on at the position, also if the file has another name meanwhile: a file
// is known by its device and inode, by its first bytes, and by the record before the
// position. Where the file is another one, reading begins at its start. Nothing is
// committed before it is done, so after a crash at most delivery.MaxUncommitted events of
// a file come again; after a graceful stop none does. The position is replaced as a
// whole, and durably, see [Replace].
//
// The Source of an event is the path of its file, Position is the offset in bytes,
// Partition has the number of the file, and Time its time of modification. ID is the same
// whenever the event comes again, and no other event has it, also if its file is
// truncated or its inode is used again. The value is the record without its line end.
// Events have no key without [KeyBy], so their order is not kept.
//
// One session at a time may use a position: another one fails with delivery.ErrFenced,
// where the system has locks. A commit syncs the disk twice, which takes some milliseconds:
// for cheap events, a delivery.MaxUncommitted of some 10,000 is several times as fast, and
// a crash repeats more of them. A file that can't be read is reported to [OnTrouble] and
// tried again; at the start it fails the stream, if pattern is a name. A position that
// can't be written is tried again, as long as the stream runs. A record that is too long
// fails the stream with [ErrTooLong]. Memory: one record and 64 KiB, and some 500 bytes
// for each file. Goroutines: one, for commits.
func Source(pattern, position string, opts ...SourceOption) delivery.Source[[]byte] {
	s := defaults()
	s.follow = true
	s, bad := gather(s, pattern, opts)
	if bad == "" && position == "" {
		bad = "position is empty"
	}
	s.position = filepath.Clean(position)
	return source{pattern: pattern, settings: s, bad: bad}
}

type source struct {
	pattern  string
	settings settings
	bad      string
	hook     func(*session) // of tests
}

// session is an open source.
type session struct {
	*follower
	store      *store
	lock       *os.File
	key        func([]byte) string
	tracker    *delivery.Tracker[int32, position]
	committing *delivery.Committing[int32]
	receive    func(delivery.Delivery[[]byte]) bool
	urgent     bool // the beginning of a file is not saved yet
	unsaved    bool // the last commit has failed; under the turn of committing
}

// origin is what the events of a file have in common. It is never changed.
type origin struct {
	path, id  string
	partition int32
	epoch     int64
	mtime     time.Time
}

// event is the settler of an event.
type event struct {
	*origin
	tenure *delivery.Tenure[int32, position]
	start  int64
	length int64 // of a record that was cut; 0
}

// lockSuffix is that of the file that is locked.
const lockSuffix = ".lock"

// defaultUncommitted is for a pipeline that does not say how many events it holds.
const defaultUncommitted = 1024

// Open takes the lock of the position, and reads it.
func (s source) Open(ctx context.Context, o delivery.SessionOptions) (_ delivery.Session[[]byte], err error) {
	if s.bad != "" {
		return nil, fault.Invalid("files.Source", s.bad)
	}
	w := newFollower(s.pattern, s.settings)
	if err := w.check(); err != nil {
		return nil, err
	}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = defaultUncommitted
	}
	n := &session{
		follower: w, store: &store{path: s.settings.position, replace: Replace}, key: s.settings.key,
		tracker: delivery.NewTracker[int32, position](o.MaxUncommitted),
	}
	if err := n.hold(s.settings.position + lockSuffix); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.lock.Close())
		}
	}()
	found, err := n.store.load()
	if err != nil {
		return nil, err
	}
	n.store.epoch++
	if err := n.store.write(ctx, func(map[int32]entry) {}); err != nil {
		return nil, err
	}
	n.resume(found)
	w.adopt, w.forget, w.note, w.keep, w.emit, w.room = n.adopt, n.forgets, n.noted, n.keeps, n.emits, n.tracker.Room()
	n.committing = delivery.Committer(n.tracker, s.settings.commit, 0, n.commit)
	if s.hook != nil {
		s.hook(n)
	}
	return n, nil
}

// hold takes the lock.
func (s *session) hold(name string) error {
	lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // beside the caller's
	if err != nil {
		return err
	}
	held, err := hold(lock)
	if held {
		err = fmt.Errorf("%w: %s is locked", delivery.ErrFenced, name)
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	return nil
}

// resume begins with the files of the last session.
func (s *session) resume(found bool) {
	if found {
		s.fromEnd = false
	}
	for i := int32(1); i <= s.store.last; i++ {
		e, ok := s.store.entries[i]
		if !ok {
			continue
		}
		f := fileOf(e)
		s.begin(f)
		s.known[f.key()] = f
		if e.Gone > 0 && e.At.Offset >= e.Size { // else it is not done: it has to be found again
			s.ended[f] = time.Unix(e.Gone, 0)
		} else {
			s.files = append(s.files, f)
		}
	}
}

// begin begins the tenure of a file.
func (s *session) begin(f *file) { f.tenure = s.tracker.Assign(f.partition) }

// adopt notes new files, durably, before an event of theirs is emitted: so the ids of
// their events stay the same.
func (s *session) adopt(ctx context.Context, fs []*file) error {
	first := s.store.number(len(fs))
	for i, f := range fs {
		f.partition = first + int32(i) //nolint:gosec // there are not so many files
	}
	err := s.store.write(ctx, func(entries map[int32]entry) {
		for _, f := range fs {
			entries[f.partition] = entryOf(f, time.Time{})
		}
	})
	if err != nil {
		return err
	}
	for _, f := range fs {
		s.begin(f)
	}
	return nil
}

// noted learns of changes of f.
func (s *session) noted(f *file) {
	s.urgent = s.store.put(entryOf(f, s.ended[f])) || s.urgent
	f.origin = &origin{f.path, f.id, f.partition, s.store.epoch, f.mtime}
	f.dirty = false
}

// keeps writes what was noted, if a file has a longer beginning now. Without it, a crash
// would leave a file that nobody could find again among the copies.
func (s *session) keeps(ctx context.Context) error {
	if !s.urgent {
		return nil
	}
	err := s.store.flush(ctx)
	s.urgent = err != nil
	return err
}

// forgets ends the tenure of a file that has gone, if all of its events are done.
func (s *session) forgets(f *file) bool {
	if !s.store.drop(f.partition, f.emitted) {
		return false
	}
	f.tenure.End()
	return true
}

// emits notes an event, and emits it.
func (s *session) emits(f *file, r record) verdict {
	token, ok, isFull := f.tenure.Begin(r.after)
	switch {
	case isFull:
		return full
	case !ok:
		return refused
	}
	if f.dirty || f.origin == nil {
		s.noted(f)
	}
	f.emitted = r.after.Offset
	e := &event{f.origin, f.tenure, r.start, r.length}
	if !s.receive(delivery.New(bytes.Clone(r.value), s.key(r.value), e, token)) {
		return refused
	}
	return taken
}

// Receive emits events.
func (s *session) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	s.receive = emit
	return s.run(ctx)
}

// commit writes the positions.
func (s *session) commit(ctx context.Context, cs []delivery.Commit[int32, position]) error {
	err := s.store.write(ctx, func(entries map[int32]entry) {
		for _, c := range cs {
			if e, ok := entries[c.Key]; ok {
				e.At = c.Next
				entries[c.Key] = e
			}
		}
	})
	if err != nil && !s.unsaved && ctx.Err() == nil {
		s.trouble(Trouble{Path: s.position, Err: err}) // the stream stands still when a tail is full
	}
	s.unsaved = err != nil
	return err
}

// Close writes the positions, and releases the lock.
func (s *session) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	err = errors.Join(err, s.store.flush(ctx))
	for _, t := range s.tracker.Tenures() {
		t.End()
	}
	return errors.Join(err, s.lock.Close())
}

// Settle is that of the settler.
func (e *event) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Info is that of the settler.
func (e *event) Info(uint64) delivery.Info {
	at := strconv.FormatInt(e.start, 10)
	i := delivery.Info{Source: e.path, Partition: e.partition, Position: at, ID: e.id + "@" + at, Epoch: e.epoch, Time: e.mtime}
	if e.length > 0 {
		i.Headers = delivery.NewHeaders(func(yield func(string, string) bool) {
			yield("length", strconv.FormatInt(e.length, 10))
		})
	}
	return i
}

// Context is that of the settler.
func (e *event) Context() context.Context { return e.tenure.Context() }

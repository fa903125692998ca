package sqlpoll

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// tenancy is the time for which a session has the lease.
type tenancy struct {
	tracker        *delivery.Tracker[string, int64]
	tenure         *delivery.Tenure[string, int64]
	table, headers string
	epoch          int64
	owner          string
	position       int64           // that of the row before the next one; of the goroutine of Receive
	going          context.Context //nolint:containedctx // ends when no more events may begin
	halt           context.CancelFunc

	mu    sync.Mutex
	until time.Time // the lease is ours until then
}

func (t *tenancy) deadline() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}

func (t *tenancy) renewed(sent time.Time, lease time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := sent.Add(lease); until.After(t.until) {
		t.until = until
	}
}

// event is the settler of a delivery.
type event struct {
	*tenancy
	position int64
	head     string
}

// Settle is that of [delivery.Settler]. A nacked event stays open.
func (e *event) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Context is that of [delivery.Settler].
func (e *event) Context() context.Context { return e.tenure.Context() }

// Info is that of [delivery.Settler].
func (e *event) Info(uint64) delivery.Info {
	id := strconv.FormatInt(e.position, 10)
	i := delivery.Info{Source: e.table, Position: id, ID: id, Epoch: e.epoch}
	if e.head != "" {
		i.Headers = delivery.NewHeaders(e.all)
	}
	return i
}

// all yields the headers, sorted by name. A text that is no JSON object of texts is one
// header with the name of the column.
func (e *event) all(yield func(k, v string) bool) {
	var m map[string]string
	if err := json.Unmarshal([]byte(e.head), &m); err != nil {
		yield(e.headers, e.head)
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !yield(k, m[k]) {
			return
		}
	}
}

// session is an open one. It waits for the lease, begins a tenancy, and emits the rows
// after the committed position. When the lease is lost, it begins again.
type session[T any] struct {
	c          *Consumer[T]
	id         string // of this session, as owner of the lease
	tracker    *delivery.Tracker[string, int64]
	committing *delivery.Committing[string]
	end        context.CancelFunc
	joined     sync.WaitGroup
	begun      chan struct{} // of capacity 1: a tenancy has begun
	onError    func(err error, n int)
	failures   atomic.Int64 // since the last read

	mu  sync.Mutex
	cur *tenancy

	// of the goroutine of Receive
	had     bool // it has had the lease
	waited  bool // it may be the heir
	horizon horizon
	held    bool // the next row is after a gap that may not be passed yet
	notify  <-chan struct{}
}

func newSession[T any](ctx context.Context, c *Consumer[T], most int) *session[T] {
	s := &session[T]{
		c: c, tracker: delivery.NewTracker[string, int64](most), begun: make(chan struct{}, 1),
		horizon: horizon{wait: c.o.gapWait}, notify: c.o.notify,
	}
	s.id = c.o.owner
	if s.id == "" {
		host, _ := os.Hostname()
		s.id = host[:min(len(host), 200)] + "-" + strconv.Itoa(os.Getpid())
	}
	s.id += "#" + rand.Text()[:12]
	if s.onError = logErrors(c.table, c.name); c.o.onError != nil {
		s.onError = func(err error, _ int) { c.o.onError(err) }
	}
	s.committing = delivery.Committer(s.tracker, c.o.commitEvery, 0, func(ctx context.Context, cs []delivery.Commit[string, int64]) error {
		err := s.commit(ctx, cs)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLost) {
			s.report(fmt.Errorf("sqlpoll: the commit of the consumer %q: %w", c.name, err))
		}
		return err
	})
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	s.joined.Go(func() { s.beating(own) })
	return s
}

// namesake reports whether owner is another session with the fixed name of this one.
func (s *session[T]) namesake(owner string) bool {
	return s.c.o.owner != "" && owner != s.id && strings.HasPrefix(owner, s.c.o.owner+"#")
}

func (s *session[T]) fail(err error) error {
	return fmt.Errorf("sqlpoll: the consumer %q of the table %q: %w", s.c.name, s.c.table, err)
}

// report reports an error of the database. The session goes on.
func (s *session[T]) report(err error) { s.onError(err, int(s.failures.Add(1))) }

// failed reports err, and waits before the next try. It returns an error if there should
// be none.
func (s *session[T]) failed(ctx context.Context, err error, failures *int) (fatal error) {
	switch {
	case ctx.Err() != nil:
		return nil
	case closed(err), errors.Is(err, sql.ErrNoRows): // the consumer was deleted
		return s.fail(err)
	}
	s.report(s.fail(err))
	sleep(ctx, again(*failures))
	*failures++
	return nil
}

// closed reports whether err says that the sql.DB is closed, for which package sql has no
// exported error.
func closed(err error) bool { return strings.Contains(err.Error(), "sql: database is closed") }

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// again is the wait after n+1 failures in a row.
func again(n int) time.Duration { return min(10*time.Millisecond<<min(n, 10), 2*time.Second) }

// Receive implements [delivery.Session].
func (s *session[T]) Receive(ctx context.Context, emit func(delivery.Delivery[T]) bool) error {
	for {
		t, err := s.acquire(ctx)
		if t == nil {
			return err
		}
		if again, err := s.serve(ctx, t, emit); !again {
			return err
		}
	}
}

// serve emits rows until ctx ends, emit refuses, or the lease is lost; only then it
// returns true.
func (s *session[T]) serve(ctx context.Context, t *tenancy, emit func(delivery.Delivery[T]) bool) (again bool, err error) {
	s.held = false
	for failures := 0; ; {
		rows, more, err := s.read(t.going, t.position)
		var bad *badRow
		if err != nil && !errors.As(err, &bad) {
			if fatal := s.failed(t.going, err, &failures); fatal != nil {
				return false, fatal
			}
			if t.going.Err() != nil {
				return ctx.Err() == nil, nil
			}
			continue
		}
		failures = 0
		s.failures.Store(0)
		for i := range rows {
			ok, refused := s.hand(t, &rows[i], emit)
			if refused {
				return false, nil
			}
			if !ok {
				return ctx.Err() == nil, nil
			}
		}
		if bad != nil {
			return false, s.fail(bad)
		}
		if !more && !s.idle(t.going) {
			return ctx.Err() == nil, nil
		}
	}
}

// hand notes a row, and emits it. ok is false if the tenancy is over.
func (s *session[T]) hand(t *tenancy, r *row[T], emit func(delivery.Delivery[T]) bool) (ok, refused bool) {
	token, ok := t.tenure.Wait(t.going, r.position)
	if !ok {
		return false, false
	}
	if s.c.o.gapWait > 0 && r.position > t.position+1 {
		s.c.o.onGap(t.position+1, r.position-1)
	}
	t.position = r.position
	if r.bad != nil { // it is to be skipped
		t.tenure.Done(token)
		s.c.o.skip(r.position, r.bad)
		return true, false
	}
	return true, !emit(delivery.New(r.value, r.key, &event{t, r.position, r.head}, token))
}

// idle waits until the next read. It reports whether there is one.
func (s *session[T]) idle(ctx context.Context) bool {
	wait := time.NewTimer(s.c.o.poll)
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
		case _, ok := <-s.notify:
			if !ok {
				s.notify = nil
				continue
			}
		case <-ctx.Done():
		}
		return ctx.Err() == nil
	}
}

// Close implements [delivery.Session].
func (s *session[T]) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.end()
	s.joined.Wait()
	if failed := s.leave(ctx); failed != nil { // the lease runs out by itself
		s.report(s.fail(failed))
	}
	switch {
	case err == nil, errors.Is(err, errLost): // another session gets the events
		return nil
	}
	return fmt.Errorf("sqlpoll: finished events are not committed: %w", err)
}

// leave frees the consumer, or passes it on to the heir.
func (s *session[T]) leave(ctx context.Context) error {
	l := &s.c.lease
	if t := s.current(); t != nil {
		s.finish(t)
		if _, err := l.change(ctx, l.release, l.consumer, l.stream, t.epoch, t.owner); err != nil {
			return err
		}
	}
	if !s.waited {
		return nil
	}
	_, err := l.change(ctx, l.leave, s.id, s.id, l.consumer, l.stream, s.id, s.id)
	return err
}

// oldest reports whether the event at that position is the oldest open one. Stats of the
// tracker are by tenure, and this one may have ended.
func (t *tenancy) oldest(position int64) bool {
	for _, s := range t.tracker.Stats() {
		if s.Open > 0 && s.Oldest == position {
			return true
		}
	}
	return false
}

package delivery

import (
	"context"
	"sync"
	"time"
)

// The waits between the tries of a commit that is insisted on.
const (
	firstPause = 10 * time.Millisecond
	mostPause  = time.Second
)

// Committing is a [Committer] that runs.
type Committing[K comparable] struct {
	end    context.CancelFunc
	joined chan struct{}
	turn   chan struct{} // of capacity 1: whoever has put an element in may commit
	commit func(ctx context.Context, ks []K) error

	mu   sync.Mutex
	last error
}

// Committer commits what t has ready: every so often, or as soon as count events of a
// partition are ready, or a partition is full. It runs one commit at a time, also
// beside [Committing.CommitNow]. commit returns nil when the broker has all of the
// commits; they are then confirmed. commit may confirm some by itself, and return an
// error because of others. A commit that was refused is tried again with the next one.
// [Committing.CommitNow] tries again at once, unless the error is marked as [Permanent].
//
// It starts one goroutine, which [Committing.Close] ends. While nothing is ready, no
// timer runs. A count below 1 is half of maxUncommitted.
func Committer[K comparable, P any](t *Tracker[K, P], every time.Duration, count int, commit func(context.Context, []Commit[K, P]) error) *Committing[K] {
	if count < 1 {
		count = max(1, t.bound/2)
	}
	t.threshold.Store(uint64(count)) //nolint:gosec // it is positive
	ctx, end := context.WithCancel(context.Background())
	c := &Committing[K]{end: end, joined: make(chan struct{}), turn: make(chan struct{}, 1)}
	c.commit = func(ctx context.Context, ks []K) error {
		ready := t.Ready(ks...)
		if len(ready) == 0 {
			return nil
		}
		if err := commit(ctx, ready); err != nil {
			return err
		}
		for _, r := range ready {
			r.Confirm()
		}
		return nil
	}
	go func() { // owned by c: joined by Close
		defer close(c.joined)
		c.run(ctx, every, t.moved, t.due)
	}()
	return c
}

// run commits until ctx ends.
func (c *Committing[K]) run(ctx context.Context, every time.Duration, moved, due <-chan struct{}) {
	wait := time.NewTimer(every)
	wait.Stop()
	defer wait.Stop()
	armed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-moved:
			if !armed {
				armed = true
				wait.Reset(every)
			}
			continue
		case <-wait.C:
		case <-due:
			wait.Stop()
		}
		armed = false
		if err := c.once(ctx, nil); err != nil && ctx.Err() == nil {
			armed = true // again, also if nothing more gets ready
			wait.Reset(max(every, firstPause))
		}
	}
}

// once commits when it is its turn.
func (c *Committing[K]) once(ctx context.Context, ks []K) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-c.turn }()
	err := c.commit(ctx, ks)
	c.mu.Lock()
	c.last = err
	c.mu.Unlock()
	return err
}

// Err returns the error of the last commit, or nil.
func (c *Committing[K]) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Close ends the goroutine, and waits for a commit that runs; the ctx of that commit is
// cancelled. It commits nothing: call CommitNow afterwards.
func (c *Committing[K]) Close() {
	c.end()
	<-c.joined
}

// CommitNow commits what is ready of the partitions ks, or of all. It tries again until
// all of it is committed, the error is [Permanent], or ctx has ended, and returns the
// last error. It may be called before and after Close.
func (c *Committing[K]) CommitNow(ctx context.Context, ks ...K) error {
	pause := time.NewTimer(0)
	pause.Stop()
	defer pause.Stop()
	for wait := firstPause; ; wait = min(2*wait, mostPause) {
		err := c.once(ctx, ks)
		if err == nil || isPermanent(err) || ctx.Err() != nil {
			return err
		}
		pause.Reset(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return err
		}
	}
}

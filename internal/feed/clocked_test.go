package feed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/run"
)

// late returns each number one second after it came.
type late struct {
	items  []int
	due    []time.Duration
	closed bool
}

func (l *late) Next(now time.Duration) (v int, ok bool) {
	if len(l.due) == 0 || now < l.due[0] {
		return 0, false
	}
	v, l.items, l.due = l.items[0], l.items[1:], l.due[1:]
	return v, true
}

func (l *late) Deadline() (at time.Duration, ok bool) {
	if len(l.due) == 0 {
		return at, false
	}
	return l.due[0], true
}

func (l *late) Over() bool { return l.closed && len(l.items) == 0 }

func (l *late) Left() []int { return l.items }

func (l *late) put(v int, now time.Duration) bool {
	l.items, l.due = append(l.items, v), append(l.due, now+time.Second)
	return len(l.items) == 1
}

func (l *late) end(now time.Duration, failed bool) {
	l.closed = true
	for failed && len(l.due) > 0 && now < l.due[len(l.due)-1] { // numbers that are not due are lost
		l.items, l.due = l.items[:len(l.items)-1], l.due[:len(l.due)-1]
	}
}

func TestClocked(t *testing.T) {
	type outcome struct {
		items []int
		over  bool
		err   error
		took  time.Duration
	}
	// use runs up, whose clean-up takes a second, for a downstream that takes busy per
	// item.
	use := func(ctx context.Context, busy time.Duration, most int, up Push[int]) (o outcome) {
		begin := time.Now()
		state := &late{}
		func() {
			c := OpenClocked(ctx, "test", run.Hooks[int]{}, state)
			defer c.Scope.Close(&o.err)
			c.Start(func(ctx context.Context) error {
				return up(ctx, func(v int) bool {
					return c.Do(func() bool { return state.put(v, c.Now()) })
				})
			}, state.end)
			o.over = c.Loop(ctx, func(v int) bool {
				o.items = append(o.items, v)
				time.Sleep(busy)
				return len(o.items) < most && ctx.Err() == nil
			})
		}()
		o.took = time.Since(begin)
		return o
	}
	three := func(end error) Push[int] {
		return func(_ context.Context, emit func(int) bool) error {
			for i := 1; i <= 3 && emit(i); i++ {
				time.Sleep(400 * time.Millisecond)
			}
			return end
		}
	}
	for name, c := range map[string]struct {
		ctx    time.Duration // when it is cancelled; 0: never
		busy   time.Duration
		most   int
		up     Push[int]
		wanted outcome
	}{
		"to the end":        {0, 0, 9, three(nil), outcome{[]int{1, 2, 3}, true, nil, 1800 * time.Millisecond}},
		"downstream leaves": {0, 0, 2, three(nil), outcome{[]int{1, 2}, false, nil, 1400 * time.Millisecond}},
		"a failure":         {0, 0, 9, three(errBoom), outcome{[]int{1}, true, errBoom, 1200 * time.Millisecond}},
		"a failure, and what was due": {0, 900 * time.Millisecond, 9, func(_ context.Context, emit func(int) bool) error {
			emit(1)
			emit(2)
			emit(3)
			time.Sleep(1500 * time.Millisecond)
			return errBoom
		}, outcome{[]int{1, 2, 3}, true, errBoom, 3700 * time.Millisecond}},
		"nothing":                        {0, 0, 9, func(context.Context, func(int) bool) error { return nil }, outcome{nil, true, nil, 0}},
		"a ctx that ends while it waits": {time.Second / 2, 0, 9, func(ctx context.Context, emit func(int) bool) error { emit(1); <-ctx.Done(); return context.Cause(ctx) }, outcome{nil, false, nil, time.Second / 2}},
		"emit refuses once all has ended": {time.Second / 2, 0, 9, func(ctx context.Context, emit func(int) bool) error {
			<-ctx.Done()
			require.False(t, emit(1))
			return errBoom
		}, outcome{nil, false, errBoom, time.Second / 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.ctx > 0 {
					defer time.AfterFunc(c.ctx, cancel).Stop()
				}
				require.Equal(t, c.wanted, use(ctx, c.busy, c.most, c.up))
			})
		})
	}
}

package feed

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/run"
)

// model is a Meet of random lanes, whose subscriber does random things.
type model struct {
	*Meet
	r       *rand.Rand
	lanes   []*modelLane
	dueMask int // an item is due if none of these bits is set in its number
}

type modelLane struct {
	*Lane[int]
	ahead     int
	items     int   // how many upstream emits
	err       error // and how it ends
	yields    []bool
	got, lost []int
	emitted   atomic.Int64 // emits that have returned true
	attempted atomic.Int64
	accepted  atomic.Int64
}

func newModel(ctx context.Context, seed uint64) *model {
	m := &model{Meet: OpenMeet(ctx, "test"), r: rand.New(rand.NewPCG(seed, 1))}
	m.dueMask = []int{0, 1, 7}[m.r.IntN(3)]
	for range 1 + m.r.IntN(4) {
		l := &modelLane{ahead: []int{0, 0, 1, 2, 5, 64}[m.r.IntN(6)], items: m.r.IntN(200)}
		if m.r.IntN(6) == 0 {
			l.err = errBoom
		}
		for range l.items {
			l.yields = append(l.yields, m.r.IntN(4) == 0)
		}
		l.Lane = Lay(m.Meet, run.Hooks[int]{Each: func(item any) { l.lost = append(l.lost, item.(int)) }}, l.ahead, func(v int) bool {
			l.got = append(l.got, v)
			l.accepted.Add(1)
			if v&3 == 3 { // due: somebody has to open the door
				m.lanes[v%len(m.lanes)].Shut()
				return true
			}
			return v&m.dueMask == 0
		})
		m.lanes = append(m.lanes, l)
	}
	for _, l := range m.lanes {
		if m.r.IntN(4) == 0 {
			l.Shut()
		}
		l.StartInOrder(l.push)
	}
	return m
}

func (l *modelLane) push(_ context.Context, emit func(int) bool) error {
	for i := range l.items {
		if l.yields[i] {
			runtime.Gosched()
		}
		l.attempted.Add(1)
		if !emit(i) {
			return nil
		}
		l.emitted.Add(1)
	}
	return l.err
}

// check looks at the bound, while the subscriber is not in Await. emitted is read
// first: the state may have more items meanwhile, up to the bound of the lane.
func (m *model) check(t *testing.T) {
	for _, l := range m.lanes {
		if behind := l.emitted.Load() - l.accepted.Load(); behind > int64(l.ahead) {
			t.Fatal("the lane is", behind, "items ahead, and may be", l.ahead)
		}
	}
}

// run is the subscriber. It ends when all lanes have ended, after a failure, or after
// steps.
func (m *model) run(t *testing.T, steps int, cancel func()) error {
	for step := 0; ; step++ {
		if step == steps {
			cancel()
		}
		m.check(t)
		live := 0
		for _, l := range m.lanes {
			if l.Err() != nil {
				return l.Err()
			}
			switch {
			case !l.Ended():
				live++
			case len(l.got) != l.items:
				t.Fatal("it has ended after", len(l.got), "of", l.items)
			}
			for range m.r.IntN(3) {
				if v, ok := l.Take(); ok {
					l.got = append(l.got, v)
					l.accepted.Add(1)
				}
			}
			if m.r.IntN(4) != 0 {
				l.Open()
			} else if m.r.IntN(2) == 0 {
				l.Shut()
			}
		}
		if live == 0 {
			return nil
		}
		if m.r.IntN(3) == 0 {
			if _, over := m.Poll(); over {
				return nil
			}
			continue
		}
		for _, l := range m.lanes { // so that it does not wait for ever
			l.Open()
		}
		if m.Await(nil) == Over {
			return m.Failure()
		}
	}
}

// TestMeetRandom: no item is lost or comes twice, the order within a lane is kept, and
// no lane is further ahead than it may be.
func TestMeetRandom(t *testing.T) {
	for seed := range uint64(1500) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newModel(ctx, seed)
		steps := -1
		if m.r.IntN(3) == 0 {
			steps = 1 + m.r.IntN(100)
		}
		err := func() (err error) {
			defer m.Close(&err)
			return m.run(t, steps, cancel)
		}()
		cancel()
		if err != nil && !errors.Is(err, errBoom) {
			require.ErrorIs(t, err, context.Canceled)
		}
		for _, l := range m.lanes {
			if err == nil && steps < 0 {
				require.Len(t, l.got, l.items, "seed %d", seed)
			}
			all := slices.Concat(l.got, l.lost)
			require.Len(t, all, int(l.attempted.Load()), "seed %d", seed)
			for i, v := range all {
				require.Equal(t, i, v, "seed %d", seed)
			}
		}
	}
}

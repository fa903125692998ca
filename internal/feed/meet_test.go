package feed

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
)

// upstream emits numbers when the test tells it to.
type upstream struct {
	emits    chan int // closed: upstream ends with err
	err      error
	returned atomic.Int64 // emits that have returned true
	refused  atomic.Bool
}

func newUpstream() *upstream { return &upstream{emits: make(chan int, 100)} }

func (u *upstream) push(_ context.Context, emit func(int) bool) error {
	for v := range u.emits {
		if !emit(v) {
			u.refused.Store(true)
			return nil
		}
		u.returned.Add(1)
	}
	return u.err
}

// says emits numbers, and waits until upstream is blocked.
func (u *upstream) says(vs ...int) {
	for _, v := range vs {
		u.emits <- v
	}
	synctest.Wait()
}

func (u *upstream) ends(err error) {
	u.err = err
	close(u.emits)
	synctest.Wait()
}

// desk is a Meet whose lanes put their items into got. An item is due if its number is
// at least dueFrom.
type desk struct {
	*Meet
	ups     []*upstream
	lanes   []*Lane[int]
	got     []int
	dueFrom int
	lost    []any
}

// meeting runs use with a Meet of n lanes, in virtual time.
func meeting(t *testing.T, n, ahead int, inOrder bool, use func(d *desk) error) (d *desk, err error) {
	t.Helper()
	d = &desk{}
	synctest.Test(t, func(t *testing.T) {
		d.Meet = OpenMeet(t.Context(), "test")
		hooks := run.Hooks[int]{Each: func(item any) { d.lost = append(d.lost, item) }}
		for range n {
			d.ups = append(d.ups, newUpstream())
			d.lanes = append(d.lanes, Lay(d.Meet, hooks, ahead, func(v int) bool {
				d.got = append(d.got, v)
				return v >= d.dueFrom
			}))
		}
		for i, l := range d.lanes {
			if inOrder {
				l.StartInOrder(d.ups[i].push)
			} else {
				l.Start(d.ups[i].push)
			}
		}
		func() {
			defer d.Close(&err)
			err = use(d)
			for _, u := range d.ups {
				if u.err == nil && d.Ctx.Err() == nil {
					d.Stop()
				}
			}
			closeAll(d.ups)
		}()
	})
	return d, err
}

// closeAll lets upstreams that wait for the test go on.
func closeAll(ups []*upstream) {
	for _, u := range ups {
		func() {
			defer func() { _ = recover() }() // it has ended already
			close(u.emits)
		}()
	}
}

// While the subscriber is busy, upstream waits with its item. While it waits, upstream
// puts items into the state, and wakes it when one is due.
func TestMeetAcceptsWhileTheSubscriberWaits(t *testing.T) {
	d, err := meeting(t, 1, 0, false, func(d *desk) error {
		d.dueFrom = 3
		d.ups[0].says(1, 2, 3, 4)
		require.Zero(t, d.ups[0].returned.Load())
		require.Empty(t, d.got)
		require.Equal(t, Due, d.Await(nil))
		require.Equal(t, []int{1, 2, 3}, d.got)
		synctest.Wait()
		require.EqualValues(t, 3, d.ups[0].returned.Load())
		require.Equal(t, Due, d.Await(nil), "the item in upstream's hand")
		require.Equal(t, []int{1, 2, 3, 4}, d.got)
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, d.lost)
}

// A shut door keeps upstream's item out until it is opened, whoever comes first.
func TestMeetDoors(t *testing.T) {
	_, err := meeting(t, 2, 0, false, func(d *desk) error {
		d.lanes[0].Shut()
		d.ups[0].says(1)
		go func() { // when the subscriber is parked
			time.Sleep(time.Second)
			d.ups[1].says(2)
		}()
		require.Equal(t, Due, d.Await(nil))
		require.Equal(t, []int{2}, d.got)
		d.lanes[0].Open()
		d.lanes[0].Shut()
		due, over := d.Poll()
		require.False(t, due || over)
		d.lanes[0].Open()
		d.lanes[0].Open()
		due, over = d.Poll()
		require.True(t, due)
		require.False(t, over)
		require.Equal(t, []int{2, 1}, d.got)
		return nil
	})
	require.NoError(t, err)
}

// The subscriber learns of the end of a lane once, after its items, also if the door is shut and the
// subscriber is busy.
func TestMeetEnds(t *testing.T) {
	for _, ahead := range []int{0, 1, 8} {
		_, err := meeting(t, 2, ahead, false, func(d *desk) error {
			d.lanes[0].Shut()
			d.ups[0].says(1)
			d.ups[0].ends(nil)
			d.ups[1].ends(nil)
			require.Equal(t, Due, d.Await(nil))
			require.True(t, d.lanes[1].Ended())
			require.False(t, d.lanes[0].Ended(), "its item is not accepted yet")
			due, _ := d.Poll()
			require.False(t, due)
			d.lanes[0].Open()
			require.Equal(t, Due, d.Await(nil))
			require.Equal(t, []int{1}, d.got)
			require.False(t, d.lanes[0].Ended())
			d.lanes[0].Shut()
			require.Equal(t, Due, d.Await(nil))
			require.True(t, d.lanes[0].Ended())
			due, _ = d.Poll()
			require.False(t, due)
			return nil
		})
		require.NoError(t, err)
	}
}

// Upstream may be ahead by as many items as it is allowed. The place of a borrowed
// item is free after it is taken.
func TestMeetReadsAhead(t *testing.T) {
	for _, ahead := range []int{1, 2, 3, 4} {
		d, err := meeting(t, 1, ahead, false, func(d *desk) error {
			d.ups[0].says(1, 2, 3, 4, 5, 6, 7, 8, 9)
			require.EqualValues(t, ahead, d.ups[0].returned.Load())
			for i := range 9 {
				require.Equal(t, Due, d.Await(nil))
				require.Len(t, d.got, i+1)
				synctest.Wait()
				require.LessOrEqual(t, int(d.ups[0].returned.Load()), ahead+i+1)
				require.GreaterOrEqual(t, int(d.ups[0].returned.Load()), min(9, (ahead+1)/2+i+1), "it is called in time")
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, d.got)
	}
}

// At an early end, borrowed, stored and offered items are discarded. After a
// completion, nothing is.
func TestMeetDiscards(t *testing.T) {
	for _, complete := range []bool{false, true} {
		d, err := meeting(t, 1, 3, false, func(d *desk) error {
			d.ups[0].says(1, 2, 3, 4, 5, 6)
			require.Equal(t, Due, d.Await(nil))
			synctest.Wait()
			if complete {
				d.Complete()
			}
			d.Stop()
			synctest.Wait()
			require.True(t, d.ups[0].refused.Load())
			require.Equal(t, Over, d.Await(nil))
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []int{1}, d.got)
		if complete {
			require.Empty(t, d.lost)
		} else {
			require.Equal(t, []any{2, 3, 4, 5}, d.lost)
		}
	}
}

// A failure in order comes after the items before it. The subscriber waits for other
// upstreams only as long as they run.
func TestMeetFailsInOrder(t *testing.T) {
	for _, ahead := range []int{0, 3} {
		d, err := meeting(t, 2, ahead, true, func(d *desk) error {
			d.lanes[1].Shut()
			d.ups[1].says(1)
			require.NoError(t, d.Failure())
			d.ups[0].ends(errBoom)
			require.Equal(t, errBoom, d.Failure())
			require.NoError(t, d.lanes[0].Err())
			require.Equal(t, Due, d.Await(nil))
			require.Equal(t, errBoom, d.lanes[0].Err())
			require.Equal(t, Over, d.Await(nil), "the other upstream is blocked")
			d.lanes[1].Open()
			require.Equal(t, Due, d.Await(nil))
			require.Equal(t, []int{1}, d.got)
			require.Equal(t, Over, d.Await(nil))
			return d.Failure()
		})
		require.Equal(t, errBoom, err)
		require.Empty(t, d.lost)
	}
}

// The failure of a lane with a shut door wakes the subscriber, which may have to end
// without the lane's item.
func TestMeetFailureWakes(t *testing.T) {
	d, err := meeting(t, 1, 2, true, func(d *desk) error {
		d.lanes[0].Shut()
		go func() {
			time.Sleep(time.Second)
			d.ups[0].says(1)
			d.ups[0].ends(errBoom)
		}()
		require.Equal(t, Due, d.Await(nil))
		require.Equal(t, Over, d.Await(nil))
		return d.Failure()
	})
	require.Equal(t, errBoom, err)
	require.Equal(t, []any{1}, d.lost)
}

// A lane that does not fail in order ends the Scope at once.
func TestMeetFailsAtOnce(t *testing.T) {
	d, err := meeting(t, 2, 0, false, func(d *desk) error {
		d.ups[1].says(1)
		d.ups[0].ends(errBoom)
		require.Equal(t, Over, d.Await(nil))
		return nil
	})
	require.Equal(t, errBoom, err)
	require.Equal(t, []any{1}, d.lost)
}

// The clock wakes the subscriber. An item of the same instant is not lost.
func TestMeetClock(t *testing.T) {
	_, err := meeting(t, 1, 0, false, func(d *desk) error {
		clock := alarm.New()
		defer clock.Stop()
		for i := range 20 {
			clock.Set(clock.Now()+time.Second, true)
			if i%2 == 1 {
				go func() { time.Sleep(time.Second); d.ups[0].says(i) }()
			}
			why := d.Await(clock)
			if i%2 == 1 && len(d.got) <= i/2 {
				require.Equal(t, Rang, why)
				why = d.Await(nil)
			} else if i%2 == 1 && why == Due {
				time.Sleep(time.Second) // the clock may not have been heard
				select {
				case <-clock.C:
					clock.Heard()
				default:
				}
			}
			if i%2 == 1 {
				require.Equal(t, Due, why)
				require.Len(t, d.got, i/2+1)
			} else {
				require.Equal(t, Rang, why)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// A notifier's item that is refused is not lost.
func TestMeetNotifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := OpenMeet(t.Context(), "test")
		u := newUpstream()
		LayNotifier(m, func(int) bool { return true }).Start(u.push)
		u.says(1)
		var err error
		m.Stop()
		m.Close(&err)
		require.NoError(t, err)
		require.True(t, u.refused.Load())
		require.Zero(t, run.From(t.Context()).Discarded.Load())
	})
}

// Take takes an item without accept, in the order of the lane, and does not lose the
// end.
func TestMeetTake(t *testing.T) {
	for _, ahead := range []int{0, 1, 3, 8} {
		d, err := meeting(t, 2, ahead, false, func(d *desk) error {
			l := d.lanes[0]
			l.Shut()
			_, ok := l.Take()
			require.False(t, ok)
			d.ups[0].says(1, 2, 3, 4, 5, 6)
			d.ups[1].says(100)
			require.Equal(t, Due, d.Await(nil), "an item of the other lane")
			for i := 1; i < 6; i++ {
				v, ok := l.Take()
				require.True(t, ok)
				require.Equal(t, i, v)
				synctest.Wait()
				require.LessOrEqual(t, int(d.ups[0].returned.Load()), i+ahead)
			}
			d.ups[0].ends(nil)
			l.Open()
			require.Equal(t, Due, d.Await(nil), "Take and accept may be mixed")
			require.Equal(t, []int{100, 6}, d.got)
			require.Equal(t, Due, d.Await(nil))
			require.True(t, l.Ended())
			require.Equal(t, 1, d.Live())
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, d.lost)
	}
}

// The subscriber learns of the end of a lane, also if Take has taken the last item.
func TestMeetTakesTheLastItem(t *testing.T) {
	_, err := meeting(t, 1, 3, false, func(d *desk) error {
		l := d.lanes[0]
		l.Shut()
		d.ups[0].says(1)
		d.ups[0].ends(nil)
		due, _ := d.Poll()
		require.False(t, due, "the item waits for the door")
		v, ok := l.Take()
		require.True(t, ok)
		require.Equal(t, 1, v)
		require.Equal(t, Due, d.Await(nil))
		require.True(t, l.Ended())
		return nil
	})
	require.NoError(t, err)
}

// Upstreams of a shared Meet change the state also while the subscriber is busy. It
// learns that at its next Await.
func TestMeetShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := OpenMeet(t.Context(), "test")
		m.Share()
		u := newUpstream()
		var got []int
		var l *Lane[int]
		l = Lay(m, run.Hooks[int]{}, 0, func(v int) bool {
			got = append(got, v)
			l.Shut()
			return true
		})
		l.Start(u.push)
		u.says(1, 2, 3, 4)
		require.EqualValues(t, 1, u.returned.Load())
		require.Equal(t, Due, m.Await(nil))
		for i := 2; i <= 4; i++ {
			m.Lock()
			require.Len(t, got, i-1)
			l.Refill()
			require.Len(t, got, i, "the item in upstream's hand")
			m.Unlock()
			synctest.Wait()
			require.EqualValues(t, i, u.returned.Load())
			require.Equal(t, Due, m.Await(nil))
		}
		u.ends(nil)
		require.Equal(t, Due, m.Await(nil))
		require.Zero(t, m.Live())
		var err error
		m.Close(&err)
		require.NoError(t, err)
	})
}

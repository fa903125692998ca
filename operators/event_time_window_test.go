package operators_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// byDigit reads 3 as the third second of time, and a as the tenth.
func byDigit(v string) time.Time {
	return time.Time{}.Add(time.Duration(strings.Index("0123456789abcdef", v)) * time.Second)
}

func TestEventTimeWindow(t *testing.T) {
	plain := func(size time.Duration, opts ...operators.EventTimeWindowOption[string]) turbopipes.Operator[string, turbopipes.TimeWindow[string]] {
		return operators.EventTimeWindow(size*time.Second, byDigit, opts...)
	}
	tptest.Doc(t, "event_time_window.go", "EventTimeWindow", lettered(plain(3)))
	items := func(size time.Duration, opts ...operators.EventTimeWindowOption[string]) turbopipes.Operator[string, string] {
		return turbopipes.Compose2(plain(size, opts...), operators.Map(func(w turbopipes.TimeWindow[string]) string {
			return fmt.Sprint(w.Start.Second(), w.End.Second(), strings.Join(w.Items, ""))
		}))
	}
	lag := operators.WithLag[string](2 * time.Second)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                 {items(3), "--|", "--|", nil},
		"ascending":             {items(3), "0125|", "---{0 3012}({3 65}|)", nil},
		"many at completion":    {items(3, operators.WithLag[string](time.Minute)), "9205|", "4:{0 320} 4:{3 65} 4:{9 129} 4:|", nil},
		"none is empty":         {items(3), "0c|", "-{0 30}({12 15c}|)", nil},
		"late ones are dropped": {items(3), "0314|", "-{0 30}--({3 634}|)", nil},
		"a lag":                 {items(3, lag), "03145|", "4:{0 301} 5:{3 6345} 5:|", nil},
		"several at once":       {items(3, lag), "03e|", "2:{0 30} 2:{3 63} 3:{12 15e} 3:|", nil},
		"far ahead":             {items(3, operators.WithMaxAhead[string](4*time.Second)), "1f2f5|", "----{0 312}({3 65}|)", nil},
		"ahead, and near":       {items(3, operators.WithMaxAhead[string](4*time.Second)), "04|", "-{0 30}({3 64}|)", nil},
		"time has moved on":     {items(3, operators.WithMaxAhead[string](4*time.Second)), "0fbd|", "--{0 30}{9 12b}({12 15d}|)", nil},
		"far ahead at the end":  {items(3, operators.WithMaxAhead[string](4*time.Second)), "0f|", "--({0 30}|)", nil},
		"an error at first":     {items(3), "#", "#", nil},
		"an error drops":        {items(3), "014#", "--{0 301}#", nil},
		"too many":              {items(3, operators.WithMaxOpen[string](2), operators.WithLag[string](time.Minute)), "0361|", "--#", []tptest.Option{tptest.Error(turbopipes.ErrOverflow)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, c.op, c.out, c.opts...)
		})
	}
	for text, op := range map[string]turbopipes.Operator[string, turbopipes.TimeWindow[string]]{
		"size is 0s, want more than 0":                plain(0),
		"at is nil":                                   operators.EventTimeWindow[string](1, nil),
		"option 1 is nil":                             plain(1, nil),
		"WithSlide: slide is 0s, want more than 0":    plain(1, operators.WithSlide[string](0)),
		"WithLag: lag is -1ns, want at least 0":       plain(1, operators.WithLag[string](-1)),
		"OnLate: fn is nil":                           plain(1, operators.OnLate[string](nil)),
		"WithMaxAhead: limit is 0s, want more than 0": plain(1, operators.WithMaxAhead[string](0)),
		"WithMaxOpen: n is 0, want at least 1":        plain(1, operators.WithMaxOpen[string](0)),
	} {
		requireInvalid(t, op, "EventTimeWindow: "+text)
	}
	requirePanics(t, operators.EventTimeWindow(time.Second, func(string) time.Time { panic(errBoom) }))
	gap := func(string) time.Time { return time.Time{}.Add(time.Minute) }
	requirePanics(t, operators.EventTimeWindow(time.Second, gap, operators.WithSlide[string](time.Hour), operators.OnLate(func(string) { panic(errBoom) })))
}

// Items are in each window that spans them. They are late if no such window is left.
func TestEventTimeWindowSliding(t *testing.T) {
	var late []string
	op := operators.EventTimeWindow(4*time.Second, byDigit, operators.WithSlide[string](2*time.Second), operators.OnLate(func(v string) { late = append(late, v) }))
	all, err := op(turbopipes.Just("2", "3", "6", "5", "1", "c")).Collect(t.Context())
	require.NoError(t, err)
	var got []string
	for _, w := range all {
		require.Equal(t, 4*time.Second, w.End.Sub(w.Start))
		require.Equal(t, time.UTC, w.Start.Location())
		got = append(got, fmt.Sprint(int(w.Start.Sub(time.Time{}).Seconds()), strings.Join(w.Items, "")))
	}
	require.Equal(t, []string{"023", "223", "465", "66", "10c", "12c"}, got)
	require.Equal(t, []string{"1"}, late)
}

// With a slide beyond the size, items in the gaps are late.
func TestEventTimeWindowGaps(t *testing.T) {
	var late []string
	op := operators.EventTimeWindow(time.Second, byDigit, operators.WithSlide[string](3*time.Second), operators.OnLate(func(v string) { late = append(late, v) }))
	all, err := op(turbopipes.Just("0", "1", "2", "3")).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []string{"1", "2"}, late)
}

// An item that is in several windows is lost once, and is not lost if one of them was
// emitted.
func TestEventTimeWindowDiscards(t *testing.T) {
	fails := operators.Concat(turbopipes.Throw[string](errBoom))(turbopipes.Just("2", "3", "4"))
	s := endedBy(t, operators.EventTimeWindow(4*time.Second, byDigit, operators.WithSlide[string](2*time.Second))(fails), 0, 0, itself)
	require.Equal(t, errBoom, s.err)
	require.Len(t, s.items, 1)
	require.EqualValues(t, 1, s.stats.Discarded, "4")
	op := operators.EventTimeWindow(time.Second, byDigit, operators.WithMaxOpen[string](1), operators.WithLag[string](time.Hour))
	s = endedBy(t, op(turbopipes.Just("2", "3")), 0, 0, itself)
	require.EqualError(t, s.err, "turbopipes: overflow: EventTimeWindow: more than 1 windows are open")
	require.EqualValues(t, 2, s.stats.Discarded, "2, and 3, which was refused")
}

// With a bound, one item from the year 9999 makes no other item late.
func TestEventTimeWindowFarAhead(t *testing.T) {
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	year := func(w turbopipes.TimeWindow[int]) []int { return w.Items }
	for name, c := range map[string]struct {
		opts []operators.EventTimeWindowOption[int]
		in   []int
		out  [][]int
		late []int
	}{
		"without a bound": {nil, []int{2001, 9999, 2002, 2003}, [][]int{{2001}, {9999}}, []int{2002, 2003}},
		"with one": {
			[]operators.EventTimeWindowOption[int]{operators.WithMaxAhead[int](5 * 366 * 24 * time.Hour)},
			[]int{2001, 9999, 2002, 9998, 2003},
			[][]int{{2001}, {2002}, {2003}},
			[]int{9999, 9998},
		},
		"the first one is taken": {[]operators.EventTimeWindowOption[int]{operators.WithMaxAhead[int](time.Hour)}, []int{9999, 2001}, [][]int{{9999}}, []int{2001}},
		"two of them in a row": {
			[]operators.EventTimeWindowOption[int]{operators.WithMaxAhead[int](5 * 366 * 24 * time.Hour)},
			[]int{2001, 9990, 9999, 2002},
			[][]int{{2001}, {2002}},
			[]int{9990, 9999},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var late []int
			opts := append(c.opts, operators.OnLate(func(v int) { late = append(late, v) }))
			windows := operators.EventTimeWindow(time.Hour, day, opts...)(turbopipes.Just(c.in...))
			out, err := operators.Map(year)(windows).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.out, out)
			require.Equal(t, c.late, late)
		})
	}
}

// The number of windows that an item would open is known before any window is opened: it
// is too large to count the windows one by one.
func TestEventTimeWindowFineSlide(t *testing.T) {
	second := func(v int) time.Time { return time.Unix(int64(v), 0) }
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.TimeWindow[int]]{
		"an item is in 3600000000000 windows, and 1048576 may be open": operators.EventTimeWindow(time.Hour, second, operators.WithSlide[int](1)),
		"an item is in 4 windows, and 3 may be open": operators.EventTimeWindow(4*time.Second, second,
			operators.WithSlide[int](time.Second), operators.WithMaxOpen[int](3)),
		"more than 4 windows are open": operators.EventTimeWindow(4*time.Second, second,
			operators.WithSlide[int](time.Second), operators.WithMaxOpen[int](4), operators.WithLag[int](time.Second)),
	} {
		require.EqualError(t, op(turbopipes.Just(1, 2)).Drain(t.Context()), "turbopipes: overflow: EventTimeWindow: "+text)
	}
}

func ExampleEventTimeWindow() {
	type reading struct {
		at    int // seconds
		value int
	}
	begin := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	readings := turbopipes.Just(reading{10, 3}, reading{50, 4}, reading{70, 9})
	perMinute := operators.EventTimeWindow(time.Minute, func(r reading) time.Time { return begin.Add(time.Duration(r.at) * time.Second) })(readings)
	_ = perMinute.Each(context.Background(), func(w turbopipes.TimeWindow[reading]) error {
		_, err := fmt.Println(w.Start.Format(time.TimeOnly), w.Items)
		return err
	})
	// Output:
	// 12:00:00 [{10 3} {50 4}]
	// 12:01:00 [{70 9}]
}

func BenchmarkEventTimeWindow(b *testing.B) {
	benchmark(b, operators.EventTimeWindow(64*time.Second, func(v int) time.Time { return time.Unix(int64(v), 0) }))
}

// With a window for each item, all of them open to the end.
func BenchmarkEventTimeWindowOpen(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 16} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			at := func(v int) time.Time { return time.Unix(int64(v*7919%n), 0) }
			o := operators.EventTimeWindow(time.Second, at, operators.WithLag[int](1000*time.Hour))(turbopipes.Range(0, n))
			b.ReportAllocs()
			for b.Loop() {
				_ = o.Drain(b.Context())
			}
			perItem(b, n)
		})
	}
}

package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/tptest"
)

// TestDiagramsOfSources runs the diagrams in the comments of functions that make a
// stream.
func TestDiagramsOfSources(t *testing.T) {
	letters := []string{"a", "b", "c"}
	after := func(columns int, v string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			<-time.After(time.Duration(columns) * tptest.Step)
			return v, nil
		}
	}
	pages := map[int][]string{0: {"a", "b"}, 1: {"c", "d"}}
	source(t, "create.go", "Just", tp.Just(letters...))
	source(t, "create.go", "FromSlice", tp.FromSlice(letters))
	source(t, "create.go", "Range", tp.Range(3, 3))
	source(t, "create.go", "FromSeq", tp.FromSeq(slices.Values(letters)))
	source(t, "create.go", "FromSeq2", tp.FromSeq2(func(yield func(string, error) bool) {
		_ = yield("a", nil) && yield("b", nil) && yield("", tptest.ErrMarble)
	}))
	source(t, "create.go", "Unfold", tp.Unfold(1, func(n int) (int, int, bool) { return n, 2 * n, n < 10 }))
	source(t, "create.go", "Start", tp.Start(after(3, "a"), after(3, "b")))
	source(t, "create.go", "Paginate", tp.Paginate(0, func(ctx context.Context, page int) ([]string, int, bool, error) {
		_, err := after(4, "")(ctx)
		return pages[page], page + 1, page == 0, err
	}))
	source(t, "create.go", "Empty", tp.Empty[string]())
	source(t, "create.go", "Never", tp.Never[string]())
	source(t, "create.go", "Throw", tp.Throw[string](tptest.ErrMarble))
	source(t, "create_time.go", "Interval", tp.Interval(2*tptest.Step))
	source(t, "create_time.go", "Timer", tp.Timer(3*tptest.Step))
}

// source compares a stream with its diagram. An item is written as its decimal or as
// itself.
func source[T comparable](t *testing.T, file, name string, o tp.Observable[T]) {
	t.Run(name, func(t *testing.T) {
		out := tptest.DocDiagram(t, file, name)["out"]
		tptest.Run(t, func(s *tptest.Scenario) {
			text := tp.Lift("text", func(ctx context.Context, in tp.Observable[T], emit func(string) bool) error {
				return in.Push(ctx, func(v T) bool { return emit(fmt.Sprint(v)) })
			})(o)
			tptest.Expect(s, text, out, nil, tptest.Once())
		})
	})
}

// subject has the methods that all hand-fed streams have.
type subject interface {
	Next(ctx context.Context, v string) error
	Complete()
	Observable() tp.Observable[string]
}

// TestDiagramsOfHotStreams runs the diagrams in the comments of the hot streams:
// each subscriber must see its own diagram at its own times.
func TestDiagramsOfHotStreams(t *testing.T) {
	type subscribers map[string]int // the column in which each subscribes
	for name, c := range map[string]struct {
		file        string
		make        func() subject
		subscribers subscribers
	}{
		"Subject":         {"subject.go", func() subject { return tp.NewSubject[string]() }, subscribers{"out": 0, "late": 6}},
		"BehaviorSubject": {"subject.go", func() subject { return tp.NewBehaviorSubject("i") }, subscribers{"out": 0, "late": 6}},
		"ReplaySubject":   {"subject.go", func() subject { return tp.NewReplaySubject[string](2) }, subscribers{"out": 0, "late": 6}},
		"AsyncSubject":    {"subject.go", func() subject { return tp.NewAsyncSubject[string]() }, subscribers{"out": 0, "late": 13}},
		"UnicastSubject":  {"subject.go", func() subject { return tp.NewUnicastSubject[string]() }, subscribers{"out": 6}},
	} {
		t.Run(name, func(t *testing.T) {
			d := tptest.DocDiagram(t, c.file, name)
			synctest.Test(t, func(t *testing.T) {
				s := c.make()
				var saw []seen
				for key, at := range c.subscribers {
					saw = append(saw, watch(t, d[key], at, s.Observable()))
				}
				replay(t, d["in"], func(item string) error { return s.Next(t.Context(), item) }, s.Complete)
				check(t, saw)
			})
		})
	}
	for name, c := range map[string]struct {
		file    string
		outputs func(src tp.Observable[string]) (outs []tp.Observable[string], begin func())
		keys    []string
		at      []int
	}{
		"Publish": {"connectable.go", func(src tp.Observable[string]) ([]tp.Observable[string], func()) {
			p := tp.Publish(src)
			return []tp.Observable[string]{p.Observable(), p.Observable()}, func() { p.Connect(context.Background()) }
		}, []string{"out", "late"}, []int{0, 6}},
		"Broadcast": {"broadcast.go", func(src tp.Observable[string]) ([]tp.Observable[string], func()) {
			return tp.Broadcast(src, 2), func() {}
		}, []string{"out", "and"}, []int{0, 0}},
		"Balance": {"broadcast.go", func(src tp.Observable[string]) ([]tp.Observable[string], func()) {
			return tp.Balance(src, 2), func() {}
		}, []string{"out", "and"}, []int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			d := tptest.DocDiagram(t, c.file, name)
			synctest.Test(t, func(t *testing.T) {
				outs, begin := c.outputs(tp.Create(func(_ context.Context, emit func(string) bool) error {
					replay(t, d["in"], func(item string) error {
						if !emit(item) {
							return errors.New("refused")
						}
						return nil
					}, func() {})
					return nil
				}))
				var saw []seen
				for i, key := range c.keys {
					saw = append(saw, watch(t, d[key], c.at[i], outs[i]))
					synctest.Wait() // so that the subscribers come in order
				}
				begin()
				check(t, saw)
			})
		})
	}
}

// seen has the items that a subscriber saw, once its channel is closed.
type seen struct {
	diagram string
	signals *[]string
	done    chan struct{}
}

// watch subscribes in the given column and records each signal and its time.
func watch(t *testing.T, diagram string, at int, o tp.Observable[string]) seen {
	s := seen{diagram, new([]string), make(chan struct{})}
	begin := time.Now()
	note := func(signal string) {
		*s.signals = append(*s.signals, fmt.Sprint(int(time.Since(begin)/tptest.Step), ":", signal))
	}
	go func() {
		defer close(s.done)
		time.Sleep(time.Duration(at) * tptest.Step)
		err := o.Each(t.Context(), func(v string) error { note(v); return nil })
		if err == nil {
			note("|")
		}
	}()
	return s
}

// replay sends the signals of a diagram, each at its time.
func replay(t *testing.T, diagram string, next func(item string) error, complete func()) {
	signals, _, err := tptest.Parse(diagram)
	require.NoError(t, err)
	column := 0
	for _, s := range signals {
		time.Sleep(time.Duration(s.Column-column) * tptest.Step)
		column = s.Column
		if s.Kind == '|' {
			complete()
			continue
		}
		require.NoError(t, next(s.Item))
	}
}

func check(t *testing.T, saw []seen) {
	for _, s := range saw {
		<-s.done
		signals, _, err := tptest.Parse(s.diagram)
		require.NoError(t, err)
		var want []string
		for _, signal := range signals {
			want = append(want, fmt.Sprint(signal.Column, ":", strings.TrimPrefix(string(signal.Kind)+signal.Item, "n")))
		}
		require.Equal(t, want, *s.signals, s.diagram)
	}
}

package files

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// got is an event that was processed.
type got struct {
	value string
	info  delivery.Info
}

// sessions runs one session after another over a pattern, in virtual time.
type sessions struct {
	src delivery.Source[[]byte]

	mu  sync.Mutex
	got []got
}

// session runs for two looks, and stops. refuse leaves events open.
func (s *sessions) session(t *testing.T, while func()) (values []string) {
	t.Helper()
	s.got = nil
	sub := delivery.Process(s.src, 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, got{string(d.Value), d.Info()})
		return nil
	}).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
	t.Cleanup(sub.Dispose)
	if while != nil {
		time.Sleep(time.Second)
		synctest.Wait()
		while()
	}
	time.Sleep(time.Second)
	require.NoError(t, sub.Stop(t.Context()))
	for _, g := range s.got {
		values = append(values, g.value)
	}
	return values
}

func TestRestart(t *testing.T) {
	start := func(t *testing.T, text string, opts ...SourceOption) (*sessions, string) {
		t.Helper()
		name := fileWith(t, text)
		s := &sessions{src: Source(name, name+".position", opts...)}
		require.Equal(t, strings.Fields(text), s.session(t, nil))
		return s, name
	}
	bubble(t, "grown", func(t *testing.T) {
		s, name := start(t, "a b\n"[:1]+"\nb\n")
		appendTo(t, name, "c\n")
		require.Equal(t, []string{"c"}, s.session(t, nil))
		require.Empty(t, s.session(t, nil))
	})
	bubble(t, "renamed", func(t *testing.T) {
		s, name := start(t, "a\nb\n")
		appendTo(t, name, "c\n")
		require.NoError(t, os.Rename(name, name+".1"))
		appendTo(t, name, "d\n")
		require.Equal(t, []string{"c", "d"}, s.session(t, nil))
		require.Empty(t, s.session(t, nil))
	})
	bubble(t, "renamed twice, with a pattern", func(t *testing.T) {
		name := fileWith(t, "a\n")
		s := &sessions{src: Source(name+"*", name+".position")}
		require.Equal(t, []string{"a"}, s.session(t, nil), "the position is no file of the pattern")
		appendTo(t, name, "b\n")
		require.NoError(t, os.Rename(name, name+".2"))
		appendTo(t, name, "c\n")
		require.NoError(t, os.Rename(name, name+".1"))
		appendTo(t, name, "d\n")
		past := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(name+".1", past, past))
		require.Equal(t, []string{"b", "c", "d"}, s.session(t, nil))
	})
	bubble(t, "copied and truncated", func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		s := &sessions{src: Source(name, name+".position", Copies(name+".copy*"))}
		require.Equal(t, []string{"a", "b"}, s.session(t, nil))
		appendTo(t, name, "c\n")
		copyOf(t, name, name+".copy1")
		require.NoError(t, os.Truncate(name, 0))
		appendTo(t, name, "d\n")
		require.Equal(t, []string{"c", "d"}, s.session(t, nil))
		require.Empty(t, s.session(t, nil))
	})
	bubble(t, "rewritten, and longer than before", func(t *testing.T) {
		s, name := start(t, "a\nb\n")
		require.NoError(t, os.WriteFile(name, []byte("c\nd\ne\n"), 0o600))
		require.Equal(t, []string{"c", "d", "e"}, s.session(t, nil))
	})
	bubble(t, "the same beginning, and another record at the position", func(t *testing.T) {
		head := strings.Repeat("header", 100)
		s, name := start(t, head+"\nb\n")
		require.NoError(t, os.WriteFile(name, []byte(head+"\nc\nd\n"), 0o600))
		require.Equal(t, []string{head, "c", "d"}, s.session(t, nil))
	})
	bubble(t, "another file with the same inode and bytes", func(t *testing.T) {
		s, name := start(t, "a\n")
		later := time.Now().Add(time.Hour)
		require.NoError(t, os.Chtimes(name, later, later)) // as if it was removed and made again
		require.Equal(t, []string{"a"}, s.session(t, nil))
	})
	bubble(t, "removed before it was read to its end", func(t *testing.T) {
		var troubles []string
		name := fileWith(t, "a\nb")
		s := &sessions{src: Source(name, name+".position", OnTrouble(func(tr Trouble) { troubles = append(troubles, tr.Err.Error()) }))}
		require.Equal(t, []string{"a"}, s.session(t, nil))
		require.NoError(t, os.Remove(name))
		require.Empty(t, s.session(t, nil))
		require.Equal(t, []string{"files: the file has gone before it was read to its end: 1 bytes are missing"}, troubles)
	})
	bubble(t, "on a device with another number", func(t *testing.T) {
		s, name := start(t, "a\nb\n")
		b, err := os.ReadFile(name + ".position") //nolint:gosec // the test's
		require.NoError(t, err)
		b = regexp.MustCompile(`"device":\d+`).ReplaceAll(b, []byte(`"device":7`))
		require.NoError(t, os.WriteFile(name+".position", b, 0o600))
		appendTo(t, name, "c\n")
		require.Equal(t, []string{"c"}, s.session(t, nil))
		require.Empty(t, s.session(t, nil))
	})
	bubble(t, "from the end, at the first start only", func(t *testing.T) {
		name := fileWith(t, "a\n")
		s := &sessions{src: Source(name, name+".position", FromEnd())}
		require.Equal(t, []string{"b"}, s.session(t, func() { appendTo(t, name, "b\n") }))
		appendTo(t, name, "c\n")
		require.Equal(t, []string{"c"}, s.session(t, nil))
	})
	bubble(t, "after a line without a line end", func(t *testing.T) {
		name := fileWith(t, "a\nb")
		s := &sessions{src: Source(name, name+".position", FlushPartial(300*time.Millisecond))}
		require.Equal(t, []string{"a", "b"}, s.session(t, nil))
		appendTo(t, name, "\nc\n")
		require.Equal(t, []string{"c"}, s.session(t, nil))
	})
	bubble(t, "a header", func(t *testing.T) {
		name := fileWith(t, "id,name\n1,\"a\nb\"\n")
		s := &sessions{src: Source(name, name+".position", AsCSV(','), SkipHeader(1))}
		require.Equal(t, []string{"1,\"a\nb\""}, s.session(t, nil))
		appendTo(t, name, "\n2,c\n")
		require.Equal(t, []string{"2,c"}, s.session(t, nil))
	})
}

// Once ends the stream, and commits.
func TestOnce(t *testing.T) {
	name := fileWith(t, "a\nb")
	src := Source(name, name+".position", Once())
	for _, want := range []int{2, 0} {
		n := 0
		require.NoError(t, delivery.Process(src, 1, func(context.Context, delivery.Delivery[[]byte]) error {
			n++
			return nil
		}).Drain(t.Context()))
		require.Equal(t, want, n)
	}
}

// The id of an event is the same when it comes again, and that of another event never.
func TestIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		src := Source(name, name+".position")
		infos := func() (all []delivery.Info) {
			sub := delivery.Through(src, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
				return in
			}).Subscribe(t.Context(), turbopipes.Observer[delivery.Delivery[[]byte]]{Next: func(d delivery.Delivery[[]byte]) {
				all = append(all, d.Info())
			}})
			time.Sleep(time.Second)
			sub.Dispose()
			return all
		}
		first := infos()
		require.NoError(t, os.Rename(name, name+".1"))
		again := infos()
		require.Len(t, first, 2)
		require.Equal(t, "2", first[1].Position)
		require.Equal(t, name, first[1].Source)
		require.False(t, first[1].Time.IsZero())
		require.Equal(t, name+".1", again[1].Source, "it was found")
		require.Equal(t, first[1].ID, again[1].ID)
		require.NotEqual(t, first[0].ID, first[1].ID)
		require.Greater(t, again[0].Epoch, first[0].Epoch)
		require.NoError(t, os.Truncate(name+".1", 0))
		appendTo(t, name+".1", "b\nb\n")
		require.NoError(t, os.Rename(name+".1", name))
		require.NotEqual(t, first[1].ID, infos()[1].ID, "the content is another one")
	})
}

func TestCutDelivery(t *testing.T) {
	name := fileWith(t, "abcdef\n")
	src := Source(name, name+".position", Once(), MaxRecord(3), CutLong())
	require.NoError(t, delivery.Process(src, 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		require.Equal(t, "abc", string(d.Value))
		require.Equal(t, "6", d.Info().Headers.Get("length"))
		return nil
	}).Drain(t.Context()))
}

func TestSourceMistakes(t *testing.T) {
	name := fileWith(t, "a\n")
	drain := func(s delivery.Source[[]byte]) error {
		return delivery.Process(s, 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context())
	}
	for want, s := range map[string]delivery.Source[[]byte]{
		"pattern is empty":              Source("", "x"),
		"position is empty":             Source("x", ""),
		"KeyBy: fn is nil":              Source("x", "y", KeyBy(nil)),
		"AsCSV: comma is '\\n', want a": Source("x", "y", AsCSV('\n')),
		"CommitEvery: every is 0s":      Source("x", "y", CommitEvery(0)),
	} {
		err := drain(s)
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, "files.Source: "+want)
	}
	for text, want := range map[string]string{
		"no json":       "is no file with positions: invalid character",
		`{"version":7}`: "has version 7, want 1",
		"":              "is no file with positions: unexpected end",
	} {
		require.NoError(t, os.WriteFile(name+".position", []byte(text), 0o600))
		require.ErrorContains(t, drain(Source(name, name+".position", Once())), want)
	}
	require.Error(t, drain(Source(name, filepath.Join(name, "x"), Once())))
}

// One session at a time may use a position.
func TestSecondSessionIsFenced(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	if g, err := os.Open(f.Name()); err == nil {
		_, err = hold(f)
		require.NoError(t, err)
		held, err := hold(g)
		require.NoError(t, err)
		require.NoError(t, g.Close())
		if !held {
			t.Skip("there are no locks here")
		}
	}
	name := fileWith(t, "a\n")
	src := Source(name, name+".position", Once())
	var second error
	require.NoError(t, delivery.Process(src, 1, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		_, second = src.Open(ctx, delivery.SessionOptions{})
		return nil
	}).Drain(t.Context()))
	require.ErrorIs(t, second, delivery.ErrFenced)
}

// An event that was nacked stays open: it comes again, and those after it.
func TestNacked(t *testing.T) {
	name := fileWith(t, "a\nb\nc\n")
	src := Source(name, name+".position", Once())
	run := func(bad string) (values []string) {
		require.NoError(t, delivery.Through(src, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
			return in
		}).Each(t.Context(), func(d delivery.Delivery[[]byte]) error {
			values = append(values, string(d.Value))
			if string(d.Value) == bad {
				d.Nack(nil)
				return nil
			}
			d.Ack()
			return nil
		}))
		return values
	}
	require.Equal(t, []string{"a", "b", "c"}, run("b"))
	require.Equal(t, []string{"b", "c"}, run(""))
	require.Empty(t, run(""))
}

// A file that was renamed and read to its end has an event that is not done: after a
// crash it is found again.
func TestSlowEventOfARenamedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := fileWith(t, "slow\nb\n")
		src := Source(name, name+".position")
		run := func(slow time.Duration) (done []string) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var mu sync.Mutex
			err := delivery.Process(src, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
				if string(d.Value) == "slow" {
					wait := time.NewTimer(slow)
					defer wait.Stop()
					select {
					case <-wait.C:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				mu.Lock()
				defer mu.Unlock()
				done = append(done, string(d.Value))
				return nil
			}).Drain(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return done
		}
		rotate := time.AfterFunc(time.Second, func() {
			require.NoError(t, os.Rename(name, name+".1"))
			appendTo(t, name, "c\n")
		})
		defer rotate.Stop()
		require.Equal(t, []string{"b", "c"}, run(time.Hour))
		require.Equal(t, []string{"b", "slow"}, run(time.Second))
		require.Empty(t, run(0))
	})
}

// A file that has gone is forgotten when its events are done, and not before.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		position := filepath.Join(dir, "position")
		src := Source(filepath.Join(dir, "*.job"), position)
		hold := make(chan struct{})
		sub := delivery.Process(src, 4, func(_ context.Context, d delivery.Delivery[[]byte]) error {
			if string(d.Value) == "slow" {
				<-hold
			}
			return nil
		}).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
		for i, text := range []string{"a\n", "slow\n", "b\n"} {
			appendTo(t, filepath.Join(dir, strconv.Itoa(i)+".job"), text)
		}
		time.Sleep(time.Second)
		for i := range 3 {
			require.NoError(t, os.Remove(filepath.Join(dir, strconv.Itoa(i)+".job")))
		}
		kept := func() int {
			b, err := os.ReadFile(position) //nolint:gosec // the test's
			require.NoError(t, err)
			return strings.Count(string(b), `"id"`)
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, 3, kept())
		time.Sleep(2 * forgetAfter)
		appendTo(t, filepath.Join(dir, "4.job"), "c\n")
		time.Sleep(10 * time.Second)
		require.Equal(t, 2, kept(), "the slow one, and the new one")
		close(hold)
		time.Sleep(10 * time.Second)
		require.NoError(t, sub.Stop(t.Context()))
		require.Equal(t, 1, kept())
	})
}

package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

// tail follows files in virtual time.
type tail struct {
	*turbopipes.Subscription
	mu      sync.Mutex
	lines   []string
	trouble []Trouble
}

func follow(t *testing.T, pattern string, opts ...ReadOption) *tail {
	t.Helper()
	l := &tail{}
	opts = append([]ReadOption{Follow(), OnTrouble(func(tr Trouble) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.trouble = append(l.trouble, tr)
	})}, opts...)
	l.Subscription = Lines(pattern, opts...).Subscribe(t.Context(), turbopipes.Observer[string]{Next: func(s string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, s)
	}})
	t.Cleanup(l.Dispose)
	l.looks(1)
	return l
}

// looks lets some polls pass.
func (l *tail) looks(n int) {
	for range n {
		time.Sleep(251 * time.Millisecond)
		synctest.Wait()
	}
}

// take returns the lines since the last take.
func (l *tail) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.lines
	l.lines = nil
	return all
}

func (l *tail) troubles() (texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, tr := range l.trouble {
		texts = append(texts, filepath.Base(tr.Path)+": "+tr.Err.Error())
	}
	return texts
}

func bubble(t *testing.T, name string, fn func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, fn) })
}

func TestFollow(t *testing.T) {
	bubble(t, "a file that grows", func(t *testing.T) {
		name := fileWith(t, "a\nb")
		l := follow(t, name)
		require.Equal(t, []string{"a"}, l.take())
		appendTo(t, name, "b\nc\n")
		l.looks(1)
		require.Equal(t, []string{"bb", "c"}, l.take())
		require.NoError(t, l.Stop(t.Context()))
	})
	bubble(t, "a file that is not there yet", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "app.log")
		l := follow(t, name)
		appendTo(t, name, "a\n")
		l.looks(1)
		require.Equal(t, []string{"a"}, l.take())
	})
	bubble(t, "from the end", func(t *testing.T) {
		name := fileWith(t, "a\nb\nc")
		l := follow(t, name, FromEnd())
		appendTo(t, name, "c\nd\n")
		l.looks(1)
		require.Equal(t, []string{"cc", "d"}, l.take())
	})
	bubble(t, "a last line without a line end", func(t *testing.T) {
		name := fileWith(t, "a\nb")
		l := follow(t, name, FlushPartial(time.Second))
		require.Equal(t, []string{"a"}, l.take())
		l.looks(5)
		require.Equal(t, []string{"b"}, l.take())
		appendTo(t, name, "\nc\nd")
		l.looks(6)
		require.Equal(t, []string{"c", "d"}, l.take())
		appendTo(t, name, "\r\ne\nf")
		l.looks(6)
		require.Equal(t, []string{"e", "f"}, l.take())
		appendTo(t, name, "more\n")
		l.looks(1)
		require.Equal(t, []string{"more"}, l.take(), "the rest is a line of its own")
	})
	bubble(t, "a long line that grows", func(t *testing.T) {
		name := fileWith(t, "a\n"+strings.Repeat("x", 2*bufferSize))
		l := follow(t, name, CutLong(), MaxRecord(10))
		appendTo(t, name, strings.Repeat("x", 2*bufferSize))
		l.looks(1)
		appendTo(t, name, "x\nb\n")
		l.looks(1)
		require.Equal(t, []string{"a", "xxxxxxxxxx", "b"}, l.take())
	})
	bubble(t, "a directory", func(t *testing.T) {
		dir := t.TempDir()
		l := follow(t, filepath.Join(dir, "*"), MaxOpen(2))
		var want []string
		for range 3 {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				appendTo(t, filepath.Join(dir, name), name+"\n")
				want = append(want, name)
			}
			l.looks(1)
			got := l.take()
			slices.Sort(got)
			require.Equal(t, want, got)
			want = nil
		}
	})
}

func TestRotation(t *testing.T) {
	bubble(t, "rename and create", func(t *testing.T) {
		name := fileWith(t, "a\n")
		l := follow(t, name)
		appendTo(t, name, "b\nc")
		require.NoError(t, os.Rename(name, name+".1"))
		appendTo(t, name, "e\n")
		l.looks(1)
		appendTo(t, name+".1", "c\nd\n") // by a writer that does not know yet
		appendTo(t, name, "f\n")
		l.looks(1)
		require.Equal(t, []string{"a", "b", "e", "cc", "d", "f"}, l.take())
		appendTo(t, name+".1", "last")
		l.looks(25)
		require.Equal(t, []string{"last"}, l.take(), "it is quiet")
		require.Empty(t, l.troubles())
	})
	bubble(t, "rename, with a backlog", func(t *testing.T) {
		name := fileWith(t, "a\n")
		l := follow(t, name)
		appendTo(t, name, "b\nc\n")
		require.NoError(t, os.Rename(name, name+".1"))
		appendTo(t, name, "d\n")
		require.NoError(t, os.Rename(name+".1", name+".2"))
		l.looks(1)
		require.Equal(t, []string{"a", "b", "c", "d"}, l.take())
	})
	bubble(t, "rename within the pattern", func(t *testing.T) {
		name := fileWith(t, "a\n")
		l := follow(t, name+"*")
		for i, s := range []string{"b", "c", "d"} {
			appendTo(t, name, s+"1\n")
			require.NoError(t, os.Rename(name, name+"."+string(rune('1'+i))))
			appendTo(t, name, s+"2\n")
			l.looks(1)
		}
		require.Equal(t, []string{"a", "b1", "b2", "c1", "c2", "d1", "d2"}, l.take())
	})
	bubble(t, "copy and truncate", func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		l := follow(t, name, Copies(name+".*"))
		appendTo(t, name, "c\nd\n")
		copyOf(t, name, name+".1")
		appendTo(t, name+".2", "a\nb\n") // an older copy, without the position
		require.NoError(t, os.Truncate(name, 0))
		appendTo(t, name, "e\n")
		l.looks(1)
		require.Equal(t, []string{"a", "b", "c", "d", "e"}, l.take())
		require.Empty(t, l.troubles())
		l.looks(30)
		appendTo(t, name, "f\n")
		l.looks(1)
		require.Equal(t, []string{"f"}, l.take())
	})
	bubble(t, "copy and truncate within the pattern", func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		l := follow(t, name+"*", Copies(name+".*"))
		copyOf(t, name, name+".1")
		l.looks(1)
		require.NoError(t, os.Truncate(name, 0))
		appendTo(t, name, "c\n")
		l.looks(1)
		require.Equal(t, []string{"a", "b", "c"}, l.take())
	})
	bubble(t, "truncate, and more than before", func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		l := follow(t, name)
		require.NoError(t, os.Truncate(name, 0))
		appendTo(t, name, "c\nd\ne\nf\n")
		l.looks(2)
		require.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, l.take())
	})
	bubble(t, "truncate, and the writer leaves a hole", func(t *testing.T) {
		name := fileWith(t, "a\nb\n")
		l := follow(t, name)
		require.NoError(t, os.Truncate(name, 0))
		require.NoError(t, os.Truncate(name, 100_000))
		appendTo(t, name, "c\n")
		l.looks(2)
		require.Equal(t, []string{"a", "b", "c"}, l.take())
	})
	bubble(t, "truncate with lines unread", func(t *testing.T) {
		name := fileWith(t, "a\nb\nc")
		l := follow(t, name)
		require.NoError(t, os.Truncate(name, 0))
		l.looks(1)
		require.Equal(t, []string{"app.log: files: the file was replaced before it was read to its end: 1 bytes are missing"}, l.troubles())
	})
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from) //nolint:gosec // the test's
	require.NoError(t, err)
	appendTo(t, to, string(b))
}

func TestDisappears(t *testing.T) {
	bubble(t, "removed", func(t *testing.T) {
		name := fileWith(t, "a\n")
		l := follow(t, name)
		appendTo(t, name, "b\nc")
		require.NoError(t, os.Remove(name))
		l.looks(25)
		require.Equal(t, []string{"a", "b", "c"}, l.take(), "the open file still has them")
		appendTo(t, name, "d\n")
		l.looks(1)
		require.Equal(t, []string{"d"}, l.take())
		require.Empty(t, l.troubles())
	})
	bubble(t, "back after a while", func(t *testing.T) {
		dir := t.TempDir()
		name, away := filepath.Join(dir, "app.log"), filepath.Join(t.TempDir(), "away")
		appendTo(t, name, "a\n")
		l := follow(t, name)
		require.NoError(t, os.Rename(name, away))
		l.looks(60)
		appendTo(t, away, "b\n")
		require.NoError(t, os.Rename(away, name))
		l.looks(1)
		require.Equal(t, []string{"a", "b"}, l.take())
		require.NoError(t, os.Rename(name, away))
		time.Sleep(2 * forgetAfter)
		require.NoError(t, os.Rename(away, name))
		l.looks(1)
		require.Equal(t, []string{"a", "b"}, l.take(), "it was forgotten")
	})
	bubble(t, "before it was open", func(t *testing.T) {
		dir := t.TempDir()
		l := follow(t, filepath.Join(dir, "*"), MaxOpen(1))
		for _, s := range []string{"a", "b", "c"} {
			appendTo(t, filepath.Join(dir, s), s+"\nx")
		}
		l.looks(1)
		require.NoError(t, os.RemoveAll(dir))
		l.looks(25)
		require.Len(t, l.take(), 4, "one was open, and its end counts") // a, b, c and x
		require.Len(t, l.troubles(), 2)
		require.Contains(t, l.troubles()[0], errGone.Error()+": 1 bytes are missing")
	})
}

func TestTrouble(t *testing.T) {
	bubble(t, "a name that can't be followed", func(t *testing.T) {
		dir := t.TempDir()
		name := filepath.Join(dir, "b.log")
		require.NoError(t, os.Symlink(name, name)) // a loop
		appendTo(t, filepath.Join(dir, "a.log"), "a\n")
		l := follow(t, filepath.Join(dir, "*.log"))
		l.looks(5)
		require.Len(t, l.troubles(), 1, "it is told once")
		require.NoError(t, os.Remove(name))
		appendTo(t, name, "b\n")
		l.looks(1)
		require.Equal(t, []string{"a", "b"}, l.take())
		_, err := Lines(filepath.Join(dir, "x"), Follow()).Pipe(onlyStart).Collect(t.Context())
		require.NoError(t, err)
	})
	bubble(t, "no permission", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may read all files")
		}
		name := fileWith(t, "a\n")
		require.NoError(t, os.Chmod(name, 0))
		require.ErrorIs(t, Lines(name, Follow()).Drain(t.Context()), fs.ErrPermission)
		l := follow(t, name+"*")
		require.Contains(t, l.troubles()[0], "permission denied")
		require.NoError(t, os.Chmod(name, 0o600))
		l.looks(2)
		require.Equal(t, []string{"a"}, l.take())
	})
	t.Run("a loop at the start", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "loop")
		require.NoError(t, os.Symlink(name, name))
		for _, o := range []turbopipes.Observable[string]{Lines(name), Lines(name, Follow()), Lines(filepath.Join(filepath.Dir(name), "l*"))} {
			var failed *fs.PathError
			require.ErrorAs(t, o.Drain(t.Context()), &failed)
		}
	})
	t.Run("a downstream that stops", func(t *testing.T) {
		errEnough := errors.New("enough")
		n := 0
		err := Lines(fileWith(t, "a\nb\nc\n"), Follow()).Each(context.Background(), func(string) error {
			if n++; n == 2 {
				return errEnough
			}
			return nil
		})
		require.ErrorIs(t, err, errEnough)
		require.Equal(t, 2, n)
	})
}

// onlyStart ends a stream as soon as it has begun.
func onlyStart(in turbopipes.Observable[string]) turbopipes.Observable[string] {
	return turbopipes.Create(func(ctx context.Context, emit func(string) bool) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = in.Drain(ctx) // it follows until then
		return nil
	})
}

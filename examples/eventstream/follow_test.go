package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// bench is a follower, and the lines that it has emitted.
type bench struct {
	*testing.T
	*follower
	lines chan string // unbuffered: the follower waits until the test reads
	sub   *tp.Subscription
}

func followed(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, lines: make(chan string)}
	b.follower = &follower{path: filepath.Join(t.TempDir(), "log"), poll: time.Millisecond, limit: 20}
	ctx, cancel := context.WithCancel(t.Context())
	b.sub = b.follower.lines().Subscribe(ctx, tp.Observer[line]{Next: func(l line) {
		text := fmt.Sprintf("%d:%d %s", l.file, l.number, l.text)
		if l.err != nil {
			text = fmt.Sprintf("%d:%d (%v)", l.file, l.number, l.err)
		}
		select {
		case b.lines <- text:
		case <-ctx.Done():
		}
	}})
	t.Cleanup(func() { cancel(); b.sub.Dispose() })
	return b
}

// write appends to a file. Without a name, it is the log itself.
func (b *bench) write(text string, name ...string) {
	b.Helper()
	f, err := os.OpenFile(b.path+strings.Join(name, ""), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	require.NoError(b, err)
	_, err = f.WriteString(text)
	require.NoError(b, err)
	require.NoError(b, f.Close())
}

func (b *bench) rename(from, to string) {
	b.Helper()
	require.NoError(b, os.Rename(b.path+from, b.path+to))
}

func (b *bench) wants(lines ...string) {
	b.Helper()
	for _, want := range lines {
		select {
		case got := <-b.lines:
			require.Equal(b, want, got)
		case <-time.After(10 * time.Second):
			b.Fatalf("no %q", want)
		case <-b.sub.Done():
			b.Fatalf("no %q, but the end: %v", want, b.sub.Err())
		}
	}
}

// comesTo waits until the follower has reached an offset, and expects no line.
func (b *bench) comesTo(file int, offset int64) {
	b.Helper()
	require.NoError(b, b.await(b.Context(), position{file, offset}, 10*time.Second))
}

func TestFollow(t *testing.T) {
	t.Run("what is there and what comes", func(t *testing.T) {
		b := followed(t) // before the log exists
		b.write("a\nb\n")
		b.wants("1:1 a", "1:2 b")
		b.write("\nc\r\n")
		b.wants("1:3 ", "1:4 c")
	})
	t.Run("half lines wait", func(t *testing.T) {
		b := followed(t)
		b.write("ab")
		b.comesTo(1, 2)
		b.write("cd")
		b.comesTo(1, 4)
		b.write("e\nf")
		b.wants("1:1 abcde")
		b.write("\n")
		b.wants("1:2 f")
	})
	t.Run("gigantic lines", func(t *testing.T) {
		b := followed(t)
		b.write(strings.Repeat("x", 20) + "\n" + strings.Repeat("y", 21) + "\nz\n")
		b.wants("1:1 "+strings.Repeat("x", 20), "1:2 (the line is too long)", "1:3 z")
		b.write(strings.Repeat("g", 200_000)) // more than a read
		b.comesTo(1, 45+200_000)
		b.write("h\nend\n")
		b.wants("1:4 (the line is too long)", "1:5 end")
	})
	t.Run("truncation", func(t *testing.T) {
		b := followed(t)
		b.write("a\nb\nha")
		b.wants("1:1 a", "1:2 b")
		b.comesTo(1, 6)
		require.NoError(t, os.Truncate(b.path, 0))
		b.wants("1:3 ha") // it will not become whole
		b.comesTo(2, 0)
		b.write("c\n")
		b.wants("2:1 c")
	})
	t.Run("rotation", func(t *testing.T) {
		b := followed(t)
		b.write("a\n")
		b.wants("1:1 a")
		b.rename("", ".1")
		b.write("late\nha", ".1") // by a program that has not learned of the rotation yet
		b.wants("1:2 late")
		b.comesTo(1, 9)
		b.write("lf\n", ".1")
		b.wants("1:3 half")
		b.write("b\n")
		b.wants("2:1 b")
	})
	t.Run("rotation with half a line", func(t *testing.T) {
		b := followed(t)
		b.write("a\nha")
		b.wants("1:1 a")
		b.comesTo(1, 4)
		b.rename("", ".1")
		b.write("b\n")
		b.wants("1:2 ha", "2:1 b")
	})
	t.Run("several rotations behind", func(t *testing.T) {
		b := followed(t)
		b.write("a\nb\n")
		b.wants("1:1 a") // and the follower holds b: it does not continue before b is taken
		for i := range 3 {
			for k := i; k > 0; k-- {
				b.rename(fmt.Sprint(".", k), fmt.Sprint(".", k+1))
			}
			b.rename("", ".1")
			b.write(fmt.Sprintf("c%d\n", i))
		}
		b.write("end of the first\n", ".3")
		b.wants("1:2 b", "1:3 end of the first", "2:1 c0", "3:1 c1", "4:1 c2")
	})
	t.Run("deletion", func(t *testing.T) {
		b := followed(t)
		b.write("a\n")
		b.wants("1:1 a")
		require.NoError(t, os.Remove(b.path))
		b.write("b\n")
		b.wants("2:1 b")
	})
	t.Run("rotated away", func(t *testing.T) {
		b := followed(t)
		b.write("a\n")
		b.wants("1:1 a")
		b.rename("", ".elsewhere")
		b.write("x\n", ".1")
		require.ErrorIs(t, b.sub.Wait(), errGone)
	})
	t.Run("a directory", func(t *testing.T) {
		b := followed(t)
		require.NoError(t, os.Mkdir(b.path, 0o777))
		require.ErrorContains(t, b.sub.Wait(), "is a directory")
	})
	t.Run("a graceful stop", func(t *testing.T) {
		b := followed(t)
		b.write("a\n")
		b.wants("1:1 a")
		require.NoError(t, b.sub.Stop(t.Context()))
	})
	t.Run("contract", func(t *testing.T) {
		b := followed(t)
		b.write("a\nb\nc\n")
		b.wants("1:1 a")
		var texts [][]byte
		for l, err := range tp.Checked(b.follower.lines()).Seq(t.Context()) {
			require.NoError(t, err)
			texts = append(texts, l.text)
			require.Equal(t, len(texts), l.number)
			if len(texts) == 2 {
				break
			}
		}
		require.Equal(t, "a b", string(bytes.Join(texts, []byte(" "))), "downstream owns the text")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, tp.Checked(b.follower.lines()).Drain(ctx), context.DeadlineExceeded)
	})
}

// TestLateLines makes the log grow and rotate between the read that reaches its end
// and the search for more.
func TestLateLines(t *testing.T) {
	b := &bench{T: t, follower: &follower{path: filepath.Join(t.TempDir(), "log"), limit: 20}}
	var got []string
	tail := tail{follower: b.follower, file: 1, emit: func(l line) bool {
		got = append(got, fmt.Sprintf("%d:%d %s", l.file, l.number, l.text))
		return true
	}}
	defer tail.close()
	read := func() (n int) {
		buffer := make([]byte, 100)
		n, err := tail.read(buffer)
		require.NoError(t, err)
		require.True(t, tail.split(buffer[:n]))
		return n
	}
	b.write("a\n")
	require.Equal(t, 2, read())
	require.Zero(t, read())
	b.write("late\n")
	b.rename("", ".1")
	b.write("b\n")
	for { // as lines does
		more, err := tail.turn()
		require.NoError(t, err)
		if !more {
			break
		}
		for read() > 0 {
		}
	}
	require.Equal(t, []string{"1:1 a", "1:2 late", "2:1 b"}, got)
}

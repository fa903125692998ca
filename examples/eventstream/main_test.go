package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output is written by several goroutines while a test reads it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// bounce is long enough for a second signal to count.
const bounce = 60 * time.Millisecond

// eventstream runs the whole command.
func eventstream(t *testing.T, args []string, stdout, stderr io.Writer, signals chan os.Signal) (status int) {
	t.Helper()
	if signals == nil {
		signals = make(chan os.Signal)
	}
	return run(t.Context(), &command.Command{Name: "eventstream", Args: args, Stdout: stdout, Stderr: stderr, Signals: signals})
}

const proven = "proof     no event was lost"

func TestNoEventIsLost(t *testing.T) {
	for name, args := range map[string][]string{
		"as it comes":    {"-for", "800ms"},
		"a single user":  {"-for", "500ms", "-users", "1", "-rate", "500", "-seed", "3"},
		"many rotations": {"-for", "500ms", "-rate", "70", "-users", "3", "-seed", "4"},
		"fast":           {"-for", "500ms", "-rate", "20000", "-users", "1000", "-seed", "5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr output
			status := eventstream(t, args, &stdout, &stderr, nil)
			require.Zero(t, status, "%s%s", &stdout, &stderr)
			require.Contains(t, stdout.String(), proven)
		})
	}
}

func TestInterrupt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	nothingLeft := func(t *testing.T) {
		t.Helper()
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left, "of the log")
	}
	t.Run("once", func(t *testing.T) {
		var stdout, stderr output
		signals := make(chan os.Signal, 1)
		time.AfterFunc(300*time.Millisecond, func() { signals <- os.Interrupt })
		start := time.Now()
		require.Zero(t, eventstream(t, []string{"-for", "1h"}, &stdout, &stderr, signals), &stderr)
		require.Less(t, time.Since(start), time.Minute)
		require.Contains(t, stdout.String(), proven)
		nothingLeft(t)
	})
	t.Run("twice", func(t *testing.T) {
		var stderr output
		signals := make(chan os.Signal, 2)
		signals <- os.Interrupt
		signals <- os.Interrupt // bounces
		stdout := writerFunc(func(p []byte) (int, error) {
			if bytes.HasPrefix(p, []byte("stopping")) {
				time.Sleep(2 * bounce)
				signals <- os.Interrupt
				time.Sleep(6 * bounce) // so that the signal is seen before the stop is over
			}
			return len(p), nil
		})
		require.Equal(t, 130, eventstream(t, []string{"-for", "1h"}, stdout, &stderr, signals))
		require.Equal(t, "eventstream: interrupted\n", stderr.String())
		nothingLeft(t)
	})
}

func TestBadArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"help":         {"--help"},
		"no time":      {"-for", "0"},
		"no events":    {"-rate", "0"},
		"no users":     {"-users", "-1"},
		"not a flag":   {"log"},
		"unknown flag": {"-x"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr output
			require.Equal(t, 2, eventstream(t, args, io.Discard, &stderr, nil))
			require.Contains(t, stderr.String(), "usage: eventstream")
		})
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestClosedPipe(t *testing.T) {
	var stderr output
	require.Zero(t, eventstream(t, []string{"-for", "1h"}, closedPipe{}, &stderr, nil), "and it does not go on for an hour")
	require.Empty(t, stderr.String())
}

func TestParse(t *testing.T) {
	var out output
	s, p := newStore(), &printer{to: &out}
	for i, c := range []struct {
		line line
		ok   bool
	}{
		{line{text: []byte(`{"user":"a","seq":1}`)}, true},
		{line{text: []byte(`{"user":"a","seq":`), file: 2, number: 17}, false},
		{line{text: []byte(``)}, false},
		{line{text: []byte(`null`)}, false},
		{line{text: []byte(`{"user":"a"}`)}, false},
		{line{text: []byte(`{"user":1,"seq":1}`)}, false},
		{line{err: errTooLong, file: 3, number: 4}, false},
	} {
		_, ok := s.parse(c.line, p)
		require.Equal(t, c.ok, ok, i)
	}
	require.Equal(t, []int64{1, 5, 1}, []int64{s.parsed, s.broken, s.tooLong})
	require.Contains(t, out.String(), "broken    file 2, line 17: unexpected end of JSON input\n")
	require.Contains(t, out.String(), "broken    file 3, line 4: the line is too long\n")

	_, ok := s.parse(line{err: errors.New("\x1b[2J" + strings.Repeat("x", 4000))}, p)
	require.False(t, ok)
	require.NotContains(t, out.String(), "\x1b")
	require.Less(t, len(out.String()), 1000)
}

func TestProofFails(t *testing.T) {
	events := []event{{User: "a", Seq: 1, crc: 1}, {User: "b", Seq: 1, crc: 2}, {User: "a", Seq: 2, crc: 3}, {User: "a", Seq: 3, crc: 4}}
	for name, c := range map[string]struct {
		saved []event
		want  string
	}{
		"lost":         {[]event{events[0], events[1], events[3]}, "a: event 3 is number 2"},
		"last is lost": {events[:3], "a: 2 of 3 events"},
		"all lost":     {[]event{events[0], events[2], events[3]}, "b: all 1 events are missing"},
		"twice":        {append(events[:4:4], events[3]), "a: event 3 is number 4"},
		"out of order": {[]event{events[0], events[1], events[3], events[2]}, "a: event 3 is number 2"},
		"altered":      {[]event{events[0], events[1], events[2], {User: "a", Seq: 3, crc: 5}}, "a: the checksum differs"},
		"invented":     {append(events[:4:4], event{User: "c", Seq: 1}), "c: nobody wrote its events"},
	} {
		t.Run(name, func(t *testing.T) {
			g, s := &generator{written: accounts{}}, newStore()
			for _, e := range events {
				g.written.add(e)
			}
			for _, e := range c.saved {
				s.saved.add(e)
			}
			err := prove(&printer{to: io.Discard}, g, s, tp.Stats{}, time.Second)
			require.ErrorContains(t, err, "the proof failed:\n"+c.want)
		})
	}
	g, s := &generator{broken: 2, giants: 1}, newStore()
	s.broken, s.parsed = 1, 5
	err := prove(&printer{to: io.Discard}, g, s, tp.Stats{Delivered: 1, Dropped: 3}, time.Second)
	require.EqualError(t, err, strings.Join([]string{
		"the proof failed:", "broken lines: 1, and not 2", "lines that are too long: 0, and not 1",
		"events shown or dropped by the live view: 4, and not 5",
	}, "\n"))
}

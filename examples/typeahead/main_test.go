package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/operators"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// typeahead runs the whole command.
func typeahead(t *testing.T, args []string, stdin io.Reader, stdout, stderr io.Writer, signals <-chan os.Signal) (status int) {
	t.Helper()
	if signals == nil {
		signals = make(chan os.Signal)
	}
	return run(t.Context(), &command.Command{Name: "typeahead", Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr, Signals: signals})
}

// play types keys into a box, in the virtual time of a bubble, and returns the
// output.
func play(t *testing.T, keys ...key) (*box, string) {
	t.Helper()
	var out bytes.Buffer
	b := &box{
		words: []string{"rain", "read", "reader", "readers", "ready", "tree"},
		n:     2, quiet: 100 * ms, latency: 250 * ms, start: time.Now(), out: log.New(&out, "", 0),
	}
	typed := operators.ConcatMap(func(k key) tp.Observable[string] {
		return operators.DelaySubscription[string](k.pause)(tp.Just(k.text))
	})(tp.FromSlice(keys))
	require.NoError(t, b.matches(typed).Each(t.Context(), func(f found) error {
		b.show(f)
		return nil
	}))
	require.NoError(t, b.prove(0))
	said, _, _ := strings.Cut(out.String(), "proof")
	return b, said
}

func said(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestMatches(t *testing.T) {
	for name, c := range map[string]struct {
		keys              []key
		started, finished int64
		want              string
	}{
		"only what rests is searched for": {
			[]key{{0, "r"}, {50 * ms, "re"}, {50 * ms, " REA "}, {50 * ms, "read"}},
			1, 1,
			said(`  0.15 s  "read"       …`, `  0.40 s  "read"           4 matches: read, ready, reader, readers`),
		},
		"a newer one cancels": {
			[]key{{0, "re"}, {200 * ms, "rea"}, {500 * ms, "ready"}},
			3, 2,
			said(`  0.10 s  "re"         …`, `  0.30 s  "re"         superseded after 200ms`,
				`  0.30 s  "rea"        …`, `  0.55 s  "rea"            4 matches: read, ready, reader, readers`,
				`  0.70 s  "ready"      …`, `  0.95 s  "ready"          4 matches: ready, read, reader, readers`),
		},
		"what was taken back is no change": {
			[]key{{0, "rea"}, {150 * ms, "reax"}, {50 * ms, "rea"}, {500 * ms, "rea"}},
			1, 1,
			said(`  0.10 s  "rea"        …`, `  0.35 s  "rea"            4 matches: read, ready, reader, readers`),
		},
		"an empty box cancels, and asks for nothing": {
			[]key{{0, "rea"}, {150 * ms, ""}},
			1, 0,
			said(`  0.10 s  "rea"        …`, `  0.15 s  "rea"        superseded after 50ms`),
		},
		"nothing typed": {nil, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, got := play(t, c.keys...)
				require.Equal(t, c.want, got)
				require.Equal(t, []int64{int64(len(c.keys)), c.started, c.finished, c.started - c.finished},
					[]int64{b.typed.Load(), b.started.Load(), b.finished.Load(), b.cancelled.Load()})
			})
		})
	}
}

// TestNeverTwoSearches types at random.
func TestNeverTwoSearches(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var typed []key
			for i := range 200 {
				typed = append(typed, key{time.Duration(random.IntN(300)) * ms, fmt.Sprint(i)})
			}
			b, _ := play(t, typed...) // prove checks it
			require.Greater(t, b.cancelled.Load(), int64(5))
			require.Greater(t, b.finished.Load(), int64(5))
		})
	}
}

func TestProofOfAFailure(t *testing.T) {
	b := &box{out: log.New(io.Discard, "", 0)}
	require.Error(t, b.prove(1), "a goroutine")
	b.started.Store(1)
	require.Error(t, b.prove(0), "a search")
	b.finished.Store(1)
	require.NoError(t, b.prove(0))
	b.most.Store(2)
	require.Error(t, b.prove(0), "two at once")
}

// wordFile is a file of words.
func wordFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "words")
	require.NoError(t, os.WriteFile(file, []byte("Mutex\ngoroutine\nsynchronous\nGoroutine\n"), 0o600))
	return file
}

const proven = "0 now\nproof     goroutines left: 0"

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		stdin io.Reader
		args  []string
		want  string
	}{
		"a typist where nothing is typed": {strings.NewReader(""), nil, `"goroutine"      1 matches: goroutine`},
		"a typist where asked for":        {unreadable{}, []string{"-demo"}, `"mutex"          1 matches: mutex`},
		"lines":                           {strings.NewReader("m\nmy\nmuetx\n"), nil, "  0.00 s  \"muetx\"      …\n  0.25 s  \"muetx\"          1 matches: mutex\nproof     3 texts typed; 1 searches"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				status := typeahead(t, append(c.args, "-words", wordFile(t)), c.stdin, &stdout, &stderr, nil)
				require.Zero(t, status, &stderr)
				require.Contains(t, stdout.String(), "3 words of ")
				require.Contains(t, stdout.String(), c.want)
				require.Contains(t, stdout.String(), proven)
			})
		})
	}
}

type unreadable struct{}

var errRead = errors.New("input/output error")

func (unreadable) Read([]byte) (int, error) { return 0, errRead }

func TestUnreadableInput(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, 1, typeahead(t, []string{"-words", wordFile(t)}, unreadable{}, io.Discard, &stderr, nil))
	require.Equal(t, "typeahead: input/output error\n", stderr.String())
}

// There are lines that are too long, and escape sequences in the typed text and
// among the words.
func TestHostileText(t *testing.T) {
	words := filepath.Join(t.TempDir(), "words")
	require.NoError(t, os.WriteFile(words, []byte("mu\x1b[31mtex\nmu\u202etex\n"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		typed := strings.NewReader(strings.Repeat("x", 1<<20) + "\nmu\nmu\x1b[2Jy" + strings.Repeat("ü", 1000) + "\n")
		require.Zero(t, typeahead(t, []string{"-words", words}, typed, &stdout, &stderr, nil), &stderr)
		require.Contains(t, stdout.String(), "left out: a line of more than 65536 bytes\n")
		require.Contains(t, stdout.String(), `"mu\x1b[2jyüüü`)
		require.True(t, utf8.Valid(stdout.Bytes()), "no rune is cut: %s", &stdout)
		require.NotContains(t, stdout.String(), "\uFFFD")
		require.NotContains(t, stdout.String(), `\xc3`)
		require.Contains(t, stdout.String(), "2 texts typed")
		require.NotContains(t, stdout.String(), "\x1b")
		require.Less(t, stdout.Len(), 1000)
	})
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		require.Zero(t, typeahead(t, []string{"-words", words}, strings.NewReader("mu\n"), &stdout, &stderr, nil), &stderr)
		require.Contains(t, stdout.String(), `2 matches: mu\u202etex, mu\x1b[31mtex`)
	})
}

func TestInterrupt(t *testing.T) {
	for status, latency := range map[int]string{0: "250ms", 130: "1h"} {
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal, 2)
			stdin, keyboard := io.Pipe()
			time.AfterFunc(time.Second, func() { _, _ = keyboard.Write([]byte("mutex\n")) })
			for _, at := range []time.Duration{1200 * ms, 1400 * ms} { // during a search
				time.AfterFunc(at, func() { signals <- os.Interrupt })
			}
			var stdout, stderr bytes.Buffer
			require.Equal(t, status, typeahead(t, []string{"-words", wordFile(t), "-latency", latency}, stdin, &stdout, &stderr, signals), &stderr)
			require.Contains(t, stdout.String(), "stopping")
			if status == 0 {
				require.Contains(t, stdout.String(), "  1.35 s  \"mutex\"          1 matches: mutex\n")
				require.Contains(t, stdout.String(), "1 searches started = 1 finished + 0 cancelled")
				require.Contains(t, stdout.String(), proven)
			} else {
				require.Equal(t, "typeahead: interrupted\n", stderr.String())
			}
			require.NoError(t, stdin.Close()) // as the end of the process would
			time.Sleep(time.Second)           // the time of the signal, which nobody waits for
		})
	}
}

func TestBadArguments(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want int
		says string
	}{
		"help":          {[]string{"--help"}, 2, "usage: typeahead"},
		"negative":      {[]string{"-quiet", "-1s"}, 2, "usage: typeahead"},
		"not a flag":    {[]string{"words"}, 2, "usage: typeahead"},
		"unknown flag":  {[]string{"-x"}, 2, "usage: typeahead"},
		"no such words": {[]string{"-words", filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		"no words":      {[]string{"-words", os.DevNull}, 1, "no words"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, c.want, typeahead(t, c.args, strings.NewReader(""), io.Discard, &stderr, nil))
			require.Contains(t, stderr.String(), c.says)
		})
	}
}

func TestHarvest(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "b", "dir.go"), 0o700))
	for name, text := range map[string]string{
		"a.go":   "package alpha // Beta, and gamma_delta: no 1st of x2y",
		"b/b.go": "package alpha\nvar epsilon = \"\xff" + strings.Repeat("long", 10) + "\"",
		"c.txt":  "zeta",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	words, err := harvest(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, []string{"alpha", "and", "beta", "epsilon", "gamma_delta", "package", "var"}, words)

	_, err = harvest(t.Context(), filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = harvest(ctx, dir)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBegins(t *testing.T) {
	for _, c := range []struct {
		text, word string
		want       int
	}{
		{"", "reader", 0},
		{"rea", "reader", 0},
		{"reader", "reader", 0},
		{"readers", "reader", 1},
		{"rex", "reader", 1},
		{"re", "r", 2},
		{"reaxder", "reader", 1},
		{"reder", "reader", 1},
		{"rexder", "reader", 1},
		{"redaer", "reader", 1},
		{"xeader", "reader", 2},
		{"rxader", "reader", 2},
		{"rexxer", "reader", 2},
		{"reederx", "reader", 2},
		{"readerss", "reader", 2},
		{"tree", "reader", 2},
	} {
		require.Equal(t, c.want, begins(c.word, c.text), "%q for %q", c.text, c.word)
	}
}

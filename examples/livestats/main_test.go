package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// livestats runs the whole command.
func livestats(t *testing.T, args []string, n network.Network, stdin io.Reader, stdout, stderr io.Writer, interrupts ...time.Duration) (status int) {
	t.Helper()
	signals := make(chan os.Signal, len(interrupts))
	for _, at := range interrupts {
		time.AfterFunc(at, func() { signals <- os.Interrupt })
	}
	return run(t.Context(), &command.Command{Name: "livestats", Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr, Signals: signals}, n)
}

// tree is a directory with files.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a.go", "index.html", "b/b.go", "b/c/c.go", "not found?"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 1000), 0o600))
	}
	return dir
}

func TestSite(t *testing.T) {
	dir := tree(t)
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		require.Zero(t, livestats(t, []string{"-for", "2500ms", "-rate", "400", "-dir", dir}, network.InMemory(), nil, &stdout, &stderr), "%s%s", &stderr, &stdout)
		for _, want := range []string{
			"  1.00 s  rate         4", "  2.00 s  rate         400 requests, ", "  2.50 s  rate         20",
			"  2.00 s  directories  ", "  2.50 s  percentiles  none", "total        3 directories: ", "; 0 lines were no entries",
		} {
			require.Contains(t, stdout.String(), want)
		}
		var n int64
		_, proof, _ := strings.Cut(stdout.String(), "read: ")
		_, err := fmt.Sscan(proof, &n)
		require.NoError(t, err)
		require.InDelta(t, 1020, n, 2, "the burst, and what comes then")
		require.Contains(t, stdout.String(), fmt.Sprintf(
			"runs of the source: 1; read: %[1]d, rate: %[1]d, directories: %[1]d, percentiles: %[1]d, logged by the site: %[1]d, answered to visitors: %[1]d\n", n))
	})
}

func TestInterrupt(t *testing.T) {
	dir := tree(t)
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		start := time.Now()
		require.Zero(t, livestats(t, []string{"-for", "1h", "-dir", dir}, network.InMemory(), nil, &stdout, &stderr, 1500*time.Millisecond), "%s%s", &stderr, &stdout)
		require.InDelta(t, 1.5, time.Since(start).Seconds(), 0.01)
		require.Contains(t, stdout.String(), "stopping: ")
		require.Contains(t, stdout.String(), "runs of the source: 1; read: 15")
	})
}

// TestLiveLog reads a growing log on standard input.
func TestLiveLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, grows := io.Pipe()
		go func() {
			for _, at := range []int{100, 200, 1100, 1200, 1300, 3100} {
				time.Sleep(time.Until(start(t).Add(time.Duration(at) * time.Millisecond)))
				_, _ = fmt.Fprintf(grows, "::1 - - [x] \"GET /%d/f HTTP/1.1\" %d 500000 %d\n", at/1000, 200+at%2, at)
			}
			_, _ = io.WriteString(grows, "garbage\n")
		}()
		var stdout, stderr bytes.Buffer
		require.Zero(t, livestats(t, []string{"-log", "-"}, network.Network{}, stdin, &stdout, &stderr, 3300*time.Millisecond), &stderr)
		require.NoError(t, stdin.Close()) // as the end of the process would
		for _, want := range []string{
			"  1.00 s  rate         2 requests, 1.0 MB, 0 not found\n",
			"  2.00 s  rate         3 requests, 1.5 MB, 0 not found\n",
			"  3.30 s  rate         1 requests, 0.5 MB, 0 not found\n",
			"  1.00 s  directories  /0 2\n", "  2.00 s  directories  /1 3\n", "  3.30 s  directories  /3 1\n",
			"  1.50 s  percentiles  50: 1.2ms, 90: 1.2ms, 99: 1.2ms\n", // the last second: 1100, 1200, 1300
			"  2.50 s  percentiles  none\n",
			"total        3 directories: /1 3, /0 2, /3 1; 1 lines were no entries, 0 were too long\n",
			"runs of the source: 1; read: 6, rate: 6, directories: 6, percentiles: 6\n",
		} {
			require.Contains(t, stdout.String(), want)
		}
	})
}

// start returns the time at which every bubble begins.
func start(t *testing.T) time.Time {
	t.Helper()
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
}

func TestLogFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "::1 - - [x] \"GET /%d/f HTTP/1.1\" 404 -\n", i%100)
	}
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	var stdout, stderr bytes.Buffer
	require.Zero(t, livestats(t, []string{"-log", file}, network.Network{}, nil, &stdout, &stderr), &stderr)
	require.Contains(t, stdout.String(), "100 directories: /0 50, /1 50, /10 50, /11 50, …")
	require.Contains(t, stdout.String(), "read: 5000, rate: 5000, directories: 5000, percentiles: 5000\n")
}

func TestFailures(t *testing.T) {
	refused := errors.New("refused")
	up := network.InMemory().Listen
	for name, c := range map[string]struct {
		network network.Network
		args    []string
		stdin   string
		want    string
	}{
		"no such log":       {args: []string{"-log", filepath.Join(t.TempDir(), "none")}, want: "no such file"},
		"no such directory": {args: []string{"-dir", filepath.Join(t.TempDir(), "none")}, want: "no such file"},
		"nothing to serve":  {args: []string{"-dir", t.TempDir()}, want: "no files"},
		"no port": {
			network: network.Network{Listen: func() (net.Listener, error) { return nil, refused }},
			args:    []string{"-dir", tree(t)}, want: "refused",
		},
		"no way to the site": {
			network: network.Network{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, refused }, Listen: up},
			args:    []string{"-dir", tree(t)}, want: "refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, 1, livestats(t, c.args, c.network, strings.NewReader(c.stdin), io.Discard, &stderr))
			require.Contains(t, stderr.String(), c.want)
		})
	}
}

func TestBadArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"usage: livestats":   {"--help"},
		"must be positive":   {"-rate", "0"},
		"must not":           {"-for", "-1s"},
		"too many arguments": {"log"},
		"not defined":        {"-x"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, 2, livestats(t, args, network.Network{}, nil, io.Discard, &stderr), args)
		require.Contains(t, stderr.String(), want)
		require.Contains(t, stderr.String(), "usage: livestats")
	}
}

func TestSecondInterrupt(t *testing.T) {
	dir := tree(t)
	synctest.Test(t, func(t *testing.T) {
		up := make(chan struct{})
		hangs := network.Network{Listen: network.InMemory().Listen, Dial: func(context.Context, string, string) (net.Conn, error) {
			<-up // and ignores everything else
			return nil, errors.New("too late")
		}}
		var stdout, stderr bytes.Buffer
		require.Equal(t, 130, livestats(t, []string{"-dir", dir}, hangs, nil, &stdout, &stderr, time.Second, 2*time.Second))
		require.Equal(t, "livestats: interrupted\n", stderr.String())
		close(up)
	})
}

// The log has escape sequences, lines that are too long, and numbers that overflow.
func TestHostileLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := "::1 - - [x] \"GET %s HTTP/1.1\" 200 %s %s\n"
		stdin := fmt.Sprintf(line, "/\x1b[31mred/f", "9223372036854775807", "1") +
			fmt.Sprintf(line, "/\u202e/f", "1"+strings.Repeat("0", 400), "1"+strings.Repeat("0", 400)) +
			fmt.Sprintf(line, "/"+strings.Repeat("x", 1<<20), "1", "1") + fmt.Sprintf(line, "/"+strings.Repeat("y", 1000)+"/f", "5", "1")
		var stdout, stderr bytes.Buffer
		require.Zero(t, livestats(t, []string{"-log", "-"}, network.Network{}, strings.NewReader(stdin), &stdout, &stderr), &stderr)
		for _, want := range []string{
			"3 requests, at least 9223372036854.8 MB, 0 not found", `/\x1b[31mred 1`, `/\u202e 1`, "/" + strings.Repeat("y", 59) + "… 1",
			"0 lines were no entries, 1 were too long", "read: 3, rate: 3, directories: 3, percentiles: 3", "99: 1µs", // of three requests
		} {
			require.Contains(t, stdout.String(), want)
		}
		require.NotContains(t, stdout.String(), "\x1b")
	})
}

func TestManyDirectories(t *testing.T) {
	s := &stats{dirs: map[string]int{}}
	for i := range 20_000 {
		s.count(group{First: fmt.Sprint(i % 15_000), Second: 2})
	}
	require.Len(t, s.dirs, 10_001)
	require.Equal(t, 2*5000, s.dirs["(others)"])
	require.Equal(t, 4, s.dirs["0"])
}

func TestDisagreement(t *testing.T) {
	agreed := func(change func(s *stats), origin ...count) error {
		s := &stats{out: log.New(io.Discard, "", 0), rate: 2, grouped: 2, timed: 2}
		s.runs.Store(1)
		s.read.Store(2)
		change(s)
		return s.prove(origin)
	}
	require.NoError(t, agreed(func(*stats) {}, count{"logged", 2}))
	for name, err := range map[string]error{
		"run twice":      agreed(func(s *stats) { s.runs.Store(2) }),
		"one more":       agreed(func(s *stats) { s.read.Store(3) }),
		"missed by one":  agreed(func(s *stats) { s.rate = 1 }),
		"in no group":    agreed(func(s *stats) { s.grouped = 1 }),
		"in two windows": agreed(func(s *stats) { s.timed = 3 }),
		"never logged":   agreed(func(*stats) {}, count{"logged", 1}),
	} {
		require.Error(t, err, name)
	}
}

func TestParse(t *testing.T) {
	for line, want := range map[string]entry{
		`127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`:      {"/apache_pb.gif", 200, 2326, 0},
		`::1 - - [10/Oct/2000:13:55:36 -0700] "GET /a/b?q=1 HTTP/1.1" 404 - 1500`:                    {"/a/b", 404, 0, 1500 * time.Microsecond},
		`::1 - - [x] "GET /a HTTP/2.0" 301 0 "http://x/" "Mozilla/4.08 [en] (Win98; I ;Nav)"`:        {"/a", 301, 0, 0},
		`::1 - - [x] "GET /a HTTP/2.0" 200 17 "http://x/" "Mozilla/4.08 [en] (Win98; I ;Nav)" 0.250`: {"/a", 200, 17, 250 * time.Millisecond},
		`::1 - - [x] "GET /a HTTP/2.0" 200 17 "-" "curl/7.88 1" 42`:                                  {"/a", 200, 17, 42 * time.Microsecond},
		`::1 - - [x] "GET /a HTTP/2.0" 200 99999999999999999999 99999999999999999999`:                {"/a", 200, math.MaxInt64, longest},
	} {
		e, ok := parse(line)
		require.True(t, ok, line)
		require.Equal(t, want, e, line)
	}
	for _, line := range []string{"", "x", `::1 - - [x] "" 400 0`, `::1 - - [x] "GET /a HTTP/1.1" 20 1`, `{"path": "/"}`} {
		_, ok := parse(line)
		require.False(t, ok, line)
	}
	require.Equal(t, "/a", entry{path: "/a/b"}.dir())
	require.Equal(t, "/", entry{path: "/a"}.dir())
}

package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// poll runs the whole command.
func poll(t *testing.T, args []string, n network.Network, stdout, stderr io.Writer, interrupts ...time.Duration) (status int) {
	t.Helper()
	signals := make(chan os.Signal, len(interrupts))
	for _, at := range interrupts {
		time.AfterFunc(at, func() { signals <- os.Interrupt })
	}
	return run(t.Context(), &command.Command{Name: "poller", Args: args, Stdout: stdout, Stderr: stderr, Signals: signals}, n)
}

const proven = "connections open: 0; goroutines left: 0"

func TestRehearsal(t *testing.T) {
	for range 5 { // the jitter differs
		synctest.Test(t, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Zero(t, poll(t, nil, network.InMemory(), &stdout, &stderr), "%s%s", &stderr, &stdout)
			for _, want := range []string{
				"a state that lasts 590ms must be seen\n",
				"  0.00 s  ==> queued\n", "  0.86 s  ==> building\n", // 60 ms late
				"500 Internal Server Error; again in ", "500 Internal Server Error; asking the mirror\n",
				"timeout: no item within 100ms; again in ", "malformed JSON: unexpected end of JSON input; ", "EOF; asking the mirror\n",
				"503 Service Unavailable; still deploying as far as is known\n",
				"seen: queued, building, testing, deploying, verifying, live\n", proven,
			} {
				require.Contains(t, stdout.String(), want)
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		require.Zero(t, poll(t, nil, network.InMemory(), &stdout, &stderr, 2150*ms), &stderr, "in the midst of a poll that hangs")
		require.Contains(t, stdout.String(), "  2.15 s  stopping")
		require.Contains(t, stdout.String(), "seen: queued, building, testing\n", "that poll was finished")
		require.Contains(t, stdout.String(), proven)
	})
}

func TestAnotherAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network.InMemory()
		server, err := serve(n, []phase{{time.Minute, "down", "down"}, {time.Minute, "slow", "slow"}, {time.Hour, "up", ""}})
		require.NoError(t, err)
		defer server.Close()
		var stdout, stderr bytes.Buffer
		args := []string{"-url", server.url + "/state", "-field", "none", "-every", "7s", "-timeout", "1s"}
		require.Zero(t, poll(t, args, n, &stdout, &stderr, 5*time.Minute), &stderr)
		require.Contains(t, stdout.String(), "503 Service Unavailable; no state is known yet\n")
		require.Contains(t, stdout.String(), " 63.06 s  ==> {\"state\":\"slow\"}\n126.00 s  ==> {\"state\":\"up\"}\n300.00 s  stopping")
	})
}

// answers is an API without a network.
type answers func(*http.Request) (status int, body string, err error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := a(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// polling is a poller of a.
func polling(a answers, out io.Writer) *poller {
	return &poller{
		client: &http.Client{Transport: a}, url: "http://api", field: "state",
		every: 100 * ms, timeout: 100 * ms, out: log.New(out, "", 0), start: time.Now(),
	}
}

func TestPoll(t *testing.T) {
	down := errors.New("refused")
	for name, c := range map[string]struct {
		api    []any // a status, an error, a body, or how long it takes, one request after another
		mirror string
		last   string
		want   []string
		said   []string // in order
	}{
		"well":                       {api: []any{`{"state": "up"}`}, want: []string{"up"}},
		"the second time":            {api: []any{down, `{"state": "up"}`}, want: []string{"up"}, said: []string{"refused; again in "}},
		"the third time":             {api: []any{503, 429, `{"state": "up"}`}, want: []string{"up"}, said: []string{"503 Service Unavailable; again in ", "429 Too Many Requests; again in "}},
		"what nobody knows":          {api: []any{down, down, down}, said: []string{"refused; again", "refused; again", "refused; no state is known yet"}},
		"the last known":             {api: []any{down, down, down}, last: "up", want: []string{"up"}, said: []string{"still up as far as is known"}},
		"no other request would do":  {api: []any{404}, last: "up", want: []string{"up"}, said: []string{"404 Not Found; still up"}},
		"the mirror":                 {api: []any{404, `{"state": "up"}`}, mirror: "http://mirror", want: []string{"up"}, said: []string{"404 Not Found; asking the mirror"}},
		"the mirror is down as well": {api: []any{404, 500}, mirror: "http://mirror", last: "up", want: []string{"up"}, said: []string{"404 Not Found; asking the mirror", "500 Internal Server Error; still up"}},
		"late, but not too late":     {api: []any{99 * ms}, want: []string{"late"}},
		"too late":                   {api: []any{101 * ms, 99 * ms}, want: []string{"late"}, said: []string{"no item within 100ms; again in "}},
		"malformed":                  {api: []any{"<html>", `{"state": "up"}`}, want: []string{"up"}, said: []string{"malformed JSON: invalid character '<' looking for beginning of value; again in "}},
		"another type":               {api: []any{`{"state": 7}`}, want: []string{"7"}},
		"more than there may be":     {api: []any{`"` + strings.Repeat("x", longest-1) + `"`, `{"state": "up"}`}, want: []string{"up"}, said: []string{"an answer of more than 65536 bytes; again in "}},
		"as much as there may be":    {api: []any{`"` + strings.Repeat("x", longest-2) + `"`}, want: []string{`"` + strings.Repeat("x", longest-2) + `"`}},
		"no such field":              {api: []any{`[1, 2]`}, want: []string{"[1,2]"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				asked := 0
				p := polling(func(r *http.Request) (int, string, error) {
					if c.mirror != "" && asked == len(c.api)-1 {
						require.Equal(t, c.mirror, r.URL.String())
					}
					asked++
					switch next := c.api[asked-1].(type) {
					case int:
						return next, "", nil
					case string:
						return 200, next, nil
					case time.Duration:
						late := time.NewTimer(next)
						defer late.Stop()
						select {
						case <-late.C:
							return 200, `"late"`, nil
						case <-r.Context().Done():
							return 0, "", r.Context().Err()
						}
					default:
						return 0, "", next.(error)
					}
				}, &out)
				p.mirror, p.last = c.mirror, c.last
				got, err := p.poll().Collect(t.Context())
				require.NoError(t, err)
				if name == "late, but not too late" || name == "too late" {
					require.Len(t, got, 1)
					got[0] = strings.Trim(got[0], `"`)
				}
				require.Equal(t, c.want, got)
				require.Equal(t, len(c.api), asked)
				rest := out.String()
				for _, want := range c.said {
					var found bool
					_, rest, found = strings.Cut(rest, want)
					require.True(t, found, "%q in %s", want, &out)
				}
			})
		})
	}
}

// Answers take longer than a tick.
func TestOnePollAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, states, start := 0, []string{"a", "a", "b", "a", "a", "c"}, time.Now()
		var began []time.Duration
		p := polling(func(*http.Request) (int, string, error) {
			running++
			defer func() { running-- }()
			require.Equal(t, 1, running)
			began = append(began, time.Since(start))
			time.Sleep(250 * ms)
			return 200, `{"state": "` + states[len(began)-1] + `"}`, nil
		}, io.Discard)
		p.timeout = time.Second
		var seen []string
		require.ErrorIs(t, p.changes().Each(t.Context(), func(state string) error {
			if seen = append(seen, state); state == "c" {
				return tp.ErrClosed
			}
			return nil
		}), tp.ErrClosed)
		require.Equal(t, []string{"a", "b", "a", "c"}, seen)
		require.Equal(t, []time.Duration{0, 300 * ms, 600 * ms, 900 * ms, 1200 * ms, 1500 * ms}, began)
	})
}

func TestMissed(t *testing.T) {
	plan := []phase{{500 * ms, "a", ""}, {300 * ms, "b", "hangs"}, {300 * ms, "b", ""}, {10 * ms, "c", ""}, {500 * ms, "d", "down"}, {500 * ms, "d", ""}}
	for _, c := range []struct {
		seen   string
		lasted time.Duration
		want   string
	}{
		{"a b d", time.Hour, ""},
		{"a b c d", time.Hour, ""},
		{"a d", time.Hour, "b was missed: [a d]"},
		{"b d", time.Hour, "a was missed"},
		{"a b", time.Hour, "d was missed"},
		{"a b", 1900 * ms, ""}, // d was visible only for a short time
		{"a", 890 * ms, ""},
		{"", 300 * ms, ""},
		{"", 500 * ms, "a was missed"},
		{"a b a d", time.Hour, "was missed"},
		{"a b d d", time.Hour, "d was seen twice or out of order"},
		{"a b d c", time.Hour, "c was seen twice or out of order"},
		{"a b d x", time.Hour, "x was seen"},
	} {
		err := missed(plan, strings.Fields(c.seen), c.lasted, 400*ms)
		if c.want == "" {
			require.NoError(t, err, c.seen)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	}
}

// The answers of the API have control characters, and are long.
func TestHostileAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, state := range []string{"\x1b[31mred", `\u001b[31mred`, "a\u202eb", strings.Repeat("x", 10_000)} {
			for _, answer := range []string{`{"state": "` + state + `", "other": "\u009b"}`, `["` + state + `"]`} {
				var out bytes.Buffer
				p := polling(func(*http.Request) (int, string, error) { return 200, answer, nil }, &out)
				p.every = time.Second
				over := time.NewTimer(2500 * ms)
				require.NoError(t, p.watch(t.Context(), nil, over.C))
				require.NotEmpty(t, out.String())
				require.NotContains(t, out.String(), "\x1b")
				require.NotContains(t, out.String(), "\u202e")
				require.Less(t, out.Len(), 5*520)
			}
		}
	})
}

func TestSecondInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network.InMemory()
		server, err := serve(n, []phase{{time.Hour, "never", "hangs"}})
		require.NoError(t, err)
		defer server.Close()
		var stdout, stderr bytes.Buffer
		require.Equal(t, 130, poll(t, []string{"-url", server.url + "/state", "-timeout", "1h"}, n, &stdout, &stderr, time.Second, 2*time.Second))
		require.Equal(t, "poller: interrupted\n", stderr.String())
	})
}

func TestBadArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"help":         {"--help"},
		"never":        {"-every", "0"},
		"no patience":  {"-timeout", "-1s"},
		"not a flag":   {"http://localhost"},
		"no URL":       {"-url", "nonsense"},
		"no mirror":    {"-url", "http://localhost", "-mirror", "localhost"},
		"unknown flag": {"-x"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, 2, poll(t, args, network.Network{}, io.Discard, &stderr))
			require.Contains(t, stderr.String(), "usage: poller")
		})
	}
	var stderr bytes.Buffer
	full := network.Network{Listen: func() (net.Listener, error) { return nil, errors.New("no port is free") }}
	require.Equal(t, 1, poll(t, nil, full, io.Discard, &stderr))
	require.Equal(t, "poller: no port is free\n", stderr.String())
}

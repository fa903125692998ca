// Command poller watches an API that misbehaves. It shows the states that it has
// seen, and its reactions to failures.
//
//	go run ./examples/poller                              an API of its own, which follows a bad script
//	go run ./examples/poller -url URL -field NAME         another JSON API, until Ctrl-C
//	go run ./examples/poller -url URL -mirror URL -every 10s -timeout 3s
//
// It requests a state again and again, and never begins a poll before the last one
// is over. After a failure it tries again, with growing pauses and jitter. Then it
// requests the state from the mirror. If that fails too, it uses the last known
// state. It prints a state only when it changes.
//
// Its own API returns errors, hangs, sends half an answer, drops connections and is
// slow. When the script of the API is over, or at Ctrl-C, the poller stops
// gracefully. It proves that it has seen every state that lasted long enough, in
// order and once, and that no goroutine and no connection is left. Exit status 1
// means that the proof has failed. A second Ctrl-C ends the program at once, with
// exit status 130.
//
// The program does not trust an API. An answer of more than 64 KiB is an error.
// Printed text of an answer is cut and has no control characters.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/goroutines"
	"github.com/turbopipes/turbopipes/examples/internal/network"
	"github.com/turbopipes/turbopipes/examples/internal/text"
	"github.com/turbopipes/turbopipes/operators"
)

func main() { os.Exit(run(context.Background(), command.OS("poller"), network.TCP())) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command, n network.Network) int {
	ctx, out := c.Output(ctx)
	p := &poller{out: log.New(out, "", 0)}
	flags := c.Flags("[-url URL [-mirror URL] [-field NAME] [-every D] [-timeout D]]")
	flags.StringVar(&p.url, "url", "", "the `URL` to poll; without it, the program serves its own API")
	flags.StringVar(&p.mirror, "mirror", "", "the `URL` to ask when the first one fails")
	flags.StringVar(&p.field, "field", "state", "the field of the answer to watch; the whole answer if it has no such field")
	flags.DurationVar(&p.every, "every", 5*time.Second, "time between two polls")
	flags.DurationVar(&p.timeout, "timeout", 2*time.Second, "how long to wait for an answer")
	err := c.Parse(0)
	switch {
	case err != nil:
	case p.every <= 0 || p.timeout <= 0:
		err = c.Misused("-every and -timeout must be positive")
	case !served(p.url) || !served(p.mirror):
		err = c.Misused("-url and -mirror must begin with http:// or https://")
	default:
		transport := &http.Transport{DialContext: n.Dial, Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: longest}
		defer transport.CloseIdleConnections()
		p.client = &http.Client{Transport: transport}
		_, err = tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
			if p.url == "" {
				return p.rehearse(ctx, stop, n)
			}
			p.out.Printf("polling %s every %v", p.url, p.every)
			return p.watch(ctx, stop, nil)
		}, c.Until()...)
	}
	return c.Exit(err)
}

// served reports whether a URL is an HTTP URL or empty.
func served(url string) bool {
	return url == "" || strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// poller polls.
type poller struct {
	client         *http.Client
	url, mirror    string
	field          string
	every, timeout time.Duration
	out            *log.Logger
	start          time.Time

	last string       // the last known state; empty: none
	note func(string) // called with each change; may be nil
}

// changes is the whole pipeline. ExhaustMap ignores ticks during a poll, so that a
// slow answer is neither cut short nor polled for twice.
func (p *poller) changes() tp.Observable[string] {
	return tp.Pipe4(tp.Interval(p.every),
		operators.StartWith(0), // the first poll begins at once
		operators.ExhaustMap(func(int) tp.Observable[string] { return p.poll() }),
		operators.Do(operators.Hooks[string]{Next: func(state string) { p.last = state }}),
		operators.DistinctUntilChanged(operators.Self[string]))
}

const retries = 2

func (p *poller) backoff() func(attempt int, err error) time.Duration {
	return operators.Exponential(p.timeout/5, 2*p.timeout, 2)
}

// poll returns one state, after retries and with a fallback, or no state if none was
// ever known.
func (p *poller) poll() tp.Observable[string] {
	return tp.Pipe3(p.ask(p.url),
		operators.Retry[string](retries, operators.WithBackoff(p.backoff()), operators.WithJitter(0.5), operators.RetryIf(temporary),
			operators.OnRetry(func(_ int, err error, wait time.Duration) {
				p.say("%v; again in %v", err, wait.Round(time.Millisecond))
			})),
		operators.Catch(func(err error) tp.Observable[string] {
			if p.mirror == "" {
				return tp.Throw[string](err)
			}
			p.say("%v; asking the mirror", err)
			return p.ask(p.mirror)
		}),
		operators.Catch(func(err error) tp.Observable[string] {
			if p.last == "" {
				p.say("%v; no state is known yet", err)
				return tp.Empty[string]()
			}
			p.say("%v; still %s as far as is known", err, p.last)
			return tp.Just(p.last)
		}))
}

// ask is one request. Timeout cancels its ctx, and net/http then closes the
// connection.
func (p *poller) ask(url string) tp.Observable[string] {
	return operators.Timeout[string](p.timeout)(tp.Start(func(ctx context.Context) (string, error) { return p.get(ctx, url) }))
}

// watch polls until over or stop, and waits for the running poll.
func (p *poller) watch(ctx context.Context, stop <-chan struct{}, over <-chan time.Time) error {
	p.start = time.Now()
	sub := p.changes().Subscribe(ctx, tp.Observer[string]{Next: func(state string) {
		if p.note != nil {
			p.note(state)
		}
		p.say("==> %s", state)
	}})
	select {
	case <-over:
	case <-stop:
		p.say("stopping: the last poll is finished; Ctrl-C again ends it at once")
	case <-sub.Done():
	}
	return sub.Stop(ctx)
}

// say prints a line, which may contain text from an API.
func (p *poller) say(format string, args ...any) {
	p.out.Printf("%6.2f s  %s", time.Since(p.start).Seconds(), text.Clean(fmt.Sprintf(format, args...), 500))
}

// patience is how long a state must last to be seen for certain: a tick, the tries
// and the pauses between them, and the mirror.
func (p *poller) patience() time.Duration {
	d := p.every + (retries+2)*p.timeout
	for attempt := range retries {
		d += 3 * p.backoff()(attempt+1, nil) / 2
	}
	return d
}

// rehearse polls an API that follows the script, and proves the result.
func (p *poller) rehearse(ctx context.Context, stop <-chan struct{}, n network.Network) error {
	before := goroutines.All()
	api, err := serve(n, script)
	if err != nil {
		return err
	}
	p.url, p.mirror = api.url+"/state", api.url+"/mirror"
	p.every, p.timeout = 100*time.Millisecond, 100*time.Millisecond
	p.out.Printf("polling %s every %v; a state that lasts %v must be seen", p.url, p.every, p.patience())
	over := time.NewTimer(api.length())
	defer over.Stop()
	var seen []string
	p.note = func(state string) { seen = append(seen, state) }
	failed := p.watch(ctx, stop, over.C)
	lasted := time.Since(api.start)
	p.client.CloseIdleConnections()
	await(func() bool { return api.open.Load() == 0 })
	open := api.open.Load()
	failed = errors.Join(failed, api.Close())
	left := goroutines.Left(before)

	p.out.Printf("proof     seen: %s", strings.Join(seen, ", "))
	p.out.Printf("proof     %d requests; %d of them served well; connections open: %d; goroutines left: %d",
		api.requests.Load(), api.well.Load(), open, left)
	if failed == nil && (open > 0 || left > 0) {
		failed = errors.New("something was left running")
	}
	return errors.Join(failed, missed(script, seen, lasted, p.patience()))
}

// await waits until done, for at most two seconds: net/http does not report when the
// goroutines of a closed connection are gone.
func await(done func() bool) {
	_ = tp.Pipe2(tp.Interval(5*time.Millisecond), operators.TakeFor[int](2*time.Second),
		operators.Any(func(int) bool { return done() })).Drain(context.Background())
}

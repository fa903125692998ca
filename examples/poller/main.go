// Command poller watches an API that misbehaves, and shows what it saw and what
// it did about it.
//
//	go run ./examples/poller                              an API of its own, which follows a bad script
//	go run ./examples/poller -url URL -field NAME         another JSON API, until Ctrl-C
//	go run ./examples/poller -url URL -mirror URL -every 10s -timeout 3s
//
// It asks for a state again and again, and never begins a poll before the last one
// is over. What fails is asked for again, later and later, with jitter; then the
// mirror is asked; then the last known state has to do. Only a change of the
// state comes out.
//
// Its own API answers with errors, hangs, sends half an answer, drops connections
// and is slow. When its script is over, or at Ctrl-C, the poller stops
// gracefully, and proves that it has seen every state that lasted long enough, in
// order and once, and that no goroutine and no connection is left. Exit status 1
// is a failed proof. A second Ctrl-C ends it at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/goroutines"
	"github.com/turbopipes/turbopipes/examples/internal/interrupt"
	"github.com/turbopipes/turbopipes/examples/internal/network"
	"github.com/turbopipes/turbopipes/operators"
)

func main() {
	os.Exit(run(interrupt.Context(), os.Args[1:], network.TCP(), os.Stdout, os.Stderr))
}

// run is the command; it gives the exit status. The end of ctx stops it gracefully.
func run(ctx context.Context, args []string, n network.Network, stdout, stderr io.Writer) int {
	p := &poller{out: log.New(stdout, "", 0)}
	flags := flag.NewFlagSet("poller", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&p.url, "url", "", "the `URL` to poll; none: an API of its own")
	flags.StringVar(&p.mirror, "mirror", "", "the `URL` to ask where that one fails")
	flags.StringVar(&p.field, "field", "state", "the field of the answer to watch; the whole answer where it has none")
	flags.DurationVar(&p.every, "every", 5*time.Second, "how often to poll the URL")
	flags.DurationVar(&p.timeout, "timeout", 2*time.Second, "how long to wait for its answer")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	case p.every <= 0 || p.timeout <= 0 || flags.NArg() > 0:
		err = errors.New("-every and -timeout must be positive, and nothing may follow the flags")
	case !served(p.url) || !served(p.mirror):
		err = errors.New("-url and -mirror must begin with http:// or https://")
	default:
		transport := &http.Transport{DialContext: n.Dial, Proxy: http.ProxyFromEnvironment}
		defer transport.CloseIdleConnections()
		p.client = &http.Client{Transport: transport}
		if p.url != "" {
			p.out.Printf("polling %s every %v", p.url, p.every)
			err = p.watch(ctx, nil)
		} else {
			err = p.rehearse(ctx, n)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "poller:", err)
		return 1
	}
	return 0
}

// served tells whether a URL is one of HTTP's, or none.
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

	last string   // the last known state; empty: none
	seen []string // the changes
}

// changes is the whole of it. ExhaustMap lets the ticks that come during a poll
// pass, so that a slow answer is neither cut short nor polled for twice.
func (p *poller) changes() tp.Observable[string] {
	return tp.Pipe4(tp.Interval(p.every),
		operators.StartWith(0), // the first one at once
		operators.ExhaustMap(func(int) tp.Observable[string] { return p.poll() }),
		operators.Do(operators.Hooks[string]{Next: func(state string) { p.last = state }}),
		operators.DistinctUntilChanged(operators.Self[string]))
}

const retries = 2

func (p *poller) backoff() func(attempt int, err error) time.Duration {
	return operators.Exponential(p.timeout/5, 2*p.timeout, 2)
}

// poll is one state, whatever it takes, or none where none was ever known.
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

// watch polls until over or ctx ends, and what was being polled then is there.
func (p *poller) watch(ctx context.Context, over <-chan time.Time) error {
	p.start = time.Now()
	sub := p.changes().Subscribe(context.WithoutCancel(ctx), tp.Observer[string]{Next: func(state string) {
		p.seen = append(p.seen, state)
		p.say("==> %s", state)
	}})
	select {
	case <-over:
	case <-ctx.Done():
		p.say("stopping: the last poll is finished; Ctrl-C again ends it at once")
	case <-sub.Done():
	}
	return sub.Stop(context.Background())
}

func (p *poller) say(format string, args ...any) {
	p.out.Printf("%6.2f s  "+format, append([]any{time.Since(p.start).Seconds()}, args...)...)
}

// patience is how long a state must last to be seen for certain: a tick, the
// tries with what is between them, and the mirror.
func (p *poller) patience() time.Duration {
	d := p.every + (retries+2)*p.timeout
	for attempt := range retries {
		d += 3 * p.backoff()(attempt+1, nil) / 2
	}
	return d
}

// rehearse polls an API that follows the script, and proves what came of it.
func (p *poller) rehearse(ctx context.Context, n network.Network) error {
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
	failed := p.watch(ctx, over.C)
	lasted := time.Since(api.start)
	p.client.CloseIdleConnections()
	await(func() bool { return api.open.Load() == 0 })
	open := api.open.Load()
	failed = errors.Join(failed, api.Close())
	left := goroutines.Left(before)

	p.out.Printf("proof     seen: %s", strings.Join(p.seen, ", "))
	p.out.Printf("proof     %d requests; %d of them served well; connections open: %d; goroutines left: %d",
		api.requests.Load(), api.well.Load(), open, left)
	if failed == nil && (open > 0 || left > 0) {
		failed = errors.New("something was left running")
	}
	return errors.Join(failed, missed(script, p.seen, lasted, p.patience()))
}

// await gives what has been ended time to wind down: net/http tells nobody when
// the goroutines of a closed connection are gone.
func await(done func() bool) {
	_ = tp.Pipe2(tp.Interval(5*time.Millisecond), operators.TakeFor[int](2*time.Second),
		operators.Any(func(int) bool { return done() })).Drain(context.Background())
}

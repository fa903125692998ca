// Command orders shows that no event of a broker is lost, whatever happens.
//
// A generator publishes orders to a broker in this process. Worker processes consume
// them, in order for each customer, ask an HTTP service about each order, and store the
// sales in a database. Some orders belong to the dead letters. At the end the program
// compares the database with what was published.
//
//	go run . [-chaos] [-kafka]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/operators"
)

// workerEnv has the task of a worker process, as JSON.
const workerEnv = "ORDERS_WORKER"

func main() { os.Exit(start(command.OS("orders"))) }

// start runs the program, or a worker of it.
func start(c *command.Command) int {
	text := os.Getenv(workerEnv)
	if text == "" {
		return c.Exit(run(context.Background(), c))
	}
	var t task
	err := json.Unmarshal([]byte(text), &t)
	if err == nil {
		signal.Ignore(os.Interrupt) // Ctrl-C reaches all processes: the parent stops its workers
		err = t.work(context.Background(), c.Stderr, c.Until()...)
	}
	return c.Exit(err)
}

// settings are the flags.
type settings struct {
	orders, workers, tasks, kills, uncommitted int
	latency                                    time.Duration
	chaos, kafka                               bool
	seed                                       uint64
}

func run(ctx context.Context, c *command.Command) error {
	var s settings
	flags := c.Flags("[-orders N] [-workers N] [-chaos] [-kafka]")
	flags.IntVar(&s.orders, "orders", 20_000, "how many orders are published")
	flags.IntVar(&s.workers, "workers", 2, "how many worker processes consume them")
	flags.IntVar(&s.tasks, "tasks", 64, "how many orders a worker has in work, at most")
	flags.DurationVar(&s.latency, "latency", 2*time.Millisecond, "how long the service takes for an answer")
	flags.BoolVar(&s.chaos, "chaos", false, "kill workers at random, and take the service down")
	flags.IntVar(&s.kills, "kills", 20, "with -chaos: how many kills, at most")
	flags.BoolVar(&s.kafka, "kafka", false, "use Kafka in place of JetStream; -chaos makes workers leave and join, too")
	flags.IntVar(&s.uncommitted, "uncommitted", 256, "what a kill repeats of each partition, at most")
	flags.Uint64Var(&s.seed, "seed", 1, "of the orders")
	if err := c.Parse(0); err != nil {
		return err
	}
	switch {
	case s.orders < 1:
		return c.Misused("-orders is %d, want at least 1", s.orders)
	case s.workers < 1 || !s.kafka && s.workers > partitions:
		return c.Misused("-workers is %d, want 1 to %d", s.workers, partitions)
	case s.tasks < 1:
		return c.Misused("-tasks is %d, want at least 1", s.tasks)
	case s.uncommitted < 1:
		return c.Misused("-uncommitted is %d, want at least 1", s.uncommitted)
	}
	dir, err := os.MkdirTemp("", "orders-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, out := c.Output(ctx)
	return s.runIn(ctx, dir, out, c)
}

// broker is what the parent process needs of a broker.
type broker interface {
	address() string
	publish(ctx context.Context, n int, seed uint64) error
	close()
}

// runIn runs everything, with its files in dir.
func (s settings) runIn(ctx context.Context, dir string, out io.Writer, c *command.Command) error {
	db, err := openStore(filepath.Join(dir, "sales.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.close() }()
	if err := db.create(ctx); err != nil {
		return err
	}
	shop, err := startService(s.latency)
	if err != nil {
		return err
	}
	defer shop.close()
	name, begin := "jetstream", func() (broker, error) { return startJetStream(ctx, filepath.Join(dir, "jetstream")) }
	if s.kafka {
		name, begin = "kafka", startKafka
	}
	b, err := begin()
	if err != nil {
		return err
	}
	defer b.close()

	places := make([]*place, s.workers)
	for i := range places {
		places[i] = &place{stderr: c.Stderr, task: task{
			Worker: i, Workers: s.workers, Broker: name, Address: b.address(),
			Service: shop.url, Store: filepath.Join(dir, "sales.db"), Tasks: s.tasks, Uncommitted: s.uncommitted,
		}}
	}
	began, killed := time.Now(), new(atomic.Int64)
	whole := s.stream(db, shop, b, places, killed)
	stops, err := tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
		return tp.WaitOrStop(ctx, stop, whole.Subscribe(ctx, tp.Observer[string]{Next: func(line string) { fmt.Fprintln(out, line) }}))
	}, c.Until(tp.StopWithin(time.Minute))...)
	if err != nil {
		return err
	}
	if stops > 0 {
		fmt.Fprintln(out, "stopped before all orders were done: nothing to verify")
		return nil
	}
	return s.report(ctx, db, shop, killed.Load(), time.Since(began), out)
}

// stream runs the generator, the workers and the trouble at once, until all orders are
// done. It emits lines for people.
func (s settings) stream(db store, shop *service, b broker, places []*place, killed *atomic.Int64) tp.Observable[string] {
	done := make(chan struct{}, 1)
	generator := tp.Create(func(ctx context.Context, _ func(string) bool) error { return b.publish(ctx, s.orders, s.seed) })
	workers := operators.IgnoreElements[struct{}]()(crew(places))
	progress := tp.Pipe4(tp.Interval(500*time.Millisecond),
		operators.TryMap(func(ctx context.Context, _ int) (counts, error) { return db.counts(ctx) }),
		operators.TakeUntilMatch(func(n counts) bool { return n.sales+n.dead >= s.orders }),
		operators.Map(func(n counts) string {
			return fmt.Sprintf("%d of %d orders: %d sales, %d dead letters; %d came again, %d kills",
				n.sales+n.dead, s.orders, n.sales, n.dead, n.repeated, killed.Load())
		}),
		operators.Finally[string](func() {
			done <- struct{}{}
			for _, p := range places {
				p.leave()
			}
		}))
	trouble := tp.Never[string]()
	if s.chaos {
		trouble = s.trouble(shop, places, killed)
	}
	return operators.Merge(generator,
		operators.Map(func(struct{}) string { return "" })(workers),
		operators.TakeUntil[string](tp.FromChannel(done))(trouble),
	)(progress)
}

// trouble kills workers, makes them leave and begin again, and takes the service down.
func (s settings) trouble(shop *service, places []*place, killed *atomic.Int64) tp.Observable[string] {
	return tp.Pipe2(tp.Interval(300*time.Millisecond),
		operators.Do(operators.Hooks[int]{Next: func(i int) { shop.down.Store(i%20 >= 17) }}), // 0.9 s of 6 s
		operators.FilterMap(func(int) (string, bool) {
			p := places[rand.IntN(len(places))]                                    //nolint:gosec // a simulation
			if luck := rand.IntN(10); luck < 4 && killed.Load() < int64(s.kills) { //nolint:gosec // a simulation
				if p.kill(os.Kill) {
					killed.Add(1)
				}
			} else if luck == 4 && s.kafka {
				p.kill(syscall.SIGTERM)
			}
			return "", false
		}))
}

// report says what has happened, and whether the database has what was published.
func (s settings) report(ctx context.Context, db store, shop *service, killed int64, took time.Duration, out io.Writer) error {
	n, err := db.counts(ctx)
	if err != nil {
		return err
	}
	wrong, err := db.verify(ctx, s.orders, s.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d orders in %.1f s, %.0f a second: %d sales, %d dead letters\n", s.orders, took.Seconds(), float64(s.orders)/took.Seconds(), n.sales, n.dead)
	fmt.Fprintf(out, "%d kills; %d events came again, and had no second effect\n", killed, n.repeated)
	fmt.Fprintf(out, "the service was asked %d times, and failed %d times\n", shop.calls.Load(), shop.failed.Load())
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, ", "))
	}
	fmt.Fprintln(out, "verified: each order has exactly one effect or one dead letter, in order for each customer")
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// task says what a worker process does. The parent process passes it as JSON.
type task struct {
	Worker, Workers int
	Broker, Address string
	Service, Store  string
	Tasks           int // of the worker, at most
	Uncommitted     int
}

// work runs a worker until a signal comes. At the first SIGTERM it finishes the orders that
// it has, commits them, and leaves. An order that is about to be tried again stays open,
// and comes again in the next process.
func (t task) work(ctx context.Context, stderr io.Writer, signals ...tp.SignalOption) error {
	db, err := openStore(t.Store)
	if err != nil {
		return err
	}
	defer func() { _ = db.close() }()
	sources, leave, err := sourcesOf(t)
	if err != nil {
		return err
	}
	defer leave()

	enrich := enricher(t.Service)
	book := func(ctx context.Context, d delivery.Delivery[Order]) error {
		c, err := enrich(ctx, d.Value)
		switch {
		case err != nil:
			return err
		case c.Rejected:
			return delivery.Permanent(errors.New("the service rejects the order"))
		}
		return db.book(ctx, d.Info(), d.Value, c.Name, t.Worker)
	}
	stops, err := tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
		running := make([]*tp.Subscription, 0, len(sources))
		for _, source := range sources {
			sales := delivery.Process(source, max(1, t.Tasks/len(sources)), delivery.JSON(book),
				delivery.Retry(20, operators.Exponential(50*time.Millisecond, time.Second, 2)),
				delivery.DeadLetter(db.bury),
				delivery.MaxUncommitted(t.Uncommitted))
			running = append(running, sales.Subscribe(ctx, tp.Observer[delivery.Receipt]{}))
		}
		return tp.WaitOrStop(ctx, stop, running...)
	}, append(signals, tp.WithSignals(syscall.SIGTERM), tp.StopWithin(20*time.Second))...)
	if stops == 1 && err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintf(stderr, "orders: worker %d has left orders to the next process: %s\n", t.Worker, first)
		return nil
	}
	return err
}

// sourcesOf opens the broker of t. leave closes the connection.
func sourcesOf(t task) (sources []delivery.Source[[]byte], leave func(), err error) {
	switch t.Broker {
	case "jetstream":
		return jetstreamSources(t)
	case "kafka":
		return kafkaSources(t)
	}
	return nil, nil, fmt.Errorf("the broker is %q, want jetstream or kafka", t.Broker)
}

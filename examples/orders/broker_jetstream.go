package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

const (
	streamName = "ORDERS"
	partitions = 4 // of the customers
)

// natsBroker is a NATS server in this process.
type natsBroker struct {
	server *server.Server
	conn   *nats.Conn
	js     natsjs.JetStream
}

func startJetStream(ctx context.Context, dir string) (broker, error) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		return nil, err
	}
	s.Start()
	b := &natsBroker{server: s}
	if !s.ReadyForConnections(10 * time.Second) {
		b.close()
		return nil, fmt.Errorf("the NATS server is not ready after 10 s")
	}
	if b.conn, b.js, err = dialJetStream(s.ClientURL()); err == nil {
		_, err = b.js.CreateStream(ctx, natsjs.StreamConfig{Name: streamName, Subjects: []string{"orders.>"}})
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func dialJetStream(url string) (*nats.Conn, natsjs.JetStream, error) {
	conn, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return nil, nil, err
	}
	js, err := natsjs.New(conn)
	return conn, js, err
}

func (b *natsBroker) address() string { return b.server.ClientURL() }

func (b *natsBroker) close() {
	if b.conn != nil {
		b.conn.Close()
	}
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

// publish publishes the messages: those of a customer one after another, in order. The
// server would drop a message that it has got already, by its id.
func (b *natsBroker) publish(ctx context.Context, n int, seed uint64) error {
	publish := operators.ParallelBy(256, message.customerKey, func(ctx context.Context, m message) (struct{}, error) {
		subject := fmt.Sprintf("orders.%d.%s", partitionOf(m.customerKey()), m.customerKey())
		_, err := b.js.Publish(ctx, subject, m.body, natsjs.WithMsgID(fmt.Sprint(seed, "-", m.ID)))
		return struct{}{}, err
	})
	return publish(messages(n, seed)).Drain(ctx)
}

func partitionOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % partitions)
}

// jetstreamSources returns the sources of the partitions of a worker. Each partition has
// a consumer of its own, which one process uses at a time. The subject is the key, so
// the orders of a customer keep their order.
func jetstreamSources(t task) (sources []delivery.Source[[]byte], leave func(), err error) {
	conn, js, err := dialJetStream(t.Address)
	if err != nil {
		return nil, nil, err
	}
	for p := t.Worker; p < partitions; p += t.Workers {
		sources = append(sources, jetstream.Source(js, streamName, fmt.Sprint("billing-", p),
			jetstream.PinTTL(time.Second), // so long a killed worker's partition stays reserved
			jetstream.Configure(func(c *natsjs.ConsumerConfig) { c.FilterSubject = fmt.Sprintf("orders.%d.>", p) })))
	}
	return sources, conn.Close, nil
}

package main

import (
	"context"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

const topicName = "orders"

// fakeKafka is a Kafka cluster in this process, in memory.
type fakeKafka struct {
	cluster  *kfake.Cluster
	producer *kgo.Client
}

func startKafka() (broker, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2*partitions, topicName), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		return nil, err
	}
	producer, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic(topicName))
	if err != nil {
		c.Close()
		return nil, err
	}
	return &fakeKafka{c, producer}, nil
}

func (b *fakeKafka) address() string { return strings.Join(b.cluster.ListenAddrs(), ",") }

func (b *fakeKafka) close() {
	b.producer.Close()
	b.cluster.Close()
}

// publish publishes the messages: those of a customer one after another, in order.
func (b *fakeKafka) publish(ctx context.Context, n int, seed uint64) error {
	publish := operators.ParallelBy(256, message.customerKey, func(ctx context.Context, m message) (struct{}, error) {
		return struct{}{}, b.producer.ProduceSync(ctx, &kgo.Record{Key: []byte(m.customerKey()), Value: m.body}).FirstErr()
	})
	return publish(messages(n, seed)).Drain(ctx)
}

// kafkaSources returns the source of a worker: a member of the group, to which the
// broker assigns partitions.
func kafkaSources(t task) (sources []delivery.Source[[]byte], leave func(), err error) {
	cluster := kafka.Cluster{
		kgo.SeedBrokers(strings.Split(t.Address, ",")...),
		kgo.SessionTimeout(2 * time.Second), kgo.HeartbeatInterval(200 * time.Millisecond), // a killed worker is noticed soon
		kgo.RebalanceTimeout(4 * time.Second), // so long, at most, do the others wait for it in a rebalance
	}
	return []delivery.Source[[]byte]{kafka.Source(cluster, topicName, "billing", kafka.RevokeWait(2*time.Second))}, func() {}, nil
}

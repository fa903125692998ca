// Package kafka consumes topics of Kafka with package delivery, and publishes to them.
//
// [Source] is a subscription of a consumer group, for [delivery.Process] and
// [delivery.Through]. The position of a partition is committed only after all events
// before it are settled. [NewSink] returns a [Sink], which publishes and waits for the
// acknowledgement.
//
// The client is franz-go. Its options reach the brokers (see [Cluster]), and tune a
// subscription (see [Client]).
package kafka

// Package jetstream connects NATS JetStream to package delivery: a [Source] consumes a
// stream and loses no event, and a [Sink] publishes and waits for the server's ack.
//
// A source has one of three modes:
//
//   - Exclusive, the default: one session at a time has the consumer, and others wait.
//     Events with equal keys keep their order, also over crashes and restarts.
//   - [Prefix]: as Exclusive, but one ack settles a whole prefix. It is the fastest.
//   - [Shared]: any number of sessions share the events, and each event is settled by
//     itself. An event that comes again has lost its place in the order.
//
// Exclusive and Prefix need a server of version 2.14 or later: they reset the consumer
// to its ack floor, so that events which a killed process had open come first, and in
// order. Shared works with any server that has JetStream.
package jetstream

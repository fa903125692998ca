// Package watermill connects package delivery and Watermill, in both directions.
//
// [Source] consumes the topic of a Watermill subscriber with bounded parallelism, and
// [NewSink] publishes with a Watermill publisher. So every broker that has a Watermill
// adapter is a source and a sink of [delivery.Process]. [NewSubscriber] is a Watermill
// subscriber of any delivery.Source, and [NewPublisher] is a Watermill publisher of a
// function, such as one that calls a sink of this project: Watermill's Router runs on
// them.
//
// A Watermill subscriber is a queue: each message is acked by itself, and it does not say
// how often a message came. The adapter for the broker decides how many messages it has
// in flight, what a nack does, and when an ack is at the broker. This package promises
// the part between the adapter and the function.
package watermill

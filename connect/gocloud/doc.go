// Package gocloud connects package delivery and gocloud.dev/pubsub, which opens Amazon
// SQS and SNS, Google Cloud Pub/Sub, Azure Service Bus, RabbitMQ, NATS and Kafka.
//
// [Source] consumes a subscription with bounded parallelism, and [NewSink] sends to a
// topic. Import the package of the service beside it, such as
// gocloud.dev/pubsub/awssnssqs, so that its URLs can be opened.
//
// The interface of gocloud.dev is what all services have in common: messages that are
// acked one by one, without order, without a count of attempts, and without a way to ask
// for more time. What a service has besides can be reached through As, in functions that
// are passed to [KeyBy], [AttemptBy] and [Heartbeat].
package gocloud
